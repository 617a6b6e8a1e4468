//! VA06. A placeholder that stands far too often.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA06",
    severity: RuleSeverity::Query,
    dimension: Dimension::Validity,
    title: "A placeholder that stands far too often",
    source: "Practice of national collections",
    why: "Systems that insist on a date get 1 January, and every such record looks like every other.",
    mend: "Write NK, or as much of the date as is known",
    bad: "victim.1-12.dob = 2010-01-01",
    good: "victim.1.dob = 2010-01-01",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let limits = c.thresholds();
    for column in c.columns() {
        if !matches!(column.spec.kind, ColumnType::Date | ColumnType::PartialDate) {
            continue;
        }
        let (mut dated, mut new_year, mut never) = (0u64, 0u64, 0u64);
        // Codes are counted rather than calendars read for each row.
        let kinds: Vec<u8> = column.dictionary.facts.iter().map(placeholder).collect();
        for code in column.codes {
            let kind = kinds[*code as usize];
            dated += u64::from(kind > 0);
            new_year += u64::from(kind == 2);
            never += u64::from(kind == 3);
        }
        if dated < limits.fewest {
            continue;
        }
        out.tested(1);
        let share = new_year as f64 / dated as f64;
        if never > 0 {
            out.whole(
                Some(c.table_name(&column)),
                Some(&column.spec.name),
                Some(never as f64 / dated as f64),
                "{} dates are in 1900 or 9999",
                &[Say::Int(never as i64)],
            );
        } else if new_year >= 5
            && wilson(new_year as f64, dated as f64).lower > limits.placeholder_times / 365.25
        {
            out.whole(
                Some(c.table_name(&column)),
                Some(&column.spec.name),
                Some(share),
                "{} of dates are 1 January",
                &[Say::Percent(share)],
            );
        }
    }
    let Some(postcodes) = c.col("victim", "postcode") else { return };
    let mut counts: HashMap<u32, u64> = HashMap::new();
    (0..postcodes.len())
        .filter_map(|row| postcodes.value(row))
        .for_each(|code| *counts.entry(code).or_default() += 1);
    let mut counts: Vec<u64> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let all: u64 = counts.iter().sum();
    let (Some(first), Some(second)) = (counts.first(), counts.get(1)) else { return };
    if all >= limits.fewest {
        out.tested(1);
        let share = *first as f64 / all as f64;
        if *first >= 10 && *first as f64 > limits.placeholder_times * *second as f64 {
            out.whole(
                Some("victim"),
                Some("postcode"),
                Some(share),
                "one postcode stands in {} of rows",
                &[Say::Percent(share)],
            );
        }
    }
}

/// 0 no day, 1 a day, 2 the first of January, 3 a day of 1900 or 9999.
fn placeholder(fact: &Fact) -> u8 {
    if !fact.is_value() || fact.low != fact.high {
        return 0;
    }
    let day = day_of(fact.low);
    match (day.year(), day.month(), day.day()) {
        (1900 | 9999, ..) => 3,
        (_, 1, 1) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
