//! Tables from CSV and Parquet. Values are handed in; nothing is opened here.

use std::io::Read;

use candour_record::{Finding, Severity, guarded};
use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};

use crate::error::LinkageError;
use crate::parquet_guard::check_parquet;
use crate::records::{Recent, Records, RecordsBuilder};
use crate::settings::Settings;

/// Bytes that one CSV field may hold.
const FIELD_LIMIT: usize = 1 << 20;

/// Gathers the tables of a linkage.
pub struct Tables {
    builder: RecordsBuilder,
    id_column: String,
    source_column: Option<String>,
    findings: Vec<Finding>,
}

impl Tables {
    /// For the columns that the settings name; no other column is read.
    pub fn new(settings: &Settings) -> Self {
        let mut wanted = settings.columns();
        wanted.sort();
        Self {
            builder: RecordsBuilder::new(wanted),
            id_column: settings.unique_id_column.clone(),
            source_column: settings.source_dataset_column.clone(),
            findings: Vec::new(),
        }
    }

    /// The same, with more columns kept: those that hold the truth of a test set, say.
    pub fn with_columns(settings: &Settings, more: &[&str]) -> Self {
        let mut wanted = settings.columns();
        wanted.extend(more.iter().map(|c| (*c).to_owned()));
        wanted.sort();
        wanted.dedup();
        Self {
            builder: RecordsBuilder::new(wanted),
            id_column: settings.unique_id_column.clone(),
            source_column: settings.source_dataset_column.clone(),
            findings: Vec::new(),
        }
    }

    /// Records taken so far.
    pub fn len(&self) -> usize {
        self.builder.len()
    }

    /// Whether none has been taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads a CSV table with a header. White space around a field is taken off, and an empty field is missing.
    ///
    /// A field that is not UTF-8 is read with the replacement character and named in a finding; a row of the wrong length is
    /// an error with its line.
    ///
    /// After an error nothing of the table is kept.
    pub fn add_csv(&mut self, table: &str, input: impl Read) -> Result<(), LinkageError> {
        let before = self.builder.len();
        let read = self.read_csv(table, input);
        self.after(table, before, read)
    }

    fn read_csv(&mut self, table: &str, input: impl Read) -> Result<(), LinkageError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(input);
        let fault = |reason: String| LinkageError::Table { table: table.to_owned(), reason };
        let header: Vec<String> = {
            let header = reader.byte_headers().map_err(|e| fault(e.to_string()))?;
            let named = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_owned());
            named
                .enumerate()
                .map(|(i, h)| if i == 0 { h.trim_start_matches('\u{feff}').to_owned() } else { h })
                .collect()
        };
        if header.iter().all(String::is_empty) {
            return Err(fault("it has no header row".to_owned()));
        }
        let (id, source, at) = self.places(table, &header)?;
        let whole = self.builder.source(table)?;
        let mut row = csv::ByteRecord::new();
        let mut damaged: Vec<u64> = Vec::new();
        while reader.read_byte_record(&mut row).map_err(|e| fault(e.to_string()))? {
            let line = row.position().map_or(0, csv::Position::line);
            if row.len() != header.len() {
                return Err(fault(format!(
                    "line {line} has {} fields and the header has {}; put quotes around fields that hold commas",
                    row.len(),
                    header.len()
                )));
            }
            let mut text = |field: usize| -> Result<std::borrow::Cow<'_, str>, LinkageError> {
                let bytes = &row[field];
                if bytes.len() > FIELD_LIMIT {
                    return Err(fault(format!(
                        "line {line}: the field {} is longer than 1 MiB; is a quotation mark not closed?",
                        header[field]
                    )));
                }
                if let Ok(text) = std::str::from_utf8(bytes) {
                    return Ok(std::borrow::Cow::Borrowed(text));
                }
                damaged.push(line);
                Ok(String::from_utf8_lossy(bytes))
            };
            let id_text = text(id)?;
            let id_text = id_text.trim();
            if id_text.is_empty() {
                return Err(fault(format!("line {line} has no {}; every record needs an id", header[id])));
            }
            let of = match source {
                Some(field) => {
                    let name = text(field)?.trim().to_owned();
                    self.builder.source(if name.is_empty() { table } else { &name })?
                }
                None => whole,
            };
            self.builder.push_id(id_text, of)?;
            for (column, field) in at.iter().enumerate() {
                let value = text(*field)?;
                let value = value.trim();
                self.builder.push_value(column, (!value.is_empty()).then_some(value));
            }
        }
        if !damaged.is_empty() {
            damaged.dedup();
            self.findings.push(Finding::new(
                Severity::Warning,
                "not_utf8",
                format!(
                    "{table}: {} lines hold bytes that are not UTF-8, the first at line {}; they were read with a mark in their place. Save the table as UTF-8",
                    damaged.len(),
                    damaged[0]
                ),
            ));
        }
        Ok(())
    }

    /// Reads a Parquet table. Numbers and dates become text, dates as `YYYY-MM-DD`.
    ///
    /// After an error nothing of the table is kept.
    pub fn add_parquet<R: ChunkReader + 'static>(
        &mut self,
        table: &str,
        input: R,
    ) -> Result<(), LinkageError> {
        let before = self.builder.len();
        let read = self.read_parquet(table, input);
        self.after(table, before, read)
    }

    fn read_parquet<R: ChunkReader + 'static>(&mut self, table: &str, input: R) -> Result<(), LinkageError> {
        let fault = |reason: String| LinkageError::Table { table: table.to_owned(), reason };
        check_parquet(&input).map_err(fault)?;
        let file = unharmed(|| SerializedFileReader::new(input)).map_err(fault)?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let header: Vec<String> = schema.columns().iter().map(|c| c.path().parts()[0].clone()).collect();
        let (id, source, at) = self.places(table, &header)?;
        let whole = self.builder.source(table)?;
        for number in 0..file.num_row_groups() {
            let group = unharmed(|| file.get_row_group(number)).map_err(fault)?;
            let rows = group.metadata().num_rows() as usize;
            let each = |column: usize, take: &mut dyn FnMut(Option<&str>) -> Result<(), LinkageError>| {
                let descriptor = schema.column(column);
                if descriptor.max_rep_level() > 0 {
                    return Err(fault(format!(
                        "the column {} holds lists, which are not read",
                        header[column]
                    )));
                }
                let reader = unharmed(|| group.get_column_reader(column)).map_err(fault)?;
                let date = descriptor.logical_type_ref() == Some(&LogicalType::Date)
                    || descriptor.converted_type() == ConvertedType::DATE;
                let optional = descriptor.max_def_level() > 0;
                let name = &header[column];
                let mut scratch = String::new();
                match reader {
                    ColumnReader::ByteArrayColumnReader(r) => {
                        drain::<ByteArrayType>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) => match std::str::from_utf8(v.data()) {
                                Ok(text) => take(Some(text)),
                                Err(_) => take(Some(&String::from_utf8_lossy(v.data()))),
                            },
                        })
                    }
                    ColumnReader::Int32ColumnReader(r) => {
                        drain::<Int32Type>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) if date => {
                                scratch.clear();
                                crate::dates::write_iso(*v, &mut scratch).ok_or_else(|| {
                                    LinkageError::Settings(format!(
                                        "day {v} from 1970 lies beyond the year 9999 or before -9999; mend the date"
                                    ))
                                })?;
                                take(Some(&scratch))
                            }
                            Some(v) => shown(&mut scratch, v, take),
                        })
                    }
                    ColumnReader::Int64ColumnReader(r) => {
                        drain::<Int64Type>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) => shown(&mut scratch, v, take),
                        })
                    }
                    ColumnReader::DoubleColumnReader(r) => {
                        drain::<DoubleType>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) => shown(&mut scratch, v, take),
                        })
                    }
                    ColumnReader::FloatColumnReader(r) => {
                        drain::<FloatType>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) => shown(&mut scratch, v, take),
                        })
                    }
                    ColumnReader::BoolColumnReader(r) => {
                        drain::<BoolType>(r, rows, optional, &mut |v| match v {
                            None => take(None),
                            Some(v) => shown(&mut scratch, v, take),
                        })
                    }
                    _ => Err(LinkageError::Table {
                        table: table.to_owned(),
                        reason: format!("the column {name} is of a type that is not read; write it as text"),
                    }),
                }
                .map_err(|e| match e {
                    LinkageError::Settings(reason) => fault(format!("column {name}: {reason}")),
                    other => other,
                })
            };
            let mut sources: Vec<u16> = Vec::new();
            if let Some(column) = source {
                let builder = &mut self.builder;
                each(column, &mut |value| {
                    sources.push(builder.source(value.unwrap_or(table))?);
                    Ok(())
                })?;
            }
            let builder = &mut self.builder;
            let mut row = 0_usize;
            each(id, &mut |value| {
                let Some(value) = value else {
                    return Err(LinkageError::Table {
                        table: table.to_owned(),
                        reason: format!("row {} has no id", row + 1),
                    });
                };
                builder.push_id(value, sources.get(row).copied().unwrap_or(whole))?;
                row += 1;
                Ok(())
            })?;
            for (place, column) in at.iter().enumerate() {
                let builder = &mut self.builder;
                let mut recent = Recent::new();
                each(*column, &mut |value| {
                    builder.push_recent(place, value, &mut recent);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// The records, with what was noticed.
    pub fn finish(self) -> Result<(Records, Vec<Finding>), LinkageError> {
        let mut findings = self.findings;
        let records = self.builder.finish()?;
        for (name, share) in records.completeness() {
            if share == 0.0 && !records.is_empty() {
                findings.push(Finding::new(
                    Severity::Warning,
                    "empty_column",
                    format!("the column {name} has no value in any record; comparisons on it say nothing"),
                ));
            }
        }
        Ok((records, findings))
    }

    /// Where the id, the source and the wanted columns stand in a header.
    fn places(
        &self,
        table: &str,
        header: &[String],
    ) -> Result<(usize, Option<usize>, Vec<usize>), LinkageError> {
        let mut sorted: Vec<&String> = header.iter().collect();
        sorted.sort();
        if let Some((_, twice)) =
            sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a == b && !a.is_empty())
        {
            return Err(LinkageError::Table {
                table: table.to_owned(),
                reason: format!("the header names {twice} twice; give each column a name of its own"),
            });
        }
        let find = |column: &str, wanted_by: &str| {
            header.iter().position(|h| h == column).ok_or_else(|| LinkageError::MissingColumn {
                table: table.to_owned(),
                column: column.to_owned(),
                wanted_by: wanted_by.to_owned(),
                has: header.join(", "),
            })
        };
        let id = find(&self.id_column, "the id of each record")?;
        let source = self.source_column.as_ref().and_then(|s| header.iter().position(|h| h == s));
        let at = self.builder.wanted().iter().map(|c| find(c, "the model")).collect::<Result<_, _>>()?;
        Ok((id, source, at))
    }

    /// Lets go of what was taken of a table that could not be read, and says of one that could whether it held nothing.
    fn after(
        &mut self,
        table: &str,
        before: usize,
        read: Result<(), LinkageError>,
    ) -> Result<(), LinkageError> {
        if read.is_err() {
            self.builder.truncate(before);
            return read;
        }
        if self.builder.len() == before {
            self.findings.push(Finding::new(
                Severity::Warning,
                "empty_table",
                format!("{table} has a header and no records"),
            ));
        }
        Ok(())
    }
}

/// What a call of the Parquet library comes to, or why not: it panics on some damaged files.
fn unharmed<T>(call: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match guarded(call) {
        Some(result) => result.map_err(|e| e.to_string()),
        None => Err("is a damaged Parquet file; write it again from where it came".to_owned()),
    }
}

fn shown<T: std::fmt::Display>(
    scratch: &mut String,
    value: &T,
    take: &mut dyn FnMut(Option<&str>) -> Result<(), LinkageError>,
) -> Result<(), LinkageError> {
    use std::fmt::Write;
    scratch.clear();
    // Writing to a String cannot fail.
    let _ = write!(scratch, "{value}");
    take(Some(scratch))
}

/// Takes one value after another, absent ones as `None`.
type Take<'a, T> = dyn FnMut(Option<&T>) -> Result<(), LinkageError> + 'a;

/// Hands on every value of a flat column, absent ones as `None`.
fn drain<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    optional: bool,
    take: &mut Take<'_, T::T>,
) -> Result<(), LinkageError> {
    const BATCH: usize = 8_192;
    let mut values: Vec<T::T> = Vec::new();
    let mut present: Vec<i16> = Vec::new();
    let mut done = 0;
    while done < rows {
        values.clear();
        present.clear();
        let (records, _, levels) =
            unharmed(|| reader.read_records(BATCH, optional.then_some(&mut present), None, &mut values))
                .map_err(LinkageError::Settings)?;
        if records == 0 {
            return Err(LinkageError::Settings(format!(
                "it ends after {done} of {rows} rows; the file is cut"
            )));
        }
        let mut value = values.iter();
        for at in 0..levels {
            let absent = optional && present.get(at) == Some(&0);
            take(if absent { None } else { value.next() })?;
        }
        done += records;
    }
    Ok(())
}
