//! CO10. A force that has no record from a council in its area.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO10",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "A force that has no record from a council in its area",
    source: "Casey 2025, on boundaries",
    why: "Boundaries of forces and councils differ, and a council with no record at all was probably left out.",
    mend: "Draw the records of the whole area, or explain",
    bad: r#"outside.areas = ["E06000001", "E06000002", "E06000003", "E06000004", "E06000099"]"#,
    good: r#"outside.areas = ["E06000001", "E06000002", "E06000003", "E06000004"]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(areas) = &c.outside.areas else {
        return out.not_run("the local authorities of the body's area");
    };
    let columns = [c.col("offence", "place_lad"), c.col("victim", "home_lad")];
    if columns.iter().all(Option::is_none) {
        return out.not_applicable("no records with a local authority were sent");
    }
    let mut met: HashSet<&str> = HashSet::new();
    for column in columns.iter().flatten() {
        let values = (0..column.len()).filter_map(|row| column.value(row));
        let mut codes: Vec<u32> = values.collect();
        codes.sort_unstable();
        codes.dedup();
        met.extend(codes.into_iter().map(|code| column.dictionary.text(code)));
    }
    out.tested(areas.len());
    for area in areas.iter().filter(|area| !met.contains(area.as_str())) {
        out.whole(Some("offence"), Some("place_lad"), None, "no record from {}", &[Say::Word(area)]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
