//! How far compressed parts expand, found out before they are kept: a file of a megabyte can hold a gigabyte of blanks.

use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Stream};

/// Deflate makes at most 1,032 bytes of one (a match of 258 bytes in two bits); LZW with codes of 12 bits at most 2,730.
const FURTHEST: u64 = 2_730;

/// Whether a stream stays within a limit of bytes when its filters are undone.
pub(super) fn within(stream: &Stream<'_>, limit: u64) -> bool {
    let raw = stream.raw_data();
    let filters = stream.filters();
    let expanding = filters
        .iter()
        .filter(|f| matches!(f, Filter::FlateDecode | Filter::LzwDecode | Filter::RunLengthDecode))
        .count();
    let size = raw.len() as u64;
    match expanding {
        0 => size <= limit,
        1 if size.saturating_mul(FURTHEST) <= limit => true,
        1 if filters.as_slice() == [Filter::FlateDecode] => inflated_within(&raw, limit),
        // What cannot be counted cheaply is taken only where it cannot go far.
        _ => size.saturating_mul(FURTHEST.pow(expanding.min(3) as u32)) <= limit,
    }
}

/// Whether every stream a font is made of stays within a limit.
pub(super) fn font_within(font: &Dict<'_>, limit: u64) -> bool {
    let descendant = font.get::<Array<'_>>("DescendantFonts").and_then(|a| a.iter::<Dict<'_>>().next());
    let parts = || std::iter::once(font).chain(descendant.as_ref());
    let streams = |dict: &Dict<'_>, keys: &[&str]| {
        keys.iter().all(|k| dict.get::<Stream<'_>>(k).is_none_or(|s| within(&s, limit)))
    };
    parts().all(|dict| {
        let descriptor = dict.get::<Dict<'_>>("FontDescriptor");
        streams(dict, &["ToUnicode", "Encoding", "CIDToGIDMap"])
            && descriptor.is_none_or(|d| streams(&d, &["FontFile", "FontFile2", "FontFile3"]))
    })
}

/// Whether the streams that hold a file's structure stay within a limit. They are undone as soon as the file is opened, so
/// they are looked for in its bytes.
pub(super) fn structure_within(bytes: &[u8], limit: u64) -> bool {
    ["/ObjStm", "/XRef"].iter().all(|kind| {
        let mut rest = bytes;
        while let Some(at) = find(rest, kind.as_bytes()) {
            rest = &rest[at + kind.len()..];
            let near = &rest[..rest.len().min(2_000)];
            let Some(begin) = find(near, b"stream") else { continue };
            let data = rest[begin + 6..].trim_ascii_start();
            let data = &data[..find(data, b"endstream").unwrap_or(data.len())];
            if (data.len() as u64).saturating_mul(FURTHEST) > limit && !inflated_within(data, limit) {
                return false;
            }
        }
        true
    })
}

fn inflated_within(raw: &[u8], limit: u64) -> bool {
    // A damaged stream ends in an error where its reader will end too.
    let mut decoder = ZlibDecoder::new(raw);
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    while let Ok(read @ 1..) = decoder.read(&mut buffer) {
        size += read as u64;
        if size > limit {
            return false;
        }
    }
    true
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|b| *b == first) {
        from += at;
        if bytes[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
    None
}
