use proptest::prelude::*;

use super::*;
use crate::settings::{Bound, Operand, Side};

/// A model with two comparisons, in which the second has no *m* for one level.
fn model() -> Json {
    serde_json::json!({
        "link_type": "link_and_dedupe",
        "probability_two_random_records_match": 0.001_836_121_836_121_836_3,
        "retain_matching_columns": false,
        "additional_columns_to_retain": ["cluster"],
        "sql_dialect": "duckdb",
        "linker_uid": "abc",
        "em_convergence": 0.001,
        "max_iterations": 20,
        "match_weight_column_prefix": "mw_",
        "unique_id_column_name": "id",
        "source_dataset_column_name": "agency",
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "(l.\"a\" = r.\"a\") AND (SUBSTRING(l.b, 1, 3) = SUBSTRING(r.b, 1, 3))", "sql_dialect": "duckdb"},
            "l.c = r.c"
        ],
        "comparisons": [
            {
                "output_column_name": "a",
                "comparison_description": "ExactMatch",
                "comparison_levels": [
                    {"sql_condition": "\"a_l\" IS NULL OR \"a_r\" IS NULL", "label_for_charts": "a is NULL", "is_null_level": true,
                     "fix_m_probability": false, "fix_u_probability": false},
                    {"sql_condition": "\"a_l\" = \"a_r\"", "label_for_charts": "Exact match on a",
                     "m_probability": 0.491_240_387_504_934_1, "u_probability": 0.005_444_402_981_504_339,
                     "fix_m_probability": false, "fix_u_probability": true,
                     "tf_adjustment_column": "a", "tf_adjustment_weight": 0.5, "tf_minimum_u_value": 0.001},
                    {"sql_condition": "ELSE", "label_for_charts": "All other comparisons",
                     "m_probability": 0.508_759_612_495_065_9, "u_probability": 0.994_555_597_018_495_7,
                     "fix_m_probability": true, "fix_u_probability": false}
                ]
            },
            {
                "output_column_name": "b",
                "comparison_levels": [
                    {"sql_condition": "b_l IS NULL", "is_null_level": true},
                    {"sql_condition": "b_l = b_r", "m_probability": 0.9, "u_probability": 0.1},
                    {"sql_condition": "jaro_winkler_similarity(b_l, b_r) >= 0.9", "u_probability": 0.2,
                     "tf_adjustment_column": "\"b\"", "disable_tf_exact_match_detection": true},
                    {"sql_condition": "ELSE", "m_probability": 0.05, "u_probability": 0.7}
                ]
            }
        ]
    })
}

fn read(json: &Json) -> Result<(Settings, Vec<Finding>), LinkageError> {
    read_splink(&json.to_string())
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn a_model_is_read_whole() {
    let (settings, findings) = read(&model()).unwrap();
    assert_eq!(settings.link_type, LinkType::LinkAndDedupe);
    assert_eq!(settings.prior, Some(0.001_836_121_836_121_836_3));
    assert_eq!(settings.unique_id_column, "id");
    assert_eq!(settings.source_dataset_column.as_deref(), Some("agency"));
    assert_eq!((settings.training.convergence, settings.training.max_iterations), (0.001, 20));
    assert_eq!(settings.text_unit, TextUnit::Bytes);
    assert!(!settings.household, "an imported model keeps its weights");
    assert_eq!(settings.blocking_rules.len(), 2);
    assert!(matches!(&settings.blocking_rules[0].condition, Condition::All(parts) if parts.len() == 2));
    let exact = &settings.comparisons[0].levels[1];
    assert_eq!((exact.m, exact.u), (Some(0.491_240_387_504_934_1), Some(0.005_444_402_981_504_339)));
    assert_eq!((exact.fix_m, exact.fix_u), (false, true));
    let frequency = exact.term_frequency.as_ref().unwrap();
    assert_eq!((frequency.column.as_str(), frequency.weight, frequency.minimum_u), ("a", 0.5, 0.001));
    let fuzzy = settings.comparisons[1].levels[2].term_frequency.as_ref().unwrap();
    assert_eq!((fuzzy.column.as_str(), fuzzy.weight, fuzzy.own_u), ("b", 1.0, true));
    assert_eq!(
        settings.comparisons[1].levels[1].label, "2",
        "a level without a label is called by its value"
    );
    assert_eq!(settings.other["additional_columns_to_retain"], serde_json::json!(["cluster"]));
    assert_eq!(codes(&findings), ["untrained_probability"]);
}

/// Numbers from Splink 5.0.0: `_default_m_values` and `_default_u_values` of 2, 3 and 6 levels, lowest level first.
#[test]
#[expect(clippy::unreadable_literal, reason = "as Python prints them")]
fn starting_values_are_splinks_to_the_last_digit() {
    let cases: [(usize, &[f64], &[f64]); 3] = [
        (2, &[0.050000000000000044, 0.95], &[1.6000000000000014, 0.000927734375]),
        (
            3,
            &[0.025000000000000022, 0.025000000000000022, 0.95],
            &[0.8000000000000007, 0.0031250000000000028, 0.000927734375],
        ),
        (
            6,
            &[
                0.010000000000000009,
                0.010000000000000009,
                0.010000000000000009,
                0.010000000000000009,
                0.010000000000000009,
                0.95,
            ],
            &[
                0.3200000000000003,
                0.08000000000000007,
                0.020000000000000018,
                0.0050000000000000044,
                0.0012500000000000011,
                0.000927734375,
            ],
        ),
    ];
    for (count, m, u) in cases {
        let level = |is_null| Level {
            condition: Condition::Else,
            sql: String::new(),
            label: String::new(),
            is_null,
            m: None,
            u: None,
            fix_m: false,
            fix_u: false,
            term_frequency: None,
        };
        let mut levels = vec![level(true)];
        levels.extend((0..count).map(|_| level(false)));
        let comparison = Comparison { name: "a".to_owned(), description: None, levels, role: None };
        let (got_m, got_u): (Vec<f64>, Vec<f64>) = starting_values(&comparison).into_iter().rev().unzip();
        assert_eq!((got_m.as_slice(), got_u.as_slice()), (m, u), "{count} levels");
    }
}

#[test]
fn gaps_of_a_trained_model_are_filled_and_left_out_again() {
    let (settings, _) = read(&model()).unwrap();
    let gap = &settings.comparisons[1].levels[2];
    assert_eq!(gap.m, Some((1.0 - 0.95) / 2.0));
    let written: Json = serde_json::from_str(&write_splink(&settings)).unwrap();
    let level = &written["comparisons"][1]["comparison_levels"][2];
    assert!(level.get("m_probability").is_none(), "{level}");
    assert_eq!(level["u_probability"], 0.2);
}

#[test]
fn settings_without_numbers_stay_untrained() {
    let mut json = model();
    for comparison in json["comparisons"].as_array_mut().unwrap() {
        for level in comparison["comparison_levels"].as_array_mut().unwrap() {
            level
                .as_object_mut()
                .unwrap()
                .retain(|key, _| !key.ends_with("_probability") || key.starts_with("fix"));
        }
    }
    json.as_object_mut().unwrap().remove("probability_two_random_records_match");
    let (settings, findings) = read(&json).unwrap();
    assert!(settings.comparisons.iter().flat_map(|c| &c.levels).all(|l| l.m.is_none() && l.u.is_none()));
    assert_eq!(settings.prior, None);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(read_splink(&write_splink(&settings)).unwrap().0, settings);
}

#[test]
fn what_is_written_is_read_back() {
    let (settings, _) = read(&model()).unwrap();
    let written = write_splink(&settings);
    assert!(!written.contains("candour"), "nothing to say that Splink does not");
    assert_eq!(read_splink(&written).unwrap().0, settings);
}

#[test]
fn what_splink_has_no_place_for_rides_along() {
    let mut json = model();
    json["candour"] = serde_json::json!({
        "household": true, "deterministic_rules": ["l.a = r.a AND l.b = r.b"], "recall": 0.8, "sampled_pairs": 1000,
        "sessions": ["l.a = r.a"], "session_pairs": 2000, "seed": 9, "roles": {"a": "surname"},
        "passes": ["l.c = r.c"], "keep": 0.5, "clusters": [0.9, 0.99], "review": [0.2, 0.9],
        "frequency_files": {"a": "surnames.csv"}, "text_unit": "characters"
    });
    let (settings, _) = read(&json).unwrap();
    assert!(settings.household);
    assert_eq!(settings.text_unit, TextUnit::Characters);
    assert_eq!(settings.training.deterministic_rules.len(), 1);
    assert_eq!((settings.training.recall, settings.training.seed), (0.8, 9));
    assert_eq!(settings.comparisons[0].role, Some(Role::Surname));
    assert_eq!(settings.passes[0].sql, "l.c = r.c");
    assert_eq!(settings.thresholds.review, Some((0.2, 0.9)));
    assert_eq!(read_splink(&write_splink(&settings)).unwrap().0, settings);

    let (plain, left_out) = write_for_splink(&settings);
    assert!(!plain.contains("candour"));
    assert_eq!(codes(&left_out), ["household_left_out", "passes_left_out", "frequencies_left_out"]);
    for unknown in [
        serde_json::json!({"housold": true}),
        serde_json::json!({"roles": {"a": "cousin"}}),
        serde_json::json!({"recall": 0.0}),
    ] {
        json["candour"] = unknown;
        assert!(read(&json).is_err(), "{}", json["candour"]);
    }
}

#[test]
fn a_level_never_observed_has_splinks_probability() {
    let mut json = model();
    json["comparisons"][1]["comparison_levels"][2]["m_probability"] = NOT_OBSERVED.0.into();
    let (settings, findings) = read(&json).unwrap();
    assert_eq!(settings.comparisons[1].levels[2].m, Some(1e-6));
    assert_eq!(codes(&findings), ["level_not_observed"]);
}

#[test]
fn spark_models_count_characters_and_keep_their_sql() {
    let mut json = model();
    json["sql_dialect"] = "spark".into();
    json["blocking_rules_to_generate_predictions"] =
        serde_json::json!([{"blocking_rule": "l.`a` = r.`a`", "sql_dialect": "spark"}]);
    json["comparisons"][0]["comparison_levels"][1]["sql_condition"] = "`a_l` = `a_r`".into();
    json["comparisons"][0]["comparison_levels"][0]["sql_condition"] = "`a_l` IS NULL OR `a_r` IS NULL".into();
    let (settings, _) = read(&json).unwrap();
    assert_eq!(settings.text_unit, TextUnit::Characters);
    let written = write_splink(&settings);
    assert!(written.contains("`a_l` = `a_r`") && written.contains("\"sql_dialect\": \"spark\""));
    assert_eq!(read_splink(&written).unwrap().0, settings);
}

/// A change to the model, and a piece of the reason it is refused for.
#[test]
fn what_would_change_a_result_is_refused_by_name() {
    type Change = fn(&mut Json);
    let cases: [(Change, &str); 20] = [
        (|j| j["link_type"] = "self_link".into(), "self_link"),
        (|j| _ = j.as_object_mut().unwrap().remove("link_type"), "link_type"),
        (|j| j["proportion_of_matches"] = 0.1.into(), "Splink 2"),
        (|j| j["probability_two_random_records_match"] = 1.into(), "between 0 and 1"),
        (|j| j["probability_two_random_records_match"] = "x".into(), "not a number"),
        (|j| j["max_iterations"] = 0.5.into(), "max_iterations"),
        (|j| j["em_convergence"] = 0.into(), "convergence"),
        (|j| j["comparisons"] = 1.into(), "not a list"),
        (|j| j["comparisons"][0]["comparison_levels"][1]["m_probability"] = 1.5.into(), "m_probability"),
        (|j| j["comparisons"][0]["comparison_levels"][1]["u_probability"] = 0.into(), "u_probability"),
        (|j| j["comparisons"][0]["comparison_levels"][1]["tf_modifier"] = 1.into(), "tf_modifier"),
        (
            |j| j["comparisons"][0]["comparison_levels"][1]["fix_m_probability"] = 1.into(),
            "neither true nor false",
        ),
        (
            |j| j["comparisons"][0]["comparison_levels"][1]["sql_condition"] = "hamming(a_l, a_r) < 2".into(),
            "hamming",
        ),
        (|j| j["comparisons"][0]["comparison_levels"][1]["sql_condition"] = Json::Null, "no sql_condition"),
        (
            |j| j["comparisons"][0]["comparison_levels"][1]["tf_adjustment_column"] = "b".into(),
            "term frequencies of b",
        ),
        (
            |j| j["comparisons"][0]["comparison_levels"] = serde_json::json!([{"sql_condition": "ELSE"}]),
            "fewer than two",
        ),
        (|j| j["comparisons"][0]["weights"] = 1.into(), "weights"),
        (
            |j| {
                j["comparisons"][0]["comparison_levels"][1]["sql_condition"] =
                    "religion_l = religion_r".into();
            },
            "term frequencies",
        ),
        (
            |j| {
                j["blocking_rules_to_generate_predictions"] =
                    serde_json::json!([{"blocking_rule": "l.a = r.a", "arrays_to_explode": ["a"]}]);
            },
            "arrays_to_explode",
        ),
        (
            |j| j["blocking_rules_to_generate_predictions"] = serde_json::json!([{"rule": "l.a = r.a"}]),
            "no blocking_rule",
        ),
    ];
    for (change, piece) in cases {
        let mut json = model();
        change(&mut json);
        let refusal = read(&json).unwrap_err().to_string();
        assert!(refusal.contains(piece), "{piece}: {refusal}");
    }
    let mut json = model();
    json["additional_columns_to_retain"] = serde_json::json!(["ethnicity"]);
    assert!(matches!(read(&json), Err(LinkageError::Protected { .. })));
    json = model();
    json["comparisons"][1]["comparison_levels"][1]["sql_condition"] = "nationality_l = nationality_r".into();
    assert!(matches!(read(&json), Err(LinkageError::Protected { .. })));
    for text in ["", "[]", "{", "{\"link_type\": NaN}"] {
        assert!(read_splink(text).is_err());
    }
}

#[test]
fn what_changes_nothing_is_said_and_kept() {
    let mut json = model();
    json["house_style"] = 1.into();
    json["blocking_rules_to_generate_predictions"][0]["salting_partitions"] = 4.into();
    json["blocking_rules_to_generate_predictions"][0]["arrays_to_explode"] = Json::Null;
    json["comparisons"][0]["comparison_levels"][2]["tf_adjustment_column"] = "a".into();
    json["comparisons"][0]["comparison_levels"].as_array_mut().unwrap().pop();
    json["comparisons"][0]["comparison_levels"].as_array_mut().unwrap().push(serde_json::json!(
        {"sql_condition": "a_l <> a_r", "m_probability": 0.1, "u_probability": 0.9}
    ));
    let (settings, findings) = read(&json).unwrap();
    assert_eq!(
        codes(&findings),
        ["no_else_level", "untrained_probability", "salting_left_out", "unknown_key"]
    );
    assert_eq!(settings.other["house_style"], 1);
    let (written, left_out) = write_for_splink(&settings);
    assert!(!written.contains("house_style"));
    assert_eq!(codes(&left_out), ["key_left_out"]);
}

#[test]
fn functions_that_duckdb_has_not_are_named() {
    let (mut settings, _) = read(&model()).unwrap();
    let of = |side| Operand { side, value: Value::Column("a".to_owned()) };
    settings.comparisons[0].levels[1].condition = Condition::Compare {
        measure: Measure::OptimalStringAlignment,
        left: of(Side::Left),
        right: of(Side::Right),
        bound: Bound::AtMost,
        threshold: 1.0,
    };
    assert_eq!(codes(&write_for_splink(&settings).1), ["function_not_in_duckdb"]);
}

/// The three models that Splink itself wrote are read, written and read again without loss.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test over files that only a developer has")]
fn splinks_own_models_come_back_as_they_were() {
    let Ok(corpus) = std::env::var("CANDOUR_CORPUS") else { return };
    let folder = std::path::Path::new(&corpus).join("linkage/models");
    for (name, gaps) in
        [("fake_1000.splink5", 1), ("historical_50k.splink4", 0), ("historical_50k.splink5", 1)]
    {
        let json = std::fs::read_to_string(folder.join(format!("{name}.model.json"))).unwrap();
        let (settings, findings) = read_splink(&json).unwrap();
        assert_eq!(codes(&findings), vec!["untrained_probability"; gaps], "{name}");
        let written = write_splink(&settings);
        assert_eq!(read_splink(&written).unwrap().0, settings, "{name}");
        let (before, after): (Json, Json) =
            (serde_json::from_str(&json).unwrap(), serde_json::from_str(&written).unwrap());
        assert_eq!(before, after, "{name}: the file says the same, key by key and digit by digit");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = read_splink(&text);
    }

    #[test]
    fn every_number_comes_back(m in 1e-300..1.0f64, u in 1e-300..1.0f64, prior in 1e-12..0.9f64) {
        let mut json = model();
        json["probability_two_random_records_match"] = prior.into();
        json["comparisons"][0]["comparison_levels"][1]["m_probability"] = m.into();
        json["comparisons"][0]["comparison_levels"][1]["u_probability"] = u.into();
        let (settings, _) = read(&json).unwrap();
        let (again, _) = read_splink(&write_splink(&settings)).unwrap();
        prop_assert_eq!(again.prior.map(f64::to_bits), Some(prior.to_bits()));
        prop_assert_eq!(again.comparisons[0].levels[1].m.map(f64::to_bits), Some(m.to_bits()));
        prop_assert_eq!(again.comparisons[0].levels[1].u.map(f64::to_bits), Some(u.to_bits()));
    }
}
