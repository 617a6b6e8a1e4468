//! Tables of encoded records: made from a table of people, written, read.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candour_record::{Finding, Severity};
use csv::{ByteRecord, StringRecord};
use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::prelude::*;
use serde::Deserialize;

use super::schema::{Encoder, EncodingSchema, Row, Secret, VALUE_LIMIT};
use crate::error::LinkageError;
use crate::safeguard::LinkRecord;

/// Rows read before they are encoded together.
const BATCH: usize = 16_384;
/// Findings of one sort that are told one by one; the rest are counted.
const TOLD: u64 = 20;
/// Bytes of one row at most. A quote that is never closed makes the rest of a file one row.
const ROW_LIMIT: u64 = 16 << 20;
/// Records of one table at most: they are numbered in 32 bits.
const RECORD_LIMIT: u64 = u32::MAX as u64;
/// The table's name in messages, where it has none of its own.
const TABLE: &str = "the table to encode";

/// Records as bit arrays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encodings {
    /// Ids, one for each record.
    pub(super) ids: Vec<String>,
    /// Which fields each record has: bit `i` for the schema's field `i`.
    pub(super) present: Vec<u32>,
    /// How many fields there are.
    pub(super) fields: u32,
    /// The arrays, end to end; the first bit is the highest of a word.
    pub(super) words: Vec<u64>,
    /// Words of one array.
    pub(super) stride: usize,
    /// Keys of blocks, end to end; 0 where there is none.
    pub(super) blocks: Vec<u64>,
    /// Keys of one record.
    pub(super) block_count: usize,
    /// What it was encoded by ([`EncodingSchema::scheme`]); empty where unknown.
    pub(super) scheme: String,
}

/// How many records have a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCount {
    /// The field's name.
    pub field: String,
    /// Records that have it.
    pub present: u64,
}

/// What was encoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EncodeReport {
    /// Rows read, the header left out.
    pub rows: u64,
    /// Records written.
    pub records: u64,
    /// How many records have each field.
    pub fields: Vec<FieldCount>,
    /// The schema's hash, to be compared with the other party's.
    pub schema_hash: String,
    /// What each row is marked with ([`EncodingSchema::scheme`]).
    pub scheme: String,
    /// What was found wrong, row by row and bounded.
    pub findings: Vec<Finding>,
}

#[derive(Default)]
struct Notes {
    findings: Vec<Finding>,
    counts: HashMap<&'static str, u64>,
}

impl Notes {
    fn add(&mut self, severity: Severity, code: &'static str, message: impl FnOnce() -> String) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= TOLD {
            self.findings.push(Finding::new(severity, code, message()));
        }
    }

    fn close(mut self) -> Vec<Finding> {
        let mut more: Vec<_> = self.counts.into_iter().filter(|(_, n)| *n > TOLD).collect();
        more.sort_unstable();
        for (code, count) in more {
            let message = format!("{} more rows with {code} are counted and not listed", count - TOLD);
            self.findings.push(Finding::new(Severity::Warning, code, message));
        }
        self.findings
    }
}

/// Where the schema's columns stand in a table.
struct Places {
    names: Vec<String>,
    id: usize,
    fields: Vec<usize>,
    salt: Option<usize>,
    blocks: Vec<usize>,
}

impl Places {
    fn find(schema: &EncodingSchema, header: &ByteRecord) -> Result<Self, LinkageError> {
        let names: Vec<String> = header
            .iter()
            .map(|h| String::from_utf8_lossy(h).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let place = |column: &str, wanted_by: &str| {
            names.iter().position(|n| n == column).ok_or_else(|| LinkageError::MissingColumn {
                table: TABLE.to_owned(),
                column: column.to_owned(),
                wanted_by: wanted_by.to_owned(),
                has: names.join(", "),
            })
        };
        let (id, fields, salt, blocks) = (
            place(schema.id_column(), "the encoding schema's id")?,
            schema
                .fields()
                .iter()
                .map(|f| place(&f.column, &format!("the encoding schema's field {}", f.name())))
                .collect::<Result<_, _>>()?,
            schema
                .hardening()
                .salt
                .as_ref()
                .map(|s| place(&s.column, "the encoding schema's salt"))
                .transpose()?,
            schema
                .block_columns()
                .map(|c| place(c, "the encoding schema's blocks"))
                .collect::<Result<_, _>>()?,
        );
        Ok(Self { names, id, fields, salt, blocks })
    }

    /// A column's name, and its number where it has none.
    fn name(&self, place: usize) -> String {
        self.names.get(place).filter(|n| !n.is_empty()).cloned().unwrap_or_else(|| (place + 1).to_string())
    }
}

/// Texts end to end: ids are many and short.
#[derive(Default)]
struct Ids {
    text: String,
    ends: Vec<usize>,
}

impl Ids {
    fn push(&mut self, id: &str) {
        self.text.push_str(id);
        self.ends.push(self.text.len());
    }

    fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|n| self.ends.get(n)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|n| self.get(n))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// The ids met so far, with their rows.
#[derive(Default)]
struct Seen {
    ids: Ids,
    rows: Vec<u64>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Seen {
    /// Takes an id in; the earlier row, if there is one.
    fn insert(&mut self, id: &str, row: u64) -> Option<u64> {
        let Self { ids, rows, table, hasher } = self;
        let hash = hasher.hash_one(id);
        if let Some(earlier) = table.find(hash, |n| ids.get(*n as usize) == id) {
            return rows.get(*earlier as usize).copied();
        }
        table.insert_unique(hash, rows.len() as u32, |n| hasher.hash_one(ids.get(*n as usize)));
        ids.push(id);
        rows.push(row);
        None
    }
}

/// What one thread made of its part of a batch.
#[derive(Default)]
struct Part {
    ids: Ids,
    /// The row of each id.
    rows: Vec<u64>,
    present: Vec<u32>,
    words: Vec<u64>,
    blocks: Vec<u64>,
    wrong: Vec<(Severity, &'static str, String)>,
    csv: Vec<u8>,
}

impl Part {
    fn clear(&mut self) {
        self.ids.clear();
        self.rows.clear();
        self.present.clear();
        self.words.clear();
        self.blocks.clear();
        self.wrong.clear();
        self.csv.clear();
    }

    fn encode(&mut self, rows: &[ByteRecord], first: u64, places: &Places, encoder: &mut Encoder) {
        let columns = places.names.len();
        let mut fields = Vec::with_capacity(places.fields.len());
        let mut blocks = Vec::with_capacity(places.blocks.len());
        for (number, row) in (first..).zip(rows) {
            let mut wrong = |severity, code, message| self.wrong.push((severity, code, message));
            if row.len() != columns {
                let message = format!(
                    "row {number} has {} cells and the header {columns}; cells that are not there count as missing",
                    row.len()
                );
                wrong(Severity::Warning, "row_of_other_length", message);
            }
            let mut cell = |place: usize| {
                let bytes = row.get(place).unwrap_or_default();
                let text = std::str::from_utf8(bytes).unwrap_or_else(|_| {
                    let message = format!(
                        "row {number}, column {} is not UTF-8 and counts as missing; convert the table to UTF-8",
                        places.name(place)
                    );
                    wrong(Severity::Warning, "cell_not_utf8", message);
                    ""
                });
                if text.len() > VALUE_LIMIT && text.chars().count() > VALUE_LIMIT {
                    let message = format!(
                        "row {number}, column {} is longer than {VALUE_LIMIT} characters; the rest is not encoded",
                        places.name(place)
                    );
                    wrong(Severity::Warning, "value_over_limit", message);
                }
                text
            };
            let id = cell(places.id).trim();
            fields.clear();
            fields.extend(places.fields.iter().map(|p| cell(*p)));
            blocks.clear();
            blocks.extend(places.blocks.iter().map(|p| cell(*p)));
            let salt = places.salt.map_or("", cell);
            if id.is_empty() {
                let message = format!("row {number} has no id and is left out; give it one");
                self.wrong.push((Severity::Error, "no_id", message));
                continue;
            }
            let record = Row { id, fields: &fields, salt, blocks: &blocks };
            let (present, unsalted) = encoder.encode(&record, &mut self.words);
            encoder.blocks(&record, &mut self.blocks);
            if present == 0 {
                let message = format!(
                    "row {number} has none of the fields; it is encoded as empty and matches nothing"
                );
                self.wrong.push((Severity::Warning, "no_fields", message));
            }
            if unsalted {
                let message = format!(
                    "row {number} has no value for the salt; it can match only other records that have none"
                );
                self.wrong.push((Severity::Warning, "no_salt", message));
            }
            self.ids.push(id);
            self.rows.push(number);
            self.present.push(present);
        }
    }

    fn spell(&mut self, shape: &Shape) {
        let mut csv = std::mem::take(&mut self.csv);
        for (record, id) in self.ids.iter().enumerate() {
            let present = self.present.get(record).copied().unwrap_or(0);
            let at = record * shape.stride;
            let words = self.words.get(at..at + shape.stride).unwrap_or_default();
            let at = record * shape.blocks;
            let blocks = self.blocks.get(at..at + shape.blocks).unwrap_or_default();
            shape.row(id, present, words, blocks, &mut csv);
        }
        self.csv = csv;
    }
}

/// What rows of an encoded table have in common.
struct Shape {
    fields: u32,
    stride: usize,
    blocks: usize,
    scheme: String,
}

impl Shape {
    fn header(&self) -> &'static str {
        if self.blocks > 0 {
            "unique_id,present,clk,scheme,blocks\n"
        } else {
            "unique_id,present,clk,scheme\n"
        }
    }

    fn row(&self, id: &str, present: u32, words: &[u64], blocks: &[u64], into: &mut Vec<u8>) {
        if id.contains(['"', ',', '\n', '\r']) {
            into.push(b'"');
            into.extend_from_slice(id.replace('"', "\"\"").as_bytes());
            into.push(b'"');
        } else {
            into.extend_from_slice(id.as_bytes());
        }
        into.push(b',');
        into.extend((0..self.fields).map(|f| b'0' + (present >> f & 1) as u8));
        into.push(b',');
        base64_of(words, into);
        into.push(b',');
        into.extend_from_slice(self.scheme.as_bytes());
        if self.blocks > 0 {
            into.push(b',');
            for (n, key) in blocks.iter().enumerate() {
                if n > 0 {
                    into.push(b' ');
                }
                let text = if *key == 0 { "-".to_owned() } else { format!("{key:016x}") };
                into.extend_from_slice(text.as_bytes());
            }
        }
        into.push(b'\n');
    }
}

/// Appends an array in base64 (RFC 4648, section 4, padded), its first bit first.
fn base64_of(words: &[u64], into: &mut Vec<u8>) {
    let mut bytes = [0u8; 2048];
    let used = words.len() * 8;
    for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_be_bytes();
    }
    let start = into.len();
    into.resize(start + used.div_ceil(3) * 4, 0);
    // The slice has just the room that base64 needs, so this cannot fail.
    let _ = STANDARD
        .encode_slice(bytes.get(..used).unwrap_or_default(), into.get_mut(start..).unwrap_or_default());
}

fn words_of(base64: &str) -> Result<Vec<u64>, String> {
    let bytes = STANDARD.decode(base64.trim()).map_err(|e| format!("is not base64 ({e})"))?;
    let (words, rest) = bytes.as_chunks::<8>();
    if words.is_empty() || !rest.is_empty() || words.len() > 256 {
        return Err(format!("has {} bytes; an array has a multiple of 8, at most 2048", bytes.len()));
    }
    Ok(words.iter().map(|w| u64::from_be_bytes(*w)).collect())
}

fn unreadable(table: &str, reason: String) -> LinkageError {
    LinkageError::Table { table: table.to_owned(), reason }
}

fn unwritten(source: std::io::Error) -> LinkageError {
    LinkageError::Io { what: "writing encoded records".to_owned(), source }
}

impl EncodingSchema {
    /// Encodes a CSV table with a header, a batch of rows at a time, and writes `unique_id,present,clk,scheme`, and `blocks`
    /// where the schema has any.
    ///
    /// `present` has a 1 or 0 for each field in the schema's order, `clk` is in base64 with the first bit first, `blocks` has for
    /// each block 16 hexadecimal digits or `-`. The same input gives the same bytes at any number of threads. A
    /// row without an id is left out and named; any other fault costs one cell and is named.
    ///
    /// # Errors
    /// A column that is not there, an id that occurs twice, and failure of the reader or writer.
    pub fn encode_csv<R: Read, W: Write>(
        &self,
        reader: R,
        mut writer: W,
        secret: &Secret,
    ) -> Result<EncodeReport, LinkageError> {
        let shape = self.shape(secret);
        writer.write_all(shape.header().as_bytes()).map_err(unwritten)?;
        let report = self.encode_parts(CsvRows::new(reader), secret, true, |part| {
            writer.write_all(&part.csv).map_err(unwritten)
        })?;
        writer.flush().map_err(unwritten)?;
        Ok(report)
    }

    /// Encodes a CSV table and keeps the result, as [`EncodingSchema::encode_csv`] does.
    pub fn encode<R: Read>(
        &self,
        reader: R,
        secret: &Secret,
    ) -> Result<(Encodings, EncodeReport), LinkageError> {
        self.encode_kept(CsvRows::new(reader), secret)
    }

    /// Encodes typed records, of which none can hold a protected value. A record's id is [`LinkRecord::id`]; a column that a
    /// record does not have is missing.
    ///
    /// # Errors
    /// An id that occurs twice.
    pub fn encode_records(
        &self,
        records: &[LinkRecord],
        secret: &Secret,
    ) -> Result<(Encodings, EncodeReport), LinkageError> {
        let wanted = self
            .fields()
            .iter()
            .map(|f| f.column.as_str())
            .chain(self.hardening().salt.iter().map(|s| s.column.as_str()))
            .chain(self.block_columns())
            .filter(|c| *c != self.id_column());
        let mut columns = vec![self.id_column()];
        for column in wanted {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        self.encode_kept(TypedRows { columns, records: records.iter() }, secret)
    }

    fn encode_kept(
        &self,
        rows: impl Rows,
        secret: &Secret,
    ) -> Result<(Encodings, EncodeReport), LinkageError> {
        let shape = self.shape(secret);
        let mut all = Encodings {
            fields: shape.fields,
            stride: shape.stride,
            block_count: shape.blocks,
            scheme: shape.scheme,
            ..Encodings::default()
        };
        let report = self.encode_parts(rows, secret, false, |part| {
            all.ids.extend(part.ids.iter().map(str::to_owned));
            all.present.extend_from_slice(&part.present);
            all.words.extend_from_slice(&part.words);
            all.blocks.extend_from_slice(&part.blocks);
            Ok(())
        })?;
        Ok((all, report))
    }

    fn shape(&self, secret: &Secret) -> Shape {
        Shape {
            fields: self.fields().len() as u32,
            stride: self.encoded_bits() as usize / 64,
            blocks: self.block_count(),
            scheme: self.scheme(secret),
        }
    }

    fn encode_parts(
        &self,
        mut source: impl Rows,
        secret: &Secret,
        spell: bool,
        mut take: impl FnMut(&Part) -> Result<(), LinkageError>,
    ) -> Result<EncodeReport, LinkageError> {
        let places = Places::find(self, &source.header()?)?;
        let shape = self.shape(secret);
        let threads = rayon::current_num_threads().max(1);
        let mut workers: Vec<(Encoder, Part)> =
            (0..threads).map(|_| (Encoder::new(self, secret), Part::default())).collect();
        let mut batch = vec![ByteRecord::new(); BATCH];
        let mut counts = vec![0u64; self.fields().len()];
        let mut report = EncodeReport {
            schema_hash: self.hash(),
            scheme: shape.scheme.clone(),
            ..EncodeReport::default()
        };
        let mut notes = Notes::default();
        let mut seen = Seen::default();
        loop {
            let mut filled = 0;
            while let Some(row) = batch.get_mut(filled) {
                if !source.next(row)? {
                    break;
                }
                filled += 1;
            }
            let rows = batch.get(..filled).unwrap_or_default();
            if rows.is_empty() {
                break;
            }
            let each = rows.len().div_ceil(threads);
            let first = report.rows + 1;
            report.rows += rows.len() as u64;
            within_records(TABLE, report.rows)?;
            workers.par_iter_mut().zip(rows.par_chunks(each)).enumerate().for_each(
                |(n, ((encoder, part), rows))| {
                    part.clear();
                    part.encode(rows, first + (n * each) as u64, &places, encoder);
                    if spell {
                        part.spell(&shape);
                    }
                },
            );
            for (_, part) in workers.iter_mut().take(rows.len().div_ceil(each)) {
                for (severity, code, message) in part.wrong.drain(..) {
                    notes.add(severity, code, || message);
                }
                for present in &part.present {
                    counts.iter_mut().enumerate().for_each(|(f, n)| *n += u64::from(present >> f & 1));
                }
                report.records += part.present.len() as u64;
                take(part)?;
                for (id, row) in part.ids.iter().zip(&part.rows) {
                    if let Some(earlier) = seen.insert(id, *row) {
                        return Err(twice(TABLE, id, earlier, *row));
                    }
                }
            }
        }
        report.fields = self
            .fields()
            .iter()
            .zip(counts)
            .map(|(f, present)| FieldCount { field: f.name().to_owned(), present })
            .collect();
        report.findings = notes.close();
        Ok(report)
    }
}

/// Rows to encode, one after another.
trait Rows {
    fn header(&mut self) -> Result<ByteRecord, LinkageError>;
    /// The next row; false where there is none.
    fn next(&mut self, row: &mut ByteRecord) -> Result<bool, LinkageError>;
}

struct CsvRows<R>(csv::Reader<Bounded<R>>);

impl<R: Read> CsvRows<R> {
    fn new(reader: R) -> Self {
        Self(csv::ReaderBuilder::new().flexible(true).from_reader(Bounded { inner: reader, since: 0 }))
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn header(&mut self) -> Result<ByteRecord, LinkageError> {
        self.0.byte_headers().cloned().map_err(|e| unreadable(TABLE, e.to_string()))
    }

    fn next(&mut self, row: &mut ByteRecord) -> Result<bool, LinkageError> {
        let more = self
            .0
            .read_byte_record(row)
            .map_err(|e| unreadable(TABLE, format!("after line {}: {e}", self.0.position().line())))?;
        self.0.get_mut().since = 0;
        Ok(more)
    }
}

struct TypedRows<'a> {
    columns: Vec<&'a str>,
    records: std::slice::Iter<'a, LinkRecord>,
}

impl Rows for TypedRows<'_> {
    fn header(&mut self) -> Result<ByteRecord, LinkageError> {
        Ok(self.columns.iter().collect())
    }

    fn next(&mut self, row: &mut ByteRecord) -> Result<bool, LinkageError> {
        row.clear();
        let Some(record) = self.records.next() else { return Ok(false) };
        row.push_field(record.id.as_bytes());
        for column in self.columns.iter().skip(1) {
            row.push_field(record.get(column).unwrap_or_default().as_bytes());
        }
        Ok(true)
    }
}

/// A reader that stops where one row takes more than [`ROW_LIMIT`] bytes.
struct Bounded<R> {
    inner: R,
    since: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.since > ROW_LIMIT {
            return Err(std::io::Error::other(format!(
                "a row takes more than {} MiB; look for a quote that is not closed",
                ROW_LIMIT >> 20
            )));
        }
        let read = self.inner.read(into)?;
        self.since += read as u64;
        Ok(read)
    }
}

fn within_records(table: &str, records: u64) -> Result<(), LinkageError> {
    if records > RECORD_LIMIT {
        return Err(unreadable(table, format!("has more than {RECORD_LIMIT} rows; split it")));
    }
    Ok(())
}

fn twice(table: &str, id: &str, first: u64, second: u64) -> LinkageError {
    LinkageError::DuplicateId { table: table.to_owned(), id: id.to_owned(), first, second }
}

impl Encodings {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Length of an array in bits; 0 where there are none.
    pub fn bits(&self) -> usize {
        self.stride * 64
    }

    /// A record's id.
    pub fn id(&self, record: u32) -> Option<&str> {
        self.ids.get(record as usize).map(String::as_str)
    }

    /// A record's array; its first bit is the highest of the first word.
    pub fn words(&self, record: u32) -> Option<&[u64]> {
        let start = record as usize * self.stride;
        self.words.get(start..start + self.stride)
    }

    /// Which fields a record has: bit `i` for the schema's field `i`.
    pub fn present(&self, record: u32) -> Option<u32> {
        self.present.get(record as usize).copied()
    }

    /// What the records were encoded by ([`EncodingSchema::scheme`]); `None` where the file did not say.
    pub fn scheme(&self) -> Option<&str> {
        Some(self.scheme.as_str()).filter(|s| !s.is_empty())
    }

    /// Reads a table as [`EncodingSchema::encode_csv`] writes it; `table` is its name in messages. The columns `scheme` and
    /// `blocks` may be missing.
    ///
    /// # Errors
    /// An array that is not base64 or of another length than the first, an id that occurs twice, rows of several schemes.
    pub fn read_csv<R: Read>(reader: R, table: &str) -> Result<Self, LinkageError> {
        let mut csv = csv::Reader::from_reader(Bounded { inner: reader, since: 0 });
        let header = csv.headers().map_err(|e| unreadable(table, e.to_string()))?.clone();
        let place = |column: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == column);
        let wanted = |column: &str| {
            place(column).ok_or_else(|| LinkageError::MissingColumn {
                table: table.to_owned(),
                column: column.to_owned(),
                wanted_by: "a table of encoded records".to_owned(),
                has: header.iter().collect::<Vec<_>>().join(", "),
            })
        };
        let (id, present, clk) = (wanted("unique_id")?, wanted("present")?, wanted("clk")?);
        let (scheme, blocks) = (place("scheme"), place("blocks"));
        let mut all = Self::default();
        let mut seen = Seen::default();
        let mut row = StringRecord::new();
        let mut number = 0u64;
        while csv.read_record(&mut row).map_err(|e| unreadable(table, e.to_string()))? {
            number += 1;
            within_records(table, number)?;
            csv.get_mut().since = 0;
            let wrong = |reason: String| unreadable(table, format!("row {number}: {reason}"));
            let cell = |place: usize| row.get(place).unwrap_or_default();
            let mut mask = 0u32;
            let fields = cell(present);
            if fields.len() > 32 || fields.bytes().any(|b| b != b'0' && b != b'1') {
                return Err(wrong(format!(
                    "present is `{fields}`; it has a 0 or 1 for each field, at most 32"
                )));
            }
            fields.bytes().enumerate().for_each(|(f, b)| mask |= u32::from(b - b'0') << f);
            let words = words_of(cell(clk)).map_err(|reason| wrong(format!("clk {reason}")))?;
            let said = scheme.map_or("", cell);
            let mut keys = Vec::new();
            for key in blocks.map_or("", cell).split_ascii_whitespace() {
                keys.push(match key {
                    "-" => 0,
                    key => u64::from_str_radix(key, 16).map_err(|_| {
                        wrong(format!("`{key}` is no key of a block; it has 16 hexadecimal digits"))
                    })?,
                });
            }
            if number == 1 {
                all.fields = fields.len() as u32;
                all.stride = words.len();
                all.block_count = keys.len();
                said.clone_into(&mut all.scheme);
            } else if words.len() != all.stride
                || fields.len() as u32 != all.fields
                || keys.len() != all.block_count
                || said != all.scheme
            {
                return Err(wrong(
                    "length, fields, blocks or scheme differ from the first row's; encode all with one schema and secret"
                        .to_owned(),
                ));
            }
            let id = cell(id);
            if let Some(earlier) = seen.insert(id, number) {
                return Err(twice(table, id, earlier, number));
            }
            all.ids.push(id.to_owned());
            all.present.push(mask);
            all.words.extend(words);
            all.blocks.extend(keys);
        }
        Ok(all)
    }

    /// Writes the table that [`Encodings::read_csv`] reads.
    pub fn write_csv<W: Write>(&self, mut writer: W) -> Result<(), LinkageError> {
        let shape = Shape {
            fields: self.fields,
            stride: self.stride,
            blocks: self.block_count,
            scheme: self.scheme.clone(),
        };
        writer.write_all(shape.header().as_bytes()).map_err(unwritten)?;
        let mut line = Vec::new();
        for record in 0..self.len() {
            line.clear();
            let id = self.ids.get(record).map_or("", String::as_str);
            let at = record * shape.blocks;
            shape.row(
                id,
                self.present.get(record).copied().unwrap_or(0),
                self.words(record as u32).unwrap_or_default(),
                self.blocks.get(at..at + shape.blocks).unwrap_or_default(),
                &mut line,
            );
            writer.write_all(&line).map_err(unwritten)?;
        }
        writer.flush().map_err(unwritten)
    }

    /// Reads what clkhash writes and anonlink's service takes: `{"clks": ["base64", …]}`. Ids are the places in the list,
    /// counted from 0. Arrays of clkhash are compared with each other only: its keys and tokens are others.
    pub fn read_clks<R: Read>(reader: R, table: &str) -> Result<Self, LinkageError> {
        #[derive(Deserialize)]
        struct Clks {
            clks: Vec<String>,
        }
        let clks: Clks = serde_json::from_reader(reader).map_err(|e| unreadable(table, e.to_string()))?;
        let mut all = Self::default();
        for (number, clk) in clks.clks.iter().enumerate() {
            let words =
                words_of(clk).map_err(|reason| unreadable(table, format!("clks[{number}] {reason}")))?;
            if number == 0 {
                all.stride = words.len();
            } else if words.len() != all.stride {
                return Err(unreadable(table, format!("clks[{number}] is of another length than clks[0]")));
            }
            all.ids.push(number.to_string());
            all.present.push(0);
            all.words.extend(words);
        }
        Ok(all)
    }

    /// Writes `{"clks": [...]}` in the order of records. Ids and presence are not part of that format.
    pub fn write_clks<W: Write>(&self, mut writer: W) -> Result<(), LinkageError> {
        let mut line = b"{\"clks\": [".to_vec();
        for record in 0..self.len() {
            if record > 0 {
                line.extend_from_slice(b", ");
            }
            line.push(b'"');
            base64_of(self.words(record as u32).unwrap_or_default(), &mut line);
            line.push(b'"');
            writer.write_all(&line).map_err(unwritten)?;
            line.clear();
        }
        line.extend_from_slice(b"]}\n");
        writer.write_all(&line).and_then(|()| writer.flush()).map_err(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const SCHEMA: &str = "version = 1\nid = \"id\"\n\
        [[field]]\ncolumn = \"first\"\ntokens = \"bigrams\"\nhashes = 20\n\
        [[field]]\ncolumn = \"born\"\ntokens = \"positions\"\nhashes = 18\n\
        [[block]]\nparts = [{ column = \"born\", length = 4 }, { column = \"sex\" }]\n";

    fn secret() -> Secret {
        Secret::new(*b"an invented secret for the tests").unwrap()
    }

    fn schema() -> EncodingSchema {
        EncodingSchema::from_toml(SCHEMA).unwrap()
    }

    #[test]
    fn a_table_is_encoded_written_and_read_back() {
        let table = "id,first,born,sex\n\"a,1\",Ann,2001-02-03,f\nb,Zoë,,m\n";
        let mut out = Vec::new();
        let report = schema().encode_csv(table.as_bytes(), &mut out, &secret()).unwrap();
        assert_eq!((report.rows, report.records, report.findings.len()), (2, 2, 0));
        assert_eq!(report.fields.iter().map(|f| f.present).collect::<Vec<_>>(), [2, 1]);
        let (kept, _) = schema().encode(table.as_bytes(), &secret()).unwrap();
        let read = Encodings::read_csv(out.as_slice(), "out").unwrap();
        assert_eq!(read, kept);
        assert_eq!(read.id(0), Some("a,1"));
        assert_eq!((read.present(0), read.present(1)), (Some(3), Some(1)));
        assert_eq!(read.scheme(), Some(report.scheme.as_str()));
        assert!(read.blocks.first().is_some_and(|k| *k != 0));
        assert_eq!(read.blocks.get(1), Some(&0), "no year of birth, no key");
        let mut again = Vec::new();
        read.write_csv(&mut again).unwrap();
        assert_eq!(again, out);
        let mut clks = Vec::new();
        read.write_clks(&mut clks).unwrap();
        assert_eq!(Encodings::read_clks(clks.as_slice(), "clks").unwrap().words, read.words);
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("Ann") && !text.contains("2001"));
    }

    #[test]
    fn bits_have_the_order_of_clkhash() {
        // bitarray, of which clkhash writes the bytes, puts bit 0 highest: bits 0 and 9 are 80 40.
        let read = Encodings::read_clks(r#"{"clks": ["gEAAAAAAAAA="]}"#.as_bytes(), "clks").unwrap();
        assert_eq!(read.words, [1 << 63 | 1 << 54]);
    }

    #[test]
    fn faults_of_rows_are_named_and_cost_no_more_than_they_must() {
        let table = b"id,first,born,sex\n1,Ann\n,Ben,2001,m\n3,\xff\xfe,2001,m\n4,,,\n".as_slice();
        let mut out = Vec::new();
        let report = schema().encode_csv(table, &mut out, &secret()).unwrap();
        assert_eq!((report.rows, report.records), (4, 3));
        let codes: Vec<&str> = report.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["row_of_other_length", "no_id", "cell_not_utf8", "no_fields"]);
        assert!(report.findings.iter().all(|f| f.message.contains("row ")));
        assert!(report.findings.iter().any(|f| f.message.contains("row 3, column first")));
    }

    #[test]
    fn findings_are_bounded() {
        let mut table = "id,first,born,sex\n".to_owned();
        (0..100).for_each(|n| table.extend([n.to_string().as_str(), ",,,\n"]));
        let report = schema().encode_csv(table.as_bytes(), std::io::sink(), &secret()).unwrap();
        assert_eq!(report.findings.len(), 21);
        assert!(report.findings.last().is_some_and(|f| f.message.contains("80 more")));
    }

    #[test]
    fn typed_records_are_encoded_as_their_table_is() {
        use crate::safeguard::LinkField;
        let record = |id: &str, cells: &[(&str, &str)]| {
            LinkRecord::new(id, cells.iter().map(|(column, value)| LinkField::new(column, value).unwrap()))
        };
        let records = [
            record("1", &[("first", "Ann"), ("born", "2001-02-03"), ("sex", "f")]),
            record("2", &[("first", "Zoë"), ("sex", "m"), ("town", "Dale")]),
        ];
        let (typed, report) = schema().encode_records(&records, &secret()).unwrap();
        let table = "id,first,born,sex\n1,Ann,2001-02-03,f\n2,Zoë,,m\n";
        assert_eq!((typed, report), schema().encode(table.as_bytes(), &secret()).unwrap());
        let twice = [records[0].clone(), records[0].clone()];
        let error = schema().encode_records(&twice, &secret()).unwrap_err();
        assert!(matches!(error, LinkageError::DuplicateId { .. }), "{error}");
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_no_more_than_the_limit() {
        let endless = "id,first,born,sex\n1,\"".as_bytes().chain(std::io::repeat(b'a'));
        let error = schema().encode_csv(endless, std::io::sink(), &secret()).unwrap_err().to_string();
        assert!(error.contains("16 MiB") && error.contains("quote"), "{error}");
        let endless = "unique_id,present,clk\n\"".as_bytes().chain(std::io::repeat(b'a'));
        let error = Encodings::read_csv(endless, "arrays").unwrap_err().to_string();
        assert!(error.contains("arrays") && error.contains("16 MiB"), "{error}");
    }

    #[test]
    fn an_id_twice_and_a_column_that_is_not_there_are_refused() {
        let table = "id,first,born,sex\n1,a,b,c\n2,a,b,c\n1,a,b,c\n";
        let error = schema().encode_csv(table.as_bytes(), std::io::sink(), &secret()).unwrap_err();
        assert!(matches!(error, LinkageError::DuplicateId { first: 1, second: 3, .. }), "{error}");
        let error = schema().encode_csv("id,born,sex\n".as_bytes(), std::io::sink(), &secret()).unwrap_err();
        assert!(
            matches!(error, LinkageError::MissingColumn { ref column, .. } if column == "first"),
            "{error}"
        );
    }

    #[test]
    fn a_damaged_table_of_arrays_is_refused_by_row() {
        let header = "unique_id,present,clk,scheme\n";
        for (rows, named) in [
            ("1,11,AAAAAAAAAAA=,s\n2,11,AAAA!,s\n", "row 2: clk"),
            ("1,11,AAAAAAAAAAA=,s\n2,11,AAAAAAAAAAAAAAAAAAAAAA==,s\n", "row 2: length"),
            ("1,11,AAAAAAAAAAA=,s\n2,11,AAAAAAAAAAA=,t\n", "scheme"),
            ("1,12,AAAAAAAAAAA=,s\n", "present is `12`"),
        ] {
            let error =
                Encodings::read_csv(format!("{header}{rows}").as_bytes(), "arrays").unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_same_bytes_at_any_number_of_threads() {
        let mut table = "id,first,born,sex\n".to_owned();
        for n in 0..40_000 {
            let _ = writeln!(table, "{n},name{},19{}-01-{},f", n % 701, n % 90 + 10, n % 28);
        }
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut out = Vec::new();
            pool.install(|| schema().encode_csv(table.as_bytes(), &mut out, &secret())).unwrap();
            out
        };
        assert!(run(1) == run(2));
    }
}
