//! VA05. A victim who was grown up, or too old for a children's list.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA05",
    severity: RuleSeverity::Query,
    dimension: Dimension::Validity,
    title: "A victim who was grown up, or too old for a children's list",
    source: "CIN 8775Q",
    why: "The audit is of children. An adult among them is an adult's offence, a wrong date of birth, or a person never taken off a list.",
    mend: "Check the date of birth and of the offence; explain where the offence began in childhood",
    bad: "victim.1.birth_year_month = 1999-02\nvictim.1.dob = 1999-02-03\nvictim.61.birth_year_month = 1999-02\nvictim.61.dob = 1999-02-03",
    good: "victim.1.birth_year_month = 2008-02\nvictim.1.dob = 2008-02-03\nvictim.61.birth_year_month = 2008-02\nvictim.61.dob = 2008-02-03",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(births) = c.col("victim", "birth_year_month").or_else(|| c.col("victim", "dob")) else {
        return out.not_applicable("no date of birth was sent");
    };
    let limits = c.thresholds();
    if let Some(from) = c.col("offence", "committed_from") {
        out.tested(c.victims_of.len());
        let mut asked = vec![false; births.len()];
        for (offence, person) in &c.victims_of {
            let row = row_of(&c.victim_row, *person);
            if row == NONE || asked[row as usize] {
                continue;
            }
            let row = row as usize;
            // The youngest that the dates allow, so that only certain adults are asked about.
            let (Some((_, born)), Some(event)) = (births.range(row), from.low(*offence as usize)) else {
                continue;
            };
            if age(born, event) >= limits.adult_age {
                asked[row] = true;
                out.cell(
                    row,
                    &[births],
                    "was at least {} at a recorded offence",
                    &[Say::Int(i64::from(age(born, event)))],
                );
            }
        }
    }
    let (Some(lists), Some(known)) = (c.col("victim", "list_id"), c.col("victim", "first_known")) else {
        return;
    };
    let children: Vec<u32> =
        ["CSE", "CIN", "CP", "LAC", "MISSING"].iter().map(|list| lists.code(list)).collect();
    out.tested(lists.len());
    for row in 0..lists.len() {
        let (Some(list), Some((_, born)), Some(day)) = (lists.value(row), births.range(row), known.low(row))
        else {
            continue;
        };
        if children.contains(&list) && age(born, day) > limits.list_age {
            out.cell(
                row,
                &[known, births],
                "was {} when first known to a children's list",
                &[Say::Int(i64::from(age(born, day)))],
            );
        }
    }
}

/// Whole years between two days.
fn age(born: i32, day: i32) -> i32 {
    let (born, day) = (day_of(born), day_of(day));
    let before = (day.month(), day.day()) < (born.month(), born.day());
    i32::from(day.year()) - i32::from(born.year()) - i32::from(before)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
