//! Components that chain are taken apart by all their pairs, not only by those that joined them.

use candour_record::{Finding, Severity};
use rayon::prelude::*;

use super::{CERTAIN, Clusters, Forest, Sources, strongest_first, unusable_pairs};
use crate::ScoredPair;

/// How the weight between two clusters is measured while clusters are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrossWeight {
    /// The mean over the pairs between them: a small clear cluster joins before a large doubtful one.
    #[default]
    Mean,
    /// The sum of the log odds: the join that raises the total of weights within clusters most comes first.
    Total,
}

/// What holds a cluster together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitRule {
    /// Every pair in a cluster is above the cut (complete linkage; Defays 1977).
    CompleteLinkage,
    /// The total of weights within clusters is as large as greedy joins and single moves make it (correlation clustering;
    /// Bansal, Blum and Chawla 2004, *Machine Learning* 56, 89–113). Records that speak strongly against each other, such
    /// as siblings of one household, are parted even where a third record links both.
    Correlation(CrossWeight),
}

/// How components are taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitOptions {
    /// What holds a cluster together.
    pub rule: SplitRule,
    /// The match weight above which two records count as belonging together; weights are measured from here.
    pub cut: f64,
    /// Records in a component at most. A larger one is first cut down along its own pairs, and a finding says so.
    pub largest: usize,
    /// Passes of single moves at most, for each component.
    pub passes: u32,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self { rule: SplitRule::Correlation(CrossWeight::Mean), cut: 0.0, largest: 400, passes: 50 }
    }
}

/// Takes components apart by the weight of every pair within them.
///
/// `score` gives the match weight (bits, prior included) of any two records, the smaller number first; it is asked for
/// every pair of a component once, also for pairs that blocking never made. Weights beyond ±1,000 bits count as 1,000 and
/// one that is not a number as 0, with a finding. Two records of a duplicate-free source weigh -1,000,000 and are
/// never asked about.
///
/// `pairs` are those that made the components. They serve only to cut a component above [`SplitOptions::largest`]: its
/// records are joined strongest pair first into parts of at most that size, so that the weakest links give way, and each
/// part is then taken apart on its own. For a component of *n* records this needs *n*² weights and time between
/// *n*² and *n*³.
pub fn split(
    components: &Clusters,
    pairs: &[ScoredPair],
    sources: Sources<'_>,
    score: &(dyn Fn(u32, u32) -> f64 + Sync),
    options: &SplitOptions,
) -> (Clusters, Vec<Finding>) {
    let mut findings = unusable_pairs(components.records(), pairs);
    sources.check(components.records(), &mut findings);
    let parts = parts_to_size(components, pairs, options.largest, f64::NEG_INFINITY, &mut findings);
    let groups = parts.groups();
    let apart: Vec<(usize, usize, Vec<u32>)> = (0..groups.len())
        .into_par_iter()
        .with_min_len(64)
        .filter(|&cluster| groups.get(cluster).len() > 1)
        .map(|cluster| {
            let members = groups.get(cluster);
            let (mut matrix, unscored) = Matrix::new(members, &sources, score);
            matrix.weights.iter_mut().for_each(|weight| *weight -= options.cut);
            (cluster, unscored, take_apart(&matrix, options))
        })
        .collect();
    let mut labels = parts.labels().to_vec();
    let mut unscored = 0;
    for (cluster, without, local) in apart {
        unscored += without;
        let members = groups.get(cluster);
        for (&member, &first) in members.iter().zip(&local) {
            labels[member as usize] = members[first as usize];
        }
    }
    if unscored > 0 {
        let message = format!(
            "{unscored} pairs within components had no weight and counted as 0 bits, neither for nor against; check the \
             model's levels for probabilities of 0"
        );
        findings.push(Finding::new(Severity::Warning, "weight_missing", message));
    }
    (Clusters::from_canonical(labels), findings)
}

/// Components cut to a size: records of one that is too large are joined strongest pair first, and no join may make a part
/// larger than `largest`. Pairs below `floor` join nothing.
pub(crate) fn parts_to_size(
    components: &Clusters,
    pairs: &[ScoredPair],
    largest: usize,
    floor: f64,
    findings: &mut Vec<Finding>,
) -> Clusters {
    let records = components.records();
    let mut size = vec![0u32; records as usize];
    components.labels().iter().for_each(|&label| size[label as usize] += 1);
    let over: Vec<u32> = (0..records).filter(|&r| size[r as usize] as usize > largest.max(1)).collect();
    if over.is_empty() {
        return components.clone();
    }
    let biggest = over.iter().map(|&r| size[r as usize]).max().unwrap_or_default();
    let message = format!(
        "{} components hold more than {largest} records (the largest {biggest}, that of record {}); they were first cut \
         into parts of at most {largest} along their weakest links. Raise the threshold, or look at what chains them",
        over.len(),
        over.iter().find(|&&r| size[r as usize] == biggest).copied().unwrap_or_default(),
    );
    findings.push(Finding::new(Severity::Warning, "component_over_limit", message));
    let is_over = |record: u32| {
        components.labels().get(record as usize).is_some_and(|&l| over.binary_search(&l).is_ok())
    };
    let inside = |pair: &ScoredPair| {
        is_over(pair.left)
            && components.labels()[pair.left as usize] == components.labels()[pair.right as usize]
    };
    let forest = Forest::new(records);
    let mut held = vec![1u32; records as usize];
    for pair in strongest_first(records, pairs, floor, inside) {
        let (a, b) = (forest.root(pair.left), forest.root(pair.right));
        let together = held[a as usize] + held[b as usize];
        if a != b && together as usize <= largest.max(1) {
            forest.join(a, b);
            held[a.min(b) as usize] = together;
        }
    }
    let mut labels = forest.into_clusters().labels;
    for (record, label) in labels.iter_mut().enumerate() {
        if !is_over(record as u32) {
            *label = components.labels()[record];
        }
    }
    Clusters::from_canonical(labels)
}

/// What two records of one duplicate-free source weigh: more against than any evidence for.
const FORBIDDEN: f64 = -1_000_000.0;

/// The weight of every pair of a component.
pub(crate) struct Matrix {
    pub(crate) size: usize,
    weights: Vec<f64>,
}

impl Matrix {
    /// Asks for every pair; also says how many had no weight.
    pub(crate) fn new(
        members: &[u32],
        sources: &Sources<'_>,
        score: &(dyn Fn(u32, u32) -> f64 + Sync),
    ) -> (Self, usize) {
        let size = members.len();
        let mut weights = vec![0.0; size * size];
        let mut unscored = 0;
        for (i, &a) in members.iter().enumerate() {
            for (j, &b) in members.iter().enumerate().skip(i + 1) {
                let weight = if sources.clash(a, b) {
                    FORBIDDEN
                } else {
                    let given = score(a, b);
                    unscored += usize::from(given.is_nan());
                    if given.is_nan() { 0.0 } else { given.clamp(-CERTAIN, CERTAIN) }
                };
                weights[i * size + j] = weight;
                weights[j * size + i] = weight;
            }
        }
        (Self { size, weights }, unscored)
    }

    pub(crate) fn row(&self, record: usize) -> &[f64] {
        &self.weights[record * self.size..(record + 1) * self.size]
    }
}

/// For each member, the first member of its cluster. Members are in ascending order, so that the first is the smallest.
fn take_apart(matrix: &Matrix, options: &SplitOptions) -> Vec<u32> {
    let mut of: Vec<u32> = (0..matrix.size as u32).collect();
    match options.rule {
        SplitRule::CompleteLinkage => agglomerate(matrix, &mut of, Joining::Least),
        SplitRule::Correlation(cross) => {
            let joining = if cross == CrossWeight::Mean { Joining::Mean } else { Joining::Total };
            // Every join and every move raises the total, so this ends by itself; the bound is for time.
            for _ in 0..options.passes.max(1) {
                agglomerate(matrix, &mut of, joining);
                if !move_records(matrix, &mut of, options.passes) {
                    break;
                }
            }
        }
    }
    let mut first = vec![u32::MAX; matrix.size];
    for record in 0..matrix.size {
        let slot = &mut first[of[record] as usize];
        *slot = (*slot).min(record as u32);
    }
    of.iter().map(|&cluster| first[cluster as usize]).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Joining {
    Least,
    Mean,
    Total,
}

/// Joins the two clusters with the highest cross weight while it is above 0; equal weights by cluster numbers.
fn agglomerate(matrix: &Matrix, of: &mut [u32], joining: Joining) {
    let n = matrix.size;
    let mut size = vec![0.0f64; n];
    for &cluster in of.iter() {
        size[cluster as usize] += 1.0;
    }
    // The sum (or the least) of the weights between clusters.
    let start = if joining == Joining::Least { f64::INFINITY } else { 0.0 };
    let mut between = vec![start; n * n];
    for i in 0..n {
        for j in 0..n {
            let (a, b) = (of[i] as usize, of[j] as usize);
            if a != b {
                let cell = &mut between[a * n + b];
                let weight = matrix.weights[i * n + j];
                *cell = if joining == Joining::Least { cell.min(weight) } else { *cell + weight };
            }
        }
    }
    let mut live: Vec<usize> = (0..n).filter(|&cluster| size[cluster] > 0.0).collect();
    let value = |between: &[f64], size: &[f64], a: usize, b: usize| {
        let weight = between[a * n + b];
        if joining == Joining::Mean { weight / (size[a] * size[b]) } else { weight }
    };
    let best_of = |between: &[f64], size: &[f64], live: &[usize], a: usize| {
        live.iter().filter(|&&b| b != a).fold((f64::NEG_INFINITY, usize::MAX), |best, &b| {
            let this = value(between, size, a, b);
            if this > best.0 { (this, b) } else { best }
        })
    };
    let mut best: Vec<(f64, usize)> = vec![(f64::NEG_INFINITY, usize::MAX); n];
    for &a in &live {
        best[a] = best_of(&between, &size, &live, a);
    }
    loop {
        let mut top = (0.0, usize::MAX);
        for &a in &live {
            if best[a].0 > top.0 {
                top = (best[a].0, a);
            }
        }
        if top.1 == usize::MAX {
            return;
        }
        let (a, b) = (top.1.min(best[top.1].1), top.1.max(best[top.1].1));
        live.retain(|&cluster| cluster != b);
        for &other in live.iter().filter(|&&other| other != a) {
            let (kept, gone) = (between[a * n + other], between[b * n + other]);
            let joined = if joining == Joining::Least { kept.min(gone) } else { kept + gone };
            between[a * n + other] = joined;
            between[other * n + a] = joined;
        }
        size[a] += size[b];
        of.iter_mut().filter(|cluster| **cluster as usize == b).for_each(|cluster| *cluster = a as u32);
        best[a] = best_of(&between, &size, &live, a);
        for &other in live.iter().filter(|&&other| other != a) {
            if best[other].1 == a || best[other].1 == b {
                best[other] = best_of(&between, &size, &live, other);
            } else {
                let this = value(&between, &size, other, a);
                if this > best[other].0 || (this == best[other].0 && a < best[other].1) {
                    best[other] = (this, a);
                }
            }
        }
    }
}

/// Moves one record at a time to the cluster where it adds most, or to one of its own; says whether any moved.
fn move_records(matrix: &Matrix, of: &mut [u32], passes: u32) -> bool {
    let n = matrix.size;
    let mut any = false;
    let mut held = vec![0u32; n];
    for &cluster in of.iter() {
        held[cluster as usize] += 1;
    }
    let mut adds = vec![0.0f64; n];
    for _ in 0..passes {
        let mut moved = false;
        for record in 0..n {
            adds.fill(0.0);
            for (other, weight) in matrix.row(record).iter().enumerate().filter(|(other, _)| *other != record)
            {
                adds[of[other] as usize] += weight;
            }
            let from = of[record] as usize;
            // A tie leaves the record where it is, or passes could go on for ever.
            let mut best = (adds[from] + 1e-9, from);
            for (cluster, &gain) in adds.iter().enumerate() {
                if held[cluster] > 0 && cluster != from && gain > best.0 {
                    best = (gain, cluster);
                }
            }
            if best.0 < 0.0
                && held[from] > 1
                && let Some(empty) = held.iter().position(|&count| count == 0)
            {
                best.1 = empty;
            }
            if best.1 != from {
                held[from] -= 1;
                held[best.1] += 1;
                of[record] = best.1 as u32;
                moved = true;
            }
        }
        if !moved {
            break;
        }
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clusters::components;

    /// Two siblings whose records are linked by a third that fits both: a chain.
    fn chain() -> (Vec<ScoredPair>, impl Fn(u32, u32) -> f64 + Sync) {
        let weight = |a: u32, b: u32| match (a, b) {
            (0, 1) => 12.0,
            (2, 3) => 11.0,
            (1, 2) => 3.0,
            _ => -15.0,
        };
        let pairs = [(0, 1), (1, 2), (2, 3)]
            .map(|(left, right)| ScoredPair { left, right, weight: weight(left, right) })
            .to_vec();
        (pairs, weight)
    }

    #[test]
    fn siblings_joined_by_a_chain_are_parted_by_every_rule() {
        let (pairs, weight) = chain();
        let (whole, _) = components(4, &pairs, 0.0);
        assert_eq!(whole.labels(), [0, 0, 0, 0]);
        for rule in [
            SplitRule::CompleteLinkage,
            SplitRule::Correlation(CrossWeight::Mean),
            SplitRule::Correlation(CrossWeight::Total),
        ] {
            let options = SplitOptions { rule, ..SplitOptions::default() };
            let (parts, findings) = split(&whole, &pairs, Sources::default(), &weight, &options);
            assert_eq!(parts.labels(), [0, 0, 2, 2], "{rule:?}");
            assert!(findings.is_empty());
        }
    }

    #[test]
    fn a_record_that_joined_the_wrong_cluster_first_moves() {
        // 0 joins 1 first at 9; with 2 and 3 it would have 6 each and 1 speaks against those.
        let weight = |a: u32, b: u32| match (a, b) {
            (0, 1) => 9.0,
            (2, 3) => 8.0,
            (0, 2 | 3) => 6.0,
            _ => -20.0,
        };
        let whole = Clusters::from_labels(&[0; 4]);
        let (parts, _) = split(&whole, &[], Sources::default(), &weight, &SplitOptions::default());
        assert_eq!(parts.labels(), [0, 1, 0, 0]);
    }

    #[test]
    fn a_duplicate_free_source_never_comes_twice() {
        let sources = Sources { of: &[0, 1, 1, 0], duplicate_free: &[1] };
        let whole = Clusters::from_labels(&[0; 4]);
        let (parts, _) = split(&whole, &[], sources, &|_, _| 30.0, &SplitOptions::default());
        assert_ne!(parts.labels()[1], parts.labels()[2]);
        assert_eq!(parts.count(), 2);
    }

    #[test]
    fn a_component_above_the_limit_is_cut_at_its_weakest_links_and_named() {
        let pairs: Vec<ScoredPair> = (0..9)
            .map(|left| ScoredPair {
                left,
                right: left + 1,
                weight: if left % 2 == 0 { 20.0 } else { f64::from(left) },
            })
            .collect();
        let (whole, _) = components(10, &pairs, 0.0);
        let options = SplitOptions { largest: 4, ..SplitOptions::default() };
        let (parts, findings) = split(&whole, &pairs, Sources::default(), &|_, _| 5.0, &options);
        assert_eq!(parts.labels(), [0, 0, 2, 2, 2, 2, 6, 6, 6, 6]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].code, "component_over_limit");
    }

    #[test]
    fn a_weight_that_is_no_number_counts_for_nothing_and_is_named() {
        let whole = Clusters::from_labels(&[0, 0]);
        let (parts, findings) =
            split(&whole, &[], Sources::default(), &|_, _| f64::NAN, &SplitOptions::default());
        assert_eq!(parts.labels(), [0, 1]);
        assert_eq!(findings[0].code, "weight_missing");
    }
}
