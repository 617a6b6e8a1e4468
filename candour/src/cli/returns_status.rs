use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use candour_returns::workflow::{ReturnFile, compliance, compliance_csv};
use jiff::civil::Date;
use rayon::prelude::*;

use crate::data_call::DataCall;
use crate::report::thousands;
use crate::returns_release::{self, Kept, Said};

use super::returns_load::{Desk, is_body};
use super::{Format, In};

/// Who returned what
///
/// Writes the table of who returned what, made of the ledger's entries alone, and how complete fields are by type of body, to
/// `releases/returns`, which the site shows.
#[derive(clap::Args)]
#[command(after_help = "Example: candour returns status -w audit --as-of 2026-05-01")]
pub(super) struct Status {
    #[command(flatten)]
    at: In,
    /// As at the end of this day [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
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
        let day = self.as_of.map_or_else(|| workspace.today(), Ok)?;
        let told = DataCall::open(&workspace)?.as_of(day)?;
        ensure!(
            !told.returns.is_empty(),
            "no body was called and no return was loaded by {day}; call some with `candour returns call issue`"
        );
        let files: Vec<ReturnFile> = told.returns.values().cloned().collect();
        let rows = compliance(&files, told.deadlines(), day);
        let sent = |file: &&ReturnFile| file.version > 0 && is_body(&file.body);
        let kept: Vec<Option<Kept>> =
            files.par_iter().filter(sent).map(|file| desk.kept(&file.body)).collect::<Result<_>>()?;
        let kept: Vec<Kept> = kept.into_iter().flatten().collect();
        let mut said = Vec::new();
        for file in files.iter().filter(|file| file.queries.explained > 0 && is_body(&file.body)) {
            let queries = desk.queries(&file.body)?;
            said.extend(
                queries
                    .publishable()
                    .into_iter()
                    .map(|text| Said { body: file.body.clone(), text: text.to_owned() }),
            );
        }
        let folder = workspace.releases().join("returns");
        returns_release::write(&folder, (&rows, &told, day), &kept, &said, self.note.clone())?;
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&rows)?)?,
            Format::Text if rows.len() <= 40 => write!(out, "{}", compliance_csv(&rows))?,
            Format::Text => {
                for (state, (bodies, queries)) in returns_release::states(&rows) {
                    let queries = thousands(&queries.to_string());
                    writeln!(out, "{bodies:>6} bodies {state}, {queries} open queries")?;
                }
                let over = rows.iter().filter(|r| r.overdue_days > 0).count();
                writeln!(out, "{over:>6} bodies over their time on {day}")?;
                writeln!(out, "Every body stands in releases/returns/compliance.csv.")?;
                if !kept.is_empty() {
                    writeln!(out, "Quality, by dimension:")?;
                }
                for row in returns_release::dimensions(&kept) {
                    let [name, tests, failed, ..] = row.as_slice() else { continue };
                    writeln!(out, "  {name:<13} {failed} of {tests} tests failed")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
