//! Rule `list-under-heading`: a numbered list under a heading that says "Recommendations" and nothing else.
//!
//! The list must begin at 1 and go on without a gap. What stands between one number and the next (sub-parts, bullets,
//! further paragraphs) belongs to the item above it. The list ends at the next heading of the same or a higher level.

use candour_reading::BlockKind;

use super::{Body, Item, ItemKind};

const RULE: &str = "list-under-heading";

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < body.blocks.len() {
        let BlockKind::Heading(level) = body.blocks[at].kind else {
            at += 1;
            continue;
        };
        if !names_recommendations(body.text(at)) {
            at += 1;
            continue;
        }
        let end = (at + 1..body.blocks.len())
            .find(|i| matches!(body.blocks[*i].kind, BlockKind::Heading(l) if l <= level))
            .unwrap_or(body.blocks.len());
        items.extend(numbered(body, at + 1, end));
        at = end.max(at + 1);
    }
    items
}

/// The items numbered 1, 2, 3 … between two blocks; none where the numbers do not begin at 1 or run short of two.
fn numbered(body: &Body<'_>, from: usize, to: usize) -> Vec<Item> {
    let mut starts: Vec<(usize, u32, usize)> = Vec::new();
    for at in from..to {
        let text = body.text(at);
        let Some((number, length)) = leading_number(text) else { continue };
        let follows = starts.last().map_or(number == 1, |(_, last, _)| number == last + 1);
        if follows && !body.quoted[at] {
            starts.push((at, number, length));
        }
    }
    if starts.len() < 2 {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).map(|s| s.0).chain([to]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|((start, number, length), end)| {
            let mut item = body.item(ItemKind::Recommendation, *start, end, *length, RULE, 95)?;
            item.number = Some(number.to_string());
            Some(item)
        })
        .collect()
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

/// Whether a heading announces a list of this document's own recommendations.
fn names_recommendations(heading: &str) -> bool {
    let words: Vec<String> = heading
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty() && !w.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect();
    let mut words: &[String] = &words;
    for opening in [&["annex"][..], &["appendix"], &["chapter"], &["part"]] {
        if words.first().is_some_and(|w| opening.contains(&w.as_str())) {
            words = &words[1..];
            // "Annex A" has a letter after it.
            if words.first().is_some_and(|w| w.len() == 1) {
                words = &words[1..];
            }
        }
    }
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        plain.as_slice(),
        ["recommendations"]
            | ["the" | "our" | "my" | "main" | "key", "recommendations"]
            | ["summary" | "list", "of", "recommendations"]
            | ["summary" | "list", "of", "the" | "our" | "my", "recommendations"]
            | ["list", "of", "recommendations", "made", "in", "this", "report"]
            | ["recommendations", "made", "in", "this", "report"]
    )
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
        ] {
            assert!(names_recommendations(heading), "{heading}");
        }
        for heading in [
            "Conclusions and recommendations relating to redress",
            "Earlier recommendations of others",
            "Recommendation 4",
            "",
        ] {
            assert!(!names_recommendations(heading), "{heading}");
        }
    }

    #[test]
    fn numbers_at_the_start() {
        assert_eq!(leading_number("12. The Board"), Some((12, 4)));
        assert_eq!(leading_number(" 3)  The Board"), Some((3, 5)));
        assert_eq!(leading_number("3.12 The Board"), None);
        assert_eq!(leading_number("2019 was"), None);
    }
}
