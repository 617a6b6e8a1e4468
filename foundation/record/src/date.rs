use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::RecordError;

/// The month, 1 to 12, that an English word names: in full, by its first three letters, or as `sept`; in any case.
pub fn month_number(word: &str) -> Option<i8> {
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
    let names = |month: &&str| {
        let short = word.eq_ignore_ascii_case("sept") && *month == "september";
        word.eq_ignore_ascii_case(month) || word.eq_ignore_ascii_case(&month[..3]) || short
    };
    MONTHS.iter().zip(1..).find(|(month, _)| names(month)).map(|(_, number)| number)
}

/// A calendar date known to the year, the month or the day, and no further.
///
/// Written as ISO 8601 cut short: `2025`, `2025-12`, `2025-12-09`. A partial date is never filled in: it stands for the
/// closed range [`earliest`](Self::earliest) to [`latest`](Self::latest). Ordering is by earliest day, then by precision
/// (the vaguer first), which is total and puts a month before its own first day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PartialDate {
    /// Only the year is known.
    Year(i16),
    /// The year and month (1 to 12) are known.
    Month(i16, i8),
    /// The day is known.
    Day(Date),
}

impl PartialDate {
    /// The first day it can mean.
    pub fn earliest(self) -> Date {
        match self {
            Self::Year(year) => jiff::civil::date(year, 1, 1),
            Self::Month(year, month) => jiff::civil::date(year, month, 1),
            Self::Day(day) => day,
        }
    }

    /// The last day it can mean.
    pub fn latest(self) -> Date {
        match self {
            Self::Year(year) => jiff::civil::date(year, 12, 31),
            Self::Month(year, month) => jiff::civil::date(year, month, 1).last_of_month(),
            Self::Day(day) => day,
        }
    }

    /// The exact day, when the day is known.
    pub fn day(self) -> Option<Date> {
        match self {
            Self::Day(day) => Some(day),
            Self::Year(_) | Self::Month(..) => None,
        }
    }

    /// The date as people write it in Britain: `9 December 2025`, `December 2025`, `2025`.
    pub fn in_words(self) -> String {
        match self {
            Self::Year(year) => year.to_string(),
            Self::Month(..) => self.earliest().strftime("%B %Y").to_string(),
            Self::Day(day) => day.strftime("%-d %B %Y").to_string(),
        }
    }

    fn precision(self) -> u8 {
        match self {
            Self::Year(_) => 0,
            Self::Month(..) => 1,
            Self::Day(_) => 2,
        }
    }
}

impl Ord for PartialDate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.earliest(), self.precision()).cmp(&(other.earliest(), other.precision()))
    }
}

impl PartialOrd for PartialDate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl From<Date> for PartialDate {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PartialDate {
    type Err = RecordError;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let refuse = || RecordError::Date { given: given.chars().take(40).collect() };
        let digits = |part: &str, length: usize| {
            (part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<i16>().ok())
                .flatten()
                .ok_or_else(refuse)
        };
        let mut parts = given.split('-');
        let year = digits(parts.next().unwrap_or_default(), 4)?;
        if year == 0 {
            return Err(refuse());
        }
        let Some(month) = parts.next() else { return Ok(Self::Year(year)) };
        let month = digits(month, 2)? as i8;
        if !(1..=12).contains(&month) {
            return Err(refuse());
        }
        let Some(day) = parts.next() else { return Ok(Self::Month(year, month)) };
        let day = digits(day, 2)? as i8;
        if parts.next().is_some() {
            return Err(refuse());
        }
        Date::new(year, month, day).map(Self::Day).map_err(|_| refuse())
    }
}

impl TryFrom<String> for PartialDate {
    type Error = RecordError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> String {
        date.to_string()
    }
}

/// A date, or the plain statement that it was looked for and not found.
///
/// `unknown` is a value of its own, so that it can never be mistaken for "none" or "not yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DateOrUnknown {
    /// Known at least in part.
    Known(PartialDate),
    /// Looked for and not found.
    Unknown,
}

impl DateOrUnknown {
    /// The date, when it is known.
    pub fn known(self) -> Option<PartialDate> {
        match self {
            Self::Known(date) => Some(date),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for DateOrUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(date) => date.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for DateOrUnknown {
    type Err = RecordError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s == "unknown" { Ok(Self::Unknown) } else { s.parse().map(Self::Known) }
    }
}

impl TryFrom<String> for DateOrUnknown {
    type Error = RecordError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<DateOrUnknown> for String {
    fn from(date: DateOrUnknown) -> String {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_are_named_in_full_or_short() {
        let named = ["January", "feb", "MAR", "Sept", "september", "dec"].map(month_number);
        assert_eq!(named, [Some(1), Some(2), Some(3), Some(9), Some(9), Some(12)]);
        assert_eq!(["", "ma", "marc", "mayor", "janu", "é"].map(month_number), [None; 6]);
    }

    #[test]
    fn partial_dates_stand_for_ranges() {
        let month: PartialDate = "2024-02".parse().unwrap();
        assert_eq!(month.earliest(), jiff::civil::date(2024, 2, 1));
        assert_eq!(month.latest(), jiff::civil::date(2024, 2, 29));
        assert_eq!(month.day(), None);
        assert_eq!(month.in_words(), "February 2024");
        assert_eq!("2025".parse::<PartialDate>().unwrap().latest(), jiff::civil::date(2025, 12, 31));
        assert_eq!("2025-12-09".parse::<PartialDate>().unwrap().in_words(), "9 December 2025");
    }

    #[test]
    fn what_is_not_a_date_is_refused_and_never_mended() {
        for bad in [
            "",
            "25",
            "2025-13",
            "2025-02-30",
            "2025-1-1",
            "0000",
            "2025-01-01-01",
            "12025",
            "2025-+1",
            "soon",
        ] {
            assert!(bad.parse::<PartialDate>().is_err(), "{bad}");
        }
        assert_eq!("unknown".parse::<DateOrUnknown>().unwrap(), DateOrUnknown::Unknown);
        assert!("".parse::<DateOrUnknown>().is_err());
    }

    proptest! {
        #[test]
        fn written_dates_read_back(year in 1i16..9999, month in 1i8..=12, day in 1i8..=28, precision in 0u8..3) {
            let date = match precision {
                0 => PartialDate::Year(year),
                1 => PartialDate::Month(year, month),
                _ => PartialDate::Day(jiff::civil::date(year, month, day)),
            };
            prop_assert_eq!(date.to_string().parse::<PartialDate>().unwrap(), date);
            prop_assert!(date.earliest() <= date.latest());
        }

        #[test]
        fn nonsense_never_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<PartialDate>();
        }
    }
}
