#![doc = include_str!("../README.md")]

mod check;
mod error;
mod example;
mod fact;
#[cfg(feature = "files")]
pub mod files;
mod generate;
mod keyed;
mod mapping;
mod outside;
mod quality;
mod queries;
mod returned;
mod rules;
mod specification;
mod statistics;
mod text;
pub mod workflow;
mod xlsx;

pub use check::{
    CheckOptions, CheckReport, Dimension, Finding, MissingCounts, Ran, Rule, RuleOutcome, RuleSeverity,
    Thresholds, check, findings_csv,
};
pub use error::ReturnsError;
pub use example::Example;
pub use keyed::{HashKey, RecordKey};
pub use mapping::{DateOrder, Mapping};
pub use outside::{
    BodyDigest, CallTerms, ColumnUse, DuplicateEstimate, FieldAgreement, OutputCell, OutputTable, Outside,
    PeerFigures, PublishedFigure, RowDigest, SampleStratum, Step, YearCount, harmed_elsewhere,
    offences_in_common,
};
pub use quality::{
    DimensionQuality, FieldQuality, GroupBounds, QualityReport, QualityWeights, RuleCounts, group_bounds,
    quality,
};
pub use returned::{Cell, FileFacts, Header, MOST_ROWS, Return, ReturnReader, SheetReader};
pub use rules::{ALL as RULES, find as find_rule, rules_markdown};
pub use specification::{
    AUD_1, Analysis, BodyType, Code, CodeList, ColumnOf, ColumnSpec, ColumnType, ForeignKey, Linkage,
    Missing, Part, Partition, Quality, Readable, Specification, TableSpec,
};
pub use statistics::{
    Share, Z_95, Z_998, funnel_limits, identification_bounds, outside_funnel, unusual_change, wilson,
};
