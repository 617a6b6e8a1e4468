//! Days as numbers from 1 January 1970, without going through a calendar library ten million times.

/// A day in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// The calendar day of a number (Hinnant 2013, *chrono-compatible low-level date algorithms*, `civil_from_days`).
pub(crate) fn civil(number: i32) -> Civil {
    let z = number + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    Civil { year: year_of_era + era * 400 + i32::from(month <= 2), month, day }
}

/// The number of a day (the same, `days_from_civil`).
pub(crate) fn number(year: i32, month: u32, day: u32) -> i32 {
    let y = year - i32::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 } as i32;
    let of_year = (153 * shifted + 2) / 5 + day as i32 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// The calendar year of a day.
pub(crate) fn year_of(number: i32) -> i32 {
    civil(number).year
}

/// Whole years from one day to another.
pub(crate) fn age_on(born: i32, on: i32) -> i32 {
    let (b, o) = (civil(born), civil(on));
    o.year - b.year - i32::from((o.month, o.day) < (b.month, b.day))
}

/// Writes `YYYY-MM-DD`.
pub(crate) fn push_iso(into: &mut Vec<u8>, number: i32) {
    let c = civil(number);
    push_padded(into, c.year as u32, 4);
    into.push(b'-');
    push_padded(into, c.month, 2);
    into.push(b'-');
    push_padded(into, c.day, 2);
}

/// Writes a number with leading noughts.
pub(crate) fn push_padded(into: &mut Vec<u8>, value: u32, width: usize) {
    let mut digits = [b'0'; 10];
    let mut left = value;
    for place in digits[..width].iter_mut().rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
    into.extend_from_slice(&digits[..width]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_two_centuries_comes_back() {
        for n in -30_000..45_000 {
            let c = civil(n);
            assert_eq!(number(c.year, c.month, c.day), n);
        }
        assert_eq!(number(1970, 1, 1), 0);
        assert_eq!(number(2026, 11, 25), 20_782);
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let born = number(2009, 5, 17);
        assert_eq!(age_on(born, number(2024, 5, 16)), 14);
        assert_eq!(age_on(born, number(2024, 5, 17)), 15);
    }
}
