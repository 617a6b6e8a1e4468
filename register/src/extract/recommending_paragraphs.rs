//! Rule `recommending-paragraph`: a paragraph that itself recommends ("we therefore recommend that …"), in a document that
//! sets its recommendations apart in no other way.
//!
//! Inside a chapter headed "Recommendations" every such paragraph is one; elsewhere only a paragraph in which those who
//! write say so themselves. The number is the paragraph's own (`113.6`), where it has one. A list that follows a paragraph
//! ending in a colon belongs to it.

use candour_reading::BlockKind;

use super::list_under_heading::names_recommendations;
use super::sentences::{bare, sentences};
use super::{Body, Item, ItemKind, numbering};

const RULE: &str = "recommending-paragraph";

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut chapter: Option<u8> = None;
    let mut at = 0;
    while at < body.blocks.len() {
        let block = body.blocks[at];
        if let BlockKind::Heading(level) = block.kind {
            if names_recommendations(body.text(at)).is_some() {
                chapter = Some(level);
            } else if chapter.is_some_and(|own| level <= own) {
                chapter = None;
            }
            at += 1;
            continue;
        }
        let text = body.text(at);
        if body.quoted[at] || matches!(block.kind, BlockKind::Cell { .. }) || !recommends(text) {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        if text.trim_end().ends_with(':') {
            while end < body.blocks.len()
                && matches!(&body.blocks[end].kind, BlockKind::ListItem { label, .. } if !label.contains('.') || label.len() <= 3)
            {
                end += 1;
            }
        }
        let number = numbering::read(text.trim_start()).filter(|n| {
            let after: String = text.trim_start().chars().skip(n.length).take(2).collect();
            after.starts_with(['.', ')', ' ', '\t']) && n.printed.chars().any(|c| c.is_ascii_digit())
        });
        let skip = number.as_ref().map_or(0, |n| {
            let from = text.chars().take_while(|c| c.is_whitespace()).count() + n.length;
            from + text.chars().skip(from).take_while(|c| c.is_whitespace() || matches!(c, '.' | ')')).count()
        });
        let confidence = if chapter.is_some() { 85 } else { 65 };
        if let Some(mut item) = body.item(ItemKind::Recommendation, at, end, skip, RULE, confidence) {
            item.number = number.map(|n| n.printed);
            items.push(item);
        }
        at = end;
    }
    items
}

/// Whether those who write recommend something in these words, here and now.
fn recommends(text: &str) -> bool {
    sentences(text).iter().any(|sentence| {
        let plain: Vec<String> = sentence.text.split_whitespace().map(bare).collect();
        (0..plain.len()).any(|at| {
            let verb = matches!(plain[at].as_str(), "recommend" | "recommends");
            let subject = plain[..at].iter().rev().take(4).any(|w| {
                matches!(
                    w.as_str(),
                    "we" | "i"
                        | "inquiry"
                        | "committee"
                        | "commission"
                        | "panel"
                        | "review"
                        | "report"
                        | "board"
                        | "subcommittee"
                        | "jury"
                )
            });
            let negated = plain[..at]
                .iter()
                .rev()
                .take(3)
                .any(|w| matches!(w.as_str(), "not" | "cannot" | "could" | "would" | "might"));
            let object =
                plain.get(at + 1).is_some_and(|w| !matches!(w.as_str(), "nothing" | "no" | "neither"));
            verb && subject && !negated && object
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_write_recommend() {
        assert!(recommends("113.6 We therefore recommend that the functions be brought together."));
        assert!(recommends("The Inquiry recommends that the Board publish its returns."));
        assert!(!recommends("The Board recommended this in 2010."));
        assert!(!recommends("The Board should have done this."));
        assert!(!recommends("We do not recommend any change."));
        assert!(!recommends("They should recommend candidates."));
    }

    #[test]
    fn paragraphs_of_a_chapter_of_recommendations() {
        let source = "# Part 14\n\n## Recommendations\n\n113.5 Returns were poor.\n\n113.6 We therefore recommend that the Board publish its returns.\n\n113.7 We also recommend that the Council:\n\na. count its visits; and\n\nb. say how many were missed.\n\n113.8 The rest is for others.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let items = super::super::extract(&reading, request).0.items;
        let read: Vec<(&str, bool)> =
            items.iter().map(|i| (i.number.as_deref().unwrap_or(""), i.text.contains("missed"))).collect();
        assert_eq!(read, [("113.6", false), ("113.7", true)]);
        assert_eq!(items[0].addressees, ["Board"]);
    }
}
