//! Places: bytes of a text, lines and columns of the Language Server Protocol, and UTF-16 units.

use lsp_types::{Position, Range};

/// How many UTF-16 units a text has.
pub(crate) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Where the lines of a text begin. A line ends with `\n`, `\r\n` or `\r` (LSP 3.17, "Text Documents").
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter_map(|(n, b)| match b {
            b'\n' => Some(n + 1),
            b'\r' if bytes.get(n + 1) != Some(&b'\n') => Some(n + 1),
            _ => None,
        });
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// From where to where line `n` reaches, without its end; the last line for a number past it.
    fn line(&self, text: &str, n: usize) -> (usize, usize) {
        let n = n.min(self.0.len() - 1);
        let start = self.0[n];
        let end = self.0.get(n + 1).copied().unwrap_or(text.len());
        (start, start + text[start..end].trim_end_matches(['\n', '\r']).len())
    }

    /// Where the line ends that a byte stands on.
    pub(crate) fn end(&self, text: &str, byte: usize) -> usize {
        self.line(text, self.0.partition_point(|s| *s <= byte) - 1).1
    }

    /// The position of a byte. Inside a line's end it is that of the end; inside a character, that of the character.
    pub(crate) fn position(&self, text: &str, byte: usize) -> Position {
        let n = self.0.partition_point(|s| *s <= byte) - 1;
        let (start, end) = self.line(text, n);
        let mut byte = byte.min(end);
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        Position::new(n as u32, units(&text[start..byte]) as u32)
    }

    /// The range of a span of bytes.
    pub(crate) fn range(&self, text: &str, span: &std::ops::Range<usize>) -> Range {
        Range::new(self.position(text, span.start), self.position(text, span.end))
    }

    /// The byte of a position. Past the end of a line it is the line's end (LSP 3.17, "Position"), past the last line the text's
    /// end, and between the halves of a surrogate pair the character's start.
    pub(crate) fn byte(&self, text: &str, position: Position) -> usize {
        let n = position.line as usize;
        if n >= self.0.len() {
            return text.len();
        }
        let (start, end) = self.line(text, n);
        let mut left = position.character as usize;
        for (at, c) in text[start..end].char_indices() {
            if left < c.len_utf16() {
                return start + at;
            }
            left -= c.len_utf16();
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_utf_16_units() {
        let text = "a\u{1F600}b\r\né\rz";
        let lines = Lines::of(text);
        assert_eq!(lines.position(text, text.find('b').unwrap()), Position::new(0, 3));
        assert_eq!(lines.position(text, text.find('z').unwrap()), Position::new(2, 0));
        assert_eq!(lines.byte(text, Position::new(0, 2)), 1);
        assert_eq!(lines.byte(text, Position::new(0, 99)), 6);
        assert_eq!(lines.byte(text, Position::new(1, 1)), 10);
        assert_eq!(lines.byte(text, Position::new(9, 0)), text.len());
        assert_eq!(lines.end(text, 1), 6);
    }

    proptest! {
        #[test]
        fn a_byte_comes_back(text in "([a-z \u{e9}\u{4e2d}\u{1F600}\u{301}]|\r\n|\n|\r){0,40}") {
            let lines = Lines::of(&text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let back = lines.byte(&text, lines.position(&text, at));
                // Between `\r` and `\n` there is no position.
                let inside = text[..at].ends_with('\r') && text[at..].starts_with('\n');
                prop_assert_eq!(back, if inside { at - 1 } else { at });
            }
        }

        #[test]
        fn any_position_is_a_place_in_the_text(text in "\\PC{0,20}(\r\n|\n|\r)\\PC{0,20}", line in 0u32..5, character in 0u32..60) {
            let lines = Lines::of(&text);
            let byte = lines.byte(&text, Position::new(line, character));
            prop_assert!(text.is_char_boundary(byte));
            prop_assert_eq!(lines.byte(&text, lines.position(&text, byte)), byte);
        }

        #[test]
        fn units_are_those_of_utf_16(text in "\\PC{0,40}") {
            prop_assert_eq!(units(&text), text.encode_utf16().count());
        }
    }
}
