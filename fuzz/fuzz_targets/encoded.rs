//! Encoded records: schemas in TOML and JSON, tables of encodings in both of their forms. What is read is written and read
//! again to the same, and pairs lie among the records.

#![no_main]

use candour_linkage::encoded::{EncodingSchema, Encodings, MatchSettings, match_within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    for schema in [EncodingSchema::from_toml(data), EncodingSchema::from_json(data)].into_iter().flatten() {
        assert_eq!(schema.hash().len(), 64);
    }
    for (clks, read) in [
        (false, Encodings::read_csv(data.as_bytes(), "table")),
        (true, Encodings::read_clks(data.as_bytes(), "table")),
    ] {
        let encodings = match read {
            Ok(encodings) => encodings,
            Err(error) => {
                assert!(error.to_string().starts_with("table"), "{error} does not name its table");
                continue;
            }
        };
        let mut text = Vec::new();
        if clks {
            encodings.write_clks(&mut text).expect("memory");
            let again = Encodings::read_clks(text.as_slice(), "table").expect("what is written is read back");
            assert_eq!(again.len(), encodings.len());
        } else {
            encodings.write_csv(&mut text).expect("memory");
            let again = Encodings::read_csv(text.as_slice(), "table").expect("what is written is read back");
            assert_eq!(again.len(), encodings.len());
        }
        if let Ok(found) = match_within(&encodings, &MatchSettings::default()) {
            assert!(found.pairs.iter().all(|p| p.left < p.right && (p.right as usize) < encodings.len()));
        }
    }
});
