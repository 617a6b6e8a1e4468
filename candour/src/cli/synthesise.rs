use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use candour_synthetic::{Knobs, Nation, Summary};
use indicatif::ProgressBar;

use crate::files;
use crate::report::thousands;

use super::{Format, code_for, progress, report};

/// Bytes that a file of settings may hold.
const LIMIT: u64 = 1 << 20;

/// Make a synthetic nation: the truth, and the returns that its bodies send to a data call
///
/// Nobody in it is real. The same settings give the same bytes, whatever the machine.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour synthesise nation --records 100000 --seed 7\n         candour returns check nation/returns --outside nation/call"
)]
pub(super) struct Synthesise {
    /// Where it is written: a folder that is empty or not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// About how many records the returns hold together [default: 10,000, or what the settings say]
    #[arg(long, value_name = "N")]
    records: Option<u64>,
    /// Seed of everything that is drawn [default: 1, or what the settings say]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Settings: how victims are recorded, what goes wrong, and how bodies spell their returns
    #[arg(long, value_name = "FILE")]
    knobs: Option<PathBuf>,
    /// Make the same nation after every query was answered: no fault, and no return that goes wrong
    #[arg(long)]
    corrected: bool,
    /// The version that the returns say they are: 2 for returns that are sent again [default: 1, or what the settings say]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=999))]
    return_version: Option<u32>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Synthesise {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let start = Instant::now();
        let mut knobs = match &self.knobs {
            Some(path) => {
                let shown = path.display();
                let text = String::from_utf8(files::read_limited(path, LIMIT)?)
                    .with_context(|| format!("{shown}: is not UTF-8"))?;
                Knobs::from_toml(&text).with_context(|| shown.to_string())?
            }
            None => Knobs::default(),
        };
        knobs.records = self.records.unwrap_or(knobs.records);
        knobs.seed = self.seed.unwrap_or(knobs.seed);
        knobs.version = self.return_version.unwrap_or(knobs.version);
        if self.corrected {
            knobs = knobs.corrected();
        }
        let (nation, findings) = Nation::new(knobs)?;
        let summary = write(&nation, &self.folder)?;
        let seconds = start.elapsed().as_secs_f64();
        match self.format {
            Format::Json => {
                let made = serde_json::json!({
                    "folder": self.folder.display().to_string(), "bodies": summary.bodies,
                    "records": summary.records(), "rows": summary.rows, "bytes": summary.bytes,
                    "victims": summary.victims, "on_a_list": summary.observed, "faults": summary.faults,
                });
                writeln!(out, "{made}")?;
            }
            Format::Text => writeln!(
                out,
                "{}: {} records of {} bodies, {} MB with the truth, {seconds:.1} s. {} invented victims, {} of them on a list.",
                self.folder.display(),
                thousands(&summary.records().to_string()),
                summary.bodies,
                summary.bytes / 1_000_000,
                thousands(&summary.victims.to_string()),
                thousands(&summary.observed.to_string()),
            )?,
        }
        report(&findings);
        Ok(code_for(&findings))
    }
}

/// Writes a nation whole or not at all: to a neighbour first, which takes the folder's place when it is complete.
pub(super) fn write(nation: &Nation, folder: &Path) -> Result<Summary> {
    let shown = folder.display();
    if folder.exists() && (!folder.is_dir() || std::fs::read_dir(folder)?.next().is_some()) {
        bail!("{shown}: is not empty; name a new or empty folder");
    }
    let name = folder.file_name().with_context(|| format!("{shown}: name a folder"))?;
    let neighbour = folder.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let bar = progress(0, "Writing");
    let done = write_pieces(nation, &neighbour, &bar).and_then(|summary| {
        if folder.is_dir() {
            std::fs::remove_dir(folder).with_context(|| format!("{shown}: cannot be replaced"))?;
        }
        std::fs::rename(&neighbour, folder).with_context(|| format!("{shown}: cannot be written"))?;
        Ok(summary)
    });
    bar.finish_and_clear();
    if done.is_err() {
        // What is half made would be mistaken for a nation.
        let _ = std::fs::remove_dir_all(&neighbour);
    }
    done
}

fn write_pieces(nation: &Nation, folder: &Path, bar: &ProgressBar) -> Result<Summary> {
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    let mut open: HashMap<String, BufWriter<File>> = HashMap::new();
    let written = nation.write(|piece| {
        let mut file = if let Some(file) = open.remove(piece.path) {
            file
        } else {
            let path = folder.join(piece.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            bar.inc_length(1);
            BufWriter::with_capacity(1 << 16, File::create(path)?)
        };
        file.write_all(piece.bytes)?;
        if piece.end {
            bar.inc(1);
            return file.flush();
        }
        open.insert(piece.path.to_owned(), file);
        Ok(())
    });
    written.with_context(|| format!("{}: cannot be written", folder.display()))
}
