use serde::{Deserialize, Serialize};

use crate::{DateOrUnknown, InstrumentId, PartialDate};

/// What sort of thing makes the recommendations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// A public inquiry.
    Inquiry,
    /// A report of an inquiry.
    Report,
    /// An audit.
    Audit,
    /// A review without statutory powers.
    Review,
    /// An inspection.
    Inspection,
    /// An inquiry into one place, under a national one or on its own.
    LocalInquiry,
    /// A committee of a parliament.
    Committee,
    /// Anything else.
    Other,
}

/// An inquiry, audit, review, inspection or one of their reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Permanent name.
    pub id: InstrumentId,
    /// What sort of thing it is.
    pub kind: InstrumentKind,
    /// Its title.
    pub title: String,
    /// The instrument it belongs to: a report's inquiry, a local inquiry's national one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<InstrumentId>,
    /// Who chairs or wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub led_by: String,
    /// Where it applies.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub territory: String,
    /// Under what power it was made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub established: Option<DateOrUnknown>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<DateOrUnknown>,
    /// The date by which it asked to be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_due: Option<PartialDate>,
    /// How many recommendations it says it made; `None` where no count was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_count: Option<u32>,
    /// What a reader should know about the record of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
