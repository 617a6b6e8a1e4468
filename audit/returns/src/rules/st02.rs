//! ST02. A file that is not the one the sender listed.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST02",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A file that is not the one the sender listed",
    source: "Practice of transfers between bodies",
    why: "Rows lost on the way look like a body that recorded less.",
    mend: "Send the file again, or correct its row of the table `file`",
    bad: "file.1.rows = 7",
    good: "sheet.victim.hidden = 0",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let specification = c.returned.specification();
    let (Some(names), Some(rows), Some(hashes)) =
        (c.col("file", "table"), c.col("file", "rows"), c.col("file", "sha256"))
    else {
        return out.not_applicable("the table `file` was not sent");
    };
    let mut listed = vec![false; specification.tables.len()];
    for row in 0..names.len() {
        let Some(code) = names.value(row) else { continue };
        let name = names.list.and_then(|l| l.codes.get(code as usize)).map_or("", |code| code.code.as_str());
        let Ok(at) = specification.table_index(name) else { continue };
        out.tested(1);
        listed[at] = true;
        let Some(table) = &c.returned.tables[at] else {
            out.cell(row, &[names], "{} is listed and was not sent", &[Say::Word(name)]);
            continue;
        };
        if let Some(said) = rows.low(row).filter(|said| *said as usize != table.numbers.len()) {
            let found = table.numbers.len() as i64;
            out.cell(
                row,
                &[rows],
                "{} rows of {} are listed and {} were read",
                &[Say::Int(i64::from(said)), Say::Word(name), Say::Int(found)],
            );
        }
        if let (Some(found), Some(_)) = (&table.file.sha256, hashes.value(row))
            && !c.bytes(&hashes, row).eq_ignore_ascii_case(found.as_bytes())
        {
            out.cell(
                row,
                &[hashes],
                "the file of {} is not the one whose SHA-256 is listed",
                &[Say::Word(name)],
            );
        }
    }
    for (at, spec) in specification.tables.iter().enumerate() {
        if c.returned.tables[at].is_some() && !listed[at] && spec.name != "header" && spec.name != "file" {
            out.tested(1);
            out.place(at, None, None, "{} was sent and is not listed", &[Say::Word(&spec.name)]);
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
