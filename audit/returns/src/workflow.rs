//! The states of a call, of each body's return, and of each query, and the events that move them.
//!
//! Nothing here takes a clock: the time of an event, and the day on which something is asked, come in as values. Events are
//! chained by hash, so that a history cannot be changed behind anyone's back.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::{CheckReport, Finding, RuleSeverity};
use crate::error::ReturnsError;
use crate::keyed::RecordKey;
use crate::rules;

/// How much worse a share may get before an explanation of it is asked for again.
const TOLERANCE: f64 = 0.02;

/// Something that happened: what, by whom, when, why, and after what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded<E> {
    /// What happened.
    pub event: E,
    /// Who did it: a person or an office, by name.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// SHA-256 of the event before it, in hexadecimal; empty for the first.
    pub previous: String,
    /// SHA-256 of all of this.
    pub hash: String,
}

/// A history of one call, return or query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History<E> {
    events: Vec<Recorded<E>>,
}

impl<E> Default for History<E> {
    fn default() -> Self {
        Self { events: Vec::new() }
    }
}

impl<E: Serialize> History<E> {
    /// The events, oldest first.
    pub fn events(&self) -> &[Recorded<E>] {
        &self.events
    }

    /// Whether every event follows the one before it and none was changed.
    pub fn is_intact(&self) -> bool {
        let mut previous = "";
        self.events.iter().all(|recorded| {
            let follows = recorded.previous == previous;
            previous = &recorded.hash;
            follows
                && hash_of(
                    &recorded.event,
                    &recorded.actor,
                    recorded.at,
                    &recorded.reason,
                    &recorded.previous,
                ) == recorded.hash
        })
    }

    fn check(&self, by: &By<'_>) -> Result<(), ReturnsError> {
        let fault = |what, reason: &str| Err(ReturnsError::Event { what, reason: reason.to_owned() });
        if by.actor.trim().is_empty() {
            return fault("an actor", "name the person or office that acts");
        }
        if by.reason.trim().is_empty() {
            return fault("a reason", "say why, in a few words");
        }
        if self.events.last().is_some_and(|last| by.at < last.at) {
            return fault("a time", "it cannot be before the event that it follows");
        }
        Ok(())
    }

    fn push(&mut self, event: E, by: &By<'_>) {
        let previous = self.events.last().map(|last| last.hash.clone()).unwrap_or_default();
        let hash = hash_of(&event, by.actor, by.at, by.reason, &previous);
        let recorded = Recorded {
            event,
            actor: by.actor.to_owned(),
            at: by.at,
            reason: by.reason.to_owned(),
            previous,
            hash,
        };
        self.events.push(recorded);
    }
}

fn hash_of<E: Serialize>(event: &E, actor: &str, at: Timestamp, reason: &str, previous: &str) -> String {
    let event = serde_json::to_string(event).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [event.as_str(), actor, &at.to_string(), reason, previous] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Who acts, when and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A person or an office, by name.
    pub actor: &'a str,
    /// The time of the act.
    pub at: Timestamp,
    /// Why, in a few words.
    pub reason: &'a str,
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
    Issue,
    /// Changed and sent out again.
    Amend,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: CallState,
    /// What happened to it.
    pub history: History<CallEvent>,
}

impl Call {
    /// A call that is being written.
    pub fn draft(id: impl Into<String>) -> Self {
        Self { id: id.into(), state: CallState::Draft, history: History::default() }
    }

    /// Moves the call, or refuses with what it could do instead. Gives what must be done because of it.
    pub fn apply(&mut self, event: CallEvent, by: &By<'_>) -> Result<Vec<Effect>, ReturnsError> {
        use CallEvent as E;
        use CallState as S;
        self.history.check(by)?;
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
            (S::Piloted, E::Issue) => (S::Issued(1), vec![Effect::SendPreservationNotice]),
            (S::Issued(version) | S::Amended(version), E::Amend) => {
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
                return Err(refuse("call", &words(state), &name(&event), allowed));
            }
        };
        self.state = state;
        self.history.push(event, by);
        Ok(effects)
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
    /// The body has the call.
    Acknowledge,
    /// Work began.
    Prepare,
    /// Checked at the body.
    DryRun,
    /// Sent for the first time, or after its structure was rejected.
    Upload,
    /// Its structure was rejected.
    RejectStructure,
    /// Checked.
    Validate,
    /// Questions were put.
    OpenQueries,
    /// Sent again.
    Resubmit,
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
}

/// One body's return, with its history and its queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReturnFile {
    /// The body.
    pub body: String,
    /// Its state.
    pub state: ReturnState,
    /// The newest version that was sent; 0 for none.
    pub version: u32,
    /// What happened to it.
    pub history: History<ReturnEvent>,
    /// The questions put about it.
    pub queries: Queries,
}

impl ReturnFile {
    /// A return of which nothing is known yet.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            state: ReturnState::NotStarted,
            version: 0,
            history: History::default(),
            queries: Queries::default(),
        }
    }

    /// Takes the report of the version that was sent last: its structure is rejected, or it is validated, and where something waits
    /// for the body the queries are opened.
    pub fn checked(&mut self, report: &CheckReport, by: &By<'_>) -> Result<Resubmission, ReturnsError> {
        if report.stops() {
            self.apply(ReturnEvent::RejectStructure, by)?;
            return Ok(Resubmission::default());
        }
        self.apply(ReturnEvent::Validate, by)?;
        let taken = self.queries.take(report, by)?;
        if self.queries.waiting() > 0 {
            self.apply(ReturnEvent::OpenQueries, by)?;
        }
        Ok(taken)
    }

    /// Moves the return, or refuses with what it could do instead.
    pub fn apply(&mut self, event: ReturnEvent, by: &By<'_>) -> Result<(), ReturnsError> {
        use ReturnEvent as E;
        use ReturnState as S;
        self.history.check(by)?;
        let (unanswered, escalated) = (self.queries.unanswered(), self.queries.escalated());
        let next = self.version + 1;
        let named = |office: &str| {
            let reason =
                "sign-off is by a named office, such as chief constable or director of children's services";
            let fault = ReturnsError::Event { what: "an office", reason: reason.to_owned() };
            if office.trim().is_empty() { Err(fault) } else { Ok(()) }
        };
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
        );
        let state = match (&self.state, &event) {
            (S::NotStarted | S::CannotSupply | S::Refused { .. }, E::Acknowledge) => S::Acknowledged,
            (S::Acknowledged | S::DryRun | S::Withdrawn | S::Partial { .. }, E::Prepare) => S::Preparing,
            (S::Acknowledged | S::Preparing | S::DryRun | S::Partial { .. }, E::DryRun) => S::DryRun,
            (S::Preparing | S::DryRun | S::StructureRejected | S::Partial { .. }, E::Upload) => {
                S::Uploaded(next)
            }
            (S::Uploaded(_) | S::Resubmitted(_), E::RejectStructure) => S::StructureRejected,
            (S::Uploaded(_) | S::Resubmitted(_), E::Validate) => S::Validated,
            (S::Validated | S::LocallyApproved, E::OpenQueries) => S::QueriesOpen,
            (S::QueriesOpen | S::Validated | S::NotAccepted | S::ReopenedAfterRelease, E::Resubmit) => {
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
            (state, _) => return Err(refuse("return", &words(state), &name(&event), allowed(state))),
        };
        if let S::Uploaded(version) | S::Resubmitted(version) = state {
            self.version = version;
        }
        self.state = state;
        self.history.push(event, by);
        Ok(())
    }
}

fn allowed(state: &ReturnState) -> &'static str {
    use ReturnState as S;
    match state {
        S::NotStarted => "acknowledged, confirmed nil, partial, refused, or said to be impossible",
        S::Acknowledged => "prepared or run dry, confirmed nil, partial, refused, or said to be impossible",
        S::Preparing | S::DryRun | S::Partial { .. } => {
            "run dry or uploaded, confirmed nil, partial, refused, or said to be impossible"
        }
        S::Uploaded(_) | S::Resubmitted(_) => "rejected for its structure, validated or withdrawn",
        S::StructureRejected => "uploaded again or withdrawn",
        S::Validated => "queried, resubmitted, approved or withdrawn",
        S::QueriesOpen => "resubmitted, approved or withdrawn",
        S::LocallyApproved => "signed off, queried or withdrawn",
        S::SignedOff { .. } => "accepted, accepted with caveats, not accepted or withdrawn",
        S::NilConfirmed { .. } => "accepted, accepted with caveats or not accepted",
        S::Accepted | S::AcceptedWithCaveats(_) => "frozen",
        S::NotAccepted | S::ReopenedAfterRelease => "resubmitted",
        S::Frozen => "linked or used",
        S::Linked => "used",
        S::Used(_) => "used again or reopened",
        S::CannotSupply | S::Refused { .. } => "acknowledged",
        S::Withdrawn => "prepared",
    }
}

/// What a question is about: the same record, field and rule are the same question in every version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueryKey {
    /// The rule.
    pub rule: String,
    /// The record, or the body.
    pub record: RecordKey,
    /// `table.column`, as far as they are known.
    pub field: String,
}

/// The state of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryState {
    /// Waiting for the body.
    Open,
    /// The body has answered.
    Answered(Answer),
    /// The answer is taken.
    Accepted(Answer),
    /// The answer is not taken; the body must answer again.
    Rejected(Answer),
    /// Taken up with the head of the body.
    Escalated,
}

/// An answer to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The record was or will be corrected.
    Amended,
    /// The record is right.
    Explained {
        /// A short code of the reason, by which explanations are counted.
        code: String,
        /// The explanation.
        text: String,
        /// Whether the body lets it be published.
        publishable: bool,
    },
}

/// What can happen to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryEvent {
    /// Put, for a version of the return.
    Opened(u32),
    /// Answered.
    Answer(Answer),
    /// The answer was taken.
    Accept,
    /// The answer was not taken.
    Reject,
    /// Taken up with the head of the body.
    Escalate,
    /// A later version has the same fault with another value, so the answer no longer applies.
    Reopened(u32),
    /// A later version no longer has the fault.
    Gone(u32),
    /// A version after that has it again as it was, and the answer applies again.
    Back(u32),
}

/// One question put to a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Its state.
    pub state: QueryState,
    /// How much it matters.
    pub severity: RuleSeverity,
    /// Whether the newest version still has the fault.
    pub present: bool,
    /// What was found, in the newest version that has it.
    pub finding: Finding,
    /// An answer that an other value made void, kept for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_answer: Option<Answer>,
    /// What happened to it.
    pub history: History<QueryEvent>,
    /// The values for which the answer was given.
    answered_for: (RecordKey, Option<f64>),
}

/// The queries of one return: its errors and queries. What stops a file is not asked about, since the file is not loaded; indicators
/// are not asked about either.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Queries {
    #[serde(with = "as_list")]
    queries: BTreeMap<QueryKey, Query>,
}

/// What a new version did to the queries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resubmission {
    /// Queries whose answer still applies, or which are still waiting.
    pub kept: u64,
    /// Answers kept among them.
    pub answers_kept: u64,
    /// Queries that are new.
    pub opened: u64,
    /// Answers that no longer apply.
    pub reopened: u64,
    /// Faults that are gone.
    pub gone: u64,
    /// Findings that the report counts and does not list: they are not asked about. Check with a higher limit.
    pub unlisted: u64,
}

impl Queries {
    /// All of them, in order of their keys, those of faults that are gone included.
    pub fn iter(&self) -> impl Iterator<Item = (&QueryKey, &Query)> {
        self.queries.iter()
    }

    /// One of them.
    pub fn get(&self, key: &QueryKey) -> Option<&Query> {
        self.queries.get(key)
    }

    /// Queries of faults that are still there and that are not settled: unanswered and escalated ones.
    pub fn waiting(&self) -> usize {
        self.unanswered() + self.escalated()
    }

    /// Those that the body must still answer. They keep a return from being approved.
    pub fn unanswered(&self) -> usize {
        let waits = |q: &&Query| q.present && matches!(q.state, QueryState::Open | QueryState::Rejected(_));
        self.queries.values().filter(waits).count()
    }

    /// Those taken up with the head of the body. A return can be signed with them, and taken only with caveats: what cannot
    /// be mended in time, such as an ethnicity that was never asked, must not keep a whole return out.
    pub fn escalated(&self) -> usize {
        self.queries.values().filter(|q| q.present && q.state == QueryState::Escalated).count()
    }

    /// Takes the report of a version. Every explanation stays that still applies: same rule, same record, same field and same
    /// values. For a share of a whole column it applies until the share is two points worse than when it was given.
    pub fn take(&mut self, report: &CheckReport, by: &By<'_>) -> Result<Resubmission, ReturnsError> {
        History::<QueryEvent>::default().check(by)?;
        let version = report.version.unwrap_or(0);
        let mut result = Resubmission::default();
        let mut found: BTreeMap<QueryKey, Finding> = BTreeMap::new();
        let mut cut: Vec<&str> = Vec::new();
        for outcome in &report.outcomes {
            let asks =
                |r: &crate::check::Rule| matches!(r.severity, RuleSeverity::Error | RuleSeverity::Query);
            let asked = rules::find(&outcome.rule).is_some_and(asks);
            if !asked {
                continue;
            }
            let unlisted = outcome.failed - (outcome.findings.len() as u64).min(outcome.failed);
            if unlisted > 0 {
                cut.push(&outcome.rule);
                result.unlisted += unlisted;
            }
            for finding in &outcome.findings {
                // Two faults of one cell under one rule are one question about both.
                found
                    .entry(key_of(finding))
                    .and_modify(|first| {
                        first.value = RecordKey(first.value.0 ^ finding.value.0.rotate_left(1));
                    })
                    .or_insert_with(|| finding.clone());
            }
        }
        for (key, query) in &mut self.queries {
            let was_there = query.present;
            let Some(finding) = found.remove(key) else {
                if was_there && !cut.contains(&key.rule.as_str()) {
                    query.present = false;
                    query.history.push(QueryEvent::Gone(version), by);
                    result.gone += 1;
                }
                continue;
            };
            let same = query.still_applies(&finding);
            query.present = true;
            query.finding = finding;
            let answer = match &query.state {
                QueryState::Answered(answer) | QueryState::Accepted(answer) => Some(answer.clone()),
                QueryState::Open | QueryState::Rejected(_) | QueryState::Escalated => None,
            };
            match answer {
                // What was said to be amended and is still there was not amended.
                Some(answer) if !same || answer == Answer::Amended => {
                    query.state = QueryState::Open;
                    query.void_answer = Some(answer);
                    query.history.push(QueryEvent::Reopened(version), by);
                    result.reopened += 1;
                }
                answer => {
                    if !was_there {
                        query.history.push(QueryEvent::Back(version), by);
                    }
                    result.kept += 1;
                    result.answers_kept += u64::from(answer.is_some());
                }
            }
        }
        for (key, finding) in found {
            let mut query = Query {
                state: QueryState::Open,
                severity: finding.severity,
                present: true,
                answered_for: (finding.value, finding.measure),
                finding,
                void_answer: None,
                history: History::default(),
            };
            query.history.push(QueryEvent::Opened(version), by);
            self.queries.insert(key, query);
            result.opened += 1;
        }
        Ok(result)
    }

    /// Moves one query.
    pub fn apply(&mut self, key: &QueryKey, event: QueryEvent, by: &By<'_>) -> Result<(), ReturnsError> {
        let query = self.queries.get_mut(key).ok_or_else(|| ReturnsError::Unknown {
            what: "query",
            given: format!("{} {} {}", key.rule, key.record, key.field),
            hint: String::new(),
        })?;
        query.apply(event, by)
    }
}

impl Query {
    fn still_applies(&self, finding: &Finding) -> bool {
        match (self.answered_for.1, finding.measure) {
            (Some(before), Some(now)) => now <= before + TOLERANCE,
            _ => self.answered_for.0 == finding.value,
        }
    }

    fn apply(&mut self, event: QueryEvent, by: &By<'_>) -> Result<(), ReturnsError> {
        use QueryEvent as E;
        use QueryState as S;
        self.history.check(by)?;
        let state = match (&self.state, &event) {
            (S::Open | S::Rejected(_) | S::Escalated, E::Answer(answer)) => {
                if let Answer::Explained { code, text, .. } = answer {
                    if self.severity != RuleSeverity::Query {
                        return Err(refuse(
                            "query",
                            "of an error",
                            "explained",
                            "amended: only queries may be explained",
                        ));
                    }
                    if code.trim().is_empty() || text.trim().is_empty() {
                        let reason = "an explanation has a code and a text";
                        return Err(ReturnsError::Event {
                            what: "an explanation",
                            reason: reason.to_owned(),
                        });
                    }
                }
                self.answered_for = (self.finding.value, self.finding.measure);
                S::Answered(answer.clone())
            }
            (S::Answered(answer), E::Accept) => S::Accepted(answer.clone()),
            (S::Answered(answer), E::Reject) => S::Rejected(answer.clone()),
            (S::Open | S::Rejected(_), E::Escalate) => S::Escalated,
            (state, _) => {
                let allowed = match state {
                    S::Open | S::Rejected(_) => "answered or escalated",
                    S::Answered(_) => "accepted or rejected",
                    S::Accepted(_) => "nothing more, until a version changes what it is about",
                    S::Escalated => "answered",
                };
                return Err(refuse("query", &words(state), &name(&event), allowed));
            }
        };
        self.state = state;
        self.history.push(event, by);
        Ok(())
    }
}

/// The key of a finding.
pub fn key_of(finding: &Finding) -> QueryKey {
    let field = match (&finding.table, &finding.column) {
        (Some(table), Some(column)) => format!("{table}.{column}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) => String::new(),
    };
    QueryKey { rule: finding.rule.clone(), record: finding.record, field }
}

/// By when a body must do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// Say that it has the call.
    pub acknowledge: Date,
    /// Send.
    pub upload: Date,
    /// Answer the queries.
    pub answer: Date,
    /// Sign.
    pub sign: Date,
}

/// Where a clock stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Nothing is waited for.
    Stopped,
    /// Days left.
    Running(i32),
    /// Days over, and the level of escalation that they come to.
    Overdue {
        /// Days over.
        days: i32,
        /// 0 for a reminder, then one more for each step passed.
        level: u8,
    },
}

/// Days over at which the next level of escalation is reached: head of data, head of the body, the call's owner.
pub const ESCALATION_DAYS: [i32; 3] = [7, 14, 28];

/// The clock of a return on a day. It is computed whenever it is asked for, and is no state.
pub fn clock(file: &ReturnFile, deadlines: &Deadlines, on: Date) -> Clock {
    use ReturnState as S;
    let due = match &file.state {
        S::NotStarted => deadlines.acknowledge,
        S::Acknowledged
        | S::Preparing
        | S::DryRun
        | S::StructureRejected
        | S::Partial { .. }
        | S::Withdrawn => deadlines.upload,
        S::QueriesOpen | S::NotAccepted | S::ReopenedAfterRelease => deadlines.answer,
        S::Validated | S::LocallyApproved => deadlines.sign,
        // The others wait for those who run the call, or for nobody.
        _ => return Clock::Stopped,
    };
    let days = crate::fact::day_number(on) - crate::fact::day_number(due);
    if days <= 0 {
        return Clock::Running(-days);
    }
    let level = ESCALATION_DAYS.iter().filter(|step| days >= **step).count() as u8;
    Clock::Overdue { days, level }
}

/// One row of the public table of who returned what. It holds no record and no query's text but what a body lets be published.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compliance {
    /// The body.
    pub body: String,
    /// Its state in words.
    pub state: String,
    /// The versions it has sent.
    pub versions: u32,
    /// The day of the newest version.
    pub sent_on: Option<Date>,
    /// Days over on the day asked for; 0 where it is not.
    pub overdue_days: i32,
    /// The level of escalation.
    pub escalation: u8,
    /// Queries that wait for the body.
    pub open_queries: usize,
    /// Explanations taken.
    pub explained: usize,
    /// Explanations that may be published, each once.
    pub explanations: Vec<String>,
    /// What must be said beside its figures.
    pub caveats: Vec<String>,
    /// Why it refused or could not, and what was answered.
    pub refusal: Option<String>,
    /// Who signed, and when.
    pub signed: Option<String>,
}

/// The public table, as on a day: a view of the histories and nothing more.
pub fn compliance(files: &[ReturnFile], deadlines: &Deadlines, on: Date) -> Vec<Compliance> {
    files
        .iter()
        .map(|file| {
            let events = file.history.events();
            let sent =
                events.iter().rev().find(|r| matches!(r.event, ReturnEvent::Upload | ReturnEvent::Resubmit));
            let signed = events.iter().rev().find_map(|r| match &r.event {
                ReturnEvent::SignOff { office, on } => Some(format!("{office}, {on}")),
                ReturnEvent::ConfirmNil { office } => Some(format!("{office} (nil return)")),
                _ => None,
            });
            let last_reason = || events.last().map(|r| r.reason.clone()).unwrap_or_default();
            let refusal = match &file.state {
                ReturnState::Refused { legal_answer } => {
                    Some(format!("{}. Answer: {legal_answer}", last_reason()))
                }
                ReturnState::CannotSupply => Some(last_reason()),
                _ => None,
            };
            let caveats = events.iter().rev().find_map(|r| match &r.event {
                ReturnEvent::AcceptWithCaveats(caveats) => Some(caveats.clone()),
                _ => None,
            });
            let taken = file.queries.iter().filter_map(|(_, query)| match &query.state {
                QueryState::Accepted(Answer::Explained { text, publishable, .. }) if query.present => {
                    Some((text, *publishable))
                }
                _ => None,
            });
            let taken: Vec<(&String, bool)> = taken.collect();
            let mut explanations: Vec<String> = taken
                .iter()
                .filter(|(_, publishable)| *publishable)
                .map(|(text, _)| (*text).clone())
                .collect();
            explanations.sort();
            explanations.dedup();
            let (overdue_days, escalation) = match clock(file, deadlines, on) {
                Clock::Overdue { days, level } => (days, level),
                Clock::Stopped | Clock::Running(_) => (0, 0),
            };
            Compliance {
                body: file.body.clone(),
                state: words(&file.state),
                versions: file.version,
                sent_on: sent.map(|r| crate::fact::day_of(r.at.as_second().div_euclid(86_400) as i32)),
                overdue_days,
                escalation,
                open_queries: file.queries.waiting(),
                explained: taken.len(),
                explanations,
                caveats: caveats.unwrap_or_default(),
                refusal,
                signed,
            }
        })
        .collect()
}

/// The public table as CSV, with a heading.
pub fn compliance_csv(rows: &[Compliance]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = String::from(
        "body,state,versions,sent_on,overdue_days,escalation,open_queries,explained,caveats,refusal,signed\n",
    );
    for row in rows {
        let cells = [
            quoted(&row.body),
            quoted(&row.state),
            row.versions.to_string(),
            row.sent_on.map(|day| day.to_string()).unwrap_or_default(),
            row.overdue_days.to_string(),
            row.escalation.to_string(),
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

fn refuse(what: &'static str, state: &str, event: &str, allowed: &str) -> ReturnsError {
    ReturnsError::Transition {
        what,
        state: state.to_owned(),
        event: event.to_owned(),
        allowed: allowed.to_owned(),
    }
}

/// The name of a state or event in plain words: `locally approved`.
fn name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let name = match &value {
        serde_json::Value::Object(object) => object.keys().next().map(String::as_str),
        other => other.as_str(),
    };
    name.unwrap_or_default().replace('_', " ")
}

/// The same for a state.
fn words(state: &impl Serialize) -> String {
    name(state)
}

impl fmt::Display for ReturnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words(self))
    }
}

/// Queries as a list: JSON has no keys of several parts.
mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Query, QueryKey};

    pub(super) fn serialize<S: Serializer>(
        queries: &BTreeMap<QueryKey, Query>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(queries)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<QueryKey, Query>, D::Error> {
        Ok(Vec::<(QueryKey, Query)>::deserialize(from)?.into_iter().collect())
    }
}
