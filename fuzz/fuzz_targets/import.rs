//! Tables of a register, each under a line `=== name`: read, recorded, and shown as at a day.

#![no_main]

use candour_ledger::{Actor, ActorRole, Entry};
use candour_register::{AsAt, Fact, Register, Status, import_tables};
use jiff::Timestamp;
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Ok((imported, _)) = import_tables(&candour_fuzz::tables(data)) else { return };
    let rows: usize = imported.rows.iter().map(|(_, rows)| rows).sum();
    assert!(rows > 0);
    let mut entries = Vec::new();
    for draft in &imported.drafts {
        let entry = Entry {
            version: 1,
            kind: draft.fact.kind().to_owned(),
            subject: draft.fact.subject(),
            recorded_at: Timestamp::UNIX_EPOCH,
            recorded_by: Actor { name: "a".to_owned(), role: ActorRole::Person },
            effective: draft.effective,
            citations: draft.citations.clone(),
            payload: draft.fact.payload().expect("a fact has a payload"),
        };
        let bytes = entry.to_canonical().expect("what an import takes, the ledger takes");
        let entry = Entry::from_canonical(&bytes).expect("what is written is read back");
        let fact = Fact::from_entry(&entry).expect("a kind of the register").expect("its payload");
        assert_eq!(fact, draft.fact);
        entries.push(entry);
    }
    let entries = entries.iter().enumerate().map(|(index, entry)| (index as u64, entry));
    let (register, _) = Register::project(entries, AsAt::default());
    for record in register.recommendations.values() {
        let status = Status::of(&register, record, date(2026, 11, 25));
        assert!(!status.schedule().words().is_empty());
    }
});
