use std::ops::Range;

use candour_record::{Finding, Severity};
use jiff::Timestamp;

use crate::entry::shortened;
use crate::{Checkpoint, Entry, Hash, MerkleLog};

/// What a check of a whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Number of entries read.
    pub size: u64,
    /// Root of the tree of the entries' own bytes. The kept hash stands in for a missing entry; from one that has no
    /// kept hash either, the tree stops.
    pub root: Hash,
    /// Everything that is wrong; empty when the log is whole.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// Whether nothing is wrong. Warnings do not count against it.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|f| f.severity < Severity::Error)
    }
}

/// Checks a log from its entries' bytes.
///
/// `entries` are `(index, bytes)` in order; indices count from 0 as in RFC 6962. `kept` are leaf hashes stored apart from
/// the bytes, or none: they let an altered entry be named, where the root alone would only say that something is wrong
/// somewhere. The checkpoint must cover every entry; to check against an older one, give only the first
/// `checkpoint.size` entries and hashes.
///
/// | code | severity | found |
/// |---|---|---|
/// | `entry_altered` | error | an entry's bytes do not give its kept hash |
/// | `leaf_hash_altered` | error | the same, but the signed root shows that the kept hash is the one at fault |
/// | `entry_missing` | error | an index that the checkpoint or the kept hashes cover has no entry |
/// | `entry_extra` | error | an entry after the last that the checkpoint covers, or an index given again or out of order |
/// | `not_canonical` | error | an entry's bytes are not a canonical entry |
/// | `root_mismatch` | error | the entries do not give the root that the checkpoint signed |
/// | `time_went_back` | warning | an entry says it was recorded before one that stands before it |
pub fn verify(
    entries: impl IntoIterator<Item = (u64, Vec<u8>)>,
    kept: &[Hash],
    checkpoint: &Checkpoint,
) -> Verified {
    let mut findings = Vec::new();
    let mut log = MerkleLog::default();
    let mut size = 0;
    // The index that comes next. It runs ahead of the tree once an entry is missing that has no kept hash.
    let mut next = 0;
    let mut newest: Option<Timestamp> = None;
    let mut differing = Vec::new();
    for (index, bytes) in entries {
        size += 1;
        if index < next {
            let message = format!(
                "entry index {index} is given again or out of order; give every entry once, from the first to the last"
            );
            findings.push(error("entry_extra", message));
            continue;
        }
        if index > next {
            findings.push(missing(next..index));
            fill(&mut log, kept, next..index);
        }
        next = index.saturating_add(1);
        let leaf = MerkleLog::leaf_hash(&bytes);
        if log.size() == index {
            log.append_leaf_hash(leaf);
        }
        let kept_hash = usize::try_from(index).ok().and_then(|at| kept.get(at));
        if kept_hash.is_some_and(|hash| *hash != leaf) {
            differing.push((index, about(&bytes)));
        }
        match Entry::from_canonical(&bytes) {
            Ok(entry) => {
                if newest.is_some_and(|newest| entry.recorded_at < newest) {
                    findings.push(Finding::new(
                        Severity::Warning,
                        "time_went_back",
                        format!(
                            "entry index {index} says it was recorded before one that stands before it; \
                             ask whether the clock was set back"
                        ),
                    ));
                }
                newest = newest.max(Some(entry.recorded_at));
            }
            Err(problem) if differing.last().is_none_or(|(last, _)| *last != index) => {
                findings.push(error("not_canonical", format!("entry index {index}: {problem}")));
            }
            // Altered bytes that no longer read are one fault, not two.
            Err(_) => {}
        }
    }
    if next > checkpoint.size {
        let message = format!(
            "{} not covered by the checkpoint, which ends before entry index {}: nobody has signed for what stands there",
            indices(checkpoint.size..next),
            checkpoint.size
        );
        findings.push(error("entry_extra", message));
    }
    let end = checkpoint.size.max(kept.len() as u64);
    if next < end {
        findings.push(missing(next..end));
        fill(&mut log, kept, next..end);
    }
    let signed = |log: &MerkleLog| log.root_at(checkpoint.size).map(|root| root == checkpoint.root);
    let entries_signed = signed(&log);
    if !differing.is_empty() {
        let kept_signed = signed(&MerkleLog::from_leaf_hashes(kept.iter().copied())) == Some(true);
        findings.extend(differing.into_iter().map(|(index, about)| {
            let covered = index < checkpoint.size;
            if covered && entries_signed == Some(true) {
                let message = format!(
                    "the hash kept for entry index {index} was altered; the entry itself is what was signed ({about}); \
                     write the hash again from the entry"
                );
                error("leaf_hash_altered", message)
            } else if covered && kept_signed {
                error("entry_altered", format!("entry index {index} was altered after it was recorded ({about})"))
            } else {
                let message = format!("entry index {index} was altered, or the hash kept for it was ({about})");
                error("entry_altered", message)
            }
        }));
    }
    if entries_signed == Some(false) {
        let message = format!(
            "the first {} entries do not give the root that the checkpoint signed; compare them with another copy of the log",
            checkpoint.size
        );
        findings.push(error("root_mismatch", message));
    }
    Verified { size, root: log.root(), findings }
}

/// What an entry is about, as far as it still reads.
fn about(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Entry>(bytes) {
        Ok(entry) => format!("{} about {:?}", shortened(&entry.kind), shortened(&entry.subject)),
        Err(_) => "its bytes no longer read as an entry".to_owned(),
    }
}

/// One finding for a whole gap, however wide a damaged index or size makes it.
fn missing(gap: Range<u64>) -> Finding {
    error("entry_missing", format!("{} missing from the log; restore from another copy", indices(gap)))
}

fn indices(range: Range<u64>) -> String {
    if range.end - range.start == 1 {
        format!("entry index {} is", range.start)
    } else {
        format!("entry index {} to {} are", range.start, range.end - 1)
    }
}

/// Lets the kept hashes stand for missing entries, as far as there are any.
fn fill(log: &mut MerkleLog, kept: &[Hash], gap: Range<u64>) {
    if log.size() != gap.start {
        return;
    }
    let bound = |index: u64| usize::try_from(index).map_or(kept.len(), |index| index.min(kept.len()));
    for hash in &kept[bound(gap.start)..bound(gap.end)] {
        log.append_leaf_hash(*hash);
    }
}

fn error(code: &str, message: String) -> Finding {
    Finding::new(Severity::Error, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::sample;
    use proptest::prelude::*;

    type Numbered = Vec<(u64, Vec<u8>)>;

    fn log(size: usize) -> (Numbered, Vec<Hash>, Checkpoint) {
        let entries: Vec<_> =
            (0..size).map(|i| (i as u64, sample(&format!("a-{i}")).to_canonical().unwrap())).collect();
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

    fn codes(verified: &Verified) -> Vec<&str> {
        verified.findings.iter().map(|f| f.code.as_str()).collect()
    }

    #[test]
    fn a_missing_entry_is_named() {
        let (mut entries, kept, checkpoint) = log(20);
        entries.remove(7);
        let verified = verify(entries.clone(), &kept, &checkpoint);
        assert_eq!(codes(&verified), ["entry_missing"]);
        assert!(verified.findings[0].message.starts_with("entry index 7 is missing"));
        assert_eq!((verified.size, verified.root), (19, checkpoint.root));

        let without_hashes = verify(entries.clone(), &[], &checkpoint);
        assert_eq!(codes(&without_hashes), ["entry_missing"]);

        entries.truncate(10);
        let cut_short = verify(entries, &kept, &checkpoint);
        assert_eq!(codes(&cut_short), ["entry_missing", "entry_missing"]);
        assert!(cut_short.findings[1].message.starts_with("entry index 11 to 19 are missing"));
    }

    #[test]
    fn an_entry_beyond_the_kept_hashes_or_the_checkpoint_is_named() {
        let (entries, kept, _) = log(20);
        let (_, _, older) = log(18);
        let verified = verify(entries.clone(), &kept, &older);
        assert_eq!(codes(&verified), ["entry_extra"]);
        assert!(verified.findings[0].message.starts_with("entry index 18 to 19 are not covered"));
        assert!(verify(entries[..18].to_vec(), &kept[..18], &older).holds());

        let verified = verify(entries[..18].to_vec(), &kept, &older);
        assert_eq!(codes(&verified), ["entry_missing"]);
    }

    #[test]
    fn an_entry_given_again_is_named() {
        let (mut entries, kept, checkpoint) = log(5);
        entries.insert(3, (1, sample("slipped-in").to_canonical().unwrap()));
        let verified = verify(entries, &kept, &checkpoint);
        assert_eq!(codes(&verified), ["entry_extra"]);
        assert!(verified.findings[0].message.starts_with("entry index 1 is given again"));
    }

    #[test]
    fn a_damaged_index_or_size_costs_one_finding_not_the_machine() {
        let (mut entries, kept, checkpoint) = log(5);
        entries[4].0 = u64::MAX;
        let verified = verify(entries.clone(), &kept, &checkpoint);
        assert_eq!(codes(&verified), ["entry_missing", "entry_extra"]);
        entries.pop();
        let verified = verify(entries, &kept, &Checkpoint { size: u64::MAX, ..checkpoint });
        assert_eq!(codes(&verified), ["entry_missing"]);
    }

    #[test]
    fn an_altered_hash_is_not_blamed_on_its_entry() {
        let (entries, mut kept, checkpoint) = log(20);
        kept[5][0] ^= 1;
        let verified = verify(entries.clone(), &kept, &checkpoint);
        assert_eq!(codes(&verified), ["leaf_hash_altered"]);
        assert!(verified.findings[0].message.starts_with("the hash kept for entry index 5 was altered"));

        let mut both = entries;
        both[9].1 = sample("someone-else").to_canonical().unwrap();
        let verified = verify(both, &kept, &checkpoint);
        assert_eq!(codes(&verified), ["entry_altered", "entry_altered", "root_mismatch"]);
        assert!(verified.findings[0].message.contains("or the hash kept for it was"));
    }

    #[test]
    fn an_altered_entry_that_still_reads_is_named_by_what_it_says() {
        let (mut entries, kept, checkpoint) = log(3);
        entries[2].1 = String::from_utf8(entries[2].1.clone()).unwrap().replace("should", "may").into_bytes();
        let verified = verify(entries, &kept, &checkpoint);
        assert_eq!(codes(&verified), ["entry_altered", "root_mismatch"]);
        assert_eq!(
            verified.findings[0].message,
            "entry index 2 was altered after it was recorded (recommendation.made about \"a-2\")"
        );
    }

    #[test]
    fn bytes_that_were_recorded_out_of_form_are_named() {
        let (mut entries, mut kept, _) = log(3);
        entries[1].1.push(b' ');
        kept[1] = MerkleLog::leaf_hash(&entries[1].1);
        let root = MerkleLog::from_leaf_hashes(kept.clone()).root();
        let checkpoint = Checkpoint { origin: "example.org/log".to_owned(), size: 3, root };
        let verified = verify(entries, &kept, &checkpoint);
        assert_eq!(codes(&verified), ["not_canonical"]);
        assert!(verified.findings[0].message.starts_with("entry index 1: "));
    }

    #[test]
    fn an_empty_log_holds() {
        let (entries, kept, checkpoint) = log(0);
        assert_eq!(verify(entries, &kept, &checkpoint).findings, []);
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
        fn any_altered_byte_is_found_and_its_entry_named(
            which in 0usize..12,
            at: proptest::sample::Index,
            flip in 1u8..=255,
        ) {
            let (mut entries, kept, checkpoint) = log(12);
            let bytes = &mut entries[which].1;
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let verified = verify(entries, &kept, &checkpoint);
            let named = format!("entry index {which} ");
            prop_assert!(verified.findings.iter().any(|f| f.code == "entry_altered" && f.message.starts_with(&named)));
            prop_assert!(verified.findings.iter().any(|f| f.code == "root_mismatch"));
        }

        #[test]
        fn any_entries_and_any_claim_are_checked_without_panic(
            entries in proptest::collection::vec((any_index(), proptest::collection::vec(any::<u8>(), 0..20)), 0..8),
            kept in proptest::collection::vec(any::<Hash>(), 0..8),
            size in any_index(),
        ) {
            let checkpoint = Checkpoint { origin: "example.org/log".to_owned(), size, root: [0; 32] };
            prop_assert!(!verify(entries, &kept, &checkpoint).holds());
        }
    }

    fn any_index() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..10, any::<u64>(), Just(u64::MAX)]
    }
}
