//! Lines to blocks: what is body, what surrounds it, and which lines belong together.

use std::collections::{BTreeMap, HashMap, HashSet};

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

/// Contents lists stand on the first pages; further on, lines that end in numbers are rows of tables.
const CONTENTS_BY: u32 = 15;

/// Share of a page's height, from either edge, in which running heads and page numbers stand.
const EDGE: f32 = 0.13;

pub(super) fn layout(pages: Vec<PageLines>) -> Layout {
    let roles = roles(&pages);
    let body_size = body_size(&pages, &roles);
    let words = vocabulary(&pages, &roles);
    let printed_numbers = printed_numbers(&pages, &roles);
    let mut builder = Builder::new(body_size, leading(&pages, &roles, body_size));
    let mut around: Vec<Draft> = Vec::new();
    for (page, roles) in pages.into_iter().zip(roles) {
        builder.begin_page(&page, &roles);
        let mut footnote: Option<Draft> = None;
        let raised = page.lines.iter().zip(&roles).any(|(l, r)| *r == Role::Footnote && l.raised_number);
        for (line, role) in page.lines.into_iter().zip(roles) {
            match role {
                Role::Body => builder.push(line, page.number),
                Role::Footnote => {
                    // Where numbers are raised, one that is not ("23 June") is a word of the note.
                    let begins = line.raised_number || (!raised && starts_with_number(&line.text));
                    if begins && let Some(whole) = footnote.take() {
                        around.push(whole);
                    }
                    footnote
                        .get_or_insert_with(|| Draft { kind: BlockKind::Footnote, lines: Vec::new() })
                        .lines
                        .push(draft_line(line, page.number));
                }
                Role::RunningHead => around
                    .push(Draft { kind: BlockKind::RunningHead, lines: vec![draft_line(line, page.number)] }),
                Role::PageNumber => around
                    .push(Draft { kind: BlockKind::PageNumber, lines: vec![draft_line(line, page.number)] }),
            }
        }
        around.extend(footnote);
    }
    let mut drafts = builder.finish();
    drafts.extend(around);
    for draft in &mut drafts {
        join_divided_words(draft, &words);
    }
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
    // Measured from the nearer edge, because pages of one document may differ in height.
    let place = |page: &PageLines, line: &PrintedLine| {
        let from_foot = page.height - line.baseline;
        (if from_foot < line.baseline { -from_foot } else { line.baseline } / 4.0).round() as i32
    };
    for page in pages {
        let inner = inner_lines(page, 3);
        let heads = |l: &&PrintedLine| at_edge(page, l) && !l.raised_number && !inner.contains(&l.baseline);
        for line in page.lines.iter().filter(heads) {
            seen.entry((pattern(&line.text), place(page, line))).or_default().insert(page.number);
        }
    }
    // A line that stands inside pages as often as at their edge ("Recommendation 8") is a heading of the body.
    let mut inside: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let inner = inner_lines(page, 3);
        for line in page.lines.iter().filter(|l| inner.contains(&l.baseline)) {
            *inside.entry(pattern(&line.text)).or_default() += 1;
        }
    }
    let in_body = |line: &PrintedLine, times: usize| {
        inside.get(&pattern(&line.text)).is_some_and(|inside| *inside >= times.min(3))
    };
    // A rounded place may fall on either side of a boundary.
    let times = |page: &PageLines, line: &PrintedLine| -> usize {
        (-1..=1)
            .map(|d| seen.get(&(pattern(&line.text), place(page, line) + d)).map_or(0, HashSet::len))
            .sum()
    };
    let mut bands: HashMap<(i32, i32), usize> = HashMap::new();
    for (page, roles) in pages.iter().zip(&mut roles) {
        let (inner, inner_heads) = (inner_lines(page, 2), inner_lines(page, 3));
        for (line, role) in page.lines.iter().zip(roles.iter_mut()) {
            if line.turned {
                *role = Role::RunningHead;
            } else if at_edge(page, line) {
                if is_page_number(&line.text) && !inner.contains(&line.baseline) {
                    *role = Role::PageNumber;
                } else if times(page, line) >= 3
                    && !in_body(line, times(page, line))
                    && !line.raised_number
                    && !inner_heads.contains(&line.baseline)
                {
                    *role = Role::RunningHead;
                    *bands.entry((place(page, line), line.size.round() as i32)).or_default() += 1;
                }
            }
        }
    }
    // A chapter of one or two pages has a head seen too seldom to count; it stands where the others do, in their size.
    let usual = pages.len() / 5 + 3;
    for (page, roles) in pages.iter().zip(&mut roles) {
        let inner = inner_lines(page, 3);
        for (line, role) in page.lines.iter().zip(roles.iter_mut()).filter(|(_, r)| **r == Role::Body) {
            let band: usize = (-1..=1)
                .map(|d| bands.get(&(place(page, line) + d, line.size.round() as i32)).copied().unwrap_or(0))
                .sum();
            let small_note = line.raised_number || starts_with_number(&line.text);
            if at_edge(page, line)
                && band >= usual
                && !small_note
                && line.text.chars().count() < 120
                && !inner.contains(&line.baseline)
            {
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

/// Baselines of all but the outermost lines of a page: a page number stands outside them, a number in a table inside.
fn inner_lines(page: &PageLines, outermost: usize) -> std::ops::RangeInclusive<f32> {
    let mut baselines: Vec<f32> = page.lines.iter().filter(|l| !l.turned).map(|l| l.baseline).collect();
    baselines.sort_by(f32::total_cmp);
    baselines.dedup_by(|b, a| (*b - *a).abs() < 2.0);
    match baselines.get(outermost..baselines.len().saturating_sub(outermost)) {
        Some([first, .., last]) => first - 1.0..=last + 1.0,
        _ => f32::MAX..=f32::MIN,
    }
}

fn at_edge(page: &PageLines, line: &PrintedLine) -> bool {
    line.baseline < page.height * EDGE || line.baseline > page.height * (1.0 - EDGE)
}

/// A line in lower case with its numbers of up to four digits (pages, chapters) made alike.
fn pattern(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let number = word.len() <= 4 && word.bytes().all(|b| b.is_ascii_digit());
        out.push_str(&if number { "#".to_owned() } else { word.to_lowercase() });
    }
    out
}

fn is_page_number(text: &str) -> bool {
    let bare = bare_page_number(text);
    let digits = bare.len() <= 4 && bare.bytes().all(|b| b.is_ascii_digit());
    let roman = bare.len() <= 7 && bare.bytes().all(|b| matches!(b, b'i' | b'v' | b'x' | b'l' | b'c'));
    !bare.is_empty() && (digits || roman)
}

/// `– 12 –` and `Page 12 of 40` to `12`.
fn bare_page_number(text: &str) -> &str {
    let bare = text.trim().trim_matches(|c: char| matches!(c, '-' | '–' | '—' | '|' | '[' | ']' | ' '));
    let bare = bare.strip_prefix("Page ").or_else(|| bare.strip_prefix("page ")).unwrap_or(bare);
    bare.split(" of ").next().unwrap_or(bare)
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

/// Small type in the lower part of a page, from its first numbered line down to the foot of the page.
fn mark_footnotes(page: &PageLines, roles: &mut [Role], body: f32) {
    let order: Vec<usize> = {
        let mut order: Vec<usize> = (0..page.lines.len()).filter(|i| roles[*i] == Role::Body).collect();
        order.sort_by(|a, b| page.lines[*a].baseline.total_cmp(&page.lines[*b].baseline));
        order
    };
    let tail = |most: f32| {
        let lines = order.iter().rev().take_while(|i| page.lines[**i].size < body * most).count();
        order.len() - lines
    };
    // A raised number is sure, even where notes are hardly smaller than the body; a plain one may be the scale of a chart.
    let raised =
        tail(0.97) + order[tail(0.97)..].iter().take_while(|i| !page.lines[**i].raised_number).count();
    let first = if raised < order.len() { tail(0.97) } else { tail(0.92) };
    let tail = &order[first..];
    let plain = || tail.iter().position(|i| starts_with_number(&page.lines[*i].text));
    let Some(mut from) = raised.checked_sub(first).filter(|r| *r < tail.len()).or_else(plain) else { return };
    // A page set small throughout (an index, a table) has no notes.
    if first == 0 && page.lines[tail[from]].baseline < page.height * 0.5 {
        return;
    }
    // The end of a note from the page before stands above the first number, close and in the same size.
    while let Some(above) = from.checked_sub(1) {
        let (over, under) = (&page.lines[tail[above]], &page.lines[tail[from]]);
        let close = under.baseline - over.baseline < 1.6 * under.size;
        if !close || (over.size - under.size).abs() > 0.3 || over.bounds.left > under.bounds.left + 40.0 {
            break;
        }
        from = above;
    }
    for i in &tail[from..] {
        roles[*i] = Role::Footnote;
    }
}

/// `12 See paragraph 3`, and not `2006 2008 2010`.
fn starts_with_number(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    (1..=4).contains(&digits)
        && rest.starts_with(char::is_whitespace)
        && !rest.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// The number printed on each page: alone on its line or in a running head. Where numbers keep step with the pages, one
/// that does not is something else, such as a year in a chart.
fn printed_numbers(pages: &[PageLines], roles: &[Vec<Role>]) -> Vec<Option<String>> {
    let words_in = |page: usize, role: Role| {
        let lines = pages[page].lines.iter().zip(&roles[page]).filter(move |(_, r)| **r == role);
        lines.flat_map(|(line, _)| line.text.split_whitespace())
    };
    let counted = |page: usize| {
        let words = words_in(page, Role::RunningHead).chain(words_in(page, Role::PageNumber));
        words.filter_map(|w| w.parse::<i64>().ok())
    };
    let mut steps: HashMap<i64, usize> = HashMap::new();
    for (index, page) in pages.iter().enumerate() {
        for number in counted(index) {
            *steps.entry(number - i64::from(page.number)).or_default() += 1;
        }
    }
    let step = steps.into_iter().filter(|s| s.1 >= 3).max_by_key(|s| (s.1, s.0)).map(|s| s.0);
    let number = |index: usize| {
        if let Some(expected) = step.map(|s| s + i64::from(pages[index].number))
            && counted(index).any(|n| n == expected)
        {
            return Some(expected.to_string());
        }
        let alone = pages[index].lines.iter().zip(&roles[index]).filter(|(_, r)| **r == Role::PageNumber);
        let alone = alone.map(|(line, _)| bare_page_number(&line.text));
        let mut fitting = alone.filter(|n| step.is_none() || n.parse::<i64>().is_err());
        fitting.next().map(str::to_owned)
    };
    (0..pages.len()).map(number).collect()
}

/// The usual distance between lines of the body, in sizes of its type.
fn leading(pages: &[PageLines], roles: &[Vec<Role>], body: f32) -> f32 {
    let mut gaps: HashMap<i32, usize> = HashMap::new();
    for (page, roles) in pages.iter().zip(roles) {
        let lines =
            page.lines.iter().zip(roles).filter(|(l, r)| **r == Role::Body && (l.size - body).abs() < 0.6);
        let baselines: Vec<f32> = lines.map(|(l, _)| l.baseline).collect();
        for pair in baselines.windows(2) {
            let gap = (pair[1] - pair[0]) / body;
            if (0.9..2.6).contains(&gap) {
                *gaps.entry((gap * 20.0).round() as i32).or_default() += 1;
            }
        }
    }
    gaps.into_iter().max_by_key(|g| (g.1, -g.0)).map_or(1.2, |g| g.0 as f32 / 20.0)
}

/// Lines that stand together, before it is known what they are.
struct Group {
    lines: Vec<DraftLine>,
    style: Style,
    label: Option<String>,
    /// Whether its first line begins with a label, be it in quotation marks, so that the next hangs to the right of it.
    hangs: bool,
    /// Baseline of its last line.
    baseline: f32,
    /// Edges of its last line, and whether that line is bold.
    left: f32,
    right: f32,
    last_bold: bool,
    /// Left edge of every line after the first, once there is one.
    hang: Option<f32>,
    /// Where the last column of its line begins, for a row of a table.
    after_gap: Option<f32>,
    /// Distance between its lines, in sizes of its type, once it has two on one page.
    leading: Option<f32>,
    /// Left edge of its page's text, against which its own indent is measured.
    margin: f32,
}

/// How all lines of a group are set.
#[derive(Debug, Clone, Copy)]
struct Style {
    size: f32,
    bold: bool,
    italic: bool,
}

impl Group {
    fn ends_in_number(&self) -> bool {
        let last = self.lines.last().and_then(|l| l.text.split_whitespace().last()).unwrap_or_default();
        last.ends_with(|c: char| c.is_ascii_digit()) || is_page_number(last)
    }

    fn is_contents_entry(&self) -> bool {
        (self.after_gap.is_some() || self.lines.iter().any(|l| has_leader(&l.text))) && self.ends_in_number()
    }
}

/// What headings are ordered by: size in half points, then bold, italic, plain.
type Rank = (i32, u8);

struct Builder {
    body_size: f32,
    /// In sizes of the type.
    leading: f32,
    groups: Vec<Group>,
    /// Left and right edges of long lines of the page at hand, by which a line that is cut short is told.
    edges: Vec<(f32, f32)>,
    margin: f32,
    /// The left edge of text on the page before, which may be set further in or out (left and right pages).
    last_margin: f32,
    page_began: bool,
}

impl Builder {
    fn new(body_size: f32, leading: f32) -> Self {
        Self {
            body_size,
            leading,
            groups: Vec::new(),
            edges: Vec::new(),
            margin: 0.0,
            last_margin: 0.0,
            page_began: false,
        }
    }

    fn begin_page(&mut self, page: &PageLines, roles: &[Role]) {
        let body = || page.lines.iter().zip(roles).filter(|(_, r)| **r == Role::Body).map(|(l, _)| l);
        self.edges =
            body().filter(|l| l.text.chars().count() > 30).map(|l| (l.bounds.left, l.bounds.right)).collect();
        self.last_margin = self.margin;
        let usual =
            body().filter(|l| (l.size - self.body_size).abs() < 0.6).map(|l| l.bounds.left).reduce(f32::min);
        self.margin = usual.unwrap_or(self.margin);
        self.page_began = true;
    }

    fn push(&mut self, line: PrintedLine, page: u32) {
        let found = label(&line.text).map(str::to_owned);
        let hangs = label(line.text.trim_start_matches(['“', '‘', '"'])).is_some();
        let joins = self.joins(&line, found.as_deref());
        let (bold, italic) = (line.bold(), line.italic());
        let (left, right, size, baseline, after_gap) =
            (line.bounds.left, line.bounds.right, line.size, line.baseline, line.after_gap);
        let drafted = draft_line(line, page);
        match self.groups.last_mut() {
            Some(group) if joins => {
                group.hang = Some(left);
                let gap = (baseline - group.baseline) / size.max(1.0);
                if gap > 0.5 && !self.page_began {
                    group.leading = Some(gap);
                }
                group.style.bold &= bold;
                group.style.italic &= italic;
                (group.baseline, group.left, group.right, group.last_bold, group.margin) =
                    (baseline, left, right, bold, self.margin);
                group.lines.push(drafted);
            }
            _ => self.groups.push(Group {
                lines: vec![drafted],
                style: Style { size, bold, italic },
                label: found,
                hangs,
                baseline,
                left,
                right,
                last_bold: bold,
                hang: None,
                after_gap,
                leading: None,
                margin: self.margin,
            }),
        }
        self.page_began = false;
    }

    /// Whether a line goes on with the group before it.
    fn joins(&self, line: &PrintedLine, label: Option<&str>) -> bool {
        let Some(group) = self.groups.last() else { return false };
        let Some(previous) = group.lines.last().map(|l| l.text.trim_end()) else { return false };
        if (group.style.size - line.size).abs() > 0.6 || line.after_gap.is_some() || has_leader(previous) {
            return false;
        }
        let (ended, paused) = (ends_sentence(previous), previous.ends_with([':', ';']));
        let starts_low = line.text.starts_with(char::is_lowercase);
        let broken = self.page_began || line.baseline < group.baseline - 0.5 * line.size;
        let gap = (line.baseline - group.baseline) / line.size.max(1.0);
        if let Some(column) = group.after_gap {
            // The last cell of a row goes on beneath itself.
            return !broken
                && gap < 1.22 * self.leading
                && label.is_none()
                && (line.bounds.left - column).abs() < 0.4 * line.size;
        }
        let large = line.size > self.body_size * 1.08;
        let full = self.is_full(group, line);
        let usual = self.leading.max(1.1);
        let most = match group.leading {
            Some(own) => own * 1.2,
            None if large => usual * 1.35,
            // A passage may be set wider than the body; the break inside a sentence tells.
            None if full && !ended && !paused && label.is_none() => (usual * 1.22).max(1.75),
            None => usual * 1.22,
        };
        if !broken && gap > most {
            return false;
        }
        if let Some(label) = label {
            // "(b)" or a dash may open a line in the middle of a sentence.
            let mid_sentence =
                !ended && !paused && full && !previous.ends_with([',']) && !ends_in_and(previous);
            let may_wrap = !matches!(label, "•" | "◦" | "▪" | "●" | "■")
                && group.hang.is_none_or(|h| (h - line.bounds.left).abs() < 3.0);
            if !(mid_sentence && may_wrap) {
                return false;
            }
        }
        let bold = line.bold();
        if group.last_bold != bold && (large || ended || !(full || starts_low)) {
            return false;
        }
        if broken {
            // Over a page or column break a sentence that has not ended goes on, at the edge its paragraph keeps.
            let shift = self.margin - group.margin;
            let edge = group.hang.unwrap_or(group.left) + shift;
            let same_edge = (line.bounds.left - edge).abs() < 0.8 * line.size;
            let unfinished =
                !ended && (starts_low || (!paused && full && (same_edge || group.lines.len() == 1)));
            return unfinished && (starts_low || !large);
        }
        if large {
            return true;
        }
        if ended && !full && !starts_low {
            return false;
        }
        let centre = f32::midpoint;
        if (centre(group.left, group.right) - centre(line.bounds.left, line.bounds.right)).abs()
            < 0.3 * line.size
        {
            return true;
        }
        let indent = line.bounds.left - group.left;
        match group.hang {
            Some(hang) => (line.bounds.left - hang).abs() < 0.6 * line.size,
            // Under a label the second line hangs to its right, and every further line keeps that edge.
            None if group.hangs => indent > -0.6 * line.size && indent < 6.0 * line.size,
            // A first line may be set in, or, in a list of sources, set out.
            None => {
                indent.abs() < 0.6 * line.size
                    || (indent < 0.0 && indent > -3.5 * line.size)
                    || (full && !ended && indent > 0.0 && indent < 4.0 * line.size)
            }
        }
    }

    /// Whether the line above was filled, so that its end says nothing about the end of a
    /// paragraph: the first word of this line had no room on it.
    fn is_full(&self, group: &Group, line: &PrintedLine) -> bool {
        let characters = line.text.chars().count().max(1) as f32;
        let first_word = line.text.split_whitespace().next().map_or(0, |w| w.chars().count() + 1) as f32;
        let wide = (line.bounds.right - line.bounds.left) / characters * first_word;
        let column = self
            .edges
            .iter()
            .filter(|e| (e.0 - line.bounds.left).abs() < 100.0)
            .map(|e| e.1)
            .reduce(f32::max);
        // Left and right pages are set off against each other.
        let shift = self.margin - group.margin;
        column.is_none_or(|edge| group.right + shift + wide > edge - 1.2 * line.size)
    }

    fn finish(self) -> Vec<Draft> {
        let mut headings: Vec<Option<Rank>> = self.groups.iter().map(|g| self.heading_rank(g)).collect();
        self.unmark_contents(&mut headings);
        let levels = levels(headings.iter().flatten().copied());
        let mut indents: Vec<f32> = Vec::new();
        let mut drafts = Vec::new();
        for (group, heading) in self.groups.into_iter().zip(headings) {
            let left = group.lines.first().map_or(0.0, |l| l.bounds.left) - group.margin;
            let text = group.lines.first().map_or("", |l| l.text.as_str());
            let quoted =
                group.margin > 0.0 && text.starts_with(['“', '‘', '"']) && left > 1.5 * group.style.size;
            let kind = if let Some(rank) = heading {
                indents.clear();
                let place = levels.iter().position(|l| *l <= rank).unwrap_or(levels.len());
                BlockKind::Heading((place + 1).min(6) as u8)
            } else if let Some(label) = group.label {
                while indents.last().is_some_and(|i| *i > left + 0.5 * group.style.size) {
                    indents.pop();
                }
                if indents.last().is_none_or(|i| *i < left - 0.5 * group.style.size) {
                    indents.push(left);
                }
                BlockKind::ListItem { label, depth: (indents.len() - 1).min(8) as u8 }
            } else if quoted {
                BlockKind::Quotation
            } else {
                BlockKind::Paragraph
            };
            drafts.push(Draft { kind, lines: group.lines });
        }
        drafts
    }

    /// On a page of a contents list, whose entries are set like headings, only the greatest is one.
    fn unmark_contents(&self, headings: &mut [Option<Rank>]) {
        let mut pages: HashMap<u32, (usize, usize, Option<Rank>)> = HashMap::new();
        let page_of = |g: &Group| g.lines.first().map_or(0, |l| l.page);
        for (group, heading) in self.groups.iter().zip(headings.iter()) {
            let (entries, all, greatest) = pages.entry(page_of(group)).or_default();
            *entries += usize::from(group.is_contents_entry());
            *all += 1;
            *greatest = (*greatest).max(*heading);
        }
        for (group, heading) in self.groups.iter().zip(headings) {
            let (entries, all, greatest) = pages[&page_of(group)];
            if page_of(group) <= CONTENTS_BY
                && entries >= 5
                && entries * 10 >= all * 3
                && (*heading < greatest || group.ends_in_number())
            {
                *heading = None;
            }
        }
    }

    /// What a heading ranks by, greater first: its size in half points, then bold before italic before plain. None for
    /// what is no heading.
    fn heading_rank(&self, group: &Group) -> Option<Rank> {
        let text: Vec<&str> = group.lines.iter().flat_map(|l| l.text.split_whitespace()).collect();
        let letters = group.lines.iter().flat_map(|l| l.text.chars()).filter(|c| c.is_alphabetic()).count();
        let last = text.last()?;
        let bulleted = group.label.as_ref().is_some_and(|l| !l.contains(char::is_alphanumeric));
        // A line of a contents list leads to its page number by dots or by a gap.
        let contents = group.after_gap.is_some() || group.lines.iter().any(|l| has_leader(&l.text));
        if letters < 3 || bulleted || contents || group.lines.len() > 4 {
            return None;
        }
        let Style { size, bold, italic } = group.style;
        let sentence = last.ends_with(['.', ';', ',', ':']) && text.len() > 8;
        let rank = ((size * 2.0).round() as i32, if bold { 2 } else { u8::from(italic) });
        if size > self.body_size * 1.08 {
            return (text.len() <= 40 && !(sentence && text.len() > 12)).then_some(rank);
        }
        if sentence || size < self.body_size * 0.95 || text.len() > 25 {
            return None;
        }
        let closed = last.ends_with(['.', ':', ';', ',', '”', '’', '"', '?']);
        let opens = text[0].starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        // In the size of the body only the face sets a heading apart: bold, or short and alone in italics or capitals.
        let italic_heading = italic && group.label.is_none() && text.len() <= 12 && !closed && opens;
        let capitals = letters >= 4
            && text.len() <= 12
            && !closed
            && group.lines.iter().all(|l| !l.text.contains(char::is_lowercase));
        let named = group.lines.len() <= 3 && !closed && names_a_part(&text);
        (bold || italic_heading || capitals || named).then_some(rank)
    }
}

/// `Recommendation 3: …`, `Appendix B`: a part named and numbered, whatever its face.
fn names_a_part(words: &[&str]) -> bool {
    const PARTS: &[&str] = &[
        "chapter",
        "part",
        "section",
        "appendix",
        "annex",
        "schedule",
        "module",
        "volume",
        "recommendation",
        "conclusion",
        "finding",
    ];
    let [name, number, ..] = words else { return false };
    let number = number.trim_end_matches([':', '.', '–', '-']);
    let counted = number.len() <= 4
        && (number.bytes().all(|b| b.is_ascii_digit()) || number.bytes().all(|b| b.is_ascii_uppercase()));
    PARTS.contains(&name.to_lowercase().as_str())
        && !number.is_empty()
        && counted
        && words
            .get(2)
            .is_none_or(|w| words[1].ends_with([':', '.', '–', '-']) || w.starts_with(['–', '-', ':']))
}

/// The styles headings are set in, greatest first. A size met only once or twice (a title page) does not push the others
/// down: it shares the level of the next one met more often.
fn levels(ranks: impl Iterator<Item = Rank>) -> Vec<Rank> {
    let mut counts: BTreeMap<Rank, usize> = BTreeMap::new();
    for rank in ranks {
        *counts.entry(rank).or_default() += 1;
    }
    let often = if counts.len() > 5 { 3 } else { 1 };
    counts.into_iter().rev().filter(|c| c.1 >= often).map(|c| c.0).collect()
}

/// A row of dots, as leads the eye to a page number.
fn has_leader(text: &str) -> bool {
    text.contains("....") || text.contains(". . . .")
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['”', '’', '"', '\'', ')', ']', ' ']).ends_with(['.', '?', '!'])
}

fn ends_in_and(text: &str) -> bool {
    matches!(text.rsplit(char::is_whitespace).next(), Some("and" | "or"))
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
        // A dash set tight against the word before it is tight against the word after it.
        let mut back = line.text.chars().rev();
        if matches!(back.next(), Some('–' | '—' | '/')) && back.next().is_some_and(char::is_alphanumeric)
        {
            draft.lines[at].glued = true;
            continue;
        }
        let Some(hyphen) = line.text.chars().next_back().filter(|c| matches!(c, '-' | '‐' | '\u{ad}'))
        else {
            continue;
        };
        let stem = line
            .text
            .trim_end_matches(hyphen)
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or("")
            .to_lowercase();
        if stem.is_empty() || !next.starts_with(char::is_alphanumeric) {
            continue;
        }
        let tail = next.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let known = |w: &str| words.contains(w);
        // A range of numbers keeps its hyphen.
        let counted =
            stem.ends_with(|c: char| c.is_ascii_digit()) || next.starts_with(|c: char| c.is_ascii_digit());
        let drop = hyphen == '\u{ad}'
            || !counted
                && ((known(&format!("{stem}{tail}")) && !known(&format!("{stem}-{tail}")))
                    || (next.starts_with(char::is_lowercase)
                        && !known(&format!("{stem}-{tail}"))
                        && !(known(&stem) && known(&tail))));
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
