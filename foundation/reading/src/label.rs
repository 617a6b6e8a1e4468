//! List labels as documents print them: `1.`, `2.104.`, `(a)`, `iv)`, `•`.

use crate::model::BlockKind;

/// Marks that open an item of a bulleted list.
const BULLETS: &[char] = &['•', '◦', '▪', '●', '■', '‣', '·', '–', '—', '*', '○', '➢', '✓'];

/// The label at the start of a line, as printed. A number needs something after it that closes it, and words after that.
pub(crate) fn label(line: &str) -> Option<&str> {
    let trimmed = line.trim_start();
    let first = trimmed.chars().next()?;
    if BULLETS.contains(&first) {
        let rest = &trimmed[first.len_utf8()..];
        return (rest.is_empty() || rest.starts_with(char::is_whitespace))
            .then(|| &trimmed[..first.len_utf8()]);
    }
    let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let word = &trimmed[..end];
    let inner = word.strip_prefix('(').unwrap_or(word);
    let closed = inner.strip_suffix(')').or_else(|| inner.strip_suffix('.'));
    let core = closed.unwrap_or(inner);
    if core.is_empty() || core.chars().count() > 12 {
        return None;
    }
    let bracketed = word.starts_with('(') && word.ends_with(')');
    let parts: Vec<&str> = core.split('.').collect();
    let digits = |p: &str| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit());
    // "A1.5" and "A.8" number an appendix; "122.14–15" numbers several items at once.
    let first = |p: &str| {
        parts.len() > 1
            && p.strip_prefix(|c: char| c.is_ascii_uppercase())
                .is_some_and(|rest| rest.is_empty() || digits(rest))
    };
    let last = |p: &str| {
        parts.len() > 1 && p.split_once(['–', '-']).is_some_and(|(from, to)| digits(from) && digits(to))
    };
    let numbered = parts
        .iter()
        .enumerate()
        .all(|(i, p)| digits(p) || (i == 0 && first(p)) || (i + 1 == parts.len() && last(p)))
        && parts.iter().skip(1).all(|p| p.starts_with(|c: char| c.is_ascii_digit()));
    let lettered = core.len() == 1 && core.starts_with(|c: char| c.is_ascii_alphabetic());
    let roman = core.len() <= 5 && core.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    let is_label = match closed {
        // "2.104" needs no closing mark; "2019" and "5" do. "32.8 million" is an amount.
        None => numbered && parts.len() > 1 && !trimmed[end..].trim_start().starts_with(char::is_lowercase),
        Some(_) if numbered => parts.len() > 1 || core.len() <= 3,
        // "A." may be an initial; in lower case, in brackets or before a lower-case word it is a label.
        Some(_) => {
            let before_low = || trimmed[end..].trim_start().starts_with(char::is_lowercase);
            roman
                || (lettered
                    && (bracketed
                        || word.ends_with(')')
                        || core.starts_with(|c: char| c.is_ascii_lowercase())
                        || before_low()))
        }
    };
    is_label.then_some(word)
}

/// What a paragraph is whose format does not mark lists: an item where it begins with a number or letter that labels one.
pub(crate) fn paragraph_kind(text: &str) -> BlockKind {
    match label(text) {
        Some(label) => BlockKind::ListItem { label: label.to_owned(), depth: 0 },
        None => BlockKind::Paragraph,
    }
}

/// A number as a list shows it: `3`, `c`, `C`, `iii`, `III`. Formats are named as DOCX, ODT and HTML name them.
pub(crate) fn numeral(number: u32, format: &str) -> String {
    match format {
        "lowerLetter" | "a" => letters(number).to_lowercase(),
        "upperLetter" | "A" => letters(number),
        "lowerRoman" | "i" => roman(number).to_lowercase(),
        "upperRoman" | "I" => roman(number),
        "none" => String::new(),
        _ => number.to_string(),
    }
}

/// `A` to `Z`, then `AA`, `BB`, as word processors count.
fn letters(number: u32) -> String {
    let number = number.clamp(1, 26 * 20) - 1;
    let letter = char::from(b'A' + (number % 26) as u8);
    std::iter::repeat_n(letter, number as usize / 26 + 1).collect()
}

fn roman(number: u32) -> String {
    const VALUES: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut left = number.min(5_000);
    let mut out = String::new();
    for (value, letters) in VALUES {
        while left >= value {
            out.push_str(letters);
            left -= value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{label, numeral};

    #[test]
    fn numbers_as_lists_show_them() {
        assert_eq!(numeral(3, "decimal"), "3");
        assert_eq!(numeral(28, "lowerLetter"), "bb");
        assert_eq!(numeral(14, "upperRoman"), "XIV");
        assert_eq!(numeral(4, "i"), "iv");
    }

    #[test]
    fn labels() {
        for (line, expected) in [
            ("1. The Board", "1."),
            ("2.104. The Board", "2.104."),
            ("4.12 The Board", "4.12"),
            ("(a) the first", "(a)"),
            ("iv) the fourth", "iv)"),
            ("(ii) the second", "(ii)"),
            ("b. the second", "b."),
            ("• a point", "•"),
            ("– a point", "–"),
            ("12) The Board", "12)"),
            ("B. include the", "B."),
            ("A1.5. The Board", "A1.5."),
            ("A.8 The Board", "A.8"),
            ("122.101–103 The Board", "122.101–103"),
        ] {
            assert_eq!(label(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn not_labels() {
        for line in [
            "",
            "2019 was a year",
            "5 people",
            "A. Person said",
            "The Board",
            "(see above)",
            "-",
            "e.g. this",
            "2019. It",
        ] {
            assert_eq!(label(line), None, "{line}");
        }
    }
}
