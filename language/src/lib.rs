#![doc = include_str!("../README.md")]

mod check;
mod error;
mod finding;
mod inflection;
pub mod literate;
mod note;
pub mod output;
mod pack;
mod pattern;
mod prediction;
mod random;
pub mod rates;
mod record;
mod rule_tests;
mod status;
mod text;
mod typing;
pub mod vale;
mod yaml;

pub use check::{Checker, Mention, Reading, Scratch};
pub use error::LanguageError;
pub use finding::{
    Anchor, Baseline, Finding, Location, PassedOver, Report, Settings, category_meaning, citation,
    keyed_hash, reason_name, report,
};
pub use note::{Meta, Note};
pub use pack::{Head, Kind, Pack, Reach, Rule, Severity, Source, Subject, Trigger, TriggerKind};
pub use prediction::{Annotation, LanguageSpan, Prediction};
pub use record::{Contradiction, Dated, Flag, Place, Window, contradictions, flags};
pub use rule_tests::{RuleFailure, test_rules};
pub use status::{Assertion, Cue, Experiencer, NotCounted, Temporality};
