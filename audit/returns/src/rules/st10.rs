//! ST10. A blank where a missing code is due.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST10",
    severity: RuleSeverity::Error,
    dimension: Dimension::Completeness,
    title: "A blank where a missing code is due",
    source: r#"Police practice of "unknown" in the national collection"#,
    why: "A blank may be not asked, not known, refused or lost. Only the sender can tell which.",
    mend: "Write NA, NK, NR or NC, whichever the column takes",
    bad: "victim.9.home_lad =\nheader.1.source_system = NK",
    good: "victim.9.home_lad = NK",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns() {
        let table = &c.returned.specification().tables[column.table];
        if table.key.contains(&column.spec.name) && column.spec.missing.is_empty() {
            continue;
        }
        out.tested(column.len());
        let wrong = |f: &Fact| matches!(f.state, State::Blank | State::Bad(Fault::MissingRefused));
        for row in column.rows_where(wrong) {
            let message = match column.fact(row).state {
                State::Blank => "is blank",
                _ => "this column may not be missing for that reason",
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
