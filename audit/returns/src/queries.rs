//! Questions put to a body about its return: they have a state, and an answer stays through every version for as long as it applies.
//!
//! All of it is about records, and stays in the sensitive vault. The events of a query are chained by hash, so that a history cannot be
//! changed behind anyone's back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::{CheckReport, Finding, Ran, RuleSeverity};
use crate::error::ReturnsError;
use crate::keyed::RecordKey;
use crate::rules;
use crate::workflow::{By, QueryCounts, check_by, name, refuse};

/// How much worse a share may get before an explanation of it is asked for again.
const TOLERANCE: f64 = 0.02;

/// Something that happened to a query: what, by whom, when, why, and after what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chained {
    /// What happened.
    pub event: QueryEvent,
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

impl Chained {
    fn own_hash(&self) -> String {
        let event = serde_json::to_string(&self.event).unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [event.as_str(), &self.actor, &self.at.to_string(), &self.reason, &self.previous] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The history of one query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    events: Vec<Chained>,
}

impl History {
    /// The events, oldest first.
    pub fn events(&self) -> &[Chained] {
        &self.events
    }

    /// Whether every event follows the one before it and none was changed.
    pub fn is_intact(&self) -> bool {
        let mut previous = "";
        self.events.iter().all(|chained| {
            let follows = chained.previous == previous;
            previous = &chained.hash;
            follows && chained.own_hash() == chained.hash
        })
    }

    fn check(&self, by: &By<'_>) -> Result<(), ReturnsError> {
        check_by(by, self.events.last().map(|last| last.at))
    }

    fn push(&mut self, event: QueryEvent, by: &By<'_>) {
        let mut chained = Chained {
            event,
            actor: by.actor.to_owned(),
            at: by.at,
            reason: by.reason.to_owned(),
            previous: self.events.last().map(|last| last.hash.clone()).unwrap_or_default(),
            hash: String::new(),
        };
        chained.hash = chained.own_hash();
        self.events.push(chained);
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
    pub history: History,
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

    /// How many stand in which state, of faults that are still there. The numbers are of no rule and no record, and may be public.
    pub fn counts(&self) -> QueryCounts {
        let mut counts = QueryCounts::default();
        for query in self.queries.values().filter(|q| q.present) {
            match &query.state {
                QueryState::Open | QueryState::Rejected(_) => counts.unanswered += 1,
                QueryState::Answered(_) => counts.answered += 1,
                QueryState::Accepted(Answer::Explained { .. }) => counts.explained += 1,
                QueryState::Accepted(Answer::Amended) => {}
                QueryState::Escalated => counts.escalated += 1,
            }
        }
        counts
    }

    /// The explanations that were taken and that the body lets be published, each once, in order.
    pub fn publishable(&self) -> Vec<&str> {
        let taken = self.queries.values().filter(|q| q.present).filter_map(|query| match &query.state {
            QueryState::Accepted(Answer::Explained { text, publishable: true, .. }) => Some(text.as_str()),
            _ => None,
        });
        taken.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether no event of any of them was changed after it was recorded.
    pub fn are_intact(&self) -> bool {
        self.queries.values().all(|q| q.history.is_intact())
    }

    /// Takes the report of a version. Every explanation stays that still applies: same rule, same record, same field and same
    /// values. For a share of a whole column it applies until the share is two points worse than when it was given.
    pub fn take(&mut self, report: &CheckReport, by: &By<'_>) -> Result<Resubmission, ReturnsError> {
        check_by(by, None)?;
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
            // What a rule that was not run would say is not known; its questions stay as they are.
            if matches!(outcome.ran, Ran::NotRun(_)) {
                cut.push(&outcome.rule);
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
                return Err(refuse("query", &name(state), &name(&event), allowed));
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
