//! Messages.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: candour_fuzz::pass_over_caught_panics(), |data: &[u8]| {
    candour_fuzz::reads(data, "a.eml");
});
