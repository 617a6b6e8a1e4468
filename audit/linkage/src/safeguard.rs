//! What must never link people: protected characteristics, and victims with suspects.
//!
//! Two guards stand one behind the other. A model is text, so its columns are checked by name when it is read ([`check`]): by
//! the words of the name, whatever its case and however they are joined. A program is typed, so [`LinkField::new`] takes
//! only what is [`Linkable`], which `Protected<T>` is not, and [`Sources`] takes only tables of one [`Population`].
//!
//! Sex and date of birth are protected characteristics in law too. They are allowed here because they are identifiers in
//! this specification, as in every official linkage of people: without a date of birth there is no telling two people of one
//! name apart. So are age and a column called `gender` where it holds a recorded sex, and a town of birth; a country of birth
//! is not, since it stands for nationality. What is refused can still be counted for completeness, by the disclosure room.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use candour_record::PartialDate;

use crate::LinkageError;
use crate::records::{Records, RecordsBuilder};
use crate::settings::{BlockingRule, Settings};

/// Found anywhere in a name once everything but letters and digits is taken out.
const STEMS: [&str; 35] = [
    "ethnic",
    "religio",
    "nationalit",
    "nationalorigin",
    "citizenship",
    "countryofbirth",
    "birthcountry",
    "countrybirth",
    "countryoforigin",
    "immigra",
    "asylum",
    "refugee",
    "migrant",
    "residencystatus",
    "visastatus",
    "disab",
    "impairment",
    "neurodiver",
    "neurotype",
    "autis",
    "specialeducationalneed",
    "pregnan",
    "maternity",
    "sexualorient",
    "sexuality",
    "genderidentity",
    "genderreassign",
    "transgender",
    "maritalstatus",
    "civilpartner",
    "careexperience",
    "careleaver",
    "lookedafter",
    "mothertongue",
    "language",
];

/// Whole words of a name: too short to look for inside others (`grace`, `terrace`, `Lancaster`).
const WORDS: [&str; 20] = [
    "race",
    "racial",
    "caste",
    "faith",
    "belief",
    "beliefs",
    "marital",
    "married",
    "lgbt",
    "lgbtq",
    "trans",
    "adhd",
    "sen",
    "send",
    "ehcp",
    "uasc",
    "cob",
    "visa",
    "roma",
    "traveller",
];

/// Whole words above that are harmless beside one of these: a transaction, a married name, a date of sending.
const INNOCENT: [&str; 6] = ["name", "surname", "date", "time", "id", "number"];

/// Whether a column's name says that it holds a protected characteristic.
pub fn is_protected(column: &str) -> bool {
    let compact: String =
        column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if STEMS.iter().any(|stem| compact.contains(stem)) {
        return true;
    }
    let words = words(column);
    let ambiguous = |word: &str| matches!(word, "trans" | "send" | "married" | "visa" | "traveller");
    let innocent = words.iter().any(|word| INNOCENT.contains(&word.as_str()));
    words.iter().any(|word| WORDS.contains(&word.as_str()) && !(innocent && ambiguous(word)))
}

/// The words of a name in lower case: cut at everything but letters and digits, and before a capital after a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_small = false;
    for c in name.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && before_small) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphabetic(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Refuses a column by its name.
pub fn check_column(column: &str, place: &str) -> Result<(), LinkageError> {
    if is_protected(column) {
        return Err(LinkageError::Protected { place: place.to_owned(), column: column.to_owned() });
    }
    Ok(())
}

/// Refuses a model that names a protected characteristic anywhere: in a condition, a term-frequency adjustment, a rule, or
/// among the columns to be kept beside a link.
pub fn check(settings: &Settings) -> Result<(), LinkageError> {
    check_column(&settings.unique_id_column, "the id column")?;
    if let Some(column) = &settings.source_dataset_column {
        check_column(column, "the source column")?;
    }
    for comparison in &settings.comparisons {
        for level in &comparison.levels {
            let place = format!("comparison {}, level {}", comparison.name, level.label);
            for column in level.condition.columns() {
                check_column(column, &place)?;
            }
            if let Some(frequency) = &level.term_frequency {
                check_column(&frequency.column, &format!("{place}, term frequencies"))?;
            }
        }
    }
    let rules = |what: &str, rules: &[BlockingRule]| {
        rules.iter().try_for_each(|rule| {
            let place = format!("{what} {}", rule.sql);
            rule.condition.columns().into_iter().try_for_each(|column| check_column(column, &place))
        })
    };
    rules("blocking rule", &settings.blocking_rules)?;
    rules("pass", &settings.passes)?;
    rules("deterministic rule", &settings.training.deterministic_rules)?;
    rules("training session", &settings.training.sessions)?;
    for column in settings.frequency_files.keys() {
        check_column(column, "term-frequency files")?;
    }
    let retained = settings.other.get("additional_columns_to_retain").and_then(|v| v.as_array());
    for column in retained.into_iter().flatten().filter_map(|v| v.as_str()) {
        check_column(column, "additional_columns_to_retain")?;
    }
    Ok(())
}

/// A value that may identify a person, and so may link records.
///
/// Implemented for text, whole numbers and dates, and for types of a program's own. It is not implemented for
/// `candour_record::Protected<T>`, and no other crate can do so, since neither the trait nor the type would be its own.
pub trait Linkable {
    /// The value as a column holds it; `None` where it is missing.
    fn text(&self) -> Option<Cow<'_, str>>;
}

/// One named value of a record.
///
/// ```
/// use candour_linkage::safeguard::LinkField;
/// let surname = LinkField::new("surname", &"Okafor")?;
/// assert_eq!(surname.text(), Some("Okafor"));
/// // A protected name is refused when the program runs.
/// assert!(LinkField::new("EthnicGroup", &"A1").is_err());
/// # Ok::<(), candour_linkage::LinkageError>(())
/// ```
///
/// A protected value is refused when the program is compiled, whatever its column is called:
///
/// ```compile_fail,E0277
/// use candour_linkage::safeguard::LinkField;
/// let value = candour_record::Protected::recorded("A1".to_owned());
/// let field = LinkField::new("code", &value); // Protected<_> is not Linkable
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkField {
    name: String,
    text: Option<String>,
}

/// One record of a typed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// Identifies it within its table.
    pub id: String,
    fields: BTreeMap<String, String>,
}

/// Whose records a table holds. Sealed: [`Victims`], [`Suspects`] and [`People`] are all there are.
pub trait Population: sealed::Sealed {
    /// What they are called in messages.
    const NAME: &'static str;
}

/// Records of victims, survivors and children at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victims {}

/// Records of suspects and offenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspects {}

/// Records of people in any other capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {}

/// A table of records of one population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<P: Population> {
    name: String,
    records: Vec<LinkRecord>,
    population: PhantomData<P>,
}

/// Tables to be linked with each other: all of one population.
///
/// ```
/// use candour_linkage::safeguard::{Sources, Table, Victims};
/// let health: Table<Victims> = Table::new("health", Vec::new());
/// let police: Table<Victims> = Table::new("police", Vec::new());
/// let sources = Sources::of(health).and(police);
/// assert_eq!(sources.tables().len(), 2);
/// ```
///
/// [`Sources::records`] gives what a linker takes, so that a program which makes records of its own types can link nothing
/// else.
///
/// Victims cannot be linked with suspects:
///
/// ```compile_fail,E0308
/// use candour_linkage::safeguard::{Sources, Suspects, Table, Victims};
/// let victims: Table<Victims> = Table::new("children", Vec::new());
/// let suspects: Table<Suspects> = Table::new("suspects", Vec::new());
/// let sources = Sources::of(victims).and(suspects); // two populations
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources<P: Population> {
    tables: Vec<Table<P>>,
}

impl LinkField {
    /// A field, unless its name is that of a protected characteristic.
    pub fn new(name: &str, value: &impl Linkable) -> Result<Self, LinkageError> {
        check_column(name, "a record")?;
        Ok(Self { name: name.to_owned(), text: value.text().map(Cow::into_owned) })
    }

    /// The column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value; `None` where it is missing.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl LinkRecord {
    /// A record of the given fields; of two with one name the later stands.
    pub fn new(id: impl Into<String>, fields: impl IntoIterator<Item = LinkField>) -> Self {
        let fields = fields.into_iter().filter_map(|f| f.text.map(|text| (f.name, text))).collect();
        Self { id: id.into(), fields }
    }

    /// The value of a column; `None` where it is missing.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.fields.get(column).map(String::as_str)
    }

    /// The columns that have a value, in alphabetical order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }
}

impl<P: Population> Table<P> {
    /// A table and its records, in order.
    pub fn new(name: impl Into<String>, records: Vec<LinkRecord>) -> Self {
        Self { name: name.into(), records, population: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its records.
    pub fn records(&self) -> &[LinkRecord] {
        &self.records
    }
}

impl<P: Population> Sources<P> {
    /// One table, to be linked within itself.
    pub fn of(table: Table<P>) -> Self {
        Self { tables: vec![table] }
    }

    /// Another table of the same population.
    pub fn and(mut self, table: Table<P>) -> Self {
        self.tables.push(table);
        self
    }

    /// The tables, in the order given.
    pub fn tables(&self) -> &[Table<P>] {
        &self.tables
    }

    /// The records as a [`Linker`](crate::Linker) takes them, with the columns that the settings name. A column that no record
    /// has is an error, as it is for a table without it.
    pub fn records(&self, settings: &Settings) -> Result<Records, LinkageError> {
        let mut wanted = settings.columns();
        wanted.sort();
        let has: BTreeSet<&str> =
            self.tables.iter().flat_map(Table::records).flat_map(LinkRecord::columns).collect();
        if let Some(column) = wanted.iter().find(|c| !has.contains(c.as_str())) {
            return Err(LinkageError::MissingColumn {
                table: self.tables.iter().map(Table::name).collect::<Vec<_>>().join(", "),
                column: column.clone(),
                wanted_by: "the model".to_owned(),
                has: has.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
        let mut builder = RecordsBuilder::new(wanted.clone());
        for table in &self.tables {
            let source = builder.source(&table.name)?;
            for record in &table.records {
                builder.push_id(&record.id, source)?;
                for (at, column) in wanted.iter().enumerate() {
                    builder.push_value(at, record.get(column).filter(|text| !text.is_empty()));
                }
            }
        }
        builder.finish()
    }
}

impl Population for Victims {
    const NAME: &'static str = "victims";
}

impl Population for Suspects {
    const NAME: &'static str = "suspects";
}

impl Population for People {
    const NAME: &'static str = "people";
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Victims {}
    impl Sealed for super::Suspects {}
    impl Sealed for super::People {}
}

impl Linkable for str {
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Linkable for String {
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl<T: Linkable + ?Sized> Linkable for &T {
    fn text(&self) -> Option<Cow<'_, str>> {
        (*self).text()
    }
}

impl<T: Linkable> Linkable for Option<T> {
    fn text(&self) -> Option<Cow<'_, str>> {
        self.as_ref().and_then(Linkable::text)
    }
}

macro_rules! linkable_by_display {
    ($($type:ty),*) => { $(
        impl Linkable for $type {
            fn text(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Owned(self.to_string()))
            }
        }
    )* };
}

linkable_by_display!(u8, u16, u32, u64, i8, i16, i32, i64, PartialDate);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Comparison, Level, TermFrequency};
    use crate::sql::{Dialect, read_level, read_rule};

    #[test]
    fn typed_tables_are_linked_like_any_other() {
        let settings = crate::toml_settings::to_settings(
            r#"
            link-type = "link-only"
            household = false
            prior = 0.2
            blocking-rules = [["dob"]]
            [[comparison]]
            column = "surname"
            levels = [{ sql = "surname_l = surname_r", m = 0.9, u = 0.02 }, { sql = "ELSE", m = 0.1, u = 0.98 }]
            "#,
        )
        .unwrap();
        let record = |id: &str, surname: Option<&str>, day: i8| {
            let dob = PartialDate::Day(jiff::civil::date(2009, 3, day));
            LinkRecord::new(
                id,
                [LinkField::new("surname", &surname).unwrap(), LinkField::new("dob", &dob).unwrap()],
            )
        };
        let health: Table<Victims> =
            Table::new("health", vec![record("1", Some("Okafor"), 1), record("2", None, 2)]);
        let police: Table<Victims> =
            Table::new("police", vec![record("1", Some("Okafor"), 1), record("2", Some("Reed"), 3)]);
        let sources = Sources::of(health).and(police);
        let records = sources.records(&settings).unwrap();
        assert_eq!(
            (records.len(), records.source_names()),
            (4, &["health".to_owned(), "police".to_owned()][..])
        );
        let linker = crate::Linker::new(&records, settings.clone()).unwrap();
        let mut pairs = Vec::new();
        let keep = |_, _, kept: &[crate::KeptPair]| {
            pairs.extend(kept.iter().map(|k| (k.pair.left, k.pair.right)));
            Ok(())
        };
        linker.predict(0.0, u64::MAX, &|_, _, _| {}, |_| true, keep).unwrap();
        assert_eq!(pairs, [(0, 2)]);
        let without: Table<Suspects> = Table::new("lists", vec![LinkRecord::new("1", [])]);
        let error = Sources::of(without).records(&settings).unwrap_err().to_string();
        assert!(error.contains("lists") && error.contains("dob"), "{error}");
    }

    #[test]
    fn names_of_protected_characteristics_are_known_however_they_are_written() {
        let refused = [
            "ethnicity",
            "Ethnic_Group",
            "ETHNIC GROUP",
            "ethnic-origin",
            "EthnicGroup",
            "self_defined_ethnicity_16plus1",
            "race",
            "mother_race",
            "Race Code",
            "nationality",
            "dual-nationality",
            "religion",
            "religious_belief",
            "belief",
            "faith",
            "disability",
            "disabled_flag",
            "sexual_orientation",
            "sexualOrientation",
            "gender_identity",
            "gender reassignment",
            "pregnancy",
            "pregnant",
            "marital_status",
            "MaritalStatus",
            "country_of_birth",
            "CountryOfBirth",
            "birth_country",
            "first_language",
            "home language",
            "immigration_status",
            "asylum_seeker",
            "neurodiverse",
            "neurodiversity",
            "care_experienced",
            "care_leaver",
            "looked-after",
            "sen",
            "SEN_status",
            "autism",
            "refugee",
            "transgender",
            "trans",
            "lgbtq",
            "uasc",
            "l.ethnicity",
            "ethnicité",
        ];
        for name in refused {
            assert!(is_protected(name), "{name} should be refused");
        }
        let allowed = [
            "sex",
            "gender",
            "dob",
            "date_of_birth",
            "age",
            "first_name",
            "surname",
            "grace",
            "trace_number",
            "terrace",
            "postcode",
            "birth_place",
            "town_of_birth",
            "occupation",
            "lancaster_id",
            "nhs_number",
            "trans_date",
            "date_send",
            "sender_id",
            "married_name",
            "address",
            "email",
            "phone",
            "embraced",
            "absent",
            "sentence",
            "",
            "rolled",
            "national_insurance_number",
            "upn",
            "first_name_surname_concat",
            "city",
        ];
        for name in allowed {
            assert!(!is_protected(name), "{name} should be allowed");
        }
    }

    fn level(sql: &str) -> Level {
        Level {
            condition: read_level(sql, Dialect::DuckDb, "test").unwrap(),
            sql: sql.to_owned(),
            label: "level".to_owned(),
            is_null: false,
            m: None,
            u: None,
            fix_m: false,
            fix_u: false,
            term_frequency: None,
        }
    }

    fn comparison(level: Level) -> Comparison {
        Comparison { name: "a".to_owned(), description: None, levels: vec![level], role: None }
    }

    fn rule(sql: &str) -> Vec<BlockingRule> {
        vec![BlockingRule {
            condition: read_rule(sql, Dialect::DuckDb, "test").unwrap(),
            sql: sql.to_owned(),
        }]
    }

    #[test]
    fn a_model_cannot_name_one_anywhere() {
        type Change = fn(&mut Settings);
        let blocked =
            || rule("l.surname = r.surname AND substr(l.ethnicity, 1, 1) = substr(r.ethnicity, 1, 1)");
        let cases: [(&str, Change); 6] = [
            ("condition", |s| {
                s.comparisons
                    .push(comparison(level("a_l = a_r AND (b_l = b_r OR NOT (lower(religion_l) = 'x'))")));
            }),
            ("term frequency", |s| {
                let mut level = level("a_l = a_r");
                level.term_frequency = Some(TermFrequency {
                    column: "first language".to_owned(),
                    weight: 1.0,
                    minimum_u: 0.0,
                    own_u: false,
                });
                s.comparisons.push(comparison(level));
            }),
            ("retained", |s| {
                s.other.insert(
                    "additional_columns_to_retain".to_owned(),
                    serde_json::json!(["a", "disability"]),
                );
            }),
            ("id", |s| s.unique_id_column = "race".to_owned()),
            ("source", |s| s.source_dataset_column = Some("nationality".to_owned())),
            ("file", |s| {
                s.frequency_files.insert("ethnic_group".to_owned(), "counts.csv".to_owned());
            }),
        ];
        for (what, change) in cases {
            let mut settings = Settings::default();
            change(&mut settings);
            assert!(matches!(check(&settings), Err(LinkageError::Protected { .. })), "{what}");
        }
        let rules: [fn(&mut Settings, Vec<BlockingRule>); 4] = [
            |s, r| s.blocking_rules = r,
            |s, r| s.passes = r,
            |s, r| s.training.deterministic_rules = r,
            |s, r| s.training.sessions = r,
        ];
        for put in rules {
            let mut settings = Settings::default();
            put(&mut settings, blocked());
            let refusal = check(&settings).unwrap_err().to_string();
            assert!(refusal.contains("`ethnicity`") && refusal.contains("l.surname"), "{refusal}");
        }
        assert!(check(&Settings::default()).is_ok());
    }

    #[test]
    fn typed_records_keep_what_identifies_and_leave_out_what_is_missing() {
        let fields = [
            LinkField::new("surname", &"Okafor".to_owned()).unwrap(),
            LinkField::new("year", &2011u16).unwrap(),
            LinkField::new("town", &None::<String>).unwrap(),
        ];
        let record = LinkRecord::new("a1", fields);
        assert_eq!(record.get("year"), Some("2011"));
        assert_eq!(record.get("town"), None);
        assert_eq!(record.columns().collect::<Vec<_>>(), ["surname", "year"]);
        let table: Table<Suspects> = Table::new("police", vec![record]);
        assert_eq!((table.name(), table.records().len(), Suspects::NAME), ("police", 1, "suspects"));
    }
}
