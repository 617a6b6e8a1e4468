use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DateOrUnknown, PartialDate, RecordError, SourceId};

/// The SHA-256 of a document's bytes: its identity, whatever it is called and wherever it lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Wraps a digest computed elsewhere; this crate hashes nothing.
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = RecordError;
    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let refuse = || RecordError::ContentHash { given: given.chars().take(80).collect() };
        if given.len() != 64 || !given.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let mut digest = [0u8; 32];
        for (byte, pair) in digest.iter_mut().zip(given.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| refuse())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        Ok(Self(digest))
    }
}

impl TryFrom<String> for ContentHash {
    type Error = RecordError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        hash.to_string()
    }
}

/// What a document is made of, told from its bytes rather than from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Portable Document Format.
    Pdf,
    /// HTML page.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// `WordprocessingML`, as Word writes it.
    Docx,
    /// `OpenDocument` text.
    Odt,
    /// A message of electronic mail.
    Email,
}

impl MediaKind {
    /// The media type registered for it, under which a browser is given its bytes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Email => "message/rfc822",
        }
    }
}

/// A document the workspace holds the bytes of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Identity.
    pub sha256: ContentHash,
    /// Title as printed or given; the file's own name where neither is known.
    pub title: String,
    /// What it is made of.
    pub media: MediaKind,
    /// Size in bytes.
    pub bytes: u64,
    /// Number of pages; 1 for formats without pages.
    pub pages: u32,
    /// When it was published.
    pub published: DateOrUnknown,
    /// The software that made it, as the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer: Option<String>,
}

/// A half-open range of Unicode characters (not bytes) of a document's extracted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

impl Span {
    /// A span; an end before the start is moved up to it.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Number of characters.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it holds no character.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The exact place in a document that a claim rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Which document.
    pub document: ContentHash,
    /// Page counted from 1, where the format has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Where in the extracted text.
    pub span: Span,
    /// The words found there, kept so that a page can show them without the file.
    pub quote: String,
}

/// How near a source stands to the thing it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// The issuing body's own publication.
    Primary,
    /// A faithful copy of a primary source kept elsewhere.
    PrimaryMirror,
    /// Someone else's account of it.
    Secondary,
    /// A news report.
    News,
    /// A campaign's page.
    Campaign,
    /// A tracker of recommendations.
    Tracker,
    /// An account of accounts, such as an encyclopaedia.
    Tertiary,
    /// A copy of a page whose original was not reached.
    Copy,
    /// A data set.
    Dataset,
    /// The drafter's general knowledge: nothing that can be checked.
    Background,
}

/// Something published that claims rest on, whether or not the workspace holds its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Permanent name.
    pub id: SourceId,
    /// Public address; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Who published it.
    pub publisher: String,
    /// How near it stands to what it reports.
    pub kind: SourceKind,
    /// When it was published or last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<PartialDate>,
    /// How much of it was read when the claim was drawn: `whole`, `opening`, ….
    pub how_much_was_read: String,
}

/// How far a claim was checked against what it cites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// General knowledge only: shown as unchecked, counted nowhere.
    Background,
    /// Some of it was seen in a cited source.
    Partial,
    /// Seen in the text of a cited source.
    Read,
}

/// What a claim rests on: a source, and where it is held the exact passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Citation {
    /// A published source that the workspace may not hold.
    Source(SourceId),
    /// A passage of a held document.
    Passage(Passage),
}
