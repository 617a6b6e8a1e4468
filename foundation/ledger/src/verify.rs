use candour_record::{Finding, Severity};
use jiff::Timestamp;

use crate::{Checkpoint, Entry, Hash, MerkleLog};

/// What a check of a whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Number of entries read.
    pub size: u64,
    /// Root computed from the entries' own bytes.
    pub root: Hash,
    /// Everything that is wrong; empty when the log is whole.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|f| f.severity < Severity::Error)
    }
}

/// Checks a log from its entries' bytes.
///
/// `entries` are `(index, bytes)` in order; indices count from 0 as in RFC 6962. `kept` are leaf hashes stored apart from
/// the bytes: they let an altered entry be named, where the root alone would only say that something is wrong somewhere.
/// The checkpoint covers the first `checkpoint.size` entries.
pub fn verify(entries: impl IntoIterator<Item = (u64, Vec<u8>)>, kept: &[Hash], checkpoint: &Checkpoint) -> Verified {
    let mut findings = Vec::new();
    let mut error = |code: &str, message: String| findings.push(Finding::new(Severity::Error, code, message));
    let mut log = MerkleLog::default();
    let mut newest: Option<Timestamp> = None;
    let mut backwards = Vec::new();
    for (index, bytes) in entries {
        while log.size() < index {
            let missing = log.size();
            error("entry_missing", format!("entry index {missing} is missing from the log"));
            log.append_leaf_hash(kept.get(missing as usize).copied().unwrap_or_default());
        }
        let leaf = MerkleLog::leaf_hash(&bytes);
        log.append_leaf_hash(leaf);
        let read = Entry::from_canonical(&bytes);
        let about = match &read {
            Ok(entry) => format!("{} about {:?}", entry.kind, entry.subject),
            Err(_) => "its bytes no longer read as an entry".to_owned(),
        };
        if kept.get(index as usize).is_some_and(|k| *k != leaf) {
            error("entry_altered", format!("entry index {index} was altered after it was recorded ({about})"));
        } else if let Err(problem) = &read {
            error("not_canonical", format!("entry index {index}: {problem}"));
        }
        if let Ok(entry) = read {
            if newest.is_some_and(|n| entry.recorded_at < n) {
                backwards.push(index);
            }
            newest = newest.max(Some(entry.recorded_at));
        }
    }
    for missing in log.size()..checkpoint.size {
        error("entry_missing", format!("entry index {missing} is missing from the log, whose checkpoint covers {} entries", checkpoint.size));
    }
    if log.root_at(checkpoint.size).is_some_and(|root| root != checkpoint.root) {
        error("root_mismatch", format!("the first {} entries do not give the root that the checkpoint signed", checkpoint.size));
    }
    for index in backwards {
        let message = format!("entry index {index} says it was recorded before the entry it follows; the clock was set back");
        findings.push(Finding::new(Severity::Warning, "time_went_back", message));
    }
    Verified { size: log.size(), root: log.root(), findings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::sample;
    use proptest::prelude::*;

    fn log(size: usize) -> (Vec<(u64, Vec<u8>)>, Vec<Hash>, Checkpoint) {
        let entries: Vec<_> = (0..size).map(|i| (i as u64, sample(&format!("a-{i}")).to_canonical().unwrap())).collect();
        let kept: Vec<Hash> = entries.iter().map(|(_, bytes)| MerkleLog::leaf_hash(bytes)).collect();
        let root = MerkleLog::from_leaf_hashes(kept.clone()).root();
        (entries, kept, Checkpoint { origin: "example.org/log".to_owned(), size: size as u64, root })
    }

    #[test]
    fn a_whole_log_holds() {
        let (entries, kept, checkpoint) = log(20);
        let verified = verify(entries, &kept, &checkpoint);
        assert_eq!((verified.size, verified.root, verified.findings.len()), (20, checkpoint.root, 0));
    }

    #[test]
    fn a_missing_entry_is_named() {
        let (mut entries, kept, checkpoint) = log(20);
        entries.remove(7);
        let verified = verify(entries.clone(), &kept, &checkpoint);
        assert!(verified.findings.iter().any(|f| f.code == "entry_missing" && f.message.contains("index 7 ")));
        entries.truncate(10);
        assert!(!verify(entries, &kept, &checkpoint).holds());
    }

    #[test]
    fn bytes_and_hash_altered_together_still_break_the_root() {
        let (mut entries, mut kept, checkpoint) = log(20);
        entries[3].1 = sample("someone-else").to_canonical().unwrap();
        kept[3] = MerkleLog::leaf_hash(&entries[3].1);
        assert!(verify(entries, &kept, &checkpoint).findings.iter().any(|f| f.code == "root_mismatch"));
    }

    #[test]
    fn a_clock_set_back_is_a_warning() {
        let (mut entries, _, _) = log(2);
        let mut earlier = sample("a-1");
        earlier.recorded_at = "2020-01-01T00:00:00Z".parse().unwrap();
        entries[1].1 = earlier.to_canonical().unwrap();
        let root = MerkleLog::from_leaf_hashes(entries.iter().map(|(_, b)| MerkleLog::leaf_hash(b))).root();
        let checkpoint = Checkpoint { origin: "example.org/log".to_owned(), size: 2, root };
        let verified = verify(entries, &[], &checkpoint);
        assert!(verified.holds());
        assert_eq!(verified.findings[0].code, "time_went_back");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_found_and_its_entry_named(which in 0usize..12, at in any::<proptest::sample::Index>(), bit in 0u8..8) {
            let (mut entries, kept, checkpoint) = log(12);
            let bytes = &mut entries[which].1;
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let verified = verify(entries, &kept, &checkpoint);
            let named = format!("entry index {which} ");
            prop_assert!(verified.findings.iter().any(|f| f.code == "entry_altered" && f.message.starts_with(&named)));
            prop_assert!(verified.findings.iter().any(|f| f.code == "root_mismatch"));
        }
    }
}
