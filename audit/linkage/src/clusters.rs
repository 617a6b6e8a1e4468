//! From scored pairs to clusters: which records are of one person.
//!
//! | way | when |
//! |---|---|
//! | [`components`] | every pair above a threshold joins, and joins chain |
//! | [`best_links`] | sources that hold each person once: strongest pairs first, never two records of such a source |
//! | [`one_to_one`] | two sources, each record linked at most once |
//! | [`split`] | components that chain: records are kept together only where the evidence over all their pairs says so |

mod graph;
mod split;

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use candour_record::{Finding, Severity};
use rayon::prelude::*;

use crate::ScoredPair;

pub use graph::{Bridge, ClusterConcern, ClusterGraph, GraphLimits, cluster_graphs, worth_a_look};
pub use split::{CrossWeight, SplitOptions, SplitRule, split};
pub(crate) use split::{Matrix, parts_to_size};

/// Below this many pairs one thread is quicker than several.
const WORTH_SHARING: usize = 1 << 18;

/// The cluster of every record. A cluster's label is its smallest record number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    labels: Vec<u32>,
}

/// The records of each cluster, clusters in the order of their labels and records in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    starts: Vec<u32>,
    members: Vec<u32>,
}

/// Where each record comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// The source number of each record; empty where there is only one source.
    pub of: &'a [u16],
    /// The sources that hold each person at most once.
    pub duplicate_free: &'a [u16],
}

/// Clusters made link by link.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    /// The clusters.
    pub clusters: Clusters,
    /// The pairs that joined two clusters, in the order taken; `left` is the smaller number.
    pub links: Vec<ScoredPair>,
    /// Pairs at or above the threshold that were refused because a source or a record would have come twice.
    pub refused: u64,
}

/// How records of two sources are paired off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pairing {
    /// The strongest pair first, then the strongest of what is left.
    #[default]
    Greedy,
    /// The largest total of weights above the threshold, by linear assignment within each component (Jaro 1989,
    /// *J. Am. Stat. Assoc.* 84, 414–420); components of more than this many records are paired greedily.
    Optimal {
        /// Records in a component at most.
        largest: usize,
    },
}

impl Clusters {
    /// Every record alone.
    pub fn singletons(records: u32) -> Self {
        Self { labels: (0..records).collect() }
    }

    /// From any labels: records with one label are one cluster.
    pub fn from_labels(labels: &[u32]) -> Self {
        let mut keyed: Vec<(u32, u32)> =
            labels.iter().zip(0..).map(|(&label, record)| (label, record)).collect();
        keyed.par_sort_unstable();
        let mut canonical = vec![0; labels.len()];
        let mut first = (0, 0);
        for (at, &(label, record)) in keyed.iter().enumerate() {
            if at == 0 || label != first.0 {
                first = (label, record);
            }
            canonical[record as usize] = first.1;
        }
        Self { labels: canonical }
    }

    /// From labels that are already the smallest record of each cluster.
    pub(crate) fn from_canonical(labels: Vec<u32>) -> Self {
        Self { labels }
    }

    /// The label of every record.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Number of records.
    pub fn records(&self) -> u32 {
        self.labels.len() as u32
    }

    /// Number of clusters, single records included.
    pub fn count(&self) -> u32 {
        self.labels.iter().zip(0..).filter(|&(&label, record)| label == record).count() as u32
    }

    /// The records of each cluster.
    pub fn groups(&self) -> Groups {
        // Cluster numbers in the order of labels, then a counting sort.
        let mut number = vec![0u32; self.labels.len()];
        let mut starts = vec![0u32];
        for (record, &label) in self.labels.iter().enumerate() {
            if label as usize == record {
                number[record] = starts.len() as u32 - 1;
                starts.push(0);
            } else {
                number[record] = number[label as usize];
            }
            starts[number[record] as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut members = vec![0u32; self.labels.len()];
        for (record, &cluster) in number.iter().enumerate() {
            let slot = &mut next[cluster as usize];
            members[*slot as usize] = record as u32;
            *slot += 1;
        }
        Groups { starts, members }
    }
}

impl Groups {
    /// Number of clusters.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The records of one cluster, counted from 0 in the order of labels; nothing past the last.
    pub fn get(&self, cluster: usize) -> &[u32] {
        match (self.starts.get(cluster), self.starts.get(cluster + 1)) {
            (Some(&from), Some(&to)) => &self.members[from as usize..to as usize],
            _ => &[],
        }
    }

    /// Every cluster's records.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|cluster| self.get(cluster))
    }
}

impl Sources<'_> {
    /// Whether two records cannot be of one person because their source holds each person once.
    pub fn clash(&self, a: u32, b: u32) -> bool {
        match (self.of.get(a as usize), self.of.get(b as usize)) {
            (Some(x), Some(y)) => x == y && self.duplicate_free.contains(x),
            _ => false,
        }
    }

    /// Which duplicate-free source a record is of, by its place in the list.
    fn place(&self, record: u32) -> Option<usize> {
        let source = self.of.get(record as usize)?;
        self.duplicate_free.iter().position(|s| s == source)
    }

    fn check(&self, records: u32, findings: &mut Vec<Finding>) {
        if !self.of.is_empty() && self.of.len() != records as usize {
            let message = format!(
                "sources are given for {} records, but there are {records}; records without one may be clustered with \
                 any other. Give one source number for each record",
                self.of.len()
            );
            findings.push(Finding::new(Severity::Warning, "sources_missing", message));
        }
    }
}

/// The connected components of the pairs at or above a threshold (a match weight).
///
/// Any order of the pairs gives the same clusters. Pairs that cannot be used are named in the findings.
pub fn components(records: u32, pairs: &[ScoredPair], threshold: f64) -> (Clusters, Vec<Finding>) {
    let forest = Forest::new(records);
    forest.join_all(pairs, |weight| weight >= threshold);
    (forest.into_clusters(), unusable_pairs(records, pairs))
}

/// [`components`] at several thresholds, in the order given. Each pair is joined once.
pub fn components_at(
    records: u32,
    pairs: &[ScoredPair],
    thresholds: &[f64],
) -> (Vec<Clusters>, Vec<Finding>) {
    let mut order: Vec<usize> = (0..thresholds.len()).collect();
    order.sort_by(|&a, &b| thresholds[b].total_cmp(&thresholds[a]));
    let mut at = vec![Clusters { labels: Vec::new() }; thresholds.len()];
    let forest = Forest::new(records);
    let mut above = None;
    for place in order {
        let threshold = thresholds[place];
        forest.join_all(pairs, |weight| weight >= threshold && above.is_none_or(|above| weight < above));
        at[place] = forest.clusters();
        if !threshold.is_nan() {
            above = Some(threshold);
        }
    }
    (at, unusable_pairs(records, pairs))
}

/// Clusters that hold at most one record of each duplicate-free source: the strongest pair joins first (equal weights by
/// record numbers), and a pair that would bring two records of such a source together is refused.
///
/// Records of other sources join freely. With every source duplicate-free these are Splink's one-to-one clusters.
pub fn best_links(
    records: u32,
    pairs: &[ScoredPair],
    threshold: f64,
    sources: Sources<'_>,
) -> (Links, Vec<Finding>) {
    let mut findings = unusable_pairs(records, pairs);
    sources.check(records, &mut findings);
    let forest = Forest::new(records);
    // One bit for each duplicate-free source. With more than 64 a bit stands for several, and a clash of bits is looked
    // into along the cluster's ring of records.
    let mut held: Vec<u64> =
        (0..records).map(|r| sources.place(r).map_or(0, |place| 1 << (place % 64))).collect();
    let mut ring: Vec<u32> =
        if sources.duplicate_free.len() > 64 { (0..records).collect() } else { Vec::new() };
    let mut links = Vec::new();
    let mut refused = 0;
    for pair in strongest_first(records, pairs, threshold, |_| true) {
        let (a, b) = (forest.root(pair.left), forest.root(pair.right));
        if a == b {
            continue;
        }
        let (low, high) = (a.min(b), a.max(b));
        if held[a as usize] & held[b as usize] != 0
            && (ring.is_empty() || rings_clash(&ring, low, high, &sources))
        {
            refused += 1;
            continue;
        }
        forest.join(low, high);
        held[low as usize] |= held[high as usize];
        if !ring.is_empty() {
            ring.swap(low as usize, high as usize);
        }
        links.push(pair);
    }
    (Links { clusters: forest.into_clusters(), links, refused }, findings)
}

fn rings_clash(ring: &[u32], a: u32, b: u32, sources: &Sources<'_>) -> bool {
    let places = |start: u32| {
        let mut found = Vec::new();
        let mut at = start;
        loop {
            found.extend(sources.place(at));
            at = ring[at as usize];
            if at == start {
                found.sort_unstable();
                return found;
            }
        }
    };
    let theirs = places(b);
    places(a).iter().any(|place| theirs.binary_search(place).is_ok())
}

/// Links between two sources in which no record stands twice. Pairs within one source are left aside.
///
/// `sources` gives the source number of each record. With more than two sources every record is still linked at most
/// once, and a finding says so.
pub fn one_to_one(
    records: u32,
    pairs: &[ScoredPair],
    threshold: f64,
    sources: &[u16],
    pairing: Pairing,
) -> (Links, Vec<Finding>) {
    let mut findings = unusable_pairs(records, pairs);
    Sources { of: sources, duplicate_free: &[] }.check(records, &mut findings);
    let mut distinct = sources.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() > 2 {
        let message = format!(
            "one-to-one linkage is of two sources and here are {}; each record is linked at most once over all of them. \
             Use best links to let a cluster hold one record of each source",
            distinct.len()
        );
        findings.push(Finding::new(Severity::Warning, "more_than_two_sources", message));
    }
    let between = |pair: &ScoredPair| {
        let source = |record: u32| sources.get(record as usize);
        source(pair.left) != source(pair.right)
    };
    let eligible = strongest_first(records, pairs, threshold, between);
    let chosen = match pairing {
        Pairing::Optimal { largest } if distinct.len() == 2 => {
            optimal(records, &eligible, threshold, sources, distinct[0], largest, &mut findings)
        }
        _ => greedy(records, &eligible),
    };
    let mut labels: Vec<u32> = (0..records).collect();
    for link in &chosen {
        labels[link.right as usize] = link.left;
    }
    let refused = eligible.len() as u64 - chosen.len() as u64;
    (Links { clusters: Clusters { labels }, links: chosen, refused }, findings)
}

fn greedy(records: u32, strongest_first: &[ScoredPair]) -> Vec<ScoredPair> {
    let mut taken = vec![false; records as usize];
    let mut chosen = Vec::new();
    for pair in strongest_first {
        if !taken[pair.left as usize] && !taken[pair.right as usize] {
            taken[pair.left as usize] = true;
            taken[pair.right as usize] = true;
            chosen.push(*pair);
        }
    }
    chosen
}

fn optimal(
    records: u32,
    eligible: &[ScoredPair],
    threshold: f64,
    sources: &[u16],
    first_source: u16,
    largest: usize,
    findings: &mut Vec<Finding>,
) -> Vec<ScoredPair> {
    let forest = Forest::new(records);
    forest.join_all(eligible, |_| true);
    let clusters = forest.into_clusters();
    let mut by_component: Vec<(u32, ScoredPair)> =
        eligible.iter().map(|pair| (clusters.labels[pair.left as usize], *pair)).collect();
    // Stable, so that within a component the strongest still come first.
    by_component.par_sort_by_key(|(component, _)| *component);
    let components: Vec<&[(u32, ScoredPair)]> = by_component.chunk_by(|a, b| a.0 == b.0).collect();
    let over = |part: &[(u32, ScoredPair)]| {
        let mut seen: Vec<u32> = part.iter().flat_map(|(_, pair)| [pair.left, pair.right]).collect();
        seen.sort_unstable();
        seen.dedup();
        (seen.len() > largest, seen)
    };
    let solved: Vec<(bool, Vec<ScoredPair>)> = components
        .par_iter()
        .map(|part| {
            if let [(_, only)] = part {
                return (false, vec![*only]);
            }
            let (too_large, seen) = over(part);
            if too_large {
                let local: Vec<ScoredPair> = part.iter().map(|(_, pair)| *pair).collect();
                return (true, greedy_within(&local, &seen));
            }
            let is_first = |r: u32| sources.get(r as usize) == Some(&first_source);
            let (rows, columns): (Vec<u32>, Vec<u32>) = seen.iter().partition(|&&r| is_first(r));
            (false, assign(&rows, &columns, part, threshold))
        })
        .collect();
    let cut = solved.iter().filter(|(too_large, _)| *too_large).count();
    if cut > 0 {
        let message = format!(
            "{cut} components hold more than {largest} records and were paired off greedily; raise the threshold or the \
             limit to pair them by the largest total"
        );
        findings.push(Finding::new(Severity::Warning, "pairing_over_limit", message));
    }
    let mut chosen: Vec<ScoredPair> = solved.into_iter().flat_map(|(_, links)| links).collect();
    chosen.par_sort_unstable_by(by_strength);
    chosen
}

fn greedy_within(strongest_first: &[ScoredPair], seen: &[u32]) -> Vec<ScoredPair> {
    let mut taken = vec![false; seen.len()];
    let mut chosen = Vec::new();
    for pair in strongest_first {
        if let (Ok(a), Ok(b)) = (seen.binary_search(&pair.left), seen.binary_search(&pair.right))
            && !taken[a]
            && !taken[b]
        {
            taken[a] = true;
            taken[b] = true;
            chosen.push(*pair);
        }
    }
    chosen
}

/// Linear assignment by shortest augmenting paths (Kuhn 1955; the form with potentials of Jonker and Volgenant 1987).
/// What a link gains is its weight above the threshold, so that leaving two records unlinked gains nothing.
fn assign(rows: &[u32], columns: &[u32], part: &[(u32, ScoredPair)], threshold: f64) -> Vec<ScoredPair> {
    if rows.len() > columns.len() {
        return assign(columns, rows, part, threshold);
    }
    let (n, m) = (rows.len(), columns.len());
    let mut pair_at: Vec<Option<ScoredPair>> = vec![None; n * m];
    for (_, pair) in part {
        let ends = match (rows.binary_search(&pair.left), columns.binary_search(&pair.right)) {
            (Ok(row), Ok(column)) => Some((row, column)),
            _ => rows.binary_search(&pair.right).ok().zip(columns.binary_search(&pair.left).ok()),
        };
        if let Some((row, column)) = ends {
            // The strongest of two entries for one pair comes first.
            pair_at[row * m + column].get_or_insert(*pair);
        }
    }
    let cost = |row: usize, column: usize| {
        pair_at[row * m + column].map_or(0.0, |pair| threshold.max(-CERTAIN) - pair.weight.min(CERTAIN))
    };
    // Rows and columns count from 1 here; 0 stands for "none".
    let mut row_potential = vec![0.0; n + 1];
    let mut column_potential = vec![0.0; m + 1];
    let mut row_of = vec![0usize; m + 1];
    let mut came_from = vec![0usize; m + 1];
    for row in 1..=n {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; m + 1];
        let mut used = vec![false; m + 1];
        loop {
            used[column] = true;
            let at = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for c in 1..=m {
                if used[c] {
                    continue;
                }
                let reduced = cost(at - 1, c - 1) - row_potential[at] - column_potential[c];
                if reduced < least[c] {
                    least[c] = reduced;
                    came_from[c] = column;
                }
                if least[c] < step {
                    step = least[c];
                    next = c;
                }
            }
            for c in 0..=m {
                if used[c] {
                    row_potential[row_of[c]] += step;
                    column_potential[c] -= step;
                } else {
                    least[c] -= step;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            row_of[column] = row_of[came_from[column]];
            column = came_from[column];
        }
    }
    (1..=m).filter(|&c| row_of[c] > 0).filter_map(|c| pair_at[(row_of[c] - 1) * m + c - 1]).collect()
}

/// Weights beyond this many bits are taken as this many, so that sums stay finite.
pub(crate) const CERTAIN: f64 = 1000.0;

fn usable(records: u32, pair: &ScoredPair) -> bool {
    pair.left < records && pair.right < records && pair.left != pair.right && !pair.weight.is_nan()
}

/// Names the pairs that clustering leaves aside.
pub(crate) fn unusable_pairs(records: u32, pairs: &[ScoredPair]) -> Vec<Finding> {
    let bad = |pair: &&ScoredPair| !usable(records, pair);
    let count = if pairs.len() < WORTH_SHARING {
        pairs.iter().filter(bad).count()
    } else {
        pairs.par_iter().with_min_len(WORTH_SHARING).filter(bad).count()
    };
    match pairs.iter().find(bad) {
        Some(first) if count > 0 => {
            let message = format!(
                "{count} of {} pairs were left aside: they name a record past the last of {records}, a record twice, or \
                 have no weight. The first is ({}, {}); score the pairs again",
                pairs.len(),
                first.left,
                first.right
            );
            vec![Finding::new(Severity::Error, "pair_unusable", message)]
        }
        _ => Vec::new(),
    }
}

fn by_strength(a: &ScoredPair, b: &ScoredPair) -> Ordering {
    b.weight.total_cmp(&a.weight).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right))
}

/// Usable pairs at or above the threshold, smaller number left, strongest first and equal weights by record numbers.
fn strongest_first(
    records: u32,
    pairs: &[ScoredPair],
    threshold: f64,
    keep: impl Fn(&ScoredPair) -> bool,
) -> Vec<ScoredPair> {
    let mut kept: Vec<ScoredPair> = pairs
        .iter()
        .filter(|pair| pair.weight >= threshold && usable(records, pair) && keep(pair))
        .map(|pair| ScoredPair {
            left: pair.left.min(pair.right),
            right: pair.left.max(pair.right),
            // One zero only, or the order would tell -0 from 0.
            weight: pair.weight + 0.0,
        })
        .collect();
    kept.par_sort_unstable_by(by_strength);
    kept
}

/// Disjoint sets that several threads may join at once: a root hangs only under a smaller number, by compare and swap
/// (Anderson and Woll 1991), so that whatever the order, the root of each set is its smallest record.
struct Forest {
    parent: Vec<AtomicU32>,
}

impl Forest {
    fn new(records: u32) -> Self {
        Self { parent: (0..records).map(AtomicU32::new).collect() }
    }

    /// Path halving; another thread's halving can only have shortened the path further.
    fn root(&self, mut at: u32) -> u32 {
        loop {
            let parent = self.parent[at as usize].load(Relaxed);
            if parent == at {
                return at;
            }
            let grandparent = self.parent[parent as usize].load(Relaxed);
            if grandparent != parent {
                let _ = self.parent[at as usize].compare_exchange(parent, grandparent, Relaxed, Relaxed);
            }
            at = grandparent;
        }
    }

    fn join(&self, mut a: u32, mut b: u32) {
        loop {
            (a, b) = (self.root(a), self.root(b));
            if a == b {
                return;
            }
            let (low, high) = (a.min(b), a.max(b));
            if self.parent[high as usize].compare_exchange(high, low, Relaxed, Relaxed).is_ok() {
                return;
            }
        }
    }

    fn join_all(&self, pairs: &[ScoredPair], wanted: impl Fn(f64) -> bool + Sync) {
        let records = self.parent.len() as u32;
        let join = |pair: &ScoredPair| {
            if wanted(pair.weight) && usable(records, pair) {
                self.join(pair.left, pair.right);
            }
        };
        if pairs.len() < WORTH_SHARING {
            pairs.iter().for_each(join);
        } else {
            pairs.par_iter().with_min_len(WORTH_SHARING / 4).for_each(join);
        }
    }

    fn clusters(&self) -> Clusters {
        canonical(self.parent.iter().map(|p| p.load(Relaxed)).collect())
    }

    fn into_clusters(self) -> Clusters {
        canonical(self.parent.into_iter().map(AtomicU32::into_inner).collect())
    }
}

/// Parents stand before their children, so one pass from the front reaches every root.
fn canonical(mut parent: Vec<u32>) -> Clusters {
    for at in 0..parent.len() {
        parent[at] = parent[parent[at] as usize];
    }
    Clusters { labels: parent }
}

#[cfg(test)]
mod tests;
