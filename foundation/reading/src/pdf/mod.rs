//! PDF: `hayro-syntax` reads the file's structure, `hayro-font` its character maps; the text operators, lines and layout
//! are ours, because they decide what a recommendation is quoted as.

mod expansion;
mod glyphs;
mod layout;
mod lines;

use std::sync::Arc;

use candour_record::{Finding, MediaKind, Severity, guarded};
use hayro_syntax::object::{Dict, Object};
use hayro_syntax::{LoadPdfError, Pdf};

use crate::assemble::assemble;
use crate::error::ReadingError;
use crate::limits::Limits;
use crate::model::{About, Page, Reading};

use glyphs::Fonts;
use layout::PageLines;

/// Content operators read in one document: some ten thousand dense pages.
const MOST_OPERATORS: usize = 200_000_000;

pub(crate) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let damaged = || ReadingError::DamagedPdf { name: name.to_owned() };
    if !expansion::structure_within(bytes, limits.expanded) {
        return Err(ReadingError::ExpandsTooFar { name: name.to_owned(), limit: limits.expanded });
    }
    let data = Arc::new(bytes.to_vec());
    let pdf = match guarded(|| Pdf::new(data)).ok_or_else(damaged)? {
        Ok(pdf) => pdf,
        Err(LoadPdfError::Decryption(_)) => return Err(ReadingError::Encrypted { name: name.to_owned() }),
        Err(_) => return Err(damaged()),
    };
    let all = guarded(|| pdf.pages()).filter(|pages| !pages.is_empty()).ok_or_else(damaged)?;
    let mut findings = Vec::new();
    let catalogue = guarded(|| pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())).flatten();
    let promised =
        catalogue.as_ref().and_then(|c| c.get::<Dict<'_>>("Pages")).and_then(|p| p.get::<u32>("Count"));
    findings.extend(missing_pages(bytes, promised, all.len(), name));
    let fonts = Fonts::new(limits.expanded);
    let mut pages: Vec<Page> = Vec::new();
    let mut printed: Vec<PageLines> = Vec::new();
    let mut unmapped = 0;
    let mut characters = 0;
    let mut operators = 0;
    for (index, page) in all.iter().enumerate() {
        let number = index as u32 + 1;
        if number > limits.pages {
            let message = format!(
                "{name}: pages {number} to {} are past the limit of {} pages and were not read",
                all.len(),
                limits.pages
            );
            findings.push(Finding::new(Severity::Warning, "pages_over_limit", message).on_page(number));
            break;
        }
        if characters > limits.characters {
            let message = format!(
                "{name}: page {number} and later ones are past the limit of {} characters and were not read",
                limits.characters
            );
            findings.push(Finding::new(Severity::Warning, "text_over_limit", message).on_page(number));
            break;
        }
        if operators > MOST_OPERATORS {
            let message = format!(
                "{name}: page {number} and later ones are past the limit of {MOST_OPERATORS} operators and were not read"
            );
            findings.push(Finding::new(Severity::Warning, "text_over_limit", message).on_page(number));
            break;
        }
        let read = guarded(|| {
            let (width, height) = page.render_dimensions();
            let found = glyphs::read_page(page, &fonts);
            let lines = lines::lines(&found.glyphs);
            let (width, height) = if lines.sideways { (height, width) } else { (width, height) };
            (width, height, found, lines.lines)
        });
        let Some((width, height, found, lines)) = read else {
            let message = format!(
                "{name}: page {number} is damaged and was not read; look at it and enter what it says by hand"
            );
            findings.push(Finding::new(Severity::Warning, "page_unreadable", message).on_page(number));
            pages.push(Page { number, printed: None, width: 0.0, height: 0.0, characters: 0 });
            continue;
        };
        if found.cut {
            let message = format!(
                "{name}: page {number} holds more than the limits of operators or expanded bytes allow and was read in part"
            );
            findings.push(Finding::new(Severity::Warning, "page_over_limit", message).on_page(number));
        }
        unmapped += found.unmapped;
        operators += found.operators;
        let on_page: usize = lines.iter().map(|l| l.text.chars().count()).sum();
        characters += on_page;
        pages.push(Page { number, printed: None, width, height, characters: on_page });
        printed.push(PageLines { number, height, lines });
    }
    findings.extend(missing_text(&pages, name));
    if unmapped > 0 {
        let message = format!(
            "{name}: {unmapped} characters are set in fonts that do not say which letters they are, and are left out"
        );
        findings.push(Finding::new(Severity::Warning, "unmapped_glyphs", message));
    }
    let layout = layout::layout(printed);
    let with_lines: Vec<u32> = pages.iter().filter(|p| p.height > 0.0).map(|p| p.number).collect();
    for (number, printed) in with_lines.into_iter().zip(layout.printed_numbers) {
        if let Some(page) = pages.iter_mut().find(|p| p.number == number) {
            page.printed = printed;
        }
    }
    let assembled = assemble(layout.drafts, limits.characters);
    let metadata = pdf.metadata();
    let about = About {
        title: metadata.title.as_deref().and_then(pdf_text).filter(|t| !is_file_name(t)),
        producer: metadata.producer.as_deref().and_then(pdf_text),
        language: catalogue.and_then(|c| match c.get::<Object<'_>>("Lang")? {
            Object::String(tag) => pdf_text(tag.as_bytes()),
            _ => None,
        }),
    };
    Ok(Reading::new(MediaKind::Pdf, assembled, pages, about, findings))
}

/// Says so where a file is cut short, or lists more pages than can be found in it.
fn missing_pages(bytes: &[u8], promised: Option<u32>, found: usize, name: &str) -> Option<Finding> {
    let end = &bytes[bytes.len().saturating_sub(2048)..];
    let message = match promised {
        Some(promised) if promised as usize > found => {
            format!("{name}: lists {promised} pages and holds {found}; fetch it again")
        }
        _ if end.windows(5).any(|w| w == b"%%EOF") => return None,
        _ => format!("{name}: ends before its table of contents, so pages may be missing; fetch it again"),
    };
    Some(Finding::new(Severity::Error, "pages_missing", message))
}

/// One finding for the pages without a text layer, which every engine would pass over in silence.
fn missing_text(pages: &[Page], name: &str) -> Option<Finding> {
    let empty: Vec<u32> = pages.iter().filter(|p| p.characters == 0).map(|p| p.number).collect();
    let first = *empty.first()?;
    let whole = empty.len() == pages.len();
    let severity = if whole { Severity::Error } else { Severity::Warning };
    let what = if whole {
        format!(
            "{name}: no text layer on any page ({}); it is pictures or outlines of text, so run it through text recognition first",
            ranges(&empty)
        )
    } else {
        format!("{name}: no text on {}; if they are not blank, they are pictures of text", ranges(&empty))
    };
    Some(Finding::new(severity, "no_text_layer", what).on_page(first))
}

/// `pages 1–3 and 7`.
fn ranges(pages: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for page in pages {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == *page => run.1 = *page,
            _ => runs.push((*page, *page)),
        }
    }
    let shown: Vec<String> =
        runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") }).collect();
    let word = if pages.len() == 1 { "page" } else { "pages" };
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{word} {} and {last}", rest.join(", ")),
        _ => format!("{word} {}", shown.join("")),
    }
}

/// A text string of the file's dictionary: UTF-16 with a mark, else Latin letters (ISO 32000-1 §7.9.2.2).
fn pdf_text(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

/// Word processors put the name of the file where a title belongs.
fn is_file_name(title: &str) -> bool {
    let title = title.to_lowercase();
    title.starts_with("microsoft word")
        || [".doc", ".docx", ".indd", ".pdf", ".odt", ".qxd", ".pub"].iter().any(|e| title.ends_with(e))
}
