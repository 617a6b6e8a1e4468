//! Estimates in closed form: two lists at a time, and from how many people are on one list and on two.

use serde::{Deserialize, Serialize};

use crate::interval::two_sided;
use crate::{EstimationError, Interval, IntervalKind, ListSet, ListTable};

/// Two lists and their overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairCounts {
    /// People on the first list.
    pub first: u64,
    /// People on the second list.
    pub second: u64,
    /// People on both.
    pub both: u64,
}

impl PairCounts {
    /// Counts that can be: the overlap no larger than either list.
    pub fn new(first: u64, second: u64, both: u64) -> Result<Self, EstimationError> {
        let smallest = first.min(second);
        if both > smallest {
            return Err(EstimationError::OverlapTooLarge { overlap: both, smallest });
        }
        Ok(Self { first, second, both })
    }

    /// Two lists of a table.
    pub fn of(table: &ListTable, first: usize, second: usize) -> Self {
        Self {
            first: table.on_list(first),
            second: table.on_list(second),
            both: table.on_all(ListSet::of(&[first, second])),
        }
    }

    /// Lincoln and Petersen's estimate, `n1 n2 / m`; `None` without an overlap. It assumes that the lists do not depend on
    /// each other and that everybody is as likely as others to be on at least one of them.
    pub fn lincoln_petersen(self) -> Option<f64> {
        (self.both > 0).then(|| self.first as f64 * self.second as f64 / self.both as f64)
    }

    /// Chapman's estimate (1951), nearly unbiased: `(n1 + 1)(n2 + 1) / (m + 1) - 1`.
    pub fn chapman(self) -> f64 {
        (self.first as f64 + 1.0) * (self.second as f64 + 1.0) / (self.both as f64 + 1.0) - 1.0
    }

    /// The variance of Chapman's estimate (Seber 1970, *Biometrika* 57, 313–318).
    pub fn chapman_variance(self) -> f64 {
        let (n1, n2, m) = (self.first as f64, self.second as f64, self.both as f64);
        (n1 + 1.0) * (n2 + 1.0) * (n1 - m) * (n2 - m) / ((m + 1.0).powi(2) * (m + 2.0))
    }
}

/// Chao's lower bound (1987, *Biometrics* 43, 783–791) from `f1` people on one list only and `f2` on two: `n + f1^2 / (2 f2)`.
/// `None` where nobody is on two lists.
///
/// It assumes that lists are alike in size. Where they are not it exceeds the truth under independence, so a floor comes
/// from [`crate::floor`] instead.
pub fn chao_lower_bound(table: &ListTable) -> Option<f64> {
    let (f1, f2) = singles_and_doubles(table)?;
    Some(table.people() as f64 + f1 * f1 / (2.0 * f2))
}

/// Chao's bound with his log-normal interval.
pub fn chao_interval(table: &ListTable, level: f64) -> Option<Interval> {
    let (f1, f2) = singles_and_doubles(table)?;
    let ratio = f1 / f2;
    let dark = f1 * f1 / (2.0 * f2);
    if dark <= 0.0 {
        return None;
    }
    let variance = f2 * (0.25 * ratio.powi(4) + ratio.powi(3) + 0.5 * ratio * ratio);
    let factor = (two_sided(level) * (variance / (dark * dark)).ln_1p().sqrt()).exp();
    let people = table.people() as f64;
    Some(Interval::new(level, people + dark / factor, people + dark * factor, IntervalKind::Normal))
}

/// Zelterman's estimate (1988), `n / (1 - exp(-2 f2 / f1))`; `None` where `f1` or `f2` is 0.
pub fn zelterman(table: &ListTable) -> Option<f64> {
    let (f1, f2) = singles_and_doubles(table)?;
    (f1 > 0.0).then(|| table.people() as f64 / -(-2.0 * f2 / f1).exp_m1())
}

fn singles_and_doubles(table: &ListTable) -> Option<(f64, f64)> {
    let frequencies = table.frequencies();
    let (f1, f2) = (*frequencies.first()? as f64, *frequencies.get(1)? as f64);
    (f2 > 0.0).then_some((f1, f2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_by_hand() {
        let pair = PairCounts::new(200, 150, 30).unwrap();
        assert_eq!(pair.lincoln_petersen(), Some(1000.0));
        assert!((pair.chapman() - (201.0 * 151.0 / 31.0 - 1.0)).abs() < 1e-12);
        assert_eq!(PairCounts::new(5, 5, 0).unwrap().lincoln_petersen(), None);
        assert!(PairCounts::new(5, 9, 6).unwrap_err().to_string().contains("larger than a list of 5"));
    }

    #[test]
    fn frequencies_by_hand() {
        let text = "a,b,c,count\n1,0,0,20\n0,1,0,20\n0,0,1,10\n1,1,0,6\n0,1,1,4\n";
        let table = ListTable::from_csv(text).unwrap().0;
        assert_eq!(chao_lower_bound(&table), Some(60.0 + 125.0));
        assert!((zelterman(&table).unwrap() - 60.0 / (1.0 - (-0.4_f64).exp())).abs() < 1e-9);
        assert!(chao_interval(&table, 0.95).unwrap().covers(185.0));
    }
}
