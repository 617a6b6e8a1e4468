//! ODT: `OpenDocument` text (ISO/IEC 26300, part 1) to blocks, with the labels that its lists show and the faces its styles give.
//!
//! Deleted text of tracked changes is not read, which a finding says; comments stand after the body.

use std::collections::HashMap;

use candour_record::{Finding, MediaKind, Severity};

use crate::assemble::{Draft, DraftLine, Words, assemble};
use crate::error::ReadingError;
use crate::label::{numeral, paragraph_kind};
use crate::limits::Limits;
use crate::model::{About, BlockKind, Face, Reading};
use crate::office::{Element, Node, Package};

pub(crate) fn read(mut package: Package<'_>, name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let mut findings = Vec::new();
    let manifest = package.xml("META-INF/manifest.xml", &mut findings)?.unwrap_or_default();
    if manifest.find("encryption-data").is_some() {
        return Err(ReadingError::Encrypted { name: name.to_owned() });
    }
    let Some(content) = package.xml("content.xml", &mut findings)? else {
        return Err(ReadingError::DamagedArchive { name: name.to_owned() });
    };
    let styles = package.xml("styles.xml", &mut findings)?.unwrap_or_default();
    let mut walk = Walk {
        styles: Styles::read(&[&styles, &content]),
        drafts: Vec::new(),
        around: Vec::new(),
        boxes: Vec::new(),
        lists: Vec::new(),
        counted: HashMap::new(),
        last_list: None,
        headings: [0; LEVELS],
        page: 1,
        tables: 0,
        deleted: 0,
        depth: 0,
    };
    if let Some(text) = content.child("body").and_then(|b| b.child("text")) {
        walk.blocks(text);
    }
    let mut heads = Vec::new();
    for part in ["header", "footer", "header-first", "footer-first", "header-left", "footer-left"] {
        styles.all(part, &mut heads);
    }
    for head in heads {
        walk.aside(head, &BlockKind::RunningHead);
    }
    if walk.deleted > 0 {
        let message = format!(
            "{name}: holds tracked changes; insertions were read as text and {} deletions were left out",
            walk.deleted
        );
        findings.push(Finding::new(Severity::Warning, "tracked_changes", message));
    }
    let meta = package.xml("meta.xml", &mut findings)?.unwrap_or_default();
    let said =
        |name: &str| meta.find(name).map(|e| e.text().trim().to_owned()).filter(|text| !text.is_empty());
    let about = About { title: said("title"), producer: said("generator"), language: said("language") };
    walk.drafts.append(&mut walk.around);
    let assembled = assemble(walk.drafts, limits.characters);
    let pages = assembled.pages(walk.page, limits.pages);
    Ok(Reading::new(MediaKind::Odt, assembled, pages, about, findings))
}

/// Deepest nesting of sections, lists, tables and spans followed.
const DEEPEST: u32 = 60;
/// Levels of headings and lists (ISO/IEC 26300, part 1, 19.844 allows ten).
const LEVELS: usize = 10;

struct Walk {
    styles: Styles,
    drafts: Vec<Draft>,
    /// Notes and running heads, which stand after the body.
    around: Vec<Draft>,
    /// Text boxes of the paragraph being read; they follow it.
    boxes: Vec<Element>,
    /// Open lists, outermost first.
    lists: Vec<OpenList>,
    /// How far a list with an identifier has counted, for those that count on.
    counted: HashMap<String, u32>,
    last_list: Option<(String, u32)>,
    headings: [u32; LEVELS],
    page: u32,
    tables: u32,
    deleted: usize,
    depth: u32,
}

struct OpenList {
    style: String,
    number: u32,
    /// The label of the item that was just begun, until its first paragraph takes it.
    label: Option<String>,
}

impl Walk {
    fn blocks(&mut self, parent: &Element) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        for element in parent.children() {
            match element.name.as_str() {
                "p" => self.paragraph(element, None),
                "h" => {
                    let level = element
                        .attribute("outline-level")
                        .and_then(|l| l.parse().ok())
                        .unwrap_or(1)
                        .clamp(1, 10);
                    self.paragraph(element, Some(level));
                }
                "list" => self.list(element),
                "table" => self.table(element),
                "tracked-changes" => {
                    self.deleted += element.children().filter(|c| c.find("deletion").is_some()).count();
                }
                "soft-page-break" => self.page += 1,
                "frame" => self.text_boxes(element),
                // Sections, indexes and their bodies, forms of numbered paragraphs.
                "section" | "index-body" | "index-title" | "table-of-content" | "numbered-paragraph"
                | "alphabetical-index" | "illustration-index" | "table-index" | "bibliography"
                | "user-index" => self.blocks(element),
                _ => {}
            }
            for text_box in std::mem::take(&mut self.boxes) {
                self.blocks(&text_box);
            }
        }
        self.depth -= 1;
    }

    fn paragraph(&mut self, paragraph: &Element, level: Option<u8>) {
        let style = paragraph.attribute("style-name").unwrap_or_default();
        if self.styles.breaks_before(style) {
            self.page += 1;
        }
        let page = self.page;
        let base = self.styles.face("paragraph", style, Face::default());
        let label = match level {
            Some(level) => self.heading_label(level),
            None => self.lists.last_mut().and_then(|l| l.label.take()),
        };
        let mut words = Words::default();
        if let Some(label) = &label {
            words.push(label, base);
            words.push(" ", base);
        }
        self.inline(paragraph, base, &mut words);
        let line = words.line(page);
        // A label alone is an item that holds nothing but what follows it.
        if line.text.is_empty() || label.as_ref().is_some_and(|l| l == &line.text) {
            return;
        }
        let kind = match (level, label) {
            (Some(level), _) => BlockKind::Heading(level.min(6)),
            (None, Some(label)) => {
                BlockKind::ListItem { label, depth: self.lists.len().saturating_sub(1).min(8) as u8 }
            }
            (None, None) if self.styles.quotes(style) => BlockKind::Quotation,
            (None, None) => match self.styles.outline(style) {
                Some(level) => BlockKind::Heading(level.clamp(1, 6)),
                None => paragraph_kind(&line.text),
            },
        };
        self.drafts.push(Draft { kind, lines: vec![line] });
    }

    /// Counts a heading and gives the number it shows, where headings are numbered.
    fn heading_label(&mut self, level: u8) -> Option<String> {
        let at = usize::from(level) - 1;
        let levels = self.styles.outline_levels.clone();
        let own = levels.get(&level)?;
        self.headings[at] =
            if self.headings[at] == 0 { own.start } else { self.headings[at].saturating_add(1) };
        for deeper in self.headings.iter_mut().skip(at + 1) {
            *deeper = 0;
        }
        shown(own, level, |l| {
            let format = levels.get(&l).map(|o| o.format.as_str()).unwrap_or_default();
            (self.headings[usize::from(l) - 1].max(1), format.to_owned())
        })
    }

    fn list(&mut self, list: &Element) {
        let own = list.attribute("style-name").map(str::to_owned);
        let style = own.or_else(|| self.lists.last().map(|l| l.style.clone())).unwrap_or_default();
        let outermost = self.lists.is_empty();
        let goes_on = match list.attribute("continue-list") {
            Some(of) => self.counted.get(of).copied(),
            None if outermost && list.attribute("continue-numbering") == Some("true") => {
                self.last_list.as_ref().filter(|(of, _)| *of == style).map(|(_, number)| *number)
            }
            None => None,
        };
        let level = (self.lists.len() + 1).min(LEVELS) as u8;
        let start = self.styles.level(&style, level).map_or(1, |l| l.start);
        let number = goes_on.unwrap_or(start.saturating_sub(1));
        self.lists.push(OpenList { style, number, label: None });
        for item in list.children() {
            match item.name.as_str() {
                "list-item" => {
                    let restart = item.attribute("start-value").and_then(|v| v.parse::<u32>().ok());
                    if let Some(open) = self.lists.last_mut() {
                        open.number = restart.unwrap_or_else(|| open.number.saturating_add(1));
                    }
                    let label = self.item_label(level);
                    if let Some(open) = self.lists.last_mut() {
                        open.label = label;
                    }
                    self.blocks(item);
                }
                "list-header" => self.blocks(item),
                _ => {}
            }
        }
        if let Some(done) = self.lists.pop() {
            if let Some(id) = list.attribute("id") {
                self.counted.insert(id.to_owned(), done.number);
            }
            if outermost {
                self.last_list = Some((done.style, done.number));
            }
        }
    }

    fn item_label(&self, level: u8) -> Option<String> {
        let style = &self.lists.last()?.style;
        let own = self.styles.level(style, level)?;
        if let Some(bullet) = &own.bullet {
            return Some(bullet.clone());
        }
        shown(own, level, |l| {
            let format = self.styles.level(style, l).map(|o| o.format.clone()).unwrap_or_default();
            (self.lists.get(usize::from(l) - 1).map_or(1, |open| open.number), format)
        })
    }

    fn inline(&mut self, parent: &Element, base: Face, words: &mut Words) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        for node in &parent.nodes {
            let element = match node {
                Node::Text(text) => {
                    words.push(text, base);
                    continue;
                }
                Node::Element(element) => element,
            };
            match element.name.as_str() {
                "span" => {
                    let style = element.attribute("style-name").unwrap_or_default();
                    let face = self.styles.face("text", style, base);
                    self.inline(element, face, words);
                }
                "s" | "tab" | "line-break" => words.push(" ", base),
                "soft-page-break" => self.page += 1,
                "note" => {
                    let kind = BlockKind::Footnote;
                    if let Some(body) = element.child("note-body") {
                        self.aside(body, &kind);
                    }
                }
                "annotation" => self.aside(element, &BlockKind::Comment),
                "annotation-end" | "ruby-text" => {}
                "frame" => self.text_boxes(element),
                _ => self.inline(element, base, words),
            }
        }
        self.depth -= 1;
    }

    fn text_boxes(&mut self, element: &Element) {
        let mut found = Vec::new();
        element.all("text-box", &mut found);
        self.boxes.extend(found.into_iter().cloned());
    }

    /// Reads a note or a running head, outside of the lists it stands in.
    fn aside(&mut self, part: &Element, kind: &BlockKind) {
        let before = self.drafts.len();
        let lists = std::mem::take(&mut self.lists);
        self.blocks(part);
        self.lists = lists;
        let drafts = self.drafts.split_off(before);
        self.around.extend(drafts.into_iter().map(|d| Draft { kind: kind.clone(), ..d }));
    }

    fn table(&mut self, table: &Element) {
        let number = self.tables;
        self.tables += 1;
        let lists = std::mem::take(&mut self.lists);
        let mut rows = Vec::new();
        table.all("table-row", &mut rows);
        for (row, cells) in rows.into_iter().enumerate() {
            let mut column = 0;
            for cell in
                cells.children().filter(|c| matches!(c.name.as_str(), "table-cell" | "covered-table-cell"))
            {
                let before = self.drafts.len();
                self.blocks(cell);
                let lines: Vec<DraftLine> = self.drafts.drain(before..).flat_map(|d| d.lines).collect();
                if !lines.is_empty() {
                    let kind = BlockKind::Cell { row: row as u32, column, table: number };
                    self.drafts.push(Draft { kind, lines });
                }
                let repeated = cell.attribute("number-columns-repeated").and_then(|v| v.parse::<u32>().ok());
                column += repeated.unwrap_or(1).clamp(1, 1_000);
            }
        }
        self.lists = lists;
    }
}

/// What a level shows: its own number, those of the levels above it that it repeats, and what stands around them.
fn shown(own: &Level, level: u8, number: impl Fn(u8) -> (u32, String)) -> Option<String> {
    let first = (level + 1).saturating_sub(own.shows.max(1)).max(1);
    let numbers: Vec<String> = (first..=level)
        .map(|l| {
            let (number, format) = number(l);
            if format.is_empty() { String::new() } else { numeral(number, &format) }
        })
        .filter(|n| !n.is_empty())
        .collect();
    let label = format!("{}{}{}", own.prefix, numbers.join("."), own.suffix).trim().to_owned();
    (!own.format.is_empty() && label.chars().count() <= 40).then_some(label).filter(|l| !l.is_empty())
}

#[derive(Debug, Clone, Default)]
struct Style {
    parent: Option<String>,
    display: String,
    bold: Option<bool>,
    italic: Option<bool>,
    size: Option<f32>,
    outline: Option<u8>,
    breaks_before: Option<bool>,
}

/// One level of a list or of the headings.
#[derive(Debug, Clone, Default)]
struct Level {
    bullet: Option<String>,
    format: String,
    prefix: String,
    suffix: String,
    /// How many levels the label shows, its own among them.
    shows: u8,
    start: u32,
}

impl Level {
    fn read(element: &Element) -> Self {
        let said = |name: &str| element.attribute(name).unwrap_or_default().to_owned();
        let small = |name: &str| element.attribute(name).and_then(|v| v.parse::<u32>().ok()).unwrap_or(1);
        Self {
            bullet: (element.name == "list-level-style-bullet").then(|| "•".to_owned()),
            format: said("num-format"),
            prefix: said("num-prefix"),
            suffix: said("num-suffix"),
            shows: small("display-levels").min(LEVELS as u32) as u8,
            start: small("start-value"),
        }
    }
}

#[derive(Default)]
struct Styles {
    by_name: HashMap<(String, String), Style>,
    usual: Face,
    lists: HashMap<String, HashMap<u8, Level>>,
    outline_levels: HashMap<u8, Level>,
}

impl Styles {
    fn read(parts: &[&Element]) -> Self {
        let mut styles = Self::default();
        for part in parts {
            for group in part.children().filter(|g| matches!(g.name.as_str(), "styles" | "automatic-styles"))
            {
                for element in group.children() {
                    styles.take(element);
                }
            }
        }
        styles
    }

    fn take(&mut self, element: &Element) {
        let family = element.attribute("family").unwrap_or_default().to_owned();
        let name = element.attribute("name").unwrap_or_default().to_owned();
        let levels = |element: &Element| {
            element
                .children()
                .filter_map(|l| {
                    Some((l.attribute("level")?.parse::<u8>().ok().filter(|l| *l > 0)?, Level::read(l)))
                })
                .collect::<HashMap<_, _>>()
        };
        match element.name.as_str() {
            "default-style" if family == "paragraph" => {
                let style = style(element);
                self.usual = Face {
                    bold: style.bold.unwrap_or(false),
                    italic: style.italic.unwrap_or(false),
                    size: style.size.unwrap_or(0.0),
                };
            }
            "style" => {
                self.by_name.insert((family, name), style(element));
            }
            "list-style" => {
                self.lists.insert(name, levels(element));
            }
            "outline-style" => self.outline_levels = levels(element),
            _ => {}
        }
    }

    /// A style and those it is made from, nearest first.
    fn chain<'s>(&'s self, family: &str, name: &str) -> impl Iterator<Item = &'s Style> {
        const LONGEST: usize = 20;
        let family = family.to_owned();
        let first = self.by_name.get(&(family.clone(), name.to_owned()));
        std::iter::successors(first, move |style| self.by_name.get(&(family.clone(), style.parent.clone()?)))
            .take(LONGEST)
    }

    fn face(&self, family: &str, name: &str, base: Face) -> Face {
        let base = if family == "paragraph" { self.usual } else { base };
        Face {
            bold: self.chain(family, name).find_map(|s| s.bold).unwrap_or(base.bold),
            italic: self.chain(family, name).find_map(|s| s.italic).unwrap_or(base.italic),
            size: self.chain(family, name).find_map(|s| s.size).unwrap_or(base.size),
        }
    }

    fn outline(&self, name: &str) -> Option<u8> {
        if name == "Title" {
            return Some(1);
        }
        self.chain("paragraph", name).find_map(|s| s.outline)
    }

    fn breaks_before(&self, name: &str) -> bool {
        self.chain("paragraph", name).find_map(|s| s.breaks_before).unwrap_or(false)
    }

    fn quotes(&self, name: &str) -> bool {
        name == "Quotations" || self.chain("paragraph", name).any(|s| s.display == "Quotations")
    }

    fn level(&self, list: &str, level: u8) -> Option<&Level> {
        self.lists.get(list)?.get(&level)
    }
}

fn style(element: &Element) -> Style {
    let text = element.child("text-properties");
    let said = |name: &str| text.and_then(|t| t.attribute(name));
    let parent = element.attribute("parent-style-name").map(str::to_owned);
    Style {
        display: parent.clone().unwrap_or_default(),
        parent,
        // A weight is a word or a hundred; 600 and more is set as bold.
        bold: said("font-weight").map(|w| w == "bold" || w.parse::<u32>().is_ok_and(|w| w >= 600)),
        italic: said("font-style").map(|s| s != "normal"),
        size: said("font-size").and_then(|s| s.strip_suffix("pt")).and_then(|s| s.parse().ok()),
        outline: element.attribute("default-outline-level").and_then(|l| l.parse().ok()).filter(|l| *l > 0),
        breaks_before: element
            .child("paragraph-properties")
            .and_then(|p| p.attribute("break-before"))
            .map(|b| b == "page"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docx::tests::made;

    const STYLES: &str = r#"<o:document-styles xmlns:o="o"><o:styles>
<s:default-style s:family="paragraph"><s:text-properties f:font-size="11pt"/></s:default-style>
<s:style s:name="Heading_20_1" s:family="paragraph" s:default-outline-level="1"><s:text-properties f:font-weight="bold" f:font-size="16pt"/></s:style>
<t:outline-style s:name="Outline"><t:outline-level-style t:level="1" s:num-format="1" s:num-suffix="."/></t:outline-style>
</o:styles></o:document-styles>"#;
    const AUTOMATIC: &str = r#"<o:automatic-styles>
<s:style s:name="T1" s:family="text"><s:text-properties f:font-style="italic"/></s:style>
<s:style s:name="P1" s:family="paragraph"><s:paragraph-properties f:break-before="page"/></s:style>
<t:list-style s:name="L1"><t:list-level-style-number t:level="1" s:num-format="1" s:num-suffix="."/>
<t:list-level-style-number t:level="2" s:num-format="a" s:num-prefix="(" s:num-suffix=")"/></t:list-style>
<t:list-style s:name="L2"><t:list-level-style-number t:level="1" s:num-format="1"/><t:list-level-style-number t:level="2" s:num-format="1" t:display-levels="2"/></t:list-style>
</o:automatic-styles>"#;

    fn read(body: &str) -> Reading {
        let content = format!(
            "<o:document-content>{AUTOMATIC}<o:body><o:text>{body}</o:text></o:body></o:document-content>"
        );
        let bytes = made(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", &content),
            ("styles.xml", STYLES),
            ("meta.xml", "<o:meta><dc:title>The Reply</dc:title></o:meta>"),
        ]);
        crate::read(&bytes, "reply.odt", &Limits::default()).unwrap()
    }

    #[test]
    fn headings_lists_notes_and_faces() {
        let reading = read(
            r#"<t:h t:style-name="Heading_20_1" t:outline-level="1">Recommendations</t:h>
<t:list xml:id="a" t:style-name="L1"><t:list-item><t:p>The Board should:</t:p><t:list><t:list-item><t:p>publish;</t:p></t:list-item><t:list-item><t:p>report.</t:p></t:list-item></t:list></t:list-item></t:list>
<t:p>Plain<t:s/>and <t:span t:style-name="T1">slanted</t:span><t:note><t:note-citation>1</t:note-citation><t:note-body><t:p>The note.</t:p></t:note-body></t:note>.</t:p>
<t:list t:continue-list="a" t:style-name="L1"><t:list-item><t:p>The Council should meet.</t:p></t:list-item></t:list>"#,
        );
        assert_eq!((reading.media, reading.about.title.as_deref()), (MediaKind::Odt, Some("The Reply")));
        assert_eq!(
            reading.text,
            "1. Recommendations\n\n1. The Board should:\n\n(a) publish;\n\n(b) report.\n\nPlain and slanted.\n\n2. The Council should meet.\n\nThe note."
        );
        assert_eq!(reading.blocks[0].kind, BlockKind::Heading(1));
        assert!(reading.blocks[0].runs[0].face.bold && reading.blocks[0].runs[0].face.size == 16.0);
        assert_eq!(reading.blocks[3].kind, BlockKind::ListItem { label: "(b)".into(), depth: 1 });
        let italic = reading.blocks[4].runs.iter().find(|r| r.face.italic).map(|r| reading.slice(r.span));
        assert_eq!(italic, Some("slanted"));
        assert_eq!(reading.blocks.last().unwrap().kind, BlockKind::Footnote);
    }

    #[test]
    fn tables_changes_pages_and_numbers_that_repeat_those_above() {
        let reading = read(
            r#"<t:tracked-changes><t:changed-region><t:deletion><t:p>is gone</t:p></t:deletion></t:changed-region></t:tracked-changes>
<x:table><x:table-row><x:table-cell><t:p>One</t:p></x:table-cell><x:table-cell><t:p>Two</t:p><t:p>three</t:p></x:table-cell></x:table-row></x:table>
<t:p t:style-name="P1">Next page.<o:annotation><d:creator>A</d:creator><t:p>By whom?</t:p></o:annotation></t:p>
<t:list t:style-name="L2"><t:list-item><t:p>First</t:p><t:list><t:list-item><t:p>Within</t:p></t:list-item></t:list></t:list-item></t:list>"#,
        );
        assert_eq!(reading.blocks[1].kind, BlockKind::Cell { row: 0, column: 1, table: 0 });
        assert_eq!(reading.slice(reading.blocks[1].span), "Two three");
        assert!(!reading.text.contains("gone"));
        assert!(reading.findings.iter().any(|f| f.code == "tracked_changes"));
        assert_eq!((reading.pages.len(), reading.blocks[2].page), (2, 2));
        assert!(reading.body().ends_with("1 First\n\n1.1 Within"));
        assert!(reading.text.ends_with("\n\nBy whom?"));
        assert_eq!(reading.blocks.last().unwrap().kind, BlockKind::Comment);
    }

    #[test]
    fn a_password_is_asked_for() {
        let bytes = made(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            (
                "META-INF/manifest.xml",
                "<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>",
            ),
            ("content.xml", "\u{1}\u{2}"),
        ]);
        let read = crate::read(&bytes, "a.odt", &Limits::default());
        assert!(matches!(read, Err(ReadingError::Encrypted { .. })));
    }
}
