//! CO03. Ethnicity of named suspects known too seldom.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO03",
    severity: RuleSeverity::Error,
    dimension: Dimension::Completeness,
    title: "Ethnicity of named suspects known too seldom",
    source: "Casey 2025, recommendation 4",
    why: "Two thirds of suspects have none. A named suspect was met or can be asked: only a refusal (NR) is taken as a reason. It never keeps a return from being loaded.",
    mend: "Record the ethnicity of named suspects, or NR where the person would not say",
    bad: "suspect.1-30.ethnicity = NK",
    good: "suspect.1-30.ethnicity = NR",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(identified), Some(ethnicity)) = (c.col("suspect", "identified"), c.col("suspect", "ethnicity"))
    else {
        return out.not_applicable("no suspects were sent");
    };
    let named = identified.code("NAMED");
    let (mut known, mut all) = (0u64, 0u64);
    for row in (0..identified.len()).filter(|row| identified.is(*row, named)) {
        match ethnicity.fact(row).state {
            State::Value => {
                known += 1;
                all += 1;
            }
            State::Missing(Missing::Refused) => {}
            _ => all += 1,
        }
    }
    if all == 0 {
        return out.not_applicable("no named suspects of whom ethnicity could be known");
    }
    out.known_at_least(
        ("suspect", "ethnicity"),
        (known, all),
        c.thresholds().ethnicity_known,
        "ethnicity is known of {} of named suspects who did not refuse",
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
