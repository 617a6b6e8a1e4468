//! Whatever the bytes are, they are read or refused.

use candour_reading::{Limits, ReadingError, read};
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
