//! Errors of linkage carried into the estimate.
//!
//! A missed match turns one person into two and empties an overlap, so that errors are magnified: one match missed of two
//! doubles a two-list estimate. Draws from the linkage's posterior, each a table of its own, carry that doubt on.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bootstrap::check;
use crate::interval::two_sided;
use crate::loglinear::{Engine, Frame};
use crate::models::{AveragingPlan, all_models, average_bootstrap};
use crate::random::seed_of;
use crate::shape::Shape;
use crate::special::quantile;
use crate::{BootstrapPlan, EstimationError, Interval, IntervalKind, ListSet, ListTable, Model, bootstrap};

/// How estimates over linkage draws are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinkagePlan {
    /// Replicates in each draw.
    pub replicates: u32,
    /// The seed.
    pub seed: u64,
    /// The level of the interval.
    pub level: f64,
    /// The stepwise threshold, for tables of more than five lists.
    pub threshold: f64,
}

impl Default for LinkagePlan {
    fn default() -> Self {
        Self { replicates: 200, seed: 1, level: 0.95, threshold: 0.02 }
    }
}

/// An estimate over draws of the linkage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Median of all replicates of all draws.
    pub estimate: f64,
    /// Percentiles of all replicates of all draws.
    pub interval: Interval,
    /// Rubin's cross-check (1987): normal on the logarithm of the dark figure, with within and between variance.
    pub cross_check: Interval,
    /// Mean variance of the logarithm of the dark figure within a draw.
    pub within: f64,
    /// Variance of its mean between draws.
    pub between: f64,
    /// Draws used.
    pub draws: usize,
    /// Draws on which no model had a fit.
    pub failed: usize,
    /// Replicates in each draw.
    pub replicates: u32,
    /// Histogram and peaks of the pooled replicates.
    pub shape: Shape,
}

/// Draws at least, below which the spread between them is hardly known.
pub const FEWEST_DRAWS: usize = 50;

/// Pools estimates over tables that were each made from one draw of the linkage. Replicates average over models anew for
/// three to five lists and choose stepwise for more.
pub fn pool(draws: &[ListTable], plan: &LinkagePlan) -> Result<Pooled, EstimationError> {
    check(plan.replicates, plan.level)?;
    let Some(first) = draws.first() else {
        return Err(EstimationError::Plan("no draws of the linkage; give one table for each".into()));
    };
    if draws.iter().any(|draw| draw.lists() != first.lists()) {
        return Err(EstimationError::Plan(
            "draws of the linkage must all be of the same lists in the same order".into(),
        ));
    }
    if first.lists().len() < 3 {
        return Err(EstimationError::TooFewLists { lists: first.lists().len() });
    }
    let replicates: Vec<Option<(f64, Vec<f64>)>> = draws
        .par_iter()
        .enumerate()
        .map(|(draw, table)| {
            let seed = seed_of(plan.seed, draw as u64);
            let estimates = if table.lists().len() <= 5 {
                let models = all_models(table, 2).ok()?;
                let averaging = AveragingPlan {
                    replicates: plan.replicates,
                    seed,
                    level: plan.level,
                    ..AveragingPlan::default()
                };
                average_bootstrap(table, &models, &averaging).ok()?.estimates
            } else {
                let stepwise = BootstrapPlan {
                    replicates: plan.replicates,
                    seed,
                    threshold: plan.threshold,
                    level: plan.level,
                };
                bootstrap(table, &stepwise).ok()?.estimates
            };
            Some((table.people() as f64, estimates))
        })
        .collect();
    let used: Vec<(f64, Vec<f64>)> = replicates.into_iter().flatten().collect();
    let failed = draws.len() - used.len();
    let observed = used.iter().map(|(people, _)| people).sum::<f64>() / used.len().max(1) as f64;
    let moments: Vec<(f64, f64)> = used
        .iter()
        .map(|(people, estimates)| {
            let logs: Vec<f64> = estimates.iter().map(|e| (e - people).max(1e-3).ln()).collect();
            let mean = logs.iter().sum::<f64>() / logs.len() as f64;
            (mean, logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (logs.len() as f64 - 1.0).max(1.0))
        })
        .collect();
    let count = moments.len() as f64;
    let centre = moments.iter().map(|m| m.0).sum::<f64>() / count;
    let within = moments.iter().map(|m| m.1).sum::<f64>() / count;
    let between = moments.iter().map(|m| (m.0 - centre).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    let lowest_people = used.iter().map(|(people, _)| *people).fold(f64::INFINITY, f64::min);
    let mut all: Vec<f64> = used.into_iter().flat_map(|(_, estimates)| estimates).collect();
    all.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - plan.level) / 2.0;
    let at = |p: f64| quantile(&all, p);
    let (Some(median), Some(low), Some(high)) = (at(0.5), at(tail), at(1.0 - tail)) else {
        return Err(EstimationError::Model {
            model: "pooled over linkage".into(),
            reason: "no draw of the linkage gave a table with a fit".into(),
        });
    };
    let half = two_sided(plan.level) * (within + (1.0 + 1.0 / count) * between).sqrt();
    Ok(Pooled {
        estimate: median,
        interval: Interval::new(plan.level, low, high, IntervalKind::Pooled),
        cross_check: Interval::new(
            plan.level,
            observed + (centre - half).exp(),
            observed + (centre + half).exp(),
            IntervalKind::Normal,
        ),
        within,
        between,
        draws: draws.len() - failed,
        failed,
        replicates: plan.replicates,
        shape: Shape::of(&all, lowest_people),
    })
}

/// How the estimate depends on the share of links that the linkage misses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissedLinks {
    /// Relative change of the estimate for each hundredth of links missed.
    pub per_hundredth: f64,
    /// For shares of links missed in making this table: the share, and what the estimate would be without them.
    pub corrected: Vec<(f64, f64)>,
}

/// Shares of missed links that are shown.
const MISSED: [f64; 4] = [0.01, 0.02, 0.05, 0.10];

/// The sensitivity of a model's estimate to missed links. `None` where the model has no fit.
///
/// A share `r` is missed when each of a person's records but one is taken for a person of its own with probability `r`. The
/// table is put through that once more and the change is read off: the estimate without the first misses is about as much
/// lower as the second makes it higher.
pub fn missed_links(table: &ListTable, model: &Model) -> Option<MissedLinks> {
    let estimate = |rate: f64| -> Option<f64> {
        let frame = Frame::new(table);
        let mut engine = Engine::new(&frame);
        let counts = missed(table, rate);
        let sums = Frame::sums(&counts);
        if !engine.prepare(&frame, &sums, &model.masks()) {
            return None;
        }
        let solved = engine.fit(&counts, false)?;
        Some(counts.iter().sum::<f64>() + solved.log_dark.exp())
    };
    let base = estimate(0.0)?;
    let ratio = |rate: f64| estimate(rate).map(|moved| moved / base);
    let corrected = MISSED.iter().filter_map(|&rate| Some((rate, base / ratio(rate)?))).collect();
    Some(MissedLinks { per_hundredth: ratio(0.01)? - 1.0, corrected })
}

/// Expected counts after a share of links is missed; which of a person's records stays is equally likely.
fn missed(table: &ListTable, rate: f64) -> Vec<f64> {
    let mut counts = vec![0.0; table.counts().len()];
    for (&count, history) in table.counts().iter().zip(0_u16..) {
        if count == 0 {
            continue;
        }
        let count = count as f64;
        let lists = f64::from(history.count_ones());
        // Every way to keep some of the records together.
        let mut kept = history;
        while kept != 0 {
            let size = f64::from(kept.count_ones());
            let chance = (1.0 - rate).powf(size - 1.0) * rate.powf(lists - size) * size / lists;
            counts[usize::from(kept)] += count * chance;
            for alone in ListSet(history & !kept).positions() {
                counts[1 << alone] += count * chance;
            }
            kept = (kept - 1) & history;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ListTable {
        let text = "a,b,c,count\n1,0,0,200\n0,1,0,180\n0,0,1,150\n1,1,0,40\n1,0,1,30\n0,1,1,25\n1,1,1,6\n";
        ListTable::from_csv(text).unwrap().0
    }

    #[test]
    fn missing_links_keeps_records_and_raises_the_estimate() {
        let table = table();
        let records = |counts: &[f64]| -> f64 {
            counts.iter().zip(0_u16..).map(|(count, history)| count * f64::from(history.count_ones())).sum()
        };
        let (before, after) = (missed(&table, 0.0), missed(&table, 0.1));
        assert!((records(&before) - records(&after)).abs() < 1e-9);
        // Of two records one stays with the other nine times of ten; of three, in all ways that leave a and b together.
        assert!((after[3] - (40.0 * 0.9 + 6.0 * 0.9 * 0.1 * 2.0 / 3.0)).abs() < 1e-9, "{}", after[3]);
        let found = missed_links(&table, &Model::independence()).unwrap();
        assert!(found.per_hundredth > 0.005 && found.per_hundredth < 0.02, "{found:?}");
        assert!(found.corrected.windows(2).all(|pair| pair[0].1 > pair[1].1));
    }

    #[test]
    fn equal_draws_add_nothing_between_and_different_ones_do() {
        let plan = LinkagePlan { replicates: 100, ..LinkagePlan::default() };
        let same = pool(&vec![table(); 4], &plan).unwrap();
        assert!(same.between < same.within / 10.0, "{} {}", same.between, same.within);
        let mut other = ListTable::new(&["a", "b", "c"]).unwrap();
        for (history, count) in [(1, 220), (2, 200), (4, 170), (3, 20), (5, 12), (6, 8), (7, 1)] {
            other.add(ListSet(history), count).unwrap();
        }
        let mixed = pool(&[table(), table(), other.clone(), other], &plan).unwrap();
        assert!(mixed.between > mixed.within, "{} {}", mixed.between, mixed.within);
        assert!(mixed.interval.ratio() > same.interval.ratio());
        assert!(pool(&[], &plan).is_err());
    }
}
