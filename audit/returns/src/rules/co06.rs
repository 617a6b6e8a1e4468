//! CO06. Number of perpetrators or relationship not known too often.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO06",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "Number of perpetrators or relationship not known too often",
    source: "IICSA 2022: a force profile with 31 % and 39 % missing",
    why: "Without the number of perpetrators, identified or not, nobody can say what was done by a group.",
    mend: "Read the number from the crime reports; NK only where they do not say",
    bad: "offence.1-15.perp_count_noted = NK\noffence.1-15.group_flag = NK",
    good: "offence.1-5.perp_count_noted = NK",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for name in ["perp_count_noted", "relationship"] {
        let Some(column) = c.col("offence", name) else { return out.not_applicable("no offences were sent") };
        let (known, all) = known_of(&column);
        if all < c.thresholds().fewest {
            return out.not_applicable("too few offences");
        }
        let share = 1.0 - known as f64 / all as f64;
        out.tested(1);
        if share > c.thresholds().perpetrators_unknown {
            out.whole(
                Some("offence"),
                Some(name),
                Some(share),
                "it is not known of {} of offences",
                &[Say::Percent(share)],
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
