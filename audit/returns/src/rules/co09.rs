//! CO09. A month without records, or with far fewer than the others.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO09",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "A month without records, or with far fewer than the others",
    source: "IICSA 2022: a profile drawn on three months",
    why: "An extract that lost a month shows a fall that never was.",
    mend: "Draw the month again, or explain",
    bad: "offence.6-10.recorded_on = 2025-03-20",
    good: "offence.6-7.recorded_on = 2025-03-20",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some((start, end)), Some(body)) = (c.returned.header().period, c.returned.header().body_type) else {
        return out.not_applicable("the period or the type of body is not known");
    };
    let month = |year: i16, month: i8| i32::from(year) * 12 + i32::from(month) - 1;
    let first = month(start.year(), start.month());
    let months = month(end.year(), end.month()) - first + 1;
    if !(6..=240).contains(&months) {
        return out.not_applicable("the period is shorter than six months or longer than twenty years");
    }
    for (table, name, minutes) in
        [("offence", "recorded_on", 1), ("missing", "start", 1440), ("assessment", "start", 1)]
    {
        let due = c.returned.specification().due(body).any(|t| t.name == table);
        let Some(days) = c.col(table, name).filter(|_| due) else { continue };
        let by_code: Vec<i32> = days
            .dictionary
            .facts
            .iter()
            .map(|fact| {
                let (low, high) =
                    (day_of(fact.low.div_euclid(minutes)), day_of(fact.high.div_euclid(minutes)));
                let same = (low.year(), low.month()) == (high.year(), high.month());
                if fact.is_value() && same { month(low.year(), low.month()) - first } else { -1 }
            })
            .collect();
        let mut counts = vec![0i64; months as usize];
        for code in days.codes {
            if let Some(count) =
                usize::try_from(by_code[*code as usize]).ok().and_then(|at| counts.get_mut(at))
            {
                *count += 1;
            }
        }
        if counts.iter().sum::<i64>() < c.thresholds().fewest as i64 {
            continue;
        }
        out.tested(counts.len());
        let middle = median(&mut counts.clone()).unwrap_or(0.0);
        for (at, count) in counts.iter().enumerate() {
            if *count == 0 || (*count as f64) < middle * c.thresholds().month_share {
                let (year, month) =
                    ((first + at as i32).div_euclid(12), (first + at as i32).rem_euclid(12) + 1);
                let said = [
                    Say::Int(*count),
                    Say::Int(i64::from(year)),
                    Say::Int(i64::from(month)),
                    Say::Int(middle as i64),
                ];
                out.whole(
                    Some(table),
                    Some(name),
                    None,
                    "{} records in {}, month {}, where a middling month has {}",
                    &said,
                );
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
