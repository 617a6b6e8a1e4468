//! DOCX: `WordprocessingML` (ECMA-376, part 1) to blocks, with the labels that its lists show and the faces its styles give.
//!
//! Inserted text is read and deleted text is not, which a finding says; comments stand after the body.

use std::collections::HashMap;

use candour_record::{Finding, MediaKind, Severity};

use crate::assemble::{Draft, DraftLine, Words, assemble};
use crate::error::ReadingError;
use crate::label::{numeral, paragraph_kind};
use crate::limits::Limits;
use crate::model::{About, BlockKind, Face, Reading};
use crate::office::{Element, Package};

pub(crate) fn read(mut package: Package<'_>, name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let mut findings = Vec::new();
    let Some(document) = package.xml("word/document.xml", &mut findings)? else {
        return Err(ReadingError::DamagedArchive { name: name.to_owned() });
    };
    let styles = package.xml("word/styles.xml", &mut findings)?.unwrap_or_default();
    let numbering = package.xml("word/numbering.xml", &mut findings)?.unwrap_or_default();
    let footnotes = package.xml("word/footnotes.xml", &mut findings)?.unwrap_or_default();
    let endnotes = package.xml("word/endnotes.xml", &mut findings)?.unwrap_or_default();
    let mut walk = Walk {
        styles: Styles::read(&styles),
        lists: Lists::read(&numbering),
        drafts: Vec::new(),
        notes: Vec::new(),
        page: 1,
        begun: None,
        tables: 0,
        inserted: 0,
        deleted: 0,
        boxes: Vec::new(),
        depth: 0,
    };
    walk.blocks(document.child("body").unwrap_or(&document));
    for (kind, id) in std::mem::take(&mut walk.notes) {
        let notes = if kind == "footnoteReference" { &footnotes } else { &endnotes };
        let note = notes.children().find(|n| n.attribute("id") == Some(id.as_str()));
        if let Some(note) = note {
            walk.around(note, &BlockKind::Footnote);
        }
    }
    for member in package.members() {
        let part = member.strip_prefix("word/").and_then(|m| m.strip_suffix(".xml"));
        let is_head = part.is_some_and(|p| p.starts_with("header") || p.starts_with("footer"));
        if is_head && let Some(part) = package.xml(&member, &mut findings)? {
            walk.around(&part, &BlockKind::RunningHead);
        }
    }
    if walk.inserted + walk.deleted > 0 {
        let message = format!(
            "{name}: holds tracked changes; {} insertions were read as text and {} deletions were left out",
            walk.inserted, walk.deleted
        );
        findings.push(Finding::new(Severity::Warning, "tracked_changes", message));
    }
    if let Some(comments) = package.xml("word/comments.xml", &mut findings)? {
        for comment in comments.children().filter(|c| c.name == "comment") {
            walk.around(comment, &BlockKind::Comment);
        }
    }
    let about = about(&mut package, &mut findings)?;
    let last = walk.page;
    let assembled = assemble(walk.drafts, limits.characters);
    let pages = assembled.pages(last, limits.pages);
    Ok(Reading::new(MediaKind::Docx, assembled, pages, about, findings))
}

fn about(package: &mut Package<'_>, findings: &mut Vec<Finding>) -> Result<About, ReadingError> {
    let core = package.xml("docProps/core.xml", findings)?.unwrap_or_default();
    let app = package.xml("docProps/app.xml", findings)?.unwrap_or_default();
    let said = |root: &Element, name: &str| {
        root.find(name).map(|e| e.text().trim().to_owned()).filter(|t| !t.is_empty())
    };
    Ok(About {
        title: said(&core, "title"),
        producer: said(&app, "Application"),
        language: said(&core, "language"),
    })
}

/// Deepest nesting of tables, boxes and content controls followed.
const DEEPEST: u32 = 40;

struct Walk {
    styles: Styles,
    lists: Lists,
    drafts: Vec<Draft>,
    /// Notes in the order in which the text points to them.
    notes: Vec<(String, String)>,
    page: u32,
    /// The page on which the paragraph being read has its first word.
    begun: Option<u32>,
    tables: u32,
    inserted: usize,
    deleted: usize,
    /// Text boxes of the paragraph being read; they follow it.
    boxes: Vec<Element>,
    depth: u32,
}

impl Walk {
    fn blocks(&mut self, parent: &Element) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        for element in parent.children() {
            match element.name.as_str() {
                "p" => {
                    self.paragraph(element);
                    for text_box in std::mem::take(&mut self.boxes) {
                        self.blocks(&text_box);
                    }
                }
                "tbl" => self.table(element),
                "sdt" => self.blocks(element.child("sdtContent").unwrap_or(element)),
                "ins" | "customXml" | "smartTag" | "moveTo" => self.blocks(element),
                "del" | "moveFrom" => self.deleted += 1,
                _ => {}
            }
        }
        self.depth -= 1;
    }

    fn paragraph(&mut self, paragraph: &Element) {
        let properties = paragraph.child("pPr");
        let style = properties.and_then(|p| p.child("pStyle")).and_then(|s| s.attribute("val")).unwrap_or("");
        if properties.is_some_and(|p| on(p.child("pageBreakBefore")) == Some(true)) {
            self.page += 1;
        }
        let shown = self.list_label(properties, style);
        let mut words = Words::default();
        let base = self.styles.face(style);
        if let Some((label, _)) = &shown {
            words.push(label, base);
            words.push(" ", base);
        }
        self.begun = None;
        let before = self.page;
        self.runs(paragraph, base, &mut words);
        // A break at its head turns the page before its first word.
        let line = words.line(self.begun.unwrap_or(before));
        if line.text.is_empty() {
            return;
        }
        let outline = properties
            .and_then(|p| p.child("outlineLvl"))
            .and_then(|o| o.attribute("val"))
            .and_then(|v| v.parse::<u8>().ok())
            .filter(|l| *l < 9)
            .or_else(|| self.styles.outline(style));
        let kind = match (outline, shown) {
            (Some(level), _) => BlockKind::Heading((level + 1).min(6)),
            (None, Some((label, depth))) => BlockKind::ListItem { label, depth },
            (None, None) if self.styles.quotes(style) => BlockKind::Quotation,
            (None, None) => paragraph_kind(&line.text),
        };
        self.drafts.push(Draft { kind, lines: vec![line] });
    }

    /// The label a list gives a paragraph, and how deep it stands.
    fn list_label(&mut self, properties: Option<&Element>, style: &str) -> Option<(String, u8)> {
        let own = properties.and_then(|p| p.child("numPr"));
        let value =
            |e: &Element, name: &str| e.child(name).and_then(|c| c.attribute("val")).map(str::to_owned);
        let (number, level) = match own {
            Some(own) => {
                let inherited = self.styles.numbering(style);
                let number = value(own, "numId").or_else(|| inherited.as_ref().map(|i| i.0.clone()))?;
                let level =
                    value(own, "ilvl").and_then(|l| l.parse().ok()).or(inherited.map(|i| i.1)).unwrap_or(0);
                (number, level)
            }
            None => self.styles.numbering(style)?,
        };
        // Number 0 takes a paragraph out of its list (ECMA-376, part 1, 17.9.18).
        if number == "0" {
            return None;
        }
        let shown = self.lists.next(&number, level)?;
        (!shown.trim().is_empty()).then(|| (shown.trim().to_owned(), level.min(8)))
    }

    fn runs(&mut self, parent: &Element, base: Face, words: &mut Words) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        for element in parent.children() {
            match element.name.as_str() {
                "r" => self.run(element, base, words),
                "ins" | "moveTo" => {
                    self.inserted += 1;
                    self.runs(element, base, words);
                }
                "del" | "moveFrom" => self.deleted += 1,
                "hyperlink" | "smartTag" | "sdtContent" | "fldSimple" | "customXml" | "dir" | "bdo" => {
                    self.runs(element, base, words);
                }
                "sdt" => self.runs(element.child("sdtContent").unwrap_or(element), base, words),
                _ => {}
            }
        }
        self.depth -= 1;
    }

    fn run(&mut self, run: &Element, base: Face, words: &mut Words) {
        let mut face = base;
        if let Some(properties) = run.child("rPr") {
            if let Some(style) = properties.child("rStyle").and_then(|s| s.attribute("val")) {
                let own = self.styles.face(style);
                face.bold ^= own.bold;
                face.italic ^= own.italic;
            }
            face = with(face, properties);
            if on(properties.child("vanish")) == Some(true) {
                return;
            }
        }
        for element in run.children() {
            match element.name.as_str() {
                "t" => {
                    self.begun.get_or_insert(self.page);
                    words.push(&element.text(), face);
                }
                "tab" | "br" | "cr" => {
                    words.push(" ", face);
                    if element.attribute("type") == Some("page") {
                        self.page += 1;
                    }
                }
                "lastRenderedPageBreak" => self.page += 1,
                "noBreakHyphen" => words.push("-", face),
                "footnoteReference" | "endnoteReference" => {
                    if let Some(id) = element.attribute("id") {
                        self.notes.push((element.name.clone(), id.to_owned()));
                    }
                }
                "drawing" | "pict" => self.text_boxes(element),
                // The same picture stands twice, for newer and older programs; the first is enough.
                "AlternateContent" => {
                    if let Some(choice) = element.child("Choice") {
                        self.text_boxes(choice);
                    }
                }
                _ => {}
            }
        }
    }

    fn text_boxes(&mut self, element: &Element) {
        let mut found = Vec::new();
        element.all("txbxContent", &mut found);
        self.boxes.extend(found.into_iter().cloned());
    }

    fn table(&mut self, table: &Element) {
        let number = self.tables;
        self.tables += 1;
        let mut rows = Vec::new();
        table.all("tr", &mut rows);
        for (row, cells) in rows.into_iter().enumerate() {
            let mut column = 0;
            let mut all = Vec::new();
            cells.all("tc", &mut all);
            for cell in all {
                let properties = cell.child("tcPr");
                let span = properties
                    .and_then(|p| p.child("gridSpan"))
                    .and_then(|s| s.attribute("val"))
                    .and_then(|v| v.parse::<u32>().ok())
                    .unwrap_or(1)
                    .clamp(1, 1_000);
                // A cell runs on from the row above only where it does not begin anew.
                let goes_on = properties
                    .and_then(|p| p.child("vMerge"))
                    .is_some_and(|m| m.attribute("val") != Some("restart"));
                if !goes_on {
                    let before = self.drafts.len();
                    self.blocks(cell);
                    let lines: Vec<DraftLine> = self.drafts.drain(before..).flat_map(|d| d.lines).collect();
                    if !lines.is_empty() {
                        let kind = BlockKind::Cell { row: row as u32, column, table: number };
                        self.drafts.push(Draft { kind, lines });
                    }
                }
                column += span;
            }
        }
    }

    /// Reads a note or a running head, whose paragraphs stand after the body.
    fn around(&mut self, part: &Element, kind: &BlockKind) {
        let before = self.drafts.len();
        self.blocks(part);
        for draft in &mut self.drafts[before..] {
            draft.kind = kind.clone();
        }
    }
}

/// Whether a property is switched on, off, or not said (ECMA-376, part 1, 17.17.4).
fn on(property: Option<&Element>) -> Option<bool> {
    property.map(|p| !matches!(p.attribute("val"), Some("0" | "false" | "off" | "none")))
}

/// A face with what run properties say of it.
fn with(mut face: Face, properties: &Element) -> Face {
    if let Some(bold) = on(properties.child("b")) {
        face.bold = bold;
    }
    if let Some(italic) = on(properties.child("i")) {
        face.italic = italic;
    }
    if let Some(half_points) =
        properties.child("sz").and_then(|s| s.attribute("val")).and_then(|v| v.parse::<f32>().ok())
    {
        face.size = half_points / 2.0;
    }
    face
}

#[derive(Debug, Clone, Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    bold: Option<bool>,
    italic: Option<bool>,
    size: Option<f32>,
    outline: Option<u8>,
    numbering: Option<(Option<String>, u8)>,
}

struct Styles {
    by_id: HashMap<String, Style>,
    usual: Face,
    /// The style of paragraphs that name none.
    default: String,
}

impl Styles {
    fn read(root: &Element) -> Self {
        let usual = root
            .find("rPrDefault")
            .and_then(|d| d.child("rPr"))
            .map_or(Face::default(), |p| with(Face::default(), p));
        let mut by_id = HashMap::new();
        let mut default = String::new();
        for style in root.children().filter(|e| e.name == "style") {
            let Some(id) = style.attribute("styleId") else { continue };
            let value = |name: &str| style.child(name).and_then(|e| e.attribute("val")).map(str::to_owned);
            let run = style.child("rPr");
            let paragraph = style.child("pPr");
            let number = paragraph.and_then(|p| p.child("numPr"));
            let of =
                |e: &Element, name: &str| e.child(name).and_then(|c| c.attribute("val")).map(str::to_owned);
            if style.attribute("type") == Some("paragraph")
                && matches!(style.attribute("default"), Some("1" | "true"))
            {
                id.clone_into(&mut default);
            }
            by_id.insert(
                id.to_owned(),
                Style {
                    name: value("name").unwrap_or_default().to_lowercase(),
                    based_on: value("basedOn"),
                    bold: run.and_then(|r| on(r.child("b"))),
                    italic: run.and_then(|r| on(r.child("i"))),
                    size: run
                        .and_then(|r| of(r, "sz"))
                        .and_then(|v| v.parse::<f32>().ok())
                        .map(|half_points| half_points / 2.0),
                    outline: paragraph
                        .and_then(|p| of(p, "outlineLvl"))
                        .and_then(|v| v.parse::<u8>().ok())
                        .filter(|l| *l < 9),
                    numbering: number
                        .map(|n| (of(n, "numId"), of(n, "ilvl").and_then(|l| l.parse().ok()).unwrap_or(0))),
                },
            );
        }
        Self { by_id, usual, default }
    }

    /// A style and those it is based on, nearest first.
    fn chain<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s Style> {
        const LONGEST: usize = 20;
        let first = if id.is_empty() { self.default.as_str() } else { id };
        std::iter::successors(self.by_id.get(first), |style| {
            style.based_on.as_ref().and_then(|base| self.by_id.get(base))
        })
        .take(LONGEST)
    }

    fn face(&self, id: &str) -> Face {
        Face {
            bold: self.chain(id).find_map(|s| s.bold).unwrap_or(self.usual.bold),
            italic: self.chain(id).find_map(|s| s.italic).unwrap_or(self.usual.italic),
            size: self.chain(id).find_map(|s| s.size).unwrap_or(self.usual.size),
        }
    }

    fn outline(&self, id: &str) -> Option<u8> {
        self.chain(id).find_map(|s| {
            let named = s.name.strip_prefix("heading ").and_then(|n| n.trim().parse::<u8>().ok());
            s.outline
                .or_else(|| named.map(|n| n.saturating_sub(1)))
                .or_else(|| (s.name == "title").then_some(0))
        })
    }

    fn numbering(&self, id: &str) -> Option<(String, u8)> {
        self.chain(id).find_map(|s| {
            let (number, level) = s.numbering.as_ref()?;
            number.clone().map(|n| (n, *level))
        })
    }

    fn quotes(&self, id: &str) -> bool {
        self.chain(id).any(|s| matches!(s.name.as_str(), "quote" | "intense quote" | "block text"))
    }
}

/// One level of a list: how its number is written, the text around it, and where it begins.
#[derive(Debug, Clone)]
struct Level {
    format: String,
    text: String,
    start: u32,
}

/// Lists, and how far each has counted.
#[derive(Debug, Default)]
struct Lists {
    levels: HashMap<String, Vec<Level>>,
    /// For each list its abstract definition and the levels it starts anew.
    numbers: HashMap<String, (String, HashMap<u8, u32>)>,
    /// Counters of each abstract definition: lists of one definition count on.
    counters: HashMap<String, Vec<Option<u32>>>,
    begun: std::collections::HashSet<String>,
}

impl Lists {
    fn read(root: &Element) -> Self {
        let mut lists = Self::default();
        let value =
            |e: &Element, name: &str| e.child(name).and_then(|c| c.attribute("val")).map(str::to_owned);
        for definition in root.children().filter(|e| e.name == "abstractNum") {
            let Some(id) = definition.attribute("abstractNumId") else { continue };
            let levels = definition
                .children()
                .filter(|e| e.name == "lvl")
                .take(9)
                .map(|level| Level {
                    format: value(level, "numFmt").unwrap_or_else(|| "decimal".to_owned()),
                    text: value(level, "lvlText").unwrap_or_default(),
                    start: value(level, "start").and_then(|s| s.parse().ok()).unwrap_or(1),
                })
                .collect();
            lists.levels.insert(id.to_owned(), levels);
        }
        for number in root.children().filter(|e| e.name == "num") {
            let (Some(id), Some(definition)) = (number.attribute("numId"), value(number, "abstractNumId"))
            else {
                continue;
            };
            let starts = number
                .children()
                .filter(|e| e.name == "lvlOverride")
                .filter_map(|o| {
                    let level = o.attribute("ilvl")?.parse().ok()?;
                    Some((level, value(o, "startOverride")?.parse().ok()?))
                })
                .collect();
            lists.numbers.insert(id.to_owned(), (definition, starts));
        }
        lists
    }

    /// Counts on and gives the label: `2.1`, `(b)`, `•`.
    fn next(&mut self, number: &str, level: u8) -> Option<String> {
        let (definition, starts) = self.numbers.get(number)?.clone();
        let levels = self.levels.get(&definition)?;
        let own = levels.get(usize::from(level))?.clone();
        let counters = self.counters.entry(definition).or_insert_with(|| vec![None; 9]);
        if self.begun.insert(number.to_owned()) {
            for (level, start) in &starts {
                if let Some(counter) = counters.get_mut(usize::from(*level)) {
                    *counter = start.checked_sub(1).filter(|s| *s > 0);
                    if *start <= 1 {
                        *counter = None;
                    }
                }
            }
        }
        if own.format == "bullet" {
            return Some("•".to_owned());
        }
        let at = usize::from(level);
        let count = counters.get(at).copied().flatten().map_or(own.start, |n| n.saturating_add(1));
        *counters.get_mut(at)? = Some(count);
        for deeper in counters.iter_mut().skip(at + 1) {
            *deeper = None;
        }
        let mut shown = own.text.clone();
        for (index, level) in levels.iter().enumerate().take(9) {
            let count = counters.get(index).copied().flatten().unwrap_or(level.start);
            shown = shown.replace(&format!("%{}", index + 1), &numeral(count, &level.format));
        }
        // A label is short; one that is not is text that a template put there.
        (shown.chars().count() <= 40).then_some(shown)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write as _;

    /// A DOCX made of a document's body and, where given, its styles and lists.
    pub(crate) fn made(members: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, text) in members {
            archive.start_file(*name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    const STYLES: &str = r#"<w:styles xmlns:w="w"><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="My heading"/><w:basedOn w:val="H1"/></w:style></w:styles>"#;
    const LISTS: &str = r#"<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="5">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num></w:numbering>"#;

    fn item(level: u8, text: &str) -> String {
        format!(
            r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#
        )
    }

    fn read(body: &str) -> Reading {
        let document = format!(r#"<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
        let bytes = made(&[
            ("[Content_Types].xml", "<Types/>"),
            ("word/document.xml", &document),
            ("word/styles.xml", STYLES),
            ("word/numbering.xml", LISTS),
            (
                "word/footnotes.xml",
                r#"<w:footnotes xmlns:w="w"><w:footnote w:id="2"><w:p><w:r><w:t>The note.</w:t></w:r></w:p></w:footnote></w:footnotes>"#,
            ),
            ("docProps/core.xml", "<cp xmlns:dc='d'><dc:title>The Report</dc:title></cp>"),
        ]);
        crate::read(&bytes, "report.docx", &Limits::default()).unwrap()
    }

    #[test]
    fn headings_lists_and_faces() {
        let reading = read(&format!(
            r#"<w:p><w:pPr><w:pStyle w:val="Mine"/></w:pPr><w:r><w:t>Recommendations</w:t></w:r></w:p>{}{}{}{}<w:p><w:r><w:t xml:space="preserve">Plain and </w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>slanted</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>"#,
            item(0, "The Board should:"),
            item(1, "publish;"),
            item(1, "report."),
            item(0, "The Council should meet."),
        ));
        assert_eq!(reading.media, MediaKind::Docx);
        assert_eq!(reading.about.title.as_deref(), Some("The Report"));
        assert_eq!(
            reading.text,
            "Recommendations\n\n1. The Board should:\n\n(a) publish;\n\n(b) report.\n\n2. The Council should meet.\n\nPlain and slanted.\n\nThe note."
        );
        assert_eq!(reading.blocks[0].kind, BlockKind::Heading(1));
        assert!(reading.blocks[0].runs[0].face.bold && reading.blocks[0].runs[0].face.size == 11.0);
        assert_eq!(reading.blocks[2].kind, BlockKind::ListItem { label: "(a)".into(), depth: 1 });
        let italic = reading.blocks[5].runs.iter().find(|r| r.face.italic).map(|r| reading.slice(r.span));
        assert_eq!(italic, Some("slanted"));
        assert_eq!(reading.blocks[6].kind, BlockKind::Footnote);
    }

    #[test]
    fn tables_changes_and_pages() {
        let reading = read(
            r#"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>One</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Two</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:t>It </w:t></w:r><w:ins><w:r><w:t>was </w:t></w:r></w:ins><w:del><w:r><w:delText>is </w:delText></w:r></w:del><w:r><w:t>done.</w:t></w:r></w:p><w:p><w:r><w:br w:type="page"/><w:t>Next page.</w:t></w:r></w:p>"#,
        );
        assert_eq!(reading.blocks[1].kind, BlockKind::Cell { row: 0, column: 1, table: 0 });
        assert!(reading.body().contains("It was done.") && !reading.text.contains("is done"));
        assert!(reading.findings.iter().any(|f| f.code == "tracked_changes"));
        assert_eq!((reading.pages.len(), reading.blocks[3].page), (2, 2));
    }

    #[test]
    fn comments_stand_after_the_body() {
        let bytes = made(&[
            (
                "word/document.xml",
                "<w:document><w:body><w:p><w:r><w:t>It was done.</w:t></w:r></w:p></w:body></w:document>",
            ),
            (
                "word/comments.xml",
                r#"<w:comments><w:comment w:id="0" w:author="A"><w:p><w:r><w:t>By whom?</w:t></w:r></w:p></w:comment></w:comments>"#,
            ),
        ]);
        let reading = crate::read(&bytes, "a.docx", &Limits::default()).unwrap();
        assert_eq!((reading.body(), reading.text.as_str()), ("It was done.", "It was done.\n\nBy whom?"));
        assert_eq!(reading.blocks[1].kind, BlockKind::Comment);
    }

    #[test]
    fn a_small_file_that_expands_far_is_refused() {
        let body = format!(
            "<w:document><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>",
            "x".repeat(4_000_000)
        );
        let bytes = made(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", &body)]);
        assert!(bytes.len() < 20_000);
        let limits = Limits { expanded: 1 << 20, ..Limits::default() };
        assert!(matches!(crate::read(&bytes, "a.docx", &limits), Err(ReadingError::ExpandsTooFar { .. })));
    }
}
