//! What `candour language` does with many notes: rates, and samples for two readers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use askama::Template;
use candour_language::rates::{Bootstrap, By, NoteRow, agreement, sample};
use candour_language::{Checker, Note, Reading, Settings};
use clap::ValueEnum;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files;
use crate::language_rates::{self, Asked, Quality};

use super::language::{All, Inputs, whole};
use super::report;

/// Count alarms by body, month, document type and author role
///
/// Rates stand per 1,000 notes, per 10,000 words and per child, with intervals for which whole children are drawn. Groups of few children
/// are withheld, and nothing is ranked.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour language rates notes.csv --flag cse_flag --at 2024-11-14 --quality review/quality.json --format html --out rates.html"
)]
pub(super) struct Rates {
    #[command(flatten)]
    inputs: Inputs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Print,
    /// Write here instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to count by; several at once with a plus, as in body+month; may be given again [default: each by itself]
    #[arg(long, value_name = "WHAT", value_parser = by_of)]
    by: Vec<Groups>,
    /// The structured field that says whether a record carries a flag of sexual exploitation
    #[arg(long, value_name = "FIELD")]
    flag: Option<String>,
    /// A day, such as that of new guidance, on whose two sides rates are compared; may be given again
    #[arg(long, value_name = "YYYY-MM-DD")]
    at: Vec<Date>,
    /// Days on each side of it
    #[arg(long, value_name = "N", default_value_t = 365)]
    days: i64,
    /// What two readers found: quality.json of `candour language sample --read`
    #[arg(long, value_name = "FILE")]
    quality: Option<PathBuf>,
    /// Children that a group must have to be printed
    #[arg(long, value_name = "N", default_value_t = 10)]
    fewest: u64,
    /// Resamples for the intervals
    #[arg(long, value_name = "N", default_value_t = 1000)]
    replicates: usize,
    /// The seed: the same seed gives the same figures
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// A breakdown, by one thing or several at once.
#[derive(Debug, Clone)]
struct Groups(Vec<By>);

fn by_of(written: &str) -> Result<Groups, String> {
    written
        .split('+')
        .map(|part| match part.trim() {
            "body" => Ok(By::Body),
            "month" => Ok(By::Month),
            "document-type" => Ok(By::DocumentType),
            "author-role" => Ok(By::AuthorRole),
            other => Err(format!(
                "{other} is nothing to count by; write body, month, document-type or author-role"
            )),
        })
        .collect::<Result<_, _>>()
        .map(Groups)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Print {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// A row for each figure
    Csv,
    /// A page with charts that stands alone
    Html,
}

/// A row for each note, with the alarms that stand in it: those of its wording and those of its record.
pub(super) fn rows(checker: &Checker, notes: &[(Note, Reading)], flag: Option<&str>) -> Vec<NoteRow> {
    let found = candour_language::report(checker, notes, &Settings::default());
    let mut alarms = vec![0_u32; notes.len()];
    for finding in found.standing() {
        alarms[finding.location.nth] += 1;
    }
    notes
        .iter()
        .zip(alarms)
        .map(|((note, reading), alarms)| {
            let flagged = flag.and_then(|f| note.meta.fields.get(f)).is_some_and(is_yes);
            NoteRow::of(checker, note, reading, alarms, flagged)
        })
        .collect()
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => {
            matches!(s.trim().to_lowercase().as_str(), "yes" | "y" | "true" | "1" | "1.0" | "flagged" | "cse")
        }
        _ => false,
    }
}

pub(super) fn packs_of(checker: &Checker) -> Vec<[String; 4]> {
    checker
        .packs()
        .iter()
        .map(|(head, sha256)| {
            [head.name.clone(), head.version.clone(), head.reviewed.clone(), sha256.clone()]
        })
        .collect()
}

impl Rates {
    pub(super) fn run(mut self, out: &mut impl Write) -> Result<ExitCode> {
        anyhow::ensure!(
            (100..=100_000).contains(&self.replicates),
            "--replicates lies between 100 and 100,000"
        );
        anyhow::ensure!((1..=36_525).contains(&self.days), "--days lies between 1 and 36,525");
        let checker = self.inputs.checker()?;
        if let Some(flag) = &self.flag {
            self.inputs.with_field(flag);
        }
        let quality = self.quality.as_deref().map(read_quality).transpose()?;
        let All { notes, findings, lost, .. } = self.inputs.read_all(&checker)?;
        let rows = rows(&checker, &notes, self.flag.as_deref());
        anyhow::ensure!(!rows.is_empty(), "there are no notes to count in");
        let nameless = notes.iter().filter(|n| n.0.meta.child.is_none()).count();
        let by = if self.by.is_empty() {
            vec![vec![By::Body], vec![By::Month], vec![By::DocumentType], vec![By::AuthorRole]]
        } else {
            self.by.iter().map(|g| g.0.clone()).collect()
        };
        let asked = Asked {
            by,
            bootstrap: Bootstrap { replicates: self.replicates, seed: self.seed, level: 0.95 },
            fewest: self.fewest,
            at: self.at.clone(),
            days: self.days,
            quality,
            flags: self.flag.is_some(),
        };
        let found = language_rates::rates(&rows, packs_of(&checker), asked)?;
        let printed = match self.format {
            Print::Text => found.text(),
            Print::Json => format!("{}\n", serde_json::to_string(&found)?),
            Print::Csv => found.csv()?,
            Print::Html => found.page()?,
        };
        match &self.out {
            Some(path) => files::write_atomically(&whole(path), printed.as_bytes())?,
            None => out.write_all(printed.as_bytes())?,
        }
        report(&findings);
        if nameless > 0 {
            writeln!(
                std::io::stderr(),
                "warning[no_child]: {nameless} notes name no child and are counted as a child each; name the column with --columns child=NAME"
            )?;
        }
        Ok(ExitCode::from(if lost { 2 } else { 0 }))
    }
}

fn read_quality(path: &Path) -> Result<Quality> {
    let shown = path.display();
    let bytes = files::read_limited(path, 16 << 20)?;
    // What the parser says could quote the file.
    let quality: Quality = serde_json::from_slice(&bytes).map_err(|_| {
        anyhow::anyhow!("{shown}: is no quality.json; make it with `candour language sample --read DIR`")
    })?;
    // Left out, the hard notes would make the rules look better than they are.
    anyhow::ensure!(
        quality.open == 0,
        "{shown}: {} notes are not settled; write into differ.csv what the two readers agree on, and read the sample again",
        quality.open
    );
    Ok(quality)
}

/// Draw notes for two readers who do not see the alarms, and read back what they say
///
/// Notes with an alarm and notes without are drawn in each body and mixed. Each reader gets a table and a local page; key.json, which says
/// which notes had an alarm, stays with whoever drew them. With --read the two tables become quality.json: agreement, and for each body
/// how often the rules are right.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour language sample notes.csv --each 20 --out review\n         candour language sample --read review"
)]
pub(super) struct Sample {
    #[command(flatten)]
    inputs: Inputs,
    /// Notes drawn from each body with an alarm, and as many without
    #[arg(long, value_name = "N", default_value_t = 20)]
    each: usize,
    /// The seed: the same seed draws the same notes
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The folder to write to
    #[arg(long, value_name = "DIR", required_unless_present = "read")]
    out: Option<PathBuf>,
    /// The folder with the tables that the readers filled in
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    read: Option<PathBuf>,
}

/// What the readers do not see.
#[derive(Serialize, Deserialize)]
struct Key {
    seed: u64,
    notes: Vec<KeyNote>,
}

#[derive(Serialize, Deserialize)]
struct KeyNote {
    /// The number that the readers see.
    number: usize,
    id: String,
    body: String,
    alarm: bool,
    /// How many notes of its stratum it stands for.
    weight: f64,
}

#[derive(Template)]
#[template(path = "language_reader.html")]
struct ReaderPage<'a> {
    reader: usize,
    css: &'static str,
    notes: Vec<(usize, &'a str, String)>,
}

impl Sample {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        if let Some(folder) = &self.read {
            return read_back(out, folder);
        }
        let folder = self.out.as_deref().context("--out says where to write")?;
        anyhow::ensure!(self.each > 0, "--each: draw one note or more");
        anyhow::ensure!(
            !folder.join("key.json").exists(),
            "{}: holds a sample already; name another folder, so that no judgement is lost",
            folder.display()
        );
        let checker = self.inputs.checker()?;
        let All { notes, findings, lost, .. } = self.inputs.read_all(&checker)?;
        let rows = rows(&checker, &notes, None);
        let strata: Vec<(&str, bool)> = rows.iter().map(|r| (r.body.as_str(), r.alarms > 0)).collect();
        let drawn = sample(&strata, self.each, self.seed);
        anyhow::ensure!(!drawn.is_empty(), "there are no notes to draw from");
        let key = Key {
            seed: self.seed,
            notes: drawn
                .iter()
                .zip(1..)
                .map(|(d, number)| KeyNote {
                    number,
                    id: notes[d.note].0.id.clone(),
                    body: rows[d.note].body.clone(),
                    alarm: rows[d.note].alarms > 0,
                    weight: d.weight,
                })
                .collect(),
        };
        for reader in [1, 2] {
            // The second reads from the end: what tires the one last is read fresh by the other.
            let mut order: Vec<usize> = (0..drawn.len()).collect();
            if reader == 2 {
                order.reverse();
            }
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(["number", "judgement", "remark", "about", "text"])?;
            let mut shown = Vec::new();
            for at in order {
                let note = &notes[drawn[at].note].0;
                let age = note.meta.subject_age.map(|a| format!("age {a}"));
                let kind = Some(note.meta.doc_type.replace('_', " ")).filter(|k| !k.is_empty());
                let about = [age, kind].into_iter().flatten().collect::<Vec<_>>().join(", ");
                let text = if note.text.starts_with(['=', '+', '-', '@']) {
                    format!("'{}", note.text)
                } else {
                    note.text.clone()
                };
                table.write_record([&(at + 1).to_string(), "", "", &about, &text])?;
                shown.push((at + 1, note.text.as_str(), about));
            }
            let bytes = table.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?;
            files::write_atomically(&folder.join(format!("reader-{reader}.csv")), &bytes)?;
            let page = ReaderPage { reader, css: crate::site::CSS, notes: shown }.render()?;
            files::write_atomically(&folder.join(format!("reader-{reader}.html")), page.as_bytes())?;
        }
        files::write_atomically(
            &folder.join("key.json"),
            (serde_json::to_string_pretty(&key)? + "\n").as_bytes(),
        )?;
        let with = key.notes.iter().filter(|n| n.alarm).count();
        writeln!(
            out,
            "{} notes drawn, {with} of them with an alarm, from {} bodies. Give each reader one of reader-1 and reader-2 in {}; keep key.json from them.",
            key.notes.len(),
            key.notes.iter().map(|n| &n.body).collect::<std::collections::BTreeSet<_>>().len(),
            folder.display()
        )?;
        report(&findings);
        Ok(ExitCode::from(if lost { 2 } else { 0 }))
    }
}

/// The judgements of a table, by the number of the note: whether it holds such wording.
fn judgements(path: &Path) -> Result<BTreeMap<usize, bool>> {
    let shown = path.display();
    let bytes = files::read_limited(path, 256 << 20)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let header = reader.headers().with_context(|| format!("{shown}: cannot be read"))?.clone();
    let find = |name: &str| {
        let at =
            header.iter().position(|h| h.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(name));
        at.with_context(|| format!("{shown}: has no column {name}"))
    };
    let (number, judgement) = (find("number")?, find("judgement")?);
    let mut all = BTreeMap::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("{shown}, row {}: cannot be read", row + 2))?;
        let at: usize = record
            .get(number)
            .and_then(|n| n.trim().parse().ok())
            .with_context(|| format!("{shown}, row {}: has no number of a note", row + 2))?;
        let yes = match record.get(judgement).unwrap_or_default().trim().to_lowercase().as_str() {
            "yes" | "y" | "1" | "true" => true,
            "no" | "n" | "0" | "false" => false,
            "" => continue,
            _ => bail!("{shown}, row {}: the judgement is yes, no or empty", row + 2),
        };
        all.insert(at, yes);
    }
    Ok(all)
}

fn read_back(out: &mut impl Write, folder: &Path) -> Result<ExitCode> {
    let key_path = folder.join("key.json");
    let key: Key = serde_json::from_slice(&files::read_limited(&key_path, 256 << 20)?)
        .map_err(|_| anyhow::anyhow!("{}: is no key of a sample", key_path.display()))?;
    let one = judgements(&folder.join("reader-1.csv"))?;
    let two = judgements(&folder.join("reader-2.csv"))?;
    // What the two settle together, where they differed.
    let settled_path = folder.join("differ.csv");
    let settled = if settled_path.exists() { judgements(&settled_path)? } else { BTreeMap::new() };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut bodies: BTreeMap<String, [u32; 4]> = BTreeMap::new();
    let mut differ = Vec::new();
    let mut open = 0;
    for note in &key.notes {
        let (Some(a), Some(b)) = (one.get(&note.number), two.get(&note.number)) else { continue };
        first.push(*a);
        second.push(*b);
        let agreed = if a == b {
            Some(*a)
        } else {
            differ.push(note.number);
            settled.get(&note.number).copied()
        };
        let Some(yes) = agreed else {
            open += 1;
            continue;
        };
        let counts = bodies.entry(note.body.clone()).or_default();
        let at = if note.alarm { 0 } else { 2 };
        counts[at] += 1;
        counts[at + 1] += u32::from(yes);
    }
    let judged = first.len();
    let found = agreement(&first, &second).with_context(|| {
        format!(
            "{}: reader-1.csv and reader-2.csv are to be filled in: yes or no as judgement",
            folder.display()
        )
    })?;
    if !differ.is_empty() && !settled_path.exists() {
        let text = differ.iter().fold("number,judgement\n".to_owned(), |mut text, n| {
            let _ = writeln!(text, "{n},");
            text
        });
        files::write_atomically(&settled_path, text.as_bytes())?;
    }
    let quality = Quality::new(found, open, bodies);
    files::write_atomically(
        &folder.join("quality.json"),
        (serde_json::to_string_pretty(&quality)? + "\n").as_bytes(),
    )?;
    let [read, right, silent, missed] = quality.overall;
    let plain = language_rates::plain;
    writeln!(out, "{judged} of {} notes judged by both", key.notes.len())?;
    let kappa = quality.kappa.map_or_else(|| "not defined".to_owned(), plain);
    writeln!(
        out,
        "agreement {} %, kappa {kappa}, AC1 {} (standard error {})",
        plain(quality.observed * 100.0),
        plain(quality.ac1),
        plain(quality.ac1_error)
    )?;
    writeln!(
        out,
        "of the notes that are settled, {right} of {read} with an alarm are right, and something was missed in {missed} of {silent} silent ones"
    )?;
    if open > 0 {
        writeln!(
            out,
            "{open} notes are not settled: the two readers write what they agree on into differ.csv, and --read is run again"
        )?;
    }
    writeln!(
        out,
        "Written to {}; give it to `candour language rates --quality`",
        folder.join("quality.json").display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Notes of eight invented bodies, made for this project.
const EXAMPLE: &[u8] = include_bytes!("../../../examples/language/notes.jsonl");

/// The day of the newest guidance on such wording: Appropriate Language in Relation to Child Exploitation, 14 November 2024.
const NEWEST_GUIDANCE: Date = date(2024, 11, 14);

/// Reads the example's notes and releases their rates, as `candour language rates` would.
pub(super) fn example(out: &mut impl Write, workspace: &Path) -> Result<()> {
    let notes = workspace.join("returns/example/notes.jsonl");
    files::write_atomically(&notes, EXAMPLE)?;
    let inputs = Inputs::of(notes);
    let checker = inputs.checker()?;
    let All { notes, findings, .. } = inputs.read_all(&checker)?;
    report(&findings);
    let asked = Asked {
        by: vec![vec![By::Body], vec![By::Month], vec![By::DocumentType], vec![By::AuthorRole]],
        bootstrap: Bootstrap::default(),
        fewest: 10,
        at: vec![NEWEST_GUIDANCE],
        days: 365,
        quality: None,
        flags: true,
    };
    let rows = rows(&checker, &notes, Some("cse_flag"));
    let alarms: u32 = rows.iter().map(|r| r.alarms).sum();
    let found = language_rates::rates(&rows, packs_of(&checker), asked)?;
    writeln!(
        out,
        "   {alarms} alarms in {} notes; alarms per 1,000 notes, with 95 % intervals:",
        notes.len()
    )?;
    for group in found.breakdowns.first().into_iter().flat_map(|b| &b.groups) {
        writeln!(out, "   {:24} {}", group.name, language_rates::shown(group.per_1000_notes.as_ref()))?;
    }
    let path = workspace.join("releases/language.json");
    files::write_atomically(&path, serde_json::to_string(&found)?.as_bytes())
}
