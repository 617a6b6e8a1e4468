use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use candour_linkage::{
    Clusters, KeptPair, LinkType, LinkageReport, Linker, PairWriter, Pairing, Part, Records, ReportTally,
    RuleCount, ScoredPair, Settings, Sources, SplitOptions, SplitRule, Tables, TermValues, TextUnit,
    TrainingReport, Waterfall, best_links, blocking_report, cluster_accuracy, components, one_to_one, splink,
    split, toml_settings, weight_of, write_clusters,
};
use candour_record::{ContentHash, Finding};
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files;
use crate::linkage_report::{self, Agreement, Personal};

use super::link_more::{Fixed, More, SETTLED, settled_or_scored};
use super::{Format, code_for, report};

/// Link records: which of them are of one person
///
/// Reads tables as CSV or Parquet, trains what the settings leave open, scores every pair that the blocking rules bring
/// together, and writes pairs.parquet, clusters.csv, model.json and, to look at, report.html with its charts. A run that is cut short goes on where it stopped when it is
/// started again.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour link police.csv health.parquet --settings link.toml --out vault/links\n\nSettings are Splink's model JSON, or our TOML: see the README of candour-linkage."
)]
// Clap leaves the group of arguments empty that contain further ones, and would never find it given.
#[group(args = ["inputs"])]
pub(super) struct Link {
    /// Tables: CSV with a header, or Parquet
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The model: Splink 4 or 5 JSON, or TOML
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Folder to write to
    #[arg(long, value_name = "DIR", required_unless_present = "count")]
    out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Match probability at which records are put together [default: the settings', or 0.95; 0.5 with the household model]
    #[arg(long, value_name = "P")]
    threshold: Option<f64>,
    /// Match probability below which pairs are not written [default: the settings', or 0.01]
    #[arg(long, value_name = "P")]
    keep: Option<f64>,
    /// How clusters are made [default: household with the household model, else components]
    #[arg(long, value_enum)]
    clusters: Option<ClusterKind>,
    /// Pairs that one blocking rule may make
    #[arg(long, value_name = "N", default_value_t = 2_000_000_000)]
    most_pairs: u64,
    /// Only count the pairs of each blocking rule
    #[arg(long)]
    count: bool,
    /// A column that says who each record is, to measure accuracy by; never used to link
    #[arg(long, value_name = "COLUMN")]
    truth: Option<String>,
    /// What string measures count [default: the settings', or bytes for a Splink model]
    ///
    /// Splink's database counted bytes until its version 2.0.0 and counts characters since.
    #[arg(long, value_enum, value_name = "UNIT")]
    text_unit: Option<Unit>,
    /// Let the report name values of records: personal data, which it then says at its top
    #[arg(long, requires = "out")]
    show_values: bool,
    /// Show a pair and its values in the report, step by step; SOURCE:ID where two sources share an id
    #[arg(long, value_name = "ID_L,ID_R", requires = "out", conflicts_with = "count")]
    waterfall: Vec<String>,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    more: More,
}

/// What string measures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unit {
    Bytes,
    Characters,
}

/// How clusters are made of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClusterKind {
    /// Whatever is joined by a chain of pairs
    Components,
    /// The grouping that all pairs together support best: chains through a family are taken apart
    Household,
    /// Every pair in a cluster reaches the threshold
    Complete,
    /// Strongest pairs first, each source at most once
    BestLink,
    /// Two sources, each record in one pair at most
    OneToOne,
}

/// What a linkage did.
struct Outcome {
    records: usize,
    sources: usize,
    compared: u64,
    kept: u64,
    by_rule: Vec<u64>,
    clusters: u32,
    resumed_parts: u64,
    accuracy: Option<Value>,
    training: Value,
    review: Option<Value>,
    lasting: Option<Value>,
    draws: Option<Value>,
    released: Option<Value>,
}

impl Link {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        let mut clock = Stages::new();
        let mut findings = Vec::new();
        let mut settings = read_settings(&self.settings, &mut findings)?;
        match self.text_unit {
            Some(Unit::Bytes) => settings.text_unit = TextUnit::Bytes,
            Some(Unit::Characters) => settings.text_unit = TextUnit::Characters,
            None => {}
        }
        guard_populations(&self.inputs)?;
        let records = read_tables(&self.inputs, &settings, self.truth.as_deref(), &mut findings)?;
        clock.mark("read");
        let mut linker = Linker::new(&records, settings)?;
        for (column, shares) in frequencies(&self.settings, linker.settings())? {
            linker.set_frequencies(&column, &shares);
        }
        clock.mark("prepare");
        if self.count {
            let blocks = linker.count_blocks()?;
            print_counts(out, &blocks, self.format)?;
            if let Some(folder) = &self.out {
                self.write_report(folder, &linker, &blocking_report(&linker, &blocks), None, &[])?;
            }
            report(&findings);
            return Ok(code_for(&findings));
        }
        let folder = self.out.clone().context("--out says where to write")?;
        let outcome = self.link(&mut linker, &folder, &mut clock, &mut findings)?;
        match self.format {
            Format::Json => writeln!(out, "{}", outcome.to_json(&clock, &folder))?,
            Format::Text => outcome.print(out, &clock, &folder)?,
        }
        report(&findings);
        Ok(code_for(&findings))
    }

    fn link(
        &self,
        linker: &mut Linker<'_>,
        folder: &Path,
        clock: &mut Stages,
        findings: &mut Vec<Finding>,
    ) -> Result<Outcome> {
        let records = linker.records();
        let chosen = self.waterfall.iter().map(|ids| find_pair(records, ids)).collect::<Result<Vec<_>>>()?;
        let people = self.truth.as_deref().map(|column| people(records, column)).transpose()?;
        let household = linker.settings().household;
        let thresholds = linker.settings().thresholds.clone();
        let keep = self.keep.or(thresholds.keep).unwrap_or(0.01);
        let threshold = self
            .threshold
            .or_else(|| thresholds.clusters.first().copied())
            .unwrap_or(if household { 0.5 } else { 0.95 });
        anyhow::ensure!(
            (0.0..1.0).contains(&keep) && threshold > 0.0 && threshold < 1.0,
            "--keep and --threshold are probabilities between 0 and 1"
        );
        let work = Work::open(folder, self, linker.settings(), keep)?;
        let bar = Bars::new();
        let trained = if let Some(Trained { model, report, findings: more }) = work.trained()? {
            let (settings, _) = splink::read_splink(&model)?;
            findings.extend(more);
            *linker = Linker::new(records, settings)?;
            for (column, shares) in frequencies(&self.settings, linker.settings())? {
                linker.set_frequencies(&column, &shares);
            }
            report
        } else {
            let (report, more) = linker.train(&|what, at, of| bar.show(what, at, of))?;
            let trained = Trained { model: splink::write_splink(linker.settings()), report, findings: more };
            work.keep_trained(&trained)?;
            findings.extend(trained.findings);
            trained.report
        };
        clock.mark("train");
        let linker = &*linker;
        let done = work.parts()?;
        let resumed_parts = done.len() as u64;
        let predicted = linker.predict(
            weight_of(keep),
            self.most_pairs,
            &|what, at, of| bar.show(what, at, of),
            |part| !done.contains_key(&part),
            |part, compared, kept| work.write_part(part, compared, kept).map_err(|e| into_linkage(&e)),
        )?;
        bar.clear();
        clock.mark("compare");
        let floor = weight_of(threshold.min(0.2));
        let passes = linker.settings().passes.len();
        let all_pairs = self.more.needs_all_pairs();
        let mut pairs: Vec<ScoredPair> = Vec::new();
        let mut fixed = Fixed::new();
        let (mut compared, mut kept) = (0, 0);
        let mut tally = ReportTally::new(linker, people.as_deref());
        let mut by_rule = vec![0; passes + linker.settings().blocking_rules.len()];
        work.write_pairs(linker, |part, of_part, some| {
            tally.add(part, of_part, some);
            compared += of_part;
            kept += some.len() as u64;
            if let Some(sum) = by_rule.get_mut(usize::from(part.rule)) {
                *sum += of_part;
            }
            // A deterministic pass joins its pairs whatever they weigh.
            for k in some.iter().filter(|k| usize::from(k.rule) < passes) {
                fixed.insert((k.pair.left, k.pair.right), k.pair.weight.max(SETTLED));
            }
            let wanted = |k: &&KeptPair| all_pairs || usize::from(k.rule) < passes || k.pair.weight >= floor;
            pairs.extend(some.iter().filter(wanted).map(|k| k.pair));
        })?;
        clock.mark("write pairs");
        let kind =
            self.clusters.unwrap_or(if household { ClusterKind::Household } else { ClusterKind::Components });
        let cut = weight_of(threshold);
        let review = self.more.review(linker, &pairs, cut, folder, &mut fixed, findings)?;
        if !fixed.is_empty() {
            for pair in &mut pairs {
                pair.weight = fixed.get(&(pair.left, pair.right)).copied().unwrap_or(pair.weight);
            }
        }
        let scorer = linker.pair_scorer()?;
        let score = settled_or_scored(&scorer, &fixed);
        let (clusters, more) = make_clusters(records, &pairs, &score, kind, cut);
        findings.extend(more);
        clock.mark("cluster");
        let lasting = self.more.lasting(records, &clusters, folder, findings)?;
        let mut bytes = Vec::new();
        write_clusters(records, &clusters, lasting.as_ref().map(|l| l.0.as_slice()), &mut bytes)?;
        files::write_atomically(&folder.join("clusters.csv"), &bytes)?;
        let draws = self.more.histories(records, &clusters, &pairs, &score, folder, findings)?;
        files::write_atomically(
            &folder.join("model.json"),
            splink::write_splink(linker.settings()).as_bytes(),
        )?;
        let accuracy = people.as_deref().map(|people| accuracy(&clusters, people));
        clock.mark("write clusters");
        let report = tally.finish(&predicted, &trained, &clusters, cut)?;
        self.write_report(folder, linker, &report, accuracy.as_ref(), &chosen)?;
        let released = self.more.release(records, &clusters, &report, folder)?;
        work.finish()?;
        clock.mark("report");
        Ok(Outcome {
            records: records.len(),
            sources: records.source_names().len(),
            compared,
            kept,
            by_rule,
            clusters: clusters.count(),
            resumed_parts,
            accuracy,
            training: training_json(&trained),
            review,
            lasting: lasting.map(|l| l.1),
            draws,
            released,
        })
    }
}

impl Link {
    fn write_report(
        &self,
        folder: &Path,
        linker: &Linker<'_>,
        report: &LinkageReport,
        accuracy: Option<&Value>,
        chosen: &[(u32, u32)],
    ) -> Result<()> {
        /// Values named at either end of a column's term frequencies.
        const TERMS: usize = 10;
        let named = [
            ("Precision of clusters", "precision"),
            ("Recall of clusters", "recall"),
            ("F1 of clusters", "f1"),
            ("People exactly right, share", "exactly_right"),
        ];
        let agreement: Agreement = named
            .into_iter()
            .filter_map(|(words, key)| Some((words, accuracy?.get(key)?.as_f64()?)))
            .collect();
        let pairs = chosen.iter().map(|(left, right)| Waterfall::of_pair(linker, *left, *right));
        let personal = Personal {
            records: linker.records(),
            columns: linker.settings().columns(),
            show_values: self.show_values && !self.count,
            terms: if self.show_values && !self.count { TermValues::of(linker, TERMS)? } else { Vec::new() },
            pairs: pairs.collect::<Result<_, _>>()?,
        };
        linkage_report::write(folder, report, &agreement, &personal)
    }
}

/// The two records that `ID,ID` names, each an id or, where several sources have it, `SOURCE:ID`.
fn find_pair(records: &Records, ids: &str) -> Result<(u32, u32)> {
    let find = |id: &str| -> Vec<u32> {
        (0..records.len() as u32)
            .filter(|r| {
                let own = records.id(*r);
                own == id
                    || id.strip_suffix(own).and_then(|rest| rest.strip_suffix(':'))
                        == Some(records.source(*r))
            })
            .collect()
    };
    // An id may hold a comma itself.
    let mut unclear = None;
    for (at, _) in ids.match_indices(',') {
        let (left, right) = (ids[..at].trim(), ids[at + 1..].trim());
        match (find(left).as_slice(), find(right).as_slice()) {
            ([left], [right]) if left != right => return Ok((*left, *right)),
            ([], _) | (_, []) => {}
            _ => unclear = Some(()),
        }
    }
    if unclear.is_some() {
        bail!(
            "--waterfall: several sources have an id that it names, or it names one record twice; write SOURCE:ID,SOURCE:ID"
        );
    }
    bail!("--waterfall: no two records have those ids; write two ids with a comma between them")
}

fn read_settings(path: &Path, findings: &mut Vec<Finding>) -> Result<Settings> {
    let shown = path.display();
    let text = String::from_utf8(files::read_limited(path, 64 << 20)?)
        .map_err(|_| anyhow::anyhow!("{shown}: is not UTF-8 text; save it as UTF-8"))?;
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
        || text.trim_start().starts_with('{');
    if !is_json {
        return toml_settings::to_settings(&text).with_context(|| shown.to_string());
    }
    let (settings, more) = splink::read_splink(&text).with_context(|| shown.to_string())?;
    findings.extend(more);
    Ok(settings)
}

/// Tables of victims and of suspects are never linked to each other.
pub(super) fn guard_populations(inputs: &[PathBuf]) -> Result<()> {
    let victims = inputs.iter().find(|p| says_victims(p));
    let suspects = inputs.iter().find(|p| says_suspects(p));
    if let (Some(victims), Some(suspects)) = (victims, suspects) {
        bail!(
            "{} holds victims and {} suspects; the two are never linked to each other. Link each on its own",
            victims.display(),
            suspects.display()
        );
    }
    Ok(())
}

/// Whether a file's name says that it holds victims.
pub(super) fn says_victims(path: &Path) -> bool {
    says(path, &["victim", "complainant", "survivor"])
}

/// Whether a file's name says that it holds suspects.
pub(super) fn says_suspects(path: &Path) -> bool {
    says(path, &["suspect", "offender", "perpetrator", "accused"])
}

fn says(path: &Path, words: &[&str]) -> bool {
    let name = path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
    words.iter().any(|w| name.contains(w))
}

fn read_tables(
    inputs: &[PathBuf],
    settings: &Settings,
    truth: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Result<Records> {
    let more: Vec<&str> = truth.into_iter().collect();
    let mut tables = Tables::with_columns(settings, &more);
    for path in inputs {
        let shown = path.display().to_string();
        let about = std::fs::metadata(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!("{shown}: there is no such file; check the path"),
            _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
        })?;
        anyhow::ensure!(!about.is_dir(), "{shown}: is a folder; name a file in it");
        let name = path.file_stem().map_or_else(|| shown.clone(), |s| s.to_string_lossy().into_owned());
        let file = File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            tables.add_parquet(&name, file)?;
        } else {
            tables.add_csv(&name, BufReader::new(file))?;
        }
    }
    let (records, more) = tables.finish()?;
    findings.extend(more);
    if settings.link_type == LinkType::LinkOnly && records.source_names().len() < 2 {
        bail!(
            "link_only needs two sources or more, and there is one; give another table, or name the source column"
        );
    }
    Ok(records)
}

/// Term frequencies counted elsewhere: CSV files with the columns `value` and `share` or `count`, beside the settings.
fn frequencies(settings: &Path, of: &Settings) -> Result<Vec<(String, HashMap<String, f64>)>> {
    let folder = settings.parent().unwrap_or(Path::new("."));
    of.frequency_files
        .iter()
        .map(|(column, file)| {
            let path = folder.join(file);
            let shown = path.display().to_string();
            let bytes = files::read_limited(&path, 1 << 30)?;
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let header = reader.headers().with_context(|| shown.clone())?.clone();
            let find = |name: &str| header.iter().position(|h| h.trim() == name);
            let value = find("value").with_context(|| format!("{shown}: has no column value"))?;
            let (number, counts) = match (find("share"), find("count")) {
                (Some(at), _) => (at, false),
                (None, Some(at)) => (at, true),
                (None, None) => bail!("{shown}: has neither a column share nor a column count"),
            };
            let mut shares = HashMap::new();
            let mut total = 0.0;
            for (row, record) in reader.records().enumerate() {
                let record = record.with_context(|| format!("{shown}: row {}", row + 1))?;
                let n: f64 = record
                    .get(number)
                    .and_then(|n| n.trim().parse().ok())
                    .filter(|n| *n >= 0.0)
                    .with_context(|| format!("{shown}: row {}: not a number from 0", row + 1))?;
                total += n;
                shares.insert(record.get(value).unwrap_or_default().to_owned(), n);
            }
            if counts {
                for share in shares.values_mut() {
                    *share /= f64::max(total, 1.0);
                }
            }
            Ok((column.clone(), shares))
        })
        .collect()
}

fn make_clusters(
    records: &Records,
    pairs: &[ScoredPair],
    score: &(dyn Fn(u32, u32) -> f64 + Sync),
    kind: ClusterKind,
    cut: f64,
) -> (Clusters, Vec<Finding>) {
    let n = records.len() as u32;
    let every: Vec<u16> = (0..records.source_names().len() as u16).collect();
    let apart = |rule: SplitRule| {
        let (whole, mut findings) = components(n, pairs, cut.min(weight_of(0.2)));
        let options = SplitOptions { rule, cut, ..SplitOptions::default() };
        let (clusters, more) = split(&whole, pairs, Sources::default(), score, &options);
        findings.extend(more);
        (clusters, findings)
    };
    match kind {
        ClusterKind::Components => components(n, pairs, cut),
        ClusterKind::Household => apart(SplitOptions::default().rule),
        ClusterKind::Complete => apart(SplitRule::CompleteLinkage),
        ClusterKind::BestLink => {
            let sources = Sources { of: records.sources(), duplicate_free: &every };
            let (links, findings) = best_links(n, pairs, cut, sources);
            (links.clusters, findings)
        }
        ClusterKind::OneToOne => {
            let (links, findings) = one_to_one(n, pairs, cut, records.sources(), Pairing::Greedy);
            (links.clusters, findings)
        }
    }
}

/// Who each record is of, as the column says, people numbered as they are met.
fn people(records: &Records, column: &str) -> Result<Vec<u32>> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    (0..records.len() as u32)
        .map(|record| {
            let value = records.value(record, column).with_context(|| {
                format!("record {} has no {column}, which is to say who it is", record + 1)
            })?;
            let next = numbers.len() as u32;
            Ok(*numbers.entry(value).or_insert(next))
        })
        .collect()
}

fn accuracy(clusters: &Clusters, people: &[u32]) -> Value {
    let (measured, _) = cluster_accuracy(clusters, people);
    let pairs = measured.pairs;
    let share = |a: u64, b: u64| if b == 0 { 1.0 } else { a as f64 / b as f64 };
    let precision = share(pairs.true_links, pairs.true_links + pairs.false_links);
    let recall = share(pairs.true_links, pairs.true_links + pairs.missed);
    json!({
        "people": measured.people,
        "precision": precision,
        "recall": recall,
        "f1": 2.0 * precision * recall / (precision + recall).max(1e-300),
        "b_cubed_precision": measured.b_cubed_precision,
        "b_cubed_recall": measured.b_cubed_recall,
        "exactly_right": share(measured.exactly_right, measured.people),
    })
}

fn training_json(trained: &TrainingReport) -> Value {
    let sessions: Vec<Value> = trained
        .sessions
        .iter()
        .map(|s| {
            json!({
                "rule": s.rule,
                "pairs": s.pairs,
                "iterations": s.iterations,
                "converged": s.converged,
                "matches": s.matches,
                "estimated": s.estimated,
            })
        })
        .collect();
    json!({
        "deterministic_pairs": trained.deterministic_pairs,
        "sessions": sessions,
        "household": trained.household.map(|(iterations, change)| json!({"iterations": iterations, "change": change})),
    })
}

fn print_counts(out: &mut impl Write, counts: &[RuleCount], format: Format) -> Result<()> {
    if format == Format::Json {
        let rules: Vec<Value> = counts
            .iter()
            .map(|c| json!({"rule": c.rule, "pairs": c.pairs, "blocks": c.blocks, "largest_block": c.largest_block}))
            .collect();
        writeln!(out, "{}", json!({ "rules": rules }))?;
        return Ok(());
    }
    writeln!(out, "{:>15} {:>12} {:>14}  rule", "pairs", "blocks", "largest block")?;
    for count in counts {
        writeln!(
            out,
            "{:>15} {:>12} {:>14}  {}",
            count.pairs, count.blocks, count.largest_block, count.rule
        )?;
    }
    writeln!(
        out,
        "{:>15} {:>12} {:>14}  all, each rule's pairs counted",
        counts.iter().map(|c| c.pairs).sum::<u64>(),
        "",
        ""
    )?;
    Ok(())
}

impl Outcome {
    fn to_json(&self, clock: &Stages, folder: &Path) -> Value {
        json!({
            "records": self.records,
            "sources": self.sources,
            "pairs_compared": self.compared,
            "pairs_by_rule": self.by_rule,
            "pairs_kept": self.kept,
            "clusters": self.clusters,
            "resumed_parts": self.resumed_parts,
            "training": self.training,
            "accuracy": self.accuracy,
            "review": self.review,
            "lasting_ids": self.lasting,
            "draws": self.draws,
            "released": self.released,
            "seconds": clock.seconds(),
            "peak_memory_mib": peak_memory(),
            "out": folder.display().to_string(),
        })
    }

    fn print(&self, out: &mut impl Write, clock: &Stages, folder: &Path) -> Result<()> {
        writeln!(
            out,
            "{} records of {} became {} people",
            self.records,
            sources(self.sources),
            self.clusters
        )?;
        writeln!(out, "{} pairs compared, {} kept", self.compared, self.kept)?;
        if let Some(a) = &self.accuracy {
            let of = |key: &str| a[key].as_f64().unwrap_or_default();
            writeln!(
                out,
                "against the truth: precision {:.4}, recall {:.4}, F1 {:.4}; {:.1} % of people exactly right",
                of("precision"),
                of("recall"),
                of("f1"),
                100.0 * of("exactly_right")
            )?;
        }
        if let Some(review) = &self.review {
            match review["settled"].as_u64() {
                None => writeln!(out, "{} pairs drawn for review, in review/reader-….csv", review["pairs"])?,
                Some(settled) => writeln!(
                    out,
                    "review: {settled} of {} pairs settled; by them precision is {}, recall among the pairs scored {}",
                    review["pairs"],
                    with_interval(&review["precision"]),
                    with_interval(&review["recall"])
                )?,
            }
        }
        if let Some(lasting) = self.lasting.as_ref().and_then(Value::as_object) {
            let events: Vec<String> = lasting.iter().map(|(event, n)| format!("{n} {event}")).collect();
            writeln!(out, "since the earlier run: {}; events.csv has each", events.join(", "))?;
        }
        if let Some(draws) = &self.draws {
            writeln!(
                out,
                "over {} draws of the links, {} people, 95 % between {} and {}",
                draws["draws"],
                draws["people"].as_f64().unwrap_or_default().round(),
                draws["interval"][0],
                draws["interval"][1]
            )?;
        }
        if let Some(released) = &self.released {
            writeln!(
                out,
                "passed the door by {}, {} cells left out: {}",
                released["profile"].as_str().unwrap_or_default(),
                released["left_out"],
                released["folder"].as_str().unwrap_or_default()
            )?;
        }
        let stages: Vec<String> = clock.marks.iter().map(|(what, s)| format!("{what} {s:.1} s")).collect();
        writeln!(out, "{}", stages.join(", "))?;
        writeln!(
            out,
            "Written to {}: pairs.parquet, clusters.csv, model.json, report.html",
            folder.display()
        )?;
        Ok(())
    }
}

fn with_interval(estimate: &Value) -> String {
    match (estimate["value"].as_f64(), estimate["interval"][0].as_f64(), estimate["interval"][1].as_f64()) {
        (Some(value), Some(lower), Some(upper)) => format!("{value:.3} (95 % {lower:.3} to {upper:.3})"),
        _ => "not known".to_owned(),
    }
}

fn sources(n: usize) -> String {
    if n == 1 { "one source".to_owned() } else { format!("{n} sources") }
}

/// A trained model with what its training did and noticed, so that a run taken up again tells no less.
#[derive(serde::Serialize, serde::Deserialize)]
struct Trained {
    /// As Splink's JSON.
    model: String,
    report: TrainingReport,
    findings: Vec<Finding>,
}

/// Parts of a linkage on disk, so that a run that was cut short goes on where it stopped.
struct Work {
    folder: PathBuf,
    parts: PathBuf,
}

impl Work {
    /// Opens the working folder. Parts of another model, of other tables or of another version are put away.
    fn open(folder: &Path, link: &Link, settings: &Settings, keep: f64) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(splink::write_splink(settings));
        hash.update(keep.to_le_bytes());
        for input in &link.inputs {
            let mut file = File::open(input)?;
            let mut buffer = vec![0; 1 << 20];
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                hash.update(&buffer[..read]);
            }
        }
        for file in settings.frequency_files.values() {
            hash.update(std::fs::read(link.settings.parent().unwrap_or(Path::new(".")).join(file))?);
        }
        let plan = ContentHash::from_bytes(hash.finalize().into()).to_string();
        let parts = folder.join("parts");
        let of = parts.join("plan");
        if std::fs::read_to_string(&of).ok().as_deref() != Some(&plan) {
            if parts.exists() {
                anyhow::ensure!(
                    of.exists(),
                    "{}: is not a folder of this program; choose another --out",
                    parts.display()
                );
                std::fs::remove_dir_all(&parts)
                    .with_context(|| format!("cannot empty {}", parts.display()))?;
            }
            files::write_atomically(&of, plan.as_bytes())?;
        }
        Ok(Self { folder: folder.to_owned(), parts })
    }

    /// What an interrupted run had trained.
    fn trained(&self) -> Result<Option<Trained>> {
        let path = self.parts.join("trained.json");
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let trained = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: is damaged; delete it and run again", path.display()))?;
        Ok(Some(trained))
    }

    fn keep_trained(&self, trained: &Trained) -> Result<()> {
        files::write_atomically(&self.parts.join("trained.json"), &serde_json::to_vec(trained)?)
    }

    /// Parts that are whole, in order.
    fn parts(&self) -> Result<std::collections::BTreeMap<Part, PathBuf>> {
        let mut parts = std::collections::BTreeMap::new();
        for entry in std::fs::read_dir(&self.parts)? {
            let path = entry?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let Some((rule, number)) = name.strip_suffix(".pairs").and_then(|n| n.split_once('-')) else {
                continue;
            };
            if let (Ok(rule), Ok(number)) = (rule.parse(), number.parse()) {
                parts.insert(Part { rule, number }, path);
            }
        }
        Ok(parts)
    }

    fn write_part(&self, part: Part, compared: u64, kept: &[KeptPair]) -> Result<()> {
        let mut bytes = Vec::with_capacity(8 + kept.len() * KeptPair::BYTES);
        bytes.extend_from_slice(&compared.to_le_bytes());
        for pair in kept {
            bytes.extend_from_slice(&pair.to_bytes());
        }
        let name = format!("{:05}-{:08}.pairs", part.rule, part.number);
        let waiting = self.parts.join(format!("{name}.new"));
        std::fs::write(&waiting, &bytes).with_context(|| format!("cannot write {}", waiting.display()))?;
        std::fs::rename(&waiting, self.parts.join(name))?;
        Ok(())
    }

    /// Puts the parts together as pairs.parquet, handing each on.
    fn write_pairs(&self, linker: &Linker<'_>, mut each: impl FnMut(Part, u64, &[KeptPair])) -> Result<()> {
        let path = self.folder.join("pairs.parquet");
        let waiting = self.folder.join("pairs.parquet.new");
        let file = File::create(&waiting).with_context(|| format!("cannot write {}", waiting.display()))?;
        let mut writer = PairWriter::new(linker, BufWriter::new(file))?;
        for (part, from) in self.parts()? {
            let bytes =
                std::fs::read(&from).with_context(|| format!("{}: cannot be read", from.display()))?;
            let damaged = || format!("{}: is damaged; delete it and run again", from.display());
            let (head, rest) = bytes.split_at_checked(8).with_context(damaged)?;
            let compared = u64::from_le_bytes(head.try_into().with_context(damaged)?);
            let pairs: Vec<KeptPair> = rest
                .chunks(KeptPair::BYTES)
                .map(KeptPair::from_bytes)
                .collect::<Option<_>>()
                .with_context(damaged)?;
            writer.add(&pairs)?;
            each(part, compared, &pairs);
        }
        writer
            .finish()?
            .into_inner()
            .map_err(|e| anyhow::anyhow!("cannot write {}: {}", waiting.display(), e.error()))?
            .sync_all()?;
        std::fs::rename(&waiting, &path)?;
        Ok(())
    }

    /// Takes the parts away once everything made of them is written.
    fn finish(self) -> Result<()> {
        std::fs::remove_dir_all(&self.parts).with_context(|| format!("cannot empty {}", self.parts.display()))
    }
}

fn into_linkage(error: &anyhow::Error) -> candour_linkage::LinkageError {
    candour_linkage::LinkageError::Io {
        what: "keeping a part of the pairs".to_owned(),
        source: std::io::Error::other(format!("{error:#}")),
    }
}

/// One progress bar, named after the stage.
struct Bars(Mutex<Option<(String, ProgressBar)>>);

impl Bars {
    fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn show(&self, what: &str, at: u64, of: u64) {
        let Ok(mut bar) = self.0.lock() else { return };
        if bar.as_ref().is_none_or(|(name, _)| name != what) {
            if let Some((_, old)) = bar.take() {
                old.finish_and_clear();
            }
            *bar = Some((what.to_owned(), super::progress(of, what)));
        }
        if let Some((_, bar)) = bar.as_ref() {
            bar.set_position(at);
        }
    }

    fn clear(&self) {
        if let Ok(mut bar) = self.0.lock()
            && let Some((_, bar)) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

/// Seconds by stage.
struct Stages {
    last: Instant,
    marks: Vec<(&'static str, f64)>,
}

impl Stages {
    fn new() -> Self {
        Self { last: Instant::now(), marks: Vec::new() }
    }

    fn mark(&mut self, what: &'static str) {
        let now = Instant::now();
        self.marks.push((what, (now - self.last).as_secs_f64()));
        self.last = now;
    }

    fn seconds(&self) -> Value {
        let stages: serde_json::Map<String, Value> = self
            .marks
            .iter()
            .map(|(what, s)| ((*what).replace(' ', "_"), json!((s * 1e3).round() / 1e3)))
            .collect();
        Value::Object(stages)
    }
}

/// The most memory this program has held, in MiB, where the system says.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}
