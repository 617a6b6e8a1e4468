//! The few statistics of quality: intervals of a share, bounds under missing values, funnel limits.

use serde::Serialize;

/// The standard normal quantile for 95 % intervals.
pub const Z_95: f64 = 1.959_963_984_540_054;
/// The standard normal quantile for 99.8 % funnel limits (Spiegelhalter 2005, Statistics in Medicine 24, 1185).
pub const Z_998: f64 = 3.090_232_306_167_813;

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Those that have it.
    pub count: f64,
    /// All.
    pub of: f64,
    /// The share; 0 where there are none.
    pub share: f64,
    /// Lower limit at 95 %.
    pub lower: f64,
    /// Upper limit at 95 %.
    pub upper: f64,
}

/// Wilson's score interval (Wilson 1927, JASA 22, 209) at 95 %. `of` may be an effective number and so need not be whole.
///
/// ```
/// use candour_returns::wilson;
/// let share = wilson(81.0, 263.0);
/// assert!((share.lower - 0.2553).abs() < 5e-4 && (share.upper - 0.3662).abs() < 5e-4);
/// ```
pub fn wilson(count: f64, of: f64) -> Share {
    if of <= 0.0 {
        return Share { count: 0.0, of: 0.0, share: 0.0, lower: 0.0, upper: 1.0 };
    }
    let (p, z2) = (count / of, Z_95 * Z_95);
    let centre = (p + z2 / (2.0 * of)) / (1.0 + z2 / of);
    let half = Z_95 / (1.0 + z2 / of) * (p * (1.0 - p) / of + z2 / (4.0 * of * of)).max(0.0).sqrt();
    Share { count, of, share: p, lower: (centre - half).clamp(0.0, p), upper: (centre + half).clamp(p, 1.0) }
}

/// What a share can be when some values are missing and nothing is assumed of them (Manski 1989, Journal of Human Resources 24,
/// 343): all of the missing might have it, or none.
///
/// ```
/// use candour_returns::identification_bounds;
/// // 7 % of those known, with 66 % not known: anything from 2.4 % to 68.4 %.
/// let (lower, upper) = identification_bounds(7.0 * 0.34, 34.0, 100.0);
/// assert!((lower - 0.0238).abs() < 1e-9 && (upper - 0.6838).abs() < 1e-9);
/// ```
pub fn identification_bounds(with: f64, known: f64, of: f64) -> (f64, f64) {
    if of <= 0.0 {
        return (0.0, 1.0);
    }
    (with / of, (with + (of - known)) / of)
}

/// Whether a count lies outside the 99.8 % funnel of a pooled share: by the normal limits with a correction for continuity.
pub fn outside_funnel(count: f64, of: f64, pooled: f64) -> bool {
    let spread = (of * pooled * (1.0 - pooled)).max(0.0).sqrt();
    of > 0.0 && ((count - of * pooled).abs() - 0.5) > Z_998 * spread && spread > 0.0
}

/// The limits of that funnel at a size.
pub fn funnel_limits(of: f64, pooled: f64) -> (f64, f64) {
    if of <= 0.0 {
        return (0.0, 1.0);
    }
    let half = (Z_998 * (of * pooled * (1.0 - pooled)).max(0.0).sqrt() + 0.5) / of;
    ((pooled - half).max(0.0), (pooled + half).min(1.0))
}

/// The middle of some numbers; `None` of none.
pub(crate) fn median(numbers: &mut [i64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let half = numbers.len() / 2;
    numbers.sort_unstable();
    let upper = numbers[half] as f64;
    Some(if numbers.len() % 2 == 1 { upper } else { f64::midpoint(numbers[half - 1] as f64, upper) })
}

/// How many standard deviations the change to a count lies from the usual change of the years before it, given in order; nothing for fewer
/// than three years. The spread is that of the changes, and at least that of the difference of two counts as chance has it
/// (the square root of their sum).
pub fn unusual_change(years: &[u64], now: u64) -> Option<f64> {
    let last = *years.last().filter(|_| years.len() >= 3)? as f64;
    let changes: Vec<f64> = years.windows(2).map(|pair| pair[1] as f64 - pair[0] as f64).collect();
    let usual = changes.iter().sum::<f64>() / changes.len() as f64;
    let spread =
        (changes.iter().map(|n| (n - usual).powi(2)).sum::<f64>() / (changes.len() - 1) as f64).sqrt();
    let spread = spread.max((last + now as f64).sqrt());
    (spread > 0.0).then(|| (now as f64 - last - usual).abs() / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_stay_between_nought_and_one() {
        for (count, of) in [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 50.0), (50.0, 50.0), (3.0, 7.5)] {
            let share = wilson(count, of);
            assert!(
                0.0 <= share.lower
                    && share.lower <= share.share
                    && share.share <= share.upper
                    && share.upper <= 1.0
            );
        }
        assert!(wilson(0.0, 50.0).upper > 0.05);
    }

    #[test]
    fn funnels_narrow_with_size() {
        assert!(!outside_funnel(5.0, 100.0, 0.036));
        assert!(outside_funnel(90.0, 1000.0, 0.036));
        let (small, large) = (funnel_limits(50.0, 0.1), funnel_limits(5000.0, 0.1));
        assert!(small.1 - small.0 > large.1 - large.0);
    }

    #[test]
    fn medians_of_odd_and_even() {
        assert_eq!(median(&mut [3, 1, 2]), Some(2.0));
        assert_eq!(median(&mut [4, 1, 2, 3]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }
}
