//! A return as it was read: tables of dictionary codes, each distinct text once, with what it means beside it.

use std::hash::BuildHasher;
use std::sync::Arc;

use candour_record::{Presence, Protected};
use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::civil::Date;

use crate::error::{ReturnsError, cut};
use crate::fact::{ColumnReader, Fact, LISTED, State, day_of};
use crate::mapping::Mapping;
use crate::specification::{BodyType, ColumnOf, ColumnType, Missing, Part, Quality, Readable, Specification};
use crate::text::{TextMark, scan};

/// The most rows of one table.
pub const MOST_ROWS: u32 = 200_000_000;
/// The most bytes of a cell that is not long text; what is longer is too long for every column, and is cut.
const MOST_BYTES: usize = 16_384;
/// The most unknown columns and uneven rows that are named one by one.
const MOST_NAMED: usize = 1_000;

/// Each distinct text of a column, or of all columns of one domain, with its meaning.
#[derive(Default)]
pub(crate) struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<u64>,
    pub(crate) facts: Vec<Fact>,
    table: HashTable<(u32, u32)>,
    hasher: DefaultHashBuilder,
}

fn spread(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

impl Dictionary {
    pub(crate) fn raw(&self, code: u32) -> &[u8] {
        let at = code as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..self.ends[at] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text(&self, code: u32) -> &str {
        std::str::from_utf8(self.raw(code)).unwrap_or_default()
    }

    fn intern(&mut self, raw: &[u8], reader: &ColumnReader) -> u32 {
        let half = (self.hasher.hash_one(raw) >> 32) as u32;
        let found = self.table.find(spread(half), |entry| entry.0 == half && self.raw(entry.1) == raw);
        if let Some((_, code)) = found {
            return *code;
        }
        let (mut fact, canonical) = reader.read(raw);
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(raw);
        self.ends.push(self.bytes.len() as u64);
        self.facts.push(fact);
        self.table.insert_unique(spread(half), (half, code), |entry| spread(entry.0));
        if !matches!(reader.kind(), ColumnType::Enum) {
            fact.code = match canonical {
                Some(text) => {
                    let canonical = self.intern(text.as_bytes(), reader);
                    self.facts[canonical as usize].code
                }
                _ => code,
            };
            self.facts[code as usize].code = fact.code;
        }
        code
    }
}

pub(crate) struct Column {
    pub(crate) dictionary: usize,
    pub(crate) codes: Vec<u32>,
}

pub(crate) struct TableData {
    /// The row of the source that each row was read from.
    pub(crate) numbers: Vec<u32>,
    pub(crate) columns: Vec<Option<Column>>,
    pub(crate) unknown: Vec<String>,
    pub(crate) repeated: Vec<String>,
    /// Rows with more or fewer cells than the heading: the row of the source and its cells.
    pub(crate) uneven: Vec<(u32, u32)>,
    pub(crate) uneven_count: u64,
    pub(crate) marks: Vec<(u32, u16, TextMark)>,
    pub(crate) file: FileFacts,
}

/// What is known of a file beside its cells. The program that opens files fills it in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: Option<String>,
    /// Rows and columns that a workbook hides.
    pub hidden: u32,
    /// Merged ranges of cells.
    pub merged: u32,
    /// Cells with a formula.
    pub formulas: u32,
}

/// Reads a return row by row. It opens no file: the program splits files into cells, as bytes of whatever kind.
///
/// ```
/// use candour_returns::{ReturnReader, Specification};
/// let specification = Specification::aud_1()?;
/// let mut reader = ReturnReader::new(&specification, None);
/// let mut sheet = reader.sheet("file", &["table", "rows", "sha256"])?;
/// sheet.row(2, &["victim", "2", &"0".repeat(64)])?;
/// let returned = reader.finish();
/// assert_eq!(returned.rows("file"), Some(1));
/// # Ok::<(), candour_returns::ReturnsError>(())
/// ```
pub struct ReturnReader {
    specification: Arc<Specification>,
    mapping: Option<Mapping>,
    dictionaries: Vec<Dictionary>,
    /// The dictionary of each column of each table.
    places: Vec<Vec<usize>>,
    tables: Vec<Option<TableData>>,
}

/// A table being read.
pub struct SheetReader<'r> {
    reader: &'r mut ReturnReader,
    table: usize,
    /// For each cell of a row: its column, and how to read it.
    cells: Vec<Option<(usize, ColumnReader)>>,
    /// Names of people, by the number of the person, for texts that should not hold them.
    names: Vec<(u32, String)>,
    /// The cell with the person whom a text is about.
    person: Option<usize>,
}

/// A return that has been read.
pub struct Return {
    pub(crate) specification: Arc<Specification>,
    pub(crate) dictionaries: Vec<Dictionary>,
    pub(crate) tables: Vec<Option<TableData>>,
    header: Header,
}

/// What a return says of itself; a part that is missing or wrong is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Code of the body.
    pub body: Option<String>,
    /// Type of body.
    pub body_type: Option<BodyType>,
    /// The call it answers.
    pub call: Option<String>,
    /// Its version.
    pub version: Option<u32>,
    /// The version of the definitions it was made by.
    pub definitions: Option<String>,
    /// First and last day covered.
    pub period: Option<(Date, Date)>,
    /// The day on which the data were drawn.
    pub extracted: Option<Date>,
    /// The record system.
    pub system: Option<String>,
    /// Since when it is in use.
    pub system_since: Option<Date>,
    /// Whether it says that there is nothing to send.
    pub nil: bool,
    /// Why there is nothing.
    pub nil_reason: Option<String>,
    /// Columns that the system does not hold, as `table.column`.
    pub not_collected: Vec<String>,
}

/// One cell, as code outside this crate may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A value of the column's type.
    Value(&'a str),
    /// Missing, and why.
    Missing(Missing),
    /// Nothing at all.
    Blank,
    /// Something that is not of the column's type.
    Invalid,
}

impl ReturnReader {
    /// A reader for one return.
    pub fn new(specification: &Specification, mapping: Option<Mapping>) -> Self {
        let mut dictionaries = Vec::new();
        let mut domains: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
        let mut places = Vec::new();
        for table in &specification.tables {
            let mut row = Vec::new();
            for column in &table.columns {
                let next = dictionaries.len();
                let place = column.domain.as_ref().map_or(next, |d| *domains.entry(d).or_insert(next));
                if place == next {
                    dictionaries.push(Dictionary::default());
                }
                row.push(place);
            }
            places.push(row);
        }
        let tables = specification.tables.iter().map(|_| None).collect();
        Self { specification: Arc::new(specification.clone()), mapping, dictionaries, places, tables }
    }

    /// Begins a table with the heading of its file. Columns that the specification does not have are named in a finding
    /// and never read: what was not asked for is not kept. Victims are read before notes, so that notes can be searched for
    /// the names of the people they are about.
    pub fn sheet<S: AsRef<str>>(
        &mut self,
        table: &str,
        heading: &[S],
    ) -> Result<SheetReader<'_>, ReturnsError> {
        let at = self.specification.table_index(table)?;
        if self.tables[at].is_some() {
            return Err(ReturnsError::TableTwice { table: table.to_owned() });
        }
        let specification = Arc::clone(&self.specification);
        let spec = &specification.tables[at];
        let mut data = TableData {
            numbers: Vec::new(),
            columns: spec.columns.iter().map(|_| None).collect(),
            unknown: Vec::new(),
            repeated: Vec::new(),
            uneven: Vec::new(),
            uneven_count: 0,
            marks: Vec::new(),
            file: FileFacts::default(),
        };
        let mut cells = Vec::new();
        // A file without a heading has a record in its place, and the names of a record's columns are its values.
        let mapped = |name: &S| {
            let name = name.as_ref().trim();
            spec.column_index(self.mapping.as_ref().map_or(name, |m| m.column(table, name))).is_ok()
        };
        let is_heading = heading.iter().filter(|name| mapped(name)).count() * 2 >= heading.len();
        for name in heading {
            let name = name.as_ref().trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let mapped = self.mapping.as_ref().map_or(name, |m| m.column(table, name));
            let Ok(column) = spec.column_index(mapped) else {
                if data.unknown.len() < MOST_NAMED {
                    data.unknown.push(if is_heading { cut(name) } else { crate::check::shape(name) });
                }
                cells.push(None);
                continue;
            };
            if data.columns[column].is_some() {
                data.repeated.push(spec.columns[column].name.clone());
                cells.push(None);
                continue;
            }
            data.columns[column] = Some(Column { dictionary: self.places[at][column], codes: Vec::new() });
            let column_spec = &spec.columns[column];
            let list = specification.list_of(column_spec);
            cells.push(Some((column, ColumnReader::new(table, column_spec, list, self.mapping.as_ref()))));
        }
        self.tables[at] = Some(data);
        let has_text = cells.iter().flatten().any(|(_, reader)| reader.kind() == ColumnType::Note);
        let names = if has_text { self.names() } else { Vec::new() };
        let is_person = |cell: &Option<(usize, ColumnReader)>| {
            cell.as_ref().is_some_and(|(column, _)| spec.columns[*column].name == "person_id")
        };
        let person = cells.iter().position(is_person);
        Ok(SheetReader { reader: self, table: at, cells, names, person })
    }

    /// Names of the people of the victims table, where it was read before and its linkage columns were sent.
    fn names(&self) -> Vec<(u32, String)> {
        let Some((at, table)) = self
            .specification
            .table_index("victim")
            .ok()
            .and_then(|at| self.tables[at].as_ref().map(|table| (at, table)))
        else {
            return Vec::new();
        };
        let column = |name: &str| {
            let place = self.specification.tables[at].column_index(name).ok()?;
            table.columns[place].as_ref().map(|sent| (sent, &self.dictionaries[sent.dictionary]))
        };
        let Some((people, ids)) = column("person_id") else { return Vec::new() };
        let mut names = Vec::new();
        for (sent, texts) in ["forename", "surname"].into_iter().filter_map(column) {
            for (person, name) in people.codes.iter().zip(&sent.codes) {
                if ids.facts[*person as usize].is_value() && texts.facts[*name as usize].is_value() {
                    names.push((ids.facts[*person as usize].code, texts.text(*name).trim().to_owned()));
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The return.
    pub fn finish(mut self) -> Return {
        for dictionary in &mut self.dictionaries {
            dictionary.table = HashTable::new();
        }
        let mut returned = Return {
            specification: self.specification,
            dictionaries: self.dictionaries,
            tables: self.tables,
            header: Header::default(),
        };
        returned.header = returned.read_header();
        returned
    }
}

impl SheetReader<'_> {
    /// Adds a row, with its number in the source for messages.
    pub fn row<B: AsRef<[u8]>>(&mut self, number: u32, cells: &[B]) -> Result<(), ReturnsError> {
        let Some(data) = self.reader.tables[self.table].as_mut() else { return Ok(()) };
        let row = data.numbers.len() as u32;
        if row >= MOST_ROWS {
            return Err(ReturnsError::TooManyRows {
                table: self.reader.specification.tables[self.table].name.clone(),
                limit: MOST_ROWS,
            });
        }
        data.numbers.push(number);
        if cells.len() != self.cells.len() {
            data.uneven_count += 1;
            if data.uneven.len() < MOST_NAMED {
                data.uneven.push((number, cells.len() as u32));
            }
        }
        let mut person = None;
        for (at, place) in self.cells.iter().enumerate() {
            let Some((column, reader)) = place else { continue };
            let Some(slot) = data.columns[*column].as_mut() else { continue };
            if reader.kind() == ColumnType::Note {
                continue;
            }
            let raw = cells.get(at).map_or(&[][..], |cell| cut_bytes(cell.as_ref()));
            let dictionary = &mut self.reader.dictionaries[slot.dictionary];
            let code = dictionary.intern(raw, reader);
            slot.codes.push(code);
            if self.person == Some(at) {
                person = Some(dictionary.facts[code as usize].code);
            }
        }
        // Texts come last, when the person whom they are about is known.
        for (at, place) in self.cells.iter().enumerate() {
            let Some((column, reader)) = place else { continue };
            let Some(slot) = data.columns[*column].as_mut().filter(|_| reader.kind() == ColumnType::Note)
            else {
                continue;
            };
            let raw = cells.get(at).map_or(&[][..], AsRef::as_ref);
            let own = person.map_or(&[][..], |person| {
                let from = self.names.partition_point(|(p, _)| *p < person);
                let until = self.names.partition_point(|(p, _)| *p <= person);
                &self.names[from..until]
            });
            let is_own = |word: &str| own.iter().any(|(_, name)| name == word);
            let dictionary = &mut self.reader.dictionaries[slot.dictionary];
            let marks = &mut data.marks;
            let code = note(raw, reader, dictionary, is_own, |mark| marks.push((row, *column as u16, mark)));
            slot.codes.push(code);
        }
        Ok(())
    }

    /// What is known of the file beside its cells.
    pub fn file(&mut self, facts: FileFacts) {
        if let Some(data) = self.reader.tables[self.table].as_mut() {
            data.file = facts;
        }
    }
}

/// The first bytes of a cell, cut between characters.
fn cut_bytes(cell: &[u8]) -> &[u8] {
    let Some(after) = cell.get(MOST_BYTES) else { return cell };
    let mut end = MOST_BYTES;
    let mut next = *after;
    while end > MOST_BYTES - 4 && next & 0xc0 == 0x80 {
        end -= 1;
        next = cell[end];
    }
    &cell[..end]
}

/// Looks a long text through for what should have been taken out, and keeps only whether there was one.
fn note(
    raw: &[u8],
    reader: &ColumnReader,
    dictionary: &mut Dictionary,
    is_own: impl Fn(&str) -> bool,
    mark: impl FnMut(TextMark),
) -> u32 {
    let (fact, _) = reader.read(raw);
    match fact.state {
        State::Value => {
            scan(std::str::from_utf8(raw).unwrap_or_default(), is_own, mark);
            dictionary.intern(b"text", reader)
        }
        State::Bad(crate::fact::Fault::NotUtf8) => dictionary.intern(&[0xff], reader),
        State::Bad(_) => {
            let code = dictionary.intern(b"too long", reader);
            dictionary.facts[code as usize].state = fact.state;
            code
        }
        State::Blank => dictionary.intern(b"", reader),
        State::Missing(missing) => dictionary.intern(missing.code().as_bytes(), reader),
    }
}

impl Return {
    /// The specification it was read by.
    pub fn specification(&self) -> &Specification {
        &self.specification
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Rows of a table; `None` where it was not sent.
    pub fn rows(&self, table: &str) -> Option<usize> {
        let at = self.specification.table_index(table).ok()?;
        self.tables[at].as_ref().map(|t| t.numbers.len())
    }

    /// The cells of a column that may be read; `None` where the column was not sent.
    ///
    /// A quality-only column cannot be asked for here:
    ///
    /// ```compile_fail,E0277
    /// use candour_returns::{ColumnOf, Quality, Return};
    /// fn attempt(returned: &Return, ethnicity: ColumnOf<Quality>) {
    ///     let _ = returned.values(ethnicity); // Quality is not Readable
    /// }
    /// ```
    pub fn values<P: Readable>(&self, column: ColumnOf<P>) -> Option<impl Iterator<Item = Cell<'_>>> {
        let (sent, dictionary) = self.of(column)?;
        Some(sent.codes.iter().map(move |code| {
            let fact = &dictionary.facts[*code as usize];
            match fact.state {
                State::Value => Cell::Value(self.canonical(column.table, column.column, *code)),
                State::Missing(missing) => Cell::Missing(missing),
                State::Blank => Cell::Blank,
                State::Bad(_) => Cell::Invalid,
            }
        }))
    }

    /// The cells of a quality-only column: each can be counted as recorded or not, and its value is out of reach.
    pub fn protected(&self, column: ColumnOf<Quality>) -> Option<impl Iterator<Item = Protected<Box<str>>>> {
        let (sent, dictionary) = self.of(column)?;
        Some(sent.codes.iter().map(|code| match dictionary.facts[*code as usize].state {
            State::Value => Protected::recorded(dictionary.text(*code).trim().into()),
            State::Missing(missing) => Protected::missing(missing.presence()),
            State::Blank | State::Bad(_) => Protected::missing(Presence::NotRecorded),
        }))
    }

    /// A table as CSV in the specification's own names and codes: its key, and its columns of one partition that may be read. This is
    /// what a loaded return is kept as: analysis and linkage apart, and quality-only columns not at all. A cell that is not of
    /// its column's type is left empty, and so is long text, which is read once and never kept.
    ///
    /// ```
    /// use candour_returns::{Analysis, Example, Specification};
    /// let specification = Specification::aud_1()?;
    /// let csv = Example::new(&specification).read(&specification)?.csv::<Analysis>("suspect")?;
    /// assert!(csv.starts_with("suspect_id,identified,sex,age_band,status\nS001,NAMED,F,10-17,SUSPECT\n"));
    /// # Ok::<(), candour_returns::ReturnsError>(())
    /// ```
    pub fn csv<P: Readable>(&self, table: &str) -> Result<String, ReturnsError> {
        let at = self.specification.table_index(table)?;
        let spec = &self.specification.tables[at];
        let Some(sent) = &self.tables[at] else { return Ok(String::new()) };
        let kept: Vec<usize> = (0..spec.columns.len())
            .filter(|c| sent.columns[*c].is_some())
            .filter(|c| spec.columns[*c].part == P::PARTITION || spec.key.contains(&spec.columns[*c].name))
            .collect();
        let names: Vec<&str> = kept.iter().map(|c| spec.columns[*c].name.as_str()).collect();
        let mut csv = names.join(",");
        csv.push('\n');
        for row in 0..sent.numbers.len() {
            for (place, column) in kept.iter().enumerate() {
                if place > 0 {
                    csv.push(',');
                }
                let Some(codes) = sent.columns[*column].as_ref() else { continue };
                let code = codes.codes[row];
                let fact = &self.dictionaries[codes.dictionary].facts[code as usize];
                let text = match (fact.state, spec.columns[*column].kind) {
                    (_, ColumnType::Note) | (State::Blank | State::Bad(_), _) => "",
                    (State::Missing(missing), _) if fact.extra & LISTED == 0 => missing.code(),
                    (State::Missing(_) | State::Value, _) => self.canonical(at, *column, code),
                };
                if text.contains([',', '"', '\n', '\r']) {
                    csv.push('"');
                    csv.push_str(&text.replace('"', "\"\""));
                    csv.push('"');
                } else {
                    csv.push_str(text);
                }
            }
            csv.push('\n');
        }
        Ok(csv)
    }

    /// A value as the specification writes it, whatever the source wrote.
    pub(crate) fn canonical(&self, table: usize, column: usize, code: u32) -> &str {
        let spec = &self.specification.tables[table].columns[column];
        let Some(sent) = self.tables[table].as_ref().and_then(|t| t.columns[column].as_ref()) else {
            return "";
        };
        let dictionary = &self.dictionaries[sent.dictionary];
        let fact = &dictionary.facts[code as usize];
        match (spec.kind, self.specification.list_of(spec)) {
            (ColumnType::Enum, Some(list)) if fact.is_value() || fact.extra & LISTED != 0 => {
                list.codes.get(fact.code as usize).map_or("", |c| c.code.as_str())
            }
            (ColumnType::Enum, _) => dictionary.text(code).trim(),
            _ => dictionary.text(fact.code),
        }
    }

    fn of<P: Part>(&self, column: ColumnOf<P>) -> Option<(&Column, &Dictionary)> {
        let spec = self.specification.tables.get(column.table)?.columns.get(column.column)?;
        if spec.part != P::PARTITION {
            return None;
        }
        let sent = self.tables.get(column.table)?.as_ref()?.columns.get(column.column)?.as_ref()?;
        Some((sent, &self.dictionaries[sent.dictionary]))
    }

    fn read_header(&self) -> Header {
        let cell = |name: &str| -> Option<(&str, &Fact)> {
            let at = self.specification.table_index("header").ok()?;
            let column = self.specification.tables[at].column_index(name).ok()?;
            let sent = self.tables[at].as_ref()?.columns[column].as_ref()?;
            let code = *sent.codes.first()?;
            let dictionary = &self.dictionaries[sent.dictionary];
            let fact = &dictionary.facts[code as usize];
            let canonical = if fact.is_value() && (fact.code as usize) < dictionary.len() {
                dictionary.text(code).trim()
            } else {
                dictionary.text(code)
            };
            fact.is_value().then_some((canonical, fact))
        };
        let text = |name: &str| cell(name).map(|(text, _)| text.to_owned());
        let day = |name: &str| cell(name).map(|(_, fact)| day_of(fact.low));
        let start_end = day("period_start").zip(day("period_end"));
        let coded = |name: &str| -> Option<String> {
            let column = self.specification.table("header").ok()?.column(name).ok()?;
            let (_, fact) = cell(name)?;
            self.specification.list_of(column)?.codes.get(fact.code as usize).map(|c| c.code.clone())
        };
        Header {
            body: text("body_code"),
            body_type: coded("body_type").and_then(|code| BodyType::of(&code)),
            call: text("call_id"),
            version: cell("return_version").and_then(|(_, fact)| u32::try_from(fact.low).ok()),
            definitions: text("definition_version"),
            period: start_end,
            extracted: cell("extract_at").map(|(_, fact)| day_of(fact.low.div_euclid(1440))),
            system: coded("source_system"),
            system_since: day("system_since"),
            nil: coded("nil_return").as_deref() == Some("Y"),
            nil_reason: text("nil_reason"),
            not_collected: text("not_collected")
                .map(|t| t.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specification::Analysis;

    #[test]
    fn a_record_in_the_place_of_a_heading_is_not_printed() {
        let specification = Specification::aud_1().unwrap();
        let mut reader = ReturnReader::new(&specification, None);
        reader.sheet("victim", &["P1", "Vance", "Ida", "sex"]).unwrap();
        let returned = reader.finish();
        let unknown = &returned.tables[2].as_ref().unwrap().unknown;
        assert_eq!(*unknown, ["A9", "Aa{4}", "Aa{2}"], "a record in the place of a heading is not printed");
    }

    #[test]
    fn cells_beyond_all_measure_are_cut_between_characters() {
        let long = "é".repeat(MOST_BYTES);
        assert!(std::str::from_utf8(cut_bytes(long.as_bytes())).is_ok());
        assert!(std::str::from_utf8(cut_bytes(format!("a{long}").as_bytes())).is_ok());
        assert_eq!(cut_bytes(&vec![0x80; MOST_BYTES + 9]).len(), MOST_BYTES - 4);
        assert_eq!(cut_bytes(b"short"), b"short");
    }

    #[test]
    fn cells_are_read_by_partition() {
        let specification = Specification::aud_1().unwrap();
        let mut reader = ReturnReader::new(&specification, None);
        let mut sheet = reader.sheet("victim", &["person_id", "sex", "ethnicity", "shoe_size"]).unwrap();
        sheet.row(2, &["P1", "F", "A1", "5"]).unwrap();
        sheet.row(3, &[" P1 ", "NR", "NS"]).unwrap();
        sheet.row(4, &["P2", "", "B7", "6", "7"]).unwrap();
        let twice = reader.sheet("victim", &["person_id"]).err().map(|e| e.to_string());
        assert!(twice.is_some_and(|refusal| refusal.contains("victim was read already")));
        let returned = reader.finish();
        let sex = specification.column_of::<Analysis>("victim", "sex").unwrap();
        let cells: Vec<Cell<'_>> = returned.values(sex).unwrap().collect();
        assert_eq!(cells, [Cell::Value("F"), Cell::Missing(Missing::Refused), Cell::Blank]);
        let ethnicity = specification.column_of::<Quality>("victim", "ethnicity").unwrap();
        let presence: Vec<Presence> = returned.protected(ethnicity).unwrap().map(|p| p.presence()).collect();
        assert_eq!(presence, [Presence::Recorded, Presence::NotStated, Presence::NotRecorded]);
        let victim = returned.tables[2].as_ref().unwrap();
        assert_eq!(victim.unknown, ["shoe_size"]);
        assert_eq!(victim.uneven, [(3, 3), (4, 5)]);
        let ids = victim.columns[0].as_ref().unwrap();
        let dictionary = &returned.dictionaries[ids.dictionary];
        let people: Vec<u32> = ids.codes.iter().map(|c| dictionary.facts[*c as usize].code).collect();
        assert_eq!(people[0], people[1], "spaces around an id do not make another person");
        assert_ne!(people[0], people[2]);
    }
}
