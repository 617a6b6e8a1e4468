//! Tables of a linkage, CSV and Parquet, and review decisions. What is read is linked: every pair lies among the records.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use candour_linkage::{Linker, Settings, Tables, components, read_decisions, toml_settings};
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    toml_settings::to_settings(
        r#"
        link-type = "dedupe-only"
        household = false
        prior = 0.1
        blocking-rules = [["dob"], ["surname"]]
        [[comparison]]
        column = "surname"
        levels = [{ sql = "jaro_winkler_similarity(surname_l, surname_r) >= 0.9", m = 0.9, u = 0.02 }, { sql = "ELSE", m = 0.1, u = 0.98 }]
        [[comparison]]
        column = "dob"
        levels = [{ sql = "dob_l = dob_r", m = 0.9, u = 0.02 }, { sql = "levenshtein(dob_l, dob_r) <= 1", m = 0.05, u = 0.03 }, { sql = "ELSE", m = 0.05, u = 0.95 }]
        "#,
    )
    .expect("sound settings")
});

fuzz_target!(init: candour_fuzz::pass_over_caught_panics(), |data: &[u8]| {
    let mut tables = Tables::new(&SETTINGS);
    let read = if data.starts_with(b"PAR1") {
        tables.add_parquet("table", Bytes::copy_from_slice(data))
    } else {
        let record = |key: &str| key.parse::<u32>().ok();
        if let Ok((decisions, _)) = read_decisions("table", data, &record) {
            assert!(decisions.iter().all(|d| d.left < d.right));
        }
        tables.add_csv("table", data)
    };
    if let Err(error) = read {
        assert!(error.to_string().starts_with("table"), "{error} does not name its table");
        return;
    }
    let Ok((records, _)) = tables.finish() else { return };
    let linker = Linker::new(&records, SETTINGS.clone()).expect("the columns were read");
    let mut pairs = Vec::new();
    let keep = |_, _, kept: &[candour_linkage::KeptPair]| {
        pairs.extend(kept.iter().map(|k| k.pair));
        Ok(())
    };
    linker.predict(-10.0, 1 << 20, &|_, _, _| {}, |_| true, keep).expect("few pairs");
    assert!(pairs.iter().all(|p| p.left < p.right && (p.right as usize) < records.len() && !p.weight.is_nan()));
    let (clusters, _) = components(records.len() as u32, &pairs, 0.0);
    assert!(clusters.count() as usize <= records.len());
});
