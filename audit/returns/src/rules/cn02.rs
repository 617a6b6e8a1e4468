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
    bad: "offence.8.reported_on = 2024-06-01\noffence.9.recorded_on = 2026-03-01\noffence.10.reported_on = NK\noffence.10.recorded_on = 2024-06-01",
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
        // Each day against the last before it that is known, so that a missing one hides nothing.
        let mut known: Option<(&Col<'_>, i32)> = None;
        for column in &days {
            let Some((low, high)) = column.range(row) else { continue };
            if let Some((earlier, _)) = known.filter(|(_, before)| high < *before) {
                out.cell(row, &[*column, *earlier], "is before {}", &[Say::Word(&earlier.spec.name)]);
            }
            known = Some((column, low));
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
