//! What the register can be told: one type per kind of event, and the way in and out of the ledger's envelope.

use candour_ledger::Entry;
use candour_record::{
    Area, Basis, Body, BodyId, Citation, DateOrUnknown, Document, Instrument, InstrumentId, PartialDate,
    RecordError, Source,
};
use serde::{Deserialize, Serialize};

use crate::axes::{Adequacy, Claim, Evidence, Reasons, Response};
use crate::deadline::Deadline;
use crate::error::RegisterError;
use crate::extract::Item;

/// The permanent name of a recommendation, such as `iicsa-2022-13`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecommendationId(InstrumentId);

/// The permanent name of a commitment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitmentId(InstrumentId);

macro_rules! register_id {
    ($name:ident) => {
        impl $name {
            /// Checks and keeps an identifier: 1 to 120 of `a-z 0-9 . _ -`.
            pub fn new(id: impl AsRef<str>) -> Result<Self, RecordError> {
                InstrumentId::new(id).map(Self)
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = RecordError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::new(s)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    };
}
register_id!(RecommendationId);
register_id!(CommitmentId);

/// Words, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as", content = "text")]
pub enum Wording {
    /// The document's own words.
    Verbatim(String),
    /// A paraphrase written for this register; never shown as official text.
    Paraphrase(String),
    /// Not seen in any source read.
    Unknown,
}

impl Wording {
    /// The words, whoever wrote them.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Verbatim(text) | Self::Paraphrase(text) => Some(text),
            Self::Unknown => None,
        }
    }
}

/// Someone a recommendation is made to: as written, and the body it is where the register knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The body, where resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyId>,
    /// The words of the document, or the body's name where the register was given only that.
    pub as_written: String,
}

/// A recommendation, as made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Permanent name.
    pub id: RecommendationId,
    /// The report that makes it.
    pub instrument: InstrumentId,
    /// Its number as printed; empty where not known.
    pub number: String,
    /// Whether the number was seen beside this content.
    pub number_confirmed: bool,
    /// A short title.
    pub title: String,
    /// What it asks.
    pub wording: Wording,
    /// Whom it asks.
    pub addressees: Vec<Addressee>,
    /// Time limits it sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
    /// When an answer was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_due: Option<PartialDate>,
    /// Earlier recommendations it repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restates: Vec<RecommendationId>,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// An answer to a recommendation by one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseGiven {
    /// The recommendation answered.
    pub recommendation: RecommendationId,
    /// Who answered.
    pub responder: BodyId,
    /// The position, on the Response axis.
    pub position: Response,
    /// How the position was described where it was read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stated_as: String,
    /// What the answer says.
    pub wording: Wording,
    /// Whether reasons came with it.
    pub reasons: Reasons,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// An answer was looked for and not found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoAnswerFound {
    /// The recommendation.
    pub recommendation: RecommendationId,
    /// Whose answer was looked for.
    pub addressee: BodyId,
    /// Where it was looked for.
    pub searched: String,
}

/// What a body says it has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimMade {
    /// The recommendation.
    pub recommendation: RecommendationId,
    /// Who says so.
    pub claimant: BodyId,
    /// How far along it says it is.
    pub status: Claim,
    /// What it says.
    pub what: String,
    /// How far this was checked.
    pub basis: Basis,
}

/// What public records show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFound {
    /// The recommendation.
    pub recommendation: RecommendationId,
    /// How strong it is.
    pub grade: Evidence,
    /// What was found, or where it was looked for.
    pub what: String,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A promise with or without a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentMade {
    /// Permanent name.
    pub id: CommitmentId,
    /// The recommendation or instrument it serves; empty where it stands alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Who promised, as the register knows them.
    pub made_by: Vec<Addressee>,
    /// What was promised.
    pub what: String,
    /// The first date given; never overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_due: Option<PartialDate>,
    /// How the date was worded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub due_words: String,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A promise's date was moved. The first date stays beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentRebased {
    /// Which commitment.
    pub commitment: CommitmentId,
    /// The new date; `None` where the date was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_due: Option<PartialDate>,
    /// Whether reasons came with it.
    pub reasons: Reasons,
}

/// What is reported of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitmentState {
    /// Reported kept.
    Met,
    /// Reported kept in part.
    PartlyMet,
    /// Reported not kept by its date.
    Missed,
    /// Reported still open.
    Open,
    /// Replaced by something else.
    Changed,
    /// Not known.
    Unknown,
}

impl CommitmentState {
    /// In plain words, for a page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "Met",
            Self::PartlyMet => "Partly met",
            Self::Missed => "Missed",
            Self::Open => "Open",
            Self::Changed => "Replaced by something else",
            Self::Unknown => "Not known",
        }
    }
}

/// A report of how a promise stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentStateReported {
    /// Which commitment.
    pub commitment: CommitmentId,
    /// How it stood on the entry's effective date.
    pub state: CommitmentState,
}

/// One assessor's judgement under a stated rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdequacyAssessed {
    /// The recommendation.
    pub recommendation: RecommendationId,
    /// Who judges.
    pub assessor: String,
    /// The rubric and its version.
    pub rubric: String,
    /// The verdict.
    pub verdict: Adequacy,
    /// Why.
    pub reasons: String,
}

/// Something dated that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// Permanent name.
    pub id: String,
    /// A word for its kind, such as `statement` or `bill`.
    pub sort: String,
    /// The instrument, recommendation or commitment it concerns; empty where it stands alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What happened.
    pub what: String,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A figure or finding a source reports; the source's, never the register's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureReported {
    /// Permanent name.
    pub id: String,
    /// What it measures, or the finding in a sentence.
    pub what: String,
    /// The figure as reported; empty for a finding in words.
    pub value: String,
    /// The time it covers.
    pub period: String,
    /// The place it covers.
    pub area: String,
    /// How far this was checked.
    pub basis: Basis,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How far the register has looked, so that silence after it is never read as inaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageStated {
    /// The newest date for which sources were looked for.
    pub through: PartialDate,
    /// How they were looked for.
    pub how: String,
}

/// What a machine read in a document, waiting for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The document read.
    pub document: candour_record::ContentHash,
    /// What was read, with its rule and confidence.
    pub item: Item,
    /// The reader's version.
    pub reader: String,
}

/// A named person accepted a proposal, which made a recommendation of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The proposal's own entry in the ledger.
    pub proposal: u64,
    /// The recommendation it became.
    pub recommendation: Recommendation,
}

/// What a named person decided about what a machine read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is part of the register now.
    Accepted,
    /// It is not.
    Rejected,
    /// It was several things, which are proposals of their own now.
    Split,
    /// It was one thing with another, which is a proposal of its own now.
    Merged,
    /// An earlier judgement is taken back, with what it recorded.
    Reopened,
}

impl Verdict {
    /// In plain words, for a page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Split => "Split",
            Self::Merged => "Merged",
            Self::Reopened => "Reopened",
        }
    }
}

/// A named person judged proposals. What acceptance makes of them stands beside this in entries of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The proposals' own entries in the ledger.
    pub proposals: Vec<u64>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, where the person said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether the person changed what the machine had read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub amended: bool,
    /// Entries that a reopening takes back; they stay in the ledger and count for nothing from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retracts: Vec<u64>,
    /// The judgement of these proposals before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<u64>,
}

/// Anything the register can be told.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "facts are handled a few at a time; a box at every use buys nothing"
)]
#[expect(missing_docs, reason = "each variant is documented at the type it holds")]
pub enum Fact {
    Source(Source),
    Body(Body),
    Area(Area),
    Instrument(Instrument),
    Document(Document),
    Recommendation(Recommendation),
    Response(ResponseGiven),
    NoAnswer(NoAnswerFound),
    Claim(ClaimMade),
    Evidence(EvidenceFound),
    Commitment(CommitmentMade),
    Rebased(CommitmentRebased),
    CommitmentState(CommitmentStateReported),
    Adequacy(AdequacyAssessed),
    Happening(Happening),
    Figure(FigureReported),
    Coverage(CoverageStated),
    Proposal(Proposal),
    Accepted(Accepted),
    Judgement(Judgement),
}

/// A fact with when it happened and what it rests on, before anyone has recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The fact.
    pub fact: Fact,
    /// When it happened in the world; `None` for what is not a dated happening.
    pub effective: Option<DateOrUnknown>,
    /// What it rests on.
    pub citations: Vec<Citation>,
}

macro_rules! kinds {
    ($($variant:ident($type:ty) = $kind:literal, $subject:expr;)+) => {
        impl Fact {
            /// The kind of ledger entry it becomes.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            /// What the entry is about.
            pub fn subject(&self) -> String {
                match self { $(Self::$variant(value) => { let subject: fn(&$type) -> String = $subject; subject(value) })+ }
            }

            /// The payload of the entry.
            pub fn payload(&self) -> Result<serde_json::Value, RegisterError> {
                match self { $(Self::$variant(value) => serde_json::to_value(value),)+ }.map_err(|e| RegisterError::Entry {
                    kind: self.kind().to_owned(),
                    subject: self.subject(),
                    problem: e.to_string(),
                })
            }

            /// Reads an entry back; `None` for a kind that is not the register's.
            pub fn from_entry(entry: &Entry) -> Option<Result<Self, RegisterError>> {
                let read = match entry.kind.as_str() {
                    $($kind => Deserialize::deserialize(&entry.payload).map(Self::$variant),)+
                    _ => return None,
                };
                Some(read.map_err(|e: serde_json::Error| RegisterError::Entry {
                    kind: entry.kind.clone(),
                    subject: entry.subject.clone(),
                    problem: e.to_string(),
                }))
            }
        }
    };
}

kinds! {
    Source(Source) = "source.listed", |s| s.id.to_string();
    Body(Body) = "body.listed", |b| b.id.to_string();
    Area(Area) = "area.listed", |a| a.id.to_string();
    Instrument(Instrument) = "instrument.listed", |i| i.id.to_string();
    Document(Document) = "document.read", |d| d.sha256.to_string();
    Recommendation(Recommendation) = "recommendation.made", |r| r.id.to_string();
    Response(ResponseGiven) = "response.given", |r| r.recommendation.to_string();
    NoAnswer(NoAnswerFound) = "response.not-found", |r| r.recommendation.to_string();
    Claim(ClaimMade) = "claim.made", |c| c.recommendation.to_string();
    Evidence(EvidenceFound) = "evidence.found", |e| e.recommendation.to_string();
    Commitment(CommitmentMade) = "commitment.made", |c| c.id.to_string();
    Rebased(CommitmentRebased) = "commitment.rebased", |c| c.commitment.to_string();
    CommitmentState(CommitmentStateReported) = "commitment.state-reported", |c| c.commitment.to_string();
    Adequacy(AdequacyAssessed) = "adequacy.assessed", |a| a.recommendation.to_string();
    Happening(Happening) = "happening.recorded", |h| h.id.clone();
    Figure(FigureReported) = "figure.reported", |f| f.id.clone();
    Coverage(CoverageStated) = "coverage.stated", |_| "register".to_owned();
    Proposal(Proposal) = "proposal.made", |p| p.document.to_string();
    Accepted(Accepted) = "proposal.accepted", |a| a.recommendation.id.to_string();
    Judgement(Judgement) = "proposal.judged", |j| format!("proposal-{}", j.proposals.first().copied().unwrap_or_default());
}
