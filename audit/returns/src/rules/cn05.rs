//! CN05. Marked as a group with one perpetrator.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN05",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "Marked as a group with one perpetrator",
    source: "Police national collection of group-based offences",
    why: "A group has two or more, unless more are thought to be and the number is a least one.",
    mend: "Correct the number, say that it is a minimum, or take the mark away",
    bad: "offence.2.group_flag = Y\noffence.2.group_type = OTHER",
    good: "offence.2.group_flag = Y\noffence.2.group_type = OTHER\noffence.2.perp_count_is_min = Y",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(noted), Some(flag), Some(least)) = (
        c.col("offence", "perp_count_noted"),
        c.col("offence", "group_flag"),
        c.col("offence", "perp_count_is_min"),
    ) else {
        return out.not_applicable("no offences were sent");
    };
    let (yes, minimum) = (flag.code("Y"), least.code("Y"));
    out.tested(noted.len());
    for row in 0..noted.len() {
        if noted.low(row).is_some_and(|count| count <= 1) && flag.is(row, yes) && !least.is(row, minimum) {
            out.cell(
                row,
                &[noted, flag, least],
                "marked as group-based with one perpetrator or none, and not as a minimum",
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
