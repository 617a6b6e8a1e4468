//! HTML: the main content of a page, without what every page of a site carries.

use candour_record::{Finding, MediaKind, Severity};
use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use scraper::node::Node;
use scraper::{ElementRef, Html, Selector};

use crate::assemble::{Draft, Words, assemble, cut};
use crate::label::{numeral, paragraph_kind};
use crate::limits::Limits;
use crate::model::{About, BlockKind, Face, Reading};
use crate::plain;

/// Elements that hold nothing a reader reads.
const SILENT: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "iframe", "button", "select", "input", "textarea",
    "label", "head", "object", "dialog",
];
/// Elements that hold what surrounds a text.
const AROUND: &[&str] = &["nav", "footer", "aside"];
/// Elements that begin a block.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "section",
    "article",
    "main",
    "ul",
    "ol",
    "dl",
    "table",
    "tr",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "details",
    "summary",
    "address",
    "header",
    "hr",
    "body",
    "caption",
    "thead",
    "tbody",
];

/// Elements open at once, past which a file is not parsed.
const DEEPEST_PARSED: usize = 5_000;
/// Tags of a file that is parsed; each costs hundreds of bytes.
const MOST_TAGS: usize = 1_000_000;
/// Attributes of one tag of a file that is parsed; the parser compares each with all before it.
const MOST_ATTRIBUTES: usize = 3_000;

pub(crate) fn read(source: &str, name: &str, limits: &Limits) -> Reading {
    let (about, drafts, findings) = page(source, name, limits);
    let assembled = assemble(drafts, limits.characters);
    let pages = assembled.pages(1, limits.pages);
    Reading::new(MediaKind::Html, assembled, pages, about, findings)
}

/// What a page says of itself, its blocks and what could not be read.
pub(crate) fn page(source: &str, name: &str, limits: &Limits) -> (About, Vec<Draft>, Vec<Finding>) {
    if let Some((code, problem)) = past_reason(source) {
        let plain = plain::drafts(&between_tags(source), limits);
        let message = format!("{name}: {problem} that only its words were read");
        let mut findings = vec![Finding::new(Severity::Warning, code, message)];
        if !plain.whole {
            findings.push(cut(name));
        }
        return (About::default(), plain.drafts, findings);
    }
    let html = Html::parse_document(source);
    let select = |selector: &str| Selector::parse(selector).ok().and_then(|s| html.select(&s).next());
    let title =
        select("title").map(|t| t.text().collect::<String>()).map(|t| squeeze(&t)).filter(|t| !t.is_empty());
    let about = About {
        title,
        producer: None,
        language: html.root_element().value().attr("lang").map(str::to_owned),
    };
    let main = ["main", "[role=main]", "article"].iter().find_map(|s| select(s));
    let whole_page = main.is_none();
    let root = main.unwrap_or_else(|| html.root_element());
    let mut walk = Walk {
        drafts: Vec::new(),
        open: Open::default(),
        bold: 0,
        italic: 0,
        lists: Vec::new(),
        table: None,
        tables: 0,
        quotes: 0,
        too_deep: false,
        notes: None,
    };
    walk.run(root, whole_page, limits.depth);
    let mut findings = Vec::new();
    if walk.too_deep {
        let message =
            format!("{name}: parts nested deeper than the limit of {} elements were not read", limits.depth);
        findings.push(Finding::new(Severity::Warning, "nesting_over_limit", message));
    }
    (about, walk.drafts, findings)
}

#[derive(Default)]
struct Open {
    kind: Option<BlockKind>,
    words: Words,
}

struct Walk {
    drafts: Vec<Draft>,
    open: Open,
    bold: u32,
    italic: u32,
    /// For each open list: the next number and how it is written, or none for a bulleted one.
    lists: Vec<Option<(u32, String)>>,
    /// Row and column of the open table.
    table: Option<(u32, u32)>,
    tables: u32,
    quotes: u32,
    too_deep: bool,
    /// How deep the open list of notes stands.
    notes: Option<usize>,
}

impl Walk {
    fn run(&mut self, root: ElementRef<'_>, whole_page: bool, deepest: u32) {
        let mut skipping: Option<usize> = None;
        let mut depth = 0usize;
        for edge in root.traverse() {
            match edge {
                Edge::Open(node) => {
                    depth += 1;
                    match node.value() {
                        Node::Element(element) if skipping.is_none() => {
                            let name = element.name();
                            let has = |attribute: &str, word: &str| {
                                element.attr(attribute).is_some_and(|v| v.contains(word))
                            };
                            let hidden = element.attr("hidden").is_some()
                                || element.attr("aria-hidden") == Some("true")
                                || has("class", "skip-link");
                            // A raised link points to a note, and the note's link back to it.
                            let note_link = (name == "sup" && holds_link_within(node))
                                || (name == "a" && (has("href", "#fnref") || has("role", "doc-backlink")));
                            if has("class", "footnotes") || has("role", "doc-endnotes") {
                                self.flush();
                                self.notes.get_or_insert(depth);
                            }
                            let around = AROUND.contains(&name)
                                || (whole_page && name == "header")
                                || element.attr("role") == Some("navigation")
                                || (name == "form" && !holds_prose(node));
                            self.too_deep |= depth > deepest as usize;
                            if SILENT.contains(&name)
                                || around
                                || hidden
                                || note_link
                                || depth > deepest as usize
                            {
                                skipping = Some(depth);
                            } else {
                                self.begin(name, element.attr("start"), element.attr("type"));
                            }
                        }
                        Node::Text(text) if skipping.is_none() => self.text(text),
                        _ => {}
                    }
                }
                Edge::Close(node) => {
                    if skipping == Some(depth) {
                        skipping = None;
                    } else if let (None, Node::Element(element)) = (skipping, node.value()) {
                        self.end(element.name());
                    }
                    if self.notes == Some(depth) {
                        self.flush();
                        self.notes = None;
                    }
                    depth -= 1;
                }
            }
        }
        self.flush();
    }

    fn begin(&mut self, name: &str, start: Option<&str>, style: Option<&str>) {
        match name {
            "b" | "strong" => self.bold += 1,
            "i" | "em" | "cite" => self.italic += 1,
            "ul" => {
                self.flush();
                self.lists.push(None);
            }
            "ol" => {
                self.flush();
                let first = start.and_then(|s| s.parse().ok()).unwrap_or(1);
                self.lists.push(Some((first, style.unwrap_or("1").to_owned())));
            }
            "dt" | "dd" => self.flush(),
            "li" => {
                self.flush();
                let depth = self.lists.len().saturating_sub(1).min(8) as u8;
                let label = match self.lists.last_mut() {
                    Some(Some((number, format))) => {
                        let label = format!("{}.", numeral(*number, format));
                        *number = number.saturating_add(1);
                        label
                    }
                    _ => "•".to_owned(),
                };
                // The label is printed by whoever shows the page, so it is part of what a reader sees.
                let face = self.face();
                self.open.words = Words::default();
                self.open.words.push(&format!("{label} "), face);
                self.open.kind = Some(BlockKind::ListItem { label, depth });
            }
            "table" => {
                self.flush();
                self.table = Some((0, 0));
                self.tables += 1;
            }
            "td" | "th" => {
                self.flush();
                if let Some((row, column)) = &mut self.table {
                    self.open.kind = Some(BlockKind::Cell {
                        row: row.saturating_sub(1),
                        column: *column,
                        table: self.tables - 1,
                    });
                    *column += 1;
                }
            }
            "tr" => {
                self.flush();
                if let Some((row, column)) = &mut self.table {
                    *row += 1;
                    *column = 0;
                }
            }
            "blockquote" => {
                self.flush();
                self.quotes += 1;
            }
            "br" => self.text(" "),
            _ => {
                if let Some(level) = heading(name) {
                    self.flush();
                    self.open.kind = Some(BlockKind::Heading(level));
                } else if BLOCKS.contains(&name) {
                    self.part();
                }
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "b" | "strong" => self.bold = self.bold.saturating_sub(1),
            "i" | "em" | "cite" => self.italic = self.italic.saturating_sub(1),
            "ul" | "ol" => {
                self.flush();
                self.lists.pop();
            }
            "table" => {
                self.flush();
                self.table = None;
            }
            "blockquote" => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            "li" | "dt" | "dd" | "td" | "th" => self.flush(),
            _ if heading(name).is_some() => self.flush(),
            _ if BLOCKS.contains(&name) => self.part(),
            _ => {}
        }
    }

    /// A block begins or ends: paragraphs of one cell stay together in it.
    fn part(&mut self) {
        if matches!(self.open.kind, Some(BlockKind::Cell { .. })) {
            self.text(" ");
        } else if !self.open.words.text.trim().is_empty() {
            self.flush();
        }
    }

    /// A list item so far holds its label only; the paragraph that follows is its text.
    fn only_label(&self) -> bool {
        matches!(&self.open.kind, Some(BlockKind::ListItem { label, .. }) if self.open.words.text.trim() == label)
    }

    fn face(&self) -> Face {
        let in_heading = matches!(self.open.kind, Some(BlockKind::Heading(_)));
        Face { bold: self.bold > 0 || in_heading, italic: self.italic > 0, size: 0.0 }
    }

    fn text(&mut self, text: &str) {
        let face = self.face();
        self.open.words.push(text, face);
    }

    fn flush(&mut self) {
        if self.only_label() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        let line = open.words.line(1);
        if line.text.is_empty() {
            return;
        }
        let plain = if self.quotes > 0 { BlockKind::Quotation } else { paragraph_kind(&line.text) };
        let kind = if self.notes.is_some() { BlockKind::Footnote } else { open.kind.unwrap_or(plain) };
        self.drafts.push(Draft { kind, lines: vec![line] });
    }
}

/// What of a page would cost its parser more than any page is worth. Its time grows with the square of the nesting and of
/// the attributes of a tag, and its memory with the tags.
fn past_reason(source: &str) -> Option<(&'static str, &'static str)> {
    if source.matches('<').count() > MOST_TAGS {
        Some(("tags_over_limit", "it holds so many tags"))
    } else if nesting(source) > DEEPEST_PARSED {
        Some(("nesting_over_limit", "its elements are nested so deep"))
    } else if most_attributes(source) > MOST_ATTRIBUTES {
        Some(("attributes_over_limit", "a tag of it holds so many attributes"))
    } else {
        None
    }
}

/// Attributes of the tag that has most, as the states of the standard count them (HTML, 13.2.5.32 to 13.2.5.40), but without
/// regard to scripts and comments, in which a tag may be seen where there is none.
fn most_attributes(source: &str) -> usize {
    enum At {
        Text,
        Name,
        Between,
        Attribute,
        AfterAttribute,
        Equals,
        Value,
        Quoted(u8),
    }
    let bytes = source.as_bytes();
    let (mut at, mut count, mut most) = (At::Text, 0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        at = match (at, byte) {
            (At::Text, b'<') if bytes.get(index + 1).is_some_and(u8::is_ascii_alphabetic) => {
                count = 0;
                At::Name
            }
            (At::Quoted(mark), byte) if *byte == mark => At::Between,
            (At::Quoted(mark), _) => At::Quoted(mark),
            (At::Text, _) | (_, b'>') => At::Text,
            (At::Equals, b'"' | b'\'') => At::Quoted(*byte),
            (At::Equals, byte) if byte.is_ascii_whitespace() => At::Equals,
            (At::Value, byte) if byte.is_ascii_whitespace() => At::Between,
            (At::Equals | At::Value, _) => At::Value,
            (_, b'/') => At::Between,
            (At::Attribute | At::AfterAttribute, b'=') => At::Equals,
            (At::Attribute | At::AfterAttribute, byte) if byte.is_ascii_whitespace() => At::AfterAttribute,
            (At::Name | At::Between, byte) if byte.is_ascii_whitespace() => At::Between,
            (At::Name, _) => At::Name,
            (At::Attribute, _) => At::Attribute,
            (At::Between | At::AfterAttribute, _) => {
                count += 1;
                most = most.max(count);
                At::Attribute
            }
        };
    }
    most
}

/// Elements open at once at most, counted without regard to which tag closes which.
fn nesting(source: &str) -> usize {
    const CLOSES_ITSELF: &[&str] = &[
        "p", "li", "td", "th", "tr", "dt", "dd", "option", "br", "hr", "img", "input", "meta", "link", "col",
        "wbr", "source", "area", "base", "embed", "track", "param",
    ];
    let (mut open, mut deepest) = (0_usize, 0);
    for tag in source.split('<').skip(1) {
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if tag.starts_with('/') {
            open = open.saturating_sub(1);
        } else if !name.is_empty() && !CLOSES_ITSELF.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            open += 1;
            deepest = deepest.max(open);
        }
    }
    deepest
}

/// The words of HTML without its tags and comments, a blank in the place of each.
pub(crate) fn between_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    // Past the last ">" nothing ends, and looking for an end from every "<" there would take for ever.
    let last = html.rfind('>').map_or(0, |at| at + 1);
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        out.push(' ');
        let tag = &rest[open..];
        let ends = html.len() - tag.len() < last;
        let comment = tag.starts_with("<!--");
        let end = match (comment, ends) {
            (true, true) => tag.find("-->").map(|e| e + 3),
            (false, true) => tag.find('>').map(|e| e + 1),
            (_, false) => None,
        };
        // A "<" that opens nothing is a sign of its own.
        let end = end.unwrap_or(if comment { tag.len() } else { 1 });
        rest = &tag[end..];
    }
    out.push_str(rest);
    out
}

fn holds_link_within(raised: NodeRef<'_, Node>) -> bool {
    raised
        .descendants()
        .any(|n| n.value().as_element().is_some_and(|e| e.attr("href").is_some_and(|h| h.starts_with('#'))))
}

/// Some sites wrap their whole page in a form; such a form is no search box.
fn holds_prose(form: NodeRef<'_, Node>) -> bool {
    form.descendants()
        .any(|n| n.value().as_element().is_some_and(|e| matches!(e.name(), "main" | "article" | "h1")))
}

fn heading(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(source: &str) -> Vec<(BlockKind, String)> {
        let reading = read(source, "a.html", &Limits::default());
        reading.blocks.iter().map(|b| (b.kind.clone(), reading.slice(b.span).to_owned())).collect()
    }

    #[test]
    fn main_content_only() {
        let page = "<html lang='en-GB'><head><title>The  reply</title><script>x()</script></head><body><header>Site</header>\
            <nav>Menu</nav><main><h1>Reply</h1><p>We <strong>accept</strong> this.</p></main><footer>Foot</footer></body></html>";
        assert_eq!(
            blocks(page),
            [
                (BlockKind::Heading(1), "Reply".to_owned()),
                (BlockKind::Paragraph, "We accept this.".to_owned())
            ]
        );
        let reading = read(page, "a.html", &Limits::default());
        assert_eq!(reading.about.title.as_deref(), Some("The reply"));
        assert_eq!(reading.about.language.as_deref(), Some("en-GB"));
        let bold: Vec<&str> =
            reading.blocks[1].runs.iter().filter(|r| r.face.bold).map(|r| reading.slice(r.span)).collect();
        assert_eq!(bold, ["accept"]);
    }

    #[test]
    fn lists_tables_and_quotations() {
        let page = "<body><ol><li><p>First</p><ul><li>Inner</li></ul></li><li>Second</li></ol>\
            <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table><blockquote>Said</blockquote>";
        let cell = |row, column| BlockKind::Cell { row, column, table: 0 };
        assert_eq!(
            blocks(page),
            [
                (BlockKind::ListItem { label: "1.".into(), depth: 0 }, "1. First".to_owned()),
                (BlockKind::ListItem { label: "•".into(), depth: 1 }, "• Inner".to_owned()),
                (BlockKind::ListItem { label: "2.".into(), depth: 0 }, "2. Second".to_owned()),
                (cell(0, 0), "A".to_owned()),
                (cell(0, 1), "B".to_owned()),
                (cell(1, 0), "1".to_owned()),
                (cell(1, 1), "2".to_owned()),
                (BlockKind::Quotation, "Said".to_owned()),
            ]
        );
    }

    #[test]
    fn nesting_past_the_limit_is_left_out_without_harm() {
        let page = format!("<body><p>Kept</p>{}lost{}", "<div>".repeat(5000), "</div>".repeat(5000));
        assert_eq!(blocks(&page)[0].1, "Kept");
        let _ = blocks(&"<b>".repeat(4_000));
        let deep = read(&format!("{}words", "<div>".repeat(300_000)), "deep.html", &Limits::default());
        assert_eq!((deep.text.as_str(), deep.findings[0].code.as_str()), ("words", "nesting_over_limit"));
    }

    #[test]
    fn a_page_of_too_many_tags_or_attributes_is_read_without_them() {
        let code = |page: &str| {
            let reading = read(page, "many.html", &Limits::default());
            assert!(reading.text.ends_with("words"));
            reading.findings.first().map(|f| f.code.clone())
        };
        assert_eq!(
            code(&format!("{}words", "<br>".repeat(MOST_TAGS + 1))).as_deref(),
            Some("tags_over_limit")
        );
        let many = MOST_ATTRIBUTES + 1;
        for attribute in [" a", " a=1", " a='>'", "/a=\"<\"", " a = 1", "\na=1 =b"] {
            let page = format!("<p{}>words", attribute.repeat(many));
            assert_eq!(code(&page).as_deref(), Some("attributes_over_limit"), "{attribute}");
        }
        assert_eq!(most_attributes("a < b c d <p a=1 b='x y z' c = d e>f g h</p>"), 4);
        // Every "<" is looked at once, though no tag ends.
        assert_eq!(between_tags(&"<a ".repeat(1_000_000)).len(), 3_000_000);
    }

    #[test]
    fn notes_stand_after_the_body_and_their_numbers_nowhere() {
        let page = "<main><p>We accept this.<sup><a href='#fn1'>1</a></sup> In full.</p><ol type=a><li>One</li></ol>\
            <div class='footnotes'><ol><li><p>See the plan. <a href='#fnref1'>back</a></p></li></ol></div><p>After</p></main>";
        assert_eq!(
            blocks(page),
            [
                (BlockKind::Paragraph, "We accept this. In full.".to_owned()),
                (BlockKind::ListItem { label: "a.".into(), depth: 0 }, "a. One".to_owned()),
                (BlockKind::Paragraph, "After".to_owned()),
                (BlockKind::Footnote, "1. See the plan.".to_owned()),
            ]
        );
    }

    #[test]
    fn a_form_round_a_whole_page_is_read_and_a_search_box_is_not() {
        let page = "<body><form><h2>Search</h2><input><label>Words</label></form>\
            <form><h1>Reply</h1><table><tr><td><p>Accepted</p><p>in full</p></td></tr></table></form></body>";
        let cell = BlockKind::Cell { row: 0, column: 0, table: 0 };
        assert_eq!(
            blocks(page),
            [(BlockKind::Heading(1), "Reply".to_owned()), (cell, "Accepted in full".to_owned())]
        );
    }
}
