//! VA07. One category in nearly every row, as a default would leave it.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA07",
    severity: RuleSeverity::Query,
    dimension: Dimension::Validity,
    title: "One category in nearly every row, as a default would leave it",
    source: "CIN 2887Q, 2888Q",
    why: "A field that is always the same was never asked.",
    mend: "Explain why it is so, or draw the field again",
    bad: "offence.*.setting = OTHER",
    good: "offence.1-50.setting = OTHER",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let limits = c.thresholds();
    for column in c.columns() {
        let Some(list) = column.list.filter(|l| l.codes.len() > 2) else { continue };
        if column.spec.kind != ColumnType::Enum || column.spec.uniform {
            continue;
        }
        let mut counts = vec![0u64; list.codes.len()];
        (0..column.len()).filter_map(|row| column.value(row)).for_each(|code| counts[code as usize] += 1);
        let all: u64 = counts.iter().sum();
        let most = counts.iter().max().copied().unwrap_or(0);
        if all < limits.fewest {
            continue;
        }
        out.tested(1);
        let share = most as f64 / all as f64;
        // Of few rows nearly all may be alike by chance: the share must be sure to be near the threshold too.
        let sure = wilson(most as f64, all as f64).lower > limits.default_share - 0.05;
        if share > limits.default_share && sure {
            out.whole(
                Some(c.table_name(&column)),
                Some(&column.spec.name),
                Some(share),
                "one category stands in {} of rows that have a value",
                &[Say::Percent(share)],
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
