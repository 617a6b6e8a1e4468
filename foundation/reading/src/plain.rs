//! Plain text: paragraphs by blank lines, items by their labels, headings only where a line is plainly one.

use candour_record::{Finding, MediaKind, Severity};

use crate::assemble::{Draft, DraftLine, MOST_LINES, assemble, cut};
use crate::label::label;
use crate::limits::Limits;
use crate::model::{About, BlockKind, Face, Page, Reading};

pub(crate) fn read(source: &str, name: &str, limits: &Limits) -> Reading {
    let Plain { drafts, pages, whole } = drafts(source, limits);
    let mut findings = Vec::new();
    let all = source.matches('\u{c}').count() + 1;
    if all > limits.pages as usize {
        let first = limits.pages + 1;
        let message = format!(
            "{name}: pages {first} to {all} are past the limit of {} pages and were not read",
            limits.pages
        );
        findings.push(Finding::new(Severity::Warning, "pages_over_limit", message).on_page(first));
    }
    if !whole {
        findings.push(cut(name));
    }
    let assembled = assemble(drafts, limits.characters);
    Reading::new(MediaKind::Text, assembled, pages, About::default(), findings)
}

/// What plain text holds.
pub(crate) struct Plain {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) pages: Vec<Page>,
    /// Whether all its lines were read.
    pub(crate) whole: bool,
}

pub(crate) fn drafts(source: &str, limits: &Limits) -> Plain {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut pages = Vec::new();
    let mut taken = 0;
    for (page, number) in source.split('\u{c}').zip(1..=limits.pages) {
        let before = drafts.len();
        let mut lines = page.lines().peekable();
        let mut open = false;
        let mut after_blank = true;
        while let Some(line) = lines.next() {
            let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let alone = std::mem::replace(&mut after_blank, text.is_empty());
            if text.is_empty() || underline(&text) {
                open = false;
                continue;
            }
            if taken == MOST_LINES {
                return Plain { drafts, pages, whole: false };
            }
            taken += 1;
            let next = lines.peek().map(|next| next.trim());
            let underlined = next.is_some_and(underline);
            let last_of_block = next.is_none_or(str::is_empty);
            if underlined || (alone && last_of_block && capitals(&text)) {
                let level = if next.is_some_and(|n| n.starts_with('=')) { 1 } else { 2 };
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
    Plain { drafts, pages, whole: true }
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
        let reading = read(source, "a.txt", &Limits::default());
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

    #[test]
    fn pages_and_lines_past_the_limits_are_left_out_and_said_so() {
        let few = Limits { pages: 2, ..Limits::default() };
        let reading = read(&format!("one\u{c}two{}", "\u{c}three".repeat(1_000)), "a.txt", &few);
        assert_eq!((reading.text.as_str(), reading.pages.len()), ("one\n\ntwo", 2));
        assert_eq!(reading.findings[0].code, "pages_over_limit");
        assert!(reading.findings[0].message.contains("pages 3 to 1002"), "{:?}", reading.findings);
        let reading = read(&"a\n".repeat(MOST_LINES + 1), "a.txt", &Limits::default());
        assert_eq!(reading.blocks[0].lines.len(), MOST_LINES);
        assert_eq!(reading.findings[0].code, "text_over_limit");
    }
}
