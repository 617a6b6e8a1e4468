//! Finds returns in folders and opens their files; how they are read is `candour_returns::files`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
pub(crate) use candour_returns::files::{CheckedReturn, Fault, Source, findings_csv, findings_json, read};
use candour_returns::files::{Files, MAPPING, TakeRow, is_table, sources, version_of};
use candour_returns::{Mapping, Specification};

use crate::notes::parquet_rows;

/// Folders are searched for returns to this depth.
const DEEPEST: u32 = 4;

/// Files that lie on disk.
pub(crate) struct OnDisk;

impl Files for OnDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(path)?))
    }

    fn parquet(&self, path: &Path, take: &mut TakeRow<'_>) -> Result<(), String> {
        parquet_rows(path, |number, cells| take(number, cells).map_err(anyhow::Error::msg))
            .map_err(|error| reason(path, &error))
    }
}

/// What went wrong, without the path that stands beside it.
fn reason(path: &Path, error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let shown = format!("{}: ", path.display());
    text.strip_prefix(&shown).map_or(text.clone(), str::to_owned)
}

/// The returns that paths name, in the order of their names. A folder with files is a return; in a folder of folders `v1`, `v2`
/// the newest is; files named one by one are a return together.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut loose = Source::default();
    for path in paths {
        let shown = path.display();
        let about = std::fs::metadata(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                anyhow::anyhow!("{shown}: there is no such file or folder; check the path")
            }
            _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
        })?;
        if about.is_dir() {
            let mut files = Vec::new();
            walk(path, 0, &mut files)?;
            // The mapping of a body lies above the version that was named.
            let above = version_of(path).and(path.parent()).map(|body| body.join(MAPPING));
            files.extend(above.filter(|mapping| mapping.is_file()));
            let before = found.len();
            found.extend(sources(path, files));
            if found.len() == before {
                bail!("{shown}: holds no return; a return is a folder of CSV, XLSX or Parquet files");
            }
        } else if is_table(path) {
            loose.files.push(path.clone());
        } else {
            bail!("{shown}: is no kind of file that a return has; send CSV, XLSX or Parquet");
        }
    }
    if let Some(first) = loose.files.first() {
        loose.place.clone_from(first);
        found.push(loose);
    }
    Ok(found)
}

fn walk(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) -> Result<()> {
    let shown = folder.display();
    if depth > DEEPEST {
        bail!("{shown}: folders are nested too deep; name the one that holds the returns");
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("{shown}: cannot be opened"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link could lead round in a circle.
        let about = entry.file_type()?;
        if about.is_dir() {
            walk(&entry.path(), depth + 1, files)?;
        } else if about.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Reads a mapping: a file, or the name of a dialect that comes with the program.
pub(crate) fn read_mapping(given: &Path, specification: &Specification) -> Result<Mapping> {
    if !given.exists() && given.extension().is_none() {
        return Ok(Mapping::dialect(&given.to_string_lossy(), specification)?);
    }
    candour_returns::files::read_mapping(given, &OnDisk, specification)
        .map_err(|fault| anyhow::anyhow!("{}: {}", fault.file, fault.message))
}

/// The SHA-256 of a file, as the list of files of a return gives it.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    candour_returns::files::sha256_of(&OnDisk, path)
        .map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))
}
