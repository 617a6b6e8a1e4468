#![doc = include_str!("../README.md")]

mod bootstrap;
mod capture;
mod diagnostics;
mod error;
mod estimate;
mod graphs;
mod interval;
mod latent;
mod linear;
mod links;
mod loglinear;
mod models;
#[expect(clippy::many_single_char_names, reason = "the letters of the papers that the draws come from")]
mod random;
mod shape;
mod simple;
mod sparse;
#[expect(
    clippy::many_single_char_names,
    reason = "the letters that these functions are written with everywhere"
)]
mod special;
mod strata;
mod table;

pub use bootstrap::{Bootstrap, BootstrapPlan, MAX_REPLICATES, bootstrap};
pub use capture::{CaptureFit, CaptureModel, Heterogeneity, fit_capture, floor};
pub use diagnostics::{
    Consistency, GoodnessOfFit, PairDiagnostic, SWEEP, Sweep, Variant, dependence_sweep, goodness_of_fit,
    internal_consistency, internal_consistency_by, lists_left_out, lists_merged, pair_diagnostics,
};
pub use error::EstimationError;
pub use estimate::{
    DISAGREEMENT, Estimation, MODELS_SHOWN, Method, MethodRow, ModelSummary, Plan, Range, estimate,
    estimate_linked,
};
pub use graphs::{GraphAverage, GraphPlan, GraphWeight, graph_average};
pub use interval::{Interval, IntervalKind};
pub use latent::{Convergence, LatentClass, LatentPlan, latent_class};
pub use links::{FEWEST_DRAWS, LinkagePlan, MissedLinks, Pooled, missed_links, pool};
pub use loglinear::{Fit, Model, Verdict, fit, profile};
pub use models::{
    Average, AveragedBootstrap, AveragingPlan, MAX_MODELS, ModelRow, ModelTable, all_models,
    average_bootstrap,
};
pub use shape::{Mode, Shape};
pub use simple::{PairCounts, chao_interval, chao_lower_bound, zelterman};
pub use sparse::{Step, Stepwise, stepwise};
pub use strata::{AgeBand, StrataEstimation, StrataFloor, Stratum, StratumRow, estimate_strata};
pub use table::{ListSet, ListTable, MAX_LISTS, MAX_PEOPLE};
