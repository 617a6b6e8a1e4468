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
    /// A name of the person whom the text is about, as another table of the return has it.
    OwnName,
}

const TITLES: [&str; 15] =
    ["mr", "mrs", "ms", "miss", "dr", "sir", "cllr", "pc", "dc", "ds", "di", "sgt", "rev", "prof", "imam"];
/// Who may be called or named something: `a man called Omar`, and not `she called Childline`.
const INTRODUCED: [&str; 20] = [
    "man",
    "boy",
    "girl",
    "male",
    "female",
    "woman",
    "person",
    "friend",
    "someone",
    "lad",
    "boyfriend",
    "girlfriend",
    "brother",
    "sister",
    "uncle",
    "cousin",
    "adult",
    "youth",
    "driver",
    "is",
];
/// Names, or slips of them, that are months or the smallest words: no sign of anything.
const SMALL_WORDS: [&str; 17] = [
    "April", "August", "June", "May", "The", "She", "Her", "His", "Him", "You", "And", "But", "For", "Not",
    "That", "This", "With",
];
/// Names that are ordinary words too: no sign of anything where a sentence begins.
const ORDINARY: [&str; 29] = [
    "Bill", "Chance", "Faith", "Grace", "Hope", "Joy", "Mark", "Miles", "Pat", "Rose", "Sue", "Will", "Day",
    "Long", "Young", "Church", "Home", "Short", "Brown", "Green", "White", "Black", "Wood", "Price", "Rich",
    "Love", "Best", "Good", "Small",
];
const WAYS: [&str; 15] = [
    "road", "street", "avenue", "lane", "close", "drive", "crescent", "terrace", "gardens", "court", "grove",
    "rd", "st", "ave", "way",
];

/// Looks a text through once. `is_own` tells a name of the person whom it is about. Other bare names without a title are not found: that is the work of the tool that takes them out, and
/// this is a check that it was used.
pub(crate) fn scan(text: &str, is_own: impl Fn(&str) -> bool, mut mark: impl FnMut(TextMark)) {
    let (mut name, mut address, mut email, mut own) = (false, false, false, false);
    // The last four words, without signs around them: enough for `14 Upper Holt Road`.
    let mut before: [&str; 4] = [""; 4];
    let mut introduces = false;
    let mut begins = true;
    let has_at = text.as_bytes().contains(&b'@');
    for word in text.split_ascii_whitespace() {
        let plain = trimmed(word);
        let first = plain.as_bytes().first().copied().unwrap_or(0);
        if introduces && is_capitalised(plain) {
            name = true;
        }
        introduces = false;
        own |= first.is_ascii_uppercase()
            && plain.len() > 2
            && !SMALL_WORDS.contains(&plain)
            && !(begins && ORDINARY.contains(&plain))
            && is_own(plain);
        begins = word.ends_with(['.', '!', '?', ':']);
        if (2..=8).contains(&plain.len()) && first.is_ascii_alphabetic() {
            let is_in = |list: &[&str]| list.iter().any(|entry| entry.eq_ignore_ascii_case(plain));
            let named = matches!(plain, "called" | "named")
                && INTRODUCED.iter().any(|entry| entry.eq_ignore_ascii_case(before[3]));
            introduces =
                ((first.is_ascii_uppercase() && is_in(&TITLES)) || named) && !word.ends_with([',', ';', ':']);
            address |=
                is_capitalised(before[3]) && before[..3].iter().any(|w| is_house_number(w)) && is_in(&WAYS);
        }
        if first.is_ascii_digit() && is_inward(plain) {
            address |= is_outward(before[3]);
        } else if first.is_ascii_uppercase() && (5..=7).contains(&plain.len()) && plain.is_ascii() {
            let (outward, inward) = plain.split_at(plain.len() - 3);
            address |= is_outward(outward) && is_inward(inward);
        }
        if let (true, Some((user, domain))) = (has_at, word.split_once('@')) {
            email |= user.len() > 1 && domain.contains('.') && domain.len() > 3;
        }
        before.rotate_left(1);
        before[3] = plain;
    }
    let marks: [(bool, TextMark); 5] = [
        (name, TextMark::Name),
        (address, TextMark::Address),
        (has_phone(text), TextMark::Phone),
        (email, TextMark::Email),
        (own, TextMark::OwnName),
    ];
    marks.into_iter().filter(|(found, _)| *found).for_each(|(_, kind)| mark(kind));
}

/// A word without the signs around it.
fn trimmed(word: &str) -> &str {
    // Most words have none, and reading two bytes is enough to know.
    let bytes = word.as_bytes();
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    if plain(bytes.first()) && plain(bytes.last()) {
        return word;
    }
    word.trim_matches(|c: char| !c.is_alphanumeric())
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
        scan(text, |word| matches!(word, "Lena" | "May" | "Young" | "The"), |mark| found.push(mark));
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
        assert_eq!(marks("Later Lena said so."), [TextMark::OwnName]);
        assert_eq!(marks("Lena said so."), [TextMark::OwnName]);
        assert_eq!(marks("The worker saw Young at home."), [TextMark::OwnName]);
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
            "In May the plan ended. Young people were there.",
            "She called Childline and later called Police.",
            "Plan so-called; Named nurse informed.",
        ] {
            assert_eq!(marks(text), [], "{text}");
        }
    }
}
