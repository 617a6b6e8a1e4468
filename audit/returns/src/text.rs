//! What should not stand in a text from which names and places were taken out.

/// Something found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TextMark {
    /// A title and a capitalised word after it, or a name introduced as one.
    Name,
    /// A number, a capitalised word and a word such as Road; or a postcode.
    Address,
    /// Ten or eleven digits that begin as British telephone numbers do.
    Phone,
    /// An address of electronic mail.
    Email,
}

const TITLES: [&str; 15] =
    ["mr", "mrs", "ms", "miss", "dr", "sir", "cllr", "pc", "dc", "ds", "di", "sgt", "rev", "prof", "imam"];
const INTRODUCED: [&str; 2] = ["called", "named"];
const WAYS: [&str; 15] = [
    "road", "street", "avenue", "lane", "close", "drive", "crescent", "terrace", "gardens", "court", "grove",
    "rd", "st", "ave", "way",
];

/// Looks a text through once. Bare names without a title are not found: that is the work of the tool that takes them out, and
/// this is a check that it was used.
pub(crate) fn scan(text: &str, mut mark: impl FnMut(TextMark)) {
    let mut found = [false; 4];
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    for (at, word) in words.iter().enumerate() {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        if plain.len() <= 8 {
            let lower = plain.to_ascii_lowercase();
            let next = words.get(at + 1).map(|w| bare(w)).unwrap_or_default();
            let titled = TITLES.contains(&lower.as_str()) && plain.starts_with(char::is_uppercase);
            if (titled || INTRODUCED.contains(&lower.as_str()))
                && is_capitalised(&next)
                && !word.ends_with([',', ';', ':'])
            {
                found[0] = true;
            }
            if WAYS.contains(&lower.as_str())
                && at >= 2
                && is_capitalised(&bare(words[at - 1]))
                && words[..at].iter().rev().take(3).any(|w| is_house_number(&bare(w)))
            {
                found[1] = true;
            }
        }
        if is_outward(plain) && words.get(at + 1).is_some_and(|w| is_inward(&bare(w))) {
            found[1] = true;
        }
        if (6..=7).contains(&plain.len()) && plain.is_ascii() {
            let (outward, inward) = plain.split_at(plain.len() - 3);
            found[1] |= is_outward(outward) && is_inward(inward);
        }
        if let Some((before, after)) = word.split_once('@') {
            found[3] |= before.len() > 1 && after.contains('.') && after.len() > 3;
        }
    }
    found[2] = has_phone(text);
    let marks = [TextMark::Name, TextMark::Address, TextMark::Phone, TextMark::Email];
    for (mark_found, kind) in found.into_iter().zip(marks) {
        if mark_found {
            mark(kind);
        }
    }
}

fn is_capitalised(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
}

fn is_house_number(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    (1..=4).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && word.len() - digits.len() <= 1
}

/// The first half of a postcode: one or two letters, a digit, and a digit or letter or nothing.
fn is_outward(word: &str) -> bool {
    let bytes = word.as_bytes();
    let letters = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let rest = &bytes[letters..];
    (1..=2).contains(&letters)
        && (1..=2).contains(&rest.len())
        && rest[0].is_ascii_digit()
        && rest.iter().all(u8::is_ascii_alphanumeric)
}

/// The second half of a postcode: a digit and two letters.
fn is_inward(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 3 && bytes[0].is_ascii_digit() && bytes[1..].iter().all(u8::is_ascii_uppercase)
}

fn has_phone(text: &str) -> bool {
    let mut digits = 0;
    let mut begins = false;
    let mut gap = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                if digits == 0 {
                    begins = byte == b'0' || begins;
                }
                digits += 1;
                gap = 0;
                if begins && digits >= 10 {
                    return true;
                }
            }
            b'+' => {
                digits = 0;
                begins = true;
            }
            b' ' | b'-' | b'(' | b')' if digits > 0 && gap == 0 => gap += 1,
            _ => {
                digits = 0;
                gap = 0;
                begins = false;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<TextMark> {
        let mut found = Vec::new();
        scan(text, |mark| found.push(mark));
        found
    }

    #[test]
    fn what_should_have_been_taken_out_is_found() {
        assert_eq!(marks("Spoke with Mrs Vance about school."), [TextMark::Name]);
        assert_eq!(marks("Seen with a man called Omar outside."), [TextMark::Name]);
        assert_eq!(marks("Collected from 14 Holt Road by taxi."), [TextMark::Address]);
        assert_eq!(marks("Lives near ZZ9 9ZZ now."), [TextMark::Address]);
        assert_eq!(marks("Rang 07700 900123 twice."), [TextMark::Phone]);
        assert_eq!(marks("Rang +44 7700 900123 twice."), [TextMark::Phone]);
        assert_eq!(marks("Wrote to someone@example.org today."), [TextMark::Email]);
    }

    #[test]
    fn ordinary_notes_are_left_alone() {
        for text in [
            "Social Worker visited on 14 March 2025 and spoke with the mother.",
            "The child was missing for 26 hours and was found by police at 03:15.",
            "Referral 2025-000123 was closed. Strategy discussion held.",
            "[NAME] said that [NAME] had given her gifts. Reference 1234567890.",
            "",
            "Plan so-called; Named nurse informed.",
        ] {
            assert_eq!(marks(text), [], "{text}");
        }
    }
}
