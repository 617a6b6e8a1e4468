//! CN14. Something happened after the person was taken off the list.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN14",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "Something happened after the person was taken off the list",
    source: "CIN 8565",
    why: "Children were removed from lists while the harm went on.",
    mend: "Explain the removal, or correct its date",
    bad: "victim.3.removed_on = 2025-01-15\nvictim.3.removed_reason = STEP_DOWN",
    good: "victim.3.removed_on = 2025-12-30\nvictim.3.removed_reason = STEP_DOWN",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(people), Some(removed)) = (c.col("victim", "person_id"), c.col("victim", "removed_on")) else {
        return out.not_applicable("no victims were sent");
    };
    let mut last = vec![i32::MIN; people.dictionary.len()];
    let mut met = |person: u32, day: i32| {
        let known = &mut last[person as usize];
        *known = day.max(*known);
    };
    if let Some(from) = c.col("offence", "committed_from") {
        for (offence, person) in &c.victims_of {
            from.low(*offence as usize).into_iter().for_each(|day| met(*person, day));
        }
    }
    for (table, minutes) in [("missing", 1440), ("assessment", 1)] {
        let (Some(people), Some(start)) = (c.col(table, "person_id"), c.col(table, "start")) else {
            continue;
        };
        for row in 0..start.len() {
            if let (Some(person), Some(day)) = (people.value(row), start.low(row)) {
                met(person, day.div_euclid(minutes));
            }
        }
    }
    out.tested(removed.len());
    for row in 0..removed.len() {
        let (Some(person), Some((_, day))) = (people.value(row), removed.range(row)) else { continue };
        if last[person as usize] > day {
            let after = i64::from(last[person as usize] - day);
            out.cell(
                row,
                &[removed, people],
                "an offence, missing episode or assessment began {} days later",
                &[Say::Int(after)],
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
