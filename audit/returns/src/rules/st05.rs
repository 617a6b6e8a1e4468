//! ST05. A key that is missing or stands twice.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST05",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Uniqueness,
    title: "A key that is missing or stands twice",
    source: "CIN 8500, 8510",
    why: "Without a key a record cannot be joined, corrected or explained.",
    mend: "Give every record a pseudonym of its own",
    bad: "assessment.7.assessment_id = A006\nlink.copy = 1",
    good: "victim.61.list_id = CP",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for (at, spec) in c.returned.specification().tables.iter().enumerate() {
        let keys: Vec<Col<'_>> =
            spec.key.iter().filter_map(|k| spec.column_index(k).ok()).filter_map(|k| c.at(at, k)).collect();
        let (Some(first), true) = (keys.first(), keys.len() == spec.key.len()) else { continue };
        out.tested(first.len());
        let mut seen: HashMap<[u32; 4], u32> = HashMap::with_capacity(first.len());
        'rows: for row in 0..first.len() {
            let mut parts = [0u32; 4];
            for (part, key) in parts.iter_mut().zip(&keys) {
                let fact = key.fact(row);
                *part = match fact.state {
                    State::Value => fact.code,
                    State::Missing(missing) => NONE - 1 - missing as u32,
                    State::Blank | State::Bad(Fault::MissingRefused) => {
                        out.cell(row, &[*key], "the key is missing", &[]);
                        continue 'rows;
                    }
                    State::Bad(_) => continue 'rows,
                };
            }
            let number = c.returned.tables[at].as_ref().map_or(0, |t| t.numbers[row]);
            let before = *seen.entry(parts).or_insert(number);
            if before != number {
                out.cell(row, &keys, "the key is that of row {}", &[Say::Int(i64::from(before))]);
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
