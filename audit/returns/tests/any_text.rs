//! Readers of files that people write: anything is read or refused, and nothing panics.

use candour_returns::{Example, Mapping, RULES, Specification};
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
