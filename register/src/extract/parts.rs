//! The parts of an item: `(a)`, `(b)(ii)` under recommendation 4 are `4(a)` and `4(b)(ii)`, with `4` and `4(b)` above them.
//!
//! A part is a place inside its item, not an item: whoever answers recommendation 4 answers all of it.

use candour_reading::BlockKind;

use super::{Body, Item, Part};

/// Finds the lettered parts inside an item.
pub(super) fn find(body: &Body<'_>, item: &mut Item) {
    let Some(number) = item.number.clone() else { return };
    let mut letter: Option<(char, String)> = None;
    let mut parts: Vec<Part> = Vec::new();
    for block in &body.blocks {
        if block.span.start < item.start || block.span.end > item.end {
            continue;
        }
        let BlockKind::ListItem { label, .. } = &block.kind else { continue };
        let core = label.trim_matches(['(', ')', '.']);
        if core.is_empty() || !core.bytes().all(|b| b.is_ascii_alphabetic()) {
            continue;
        }
        let lower = core.to_ascii_lowercase();
        let first = lower.chars().next().unwrap_or('a');
        let next = letter.as_ref().map_or('a', |(last, _)| (*last as u8).saturating_add(1) as char);
        let roman = lower.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
        // "i" after "h" is a letter; after "(b)" it counts in Roman numbers under it.
        let (own, parent) = if lower.len() == 1 && first == next {
            let own = format!("{number}({core})");
            letter = Some((first, own.clone()));
            (own, number.clone())
        } else if roman {
            let parent = letter.as_ref().map_or_else(|| number.clone(), |(_, own)| own.clone());
            (format!("{parent}({core})"), parent)
        } else {
            continue;
        };
        if parts.iter().any(|p| p.number == own) {
            continue;
        }
        parts.push(Part {
            number: own,
            parent,
            page: block.page,
            start: block.span.start,
            end: block.span.end,
        });
    }
    item.parts = parts;
}

#[cfg(test)]
mod tests {
    use crate::extract::{DocumentKind, Request, extract};

    #[test]
    fn lettered_parts_know_what_they_are_part_of() {
        let source = "RECOMMENDATIONS\n\n1. The Board should:\n\n(a) publish its returns;\n\n(b) say of each:\n\n(i) when it was made; and\n\n(ii) by whom;\n\n(c) meet.\n\n2. The Council should meet.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.txt", &candour_reading::Limits::default())
                .unwrap();
        let request = Request { published: None, kind: Some(DocumentKind::Report) };
        let items = extract(&reading, request).0.items;
        let parts: Vec<(&str, &str)> =
            items[0].parts.iter().map(|p| (p.number.as_str(), p.parent.as_str())).collect();
        assert_eq!(
            parts,
            [("1(a)", "1"), ("1(b)", "1"), ("1(b)(i)", "1(b)"), ("1(b)(ii)", "1(b)"), ("1(c)", "1")]
        );
        assert!(items[1].parts.is_empty());
    }
}
