//! VA02. A unique pupil number whose letter, authority or digits are wrong.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA02",
    severity: RuleSeverity::Query,
    dimension: Dimension::Validity,
    title: "A unique pupil number whose letter, authority or digits are wrong",
    source: "CIN 1510 to 1550",
    why: "As with the NHS number, and a temporary number that ends in a letter is often kept for years.",
    mend: "Ask the school for the number, or write NK",
    bad: "victim.2.upn = A823100000001",
    good: "victim.2.upn = NK",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns().filter(|column| column.spec.kind == ColumnType::Upn) {
        out.tested(column.len());
        let wrong =
            |f: &Fact| f.damage == Damage::None && matches!(f.state, State::Bad(Fault::Form | Fault::Check));
        for row in column.rows_where(wrong) {
            let form = column.fact(row).state == State::Bad(Fault::Form);
            let message = if form {
                "is not a letter, three digits of an authority and nine more characters"
            } else {
                "the check letter or the authority is wrong"
            };
            out.cell(row, &[column], message, &[]);
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
