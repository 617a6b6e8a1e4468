//! `candour link encode` and `candour link match-encodings`: linkage of parties who may not show each other names.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use candour_linkage::encoded::{
    EncodeReport, EncodedBlocking, EncodedPopulation, EncodingSchema, Encodings, MatchOutcome, MatchSettings,
    Secret, Selection, match_encodings, match_within,
};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::files;

use super::link::{Link, guard_populations, says_suspects, says_victims};
use super::{Format, code_for, report};

/// `candour link` itself, or one of the verbs below it.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct LinkVerb {
    #[command(subcommand)]
    encoded: Option<Encoded>,
    #[command(flatten)]
    link: Option<Link>,
}

#[derive(Subcommand)]
enum Encoded {
    /// Encode a table as keyed bit arrays, to be linked by a party that may not see names
    Encode(Encode),
    /// Match two tables of bit arrays, or one with itself
    MatchEncodings(MatchEncodings),
}

/// Encode a table as keyed bit arrays, to be linked by a party that may not see names
///
/// Every party encodes its own table with one schema and one secret. Only the tables of arrays go to whoever matches them; the
/// secret never does. Encoded records are still personal data: see docs/encoded-linkage.md for what the arrays hide
/// and what they do not.
#[derive(Args)]
#[command(
    after_help = "Example: openssl rand -hex 32 > project.secret && chmod 600 project.secret\n         candour link encode police.csv --schema encoding.toml --secret-file project.secret --out police-encoded.csv\n\nA schema names the columns, how each is cut into tokens and how many bits each token sets:\n\n  version = 1\n  id = \"unique_id\"\n  [[field]]\n  column = \"surname\"\n  tokens = \"bigrams\"       # positions for dates and postcodes, whole for what is right or wrong\n  hashes = 20"
)]
struct Encode {
    /// The table: CSV with a header
    input: PathBuf,
    /// What is encoded and how: TOML, or JSON with the same keys
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// What the parties share: 32 random bytes or more; one line end at the end is left out
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// CSV file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Match two tables of bit arrays, or one with itself
///
/// Writes the columns `left_id`, `right_id` and `dice` for every pair whose Dice coefficient reaches the threshold, the most alike first. Tables are
/// those that `candour link encode` writes, or JSON as clkhash writes it. Tables made with different schemas or
/// secrets are refused.
#[derive(Args)]
#[command(
    after_help = "Example: candour link match-encodings police-encoded.csv health-encoded.csv --threshold 0.85 --one-to-one --out matches.csv"
)]
struct MatchEncodings {
    /// A table of arrays
    left: PathBuf,
    /// Another; without it the first is matched with itself
    right: Option<PathBuf>,
    /// Least Dice coefficient, above 0 and up to 1
    #[arg(long, value_name = "T")]
    threshold: f64,
    /// CSV file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Each record in one pair at most, the most alike first
    #[arg(long, conflicts_with = "best")]
    one_to_one: bool,
    /// Only the best N of each record of the first table
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    best: Option<u32>,
    /// Only pairs that share a keyed block of the schema
    #[arg(long)]
    blocks: bool,
    /// Fields that both records must have
    #[arg(long, value_name = "N", default_value_t = 0)]
    shared_fields: u32,
    /// Pairs that may reach the threshold; more are an error
    #[arg(long, value_name = "N", default_value_t = MatchSettings::default().limit)]
    limit: u64,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl LinkVerb {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match (self.encoded, self.link) {
            (Some(Encoded::Encode(verb)), _) => verb.run(out),
            (Some(Encoded::MatchEncodings(verb)), _) => verb.run(out),
            (None, Some(link)) => link.run(out),
            (None, None) => bail!("name tables to link; see candour link --help"),
        }
    }
}

impl Encode {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        let schema = read_schema(&self.schema)?;
        guard_population(&self.input, schema.population())?;
        guard_originals(&self.out, &[&self.input, &self.schema, &self.secret_file])?;
        let secret = read_secret(&self.secret_file)?;
        let shown = self.input.display();
        let table = open(&self.input)?;
        let mut done = EncodeReport::default();
        files::write_atomically_with(&self.out, |file| {
            done = schema.encode_csv(table, file, &secret).with_context(|| shown.to_string())?;
            Ok(())
        })?;
        self.print(out, &done)?;
        report(&done.findings);
        Ok(code_for(&done.findings))
    }

    fn print(&self, out: &mut impl Write, done: &EncodeReport) -> Result<()> {
        let path = self.out.display().to_string();
        if self.format == Format::Json {
            let fields: serde_json::Map<_, _> =
                done.fields.iter().map(|f| (f.field.clone(), json!(f.present))).collect();
            let text = json!({
                "rows": done.rows, "records": done.records, "present": fields, "schema_hash": done.schema_hash,
                "scheme": done.scheme, "out": path, "findings": done.findings,
            });
            writeln!(out, "{text}")?;
            return Ok(());
        }
        writeln!(out, "{} of {} rows encoded to {path}", done.records, done.rows)?;
        for field in &done.fields {
            writeln!(out, "  {}: {} have a value", field.field, field.present)?;
        }
        writeln!(out, "scheme {}: the other party's must be the same", done.scheme)?;
        Ok(())
    }
}

impl MatchEncodings {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        let inputs: Vec<PathBuf> = std::iter::once(self.left.clone()).chain(self.right.clone()).collect();
        guard_populations(&inputs)?;
        guard_originals(&self.out, &inputs.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
        let left = read_encodings(&self.left)?;
        let right = self.right.as_deref().map(read_encodings).transpose()?;
        let settings = MatchSettings {
            threshold: self.threshold,
            selection: match (self.one_to_one, self.best) {
                (true, _) => Selection::OneToOne,
                (_, Some(best)) => Selection::Best(best),
                _ => Selection::All,
            },
            blocking: if self.blocks { EncodedBlocking::Keys } else { EncodedBlocking::None },
            shared_fields: self.shared_fields,
            limit: self.limit,
        };
        let found = match &right {
            Some(right) => match_encodings(&left, right, &settings)?,
            None => match_within(&left, &settings)?,
        };
        let other = right.as_ref().unwrap_or(&left);
        files::write_atomically_with(&self.out, |file| write_pairs(file, &left, other, &found))?;
        let path = self.out.display().to_string();
        match self.format {
            Format::Json => {
                let text = json!({
                    "left": left.len(), "right": right.as_ref().map(Encodings::len), "candidates": found.candidates,
                    "pairs": found.pairs.len(), "threshold": self.threshold, "out": path,
                });
                writeln!(out, "{text}")?;
            }
            Format::Text => {
                writeln!(
                    out,
                    "{} pairs at a Dice coefficient of {} or more, of {} looked at, written to {path}",
                    found.pairs.len(),
                    self.threshold,
                    found.candidates
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn write_pairs(file: impl Write, left: &Encodings, right: &Encodings, found: &MatchOutcome) -> Result<()> {
    let mut csv = csv::Writer::from_writer(file);
    csv.write_record(["left_id", "right_id", "dice"])?;
    for pair in &found.pairs {
        let ids = (left.id(pair.left), right.id(pair.right));
        let (Some(left), Some(right)) = ids else { bail!("a pair names a record that is not there") };
        csv.write_record([left, right, &format!("{:.6}", pair.dice)])?;
    }
    csv.flush()?;
    Ok(())
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let shown = path.display();
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!("{shown}: there is no such file; check the path"),
        _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
    })?;
    ensure!(!about.is_dir(), "{shown}: is a folder; name a file in it");
    Ok(BufReader::new(File::open(path).with_context(|| format!("{shown}: cannot be opened"))?))
}

fn read_schema(path: &Path) -> Result<EncodingSchema> {
    let shown = path.display();
    let text = String::from_utf8(files::read_limited(path, 1 << 20)?)
        .map_err(|_| anyhow::anyhow!("{shown}: is not UTF-8 text; save it as UTF-8"))?;
    let schema =
        if is_json(path) { EncodingSchema::from_json(&text) } else { EncodingSchema::from_toml(&text) };
    schema.with_context(|| shown.to_string())
}

/// The secret, unless others on this machine can read it too.
fn read_secret(path: &Path) -> Result<Secret> {
    let shown = path.display();
    let mut bytes = files::read_limited(path, 1 << 16)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path)
            .with_context(|| format!("{shown}: cannot be asked who may read it"))?
            .permissions()
            .mode();
        let others = mode & 0o007;
        ensure!(
            others == 0,
            "{shown}: every user of this machine can open it (mode {:03o}); run chmod 600 on it, and make a new secret if others may have read it",
            mode & 0o777
        );
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Secret::new(bytes).with_context(|| shown.to_string())
}

fn read_encodings(path: &Path) -> Result<Encodings> {
    let shown = path.display().to_string();
    let file = open(path)?;
    Ok(if is_json(path) { Encodings::read_clks(file, &shown)? } else { Encodings::read_csv(file, &shown)? })
}

/// A table whose name says whose records it holds is encoded as such, so that no later step can mix victims with suspects.
fn guard_population(input: &Path, population: EncodedPopulation) -> Result<()> {
    let shown = input.display();
    if says_victims(input) && population != EncodedPopulation::Victims {
        bail!(
            "{shown} holds victims; write population = \"victims\" in the schema, so that they cannot be matched with suspects"
        );
    }
    if says_suspects(input) && population != EncodedPopulation::Suspects {
        bail!(
            "{shown} holds suspects; write population = \"suspects\" in the schema, so that they cannot be matched with victims"
        );
    }
    Ok(())
}

/// What is written never takes the place of what is read.
fn guard_originals(out: &Path, inputs: &[&Path]) -> Result<()> {
    let Ok(there) = out.canonicalize() else { return Ok(()) };
    if inputs.iter().any(|input| input.canonicalize().is_ok_and(|path| path == there)) {
        bail!(
            "{}: is read by this command and would be written over; give --out another name",
            out.display()
        );
    }
    Ok(())
}
