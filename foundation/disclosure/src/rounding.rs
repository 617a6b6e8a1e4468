//! Rounding to a base, to the nearest or so that the rounded table still adds up.

use crate::lp::{Attacker, Bounds, Reach, Tableau};
use crate::{CountTable, DisclosureError};

/// Cells of a table that can be rounded so that it adds up: a linear program is solved for each.
const MOST_CONTROLLED: usize = 1_500;

/// To the nearest multiple, halves up.
pub(crate) fn nearest(count: u64, base: u64) -> u64 {
    (count + base / 2) / base * base
}

/// What is known of a count that was rounded to the nearest multiple.
pub(crate) fn known_nearest(rounded: u64, base: u64) -> (u64, u64) {
    (rounded.saturating_sub(base / 2), rounded + (base - 1) / 2)
}

/// What is known of a count that was rounded to one of the two multiples beside it.
pub(crate) fn known_controlled(rounded: u64, base: u64) -> (u64, u64) {
    (rounded.saturating_sub(base - 1), rounded + base - 1)
}

/// Rounds every cell to one of the two multiples beside it so that every total is still the sum of its parts (Cox and Ernst,
/// *INFOR* 20, 1982, pp. 423-432): one cell after another is pushed to the nearer multiple, or else the other, and stays there.
///
/// In a table of two dimensions, one of them with a hierarchy or not, this always succeeds; in others it can fail.
///
/// # Errors
///
/// Where the table is too large, or no such rounding was found.
pub(crate) fn controlled(table: &CountTable, base: u64) -> Result<Vec<u64>, DisclosureError> {
    let cells = table.cells();
    if cells > MOST_CONTROLLED {
        return Err(DisclosureError::TooLarge {
            table: table.name().to_owned(),
            what: "cells for controlled rounding",
            found: cells as u64,
            limit: MOST_CONTROLLED as u64,
        });
    }
    let tableau = Tableau::new(cells, &table.sums());
    let mut attacker = Attacker::new(&tableau);
    // In units of the base, so that what is looked for are whole numbers.
    let mut value: Vec<f64> = (0..cells).map(|c| table.count(c) as f64 / base as f64).collect();
    let mut bounds = Bounds { lower: vec![0.0; cells], upper: vec![0.0; cells] };
    for (cell, value) in value.iter().enumerate() {
        bounds.lower[cell] = (table.count(cell) / base) as f64 - value;
        bounds.upper[cell] = table.count(cell).div_ceil(base) as f64 - value;
    }
    for cell in 0..cells {
        let (down, up) = (-bounds.lower[cell], bounds.upper[cell]);
        if down < 1e-6 || up < 1e-6 {
            // Already a multiple, or moved to one by an earlier push.
            bounds.lower[cell] = 0.0;
            bounds.upper[cell] = 0.0;
            continue;
        }
        let ways = if up <= down { [(1.0, up), (-1.0, down)] } else { [(-1.0, down), (1.0, up)] };
        let moved = ways
            .into_iter()
            .any(|(sign, by)| attacker.push(cell as u32, sign, by, &bounds, u64::MAX) == Reach::Far);
        if !moved {
            return Err(DisclosureError::Profile(format!(
                "table {} has no controlled rounding that this method finds; round it to the nearest instead",
                table.name()
            )));
        }
        for (other, value) in value.iter_mut().enumerate() {
            let by = attacker.deviation[other];
            *value += by;
            bounds.lower[other] -= by;
            bounds.upper[other] -= by;
            // A cell that has come to a multiple stays there.
            if bounds.lower[other] > -1e-7 || bounds.upper[other] < 1e-7 {
                bounds.lower[other] = 0.0;
                bounds.upper[other] = 0.0;
            }
        }
    }
    let rounded: Vec<u64> = value.iter().map(|v| v.round() as u64 * base).collect();
    for (parent, children) in table.sums() {
        let sum: u64 = children.iter().map(|&c| rounded[c as usize]).sum();
        if parent.is_some_and(|p| rounded[p as usize] != sum) {
            return Err(DisclosureError::Profile(format!(
                "table {}: controlled rounding does not add up; round it to the nearest instead",
                table.name()
            )));
        }
    }
    Ok(rounded)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn known_intervals_hold_the_truth_and_are_no_wider_than_they_must_be() {
        for base in [3, 5, 10] {
            for count in 0..100u64 {
                let shown = nearest(count, base);
                let (least, most) = known_nearest(shown, base);
                assert!((least..=most).contains(&count), "{count} to base {base}");
                let alike = (0..200).filter(|c| nearest(*c, base) == shown).count() as u64;
                assert_eq!(alike, most - least + 1, "{shown} to base {base}");
            }
        }
    }

    #[test]
    fn a_controlled_rounding_adds_up_and_moves_each_cell_to_a_multiple_beside_it() {
        let mut csv = "a,b,count\n".to_owned();
        let mut expected = Vec::new();
        for a in 0..4u64 {
            for b in 0..5u64 {
                let count = (a * 7 + b * b * 3 + a * b) % 23;
                writeln!(csv, "a{a},b{b},{count}").unwrap();
                expected.push(count);
            }
        }
        let hierarchy =
            r#"[{"t":["x","y"],"x":["a0","a1"],"y":["a2","a3"]},{"t":["b0","b1","b2","b3","b4"]}]"#;
        let (table, _) = CountTable::from_csv("t", &csv, hierarchy).unwrap();
        for base in [3, 5, 10] {
            let rounded = controlled(&table, base).unwrap();
            for (cell, rounded) in rounded.iter().enumerate() {
                assert!(rounded % base == 0 && rounded.abs_diff(table.count(cell)) < base);
            }
        }
        assert_eq!(table.count(0), expected.iter().sum::<u64>());
    }
}
