//! The five axes on which a recommendation is judged. They answer different questions and are never merged.
//!
//! Every axis has `Unknown`: it was looked for and not found, or nobody looked. It is never a synonym for "none",
//! "pending" or "no".

use serde::{Deserialize, Serialize};

/// How a value is coloured on a page, always beside its words: colour never carries meaning alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Delivered or met.
    Good,
    /// Moving.
    Moving,
    /// Late, partial or conditional.
    Caution,
    /// Refused, contradicted or overdue.
    Bad,
    /// Unknown or not applicable.
    Plain,
}

macro_rules! axis {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $words:literal, $tone:ident;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant,)+ }

        impl $name {
            /// Every value, in the order of the published list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value as exports write it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value in plain words, for a page.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $words,)+ }
            }

            /// How a page may colour it.
            pub const fn tone(self) -> Tone {
                match self { $(Self::$variant => Tone::$tone,)+ }
            }

            /// The value an export's code stands for.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }
    };
}

axis! {
    /// What a body answered. One per addressee, dated; later answers stand beside earlier ones.
    Response {
        /// Asked, and not yet due.
        Awaiting = "awaiting", "No answer yet; not yet due", Plain;
        /// Asked, due, and looked for without finding an answer.
        Overdue = "overdue", "No answer found after the date it was due", Bad;
        /// Receipt was confirmed, no position taken.
        Acknowledged = "acknowledged", "Acknowledged, no position taken", Plain;
        /// Accepted as asked.
        Accepted = "accepted", "Accepted", Good;
        /// Supported by a body it was not made to.
        Supported = "supported", "Supported; made to another body", Moving;
        /// Some parts accepted, others not.
        AcceptedInPart = "accepted_in_part", "Accepted in part", Caution;
        /// The aim accepted without the act that was asked for. Never the same as accepted.
        AcceptedInPrinciple = "accepted_in_principle", "Accepted in principle only", Caution;
        /// Something else offered instead.
        AlternativeOffered = "alternative_offered", "Something else offered instead", Caution;
        /// Said to be done already.
        SaysAlreadyDone = "says_already_done", "Says it was already done", Caution;
        /// Put off to a later decision.
        Deferred = "deferred", "Put off to a later decision", Caution;
        /// Refused.
        Rejected = "rejected", "Not accepted", Bad;
        /// Said to be for someone else.
        NotForUs = "not_for_us", "Said to be for another body", Plain;
        /// Accepted at first, dropped later.
        WithdrawnLater = "withdrawn_later", "Accepted at first, later not taken forward", Bad;
        /// Not seen in any source read.
        Unknown = "unknown", "Not known", Plain;
    }
}

axis! {
    /// What a body says it has done.
    Claim {
        /// It says nothing of progress.
        NoneStated = "none_stated", "No progress claimed", Plain;
        /// It says it has not begun.
        NotStarted = "not_started", "Says it has not started", Caution;
        /// It says it will.
        Planned = "planned", "Says it is planned", Moving;
        /// It is asking for views.
        Consulting = "consulting", "Says it is consulting", Moving;
        /// It says it is under way.
        InProgress = "in_progress", "Says it is under way", Moving;
        /// It says it is nearly done.
        NearComplete = "near_complete", "Says it is nearly complete", Moving;
        /// It says it is done.
        Complete = "complete", "Says it is complete", Good;
        /// It says it is paused.
        OnHold = "on_hold", "Says it is on hold", Caution;
        /// It says it will not be done.
        Dropped = "dropped", "Says it will not be done", Bad;
        /// Not seen in any source read.
        Unknown = "unknown", "Not known", Plain;
    }
}

axis! {
    /// What public records support, whatever is claimed. Ordered from least to most, `contradicted` apart.
    Evidence {
        /// Looked for and not found.
        NoneFound = "none_found", "Looked for; none found", Caution;
        /// Announced.
        Announced = "announced", "Announced", Moving;
        /// Money set aside.
        Funded = "funded", "Money set aside", Moving;
        /// A bill, a consultation or a draft exists.
        Drafted = "drafted", "Drafted: a bill, consultation or draft exists", Moving;
        /// An Act, rule or guidance was made.
        Made = "made", "Made: an Act, rule or guidance exists", Moving;
        /// It is in force.
        InForce = "in_force", "In force", Good;
        /// It was delivered.
        Delivered = "delivered", "Delivered", Good;
        /// Its effect was measured.
        OutcomeMeasured = "outcome_measured", "Delivered, and its effect measured", Good;
        /// Public records contradict the claim.
        Contradicted = "contradicted", "Public records contradict the claim", Bad;
        /// Nobody has looked yet.
        Unknown = "unknown", "Not known: not yet looked for", Plain;
    }
}

axis! {
    /// Whether it meets what was meant, as one named assessor judges under a stated rubric.
    Adequacy {
        /// Nobody has judged it.
        NotAssessed = "not_assessed", "Not assessed", Plain;
        /// More than was asked.
        Exceeds = "exceeds", "Goes further than was asked", Good;
        /// What was asked.
        Meets = "meets", "Meets what was asked", Good;
        /// Something else that serves.
        AcceptableAlternative = "acceptable_alternative", "An acceptable alternative", Good;
        /// The words are met and the purpose is not.
        LetterNotIntent = "letter_not_intent", "Meets the letter, not the intent", Caution;
        /// Part of it.
        Partial = "partial", "Meets part of it", Caution;
        /// Not enough.
        Insufficient = "insufficient", "Not enough", Bad;
        /// Events made it moot.
        Overtaken = "overtaken", "Overtaken by events", Plain;
        /// The wording cannot be judged by anyone.
        UnratableWording = "unratable_wording", "The wording cannot be judged", Plain;
    }
}

impl Adequacy {
    /// Whether the assessor is content; `None` for verdicts that take no side.
    pub const fn favourable(self) -> Option<bool> {
        match self {
            Self::Exceeds | Self::Meets | Self::AcceptableAlternative => Some(true),
            Self::LetterNotIntent | Self::Partial | Self::Insufficient => Some(false),
            Self::NotAssessed | Self::Overtaken | Self::UnratableWording => None,
        }
    }
}

axis! {
    /// Whether reasons were given with an answer.
    Reasons {
        /// They were.
        Given = "yes", "reasons given", Plain;
        /// They were not.
        NotGiven = "no", "no reasons given", Caution;
        /// Not seen.
        Unknown = "unknown", "whether reasons were given is not known", Plain;
    }
}

/// Where an undertaking stands against the **first** date given for it. Computed, never typed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "schedule", content = "days")]
pub enum Schedule {
    /// No date was given.
    NoDate,
    /// The date lies ahead by this many days.
    NotDue(i32),
    /// The date lies at most 30 days ahead.
    DueSoon(i32),
    /// Reported met, by the first date as far as is known.
    Met,
    /// Reported met this many days after the first date.
    MetLate(i32),
    /// The date has passed by this many days, and whether it was met is not known.
    PassedUnknown(i32),
    /// Reported not met; at least this many days late when last reported.
    Overdue(i32),
}

impl Schedule {
    /// The value as exports write it, without its number of days.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoDate => "no_date",
            Self::NotDue(_) => "not_due",
            Self::DueSoon(_) => "due_soon",
            Self::Met => "met",
            Self::MetLate(_) => "met_late",
            Self::PassedUnknown(_) => "passed_unknown",
            Self::Overdue(_) => "overdue",
        }
    }

    /// The number of days it carries.
    pub const fn days(self) -> Option<i32> {
        match self {
            Self::NoDate | Self::Met => None,
            Self::NotDue(n)
            | Self::DueSoon(n)
            | Self::MetLate(n)
            | Self::PassedUnknown(n)
            | Self::Overdue(n) => Some(n),
        }
    }

    /// The value in plain words, for a page.
    pub fn words(self) -> String {
        let days = |n: i32| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
        match self {
            Self::NoDate => "No date was given".to_owned(),
            Self::NotDue(n) => format!("Not due for {}", days(n)),
            Self::DueSoon(0) => "Due today".to_owned(),
            Self::DueSoon(n) => format!("Due in {}", days(n)),
            Self::Met => "Met".to_owned(),
            Self::MetLate(n) => format!("Met {} late", days(n)),
            Self::PassedUnknown(n) => format!("Date passed {} ago; not known whether it was met", days(n)),
            Self::Overdue(n) => format!("At least {} late", days(n)),
        }
    }

    /// How a page may colour it.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Met => Tone::Good,
            Self::NotDue(_) => Tone::Moving,
            Self::DueSoon(_) | Self::MetLate(_) => Tone::Caution,
            Self::Overdue(_) => Tone::Bad,
            Self::NoDate | Self::PassedUnknown(_) => Tone::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_is_unique() {
        fn check<T: Copy + PartialEq + std::fmt::Debug>(
            all: &[T],
            code: fn(T) -> &'static str,
            from: fn(&str) -> Option<T>,
        ) {
            for value in all {
                assert_eq!(from(code(*value)), Some(*value));
            }
        }
        check(Response::ALL, Response::code, Response::from_code);
        check(Claim::ALL, Claim::code, Claim::from_code);
        check(Evidence::ALL, Evidence::code, Evidence::from_code);
        check(Adequacy::ALL, Adequacy::code, Adequacy::from_code);
        assert_eq!(
            serde_json::to_string(&Response::AcceptedInPrinciple).unwrap(),
            "\"accepted_in_principle\""
        );
    }

    #[test]
    fn in_principle_never_reads_as_accepted() {
        assert_ne!(Response::AcceptedInPrinciple.words(), Response::Accepted.words());
        assert_ne!(Response::AcceptedInPrinciple.tone(), Response::Accepted.tone());
        assert_eq!(Response::from_code("accepted in principle"), None);
    }
}
