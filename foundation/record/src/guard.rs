//! Catches the panics of the libraries that readers call.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a reader that catches panics of the libraries it calls. A program may ask in its panic
/// hook, and stay silent: the panic becomes a finding.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// What a call of a library comes to; `None` where it panics. Only for libraries that read outside bytes and are known to
/// panic on damaged ones: what the work was changing must not be used again.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    result.ok()
}
