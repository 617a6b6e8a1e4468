//! Tables as dictionary codes: each distinct text is kept once, each record holds a number for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::LinkageError;
use crate::random::mix;

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
        let (start, end) = self.span(code);
        &self.bytes[start as usize..end as usize]
    }

    #[inline]
    fn span(&self, code: u32) -> (u64, u64) {
        let at = code as usize;
        (if at == 0 { 0 } else { self.ends[at - 1] }, self.ends[at])
    }

    pub(crate) fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
        (self.ends.len() - 1) as u32
    }

    fn truncate(&mut self, texts: usize) {
        self.ends.truncate(texts);
        self.bytes.truncate(self.ends.last().map_or(0, |end| *end as usize));
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

    /// Where a record's id lies in [`id_bytes`](Self::id_bytes).
    pub(crate) fn id_span(&self, record: u32) -> (u64, u64) {
        self.ids.span(record)
    }

    /// All ids, one after another.
    pub(crate) fn id_bytes(&self) -> &[u8] {
        self.ids.bytes.as_bytes()
    }

    /// The id of a record within its source.
    pub fn id(&self, record: u32) -> &str {
        self.ids.get(record)
    }

    /// The name of a record over all sources: its id, and before it the source where there are several.
    pub fn key(&self, record: u32) -> Cow<'_, str> {
        if self.source_names.len() > 1 {
            Cow::Owned(format!("{}-__-{}", self.source(record), self.id(record)))
        } else {
            Cow::Borrowed(self.id(record))
        }
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

/// Which number the text at an address was given, for the addresses last seen.
pub(crate) struct Recent(Vec<(usize, u32)>);

impl Recent {
    const SLOTS: usize = 1 << 15;

    pub(crate) fn new() -> Self {
        Self(vec![(0, 0); Self::SLOTS])
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

    /// The same for one of many values of which equal ones often lie at one address, as those of a Parquet dictionary do.
    pub(crate) fn push_recent(&mut self, column: usize, value: Option<&str>, recent: &mut Recent) {
        let Some(text) = value.filter(|t| !t.is_empty()) else {
            self.codes[column].push(MISSING);
            return;
        };
        let address = text.as_ptr() as usize;
        let slot = &mut recent.0[mix(0, address as u64) as usize % Recent::SLOTS];
        // An address may be used again for another text.
        if slot.0 != address || self.interners[column].texts.get(slot.1) != text {
            *slot = (address, self.interners[column].intern(text));
        }
        self.codes[column].push(slot.1);
    }

    /// The records taken so far.
    pub(crate) fn len(&self) -> usize {
        self.sources.len()
    }

    /// Keeps the first records only.
    pub(crate) fn truncate(&mut self, records: usize) {
        self.codes.iter_mut().for_each(|codes| codes.truncate(records));
        self.sources.truncate(records);
        self.ids.truncate(records);
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
        let mut keyed: Vec<u64> = (0_u32..)
            .zip(&self.sources)
            .map(|(record, source)| {
                let half = hasher.hash_one((source, self.ids.get(record))) >> 32;
                half << 32 | u64::from(record)
            })
            .collect();
        keyed.sort_unstable();
        let same = |a: u32, b: u32| {
            self.sources[a as usize] == self.sources[b as usize] && self.ids.get(a) == self.ids.get(b)
        };
        // Records of one hash stand in their order, so the first two of them that are alike are found first.
        let twice = keyed
            .chunk_by(|a, b| a >> 32 == b >> 32)
            .filter(|alike| alike.len() > 1)
            .filter_map(|alike| {
                let records = || alike.iter().map(|k| *k as u32);
                records().enumerate().find_map(|(at, second)| {
                    records().take(at).find(|first| same(*first, second)).map(|first| (second, first))
                })
            })
            .min();
        let Some((second, first)) = twice else { return Ok(()) };
        let source = self.sources[second as usize];
        let row = |of: u32| self.sources[..=of as usize].iter().filter(|s| **s == source).count() as u64;
        Err(LinkageError::DuplicateId {
            table: self.source_names[usize::from(source)].clone(),
            id: self.ids.get(second).to_owned(),
            first: row(first),
            second: row(second),
        })
    }
}
