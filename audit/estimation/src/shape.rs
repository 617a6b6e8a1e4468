//! The shape of a set of replicates: a histogram, and how many peaks it has.

use serde::{Deserialize, Serialize};

use crate::random::normal_density;
use crate::special::quantile;

/// A peak of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mode {
    /// Number of people at the peak.
    pub estimate: f64,
    /// Share of the replicates between the valleys beside it, 0 to 1.
    pub share: f64,
}

/// A histogram of numbers of people, on the logarithm of the dark figure, with its peaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Edges of the bins in people, one more than counts.
    pub edges: Vec<f64>,
    /// Replicates in each bin.
    pub counts: Vec<u32>,
    /// Its peaks in rising order; more than one where models lead to separate answers.
    pub modes: Vec<Mode>,
}

const BINS: usize = 40;
/// Places at which the density is worked out.
const GRID: usize = 512;

impl Shape {
    /// The shape of estimates in rising order, above the number of people seen; empty without any.
    ///
    /// Peaks are those of a normal kernel density with Silverman's bandwidth; two count as separate where the valley between
    /// is below four fifths of the lower, and where each has a twentieth of the replicates.
    pub(crate) fn of(sorted: &[f64], observed: f64) -> Self {
        let logs: Vec<f64> = sorted.iter().map(|e| (e - observed).max(1e-3).ln()).collect();
        let (Some(&low), Some(&high)) = (logs.first(), logs.last()) else {
            return Self { edges: Vec::new(), counts: Vec::new(), modes: Vec::new() };
        };
        if high - low < 1e-9 {
            let modes = vec![Mode { estimate: sorted[0], share: 1.0 }];
            return Self { edges: vec![sorted[0]; 2], counts: vec![sorted.len() as u32], modes };
        }
        // Stray replicates far out share the end bins, so that the body keeps its detail.
        let (inner_low, inner_high) =
            (quantile(&logs, 0.002).unwrap_or(low), quantile(&logs, 0.998).unwrap_or(high));
        let (from, to) = if inner_high - inner_low < 1e-9 { (low, high) } else { (inner_low, inner_high) };
        let width = (to - from) / BINS as f64;
        let mut counts = vec![0; BINS];
        for x in &logs {
            counts[(((x - from) / width).max(0.0) as usize).min(BINS - 1)] += 1;
        }
        let edges = (0..=BINS).map(|i| observed + (from + width * i as f64).exp()).collect();
        Self { edges, counts, modes: modes(&logs, low.max(from - 1.0), high.min(to + 1.0), observed) }
    }
}

fn modes(logs: &[f64], low: f64, high: f64, observed: f64) -> Vec<Mode> {
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let deviation = (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let middle = quantile(logs, 0.75).unwrap_or(0.0) - quantile(logs, 0.25).unwrap_or(0.0);
    let scale = if middle > 0.0 { deviation.min(middle / 1.34) } else { deviation };
    let step = (high - low) / (GRID - 1) as f64;
    let bandwidth = (0.9 * scale * n.powf(-0.2)).max(step);
    let mut bins = vec![0.0; GRID];
    for x in logs {
        bins[(((x - low) / step).round().max(0.0) as usize).min(GRID - 1)] += 1.0;
    }
    let reach = (4.0 * bandwidth / step).ceil() as usize;
    let kernel: Vec<f64> = (0..=reach).map(|i| normal_density(i as f64 * step / bandwidth)).collect();
    let density: Vec<f64> = (0..GRID)
        .map(|i| {
            (i.saturating_sub(reach)..=(i + reach).min(GRID - 1))
                .map(|j| bins[j] * kernel[i.abs_diff(j)])
                .sum()
        })
        .collect();
    // Peaks from left to right; a peak that no deep valley parts from the last one joins it.
    let mut peaks: Vec<usize> = Vec::new();
    let mut valleys: Vec<usize> = Vec::new();
    for i in 0..GRID {
        let rises = i == 0 || density[i] > density[i - 1];
        let falls = i == GRID - 1 || density[i] >= density[i + 1];
        if !(rises && falls) {
            continue;
        }
        let Some(&last) = peaks.last() else {
            peaks.push(i);
            continue;
        };
        let valley = (last..=i).min_by(|&a, &b| density[a].total_cmp(&density[b])).unwrap_or(last);
        if density[valley] < 0.8 * density[last].min(density[i]) {
            peaks.push(i);
            valleys.push(valley);
        } else if density[i] > density[last] {
            peaks.pop();
            peaks.push(i);
        }
    }
    let at = |i: usize| low + step * i as f64;
    let mut found: Vec<Mode> = Vec::new();
    for (place, &peak) in peaks.iter().enumerate() {
        let from = place.checked_sub(1).map_or(f64::NEG_INFINITY, |v| at(valleys[v]));
        let to = valleys.get(place).map_or(f64::INFINITY, |&v| at(v));
        let share = logs.iter().filter(|&&x| x >= from && x < to).count() as f64 / n;
        if share >= 0.05 {
            found.push(Mode { estimate: observed + at(peak).exp(), share });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn draws(centres: &[f64]) -> Vec<f64> {
        let mut stream = Stream::new(3, Purpose::Bootstrap, 0);
        let mut all: Vec<f64> = centres
            .iter()
            .flat_map(|c| (0..2000).map(|_| 100.0 + c * (0.1 * stream.normal()).exp()).collect::<Vec<_>>())
            .collect();
        all.sort_by(f64::total_cmp);
        all
    }

    #[test]
    fn one_peak_and_two() {
        let one = Shape::of(&draws(&[1000.0]), 100.0);
        assert_eq!((one.modes.len(), one.counts.iter().sum::<u32>()), (1, 2000));
        assert!((one.modes[0].estimate / 1100.0 - 1.0).abs() < 0.05, "{:?}", one.modes);
        let two = Shape::of(&draws(&[1000.0, 3000.0]), 100.0);
        assert_eq!(two.modes.len(), 2, "{:?}", two.modes);
        assert!((two.modes[1].share - 0.5).abs() < 0.02);
        assert!(two.edges.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn nothing_and_one_value() {
        assert!(Shape::of(&[], 10.0).modes.is_empty());
        assert_eq!(Shape::of(&[50.0, 50.0], 10.0).counts, [2]);
    }
}
