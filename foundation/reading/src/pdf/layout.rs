//! Lines to blocks: what is body, what surrounds it, and which lines belong together.

use std::collections::{HashMap, HashSet};

use crate::assemble::{Draft, DraftLine};
use crate::label::label;
use crate::model::BlockKind;

use super::lines::PrintedLine;

/// A page's lines in reading order.
pub(super) struct PageLines {
    pub(super) number: u32,
    pub(super) height: f32,
    pub(super) lines: Vec<PrintedLine>,
}

/// Drafts of blocks in reading order, and the number printed on each page.
pub(super) struct Layout {
    pub(super) drafts: Vec<Draft>,
    pub(super) printed_numbers: Vec<Option<String>>,
}

/// Share of a page's height, from either edge, in which running heads and page numbers stand.
const EDGE: f32 = 0.13;

pub(super) fn layout(pages: Vec<PageLines>) -> Layout {
    let roles = roles(&pages);
    let body_size = body_size(&pages, &roles);
    let words = vocabulary(&pages, &roles);
    let printed_numbers = pages
        .iter()
        .zip(&roles)
        .map(|(page, roles)| {
            let numbered = page.lines.iter().zip(roles).find(|(_, r)| **r == Role::PageNumber);
            numbered.map(|(line, _)| line.text.trim().to_owned())
        })
        .collect();
    let mut builder = Builder { body_size, heading_sizes: heading_sizes(&pages, &roles, body_size), drafts: Vec::new(), last: None };
    let mut around: Vec<Draft> = Vec::new();
    for (page, roles) in pages.into_iter().zip(roles) {
        let mut footnote: Option<Draft> = None;
        for (line, role) in page.lines.into_iter().zip(roles) {
            match role {
                Role::Body => builder.push(line, page.number),
                Role::Footnote => {
                    let begins = line.raised_number || starts_with_number(&line.text);
                    if begins && let Some(whole) = footnote.take() {
                        around.push(whole);
                    }
                    footnote
                        .get_or_insert_with(|| Draft { kind: BlockKind::Footnote, lines: Vec::new() })
                        .lines
                        .push(draft_line(line, page.number));
                }
                Role::RunningHead => around.push(Draft { kind: BlockKind::RunningHead, lines: vec![draft_line(line, page.number)] }),
                Role::PageNumber => around.push(Draft { kind: BlockKind::PageNumber, lines: vec![draft_line(line, page.number)] }),
            }
        }
        around.extend(footnote);
        builder.end_page();
    }
    let mut drafts = builder.drafts;
    for draft in drafts.iter_mut().chain(&mut around) {
        join_divided_words(draft, &words);
    }
    drafts.extend(around);
    Layout { drafts, printed_numbers }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Body,
    Footnote,
    RunningHead,
    PageNumber,
}

fn roles(pages: &[PageLines]) -> Vec<Vec<Role>> {
    let mut roles: Vec<Vec<Role>> = pages.iter().map(|p| vec![Role::Body; p.lines.len()]).collect();
    // The same words in the same place on several pages are a running head; digits count as one digit, so that
    // "Chapter 2 | 50" and "Chapter 2 | 52" are the same.
    let mut seen: HashMap<(String, i32), HashSet<u32>> = HashMap::new();
    let place = |line: &PrintedLine| (line.baseline / 4.0).round() as i32;
    for page in pages {
        for line in page.lines.iter().filter(|l| at_edge(page, l)) {
            seen.entry((pattern(&line.text), place(line))).or_default().insert(page.number);
        }
    }
    // A rounded place may fall on either side of a boundary.
    let times = |line: &PrintedLine| -> usize {
        (-1..=1).map(|d| seen.get(&(pattern(&line.text), place(line) + d)).map_or(0, HashSet::len)).sum()
    };
    let mut bands: HashMap<(i32, i32), usize> = HashMap::new();
    for (page, roles) in pages.iter().zip(&mut roles) {
        for (line, role) in page.lines.iter().zip(roles.iter_mut()) {
            if line.turned {
                *role = Role::RunningHead;
            } else if at_edge(page, line) {
                if is_page_number(&line.text) {
                    *role = Role::PageNumber;
                } else if times(line) >= 3 {
                    *role = Role::RunningHead;
                    *bands.entry((place(line), line.size.round() as i32)).or_default() += 1;
                }
            }
        }
    }
    // A chapter of one or two pages has a head seen too seldom to count; it stands where the others do, in their size.
    let usual = pages.len() / 5 + 3;
    for (page, roles) in pages.iter().zip(&mut roles) {
        for (line, role) in page.lines.iter().zip(roles.iter_mut()).filter(|(_, r)| **r == Role::Body) {
            let band: usize = (-1..=1).map(|d| bands.get(&(place(line) + d, line.size.round() as i32)).copied().unwrap_or(0)).sum();
            if at_edge(page, line) && band >= usual && line.text.chars().count() < 120 {
                *role = Role::RunningHead;
            }
        }
    }
    let body = body_size(pages, &roles);
    for (page, roles) in pages.iter().zip(&mut roles) {
        mark_footnotes(page, roles, body);
    }
    roles
}

fn at_edge(page: &PageLines, line: &PrintedLine) -> bool {
    line.baseline < page.height * EDGE || line.baseline > page.height * (1.0 - EDGE)
}

fn pattern(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else if !c.is_whitespace() {
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn is_page_number(text: &str) -> bool {
    let bare = text.trim().trim_matches(|c: char| matches!(c, '-' | '–' | '—' | '|' | '[' | ']' | ' '));
    let bare = bare.strip_prefix("Page ").or_else(|| bare.strip_prefix("page ")).unwrap_or(bare);
    let plain = bare.split(" of ").next().unwrap_or(bare);
    let digits = !plain.is_empty() && plain.len() <= 4 && plain.bytes().all(|b| b.is_ascii_digit());
    let roman = !bare.is_empty() && bare.len() <= 7 && bare.bytes().all(|b| matches!(b, b'i' | b'v' | b'x' | b'l' | b'c'));
    digits || roman
}

/// The size most characters of the body are set in.
fn body_size(pages: &[PageLines], roles: &[Vec<Role>]) -> f32 {
    let mut sizes: HashMap<i32, usize> = HashMap::new();
    for (page, roles) in pages.iter().zip(roles) {
        for (line, _) in page.lines.iter().zip(roles).filter(|(_, r)| **r == Role::Body) {
            *sizes.entry((line.size * 2.0).round() as i32).or_default() += line.text.len();
        }
    }
    // Ties go to the larger size, so that the answer does not hang on the order of a hash map.
    sizes.into_iter().max_by_key(|s| (s.1, s.0)).map_or(10.0, |s| s.0 as f32 / 2.0)
}

/// Small type from a numbered line in the lower part of a page down to its foot.
fn mark_footnotes(page: &PageLines, roles: &mut [Role], body: f32) {
    let order: Vec<usize> = {
        let mut order: Vec<usize> = (0..page.lines.len()).filter(|i| roles[*i] == Role::Body).collect();
        order.sort_by(|a, b| page.lines[*a].baseline.total_cmp(&page.lines[*b].baseline));
        order
    };
    let small = |i: &usize| page.lines[*i].size < body * 0.92;
    let tail = order.iter().rev().take_while(|i| small(i)).count();
    let first = order.len() - tail;
    // Small type may hold the end of a note from the page before, so a numbered line anywhere in it will do; but a page
    // set small throughout (an index, a table) has no notes.
    let numbered = |i: &usize| page.lines[*i].raised_number || starts_with_number(&page.lines[*i].text);
    let tail = &order[first..];
    let Some(from) = tail.iter().position(numbered) else { return };
    let from = if first > 0 { 0 } else { from };
    let top = page.lines[tail[from]].baseline;
    if first == 0 && top < page.height * 0.5 {
        return;
    }
    for i in &tail[from..] {
        roles[*i] = Role::Footnote;
    }
}

fn starts_with_number(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=4).contains(&digits) && text[digits..].starts_with(char::is_whitespace)
}

/// Sizes of headings, largest first; the place of a size is its level.
fn heading_sizes(pages: &[PageLines], roles: &[Vec<Role>], body: f32) -> Vec<i32> {
    let mut sizes: HashMap<i32, usize> = HashMap::new();
    for (page, roles) in pages.iter().zip(roles) {
        for (line, _) in page.lines.iter().zip(roles).filter(|(_, r)| **r == Role::Body) {
            if line.size > body * 1.08 && line.text.chars().count() < 120 {
                *sizes.entry((line.size * 2.0).round() as i32).or_default() += 1;
            }
        }
    }
    let mut sizes: Vec<i32> = sizes.into_keys().collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

struct Builder {
    body_size: f32,
    heading_sizes: Vec<i32>,
    drafts: Vec<Draft>,
    last: Option<Last>,
}

/// What the next line is compared with.
struct Last {
    baseline: f32,
    left: f32,
    right: f32,
    size: f32,
    bold: bool,
    heading: bool,
    /// Left edge of the words after a list label, once a second line shows it.
    hang: Option<f32>,
    /// Widest line of the block, by which a short line is told.
    widest: f32,
    page_ended: bool,
}

impl Builder {
    fn push(&mut self, line: PrintedLine, page: u32) {
        let heading = self.heading_level(&line);
        let label = label(&line.text).map(str::to_owned);
        let joins = self.joins(&line, heading, label.is_some());
        let last = Last {
            baseline: line.baseline,
            left: line.bounds.left,
            right: line.bounds.right,
            size: line.size,
            bold: line.bold(),
            heading: heading.is_some(),
            hang: match (&self.last, joins) {
                (Some(last), true) => last.hang.or(Some(line.bounds.left)),
                _ => None,
            },
            widest: match (&self.last, joins) {
                (Some(last), true) => last.widest.max(line.bounds.right),
                _ => line.bounds.right,
            },
            page_ended: false,
        };
        let left = line.bounds.left;
        let drafted = draft_line(line, page);
        match self.drafts.last_mut() {
            Some(draft) if joins => draft.lines.push(drafted),
            _ => {
                let kind = match (heading, label) {
                    (Some(level), _) => BlockKind::Heading(level),
                    (None, Some(label)) => BlockKind::ListItem { label, depth: self.depth(left) },
                    (None, None) => BlockKind::Paragraph,
                };
                self.drafts.push(Draft { kind, lines: vec![drafted] });
            }
        }
        self.last = Some(last);
    }

    fn end_page(&mut self) {
        if let Some(last) = &mut self.last {
            last.page_ended = true;
        }
    }

    /// Indents in steps of about two characters from the leftmost list item met so far.
    fn depth(&self, left: f32) -> u8 {
        let outermost = self
            .drafts
            .iter()
            .rev()
            .take(40)
            .filter(|d| matches!(d.kind, BlockKind::ListItem { .. }))
            .filter_map(|d| d.lines.first().map(|l| l.bounds.left))
            .fold(left, f32::min);
        ((left - outermost) / (self.body_size * 1.5)).round().clamp(0.0, 8.0) as u8
    }

    fn heading_level(&self, line: &PrintedLine) -> Option<u8> {
        let words = line.text.split_whitespace().count();
        let lettered = line.text.chars().filter(|c| c.is_alphabetic()).count() >= 3;
        if words > 25 || !lettered {
            return None;
        }
        if line.size > self.body_size * 1.08 {
            let size = (line.size * 2.0).round() as i32;
            let place = self.heading_sizes.iter().position(|s| *s == size).unwrap_or(0);
            return Some((place + 1).min(6) as u8);
        }
        // In the size of the body, only bold sets a heading apart, and it ranks below every larger one.
        let bold = line.bold() && line.size > self.body_size * 0.95;
        bold.then(|| (self.heading_sizes.len() + 1).min(6) as u8)
    }

    fn joins(&self, line: &PrintedLine, heading: Option<u8>, labelled: bool) -> bool {
        let (Some(last), Some(draft)) = (&self.last, self.drafts.last()) else { return false };
        let same_size = (last.size - line.size).abs() < 0.6;
        let previous = draft.lines.last().map_or("", |l| l.text.trim_end());
        if let Some(level) = heading {
            // A heading over several lines: same size and weight, close beneath, on one page.
            let level_too = matches!(draft.kind, BlockKind::Heading(l) if l == level);
            let close = line.baseline - last.baseline < 1.6 * line.size && line.baseline > last.baseline;
            return level_too && same_size && close && last.bold == line.bold() && !last.page_ended && !labelled;
        }
        if last.heading || labelled || !same_size {
            return false;
        }
        let ends_sentence = previous.ends_with(['.', ':', ';', '?', '!', '”', '"']);
        if last.page_ended || line.baseline < last.baseline - 0.5 * line.size {
            // Over a page or column break a sentence that has not ended goes on; one that has is left as it is.
            let starts_low = line.text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit() || matches!(c, '(' | '“' | '‘'));
            return !ends_sentence && (starts_low || !previous.ends_with(',') || line.text.starts_with(char::is_alphabetic));
        }
        let gap = line.baseline - last.baseline;
        if gap > 1.55 * line.size {
            return false;
        }
        let indent = line.bounds.left - last.left;
        let listed = matches!(draft.kind, BlockKind::ListItem { .. });
        // Under a label the second line hangs to its right, and every further line keeps that edge.
        let edge = match last.hang {
            Some(hang) => (line.bounds.left - hang).abs() < 0.6 * line.size,
            None if listed => indent > -0.6 * line.size && indent < 6.0 * line.size,
            None => indent.abs() < 0.6 * line.size || (indent < 0.0 && indent > -3.5 * line.size),
        };
        // A line that stops well short of the widest, at the end of a sentence, ends its paragraph.
        let short = last.right < last.widest - 6.0 * line.size && ends_sentence && gap > 1.3 * line.size;
        edge && !short
    }
}

fn draft_line(line: PrintedLine, page: u32) -> DraftLine {
    DraftLine { text: line.text, faces: line.faces, page, bounds: line.bounds, glued: false }
}

/// Words of the body in lower case, without those cut at the end of a line.
fn vocabulary(pages: &[PageLines], roles: &[Vec<Role>]) -> HashSet<String> {
    let mut words = HashSet::new();
    for (page, roles) in pages.iter().zip(roles) {
        for (line, _) in page.lines.iter().zip(roles).filter(|(_, r)| **r == Role::Body) {
            let mut all: Vec<&str> = line.text.split_whitespace().collect();
            if all.last().is_some_and(|w| w.ends_with(['-', '‐', '\u{ad}'])) {
                all.pop();
            }
            words.extend(all.iter().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()));
        }
    }
    words
}

/// Joins words divided at a line's end. A soft hyphen always goes; a hard one goes where the document has the joined
/// word elsewhere and stays where it has the hyphenated one, or where both halves are words.
fn join_divided_words(draft: &mut Draft, words: &HashSet<String>) {
    for at in 1..draft.lines.len() {
        let next: String = draft.lines[at].text.split_whitespace().next().unwrap_or("").to_owned();
        let line = &mut draft.lines[at - 1];
        let Some(hyphen) = line.text.chars().next_back().filter(|c| matches!(c, '-' | '‐' | '\u{ad}')) else { continue };
        let stem = line.text.trim_end_matches(hyphen).rsplit(char::is_whitespace).next().unwrap_or("").to_lowercase();
        if stem.is_empty() || !next.starts_with(char::is_alphabetic) {
            continue;
        }
        let tail = next.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let known = |w: &str| words.contains(w);
        let drop = hyphen == '\u{ad}'
            || (known(&format!("{stem}{tail}")) && !known(&format!("{stem}-{tail}")))
            || (next.starts_with(char::is_lowercase) && !known(&format!("{stem}-{tail}")) && !(known(&stem) && known(&tail)));
        if drop {
            line.text.pop();
            if let Some(last) = line.faces.last_mut() {
                last.0 -= 1;
                if last.0 == 0 {
                    line.faces.pop();
                }
            }
        }
        draft.lines[at].glued = true;
    }
    // Soft hyphens inside a line show nothing when printed.
    for line in &mut draft.lines {
        if line.text.contains('\u{ad}') {
            let mut position = 0;
            let kept: Vec<bool> = line.text.chars().map(|c| c != '\u{ad}').collect();
            for (count, _) in &mut line.faces {
                let end = position + *count;
                *count = kept[position..end].iter().filter(|k| **k).count();
                position = end;
            }
            line.text.retain(|c| c != '\u{ad}');
        }
    }
}
