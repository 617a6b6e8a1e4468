//! ST09. Damage done by a spreadsheet.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST09",
    severity: RuleSeverity::Query,
    dimension: Dimension::Validity,
    title: "Damage done by a spreadsheet",
    source: "Practice of the Department for Education's validators",
    why: "9.4E+09 was a number of ten digits, Oct-17 was the ages 10 to 17, and hidden rows are sent without being seen.",
    mend: "Mend a cell with an error where its formula points; export again as text, without a spreadsheet between, and give the number of digits in the mapping",
    bad: "suspect.2.local_id = 9.4E+09\nsuspect.4.age_band = Oct-17\nsuspect.6.local_id = #REF!\nsheet.victim.hidden = 2",
    good: "suspect.2.local_id = N-94000",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns() {
        out.tested(column.len());
        let zeros = lost_zeros(&column);
        for row in column.rows_where(|f| f.damage != Damage::None) {
            let message = match column.fact(row).damage {
                Damage::Scientific => {
                    "a long number was turned into powers of ten, and its last digits are lost"
                }
                Damage::Fraction => "a number was given a decimal point that it had not",
                Damage::ErrorCell => {
                    "the cell holds a spreadsheet's error in place of its value, which is not the same as missing"
                }
                Damage::Formula => "the cell holds a formula",
                Damage::CodeAsDate => "a code was turned into a date",
                Damage::LostZeros | Damage::None => "zeros at the beginning are lost",
            };
            out.cell(row, &[column], message, &[]);
        }
        if let Some(width) = zeros {
            for row in 0..column.len() {
                let code = column.codes[row];
                let raw = column.dictionary.raw(code);
                let fact = column.fact(row);
                let digits = fact.is_value() && raw.iter().all(u8::is_ascii_digit);
                if digits && raw.len() < width && fact.damage == Damage::None {
                    out.cell(
                        row,
                        &[column],
                        "zeros at the beginning may be lost: others have {} digits",
                        &[Say::Int(width as i64)],
                    );
                }
            }
        }
    }
    for (at, table) in c.returned.tables.iter().enumerate() {
        let Some(table) = table else { continue };
        for (count, message) in [
            (table.file.hidden, "the workbook hides {} rows or columns"),
            (table.file.merged, "the workbook has {} merged ranges"),
            (table.file.formulas, "the workbook has {} cells with formulas"),
        ] {
            if count > 0 {
                out.tested(1);
                out.place(at, None, None, message, &[Say::Int(i64::from(count))]);
            }
        }
    }
}

/// The width of a column's numbers, where some of that width begin with 0 and shorter ones stand beside them.
fn lost_zeros(column: &Col<'_>) -> Option<usize> {
    if !matches!(column.spec.kind, ColumnType::Code | ColumnType::Id) || column.spec.domain.is_some() {
        return None;
    }
    let all_digits = |code: u32| {
        let raw = column.dictionary.raw(code);
        (!raw.is_empty() && raw.iter().all(u8::is_ascii_digit)).then_some(raw)
    };
    let numbers = || (0..column.dictionary.len() as u32).filter_map(all_digits);
    let width = numbers().map(<[u8]>::len).max()?;
    let zero = numbers().any(|n| n.len() == width && n[0] == b'0');
    let full = numbers().filter(|n| n.len() == width).count();
    (width > 1 && zero && full * 2 > numbers().count()).then_some(width)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
