//! The stepwise two-list model for sparse tables.
//!
//! From the model of independent lists, the pair whose overlap is least likely under the present fit is added, as long as
//! its one-sided Poisson probability is below a threshold and the larger model has a fit (Chan, Silverman and Vincent 2021,
//! *J. Am. Stat. Assoc.* 116, 1297–1306). Pairs that share nobody may enter at minus infinity.

use serde::{Deserialize, Serialize};

use crate::loglinear::{Engine, Frame, Solved, Verdict, Verdicts, superset_sums};
use crate::special::ln_poisson_tail;
use crate::{EstimationError, Fit, ListSet, ListTable, Model};

/// A pair that was added.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The pair.
    pub pair: ListSet,
    /// Natural logarithm of its one-sided probability before it was added.
    pub ln_p: f64,
    /// People on both lists.
    pub overlap: u64,
    /// Expected number before it was added.
    pub expected: f64,
}

/// A stepwise choice and its fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stepwise {
    /// The pairs in the order in which they were added.
    pub steps: Vec<Step>,
    /// Pairs that passed the threshold and were left out, with the reason.
    pub refused: Vec<(ListSet, Verdict)>,
    /// The fit of the last model.
    pub fit: Fit,
}

/// The stepwise model at a threshold of one-sided probability, 0.02 by convention.
pub fn stepwise(table: &ListTable, threshold: f64) -> Result<Stepwise, EstimationError> {
    let frame = Frame::new(table);
    let mut search = Search::new(&frame, threshold);
    let counts = Frame::counts(table);
    let mut steps = Vec::new();
    let mut refused = Vec::new();
    let solved = search
        .run(&counts, |step| steps.push(step), |pair, verdict| refused.push((pair, verdict)))
        .ok_or_else(|| {
            let verdict = search.verdict_of_independence(&counts);
            EstimationError::Model { model: "independence".into(), reason: verdict.reason().into() }
        })?;
    refused.sort_by_key(|&(pair, _)| pair);
    refused.dedup();
    let fit = search.engine.report(&frame, &counts, &solved, Model::from_masks(&search.terms));
    Ok(Stepwise { steps, refused, fit })
}

/// The search with its scratch space; one for each thread.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    frame: &'a Frame,
    ln_threshold: f64,
    pub(crate) engine: Engine,
    verdicts: Verdicts,
    /// Terms of the last model.
    pub(crate) terms: Vec<u16>,
    sums: Vec<f64>,
    expected: Vec<f64>,
    candidates: Vec<(f64, u16)>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(frame: &'a Frame, threshold: f64) -> Self {
        Self {
            frame,
            ln_threshold: threshold.ln(),
            engine: Engine::new(frame),
            verdicts: Verdicts::default(),
            terms: Vec::new(),
            sums: vec![0.0; frame.size],
            expected: vec![0.0; frame.size],
            candidates: Vec::new(),
        }
    }

    /// Searches; `None` where even independent lists have no fit.
    pub(crate) fn run(
        &mut self,
        counts: &[f64],
        mut added: impl FnMut(Step),
        mut refused: impl FnMut(ListSet, Verdict),
    ) -> Option<Solved> {
        self.terms.clear();
        self.sums.copy_from_slice(counts);
        superset_sums(&mut self.sums);
        let verdicts = self.verdicts.of(self.frame.support(counts));
        self.engine.prepare(self.frame, &self.sums, &self.terms);
        if *verdicts.entry(0).or_insert_with(|| self.engine.verdict(counts)) != Verdict::Exists {
            return None;
        }
        let mut solved = self.engine.fit(counts, false)?;
        loop {
            self.expected.copy_from_slice(&self.engine.mean);
            superset_sums(&mut self.expected);
            self.candidates.clear();
            for &pair in self.frame.pairs.iter().filter(|pair| !self.terms.contains(pair)) {
                let (seen, expected) = (self.sums[usize::from(pair)], self.expected[usize::from(pair)]);
                // Within one standard deviation the probability is above any threshold in use.
                if self.ln_threshold < -2.5 && (seen - expected).powi(2) < expected {
                    continue;
                }
                let ln_p = ln_poisson_tail(seen, expected);
                if ln_p < self.ln_threshold {
                    self.candidates.push((ln_p, pair));
                }
            }
            self.candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut grown = false;
            for &(ln_p, pair) in &self.candidates {
                self.terms.push(pair);
                let verdict = if self.engine.prepare(self.frame, &self.sums, &self.terms) {
                    let key = self.frame.pair_key(&self.terms);
                    *verdicts.entry(key).or_insert_with(|| self.engine.verdict(counts))
                } else {
                    Verdict::NotIdentifiable
                };
                if verdict == Verdict::Exists
                    && let Some(better) =
                        self.engine.fit(counts, true).or_else(|| self.engine.fit(counts, false))
                {
                    solved = better;
                    added(Step {
                        pair: ListSet(pair),
                        ln_p,
                        overlap: self.sums[usize::from(pair)] as u64,
                        expected: self.expected[usize::from(pair)],
                    });
                    grown = true;
                    break;
                }
                refused(ListSet(pair), verdict);
                self.terms.pop();
            }
            if !grown {
                // The engine was prepared for a model that was refused; come back to the last one.
                if !self.candidates.is_empty() {
                    self.engine.prepare(self.frame, &self.sums, &self.terms);
                    solved = self.engine.fit(counts, false)?;
                }
                return Some(solved);
            }
        }
    }

    fn verdict_of_independence(&mut self, counts: &[f64]) -> Verdict {
        self.engine.prepare(self.frame, &self.sums, &[]);
        self.engine.verdict(counts)
    }
}
