//! Time limits: a date on the first line, and any text after it.

#![no_main]

use candour_register::find_deadlines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let (first, text) = data.split_once('\n').unwrap_or(("", data));
    let length = text.chars().count();
    let mut before = 0;
    for (span, deadline) in find_deadlines(text, first.parse().ok()) {
        assert!(before <= span.start && span.start < span.end && span.end <= length, "{span:?} of {length}");
        before = span.end;
        let words: String = text.chars().skip(span.start).take(span.len()).collect();
        assert_eq!(deadline.phrase, words.split_whitespace().collect::<Vec<_>>().join(" "));
        candour_fuzz::check_deadline(&deadline);
    }
});
