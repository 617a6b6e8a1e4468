//! What stands beside every estimate: how lists agree, how the answer moves, and what the data cannot tell.

use serde::{Deserialize, Serialize};

use crate::interval::two_sided;
use crate::loglinear::{Engine, Frame, Verdict};
use crate::models::all_models;
use crate::{Fit, Interval, IntervalKind, ListSet, ListTable, Model, PairCounts, stepwise};

/// Two lists beside each other. It holds counts of people on both, which are not for publication as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairDiagnostic {
    /// The first list.
    pub first: String,
    /// The second list.
    pub second: String,
    /// Their counts.
    pub counts: PairCounts,
    /// Lincoln and Petersen's estimate; absent without an overlap.
    pub lincoln_petersen: Option<f64>,
    /// Chapman's estimate.
    pub chapman: f64,
    /// Odds ratio of the two lists among people on some other list, a half added to each count; 1 where they do not depend
    /// on each other. Absent with two lists.
    pub odds_ratio: Option<f64>,
    /// Its interval (Woolf 1955).
    pub odds_interval: Option<(f64, f64)>,
}

/// Every pair of lists.
pub fn pair_diagnostics(table: &ListTable, level: f64) -> Vec<PairDiagnostic> {
    let lists = table.lists();
    let mut found = Vec::new();
    for a in 0..lists.len() {
        for b in a + 1..lists.len() {
            let counts = PairCounts::of(table, a, b);
            // Cells of the fourfold table, by whether a person is on each of the two.
            let mut cells = [0.5_f64; 4];
            let others = !ListSet::of(&[a, b]).0;
            for (&count, history) in table.counts().iter().zip(0_u16..) {
                if history & others != 0 {
                    cells[usize::from(history >> a & 1 | (history >> b & 1) << 1)] += count as f64;
                }
            }
            let known = lists.len() > 2 && !table.is_impossible(ListSet::of(&[a, b]));
            let log = (cells[3] * cells[0] / (cells[1] * cells[2])).ln();
            let half = two_sided(level) * cells.iter().map(|cell| 1.0 / cell).sum::<f64>().sqrt();
            found.push(PairDiagnostic {
                first: lists[a].clone(),
                second: lists[b].clone(),
                counts,
                lincoln_petersen: counts.lincoln_petersen(),
                chapman: counts.chapman(),
                odds_ratio: known.then(|| log.exp()),
                odds_interval: known.then(|| ((log - half).exp(), (log + half).exp())),
            });
        }
    }
    found
}

/// How well a model fits the histories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoodnessOfFit {
    /// The model.
    pub model: String,
    /// Deviance.
    pub deviance: f64,
    /// Pearson's chi-squared.
    pub pearson: f64,
    /// Degrees of freedom.
    pub degrees_of_freedom: i64,
    /// Probability of a deviance as large; below 0.05 the model misses something. It is rough where expected counts are small.
    pub p: f64,
    /// Share of histories expected to have fewer than five people, 0 to 1.
    pub sparse: f64,
    /// The histories furthest from the model, at most five: lists and Pearson residual.
    pub furthest: Vec<(String, f64)>,
}

/// Goodness of fit of a fitted model.
pub fn goodness_of_fit(table: &ListTable, fit: &Fit) -> GoodnessOfFit {
    let mut residuals: Vec<(ListSet, f64)> = (1..table.counts().len())
        .filter(|&h| fit.fitted[h] > 0.0)
        .map(|h| (ListSet(h as u16), (table.counts()[h] as f64 - fit.fitted[h]) / fit.fitted[h].sqrt()))
        .collect();
    let pearson = residuals.iter().map(|(_, r)| r * r).sum();
    let small = residuals.iter().filter(|(h, _)| fit.fitted[usize::from(h.0)] < 5.0).count();
    let sparse = small as f64 / residuals.len().max(1) as f64;
    residuals.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    GoodnessOfFit {
        model: fit.name(table.lists()),
        deviance: fit.deviance,
        pearson,
        degrees_of_freedom: fit.degrees_of_freedom,
        p: fit.deviance_p(),
        sparse,
        furthest: residuals.into_iter().take(5).map(|(h, r)| (h.name(table.lists()), r)).collect(),
    }
}

/// An estimate from a changed table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What was changed, as in `without police`.
    pub name: String,
    /// People seen in the changed table.
    pub observed: u64,
    /// Its estimate; absent where the changed table allows none.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// The estimate that diagnostics compare: the BIC average of two-list models for three to five lists, the stepwise model for
/// more, Chapman's for two.
pub(crate) fn quick(table: &ListTable, level: f64) -> Option<(f64, Interval)> {
    let lists = table.lists().len();
    if lists == 2 {
        let pair = PairCounts::of(table, 0, 1);
        let half = two_sided(level) * pair.chapman_variance().sqrt();
        let estimate = pair.chapman();
        let lower = (estimate - half).max(table.people() as f64);
        return (pair.both > 0)
            .then(|| (estimate, Interval::new(level, lower, estimate + half, IntervalKind::Normal)));
    }
    if lists <= 5 {
        let average = all_models(table, 2).ok()?.average(level)?;
        return Some((average.estimate, average.interval));
    }
    let fit = stepwise(table, 0.02).ok()?.fit;
    Some((fit.estimate(), fit.normal(level)))
}

fn variant(name: String, table: &ListTable, level: f64) -> Variant {
    let table = occupied(table);
    let found = table.as_ref().and_then(|table| quick(table, level));
    Variant {
        name,
        observed: table.map_or(0, |table| table.people()),
        estimate: found.map(|(estimate, _)| estimate),
        interval: found.map(|(_, interval)| interval),
    }
}

/// The table without lists that hold nobody; `None` where fewer than two are left.
fn occupied(table: &ListTable) -> Option<ListTable> {
    let mut table = table.clone();
    while let Some(empty) = (0..table.lists().len()).find(|&list| table.on_list(list) == 0) {
        table = table.without(empty).ok()?.0;
    }
    Some(table)
}

/// The estimate with each list left out in turn.
pub fn lists_left_out(table: &ListTable, level: f64) -> Vec<Variant> {
    (0..table.lists().len())
        .filter_map(|list| {
            Some(variant(format!("without {}", table.lists()[list]), &table.without(list).ok()?.0, level))
        })
        .collect()
}

/// The estimate with each pair of lists taken as one.
pub fn lists_merged(table: &ListTable, level: f64) -> Vec<Variant> {
    let lists = table.lists();
    let mut found = Vec::new();
    for a in 0..lists.len() {
        for b in a + 1..lists.len() {
            if let Ok(merged) = table.merged(a, b) {
                found.push(variant(format!("{} and {} as one", lists[a], lists[b]), &merged, level));
            }
        }
    }
    found
}

/// A list hidden and estimated from the others: the people on it, of whom those on no other list are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    /// The list.
    pub list: String,
    /// People on it.
    pub truth: u64,
    /// People on it and another.
    pub observed: u64,
    /// The estimate of those on it, from the other lists.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Whether the interval holds the truth.
    pub covers: Option<bool>,
    /// Logarithm of the estimate over the truth.
    pub log_ratio: Option<f64>,
}

/// The test of internal consistency (Binette and Steorts 2022, *J. R. Stat. Soc. A* 185, 640–676): for each list, the people on it
/// by the other lists make a table whose total is known.
pub fn internal_consistency(table: &ListTable, level: f64) -> Vec<Consistency> {
    internal_consistency_by(table, |inner| quick(inner, level))
}

/// The same for any estimator, which is given each inner table.
pub fn internal_consistency_by(
    table: &ListTable,
    estimator: impl Fn(&ListTable) -> Option<(f64, Interval)>,
) -> Vec<Consistency> {
    (0..table.lists().len())
        .filter_map(|list| {
            let (inner, _) = table.among(list).ok()?;
            let truth = table.on_list(list);
            let found = occupied(&inner).and_then(|inner| estimator(&inner));
            Some(Consistency {
                list: table.lists()[list].clone(),
                truth,
                observed: inner.people(),
                estimate: found.map(|f| f.0),
                interval: found.map(|f| f.1),
                covers: found.map(|f| f.1.covers(truth as f64)),
                log_ratio: found.map(|f| (f.0 / truth as f64).ln()),
            })
        })
        .collect()
}

/// The odds ratios of the sweep.
pub const SWEEP: [f64; 8] = [0.5, 0.67, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0];

/// How the estimate moves when lists are taken to depend on each other more or less than the model says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// The pair whose odds ratio is held, or `all other pairs`.
    pub pairs: String,
    /// For each odds ratio of [`SWEEP`] the estimate and the deviance; absent where there is no fit. A deviance far above the
    /// others says that the data speak against that value.
    pub estimates: Vec<Option<(f64, f64)>>,
}

/// The dependence sweep: the model refitted with one pair's odds ratio held at each value, and with all pairs that the model
/// leaves out held at it together.
pub fn dependence_sweep(table: &ListTable, model: &Model) -> Vec<Sweep> {
    let frame = Frame::new(table);
    let mut engine = Engine::new(&frame);
    let counts = Frame::counts(table);
    let sums = Frame::sums(&counts);
    let saturated: f64 = counts.iter().filter(|&&y| y > 0.0).map(|&y| y * y.ln() - y).sum();
    let masks = model.masks();
    let mut at = |terms: &[u16], held: &[u16]| -> Vec<Option<(f64, f64)>> {
        SWEEP
            .iter()
            .map(|odds| {
                engine.hold(&held.iter().map(|&pair| (pair, odds.ln())).collect::<Vec<_>>());
                if !engine.prepare(&frame, &sums, terms) || engine.verdict(&counts) != Verdict::Exists {
                    return None;
                }
                let solved = engine.fit(&counts, false)?;
                let deviance = 2.0 * (saturated - solved.kernel);
                Some((table.people() as f64 + solved.log_dark.exp(), deviance))
            })
            .collect()
    };
    let open = |pair: &u16| !table.is_impossible(ListSet(*pair));
    let mut sweeps: Vec<Sweep> = frame
        .pairs
        .iter()
        .filter(|pair| open(pair))
        .map(|&pair| {
            // Terms of more lists that hold the pair go with it.
            let terms: Vec<u16> = masks.iter().copied().filter(|term| term & pair != pair).collect();
            Sweep { pairs: ListSet(pair).name(table.lists()), estimates: at(&terms, &[pair]) }
        })
        .collect();
    let others: Vec<u16> =
        frame.pairs.iter().copied().filter(|pair| open(pair) && !masks.contains(pair)).collect();
    if !others.is_empty() {
        sweeps.push(Sweep { pairs: "all other pairs".into(), estimates: at(&masks, &others) });
    }
    sweeps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit;

    fn table() -> ListTable {
        let text = "a,b,c,d,count\n1,0,0,0,120\n0,1,0,0,90\n0,0,1,0,80\n0,0,0,1,100\n1,1,0,0,30\n1,0,1,0,12\n1,0,0,1,14\n\
                    0,1,1,0,10\n0,1,0,1,11\n0,0,1,1,13\n1,1,1,0,4\n1,1,0,1,5\n1,0,1,1,2\n0,1,1,1,1\n1,1,1,1,1\n";
        ListTable::from_csv(text).unwrap().0
    }

    #[test]
    fn the_sweep_passes_through_the_model_and_rises_with_dependence() {
        let table = table();
        let base = fit(&table, &Model::independence()).unwrap();
        let sweeps = dependence_sweep(&table, &Model::independence());
        assert_eq!(sweeps.len(), 7);
        for sweep in &sweeps {
            let (estimate, deviance) = sweep.estimates[3].unwrap();
            assert!((estimate - base.estimate()).abs() < 1e-6 && (deviance - base.deviance).abs() < 1e-6);
            // Lists that attract each other share more than chance, so that more people must be unseen.
            assert!(sweep.estimates[7].unwrap().0 > estimate && sweep.estimates[0].unwrap().0 < estimate);
        }
    }

    #[test]
    fn diagnostics_of_a_small_table() {
        let table = table();
        let pairs = pair_diagnostics(&table, 0.95);
        assert_eq!(pairs.len(), 6);
        // By hand, among people on c or d: 11 + 0.5 on both, 28 on a only, 22 on b only, 193 on neither.
        let expected = (10.0 + 0.5) * (193.0 + 0.5) / ((28.0 + 0.5) * (22.0 + 0.5));
        assert!((pairs[0].odds_ratio.unwrap() - expected).abs() < 1e-9, "{:?}", pairs[0]);
        assert_eq!(lists_left_out(&table, 0.95).len(), 4);
        assert!(lists_merged(&table, 0.95).iter().all(|v| v.estimate.is_some()));
        let consistency = internal_consistency(&table, 0.95);
        assert_eq!((consistency[0].truth, consistency[0].observed), (188, 68));
        let gof = goodness_of_fit(&table, &fit(&table, &Model::independence()).unwrap());
        assert_eq!((gof.degrees_of_freedom, gof.furthest.len()), (10, 5));
    }
}
