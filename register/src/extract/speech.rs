//! Who is said to say what: "The minister said returns were late", "“They are late,” she told the Board".

use super::prose::{Prose, Told};
use super::sentences::bare;

/// Somebody's words, as a sentence reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribution {
    /// Who, as first named in full.
    pub(super) who: String,
    /// The verb of saying, in small letters.
    pub(super) verb: String,
    /// Whether who speaks is a report or an inquiry rather than a person or a body.
    pub(super) by_report: bool,
}

/// Verbs of saying. Finding is for reports; what people say is theirs.
pub(super) const SAYING: &[&str] = &[
    "said",
    "says",
    "told",
    "tells",
    "claimed",
    "claims",
    "argued",
    "argues",
    "added",
    "adds",
    "warned",
    "warns",
    "insisted",
    "insists",
    "stated",
    "states",
    "accused",
    "accuses",
    "alleged",
    "alleges",
    "suggested",
    "suggests",
    "described",
    "called",
    "criticised",
    "criticises",
    "condemned",
    "wrote",
    "writes",
    "tweeted",
    "posted",
    "admitted",
    "admits",
    "acknowledged",
    "believes",
    "questioned",
    "blamed",
    "denied",
    "denies",
    "dismissed",
    "demanded",
    "demands",
    "urged",
    "confirmed",
    "confirms",
    "assured",
    "assures",
    "announced",
    "pledged",
    "promised",
    "vowed",
    "conceded",
    "replied",
    "responded",
    "welcomed",
    "complained",
    "stressed",
    "noted",
    "maintained",
    "continued",
];
pub(super) const FINDING: &[&str] = &[
    "found",
    "finds",
    "concluded",
    "concludes",
    "revealed",
    "reveals",
    "showed",
    "shows",
    "uncovered",
    "identified",
    "identifies",
    "established",
    "estimated",
    "estimates",
    "exposed",
    "reported",
    "recorded",
    "heard",
    "documented",
    "discovered",
    "observed",
    "highlighted",
];
/// Documents and bodies that establish facts.
const REPORTS: &[&str] = &[
    "inquiry",
    "report",
    "review",
    "audit",
    "investigation",
    "study",
    "inspection",
    "inspectorate",
    "inspectors",
    "watchdog",
    "ombudsman",
    "commission",
    "assessment",
    "survey",
    "paper",
    "analysis",
    "panel",
    "research",
    "researchers",
    "auditors",
    "statisticians",
];

/// What came before a sentence, for its pronouns.
#[derive(Debug, Clone, Default)]
pub(super) struct Before {
    /// The person or body last said to speak.
    pub(super) speaker: Option<String>,
    /// The report or inquiry last named.
    pub(super) report: Option<String>,
    /// Who last announced something.
    pub(super) announcer: Option<String>,
    /// Whether the sentence before was a report's.
    pub(super) by_report: bool,
}

impl Before {
    /// Takes in a sentence that has been read.
    pub(super) fn take(&mut self, told: &Told, attribution: Option<&Attribution>) {
        self.by_report = attribution.is_some_and(|a| a.by_report);
        if let Some(attribution) = attribution {
            if attribution.by_report {
                self.report = Some(attribution.who.clone());
            } else {
                self.speaker = Some(attribution.who.clone());
            }
        }
        if let Some(report) = report_named(&told.text) {
            // "The report" does not replace the name it stands for.
            let generic = report.split_whitespace().count() <= 2;
            if !generic || self.report.is_none() {
                self.report = Some(report);
            }
        }
    }
}

/// Who a sentence attributes its content to.
pub(super) fn attribution(told: &Told, prose: &Prose, before: &Before) -> Option<Attribution> {
    let words: Vec<&str> = told.text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    if let Some(who) = according_to(&words, &plain) {
        let by_report = is_report(&who);
        return Some(resolve(&who, "according to", by_report, prose, before));
    }
    let quoted = inside_quotation(&words);
    for at in 0..plain.len() {
        let (says, finds) = (SAYING.contains(&plain[at].as_str()), FINDING.contains(&plain[at].as_str()));
        if !(says || finds) || quoted[at] {
            continue;
        }
        // "was said to", "has been found".
        if at > 0
            && matches!(
                plain[at - 1].as_str(),
                "was" | "were" | "been" | "is" | "are" | "be" | "being" | "to" | "not" | "which" | "that"
            )
        {
            continue;
        }
        let Some(subject) = subject(&words, &plain, at, &quoted) else { continue };
        let by_report = is_report(&subject)
            || matches!(subject.to_lowercase().as_str(), "it" | "this")
                && before.report.is_some()
                && (finds || before.by_report);
        if finds && !by_report {
            continue;
        }
        return Some(resolve(&subject, &plain[at], by_report, prose, before));
    }
    None
}

fn resolve(subject: &str, verb: &str, by_report: bool, prose: &Prose, before: &Before) -> Attribution {
    // "The inquiry, chaired by …, found": what stands beside the name is no part of it.
    let subject = if by_report { subject.split(',').next().unwrap_or(subject).trim() } else { subject };
    let lower = subject.to_lowercase();
    let who = match lower.as_str() {
        "i" | "we" => {
            prose.speaker.clone().or_else(|| before.speaker.clone()).unwrap_or_else(|| subject.to_owned())
        }
        "he" | "she" | "they" => {
            before.speaker.clone().or_else(|| prose.speaker.clone()).unwrap_or_else(|| subject.to_owned())
        }
        "it" | "this" => before.report.clone().unwrap_or_else(|| subject.to_owned()),
        _ if by_report && lower.starts_with("its ") => {
            before.report.clone().unwrap_or_else(|| subject.to_owned())
        }
        // "The inquiry", "the 2022 report": the one last named in full, where one is.
        _ if by_report && strip(subject).split_whitespace().all(|w| !w.starts_with(char::is_uppercase)) => {
            before.report.clone().unwrap_or_else(|| subject.to_owned())
        }
        _ => prose.full_name(strip(subject)),
    };
    Attribution { who: strip(&who).to_owned(), verb: verb.to_owned(), by_report }
}

fn strip(name: &str) -> &str {
    let name = name.trim().trim_matches(|c: char| matches!(c, ',' | '“' | '”' | '"' | ':' | ';' | '–'));
    name.strip_prefix("The ").or_else(|| name.strip_prefix("the ")).unwrap_or(name)
}

/// Whether a phrase names a report, an inquiry or the like.
pub(super) fn is_report(phrase: &str) -> bool {
    let plain: Vec<String> = phrase.split_whitespace().map(bare).collect();
    // "the inquiry's chair" is a person; "chair of the inquiry" too.
    let person = plain.iter().any(|w| {
        matches!(
            w.as_str(),
            "chair"
                | "chairman"
                | "chairwoman"
                | "author"
                | "spokesman"
                | "spokeswoman"
                | "spokesperson"
                | "minister"
                | "secretary"
                | "lawyer"
                | "who"
        )
    });
    !person && plain.iter().take(14).any(|w| REPORTS.contains(&w.as_str()))
}

/// The report a sentence names with its distinguishing words: "the Independent Inquiry into Harbour Safety".
fn report_named(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    for at in 0..words.len() {
        let capital = words[at].starts_with(char::is_uppercase);
        if !(capital && REPORTS.contains(&bare(words[at]).as_str())) {
            continue;
        }
        let mut from = at;
        while from > 0
            && words[from - 1].starts_with(char::is_uppercase)
            && !words[from - 1].ends_with([',', '.'])
        {
            from -= 1;
        }
        let mut to = at + 1;
        while to < words.len()
            && !words[to - 1].ends_with([',', '.', ';', ':', '”'])
            && (words[to].starts_with(char::is_uppercase)
                || words[to].starts_with('(')
                || (matches!(words[to], "into" | "of" | "on" | "and" | "the" | "for" | "in")
                    && words.get(to + 1).is_some_and(|w| w.starts_with(char::is_uppercase) || *w == "the")))
        {
            to += 1;
        }
        let name = words[from..to].join(" ");
        let name = strip(name.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')')).to_owned();
        if name.split_whitespace().count() >= 2 {
            return Some(name);
        }
    }
    None
}

fn according_to(words: &[&str], plain: &[String]) -> Option<String> {
    let at = (0..plain.len().saturating_sub(2)).find(|i| plain[*i] == "according" && plain[i + 1] == "to")?;
    let mut to = at + 2;
    while to < words.len() && to < at + 16 {
        to += 1;
        if words[to - 1].ends_with([',', '.', ';', ':']) {
            break;
        }
    }
    Some(words[at + 2..to].join(" ").trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')').to_owned())
}

/// Which words stand between quotation marks.
pub(super) fn inside_quotation(words: &[&str]) -> Vec<bool> {
    let mut open = false;
    words
        .iter()
        .map(|w| {
            if w.starts_with(['“', '"', '‘']) {
                open = true;
            }
            let inside = open;
            let end = w.trim_end_matches(['.', ',', '!', '?', ';', ':']);
            if end.ends_with(['”', '"'])
                || (w.ends_with('’') && w.len() > 3 && !w.ends_with("s’"))
                || w.trim_end_matches(['.', ',']).ends_with('”')
                || w.contains('”')
            {
                open = false;
            }
            inside
        })
        .collect()
}

/// The subject of a verb of saying: before it, or after it where a quotation comes first ("…, said the minister").
fn subject(words: &[&str], plain: &[String], verb: usize, quoted: &[bool]) -> Option<String> {
    // A quotation may close just before: its words are no subject.
    let from = (0..verb).rev().find(|i| quoted[*i]).map_or(0, |i| i + 1);
    let mut from = from;
    let mut to = verb;
    while to > from
        && matches!(
            plain[to - 1].as_str(),
            "also"
                | "has"
                | "have"
                | "had"
                | "later"
                | "then"
                | "previously"
                | "today"
                | "yesterday"
                | "who"
                | "publicly"
                | "repeatedly"
                | "would"
                | "will"
        )
    {
        to -= 1;
    }
    // "Speaking in the House, Ms Vance said", "In its report, the Board said".
    let opener = plain.get(from).map(String::as_str).unwrap_or_default();
    if (opener.ends_with("ing")
        || matches!(
            opener,
            "in" | "on"
                | "at"
                | "after"
                | "before"
                | "when"
                | "asked"
                | "during"
                | "but"
                | "and"
                | "while"
                | "as"
                | "earlier"
                | "last"
                | "this"
        ))
        && let Some(comma) = (from..to).find(|i| words[*i].ends_with(','))
    {
        from = comma + 1;
    } else if matches!(opener, "but" | "and" | "meanwhile" | "however" | "separately" | "earlier") {
        from += 1;
    }
    let mut phrase = words[from.min(to)..to].to_vec();
    // "told MPs that she" – the clause before a verb inside another's speech is not its subject.
    if let Some(that) = phrase.iter().rposition(|w| bare(w) == "that") {
        phrase.drain(..=that);
    }
    // "The audit will be led by …, the government confirmed."
    if phrase.iter().any(|w| {
        matches!(
            *w,
            "will"
                | "would"
                | "could"
                | "may"
                | "might"
                | "can"
                | "should"
                | "must"
                | "is"
                | "are"
                | "was"
                | "were"
                | "has"
                | "have"
                | "had"
        )
    }) && let Some(comma) = phrase.iter().rposition(|w| w.ends_with(','))
        && comma + 1 < phrase.len()
    {
        phrase.drain(..=comma);
    }
    if phrase.is_empty() {
        // "…”, said Ida Vance, the minister."
        let mut end = verb + 1;
        while end < words.len() && end < verb + 10 {
            let w = words[end];
            let name = w.starts_with(char::is_uppercase)
                || matches!(plain[end].as_str(), "the" | "a" | "of" | "for" | "former" | "one" | "who")
                || (end == verb + 1 && plain[end].len() > 1);
            if !name {
                break;
            }
            end += 1;
            if w.ends_with([',', '.', ':']) {
                break;
            }
        }
        phrase = words[verb + 1..end].to_vec();
    }
    let name = phrase.join(" ");
    let name = name.trim_matches(|c: char| matches!(c, ',' | '.' | ':' | '“' | '”' | '"')).trim();
    let named = !name.is_empty() && phrase.len() <= 16 && !phrase.contains(&"than");
    let first = phrase.first().map(|w| bare(w)).unwrap_or_default();
    let starts_well = name.starts_with(char::is_uppercase)
        || matches!(
            first.as_str(),
            "the"
                | "a"
                | "an"
                | "he"
                | "she"
                | "they"
                | "it"
                | "one"
                | "some"
                | "several"
                | "many"
                | "former"
                | "critics"
                | "campaigners"
                | "ministers"
                | "survivors"
                | "officials"
                | "police"
                | "i"
                | "we"
        );
    (named && starts_well && !matches!(first.as_str(), "there" | "what" | "which" | "that" | "if" | "than"))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candour_record::Span;

    fn who(text: &str) -> Option<(String, bool)> {
        let told = Told { span: Span::new(0, 0), text: text.to_owned(), paragraph: 0 };
        let before = Before {
            speaker: Some("Ida Vance".into()),
            report: Some("Harbour Inquiry".into()),
            ..Before::default()
        };
        attribution(&told, &Prose::default(), &before).map(|a| (a.who, a.by_report))
    }

    #[test]
    fn who_says_it() {
        for (text, expected, report) in [
            ("The minister said returns were late.", "minister", false),
            ("“Returns were late,” said Ida Vance, the minister.", "Ida Vance", false),
            ("“Returns were late,” she told the Board.", "Ida Vance", false),
            ("Speaking in the House, Ms Vance said returns were late.", "Ms Vance", false),
            ("Ministers said that little had been done.", "Ministers", false),
            ("The inquiry found that returns were late.", "Harbour Inquiry", true),
            ("The 2022 Harbour Inquiry concluded that returns were late.", "2022 Harbour Inquiry", true),
            ("It found that nobody knew.", "Harbour Inquiry", true),
            ("According to the Harbour Review, nobody knew.", "the Harbour Review", true),
            (
                "Ola Brant, a former harbour officer, warned that nobody knew.",
                "Ola Brant, a former harbour officer",
                false,
            ),
        ] {
            let found = who(text).unwrap_or_else(|| panic!("nobody in {text}"));
            assert_eq!((strip(&found.0), found.1), (strip(expected), report), "{text}");
        }
        for text in ["Returns were late.", "The board was said to be late.", "Police found a boat."] {
            assert_eq!(who(text), None, "{text}");
        }
    }
}
