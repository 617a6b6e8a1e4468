//! The five axes of one recommendation, computed from the record on a given day.

use candour_record::{BodyId, PartialDate};
use jiff::civil::Date;

use crate::axes::{Adequacy, Claim, Evidence, Response, Schedule};
use crate::fact::{
    AdequacyAssessed, ClaimMade, CommitmentState, EvidenceFound, NoAnswerFound, RecommendationId,
    ResponseGiven,
};
use crate::headline::{self, Headline};
use crate::project::{CommitmentRecord, RecommendationRecord, Recorded, Register};

/// Days counted as "due soon".
const SOON: i32 = 30;

/// Everything a page says about one recommendation, each axis apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Status<'a> {
    /// What each addressee answered; one per addressee, and one per further responder.
    pub answers: Vec<Answer<'a>>,
    /// What each claimant says now, newest first.
    pub claims: Vec<&'a Recorded<ClaimMade>>,
    /// What public records show, newest first.
    pub evidence: Vec<&'a Recorded<EvidenceFound>>,
    /// Every undertaking with a date, each against its own first date.
    pub due: Vec<DueItem<'a>>,
    /// The newest verdict of each assessor.
    pub adequacy: Vec<&'a Recorded<AdequacyAssessed>>,
    /// The day up to which the record was looked for; nothing is computed past it.
    pub known_to: Date,
    /// The computed headline.
    pub headline: Headline,
}

/// One addressee's answer, and its clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<'a> {
    /// The addressee, or the responder where nobody was asked by name.
    pub addressee: Option<&'a BodyId>,
    /// The addressee as written.
    pub as_written: &'a str,
    /// The position now.
    pub position: Response,
    /// Every answer for it, newest first.
    pub given: Vec<&'a Recorded<ResponseGiven>>,
    /// Where an answer was looked for in vain.
    pub looked_for: Option<&'a Recorded<NoAnswerFound>>,
    /// How the first answer stood to the date it was due.
    pub clock: AnswerClock,
}

/// How a first answer stood to the date it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerClock {
    /// No date was set for an answer.
    NoDate,
    /// Answered this many days before (negative) or after (positive) the date.
    Answered(i32),
    /// Answered on a day that is not known.
    AnsweredSomeDay,
    /// Looked for and not found; this many days past the date.
    Overdue(i32),
    /// Not due for this many days.
    NotDue(i32),
    /// The date has passed by this many days, and nobody has looked for an answer.
    NotKnown(i32),
}

impl AnswerClock {
    /// In plain words, for a page.
    pub fn words(self) -> String {
        let days = |n: i32| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
        match self {
            Self::NoDate => "no date was set for an answer".to_owned(),
            Self::Answered(0) => "answered on the day it was due".to_owned(),
            Self::Answered(n) if n < 0 => format!("answered {} early", days(-n)),
            Self::Answered(n) => format!("answered {} late", days(n)),
            Self::AnsweredSomeDay => "answered; the day is not known".to_owned(),
            Self::Overdue(n) => format!("no answer found, {} after it was due", days(n)),
            Self::NotDue(n) => format!("answer due in {}", days(n)),
            Self::NotKnown(n) => format!("due {} ago; whether it was answered is not known", days(n)),
        }
    }
}

/// An undertaking with its clock.
#[derive(Debug, Clone, PartialEq)]
pub struct DueItem<'a> {
    /// The promise; `None` for a time limit the recommendation itself set.
    pub commitment: Option<&'a CommitmentRecord>,
    /// What is due.
    pub what: &'a str,
    /// The first date.
    pub first_due: Option<PartialDate>,
    /// How the date was worded.
    pub words: &'a str,
    /// How it stands against the first date.
    pub schedule: Schedule,
    /// The day of the report it stands on, where there is one.
    pub reported: Option<PartialDate>,
}

impl<'a> Status<'a> {
    /// Computes every axis of a recommendation on a day. `today` bounds what may be called due or late; the record's
    /// stated coverage bounds it further, so that silence after the record ends is never read as inaction.
    pub fn of(register: &'a Register, record: &'a RecommendationRecord, today: Date) -> Self {
        let covered = register.coverage.as_ref().map(|c| c.fact.through.latest());
        let known_to = covered.map_or(today, |covered| covered.min(today));
        let mut status = Self {
            answers: answers(register, record, known_to),
            claims: newest_per(&record.claims, |c| c.claimant.clone()),
            evidence: newest_first(&record.evidence),
            due: due(register, record, known_to),
            adequacy: newest_per(&record.adequacy, |a| a.assessor.clone()),
            known_to,
            headline: Headline::not_known(),
        };
        status.headline = headline::compute(&status);
        status
    }

    /// The newest claim; `Unknown` where there is none.
    pub fn claim(&self) -> Claim {
        self.claims.first().map_or(Claim::Unknown, |c| c.fact.status)
    }

    /// The newest evidence; `Unknown` where nobody has looked.
    pub fn evidence_grade(&self) -> Evidence {
        self.evidence.first().map_or(Evidence::Unknown, |e| e.fact.grade)
    }

    /// The worst schedule of any undertaking: overdue first, then passed, met late, soon, ahead, met, none.
    pub fn schedule(&self) -> Schedule {
        let rank = |s: Schedule| match s {
            Schedule::Overdue(n) => (6, n),
            Schedule::PassedUnknown(n) => (5, n),
            Schedule::MetLate(n) => (4, n),
            Schedule::DueSoon(n) => (3, -n),
            Schedule::NotDue(n) => (2, -n),
            Schedule::Met => (1, 0),
            Schedule::NoDate => (0, 0),
        };
        self.due.iter().map(|d| d.schedule).max_by_key(|s| rank(*s)).unwrap_or(Schedule::NoDate)
    }

    /// The verdict where one assessor has spoken or all agree; `NotAssessed` where none has or they differ.
    pub fn adequacy(&self) -> Adequacy {
        match self.adequacy.split_first() {
            Some((first, rest)) if rest.iter().all(|a| a.fact.verdict == first.fact.verdict) => {
                first.fact.verdict
            }
            _ => Adequacy::NotAssessed,
        }
    }
}

/// Whole days from one day to another; negative when it lies before.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    // Two civil dates are at most about 7.3 million days apart, so the span always fits.
    from.until(to).map_or(0, |span| span.get_days())
}

fn answers<'a>(register: &'a Register, record: &'a RecommendationRecord, known_to: Date) -> Vec<Answer<'a>> {
    let made = &record.made.fact;
    let due = made.response_due.map(PartialDate::latest);
    let mut claimed: Vec<u64> = Vec::new();
    let mut answers: Vec<Answer<'a>> = Vec::new();
    for addressee in &made.addressees {
        let body = addressee.body.as_ref();
        let answers_for =
            |responder: &BodyId| body.is_some_and(|b| register.answers_for(b).any(|a| a == responder));
        let given: Vec<_> =
            newest_first(&record.responses).into_iter().filter(|r| answers_for(&r.fact.responder)).collect();
        let looked_for = record.no_answers.iter().rev().find(|n| Some(&n.fact.addressee) == body);
        claimed.extend(given.iter().map(|g| g.index));
        answers.push(answer(body, &addressee.as_written, given, looked_for, due, known_to));
    }
    // An answer by someone nobody asked is still an answer, and is shown as theirs.
    let uninvited: std::collections::BTreeSet<&BodyId> =
        record.responses.iter().filter(|r| !claimed.contains(&r.index)).map(|r| &r.fact.responder).collect();
    for responder in uninvited {
        let given =
            newest_first(&record.responses).into_iter().filter(|r| &r.fact.responder == responder).collect();
        answers.push(answer(Some(responder), register.body_name(responder), given, None, due, known_to));
    }
    answers
}

fn answer<'a>(
    addressee: Option<&'a BodyId>,
    as_written: &'a str,
    given: Vec<&'a Recorded<ResponseGiven>>,
    looked_for: Option<&'a Recorded<NoAnswerFound>>,
    due: Option<Date>,
    known_to: Date,
) -> Answer<'a> {
    let past = due.map(|due| days_between(due, known_to));
    let first = given.iter().rev().find_map(|g| g.date()).map(PartialDate::latest);
    let position = match (given.first(), looked_for) {
        (Some(newest), _) => newest.fact.position,
        (None, Some(_)) if past.is_some_and(|n| n > 0) => Response::Overdue,
        (None, Some(_)) => Response::Awaiting,
        // The addressee was asked and the date has not come: nothing is missing yet.
        (None, None) if past.is_some_and(|n| n <= 0) => Response::Awaiting,
        (None, None) => Response::Unknown,
    };
    let clock = match (due, first, past) {
        (None, _, _) | (_, _, None) => AnswerClock::NoDate,
        (Some(due), Some(first), _) => AnswerClock::Answered(days_between(due, first)),
        (Some(_), None, Some(_)) if !given.is_empty() => AnswerClock::AnsweredSomeDay,
        (Some(_), None, Some(n)) if n <= 0 => AnswerClock::NotDue(-n),
        (Some(_), None, Some(n)) if looked_for.is_some() => AnswerClock::Overdue(n),
        (Some(_), None, Some(n)) => AnswerClock::NotKnown(n),
    };
    Answer { addressee, as_written, position, given, looked_for, clock }
}

fn due<'a>(register: &'a Register, record: &'a RecommendationRecord, known_to: Date) -> Vec<DueItem<'a>> {
    let commitments = record.commitments.iter().filter_map(|id| register.commitments.get(id));
    let mut items: Vec<_> = commitments.map(|c| DueItem::of(c, known_to)).collect();
    for deadline in &record.made.fact.deadlines {
        let Some(date) = deadline.latest.or(deadline.date) else { continue };
        // Where a promise carries the same date, the promise is the better record of it.
        if items.iter().any(|i| i.first_due.is_some_and(|d| d.latest() == date)) {
            continue;
        }
        items.push(DueItem {
            commitment: None,
            what: "Time limit set in the recommendation",
            first_due: Some(date.into()),
            words: &deadline.phrase,
            schedule: schedule(date, CommitmentState::Unknown, None, known_to),
            reported: None,
        });
    }
    items
}

impl<'a> DueItem<'a> {
    /// A promise's clock on a day.
    pub fn of(commitment: &'a CommitmentRecord, known_to: Date) -> Self {
        let made = &commitment.made.fact;
        let reported = commitment.states.last().and_then(Recorded::date);
        let schedule = made
            .first_due
            .map_or(Schedule::NoDate, |due| schedule(due.latest(), commitment.state(), reported, known_to));
        Self {
            commitment: Some(commitment),
            what: &made.what,
            first_due: made.first_due,
            words: &made.due_words,
            schedule,
            reported,
        }
    }
}

fn schedule(due: Date, state: CommitmentState, reported: Option<PartialDate>, known_to: Date) -> Schedule {
    let reported = reported.map_or(known_to, |r| r.latest().min(known_to));
    let late_when_reported = days_between(due, reported);
    let past = days_between(due, known_to);
    match state {
        CommitmentState::Met if late_when_reported > 0 => Schedule::MetLate(late_when_reported),
        CommitmentState::Met => Schedule::Met,
        CommitmentState::Missed if late_when_reported > 0 => Schedule::Overdue(late_when_reported),
        // Reported missed on the very day, or by a report that is not dated: late, by an unknown number of days.
        CommitmentState::Missed => Schedule::Overdue(0),
        _ if past > 0 => Schedule::PassedUnknown(past),
        _ if -past <= SOON => Schedule::DueSoon(-past),
        _ => Schedule::NotDue(-past),
    }
}

fn newest_first<T>(records: &[Recorded<T>]) -> Vec<&Recorded<T>> {
    let mut sorted: Vec<_> = records.iter().collect();
    // What has no known date sorts before everything dated, so that it can never pass for the newest.
    sorted.sort_by_key(|r| (r.date(), r.index));
    sorted.reverse();
    sorted
}

fn newest_per<T, K: Ord>(records: &[Recorded<T>], key: impl Fn(&T) -> K) -> Vec<&Recorded<T>> {
    let mut seen = std::collections::BTreeSet::new();
    newest_first(records).into_iter().filter(|r| seen.insert(key(&r.fact))).collect()
}

/// Where a recommendation is addressed, its id; kept here so that pages and exports agree.
impl RecommendationId {
    /// The permanent address of its page, from the root of the site.
    pub fn address(&self) -> String {
        format!("/recommendations/{self}/")
    }
}
