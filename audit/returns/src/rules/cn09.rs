//! CN09. No factors, together with factors; or a factor twice.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN09",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "No factors, together with factors; or a factor twice",
    source: "CIN 8869, 8898",
    why: "Factor 21 says that there were none.",
    mend: "Take out 21, or the others",
    bad: "assessment.3.factors = 21 4A\nassessment.5.factors = 11A 11A",
    good: "assessment.3.factors = 21",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(factors) = c.col("assessment", "factors") else {
        return out.not_applicable("no assessments were sent");
    };
    let exclusive = factors.marked_bits("exclusive");
    out.tested(factors.len());
    for row in 0..factors.len() {
        let Some(bits) = factors.wide(row) else { continue };
        if bits & exclusive != 0 && bits & !exclusive != 0 {
            out.cell(row, &[factors], "no factors is given together with others", &[]);
        } else if factors.fact(row).extra & DUPLICATED != 0 {
            out.cell(row, &[factors], "a factor is given twice", &[]);
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
