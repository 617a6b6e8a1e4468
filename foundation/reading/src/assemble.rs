//! Puts drafts of blocks together into one text with spans: the body first, what surrounded it after.

use candour_record::{Finding, Severity, Span};

use crate::model::{Block, BlockKind, Bounds, Face, Line, Page, Run};

/// Lines, or blocks that have none, kept of one text: twenty thousand pages of fifty lines. Each costs hundreds of bytes, so
/// a small file of nothing but line ends could otherwise take a machine's memory.
pub(crate) const MOST_LINES: usize = 1_000_000;

/// Says that a text was cut at [`MOST_LINES`].
pub(crate) fn cut(name: &str) -> Finding {
    let message =
        format!("{name}: holds more than the limit of {MOST_LINES} lines; what comes after was not read");
    Finding::new(Severity::Warning, "text_over_limit", message)
}

/// A block before it has a place in the text.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) kind: BlockKind,
    pub(crate) lines: Vec<DraftLine>,
}

/// A line of a draft.
#[derive(Debug, Clone)]
pub(crate) struct DraftLine {
    pub(crate) text: String,
    /// Faces, each with the number of characters it holds; together as many as the text has.
    pub(crate) faces: Vec<(usize, Face)>,
    pub(crate) page: u32,
    pub(crate) bounds: Bounds,
    /// Joined to the line before without a space: a word was divided between them.
    pub(crate) glued: bool,
}

impl DraftLine {
    /// A line in one face, for formats without positions.
    pub(crate) fn plain(text: String, face: Face, page: u32) -> Self {
        let count = text.chars().count();
        Self { text, faces: vec![(count, face)], page, bounds: Bounds::default(), glued: false }
    }
}

/// Words with their faces, as they are put together from runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) faces: Vec<(usize, Face)>,
}

impl Words {
    /// Adds words in a face; white space is made single, as a page would show it, and what may not be broken stays so.
    pub(crate) fn push(&mut self, words: &str, face: Face) {
        let mut count = 0;
        for c in words.chars() {
            // A soft hyphen only says where a word may be divided.
            if c == '\u{ad}' {
                continue;
            }
            let c = if c.is_whitespace() && c != '\u{a0}' { ' ' } else { c };
            if c == ' ' && (self.text.is_empty() || self.text.ends_with(' ')) {
                continue;
            }
            self.text.push(c);
            count += 1;
        }
        if count > 0 {
            match self.faces.last_mut() {
                Some(last) if last.1 == face => last.0 += count,
                _ => self.faces.push((count, face)),
            }
        }
    }

    /// As a line of a page.
    pub(crate) fn line(self, page: u32) -> DraftLine {
        let Self { text, faces } = self.trimmed();
        DraftLine { text, faces, page, bounds: Bounds::default(), glued: false }
    }

    /// Takes off the blanks at the end.
    fn trimmed(mut self) -> Self {
        while self.text.ends_with(' ') {
            self.text.pop();
            if let Some(last) = self.faces.last_mut() {
                last.0 -= 1;
                if last.0 == 0 {
                    self.faces.pop();
                }
            }
        }
        self
    }
}

/// The text, where its body ends, and the blocks in its order.
pub(crate) struct Assembled {
    pub(crate) text: String,
    pub(crate) body_end: usize,
    pub(crate) blocks: Vec<Block>,
    /// Whether the character limit cut it short.
    pub(crate) cut: bool,
}

pub(crate) fn assemble(drafts: Vec<Draft>, most_characters: usize) -> Assembled {
    let (body, around): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(|d| d.kind.is_body());
    let mut out = Assembled { text: String::new(), body_end: 0, blocks: Vec::new(), cut: false };
    let mut characters = 0;
    for draft in body {
        out.push(draft, &mut characters, most_characters);
    }
    out.body_end = characters;
    for draft in around {
        out.push(draft, &mut characters, most_characters);
    }
    out
}

impl Assembled {
    /// The pages that breaks in the text make, `last` of them; how large they are, such documents do not say.
    pub(crate) fn pages(&self, last: u32, most: u32) -> Vec<Page> {
        let mut pages: Vec<Page> = (1..=last.clamp(1, most.max(1)))
            .map(|number| Page { number, printed: None, width: 0.0, height: 0.0, characters: 0 })
            .collect();
        for block in self.blocks.iter().take_while(|b| b.span.end <= self.body_end) {
            if let Some(page) = pages.get_mut((block.page as usize).saturating_sub(1)) {
                page.characters += block.span.len();
            }
        }
        pages
    }

    fn push(&mut self, draft: Draft, characters: &mut usize, most: usize) {
        if draft.lines.iter().all(|l| l.text.trim().is_empty()) {
            return;
        }
        if *characters >= most {
            self.cut = true;
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
            *characters += 2;
        }
        let start = *characters;
        let page = draft.lines[0].page;
        let bounds = draft
            .lines
            .iter()
            .filter(|l| l.page == page)
            .map(|l| l.bounds)
            .reduce(|a, b| Bounds {
                left: a.left.min(b.left),
                top: a.top.min(b.top),
                right: a.right.max(b.right),
                bottom: a.bottom.max(b.bottom),
            })
            .unwrap_or_default();
        let (mut lines, mut runs): (Vec<Line>, Vec<Run>) = (Vec::new(), Vec::new());
        for (index, line) in draft.lines.into_iter().enumerate() {
            if index > 0 && !line.glued {
                self.text.push(' ');
                *characters += 1;
                // The space belongs to the line and the run before it, so that both cover the block.
                if let Some(last) = lines.last_mut() {
                    last.span.end += 1;
                }
                if let Some(last) = runs.last_mut() {
                    last.span.end += 1;
                }
            }
            let from = *characters;
            self.text.push_str(&line.text);
            for (count, face) in line.faces {
                let to = *characters + count;
                match runs.last_mut() {
                    Some(last) if last.face == face => last.span.end = to,
                    _ => runs.push(Run { span: Span::new(*characters, to), face }),
                }
                *characters = to;
            }
            lines.push(Line { span: Span::new(from, *characters), page: line.page, bounds: line.bounds });
        }
        self.blocks.push(Block {
            kind: draft.kind,
            span: Span::new(start, *characters),
            page,
            bounds,
            runs,
            lines,
        });
    }
}
