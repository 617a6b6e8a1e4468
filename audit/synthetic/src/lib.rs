#![doc = include_str!("../README.md")]

mod dates;
mod error;
mod geography;
mod knobs;
mod names;
mod random;

pub use error::SyntheticError;
pub use geography::{Authority, BodyType, Force, Geography, SendingBody};
pub use knobs::*;
