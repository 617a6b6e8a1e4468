//! Match weights: the evidence of each comparison added up in bits.
//!
//! The odds that two records are of one person are set against each way in which they may be of two. Written against two
//! people who have nothing to do with each other, whose agreements have the probabilities *u*:
//!
//! ```text
//! odds = Σ over match classes 2^W  /  ( 1 + Σ over family classes 2^F )
//! W, F = log2(pairs of the class / unrelated pairs) + Σ over comparisons log2(p / u) + term frequencies
//! ```
//!
//! With one match class and no family class this is the Fellegi–Sunter weight (Fellegi and Sunter 1969; the term-frequency
//! adjustment is that of [`TermFrequency`](crate::TermFrequency)). Term frequencies concern chance agreement alone, so they
//! stand in every term alike and cancel where a family shares a rare name.

use std::sync::Arc;

use crate::compare::{Engine, Ladder, Pair, Scratch};
use crate::error::LinkageError;
use crate::household::Mixture;
use crate::records::MISSING;
use crate::settings::Settings;

/// Most comparisons in a model, and most levels in one.
pub(crate) const MOST_COMPARISONS: usize = 32;
pub(crate) const MOST_LEVELS: usize = 15;
/// Most classes, match and family together.
pub(crate) const MOST_CLASSES: usize = 24;

/// The levels a pair falls in, four bits for each comparison: the level's place, or 15 where none holds.
pub(crate) type Pattern = u128;

pub(crate) fn level_in(pattern: Pattern, comparison: usize) -> usize {
    ((pattern >> (4 * comparison)) & 15) as usize
}

/// The probability that stands for one never seen, as Splink takes it.
pub(crate) const NEVER_SEEN: f64 = 1e-6;

#[derive(Debug, Clone)]
struct Frequency {
    feature: usize,
    /// `log2` of the frequency of each code.
    logs: Arc<Vec<f64>>,
    log_u: f64,
    weight: f64,
    log_minimum: f64,
}

/// A model's weights, ready for pairs.
#[derive(Debug)]
pub(crate) struct Scorer {
    /// Match classes come first.
    classes: usize,
    matches: usize,
    prior: [f64; MOST_CLASSES],
    comparisons: Vec<Weights>,
    /// The order in which comparisons are asked: cheap ones first.
    order: Vec<usize>,
    /// The most that the comparisons after each place in the order can still add to each match class.
    remaining: Vec<[f64; MOST_CLASSES]>,
}

#[derive(Debug)]
struct Weights {
    /// For each level, `log2(p / u)` in each class.
    levels: Vec<[f64; MOST_CLASSES]>,
    frequency: Vec<Option<Frequency>>,
}

impl Scorer {
    pub(crate) fn new(
        settings: &Settings,
        engine: &Engine,
        ladders: &[Ladder],
        mixture: Option<&Mixture>,
    ) -> Result<Self, LinkageError> {
        let prior = settings.prior.ok_or_else(|| {
            LinkageError::Untrained("it has no prior (probability that two records match)".to_owned())
        })?;
        let (classes, matches) = mixture.map_or((1, 1), |m| (m.classes.len(), m.match_classes()));
        let mut priors = [f64::NEG_INFINITY; MOST_CLASSES];
        match mixture {
            None => priors[0] = (prior / (1.0 - prior)).log2(),
            Some(m) => {
                for (at, class) in m.classes.iter().enumerate() {
                    priors[at] = (class.pairs / m.unrelated_pairs).log2();
                }
            }
        }
        let mut logs: Vec<(usize, Arc<Vec<f64>>)> = Vec::new();
        let mut comparisons = Vec::new();
        for (c, comparison) in settings.comparisons.iter().enumerate() {
            let mut levels = Vec::new();
            let mut frequency = Vec::new();
            for (l, level) in comparison.levels.iter().enumerate() {
                let mut weights = [0.0; MOST_CLASSES];
                if !level.is_null {
                    let u = level.u.unwrap_or(NEVER_SEEN);
                    for (class, weight) in weights.iter_mut().enumerate().take(classes) {
                        let p =
                            mixture.map_or(level.m.unwrap_or(NEVER_SEEN), |m| m.classes[class].levels[c][l]);
                        *weight = p.log2() - u.log2();
                    }
                }
                levels.push(weights);
                frequency.push(match &level.term_frequency {
                    Some(tf) if tf.weight != 0.0 && !level.is_null && ladders[c].values[l] != 0 => {
                        let exact = comparison.levels.iter().find(|other| {
                            other.condition.is_exact_match() && other.condition.columns() == [tf.column.as_str()]
                        });
                        let u = if tf.own_u { level.u } else { exact.and_then(|e| e.u) };
                        let u = u.ok_or_else(|| {
                            LinkageError::Settings(format!(
                                "comparison {}: term frequencies of {} need a level that says the column is equal, with its u",
                                comparison.name, tf.column
                            ))
                        })?;
                        let (feature, shares) = engine.frequencies(&tf.column).ok_or_else(|| {
                            LinkageError::Settings(format!("the column {} was not read", tf.column))
                        })?;
                        let known = logs.iter().find(|(f, _)| *f == feature).map(|(_, l)| Arc::clone(l));
                        let table = known.unwrap_or_else(|| {
                            let table: Arc<Vec<f64>> = Arc::new(shares.iter().map(|s| s.log2()).collect());
                            logs.push((feature, Arc::clone(&table)));
                            table
                        });
                        Some(Frequency {
                            feature,
                            logs: table,
                            log_u: u.log2(),
                            weight: tf.weight,
                            log_minimum: tf.minimum_u.log2(),
                        })
                    }
                    _ => None,
                });
            }
            comparisons.push(Weights { levels, frequency });
        }
        let mut order: Vec<usize> = (0..comparisons.len()).collect();
        order.sort_by_key(|c| (ladders[*c].cost, *c));
        let mut remaining = vec![[0.0; MOST_CLASSES]; order.len() + 1];
        for at in (0..order.len()).rev() {
            let weights = &comparisons[order[at]];
            for class in 0..matches {
                let most = weights
                    .levels
                    .iter()
                    .zip(&weights.frequency)
                    .map(|(level, frequency)| level[class] + frequency.as_ref().map_or(0.0, Frequency::most))
                    .fold(0.0, f64::max);
                remaining[at][class] = remaining[at + 1][class] + most;
            }
        }
        Ok(Self { classes, matches, prior: priors, comparisons, order, remaining })
    }

    /// The pattern and match weight of a pair, or nothing once the weight cannot reach the floor.
    #[inline]
    pub(crate) fn score(
        &self,
        engine: &Engine,
        ladders: &[Ladder],
        pair: Pair<'_>,
        floor: f64,
        scratch: &mut Scratch,
    ) -> Option<(Pattern, f64)> {
        Engine::begin(scratch);
        let mut sums = self.prior;
        let mut pattern: Pattern = 0;
        // Two match classes that both just reach the floor make at most this much more together.
        let reach = floor - (self.matches as f64).log2() - 1e-9;
        for (at, c) in self.order.iter().enumerate() {
            let weights = &self.comparisons[*c];
            match engine.level(&ladders[*c], pair, scratch) {
                Some(level) => {
                    pattern |= (level as Pattern) << (4 * c);
                    let add = &weights.levels[level];
                    for class in 0..self.classes {
                        sums[class] += add[class];
                    }
                    if let Some(frequency) = &weights.frequency[level] {
                        let more = frequency.of(pair);
                        for sum in &mut sums[..self.classes] {
                            *sum += more;
                        }
                    }
                }
                None => pattern |= 15 << (4 * c),
            }
            let rest = &self.remaining[at + 1];
            if (0..self.matches).all(|class| sums[class] + rest[class] < reach) {
                return None;
            }
        }
        let weight = self.weight(&sums);
        (weight >= floor).then_some((pattern, weight))
    }

    /// The match weight from the sums of the classes.
    fn weight(&self, sums: &[f64; MOST_CLASSES]) -> f64 {
        if self.classes == 1 {
            return sums[0];
        }
        let add = |from: usize, to: usize, start: f64| {
            let most = sums[from..to].iter().copied().fold(start, f64::max);
            let total: f64 = sums[from..to].iter().map(|s| (s - most).exp2()).sum();
            most + (total + if start.is_finite() { (start - most).exp2() } else { 0.0 }).log2()
        };
        add(0, self.matches, f64::NEG_INFINITY) - add(self.matches, self.classes, 0.0)
    }

    /// What each comparison adds for a pair: its level and, in bits, the weight of the level and of its term frequency,
    /// for a chart of one pair. The weights are those of a match against two unrelated people.
    pub(crate) fn explain(
        &self,
        engine: &Engine,
        ladders: &[Ladder],
        pair: Pair<'_>,
        scratch: &mut Scratch,
    ) -> Vec<(Option<usize>, f64, f64)> {
        Engine::begin(scratch);
        self.comparisons
            .iter()
            .zip(ladders)
            .map(|(weights, ladder)| match engine.level(ladder, pair, scratch) {
                Some(level) => {
                    let tf = weights.frequency[level].as_ref().map_or(0.0, |f| f.of(pair));
                    (Some(level), weights.levels[level][0], tf)
                }
                None => (None, 0.0, 0.0),
            })
            .collect()
    }

    /// The match weight of what [`explain`](Self::explain) says of a pair, and the probability of each class, unrelated
    /// people last.
    pub(crate) fn posterior(&self, explained: &[(Option<usize>, f64, f64)]) -> (f64, Vec<f64>) {
        let mut sums = self.prior;
        for (weights, (level, _, frequency)) in self.comparisons.iter().zip(explained) {
            let Some(level) = *level else { continue };
            for (sum, weight) in sums[..self.classes].iter_mut().zip(&weights.levels[level]) {
                *sum += weight + frequency;
            }
        }
        let most = sums[..self.classes].iter().copied().fold(0.0, f64::max);
        let odds: Vec<f64> =
            sums[..self.classes].iter().chain([&0.0]).map(|sum| (sum - most).exp2()).collect();
        let all: f64 = odds.iter().sum();
        (self.weight(&sums), odds.into_iter().map(|o| o / all).collect())
    }

    /// What a term frequency would add in bits for each text of a level's column, where both records have that text.
    pub(crate) fn frequency_of(&self, comparison: usize, level: usize) -> Option<(usize, Vec<f64>)> {
        let frequency = self.comparisons.get(comparison)?.frequency.get(level)?.as_ref()?;
        let adjust = |log: &f64| frequency.weight * (frequency.log_u - log.max(frequency.log_minimum));
        Some((frequency.feature, frequency.logs.iter().map(adjust).collect()))
    }

    /// The prior weight, in bits.
    pub(crate) fn prior(&self) -> f64 {
        let matches = &self.prior[..self.matches];
        let most = matches.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + matches.iter().map(|p| (p - most).exp2()).sum::<f64>().log2()
    }
}

impl Frequency {
    fn of(&self, pair: Pair<'_>) -> f64 {
        let log = |code: u32| if code == MISSING { f64::NEG_INFINITY } else { self.logs[code as usize] };
        let most = log(pair.a[self.feature]).max(log(pair.b[self.feature]));
        if most == f64::NEG_INFINITY { 0.0 } else { self.weight * (self.log_u - most.max(self.log_minimum)) }
    }

    /// The most it can add.
    fn most(&self) -> f64 {
        let least = self.logs.iter().copied().fold(f64::INFINITY, f64::min).max(self.log_minimum);
        (self.weight * (self.log_u - least)).max(0.0)
    }
}
