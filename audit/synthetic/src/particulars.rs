//! Who a person is, and what stands in one record of them.

use crate::Knobs;
use crate::dates::{civil, number};
use crate::geography::Geography;
use crate::names;
use crate::random::{Kind, Stream};
use crate::truth::{Tie, Truth};

/// A person's true particulars.
#[derive(Debug, Clone)]
pub(crate) struct Particulars {
    pub(crate) forename: String,
    pub(crate) surname: String,
    pub(crate) born: i32,
    pub(crate) female: bool,
    /// The first address, and the one after moving.
    pub(crate) homes: [(u16, String); 2],
}

/// A person's particulars as one record has them. What is missing is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) forename: Option<String>,
    pub(crate) surname: Option<String>,
    pub(crate) dob: Option<i32>,
    pub(crate) female: bool,
    pub(crate) authority: u16,
    pub(crate) postcode: Option<String>,
}

/// Who a victim is. Twins, siblings and children of one home share what such children share.
pub(crate) fn of_victim(truth: &Truth, map: &Geography, person: u32) -> Particulars {
    let p = &truth.persons[person as usize];
    let first = person & !1;
    let mut own = Stream::new(truth.seed, Kind::Home, 1 << 40 | u64::from(person));
    let mut pair = Stream::new(truth.seed, Kind::Home, 1 << 41 | u64::from(first));
    let forename = names::forename(&mut own, p.female).to_owned();
    let own_surname = names::surname(&mut own);
    let family_surname = names::surname(&mut pair);
    let family = matches!(p.tie, Tie::Twins | Tie::Siblings);
    let home = |r: &mut Stream, authority: u16| {
        let area = &map.authorities[usize::from(authority)];
        let place = authority - map.forces[usize::from(area.force)].authorities.start;
        (authority, names::postcode(r, area.force, place))
    };
    let first_home =
        if p.tie == Tie::None { home(&mut own, p.authority) } else { home(&mut pair, p.authority) };
    // Most moves stay within the authority.
    let elsewhere = if own.chance(0.3) {
        let areas = &map.forces[usize::from(map.authorities[usize::from(p.authority)].force)].authorities;
        if own.chance(0.6) {
            areas.start + own.below(areas.len() as u64) as u16
        } else {
            own.below(map.authorities.len() as u64) as u16
        }
    } else {
        p.authority
    };
    let second_home = home(&mut own, elsewhere);
    Particulars {
        forename,
        surname: if family { family_surname } else { own_surname },
        born: p.born,
        female: p.female,
        homes: [first_home, second_home],
    }
}

/// Who an offender is: forename, surname, born, female.
pub(crate) fn of_offender(truth: &Truth, knobs: &Knobs, offender: u32) -> (String, String, u8, bool) {
    let mut r = Stream::new(truth.seed, Kind::Offender, u64::from(offender));
    let female = !r.chance(knobs.suspects.male);
    let forename = names::forename(&mut r, female).to_owned();
    let surname = names::surname(&mut r);
    let age = if r.chance(knobs.suspects.under_18) {
        10 + r.below(8) as u8
    } else {
        r.weighted(&[
            (18u8, 3.0),
            (22, 2.5),
            (27, 3.0),
            (31, 2.0),
            (37, 2.5),
            (44, 2.0),
            (52, 1.5),
            (60, 1.0),
        ]) + r.below(3) as u8
    };
    (forename, surname, age, female)
}

/// What a clerk of one body writes. `stream` is that of the record.
pub(crate) fn write_down(knobs: &Knobs, r: &mut Stream, who: &Particulars, second_home: bool) -> Recorded {
    let k = &knobs.distortion;
    let mut forename = who.forename.clone();
    let mut surname = who.surname.clone();
    if r.chance(k.short_form) {
        names::short_form(&who.forename).clone_into(&mut forename);
    }
    if r.chance(k.surname_change) {
        surname = names::surname(r);
    }
    let respelt_first = r.chance(0.5);
    if r.chance(k.transliteration * 2.0) {
        if respelt_first {
            forename = names::respell(r, &forename);
        } else {
            surname = names::respell(r, &surname);
        }
    }
    if r.chance(k.name_typo) {
        forename = names::slip(r, &forename);
    }
    if r.chance(k.name_typo) {
        surname = names::slip(r, &surname);
    }
    if r.chance(k.name_order) {
        std::mem::swap(&mut forename, &mut surname);
    }
    let dob =
        if r.chance(k.dob_missing) { None } else { Some(write_date(r, k.dob_swapped, k.dob_slip, who.born)) };
    let (authority, postcode) = &who.homes[usize::from(second_home)];
    let mut postcode = Some(postcode.clone());
    if r.chance(k.postcode_missing) {
        postcode = None;
    } else if r.chance(k.postcode_typo) {
        let own = postcode.unwrap_or_default();
        let mut letters = own.into_bytes();
        let last = letters.len().saturating_sub(1);
        if let Some(letter) = letters.get_mut(last) {
            *letter = b"ABDEFGHJLNPQRSTUWXYZ"[r.below(20) as usize];
        }
        postcode = String::from_utf8(letters).ok();
    }
    Recorded {
        forename: (!r.chance(k.name_missing)).then_some(forename),
        surname: (!r.chance(k.name_missing)).then_some(surname),
        dob,
        female: who.female != r.chance(k.sex_wrong),
        authority: *authority,
        postcode,
    }
}

/// A date of birth with the day and month swapped or a digit slipped. It stays a date, and the child stays a child: what a
/// validator could see belongs to the faults that are put in and counted.
fn write_date(r: &mut Stream, swapped: f64, slipped: f64, born: i32) -> i32 {
    let c = civil(born);
    let (mut year, mut month, mut day) = (c.year, c.month, c.day);
    if r.chance(swapped) && day <= 12 {
        std::mem::swap(&mut month, &mut day);
    }
    if r.chance(slipped) {
        match r.below(3) {
            0 => year += 1 - 2 * r.below(2) as i32,
            1 => month = 1 + r.below(12) as u32,
            _ => day = 1 + r.below(28) as u32,
        }
    }
    if (year, month, day) == (c.year, c.month, c.day) {
        return born;
    }
    number(year, month, day.min(28))
}

/// The police service's 18+1 codes and those of the department for education's list that come nearest, with rough shares.
///
/// Shares are the same in every area and for every name: nothing that a linkage may use says anything of them.
const ETHNICITIES: [(&str, &str, f64); 18] = [
    ("W1", "WBRI", 68.0),
    ("W2", "WIRI", 0.8),
    ("W3", "WIRT", 0.4),
    ("W9", "WOTH", 6.0),
    ("M1", "MWBC", 1.8),
    ("M2", "MWBA", 1.0),
    ("M3", "MWAS", 1.6),
    ("M9", "MOTH", 2.0),
    ("A1", "AIND", 3.2),
    ("A2", "APKN", 4.0),
    ("A3", "ABAN", 1.6),
    ("A4", "CHNE", 0.6),
    ("A9", "AOTH", 1.8),
    ("B1", "BCRB", 1.0),
    ("B2", "BAFR", 3.6),
    ("B9", "BOTH", 0.8),
    ("O2", "OOTH", 0.6),
    ("O9", "OOTH", 1.2),
];

/// Whose protected characteristics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Victim,
    Offender,
}

/// What is protected about a person. Made for the columns of the quality partition and for the truth, and for nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProtectedTraits {
    ethnicity: u8,
    pub(crate) disability: bool,
    pub(crate) neurodiverse: bool,
    /// For suspects: three letters of ISO 3166-1.
    pub(crate) nationality: &'static str,
}

impl ProtectedTraits {
    pub(crate) fn of(seed: u64, whose: Whose, index: u32) -> Self {
        let mut r =
            Stream::new(seed, Kind::Protected, u64::from(index) << 1 | u64::from(whose == Whose::Offender));
        let total: f64 = ETHNICITIES.iter().map(|e| e.2).sum();
        let mut left = r.unit() * total;
        let ethnicity = ETHNICITIES
            .iter()
            .position(|e| {
                left -= e.2;
                left < 0.0
            })
            .unwrap_or(0) as u8;
        Self {
            ethnicity,
            disability: r.chance(0.12),
            neurodiverse: r.chance(0.10),
            nationality: r.weighted(&[
                ("GBR", 86.0),
                ("IRL", 1.0),
                ("POL", 2.0),
                ("ROU", 2.0),
                ("IND", 1.5),
                ("PRT", 1.0),
                ("ITA", 1.0),
                ("NGA", 1.0),
                ("FRA", 1.0),
                ("USA", 0.8),
                ("BRA", 0.8),
                ("AUS", 0.6),
            ]),
        }
    }

    /// The code of the police service, or that of children's services.
    pub(crate) fn ethnicity(self, police_codes: bool) -> &'static str {
        let (police, childrens, _) = ETHNICITIES[usize::from(self.ethnicity)];
        if police_codes { police } else { childrens }
    }

    /// Which of five broad groups, for what is missing not at random.
    pub(crate) fn broad_group(self) -> u64 {
        match ETHNICITIES[usize::from(self.ethnicity)].0.as_bytes()[0] {
            b'W' => 0,
            b'M' => 1,
            b'A' => 2,
            b'B' => 3,
            _ => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_date_is_always_a_date() {
        let mut r = Stream::new(1, Kind::Clerk, 1);
        for born in 10_000..14_000 {
            let written = write_date(&mut r, 0.3, 0.3, born);
            assert!((born - written).abs() <= 800, "{born} {written}");
            if written == born {
                continue;
            }
            let c = civil(written);
            assert_eq!(number(c.year, c.month, c.day), written);
        }
        let untouched: Vec<i32> = (10_000..10_800).map(|b| write_date(&mut r, 0.0, 0.0, b)).collect();
        assert_eq!(untouched, (10_000..10_800).collect::<Vec<_>>());
    }
}
