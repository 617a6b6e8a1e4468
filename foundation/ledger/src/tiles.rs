//! implements <https://c2sp.org/tlog-tiles>: the log as static files that any host can carry.

use crate::merkle::{Hash, MerkleLog};
use crate::{LONGEST_ENTRY, LedgerError};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// The files to write when a log of `entries` has grown from one size to another, as path and content, entry bundles
/// first. Partial tiles carry their width in their path, so no file is ever rewritten with other content.
pub fn tiles(entries: &[Vec<u8>], old_size: u64, new_size: u64) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    if old_size > new_size || new_size > entries.len() as u64 {
        return Err(LedgerError::NoProof { from: old_size, to: new_size, size: entries.len() as u64 });
    }
    let log = MerkleLog::from_leaf_hashes(entries[..new_size as usize].iter().map(|e| MerkleLog::leaf_hash(e)));
    let mut files = Vec::new();
    for (index, width) in touched(old_size, new_size) {
        let first = (index * TILE_WIDTH) as usize;
        let mut bundle = Vec::new();
        for entry in &entries[first..first + width as usize] {
            let length = u16::try_from(entry.len()).map_err(|_| LedgerError::TooLong {
                subject: format!("index {first}"),
                bytes: entry.len(),
                limit: LONGEST_ENTRY,
            })?;
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry);
        }
        files.push((tile_path("entries", index, width), bundle));
    }
    // Level n of tiles holds the hashes of complete subtrees of 256^n leaves.
    for level in 0..8u32 {
        let per_hash = TILE_WIDTH.pow(level);
        let (old, new) = (old_size / per_hash, new_size / per_hash);
        if new == 0 {
            break;
        }
        let hashes = log.level(8 * level as usize);
        for (index, width) in touched(old, new) {
            let first = (index * TILE_WIDTH) as usize;
            files.push((tile_path(&level.to_string(), index, width), hashes[first..first + width as usize].concat()));
        }
    }
    Ok(files)
}

/// The tiles that hold anything between two counts, with how many hashes each then has.
fn touched(old: u64, new: u64) -> impl Iterator<Item = (u64, u64)> {
    let first = old / TILE_WIDTH;
    let last = new.div_ceil(TILE_WIDTH);
    (first..last).map(move |index| (index, (new - index * TILE_WIDTH).min(TILE_WIDTH))).filter(move |_| new > old)
}

/// `tile/<level>/x001/x234/067` with `.p/<width>` for a partial one.
pub fn tile_path(level: &str, index: u64, width: u64) -> String {
    let mut parts = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    parts.reverse();
    let partial = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{}{partial}", parts.join("/"))
}

/// The entries of a bundle.
pub fn entries_in_bundle(path: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>, LedgerError> {
    let damaged = |problem| LedgerError::Tile { path: path.to_owned(), problem };
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (entry, after) = after.split_at_checked(length).ok_or(damaged("it ends inside an entry"))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged("it ends inside a length"));
    }
    if entries.len() as u64 > TILE_WIDTH {
        return Err(damaged("it holds more than 256 entries"));
    }
    Ok(entries)
}

/// The hashes of a tile.
pub fn hashes_in_tile(path: &str, bytes: &[u8]) -> Result<Vec<Hash>, LedgerError> {
    let damaged = |problem| LedgerError::Tile { path: path.to_owned(), problem };
    if !bytes.len().is_multiple_of(32) || bytes.len() > 32 * TILE_WIDTH as usize {
        return Err(damaged("its length is not that of 1 to 256 hashes"));
    }
    Ok(bytes.chunks_exact(32).filter_map(|c| Hash::try_from(c).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn paths() {
        assert_eq!(tile_path("0", 0, 256), "tile/0/000");
        assert_eq!(tile_path("0", 0, 17), "tile/0/000.p/17");
        assert_eq!(tile_path("entries", 1_234_067, 256), "tile/entries/x001/x234/067");
    }

    #[test]
    fn what_was_written_in_steps_is_what_is_written_at_once() {
        let entries: Vec<Vec<u8>> = (0..700u32).map(|i| i.to_string().into_bytes()).collect();
        let at_once: BTreeMap<String, Vec<u8>> = tiles(&entries, 0, 700).unwrap().into_iter().collect();
        let mut in_steps = BTreeMap::new();
        for step in [(0, 1), (1, 255), (255, 256), (256, 513), (513, 700)] {
            in_steps.extend(tiles(&entries, step.0, step.1).unwrap());
        }
        for (path, bytes) in &at_once {
            assert_eq!(in_steps.get(path), Some(bytes), "{path}");
        }
        let leaves: Vec<Hash> = ["tile/0/000", "tile/0/001", "tile/0/002.p/188"]
            .iter()
            .flat_map(|path| hashes_in_tile(path, &at_once[*path]).unwrap())
            .collect();
        let log = MerkleLog::from_leaf_hashes(leaves);
        assert_eq!(log.size(), 700);
        assert_eq!(hashes_in_tile("", &at_once["tile/1/000.p/2"]).unwrap(), log.level(8));
        let read: Vec<Vec<u8>> = ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/188"]
            .iter()
            .flat_map(|path| entries_in_bundle(path, &at_once[*path]).unwrap())
            .collect();
        assert_eq!(read, entries);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = entries_in_bundle("bundle", &bytes);
            let _ = hashes_in_tile("tile", &bytes);
        }
    }
}
