//! VA01. An NHS number whose check fails.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA01",
    severity: RuleSeverity::Error,
    dimension: Dimension::Validity,
    title: "An NHS number whose check fails",
    source: "NHS Data Dictionary, NHS NUMBER",
    why: "A number that fails its check is somebody else's or nobody's, and links the wrong people.",
    mend: "Look the number up again, or write NK",
    bad: "victim.2.nhs_no = 9434765918",
    good: "victim.2.nhs_no = 943 476 5919",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns().filter(|column| column.spec.kind == ColumnType::Nhs) {
        out.tested(column.len());
        let wrong =
            |f: &Fact| f.damage == Damage::None && matches!(f.state, State::Bad(Fault::Form | Fault::Check));
        for row in column.rows_where(wrong) {
            let form = column.fact(row).state == State::Bad(Fault::Form);
            out.cell(
                row,
                &[column],
                if form { "is not ten digits" } else { "the last digit does not check the others" },
                &[],
            );
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
