//! The pages of the record: home, lists, instruments, recommendations, bodies, sources, documents, the log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use askama::Template;
use candour_ledger::{Entry, MerkleLog};
use candour_record::{Basis, BodyId, BodyKind, ContentHash, DateOrUnknown, InstrumentId, Span};
use candour_register::{
    Answer, AnswerClock, CommitmentRecord, DueItem, HeadlineCode, RULES, RecommendationId,
    RecommendationRecord, Recorded, Register, Schedule, Status, Tone, Wording,
};

use crate::store::Store;

use super::view::{Link, Tag, View, date_words, day_words};
use super::{Page, accuracy, chart};

/// What the frame around every page shows.
pub(super) struct Layout<'a> {
    pub(super) title: String,
    pub(super) name: &'a str,
    pub(super) root: String,
    pub(super) base: String,
    pub(super) exit: &'a str,
    pub(super) as_at: Option<String>,
    pub(super) coverage: Option<String>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(view: &View<'a>, title: &str) -> Self {
        let coverage = view.register.coverage.as_ref().map(|c| {
            format!(
                "Nothing after {} was looked for. {} Silence after that date says nothing.",
                c.fact.through.in_words(),
                c.fact.how
            )
        });
        Self {
            title: title.to_owned(),
            name: &view.settings.name,
            root: view.root.clone(),
            base: view.base.clone(),
            exit: &view.settings.exit_page,
            as_at: view.as_at.map(day_words),
            coverage,
        }
    }
}

/// Answers an address within a view; `None` where nothing has it.
pub(super) fn record(
    view: &View<'_>,
    path: &str,
    entries: &[(u64, Entry)],
    store: &Mutex<Store>,
) -> Result<Option<Page>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let present = view.as_at.is_none();
    Ok(match parts.as_slice() {
        [""] => Some(home(view)?),
        ["recommendations"] => Some(recommendations(view)?),
        ["recommendations", id] => match view.register.recommendations.get(*id) {
            Some(record) => Some(recommendation(view, record)?),
            None => None,
        },
        ["instruments", id] => match view.register.instruments.get(*id) {
            Some(_) => InstrumentId::new(id).ok().map(|id| instrument(view, &id)).transpose()?,
            None => None,
        },
        ["headlines", code] => match HeadlineCode::ALL.iter().find(|c| c.code() == *code) {
            Some(code) => Some(by_headline(view, *code)?),
            None => None,
        },
        ["due"] => Some(due(view)?),
        ["bodies"] if present => Some(bodies(view)?),
        ["bodies", id] if present => {
            match BodyId::new(id).ok().filter(|id| view.register.bodies.contains_key(id)) {
                Some(id) => Some(body(view, &id)?),
                None => None,
            }
        }
        ["sources"] if present => Some(sources(view)?),
        ["sources", id] if present => source(view, id, entries)?,
        ["documents"] if present => Some(documents(view)?),
        ["documents", hash] if present => {
            match hash.parse::<ContentHash>().ok().filter(|h| view.register.documents.contains_key(h)) {
                Some(hash) => Some(document(view, &hash, store)?),
                None => None,
            }
        }
        ["figures"] if present => Some(figures(view)?),
        ["method"] if present => Some(method(view)?),
        ["accuracy"] if present => Some(accuracy::page(view)?),
        ["accessibility"] if present => {
            Some(prose(view, "Accessibility", include_str!("../../templates/accessibility.html"))?)
        }
        ["history", index] if present => {
            match index.parse::<u64>().ok().and_then(|i| entries.iter().find(|e| e.0 == i)) {
                Some((index, entry)) => Some(entry_page(view, *index, entry)?),
                None => None,
            }
        }
        _ => None,
    })
}

/// The permanent addresses of a view.
pub(super) fn addresses(register: &Register, present: bool) -> Vec<String> {
    let mut addresses: Vec<String> = ["/recommendations/", "/due/"].map(str::to_owned).into();
    addresses.extend(register.recommendations.keys().map(RecommendationId::address));
    addresses.extend(register.instruments.keys().map(|id| format!("/instruments/{id}/")));
    addresses.extend(HeadlineCode::ALL.iter().map(|c| format!("/headlines/{}/", c.code())));
    if present {
        let fixed = [
            "/bodies/",
            "/sources/",
            "/documents/",
            "/figures/",
            "/method/",
            "/accuracy/",
            "/accessibility/",
        ];
        addresses.extend(fixed.map(str::to_owned));
        addresses.extend(register.bodies.keys().map(|id| format!("/bodies/{id}/")));
        addresses.extend(register.sources.keys().map(|id| format!("/sources/{id}/")));
        addresses.extend(register.documents.keys().map(|hash| format!("/documents/{hash}/")));
    }
    addresses
}

pub(super) fn html(page: &impl Template) -> Result<Page> {
    Ok(Page::html(page.render()?))
}

// ---- counts and lists -------------------------------------------------------------------------------------------

struct Count {
    fill: &'static str,
    link: Link,
    number: usize,
}

/// Headline counts of some recommendations: a bar and the table beside it.
struct Standing {
    bar: String,
    counts: Vec<Count>,
    total: usize,
}

fn standing<'a>(
    view: &View<'_>,
    records: impl Iterator<Item = &'a RecommendationRecord>,
    label: &str,
) -> Standing
where
    Register: 'a,
{
    let mut numbers: BTreeMap<HeadlineCode, usize> = BTreeMap::new();
    let mut total = 0;
    for record in records {
        *numbers.entry(Status::of(view.register, record, view.day).headline.code).or_default() += 1;
        total += 1;
    }
    let counts: Vec<(HeadlineCode, usize)> =
        HeadlineCode::ALL.iter().filter_map(|c| numbers.get(c).map(|n| (*c, *n))).collect();
    let spoken: Vec<String> = counts.iter().map(|(c, n)| format!("{} {n}", c.words())).collect();
    Standing {
        bar: chart::bar(&counts, &format!("{label}: {}", spoken.join(", "))),
        counts: counts
            .into_iter()
            .map(|(code, number)| Count {
                fill: chart::fill(code),
                link: Link {
                    href: format!("{}headlines/{}/", view.base, code.code()),
                    words: code.words().to_owned(),
                },
                number,
            })
            .collect(),
        total,
    }
}

/// One recommendation as a row of a list.
struct Row {
    number: String,
    link: Link,
    instrument: Link,
    headline: Tag,
    answered: Vec<String>,
    late: String,
}

fn row(view: &View<'_>, record: &RecommendationRecord) -> Row {
    let made = &record.made.fact;
    let status = Status::of(view.register, record, view.day);
    let answered = status
        .answers
        .iter()
        .filter(|a| !a.given.is_empty() || a.looked_for.is_some())
        .map(|a| {
            let known = last_known(a).map_or(String::new(), |known| format!(". {known}"));
            format!("{}: {}{known}", a.as_written, a.position.words())
        })
        .collect();
    Row {
        number: if made.number.is_empty() { "?".to_owned() } else { made.number.clone() },
        link: view.recommendation(&made.id),
        instrument: view.instrument(&made.instrument),
        headline: Tag::new(status.headline.code.tone(), status.headline.words.clone()),
        answered,
        late: match status.schedule() {
            Schedule::NoDate => String::new(),
            schedule => schedule.words(),
        },
    }
}

/// An undertaking as a row of a list.
struct DueRow {
    what: String,
    by: Vec<Link>,
    about: Option<Link>,
    due: String,
    tag: Tag,
    reported: String,
    rebased: String,
    sources: Vec<Link>,
    /// For sorting: worst first.
    days: (u8, i32),
}

fn due_row(view: &View<'_>, item: &DueItem<'_>, record: &CommitmentRecord) -> DueRow {
    let made = &record.made.fact;
    // A date set by the report binds those it addresses; the record names them there, not at the date.
    let asked = view.register.recommendations.get(made.about.as_str()).map(|r| &r.made.fact.addressees);
    let by = match asked {
        Some(asked) if made.made_by.iter().all(|a| a.body.is_none()) => asked,
        _ => &made.made_by,
    };
    let about =
        RecommendationId::new(&made.about).ok().filter(|id| view.register.recommendations.contains_key(id));
    let instrument =
        InstrumentId::new(&made.about).ok().filter(|id| view.register.instruments.contains_key(id));
    let (times, slip) = record.rebased();
    DueRow {
        what: made.what.clone(),
        by: by.iter().map(|a| addressee_link(view, a.body.as_ref(), &a.as_written)).collect(),
        about: about.map(|id| view.recommendation(&id)).or_else(|| instrument.map(|id| view.instrument(&id))),
        due: due_words(item),
        tag: Tag::new(item.schedule.tone(), item.schedule.words()),
        reported: match record.states.last() {
            Some(state) => format!("{} as at {}", state.fact.words(), date_words(state.effective)),
            None => "Not known".to_owned(),
        },
        rebased: match (times, slip) {
            (0, _) => String::new(),
            (n, Some(days)) => format!("Date moved {n} times, by {days} days in all"),
            (n, None) => format!("Date moved {n} times"),
        },
        sources: view.sources_of(&record.made),
        days: match item.schedule {
            Schedule::Overdue(n) => (0, -n),
            Schedule::PassedUnknown(n) => (1, -n),
            Schedule::DueSoon(n) => (2, n),
            Schedule::NotDue(n) => (3, n),
            Schedule::MetLate(n) => (4, -n),
            Schedule::Met => (5, 0),
            Schedule::NoDate => (6, 0),
        },
    }
}

fn due_words(item: &DueItem<'_>) -> String {
    match (item.first_due, item.words) {
        (Some(date), "" | "day" | "month") => date.in_words(),
        (Some(date), words) => format!("{} ({words})", date.in_words()),
        (None, "") => "no date".to_owned(),
        (None, words) => words.to_owned(),
    }
}

fn due_rows(view: &View<'_>) -> Vec<DueRow> {
    let known_to =
        view.register.coverage.as_ref().map_or(view.day, |c| c.fact.through.latest().min(view.day));
    let mut rows: Vec<DueRow> =
        view.register.commitments.values().map(|c| due_row(view, &DueItem::of(c, known_to), c)).collect();
    rows.sort_by_key(|row| row.days);
    rows
}

fn addressee_link(view: &View<'_>, body: Option<&BodyId>, as_written: &str) -> Link {
    match body {
        Some(id) => view.body(id),
        None => Link { href: String::new(), words: as_written.to_owned() },
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    layout: Layout<'a>,
    scope: &'a str,
    reports: usize,
    standing: Standing,
    overdue: Vec<DueRow>,
    late_answers: Vec<LateAnswer>,
    instruments: Vec<InstrumentRow>,
    latest: Vec<Moment>,
    today: String,
}

struct LateAnswer {
    link: Link,
    who: Link,
    words: String,
    days: i32,
}

struct InstrumentRow {
    link: Link,
    kind: &'static str,
    published: String,
    held: usize,
    stated: String,
    bar: String,
    indent: bool,
}

fn home(view: &View<'_>) -> Result<Page> {
    let register = view.register;
    let with: usize = register.instruments.values().filter(|i| !i.recommendations.is_empty()).count();
    let overdue = due_rows(view).into_iter().filter(|r| r.days.0 == 0).collect();
    let mut instruments = Vec::new();
    for root in register.roots() {
        instruments.push(instrument_row(view, &root.listed.fact.id, false));
        let mut children: Vec<&InstrumentId> = root.children.iter().collect();
        children.sort_by_key(|id| {
            let published = register
                .instruments
                .get(*id)
                .and_then(|i| i.listed.fact.published)
                .and_then(DateOrUnknown::known);
            (std::cmp::Reverse(published), (*id).clone())
        });
        instruments.extend(children.into_iter().map(|id| instrument_row(view, id, true)));
    }
    let mut late_answers: Vec<LateAnswer> = register
        .recommendations
        .values()
        .flat_map(|record| {
            let status = Status::of(register, record, view.day);
            let link = view.recommendation(&record.made.fact.id);
            status
                .answers
                .iter()
                .filter_map(|a| match a.clock {
                    AnswerClock::Overdue(days) => Some(LateAnswer {
                        link: link.clone(),
                        who: addressee_link(view, a.addressee, a.as_written),
                        words: a.clock.words(),
                        days,
                    }),
                    _ => None,
                })
                .collect::<Vec<_>>()
        })
        .collect();
    late_answers.sort_by_key(|l| -l.days);
    let mut latest: Vec<(candour_record::PartialDate, Moment)> = register
        .instruments
        .values()
        .flat_map(|i| &i.happenings)
        .chain(register.recommendations.values().flat_map(|r| &r.happenings))
        .chain(register.commitments.values().flat_map(|c| &c.happenings))
        .chain(&register.happenings)
        .filter_map(|h| h.date().map(|d| (d, happening(view, h))))
        .collect();
    latest.sort_by_key(|m| m.0);
    let latest = latest.into_iter().rev().take(6).map(|m| m.1).collect();
    html(&Home {
        layout: Layout::new(view, "What was recommended, and was it done"),
        scope: &view.settings.scope,
        reports: with,
        standing: standing(view, register.recommendations.values(), "How the recommendations stand"),
        overdue,
        late_answers,
        instruments,
        latest,
        today: view.day.to_string(),
    })
}

fn instrument_row(view: &View<'_>, id: &InstrumentId, indent: bool) -> InstrumentRow {
    let Some(record) = view.register.instruments.get(id) else {
        return InstrumentRow {
            link: view.instrument(id),
            kind: "",
            published: String::new(),
            held: 0,
            stated: String::new(),
            bar: String::new(),
            indent,
        };
    };
    let records = record.recommendations.iter().filter_map(|id| view.register.recommendations.get(id));
    InstrumentRow {
        link: view.instrument(id),
        kind: kind_words(record.listed.fact.kind),
        published: record
            .listed
            .fact
            .published
            .map_or_else(|| "not published".to_owned(), |d| date_words(Some(d))),
        held: record.recommendations.len(),
        stated: record.listed.fact.stated_count.map_or_else(|| "not known".to_owned(), |n| n.to_string()),
        bar: standing(view, records, &record.listed.fact.title).bar,
        indent,
    }
}

fn kind_words(kind: candour_record::InstrumentKind) -> &'static str {
    use candour_record::InstrumentKind as K;
    match kind {
        K::Inquiry => "Inquiry",
        K::Report => "Report of an inquiry",
        K::Audit => "Audit",
        K::Review => "Review",
        K::Inspection => "Inspection",
        K::LocalInquiry => "Local inquiry",
        K::Committee => "Committee report",
        K::Other => "Other",
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    layout: Layout<'a>,
    heading: String,
    lead: String,
    standing: Option<Standing>,
    rows: Vec<Row>,
}

fn recommendations(view: &View<'_>) -> Result<Page> {
    let records = || view.register.recommendations.values();
    html(&List {
        layout: Layout::new(view, "Recommendations"),
        heading: "Recommendations".to_owned(),
        lead: format!("All {} held here, in the order of their ids.", records().count()),
        standing: Some(standing(view, records(), "How the recommendations stand")),
        rows: records().map(|r| row(view, r)).collect(),
    })
}

fn by_headline(view: &View<'_>, code: HeadlineCode) -> Result<Page> {
    let rule = RULES.iter().find(|r| r.code == code).map_or("", |r| r.when);
    let rows: Vec<Row> = view
        .register
        .recommendations
        .values()
        .filter(|r| Status::of(view.register, r, view.day).headline.code == code)
        .map(|r| row(view, r))
        .collect();
    html(&List {
        layout: Layout::new(view, code.words()),
        heading: code.words().to_owned(),
        lead: format!("{rule} {} of {}.", rows.len(), view.register.recommendations.len()),
        standing: None,
        rows,
    })
}

#[derive(Template)]
#[template(path = "due.html")]
struct Due<'a> {
    layout: Layout<'a>,
    rows: Vec<DueRow>,
}

fn due(view: &View<'_>) -> Result<Page> {
    html(&Due { layout: Layout::new(view, "Due and overdue"), rows: due_rows(view) })
}

// ---- an instrument ----------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "instrument.html")]
struct InstrumentPage<'a> {
    layout: Layout<'a>,
    heading: String,
    facts: Vec<(&'static str, String)>,
    parent: Option<Link>,
    note: String,
    standing: Standing,
    gap: Option<String>,
    rows: Vec<Row>,
    children: Vec<InstrumentRow>,
    commitments: Vec<DueRow>,
    moments: Vec<Moment>,
    sources: Vec<Link>,
    entries: Vec<Link>,
}

fn instrument(view: &View<'_>, id: &InstrumentId) -> Result<Page> {
    let record = &view.register.instruments[id];
    let listed = &record.listed.fact;
    let records: Vec<&RecommendationRecord> =
        record.recommendations.iter().filter_map(|id| view.register.recommendations.get(id)).collect();
    let mut facts = vec![("Kind", kind_words(listed.kind).to_owned())];
    let mut fact = |name: &'static str, value: String| {
        if !value.is_empty() {
            facts.push((name, value));
        }
    };
    fact("Led by", listed.led_by.clone());
    fact("Where", listed.territory.clone());
    fact("Legal basis", listed.legal_basis.clone());
    fact("Established", listed.established.map(|d| date_words(Some(d))).unwrap_or_default());
    fact("Published", listed.published.map(|d| date_words(Some(d))).unwrap_or_default());
    fact(
        "Answers asked for by",
        listed.response_due.map(candour_record::PartialDate::in_words).unwrap_or_default(),
    );
    let gap = match listed.stated_count {
        Some(stated) if stated as usize > records.len() && record.children.is_empty() => Some(format!(
            "It says it made {stated}; {} are held here. The rest were not seen in any source read.",
            records.len()
        )),
        None if !records.is_empty() => {
            Some(format!("{} are held here; how many it made in all was not seen.", records.len()))
        }
        _ => None,
    };
    let mut moments: Vec<&Recorded<candour_register::Happening>> =
        record.happenings.iter().chain(records.iter().flat_map(|r| &r.happenings)).collect();
    moments.sort_by_key(|h| (h.date(), h.index));
    let known_to =
        view.register.coverage.as_ref().map_or(view.day, |c| c.fact.through.latest().min(view.day));
    let about: Vec<&CommitmentRecord> = record
        .commitments
        .iter()
        .chain(records.iter().flat_map(|r| &r.commitments))
        .filter_map(|id| view.register.commitments.get(id))
        .collect();
    let mut commitments: Vec<DueRow> =
        about.iter().map(|c| due_row(view, &DueItem::of(c, known_to), c)).collect();
    commitments.sort_by_key(|row| row.days);
    html(&InstrumentPage {
        layout: Layout::new(view, &listed.title),
        heading: listed.title.clone(),
        facts,
        parent: listed.parent.as_ref().map(|p| view.instrument(p)),
        note: listed.note.clone(),
        standing: standing(view, records.iter().copied(), "How its recommendations stand"),
        gap,
        rows: records.iter().map(|r| row(view, r)).collect(),
        children: record.children.iter().map(|id| instrument_row(view, id, false)).collect(),
        commitments,
        moments: moments.into_iter().map(|h| happening(view, h)).collect(),
        sources: view.sources_of(&record.listed),
        entries: record.history.iter().map(|i| view.entry(*i)).collect(),
    })
}

// ---- a recommendation -------------------------------------------------------------------------------------------

/// Something dated, for a timeline.
struct Moment {
    when: String,
    what: String,
    more: String,
    tag: Option<Tag>,
    sources: Vec<Link>,
    unchecked: Option<&'static str>,
}

fn happening(view: &View<'_>, h: &Recorded<candour_register::Happening>) -> Moment {
    Moment {
        when: date_words(h.effective),
        what: h.fact.what.clone(),
        more: h.fact.note.clone(),
        tag: None,
        sources: view.sources_of(h),
        unchecked: unchecked(h.fact.basis),
    }
}

/// What a page says of a claim that was not fully checked.
fn unchecked(basis: Basis) -> Option<&'static str> {
    match basis {
        Basis::Read => None,
        Basis::Partial => Some("Only part of this was seen in a source."),
        Basis::Background => Some("Unchecked: not seen in any source."),
    }
}

#[derive(Template)]
#[template(path = "recommendation.html")]
struct RecommendationPage<'a> {
    layout: Layout<'a>,
    heading: String,
    number: String,
    number_confirmed: bool,
    instrument: Link,
    headline: Tag,
    rule: Link,
    asked: Asked,
    whom: Vec<Link>,
    answers: Vec<AnswerRow>,
    claim: AxisCell,
    evidence: AxisCell,
    late: Vec<LateLine>,
    adequacy: Tag,
    assessors: Vec<String>,
    known_to: String,
    passages: Vec<(Link, String)>,
    responses: Vec<ResponseRow>,
    commitments: Vec<DueRow>,
    moments: Vec<Moment>,
    restates: Vec<Link>,
    restated_by: Vec<Link>,
    note: String,
    unchecked: Option<&'static str>,
    sources: Vec<Link>,
    entries: Vec<Link>,
    id: String,
}

struct Asked {
    text: Option<String>,
    quoted: bool,
    limits: Vec<String>,
}

struct AnswerRow {
    who: Link,
    tag: Tag,
    detail: String,
    sources: Vec<Link>,
}

struct AxisCell {
    tag: Tag,
    detail: String,
    sources: Vec<Link>,
}

struct LateLine {
    tag: Tag,
    what: String,
    sources: Vec<Link>,
}

struct ResponseRow {
    when: String,
    who: Link,
    tag: Tag,
    stated_as: String,
    text: String,
    quoted: bool,
    reasons: String,
    note: String,
    unchecked: Option<&'static str>,
    sources: Vec<Link>,
}

fn recommendation(view: &View<'_>, record: &RecommendationRecord) -> Result<Page> {
    let made = &record.made.fact;
    let status = Status::of(view.register, record, view.day);
    let claim = match status.claims.first() {
        Some(c) => AxisCell {
            tag: Tag::new(c.fact.status.tone(), c.fact.status.words()),
            detail: format!(
                "{}, {}. {}",
                view.register.body_name(&c.fact.claimant),
                date_words(c.effective),
                c.fact.what
            ),
            sources: view.sources_of(c),
        },
        None => AxisCell {
            tag: Tag::new(Tone::Plain, "Not known"),
            detail: "No claim of progress was seen.".to_owned(),
            sources: Vec::new(),
        },
    };
    let evidence = match status.evidence.first() {
        Some(e) => AxisCell {
            tag: Tag::new(e.fact.grade.tone(), e.fact.grade.words()),
            detail: format!("{}: {} {}", date_words(e.effective), e.fact.what, e.fact.note),
            sources: view.sources_of(e),
        },
        None => AxisCell {
            tag: Tag::new(Tone::Plain, "Not known"),
            detail: "Nobody has yet looked for evidence and recorded what was found.".to_owned(),
            sources: Vec::new(),
        },
    };
    html(&RecommendationPage {
        layout: Layout::new(view, &made.title),
        heading: made.title.clone(),
        number: made.number.clone(),
        number_confirmed: made.number_confirmed,
        instrument: view.instrument(&made.instrument),
        headline: Tag::new(status.headline.code.tone(), status.headline.words.clone()),
        rule: Link {
            href: format!("{}method/#{}", view.root, status.headline.rule),
            words: format!("rule {}", status.headline.rule),
        },
        asked: Asked {
            text: made.wording.text().map(str::to_owned),
            quoted: matches!(made.wording, Wording::Verbatim(_)),
            limits: made.deadlines.iter().map(limit_words).collect(),
        },
        whom: made.addressees.iter().map(|a| addressee_link(view, a.body.as_ref(), &a.as_written)).collect(),
        answers: status.answers.iter().map(|a| answer_row(view, a)).collect(),
        late: late_lines(view, &status),
        adequacy: Tag::new(
            status.adequacy().tone(),
            if status.adequacy.len() > 1 && status.adequacy() == candour_register::Adequacy::NotAssessed {
                "Assessors differ"
            } else {
                status.adequacy().words()
            },
        ),
        assessors: status
            .adequacy
            .iter()
            .map(|a| format!("{}: {} ({})", a.fact.assessor, a.fact.verdict.words(), a.fact.rubric))
            .collect(),
        known_to: day_words(status.known_to),
        passages: passages(view, record),
        responses: responses(view, record),
        commitments: status.due.iter().filter_map(|d| d.commitment.map(|c| due_row(view, d, c))).collect(),
        moments: timeline(view, record),
        restates: made.restates.iter().map(|id| view.recommendation(id)).collect(),
        restated_by: record.restated_by.iter().map(|id| view.recommendation(id)).collect(),
        note: made.note.clone(),
        unchecked: unchecked(made.basis),
        sources: view.sources_of(&record.made),
        entries: record.history.iter().map(|i| view.entry(*i)).collect(),
        id: made.id.to_string(),
        claim,
        evidence,
    })
}

fn limit_words(deadline: &candour_register::Deadline) -> String {
    let day = deadline.date.or(deadline.latest).map(day_words);
    match (day, &deadline.unresolved) {
        (Some(day), _) if deadline.phrase.contains(&day) => deadline.phrase.clone(),
        (Some(day), _) => format!("{} ({day})", deadline.phrase),
        (None, Some(why)) => format!("{} (no day can be given: {why})", deadline.phrase),
        (None, None) => deadline.phrase.clone(),
    }
}

fn answer_row(view: &View<'_>, answer: &Answer<'_>) -> AnswerRow {
    let newest = answer.given.first();
    let mut detail = match newest {
        Some(g) if g.effective == Some(DateOrUnknown::Unknown) => {
            "answered on a day that is not known".to_owned()
        }
        Some(g) => {
            let by = if Some(&g.fact.responder) == answer.addressee {
                String::new()
            } else {
                format!("by {}, ", view.register.body_name(&g.fact.responder))
            };
            let said = if g.fact.stated_as.is_empty() {
                String::new()
            } else {
                format!("; reported as “{}”", g.fact.stated_as)
            };
            format!("{by}{}{said}; {}", date_words(g.effective), answer.clock.words())
        }
        None => answer.clock.words(),
    };
    let earlier = last_known(answer);
    if let Some(earlier) = &earlier {
        detail = format!("{detail}. {earlier}");
    }
    if newest.is_some_and(|g| g.fact.basis != Basis::Read)
        && answer.position != candour_register::Response::Unknown
    {
        detail.push_str(". Only the total was seen, not this answer’s own text");
    }
    // Where the position is not known, what was reported of it is all there is.
    if let Some(said) = newest
        .filter(|_| answer.position == candour_register::Response::Unknown && earlier.is_none())
        .and_then(|g| g.fact.wording.text())
    {
        detail.push_str(". ");
        detail.push_str(said);
    }
    AnswerRow {
        who: addressee_link(view, answer.addressee, answer.as_written),
        tag: Tag::new(answer.position.tone(), answer.position.words()),
        detail,
        sources: newest.map(|g| view.sources_of(g)).unwrap_or_default(),
    }
}

/// The newest answer that could be read, where a later one could not: what nobody saw must not hide what somebody did.
fn last_known(answer: &Answer<'_>) -> Option<String> {
    use candour_register::Response::Unknown;
    let known = answer
        .given
        .iter()
        .skip(1)
        .find(|g| g.fact.position != Unknown)
        .filter(|_| answer.position == Unknown)?;
    let position = known.fact.position.words().to_lowercase();
    Some(format!("Last known: {position} ({})", date_words(known.effective)))
}

fn late_lines(view: &View<'_>, status: &Status<'_>) -> Vec<LateLine> {
    let answers = status.answers.iter().filter_map(|a| match a.clock {
        AnswerClock::Answered(n) if n > 0 => Some((a, n)),
        AnswerClock::Overdue(n) => Some((a, n)),
        _ => None,
    });
    let answers = answers.map(|(a, n)| LateLine {
        tag: Tag::new(Tone::Caution, format!("Answer {n} days late")),
        what: format!("{}.", a.as_written),
        sources: a.given.last().map(|g| view.sources_of(g)).unwrap_or_default(),
    });
    let mut due: Vec<&DueItem<'_>> = status.due.iter().collect();
    due.sort_by_key(|d| std::cmp::Reverse(matches!(d.schedule, Schedule::Overdue(_))));
    let promises = due.into_iter().map(|d| {
        let reported = d.reported.map_or(String::new(), |r| format!("; last reported {}", r.in_words()));
        let when = if d.first_due.is_some() {
            format!(" Due {}", due_words(d))
        } else {
            format!(" Date: {}", due_words(d))
        };
        LateLine {
            tag: Tag::new(d.schedule.tone(), d.schedule.words()),
            what: format!("{}{when}{reported}.", d.what),
            sources: d.commitment.map(|c| view.sources_of(&c.made)).unwrap_or_default(),
        }
    });
    promises.chain(answers).collect()
}

fn passages(view: &View<'_>, record: &RecommendationRecord) -> Vec<(Link, String)> {
    record
        .made
        .citations
        .iter()
        .filter_map(|c| match c {
            candour_record::Citation::Passage(p) => {
                view.citations(std::slice::from_ref(c)).pop().map(|link| (link, p.quote.clone()))
            }
            candour_record::Citation::Source(_) => None,
        })
        .collect()
}

fn responses(view: &View<'_>, record: &RecommendationRecord) -> Vec<ResponseRow> {
    let mut given: Vec<_> = record.responses.iter().collect();
    given.sort_by_key(|g| (g.date(), g.index));
    given
        .into_iter()
        .map(|g| ResponseRow {
            when: date_words(g.effective),
            who: view.body(&g.fact.responder),
            tag: Tag::new(g.fact.position.tone(), g.fact.position.words()),
            stated_as: g.fact.stated_as.clone(),
            text: g.fact.wording.text().unwrap_or("What it says was not seen.").to_owned(),
            quoted: matches!(g.fact.wording, Wording::Verbatim(_)),
            reasons: g.fact.reasons.words().to_owned(),
            note: g.fact.note.clone(),
            unchecked: unchecked(g.fact.basis),
            sources: view.sources_of(g),
        })
        .collect()
}

fn timeline(view: &View<'_>, record: &RecommendationRecord) -> Vec<Moment> {
    let mut moments: Vec<(Option<candour_record::PartialDate>, u64, Moment)> = Vec::new();
    let name = |id: &BodyId| view.register.body_name(id).to_owned();
    moments.push((
        record.made.date(),
        record.made.index,
        Moment {
            when: date_words(record.made.effective),
            what: "Recommended.".to_owned(),
            more: String::new(),
            tag: None,
            sources: view.sources_of(&record.made),
            unchecked: None,
        },
    ));
    for g in &record.responses {
        moments.push((
            g.date(),
            g.index,
            Moment {
                when: date_words(g.effective),
                what: format!("{} answered.", name(&g.fact.responder)),
                more: String::new(),
                tag: Some(Tag::new(g.fact.position.tone(), g.fact.position.words())),
                sources: view.sources_of(g),
                unchecked: unchecked(g.fact.basis),
            },
        ));
    }
    for e in &record.evidence {
        moments.push((
            e.date(),
            e.index,
            Moment {
                when: date_words(e.effective),
                what: e.fact.what.clone(),
                more: e.fact.note.clone(),
                tag: Some(Tag::new(
                    e.fact.grade.tone(),
                    format!("Evidence: {}", e.fact.grade.words().to_lowercase()),
                )),
                sources: view.sources_of(e),
                unchecked: unchecked(e.fact.basis),
            },
        ));
    }
    for c in record.commitments.iter().filter_map(|id| view.register.commitments.get(id)) {
        moments.push((
            c.made.date(),
            c.made.index,
            Moment {
                when: date_words(c.made.effective),
                what: format!("Promised: {}", c.made.fact.what),
                more: c.made.fact.note.clone(),
                tag: None,
                sources: view.sources_of(&c.made),
                unchecked: unchecked(c.made.fact.basis),
            },
        ));
        for r in &c.rebasings {
            let to = r.fact.new_due.map_or("no date".to_owned(), candour_record::PartialDate::in_words);
            moments.push((
                r.date(),
                r.index,
                Moment {
                    when: date_words(r.effective),
                    what: format!("Date moved to {to}: {}", c.made.fact.what),
                    more: r.fact.reasons.words().to_owned(),
                    tag: None,
                    sources: view.sources_of(r),
                    unchecked: None,
                },
            ));
        }
    }
    for h in &record.happenings {
        moments.push((h.date(), h.index, happening(view, h)));
    }
    // What has no known date stands at the end, apart from what has one.
    moments.sort_by_key(|m| (m.0.is_none(), m.0, m.1));
    moments.into_iter().map(|m| m.2).collect()
}

// ---- bodies, sources, documents ---------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "bodies.html")]
struct Bodies<'a> {
    layout: Layout<'a>,
    groups: Vec<(&'static str, Vec<BodyRow>)>,
}

struct BodyRow {
    link: Link,
    territory: String,
    asked: usize,
}

fn asked_of(register: &Register) -> BTreeMap<&BodyId, Vec<&RecommendationId>> {
    let mut asked: BTreeMap<&BodyId, Vec<&RecommendationId>> = BTreeMap::new();
    for (id, record) in &register.recommendations {
        for body in record.made.fact.addressees.iter().filter_map(|a| a.body.as_ref()) {
            asked.entry(body).or_default().push(id);
        }
    }
    asked
}

const BODY_KINDS: [(BodyKind, &str); 17] = [
    (BodyKind::Government, "Governments"),
    (BodyKind::Department, "Departments"),
    (BodyKind::Group, "Groups addressed together"),
    (BodyKind::Agency, "Agencies"),
    (BodyKind::Inspectorate, "Inspectorates"),
    (BodyKind::Regulator, "Regulators"),
    (BodyKind::PolicingBody, "Policing bodies"),
    (BodyKind::Prosecutor, "Prosecutors"),
    (BodyKind::Commissioner, "Commissioners"),
    (BodyKind::Panel, "Inquiries, panels and boards"),
    (BodyKind::Health, "Health bodies"),
    (BodyKind::Charity, "Charities"),
    (BodyKind::Faith, "Faith bodies"),
    (BodyKind::Company, "Companies"),
    (BodyKind::Other, "Others"),
    (BodyKind::PoliceForce, "Police forces"),
    (BodyKind::LocalAuthority, "Councils"),
];

fn bodies(view: &View<'_>) -> Result<Page> {
    let asked = asked_of(view.register);
    let groups = BODY_KINDS
        .into_iter()
        .filter_map(|(kind, words)| {
            let rows: Vec<BodyRow> = view
                .register
                .bodies
                .iter()
                .filter(|(_, b)| b.fact.kind == kind)
                .map(|(id, b)| BodyRow {
                    link: view.body(id),
                    territory: b.fact.territory.clone(),
                    asked: asked.get(id).map_or(0, Vec::len),
                })
                .collect();
            (!rows.is_empty()).then_some((words, rows))
        })
        .collect();
    html(&Bodies { layout: Layout::new(view, "Bodies"), groups })
}

#[derive(Template)]
#[template(path = "body.html")]
struct BodyPage<'a> {
    layout: Layout<'a>,
    heading: String,
    facts: Vec<(&'static str, String)>,
    part_of: Option<Link>,
    parts: Vec<Link>,
    earlier_names: Vec<String>,
    standing: Standing,
    rows: Vec<Row>,
    answered: Vec<(Link, Tag, String)>,
    commitments: Vec<DueRow>,
    sources: Vec<Link>,
}

fn body(view: &View<'_>, id: &BodyId) -> Result<Page> {
    let register = view.register;
    let record = &register.bodies[id];
    let kind = BODY_KINDS.iter().find(|k| k.0 == record.fact.kind).map_or("", |k| k.1);
    let mut facts = vec![("Kind", kind.to_owned())];
    if !record.fact.territory.is_empty() {
        facts.push(("Where", record.fact.territory.clone()));
    }
    if let Some(area) = record.fact.area.as_ref().and_then(|a| register.areas.get(a)) {
        let within: Vec<&str> =
            area.within.iter().filter_map(|a| register.areas.get(a)).map(|a| a.name.as_str()).collect();
        let inside = if within.is_empty() { String::new() } else { format!(" (in {})", within.join("; ")) };
        facts.push(("Area", format!("{}{inside}", area.name)));
    }
    if !record.fact.codes.is_empty() {
        let codes =
            record.fact.codes.iter().map(|c| {
                format!("{} {}{}", c.scheme, c.value, if c.current { "" } else { " (no longer used)" })
            });
        facts.push(("Codes", codes.collect::<Vec<_>>().join(", ")));
    }
    if !record.fact.role.is_empty() {
        facts.push(("Why it is here", record.fact.role.clone()));
    }
    let asked: Vec<&RecommendationRecord> = register
        .recommendations
        .values()
        .filter(|r| r.made.fact.addressees.iter().any(|a| a.body.as_ref() == Some(id)))
        .collect();
    let mut answered: Vec<(Link, Tag, String)> = Vec::new();
    for recommendation in register.recommendations.values() {
        for g in recommendation.responses.iter().filter(|g| &g.fact.responder == id) {
            answered.push((
                view.recommendation(&recommendation.made.fact.id),
                Tag::new(g.fact.position.tone(), g.fact.position.words()),
                date_words(g.effective),
            ));
        }
    }
    let known_to = register.coverage.as_ref().map_or(view.day, |c| c.fact.through.latest().min(view.day));
    let mut commitments: Vec<DueRow> = register
        .commitments
        .values()
        .filter(|c| c.made.fact.made_by.iter().any(|a| a.body.as_ref() == Some(id)))
        .map(|c| due_row(view, &DueItem::of(c, known_to), c))
        .collect();
    commitments.sort_by_key(|row| row.days);
    let names = record.fact.names.len();
    html(&BodyPage {
        layout: Layout::new(view, record.fact.name()),
        heading: record.fact.name().to_owned(),
        facts,
        part_of: record.fact.part_of.as_ref().map(|p| view.body(p)),
        parts: register
            .bodies
            .values()
            .filter(|b| b.fact.part_of.as_ref() == Some(id))
            .map(|b| view.body(&b.fact.id))
            .collect(),
        earlier_names: record
            .fact
            .names
            .iter()
            .take(names.saturating_sub(1))
            .map(|n| n.name.clone())
            .collect(),
        standing: standing(view, asked.iter().copied(), "How what was asked of it stands"),
        rows: asked.iter().map(|r| row(view, r)).collect(),
        answered,
        commitments,
        sources: view.sources_of(record),
    })
}

/// A plain table: headings, and rows whose first cell is a link.
#[derive(Template)]
#[template(path = "table.html")]
struct Table<'a> {
    layout: Layout<'a>,
    heading: String,
    lead: String,
    headings: Vec<&'static str>,
    rows: Vec<(Link, Vec<String>)>,
    empty: &'static str,
}

fn sources(view: &View<'_>) -> Result<Page> {
    let rows = view
        .register
        .sources
        .values()
        .map(|s| {
            let date = s.date.map_or_else(|| "not known".to_owned(), candour_record::PartialDate::in_words);
            let link = Link { href: format!("{}sources/{}/", view.root, s.id), words: s.publisher.clone() };
            (link, vec![source_kind(s.kind).to_owned(), date, s.how_much_was_read.clone(), s.url.clone()])
        })
        .collect();
    html(&Table {
        layout: Layout::new(view, "Sources"),
        heading: "Sources".to_owned(),
        lead: "Everything the record rests on, how near it stands to what it reports, and how much of it was read.".to_owned(),
        headings: vec!["Publisher", "Kind", "Date", "Read", "Address"],
        rows,
        empty: "No source is recorded.",
    })
}

fn source_kind(kind: candour_record::SourceKind) -> &'static str {
    use candour_record::SourceKind as K;
    match kind {
        K::Primary => "primary",
        K::PrimaryMirror => "copy of a primary source",
        K::Secondary => "secondary",
        K::News => "news",
        K::Campaign => "campaign",
        K::Tracker => "tracker",
        K::Tertiary => "account of accounts",
        K::Copy => "copy",
        K::Dataset => "data set",
        K::Background => "general knowledge, unchecked",
    }
}

#[derive(Template)]
#[template(path = "source.html")]
struct SourcePage<'a> {
    layout: Layout<'a>,
    heading: String,
    facts: Vec<(&'static str, String)>,
    url: String,
    uses: Vec<(Link, String, String)>,
}

fn source(view: &View<'_>, id: &str, entries: &[(u64, Entry)]) -> Result<Option<Page>> {
    let Some((_, source)) = view.register.sources.get_key_value(id) else { return Ok(None) };
    let cited = candour_record::Citation::Source(source.id.clone());
    let uses = entries
        .iter()
        .filter(|(_, e)| e.citations.contains(&cited))
        .map(|(index, e)| {
            let about = subject_link(view, e)
                .unwrap_or_else(|| Link { href: String::new(), words: e.subject.clone() });
            (view.entry(*index), kind_of_entry(&e.kind).to_owned(), about.words)
        })
        .collect();
    let date = source.date.map_or_else(|| "not known".to_owned(), candour_record::PartialDate::in_words);
    Ok(Some(html(&SourcePage {
        layout: Layout::new(view, &source.publisher),
        heading: source.publisher.clone(),
        facts: vec![
            ("Kind", source_kind(source.kind).to_owned()),
            ("Date", date),
            ("How much was read", source.how_much_was_read.clone()),
        ],
        url: source.url.clone(),
        uses,
    })?))
}

fn documents(view: &View<'_>) -> Result<Page> {
    let rows = view
        .register
        .documents
        .values()
        .map(|d| {
            let link = Link {
                href: format!("{}documents/{}/", view.root, d.fact.sha256),
                words: d.fact.title.clone(),
            };
            let waiting = view.register.proposals.get(&d.fact.sha256).map_or(0, Vec::len);
            let pages = d.fact.pages.to_string();
            (link, vec![date_words(Some(d.fact.published)), pages, waiting.to_string()])
        })
        .collect();
    html(&Table {
        layout: Layout::new(view, "Documents"),
        heading: "Documents".to_owned(),
        lead: "Documents held whole, known by the hash of their bytes. What a machine read in them waits for a person.".to_owned(),
        headings: vec!["Document", "Published", "Pages", "Items waiting for a person"],
        rows,
        empty: "No document has been read yet. Read one with: candour read FILE",
    })
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage<'a> {
    layout: Layout<'a>,
    heading: String,
    facts: Vec<(&'static str, String)>,
    items: Vec<ProposedRow>,
}

struct ProposedRow {
    anchor: String,
    label: String,
    text: String,
    before: String,
    after: String,
    place: String,
    addressees: String,
    limits: Vec<String>,
    position: Option<Tag>,
    phrase: String,
    rule: String,
    entry: Link,
}

/// Characters of the document shown on either side of a passage.
const AROUND: usize = 160;

fn document(view: &View<'_>, hash: &ContentHash, store: &Mutex<Store>) -> Result<Page> {
    let record = &view.register.documents[hash];
    let text = store.lock().unwrap_or_else(PoisonError::into_inner).text(hash)?.unwrap_or_default();
    let characters: Vec<char> = text.chars().collect();
    let slice = |span: Span| -> String {
        let end = span.end.min(characters.len());
        characters[span.start.min(end)..end].iter().collect()
    };
    let items = view
        .register
        .proposals
        .get(hash)
        .into_iter()
        .flatten()
        .map(|p| {
            let item = &p.fact.item;
            let kind = item.kind.words();
            let number = item.number.clone().unwrap_or_default();
            let title = item.title.clone().map_or(String::new(), |t| format!(": {t}"));
            let also: Vec<String> = item.also_at.iter().map(|a| a.page.to_string()).collect();
            let also = if also.is_empty() {
                String::new()
            } else {
                format!("; printed again on page {}", also.join(", "))
            };
            ProposedRow {
                anchor: format!("c{}", item.start),
                label: format!("{kind} {number}{title}"),
                before: slice(Span::new(item.start.saturating_sub(AROUND), item.start)),
                after: slice(Span::new(item.end, item.end + AROUND)),
                text: item.text.clone(),
                place: format!("Page {}, characters {} to {}{also}", item.page, item.start, item.end),
                addressees: item.addressees.join("; "),
                limits: item.deadlines.iter().map(limit_words).collect(),
                position: item.response.as_ref().map(|r| Tag::new(r.position.tone(), r.position.words())),
                phrase: item.response.as_ref().map(|r| r.phrase.clone()).unwrap_or_default(),
                rule: format!("{} ({} per cent sure)", item.rule, item.confidence),
                entry: view.entry(p.index),
            }
        })
        .collect();
    let d = &record.fact;
    html(&DocumentPage {
        layout: Layout::new(view, &d.title),
        heading: d.title.clone(),
        facts: vec![
            ("Published", date_words(Some(d.published))),
            ("Pages", d.pages.to_string()),
            ("Made with", d.producer.clone().unwrap_or_else(|| "not stated".to_owned())),
            ("SHA-256", d.sha256.to_string()),
        ],
        items,
    })
}

#[derive(Template)]
#[template(path = "figures.html")]
struct Figures<'a> {
    layout: Layout<'a>,
    rows: Vec<FigureRow>,
}

struct FigureRow {
    what: String,
    value: String,
    period: String,
    area: String,
    note: String,
    unchecked: Option<&'static str>,
    sources: Vec<Link>,
}

fn figures(view: &View<'_>) -> Result<Page> {
    let rows = view
        .register
        .figures
        .iter()
        .map(|f| FigureRow {
            what: f.fact.what.clone(),
            value: if f.fact.value == "finding" { String::new() } else { f.fact.value.clone() },
            period: f.fact.period.clone(),
            area: f.fact.area.clone(),
            note: f.fact.note.clone(),
            unchecked: unchecked(f.fact.basis),
            sources: view.sources_of(f),
        })
        .collect();
    html(&Figures { layout: Layout::new(view, "Figures"), rows })
}

#[derive(Template)]
#[template(path = "method.html")]
struct Method<'a> {
    layout: Layout<'a>,
    rules: Vec<(&'static str, Tag, &'static str)>,
}

fn method(view: &View<'_>) -> Result<Page> {
    let rules = RULES.iter().map(|r| (r.id, Tag::new(r.code.tone(), r.code.words()), r.when)).collect();
    html(&Method { layout: Layout::new(view, "How the headline is worked out"), rules })
}

#[derive(Template)]
#[template(path = "prose.html")]
struct Prose<'a> {
    layout: Layout<'a>,
    heading: &'a str,
    content: &'a str,
}

fn prose(view: &View<'_>, heading: &str, content: &'static str) -> Result<Page> {
    html(&Prose { layout: Layout::new(view, heading), heading, content })
}

pub(super) fn not_found(view: &View<'_>) -> Result<Page> {
    let content = "<p>There is no page at this address. It may be mistyped, or what it shows may not have happened by the date asked for.</p>";
    html(&Prose { layout: Layout::new(view, "Page not found"), heading: "Page not found", content })
}

// ---- the log and the dates --------------------------------------------------------------------------------------

fn kind_of_entry(kind: &str) -> &'static str {
    match kind {
        "source.listed" => "Source listed",
        "body.listed" => "Body listed",
        "area.listed" => "Area listed",
        "instrument.listed" => "Inquiry, audit or report listed",
        "document.read" => "Document read",
        "recommendation.made" => "Recommendation made",
        "response.given" => "Answer given",
        "response.not-found" => "Answer looked for, not found",
        "claim.made" => "Claim made",
        "evidence.found" => "Evidence found",
        "commitment.made" => "Promise made",
        "commitment.rebased" => "Promise’s date moved",
        "commitment.state-reported" => "Promise reported on",
        "adequacy.assessed" => "Adequacy assessed",
        "happening.recorded" => "Event recorded",
        "figure.reported" => "Figure reported",
        "coverage.stated" => "Coverage stated",
        "call.cleared" => "Data call cleared",
        "call.piloted" => "Data call piloted",
        "call.issued" => "Data call issued",
        "call.amended" => "Data call amended",
        "call.closed" => "Data call closed",
        "call.frozen" => "Data call frozen",
        "call.published" => "Data call published",
        "call.destroyed" => "Record-level data destroyed",
        "return.called" => "Body called",
        "return.acknowledged" => "Call acknowledged",
        "return.prepared" => "Return in preparation",
        "return.run-dry" => "Return checked at the body",
        "return.received" => "Return received",
        "return.structure-rejected" => "Return rejected for its structure",
        "return.checked" => "Return checked",
        "return.queried" => "Queries put",
        "return.answered" => "Queries answered",
        "return.rechecked" => "Return checked again",
        "return.resubmitted" => "Return received again",
        "return.approved" => "Return approved by the data lead",
        "return.signed-off" => "Return signed off",
        "return.accepted" => "Return accepted",
        "return.accepted-with-caveats" => "Return accepted with caveats",
        "return.not-accepted" => "Return not accepted",
        "return.frozen" => "Return frozen",
        "return.linked" => "Return linked",
        "return.used" => "Return used in a release",
        "return.nil-confirmed" => "Nil return confirmed",
        "return.partial" => "Some tables will not come",
        "return.cannot-supply" => "Body cannot supply",
        "return.refused" => "Body refused",
        "return.withdrawn" => "Return withdrawn",
        "return.reopened" => "Return reopened",
        "return.overdue" => "Body reminded",
        "return.escalated" => "Body chased further up",
        "proposal.made" => "Read by machine",
        "proposal.accepted" => "Reading accepted",
        _ => "Entry",
    }
}

fn subject_link(view: &View<'_>, entry: &Entry) -> Option<Link> {
    let subject = entry.subject.as_str();
    if let Some((id, _)) = view.register.recommendations.get_key_value(subject) {
        return Some(view.recommendation(id));
    }
    if let Some((id, _)) = view.register.instruments.get_key_value(subject) {
        return Some(view.instrument(id));
    }
    if let Some((id, _)) = view.register.bodies.get_key_value(subject).filter(|_| entry.kind == "body.listed")
    {
        return Some(view.body(id));
    }
    if entry.kind.starts_with("return.") || entry.kind.starts_with("call.") {
        return Some(Link { href: format!("{}returns/", view.root), words: shorten(subject) });
    }
    if let Some(c) = view.register.commitments.get(subject) {
        return RecommendationId::new(&c.made.fact.about)
            .ok()
            .filter(|id| view.register.recommendations.contains_key(id))
            .map(|id| view.recommendation(&id));
    }
    None
}

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    layout: Layout<'a>,
    size: u64,
    root_hash: String,
    checkpoint: String,
    rows: Vec<(Link, &'static str, Link, String, String)>,
}

pub(super) fn history(view: &View<'_>, entries: &[(u64, Entry)], store: &Store) -> Result<Page> {
    let rows = entries
        .iter()
        .rev()
        .filter(|(_, e)| !matches!(e.kind.as_str(), "body.listed" | "area.listed" | "source.listed"))
        // A call of many bodies has a thousand of them; the table of who returned what is their view.
        .filter(|(_, e)| !e.kind.starts_with("return."))
        .map(|(index, e)| {
            let subject = subject_link(view, e)
                .unwrap_or_else(|| Link { href: String::new(), words: shorten(&e.subject) });
            (
                view.entry(*index),
                kind_of_entry(&e.kind),
                subject,
                date_words(e.effective),
                e.recorded_by.name.clone(),
            )
        })
        .collect();
    html(&History {
        layout: Layout::new(view, "The log"),
        size: store.size(),
        root_hash: hex(&store.root()),
        checkpoint: store.checkpoint()?.unwrap_or_default(),
        rows,
    })
}

fn shorten(text: &str) -> String {
    if text.len() > 40 {
        format!("{}…", text.chars().take(16).collect::<String>())
    } else {
        text.to_owned()
    }
}

fn hex(hash: &candour_ledger::Hash) -> String {
    ContentHash::from_bytes(*hash).to_string()
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    layout: Layout<'a>,
    heading: String,
    facts: Vec<(&'static str, String)>,
    about: Option<Link>,
    sources: Vec<Link>,
    canonical: String,
}

fn entry_page(view: &View<'_>, index: u64, entry: &Entry) -> Result<Page> {
    let bytes = entry.to_canonical()?;
    html(&EntryPage {
        layout: Layout::new(view, &format!("Entry {index}")),
        heading: format!("Entry {index}: {}", kind_of_entry(&entry.kind).to_lowercase()),
        facts: vec![
            ("Happened", date_words(entry.effective)),
            ("Recorded", entry.recorded_at.strftime("%-d %B %Y, %H:%M UTC").to_string()),
            ("Recorded by", entry.recorded_by.name.clone()),
            ("Leaf hash", hex(&MerkleLog::leaf_hash(&bytes))),
        ],
        about: subject_link(view, entry),
        sources: view.citations(&entry.citations),
        canonical: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

#[derive(Template)]
#[template(path = "as_at.html")]
struct AsAtIndex<'a> {
    layout: Layout<'a>,
    days: Vec<(Link, u32)>,
    linked: bool,
    today: String,
}

pub(super) fn as_at_index(view: &View<'_>, linked: bool) -> Result<Page> {
    let days = view
        .register
        .days
        .iter()
        .rev()
        .map(|(day, count)| {
            (Link { href: format!("{}as-at/{day}/", view.root), words: day_words(*day) }, *count)
        })
        .collect();
    html(&AsAtIndex { layout: Layout::new(view, "As at a date"), days, linked, today: view.day.to_string() })
}
