use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use candour_synthetic::score::{
    RulePlace, RulesScore, Share, align, read_errors, read_record_map, score_linkage, score_rules,
};
use serde_json::{Value, json};

use crate::files;
use crate::report::thousands;

use super::Format;
use super::returns_lists::body_and_record;

/// Bytes that a file of the truth, or what is scored, may hold.
const LIMIT: u64 = 4 << 30;

/// Audits of audits: how right a stage was, against a truth that is known
#[derive(clap::Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Score findings or clusters against the truth of a synthetic nation
    Score(Score),
}

impl Audit {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.verb {
            Verb::Score(verb) => verb.run(out),
        }
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns check nation/returns --outside nation/call --format csv > findings.csv\n         candour audit score --truth nation/truth --findings findings.csv"
)]
struct Score {
    /// The folder `truth` of a synthetic nation
    #[arg(long, value_name = "DIR")]
    truth: PathBuf,
    /// What `candour returns check --format csv` wrote: precision and recall of each rule
    #[arg(long, value_name = "FILE", required_unless_present = "clusters")]
    findings: Option<PathBuf>,
    /// A table with the columns body, record and cluster, or the clusters.csv of `candour link`: how well records were joined
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Score {
    fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let mut scores = json!({});
        if let Some(path) = &self.findings {
            let truth = read_errors(&self.truth("errors.csv")?)?;
            let score = score_rules(&truth, &findings(path)?, None);
            if self.format == Format::Text {
                print_rules(out, &score)?;
            }
            scores["rules"] = serde_json::to_value(&score)?;
        }
        if let Some(path) = &self.clusters {
            scores["linkage"] = self.linkage(path, out)?;
        }
        if self.format == Format::Json {
            writeln!(out, "{scores}")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn truth(&self, name: &str) -> Result<String> {
        text(&self.truth.join(name))
    }

    fn linkage(&self, path: &Path, out: &mut impl Write) -> Result<Value> {
        let mut truth = read_record_map(&self.truth("record_map.csv")?)?;
        let rows = columns(path, &["body|source_dataset", "record|unique_id", "cluster|cluster_id"])?;
        let clusters = rows.iter().map(|r| {
            let (body, record) = body_and_record(&r[1]).unwrap_or((&r[0], &r[1]));
            (body, record, r[2].as_str())
        });
        // What a body never sent could not be linked: a body without any record here is no error of the linkage.
        let linked: HashSet<&str> = clusters.clone().map(|(body, ..)| body).collect();
        let bodies: HashSet<String> = truth.keys().map(|(body, _)| body.clone()).collect();
        let outside = bodies.iter().filter(|body| !linked.contains(body.as_str())).count();
        truth.retain(|(body, _), _| linked.contains(body.as_str()));
        let aligned = align(&truth, clusters);
        let score = score_linkage(&aligned.clusters, &aligned.persons)?;
        if self.format == Format::Text {
            let or_none = |v: Option<f64>| v.map_or("nothing to score".to_owned(), |v| format!("{v:.4}"));
            writeln!(
                out,
                "Linkage of {} records: F1 {} by pairs (precision {}, recall {}), {} by whole people; {} of {} people are one cluster.",
                thousands(&score.records.to_string()),
                or_none(score.pair_f1),
                or_none(score.pair_precision),
                or_none(score.pair_recall),
                or_none(score.cluster_f1),
                thousands(&score.exact.to_string()),
                thousands(&score.persons.to_string()),
            )?;
            if outside > 0 {
                writeln!(out, "{outside} bodies whose records were not among those linked were left out.")?;
            }
            if aligned.unknown + aligned.unclustered > 0 {
                writeln!(
                    out,
                    "{} records that the truth does not have were left out; {} without a cluster stand alone.",
                    aligned.unknown, aligned.unclustered
                )?;
            }
        }
        let mut value = serde_json::to_value(score)?;
        value["bodies_outside"] = json!(outside);
        value["unknown"] = json!(aligned.unknown);
        value["unclustered"] = json!(aligned.unclustered);
        Ok(value)
    }
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(files::read_limited(path, LIMIT)?)
        .with_context(|| format!("{}: is not UTF-8", path.display()))
}

/// Some columns of a CSV file; `|` stands between names for the same.
fn columns(path: &Path, names: &[&str]) -> Result<Vec<Vec<String>>> {
    let shown = path.display();
    let bytes = files::read_limited(path, LIMIT)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let heading = reader.headers().with_context(|| format!("{shown}: cannot be read"))?.clone();
    let find = |name: &&str| {
        let found =
            heading.iter().position(|h| name.split('|').any(|n| h.trim_start_matches('\u{feff}') == n));
        found.with_context(|| format!("{shown}: has no column {}", name.replace('|', " or ")))
    };
    let places: Vec<usize> = names.iter().map(find).collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for (row, number) in reader.records().zip(2u64..) {
        let row = row.map_err(|_| anyhow::anyhow!("{shown}: cannot be read at row {number}"))?;
        rows.push(places.iter().map(|at| row.get(*at).unwrap_or_default().to_owned()).collect());
    }
    Ok(rows)
}

/// What a validator found. Rows count from the heading on, and those of the truth from the row after it.
fn findings(path: &Path) -> Result<Vec<RulePlace>> {
    let rows = columns(path, &["body", "rule", "table", "row", "column"])?;
    let place = |(row, number): (Vec<String>, u64)| {
        let row = row.try_into().unwrap_or_default();
        let [body, rule, table, at, column]: [String; 5] = row;
        let row = if at.is_empty() {
            None
        } else {
            let number = at
                .parse::<u64>()
                .map_err(|_| anyhow::anyhow!("{}: line {number}: the row is no number", path.display()))?;
            number.checked_sub(1)
        };
        Ok(RulePlace { rule, body, table, row, column })
    };
    rows.into_iter().zip(2..).map(place).collect()
}

fn print_rules(out: &mut impl Write, score: &RulesScore) -> Result<()> {
    let share = |s: &Share| {
        let (lower, upper) = s.interval;
        s.value.map_or("-".to_owned(), |v| format!("{v:.4} ({lower:.4} to {upper:.4})"))
    };
    writeln!(
        out,
        "{:<5} {:>8} {:>8} {:>8}  {:<28} recall",
        "rule", "faults", "found", "matched", "precision"
    )?;
    for one in score.rules.iter().chain([&score.all]) {
        writeln!(
            out,
            "{:<5} {:>8} {:>8} {:>8}  {:<28} {}",
            one.rule,
            one.expected,
            one.found,
            one.matched,
            share(&one.precision),
            share(&one.recall)
        )?;
    }
    Ok(())
}
