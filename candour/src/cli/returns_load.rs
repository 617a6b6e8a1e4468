use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use candour_returns::workflow::{
    Answer, By, Clock, Compliance, Deadlines, Queries, QueryEvent, QueryState, Resubmission, ReturnEvent,
    ReturnFile, ReturnState, clock, compliance, compliance_csv,
};
use candour_returns::{
    Analysis, CheckOptions, Linkage, QualityWeights, RowDigest, RuleSeverity, Specification, quality,
};
use jiff::Timestamp;
use jiff::civil::Date;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::report::thousands;
use crate::return_files::Source;
use crate::returns_release::{self, Kept};
use crate::workspace::Workspace;

use super::returns::{Checked, Input};
use super::{Format, In, progress};

/// Bytes that the history of a return, or the hashes of its rows, may hold.
const LIMIT: u64 = 1 << 30;
/// Days beyond all clocks, for a call without time limits.
const NEVER: Date = jiff::civil::date(9999, 12, 31);

/// What of a data call lies in a workspace. Versions lie in `returns/`; everything about people's records in `vault/`.
struct Desk {
    returns: PathBuf,
    vault: PathBuf,
}

impl Desk {
    fn new(workspace: &Workspace) -> Self {
        let root = &workspace.root;
        Self { returns: root.join("returns"), vault: root.join("vault").join("returns") }
    }

    /// The key under which records are hashed, made once and kept as long as the call.
    fn options(&self) -> Result<CheckOptions> {
        let path = self.vault.join("call.key");
        if !path.exists() {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
            files::write_atomically(&path, &key)?;
        }
        let key = files::read_limited(&path, 4096)?;
        ensure!(key.len() == 32, "{}: is no key of a call; put back the one that was made", path.display());
        // Every finding is asked about, so every one is listed.
        Ok(CheckOptions { listed: usize::MAX, ..CheckOptions::new(&key) })
    }

    fn history(&self, body: &str) -> PathBuf {
        self.vault.join(format!("{body}.json"))
    }

    fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read_limited(path, LIMIT)?;
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|e| {
            anyhow::anyhow!("{}: is damaged at line {}; put back a copy of it", path.display(), e.line())
        })
    }

    fn file(&self, body: &str) -> Result<Option<ReturnFile>> {
        let path = self.history(body);
        let Some(file) = Self::read::<ReturnFile>(&path)? else { return Ok(None) };
        ensure!(
            file.history.is_intact() && file.queries.iter().all(|(_, q)| q.history.is_intact()),
            "{}: an event of it was changed after it was recorded; put back a copy of it",
            path.display()
        );
        Ok(Some(file))
    }

    fn must(&self, body: &str) -> Result<ReturnFile> {
        ensure!(is_body(body), "{body:?} is no code of a body");
        self.file(body)?
            .with_context(|| format!("nothing of {body} was loaded; see `candour returns status`"))
    }

    fn save(&self, file: &ReturnFile) -> Result<()> {
        files::write_atomically(&self.history(&file.body), &serde_json::to_vec(file)?)
    }

    /// Every body of which something is known, in order.
    fn all(&self) -> Result<Vec<(ReturnFile, Option<Kept>)>> {
        let Ok(entries) = std::fs::read_dir(&self.vault) else { return Ok(Vec::new()) };
        let mut bodies: Vec<String> = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            bodies.extend(name.strip_suffix(".json").filter(|b| is_body(b)).map(str::to_owned));
        }
        bodies.sort();
        let read = |body: &String| {
            let kept = Self::read(&self.vault.join(body).join("quality.json"))?;
            Ok(self.file(body)?.map(|file| (file, kept)))
        };
        bodies.par_iter().filter_map(|body| read(body).transpose()).collect()
    }
}

/// Whether a code can be the name of a folder.
fn is_body(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= 40
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[derive(clap::Args)]
pub(super) struct Load {
    #[command(flatten)]
    at: In,
    #[command(flatten)]
    input: Input,
    /// Who takes the returns
    #[arg(long, value_name = "NAME", default_value = "candour returns load")]
    actor: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What became of one return.
#[derive(Debug, Serialize)]
pub(super) struct Loaded {
    pub(super) body: String,
    pub(super) version: u32,
    pub(super) state: String,
    pub(super) records: u64,
    pub(super) stops: u64,
    pub(super) queries: Resubmission,
    pub(super) waiting: usize,
}

impl Load {
    /// The same as from a command line, for a demonstration.
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let (desk, specification) = (Desk::new(&workspace), self.input.specification()?);
        let options = desk.options()?;
        let sources = self.input.sources()?;
        let bar = progress(sources.len() as u64, "Loading returns");
        let one = |source: Source| {
            let place = source.place.display().to_string();
            let done = self.one(source, &desk, &specification, &options).with_context(|| place);
            bar.inc(1);
            done
        };
        let mut done: Vec<Result<Loaded>> = sources.into_par_iter().map(one).collect();
        bar.finish_and_clear();
        if done.len() == 1
            && let Some(Err(error)) = done.pop_if(|d| d.is_err())
        {
            return Err(error);
        }
        let (mut loaded, mut refused) = (Vec::new(), Vec::new());
        for one in done {
            match one {
                Ok(one) => loaded.push(one),
                Err(error) => refused.push(format!("{error:#}")),
            }
        }
        match self.format {
            Format::Json => {
                writeln!(out, "{}", serde_json::json!({ "loaded": loaded, "refused": refused }))?;
            }
            Format::Text => {
                if loaded.len() <= 20 {
                    for one in &loaded {
                        print(out, one)?;
                    }
                }
                for line in &refused {
                    writeln!(out, "not loaded: {line}")?;
                }
                let records: u64 = loaded.iter().map(|l| l.records).sum();
                let waiting: usize = loaded.iter().map(|l| l.waiting).sum();
                let stopped = loaded.iter().filter(|l| l.stops > 0).count();
                writeln!(
                    out,
                    "{} returns with {} records taken, {stopped} of them stopped; {} queries wait for their bodies; {} refused.",
                    loaded.len(),
                    thousands(&records.to_string()),
                    thousands(&waiting.to_string()),
                    refused.len()
                )?;
            }
        }
        Ok(ExitCode::from(u8::from(!refused.is_empty() || loaded.iter().any(|l| l.stops > 0))))
    }

    fn one(
        &self,
        source: Source,
        desk: &Desk,
        specification: &Specification,
        options: &CheckOptions,
    ) -> Result<Loaded> {
        let checked = self.input.check(source, specification, options, |body, outside| {
            if outside.previous.is_none() && is_body(body) {
                outside.previous = Desk::read::<RowDigest>(&desk.vault.join(body).join("rows.json"))?;
            }
            Ok(())
        })?;
        let Checked { source, returned, faults, mut report } = checked;
        let said = returned.header().body.clone();
        let body = source.expected.as_ref().map(|e| e.0.clone()).or(said);
        let Some(body) = body.filter(|b| is_body(b)) else {
            let more = faults.first().map_or(String::new(), |f| format!(" ({}: {})", f.file, f.message));
            bail!("its header names no body, so nobody knows whose return it is{more}; correct the header");
        };
        let mut file = desk.file(&body)?.unwrap_or_else(|| ReturnFile::new(&body));
        let version = file.version + 1;
        if let Some(said) = returned.header().version.filter(|said| *said != version) {
            bail!(
                "{body}: the header says version {said}; version {version} is due, since {} was taken before",
                file.version
            );
        }
        let now = Timestamp::now();
        let by = |reason| By { actor: &self.actor, at: now, reason };
        arrive(&mut file, &by("taken from its files"))?;
        report.version = Some(version);
        let bad: Vec<&str> = faults.iter().filter(|f| f.stops).map(|f| f.message.as_str()).collect();
        let stops = report.count(RuleSeverity::Stop) + bad.len() as u64;
        let queries = if bad.is_empty() {
            file.checked(&report, &by("checked by every rule"))?
        } else {
            file.apply(ReturnEvent::RejectStructure, &by(&format!("files not read: {}", bad.join("; "))))?;
            Resubmission::default()
        };
        keep(desk, &body, version, &source, self.input.mapping_file(&source).as_deref())?;
        let own = desk.vault.join(&body);
        if stops == 0 {
            let folder = own.join(format!("v{version}"));
            for (table, _) in &report.rows {
                for (part, text) in [
                    ("linkage", returned.csv::<Linkage>(table)?),
                    ("analysis", returned.csv::<Analysis>(table)?),
                ] {
                    files::write_atomically(
                        &folder.join(part).join(format!("{table}.csv")),
                        text.as_bytes(),
                    )?;
                }
            }
            let digest = serde_json::to_vec(&returned.row_digest(options))?;
            files::write_atomically(&own.join("rows.json"), &digest)?;
        }
        let found = quality(&returned, &report, options, QualityWeights::default());
        let kept = Kept::new(returned.header().body_type, &report, &found, stops > 0);
        files::write_atomically(&own.join("quality.json"), &serde_json::to_vec(&kept)?)?;
        // The history comes last: a version that it does not name was not taken.
        desk.save(&file)?;
        let state = file.state.to_string();
        Ok(Loaded {
            waiting: file.queries.waiting(),
            body,
            version,
            state,
            records: kept.records,
            stops,
            queries,
        })
    }
}

/// Moves a return to where a version has been sent.
fn arrive(file: &mut ReturnFile, by: &By<'_>) -> Result<()> {
    use ReturnState as S;
    let events: &[ReturnEvent] = match &file.state {
        S::NotStarted | S::CannotSupply | S::Refused { .. } => {
            &[ReturnEvent::Acknowledge, ReturnEvent::Prepare, ReturnEvent::Upload]
        }
        S::Acknowledged | S::Withdrawn => &[ReturnEvent::Prepare, ReturnEvent::Upload],
        S::Preparing | S::DryRun | S::StructureRejected | S::Partial { .. } => &[ReturnEvent::Upload],
        _ => &[ReturnEvent::Resubmit],
    };
    for event in events {
        file.apply(event.clone(), by)?;
    }
    Ok(())
}

/// Keeps the files of a version: whole or not at all, and never over others.
fn keep(desk: &Desk, body: &str, version: u32, source: &Source, mapping: Option<&Path>) -> Result<()> {
    let folder = desk.returns.join(body).join(format!("v{version}"));
    let shown = folder.display();
    let named = |path: &Path| path.file_name().map(PathBuf::from).context("a file needs a name");
    let mut own: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in source.files.iter().map(PathBuf::as_path) {
        let twice = own.insert(named(path)?, path);
        ensure!(twice.is_none(), "{}: two files have this name; give each its own", path.display());
    }
    if let Some(path) = mapping {
        own.insert("mapping.toml".into(), path);
    }
    if folder.exists() {
        // What an unfinished load left is taken up where it holds the same files.
        for (name, path) in &own {
            let there = folder.join(name);
            let same = there.exists()
                && (there.canonicalize().ok() == path.canonicalize().ok()
                    || std::fs::read(&there)? == std::fs::read(path)?);
            ensure!(same, "{shown}: holds other files, and a version is never overwritten; move it away");
        }
        return Ok(());
    }
    let part = folder.with_file_name(format!(".v{version}.{}.part", std::process::id()));
    let unwritten = || format!("{shown}: cannot be written");
    std::fs::create_dir_all(&part).with_context(unwritten)?;
    let copied = own.iter().try_for_each(|(name, path)| std::fs::copy(path, part.join(name)).map(|_| ()));
    let done = copied.and_then(|()| std::fs::rename(&part, &folder)).with_context(unwritten);
    if done.is_err() {
        // What is half copied is no version.
        let _ = std::fs::remove_dir_all(&part);
    }
    done
}

fn print(out: &mut impl Write, one: &Loaded) -> Result<()> {
    let q = &one.queries;
    writeln!(
        out,
        "{}: version {}, {} records, {}. Queries: {} new, {} kept ({} with their answers), {} open again, {} gone.",
        one.body,
        one.version,
        thousands(&one.records.to_string()),
        one.state,
        q.opened,
        q.kept,
        q.answers_kept,
        q.reopened,
        q.gone
    )?;
    Ok(())
}

/// What is said to a query.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Saying {
    /// The record was or will be corrected
    #[arg(long)]
    amended: bool,
    /// The record is right, and why
    #[arg(long, value_name = "WORDS")]
    explain: Option<String>,
    /// Take the answer
    #[arg(long)]
    accept: bool,
    /// Do not take the answer
    #[arg(long)]
    reject: bool,
    /// Take the query up with the head of the body
    #[arg(long)]
    escalate: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns answer X23000001 --rule CN04 --explain \"One man under three names\" --actor \"A data lead\""
)]
pub(super) struct Answering {
    #[command(flatten)]
    at: In,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// The rule whose queries are meant
    #[arg(long, value_name = "RULE")]
    rule: String,
    /// Only those about this table.column
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
    /// Only that about this row of the newest version
    #[arg(long, value_name = "N")]
    row: Option<u32>,
    #[command(flatten)]
    saying: Saying,
    /// A short code of the reason, by which explanations are counted
    #[arg(long, value_name = "CODE", default_value = "OTHER")]
    code: String,
    /// The explanation may be published
    #[arg(long)]
    publishable: bool,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    actor: String,
}

impl Answering {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let mut file = desk.must(&self.body)?;
        let event = match &self.saying {
            Saying { amended: true, .. } => QueryEvent::Answer(Answer::Amended),
            Saying { explain: Some(text), .. } => QueryEvent::Answer(Answer::Explained {
                code: self.code.clone(),
                text: text.clone(),
                publishable: self.publishable,
            }),
            Saying { accept: true, .. } => QueryEvent::Accept,
            Saying { reject: true, .. } => QueryEvent::Reject,
            _ => QueryEvent::Escalate,
        };
        let chosen = |queries: &Queries| -> Vec<_> {
            let meant = queries.iter().filter(|(key, query)| {
                query.present
                    && key.rule.eq_ignore_ascii_case(&self.rule)
                    && self.field.as_ref().is_none_or(|f| *f == key.field)
                    && self.row.is_none_or(|row| query.finding.row == Some(row))
                    && takes(&query.state, &event)
            });
            meant.map(|(key, _)| key.clone()).collect()
        };
        let keys = chosen(&file.queries);
        ensure!(
            !keys.is_empty(),
            "{} has no such query that takes this; see `candour returns status --body {}`",
            self.body,
            self.body
        );
        let by = By { actor: &self.actor, at: Timestamp::now(), reason: "said on the command line" };
        for key in &keys {
            file.queries.apply(key, event.clone(), &by)?;
        }
        desk.save(&file)?;
        writeln!(out, "{}: {} queries; {} still wait.", self.body, keys.len(), file.queries.waiting())?;
        Ok(ExitCode::SUCCESS)
    }
}

fn takes(state: &QueryState, event: &QueryEvent) -> bool {
    use QueryState as S;
    match event {
        QueryEvent::Answer(_) => matches!(state, S::Open | S::Rejected(_) | S::Escalated),
        QueryEvent::Escalate => matches!(state, S::Open | S::Rejected(_)),
        _ => matches!(state, S::Answered(_)),
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns sign-off X23000001 --office \"Chief constable\" --actor \"A data lead\""
)]
pub(super) struct SignOff {
    #[command(flatten)]
    at: In,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// The office that signs, such as chief constable
    #[arg(long, value_name = "OFFICE")]
    office: String,
    /// Who records it
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// Take the return as well
    #[arg(long)]
    accept: bool,
    /// Take it with what must be said beside its figures
    #[arg(long, value_name = "WORDS", conflicts_with = "accept")]
    caveat: Vec<String>,
}

impl SignOff {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let mut file = desk.must(&self.body)?;
        let by = |reason| By { actor: &self.actor, at: Timestamp::now(), reason };
        if matches!(file.state, ReturnState::Validated | ReturnState::QueriesOpen) {
            file.apply(ReturnEvent::Approve, &by("approved with the sign-off"))?;
        }
        let office = self.office.clone();
        file.apply(ReturnEvent::SignOff { office, on: workspace.today()? }, &by("signed off"))?;
        if self.accept {
            file.apply(ReturnEvent::Accept, &by("taken"))?;
        } else if !self.caveat.is_empty() {
            file.apply(ReturnEvent::AcceptWithCaveats(self.caveat.clone()), &by("taken with caveats"))?;
        }
        desk.save(&file)?;
        writeln!(out, "{}: version {} is {}.", self.body, file.version, file.state)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Who returned what
///
/// Writes the table of who returned what, and how complete fields are by type of body, to `releases/returns`, which the site
/// shows. Time limits are read from `returns/call.toml`: acknowledge, upload, answer and sign, each a date.
#[derive(clap::Args)]
pub(super) struct Status {
    #[command(flatten)]
    at: In,
    /// The queries of one body instead
    #[arg(long, value_name = "BODY")]
    body: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What a reader of the table must know
    #[arg(long, value_name = "WORDS")]
    note: Vec<String>,
}

impl Status {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let deadlines = deadlines(&desk)?;
        let today = workspace.today()?;
        if let Some(body) = &self.body {
            return queries_of(out, &desk.must(body)?, &deadlines, today);
        }
        let all = desk.all()?;
        ensure!(!all.is_empty(), "no return was loaded; take some with `candour returns load`");
        let (files, kept): (Vec<ReturnFile>, Vec<Option<Kept>>) = all.into_iter().unzip();
        let rows = compliance(&files, &deadlines, today);
        let kept: Vec<Kept> = kept.into_iter().flatten().collect();
        returns_release::write(&workspace.releases().join("returns"), &rows, &kept, self.note.clone())?;
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&rows)?)?,
            Format::Text if rows.len() <= 40 => write!(out, "{}", compliance_csv(&rows))?,
            Format::Text => {
                by_state(out, &rows)?;
                writeln!(out, "Quality, by dimension:")?;
                for row in returns_release::dimensions(&kept) {
                    let [name, tests, failed, ..] = row.as_slice() else { continue };
                    writeln!(out, "  {name:<13} {failed} of {tests} tests failed")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn by_state(out: &mut impl Write, rows: &[Compliance]) -> Result<()> {
    for (state, (bodies, queries)) in returns_release::states(rows) {
        writeln!(out, "{bodies:>6} bodies {state}, {} open queries", thousands(&queries.to_string()))?;
    }
    writeln!(out, "Every body stands in releases/returns/compliance.csv.")?;
    Ok(())
}

fn deadlines(desk: &Desk) -> Result<Deadlines> {
    let path = desk.returns.join("call.toml");
    if !path.exists() {
        return Ok(Deadlines { acknowledge: NEVER, upload: NEVER, answer: NEVER, sign: NEVER });
    }
    let shown = path.display();
    let text = String::from_utf8(files::read_limited(&path, 1 << 20)?)
        .with_context(|| format!("{shown}: is not UTF-8"))?;
    toml::from_str(&text).map_err(|e| anyhow::anyhow!("{shown}: {}", e.message()))
}

fn queries_of(
    out: &mut impl Write,
    file: &ReturnFile,
    deadlines: &Deadlines,
    today: Date,
) -> Result<ExitCode> {
    let when = match clock(file, deadlines, today) {
        Clock::Stopped => String::new(),
        Clock::Running(_) if deadlines.upload == NEVER => String::new(),
        Clock::Running(days) => format!(", {days} days left"),
        Clock::Overdue { days, level } => format!(", {days} days over (level {level})"),
    };
    writeln!(out, "{}: version {}, {}{when}", file.body, file.version, file.state)?;
    for (key, query) in file.queries.iter().filter(|(_, q)| q.present) {
        let state = match &query.state {
            QueryState::Open => "open",
            QueryState::Answered(_) => "answered",
            QueryState::Accepted(_) => "accepted",
            QueryState::Rejected(_) => "rejected",
            QueryState::Escalated => "escalated",
        };
        let row = query.finding.row.map_or(String::new(), |row| format!(" row {row}"));
        writeln!(out, "  {:<9} {} {}{row}: {}", state, key.rule, key.field, query.finding.message)?;
    }
    writeln!(out, "{} wait for the body.", file.queries.waiting())?;
    Ok(ExitCode::SUCCESS)
}
