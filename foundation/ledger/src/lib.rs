#![doc = include_str!("../README.md")]

mod canonical;
mod checkpoint;
mod entry;
mod error;
mod merkle;
mod tiles;
mod verify;

pub use checkpoint::{Checkpoint, SigningKey, VerifierKey, join_signatures, open, sign};
pub use entry::{Actor, ActorRole, DEEPEST_PAYLOAD, Entry, LONGEST_ENTRY};
pub use error::LedgerError;
pub use merkle::{Hash, MerkleLog, verify_consistency, verify_inclusion};
pub use tiles::{TILE_WIDTH, entries_in_bundle, hashes_in_tile, leaf_files, tile_path, tiles, tiles_after};
pub use verify::{Verified, verify};
