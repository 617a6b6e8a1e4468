//! What both servers share: packs, a text read, and alarms with their places in bytes.

use std::{fs::File, io::Read, ops::Range, path::PathBuf};

use candour_language::{
    Checker, Finding, Kind, LanguageError, Note, Pack, Scratch, Settings, Severity, reason_name, report,
};

/// The longest text that is read, in bytes. A report finds the place of each alarm by counting from the start, so the time
/// grows with the square of a text that is alarms from end to end.
pub(crate) const TEXT_LIMIT: usize = 128 * 1024;

/// The largest pack, in bytes.
const PACK_LIMIT: u64 = 4 * 1024 * 1024;

/// Rule packs, compiled.
pub(crate) struct Auditor {
    packs: Vec<Pack>,
    checker: Checker,
}

/// One alarm, or one phrase that was passed over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alarm {
    pub(crate) rule: String,
    pub(crate) category: String,
    pub(crate) severity: Severity,
    /// What the rule says.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) suggestion: String,
    /// What a fix puts in the place of the words.
    pub(crate) replacement: Option<String>,
    /// Document, publisher, year, place.
    pub(crate) source: String,
    /// The address of the source, when the pack gives one.
    pub(crate) url: Option<String>,
    /// The words that decided.
    pub(crate) why: Vec<String>,
    /// Where, in bytes.
    pub(crate) span: Range<usize>,
    /// What stands against a contradiction's claim, and where.
    pub(crate) evidence: Vec<(String, Range<usize>)>,
}

/// A text, read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Audit {
    /// In the order of the text, without those that the text suppresses with a reason.
    pub(crate) alarms: Vec<Alarm>,
    /// Suppressions that do nothing, and why.
    pub(crate) complaints: Vec<(String, Range<usize>)>,
    /// Wording that was matched and is not counted, with the reason; only when asked for.
    pub(crate) passed_over: Vec<(String, &'static str, Range<usize>)>,
}

impl Auditor {
    /// The packs that come with the crate.
    pub(crate) fn bundled() -> Result<Self, LanguageError> {
        let packs = Pack::bundled()?;
        Ok(Self { checker: Checker::new(&packs)?, packs })
    }

    /// Adds packs. One that cannot be used is left out and named in what comes back.
    pub(crate) fn add(&mut self, files: &[PathBuf]) -> Vec<String> {
        let mut problems = Vec::new();
        for file in files {
            let name = file.display().to_string();
            let tried = read_pack(file).and_then(|text| {
                let pack = Pack::read(&name, &text).map_err(|e| e.to_string())?;
                let packs: Vec<Pack> = self.packs.iter().cloned().chain([pack]).collect();
                Ok((Checker::new(&packs).map_err(|e| e.to_string())?, packs))
            });
            match tried {
                Ok((checker, packs)) => (self.checker, self.packs) = (checker, packs),
                Err(why) => problems.push(format!("the pack {name} is left out: {why}")),
            }
        }
        problems
    }

    /// The languages of the packs, each once.
    pub(crate) fn languages(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.packs.iter().map(|p| p.pack.language.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Reads a text; `None` when it is longer than [`TEXT_LIMIT`]. `why` asks for what was passed over too.
    pub(crate) fn check(&self, text: &str, why: bool, scratch: &mut Scratch) -> Option<Audit> {
        if text.len() > TEXT_LIMIT {
            return None;
        }
        let note = Note { text: text.to_owned(), ..Note::default() };
        let reading = self.checker.read(&note, scratch);
        // Quotes stay in memory and go to the editor that the words came from.
        let settings = Settings { quotes: true, why, ..Settings::default() };
        let report = report(&self.checker, &[(note, reading)], &settings);
        let bytes = Bytes::of(text);
        Some(Audit {
            alarms: report.standing().map(|f| self.alarm(f, &bytes)).collect(),
            complaints: complaints(text, &report.complaints),
            passed_over: report
                .passed_over
                .iter()
                .filter(|p| self.checker.rules().iter().any(|r| r.id == p.rule && r.kind == Kind::Wording))
                .map(|p| {
                    (p.rule.clone(), reason_name(p.reason), bytes.span(p.location.start, p.location.end))
                })
                .collect(),
        })
    }

    fn alarm(&self, f: &Finding, bytes: &Bytes) -> Alarm {
        let rule = self.checker.rules().iter().find(|r| r.id == f.rule);
        Alarm {
            rule: f.rule.clone(),
            category: f.category.clone(),
            severity: f.severity,
            message: f.message.clone(),
            suggestion: f.suggestion.clone(),
            // A contradiction has no words that could stand in the place of the claim.
            replacement: rule.and_then(|r| replacement(&r.suggestion)),
            source: f.source.clone(),
            url: address(&f.source),
            why: f.why.clone(),
            span: bytes.span(f.location.start, f.location.end),
            evidence: f.evidence.iter().map(|e| (e.what.clone(), bytes.span(e.start, e.end))).collect(),
        }
    }
}

/// What a fix puts in. Advice, which ends in a full stop, goes in brackets, to be written out by the author: it would otherwise
/// state as fact what nobody has said. Wording without a full stop is put in as it is.
fn replacement(suggestion: &str) -> Option<String> {
    let suggestion = suggestion.trim();
    match suggestion.strip_suffix('.') {
        Some(advice) => Some(format!("[{advice}]")),
        None if suggestion.is_empty() => None,
        None => Some(suggestion.to_owned()),
    }
}

/// The web address in a source's words.
fn address(source: &str) -> Option<String> {
    let from = source.find("https://")?;
    let address = source[from..].split([' ', ',', ';', ')', '"']).next()?;
    Some(address.trim_end_matches('.').to_owned())
}

/// Reports name a suppression by what it allows; its place is found again in the text.
fn complaints(text: &str, said: &[String]) -> Vec<(String, Range<usize>)> {
    let mut from = std::collections::HashMap::<&str, usize>::new();
    said.iter()
        .filter_map(|complaint| {
            let message = complaint.trim_start_matches([':', ' ']);
            let what = message.strip_prefix("the suppression of ")?.split([' ', ';']).next()?;
            let at = from.entry(what).or_insert(0);
            let open = format!("[candour: allow {what}");
            let start = *at + text[*at..].find(&open).or_else(|| text[*at..].find("[candour: allow "))?;
            let end = text[start..].find(']').map_or(text.len(), |n| start + n + 1);
            *at = end;
            Some((message.to_owned(), start..end))
        })
        .collect()
}

fn read_pack(file: &PathBuf) -> Result<String, String> {
    let mut text = String::new();
    let opened = File::open(file).map_err(|e| e.to_string())?;
    opened.take(PACK_LIMIT + 1).read_to_string(&mut text).map_err(|e| e.to_string())?;
    if text.len() as u64 > PACK_LIMIT {
        return Err(format!("it is larger than {PACK_LIMIT} bytes; split it"));
    }
    Ok(text)
}

/// From characters, in which reports count, to bytes.
struct Bytes {
    /// The offset of each character and of the end; nothing for ASCII, where they are the same.
    of: Option<Vec<usize>>,
    len: usize,
}

impl Bytes {
    fn of(text: &str) -> Self {
        let table = || text.char_indices().map(|(at, _)| at).chain([text.len()]).collect::<Vec<usize>>();
        Self { of: (!text.is_ascii()).then(table), len: text.len() }
    }

    fn at(&self, character: usize) -> usize {
        match &self.of {
            Some(table) => table.get(character).copied().unwrap_or(self.len),
            None => character.min(self.len),
        }
    }

    fn span(&self, start: usize, end: usize) -> Range<usize> {
        self.at(start)..self.at(end.max(start))
    }
}

/// The bundled packs, compiled once for all tests.
#[cfg(test)]
pub(crate) fn shared() -> &'static Auditor {
    static SHARED: std::sync::OnceLock<Auditor> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| Auditor::bundled().unwrap())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fix_takes_its_alarm_away() {
        let auditor = shared();
        let mut scratch = Scratch::default();
        let mut fixed = 0;
        for rule in auditor.checker.rules().iter().filter(|r| r.kind == Kind::Wording) {
            for text in &rule.matches {
                let mut text = text.clone();
                // From the end, so that spans before stay where they are.
                for alarm in auditor.check(&text, false, &mut scratch).unwrap().alarms.iter().rev() {
                    if let Some(words) = &alarm.replacement {
                        text.replace_range(alarm.span.clone(), words);
                        fixed += 1;
                    }
                }
                let left = auditor.check(&text, false, &mut scratch).unwrap().alarms;
                assert!(left.iter().all(|a| a.replacement.is_none()), "{}: {text}: {left:?}", rule.id);
            }
        }
        assert!(fixed > 50, "{fixed}");
    }

    #[test]
    fn advice_goes_in_brackets_and_wording_as_it_is() {
        assert_eq!(replacement("Say what the adult did.").as_deref(), Some("[Say what the adult did]"));
        assert_eq!(replacement("was missing").as_deref(), Some("was missing"));
        assert_eq!(replacement(" "), None);
    }

    #[test]
    fn an_address_in_the_source_is_found() {
        let source = "Guide, Publisher, 2024, page 3 (https://example.org/guide.pdf).";
        assert_eq!(address(source).as_deref(), Some("https://example.org/guide.pdf"));
        assert_eq!(address("Guide, Publisher, 2024, page 3"), None);
    }

    #[test]
    fn a_suppression_without_a_reason_is_shown_where_it_stands() {
        let auditor = shared();
        let text = "\u{2014} A lifestyle choice. [candour: allow B1-choice because ]\n\
                    Nothing here. [candour: allow B5 because the log says so]\n";
        let audit = auditor.check(text, false, &mut Scratch::default()).unwrap();
        assert_eq!(audit.alarms.len(), 1);
        let shown: Vec<(&str, bool)> =
            audit.complaints.iter().map(|(m, at)| (&text[at.clone()], m.contains("no reason"))).collect();
        assert_eq!(
            shown,
            [
                ("[candour: allow B1-choice because ]", true),
                ("[candour: allow B5 because the log says so]", false)
            ]
        );
    }

    #[test]
    fn the_limit_is_kept() {
        let auditor = shared();
        let mut scratch = Scratch::default();
        assert!(auditor.check(&"a ".repeat(TEXT_LIMIT / 2), false, &mut scratch).is_some());
        assert!(auditor.check(&"a".repeat(TEXT_LIMIT + 1), false, &mut scratch).is_none());
    }

    proptest! {
        #[test]
        fn characters_become_bytes(text in "\\PC{0,60}") {
            let bytes = Bytes::of(&text);
            for (n, (at, _)) in text.char_indices().enumerate() {
                prop_assert_eq!(bytes.at(n), at);
            }
            prop_assert_eq!(bytes.at(text.chars().count()), text.len());
            prop_assert_eq!(bytes.at(usize::MAX), text.len());
        }

        #[test]
        fn spans_hold_the_words_wherever_they_stand(before in "\\PC{0,30}", after in "\\PC{0,30}") {
            let auditor = shared();
            let text = format!("{before}.\n\nThis is a lifestyle choice.\n\n{after}");
            let audit = auditor.check(&text, true, &mut Scratch::default()).unwrap();
            prop_assert!(audit.alarms.iter().any(|a| text.get(a.span.clone()) == Some("lifestyle choice")
                || text.get(a.span.clone()) == Some("a lifestyle choice")));
        }
    }
}
