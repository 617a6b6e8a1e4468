mod export;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use candour_record::{
    Basis, Citation, ContentHash, DateOrUnknown, Finding, Instrument, InstrumentId, InstrumentKind,
};
use candour_register::{
    Accepted, Addressee, AsAt, BUNDLED, Draft, Fact, ItemKind, Recommendation, RecommendationId,
    Register as Record, Status, Wording, import_tables,
};
use jiff::civil::Date;
use serde_json::json;

use crate::files;
use crate::store::{BATCH, Store};
use crate::workspace::Workspace;

use super::{Format, In, code_for, importer, person, progress, report};

pub(super) use export::export;

/// The register: import, list, show, history, accept, export
#[derive(clap::Args)]
pub(super) struct Register {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Bring in a folder of tables, or the register of real facts that ships with Candour
    #[command(after_help = "Example: candour register import --bundled -w my-audit")]
    Import {
        /// A folder of tables as described in the documentation of the register
        #[arg(required_unless_present = "bundled", conflicts_with = "bundled")]
        folder: Option<PathBuf>,
        /// The real facts on IICSA, the national audit of 2025 and the inspection of 2023
        #[arg(long)]
        bundled: bool,
        /// Who brings it in, as it should stand in the log
        #[arg(long, value_name = "NAME", default_value = "candour register import")]
        by: String,
        #[command(flatten)]
        workspace: In,
    },
    /// List recommendations with their headlines
    List {
        /// Only those of this inquiry, audit or report
        #[arg(long, value_name = "ID")]
        instrument: Option<InstrumentId>,
        #[command(flatten)]
        when: When,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        workspace: In,
    },
    /// Show one recommendation on all five axes, with sources
    Show {
        /// Its permanent name, such as iicsa-2022-13
        id: RecommendationId,
        #[command(flatten)]
        when: When,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        workspace: In,
    },
    /// Every entry of the log about something, oldest first
    History {
        /// The permanent name of a recommendation, instrument, body or document
        id: String,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        workspace: In,
    },
    /// Accept recommendations read in a document, by name; only then do they enter the register
    #[command(
        after_help = "Example: candour register accept 3f2a… --instrument harbour-2025 --by \"A. Person\" -w my-audit"
    )]
    Accept {
        /// The document's SHA-256, or its first digits
        document: String,
        /// The report that makes them; listed with --title where the register does not know it
        #[arg(long, value_name = "ID")]
        instrument: InstrumentId,
        /// Title of the report, where it is new
        #[arg(long)]
        title: Option<String>,
        /// Only this number; may be given again [default: all]
        #[arg(long, value_name = "NUMBER")]
        number: Vec<String>,
        /// Who accepts them, as it should stand in the log
        #[arg(long, value_name = "NAME")]
        by: String,
        #[command(flatten)]
        workspace: In,
    },
    /// Write the register as CSV and JSON
    Export {
        /// Folder to write to
        folder: PathBuf,
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        workspace: In,
    },
}

/// How far back a view goes.
#[derive(clap::Args)]
struct When {
    /// As it stood at the end of this day: only what is known to have happened by then
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_at: Option<Date>,
    /// As it was recorded at this moment: only what was in the record by then
    #[arg(long, value_name = "2025-01-16T12:00:00Z")]
    recorded_by: Option<jiff::Timestamp>,
}

impl When {
    fn as_at(&self) -> AsAt {
        AsAt { effective: self.as_at, recorded: self.recorded_by }
    }

    /// The day against which clocks run.
    fn day(&self, workspace: &Workspace) -> Result<Date> {
        self.as_at.map_or_else(|| workspace.today(), Ok)
    }
}

impl Register {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.act {
            Act::Import { folder, by, workspace, .. } => {
                let workspace = workspace.open()?;
                let tables = match &folder {
                    Some(folder) => tables_in(folder)?,
                    None => bundled(),
                };
                let findings = import(out, &workspace, &tables, &by)?;
                report(&findings);
                Ok(code_for(&findings))
            }
            Act::List { instrument, when, format, workspace } => {
                let workspace = workspace.open()?;
                let (record, findings) = load(&workspace.store()?, when.as_at())?;
                list(out, &record, instrument.as_ref(), when.day(&workspace)?, format)?;
                report(&findings);
                Ok(code_for(&findings))
            }
            Act::Show { id, when, format, workspace } => {
                let workspace = workspace.open()?;
                let (record, findings) = load(&workspace.store()?, when.as_at())?;
                show(out, &record, &id, when.day(&workspace)?, format)?;
                Ok(code_for(&findings))
            }
            Act::History { id, format, workspace } => history(out, &workspace.open()?.store()?, &id, format),
            Act::Accept { document, instrument, title, number, by, workspace } => {
                accept(out, &workspace.open()?, &document, &instrument, title, &number, &by)
            }
            Act::Export { folder, when, workspace } => {
                let workspace = workspace.open()?;
                let store = workspace.store()?;
                let (record, findings) = load(&store, when.as_at())?;
                let written = export(&folder, &record, &store, when.day(&workspace)?)?;
                for name in written {
                    writeln!(out, "{}", folder.join(name).display())?;
                }
                report(&findings);
                Ok(code_for(&findings))
            }
        }
    }
}

pub(super) fn bundled() -> BTreeMap<String, String> {
    BUNDLED.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
}

fn tables_in(folder: &Path) -> Result<BTreeMap<String, String>> {
    if !folder.is_dir() {
        bail!("{}: is not a folder; give a folder of CSV tables", folder.display());
    }
    let mut tables = BTreeMap::new();
    for file in std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))? {
        let path = file?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && name.to_ascii_lowercase().ends_with(".csv") {
            let bytes = files::read_limited(&path, 256 << 20)?;
            let text = String::from_utf8(bytes).map_err(|e| {
                anyhow::anyhow!(
                    "{}: byte {} is not UTF-8; save the table as UTF-8",
                    path.display(),
                    e.utf8_error().valid_up_to()
                )
            })?;
            tables.insert(name, text);
        }
    }
    Ok(tables)
}

/// Imports tables batch by batch. Each batch is printed once it is on disk; what was printed survives a kill, and the
/// same import run again adds the rest.
pub(super) fn import(
    out: &mut impl Write,
    workspace: &Workspace,
    tables: &BTreeMap<String, String>,
    by: &str,
) -> Result<Vec<Finding>> {
    let (imported, findings) = import_tables(tables)?;
    for (table, rows) in &imported.rows {
        writeln!(out, "{table}: {rows} rows read")?;
    }
    let mut store = workspace.store()?;
    let key = workspace.signing_key()?;
    let bar = progress(imported.drafts.len() as u64, "Recording");
    let (mut added, mut known) = (0, 0);
    for batch in imported.drafts.chunks(BATCH) {
        let before = store.size();
        let done = store.append(batch, &importer(by), jiff::Timestamp::now(), &key)?;
        if done.added > 0 {
            writeln!(out, "recorded entries {before} to {}", done.size - 1)?;
            out.flush()?;
        }
        added += done.added;
        known += done.known;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    store.write_log(&key.verifier())?;
    writeln!(out, "{added} entries recorded; {known} were there already; the ledger holds {}", store.size())?;
    Ok(findings)
}

/// The record, and what it complained of.
pub(super) fn load(store: &Store, as_at: AsAt) -> Result<(Record, Vec<Finding>)> {
    let (entries, mut findings) = store.entries()?;
    let (record, more) = Record::project(entries.iter().map(|(i, e)| (*i, e)), as_at);
    findings.extend(more);
    Ok((record, findings))
}

fn list(
    out: &mut impl Write,
    record: &Record,
    instrument: Option<&InstrumentId>,
    day: Date,
    format: Format,
) -> Result<()> {
    if let Some(id) = instrument
        && !record.instruments.contains_key(id)
    {
        bail!("{id} is not an inquiry, audit or report of this register at that date");
    }
    for (id, recommendation) in &record.recommendations {
        let made = &recommendation.made.fact;
        if instrument.is_some_and(|i| *i != made.instrument) {
            continue;
        }
        let status = Status::of(record, recommendation, day);
        match format {
            Format::Text => writeln!(out, "{id:36} {:38} {}", status.headline.words, made.title)?,
            Format::Json => writeln!(
                out,
                "{}",
                json!({"id": id.as_str(), "instrument": made.instrument, "number": made.number, "title": made.title,
                    "headline": status.headline.code, "rule": status.headline.rule, "words": status.headline.words})
            )?,
        }
    }
    Ok(())
}

fn show(
    out: &mut impl Write,
    record: &Record,
    id: &RecommendationId,
    day: Date,
    format: Format,
) -> Result<()> {
    let Some(recommendation) = record.recommendations.get(id) else {
        bail!("{id} is not a recommendation of this register at that date; see `candour register list`");
    };
    let made = &recommendation.made.fact;
    let status = Status::of(record, recommendation, day);
    if format == Format::Json {
        let value = export::compiled(record, recommendation, day);
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    let sources = |citations: &[Citation]| -> String {
        let names: Vec<String> = citations
            .iter()
            .map(|c| match c {
                Citation::Source(id) => record
                    .sources
                    .get(id)
                    .map_or_else(|| id.to_string(), |s| format!("{} <{}>", s.publisher, s.url)),
                Citation::Passage(p) => format!("document {}, page {}", p.document, p.page.unwrap_or(1)),
            })
            .collect();
        if names.is_empty() { "no source recorded".to_owned() } else { names.join("; ") }
    };
    writeln!(out, "{} ({id})", made.title)?;
    writeln!(
        out,
        "{} [rule {}; known to {}]\n",
        status.headline.words, status.headline.rule, status.known_to
    )?;
    let asked = match &made.wording {
        Wording::Verbatim(text) => text.clone(),
        Wording::Paraphrase(text) => format!("{text} (our paraphrase)"),
        Wording::Unknown => "not known: its text was not seen".to_owned(),
    };
    writeln!(out, "Asked      {asked}\n           {}", sources(&recommendation.made.citations))?;
    let whom: Vec<&str> = made.addressees.iter().map(|a| a.as_written.as_str()).collect();
    writeln!(out, "Of whom    {}", if whom.is_empty() { "not known".to_owned() } else { whom.join(", ") })?;
    for answer in &status.answers {
        writeln!(
            out,
            "Answered   {}: {} ({})",
            answer.as_written,
            answer.position.words(),
            answer.clock.words()
        )?;
        if let Some(given) = answer.given.first() {
            writeln!(out, "           {}", sources(&given.citations))?;
        }
    }
    writeln!(out, "Claimed    {}", status.claim().words())?;
    if let Some(claim) = status.claims.first() {
        writeln!(out, "           {}", sources(&claim.citations))?;
    }
    writeln!(out, "Evidenced  {}", status.evidence_grade().words())?;
    for evidence in &status.evidence {
        writeln!(out, "           {} {}", evidence.fact.what, sources(&evidence.citations))?;
    }
    for due in &status.due {
        writeln!(out, "How late   {}: {}", due.what, due.schedule.words())?;
    }
    if status.due.is_empty() {
        writeln!(out, "How late   no date was given")?;
    }
    writeln!(out, "Judged     {}", status.adequacy().words())?;
    Ok(())
}

fn history(out: &mut impl Write, store: &Store, id: &str, format: Format) -> Result<ExitCode> {
    let (entries, findings) = store.entries()?;
    let about: Vec<_> = entries
        .iter()
        .filter(|(_, e)| e.subject == id || e.payload.get("about").and_then(|a| a.as_str()) == Some(id))
        .collect();
    if about.is_empty() {
        bail!("nothing in the log is about {id:?}");
    }
    for (index, entry) in about {
        let date = entry.effective.map_or_else(|| "no date".to_owned(), |d| d.to_string());
        match format {
            Format::Text => {
                writeln!(
                    out,
                    "{index:>6}  {date:10}  {:26} recorded {} by {}",
                    entry.kind,
                    entry.recorded_at.strftime("%Y-%m-%d %H:%M UTC"),
                    entry.recorded_by.name
                )?;
            }
            Format::Json => writeln!(out, "{}", json!({"index": index, "entry": entry}))?,
        }
    }
    Ok(code_for(&findings))
}

fn accept(
    out: &mut impl Write,
    workspace: &Workspace,
    document: &str,
    instrument: &InstrumentId,
    title: Option<String>,
    numbers: &[String],
    by: &str,
) -> Result<ExitCode> {
    let mut store = workspace.store()?;
    let (record, _) = load(&store, AsAt::default())?;
    let mut matching = record.documents.keys().filter(|hash| hash.to_string().starts_with(document));
    let hash: ContentHash = *matching
        .next()
        .with_context(|| format!("no document's hash begins with {document:?}; see the documents page"))?;
    if matching.next().is_some() {
        bail!("several documents' hashes begin with {document:?}; give more digits");
    }
    let held = &record.documents[&hash].fact;
    let mut drafts = Vec::new();
    if !record.instruments.contains_key(instrument) {
        let Some(title) = title else {
            bail!("{instrument} is not in the register; give its --title to list it")
        };
        drafts.push(Draft {
            fact: Fact::Instrument(Instrument {
                id: instrument.clone(),
                kind: InstrumentKind::Report,
                title,
                parent: None,
                led_by: String::new(),
                territory: String::new(),
                legal_basis: String::new(),
                established: None,
                published: Some(held.published),
                response_due: None,
                stated_count: None,
                note: String::new(),
            }),
            effective: Some(held.published),
            citations: Vec::new(),
        });
    }
    for proposal in record.proposals.get(&hash).into_iter().flatten() {
        let item = &proposal.fact.item;
        let number = item.number.clone().unwrap_or_default();
        if item.kind != ItemKind::Recommendation || !(numbers.is_empty() || numbers.contains(&number)) {
            continue;
        }
        let padded = if number.len() == 1 { format!("0{number}") } else { number.to_lowercase() };
        let recommendation = Recommendation {
            id: RecommendationId::new(format!("{instrument}-{padded}"))?,
            instrument: instrument.clone(),
            number_confirmed: true,
            title: item.title.clone().unwrap_or_else(|| format!("Recommendation {number}")),
            number,
            wording: Wording::Verbatim(item.text.clone()),
            addressees: item
                .addressees
                .iter()
                .map(|name| Addressee { body: record.body_named(name).cloned(), as_written: name.clone() })
                .collect(),
            deadlines: item.deadlines.clone(),
            response_due: None,
            restates: Vec::new(),
            basis: Basis::Read,
            note: String::new(),
        };
        drafts.push(Draft {
            fact: Fact::Accepted(Accepted { proposal: proposal.index, recommendation }),
            effective: proposal.effective.or(Some(DateOrUnknown::Unknown)),
            citations: proposal.citations.clone(),
        });
    }
    let taken = drafts.iter().filter(|d| matches!(d.fact, Fact::Accepted(_))).count();
    if taken == 0 {
        bail!(
            "no recommendation of that document waits for a person{}",
            if numbers.is_empty() { "" } else { " under those numbers" }
        );
    }
    let key = workspace.signing_key()?;
    store.append(&drafts, &person(by), jiff::Timestamp::now(), &key)?;
    store.write_log(&key.verifier())?;
    writeln!(out, "{by} accepted {taken} recommendations of {}; they are now in the register", held.title)?;
    Ok(ExitCode::SUCCESS)
}
