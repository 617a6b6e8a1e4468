//! The language audit while you write: a language server on standard input and output, and a local service that speaks
//! `LanguageTool`'s HTTP API.

mod audit;
mod http;
mod languagetool;
mod lsp;
mod position;

use std::{
    io::{Write, stderr, stdin, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// The language audit while you write.
#[derive(Parser)]
#[command(name = "candour-editor", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Speak the Language Server Protocol on standard input and output
    #[command(after_help = "Example: candour-editor lsp --pack house.toml")]
    Lsp {
        /// A rule pack beside those that come with the program; may be given again
        #[arg(long)]
        pack: Vec<PathBuf>,
        /// Taken and passed over: editors give it, and there is no other way to speak
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Answer LanguageTool's HTTP API on 127.0.0.1
    #[command(after_help = "Example: candour-editor serve --port 8081")]
    Serve {
        /// The port; 0 takes any that is free
        #[arg(long, default_value_t = 8081)]
        port: u16,
        /// A rule pack beside those that come with the program; may be given again
        #[arg(long)]
        pack: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<bool> {
    match verb {
        Verb::Lsp { pack, stdio: _ } => {
            let ended = lsp::Server::new(auditor(&pack)?, stdout().lock()).run(stdin().lock());
            ended.context("the pipe to the editor failed")
        }
        Verb::Serve { port, pack } => {
            let auditor = auditor(&pack)?;
            let server = http::listen(port).with_context(|| {
                format!("port {port} of 127.0.0.1 cannot be opened; choose another with --port")
            })?;
            let mut out = stdout();
            writeln!(out, "Serving at http://{}/v2", server.local_addr()?)?;
            out.flush()?;
            http::serve(&server, &auditor);
            Ok(true)
        }
    }
}

/// On the command line a pack that cannot be used is an error: nobody would see a warning.
fn auditor(packs: &[PathBuf]) -> Result<audit::Auditor> {
    let mut auditor = audit::Auditor::bundled()?;
    let problems = auditor.add(packs);
    anyhow::ensure!(problems.is_empty(), problems.join("\n"));
    Ok(auditor)
}
