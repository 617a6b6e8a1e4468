//! The headline: one line computed from the five axes by the published rules below, first match wins.
//!
//! It never replaces the axes: a page shows it above them with the rule's name and the facts it used.

use serde::Serialize;

use crate::axes::{Adequacy, Claim, Evidence, Reasons, Response, Schedule, Tone};
use crate::status::{AnswerClock, Status};

/// Days without movement, up to a search that found nothing, after which work said to be under way is called stalled.
const STALLED_AFTER: i32 = 180;

/// A computed headline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Which one.
    pub code: HeadlineCode,
    /// The line itself.
    pub words: String,
    /// The rule that gave it.
    pub rule: &'static str,
}

/// The headlines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the published rule beside each, in `RULES`, is its documentation")]
pub enum HeadlineCode {
    DoneAndEvidenced,
    ClaimedNotEvidenced,
    DoneDisputed,
    UnderWayOnTime,
    UnderWay,
    UnderWayLate,
    Late,
    Stalled,
    PromiseOnly,
    PutOff,
    NoAnswer,
    Refused,
    ClosedOtherwise,
    CannotBeJudged,
    NotKnown,
}

/// A published rule: when it applies, in words that a reader can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its permanent name.
    pub id: &'static str,
    /// The headline it gives.
    pub code: HeadlineCode,
    /// When it applies.
    pub when: &'static str,
}

/// The rules, in the order they are tried.
pub const RULES: &[Rule] = &[
    rule(
        "H01",
        HeadlineCode::CannotBeJudged,
        "An assessor's newest verdict is that the wording cannot be judged.",
    ),
    rule(
        "H02",
        HeadlineCode::ClosedOtherwise,
        "Every assessor's newest verdict is that events have overtaken it, or every answer says it is for another body.",
    ),
    rule(
        "H03",
        HeadlineCode::DoneDisputed,
        "It is claimed complete, and public records contradict that or an assessor finds it falls short.",
    ),
    rule(
        "H04",
        HeadlineCode::DoneAndEvidenced,
        "It is claimed complete and the newest evidence is that it is in force, delivered or measured; or nothing is claimed and the newest evidence is that it was delivered or measured.",
    ),
    rule(
        "H05",
        HeadlineCode::ClaimedNotEvidenced,
        "It is claimed complete, and no evidence found reaches that far.",
    ),
    rule(
        "H06",
        HeadlineCode::Refused,
        "Every newest answer that is known is a refusal or a later withdrawal, and none is unknown.",
    ),
    rule(
        "H07",
        HeadlineCode::NoAnswer,
        "No answer is recorded, one was looked for, and the date for it has passed.",
    ),
    rule(
        "H08",
        HeadlineCode::UnderWayLate,
        "A claim or evidence shows it under way, and an undertaking is reported not met by its first date.",
    ),
    rule(
        "H09",
        HeadlineCode::Late,
        "An undertaking is reported not met by its first date, and nothing shows it under way.",
    ),
    rule(
        "H10",
        HeadlineCode::Stalled,
        "It is under way, and somebody looked more than 180 days after the last movement and found nothing new.",
    ),
    rule(
        "H11",
        HeadlineCode::UnderWayOnTime,
        "It is under way, and an undertaking's first date lies ahead or was met.",
    ),
    rule("H12", HeadlineCode::UnderWay, "It is under way, and no date shows whether it is on time."),
    rule(
        "H13",
        HeadlineCode::PutOff,
        "The newest answer puts off the decision or offers something else, and nothing shows it under way.",
    ),
    rule(
        "H14",
        HeadlineCode::PromiseOnly,
        "It was accepted at least in principle or in part, or supported, and nothing shows it under way.",
    ),
    rule("H15", HeadlineCode::NotKnown, "None of these: the record does not hold enough to say."),
];

const fn rule(id: &'static str, code: HeadlineCode, when: &'static str) -> Rule {
    Rule { id, code, when }
}

impl HeadlineCode {
    /// Every headline, in the order a list shows them.
    pub const ALL: &'static [Self] = &[
        Self::DoneAndEvidenced,
        Self::ClaimedNotEvidenced,
        Self::DoneDisputed,
        Self::UnderWayOnTime,
        Self::UnderWay,
        Self::UnderWayLate,
        Self::Late,
        Self::Stalled,
        Self::PromiseOnly,
        Self::PutOff,
        Self::NoAnswer,
        Self::Refused,
        Self::ClosedOtherwise,
        Self::CannotBeJudged,
        Self::NotKnown,
    ];

    /// Short words for counts and tags.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DoneAndEvidenced => "Done and evidenced",
            Self::ClaimedNotEvidenced => "Claimed done, not evidenced",
            Self::DoneDisputed => "Done, disputed",
            Self::UnderWayOnTime => "Under way, on time so far",
            Self::UnderWay => "Under way, no date to judge by",
            Self::UnderWayLate => "Under way, late",
            Self::Late => "Not done by its date",
            Self::Stalled => "Stalled",
            Self::PromiseOnly => "Promise only",
            Self::PutOff => "Put off or changed",
            Self::NoAnswer => "No answer",
            Self::Refused => "Refused",
            Self::ClosedOtherwise => "Closed otherwise",
            Self::CannotBeJudged => "Cannot be judged",
            Self::NotKnown => "Not known",
        }
    }

    /// The code as exports write it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DoneAndEvidenced => "done_and_evidenced",
            Self::ClaimedNotEvidenced => "claimed_not_evidenced",
            Self::DoneDisputed => "done_disputed",
            Self::UnderWayOnTime => "under_way_on_time",
            Self::UnderWay => "under_way",
            Self::UnderWayLate => "under_way_late",
            Self::Late => "late",
            Self::Stalled => "stalled",
            Self::PromiseOnly => "promise_only",
            Self::PutOff => "put_off",
            Self::NoAnswer => "no_answer",
            Self::Refused => "refused",
            Self::ClosedOtherwise => "closed_otherwise",
            Self::CannotBeJudged => "cannot_be_judged",
            Self::NotKnown => "not_known",
        }
    }

    /// How a page may colour it, always beside the words.
    pub const fn tone(self) -> Tone {
        match self {
            Self::DoneAndEvidenced => Tone::Good,
            Self::UnderWayOnTime | Self::UnderWay => Tone::Moving,
            Self::ClaimedNotEvidenced
            | Self::PromiseOnly
            | Self::PutOff
            | Self::Stalled
            | Self::DoneDisputed => Tone::Caution,
            Self::UnderWayLate | Self::Late | Self::NoAnswer | Self::Refused => Tone::Bad,
            Self::ClosedOtherwise | Self::CannotBeJudged | Self::NotKnown => Tone::Plain,
        }
    }
}

impl Headline {
    pub(crate) fn not_known() -> Self {
        Self::by("H15", "")
    }

    fn by(rule: &'static str, more: &str) -> Self {
        let code = RULES.iter().find(|r| r.id == rule).map_or(HeadlineCode::NotKnown, |r| r.code);
        let words = if more.is_empty() { code.words().to_owned() } else { format!("{}{more}", code.words()) };
        Self { code, words, rule }
    }
}

pub(crate) fn compute(status: &Status<'_>) -> Headline {
    let verdicts: Vec<Adequacy> = status.adequacy.iter().map(|a| a.fact.verdict).collect();
    let positions: Vec<Response> =
        status.answers.iter().filter(|a| !a.given.is_empty()).map(|a| a.position).collect();
    let all = |test: fn(Response) -> bool| !positions.is_empty() && positions.iter().all(|p| test(*p));
    let any = |test: fn(Response) -> bool| positions.iter().any(|p| test(*p));
    let (claim, evidence, schedule) = (status.claim(), status.evidence_grade(), status.schedule());

    if verdicts.contains(&Adequacy::UnratableWording) {
        return Headline::by("H01", "");
    }
    if (!verdicts.is_empty() && verdicts.iter().all(|v| *v == Adequacy::Overtaken))
        || all(|p| p == Response::NotForUs)
    {
        return Headline::by("H02", "");
    }
    if claim == Claim::Complete {
        let short = verdicts.iter().any(|v| v.favourable() == Some(false));
        return match evidence {
            Evidence::Contradicted => Headline::by("H03", ""),
            _ if short => Headline::by("H03", ""),
            Evidence::InForce | Evidence::Delivered | Evidence::OutcomeMeasured => Headline::by("H04", ""),
            _ => Headline::by("H05", ""),
        };
    }
    if claim == Claim::Unknown && matches!(evidence, Evidence::Delivered | Evidence::OutcomeMeasured) {
        return Headline::by("H04", "");
    }
    if all(|p| matches!(p, Response::Rejected | Response::WithdrawnLater)) {
        let newest = status.answers.iter().filter_map(|a| a.given.first());
        let reasons: Vec<Reasons> = newest.map(|r| r.fact.reasons).collect();
        let more = if reasons.contains(&Reasons::Given) {
            ", with reasons"
        } else if reasons.contains(&Reasons::NotGiven) {
            ", without reasons"
        } else {
            ""
        };
        return Headline::by("H06", more);
    }
    let longest_silence = status.answers.iter().filter_map(|a| match a.clock {
        AnswerClock::Overdue(n) => Some(n),
        _ => None,
    });
    if positions.is_empty()
        && let Some(days) = longest_silence.max()
    {
        return Headline::by("H07", &format!(", {days} days late"));
    }
    let moving =
        matches!(claim, Claim::Planned | Claim::Consulting | Claim::InProgress | Claim::NearComplete)
            || matches!(
                evidence,
                Evidence::Announced
                    | Evidence::Funded
                    | Evidence::Drafted
                    | Evidence::Made
                    | Evidence::InForce
                    | Evidence::Delivered
                    | Evidence::OutcomeMeasured
            );
    match (moving, schedule) {
        (true, Schedule::Overdue(days)) => return Headline::by("H08", &format!(": {}", by_how_much(days))),
        (false, Schedule::Overdue(days)) => {
            return Headline::by("H09", &format!(": late by {}", by_how_much(days)));
        }
        _ => {}
    }
    if moving {
        return match (quiet_days(status), schedule) {
            (Some(days), _) if days > STALLED_AFTER => {
                Headline::by("H10", &format!(": nothing new for {days} days"))
            }
            (_, Schedule::NotDue(_) | Schedule::DueSoon(_) | Schedule::Met) => Headline::by("H11", ""),
            _ => Headline::by("H12", ""),
        };
    }
    if any(|p| matches!(p, Response::Deferred | Response::AlternativeOffered)) {
        return Headline::by("H13", "");
    }
    let promised = |p| {
        matches!(
            p,
            Response::Accepted
                | Response::AcceptedInPart
                | Response::AcceptedInPrinciple
                | Response::Supported
                | Response::SaysAlreadyDone
        )
    };
    if any(promised) {
        return Headline::by("H14", "");
    }
    Headline::by("H15", "")
}

/// Days between the last movement and the last time somebody looked and found nothing. `None` where nobody looked since:
/// a record that is not kept up is not a body that has stopped.
fn quiet_days(status: &Status<'_>) -> Option<i32> {
    let found = |e: &&&crate::Recorded<crate::EvidenceFound>| e.fact.grade != Evidence::NoneFound;
    let moved = status
        .claims
        .iter()
        .filter_map(|c| c.date())
        .chain(status.evidence.iter().filter(found).filter_map(|e| e.date()))
        .max()?;
    let looked = status.evidence.iter().filter(|e| !found(e)).filter_map(|e| e.date()).max()?;
    Some(crate::status::days_between(moved.latest(), looked.earliest()))
}

fn by_how_much(days: i32) -> String {
    if days > 0 { format!("at least {days} days") } else { "an unknown number of days".to_owned() }
}
