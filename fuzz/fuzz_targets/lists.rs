//! Tables of lists: what is read is written and read again to the same, and what can be said of small ones lies where it must.

#![no_main]

use candour_estimation::{ListTable, floor, stepwise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Ok((table, _)) = ListTable::from_csv(data) else { return };
    let (again, _) = ListTable::from_csv(&table.to_csv()).expect("what is written is read back");
    assert_eq!(again.sha256(), table.sha256());
    if table.lists().len() > 4 || table.check_lists().is_err() {
        return;
    }
    let people = table.people() as f64;
    if let Some(floor) = floor(&table, None, 0.95) {
        assert!(floor.lower >= people * (1.0 - 1e-9) || floor.lower.is_nan(), "a floor below those seen");
    }
    if let Ok(found) = stepwise(&table, 0.02) {
        assert!(found.fit.estimate() >= people * (1.0 - 1e-9), "fewer people than were seen");
    }
});
