//! The command line of Candour. This crate alone knows argv, the clock, files, SQL, HTTP and HTML.

mod cli;
mod data_call;
mod estimation_report;
mod files;
mod language_rates;
mod linkage_report;
mod notes;
mod proposals;
mod releases;
mod report;
mod return_files;
mod returns_release;
mod site;
mod store;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // A reader catches panics of the libraries it calls and reports them as findings; the default message would only
    // alarm. Everything else still speaks.
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !candour_record::is_guarded() {
            default(info);
        }
    }));
    let arguments = cli::Arguments::parse();
    match cli::run(arguments) {
        Ok(code) => code,
        // A reader of our output that has seen enough, such as `head`, is no fault.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let line = format!("{error:#}").replace('\n', " ");
            let _ = writeln!(std::io::stderr(), "candour: {line}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
