//! Returns as bodies send them: folders of CSV, XLSX or Parquet files, read into the tables of the data call.
//!
//! What cannot be read is a fault of its file, with what to do about it; messages name files, lines and columns, never what
//! stands in them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use candour_reading::{Limits, Sheet, read_sheets};
use candour_record::Severity;
use candour_returns::{FileFacts, Mapping, Return, ReturnReader, SheetReader, Specification};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::files;
use crate::notes::parquet_rows;

/// Longest record of a CSV file, in bytes.
const LONGEST: u64 = 16 << 20;
/// Largest workbook, in bytes.
const LARGEST_SHEET: u64 = 256 << 20;
/// Bytes that a mapping may hold.
const LARGEST_MAPPING: u64 = 4 << 20;
/// Folders are searched for returns to this depth.
const DEEPEST: u32 = 4;

/// The files of one return.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    /// The folder, or the first file where files were named.
    pub(crate) place: PathBuf,
    /// The table files, by name.
    pub(crate) files: Vec<PathBuf>,
    /// The mapping that lies beside them.
    pub(crate) mapping: Option<PathBuf>,
    /// The body and the version that the folders' names give, where they are named `BODY/vN`.
    pub(crate) expected: Option<(String, u32)>,
}

/// Something wrong with a file before any rule can look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    pub(crate) file: String,
    /// Whether the return cannot be loaded.
    pub(crate) stops: bool,
    pub(crate) message: String,
    pub(crate) mend: String,
}

impl Fault {
    pub(crate) fn new(path: &Path, message: impl Into<String>, mend: &str) -> Self {
        let (file, message) = (path.display().to_string(), message.into());
        Self { file, stops: true, message, mend: mend.to_owned() }
    }

    fn warning(path: &Path, message: impl Into<String>, mend: &str) -> Self {
        Self { stops: false, ..Self::new(path, message, mend) }
    }
}

/// The kinds of file in which a table is read.
fn is_table(path: &Path) -> bool {
    matches!(extension(path).as_str(), "csv" | "tsv" | "xlsx" | "xlsm" | "xls" | "parquet")
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The returns that paths name, in the order of their names. A folder with files is a return; in a folder of folders `v1`, `v2`
/// the newest is; files named one by one are a return together.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut loose = Source::default();
    for path in paths {
        let shown = path.display();
        let about = std::fs::metadata(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                anyhow::anyhow!("{shown}: there is no such file or folder; check the path")
            }
            _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
        })?;
        if about.is_dir() {
            let before = sources.len();
            walk(path, 0, &mut sources)?;
            if sources.len() == before {
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
        sources.push(loose);
    }
    Ok(sources)
}

fn walk(folder: &Path, depth: u32, sources: &mut Vec<Source>) -> Result<()> {
    let shown = folder.display();
    if depth > DEEPEST {
        bail!("{shown}: folders are nested too deep; name the one that holds the returns");
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("{shown}: cannot be opened"))?
        .map(|e| Ok(e?.path()))
        .collect::<Result<_>>()?;
    entries.retain(|e| !e.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')));
    entries.sort();
    // Where versions lie side by side the newest is the return.
    let newest = entries.iter().filter_map(|e| version_of(e).filter(|_| e.is_dir())).max();
    let mut own = Source { place: folder.to_owned(), ..Source::default() };
    for entry in entries {
        // A link could lead round in a circle.
        let about = std::fs::symlink_metadata(&entry)?;
        if about.is_dir() {
            if version_of(&entry).is_none_or(|v| Some(v) == newest) {
                walk(&entry, depth + 1, sources)?;
            }
        } else if about.is_file() && is_table(&entry) {
            own.files.push(entry);
        }
    }
    if !own.files.is_empty() {
        let parent = folder.parent();
        own.expected = version_of(folder)
            .zip(parent.and_then(Path::file_name))
            .map(|(version, body)| (body.to_string_lossy().into_owned(), version));
        let beside = own.expected.as_ref().and(parent);
        own.mapping = [Some(folder), beside]
            .into_iter()
            .flatten()
            .map(|f| f.join("mapping.toml"))
            .find(|m| m.is_file());
        sources.push(own);
    }
    Ok(())
}

fn version_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.strip_prefix('v')?.parse().ok()
}

/// Reads a mapping: a file, or the name of a dialect that comes with the program.
pub(crate) fn read_mapping(given: &Path, specification: &Specification) -> Result<Mapping> {
    let shown = given.display();
    if !given.exists() && given.extension().is_none() {
        return Ok(Mapping::dialect(&given.to_string_lossy(), specification)?);
    }
    let text = String::from_utf8(files::read_limited(given, LARGEST_MAPPING)?)
        .with_context(|| format!("{shown}: is not UTF-8"))?;
    Mapping::from_toml(&text, specification).with_context(|| shown.to_string())
}

/// Reads a return. Everything that can be read is, and each file that cannot is a fault.
pub(crate) fn read(
    source: &Source,
    specification: &Specification,
    mapping: Option<Mapping>,
) -> (Return, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut tables: BTreeMap<usize, Vec<(&Path, Option<Sheet>)>> = BTreeMap::new();
    let mut hashes: BTreeMap<&Path, String> = BTreeMap::new();
    let names: Vec<&str> = specification.tables.iter().map(|t| t.name.as_str()).collect();
    let place = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name.trim()));
    for path in &source.files {
        match extension(path).as_str() {
            "xls" => faults.push(Fault::new(
                path,
                "is a workbook of the old kind, which is not read",
                "Save it as .xlsx or as CSV",
            )),
            "xlsx" | "xlsm" => match sheets(path, &mut faults) {
                Ok((sheets, hash)) => {
                    hashes.insert(path, hash);
                    let mut known = 0;
                    let alone = sheets.len() == 1;
                    for sheet in sheets {
                        let at = place(&sheet.name).or_else(|| place(&stem(path)).filter(|_| alone));
                        if let Some(at) = at {
                            known += 1;
                            tables.entry(at).or_default().push((path, Some(sheet)));
                        }
                    }
                    if known == 0 {
                        faults.push(Fault::new(
                            path,
                            "has no sheet with the name of a table",
                            &format!("Name its sheets {}", names.join(", ")),
                        ));
                    }
                }
                Err(error) => {
                    faults.push(Fault::new(path, reason(path, &error), "Save it again as .xlsx, or as CSV"));
                }
            },
            _ => match place(&stem(path)) {
                Some(at) => tables.entry(at).or_default().push((path, None)),
                None => faults.push(Fault::new(
                    path,
                    "has not the name of a table and was not read",
                    &format!("Name it after the table it holds: {}", names.join(", ")),
                )),
            },
        }
    }
    // Notes are searched for the names of victims, who must be known by then.
    let mut order: Vec<usize> = tables.keys().copied().collect();
    order.sort_by_key(|at| (names.get(*at) == Some(&"note"), *at));
    let mut reader = ReturnReader::new(specification, mapping);
    for at in order {
        let (Some(parts), Some(name)) = (tables.remove(&at), names.get(at)) else { continue };
        for ((path, sheet), part) in parts.into_iter().zip(0..) {
            if part > 0 {
                let message =
                    format!("holds the table {name}, which another file holds too; it was not read");
                faults.push(Fault::new(path, message, "Put the files of one table together"));
                continue;
            }
            let done = match sheet {
                Some(sheet) => workbook(&mut reader, name, path, &sheet, hashes.get(path)),
                None if extension(path) == "parquet" => parquet(&mut reader, name, path),
                None => delimited(&mut reader, name, path, &mut faults),
            };
            if let Err(error) = done {
                let mend = "Mend the file or write it again, and send the whole return again";
                faults.push(Fault::new(path, reason(path, &error), mend));
            }
        }
    }
    let returned = reader.finish();
    faults.extend(misplaced(source, &returned));
    (returned, faults)
}

/// A return that stands in the folder of another body or another version.
fn misplaced(source: &Source, returned: &Return) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some((body, version)) = &source.expected else { return faults };
    let header = returned.header();
    if let Some(said) = header.body.as_ref().filter(|said| *said != body) {
        let message =
            format!("the header says that the return is of {said}, and it came in the folder of {body}");
        faults.push(Fault::new(&source.place, message, "Send the return of the body whose folder this is"));
    }
    if let Some(said) = header.version.filter(|said| said != version) {
        let message =
            format!("the header says version {said}, and it came in the folder of version {version}");
        let mend = "Send the newest version, with its number in the header";
        faults.push(Fault::new(&source.place, message, mend));
    }
    faults
}

/// What went wrong, without the path that stands beside it.
fn reason(path: &Path, error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let shown = format!("{}: ", path.display());
    text.strip_prefix(&shown).map_or(text.clone(), str::to_owned)
}

fn sheets(path: &Path, faults: &mut Vec<Fault>) -> Result<(Vec<Sheet>, String)> {
    let shown = path.display().to_string();
    let bytes = files::read_limited(path, LARGEST_SHEET)?;
    let (sheets, findings) = read_sheets(&bytes, &shown, &Limits::default())?;
    for finding in findings {
        let message = finding.message.strip_prefix(&format!("{shown}: ")).unwrap_or(&finding.message);
        let mend = "Open it, save it as a plain workbook (.xlsx) and send that";
        let fault = Fault::new(path, message, mend);
        faults.push(Fault { stops: finding.severity == Severity::Error, ..fault });
    }
    Ok((sheets, hexadecimal(&Sha256::digest(&bytes))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of a file, as the list of files of a return gives it.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn workbook(
    reader: &mut ReturnReader,
    table: &str,
    path: &Path,
    sheet: &Sheet,
    hash: Option<&String>,
) -> Result<()> {
    let shown = path.display();
    let Some((head, rows)) = sheet.rows.split_first() else {
        bail!("{shown}: its sheet {table} is empty; it needs its heading at least");
    };
    let width = head.cells.last().map_or(0, |c| c.0 as usize + 1);
    let mut cells = vec![String::new(); width];
    for (column, text) in &head.cells {
        text.clone_into(&mut cells[*column as usize]);
    }
    let mut into = reader.sheet(table, &cells)?;
    for row in rows {
        let wide = row.cells.last().map_or(0, |c| c.0 as usize + 1).max(width);
        cells.clear();
        cells.resize(wide, String::new());
        for (column, text) in &row.cells {
            text.clone_into(&mut cells[*column as usize]);
        }
        into.row(row.number, &cells)?;
    }
    let Sheet { hidden, merged, formulas, .. } = *sheet;
    into.file(FileFacts { sha256: hash.cloned(), hidden, merged, formulas });
    Ok(())
}

fn parquet(reader: &mut ReturnReader, table: &str, path: &Path) -> Result<()> {
    let mut into: Option<SheetReader<'_>> = None;
    let mut slot = Some(reader);
    parquet_rows(path, |number, cells| {
        if let Some(reader) = slot.take() {
            into = Some(reader.sheet(table, cells)?);
        } else if let Some(into) = &mut into {
            into.row(number, cells)?;
        }
        Ok(())
    })?;
    if let Some(mut into) = into {
        into.file(FileFacts { sha256: Some(sha256_of(path)?), ..FileFacts::default() });
    }
    Ok(())
}

/// Hashes what passes, and ends it where a record goes on for too long.
struct Watched<R> {
    inner: R,
    hash: Rc<Cell<Sha256>>,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut hash = self.hash.take();
        hash.update(&buffer[..read]);
        self.hash.set(hash);
        self.since.set(self.since.get() + read as u64);
        if self.since.get() > LONGEST {
            return Err(std::io::Error::other("too long"));
        }
        Ok(read)
    }
}

fn delimited(reader: &mut ReturnReader, table: &str, path: &Path, faults: &mut Vec<Fault>) -> Result<()> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
    let mut head = Vec::new();
    file.by_ref()
        .take(64 << 10)
        .read_to_end(&mut head)
        .with_context(|| format!("{shown}: cannot be read"))?;
    let delimiter = kind_of(path, &head, faults)?;
    let (hash, since) = (Rc::new(Cell::new(Sha256::new())), Rc::new(Cell::new(0)));
    let inner = std::io::Cursor::new(head).chain(file);
    let watched = Watched { inner, hash: Rc::clone(&hash), since: Rc::clone(&since) };
    let mut rows = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(1 << 18)
        .from_reader(watched);
    let mut row = csv::ByteRecord::new();
    let unread = |number: u32, since: &Cell<u64>| {
        if since.get() > LONGEST {
            anyhow::anyhow!(
                "{shown}: the record that begins at row {number} is longer than {} MiB: a quotation mark is not closed, or line ends are missing",
                LONGEST >> 20
            )
        } else {
            anyhow::anyhow!("{shown}: cannot be read from row {number} on")
        }
    };
    let mut number = 1;
    if !rows.read_byte_record(&mut row).map_err(|_| unread(number, &since))? {
        bail!("{shown}: is empty; it needs its heading at least");
    }
    let heading: Vec<String> = row.iter().map(|h| String::from_utf8_lossy(h).into_owned()).collect();
    let mut into = reader.sheet(table, &heading)?;
    loop {
        since.set(0);
        number += 1;
        if !rows.read_byte_record(&mut row).map_err(|_| unread(number, &since))? {
            break;
        }
        let cells: Vec<&[u8]> = row.iter().collect();
        into.row(number, &cells)?;
    }
    let sha256 = Some(hexadecimal(&hash.take().finalize()));
    into.file(FileFacts { sha256, ..FileFacts::default() });
    Ok(())
}

/// The delimiter of a text file, from its beginning; an error where it is no text or no text of ours.
fn kind_of(path: &Path, head: &[u8], faults: &mut Vec<Fault>) -> Result<u8> {
    let shown = path.display();
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        bail!("{shown}: is UTF-16; save it as “CSV UTF-8”");
    }
    if head.starts_with(b"PK\x03\x04") {
        bail!("{shown}: is a workbook or an archive under the name of a CSV file; give it its right name");
    }
    if head.contains(&0) {
        bail!("{shown}: is no text file; save it as “CSV UTF-8”");
    }
    let line = head.split(|b| *b == b'\n' || *b == b'\r').next().unwrap_or_default();
    let count = |mark: u8| line.split(|b| *b == mark).count();
    let (commas, tabs, semicolons) = (count(b','), count(b'\t'), count(b';'));
    if commas >= tabs.max(semicolons) {
        return Ok(b',');
    }
    let (delimiter, words) = if tabs > semicolons { (b'\t', "tabs") } else { (b';', "semicolons") };
    if extension(path) != "tsv" {
        let message = format!("its columns are set apart by {words}; it was read so");
        faults.push(Fault::warning(path, message, "Set columns apart by commas"));
    }
    Ok(delimiter)
}
