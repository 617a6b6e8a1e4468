//! PDF: `hayro-syntax` reads the file's structure, `hayro-font` its character maps; the text operators, lines and layout
//! are ours, because they decide what a recommendation is quoted as.

mod glyphs;
mod layout;
mod lines;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use candour_record::{Finding, MediaKind, Severity};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::assemble::assemble;
use crate::error::ReadingError;
use crate::model::{About, Limits, Page, Reading};

use glyphs::Fonts;
use layout::PageLines;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a reader that catches panics of the libraries it calls. A program may ask in its panic
/// hook, and stay silent: the panic becomes a finding.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    result.ok()
}

pub(crate) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let damaged = || ReadingError::DamagedPdf { name: name.to_owned() };
    let data = Arc::new(bytes.to_vec());
    let pdf = match guarded(|| Pdf::new(data)).ok_or_else(damaged)? {
        Ok(pdf) => pdf,
        Err(LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm | DecryptionError::InvalidEncryption)) => {
            return Err(ReadingError::Encrypted { name: name.to_owned() });
        }
        Err(LoadPdfError::Decryption(_)) => return Err(ReadingError::Encrypted { name: name.to_owned() }),
        Err(_) => return Err(damaged()),
    };
    let all = pdf.pages();
    if all.is_empty() {
        return Err(damaged());
    }
    let mut findings = Vec::new();
    let fonts = Fonts::new();
    let mut pages: Vec<Page> = Vec::new();
    let mut printed: Vec<PageLines> = Vec::new();
    let mut unmapped = 0;
    let mut characters = 0;
    for (index, page) in all.iter().enumerate() {
        let number = index as u32 + 1;
        if number > limits.pages {
            let message = format!("{name}: pages {number} to {} are past the limit of {} pages and were not read", all.len(), limits.pages);
            findings.push(Finding::new(Severity::Warning, "pages_over_limit", message).on_page(number));
            break;
        }
        if characters > limits.characters {
            let message = format!("{name}: page {number} and later ones are past the limit of {} characters and were not read", limits.characters);
            findings.push(Finding::new(Severity::Warning, "text_over_limit", message).on_page(number));
            break;
        }
        let read = guarded(|| {
            let (width, height) = page.render_dimensions();
            let found = glyphs::read_page(page, &fonts);
            (width, height, found.unmapped, found.cut, lines::lines(&found.glyphs))
        });
        let Some((width, height, missing, cut, lines)) = read else {
            let message = format!("{name}: page {number} is damaged and was not read; look at it and enter what it says by hand");
            findings.push(Finding::new(Severity::Warning, "page_unreadable", message).on_page(number));
            pages.push(Page { number, printed: None, width: 0.0, height: 0.0, characters: 0 });
            continue;
        };
        if cut {
            let message = format!("{name}: page {number} draws more than the limit of operators and was read in part");
            findings.push(Finding::new(Severity::Warning, "page_over_limit", message).on_page(number));
        }
        unmapped += missing;
        let on_page: usize = lines.iter().map(|l| l.text.chars().count()).sum();
        characters += on_page;
        pages.push(Page { number, printed: None, width, height, characters: on_page });
        printed.push(PageLines { number, height, lines });
    }
    findings.extend(missing_text(&pages, name));
    if unmapped > 0 {
        let message = format!("{name}: {unmapped} characters are set in fonts that do not say which letters they are, and are left out");
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
        title: metadata.title.as_deref().map(pdf_text).filter(|t| !t.trim().is_empty()),
        producer: metadata.producer.as_deref().map(pdf_text).filter(|t| !t.trim().is_empty()),
        language: None,
    };
    Ok(Reading::new(MediaKind::Pdf, assembled, pages, about, findings))
}

/// One finding for the pages without a text layer, which every engine would pass over in silence.
fn missing_text(pages: &[Page], name: &str) -> Option<Finding> {
    let empty: Vec<u32> = pages.iter().filter(|p| p.characters == 0).map(|p| p.number).collect();
    let first = *empty.first()?;
    let whole = empty.len() == pages.len();
    let severity = if whole { Severity::Error } else { Severity::Warning };
    let what = if whole {
        format!("{name}: no text layer on any page ({}); it is pictures or outlines of text, so run it through text recognition first", ranges(&empty))
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
    let shown: Vec<String> = runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") }).collect();
    let word = if pages.len() == 1 { "page" } else { "pages" };
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{word} {} and {last}", rest.join(", ")),
        _ => format!("{word} {}", shown.join("")),
    }
}

/// A text string of the file's dictionary: UTF-16 with a mark, else Latin letters (ISO 32000-1 §7.9.2.2).
fn pdf_text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    }
}
