//! Tables as dictionary codes: each distinct text is kept once, each record holds a number for it.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::LinkageError;

/// The code of a missing value.
pub(crate) const MISSING: u32 = u32::MAX;

/// Many texts in one allocation, numbered from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<u64>,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(crate) fn get(&self, code: u32) -> &str {
        let at = code as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }

    pub(crate) fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
        (self.ends.len() - 1) as u32
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|code| self.get(code))
    }
}

/// Gives each distinct text a number, in the order first met.
#[derive(Default)]
pub(crate) struct Interner {
    pub(crate) texts: Texts,
    /// Each number beside half of its text's hash, so that looking and growing seldom read the texts themselves.
    table: HashTable<(u32, u32)>,
    /// Numbers do not depend on its keys, so a run can be made again.
    hasher: DefaultHashBuilder,
}

/// A hash made again of the half that is kept.
fn spread(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

impl Interner {
    #[inline]
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let half = (self.hasher.hash_one(text) >> 32) as u32;
        let texts = &mut self.texts;
        let same = |entry: &(u32, u32)| entry.0 == half && texts.get(entry.1) == text;
        if let Some((_, code)) = self.table.find(spread(half), same) {
            return *code;
        }
        let code = texts.push(text);
        self.table.insert_unique(spread(half), (half, code), |entry| spread(entry.0));
        code
    }
}

/// One column of all records.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// A code for each record; [`MISSING`] where it has none.
    pub(crate) codes: Arc<Vec<u32>>,
    /// The text of each code.
    pub(crate) values: Arc<Texts>,
}

/// The records of one or more sources, numbered from 0 in the order in which they were given.
#[derive(Debug, Clone)]
pub struct Records {
    pub(crate) columns: BTreeMap<String, Column>,
    pub(crate) ids: Texts,
    /// The source of each record.
    pub(crate) sources: Vec<u16>,
    pub(crate) source_names: Vec<String>,
}

impl Records {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The names of the sources, in the order met.
    pub fn source_names(&self) -> &[String] {
        &self.source_names
    }

    /// The source of each record, as a number into [`source_names`](Self::source_names).
    pub fn sources(&self) -> &[u16] {
        &self.sources
    }

    /// The id of a record within its source.
    pub fn id(&self, record: u32) -> &str {
        self.ids.get(record)
    }

    /// The name of a record's source.
    pub fn source(&self, record: u32) -> &str {
        &self.source_names[usize::from(self.sources[record as usize])]
    }

    /// The text of a column of a record; `None` where it is missing or no such column was kept.
    pub fn value(&self, record: u32, column: &str) -> Option<&str> {
        let column = self.columns.get(column)?;
        let code = *column.codes.get(record as usize)?;
        (code != MISSING).then(|| column.values.get(code))
    }

    /// The share of records that have a value, for each column kept.
    pub fn completeness(&self) -> Vec<(&str, f64)> {
        self.columns
            .iter()
            .map(|(name, column)| {
                let present = column.codes.iter().filter(|c| **c != MISSING).count();
                (name.as_str(), present as f64 / self.len().max(1) as f64)
            })
            .collect()
    }
}

/// Takes rows in and makes [`Records`] of them. Columns that nobody asked for are not kept.
pub(crate) struct RecordsBuilder {
    wanted: Vec<String>,
    interners: Vec<Interner>,
    codes: Vec<Vec<u32>>,
    ids: Texts,
    sources: Vec<u16>,
    source_names: Vec<String>,
}

impl RecordsBuilder {
    pub(crate) fn new(wanted: Vec<String>) -> Self {
        Self {
            interners: wanted.iter().map(|_| Interner::default()).collect(),
            codes: wanted.iter().map(|_| Vec::new()).collect(),
            wanted,
            ids: Texts::default(),
            sources: Vec::new(),
            source_names: Vec::new(),
        }
    }

    pub(crate) fn wanted(&self) -> &[String] {
        &self.wanted
    }

    /// The number of a source.
    pub(crate) fn source(&mut self, name: &str) -> Result<u16, LinkageError> {
        if let Some(at) = self.source_names.iter().rposition(|s| s == name) {
            return Ok(at as u16);
        }
        if self.source_names.len() >= usize::from(u16::MAX) {
            return Err(LinkageError::Table {
                table: name.to_owned(),
                reason: "more than 65,535 sources; is the source column an identifier of records?".to_owned(),
            });
        }
        self.source_names.push(name.to_owned());
        Ok((self.source_names.len() - 1) as u16)
    }

    pub(crate) fn push_id(&mut self, id: &str, source: u16) -> Result<(), LinkageError> {
        if self.sources.len() >= MISSING as usize - 1 {
            return Err(LinkageError::Table {
                table: self.source_names[usize::from(source)].clone(),
                reason: "more than 4,294,967,294 records".to_owned(),
            });
        }
        self.ids.push(id);
        self.sources.push(source);
        Ok(())
    }

    pub(crate) fn push_value(&mut self, column: usize, value: Option<&str>) {
        let code = value.map_or(MISSING, |v| self.interners[column].intern(v));
        self.codes[column].push(code);
    }

    /// The records taken so far.
    pub(crate) fn len(&self) -> usize {
        self.sources.len()
    }

    pub(crate) fn finish(self) -> Result<Records, LinkageError> {
        let columns = self
            .wanted
            .into_iter()
            .zip(self.interners)
            .zip(self.codes)
            .map(|((name, interner), codes)| {
                (name, Column { codes: Arc::new(codes), values: Arc::new(interner.texts) })
            })
            .collect();
        let records =
            Records { columns, ids: self.ids, sources: self.sources, source_names: self.source_names };
        records.check_ids()?;
        Ok(records)
    }
}

impl Records {
    /// Refuses two records of one source with one id.
    fn check_ids(&self) -> Result<(), LinkageError> {
        let hasher = DefaultHashBuilder::default();
        let mut table: HashTable<(u32, u32)> = HashTable::with_capacity(self.len());
        for (record, source) in (0_u32..).zip(&self.sources) {
            let id = self.ids.get(record);
            let half = (hasher.hash_one((source, id)) >> 32) as u32;
            let same = |entry: &(u32, u32)| {
                entry.0 == half && self.sources[entry.1 as usize] == *source && self.ids.get(entry.1) == id
            };
            if let Some((_, first)) = table.find(spread(half), same) {
                let row =
                    |of: u32| self.sources[..=of as usize].iter().filter(|s| *s == source).count() as u64;
                return Err(LinkageError::DuplicateId {
                    table: self.source_names[usize::from(*source)].clone(),
                    id: id.to_owned(),
                    first: row(*first),
                    second: row(record),
                });
            }
            table.insert_unique(spread(half), (half, record), |entry| spread(entry.0));
        }
        Ok(())
    }
}
