//! CN04. Two or more perpetrators, and not marked as a group: a missed group.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN04",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "Two or more perpetrators, and not marked as a group: a missed group",
    source: "IICSA 2022, definition of a network",
    why: "The inquiry counts two or more, identified or not. Marks set by hand miss them.",
    mend: "Mark the offence as group-based, or explain why it was not",
    bad: "offence.2.perp_count_noted = 3",
    good: "offence.2.perp_count_noted = 3\noffence.2.group_flag = Y",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(noted), Some(flag)) = (c.col("offence", "perp_count_noted"), c.col("offence", "group_flag"))
    else {
        return out.not_applicable("no offences were sent");
    };
    let no = flag.code("N");
    out.tested(noted.len());
    for row in 0..noted.len() {
        if let Some(count) = noted.low(row).filter(|count| *count >= 2 && flag.is(row, no)) {
            out.cell(
                row,
                &[flag, noted],
                "{} perpetrators are noted and the offence is not marked as group-based",
                &[Say::Int(i64::from(count))],
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
