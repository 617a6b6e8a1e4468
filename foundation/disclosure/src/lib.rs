#![doc = include_str!("../README.md")]

mod cell_key;
mod dimension;
mod door;
mod earlier;
mod error;
mod guard;
mod lp;
mod pattern;
mod profile;
mod public;
mod rounding;
mod system;
mod table;

pub use cell_key::{NoiseTable, record_key};
pub use dimension::{DEEPEST, Dimension, MOST_CODES};
pub use door::{Action, Attacked, Budget, Decision, MOST_TABLES, Passed, Refusal, Release};
pub use earlier::Earlier;
pub use error::DisclosureError;
pub use profile::{KeepSmall, Levels, Noise, Profile, Protect, Rounding, Symbols, Zeros};
pub use public::{Audit, PublicTable, Shown};
pub use table::{CountTable, Entry, LARGEST_COUNT, MOST_CELLS, MOST_DIMENSIONS, Tally};
