//! Estimates by area, year and age band, each from its own table.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::interval::log_normal;
use crate::models::all_models;
use crate::random::seed_of;
use crate::{Estimation, EstimationError, Interval, IntervalKind, ListTable, Plan, estimate};

/// What parts a stratum from others. There is no place for any other characteristic of people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Stratum {
    /// The code of an area.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub area: Option<String>,
    /// The year.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub year: Option<i16>,
    /// The age band.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age: Option<AgeBand>,
}

/// Ages in completed years, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgeBand {
    /// The youngest.
    pub from: u8,
    /// The oldest.
    pub to: u8,
}

/// The floor below which a stratum gets no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrataFloor {
    /// People seen at least.
    pub people: u64,
    /// People on two lists or more at least.
    pub overlapping: u64,
}

impl Default for StrataFloor {
    fn default() -> Self {
        Self { people: 100, overlapping: 20 }
    }
}

/// A stratum's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StratumRow {
    /// The stratum.
    pub stratum: Stratum,
    /// People seen.
    pub observed: u64,
    /// Its estimate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub estimation: Option<Estimation>,
    /// Why it has none, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
}

/// All strata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrataEstimation {
    /// Each stratum, in the order given.
    pub rows: Vec<StratumRow>,
    /// The sum over the strata that have an estimate, with an interval that takes them as independent; absent where any
    /// stratum was refused, for a sum with holes is no total.
    pub sum: Option<(f64, Interval)>,
    /// The estimate of all strata taken together as one table, to set beside the sum; absent where it has no fit.
    pub together: Option<(f64, Interval)>,
}

/// Estimates each stratum by itself. A stratum below the floor is refused: nothing is borrowed from its neighbours, because
/// that they are alike is what the reader wants to know.
pub fn estimate_strata(
    strata: &[(Stratum, ListTable)],
    plan: &Plan,
    floor: StrataFloor,
) -> Result<StrataEstimation, EstimationError> {
    let Some((_, first)) = strata.first() else {
        return Err(EstimationError::Plan("no strata; give a table for each".into()));
    };
    if strata.iter().any(|(_, table)| table.lists() != first.lists()) {
        return Err(EstimationError::Plan("strata must all have the same lists in the same order".into()));
    }
    let rows: Vec<StratumRow> = strata
        .par_iter()
        .enumerate()
        .map(|(place, (stratum, table))| {
            let plan = Plan { seed: seed_of(plan.seed, place as u64), ..*plan };
            let (estimation, refused) = match of_stratum(table, &plan, floor) {
                Ok(estimation) => (Some(estimation), None),
                Err(reason) => (None, Some(reason)),
            };
            StratumRow { stratum: stratum.clone(), observed: table.people(), estimation, refused }
        })
        .collect();
    let figures: Option<Vec<(f64, Interval)>> =
        rows.iter().map(|row| row.estimation.as_ref().map(|found| (found.hidden, found.interval))).collect();
    let observed: u64 = rows.iter().map(|row| row.observed).sum();
    let sum = figures.map(|figures| {
        let dark: f64 = figures.iter().map(|(hidden, _)| hidden).sum();
        // Each interval is taken for log-normal on its dark figure, and the variances of the dark figures are added.
        let variance: f64 = figures
            .iter()
            .zip(&rows)
            .map(|((hidden, interval), row)| {
                let seen = row.observed as f64;
                let upper = interval.upper.unwrap_or(seen + 10.0 * hidden);
                let (low, high) =
                    ((interval.lower - seen).max(hidden * 1e-3), (upper - seen).max(hidden * 1e-3));
                let deviation = (high / low).ln() / (2.0 * crate::interval::two_sided(interval.level));
                hidden * hidden * (deviation * deviation).exp_m1()
            })
            .sum();
        let spread = (variance / (dark * dark)).ln_1p();
        (observed as f64 + dark, log_normal(observed as f64, dark, spread, plan.level, IntervalKind::Normal))
    });
    let mut counts = vec![0; first.counts().len()];
    for (_, table) in strata {
        counts.iter_mut().zip(table.counts()).for_each(|(sum, count)| *sum += count);
    }
    let whole = first.with_counts(&counts);
    let together = all_models(&whole, 2).ok().and_then(|models| models.average(plan.level));
    Ok(StrataEstimation { rows, sum, together: together.map(|average| (average.estimate, average.interval)) })
}

fn of_stratum(table: &ListTable, plan: &Plan, floor: StrataFloor) -> Result<Estimation, String> {
    let people = table.people();
    let overlapping: u64 = table.frequencies()[1..].iter().sum();
    if people < floor.people || overlapping < floor.overlapping {
        return Err(format!(
            "below the floor of {} people seen and {} of them on two lists or more; join it with a neighbour, or give no \
             figure for it",
            floor.people, floor.overlapping
        ));
    }
    estimate(table, plan).map(|(estimation, _)| estimation).map_err(|error| error.to_string())
}
