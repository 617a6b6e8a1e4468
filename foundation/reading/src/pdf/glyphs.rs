//! Content streams to lines of text: the text operators of ISO 32000-1 §9, and nothing that paints.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_font::hayro_cmap::BfString;
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn};
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream};
use hayro_syntax::page::{Page, Resources, Rotation};

use crate::model::Face;

use super::expansion::{font_within, within};

/// Forms nested deeper than this are not followed.
const DEEPEST_FORM: u32 = 12;
/// Content operators read on one page.
const MOST_OPERATORS: usize = 4_000_000;

/// A character where it was printed, in points from the top left of the page turned so that its text runs to the right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) character: char,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) baseline: f32,
    pub(super) face: Face,
    /// Which way its text runs on the page as it is shown.
    pub(super) direction: Direction,
}

/// Which way text runs, to the nearest quarter turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Direction {
    Right,
    Down,
    Left,
    Up,
    /// At an angle to the page: a stamp or a watermark.
    Slanted,
}

/// What a page's content gave.
#[derive(Debug, Default)]
pub(super) struct PageGlyphs {
    pub(super) glyphs: Vec<Glyph>,
    /// Codes that no table maps to a character.
    pub(super) unmapped: usize,
    /// Whether a limit (operators, bytes of a compressed stream) cut the page short.
    pub(super) cut: bool,
    /// Work done, in operators.
    pub(super) operators: usize,
}

/// Fonts of a document, each decoded once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    by_object: RefCell<HashMap<hayro_syntax::object::ObjectIdentifier, Option<Rc<LoadedFont<'a>>>>>,
    stand_ins: FontResolverFn,
    /// Most bytes a compressed stream may expand to.
    expanded: u64,
    no_cmaps: CMapResolverFn,
}

struct LoadedFont<'a> {
    font: Font<'a>,
    bold: bool,
    italic: bool,
    /// Text and advance (thousandths of the size) of each code met.
    codes: RefCell<HashMap<u32, Decoded>>,
}

/// The text of a code, where a table maps it to any, and its advance in thousandths of the size.
type Decoded = (Option<Rc<str>>, f32);

impl<'a> Fonts<'a> {
    pub(super) fn new(expanded: u64) -> Self {
        Self {
            expanded,
            cache: FontCache::new(),
            by_object: RefCell::default(),
            // A font that is not in the file is stood in for by one of the fourteen standard ones, for its widths; nothing is
            // ever looked for on the machine, so one file reads the same everywhere.
            stand_ins: Arc::new(|query| {
                Some(match query {
                    FontQuery::Standard(font) => font.get_font_data(),
                    FontQuery::Fallback(font) => font.pick_standard_font().get_font_data(),
                })
            }),
            no_cmaps: Arc::new(|_| None),
        }
    }

    fn load(&self, dict: &Dict<'a>) -> Option<Rc<LoadedFont<'a>>> {
        let id = dict.obj_id();
        if let Some(id) = id
            && let Some(known) = self.by_object.borrow().get(&id)
        {
            return known.clone();
        }
        let loaded = font_within(dict, self.expanded)
            .then(|| self.cache.font(dict, &self.stand_ins, &self.no_cmaps))
            .flatten()
            .map(|font| {
                let (bold, italic) = weight_and_slant(dict);
                Rc::new(LoadedFont { font, bold, italic, codes: RefCell::default() })
            });
        if let Some(id) = id {
            self.by_object.borrow_mut().insert(id, loaded.clone());
        }
        loaded
    }
}

/// Bold and italic, from the font's name and descriptor (ISO 32000-1 §9.8, tables 122 and 123).
fn weight_and_slant(dict: &Dict<'_>) -> (bool, bool) {
    let descendant = dict
        .get::<hayro_syntax::object::Array<'_>>("DescendantFonts")
        .and_then(|a| a.iter::<Dict<'_>>().next());
    let descriptor =
        dict.get::<Dict<'_>>("FontDescriptor").or_else(|| descendant.as_ref()?.get("FontDescriptor"));
    let name = dict.get::<Name<'_>>("BaseFont").map(|n| n.as_str().to_lowercase()).unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let flags = descriptor.as_ref().and_then(|d| d.get::<u32>("Flags")).unwrap_or(0);
    let weight = descriptor.as_ref().and_then(|d| d.get::<f32>("FontWeight")).unwrap_or(0.0);
    let angle = descriptor.as_ref().and_then(|d| d.get::<f32>("ItalicAngle")).unwrap_or(0.0);
    let bold = says(&["bold", "black", "heavy", "demi"]) || weight >= 600.0 || flags & (1 << 18) != 0;
    let italic = says(&["italic", "oblique"]) || angle != 0.0 || flags & (1 << 6) != 0;
    (bold, italic)
}

/// Reads the text of a page.
pub(super) fn read_page<'a>(page: &Page<'a>, fonts: &Fonts<'a>) -> PageGlyphs {
    let size = page.render_dimensions();
    let mut reader = Reader { fonts, out: PageGlyphs::default(), operators: 0, size };
    // Undone here and dropped at the end of the page: the library would keep the content of every page it has met.
    let mut content = Vec::new();
    for stream in contents(page) {
        if !within(&stream, fonts.expanded) || content.len() as u64 > fonts.expanded {
            reader.out.cut = true;
            break;
        }
        content.extend_from_slice(&stream.decoded_data().unwrap_or_default());
        // A number must not run on from one stream into the next.
        content.push(b' ');
    }
    let state = State::new(upright(page));
    reader.run(TypedIter::new(&content), page.resources(), state, 0);
    reader.out.operators = reader.operators;
    reader.out
}

fn contents<'a>(page: &Page<'a>) -> Vec<Stream<'a>> {
    let dict = page.raw();
    if let Some(stream) = dict.get::<Stream<'a>>("Contents") {
        return vec![stream];
    }
    dict.get::<Array<'a>>("Contents")
        .map(|streams| streams.iter::<Stream<'a>>().collect())
        .unwrap_or_default()
}

/// Takes page space to points from the top left corner of the page as it is shown, turned by its `Rotate` entry.
fn upright(page: &Page<'_>) -> Matrix {
    let shown = page.intersected_crop_box();
    Matrix(match page.rotation() {
        Rotation::None => [1.0, 0.0, 0.0, -1.0, -shown.x0, shown.y1],
        Rotation::Horizontal => [0.0, 1.0, 1.0, 0.0, -shown.y0, -shown.x0],
        Rotation::Flipped => [-1.0, 0.0, 0.0, 1.0, shown.x1, -shown.y0],
        Rotation::FlippedHorizontal => [0.0, -1.0, -1.0, 0.0, shown.y1, shown.x1],
    })
}

/// `[a b c d e f]` as in ISO 32000-1 §8.3.3: a row vector is multiplied from the left.
#[derive(Debug, Clone, Copy)]
struct Matrix([f64; 6]);

impl Matrix {
    const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    fn of(numbers: [&Number; 6]) -> Self {
        Self(numbers.map(Number::as_f64))
    }

    /// This matrix applied first, then the other.
    #[expect(clippy::many_single_char_names, reason = "the standard names the six numbers by letter")]
    fn then(self, other: Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, other.0);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    fn translated(self, x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y]).then(self)
    }
}

#[derive(Clone)]
struct State<'a> {
    matrix: Matrix,
    text: Matrix,
    line: Matrix,
    font: Option<Rc<LoadedFont<'a>>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    scale: f64,
    leading: f64,
    rise: f64,
    /// Letters are filled and outlined, as producers do to thicken a face that has no bold.
    thickened: bool,
}

impl State<'_> {
    fn new(matrix: Matrix) -> Self {
        Self {
            matrix,
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            thickened: false,
        }
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = self.line.translated(x, y);
        self.text = self.line;
    }
}

struct Reader<'f, 'a> {
    fonts: &'f Fonts<'a>,
    out: PageGlyphs,
    operators: usize,
    /// Width and height of the page as it is shown.
    size: (f32, f32),
}

impl<'a> Reader<'_, 'a> {
    fn run(
        &mut self,
        mut operations: TypedIter<'_>,
        resources: &Resources<'a>,
        initial: State<'a>,
        depth: u32,
    ) {
        let mut state = initial;
        let mut saved: Vec<State<'a>> = Vec::new();
        while let Some(operation) = operations.next() {
            self.operators += 1;
            if self.operators > MOST_OPERATORS {
                self.out.cut = true;
                return;
            }
            match operation {
                TypedInstruction::SaveState(_) if saved.len() < 256 => saved.push(state.clone()),
                TypedInstruction::RestoreState(_) => {
                    if let Some(earlier) = saved.pop() {
                        state = earlier;
                    }
                }
                TypedInstruction::Transform(m) => {
                    state.matrix = Matrix::of([&m.0, &m.1, &m.2, &m.3, &m.4, &m.5]).then(state.matrix);
                }
                TypedInstruction::BeginText(_) => {
                    state.text = Matrix::IDENTITY;
                    state.line = Matrix::IDENTITY;
                }
                TypedInstruction::CharacterSpacing(n) => state.character_spacing = n.0.as_f64(),
                TypedInstruction::WordSpacing(n) => state.word_spacing = n.0.as_f64(),
                TypedInstruction::HorizontalScaling(n) => state.scale = n.0.as_f64() / 100.0,
                TypedInstruction::TextLeading(n) => state.leading = n.0.as_f64(),
                TypedInstruction::TextRenderingMode(n) => state.thickened = n.0.as_f64() == 2.0,
                TypedInstruction::TextRise(n) => state.rise = n.0.as_f64(),
                TypedInstruction::TextFont(f) => {
                    state.font = resources.get_font(f.0).and_then(|dict| self.fonts.load(&dict));
                    state.size = f.1.as_f64();
                }
                TypedInstruction::NextLine(n) => state.next_line(n.0.as_f64(), n.1.as_f64()),
                TypedInstruction::NextLineAndSetLeading(n) => {
                    state.leading = -n.1.as_f64();
                    state.next_line(n.0.as_f64(), n.1.as_f64());
                }
                TypedInstruction::NextLineUsingLeading(_) => state.next_line(0.0, -state.leading),
                TypedInstruction::SetTextMatrix(m) => {
                    state.line = Matrix::of([&m.0, &m.1, &m.2, &m.3, &m.4, &m.5]);
                    state.text = state.line;
                }
                TypedInstruction::ShowText(s) => self.show(&mut state, s.0.as_bytes()),
                TypedInstruction::NextLineAndShowText(s) => {
                    state.next_line(0.0, -state.leading);
                    self.show(&mut state, s.0.as_bytes());
                }
                TypedInstruction::ShowTextWithParameters(s) => {
                    state.word_spacing = s.0.as_f64();
                    state.character_spacing = s.1.as_f64();
                    state.next_line(0.0, -state.leading);
                    self.show(&mut state, s.2.as_bytes());
                }
                TypedInstruction::ShowTexts(parts) => {
                    for part in parts.0.iter::<Object<'_>>() {
                        match part {
                            Object::String(s) => self.show(&mut state, s.as_bytes()),
                            Object::Number(n) => {
                                let shift = -n.as_f64() / 1000.0 * state.size * state.scale;
                                state.text = state.text.translated(shift, 0.0);
                            }
                            _ => {}
                        }
                    }
                }
                TypedInstruction::XObject(name) if depth < DEEPEST_FORM => {
                    if let Some(stream) = resources.get_x_object(name.0) {
                        self.form(&stream, resources, &state, depth);
                    }
                }
                _ => {}
            }
        }
    }

    fn form(&mut self, stream: &Stream<'a>, resources: &Resources<'a>, state: &State<'a>, depth: u32) {
        let dict = stream.dict();
        if dict.get::<Name<'_>>("Subtype").is_none_or(|n| n.as_str() != "Form") {
            return;
        }
        if !within(stream, self.fonts.expanded) {
            self.out.cut = true;
            return;
        }
        let Ok(content) = stream.decoded_data() else { return };
        // A form drawn again is undone again, so its size counts as work, or few operators could keep a reader busy for ever.
        self.operators += content.len() / 8;
        let own = dict.get::<Dict<'a>>("Resources").map(Resources::new);
        let mut inner = state.clone();
        if let Some(matrix) = dict.get::<[f64; 6]>("Matrix") {
            inner.matrix = Matrix(matrix).then(inner.matrix);
        }
        self.run(TypedIter::new(&content), own.as_ref().unwrap_or(resources), inner, depth + 1);
    }

    fn show(&mut self, state: &mut State<'a>, bytes: &[u8]) {
        let Some(font) = state.font.clone() else { return };
        let mut at = 0;
        while at < bytes.len() {
            let (code, length) = font.font.read_code(bytes, at);
            if length == 0 {
                return;
            }
            let (text, advance) = font.decode(code);
            let placed = Matrix([state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise])
                .then(state.text)
                .then(state.matrix);
            let wide = f64::from(advance) / 1000.0;
            // Letter spacing belongs to the letter: a heading set wide has no gaps between its letters.
            let spaced = wide + (state.character_spacing / state.size).clamp(-0.5, 0.5);
            match text {
                Some(text) => {
                    self.place(&placed, &text, if spaced.is_finite() { spaced } else { wide }, state, &font);
                }
                None => self.out.unmapped += 1,
            }
            // Word spacing applies to the single-byte code 32 only (ISO 32000-1 §9.3.3).
            let word = if length == 1 && bytes[at] == 32 { state.word_spacing } else { 0.0 };
            let shift = (wide * state.size + state.character_spacing + word) * state.scale;
            state.text = state.text.translated(shift, 0.0);
            at += length;
        }
    }

    #[expect(
        clippy::many_single_char_names,
        reason = "the standard names the six numbers of a matrix by letter"
    )]
    fn place(&mut self, placed: &Matrix, text: &str, wide: f64, state: &State<'_>, font: &LoadedFont<'_>) {
        let [a, b, c, d, x, y] = placed.0;
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        // What is drawn off the page (printers' marks, text hidden there) is not printed on it.
        if !(-2.0..=width + 2.0).contains(&x) || !(-2.0..=height + 2.0).contains(&y) {
            return;
        }
        let size = (c.hypot(d) * 10.0).round() as f32 / 10.0;
        let direction = direction(a, b);
        let (x, y) = match direction {
            Direction::Right | Direction::Slanted => (x, y),
            Direction::Down => (y, width - x),
            Direction::Left => (width - x, height - y),
            Direction::Up => (height - y, x),
        };
        let left = x as f32;
        let count = text.chars().count().max(1) as f32;
        let step = (wide * a.hypot(b)) as f32 / count;
        // Letters slanted by the matrix are how producers make an italic of a face that has none.
        let slanted = (a * c + b * d).abs() > 0.15 * a.hypot(b) * c.hypot(d);
        let face = Face { bold: font.bold || state.thickened, italic: font.italic || slanted, size };
        for (index, character) in text.chars().enumerate() {
            self.out.glyphs.push(Glyph {
                character,
                left: left + step * index as f32,
                right: left + step * (index + 1) as f32,
                baseline: y as f32,
                face,
                direction,
            });
        }
    }
}

fn direction(a: f64, b: f64) -> Direction {
    if b.abs() <= 0.1 * a.abs() {
        if a >= 0.0 { Direction::Right } else { Direction::Left }
    } else if a.abs() <= 0.1 * b.abs() {
        if b > 0.0 { Direction::Down } else { Direction::Up }
    } else {
        Direction::Slanted
    }
}

impl LoadedFont<'_> {
    fn decode(&self, code: u32) -> Decoded {
        if let Some(known) = self.codes.borrow().get(&code) {
            return known.clone();
        }
        let unicode = match self.font.glyph(self.font.map_code(code), code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let text: Option<Rc<str>> = unicode.map(|u| match u {
            BfString::Char(c) => Rc::from(c.to_string()),
            BfString::String(s) => Rc::from(s),
        });
        // A map to nothing but controls says as little as no map at all.
        let text = text.filter(|t| !t.is_empty() && !t.chars().all(|c| c == '\0' || c == '\u{fffd}'));
        let decoded = (text, self.font.code_advance(code).x as f32);
        self.codes.borrow_mut().insert(code, decoded.clone());
        decoded
    }
}
