//! CN11. All episodes missing, or all away.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN11",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "All episodes missing, or all away",
    source: "SSDA903 notes; children looked after release",
    why: "Confusion of the two moved national figures by up to 13 % one way and 29 % the other.",
    mend: "Explain how the body tells missing from away",
    bad: "missing.*.kind = M",
    good: "missing.1-20.kind = M",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(kind) = c.col("missing", "kind") else {
        return out.not_applicable("no missing episodes were sent");
    };
    let mut counts = [0u64; 2];
    for (count, code) in counts.iter_mut().zip(["M", "A"]) {
        let code = kind.code(code);
        *count = (0..kind.len()).filter(|row| kind.is(*row, code)).count() as u64;
    }
    let all = counts[0] + counts[1];
    if all < c.thresholds().fewest {
        return out.not_applicable("too few episodes");
    }
    out.tested(1);
    if counts.contains(&0) {
        let only = if counts[0] == 0 { "away" } else { "missing" };
        out.whole(
            Some("missing"),
            Some("kind"),
            Some(1.0),
            "all {} episodes are {}",
            &[Say::Int(all as i64), Say::Word(only)],
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
