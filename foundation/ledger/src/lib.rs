#![doc = include_str!("../README.md")]

mod canonical;
mod checkpoint;
mod entry;
mod error;
mod merkle;
mod tiles;
mod verify;

pub use checkpoint::{Checkpoint, SigningKey, VerifierKey, open, sign};
pub use entry::{Actor, ActorRole, Entry, LONGEST_ENTRY};
pub use error::LedgerError;
pub use merkle::{Hash, MerkleLog, verify_consistency, verify_inclusion};
pub use tiles::{TILE_WIDTH, entries_in_bundle, hashes_in_tile, tile_path, tiles};
pub use verify::{Verified, verify};
