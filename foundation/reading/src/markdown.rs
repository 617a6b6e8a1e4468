//! Markdown: headings, paragraphs, lists with the labels they show, tables and quotations.

use candour_record::MediaKind;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::assemble::{Draft, MOST_LINES, Words, assemble, cut};
use crate::html::between_tags;
use crate::label::paragraph_kind;
use crate::limits::Limits;
use crate::model::{About, BlockKind, Face, Reading};

pub(crate) fn read(source: &str, name: &str, limits: &Limits) -> Reading {
    let mut walk = Walk::default();
    let mut findings = Vec::new();
    // Blocks stand between blank lines, and the parser keeps them all before it gives the first.
    let end = source.match_indices('\n').nth(2 * MOST_LINES).map_or(source.len(), |(at, _)| at);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, place) in Parser::new_ext(&source[..end], options).into_offset_iter() {
        walk.take(event, source.get(place).unwrap_or(""));
        if walk.drafts.len() >= MOST_LINES {
            break;
        }
    }
    walk.flush();
    if end < source.len() || walk.drafts.len() >= MOST_LINES {
        findings.push(cut(name));
    }
    walk.drafts.append(&mut walk.turned);
    let assembled = assemble(walk.drafts, limits.characters);
    let pages = assembled.pages(walk.page.max(1), limits.pages);
    Reading::new(MediaKind::Markdown, assembled, pages, walk.about, findings)
}

#[derive(Default)]
struct Walk {
    drafts: Vec<Draft>,
    kind: Option<BlockKind>,
    words: Words,
    bold: u32,
    italic: u32,
    /// For each open list: the label of its last item, and the number it shows; none for a bulleted one.
    lists: Vec<Option<(String, u64)>>,
    quotes: u32,
    footnote: bool,
    /// Inside the lines before a document in which it says what it is.
    about_itself: bool,
    about: About,
    cell: (u32, u32),
    tables: u32,
    /// The page that a marker named last; none before the first.
    page: u32,
    /// Markers since the last block of the body.
    turned: Vec<Draft>,
}

impl Walk {
    fn take(&mut self, event: Event<'_>, source: &str) {
        match event {
            Event::Start(tag) => self.begin(&tag, source),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.about_itself => self.say_of_itself(&text),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            // A stray tag in a damaged file is dropped; the words around it, and between tags, stay.
            Event::Html(html) if page_marker(&html).is_some() => {
                self.flush();
                self.push(html.trim());
                self.flush();
            }
            Event::Html(html) => self.push(&between_tags(&html)),
            Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
            Event::Rule => self.flush(),
        }
    }

    fn begin(&mut self, tag: &Tag<'_>, source: &str) {
        match tag {
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            Tag::Heading { level, .. } => {
                self.flush();
                self.kind = Some(BlockKind::Heading(match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    HeadingLevel::H3 => 3,
                    HeadingLevel::H4 => 4,
                    HeadingLevel::H5 => 5,
                    HeadingLevel::H6 => 6,
                }));
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first.map(|number| (String::new(), number)));
            }
            Tag::Item => {
                self.flush();
                let depth = self.lists.len().saturating_sub(1).min(8) as u8;
                let label = match self.lists.last_mut() {
                    Some(Some((last, number))) => {
                        // The label as written; but a list numbered 1., 1., 1. shows 1., 2., 3.
                        let written = source.split_whitespace().next().unwrap_or_default();
                        let shown = if written == *last { format!("{number}.") } else { written.to_owned() };
                        *number = written
                            .trim_end_matches(['.', ')'])
                            .parse()
                            .ok()
                            .filter(|_| written != *last)
                            .unwrap_or(*number)
                            + 1;
                        written.clone_into(last);
                        shown
                    }
                    _ => "•".to_owned(),
                };
                self.push(&format!("{label} "));
                self.kind = Some(BlockKind::ListItem { label, depth });
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::FootnoteDefinition(_) => {
                self.flush();
                self.footnote = true;
            }
            Tag::Table(_) => {
                self.flush();
                self.tables += 1;
                self.cell = (0, 0);
            }
            Tag::MetadataBlock(_) => {
                self.flush();
                self.about_itself = true;
            }
            Tag::TableCell => {
                self.flush();
                self.kind =
                    Some(BlockKind::Cell { row: self.cell.0, column: self.cell.1, table: self.tables - 1 });
                self.cell.1 += 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Link | TagEnd::Image | TagEnd::Strikethrough => {}
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::FootnoteDefinition => {
                self.flush();
                self.footnote = false;
            }
            TagEnd::MetadataBlock(_) => self.about_itself = false,
            TagEnd::TableRow | TagEnd::TableHead => self.cell = (self.cell.0 + 1, 0),
            _ => self.flush(),
        }
    }

    fn say_of_itself(&mut self, lines: &str) {
        let said = |key: &str| {
            let value = lines.lines().find_map(|l| l.strip_prefix(key))?.trim().trim_matches(['"', '\'']);
            (!value.is_empty()).then(|| value.to_owned())
        };
        self.about = About { title: said("title:"), producer: said("generator:"), language: said("lang:") };
    }

    fn push(&mut self, text: &str) {
        let heading = matches!(self.kind, Some(BlockKind::Heading(_)));
        let face = Face { bold: self.bold > 0 || heading, italic: self.italic > 0, size: 0.0 };
        self.words.push(text, face);
    }

    fn flush(&mut self) {
        let kind = self.kind.take();
        let line = std::mem::take(&mut self.words).line(self.page.max(1));
        if line.text.is_empty() {
            return;
        }
        if let Some(page) =
            page_marker(&line.text).filter(|p| *p > self.page && p - self.page <= FURTHEST_TURN)
        {
            self.page = page;
            self.turned.push(Draft { kind: BlockKind::PageNumber, lines: vec![line] });
            return;
        }
        let plain = if self.footnote {
            BlockKind::Footnote
        } else if self.quotes > 0 {
            BlockKind::Quotation
        } else {
            paragraph_kind(&line.text)
        };
        let kind = kind.unwrap_or(plain);
        let turned = std::mem::take(&mut self.turned);
        // A sentence that runs over a page goes on after the marker in lower case.
        let goes_on =
            !turned.is_empty() && kind == BlockKind::Paragraph && line.text.starts_with(char::is_lowercase);
        match self.drafts.last_mut() {
            Some(before) if goes_on && runs_on(before) => before.lines.push(line),
            _ => self.drafts.push(Draft { kind, lines: vec![line] }),
        }
        // Markers stand after the body, wherever they are put.
        let at = self.drafts.len() - 1;
        self.drafts.splice(at..at, turned);
    }
}

/// Pages that one marker may turn at once.
const FURTHEST_TURN: u32 = 500;

/// The page that a line alone marks, as converters write it: `%%page 12%%`, `<!-- page 12 -->`, `[page 12]`.
fn page_marker(line: &str) -> Option<u32> {
    let lower = line.trim().to_lowercase();
    let inner = [("%%", "%%"), ("<!--", "-->"), ("[", "]")]
        .iter()
        .find_map(|(open, close)| lower.strip_prefix(open)?.strip_suffix(close))?;
    inner.trim().strip_prefix("page")?.trim_start_matches([' ', ':', '=']).parse().ok()
}

/// Whether a block stops in the middle of a sentence.
fn runs_on(draft: &Draft) -> bool {
    matches!(draft.kind, BlockKind::Paragraph | BlockKind::ListItem { .. })
        && draft
            .lines
            .last()
            .is_some_and(|l| l.text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-' | '–')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_is_kept() {
        let source = "# Statement\n\nWe will *act* by\nEaster.\n\n3. Third\n4. Fourth\n   - inner\n\n> Quoted\n\n| A | B |\n|---|---|\n| 1 | 2 |\n";
        let reading = read(source, "a.md", &Limits::default());
        let blocks: Vec<(BlockKind, &str)> =
            reading.blocks.iter().map(|b| (b.kind.clone(), reading.slice(b.span))).collect();
        let cell = |row, column| BlockKind::Cell { row, column, table: 0 };
        assert_eq!(
            blocks,
            [
                (BlockKind::Heading(1), "Statement"),
                (BlockKind::Paragraph, "We will act by Easter."),
                (BlockKind::ListItem { label: "3.".into(), depth: 0 }, "3. Third"),
                (BlockKind::ListItem { label: "4.".into(), depth: 0 }, "4. Fourth"),
                (BlockKind::ListItem { label: "•".into(), depth: 1 }, "• inner"),
                (BlockKind::Quotation, "Quoted"),
                (cell(0, 0), "A"),
                (cell(0, 1), "B"),
                (cell(1, 0), "1"),
                (cell(1, 1), "2"),
            ]
        );
    }

    #[test]
    fn markers_of_pages_turn_them_and_do_not_part_a_sentence() {
        let source =
            "%%page 2%%\n\nThe plan was\n\n%%page 3%%\n\nnever published.\n\n<!-- page 4 -->\n\nIt ended.\n";
        let reading = read(source, "a.md", &Limits::default());
        assert_eq!(reading.body(), "The plan was never published.\n\nIt ended.");
        assert_eq!((reading.pages.len(), reading.blocks[0].page, reading.blocks[1].page), (4, 2, 4));
        assert_eq!(reading.page_of(20), 3);
        assert!(reading.text.contains("%%page 3%%"));
    }

    #[test]
    fn blocks_past_the_limit_are_left_out_and_said_so() {
        let cells = format!("{}\n{}\n", "|a".repeat(MOST_LINES + 9), "|-".repeat(MOST_LINES + 9));
        let reading = read(&cells, "a.md", &Limits::default());
        assert_eq!(reading.blocks.len(), MOST_LINES);
        assert_eq!(reading.findings[0].code, "text_over_limit");
        let reading = read(&format!("x{}", "\n".repeat(2 * MOST_LINES + 2)), "a.md", &Limits::default());
        assert_eq!((reading.text.as_str(), reading.findings.len()), ("x", 1));
    }

    #[test]
    fn damaged_markdown_loses_no_word() {
        let source = "2) Second\n4) Fourth\n\n<div>kept in a block</div>\n\n(a) the first < the last\n\n| broken | table\n**open and _never closed";
        let reading = read(source, "a.md", &Limits::default());
        for word in [
            "2) Second",
            "4) Fourth",
            "kept in a block",
            "(a) the first < the last",
            "broken",
            "table",
            "open and",
            "never closed",
        ] {
            assert!(reading.text.contains(word), "{word} in {}", reading.text);
        }
        let titled = read("---\ntitle: \"The Quay\"\nlang: en-GB\n---\n\nWords.", "a.md", &Limits::default());
        assert_eq!((titled.about.title.as_deref(), titled.text.as_str()), (Some("The Quay"), "Words."));
        let lazy = read("1. One\n1. Two\n1. Three", "a.md", &Limits::default());
        assert_eq!(lazy.text, "1. One\n\n2. Two\n\n3. Three");
    }
}
