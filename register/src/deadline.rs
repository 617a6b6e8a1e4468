//! Time limits in English, read by our own grammar: what was said, what it counts from, and the day it comes to.
//!
//! No date is ever invented. Where the words do not fix a day, [`Deadline::date`] stays empty and
//! [`Deadline::unresolved`] says why.

use candour_record::{Span, month_number};
use jiff::civil::{Date, date};
use jiff::{Span as TimeSpan, civil::Weekday};
use serde::{Deserialize, Serialize};

/// A time limit as written, and as far as it can be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What sort of limit it is.
    #[serde(rename = "type")]
    pub kind: DeadlineType,
    /// How many units, for limits that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// The unit counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What it counts from: `publication`, or the event in the document's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<String>,
    /// The day, where the words and the publication date fix one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// First day of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Date>,
    /// Last day of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Date>,
    /// The words.
    pub phrase: String,
    /// The period, for a limit that recurs: `3 years`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring: Option<String>,
    /// Why no day could be fixed, where one might be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<String>,
}

/// The eight sorts of time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineType {
    /// By a date.
    By,
    /// Within so long of something.
    Within,
    /// Only after something.
    After,
    /// Again and again.
    Recurring,
    /// A window that someone else has, from an event of theirs.
    ConditionWindow,
    /// On or before an event.
    Event,
    /// By a season or feast.
    Season,
    /// Soon, in words that fix nothing.
    Vague,
}

/// Units of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Calendar days.
    Days,
    /// Monday to Friday; bank holidays are not known here.
    WorkingDays,
    /// Weeks.
    Weeks,
    /// Calendar months.
    Months,
    /// Calendar years.
    Years,
}

/// What a limit counts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// The publication of the document that sets it.
    Publication,
    /// Some other event, in the document's words.
    Event(String),
    /// The words do not say.
    Unsaid,
}

/// Finds every time limit in a text, in order, each with its span in characters.
///
/// `published` is the document's own date: limits that count from publication, and words such as "this year" or
/// "before Easter", are resolved against it and left open without it.
pub fn find_deadlines(text: &str, published: Option<Date>) -> Vec<(Span, Deadline)> {
    let tokens = tokenise(text);
    let mut found = Vec::new();
    let mut at = 0;
    let mut vague_seen = false;
    while at < tokens.len() {
        let cursor = Cursor { tokens: &tokens, text, published };
        match cursor.limit(at) {
            Some((end, mut deadline)) if end > at => {
                let span = Span::new(tokens[at].span.start, tokens[end - 1].span.end);
                deadline.phrase = phrase(text, &tokens[at], &tokens[end - 1]);
                // A recommendation that says "soon" three times sets one vague limit, not three.
                let vague = deadline.kind == DeadlineType::Vague;
                if !(vague && vague_seen) {
                    found.push((span, deadline));
                }
                vague_seen |= vague;
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// Finds the times that a promise names beyond its limits: lengths ("a three-month review", "to last twelve weeks") and
/// times to come ("this spring", "in March 2026", "later this year").
///
/// A length is no limit until its start is known. Where nobody states one, the day given is what it would come to from
/// publication, and [`Deadline::unresolved`] says so.
pub(crate) fn find_promised_times(text: &str, published: Option<Date>) -> Vec<Deadline> {
    let tokens = tokenise(text);
    let cursor = Cursor { tokens: &tokens, text, published };
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // A limit is found by the grammar of limits.
        if let Some((end, _)) = cursor.limit(at).filter(|(end, _)| *end > at) {
            at = end;
        } else if let Some((end, mut deadline)) = cursor.length(at).or_else(|| cursor.to_come(at)) {
            deadline.phrase = phrase(text, &tokens[at], &tokens[end - 1]);
            found.push(deadline);
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

struct Token<'a> {
    lower: String,
    raw: &'a str,
    byte: usize,
    span: Span,
}

fn tokenise(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().enumerate().peekable();
    while let Some((index, (byte, first))) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut end = (index + 1, byte + first.len_utf8());
        if first.is_alphanumeric() {
            while let Some(&(i, (b, c))) = chars.peek() {
                if !(c.is_alphanumeric() || matches!(c, '\'' | '’')) {
                    break;
                }
                end = (i + 1, b + c.len_utf8());
                chars.next();
            }
        }
        let raw = &text[byte..end.1];
        tokens.push(Token { lower: raw.to_lowercase(), raw, byte, span: Span::new(index, end.0) });
    }
    tokens
}

fn phrase(text: &str, first: &Token<'_>, last: &Token<'_>) -> String {
    text[first.byte..last.byte + last.raw.len()].split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    text: &'a str,
    published: Option<Date>,
}

type Parsed<T> = Option<(usize, T)>;

/// A moment or window that words name.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    kind: DeadlineType,
    date: Option<Date>,
    earliest: Option<Date>,
    latest: Option<Date>,
    unresolved: Option<String>,
}

impl Moment {
    fn on(day: Date) -> Self {
        Self { kind: DeadlineType::By, date: Some(day), earliest: None, latest: None, unresolved: None }
    }

    fn between(kind: DeadlineType, earliest: Date, latest: Date) -> Self {
        Self { kind, date: None, earliest: Some(earliest), latest: Some(latest), unresolved: None }
    }

    fn open(kind: DeadlineType, why: &str) -> Self {
        Self { kind, date: None, earliest: None, latest: None, unresolved: Some(why.to_owned()) }
    }
}

/// "In the next" so many years or more is a horizon.
const LONGEST_NEXT: u32 = 5;
const NO_PUBLICATION: &str = "counts from publication, and the date of publication is not known";

impl Cursor<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.lower.as_str())
    }

    /// The words at a place, each in turn; a `|` in a word separates alternatives.
    fn words(&self, at: usize, pattern: &str) -> Option<usize> {
        let mut place = at;
        for wanted in pattern.split(' ') {
            if !wanted.split('|').any(|w| w == self.word(place)) {
                return None;
            }
            place += 1;
        }
        Some(place)
    }

    fn limit(&self, at: usize) -> Parsed<Deadline> {
        self.recurring(at)
            .or_else(|| self.within(at))
            .or_else(|| self.by(at))
            .or_else(|| self.window(at))
            .or_else(|| self.after(at))
            .or_else(|| self.vague(at))
    }

    /// "at least every three years", "annually", "six-monthly", "once a year".
    fn recurring(&self, at: usize) -> Parsed<Deadline> {
        let recurring =
            |period: String| Deadline { recurring: Some(period), ..blank(DeadlineType::Recurring) };
        let start = self.words(at, "at least").or_else(|| self.words(at, "no less often than")).unwrap_or(at);
        if let Some(next) = self.words(start, "every|each") {
            if let Some((next, amount)) = self.number(next)
                && let Some((next, unit)) = self.unit(next)
            {
                return Some((next, recurring(count(amount, unit))));
            }
            if let Some((next, unit)) = self.unit(next)
                && !self.word(next - 1).ends_with('s')
            {
                return Some((next, recurring(count(1, unit))));
            }
            if self.words(next, "quarter").is_some() {
                return Some((next + 1, recurring(count(3, Unit::Months))));
            }
        }
        // "within each three-year spending review cycle".
        if let Some(each) = self.words(at, "within|in|during|at|for|over each|every") {
            let mut end = each;
            if let Some((next, _)) = self.number(each)
                && let Some((next, _)) = self.unit(self.words(next, "-").unwrap_or(next))
            {
                end = next;
            }
            let cycle = [
                "spending review",
                "financial year",
                "parliament",
                "parliamentary session",
                "session",
                "budget",
            ]
            .iter()
            .find_map(|cycle| self.words(end, cycle))
            .or_else(|| self.words(end, "cycle"));
            if let Some(next) = cycle {
                let next = self.words(next, "cycle|period").unwrap_or(next);
                return Some((next, recurring(format!("each {}", self.said(each, next)))));
            }
        }
        if let Some(next) = self.words(start, "once|twice") {
            let times = if self.word(start) == "twice" { 2 } else { 1 };
            let next = self.words(next, "a|each|every|per").unwrap_or(next);
            if next > start + 1
                && let Some((next, unit)) = self.unit(next)
            {
                let period = match (times, unit) {
                    (2, Unit::Years) => count(6, Unit::Months),
                    (2, other) => format!("twice in {}", count(1, other)),
                    (_, other) => count(1, other),
                };
                return Some((next, recurring(period)));
            }
        }
        let by_adverb = match self.word(start) {
            "annually" | "yearly" => Some(count(1, Unit::Years)),
            "quarterly" => Some(count(3, Unit::Months)),
            "monthly" => Some(count(1, Unit::Months)),
            "weekly" => Some(count(1, Unit::Weeks)),
            "biennially" => Some(count(2, Unit::Years)),
            "biannually" => Some(count(6, Unit::Months)),
            _ => None,
        };
        if let Some(period) = by_adverb {
            return Some((start + 1, recurring(period)));
        }
        if let Some(next) = self.words(start, "on an annual basis") {
            return Some((next, recurring(count(1, Unit::Years))));
        }
        // "six-monthly", "two-yearly".
        let (next, amount) = self.number(start)?;
        let next = self.words(next, "-").unwrap_or(next);
        match self.word(next) {
            "monthly" => Some((next + 1, recurring(count(amount, Unit::Months)))),
            "weekly" => Some((next + 1, recurring(count(amount, Unit::Weeks)))),
            "yearly" => Some((next + 1, recurring(count(amount, Unit::Years)))),
            _ => None,
        }
    }

    /// "within 12 months of the publication of this report", "no later than six months after commencement".
    fn within(&self, at: usize) -> Parsed<Deadline> {
        let next = ["within", "in the next", "over the next", "no|not later than", "no more than", "at most"]
            .iter()
            .find_map(|opening| self.words(at, opening))?;
        let next =
            self.words(next, "a period of").or_else(|| self.words(next, "the next|first")).unwrap_or(next);
        let (next, amount) = self.number(next).or_else(|| self.words(next, "a|an").map(|n| (n, 1)))?;
        let next = self.words(next, "-").unwrap_or(next);
        let (next, unit) = self.unit(next)?;
        let (end, anchor) = self.anchor(next);
        // "in the next ten years" is how far somebody looks ahead, not when something is due.
        let horizon = self.words(at, "in|over the next").is_some();
        if horizon && unit == Unit::Years && amount >= LONGEST_NEXT && anchor == Anchor::Unsaid {
            return None;
        }
        // "no more than six months" sets a length, not a limit, unless it says from when.
        if self.words(at, "no more than").or_else(|| self.words(at, "at most")).is_some()
            && anchor == Anchor::Unsaid
        {
            return None;
        }
        Some((end, self.counted(DeadlineType::Within, amount, unit, anchor)))
    }

    /// "by 10 October 2025", "before Easter", "no later than the end of the 2025/26 financial year".
    fn by(&self, at: usize) -> Parsed<Deadline> {
        let openings = [
            "on or before",
            "no|not later than",
            "not after",
            "by no later than",
            "by",
            "before",
            "until",
            "past",
            "prior to",
            "after midnight on",
            "after midnight",
        ];
        let next = openings.iter().find_map(|opening| self.words(at, opening))?;
        let (end, moment) = self.moment(next)?;
        // "by Autumn 2024" in a report of 2025 tells of a promise broken; a limit lies ahead.
        let last = moment.date.or(moment.latest);
        if last.is_some_and(|d| self.published.is_some_and(|p| d < p)) {
            return None;
        }
        // "past Easter" tells a time of day or year; only "not … past the end of" sets a limit.
        if self.word(at) == "past" && self.words(next, "the end").is_none() {
            return None;
        }
        Some((
            end,
            Deadline {
                date: moment.date,
                earliest: moment.earliest,
                latest: moment.latest,
                unresolved: moment.unresolved,
                ..blank(moment.kind)
            },
        ))
    }

    /// "three calendar months following the receipt of an offer", "the nine-month period afforded to claimants".
    fn window(&self, at: usize) -> Parsed<Deadline> {
        let (next, amount) = self.number(at)?;
        let hyphen = self.words(next, "-");
        let (next, unit) = self.unit(hyphen.unwrap_or(next))?;
        if let Some(period) = self.words(next, "period|window")
            && let Some(given) = self.words(period, "afforded|allowed|given|available|granted|provided")
        {
            // Whose window it is follows; from when it runs does not.
            return Some((given, self.counted(DeadlineType::ConditionWindow, amount, unit, Anchor::Unsaid)));
        }
        let (end, anchor) = self.anchor(next);
        if anchor == Anchor::Unsaid || !matches!(self.word(next), "following" | "after" | "from") {
            return None;
        }
        let before = |back: usize, word: &str| at >= back && self.word(at - back) == word;
        let is_window = before(1, "is") || (before(1, "of") && before(2, "period")) || before(1, "for");
        let kind = if is_window { DeadlineType::ConditionWindow } else { DeadlineType::After };
        Some((end, self.counted(kind, amount, unit, anchor)))
    }

    /// "from 1 April 2026", "with effect from 1 April 2026".
    fn after(&self, at: usize) -> Parsed<Deadline> {
        // "after three years of operation" counts from when the thing begins.
        if let Some(next) = self.words(at, "after")
            && let Some((next, amount)) = self.number(next)
            && let Some((next, unit)) = self.unit(self.words(next, "-").unwrap_or(next))
            && let Some(thing) = self.words(next, "of")
            && let Some(end) = self.words(thing, "operation|service|use|implementation|running|practice")
        {
            let event = format!("start of {}", self.said(thing, end));
            return Some((end, self.counted(DeadlineType::After, amount, unit, Anchor::Event(event))));
        }
        let next = ["with effect from", "not before", "no earlier than", "from"]
            .iter()
            .find_map(|o| self.words(at, o))?;
        let (end, moment) = self.moment(next)?;
        // A bare "from 2019 to 2021" is a stretch of time, not a limit.
        if matches!(self.word(end), "to" | "until" | "through" | "-" | "–") || moment.kind != DeadlineType::By
        {
            return None;
        }
        if self.published.is_some_and(|p| moment.date.or(moment.latest).is_some_and(|d| d < p)) {
            return None;
        }
        Some((
            end,
            Deadline {
                date: moment.date,
                earliest: moment.earliest,
                latest: moment.latest,
                ..blank(DeadlineType::After)
            },
        ))
    }

    /// "as soon as is reasonably practicable", "urgent consideration", "without delay".
    fn vague(&self, at: usize) -> Parsed<Deadline> {
        let why = Some("the words fix no day".to_owned());
        let vague =
            |end: usize| Some((end, Deadline { unresolved: why.clone(), ..blank(DeadlineType::Vague) }));
        if let Some(next) = self.words(at, "as soon|quickly|early|promptly as") {
            let next = self.words(next, "is|are").unwrap_or(next);
            let next = self.words(next, "reasonably").unwrap_or(next);
            if let Some(end) = self.words(next, "practicable|possible|practical|feasible") {
                return vague(end);
            }
        }
        for pattern in [
            "without delay",
            "without undue delay",
            "without further delay",
            "at the earliest opportunity",
            "at its earliest opportunity",
            "at their earliest opportunity",
            "as a matter of urgency",
            "with urgency",
            "in due course",
            "in|over the coming weeks|months|years",
            "at the earliest possible notice|opportunity|date|moment",
            "urgent|immediate|swift|prompt consideration|attention|steps|action",
            "immediately",
            "forthwith",
            "published|publish|issued|issue|follow|announced|completed soon",
            "will|shall soon",
        ] {
            if let Some(end) = self.words(at, pattern) {
                // "immediately after the incident" tells when something happened, not when something is due.
                if self.words(end, "after|following|before|prior|preceding|available|adjacent").is_some() {
                    return None;
                }
                return vague(end);
            }
        }
        None
    }

    /// "three-month", "lasting twelve weeks".
    fn length(&self, at: usize) -> Parsed<Deadline> {
        let (next, amount) = self.number(at)?;
        let hyphen = self.words(next, "-");
        let (end, unit) = self.unit(hyphen.unwrap_or(next))?;
        let lasting = at > 0
            && matches!(self.word(at - 1), "lasting" | "take" | "takes" | "last" | "lasts" | "for" | "over");
        // "three-month-old" and "six-monthly" are no lengths.
        if !(hyphen.is_some() || lasting) || self.word(end) == "-" || self.word(end) == "old" {
            return None;
        }
        let deadline = Deadline {
            amount: Some(amount),
            unit: Some(unit),
            counted_from: Some("its start, which is not stated".to_owned()),
            date: self.published.and_then(|p| add(p, amount, unit)),
            unresolved: Some("the start is not stated; counted here from publication".to_owned()),
            ..blank(DeadlineType::Within)
        };
        Some((end, deadline))
    }

    /// "this spring", "in March 2026", "later this year", "next month".
    fn to_come(&self, at: usize) -> Parsed<Deadline> {
        let made = |moment: Moment| Deadline {
            date: moment.date,
            earliest: moment.earliest,
            latest: moment.latest,
            unresolved: moment.unresolved,
            ..blank(moment.kind)
        };
        if let Some(next) =
            self.words(at, "this|next|in|during").filter(|_| at == 0 || self.word(at - 1) != "since")
        {
            let next = self.words(next, "early|mid|late").unwrap_or(next);
            let next = self.words(next, "-").unwrap_or(next);
            if let Some((end, moment)) = self.easter_or_season(next).or_else(|| {
                let (after, _) = self.month(next)?;
                self.year(self.words(after, ",").unwrap_or(after))?;
                self.moment(next)
            }) {
                let past = moment.latest.is_some_and(|d| self.published.is_some_and(|p| d < p));
                // "In the spring publication" names a thing, not a time.
                let names = moment.unresolved.is_some() && self.goes_on_with_a_noun(end);
                return (!past && !names).then(|| (end, made(moment)));
            }
        }
        let later = self.words(at, "later").unwrap_or(at);
        let end = self.words(later, "this|next year").or_else(|| self.words(later, "this|next month"))?;
        let next = self.word(later) == "next";
        let Some(published) = self.published else {
            return Some((end, made(Moment::open(DeadlineType::By, NO_PUBLICATION))));
        };
        let window = if self.word(end - 1) == "year" {
            let year = published.year() + i16::from(next);
            (if next { Date::new(year, 1, 1).ok()? } else { published }, Date::new(year, 12, 31).ok()?)
        } else {
            let first =
                published.first_of_month().checked_add(TimeSpan::new().months(i32::from(next))).ok()?;
            (if next { first } else { published }, first.last_of_month())
        };
        Some((end, made(Moment::between(DeadlineType::By, window.0, window.1))))
    }

    /// Whether a word follows without a mark between that could be the noun of what stands before.
    fn goes_on_with_a_noun(&self, at: usize) -> bool {
        const JOINS: [&str; 28] = [
            "and",
            "or",
            "but",
            "of",
            "to",
            "in",
            "on",
            "at",
            "by",
            "with",
            "when",
            "after",
            "before",
            "as",
            "if",
            "so",
            "that",
            "this",
            "next",
            "following",
            "the",
            "a",
            "we",
            "it",
            "which",
            "for",
            "is",
            "will",
        ];
        let word = self.word(at);
        word.starts_with(char::is_lowercase)
            && !JOINS.contains(&word)
            && self.tokens.get(at).is_some_and(|t| t.raw.starts_with(char::is_lowercase))
    }

    fn counted(&self, kind: DeadlineType, amount: u32, unit: Unit, anchor: Anchor) -> Deadline {
        let (counted_from, day, unresolved) = match anchor {
            Anchor::Publication => {
                let day = (kind == DeadlineType::Within)
                    .then(|| self.published.and_then(|p| add(p, amount, unit)))
                    .flatten();
                let why = (kind == DeadlineType::Within && day.is_none()).then(|| NO_PUBLICATION.to_owned());
                (Some("publication".to_owned()), day, why)
            }
            Anchor::Event(event) => {
                let why = format!("counts from an event whose date is not in this document: {event}");
                (Some(event), None, Some(why))
            }
            Anchor::Unsaid => (None, None, Some("the words do not say what it counts from".to_owned())),
        };
        Deadline {
            amount: Some(amount),
            unit: Some(unit),
            counted_from,
            date: day,
            unresolved,
            ..blank(kind)
        }
    }

    /// What a count starts from: "of the publication of this report", "following receipt of an offer".
    fn anchor(&self, at: usize) -> (usize, Anchor) {
        let Some(next) = self
            .words(at, "of|from|after|following")
            .or_else(|| self.words(at, "from the date of"))
            .or_else(|| self.words(at, "starting from"))
        else {
            return (at, Anchor::Unsaid);
        };
        let mut end = self.clause_end(next);
        if end == next {
            return (at, Anchor::Unsaid);
        }
        let said = self.said(next, end);
        let lower = said.to_lowercase();
        let plain = lower.strip_prefix("the ").unwrap_or(&lower);
        let of_this = [
            "this report",
            "the report",
            "our report",
            "this volume",
            "this document",
            "this letter",
            "this statement",
            "this response",
            "this notice",
            "today",
            "the inquiry’s report",
            "the inquiry's report",
        ];
        let publication = plain == "publication"
            || of_this.iter().any(|r| {
                let dated = plain.strip_prefix("date of ").unwrap_or(plain);
                dated.starts_with(r)
                    || dated
                        .strip_prefix("the publication of ")
                        .or_else(|| dated.strip_prefix("publication of "))
                        .is_some_and(|rest| rest.starts_with(r))
                    || (plain.starts_with(r) && plain[r.len()..].trim_start().starts_with("being published"))
            });
        if publication {
            // The clause may run on past the report itself; the phrase need not.
            while end > next + 1
                && !matches!(
                    self.word(end - 1),
                    "report"
                        | "volume"
                        | "document"
                        | "publication"
                        | "published"
                        | "letter"
                        | "statement"
                        | "response"
                        | "notice"
                        | "today"
                )
            {
                end -= 1;
            }
            return (end, Anchor::Publication);
        }
        (end, Anchor::Event(said))
    }

    fn said(&self, from: usize, to: usize) -> String {
        match (self.tokens.get(from), self.tokens.get(to.max(from + 1) - 1)) {
            (Some(first), Some(last)) => {
                let said = phrase(self.text, first, last);
                said.strip_prefix("the ").map_or(said.clone(), str::to_owned)
            }
            _ => String::new(),
        }
    }

    /// One past the last word of the clause that begins here: up to punctuation, a verb of duty, or fourteen words.
    fn clause_end(&self, from: usize) -> usize {
        let mut at = from;
        while at < self.tokens.len() && at < from + 14 {
            let word = self.word(at);
            let is_break = matches!(word, "," | ";" | "." | ":" | "(" | ")" | "—" | "–" | "•" | "should" | "shall" | "must" | "will" | "which" | "that" | "it" | "they" | "and" | "so" | "to" | "in" | "with")
                // "the exercise to be held" keeps its infinitive out; a hyphen inside a word does not break.
                && !(matches!(word, "in" | "with") && at == from);
            if is_break || self.text[self.tokens[at].byte..].starts_with("\n\n") {
                break;
            }
            at += 1;
        }
        at
    }

    fn moment(&self, at: usize) -> Parsed<Moment> {
        let at = self.words(at, "midnight on").or_else(|| self.words(at, "midnight")).unwrap_or(at);
        if let Some(next) = self
            .words(at, "the end of")
            .or_else(|| self.words(at, "end of"))
            .or_else(|| self.words(at, "the close of"))
        {
            return self.end_of(next);
        }
        if let Some(found) = self.easter_or_season(at) {
            return Some(found);
        }
        if let Some((next, day)) = self.day(at) {
            return Some((next, Moment::on(day)));
        }
        let at = self.words(at, "the").unwrap_or(at);
        if let Some((next, month)) = self.month(at) {
            let next = self.words(next, ",").unwrap_or(next);
            return match self.year(next) {
                Some((next, year)) => {
                    let first = Date::new(year, month, 1).ok()?;
                    Some((next, Moment::between(DeadlineType::By, first, first.last_of_month())))
                }
                None if self.published.is_some() => {
                    let first = self.next_month(month)?;
                    Some((next, Moment::between(DeadlineType::By, first, first.last_of_month())))
                }
                None => Some((
                    next,
                    Moment::open(
                        DeadlineType::By,
                        "no year is given, and the date of publication is not known",
                    ),
                )),
            };
        }
        if let Some(next) = self.words(at, "early|mid|late") {
            let next = self.words(next, "-").unwrap_or(next);
            let (next, year) = self.year(next)?;
            return Some((next, Moment::between(DeadlineType::Season, date(year, 1, 1), date(year, 12, 31))));
        }
        let (next, year) = self.year(at)?;
        Some((next, Moment::between(DeadlineType::By, date(year, 1, 1), date(year, 12, 31))))
    }

    fn end_of(&self, at: usize) -> Parsed<Moment> {
        let at = self.words(at, "the").unwrap_or(at);
        // "the end of the 2025/26 financial year", "the end of the financial year 2025-26".
        let named = self.words(at, "financial year");
        let years = named.unwrap_or(at);
        if let Some((next, first)) = self.year(years)
            && let Some(slash) = self.words(next, "/|-|–|to")
            && let Some(second) = self.tokens.get(slash).filter(|t| t.raw.len() == 2 || t.raw.len() == 4)
            && second.raw.bytes().all(|b| b.is_ascii_digit())
        {
            let end = if named.is_some() { Some(slash + 1) } else { self.words(slash + 1, "financial year") };
            if let Some(end) = end {
                // The United Kingdom's government financial year ends on 31 March.
                return Some((end, Moment::on(date(first + 1, 3, 31))));
            }
        }
        if let Some(next) = self
            .words(at, "this|the|current financial year")
            .or_else(|| self.words(at, "current financial year"))
            .or(named)
        {
            return Some((
                next,
                match self.published {
                    Some(p) => Moment::on(Date::new(p.year() + i16::from(p.month() > 3), 3, 31).ok()?),
                    None => Moment::open(DeadlineType::By, NO_PUBLICATION),
                },
            ));
        }
        if let Some((next, month)) = self.month(at) {
            let next = self.words(next, ",").unwrap_or(next);
            if let Some((next, year)) = self.year(next) {
                return Some((next, Moment::on(Date::new(year, month, 1).ok()?.last_of_month())));
            }
            return Some((
                next,
                match self.next_month(month) {
                    Some(first) => Moment::on(first.last_of_month()),
                    None => Moment::open(
                        DeadlineType::By,
                        "no year is given, and the date of publication is not known",
                    ),
                },
            ));
        }
        if let Some(next) = self
            .words(at, "this|next year")
            .or_else(|| self.words(at, "year"))
            .or_else(|| self.words(at, "calendar year"))
        {
            let later = i16::from(self.word(at) == "next");
            return Some((
                next,
                match self.published {
                    Some(p) => Moment::on(Date::new(p.year() + later, 12, 31).ok()?),
                    None => Moment::open(DeadlineType::By, NO_PUBLICATION),
                },
            ));
        }
        if let Some((next, moment)) = self.easter_or_season(at) {
            return Some((next, moment));
        }
        if let Some((next, year)) = self.year(at) {
            return Some((next, Moment::on(date(year, 12, 31))));
        }
        let event = self
            .words(at, "this|current|school|academic parliament|session|term")
            .or_else(|| self.words(at, "parliament|session|term"))?;
        Some((event, Moment::open(DeadlineType::Event, "the day on which it ends is not fixed")))
    }

    fn easter_or_season(&self, at: usize) -> Parsed<Moment> {
        let feast: Option<fn(i16) -> Option<Date>> = match self.word(at) {
            "easter" => Some(easter_sunday),
            "christmas" => Some(|year| Date::new(year, 12, 25).ok()),
            _ => None,
        };
        if let Some(feast) = feast {
            if let Some((next, year)) = self.year(at + 1) {
                return Some((
                    next,
                    Moment {
                        latest: feast(year),
                        ..Moment::open(DeadlineType::Season, "a feast, not a day, was named")
                    },
                ));
            }
            let latest = match self.published {
                Some(p) => Some(feast(p.year()).filter(|day| *day >= p).or_else(|| feast(p.year() + 1))?),
                None => None,
            };
            let why = if latest.is_some() {
                "a feast, not a day, was named"
            } else {
                "no year is given, and the date of publication is not known"
            };
            return Some((at + 1, Moment { latest, ..Moment::open(DeadlineType::Season, why) }));
        }
        let at = self.words(at, "the").unwrap_or(at);
        // Seasons as the Meteorological Office counts them: spring is March to May, and so on.
        let first_month = match self.word(at) {
            "spring" => 3,
            "summer" => 6,
            "autumn" => 9,
            "winter" => 12,
            _ => return None,
        };
        let next = self.words(at + 1, "of").unwrap_or(at + 1);
        let window = |year: i16| {
            let first = Date::new(year, first_month, 1).ok()?;
            let last = first.checked_add(TimeSpan::new().months(2)).ok()?.last_of_month();
            Some((first, last))
        };
        if let Some((next, year)) = self.year(next) {
            let (first, last) = window(year)?;
            return Some((next, Moment::between(DeadlineType::Season, first, last)));
        }
        let Some(published) = self.published else {
            return Some((
                at + 1,
                Moment::open(
                    DeadlineType::Season,
                    "no year is given, and the date of publication is not known",
                ),
            ));
        };
        // The season now running, or else the next one.
        let (first, last) = window(published.year() - 1)
            .filter(|w| w.1 >= published)
            .or_else(|| window(published.year()).filter(|w| w.1 >= published))
            .or_else(|| window(published.year() + 1))?;
        let moment = Moment::between(DeadlineType::Season, first, last);
        Some((
            at + 1,
            Moment {
                unresolved: Some("no year is given; the next such season is taken".to_owned()),
                ..moment
            },
        ))
    }

    /// "10 October 2025", "10th of October, 2025", "October 10, 2025", "2025-10-10".
    fn day(&self, at: usize) -> Parsed<Date> {
        let at =
            if weekday(self.word(at)).is_some() { self.words(at + 1, ",").unwrap_or(at + 1) } else { at };
        let at = self.words(at, "the").unwrap_or(at);
        if let Some((next, year)) = self.year(at)
            && let (Some(month), Some(day)) = (self.words(next, "-"), self.words(next + 2, "-"))
            && let (Ok(m), Ok(d)) = (self.word(month).parse(), self.word(day).parse())
        {
            return Some((day + 1, Date::new(year, m, d).ok()?));
        }
        if let Some((next, day)) = self.day_of_month(at) {
            let next = self.words(next, "of").unwrap_or(next);
            let (next, month) = self.month(next)?;
            if let Some((next, year)) = self.year(self.words(next, ",").unwrap_or(next)) {
                return Some((next, Date::new(year, month, day).ok()?));
            }
            // The next such day after publication; without a publication date there is no day.
            let published = self.published?;
            let this_year = Date::new(published.year(), month, day).ok()?;
            let later = Date::new(published.year() + 1, month, day);
            return Some((next, if this_year >= published { this_year } else { later.ok()? }));
        }
        let (next, month) = self.month(at)?;
        let (next, day) = self.day_of_month(next)?;
        let next = self.words(next, ",").unwrap_or(next);
        let (next, year) = self.year(next)?;
        Some((next, Date::new(year, month, day).ok()?))
    }

    fn day_of_month(&self, at: usize) -> Parsed<i8> {
        let word = self.word(at);
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|s| word.strip_suffix(s)).unwrap_or(word);
        let day: i8 = (digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten()?;
        (1..=31).contains(&day).then_some((at + 1, day))
    }

    fn month(&self, at: usize) -> Parsed<i8> {
        let word = self.word(at);
        // "may" and "march" are months only when written as names.
        if !self.tokens.get(at)?.raw.starts_with(char::is_uppercase) {
            return None;
        }
        Some((at + 1, month_number(word)?))
    }

    fn year(&self, at: usize) -> Parsed<i16> {
        let word = self.word(at);
        let year: i16 = (word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()))
            .then(|| word.parse().ok())
            .flatten()?;
        (1900..=2199).contains(&year).then_some((at + 1, year))
    }

    /// The first day of the next such month on or after publication.
    fn next_month(&self, month: i8) -> Option<Date> {
        let published = self.published?;
        let year = if month >= published.month() { published.year() } else { published.year() + 1 };
        Date::new(year, month, 1).ok()
    }

    fn number(&self, at: usize) -> Parsed<u32> {
        const WORDS: [&str; 20] = [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ];
        let word = self.word(at);
        if word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
            return word.parse().ok().filter(|n| *n > 0).map(|n| (at + 1, n));
        }
        if let Some(n) = WORDS.iter().position(|w| *w == word).filter(|n| *n > 0) {
            return Some((at + 1, n as u32));
        }
        let tens = match word {
            "twenty" => 20,
            "thirty" => 30,
            "forty" => 40,
            "fifty" => 50,
            "sixty" => 60,
            "ninety" => 90,
            _ => return None,
        };
        let next = self.words(at + 1, "-").unwrap_or(at + 1);
        match WORDS.iter().position(|w| *w == self.word(next)).filter(|n| (1..10).contains(n)) {
            Some(ones) => Some((next + 1, tens + ones as u32)),
            None => Some((at + 1, tens)),
        }
    }

    fn unit(&self, at: usize) -> Parsed<Unit> {
        if let Some(next) = self.words(at, "working|business") {
            return matches!(self.word(next), "day" | "days").then_some((next + 1, Unit::WorkingDays));
        }
        let at = self.words(at, "calendar|full|further").unwrap_or(at);
        let unit = match self.word(at).trim_end_matches(['\'', '’']) {
            "day" | "days" => Unit::Days,
            "week" | "weeks" => Unit::Weeks,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            _ => return None,
        };
        Some((at + 1, unit))
    }
}

fn blank(kind: DeadlineType) -> Deadline {
    Deadline {
        kind,
        amount: None,
        unit: None,
        counted_from: None,
        date: None,
        earliest: None,
        latest: None,
        phrase: String::new(),
        recurring: None,
        unresolved: None,
    }
}

fn count(amount: u32, unit: Unit) -> String {
    let (one, many) = match unit {
        Unit::Days => ("day", "days"),
        Unit::WorkingDays => ("working day", "working days"),
        Unit::Weeks => ("week", "weeks"),
        Unit::Months => ("month", "months"),
        Unit::Years => ("year", "years"),
    };
    format!("{amount} {}", if amount == 1 { one } else { many })
}

/// A day so many units on; a month's end stays a month's end (31 January and one month is 28 or 29 February).
fn add(from: Date, amount: u32, unit: Unit) -> Option<Date> {
    let amount = i64::from(amount);
    let span = match unit {
        Unit::Days => TimeSpan::new().try_days(amount),
        Unit::Weeks => TimeSpan::new().try_weeks(amount),
        Unit::Months => TimeSpan::new().try_months(amount),
        Unit::Years => TimeSpan::new().try_years(amount),
        Unit::WorkingDays => {
            let mut day = from;
            let mut left = amount;
            while left > 0 {
                day = day.tomorrow().ok()?;
                if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                    left -= 1;
                }
            }
            return Some(day);
        }
    };
    from.checked_add(span.ok()?).ok()
}

/// Easter Sunday in the Gregorian calendar: the anonymous algorithm (Meeus, *Astronomical Algorithms*, ch. 8). `None` for
/// the years before that calendar, and past the last that a date can have.
#[expect(clippy::many_single_char_names, reason = "the letters are those of the published algorithm")]
fn easter_sunday(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, (n / 31) as i8, (n % 31 + 1) as i8).ok()
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text says, as `type amount unit counted_from date|earliest..latest recurring`, one limit after another.
    fn check(text: &str, published: &str, expected: &[&str]) {
        let found: Vec<String> = find_deadlines(text, published.parse().ok())
            .into_iter()
            .map(|(span, d)| {
                let said: String = text.chars().skip(span.start).take(span.len()).collect();
                assert_eq!(
                    said.split_whitespace().collect::<Vec<_>>().join(" "),
                    d.phrase,
                    "the span holds the phrase"
                );
                let kind = serde_json::to_value(d.kind).unwrap();
                let mut parts = vec![kind.as_str().unwrap().to_owned()];
                if let (Some(amount), Some(unit)) = (d.amount, d.unit) {
                    parts.push(count(amount, unit));
                }
                parts.extend(d.counted_from.map(|c| format!("from {c}")));
                parts.extend(d.date.map(|d| d.to_string()));
                if d.earliest.is_some() || d.latest.is_some() {
                    let day = |d: Option<Date>| d.map(|d| d.to_string()).unwrap_or_default();
                    parts.push(format!("{}..{}", day(d.earliest), day(d.latest)));
                }
                parts.extend(d.recurring);
                parts.join(" ")
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn soon_and_times_to_come_are_vague_and_a_season_before_a_noun_names_a_thing() {
        check("A version will be published soon.", "2025-01-16", &["vague"]);
        check("As soon as they met, the board wrote.", "2025-01-16", &[]);
        check("It will be set out in the coming months.", "2025-01-16", &["vague"]);
        check("before the end of this term", "2025-01-16", &["event"]);
        let season = |text: &str| find_promised_times(text, "2025-01-16".parse().ok()).len();
        assert_eq!(season("The plan will be out in the spring."), 1);
        assert_eq!(season("The plan will be in the spring publication."), 0);
    }

    #[test]
    fn fixed_dates() {
        check("shall reply by 10 October 2025.", "2025-07-08", &["by 2025-10-10"]);
        check("By the 31st of October, 2025 the Board", "", &["by 2025-10-31"]);
        check("on or before Friday 6 March 2026", "", &["by 2026-03-06"]);
        check("no later than March 3, 2026", "", &["by 2026-03-03"]);
        check("entertained after midnight 27 November 2025", "", &["by 2025-11-27"]);
        check("by 2026-02-30", "", &["by 2026-01-01..2026-12-31"]);
        check("by 30 February 2026", "", &[]);
        check("by October 2025", "", &["by 2025-10-01..2025-10-31"]);
        check("by 1 March", "2025-06-01", &["by 2026-03-01"]);
        check("by 1 March", "", &[]);
    }

    #[test]
    fn ends_of_periods() {
        check("by the end of 2025", "", &["by 2025-12-31"]);
        check("by the end of this year", "2025-06-01", &["by 2025-12-31"]);
        check("before the end of the 2025/26 financial year", "", &["by 2026-03-31"]);
        check("by the end of the financial year 2025-26", "", &["by 2026-03-31"]);
        check("by the end of March 2026", "", &["by 2026-03-31"]);
        check("by the end of February 2028", "", &["by 2028-02-29"]);
        check("by the end of this Parliament", "2025-01-01", &["event"]);
        check("by the end of the year", "", &["by"]);
    }

    #[test]
    fn counted_limits() {
        check(
            "within 12 months of the publication of this Report.",
            "2024-07-18",
            &["within 12 months from publication 2025-07-18"],
        );
        check(
            "within 12 months of this Report, so that",
            "2024-07-18",
            &["within 12 months from publication 2025-07-18"],
        );
        check(
            "within one month of publication",
            "2025-01-31",
            &["within 1 month from publication 2025-02-28"],
        );
        check(
            "Within 6 months of the creation of the group of senior officials, it should complete",
            "2024-07-18",
            &["within 6 months from creation of the group of senior officials"],
        );
        check(
            "no later than six months after commencement of the Act",
            "2025-01-01",
            &["within 6 months from commencement of the Act"],
        );
        check(
            "within ten working days of publication of this report",
            "2025-03-07",
            &["within 10 working days from publication 2025-03-21"],
        );
        check("within 28 days", "2025-03-07", &["within 28 days"]);
        check(
            "within twenty-four months of publication",
            "2025-03-07",
            &["within 24 months from publication 2027-03-07"],
        );
        check("terms of no more than six months", "2025-03-07", &[]);
    }

    #[test]
    fn what_recurs() {
        check("a substantive reassessment at least every three years to ensure", "", &["recurring 3 years"]);
        check("should report annually", "", &["recurring 1 year"]);
        check("a six-monthly report", "", &["recurring 6 months"]);
        check("publish once a year; meet twice a year", "", &["recurring 1 year", "recurring 6 months"]);
        check("each year", "", &["recurring 1 year"]);
        check("every effort, each months", "", &[]);
    }

    #[test]
    fn windows_of_others_and_later_starts() {
        check(
            "the date which is three calendar months following the receipt by the claimant of an offer.",
            "2025-07-08",
            &["condition-window 3 months from receipt by the claimant of an offer"],
        );
        check("the nine-month period afforded to claimants", "2025-07-08", &["condition-window 9 months"]);
        check("from 1 April 2026", "2025-07-08", &["after 2026-04-01"]);
        check("from 1 April 2019 to 1 May 2020", "2025-07-08", &[]);
    }

    #[test]
    fn seasons_and_feasts() {
        check("before Easter", "2025-01-16", &["season ..2025-04-20"]);
        check("before Easter 2026", "", &["season ..2026-04-05"]);
        check("by spring 2026", "", &["season 2026-03-01..2026-05-31"]);
        check("by winter 2025", "", &["season 2025-12-01..2026-02-28"]);
        assert_eq!(easter_sunday(2000), Some(date(2000, 4, 23)));
        assert_eq!(easter_sunday(2038), Some(date(2038, 4, 25)));
    }

    #[test]
    fn at_the_ends_of_the_calendar_no_day_is_made_up() {
        for published in ["9999-12-31", "-9999-01-01"] {
            for text in [
                "before Easter",
                "by Christmas",
                "by the end of next year",
                "by the end of the financial year",
                "later next year",
                "this winter",
                "by January",
                "within 4294967295 years of publication",
                "within 99999999999 days",
            ] {
                for (_, deadline) in find_deadlines(text, published.parse().ok()) {
                    assert!(!deadline.phrase.is_empty(), "{text}, {published}");
                }
            }
        }
        check("before Easter", "9999-12-31", &[]);
        check("before Easter", "1066-10-14", &[]);
        check("before Christmas", "1066-10-14", &["season ..1066-12-25"]);
    }

    #[test]
    fn soon_is_said_once() {
        check("as soon as is practicable, and as soon as is reasonably practicable", "", &["vague"]);
        check("shall give urgent consideration to", "", &["vague"]);
        check("what happened immediately after the incident", "", &[]);
    }

    #[test]
    fn no_limit_no_deadline() {
        for text in [
            "",
            "The board should meet.",
            "may march",
            "by the board",
            "within the department",
            "of 12 months",
            "3 years old",
            "a report of 2019",
        ] {
            check(text, "2025-01-01", &[]);
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,80}", published in proptest::option::of(1i16..9999)) {
            let published = published.map(|y| date(y, 6, 15));
            for (span, _) in find_deadlines(&text, published) {
                prop_assert!(span.end <= text.chars().count());
            }
        }

        #[test]
        fn a_written_day_is_that_day(year in 1900i16..2199, month in 1i8..=12, day in 1i8..=28) {
            let wanted = date(year, month, day);
            let text = format!("by {}", wanted.strftime("%-d %B %Y"));
            prop_assert_eq!(find_deadlines(&text, None)[0].1.date, Some(wanted));
        }

        #[test]
        fn without_a_publication_date_nothing_relative_is_dated(amount in 1u32..100) {
            let text = format!("within {amount} months of the publication of this report");
            prop_assert_eq!(find_deadlines(&text, None)[0].1.date, None);
        }
    }
}
