//! Rule `conclusions-and-recommendations`: the numbered list at the end of a committee's report that mixes the two.
//!
//! Parliamentary committees print one list of conclusions and recommendations and tell them apart by type alone: italic (or
//! bold italic) asks, upright concludes. Some print "(Recommendation, Paragraph 12)" at its end. Where the list is all of one face, the words tell: an item that lays a duty on
//! someone, or says "we recommend", asks. Headings of chapters stand inside the list; it ends where its numbers do.

use std::collections::BTreeMap;

use candour_reading::{Block, BlockKind};

use super::list_under_heading::leading_number;
use super::{Body, Item, ItemKind};

const RULE: &str = "conclusions-and-recommendations";
/// Blocks without a number (headings, further paragraphs) after which the list is taken to have ended.
const LONGEST_GAP: usize = 8;

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let announced = |at: usize| {
        let text = body.text(at).to_lowercase();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        words.ends_with(&["conclusions", "and", "recommendations"]) && words.len() <= 6
    };
    let mut best: Vec<Item> = Vec::new();
    for at in (0..body.blocks.len())
        .filter(|at| matches!(body.blocks[*at].kind, BlockKind::Heading(_)) && announced(*at))
    {
        let found = numbered(body, at + 1);
        // A list of contents or a chapter's own short list also bears the words; the whole list is the longest.
        if found.len() > best.len() {
            best = found;
        }
    }
    best
}

/// Committees of a parliament speak to one body, its government: an item that names nobody is made to whomever most of
/// the list is made to.
pub(super) fn address_to_the_usual(items: &mut [Item], unsaid: &[usize]) {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0;
    for item in items.iter().filter(|i| i.rule == RULE && !i.addressees.is_empty()) {
        all += 1;
        for name in &item.addressees {
            *named.entry(name.clone()).or_default() += 1;
        }
    }
    let usual =
        named.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| count * 2 > all && *count >= 3);
    let Some((usual, _)) = usual else { return };
    for at in unsaid {
        if items[*at].rule == RULE {
            items[*at].addressees = vec![usual.clone()];
        }
    }
}

fn numbered(body: &Body<'_>, from: usize) -> Vec<Item> {
    let mut starts: Vec<(usize, u32, usize)> = Vec::new();
    let mut gap = 0;
    for at in from..body.blocks.len() {
        let wanted = starts.last().map_or(1, |s| s.1 + 1);
        match leading_number(body.text(at)).filter(|(number, _)| *number == wanted) {
            Some((number, length)) => {
                starts.push((at, number, length));
                gap = 0;
            }
            None => gap += 1,
        }
        if gap > LONGEST_GAP {
            break;
        }
    }
    if starts.len() < 3 {
        return Vec::new();
    }
    let faces: Vec<bool> =
        starts.iter().map(|(at, _, length)| emphasised(body, body.blocks[*at], *length)).collect();
    let mixed = faces.iter().any(|f| *f) && faces.iter().any(|f| !*f);
    let mut items = Vec::new();
    for (index, (at, number, length)) in starts.iter().enumerate() {
        let limit = starts.get(index + 1).map_or(body.blocks.len(), |next| next.0);
        // What follows a number up to the next heading or number belongs to it, if it is set as part of the list.
        let end = (at + 1..limit).find(|b| !belongs(body, *at, *b)).unwrap_or(limit);
        let marked = (*at..end).find_map(|b| marked(body.text(b)));
        let (asks, confidence) = match marked {
            Some(asks) => (asks, 98),
            None if mixed => (faces[index], 95),
            None => (lays_a_duty(body.text(*at)), 75),
        };
        let kind = if asks { ItemKind::Recommendation } else { ItemKind::Conclusion };
        if let Some(mut item) = body.item(kind, *at, end, *length, RULE, confidence) {
            item.number = Some(number.to_string());
            items.push(item);
        }
    }
    items
}

fn belongs(body: &Body<'_>, first: usize, at: usize) -> bool {
    let block = body.blocks[at];
    let near = block.page <= body.blocks[first].page + 1;
    near && matches!(block.kind, BlockKind::ListItem { .. }) && leading_number(body.text(at)).is_none()
}

/// "(Recommendation, Paragraph 12)" or "(Conclusion, Paragraph 9)" at the end of an item says which it is.
fn marked(text: &str) -> Option<bool> {
    let open = text.rfind('(')?;
    let inner = text[open + 1..].to_lowercase();
    if inner.chars().count() > 60 {
        return None;
    }
    match inner.split(|c: char| !c.is_alphabetic()).next()? {
        "recommendation" => Some(true),
        "conclusion" => Some(false),
        _ => None,
    }
}

/// Whether more than half of an item, after its number, is set in italic.
fn emphasised(body: &Body<'_>, block: &Block, skip: usize) -> bool {
    let start = block.span.start + skip;
    let (mut italic, mut all) = (0, 0);
    for run in &block.runs {
        let from = run.span.start.max(start);
        if run.span.end <= from || body.reading.slice(run.span).trim().is_empty() {
            continue;
        }
        all += run.span.end - from;
        italic += if run.face.italic { run.span.end - from } else { 0 };
    }
    italic * 2 > all
}

fn lays_a_duty(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["we recommend", "we therefore recommend", "we urge", "we call on", "we call upon"]
        .iter()
        .any(|cue| lower.contains(cue))
        || [" should ", " must ", " should:", " must:"].iter().any(|duty| lower.contains(duty))
            && !lower.contains("should not have")
}

#[cfg(test)]
mod tests {
    use super::*;
    use candour_reading::Limits;

    fn kinds(source: &str) -> Vec<(String, ItemKind)> {
        let reading = candour_reading::read(source.as_bytes(), "report.md", &Limits::default()).unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let (extraction, _) = super::super::extract(&reading, request);
        extraction.items.into_iter().map(|i| (i.number.unwrap(), i.kind)).collect()
    }

    #[test]
    fn italic_asks_and_upright_concludes() {
        let source = "# Summary of conclusions and recommendations\n\n## Returns\n\n1. Returns are late and should have been better.\n2. *The Board should publish its returns.*\n\n## Visits\n\n3. Visits matter.\n4. *We welcome the plan. The Council must say when it will begin.*\n\n# Annex\n\nText.\n";
        assert_eq!(
            kinds(source),
            [
                ("1".into(), ItemKind::Conclusion),
                ("2".into(), ItemKind::Recommendation),
                ("3".into(), ItemKind::Conclusion),
                ("4".into(), ItemKind::Recommendation),
            ]
        );
    }

    #[test]
    fn an_item_may_say_what_it_is() {
        let source = "# Conclusions and recommendations\n\n1. The Board must not have known. (Conclusion, Paragraph 3)\n2. Its returns be published. (Recommendation, Paragraph 4)\n3. The Council should meet. (Recommendation, Paragraph 9)\n";
        let found: Vec<ItemKind> = kinds(source).into_iter().map(|k| k.1).collect();
        assert_eq!(found, [ItemKind::Conclusion, ItemKind::Recommendation, ItemKind::Recommendation]);
    }

    #[test]
    fn where_the_face_says_nothing_the_words_do() {
        let source = "# Conclusions and recommendations\n\n1. The Board should not have assumed this.\n2. We recommend that the Board publish its returns.\n3. The Council should meet.\n";
        let found: Vec<ItemKind> = kinds(source).into_iter().map(|k| k.1).collect();
        assert_eq!(found, [ItemKind::Conclusion, ItemKind::Recommendation, ItemKind::Recommendation]);
    }
}
