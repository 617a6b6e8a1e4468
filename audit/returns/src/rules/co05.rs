//! CO05. Date of birth known too seldom.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO05",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "Date of birth known too seldom",
    source: "Practice of linkage",
    why: "Without it a person cannot be told from another of the same name.",
    mend: "Fill it from other records of the body, or explain",
    bad: "victim.1-10.dob = NK",
    good: "victim.1-3.dob = NK",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(dob) = c.col("victim", "dob") else {
        return out.not_applicable("linkage columns stayed at the body: the check is made there");
    };
    let (known, all) = known_of(&dob);
    if all < c.thresholds().fewest {
        return out.not_applicable("too few victims");
    }
    out.known_at_least(
        ("victim", "dob"),
        (known, all),
        c.thresholds().birth_known,
        "the date of birth is known of {}",
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
