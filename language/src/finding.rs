//! Findings: what is reported of a set of notes, with places, reasons and keyed hashes, and text only when asked for.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    check::{Checker, Mention, Reading},
    error::LanguageError,
    note::Note,
    pack::{Kind, Severity, hex},
    record::{Contradiction, Dated, Flag, Place, Window, contradictions},
    status::NotCounted,
    text::Characters,
    vale::{ValeAlert, ValeRule},
};

/// How findings are made.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The key of the hashes. Without it a hash of a short phrase could be guessed.
    pub key: Vec<u8>,
    /// Whether findings carry the words they rest on.
    pub quotes: bool,
    /// Suppressions by hash.
    pub baseline: Baseline,
    /// How far apart in time the notes of one child are read together.
    pub window: Window,
    /// Rules read from Vale's files, which run over the words of each note and know nothing of who says them of whom.
    pub vale: Vec<ValeRule>,
    /// Whether every phrase that is not counted is listed with its reason, not only counted.
    pub why: bool,
}

/// Where words stand in the file that a note was read from: a page and paragraph, or a row and cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// The file.
    pub file: String,
    /// The page, from 1, where the format has pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The paragraph of the document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<u32>,
    /// The line of the file, from 1, where the format has lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The table of the document or the sheet of the workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The row, from 1; a table's header is row 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The cell as a spreadsheet names it, such as `C2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// Whether the words stand in a comment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub comment: bool,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(page) = self.page {
            write!(f, ", page {page}")?;
        }
        if let Some(paragraph) = self.paragraph {
            write!(f, ", paragraph {paragraph}")?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(table) = &self.table {
            write!(f, ", {table}")?;
        }
        match (&self.cell, self.row) {
            (Some(cell), _) => write!(f, ", cell {cell}")?,
            (None, Some(row)) => write!(f, ", row {row}")?,
            (None, None) => {}
        }
        if self.comment { f.write_str(", in a comment") } else { Ok(()) }
    }
}

/// A place in a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The note's id.
    pub note: String,
    /// The note, by its place in what was given.
    #[serde(skip)]
    pub nth: usize,
    /// Where that is in the file it was read from, once [`Report::anchor`] has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// First character.
    pub start: usize,
    /// After the last character.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The words, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// What stands here: a category, or the name of a structured field.
    pub what: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.anchor {
            // A note that is part of a file is named too.
            Some(anchor) if self.note.starts_with(&anchor.file) => write!(f, "{anchor}"),
            Some(anchor) => write!(f, "{} ({anchor})", self.note),
            None => write!(f, "{}:{}:{}", self.note, self.line, self.column),
        }
    }
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id, or C1, C2, C3.
    pub rule: String,
    /// The category.
    pub category: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// Neutral wording to use instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suggestion: String,
    /// What the rule rests on: document, publisher, year, place.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Where.
    pub location: Location,
    /// For a contradiction, the evidence against the claim, in the order of the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Location>,
    /// The words that decided, as `kind: place` and, when quotes are asked for, the words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// The same alarm in the same words has the same hash wherever it stands in the note. Empty without a key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// The reason given for leaving it out, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// Whether the suppression stands in the text; else in the baseline.
    #[serde(skip)]
    pub in_text: bool,
}

/// A phrase that a rule matched and that is not counted, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// The rule's id.
    pub rule: String,
    /// The category.
    pub category: String,
    /// Where.
    pub location: Location,
    /// Why it is not counted.
    pub reason: NotCounted,
    /// The words that decided, as in a [`Finding`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// What was found in a set of notes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Packs: name, version, day reviewed, SHA-256.
    pub packs: Vec<[String; 4]>,
    /// Alarms, in the order of the notes.
    pub findings: Vec<Finding>,
    /// Phrases that rules matched and that are not counted, by reason.
    pub not_counted: BTreeMap<NotCounted, usize>,
    /// The same phrases one by one, when [`Settings::why`] asks for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<PassedOver>,
    /// Suppressions without a reason or without an alarm, as `note: what is wrong`.
    pub complaints: Vec<String>,
    /// Notes read.
    pub notes: usize,
    /// Words read.
    pub words: u64,
}

impl Report {
    /// Alarms that are not suppressed.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.suppressed.is_none())
    }

    /// Gives every location its place in a file: asked with the note's place in what was given, and the character.
    pub fn anchor(&mut self, of: &dyn Fn(usize, usize) -> Option<Anchor>) {
        let findings =
            self.findings.iter_mut().flat_map(|f| std::iter::once(&mut f.location).chain(&mut f.evidence));
        for location in findings.chain(self.passed_over.iter_mut().map(|p| &mut p.location)) {
            location.anchor = of(location.nth, location.start);
        }
    }

    /// "44 not counted: quotation 12, other person 9, …".
    pub fn not_counted_line(&self) -> String {
        let total: usize = self.not_counted.values().sum();
        let mut reasons: Vec<_> = self.not_counted.iter().collect();
        reasons.sort_by_key(|(reason, n)| (std::cmp::Reverse(**n), **reason));
        let list: Vec<String> =
            reasons.iter().map(|(reason, n)| format!("{} {n}", reason_name(**reason))).collect();
        format!("{total} not counted{}{}", if total > 0 { ": " } else { "" }, list.join(", "))
    }
}

/// A reason in words.
pub fn reason_name(reason: NotCounted) -> &'static str {
    match reason {
        NotCounted::Quotation => "quotation",
        NotCounted::Correction => "correction",
        NotCounted::ReportedSpeech => "reported speech",
        NotCounted::OtherPerson => "other person",
        NotCounted::OtherSense => "other sense",
        NotCounted::Negated => "negated",
        NotCounted::Question => "question",
        NotCounted::General => "in general",
        NotCounted::Suppressed => "suppressed",
    }
}

/// A keyed hash (HMAC with SHA-256, RFC 2104), the first sixteen bytes in hexadecimal.
///
/// Without a key it is empty: whoever can guess a short phrase could otherwise find it out from its hash.
pub fn keyed_hash(key: &[u8], parts: &[&str]) -> String {
    if key.is_empty() {
        return String::new();
    }
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(block.map(|b| b ^ 0x36));
    for part in parts {
        // The length keeps "ab", "c" apart from "a", "bc".
        inner.update((part.len() as u64).to_le_bytes());
        inner.update(part.as_bytes());
    }
    let mut outer = Sha256::new();
    outer.update(block.map(|b| b ^ 0x5c));
    outer.update(inner.finalize());
    hex(&outer.finalize()[..16])
}

/// Alarms that somebody has looked at and left out, each with a reason: a file of lines `hash<TAB>rule<TAB>reason`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline(BTreeMap<String, (String, String)>);

impl Baseline {
    /// Reads a baseline. Empty lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// When a line has no rule or no reason.
    pub fn read(text: &str) -> Result<Self, LanguageError> {
        let mut all = BTreeMap::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut parts = line.splitn(3, '\t').map(str::trim);
            match (parts.next(), parts.next(), parts.next()) {
                (Some(hash), Some(rule), Some(reason)) if !reason.is_empty() && !rule.is_empty() => {
                    all.insert(hash.to_owned(), (rule.to_owned(), reason.to_owned()));
                }
                _ => {
                    let reason = "a suppression needs a hash, a rule and a reason, parted by tabs".to_owned();
                    return Err(LanguageError::Baseline { line: n + 1, reason });
                }
            }
        }
        Ok(Self(all))
    }

    /// A baseline of everything that stands in a report, with one reason for all.
    pub fn of(report: &Report, reason: &str) -> Self {
        Self(report.standing().map(|f| (f.hash.clone(), (f.rule.clone(), reason.to_owned()))).collect())
    }

    /// Both together; where both know an alarm, the reason given first is kept.
    pub fn and(&self, more: &Self) -> Self {
        Self(more.0.iter().chain(&self.0).map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// The file's text, in the order of the hashes.
    pub fn write(&self) -> String {
        self.0.iter().fold(String::new(), |text, (hash, (rule, reason))| {
            text + hash + "\t" + rule + "\t" + reason + "\n"
        })
    }

    fn reason(&self, hash: &str, rule: &str) -> Option<&String> {
        self.0.get(hash).filter(|(r, _)| r == rule).map(|(_, reason)| reason)
    }
}

/// `[candour: allow B1 because REASON]` in a note: from which byte to which it reaches, what it allows, why.
struct Allowance {
    from: usize,
    to: usize,
    what: String,
    reason: String,
    used: bool,
}

/// Suppressions in the text reach the line they stand on and the line before. Without a reason they do nothing.
fn allowances(note: &Note, complaints: &mut Vec<String>) -> Vec<Allowance> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(found) = note.text[at..].find("[candour: allow ") {
        let start = at + found;
        let Some(close) = note.text[start..].find(']') else { break };
        let inner = &note.text[start + "[candour: allow ".len()..start + close];
        at = start + close;
        let (what, reason) = inner.split_once(" because ").unwrap_or((inner, ""));
        if reason.trim().is_empty() {
            complaints.push(format!(
                "{}: the suppression of {} gives no reason; write `because` and the reason",
                note.id,
                what.trim()
            ));
            continue;
        }
        let line = note.text[..start].rfind('\n').map_or(0, |n| n + 1);
        let before = note.text[..line.saturating_sub(1)].rfind('\n').map_or(0, |n| n + 1);
        let to = note.text[start..].find('\n').map_or(note.text.len(), |n| start + n);
        all.push(Allowance {
            from: before.min(line),
            to,
            what: what.trim().to_owned(),
            reason: reason.trim().to_owned(),
            used: false,
        });
    }
    all
}

/// Makes a report of notes that have been read. Notes of one child (`meta.child`) are taken together in the order of time; notes
/// without a child stand alone.
pub fn report(checker: &Checker, notes: &[(Note, Reading)], settings: &Settings) -> Report {
    let mut report = Report {
        packs: checker
            .packs()
            .iter()
            .map(|(head, sha256)| {
                [head.name.clone(), head.version.clone(), head.reviewed.clone(), sha256.clone()]
            })
            .collect(),
        notes: notes.len(),
        words: notes.iter().map(|(_, r)| u64::from(r.words)).sum(),
        ..Report::default()
    };
    let mut found: Vec<(usize, Finding)> = Vec::new();
    for (n, (note, reading)) in notes.iter().enumerate() {
        for (reason, k) in reading.not_counted() {
            *report.not_counted.entry(reason).or_insert(0) += k;
        }
        let mut allowed = allowances(note, &mut report.complaints);
        for m in reading.mentions.iter().filter(|m| m.kind == Kind::Wording && m.not_counted.is_none()) {
            let mut finding = wording(checker, n, note, m, settings);
            suppress(&mut finding, m.start as usize, &mut allowed, settings);
            found.push((n, finding));
        }
        for rule in &settings.vale {
            for alert in rule.check(&note.text) {
                let start = alert.start;
                let mut finding = imported(n, note, rule, alert, settings);
                suppress(&mut finding, start, &mut allowed, settings);
                found.push((n, finding));
            }
        }
        if settings.why {
            report.passed_over.extend(reading.mentions.iter().filter_map(|m| {
                let rule = checker.rule(m);
                Some(PassedOver {
                    rule: rule.id.clone(),
                    category: rule.category.clone(),
                    location: location(n, note, m.start, m.end, &rule.category, settings.quotes),
                    reason: m.not_counted?,
                    why: cues(note, m, settings.quotes),
                })
            }));
        }
        for a in allowed.iter().filter(|a| !a.used && !a.what.starts_with('C')) {
            report
                .complaints
                .push(format!("{}: the suppression of {} meets no alarm; take it out", note.id, a.what));
        }
    }
    let mut records: BTreeMap<(Option<&str>, usize), Vec<usize>> = BTreeMap::new();
    for (n, (note, _)) in notes.iter().enumerate() {
        let key = note.meta.child.as_deref().map_or((None, n), |child| (Some(child), 0));
        records.entry(key).or_default().push(n);
    }
    for mut members in records.into_values() {
        members.sort_by_key(|n| (notes[*n].0.meta.date, *n));
        let dated: Vec<Dated<'_>> =
            members.iter().map(|n| Dated { date: notes[*n].0.meta.date, reading: &notes[*n].1 }).collect();
        for c in contradictions(checker, &dated, settings.window) {
            let mut finding = contradiction(checker, notes, &members, &c, settings);
            let claim = members[c.claim.note];
            let mut allowed = allowances(&notes[claim].0, &mut Vec::new());
            suppress(&mut finding, 0, &mut allowed, settings);
            found.push((claim, finding));
        }
    }
    found.sort_by_key(|(n, f)| (*n, f.location.start, f.location.end, f.rule.clone()));
    report.findings = found.into_iter().map(|(_, f)| f).collect();
    let suppressed = report.findings.iter().filter(|f| f.suppressed.is_some()).count();
    if suppressed > 0 {
        report.not_counted.insert(NotCounted::Suppressed, suppressed);
    }
    report
}

fn suppress(finding: &mut Finding, at: usize, allowed: &mut [Allowance], settings: &Settings) {
    let whole = finding.rule.starts_with('C') && finding.rule.len() == 2;
    for a in allowed {
        if (whole || (a.from..a.to).contains(&at)) && (a.what == finding.rule || a.what == finding.category) {
            a.used = true;
            finding.suppressed = Some(a.reason.clone());
            finding.in_text = true;
            return;
        }
    }
    finding.suppressed = settings.baseline.reason(&finding.hash, &finding.rule).cloned();
}

/// The words that decided, as `kind: from-to` in characters and, when quotes are asked for, the words.
fn cues(note: &Note, m: &Mention, quotes: bool) -> Vec<String> {
    m.cues
        .iter()
        .map(|c| {
            let mut characters = Characters::of(&note.text);
            let (from, to) = (characters.at(c.start as usize), characters.at(c.end as usize));
            let quote = note.text.get(c.start as usize..c.end as usize).filter(|_| quotes);
            format!("{}: {from}-{to}{}", c.kind, quote.map_or(String::new(), |q| format!(" \"{q}\"")))
        })
        .collect()
}

fn location(nth: usize, note: &Note, start: u32, end: u32, what: &str, quotes: bool) -> Location {
    let mut characters = Characters::of(&note.text);
    let before = note.text.get(..start as usize).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    let from = characters.at(start as usize);
    Location {
        note: note.id.clone(),
        nth,
        anchor: None,
        start: from,
        end: characters.at(end as usize),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        quote: quotes.then(|| note.text.get(start as usize..end as usize).unwrap_or_default().to_owned()),
        what: what.to_owned(),
    }
}

fn wording(checker: &Checker, nth: usize, note: &Note, m: &Mention, settings: &Settings) -> Finding {
    let rule = checker.rule(m);
    let words = note.text.get(m.start as usize..m.end as usize).unwrap_or_default().to_lowercase();
    Finding {
        rule: rule.id.clone(),
        category: rule.category.clone(),
        severity: rule.severity,
        message: category_meaning(&rule.category).to_owned(),
        suggestion: rule.suggestion.clone(),
        source: citation(checker, rule),
        location: location(nth, note, m.start, m.end, &rule.category, settings.quotes),
        evidence: Vec::new(),
        why: cues(note, m, settings.quotes),
        hash: keyed_hash(&settings.key, &[&note.id, &rule.id, &words]),
        suppressed: None,
        in_text: false,
    }
}

/// What a rule of Vale's reports. Its message may hold the words, and so comes with quotes only.
fn imported(nth: usize, note: &Note, rule: &ValeRule, alert: ValeAlert, settings: &Settings) -> Finding {
    let words = note.text.get(alert.start..alert.end).unwrap_or_default().to_lowercase();
    let message = if settings.quotes { alert.message } else { "reported by a rule of Vale's".to_owned() };
    Finding {
        rule: rule.name.clone(),
        category: "VALE".to_owned(),
        severity: rule.severity,
        message,
        suggestion: alert.instead.unwrap_or_default(),
        source: String::new(),
        location: location(nth, note, alert.start as u32, alert.end as u32, "VALE", settings.quotes),
        evidence: Vec::new(),
        why: Vec::new(),
        hash: keyed_hash(&settings.key, &[&note.id, &rule.name, &words]),
        suppressed: None,
        in_text: false,
    }
}

/// Document, publisher, year and place of a rule's source.
pub fn citation(checker: &Checker, rule: &crate::pack::Rule) -> String {
    checker
        .source(rule)
        .map_or(String::new(), |s| format!("{}, {}, {}, {}", s.document, s.publisher, s.year, rule.place))
}

/// What a category of the label scheme means, as a sentence of a report.
pub fn category_meaning(category: &str) -> &'static str {
    match category {
        "B1" => "gives the child the choice or the responsibility",
        "B2" => "suggests consent or an equal relationship with an abuser",
        "B3" => "makes the child complicit or an offender",
        "B4" => "judges the child's character",
        "B5" => "blames the child for how services and the child meet",
        "M1" => "plays down or sweetens what was done",
        "D1" => "doubts the child without saying why",
        "A1" => "treats the child as older than the child is",
        "C1" => "placed at risk, although the record shows that harm has happened",
        "C2" => "recorded only as criminal exploitation, although the record shows signs of sexual harm",
        "C3" => "closed or lowered, although the record shows harm that is not resolved",
        _ => "wording that guidance asks not to use",
    }
}

fn contradiction(
    checker: &Checker,
    notes: &[(Note, Reading)],
    members: &[usize],
    c: &Contradiction,
    settings: &Settings,
) -> Finding {
    let place = |p: &Place| -> Location {
        let nth = members[p.note];
        let (note, reading) = &notes[nth];
        if let Some(m) = p.mention.and_then(|m| reading.mentions.get(m)) {
            location(nth, note, m.start, m.end, &checker.rule(m).category, settings.quotes)
        } else {
            let mut whole = location(nth, note, 0, 0, "structured field", settings.quotes);
            whole.quote = None;
            whole
        }
    };
    let claim = place(&c.claim);
    let flag = match c.flag {
        Flag::C1 => "C1",
        Flag::C2 => "C2",
        Flag::C3 => "C3",
    };
    let suggestion = match c.flag {
        Flag::C1 => {
            "Say plainly that the child has been harmed and is at risk of further harm, or say why the evidence does not stand."
        }
        Flag::C2 => "Record whether sexual exploitation was considered, and what was found.",
        Flag::C3 => {
            "Say how the harm was resolved before the case was closed or the level lowered, or open it again."
        }
    };
    let child = notes[members[c.claim.note]].0.meta.child.clone().unwrap_or_default();
    let at = format!("{}:{}", claim.start, claim.end);
    Finding {
        rule: flag.to_owned(),
        category: flag.to_owned(),
        severity: Severity::Error,
        message: category_meaning(flag).to_owned(),
        suggestion: suggestion.to_owned(),
        source: "Child sexual exploitation by organised networks: investigation report, Independent Inquiry into Child Sexual Abuse, 2022, F.3 to F.5, H.3".to_owned(),
        evidence: c.evidence.iter().map(place).collect(),
        why: Vec::new(),
        hash: keyed_hash(&settings.key, &[&claim.note, flag, &child, &at]),
        location: claim,
        suppressed: None,
        in_text: false,
    }
}
