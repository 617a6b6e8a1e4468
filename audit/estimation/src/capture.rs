//! The closed-population models of capture and recapture: M0, Mt, and those with heterogeneity (Mh, Mth).
//!
//! People differ in how easily they are found. In Poisson log-linear form that adds a convex function of the number of lists
//! a person is on (Rivest and Baillargeon 2007, *Biometrics* 63, 999–1006). Different functions fit the seen counts
//! nearly alike and lead to very different numbers of unseen people, which is why all are shown.

use serde::{Deserialize, Serialize};

use crate::interval::log_normal;
use crate::linear::solve;
use crate::loglinear::log_factorials;
use crate::{Interval, IntervalKind, ListSet, ListTable, ModelTable};

/// How people differ in their chance of being found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heterogeneity {
    /// Not at all.
    None,
    /// In any way: Chao's lower bound, one hinge for each number of lists above two, none of them negative.
    Chao,
    /// As a Poisson variable on the logit scale: `2^j - 1`.
    Poisson,
    /// As a normal variable on the logit scale (Darroch and others 1993): `j^2 / 2`.
    Darroch,
    /// As a gamma variable on the logit scale: `-ln(3.5 + j) + ln(3.5)`.
    Gamma,
}

/// A closed-population model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CaptureModel {
    /// Lists differ in size (the `t` of Mt).
    pub lists_differ: bool,
    /// People differ.
    pub heterogeneity: Heterogeneity,
}

impl CaptureModel {
    /// All ten, in the usual order.
    pub const ALL: [Self; 10] = {
        const fn model(lists_differ: bool, heterogeneity: Heterogeneity) -> CaptureModel {
            CaptureModel { lists_differ, heterogeneity }
        }
        [
            model(false, Heterogeneity::None),
            model(true, Heterogeneity::None),
            model(false, Heterogeneity::Chao),
            model(false, Heterogeneity::Poisson),
            model(false, Heterogeneity::Darroch),
            model(false, Heterogeneity::Gamma),
            model(true, Heterogeneity::Chao),
            model(true, Heterogeneity::Poisson),
            model(true, Heterogeneity::Darroch),
            model(true, Heterogeneity::Gamma),
        ]
    };

    /// Its usual name, as in `Mth Darroch`.
    pub fn name(self) -> &'static str {
        match (self.lists_differ, self.heterogeneity) {
            (false, Heterogeneity::None) => "M0",
            (true, Heterogeneity::None) => "Mt",
            (false, Heterogeneity::Chao) => "Mh Chao (lower bound)",
            (false, Heterogeneity::Poisson) => "Mh Poisson2",
            (false, Heterogeneity::Darroch) => "Mh Darroch",
            (false, Heterogeneity::Gamma) => "Mh Gamma3.5",
            (true, Heterogeneity::Chao) => "Mth Chao (lower bound)",
            (true, Heterogeneity::Poisson) => "Mth Poisson2",
            (true, Heterogeneity::Darroch) => "Mth Darroch",
            (true, Heterogeneity::Gamma) => "Mth Gamma3.5",
        }
    }
}

/// A fitted closed-population model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CaptureFit {
    /// The model.
    pub model: CaptureModel,
    /// Estimated number of people.
    pub estimate: f64,
    /// Its standard error, with the randomness of the unseen count.
    pub standard_error: f64,
    /// Expected number of people on no list.
    pub dark_figure: f64,
    /// Variance of its logarithm.
    pub log_variance: f64,
    /// Deviance from the saturated model.
    pub deviance: f64,
    /// Parameters in use; hinges held at 0 are not counted.
    pub parameters: usize,
    /// Akaike's information criterion.
    pub aic: f64,
    /// Schwarz's information criterion with the number of people seen.
    pub bic: f64,
}

/// Fits a closed-population model; `None` where it has no fit, as with fewer distinct counts than parameters.
pub fn fit_capture(table: &ListTable, model: CaptureModel) -> Option<CaptureFit> {
    let lists = table.lists().len();
    let cells: Vec<u16> = (1..1_u16 << lists).filter(|&cell| !table.is_impossible(ListSet(cell))).collect();
    let counts: Vec<f64> = cells.iter().map(|&cell| table.count(ListSet(cell)) as f64).collect();
    let number = |cell: u16| f64::from(cell.count_ones());
    let mut columns: Vec<Vec<f64>> = Vec::new();
    if model.lists_differ {
        columns.extend((0..lists).map(|list| cells.iter().map(|cell| f64::from(cell >> list & 1)).collect()));
    } else {
        columns.push(cells.iter().map(|&cell| number(cell)).collect());
    }
    let mut add =
        |shape: &dyn Fn(f64) -> f64| columns.push(cells.iter().map(|&c| shape(number(c))).collect());
    match model.heterogeneity {
        Heterogeneity::None => {}
        Heterogeneity::Chao => (2..lists).for_each(|hinge| add(&|j| (j - hinge as f64).max(0.0))),
        Heterogeneity::Poisson => add(&|j| j.exp2() - 1.0),
        Heterogeneity::Darroch => add(&|j| j * j / 2.0),
        Heterogeneity::Gamma => add(&|j| 3.5_f64.ln() - (3.5 + j).ln()),
    }
    let fixed = if model.lists_differ { lists } else { 1 };
    if model.heterogeneity == Heterogeneity::Chao {
        // A hinge above the largest number of lists that anybody is on would fall for ever.
        let mut place = 0;
        columns.retain(|column| {
            place += 1;
            place <= fixed || column.iter().zip(&counts).any(|(x, y)| x * y > 0.0)
        });
    }
    let mut hinges = if model.heterogeneity == Heterogeneity::Chao { columns.len() - fixed } else { 0 };
    loop {
        let mut all = columns.clone();
        all.push(vec![1.0; cells.len()]);
        let (beta, variance, means) = solve_poisson(&counts, &all)?;
        // The moments of a mixture are log-convex, so a hinge cannot be negative; those that come out so are held at 0.
        let first = columns.len() - hinges;
        let kept: Vec<usize> = (0..columns.len()).filter(|&c| c < first || beta[c] >= 0.0).collect();
        if kept.len() < columns.len() {
            hinges -= columns.len() - kept.len();
            columns = kept.iter().map(|&c| std::mem::take(&mut columns[c])).collect();
            continue;
        }
        let log_dark = *beta.last()?;
        let dark = log_dark.exp();
        let kernel: f64 = counts.iter().zip(&means).map(|(y, m)| y * m.ln() - m).sum();
        let saturated: f64 = counts.iter().filter(|&&y| y > 0.0).map(|y| y * y.ln() - y).sum();
        let parameters = all.len();
        let people = table.people() as f64;
        let twice = -2.0 * (kernel - log_factorials(&counts));
        let fit = CaptureFit {
            model,
            estimate: people + dark,
            standard_error: (dark + dark * dark * variance).sqrt(),
            dark_figure: dark,
            log_variance: variance,
            deviance: (2.0 * (saturated - kernel)).max(0.0),
            parameters,
            aic: twice + 2.0 * parameters as f64,
            bic: twice + people.ln() * parameters as f64,
        };
        return fit.estimate.is_finite().then_some(fit);
    }
}

/// The floor: the lower end of the two-sided interval at the level (so one-sided at half the error), the lower of two.
///
/// Chao's bound for lists of different sizes (Mth Chao) holds however people differ, as long as lists do not repel each other;
/// the average over models, where it is given, allows for lists that do. `None` where neither has a fit.
pub fn floor(table: &ListTable, models: Option<&ModelTable>, level: f64) -> Option<Interval> {
    let model = CaptureModel { lists_differ: true, heterogeneity: Heterogeneity::Chao };
    let bound = fit_capture(table, model).map(|fit| {
        let variance = fit.log_variance + 1.0 / fit.dark_figure;
        log_normal(table.people() as f64, fit.dark_figure, variance, level, IntervalKind::Floor).lower
    });
    let average = models.and_then(|models| models.average(level)).map(|average| average.interval.lower);
    let lower = bound.into_iter().chain(average).reduce(f64::min)?;
    Some(Interval { level, lower, upper: None, kind: IntervalKind::Floor })
}

/// Poisson regression by iteratively reweighted least squares on columns, the intercept last: coefficients, the
/// variance of the intercept, and means.
fn solve_poisson(counts: &[f64], columns: &[Vec<f64>]) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let p = columns.len();
    let mut means: Vec<f64> = counts.iter().map(|y| y + 0.1).collect();
    let mut log_means: Vec<f64> = means.iter().map(|m| m.ln()).collect();
    let mut before: Option<(Vec<f64>, f64)> = None;
    for _ in 0..200 {
        let mut matrix = vec![0.0; p * p];
        let mut beta = vec![0.0; p];
        for i in 0..p {
            for j in 0..=i {
                matrix[i * p + j] =
                    means.iter().zip(&columns[i]).zip(&columns[j]).map(|((m, a), b)| m * a * b).sum();
            }
            beta[i] = (0..counts.len())
                .map(|c| (means[c] * log_means[c] + counts[c] - means[c]) * columns[i][c])
                .sum();
        }
        if !solve(&mut matrix, &mut beta, p) {
            return None;
        }
        let mut kernel = f64::NAN;
        for _ in 0..40 {
            for c in 0..counts.len() {
                log_means[c] = beta.iter().zip(columns).map(|(b, column)| b * column[c]).sum();
                means[c] = log_means[c].exp();
            }
            kernel = counts.iter().zip(&log_means).zip(&means).map(|((y, l), m)| y * l - m).sum();
            match &before {
                Some((old, last)) if kernel.is_nan() || kernel < last - 1e-9 * last.abs() => {
                    beta.iter_mut().zip(old).for_each(|(new, old)| *new = f64::midpoint(*new, *old));
                }
                _ => break,
            }
        }
        if !kernel.is_finite() {
            return None;
        }
        if let Some((old, _)) = &before {
            let moved = beta.iter().zip(old).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if moved < 1e-8 {
                let corner = matrix[p * p - 1];
                return Some((beta, 1.0 / (corner * corner), means));
            }
        }
        before = Some((beta, kernel));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Model, fit};

    #[test]
    fn mt_is_the_independence_model() {
        let text = "a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,24\n1,1,0,9\n1,0,1,7\n0,1,1,12\n1,1,1,5\n";
        let table = ListTable::from_csv(text).unwrap().0;
        let model = CaptureModel { lists_differ: true, heterogeneity: Heterogeneity::None };
        let (capture, lattice) =
            (fit_capture(&table, model).unwrap(), fit(&table, &Model::independence()).unwrap());
        assert!((capture.estimate - lattice.estimate()).abs() < 1e-7);
        assert!((capture.standard_error - lattice.standard_error()).abs() < 1e-7);
        assert!((capture.bic - lattice.bic).abs() < 1e-7);
        assert!(CaptureModel::ALL.iter().all(|&model| fit_capture(&table, model).is_some()));
        assert!(floor(&table, None, 0.95).unwrap().lower < capture.estimate);
    }
}
