//! The Merkle tree of RFC 6962 §2.1. Hashes are kept, bodies are not; proofs are made and checked with `ct-merkle`.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::{Digest, Sha256};

use crate::LedgerError;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// An append-only Merkle log: for each level, the hashes of its complete subtrees from left to right.
///
/// Memory is 64 bytes an entry; appending is O(1) amortised and the root O(log n).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerkleLog {
    levels: Vec<Vec<Hash>>,
}

impl MerkleLog {
    /// The log whose leaves have these hashes.
    pub fn from_leaf_hashes(hashes: impl IntoIterator<Item = Hash>) -> Self {
        let mut log = Self::default();
        for hash in hashes {
            log.append_leaf_hash(hash);
        }
        log
    }

    /// Hash of an entry: SHA-256 of 0x00 and its bytes.
    pub fn leaf_hash(entry: &[u8]) -> Hash {
        Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
    }

    /// Adds an entry by its canonical bytes, which are hashed and not kept; its entry index.
    pub fn append(&mut self, entry: &[u8]) -> u64 {
        let index = self.size();
        self.append_leaf_hash(Self::leaf_hash(entry));
        index
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds an entry by its hash.
    pub fn append_leaf_hash(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(node);
            if hashes.len() % 2 == 1 {
                break;
            }
            node = parent(&hashes[hashes.len() - 2], &node);
        }
    }

    /// The hash of one entry.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }

    /// Hashes of the complete subtrees of 2^level leaves, from left to right.
    pub(crate) fn level(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// The Merkle Tree Hash of the whole log; of the empty string for an empty log.
    pub fn root(&self) -> Hash {
        self.range(0, self.size())
    }

    /// The root the log had when it held so many entries; `None` past its size.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| self.range(0, size))
    }

    /// A proof that an entry is in the tree of a size (RFC 6962 §2.1.1).
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        if index >= size || size > self.size() {
            return Err(LedgerError::NoProof { from: index, to: size, size: self.size() });
        }
        Ok(ct_merkle::indices_for_inclusion_proof(size, index)
            .into_iter()
            .map(|node| self.node(node, size))
            .collect())
    }

    /// A proof that the tree of one size is the beginning of the tree of another (RFC 6962 §2.1.2).
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        if old == 0 || old > new || new > self.size() {
            return Err(LedgerError::NoProof { from: old, to: new, size: self.size() });
        }
        Ok(ct_merkle::indices_for_consistency_proof(old, new - old)
            .into_iter()
            .map(|node| self.node(node, new))
            .collect())
    }

    /// The hash of a node by its in-order number (leaf `i` is `2i`), in the tree of a size.
    fn node(&self, in_order: u64, size: u64) -> Hash {
        let level = in_order.trailing_ones();
        let first = (in_order >> (level + 1)) << level;
        self.range(first, (first + (1 << level)).min(size))
    }

    /// MTH of the leaves from one index to before another (RFC 6962 §2.1).
    fn range(&self, from: u64, to: u64) -> Hash {
        match to - from {
            0 => Sha256::digest([]).into(),
            width if width.is_power_of_two() && from.is_multiple_of(width) => {
                self.levels[width.trailing_zeros() as usize][(from / width) as usize]
            }
            width => {
                let left = width.next_power_of_two() / 2;
                parent(&self.range(from, from + left), &self.range(from + left, to))
            }
        }
    }
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The most entries a tree can have for `ct-merkle` to number its nodes in 64 bits.
const MOST_ENTRIES: u64 = 1 << 63;

/// Checks that an entry's bytes stand at an index of the tree with this root and size.
pub fn verify_inclusion(
    entry: &[u8],
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), LedgerError> {
    if size > MOST_ENTRIES {
        return Err(bad(&"the tree is said to have more than 2^63 entries"));
    }
    let proof = InclusionProof::<Sha256>::try_from_bytes(proof.concat()).map_err(|e| bad(&e))?;
    RootHash::<Sha256>::new((*root).into(), size).verify_inclusion(&entry, index, &proof).map_err(|e| bad(&e))
}

/// Checks that the tree of the old root and size is the beginning of the tree of the new.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<(), LedgerError> {
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(proof.concat()).map_err(|e| bad(&e))?;
    let old = RootHash::<Sha256>::new((*old.1).into(), old.0);
    RootHash::<Sha256>::new((*new.1).into(), new.0).verify_consistency(&old, &proof).map_err(|e| bad(&e))
}

fn bad(error: &impl std::fmt::Display) -> LedgerError {
    LedgerError::BadProof { problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(size: u64) -> MerkleLog {
        MerkleLog::from_leaf_hashes((0..size).map(|i| MerkleLog::leaf_hash(&i.to_be_bytes())))
    }

    fn hex(hash: &Hash) -> String {
        candour_record::ContentHash::from_bytes(*hash).to_string()
    }

    /// The eight leaves and the roots that every implementation of certificate transparency tests against.
    #[test]
    fn reference_roots() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let log = MerkleLog::from_leaf_hashes(leaves.map(MerkleLog::leaf_hash));
        assert_eq!(
            hex(&log.root_at(0).unwrap()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(&log.root_at(1).unwrap()),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(hex(&log.root()), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
        assert_eq!(log.root_at(9), None);
    }

    #[test]
    fn the_root_is_what_ct_merkle_computes() {
        let mut oracle = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, [u8; 8]>::new();
        let whole = log(200);
        for i in 0..200u64 {
            oracle.push(i.to_be_bytes());
            assert_eq!(whole.root_at(i + 1).unwrap()[..], oracle.root().as_bytes()[..], "size {}", i + 1);
        }
    }

    #[test]
    fn every_proof_up_to_seventy_entries_holds_and_no_altered_one_does() {
        let whole = log(70);
        for size in 1..=70 {
            let root = whole.root_at(size).unwrap();
            for index in 0..size {
                let proof = whole.inclusion_proof(index, size).unwrap();
                verify_inclusion(&index.to_be_bytes(), index, size, &root, &proof).unwrap();
                assert!(verify_inclusion(&(index + 1).to_be_bytes(), index, size, &root, &proof).is_err());
                for at in 0..proof.len() {
                    let mut wrong = proof.clone();
                    wrong[at][31] ^= 1;
                    assert!(verify_inclusion(&index.to_be_bytes(), index, size, &root, &wrong).is_err());
                }
            }
            for old in 1..=size {
                let proof = whole.consistency_proof(old, size).unwrap();
                let old_root = whole.root_at(old).unwrap();
                verify_consistency((old, &old_root), (size, &root), &proof).unwrap();
                let mut wrong = old_root;
                wrong[0] ^= 1;
                assert!(verify_consistency((old, &wrong), (size, &root), &proof).is_err());
            }
        }
        assert!(whole.inclusion_proof(70, 70).is_err());
        assert!(whole.consistency_proof(0, 70).is_err());
    }

    /// The worked example of RFC 6962 §2.1.3: which nodes prove what in a tree of seven.
    #[test]
    fn proofs_of_a_tree_of_seven_are_those_of_the_rfc() {
        let log = log(7);
        let leaf = |index| log.leaf(index).unwrap();
        let over = |from, to| log.range(from, to);
        assert_eq!(log.inclusion_proof(0, 7).unwrap(), [leaf(1), over(2, 4), over(4, 7)]);
        assert_eq!(log.inclusion_proof(3, 7).unwrap(), [leaf(2), over(0, 2), over(4, 7)]);
        assert_eq!(log.inclusion_proof(4, 7).unwrap(), [leaf(5), leaf(6), over(0, 4)]);
        assert_eq!(log.inclusion_proof(6, 7).unwrap(), [over(4, 6), over(0, 4)]);
        assert_eq!(log.consistency_proof(3, 7).unwrap(), [leaf(2), leaf(3), over(0, 2), over(4, 7)]);
        assert_eq!(log.consistency_proof(4, 7).unwrap(), [over(4, 7)]);
        assert_eq!(log.consistency_proof(6, 7).unwrap(), [over(4, 6), leaf(6), over(0, 4)]);
    }

    #[test]
    fn appending_entries_and_their_hashes_comes_to_the_same() {
        let mut by_entry = MerkleLog::default();
        for index in 0..70u64 {
            assert_eq!(by_entry.append(&index.to_be_bytes()), index);
        }
        assert_eq!(by_entry, log(70));
    }

    /// A size or an index near the top of 64 bits.
    fn any_number() -> impl Strategy<Value = u64> {
        prop_oneof![
            0u64..80,
            any::<u64>(),
            (0u64..3).prop_map(|n| u64::MAX - n),
            (0u64..3).prop_map(|n| (1 << 63) + 1 - n)
        ]
    }

    proptest! {
        #[test]
        fn proofs_are_those_of_ct_merkle(size in 1usize..300, index: proptest::sample::Index, entry: [u8; 3]) {
            let mut oracle = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
            let mut log = MerkleLog::default();
            for number in 0..size {
                let entry = [&entry[..], &number.to_be_bytes()].concat();
                log.append(&entry);
                oracle.push(entry);
            }
            let at = index.index(size);
            let root = oracle.root();
            prop_assert_eq!(&log.root()[..], &root.as_bytes()[..]);
            let inclusion = log.inclusion_proof(at as u64, size as u64).unwrap().concat();
            let oracle_inclusion = oracle.prove_inclusion(at);
            prop_assert_eq!(&inclusion[..], oracle_inclusion.as_bytes());
            let consistency = log.consistency_proof(at as u64 + 1, size as u64).unwrap().concat();
            let oracle_consistency = oracle.prove_consistency(size - at - 1);
            prop_assert_eq!(&consistency[..], oracle_consistency.as_bytes());
        }

        #[test]
        fn no_claim_makes_a_proof_check_panic(
            index in any_number(),
            old in any_number(),
            new in any_number(),
            proof in proptest::collection::vec(any::<Hash>(), 0..70),
        ) {
            prop_assert!(verify_inclusion(b"entry", index, new, &[0; 32], &proof).is_err());
            let same = old == new && old > 0 && proof.is_empty();
            prop_assert!(same || verify_consistency((old, &[0; 32]), (new, &[0; 32]), &proof).is_err());
            let log = log(9);
            let _ = (log.inclusion_proof(index, new), log.consistency_proof(old, new), log.root_at(new), log.leaf(index));
        }
    }
}
