//! Counts, intervals and the parts of an error.

use std::collections::HashMap;

use serde::Serialize;

use super::Share;
use crate::SyntheticError;

/// How far an estimate is from the truth, as a share of it; `None` where the truth is nought.
pub fn relative_error(estimate: f64, truth: f64) -> Option<f64> {
    (truth != 0.0).then(|| estimate / truth - 1.0)
}

/// One estimate with its interval, and the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// What is true.
    pub truth: f64,
}

/// How estimates did over several seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Estimates whose interval holds the truth.
    pub covered: Share,
    /// Estimates whose interval lies wholly below the truth.
    pub below: u64,
    /// Estimates whose interval lies wholly above.
    pub above: u64,
    /// Mean relative error.
    pub bias: Option<f64>,
    /// Mean width of the intervals as a share of the truth.
    pub width: Option<f64>,
}

/// Scores intervals. At least two hundred seeds tell 0.95 from 0.90. An interval with an end that is no number covers nothing.
pub fn coverage(intervals: &[Interval]) -> Coverage {
    let covers = |i: &&Interval| i.lower <= i.truth && i.truth <= i.upper;
    let usable: Vec<&Interval> =
        intervals.iter().filter(|i| i.truth != 0.0 && i.estimate.is_finite()).collect();
    let mean = |of: &dyn Fn(&Interval) -> f64| {
        (!usable.is_empty()).then(|| usable.iter().map(|i| of(i)).sum::<f64>() / usable.len() as f64)
    };
    Coverage {
        covered: Share::of(intervals.iter().filter(covers).count() as u64, intervals.len() as u64),
        below: intervals.iter().filter(|i| i.upper < i.truth).count() as u64,
        above: intervals.iter().filter(|i| i.lower > i.truth).count() as u64,
        bias: mean(&|i| i.estimate / i.truth - 1.0),
        width: mean(&|i| (i.upper - i.lower) / i.truth),
    }
}

/// What the definitions of a group look at in one offence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OffenceFacts {
    /// Perpetrators noted, identified or not.
    pub noted: u32,
    /// Identified suspects.
    pub suspects: Vec<u64>,
    /// Victims.
    pub victims: Vec<u64>,
}

/// Groups under four definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GroupCounts {
    /// Offences with two or more perpetrators noted, identified or not.
    pub d1: u64,
    /// Offences with two or more identified.
    pub d2: u64,
    /// Connected components of two or more identified suspects who share an offence.
    pub d3: u64,
    /// The same where sharing a victim joins suspects, too: an upper view that is known to merge unrelated people.
    pub d4: u64,
}

/// Counts groups. The same function serves what was recorded and what is true, so that the two differ by the data alone.
pub fn group_counts(offences: &[OffenceFacts]) -> GroupCounts {
    let components = |by_victim: bool| {
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut parents: Vec<usize> = Vec::new();
        let mut at_victim: HashMap<u64, usize> = HashMap::new();
        for offence in offences {
            let mut first: Option<usize> = None;
            for suspect in &offence.suspects {
                let number = *numbers.entry(*suspect).or_insert_with(|| {
                    parents.push(parents.len());
                    parents.len() - 1
                });
                if let Some(other) = first {
                    join(&mut parents, other, number);
                }
                first = first.or(Some(number));
            }
            if let (true, Some(number)) = (by_victim, first) {
                for victim in &offence.victims {
                    let other = *at_victim.entry(*victim).or_insert(number);
                    join(&mut parents, other, number);
                }
            }
        }
        let mut sizes = vec![0u64; parents.len()];
        for n in 0..parents.len() {
            let root = root(&mut parents, n);
            sizes[root] += 1;
        }
        sizes.into_iter().filter(|&size| size >= 2).count() as u64
    };
    GroupCounts {
        d1: offences.iter().filter(|o| o.noted >= 2).count() as u64,
        d2: offences.iter().filter(|o| o.suspects.len() >= 2).count() as u64,
        d3: components(false),
        d4: components(true),
    }
}

fn root(parents: &mut [usize], mut n: usize) -> usize {
    while parents[n] != n {
        parents[n] = parents[parents[n]];
        n = parents[n];
    }
    n
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

/// How far a number of groups is from the truth's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupError {
    /// `D1` to `D4`.
    pub definition: &'static str,
    /// What was reported.
    pub reported: u64,
    /// The same definition over the truth.
    pub by_definition: u64,
    /// True groups, whatever the definition.
    pub groups: u64,
    /// Error against the same definition over the truth.
    pub error: Option<f64>,
    /// Error against the number of true groups.
    pub error_of_groups: Option<f64>,
}

/// Errors of all four definitions side by side.
pub fn group_errors(reported: GroupCounts, truth: GroupCounts, groups: u64) -> [GroupError; 4] {
    [
        ("D1", reported.d1, truth.d1),
        ("D2", reported.d2, truth.d2),
        ("D3", reported.d3, truth.d3),
        ("D4", reported.d4, truth.d4),
    ]
    .map(|(definition, reported, by_definition)| GroupError {
        definition,
        reported,
        by_definition,
        groups,
        error: relative_error(reported as f64, by_definition as f64),
        error_of_groups: relative_error(reported as f64, groups as f64),
    })
}

/// The adjusted Rand index of two partitions of the same items (Hubert and Arabie 1985): 1 for the same partition, about 0 for
/// unrelated ones. `None` for fewer than two items and where both partitions are all one or all apart.
///
/// # Errors
///
/// [`SyntheticError::Lengths`] where the two are not of the same items.
pub fn adjusted_rand(left: &[u32], right: &[u32]) -> Result<Option<f64>, SyntheticError> {
    super::same_length("items of two partitions", left.len(), right.len())?;
    let mut cells: HashMap<(u32, u32), u64> = HashMap::new();
    let (mut rows, mut columns): (HashMap<u32, u64>, HashMap<u32, u64>) = Default::default();
    for (&l, &r) in left.iter().zip(right) {
        *cells.entry((l, r)).or_default() += 1;
        *rows.entry(l).or_default() += 1;
        *columns.entry(r).or_default() += 1;
    }
    let pairs = |n: &u64| (*n as f64) * (*n as f64 - 1.0) / 2.0;
    let total = pairs(&(left.len() as u64));
    let (together, of_rows, of_columns): (f64, f64, f64) =
        (cells.values().map(pairs).sum(), rows.values().map(pairs).sum(), columns.values().map(pairs).sum());
    let expected = if total > 0.0 { of_rows * of_columns / total } else { 0.0 };
    let most = f64::midpoint(of_rows, of_columns);
    Ok((most - expected != 0.0).then(|| (together - expected) / (most - expected)))
}

/// The headline with the truth in place of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRun {
    /// The stage.
    pub stage: String,
    /// The headline with the truth in place of this stage alone.
    pub alone: f64,
    /// The headline with the truth in place of this stage and all before it.
    pub up_to: f64,
}

/// What one stage brought to the error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageShare {
    /// The stage.
    pub stage: String,
    /// What its own repair takes off the headline, all others as they are.
    pub alone: f64,
    /// What its repair takes off after those before it; these add up to the error.
    pub in_order: f64,
}

/// An error in parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decomposition {
    /// The headline less the truth.
    pub error: f64,
    /// As a share of the truth.
    pub relative: Option<f64>,
    /// By stage.
    pub stages: Vec<StageShare>,
    /// What is left when every stage is the truth: the model's own error.
    pub left: f64,
    /// What the parts alone do not add up to: stages that cancel or add to each other.
    pub interaction: f64,
}

/// Takes a headline's error apart by oracle swap: the truth in place of one stage at a time, and of one after the other.
pub fn decompose(truth: f64, headline: f64, runs: &[StageRun]) -> Decomposition {
    let error = headline - truth;
    let mut before = headline;
    let mut stages = Vec::new();
    for run in runs {
        stages.push(StageShare {
            stage: run.stage.clone(),
            alone: headline - run.alone,
            in_order: before - run.up_to,
        });
        before = run.up_to;
    }
    let left = before - truth;
    let alone: f64 = stages.iter().map(|s| s.alone).sum();
    Decomposition {
        error,
        relative: relative_error(headline, truth),
        interaction: error - left - alone,
        stages,
        left,
    }
}

/// Takes a headline's error apart so that no stage depends on the order in which they are repaired: the mean over all orders
/// (Shapley 1953). `headline` gets, as bits, the stages in whose place the truth stands, and is asked once for each of the `2^n` sets.
/// The parts add up to the error less what is left. Stages beyond the twelfth are left out.
pub fn shapley(stages: &[&str], mut headline: impl FnMut(u32) -> f64) -> Vec<(String, f64)> {
    let count = stages.len().min(12);
    let values: Vec<f64> = (0..1u32 << count).map(&mut headline).collect();
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    (0..count)
        .map(|stage| {
            let part = (0..values.len())
                .filter(|set| set & (1 << stage) == 0)
                .map(|set| {
                    let size = set.count_ones() as usize;
                    let weight = factorial(size) * factorial(count - size - 1) / factorial(count);
                    weight * (values[set] - values[set | 1 << stage])
                })
                .sum();
            (stages[stage].to_owned(), part)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_definitions_give_four_numbers() {
        let offence = |noted, suspects: &[u64], victims: &[u64]| OffenceFacts {
            noted,
            suspects: suspects.to_vec(),
            victims: victims.to_vec(),
        };
        // Two offences of one pair; one with an unnamed second; two solo suspects who share a victim.
        let offences = [
            offence(2, &[1, 2], &[10]),
            offence(3, &[2, 3], &[11]),
            offence(2, &[4], &[12]),
            offence(1, &[5], &[13]),
            offence(1, &[6], &[13]),
        ];
        assert_eq!(group_counts(&offences), GroupCounts { d1: 3, d2: 2, d3: 1, d4: 2 });
        let errors = group_errors(group_counts(&offences), GroupCounts { d1: 4, d2: 4, d3: 2, d4: 2 }, 2);
        assert_eq!(errors[0].error, Some(-0.25));
        assert_eq!(errors[2].error_of_groups, Some(-0.5));
    }

    #[test]
    fn the_adjusted_rand_index_is_one_for_the_same_partition() {
        // One for equal partitions whatever their labels; below one for others; unknown where there is no choice.
        assert_eq!(adjusted_rand(&[0, 0, 1, 1], &[7, 7, 3, 3]).unwrap(), Some(1.0));
        assert!((adjusted_rand(&[0, 0, 1, 1], &[0, 1, 0, 1]).unwrap().unwrap() + 0.5).abs() < 1e-12);
        assert_eq!(adjusted_rand(&[0, 0], &[0, 0]).unwrap(), None);
    }

    #[test]
    fn intervals_are_scored_by_what_they_hold() {
        let of = |estimate, lower, upper| Interval { estimate, lower, upper, truth: 100.0 };
        let c = coverage(&[
            of(100.0, 90.0, 110.0),
            of(80.0, 70.0, 90.0),
            of(130.0, 120.0, 140.0),
            of(f64::NAN, f64::NAN, 1.0),
        ]);
        assert_eq!((c.covered.part, c.below, c.above), (1, 2, 1));
        assert!((c.bias.unwrap() - 0.1 / 3.0).abs() < 1e-12);
        assert!((c.width.unwrap() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn an_error_that_cancels_is_seen_in_its_parts() {
        // Linkage adds 100, the estimator takes 90 off: the headline is right to one per cent.
        let runs = [
            StageRun { stage: "linkage".into(), alone: 910.0, up_to: 910.0 },
            StageRun { stage: "estimation".into(), alone: 1100.0, up_to: 1000.0 },
        ];
        let d = decompose(1000.0, 1010.0, &runs);
        assert_eq!((d.error, d.left, d.interaction), (10.0, 0.0, 0.0));
        assert_eq!((d.stages[0].alone, d.stages[1].alone), (100.0, -90.0));
    }

    proptest! {
        #[test]
        fn parts_of_an_error_add_up(values in prop::collection::vec(-1e3..1e3f64, 8)) {
            let parts = shapley(&["a", "b", "c"], |set| values[set as usize]);
            let sum: f64 = parts.iter().map(|p| p.1).sum();
            prop_assert!((sum - (values[0] - values[7])).abs() < 1e-9);
        }
    }
}
