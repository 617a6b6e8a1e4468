//! ST11. A name, address or telephone number in a redacted text.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST11",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A name, address or telephone number in a redacted text",
    source: "Sexual Offences (Amendment) Act 1992, section 1",
    why: "Complainants have anonymity for life. One note with a name in it is a breach, whoever reads it.",
    mend: "Take the names and places out at source and send the text again",
    bad: "note.4.text_redacted = Spoke with Mrs Vance by telephone.",
    good: "note.4.text_redacted = Spoke with [NAME] by telephone on 3 March 2025.",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for (at, table) in c.returned.tables.iter().enumerate() {
        let Some(table) = table else { continue };
        let notes = c.returned.specification().tables[at].columns.iter().enumerate();
        for (place, _) in notes.filter(|(_, column)| column.kind == ColumnType::Note) {
            let Some(column) = c.at(at, place) else { continue };
            out.tested(column.len());
            for (row, _, mark) in table.marks.iter().filter(|(_, column, _)| usize::from(*column) == place) {
                let what = match mark {
                    TextMark::Name => "a name",
                    TextMark::Address => "an address or postcode",
                    TextMark::Phone => "a telephone number",
                    TextMark::Email => "an address of electronic mail",
                    TextMark::OwnName => "the name of the person it is about",
                };
                out.cell(*row as usize, &[column], "the text seems to hold {}", &[Say::Word(what)]);
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

    #[test]
    fn the_name_of_the_person_is_known_from_the_victims_table() {
        // Note 4 is about Cara; note 5 is not.
        let (report, _) = crate::rules::testing::report(
            "note.4.text_redacted = At school Cara said so.\nnote.5.text_redacted = At school Cara said so.",
        );
        let rows: Vec<_> = report.outcome("ST11").unwrap().findings.iter().map(|f| f.row).collect();
        assert_eq!(rows, [Some(5)]);
    }
}
