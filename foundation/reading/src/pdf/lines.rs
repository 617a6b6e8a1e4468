//! Glyphs to printed lines: which characters stand side by side, where words end, and in which order a page is read.

use crate::label::label;
use crate::model::{Bounds, Face};

use super::glyphs::{Direction, Glyph};

/// A printed line of one page: characters with their faces, spaces put where the gaps are.
#[derive(Debug, Clone)]
pub(super) struct PrintedLine {
    pub(super) text: String,
    /// Faces, each with the number of characters it holds, in order.
    pub(super) faces: Vec<(usize, Face)>,
    pub(super) bounds: Bounds,
    pub(super) baseline: f32,
    /// Size of most of its characters.
    pub(super) size: f32,
    /// A leading number set small and raised, as at the start of a footnote.
    pub(super) raised_number: bool,
    /// Runs in another direction than the text of its page.
    pub(super) turned: bool,
    /// Where the text goes on after the last gap too wide for a word space, as between columns of a table or before a page
    /// number in a contents list; the gap after a list label is not one.
    pub(super) after_gap: Option<f32>,
}

impl PrintedLine {
    pub(super) fn bold(&self) -> bool {
        self.share(|f| f.bold) > 0.8
    }

    pub(super) fn italic(&self) -> bool {
        self.share(|f| f.italic) > 0.8
    }

    /// Share of the characters set in faces that pass a test.
    fn share(&self, test: impl Fn(&Face) -> bool) -> f32 {
        let all: usize = self.faces.iter().map(|f| f.0).sum();
        let some: usize = self.faces.iter().filter(|f| test(&f.1)).map(|f| f.0).sum();
        some as f32 / all.max(1) as f32
    }
}

/// The lines of a page in reading order.
pub(super) struct Lines {
    pub(super) lines: Vec<PrintedLine>,
    /// Whether most of the text runs down or up the page, so that its reader turns it.
    pub(super) sideways: bool,
}

pub(super) fn lines(glyphs: &[Glyph]) -> Lines {
    let directions = [Direction::Right, Direction::Down, Direction::Up, Direction::Left, Direction::Slanted];
    let count =
        |d: Direction| glyphs.iter().filter(|g| g.direction == d && !g.character.is_whitespace()).count();
    // The first of equals wins, so that text that runs to the right is the page's own in case of doubt.
    let main = directions.into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(Direction::Right);
    let mut lines = lines_of(glyphs, main, false);
    for other in directions.into_iter().filter(|d| *d != main) {
        lines.extend(lines_of(glyphs, other, true));
    }
    Lines { lines, sideways: matches!(main, Direction::Down | Direction::Up) }
}

fn lines_of(glyphs: &[Glyph], direction: Direction, turned: bool) -> Vec<PrintedLine> {
    let mut segments = segments(glyphs.iter().filter(|g| g.direction == direction));
    // Overprinting, used to fake bold, shows each character twice in one place.
    segments.dedup_by(|b, a| {
        a.text() == b.text() && (a.left - b.left).abs() < 1.0 && (a.baseline - b.baseline).abs() < 1.0
    });
    let mut lines: Vec<PrintedLine> = columns(segments).into_iter().flat_map(join).collect();
    for line in &mut lines {
        line.turned = turned;
    }
    lines
}

/// Characters shown one after another on one baseline without a gap wider than a word space can be.
#[derive(Debug, Clone)]
struct Segment {
    glyphs: Vec<Glyph>,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

impl Segment {
    fn text(&self) -> String {
        self.glyphs.iter().map(|g| g.character).collect()
    }
}

fn segments<'g>(glyphs: impl Iterator<Item = &'g Glyph>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for glyph in glyphs {
        if glyph.character.is_control() && !glyph.character.is_whitespace() {
            continue;
        }
        if !(glyph.left.is_finite() && glyph.baseline.is_finite() && glyph.face.size.is_finite()) {
            continue;
        }
        if let Some(last) = segments.last_mut() {
            let size = last.size.max(glyph.face.size);
            let gap = glyph.left - last.right;
            let level = (glyph.baseline - last.baseline).abs() < 0.5 * size;
            if level && gap < 1.2 * size && gap > -0.8 * size {
                last.right = last.right.max(glyph.right);
                last.left = last.left.min(glyph.left);
                // The baseline of a segment is that of its largest characters, not of a raised note number.
                if glyph.face.size > last.size {
                    last.size = glyph.face.size;
                    last.baseline = glyph.baseline;
                }
                last.glyphs.push(*glyph);
                continue;
            }
        }
        if glyph.character.is_whitespace() {
            continue;
        }
        segments.push(Segment {
            glyphs: vec![*glyph],
            left: glyph.left,
            right: glyph.right,
            baseline: glyph.baseline,
            size: glyph.face.size,
        });
    }
    segments
}

/// Splits a page in two columns where a gutter runs down most of it with prose on either side; else leaves it whole.
fn columns(segments: Vec<Segment>) -> Vec<Vec<Segment>> {
    let (left, right) =
        segments.iter().fold((f32::MAX, f32::MIN), |(l, r), s| (l.min(s.left), r.max(s.right)));
    let width = right - left;
    let prose = |s: &&Segment| s.glyphs.len() >= 25;
    if width <= 200.0 || segments.iter().filter(prose).count() < 20 {
        return vec![segments];
    }
    // A gutter lies in the middle third, and no line of prose crosses it.
    let gutter = (0..40).map(|step| left + width * (0.35 + 0.3 * step as f32 / 40.0)).find(|x| {
        let crossing = segments.iter().filter(|s| s.left < *x - 3.0 && s.right > *x + 3.0).count();
        let before = segments.iter().filter(prose).filter(|s| s.right <= *x + 3.0).count();
        let after = segments.iter().filter(prose).filter(|s| s.left >= *x - 3.0).count();
        before >= 10 && after >= 10 && crossing * 12 <= before + after
    });
    let Some(gutter) = gutter else { return vec![segments] };
    // What crosses the gutter (a title over both columns, a running head) parts the page into bands read in turn.
    let mut crossing: Vec<f32> = segments
        .iter()
        .filter(|s| s.left < gutter - 3.0 && s.right > gutter + 3.0)
        .map(|s| s.baseline)
        .chain(row_starts(&segments, gutter))
        .collect();
    crossing.sort_by(f32::total_cmp);
    let band = |s: &Segment| crossing.partition_point(|b| *b < s.baseline - 0.5);
    let mut ordered: Vec<((usize, u8), Segment)> = segments
        .into_iter()
        .map(|s| {
            let side = if s.left < gutter - 3.0 && s.right > gutter + 3.0 {
                2
            } else {
                u8::from(s.left >= gutter - 3.0)
            };
            ((band(&s), side), s)
        })
        .collect();
    ordered.sort_by_key(|o| o.0);
    let mut columns: Vec<Vec<Segment>> = Vec::new();
    let mut key = None;
    for (place, segment) in ordered {
        if key != Some(place) {
            columns.push(Vec::new());
            key = Some(place);
        }
        if let Some(column) = columns.last_mut() {
            column.push(segment);
        }
    }
    columns
}

/// Where both columns begin anew at the same height time after time, they are the cells of a table, such as one of
/// recommendations and responses, and are read row by row: the heights that part its rows.
fn row_starts(segments: &[Segment], gutter: f32) -> Vec<f32> {
    let starts = |side: &dyn Fn(&Segment) -> bool| -> Vec<f32> {
        let mut baselines: Vec<f32> = segments.iter().filter(|s| side(s)).map(|s| s.baseline).collect();
        baselines.sort_by(f32::total_cmp);
        baselines.dedup_by(|b, a| (*b - *a).abs() < 3.0);
        let mut gaps: Vec<f32> = baselines.windows(2).map(|w| w[1] - w[0]).collect();
        gaps.sort_by(f32::total_cmp);
        let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(f32::MAX);
        baselines.windows(2).filter(|w| w[1] - w[0] > 1.3 * usual).map(|w| w[1]).collect()
    };
    let (left, right) = (starts(&|s| s.right <= gutter + 3.0), starts(&|s| s.left >= gutter - 3.0));
    let level = |y: &&f32| right.iter().any(|r| (*r - **y).abs() < 4.0);
    let shared: Vec<f32> = left.iter().filter(level).copied().collect();
    let rows = shared.len() >= 2 && shared.len() * 10 >= left.len().min(right.len()) * 6;
    if rows { shared.into_iter().map(|y| y - 5.0).collect() } else { Vec::new() }
}

/// Segments on one baseline become a line; lines are read from top to bottom.
fn join(mut segments: Vec<Segment>) -> Vec<PrintedLine> {
    segments.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut rows: Vec<Vec<Segment>> = Vec::new();
    for segment in segments {
        let fits = rows
            .last()
            .and_then(|row| row.iter().max_by(|a, b| a.size.total_cmp(&b.size)))
            .is_some_and(|head| {
                let (small, large) =
                    if head.size < segment.size { (head, &segment) } else { (&segment, head) };
                // A note number stands a little over half a size above the words it belongs to, close beside them.
                let note = small.size < 0.8 * large.size
                    && small.baseline < large.baseline
                    && small.glyphs.len() <= 4
                    && small.glyphs.iter().all(|g| g.character.is_ascii_digit() || g.character == ',');
                let reach = if note { 0.6 * large.size } else { 0.45 * small.size.max(1.0) };
                (head.baseline - segment.baseline).abs() < reach
            });
        match rows.last_mut() {
            Some(row) if fits => row.push(segment),
            _ => rows.push(vec![segment]),
        }
    }
    rows.into_iter().filter_map(line).collect()
}

fn line(mut row: Vec<Segment>) -> Option<PrintedLine> {
    row.sort_by(|a, b| a.left.total_cmp(&b.left));
    let size = {
        let mut sizes: Vec<(i32, usize)> = Vec::new();
        for glyph in row.iter().flat_map(|s| &s.glyphs) {
            let rounded = (glyph.face.size * 10.0) as i32;
            match sizes.iter_mut().find(|s| s.0 == rounded) {
                Some(known) => known.1 += 1,
                None => sizes.push((rounded, 1)),
            }
        }
        sizes.iter().max_by_key(|s| (s.1, s.0)).map_or(0.0, |s| s.0 as f32 / 10.0)
    };
    let baseline = row.iter().max_by(|a, b| a.size.total_cmp(&b.size)).map_or(0.0, |s| s.baseline);
    let glyphs: Vec<Glyph> = row.iter().flat_map(|s| s.glyphs.iter().copied()).collect();
    let raised = |g: &Glyph| g.face.size < 0.8 * size && g.baseline < baseline - 0.12 * size;
    let mut text = String::new();
    let mut faces: Vec<(usize, Face)> = Vec::new();
    let mut raised_number = false;
    let mut after_gap = None;
    let mut end: Option<f32> = None;
    let mut push = |text: &mut String, c: char, face: Face| {
        text.push(c);
        match faces.last_mut() {
            Some(last) if last.1 == face => last.0 += 1,
            _ => faces.push((1, face)),
        }
    };
    let mut at = 0;
    while at < glyphs.len() {
        let glyph = &glyphs[at];
        if raised(glyph) && glyph.character.is_ascii_digit() {
            let from = at;
            while at < glyphs.len()
                && raised(&glyphs[at])
                && (glyphs[at].character.is_ascii_digit() || matches!(glyphs[at].character, ',' | ' '))
            {
                at += 1;
            }
            if text.trim().is_empty() {
                // At the start of a line it is the number of a footnote, and part of its text.
                raised_number = true;
                for g in &glyphs[from..at] {
                    push(&mut text, g.character, g.face);
                }
                push(&mut text, ' ', glyph.face);
            }
            // Elsewhere it points to a footnote and is no part of the sentence; ordinals ("1st") raise letters, not digits.
            end = glyphs.get(at - 1).map(|g| g.right).or(end);
            continue;
        }
        if glyph.character.is_whitespace() && glyphs.get(at + 1).is_some_and(|next| sets_back(glyph, next)) {
            at += 1;
            continue;
        }
        if let Some(end) = end {
            let gap = glyph.left - end;
            let labelled = || {
                text.split_whitespace().nth(1).is_none()
                    && label(&format!("{} X", text.trim().trim_start_matches(['“', '‘', '"']))).is_some()
            };
            if gap > 1.8 * glyph.face.size.max(1.0)
                && !glyph.character.is_whitespace()
                && !text.trim().is_empty()
                && !labelled()
            {
                after_gap = Some(glyph.left);
            }
            let spaced = text.ends_with(char::is_whitespace) || glyph.character.is_whitespace();
            if gap > 0.16 * glyph.face.size.max(1.0) && !spaced {
                push(&mut text, ' ', glyph.face);
            }
        }
        for c in expand(glyph.character) {
            if c.is_whitespace() && (text.is_empty() || text.ends_with(' ')) {
                continue;
            }
            push(&mut text, if c.is_whitespace() { ' ' } else { c }, glyph.face);
        }
        // A blank may be followed by a jump; the gap is measured from the last letter.
        if !glyph.character.is_whitespace() || end.is_none() {
            end = Some(glyph.right);
        }
        at += 1;
    }
    let trailing = text.chars().rev().take_while(|c| c.is_whitespace()).count();
    for _ in 0..trailing {
        text.pop();
        if let Some(last) = faces.last_mut() {
            last.0 -= 1;
            if last.0 == 0 {
                faces.pop();
            }
        }
    }
    let left = row.iter().map(|s| s.left).fold(f32::MAX, f32::min);
    let right = row.iter().map(|s| s.right).fold(f32::MIN, f32::max);
    (!text.is_empty()).then_some(PrintedLine {
        text,
        faces,
        bounds: Bounds { left, top: baseline - size, right, bottom: baseline + 0.25 * size },
        baseline,
        size,
        raised_number,
        turned: false,
        after_gap,
    })
}

/// Whether a blank takes no room, because the letter after it is set back to where the blank began.
fn sets_back(blank: &Glyph, next: &Glyph) -> bool {
    let width = blank.right - blank.left;
    !next.character.is_whitespace()
        && width > 0.0
        && next.left < blank.left + 0.25 * width
        && next.left > blank.left - width
}

/// Ligatures to the letters they join, and bullets of symbol fonts to bullets; everything else stays.
fn expand(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        // Bullets of the Symbol and Wingdings fonts, which Word leaves in the private use area.
        '\u{f0b7}' | '\u{f06c}' => "•",
        '\u{f0a7}' | '\u{f06e}' => "▪",
        '\u{f0d8}' => "➢",
        '\u{f0fc}' => "✓",
        '\u{f02d}' => "–",
        _ => "",
    };
    let single = letters.is_empty().then_some(c);
    letters.chars().chain(single)
}
