//! How good a linkage is, against what is known: counts, intervals, calibration, the errors themselves, and who is left out.

use std::collections::BTreeMap;
use std::fmt;

use candour_record::{Finding, Presence, Protected, Severity};
use rayon::prelude::*;

use crate::clusters::unusable_pairs;
use crate::random::Stream;
use crate::{Clusters, ScoredPair};

/// What is known to be true.
#[derive(Debug, Clone, Copy)]
pub enum Truth<'a> {
    /// Which person each record is of: any number for each record, the same for records of one person.
    People(&'a [u32]),
    /// For some pairs, whether they are of one person. All counts are then of those pairs only.
    Labels(&'a Labels),
}

/// Pairs labelled as of one person or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// Sorted by the two record numbers, the smaller first.
    pairs: Vec<((u32, u32), bool)>,
}

/// Pairs rightly linked, wrongly linked and missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct PairCounts {
    /// Linked and of one person.
    pub true_links: u64,
    /// Linked and not of one person.
    pub false_links: u64,
    /// Of one person and not linked, whether compared or not.
    pub missed: u64,
}

/// Pair counts at every threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdTable {
    /// All pairs that are of one person.
    pub matches: u64,
    /// All pairs that are not.
    pub non_matches: u64,
    /// One row for each weight met, highest first.
    pub rows: Vec<ThresholdRow>,
}

/// Counts when pairs of this weight or more are linked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdRow {
    /// The match weight in bits. Weights are rounded to 0.1 and cut off at ±1,000 before they are compared.
    pub weight: f64,
    /// The counts.
    pub counts: PairCounts,
}

/// How clusters agree with the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterAccuracy {
    /// Of pairs of records in one cluster.
    pub pairs: PairCounts,
    /// B-cubed precision (Bagga and Baldwin 1998): over records, the mean share of a record's cluster that is of its person.
    pub b_cubed_precision: f64,
    /// B-cubed recall: over records, the mean share of a person's records that stand in the record's cluster.
    pub b_cubed_recall: f64,
    /// People.
    pub people: u64,
    /// People whose records are all in one cluster that holds nothing else.
    pub exactly_right: u64,
}

/// Wrong links and missed ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinkErrors {
    /// Linked, not of one person; strongest first.
    pub false_links: Vec<ScoredPair>,
    /// Of one person, not linked; by record numbers.
    pub missed: Vec<MissedLink>,
}

/// Two records of one person that were not linked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissedLink {
    /// The smaller record number.
    pub left: u32,
    /// The larger.
    pub right: u32,
    /// Its weight in bits; `None` where the pair was never scored (no blocking rule made it, or it was not kept).
    pub weight: Option<f64>,
}

/// What was said of pairs with about one probability, and what is true of them.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct CalibrationBand {
    /// Probabilities from here.
    pub lower: f64,
    /// Up to here; the last band includes it.
    pub upper: f64,
    /// Pairs whose truth is known.
    pub pairs: u64,
    /// Mean of the stated probabilities; `None` without pairs.
    pub stated: Option<f64>,
    /// Share that is of one person; `None` without pairs.
    pub share: Option<f64>,
    /// 95 % interval of the share (Wilson 1927). It takes pairs as independent, which pairs of one person are not quite.
    pub interval: (f64, f64),
}

/// Bands that tell apart where linkers are most often too sure.
pub const CALIBRATION_EDGES: [f64; 10] = [0.0, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999, 0.99999, 1.0];

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Bootstrap samples; 0 for none.
    pub replicates: u32,
    /// Their seed.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { replicates: 1000, seed: 1 }
    }
}

/// A measure with its 95 % intervals, when people (with all their records) are what is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The measure itself.
    pub value: f64,
    /// Percentiles 2.5 and 97.5 over bootstrap samples of people (Efron and Tibshirani 1993, ch. 13).
    pub bootstrap: Option<(f64, f64)>,
    /// From the linearised variance of a ratio over clusters (Cochran 1977, *Sampling Techniques*, §6.3 and §9A); `None`
    /// with fewer than two people.
    pub linearised: Option<(f64, f64)>,
}

/// Measures with intervals; `None` for one that cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AccuracyEstimates {
    /// Of pairs.
    pub precision: Option<Estimate>,
    /// Of pairs.
    pub recall: Option<Estimate>,
    /// Of pairs.
    pub f1: Option<Estimate>,
    /// B-cubed; of clusters only, as the next three.
    pub b_cubed_precision: Option<Estimate>,
    /// B-cubed.
    pub b_cubed_recall: Option<Estimate>,
    /// Harmonic mean of the two.
    pub b_cubed_f1: Option<Estimate>,
    /// Share of people whose cluster is exactly right.
    pub exactly_right: Option<Estimate>,
}

impl Labels {
    /// From `(record, record, score)`, the score from 0 (not of one person) to 1; one half and more is a match.
    ///
    /// A score that is not in that range is left out with a finding. Of two labels for one pair that differ, the first stands.
    pub fn new(scored: impl IntoIterator<Item = (u32, u32, f64)>) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut pairs = Vec::new();
        let mut left_out = 0;
        for (a, b, score) in scored {
            if (0.0..=1.0).contains(&score) && a != b {
                pairs.push(((a.min(b), a.max(b)), score >= 0.5));
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            let message = format!(
                "{left_out} labels were left out: a label needs two different records and a score from 0 to 1"
            );
            findings.push(Finding::new(Severity::Warning, "label_unusable", message));
        }
        pairs.sort_by_key(|(pair, _)| *pair);
        let contradicting =
            pairs.windows(2).filter(|two| two[0].0 == two[1].0 && two[0].1 != two[1].1).count();
        if contradicting > 0 {
            let message = format!(
                "{contradicting} labels contradict one before them on the same pair; the first stands. Have them read again"
            );
            findings.push(Finding::new(Severity::Warning, "labels_contradict", message));
        }
        pairs.dedup_by_key(|(pair, _)| *pair);
        (Self { pairs }, findings)
    }

    /// What is said of a pair.
    pub fn get(&self, a: u32, b: u32) -> Option<bool> {
        let at = self.pairs.binary_search_by_key(&(a.min(b), a.max(b)), |(pair, _)| *pair).ok()?;
        Some(self.pairs[at].1)
    }

    /// Number of labelled pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nothing is labelled.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl Truth<'_> {
    /// Whether two records are of one person; `None` where that is not known.
    pub fn of(&self, a: u32, b: u32) -> Option<bool> {
        match self {
            Self::People(people) => Some(people.get(a as usize)? == people.get(b as usize)?),
            Self::Labels(labels) => labels.get(a, b),
        }
    }

    /// Pairs that are of one person, and pairs that are not.
    fn totals(&self) -> (u64, u64) {
        match self {
            Self::People(people) => {
                let mut sorted = people.to_vec();
                sorted.par_sort_unstable();
                let matches = sorted.chunk_by(|a, b| a == b).map(|run| pairs_of(run.len() as u64)).sum();
                (matches, pairs_of(people.len() as u64) - matches)
            }
            Self::Labels(labels) => {
                let matches = labels.pairs.iter().filter(|(_, is_match)| *is_match).count() as u64;
                (matches, labels.pairs.len() as u64 - matches)
            }
        }
    }

    fn records(&self) -> u32 {
        match self {
            Self::People(people) => people.len() as u32,
            Self::Labels(_) => u32::MAX,
        }
    }
}

impl PairCounts {
    /// True links over links.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_links as f64, (self.true_links + self.false_links) as f64)
    }

    /// True links over pairs of one person.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_links as f64, (self.true_links + self.missed) as f64)
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2.0 * self.true_links as f64;
        ratio(twice, twice + (self.false_links + self.missed) as f64)
    }
}

impl ThresholdTable {
    /// The row with the highest F1; of equal ones that with the higher threshold.
    pub fn best_f1(&self) -> Option<&ThresholdRow> {
        let f1 = |row: &ThresholdRow| row.counts.f1().unwrap_or_default();
        self.rows.iter().reduce(|best, row| if f1(row).total_cmp(&f1(best)).is_gt() { row } else { best })
    }

    /// `(false positive rate, recall)` at each threshold, from (0, 0): the receiver operating characteristic.
    pub fn roc(&self) -> Vec<(f64, f64)> {
        let point = |row: &ThresholdRow| {
            let rate = ratio(row.counts.false_links as f64, self.non_matches as f64);
            (rate.unwrap_or_default(), row.counts.recall().unwrap_or_default())
        };
        std::iter::once((0.0, 0.0)).chain(self.rows.iter().map(point)).collect()
    }

    /// `(recall, precision)` at each threshold.
    pub fn precision_recall(&self) -> Vec<(f64, f64)> {
        let point = |row: &ThresholdRow| Some((row.counts.recall()?, row.counts.precision()?));
        self.rows.iter().filter_map(point).collect()
    }
}

impl ClusterAccuracy {
    /// Harmonic mean of the two B-cubed measures.
    pub fn b_cubed_f1(&self) -> Option<f64> {
        ratio(
            2.0 * self.b_cubed_precision * self.b_cubed_recall,
            self.b_cubed_precision + self.b_cubed_recall,
        )
    }

    /// Share of people exactly right.
    pub fn exactly_right_share(&self) -> Option<f64> {
        ratio(self.exactly_right as f64, self.people as f64)
    }
}

/// Counts when pairs at or above a threshold are linked. `pairs` hold each pair once.
pub fn pair_accuracy(pairs: &[ScoredPair], truth: Truth<'_>, threshold: f64) -> (PairCounts, Vec<Finding>) {
    let (matches, _) = truth.totals();
    let mut counts = PairCounts::default();
    for pair in pairs.iter().filter(|pair| pair.weight >= threshold) {
        match truth.of(pair.left, pair.right) {
            Some(true) => counts.true_links += 1,
            Some(false) => counts.false_links += 1,
            None => {}
        }
    }
    counts.missed = matches.saturating_sub(counts.true_links);
    (counts, unusable_pairs(truth.records(), pairs))
}

/// Counts at every threshold. `pairs` hold each pair once.
pub fn threshold_table(pairs: &[ScoredPair], truth: Truth<'_>) -> (ThresholdTable, Vec<Finding>) {
    let (matches, non_matches) = truth.totals();
    let empty = || vec![(0u64, 0u64); 20_001];
    let counted = pairs
        .par_iter()
        .with_min_len(1 << 18)
        .filter(|pair| !pair.weight.is_nan())
        .fold(empty, |mut bins, pair| {
            let bin = ((pair.weight.clamp(-1000.0, 1000.0) * 10.0).round() + 10_000.0) as usize;
            match truth.of(pair.left, pair.right) {
                Some(true) => bins[bin].0 += 1,
                Some(false) => bins[bin].1 += 1,
                None => {}
            }
            bins
        })
        .reduce(empty, |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = (a.0 + b.0, a.1 + b.1));
            a
        });
    let mut rows = Vec::new();
    let mut counts = PairCounts { missed: matches, ..PairCounts::default() };
    for (bin, &(right, wrong)) in counted.iter().enumerate().rev().filter(|(_, bin)| bin.0 + bin.1 > 0) {
        counts.true_links += right;
        counts.false_links += wrong;
        counts.missed = matches.saturating_sub(counts.true_links);
        rows.push(ThresholdRow { weight: (bin as f64 - 10_000.0) / 10.0, counts });
    }
    (ThresholdTable { matches, non_matches, rows }, unusable_pairs(truth.records(), pairs))
}

/// How clusters agree with which person each record is of.
pub fn cluster_accuracy(clusters: &Clusters, people: &[u32]) -> (ClusterAccuracy, Vec<Finding>) {
    let (shares, findings) = cluster_shares(clusters, people);
    let total = Sums::of(&shares);
    let accuracy = ClusterAccuracy {
        // Halves of false links come in twos.
        pairs: PairCounts {
            true_links: total.0[TRUE] as u64,
            false_links: total.0[FALSE].round() as u64,
            missed: total.0[MISSED] as u64,
        },
        b_cubed_precision: ratio(total.0[B_PRECISION], total.0[RECORDS]).unwrap_or_default(),
        b_cubed_recall: ratio(total.0[B_RECALL], total.0[RECORDS]).unwrap_or_default(),
        people: shares.len() as u64,
        exactly_right: total.0[EXACT] as u64,
    };
    (accuracy, findings)
}

/// Counts over labelled pairs, linked when both records stand in one cluster.
pub fn labelled_cluster_accuracy(clusters: &Clusters, labels: &Labels) -> PairCounts {
    let label = |record: u32| clusters.labels().get(record as usize);
    let mut counts = PairCounts::default();
    for &((a, b), is_match) in &labels.pairs {
        match (is_match, label(a).is_some() && label(a) == label(b)) {
            (true, true) => counts.true_links += 1,
            (false, true) => counts.false_links += 1,
            (true, false) => counts.missed += 1,
            (false, false) => {}
        }
    }
    counts
}

/// The wrong links at a threshold and the missed ones, at most `limit` of each.
pub fn link_errors(
    pairs: &[ScoredPair],
    truth: Truth<'_>,
    threshold: f64,
    limit: usize,
) -> (LinkErrors, Vec<Finding>) {
    let mut findings = unusable_pairs(truth.records(), pairs);
    let mut false_links: Vec<ScoredPair> = pairs
        .iter()
        .filter(|pair| pair.weight >= threshold && truth.of(pair.left, pair.right) == Some(false))
        .copied()
        .collect();
    false_links.par_sort_unstable_by(|a, b| {
        b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    let mut scored: Vec<((u32, u32), f64)> = pairs
        .iter()
        .filter(|pair| truth.of(pair.left, pair.right) == Some(true))
        .map(|pair| ((pair.left.min(pair.right), pair.left.max(pair.right)), pair.weight))
        .collect();
    scored.par_sort_unstable_by_key(|(pair, _)| *pair);
    let mut missed = Vec::new();
    let mut look = |left: u32, right: u32| {
        let weight =
            scored.binary_search_by_key(&(left, right), |(pair, _)| *pair).ok().map(|at| scored[at].1);
        if weight.is_none_or(|weight| weight < threshold) {
            missed.push(MissedLink { left, right, weight });
        }
        // One past the limit, to know that there are more.
        missed.len() <= limit
    };
    match truth {
        Truth::Labels(labels) => {
            labels.pairs.iter().filter(|(_, is_match)| *is_match).all(|&((a, b), _)| look(a, b));
        }
        Truth::People(people) => {
            let groups = Clusters::from_labels(people).groups();
            groups.iter().all(|members| {
                members.iter().enumerate().all(|(at, &a)| members[at + 1..].iter().all(|&b| look(a, b)))
            });
        }
    }
    if missed.len() > limit || false_links.len() > limit {
        let message =
            format!("more than {limit} false or missed links; only the first {limit} of each are listed");
        findings.push(Finding::new(Severity::Note, "errors_cut_short", message));
    }
    missed.truncate(limit);
    missed.sort_unstable_by_key(|link| (link.left, link.right));
    false_links.truncate(limit);
    (LinkErrors { false_links, missed }, findings)
}

/// Stated probabilities against the truth, in bands between `edges` (ascending, such as [`CALIBRATION_EDGES`]).
///
/// Only scored pairs are counted. Use pairs apart from those that the model was calibrated on.
pub fn calibration(pairs: &[ScoredPair], truth: Truth<'_>, edges: &[f64]) -> Vec<CalibrationBand> {
    let mut sums = CalibrationSums::new(edges);
    for pair in pairs {
        if let Some(is_match) = truth.of(pair.left, pair.right) {
            sums.add(pair.probability(), is_match);
        }
    }
    sums.bands()
}

/// [`calibration`] of pairs that come one at a time.
#[derive(Debug, Clone)]
pub(crate) struct CalibrationSums<'a> {
    edges: &'a [f64],
    /// Pairs, those of one person, and the sum of what was stated.
    sums: Vec<(u64, u64, f64)>,
}

impl<'a> CalibrationSums<'a> {
    pub(crate) fn new(edges: &'a [f64]) -> Self {
        Self { edges, sums: vec![(0, 0, 0.0); edges.len().saturating_sub(1)] }
    }

    pub(crate) fn add(&mut self, probability: f64, is_match: bool) {
        let (edges, bands) = (self.edges, self.sums.len());
        if bands == 0 || !(probability >= edges[0] && probability <= edges[bands]) {
            return;
        }
        let band = edges.partition_point(|&edge| edge <= probability).clamp(1, bands) - 1;
        self.sums[band].0 += 1;
        self.sums[band].1 += u64::from(is_match);
        self.sums[band].2 += probability;
    }

    pub(crate) fn bands(&self) -> Vec<CalibrationBand> {
        self.sums
            .iter()
            .zip(self.edges.windows(2))
            .map(|(&(pairs, matches, stated), edges)| CalibrationBand {
                lower: edges[0],
                upper: edges[1],
                pairs,
                stated: ratio(stated, pairs as f64),
                share: ratio(matches as f64, pairs as f64),
                interval: wilson(matches as f64, pairs as f64),
            })
            .collect()
    }
}

/// Pairwise measures at a threshold with intervals, people sampled. A false link counts half for each of its two people.
pub fn pair_estimates(
    pairs: &[ScoredPair],
    people: &[u32],
    threshold: f64,
    resampling: Resampling,
) -> (AccuracyEstimates, Vec<Finding>) {
    let findings = unusable_pairs(people.len() as u32, pairs);
    let person = Clusters::from_labels(people);
    let mut shares = vec![Sums::default(); people.len()];
    let mut records = vec![0u64; people.len()];
    for &label in person.labels() {
        records[label as usize] += 1;
    }
    for pair in pairs.iter().filter(|pair| pair.weight >= threshold && pair.left != pair.right) {
        let (Some(&a), Some(&b)) =
            (person.labels().get(pair.left as usize), person.labels().get(pair.right as usize))
        else {
            continue;
        };
        if a == b {
            shares[a as usize].0[TRUE] += 1.0;
        } else {
            shares[a as usize].0[FALSE] += 0.5;
            shares[b as usize].0[FALSE] += 0.5;
        }
    }
    let mut of_people = Vec::new();
    for (mut share, records) in shares.into_iter().zip(records).filter(|(_, records)| *records > 0) {
        share.0[MISSED] = pairs_of(records) as f64 - share.0[TRUE];
        of_people.push(share);
    }
    (estimates(&of_people, resampling), findings)
}

/// All measures of clusters with intervals, people sampled. A false link counts half for each of its two people.
pub fn cluster_estimates(
    clusters: &Clusters,
    people: &[u32],
    resampling: Resampling,
) -> (AccuracyEstimates, Vec<Finding>) {
    let (shares, findings) = cluster_shares(clusters, people);
    (estimates(&shares, resampling), findings)
}

// What one person adds to each sum.
const TRUE: usize = 0;
const FALSE: usize = 1;
const MISSED: usize = 2;
const RECORDS: usize = 3;
const B_PRECISION: usize = 4;
const B_RECALL: usize = 5;
const EXACT: usize = 6;
const ONE: usize = 7;

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Sums([f64; 8]);

impl Sums {
    fn of(shares: &[Sums]) -> Self {
        let mut total = Self::default();
        for share in shares {
            total.add(share);
        }
        total
    }

    fn add(&mut self, other: &Sums) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }

    /// Every measure as a ratio of two combinations of the sums; B-cubed F1 is none.
    fn ratios(&self) -> [(f64, f64); 6] {
        let s = &self.0;
        [
            (s[TRUE], s[TRUE] + s[FALSE]),
            (s[TRUE], s[TRUE] + s[MISSED]),
            (2.0 * s[TRUE], 2.0 * s[TRUE] + s[FALSE] + s[MISSED]),
            (s[B_PRECISION], s[RECORDS]),
            (s[B_RECALL], s[RECORDS]),
            (s[EXACT], s[ONE]),
        ]
    }

    fn b_cubed_f1(&self) -> Option<f64> {
        let s = &self.0;
        ratio(2.0 * s[B_PRECISION] * s[B_RECALL], s[RECORDS] * (s[B_PRECISION] + s[B_RECALL]))
    }

    fn measures(&self) -> [Option<f64>; 7] {
        let r = self.ratios().map(|(y, x)| ratio(y, x));
        [r[0], r[1], r[2], r[3], r[4], r[5], self.b_cubed_f1()]
    }
}

fn cluster_shares(clusters: &Clusters, people: &[u32]) -> (Vec<Sums>, Vec<Finding>) {
    let labels = clusters.labels();
    let mut findings = Vec::new();
    if labels.len() != people.len() {
        let message = format!(
            "the truth names {} records and the clusters {}; only the first {} are counted. Give the truth for every record",
            people.len(),
            labels.len(),
            labels.len().min(people.len())
        );
        findings.push(Finding::new(Severity::Error, "truth_length", message));
    }
    let mut size = vec![0u64; labels.len()];
    let mut keyed: Vec<(u32, u32)> = people.iter().copied().zip(labels.iter().copied()).collect();
    for &(_, label) in &keyed {
        size[label as usize] += 1;
    }
    keyed.par_sort_unstable();
    let shares = keyed
        .chunk_by(|a, b| a.0 == b.0)
        .map(|person| {
            let records = person.len() as u64;
            let mut share = [0.0; 8];
            for part in person.chunk_by(|a, b| a.1 == b.1) {
                let (here, cluster) = (part.len() as u64, size[part[0].1 as usize]);
                share[TRUE] += pairs_of(here) as f64;
                share[FALSE] += (here * (cluster - here)) as f64 / 2.0;
                share[B_PRECISION] += (here * here) as f64 / cluster as f64;
                share[B_RECALL] += (here * here) as f64 / records as f64;
                share[EXACT] += f64::from(u8::from(here == records && here == cluster));
            }
            share[MISSED] = pairs_of(records) as f64 - share[TRUE];
            share[RECORDS] = records as f64;
            share[ONE] = 1.0;
            Sums(share)
        })
        .collect();
    (shares, findings)
}

fn estimates(shares: &[Sums], resampling: Resampling) -> AccuracyEstimates {
    let total = Sums::of(shares);
    let values = total.measures();
    let replicates: Vec<[Option<f64>; 7]> = (0..u64::from(resampling.replicates))
        .into_par_iter()
        .map(|replicate| {
            let mut stream = Stream::new(resampling.seed, replicate);
            let mut sums = Sums::default();
            for _ in 0..shares.len() {
                sums.add(&shares[stream.below(shares.len() as u64) as usize]);
            }
            sums.measures()
        })
        .collect();
    let estimate = |at: usize| {
        let value = values[at]?;
        let mut drawn: Vec<f64> = replicates.iter().filter_map(|measures| measures[at]).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let bootstrap = percentile(&drawn, 0.025).zip(percentile(&drawn, 0.975));
        let linearised = linearised_error(shares, &total, value, at)
            .map(|error| ((value - Z95 * error).max(0.0), (value + Z95 * error).min(1.0)));
        Some(Estimate { value, bootstrap, linearised })
    };
    AccuracyEstimates {
        precision: estimate(0),
        recall: estimate(1),
        f1: estimate(2),
        b_cubed_precision: estimate(3),
        b_cubed_recall: estimate(4),
        exactly_right: estimate(5),
        b_cubed_f1: estimate(6),
    }
}

/// Standard error by linearisation: each person's share of the derivative, its variance over people.
fn linearised_error(shares: &[Sums], total: &Sums, value: f64, measure: usize) -> Option<f64> {
    let people = shares.len() as f64;
    if people < 2.0 {
        return None;
    }
    let s = &total.0;
    let influence = |share: &Sums| {
        if let Some((_, x)) = total.ratios().get(measure) {
            let (y_here, x_here) = share.ratios()[measure];
            (y_here - value * x_here) / x
        } else {
            // F = 2br / (n (b + r)) in the sums b, r and n.
            let both = s[RECORDS] * (s[B_PRECISION] + s[B_RECALL]).powi(2);
            let by_precision = s[B_RECALL].powi(2) * share.0[B_PRECISION];
            let by_recall = s[B_PRECISION].powi(2) * share.0[B_RECALL];
            2.0 * (by_precision + by_recall) / both - value * share.0[RECORDS] / s[RECORDS]
        }
    };
    // The influences sum to 0, so that no mean needs to be taken off.
    let squares: f64 = shares.iter().map(|share| influence(share).powi(2)).sum();
    Some((squares * people / (people - 1.0)).sqrt())
}

/// The 97.5th percentile of the normal distribution.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of a share (1927, *J. Am. Stat. Assoc.* 22, 209–212); 0 to 1 where nothing was counted.
pub(crate) fn wilson(successes: f64, of: f64) -> (f64, f64) {
    if of.is_nan() || of <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, z2) = (successes / of, Z95 * Z95);
    let centre = share + z2 / (2.0 * of);
    let half = Z95 * (share * (1.0 - share) / of + z2 / (4.0 * of * of)).max(0.0).sqrt();
    let below = 1.0 + z2 / of;
    (((centre - half) / below).max(0.0), ((centre + half) / below).min(1.0))
}

/// A percentile of sorted numbers, interpolated between the two nearest (type 7 of Hyndman and Fan 1996).
pub(crate) fn percentile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at * (sorted.len().checked_sub(1)? as f64);
    let low = sorted[place.floor() as usize];
    Some(low + (sorted[place.ceil() as usize] - low) * place.fract())
}

fn ratio(of: f64, by: f64) -> Option<f64> {
    (by > 0.0).then(|| of / by)
}

fn pairs_of(records: u64) -> u64 {
    records * records.saturating_sub(1) / 2
}

/// How many records of each group were linked. The counts cannot be read here.
///
/// Who is missed by a linkage must be published, but small counts tell of single people. So the numbers have no accessor, no
/// comparison, no serialisation, and `Debug` withholds them: the disclosure room will be their only way out. These do not
/// compile:
///
/// ```compile_fail
/// let (counts, _) = candour_linkage::link_rates(&[true, false], &["north", "south"]);
/// println!("{}", counts.linked("north")); // there is no such method
/// ```
/// ```compile_fail
/// fn write<T: serde::Serialize>(_: T) {}
/// write(candour_linkage::link_rates(&[true], &["north"]).0); // cannot be serialised
/// ```
///
/// Protected characteristics cannot be groups, for their values can be neither compared nor ordered; whether they were
/// recorded is counted with [`link_rates_by_presence`]. This does not compile:
///
/// ```compile_fail
/// let ethnicity = [candour_record::Protected::recorded("A1")];
/// candour_linkage::link_rates(&[true], &ethnicity);
/// ```
///
/// What can be done is to add the counts of several runs:
///
/// ```
/// let (mut counts, findings) = candour_linkage::link_rates(&[true, false], &["north", "south"]);
/// counts.merge(candour_linkage::link_rates(&[true], &["north"]).0);
/// assert!(findings.is_empty());
/// assert_eq!(format!("{counts:?}"), "LinkRateCounts(withheld)");
/// ```
pub struct LinkRateCounts<G> {
    /// Linked, and all.
    counts: BTreeMap<G, (u64, u64)>,
}

impl<G: Ord> LinkRateCounts<G> {
    /// Adds the counts of another run over other records.
    pub fn merge(&mut self, other: Self) {
        for (group, (linked, all)) in other.counts {
            let count = self.counts.entry(group).or_default();
            *count = (count.0 + linked, count.1 + all);
        }
    }
}

impl<G> fmt::Debug for LinkRateCounts<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkRateCounts(withheld)")
    }
}

/// Counts linked records by group; `linked` as from [`linked_records`], `groups` any label for each record.
pub fn link_rates<G: Ord + Clone>(linked: &[bool], groups: &[G]) -> (LinkRateCounts<G>, Vec<Finding>) {
    let mut findings = Vec::new();
    if linked.len() != groups.len() {
        let message = format!(
            "groups are given for {} records and there are {}; the rest are not counted. Give a group, if only \
             \"not known\", for each record",
            groups.len(),
            linked.len()
        );
        findings.push(Finding::new(Severity::Error, "groups_missing", message));
    }
    let mut counts: BTreeMap<G, (u64, u64)> = BTreeMap::new();
    for (&linked, group) in linked.iter().zip(groups) {
        if let Some(count) = counts.get_mut(group) {
            *count = (count.0 + u64::from(linked), count.1 + 1);
        } else {
            counts.insert(group.clone(), (u64::from(linked), 1));
        }
    }
    (LinkRateCounts { counts }, findings)
}

/// Counts linked records by whether a protected characteristic was recorded. Its values are not looked at.
pub fn link_rates_by_presence<T>(
    linked: &[bool],
    characteristic: &[Protected<T>],
) -> (LinkRateCounts<Presence>, Vec<Finding>) {
    let presence: Vec<Presence> = characteristic.iter().map(Protected::presence).collect();
    link_rates(linked, &presence)
}

/// For each record, whether its cluster holds a record of another source; with `sources` empty, whether it holds any other.
pub fn linked_records(clusters: &Clusters, sources: &[u16]) -> Vec<bool> {
    let labels = clusters.labels();
    let source = |record: usize| sources.get(record);
    let mut several = vec![false; labels.len()];
    for (record, &label) in labels.iter().enumerate() {
        let first = label as usize;
        if first != record && (sources.is_empty() || source(first) != source(record)) {
            several[first] = true;
        }
    }
    labels.iter().map(|&label| several[label as usize]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::components;

    fn pair(left: u32, right: u32, weight: f64) -> ScoredPair {
        ScoredPair { left, right, weight }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_small_case_by_hand() {
        // Person 7: records 0, 1, 2. Person 9: records 3, 4. Person 1: record 5.
        let people = [7, 7, 7, 9, 9, 1];
        let pairs = [pair(0, 1, 9.04), pair(2, 3, 3.0), pair(3, 4, 5.0), pair(0, 5, -2.0), pair(2, 1, -4.0)];
        let (counts, findings) = pair_accuracy(&pairs, Truth::People(&people), 0.0);
        assert_eq!(counts, PairCounts { true_links: 2, false_links: 1, missed: 2 });
        assert!(findings.is_empty());
        let (table, _) = threshold_table(&pairs, Truth::People(&people));
        assert_eq!((table.matches, table.non_matches), (4, 11));
        let weights: Vec<f64> = table.rows.iter().map(|r| r.weight).collect();
        assert_eq!(weights, [9.0, 5.0, 3.0, -2.0, -4.0]);
        assert_eq!(table.best_f1().unwrap().weight, 5.0);
        assert_eq!(table.roc()[0], (0.0, 0.0));
        assert_eq!(*table.roc().last().unwrap(), (2.0 / 11.0, 0.75));
        assert_eq!(table.precision_recall()[1], (0.5, 1.0));

        // Clusters {0, 1}, {2, 3, 4}, {5}.
        let clusters = components(6, &pairs, 0.0).0;
        let (accuracy, _) = cluster_accuracy(&clusters, &people);
        assert_eq!(accuracy.pairs, PairCounts { true_links: 2, false_links: 2, missed: 2 });
        assert!(close(
            accuracy.b_cubed_precision,
            (1.0 + 1.0 + 1.0 / 3.0 + 2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 6.0
        ));
        assert!(close(accuracy.b_cubed_recall, (2.0 / 3.0 * 2.0 + 1.0 / 3.0 + 1.0 + 1.0 + 1.0) / 6.0));
        assert_eq!((accuracy.people, accuracy.exactly_right), (3, 1));

        let (errors, _) = link_errors(&pairs, Truth::People(&people), 0.0, 10);
        assert_eq!(errors.false_links, [pair(2, 3, 3.0)]);
        assert_eq!(
            errors.missed,
            [
                MissedLink { left: 0, right: 2, weight: None },
                MissedLink { left: 1, right: 2, weight: Some(-4.0) }
            ]
        );
        let (cut, findings) = link_errors(&pairs, Truth::People(&people), 0.0, 1);
        assert_eq!((cut.missed.len(), findings[0].code.as_str()), (1, "errors_cut_short"));
    }

    #[test]
    fn labels_count_only_what_is_labelled() {
        let (labels, findings) =
            Labels::new([(1, 0, 1.0), (2, 3, 0.0), (0, 1, 0.2), (4, 5, 0.9), (6, 7, 2.0)]);
        assert_eq!(
            findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(),
            ["label_unusable", "labels_contradict"]
        );
        assert_eq!((labels.len(), labels.get(0, 1)), (3, Some(true)));
        let pairs = [pair(0, 1, 4.0), pair(2, 3, 4.0), pair(8, 9, 4.0)];
        let expected = PairCounts { true_links: 1, false_links: 1, missed: 1 };
        assert_eq!(pair_accuracy(&pairs, Truth::Labels(&labels), 0.0).0, expected);
        assert_eq!(labelled_cluster_accuracy(&components(10, &pairs, 0.0).0, &labels), expected);
        let (errors, _) = link_errors(&pairs, Truth::Labels(&labels), 0.0, 9);
        assert_eq!(errors.missed, [MissedLink { left: 4, right: 5, weight: None }]);
    }

    #[test]
    fn calibration_sets_stated_means_beside_true_shares() {
        let people = [0, 0, 1, 1, 2, 3];
        // Probabilities 0.5, 0.8 and 0.8.
        let pairs = [pair(0, 1, 0.0), pair(2, 3, 2.0), pair(4, 5, 2.0)];
        let bands = calibration(&pairs, Truth::People(&people), &[0.0, 0.5, 1.0]);
        assert_eq!((bands[0].pairs, bands[0].stated, bands[0].share), (0, None, None));
        assert_eq!(bands[1].pairs, 3);
        assert!(close(bands[1].stated.unwrap(), 0.7) && close(bands[1].share.unwrap(), 2.0 / 3.0));
        assert!(calibration(&pairs, Truth::People(&people), &[]).is_empty());
    }

    #[test]
    fn wilson_as_published() {
        // Newcombe 1998, Statistics in Medicine 17, Table I, method 3.
        for (successes, of, expected) in [
            (81.0, 263.0, (0.2553, 0.3662)),
            (15.0, 148.0, (0.0624, 0.1605)),
            (0.0, 20.0, (0.0, 0.1611)),
            (1.0, 29.0, (0.0061, 0.1718)),
        ] {
            let (low, high) = wilson(successes, of);
            let near = |a: f64, b: f64| (a - b).abs() < 6e-5;
            assert!(
                near(low, expected.0) && near(high, expected.1),
                "{successes} of {of}: {low:.4} to {high:.4}"
            );
        }
    }

    #[test]
    fn intervals_hold_the_measure_agree_with_each_other_and_with_any_number_of_threads() {
        let mut stream = Stream::new(3, 0);
        let people: Vec<u32> = (0..3000).map(|record| record / 3).collect();
        let mut pairs = Vec::new();
        for record in 0..2999u32 {
            if stream.unit() < 0.7 && people[record as usize] == people[record as usize + 1] {
                pairs.push(pair(record, record + 1, 4.0));
            } else if stream.unit() < 0.1 {
                pairs.push(pair(record, record + 1, 3.0));
            }
        }
        let clusters = components(3000, &pairs, 0.0).0;
        let resampling = Resampling { replicates: 400, seed: 11 };
        let run = |threads: usize| {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
                (
                    pair_estimates(&pairs, &people, 0.0, resampling).0,
                    cluster_estimates(&clusters, &people, resampling).0,
                )
            })
        };
        let (of_pairs, of_clusters) = run(1);
        assert_eq!((of_pairs, of_clusters), run(2));
        assert_eq!(of_pairs.b_cubed_f1, None);
        let all = [
            of_pairs.precision,
            of_pairs.recall,
            of_pairs.f1,
            of_clusters.precision,
            of_clusters.b_cubed_precision,
            of_clusters.b_cubed_recall,
            of_clusters.b_cubed_f1,
            of_clusters.exactly_right,
        ];
        for estimate in all.map(Option::unwrap) {
            let (bootstrap, linearised) = (estimate.bootstrap.unwrap(), estimate.linearised.unwrap());
            for (low, high) in [bootstrap, linearised] {
                assert!(low < estimate.value && estimate.value < high, "{estimate:?}");
            }
            let widths = (bootstrap.1 - bootstrap.0, linearised.1 - linearised.0);
            assert!((0.8..1.25).contains(&(widths.0 / widths.1)), "{estimate:?}");
        }
        let (accuracy, _) = cluster_accuracy(&clusters, &people);
        assert!(close(of_clusters.precision.unwrap().value, accuracy.pairs.precision().unwrap()));
        assert!(close(of_clusters.b_cubed_f1.unwrap().value, accuracy.b_cubed_f1().unwrap()));
    }

    #[test]
    fn link_rates_count_records_of_other_sources() {
        let clusters = Clusters::from_labels(&[0, 0, 1, 1, 2]);
        assert_eq!(linked_records(&clusters, &[0, 1, 0, 0, 1]), [true, true, false, false, false]);
        let linked = linked_records(&clusters, &[]);
        assert_eq!(linked, [true, true, true, true, false]);
        let (mut counts, findings) = link_rates(&linked, &["a", "b", "b", "a", "a"]);
        counts.merge(link_rates(&[false], &["b"]).0);
        assert_eq!(counts.counts, BTreeMap::from([("a", (2, 3)), ("b", (2, 3))]));
        assert!(findings.is_empty());
        let characteristic = [Protected::recorded(1), Protected::missing(Presence::NotStated)];
        let (counts, findings) = link_rates_by_presence(&linked, &characteristic);
        assert_eq!(
            counts.counts,
            BTreeMap::from([(Presence::Recorded, (1, 1)), (Presence::NotStated, (1, 1))])
        );
        assert_eq!(findings[0].code, "groups_missing");
    }

    proptest! {
        #[test]
        fn cluster_counts_are_those_of_looking_at_every_pair(
            both in prop::collection::vec((0u32..6, 0u32..6), 1..30)
        ) {
            let (people, labels): (Vec<u32>, Vec<u32>) = both.into_iter().unzip();
            let clusters = Clusters::from_labels(&labels);
            let mut expected = PairCounts::default();
            for a in 0..people.len() {
                for b in a + 1..people.len() {
                    match (people[a] == people[b], labels[a] == labels[b]) {
                        (true, true) => expected.true_links += 1,
                        (false, true) => expected.false_links += 1,
                        (true, false) => expected.missed += 1,
                        (false, false) => {}
                    }
                }
            }
            let (accuracy, _) = cluster_accuracy(&clusters, &people);
            prop_assert_eq!(accuracy.pairs, expected);
            let (same, _) = cluster_accuracy(&Clusters::from_labels(&people), &people);
            prop_assert_eq!(same.exactly_right, same.people);
            prop_assert!(close(same.b_cubed_f1().unwrap(), 1.0));
        }
    }
}
