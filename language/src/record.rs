//! What the notes of one child say together: at risk although harmed, recorded only as criminal exploitation, closed although harmed.
//!
//! An alarm is a prompt for a person to read the record. It says nothing on what happened to a child.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    check::{Checker, Mention, Reading},
    pack::Kind,
    status::{Assertion, Experiencer, NotCounted, Temporality},
};

/// A contradiction inside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Flag {
    /// At risk, although the record shows that harm has happened.
    C1,
    /// Recorded only as criminal exploitation, although the record shows signs of sexual harm.
    C2,
    /// Closed or lowered, although the record shows harm, now or in the past, that it does not say is over.
    C3,
}

/// A phrase of a record: which note, and which mention of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The note, by its place in what was given.
    pub note: usize,
    /// The mention, by its place in the reading; `None` for a structured field.
    pub mention: Option<usize>,
}

/// One contradiction, with all that a reader needs to check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// Which.
    pub flag: Flag,
    /// The words that play the harm down: at risk, criminal exploitation, closed.
    pub claim: Place,
    /// The signs that stand against them, in the order of the record.
    pub evidence: Vec<Place>,
}

/// How far apart in time notes may stand and still be read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Days before the claim.
    pub days_before: i64,
    /// Days after it: evidence that came in while the claim still stood.
    pub days_after: i64,
}

impl Default for Window {
    /// A year before and three months after.
    fn default() -> Self {
        Self { days_before: 366, days_after: 92 }
    }
}

/// A note of a record, in the order of time.
#[derive(Debug, Clone, Copy)]
pub struct Dated<'a> {
    /// Its day; notes without one are read with every other.
    pub date: Option<Date>,
    /// What was found in it.
    pub reading: &'a Reading,
}

struct Item<'a> {
    place: Place,
    date: Option<Date>,
    mention: &'a Mention,
}

/// The contradictions in the notes of one child, given in the order of time.
pub fn contradictions(checker: &Checker, notes: &[Dated<'_>], window: Window) -> Vec<Contradiction> {
    let mut items = Vec::new();
    for (n, note) in notes.iter().enumerate() {
        for (m, mention) in note.reading.mentions.iter().enumerate() {
            items.push(Item { place: Place { note: n, mention: Some(m) }, date: note.date, mention });
        }
        for (_, mention) in &note.reading.fields {
            items.push(Item { place: Place { note: n, mention: None }, date: note.date, mention });
        }
    }
    let mut found = Vec::new();
    let of = |kind: Kind| items.iter().filter(move |i| i.mention.kind == kind && i.mention.stands());
    // The first claim of a note speaks for the rest: they stand against the same evidence.
    let first = |kind: Kind| {
        let mut last = None;
        of(kind)
            .filter(move |i| !i.mention.covered || kind == Kind::Criminal)
            .filter(move |i| last.replace(i.place.note) != Some(i.place.note))
    };
    for risk in first(Kind::Risk) {
        let (evidence, last) = evidence(checker, &items, risk, window, |_| true);
        if evidence.is_empty() {
            continue;
        }
        // Cancelled when the record says plainly, no later than the evidence, that the child has been harmed.
        let until = last.or(risk.date).max(risk.date);
        let acknowledged = of(Kind::Acknowledged).any(|a| match (a.date, until) {
            (Some(a), Some(u)) => a <= u,
            _ => true,
        });
        if !acknowledged {
            found.push(Contradiction { flag: Flag::C1, claim: risk.place, evidence });
        }
    }
    for criminal in first(Kind::Criminal) {
        let near = |i: &&Item<'_>| within(criminal.date, i.date, window);
        let considered = items.iter().filter(near).any(|i| considers(checker, i));
        if considered {
            continue;
        }
        let signs: Vec<&Item<'_>> = items
            .iter()
            .filter(near)
            .filter(|i| i.mention.kind == Kind::Indicator && i.mention.stands())
            .collect();
        let sexual = signs.iter().any(|i| checker.rule(i.mention).sexual);
        let category = |code: &str| signs.iter().any(|i| checker.rule(i.mention).category == code);
        if sexual || category("H02") && category("H04") {
            let evidence = signs
                .iter()
                .filter(|i| {
                    checker.rule(i.mention).sexual
                        || ["H02", "H04"].contains(&checker.rule(i.mention).category.as_str())
                })
                .map(|i| i.place)
                .collect();
            found.push(Contradiction { flag: Flag::C2, claim: criminal.place, evidence });
        }
    }
    for closed in first(Kind::Closed) {
        if of(Kind::Transferred).any(|t| t.place.note == closed.place.note) {
            continue;
        }
        // Past harm counts here too, for it foretells harm (the Inquiry's F.5, paragraph 33), unless the record says that it is over.
        let (evidence, _) = evidence(
            checker,
            &items,
            closed,
            Window { days_after: window.days_after.min(31), ..window },
            |sign| {
                sign.mention.temporality == Temporality::Current || !of(Kind::Resolved).any(|r| ends(r, sign))
            },
        );
        if !evidence.is_empty() {
            found.push(Contradiction { flag: Flag::C3, claim: closed.place, evidence });
        }
    }
    found
}

/// The flags of a single note read as a record.
pub fn flags(checker: &Checker, reading: &Reading) -> BTreeSet<Flag> {
    contradictions(checker, &[Dated { date: None, reading }], Window::default())
        .into_iter()
        .map(|c| c.flag)
        .collect()
}

fn within(claim: Option<Date>, other: Option<Date>, window: Window) -> bool {
    let (Some(claim), Some(other)) = (claim, other) else { return true };
    let days = i64::from(claim.until(other).map_or(0, |s| s.get_days()));
    days >= -window.days_before && days <= window.days_after
}

/// Whether a phrase that says that something is over is said of a sign: in its sentence or the next.
fn ends(over: &Item<'_>, sign: &Item<'_>) -> bool {
    let (over_at, sign_at) = (over.mention.sentence, sign.mention.sentence);
    let written = over.place.mention.is_some() && sign.place.mention.is_some();
    written && over.place.note == sign.place.note && (over_at == sign_at || over_at == sign_at + 1)
}

/// One strong sign, or two different others; else nothing. Past harm counts.
fn evidence<'a>(
    checker: &Checker,
    items: &[Item<'a>],
    claim: &Item<'a>,
    window: Window,
    open: impl Fn(&Item<'a>) -> bool,
) -> (Vec<Place>, Option<Date>) {
    let signs: Vec<&Item<'a>> = items
        .iter()
        .filter(|i| i.mention.kind == Kind::Indicator && i.mention.stands() && !i.mention.covered && open(i))
        .filter(|i| within(claim.date, i.date, window))
        .collect();
    let strong = signs.iter().any(|i| checker.rule(i.mention).strong);
    let categories: BTreeSet<&str> =
        signs.iter().map(|i| checker.rule(i.mention).category.as_str()).collect();
    if strong || categories.len() >= 2 {
        let last = signs.iter().filter_map(|i| i.date).max();
        (signs.iter().map(|i| i.place).collect(), last)
    } else {
        (Vec::new(), None)
    }
}

/// Whether a phrase shows that sexual exploitation was thought of.
fn considers(checker: &Checker, item: &Item<'_>) -> bool {
    let m = item.mention;
    let told = m.experiencer == Experiencer::Subject
        && matches!(m.assertion, Assertion::Affirmed | Assertion::Possible);
    let open = !matches!(m.not_counted, Some(NotCounted::OtherSense));
    m.kind == Kind::Considered && told && open && checker.rule(m).kind == Kind::Considered
}
