//! One document of whatever kind.

use candour_record::MediaKind;

use crate::error::ReadingError;
use crate::limits::Limits;
use crate::model::Reading;
use crate::office::Package;
use crate::{docx, eml, html, markdown, odt, pdf, plain, sniff};

/// Bytes of a page, of Markdown or of plain text that are read; a thousand pages of text hold some five million.
const MOST_TEXT: u64 = 64 << 20;

/// Reads a document to text. What it is, is told from its bytes; `name` only helps to tell Markdown and a bare
/// message from plain text, and stands in every message.
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let size = bytes.len() as u64;
    let too_large = |limit| ReadingError::TooLarge { name: name.to_owned(), bytes: size, limit };
    if size > limits.bytes {
        return Err(too_large(limits.bytes));
    }
    let sniffed = sniff::sniff(bytes, name, limits)?;
    if size > MOST_TEXT && matches!(sniffed.media, MediaKind::Html | MediaKind::Markdown | MediaKind::Text) {
        return Err(too_large(MOST_TEXT));
    }
    let mut reading = match sniffed.media {
        MediaKind::Pdf => pdf::read(bytes, name, limits)?,
        MediaKind::Html => html::read(&sniffed.text, name, limits),
        MediaKind::Markdown => markdown::read(&sniffed.text, name, limits),
        MediaKind::Text => plain::read(&sniffed.text, name, limits),
        MediaKind::Docx => docx::read(Package::open(bytes, name, limits)?, name, limits)?,
        MediaKind::Odt => odt::read(Package::open(bytes, name, limits)?, name, limits)?,
        MediaKind::Email => eml::read(bytes, name, limits)?,
    };
    reading.findings.extend(sniffed.findings);
    if reading.about.title.is_none() {
        reading.about.title = reading.first_heading();
    }
    Ok(reading)
}
