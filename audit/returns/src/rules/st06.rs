//! ST06. A reference to a record that is not there.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST06",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Consistency,
    title: "A reference to a record that is not there",
    source: "SSDA903 INT04",
    why: "A missing episode of nobody, or an offence's link to nothing, is a record lost between two extracts.",
    mend: "Send the record referred to, or correct the reference",
    bad: "missing.3.person_id = P999\nlink.4.to_id = S999",
    good: "missing.3.person_id = P060",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let specification = c.returned.specification();
    for (at, spec) in specification.tables.iter().enumerate() {
        for foreign in &spec.foreign {
            let (Some(from), Some(to)) = (foreign.columns.first(), foreign.to.first()) else { continue };
            let Some(from) = spec.column_index(from).ok().and_then(|f| c.at(at, f)) else { continue };
            out.tested(from.len());
            let Some(target) = c.col(&foreign.table, to) else {
                out.place(at, None, None, "refers to {}, which was not sent", &[Say::Word(&foreign.table)]);
                continue;
            };
            let mut there = vec![false; target.dictionary.len()];
            (0..target.len()).filter_map(|row| target.value(row)).for_each(|id| there[id as usize] = true);
            for row in 0..from.len() {
                if from.value(row).is_some_and(|id| !there.get(id as usize).copied().unwrap_or(false)) {
                    out.cell(
                        row,
                        &[from],
                        "no record of {} has this pseudonym",
                        &[Say::Word(&foreign.table)],
                    );
                }
            }
        }
    }
    let Some(kind) = c.col("link", "kind") else { return };
    for (end, name, place) in [("from_type", "from_id", 0), ("to_type", "to_id", 1)] {
        let (Some(types), Some(ids)) = (c.col("link", end), c.col("link", name)) else { continue };
        out.tested(ids.len());
        let tables = [
            (types.code("OFF"), "offence", &c.offence_row),
            (types.code("VIC"), "victim", &c.victim_row),
            (types.code("SUS"), "suspect", &c.suspect_row),
        ];
        let kinds = [
            (kind.code("OFF_VIC"), ["OFF", "VIC"]),
            (kind.code("OFF_SUS"), ["OFF", "SUS"]),
            (kind.code("SUS_SUS"), ["SUS", "SUS"]),
        ];
        for row in 0..ids.len() {
            let (Some(end_type), Some(id)) = (types.value(row), ids.value(row)) else { continue };
            if let Some((_, ends)) = kinds.iter().find(|(code, _)| kind.is(row, *code))
                && types.code(ends[place]) != end_type
            {
                out.cell(
                    row,
                    &[types, kind],
                    "a link of this kind has {} at this end",
                    &[Say::Word(ends[place])],
                );
                continue;
            }
            if let Some((_, table, rows)) = tables.iter().find(|(code, ..)| *code == end_type)
                && row_of(rows, id) == NONE
            {
                out.cell(row, &[ids], "no record of {} has this pseudonym", &[Say::Word(table)]);
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
