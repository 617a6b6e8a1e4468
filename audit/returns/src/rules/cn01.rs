//! CN01. An end before its beginning.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN01",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "An end before its beginning",
    source: "SSDA903 567; CIN 8608",
    why: "One of the two dates is of something else.",
    mend: "Correct the dates",
    bad: "missing.2.end = 2025-01-01T00:00Z\nassessment.4.end = 2024-12-30",
    good: "offence.2.committed_to = 2025-01",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    const PAIRS: [(&str, &str, &str); 5] = [
        ("header", "period_start", "period_end"),
        ("victim", "first_known", "removed_on"),
        ("offence", "committed_from", "committed_to"),
        ("missing", "start", "end"),
        ("assessment", "start", "end"),
    ];
    for (table, start, end) in PAIRS {
        let (Some(start), Some(end)) = (c.col(table, start), c.col(table, end)) else { continue };
        out.tested(start.len());
        for row in 0..start.len() {
            let (Some((first, _)), Some((_, last))) = (start.range(row), end.range(row)) else { continue };
            if last < first {
                out.cell(row, &[end, start], "is before {}", &[Say::Word(&start.spec.name)]);
            }
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
