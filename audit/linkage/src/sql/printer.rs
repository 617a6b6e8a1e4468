//! Conditions and values to `DuckDB`'s SQL.

use super::Naming;
use crate::settings::{Bound, Condition, Measure, Operand, Side, Value};

/// A condition; `nested` where something else surrounds it, so that a compound one needs parentheses.
pub(super) fn condition(it: &Condition, naming: Naming, nested: bool) -> String {
    let joined = |parts: &[Condition], with: &str, empty: &str| match parts {
        [] => empty.to_owned(),
        [only] => condition(only, naming, nested),
        _ => {
            let parts: Vec<String> = parts.iter().map(|p| condition(p, naming, true)).collect();
            let all = parts.join(with);
            if nested { format!("({all})") } else { all }
        }
    };
    match it {
        Condition::Else if naming == Naming::Level && !nested => "ELSE".to_owned(),
        Condition::Else => "TRUE".to_owned(),
        Condition::IsNull(of) => format!("{} IS NULL", operand(of, naming)),
        Condition::Equal(left, right) => format!("{} = {}", operand(left, naming), operand(right, naming)),
        Condition::Compare { measure, left, right, bound, threshold } => {
            let bound = match bound {
                Bound::AtLeast => ">=",
                Bound::MoreThan => ">",
                Bound::AtMost => "<=",
                Bound::LessThan => "<",
            };
            format!("{} {bound} {threshold}", measured(*measure, left, right, naming))
        }
        Condition::All(parts) => joined(parts, " AND ", "TRUE"),
        Condition::Any(parts) => joined(parts, " OR ", "FALSE"),
        Condition::Not(inner) => match &**inner {
            Condition::IsNull(of) => format!("{} IS NOT NULL", operand(of, naming)),
            Condition::Else => "FALSE".to_owned(),
            other => {
                let not = format!("NOT ({})", condition(other, naming, false));
                if nested { format!("({not})") } else { not }
            }
        },
    }
}

fn measured(measure: Measure, left: &Operand, right: &Operand, naming: Naming) -> String {
    let (l, r) = (operand(left, naming), operand(right, naming));
    match measure {
        Measure::JaroWinkler => format!("jaro_winkler_similarity({l}, {r})"),
        Measure::Jaro => format!("jaro_similarity({l}, {r})"),
        Measure::Levenshtein => format!("levenshtein({l}, {r})"),
        Measure::DamerauLevenshtein => format!("damerau_levenshtein({l}, {r})"),
        Measure::OptimalStringAlignment => format!("optimal_string_alignment({l}, {r})"),
        Measure::Jaccard => format!("jaccard({l}, {r})"),
        Measure::DateDifference => format!("ABS(EPOCH({l}) - EPOCH({r}))"),
        Measure::NumberDifference => format!("ABS({} - {})", number(left, naming), number(right, naming)),
        Measure::RelativeDifference => {
            let (l, r) = (number(left, naming), number(right, naming));
            format!("(ABS({l} - {r}) / (CASE WHEN {r} > {l} THEN {r} ELSE {l} END))")
        }
        Measure::SharedElements => format!("array_length(list_intersect({l}, {r}))"),
    }
}

/// An operand of arithmetic: a literal that is a number goes without quotes.
fn number(it: &Operand, naming: Naming) -> String {
    match &it.value {
        Value::Literal(text) if is_plain_number(text) => text.clone(),
        _ => operand(it, naming),
    }
}

fn is_plain_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    text.len() <= 40 && digits(whole) && digits(fraction)
}

fn operand(it: &Operand, naming: Naming) -> String {
    value(&it.value, it.side, naming)
}

/// A value of a record.
pub(super) fn value(it: &Value, side: Side, naming: Naming) -> String {
    let inner = |of: &Value| value(of, side, naming);
    match it {
        Value::Column(name) => match (naming, side) {
            (Naming::Level, Side::Left) => identifier(&format!("{name}_l")),
            (Naming::Level, Side::Right) => identifier(&format!("{name}_r")),
            (Naming::Rule, Side::Left) => format!("l.{}", identifier(name)),
            (Naming::Rule, Side::Right) => format!("r.{}", identifier(name)),
            (Naming::Record, _) => identifier(name),
        },
        Value::Literal(text) => quoted(text),
        Value::Substring { of, start, length: Some(length) } => {
            format!("SUBSTRING({}, {start}, {length})", inner(of))
        }
        Value::Substring { of, start, length: None } => format!("SUBSTRING({}, {start})", inner(of)),
        Value::Lower(of) => format!("LOWER({})", inner(of)),
        Value::Upper(of) => format!("UPPER({})", inner(of)),
        Value::Trim(of) => format!("TRIM({})", inner(of)),
        Value::RegexExtract { of, pattern, group } => {
            format!("regexp_extract({}, {}, {group})", inner(of), quoted(pattern))
        }
        Value::NullIf { of, equals } => format!("NULLIF({}, {})", inner(of), quoted(equals)),
        Value::Date { of, format } => format!("try_strptime({}, {})", inner(of), quoted(format)),
        Value::Concat(parts) if parts.is_empty() => "''".to_owned(),
        Value::Concat(parts) => {
            let parts: Vec<String> = parts.iter().map(inner).collect();
            if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" || ")) }
        }
        Value::Coalesce(parts) => {
            format!("COALESCE({})", parts.iter().map(inner).collect::<Vec<_>>().join(", "))
        }
        Value::Soundex(of) => format!("soundex({})", inner(of)),
        Value::Elements { of, separator } => format!("string_split({}, {})", inner(of), quoted(separator)),
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
