//! Plain text: paragraphs by blank lines, items by their labels, headings only where a line is plainly one.

use candour_record::MediaKind;

use crate::assemble::{Draft, DraftLine, assemble};
use crate::label::label;
use crate::model::{About, BlockKind, Face, Limits, Page, Reading};

pub(crate) fn read(source: &str, limits: &Limits) -> Reading {
    let (drafts, pages) = drafts(source);
    let assembled = assemble(drafts, limits.characters);
    Reading::new(MediaKind::Text, assembled, pages, About::default(), Vec::new())
}

pub(crate) fn drafts(source: &str) -> (Vec<Draft>, Vec<Page>) {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut pages = Vec::new();
    for (index, page) in source.split('\u{c}').enumerate() {
        let number = index as u32 + 1;
        let before = drafts.len();
        let lines: Vec<&str> = page.lines().collect();
        let mut open = false;
        for (at, line) in lines.iter().enumerate() {
            let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() || underline(&text) {
                open = false;
                continue;
            }
            let alone = at.checked_sub(1).is_none_or(|p| lines[p].trim().is_empty());
            let underlined = lines.get(at + 1).is_some_and(|next| underline(next.trim()));
            let last_of_block = lines.get(at + 1).is_none_or(|next| next.trim().is_empty());
            if underlined || (alone && last_of_block && capitals(&text)) {
                let level = if lines.get(at + 1).is_some_and(|n| n.trim().starts_with('=')) { 1 } else { 2 };
                drafts.push(Draft { kind: BlockKind::Heading(level), lines: vec![bare(text, number)] });
                open = false;
                continue;
            }
            let found = label(&text).map(str::to_owned);
            match drafts.last_mut() {
                Some(draft) if open && found.is_none() => draft.lines.push(bare(text, number)),
                _ => {
                    let indent = line.len() - line.trim_start().len();
                    let kind = found.map_or(BlockKind::Paragraph, |label| BlockKind::ListItem {
                        label,
                        depth: (indent / 3).min(8) as u8,
                    });
                    drafts.push(Draft { kind, lines: vec![bare(text, number)] });
                    open = true;
                }
            }
        }
        let characters = drafts[before..].iter().flat_map(|d| &d.lines).map(|l| l.text.chars().count()).sum();
        pages.push(Page { number, printed: None, width: 0.0, height: 0.0, characters });
    }
    (drafts, pages)
}

pub(crate) fn bare(text: String, page: u32) -> DraftLine {
    DraftLine::plain(text, Face::default(), page)
}

fn underline(line: &str) -> bool {
    line.len() >= 3 && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'))
}

fn capitals(line: &str) -> bool {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    (4..=80).contains(&letters) && !line.chars().any(char::is_lowercase) && !line.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_items_headings_and_pages() {
        let source = "THE HARBOUR REPORT\n\nFirst line\nsecond line.\n\nFindings\n--------\n1. One\n   more\n2. Two\n\u{c}Next page.";
        let reading = read(source, &Limits::default());
        let blocks: Vec<(BlockKind, &str, u32)> =
            reading.blocks.iter().map(|b| (b.kind.clone(), reading.slice(b.span), b.page)).collect();
        assert_eq!(
            blocks,
            [
                (BlockKind::Heading(2), "THE HARBOUR REPORT", 1),
                (BlockKind::Paragraph, "First line second line.", 1),
                (BlockKind::Heading(2), "Findings", 1),
                (BlockKind::ListItem { label: "1.".into(), depth: 0 }, "1. One more", 1),
                (BlockKind::ListItem { label: "2.".into(), depth: 0 }, "2. Two", 1),
                (BlockKind::Paragraph, "Next page.", 2),
            ]
        );
        assert_eq!(reading.page_of(reading.body_end - 1), 2);
    }
}
