//! implements <https://c2sp.org/tlog-tiles>: the log as static files that any host can carry.

use crate::merkle::{Hash, MerkleLog};
use crate::{LONGEST_ENTRY, LedgerError};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// The files to write when a log of `entries` has grown from one size to another, as path and content, entry bundles
/// first. Partial tiles carry their width in their path, so no file is ever rewritten with other content.
///
/// Hashes every entry again; a log that is already in memory grows faster with [`tiles_after`].
pub fn tiles(
    entries: &[Vec<u8>],
    old_size: u64,
    new_size: u64,
) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    if old_size > new_size || new_size > entries.len() as u64 {
        return Err(LedgerError::NoProof { from: old_size, to: new_size, size: entries.len() as u64 });
    }
    let entries = &entries[..new_size as usize];
    let log = MerkleLog::from_leaf_hashes(entries.iter().map(|entry| MerkleLog::leaf_hash(entry)));
    tiles_after(&log, &entries[first_of_tile(old_size) as usize..], old_size)
}

/// What [`tiles`] gives for a log that has grown from `old_size` to what it now is, from its last entries alone.
///
/// `recent` are the entries from index `old_size / 256 * 256`, where the tile that was last written begins, to the end.
/// They are checked against the log's own hashes, so what is published is what was recorded.
pub fn tiles_after(
    log: &MerkleLog,
    recent: &[Vec<u8>],
    old_size: u64,
) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    let new_size = log.size();
    let begin = first_of_tile(old_size);
    if old_size > new_size || begin + recent.len() as u64 != new_size {
        return Err(LedgerError::NoProof { from: old_size, to: begin + recent.len() as u64, size: new_size });
    }
    let mut files = Vec::new();
    for (tile, width) in touched(old_size, new_size) {
        let path = tile_path("entries", tile, width);
        let first = tile * TILE_WIDTH;
        let mut bundle = Vec::new();
        for (index, entry) in (first..).zip(&recent[(first - begin) as usize..][..width as usize]) {
            let length = u16::try_from(entry.len()).map_err(|_| LedgerError::TooLong {
                subject: format!("entry index {index}"),
                bytes: entry.len(),
                limit: LONGEST_ENTRY,
            })?;
            if log.leaf(index) != Some(MerkleLog::leaf_hash(entry)) {
                return Err(LedgerError::NotInLog { index });
            }
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry);
        }
        files.push((path, bundle));
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
            let tile = hashes[first..first + width as usize].concat();
            files.push((tile_path(&level.to_string(), index, width), tile));
        }
    }
    Ok(files)
}

/// The files that hold a log of a size, from left to right: the path of each tile of leaf hashes and of the bundle of
/// the same entries. A host may drop a partial file once the full one is there: where `<path>.p/<width>` is missing, the
/// path without that ending holds the same and more.
pub fn leaf_files(size: u64) -> impl Iterator<Item = (String, String)> {
    touched(0, size).map(|(index, width)| (tile_path("0", index, width), tile_path("entries", index, width)))
}

fn first_of_tile(size: u64) -> u64 {
    size / TILE_WIDTH * TILE_WIDTH
}

/// The tiles that hold anything between two counts, with how many hashes each then has.
fn touched(old: u64, new: u64) -> impl Iterator<Item = (u64, u64)> {
    let first = old / TILE_WIDTH;
    let last = new.div_ceil(TILE_WIDTH);
    (first..last)
        .map(move |index| (index, (new - index * TILE_WIDTH).min(TILE_WIDTH)))
        .filter(move |_| new > old)
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

/// The entries of a bundle, as many as its path says.
pub fn entries_in_bundle(path: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>, LedgerError> {
    let damaged = |problem| LedgerError::Tile { path: path.to_owned(), problem };
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(damaged("it ends inside an entry"))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged("it ends inside a length"));
    }
    if width_in(path) != Some(entries.len() as u64) {
        return Err(damaged("it does not hold as many entries as its path says"));
    }
    Ok(entries)
}

/// The hashes of a tile, as many as its path says.
pub fn hashes_in_tile(path: &str, bytes: &[u8]) -> Result<Vec<Hash>, LedgerError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || width_in(path) != Some(hashes.len() as u64) {
        let problem = "it does not hold as many hashes as its path says";
        return Err(LedgerError::Tile { path: path.to_owned(), problem });
    }
    Ok(hashes.to_vec())
}

/// How many hashes or entries a path promises; `None` for an ending that is not in the standard's form.
fn width_in(path: &str) -> Option<u64> {
    let Some((_, width)) = path.rsplit_once(".p/") else { return Some(TILE_WIDTH) };
    let plain = !width.starts_with('0') && width.bytes().all(|b| b.is_ascii_digit());
    width.parse().ok().filter(|w| plain && *w < TILE_WIDTH)
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
        let mut leaves = Vec::new();
        let mut read = Vec::new();
        for (hashes, bundle) in leaf_files(700) {
            leaves.extend(hashes_in_tile(&hashes, &at_once[&hashes]).unwrap());
            read.extend(entries_in_bundle(&bundle, &at_once[&bundle]).unwrap());
        }
        let log = MerkleLog::from_leaf_hashes(leaves);
        assert_eq!(log.size(), 700);
        assert_eq!(read, entries);
        assert_eq!(hashes_in_tile("tile/1/000.p/2", &at_once["tile/1/000.p/2"]).unwrap(), log.level(8));
    }

    /// The sizes worked out in tlog-tiles, "Partial Tiles".
    #[test]
    fn a_log_of_seventy_thousand_has_the_files_the_standard_counts() {
        let entries: Vec<Vec<u8>> = (0..70_000u32).map(|i| i.to_be_bytes().to_vec()).collect();
        let files = tiles(&entries, 0, 70_000).unwrap();
        let of = |level: &str| -> Vec<&str> {
            let prefix = format!("tile/{level}/");
            files.iter().map(|(path, _)| path.as_str()).filter(|path| path.starts_with(&prefix)).collect()
        };
        assert_eq!((of("0").len(), of("0")[272], of("0")[273]), (274, "tile/0/272", "tile/0/273.p/112"));
        assert_eq!(of("1"), ["tile/1/000", "tile/1/001.p/17"]);
        assert_eq!(of("2"), ["tile/2/000.p/1"]);
        assert_eq!(of("3"), Vec::<&str>::new());
        assert_eq!(of("entries").len(), 274);
        let top = &files.iter().find(|(path, _)| path == "tile/2/000.p/1").unwrap().1;
        let log = MerkleLog::from_leaf_hashes(entries.iter().map(|e| MerkleLog::leaf_hash(e)));
        assert_eq!(top[..], log.root_at(65_536).unwrap());
    }

    #[test]
    fn recent_entries_are_enough_and_must_be_those_of_the_log() {
        let mut entries: Vec<Vec<u8>> = (0..600u32).map(|i| i.to_string().into_bytes()).collect();
        let log = MerkleLog::from_leaf_hashes(entries.iter().map(|e| MerkleLog::leaf_hash(e)));
        assert_eq!(tiles_after(&log, &entries[256..], 300).unwrap(), tiles(&entries, 300, 600).unwrap());
        assert_eq!(tiles_after(&log, &entries[512..], 600).unwrap(), []);
        assert!(tiles_after(&log, &entries[300..], 300).is_err());
        assert!(tiles_after(&log, &[], 601).is_err());
        entries[400][0] ^= 1;
        assert_eq!(tiles_after(&log, &entries[256..], 300), Err(LedgerError::NotInLog { index: 400 }));
    }

    #[test]
    fn files_that_are_not_what_their_path_says_are_refused() {
        assert_eq!(hashes_in_tile("tile/0/000.p/2", &[1; 64]).unwrap(), [[1; 32]; 2]);
        for (path, length) in [
            ("tile/0/000.p/2", 32),
            ("tile/0/000.p/2", 63),
            ("tile/0/000", 32 * 255),
            ("tile/0/000.p/0", 0),
            ("tile/0/000.p/256", 32 * 256),
            ("tile/0/000.p/+2", 64),
            ("tile/0/000.p/x", 0),
        ] {
            assert!(hashes_in_tile(path, &vec![0; length]).is_err(), "{path}");
        }
        assert_eq!(entries_in_bundle("tile/entries/000.p/2", &[0, 1, 7, 0, 0]).unwrap(), [vec![7], vec![]]);
        for bytes in [&[0, 1, 7][..], &[0, 1, 7, 0, 2, 8], &[0, 1, 7, 0], &[0, 0, 0, 0, 0, 0]] {
            assert!(entries_in_bundle("tile/entries/000.p/2", bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn tiles_hold_what_was_logged(sizes in (0u64..800, 0u64..800)) {
            let (old, new) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
            let entries: Vec<Vec<u8>> = (0..new).map(|i| vec![b'e'; (i % 7) as usize]).collect();
            let mut files: BTreeMap<String, Vec<u8>> = tiles(&entries, 0, old).unwrap().into_iter().collect();
            files.extend(tiles(&entries, old, new).unwrap());
            let mut read = Vec::new();
            for (hashes, bundle) in leaf_files(new) {
                let entries = entries_in_bundle(&bundle, &files[&bundle]).unwrap();
                let leaves: Vec<Hash> = entries.iter().map(|entry| MerkleLog::leaf_hash(entry)).collect();
                prop_assert_eq!(hashes_in_tile(&hashes, &files[&hashes]).unwrap(), leaves);
                read.extend(entries);
            }
            prop_assert_eq!(read, entries);
        }

        #[test]
        fn any_bytes_are_read_without_panic(path: String, width in 0u64..300, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for path in [path, format!("tile/0/000.p/{width}"), "tile/0/000".to_owned()] {
                let _ = entries_in_bundle(&path, &bytes);
                let _ = hashes_in_tile(&path, &bytes);
            }
        }
    }
}
