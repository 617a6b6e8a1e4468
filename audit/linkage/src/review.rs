//! Clerical review: pairs sampled by score, read by two people each, and fed back as labels, accuracy and calibration.
//!
//! The design follows the Office for National Statistics' matching of Census 2021: pairs sampled in buckets of score, each
//! judged by two readers, differences resolved by a third.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::io::{Read, Write};

use candour_record::{Finding, Severity};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::accuracy::{percentile, wilson};
use crate::random::{Stream, mix};
use crate::{LinkageError, ScoredPair, probability_of, weight_of};

/// Which pairs are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewPlan {
    /// The weights (bits) between one bucket and the next, ascending; the first and last buckets are open.
    pub edges: Vec<f64>,
    /// Pairs from each bucket at most.
    pub per_bucket: usize,
    /// Seed of the sample and of the order of reading.
    pub seed: u64,
}

impl Default for ReviewPlan {
    /// Thirteen buckets of 1,000 pairs, as for Census 2021; our edges are every two bits from -6 to 16.
    fn default() -> Self {
        Self { edges: (-3..9).map(|step| f64::from(step) * 2.0).collect(), per_bucket: 1000, seed: 1 }
    }
}

/// A bucket of scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Weights from here, in bits.
    pub lower: f64,
    /// Up to and without here.
    pub upper: f64,
    /// Pairs with such a weight.
    pub pairs: u64,
    /// Those that are to be read.
    pub sampled: u64,
}

/// Pairs to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewQueue {
    /// The buckets, lowest first.
    pub buckets: Vec<Bucket>,
    /// The pairs in the order of reading, which says nothing of their scores. Do not show the weight to readers.
    pub pairs: Vec<QueuedPair>,
}

/// A pair to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueuedPair {
    /// The pair and its weight; `left` is the smaller number.
    pub pair: ScoredPair,
    /// Its bucket, counted from 0.
    pub bucket: usize,
}

/// A pair given to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The pair, by its place in the queue.
    pub pair: usize,
    /// The reader, by their place in the list.
    pub reviewer: usize,
}

/// What a reader says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The records are of one person.
    Match,
    /// They are not.
    NonMatch,
    /// The records do not say.
    CannotTell,
}

/// A reader's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The smaller record number.
    pub left: u32,
    /// The larger.
    pub right: u32,
    /// Who decided.
    pub reviewer: String,
    /// What.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
}

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody has read it.
    Unread,
    /// One of two readers has.
    ReadOnce,
    /// The two differ, and a third is to read it.
    ThirdReading,
    /// The two agree, or two of three do.
    Settled(Verdict),
    /// Three readers said three things.
    Open,
}

/// Where the whole queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewState {
    /// For each pair of the queue.
    pub outcomes: Vec<Outcome>,
    /// How the first two readers agree.
    pub agreement: Agreement,
}

/// Agreement of the first two readings of each pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Pairs by the first reading (row) and the second (column), in the order match, non-match, cannot tell.
    pub counts: [[u64; 3]; 3],
}

/// A pair that was settled as a match or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelledPair {
    /// The pair and its weight.
    pub pair: ScoredPair,
    /// Its bucket.
    pub bucket: usize,
    /// Whether the records are of one person.
    pub is_match: bool,
    /// For how many scored pairs it stands: those in its bucket over those settled there.
    pub stands_for: f64,
}

/// Accuracy as estimated from a review.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewAccuracy {
    /// Share of links that are true.
    pub precision: Option<ReviewEstimate>,
    /// Share of true pairs that are links, among the pairs that were scored and kept: what blocking missed is not seen.
    pub recall: Option<ReviewEstimate>,
    /// True pairs among the scored ones (Horvitz and Thompson 1952).
    pub matches: f64,
    /// Links.
    pub links: f64,
}

/// An estimated share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewEstimate {
    /// The ratio of two stratified Horvitz–Thompson totals.
    pub value: f64,
    /// 95 %: Wilson's interval with the sample size that would have the linearised variance (Cochran 1977, §6.11; Dean and
    /// Pagano 2015, *J. Surv. Stat. Methodol.* 3, 484–503, for the size).
    pub interval: (f64, f64),
    /// 95 %: from each bucket's share of matches drawn with Jeffreys' prior. A bucket of a million pairs with no match among
    /// a thousand read may still hold hundreds; the interval above does not see that, this one does, and leans low.
    pub cautious: (f64, f64),
}

/// A rising map from match weight to probability (isotonic regression by pooling adjacent violators; Ayer et al. 1955,
/// *Ann. Math. Stat.* 26, 641–647; for scores, Zadrozny and Elkan 2002).
#[derive(Debug, Clone, PartialEq)]
pub struct WeightCalibration {
    blocks: Vec<CalibrationBlock>,
    shape: CalibrationShape,
}

/// Weights that were pooled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBlock {
    /// Its least weight, in bits.
    pub lower: f64,
    /// Its greatest.
    pub upper: f64,
    /// Its mean weight.
    pub centre: f64,
    /// The probability, 0 to 1.
    pub probability: f64,
    /// Labelled pairs.
    pub pairs: u64,
}

/// How probabilities run between blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CalibrationShape {
    /// One for each block, changing half-way between two.
    Step,
    /// In straight lines between the centres of blocks.
    #[default]
    Linear,
}

/// Samples pairs for review, the same from any order of the pairs.
///
/// In each bucket those pairs are taken whose hash under the seed is smallest, a simple random sample without replacement.
/// `pairs` hold each pair once.
pub fn sample_for_review(pairs: &[ScoredPair], plan: &ReviewPlan) -> (ReviewQueue, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut edges: Vec<f64> = plan.edges.iter().copied().filter(|edge| !edge.is_nan()).collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    if edges != plan.edges {
        let message =
            "the edges between buckets were sorted, and edges that repeat or are no number left out";
        findings.push(Finding::new(Severity::Warning, "edges_unsorted", message));
    }
    let empty = || vec![Held::default(); edges.len() + 1];
    let held = pairs
        .par_iter()
        .with_min_len(1 << 18)
        .filter(|pair| !pair.weight.is_nan())
        .fold(empty, |mut held, pair| {
            let bucket = edges.partition_point(|&edge| edge <= pair.weight);
            held[bucket].all += 1;
            held[bucket].offer(Ticket::new(pair, plan.seed), plan.per_bucket);
            held
        })
        .reduce(empty, |mut a, b| {
            for (a, b) in a.iter_mut().zip(b) {
                a.all += b.all;
                b.taken.into_iter().for_each(|ticket| a.offer(ticket, plan.per_bucket));
            }
            a
        });
    let without = pairs.iter().filter(|pair| pair.weight.is_nan()).count();
    if without > 0 {
        let message = format!("{without} pairs have no weight and are in no bucket; score the pairs again");
        findings.push(Finding::new(Severity::Error, "pair_unusable", message));
    }
    let mut buckets = Vec::new();
    let mut queued = Vec::new();
    for (bucket, held) in held.into_iter().enumerate() {
        buckets.push(Bucket {
            lower: bucket.checked_sub(1).map_or(f64::NEG_INFINITY, |at| edges[at]),
            upper: edges.get(bucket).copied().unwrap_or(f64::INFINITY),
            pairs: held.all,
            sampled: held.taken.len() as u64,
        });
        queued.extend(held.taken.into_iter().map(|ticket| QueuedPair { pair: ticket.pair, bucket }));
    }
    // A second hash: under the first, a bucket read in full would come last.
    queued.sort_unstable_by_key(|queued| {
        let key = (u64::from(queued.pair.left) << 32) | u64::from(queued.pair.right);
        (mix(mix(plan.seed, 1), key), key)
    });
    (ReviewQueue { buckets, pairs: queued }, findings)
}

impl ReviewQueue {
    /// Gives every pair to two different readers, so that all have equally much to read and each meets each other reader.
    pub fn readings(&self, reviewers: usize) -> (Vec<Reading>, Vec<Finding>) {
        if reviewers < 2 {
            let message =
                format!("a pair is read by two people, and {reviewers} are named; name at least two");
            return (Vec::new(), vec![Finding::new(Severity::Error, "too_few_reviewers", message)]);
        }
        let readings = (0..self.pairs.len()).flat_map(|pair| {
            let first = pair % reviewers;
            let second = (first + 1 + (pair / reviewers) % (reviewers - 1)) % reviewers;
            [first, second].map(|reviewer| Reading { pair, reviewer })
        });
        (readings.collect(), Vec::new())
    }

    /// Works out where every pair stands.
    ///
    /// The first two readings are the earliest by two readers; a reader's later decision on a pair replaces their earlier.
    pub fn resolve(&self, decisions: &[Decision]) -> (ReviewState, Vec<Finding>) {
        let place: HashMap<(u32, u32), usize> =
            self.pairs.iter().enumerate().map(|(at, q)| ((q.pair.left, q.pair.right), at)).collect();
        let mut readings: Vec<Vec<&Decision>> = vec![Vec::new(); self.pairs.len()];
        let (mut strange, mut changed, mut more) = (0, 0, 0);
        let mut in_time: Vec<&Decision> = decisions.iter().collect();
        in_time.sort_by(|a, b| (a.at, &a.reviewer).cmp(&(b.at, &b.reviewer)));
        for decision in in_time {
            let key = (decision.left.min(decision.right), decision.left.max(decision.right));
            let Some(&at) = place.get(&key) else {
                strange += 1;
                continue;
            };
            match readings[at].iter_mut().find(|earlier| earlier.reviewer == decision.reviewer) {
                Some(earlier) => {
                    changed += 1;
                    *earlier = decision;
                }
                None => readings[at].push(decision),
            }
        }
        let mut agreement = Agreement::default();
        let mut outcomes = Vec::with_capacity(readings.len());
        for readings in &readings {
            more += usize::from(readings.len() > 3);
            if let [first, second, ..] = readings.as_slice() {
                agreement.counts[first.verdict as usize][second.verdict as usize] += 1;
            }
            outcomes.push(match readings.as_slice() {
                [] => Outcome::Unread,
                [_] => Outcome::ReadOnce,
                [a, b, ..] if a.verdict == b.verdict => Outcome::Settled(a.verdict),
                [_, _] => Outcome::ThirdReading,
                [a, b, third, ..] if [a.verdict, b.verdict].contains(&third.verdict) => {
                    Outcome::Settled(third.verdict)
                }
                _ => Outcome::Open,
            });
        }
        let mut findings = Vec::new();
        let mut note = |count: usize, severity, code, what: &str| {
            if count > 0 {
                findings.push(Finding::new(severity, code, format!("{count} {what}")));
            }
        };
        note(
            strange,
            Severity::Warning,
            "not_in_queue",
            "decisions are on pairs that are not in this queue and do not count; check that they belong to this sample",
        );
        note(
            changed,
            Severity::Note,
            "decision_replaced",
            "decisions were replaced by a later one of their reader",
        );
        note(
            more,
            Severity::Note,
            "read_more_than_thrice",
            "pairs have more than three readings; the first three count",
        );
        (ReviewState { outcomes, agreement }, findings)
    }

    /// The pairs settled as a match or not, each with how many scored pairs it stands for.
    ///
    /// Pairs not settled, or settled as *cannot tell*, are taken to be like the settled pairs of their bucket; a finding says
    /// how many they are. It names a bucket with nothing settled too: nothing can be said of its pairs.
    pub fn labelled(&self, state: &ReviewState) -> (Vec<LabelledPair>, Vec<Finding>) {
        let verdict = |at: usize| match state.outcomes.get(at) {
            Some(Outcome::Settled(Verdict::Match)) => Some(true),
            Some(Outcome::Settled(Verdict::NonMatch)) => Some(false),
            _ => None,
        };
        let mut settled = vec![0u64; self.buckets.len()];
        for (at, queued) in self.pairs.iter().enumerate() {
            settled[queued.bucket] += u64::from(verdict(at).is_some());
        }
        let labelled: Vec<LabelledPair> = self
            .pairs
            .iter()
            .enumerate()
            .filter_map(|(at, queued)| {
                Some(LabelledPair {
                    pair: queued.pair,
                    bucket: queued.bucket,
                    is_match: verdict(at)?,
                    stands_for: self.buckets[queued.bucket].pairs as f64 / settled[queued.bucket] as f64,
                })
            })
            .collect();
        let mut findings = Vec::new();
        let unsettled = self.pairs.len() - labelled.len();
        if unsettled > 0 {
            let message = format!(
                "{unsettled} of {} pairs in review are not settled as a match or not and count as the others of their \
                 bucket; have them read on",
                self.pairs.len()
            );
            findings.push(Finding::new(Severity::Warning, "pairs_unsettled", message));
        }
        for (bucket, &settled) in self.buckets.iter().zip(&settled) {
            if bucket.pairs > 0 && settled == 0 {
                let message = format!(
                    "no pair is settled in the bucket from {} to {} bits, which holds {} pairs; they are left out of every \
                     estimate. Have some read",
                    bucket.lower, bucket.upper, bucket.pairs
                );
                findings.push(Finding::new(Severity::Warning, "bucket_unread", message));
            }
        }
        (labelled, findings)
    }

    /// Precision and recall when pairs at or above a threshold are linked. `labelled` are from [`ReviewQueue::labelled`].
    ///
    /// `seed` is for the cautious intervals (2,000 draws).
    pub fn accuracy(&self, labelled: &[LabelledPair], threshold: f64, seed: u64) -> ReviewAccuracy {
        let linked = |pair: &LabelledPair| f64::from(u8::from(pair.pair.weight >= threshold));
        let matched = |pair: &LabelledPair| f64::from(u8::from(pair.is_match));
        let total =
            |of: &dyn Fn(&LabelledPair) -> f64| labelled.iter().map(|p| p.stands_for * of(p)).sum::<f64>();
        let cautious = self.cautious(labelled, threshold, seed);
        let both = |pair: &LabelledPair| linked(pair) * matched(pair);
        ReviewAccuracy {
            precision: self.ratio(labelled, &both, &linked, cautious.0),
            recall: self.ratio(labelled, &both, &matched, cautious.1),
            matches: total(&matched),
            links: total(&linked),
        }
    }

    fn ratio(
        &self,
        labelled: &[LabelledPair],
        y: &dyn Fn(&LabelledPair) -> f64,
        x: &dyn Fn(&LabelledPair) -> f64,
        cautious: (f64, f64),
    ) -> Option<ReviewEstimate> {
        let total =
            |of: &dyn Fn(&LabelledPair) -> f64| labelled.iter().map(|p| p.stands_for * of(p)).sum::<f64>();
        let by = total(x);
        if by <= 0.0 {
            return None;
        }
        let value = total(y) / by;
        let mut variance = 0.0;
        for (number, bucket) in self.buckets.iter().enumerate() {
            let residuals: Vec<f64> =
                labelled.iter().filter(|p| p.bucket == number).map(|p| y(p) - value * x(p)).collect();
            let (n, all) = (residuals.len() as f64, bucket.pairs as f64);
            let mean = residuals.iter().sum::<f64>() / n;
            // Of a single pair the spread is not known; its own square is the least that can be said.
            let spread = if residuals.len() > 1 {
                residuals.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0)
            } else {
                residuals.iter().map(|e| e * e).sum()
            };
            if n > 0.0 {
                variance += all * all * (1.0 - n / all).max(0.0) * spread / n;
            }
        }
        variance /= by * by;
        let counted = labelled.iter().filter(|p| x(p) > 0.0).count() as f64;
        let size = if variance > 0.0 { (value * (1.0 - value) / variance).max(1.0) } else { counted };
        Some(ReviewEstimate { value, interval: wilson(value * size, size), cautious })
    }

    /// Intervals of precision and recall from draws of each bucket's share of matches, either side of the threshold.
    fn cautious(&self, labelled: &[LabelledPair], threshold: f64, seed: u64) -> ((f64, f64), (f64, f64)) {
        // Settled pairs, matches and pairs stood for, below and above the threshold in each bucket.
        let mut cells = vec![[(0.0f64, 0.0f64, 0.0f64); 2]; self.buckets.len()];
        for pair in labelled {
            let cell = &mut cells[pair.bucket][usize::from(pair.pair.weight >= threshold)];
            cell.0 += 1.0;
            cell.1 += f64::from(u8::from(pair.is_match));
            cell.2 += pair.stands_for;
        }
        let links: f64 = cells.iter().map(|cell| cell[1].2).sum();
        let mut stream = Stream::new(seed, 0);
        let (mut precision, mut recall) = (Vec::new(), Vec::new());
        for _ in 0..2000 {
            let mut true_pairs = [0.0; 2];
            for cell in &cells {
                for (side, &(settled, matches, stands_for)) in cell.iter().enumerate() {
                    // A bucket read in full holds what was found in it.
                    let share = if settled == 0.0 || stands_for <= settled {
                        matches / settled.max(1.0)
                    } else {
                        beta(&mut stream, matches + 0.5, settled - matches + 0.5)
                    };
                    true_pairs[side] += share * stands_for;
                }
            }
            precision.push(true_pairs[1] / links);
            recall.push(true_pairs[1] / (true_pairs[0] + true_pairs[1]));
        }
        let interval = |mut drawn: Vec<f64>| {
            drawn.retain(|share| !share.is_nan());
            drawn.sort_unstable_by(f64::total_cmp);
            (percentile(&drawn, 0.025).unwrap_or(0.0), percentile(&drawn, 0.975).unwrap_or(1.0))
        };
        (interval(precision), interval(recall))
    }
}

impl Agreement {
    /// Pairs with two readings.
    pub fn pairs(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of pairs on which the first two readers agree; `None` without pairs.
    pub fn observed(&self) -> Option<f64> {
        let all = self.pairs();
        (all > 0).then(|| (0..3).map(|k| self.counts[k][k]).sum::<u64>() as f64 / all as f64)
    }

    /// Cohen's kappa (1960, *Educ. Psychol. Meas.* 20, 37–46); `None` where chance alone would make all agree.
    ///
    /// Readers differ from pair to pair, so it is of first against second readings, not of two people.
    pub fn kappa(&self) -> Option<f64> {
        let by_chance = (0..3).map(|k| self.share(k, true) * self.share(k, false)).sum();
        beyond_chance(self.observed()?, by_chance)
    }

    /// Gwet's AC1 (2008, *Br. J. Math. Stat. Psychol.* 61, 29–48), which does not fall when one answer is rare.
    pub fn ac1(&self) -> Option<f64> {
        let by_chance = (0..3)
            .map(|k| f64::midpoint(self.share(k, true), self.share(k, false)))
            .map(|share| share * (1.0 - share))
            .sum::<f64>()
            / (self.answers() - 1.0).max(1.0);
        beyond_chance(self.observed()?, by_chance)
    }

    /// Answers that readers could give: *cannot tell* counts only once somebody gave it.
    fn answers(&self) -> f64 {
        if self.share(2, true) + self.share(2, false) > 0.0 { 3.0 } else { 2.0 }
    }

    fn share(&self, answer: usize, first: bool) -> f64 {
        let count: u64 =
            (0..3).map(|k| if first { self.counts[answer][k] } else { self.counts[k][answer] }).sum();
        count as f64 / self.pairs().max(1) as f64
    }
}

fn beyond_chance(observed: f64, by_chance: f64) -> Option<f64> {
    (by_chance < 1.0).then(|| (observed - by_chance) / (1.0 - by_chance))
}

impl Verdict {
    /// As written in a table of decisions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NonMatch => "non-match",
            Self::CannotTell => "cannot tell",
        }
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase().replace(['_', '-'], " ");
        [Self::Match, Self::NonMatch, Self::CannotTell]
            .into_iter()
            .find(|verdict| verdict.as_str().replace('-', " ") == text)
    }
}

/// The columns of a table of decisions: two record keys, who, what, and when (RFC 3339).
pub const DECISION_COLUMNS: [&str; 5] = ["left", "right", "reviewer", "decision", "decided_at"];

/// Findings about single rows at most; the rest are counted.
const ROW_FINDINGS: usize = 100;

/// Reads decisions from CSV with the [`DECISION_COLUMNS`] in any order, other columns beside them. `record` finds a record by
/// its key. The time may be a day alone.
///
/// A row without a decision has not been read yet and is passed over. One that cannot be read is left out and named by its
/// line. A missing column or a broken stream is an error.
pub fn read_decisions(
    table: &str,
    input: impl Read,
    record: &dyn Fn(&str) -> Option<u32>,
) -> Result<(Vec<Decision>, Vec<Finding>), LinkageError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let broken = |e: csv::Error| LinkageError::Table { table: table.to_owned(), reason: e.to_string() };
    let headings = reader.byte_headers().map_err(broken)?.clone();
    let name = |heading: &[u8]| {
        String::from_utf8_lossy(heading).trim_start_matches('\u{feff}').trim().to_ascii_lowercase()
    };
    let mut columns = [0; 5];
    for (place, column) in columns.iter_mut().zip(DECISION_COLUMNS) {
        *place = headings.iter().position(|heading| name(heading) == column).ok_or_else(|| {
            LinkageError::MissingColumn {
                table: table.to_owned(),
                column: column.to_owned(),
                wanted_by: "a table of review decisions".to_owned(),
                has: headings.iter().map(name).collect::<Vec<_>>().join(", "),
            }
        })?;
    }
    let (mut decisions, mut findings, mut left_out) = (Vec::new(), Vec::new(), 0);
    let mut row = csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(broken)? {
        let line = row.position().map_or(0, csv::Position::line);
        if row.get(columns[3]).is_some_and(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        match decision(&row, columns, record) {
            Ok(decision) => decisions.push(decision),
            Err(reason) => {
                left_out += 1;
                if left_out <= ROW_FINDINGS {
                    let message = format!("{table}, line {line}: {reason}; the row is left out");
                    findings.push(Finding::new(Severity::Error, "decision_unreadable", message));
                }
            }
        }
    }
    if left_out > ROW_FINDINGS {
        let message =
            format!("{table}: {left_out} rows are left out in all; the first {ROW_FINDINGS} are named");
        findings.push(Finding::new(Severity::Error, "decisions_unreadable", message));
    }
    Ok((decisions, findings))
}

fn decision(
    row: &csv::ByteRecord,
    columns: [usize; 5],
    record: &dyn Fn(&str) -> Option<u32>,
) -> Result<Decision, String> {
    let mut cells = [""; 5];
    for ((cell, column), name) in cells.iter_mut().zip(columns).zip(DECISION_COLUMNS) {
        let bytes = row.get(column).ok_or_else(|| format!("there is no cell for {name}"))?;
        *cell = std::str::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?.trim();
        if cell.is_empty() {
            return Err(format!("{name} is empty"));
        }
    }
    let [left, right, reviewer, verdict, at] = cells;
    let find = |key: &str| record(key).ok_or_else(|| format!("no record has the key {key}"));
    let (left, right) = (find(left)?, find(right)?);
    if left == right {
        return Err("a record is paired with itself".to_owned());
    }
    let verdict = Verdict::read(verdict)
        .ok_or_else(|| format!("the decision {verdict} is none of match, non-match and cannot tell"))?;
    let at = at.parse().or_else(|_| format!("{at}T00:00:00Z").parse()).map_err(|_| {
        format!("{at} is no time such as 2026-03-02T09:30:00Z, and no day such as 2026-03-02")
    })?;
    Ok(Decision { left: left.min(right), right: left.max(right), reviewer: reviewer.to_owned(), verdict, at })
}

/// Writes decisions as CSV. `key` gives the key of a record.
pub fn write_decisions(
    table: &str,
    output: impl Write,
    decisions: &[Decision],
    key: &dyn Fn(u32) -> String,
) -> Result<(), LinkageError> {
    let broken = |e: csv::Error| LinkageError::Table { table: table.to_owned(), reason: e.to_string() };
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(DECISION_COLUMNS).map_err(broken)?;
    for decision in decisions {
        let at = decision.at.to_string();
        let cells =
            [&key(decision.left), &key(decision.right), &decision.reviewer, decision.verdict.as_str(), &at];
        writer.write_record(cells).map_err(broken)?;
    }
    writer.flush().map_err(|source| LinkageError::Io { what: table.to_owned(), source })
}

impl WeightCalibration {
    /// Fits labelled pairs, each with the number of pairs that it stands for; `None` without any.
    pub fn fit(labelled: &[LabelledPair], shape: CalibrationShape) -> Option<Self> {
        let mut points: Vec<(f64, bool, f64)> = labelled
            .iter()
            .filter(|p| !p.pair.weight.is_nan() && p.stands_for > 0.0 && p.stands_for.is_finite())
            .map(|p| (p.pair.weight.clamp(-1000.0, 1000.0), p.is_match, p.stands_for))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2)));
        let mut pools: Vec<Pool> = Vec::new();
        for run in points.chunk_by(|a, b| a.0 == b.0) {
            let mut pool = Pool::default();
            for &(weight, is_match, mass) in run {
                pool.add(weight, is_match, mass);
            }
            while let Some(before) = pools.last()
                && before.share() >= pool.share()
            {
                pool.join(before);
                pools.pop();
            }
            pools.push(pool);
        }
        // No finite number of pairs makes a probability of 0 or 1.
        let least = 0.5 / (points.len() as f64 + 1.0);
        let blocks: Vec<CalibrationBlock> = pools
            .iter()
            .map(|pool| CalibrationBlock {
                lower: pool.lower,
                upper: pool.upper,
                centre: pool.centre / pool.mass,
                probability: pool.share().clamp(least, 1.0 - least),
                pairs: pool.pairs,
            })
            .collect();
        (!blocks.is_empty()).then_some(Self { blocks, shape })
    }

    /// The blocks, by rising weight.
    pub fn blocks(&self) -> &[CalibrationBlock] {
        &self.blocks
    }

    /// The probability that a weight stands for. Beyond the first and last blocks it stays as it is there.
    pub fn probability(&self, weight: f64) -> f64 {
        if weight.is_nan() {
            return weight;
        }
        let at = |block: &CalibrationBlock| match self.shape {
            CalibrationShape::Step => block.lower,
            CalibrationShape::Linear => block.centre,
        };
        let above = self.blocks.partition_point(|block| at(block) <= weight);
        match (above.checked_sub(1).map(|low| &self.blocks[low]), self.blocks.get(above)) {
            (None, None) => probability_of(weight),
            (Some(low), None) => low.probability,
            (None, Some(high)) => high.probability,
            (Some(low), Some(high)) => match self.shape {
                CalibrationShape::Step if weight < f64::midpoint(low.upper, high.lower) => low.probability,
                CalibrationShape::Step if weight <= low.upper => low.probability,
                CalibrationShape::Step => high.probability,
                CalibrationShape::Linear => {
                    let share = (weight - low.centre) / (high.centre - low.centre);
                    low.probability + share * (high.probability - low.probability)
                }
            },
        }
    }

    /// The same pair with the weight that its calibrated probability stands for.
    pub fn apply(&self, pair: ScoredPair) -> ScoredPair {
        ScoredPair { weight: weight_of(self.probability(pair.weight)), ..pair }
    }
}

#[derive(Debug, Clone, Default)]
struct Pool {
    lower: f64,
    upper: f64,
    /// Sum of weights by mass.
    centre: f64,
    matches: f64,
    mass: f64,
    pairs: u64,
}

impl Pool {
    fn add(&mut self, weight: f64, is_match: bool, mass: f64) {
        (self.lower, self.upper) = (weight, weight);
        self.centre += weight * mass;
        self.matches += if is_match { mass } else { 0.0 };
        self.mass += mass;
        self.pairs += 1;
    }

    fn join(&mut self, before: &Pool) {
        self.lower = before.lower;
        self.centre += before.centre;
        self.matches += before.matches;
        self.mass += before.mass;
        self.pairs += before.pairs;
    }

    fn share(&self) -> f64 {
        self.matches / self.mass
    }
}

/// The pairs of a bucket with the smallest tickets so far.
#[derive(Debug, Clone, Default)]
struct Held {
    all: u64,
    taken: BinaryHeap<Ticket>,
}

impl Held {
    fn offer(&mut self, ticket: Ticket, at_most: usize) {
        if self.taken.len() < at_most {
            self.taken.push(ticket);
        } else if self.taken.peek().is_some_and(|largest| ticket < *largest) {
            self.taken.pop();
            self.taken.push(ticket);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Ticket {
    hash: u64,
    pair: ScoredPair,
}

impl Ticket {
    fn new(pair: &ScoredPair, seed: u64) -> Self {
        let (left, right) = (pair.left.min(pair.right), pair.left.max(pair.right));
        let hash = mix(mix(seed, 0), (u64::from(left) << 32) | u64::from(right));
        Self { hash, pair: ScoredPair { left, right, weight: pair.weight } }
    }

    fn key(&self) -> (u64, u32, u32) {
        (self.hash, self.pair.left, self.pair.right)
    }
}

impl PartialEq for Ticket {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Ticket {}

impl PartialOrd for Ticket {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ticket {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// A draw from the beta distribution, by two gamma draws.
fn beta(stream: &mut Stream, a: f64, b: f64) -> f64 {
    let (x, y) = (gamma(stream, a), gamma(stream, b));
    x / (x + y)
}

/// A draw from the gamma distribution of scale 1 (Marsaglia and Tsang 2000, *ACM Trans. Math. Softw.* 26, 363–372).
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let lift = (1.0 - stream.unit()).powf(1.0 / shape);
        return gamma(stream, shape + 1.0) * lift;
    }
    let centre = shape - 1.0 / 3.0;
    let spread = 1.0 / (9.0 * centre).sqrt();
    loop {
        let x = normal(stream);
        let cube = (1.0 + spread * x).powi(3);
        let accepted = 1.0 - stream.unit();
        if cube > 0.0 && accepted.ln() < 0.5 * x * x + centre * (1.0 - cube + cube.ln()) {
            return centre * cube;
        }
    }
}

/// A draw from the normal distribution (Box and Muller 1958).
fn normal(stream: &mut Stream) -> f64 {
    let radius = (-2.0 * (1.0 - stream.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * stream.unit()).cos()
}

#[cfg(test)]
mod tests;
