//! CN12. A child victim who is also recorded as a suspect.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN12",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "A child victim who is also recorded as a suspect",
    source: "Casey 2025, recommendation 3",
    why: "Children were treated as offenders for what was done to them. The comparison is made inside one body's own return, and nothing of it is kept.",
    mend: "Review how the child is recorded",
    bad: "suspect.2.local_id = V-10004",
    good: "suspect.2.local_id = V-99999",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let (Some(victims), Some(suspects)) = (c.col("victim", "person_id"), c.col("suspect", "suspect_id"))
    else {
        return out.not_applicable("victims or suspects were not sent");
    };
    let mut linked = vec![false; suspects.dictionary.len()];
    c.suspects_of.iter().for_each(|(_, suspect)| linked[*suspect as usize] = true);
    let names =
        |table: &str| Some([c.col(table, "forename")?, c.col(table, "surname")?, c.col(table, "dob")?]);
    let local = |table: &str| c.col(table, "local_id");
    let name_hash = |columns: &[Col<'_>; 3], row: usize| {
        let all = columns.iter().all(|column| column.fact(row).is_value());
        all.then(|| c.options.key.hash(columns.iter().map(|column| c.bytes(column, row))))
    };
    let local_hash = |column: &Col<'_>, row: usize| {
        column.fact(row).is_value().then(|| c.options.key.hash([c.bytes(column, row)]))
    };
    let mut known: HashSet<RecordKey> = HashSet::new();
    if c.suspects_of.is_empty() {
        return out.not_applicable("no links of offences and suspects were sent");
    }
    let (victim_names, victim_local) = (names("victim"), local("victim"));
    for row in 0..victims.len() {
        known.extend(victim_names.as_ref().and_then(|columns| name_hash(columns, row)));
        known.extend(victim_local.as_ref().and_then(|column| local_hash(column, row)));
    }
    let (suspect_names, suspect_local) = (names("suspect"), local("suspect"));
    out.tested(suspects.len());
    for row in 0..suspects.len() {
        let Some(id) = suspects.value(row).filter(|id| linked[*id as usize]) else { continue };
        let same_id = row_of(&c.victim_row, id) != NONE;
        let same_number = suspect_local
            .as_ref()
            .and_then(|column| local_hash(column, row))
            .is_some_and(|h| known.contains(&h));
        let same_name = suspect_names
            .as_ref()
            .and_then(|columns| name_hash(columns, row))
            .is_some_and(|h| known.contains(&h));
        if same_id || same_number || same_name {
            let why = if same_id {
                "pseudonym"
            } else if same_number {
                "number"
            } else {
                "name and date of birth"
            };
            out.cell(row, &[suspects], "has the {} of a victim of this return", &[Say::Word(why)]);
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
