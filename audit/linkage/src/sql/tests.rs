use proptest::prelude::*;

use super::*;
use crate::settings::{Bound, Measure, Operand};

fn level(sql: &str) -> Condition {
    read_level(sql, Dialect::DuckDb, "test").unwrap()
}

fn refusal(sql: &str) -> String {
    match read_level(sql, Dialect::DuckDb, "comparison a, level 2") {
        Err(LinkageError::Expression { place, expression, reason }) => {
            assert_eq!(place, "comparison a, level 2");
            assert_eq!(expression, sql);
            reason
        }
        other => panic!("{sql} was not refused: {other:?}"),
    }
}

fn column(name: &str, side: Side) -> Operand {
    Operand { side, value: Value::Column(name.to_owned()) }
}

fn both(name: &str) -> (Operand, Operand) {
    (column(name, Side::Left), column(name, Side::Right))
}

fn same(name: &str) -> Condition {
    let (l, r) = both(name);
    Condition::Equal(l, r)
}

fn compare(measure: Measure, name: &str, bound: Bound, threshold: f64) -> Condition {
    let (left, right) = both(name);
    Condition::Compare { measure, left, right, bound, threshold }
}

/// Every form that Splink 5's level library writes for `DuckDB` and that is read, with what it means.
#[test]
fn what_splinks_library_writes_is_understood() {
    let date = |side, format: &str| Operand {
        side,
        value: Value::Date { of: Box::new(Value::Column("d".to_owned())), format: format.to_owned() },
    };
    let cases = [
        ("ELSE", Condition::Else),
        (
            r#""a_l" IS NULL OR "a_r" IS NULL"#,
            Condition::Any(vec![
                Condition::IsNull(column("a", Side::Left)),
                Condition::IsNull(column("a", Side::Right)),
            ]),
        ),
        (r#""a_l" = "a_r""#, same("a")),
        ("a_l=a_r", same("a")),
        (r#"levenshtein("a_l", "a_r") <= 1"#, compare(Measure::Levenshtein, "a", Bound::AtMost, 1.0)),
        (
            r#"damerau_levenshtein("a_l", "a_r") <= 2"#,
            compare(Measure::DamerauLevenshtein, "a", Bound::AtMost, 2.0),
        ),
        (
            r#"jaro_winkler_similarity("a_l", "a_r") >= 0.92"#,
            compare(Measure::JaroWinkler, "a", Bound::AtLeast, 0.92),
        ),
        (r#"jaro_similarity("a_l", "a_r") >= 0.9"#, compare(Measure::Jaro, "a", Bound::AtLeast, 0.9)),
        (r#"jaccard("a_l", "a_r") >= 0.9"#, compare(Measure::Jaccard, "a", Bound::AtLeast, 0.9)),
        (
            r#"array_length(list_intersect("a_l", "a_r")) >= 2"#,
            compare(Measure::SharedElements, "a", Bound::AtLeast, 2.0),
        ),
        (r#"ABS("a_l" - "a_r") <= 5"#, compare(Measure::NumberDifference, "a", Bound::AtMost, 5.0)),
        (
            r#"(ABS("a_l" - "a_r") / (CASE WHEN "a_r" > "a_l" THEN "a_r" ELSE "a_l" END)) < 0.1"#,
            compare(Measure::RelativeDifference, "a", Bound::LessThan, 0.1),
        ),
        (
            r#"ABS(EPOCH("a_l") - EPOCH("a_r")) <= 86400"#,
            compare(Measure::DateDifference, "a", Bound::AtMost, 86400.0),
        ),
        (
            r#"ABS(EPOCH(try_strptime("d_l", '%Y-%m-%d')) - EPOCH(try_strptime("d_r", '%Y-%m-%d'))) <= 2629800.0"#,
            Condition::Compare {
                measure: Measure::DateDifference,
                left: date(Side::Left, "%Y-%m-%d"),
                right: date(Side::Right, "%Y-%m-%d"),
                bound: Bound::AtMost,
                threshold: 2_629_800.0,
            },
        ),
        (
            "try_strptime(\"d_l\", '%Y-%m-%dT%H:%M:%SZ') = try_strptime(\"d_r\", '%Y-%m-%dT%H:%M:%SZ')",
            Condition::Equal(date(Side::Left, "%Y-%m-%dT%H:%M:%SZ"), date(Side::Right, "%Y-%m-%dT%H:%M:%SZ")),
        ),
        (
            r#""a_l" = "b_r" AND "a_r" = "b_l""#,
            Condition::All(vec![
                Condition::Equal(column("a", Side::Left), column("b", Side::Right)),
                Condition::Equal(column("a", Side::Right), column("b", Side::Left)),
            ]),
        ),
        (
            r#"("a_l" = "a_r") AND ((levenshtein("b_l", "b_r") <= 1) OR (NOT ("c_l" = "c_r")))"#,
            Condition::All(vec![
                same("a"),
                Condition::Any(vec![
                    compare(Measure::Levenshtein, "b", Bound::AtMost, 1.0),
                    Condition::Not(Box::new(same("c"))),
                ]),
            ]),
        ),
        (
            "\"a_l\" = 'x' AND \"a_r\" = CAST('2020-01-01' AS DATE)",
            Condition::All(vec![
                Condition::Equal(
                    column("a", Side::Left),
                    Operand { side: Side::Right, value: Value::Literal("x".to_owned()) },
                ),
                Condition::Equal(
                    column("a", Side::Right),
                    Operand { side: Side::Left, value: Value::Literal("2020-01-01".to_owned()) },
                ),
            ]),
        ),
        (
            r#""a_l" = CAST(1 AS INT)"#,
            Condition::Compare {
                measure: Measure::NumberDifference,
                left: column("a", Side::Left),
                right: Operand { side: Side::Right, value: Value::Literal("1".to_owned()) },
                bound: Bound::AtMost,
                threshold: 0.0,
            },
        ),
        (
            r#"levenshtein(CAST("a_l" AS TEXT), CAST("a_r" AS TEXT)) <= 1"#,
            compare(Measure::Levenshtein, "a", Bound::AtMost, 1.0),
        ),
    ];
    for (sql, meaning) in cases {
        assert_eq!(level(sql), meaning, "{sql}");
        assert_eq!(level(&print_level(&meaning)), meaning, "{sql}");
    }
}

/// Pairs that mean the same, however they are written.
#[test]
fn spellings_of_one_condition() {
    let cases = [
        ("0.9 <= jaro_winkler(a_l, a_r)", "jaro_winkler_similarity(a_l, a_r) >= 0.9"),
        ("2 > levenshtein(a_l, a_r)", "levenshtein(a_l, a_r) < 2"),
        ("levenshtein(a_l, a_r) = 1", "levenshtein(a_l, a_r) >= 1 AND levenshtein(a_l, a_r) <= 1"),
        ("a_l <> a_r", "NOT a_l = a_r"),
        ("a_l != a_r", "NOT (a_l = a_r)"),
        ("a_l IN ('x', 'y')", "a_l = 'x' OR a_l = 'y'"),
        ("a_l NOT IN ('x')", "NOT (a_l = 'x')"),
        ("(a_l = a_r AND b_l = b_r) AND c_l = c_r", "a_l = a_r AND b_l = b_r AND c_l = c_r"),
        ("a_l = a_r OR b_l = b_r AND c_l = c_r", "a_l = a_r OR (b_l = b_r AND c_l = c_r)"),
        ("NOT a_l = a_r AND b_l = b_r", "(NOT (a_l = a_r)) AND b_l = b_r"),
        ("ABS(date_diff('day', a_l, a_r)) <= 30", "ABS(EPOCH(a_l) - EPOCH(a_r)) <= 30 * 86400"),
        ("ABS(EXTRACT(EPOCH FROM a_l) - EXTRACT(EPOCH FROM a_r))<= 60", "abs(epoch(a_l) - epoch(a_r)) <= 60"),
        ("substr(a_l, 1, 3) = left(a_r, 3)", "SUBSTRING(a_l, 1, 3) = substring(a_r from 1 for 3)"),
        ("a_l::varchar = a_r::text", "a_l = a_r"),
        ("a_l::date = date(a_r)", "try_strptime(a_l, '%Y-%m-%d') = strptime(a_r, '%Y-%m-%d')"),
        ("CAST(a_l AS DOUBLE) = CAST(a_r AS DOUBLE)", "ABS(a_l - a_r) <= 0"),
        ("1=1", "TRUE"),
        ("2 < 1", "FALSE"),
        ("'x' = 'y'", "FALSE"),
        ("list_has_any(a_l, a_r)", "len(array_intersect(a_l, a_r)) >= 1"),
        ("\"A_L\" = \"A_R\"", "A_l = A_r"),
        ("concat(a_l, '-', b_l) = a_r", "coalesce(a_l, '') || '-' || coalesce(b_l, '') = a_r"),
        ("regexp_extract(a_l, 'x') = a_r", "regexp_extract(a_l, 'x', 0) = a_r"),
        ("  else ", "ELSE"),
    ];
    for (one, other) in cases {
        assert_eq!(level(one), level(other), "{one}");
    }
}

#[test]
fn spark_has_its_own_spellings() {
    let cases = [
        ("`a_l` IS NULL", "\"a_l\" IS NULL"),
        ("jaro_winkler(`a_l`, `a_r`) >= 0.92", "jaro_winkler_similarity(a_l, a_r) >= 0.92"),
        ("jaro_sim(`a_l`, `a_r`) >= 0.92", "jaro_similarity(a_l, a_r) >= 0.92"),
        ("SIZE(ARRAY_INTERSECT(`a_l`, `a_r`)) >= 1", "array_length(list_intersect(a_l, a_r)) >= 1"),
        (
            r"try_to_timestamp(`a_l`, 'yyyy-MM-dd\'T\'HH:mm:ssXXX') IS NULL",
            "try_strptime(a_l, '%Y-%m-%dT%H:%M:%S%z') IS NULL",
        ),
        (
            "abs(datediff(date(try_to_timestamp(`a_l`, 'yyyy-MM-dd')), date(try_to_timestamp(`a_r`, 'yyyy-MM-dd')))) <= floor(2629800.0 / 86400)",
            "ABS(EPOCH(try_strptime(a_l, '%Y-%m-%d')) - EPOCH(try_strptime(a_r, '%Y-%m-%d'))) <= 2592000",
        ),
        (
            "ABS(UNIX_TIMESTAMP(try_to_timestamp(`a_l`, 'dd/MM/yyyy')) - UNIX_TIMESTAMP(try_to_timestamp(`a_r`, 'dd/MM/yyyy'))) <= 1",
            "ABS(EPOCH(try_strptime(a_l, '%d/%m/%Y')) - EPOCH(try_strptime(a_r, '%d/%m/%Y'))) <= 1",
        ),
        ("regexp_extract(`a_l`, '^(\\\\d)') = \"x\"", "regexp_extract(a_l, '^(\\d)', 1) = 'x'"),
        ("concat(a_l, b_l) = a_r", "a_l || b_l = a_r"),
    ];
    for (spark, duckdb) in cases {
        assert_eq!(read_level(spark, Dialect::Spark, "test").unwrap(), level(duckdb), "{spark}");
    }
    assert_eq!(Dialect::of_splink("spark"), Dialect::Spark);
    assert_eq!(Dialect::of_splink("postgres"), Dialect::DuckDb);
}

#[test]
fn blocking_rules_name_records_by_prefix() {
    let cases = [
        r#"l."a" = r."a""#,
        r#"(l."a" = r."a") AND (l."b" = r."b")"#,
        "(SUBSTRING(l.a, 1, 3) = SUBSTRING(r.a, 1, 3)) AND (l.\"b\" = r.\"b\")",
        "LOWER(l.a) || l.b = LOWER(r.a) || r.b",
        "L.a = R.b AND NOT (l.c = r.c)",
        "l.address_l = r.address_l",
    ];
    for sql in cases {
        let rule = read_rule(sql, Dialect::DuckDb, "test").unwrap();
        assert_eq!(read_rule(&print_rule(&rule), Dialect::DuckDb, "test").unwrap(), rule, "{sql}");
    }
    assert_eq!(
        read_rule("l.address_l = r.address_l", Dialect::DuckDb, "test").unwrap(),
        same("address_l"),
        "a suffix belongs to the column where a prefix names the record"
    );
    assert_eq!(print_rule(&same("first name")), r#"l."first name" = r."first name""#);
    assert!(read_rule("a_l = a_r", Dialect::DuckDb, "test").is_err());
    assert!(read_rule("x.a = r.a", Dialect::DuckDb, "test").is_err());
}

#[test]
fn values_of_one_record() {
    let value = read_value("substr(lower(\"dob\"), 1, 4)", Dialect::DuckDb, "test").unwrap();
    assert_eq!(print_value(&value), "SUBSTRING(LOWER(\"dob\"), 1, 4)");
    assert!(read_value("l.dob", Dialect::DuckDb, "test").is_err());
    assert!(read_value("a = b", Dialect::DuckDb, "test").is_err());
}

/// Each expression with a piece of the reason it is refused for.
#[test]
fn what_is_not_understood_is_refused_by_name() {
    let km = "cast(acos(case when (sin(radians(\"a_l\"))) > 1 then 1 else 0 end) * 6371 as float) <= 1";
    let cases = [
        (km, "acos"),
        ("array_cosine_similarity(a_l, a_r) >= 0.9", "array_cosine_similarity"),
        ("list_min(list_transform(a_l, x -> x)) <= 1", "list_min"),
        ("a_l[1] = a_r[1]", "element of a list"),
        ("array_length(a_l) = 2", "intersection"),
        ("a = b", "does not end in _l or _r"),
        ("l.a = r.a", "blocking rule"),
        ("a_l || b_r = c_l", "both records"),
        ("a_l < a_r", "between two values"),
        ("a_l LIKE 'x%'", "LIKE"),
        ("a_l NOT LIKE 'x%'", "NOT"),
        ("jaro_winkler_similarity(a_l, a_r) BETWEEN 0.1 AND 0.2", "BETWEEN"),
        ("a_l = NULL", "IS NULL"),
        ("a_l IS TRUE", "IS"),
        ("ABS(date_diff('month', a_l, a_r)) <= 1", "boundaries"),
        ("date_diff('day', a_l, a_r) <= 1", "outside ABS"),
        ("year(a_l) = year(a_r)", "function year"),
        ("a_l = a_r -- note", "comments"),
        ("a_l = 'x", "never closed"),
        ("a_l = a_r )", "`)`"),
        ("", "ends"),
        ("a_l", "condition"),
        ("a_l = a_r; DROP TABLE x", "`;`"),
        ("jaro_winkler_similarity(a_l, a_r, 0.5) > 0.6", "3 arguments"),
        ("regexp_extract(a_l, '(', 0) = 'x'", "regular expression"),
        ("regexp_extract(a_l, 'x', 1) = 'x'", "no group"),
        ("try_strptime(a_l, '%Q') = a_r", "%Q"),
        ("CAST(a_l AS INT) = 1", "cast"),
        ("CAST(try_strptime(a_l, '%Y') AS VARCHAR) = 'x'", "cast of a date"),
        ("levenshtein(a_l, a_r) <= 1e999", "out of range"),
        ("1/0 < levenshtein(a_l, a_r)", "finite"),
        ("a_l = a_r AND ELSE", "ELSE"),
        ("exists (select 1)", "function exists"),
        ("levenshtein('a', 'b') < 1", "literals"),
        ("ABS(try_strptime(a_l, '%Y') - try_strptime(a_r, '%Y')) < 1", "EPOCH"),
        ("CASE WHEN a_l = a_r THEN 1 ELSE 0 END = 1", "CASE"),
        ("(a_l = a_r) = TRUE", "condition"),
    ];
    for (sql, piece) in cases {
        let reason = refusal(sql);
        assert!(reason.contains(piece), "{sql}: {reason}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}a_l = a_r{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(refusal_of(&deep).contains("deeper"));
    assert!(refusal_of(&"NOT ".repeat(4_000)).contains("deeper"));
    assert!(refusal_of(&"- ".repeat(4_000)).contains("deeper"));
    assert!(refusal_of(&"a_l = a_r AND ".repeat(5_000)).contains("longer"));
    let wide = vec!["a_l = a_r"; 1_000].join(" AND ");
    assert!(matches!(level(&wide), Condition::All(parts) if parts.len() == 1_000));
}

fn refusal_of(sql: &str) -> String {
    read_level(sql, Dialect::DuckDb, "test").unwrap_err().to_string()
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => "[a-z ü\"]{1,6}".prop_map(Value::Column)];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            (boxed.clone(), -3..9i32, prop::option::of(0..9u32))
                .prop_map(|(of, start, length)| Value::Substring { of, start, length }),
            boxed.clone().prop_map(Value::Lower),
            boxed.clone().prop_map(Value::Upper),
            boxed.clone().prop_map(Value::Trim),
            boxed.clone().prop_map(Value::Soundex),
            boxed.clone().prop_map(|of| Value::RegexExtract {
                of,
                pattern: "^([a-z'])".to_owned(),
                group: 1
            }),
            (boxed.clone(), "[a-z'; ]{0,3}").prop_map(|(of, equals)| Value::NullIf { of, equals }),
            (boxed.clone(), "[;,|']").prop_map(|(of, separator)| Value::Elements { of, separator }),
            boxed.prop_map(|of| Value::Date { of, format: "%d/%m/%Y".to_owned() }),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Value::Concat),
            (inner.clone(), "[a-z']{0,3}").prop_map(|(a, b)| Value::Concat(vec![a, Value::Literal(b)])),
            prop::collection::vec(inner, 1..4).prop_map(Value::Coalesce),
        ]
    })
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Left), Just(Side::Right)]
}

fn any_operand() -> impl Strategy<Value = Operand> {
    (any_side(), any_value()).prop_map(|(side, value)| Operand { side, value })
}

/// Two operands, one of them a literal now and then, which is then of the other record.
fn any_pair() -> impl Strategy<Value = (Operand, Operand)> {
    (any_operand(), any_operand(), prop::option::of("[a-z0-9.'-]{0,4}")).prop_map(|(left, right, literal)| {
        match literal {
            Some(text) => {
                let side = if left.side == Side::Left { Side::Right } else { Side::Left };
                (left, Operand { side, value: Value::Literal(text) })
            }
            None => (left, right),
        }
    })
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let measure = prop_oneof![
        Just(Measure::JaroWinkler),
        Just(Measure::Jaro),
        Just(Measure::Levenshtein),
        Just(Measure::DamerauLevenshtein),
        Just(Measure::OptimalStringAlignment),
        Just(Measure::Jaccard),
        Just(Measure::DateDifference),
        Just(Measure::NumberDifference),
        Just(Measure::RelativeDifference),
        Just(Measure::SharedElements),
    ];
    let bound =
        prop_oneof![Just(Bound::AtLeast), Just(Bound::MoreThan), Just(Bound::AtMost), Just(Bound::LessThan)];
    let threshold = prop::num::f64::NORMAL | prop::num::f64::ZERO;
    let leaf = prop_oneof![
        any_operand().prop_map(Condition::IsNull),
        any_pair().prop_map(|(l, r)| Condition::Equal(l, r)),
        (measure, any_pair(), bound, threshold).prop_filter_map(
            "dates are not subtracted as numbers",
            |(measure, (left, right), bound, threshold)| {
                let dated = |o: &Operand| matches!(o.value, Value::Date { .. });
                let number = matches!(measure, Measure::NumberDifference | Measure::RelativeDifference);
                (!(number && (dated(&left) || dated(&right)))).then_some(Condition::Compare {
                    measure,
                    left,
                    right,
                    bound,
                    threshold,
                })
            }
        ),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(|parts| {
                Condition::All(
                    parts
                        .into_iter()
                        .map(|p| if let Condition::All(_) = p { Condition::Not(Box::new(p)) } else { p })
                        .collect(),
                )
            }),
            parts.prop_map(|parts| {
                Condition::Any(
                    parts
                        .into_iter()
                        .map(|p| if let Condition::Any(_) = p { Condition::Not(Box::new(p)) } else { p })
                        .collect(),
                )
            }),
            inner.prop_map(|c| Condition::Not(Box::new(c))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(condition in any_condition()) {
        let sql = print_level(&condition);
        prop_assume!(sql.len() < 15_000);
        prop_assert_eq!(read_level(&sql, Dialect::DuckDb, "test").map_err(|e| e.to_string()), Ok(condition.clone()));
        let sql = print_rule(&condition);
        prop_assert_eq!(read_rule(&sql, Dialect::DuckDb, "test").map_err(|e| e.to_string()), Ok(condition));
    }

    #[test]
    fn a_value_is_read_back(value in any_value()) {
        let sql = print_value(&value);
        prop_assert_eq!(read_value(&sql, Dialect::DuckDb, "test").map_err(|e| e.to_string()), Ok(value));
    }

    #[test]
    fn no_text_panics(sql in "\\PC{0,80}") {
        for dialect in [Dialect::DuckDb, Dialect::Spark] {
            let _ = read_level(&sql, dialect, "test");
            let _ = read_rule(&sql, dialect, "test");
            let _ = read_value(&sql, dialect, "test");
        }
    }

    #[test]
    fn no_run_of_pieces_panics(pieces in prop::collection::vec(
        prop::sample::select(vec![
            "a_l", "\"b_r\"", "l.a", "AND", "OR", "NOT", "(", ")", ",", "=", "<=", "-", "/", "||", "0.5", "'x'", "IS", "NULL",
            "ABS(", "EPOCH(", "substr(", "levenshtein(", "regexp_extract(", "try_strptime(", "CASE", "WHEN", "::", "date", "IN",
            "CAST(", "AS", "coalesce(", "'%Y'", "\\", "é", "concat(", "left(", "1e9", "datediff(", "list_intersect(", "size(",
        ]), 0..20)) {
        let sql = pieces.join(" ");
        let _ = read_level(&sql, Dialect::DuckDb, "test");
        let _ = read_level(&sql, Dialect::Spark, "test");
    }
}
