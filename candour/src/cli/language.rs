use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use candour_language::{
    Baseline, Checker, Note, Pack, Prediction, Reading, Scratch, Severity, Window, literate, output,
    test_rules, vale,
};
use candour_record::Finding;
use clap::{Subcommand, ValueEnum};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::files;
use crate::notes::{self, Faults, Notes, Sink, Source, Stand};

use super::{Format, language_rates, progress, report};

/// Read records for wording and contradictions that play harm down
///
/// It audits records, never people. An alarm is a prompt for a person to read the record; it is no proof of harm or of bad practice, and
/// silence is no proof of safety.
#[derive(clap::Args)]
pub(super) struct Language {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Report wording and contradictions, each with its rule, its source and its place
    Check(Box<Check>),
    /// Run the tests of the rules: the texts inside packs, and notes marked in Markdown
    Test(Test),
    /// Count alarms by body, month, document type and author role
    Rates(Box<language_rates::Rates>),
    /// Draw notes for two readers who do not see the alarms, and read back what they say
    Sample(Box<language_rates::Sample>),
    /// Write the wording as a style for Vale
    Vale(Vale),
}

impl Language {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.verb {
            Verb::Check(verb) => verb.run(out),
            Verb::Test(verb) => verb.run(out),
            Verb::Rates(verb) => verb.run(out),
            Verb::Sample(verb) => verb.run(out),
            Verb::Vale(verb) => verb.run(out),
        }
    }
}

/// What every verb that reads notes takes.
#[derive(clap::Args)]
pub(super) struct Inputs {
    /// Files or folders: TXT, Markdown, HTML, DOCX, ODT, PDF, EML, MBOX, or CSV, XLSX, Parquet and JSON Lines with a note in each row
    #[arg(value_name = "INPUT")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    source: Source,
    /// A rule pack beside those that come with the program; may be given again
    #[arg(long, value_name = "FILE")]
    pack: Vec<PathBuf>,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Report wording and contradictions, each with its rule, its source and its place
///
/// Words of the notes are printed only with --quotes. `[candour: allow B5 because REASON]` in a note leaves an alarm out and is counted;
/// a baseline does the same for notes that must not be changed.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour language check notes/ --about notes.csv --quotes --why\n\nExit code: 0 no alarm at the level of --fail-on, 1 one or more, 2 something could not be read. With --format jsonl it is 0 or 2:\nprediction lines are an answer, not a judgement."
)]
struct Check {
    #[command(flatten)]
    inputs: Inputs,
    /// How to print; jsonl is one line of predictions a note, in a stream
    #[arg(long, value_enum, default_value_t)]
    format: Print,
    /// Write here instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show the words that findings rest on
    #[arg(long)]
    quotes: bool,
    /// Say of every alarm which words decided, and list every phrase that is not counted, with the reason
    #[arg(long)]
    why: bool,
    /// The least severe alarm that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Level::Error)]
    fail_on: Level,
    /// Alarms that somebody has looked at: lines of hash, rule and reason
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write a baseline of all alarms that stand, to be thinned out by hand; needs --reason
    #[arg(long, value_name = "FILE", requires = "reason")]
    write_baseline: Option<PathBuf>,
    /// The reason written into the baseline
    #[arg(long, value_name = "WORDS", requires = "write_baseline")]
    reason: Option<String>,
    /// The key of the hashes; made where it is not there [default: vault/language-key, inside a workspace]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A rule of Vale's (YAML), or a folder of them: existence, substitution, occurrence, conditional, sequence; may be given again
    #[arg(long, value_name = "FILE")]
    vale: Vec<PathBuf>,
    /// Days before a claim within which evidence stands against it
    #[arg(long, value_name = "N", default_value_t = Window::default().days_before)]
    days_before: i64,
    /// Days after a claim within which evidence stands against it
    #[arg(long, value_name = "N", default_value_t = Window::default().days_after)]
    days_after: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Print {
    /// For people: each alarm with its place
    #[default]
    Text,
    /// For programs: one object
    Json,
    /// A line of predictions for each note
    Jsonl,
    /// SARIF 2.1.0
    Sarif,
    /// A row for each alarm
    Csv,
    /// A test case for each note
    Junit,
    /// A page that stands alone
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Suggestion,
    Warning,
    Error,
    Never,
}

impl Level {
    fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Suggestion => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Never => false,
        }
    }
}

/// The packs that come with the program and those named, compiled; and those named alone.
fn checker(named: &[PathBuf]) -> Result<(Checker, Vec<Pack>)> {
    let more = named.iter().map(|path| read_pack(path)).collect::<Result<Vec<_>>>()?;
    let mut packs = Pack::bundled()?;
    packs.extend(more.iter().cloned());
    Ok((Checker::new(&packs)?, more))
}

fn read_pack(path: &Path) -> Result<Pack> {
    let shown = path.display().to_string();
    Ok(Pack::read(&shown, &text_of(path)?)?)
}

fn text_of(path: &Path) -> Result<String> {
    String::from_utf8(files::read_limited(path, 16 << 20)?)
        .map_err(|_| anyhow::anyhow!("{}: is not UTF-8 text; save it as UTF-8", path.display()))
}

/// Bytes of notes that are read side by side before what was found is passed on.
const BATCH: usize = 2 << 20;

/// Notes of a batch; many short ones are a batch too.
const MOST_NOTES: usize = 8_192;

/// Reads notes in batches, on all threads, and passes on what was found in the order of the notes.
struct Batches<'a> {
    checker: &'a Checker,
    waiting: Vec<(Note, Stand)>,
    bytes: usize,
    bar: ProgressBar,
    #[expect(clippy::type_complexity, reason = "one use; a name would only hide it")]
    pass: Box<dyn FnMut(Vec<(Note, Stand, Reading)>) -> Result<()> + 'a>,
}

impl Sink for Batches<'_> {
    fn take(&mut self, note: Note, stand: Stand) -> Result<()> {
        self.bytes += note.text.len();
        self.waiting.push((note, stand));
        if self.bytes >= BATCH || self.waiting.len() >= MOST_NOTES { self.flush() } else { Ok(()) }
    }
}

impl Batches<'_> {
    fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.waiting);
        let read = batch
            .into_par_iter()
            .map_init(Scratch::default, |scratch, (note, stand)| {
                let reading = self.checker.read(&note, scratch);
                (note, stand, reading)
            })
            .collect();
        self.bar.inc(std::mem::take(&mut self.bytes) as u64);
        (self.pass)(read)
    }
}

impl Inputs {
    pub(super) fn checker(&self) -> Result<Checker> {
        super::use_threads(self.threads)?;
        Ok(checker(&self.pack)?.0)
    }

    /// One file, read as its columns say, by the packs that come with the program.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { paths: vec![path], source: Source::default(), pack: Vec::new(), threads: None }
    }

    /// Keeps a field of the records, whether or not it was named.
    pub(super) fn with_field(&mut self, field: &str) {
        self.source.with_field(field);
    }

    /// Reads all notes and passes them on in their order; what was noticed, and whether anything was lost.
    pub(super) fn read<'a>(
        &self,
        checker: &'a Checker,
        pass: impl FnMut(Vec<(Note, Stand, Reading)>) -> Result<()> + 'a,
    ) -> Result<(Vec<Finding>, bool)> {
        anyhow::ensure!(!self.paths.is_empty(), "name a file or a folder of notes");
        let mut faults = Faults::default();
        let (paths, bytes) = notes::inputs(&self.paths, &mut faults)?;
        let source = Notes::new(&self.source)?;
        let bar = progress(bytes, "reading notes");
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut batches =
            Batches { checker, waiting: Vec::new(), bytes: 0, bar: bar.clone(), pass: Box::new(pass) };
        for path in &paths {
            // One file that cannot be read costs the others nothing.
            match source.read(path, &mut batches, &mut faults) {
                Err(error) if paths.len() == 1 || is_output(&error) => return Err(error),
                Err(error) => faults.file(&error),
                Ok(()) => {}
            }
        }
        batches.flush()?;
        bar.finish_and_clear();
        let lost = faults.lost > 0;
        Ok((faults.into_findings(), lost))
    }

    /// All notes at once.
    pub(super) fn read_all(&self, checker: &Checker) -> Result<All> {
        let (mut notes, mut stands) = (Vec::new(), Vec::new());
        let (findings, lost) = self.read(checker, |batch| {
            for (note, stand, reading) in batch {
                notes.push((note, reading));
                stands.push(stand);
            }
            Ok(())
        })?;
        Ok(All { notes, stands, findings, lost })
    }
}

/// Notes that were read, where each stands, and what was noticed on the way.
pub(super) struct All {
    pub(super) notes: Vec<(Note, Reading)>,
    pub(super) stands: Vec<Stand>,
    pub(super) findings: Vec<Finding>,
    pub(super) lost: bool,
}

/// A fault of what we write to ends everything; one of what we read does not.
fn is_output(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| matches!(e.kind(), std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::StorageFull))
}

impl Check {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let checker = self.inputs.checker()?;
        if self.format == Print::Jsonl {
            return self.predictions(out, &checker);
        }
        let key = key(self.key.as_deref())?;
        let baseline = match &self.baseline {
            Some(path) => Baseline::read(&text_of(path)?).with_context(|| path.display().to_string())?,
            None => Baseline::default(),
        };
        anyhow::ensure!(
            !key.is_empty() || (self.baseline.is_none() && self.write_baseline.is_none()),
            "a baseline holds keyed hashes; name the key with --key FILE (it is made if it is not there)"
        );
        let All { notes, stands, findings, lost } = self.inputs.read_all(&checker)?;
        let settings = candour_language::Settings {
            key,
            quotes: self.quotes,
            baseline,
            window: Window { days_before: self.days_before, days_after: self.days_after },
            vale: vale_rules(&self.vale)?,
            why: self.why,
        };
        let mut found = candour_language::report(&checker, &notes, &settings);
        found.anchor(&|nth, start| stands.get(nth).map(|s| s.anchor(start)));
        if !self.why {
            // Which words decided is asked for with --why.
            found.findings.iter_mut().for_each(|f| f.why.clear());
        }
        let all: Vec<&Note> = notes.iter().map(|n| &n.0).collect();
        let printed = match self.format {
            Print::Text | Print::Jsonl => output::text(&found, &all),
            Print::Json => format!("{}\n", to_json(&found)),
            Print::Sarif => output::sarif(&checker, &found),
            Print::Csv => output::csv(&found)?,
            Print::Junit => output::junit(&found, &all.iter().map(|n| n.id.as_str()).collect::<Vec<_>>()),
            Print::Html => output::html(&found),
        };
        match &self.out {
            Some(path) => {
                files::write_atomically(&whole(path), printed.as_bytes())?;
                writeln!(
                    out,
                    "{} alarms in {} notes; {}. Written to {}",
                    found.standing().count(),
                    found.notes,
                    found.not_counted_line(),
                    path.display()
                )?;
            }
            None => out.write_all(printed.as_bytes())?,
        }
        if let (Some(path), Some(reason)) = (&self.write_baseline, &self.reason) {
            anyhow::ensure!(!reason.trim().is_empty(), "--reason: say why these alarms are left out");
            let kept = settings.baseline.and(&Baseline::of(&found, reason));
            files::write_atomically(&whole(path), kept.write().as_bytes())?;
        }
        if self.format == Print::Text && !self.quotes && found.standing().next().is_some() {
            writeln!(std::io::stderr(), "The words themselves are shown with --quotes.")?;
        }
        report(&findings);
        let failed = found.standing().any(|f| self.fail_on.reached_by(f.severity));
        Ok(if lost { ExitCode::from(2) } else { ExitCode::from(u8::from(failed)) })
    }

    /// A line for each note, as it is read: nothing is kept, so that inputs of any size pass through.
    fn predictions(self, out: &mut impl Write, checker: &Checker) -> Result<ExitCode> {
        anyhow::ensure!(
            self.baseline.is_none() && self.write_baseline.is_none() && !self.why && self.vale.is_empty(),
            "--format jsonl prints what the packs find in each note; baselines, --why and --vale go with the other formats"
        );
        let mut file = match &self.out {
            Some(path) => Some(std::io::BufWriter::new(
                std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
            )),
            None => None,
        };
        let (findings, lost) = self.inputs.read(checker, |batch| {
            let lines: Vec<Vec<u8>> = batch
                .par_iter()
                .map(|(note, _, reading)| {
                    let mut line = serde_json::to_vec(&Prediction::of(checker, note, reading))?;
                    line.push(b'\n');
                    Ok(line)
                })
                .collect::<Result<_>>()?;
            for line in lines {
                match &mut file {
                    Some(file) => file.write_all(&line)?,
                    None => out.write_all(&line)?,
                }
            }
            Ok(())
        })?;
        report(&findings);
        Ok(if lost { ExitCode::from(2) } else { ExitCode::SUCCESS })
    }
}

/// Rules of Vale's, each called by its folder and its file: `Style.Rule`.
fn vale_rules(paths: &[PathBuf]) -> Result<Vec<vale::ValeRule>> {
    let mut all = Vec::new();
    for path in paths {
        let shown = path.display();
        let mut files = vec![path.clone()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("{shown}: cannot be opened"))?;
            files = entries.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
            files.retain(|f| f.extension().is_some_and(|e| e == "yml" || e == "yaml"));
            files.sort();
            anyhow::ensure!(!files.is_empty(), "{shown}: the folder holds no rules of Vale's (.yml)");
        }
        for file in files {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let style = file.parent().and_then(Path::file_name).map(|s| format!("{}.", s.to_string_lossy()));
            let name = format!("{}{stem}", style.unwrap_or_default());
            all.push(vale::ValeRule::read(&name, &text_of(&file)?)?);
        }
    }
    Ok(all)
}

/// A path with its folder, which a bare name lacks.
pub(super) fn whole(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => path.to_owned(),
        _ => Path::new(".").join(path),
    }
}

/// The key of the hashes: the one named, or the workspace's. Outside of a workspace there is none, and no hash is written.
fn key(named: Option<&Path>) -> Result<Vec<u8>> {
    let path = match named {
        Some(path) => whole(path),
        None if Path::new("candour.toml").exists() => Path::new("./vault/language-key").to_owned(),
        None => return Ok(Vec::new()),
    };
    if !path.exists() {
        let mut entropy = [0_u8; 32];
        getrandom::fill(&mut entropy)
            .map_err(|e| anyhow::anyhow!("the system gave no randomness for a key: {e}"))?;
        let text = entropy.iter().fold(String::new(), |text, b| text + &format!("{b:02x}"));
        files::write_atomically(&path, format!("{text}\n").as_bytes())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
        writeln!(
            std::io::stderr(),
            "A key was made in {}; it stays with the holder of the records.",
            path.display()
        )?;
    }
    let key = files::read_limited(&path, 4096)?.trim_ascii().to_vec();
    if key.len() < 16 {
        bail!(
            "{}: is too short for a key; give 16 bytes or more, or name a file that is not there",
            path.display()
        );
    }
    Ok(key)
}

fn to_json(found: &candour_language::Report) -> Value {
    let packs: Vec<Value> = found
        .packs
        .iter()
        .map(|[name, version, reviewed, sha256]| {
            json!({"name": name, "version": version, "reviewed": reviewed, "sha256": sha256})
        })
        .collect();
    let mut value = serde_json::to_value(found).unwrap_or_default();
    value["packs"] = Value::Array(packs);
    value["alarms"] = json!(found.standing().count());
    value["version"] = json!(env!("CARGO_PKG_VERSION"));
    value
}

/// Run the tests of the rules: the texts inside packs, and notes marked in Markdown
#[derive(clap::Args)]
#[command(after_help = "Example: candour language test our-rules.toml our-cases.md")]
struct Test {
    /// Rule packs (TOML), which stand beside those that come with the program, and marked notes (Markdown)
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Test {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let is_pack = |p: &&PathBuf| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        let packs: Vec<PathBuf> = self.files.iter().filter(is_pack).cloned().collect();
        let mut cases = Vec::new();
        for path in self.files.iter().filter(|p| !is_pack(p)) {
            let shown = path.display().to_string();
            let some = literate::read(&shown, &text_of(path)?)?;
            anyhow::ensure!(
                !some.is_empty(),
                "{shown}: holds no marked notes; write them in a fence that begins ```notes"
            );
            cases.extend(some);
        }
        let (checker, named) = checker(&packs)?;
        let rules: usize = named.iter().map(|p| p.rules.len()).sum();
        let untested: Vec<&str> = named
            .iter()
            .flat_map(|p| &p.rules)
            .filter(|r| r.matches.is_empty() || r.no_matches.is_empty())
            .map(|r| r.id.as_str())
            .collect();
        let (texts, failures) = test_rules(&checker);
        let failed = literate::run(&checker, &cases);
        match self.format {
            Format::Json => {
                let cases_failed: Vec<Value> = failed
                    .iter()
                    .map(|f| json!({"id": f.id, "heading": f.heading, "problems": f.problems}))
                    .collect();
                let told = json!({
                    "rules": checker.rules().len(), "texts": texts, "texts_failed": failures, "untested_rules": untested,
                    "cases": cases.len(), "cases_failed": cases_failed,
                });
                writeln!(out, "{told}")?;
            }
            Format::Text => {
                for f in &failures {
                    let should = if f.should_match { "should be reported" } else { "should not be reported" };
                    writeln!(out, "{}: `{}` {should}", f.rule, f.text)?;
                    if !f.found.is_empty() {
                        writeln!(out, "    the rules matched {}", f.found.join("; "))?;
                    }
                }
                for f in &failed {
                    writeln!(out, "{} ({}): {}", f.id, f.heading, f.problems.join("; "))?;
                }
                for rule in &untested {
                    writeln!(out, "{rule}: has no text to match or none not to; give it both")?;
                }
                let own = if named.is_empty() {
                    String::new()
                } else {
                    format!(", {rules} of them in the packs named")
                };
                writeln!(
                    out,
                    "{} rules{own}; {texts} texts, {} fail",
                    checker.rules().len(),
                    failures.len()
                )?;
                if !cases.is_empty() {
                    writeln!(out, "{} marked notes, {} fail", cases.len(), failed.len())?;
                }
            }
        }
        let good = failures.is_empty() && failed.is_empty() && untested.is_empty();
        Ok(ExitCode::from(u8::from(!good)))
    }
}

/// Write the wording as a style for Vale
///
/// Conditions on age, document, subject and status do not cross over, so the style reports more than `candour language check` does.
#[derive(clap::Args)]
#[command(after_help = "Example: candour language vale --out styles/Candour")]
struct Vale {
    /// The folder of the style
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A rule pack beside those that come with the program
    #[arg(long, value_name = "FILE")]
    pack: Vec<PathBuf>,
}

impl Vale {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let mut packs = Pack::bundled()?;
        packs.extend(checker(&self.pack)?.1);
        let written = vale::export(&packs)?;
        for (name, yaml) in &written {
            files::write_atomically(&whole(&self.out.join(name)), yaml.as_bytes())?;
        }
        writeln!(out, "{} rules written to {}", written.len(), self.out.display())?;
        Ok(ExitCode::SUCCESS)
    }
}
