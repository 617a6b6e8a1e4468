//! Everything the ledger reads back: entries, notes, keys, tiles and bundles.

#![no_main]

use candour_ledger::{
    Entry, SigningKey, VerifierKey, entries_in_bundle, hashes_in_tile, join_signatures, open, verify,
    verify_consistency, verify_inclusion,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::from_canonical(data) {
        assert_eq!(entry.to_canonical().expect("it was canonical"), data);
        entry.fact_key().expect("a canonical entry has a key");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        notes(text);
    }
    tiles(data);
});

/// The key that signed the notes among the seeds.
fn key() -> SigningKey {
    SigningKey::from_entropy("register.example", [7; 32]).expect("a sound name")
}

fn notes(text: &str) {
    if let Ok(checkpoint) = open(text, &key().verifier()) {
        let again = candour_ledger::sign(&checkpoint, &key()).expect("what was opened can be signed");
        assert_eq!(open(&again, &key().verifier()).expect("what was signed can be opened"), checkpoint);
    }
    if let Ok(joined) = join_signatures(text, text) {
        assert_eq!(joined, text);
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string().parse::<VerifierKey>().as_ref(), Ok(&key));
    }
    if let Ok(key) = text.parse::<SigningKey>() {
        let again: SigningKey = key.to_private_text().parse().expect("what is written is read back");
        assert_eq!(again.verifier(), key.verifier());
    }
}

/// A path on the first line, and the bytes of its tile after it.
fn tiles(data: &[u8]) {
    let line = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    let (Ok(path), bytes) = (std::str::from_utf8(&data[..line]), data.get(line + 1..).unwrap_or_default())
    else {
        return;
    };
    let hashes = hashes_in_tile(path, bytes);
    if let Ok(hashes) = &hashes {
        assert_eq!(hashes.concat(), bytes);
        if let [first, second, proof @ ..] = hashes.as_slice() {
            let size = hashes.len() as u64;
            let _ = verify_inclusion(b"entry", size / 2, size, first, proof);
            let _ = verify_consistency((size / 2, first), (size, second), proof);
        }
    }
    if let Ok(entries) = entries_in_bundle(path, bytes) {
        assert_eq!(entries.iter().map(|e| e.len() + 2).sum::<usize>(), bytes.len());
        let checkpoint =
            candour_ledger::Checkpoint { origin: "a".to_owned(), size: entries.len() as u64, root: [0; 32] };
        let numbered = entries.into_iter().enumerate().map(|(index, entry)| (index as u64, entry));
        assert!(!verify(numbered, &hashes.unwrap_or_default(), &checkpoint).holds());
    }
}
