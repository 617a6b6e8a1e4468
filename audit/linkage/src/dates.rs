//! Days of the proleptic Gregorian calendar as numbers from 1 January 1970 (Hinnant 2013, "chrono-compatible low-level date
//! algorithms").

use std::fmt::Write;

/// The number of a day; `None` where there is no such day.
pub(crate) fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > month_length(year, month) {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month as i32 + 9) % 12) + 2) / 5 + day as i32 - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn month_length(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Writes the day of a number as `YYYY-MM-DD`.
pub(crate) fn write_iso(number: i32, into: &mut String) {
    let z = i64::from(number) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // Writing to a String cannot fail.
    let _ = write!(into, "{year:04}-{month:02}-{day:02}");
}

/// Reads a text by a `strptime` format made of `%Y`, `%m`, `%d`, `%y`, `%b`, `%B` and the characters between them.
pub(crate) fn parse(text: &str, format: &str) -> Option<i32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let mut rest = text.trim();
    let (mut year, mut month, mut day) = (None, None, None);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let digits = |rest: &str, most: usize| -> Option<(u32, usize)> {
            let n = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            rest.get(..n)?.parse().ok().map(|value| (value, n))
        };
        let used = match letters.next()? {
            'Y' => {
                let (value, n) = digits(rest, 4)?;
                year = Some(value as i32);
                n
            }
            'y' => {
                let (value, n) = digits(rest, 2)?;
                year = Some(if value < 69 { 2000 } else { 1900 } + value as i32);
                n
            }
            'm' => {
                let (value, n) = digits(rest, 2)?;
                month = Some(value);
                n
            }
            'd' => {
                let (value, n) = digits(rest, 2)?;
                day = Some(value);
                n
            }
            'b' | 'B' => {
                let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
                let lower = word.to_lowercase();
                let at =
                    MONTHS.iter().position(|m| *m == lower || (lower.len() == 3 && m.starts_with(&lower)))?;
                month = Some(at as u32 + 1);
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
        fn a_day_written_is_read_again(number in -200_000i32..200_000) {
            let mut text = String::new();
            write_iso(number, &mut text);
            if number > -719_528 {
                prop_assert_eq!(parse(&text, "%Y-%m-%d"), Some(number));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*", format in "\\PC*") {
            let _ = parse(&text, &format);
        }
    }
}
