//! Reading and writing files so that nothing is lost and no input exhausts the machine.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Reads a file of at most so many bytes. Its size is asked first, so that a huge or sparse file costs nothing.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!("{shown}: there is no such file; check the path"),
        _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
    })?;
    if about.is_dir() {
        bail!("{shown}: is a folder; name a file in it");
    }
    if about.len() > limit {
        bail!(
            "{shown}: is {} MiB, over the limit of {} MiB; split it or give the part that is needed",
            about.len() >> 20,
            limit >> 20
        );
    }
    let file = std::fs::File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
    let mut bytes = Vec::new();
    // A pipe or a growing file says nothing true of its size, so the limit holds here too.
    file.take(limit + 1).read_to_end(&mut bytes).with_context(|| format!("{shown}: cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{shown}: holds more than the limit of {} MiB", limit >> 20);
    }
    Ok(bytes)
}

/// Writes a file whole or not at all: to a neighbour first, then moved into place.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let name = path.file_name().context("a file needs a name")?.to_string_lossy().into_owned();
    let neighbour = folder.join(format!(".{name}.{}.part", std::process::id()));
    let write = || -> Result<()> {
        let mut file = std::fs::File::create(&neighbour)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&neighbour, path)?;
        Ok(())
    };
    write().map_err(|e| {
        // A neighbour left behind would be mistaken for work in progress.
        let _ = std::fs::remove_file(&neighbour);
        e.context(format!("cannot write {}", path.display()))
    })
}
