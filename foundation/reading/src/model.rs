//! What a reader returns: one text, and for every part of it the page, place and type it was printed in.

use candour_record::{Finding, MediaKind, Span};

use crate::assemble::Assembled;

/// A document read to text.
///
/// The text is the **body** in reading order (paragraphs joined across line and page breaks, separated by one blank
/// line), and after it, from [`body_end`](Self::body_end) on, everything that was printed around the body: footnotes, comments,
/// running heads, page numbers. So nothing is lost, nothing interrupts a sentence, and a slice of the body is exactly
/// what a reader would quote.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What the bytes turned out to be.
    pub media: MediaKind,
    /// The extracted text.
    pub text: String,
    /// Where the body ends and what surrounded it begins, in characters.
    pub body_end: usize,
    /// Paragraphs, headings, list items and cells, in the order of the text.
    pub blocks: Vec<Block>,
    /// One per page; a format without pages has one.
    pub pages: Vec<Page>,
    /// What the file says of itself.
    pub about: About,
    /// What could not be read, and where.
    pub findings: Vec<Finding>,
    /// Byte of every 256th character, so that a slice does not walk the text from its start.
    index: Vec<usize>,
}

/// Characters between two entries of the index.
const STRIDE: usize = 256;

/// A run of text that belongs together.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it stands in the text, in characters.
    pub span: Span,
    /// The page it begins on, counted from 1.
    pub page: u32,
    /// The box of its first part, in points from the top left of its page; zero where the format has no positions.
    pub bounds: Bounds,
    /// Stretches of one type face, in order, covering the block.
    pub runs: Vec<Run>,
    /// Its printed lines, in order; one where the format has no lines.
    pub lines: Vec<Line>,
}

/// What a [`Block`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading; 1 is the highest level.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// An item of a list, with its label (`1.`, `(a)`, `•`) as printed. The label is part of the text of the block.
    ListItem {
        /// The label as printed.
        label: String,
        /// Depth of indent, 0 for the outermost.
        depth: u8,
    },
    /// A cell of a table.
    Cell {
        /// Row, from 0, within its table.
        row: u32,
        /// Column, from 0.
        column: u32,
        /// Which table of the document, from 0.
        table: u32,
    },
    /// A block quotation.
    Quotation,
    /// A footnote. Stands after the body.
    Footnote,
    /// A comment beside the text. Stands after the body.
    Comment,
    /// A running head or foot. Stands after the body.
    RunningHead,
    /// A page number. Stands after the body.
    PageNumber,
}

impl BlockKind {
    /// Whether it belongs to the body rather than to what surrounds it.
    pub fn is_body(&self) -> bool {
        !matches!(self, Self::Footnote | Self::Comment | Self::RunningHead | Self::PageNumber)
    }
}

/// A printed line of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it stands in the text, in characters.
    pub span: Span,
    /// Its page, counted from 1.
    pub page: u32,
    /// Its box, in points from the top left of the page.
    pub bounds: Bounds,
}

/// A stretch of text in one type face.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Where it stands in the text, in characters.
    pub span: Span,
    /// How it is set.
    pub face: Face,
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Face {
    /// Set in bold.
    pub bold: bool,
    /// Set in italic or oblique.
    pub italic: bool,
    /// Size in points; 0 where unknown.
    pub size: f32,
}

/// A box in points, from the top left corner of a page.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Bottom edge.
    pub bottom: f32,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// The number printed on it (`iv`, `12`), where one was found.
    pub printed: Option<String>,
    /// Width in points; 0 where unknown.
    pub width: f32,
    /// Height in points; 0 where unknown.
    pub height: f32,
    /// Characters of text found on it; 0 for a page that is only a picture.
    pub characters: usize,
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Title from the file's own metadata, or its first heading.
    pub title: Option<String>,
    /// The software that made it.
    pub producer: Option<String>,
    /// Language tag, such as `en-GB`.
    pub language: Option<String>,
}

impl Reading {
    pub(crate) fn new(
        media: MediaKind,
        assembled: Assembled,
        pages: Vec<Page>,
        about: About,
        mut findings: Vec<Finding>,
    ) -> Self {
        if assembled.cut {
            let message = "the text is longer than the limit of characters and was cut";
            findings.push(Finding::new(candour_record::Severity::Warning, "text_over_limit", message));
        }
        let index = assembled.text.char_indices().step_by(STRIDE).map(|(byte, _)| byte).collect();
        Self {
            media,
            text: assembled.text,
            body_end: assembled.body_end,
            blocks: assembled.blocks,
            pages,
            about,
            findings,
            index,
        }
    }

    /// The words of a span of characters; clamped to the text.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.byte(span.start);
        &self.text[start..self.byte(span.end).max(start)]
    }

    /// The body's text, without what surrounds it.
    pub fn body(&self) -> &str {
        self.slice(Span::new(0, self.body_end))
    }

    /// The page on which a character of the text was printed.
    pub fn page_of(&self, character: usize) -> u32 {
        let block = self.blocks.partition_point(|b| b.span.end <= character);
        let Some(block) = self.blocks.get(block) else { return self.pages.last().map_or(1, |p| p.number) };
        let line = block.lines.partition_point(|l| l.span.end <= character);
        block.lines.get(line).map_or(block.page, |l| l.page)
    }

    pub(crate) fn first_heading(&self) -> Option<String> {
        let heading = |b: &&Block| matches!(b.kind, BlockKind::Heading(_));
        self.blocks
            .iter()
            .filter(heading)
            .min_by_key(|b| match b.kind {
                BlockKind::Heading(level) => (level, b.span.start),
                _ => (u8::MAX, b.span.start),
            })
            .map(|b| self.slice(b.span).to_owned())
    }

    fn byte(&self, character: usize) -> usize {
        let Some(from) = self.index.get(character / STRIDE) else { return self.text.len() };
        self.text[*from..]
            .char_indices()
            .nth(character % STRIDE)
            .map_or(self.text.len(), |(byte, _)| from + byte)
    }
}
