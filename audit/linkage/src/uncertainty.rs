//! Draws from what the evidence leaves open: how many people there are when links are not certain.
//!
//! One clustering is one answer. The evidence on a doubtful pair leaves both answers possible, and an estimate of how many
//! people there are must carry that doubt on. Here the unknown is the partition of the records into people, as in Steorts,
//! Hall and Fienberg (2016, *J. Am. Stat. Assoc.* 111, 1660–1672) and Sadinle (2017, *J. Am. Stat. Assoc.* 112, 600–612),
//! and each draw is a whole partition, so that a record is of one person in every draw.
//!
//! **The distribution.** A partition of a component has probability proportional to the product, over all pairs within a
//! cluster, of the pair's posterior odds. For two records that is their match probability exactly. Nothing joins records
//! of different components.
//!
//! **The draw.** A component of up to [`DrawOptions::enumerated`] records: all its partitions are weighed and drawn from
//! exactly. A larger one: Gibbs sweeps over its records in an order drawn anew each sweep, each record put with a cluster
//! with probability proportional to the product of its odds with that cluster's records, or alone (odds 1). In the first
//! half of the sweeps the odds are raised to a power that rises from near 0 to 1, so that draws do not all stay near
//! one start. Every draw starts afresh, so draws are independent.
//!
//! **Its limits.** Pairs of one cluster are weighed as if they were independent evidence, and the weights themselves as if
//! they were known; both make large clusters look surer than they are. Weights that are not calibrated make every draw
//! wrong in the same way. Gibbs sweeps move one record at a time, and may leave two large groups together or apart
//! where joining them whole would take many unlikely steps. Links below the floor are never drawn.

use candour_record::{Finding, Severity};
use rayon::prelude::*;

use crate::accuracy::percentile;
use crate::clusters::{Matrix, components, parts_to_size};
use crate::random::{Stream, mix};
use crate::{Clusters, ScoredPair, Sources};

/// How links are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawOptions {
    /// Draws.
    pub draws: u32,
    /// Their seed.
    pub seed: u64,
    /// The match weight from which on a pair joins a component; pairs below are taken to be no links.
    pub floor: f64,
    /// Components of up to this many records are drawn exactly; 8 at most, which has 4,140 partitions.
    pub enumerated: usize,
    /// Gibbs sweeps for each draw of a larger component.
    pub sweeps: u32,
    /// Records in a component at most; a larger one is first cut along its weakest links, with a finding.
    pub largest: usize,
}

impl Default for DrawOptions {
    fn default() -> Self {
        // A weight of -7 bits is a probability of 0.8 %.
        Self { draws: 100, seed: 1, floor: -7.0, enumerated: 6, sweeps: 30, largest: 400 }
    }
}

/// Draws of all links.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkageDraws {
    /// Number of draws.
    pub draws: u32,
    /// Clusters of the records that are clustered alike in every draw; each other record stands alone here.
    fixed: Clusters,
    /// The components that vary, by smallest record number.
    varying: Vec<VaryingComponent>,
}

/// A component whose draws differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VaryingComponent {
    members: Vec<u32>,
    /// The partitions drawn, each once: for each member the place of its cluster's first member.
    partitions: Vec<Vec<u16>>,
    /// Which of them each draw is.
    of_draw: Vec<u32>,
}

/// How many people the records are, over all draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeopleCount {
    /// The mean.
    pub mean: f64,
    /// Percentiles 2.5 and 97.5. It holds the doubt about links only, not who is in no record.
    pub interval: (f64, f64),
}

/// Draws links.
///
/// `score` gives the match weight of any two records in bits, the smaller number first, as for [`split`](crate::split); it
/// is asked once for every pair of a component. The same input and seed give the same draws at any number of threads: the
/// numbers of a draw depend on the draw and on the smallest record of the component only.
pub fn draw_links(
    records: u32,
    pairs: &[ScoredPair],
    sources: Sources<'_>,
    score: &(dyn Fn(u32, u32) -> f64 + Sync),
    options: &DrawOptions,
) -> (LinkageDraws, Vec<Finding>) {
    let (whole, mut findings) = components(records, pairs, options.floor);
    let parts = parts_to_size(
        &whole,
        pairs,
        options.largest.min(usize::from(u16::MAX)),
        options.floor,
        &mut findings,
    );
    let groups = parts.groups();
    let drawn: Vec<(VaryingComponent, usize)> = (0..groups.len())
        .into_par_iter()
        .with_min_len(64)
        .filter(|&component| groups.get(component).len() > 1)
        .map(|component| draw_component(groups.get(component), &sources, score, options))
        .collect();
    let mut labels: Vec<u32> = (0..records).collect();
    let mut varying = Vec::new();
    let mut unscored = 0;
    for (component, without) in drawn {
        unscored += without;
        match component.partitions.as_slice() {
            [only] => {
                for (&member, &first) in component.members.iter().zip(only) {
                    labels[member as usize] = component.members[usize::from(first)];
                }
            }
            _ => varying.push(component),
        }
    }
    if unscored > 0 {
        let message = format!(
            "{unscored} pairs within components had no weight and counted as even odds; check the model's levels for \
             probabilities of 0"
        );
        findings.push(Finding::new(Severity::Warning, "weight_missing", message));
    }
    (LinkageDraws { draws: options.draws, fixed: Clusters::from_labels(&labels), varying }, findings)
}

impl LinkageDraws {
    /// The clusters of one draw, counted from 0; past the last, the records whose clusters never vary.
    pub fn clusters(&self, draw: u32) -> Clusters {
        let mut labels = self.fixed.labels().to_vec();
        for component in &self.varying {
            let Some(partition) = component.partition(draw) else { continue };
            for (&member, &first) in component.members.iter().zip(partition) {
                labels[member as usize] = component.members[usize::from(first)];
            }
        }
        Clusters::from_canonical(labels)
    }

    /// Number of people in one draw.
    pub fn people(&self, draw: u32) -> u32 {
        self.fixed_people() + self.varying.iter().map(|component| component.people(draw)).sum::<u32>()
    }

    /// Number of people over all draws; `None` without draws.
    pub fn people_count(&self) -> Option<PeopleCount> {
        let fixed = self.fixed_people();
        let mut counts: Vec<f64> = (0..self.draws)
            .into_par_iter()
            .map(|draw| f64::from(fixed + self.varying.iter().map(|c| c.people(draw)).sum::<u32>()))
            .collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        counts.sort_unstable_by(f64::total_cmp);
        let interval = (percentile(&counts, 0.025)?, percentile(&counts, 0.975)?);
        Some(PeopleCount { mean, interval })
    }

    /// The records whose clusters differ between draws, in the order of their components.
    pub fn open_records(&self) -> impl Iterator<Item = u32> {
        self.varying.iter().flat_map(|component| component.members.iter().copied())
    }

    /// Share of draws in which two records are of one person, 0 to 1; `None` without draws.
    pub fn together(&self, a: u32, b: u32) -> Option<f64> {
        if self.draws == 0 {
            return None;
        }
        let of = |record: u32| self.varying.iter().find(|c| c.members.binary_search(&record).is_ok());
        let Some(component) = of(a) else {
            let label = |record: u32| self.fixed.labels().get(record as usize);
            return Some(f64::from(u8::from(label(a).is_some() && label(a) == label(b))));
        };
        let (Ok(a), Ok(b)) = (component.members.binary_search(&a), component.members.binary_search(&b))
        else {
            return Some(0.0);
        };
        let same: Vec<bool> = component.partitions.iter().map(|p| p[a] == p[b]).collect();
        let count = component.of_draw.iter().filter(|&&partition| same[partition as usize]).count();
        Some(count as f64 / f64::from(self.draws))
    }

    /// People among the records that never vary.
    fn fixed_people(&self) -> u32 {
        self.fixed.count() - self.varying.iter().map(|c| c.members.len() as u32).sum::<u32>()
    }
}

impl VaryingComponent {
    fn partition(&self, draw: u32) -> Option<&[u16]> {
        self.partitions.get(*self.of_draw.get(draw as usize)? as usize).map(Vec::as_slice)
    }

    fn people(&self, draw: u32) -> u32 {
        self.partition(draw).map_or(self.members.len() as u32, |partition| {
            partition.iter().zip(0..).filter(|&(&first, place)| first == place).count() as u32
        })
    }
}

fn draw_component(
    members: &[u32],
    sources: &Sources<'_>,
    score: &(dyn Fn(u32, u32) -> f64 + Sync),
    options: &DrawOptions,
) -> (VaryingComponent, usize) {
    let (matrix, unscored) = Matrix::new(members, sources, score);
    let stream = |draw: u32| Stream::new(mix(options.seed, u64::from(draw)), u64::from(members[0]));
    let (mut partitions, mut of_draw) = if members.len() <= options.enumerated.min(8) {
        enumerate(&matrix, options.draws, stream)
    } else {
        sample(&matrix, options, stream)
    };
    // Keep those that were drawn, numbered in the order of their first draw.
    let mut number = vec![u32::MAX; partitions.len()];
    let mut kept = Vec::new();
    for partition in &mut of_draw {
        let old = *partition as usize;
        if number[old] == u32::MAX {
            number[old] = kept.len() as u32;
            kept.push(std::mem::take(&mut partitions[old]));
        }
        *partition = number[old];
    }
    if kept.is_empty() {
        // No draws: every record alone.
        kept.push((0..members.len() as u16).collect());
    }
    (VaryingComponent { members: members.to_vec(), partitions: kept, of_draw }, unscored)
}

/// All partitions as restricted growth strings, weighed, and one of them for each draw.
fn enumerate(matrix: &Matrix, draws: u32, stream: impl Fn(u32) -> Stream) -> (Vec<Vec<u16>>, Vec<u32>) {
    let mut partitions = Vec::new();
    let mut weights = Vec::new();
    let mut firsts = vec![0u16; matrix.size];
    grow(matrix, 1, 0.0, &mut firsts, &mut partitions, &mut weights);
    let highest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for weight in &mut weights {
        sum += (*weight - highest).exp2();
        *weight = sum;
    }
    let pick = |draw: u32| {
        let at = stream(draw).unit() * sum;
        weights.partition_point(|&to| to <= at).min(weights.len() - 1) as u32
    };
    let of_draw = (0..draws).map(pick).collect();
    (partitions, of_draw)
}

/// Puts the next record into each cluster begun so far, named by its first record, and into one of its own.
fn grow(
    matrix: &Matrix,
    next: usize,
    weight: f64,
    firsts: &mut Vec<u16>,
    partitions: &mut Vec<Vec<u16>>,
    weights: &mut Vec<f64>,
) {
    if next >= matrix.size {
        partitions.push(firsts.clone());
        weights.push(weight);
        return;
    }
    for first in 0..=next {
        if first < next && usize::from(firsts[first]) != first {
            continue;
        }
        let added: f64 = (0..next)
            .filter(|&other| usize::from(firsts[other]) == first)
            .map(|other| matrix.row(next)[other])
            .sum();
        firsts[next] = first as u16;
        grow(matrix, next + 1, weight + added, firsts, partitions, weights);
    }
}

fn sample(
    matrix: &Matrix,
    options: &DrawOptions,
    stream: impl Fn(u32) -> Stream,
) -> (Vec<Vec<u16>>, Vec<u32>) {
    let mut partitions: Vec<Vec<u16>> = Vec::new();
    let mut of_draw = Vec::new();
    let mut known: std::collections::HashMap<Vec<u16>, u32> = std::collections::HashMap::new();
    for draw in 0..options.draws {
        let partition = gibbs(matrix, options.sweeps.max(1), &mut stream(draw));
        let number = *known.entry(partition).or_insert_with_key(|partition| {
            partitions.push(partition.clone());
            partitions.len() as u32 - 1
        });
        of_draw.push(number);
    }
    (partitions, of_draw)
}

fn gibbs(matrix: &Matrix, sweeps: u32, stream: &mut Stream) -> Vec<u16> {
    let n = matrix.size;
    let mut of: Vec<usize> = (0..n).collect();
    let mut held = vec![1u32; n];
    let mut order: Vec<usize> = (0..n).collect();
    let mut adds = vec![0.0f64; n];
    for sweep in 0..sweeps {
        let power = (2.0 * f64::from(sweep + 1) / f64::from(sweeps)).min(1.0);
        for at in (1..n).rev() {
            order.swap(at, stream.below(at as u64 + 1) as usize);
        }
        for &record in &order {
            held[of[record]] -= 1;
            adds.fill(0.0);
            for (other, weight) in matrix.row(record).iter().enumerate().filter(|(other, _)| *other != record)
            {
                adds[of[other]] += weight;
            }
            // There is always an empty cluster once a record is lifted out.
            let empty = held.iter().position(|&count| count == 0).unwrap_or(of[record]);
            adds[empty] = 0.0;
            let open = |cluster: usize| held[cluster] > 0 || cluster == empty;
            let highest = (0..n).filter(|&c| open(c)).map(|c| adds[c]).fold(f64::NEG_INFINITY, f64::max);
            let share = |c: usize| ((adds[c] - highest) * power).exp2();
            let total: f64 = (0..n).filter(|&c| open(c)).map(share).sum();
            let mut left = stream.unit() * total;
            let mut chosen = empty;
            for cluster in (0..n).filter(|&c| open(c)) {
                left -= share(cluster);
                if left < 0.0 {
                    chosen = cluster;
                    break;
                }
            }
            of[record] = chosen;
            held[chosen] += 1;
        }
    }
    let mut first = vec![u16::MAX; n];
    let mut partition = Vec::with_capacity(n);
    for (record, &cluster) in of.iter().enumerate() {
        if first[cluster] == u16::MAX {
            first[cluster] = record as u16;
        }
        partition.push(first[cluster]);
    }
    partition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weight_of;

    fn pairs(of: &[(u32, u32, f64)]) -> Vec<ScoredPair> {
        of.iter().map(|&(left, right, weight)| ScoredPair { left, right, weight }).collect()
    }

    fn scorer(pairs: &[ScoredPair], absent: f64) -> impl Fn(u32, u32) -> f64 + Sync {
        move |a, b| pairs.iter().find(|p| (p.left, p.right) == (a, b)).map_or(absent, |p| p.weight)
    }

    #[test]
    fn two_records_are_together_as_often_as_their_probability_says() {
        let given = pairs(&[(0, 1, weight_of(0.7)), (3, 4, 40.0)]);
        let options = DrawOptions { draws: 20_000, ..DrawOptions::default() };
        let (draws, findings) = draw_links(5, &given, Sources::default(), &scorer(&given, -20.0), &options);
        assert!(findings.is_empty());
        let together = draws.together(0, 1).unwrap();
        // Four standard errors.
        assert!((together - 0.7).abs() < 0.013, "{together}");
        assert_eq!(
            (draws.together(3, 4), draws.together(0, 3), draws.together(2, 3)),
            (Some(1.0), Some(0.0), Some(0.0))
        );
        assert_eq!(draws.open_records().collect::<Vec<_>>(), [0, 1]);
        let count = draws.people_count().unwrap();
        assert!((count.mean - 3.3).abs() < 0.013, "{count:?}");
        assert_eq!(count.interval, (3.0, 4.0));
        for draw in 0..20 {
            assert_eq!(draws.clusters(draw).count(), draws.people(draw));
        }
    }

    /// Weights of a component small enough to enumerate, through both samplers.
    #[test]
    fn gibbs_sweeps_draw_what_the_enumeration_draws() {
        let given = pairs(&[
            (0, 1, 1.5),
            (1, 2, 0.5),
            (0, 2, -1.0),
            (2, 3, 1.0),
            (3, 4, -0.5),
            (1, 4, 0.3),
            (0, 3, -2.0),
        ]);
        let score = scorer(&given, -1.2);
        let exact = DrawOptions { draws: 6_000, ..DrawOptions::default() };
        let swept = DrawOptions { enumerated: 0, seed: 2, ..exact };
        let exact = draw_links(5, &given, Sources::default(), &score, &exact).0;
        let swept = draw_links(5, &given, Sources::default(), &score, &swept).0;
        for a in 0..5 {
            for b in a + 1..5 {
                let (x, y) = (exact.together(a, b).unwrap(), swept.together(a, b).unwrap());
                // Four standard errors of a difference of two shares.
                assert!((x - y).abs() < 0.037, "({a}, {b}): {x} by enumeration, {y} by sweeps");
            }
        }
        let (x, y) = (exact.people_count().unwrap().mean, swept.people_count().unwrap().mean);
        assert!((x - y).abs() < 0.08, "{x} and {y}");
    }

    #[test]
    fn every_draw_respects_sources_and_what_is_certain() {
        let given = pairs(&[(0, 1, 2.0), (1, 2, 2.0), (0, 2, 2.0)]);
        let sources = Sources { of: &[0, 1, 0], duplicate_free: &[0] };
        for enumerated in [0, 6] {
            let options = DrawOptions { draws: 500, enumerated, ..DrawOptions::default() };
            let (draws, _) = draw_links(3, &given, sources, &scorer(&given, 0.0), &options);
            assert_eq!(draws.together(0, 2), Some(0.0));
            assert!(draws.together(0, 1).unwrap() > 0.2);
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_draws() {
        let mut stream = Stream::new(5, 0);
        let mut given: Vec<ScoredPair> = (0..3000)
            .map(|_| (stream.below(1500) as u32, stream.below(1500) as u32, stream.unit() * 8.0 - 5.0))
            .filter(|(a, b, _)| a < b && b - a < 40)
            .map(|(left, right, weight)| ScoredPair { left, right, weight })
            .collect();
        given.extend((0..700).map(|at| ScoredPair {
            left: 2 * at,
            right: 2 * at + 1,
            weight: stream.unit() * 6.0 - 3.0,
        }));
        let score = |a: u32, b: u32| f64::from((a * 7 + b * 13) % 29) / 4.0 - 5.0;
        let options = DrawOptions { draws: 30, largest: 12, ..DrawOptions::default() };
        let run = |threads: usize| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| draw_links(1500, &given, Sources::default(), &score, &options))
        };
        let alone = run(1);
        assert!(!alone.0.varying.is_empty());
        assert_eq!(alone, run(2));
    }

    #[test]
    fn no_draws_and_no_records_are_no_error() {
        let given = pairs(&[(0, 1, 1.0)]);
        let options = DrawOptions { draws: 0, ..DrawOptions::default() };
        let (draws, _) = draw_links(2, &given, Sources::default(), &scorer(&given, 0.0), &options);
        assert_eq!((draws.people_count(), draws.together(0, 1)), (None, None));
        let (none, _) = draw_links(0, &[], Sources::default(), &|_, _| 0.0, &DrawOptions::default());
        assert_eq!(none.people_count(), Some(PeopleCount { mean: 0.0, interval: (0.0, 0.0) }));
    }
}
