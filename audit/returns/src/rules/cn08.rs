//! CN08. A grade of risk lowered soon after a new offence or missing episode.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN08",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "A grade of risk lowered soon after a new offence or missing episode",
    source: "IICSA 2022, F.5",
    why: "The inquiry found catalogues of harm beside low or falling grades, and grades used to ration help.",
    mend: "Explain why the grade fell, or correct it",
    bad: "assessment.8.person_id = P006\nassessment.8.risk_grade = LOW\nassessment.6.risk_grade = HIGH",
    good: "assessment.8.person_id = P006\nassessment.8.risk_grade = HIGH\nassessment.6.risk_grade = LOW",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(people), Some(grade), Some(end), Some(start)) = (
        c.col("assessment", "person_id"),
        c.col("assessment", "risk_grade"),
        c.col("assessment", "end"),
        c.col("assessment", "start"),
    ) else {
        return out.not_applicable("no assessments were sent");
    };
    let order = [grade.code("LOW"), grade.code("MED"), grade.code("HIGH")];
    let mut graded: Vec<(u32, i32, u32, usize)> = Vec::new();
    for row in 0..grade.len() {
        let level = grade.value(row).and_then(|code| order.iter().position(|o| *o == code));
        let day = end.low(row).or_else(|| start.low(row));
        if let (Some(person), Some(level), Some(day)) = (people.value(row), level, day) {
            graded.push((person, day, row as u32, level));
        }
    }
    graded.sort_unstable();
    let mut events: Vec<(u32, i32)> = Vec::new();
    if let Some(from) = c.col("offence", "committed_from") {
        let dated =
            c.victims_of.iter().filter_map(|(offence, person)| Some((*person, from.low(*offence as usize)?)));
        events.extend(dated);
    }
    if let (Some(people), Some(start)) = (c.col("missing", "person_id"), c.col("missing", "start")) {
        let dated =
            (0..start.len()).filter_map(|row| Some((people.value(row)?, start.low(row)?.div_euclid(1440))));
        events.extend(dated);
    }
    events.sort_unstable();
    out.tested(graded.len());
    for pair in graded.windows(2) {
        let ((person, _, _, before), (same, day, row, after)) = (pair[0], pair[1]);
        if person != same || after >= before {
            continue;
        }
        let at = events.partition_point(|event| *event <= (person, day));
        let last = at.checked_sub(1).map(|at| events[at]).filter(|event| event.0 == person);
        if let Some((_, event)) = last.filter(|(_, event)| day - event <= c.thresholds().lowered_days) {
            out.cell(
                row as usize,
                &[grade, people],
                "the grade fell {} days after an offence or missing episode",
                &[Say::Int(i64::from(day - event))],
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
