//! One return in several dialects comes to the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_returns::{
    Analysis, CheckOptions, Example, Linkage, Mapping, Outside, Return, ReturnReader, Specification, check,
};

/// The example as a system would export it: its columns and codes changed back through a mapping.
fn exported(specification: &Specification, mapping: &Mapping) -> Return {
    let example = Example::new(specification);
    let mut reader = ReturnReader::new(specification, Some(mapping.clone()));
    for (table, heading, rows, facts) in example.tables() {
        let spec = specification.table(table).unwrap();
        let names = mapping.columns.get(table);
        let back = |name: &String| {
            let found = names.and_then(|n| n.iter().find(|(_, target)| *target == name));
            found.map_or_else(|| name.clone(), |(source, _)| source.clone())
        };
        let source: Vec<String> = heading.iter().map(back).collect();
        let mut sheet = reader.sheet(table, &source).unwrap();
        sheet.file(facts.clone());
        for (row, number) in rows.iter().zip(2..) {
            let cell = |(text, name): (&String, &String)| {
                let column = spec.column(name).unwrap();
                if let Some((code, _)) = mapping.missing.iter().find(|(_, missing)| missing.code() == text) {
                    return code.clone();
                }
                let codes = column.list.as_ref().and_then(|list| mapping.codes.get(list));
                if let Some((code, _)) =
                    codes.and_then(|codes| codes.iter().find(|(_, target)| *target == text))
                {
                    return code.clone();
                }
                let is_day = text.len() == 10 && text.as_bytes()[4] == b'-' && !name.ends_with("_id");
                match mapping.dates {
                    candour_returns::DateOrder::DayFirst if is_day => {
                        format!("{}/{}/{}", &text[8..], &text[5..7], &text[..4])
                    }
                    candour_returns::DateOrder::SpreadsheetSerial if is_day => {
                        let day: jiff::civil::Date = text.parse().unwrap();
                        let seconds = day.duration_since(jiff::civil::date(1899, 12, 30)).as_secs();
                        (seconds / 86_400).to_string()
                    }
                    _ => text.clone(),
                }
            };
            let row: Vec<String> = row.iter().zip(&heading).map(cell).collect();
            sheet.row(number, &row).unwrap();
        }
    }
    reader.finish()
}

#[test]
fn every_dialect_reads_as_the_plain_one_does() {
    let specification = Specification::aud_1().unwrap();
    let plain = Example::new(&specification).read(&specification).unwrap();
    for mapping in Mapping::dialects(&specification).unwrap() {
        let returned = exported(&specification, &mapping);
        let report = check(&returned, &Outside::default(), &CheckOptions::new(b"key"));
        let found: Vec<_> = report.findings().map(|f| (&f.rule, &f.column, &f.message)).take(5).collect();
        assert!(found.is_empty(), "{}: {found:?}", mapping.name);
        for table in ["victim", "offence", "suspect", "link", "missing", "assessment"] {
            assert_eq!(
                returned.csv::<Analysis>(table),
                plain.csv::<Analysis>(table),
                "{} {table}",
                mapping.name
            );
            assert_eq!(
                returned.csv::<Linkage>(table),
                plain.csv::<Linkage>(table),
                "{} {table}",
                mapping.name
            );
        }
        assert_eq!(
            returned.row_digest(&CheckOptions::new(b"key")).rows.len(),
            plain.row_digest(&CheckOptions::new(b"key")).rows.len()
        );
    }
}
