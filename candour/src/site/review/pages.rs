//! The pages of review: documents with anything waiting, a document's list, and one proposal beside its page.

use anyhow::Result;
use askama::Template;
use candour_reading::{BlockKind, Reading};
use candour_record::{ContentHash, Span};
use candour_register::{Item, ItemKind, Judged, Proposal, Recorded, Register, Response};

use super::super::Page;
use super::super::Site;
use super::super::pages::{Layout, html};
use super::super::view::View;
use super::{Desk, Visit, accept, documents, forms::Form, progress};

/// Where a page of review stands.
pub(super) struct At<'a> {
    pub(super) site: &'a Site,
    pub(super) desk: &'a Desk,
    pub(super) register: &'a Register,
    pub(super) path: &'a str,
    pub(super) reviewer: Option<String>,
    pub(super) visit: &'a Visit,
}

impl<'a> At<'a> {
    fn layout(&self, title: &str) -> Layout<'a> {
        let view = View::new(&self.site.settings, self.register, self.path, None, self.site.today());
        Layout::new(&view, title)
    }

    /// What the address says was just done.
    fn done(&self, hash: Option<&ContentHash>) -> Option<Done> {
        let words = match self.visit.query.one("done")? {
            "accepted" => "Accepted.",
            "rejected" => "Rejected.",
            "split" => "Split in two.",
            "merged" => "Merged with the next.",
            "reopened" => "Taken back: it waits again.",
            _ => return None,
        };
        let was = self.visit.query.one("was").and_then(|w| w.parse::<u64>().ok());
        let judged = was.and_then(|w| self.register.judged.get(&w).map(|j| (w, j)));
        Some(Done {
            words: words.to_owned(),
            what: judged.map(|(_, j)| label(&j.proposal.fact.item)).unwrap_or_default(),
            undo: judged.zip(hash).map(|((w, _), hash)| format!("/review/{hash}/{w}/")),
        })
    }
}

struct Done {
    words: String,
    what: String,
    /// Where a form that takes it back is sent.
    undo: Option<String>,
}

/// A form that was not taken, to be shown again with what is wrong.
pub(super) struct Refused<'a> {
    pub(super) form: &'a Form,
    pub(super) status: u16,
    pub(super) problems: accept::Problems,
}

#[derive(Template)]
#[template(path = "review_index.html")]
struct Index<'a> {
    layout: Layout<'a>,
    reviewer: Option<String>,
    fixed: bool,
    asked: bool,
    token: String,
    rows: Vec<DocumentRow>,
}

struct DocumentRow {
    href: String,
    title: String,
    judged: usize,
    all: usize,
}

pub(super) fn index(at: &At<'_>) -> Result<Page> {
    let rows = documents(at.register)
        .into_iter()
        .map(|hash| {
            let (judged, all) = progress(at.register, &hash);
            DocumentRow { href: format!("/review/{hash}/"), title: title(at.register, &hash), judged, all }
        })
        .collect();
    html(&Index {
        layout: at.layout("Review"),
        reviewer: at.reviewer.clone(),
        fixed: at.desk.reviewer.is_some(),
        asked: at.visit.query.one("ask") == Some("name"),
        token: at.desk.token.clone(),
        rows,
    })
}

#[derive(Template)]
#[template(path = "review_document.html")]
struct Document<'a> {
    layout: Layout<'a>,
    title: String,
    token: String,
    judged: usize,
    all: usize,
    done: Option<Done>,
    next: Option<String>,
    waiting: Vec<Row>,
    decided: Vec<Row>,
}

struct Row {
    href: String,
    label: String,
    opening: String,
    page: u32,
    sure: u8,
    verdict: String,
}

pub(super) fn document(at: &At<'_>, hash: &ContentHash) -> Result<Page> {
    let (judged, all) = progress(at.register, hash);
    let row = |index: u64, item: &Item, verdict: String| Row {
        href: format!("/review/{hash}/{index}/"),
        label: label(item),
        opening: opening(&item.text),
        page: item.page,
        sure: item.confidence,
        verdict,
    };
    let waiting: Vec<Row> = at
        .register
        .proposals
        .get(hash)
        .into_iter()
        .flatten()
        .map(|p| row(p.index, &p.fact.item, String::new()))
        .collect();
    let mut decided: Vec<&Judged> =
        at.register.judged.values().filter(|j| j.proposal.fact.document == *hash).collect();
    decided.sort_by_key(|j| (j.proposal.fact.item.start, j.proposal.index));
    html(&Document {
        layout: at.layout("Review"),
        title: title(at.register, hash),
        token: at.desk.token.clone(),
        judged,
        all,
        done: at.done(Some(hash)),
        next: waiting.first().map(|w| w.href.clone()),
        decided: decided
            .into_iter()
            .map(|j| {
                row(
                    j.proposal.index,
                    &j.proposal.fact.item,
                    format!("{} by {}", j.verdict.words(), j.by.name),
                )
            })
            .collect(),
        waiting,
    })
}

#[derive(Template)]
#[template(path = "review_item.html")]
struct One<'a> {
    layout: Layout<'a>,
    title: String,
    token: String,
    hash: String,
    judged: usize,
    all: usize,
    done: Option<Done>,
    problems: Vec<Problem>,
    /// What is no longer open to judgement, and why.
    closed: Option<String>,
    undo: bool,
    label: String,
    rule: String,
    sure: u8,
    pages: Vec<PageView>,
    earlier_page: Option<u32>,
    later_page: Option<u32>,
    original: String,
    elsewhere: Vec<u32>,
    previous: Option<String>,
    next: Option<String>,
    kinds: Vec<Choice>,
    kind: String,
    fields: Fields,
    instruments: Vec<Choice>,
    recommendations: Vec<Group>,
    positions: Vec<Choice>,
    bodies: Vec<String>,
    deadlines: Vec<Limit>,
    reviewer: Option<String>,
}

struct Problem {
    field: &'static str,
    words: String,
}

struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

struct Group {
    words: String,
    choices: Vec<Choice>,
}

struct Limit {
    at: usize,
    words: String,
    ticked: bool,
}

/// What the form's fields hold.
#[derive(Default)]
struct Fields {
    number: String,
    title: String,
    text: String,
    addressees: String,
    holder: String,
    attributed_to: String,
    conditions: String,
    threat: String,
    responder: String,
    phrase: String,
    instrument_title: String,
    before: String,
    reason: String,
    about: String,
}

struct PageView {
    number: u32,
    blocks: Vec<BlockView>,
}

/// A paragraph of a page, with the part of it that was read.
struct BlockView {
    class: &'static str,
    before: String,
    marked: String,
    after: String,
}

/// Pages shown beside a form at the most: a passage that runs on for longer is read in the original.
const MOST_PAGES: u32 = 4;

pub(super) fn proposal(
    at: &At<'_>,
    hash: &ContentHash,
    entry: u64,
    refused: Option<Refused<'_>>,
) -> Result<Page> {
    let waiting = at.register.proposals.get(hash).map(Vec::as_slice).unwrap_or_default();
    let place = waiting.iter().position(|p| p.index == entry);
    let judged = at.register.judged.get(&entry).filter(|j| j.proposal.fact.document == *hash);
    let proposal: &Recorded<Proposal> = match (place, judged) {
        (Some(place), _) => &waiting[place],
        (None, Some(judged)) => &judged.proposal,
        (None, None) => return at.site.not_found(at.path),
    };
    let item = &proposal.fact.item;
    let reading = at.site.laid_out(at.desk, hash)?;
    let asked_page = at.visit.query.one("page").and_then(|p| p.parse::<u32>().ok());
    let last_of_item = reading.page_of(item.end.saturating_sub(1)).max(item.page);
    let (first, last) = match asked_page {
        Some(page) => (page, page),
        None => (item.page, last_of_item.min(item.page + MOST_PAGES - 1)),
    };
    let href = |index: u64| format!("/review/{hash}/{index}/");
    let (done, all) = progress(at.register, hash);
    let form = refused.as_ref().map(|r| r.form);
    let kind = form
        .and_then(|f| f.one("kind"))
        .or_else(|| at.visit.query.one("kind"))
        .and_then(accept::kind_from)
        .unwrap_or(item.kind);
    let guess = guessed(at.register, item, hash);
    let field = |name: &str, read: String| form.map_or(read, |f| f.one(name).unwrap_or_default().to_owned());
    let chosen_instrument =
        field("instrument", guess.as_ref().map(|g| g.instrument.clone()).unwrap_or_default());
    let chosen_recommendation =
        field("recommendation", guess.as_ref().and_then(|g| g.recommendation.clone()).unwrap_or_default());
    let position = item.response.as_ref().map_or(Response::Unknown, |r| r.position);
    let chosen_position = field("position", position.code().to_owned());
    let document_title = title(at.register, hash);
    let fields = Fields {
        number: field("number", item.number.clone().unwrap_or_default()),
        title: field("title", item.title.clone().unwrap_or_default()),
        text: field("text", item.text.clone()),
        addressees: field("addressees", item.addressees.join("\n")),
        holder: field("holder", item.holder.clone().unwrap_or_default()),
        attributed_to: field("attributed_to", item.attributed_to.clone().unwrap_or_default()),
        conditions: field("conditions", item.conditions.join("\n")),
        threat: field("threat", item.threat.clone().unwrap_or_default()),
        responder: field(
            "responder",
            item.response.as_ref().and_then(|r| r.responder.clone()).unwrap_or_default(),
        ),
        phrase: field("phrase", item.response.as_ref().map(|r| r.phrase.clone()).unwrap_or_default()),
        instrument_title: field(
            "instrument_title",
            if chosen_instrument.is_empty() { document_title.clone() } else { String::new() },
        ),
        before: field("before", String::new()),
        reason: field("reason", String::new()),
        about: field("about", String::new()),
    };
    let pages = reading.pages.len() as u32;
    let page = One {
        layout: at.layout(&label(item)),
        title: document_title,
        token: at.desk.token.clone(),
        hash: hash.to_string(),
        judged: done,
        all,
        done: at.done(Some(hash)),
        problems: refused
            .iter()
            .flat_map(|r| &r.problems)
            .map(|(field, words)| Problem { field, words: words.clone() })
            .collect(),
        closed: judged
            .filter(|_| place.is_none())
            .map(|j| format!("{} by {}.", j.verdict.words(), j.by.name)),
        undo: judged.is_some() && place.is_none(),
        label: label(item),
        rule: item.rule.clone(),
        sure: item.confidence,
        pages: (first..=last).map(|number| page_view(&reading, number, item)).collect(),
        earlier_page: (first > 1).then(|| first - 1),
        later_page: (last < pages).then_some(last + 1),
        original: format!("/review/{hash}/original/#page={first}"),
        elsewhere: item.also_at.iter().map(|p| p.page).collect(),
        previous: place.and_then(|p| p.checked_sub(1)).map(|p| href(waiting[p].index)),
        next: place.and_then(|p| waiting.get(p + 1)).map(|p| href(p.index)),
        kinds: KINDS
            .iter()
            .map(|k| Choice { value: accept::kind_code(*k), words: k.words().to_owned(), chosen: *k == kind })
            .collect(),
        kind: accept::kind_code(kind),
        instruments: at
            .register
            .instruments
            .values()
            .map(|i| {
                let id = i.listed.fact.id.to_string();
                Choice { chosen: id == chosen_instrument, value: id, words: i.listed.fact.title.clone() }
            })
            .collect(),
        recommendations: if kind == ItemKind::Response {
            groups(at.register, guess.as_ref(), &chosen_recommendation)
        } else {
            Vec::new()
        },
        positions: Response::ALL
            .iter()
            .filter(|p| !matches!(p, Response::Awaiting | Response::Overdue))
            .map(|p| Choice {
                value: p.code().to_owned(),
                words: p.words().to_owned(),
                chosen: p.code() == chosen_position,
            })
            .collect(),
        bodies: at.register.bodies.values().map(|b| b.fact.name().to_owned()).collect(),
        deadlines: item
            .deadlines
            .iter()
            .enumerate()
            .map(|(number, d)| Limit {
                at: number,
                words: match (d.date, &d.unresolved) {
                    (Some(day), None) => format!("“{}”: {day}", d.phrase),
                    (Some(day), Some(why)) => format!("“{}”: {day}, but {why}", d.phrase),
                    (None, Some(why)) => format!("“{}”: no day, because {why}", d.phrase),
                    (None, None) => format!("“{}”", d.phrase),
                },
                ticked: form.is_none_or(|f| f.one(&format!("deadline{number}")).is_some()),
            })
            .collect(),
        fields,
        reviewer: at.reviewer.clone(),
    };
    let made = html(&page)?;
    Ok(Page { status: refused.map_or(200, |r| r.status), ..made })
}

const KINDS: [ItemKind; 7] = [
    ItemKind::Recommendation,
    ItemKind::Conclusion,
    ItemKind::Finding,
    ItemKind::Response,
    ItemKind::Commitment,
    ItemKind::Notice,
    ItemKind::Claim,
];

fn page_view(reading: &Reading, number: u32, item: &Item) -> PageView {
    let blocks = reading
        .blocks
        .iter()
        .filter(|b| b.kind.is_body() && (b.page == number || b.lines.iter().any(|l| l.page == number)))
        .map(|block| {
            let span = block.span;
            // A paragraph that runs over a page is shown on both, whole: half a sentence helps nobody.
            let from = item.start.clamp(span.start, span.end);
            let to = item.end.clamp(from, span.end);
            BlockView {
                class: match &block.kind {
                    BlockKind::Heading(_) => "h",
                    BlockKind::ListItem { .. } => "li",
                    _ => "p",
                },
                before: reading.slice(Span::new(span.start, from)).to_owned(),
                marked: reading.slice(Span::new(from, to)).to_owned(),
                after: reading.slice(Span::new(to, span.end)).to_owned(),
            }
        })
        .collect();
    PageView { number, blocks }
}

/// What a reviewer would probably choose.
struct Guess {
    instrument: String,
    recommendation: Option<String>,
}

/// For a recommendation the report that others of its document were accepted into; for an answer the recommendation
/// whose number it bears and whose words it repeats.
fn guessed(register: &Register, item: &Item, hash: &ContentHash) -> Option<Guess> {
    if item.kind == ItemKind::Response {
        let number = item.number.as_deref()?;
        let words = |text: &str| -> std::collections::HashSet<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|w| w.len() > 3)
                .map(str::to_lowercase)
                .collect()
        };
        let said = words(&format!("{} {}", item.title.clone().unwrap_or_default(), item.text));
        let numbered: Vec<_> =
            register.recommendations.values().filter(|r| r.made.fact.number == number).collect();
        let share = |r: &candour_register::RecommendationRecord| {
            let own = words(&format!("{} {}", r.made.fact.title, r.made.fact.wording.text().unwrap_or("")));
            own.iter().filter(|w| said.contains(*w)).count() * 100 / own.len().max(1)
        };
        let best = numbered.iter().max_by_key(|r| share(r))?;
        // A number alone fits every report: the words must fit too, or other answers of this document went to that
        // report, or no other report has the number.
        let answered_here = |r: &candour_register::RecommendationRecord| {
            register
                .recommendations
                .values()
                .filter(|other| other.made.fact.instrument == r.made.fact.instrument)
                .flat_map(|other| &other.responses)
                .any(|response| cites(&response.citations, hash))
        };
        let chosen = if share(best) >= 25 {
            Some(best)
        } else {
            numbered
                .iter()
                .find(|r| answered_here(r))
                .or_else(|| numbered.first().filter(|_| numbered.len() == 1))
        };
        return chosen.map(|r| Guess {
            instrument: r.made.fact.instrument.to_string(),
            recommendation: Some(r.made.fact.id.to_string()),
        });
    }
    register
        .recommendations
        .values()
        .rev()
        .find(|r| cites(&r.made.citations, hash))
        .map(|r| Guess { instrument: r.made.fact.instrument.to_string(), recommendation: None })
}

fn cites(citations: &[candour_record::Citation], document: &ContentHash) -> bool {
    citations.iter().any(|c| matches!(c, candour_record::Citation::Passage(p) if p.document == *document))
}

/// Recommendations to choose from, by report; all where they are few, else those of the likely report.
fn groups(register: &Register, guess: Option<&Guess>, chosen: &str) -> Vec<Group> {
    const MOST: usize = 600;
    let all = register.recommendations.len() <= MOST;
    register
        .instruments
        .values()
        .filter(|i| !i.recommendations.is_empty())
        .filter(|i| all || guess.is_some_and(|g| g.instrument == i.listed.fact.id.to_string()))
        .map(|i| Group {
            words: i.listed.fact.title.clone(),
            choices: i
                .recommendations
                .iter()
                .filter_map(|id| register.recommendations.get(id))
                .map(|r| {
                    let made = &r.made.fact;
                    Choice {
                        chosen: made.id.as_str() == chosen,
                        value: made.id.to_string(),
                        words: format!("{} {}", made.number, made.title),
                    }
                })
                .collect(),
        })
        .collect()
}

fn title(register: &Register, hash: &ContentHash) -> String {
    register.documents.get(hash).map_or_else(|| hash.to_string(), |d| d.fact.title.clone())
}

fn label(item: &Item) -> String {
    let number = item.number.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
    let title = item.title.as_deref().map(|t| format!(": {t}")).unwrap_or_default();
    format!("{}{number}{title}", item.kind.words())
}

fn opening(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let short = words.iter().take(24).copied().collect::<Vec<_>>().join(" ");
    if words.len() > 24 { format!("{short} …") } else { short }
}
