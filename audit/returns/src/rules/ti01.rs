//! TI01. Days from report to record.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "TI01",
    severity: RuleSeverity::Query,
    dimension: Dimension::Timeliness,
    title: "Days from report to record",
    source: "National Crime Recording Standard: 24 hours",
    why: "What is recorded late is investigated late.",
    mend: "Explain the delay",
    bad: "offence.*.committed_from = 2024\noffence.*.reported_on = 2024-12-20",
    good: "offence.1-20.committed_from = 2024\noffence.1-20.reported_on = 2024-12-20",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(reported), Some(recorded)) = (c.col("offence", "reported_on"), c.col("offence", "recorded_on"))
    else {
        return out.not_applicable("no offences were sent");
    };
    let exact = |column: &Col<'_>, row: usize| {
        column.range(row).filter(|(low, high)| low == high).map(|(low, _)| low)
    };
    let mut days: Vec<i64> = (0..reported.len())
        .filter_map(|row| Some(i64::from(exact(&recorded, row)? - exact(&reported, row)?)))
        .collect();
    if (days.len() as u64) < c.thresholds().fewest {
        return out.not_applicable("too few offences with both days");
    }
    out.tested(1);
    let middle = median(&mut days).unwrap_or(0.0);
    out.note(
        "half of offences are recorded within {} days of the report",
        &[Say::Word(&format!("{middle}"))],
    );
    if middle > c.thresholds().recording_days {
        out.whole(
            Some("offence"),
            Some("recorded_on"),
            None,
            "half of offences are recorded later than {} days after the report",
            &[Say::Word(&format!("{middle}"))],
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
