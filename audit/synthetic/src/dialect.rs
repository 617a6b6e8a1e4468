//! A table in the spelling of the record system it is drawn from: the mapping by which the data call reads that system's exports,
//! turned round.

use std::io::Write;

use candour_returns::{ColumnType, DateOrder, Mapping, Specification, TableSpec};

use crate::dates::number;

/// What one column needs on its way into a return.
#[derive(Debug, Clone, Default)]
struct Spelling {
    /// Codes of the specification, the missing ones among them, and how the system writes them.
    codes: Vec<(Vec<u8>, Vec<u8>)>,
    dates: DateOrder,
}

/// A table as one system writes it.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The heading line.
    pub(crate) heading: Vec<u8>,
    spellings: Vec<Spelling>,
    /// Places of the specification's columns in the order in which they are written.
    order: Vec<usize>,
}

impl Layout {
    /// `moved` of a table's first columns stand at its end.
    pub(crate) fn new(
        specification: &Specification,
        table: &TableSpec,
        mapping: &Mapping,
        moved: usize,
    ) -> Self {
        let count = table.columns.len();
        let moved = moved % count.max(1);
        let order: Vec<usize> = (moved..count).chain(0..moved).collect();
        let local = |name: &str| {
            let names = mapping.columns.get(&table.name)?;
            names.iter().find(|(_, own)| *own == name).map(|(local, _)| local.as_str())
        };
        let mut heading = Vec::new();
        for (n, &place) in order.iter().enumerate() {
            if n > 0 {
                heading.push(b',');
            }
            let name = table.columns[place].name.as_str();
            push_quoted(local(name).unwrap_or(name).as_bytes(), &mut heading);
        }
        heading.push(b'\n');
        let spellings = table
            .columns
            .iter()
            .map(|column| {
                let mut codes: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
                let mut add = |code: &str, local: &str| {
                    // Where a system has several spellings of one code, the first is written.
                    if !codes.iter().any(|(own, _)| own == code.as_bytes()) {
                        codes.push((code.as_bytes().to_vec(), local.as_bytes().to_vec()));
                    }
                };
                let own = column.list.as_ref().and_then(|name| mapping.codes.get(name));
                for (local, code) in own.into_iter().flatten() {
                    add(code, local);
                }
                // A local word for a missing value may be a code of the list, and would be read as that.
                let taken = |local: &str| {
                    specification
                        .list_of(column)
                        .is_some_and(|list| list.codes.iter().any(|c| c.code == local))
                        || own.is_some_and(|codes| codes.contains_key(local))
                };
                for (local, missing) in &mapping.missing {
                    if !taken(local) {
                        add(missing.code(), local);
                    }
                }
                let dated =
                    matches!(column.kind, ColumnType::Date | ColumnType::PartialDate | ColumnType::DateTime);
                Spelling { codes, dates: if dated { mapping.dates } else { DateOrder::Iso } }
            })
            .collect();
        Self { heading, spellings, order }
    }

    pub(crate) fn columns(&self) -> usize {
        self.order.len()
    }
}

/// One row in the order and the spelling of the specification, until it is written in a system's.
#[derive(Debug, Default)]
pub(crate) struct Row {
    cells: Vec<u8>,
    ends: Vec<u32>,
    /// A cell that is written as it stands here, whatever it holds: a fault put in.
    pub(crate) damaged: Option<(usize, Vec<u8>)>,
}

impl Row {
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
        self.damaged = None;
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, value: &[u8]) -> &mut Self {
        self.cells.extend_from_slice(value);
        self.ends.push(self.cells.len() as u32);
        self
    }

    /// Adds a cell of text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.push(value.as_bytes())
    }

    /// Adds a cell that is built in place.
    pub(crate) fn with(&mut self, build: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        build(&mut self.cells);
        self.ends.push(self.cells.len() as u32);
        self
    }

    pub(crate) fn cell(&self, place: usize) -> &[u8] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.cells[start..self.ends[place] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Writes the row as a line of CSV (RFC 4180, with line feeds alone).
    pub(crate) fn write(&self, layout: &Layout, into: &mut Vec<u8>) {
        debug_assert_eq!(self.len(), layout.columns());
        for (n, &place) in layout.order.iter().enumerate() {
            if n > 0 {
                into.push(b',');
            }
            if let Some((_, cell)) = self.damaged.as_ref().filter(|(at, _)| *at == place) {
                push_quoted(cell, into);
                continue;
            }
            let cell = self.cell(place);
            let spelling = &layout.spellings[place];
            let coded =
                if cell.len() > 24 { None } else { spelling.codes.iter().find(|(code, _)| code == cell) };
            if let Some((_, local)) = coded {
                into.extend_from_slice(local);
            } else if spelling.dates == DateOrder::Iso {
                push_quoted(cell, into);
            } else {
                push_date(cell, spelling.dates, into);
            }
        }
        into.push(b'\n');
    }
}

/// A date in another order, with its time where it has one. A year or a month alone and a missing code stay as they are.
fn push_date(iso: &[u8], order: DateOrder, into: &mut Vec<u8>) {
    let whole = iso.len() >= 10 && iso[4] == b'-' && iso[7] == b'-';
    if !whole {
        into.extend_from_slice(iso);
        return;
    }
    let time = iso.get(11..16);
    if order == DateOrder::SpreadsheetSerial {
        let digits = |range: std::ops::Range<usize>| {
            iso[range].iter().fold(0, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')))
        };
        // Day 0 of spreadsheets is 30 December 1899.
        let days = number(digits(0..4) as i32, digits(5..7), digits(8..10)) + 25_569;
        // Writing to a Vec cannot fail.
        let _ = write!(into, "{days}");
        if time.is_some() {
            let minutes = digits(11..13) * 60 + digits(14..16);
            let _ = write!(into, ".{:06}", u64::from(minutes) * 1_000_000 / 1440);
        }
        return;
    }
    let (year, month, day) = (&iso[..4], &iso[5..7], &iso[8..10]);
    let parts = if order == DateOrder::MonthFirst { [month, day] } else { [day, month] };
    for part in parts {
        into.extend_from_slice(part);
        into.push(b'/');
    }
    into.extend_from_slice(year);
    if let Some(time) = time {
        into.push(b' ');
        into.extend_from_slice(time);
    }
}

/// A cell with quotes where CSV needs them.
pub(crate) fn push_quoted(cell: &[u8], into: &mut Vec<u8>) {
    if !cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        into.extend_from_slice(cell);
        return;
    }
    into.push(b'"');
    for &b in cell {
        if b == b'"' {
            into.push(b'"');
        }
        into.push(b);
    }
    into.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(iso: &str, order: DateOrder) -> String {
        let mut into = Vec::new();
        push_date(iso.as_bytes(), order, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn dates_are_written_in_each_order() {
        assert_eq!(date("2021-03-04", DateOrder::DayFirst), "04/03/2021");
        assert_eq!(date("2021-03-04", DateOrder::MonthFirst), "03/04/2021");
        assert_eq!(date("2021-03-04T05:06Z", DateOrder::DayFirst), "04/03/2021 05:06");
        assert_eq!(date("2021-03", DateOrder::DayFirst), "2021-03");
        assert_eq!(date("2021", DateOrder::DayFirst), "2021");
        assert_eq!(date("NK", DateOrder::DayFirst), "NK");
        assert_eq!(date("1970-01-01", DateOrder::SpreadsheetSerial), "25569");
        assert_eq!(date("2025-03-01T22:15Z", DateOrder::SpreadsheetSerial), "45717.927083");
    }

    #[test]
    fn a_damaged_cell_is_written_as_it_stands() {
        let specification = Specification::aud_1().unwrap();
        let table = specification.table("file").unwrap();
        let layout = Layout::new(&specification, table, &Mapping::default(), 0);
        let mut row = Row::default();
        row.text("victim").text("3").text("a,b");
        row.damaged = Some((1, b"x\"y".to_vec()));
        let mut line = Vec::new();
        row.write(&layout, &mut line);
        assert_eq!(line, b"victim,\"x\"\"y\",\"a,b\"\n");
    }

    #[test]
    fn a_system_calls_columns_and_codes_by_its_own_names() {
        let specification = Specification::aud_1().unwrap();
        let table = specification.table("missing").unwrap();
        let mosaic = Mapping::dialect("mosaic", &specification).unwrap();
        let layout = Layout::new(&specification, table, &mosaic, 1);
        let heading = String::from_utf8(layout.heading.clone()).unwrap();
        assert!(
            heading.starts_with("PersonID,StartDateTime,EndDateTime,MissingType,reported_to_police,"),
            "{heading}"
        );
        assert!(heading.ends_with(",MissingEpisodeID\n"));
        let mut row = Row::default();
        for cell in ["M1", "P1", "2021-03-04T22:15Z", "NA", "M", "Y", "N", "NK", "NA", "N"] {
            row.text(cell);
        }
        let mut line = Vec::new();
        row.write(&layout, &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "P1,04/03/2021 22:15,Not applicable,Missing,1,0,Not known,Not applicable,0,M1\n"
        );
    }
}
