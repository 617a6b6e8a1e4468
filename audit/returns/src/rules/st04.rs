//! ST04. A value of the wrong type, or a spreadsheet's number for a date.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST04",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A value of the wrong type, or a spreadsheet's number for a date",
    source: "Table Schema",
    why: "45717 is a day to a spreadsheet and nothing to anyone else; 03/04/2025 is two days.",
    mend: "Write dates as YYYY-MM-DD text and numbers without signs, or name the order of dates in the mapping",
    bad: "offence.5.recorded_on = 45717",
    good: "offence.5.committed_from = 2025-01",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns() {
        if matches!(
            column.spec.kind,
            ColumnType::Id
                | ColumnType::Code
                | ColumnType::Enum
                | ColumnType::EnumList
                | ColumnType::Nhs
                | ColumnType::Upn
                | ColumnType::Country
        ) {
            continue;
        }
        out.tested(column.len());
        let wrong = |f: &Fact| {
            f.damage == Damage::None
                && matches!(f.state, State::Bad(Fault::Form | Fault::Serial | Fault::Range))
        };
        for row in column.rows_where(wrong) {
            let message = match column.fact(row).state {
                State::Bad(Fault::Serial) => {
                    "looks like a spreadsheet's serial number for a date; expected {}"
                }
                State::Bad(Fault::Range) => "is outside what the column takes: {}",
                _ => "is not of the column's type: {}",
            };
            out.cell(row, &[column], message, &[Say::Word(&holds(column.spec))]);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
