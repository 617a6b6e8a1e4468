//! The figures of a linkage report: the model's weights, what blocking made, what was kept, and how good it is where that is known.
//!
//! Pairs are counted as they stream past and are not held: of each no more than a count remains, beside a sample of at most
//! 20,000 taken by a hash of the two records, so that the same pairs are taken in whatever order they come. No figure holds a
//! value of a record, save [`TermValues`], which is made only when asked for.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::accuracy::{CALIBRATION_EDGES, CalibrationBand, CalibrationSums, PairCounts};
use crate::block::RuleCount;
use crate::clusters::Clusters;
use crate::error::LinkageError;
use crate::linker::{Examined, KeptPair, Linker, PairScorer, Part, PredictReport, Step, TrainingReport};
use crate::pairs::probability_of;
use crate::random::mix;
use crate::records::{MISSING, Records};
use crate::score::Pattern;
use crate::settings::{LinkType, Settings};
use crate::train::{Session, possible_pairs};

/// Pairs in the sample at most, and records whose own weight is worked out.
const MOST_SAMPLED: usize = 20_000;
/// Rows of a table by match weight at most.
const MOST_ROWS: i32 = 60;
/// Match weights are counted in bins of one bit from `-REACH` to `REACH`.
const REACH: i32 = 1000;

/// Everything that a report of a linkage shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkageReport {
    /// How many records each source has.
    pub sources: Vec<SourceCount>,
    /// The link type, as Splink names it.
    pub link_type: String,
    /// Pairs that could be made at all under the link type.
    pub possible_pairs: f64,
    /// Pairs compared.
    pub compared: u64,
    /// Pairs kept.
    pub kept: u64,
    /// Clusters, single records included.
    pub clusters: u64,
    /// The prior: the weight in bits from which every pair starts.
    pub prior_weight: f64,
    /// The match weight from which pairs are put together.
    pub threshold: f64,
    /// The comparisons.
    pub comparisons: Vec<ComparisonFigures>,
    /// Deterministic passes and blocking rules.
    pub rules: Vec<RuleFigures>,
    /// How complete each column is.
    pub completeness: Vec<ColumnFigures>,
    /// Kept pairs by match weight, lowest first.
    pub weights: Vec<WeightBin>,
    /// Links at each threshold, lowest first.
    pub thresholds: Vec<ThresholdFigures>,
    /// What is known of the truth.
    pub truth: Option<TruthTotals>,
    /// Stated probability against the truth; empty where that is not known.
    pub calibration: Vec<CalibrationBand>,
    /// Kept pairs in the sample.
    pub sampled_pairs: u64,
    /// How large the adjustments for common and rare values are, over the sample.
    pub term_frequencies: Vec<FrequencyFigures>,
    /// Records that could not be linked even to a copy of themselves.
    pub unlinkables: Unlinkables,
    /// Clusters by size.
    pub cluster_sizes: Vec<ClusterSizes>,
    /// The household model's classes; empty without it.
    pub classes: Vec<ClassFigures>,
    /// The EM sessions; `None` where nothing was trained because pairs were only counted.
    pub sessions: Option<Vec<Session>>,
    /// Patterns that stand for many pairs, strongest first.
    pub patterns: Vec<Waterfall>,
}

/// A source and how many records it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCount {
    /// Its name.
    pub name: String,
    /// Its records.
    pub records: u64,
}

/// A comparison and its levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonFigures {
    /// Its name.
    pub name: String,
    /// Its levels, in order, without those that say nothing.
    pub levels: Vec<LevelFigures>,
}

/// A level and its probabilities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelFigures {
    /// Its name.
    pub label: String,
    /// The probability of this level among records of one person. With the household model it is that of the first match class:
    /// one person, living at one address in both records.
    pub m: f64,
    /// The probability of this level among records of unrelated people.
    pub u: f64,
    /// `log2(m / u)`, in bits.
    pub weight: f64,
}

/// What a rule brings together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFigures {
    /// The rule as written.
    pub rule: String,
    /// Whether it is a deterministic pass.
    pub is_pass: bool,
    /// Pairs it brings together, those of earlier rules and of one source included.
    pub pairs: u64,
    /// Pairs that no earlier rule made, which were compared; `None` where nothing was compared.
    pub new_pairs: Option<u64>,
    /// Of these, pairs kept; `None` where nothing was compared.
    pub kept: Option<u64>,
    /// Blocks of two or more records.
    pub blocks: u64,
    /// Records in its largest block.
    pub largest_block: u64,
}

/// How complete a column is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnFigures {
    /// The column.
    pub column: String,
    /// For each source, in order, the records that have a value.
    pub present: Vec<u64>,
}

/// Kept pairs whose weight is at least `from` and less than `to`, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WeightBin {
    /// From here.
    pub from: f64,
    /// Up to and without this.
    pub to: f64,
    /// Pairs.
    pub pairs: u64,
    /// Of these, pairs of one person; `None` where the truth is not known.
    pub true_pairs: Option<u64>,
}

/// What would be linked at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ThresholdFigures {
    /// The match weight in bits.
    pub weight: f64,
    /// The match probability it stands for.
    pub probability: f64,
    /// Kept pairs of this weight or more.
    pub links: u64,
    /// Held against the truth, where that is known.
    pub counts: Option<PairCounts>,
}

/// All pairs that the link type allows, by what is true of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TruthTotals {
    /// Pairs of one person.
    pub matches: u64,
    /// Pairs of two people.
    pub non_matches: f64,
}

/// How large the term-frequency adjustments of a comparison are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrequencyFigures {
    /// The comparison.
    pub comparison: String,
    /// Sampled pairs that have an adjustment.
    pub pairs: u64,
    /// The mean adjustment in bits.
    pub mean: f64,
    /// The pairs by adjustment, lowest first.
    pub bins: Vec<FrequencyBin>,
}

/// Sampled pairs whose adjustment is at least `from` and less than one bit more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FrequencyBin {
    /// From here, in bits.
    pub from: f64,
    /// Pairs.
    pub pairs: u64,
}

/// The most and least telling values of a term-frequency column: personal data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermValues {
    /// The comparison.
    pub comparison: String,
    /// The column.
    pub column: String,
    /// The values that lower a weight most, then those that raise it most; a value stands once.
    pub values: Vec<TermValue>,
}

/// A value and what it adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermValue {
    /// The value.
    pub value: String,
    /// The share of records that have it, among those with a value.
    pub share: f64,
    /// What agreement on it adds beside the level's weight, in bits.
    pub adjustment: f64,
}

/// Records that say too little of themselves: the weight of each against its own copy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unlinkables {
    /// Records looked at: all, or a sample.
    pub records: u64,
    /// For each threshold in bits, the records whose own weight lies below it.
    pub below: Vec<(f64, u64)>,
}

/// Clusters of `from` to `to` records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClusterSizes {
    /// Records at least.
    pub from: u32,
    /// Records at most; `None` for the last.
    pub to: Option<u32>,
    /// Clusters.
    pub clusters: u64,
    /// The records in them.
    pub records: u64,
}

/// A class of the household model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Its name.
    pub name: String,
    /// Whether the two records are of one person.
    pub is_match: bool,
    /// Pairs of this kind among those that blocking brings together, as fitted; `None` for unrelated people, whose number is one of
    /// all pairs there could be.
    pub fitted: Option<f64>,
    /// How many of the kept pairs are of this kind, as the model has it: probabilities summed over the sample.
    pub kept: f64,
}

/// Why a pattern was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternChoice {
    /// The commonest among pairs at or above the threshold.
    CommonestLink,
    /// The weakest at or above the threshold.
    JustAbove,
    /// The strongest below it.
    JustBelow,
    /// The commonest below it.
    CommonestBelow,
    /// A pair that was asked for.
    Asked,
}

/// From the prior to the match weight, step by step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waterfall {
    /// Why it is shown.
    pub choice: PatternChoice,
    /// Sampled pairs with this pattern.
    pub pairs: u64,
    /// The prior weight.
    pub prior: f64,
    /// The comparisons; term frequencies are means over the pairs.
    pub steps: Vec<Step>,
    /// What the other classes of the household model add, such as a move, or take, such as a sibling; the mean over the pairs. 0
    /// without that model.
    pub households: f64,
    /// The match weight: the sum of all, the mean over the pairs.
    pub weight: f64,
    /// One of the pairs.
    #[serde(skip)]
    pub example: (u32, u32),
}

/// A sample of pairs by a hash of their records: whatever the order in which they come, the same ones are taken.
struct Sample {
    limit: u64,
    pairs: Vec<(u64, KeptPair)>,
}

impl Sample {
    fn add(&mut self, pair: &KeptPair) {
        let hash = mix(0x5A17, u64::from(pair.pair.left) << 32 | u64::from(pair.pair.right));
        if hash <= self.limit {
            self.pairs.push((hash, *pair));
            if self.pairs.len() > 2 * MOST_SAMPLED {
                self.halve();
            }
        }
    }

    fn halve(&mut self) {
        self.limit /= 2;
        let limit = self.limit;
        self.pairs.retain(|(hash, _)| *hash <= limit);
    }

    fn finish(mut self) -> Vec<KeptPair> {
        while self.pairs.len() > MOST_SAMPLED {
            self.halve();
        }
        self.pairs.sort_unstable_by_key(|(_, pair)| (pair.pair.left, pair.pair.right));
        self.pairs.into_iter().map(|(_, pair)| pair).collect()
    }
}

/// Counts kept pairs as they stream past.
pub struct ReportTally<'a> {
    linker: &'a Linker<'a>,
    people: Option<&'a [u32]>,
    /// Kept pairs, and those of one person, by whole bits.
    bins: Vec<(u64, u64)>,
    sample: Sample,
    calibration: CalibrationSums<'static>,
    new_pairs: Vec<u64>,
    kept: Vec<u64>,
}

impl<'a> ReportTally<'a> {
    /// For the pairs of a trained linker. `people` says of each record who it is of, where that is known.
    pub fn new(linker: &'a Linker<'a>, people: Option<&'a [u32]>) -> Self {
        let rules = linker.settings().passes.len() + linker.settings().blocking_rules.len();
        Self {
            linker,
            people,
            bins: vec![(0, 0); (2 * REACH + 1) as usize],
            sample: Sample { limit: u64::MAX, pairs: Vec::new() },
            calibration: CalibrationSums::new(&CALIBRATION_EDGES),
            new_pairs: vec![0; rules],
            kept: vec![0; rules],
        }
    }

    /// Adds the kept pairs of a part and how many were compared for them.
    pub fn add(&mut self, part: Part, compared: u64, kept: &[KeptPair]) {
        let rule = usize::from(part.rule);
        if let (Some(new), Some(held)) = (self.new_pairs.get_mut(rule), self.kept.get_mut(rule)) {
            *new += compared;
            *held += kept.len() as u64;
        }
        for pair in kept.iter().filter(|p| !p.pair.weight.is_nan()) {
            let bin = &mut self.bins[bin_of(pair.pair.weight)];
            bin.0 += 1;
            self.sample.add(pair);
            let Some(people) = self.people else { continue };
            let of = |record: u32| people.get(record as usize);
            if let (Some(left), Some(right)) = (of(pair.pair.left), of(pair.pair.right)) {
                bin.1 += u64::from(left == right);
                self.calibration.add(pair.pair.probability(), left == right);
            }
        }
    }

    /// The report, once every part has been added. `threshold` is the match weight from which pairs were put together.
    pub fn finish(
        self,
        predicted: &PredictReport,
        trained: &TrainingReport,
        clusters: &Clusters,
        threshold: f64,
    ) -> Result<LinkageReport, LinkageError> {
        let linker = self.linker;
        let (records, settings) = (linker.records(), linker.settings());
        let scorer = linker.pair_scorer()?;
        let kept: u64 = self.kept.iter().sum();
        let sample = self.sample.finish();
        let examined: Vec<Examined> =
            sample.par_iter().map(|p| scorer.examine(p.pair.left, p.pair.right)).collect();
        let own = own_weights(&scorer, records);
        let met = |(_, bin): &(usize, &(u64, u64))| bin.0 > 0;
        let lowest = self.bins.iter().enumerate().find(met).map_or(0, |(at, _)| at as i32 - REACH);
        let highest = self.bins.iter().enumerate().rfind(met).map_or(0, |(at, _)| at as i32 - REACH);
        let highest = highest.max(own.iter().copied().fold(0.0, f64::max).min(f64::from(REACH)) as i32);
        let edges = edges(lowest, highest);
        let truth = self.people.map(|people| totals(records, settings.link_type, people));
        let (weights, thresholds) = by_weight(&self.bins, &edges, truth);
        let calibration = if truth.is_some() { self.calibration.bands() } else { Vec::new() };
        let below = edges
            .iter()
            .map(|edge| (f64::from(*edge), own.iter().filter(|w| **w < f64::from(*edge)).count() as u64))
            .collect();
        let mut rules = rule_figures(settings, &predicted.rules);
        for ((rule, new), kept) in rules.iter_mut().zip(&self.new_pairs).zip(&self.kept) {
            (rule.new_pairs, rule.kept) = (Some(*new), Some(*kept));
        }
        Ok(LinkageReport {
            compared: self.new_pairs.iter().sum(),
            kept,
            clusters: u64::from(clusters.count()),
            prior_weight: scorer.prior(),
            threshold,
            comparisons: comparison_figures(settings),
            rules,
            weights,
            thresholds,
            truth,
            calibration,
            sampled_pairs: sample.len() as u64,
            term_frequencies: frequency_figures(settings, &examined),
            unlinkables: Unlinkables { records: own.len() as u64, below },
            cluster_sizes: cluster_sizes(clusters),
            classes: class_figures(settings, &examined, kept),
            sessions: Some(trained.sessions.clone()),
            patterns: patterns(&scorer, &sample, &examined, threshold),
            ..of_records(records, settings)
        })
    }
}

/// The part of a report that is known before any pair is compared: what each rule makes, and how complete the columns are.
/// `counts` are those of [`Linker::count_blocks`].
pub fn blocking_report(linker: &Linker<'_>, counts: &[RuleCount]) -> LinkageReport {
    let rules = rule_figures(linker.settings(), counts);
    LinkageReport { rules, ..of_records(linker.records(), linker.settings()) }
}

impl Waterfall {
    /// A chosen pair.
    pub fn of_pair(linker: &Linker<'_>, left: u32, right: u32) -> Result<Self, LinkageError> {
        let scorer = linker.pair_scorer()?;
        let (left, right) = (left.min(right), left.max(right));
        let (steps, weight, _) = scorer.examine(left, right);
        Ok(waterfall(&scorer, PatternChoice::Asked, (left, right), scorer.steps(&steps), weight, 1))
    }
}

impl TermValues {
    /// For each comparison with term frequencies, the `each` values that lower a weight most and the `each` that raise it most.
    ///
    /// These are values of records: personal data.
    pub fn of(linker: &Linker<'_>, each: usize) -> Result<Vec<Self>, LinkageError> {
        let scorer = linker.pair_scorer()?;
        let mut all = Vec::new();
        for (c, comparison) in linker.settings().comparisons.iter().enumerate() {
            let level = comparison.levels.iter().enumerate().find_map(|(l, level)| {
                let term = level.term_frequency.as_ref()?;
                Some((&term.column, scorer.term_frequencies(c, l)?))
            });
            let Some((column, mut values)) = level else { continue };
            values.retain(|(_, share, _)| *share > 0.0);
            values.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(b.0)));
            let last = values.len().saturating_sub(each).max(each.min(values.len()));
            let chosen = values.iter().take(each).chain(&values[last..]);
            all.push(Self {
                comparison: comparison.name.clone(),
                column: column.clone(),
                values: chosen
                    .map(|(value, share, adjustment)| TermValue {
                        value: (*value).to_owned(),
                        share: *share,
                        adjustment: *adjustment,
                    })
                    .collect(),
            });
        }
        Ok(all)
    }
}

/// What is known of the records alone; the rest is empty.
fn of_records(records: &Records, settings: &Settings) -> LinkageReport {
    let mut counts = vec![0; records.source_names().len()];
    records.sources().iter().for_each(|s| counts[usize::from(*s)] += 1);
    let sources = records.source_names().iter().zip(counts);
    LinkageReport {
        sources: sources.map(|(name, records)| SourceCount { name: name.clone(), records }).collect(),
        link_type: settings.link_type.to_string(),
        possible_pairs: possible_pairs(records, settings.link_type),
        compared: 0,
        kept: 0,
        clusters: 0,
        prior_weight: 0.0,
        threshold: 0.0,
        comparisons: Vec::new(),
        rules: Vec::new(),
        completeness: completeness(records, settings),
        weights: Vec::new(),
        thresholds: Vec::new(),
        truth: None,
        calibration: Vec::new(),
        sampled_pairs: 0,
        term_frequencies: Vec::new(),
        unlinkables: Unlinkables { records: 0, below: Vec::new() },
        cluster_sizes: Vec::new(),
        classes: Vec::new(),
        sessions: None,
        patterns: Vec::new(),
    }
}

fn bin_of(weight: f64) -> usize {
    let reach = f64::from(REACH);
    (weight.clamp(-reach, reach).floor() + reach) as usize
}

/// Edges of bins of one width that hold every weight from `lowest` to `highest`; the last is above all of them.
fn edges(lowest: i32, highest: i32) -> Vec<i32> {
    let width = [1, 2, 5, 10, 20].into_iter().find(|w| (highest - lowest) / w < MOST_ROWS).unwrap_or(50);
    let first = lowest.div_euclid(width);
    (first..=highest.div_euclid(width) + 1).map(|at| at * width).collect()
}

fn by_weight(
    bins: &[(u64, u64)],
    edges: &[i32],
    truth: Option<TruthTotals>,
) -> (Vec<WeightBin>, Vec<ThresholdFigures>) {
    let of = |from: i32, to: i32| {
        let some = &bins[(from + REACH).max(0) as usize..((to + REACH) as usize).min(bins.len())];
        some.iter().fold((0, 0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1))
    };
    let weights: Vec<WeightBin> = edges
        .windows(2)
        .map(|edge| {
            let (pairs, right) = of(edge[0], edge[1]);
            let (from, to) = (f64::from(edge[0]), f64::from(edge[1]));
            WeightBin { from, to, pairs, true_pairs: truth.map(|_| right) }
        })
        .collect();
    let thresholds = edges
        .iter()
        .map(|edge| {
            let (links, right) = of(*edge, REACH + 1);
            ThresholdFigures {
                weight: f64::from(*edge),
                probability: probability_of(f64::from(*edge)),
                links,
                counts: truth.map(|truth| PairCounts {
                    true_links: right,
                    false_links: links - right,
                    missed: truth.matches.saturating_sub(right),
                }),
            }
        })
        .collect();
    (weights, thresholds)
}

/// Pairs of one person and of two among those that the link type allows.
fn totals(records: &Records, link_type: LinkType, people: &[u32]) -> TruthTotals {
    let pairs = |keys: &mut dyn Iterator<Item = (u32, u16)>| -> u64 {
        let mut counts: hashbrown::HashMap<(u32, u16), u64> = hashbrown::HashMap::new();
        keys.for_each(|key| *counts.entry(key).or_default() += 1);
        counts.values().map(|n| n * (n - 1) / 2).sum()
    };
    let mut matches = pairs(&mut people.iter().map(|p| (*p, 0)));
    if link_type == LinkType::LinkOnly {
        matches -= pairs(&mut people.iter().copied().zip(records.sources().iter().copied()));
    }
    TruthTotals { matches, non_matches: possible_pairs(records, link_type) - matches as f64 }
}

/// The weight of records against themselves: of all of them, or of a sample by a hash of their number.
fn own_weights(scorer: &PairScorer<'_>, records: &Records) -> Vec<f64> {
    let share = (MOST_SAMPLED as f64 / records.len().max(1) as f64).min(1.0);
    let limit = (share * u64::MAX as f64) as u64;
    let taken: Vec<u32> = (0..records.len() as u32).filter(|r| mix(0x0E11, u64::from(*r)) <= limit).collect();
    taken.par_iter().map(|record| scorer.weight(*record, *record)).collect()
}

fn completeness(records: &Records, settings: &Settings) -> Vec<ColumnFigures> {
    settings
        .columns()
        .into_par_iter()
        .filter_map(|name| {
            let codes = &records.columns.get(&name)?.codes;
            let mut present = vec![0; records.source_names().len()];
            for (code, source) in codes.iter().zip(records.sources()) {
                present[usize::from(*source)] += u64::from(*code != MISSING);
            }
            Some(ColumnFigures { column: name, present })
        })
        .collect()
}

fn comparison_figures(settings: &Settings) -> Vec<ComparisonFigures> {
    let first = settings.mixture.as_ref().and_then(|m| m.classes.first());
    let of = |(c, comparison): (usize, &crate::settings::Comparison)| ComparisonFigures {
        name: comparison.name.clone(),
        levels: comparison
            .levels
            .iter()
            .enumerate()
            .filter(|(_, level)| !level.is_null)
            .map(|(l, level)| {
                let m = first.and_then(|class| class.levels.get(c)?.get(l).copied());
                let (m, u) = (
                    m.or(level.m).unwrap_or(crate::score::NEVER_SEEN),
                    level.u.unwrap_or(crate::score::NEVER_SEEN),
                );
                LevelFigures { label: level.label.clone(), m, u, weight: m.log2() - u.log2() }
            })
            .collect(),
    };
    settings.comparisons.iter().enumerate().map(of).collect()
}

fn rule_figures(settings: &Settings, counts: &[RuleCount]) -> Vec<RuleFigures> {
    let of = |(at, count): (usize, &RuleCount)| RuleFigures {
        rule: count.rule.clone(),
        is_pass: at < settings.passes.len(),
        pairs: count.pairs,
        new_pairs: None,
        kept: None,
        blocks: count.blocks,
        largest_block: count.largest_block,
    };
    counts.iter().enumerate().map(of).collect()
}

fn frequency_figures(settings: &Settings, examined: &[Examined]) -> Vec<FrequencyFigures> {
    let mut all = Vec::new();
    for (c, comparison) in settings.comparisons.iter().enumerate() {
        let mut bins: BTreeMap<i64, u64> = BTreeMap::new();
        let (mut pairs, mut sum) = (0, 0.0);
        for (steps, _, _) in examined {
            let (level, _, add) = steps[c];
            if level.is_some_and(|l| comparison.levels[l].term_frequency.is_some()) && add != 0.0 {
                *bins.entry(add.floor() as i64).or_default() += 1;
                pairs += 1;
                sum += add;
            }
        }
        if let (Some((first, _)), Some((last, _))) = (bins.first_key_value(), bins.last_key_value()) {
            let every = (*first..=*last).map(|from| FrequencyBin {
                from: from as f64,
                pairs: bins.get(&from).copied().unwrap_or_default(),
            });
            all.push(FrequencyFigures {
                comparison: comparison.name.clone(),
                pairs,
                mean: sum / pairs as f64,
                bins: every.collect(),
            });
        }
    }
    all
}

fn class_figures(settings: &Settings, examined: &[Examined], kept: u64) -> Vec<ClassFigures> {
    let Some(mixture) = &settings.mixture else { return Vec::new() };
    let mut sums = vec![0.0; mixture.classes.len() + 1];
    for (_, _, classes) in examined {
        sums.iter_mut().zip(classes).for_each(|(sum, p)| *sum += p);
    }
    let scale = kept as f64 / (examined.len().max(1) as f64);
    let mut figures: Vec<ClassFigures> = mixture
        .classes
        .iter()
        .zip(&sums)
        .map(|(class, sum)| ClassFigures {
            name: class.name.clone(),
            is_match: class.is_match,
            fitted: Some(class.pairs),
            kept: sum * scale,
        })
        .collect();
    figures.push(ClassFigures {
        name: "unrelated".to_owned(),
        is_match: false,
        fitted: None,
        kept: sums.last().copied().unwrap_or_default() * scale,
    });
    figures
}

fn cluster_sizes(clusters: &Clusters) -> Vec<ClusterSizes> {
    const RANGES: [(u32, Option<u32>); 14] = [
        (1, Some(1)),
        (2, Some(2)),
        (3, Some(3)),
        (4, Some(4)),
        (5, Some(5)),
        (6, Some(6)),
        (7, Some(7)),
        (8, Some(8)),
        (9, Some(9)),
        (10, Some(10)),
        (11, Some(20)),
        (21, Some(50)),
        (51, Some(100)),
        (101, None),
    ];
    let mut sizes = vec![0_u32; clusters.labels().len()];
    clusters.labels().iter().for_each(|label| sizes[*label as usize] += 1);
    let mut rows: Vec<ClusterSizes> =
        RANGES.iter().map(|&(from, to)| ClusterSizes { from, to, clusters: 0, records: 0 }).collect();
    for size in sizes.into_iter().filter(|s| *s > 0) {
        let at = RANGES.partition_point(|(from, _)| *from <= size) - 1;
        rows[at].clusters += 1;
        rows[at].records += u64::from(size);
    }
    let last = rows.iter().rposition(|row| row.clusters > 0).map_or(0, |at| at + 1);
    rows.truncate(last);
    rows
}

fn waterfall(
    scorer: &PairScorer<'_>,
    choice: PatternChoice,
    example: (u32, u32),
    steps: Vec<Step>,
    weight: f64,
    pairs: u64,
) -> Waterfall {
    let prior = scorer.prior();
    let sum: f64 = prior + steps.iter().map(|s| s.weight + s.term_frequency).sum::<f64>();
    // Without other classes the two are the same but for rounding.
    let households = if (weight - sum).abs() < 1e-9 { 0.0 } else { weight - sum };
    Waterfall { choice, pairs, prior, steps, households, weight, example }
}

/// Means over the sampled pairs of one pattern.
struct Group {
    pairs: u64,
    first: usize,
    weight: f64,
    frequencies: Vec<f64>,
}

/// Patterns worth a look: the commonest links, the ones on either side of the threshold, the commonest below it. Patterns of
/// fewer than ten pairs are passed over where there are others, so that a chart shows a kind of pair and not one pair.
fn patterns(
    scorer: &PairScorer<'_>,
    sample: &[KeptPair],
    examined: &[Examined],
    threshold: f64,
) -> Vec<Waterfall> {
    const ENOUGH: u64 = 10;
    let mut groups: BTreeMap<Pattern, Group> = BTreeMap::new();
    for (at, (pair, (steps, weight, _))) in sample.iter().zip(examined).enumerate() {
        let group = groups.entry(pair.pattern).or_insert_with(|| Group {
            pairs: 0,
            first: at,
            weight: 0.0,
            frequencies: vec![0.0; steps.len()],
        });
        group.pairs += 1;
        group.weight += weight;
        group.frequencies.iter_mut().zip(steps).for_each(|(sum, step)| *sum += step.2);
    }
    let mut groups: Vec<Group> = groups.into_values().filter(|g| g.weight.is_finite()).collect();
    for group in &mut groups {
        group.weight /= group.pairs as f64;
        group.frequencies.iter_mut().for_each(|sum| *sum /= group.pairs as f64);
    }
    if groups.iter().any(|g| g.pairs >= ENOUGH) {
        groups.retain(|g| g.pairs >= ENOUGH);
    }
    let link = |g: &&Group| g.weight >= threshold;
    let below = |g: &&Group| g.weight < threshold;
    let by_pairs = |a: &&Group, b: &&Group| a.pairs.cmp(&b.pairs).then(a.weight.total_cmp(&b.weight));
    let by_weight = |a: &&Group, b: &&Group| a.weight.total_cmp(&b.weight);
    let chosen = [
        (PatternChoice::CommonestLink, groups.iter().filter(link).max_by(by_pairs)),
        (PatternChoice::JustAbove, groups.iter().filter(link).min_by(by_weight)),
        (PatternChoice::JustBelow, groups.iter().filter(below).max_by(by_weight)),
        (PatternChoice::CommonestBelow, groups.iter().filter(below).max_by(by_pairs)),
    ];
    let mut taken: Vec<usize> = Vec::new();
    let mut shown = Vec::new();
    for (choice, group) in chosen {
        let Some(group) = group.filter(|g| !taken.contains(&g.first)) else { continue };
        taken.push(group.first);
        let mut steps = scorer.steps(&examined[group.first].0);
        steps.iter_mut().zip(&group.frequencies).for_each(|(step, mean)| step.term_frequency = *mean);
        let pair = sample[group.first].pair;
        shown.push(waterfall(scorer, choice, (pair.left, pair.right), steps, group.weight, group.pairs));
    }
    shown.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    shown
}
