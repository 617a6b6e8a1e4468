//! Poisson log-linear models of capture histories: fits, whether they exist, and their intervals.
//!
//! The expected count of a history is `exp` of the sum of the model's terms that the history contains, and the intercept is
//! the logarithm of the expected number on no list, the dark figure (Fienberg 1972, *Biometrika* 59, 591–603; Cormack 1989,
//! *Biometrics* 45, 395–413). Terms form a lattice under inclusion, so sums over histories are made by one transform of the
//! lattice instead of a product with a design matrix.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::interval::{log_normal, two_sided};
use crate::linear::{balances, null_space, rank, solve};
use crate::special::{chi_squared_upper, ln_factorial, ln_gamma};
use crate::{EstimationError, Interval, IntervalKind, ListSet, ListTable};

/// A log-linear model: a main effect for every list, and these terms of two or more lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Model {
    /// Its terms of two or more lists, in rising order.
    terms: Vec<ListSet>,
}

impl Model {
    /// The model of lists that do not depend on each other (Mt).
    pub fn independence() -> Self {
        Self::default()
    }

    /// A model with these terms, closed downwards: with a term come all its parts of two or more lists.
    pub fn with(terms: &[ListSet]) -> Self {
        let mut closed: Vec<ListSet> = Vec::new();
        for term in terms {
            // Every subset of the term's bits, from the term down.
            let mut part = term.0;
            while part > 0 {
                if part.count_ones() >= 2 {
                    closed.push(ListSet(part));
                }
                part = (part - 1) & term.0;
            }
        }
        closed.sort_by_key(|t| (t.len(), t.0));
        closed.dedup();
        Self { terms: closed }
    }

    /// Its terms of two or more lists: pairs first, each by position.
    pub fn terms(&self) -> &[ListSet] {
        &self.terms
    }

    /// Its terms by the lists' names, as in `LA:NG + NG:GP`; `independence` without any. Terms that others imply are left out.
    pub fn name(&self, lists: &[String]) -> String {
        let shown: Vec<String> = self
            .terms
            .iter()
            .filter(|term| !self.terms.iter().any(|other| other != *term && other.contains(**term)))
            .map(|term| term.name(lists))
            .collect();
        if shown.is_empty() { "independence".to_owned() } else { shown.join(" + ") }
    }

    pub(crate) fn masks(&self) -> Vec<u16> {
        self.terms.iter().map(|term| term.0).collect()
    }

    pub(crate) fn from_masks(masks: &[u16]) -> Self {
        let mut terms: Vec<ListSet> = masks.iter().map(|&mask| ListSet(mask)).collect();
        terms.sort_by_key(|t| (t.len(), t.0));
        Self { terms }
    }
}

/// Whether a model has one best fit on a table (Fienberg and Rinaldo 2012, *Annals of Statistics* 40, 996–1023).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It has.
    Exists,
    /// The likelihood rises for ever along some direction: empty cells leave a parameter without a finite best value.
    NoMaximum,
    /// Different parameters fit alike, so the dark figure is not determined.
    NotIdentifiable,
}

impl Verdict {
    /// Why there is no fit, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Exists => "the model has one best fit",
            Self::NoMaximum => {
                "its likelihood has no maximum on this table: too many overlaps are empty, and the fit could be improved \
                 without end. Leave out a term, merge lists, or declare overlaps that cannot be"
            }
            Self::NotIdentifiable => {
                "its terms cannot be told apart on this table, so that any dark figure fits as well as another. Leave out \
                 a term, or merge lists"
            }
        }
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The model.
    pub model: Model,
    /// People seen.
    pub observed: u64,
    /// Expected number of people on no list.
    pub dark_figure: f64,
    /// Variance of the logarithm of the dark figure.
    pub log_variance: f64,
    /// Deviance from the saturated model.
    pub deviance: f64,
    /// Histories fitted less finite parameters.
    pub degrees_of_freedom: i64,
    /// Parameters, those at minus infinity counted.
    pub parameters: usize,
    /// Akaike's information criterion.
    pub aic: f64,
    /// Schwarz's information criterion with the number of people seen.
    pub bic: f64,
    /// Terms at minus infinity, because nobody is on all their lists.
    pub infinite: Vec<ListSet>,
    /// The finite terms with their coefficients; the empty set is the intercept.
    pub coefficients: Vec<(ListSet, f64)>,
    /// Expected counts by history; 0 where impossible.
    pub fitted: Vec<f64>,
}

impl Fit {
    /// The estimated number of people: those seen and the dark figure.
    pub fn estimate(&self) -> f64 {
        self.observed as f64 + self.dark_figure
    }

    /// Standard error of the number of people, with the randomness of the unseen count: `sqrt(D + D^2 v)`.
    pub fn standard_error(&self) -> f64 {
        (self.dark_figure + self.dark_figure * self.dark_figure * self.log_variance).sqrt()
    }

    /// The interval from a normal on the logarithm of the dark figure with variance `v + 1/D`.
    pub fn normal(&self, level: f64) -> Interval {
        let variance = self.log_variance + 1.0 / self.dark_figure;
        log_normal(self.observed as f64, self.dark_figure, variance, level, IntervalKind::Normal)
    }

    /// The same with variance `v` only, which other programs print; it covers less than its level.
    pub fn normal_expected(&self, level: f64) -> Interval {
        log_normal(
            self.observed as f64,
            self.dark_figure,
            self.log_variance,
            level,
            IntervalKind::NormalExpected,
        )
    }

    /// Probability of a deviance as large as this one under the model, by the chi-squared distribution.
    pub fn deviance_p(&self) -> f64 {
        chi_squared_upper(self.deviance, self.degrees_of_freedom as f64)
    }

    /// Its terms by name, those at minus infinity marked, as in `LA:NG + K:R = -inf`.
    pub fn name(&self, lists: &[String]) -> String {
        if self.model.terms.is_empty() {
            return self.model.name(lists);
        }
        let name = |term: &ListSet| {
            let tail = if self.infinite.contains(term) { " = -inf" } else { "" };
            term.name(lists) + tail
        };
        self.model.terms.iter().map(name).collect::<Vec<_>>().join(" + ")
    }
}

/// Fits a model; the error says in words why it has no fit.
pub fn fit(table: &ListTable, model: &Model) -> Result<Fit, EstimationError> {
    let frame = Frame::new(table);
    let mut engine = Engine::new(&frame);
    let counts = Frame::counts(table);
    let sums = Frame::sums(&counts);
    let refused = |verdict: Verdict| EstimationError::Model {
        model: model.name(table.lists()),
        reason: verdict.reason().to_owned(),
    };
    let masks = model.masks();
    if masks.iter().any(|&mask| usize::from(mask) >= frame.size) {
        return Err(EstimationError::Plan("the model names a list that the table has not".into()));
    }
    if !engine.prepare(&frame, &sums, &masks) {
        return Err(refused(Verdict::NotIdentifiable));
    }
    let verdict = engine.verdict(&counts);
    if verdict != Verdict::Exists {
        return Err(refused(verdict));
    }
    let solved = engine.fit(&counts, false).ok_or_else(|| refused(Verdict::NoMaximum))?;
    Ok(engine.report(&frame, &counts, &solved, model.clone()))
}

/// The profile likelihood interval of the multinomial model: the numbers of people that the data do not refuse at the level.
///
/// For each number of unseen people the model is fitted with them as a known cell (Baillargeon and Rivest 2007, *Journal of
/// Statistical Software* 19(5)). `None` where the fit fails.
pub fn profile(table: &ListTable, fit: &Fit, level: f64) -> Option<Interval> {
    let frame = Frame::new(table);
    let mut engine = Engine::new(&frame);
    let mut counts = Frame::counts(table);
    let sums = Frame::sums(&counts);
    if !engine.prepare(&frame, &sums, &fit.model.masks()) {
        return None;
    }
    engine.cells.push(0);
    let observed = fit.observed as f64;
    let mut warm = false;
    let mut likelihood = |log_unseen: f64| -> Option<f64> {
        let unseen = log_unseen.exp();
        let people = observed + unseen;
        counts[0] = unseen;
        let solved = match engine.fit(&counts, warm) {
            Some(solved) => solved,
            None => engine.fit(&counts, false)?,
        };
        warm = true;
        Some(ln_gamma(people + 1.0) - ln_gamma(unseen + 1.0) + solved.kernel + people - people * people.ln())
    };
    let spread = (fit.log_variance + 1.0 / fit.dark_figure).sqrt();
    let start = fit.dark_figure.ln();
    // Golden section for the peak, which lies close to the Poisson estimate.
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (start - 3.0 * spread - 0.1, start + 3.0 * spread + 0.1);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (likelihood(a)?, likelihood(b)?);
    while high - low > 1e-4 * spread.min(1.0) {
        if at_a > at_b {
            high = b;
            (b, at_b) = (a, at_a);
            a = high - golden * (high - low);
            at_a = likelihood(a)?;
        } else {
            low = a;
            (a, at_a) = (b, at_b);
            b = low + golden * (high - low);
            at_b = likelihood(b)?;
        }
    }
    let peak = f64::midpoint(low, high);
    let top = likelihood(peak)?;
    let drop = two_sided(level).powi(2) / 2.0;
    let mut end = |direction: f64| -> Option<Option<f64>> {
        let (mut inside, mut step) = (peak, spread);
        let mut outside = peak + direction * step;
        while top - likelihood(outside)? < drop {
            inside = outside;
            step *= 1.5;
            outside += direction * step;
            // Fewer than a thousandth of a person, or more than a million times the estimate: no bound.
            if outside < -7.0 || outside > start + 14.0 {
                return Some(None);
            }
        }
        while (outside - inside).abs() > 1e-7 {
            let middle = f64::midpoint(inside, outside);
            if top - likelihood(middle)? < drop {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Some(Some(f64::midpoint(inside, outside)))
    };
    let lower = end(-1.0)?.map_or(observed, |x| observed + x.exp());
    let upper = end(1.0)?.map_or(f64::INFINITY, |x| observed + x.exp());
    Some(Interval::new(level, lower, upper, IntervalKind::Profile))
}

/// What does not change between fits on one set of lists: which histories are possible, and the pairs.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) lists: usize,
    pub(crate) size: usize,
    /// Possible histories of one list or more.
    pub(crate) cells: Vec<u16>,
    /// All pairs of lists, by position.
    pub(crate) pairs: Vec<u16>,
}

impl Frame {
    pub(crate) fn new(table: &ListTable) -> Self {
        let lists = table.lists().len();
        let size = 1_usize << lists;
        let cells = (1..size as u16).filter(|&h| !table.is_impossible(ListSet(h))).collect();
        let pairs = (0..lists).flat_map(|a| (a + 1..lists).map(move |b| 1_u16 << a | 1 << b)).collect();
        Self { lists, size, cells, pairs }
    }

    pub(crate) fn counts(table: &ListTable) -> Vec<f64> {
        table.counts().iter().map(|&count| count as f64).collect()
    }

    /// For each set of lists the people on all of them.
    pub(crate) fn sums(counts: &[f64]) -> Vec<f64> {
        let mut sums = counts.to_vec();
        superset_sums(&mut sums);
        sums
    }

    /// Which possible histories have people, as bits.
    pub(crate) fn support(&self, counts: &[f64]) -> Box<[u64]> {
        let mut bits = vec![0_u64; self.cells.len().div_ceil(64)];
        for (place, &cell) in self.cells.iter().enumerate() {
            if counts[usize::from(cell)] > 0.0 {
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        bits.into()
    }

    /// The pairs of a two-list model as bits, for keys.
    pub(crate) fn pair_key(&self, terms: &[u16]) -> u64 {
        let bit = |term| self.pairs.iter().position(|pair| pair == term).map_or(0, |place| 1_u64 << place);
        terms.iter().map(bit).fold(0, |key, bit| key | bit)
    }
}

/// Verdicts by which histories have people and which pairs the model has: nothing else decides whether a fit exists.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    known: HashMap<Box<[u64]>, HashMap<u64, Verdict>>,
}

impl Verdicts {
    /// The verdicts for one support.
    pub(crate) fn of(&mut self, support: Box<[u64]>) -> &mut HashMap<u64, Verdict> {
        // Bounded, so that long bootstraps of large tables do not grow without end.
        if self.known.len() > 20_000 {
            self.known.clear();
        }
        self.known.entry(support).or_default()
    }
}

/// A fit's figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Solved {
    pub(crate) log_dark: f64,
    /// Variance of the logarithm of the dark figure.
    pub(crate) variance: f64,
    /// Log-likelihood without the factorials.
    pub(crate) kernel: f64,
}

/// Scratch space and state of a series of fits.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    /// Histories in the present fit.
    pub(crate) cells: Vec<u16>,
    /// Finite terms of the present fit, the intercept (0) last.
    columns: Vec<u16>,
    infinite: Vec<u16>,
    /// Expected counts of the last fit; 0 outside its cells.
    pub(crate) mean: Vec<f64>,
    log_mean: Vec<f64>,
    weights: Vec<f64>,
    response: Vec<f64>,
    lattice: Vec<f64>,
    /// What is added to the logarithm of each expected count, for terms held at a value.
    offset: Vec<f64>,
    matrix: Vec<f64>,
    beta: Vec<f64>,
    before: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(frame: &Frame) -> Self {
        let zero = || vec![0.0; frame.size];
        Self {
            cells: Vec::with_capacity(frame.size),
            columns: Vec::new(),
            infinite: Vec::new(),
            mean: zero(),
            log_mean: zero(),
            weights: zero(),
            response: zero(),
            lattice: zero(),
            offset: zero(),
            matrix: Vec::new(),
            beta: Vec::new(),
            before: Vec::new(),
        }
    }

    /// Sets the cells and columns of a model: terms without people go to minus infinity and take their cells with them
    /// (Chan, Silverman and Vincent 2021, *J. Am. Stat. Assoc.* 116, 1297–1306). False where a term has no possible cell left.
    pub(crate) fn prepare(&mut self, frame: &Frame, sums: &[f64], terms: &[u16]) -> bool {
        self.columns.clear();
        self.infinite.clear();
        for term in (0..frame.lists).map(|list| 1_u16 << list).chain(terms.iter().copied()) {
            if sums[usize::from(term)] > 0.0 { &mut self.columns } else { &mut self.infinite }.push(term);
        }
        self.columns.push(0);
        self.cells.clear();
        let infinite = &self.infinite;
        let dropped = |cell: u16| infinite.iter().any(|&term| ListSet(cell).contains(ListSet(term)));
        self.cells.extend(frame.cells.iter().copied().filter(|&cell| !dropped(cell)));
        // A term at minus infinity must drop a cell that no other drops, or it says nothing of its own.
        infinite.iter().filter(|term| term.count_ones() > 1).all(|&term| {
            frame.cells.iter().any(|&cell| {
                cell & term == term && !infinite.iter().any(|&other| other != term && cell & other == other)
            })
        })
    }

    /// Holds terms at values in the fits that follow.
    pub(crate) fn hold(&mut self, terms: &[(u16, f64)]) {
        for (cell, offset) in (0_u16..).zip(&mut self.offset) {
            *offset = terms.iter().filter(|(term, _)| cell & term == *term).map(|(_, value)| value).sum();
        }
    }

    /// Whether the prepared model has one best fit.
    pub(crate) fn verdict(&self, counts: &[f64]) -> Verdict {
        let p = self.columns.len();
        let row = |cell: u16| self.columns.iter().map(move |&c| if cell & c == c { 1.0 } else { 0.0 });
        let (seen, empty): (Vec<u16>, Vec<u16>) =
            self.cells.iter().partition(|&&cell| counts[usize::from(cell)] > 0.0);
        let mut rows: Vec<f64> = seen.iter().flat_map(|&cell| row(cell)).collect();
        let (basis, d) = null_space(&mut rows, p);
        if d == 0 {
            return Verdict::Exists;
        }
        // The empty cells seen from the directions that leave the others as they are.
        let mut left: Vec<f64> = Vec::with_capacity(empty.len() * d);
        for &cell in &empty {
            for direction in 0..d {
                left.push(row(cell).zip(0..p).map(|(x, column)| x * basis[column * d + direction]).sum());
            }
        }
        if rank(&mut left.clone(), d) < d {
            Verdict::NotIdentifiable
        } else if balances(&left, d) {
            Verdict::Exists
        } else {
            Verdict::NoMaximum
        }
    }

    /// Fits the prepared model by iteratively reweighted least squares; `warm` starts from the last fit. `None` where it
    /// does not settle.
    pub(crate) fn fit(&mut self, counts: &[f64], warm: bool) -> Option<Solved> {
        let p = self.columns.len();
        if !warm {
            for &cell in &self.cells {
                let cell = usize::from(cell);
                self.mean[cell] = counts[cell] + 0.1;
                self.log_mean[cell] = self.mean[cell].ln();
            }
        }
        self.matrix.resize(p * p, 0.0);
        self.beta.resize(p, 0.0);
        self.before.resize(p, 0.0);
        let mut kernel = f64::NEG_INFINITY;
        for round in 0..100 {
            self.weights.fill(0.0);
            self.response.fill(0.0);
            for &cell in &self.cells {
                let cell = usize::from(cell);
                let mean = self.mean[cell];
                self.weights[cell] = mean;
                self.response[cell] = mean * (self.log_mean[cell] - self.offset[cell]) + counts[cell] - mean;
            }
            superset_sums(&mut self.weights);
            superset_sums(&mut self.response);
            std::mem::swap(&mut self.beta, &mut self.before);
            for (i, &column) in self.columns.iter().enumerate() {
                self.beta[i] = self.response[usize::from(column)];
                for (j, &other) in self.columns[..=i].iter().enumerate() {
                    self.matrix[i * p + j] = self.weights[usize::from(column | other)];
                }
            }
            if !solve(&mut self.matrix, &mut self.beta, p) {
                return None;
            }
            let mut reached = self.spread(counts);
            if round > 0 {
                // The likelihood is concave, so a step that overshoots is halved until it climbs.
                let mut halvings = 0;
                while (reached.is_nan() || reached < kernel - 1e-9 * kernel.abs()) && halvings < 30 {
                    for (new, old) in self.beta.iter_mut().zip(&self.before) {
                        *new = f64::midpoint(*new, *old);
                    }
                    reached = self.spread(counts);
                    halvings += 1;
                }
                let moved =
                    self.beta.iter().zip(&self.before).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                if moved < 1e-7 {
                    let corner = self.matrix[p * p - 1];
                    let log_dark = self.beta[p - 1];
                    let solved = Solved { log_dark, variance: 1.0 / (corner * corner), kernel: reached };
                    return log_dark.is_finite().then_some(solved);
                }
            }
            if !reached.is_finite() {
                return None;
            }
            kernel = reached;
        }
        None
    }

    /// Spreads the coefficients over the histories and gives the log-likelihood without the factorials.
    fn spread(&mut self, counts: &[f64]) -> f64 {
        self.lattice.fill(0.0);
        for (&column, &beta) in self.columns.iter().zip(&self.beta) {
            self.lattice[usize::from(column)] = beta;
        }
        subset_sums(&mut self.lattice);
        self.mean.fill(0.0);
        let mut kernel = 0.0;
        for &cell in &self.cells {
            let cell = usize::from(cell);
            let log_mean = self.lattice[cell] + self.offset[cell];
            let mean = log_mean.exp();
            self.log_mean[cell] = log_mean;
            self.mean[cell] = mean;
            kernel += counts[cell] * log_mean - mean;
        }
        kernel
    }

    /// Parameters of the prepared model, those at minus infinity counted.
    pub(crate) fn parameters(&self) -> usize {
        self.columns.len() + self.infinite.len()
    }

    /// Histories fitted less finite parameters.
    pub(crate) fn degrees_of_freedom(&self) -> i64 {
        self.cells.len() as i64 - self.columns.len() as i64
    }

    /// The whole fit.
    pub(crate) fn report(&self, frame: &Frame, counts: &[f64], solved: &Solved, model: Model) -> Fit {
        let observed: f64 = frame.cells.iter().map(|&cell| counts[usize::from(cell)]).sum();
        let factorials = log_factorials(counts);
        let saturated: f64 = counts.iter().filter(|&&y| y > 0.0).map(|&y| y * y.ln() - y).sum();
        let parameters = self.parameters();
        let penalty = parameters as f64;
        let twice = -2.0 * (solved.kernel - factorials);
        Fit {
            model,
            observed: observed as u64,
            dark_figure: solved.log_dark.exp(),
            log_variance: solved.variance,
            deviance: (2.0 * (saturated - solved.kernel)).max(0.0),
            degrees_of_freedom: self.degrees_of_freedom(),
            parameters,
            aic: twice + 2.0 * penalty,
            bic: twice + observed.ln() * penalty,
            infinite: self.infinite.iter().map(|&term| ListSet(term)).collect(),
            coefficients: self.columns.iter().map(|&c| ListSet(c)).zip(self.beta.iter().copied()).collect(),
            fitted: self.mean.clone(),
        }
    }
}

/// The part of the Poisson likelihood that no model changes.
pub(crate) fn log_factorials(counts: &[f64]) -> f64 {
    counts.iter().filter(|&&y| y > 1.0).map(|&y| ln_factorial(y)).sum()
}

/// Replaces the value at each set by the sum over all sets that contain it.
pub(crate) fn superset_sums(values: &mut [f64]) {
    let mut half = 1;
    while half < values.len() {
        for block in values.chunks_exact_mut(2 * half) {
            let (without, with) = block.split_at_mut(half);
            for (a, b) in without.iter_mut().zip(with) {
                *a += *b;
            }
        }
        half *= 2;
    }
}

/// Replaces the value at each set by the sum over all its subsets.
fn subset_sums(values: &mut [f64]) {
    let mut half = 1;
    while half < values.len() {
        for block in values.chunks_exact_mut(2 * half) {
            let (without, with) = block.split_at_mut(half);
            for (b, a) in with.iter_mut().zip(without) {
                *b += *a;
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> ListTable {
        ListTable::from_csv(text).unwrap().0
    }

    #[test]
    fn two_pairs_of_three_lists_have_a_closed_form() {
        // With terms 12 and 13, lists 2 and 3 are independent given list 1: the dark figure is n010 * n001 / n011.
        let table = table("a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,24\n1,1,0,9\n1,0,1,7\n0,1,1,12\n1,1,1,5\n");
        let model = Model::with(&[ListSet::of(&[0, 1]), ListSet::of(&[0, 2])]);
        let fit = fit(&table, &model).unwrap();
        assert!((fit.dark_figure - 30.0 * 24.0 / 12.0).abs() < 1e-8, "{}", fit.dark_figure);
        assert!((fit.log_variance - (1.0 / 30.0 + 1.0 / 24.0 + 1.0 / 12.0)).abs() < 1e-8);
        let expected: f64 = fit.fitted.iter().sum();
        assert!((expected - 127.0).abs() < 1e-8, "fitted counts add up to those seen");
        let interval = profile(&table, &fit, 0.95).unwrap();
        assert!(interval.covers(fit.estimate()) && !interval.covers(127.0));
    }

    #[test]
    fn empty_pairs_go_to_minus_infinity_and_impossible_ones_leave_the_model() {
        let text = "a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,24\n1,0,1,7\n0,1,1,12\n";
        let mut seen = table(text);
        let model = Model::with(&[ListSet::of(&[0, 1])]);
        let at_infinity = fit(&seen, &model).unwrap();
        assert_eq!(at_infinity.infinite, [ListSet::of(&[0, 1])]);
        assert_eq!(at_infinity.name(seen.lists()), "a:b = -inf");
        seen.declare_impossible(ListSet::of(&[0, 1])).unwrap();
        let declared = fit(&seen, &Model::independence()).unwrap();
        assert!((declared.dark_figure - at_infinity.dark_figure).abs() < 1e-6);
        assert_eq!(declared.parameters + 1, at_infinity.parameters);
        assert!(fit(&seen, &model).unwrap_err().to_string().contains("cannot be told apart"));
    }

    #[test]
    fn models_without_a_fit_are_named() {
        let table = table("a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n");
        assert!(fit(&table, &Model::independence()).is_ok());
        let error = fit(&table, &Model::with(&[ListSet::of(&[0, 1])])).unwrap_err().to_string();
        assert!(error.contains("model a:b"), "{error}");
    }

    #[test]
    fn models_are_closed_downwards() {
        let model = Model::with(&[ListSet::of(&[0, 1, 2])]);
        assert_eq!(model.terms().len(), 4);
        assert_eq!(model.name(&["a".into(), "b".into(), "c".into()]), "a:b:c");
    }
}
