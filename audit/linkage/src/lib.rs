#![doc = include_str!("../README.md")]

mod accuracy;
mod block;
mod clusters;
mod compare;
mod dates;
pub mod encoded;
mod error;
mod features;
mod household;
mod linker;
mod output;
mod pairs;
mod parquet_guard;
mod persistent;
mod random;
mod read;
mod records;
mod report;
mod review;
pub mod safeguard;
mod score;
mod settings;
pub mod splink;
pub mod sql;
mod text;
pub mod toml_settings;
mod train;
mod uncertainty;

pub use accuracy::{
    AccuracyEstimates, CALIBRATION_EDGES, CalibrationBand, ClusterAccuracy, Estimate, Labels, LinkErrors,
    LinkRateCounts, MissedLink, PairCounts, Resampling, ThresholdRow, ThresholdTable, Truth, calibration,
    cluster_accuracy, cluster_estimates, labelled_cluster_accuracy, link_errors, link_rates,
    link_rates_by_presence, linked_records, pair_accuracy, pair_estimates, threshold_table,
};
pub use block::RuleCount;
pub use clusters::{
    Bridge, ClusterConcern, ClusterGraph, Clusters, CrossWeight, GraphLimits, Groups, Links, Pairing,
    Sources, SplitOptions, SplitRule, best_links, cluster_graphs, components, components_at, one_to_one,
    split, worth_a_look,
};
pub use error::LinkageError;
pub use household::{Class, Mixture};
pub use linker::{KeptPair, Linker, PairScorer, Part, PredictReport, Progress, Step, TrainingReport};
pub use output::{PairWriter, write_clusters};
pub use pairs::{ScoredPair, probability_of, weight_of};
pub use parquet_guard::check_parquet;
pub use persistent::{ClusterEvent, ClusterId, LastingIds, lasting_ids};
pub use read::Tables;
pub use records::Records;
pub use report::{
    ClassFigures, ClusterSizes, ColumnFigures, ComparisonFigures, FrequencyBin, FrequencyFigures,
    LevelFigures, LinkageReport, PatternChoice, ReportTally, RuleFigures, SourceCount, TermValue, TermValues,
    ThresholdFigures, TruthTotals, Unlinkables, Waterfall, WeightBin, blocking_report,
};
pub use review::{
    Agreement, Bucket, CalibrationBlock, CalibrationShape, DECISION_COLUMNS, Decision, LabelledPair, Outcome,
    QueuedPair, Reading, ReviewAccuracy, ReviewEstimate, ReviewPlan, ReviewQueue, ReviewState, Verdict,
    WeightCalibration, read_decisions, sample_for_review, write_decisions,
};
pub use settings::{
    BlockingRule, Bound, Comparison, Condition, Level, LinkType, Measure, Operand, Role, Settings, Side,
    TermFrequency, TextUnit, Thresholds, Training, Value,
};
pub use train::Session;
pub use uncertainty::{DrawOptions, LinkageDraws, PeopleCount, draw_links};
