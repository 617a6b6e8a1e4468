#![doc = include_str!("../README.md")]

mod body;
mod date;
mod document;
mod error;
mod finding;
mod guard;
mod id;
mod instrument;
mod protected;

pub use body::{Area, AreaKind, Body, BodyKind, Code, NameInTime};
pub use date::{DateOrUnknown, PartialDate, month_number};
pub use document::{Basis, Citation, ContentHash, Document, MediaKind, Passage, Source, SourceKind, Span};
pub use error::RecordError;
pub use finding::{Finding, Severity};
pub use guard::{guarded, is_guarded};
pub use id::{AreaId, BodyId, InstrumentId, SourceId};
pub use instrument::{Instrument, InstrumentKind};
pub use protected::{Presence, Protected};
