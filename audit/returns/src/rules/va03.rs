//! VA03. A sex that is none of M, F and U, or two for one person.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA03",
    severity: RuleSeverity::Error,
    dimension: Dimension::Validity,
    title: "A sex that is none of M, F and U, or two for one person",
    source: "CIN 4180",
    why: "Two values for one person are two people joined, or one mistyped.",
    mend: "Correct the record, or write U",
    bad: "victim.4.sex = 1\nvictim.64.sex = M",
    good: "victim.4.sex = U",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns().filter(|column| column.spec.list.as_deref() == Some("sex")) {
        out.tested(column.len());
        for row in column.rows_where(|f| f.damage == Damage::None && f.state == State::Bad(Fault::NotListed))
        {
            out.cell(row, &[column], "is none of M, F and U", &[]);
        }
    }
    let (Some(people), Some(sex)) = (c.col("victim", "person_id"), c.col("victim", "sex")) else { return };
    let mut first = vec![NONE; people.dictionary.len()];
    for row in 0..people.len() {
        let (Some(person), Some(code)) = (people.value(row), sex.value(row)) else { continue };
        let known = &mut first[person as usize];
        if *known == NONE {
            *known = code;
        } else if *known != code {
            out.cell(row, &[sex, people], "the same person has another sex in another row", &[]);
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
