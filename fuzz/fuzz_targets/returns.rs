//! Returns: a specification, a mapping, or any bytes as the CSV of a table. A finding never holds a value, and a report is the same
//! when it is made again.

#![no_main]

use candour_returns::{
    CheckOptions, Mapping, Outside, QualityWeights, ReturnReader, Specification, check, findings_csv, quality,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let aud = Specification::aud_1().expect("the specification that comes with the crate is sound");
    let text = String::from_utf8_lossy(rest);
    let mut mapping = None;
    let mut specification = aud;
    match kind % 4 {
        0 => {
            if let Ok(own) = Specification::from_toml(&text) {
                let _ = (own.json_schema(), own.csvw(), own.dictionary_markdown());
                specification = own;
            }
        }
        1 => {
            let Ok(read) = Mapping::from_toml(&text, &specification) else { return };
            let again =
                Mapping::from_toml(&read.to_toml().expect("a mapping can be written"), &specification);
            assert_eq!(again.as_ref(), Ok(&read));
            mapping = Some(read);
        }
        _ => {}
    }
    let names: Vec<String> = specification.tables.iter().map(|t| t.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let mut reader = ReturnReader::new(&specification, mapping);
    let name = &names[usize::from(kind / 4) % names.len()];
    let mut lines = rest.split(|b| *b == b'\n');
    let heading: Vec<String> = match kind % 4 {
        2 => lines
            .next()
            .unwrap_or_default()
            .split(|b| *b == b',')
            .map(|c| String::from_utf8_lossy(c).into())
            .collect(),
        _ => specification
            .csv_heading(name)
            .expect("a table has a heading")
            .split(',')
            .map(Into::into)
            .collect(),
    };
    if let Ok(mut sheet) = reader.sheet(name, &heading) {
        for (line, number) in lines.zip(2..) {
            let cells: Vec<&[u8]> = line.split(|b| *b == b',').collect();
            sheet.row(number, &cells).expect("a table of a few rows");
        }
    }
    let returned = reader.finish();
    let options = CheckOptions::new(b"key");
    let report = check(&returned, &Outside::default(), &options);
    assert!(findings_csv(&report) == findings_csv(&check(&returned, &Outside::default(), &options)));
    let found = quality(&returned, &report, &options, QualityWeights::default());
    for share in found.dimensions.iter().filter_map(|d| d.pass.as_ref()) {
        assert!((0.0..=1.0).contains(&share.share), "{share:?}");
    }
});
