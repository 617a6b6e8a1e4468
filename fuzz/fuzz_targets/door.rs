//! The door: tables of counts with their hierarchy, profiles, noise tables and earlier releases. What passes withstood the
//! attack, and prints no count below the threshold.
//!
//! The parts stand one after the other, parted by a line of `---`: profile, table, hierarchy, noise, earlier.

#![no_main]

use candour_disclosure::{CountTable, Earlier, NoiseTable, Profile, Release, Shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let mut parts = data.split("\n---\n");
    let mut next = || parts.next().unwrap_or_default();
    let (profile, counts, hierarchy, noise, earlier) = (next(), next(), next(), next(), next());
    let _ = NoiseTable::from_csv(noise);
    let profile =
        Profile::from_toml(profile).or_else(|_| Profile::built_in("ons-10-5")).expect("a sound profile");
    let Ok((table, _)) = CountTable::from_csv("table", counts, hierarchy) else { return };
    if table.cells() > 64 {
        return;
    }
    let _ = Earlier::from_json(table.clone(), earlier);
    let threshold = profile.threshold;
    let release = Release::new("fuzz", profile.clone()).expect("a sound name");
    let Ok(passed) = release.table(table).pass() else { return };
    for table in &passed.tables {
        assert_eq!(table.audit().exposed, 0, "a table passed with an exposed cell");
        if profile.noise.is_none() && profile.rounding.is_none() {
            for (_, shown) in table.cells() {
                assert!(
                    !matches!(shown, Shown::Count(n) if n > 0 && n < threshold),
                    "{shown:?} below {threshold}"
                );
            }
        }
    }
});
