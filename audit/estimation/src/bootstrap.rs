//! The bootstrap of the stepwise model: every replicate chooses its model anew.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::loglinear::Frame;
use crate::random::{Purpose, Stream};
use crate::shape::Shape;
use crate::sparse::Search;
use crate::special::{normal_cdf, normal_quantile, quantile};
use crate::{EstimationError, Interval, IntervalKind, ListTable, stepwise};

/// Replicates at most.
pub const MAX_REPLICATES: u32 = 1_000_000;

/// How replicates are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BootstrapPlan {
    /// Replicates; limits of BCa move by several per cent below 10,000.
    pub replicates: u32,
    /// Their seed.
    pub seed: u64,
    /// The stepwise threshold.
    pub threshold: f64,
    /// The level of the intervals.
    pub level: f64,
}

impl Default for BootstrapPlan {
    fn default() -> Self {
        Self { replicates: 10_000, seed: 1, threshold: 0.02, level: 0.95 }
    }
}

/// A bootstrap of the stepwise model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The estimate from the table itself.
    pub estimate: f64,
    /// Replicates asked for.
    pub replicates: u32,
    /// Replicates on which no model had a fit.
    pub failed: u32,
    /// Median over replicates.
    pub median: f64,
    /// Percentiles; always to be shown beside BCa, which can hide a second peak.
    pub percentile: Interval,
    /// Bias-corrected and accelerated (Efron 1987, *J. Am. Stat. Assoc.* 82, 171–185); absent where every replicate lies on
    /// one side of the estimate.
    pub bca: Option<Interval>,
    /// Acceleration from the jackknife over people.
    pub acceleration: f64,
    /// Bias correction: the normal quantile of the share of replicates below the estimate.
    pub bias_correction: f64,
    /// Histogram and peaks.
    pub shape: Shape,
    /// The replicates in rising order.
    #[serde(skip)]
    pub estimates: Vec<f64>,
}

/// Bootstraps the stepwise model by multinomial resampling of the people seen, with a jackknife for BCa.
pub fn bootstrap(table: &ListTable, plan: &BootstrapPlan) -> Result<Bootstrap, EstimationError> {
    check(plan.replicates, plan.level)?;
    let estimate = stepwise(table, plan.threshold)?.fit.estimate();
    let frame = Frame::new(table);
    let counts = Frame::counts(table);
    let observed = table.people() as f64;
    let acceleration = jackknife(&frame, &counts, observed, plan.threshold);
    let sampler = Sampler::new(table);
    let drawn: Vec<Option<f64>> = (0..plan.replicates)
        .into_par_iter()
        .with_min_len(chunk(plan.replicates))
        .map_init(
            || (Search::new(&frame, plan.threshold), vec![0.0; frame.size]),
            |(search, counts), replicate| {
                let mut stream = Stream::new(plan.seed, Purpose::Bootstrap, u64::from(replicate));
                sampler.draw(&mut stream, counts);
                let solved = search.run(counts, |_| {}, |_, _| {})?;
                let estimate = observed + solved.log_dark.exp();
                estimate.is_finite().then_some(estimate)
            },
        )
        .collect();
    let mut estimates: Vec<f64> = drawn.into_iter().flatten().collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let failed = plan.replicates - estimates.len() as u32;
    let at = |p: f64| quantile(&estimates, p);
    let (Some(median), Some(low), Some(high)) =
        (at(0.5), at((1.0 - plan.level) / 2.0), at(f64::midpoint(1.0, plan.level)))
    else {
        return Err(EstimationError::Model {
            model: "stepwise".into(),
            reason: "no replicate of the table had a fit; the lists overlap too little to tell how sure the estimate is".into(),
        });
    };
    let below = estimates.iter().filter(|&&e| e < estimate).count() as f64 / estimates.len() as f64;
    let bias_correction = normal_quantile(below);
    let bca = bias_correction.is_finite().then(|| {
        let end = |p: f64| {
            let z = bias_correction + normal_quantile(p);
            at(normal_cdf(bias_correction + z / (1.0 - acceleration * z))).unwrap_or(f64::NAN)
        };
        let tail = (1.0 - plan.level) / 2.0;
        Interval::new(plan.level, end(tail), end(1.0 - tail), IntervalKind::Bca)
    });
    let percentile = Interval::new(plan.level, low, high, IntervalKind::Percentile);
    let shape = Shape::of(&estimates, observed);
    Ok(Bootstrap {
        estimate,
        replicates: plan.replicates,
        failed,
        median,
        percentile,
        bca,
        acceleration,
        bias_correction: bias_correction.clamp(-9.0, 9.0),
        shape,
        estimates,
    })
}

pub(crate) fn check(replicates: u32, level: f64) -> Result<(), EstimationError> {
    if !(1..=MAX_REPLICATES).contains(&replicates) {
        return Err(EstimationError::Plan(format!(
            "{replicates} replicates; ask for 1 to {MAX_REPLICATES}, 10,000 for a publication"
        )));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(EstimationError::Plan(format!(
            "a level of {level}; it must lie between 0 and 1, as 0.95 does"
        )));
    }
    Ok(())
}

/// Replicates for one thread at least, so that caches of verdicts are worth their while.
pub(crate) fn chunk(replicates: u32) -> usize {
    (replicates as usize / (4 * rayon::current_num_threads())).max(16)
}

/// The acceleration of BCa: leave out one person at a time, which is one run for each history that has people.
fn jackknife(frame: &Frame, counts: &[f64], observed: f64, threshold: f64) -> f64 {
    let seen: Vec<usize> = (0..counts.len()).filter(|&cell| counts[cell] > 0.0).collect();
    let runs: Vec<Option<(f64, f64)>> = seen
        .par_iter()
        .with_min_len(8)
        .map_init(
            || (Search::new(frame, threshold), counts.to_vec()),
            |(search, without), &cell| {
                without[cell] -= 1.0;
                let solved = search.run(without, |_| {}, |_, _| {});
                without[cell] += 1.0;
                Some((counts[cell], observed - 1.0 + solved?.log_dark.exp()))
            },
        )
        .collect();
    let runs: Vec<(f64, f64)> = runs.into_iter().flatten().collect();
    let weight: f64 = runs.iter().map(|run| run.0).sum();
    let mean = runs.iter().map(|(n, e)| n * e).sum::<f64>() / weight;
    let power = |k: i32| runs.iter().map(|(n, e)| n * (mean - e).powi(k)).sum::<f64>();
    let (square, cube) = (power(2), power(3));
    if square > 0.0 { cube / (6.0 * square.powf(1.5)) } else { 0.0 }
}

/// Draws tables of the same size from the observed proportions.
#[derive(Debug)]
pub(crate) struct Sampler {
    people: u64,
    /// Histories that have people, the largest first, with the share of what is left when its turn comes.
    cells: Vec<(usize, f64)>,
}

impl Sampler {
    pub(crate) fn new(table: &ListTable) -> Self {
        let counts = table.counts();
        let mut seen: Vec<usize> = (0..counts.len()).filter(|&cell| counts[cell] > 0).collect();
        seen.sort_by_key(|&cell| std::cmp::Reverse(counts[cell]));
        let mut left = table.people();
        let cells = seen
            .into_iter()
            .map(|cell| {
                let share = counts[cell] as f64 / left as f64;
                left -= counts[cell];
                (cell, share)
            })
            .collect();
        Self { people: table.people(), cells }
    }

    pub(crate) fn draw(&self, stream: &mut Stream, counts: &mut [f64]) {
        counts.fill(0.0);
        let mut left = self.people;
        for &(cell, share) in &self.cells {
            let count = stream.binomial(left, share);
            counts[cell] = count as f64;
            left -= count;
        }
    }
}
