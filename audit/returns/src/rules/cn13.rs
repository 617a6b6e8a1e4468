//! CN13. Closed without action, with no account taken and nobody interviewed.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN13",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "Closed without action, with no account taken and nobody interviewed",
    source: "Operation Beaconport",
    why: "The review of closed cases found lines not followed, accounts not taken, suspects not interviewed.",
    mend: "Explain, or reopen the case",
    bad: "offence.2.victim_account_taken = N\noffence.2.suspect_interviewed = N",
    good: "offence.2.victim_account_taken = N",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(outcome), Some(account), Some(interview)) = (
        c.col("offence", "outcome_code"),
        c.col("offence", "victim_account_taken"),
        c.col("offence", "suspect_interviewed"),
    ) else {
        return out.not_applicable("no offences were sent");
    };
    let (closed, no) = (outcome.marked("nfa"), account.code("N"));
    out.tested(outcome.len());
    for row in 0..outcome.len() {
        if outcome.among(row, &closed) && account.is(row, no) && interview.is(row, no) {
            out.cell(
                row,
                &[outcome, account, interview],
                "no further action, no account of the victim, no interview of a suspect",
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
