use std::fmt::Write as _;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use crate::{CountTable, Dimension, Profile};

/// What is shown of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// The count as it is.
    Count(u64),
    /// The count rounded; the truth lies between `least` and `most`.
    Rounded {
        /// What is printed.
        count: u64,
        /// The least it can have been.
        least: u64,
        /// The most it can have been.
        most: u64,
    },
    /// The count after noise; the truth lies between `least` and `most`.
    Perturbed {
        /// What is printed.
        count: u64,
        /// The least it can have been.
        least: u64,
        /// The most it can have been.
        most: u64,
    },
    /// Left out to protect people.
    Suppressed,
    /// Cannot apply.
    NotApplicable,
}

impl Shown {
    /// What a reader knows of the true count: the least, and the most if there is one.
    pub fn known(self) -> (u64, Option<u64>) {
        match self {
            Self::Count(count) => (count, Some(count)),
            Self::Rounded { least, most, .. } | Self::Perturbed { least, most, .. } => (least, Some(most)),
            Self::Suppressed => (0, None),
            Self::NotApplicable => (0, Some(0)),
        }
    }

    /// The number that is printed, if one is.
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Count(count) | Self::Rounded { count, .. } | Self::Perturbed { count, .. } => Some(count),
            Self::Suppressed | Self::NotApplicable => None,
        }
    }
}

/// What the attack before the release found, for the foot of the table. It names no cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Tables attacked together: those of the release and those released before.
    pub tables: usize,
    /// Cells attacked, over all of them.
    pub attacked: usize,
    /// Cells about which too little doubt was left. Always 0: otherwise there would be no table.
    pub exposed: usize,
    /// The width of the narrowest interval to which any cell at risk can be pinned down, in very large releases at the least;
    /// nothing if none was at risk or none has an end.
    pub narrowest: Option<u64>,
}

/// A table that passed the door: the only kind that can be printed.
///
/// It is made by [`Release::pass`](crate::Release::pass) and in no other way. It carries the profile it passed, what the attack on it
/// found and the release it belongs to. These do not compile:
///
/// ```compile_fail,E0451
/// # use candour_disclosure::PublicTable;
/// # fn some<T>() -> T { unimplemented!() }
/// let made = PublicTable { cells: Vec::new(), ..some() }; // its fields are private
/// ```
/// ```compile_fail,E0277
/// fn read<T: serde::de::DeserializeOwned>(text: &str) -> T { serde_json::from_str(text).unwrap() }
/// let made: candour_disclosure::PublicTable = read("{}"); // it cannot be read back in
/// ```
/// ```compile_fail,E0277
/// fn make<T: Default>() -> T { T::default() }
/// let made: candour_disclosure::PublicTable = make(); // there is no empty one
/// ```
/// ```compile_fail,E0277
/// # let (table, _) = candour_disclosure::CountTable::from_csv("t", "a,count\ntotal,1\nx,1\n", r#"[{"total":["x"]}]"#).unwrap();
/// let made: candour_disclosure::PublicTable = table.into(); // counts do not become one by conversion
/// ```
/// ```compile_fail,E0624
/// # let (table, _) = candour_disclosure::CountTable::from_csv("t", "a,count\ntotal,1\nx,1\n", r#"[{"total":["x"]}]"#).unwrap();
/// # let profile = candour_disclosure::Profile::built_in("ons-10-5").unwrap();
/// # fn some<T>() -> T { unimplemented!() }
/// let made = candour_disclosure::PublicTable::new("r", &table, &profile, Vec::new(), some()); // private to the door
/// ```
/// ```compile_fail,E0616
/// # fn some<T>() -> T { unimplemented!() }
/// let mut table: candour_disclosure::PublicTable = some();
/// table.cells.clear(); // nor can a finished one be changed
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PublicTable {
    release: String,
    name: String,
    population: String,
    profile: Profile,
    audit: Audit,
    dimensions: Vec<Dimension>,
    cells: Vec<Shown>,
}

impl PublicTable {
    pub(crate) fn new(
        release: &str,
        table: &CountTable,
        profile: &Profile,
        cells: Vec<Shown>,
        audit: Audit,
    ) -> Self {
        Self {
            release: release.to_owned(),
            name: table.name().to_owned(),
            population: table.population().to_owned(),
            profile: profile.clone(),
            audit,
            dimensions: table.dimensions().to_vec(),
            cells,
        }
    }

    /// The release it belongs to.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules it passed.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the attack on it found.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Its dimensions.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Every cell, with its label in each dimension; the last dimension turns fastest.
    pub fn cells(&self) -> impl Iterator<Item = (Vec<&str>, Shown)> {
        self.cells.iter().enumerate().map(|(cell, shown)| (self.labels(cell), *shown))
    }

    /// What is shown of one cell, by its labels; nothing where there is no such cell.
    pub fn get(&self, labels: &[&str]) -> Option<Shown> {
        if labels.len() != self.dimensions.len() {
            return None;
        }
        let mut cell = 0;
        for (dimension, label) in self.dimensions.iter().zip(labels) {
            cell = cell * dimension.len() + dimension.code(label)? as usize;
        }
        self.cells.get(cell).copied()
    }

    /// What is printed for a cell: a number or a symbol of the profile.
    pub fn text(&self, shown: Shown) -> String {
        let symbols = &self.profile.symbols;
        match (shown, &symbols.rounds_to_zero) {
            (Shown::Suppressed, _) => symbols.suppressed.clone(),
            (Shown::NotApplicable, _) => symbols.not_applicable.clone(),
            // Above nothing by rounding down: with the profile's symbol, so that it is not read as nobody.
            (Shown::Rounded { count: 0, least: 1.., .. }, Some(symbol)) => symbol.clone(),
            _ => shown.number().unwrap_or_default().to_string(),
        }
    }

    /// The table as CSV text: a column for each dimension, then what is shown.
    ///
    /// A code that a spreadsheet would take for a formula is written behind an apostrophe.
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        for dimension in &self.dimensions {
            field(&mut text, dimension.name());
            text.push(',');
        }
        text.push_str("shown\n");
        for (labels, shown) in self.cells() {
            for label in labels {
                field(&mut text, label);
                text.push(',');
            }
            field(&mut text, &self.text(shown));
            text.push('\n');
        }
        text
    }

    fn labels(&self, mut cell: usize) -> Vec<&str> {
        let mut labels = vec![""; self.dimensions.len()];
        for (label, dimension) in labels.iter_mut().zip(&self.dimensions).rev() {
            *label = dimension.label((cell % dimension.len()) as u32);
            cell /= dimension.len();
        }
        labels
    }

    pub(crate) fn shown(&self) -> &[Shown] {
        &self.cells
    }

    pub(crate) fn population(&self) -> &str {
        &self.population
    }
}

fn field(text: &mut String, given: &str) {
    let guard = if given.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if given.contains([',', '"', '\n', '\r']) {
        let _ = write!(text, "\"{guard}{}\"", given.replace('"', "\"\""));
    } else {
        let _ = write!(text, "{guard}{given}");
    }
}

impl Serialize for PublicTable {
    /// One object: `release`, `table`, `population`, `profile`, `audit`, `dimensions` (each `name`, `codes` and each code's `parents`) and
    /// `cells` (each `codes`, `shown` as printed, and the `least` and `most` that a reader knows).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("PublicTable", 7)?;
        object.serialize_field("release", &self.release)?;
        object.serialize_field("table", &self.name)?;
        object.serialize_field("population", &self.population)?;
        object.serialize_field("profile", &self.profile)?;
        object.serialize_field("audit", &self.audit)?;
        object.serialize_field("dimensions", &self.dimensions.iter().map(Codes).collect::<Vec<_>>())?;
        object.serialize_field("cells", &Cells(self))?;
        object.end()
    }
}

struct Codes<'a>(&'a Dimension);

impl Serialize for Codes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parents: Vec<Option<&str>> =
            (0..self.0.len() as u32).map(|c| self.0.parent(c).map(|p| self.0.label(p))).collect();
        let mut object = serializer.serialize_struct("Dimension", 3)?;
        object.serialize_field("name", self.0.name())?;
        object.serialize_field("codes", &self.0.labels().collect::<Vec<_>>())?;
        object.serialize_field("parents", &parents)?;
        object.end()
    }
}

struct Cells<'a>(&'a PublicTable);

#[derive(Serialize)]
struct Row<'a> {
    codes: Vec<&'a str>,
    shown: String,
    least: u64,
    most: Option<u64>,
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.cells.len()))?;
        for (codes, shown) in self.0.cells() {
            let (least, most) = shown.known();
            rows.serialize_element(&Row { codes, shown: self.0.text(shown), least, most })?;
        }
        rows.end()
    }
}
