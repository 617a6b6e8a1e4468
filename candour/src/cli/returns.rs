use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use candour_returns::workflow::ReturnEvent;
use candour_returns::{
    BodyType, CheckOptions, Outside, QualityReport, QualityWeights, RULES, Ran, Return, RuleOutcome,
    RuleSeverity, Specification, check, find_rule, quality, rules_markdown,
};
use clap::ValueEnum;
use indicatif::ProgressBar;
use rayon::prelude::*;

use crate::files;
use crate::report::thousands;
use crate::return_files::{self, CheckedReturn as Shown, Fault, OnDisk, Source};
use crate::workspace::Workspace;

use super::returns_load::{Desk, Loaded};
use super::{progress, returns_lists, returns_load, returns_moves, returns_queries, returns_status};

/// Bytes of returns that are read once and held until all are checked; of more each is read again when its turn comes.
const HELD: u64 = 256 << 20;
/// Bytes that a specification, or what is known beside a return, may hold.
const LIMIT: u64 = 64 << 20;
/// Rows of a rule that the text names; the CSV names all.
const ROWS: usize = 8;

/// Data calls and the returns that bodies send: templates, checks, versions, answers, who returned what
#[derive(clap::Args)]
pub(super) struct Returns {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Write what a body needs to make its return: workbook, headings, dictionary, schemas, rules
    Template(Template),
    /// Check returns by every rule: exit code 0 for nothing to correct, 1 for something, 2 where it could not be done
    Check(Check),
    /// The call: cleared, piloted, issued to bodies with its time limits, amended, closed, frozen, published, destroyed
    Call(returns_moves::CallVerb),
    /// A body says that it has the call
    Acknowledge(returns_moves::Plain),
    /// A body says that it is at work
    Prepare(returns_moves::Plain),
    /// A body says that it has checked its return and sent nothing
    DryRun(returns_moves::Plain),
    /// A body says that it has nothing, signed by an office
    Nil(returns_moves::Nil),
    /// A body says that some tables will not come
    Partial(returns_moves::Partial),
    /// A body says that it cannot
    CannotSupply(returns_moves::Reasoned),
    /// A body says that it will not
    Refuse(returns_moves::Refuse),
    /// Take returns into a workspace: a version is kept, and its queries are opened or carried on
    Load(returns_load::Load),
    /// Check what was loaded again, beside the returns of the other bodies
    Recheck(returns_load::Recheck),
    /// Write those whom the returns name, a table for each list, for `candour link`
    Lists(returns_lists::Lists),
    /// List the queries of a return
    Query(returns_queries::Listing),
    /// Answer a query of a return
    Answer(returns_queries::Answering),
    /// Approve a return and sign it off
    SignOff(returns_moves::SignOff),
    /// Take a return that is signed, with what must be said beside it or without
    Accept(returns_moves::Accept),
    /// Do not take a return that is signed
    NotAccept(returns_moves::Reasoned),
    /// A body takes its return back
    Withdraw(returns_moves::Reasoned),
    /// Open a return again after it was used in a release
    Reopen(returns_moves::Reasoned),
    /// Chase the bodies whose time is over: a reminder, or the next rung of the ladder
    Chase(returns_moves::Chase),
    /// Who returned what, and write it to the workspace for the site
    Status(returns_status::Status),
}

impl Returns {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.verb {
            Verb::Template(verb) => verb.run(out),
            Verb::Check(verb) => verb.run(out),
            Verb::Call(verb) => verb.run(out),
            Verb::Acknowledge(verb) => verb.run(out, ReturnEvent::Acknowledge, "has the call"),
            Verb::Prepare(verb) => verb.run(out, ReturnEvent::Prepare, "is at work"),
            Verb::DryRun(verb) => verb.run(out, ReturnEvent::DryRun, "checked at the body"),
            Verb::Nil(verb) => verb.run(out),
            Verb::Partial(verb) => verb.run(out),
            Verb::CannotSupply(verb) => verb.run(out, ReturnEvent::CannotSupply),
            Verb::Refuse(verb) => verb.run(out),
            Verb::Load(verb) => verb.run(out),
            Verb::Recheck(verb) => verb.run(out),
            Verb::Lists(verb) => verb.run(out),
            Verb::Query(verb) => verb.run(out),
            Verb::Answer(verb) => verb.run(out),
            Verb::SignOff(verb) => verb.run(out),
            Verb::Accept(verb) => verb.run(out),
            Verb::NotAccept(verb) => verb.run(out, ReturnEvent::NotAccept),
            Verb::Withdraw(verb) => verb.run(out, ReturnEvent::Withdraw),
            Verb::Reopen(verb) => verb.run(out, ReturnEvent::Reopen),
            Verb::Chase(verb) => verb.run(out),
            Verb::Status(verb) => verb.run(out),
        }
    }
}

/// The types of body that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A police force
    Police,
    /// Children's services of a local authority
    Childrens,
    /// A health body
    Health,
    /// A voluntary organisation
    Vol,
    /// The holder of the national referral mechanism
    Nrm,
    /// A prosecutor
    Cps,
}

impl Kind {
    pub(super) fn body_type(self) -> BodyType {
        match self {
            Self::Police => BodyType::Police,
            Self::Childrens => BodyType::Childrens,
            Self::Health => BodyType::Health,
            Self::Vol => BodyType::Vol,
            Self::Nrm => BodyType::Nrm,
            Self::Cps => BodyType::Cps,
        }
    }
}

#[derive(clap::Args)]
struct Template {
    /// Whose return
    #[arg(long, value_enum, value_name = "TYPE")]
    body_type: Kind,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A specification of your own [default: AUD-1]
    #[arg(long, value_name = "FILE")]
    specification: Option<PathBuf>,
}

impl Template {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let specification = specification(self.specification.as_deref())?;
        let body = self.body_type.body_type();
        let mut made: Vec<(String, Vec<u8>)> = vec![
            ("return.xlsx".into(), specification.xlsx_template(body)),
            ("dictionary.md".into(), specification.dictionary_markdown().into_bytes()),
            ("dictionary.html".into(), specification.dictionary_html().into_bytes()),
            ("rules.md".into(), rules_markdown().into_bytes()),
        ];
        for (name, value) in [
            ("schema.json", specification.json_schema()),
            ("csvw.json", specification.csvw()),
            ("datapackage.json", specification.datapackage()),
        ] {
            made.push((name.into(), (serde_json::to_string_pretty(&value)? + "\n").into_bytes()));
        }
        for table in specification.taken(body) {
            let heading = specification.csv_heading(&table.name)? + "\n";
            made.push((format!("csv/{}.csv", table.name), heading.into_bytes()));
        }
        for (name, _) in &made {
            let path = self.out.join(name);
            ensure!(!path.exists(), "{}: is there already; name a new or empty folder", path.display());
        }
        for (name, bytes) in &made {
            files::write_atomically(&self.out.join(name), bytes)?;
        }
        let due: Vec<&str> = specification.due(body).map(|t| t.name.as_str()).collect();
        writeln!(
            out,
            "{}: {} files for a return of {} {}. Due: {}. Fill in return.xlsx, or a CSV file for each table.",
            self.out.display(),
            made.len(),
            specification.name,
            specification.version,
            due.join(", ")
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn specification(path: Option<&Path>) -> Result<Specification> {
    let Some(path) = path else { return Ok(Specification::aud_1()?) };
    let shown = path.display();
    let text = String::from_utf8(files::read_limited(path, LIMIT)?)
        .with_context(|| format!("{shown}: is not UTF-8"))?;
    Specification::from_toml(&text).with_context(|| shown.to_string())
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Every finding in a row, for a spreadsheet
    Csv,
    /// A page
    Html,
}

/// What returns are and how they are read: shared by checking and loading.
#[derive(clap::Args)]
pub(super) struct Input {
    /// Folders or files: a folder with the tables of one return, a folder of such folders, or the files of one return
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How the record system spells things: a file, or one of the dialects that come with the program [default: mapping.toml beside
    /// the return]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What the audit knows beside the return, as JSON; a folder holds a file for each body, such as X23000001.json
    #[arg(long, value_name = "FILE")]
    outside: Option<PathBuf>,
    /// A specification of your own [default: AUD-1]
    #[arg(long, value_name = "FILE")]
    specification: Option<PathBuf>,
}

/// A return as it was read.
pub(super) struct Read {
    pub(super) source: Source,
    pub(super) returned: Return,
    pub(super) faults: Vec<Fault>,
}

impl Read {
    /// Whose return it is: by its folder, or by its header.
    pub(super) fn body(&self) -> Option<&str> {
        self.source.expected.as_ref().map(|e| e.0.as_str()).or(self.returned.header().body.as_deref())
    }
}

impl Input {
    pub(super) fn specification(&self) -> Result<Specification> {
        specification(self.specification.as_deref())
    }

    pub(super) fn sources(&self) -> Result<Vec<Source>> {
        return_files::find(&self.paths)
    }

    /// The file of the mapping by which a return was read.
    pub(super) fn mapping_file(&self, source: &Source) -> Option<PathBuf> {
        self.mapping.as_ref().or(source.mapping.as_ref()).filter(|p| p.is_file()).cloned()
    }

    /// What is known of a body beside its return.
    pub(super) fn outside(&self, body: Option<&str>) -> Result<Outside> {
        let Some(path) = &self.outside else { return Ok(Outside::default()) };
        let path = if path.is_dir() {
            // The name comes from a return, and may be no name of a file.
            let is_name =
                |b: &&str| !b.is_empty() && b.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
            let Some(body) = body.filter(is_name) else { return Ok(Outside::default()) };
            let own = path.join(format!("{body}.json"));
            if !own.exists() {
                return Ok(Outside::default());
            }
            own
        } else {
            path.clone()
        };
        let bytes = files::read_limited(&path, LIMIT)?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: is not what is known beside a return", path.display()))
    }

    /// The dialect or the mapping that was named, as it was named.
    pub(super) fn mapping_name(&self) -> Option<&Path> {
        self.mapping.as_deref()
    }

    /// Reads a return.
    pub(super) fn read(&self, source: Source, specification: &Specification) -> Result<Read> {
        read(source, self.mapping.as_deref(), specification)
    }
}

/// Reads a return by the mapping that is named, or by that which lies beside it.
pub(super) fn read(source: Source, named: Option<&Path>, specification: &Specification) -> Result<Read> {
    // A mapping that was named is an argument of the program; one that a body sent is part of its return.
    let mapping = named.map(|path| return_files::read_mapping(path, specification)).transpose()?;
    let (returned, faults) = return_files::read(&source, &OnDisk, specification, mapping);
    Ok(Read { source, returned, faults })
}

/// How much lies in the files of returns; what cannot be asked counts nothing, and is a fault when it is read.
fn bytes_of(sources: &[Source]) -> u64 {
    let files = sources.iter().flat_map(|source| &source.files);
    files.filter_map(|path| std::fs::metadata(path).ok()).map(|about| about.len()).sum()
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns check our-return --outside call.json\n         candour returns check returns --format csv > findings.csv\n\nNothing is sent anywhere, and no finding holds a value. See docs/returns.md."
)]
struct Check {
    #[command(flatten)]
    input: Input,
    /// Whose return it should be
    #[arg(long, value_enum, value_name = "TYPE")]
    body_type: Option<Kind>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// Compare with the returns that were loaded into this workspace, without loading anything
    #[arg(long, value_name = "WORKSPACE")]
    against_loaded: Option<PathBuf>,
    /// Say how good the return is, by six dimensions and by field
    #[arg(long)]
    quality: bool,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Check {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        let specification = self.input.specification()?;
        let sources = self.input.sources()?;
        let (mut options, loaded) = if let Some(workspace) = &self.against_loaded {
            let desk = Desk::new(&Workspace::open(workspace)?);
            (desk.options()?, Some(desk.loaded()?))
        } else {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
            (CheckOptions::new(&key), None)
        };
        options.listed = CheckOptions::new(&[]).listed;
        if self.format == CheckFormat::Csv {
            options.listed = usize::MAX;
        }
        let read = |source: &Source| self.input.read(source.clone(), &specification);
        // Several returns of one command are held against one another, as those of a call are when they are loaded.
        let beside = loaded.is_none() && sources.len() > 1;
        let steps = if beside { 2 } else { 1 };
        let bar = progress(steps * sources.len() as u64, "Checking returns");
        let (loaded, kept): (Option<Loaded>, Vec<Option<Read>>) = if beside {
            let small = bytes_of(&sources) <= HELD;
            let first = |source: &Source| {
                let read = read(source)?;
                bar.inc(1);
                Ok((Loaded::digest(&read, &options), small.then_some(read)))
            };
            let (digests, kept): (Vec<_>, Vec<_>) =
                sources.par_iter().map(first).collect::<Result<Vec<_>>>()?.into_iter().unzip();
            (Some(Loaded::of(digests.into_iter().flatten())), kept)
        } else {
            (loaded, sources.iter().map(|_| None).collect())
        };
        let one = |(source, kept): (&Source, Option<Read>)| {
            self.one(kept.map_or_else(|| read(source), Ok)?, &options, loaded.as_ref(), &bar)
        };
        let shown: Vec<Shown> = sources.par_iter().zip(kept).map(one).collect::<Result<_>>()?;
        bar.finish_and_clear();
        match self.format {
            CheckFormat::Json => {
                writeln!(out, "{}", return_files::findings_json(&shown)?)?;
            }
            CheckFormat::Csv => out.write_all(return_files::findings_csv(&shown).as_bytes())?,
            CheckFormat::Html => {
                write!(out, "{}", super::returns_page::page(&specification, &pages(&shown))?)?;
            }
            CheckFormat::Text => match shown.as_slice() {
                [one] => print(out, one)?,
                many => print_all(out, many)?,
            },
        }
        Ok(ExitCode::from(u8::from(shown.iter().any(Shown::must_correct))))
    }

    fn one(
        &self,
        read: Read,
        options: &CheckOptions,
        loaded: Option<&Loaded>,
        bar: &ProgressBar,
    ) -> Result<Shown> {
        let mut outside = self.input.outside(read.body())?;
        if let Some(loaded) = loaded {
            loaded.tell(&read, options, &mut outside);
        }
        let report = check(&read.returned, &outside, options);
        let Read { source, returned, faults } = read;
        let quality = self.quality.then(|| quality(&returned, &report, options, QualityWeights::default()));
        bar.inc(1);
        let kind = returned.header().body_type;
        let place = source.place.display().to_string();
        let mut shown = Shown { place, faults, report, kind, quality };
        shown.expect(self.body_type.map(Kind::body_type));
        Ok(shown)
    }
}

fn word(severity: RuleSeverity) -> &'static str {
    match severity {
        RuleSeverity::Stop => "stop",
        RuleSeverity::Error => "error",
        RuleSeverity::Query => "query",
        RuleSeverity::Indicator => "indicator",
    }
}

/// Where the findings of a rule stand: columns, and the first of their rows.
fn places(outcome: &RuleOutcome) -> String {
    let mut by_column: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    for finding in &outcome.findings {
        let (table, column) = (finding.table.as_deref(), finding.column.as_deref());
        let rows = by_column.entry((table.unwrap_or_default(), column.unwrap_or_default())).or_default();
        rows.extend(finding.row);
    }
    let all: Vec<String> = by_column
        .into_iter()
        .map(|((table, column), rows)| {
            let dot = if table.is_empty() || column.is_empty() { "" } else { "." };
            let mut text = format!("{table}{dot}{column}");
            if !rows.is_empty() {
                let first: Vec<String> = rows.iter().take(ROWS).map(u32::to_string).collect();
                text += if rows.len() == 1 { " row " } else { " rows " };
                text += &first.join(", ");
                if rows.len() > ROWS {
                    text.push_str(" and ");
                    text.push_str(&(rows.len() - ROWS).to_string());
                    text.push_str(" more");
                }
            }
            text
        })
        .filter(|t| !t.is_empty())
        .collect();
    all.join("; ")
}

fn count(number: u64) -> String {
    thousands(&number.to_string())
}

fn print(out: &mut impl Write, shown: &Shown) -> Result<()> {
    let kind = shown.kind.map_or("no type", BodyType::code).to_lowercase();
    let version = shown.report.version.map_or("no version".to_owned(), |v| format!("version {v}"));
    writeln!(
        out,
        "{} ({kind}), {version}: {} records in {} tables",
        shown.body(),
        count(shown.records()),
        shown.report.rows.len()
    )?;
    for fault in &shown.faults {
        let word = if fault.stops { "stop" } else { "note" };
        writeln!(out, "  {word:<9} {}: {}\n            {}", fault.file, fault.message, fault.mend)?;
    }
    let mut not_run = Vec::new();
    for outcome in &shown.report.outcomes {
        if let Ran::NotRun(needs) = &outcome.ran {
            not_run.push(format!("{} ({needs})", outcome.rule));
        }
        let Some(rule) = find_rule(&outcome.rule) else { continue };
        if outcome.failed == 0 {
            continue;
        }
        let (severity, title) = (word(rule.severity), rule.title);
        writeln!(
            out,
            "  {severity:<9} {} {title}: {} of {} ({})",
            rule.id,
            count(outcome.failed),
            count(outcome.tested.max(outcome.failed)),
            places(outcome)
        )?;
        let mut said: Vec<&str> = Vec::new();
        for finding in &outcome.findings {
            if said.len() < 3 && !said.contains(&finding.message.as_str()) {
                said.push(&finding.message);
            }
        }
        for message in said {
            writeln!(out, "            - {message}")?;
        }
        writeln!(out, "            {}", rule.mend)?;
    }
    for note in shown.report.outcomes.iter().flat_map(|o| &o.notes) {
        writeln!(out, "  indicator {note}")?;
    }
    if let Some(quality) = &shown.quality {
        print_quality(out, quality)?;
    }
    if !not_run.is_empty() {
        writeln!(out, "Not run, for want of what the audit knows: {}", not_run.join("; "))?;
    }
    let [stops, errors, queries] = [
        (shown.stops(), "that stop the return"),
        (shown.report.count(RuleSeverity::Error), "to correct"),
        (shown.report.count(RuleSeverity::Query), "to correct or explain"),
    ]
    .map(|(n, words)| format!("{} {words}", count(n)));
    writeln!(out, "{} rules: {stops}, {errors}, {queries}.", RULES.len())?;
    Ok(())
}

pub(super) fn print_quality(out: &mut impl Write, quality: &QualityReport) -> Result<()> {
    writeln!(out, "Quality, by dimension (share of tests passed, weighted, with its 95 % interval):")?;
    for dimension in &quality.dimensions {
        let name = format!("{:?}", dimension.dimension).to_lowercase();
        let tested: u64 = dimension.rules.iter().map(|r| r.tested).sum();
        let failed: u64 = dimension.rules.iter().map(|r| r.failed).sum();
        match &dimension.pass {
            Some(s) => writeln!(
                out,
                "  {name:<13} {:.3} ({:.3} to {:.3}), {} of {} tests failed, {} rules not run",
                s.share,
                s.lower,
                s.upper,
                count(failed),
                count(tested),
                dimension.not_run.len()
            )?,
            None => writeln!(out, "  {name:<13} nothing was tested")?,
        }
    }
    let mut least: Vec<_> = quality.fields.iter().filter(|f| f.complete.of > 0.0).collect();
    least.sort_by(|a, b| a.complete.share.total_cmp(&b.complete.share));
    writeln!(out, "Least complete:")?;
    for field in least.iter().take(5) {
        writeln!(out, "  {}.{} {:.1} %", field.table, field.column, 100.0 * field.complete.share)?;
    }
    Ok(())
}

fn print_all(out: &mut impl Write, all: &[Shown]) -> Result<()> {
    writeln!(
        out,
        "{:<14} {:<10} {:>3} {:>12} {:>7} {:>7} {:>7}  state",
        "body", "type", "v", "records", "stops", "errors", "queries"
    )?;
    for one in all {
        let state = if one.stops() > 0 {
            "stopped"
        } else if one.must_correct() {
            "to correct"
        } else if one.report.count(RuleSeverity::Query) > 0 {
            "to answer"
        } else {
            "clean"
        };
        writeln!(
            out,
            "{:<14} {:<10} {:>3} {:>12} {:>7} {:>7} {:>7}  {state}",
            one.body(),
            one.kind.map_or("-", BodyType::code).to_lowercase(),
            one.report.version.map_or("-".to_owned(), |v| v.to_string()),
            count(one.records()),
            count(one.stops()),
            count(one.report.count(RuleSeverity::Error)),
            count(one.report.count(RuleSeverity::Query)),
        )?;
    }
    let mut rules: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for outcome in all.iter().flat_map(|s| &s.report.outcomes).filter(|o| o.failed > 0) {
        let sum = rules.entry(&outcome.rule).or_default();
        *sum = (sum.0 + outcome.failed, sum.1 + 1);
    }
    writeln!(out, "By rule:")?;
    for (id, (failed, bodies)) in rules {
        let Some(rule) = find_rule(id) else { continue };
        let severity = word(rule.severity);
        writeln!(out, "  {severity:<9} {id} {}: {} in {bodies} returns", rule.title, count(failed))?;
    }
    for fault in all.iter().flat_map(|s| &s.faults) {
        writeln!(out, "  file      {}: {}", fault.file, fault.message)?;
    }
    let sum = |of: &dyn Fn(&Shown) -> u64| count(all.iter().map(of).sum());
    writeln!(
        out,
        "{} returns, {} records: {} that stop a return, {} to correct, {} to correct or explain.",
        all.len(),
        sum(&Shown::records),
        sum(&Shown::stops),
        sum(&|s| s.report.count(RuleSeverity::Error)),
        sum(&|s| s.report.count(RuleSeverity::Query)),
    )?;
    Ok(())
}

/// What the page shows of each return.
fn pages(all: &[Shown]) -> Vec<super::returns_page::One> {
    all.iter()
        .map(|shown| super::returns_page::One {
            title: match shown.report.version {
                Some(version) => format!("{}, version {version}", shown.body()),
                None => shown.body().to_owned(),
            },
            records: count(shown.records()),
            counts: [
                count(shown.stops()),
                count(shown.report.count(RuleSeverity::Error)),
                count(shown.report.count(RuleSeverity::Query)),
            ],
            faults: shown.faults.clone(),
            rules: shown
                .report
                .outcomes
                .iter()
                .filter(|o| o.failed > 0)
                .filter_map(|o| {
                    let rule = find_rule(&o.rule)?;
                    Some(super::returns_page::Found {
                        severity: word(rule.severity),
                        id: rule.id,
                        title: rule.title,
                        failed: count(o.failed),
                        tested: count(o.tested.max(o.failed)),
                        places: places(o),
                        mend: rule.mend,
                    })
                })
                .collect(),
            not_run: shown
                .report
                .outcomes
                .iter()
                .filter_map(|o| match &o.ran {
                    Ran::NotRun(needs) => Some(format!("{}: {needs}", o.rule)),
                    _ => None,
                })
                .collect(),
        })
        .collect()
}
