//! All hierarchical models of a table, and averages over them.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bootstrap::{Sampler, check, chunk};
use crate::interval::two_sided;
use crate::loglinear::{Engine, Frame, Verdict, log_factorials, superset_sums};
use crate::random::{Purpose, Stream};
use crate::shape::Shape;
use crate::special::{normal_cdf, quantile};
use crate::{EstimationError, Interval, IntervalKind, ListTable, Model};

/// Models in a table at most: all two-list models of six lists.
pub const MAX_MODELS: usize = 32_768;

/// One model of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// The model.
    pub model: Model,
    /// Estimated number of people.
    pub estimate: f64,
    /// Expected number on no list.
    pub dark_figure: f64,
    /// Variance of its logarithm.
    pub log_variance: f64,
    /// Deviance from the saturated model.
    pub deviance: f64,
    /// Histories fitted less finite parameters.
    pub degrees_of_freedom: i64,
    /// Parameters, those at minus infinity counted.
    pub parameters: usize,
    /// Akaike's information criterion.
    pub aic: f64,
    /// Schwarz's information criterion.
    pub bic: f64,
    /// Its share of `exp(-BIC / 2)` among all models that the counts can check, 0 to 1.
    pub weight: f64,
}

impl ModelRow {
    /// True where degrees of freedom are left to check the model with; one without fits every table.
    pub fn is_testable(&self) -> bool {
        self.degrees_of_freedom > 0
    }

    /// The interval with `v + 1/D`, as people at its ends.
    pub fn interval(&self, level: f64) -> Interval {
        let half = two_sided(level) * (self.log_variance + 1.0 / self.dark_figure).sqrt();
        let observed = self.estimate - self.dark_figure;
        let end = |sign: f64| observed + self.dark_figure * (sign * half).exp();
        Interval::new(level, end(-1.0), end(1.0), IntervalKind::Normal)
    }
}

/// All models up to an order, the lowest BIC first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTable {
    /// Lists in a term at most.
    pub order: usize,
    /// The models with a fit.
    pub rows: Vec<ModelRow>,
    /// Models whose likelihood has no maximum.
    pub no_maximum: usize,
    /// Models whose terms cannot be told apart.
    pub not_identifiable: usize,
}

impl ModelTable {
    /// The model with the lowest BIC among those that the counts can check.
    pub fn best(&self) -> Option<&ModelRow> {
        self.rows.first().filter(|row| row.is_testable())
    }

    /// The one with the lowest AIC.
    pub fn best_by_aic(&self) -> Option<&ModelRow> {
        self.rows.iter().filter(|row| row.is_testable()).min_by(|a, b| a.aic.total_cmp(&b.aic))
    }

    /// The models within some points of BIC of the best, of those that the counts can check.
    pub fn within(&self, points: f64) -> &[ModelRow] {
        let Some(best) = self.best() else { return &[] };
        let end = self.rows.partition_point(|row| row.is_testable() && row.bic <= best.bic + points);
        &self.rows[..end]
    }

    /// The BIC-weighted average: quantiles of the mixture of the models' log-normal dark figures, each with `v + 1/D`
    /// (Buckland, Burnham and Augustin 1997, *Biometrics* 53, 603–618). `None` without models.
    pub fn average(&self, level: f64) -> Option<Average> {
        let observed = self.best().map(|row| row.estimate - row.dark_figure)?;
        let parts: Vec<(f64, f64, f64)> = self
            .rows
            .iter()
            .filter(|row| row.weight > 1e-9)
            .map(|row| (row.weight, row.dark_figure.ln(), (row.log_variance + 1.0 / row.dark_figure).sqrt()))
            .collect();
        let at = |p: f64| observed + mixture_quantile(&parts, p).exp();
        let tail = (1.0 - level) / 2.0;
        let effective = 1.0 / self.rows.iter().map(|row| row.weight * row.weight).sum::<f64>();
        Some(Average {
            estimate: at(0.5),
            interval: Interval::new(level, at(tail), at(1.0 - tail), IntervalKind::Averaged),
            effective_models: effective,
        })
    }
}

/// An average over models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// The median of the mixture.
    pub estimate: f64,
    /// Its interval.
    pub interval: Interval,
    /// Models that count: one over the sum of squared weights.
    pub effective_models: f64,
}

/// The `p` quantile of a mixture of normals (weight, mean, deviation), by bisection.
fn mixture_quantile(parts: &[(f64, f64, f64)], p: f64) -> f64 {
    let total: f64 = parts.iter().map(|part| part.0).sum();
    let mut low = parts.iter().map(|(_, m, s)| m - 8.0 * s).fold(f64::INFINITY, f64::min);
    let mut high = parts.iter().map(|(_, m, s)| m + 8.0 * s).fold(f64::NEG_INFINITY, f64::max);
    while high - low > 1e-9 * (1.0 + high.abs()) {
        let middle = f64::midpoint(low, high);
        let below: f64 = parts.iter().map(|(w, m, s)| w * normal_cdf((middle - m) / s)).sum();
        if below < p * total { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Every hierarchical model with terms of up to `order` lists, without the saturated one, as masks of its terms. The error
/// says how many there would be, at least.
pub(crate) fn hierarchical(lists: usize, order: usize) -> Result<Vec<Vec<u16>>, EstimationError> {
    let too_many = || {
        EstimationError::Plan(format!(
            "more than {MAX_MODELS} models of up to {order} lists in a term for {lists} lists; lower the order, merge \
             lists, or use the stepwise method"
        ))
    };
    if order < 2 || order >= lists.max(3) {
        return Err(EstimationError::Plan(format!(
            "an order of {order}; a table of {lists} lists allows 2 to {}",
            lists - 1
        )));
    }
    let pairs = lists * (lists - 1) / 2;
    if 1_usize << pairs > MAX_MODELS {
        return Err(too_many());
    }
    let mut models: Vec<Vec<u16>> = vec![Vec::new()];
    for size in 2..=order as u32 {
        let mut grown = Vec::new();
        for model in &models {
            // A term may enter where all its parts one list smaller are in.
            let open: Vec<u16> = (1..1_u16 << lists)
                .filter(|term| term.count_ones() == size)
                .filter(|&term| {
                    size == 2
                        || (0..lists)
                            .filter(|l| term >> l & 1 == 1)
                            .all(|l| model.contains(&(term & !(1 << l))))
                })
                .collect();
            for choice in 0_u32..1 << open.len() {
                let mut larger = model.clone();
                larger.extend(
                    open.iter().enumerate().filter(|(i, _)| choice >> i & 1 == 1).map(|(_, term)| *term),
                );
                grown.push(larger);
                if grown.len() > MAX_MODELS {
                    return Err(too_many());
                }
            }
        }
        models = grown;
    }
    Ok(models)
}

/// Fits every hierarchical model with terms of up to `order` lists.
pub fn all_models(table: &ListTable, order: usize) -> Result<ModelTable, EstimationError> {
    let frame = Frame::new(table);
    let models = hierarchical(frame.lists, order)?;
    let counts = Frame::counts(table);
    let sums = Frame::sums(&counts);
    let observed = table.people() as f64;
    let factorials = log_factorials(&counts);
    let saturated: f64 = counts.iter().filter(|&&y| y > 0.0).map(|&y| y * y.ln() - y).sum();
    let fits: Vec<Result<ModelRow, Verdict>> = models
        .par_iter()
        .with_min_len(64)
        .map_init(
            || Engine::new(&frame),
            |engine, terms| {
                if !engine.prepare(&frame, &sums, terms) {
                    return Err(Verdict::NotIdentifiable);
                }
                let verdict = engine.verdict(&counts);
                if verdict != Verdict::Exists {
                    return Err(verdict);
                }
                let solved = engine.fit(&counts, false).ok_or(Verdict::NoMaximum)?;
                let parameters = engine.parameters();
                let dark = solved.log_dark.exp();
                let twice = -2.0 * (solved.kernel - factorials);
                Ok(ModelRow {
                    model: Model::from_masks(terms),
                    estimate: observed + dark,
                    dark_figure: dark,
                    log_variance: solved.variance,
                    deviance: (2.0 * (saturated - solved.kernel)).max(0.0),
                    degrees_of_freedom: engine.degrees_of_freedom(),
                    parameters,
                    aic: twice + 2.0 * parameters as f64,
                    bic: twice + observed.ln() * parameters as f64,
                    weight: 0.0,
                })
            },
        )
        .collect();
    let count = |wanted| fits.iter().filter(|fit| fit.as_ref().err() == Some(&wanted)).count();
    let (no_maximum, not_identifiable) = (count(Verdict::NoMaximum), count(Verdict::NotIdentifiable));
    let mut rows: Vec<ModelRow> = fits.into_iter().flatten().collect();
    // A model that fits every count exactly cannot be checked by them: it is listed last and never chosen.
    rows.sort_by(|a, b| {
        (!a.is_testable(), a.bic).partial_cmp(&(!b.is_testable(), b.bic)).unwrap_or(std::cmp::Ordering::Equal)
    });
    weigh(&mut rows);
    Ok(ModelTable { order, rows, no_maximum, not_identifiable })
}

fn weigh(rows: &mut [ModelRow]) {
    let Some(best) = rows.first().map(|row| row.bic) else { return };
    let weight = |row: &ModelRow| if row.is_testable() { (-(row.bic - best) / 2.0).exp() } else { 0.0 };
    let total: f64 = rows.iter().map(weight).sum();
    rows.iter_mut()
        .filter(|row| row.is_testable())
        .for_each(|row| row.weight = (-(row.bic - best) / 2.0).exp() / total);
}

/// How replicates that average anew are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AveragingPlan {
    /// Replicates.
    pub replicates: u32,
    /// Their seed.
    pub seed: u64,
    /// The level of the interval.
    pub level: f64,
    /// Models that take part: those within so many points of BIC on the table itself.
    pub window: f64,
    /// Models that take part at most.
    pub largest: usize,
}

impl Default for AveragingPlan {
    fn default() -> Self {
        Self { replicates: 2_000, seed: 1, level: 0.95, window: 10.0, largest: 128 }
    }
}

/// A bootstrap whose replicates weigh the models anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AveragedBootstrap {
    /// Replicates asked for.
    pub replicates: u32,
    /// Replicates on which no model had a fit.
    pub failed: u32,
    /// Models that took part.
    pub models: usize,
    /// Median over replicates.
    pub median: f64,
    /// Percentiles.
    pub interval: Interval,
    /// Histogram and peaks.
    pub shape: Shape,
    /// The replicates in rising order.
    #[serde(skip)]
    pub estimates: Vec<f64>,
}

/// Bootstraps the average over models: on each replicate the models are fitted and weighed anew, one is drawn by its weight,
/// and its dark figure is drawn with variance `1/D` on the logarithm for the randomness of the unseen count. The spread
/// of the fit itself comes from the resampling.
pub fn average_bootstrap(
    table: &ListTable,
    models: &ModelTable,
    plan: &AveragingPlan,
) -> Result<AveragedBootstrap, EstimationError> {
    check(plan.replicates, plan.level)?;
    let frame = Frame::new(table);
    let observed = table.people() as f64;
    let window = models.within(plan.window);
    let window: Vec<Vec<u16>> = window.iter().take(plan.largest).map(|row| row.model.masks()).collect();
    let sampler = Sampler::new(table);
    let drawn: Vec<Option<f64>> = (0..plan.replicates)
        .into_par_iter()
        .with_min_len(chunk(plan.replicates))
        .map_init(
            || (Engine::new(&frame), vec![0.0; frame.size], vec![0.0; frame.size], Vec::new()),
            |(engine, counts, sums, fits), replicate| {
                let mut stream = Stream::new(plan.seed, Purpose::Averaging, u64::from(replicate));
                sampler.draw(&mut stream, counts);
                sums.copy_from_slice(counts);
                superset_sums(sums);
                fits.clear();
                for terms in &window {
                    // A fit that settles at finite coefficients is its own proof that it exists.
                    if engine.prepare(&frame, sums, terms)
                        && let Some(solved) = engine.fit(counts, false)
                    {
                        let bic = -2.0 * solved.kernel + observed.ln() * engine.parameters() as f64;
                        fits.push((bic, solved.log_dark));
                    }
                }
                let best = fits.iter().map(|fit| fit.0).fold(f64::INFINITY, f64::min);
                let weight = |bic: f64| (-(bic - best) / 2.0).exp();
                let total: f64 = fits.iter().map(|fit| weight(fit.0)).sum();
                let mut left = stream.unit() * total;
                let chosen = fits.iter().find(|fit| {
                    left -= weight(fit.0);
                    left <= 0.0
                });
                let log_dark = chosen.or(fits.last())?.1;
                let noise = stream.normal() * (-log_dark / 2.0).exp().min(3.0);
                let estimate = observed + (log_dark + noise).exp();
                estimate.is_finite().then_some(estimate)
            },
        )
        .collect();
    let mut estimates: Vec<f64> = drawn.into_iter().flatten().collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| quantile(&estimates, p);
    let tail = (1.0 - plan.level) / 2.0;
    let (Some(median), Some(low), Some(high)) = (at(0.5), at(tail), at(1.0 - tail)) else {
        return Err(EstimationError::Model {
            model: "average".into(),
            reason: "no model has a fit on any replicate of the table; merge lists or use the floor only"
                .into(),
        });
    };
    Ok(AveragedBootstrap {
        replicates: plan.replicates,
        failed: plan.replicates - estimates.len() as u32,
        models: window.len(),
        median,
        interval: Interval::new(plan.level, low, high, IntervalKind::AveragedBootstrap),
        shape: Shape::of(&estimates, observed),
        estimates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_hierarchical_models() {
        // Three, four and five lists have 8, 64 and 1,024 two-list models; four lists have 113 in all.
        for (lists, order, count) in [(3, 2, 8), (4, 2, 64), (5, 2, 1024), (4, 3, 113), (6, 2, 32_768)] {
            assert_eq!(hierarchical(lists, order).unwrap().len(), count);
        }
        assert!(hierarchical(7, 2).unwrap_err().to_string().contains("merge"));
        assert!(hierarchical(3, 3).is_err());
    }

    #[test]
    fn one_model_s_average_is_its_own_interval() {
        assert!(
            (mixture_quantile(&[(0.3, 2.0, 0.5)], 0.975) - (2.0 + 0.5 * 1.959_963_984_540_054)).abs() < 1e-6
        );
        let two = [(0.5, 0.0, 0.1), (0.5, 10.0, 0.1)];
        assert!(
            mixture_quantile(&two, 0.25).abs() < 0.01 && (mixture_quantile(&two, 0.75) - 10.0).abs() < 0.01
        );
    }
}
