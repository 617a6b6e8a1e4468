#![doc = include_str!("../README.md")]

mod dates;
mod error;
mod geography;
mod knobs;
mod names;
mod particulars;
mod random;
mod truth;

pub use error::SyntheticError;
pub use geography::{Authority, Force, Geography, SendingBody};
pub use knobs::*;
pub use truth::List;
