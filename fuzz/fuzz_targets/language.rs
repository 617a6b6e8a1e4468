//! The language audit: any text as a note, a pack of rules, a rule of Vale's, or literate cases. What is found stands within the text,
//! and a work space that was used before finds the same as a fresh one.

#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use candour_language::{Checker, Note, Pack, Reading, Scratch, literate, test_rules, vale::ValeRule};
use libfuzzer_sys::fuzz_target;

static CHECKER: LazyLock<Checker> =
    LazyLock::new(|| Checker::bundled().expect("the packs of the crate are sound"));

thread_local! {
    static USED: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Reads a note and checks every place.
fn read(checker: &Checker, text: &str, scratch: &mut Scratch) -> Reading {
    let note = Note { text: text.to_owned(), ..Note::default() };
    let reading = checker.read(&note, scratch);
    for mention in &reading.mentions {
        let (start, end) = (mention.start as usize, mention.end as usize);
        assert!(start < end && text.get(start..end).is_some(), "{start}..{end} of {}", text.len());
    }
    for (start, end) in reading.characters(text) {
        assert!(start < end && end <= text.chars().count());
    }
    reading
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 4 {
        0 => {
            let used = USED.with_borrow_mut(|scratch| read(&CHECKER, &text, scratch));
            assert_eq!(used, read(&CHECKER, &text, &mut Scratch::default()));
        }
        1 => {
            if let Ok(checker) = Pack::read("pack.toml", &text).and_then(|pack| Checker::new(&[pack])) {
                test_rules(&checker);
                read(&checker, &text, &mut Scratch::default());
            }
        }
        2 => {
            if let Ok(rule) = ValeRule::read("Own.Rule", &text) {
                for alert in rule.check(&text) {
                    assert!(text.get(alert.start..alert.end).is_some());
                }
            }
        }
        _ => {
            if let Ok(cases) = literate::read("cases.md", &text) {
                literate::run(&CHECKER, &cases);
            }
        }
    }
});
