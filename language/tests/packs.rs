//! The bundled packs: every text inside a rule, and every Markdown test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_language::{Checker, test_rules};

#[test]
fn every_text_inside_a_rule_holds() {
    let checker = Checker::bundled().unwrap();
    let (run, failures) = test_rules(&checker);
    assert!(run > 100, "only {run} texts");
    assert!(failures.is_empty(), "{failures:#?}");
}
