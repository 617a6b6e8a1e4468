#![doc = include_str!("../README.md")]

mod axes;
mod deadline;
mod error;
mod extract;
mod fact;
mod headline;
mod import;
mod project;
mod status;

pub use axes::{Adequacy, Claim, Evidence, Reasons, Response, Schedule, Tone};
pub use deadline::{Anchor, Deadline, DeadlineType, Unit, find_deadlines};
pub use error::RegisterError;
pub use extract::{DocumentKind, Extraction, Item, ItemKind, Part, Place, ReadResponse, Request, extract};
pub use fact::{
    Accepted, Addressee, AdequacyAssessed, ClaimMade, CommitmentId, CommitmentMade, CommitmentRebased,
    CommitmentState, CommitmentStateReported, CoverageStated, Draft, EvidenceFound, Fact, FigureReported,
    Happening, Judgement, NoAnswerFound, Proposal, Recommendation, RecommendationId, ResponseGiven, Verdict,
    Wording,
};
pub use headline::{Headline, HeadlineCode, RULES, Rule};
pub use import::{BUNDLED, ImportedRegister, import_tables};
pub use project::{
    AsAt, CommitmentRecord, InstrumentRecord, Judged, RecommendationRecord, Recorded, Register,
};
pub use status::{Answer, AnswerClock, DueItem, Status};
