//! Numbers as documents print them: `4`, `4a ii`, `7(f)(i)`, `113.6`, `R3.2-1`, `A-97-92`, `018/14`, `IX`.
//!
//! A number is kept as printed, because that is what everyone will cite; its parent is what is left when its last part
//! is taken away.

/// A number read at the start of some text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbering {
    /// As printed, with white space made single.
    pub(super) printed: String,
    /// The number of the item this is a part of.
    pub(super) parent: Option<String>,
    /// Characters it takes, without what closes it.
    pub(super) length: usize,
}

/// Reads a number at the very start of a text.
pub(super) fn read(text: &str) -> Option<Numbering> {
    coded(text).or_else(|| plain(text)).or_else(|| roman_capitals(text))
}

/// Reads one or more numbers: `3`, `3, 7 and 10`, `12 to 15`, `122.17-18`. Gives them and the characters they take.
pub(super) fn read_several(text: &str) -> Option<(Vec<Numbering>, usize)> {
    let first = read(text)?;
    let mut at = first.length;
    let mut numbers = vec![first];
    while numbers.len() < MOST {
        let rest: String = text.chars().skip(at).collect();
        let spaces = rest.chars().take_while(|c| c.is_whitespace()).count();
        let trimmed: String = rest.chars().skip(spaces).collect();
        let (joint, ranges) = if let Some(length) = ["to ", "– ", "–", "-", "— "]
            .iter()
            .find_map(|j| trimmed.strip_prefix(j).map(|_| j.chars().count()))
        {
            (length, true)
        } else if let Some(length) = ["., and ", "., ", ", and ", ", ", ",", "and ", "& "]
            .iter()
            .find_map(|j| trimmed.strip_prefix(j).map(|_| j.chars().count()))
        {
            (length, false)
        } else {
            break;
        };
        let after: String = trimmed.chars().skip(joint).collect();
        let gap = after.chars().take_while(|c| c.is_whitespace()).count();
        let after: String = after.chars().skip(gap).collect();
        let Some(mut next) = plain(&after).or_else(|| coded(&after)) else { break };
        // "6. 12 months" is a number and an amount: a list goes on with a number that is closed or joined again.
        if after.chars().nth(next.length).is_some_and(char::is_alphanumeric) {
            break;
        }
        let length = next.length;
        if ranges {
            // "122.17-18" leaves out the head of its second number.
            let head = numbers.last().map_or("", |n| head(&n.printed));
            if !head.is_empty() && self::head(&next.printed).is_empty() {
                next.printed = format!("{head}{}", next.printed);
            }
            numbers.extend(between(numbers.last(), &next));
        }
        numbers.push(next);
        at += spaces + joint + gap + length;
    }
    Some((numbers, at))
}

/// Whether a number is a code that an office gives, such as `A-97-92` or `018/14`, rather than a place in a list.
pub(super) fn is_code(number: &Numbering) -> bool {
    number.printed.contains(['-', '/'])
}

/// More numbers than this in one label are a table, not a label.
const MOST: usize = 300;

/// A number without its last run of digits.
fn head(number: &str) -> &str {
    number.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// What stands strictly between two numbers of a range, where both count in the same series.
fn between(from: Option<&Numbering>, to: &Numbering) -> Vec<Numbering> {
    let Some(from) = from else { return Vec::new() };
    let series = head(&from.printed);
    let count = |n: &str| n[head(n).len()..].parse::<u32>().ok();
    let (Some(low), Some(high)) = (count(&from.printed), count(&to.printed)) else { return Vec::new() };
    if head(&to.printed) != series || high <= low || high - low > MOST as u32 {
        return Vec::new();
    }
    (low + 1..high)
        .map(|n| Numbering { printed: format!("{series}{n}"), parent: from.parent.clone(), length: 0 })
        .collect()
}

/// `A-97-92`, `R3.2-1`, `RO-2014-103-SR-01`, `018/14`: codes that an office gives its recommendations.
fn coded(text: &str) -> Option<Numbering> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | '–'))
        .collect();
    let word = word.trim_end_matches(['.', '-', '–', '/']);
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let capital_first = word.starts_with(|c: char| c.is_ascii_uppercase());
    let joined = word.contains(['-', '/']);
    let office_code = capital_first
        && joined
        && digits >= 2
        && word.len() <= 24
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '/' | '.'));
    let serial_of_year = word.split_once('/').is_some_and(|(serial, year)| {
        let number =
            |s: &str, least: usize| (least..=4).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        number(serial, 1) && number(year, 2)
    });
    // `2019-012`: year and serial number.
    let year_and_serial = word.split_once('-').is_some_and(|(year, serial)| {
        year.len() == 4
            && (year.starts_with("19") || year.starts_with("20"))
            && serial.len() == 3
            && word.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    });
    (office_code || serial_of_year || year_and_serial).then(|| Numbering {
        printed: word.to_owned(),
        parent: None,
        length: word.chars().count(),
    })
}

/// `4`, `4a`, `4(a)(ii)`, `4a ii`, `113.6`.
fn plain(text: &str) -> Option<Numbering> {
    let characters: Vec<char> = text.chars().take(40).collect();
    let at = |i: usize| characters.get(i).copied().unwrap_or('\0');
    let mut end = 0;
    let mut parts: Vec<usize> = Vec::new();
    loop {
        let digits = characters[end..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 || digits > 4 {
            break;
        }
        end += digits;
        parts.push(end);
        if at(end) == '.' && at(end + 1).is_ascii_digit() {
            end += 1;
        } else {
            break;
        }
    }
    if parts.is_empty() || parts.len() > 3 {
        return None;
    }
    end = *parts.last()?;
    // Letters and small Roman numbers follow, close by or in brackets, or after a space where something closes them.
    for depth in 0..2 {
        let spaced = usize::from(at(end) == ' ' || at(end) == '.');
        let from = end + spaced;
        let bracket = usize::from(at(from) == '(');
        let inner: String = characters
            .iter()
            .skip(from + bracket)
            .take_while(|c| c.is_ascii_lowercase() || (depth == 0 && c.is_ascii_uppercase()))
            .collect();
        let letters = inner.len();
        let roman =
            !inner.is_empty() && inner.bytes().all(|b| matches!(b, b'i' | b'v' | b'x')) && letters <= 5;
        let is_part = letters == 1 || roman;
        let after = from + bracket + letters;
        let closed_by_bracket = at(after) == ')';
        let closes =
            closed_by_bracket || matches!(at(after), '\0' | ':' | '.' | ';' | ',' | '–' | '-' | '\n' | '(');
        let attached = spaced == 0 && !at(after).is_alphanumeric();
        let next_part_follows = spaced == 0 && matches!(at(after), ' ');
        let in_title = depth == 1 && roman && at(after) == ' ';
        if !is_part
            || (bracket == 1 && !closed_by_bracket)
            || !(closes || attached || next_part_follows || in_title)
        {
            break;
        }
        // "4 a board" begins a sentence; in "4a ii Returns" the small Roman number is a part before a title.
        let before_title = depth == 1 && roman && at(after) == ' ' && at(after + 1).is_uppercase();
        if spaced == 1 && !closes && !before_title {
            break;
        }
        end = after + usize::from(closed_by_bracket && bracket == 1);
        parts.push(end);
    }
    let collect = |to: usize| characters[..to].iter().collect::<String>();
    let lettered = parts.len() > 1 && !at(parts[parts.len() - 1] - 1).is_ascii_digit();
    Some(Numbering {
        printed: collect(end),
        parent: lettered.then(|| collect(parts[parts.len() - 2])),
        length: end,
    })
}

/// `I`, `IV`, `IX` where something closes them.
fn roman_capitals(text: &str) -> Option<Numbering> {
    let word: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
    let closes = text.chars().nth(word.len()).is_none_or(|c| matches!(c, ':' | '.' | ')' | '\n' | '–' | '—'));
    (!word.is_empty()
        && word.len() <= 6
        && word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X' | b'L'))
        && closes)
        .then_some(Numbering { length: word.len(), printed: word, parent: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<(String, Option<String>)> {
        read(text).map(|n| (n.printed, n.parent))
    }

    #[test]
    fn numbers_as_printed() {
        for (text, printed, parent) in [
            ("4: Better returns", "4", None),
            ("4a Returns", "4a", Some("4")),
            ("4(a)(ii) Returns", "4(a)(ii)", Some("4(a)")),
            ("7f i) Returns", "7f i", Some("7f")),
            ("4a ii: Returns", "4a ii", Some("4a")),
            ("113.6 That", "113.6", None),
            ("140.57 Ratify", "140.57", None),
            ("018/14", "018/14", None),
            ("A-97-92 Require", "A-97-92", None),
            ("R3.2-1 Begin", "R3.2-1", None),
            ("RO-2014-103-SR-01", "RO-2014-103-SR-01", None),
            ("IX. Returns", "IX", None),
            ("2019-012 It is", "2019-012", None),
            ("4 a board should meet", "4", None),
            ("12 months", "12", None),
        ] {
            assert_eq!(number(text), Some((printed.to_owned(), parent.map(str::to_owned))), "{text}");
        }
        for text in ["", "The board", "I recommend", "a) first", "12345"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn several_at_once() {
        let several = |text: &str| -> Vec<String> {
            read_several(text).map(|(n, _)| n.into_iter().map(|n| n.printed).collect()).unwrap_or_default()
        };
        assert_eq!(several("3, 7 and 10 are accepted"), ["3", "7", "10"]);
        assert_eq!(several("5., 6., 7. The Government"), ["5", "6", "7"]);
        assert_eq!(several("12 to 15:"), ["12", "13", "14", "15"]);
        assert_eq!(several("4 and the Board"), ["4"]);
        assert_eq!(several("1 – Better returns"), ["1"]);
        let ranged = several("122.17-18, 122.22, 122.30-33.");
        assert_eq!(ranged.len(), 7, "{ranged:?}");
        assert_eq!(ranged[..3], ["122.17", "122.18", "122.22"]);
    }
}
