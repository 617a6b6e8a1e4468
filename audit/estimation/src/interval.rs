use serde::{Deserialize, Serialize};

use crate::special::normal_quantile;

/// How an interval was made, and so what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// Normal on the logarithm of the dark figure, with the randomness of the unseen count (`v + 1/D`).
    Normal,
    /// Normal on the logarithm of the expected dark figure only (`v`): too narrow, kept for comparison with other programs.
    NormalExpected,
    /// Multinomial profile likelihood.
    Profile,
    /// Percentiles of bootstrap replicates.
    Percentile,
    /// Bias-corrected and accelerated bootstrap (Efron 1987).
    Bca,
    /// Quantiles of a posterior distribution.
    Posterior,
    /// Quantiles of a weighted mixture over models.
    Averaged,
    /// Percentiles of bootstrap replicates that average over models anew.
    AveragedBootstrap,
    /// Percentiles pooled over draws of the linkage.
    Pooled,
    /// A one-sided lower limit; the upper end is not bounded.
    Floor,
}

/// An interval for the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its nominal level, 0 to 1.
    pub level: f64,
    /// Its lower end, in people.
    pub lower: f64,
    /// Its upper end, in people; absent where the data set no bound.
    pub upper: Option<f64>,
    /// How it was made.
    pub kind: IntervalKind,
}

impl Interval {
    pub(crate) fn new(level: f64, lower: f64, upper: f64, kind: IntervalKind) -> Self {
        Self { level, lower, upper: upper.is_finite().then_some(upper), kind }
    }

    /// True where the number lies in it.
    pub fn covers(&self, people: f64) -> bool {
        self.lower <= people && self.upper.is_none_or(|upper| people <= upper)
    }

    /// A floor lowered to the lower end of `estimate`: it may not promise more than the figure beside it.
    pub(crate) fn no_higher_than(mut self, estimate: &Self) -> Self {
        self.lower = self.lower.min(estimate.lower);
        self
    }

    /// The upper end divided by the lower; infinite where it is not bounded.
    pub fn ratio(&self) -> f64 {
        self.upper.map_or(f64::INFINITY, |upper| upper / self.lower)
    }
}

/// The normal quantile of a two-sided level: 1.96 for 0.95.
pub(crate) fn two_sided(level: f64) -> f64 {
    normal_quantile(0.5 + level / 2.0)
}

/// An interval from a normal on the logarithm of the dark figure.
pub(crate) fn log_normal(
    observed: f64,
    dark: f64,
    variance: f64,
    level: f64,
    kind: IntervalKind,
) -> Interval {
    let half = two_sided(level) * variance.sqrt();
    Interval::new(level, observed + dark * (-half).exp(), observed + dark * half.exp(), kind)
}
