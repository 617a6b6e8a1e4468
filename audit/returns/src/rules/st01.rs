//! ST01. A file that is not the table asked for.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST01",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A file that is not the table asked for",
    source: "Table Schema; UK GDPR article 5(1)(c)",
    why: "A column that was not asked for is data that nobody has a reason to hold: it is named, and never read.",
    mend: "Send exactly the columns of the template, as UTF-8, with one cell for each in every row",
    bad: "victim.+nickname = x",
    good: "victim.-forename =\nvictim.-surname =\nvictim.-dob =\nvictim.-postcode =\nvictim.-nhs_no =\nvictim.-upn =\nvictim.-local_id =",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let specification = c.returned.specification();
    let header = c.returned.header();
    for (at, spec) in specification.tables.iter().enumerate() {
        let Some(table) = &c.returned.tables[at] else {
            let due =
                header.body_type.is_some_and(|body| spec.required.contains(&body)) || spec.name == "header";
            let excused = header.nil && spec.name != "header";
            if due && !excused {
                out.tested(1);
                out.place(
                    at,
                    None,
                    None,
                    "the table {} is due from this type of body and was not sent",
                    &[Say::Word(&spec.name)],
                );
            }
            continue;
        };
        out.tested(spec.columns.len() + table.numbers.len());
        for name in &table.unknown {
            out.place(at, None, Some(name), "the column was not asked for; it was not read", &[]);
        }
        for name in &table.repeated {
            out.place(
                at,
                None,
                Some(name),
                "the column stands twice in the heading; the first was read",
                &[],
            );
        }
        // Linkage columns may stay at the body, all of them together.
        let withheld =
            spec.columns.iter().zip(&table.columns).all(|(s, t)| s.part != Partition::Linkage || t.is_none());
        for (column, sent) in spec.columns.iter().zip(&table.columns) {
            if sent.is_none() && !(withheld && column.part == Partition::Linkage) {
                out.place(at, None, Some(&column.name), "the column is not in the heading", &[]);
            }
        }
        for (row, cells) in &table.uneven {
            out.place(
                at,
                Some(*row),
                None,
                "the row has {} cells, and the heading another number",
                &[Say::Int(i64::from(*cells))],
            );
        }
        if spec.name == "header" && table.numbers.len() != 1 {
            out.place(
                at,
                None,
                None,
                "the header has {} rows and must have one",
                &[Say::Int(table.numbers.len() as i64)],
            );
        }
    }
    for column in c.columns() {
        for row in column.rows_where(|f| f.state == State::Bad(Fault::NotUtf8)) {
            out.cell(row, &[column], "the cell is not UTF-8", &[]);
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
