//! Readers of files that people write: anything is read or refused, and nothing panics.

use candour_returns::{
    CheckOptions, ColumnType, Example, Mapping, Outside, RULES, ReturnReader, Specification, check,
};
use proptest::prelude::*;

/// A well-formed file with a part of it replaced, and now and then anything at all.
fn damaged(whole: String) -> impl Strategy<Value = String> {
    let length = whole.len();
    prop_oneof![
        4 => (0..length, 0..40usize, "[\\PC\n]{0,12}").prop_map(move |(at, cut, text)| {
            let floor = |mut at: usize| {
                while !whole.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let (from, until) = (floor(at), floor((at + cut).min(length)));
            format!("{}{text}{}", &whole[..from], &whole[until..])
        }),
        1 => "[\\PC\n]{0,80}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mappings(text in damaged(niche())) {
        if let Ok(specification) = Specification::aud_1() {
            let _ = Mapping::from_toml(&text, &specification);
        }
    }

    #[test]
    fn specifications(text in damaged(include_str!("../data/aud-1.toml").to_owned())) {
        if let Ok(specification) = Specification::from_toml(&text) {
            let _ = (specification.dictionary_markdown(), specification.csvw(), specification.json_schema());
            if let Ok(returned) = Example::new(&specification).read(&specification) {
                let report = check(&returned, &Outside::default(), &CheckOptions::new(b"key"));
                prop_assert_eq!(report.outcomes.len(), RULES.len());
            }
        }
    }

    #[test]
    fn examples(text in damaged(RULES.iter().map(|rule| rule.bad).collect::<Vec<_>>().join("\n"))) {
        if let Ok(specification) = Specification::aud_1() {
            let _ = Example::new(&specification).change(&text);
        }
    }
}

fn niche() -> String {
    let mapping = Specification::aud_1().and_then(|specification| Mapping::dialect("niche", &specification));
    mapping.and_then(|mapping| mapping.to_toml()).unwrap_or_default()
}

/// Rules know columns by name; whatever a specification makes of a column of that name, they must hold.
#[test]
fn rules_hold_where_a_column_is_of_another_type_or_gone() {
    let Ok(whole) = Specification::aud_1() else { return };
    let kinds = [
        ColumnType::Text,
        ColumnType::Enum,
        ColumnType::Integer,
        ColumnType::EnumList,
        ColumnType::Date,
        ColumnType::Id,
        ColumnType::Nhs,
    ];
    let example = Example::new(&whole);
    let tables: Vec<_> = example.tables().collect();
    let mut checked = 0;
    for (at, table) in whole.tables.iter().enumerate() {
        // All columns take two minutes; a fifth of them will do after each change.
        for place in (at % 5..table.columns.len()).step_by(5) {
            for gone in [false, true] {
                let mut other = whole.clone();
                if gone {
                    other.tables[at].columns.remove(place);
                } else {
                    let column = &mut other.tables[at].columns[place];
                    column.kind = kinds[(at * 5 + place) % kinds.len()];
                    let coded = matches!(column.kind, ColumnType::Enum | ColumnType::EnumList);
                    column.list = coded.then(|| column.list.clone().unwrap_or_else(|| "yes_no".to_owned()));
                }
                let text = toml::to_string(&other).unwrap_or_default();
                let Ok(other) = Specification::from_toml(&text) else { continue };
                // The example is that of the whole specification, so a column that is gone is one that was not asked for.
                let mut reader = ReturnReader::new(&other, None);
                for (name, heading, rows, _) in &tables {
                    let Ok(mut sheet) = reader.sheet(name, heading) else { continue };
                    for (row, number) in rows.iter().zip(2..) {
                        assert!(sheet.row(number, row).is_ok());
                    }
                }
                let returned = reader.finish();
                let options = CheckOptions::new(b"key");
                assert_eq!(check(&returned, &Outside::default(), &options).outcomes.len(), RULES.len());
                let _ = (returned.body_digest(&options), returned.row_digest(&options));
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}
