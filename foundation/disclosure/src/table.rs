use std::fmt;

use candour_record::{Finding, Presence, Protected, Severity};

use crate::lp::Sums;
use crate::{Dimension, DisclosureError};

/// Cells one table may have, totals included.
pub const MOST_CELLS: usize = 200_000;
/// Dimensions one table may have.
pub const MOST_DIMENSIONS: usize = 6;
/// The largest count: beyond it sums would lose their last digit in the attacker's arithmetic.
pub const LARGEST_COUNT: u64 = 1 << 40;

/// A table of counts as they are: sensitive, and so without any way to print it.
///
/// It has a count for every combination of its dimensions' codes, totals included, and every total is the sum of its parts.
/// `Debug` shows its shape and none of its counts. These do not compile:
///
/// ```compile_fail,E0277
/// # let (table, _) = candour_disclosure::CountTable::from_csv("t", "a,count\ntotal,1\nx,1\n", r#"[{"total":["x"]}]"#).unwrap();
/// println!("{table}"); // counts are printed as a PublicTable or not at all
/// ```
/// ```compile_fail,E0277
/// fn write<T: serde::Serialize>(_: &T) {}
/// # let (table, _) = candour_disclosure::CountTable::from_csv("t", "a,count\ntotal,1\nx,1\n", r#"[{"total":["x"]}]"#).unwrap();
/// write(&table); // cannot be serialised
/// ```
/// ```compile_fail,E0616
/// # let (table, _) = candour_disclosure::CountTable::from_csv("t", "a,count\ntotal,1\nx,1\n", r#"[{"total":["x"]}]"#).unwrap();
/// let counts = table.counts; // a private field
/// ```
#[derive(Clone)]
pub struct CountTable {
    name: String,
    population: String,
    dimensions: Vec<Dimension>,
    strides: Vec<usize>,
    counts: Vec<u64>,
    /// Cells that cannot apply, such as a body that did not exist.
    not_applicable: Vec<bool>,
    /// Sums of record keys, where records were counted with them.
    keys: Option<Vec<u64>>,
}

impl fmt::Debug for CountTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape: Vec<String> =
            self.dimensions.iter().map(|d| format!("{} {}", d.name(), d.len())).collect();
        write!(f, "CountTable({}: {})", self.name, shape.join(" x "))
    }
}

impl CountTable {
    /// Reads a table from CSV text, a column for each dimension and then `count`, a row for each cell, totals included or not;
    /// and its hierarchy, a JSON list with an object `parent -> children` for each dimension.
    ///
    /// A count of `z` marks a cell that cannot apply. Cells that are not given are zero, or the sum of their parts; a finding
    /// says how many.
    ///
    /// # Errors
    ///
    /// Where the text cannot be read, a code is not in the hierarchy, a cell is given twice, a total is not the sum of its parts,
    /// or a limit is passed.
    pub fn from_csv(name: &str, csv: &str, hierarchy: &str) -> Result<(Self, Vec<Finding>), DisclosureError> {
        let wrong =
            |line: u64, reason: String| DisclosureError::Table { table: name.to_owned(), line, reason };
        let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(csv.as_bytes());
        let header = reader.headers().map_err(|e| wrong(1, e.to_string()))?.clone();
        let mut names: Vec<&str> = header.iter().map(str::trim).collect();
        if names.pop() != Some("count") || names.is_empty() {
            return Err(wrong(1, "the header must name the dimensions and then count".to_owned()));
        }
        let mut table = Self::empty(name, Dimension::from_json(hierarchy, &names)?)?;
        let mut given = vec![false; table.counts.len()];
        for row in reader.records() {
            let row = row.map_err(|e| wrong(e.position().map_or(0, csv::Position::line), e.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            let mut cell = 0;
            for (place, dimension) in table.dimensions.iter().enumerate() {
                let label = row.get(place).unwrap_or_default().trim();
                let code = dimension.code(label).ok_or_else(|| {
                    wrong(line, format!("{label} is not in the hierarchy of {}", dimension.name()))
                })?;
                cell += code as usize * table.strides[place];
            }
            if std::mem::replace(&mut given[cell], true) {
                return Err(wrong(line, format!("{} is given a second time", table.cell_name(cell))));
            }
            match row.get(names.len()).unwrap_or_default().trim() {
                "z" => table.not_applicable[cell] = true,
                text => {
                    table.counts[cell] =
                        text.parse().ok().filter(|c| *c <= LARGEST_COUNT).ok_or_else(|| {
                            wrong(line, format!("{text:?} is not a whole count from 0 to {LARGEST_COUNT}"))
                        })?;
                }
            }
        }
        let findings = table.complete(&given)?;
        Ok((table, findings))
    }

    /// Fills in what was not given and checks every sum.
    fn complete(&mut self, given: &[bool]) -> Result<Vec<Finding>, DisclosureError> {
        let mut findings = Vec::new();
        let mut sums_made = 0u64;
        let mut broken = 0usize;
        let mut first: Option<(usize, usize)> = None;
        let mut settled = given.to_vec();
        for (along, parent, children) in self.sums_along() {
            let parent = parent as usize;
            let sum: u64 = children.iter().map(|&c| self.counts[c as usize]).sum();
            if settled[parent] {
                if self.counts[parent] != sum {
                    broken += 1;
                    first.get_or_insert((along, parent));
                }
            } else {
                self.counts[parent] = sum;
                settled[parent] = true;
                sums_made += 1;
            }
        }
        if let Some((along, parent)) = first {
            return Err(DisclosureError::Sum {
                table: self.name.clone(),
                broken,
                at: self.cell_name(parent),
                along: self.dimensions[along].name().to_owned(),
            });
        }
        if let Some(most) = self.counts.iter().max().filter(|most| **most > LARGEST_COUNT) {
            return Err(DisclosureError::TooLarge {
                table: self.name.clone(),
                what: "in one cell",
                found: *most,
                limit: LARGEST_COUNT,
            });
        }
        let zeros = settled.iter().filter(|settled| !**settled).count();
        if zeros > 0 {
            findings.push(Finding::new(
                Severity::Warning,
                "cells_not_given",
                format!(
                    "{}: {zeros} cells were not given and are counted as zero; check that none was lost",
                    self.name
                ),
            ));
        }
        if sums_made > 0 {
            findings.push(Finding::new(
                Severity::Note,
                "totals_not_given",
                format!("{}: {sums_made} totals were not given and were made from their parts", self.name),
            ));
        }
        Ok(findings)
    }

    fn empty(name: &str, dimensions: Vec<Dimension>) -> Result<Self, DisclosureError> {
        let too_large = |what, found, limit| {
            Err(DisclosureError::TooLarge { table: name.to_owned(), what, found, limit })
        };
        if dimensions.len() > MOST_DIMENSIONS {
            return too_large("dimensions", dimensions.len() as u64, MOST_DIMENSIONS as u64);
        }
        for (place, dimension) in dimensions.iter().enumerate() {
            if dimensions[..place].iter().any(|other| other.name() == dimension.name()) {
                return Err(DisclosureError::Hierarchy {
                    dimension: dimension.name().to_owned(),
                    reason: format!("table {name} has it twice; give each dimension its own name"),
                });
            }
        }
        let cells =
            dimensions.iter().try_fold(1usize, |cells, d| cells.checked_mul(d.len())).unwrap_or(usize::MAX);
        if cells > MOST_CELLS {
            return too_large("cells", cells as u64, MOST_CELLS as u64);
        }
        let mut strides = vec![1; dimensions.len()];
        for place in (1..dimensions.len()).rev() {
            strides[place - 1] = strides[place] * dimensions[place].len();
        }
        Ok(Self {
            name: name.to_owned(),
            population: String::new(),
            dimensions,
            strides,
            counts: vec![0; cells],
            not_applicable: vec![false; cells],
            keys: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same table, said to count a population of its own.
    ///
    /// Tables of one population that name the same dimension and code are taken to count the same people there, so that what one
    /// shows is used to attack the other. Without a name all are of one population: the safe side.
    pub fn of_population(mut self, population: impl Into<String>) -> Self {
        self.population = population.into();
        self
    }

    /// The population it counts.
    pub fn population(&self) -> &str {
        &self.population
    }

    /// Its dimensions, whose codes are no secret.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many cells it has, totals included.
    pub fn cells(&self) -> usize {
        self.counts.len()
    }

    pub(crate) fn count(&self, cell: usize) -> u64 {
        self.counts[cell]
    }

    pub(crate) fn applies(&self, cell: usize) -> bool {
        !self.not_applicable[cell]
    }

    pub(crate) fn record_keys(&self) -> Option<&[u64]> {
        self.keys.as_deref()
    }

    pub(crate) fn strides(&self) -> &[usize] {
        &self.strides
    }

    /// A cell's code in one dimension.
    pub(crate) fn code(&self, cell: usize, dimension: usize) -> u32 {
        (cell / self.strides[dimension] % self.dimensions[dimension].len()) as u32
    }

    /// A cell's labels joined by bars, as in `north|total|10-15`.
    pub(crate) fn cell_name(&self, cell: usize) -> String {
        self.labels(cell).collect::<Vec<_>>().join("|")
    }

    pub(crate) fn labels(&self, cell: usize) -> impl Iterator<Item = &str> {
        self.dimensions.iter().enumerate().map(move |(place, d)| d.label(self.code(cell, place)))
    }

    /// Every sum that holds, with the dimension it runs along: inner cells first, so that totals rest on what is settled.
    fn sums_along(&self) -> Vec<(usize, u32, Vec<u32>)> {
        let mut sums = Vec::new();
        for (place, dimension) in self.dimensions.iter().enumerate() {
            for cell in 0..self.counts.len() {
                let code = self.code(cell, place);
                if dimension.is_leaf(code) {
                    continue;
                }
                let base = cell - code as usize * self.strides[place];
                let children = dimension
                    .children(code)
                    .iter()
                    .map(|&child| (base + child as usize * self.strides[place]) as u32)
                    .collect();
                sums.push((place, cell as u32, children));
            }
        }
        let depth = |cell: u32| -> u32 {
            self.dimensions
                .iter()
                .enumerate()
                .map(|(place, d)| d.depth(self.code(cell as usize, place)))
                .sum()
        };
        sums.sort_by_cached_key(|(place, parent, _)| (u32::MAX - depth(*parent), *parent, *place));
        sums
    }

    /// Every sum that holds.
    pub(crate) fn sums(&self) -> Sums {
        self.sums_along().into_iter().map(|(_, parent, children)| (Some(parent), children)).collect()
    }
}

/// One record's code in one dimension, on its way into a count. It cannot be read back.
///
/// Made from text, or from a [`Protected`] characteristic: a missing one is counted under `not stated`, `not recorded` or
/// `not applicable`.
///
/// ```compile_fail,E0616
/// let ethnicity = candour_record::Protected::recorded("A1".to_owned());
/// let text = candour_disclosure::Entry::from(&ethnicity).0; // a private field
/// ```
#[derive(Clone, Copy)]
pub struct Entry<'a>(&'a str);

impl<'a> From<&'a str> for Entry<'a> {
    fn from(code: &'a str) -> Self {
        Self(code)
    }
}

impl<'a, T: AsRef<str>> From<&'a Protected<T>> for Entry<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door: what goes in here comes out only as a count"
    )]
    fn from(characteristic: &'a Protected<T>) -> Self {
        Self(match characteristic.at_the_door() {
            Ok(code) => code.as_ref(),
            Err(Presence::NotStated) => "not stated",
            Err(Presence::NotApplicable) => "not applicable",
            Err(Presence::NotRecorded | Presence::Recorded) => "not recorded",
        })
    }
}

/// A number of records for a finding, which may be printed: findings have not passed the door.
fn about(records: u64) -> String {
    if records < 10 { "fewer than 10".to_owned() } else { format!("about {}", (records + 5) / 10 * 10) }
}

/// Counts records into a table: the one way for a [`Protected`] column to be published.
///
/// ```
/// use candour_disclosure::{Dimension, Tally};
/// use candour_record::{Presence, Protected};
///
/// let area = Dimension::flat("area", "all", ["north", "south"])?;
/// let ethnicity = Dimension::flat("ethnicity", "all", ["A", "B", "not stated"])?;
/// let mut tally = Tally::new("by area and ethnicity", vec![area, ethnicity])?;
/// tally.add(&["north".into(), (&Protected::recorded("A")).into()], None);
/// tally.add(&["south".into(), (&Protected::<&str>::missing(Presence::NotStated)).into()], None);
/// let (table, findings) = tally.finish()?;
/// assert_eq!((table.cells(), findings.len()), (12, 0));
/// # Ok::<(), candour_disclosure::DisclosureError>(())
/// ```
pub struct Tally {
    table: CountTable,
    records: u64,
    keyed: u64,
    unplaced: Vec<u64>,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tally({:?})", self.table)
    }
}

impl Tally {
    /// An empty table to count into.
    ///
    /// # Errors
    ///
    /// Where the table would pass a limit.
    pub fn new(name: &str, dimensions: Vec<Dimension>) -> Result<Self, DisclosureError> {
        let mut table = CountTable::empty(name, dimensions)?;
        table.keys = Some(vec![0; table.counts.len()]);
        let unplaced = vec![0; table.dimensions.len()];
        Ok(Self { table, records: 0, keyed: 0, unplaced })
    }

    /// Counts one record: its code in each dimension, and its record key if cell keys are to be used.
    ///
    /// A record whose code is not the lowest level of a dimension cannot be placed; [`Tally::finish`] says how many there were.
    pub fn add(&mut self, entries: &[Entry<'_>], record_key: Option<u32>) {
        self.records += 1;
        let mut cell = 0;
        for (place, dimension) in self.table.dimensions.iter().enumerate() {
            let code = entries.get(place).and_then(|e| dimension.code(e.0)).filter(|c| dimension.is_leaf(*c));
            let Some(code) = code else {
                self.unplaced[place] += 1;
                return;
            };
            cell += code as usize * self.table.strides[place];
        }
        self.table.counts[cell] += 1;
        if let (Some(key), Some(keys)) = (record_key, &mut self.table.keys) {
            self.keyed += 1;
            keys[cell] += u64::from(key);
        }
    }

    /// The table, with its totals.
    ///
    /// # Errors
    ///
    /// Where a count passes [`LARGEST_COUNT`].
    pub fn finish(self) -> Result<(CountTable, Vec<Finding>), DisclosureError> {
        let Self { mut table, records, keyed, unplaced } = self;
        let mut findings = Vec::new();
        for (dimension, lost) in table.dimensions.iter().zip(&unplaced).filter(|(_, lost)| **lost > 0) {
            findings.push(Finding::new(
                Severity::Warning,
                "records_not_placed",
                format!(
                    "{}: {} of {} records have no code at the lowest level of {} and are in no cell; add the code or mend the records",
                    table.name,
                    about(*lost),
                    about(records),
                    dimension.name()
                ),
            ));
        }
        let placed = records - unplaced.iter().sum::<u64>();
        if keyed == 0 || keyed < placed {
            if keyed > 0 {
                findings.push(Finding::new(
                    Severity::Warning,
                    "record_keys_missing",
                    format!(
                        "{}: {} records have no record key, so cell keys cannot be made",
                        table.name,
                        about(placed - keyed)
                    ),
                ));
            }
            table.keys = None;
        }
        let leaf = |cell: usize| {
            table.dimensions.iter().enumerate().all(|(place, d)| d.is_leaf(table.code(cell, place)))
        };
        let given: Vec<bool> = (0..table.counts.len()).map(leaf).collect();
        let sums = table.sums();
        if let Some(keys) = &mut table.keys {
            let mut settled = given.clone();
            for (parent, children) in sums {
                if let Some(parent) = parent.map(|p| p as usize)
                    && !std::mem::replace(&mut settled[parent], true)
                {
                    keys[parent] = children.iter().map(|&c| keys[c as usize]).sum();
                }
            }
        }
        let more = table.complete(&given)?;
        findings.extend(more.into_iter().filter(|f| f.code != "totals_not_given"));
        Ok((table, findings))
    }
}
