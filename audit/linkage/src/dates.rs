//! Days as numbers from 1 January 1970, and texts read as days by a format.

use std::fmt::Write;

use candour_record::month_number;
use jiff::Span;
use jiff::civil::{Date, date};

const FIRST: Date = date(1970, 1, 1);

/// The number of a day; `None` where there is no such day.
fn day_number(year: i16, month: i8, day: i8) -> Option<i32> {
    let day = Date::new(year, month, day).ok()?;
    Some(FIRST.until(day).ok()?.get_days())
}

/// Writes the day of a number as `YYYY-MM-DD`; `None` where the calendar, which ends with the year 9999, has none.
pub(crate) fn write_iso(number: i32, into: &mut String) -> Option<()> {
    let day = FIRST.checked_add(Span::new().try_days(number).ok()?).ok()?;
    // Writing to a String cannot fail.
    let _ = write!(into, "{day}");
    Some(())
}

/// Reads a text by a `strptime` format made of `%Y`, `%m`, `%d`, `%y`, `%b`, `%B` and the characters between them.
pub(crate) fn parse(text: &str, format: &str) -> Option<i32> {
    let mut rest = text.trim();
    let (mut year, mut month, mut day) = (None, None, None);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let digits = |rest: &str, most: usize| -> Option<(i16, usize)> {
            let n = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            rest.get(..n)?.parse().ok().map(|value| (value, n))
        };
        let used = match letters.next()? {
            'Y' => {
                let (value, n) = digits(rest, 4)?;
                year = Some(value);
                n
            }
            'y' => {
                let (value, n) = digits(rest, 2)?;
                year = Some(if value < 69 { 2000 } else { 1900 } + value);
                n
            }
            'm' => {
                let (value, n) = digits(rest, 2)?;
                month = i8::try_from(value).ok();
                n
            }
            'd' => {
                let (value, n) = digits(rest, 2)?;
                day = i8::try_from(value).ok();
                n
            }
            'b' | 'B' => {
                let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
                month = Some(month_number(&word)?);
                word.len()
            }
            _ => return None,
        };
        rest = rest.get(used..)?;
    }
    if !rest.is_empty() {
        return None;
    }
    day_number(year?, month.unwrap_or(1), day.unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        assert_eq!(day_number(1970, 1, 1), Some(0));
        assert_eq!(day_number(2000, 2, 29), Some(11_016));
        assert_eq!(day_number(1900, 2, 29), None);
        assert_eq!(parse("31/12/1999", "%d/%m/%Y"), day_number(1999, 12, 31));
        assert_eq!(parse("1999-13-01", "%Y-%m-%d"), None);
        assert_eq!(parse("1999-12-01x", "%Y-%m-%d"), None);
        assert_eq!(parse("2 Mar 07", "%d %b %y"), day_number(2007, 3, 2));
    }

    proptest! {
        #[test]
        fn a_day_written_is_read_again(number in -719_528i32..=2_932_896) {
            let mut text = String::new();
            write_iso(number, &mut text).unwrap();
            prop_assert_eq!(parse(&text, "%Y-%m-%d"), Some(number));
        }

        #[test]
        fn days_beyond_the_calendar_are_none(number in prop_oneof![i32::MIN..-4_371_588, 2_932_897..i32::MAX]) {
            prop_assert_eq!(write_iso(number, &mut String::new()), None);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*", format in "\\PC*") {
            let _ = parse(&text, &format);
        }
    }
}
