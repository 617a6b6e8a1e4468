//! One call that makes an estimate with all that must stand beside it.

use std::fmt;
use std::str::FromStr;

use candour_record::{Finding, Severity};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::diagnostics::SWEEP;
use crate::{
    AveragedBootstrap, AveragingPlan, Bootstrap, BootstrapPlan, CaptureFit, CaptureModel, Consistency,
    EstimationError, FEWEST_DRAWS, Fit, GoodnessOfFit, GraphAverage, GraphPlan, Heterogeneity, Interval,
    LatentClass, LatentPlan, LinkagePlan, ListTable, MissedLinks, Model, ModelTable, PairDiagnostic, Pooled,
    Stepwise, Sweep, Variant, all_models, average_bootstrap, bootstrap, chao_interval, chao_lower_bound,
    dependence_sweep, fit, fit_capture, floor, goodness_of_fit, graph_average, internal_consistency,
    latent_class, lists_left_out, lists_merged, missed_links, pair_diagnostics, pool, profile, stepwise,
    zelterman,
};

/// The method whose figure is the estimate. All others that the table allows stand beside it under [`Method::Auto`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The BIC-weighted average over all two-list models, with a bootstrap that weighs them anew beside it; stepwise for more
    /// than six lists.
    Auto,
    /// The log-linear model with the lowest BIC, with its profile interval.
    Loglinear,
    /// The stepwise model for sparse tables, with its bootstrap.
    Sparse,
    /// Chao's lower bound.
    Chao,
    /// The average over decomposable graphs.
    Dga,
    /// Latent classes.
    Lcm,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Auto, Self::Loglinear, Self::Sparse, Self::Chao, Self::Dga, Self::Lcm];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Loglinear => "loglinear",
            Self::Sparse => "sparse",
            Self::Chao => "chao",
            Self::Dga => "dga",
            Self::Lcm => "lcm",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = EstimationError;

    fn from_str(name: &str) -> Result<Self, EstimationError> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|method| method.name()).collect();
            EstimationError::Plan(format!("there is no method {name}; choose one of {}", names.join(", ")))
        })
    }
}

/// How an estimate is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The method.
    pub method: Method,
    /// The level of all intervals.
    pub level: f64,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Replicates of the stepwise bootstrap.
    pub replicates: u32,
    /// Replicates of the bootstrap that averages over models.
    pub averaging_replicates: u32,
    /// The one-sided probability below which a pair enters the stepwise model.
    pub threshold: f64,
    /// Lists in a term of the model table at most.
    pub order: usize,
    /// Prior weight of a history for graphs; absent for `2^-k`.
    pub cell_weight: Option<f64>,
    /// How latent classes are run; its seed and level are those above.
    pub latent: LatentPlan,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            level: 0.95,
            seed: 1,
            replicates: 10_000,
            averaging_replicates: 2_000,
            threshold: 0.02,
            order: 2,
            cell_weight: None,
            latent: LatentPlan::default(),
        }
    }
}

/// Methods that disagree by more than this have a range for a headline.
pub const DISAGREEMENT: f64 = 1.5;

/// An estimate with all that must stand beside it.
///
/// Fields that hold counts of people by their lists (`pairs`, `goodness_of_fit`, `consistency`, `left_out`, `merged`) are for
/// the analyst: small overlaps can single people out, and leave the house through the disclosure room only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimation {
    /// The method.
    pub method: Method,
    /// Estimated number of people, seen and unseen.
    pub estimate: f64,
    /// Its interval.
    pub interval: Interval,
    /// People on at least one list.
    pub observed: u64,
    /// Estimated number on none.
    pub hidden: f64,
    /// The model, in words.
    pub model: String,
    /// What the data say and do not say, each a finding with a stable code.
    pub diagnostics: Vec<Finding>,
    /// The models with a fit, lowest BIC first, at most [`MODELS_SHOWN`].
    pub models: Vec<ModelSummary>,
    /// Bootstrap replicates behind or beside the interval; 0 where there are none.
    pub replicates: u32,
    /// The seed.
    pub seed: u64,
    /// The sentence to print first.
    pub headline: String,
    /// The range across methods, where they disagree by more than [`DISAGREEMENT`] times.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range: Option<Range>,
    /// The lower limit that holds however people differ.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub floor: Option<Interval>,
    /// Every method that gave a figure.
    pub methods: Vec<MethodRow>,
    /// Every interval of the chosen method.
    pub intervals: Vec<Interval>,
    /// What the figure can and cannot tell, each a sentence for the page.
    pub limits: Vec<String>,
    /// The lists.
    pub lists: Vec<String>,
    /// People on one list only, on two, and so on.
    pub frequencies: Vec<u64>,
    /// Models without a fit: no maximum, and not identifiable.
    pub models_without_fit: (usize, usize),
    /// Spread of all models' estimates for a multiverse plot: estimate and weight, in rising order of the estimate.
    pub multiverse: Vec<(f64, f64)>,
    /// Closed-population models.
    pub capture_models: Vec<CaptureFit>,
    /// The stepwise choice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stepwise: Option<Stepwise>,
    /// Its bootstrap.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bootstrap: Option<Bootstrap>,
    /// The bootstrap that averages over models.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub averaged: Option<AveragedBootstrap>,
    /// Averages over graphs, with the weight asked for and with one half.
    pub graphs: Vec<GraphAverage>,
    /// Latent classes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latent: Option<LatentClass>,
    /// Pairs of lists.
    pub pairs: Vec<PairDiagnostic>,
    /// Goodness of fit of the model with the lowest BIC or, without one, of the stepwise model.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub goodness_of_fit: Option<GoodnessOfFit>,
    /// Each list left out.
    pub left_out: Vec<Variant>,
    /// Each pair of lists taken as one.
    pub merged: Vec<Variant>,
    /// Each list hidden and estimated.
    pub consistency: Vec<Consistency>,
    /// The odds ratios of the sweep.
    pub sweep_odds: Vec<f64>,
    /// The dependence sweep.
    pub sweep: Vec<Sweep>,
    /// Sensitivity to missed links.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missed_links: Option<MissedLinks>,
    /// The estimate over draws of the linkage, where they were given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub linkage: Option<Pooled>,
    /// SHA-256 of the table in its fixed order.
    pub table_sha256: String,
    /// Name and version of this crate.
    pub version: String,
}

/// Models in [`Estimation::models`] at most.
pub const MODELS_SHOWN: usize = 1_024;

/// A model of the table, as printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// Its terms.
    pub name: String,
    /// Its estimate.
    pub estimate: f64,
    /// Lower end of its interval (`v + 1/D`).
    pub lower: f64,
    /// Upper end.
    pub upper: Option<f64>,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// Its weight, 0 to 1.
    pub weight: f64,
}

/// One method's figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodRow {
    /// The method, in words.
    pub name: String,
    /// Its estimate.
    pub estimate: f64,
    /// Its interval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval: Option<Interval>,
    /// What it assumes.
    pub assumes: String,
    /// True where it counts towards the range across methods; bounds and variants of a method do not.
    pub in_range: bool,
}

/// A range across methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The lowest estimate.
    pub lower: f64,
    /// The highest estimate.
    pub upper: f64,
    /// The method of the lowest.
    pub lowest: String,
    /// The method of the highest.
    pub highest: String,
    /// Lowest lower end and highest upper end of the methods' intervals.
    pub hull: (f64, Option<f64>),
}

/// Makes an estimate.
///
/// Refused, in words: fewer than three lists, a list that holds nobody, no overlap, a method that has no fit, chains that do
/// not agree. Everything else that is doubtful becomes a diagnostic; those of warning level are returned beside the estimate too.
pub fn estimate(table: &ListTable, plan: &Plan) -> Result<(Estimation, Vec<Finding>), EstimationError> {
    crate::bootstrap::check(plan.replicates, plan.level)?;
    crate::bootstrap::check(plan.averaging_replicates, plan.level)?;
    if !(plan.threshold > 0.0 && plan.threshold < 0.5) {
        return Err(EstimationError::Plan(format!(
            "a threshold of {}; it must lie between 0 and 0.5",
            plan.threshold
        )));
    }
    let lists = table.lists().len();
    if lists < 3 {
        return Err(EstimationError::TooFewLists { lists });
    }
    table.check_lists()?;
    let frequencies = table.frequencies();
    if frequencies[1..].iter().all(|&count| count == 0) {
        return Err(EstimationError::NoOverlap);
    }
    let parts = Parts::of(table, plan)?;
    let chosen = parts.choose(table, plan)?;
    let observed = table.people();
    let methods = parts.methods(table, plan);
    let range = range_of(&methods);
    let base = parts.base_model();
    let gof_fit = fit(table, &base).ok();
    let gof = gof_fit.as_ref().map(|fit| goodness_of_fit(table, fit));
    let sweep = dependence_sweep(table, &base);
    let missed = missed_links(table, &base);
    let consistency = internal_consistency(table, plan.level);
    let left_out = lists_left_out(table, plan.level);
    let merged = lists_merged(table, plan.level);
    let floor =
        floor(table, parts.models.as_ref(), plan.level).map(|floor| floor.no_higher_than(&chosen.interval));
    let mut diagnostics = parts.notes.clone();
    let mut multiverse: Vec<(f64, f64)> = parts
        .models
        .iter()
        .flat_map(|models| models.rows.iter().map(|row| (row.estimate, row.weight)))
        .collect();
    multiverse.sort_by(|a, b| a.0.total_cmp(&b.0));
    if multiverse.len() > 2 * MODELS_SHOWN {
        let step = multiverse.len().div_ceil(2 * MODELS_SHOWN);
        multiverse = multiverse.into_iter().step_by(step).collect();
    }
    let mut estimation = Estimation {
        method: plan.method,
        estimate: chosen.estimate,
        interval: chosen.interval,
        observed,
        hidden: chosen.estimate - observed as f64,
        model: chosen.model,
        diagnostics: Vec::new(),
        models: parts.models.as_ref().map(|models| summaries(models, table, plan.level)).unwrap_or_default(),
        replicates: chosen.replicates,
        seed: plan.seed,
        headline: String::new(),
        range,
        floor,
        methods,
        intervals: chosen.intervals,
        limits: Vec::new(),
        lists: table.lists().to_vec(),
        frequencies,
        models_without_fit: parts.models.as_ref().map_or((0, 0), |m| (m.no_maximum, m.not_identifiable)),
        multiverse,
        capture_models: parts.capture,
        stepwise: parts.stepwise,
        bootstrap: parts.bootstrap,
        averaged: parts.averaged,
        graphs: parts.graphs,
        latent: parts.latent,
        pairs: pair_diagnostics(table, plan.level),
        goodness_of_fit: gof,
        left_out,
        merged,
        consistency,
        sweep_odds: SWEEP.to_vec(),
        sweep,
        missed_links: missed,
        linkage: None,
        table_sha256: table.sha256(),
        version: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    diagnose(table, plan, &estimation, &mut diagnostics);
    estimation.diagnostics = diagnostics;
    estimation.headline = headline(&estimation);
    estimation.limits = limits(&estimation);
    let findings = estimation.diagnostics.iter().filter(|d| d.severity > Severity::Note).cloned().collect();
    Ok((estimation, findings))
}

/// Makes an estimate that carries the doubt of the linkage: all of [`estimate`] on the table of the links as decided, beside
/// the figure and interval pooled over tables that were each made from one draw of the linkage's posterior.
///
/// Under [`Method::Auto`] the pooled figure is the estimate, for it averages over the same models, and the figure that takes
/// the links as certain stays among the methods, named so. Other methods keep their figure, with a warning that gives the
/// pooled one. The floor is then that of the draws, and never above the interval.
pub fn estimate_linked(
    table: &ListTable,
    draws: &[ListTable],
    plan: &Plan,
) -> Result<(Estimation, Vec<Finding>), EstimationError> {
    if draws.first().is_some_and(|draw| draw.lists() != table.lists()) {
        return Err(EstimationError::Plan(
            "the table and the draws must be of the same lists in the same order".into(),
        ));
    }
    let most = LinkagePlan::default().replicates;
    let linkage = LinkagePlan {
        replicates: plan.replicates.min(most),
        seed: plan.seed,
        level: plan.level,
        threshold: plan.threshold,
    };
    let (mut found, _) = estimate(table, plan)?;
    let pooled = pool(draws, &linkage)?;
    found.floor = floor_of_draws(draws, plan.level).or(found.floor);
    if found.method == Method::Auto {
        found.diagnostics.retain(|note| note.code != LINKS_CERTAIN);
    }
    let mut note = |severity, code: &str, message: String| {
        found.diagnostics.push(Finding::new(severity, code, message));
    };
    let shares = pooled.between / (pooled.within + pooled.between);
    note(
        Severity::Note,
        "linkage_carried",
        format!(
            "pooled over {} draws of the linkage with {} replicates each; {:.0} % of the variance comes from the linkage. With \
             the links taken as certain the figure would be {}",
            pooled.draws,
            pooled.replicates,
            100.0 * shares,
            people(found.estimate)
        ),
    );
    if pooled.draws < FEWEST_DRAWS {
        let message = format!(
            "{} draws of the linkage; the spread between them is hardly known below {FEWEST_DRAWS}, so link again with more",
            pooled.draws
        );
        note(Severity::Warning, "few_draws", message);
    }
    if pooled.failed > 0 {
        let message = format!(
            "on {} draws of the linkage no model had a fit; the interval leaves them out",
            pooled.failed
        );
        note(Severity::Warning, "draws_without_fit", message);
    }
    if pooled.between > pooled.within {
        let message = "draws of the linkage differ more from each other than chance and models move the figure within one; \
                       better linkage helps more than a better model";
        note(Severity::Warning, "linkage_decides", message.to_owned());
    }
    if pooled.shape.modes.len() > 1 {
        let peaks: Vec<String> = pooled.shape.modes.iter().map(|mode| people(mode.estimate)).collect();
        let message = format!(
            "the replicates of all draws have {} separate peaks, at {}; one figure between them would describe neither",
            peaks.len(),
            peaks.join(" and ")
        );
        note(Severity::Warning, "several_peaks", message);
    }
    let (pooled_width, check_width) = (pooled.interval.ratio(), pooled.cross_check.ratio());
    if !(0.5..=2.0).contains(&(pooled_width.ln() / check_width.ln())) {
        let message = "the pooled interval and its cross-check by within and between variance differ by more than twice in \
                       width; the pooled replicates are far from log-normal, so look at their histogram";
        note(Severity::Warning, "linkage_cross_check", message.to_owned());
    }
    if found.method == Method::Auto {
        let certain = MethodRow {
            name: format!("{}, links taken as certain", found.method),
            estimate: found.estimate,
            interval: Some(found.interval),
            assumes: "every link is right and none is missed".into(),
            in_range: false,
        };
        found.methods.insert(0, certain);
        found.intervals.splice(0..0, [pooled.interval, pooled.cross_check]);
        found.estimate = pooled.estimate;
        found.interval = pooled.interval;
        found.hidden = pooled.estimate - found.observed as f64;
        found.replicates = pooled.replicates.saturating_mul(pooled.draws as u32);
        found.model = format!("{}, pooled over {} draws of the linkage", found.model, pooled.draws);
    } else {
        let message = format!(
            "pooled over {} draws of the linkage the figure is {} ({} to {}); the interval of {} holds no errors of the linkage",
            pooled.draws,
            people(pooled.estimate),
            people(pooled.interval.lower),
            pooled.interval.upper.map_or_else(|| "no upper bound".to_owned(), people),
            found.method
        );
        note(Severity::Warning, "linkage_beside", message);
    }
    found.floor =
        found.floor.map(|floor| floor.no_higher_than(&pooled.interval).no_higher_than(&found.interval));
    found.linkage = Some(pooled);
    found.headline = headline(&found);
    found.limits = limits(&found);
    let findings = found.diagnostics.iter().filter(|d| d.severity > Severity::Note).cloned().collect();
    Ok((found, findings))
}

/// The floor of the draws: their lower percentile at half the error, so that the doubt of the linkage is in it.
fn floor_of_draws(draws: &[ListTable], level: f64) -> Option<Interval> {
    let of = |draw: &ListTable| {
        let models = (draw.lists().len() <= 5).then(|| all_models(draw, 2).ok()).flatten();
        floor(draw, models.as_ref(), level)
    };
    let mut floors: Vec<Interval> = draws.par_iter().filter_map(of).collect();
    floors.sort_by(|a, b| a.lower.total_cmp(&b.lower));
    let place = (floors.len() as f64 * (1.0 - level) / 2.0).floor() as usize;
    floors.get(place).copied()
}

/// The warning that links were taken as certain.
const LINKS_CERTAIN: &str = "links_taken_as_certain";

/// What was worked out before a method is chosen.
struct Parts {
    models: Option<ModelTable>,
    stepwise: Option<Stepwise>,
    bootstrap: Option<Bootstrap>,
    averaged: Option<AveragedBootstrap>,
    graphs: Vec<GraphAverage>,
    latent: Option<LatentClass>,
    capture: Vec<CaptureFit>,
    notes: Vec<Finding>,
}

/// The figure of the chosen method.
struct Chosen {
    estimate: f64,
    interval: Interval,
    intervals: Vec<Interval>,
    model: String,
    replicates: u32,
}

impl Parts {
    fn of(table: &ListTable, plan: &Plan) -> Result<Self, EstimationError> {
        let lists = table.lists().len();
        let method = plan.method;
        let wanted = |other: Method| method == other || method == Method::Auto;
        let mut notes = Vec::new();
        let mut note =
            |severity, code: &str, message: String| notes.push(Finding::new(severity, code, message));
        let models = if lists <= 6 || method == Method::Loglinear {
            match all_models(table, plan.order) {
                Ok(models) => Some(models),
                Err(error) if method == Method::Loglinear => return Err(error),
                Err(error) => {
                    note(Severity::Warning, "no_model_table", error.to_string());
                    None
                }
            }
        } else {
            None
        };
        let stepwise = match stepwise(table, plan.threshold) {
            Ok(found) => Some(found),
            Err(error) if method == Method::Sparse => return Err(error),
            Err(error) => {
                note(Severity::Warning, "no_stepwise_model", error.to_string());
                None
            }
        };
        let bootstrap = if wanted(Method::Sparse) && stepwise.is_some() {
            let plan = BootstrapPlan {
                replicates: plan.replicates,
                seed: plan.seed,
                threshold: plan.threshold,
                level: plan.level,
            };
            Some(bootstrap(table, &plan)?)
        } else {
            None
        };
        let averaged = match &models {
            Some(models) if method == Method::Auto && models.best().is_some() => {
                let plan = AveragingPlan {
                    replicates: plan.averaging_replicates,
                    seed: plan.seed,
                    level: plan.level,
                    ..AveragingPlan::default()
                };
                Some(average_bootstrap(table, models, &plan)?)
            }
            _ => None,
        };
        let mut graphs = Vec::new();
        if wanted(Method::Dga) {
            let base = GraphPlan { cell_weight: plan.cell_weight, level: plan.level, ..GraphPlan::default() };
            for weight in [plan.cell_weight, Some(0.5)] {
                match graph_average(table, &GraphPlan { cell_weight: weight, ..base }) {
                    Ok(found) => graphs.push(found),
                    Err(error) if method == Method::Dga => return Err(error),
                    Err(error) => {
                        note(Severity::Note, "no_graph_average", error.to_string());
                        break;
                    }
                }
            }
        }
        let latent = if wanted(Method::Lcm) {
            match latent_class(table, &LatentPlan { seed: plan.seed, level: plan.level, ..plan.latent }) {
                Ok(found) => Some(found),
                Err(error) if method == Method::Lcm => return Err(error),
                Err(error) => {
                    note(Severity::Warning, "latent_class_refused", error.to_string());
                    None
                }
            }
        } else {
            None
        };
        let capture = CaptureModel::ALL.into_iter().filter_map(|model| fit_capture(table, model)).collect();
        Ok(Self { models, stepwise, bootstrap, averaged, graphs, latent, capture, notes })
    }

    /// The model that diagnostics vary: the lowest BIC, or the stepwise one.
    fn base_model(&self) -> Model {
        let best = self.models.as_ref().and_then(ModelTable::best).map(|row| row.model.clone());
        best.or_else(|| self.stepwise.as_ref().map(|found| found.fit.model.clone())).unwrap_or_default()
    }

    fn choose(&self, table: &ListTable, plan: &Plan) -> Result<Chosen, EstimationError> {
        let none =
            |model: &str, reason: &str| EstimationError::Model { model: model.into(), reason: reason.into() };
        let no_models = "no model has a fit on this table; merge lists, or read the floor only";
        match plan.method {
            Method::Auto => match (&self.models, &self.averaged) {
                (Some(models), Some(averaged)) => {
                    let average = models.average(plan.level).ok_or_else(|| none("average", no_models))?;
                    Ok(Chosen {
                        estimate: average.estimate,
                        interval: average.interval,
                        intervals: vec![average.interval, averaged.interval],
                        model: format!(
                            "average over {} two-list models, {:.1} of which count",
                            models.rows.len(),
                            average.effective_models
                        ),
                        replicates: averaged.replicates,
                    })
                }
                _ => self.stepwise_choice(table).ok_or_else(|| none("auto", no_models)),
            },
            Method::Loglinear => {
                let best = self.models.as_ref().and_then(ModelTable::best);
                let best = best.ok_or_else(|| none("loglinear", no_models))?;
                let fit = fit(table, &best.model)?;
                let normal = fit.normal(plan.level);
                let profile = profile(table, &fit, plan.level);
                Ok(Chosen {
                    estimate: fit.estimate(),
                    interval: profile.unwrap_or(normal),
                    intervals: profile.into_iter().chain([normal, fit.normal_expected(plan.level)]).collect(),
                    model: fit.name(table.lists()),
                    replicates: 0,
                })
            }
            Method::Sparse => self.stepwise_choice(table).ok_or_else(|| none("sparse", no_models)),
            Method::Chao => {
                let (Some(bound), Some(interval)) =
                    (chao_lower_bound(table), chao_interval(table, plan.level))
                else {
                    return Err(none("chao", "it needs people on one list only and people on two"));
                };
                Ok(Chosen {
                    estimate: bound,
                    interval,
                    intervals: vec![interval],
                    model: "Chao's lower bound, from people on one list and on two".into(),
                    replicates: 0,
                })
            }
            Method::Dga => {
                let found =
                    self.graphs.first().ok_or_else(|| none("dga", "no average over graphs could be made"))?;
                Ok(Chosen {
                    estimate: found.estimate,
                    interval: found.interval,
                    intervals: vec![found.interval],
                    model: format!(
                        "average over {} decomposable graphs, prior weight {}",
                        found.graphs, found.cell_weight
                    ),
                    replicates: 0,
                })
            }
            Method::Lcm => {
                let found = self
                    .latent
                    .as_ref()
                    .ok_or_else(|| none("lcm", "no latent class figure could be made"))?;
                Ok(Chosen {
                    estimate: found.estimate,
                    interval: found.interval,
                    intervals: vec![found.interval],
                    model: format!("latent classes, up to {}", plan.latent.classes),
                    replicates: 0,
                })
            }
        }
    }

    fn stepwise_choice(&self, table: &ListTable) -> Option<Chosen> {
        let (found, bootstrap) = (self.stepwise.as_ref()?, self.bootstrap.as_ref()?);
        let fit: &Fit = &found.fit;
        let level = bootstrap.percentile.level;
        Some(Chosen {
            estimate: fit.estimate(),
            interval: bootstrap.bca.unwrap_or(bootstrap.percentile),
            intervals: bootstrap
                .bca
                .into_iter()
                .chain([bootstrap.percentile, fit.normal(level), fit.normal_expected(level)])
                .chain(profile(table, fit, level))
                .collect(),
            model: fit.name(table.lists()),
            replicates: bootstrap.replicates,
        })
    }

    fn methods(&self, table: &ListTable, plan: &Plan) -> Vec<MethodRow> {
        let mut rows = Vec::new();
        let mut add = |name: &str,
                       estimate: f64,
                       interval: Option<Interval>,
                       assumes: &str,
                       in_range: bool| {
            rows.push(MethodRow { name: name.into(), estimate, interval, assumes: assumes.into(), in_range });
        };
        if let Some(models) = &self.models {
            if let Some(average) = models.average(plan.level) {
                let assumes = "lists depend on each other in pairs only; people are alike but for that";
                add("average over models", average.estimate, Some(average.interval), assumes, true);
            }
            let one = "this one model is right";
            if let Some(best) = models.best() {
                add("lowest BIC", best.estimate, Some(best.interval(plan.level)), one, true);
            }
            if let Some(best) = models.best_by_aic() {
                add("lowest AIC", best.estimate, Some(best.interval(plan.level)), one, true);
            }
        }
        if let Some(found) = &self.stepwise {
            let interval = self
                .bootstrap
                .as_ref()
                .map_or_else(|| found.fit.normal(plan.level), |bootstrap| bootstrap.percentile);
            add(
                "stepwise",
                found.fit.estimate(),
                Some(interval),
                "pairs that do not stand out are independent",
                true,
            );
        }
        for (place, found) in self.graphs.iter().enumerate() {
            let name = format!("decomposable graphs, prior weight {}", found.cell_weight);
            let assumes =
                "dependence is a decomposable graph; the prior weight decides where cells are empty";
            add(&name, found.estimate, Some(found.interval), assumes, place == 0);
        }
        if let Some(found) = &self.latent {
            let assumes = "people fall into classes, and lists are independent within one";
            add("latent classes", found.estimate, Some(found.interval), assumes, true);
        }
        for fit in &self.capture {
            let assumes = match fit.model.heterogeneity {
                Heterogeneity::None => "lists are independent and people alike",
                Heterogeneity::Chao => "a lower bound however people differ, if lists are independent",
                _ => "people differ in this one way, and lists are independent",
            };
            let interval = crate::interval::log_normal(
                table.people() as f64,
                fit.dark_figure,
                fit.log_variance + 1.0 / fit.dark_figure,
                plan.level,
                crate::IntervalKind::Normal,
            );
            add(fit.model.name(), fit.estimate, Some(interval), assumes, false);
        }
        if let Some(bound) = chao_lower_bound(table) {
            let assumes = "a lower bound if lists are alike in size and independent";
            add("Chao, simple", bound, chao_interval(table, plan.level), assumes, false);
        }
        if let Some(found) = zelterman(table) {
            add("Zelterman", found, None, "people on one list and on two stand for those on none", false);
        }
        rows
    }
}

fn range_of(methods: &[MethodRow]) -> Option<Range> {
    let rows: Vec<&MethodRow> = methods.iter().filter(|row| row.in_range).collect();
    let lowest = rows.iter().min_by(|a, b| a.estimate.total_cmp(&b.estimate))?;
    let highest = rows.iter().max_by(|a, b| a.estimate.total_cmp(&b.estimate))?;
    if highest.estimate <= DISAGREEMENT * lowest.estimate {
        return None;
    }
    let intervals = || rows.iter().filter_map(|row| row.interval);
    let unbounded = intervals().any(|interval| interval.upper.is_none());
    Some(Range {
        lower: lowest.estimate,
        upper: highest.estimate,
        lowest: lowest.name.clone(),
        highest: highest.name.clone(),
        hull: (
            intervals().map(|i| i.lower).fold(f64::INFINITY, f64::min),
            (!unbounded).then(|| intervals().filter_map(|i| i.upper).fold(0.0, f64::max)),
        ),
    })
}

fn summaries(models: &ModelTable, table: &ListTable, level: f64) -> Vec<ModelSummary> {
    let summary = |row: &crate::ModelRow| {
        let interval = row.interval(level);
        ModelSummary {
            name: row.model.name(table.lists()),
            estimate: row.estimate,
            lower: interval.lower,
            upper: interval.upper,
            aic: row.aic,
            bic: row.bic,
            weight: row.weight,
        }
    };
    models.rows.iter().take(MODELS_SHOWN).map(summary).collect()
}

/// A number of people for a sentence: three figures, with commas.
pub(crate) fn people(number: f64) -> String {
    if !number.is_finite() {
        return "no bound".into();
    }
    let unit = if number >= 1000.0 { 10_f64.powi(number.log10().floor() as i32 - 2) } else { 1.0 };
    let digits = format!("{:.0}", (number / unit).round() * unit);
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn diagnose(table: &ListTable, plan: &Plan, found: &Estimation, out: &mut Vec<Finding>) {
    let mut note = |severity, code: &str, message: String| out.push(Finding::new(severity, code, message));
    let capture = |differ: bool, heterogeneity: Heterogeneity| {
        let wanted = CaptureModel { lists_differ: differ, heterogeneity };
        found.capture_models.iter().find(|fit| fit.model == wanted)
    };
    let spread = match (
        capture(true, Heterogeneity::None),
        capture(true, Heterogeneity::Chao),
        capture(true, Heterogeneity::Darroch),
    ) {
        (Some(none), Some(chao), Some(darroch)) => format!(
            "; with lists alone the estimate is {}, and {} or {} if people differ (lower bound and Darroch's model)",
            people(none.estimate),
            people(chao.estimate),
            people(darroch.estimate)
        ),
        _ => String::new(),
    };
    note(
        Severity::Warning,
        "heterogeneity_not_excluded",
        format!(
            "no table of lists can exclude that some people are much harder to find than others; if they are, the truth is \
             higher than every figure here{spread}"
        ),
    );
    if let Some(range) = &found.range {
        note(
            Severity::Warning,
            "methods_disagree",
            format!(
                "methods disagree by {:.1} times, from {} ({}) to {} ({}); publish the range, not one figure",
                range.upper / range.lower,
                people(range.lower),
                range.lowest,
                people(range.upper),
                range.highest
            ),
        );
    }
    let shapes = [
        ("stepwise bootstrap", found.bootstrap.as_ref().map(|b| &b.shape)),
        ("bootstrap of the average", found.averaged.as_ref().map(|b| &b.shape)),
        ("latent class posterior", found.latent.as_ref().map(|l| &l.shape)),
    ];
    for (name, shape) in shapes {
        if let Some(shape) = shape.filter(|shape| shape.modes.len() > 1) {
            let modes: Vec<String> = shape
                .modes
                .iter()
                .map(|mode| format!("{} ({:.0} %)", people(mode.estimate), 100.0 * mode.share))
                .collect();
            let message = format!(
                "the {name} has {} separate peaks, at {}; one figure between them would describe neither",
                shape.modes.len(),
                modes.join(" and ")
            );
            note(Severity::Warning, "several_peaks", message);
        }
    }
    if let (Some(bootstrap), true) =
        (&found.bootstrap, found.method != Method::Auto || found.averaged.is_none())
        && bootstrap.replicates < 10_000
    {
        let message = format!(
            "{} bootstrap replicates; the ends of the interval move by several per cent below 10,000",
            bootstrap.replicates
        );
        note(Severity::Note, "few_replicates", message);
    }
    let failed =
        found.bootstrap.as_ref().map_or(0, |b| b.failed) + found.averaged.as_ref().map_or(0, |b| b.failed);
    if failed > 0 {
        let message =
            format!("on {failed} bootstrap replicates no model had a fit; intervals leave them out");
        note(Severity::Warning, "replicates_without_fit", message);
    }
    if let Some(gof) = &found.goodness_of_fit
        && gof.p < 0.05
        && gof.degrees_of_freedom > 0
    {
        let message = format!(
            "the best single model ({}) misses something: deviance {:.1} on {} degrees of freedom, probability {}; \
             furthest off: {}",
            gof.model,
            gof.deviance,
            gof.degrees_of_freedom,
            if gof.p < 0.0001 { "below 0.0001".to_owned() } else { format!("{:.4}", gof.p) },
            gof.furthest.iter().take(2).map(|(lists, _)| lists.as_str()).collect::<Vec<_>>().join(", ")
        );
        note(Severity::Warning, "poor_fit", message);
    }
    note(
        Severity::Warning,
        LINKS_CERTAIN,
        "the links behind the table are taken as certain; give tables made from draws of the linkage to carry its doubt".into(),
    );
    let empty: Vec<String> = found
        .pairs
        .iter()
        .filter(|pair| pair.counts.both == 0)
        .filter(|pair| {
            let position = |name: &str| table.position(name).unwrap_or(0);
            !table.is_impossible(crate::ListSet::of(&[position(&pair.first), position(&pair.second)]))
        })
        .map(|pair| format!("{}:{}", pair.first, pair.second))
        .collect();
    if !empty.is_empty() {
        let message = format!(
            "nobody is on both lists of {}; if that cannot be, declare it impossible, for a model takes it as chance or as \
             repulsion",
            empty.join(", ")
        );
        note(Severity::Note, "empty_pairs", message);
    }
    let misses: Vec<&Consistency> = found.consistency.iter().filter(|c| c.covers == Some(false)).collect();
    let tested = found.consistency.iter().filter(|c| c.covers.is_some()).count();
    if !misses.is_empty() {
        let names: Vec<&str> = misses.iter().map(|c| c.list.as_str()).collect();
        let message = format!(
            "each list was hidden and estimated from the others, and {} of {tested} intervals missed what is known ({}); the \
             method is less sure here than its interval says",
            misses.len(),
            names.join(", ")
        );
        note(Severity::Warning, "internal_consistency", message);
    }
    if let Some(links) = &found.missed_links {
        let message = format!(
            "for each link in a hundred that the linkage missed, the estimate is about {:.1} % too high; at 5 in a hundred \
             the truth would be about {}",
            100.0 * links.per_hundredth,
            links
                .corrected
                .iter()
                .find(|c| c.0 == 0.05)
                .map_or_else(|| "unknown".to_owned(), |c| people(c.1))
        );
        note(Severity::Note, "missed_links", message);
    }
    if let [first, second, ..] = found.graphs.as_slice() {
        let (low, high) = (first.estimate.min(second.estimate), first.estimate.max(second.estimate));
        if high > DISAGREEMENT * low {
            let message = format!(
                "the average over graphs hangs on its prior: {} with weight {} and {} with weight {}",
                people(first.estimate),
                first.cell_weight,
                people(second.estimate),
                second.cell_weight
            );
            note(Severity::Warning, "prior_decides", message);
        }
        if first.at_edge > 0.001 {
            let message = "the posterior of the average over graphs reaches the end of its grid; its interval is cut short";
            note(Severity::Warning, "graph_grid_cut", message.to_owned());
        }
    }
    if table.lists().len() == 3 {
        let message = "with three lists the data can hardly tell one kind of dependence from another; look for a fourth list";
        note(Severity::Note, "three_lists", message.to_owned());
    }
    if found.observed < 100 {
        let message =
            format!("{} people were seen; figures from so few move with each of them", found.observed);
        note(Severity::Warning, "few_people", message);
    }
    if plan.method == Method::Chao {
        let message = "Chao's figure is a lower bound, not an estimate, and exceeds the truth where lists differ much in size";
        note(Severity::Warning, "bound_not_estimate", message.to_owned());
    }
}

/// True where the figure itself is the one pooled over draws of the linkage.
fn carried(found: &Estimation) -> bool {
    found.linkage.is_some() && found.method == Method::Auto
}

fn headline(found: &Estimation) -> String {
    let upper = |end: Option<f64>| end.map_or_else(|| "no upper bound".to_owned(), people);
    let floor =
        found.floor.map_or_else(String::new, |floor| format!(" At least about {}.", people(floor.lower)));
    if let Some(range) = &found.range {
        return format!(
            "Between {} and {} people, depending on the method; {} were seen.{floor}",
            people(range.lower),
            people(range.upper),
            people(found.observed as f64)
        );
    }
    let level = 100.0 * found.interval.level;
    format!(
        "About {} people ({level:.0} % interval {} to {}{}); {} were seen.{floor}",
        people(found.estimate),
        people(found.interval.lower),
        upper(found.interval.upper),
        if carried(found) { ", errors of the linkage included" } else { "" },
        people(found.observed as f64)
    )
}

fn limits(found: &Estimation) -> Vec<String> {
    let mut limits = vec![
        format!(
            "It tells how many people were probably on none of the {} lists, if the models hold; it says nothing about any \
             one person.",
            found.lists.len()
        ),
        "It counts only people who could have come onto one of the lists; those who never could are not in any figure.".into(),
        "It takes the population as closed: nobody enters or leaves between the lists.".into(),
        if carried(found) {
            "The interval holds chance, the choice between the models tried and the doubt of the linkage. It does not hold \
             errors of the lists, or what all models share."
                .into()
        } else {
            "The interval holds chance and the choice between the models tried. It does not hold errors of the lists, of the \
             linkage, or of what all models share."
                .into()
        },
    ];
    if carried(found) {
        limits.push(
            "The doubt of the linkage is that which it knows of. Links that its model cannot see, such as those that no \
             blocking rule brings together, are not in the interval."
                .into(),
        );
    }
    if found.range.is_some() {
        limits.push("The methods disagree so far that no single figure should be quoted.".into());
    }
    if found.method == Method::Chao {
        limits.push("It is a lower bound and not an estimate.".into());
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_in_words() {
        assert_eq!(
            [people(96.4), people(1234.0), people(11_312.99), people(1_234_567.0)],
            ["96", "1,230", "11,300", "1,230,000"]
        );
        assert_eq!(people(f64::INFINITY), "no bound");
    }

    #[test]
    fn methods_have_names() {
        for method in Method::ALL {
            assert_eq!(method.name().parse::<Method>().unwrap(), method);
        }
        assert!("best".parse::<Method>().unwrap_err().to_string().contains("auto, loglinear"));
    }
}
