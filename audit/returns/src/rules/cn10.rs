//! CN10. Missing episodes that overlap, or begin before birth.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN10",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "Missing episodes that overlap, or begin before birth",
    source: "SSDA903 574, 586",
    why: "Nobody goes missing twice at once: two records of one episode, or an end that was never entered.",
    mend: "Join the episodes, or correct their times",
    bad: "missing.2.person_id = P001\nmissing.2.start = 2025-01-14T09:00Z",
    good: "missing.2.person_id = P001\nmissing.2.start = 2025-01-16T09:00Z",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(people), Some(start), Some(end)) =
        (c.col("missing", "person_id"), c.col("missing", "start"), c.col("missing", "end"))
    else {
        return out.not_applicable("no missing episodes were sent");
    };
    let births = c.col("victim", "dob").or_else(|| c.col("victim", "birth_year_month"));
    out.tested(start.len());
    let mut episodes: Vec<(u32, i32, u32)> = Vec::new();
    for row in 0..start.len() {
        let (Some(person), Some(from)) = (people.value(row), start.low(row)) else { continue };
        episodes.push((person, from, row as u32));
        let victim = row_of(&c.victim_row, person);
        let born = births.filter(|_| victim != NONE).and_then(|b| b.low(victim as usize));
        if born.is_some_and(|born| from.div_euclid(1440) < born) {
            out.cell(row, &[start, people], "the episode begins before the birth", &[]);
        }
    }
    episodes.sort_unstable();
    let mut running: Option<(u32, i32)> = None;
    for (person, from, row) in episodes {
        let row = row as usize;
        let ongoing = matches!(end.fact(row).state, State::Missing(Missing::NotApplicable));
        let until = end.low(row).unwrap_or(if ongoing { i32::MAX } else { from });
        match running {
            Some((same, last)) if same == person => {
                if from < last {
                    out.cell(
                        row,
                        &[start, people],
                        "the episode begins before an earlier one of the same person has ended",
                        &[],
                    );
                }
                running = Some((person, last.max(until)));
            }
            _ => running = Some((person, until)),
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
