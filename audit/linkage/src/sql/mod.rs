//! The part of SQL in which Splink's libraries write the conditions of levels and blocking rules, read and written.
//!
//! # What is read
//!
//! | | |
//! |---|---|
//! | columns | `first_name_l`, `"first name_r"` in a level; `l.first_name`, `r."first name"` in a blocking rule |
//! | logic | `AND`, `OR`, `NOT`, parentheses, `TRUE`, `FALSE`, `1=1`, `ELSE` standing alone |
//! | missing | `IS NULL`, `IS NOT NULL` |
//! | equality | `=`, `<>`, `!=`, `IN (…)` between values, also of different columns (columns reversed) and with a literal |
//! | similarity of text | `jaro_winkler_similarity` (`jaro_winkler`), `jaro_similarity` (`jaro_sim`), `levenshtein` (`editdist3`), `damerau_levenshtein`, `jaccard`, and our own `optimal_string_alignment` |
//! | dates | `ABS(EPOCH(a) - EPOCH(b))`, `UNIX_TIMESTAMP`, `EXTRACT(EPOCH FROM a)`; `ABS(date_diff('day', a, b))`, `datediff(a, b)` |
//! | numbers | `ABS(a - b)`, and its share of the greater: `ABS(a - b) / (CASE WHEN b > a THEN b ELSE a END)` |
//! | lists | `array_length(list_intersect(a, b))`, `array_size`, `size`, `len`, `cardinality`; `list_has_any`, `arrays_overlap` |
//! | thresholds | `>=`, `>`, `<=`, `<`, `=`, `<>` of a measure and a number, either way round; the number may be worked out (`30 * 86400`, `floor(2629800.0 / 86400)`) |
//! | values | `lower`, `upper`, `trim`, `substr`, `left`, `regexp_extract`, `nullif`, `coalesce`, `concat`, `\|\|`, `soundex`, `try_strptime`, `strptime`, `try_to_timestamp`, `to_date`, `date`, `string_split` |
//! | casts | to text (of anything but a date), to a date, of a number to a number type, to double inside arithmetic; as `CAST(x AS t)`, `TRY_CAST`, `x::t` |
//!
//! `concat` passes over what is missing in `DuckDB` and does not in Spark; both are kept. `date_diff` is read in days only, of
//! columns taken to be dates without a time: in months and years it counts calendar boundaries crossed, which no threshold on
//! elapsed time equals.
//!
//! # What is refused
//!
//! Everything else, with the expression and the part that is not understood: distance in kilometres, cosine similarity, the
//! best pair of two lists, subsets of lists, elements of lists, `CASE`, `LIKE`, `BETWEEN`, order between two values, parts of
//! dates, windows, subqueries, and functions not named above. Nothing is ever dropped.

mod lexer;
mod parser;
mod printer;

use crate::LinkageError;
use crate::settings::{Condition, Side, Value};

/// How long an expression may be, in bytes.
const LENGTH: usize = 20_000;

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `DuckDB`, and the parts that Postgres and SQLite share with it.
    #[default]
    DuckDb,
    /// Spark: text in double quotes, names in backticks, backslashes that escape, date formats in Java's letters.
    Spark,
}

impl Dialect {
    /// The dialect that a Splink file names; any but Spark and Databricks is read as `DuckDB`'s.
    pub fn of_splink(name: &str) -> Self {
        if matches!(name, "spark" | "databricks") { Self::Spark } else { Self::DuckDb }
    }
}

/// How an expression names its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// `surname_l`, `surname_r`.
    Level,
    /// `l.surname`, `r.surname`.
    Rule,
    /// `surname`, of whichever record.
    Record,
}

/// Reads the condition of a level: `"surname_l" = "surname_r"`. `place` says where it stands, for the refusal.
pub fn read_level(sql: &str, dialect: Dialect, place: &str) -> Result<Condition, LinkageError> {
    if sql.trim().eq_ignore_ascii_case("ELSE") {
        return Ok(Condition::Else);
    }
    read(sql, dialect, Naming::Level, place, parser::Parser::condition)
}

/// Reads a blocking rule: `l.surname = r.surname`.
pub fn read_rule(sql: &str, dialect: Dialect, place: &str) -> Result<Condition, LinkageError> {
    read(sql, dialect, Naming::Rule, place, parser::Parser::condition)
}

/// Reads a value of one record: `substr(surname, 1, 4)`.
pub fn read_value(sql: &str, dialect: Dialect, place: &str) -> Result<Value, LinkageError> {
    read(sql, dialect, Naming::Record, place, parser::Parser::value)
}

/// A condition as the SQL of a level, in `DuckDB`'s dialect. [`read_level`] gives the same condition back.
///
/// Optimal string alignment and Soundex have no function in `DuckDB`; they are written by the names that are read here.
pub fn print_level(condition: &Condition) -> String {
    printer::condition(condition, Naming::Level, false)
}

/// A condition as the SQL of a blocking rule, in `DuckDB`'s dialect. [`read_rule`] gives the same condition back.
pub fn print_rule(condition: &Condition) -> String {
    printer::condition(condition, Naming::Rule, false)
}

/// A value of one record, in `DuckDB`'s dialect. [`read_value`] gives the same value back.
pub fn print_value(value: &Value) -> String {
    printer::value(value, Side::Left, Naming::Record)
}

fn read<T>(
    sql: &str,
    dialect: Dialect,
    naming: Naming,
    place: &str,
    with: impl FnOnce(&mut parser::Parser) -> Result<T, String>,
) -> Result<T, LinkageError> {
    let refusal = |reason: String| {
        let mut expression: String = sql.chars().take(500).collect();
        if expression.len() < sql.len() {
            expression.push('…');
        }
        LinkageError::Expression { place: place.to_owned(), expression, reason }
    };
    if sql.len() > LENGTH {
        return Err(refusal(format!("it is longer than {LENGTH} bytes")));
    }
    let tokens = lexer::tokens(sql, dialect).map_err(refusal)?;
    let mut parser = parser::Parser { tokens, at: 0, depth: 0, naming, dialect };
    with(&mut parser).map_err(refusal)
}

#[cfg(test)]
mod tests;
