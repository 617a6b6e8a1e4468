//! A return as it lies in files: which of them hold which table, how CSV and workbooks are read, and what is said of those that
//! cannot be.
//!
//! It opens no file: whoever has them hands over their bytes, be it a program with paths or a page with files that were dropped on
//! it. So both tell a body the same. What cannot be read is a fault of its file, with what to do about it; messages name files,
//! lines and columns, never what stands in them.
//!
//! ```
//! use std::io::{Cursor, Read};
//! use std::path::{Path, PathBuf};
//!
//! use candour_returns::Specification;
//! use candour_returns::files::{self, Files};
//!
//! struct Memory(Vec<(PathBuf, &'static str)>);
//!
//! impl Files for Memory {
//!     fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + '_>> {
//!         let found = self.0.iter().find(|(name, _)| name == path);
//!         Ok(Box::new(Cursor::new(found.map_or("", |(_, text)| *text))))
//!     }
//! }
//!
//! let specification = Specification::aud_1()?;
//! let memory = Memory(vec![("ours/victim.csv".into(), "person_id;sex\nP1;F\n"), ("ours/readme.txt".into(), "")]);
//! let sources = files::sources(Path::new(""), memory.0.iter().map(|(name, _)| name.clone()).collect());
//! let (returned, faults) = files::read(&sources[0], &memory, &specification, None);
//! assert_eq!(returned.rows("victim"), Some(1));
//! assert_eq!(faults[0].message, "its columns are set apart by semicolons; it was read so");
//! # Ok::<(), candour_returns::ReturnsError>(())
//! ```

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use candour_reading::{Limits, Sheet, read_sheets};
use candour_record::Severity;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::check::{CheckReport, RuleSeverity};
use crate::mapping::Mapping;
use crate::quality::QualityReport;
use crate::returned::{FileFacts, Return, ReturnReader, SheetReader};
use crate::specification::{BodyType, Specification};

/// Longest record of a CSV file, in bytes.
const LONGEST: u64 = 16 << 20;
/// Largest workbook, in bytes.
const LARGEST_SHEET: u64 = 256 << 20;
/// Bytes that a mapping may hold.
const LARGEST_MAPPING: u64 = 4 << 20;
/// The name of the mapping that lies beside a return.
pub const MAPPING: &str = "mapping.toml";

/// Opens the files of a return.
pub trait Files {
    /// The bytes of a file, from its beginning.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>>;

    /// Hands over the names of the columns of a Parquet file as row 1, and its rows after that, as text. The error is what is
    /// wrong with the file. Where nothing reads such files, as here to begin with, each is a fault.
    fn parquet(&self, path: &Path, take: &mut TakeRow<'_>) -> Result<(), String> {
        let _ = (path, take);
        Err("is a Parquet file, which is not read here; send it as CSV or as a workbook".to_owned())
    }
}

/// What takes a row: its number and its cells.
pub type TakeRow<'t> = dyn FnMut(u32, &[String]) -> Result<(), String> + 't;

/// The files of one return.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The folder, or the first file where files were named.
    pub place: PathBuf,
    /// The table files, by name.
    pub files: Vec<PathBuf>,
    /// The mapping that lies beside them.
    pub mapping: Option<PathBuf>,
    /// The body and the version that the folders' names give, where they are named `BODY/vN`.
    pub expected: Option<(String, u32)>,
}

/// Something wrong with a file before any rule can look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file or folder.
    pub file: String,
    /// Whether the return cannot be loaded.
    pub stops: bool,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub mend: String,
}

impl Fault {
    /// A fault that stops a return.
    pub fn new(path: &Path, message: impl Into<String>, mend: &str) -> Self {
        let (file, message) = (path.display().to_string(), message.into());
        Self { file, stops: true, message, mend: mend.to_owned() }
    }

    /// A fault that is worth knowing.
    pub fn warning(path: &Path, message: impl Into<String>, mend: &str) -> Self {
        Self { stops: false, ..Self::new(path, message, mend) }
    }
}

/// Whether a table is looked for in a file, going by its name.
pub fn is_table(path: &Path) -> bool {
    matches!(extension(path).as_str(), "csv" | "tsv" | "xlsx" | "xlsm" | "xls" | "parquet")
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The version that the name of a folder gives, as in `v2`.
pub fn version_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.strip_prefix('v')?.parse().ok()
}

/// The returns among the files of a folder, in the order of their names. A folder with tables is a return; of folders `v1`, `v2`
/// side by side the newest is. Hidden files and folders are none. Files that do not lie in the folder count only as a mapping
/// beside a version.
pub fn sources(folder: &Path, files: Vec<PathBuf>) -> Vec<Source> {
    let files: BTreeSet<PathBuf> = files.into_iter().collect();
    let hidden = |path: &Path| path.iter().any(|part| part.to_string_lossy().starts_with('.'));
    let inside = |path: &&PathBuf| {
        path.strip_prefix(folder).is_ok_and(|rest| !hidden(rest) && rest.parent().is_some())
    };
    // Folders on the way from the one that was named to a file, without itself.
    let ways = |path: &Path| -> Vec<PathBuf> {
        let ancestors = path.ancestors().skip(1).map(Path::to_owned);
        ancestors.take_while(|a| a.as_path() != folder).collect()
    };
    let mut newest: BTreeMap<Option<PathBuf>, u32> = BTreeMap::new();
    for way in files.iter().filter(inside).flat_map(|path| ways(path)) {
        if let Some(version) = version_of(&way) {
            let most = newest.entry(way.parent().map(Path::to_owned)).or_default();
            *most = version.max(*most);
        }
    }
    let is_newest = |way: &PathBuf| {
        let most = newest.get(&way.parent().map(Path::to_owned));
        version_of(way).is_none_or(|version| Some(&version) == most)
    };
    let mut sources: BTreeMap<PathBuf, Source> = BTreeMap::new();
    for path in files.iter().filter(inside).filter(|path| is_table(path)) {
        let Some(place) = path.parent().filter(|_| ways(path).iter().all(is_newest)) else { continue };
        let source = sources.entry(place.to_owned()).or_insert_with(|| {
            let parent = place.parent();
            let expected = version_of(place)
                .zip(parent.and_then(Path::file_name))
                .map(|(version, body)| (body.to_string_lossy().into_owned(), version));
            let beside = expected.as_ref().and(parent);
            let mapping = [Some(place), beside]
                .into_iter()
                .flatten()
                .map(|f| f.join(MAPPING))
                .find(|m| files.contains(m));
            Source { place: place.to_owned(), files: Vec::new(), mapping, expected }
        });
        source.files.push(path.clone());
    }
    sources.into_values().collect()
}

/// Reads a mapping. What is wrong with it is a fault.
pub fn read_mapping(path: &Path, files: &dyn Files, specification: &Specification) -> Result<Mapping, Fault> {
    let fault = |message: String| Fault::new(path, message, "Correct the mapping");
    let bytes = limited(files, path, LARGEST_MAPPING).map_err(fault)?;
    let text = String::from_utf8(bytes).map_err(|_| fault("is not UTF-8".to_owned()))?;
    Mapping::from_toml(&text, specification).map_err(|error| fault(error.to_string()))
}

/// Reads a return. Everything that can be read is, and each file that cannot is a fault. Without a mapping, the one that lies beside
/// the return is used.
pub fn read(
    source: &Source,
    files: &dyn Files,
    specification: &Specification,
    mapping: Option<Mapping>,
) -> (Return, Vec<Fault>) {
    let beside = source.mapping.as_ref().filter(|_| mapping.is_none());
    let (mapping, unread) = match beside.map(|path| read_mapping(path, files, specification)) {
        None => (mapping, None),
        Some(Ok(mapping)) => (Some(mapping), None),
        Some(Err(fault)) => (None, Some(fault)),
    };
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
            "xlsx" | "xlsm" => match sheets(path, files, &mut faults) {
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
                Err(reason) => {
                    faults.push(Fault::new(path, reason, "Save it again as .xlsx, or as CSV"));
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
                Some(sheet) => workbook(&mut reader, name, &sheet, hashes.get(path)),
                None if extension(path) == "parquet" => parquet(&mut reader, name, path, files),
                None => delimited(&mut reader, name, path, files, &mut faults),
            };
            if let Err(reason) = done {
                let mend = "Mend the file or write it again, and send the whole return again";
                faults.push(Fault::new(path, reason, mend));
            }
        }
    }
    let returned = reader.finish();
    faults.extend(misplaced(source, &returned));
    faults.extend(unread);
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

/// The bytes of a file that is read whole; the error is what is wrong with it.
fn limited(files: &dyn Files, path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let file = files.open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("holds more than the limit of {} MiB", limit >> 20));
    }
    Ok(bytes)
}

fn sheets(path: &Path, files: &dyn Files, faults: &mut Vec<Fault>) -> Result<(Vec<Sheet>, String), String> {
    let shown = path.display().to_string();
    let bytes = limited(files, path, LARGEST_SHEET)?;
    let plain = |message: &str| message.strip_prefix(&format!("{shown}: ")).unwrap_or(message).to_owned();
    let (sheets, findings) =
        read_sheets(&bytes, &shown, &Limits::default()).map_err(|error| plain(&error.to_string()))?;
    for finding in findings {
        let mend = "Open it, save it as a plain workbook (.xlsx) and send that";
        let fault = Fault::new(path, plain(&finding.message), mend);
        faults.push(Fault { stops: finding.severity == Severity::Error, ..fault });
    }
    Ok((sheets, sha256(&bytes)))
}

/// The SHA-256 of some bytes in hexadecimal, as the list of files of a return gives it.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The same of a file, which is not held. The error is what is wrong with it.
pub fn sha256_of(files: &dyn Files, path: &Path) -> Result<String, String> {
    let mut file = files.open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer).map_err(|error| format!("cannot be read: {error}"))?;
        if read == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn workbook(
    reader: &mut ReturnReader,
    table: &str,
    sheet: &Sheet,
    hash: Option<&String>,
) -> Result<(), String> {
    let Some((head, rows)) = sheet.rows.split_first() else {
        return Err(format!("its sheet {table} is empty; it needs its heading at least"));
    };
    let width = head.cells.last().map_or(0, |c| c.0 as usize + 1);
    let mut cells = vec![String::new(); width];
    for (column, text) in &head.cells {
        text.clone_into(&mut cells[*column as usize]);
    }
    let mut into = reader.sheet(table, &cells).map_err(|error| error.to_string())?;
    for row in rows {
        let wide = row.cells.last().map_or(0, |c| c.0 as usize + 1).max(width);
        cells.clear();
        cells.resize(wide, String::new());
        for (column, text) in &row.cells {
            text.clone_into(&mut cells[*column as usize]);
        }
        into.row(row.number, &cells).map_err(|error| error.to_string())?;
    }
    let Sheet { hidden, merged, formulas, .. } = *sheet;
    into.file(FileFacts { sha256: hash.cloned(), hidden, merged, formulas });
    Ok(())
}

fn parquet(reader: &mut ReturnReader, table: &str, path: &Path, files: &dyn Files) -> Result<(), String> {
    let mut into: Option<SheetReader<'_>> = None;
    let mut slot = Some(reader);
    files.parquet(path, &mut |number, cells| {
        if let Some(reader) = slot.take() {
            into = Some(reader.sheet(table, cells).map_err(|error| error.to_string())?);
        } else if let Some(into) = &mut into {
            into.row(number, cells).map_err(|error| error.to_string())?;
        }
        Ok(())
    })?;
    if let Some(mut into) = into {
        into.file(FileFacts { sha256: Some(sha256_of(files, path)?), ..FileFacts::default() });
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
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut hash = self.hash.take();
        hash.update(&buffer[..read]);
        self.hash.set(hash);
        self.since.set(self.since.get() + read as u64);
        if self.since.get() > LONGEST {
            return Err(io::Error::other("too long"));
        }
        Ok(read)
    }
}

fn delimited(
    reader: &mut ReturnReader,
    table: &str,
    path: &Path,
    files: &dyn Files,
    faults: &mut Vec<Fault>,
) -> Result<(), String> {
    let mut file = files.open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut head = Vec::new();
    file.by_ref()
        .take(64 << 10)
        .read_to_end(&mut head)
        .map_err(|error| format!("cannot be read: {error}"))?;
    let delimiter = kind_of(path, &head, faults)?;
    let (hash, since) = (Rc::new(Cell::new(Sha256::new())), Rc::new(Cell::new(0)));
    let inner = io::Cursor::new(head).chain(file);
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
            format!(
                "the record that begins at row {number} is longer than {} MiB: a quotation mark is not closed, or line ends are missing",
                LONGEST >> 20
            )
        } else {
            format!("cannot be read from row {number} on")
        }
    };
    let mut number = 1;
    if !rows.read_byte_record(&mut row).map_err(|_| unread(number, &since))? {
        return Err("is empty; it needs its heading at least".to_owned());
    }
    let heading: Vec<String> = row.iter().map(|h| String::from_utf8_lossy(h).into_owned()).collect();
    let mut into = reader.sheet(table, &heading).map_err(|error| error.to_string())?;
    loop {
        since.set(0);
        number += 1;
        if !rows.read_byte_record(&mut row).map_err(|_| unread(number, &since))? {
            break;
        }
        let cells: Vec<&[u8]> = row.iter().collect();
        into.row(number, &cells).map_err(|error| error.to_string())?;
    }
    let sha256 = Some(hexadecimal(&hash.take().finalize()));
    into.file(FileFacts { sha256, ..FileFacts::default() });
    Ok(())
}

/// The delimiter of a text file, from its beginning; an error where it is no text or no text of ours.
fn kind_of(path: &Path, head: &[u8], faults: &mut Vec<Fault>) -> Result<u8, String> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err("is UTF-16; save it as “CSV UTF-8”".to_owned());
    }
    if head.starts_with(b"PK\x03\x04") {
        let message = "is a workbook or an archive under the name of a CSV file; give it its right name";
        return Err(message.to_owned());
    }
    if head.contains(&0) {
        return Err("is no text file; save it as “CSV UTF-8”".to_owned());
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

/// A return that was read and checked, as its body is told of it.
#[derive(Debug, Clone)]
pub struct CheckedReturn {
    /// The folder, or the first file.
    pub place: String,
    /// What is wrong with its files.
    pub faults: Vec<Fault>,
    /// What the rules found.
    pub report: CheckReport,
    /// The type of body, as the return says.
    pub kind: Option<BodyType>,
    /// How good it is, where that was asked for.
    pub quality: Option<QualityReport>,
}

impl CheckedReturn {
    /// Adds a fault where the return says another type of body than was expected.
    pub fn expect(&mut self, wanted: Option<BodyType>) {
        if let (Some(wanted), Some(said)) = (wanted, self.kind)
            && wanted != said
        {
            let message = format!("is a return of type {}, and {} was expected", said.code(), wanted.code());
            let mend = "Use the template of your type of body";
            self.faults.push(Fault::new(Path::new(&self.place), message, mend));
        }
    }

    /// The body, as the return says.
    pub fn body(&self) -> &str {
        self.report.body.as_deref().unwrap_or("no body named")
    }

    /// Rows of all tables that hold records.
    pub fn records(&self) -> u64 {
        self.report.rows.iter().filter(|(table, _)| table != "header" && table != "file").map(|r| r.1).sum()
    }

    /// Findings and faults that stop it.
    pub fn stops(&self) -> u64 {
        self.report.count(RuleSeverity::Stop) + self.faults.iter().filter(|f| f.stops).count() as u64
    }

    /// Whether anything stops it or must be corrected.
    pub fn must_correct(&self) -> bool {
        self.stops() + self.report.count(RuleSeverity::Error) > 0
    }

    fn json(&self) -> Result<Value, serde_json::Error> {
        let mut report = serde_json::to_value(&self.report)?;
        // Hashes under a key of this run alone would say nothing to anyone.
        for outcome in report["outcomes"].as_array_mut().into_iter().flatten() {
            for finding in outcome["findings"].as_array_mut().into_iter().flatten() {
                if let Some(finding) = finding.as_object_mut() {
                    finding.remove("record");
                    finding.remove("value");
                }
            }
        }
        Ok(json!({
            "place": self.place, "body_type": self.kind, "stops": self.stops() > 0, "files": self.faults,
            "report": report, "quality": self.quality,
        }))
    }
}

/// What was found in returns, for programs: an object for one return, a list of them for more.
pub fn findings_json(all: &[CheckedReturn]) -> Result<Value, serde_json::Error> {
    match all {
        [one] => one.json(),
        _ => all.iter().map(CheckedReturn::json).collect(),
    }
}

/// What was found in returns as CSV, a finding in a row, faults of files first.
pub fn findings_csv(all: &[CheckedReturn]) -> String {
    let mut csv = String::from("body,rule,severity,table,row,column,shape,message,mend\n");
    for one in all {
        let body = one.report.body.clone().unwrap_or_default();
        let body = format!("\"{}\"", body.replace('"', "\"\"").replace(['\n', '\r'], " "));
        for fault in &one.faults {
            let severity = if fault.stops { "stop" } else { "indicator" };
            let cells =
                [&fault.file, &fault.message, &fault.mend].map(|c| format!("\"{}\"", c.replace('"', "\"\"")));
            // Writing to a string does not fail.
            let _ = writeln!(csv, "{body},FILE,{severity},{},,,,{},{}", cells[0], cells[1], cells[2]);
        }
        for line in crate::check::findings_csv(&one.report).lines().skip(1) {
            let _ = writeln!(csv, "{body},{line}");
        }
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &str, files: &[&str]) -> Vec<(String, usize, Option<String>, Option<u32>)> {
        let shown = |path: &PathBuf| path.display().to_string();
        sources(Path::new(folder), files.iter().map(PathBuf::from).collect())
            .iter()
            .map(|s| {
                (
                    shown(&s.place),
                    s.files.len(),
                    s.mapping.as_ref().map(shown),
                    s.expected.as_ref().map(|e| e.1),
                )
            })
            .collect()
    }

    #[test]
    fn folders_with_tables_are_returns_and_the_newest_version_stands() {
        let files = [
            "in/A/v1/victim.csv",
            "in/A/v10/victim.csv",
            "in/A/v9/victim.csv",
            "in/A/mapping.toml",
            "in/B/offence.csv",
            "in/B/victim.xlsx",
            "in/B/mapping.toml",
            "in/B/read me.txt",
            "in/.git/victim.csv",
            "in/C/notes.txt",
        ];
        let found = [
            ("in/A/v10".to_owned(), 1, Some("in/A/mapping.toml".to_owned()), Some(10)),
            ("in/B".to_owned(), 2, Some("in/B/mapping.toml".to_owned()), None),
        ];
        assert_eq!(places("in", &files), found);
        assert_eq!(places("", &files), found, "the same where a browser names the folder in each path");
        // A version that is named itself is taken whatever stands beside it, with the mapping of its body.
        let old = places("in/A/v1", &["in/A/v1/victim.csv", "in/A/mapping.toml"]);
        assert_eq!(old, [("in/A/v1".to_owned(), 1, Some("in/A/mapping.toml".to_owned()), Some(1))]);
        assert_eq!(places(".", &["./victim.csv"]), [(".".to_owned(), 1, None, None)]);
        assert_eq!(
            places("/a/.b", &["/a/.b/victim.csv"]).len(),
            1,
            "hidden is what lies in the folder, not above it"
        );
    }
}
