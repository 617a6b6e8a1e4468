//! What DOCX and ODT share: a ZIP container whose members are XML, opened within limits, and XML as a tree.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use candour_record::{Finding, Severity};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::error::ReadingError;
use crate::limits::Limits;

/// Members a document may hold; real ones hold a few hundred pictures at most.
const MOST_MEMBERS: usize = 20_000;
/// Elements and stretches of text kept of one member; a thousand pages of text need a few hundred thousand.
const MOST_NODES: usize = 2_000_000;

/// An opened container.
pub(crate) struct Package<'a> {
    archive: zip::ZipArchive<Cursor<&'a [u8]>>,
    name: &'a str,
    /// Bytes that members may still expand to.
    left: u64,
    limit: u64,
    depth: u32,
}

impl<'a> Package<'a> {
    pub(crate) fn open(bytes: &'a [u8], name: &'a str, limits: &Limits) -> Result<Self, ReadingError> {
        let damaged = || ReadingError::DamagedArchive { name: name.to_owned() };
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
        if archive.len() > MOST_MEMBERS {
            return Err(ReadingError::TooManyMembers { name: name.to_owned(), limit: MOST_MEMBERS });
        }
        Ok(Self { archive, name, left: limits.expanded, limit: limits.expanded, depth: limits.depth })
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        self.archive.index_for_name(member).is_some()
    }

    /// Names of members, in alphabetical order.
    pub(crate) fn members(&self) -> Vec<String> {
        let mut names: Vec<String> = self.archive.file_names().flatten().map(Cow::into_owned).collect();
        names.sort();
        names
    }

    /// The bytes of a member; `None` where it is not there or is damaged.
    pub(crate) fn bytes(&mut self, member: &str) -> Result<Option<Vec<u8>>, ReadingError> {
        let mut file = match self.archive.by_name(member) {
            Ok(file) => file,
            Err(zip::result::ZipError::UnsupportedArchive(why)) if why.contains("assword") => {
                return Err(ReadingError::Encrypted { name: self.name.to_owned() });
            }
            Err(_) => return Ok(None),
        };
        // The size an archive declares may be anything; what comes out is counted as it comes.
        let mut bytes = Vec::new();
        let read = file.by_ref().take(self.left + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > self.left {
            return Err(ReadingError::ExpandsTooFar { name: self.name.to_owned(), limit: self.limit });
        }
        self.left -= bytes.len() as u64;
        Ok(read.is_ok().then_some(bytes))
    }

    /// A member as a tree; `None` where it is not there.
    pub(crate) fn xml(
        &mut self,
        member: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Element>, ReadingError> {
        let Some(bytes) = self.bytes(member)? else {
            if self.has(member) {
                let message = format!("{}: its part {member} is damaged and was not read", self.name);
                findings.push(Finding::new(Severity::Error, "part_damaged", message));
            }
            return Ok(None);
        };
        let (root, whole) = tree(&bytes, self.depth);
        if let Some(what) = whole.problem() {
            let message = format!("{}: its part {member} {what}; what comes before was read", self.name);
            findings.push(Finding::new(Severity::Error, "part_cut_short", message));
        }
        Ok(Some(root))
    }
}

/// An element with its attributes and what is in it, under names without their prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children().find(|e| e.name == name)
    }

    /// The first element of a name anywhere inside.
    pub(crate) fn find(&self, name: &str) -> Option<&Element> {
        self.children().find_map(|e| if e.name == name { Some(e) } else { e.find(name) })
    }

    /// All elements of a name anywhere inside, not looking inside those found.
    pub(crate) fn all<'e>(&'e self, name: &str, found: &mut Vec<&'e Element>) {
        for element in self.children() {
            if element.name == name {
                found.push(element);
            } else {
                element.all(name, found);
            }
        }
    }

    /// The text inside, all of it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.push_text(&mut text);
        text
    }

    fn push_text(&self, text: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(words) => text.push_str(words),
                Node::Element(element) => element.push_text(text),
            }
        }
    }
}

/// How much of a tree was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Yes,
    Malformed,
    TooDeep,
    TooLarge,
}

impl Whole {
    fn problem(self) -> Option<&'static str> {
        match self {
            Self::Yes => None,
            Self::Malformed => Some("is not well-formed XML"),
            Self::TooDeep => Some("nests elements past the limit"),
            Self::TooLarge => Some("holds more elements than the limit"),
        }
    }
}

/// Reads XML as far as it is well formed and within limits. Entities of the document's own are never expanded.
pub(crate) fn tree(bytes: &[u8], deepest: u32) -> (Element, Whole) {
    let source = decoded(bytes);
    let mut reader = Reader::from_str(&source);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut nodes = 0;
    let mut whole = Whole::Yes;
    loop {
        if nodes > MOST_NODES {
            whole = Whole::TooLarge;
            break;
        }
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if open.len() as u32 > deepest {
                    whole = Whole::TooDeep;
                    break;
                }
                nodes += 1;
                open.push(element(&start));
            }
            Ok(Event::Empty(start)) => {
                nodes += 1;
                let element = element(&start);
                push(&mut open, Node::Element(element));
            }
            Ok(Event::End(_)) => {
                if open.len() > 1
                    && let Some(done) = open.pop()
                {
                    push(&mut open, Node::Element(done));
                }
            }
            Ok(Event::Text(text)) => {
                nodes += 1;
                push(&mut open, Node::Text(text.as_ref().to_owned()));
            }
            Ok(Event::CData(text)) => {
                nodes += 1;
                push(&mut open, Node::Text(text.as_ref().to_owned()));
            }
            Ok(Event::GeneralRef(name)) => {
                let character = name.resolve_char_ref().ok().flatten().or(match &*name {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => None,
                });
                if let Some(character) = character {
                    push(&mut open, Node::Text(character.to_string()));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                whole = Whole::Malformed;
                break;
            }
        }
    }
    // What was still open when the text ended keeps what it holds.
    while open.len() > 1 {
        if let Some(unfinished) = open.pop() {
            if whole == Whole::Yes {
                whole = Whole::Malformed;
            }
            push(&mut open, Node::Element(unfinished));
        }
    }
    let root = open.pop().unwrap_or_default();
    // One element holds all there is; what stands beside it is white space.
    let single = root.nodes.into_iter().find_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    });
    (single.unwrap_or_default(), whole)
}

/// XML is UTF-8 unless it begins with the mark of UTF-16; what is neither is read as far as it can be.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|p| unit([p[0], p[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn push(open: &mut [Element], node: Node) {
    if let Some(parent) = open.last_mut() {
        // Text around a reference belongs together.
        if let (Some(Node::Text(last)), Node::Text(more)) = (parent.nodes.last_mut(), &node) {
            last.push_str(more);
        } else {
            parent.nodes.push(node);
        }
    }
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let attributes = start
        .attributes()
        .with_checks(false)
        .flatten()
        .map(|a| {
            let value = a.value.into_owned();
            let value = match quick_xml::escape::unescape(&value) {
                Ok(plain) => plain.into_owned(),
                Err(_) => value,
            };
            (a.key.local_name().as_ref().to_owned(), value)
        })
        .collect();
    Element { name: start.local_name().as_ref().to_owned(), attributes, nodes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_read_as_far_as_it_goes() {
        let (root, whole) = tree(b"<w:a x:k='1 &amp; 2'>one &lt; <b>two</b>&#233;</w:a>", 10);
        assert_eq!((root.name.as_str(), root.attribute("k"), whole), ("a", Some("1 & 2"), Whole::Yes));
        assert_eq!(root.text(), "one < two\u{e9}");
        assert_eq!(tree(b"<a><b>one", 10).1, Whole::Malformed);
        assert_eq!(tree(b"<a><b>one", 10).0.text(), "one");
        let deep = "<a>".repeat(50);
        assert_eq!(tree(deep.as_bytes(), 10).1, Whole::TooDeep);
        // An entity of the document's own is never expanded.
        let bomb = b"<!DOCTYPE a [<!ENTITY x 'xxxxxxxx'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>";
        assert_eq!(tree(bomb, 10).0.text(), "");
    }
}
