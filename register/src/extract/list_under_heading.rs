//! Rule `list-under-heading`: a numbered list under the words that announce it: a heading that says "Recommendations",
//! with or without what they are about, or a sentence that ends "the following recommendations".
//!
//! The list must begin at 1 and go on without a gap. What stands between one number and the next (sub-parts, bullets,
//! further paragraphs) belongs to the item above it. The list ends at the next heading of the same or a higher level that
//! is not itself one of its items.
//!
//! Converters damage such lists: they run several items into one paragraph, and set the opening line of an item as a
//! heading without its number. An item run on is read where its number follows the end of a sentence; a heading that
//! begins a sentence which lays a duty, at the place where a number is missing, is taken for that number.

use candour_reading::BlockKind;
use candour_record::Span;

use super::{Body, Item, ItemKind};

const RULE: &str = "list-under-heading";
/// Blocks between an announcement and its first item: an introduction, never a chapter.
const LONGEST_INTRODUCTION: usize = 12;
/// The same where a sentence announces the list, which then follows at once.
const AT_ONCE: usize = 2;

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let announced: Vec<Option<Announcement>> =
        (0..body.blocks.len()).map(|at| announcement(body, at)).collect();
    let mut items = Vec::new();
    let mut section = String::new();
    for at in 0..body.blocks.len() {
        if matches!(body.blocks[at].kind, BlockKind::Heading(_)) && announced[at].is_none() {
            body.text(at).trim().clone_into(&mut section);
        }
        let Some(found) = &announced[at] else { continue };
        let end = (at + 1..body.blocks.len())
            .find(|i| {
                let ends_part =
                    announced[*i].as_ref().is_some_and(|a| a.by == By::Heading || found.by == By::Sentence);
                // Under a heading that has a number itself, numbered headings of its level are chapters, not items.
                let chapters = leading_number(body.text(at)).is_some();
                ends_part || found.level.is_some_and(|level| heading_at_or_above(body, *i, level, chapters))
            })
            .unwrap_or(body.blocks.len());
        let mut list = numbered(body, at + 1, end, found, leading_number);
        if list.is_empty() {
            // Some print no mark after the number.
            list = numbered(body, at + 1, end, found, unmarked_number);
        }
        for item in &mut list {
            item.section = found.about.clone().or_else(|| (!section.is_empty()).then(|| section.clone()));
            if let Some(asked) = &found.asked {
                item.addressees = vec![asked.clone()];
            }
        }
        items.extend(list);
    }
    items
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Heading,
    Sentence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    by: By,
    /// The level of the heading; `None` where type does not mark it.
    level: Option<u8>,
    /// What the list is about, where the heading says.
    about: Option<String>,
    /// Whom the list is made to, where the heading says.
    asked: Option<String>,
}

fn announcement(body: &Body<'_>, at: usize) -> Option<Announcement> {
    let text = body.text(at).trim();
    if body.quoted[at] && body.blocks[at].kind != BlockKind::Quotation
        || text.contains(". . .")
        || text.contains("....")
    {
        return None;
    }
    let level = match body.blocks[at].kind {
        BlockKind::Heading(level) => Some(level),
        _ => None,
    };
    if let Some((about, asked)) = names_recommendations(text)
        && (level.is_some() || looks_like_a_heading(text))
    {
        return Some(Announcement { by: By::Heading, level, about, asked });
    }
    let lower = text.to_lowercase();
    let says = ["following recommendations", "recommendations are as follows", "recommend the following"]
        .iter()
        .any(|cue| lower.rfind(cue).is_some_and(|found| lower.len() - found < 90));
    // "The following recommendations were made by the earlier inquiry" cites; only what is made here is announced.
    let others = [" were made", "earlier", "previous", "accepted the following", "had made", "were accepted"]
        .iter()
        .any(|cue| lower.contains(cue));
    (level.is_none() && says && !others).then_some(Announcement {
        by: By::Sentence,
        level: None,
        about: None,
        asked: None,
    })
}

/// Short, without the end of a sentence: a heading whose type was lost.
fn looks_like_a_heading(text: &str) -> bool {
    text.split_whitespace().count() <= 9 && !text.ends_with(['.', ';', ':', ',']) && !text.contains('\n')
}

fn heading_at_or_above(body: &Body<'_>, at: usize, level: u8, chapters: bool) -> bool {
    matches!(body.blocks[at].kind, BlockKind::Heading(l) if l <= level)
        && (chapters || leading_number(body.text(at)).is_none())
        && !opens_a_duty(body, at)
}

/// Where an item begins: a block, characters into it, its number, and whether the number is printed.
#[derive(Debug, Clone, Copy)]
struct Start {
    block: usize,
    character: usize,
    /// Characters from there to the words.
    label: usize,
    number: u32,
    printed: bool,
}

/// The items numbered 1, 2, 3 … between two blocks; none where the numbers do not begin at 1 or run short of two.
fn numbered(
    body: &Body<'_>,
    from: usize,
    to: usize,
    announced: &Announcement,
    number_of: fn(&str) -> Option<(u32, usize)>,
) -> Vec<Item> {
    let introduction = if announced.by == By::Sentence { AT_ONCE } else { LONGEST_INTRODUCTION };
    let mut starts: Vec<Start> = Vec::new();
    let mut end = to;
    for at in from..to {
        let wanted = starts.last().map_or(1, |s| s.number + 1);
        let heading = matches!(body.blocks[at].kind, BlockKind::Heading(_));
        if starts.is_empty() && at - from >= introduction && announced.level.is_none() {
            break;
        }
        if body.quoted[at] && body.blocks[at].kind != BlockKind::Quotation {
            continue;
        }
        let text = body.text(at);
        let first = number_of(text).filter(|(number, _)| *number == wanted);
        if let Some((number, label)) = first {
            starts.push(Start { block: at, character: 0, label, number, printed: true });
            run_on(text, at, &mut starts);
        } else if heading
            && announced.level.is_none_or(|l| matches!(body.blocks[at].kind, BlockKind::Heading(h) if h > l))
        {
            if opens_a_duty(body, at) && !starts.is_empty() {
                starts.push(Start { block: at, character: 0, label: 0, number: wanted, printed: false });
            } else if announced.level.is_none() && leading_number(text).is_none() {
                end = at;
                break;
            }
        }
    }
    if starts.len() < 2 {
        return Vec::new();
    }
    // Where nothing marks the end of the section, an item ends with what plainly goes on with it.
    if announced.level.is_none()
        && let Some(last) = starts.last()
    {
        end = (last.block + 1..end).find(|at| !goes_on(body, last, *at)).unwrap_or(end);
    }
    let ends: Vec<(usize, usize)> =
        starts.iter().skip(1).map(|s| (s.block, s.character)).chain([(end, 0)]).collect();
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, (end_block, end_character))| {
            let first = body.blocks[start.block].span.start + start.character + start.label;
            let last = if end_character > 0 {
                body.blocks[end_block].span.start + end_character
            } else {
                body.blocks[end_block.checked_sub(1)?].span.end
            };
            let confidence = if start.printed { 95 } else { 80 };
            let mut item =
                body.item_at(ItemKind::Recommendation, Span::new(first, last), RULE, confidence)?;
            item.number = Some(start.number.to_string());
            Some(item)
        })
        .collect()
}

/// Further items inside one block: `… of the Board. 2. Publish …`.
fn run_on(text: &str, block: usize, starts: &mut Vec<Start>) {
    let characters: Vec<char> = text.chars().collect();
    let mut at = starts.last().map_or(0, |s| s.label);
    while at + 4 < characters.len() {
        let wanted = starts.last().map_or(1, |s| s.number + 1);
        let label: Vec<char> = format!("{wanted}.").chars().collect();
        let here = characters[at..].starts_with(&label)
            && characters[at - 1].is_whitespace()
            && characters[..at]
                .iter()
                .rev()
                .find(|c| !c.is_whitespace())
                .is_some_and(|c| matches!(c, '.' | ';' | '”' | '"'))
            && characters.get(at + label.len()) == Some(&' ')
            && characters.get(at + label.len() + 1).is_some_and(|c| c.is_uppercase());
        if here {
            starts.push(Start {
                block,
                character: at,
                label: label.len() + 1,
                number: wanted,
                printed: true,
            });
            at += label.len();
        }
        at += 1;
    }
}

/// A heading that is no heading: it has the end of a sentence inside it, and it or the block under it lays a duty.
fn opens_a_duty(body: &Body<'_>, at: usize) -> bool {
    if !matches!(body.blocks[at].kind, BlockKind::Heading(_)) {
        return false;
    }
    let text = body.text(at);
    let breaks = text.match_indices(". ").any(|(i, _)| text[i + 2..].starts_with(char::is_uppercase));
    let next = body.text(at + 1);
    let goes_on = next.starts_with(char::is_lowercase);
    let duty = |t: &str| t.split_whitespace().any(|w| matches!(w, "should" | "must" | "shall"));
    breaks && (duty(text) || (goes_on && duty(next)))
}

/// Whether a block goes on with the last item of a list that no heading closes.
fn goes_on(body: &Body<'_>, last: &Start, at: usize) -> bool {
    let text = body.text(at);
    let near = at == last.block + 1 && !last.printed;
    match &body.blocks[at].kind {
        BlockKind::Quotation | BlockKind::Cell { .. } => true,
        BlockKind::ListItem { label, .. } => !label.contains(|c: char| c.is_ascii_digit()),
        BlockKind::Heading(_) => false,
        _ => near || text.starts_with(char::is_lowercase),
    }
}

/// `3 The Board should` at the start of a block, and how many characters the number takes.
fn unmarked_number(text: &str) -> Option<(u32, usize)> {
    let trimmed = text.trim_start();
    let indent = text.chars().count() - trimmed.chars().count();
    let digits: String = trimmed.chars().take_while(char::is_ascii_digit).collect();
    let after = &trimmed[digits.len()..];
    let space = after.chars().take_while(|c| c.is_whitespace()).count();
    let sentence =
        after.split_whitespace().count() >= 6 && after.trim_start().starts_with(char::is_uppercase);
    ((1..=2).contains(&digits.len()) && space > 0 && sentence)
        .then(|| digits.parse().ok().map(|n| (n, indent + digits.len() + space)))
        .flatten()
}

/// `3.` or `3)` at the start of a block, and how many characters it takes.
pub(super) fn leading_number(text: &str) -> Option<(u32, usize)> {
    let trimmed = text.trim_start();
    let indent = text.chars().count() - trimmed.chars().count();
    let digits: String = trimmed.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > 3 {
        return None;
    }
    let after = &trimmed[digits.len()..];
    let close = after.chars().next().filter(|c| matches!(c, '.' | ')'))?;
    // `3.12` numbers a paragraph of a chapter, not an item of the list.
    if after[close.len_utf8()..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let space = after[close.len_utf8()..].chars().take_while(|c| c.is_whitespace()).count();
    Some((digits.parse().ok()?, indent + digits.len() + 1 + space))
}

/// Whether a heading announces a list of this document's own recommendations; what they are about and whom they are made
/// to, where it says.
pub(super) fn names_recommendations(heading: &str) -> Option<(Option<String>, Option<String>)> {
    // No heading that announces anything is longer, and a paragraph may be a whole book.
    const LONGEST: usize = 40;
    // A label before the words: `2.`, `C.`, `(2)`, "Annex A", "Chapter 5".
    let words: Vec<&str> = heading.split_whitespace().take(LONGEST).collect();
    let mut words = words.as_slice();
    let bare = |w: &str| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_label = |w: &str| {
        let b = bare(w);
        b.bytes().all(|c| c.is_ascii_digit() || c == b'.')
            || (b.len() == 1 && w.len() > 1)
            || (!b.is_empty() && b.bytes().all(|c| matches!(c, b'i' | b'v' | b'x')))
    };
    if words
        .first()
        .is_some_and(|w| matches!(bare(w).as_str(), "annex" | "appendix" | "chapter" | "part" | "section"))
    {
        words = &words[1..];
        if words.first().is_some_and(|w| bare(w).len() <= 2) {
            words = &words[1..];
        }
    }
    while words.first().is_some_and(|w| is_label(w)) {
        words = &words[1..];
    }
    let plain: Vec<String> = words.iter().map(|w| bare(w)).filter(|w| !w.is_empty()).collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let whole = matches!(
        plain.as_slice(),
        ["recommendations"]
            | ["the" | "our" | "my" | "main" | "key" | "safety" | "final" | "overall", "recommendations"]
            | ["summary" | "list", "of", "recommendations"]
            | ["summary" | "list", "of", "the" | "our" | "my" | "all", "recommendations"]
            | ["list", "of", "recommendations", "made", "in", "this", "report"]
            | ["recommendations", "made", "in", "this", "report"]
            | [
                "recommendations",
                "of",
                "the" | "this",
                "inquiry" | "commission" | "committee" | "review" | "panel" | "report"
            ]
            | [
                "the",
                "inquiry’s" | "inquiry's" | "committee’s" | "committee's" | "commission’s" | "commission's",
                "recommendations"
            ]
    );
    if whole {
        return Some((None, None));
    }
    // "Recommendations on returns", "Recommendations to the Board".
    if let [
        "recommendations",
        joint @ ("on" | "about" | "for" | "regarding" | "concerning" | "to"),
        rest @ ..,
    ] = plain.as_slice()
        && (1..=10).contains(&rest.len())
    {
        let at = words.iter().position(|w| bare(w) == *joint)?;
        let about = words.get(at + 1..)?.join(" ").trim_end_matches(':').to_owned();
        let asked = matches!(*joint, "to" | "for").then(|| super::addressees::body_named(&about)).flatten();
        return Some((Some(about), asked));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_that_announce_a_list() {
        for heading in [
            "2. RECOMMENDATIONS",
            "Recommendations",
            "Annex A: List of recommendations",
            "Summary of our recommendations",
            "C. Recommendations",
            "(2) Recommendations",
        ] {
            assert_eq!(names_recommendations(heading), Some((None, None)), "{heading}");
        }
        assert_eq!(
            names_recommendations("Recommendations on missed visits"),
            Some((Some("missed visits".into()), None))
        );
        assert_eq!(
            names_recommendations("Recommendations to the Harbour Board"),
            Some((Some("the Harbour Board".into()), Some("Harbour Board".into())))
        );
        for heading in [
            "Conclusions and recommendations relating to redress",
            "Earlier recommendations of others",
            "Recommendation 4",
            "",
        ] {
            assert_eq!(names_recommendations(heading), None, "{heading}");
        }
    }

    #[test]
    fn numbers_at_the_start() {
        assert_eq!(leading_number("12. The Board"), Some((12, 4)));
        assert_eq!(leading_number(" 3)  The Board"), Some((3, 5)));
        assert_eq!(leading_number("3.12 The Board"), None);
        assert_eq!(leading_number("2019 was"), None);
    }

    #[test]
    fn a_heading_of_nothing_but_labels_is_looked_at_once() {
        // Taking the labels off one by one would move all that follow: eighty thousand million words here.
        assert_eq!(names_recommendations(&"(a) ".repeat(400_000)), None);
        let labelled = names_recommendations("Annex A 2. (b) Recommendations to the Board");
        assert!(labelled.is_some_and(|(_, to)| to.is_some_and(|to| to.contains("Board"))));
    }

    fn read(source: &str) -> Vec<(String, String)> {
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        super::super::extract(&reading, request)
            .0
            .items
            .into_iter()
            .map(|i| (i.number.unwrap_or_default(), i.text))
            .collect()
    }

    #[test]
    fn numbering_that_restarts_in_groups_and_a_damaged_list() {
        let source = "C. Recommendations\n\nThe chapters end with these.\n\nRecommendations on Returns\n\n> 1. Publish Returns. The Board should publish its returns. 2. Check Returns. The Board should check them.\n\n### Explain Gaps. The Board should\n\n> explain every gap in its returns in the year in which it was found.\n\n> 4. Keep Returns. The Board should keep them for ten years.\n\nRecommendations on Visits\n\n> 1. Count Visits. The Council should count its visits.\n\n> 2. Tell Families. The Council should tell families.\n\n## BACKGROUND\n\n1. Text of the background.\n";
        let found = read(source);
        let numbers: Vec<&str> = found.iter().map(|i| i.0.as_str()).collect();
        assert_eq!(numbers, ["Returns 1", "Returns 2", "Returns 3", "Returns 4", "Visits 1", "Visits 2"]);
        assert_eq!(found[1].1, "Check Returns. The Board should check them.");
        assert!(found[2].1.starts_with("Explain Gaps.") && found[2].1.ends_with("it was found."));
    }

    #[test]
    fn a_sentence_announces_the_list_that_follows_at_once() {
        let found = read(
            "# Chapter 4\n\nTo mend this the Review makes the following recommendations.\n\n1. The Board should publish.\n\n2. The Council should meet.\n\nOther text.\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].1, "The Council should meet.");
        assert!(read("# Chapter 4\n\nThe earlier review made the following recommendations.\n\n1. The Board should publish.\n\n2. The Council should meet.\n").is_empty());
    }
}
