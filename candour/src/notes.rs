//! Files to notes: documents, tables, mailboxes and JSON Lines, each note with its place in its file.
//!
//! Messages name files, lines, rows and columns, never what stands in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use candour_language::{Anchor, Meta, Note};
use candour_reading::{BlockKind, Limits, Reading, column_letters, windows_1252};
use candour_record::{Finding, MediaKind, Severity, guarded};
use jiff::civil::Date;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::files;

/// Longest line of JSON Lines, longest text of one note.
const LONGEST: u64 = 16 << 20;

/// Largest table that is not read in a stream.
const LARGEST_SHEET: u64 = 256 << 20;

/// Ages are of children and of those who were; what lies above is a mistake.
const OLDEST: u64 = 120;

/// What a note knows of itself, and the names under which tables commonly have it.
const KNOWN: [(&str, &[&str]); 8] = [
    ("text", &["text", "note", "notes", "note_text", "narrative", "content", "entry", "description"]),
    ("id", &["id", "note_id", "unique_id", "record_id"]),
    ("child", &["child", "child_key", "child_id", "person_key"]),
    ("body", &["body", "force", "organisation", "authority", "council", "agency"]),
    ("date", &["date", "note_date", "recorded", "recorded_on", "created"]),
    ("doc_type", &["doc_type", "document_type", "note_type", "type"]),
    ("author_role", &["author_role", "role"]),
    ("subject_age", &["subject_age", "age", "child_age"]),
];

/// The members of an object in their order; its keys are borrowed from the line. What was taken out is gone.
struct Row<'a>(Vec<(Cow<'a, str>, Option<Value>)>);

impl Row<'_> {
    /// The place of a key. Of two with one name the later counts, as JSON parsers have it.
    fn at(&self, name: &str) -> Option<usize> {
        self.0.iter().rposition(|(key, value)| value.is_some() && key == name)
    }

    fn value(&self, at: usize) -> Option<&Value> {
        self.0.get(at)?.1.as_ref()
    }

    fn take(&mut self, at: usize) -> Option<Value> {
        self.0.get_mut(at)?.1.take()
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Row<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Row<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(12);
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, Some(value)));
                }
                Ok(Row(members))
            }
        }
        from.deserialize_map(Members)
    }
}

/// How inputs become notes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Source {
    /// Which column holds what: text, id, child, body, date, `doc_type`, `author_role`, `subject_age` [default: told from their names]
    #[arg(long, value_name = "WHAT=COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// Columns that are structured fields of the record, such as a risk level
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    fields: Vec<String>,
    /// What is known of documents: a CSV table with the column file, and child, body, date and so on
    #[arg(long, value_name = "FILE")]
    about: Option<PathBuf>,
    /// The child's age, for notes that do not say
    #[arg(long, value_name = "YEARS")]
    age: Option<u8>,
    /// The document type, for notes that do not say
    #[arg(long, value_name = "TYPE")]
    doc_type: Option<String>,
    /// The body that holds the records, for notes that do not say
    #[arg(long, value_name = "NAME")]
    body: Option<String>,
}

impl Source {
    /// Keeps a field of the records, whether or not it was named.
    pub(crate) fn with_field(&mut self, field: &str) {
        if !self.fields.iter().any(|f| f == field) {
            self.fields.push(field.to_owned());
        }
    }
}

/// Where a note stands, and how to find a place in it.
#[derive(Debug, Clone)]
pub(crate) enum Stand {
    /// A line of JSON Lines.
    Line(Arc<str>, u32),
    /// A row of a table: its sheet, its number, the column of the text.
    Row(Arc<str>, Option<Arc<str>>, u64, u32),
    /// A document, or a message of a mailbox, with its parts in order.
    Document(Arc<str>, Vec<Part>),
}

/// A paragraph, cell, footnote or comment of a document.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its first character in the note.
    start: usize,
    /// The first characters of its printed lines, with their pages and, where there are lines, their numbers in the file.
    lines: Vec<(usize, u32, Option<u32>)>,
    anchor: Anchor,
}

impl Stand {
    /// Where a character of the note stands in its file.
    pub(crate) fn anchor(&self, character: usize) -> Anchor {
        match self {
            Self::Line(file, line) => {
                Anchor { file: file.to_string(), line: Some(*line), ..Anchor::default() }
            }
            Self::Row(file, sheet, row, column) => Anchor {
                file: file.to_string(),
                table: sheet.as_ref().map(ToString::to_string),
                row: Some(*row),
                cell: Some(format!("{}{row}", column_letters(*column))),
                ..Anchor::default()
            },
            Self::Document(file, parts) => {
                let at = parts.partition_point(|p| p.start <= character).saturating_sub(1);
                let Some(part) = parts.get(at) else {
                    return Anchor { file: file.to_string(), ..Anchor::default() };
                };
                let line = part.lines.partition_point(|l| l.0 <= character).saturating_sub(1);
                let (_, page, line) = part.lines.get(line).copied().unwrap_or((0, 0, None));
                Anchor {
                    file: file.to_string(),
                    page: part.anchor.page.map(|_| page),
                    line,
                    ..part.anchor.clone()
                }
            }
        }
    }
}

/// Takes notes as they are read; `Err` ends the reading.
pub(crate) trait Sink {
    fn take(&mut self, note: Note, stand: Stand) -> Result<()>;
}

/// What went wrong with a line or a row: it is left out, and the rest is read.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) findings: Vec<Finding>,
    /// Notes and files that could not be read.
    pub(crate) lost: usize,
    odd: BTreeMap<&'static str, (usize, String)>,
}

impl Faults {
    /// Messages of lost notes shown one by one; after that only their number is.
    const SHOWN: usize = 20;

    fn lost(&mut self, code: &str, message: impl Into<String>) {
        self.lost += 1;
        if self.lost <= Self::SHOWN {
            self.findings.push(Finding::new(Severity::Error, code, message));
        }
    }

    /// A file that could not be read at all.
    pub(crate) fn file(&mut self, error: &anyhow::Error) {
        self.lost("file_not_read", format!("{error:#}"));
    }

    fn odd(&mut self, what: &'static str, place: impl FnOnce() -> String) {
        self.odd.entry(what).or_insert_with(|| (0, place())).0 += 1;
    }

    /// What was noticed, each kind of thing once.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        if self.lost > Self::SHOWN {
            let message = format!("{} more notes or files could not be read", self.lost - Self::SHOWN);
            self.findings.push(Finding::new(Severity::Error, "not_read", message));
        }
        for (what, (count, first)) in self.odd {
            let message = format!("notes that {what}: {count}, the first {first}");
            self.findings.push(Finding::new(Severity::Warning, "note_value_not_read", message));
        }
        self.findings
    }
}

/// The extensions that a folder is searched for.
const READ: [&str; 17] = [
    "txt", "text", "md", "markdown", "html", "htm", "docx", "odt", "pdf", "eml", "mbox", "csv", "tsv",
    "xlsx", "parquet", "jsonl", "ndjson",
];

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The files that inputs name, those of folders in the order of their names, and how many bytes they hold together.
pub(crate) fn inputs(paths: &[PathBuf], faults: &mut Faults) -> Result<(Vec<PathBuf>, u64)> {
    fn walk(folder: &Path, depth: u32, files: &mut Vec<PathBuf>, faults: &mut Faults) -> Result<()> {
        let shown = folder.display();
        anyhow::ensure!(depth < 32, "{shown}: folders are nested too deep; name the one that is meant");
        let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
            .with_context(|| format!("{shown}: cannot be opened"))?
            .map(|e| Ok(e?.path()))
            .collect::<Result<_>>()?;
        entries.sort();
        for path in entries {
            if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')) {
                continue;
            }
            // A link could lead round in a circle.
            let about = std::fs::symlink_metadata(&path)?;
            if about.is_dir() {
                walk(&path, depth + 1, files, faults)?;
            } else if about.is_file() && READ.contains(&extension(&path).as_str()) {
                files.push(path);
            } else {
                let message = format!("{}: is no kind of file read here and was passed over", path.display());
                faults.findings.push(Finding::new(Severity::Note, "passed_over", message));
            }
        }
        Ok(())
    }
    let mut all = Vec::new();
    let mut bytes = 0;
    for path in paths {
        let shown = path.display();
        let about = std::fs::metadata(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!("{shown}: there is no such file; check the path"),
            _ => anyhow::anyhow!("{shown}: cannot be opened: {e}"),
        })?;
        if about.is_dir() {
            let before = all.len();
            walk(path, 0, &mut all, faults)?;
            anyhow::ensure!(all.len() > before, "{shown}: the folder holds no file that is read here");
        } else {
            all.push(path.clone());
        }
    }
    for path in &all {
        bytes += std::fs::metadata(path).map_or(0, |m| m.len());
    }
    Ok((all, bytes))
}

/// Reads files to notes.
pub(crate) struct Notes<'a> {
    source: &'a Source,
    /// Which column holds what, as asked for.
    named: HashMap<&'static str, String>,
    about: Option<HashMap<String, Meta>>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(source: &'a Source) -> Result<Self> {
        let mut named = HashMap::new();
        for pair in &source.columns {
            let known: Vec<&str> = KNOWN.iter().map(|k| k.0).collect();
            let (what, column) = pair.split_once('=').with_context(|| {
                format!("--columns {pair}: write WHAT=COLUMN, where WHAT is one of {}", known.join(", "))
            })?;
            let what = KNOWN.iter().map(|k| k.0).find(|k| *k == what.trim()).with_context(|| {
                format!("--columns: {what} is nothing that a note knows; it is one of {}", known.join(", "))
            })?;
            named.insert(what, column.trim().to_owned());
        }
        let mut notes = Self { source, named, about: None };
        if let Some(path) = &source.about {
            notes.about = Some(notes.read_about(path)?);
        }
        Ok(notes)
    }

    /// Reads one file and gives its notes to a sink.
    pub(crate) fn read(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        match extension(path).as_str() {
            "jsonl" | "ndjson" => self.json_lines(path, sink, faults),
            "csv" => self.csv(path, b',', sink, faults),
            "tsv" => self.csv(path, b'\t', sink, faults),
            "parquet" => self.parquet(path, sink, faults),
            "xlsx" => self.xlsx(path, sink, faults),
            "mbox" => self.mailbox(path, sink, faults),
            _ => self.document(path, sink, faults),
        }
    }

    fn finish(&self, mut note: Note) -> Note {
        let meta = &mut note.meta;
        meta.subject_age = meta.subject_age.or(self.source.age);
        if meta.doc_type.is_empty() {
            meta.doc_type = self.source.doc_type.clone().unwrap_or_default();
        }
        if meta.body.is_none() {
            meta.body.clone_from(&self.source.body);
        }
        note
    }

    fn json_lines(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let file: Arc<str> = shown.as_str().into();
        let mut input = BufReader::with_capacity(1 << 18, open(path)?);
        let mut bytes = Vec::new();
        for number in 1_u32.. {
            bytes.clear();
            let read = input
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut bytes)
                .with_context(|| format!("{shown}: cannot be read"))?;
            if read == 0 {
                break;
            }
            if bytes.last() != Some(&b'\n') && bytes.len() as u64 == LONGEST {
                faults.lost("line_too_long", format!("{shown}, line {number}: is longer than 16 MiB"));
                skip_line(&mut input)?;
                continue;
            }
            let line = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii();
            if line.is_empty() {
                continue;
            }
            match self.line(line, &shown, number, faults) {
                Ok(note) => sink.take(self.finish(note), Stand::Line(file.clone(), number))?,
                Err(reason) => faults.lost("line_not_read", format!("{shown}, line {number}: {reason}")),
            }
        }
        Ok(())
    }

    /// One object: `id`, `text` and `meta`, or a row of columns.
    fn line(&self, line: &[u8], shown: &str, number: u32, faults: &mut Faults) -> Result<Note, String> {
        let mut row: Row<'_> = serde_json::from_slice(line).map_err(|e| {
            if e.is_data() {
                return "is no JSON object; write {\"id\", \"text\"}".to_owned();
            }
            // What the parser says can quote the line; where it stopped cannot.
            format!("is not JSON from column {} on; write one object a line", e.column())
        })?;
        let place = || format!("in {shown}, line {number}");
        let (text, id) = (self.key(&row, "text"), self.key(&row, "id"));
        let text = match text.and_then(|at| row.take(at)) {
            Some(Value::String(text)) => text,
            Some(_) => return Err("its text is no string".into()),
            None => return Err("has no text; name its column with --columns text=NAME".into()),
        };
        let id = match id.and_then(|at| row.take(at)) {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => format!("{shown}:{number}"),
        };
        let mut meta = match row.at("meta").and_then(|at| row.take(at)) {
            Some(Value::Object(meta)) => Row(meta.into_iter().map(|(k, v)| (k.into(), Some(v))).collect()),
            Some(Value::Null) | None => row,
            Some(_) => return Err("its meta is no object".into()),
        };
        let mut known = Meta::default();
        for (what, _) in KNOWN.iter().skip(2) {
            let Some(value) = self.key(&meta, what).and_then(|at| meta.value(at)) else { continue };
            match value {
                Value::String(s) => set(&mut known, what, s, faults, &place),
                Value::Number(n) => set(&mut known, what, &n.to_string(), faults, &place),
                _ => {}
            }
        }
        for field in &self.source.fields {
            if let Some(value) = meta.at(field).and_then(|at| meta.value(at)) {
                known.fields.insert(field.clone(), value.clone());
            }
        }
        if let Some(Value::Object(fields)) = meta.at("fields").and_then(|at| meta.take(at)) {
            for (name, value) in fields {
                known.fields.entry(name).or_insert(value);
            }
        }
        Ok(Note { id, text, meta: known })
    }

    /// Where in a row stands what is asked for.
    fn key(&self, row: &Row<'_>, what: &str) -> Option<usize> {
        if let Some(named) = self.named.get(what) {
            return row.at(named);
        }
        let names = KNOWN.iter().find(|k| k.0 == what).map_or(&[][..], |k| k.1);
        names.iter().find_map(|name| row.at(name))
    }

    fn table(&self, shown: &str, sheet: Option<&str>, header: &[String]) -> Result<Table> {
        let find = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
        let mut columns = Vec::new();
        for (what, names) in KNOWN {
            let found = match self.named.get(what) {
                Some(named) => Some(find(named).with_context(|| {
                    format!("{shown}: has no column {named}; it has {}", header.join(", "))
                })?),
                None => names.iter().find_map(|n| find(n)),
            };
            columns.extend(found.map(|at| (what, at)));
        }
        let fields = self
            .source
            .fields
            .iter()
            .map(|f| {
                let at = find(f)
                    .with_context(|| format!("{shown}: has no column {f}; it has {}", header.join(", ")))?;
                Ok((f.clone(), at))
            })
            .collect::<Result<_>>()?;
        let Some((_, text)) = columns.iter().find(|c| c.0 == "text").copied() else {
            bail!(
                "{shown}: has no column of text; name it with --columns text=NAME. It has {}",
                header.join(", ")
            );
        };
        Ok(Table {
            shown: shown.to_owned(),
            file: shown.into(),
            sheet: sheet.map(Into::into),
            columns,
            fields,
            text,
        })
    }

    fn csv(&self, path: &Path, delimiter: u8, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 18)
            .from_reader(open(path)?);
        let header: Vec<String> = reader
            .byte_headers()
            .with_context(|| format!("{shown}: cannot be read"))?
            .iter()
            .map(|h| String::from_utf8_lossy(h).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        anyhow::ensure!(header.iter().any(|h| !h.is_empty()), "{shown}: has no header row; give it one");
        let table = self.table(&shown, None, &header)?;
        let mut row = csv::ByteRecord::new();
        let mut number = 1;
        while reader
            .read_byte_record(&mut row)
            .map_err(|e| anyhow::anyhow!("{shown}: cannot be read: {e}"))?
        {
            number += 1;
            if row.len() != header.len() {
                let message = format!(
                    "{shown}, row {number}: has {} fields and the header has {}; put quotes around fields that hold commas",
                    row.len(),
                    header.len()
                );
                faults.lost("row_not_read", message);
                continue;
            }
            if std::str::from_utf8(row.as_slice()).is_err() {
                faults.odd("are not UTF-8 and were read as Windows-1252", || {
                    format!("in {shown}, row {number}")
                });
            }
            let cell = |at: usize| {
                let bytes = row.get(at).unwrap_or_default();
                let old = |_| bytes.iter().map(|b| windows_1252(*b).unwrap_or('\u{fffd}')).collect();
                std::str::from_utf8(bytes).map_or_else(old, str::to_owned)
            };
            self.row(&table, number, cell, sink, faults)?;
        }
        Ok(())
    }

    fn row(
        &self,
        table: &Table,
        number: u64,
        cell: impl Fn(usize) -> String,
        sink: &mut dyn Sink,
        faults: &mut Faults,
    ) -> Result<()> {
        let mut note = Note { text: cell(table.text), ..Note::default() };
        if note.text.trim().is_empty() {
            return Ok(());
        }
        let shown = &table.shown;
        if note.text.len() as u64 > LONGEST {
            faults.lost("row_not_read", format!("{shown}, row {number}: its text is longer than 16 MiB"));
            return Ok(());
        }
        let place = || format!("in {shown}, row {number}");
        for (what, at) in table.columns.iter().filter(|c| c.0 != "text") {
            let value = cell(*at);
            let value = value.trim();
            if value.is_empty() {
            } else if *what == "id" {
                value.clone_into(&mut note.id);
            } else {
                set(&mut note.meta, what, value, faults, &place);
            }
        }
        if note.id.is_empty() {
            let sheet = table.sheet.as_ref().map(|s| format!("{s}:")).unwrap_or_default();
            note.id = format!("{shown}:{sheet}{number}");
        }
        for (field, at) in &table.fields {
            let value = cell(*at);
            if !value.trim().is_empty() {
                note.meta.fields.insert(field.clone(), Value::String(value));
            }
        }
        let stand = Stand::Row(table.file.clone(), table.sheet.clone(), number, table.text as u32);
        sink.take(self.finish(note), stand)
    }

    fn xlsx(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let bytes = files::read_limited(path, LARGEST_SHEET)?;
        let (sheets, findings) = candour_reading::read_sheets(&bytes, &shown, &Limits::default())?;
        faults.findings.extend(findings);
        let mut read = 0;
        let mut refused = None;
        for sheet in &sheets {
            let Some(head) = sheet.rows.first() else { continue };
            let width = sheet.rows.iter().flat_map(|r| &r.cells).map(|c| c.0 as usize + 1).max().unwrap_or(0);
            let mut header = vec![String::new(); width];
            for (column, text) in &head.cells {
                text.trim().clone_into(&mut header[*column as usize]);
            }
            // A workbook has sheets of other things; one with a column of text is enough.
            let table = match self.table(&shown, Some(&sheet.name), &header) {
                Ok(table) => table,
                Err(error) => {
                    refused.get_or_insert(error);
                    continue;
                }
            };
            read += 1;
            for row in &sheet.rows[1..] {
                let cell = |at: usize| {
                    let found = row.cells.binary_search_by_key(&(at as u32), |c| c.0);
                    found.map(|at| row.cells[at].1.clone()).unwrap_or_default()
                };
                self.row(&table, u64::from(row.number), cell, sink, faults)?;
            }
        }
        match refused {
            Some(error) if read == 0 => Err(error),
            _ if read == 0 => bail!("{shown}: its sheets are empty"),
            _ => Ok(()),
        }
    }

    fn parquet(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let mut table = None;
        parquet_rows(path, |number, cells| {
            let Some(table) = &table else {
                table = Some(self.table(&shown, None, cells)?);
                return Ok(());
            };
            let cell = |at: usize| cells.get(at).cloned().unwrap_or_default();
            self.row(table, u64::from(number), cell, sink, faults)
        })
    }

    fn document(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let bytes = files::read_limited(path, Limits::default().bytes)?;
        let (note, stand) = read_document(&bytes, &shown, None, faults)?;
        let meta = self.known_of(path, faults);
        let note = Note { meta: Meta { date: meta.date.or(note.meta.date), ..meta }, ..note };
        sink.take(self.finish(note), stand)
    }

    fn mailbox(&self, path: &Path, sink: &mut dyn Sink, faults: &mut Faults) -> Result<()> {
        let shown = path.display().to_string();
        let bytes = files::read_limited(path, Limits::default().bytes)?;
        let messages = candour_reading::split_mailbox(&bytes);
        anyhow::ensure!(!messages.is_empty(), "{shown}: is no mailbox; no line of it begins a message");
        let meta = self.known_of(path, faults);
        for (message, number) in messages.iter().zip(1..) {
            match read_document(message, &shown, Some(number), faults) {
                Ok((note, stand)) => {
                    let note =
                        Note { meta: Meta { date: note.meta.date.or(meta.date), ..meta.clone() }, ..note };
                    sink.take(self.finish(note), stand)?;
                }
                Err(error) => faults.lost("message_not_read", format!("{error:#}")),
            }
        }
        Ok(())
    }

    /// What the table of documents says of a file.
    fn known_of(&self, path: &Path, faults: &mut Faults) -> Meta {
        let Some(about) = &self.about else { return Meta::default() };
        let shown = path.to_string_lossy().replace('\\', "/");
        // The whole path first, then less and less of it, down to the bare name.
        let mut rest = Some(shown.as_str());
        while let Some(part) = rest {
            if let Some(meta) = about.get(part) {
                return meta.clone();
            }
            rest = part.split_once('/').map(|(_, after)| after);
        }
        faults.odd("are of documents that the --about table does not name", || shown.clone());
        Meta::default()
    }

    fn read_about(&self, path: &Path) -> Result<HashMap<String, Meta>> {
        struct Into(Vec<Note>);
        impl Sink for Into {
            fn take(&mut self, note: Note, _: Stand) -> Result<()> {
                self.0.push(note);
                Ok(())
            }
        }
        let source = Source {
            columns: Vec::new(),
            about: None,
            age: None,
            doc_type: None,
            body: None,
            ..self.source.clone()
        };
        let mut named = self.named.clone();
        // The name of the file stands where a table of notes has its text.
        named.insert("text", "file".to_owned());
        let reader = Notes { source: &source, named, about: None };
        let (mut all, mut faults) = (Into(Vec::new()), Faults::default());
        reader.csv(path, b',', &mut all, &mut faults).with_context(|| "--about".to_owned())?;
        if let Some(fault) = faults.into_findings().first() {
            bail!("--about: {}", fault.message);
        }
        Ok(all.0.into_iter().map(|n| (n.text.trim().trim_start_matches("./").to_owned(), n.meta)).collect())
    }
}

/// Reads a document, or one message of a mailbox.
fn read_document(
    bytes: &[u8],
    file: &str,
    message: Option<usize>,
    faults: &mut Faults,
) -> Result<(Note, Stand)> {
    let id = message.map_or_else(|| file.to_owned(), |number| format!("{file}:{number}"));
    // The name tells the reader that it is mail, whatever the message's heads lack.
    let name = if message.is_some() { format!("{id}.eml") } else { file.to_owned() };
    let reading = candour_reading::read(bytes, &name, &Limits::default())?;
    faults.findings.extend(reading.findings.iter().cloned());
    let (text, mut parts) = parts(&reading, file, bytes);
    if let Some(number) = message {
        for part in &mut parts {
            part.anchor.table.get_or_insert_with(|| format!("message {number}"));
        }
    }
    let mut meta = Meta::default();
    if reading.media == MediaKind::Email {
        let sent = reading.blocks.iter().take(6).find_map(|b| reading.slice(b.span).strip_prefix("Date: "));
        meta.date = sent.and_then(|d| Date::strptime("%d %B %Y", d).ok());
    }
    Ok((Note { id, text, meta }, Stand::Document(file.into(), parts)))
}

/// Which column of a table holds what.
struct Table {
    shown: String,
    file: Arc<str>,
    sheet: Option<Arc<str>>,
    columns: Vec<(&'static str, usize)>,
    fields: Vec<(String, usize)>,
    text: usize,
}

/// Hands over the rows of a Parquet file as text, its names of columns first, each with its number as if it were a sheet.
pub(crate) fn parquet_rows(path: &Path, mut take: impl FnMut(u32, &[String]) -> Result<()>) -> Result<()> {
    let file = open(path)?;
    let damaged =
        || anyhow::anyhow!("{}: is a damaged Parquet file, or none; write it again", path.display());
    candour_linkage::check_parquet(&file)
        .map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))?;
    let reader = guarded(|| SerializedFileReader::new(file)).ok_or_else(damaged)?.map_err(|_| damaged())?;
    let schema = reader.metadata().file_metadata().schema();
    let header: Vec<String> = schema.get_fields().iter().map(|f| f.name().to_owned()).collect();
    take(1, &header)?;
    let mut rows = guarded(|| reader.get_row_iter(None)).ok_or_else(damaged)?.map_err(|_| damaged())?;
    for number in 2.. {
        let next = guarded(|| rows.next()).ok_or_else(damaged)?;
        let Some(row) = next else { break };
        let row = row.map_err(|_| damaged())?;
        let cells: Vec<String> = row.get_column_iter().map(|(_, field)| field_text(field)).collect();
        take(number, &cells)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))
}

fn skip_line(input: &mut impl BufRead) -> Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let done = end.is_some() || used == 0;
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn set(meta: &mut Meta, what: &str, value: &str, faults: &mut Faults, place: &dyn Fn() -> String) {
    match what {
        "child" => meta.child = Some(value.to_owned()),
        "body" => meta.body = Some(value.to_owned()),
        "doc_type" => value.clone_into(&mut meta.doc_type),
        "author_role" => meta.author_role = Some(value.to_owned()),
        "date" => match day(value) {
            Some(date) => meta.date = Some(date),
            None => faults.odd("have a date that was not understood (write 2024-03-01)", place),
        },
        "subject_age" => match value.parse::<f64>() {
            Ok(age) if (0.0..=OLDEST as f64).contains(&age) => meta.subject_age = Some(age as u8),
            _ => faults.odd("have an age that is no number of years", place),
        },
        _ => {}
    }
}

/// A day as `2024-03-01`, with or without a time after it, or as `01/03/2024`.
fn day(value: &str) -> Option<Date> {
    let iso = value.get(..10).and_then(|d| d.parse().ok());
    iso.or_else(|| Date::strptime("%d/%m/%Y", value.split_whitespace().next()?).ok())
}

fn field_text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Date(days) => jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(*days))
            .map_or_else(|_| String::new(), |d| d.to_string()),
        Field::TimestampMillis(millis) => stamp(jiff::Timestamp::from_millisecond(*millis)),
        Field::TimestampMicros(micros) => stamp(jiff::Timestamp::from_microsecond(*micros)),
        other => other.to_string(),
    }
}

fn stamp(at: Result<jiff::Timestamp, jiff::Error>) -> String {
    at.map_or_else(|_| String::new(), |t| t.to_string())
}

/// A document's text as one note: the body, then footnotes and comments; running heads and page numbers are nobody's words.
fn parts(reading: &Reading, file: &str, bytes: &[u8]) -> (String, Vec<Part>) {
    let paged =
        matches!(reading.media, MediaKind::Pdf | MediaKind::Docx | MediaKind::Odt) || reading.pages.len() > 1;
    let mut text = String::new();
    let (mut at, mut paragraph, mut notes) = (0, 0, 0);
    let mut parts: Vec<Part> = Vec::new();
    let mut source = Lines::of(reading, bytes);
    for block in &reading.blocks {
        let mut anchor =
            Anchor { file: file.to_owned(), page: paged.then_some(block.page), ..Anchor::default() };
        match &block.kind {
            BlockKind::RunningHead | BlockKind::PageNumber => continue,
            BlockKind::Footnote => {
                notes += 1;
                anchor.table = Some(format!("footnote {notes}"));
            }
            BlockKind::Comment => anchor.comment = true,
            BlockKind::Cell { row, column, table } => {
                anchor.table = Some(format!("table {}", table + 1));
                anchor.row = Some(u64::from(*row) + 1);
                anchor.cell = Some(format!("{}{}", column_letters(*column), row + 1));
            }
            _ => {
                paragraph += 1;
                anchor.paragraph = Some(paragraph);
            }
        }
        if !text.is_empty() {
            text.push_str("\n\n");
            at += 2;
        }
        let lines = block
            .lines
            .iter()
            .map(|l| (at + l.span.start - block.span.start, l.page, source.find(reading.slice(l.span))))
            .collect();
        parts.push(Part { start: at, lines, anchor });
        text.push_str(reading.slice(block.span));
        at += block.span.len();
    }
    (text, parts)
}

/// The lines of a text file, to find again those that were read from it.
struct Lines {
    lines: Vec<String>,
    next: usize,
}

impl Lines {
    /// Only plain text and Markdown have lines that an editor could be led to.
    fn of(reading: &Reading, bytes: &[u8]) -> Self {
        let lined = matches!(reading.media, MediaKind::Text | MediaKind::Markdown);
        let text = std::str::from_utf8(bytes).ok().filter(|_| lined).unwrap_or_default();
        Self { lines: text.lines().map(bare).collect(), next: 0 }
    }

    /// The line, from 1, on which a line or paragraph that was read begins.
    fn find(&mut self, read: &str) -> Option<u32> {
        let read = bare(read);
        if read.is_empty() {
            return None;
        }
        let begins =
            |line: &String| !line.is_empty() && (read.starts_with(line.as_str()) || line.starts_with(&read));
        let at = self.next + self.lines.get(self.next..)?.iter().position(begins)?;
        self.next = at + 1;
        Some(at as u32 + 1)
    }
}

/// The letters and digits of a line: what is left when its marks are taken off.
fn bare(line: &str) -> String {
    line.chars().filter(|c| c.is_alphanumeric()).collect()
}
