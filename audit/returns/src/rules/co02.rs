//! CO02. Ethnicity of victims known too seldom.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO02",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "Ethnicity of victims known too seldom",
    source: "IICSA 2022; Home Office data requirement",
    why: "The inquiry found that ethnicity was so often missing that nothing could be said. Bounds are published beside every share.",
    mend: "Record it from now on; for this return explain what stands in the way",
    bad: "victim.1-20.ethnicity = NK",
    good: "victim.1-3.ethnicity = NR",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(ethnicity) = c.col("victim", "ethnicity") else {
        return out.not_applicable("no victims were sent");
    };
    let (known, all) = known_of(&ethnicity);
    if all < c.thresholds().fewest {
        return out.not_applicable("too few victims");
    }
    out.known_at_least(
        ("victim", "ethnicity"),
        (known, all),
        c.thresholds().ethnicity_known,
        "ethnicity is known of {}",
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
