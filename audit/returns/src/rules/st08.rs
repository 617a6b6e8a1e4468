//! ST08. Something in an id or code that is none, such as a name.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST08",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "Something in an id or code that is none, such as a name",
    source: "CIN 1570, 1580",
    why: "A name in a field of pseudonyms names a person in every table that is joined on it.",
    mend: "Replace it by a pseudonym, and look for the same fault in the whole extract",
    bad: "suspect.3.local_id = Cara-Dale",
    good: "suspect.4.local_id = N-20003B",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns() {
        if !matches!(column.spec.kind, ColumnType::Id | ColumnType::Code) {
            continue;
        }
        out.tested(column.len());
        let wrong = |f: &Fact| {
            matches!(f.state, State::Bad(Fault::Pattern | Fault::NameLike))
                && (f.damage == Damage::None || column.spec.kind == ColumnType::Id)
        };
        for row in column.rows_where(wrong) {
            let message = match column.fact(row).state {
                State::Bad(Fault::NameLike) => "looks like a name",
                _ => "has signs that an id or code cannot have: expected {}",
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
