//! Whatever the bytes are, they are read or refused.

use std::io::Write as _;

use candour_reading::{Limits, ReadingError, read, read_sheets, split_mailbox};
use proptest::prelude::*;

fn never_panics(bytes: &[u8], name: &str) {
    match read(bytes, name, &Limits::default()) {
        Ok(reading) => {
            assert!(reading.body_end <= reading.text.chars().count());
            for block in &reading.blocks {
                assert!(!reading.slice(block.span).is_empty());
                assert_eq!(block.runs.iter().map(|r| r.span.len()).sum::<usize>(), block.span.len());
                assert!(reading.page_of(block.span.start) >= 1);
            }
        }
        Err(error) => assert!(error.to_string().starts_with(name)),
    }
}

/// Pieces of each format, put together at random.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<div>",
        "</div>",
        "<p>",
        "<li>",
        "<ol start=9>",
        "<table>",
        "<td>",
        "<b>",
        "</b>",
        "<!--",
        "<h2>",
        "<main>",
        "<form>",
        "&amp;",
        "<",
        "# ",
        "- ",
        "1. ",
        "7) ",
        "> ",
        "| a | b |\n|---|---|\n",
        "**",
        "_",
        "`",
        "[x](",
        "![",
        "\n\n",
        "\n",
        "\t",
        "    ",
        "\u{c}",
        "====",
        "word",
        "THE BOARD",
        "(a) ",
        "4.12 ",
        "• ",
        "é",
        "\u{ad}",
        "\u{a0}",
        "½",
        "文",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

#[test]
fn a_text_larger_than_any_book_is_refused() {
    let text = "word ".repeat(14 << 20);
    for name in ["a.txt", "a.md"] {
        let error = read(text.as_bytes(), name, &Limits::default()).err();
        assert!(matches!(error, Some(ReadingError::TooLarge { limit, .. }) if limit == 64 << 20), "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for name in ["a.pdf", "a.html", "a.md", "a.txt", "a"] {
            never_panics(&bytes, name);
        }
    }

    #[test]
    fn any_bytes_that_claim_to_be_a_pdf(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        never_panics(&[b"%PDF-1.7\n".as_slice(), &bytes].concat(), "a.pdf");
    }

    #[test]
    fn any_markup(text in pieces()) {
        for (name, start) in [("a.html", "<html>"), ("a.md", ""), ("a.txt", "")] {
            never_panics(format!("{start}{text}").as_bytes(), name);
        }
    }

    #[test]
    fn any_sheet(bytes in prop::collection::vec(any::<u8>(), 0..500), cells in "(<row r=\"[0-9]{1,6}\">|</row>|<c r=\"[A-Z]{0,5}[0-9]{0,3}\"( t=\"(s|b|n|str|inlineStr)\")?( s=\"[0-9]\")?>|</c>|<v>|</v>|[0-9.e-]{1,12}|<is><t>word</t></is>){0,60}") {
        let _ = read_sheets(&bytes, "a.xlsx", &Limits::default());
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let members = [
            ("xl/workbook.xml", r#"<workbook><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>"#.to_owned()),
            ("xl/_rels/workbook.xml.rels", r#"<Relationships><Relationship Id="rId1" Target="a.xml"/></Relationships>"#.to_owned()),
            ("xl/styles.xml", r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#.to_owned()),
            ("xl/a.xml", format!("<worksheet><sheetData>{cells}</sheetData></worksheet>")),
        ];
        for (name, text) in &members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        let (sheets, _) = read_sheets(&bytes, "a.xlsx", &Limits::default()).unwrap();
        for row in sheets.iter().flat_map(|s| &s.rows) {
            prop_assert!(row.cells.iter().all(|(column, text)| *column < 16_384 && !text.trim().is_empty()));
        }
    }

    #[test]
    fn any_mailbox(text in "(From |>From |\n|\n\n|Subject: a\n|word ){0,60}") {
        let all: usize = split_mailbox(text.as_bytes()).iter().map(Vec::len).sum();
        prop_assert!(all <= text.len());
    }

    #[test]
    fn words_are_never_lost_from_text_or_markdown(words in prop::collection::vec("[a-z]{1,8}", 1..40), breaks in prop::collection::vec(prop::sample::select(vec![" ", "\n", "\n\n", "\n- ", "\n7. ", "\n> "]), 40)) {
        let mut source = String::new();
        for (word, between) in words.iter().zip(&breaks) {
            source.push_str(word);
            source.push_str(between);
        }
        for name in ["a.md", "a.txt"] {
            let reading = read(source.as_bytes(), name, &Limits::default()).unwrap();
            let found: Vec<&str> = reading.text.split_whitespace().filter(|w| w.bytes().all(|b| b.is_ascii_lowercase())).collect();
            prop_assert_eq!(&found, &words.iter().map(String::as_str).collect::<Vec<_>>(), "{}", name);
        }
    }
}
