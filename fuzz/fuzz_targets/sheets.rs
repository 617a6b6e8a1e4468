//! What else notes and returns come in: workbooks (a container, or its members: see `candour_fuzz::container`) and mailboxes. Cells stand
//! in order within a sheet; messages hold no more than the mailbox did, and each is read as mail.

#![no_main]

use candour_reading::{read_sheets, split_mailbox};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: candour_fuzz::pass_over_caught_panics(), |data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    if kind % 2 == 1 {
        let messages = split_mailbox(rest);
        assert!(messages.iter().map(Vec::len).sum::<usize>() <= rest.len());
        messages.iter().take(20).for_each(|message| candour_fuzz::reads(message, "a.eml"));
        return;
    }
    match read_sheets(&candour_fuzz::container(rest), "a.xlsx", &candour_fuzz::LIMITS) {
        Ok((sheets, _)) => {
            for sheet in sheets {
                for row in &sheet.rows {
                    assert!(!row.cells.is_empty() && row.cells.iter().all(|cell| cell.0 < 16_384));
                    assert!(row.cells.windows(2).all(|two| two[0].0 <= two[1].0));
                }
            }
        }
        Err(error) => assert!(error.to_string().starts_with("a.xlsx"), "{error} does not name its file"),
    }
});
