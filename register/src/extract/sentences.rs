//! Sentences, and the words of one.

/// A sentence: its words as written, and its first character in the text it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    /// Characters before it.
    pub(super) start: usize,
}

/// Abbreviations after which a full stop ends nothing.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "sir", "st", "no", "nos", "para", "paras", "p", "pp", "e.g", "i.e", "eg", "ie",
    "cf", "vs", "v", "vol", "ch", "ed", "eds", "art", "s", "ss", "sgt", "insp", "supt", "hon", "rt", "gov",
    "gen", "col", "lt", "inc", "ltd", "co", "u.s", "u.k", "u.n", "a.m", "p.m", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "prof", "rev", "al",
];

/// Splits a text into sentences. A blank line ends one too; white space between them belongs to none.
pub(super) fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut characters_before = 0;
    let bytes = text.as_bytes();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = match c {
            '.' | '!' | '?' => ends_sentence(text, from, at, c),
            // A paragraph broken in the middle of a sentence goes on in small letters.
            '\n' => {
                bytes.get(at + 1) == Some(&b'\n') && !text[at..].trim_start().starts_with(char::is_lowercase)
            }
            _ => false,
        };
        if !ends {
            continue;
        }
        // Closing quotation marks and brackets belong to the sentence they close.
        let mut end = at + c.len_utf8();
        while let Some(&(next, mark)) = chars.peek() {
            if !matches!(mark, '”' | '’' | '"' | '\'' | ')' | ']') {
                break;
            }
            end = next + mark.len_utf8();
            chars.next();
        }
        push(&mut found, text, from, end, &mut characters_before);
        from = end;
    }
    push(&mut found, text, from, text.len(), &mut characters_before);
    found
}

fn push<'a>(
    found: &mut Vec<Sentence<'a>>,
    text: &'a str,
    from: usize,
    to: usize,
    characters_before: &mut usize,
) {
    let piece = &text[from..to];
    let trimmed = piece.trim();
    if !trimmed.is_empty() {
        let leading = piece.chars().take_while(|c| c.is_whitespace()).count();
        found.push(Sentence { text: trimmed, start: *characters_before + leading });
    }
    *characters_before += piece.chars().count();
}

fn ends_sentence(text: &str, from: usize, at: usize, mark: char) -> bool {
    let after = text[at + 1..].trim_start_matches(['”', '’', '"', '\'', ')', ']']);
    if !after.starts_with(char::is_whitespace) && !after.is_empty() {
        return false;
    }
    if mark != '.' {
        return !after.trim_start().starts_with(char::is_lowercase);
    }
    let word = text[from..at].rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let bare = word.to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let label = text[from..at].trim().len() <= 5 && text[from..at].trim().bytes().all(|b| b.is_ascii_digit());
    let next = after.trim_start().chars().next();
    !(ABBREVIATIONS.contains(&bare.as_str())
        || initial
        || label
        || next.is_some_and(|c| c.is_lowercase() || c == ','))
}

/// A word without the marks around it, in lower case.
pub(super) fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        let split =
            |text: &str| -> Vec<String> { sentences(text).iter().map(|s| s.text.to_owned()).collect() };
        assert_eq!(
            split("Mr. Smith met the U.S. Board. It paid 3.5 million (see para. 4). “We agree.” They left."),
            [
                "Mr. Smith met the U.S. Board.",
                "It paid 3.5 million (see para. 4).",
                "“We agree.”",
                "They left."
            ]
        );
        assert_eq!(split("One\n\nTwo. three"), ["One", "Two. three"]);
        assert!(split("  ").is_empty());
    }

    #[test]
    fn starts_count_characters() {
        let text = "Élan. Été is here.\n\nThird – one.";
        for sentence in sentences(text) {
            let read: String =
                text.chars().skip(sentence.start).take(sentence.text.chars().count()).collect();
            assert_eq!(read, sentence.text);
        }
    }
}
