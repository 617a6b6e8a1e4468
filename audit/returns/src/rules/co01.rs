//! CO01. Sex not known too often.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO01",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "Sex not known too often",
    source: "CIN 2886Q",
    why: "The inquiry asked for figures split by sex.",
    mend: "Fill it from other records of the body, or explain",
    bad: "victim.1-5.sex = U",
    good: "victim.1.sex = U",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(sex) = c.col("victim", "sex") else { return out.not_applicable("no victims were sent") };
    let (known, all) = known_of(&sex);
    let share = 1.0 - known as f64 / all.max(1) as f64;
    if all < c.thresholds().fewest {
        return out.not_applicable("too few victims");
    }
    out.tested(1);
    if share > c.thresholds().sex_unknown {
        out.whole(Some("victim"), Some("sex"), Some(share), "sex is not known of {}", &[Say::Percent(share)]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
