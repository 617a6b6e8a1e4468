//! CN02. Recorded before reported, reported before committed, or after the data were drawn.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN02",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "Recorded before reported, reported before committed, or after the data were drawn",
    source: "National Crime Recording Standard",
    why: "The order of the four days is the order in which things can happen.",
    mend: "Correct the dates",
    bad: "offence.8.reported_on = 2024-06-01\noffence.9.recorded_on = 2026-03-01",
    good: "offence.8.committed_from = 2024",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let names = ["committed_from", "reported_on", "recorded_on"];
    let days: Vec<Col<'_>> = names.iter().filter_map(|name| c.col("offence", name)).collect();
    let Some(first) = days.first() else { return out.not_applicable("no offences were sent") };
    let extracted = c.returned.header().extracted.map(day_number);
    out.tested(first.len() * days.len());
    for row in 0..first.len() {
        for pair in days.windows(2) {
            if let (Some((before, _)), Some((_, after))) = (pair[0].range(row), pair[1].range(row))
                && after < before
            {
                out.cell(row, &[pair[1], pair[0]], "is before {}", &[Say::Word(&pair[0].spec.name)]);
            }
        }
        for column in &days {
            if let (Some(low), Some(extracted)) = (column.low(row), extracted)
                && low > extracted
            {
                out.cell(row, &[*column], "is after the day on which the data were drawn", &[]);
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
