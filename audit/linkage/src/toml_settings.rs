//! Our own settings, in TOML.
//!
//! ```
//! let settings = candour_linkage::toml_settings::to_settings(r#"
//!     link-type = "link-and-dedupe"
//!     id = "record"
//!     ## Each rule is a list of values that must be the same in both records, or one rule in SQL.
//!     blocking-rules = [["first_name", "surname"], ["surname", "substr(dob, 1, 4)"], "l.email = r.email"]
//!     ## Tried first, in order; the number of the one that joins a pair stands on the link.
//!     passes = [["nhs_number"], ["first_name", "surname", "dob", "postcode"]]
//!
//!     [thresholds]
//!     keep = 0.5              # pairs below are not written
//!     clusters = [0.95, 0.99]
//!     review = [0.4, 0.95]    # to two people
//!
//!     [training]
//!     deterministic-rules = [["first_name", "surname", "dob"]]
//!     recall = 0.8
//!     sessions = [["dob"], ["first_name", "surname"]]
//!     seed = 7
//!
//!     [frequency-files]
//!     surname = "surnames.csv"
//!
//!     [[comparison]]
//!     compare = "name"
//!     column = "first_name"
//!     role = "given-name"
//!
//!     [[comparison]]
//!     compare = "name"
//!     column = "surname"
//!     role = "surname"
//!     term-frequency = { minimum-u = 0.0001 }
//!
//!     [[comparison]]
//!     compare = "date-of-birth"
//!     column = "dob"
//!     format = "%d/%m/%Y"
//!
//!     [[comparison]]
//!     name = "contact"
//!     levels = [
//!         "phone_l IS NULL OR phone_r IS NULL",
//!         "phone_l = phone_r",
//!         { sql = "levenshtein(phone_l, phone_r) <= 1", label = "one digit apart", m = 0.1, fix-m = true },
//!         "ELSE",
//!     ]
//! "#)?;
//! assert_eq!(settings.comparisons.len(), 4);
//! assert_eq!(settings.blocking_rules[1].sql, r#"l."surname" = r."surname" AND SUBSTRING(l."dob", 1, 4) = SUBSTRING(r."dob", 1, 4)"#);
//! # Ok::<(), candour_linkage::LinkageError>(())
//! ```
//!
//! # Comparisons by name
//!
//! Their levels are those of Splink 5's function of the same purpose with its defaults; below the null level and above `ELSE`:
//!
//! | `compare` | levels | Splink's |
//! |---|---|---|
//! | `exact` | equal | `ExactMatch` |
//! | `name` | equal (adjusted); Jaro–Winkler at least 0.92, 0.88, 0.7 | `NameComparison` |
//! | `full-name` | of `columns = [given, family]`: both equal, or the column `joined` equal (adjusted); reversed; both Jaro–Winkler 0.92; 0.88; family equal (adjusted); given equal (adjusted) | `ForenameSurnameComparison` |
//! | `date-of-birth` | equal; Levenshtein at most 1; within a month, a year, ten years (365.25 days each); null where the text is no date of the `format` | `DateOfBirthComparison` |
//! | `postcode` | equal; sector; district; area | `PostcodeComparison` |
//! | `email` | equal (adjusted); part before @ equal; Jaro–Winkler 0.88; the same of the part before @ | `EmailComparison` |
//! | `jaro-winkler`, `jaro`, `jaccard` | equal; similarity at least each of `thresholds`, by default 0.9 and 0.7 | `JaroWinklerAtThresholds`, … |
//! | `levenshtein`, `damerau-levenshtein` | equal; at most each of `thresholds` edits, by default 1 and 2 | `LevenshteinAtThresholds`, … |
//!
//! "Adjusted" is by term frequency: `term-frequency = false` takes it away, `true` or a table (`weight`, `minimum-u`) puts it on
//! the equal levels of one column. Levels of your own are SQL as in [`sql`](crate::sql), in which `x_l` and `x_r` are the column
//! `x` of the two records; they end in `ELSE`.

use std::collections::BTreeMap;
use std::fmt;

use rapidfuzz::distance::damerau_levenshtein;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::LinkageError;
use crate::safeguard;
use crate::settings::{
    BlockingRule, Comparison, Condition, Level, LinkType, Operand, Role, Settings, Side, TermFrequency,
    TextUnit, Thresholds, Training,
};
use crate::splink::check_frequencies;
use crate::sql::{Dialect, print_rule, read_level, read_rule, read_value};

/// Every comparison that has a name.
const KINDS: [&str; 11] = [
    "exact",
    "name",
    "full-name",
    "date-of-birth",
    "postcode",
    "email",
    "jaro-winkler",
    "jaro",
    "jaccard",
    "levenshtein",
    "damerau-levenshtein",
];

/// Reads settings. A key that is not known is refused with the one that was meant, perhaps.
pub fn to_settings(toml: &str) -> Result<Settings, LinkageError> {
    let file: FileIn = toml::from_str(toml).map_err(|e| {
        let line =
            e.span().and_then(|span| toml.get(..span.start)).map(|before| before.matches('\n').count() + 1);
        let place = line.map_or_else(String::new, |line| format!("line {line}: "));
        bad(format!("{place}{}", with_suggestion(e.message())))
    })?;
    let link_type = match file.link_type.replace('_', "-").as_str() {
        "dedupe-only" => LinkType::DedupeOnly,
        "link-only" => LinkType::LinkOnly,
        "link-and-dedupe" => LinkType::LinkAndDedupe,
        other => {
            let known = ["dedupe-only", "link-only", "link-and-dedupe"];
            return Err(bad(format!("link-type: {}", unknown(other, &known))));
        }
    };
    let text_unit = match file.text_unit.as_deref() {
        None | Some("characters") => TextUnit::Characters,
        Some("bytes") => TextUnit::Bytes,
        Some(other) => return Err(bad(format!("text-unit: {}", unknown(other, &["characters", "bytes"])))),
    };
    let comparisons = file.comparison.iter().enumerate().map(|(index, c)| comparison(c, index));
    let comparisons = comparisons.collect::<Result<Vec<_>, _>>()?;
    for (index, one) in comparisons.iter().enumerate() {
        if comparisons[..index].iter().any(|other| other.name == one.name) {
            return Err(bad(format!("two comparisons are called {}; give one a name of its own", one.name)));
        }
    }
    let defaults = Training::default();
    let given = file.training;
    let training = Training {
        deterministic_rules: rules(&given.deterministic_rules, "training.deterministic-rules")?,
        recall: given.recall.unwrap_or(defaults.recall),
        sampled_pairs: given.sampled_pairs.unwrap_or(defaults.sampled_pairs),
        sessions: rules(&given.sessions, "training.sessions")?,
        session_pairs: given.session_pairs.unwrap_or(defaults.session_pairs),
        convergence: given.convergence.unwrap_or(defaults.convergence),
        max_iterations: given.max_iterations.unwrap_or(defaults.max_iterations),
        seed: given.seed.unwrap_or(defaults.seed),
    };
    if let Some(p) = file.prior.filter(|p| !(*p > 0.0 && *p < 1.0)) {
        return Err(bad(format!("prior is {p}, not between 0 and 1")));
    }
    let mut other = serde_json::Map::new();
    other.insert("sql_dialect".to_owned(), "duckdb".into());
    let settings = Settings {
        link_type,
        unique_id_column: file.id,
        source_dataset_column: file.source,
        prior: file.prior,
        comparisons,
        blocking_rules: rules(&file.blocking_rules, "blocking-rules")?,
        training,
        passes: rules(&file.passes, "passes")?,
        thresholds: Thresholds {
            keep: file.thresholds.keep,
            clusters: file.thresholds.clusters,
            review: file.thresholds.review,
        },
        frequency_files: file.frequency_files,
        text_unit,
        household: file.household,
        mixture: None,
        other,
    };
    check_training(&settings)?;
    safeguard::check(&settings)?;
    Ok(settings)
}

/// Refuses numbers of training and thresholds that make no sense, from wherever they were read.
pub(crate) fn check_training(settings: &Settings) -> Result<(), LinkageError> {
    let training = &settings.training;
    if !(training.recall > 0.0 && training.recall <= 1.0) {
        return Err(bad(format!("recall is {}, not above 0 and at most 1", training.recall)));
    }
    if !(training.convergence > 0.0 && training.convergence < 1.0) {
        return Err(bad(format!("convergence is {}, not between 0 and 1", training.convergence)));
    }
    if training.sampled_pairs == 0 || training.session_pairs == 0 || training.max_iterations == 0 {
        return Err(bad(
            "training needs at least one sampled pair, one session pair and one iteration".to_owned()
        ));
    }
    let thresholds = &settings.thresholds;
    let review = thresholds.review.map(|(from, to)| [from, to]);
    let all = thresholds.keep.iter().chain(&thresholds.clusters).chain(review.iter().flatten());
    if let Some(wrong) = all.into_iter().find(|t| !(0.0..=1.0).contains(*t)) {
        return Err(bad(format!("the threshold {wrong} is no probability from 0 to 1")));
    }
    match thresholds.review {
        Some((from, to)) if from >= to => Err(bad(format!("review from {from} to {to} holds no pair"))),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileIn {
    link_type: String,
    #[serde(default = "default_id")]
    id: String,
    source: Option<String>,
    prior: Option<f64>,
    #[serde(default = "yes")]
    household: bool,
    text_unit: Option<String>,
    #[serde(default)]
    blocking_rules: Vec<RuleIn>,
    #[serde(default)]
    passes: Vec<RuleIn>,
    #[serde(default)]
    thresholds: ThresholdsIn,
    #[serde(default)]
    training: TrainingIn,
    #[serde(default)]
    frequency_files: BTreeMap<String, String>,
    #[serde(default)]
    comparison: Vec<ComparisonIn>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ThresholdsIn {
    keep: Option<f64>,
    clusters: Vec<f64>,
    review: Option<(f64, f64)>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct TrainingIn {
    deterministic_rules: Vec<RuleIn>,
    recall: Option<f64>,
    sampled_pairs: Option<u64>,
    sessions: Vec<RuleIn>,
    session_pairs: Option<u64>,
    convergence: Option<f64>,
    max_iterations: Option<u32>,
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a rule is a list of SQL expressions, or one SQL condition on l. and r.")]
enum RuleIn {
    Condition(String),
    Values(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ComparisonIn {
    name: Option<String>,
    compare: Option<String>,
    column: Option<String>,
    columns: Option<Vec<String>>,
    joined: Option<String>,
    format: Option<String>,
    thresholds: Option<Vec<f64>>,
    levels: Option<Vec<LevelIn>>,
    role: Option<String>,
    term_frequency: Option<FrequencyIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LevelTable {
    sql: String,
    label: Option<String>,
    null: Option<bool>,
    m: Option<f64>,
    u: Option<f64>,
    #[serde(default)]
    fix_m: bool,
    #[serde(default)]
    fix_u: bool,
    term_frequency: Option<FrequencyTable>,
}

/// A level: its SQL alone, or a table.
struct LevelIn(LevelTable);

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FrequencyTable {
    column: Option<String>,
    weight: Option<f64>,
    minimum_u: Option<f64>,
    #[serde(default)]
    own_u: bool,
}

/// Term frequencies: wanted or not, or a table of how.
#[derive(Clone)]
enum FrequencyIn {
    Wanted(bool),
    How(FrequencyTable),
}

fn default_id() -> String {
    "unique_id".to_owned()
}

fn yes() -> bool {
    true
}

impl<'de> Deserialize<'de> for LevelIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = LevelIn;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the SQL of a level, or a table with sql")
            }
            fn visit_str<E: serde::de::Error>(self, sql: &str) -> Result<LevelIn, E> {
                Ok(LevelIn(LevelTable {
                    sql: sql.to_owned(),
                    label: None,
                    null: None,
                    m: None,
                    u: None,
                    fix_m: false,
                    fix_u: false,
                    term_frequency: None,
                }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LevelIn, A::Error> {
                LevelTable::deserialize(MapAccessDeserializer::new(map))
                    .map(LevelIn)
                    .map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for FrequencyIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FrequencyIn;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a table with weight and minimum-u")
            }
            fn visit_bool<E: serde::de::Error>(self, wanted: bool) -> Result<FrequencyIn, E> {
                Ok(FrequencyIn::Wanted(wanted))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FrequencyIn, A::Error> {
                let table = FrequencyTable::deserialize(MapAccessDeserializer::new(map));
                table.map(FrequencyIn::How).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn rules(given: &[RuleIn], place: &str) -> Result<Vec<BlockingRule>, LinkageError> {
    let one = |(index, rule): (usize, &RuleIn)| {
        let place = format!("{place}, rule {}", index + 1);
        match rule {
            RuleIn::Condition(sql) => {
                Ok(BlockingRule { condition: read_rule(sql, Dialect::DuckDb, &place)?, sql: sql.clone() })
            }
            RuleIn::Values(values) => {
                let mut parts = Vec::with_capacity(values.len());
                for sql in values {
                    let value = read_value(sql, Dialect::DuckDb, &place)?;
                    let mut columns = Vec::new();
                    value.columns(&mut columns);
                    if columns.is_empty() {
                        return Err(bad(format!(
                            "{place}: `{sql}` names no column, so it is the same in every record"
                        )));
                    }
                    let of = |side| Operand { side, value: value.clone() };
                    parts.push(Condition::Equal(of(Side::Left), of(Side::Right)));
                }
                let condition = match parts.len() {
                    0 => return Err(bad(format!("{place} is empty; name at least one column"))),
                    1 => parts.remove(0),
                    _ => Condition::All(parts),
                };
                Ok(BlockingRule { sql: print_rule(&condition), condition })
            }
        }
    };
    given.iter().enumerate().map(one).collect()
}

/// A level before it is read: SQL, name, and the column by whose frequencies it could be adjusted.
struct Draft {
    sql: String,
    label: String,
    column: Option<String>,
    /// Adjusted unless the settings say otherwise.
    adjusted: bool,
}

fn comparison(given: &ComparisonIn, index: usize) -> Result<Comparison, LinkageError> {
    let place = match (&given.name, &given.column) {
        (Some(name), _) | (None, Some(name)) => format!("comparison {name}"),
        _ => format!("comparison {}", index + 1),
    };
    let wrong = |message: String| bad(format!("{place}: {message}"));
    let role = match given.role.as_deref() {
        None => None,
        Some(name) => {
            let names: Vec<&str> = Role::NAMES.iter().map(|(_, name)| *name).collect();
            Some(Role::of(name).ok_or_else(|| wrong(format!("role: {}", unknown(name, &names))))?)
        }
    };
    if let Some(levels) = &given.levels {
        let named = [
            ("compare", given.compare.is_some()),
            ("columns", given.columns.is_some()),
            ("joined", given.joined.is_some()),
            ("format", given.format.is_some()),
            ("thresholds", given.thresholds.is_some()),
            ("term-frequency", given.term_frequency.is_some()),
        ];
        if let Some((key, _)) = named.iter().find(|(_, present)| *present) {
            return Err(wrong(format!("{key} does not go with levels of your own; say it in the levels")));
        }
        let name = given
            .name
            .as_ref()
            .or(given.column.as_ref())
            .ok_or_else(|| wrong("it needs a name".to_owned()))?;
        return own_levels(name, levels, role, &place);
    }
    let Some(kind) = given.compare.as_deref() else {
        return Err(wrong("it needs compare or levels".to_owned()));
    };
    let (drafts, function, columns) = drafts(kind, given).map_err(wrong)?;
    let adjust = |draft: &Draft| -> Option<TermFrequency> {
        let column = draft.column.clone()?;
        let how = match &given.term_frequency {
            None if draft.adjusted => FrequencyTable::default(),
            None | Some(FrequencyIn::Wanted(false)) => return None,
            Some(FrequencyIn::Wanted(true)) => FrequencyTable::default(),
            Some(FrequencyIn::How(how)) => how.clone(),
        };
        Some(frequency(&how, column))
    };
    if matches!(&given.term_frequency, Some(FrequencyIn::How(how)) if how.column.is_some() || how.own_u) {
        return Err(wrong("term-frequency takes column and own-u in levels of your own only".to_owned()));
    }
    let mut levels = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.iter().enumerate() {
        levels.push(Level {
            condition: read_level(&draft.sql, Dialect::DuckDb, &place)?,
            sql: draft.sql.clone(),
            label: draft.label.clone(),
            is_null: at == 0,
            m: None,
            u: None,
            fix_m: false,
            fix_u: false,
            term_frequency: adjust(draft),
        });
    }
    let inferred = match kind {
        "full-name" => Some(Role::FullName),
        "date-of-birth" => Some(Role::BirthDate),
        "postcode" => Some(Role::Address),
        _ => None,
    };
    let name = given.name.clone().unwrap_or_else(|| columns.join("_"));
    Ok(Comparison { name, description: Some(function.to_owned()), levels, role: role.or(inferred) })
}

fn own_levels(
    name: &str,
    given: &[LevelIn],
    role: Option<Role>,
    place: &str,
) -> Result<Comparison, LinkageError> {
    let mut levels = Vec::with_capacity(given.len());
    for (at, LevelIn(given)) in given.iter().enumerate() {
        let place = format!("{place}, level {}", at + 1);
        let condition = read_level(&given.sql, Dialect::DuckDb, &place)?;
        let is_null = given.null.unwrap_or_else(|| only_missing(&condition));
        for (what, p) in [("m", given.m), ("u", given.u)] {
            if let Some(p) = p.filter(|p| !(*p > 0.0 && *p <= 1.0)) {
                return Err(bad(format!("{place}: {what} is {p}, not above 0 and at most 1")));
            }
            if p.is_some() && is_null {
                return Err(bad(format!("{place}: a null level has no {what}")));
            }
        }
        let term_frequency = match &given.term_frequency {
            None => None,
            Some(how) => {
                let column = how.column.clone().ok_or_else(|| {
                    bad(format!("{place}: term-frequency needs the column that is counted"))
                })?;
                Some(frequency(how, column))
            }
        };
        if term_frequency.is_some() && (is_null || condition == Condition::Else) {
            return Err(bad(format!("{place}: term frequencies change nothing on a null level or on ELSE")));
        }
        levels.push(Level {
            condition,
            label: given.label.clone().unwrap_or_else(|| match given.sql.trim() {
                sql if sql.eq_ignore_ascii_case("ELSE") => "All other comparisons".to_owned(),
                sql => sql.to_owned(),
            }),
            sql: given.sql.clone(),
            is_null,
            m: given.m,
            u: given.u,
            fix_m: given.fix_m,
            fix_u: given.fix_u,
            term_frequency,
        });
    }
    if levels.last().is_none_or(|last| last.condition != Condition::Else) {
        return Err(bad(format!("{place}: the last level must be ELSE, so that every pair has one")));
    }
    let telling = levels.iter().filter(|l| !l.is_null).count();
    if !(2..=100).contains(&telling) {
        return Err(bad(format!("{place} has {telling} levels that are not null; from 2 to 100 are wanted")));
    }
    let comparison = Comparison { name: name.to_owned(), description: None, levels, role };
    check_frequencies(&comparison, place)?;
    Ok(comparison)
}

/// Whether a condition says nothing but that values are missing.
fn only_missing(condition: &Condition) -> bool {
    match condition {
        Condition::IsNull(_) => true,
        Condition::Any(parts) | Condition::All(parts) => !parts.is_empty() && parts.iter().all(only_missing),
        _ => false,
    }
}

fn frequency(how: &FrequencyTable, column: String) -> TermFrequency {
    TermFrequency {
        column,
        weight: how.weight.unwrap_or(1.0),
        minimum_u: how.minimum_u.unwrap_or(0.0),
        own_u: how.own_u,
    }
}

/// The levels of a comparison that has a name, Splink's name for it and the columns.
fn drafts(kind: &str, given: &ComparisonIn) -> Result<(Vec<Draft>, &'static str, Vec<String>), String> {
    if !KINDS.contains(&kind) {
        return Err(format!("compare: {}", unknown(kind, &KINDS)));
    }
    let similar = ["jaro-winkler", "jaro", "jaccard"].contains(&kind);
    let distant = ["levenshtein", "damerau-levenshtein"].contains(&kind);
    for (key, present, takes) in [
        ("columns", given.columns.is_some(), kind == "full-name"),
        ("joined", given.joined.is_some(), kind == "full-name"),
        ("column", given.column.is_some(), kind != "full-name"),
        ("format", given.format.is_some(), kind == "date-of-birth"),
        ("thresholds", given.thresholds.is_some(), similar || distant),
    ] {
        if present && !takes {
            return Err(format!("{key} does not go with compare = \"{kind}\""));
        }
    }
    if kind == "full-name" {
        let Some([given_name, family]) = given.columns.as_deref() else {
            return Err("full-name wants columns = [given name, family name]".to_owned());
        };
        let drafts = full_name(given_name, family, given.joined.as_deref());
        return Ok((drafts, "ForenameSurnameComparison", vec![given_name.clone(), family.clone()]));
    }
    let column = given.column.clone().ok_or_else(|| format!("compare = \"{kind}\" wants a column"))?;
    let (l, r) = (side(&column, 'l'), side(&column, 'r'));
    let exact = |label: String, adjusted: bool| Draft {
        sql: format!("{l} = {r}"),
        label,
        column: Some(column.clone()),
        adjusted,
    };
    let equal = || format!("Exact match on {column}");
    let winkler = |threshold: &str| {
        plain(
            format!("jaro_winkler_similarity({l}, {r}) >= {threshold}"),
            format!("Jaro-Winkler distance of {column} >= {threshold}"),
        )
    };
    let part = |of: &str, pattern: &str| format!("NULLIF(regexp_extract({of}, '{pattern}', 0), '')");
    let same_part = |pattern: &str, label: &str| {
        plain(format!("{} = {}", part(&l, pattern), part(&r, pattern)), label.to_owned())
    };
    let mut drafts = vec![missing(&column)];
    let function = match kind {
        "exact" => {
            drafts.push(exact(equal(), false));
            "ExactMatch"
        }
        "name" => {
            drafts.push(exact(equal(), true));
            drafts.extend(["0.92", "0.88", "0.7"].map(winkler));
            "NameComparison"
        }
        "date-of-birth" => {
            let format = given.format.as_deref().unwrap_or("%Y-%m-%d").replace('\'', "''");
            let date = |of: &str| format!("try_strptime({of}, '{format}')");
            drafts[0].sql = format!("{} IS NULL OR {} IS NULL", date(&l), date(&r));
            drafts[0].label = format!("transformed {column} is NULL");
            drafts.push(exact("Exact match on date of birth".to_owned(), false));
            drafts.push(plain(format!("levenshtein({l}, {r}) <= 1"), "Levenshtein distance <= 1".to_owned()));
            for (seconds, label) in
                [("2629800.0", "1 month"), ("31557600.0", "1 year"), ("315576000.0", "10 year")]
            {
                drafts.push(plain(
                    format!("ABS(EPOCH({}) - EPOCH({})) <= {seconds}", date(&l), date(&r)),
                    format!("Abs date difference <= {label}"),
                ));
            }
            "DateOfBirthComparison"
        }
        "postcode" => {
            drafts.push(exact("Exact match on full postcode".to_owned(), false));
            drafts.push(same_part("^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]", "Exact match on sector"));
            drafts.push(same_part("^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?", "Exact match on district"));
            drafts.push(same_part("^[A-Za-z]{1,2}", "Exact match on area"));
            "PostcodeComparison"
        }
        "email" => {
            let name = "^[^@]+";
            drafts.push(exact(equal(), true));
            drafts.push(same_part(name, "Exact match on username"));
            drafts.push(winkler("0.88"));
            drafts.push(plain(
                format!("jaro_winkler_similarity({}, {}) >= 0.88", part(&l, name), part(&r, name)),
                "Jaro-Winkler >0.88 on username".to_owned(),
            ));
            "EmailComparison"
        }
        _ => {
            drafts.push(exact(equal(), false));
            let (measure, shown, function) = match kind {
                "jaro-winkler" => ("jaro_winkler_similarity", "Jaro-Winkler", "JaroWinklerAtThresholds"),
                "jaro" => ("jaro_similarity", "Jaro", "JaroAtThresholds"),
                "jaccard" => ("jaccard", "Jaccard", "JaccardAtThresholds"),
                "levenshtein" => ("levenshtein", "Levenshtein", "LevenshteinAtThresholds"),
                _ => ("damerau_levenshtein", "Damerau-Levenshtein", "DamerauLevenshteinAtThresholds"),
            };
            let (sign, usual) = if similar { (">=", [0.9, 0.7]) } else { ("<=", [1.0, 2.0]) };
            let thresholds = given.thresholds.as_deref().unwrap_or(&usual);
            if thresholds.is_empty() || thresholds.len() > 50 {
                return Err("thresholds must be from 1 to 50".to_owned());
            }
            for threshold in thresholds {
                if !threshold.is_finite() || *threshold < 0.0 || (similar && *threshold > 1.0) {
                    return Err(format!("the threshold {threshold} is out of range"));
                }
                drafts.push(plain(
                    format!("{measure}({l}, {r}) {sign} {threshold}"),
                    format!("{shown} distance of {column} {sign} {threshold}"),
                ));
            }
            function
        }
    };
    drafts.push(plain("ELSE".to_owned(), "All other comparisons".to_owned()));
    Ok((drafts, function, vec![column]))
}

fn full_name(given: &str, family: &str, joined: Option<&str>) -> Vec<Draft> {
    let [gl, gr] = ['l', 'r'].map(|s| side(given, s));
    let [fl, fr] = ['l', 'r'].map(|s| side(family, s));
    let equal = |column: &str| Draft {
        sql: format!("{} = {}", side(column, 'l'), side(column, 'r')),
        label: format!("Exact match on {column}"),
        column: Some(column.to_owned()),
        adjusted: true,
    };
    let alike = |threshold: &str| {
        plain(
            format!(
                "(jaro_winkler_similarity({gl}, {gr}) >= {threshold}) AND (jaro_winkler_similarity({fl}, {fr}) >= {threshold})"
            ),
            format!(
                "(Jaro-Winkler distance of {given} >= {threshold}) AND (Jaro-Winkler distance of {family} >= {threshold})"
            ),
        )
    };
    let whole = match joined {
        Some(column) => equal(column),
        None => plain(
            format!("({gl} = {gr}) AND ({fl} = {fr})"),
            format!("(Exact match on {given}) AND (Exact match on {family})"),
        ),
    };
    vec![
        plain(
            format!("({gl} IS NULL OR {gr} IS NULL) AND ({fl} IS NULL OR {fr} IS NULL)"),
            format!("({given} is NULL) AND ({family} is NULL)"),
        ),
        whole,
        plain(
            format!("{gl} = {fr} AND {gr} = {fl}"),
            format!("Match on reversed cols: {given} and {family} (both directions)"),
        ),
        alike("0.92"),
        alike("0.88"),
        equal(family),
        equal(given),
        plain("ELSE".to_owned(), "All other comparisons".to_owned()),
    ]
}

fn missing(column: &str) -> Draft {
    let (l, r) = (side(column, 'l'), side(column, 'r'));
    plain(format!("{l} IS NULL OR {r} IS NULL"), format!("{column} is NULL"))
}

fn plain(sql: String, label: String) -> Draft {
    Draft { sql, label, column: None, adjusted: false }
}

/// A column of one of the two records, quoted.
fn side(column: &str, side: char) -> String {
    format!("\"{}_{side}\"", column.replace('"', "\"\""))
}

fn bad(message: String) -> LinkageError {
    LinkageError::Settings(message)
}

/// What is not known, and what was meant, perhaps.
fn unknown(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(meant) => format!("{word} is not known; {meant} is meant, perhaps"),
        None => format!("{word} is not known; there are {}", known.join(", ")),
    }
}

/// The known word that a slip of the keyboard would make of the given one.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    known
        .iter()
        .map(|k| (damerau_levenshtein::distance(word.chars(), plain(k).chars()), *k))
        .filter(|(distance, k)| *distance <= 1 + k.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// Adds the key that was meant to serde's message about one that is not known.
fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field")
        && let Some(word) = quoted.next()
    {
        let known: Vec<&str> = quoted.collect();
        return format!("the key {}", unknown(word, &known));
    }
    message.to_owned()
}

#[cfg(test)]
mod tests;
