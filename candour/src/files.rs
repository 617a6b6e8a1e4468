//! Reading and writing files so that nothing is lost and no input exhausts the machine.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
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
    let file = File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
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
    write_atomically_with(path, |file| {
        file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
    })
}

/// The same for what is too long to be held at once.
pub(crate) fn write_atomically_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let name = path.file_name().context("a file needs a name")?.to_string_lossy().into_owned();
    let neighbour = folder.join(format!(".{name}.{}.part", std::process::id()));
    let unwritten = || format!("cannot write {}", path.display());
    let done = File::create(&neighbour).with_context(unwritten).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush().with_context(unwritten)?;
        file.get_ref().sync_all().with_context(unwritten)?;
        std::fs::rename(&neighbour, path).with_context(unwritten)
    });
    if done.is_err() {
        // A neighbour left behind would be mistaken for work in progress.
        let _ = std::fs::remove_file(&neighbour);
    }
    done
}
