//! One file per verb. A verb's help, parsing and work sit together.

mod audit;
mod demo;
mod estimate;
mod init;
mod language;
mod language_rates;
mod link;
mod link_encode;
mod link_more;
mod log;
mod publish;
mod read;
mod register;
mod returns;
mod returns_lists;
mod returns_load;
mod returns_moves;
mod returns_page;
mod returns_queries;
mod returns_status;
mod serve;
mod synthesise;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use candour_ledger::{Actor, ActorRole};
use candour_record::{Finding, Severity};
use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::workspace::Workspace;

/// Run a national audit; see its recommendations through.
#[derive(Parser)]
#[command(name = "candour", version, propagate_version = true, after_help = "Start with: candour demo")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The main job on example documents and the real register: read, import, check, publish, serve
    Demo(demo::Demo),
    /// Make a new workspace
    Init(init::Init),
    /// Read documents: recommendations and answers, with addressees, time limits and passages
    Read(read::Read),
    /// The register: import, list, show, history, accept, export
    Register(register::Register),
    /// Link records: which of them are of one person
    Link(Box<link_encode::LinkVerb>),
    /// Estimate how many people are on none of the lists
    Estimate(estimate::Estimate),
    /// Read records for wording and contradictions that play harm down
    Language(language::Language),
    /// Data calls: templates, checks of returns, versions, queries, who returned what
    Returns(Box<returns::Returns>),
    /// How right a stage of an audit was, against a truth that is known
    Audit(audit::Audit),
    /// Make a synthetic nation: the truth, and the returns of its bodies
    Synthesise(synthesise::Synthesise),
    /// The transparency log: verify, checkpoint, prove
    Log(log::Log),
    /// Write the static site and its open data
    Publish(publish::Publish),
    /// Serve the site on this machine
    Serve(serve::Serve),
}

/// How a verb prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Which workspace a verb works in.
#[derive(Args)]
struct In {
    /// The workspace's folder
    #[arg(short, long, value_name = "DIR", default_value = ".", env = "CANDOUR_WORKSPACE")]
    workspace: PathBuf,
}

impl In {
    fn open(&self) -> Result<Workspace> {
        Workspace::open(&self.workspace)
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let code = match arguments.verb {
        Verb::Demo(verb) => verb.run(&mut out),
        Verb::Init(verb) => verb.run(&mut out),
        Verb::Read(verb) => verb.run(&mut out),
        Verb::Register(verb) => verb.run(&mut out),
        Verb::Link(verb) => verb.run(&mut out),
        Verb::Estimate(verb) => verb.run(&mut out),
        Verb::Language(verb) => verb.run(&mut out),
        Verb::Returns(verb) => verb.run(&mut out),
        Verb::Audit(verb) => verb.run(&mut out),
        Verb::Synthesise(verb) => verb.run(&mut out),
        Verb::Log(verb) => verb.run(&mut out),
        Verb::Publish(verb) => verb.run(&mut out),
        Verb::Serve(verb) => verb.run(&mut out),
    }?;
    out.flush()?;
    Ok(code)
}

/// The exit code that findings call for: 1 where one is an error, else 0.
fn code_for(findings: &[Finding]) -> ExitCode {
    ExitCode::from(u8::from(findings.iter().any(|f| f.severity == Severity::Error)))
}

/// Writes findings to standard error, one a line.
fn report(findings: &[Finding]) {
    for finding in findings {
        let word = match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        // Standard error may be closed; nothing is lost that the exit code does not say.
        let _ = writeln!(std::io::stderr(), "{word}[{}]: {}", finding.code, finding.message);
    }
}

/// Takes so many threads for the rest of the run; all there are where none is asked for.
fn use_threads(threads: Option<usize>) -> Result<()> {
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .build_global()
            .context("the thread pool is already running")?;
    }
    Ok(())
}

/// A progress bar on a terminal, nothing elsewhere.
fn progress(length: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    // The template is a constant of this program; a mistake in it shows as the plain bar.
    if let Ok(style) = ProgressStyle::with_template("{msg:28} [{bar:40}] {pos}/{len} {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar
}

fn importer(name: &str) -> Actor {
    Actor { name: name.to_owned(), role: ActorRole::Importer }
}

fn reader() -> Actor {
    Actor {
        name: "candour read".to_owned(),
        role: ActorRole::Software { version: env!("CARGO_PKG_VERSION").to_owned() },
    }
}

fn person(name: &str) -> Actor {
    Actor { name: name.to_owned(), role: ActorRole::Person }
}
