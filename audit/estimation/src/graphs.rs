//! Averaging over decomposable graphs.
//!
//! Each graph says which lists depend on each other given the others. With a hyper-Dirichlet prior its marginal likelihood is
//! a product over cliques and separators, exact for any number of unseen people (Madigan and York 1997, *Biometrika* 84,
//! 19–31). The posterior averages over all decomposable graphs with equal prior weight, and over the number of people with a
//! prior of `1/N`. It works without overlaps; on sparse tables the prior weight of a cell decides the answer, so two weights
//! are always to be looked at.
//!
//! The sum runs over blocks of the number of unseen people: within a block each graph is a product of ratios that are shared
//! between graphs, so that neither a table of graphs by numbers nor an exponential for each of its entries is needed.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::special::ln_gamma;
use crate::{EstimationError, Interval, IntervalKind, ListSet, ListTable};

/// How graphs are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GraphPlan {
    /// Prior weight of each of the `2^k` histories; absent for `2^-k`.
    pub cell_weight: Option<f64>,
    /// Unseen people at most; absent for 15 times those seen.
    pub most_unseen: Option<u64>,
    /// The level of the interval.
    pub level: f64,
}

impl Default for GraphPlan {
    fn default() -> Self {
        Self { cell_weight: None, most_unseen: None, level: 0.95 }
    }
}

/// A graph with its posterior weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphWeight {
    /// Its cliques.
    pub cliques: Vec<ListSet>,
    /// Its posterior weight, 0 to 1.
    pub weight: f64,
}

/// The average over decomposable graphs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphAverage {
    /// Prior weight of a history.
    pub cell_weight: f64,
    /// Posterior median.
    pub estimate: f64,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior mode.
    pub mode: f64,
    /// Posterior quantiles.
    pub interval: Interval,
    /// Unseen people between two points of the grid.
    pub step: u64,
    /// Posterior probability of the last hundredth of the grid; above 0.001 the grid cuts the posterior off.
    pub at_edge: f64,
    /// Number of graphs.
    pub graphs: usize,
    /// The heaviest graphs, at most ten.
    pub heaviest: Vec<GraphWeight>,
    /// Posterior of the number of people in 60 even bins: upper ends and probabilities.
    pub density: Vec<(f64, f64)>,
}

/// Points of the grid at most; larger tables take wider steps.
const MAX_POINTS: u64 = 200_000;
/// Blocks that one thread takes at a time; fixed, so that sums run in the same order at any number of threads.
const BLOCKS_AT_A_TIME: usize = 32;
const WIDEST_BLOCK: usize = 64;

/// Averages over all decomposable graphs of three to six lists.
pub fn graph_average(table: &ListTable, plan: &GraphPlan) -> Result<GraphAverage, EstimationError> {
    let lists = table.lists().len();
    if !(3..=6).contains(&lists) {
        return Err(EstimationError::Plan(format!(
            "averaging over graphs takes 3 to 6 lists and the table has {lists}; merge lists, or use another method"
        )));
    }
    if let Some(first) = table.impossible().first() {
        return Err(EstimationError::Plan(format!(
            "averaging over graphs cannot hold {} impossible; use a log-linear method",
            first.name(table.lists())
        )));
    }
    let observed = table.people();
    let most = plan.most_unseen.unwrap_or(observed.saturating_mul(15)).max(1);
    let step = most.div_ceil(MAX_POINTS);
    let points = (most / step).max(1) as usize;
    let weight = plan.cell_weight.unwrap_or((-(lists as f64)).exp2());
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(EstimationError::Plan(format!("a prior weight of {weight}; it must be above 0")));
    }
    let graphs = decomposable(lists);
    let margins: Vec<Margin> = (0..1_u16 << lists).map(|set| Margin::new(table, set, weight)).collect();
    let unseen = |point: usize| (point as u64 + 1) as f64 * step as f64;
    let people = observed as f64;
    let common = |m: f64| ln_gamma(people + m + 1.0) - ln_gamma(m + 1.0) - (people + m).ln();

    // Blocks narrow where ratios change fast, so that their products stay within range.
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    while start < points {
        let rate = ((people + unseen(start)) / unseen(start)).ln() + 0.1;
        let half = (50.0 / rate / step as f64) as usize;
        let end = (start + (2 * half).clamp(1, WIDEST_BLOCK)).min(points);
        blocks.push((start, end));
        start = end;
    }
    let constants: Vec<f64> = graphs.iter().map(|graph| graph.sum(|set| margins[set].constant)).collect();
    let heights = |block: &(usize, usize), out: &mut Vec<f64>| {
        let m = unseen(usize::midpoint(block.0, block.1));
        let at: Vec<f64> = margins.iter().map(|margin| margin.varying(m)).collect();
        let shared = common(m);
        out.clear();
        out.extend(
            graphs
                .iter()
                .zip(&constants)
                .map(|(graph, constant)| constant + shared + graph.sum(|set| at[set])),
        );
    };
    let top = blocks
        .par_iter()
        .with_min_len(BLOCKS_AT_A_TIME)
        .map_init(Vec::new, |out, block| {
            heights(block, out);
            out.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        })
        .reduce(|| f64::NEG_INFINITY, f64::max);
    let parts: Vec<(Vec<f64>, Vec<f64>)> = blocks
        .par_chunks(BLOCKS_AT_A_TIME)
        .map(|chunk| {
            let mut totals = vec![0.0; graphs.len()];
            let mut density = Vec::new();
            let mut above = Vec::new();
            for block in chunk {
                heights(block, &mut above);
                add_block(block, &unseen, &common, &margins, &graphs, &above, top, &mut density, &mut totals);
            }
            (density, totals)
        })
        .collect();
    let mut density = Vec::with_capacity(points);
    let mut totals = vec![0.0; graphs.len()];
    for (part, graph_totals) in parts {
        density.extend(part);
        totals.iter_mut().zip(graph_totals).for_each(|(total, part)| *total += part);
    }
    let whole: f64 = density.iter().sum();
    if !(whole > 0.0 && whole.is_finite()) {
        return Err(EstimationError::Model {
            model: "decomposable graphs".into(),
            reason: "the posterior could not be summed in double precision; raise the prior weight".into(),
        });
    }
    let number = |point: usize| people + unseen(point);
    let at = |p: f64| {
        let mut below = 0.0;
        let place = density.iter().position(|d| {
            below += d / whole;
            below >= p
        });
        number(place.unwrap_or(points - 1))
    };
    let mode = (0..points).max_by(|&a, &b| density[a].total_cmp(&density[b]).then(b.cmp(&a))).unwrap_or(0);
    let tail = (1.0 - plan.level) / 2.0;
    let mut order: Vec<usize> = (0..graphs.len()).collect();
    order.sort_by(|&a, &b| totals[b].total_cmp(&totals[a]));
    let all: f64 = totals.iter().sum();
    let edge = points - points.div_ceil(100);
    let (from, to) = (at(1e-4), at(1.0 - 1e-4));
    let width = ((to - from) / 60.0).max(1.0);
    let mut bins: Vec<(f64, f64)> = (1..=60).map(|bin| (from + width * f64::from(bin), 0.0)).collect();
    for (point, value) in density.iter().enumerate() {
        let bin = (((number(point) - from) / width).max(0.0) as usize).min(59);
        bins[bin].1 += value / whole;
    }
    Ok(GraphAverage {
        cell_weight: weight,
        estimate: at(0.5),
        mean: density.iter().enumerate().map(|(point, d)| number(point) * d / whole).sum(),
        mode: number(mode),
        interval: Interval::new(plan.level, at(tail), at(1.0 - tail), IntervalKind::Posterior),
        step,
        at_edge: density[edge..].iter().sum::<f64>() / whole,
        graphs: graphs.len(),
        heaviest: order
            .into_iter()
            .take(10)
            .map(|g| GraphWeight { cliques: graphs[g].cliques.clone(), weight: totals[g] / all })
            .collect(),
        density: bins,
    })
}

/// Adds one block of the number unseen: `above` holds the logarithm of each graph's posterior at its middle.
#[expect(clippy::too_many_arguments, reason = "the one inner loop, apart from its caller for reading only")]
fn add_block(
    block: &(usize, usize),
    unseen: &(impl Fn(usize) -> f64 + Sync),
    common: &(impl Fn(f64) -> f64 + Sync),
    margins: &[Margin],
    graphs: &[Graph],
    above: &[f64],
    top: f64,
    density: &mut Vec<f64>,
    totals: &mut [f64],
) {
    let width = block.1 - block.0;
    let first = density.len();
    density.resize(first + width, 0.0);
    // A graph 80 below the top adds less than one part in 10^30.
    if above.iter().all(|&height| height < top - 80.0) {
        return;
    }
    let middle = unseen(usize::midpoint(block.0, block.1));
    let empty: Vec<f64> =
        (block.0..block.1).map(|p| margins[0].varying(unseen(p)) - margins[0].varying(middle)).collect();
    // Signs of a graph add up to zero, so each ratio may be taken against that of the empty set.
    let mut ratios = vec![[1.0_f64; WIDEST_BLOCK]; margins.len()];
    let mut inverses = ratios.clone();
    for (set, margin) in margins.iter().enumerate().skip(1) {
        let at_middle = margin.varying(middle);
        for i in 0..width {
            let ratio = (margin.varying(unseen(block.0 + i)) - at_middle - empty[i]).exp();
            ratios[set][i] = ratio;
            inverses[set][i] = 1.0 / ratio;
        }
    }
    let mut shared = [0.0_f64; WIDEST_BLOCK];
    let at_middle = common(middle);
    for (i, value) in shared.iter_mut().enumerate().take(width) {
        *value = (common(unseen(block.0 + i)) - at_middle).exp();
    }
    for ((graph, &height), total) in graphs.iter().zip(above).zip(totals) {
        if height < top - 80.0 {
            continue;
        }
        let scale = (height - top).exp();
        let mut product = shared;
        for value in &mut product {
            *value *= scale;
        }
        for &(set, sign) in &graph.factors {
            let factors = if sign > 0 { &ratios[set] } else { &inverses[set] };
            for _ in 0..sign.abs() {
                product.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
            }
        }
        *total += product[..width].iter().sum::<f64>();
        density[first..].iter_mut().zip(&product).for_each(|(sum, value)| *sum += value);
    }
}

/// The margin of a set of lists: what of its marginal likelihood does not change with the number unseen, and what does.
#[derive(Debug)]
struct Margin {
    constant: f64,
    /// People seen on none of the set's lists, and the prior weight of that cell.
    base: f64,
}

impl Margin {
    fn new(table: &ListTable, set: u16, cell_weight: f64) -> Self {
        let lists = table.lists().len();
        let mut counts = vec![0_u64; 1 << lists];
        for (&count, history) in table.counts().iter().zip(0_u16..) {
            counts[usize::from(history & set)] += count;
        }
        // Each cell of the margin is the sum of this many histories.
        let prior = cell_weight * f64::from(1_u32 << (lists as u32 - set.count_ones()));
        let seen: f64 = counts[1..]
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| ln_gamma(count as f64 + prior) - ln_gamma(prior))
            .sum();
        Self { constant: seen - ln_gamma(prior), base: counts[0] as f64 + prior }
    }

    fn varying(&self, unseen: f64) -> f64 {
        ln_gamma(self.base + unseen)
    }
}

/// A decomposable graph as cliques and as the signed sets of its likelihood, the empty set included: signs add up to zero.
#[derive(Debug)]
struct Graph {
    cliques: Vec<ListSet>,
    factors: Vec<(usize, i32)>,
    /// The sign of the empty set: minus the number of components.
    empty: i32,
}

impl Graph {
    fn sum(&self, value: impl Fn(usize) -> f64) -> f64 {
        let parts: f64 = self.factors.iter().map(|&(set, sign)| f64::from(sign) * value(set)).sum();
        parts + f64::from(self.empty) * value(0)
    }
}

/// All decomposable graphs on some lists: those that lose one list after another whose neighbours all know each other.
fn decomposable(lists: usize) -> Vec<Graph> {
    let edges: Vec<(usize, usize)> = (0..lists).flat_map(|a| (a + 1..lists).map(move |b| (a, b))).collect();
    (0_u32..1 << edges.len())
        .filter_map(|chosen| {
            let mut neighbours = vec![0_u16; lists];
            for (_, &(a, b)) in edges.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1) {
                neighbours[a] |= 1 << b;
                neighbours[b] |= 1 << a;
            }
            eliminate(&neighbours)
        })
        .collect()
}

fn eliminate(neighbours: &[u16]) -> Option<Graph> {
    let mut left: u16 = (1 << neighbours.len()) - 1;
    let mut signs = vec![0_i32; 1 << neighbours.len()];
    let mut cliques: Vec<u16> = Vec::new();
    while left != 0 {
        let vertex = (0..neighbours.len()).find(|&v| {
            let around = neighbours[v] & left;
            left >> v & 1 == 1
                && ListSet(around).positions().all(|u| (neighbours[u] | 1 << u) & around == around)
        })?;
        let around = neighbours[vertex] & left;
        let clique = around | 1 << vertex;
        signs[usize::from(clique)] += 1;
        signs[usize::from(around)] -= 1;
        if !cliques.iter().any(|&larger| larger & clique == clique) {
            cliques.push(clique);
        }
        left &= !(1 << vertex);
    }
    cliques.sort_unstable();
    let factors = (1..signs.len()).filter(|&set| signs[set] != 0).map(|set| (set, signs[set])).collect();
    Some(Graph { cliques: cliques.into_iter().map(ListSet).collect(), factors, empty: signs[0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_decomposable_graphs() {
        for (lists, count) in [(3, 8), (4, 61), (5, 822), (6, 18_154)] {
            let graphs = decomposable(lists);
            assert_eq!(graphs.len(), count);
            assert!(graphs.iter().all(|g| g.empty + g.factors.iter().map(|f| f.1).sum::<i32>() == 0));
        }
    }

    #[test]
    fn blocks_give_the_same_sum_as_each_number_alone() {
        let text = "a,b,c,count\n1,0,0,9\n0,1,0,8\n0,0,1,7\n1,1,0,3\n1,0,1,2\n0,1,1,3\n1,1,1,1\n";
        let table = ListTable::from_csv(text).unwrap().0;
        let plan = GraphPlan { most_unseen: Some(400), ..GraphPlan::default() };
        let found = graph_average(&table, &plan).unwrap();
        let margins: Vec<Margin> = (0..8).map(|set| Margin::new(&table, set, 0.125)).collect();
        let (mut total, mut mean) = (0.0, 0.0);
        for m in (1..=400).map(f64::from) {
            for graph in decomposable(3) {
                let height = graph.sum(|set| margins[set].constant + margins[set].varying(m));
                let weight = (height + ln_gamma(34.0 + m) - ln_gamma(m + 1.0) - (33.0 + m).ln()).exp();
                total += weight;
                mean += weight * (33.0 + m);
            }
        }
        assert!((found.mean / (mean / total) - 1.0).abs() < 1e-10, "{} {}", found.mean, mean / total);
        assert!((found.density.iter().map(|bin| bin.1).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
