#![doc = include_str!("../README.md")]

mod call;
mod dates;
mod dialect;
mod error;
mod geography;
mod knobs;
mod names;
mod nation;
mod notes;
mod particulars;
mod plan;
mod press;
mod random;
mod record;
pub mod score;
mod truth;

pub use error::SyntheticError;
pub use geography::{Authority, Force, Geography, SendingBody};
pub use knobs::{
    Childrens, Distortion, Faults, Flags, GroupKnobs, Knobs, Language, NOTES_PER_VICTIM, ROWS_PER_VICTIM,
    Recording, Sabotage, Suspects, Victims,
};
pub use nation::{BodySummary, Nation, Piece, Summary, file_table};
pub use plan::{Format, Sabotaged};
pub use press::Cause;
pub use truth::List;
