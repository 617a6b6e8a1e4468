#![doc = include_str!("../README.md")]

mod assemble;
mod docx;
mod eml;
mod error;
mod html;
mod label;
mod markdown;
mod model;
mod odt;
mod office;
mod pdf;
mod plain;
mod sniff;

pub use error::ReadingError;
pub use model::{About, Block, BlockKind, Bounds, Face, Limits, Line, Page, Reading, Run};
pub use pdf::is_guarded;

use candour_record::MediaKind;

use crate::office::Package;

/// Reads a document to text. What it is, is told from its bytes; `name` only helps to tell Markdown and a bare
/// message from plain text, and stands in every message.
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    if bytes.len() as u64 > limits.bytes {
        return Err(ReadingError::TooLarge {
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            limit: limits.bytes,
        });
    }
    let sniffed = sniff::sniff(bytes, name, limits)?;
    let mut reading = match sniffed.media {
        MediaKind::Pdf => pdf::read(bytes, name, limits)?,
        MediaKind::Html => html::read(&sniffed.text, name, limits),
        MediaKind::Markdown => markdown::read(&sniffed.text, limits),
        MediaKind::Text => plain::read(&sniffed.text, limits),
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
