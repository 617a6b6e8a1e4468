//! What every target holds to be true, whatever the bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use candour_reading::{Limits, Reading, read};
use candour_register::{Deadline, DocumentKind, Item, Request, extract};
use jiff::civil::date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Limits that keep one run small, so that many fit in a minute; nesting is that of the program.
pub const LIMITS: Limits =
    Limits { bytes: 1 << 20, pages: 50, characters: 200_000, depth: 200, expanded: 1 << 20 };

const KINDS: [Option<DocumentKind>; 6] = [
    None,
    Some(DocumentKind::Report),
    Some(DocumentKind::Response),
    Some(DocumentKind::Statement),
    Some(DocumentKind::News),
    Some(DocumentKind::Letter),
];

/// The run time of the fuzzer takes every panic for a crash. Those that a reader catches become findings and are none.
pub fn pass_over_caught_panics() {
    let crash = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !candour_record::is_guarded() {
            crash(info);
        }
    }));
}

/// Reads bytes and their items, and checks every place that is named in what comes out.
pub fn reads(bytes: &[u8], name: &str) {
    let reading = match read(bytes, name, &LIMITS) {
        Ok(reading) => reading,
        Err(error) => {
            assert!(error.to_string().starts_with(name), "{error} does not name its file");
            return;
        }
    };
    let length = check_reading(&reading);
    // The kind follows from the bytes, so that a run can be made again.
    let kind = KINDS[bytes.len() % KINDS.len()];
    let (extraction, _) = extract(&reading, Request { published: Some(date(2025, 6, 16)), kind });
    for item in &extraction.items {
        check_item(&reading, length, item);
    }
}

fn check_reading(reading: &Reading) -> usize {
    let length = reading.text.chars().count();
    assert!(reading.body_end <= length);
    let mut before = 0;
    for block in &reading.blocks {
        let span = block.span;
        assert!(
            before <= span.start && span.start < span.end && span.end <= length,
            "block {span:?} of {length}"
        );
        before = span.end;
        assert_eq!(block.kind.is_body(), span.end <= reading.body_end, "{:?} {span:?}", block.kind);
        let mut at = span.start;
        for run in &block.runs {
            assert_eq!(run.span.start, at, "runs of {span:?}");
            at = run.span.end;
        }
        assert_eq!(at, span.end, "runs of {span:?}");
        let mut at = span.start;
        for line in &block.lines {
            assert!(line.span.start == at && line.span.end >= at, "lines of {span:?}");
            at = line.span.end;
            assert!(line.page >= 1);
        }
        assert_eq!(at, span.end, "lines of {span:?}");
        assert_eq!(reading.slice(span).chars().count(), span.len());
        assert!(block.page >= 1 && reading.page_of(span.start) >= 1);
    }
    length
}

fn check_item(reading: &Reading, length: usize, item: &Item) {
    let rule = &item.rule;
    let holds = |start: usize, end: usize, what: &str| {
        assert!(start <= end && end <= length, "{what} {start}..{end} of {length}, by {rule}");
    };
    holds(item.start, item.end, "an item");
    assert_eq!(item.text, reading.slice(candour_record::Span::new(item.start, item.end)), "words, by {rule}");
    assert!(item.page >= 1 && item.confidence <= 100);
    for place in &item.also_at {
        holds(place.start, place.end, "a further place");
    }
    for part in &item.parts {
        holds(part.start, part.end, "a part");
    }
    item.deadlines.iter().for_each(check_deadline);
}

/// A day is never given without the words that fix it, and a window runs forwards.
pub fn check_deadline(deadline: &Deadline) {
    assert!(!deadline.phrase.trim().is_empty(), "{deadline:?}");
    if let (Some(earliest), Some(latest)) = (deadline.earliest, deadline.latest) {
        assert!(earliest <= latest, "{deadline:?}");
    }
}

/// Bytes that begin as a ZIP container stay as they are; of others, each part under a line `=== name` becomes a member,
/// so that the fuzzer can change the XML without having to mend sums and offsets.
pub fn container(data: &[u8]) -> Vec<u8> {
    if data.starts_with(b"PK") {
        return data.to_vec();
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts(data) {
        let started = archive.start_file(String::from_utf8_lossy(name), options);
        if started.is_err() || archive.write_all(content).is_err() {
            break;
        }
    }
    archive.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// The same parts as tables: file name and content.
pub fn tables(text: &str) -> BTreeMap<String, String> {
    parts(text.as_bytes())
        .into_iter()
        .map(|(name, content)| {
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(content).into_owned())
        })
        .collect()
}

/// Stretches under lines `=== name`; what stands before the first is passed over.
fn parts(data: &[u8]) -> Vec<(&[u8], &[u8])> {
    const MARK: &[u8] = b"=== ";
    let starts: Vec<usize> = (0..data.len())
        .filter(|at| data[*at..].starts_with(MARK) && (*at == 0 || data[*at - 1] == b'\n'))
        .chain([data.len()])
        .collect();
    starts
        .windows(2)
        .map(|pair| {
            let part = &data[pair[0] + MARK.len()..pair[1]];
            let line = part.iter().position(|b| *b == b'\n').unwrap_or(part.len());
            (&part[..line], part.get(line + 1..).unwrap_or_default())
        })
        .collect()
}
