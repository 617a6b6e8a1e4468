//! What a data call asks for: tables, columns, types, allowed values, keys, and who fills what.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use candour_record::{BodyKind, Presence};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::{ReturnsError, cut, hint};

/// The file of the specification that comes with this crate.
pub const AUD_1: &str = include_str!("../data/aud-1.toml");

/// The most codes of a list whose column holds several at once.
const MOST_LISTED: usize = 64;

/// A record-level specification, read from one TOML file.
///
/// ```
/// use candour_returns::{BodyType, Partition, Specification};
/// let specification = Specification::aud_1()?;
/// let victim = specification.table("victim")?;
/// assert_eq!(victim.key, ["person_id", "list_id"]);
/// assert_eq!(victim.column("ethnicity")?.part, Partition::Quality);
/// assert!(specification.due(BodyType::Police).any(|t| t.name == "offence"));
/// # Ok::<(), candour_returns::ReturnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// Its name.
    pub name: String,
    /// Its version, which every return must state.
    pub version: String,
    /// A title for people.
    pub title: String,
    /// What it asks for, in a sentence or two.
    #[serde(default)]
    pub about: String,
    /// Lists of codes by name.
    pub lists: BTreeMap<String, CodeList>,
    /// The tables, in the order in which they are filled.
    pub tables: Vec<TableSpec>,
}

/// A list of codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// A title for people.
    pub title: String,
    /// The codes, in order.
    pub codes: Vec<Code>,
}

/// One code of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As it is written.
    pub code: String,
    /// What it means.
    pub meaning: String,
    /// First day on which it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day on which it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where the code itself says that the value is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// The wider group it is compared at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What rules need to know of it, such as `contact` or `nfa`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What a row is.
    pub about: String,
    /// Types of body that must send it.
    #[serde(default)]
    pub required: Vec<BodyType>,
    /// Types of body that may.
    #[serde(default)]
    pub optional: Vec<BodyType>,
    /// The columns that tell its rows apart.
    pub key: Vec<String>,
    /// What it refers to.
    #[serde(default)]
    pub foreign: Vec<ForeignKey>,
    /// Its columns, in order.
    pub columns: Vec<ColumnSpec>,
}

/// Columns whose values must stand in another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The other table.
    pub table: String,
    /// Its columns.
    pub to: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// Why it is asked for: nothing is collected without a reason.
    pub why: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Its list of codes, for `enum` and `enum-list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The partition it lies in.
    pub part: Partition,
    /// The missing codes it takes; all four unless the file says otherwise.
    #[serde(default = "Missing::all")]
    pub missing: Vec<Missing>,
    /// Columns of one domain name the same things, so that tables can be joined on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The column with the day on which a code must be valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Whether one value throughout is nothing to ask about, as for how a system sets its flags.
    #[serde(default, skip_serializing_if = "is_false")]
    pub uniform: bool,
    /// Least value of an integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Greatest value of an integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// Most characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What a column holds. Dates are ISO 8601 and times are UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// 1 to 40 of `A-Z a-z 0-9 _ -`, and never a name.
    Id,
    /// A code of an open scheme: 1 to 40 letters, digits, `.`, `/`, `_`, `-`.
    Code,
    /// One code of a list.
    Enum,
    /// Codes of a list, separated by spaces.
    EnumList,
    /// A whole number.
    Integer,
    /// `YYYY-MM-DD`.
    Date,
    /// As much of `YYYY-MM-DD` as is known: its length is its precision.
    PartialDate,
    /// `YYYY-MM-DDThh:mm` or with seconds, and `Z` or nothing after it.
    DateTime,
    /// `YYYY-MM`.
    YearMonth,
    /// `1.2.3`.
    Version,
    /// 64 hexadecimal digits.
    Hex64,
    /// Three letters of ISO 3166-1.
    Country,
    /// An NHS number: ten digits, the last of which checks the others.
    Nhs,
    /// A unique pupil number: a check letter and twelve characters.
    Upn,
    /// Short text.
    Text,
    /// Long text that is read once and never kept.
    Note,
}

/// Which code may reach a column. A column is in exactly one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Partition {
    /// Stays at the body or becomes keyed encodings.
    #[serde(rename = "L")]
    Linkage,
    /// For analysis.
    #[serde(rename = "A")]
    Analysis,
    /// Counted for completeness and bounds; never linked, scored or grouped on.
    #[serde(rename = "Q")]
    Quality,
}

/// Why a value is missing. The four are never merged, and a blank is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Missing {
    /// Cannot apply.
    #[serde(rename = "NA")]
    NotApplicable,
    /// Asked or looked for, and not known.
    #[serde(rename = "NK")]
    NotKnown,
    /// The person would not say.
    #[serde(rename = "NR")]
    Refused,
    /// Not collected by this system.
    #[serde(rename = "NC")]
    NotCollected,
}

/// What sort of body sends a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BodyType {
    /// A police force.
    Police,
    /// Children's services of a local authority.
    Childrens,
    /// A health body.
    Health,
    /// A voluntary organisation.
    Vol,
    /// The holder of the national referral mechanism.
    Nrm,
    /// A prosecutor.
    Cps,
}

/// A partition as a type, so that code which may not read a column cannot be compiled. Sealed.
pub trait Part: sealed::Sealed {
    /// The partition.
    const PARTITION: Partition;
}

/// A partition whose values may be read as they are.
///
/// The quality partition is not readable, so this does not compile:
///
/// ```compile_fail,E0277
/// use candour_returns::{ColumnOf, Quality, Readable};
/// fn group_by<P: Readable>(_: ColumnOf<P>) {}
/// fn attempt(ethnicity: ColumnOf<Quality>) {
///     group_by(ethnicity); // quality-only columns never reach grouping code
/// }
/// ```
pub trait Readable: Part {}

/// The linkage partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {}
/// The analysis partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Analysis {}
/// The quality partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {}

impl Part for Linkage {
    const PARTITION: Partition = Partition::Linkage;
}
impl Part for Analysis {
    const PARTITION: Partition = Partition::Analysis;
}
impl Part for Quality {
    const PARTITION: Partition = Partition::Quality;
}
impl Readable for Linkage {}
impl Readable for Analysis {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Linkage {}
    impl Sealed for super::Analysis {}
    impl Sealed for super::Quality {}
}

/// A column whose partition is part of its type; only [`Specification::column_of`] makes one.
pub struct ColumnOf<P: Part> {
    pub(crate) table: usize,
    pub(crate) column: usize,
    part: PhantomData<P>,
}

impl<P: Part> Clone for ColumnOf<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Part> Copy for ColumnOf<P> {}

impl<P: Part> fmt::Debug for ColumnOf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnOf({}.{}, {:?})", self.table, self.column, P::PARTITION)
    }
}

impl Specification {
    /// The specification that comes with this crate.
    pub fn aud_1() -> Result<Self, ReturnsError> {
        Self::from_toml(AUD_1)
    }

    /// Reads a specification and checks that it agrees with itself.
    pub fn from_toml(text: &str) -> Result<Self, ReturnsError> {
        let specification: Self = toml::from_str(text).map_err(|error| ReturnsError::Specification {
            place: "file".to_owned(),
            reason: error.to_string(),
        })?;
        specification.check()?;
        Ok(specification)
    }

    /// A table by name.
    pub fn table(&self, name: &str) -> Result<&TableSpec, ReturnsError> {
        self.table_index(name).map(|at| &self.tables[at])
    }

    /// The place of a table.
    pub fn table_index(&self, name: &str) -> Result<usize, ReturnsError> {
        self.tables.iter().position(|t| t.name == name).ok_or_else(|| ReturnsError::Unknown {
            what: "table",
            given: cut(name),
            hint: hint(name, self.tables.iter().map(|t| t.name.as_str())),
        })
    }

    /// A column under its partition; refused where it is in another.
    ///
    /// ```
    /// use candour_returns::{Analysis, Specification};
    /// let specification = Specification::aud_1()?;
    /// assert!(specification.column_of::<Analysis>("victim", "sex").is_ok());
    /// let refusal = specification.column_of::<Analysis>("victim", "ethnicity").unwrap_err();
    /// assert!(refusal.to_string().contains("quality partition"));
    /// # Ok::<(), candour_returns::ReturnsError>(())
    /// ```
    pub fn column_of<P: Part>(&self, table: &str, column: &str) -> Result<ColumnOf<P>, ReturnsError> {
        let at = self.table_index(table)?;
        let place = self.tables[at].column_index(column)?;
        let has = self.tables[at].columns[place].part;
        if has != P::PARTITION {
            return Err(ReturnsError::Partition {
                table: table.to_owned(),
                column: column.to_owned(),
                has: has.name(),
                wanted: P::PARTITION.name(),
            });
        }
        Ok(ColumnOf { table: at, column: place, part: PhantomData })
    }

    /// The tables that a type of body must send.
    pub fn due(&self, body: BodyType) -> impl Iterator<Item = &TableSpec> {
        self.tables.iter().filter(move |t| t.required.contains(&body))
    }

    /// The tables that a type of body must or may send.
    pub fn taken(&self, body: BodyType) -> impl Iterator<Item = &TableSpec> {
        self.tables.iter().filter(move |t| t.required.contains(&body) || t.optional.contains(&body))
    }

    /// The list of a column, where it has one.
    pub fn list_of(&self, column: &ColumnSpec) -> Option<&CodeList> {
        column.list.as_ref().and_then(|name| self.lists.get(name))
    }

    fn check(&self) -> Result<(), ReturnsError> {
        let fault = |place: String, reason: String| Err(ReturnsError::Specification { place, reason });
        if self.tables.len() > 60 {
            return fault("tables".to_owned(), "at most 60 tables can be read".to_owned());
        }
        for (name, list) in &self.lists {
            let mut seen = std::collections::BTreeSet::new();
            for code in &list.codes {
                if !seen.insert(&code.code) {
                    return fault(format!("list {name}"), format!("{} is listed twice", code.code));
                }
                if code.code.is_empty() || Missing::of(&code.code).is_some() || code.code.contains(' ') {
                    let reason = format!(
                        "{:?} cannot be a code: codes are not blank, have no spaces and are none of NA, NK, NR, NC",
                        code.code
                    );
                    return fault(format!("list {name}"), reason);
                }
            }
        }
        for (at, table) in self.tables.iter().enumerate() {
            if self.tables[..at].iter().any(|t| t.name == table.name) {
                return fault(table.name.clone(), "two tables have this name".to_owned());
            }
            if table.columns.len() > 60 {
                return fault(table.name.clone(), "at most 60 columns can be read".to_owned());
            }
            for (place, column) in table.columns.iter().enumerate() {
                let name = format!("{}.{}", table.name, column.name);
                if table.columns[..place].iter().any(|c| c.name == column.name) {
                    return fault(name, "two columns have this name".to_owned());
                }
                let coded = matches!(column.kind, ColumnType::Enum | ColumnType::EnumList);
                let list = self.list_of(column);
                if coded != list.is_some() {
                    return fault(
                        name,
                        "a coded column needs a `list` that exists, and no other may have one".to_owned(),
                    );
                }
                if column.kind == ColumnType::EnumList && list.is_some_and(|l| l.codes.len() > MOST_LISTED) {
                    return fault(name, format!("a list of several codes may have at most {MOST_LISTED}"));
                }
                if let Some(on) = &column.on {
                    table.column(on)?;
                }
            }
            if table.key.is_empty() || table.key.len() > 4 {
                return fault(table.name.clone(), "a key has one to four columns".to_owned());
            }
            for key in &table.key {
                if !table.column(key)?.missing.is_empty() && table.key.len() == 1 {
                    return fault(table.name.clone(), format!("the key {key} may not be missing"));
                }
            }
            for foreign in &table.foreign {
                let target = self.table(&foreign.table)?;
                if foreign.columns.len() != foreign.to.len() {
                    return fault(
                        table.name.clone(),
                        "a foreign key has as many columns on both sides".to_owned(),
                    );
                }
                for (from, to) in foreign.columns.iter().zip(&foreign.to) {
                    let domain = &table.column(from)?.domain;
                    if domain.is_none() || *domain != target.column(to)?.domain {
                        return fault(
                            format!("{}.{from}", table.name),
                            "a foreign key needs one `domain` on both sides".to_owned(),
                        );
                    }
                }
            }
        }
        self.check_domains()
    }

    /// Columns of one domain share a dictionary, so they must read alike; and rules that follow links count on the ids of records
    /// being one domain.
    fn check_domains(&self) -> Result<(), ReturnsError> {
        const IDS: [&str; 5] = ["person_id", "offence_id", "suspect_id", "from_id", "to_id"];
        let columns = || self.tables.iter().flat_map(|t| t.columns.iter().map(move |c| (t, c)));
        let fault = |table: &TableSpec, column: &ColumnSpec, reason: &str| {
            let place = format!("{}.{}", table.name, column.name);
            Err(ReturnsError::Specification { place, reason: reason.to_owned() })
        };
        let mut of_ids: Option<&String> = None;
        for (table, column) in columns() {
            let Some(domain) = &column.domain else {
                if IDS.contains(&column.name.as_str()) {
                    return fault(table, column, "ids of people, offences and suspects need a `domain`");
                }
                continue;
            };
            if column.kind != ColumnType::Id {
                return fault(table, column, "only an id can have a `domain`");
            }
            let first = columns().find(|(_, c)| c.domain.as_ref() == Some(domain));
            if first.is_some_and(|(_, c)| c.missing != column.missing) {
                return fault(table, column, "columns of one `domain` take the same missing codes");
            }
            if IDS.contains(&column.name.as_str()) && *of_ids.get_or_insert(domain) != domain {
                return fault(table, column, "ids of people, offences and suspects are of one `domain`");
            }
        }
        Ok(())
    }
}

impl TableSpec {
    /// A column by name.
    pub fn column(&self, name: &str) -> Result<&ColumnSpec, ReturnsError> {
        self.column_index(name).map(|at| &self.columns[at])
    }

    /// The place of a column.
    pub fn column_index(&self, name: &str) -> Result<usize, ReturnsError> {
        self.columns.iter().position(|c| c.name == name).ok_or_else(|| ReturnsError::Unknown {
            what: "column",
            given: format!("{}.{}", self.name, cut(name)),
            hint: hint(name, self.columns.iter().map(|c| c.name.as_str())),
        })
    }
}

impl CodeList {
    /// The place of a code.
    pub fn index(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|c| c.code == code)
    }
}

impl Partition {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linkage => "linkage partition",
            Self::Analysis => "analysis partition",
            Self::Quality => "quality partition",
        }
    }

    /// Its letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Linkage => "L",
            Self::Analysis => "A",
            Self::Quality => "Q",
        }
    }
}

impl Missing {
    /// All four.
    pub const ALL: [Self; 4] = [Self::NotApplicable, Self::NotKnown, Self::Refused, Self::NotCollected];

    fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    /// The missing code that a text is.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.code() == text)
    }

    /// As it is written.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotApplicable => "NA",
            Self::NotKnown => "NK",
            Self::Refused => "NR",
            Self::NotCollected => "NC",
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::NotKnown => "asked or looked for, and not known",
            Self::Refused => "refused",
            Self::NotCollected => "not collected by this system",
        }
    }

    /// The same, in the words of a protected characteristic.
    pub fn presence(self) -> Presence {
        match self {
            Self::NotApplicable => Presence::NotApplicable,
            Self::Refused => Presence::NotStated,
            Self::NotKnown | Self::NotCollected => Presence::NotRecorded,
        }
    }
}

impl BodyType {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Police, Self::Childrens, Self::Health, Self::Vol, Self::Nrm, Self::Cps];

    /// As it is written.
    pub fn code(self) -> &'static str {
        match self {
            Self::Police => "POLICE",
            Self::Childrens => "CHILDRENS",
            Self::Health => "HEALTH",
            Self::Vol => "VOL",
            Self::Nrm => "NRM",
            Self::Cps => "CPS",
        }
    }

    /// The type under which a body of the register sends, where its kind says so.
    pub fn of_kind(kind: BodyKind) -> Option<Self> {
        match kind {
            BodyKind::PoliceForce => Some(Self::Police),
            BodyKind::LocalAuthority => Some(Self::Childrens),
            BodyKind::Health => Some(Self::Health),
            BodyKind::Charity => Some(Self::Vol),
            BodyKind::Prosecutor => Some(Self::Cps),
            _ => None,
        }
    }

    /// The type of body that a code names.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|body| body.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_specification_agrees_with_itself() {
        let specification = Specification::aud_1().unwrap();
        let names: Vec<&str> = specification.tables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names,
            ["header", "file", "victim", "offence", "suspect", "link", "missing", "assessment", "note"]
        );
        assert_eq!(specification.tables.iter().map(|t| t.columns.len()).sum::<usize>(), 116);
        assert!(specification.tables.iter().flat_map(|t| &t.columns).all(|c| !c.why.is_empty()));
        let ethnicity = &specification.lists["ethnicity"];
        assert_eq!(ethnicity.codes.len(), 39, "18 + 1 of the police, 20 of children's services");
        let again = Specification::from_toml(&toml::to_string(&specification).unwrap()).unwrap();
        assert_eq!(again, specification);
    }

    #[test]
    fn missing_codes_are_four_and_none_is_a_code_of_a_list() {
        assert_eq!(Missing::ALL.map(Missing::code), ["NA", "NK", "NR", "NC"]);
        assert!(Missing::ALL.into_iter().all(|m| Missing::of(m.code()) == Some(m)));
        let broken = AUD_1.replace("code = \"OPEN\"", "code = \"NR\"");
        assert!(
            Specification::from_toml(&broken).unwrap_err().to_string().contains("none of NA, NK, NR, NC")
        );
    }

    #[test]
    fn kinds_of_bodies_send_under_their_type() {
        assert_eq!(BodyType::of_kind(BodyKind::PoliceForce), Some(BodyType::Police));
        assert_eq!(BodyType::of_kind(BodyKind::Panel), None);
        assert!(BodyType::ALL.into_iter().all(|body| BodyType::of(body.code()) == Some(body)));
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let check = |from: &str, to: &str, expect: &str| {
            assert!(AUD_1.contains(from), "{from}");
            let refusal = Specification::from_toml(&AUD_1.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(refusal.contains(expect), "{refusal}");
        };
        check("list = \"sex\"", "list = \"sexes\"", "victim.sex");
        check("key = [\"episode_id\"]", "key = [\"episodeid\"]", "did you mean `episode_id`?");
        check("table = \"victim\"", "table = \"victims\"", "did you mean `victim`?");
        check("on = \"recorded_on\"", "on = \"record_on\"", "recorded_on");
        check("key = [\"table\"]", "key = []", "one to four columns");
        check("domain = \"record\", ", "", "person_id");
        check("domain = \"record\"", "domain = \"person\"", "domain");
        check("title = \"Sex\"", "tittle = \"Sex\"", "tittle");
    }

    #[test]
    fn every_protected_characteristic_is_quality_only() {
        let specification = Specification::aud_1().unwrap();
        for table in &specification.tables {
            for column in &table.columns {
                let protected = ["ethnic", "national", "disab", "neurodiv", "relig"]
                    .iter()
                    .any(|stem| column.name.contains(stem));
                assert_eq!(protected, column.part == Partition::Quality, "{}.{}", table.name, column.name);
            }
        }
    }
}
