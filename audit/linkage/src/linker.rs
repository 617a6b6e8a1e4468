//! The linker: counts blocks, trains, scores.

use std::collections::HashMap;
use std::sync::Mutex;

use candour_record::{Finding, Severity};
use rayon::prelude::*;

use crate::block::{Blocks, RuleCount, Sorted, conditions};
use crate::compare::{Engine, Ladder, Scratch, Test};
use crate::error::LinkageError;
use crate::household::{Chance, Mixture, fit};
use crate::pairs::ScoredPair;
use crate::records::Records;
use crate::score::{MOST_COMPARISONS, MOST_LEVELS, Pattern, Scorer, level_in};
use crate::settings::{BlockingRule, Condition, Settings};
use crate::train::{Session, count_patterns, estimate_u, first_m, maximise, possible_pairs, sorted_patterns};

/// Pairs looked at to fit the household model.
const HOUSEHOLD_PAIRS: u64 = 4_000_000;

/// How far a long piece of work is.
pub type Progress<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);

/// A pair kept, with the level it falls in at each comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptPair {
    /// The pair and its weight.
    pub pair: ScoredPair,
    /// The rule that met it: the deterministic passes first, in order, then the blocking rules.
    pub rule: u16,
    pub(crate) pattern: Pattern,
}

impl KeptPair {
    /// Bytes of a kept pair as [`to_bytes`](Self::to_bytes) writes it.
    pub const BYTES: usize = 34;

    /// The pair as bytes, to be kept between runs of one model over one set of records.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.pair.left.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.pair.right.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.pair.weight.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.rule.to_le_bytes());
        bytes[18..].copy_from_slice(&self.pattern.to_le_bytes());
        bytes
    }

    /// The pair that bytes hold; `None` where there are too few or too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        fn take<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
            bytes.get(from..from + N)?.try_into().ok()
        }
        (bytes.len() == Self::BYTES).then_some(())?;
        let pair = ScoredPair {
            left: u32::from_le_bytes(take(bytes, 0)?),
            right: u32::from_le_bytes(take(bytes, 4)?),
            weight: f64::from_le_bytes(take(bytes, 8)?),
        };
        let rule = u16::from_le_bytes(take(bytes, 16)?);
        Some(Self { pair, rule, pattern: Pattern::from_le_bytes(take(bytes, 18)?) })
    }
}

/// A part of the work of scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// The rule whose pairs they are: the deterministic passes first, then the blocking rules.
    pub rule: u16,
    /// Its number among the rule's parts, from 0.
    pub number: u32,
}

/// What training did.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct TrainingReport {
    /// Pairs that the deterministic rules hold for; `None` where the prior was given.
    pub deterministic_pairs: Option<u64>,
    /// The EM sessions.
    pub sessions: Vec<Session>,
    /// Iterations of the household model and the change in its last one, where it was fitted.
    pub household: Option<(u32, f64)>,
}

/// What scoring did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PredictReport {
    /// Pairs compared.
    pub compared: u64,
    /// Pairs kept.
    pub kept: u64,
    /// New pairs under each blocking rule.
    pub by_rule: Vec<u64>,
    /// What each rule makes: the passes, then the blocking rules.
    pub rules: Vec<RuleCount>,
}

/// One comparison of one pair, for a waterfall chart.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Step {
    /// The comparison.
    pub comparison: String,
    /// The level's name.
    pub level: String,
    /// Its weight in bits.
    pub weight: f64,
    /// What the term frequency adds, in bits.
    pub term_frequency: f64,
}

/// Links the records of [`Records`] by the model of [`Settings`].
pub struct Linker<'a> {
    records: &'a Records,
    settings: Settings,
    engine: Engine,
    ladders: Vec<Ladder>,
    /// The passes, then the blocking rules.
    rules: Vec<BlockingRule>,
    blocking: Vec<Test>,
    deterministic: Vec<Test>,
    sessions: Vec<Test>,
}

impl<'a> Linker<'a> {
    /// Makes the model's values ready for the records.
    pub fn new(records: &'a Records, settings: Settings) -> Result<Self, LinkageError> {
        if settings.comparisons.len() > MOST_COMPARISONS {
            return Err(LinkageError::Settings(format!(
                "{} comparisons; at most {MOST_COMPARISONS} are taken",
                settings.comparisons.len()
            )));
        }
        if let Some(long) = settings.comparisons.iter().find(|c| c.levels.len() > MOST_LEVELS) {
            return Err(LinkageError::Settings(format!(
                "comparison {} has {} levels; at most {MOST_LEVELS} are taken",
                long.name,
                long.levels.len()
            )));
        }
        if let Some(empty) = settings.comparisons.iter().find(|c| c.levels.iter().all(|l| l.is_null)) {
            return Err(LinkageError::Settings(format!("comparison {} has no level", empty.name)));
        }
        let rules: Vec<BlockingRule> =
            settings.passes.iter().chain(&settings.blocking_rules).cloned().collect();
        let (keys, rests) = conditions(&rules)?;
        let (dkeys, drests) = conditions(&settings.training.deterministic_rules)?;
        let (skeys, srests) = conditions(&settings.training.sessions)?;
        let lengths = (rests.len(), drests.len(), srests.len());
        let more: Vec<&Condition> =
            rests.iter().chain(&drests).chain(&srests).chain(&keys).chain(&dkeys).chain(&skeys).collect();
        let (engine, ladders, tests) = Engine::new(records, &settings, &more)?;
        let mut tests = tests.into_iter();
        let blocking = tests.by_ref().take(lengths.0).collect();
        let deterministic = tests.by_ref().take(lengths.1).collect();
        let sessions = tests.take(lengths.2).collect();
        Ok(Self { records, settings, engine, ladders, rules, blocking, deterministic, sessions })
    }

    /// The records it links.
    pub fn records(&self) -> &'a Records {
        self.records
    }

    /// The settings, trained as far as they have been.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes the shares of values in a population counted elsewhere, in place of the records' own: a name that is rare in
    /// these tables may be common in the country. A value the table lacks keeps the share it has in the records.
    pub fn set_frequencies(&mut self, column: &str, shares: &HashMap<String, f64>) {
        self.engine.set_frequencies(column, shares);
    }

    fn blocks<'b>(&'b self, rules: &[BlockingRule], tests: &[Test]) -> Result<Blocks<'b>, LinkageError> {
        Blocks::new(&self.engine, self.records, self.settings.link_type, rules, tests.iter().cloned())
    }

    /// How many pairs each blocking rule makes, before any is compared.
    pub fn count_blocks(&self) -> Result<Vec<RuleCount>, LinkageError> {
        let blocks = self.blocks(&self.rules, &self.blocking)?;
        Ok((0..blocks.rules()).map(|rule| blocks.count(rule, &blocks.sort_exactly(rule))).collect())
    }

    /// Trains what the settings leave open: the prior, *u*, *m*, and the household model where it is asked for.
    pub fn train(&mut self, progress: Progress<'_>) -> Result<(TrainingReport, Vec<Finding>), LinkageError> {
        let mut findings = Vec::new();
        let mut report = TrainingReport::default();
        let possible = possible_pairs(self.records, self.settings.link_type);
        if self.settings.prior.is_none() {
            progress("prior", 0, 1);
            let pairs = self.deterministic_pairs()?;
            report.deterministic_pairs = Some(pairs);
            if pairs == 0 {
                return Err(LinkageError::Untrained(
                    "the deterministic rules hold for no pair, so there is nothing to estimate the prior from; loosen them, or give probability_two_random_records_match".to_owned(),
                ));
            }
            let prior = pairs as f64 / self.settings.training.recall.clamp(1e-6, 1.0) / possible.max(1.0);
            self.settings.prior = Some(prior.clamp(1e-15, 0.999));
        }
        let prior = self.settings.prior.unwrap_or(1e-6);
        let open = |of: fn(&crate::settings::Level) -> bool| {
            self.settings.comparisons.iter().any(|c| c.levels.iter().any(|l| !l.is_null && of(l)))
        };
        let (open_u, open_m) = (open(|l| l.u.is_none() && !l.fix_u), open(|l| l.m.is_none() && !l.fix_m));
        let mut u: Vec<Vec<f64>> = self.levels(|l| l.u);
        if open_u {
            progress("u", 0, 1);
            let estimated = estimate_u(self.records, &self.settings, &self.engine, &self.ladders);
            for (c, comparison) in self.settings.comparisons.iter().enumerate() {
                for (l, level) in comparison.levels.iter().enumerate() {
                    if !level.is_null && !level.fix_u {
                        u[c][l] = estimated[c][l];
                    }
                }
            }
        }
        let mut m = self.levels(|l| l.m);
        if open_m {
            // Random pairs of a small table hold matches too; what they add to u is taken off once m is known.
            let raw = u.clone();
            for round in 0..2 {
                let (estimated, sessions, more) = self.estimate_m(&u, prior, progress)?;
                m = estimated;
                report.sessions = sessions;
                if round == 0 {
                    findings.extend(more);
                }
                if !open_u || prior < 1e-4 {
                    break;
                }
                for (c, comparison) in self.settings.comparisons.iter().enumerate() {
                    for (l, level) in comparison.levels.iter().enumerate() {
                        if !level.is_null && !level.fix_u {
                            let chance = (raw[c][l] - prior * m[c][l]) / (1.0 - prior);
                            u[c][l] = chance.max(raw[c][l] * 0.02).max(1e-9);
                        }
                    }
                    let sum: f64 = u[c].iter().sum();
                    u[c].iter_mut().for_each(|p| *p /= sum.max(1e-300));
                }
            }
        }
        for (c, comparison) in self.settings.comparisons.iter_mut().enumerate() {
            for (l, level) in comparison.levels.iter_mut().enumerate() {
                if !level.is_null {
                    if open_u && !level.fix_u {
                        level.u = Some(u[c][l]);
                    }
                    if open_m && !level.fix_m {
                        level.m = Some(m[c][l]);
                    }
                }
            }
        }
        if self.settings.household && self.settings.mixture.is_none() {
            progress("household model", 0, 1);
            let (mixture, iterations, change) = self.fit_household(possible, prior)?;
            report.household = Some((iterations, change));
            self.settings.mixture = Some(mixture);
        }
        Ok((report, findings))
    }

    fn levels(&self, of: fn(&crate::settings::Level) -> Option<f64>) -> Vec<Vec<f64>> {
        let levels = |c: &crate::settings::Comparison| {
            c.levels.iter().map(|l| if l.is_null { 0.0 } else { of(l).unwrap_or(1e-6) }).collect()
        };
        self.settings.comparisons.iter().map(levels).collect()
    }

    fn deterministic_pairs(&self) -> Result<u64, LinkageError> {
        let rules = &self.settings.training.deterministic_rules;
        let blocks = self.blocks(rules, &self.deterministic)?;
        let mut total = 0;
        for rule in 0..blocks.rules() {
            let sorted = blocks.sort(rule);
            total += Blocks::chunks(&sorted)
                .par_iter()
                .map_init(
                    || self.engine.scratch(),
                    |scratch, chunk| {
                        let mut n = 0_u64;
                        blocks.pairs(rule, &sorted, *chunk, scratch, |_, _| n += 1);
                        n
                    },
                )
                .sum::<u64>();
        }
        Ok(total)
    }

    #[expect(clippy::type_complexity, reason = "m, the sessions and what was noticed")]
    fn estimate_m(
        &self,
        u: &[Vec<f64>],
        prior: f64,
        progress: Progress<'_>,
    ) -> Result<(Vec<Vec<f64>>, Vec<Session>, Vec<Finding>), LinkageError> {
        let training = &self.settings.training;
        let mut findings = Vec::new();
        let mut sessions = Vec::new();
        let given = self.levels(|l| l.m);
        let mut sums: Vec<Vec<f64>> = given.iter().map(|l| vec![0.0; l.len()]).collect();
        let mut seen = vec![0_u32; given.len()];
        let mut rests = self.sessions.iter().cloned();
        for (number, rule) in training.sessions.iter().enumerate() {
            progress("EM", number as u64, training.sessions.len() as u64);
            let (_, rest) = crate::block::split(rule)?;
            let tests: Vec<Test> = rests.by_ref().take(rest.len()).collect();
            let blocks = self.blocks(std::slice::from_ref(rule), &tests)?;
            let sorted = blocks.sort(0);
            let blocked = rule.condition.columns();
            let free: Vec<bool> = self
                .settings
                .comparisons
                .iter()
                .map(|c| !c.columns().iter().any(|column| blocked.contains(column)))
                .collect();
            let mut counts = HashMap::new();
            let pairs = count_patterns(
                (&self.engine, &self.ladders),
                &blocks,
                (0, &sorted),
                training.session_pairs,
                training.seed ^ 0xE9,
                &mut counts,
            );
            if pairs == 0 || !free.iter().any(|f| *f) {
                findings.push(Finding::new(
                    Severity::Warning,
                    "em_session_empty",
                    format!(
                        "the EM session `{}` {}; it estimated nothing",
                        rule.sql,
                        if pairs == 0 {
                            "brings no records together"
                        } else {
                            "blocks on columns of every comparison"
                        }
                    ),
                ));
                continue;
            }
            let patterns = sorted_patterns(counts);
            let mut m: Vec<Vec<f64>> = self
                .settings
                .comparisons
                .iter()
                .zip(&given)
                .map(|(comparison, given)| {
                    let first = first_m(comparison);
                    let levels = comparison.levels.iter().zip(given).zip(first);
                    levels.map(|((l, given), first)| if l.m.is_some() { *given } else { first }).collect()
                })
                .collect();
            // The pairs of a session agree on what it blocks on, which raises the share of matches among them.
            let mut odds = prior / (1.0 - prior);
            for c in (0..free.len()).filter(|c| !free[*c]) {
                if let Some(l) = self.settings.comparisons[c].levels.iter().position(|l| !l.is_null) {
                    odds *= 0.95 / u[c][l].max(1e-9);
                }
            }
            let start = (odds / (1.0 + odds)).clamp(1e-6, 0.95);
            let (share, iterations, last) = maximise(&self.settings, &patterns, &free, start, &mut m, u);
            let converged = last <= training.convergence;
            if !converged {
                findings.push(Finding::new(
                    Severity::Warning,
                    "em_not_converged",
                    format!(
                        "the EM session `{}` stopped after {iterations} iterations with a change of {last:.1e}, above {:.1e}; raise max_iterations",
                        rule.sql, training.convergence
                    ),
                ));
            }
            let mut estimated = Vec::new();
            for c in (0..free.len()).filter(|c| free[*c]) {
                estimated.push(self.settings.comparisons[c].name.clone());
                seen[c] += 1;
                for (sum, value) in sums[c].iter_mut().zip(&m[c]) {
                    *sum += value;
                }
            }
            sessions.push(Session {
                rule: rule.sql.clone(),
                pairs,
                iterations,
                last_change: last,
                converged,
                matches: share,
                estimated,
            });
        }
        let m = self
            .settings
            .comparisons
            .iter()
            .enumerate()
            .map(|(c, comparison)| {
                if seen[c] == 0 {
                    if comparison.levels.iter().any(|l| !l.is_null && l.m.is_none()) {
                        findings.push(Finding::new(
                            Severity::Warning,
                            "m_not_estimated",
                            format!(
                                "no EM session leaves the comparison {} free, so its m values are the starting ones; add a session that does not block on {}",
                                comparison.name,
                                comparison.columns().join(", ")
                            ),
                        ));
                    }
                    let first = first_m(comparison);
                    let levels = comparison.levels.iter().zip(first);
                    return levels.map(|(l, first)| l.m.unwrap_or(first)).collect();
                }
                sums[c]
                    .iter()
                    .zip(&comparison.levels)
                    .map(|(sum, level)| match level.m {
                        Some(m) if level.fix_m => m,
                        _ => sum / f64::from(seen[c]),
                    })
                    .collect()
            })
            .collect();
        Ok((m, sessions, findings))
    }

    fn fit_household(&self, possible: f64, prior: f64) -> Result<(Mixture, u32, f64), LinkageError> {
        let blocks = self.blocks(&self.rules, &self.blocking)?;
        let mut counts = HashMap::new();
        let sorted: Vec<Sorted> = (0..blocks.rules()).map(|rule| blocks.sort(rule)).collect();
        let total: u64 = sorted.iter().enumerate().map(|(rule, s)| blocks.count(rule, s).pairs).sum();
        let share = if total <= HOUSEHOLD_PAIRS { 1.0 } else { HOUSEHOLD_PAIRS as f64 / total as f64 };
        for (rule, sorted) in sorted.iter().enumerate() {
            let here = blocks.count(rule, sorted).pairs;
            count_patterns(
                (&self.engine, &self.ladders),
                &blocks,
                (rule, sorted),
                (here as f64 * share).ceil() as u64,
                self.settings.training.seed ^ 0x4A,
                &mut counts,
            );
        }
        let patterns = sorted_patterns(counts);
        let (m, u) = (self.levels(|l| l.m), self.levels(|l| l.u));
        let chances = self.chances(&blocks)?;
        Ok(fit(&self.settings, &patterns, &m, &u, &chances, (possible, prior * possible)))
    }

    /// For each blocking rule, how unrelated people whom it brings together fall at the comparisons that look at its columns:
    /// pairs drawn among all that agree on those columns alone, nearly all of which are of two people.
    fn chances(&self, blocks: &Blocks<'_>) -> Result<Vec<Chance>, LinkageError> {
        const DRAWN: u64 = 20_000;
        let mut known: HashMap<(Vec<usize>, usize), Option<Vec<f64>>> = HashMap::new();
        let mut chances = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            let (keys, _) = crate::block::split(rule)?;
            let mut levels = Vec::new();
            for (c, comparison) in self.settings.comparisons.iter().enumerate() {
                let columns = comparison.columns();
                let features: Vec<usize> = keys
                    .iter()
                    .zip(blocks.key_features(number))
                    .filter(|(value, _)| {
                        let mut of = Vec::new();
                        value.columns(&mut of);
                        of.iter().any(|column| columns.contains(column))
                    })
                    .map(|(_, feature)| *feature)
                    .collect();
                if features.is_empty() {
                    levels.push(None);
                    continue;
                }
                let drawn = known.entry((features.clone(), c)).or_insert_with(|| {
                    let pairs = blocks.draw(&features, DRAWN, self.settings.training.seed ^ c as u64);
                    let mut counts = vec![0.0; comparison.levels.len()];
                    let mut scratch = self.engine.scratch();
                    for (left, right) in pairs {
                        Engine::begin(&mut scratch);
                        if let Some(level) =
                            self.engine.level(&self.ladders[c], self.engine.pair(left, right), &mut scratch)
                            && !comparison.levels[level].is_null
                        {
                            counts[level] += 1.0;
                        }
                    }
                    let sum: f64 = counts.iter().sum();
                    (sum > 0.0).then(|| counts.iter().map(|n| n / sum).collect())
                });
                levels.push(drawn.clone());
            }
            let possible = possible_pairs(self.records, self.settings.link_type);
            let expected =
                blocks.key_features(number).iter().fold(possible, |pairs, f| pairs * blocks.agreement(*f));
            chances.push(Chance { rule: number, expected, levels });
        }
        Ok(chances)
    }

    /// Scores every pair that the passes and blocking rules bring together, in parts whose content and order depend on
    /// nothing but the records and the model, and hands on the pairs of each part whose match weight reaches the floor.
    /// Pairs of a deterministic pass are handed on whatever their weight.
    ///
    /// A rule that would make more than `most_pairs` pairs is an error.
    ///
    /// A part that `wanted` declines is passed over, so that a run that was cut short goes on where it stopped.
    pub fn predict(
        &self,
        floor: f64,
        most_pairs: u64,
        progress: Progress<'_>,
        wanted: impl Fn(Part) -> bool,
        mut keep: impl FnMut(Part, u64, &[KeptPair]) -> Result<(), LinkageError>,
    ) -> Result<PredictReport, LinkageError> {
        /// Chunks in a part.
        const CHUNKS: usize = 16;
        let scorer =
            Scorer::new(&self.settings, &self.engine, &self.ladders, self.settings.mixture.as_ref())?;
        let blocks = self.blocks(&self.rules, &self.blocking)?;
        let mut report = PredictReport::default();
        for rule in 0..blocks.rules() {
            let sorted = blocks.sort(rule);
            let count = blocks.count(rule, &sorted);
            if count.pairs > most_pairs {
                return Err(LinkageError::TooManyPairs {
                    rule: count.rule,
                    pairs: count.pairs,
                    limit: most_pairs,
                    largest: count.largest_block,
                });
            }
            let chunks = Blocks::chunks(&sorted);
            let floor = if rule < self.settings.passes.len() { f64::NEG_INFINITY } else { floor };
            let all: u64 = chunks.iter().map(|c| c.pairs).sum();
            let (mut done, mut new) = (0, 0);
            let what = format!("comparing, rule {} of {}", rule + 1, blocks.rules());
            progress(&what, 0, all);
            for (number, some) in chunks.chunks(CHUNKS).enumerate() {
                let part = Part { rule: rule as u16, number: number as u32 };
                done += some.iter().map(|c| c.pairs).sum::<u64>();
                if !wanted(part) {
                    continue;
                }
                let found: Vec<(Vec<KeptPair>, u64)> = some
                    .par_iter()
                    .map_init(
                        || self.engine.scratch(),
                        |scratch, chunk| {
                            let (mut kept, mut compared) = (Vec::new(), 0);
                            blocks.pairs(rule, &sorted, *chunk, scratch, |pair, scratch| {
                                compared += 1;
                                let scored = scorer.score(&self.engine, &self.ladders, pair, floor, scratch);
                                if let Some((pattern, weight)) = scored {
                                    let pair = ScoredPair { left: pair.left, right: pair.right, weight };
                                    kept.push(KeptPair { pair, rule: rule as u16, pattern });
                                }
                            });
                            (kept, compared)
                        },
                    )
                    .collect();
                let compared: u64 = found.iter().map(|f| f.1).sum();
                let kept: Vec<KeptPair> = found.into_iter().flat_map(|f| f.0).collect();
                new += compared;
                report.kept += kept.len() as u64;
                keep(part, compared, &kept)?;
                progress(&what, done, all);
            }
            report.compared += new;
            report.by_rule.push(new);
            report.rules.push(count);
        }
        Ok(report)
    }

    /// The match weight of any pair, whether blocking brings it together or not.
    pub fn pair_scorer(&self) -> Result<PairScorer<'_>, LinkageError> {
        let scorer =
            Scorer::new(&self.settings, &self.engine, &self.ladders, self.settings.mixture.as_ref())?;
        Ok(PairScorer { linker: self, scorer, spare: Mutex::new(Vec::new()) })
    }

    /// The comparison value of a kept pair at a comparison, as Splink prints it after `gamma_`.
    pub fn comparison_value(&self, pair: &KeptPair, comparison: usize) -> i8 {
        self.ladders
            .get(comparison)
            .and_then(|l| l.values.get(level_in(pair.pattern, comparison)))
            .copied()
            .unwrap_or(-1)
    }
}

/// Scores single pairs.
pub struct PairScorer<'a> {
    linker: &'a Linker<'a>,
    scorer: Scorer,
    /// Work space that no thread is using.
    spare: Mutex<Vec<Scratch>>,
}

impl PairScorer<'_> {
    /// The match weight of a pair.
    pub fn weight(&self, left: u32, right: u32) -> f64 {
        let (engine, ladders) = (&self.linker.engine, &self.linker.ladders);
        let pair = engine.pair(left.min(right), left.max(right));
        self.with_scratch(|scratch| {
            self.scorer
                .score(engine, ladders, pair, f64::NEG_INFINITY, scratch)
                .map_or(f64::NEG_INFINITY, |(_, weight)| weight)
        })
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let taken = self.spare.lock().ok().and_then(|mut spare| spare.pop());
        let mut scratch = taken.unwrap_or_else(|| self.linker.engine.scratch());
        let done = work(&mut scratch);
        if let Ok(mut spare) = self.spare.lock() {
            spare.push(scratch);
        }
        done
    }

    /// The prior weight and what each comparison adds, in bits.
    pub fn explain(&self, left: u32, right: u32) -> (f64, Vec<Step>) {
        let (steps, _, _) = self.examine(left, right);
        (self.scorer.prior(), self.steps(&steps))
    }

    /// The steps under their names.
    pub(crate) fn steps(&self, steps: &[(Option<usize>, f64, f64)]) -> Vec<Step> {
        let comparisons = &self.linker.settings.comparisons;
        let named = comparisons.iter().zip(steps).map(|(comparison, (level, weight, term_frequency))| Step {
            comparison: comparison.name.clone(),
            level: level.map_or_else(|| "no level holds".to_owned(), |l| comparison.levels[l].label.clone()),
            weight: *weight,
            term_frequency: *term_frequency,
        });
        named.collect()
    }

    /// What each comparison adds for a pair, its match weight, and the probability of each class, unrelated people last.
    pub(crate) fn examine(&self, left: u32, right: u32) -> Examined {
        let (engine, ladders) = (&self.linker.engine, &self.linker.ladders);
        let pair = engine.pair(left.min(right), left.max(right));
        let steps = self.with_scratch(|scratch| self.scorer.explain(engine, ladders, pair, scratch));
        let (weight, classes) = self.scorer.posterior(&steps);
        (steps, weight, classes)
    }

    /// The prior weight, in bits.
    pub(crate) fn prior(&self) -> f64 {
        self.scorer.prior()
    }

    /// Each text of a level's term-frequency column with its share of the records and what it would add, in bits.
    pub(crate) fn term_frequencies(&self, comparison: usize, level: usize) -> Option<Vec<(&str, f64, f64)>> {
        let (feature, adjustments) = self.scorer.frequency_of(comparison, level)?;
        let term = self.linker.settings.comparisons[comparison].levels[level].term_frequency.as_ref()?;
        let (_, shares) = self.linker.engine.frequencies(&term.column)?;
        let texts = self.linker.engine.texts(feature);
        Some(texts.zip(shares).zip(adjustments).map(|((text, share), add)| (text, share, add)).collect())
    }
}

/// Level, weight and term frequency of each comparison; match weight; probability of each class.
pub(crate) type Examined = (Vec<(Option<usize>, f64, f64)>, f64, Vec<f64>);
