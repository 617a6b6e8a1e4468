//! The states of a call and of each body's return, and the events that move them.
//!
//! An event holds nothing of a record and nobody's key: bodies, versions, offices, days, words that are meant to be public, and how many
//! queries stand in which state. That is why the events may lie in a public ledger, and why all that the public table says can be
//! made from them. Nothing here takes a clock: the time of an event, and the day on which something is asked, come in as values.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::check::CheckReport;
use crate::error::ReturnsError;
pub use crate::queries::{
    Answer, Chained, History, Queries, Query, QueryEvent, QueryKey, QueryState, Resubmission, key_of,
};
use crate::specification::BodyType;

/// Who acts, when and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A person or an office, by name.
    pub actor: &'a str,
    /// When it is recorded.
    pub at: Timestamp,
    /// The day on which it happened.
    pub on: Date,
    /// Why, in a few words.
    pub reason: &'a str,
}

/// An event as a ledger holds it: what is said, without who recorded it and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said<E> {
    /// Its place in the history, from 0. It makes two like events two entries.
    pub sequence: u32,
    /// What happened.
    pub event: E,
    /// Why, in words that are meant to be public.
    pub reason: String,
    /// The state that it came to, in words.
    pub state: String,
    /// The version that it came to: of the call's definitions, or of the return. 0 for none.
    pub version: u32,
}

/// An event with who recorded it, when, and the day on which it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<E> {
    /// What is said.
    pub said: Said<E>,
    /// Who did it: a person or an office, by name.
    pub actor: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The day on which it happened.
    pub on: Date,
}

/// Refuses an act without an actor or a reason, and one before the act that it follows.
pub(crate) fn check_by(by: &By<'_>, after: Option<Timestamp>) -> Result<(), ReturnsError> {
    let fault = |what, reason: &str| Err(ReturnsError::Event { what, reason: reason.to_owned() });
    if by.actor.trim().is_empty() {
        return fault("an actor", "name the person or office that acts");
    }
    if by.reason.trim().is_empty() {
        return fault("a reason", "say why, in a few words");
    }
    if after.is_some_and(|after| by.at < after) {
        return fault("a time", "it cannot be before the event that it follows");
    }
    Ok(())
}

/// An event put behind those before it.
fn push<E>(history: &mut Vec<Recorded<E>>, event: E, state: String, version: u32, by: &By<'_>) {
    let said = Said { sequence: history.len() as u32, event, reason: by.reason.to_owned(), state, version };
    history.push(Recorded { said, actor: by.actor.to_owned(), at: by.at, on: by.on });
}

/// Whether the event that was put last says what a ledger says, at the same place.
fn agrees<E>(history: &[Recorded<E>], sequence: u32, state: &str, version: u32) -> Result<(), ReturnsError> {
    let last = history.last().map(|r| &r.said);
    if last.is_some_and(|l| l.sequence == sequence && l.state == state && l.version == version) {
        return Ok(());
    }
    let found = last.map_or_else(String::new, |l| {
        format!("event {} comes to {}, version {}", l.sequence, l.state, l.version)
    });
    Err(ReturnsError::Replay { found, said: format!("event {sequence}, {state}, version {version}") })
}

/// The state of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Being written.
    Draft,
    /// The power to ask, the data protection assessment and the burden are settled.
    LegalCleared,
    /// Tried with a few bodies.
    Piloted,
    /// Sent out, with this version of the definitions.
    Issued(u32),
    /// Changed after it was sent out.
    Amended(u32),
    /// No more returns are taken.
    Closed,
    /// Nothing of it changes any more.
    Frozen,
    /// Its report is out.
    Published,
    /// Record-level data are destroyed.
    Destroyed,
}

/// What can happen to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEvent {
    /// Legally cleared.
    Clear {
        /// The power by which it asks.
        power: String,
        /// Reference of the data protection impact assessment.
        dpia: String,
        /// Hours that it costs a body, as assessed.
        burden_hours: u32,
    },
    /// Tried.
    Pilot,
    /// Sent out.
    Issue(Terms),
    /// Changed and sent out again.
    Amend(Terms),
    /// Closed.
    Close,
    /// Frozen.
    Freeze,
    /// Published.
    Publish {
        /// The release.
        release: String,
    },
    /// Record-level data destroyed.
    Destroy {
        /// Reference of the certificate.
        certificate: String,
    },
}

impl CallEvent {
    /// The kind of ledger entry that it becomes.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Clear { .. } => "call.cleared",
            Self::Pilot => "call.piloted",
            Self::Issue(_) => "call.issued",
            Self::Amend(_) => "call.amended",
            Self::Close => "call.closed",
            Self::Freeze => "call.frozen",
            Self::Publish { .. } => "call.published",
            Self::Destroy { .. } => "call.destroyed",
        }
    }
}

/// What a call asks for, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The version of the definitions.
    pub definitions: String,
    /// First and last day asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<(Date, Date)>,
    /// The time limits.
    pub deadlines: Deadlines,
}

impl Terms {
    fn check(&self) -> Result<(), ReturnsError> {
        let fault = |what, reason: &str| Err(ReturnsError::Event { what, reason: reason.to_owned() });
        if self.definitions.trim().is_empty() {
            return fault("definitions", "say which version of the specification the bodies are to use");
        }
        if self.period.is_some_and(|(first, last)| last < first) {
            return fault("a period", "its last day is before its first");
        }
        let Deadlines { acknowledge, upload, answer, sign } = self.deadlines;
        let days: Vec<Date> = [acknowledge, Some(upload), answer, sign].into_iter().flatten().collect();
        if days.is_sorted() {
            return Ok(());
        }
        fault("time limits in order", "acknowledge, upload, answer and sign follow one another")
    }
}

/// What must be done because of an event; the program does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Every body is told not to destroy its records.
    SendPreservationNotice,
    /// Every body is told of the new version.
    SendAmendment(u32),
    /// The call's keys are destroyed.
    DestroyKeys,
}

/// A call and its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: CallState,
    /// What was asked for when it was last sent out.
    pub terms: Option<Terms>,
    /// What happened to it.
    pub history: Vec<Recorded<CallEvent>>,
}

impl Call {
    /// A call that is being written.
    pub fn draft(id: impl Into<String>) -> Self {
        Self { id: id.into(), state: CallState::Draft, terms: None, history: Vec::new() }
    }

    /// Whether returns are taken.
    pub fn is_open(&self) -> bool {
        matches!(self.state, CallState::Issued(_) | CallState::Amended(_))
    }

    /// Moves the call, or refuses with what it could do instead. Gives what must be done because of it.
    pub fn apply(&mut self, event: CallEvent, by: &By<'_>) -> Result<Vec<Effect>, ReturnsError> {
        use CallEvent as E;
        use CallState as S;
        check_by(by, self.history.last().map(|last| last.at))?;
        let (state, effects) = match (&self.state, &event) {
            (S::Draft, E::Clear { power, dpia, .. }) => {
                if power.trim().is_empty() || dpia.trim().is_empty() {
                    let reason =
                        "a call is cleared by naming its power and its data protection impact assessment";
                    return Err(ReturnsError::Event {
                        what: "a power and an assessment",
                        reason: reason.to_owned(),
                    });
                }
                (S::LegalCleared, vec![])
            }
            (S::LegalCleared, E::Pilot) => (S::Piloted, vec![]),
            (S::Piloted, E::Issue(terms)) => {
                terms.check()?;
                (S::Issued(1), vec![Effect::SendPreservationNotice])
            }
            (S::Issued(version) | S::Amended(version), E::Amend(terms)) => {
                terms.check()?;
                (S::Amended(version + 1), vec![Effect::SendAmendment(version + 1)])
            }
            (S::Issued(_) | S::Amended(_), E::Close) => (S::Closed, vec![]),
            (S::Closed, E::Freeze) => (S::Frozen, vec![Effect::DestroyKeys]),
            (S::Frozen | S::Published, E::Publish { .. }) => (S::Published, vec![]),
            (S::Published, E::Destroy { .. }) => (S::Destroyed, vec![]),
            (state, _) => {
                let allowed = match state {
                    S::Draft => "cleared",
                    S::LegalCleared => "piloted",
                    S::Piloted => "issued",
                    S::Issued(_) | S::Amended(_) => "amended or closed",
                    S::Closed => "frozen",
                    S::Frozen => "published",
                    S::Published => "published again or destroyed",
                    S::Destroyed => "nothing more",
                };
                return Err(refuse("call", &state.to_string(), &name(&event), allowed));
            }
        };
        if let E::Issue(terms) | E::Amend(terms) = &event {
            self.terms = Some(terms.clone());
        }
        let version = match state {
            S::Issued(version) | S::Amended(version) => version,
            _ => self.history.last().map_or(0, |last| last.said.version),
        };
        self.state = state;
        push(&mut self.history, event, self.state.to_string(), version, by);
        Ok(effects)
    }

    /// Moves the call as a ledger says it was moved, and refuses where that does not follow from what came before.
    pub fn replay(&mut self, said: Said<CallEvent>, by: &By<'_>) -> Result<(), ReturnsError> {
        self.apply(said.event, by)?;
        agrees(&self.history, said.sequence, &said.state, said.version)
    }
}

/// The state of one body's return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// The body has said nothing.
    NotStarted,
    /// The body has said that it has the call.
    Acknowledged,
    /// The body is at work.
    Preparing,
    /// Checked at the body; nothing was sent.
    DryRun,
    /// Sent, in this version.
    Uploaded(u32),
    /// Not loaded.
    StructureRejected,
    /// Checked.
    Validated,
    /// Questions are open.
    QueriesOpen,
    /// Sent again, in this version.
    Resubmitted(u32),
    /// The body's data lead stands behind it.
    LocallyApproved,
    /// Its head has signed it.
    SignedOff {
        /// The office that signed, such as chief constable.
        office: String,
        /// The day.
        on: Date,
    },
    /// Taken.
    Accepted,
    /// Taken, with what must be said beside it.
    AcceptedWithCaveats(Vec<String>),
    /// Not taken.
    NotAccepted,
    /// Nothing of it changes any more.
    Frozen,
    /// Linked with others.
    Linked,
    /// Used in releases.
    Used(Vec<String>),
    /// The body says that it has nothing, and who says so.
    NilConfirmed {
        /// The office that signed.
        office: String,
    },
    /// Some tables will not come.
    Partial {
        /// Those that will not.
        without: Vec<String>,
    },
    /// The body cannot.
    CannotSupply,
    /// The body will not.
    Refused {
        /// What the call's lawyers answered.
        legal_answer: String,
    },
    /// Taken back.
    Withdrawn,
    /// Opened again after it was used in a release.
    ReopenedAfterRelease,
}

/// What can happen to a return. Why a body refuses or cannot is the reason of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnEvent {
    /// The call was sent to the body.
    Call {
        /// What the body is called; empty where its code is all that is known.
        name: String,
        /// What sort of body it is.
        kind: Option<BodyType>,
    },
    /// The body has the call.
    Acknowledge,
    /// Work began.
    Prepare,
    /// Checked at the body.
    DryRun,
    /// Received for the first time, or after its structure was rejected.
    Upload {
        /// SHA-256 of its receipt, in hexadecimal.
        sha256: String,
    },
    /// Its structure was rejected.
    RejectStructure,
    /// Checked.
    Validate {
        /// The queries after it.
        queries: QueryCounts,
    },
    /// Questions were put.
    OpenQueries,
    /// Queries were answered, or an answer was taken, not taken or taken up.
    Answer {
        /// The queries after it.
        queries: QueryCounts,
    },
    /// Checked again, because the returns of other bodies say something new about it.
    Recheck {
        /// The queries after it.
        queries: QueryCounts,
    },
    /// Received again.
    Resubmit {
        /// SHA-256 of its receipt, in hexadecimal.
        sha256: String,
    },
    /// Approved by the data lead.
    Approve,
    /// Signed by the head of the body.
    SignOff {
        /// The office.
        office: String,
        /// The day.
        on: Date,
    },
    /// Taken.
    Accept,
    /// Taken with caveats.
    AcceptWithCaveats(Vec<String>),
    /// Not taken.
    NotAccept,
    /// Frozen.
    Freeze,
    /// Linked.
    Link,
    /// Used in a release.
    Use {
        /// The release.
        release: String,
    },
    /// The body says that it has nothing.
    ConfirmNil {
        /// The office that signs.
        office: String,
    },
    /// Some tables will not come.
    SendPartial {
        /// Those that will not.
        without: Vec<String>,
    },
    /// The body cannot.
    CannotSupply,
    /// The body will not.
    Refuse {
        /// What the call's lawyers answered.
        legal_answer: String,
    },
    /// Taken back.
    Withdraw,
    /// Opened again after a release.
    Reopen,
    /// What was due is not there, and the body was reminded.
    Overdue {
        /// The day on which it was due.
        due: Date,
    },
    /// It was still not there, and someone further up was told: a rung of [`RUNGS`].
    Escalate {
        /// The day on which it was due.
        due: Date,
        /// The rung.
        level: u8,
    },
}

impl ReturnEvent {
    /// The kind of ledger entry that it becomes.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Call { .. } => "return.called",
            Self::Acknowledge => "return.acknowledged",
            Self::Prepare => "return.prepared",
            Self::DryRun => "return.run-dry",
            Self::Upload { .. } => "return.received",
            Self::RejectStructure => "return.structure-rejected",
            Self::Validate { .. } => "return.checked",
            Self::OpenQueries => "return.queried",
            Self::Answer { .. } => "return.answered",
            Self::Recheck { .. } => "return.rechecked",
            Self::Resubmit { .. } => "return.resubmitted",
            Self::Approve => "return.approved",
            Self::SignOff { .. } => "return.signed-off",
            Self::Accept => "return.accepted",
            Self::AcceptWithCaveats(_) => "return.accepted-with-caveats",
            Self::NotAccept => "return.not-accepted",
            Self::Freeze => "return.frozen",
            Self::Link => "return.linked",
            Self::Use { .. } => "return.used",
            Self::ConfirmNil { .. } => "return.nil-confirmed",
            Self::SendPartial { .. } => "return.partial",
            Self::CannotSupply => "return.cannot-supply",
            Self::Refuse { .. } => "return.refused",
            Self::Withdraw => "return.withdrawn",
            Self::Reopen => "return.reopened",
            Self::Overdue { .. } => "return.overdue",
            Self::Escalate { .. } => "return.escalated",
        }
    }
}

/// How many queries of a return stand in which state. They are of no rule, no record and no field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryCounts {
    /// Those that the body must still answer. They keep a return from being approved.
    pub unanswered: u64,
    /// Those whose answers wait for the audit.
    pub answered: u64,
    /// Those whose explanation was taken.
    pub explained: u64,
    /// Those taken up with the head of the body. A return can be signed with them, and taken only with caveats: what cannot
    /// be mended in time, such as an ethnicity that was never asked, must not keep a whole return out.
    pub escalated: u64,
}

impl QueryCounts {
    /// Those that are not settled and wait for the body: unanswered and escalated ones.
    pub fn waiting(&self) -> u64 {
        self.unanswered + self.escalated
    }
}

/// One body's return, as its history tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnFile {
    /// The body.
    pub body: String,
    /// Its state.
    pub state: ReturnState,
    /// The newest version that was sent; 0 for none.
    pub version: u32,
    /// How many queries of that version stand in which state.
    pub queries: QueryCounts,
    /// What happened to it.
    pub history: Vec<Recorded<ReturnEvent>>,
}

impl ReturnFile {
    /// A return of which nothing is known yet.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            state: ReturnState::NotStarted,
            version: 0,
            queries: QueryCounts::default(),
            history: Vec::new(),
        }
    }

    /// Takes the report of the version that was sent last: its structure is rejected, or it is validated, and where something waits
    /// for the body the queries are opened.
    pub fn checked(
        &mut self,
        report: &CheckReport,
        queries: &mut Queries,
        by: &By<'_>,
    ) -> Result<Resubmission, ReturnsError> {
        if report.stops() {
            self.apply(ReturnEvent::RejectStructure, by)?;
            return Ok(Resubmission::default());
        }
        let taken = queries.take(report, by)?;
        self.apply(ReturnEvent::Validate { queries: queries.counts() }, by)?;
        if self.queries.waiting() > 0 {
            self.apply(ReturnEvent::OpenQueries, by)?;
        }
        Ok(taken)
    }

    /// Moves the return, or refuses with what it could do instead; a refusal changes nothing.
    pub fn apply(&mut self, event: ReturnEvent, by: &By<'_>) -> Result<(), ReturnsError> {
        use ReturnEvent as E;
        use ReturnState as S;
        check_by(by, self.history.last().map(|last| last.at))?;
        let QueryCounts { unanswered, escalated, .. } = self.queries;
        let next = self.version + 1;
        let before_upload = matches!(
            self.state,
            S::NotStarted | S::Acknowledged | S::Preparing | S::DryRun | S::Partial { .. }
        );
        let sent = matches!(
            self.state,
            S::Uploaded(_)
                | S::StructureRejected
                | S::Validated
                | S::QueriesOpen
                | S::Resubmitted(_)
                | S::LocallyApproved
                | S::SignedOff { .. }
                | S::NilConfirmed { .. }
        );
        let asked =
            matches!(self.state, S::Validated | S::QueriesOpen | S::LocallyApproved | S::SignedOff { .. });
        let state = match (&self.state, &event) {
            (S::NotStarted, E::Call { .. }) if self.history.is_empty() => S::NotStarted,
            (S::NotStarted | S::CannotSupply | S::Refused { .. }, E::Acknowledge) => S::Acknowledged,
            (S::Acknowledged | S::DryRun | S::Withdrawn | S::Partial { .. }, E::Prepare) => S::Preparing,
            (S::Acknowledged | S::Preparing | S::DryRun | S::Partial { .. }, E::DryRun) => S::DryRun,
            // What a body sends is taken whatever it said before: that it is there says more.
            (
                S::StructureRejected | S::CannotSupply | S::Refused { .. } | S::Withdrawn,
                E::Upload { sha256 },
            ) => {
                receipt(sha256)?;
                S::Uploaded(next)
            }
            (_, E::Upload { sha256 }) if before_upload => {
                receipt(sha256)?;
                S::Uploaded(next)
            }
            (S::Uploaded(_) | S::Resubmitted(_), E::RejectStructure) => S::StructureRejected,
            (S::Uploaded(_) | S::Resubmitted(_), E::Validate { .. }) => S::Validated,
            (S::Validated | S::LocallyApproved, E::OpenQueries) => S::QueriesOpen,
            (_, E::Answer { queries } | E::Recheck { queries }) if asked && queries.unanswered > 0 => {
                S::QueriesOpen
            }
            (state, E::Answer { .. } | E::Recheck { .. }) if asked => state.clone(),
            (
                S::QueriesOpen | S::Validated | S::NotAccepted | S::ReopenedAfterRelease,
                E::Resubmit { sha256 },
            ) => {
                receipt(sha256)?;
                S::Resubmitted(next)
            }
            (S::Validated | S::QueriesOpen, E::Approve) => {
                if unanswered > 0 {
                    let state = format!("waiting for {unanswered} answers");
                    return Err(refuse(
                        "return",
                        &state,
                        "approve",
                        "resubmitted, or its queries answered or escalated",
                    ));
                }
                S::LocallyApproved
            }
            (S::LocallyApproved, E::SignOff { office, on }) => {
                named(office)?;
                S::SignedOff { office: office.clone(), on: *on }
            }
            (S::SignedOff { .. } | S::NilConfirmed { .. }, E::Accept) => {
                if escalated > 0 {
                    let state = format!("signed off with {escalated} escalated queries");
                    return Err(refuse(
                        "return",
                        &state,
                        "accept",
                        "accepted with caveats that say so, or not accepted",
                    ));
                }
                S::Accepted
            }
            (S::SignedOff { .. } | S::NilConfirmed { .. }, E::AcceptWithCaveats(caveats)) => {
                if caveats.iter().all(|c| c.trim().is_empty()) {
                    let reason = "say what must stand beside its figures".to_owned();
                    return Err(ReturnsError::Event { what: "a caveat", reason });
                }
                S::AcceptedWithCaveats(caveats.clone())
            }
            (S::SignedOff { .. } | S::NilConfirmed { .. }, E::NotAccept) => S::NotAccepted,
            (S::Accepted | S::AcceptedWithCaveats(_), E::Freeze) => S::Frozen,
            (S::Frozen, E::Link) => S::Linked,
            (S::Frozen | S::Linked, E::Use { release }) => S::Used(vec![release.clone()]),
            (S::Used(releases), E::Use { release }) => {
                let mut releases = releases.clone();
                releases.push(release.clone());
                S::Used(releases)
            }
            (S::Used(_), E::Reopen) => S::ReopenedAfterRelease,
            (_, E::ConfirmNil { office }) if before_upload => {
                named(office)?;
                S::NilConfirmed { office: office.clone() }
            }
            (_, E::SendPartial { without }) if before_upload => S::Partial { without: without.clone() },
            (_, E::CannotSupply) if before_upload => S::CannotSupply,
            (_, E::Refuse { legal_answer }) if before_upload => {
                S::Refused { legal_answer: legal_answer.clone() }
            }
            (_, E::Withdraw) if sent => S::Withdrawn,
            (state, E::Overdue { due }) if self.awaited().is_some() => {
                self.climb(*due, 0, by.on)?;
                state.clone()
            }
            (state, E::Escalate { due, level }) if self.awaited().is_some() => {
                self.climb(*due, *level, by.on)?;
                state.clone()
            }
            (state, _) => return Err(refuse("return", &state.to_string(), &name(&event), allowed(state))),
        };
        if let S::Uploaded(version) | S::Resubmitted(version) = state {
            self.version = version;
        }
        if let E::Validate { queries } | E::Answer { queries } | E::Recheck { queries } = &event {
            self.queries = *queries;
        }
        self.state = state;
        push(&mut self.history, event, self.state.to_string(), self.version, by);
        Ok(())
    }

    /// Moves the return as a ledger says it was moved, and refuses where that does not follow from what came before.
    pub fn replay(&mut self, said: Said<ReturnEvent>, by: &By<'_>) -> Result<(), ReturnsError> {
        self.apply(said.event, by)?;
        agrees(&self.history, said.sequence, &said.state, said.version)
    }

    /// What the body must do next, where something waits for it.
    pub fn awaited(&self) -> Option<Awaited> {
        use ReturnState as S;
        match &self.state {
            S::NotStarted => Some(Awaited::Acknowledgement),
            S::Acknowledged
            | S::Preparing
            | S::DryRun
            | S::StructureRejected
            | S::Partial { .. }
            | S::Withdrawn => Some(Awaited::Return),
            S::QueriesOpen if self.queries.unanswered == 0 => Some(Awaited::Signature),
            S::QueriesOpen | S::NotAccepted | S::ReopenedAfterRelease => Some(Awaited::Answers),
            S::Validated | S::LocallyApproved => Some(Awaited::Signature),
            // The others wait for those who run the call, or for nobody.
            _ => None,
        }
    }

    /// The rung that the body was last chased at for what was due on a day.
    pub fn chased(&self, due: Date) -> Option<u8> {
        self.history.iter().rev().find_map(|r| match &r.said.event {
            ReturnEvent::Overdue { due: of } if *of == due => Some(0),
            ReturnEvent::Escalate { due: of, level } if *of == due => Some(*level),
            _ => None,
        })
    }

    /// Whether a rung is reached on a day, and none above it was stood on for the same day.
    fn climb(&self, due: Date, level: u8, on: Date) -> Result<(), ReturnsError> {
        let days = days_between(due, on);
        let reached = rung(days);
        let chased = self.chased(due);
        if days > 0 && level <= reached && level == chased.map_or(level, |c| level.max(c + 1)) {
            return Ok(());
        }
        let state = match chased {
            Some(level) => format!("{days} days over on {on} and chased at rung {level}"),
            None => format!("{days} days over on {on}"),
        };
        let next = chased.map_or(0, |c| c + 1).max(if level > reached { reached + 1 } else { 0 });
        let allowed = match ESCALATION_DAYS.get(usize::from(next).saturating_sub(1)) {
            _ if days <= 0 => format!("chased from the day after {due}"),
            Some(after) => format!("taken to rung {next} when it is {after} days over"),
            None => "taken no further: the ladder has no other rung".to_owned(),
        };
        Err(refuse("return", &state, if level == 0 { "overdue" } else { "escalate" }, &allowed))
    }
}

fn named(office: &str) -> Result<(), ReturnsError> {
    if !office.trim().is_empty() {
        return Ok(());
    }
    let reason = "sign-off is by a named office, such as chief constable or director of children's services";
    Err(ReturnsError::Event { what: "an office", reason: reason.to_owned() })
}

fn receipt(sha256: &str) -> Result<(), ReturnsError> {
    if sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Ok(());
    }
    let reason = "64 small hexadecimal digits, the SHA-256 of the receipt".to_owned();
    Err(ReturnsError::Event { what: "a hash", reason })
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// That the body has the call.
    Acknowledgement,
    /// The return.
    Return,
    /// Answers to queries, or a new version.
    Answers,
    /// The signature of its head.
    Signature,
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Return => "return",
            Self::Answers => "answers",
            Self::Signature => "signature",
        })
    }
}

fn allowed(state: &ReturnState) -> &'static str {
    use ReturnState as S;
    match state {
        S::NotStarted => {
            "acknowledged or uploaded, confirmed nil, partial, refused, or said to be impossible"
        }
        S::Acknowledged => {
            "prepared, run dry or uploaded, confirmed nil, partial, refused, or said to be impossible"
        }
        S::Preparing | S::DryRun | S::Partial { .. } => {
            "run dry or uploaded, confirmed nil, partial, refused, or said to be impossible"
        }
        S::Uploaded(_) | S::Resubmitted(_) => "rejected for its structure, validated or withdrawn",
        S::StructureRejected => "uploaded again or withdrawn",
        S::Validated => "queried, resubmitted, approved or withdrawn",
        S::QueriesOpen => "answered, resubmitted, approved or withdrawn",
        S::LocallyApproved => "signed off, queried or withdrawn",
        S::SignedOff { .. } | S::NilConfirmed { .. } => {
            "accepted, accepted with caveats, not accepted or withdrawn"
        }
        S::Accepted | S::AcceptedWithCaveats(_) => "frozen",
        S::NotAccepted | S::ReopenedAfterRelease => "resubmitted",
        S::Frozen => "linked or used",
        S::Linked => "used",
        S::Used(_) => "used again or reopened",
        S::CannotSupply | S::Refused { .. } => "acknowledged or uploaded",
        S::Withdrawn => "prepared or uploaded",
    }
}

/// By when a body must do what; no limit where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// Say that it has the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<Date>,
    /// Send.
    pub upload: Date,
    /// Answer the queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Date>,
    /// Sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Date>,
}

impl Deadlines {
    /// The day by which something is due. A body that has said nothing must at the latest send its return.
    pub fn of(&self, awaited: Awaited) -> Option<Date> {
        match awaited {
            Awaited::Acknowledgement => self.acknowledge.or(Some(self.upload)),
            Awaited::Return => Some(self.upload),
            Awaited::Answers => self.answer,
            Awaited::Signature => self.sign,
        }
    }
}

/// Where a clock stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Nothing is waited for, or without a time limit.
    Stopped,
    /// Days left.
    Running(i32),
    /// Days over, and the rung of [`RUNGS`] that they come to.
    Overdue {
        /// Days over.
        days: i32,
        /// 0 for a reminder, then one more for each step passed.
        level: u8,
    },
}

/// Days over at which the next rung is reached.
pub const ESCALATION_DAYS: [i32; 3] = [7, 14, 28];

/// The ladder: who is told at each rung.
pub const RUNGS: [&str; 4] = ["reminder", "head of data", "head of the body", "owner of the call"];

fn days_between(from: Date, to: Date) -> i32 {
    crate::fact::day_number(to) - crate::fact::day_number(from)
}

/// The rung that so many days over come to.
fn rung(days: i32) -> u8 {
    ESCALATION_DAYS.iter().filter(|step| days >= **step).count() as u8
}

/// The clock of a return on a day. It is computed whenever it is asked for, and is no state.
pub fn clock(file: &ReturnFile, deadlines: &Deadlines, on: Date) -> Clock {
    let Some(due) = file.awaited().and_then(|awaited| deadlines.of(awaited)) else { return Clock::Stopped };
    let days = days_between(due, on);
    if days <= 0 { Clock::Running(-days) } else { Clock::Overdue { days, level: rung(days) } }
}

/// The event that chases a body on a day: a reminder, or the rung that its days over come to. Nothing where it is not over, or where
/// it was chased at that rung.
pub fn chase(file: &ReturnFile, deadlines: &Deadlines, on: Date) -> Option<ReturnEvent> {
    let due = file.awaited().and_then(|awaited| deadlines.of(awaited))?;
    let Clock::Overdue { level, .. } = clock(file, deadlines, on) else { return None };
    match (file.chased(due), level) {
        (Some(before), level) if before >= level => None,
        (_, 0) => Some(ReturnEvent::Overdue { due }),
        (_, level) => Some(ReturnEvent::Escalate { due, level }),
    }
}

/// One row of the public table of who returned what. It is made of events alone, and holds no record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compliance {
    /// The body.
    pub body: String,
    /// What it is called; empty where only its code is known.
    pub name: String,
    /// What sort of body it is.
    pub kind: Option<BodyType>,
    /// Its state in words.
    pub state: String,
    /// The versions it has sent.
    pub versions: u32,
    /// What is waited for, in a word.
    pub awaited: Option<String>,
    /// The day by which it is due.
    pub due: Option<Date>,
    /// The day of the newest version.
    pub sent_on: Option<Date>,
    /// Days by which the first version came after the day on which it was due; 0 where it did not.
    pub late_days: i32,
    /// Days over on the day asked for; 0 where it is not.
    pub overdue_days: i32,
    /// The rung that the days over come to; nothing where it is not over.
    pub rung: Option<&'static str>,
    /// The rung at which the body was last chased for it.
    pub chased: Option<&'static str>,
    /// Queries that wait for the body.
    pub open_queries: u64,
    /// Explanations taken.
    pub explained: u64,
    /// What must be said beside its figures.
    pub caveats: Vec<String>,
    /// Why it refused or could not, and what was answered.
    pub refusal: Option<String>,
    /// Who signed, and when.
    pub signed: Option<String>,
}

/// The public table, as on a day: a view of the histories and nothing more. A call without time limits has no clocks.
pub fn compliance(files: &[ReturnFile], deadlines: Option<&Deadlines>, on: Date) -> Vec<Compliance> {
    files.iter().map(|file| row(file, deadlines, on)).collect()
}

fn row(file: &ReturnFile, deadlines: Option<&Deadlines>, on: Date) -> Compliance {
    use ReturnEvent as E;
    let is_sent = |r: &&Recorded<E>| matches!(r.said.event, E::Upload { .. } | E::Resubmit { .. });
    let newest = |of: &dyn Fn(&Recorded<E>) -> Option<String>| file.history.iter().rev().find_map(of);
    let called = file.history.iter().find_map(|r| match &r.said.event {
        E::Call { name, kind } => Some((name.clone(), *kind)),
        _ => None,
    });
    let (name, kind) = called.unwrap_or_default();
    let signed = newest(&|r| match &r.said.event {
        E::SignOff { office, on } => Some(format!("{office}, {on}")),
        E::ConfirmNil { office } => Some(format!("{office}, {} (nil return)", r.on)),
        _ => None,
    });
    let refusal = newest(&|r| match (&file.state, &r.said.event) {
        (ReturnState::Refused { .. }, E::Refuse { legal_answer }) if legal_answer.trim().is_empty() => {
            Some(r.said.reason.clone())
        }
        (ReturnState::Refused { .. }, E::Refuse { legal_answer }) => {
            Some(format!("{}. Answer: {legal_answer}", r.said.reason))
        }
        (ReturnState::CannotSupply, E::CannotSupply) => Some(r.said.reason.clone()),
        _ => None,
    });
    let caveats = file.history.iter().rev().find_map(|r| match &r.said.event {
        E::AcceptWithCaveats(caveats) => Some(caveats.clone()),
        _ => None,
    });
    let awaited = file.awaited();
    let due = deadlines.zip(awaited).and_then(|(deadlines, awaited)| deadlines.of(awaited));
    let (overdue_days, rung) = match deadlines.map(|deadlines| clock(file, deadlines, on)) {
        Some(Clock::Overdue { days, level }) => (days, RUNGS.get(usize::from(level)).copied()),
        _ => (0, None),
    };
    let first = file.history.iter().find(is_sent);
    let late = deadlines.zip(first).map_or(0, |(deadlines, r)| days_between(deadlines.upload, r.on));
    Compliance {
        body: file.body.clone(),
        name,
        kind,
        state: file.state.to_string(),
        versions: file.version,
        awaited: awaited.map(|a| a.to_string()),
        due,
        sent_on: file.history.iter().rev().find(is_sent).map(|r| r.on),
        late_days: late.max(0),
        overdue_days,
        rung,
        chased: due.and_then(|due| file.chased(due)).and_then(|l| RUNGS.get(usize::from(l)).copied()),
        open_queries: file.queries.waiting(),
        explained: file.queries.explained,
        caveats: caveats.unwrap_or_default(),
        refusal,
        signed,
    }
}

/// The public table as CSV, with a heading.
pub fn compliance_csv(rows: &[Compliance]) -> String {
    let quoted = |text: &str| {
        // A spreadsheet takes a cell that begins with one of these for a formula.
        let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let mut csv = String::from(
        "body,name,state,versions,awaited,due,sent_on,late_days,overdue_days,rung,chased,open_queries,explained,caveats,refusal,signed\n",
    );
    for row in rows {
        let cells = [
            quoted(&row.body),
            quoted(&row.name),
            quoted(&row.state),
            row.versions.to_string(),
            row.awaited.clone().unwrap_or_default(),
            day(row.due),
            day(row.sent_on),
            row.late_days.to_string(),
            row.overdue_days.to_string(),
            row.rung.unwrap_or_default().to_owned(),
            row.chased.unwrap_or_default().to_owned(),
            row.open_queries.to_string(),
            row.explained.to_string(),
            quoted(&row.caveats.join("; ")),
            quoted(row.refusal.as_deref().unwrap_or_default()),
            quoted(row.signed.as_deref().unwrap_or_default()),
        ];
        csv.push_str(&cells.join(","));
        csv.push('\n');
    }
    csv
}

pub(crate) fn refuse(what: &'static str, state: &str, event: &str, allowed: &str) -> ReturnsError {
    ReturnsError::Transition {
        what,
        state: state.to_owned(),
        event: event.to_owned(),
        allowed: allowed.to_owned(),
    }
}

/// The name of a state or event in plain words: `locally approved`.
pub(crate) fn name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let name = match &value {
        serde_json::Value::Object(object) => object.keys().next().map(String::as_str),
        other => other.as_str(),
    };
    name.unwrap_or_default().replace('_', " ")
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self))
    }
}

impl fmt::Display for ReturnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self))
    }
}
