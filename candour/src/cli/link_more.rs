//! What a linkage does where it is asked to: ids that last, pairs for clerical review and what readers decided, capture
//! histories with draws of the links.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use candour_disclosure::Profile;
use candour_linkage::{
    ClusterEvent, ClusterId, Clusters, DECISION_COLUMNS, DrawOptions, LinkageReport, Linker, Outcome,
    PairScorer, Records, ReviewEstimate, ReviewPlan, ReviewQueue, ScoredPair, Sources, Verdict, draw_links,
    lasting_ids, read_decisions, sample_for_review,
};
use candour_record::{Finding, Severity};
use serde_json::{Value, json};

use crate::files;
use crate::releases::{Bar, Release, about, count_table, id_of};

/// The weight of a pair that a pass or a reader has settled, in bits; of one that readers set apart, its negative.
pub(super) const SETTLED: f64 = 40.0;

/// Further work on the links.
#[derive(clap::Args)]
#[command(next_help_heading = "Ids, review, uncertainty")]
pub(super) struct More {
    /// The clusters.csv of an earlier run: people keep their ids, and events.csv says who came, went, merged and parted
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Draw this many pairs from each bucket of scores for clerical review, into review/reader-1.csv and so on
    #[arg(long, value_name = "N")]
    review: Option<usize>,
    /// Readers who share the review; each pair is read by two of them
    #[arg(long, value_name = "N", default_value_t = 2, requires = "review")]
    readers: usize,
    /// Review files that readers have filled in: pairs they settle are joined or kept apart, and accuracy is estimated
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "review")]
    decisions: Vec<PathBuf>,
    /// Draw the links this many times from their uncertainty, and write the capture histories of each to histories.csv
    #[arg(long, value_name = "M")]
    draws: Option<u32>,
    /// Pass the counts of people by list through disclosure control, and write what may be shown to this folder
    #[arg(long, value_name = "DIR")]
    release: Option<PathBuf>,
    /// Title of the release
    #[arg(long, value_name = "WORDS", requires = "release")]
    title: Option<String>,
    /// What a reader of the release must know
    #[arg(long, value_name = "WORDS", requires = "release")]
    note: Vec<String>,
    /// Disclosure profile: ons-10-5, dfe-10-round or lt5-suppress
    #[arg(long, value_name = "NAME", default_value = "ons-10-5", requires = "release")]
    profile: String,
    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Pairs whose weight does not come from the model: those of deterministic passes, and those that readers settled.
pub(super) type Fixed = HashMap<(u32, u32), f64>;

impl More {
    /// Whether every pair kept is needed, not only those that might join.
    pub(super) fn needs_all_pairs(&self) -> bool {
        self.review.is_some() || self.draws.is_some()
    }

    /// Draws the review, reads what was decided, and settles pairs by it. What is printed of it comes back.
    pub(super) fn review(
        &self,
        linker: &Linker<'_>,
        pairs: &[ScoredPair],
        cut: f64,
        folder: &Path,
        fixed: &mut Fixed,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Value>> {
        let Some(per_bucket) = self.review else { return Ok(None) };
        let (records, columns) = (linker.records(), linker.settings().columns());
        let plan = ReviewPlan { per_bucket, seed: self.seed, ..ReviewPlan::default() };
        let (queue, more) = sample_for_review(pairs, &plan);
        findings.extend(more);
        let mut said = json!({
            "pairs": queue.pairs.len(),
            "buckets": queue.buckets.iter().map(|b| json!({
                "lower": number(b.lower), "upper": number(b.upper), "pairs": b.pairs, "sampled": b.sampled
            })).collect::<Vec<_>>(),
        });
        if self.decisions.is_empty() {
            self.write_readers(records, &columns, &queue, folder, findings)?;
            return Ok(Some(said));
        }
        let keys: HashMap<String, u32> =
            (0..records.len() as u32).map(|r| (records.key(r).into_owned(), r)).collect();
        let mut decisions = Vec::new();
        for path in &self.decisions {
            let bytes = files::read_limited(path, 1 << 30)?;
            let shown = path.display().to_string();
            let (read, more) = read_decisions(&shown, bytes.as_slice(), &|k| keys.get(k).copied())?;
            decisions.extend(read);
            findings.extend(more);
        }
        let (state, more) = queue.resolve(&decisions);
        findings.extend(more);
        for (queued, outcome) in queue.pairs.iter().zip(&state.outcomes) {
            let weight = match outcome {
                Outcome::Settled(Verdict::Match) => SETTLED,
                Outcome::Settled(Verdict::NonMatch) => -SETTLED,
                _ => continue,
            };
            fixed.insert((queued.pair.left, queued.pair.right), weight);
        }
        let (labelled, more) = queue.labelled(&state);
        findings.extend(more);
        let accuracy = queue.accuracy(&labelled, cut, self.seed);
        let count = |of: &dyn Fn(&Outcome) -> bool| state.outcomes.iter().filter(|o| of(o)).count();
        let estimate = |e: Option<ReviewEstimate>| {
            e.map(|e| json!({"value": e.value, "interval": [e.interval.0, e.interval.1], "cautious": [e.cautious.0, e.cautious.1]}))
        };
        said["decisions"] = json!(decisions.len());
        said["settled"] = json!(labelled.len());
        said["third_reading_wanted"] = json!(count(&|o| matches!(o, Outcome::ThirdReading)));
        said["agreement"] = json!({
            "observed": state.agreement.observed(), "kappa": state.agreement.kappa(), "ac1": state.agreement.ac1()
        });
        said["precision"] = json!(estimate(accuracy.precision));
        said["recall"] = json!(estimate(accuracy.recall));
        said["matches"] = json!(accuracy.matches);
        said["links"] = json!(accuracy.links);
        Ok(Some(said))
    }

    /// A file for each reader: the pairs given to them with what is known of both records, and no score.
    fn write_readers(
        &self,
        records: &Records,
        columns: &[String],
        queue: &ReviewQueue,
        folder: &Path,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let (readings, more) = queue.readings(self.readers);
        findings.extend(more);
        for reader in 0..self.readers {
            let path = folder.join(format!("review/reader-{}.csv", reader + 1));
            if path.exists() {
                let message = format!(
                    "{}: is there already and was left as it is; move it away to have it drawn again",
                    path.display()
                );
                findings.push(Finding::new(Severity::Warning, "review_kept", message));
                continue;
            }
            let mut writer = csv::Writer::from_writer(Vec::new());
            let mut header: Vec<String> = DECISION_COLUMNS.map(str::to_owned).to_vec();
            for column in columns {
                header.extend([format!("{column} (left)"), format!("{column} (right)")]);
            }
            writer.write_record(&header)?;
            for reading in readings.iter().filter(|r| r.reviewer == reader) {
                let pair = queue.pairs[reading.pair].pair;
                let mut row = vec![
                    records.key(pair.left).into_owned(),
                    records.key(pair.right).into_owned(),
                    format!("reader {}", reader + 1),
                ];
                row.extend([String::new(), String::new()]);
                for column in columns {
                    for record in [pair.left, pair.right] {
                        row.push(records.value(record, column).unwrap_or_default().to_owned());
                    }
                }
                writer.write_record(&row)?;
            }
            files::write_atomically(&path, &writer.into_inner().context("cannot write the review")?)?;
        }
        Ok(())
    }

    /// The ids of the earlier run for the people of this one. Writes events.csv, and comes back with what happened.
    pub(super) fn lasting(
        &self,
        records: &Records,
        clusters: &Clusters,
        folder: &Path,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<(Vec<ClusterId>, Value)>> {
        let Some(previous) = &self.previous else { return Ok(None) };
        let (old, next) = read_previous(previous, records.source_names().len() > 1)?;
        let keys: Vec<String> = (0..records.len() as u32).map(|r| records.key(r).into_owned()).collect();
        let (lasting, more) = lasting_ids(&old, &keys, clusters, next);
        findings.extend(more);
        let counts = write_events(&lasting.events, &folder.join("events.csv"))?;
        let next = json!({ "next": lasting.next });
        files::write_atomically(&folder.join("lasting-ids.json"), format!("{next}\n").as_bytes())?;
        Ok(Some((lasting.ids, json!(counts))))
    }

    /// Writes the capture histories of the clusters (draw 0) and of each draw of the links.
    pub(super) fn histories(
        &self,
        records: &Records,
        clusters: &Clusters,
        pairs: &[ScoredPair],
        score: &(dyn Fn(u32, u32) -> f64 + Sync),
        folder: &Path,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Value>> {
        let Some(draws) = self.draws else { return Ok(None) };
        let options = DrawOptions { draws, seed: self.seed, ..DrawOptions::default() };
        let (drawn, more) = draw_links(records.len() as u32, pairs, Sources::default(), score, &options);
        findings.extend(more);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = records.source_names().iter().map(String::as_str);
        writer.write_record(std::iter::once("draw").chain(names).chain(["count"]))?;
        for draw in 0..=draws {
            let made = if draw == 0 { None } else { Some(drawn.clusters(draw - 1)) };
            for (history, count) in histories(records, made.as_ref().unwrap_or(clusters)) {
                let lists = history.iter().map(|on| if *on { "1" } else { "0" }.to_owned());
                writer.write_record(
                    std::iter::once(draw.to_string()).chain(lists).chain([count.to_string()]),
                )?;
            }
        }
        files::write_atomically(
            &folder.join("histories.csv"),
            &writer.into_inner().context("cannot write histories")?,
        )?;
        Ok(drawn.people_count().map(|people| {
            json!({"draws": draws, "people": people.mean, "interval": [people.interval.0, people.interval.1]})
        }))
    }
}

impl More {
    /// Passes how many people are on which lists through the door, and writes the release. What was passed comes back.
    pub(super) fn release(
        &self,
        records: &Records,
        clusters: &Clusters,
        report: &LinkageReport,
        vault: &Path,
    ) -> Result<Option<Value>> {
        let Some(folder) = &self.release else { return Ok(None) };
        let id = id_of(folder)?;
        let (all_people, all_records) = ("all people", "all records");
        let people = count_table(
            "people by the lists they are on",
            "lists",
            all_people,
            &people_by_list(records, clusters),
        )?;
        let lists: Vec<(String, u64)> = report.sources.iter().map(|s| (s.name.clone(), s.records)).collect();
        let rows = count_table("records by list", "list", all_records, &lists)?;
        let passed = candour_disclosure::Release::new(&*id, Profile::built_in(&self.profile)?)?
            .table(people.of_population("people"))
            .table(rows.of_population("records"))
            .pass()?;
        // It holds true counts, so it stays with the links.
        let log = serde_json::to_string_pretty(&json!({ "decisions": passed.log, "attack": passed.attack }))?
            + "\n";
        files::write_atomically(&vault.join("release-decisions.json"), log.as_bytes())?;
        let [people, rows] = passed.tables.as_slice() else { bail!("the door did not pass both tables") };
        let lead = format!(
            "{} records of {} became {} people.",
            sentence_case(&about(rows, &[all_records])),
            if lists.len() == 1 { "one list".to_owned() } else { format!("{} lists", lists.len()) },
            about(people, &[all_people])
        );
        let title = self.title.clone().unwrap_or_else(|| "How many people the lists name".to_owned());
        let mut release = Release::new(&id, &title, lead, self.note.clone());
        let files = [
            release.table(
                people,
                "People by the lists they are on",
                "Each person is counted once, however many records name them.",
                &[all_people],
            ),
            release.table(
                rows,
                "Records by list",
                "Before linkage: a person may have several records on one list.",
                &[all_records],
            ),
        ];
        let levels = || report.comparisons.iter().flat_map(|c| c.levels.iter().map(move |l| (c, l)));
        release.figure(
            "What each comparison is worth",
            "Match weights in bits, as the model was trained: each bit doubles the odds that two records are of one person, or halves them where the bar points left. They count nobody.",
            levels()
                .map(|(c, l)| Bar {
                    words: format!("{}: {}", c.name, l.label),
                    value: l.weight,
                    label: format!("{:+.1}", l.weight),
                    interval: None,
                })
                .collect(),
            &["comparison", "level", "m", "u", "weight, bits"],
            levels()
                .map(|(c, l)| {
                    let figures = [format!("{:.4}", l.m), format!("{:.6}", l.u), format!("{:+.2}", l.weight)];
                    [c.name.clone(), l.label.clone()].into_iter().chain(figures).collect()
                })
                .collect(),
        );
        release.write(folder, &files)?;
        Ok(Some(json!({
            "folder": folder.display().to_string(),
            "profile": self.profile,
            "left_out": passed.primary + passed.secondary,
        })))
    }
}

/// People by the lists they are on, in words; with many lists or one, by how many lists or records.
fn people_by_list(records: &Records, clusters: &Clusters) -> Vec<(String, u64)> {
    const MOST_LISTS: usize = 5;
    let names = records.source_names();
    let counts = histories(records, clusters);
    match names.len() {
        1 => {
            let mut sizes: HashMap<u32, u64> = HashMap::new();
            clusters.labels().iter().for_each(|label| *sizes.entry(*label).or_default() += 1);
            let of =
                |least: u64, most: u64| sizes.values().filter(|n| (least..=most).contains(n)).count() as u64;
            vec![
                ("one record".to_owned(), of(1, 1)),
                ("two records".to_owned(), of(2, 2)),
                ("three records or more".to_owned(), of(3, u64::MAX)),
            ]
        }
        2..=MOST_LISTS => (1_u32..1 << names.len())
            .map(|mask| {
                let history: Vec<bool> = (0..names.len()).map(|at| mask >> at & 1 == 1).collect();
                let on: Vec<&str> =
                    names.iter().zip(&history).filter(|(_, on)| **on).map(|(n, _)| n.as_str()).collect();
                let words = match on.as_slice() {
                    [only] => format!("{only} only"),
                    [most @ .., last] => format!("{} and {last}", most.join(", ")),
                    [] => String::new(),
                };
                (words, counts.get(&history).copied().unwrap_or(0))
            })
            .collect(),
        many => (1..=many)
            .map(|number| {
                let people = counts.iter().filter(|(h, _)| h.iter().filter(|on| **on).count() == number);
                (format!("on {number} lists"), people.map(|(_, n)| n).sum())
            })
            .collect(),
    }
}

fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Scores a pair: as settled where it is, by the model where it is not.
pub(super) fn settled_or_scored<'a>(
    scorer: &'a PairScorer<'a>,
    fixed: &'a Fixed,
) -> impl Fn(u32, u32) -> f64 + Sync + 'a {
    |a, b| fixed.get(&(a.min(b), a.max(b))).copied().unwrap_or_else(|| scorer.weight(a, b))
}

fn number(weight: f64) -> Option<f64> {
    weight.is_finite().then_some(weight)
}

/// People by the lists they are on.
fn histories(records: &Records, clusters: &Clusters) -> BTreeMap<Vec<bool>, u64> {
    let lists = records.source_names().len();
    let mut of: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
    for (label, source) in clusters.labels().iter().zip(records.sources()) {
        of.entry(*label).or_insert_with(|| vec![false; lists])[usize::from(*source)] = true;
    }
    let mut counts = BTreeMap::new();
    for history in of.into_values() {
        *counts.entry(history).or_default() += 1;
    }
    counts
}

/// The ids of an earlier run by record, and the first that is free. Where it had none that last, its clusters are numbered in
/// the order of the file.
fn read_previous(path: &Path, sources: bool) -> Result<(HashMap<String, ClusterId>, ClusterId)> {
    let shown = path.display();
    let bytes = files::read_limited(path, 16 << 30)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().with_context(|| shown.to_string())?.clone();
    let find = |name: &str| header.iter().position(|h| h == name);
    let needed = |name: &str| {
        find(name).with_context(|| {
            format!("{shown}: has no column {name}; give the clusters.csv of an earlier run")
        })
    };
    let (id, cluster, lasting) = (needed("unique_id")?, needed("cluster_id")?, find("lasting_id"));
    let source = if sources { Some(needed("source_dataset")?) } else { None };
    let mut numbers: HashMap<String, ClusterId> = HashMap::new();
    let mut old = HashMap::new();
    let mut most = 0;
    for (row, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("{shown}: row {}", row + 1))?;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let number = if let Some(at) = lasting {
            cell(at).parse().with_context(|| {
                format!("{shown}: row {}: lasting_id {} is not a number", row + 1, cell(at))
            })?
        } else {
            let next = numbers.len() as ClusterId + 1;
            *numbers.entry(cell(cluster).to_owned()).or_insert(next)
        };
        most = most.max(number);
        let key = source.map_or_else(|| cell(id).to_owned(), |at| format!("{}-__-{}", cell(at), cell(id)));
        old.insert(key, number);
    }
    let beside = path.with_file_name("lasting-ids.json");
    let kept = std::fs::read(beside).ok().and_then(|b| serde_json::from_slice::<Value>(&b).ok());
    let next = kept.and_then(|v| v["next"].as_u64()).unwrap_or(0).max(most + 1);
    Ok((old, next))
}

/// Writes what became of clusters, a row for each record concerned, and counts the events.
fn write_events(events: &[ClusterEvent<String>], path: &Path) -> Result<BTreeMap<&'static str, u64>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["event", "lasting_id", "other_id", "record"])?;
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut rows = |event: &str, id: ClusterId, other: Option<ClusterId>, records: &[String]| -> Result<()> {
        let other = other.map(|o| o.to_string()).unwrap_or_default();
        for record in records {
            writer.write_record([event, &id.to_string(), &other, record])?;
        }
        Ok(())
    };
    for event in events {
        let name = match event {
            ClusterEvent::Kept { id, added, left } => {
                rows("added", *id, None, added)?;
                rows("left", *id, None, left)?;
                "kept"
            }
            ClusterEvent::Merged { into, from } => {
                for (other, records) in from {
                    rows("merged", *into, Some(*other), records)?;
                }
                "merged"
            }
            ClusterEvent::Split { from, into } => {
                for (other, records) in into {
                    rows("split", *from, Some(*other), records)?;
                }
                "split"
            }
            ClusterEvent::New { id, records } => {
                rows("new", *id, None, records)?;
                "new"
            }
            ClusterEvent::Gone { id, records } => {
                rows("gone", *id, None, records)?;
                "gone"
            }
        };
        *counts.entry(name).or_default() += 1;
    }
    files::write_atomically(path, &writer.into_inner().context("cannot write events")?)?;
    Ok(counts)
}
