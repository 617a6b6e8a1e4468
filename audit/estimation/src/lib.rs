#![doc = include_str!("../README.md")]

mod capture;
mod error;
mod interval;
mod linear;
mod loglinear;
mod random;
mod simple;
mod sparse;
mod special;
mod table;

pub use capture::{CaptureFit, CaptureModel, Heterogeneity, fit_capture, floor};
pub use error::EstimationError;
pub use interval::{Interval, IntervalKind};
pub use loglinear::{Fit, Model, Verdict, fit, profile};
pub use simple::{PairCounts, chao_interval, chao_lower_bound, zelterman};
pub use sparse::{Step, Stepwise, stepwise};
pub use table::{ListSet, ListTable, MAX_LISTS, MAX_PEOPLE};
