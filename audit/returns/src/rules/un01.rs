//! UN01. One NHS or pupil number on two people.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "UN01",
    severity: RuleSeverity::Query,
    dimension: Dimension::Uniqueness,
    title: "One NHS or pupil number on two people",
    source: "CIN 1520",
    why: "Two pseudonyms of one person make two victims of one.",
    mend: "Join the two records, or correct the number",
    bad: "victim.2.nhs_no = 943 476 5919\nvictim.3.nhs_no = 9434765919",
    good: "victim.1.nhs_no = 943 476 5919\nvictim.61.nhs_no = 9434765919",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(people) = c.col("victim", "person_id") else {
        return out.not_applicable("no victims were sent");
    };
    for name in ["nhs_no", "upn"] {
        let Some(numbers) = c.col("victim", name) else { continue };
        out.tested(numbers.len());
        let mut holders: HashMap<u64, u32> = HashMap::new();
        for row in 0..numbers.len() {
            let (Some(number), Some(person)) = (numbers.wide(row), people.value(row)) else { continue };
            if *holders.entry(number).or_insert(person) != person {
                out.cell(row, &[numbers, people], "the number is also that of another person", &[]);
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
