//! What a document is, told from its bytes.

use candour_record::{Finding, MediaKind, Severity};

use crate::ReadingError;
use crate::limits::Limits;
use crate::office::Package;

/// A kind, and the text where the kind is text.
#[derive(Debug)]
pub(crate) struct Sniffed {
    pub(crate) media: MediaKind,
    pub(crate) text: String,
    pub(crate) findings: Vec<Finding>,
}

/// First bytes of files that are read by no reader here, so that a wrong name cannot hide what they are.
const OTHERS: &[(&[u8], &str)] = &[
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file, or an Outlook message"),
    (b"{\\rtf", "an RTF file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
];

pub(crate) fn sniff(bytes: &[u8], name: &str, limits: &Limits) -> Result<Sniffed, ReadingError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadingError::Empty { name: name.to_owned() });
    }
    if let Some((_, found)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(ReadingError::UnsupportedFormat { name: name.to_owned(), found });
    }
    let known = |media| Ok(Sniffed { media, text: String::new(), findings: Vec::new() });
    // Some producers write a few bytes before the header (ISO 32000-1, annex H.3.4.1 allows 1,024).
    if bytes[..bytes.len().min(1024)].windows(5).any(|w| w == b"%PDF-") {
        return known(MediaKind::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return known(container(bytes, name, limits)?);
    }
    if is_message(bytes, name) {
        return known(MediaKind::Email);
    }
    let (text, findings) = decode(bytes, name)?;
    let media = text_kind(&text, name);
    Ok(Sniffed { media, text, findings })
}

/// What a ZIP container is, told from what it holds.
fn container(bytes: &[u8], name: &str, limits: &Limits) -> Result<MediaKind, ReadingError> {
    let mut package = Package::open(bytes, name, limits)?;
    if package.has("word/document.xml") {
        return Ok(MediaKind::Docx);
    }
    let said = package.bytes("mimetype")?.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let found = match said.trim() {
        "application/vnd.oasis.opendocument.text" | "application/vnd.oasis.opendocument.text-template" => {
            return Ok(MediaKind::Odt);
        }
        "application/vnd.oasis.opendocument.spreadsheet" => "an ODS spreadsheet",
        "application/vnd.oasis.opendocument.presentation" => "an ODP presentation",
        "application/epub+zip" => "an EPUB book",
        _ if package.has("xl/workbook.xml") => "an XLSX spreadsheet",
        _ if package.has("ppt/presentation.xml") => "a PPTX presentation",
        _ => "a ZIP archive of other files",
    };
    Err(ReadingError::UnsupportedFormat { name: name.to_owned(), found })
}

/// Whether bytes begin as a message does: lines of headers (RFC 5322, 2.2), among them one that only mail has.
fn is_message(bytes: &[u8], name: &str) -> bool {
    const MOST_LINES: usize = 60;
    const MAIL_ONLY: [&str; 7] = [
        "mime-version",
        "message-id",
        "received",
        "return-path",
        "delivered-to",
        "x-mailer",
        "content-transfer-encoding",
    ];
    const USUAL: [&str; 4] = ["from", "to", "subject", "date"];
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(16 << 10)]);
    let (mut mail_only, mut usual) = (false, 0);
    for line in start.lines().take(MOST_LINES).take_while(|l| !l.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((head, _)) = line.split_once(':') else { return false };
        let head = head.to_lowercase();
        if head.is_empty() || !head.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return false;
        }
        mail_only |= MAIL_ONLY.contains(&head.as_str());
        usual += usize::from(USUAL.contains(&head.as_str()));
    }
    usual > 0 && (mail_only || name.to_lowercase().ends_with(".eml"))
}

fn decode(bytes: &[u8], name: &str) -> Result<(String, Vec<Finding>), ReadingError> {
    let not_text = || ReadingError::NotText { name: name.to_owned() };
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|p| unit([p[0], p[1]])).collect();
        String::from_utf16(&units).map_err(|_| not_text())
    };
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).map(str::to_owned).ok(),
        [0xff, 0xfe, rest @ ..] => Some(utf16(rest, u16::from_le_bytes)?),
        [0xfe, 0xff, rest @ ..] => Some(utf16(rest, u16::from_be_bytes)?),
        _ => std::str::from_utf8(bytes).map(str::to_owned).ok(),
    };
    let control =
        |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{85}' | '\u{1b}');
    match text {
        // A few stray controls happen in exported text; many mean that it is not text.
        Some(text) if text.chars().filter(|c| control(*c)).count() * 200 > text.len() => Err(not_text()),
        Some(text) => Ok((text, Vec::new())),
        None => {
            let text: String =
                bytes.iter().map(|b| windows_1252(*b)).collect::<Option<_>>().ok_or_else(not_text)?;
            let message = format!(
                "{name}: is not UTF-8 and was read as Windows-1252; check its accents and quotation marks"
            );
            Ok((text, vec![Finding::new(Severity::Warning, "not_utf8", message)]))
        }
    }
}

/// The letter of a Windows-1252 byte; `None` for controls and the five bytes that stand for nothing.
pub fn windows_1252(byte: u8) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’',
        '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        b'\n' | b'\r' | b'\t' | 0x0c => Some(char::from(byte)),
        0..=0x1f | 0x7f => None,
        0x80..=0x9f => Some(HIGH[usize::from(byte - 0x80)]).filter(|c| *c != '\0'),
        _ => Some(char::from(byte)),
    }
}

fn text_kind(text: &str, name: &str) -> MediaKind {
    let start: String = text.trim_start().chars().take(600).collect::<String>().to_lowercase();
    let tagged = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<main",
        "<article",
        "<div",
        "<p>",
        "<h1",
        "<h2",
        "<table",
        "<section",
    ];
    if tagged.iter().any(|t| start.starts_with(t)) || start.contains("<html") {
        return MediaKind::Html;
    }
    let name = name.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
    if ends(&[".html", ".htm", ".xhtml"]) && text.contains("</") {
        return MediaKind::Html;
    }
    if ends(&[".md", ".markdown"]) {
        return MediaKind::Markdown;
    }
    if ends(&[".txt", ".text"]) {
        return MediaKind::Text;
    }
    let marked = text
        .lines()
        .take(200)
        .filter(|l| l.starts_with("# ") || l.starts_with("## ") || l.starts_with("### "))
        .count();
    if marked > 0 { MediaKind::Markdown } else { MediaKind::Text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docx::tests::made;

    fn sniff(bytes: &[u8], name: &str) -> Result<Sniffed, ReadingError> {
        super::sniff(bytes, name, &Limits::default())
    }

    #[test]
    fn bytes_say_what_a_file_is_whatever_its_name_says() {
        assert!(matches!(sniff(b"PK\x03\x04rest", "report.pdf"), Err(ReadingError::DamagedArchive { .. })));
        let sheet = sniff(&made(&[("xl/workbook.xml", "<x/>")]), "report.docx").unwrap_err();
        assert!(sheet.to_string().contains("XLSX"), "{sheet}");
        assert_eq!(sniff(&made(&[("word/document.xml", "<x/>")]), "a.zip").unwrap().media, MediaKind::Docx);
        assert_eq!(sniff(b"Subject: x\nMIME-Version: 1.0\n\nx", "a").unwrap().media, MediaKind::Email);
        assert_eq!(sniff(b"From: x\nSubject: y\n\nx", "a.eml").unwrap().media, MediaKind::Email);
        assert_eq!(sniff(b"From: x\nSubject: y\n\nx", "a.txt").unwrap().media, MediaKind::Text);
        assert!(matches!(sniff(b" \n", "a.txt"), Err(ReadingError::Empty { .. })));
        assert!(matches!(sniff(b"", "a.pdf"), Err(ReadingError::Empty { .. })));
        assert_eq!(sniff(b"junk\n%PDF-1.4", "a.txt").unwrap().media, MediaKind::Pdf);
        assert_eq!(sniff(b"<!DOCTYPE html><p>x", "a").unwrap().media, MediaKind::Html);
        assert_eq!(sniff(b"# Title\n\ntext", "a").unwrap().media, MediaKind::Markdown);
        assert_eq!(sniff(b"# Title\n\ntext", "a.txt").unwrap().media, MediaKind::Text);
    }

    #[test]
    fn text_in_other_encodings_is_read_and_said_so() {
        let sniffed = sniff(b"caf\xe9 \x93quoted\x94", "a.txt").unwrap();
        assert_eq!(sniffed.text, "café “quoted”");
        assert_eq!(sniffed.findings[0].code, "not_utf8");
        assert_eq!(sniff(b"\xff\xfeh\0i\0", "a.txt").unwrap().text, "hi");
        assert_eq!(sniff(b"\xef\xbb\xbfhi", "a.txt").unwrap().text, "hi");
        assert!(matches!(sniff(b"\x00\x01\x02\xff\xfe\xfd", "a.txt"), Err(ReadingError::NotText { .. })));
        assert!(matches!(sniff(&[0u8; 64], "a.txt"), Err(ReadingError::NotText { .. })));
    }
}
