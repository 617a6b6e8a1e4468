//! Reading a document: structure first (headings, list labels, repeats), cue words second.
//!
//! Every rule is a file of its own under `extract/`. A rule proposes [`Item`]s; this module settles what they are
//! together: one item per number, every further printing as [`Item::also_at`], quotations of other reports left out.

mod action_table;
mod addressees;
mod answers;
mod cited;
mod coded_recommendation;
mod commission_recommended;
mod conclusions_list;
mod coroner_report;
mod labelled_heading;
mod list_under_heading;
mod numbering;
mod parts;
mod positions;
mod prose;
mod recommending_paragraphs;
mod restated;
mod review_list;
mod sentences;
mod speech;
mod told;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use candour_reading::{Block, BlockKind, Reading};
use candour_record::{Finding, Severity, Span};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::axes::Response;
use crate::deadline::{Deadline, find_deadlines};

use addressees::Addressed;

/// What is asked of [`extract`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Request {
    /// The document's date, against which its time limits are resolved.
    pub published: Option<Date>,
    /// What the document is, where the caller knows; told from its text where not.
    pub kind: Option<DocumentKind>,
}

/// What sort of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A report that makes recommendations.
    Report,
    /// An answer to recommendations.
    Response,
    /// A statement to a parliament or the public.
    Statement,
    /// A news article.
    News,
    /// A letter.
    Letter,
}

impl DocumentKind {
    /// The kind a name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "report" => Self::Report,
            "response" => Self::Response,
            "statement" => Self::Statement,
            "news" => Self::News,
            "letter" => Self::Letter,
            _ => return None,
        })
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// What the document was taken for.
    pub kind: DocumentKind,
    /// The headline of an article whose file names no title.
    pub title: Option<String>,
    /// Its date: the one given, or the one a statement, letter or article prints at its head.
    pub published: Option<Date>,
    /// The items, in the order in which they are first printed.
    pub items: Vec<Item>,
}

/// What an [`Item`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Something the document asks of someone.
    Recommendation,
    /// Something the document concludes without asking anything of anyone.
    Conclusion,
    /// A fact the document establishes.
    Finding,
    /// An answer to a recommendation.
    Response,
    /// A promise: who will do what, by when.
    Commitment,
    /// An ultimatum: what must be done, and what follows where it is not.
    Notice,
    /// What somebody says, which the document repeats as theirs.
    Claim,
}

impl ItemKind {
    /// In plain words, for a page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Recommendation => "Recommendation",
            Self::Conclusion => "Conclusion",
            Self::Finding => "Finding",
            Self::Response => "Answer to recommendation",
            Self::Commitment => "Promise",
            Self::Notice => "Notice",
            Self::Claim => "Claim",
        }
    }
}

/// A place in a document: page from 1, and characters of the extracted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Page, counted from 1.
    pub page: u32,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// A lettered part of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number: `4(a)`.
    pub number: String,
    /// The number of the item or part it belongs to: `4`.
    pub parent: String,
    /// Page, counted from 1.
    pub page: u32,
    /// First character of the extracted text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// A position read in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadResponse {
    /// The position, on the Response axis.
    pub position: Response,
    /// Who takes it, where the words say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<String>,
    /// The words that take it.
    pub phrase: String,
}

/// One thing read in a document, with the passage it was read from, the rule that read it and how sure the rule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its number as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The part of the document whose numbering it belongs to, where numbers begin again in each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The number of the item it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its heading, without the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its words: exactly the extracted text from `start` to `end`.
    pub text: String,
    /// Page, counted from 1.
    pub page: u32,
    /// First character of the extracted text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Where else the document prints it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_at: Vec<Place>,
    /// Its lettered parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Who bears it: who promises, or who gives notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Whom it is made to, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addressees: Vec<String>,
    /// Its time limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
    /// The position, for an answer; the first where several bodies answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ReadResponse>,
    /// The positions of the other bodies that answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_responses: Vec<ReadResponse>,
    /// What a notice asks, each part by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What follows where a notice's conditions are not met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat: Option<String>,
    /// Whose claim or finding it is, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributed_to: Option<String>,
    /// Recommendations of other reports that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
    /// The rule that read it, by its permanent name.
    pub rule: String,
    /// How sure the rule is, in per cent.
    pub confidence: u8,
}

/// Reads the items of a document.
pub fn extract(reading: &Reading, request: Request) -> (Extraction, Vec<Finding>) {
    let kind = request.kind.unwrap_or_else(|| guess_kind(reading));
    let body: Vec<&Block> = reading.blocks.iter().filter(|b| b.kind.is_body()).collect();
    let document = Body { quoted: quoted(reading, &body), blocks: body, reading };
    let mut findings = Vec::new();
    let mut published = request.published;
    let mut title = None;

    let mut items = match kind {
        DocumentKind::Report => {
            let mut found = labelled_heading::find(&document, ItemKind::Recommendation);
            found.extend(list_under_heading::find(&document));
            found.extend(conclusions_list::find(&document));
            found.extend(review_list::find(&document));
            found.extend(commission_recommended::find(&document));
            found.extend(coded_recommendation::find(&document));
            // Prose is read for recommendations only where the document does not set them apart.
            if !found.iter().any(|i| i.kind == ItemKind::Recommendation) {
                found.extend(recommending_paragraphs::find(&document));
            }
            found.extend(coroner_report::find(&document, request.published));
            let plan = action_table::find(&document, request.published);
            let answered = if plan.is_empty() { Vec::new() } else { answers::beside(&document) };
            found.extend(plan);
            let mut settled = settle(reading, found, &mut findings);
            settled.extend(answered);
            settled
        }
        DocumentKind::Response => answers::find(&document, request.published, &mut findings),
        DocumentKind::Statement | DocumentKind::News | DocumentKind::Letter => {
            let prose = prose::Prose::of(&document, kind);
            published = published.or(prose.published);
            title.clone_from(&prose.headline);
            told::find(&document, &prose, kind, published)
        }
    };
    for item in &mut items {
        if matches!(item.kind, ItemKind::Recommendation | ItemKind::Conclusion) {
            item.cites = cited::read(&item.text);
            parts::find(&document, item);
        }
        if item.kind == ItemKind::Recommendation && item.deadlines.is_empty() {
            item.deadlines =
                find_deadlines(&item.text, request.published).into_iter().map(|(_, d)| d).collect();
        }
    }
    if matches!(kind, DocumentKind::Report | DocumentKind::Response) {
        restated::find(&document, &mut items);
    }
    items.sort_by_key(|item| item.start);
    address(reading, &mut items);
    (Extraction { kind, title, published, items }, findings)
}

/// Says whom each recommendation is made to, where the rule that read it did not.
fn address(reading: &Reading, items: &mut [Item]) {
    let lexicon = addressees::Lexicon::of(reading.body());
    let mut above: Vec<String> = Vec::new();
    let mut unsaid: Vec<usize> = Vec::new();
    for (at, item) in items.iter_mut().enumerate() {
        if item.kind != ItemKind::Recommendation {
            continue;
        }
        if item.addressees.is_empty() {
            match addressees::read(&item.text, &lexicon) {
                Addressed::To(names) => item.addressees = names,
                Addressed::Upward { several } if above.len() > 1 || !several => {
                    item.addressees.clone_from(&above);
                }
                Addressed::Upward { .. } => {}
                Addressed::Unsaid => unsaid.push(at),
            }
        }
        if !item.addressees.is_empty() {
            above.clone_from(&item.addressees);
        }
    }
    conclusions_list::address_to_the_usual(items, &unsaid);
}

/// The body of a document as the rules see it.
struct Body<'a> {
    reading: &'a Reading,
    blocks: Vec<&'a Block>,
    /// Whether each block stands inside somebody else's words.
    quoted: Vec<bool>,
}

impl Body<'_> {
    fn text(&self, index: usize) -> &str {
        self.blocks.get(index).map_or("", |b| self.reading.slice(b.span))
    }

    /// An item over whole blocks, from one to before another, beginning a number of characters into the first.
    fn item(
        &self,
        kind: ItemKind,
        from: usize,
        to: usize,
        skip: usize,
        rule: &str,
        confidence: u8,
    ) -> Option<Item> {
        let (first, last) = (self.blocks.get(from)?, self.blocks.get(to.checked_sub(1)?)?);
        self.item_at(kind, Span::new(first.span.start + skip, last.span.end), rule, confidence)
    }

    /// An item over a span of the text, without the white space at its ends; `None` where nothing is left.
    fn item_at(&self, kind: ItemKind, span: Span, rule: &str, confidence: u8) -> Option<Item> {
        if span.end <= span.start {
            return None;
        }
        let text = self.reading.slice(span);
        let leading = text.chars().take_while(|c| c.is_whitespace()).count();
        let trailing = text.chars().rev().take_while(|c| c.is_whitespace()).count();
        let span = Span::new(span.start + leading, span.end.saturating_sub(trailing));
        let text = text.trim().to_owned();
        (!text.is_empty()).then(|| Item {
            kind,
            number: None,
            section: None,
            parent: None,
            title: None,
            text,
            page: self.reading.page_of(span.start),
            start: span.start,
            end: span.end,
            also_at: Vec::new(),
            parts: Vec::new(),
            holder: None,
            addressees: Vec::new(),
            deadlines: Vec::new(),
            response: None,
            further_responses: Vec::new(),
            conditions: Vec::new(),
            threat: None,
            attributed_to: None,
            cites: Vec::new(),
            rule: rule.to_owned(),
            confidence,
        })
    }
}

/// Marks the blocks that stand inside a quotation: set as one, or between quotation marks that open in one block and
/// close in a later one.
fn quoted(reading: &Reading, blocks: &[&Block]) -> Vec<bool> {
    let mut open = false;
    blocks
        .iter()
        .map(|block| {
            let text = reading.slice(block.span);
            let begins = text.trim_start().starts_with(['“', '"', '‘']);
            let inside = open || begins || block.kind == BlockKind::Quotation;
            let (opens, closes) = (text.matches('“').count(), text.matches('”').count());
            if matches!(block.kind, BlockKind::Heading(_)) && !begins {
                // A heading ends any quotation whose closing mark was lost.
                open = false;
                return false;
            }
            open = if open { closes <= opens } else { begins && opens > closes };
            inside
        })
        .collect()
}

/// One item per number: the same words printed twice become one item with two places. Where different words claim one
/// number, numbering that begins again in each section is told by its sections; otherwise the series that runs unbroken
/// from its first number wins and the rest are citations.
fn settle(reading: &Reading, found: Vec<Item>, findings: &mut Vec<Finding>) -> Vec<Item> {
    let strength = unbroken_series(&found);
    let mut found = found;
    found.sort_by_key(|i| {
        (Reverse(strength.get(&i.rule).copied().unwrap_or(0)), i.section.is_none(), i.start)
    });
    let mut kept: Vec<Item> = Vec::new();
    let mut by_number: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for item in found {
        let number = item.number.clone().unwrap_or_default();
        let same = by_number.get(&number).into_iter().flatten().find(|k| {
            let k = &kept[**k];
            k.kind == item.kind
                && ((k.start < item.end && item.start < k.end)
                    || if number.is_empty() {
                        restated::the_same(&k.text, &item.text)
                    } else {
                        restated::alike(&k.text, &item.text)
                    })
        });
        if let Some(&same) = same {
            let first = &mut kept[same];
            if item.start >= first.end || first.start >= item.end {
                first.also_at.push(Place { page: item.page, start: item.start, end: item.end });
            }
            if first.title.is_none() {
                first.title = item.title;
            }
            continue;
        }
        by_number.entry(number).or_default().push(kept.len());
        kept.push(item);
    }
    let mut cited: BTreeSet<usize> = BTreeSet::new();
    for (number, holders) in
        by_number.iter().filter(|(number, holders)| !number.is_empty() && holders.len() > 1)
    {
        let sections: BTreeSet<&str> = holders.iter().filter_map(|h| kept[*h].section.as_deref()).collect();
        let one_rule = holders.iter().all(|h| kept[*h].rule == kept[holders[0]].rule);
        if one_rule && sections.len() == holders.len() {
            continue;
        }
        for holder in &holders[1..] {
            cited.insert(*holder);
            let message = format!(
                "number {number} stands beside other words on page {}; they are taken for a citation of another report",
                reading.page_of(kept[*holder].start)
            );
            findings
                .push(Finding::new(Severity::Note, "number_used_twice", message).on_page(kept[*holder].page));
        }
    }
    // Where one number of a section had to be told apart, all of that section's are printed with its name.
    let restarted: BTreeSet<String> = by_number
        .values()
        .filter(|holders| holders.iter().filter(|h| !cited.contains(h)).count() > 1)
        .flatten()
        .filter_map(|h| kept[*h].section.clone())
        .collect();
    for item in &mut kept {
        match &item.section {
            Some(section) if restarted.contains(section) => {
                if let Some(number) = &item.number {
                    // A numbered paragraph is joined to its parts as such documents cite them: 111.4.
                    let joint = if section.bytes().all(|b| b.is_ascii_digit()) { '.' } else { ' ' };
                    item.number = Some(format!("{section}{joint}{number}"));
                }
            }
            _ => item.section = None,
        }
    }
    kept.into_iter().enumerate().filter(|(at, _)| !cited.contains(at)).map(|(_, item)| item).collect()
}

/// How far each rule's numbers run unbroken from 1.
fn unbroken_series(found: &[Item]) -> BTreeMap<String, usize> {
    let mut numbers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for item in found {
        numbers.entry(item.rule.clone()).or_default().insert(item.number.as_deref().unwrap_or_default());
    }
    numbers
        .into_iter()
        .map(|(rule, numbers)| {
            let run = (1..1_000).take_while(|n: &u32| numbers.contains(n.to_string().as_str())).count();
            (rule, run)
        })
        .collect()
}

/// Tells what a document is from its title, its opening and how it is written. A document that makes recommendations
/// stays a report whatever it quotes; only what is short and written as letters and articles are is taken for one.
fn guess_kind(reading: &Reading) -> DocumentKind {
    let opening: String = reading.body().chars().take(6_000).collect::<String>().to_lowercase();
    let title = reading.about.title.as_deref().unwrap_or_default().to_lowercase();
    let head: String = opening.chars().take(1_500).collect();
    let short = reading.body_end < 30_000 && reading.pages.len() <= 8;
    let labelled = opening.matches("recommendation 1").count() > 0;
    let greets = opening.lines().take(40).any(|l| l.trim_start().starts_with("dear "));
    let body = reading.body().to_lowercase();
    let signs = ["yours sincerely", "yours faithfully", "kind regards"].iter().any(|s| body.contains(s));
    if short && greets && (signs || !labelled) {
        return DocumentKind::Letter;
    }
    if answers::tabled(reading) {
        let answers = title.contains("response") || head.contains("response to");
        let plan = !answers && action_table::is_one(reading);
        return if plan { DocumentKind::Report } else { DocumentKind::Response };
    }
    let states = [
        "statement made by",
        "ministerial statement",
        "oral statement",
        "with permission, ",
        "written statement",
    ];
    if short && states.iter().any(|s| head.contains(s) || title.contains(s)) {
        return DocumentKind::Statement;
    }
    let views =
        ["replies presented by the state under review", "views on conclusions and/or recommendations"];
    if views.iter().any(|v| opening.contains(v)) {
        return DocumentKind::Response;
    }
    let said = speech::SAYING.iter().map(|verb| body.matches(&format!(" {verb} ")).count()).sum::<usize>();
    let dated =
        head.lines().take(25).any(|l| l.split_whitespace().count() <= 10 && prose::day_printed(l).is_some());
    // A story numbers no paragraphs (`88.1`).
    let numbered = reading.body().lines().filter(|l| review_list::is_numbered(l)).count() >= 3;
    if short
        && !labelled
        && !numbered
        && (said >= 3 || (said >= 1 && dated))
        && !coroner_report::is_one(reading.body())
    {
        return DocumentKind::News;
    }
    let answers = [
        "government response",
        "progress report on the recommendations",
        "progress update",
        "update on progress",
    ];
    // "Police response to the disorder" is what a report is about; "response to the report" is what a document is.
    let answered = |text: &str| {
        text.match_indices("response to ").any(|(at, cue)| {
            text[at + cue.len()..].split_whitespace().take(14).map(sentences::bare).any(|w| {
                matches!(
                    w.as_str(),
                    "report"
                        | "recommendation"
                        | "recommendations"
                        | "inquiry"
                        | "committee"
                        | "committee’s"
                        | "committee's"
                        | "review"
                        | "audit"
                )
            })
        })
    };
    let makes_its_own =
        body.contains("conclusions and recommendations") && !body.contains("government response");
    let progress = title.contains("progress report") && labelled;
    if !makes_its_own
        && (progress
            || answers.iter().any(|a| title.contains(a) || head.contains(a))
            || answered(&title)
            || answered(&head))
    {
        return DocumentKind::Response;
    }
    DocumentKind::Report
}

#[cfg(test)]
mod tests {
    use super::*;
    use candour_reading::Limits;
    use proptest::prelude::*;

    fn items(source: &str) -> (Vec<Item>, Vec<Finding>) {
        let reading = candour_reading::read(source.as_bytes(), "report.md", &Limits::default()).unwrap();
        let (extraction, findings) =
            extract(&reading, Request { published: None, kind: Some(DocumentKind::Report) });
        for item in &extraction.items {
            assert_eq!(reading.slice(Span::new(item.start, item.end)), item.text, "the span holds the words");
        }
        (extraction.items, findings)
    }

    fn numbers(source: &str) -> Vec<String> {
        items(source).0.into_iter().filter_map(|i| i.number).collect()
    }

    #[test]
    fn an_item_printed_twice_is_one_item_with_two_places() {
        let body = "The Harbour Board should publish a register of every missed visit and say each year what it did about them.";
        let source = format!(
            "# Chapter 1\n\n2.1. Text.\n\n### Recommendation 1: A register\n\n{body}\n\n2.2. More text.\n\n### Recommendation 2: Meetings\n\nThe Board should meet.\n\n# Appendix\n\n### Recommendation 1: A register\n\n{body}\n\n### Recommendation 2: Meetings\n\nThe Board should meet.\n"
        );
        let (items, _) = items(&source);
        assert_eq!(items.len(), 2);
        assert_eq!((items[0].title.as_deref(), items[0].also_at.len()), (Some("A register"), 1));
        assert_eq!(items[0].text, body);
    }

    #[test]
    fn the_recommendations_of_others_are_no_items() {
        let source = "# Report\n\n4.1. In the earlier report I made these recommendations:\n\n“Recommendation 1: The Advisory Board should not be moved.\n\nRecommendation 3: The Advisory Board shall report.”\n\n4.2. Recommendation 6 was in the following terms.\n\n# Recommendations\n\n1. The Board should publish.\n2. The Council should meet.\n3. They should both report.\n";
        assert_eq!(numbers(source), ["1", "2", "3"]);
    }

    #[test]
    fn sub_parts_belong_to_their_item_and_the_list_ends_with_its_section() {
        let source = "# Recommendations\n\n1. The Board should:\n   - publish; and\n   - report.\n2. The Council should meet.\n\n# Next chapter\n\n3. Something else.\n";
        let (items, _) = items(source);
        assert_eq!(items.len(), 2);
        assert!(items[0].text.contains("publish; and") && items[0].text.contains("report."));
        assert!(!items[1].text.contains("Something else"));
    }

    #[test]
    fn a_report_that_recommends_nothing_yields_nothing() {
        assert!(numbers("# Report\n\n1.1. The Board should not have assumed this.\n\n1.2. It must be said that visits were missed.\n").is_empty());
        assert!(numbers("# Recommendations\n\nThere are none.\n").is_empty());
    }

    #[test]
    fn a_table_of_contents_makes_no_items() {
        let source = "# Contents\n\nRecommendation 1: A register\n\nRecommendation 2: Meetings\n\n# Chapter\n\n## Recommendation 1: A register\n\nThe Board should publish.\n\n## Recommendation 2: Meetings\n\nThe Board should meet.\n";
        let (items, _) = items(source);
        assert_eq!(items.len(), 2);
        assert!(items.iter().all(|i| i.text.starts_with("The Board")), "{items:#?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(\\PC|\n|Recommendation [0-9]|should |, |must |[0-9]\\. ){0,60}") {
            let _ = candour_reading::read(text.as_bytes(), "a.md", &Limits::default())
                .map(|reading| extract(&reading, Request { published: None, kind: Some(DocumentKind::Report) }));
            let _ = candour_reading::read(text.as_bytes(), "a.txt", &Limits::default())
                .map(|reading| extract(&reading, Request { published: None, kind: Some(DocumentKind::Response) }));
        }
    }
}
