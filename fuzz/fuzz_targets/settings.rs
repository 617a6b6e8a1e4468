//! Models of a linkage: Splink's JSON and our TOML. What is read is written and read again to the same, and names nothing
//! that is protected.

#![no_main]

use candour_linkage::{safeguard, splink, toml_settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let json = splink::read_splink(data).map(|(settings, _)| settings);
    for settings in [json, toml_settings::to_settings(data)].into_iter().flatten() {
        safeguard::check(&settings).expect("a reader refuses what is protected");
        let written = splink::write_splink(&settings);
        let (again, _) = splink::read_splink(&written).expect("what is written is read back");
        assert_eq!(splink::write_splink(&again), written);
    }
});
