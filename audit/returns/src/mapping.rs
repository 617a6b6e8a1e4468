//! From what a record system exports to what the specification asks for: names of columns, codes, order of dates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{ReturnsError, cut, hint};
use crate::specification::{Missing, Partition, Specification};

const DIALECTS: &str = include_str!("../data/dialects.toml");

/// How dates are written at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// ISO 8601, as the specification asks.
    #[default]
    Iso,
    /// `31/01/2025`, `31-01-2025`, `31.01.2025`, with a time after it or not.
    DayFirst,
    /// `01/31/2025`.
    MonthFirst,
    /// Days since 30 December 1899, as a spreadsheet keeps them.
    SpreadsheetSerial,
}

/// How one record system spells its exports; a mapping that a body keeps has the same form.
///
/// ```
/// use candour_returns::{Mapping, Specification};
/// let specification = Specification::aud_1()?;
/// let mapping = Mapping::from_toml(r#"
///     name = "our own"
///     dates = "day-first"
///     codes.sex = { "Boy" = "M", "Girl" = "F" }
///     columns.victim = { "Ref" = "person_id" }
/// "#, &specification)?;
/// assert_eq!(mapping.column("victim", "Ref"), "person_id");
/// let refused = Mapping::from_toml("name = 'x'\ncolumns.victim = { Ref = 'persn_id' }", &specification).unwrap_err();
/// assert!(refused.to_string().contains("did you mean `person_id`?"));
/// # Ok::<(), candour_returns::ReturnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// How dates are written.
    #[serde(default)]
    pub dates: DateOrder,
    /// Spellings of missing values, for every column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, Missing>,
    /// By list of the specification: codes of the source to codes of the list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// By table: names of columns at the source to names of the specification.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// By `table.column`: digits that a number has, so that zeros lost on the way can be told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digits: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dialects {
    dialects: Vec<Mapping>,
}

impl Mapping {
    /// The dialects that come with this crate, checked against a specification.
    pub fn dialects(specification: &Specification) -> Result<Vec<Self>, ReturnsError> {
        let dialects: Dialects =
            toml::from_str(DIALECTS).map_err(|error| fault("dialects", &error.to_string()))?;
        for dialect in &dialects.dialects {
            dialect.check(specification)?;
        }
        Ok(dialects.dialects)
    }

    /// One of those dialects by name.
    pub fn dialect(name: &str, specification: &Specification) -> Result<Self, ReturnsError> {
        let dialects = Self::dialects(specification)?;
        let names = dialects.iter().map(|d| d.name.as_str());
        let refusal = ReturnsError::Unknown { what: "dialect", given: cut(name), hint: hint(name, names) };
        dialects.into_iter().find(|d| d.name == name).ok_or(refusal)
    }

    /// The dialects by how much of a table's heading each understands, best first: the dialect and the columns it finds.
    ///
    /// ```
    /// use candour_returns::{Mapping, Specification};
    /// let specification = Specification::aud_1()?;
    /// let found = Mapping::guess(&specification, "victim", &["PersonID", "UPN", "GenderCurrent"])?;
    /// assert_eq!((found[0].0.name.as_str(), found[0].1), ("mosaic", 3));
    /// # Ok::<(), candour_returns::ReturnsError>(())
    /// ```
    pub fn guess<S: AsRef<str>>(
        specification: &Specification,
        table: &str,
        heading: &[S],
    ) -> Result<Vec<(Self, usize)>, ReturnsError> {
        let spec = specification.table(table)?;
        let found = |dialect: &Self| {
            let known =
                |name: &&S| spec.columns.iter().any(|c| c.name == dialect.column(table, name.as_ref()));
            heading.iter().filter(known).count()
        };
        let mut dialects: Vec<(Self, usize)> = Self::dialects(specification)?
            .into_iter()
            .map(|dialect| (found(&dialect), dialect))
            .map(|(n, d)| (d, n))
            .collect();
        dialects.sort_by_key(|(_, found)| std::cmp::Reverse(*found));
        Ok(dialects)
    }

    /// Reads a mapping file; every name in it must be one of the specification's.
    pub fn from_toml(text: &str, specification: &Specification) -> Result<Self, ReturnsError> {
        let mapping: Self = toml::from_str(text).map_err(|error| fault("file", &error.to_string()))?;
        mapping.check(specification)?;
        Ok(mapping)
    }

    /// The mapping as a file.
    pub fn to_toml(&self) -> Result<String, ReturnsError> {
        toml::to_string_pretty(self).map_err(|error| fault("file", &error.to_string()))
    }

    /// The specification's name for a column of the source; the same name where the mapping has none.
    pub fn column<'a>(&'a self, table: &str, name: &'a str) -> &'a str {
        self.columns.get(table).and_then(|names| names.get(name)).map_or(name, String::as_str)
    }

    fn check(&self, specification: &Specification) -> Result<(), ReturnsError> {
        for (table, names) in &self.columns {
            let table = specification.table(table)?;
            for (source, target) in names {
                let column = table.column(target)?;
                if column.part != Partition::Quality && is_protected(source) {
                    return Err(fault(
                        &format!("columns.{}.{}", table.name, cut(source)),
                        &format!(
                            "a protected characteristic cannot be read as {target}, which is in the {}",
                            column.part.name()
                        ),
                    ));
                }
            }
        }
        for (list, codes) in &self.codes {
            let names = specification.lists.keys().map(String::as_str);
            let known = specification.lists.get(list).ok_or_else(|| ReturnsError::Unknown {
                what: "list",
                given: cut(list),
                hint: hint(list, names),
            })?;
            for code in codes.values() {
                if known.index(code).is_none() && Missing::of(code).is_none() {
                    return Err(ReturnsError::Unknown {
                        what: "code",
                        given: format!("{list}.{}", cut(code)),
                        hint: hint(code, known.codes.iter().map(|c| c.code.as_str())),
                    });
                }
            }
        }
        for (place, digits) in &self.digits {
            let Some((table, column)) = place.split_once('.') else {
                return Err(fault(&format!("digits.{}", cut(place)), "write it as table.column"));
            };
            specification.table(table)?.column(column)?;
            if !(1..=40).contains(digits) {
                return Err(fault(&format!("digits.{place}"), "1 to 40 digits can be asked for"));
            }
        }
        Ok(())
    }
}

fn fault(place: &str, reason: &str) -> ReturnsError {
    ReturnsError::Mapping { place: place.to_owned(), reason: reason.to_owned() }
}

/// Whether a column of a source says that it holds a characteristic which the specification keeps quality-only.
pub(crate) fn is_protected(name: &str) -> bool {
    const STEMS: [&str; 9] = [
        "ethnic",
        "religio",
        "national",
        "citizenship",
        "countryofbirth",
        "disab",
        "neurodiver",
        "sexualorient",
        "genderident",
    ];
    let compact: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    STEMS.iter().any(|stem| compact.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_name_only_what_the_specification_has() {
        let specification = Specification::aud_1().unwrap();
        let names: Vec<String> =
            Mapping::dialects(&specification).unwrap().into_iter().map(|d| d.name).collect();
        assert_eq!(names, ["plain", "niche", "athena", "connect", "mosaic", "liquidlogic"]);
        let refusal = Mapping::dialect("nich", &specification).unwrap_err().to_string();
        assert!(refusal.ends_with("did you mean `niche`?"), "{refusal}");
    }

    #[test]
    fn a_mapping_is_written_and_read_back() {
        let specification = Specification::aud_1().unwrap();
        for dialect in Mapping::dialects(&specification).unwrap() {
            let text = dialect.to_toml().unwrap();
            assert_eq!(Mapping::from_toml(&text, &specification).unwrap(), dialect);
        }
    }

    #[test]
    fn names_that_do_not_exist_and_characteristics_in_disguise_are_refused() {
        let specification = Specification::aud_1().unwrap();
        let check = |text: &str, expect: &str| {
            let refusal = Mapping::from_toml(text, &specification).unwrap_err().to_string();
            assert!(refusal.contains(expect), "{refusal}");
        };
        check("name = 'x'\nkolumns = 1", "kolumns");
        check("name = 'x'\ncolumns.victims = { a = 'sex' }", "did you mean `victim`?");
        check("name = 'x'\ncodes.sex = { Boy = 'X' }", "sex.X");
        check("name = 'x'\ncodes.sexes = { Boy = 'M' }", "did you mean `sex`?");
        check("name = 'x'\ndigits = { 'victim.local_id' = 99 }", "1 to 40 digits");
        check("name = 'x'\ncolumns.victim = { 'Ethnic origin' = 'local_id' }", "protected characteristic");
    }
}
