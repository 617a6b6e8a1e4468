//! XB02. A sudden change from year to year, or a change of record system.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "XB02",
    severity: RuleSeverity::Query,
    dimension: Dimension::Accuracy,
    title: "A sudden change from year to year, or a change of record system",
    source: "OSR 2024, recommendation 2",
    why: "A new system counts differently. A fall on the day it came is a change of counting until shown otherwise.",
    mend: "Explain the change; give figures of both systems where there are any",
    bad: r#"outside.history = [{"year": 2021, "count": 20}, {"year": 2022, "count": 22}, {"year": 2023, "count": 19}, {"year": 2024, "count": 21}]"#,
    good: r#"outside.history = [{"year": 2021, "count": 55}, {"year": 2022, "count": 68}, {"year": 2023, "count": 61}, {"year": 2024, "count": 64}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let header = c.returned.header();
    let changed =
        header.system_since.zip(header.period).filter(|(since, (start, end))| start < since && since <= end);
    if let Some((since, _)) = changed {
        out.tested(1);
        out.whole(
            Some("header"),
            Some("system_since"),
            None,
            "the record system changed on {}, within the period",
            &[Say::Day(day_number(since))],
        );
    }
    let Some(history) = &c.outside.history else {
        if changed.is_none() {
            out.not_run("counts of earlier years");
        }
        return;
    };
    if history.len() < 3 {
        return out.not_applicable("fewer than three earlier years");
    }
    let table = if header.body_type == Some(BodyType::Police) { "offence" } else { "victim" };
    let Some(now) = c.returned.rows(table) else { return out.not_applicable("no records were sent") };
    let mut years = history.clone();
    years.sort_unstable_by_key(|year| year.year);
    let counts: Vec<u64> = years.iter().map(|year| year.count).collect();
    out.tested(1);
    let far = unusual_change(&counts, now as u64);
    if let (Some(far), Some(last)) =
        (far.filter(|far| *far > c.thresholds().change_deviations), counts.last())
    {
        let said = [Say::Int(now as i64), Say::Int(*last as i64), Say::Word(&format!("{far:.1}"))];
        out.whole(
            Some(table),
            None,
            None,
            "{} records against {} a year before, a change {} standard deviations from the usual",
            &said,
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
