//! Training: the prior from rules, *u* from random pairs and in closed form, *m* by expectation maximisation.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::block::{Blocks, Sorted};
use crate::compare::{Engine, Ladder, Pair};
use crate::random::{Stream, mix};
use crate::records::{MISSING, Records};
use crate::score::{Pattern, level_in};
use crate::settings::{Comparison, Condition, LinkType, Settings};

/// How many pairs of two records there are at all.
pub(crate) fn possible_pairs(records: &Records, link_type: LinkType) -> f64 {
    let n = records.len() as f64;
    let all = n * (n - 1.0) / 2.0;
    if link_type != LinkType::LinkOnly {
        return all;
    }
    let mut counts = vec![0.0_f64; records.source_names.len()];
    for source in &records.sources {
        counts[usize::from(*source)] += 1.0;
    }
    all - counts.iter().map(|c| c * (c - 1.0) / 2.0).sum::<f64>()
}

/// What one EM session did.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    /// Its blocking rule as written.
    pub rule: String,
    /// Pairs it looked at.
    pub pairs: u64,
    /// Iterations until it stopped.
    pub iterations: u32,
    /// The largest change of a probability in the last iteration.
    pub last_change: f64,
    /// Whether that is below the limit.
    pub converged: bool,
    /// The share of its pairs that it takes for matches.
    pub matches: f64,
    /// The comparisons whose *m* it estimated.
    pub estimated: Vec<String>,
}

/// How many of each pattern there are.
pub(crate) type Patterns = Vec<(Pattern, f64)>;

/// Counts patterns over a rule's pairs, of which about `most` are looked at: pairs are taken by a hash of their records, so
/// that the same ones are taken at any thread count.
pub(crate) fn count_patterns(
    (engine, ladders): (&Engine, &[Ladder]),
    blocks: &Blocks<'_>,
    (rule, sorted): (usize, &Sorted),
    most: u64,
    seed: u64,
    counts: &mut HashMap<Pattern, f64>,
) -> u64 {
    let total = blocks.count(rule, sorted).pairs;
    let chunks = Blocks::chunks(sorted);
    let share = if total <= most { 1.0 } else { most as f64 / total as f64 };
    let limit = if share >= 1.0 { u64::MAX } else { (share * u64::MAX as f64) as u64 };
    let part: Vec<(HashMap<Pattern, u64>, u64)> = chunks
        .par_iter()
        .map_init(
            || engine.scratch(),
            |scratch, chunk| {
                let mut counts: HashMap<Pattern, u64> = HashMap::new();
                let mut taken = 0;
                blocks.pairs(rule, sorted, *chunk, scratch, |pair, scratch| {
                    let key = (u64::from(pair.left) << 32) | u64::from(pair.right);
                    if limit != u64::MAX && mix(seed, key) > limit {
                        return;
                    }
                    taken += 1;
                    Engine::begin(scratch);
                    *counts.entry(pattern_of(engine, ladders, pair, scratch)).or_default() += 1;
                });
                (counts, taken)
            },
        )
        .collect();
    let mut taken = 0;
    for (chunk, n) in part {
        taken += n;
        for (pattern, count) in chunk {
            *counts.entry(pattern).or_default() += count as f64 / share;
        }
    }
    taken
}

pub(crate) fn pattern_of(
    engine: &Engine,
    ladders: &[Ladder],
    pair: Pair<'_>,
    scratch: &mut crate::compare::Scratch,
) -> Pattern {
    let mut pattern = 0;
    for (c, ladder) in ladders.iter().enumerate() {
        let level = engine.level(ladder, pair, scratch).unwrap_or(15);
        pattern |= (level as Pattern) << (4 * c);
    }
    pattern
}

/// Patterns in a fixed order.
pub(crate) fn sorted_patterns(counts: HashMap<Pattern, f64>) -> Patterns {
    let mut patterns: Patterns = counts.into_iter().collect();
    patterns.sort_unstable_by_key(|p| p.0);
    patterns
}

/// *u* of each level of each comparison: the shares of random pairs, with the first exact level in closed form.
///
/// In closed form, the probability that two different records agree on a value is `Σ n(n-1) / N(N-1)` over its frequencies
/// `n`, whatever the sample would have held. The other levels share what is left as the sample shows them; one that the
/// sample never shows gets half a pair.
pub(crate) fn estimate_u(
    records: &Records,
    settings: &Settings,
    engine: &Engine,
    ladders: &[Ladder],
) -> Vec<Vec<f64>> {
    const PART: u64 = 1 << 16;
    /// Pairs taken side by side: records `a, a+1, …` with `b, b+1, …`. Every pair is as likely as every other, and memory is
    /// read in two streams.
    const RUN: u64 = 256;
    let wanted = settings.training.sampled_pairs.max(1);
    let n = records.len() as u64;
    let parts: Vec<u64> = (0..wanted.div_ceil(PART)).collect();
    let counts: Vec<Vec<u64>> = parts
        .par_iter()
        .map_init(
            || engine.scratch(),
            |scratch, part| {
                let mut stream = Stream::new(settings.training.seed, part.wrapping_add(1));
                let mut counts = vec![0_u64; ladders.len() * 16];
                let (mut first, mut second) = (0, 0);
                for pair in 0..PART.min(wanted - part * PART) {
                    if pair % RUN == 0 {
                        (first, second) = (stream.below(n), stream.below(n));
                    }
                    let (a, b) = (((first + pair % RUN) % n) as u32, ((second + pair % RUN) % n) as u32);
                    if a == b
                        || settings.link_type == LinkType::LinkOnly
                            && records.sources[a as usize] == records.sources[b as usize]
                    {
                        continue;
                    }
                    Engine::begin(scratch);
                    let pair = engine.pair(a.min(b), a.max(b));
                    for (c, ladder) in ladders.iter().enumerate() {
                        let level = engine.level(ladder, pair, scratch).unwrap_or(15);
                        counts[c * 16 + level] += 1;
                    }
                }
                counts
            },
        )
        .collect();
    let mut total = vec![0_u64; ladders.len() * 16];
    for part in counts {
        for (sum, n) in total.iter_mut().zip(part) {
            *sum += n;
        }
    }
    settings
        .comparisons
        .iter()
        .enumerate()
        .map(|(c, comparison)| {
            let counts: Vec<f64> = comparison
                .levels
                .iter()
                .enumerate()
                .map(|(l, level)| if level.is_null { 0.0 } else { (total[c * 16 + l] as f64).max(0.5) })
                .collect();
            let sum: f64 = counts.iter().sum();
            let mut u: Vec<f64> = counts.iter().map(|n| n / sum.max(1.0)).collect();
            if let Some((at, exact)) = exact_in_closed_form(records, settings.link_type, comparison, engine) {
                let rest: f64 = 1.0 - u[at];
                for (l, share) in u.iter_mut().enumerate() {
                    *share = if l == at { exact } else { *share * (1.0 - exact) / rest.max(1e-12) };
                }
            }
            u
        })
        .collect()
}

/// The probability of a comparison's first level, where that says only that one value is equal.
fn exact_in_closed_form(
    records: &Records,
    link_type: LinkType,
    comparison: &Comparison,
    engine: &Engine,
) -> Option<(usize, f64)> {
    let at = comparison.levels.iter().position(|l| !l.is_null)?;
    let level = &comparison.levels[at];
    let Condition::Equal(left, _) = &level.condition else { return None };
    if !level.condition.is_exact_match() {
        return None;
    }
    // The null levels must say no more than that this value is missing, or the sample knows better.
    let same_missing =
        comparison.levels[..at].iter().all(|l| l.condition.columns() == level.condition.columns());
    if !same_missing {
        return None;
    }
    let feature = engine.features.of(&left.value)?;
    let values = engine.features.domain(feature).texts.len();
    let pairs = |counts: &[u64]| -> (f64, f64) {
        let total: u64 = counts.iter().sum();
        let two = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
        (counts.iter().map(|n| two(*n)).sum(), two(total))
    };
    let mut counts = vec![0_u64; values];
    for code in engine.column(feature).iter().filter(|c| **c != MISSING) {
        counts[*code as usize] += 1;
    }
    let (mut equal, mut all) = pairs(&counts);
    if link_type == LinkType::LinkOnly {
        for source in 0..records.source_names.len() {
            let mut counts = vec![0_u64; values];
            for (code, of) in engine.column(feature).iter().zip(&records.sources) {
                if *code != MISSING && usize::from(*of) == source {
                    counts[*code as usize] += 1;
                }
            }
            let (within, both) = pairs(&counts);
            equal -= within;
            all -= both;
        }
    }
    (all > 0.0).then(|| (at, (equal.max(0.5)) / all))
}

/// Expectation maximisation over patterns with *u* fixed: *m* of the comparisons in `free`, and the share of matches
/// (Dempster, Laird and Rubin 1977; Winkler 1988 for record linkage).
pub(crate) fn maximise(
    settings: &Settings,
    patterns: &Patterns,
    free: &[bool],
    start: f64,
    m: &mut [Vec<f64>],
    u: &[Vec<f64>],
) -> (f64, u32, f64) {
    let mut share = start.clamp(1e-12, 1.0 - 1e-9);
    let mut last = f64::INFINITY;
    let mut iteration = 0;
    let total: f64 = patterns.iter().map(|p| p.1).sum();
    while iteration < settings.training.max_iterations.max(1) && last > settings.training.convergence {
        iteration += 1;
        let mut sums: Vec<Vec<f64>> = m.iter().map(|levels| vec![0.0; levels.len()]).collect();
        let mut matched = 0.0;
        for (pattern, count) in patterns {
            let (mut yes, mut no) = (share, 1.0 - share);
            for c in (0..m.len()).filter(|c| free[*c]) {
                let level = level_in(*pattern, c);
                if level < m[c].len() && !settings.comparisons[c].levels[level].is_null {
                    yes *= m[c][level];
                    no *= u[c][level];
                }
            }
            let weight = count * yes / (yes + no);
            matched += weight;
            for c in (0..m.len()).filter(|c| free[*c]) {
                let level = level_in(*pattern, c);
                if level < m[c].len() {
                    sums[c][level] += weight;
                }
            }
        }
        last = 0.0;
        let next = matched / total.max(1e-12);
        last = f64::max(last, (next - share).abs());
        share = next.clamp(1e-12, 1.0 - 1e-9);
        for c in (0..m.len()).filter(|c| free[*c]) {
            let levels = &settings.comparisons[c].levels;
            let seen: f64 = (0..levels.len()).filter(|l| !levels[*l].is_null).map(|l| sums[c][l]).sum();
            if seen <= 0.0 {
                continue;
            }
            for l in (0..levels.len()).filter(|l| !levels[*l].is_null && !levels[*l].fix_m) {
                let next = (sums[c][l] / seen).max(1e-9);
                last = last.max((next - m[c][l]).abs());
                m[c][l] = next;
            }
        }
    }
    (share, iteration, last)
}

/// *m* before any training: 0.95 on the first level, the rest shared by the others.
pub(crate) fn first_m(comparison: &Comparison) -> Vec<f64> {
    let levels = comparison.levels.iter().filter(|l| !l.is_null).count().max(2);
    let mut first = true;
    comparison
        .levels
        .iter()
        .map(|level| {
            if level.is_null {
                0.0
            } else if std::mem::take(&mut first) {
                0.95
            } else {
                0.05 / (levels - 1) as f64
            }
        })
        .collect()
}
