//! ODT: a container, or its members (see `candour_fuzz::container`).

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: candour_fuzz::pass_over_caught_panics(), |data: &[u8]| {
    candour_fuzz::reads(&candour_fuzz::container(data), "a.odt");
});
