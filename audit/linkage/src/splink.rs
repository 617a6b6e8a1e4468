//! Splink's models, versions 4 and 5: settings and trained models as JSON, read and written.
//!
//! The two versions write the same keys for comparisons and levels; of the others only a column prefix differs. What changes
//! nothing here (prefixes, columns to retain, the linker's id) is kept and written back. What would change a result and is
//! not done here is refused by name.
//!
//! | key | here |
//! |---|---|
//! | `link_type`, `probability_two_random_records_match`, `unique_id_column_name`, `em_convergence`, `max_iterations` | read |
//! | `source_dataset_column_name` | read, but for `dedupe_only`, where Splink does not look at it |
//! | `comparisons` and every key of a level | read; SQL as in [`sql`](crate::sql) |
//! | `blocking_rules_to_generate_predictions` | read; `salting_partitions` is left out, as by Splink 5, since no result depends on it |
//! | `arrays_to_explode` | refused |
//! | `sql_dialect` | `duckdb` means that text is measured in bytes, as there; any other, in characters |
//! | `candour` | what Splink has no place for: families, training, passes, thresholds, roles |
//!
//! # What a trained model leaves out
//!
//! Splink writes *m* and *u* only where they were trained. When it reads such a file, a level without gets the number that
//! training would have started from, and is scored with it: for *n* levels that are not null, *m* is 0.95 for the topmost and
//! 0.05/(*n* - 1) for each of the others, and *u* is what makes match weights of 10 for the topmost and evenly spaced ones
//! from -5 to 3 below. (Within one run, before the model is saved and loaded, Splink scores a level never observed with 1e-6
//! instead; a file can say so with the words "level not observed in training dataset".) A file in which any level has a
//! number is taken to be trained, its gaps are filled in the same way and each is reported; when written, a number that is
//! exactly its level's starting value is left out again. A file without any number is settings, to be trained.

use std::collections::BTreeMap;

use candour_record::{Finding, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::LinkageError;
use crate::household::Mixture;
use crate::safeguard;
use crate::settings::{
    BlockingRule, Comparison, Condition, Level, LinkType, Measure, Role, Settings, TermFrequency, TextUnit,
    Thresholds, Training, Value,
};
use crate::sql::{Dialect, read_level, read_rule};

/// What Splink writes for a probability whose level no training pair had, and the probability it then scores with.
const NOT_OBSERVED: (&str, f64) = ("level not observed in training dataset", 1e-6);

/// The least *m* or *u* that Splink accepts.
const LEAST: f64 = 1e-300;

/// Splink's prior where a file gives none.
const PRIOR: f64 = 0.0001;

/// Keys of the file that change nothing here; Splink 5 knows each of them.
const KEPT: [&str; 9] = [
    "retain_matching_columns",
    "retain_intermediate_calculation_columns",
    "additional_columns_to_retain",
    "sql_dialect",
    "linker_uid",
    "match_weight_column_prefix",
    "bayes_factor_column_prefix",
    "term_frequency_adjustment_column_prefix",
    "comparison_vector_value_column_prefix",
];

/// Reads a model or settings. What Splink would do and is not done here is an error; what was filled in is a finding.
pub fn read_splink(json: &str) -> Result<(Settings, Vec<Finding>), LinkageError> {
    let file: Json = serde_json::from_str(json).map_err(|e| bad(format!("this is not JSON: {e}")))?;
    let Json::Object(mut file) = file else {
        return Err(bad("a Splink model is a JSON object".to_owned()));
    };
    let mut findings = Vec::new();
    for old in ["proportion_of_matches", "comparison_columns", "blocking_rules"] {
        if file.contains_key(old) {
            return Err(bad(format!("the key {old} is of Splink 2; models of versions 4 and 5 are read")));
        }
    }
    let dialect_name = taken_text(&mut file, "sql_dialect")?;
    let dialect = Dialect::of_splink(dialect_name.as_deref().unwrap_or("duckdb"));
    let unit = unit_of(dialect_name.as_deref());
    let extras = match file.remove("candour") {
        None => Extras::default(),
        Some(extras) => serde_json::from_value(extras).map_err(|e| bad(format!("candour: {e}")))?,
    };

    let link_type = match taken_text(&mut file, "link_type")?.as_deref() {
        Some("dedupe_only") => LinkType::DedupeOnly,
        Some("link_only") => LinkType::LinkOnly,
        Some("link_and_dedupe") => LinkType::LinkAndDedupe,
        Some(other) => {
            return Err(bad(format!(
                "link_type {other} is none of dedupe_only, link_only and link_and_dedupe"
            )));
        }
        None => return Err(bad("link_type is missing".to_owned())),
    };
    let mut comparisons = Vec::new();
    for (index, comparison) in taken_list(&mut file, "comparisons")?.into_iter().enumerate() {
        comparisons.push(read_comparison(comparison, index, dialect, &mut findings)?);
    }
    let trained = comparisons.iter().flat_map(|c| &c.levels).any(|l| l.m.is_some() || l.u.is_some());
    if trained {
        for comparison in &mut comparisons {
            fill(comparison, &mut findings);
        }
    }
    let mut prior = taken_number(&mut file, "probability_two_random_records_match")?;
    if let Some(p) = prior.filter(|p| !(*p > 0.0 && *p < 1.0)) {
        return Err(bad(format!("probability_two_random_records_match is {p}, not between 0 and 1")));
    }
    if prior.is_none() && trained {
        prior = Some(PRIOR);
        findings.push(Finding::new(
            Severity::Warning,
            "default_prior",
            format!("the model gives no prior; Splink scores with {PRIOR}, and so is done here"),
        ));
    }
    let mut blocking_rules = Vec::new();
    for (index, rule) in
        taken_list(&mut file, "blocking_rules_to_generate_predictions")?.into_iter().enumerate()
    {
        blocking_rules.push(read_blocking(rule, index, dialect, &mut findings)?);
    }

    let defaults = Training::default();
    let training = Training {
        convergence: taken_number(&mut file, "em_convergence")?.unwrap_or(defaults.convergence),
        max_iterations: match taken_number(&mut file, "max_iterations")? {
            None => defaults.max_iterations,
            Some(n) if n.fract() == 0.0 && (1.0..1e9).contains(&n) => n as u32,
            Some(n) => return Err(bad(format!("max_iterations is {n}, not a whole number from 1"))),
        },
        deterministic_rules: rules(&extras.deterministic_rules, "candour.deterministic_rules", dialect)?,
        recall: extras.recall.unwrap_or(defaults.recall),
        sampled_pairs: extras.sampled_pairs.unwrap_or(defaults.sampled_pairs),
        sessions: rules(&extras.sessions, "candour.sessions", dialect)?,
        session_pairs: extras.session_pairs.unwrap_or(defaults.session_pairs),
        seed: extras.seed.unwrap_or(defaults.seed),
    };
    // Splink writes its starting value into settings that have not been trained; rules to estimate it from come before that.
    if !trained && !training.deterministic_rules.is_empty() && !extras.keep_prior {
        prior = None;
    }
    for (name, role) in &extras.roles {
        let comparison = comparisons
            .iter_mut()
            .find(|c| c.name == *name)
            .ok_or_else(|| bad(format!("candour.roles names {name}, and no comparison is called so")))?;
        comparison.role =
            Some(Role::of(role).ok_or_else(|| bad(format!("candour.roles: {role} is no role")))?);
    }
    let unique_id_column =
        taken_text(&mut file, "unique_id_column_name")?.unwrap_or_else(|| "unique_id".to_owned());
    let source_dataset_column = if link_type == LinkType::DedupeOnly {
        None
    } else {
        taken_text(&mut file, "source_dataset_column_name")?
    };
    if let Some(name) = dialect_name {
        file.insert("sql_dialect".to_owned(), Json::String(name));
    }
    for key in file.keys() {
        if !KEPT.contains(&key.as_str()) && key != "source_dataset_column_name" {
            findings.push(Finding::new(
                Severity::Note,
                "unknown_key",
                format!(
                    "the key {key} is none of Splink's that are known here; it is kept and changes nothing"
                ),
            ));
        }
    }
    let settings = Settings {
        link_type,
        unique_id_column,
        source_dataset_column,
        prior,
        comparisons,
        blocking_rules,
        passes: rules(&extras.passes, "candour.passes", dialect)?,
        thresholds: Thresholds { keep: extras.keep, clusters: extras.clusters, review: extras.review },
        frequency_files: extras.frequency_files,
        training,
        text_unit: match extras.text_unit.as_deref() {
            None => unit,
            Some("bytes") => TextUnit::Bytes,
            Some("characters") => TextUnit::Characters,
            Some(other) => {
                return Err(bad(format!("candour.text_unit {other} is neither bytes nor characters")));
            }
        },
        household: extras.household,
        mixture: extras.mixture,
        other: file,
    };
    if let Some(mixture) = &settings.mixture {
        mixture.check(&settings.comparisons)?;
    }
    crate::toml_settings::check_training(&settings)?;
    safeguard::check(&settings)?;
    Ok((settings, findings))
}

/// Writes a model as JSON, to be read by [`read_splink`] without loss. What Splink has no place for stands in one object,
/// `candour`, which is left out where there is nothing to say. Splink refuses a file with that object: see [`write_for_splink`].
pub fn write_splink(settings: &Settings) -> String {
    let mut extras = Extras::of(settings);
    let dialect = settings.other.get("sql_dialect").and_then(Json::as_str);
    if unit_of(dialect) != settings.text_unit {
        let unit = if settings.text_unit == TextUnit::Bytes { "bytes" } else { "characters" };
        extras.text_unit = Some(unit.to_owned());
    }
    let extras = (extras != Extras::default()).then_some(extras);
    write(settings, &settings.other, extras)
}

/// Writes a model as Splink 5 loads it, and says what had to be left out.
pub fn write_for_splink(settings: &Settings) -> (String, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut left_out = |code: &str, what: String| {
        findings.push(Finding::new(
            Severity::Warning,
            code,
            format!("{what}; Splink has no place for it, and it is left out"),
        ));
    };
    if settings.household {
        left_out("household_left_out", "the model tells families apart".to_owned());
    }
    if !settings.passes.is_empty() {
        left_out("passes_left_out", format!("the model has {} deterministic passes", settings.passes.len()));
    }
    if !settings.frequency_files.is_empty() {
        left_out("frequencies_left_out", "the model names files of term frequencies".to_owned());
    }
    let mut known = Map::new();
    for (key, value) in &settings.other {
        if KEPT.contains(&key.as_str()) || key == "source_dataset_column_name" {
            known.insert(key.clone(), value.clone());
        } else {
            left_out("key_left_out", format!("the key {key} is not one of Splink's"));
        }
    }
    let rules = settings.blocking_rules.iter().map(|r| (&r.condition, r.sql.as_str()));
    let levels = settings.comparisons.iter().flat_map(|c| &c.levels).map(|l| (&l.condition, l.sql.as_str()));
    for (condition, sql) in rules.chain(levels) {
        if let Some(function) = not_in_duckdb(condition) {
            findings.push(Finding::new(
                Severity::Warning,
                "function_not_in_duckdb",
                format!("`{sql}` needs {function}, which DuckDB has not; define it there or choose another"),
            ));
        }
    }
    (write(settings, &known, None), findings)
}

/// What rides in a Splink file under the key `candour`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Extras {
    household: bool,
    /// The prior is meant, although there are rules to estimate it from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_prior: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_unit: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deterministic_rules: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recall: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampled_pairs: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_pairs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    roles: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clusters: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    frequency_files: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mixture: Option<Mixture>,
}

impl Extras {
    fn of(settings: &Settings) -> Self {
        let training = &settings.training;
        let defaults = Training::default();
        let written = |rules: &[BlockingRule]| rules.iter().map(|r| r.sql.clone()).collect();
        Self {
            household: settings.household,
            keep_prior: settings.prior.is_some()
                && !training.deterministic_rules.is_empty()
                && settings
                    .comparisons
                    .iter()
                    .flat_map(|c| &c.levels)
                    .all(|l| l.m.is_none() && l.u.is_none()),
            text_unit: None,
            deterministic_rules: written(&training.deterministic_rules),
            recall: (training.recall != defaults.recall).then_some(training.recall),
            sampled_pairs: (training.sampled_pairs != defaults.sampled_pairs)
                .then_some(training.sampled_pairs),
            sessions: written(&training.sessions),
            session_pairs: (training.session_pairs != defaults.session_pairs)
                .then_some(training.session_pairs),
            seed: (training.seed != defaults.seed).then_some(training.seed),
            roles: settings
                .comparisons
                .iter()
                .filter_map(|c| c.role.map(|role| (c.name.clone(), role.name().to_owned())))
                .collect(),
            passes: written(&settings.passes),
            keep: settings.thresholds.keep,
            clusters: settings.thresholds.clusters.clone(),
            review: settings.thresholds.review,
            frequency_files: settings.frequency_files.clone(),
            mixture: settings.mixture.clone(),
        }
    }
}

#[derive(Serialize)]
struct FileOut<'a> {
    link_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability_two_random_records_match: Option<f64>,
    sql_dialect: &'a str,
    unique_id_column_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_dataset_column_name: Option<&'a str>,
    em_convergence: f64,
    max_iterations: u32,
    #[serde(flatten)]
    other: Map<String, Json>,
    blocking_rules_to_generate_predictions: Vec<RuleOut<'a>>,
    comparisons: Vec<ComparisonOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candour: Option<Extras>,
}

#[derive(Serialize)]
struct RuleOut<'a> {
    blocking_rule: &'a str,
    sql_dialect: &'a str,
}

#[derive(Serialize)]
struct ComparisonOut<'a> {
    output_column_name: &'a str,
    comparison_levels: Vec<LevelOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison_description: Option<&'a str>,
}

#[derive(Serialize)]
struct LevelOut<'a> {
    sql_condition: &'a str,
    label_for_charts: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    m_probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    u_probability: Option<f64>,
    fix_m_probability: bool,
    fix_u_probability: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tf_adjustment_column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tf_minimum_u_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tf_adjustment_weight: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_null_level: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_tf_exact_match_detection: bool,
}

fn write(settings: &Settings, other: &Map<String, Json>, candour: Option<Extras>) -> String {
    let sql_dialect = other.get("sql_dialect").and_then(Json::as_str).unwrap_or("duckdb");
    let mut rest = other.clone();
    rest.remove("sql_dialect");
    let starts: Vec<Vec<(f64, f64)>> = settings.comparisons.iter().map(starting_values).collect();
    // A model in which every number is a starting value must say them all, or it would be read as untrained.
    let differs = |p: Option<f64>, start: f64| p.is_some_and(|p| p.to_bits() != start.to_bits());
    let trained = settings.comparisons.iter().zip(&starts).any(|(comparison, starts)| {
        let levels = comparison.levels.iter().filter(|l| !l.is_null);
        levels.zip(starts).any(|(l, start)| differs(l.m, start.0) || differs(l.u, start.1))
    });
    let level = |level: &'_ Level, start: Option<&(f64, f64)>| {
        let shown = |p: Option<f64>, start: Option<f64>| {
            p.filter(|_| !level.is_null)
                .filter(|p| !trained || start.is_none_or(|s| s.to_bits() != p.to_bits()))
        };
        (shown(level.m, start.map(|s| s.0)), shown(level.u, start.map(|s| s.1)))
    };
    let comparisons = settings.comparisons.iter().zip(&starts).map(|(comparison, starts)| {
        let mut starts = starts.iter();
        ComparisonOut {
            output_column_name: &comparison.name,
            comparison_levels: comparison
                .levels
                .iter()
                .map(|l| {
                    let (m, u) = level(l, if l.is_null { None } else { starts.next() });
                    let frequency = l.term_frequency.as_ref();
                    LevelOut {
                        sql_condition: &l.sql,
                        label_for_charts: &l.label,
                        m_probability: m,
                        u_probability: u,
                        fix_m_probability: l.fix_m,
                        fix_u_probability: l.fix_u,
                        tf_adjustment_column: frequency.map(|f| f.column.as_str()),
                        tf_minimum_u_value: frequency.map(|f| f.minimum_u).filter(|u| *u != 0.0),
                        tf_adjustment_weight: frequency.map(|f| f.weight),
                        is_null_level: l.is_null,
                        disable_tf_exact_match_detection: frequency.is_some_and(|f| f.own_u),
                    }
                })
                .collect(),
            comparison_description: comparison.description.as_deref(),
        }
    });
    let file = FileOut {
        link_type: settings.link_type.to_string(),
        probability_two_random_records_match: settings.prior,
        sql_dialect,
        unique_id_column_name: &settings.unique_id_column,
        source_dataset_column_name: settings.source_dataset_column.as_deref(),
        em_convergence: settings.training.convergence,
        max_iterations: settings.training.max_iterations,
        other: rest,
        blocking_rules_to_generate_predictions: settings
            .blocking_rules
            .iter()
            .map(|r| RuleOut { blocking_rule: &r.sql, sql_dialect })
            .collect(),
        comparisons: comparisons.collect(),
        candour,
    };
    let mut out = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, format);
    // Neither step can fail: writing to memory, with text for every key.
    if file.serialize(&mut writer).is_err() {
        out.clear();
    }
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// The *m* and *u* that Splink starts each level with that is not null, in order; none where there are fewer than two.
fn starting_values(comparison: &Comparison) -> Vec<(f64, f64)> {
    let count = comparison.levels.iter().filter(|l| !l.is_null).count();
    if count < 2 {
        return Vec::new();
    }
    let split = (1.0 - 0.95) / (count - 1) as f64;
    let step = if count == 2 { 0.0 } else { (3.0 - -5.0) / (count - 2) as f64 };
    let upwards = (0..count).map(|value| {
        let top = value == count - 1;
        let m = if top { 0.95 } else { split };
        let weight = if top { 10.0 } else { -5.0 + value as f64 * step };
        (m, m / 2f64.powf(weight))
    });
    let mut values: Vec<_> = upwards.collect();
    values.reverse();
    values
}

/// Fills what a trained model leaves out.
fn fill(comparison: &mut Comparison, findings: &mut Vec<Finding>) {
    let starts = starting_values(comparison);
    let name = comparison.name.clone();
    for (level, start) in comparison.levels.iter_mut().filter(|l| !l.is_null).zip(starts) {
        for (what, probability, start) in [("m", &mut level.m, start.0), ("u", &mut level.u, start.1)] {
            if probability.is_none() {
                *probability = Some(start);
                findings.push(Finding::new(
                    Severity::Warning,
                    "untrained_probability",
                    format!(
                        "comparison {name}, level {}: the model has no {what}; Splink scores with the value that training starts from, {start}, and so is done here",
                        level.label
                    ),
                ));
            }
        }
    }
}

fn read_comparison(
    json: Json,
    index: usize,
    dialect: Dialect,
    findings: &mut Vec<Finding>,
) -> Result<Comparison, LinkageError> {
    let place = format!("comparison {}", index + 1);
    let Json::Object(mut json) = json else {
        return Err(bad(format!("{place} is not an object")));
    };
    let name = taken_text(&mut json, "output_column_name")?;
    let place = name.as_ref().map_or(place, |name| format!("comparison {name}"));
    let description = taken_text(&mut json, "comparison_description")?;
    let listed = taken_list(&mut json, "comparison_levels").map_err(|e| within(&place, &e))?;
    none_left(&json, &place)?;
    let count = listed.len();
    let mut levels = Vec::with_capacity(count);
    for (at, level) in listed.into_iter().enumerate() {
        let place = format!("{place}, level {}", at + 1);
        levels.push(read_one_level(level, &place, dialect, findings)?);
    }
    let mut comparison = Comparison { name: String::new(), description, levels, role: None };
    if comparison.levels.iter().filter(|l| !l.is_null).count() < 2 {
        return Err(bad(format!("{place} has fewer than two levels that are not null, so it says nothing")));
    }
    if comparison.levels.iter().all(|l| l.condition != Condition::Else) {
        findings.push(Finding::new(
            Severity::Warning,
            "no_else_level",
            format!(
                "{place} has no ELSE level; a pair that meets none of its levels has no weight in Splink"
            ),
        ));
    }
    if comparison.levels.len() > 100 {
        return Err(bad(format!("{place} has {count} levels; 100 are the most")));
    }
    for at in 0..comparison.levels.len() {
        if comparison.levels[at].label.is_empty() {
            comparison.levels[at].label = comparison.value_of(at).to_string();
        }
    }
    let columns = comparison.columns();
    comparison.name = name.unwrap_or_else(|| match columns.as_slice() {
        [only] => (*only).to_owned(),
        several => format!("custom_{}", several.join("_")),
    });
    check_frequencies(&comparison, &place)?;
    Ok(comparison)
}

/// Every adjusted level needs the *u* of an exact level on its column, or its own.
pub(crate) fn check_frequencies(comparison: &Comparison, place: &str) -> Result<(), LinkageError> {
    for level in &comparison.levels {
        let Some(frequency) = level.term_frequency.as_ref().filter(|f| !f.own_u && f.weight != 0.0) else {
            continue;
        };
        let exact = comparison.levels.iter().any(|l| is_exact_on(&l.condition, &frequency.column));
        if !exact {
            return Err(bad(format!(
                "{place}, level {}: term frequencies of {} need a level in which that column alone is equal; add one, or take this level's own u (disable_tf_exact_match_detection)",
                level.label, frequency.column
            )));
        }
    }
    Ok(())
}

/// Whether a condition says that one column is the same in both records, and nothing else.
fn is_exact_on(condition: &Condition, column: &str) -> bool {
    condition.is_exact_match()
        && matches!(condition, Condition::Equal(left, _)
            if matches!(&left.value, Value::Column(name) if name.eq_ignore_ascii_case(column)))
}

fn read_one_level(
    json: Json,
    place: &str,
    dialect: Dialect,
    findings: &mut Vec<Finding>,
) -> Result<Level, LinkageError> {
    let Json::Object(mut json) = json else {
        return Err(bad(format!("{place} is not an object")));
    };
    let here = |e: LinkageError| within(place, &e);
    let sql = taken_text(&mut json, "sql_condition")
        .map_err(here)?
        .ok_or_else(|| bad(format!("{place} has no sql_condition")))?;
    let dialect = match taken_text(&mut json, "base_dialect_str").map_err(here)? {
        Some(name) => Dialect::of_splink(&name),
        None => dialect,
    };
    let condition = read_level(&sql, dialect, place)?;
    let is_null = taken_flag(&mut json, "is_null_level").map_err(here)?;
    let mut probability = |key: &str| -> Result<Option<f64>, LinkageError> {
        let p = match json.remove(key) {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::String(text)) if text == NOT_OBSERVED.0 => {
                findings.push(Finding::new(
                    Severity::Note,
                    "level_not_observed",
                    format!(
                        "{place}: {key} was not observed in training; Splink scores with {}",
                        NOT_OBSERVED.1
                    ),
                ));
                NOT_OBSERVED.1
            }
            Some(value) => {
                value.as_f64().ok_or_else(|| bad(format!("{place}: {key} is {value}, not a number")))?
            }
        };
        if !(LEAST..=1.0).contains(&p) {
            return Err(bad(format!("{place}: {key} is {p}, not between {LEAST:e} and 1")));
        }
        Ok(Some(p).filter(|_| !is_null))
    };
    let (m, u) = (probability("m_probability")?, probability("u_probability")?);
    let label = taken_text(&mut json, "label_for_charts").map_err(here)?.unwrap_or_default();
    let fix_m = taken_flag(&mut json, "fix_m_probability").map_err(here)?;
    let fix_u = taken_flag(&mut json, "fix_u_probability").map_err(here)?;
    let column = taken_text(&mut json, "tf_adjustment_column").map_err(here)?;
    let weight = taken_number(&mut json, "tf_adjustment_weight").map_err(here)?.unwrap_or(1.0);
    let minimum_u = taken_number(&mut json, "tf_minimum_u_value").map_err(here)?.unwrap_or(0.0);
    let own_u = taken_flag(&mut json, "disable_tf_exact_match_detection").map_err(here)?;
    none_left(&json, place)?;
    let mut term_frequency =
        column.map(|column| TermFrequency { column: unquoted(&column).to_owned(), weight, minimum_u, own_u });
    if term_frequency.is_some() && (is_null || condition == Condition::Else) {
        // Splink writes an adjustment of nothing for these.
        term_frequency = None;
        findings.push(Finding::new(
            Severity::Note,
            "frequencies_without_effect",
            format!(
                "{place}: term frequencies change nothing on this level, here as in Splink, and are left out"
            ),
        ));
    }
    Ok(Level { condition, sql, label, is_null, m, u, fix_m, fix_u, term_frequency })
}

fn read_blocking(
    json: Json,
    index: usize,
    dialect: Dialect,
    findings: &mut Vec<Finding>,
) -> Result<BlockingRule, LinkageError> {
    let place = format!("blocking rule {}", index + 1);
    let (sql, dialect) = match json {
        Json::String(sql) => (sql, dialect),
        Json::Object(mut json) => {
            let here = |e: LinkageError| within(&place, &e);
            let sql = taken_text(&mut json, "blocking_rule")
                .map_err(here)?
                .ok_or_else(|| bad(format!("{place} has no blocking_rule")))?;
            let own = taken_text(&mut json, "sql_dialect").map_err(here)?;
            if json.remove("salting_partitions").is_some_and(|v| !v.is_null()) {
                findings.push(Finding::new(
                    Severity::Note,
                    "salting_left_out",
                    format!("{place}: salting_partitions spreads Splink's work and changes no result; it is left out"),
                ));
            }
            if json.remove("arrays_to_explode").is_some_and(|v| !v.is_null()) {
                return Err(bad(format!(
                    "{place} has arrays_to_explode, which is not done here; cut the list into columns, or block on another"
                )));
            }
            none_left(&json, &place)?;
            (sql, own.map_or(dialect, |name| Dialect::of_splink(&name)))
        }
        _ => return Err(bad(format!("{place} is neither a text nor an object"))),
    };
    Ok(BlockingRule { condition: read_rule(&sql, dialect, &place)?, sql })
}

fn rules(written: &[String], place: &str, dialect: Dialect) -> Result<Vec<BlockingRule>, LinkageError> {
    written
        .iter()
        .map(|sql| Ok(BlockingRule { condition: read_rule(sql, dialect, place)?, sql: sql.clone() }))
        .collect()
}

fn unit_of(dialect: Option<&str>) -> TextUnit {
    if dialect.unwrap_or("duckdb") == "duckdb" { TextUnit::Bytes } else { TextUnit::Characters }
}

fn unquoted(name: &str) -> &str {
    for mark in ['"', '`'] {
        if let Some(inner) = name.strip_prefix(mark).and_then(|n| n.strip_suffix(mark)) {
            return inner;
        }
    }
    name
}

/// A function that a condition needs and `DuckDB` has not.
fn not_in_duckdb(condition: &Condition) -> Option<&'static str> {
    fn soundex(value: &Value) -> bool {
        match value {
            Value::Soundex(_) => true,
            Value::Column(_) | Value::Literal(_) => false,
            Value::Substring { of, .. }
            | Value::Lower(of)
            | Value::Upper(of)
            | Value::Trim(of)
            | Value::RegexExtract { of, .. }
            | Value::NullIf { of, .. }
            | Value::Date { of, .. }
            | Value::Elements { of, .. } => soundex(of),
            Value::Concat(parts) | Value::Coalesce(parts) => parts.iter().any(soundex),
        }
    }
    let mut operands = Vec::new();
    condition.operands(&mut operands);
    if operands.iter().any(|o| soundex(&o.value)) {
        return Some("soundex");
    }
    match condition {
        Condition::Compare { measure: Measure::OptimalStringAlignment, .. } => {
            Some("optimal_string_alignment")
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(not_in_duckdb),
        Condition::Not(inner) => not_in_duckdb(inner),
        _ => None,
    }
}

fn bad(message: String) -> LinkageError {
    LinkageError::Settings(message)
}

/// The same refusal, with the place before it.
fn within(place: &str, error: &LinkageError) -> LinkageError {
    match error {
        LinkageError::Settings(message) => bad(format!("{place}: {message}")),
        other => bad(format!("{place}: {other}")),
    }
}

fn none_left(json: &Map<String, Json>, place: &str) -> Result<(), LinkageError> {
    match json.keys().next() {
        None => Ok(()),
        Some(key) => Err(bad(format!("{place} has the key {key}, which neither Splink 4 nor 5 has there"))),
    }
}

fn taken_text(json: &mut Map<String, Json>, key: &str) -> Result<Option<String>, LinkageError> {
    match json.remove(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(bad(format!("{key} is {other}, not a text"))),
    }
}

fn taken_number(json: &mut Map<String, Json>, key: &str) -> Result<Option<f64>, LinkageError> {
    match json.remove(key) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(bad(format!("{key} is {value}, not a number"))),
        },
    }
}

fn taken_flag(json: &mut Map<String, Json>, key: &str) -> Result<bool, LinkageError> {
    match json.remove(key) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(flag)) => Ok(flag),
        Some(other) => Err(bad(format!("{key} is {other}, neither true nor false"))),
    }
}

fn taken_list(json: &mut Map<String, Json>, key: &str) -> Result<Vec<Json>, LinkageError> {
    match json.remove(key) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(bad(format!("{key} is not a list"))),
    }
}

#[cfg(test)]
mod tests;
