//! Tokens to conditions and values: recursive descent, with the kinds of thing an expression can be told apart as it is read.

use regex::Regex;

use super::lexer::Token;
use super::{Dialect, Naming};
use crate::settings::{Bound, Condition, Measure, Operand, Side, Value};

/// How deep parentheses and functions may nest.
const DEPTH: usize = 64;

/// Every function that is read, beside casts, `substring` and `extract`.
#[rustfmt::skip]
const FUNCTIONS: [&str; 50] = [
    "jaro_winkler_similarity", "jaro_winkler", "jaro_similarity", "jaro_sim", "levenshtein", "editdist3",
    "damerau_levenshtein", "optimal_string_alignment", "jaccard", "abs", "epoch", "unix_timestamp", "date_diff",
    "datediff", "floor", "lower", "lcase", "upper", "ucase", "trim", "soundex", "left", "concat", "coalesce", "ifnull",
    "nullif", "regexp_extract", "try_strptime", "strptime", "try_to_timestamp", "to_timestamp", "try_to_date",
    "to_date", "date", "string_split", "str_split", "string_to_array", "split", "list_intersect", "array_intersect",
    "list_has_any", "array_has_any", "arrays_overlap", "array_length", "len", "length", "size", "array_size",
    "cardinality", "greatest",
];

/// A value and the record it is of; a literal is of neither.
#[derive(Debug, Clone, PartialEq)]
struct Text {
    side: Option<Side>,
    value: Value,
}

/// What a part of an expression turned out to be.
#[derive(Debug, Clone)]
enum Term {
    Truth(Condition),
    Text(Text),
    /// A value cast to a number: equality is of numbers, not of letters.
    Numeric(Text),
    /// A number and how it was written.
    Number(f64, String),
    /// Seconds since 1970 of a date.
    Epoch(Text),
    EpochGap(Text, Text),
    ValueGap(Text, Text),
    /// Whole days between two dates, signed.
    DayGap(Text, Text),
    /// The elements two lists share.
    Shared(Text, Text),
    /// The greater of two numbers.
    Greater(Text, Text),
    /// A measure; thresholds are multiplied by `unit` to be in the measure's own.
    Measured {
        measure: Measure,
        left: Text,
        right: Text,
        unit: f64,
    },
    Null,
}

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) naming: Naming,
    pub(super) dialect: Dialect,
}

type Read<T> = Result<T, String>;

impl Parser {
    pub(super) fn condition(&mut self) -> Read<Condition> {
        let term = self.either()?;
        self.end()?;
        truth(term)
    }

    pub(super) fn value(&mut self) -> Read<Value> {
        let term = self.sum()?;
        self.end()?;
        Ok(text(term)?.value)
    }

    fn end(&self) -> Read<()> {
        match self.tokens.get(self.at) {
            None => Ok(()),
            Some(token) => Err(format!("{} is not understood here", shown(token))),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEPTH {
            return Err(format!("it nests deeper than {DEPTH}"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Mark(m)) if *m == mark)
    }

    fn mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str) -> Read<()> {
        if self.mark(mark) {
            return Ok(());
        }
        Err(match self.tokens.get(self.at) {
            Some(token) => format!("`{mark}` is wanted where {} stands", shown(token)),
            None => format!("`{mark}` is wanted at the end"),
        })
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Read<()> {
        if self.word(word) { Ok(()) } else { Err(format!("{word} is wanted and not found")) }
    }

    /// `OR`, the loosest.
    fn either(&mut self) -> Read<Term> {
        self.deeper(|p| {
            let first = p.both()?;
            let mut parts = Vec::new();
            while p.word("OR") {
                parts.push(truth(p.both()?)?);
            }
            if parts.is_empty() {
                return Ok(first);
            }
            let mut all = Vec::new();
            for part in std::iter::once(truth(first)?).chain(parts) {
                match part {
                    Condition::Any(inner) => all.extend(inner),
                    other => all.push(other),
                }
            }
            Ok(Term::Truth(Condition::Any(all)))
        })
    }

    /// `AND`.
    fn both(&mut self) -> Read<Term> {
        let first = self.negated()?;
        let mut parts = Vec::new();
        while self.word("AND") {
            parts.push(truth(self.negated()?)?);
        }
        if parts.is_empty() {
            return Ok(first);
        }
        let mut all = Vec::new();
        for part in std::iter::once(truth(first)?).chain(parts) {
            match part {
                Condition::All(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        Ok(Term::Truth(Condition::All(all)))
    }

    /// `NOT`.
    fn negated(&mut self) -> Read<Term> {
        if self.word("NOT") {
            let inner = self.deeper(|p| truth(p.negated()?))?;
            return Ok(Term::Truth(Condition::Not(Box::new(inner))));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Read<Term> {
        let left = self.sum()?;
        if self.word("IS") {
            let not = self.word("NOT");
            if !self.word("NULL") {
                return Err("after IS, only NULL and NOT NULL are read".to_owned());
            }
            let condition = Condition::IsNull(operand(text(left)?)?);
            return Ok(Term::Truth(if not { Condition::Not(Box::new(condition)) } else { condition }));
        }
        let start = self.at;
        let not = self.word("NOT");
        if self.word("IN") {
            return self.member(&left, not);
        }
        self.at = start;
        for refused in ["BETWEEN", "LIKE", "ILIKE", "SIMILAR", "GLOB", "REGEXP", "RLIKE", "NOT", "COLLATE"] {
            if self.word(refused) {
                return Err(format!("{refused} is not read"));
            }
        }
        for sign in ["=", "<>", "!=", "<=", ">=", "<", ">"] {
            if self.mark(sign) {
                let right = self.sum()?;
                return compared(left, sign, right).map(Term::Truth);
            }
        }
        Ok(left)
    }

    fn member(&mut self, of: &Term, not: bool) -> Read<Term> {
        self.expect("(")?;
        let mut parts = Vec::new();
        loop {
            let item = self.sum()?;
            parts.push(compared(of.clone(), "=", item)?);
            if !self.mark(",") {
                break;
            }
        }
        self.expect(")")?;
        let any = if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) };
        Ok(Term::Truth(if not { Condition::Not(Box::new(any)) } else { any }))
    }

    /// `+`, `-` and `||`.
    fn sum(&mut self) -> Read<Term> {
        let mut left = self.product()?;
        loop {
            if self.is_mark("||") {
                let mut parts = vec![text(left)?];
                while self.mark("||") {
                    parts.push(text(self.product()?)?);
                }
                left = Term::Text(concatenated(parts)?);
            } else if self.mark("+") {
                left = arithmetic(left, "+", self.product()?)?;
            } else if self.mark("-") {
                left = arithmetic(left, "-", self.product()?)?;
            } else {
                return Ok(left);
            }
        }
    }

    /// `*` and `/`.
    fn product(&mut self) -> Read<Term> {
        let mut left = self.unary()?;
        loop {
            let sign = if self.mark("*") {
                "*"
            } else if self.mark("/") {
                "/"
            } else {
                return Ok(left);
            };
            left = arithmetic(left, sign, self.unary()?)?;
        }
    }

    fn unary(&mut self) -> Read<Term> {
        if self.mark("-") {
            return match self.deeper(Self::unary)? {
                Term::Number(number, written) => Ok(Term::Number(-number, negated_text(&written))),
                _ => Err("a minus sign stands before something that is not a number".to_owned()),
            };
        }
        let mut term = self.primary()?;
        while self.mark("::") {
            let kind = self.type_name()?;
            term = cast(term, &kind)?;
        }
        if self.is_mark("[") {
            return Err("picking an element of a list is not read".to_owned());
        }
        Ok(term)
    }

    fn primary(&mut self) -> Read<Term> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err("it ends where a value is wanted".to_owned());
        };
        self.at += 1;
        match token {
            Token::Mark("(") => {
                let inner = self.either()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Text(text) => Ok(literal(text)),
            Token::Number(written) => match written.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Term::Number(number, written)),
                _ => Err(format!("the number {written} is out of range")),
            },
            Token::Quoted(name) => self.column(name),
            Token::Word(word) if self.is_mark("(") => {
                let name = word.to_ascii_lowercase();
                self.at += 1;
                self.deeper(|p| p.call(&name))
            }
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "TRUE" => Ok(Term::Truth(Condition::Else)),
                "FALSE" => Ok(Term::Truth(never())),
                "NULL" => Ok(Term::Null),
                "CASE" => self.deeper(Self::greater_by_case),
                "ELSE" => Err("ELSE must stand alone".to_owned()),
                "DATE" if matches!(self.tokens.get(self.at), Some(Token::Text(_))) => {
                    let value = self.primary()?;
                    cast(value, "date")
                }
                "INTERVAL" | "SELECT" | "EXISTS" | "ANY" | "ALL" | "AND" | "OR" | "IN" | "IS" => {
                    Err(format!("{word} is not understood here"))
                }
                _ => self.column(word),
            },
            other @ Token::Mark(_) => Err(format!("{} is not understood here", shown(&other))),
        }
    }

    /// A column by the spelling that goes with where the expression stands.
    fn column(&mut self, name: String) -> Read<Term> {
        let prefix = if self.mark(".") {
            let Some(Token::Word(column) | Token::Quoted(column)) = self.tokens.get(self.at).cloned() else {
                return Err(format!("no column follows `{name}.`"));
            };
            self.at += 1;
            if self.is_mark(".") {
                return Err(format!("`{name}.{column}` goes on with another dot; only l. and r. are read"));
            }
            Some((name.clone(), column))
        } else {
            None
        };
        let (side, column) = match (self.naming, prefix) {
            (Naming::Level, None) => {
                let side = match name.as_bytes() {
                    [_, .., b'_', b'l' | b'L'] => Side::Left,
                    [_, .., b'_', b'r' | b'R'] => Side::Right,
                    _ => {
                        return Err(format!(
                            "the column `{name}` does not end in _l or _r, so its record is not known"
                        ));
                    }
                };
                (side, name[..name.len() - 2].to_owned())
            }
            (Naming::Rule, Some((prefix, column))) => {
                let side = match prefix.as_str() {
                    "l" | "L" => Side::Left,
                    "r" | "R" => Side::Right,
                    _ => return Err(format!("`{prefix}.` names no record; only l. and r. do")),
                };
                (side, column)
            }
            (Naming::Record, None) => (Side::Left, name),
            (Naming::Level, Some((prefix, column))) => {
                return Err(format!(
                    "`{prefix}.{column}` is how a blocking rule names a column; a level says `{column}_l` or `{column}_r`"
                ));
            }
            (Naming::Rule, None) => {
                return Err(format!(
                    "the column `{name}` has no l. or r. before it, so its record is not known"
                ));
            }
            (Naming::Record, Some((prefix, column))) => {
                return Err(format!("`{prefix}.{column}` names a record; here a column stands alone"));
            }
        };
        if column.is_empty() {
            return Err("a column has no name".to_owned());
        }
        Ok(Term::Text(Text { side: Some(side), value: Value::Column(column) }))
    }

    fn arguments(&mut self) -> Read<Vec<Term>> {
        let mut arguments = Vec::new();
        if self.mark(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.either()?);
            if !self.mark(",") {
                break;
            }
        }
        if self.is_mark("->") {
            return Err("lambda functions are not read".to_owned());
        }
        self.expect(")")?;
        Ok(arguments)
    }

    fn type_name(&mut self) -> Read<String> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            return Err("a type is wanted in a cast".to_owned());
        };
        let kind = word.to_ascii_lowercase();
        self.at += 1;
        if self.mark("(") {
            return Err(format!("the type {kind} with a size is not read"));
        }
        if self.is_mark("[") {
            return Err(format!("a cast to a list of {kind} is not read"));
        }
        Ok(kind)
    }

    /// `CASE WHEN a > b THEN a ELSE b END`, by which Splink's library spells the greater of two numbers.
    fn greater_by_case(&mut self) -> Read<Term> {
        let refusal = "only CASE WHEN a > b THEN a ELSE b END is read";
        let mut term = |before: &str| {
            let found = if before == ">" { self.mark(">") || self.mark(">=") } else { self.word(before) };
            let value = if found { numeric(self.sum()?) } else { None };
            value.ok_or_else(|| refusal.to_owned())
        };
        let first = term("WHEN")?;
        let second = term(">")?;
        let then = term("THEN")?;
        let otherwise = term("ELSE")?;
        self.expect_word("END").map_err(|_| refusal.to_owned())?;
        if then != first || otherwise != second {
            return Err(refusal.to_owned());
        }
        Ok(Term::Greater(first, second))
    }

    fn call(&mut self, name: &str) -> Read<Term> {
        match name {
            "cast" | "try_cast" => {
                let inner = self.either()?;
                self.expect_word("AS")?;
                let kind = self.type_name()?;
                self.expect(")")?;
                return cast(inner, &kind);
            }
            "substring" | "substr" => return self.substring(),
            "extract" => {
                self.expect_word("EPOCH").map_err(|_| "EXTRACT is read for EPOCH only".to_owned())?;
                self.expect_word("FROM")?;
                let inner = text(self.either()?)?;
                self.expect(")")?;
                return Ok(Term::Epoch(inner));
            }
            // Refused before its arguments are read, so that the reason names the outermost function and not a part of it.
            _ if !FUNCTIONS.contains(&name) => return Err(format!("the function {name} is not read")),
            _ => {}
        }
        let mut arguments = self.arguments()?;
        let count = arguments.len();
        let spark = self.dialect == Dialect::Spark;
        let mut next = || arguments.remove(0);
        let measure = match name {
            "jaro_winkler_similarity" | "jaro_winkler" => Some(Measure::JaroWinkler),
            "jaro_similarity" | "jaro_sim" => Some(Measure::Jaro),
            "levenshtein" | "editdist3" => Some(Measure::Levenshtein),
            "damerau_levenshtein" => Some(Measure::DamerauLevenshtein),
            "optimal_string_alignment" => Some(Measure::OptimalStringAlignment),
            "jaccard" => Some(Measure::Jaccard),
            _ => None,
        };
        if let Some(measure) = measure {
            takes(name, count, 2, 2)?;
            let (left, right) = (text(next())?, text(next())?);
            return Ok(Term::Measured { measure, left, right, unit: 1.0 });
        }
        match name {
            "abs" => {
                takes(name, count, 1, 1)?;
                Ok(match next() {
                    Term::EpochGap(left, right) => {
                        Term::Measured { measure: Measure::DateDifference, left, right, unit: 1.0 }
                    }
                    Term::DayGap(left, right) => {
                        Term::Measured { measure: Measure::DateDifference, left, right, unit: 86_400.0 }
                    }
                    Term::ValueGap(left, right) => {
                        Term::Measured { measure: Measure::NumberDifference, left, right, unit: 1.0 }
                    }
                    Term::Number(number, _) => number_term(number.abs())?,
                    _ => return Err("ABS is read around a difference of two values only".to_owned()),
                })
            }
            "epoch" | "unix_timestamp" => {
                takes(name, count, 1, 1)?;
                Ok(Term::Epoch(text(next())?))
            }
            "date_diff" | "datediff" => {
                takes(name, count, 2, 3)?;
                if count == 3 {
                    let unit = string(next(), name)?;
                    if !unit.eq_ignore_ascii_case("day") {
                        return Err(format!(
                            "{name} in {unit}s counts boundaries crossed, not time passed, and is read for days only"
                        ));
                    }
                } else if !spark {
                    return Err(format!("{name} without a unit is Spark's and is not read in this dialect"));
                }
                let (left, right) = (text(next())?, text(next())?);
                if !(is_day(&left.value) && is_day(&right.value)) {
                    return Err(format!(
                        "{name} of times of day counts midnights, not time passed, and is not read"
                    ));
                }
                Ok(Term::DayGap(left, right))
            }
            "floor" => {
                takes(name, count, 1, 1)?;
                match next() {
                    Term::Number(number, _) => number_term(number.floor()),
                    _ => Err("floor is read around numbers only".to_owned()),
                }
            }
            "lower" | "lcase" => one(name, count, next, |v| Value::Lower(Box::new(v))),
            "upper" | "ucase" => one(name, count, next, |v| Value::Upper(Box::new(v))),
            "trim" => one(name, count, next, |v| Value::Trim(Box::new(v))),
            "soundex" => one(name, count, next, |v| Value::Soundex(Box::new(v))),
            "left" => {
                takes(name, count, 2, 2)?;
                let of = text(next())?;
                let length = whole(&next(), name)?;
                let length =
                    u32::try_from(length).map_err(|_| "left is read with a length from 0 up".to_owned())?;
                Ok(Term::Text(of.map(|of| Value::Substring {
                    of: Box::new(of),
                    start: 1,
                    length: Some(length),
                })))
            }
            "concat" => {
                takes(name, count, 1, usize::MAX)?;
                let mut parts = Vec::new();
                for argument in arguments {
                    let part = text(argument)?;
                    // DuckDB's concat passes over what is missing, unlike `||` and unlike Spark's concat.
                    parts.push(match (&part.value, spark) {
                        (Value::Literal(_), _) | (_, true) => part,
                        _ => part.map(|v| Value::Coalesce(vec![v, Value::Literal(String::new())])),
                    });
                }
                if parts.len() == 1 {
                    Ok(Term::Text(parts.remove(0)))
                } else {
                    Ok(Term::Text(concatenated(parts)?))
                }
            }
            "coalesce" | "ifnull" => {
                takes(name, count, 1, usize::MAX)?;
                let parts = arguments.into_iter().map(text).collect::<Read<Vec<_>>>()?;
                let (side, values) = together(parts)?;
                Ok(Term::Text(Text { side, value: Value::Coalesce(values) }))
            }
            "nullif" => {
                takes(name, count, 2, 2)?;
                let of = text(next())?;
                let equals = string(next(), name)?;
                Ok(Term::Text(of.map(|of| Value::NullIf { of: Box::new(of), equals })))
            }
            "regexp_extract" => {
                takes(name, count, 2, 3)?;
                let of = text(next())?;
                let pattern = string(next(), name)?;
                // Without a group, DuckDB gives the whole match and Spark the first group.
                let group = if count == 3 { whole(&next(), name)? } else { i64::from(spark) };
                let compiled = Regex::new(&pattern).map_err(|_| {
                    format!("the regular expression '{pattern}' is not one that is understood here")
                })?;
                let group = u32::try_from(group)
                    .ok()
                    .filter(|g| (*g as usize) < compiled.captures_len())
                    .ok_or_else(|| format!("the regular expression '{pattern}' has no group {group}"))?;
                Ok(Term::Text(of.map(|of| Value::RegexExtract { of: Box::new(of), pattern, group })))
            }
            "try_strptime" | "strptime" if !spark => {
                takes(name, count, 2, 2)?;
                let of = text(next())?;
                let format = string(next(), name)?;
                check_format(&format)?;
                Ok(Term::Text(of.map(|of| Value::Date { of: Box::new(of), format })))
            }
            "try_to_timestamp" | "to_timestamp" | "try_to_date" | "to_date" if spark => {
                takes(name, count, 1, 2)?;
                let of = text(next())?;
                let format = if count == 2 {
                    from_java(&string(next(), name)?)?
                } else if name.ends_with("date") {
                    "%Y-%m-%d".to_owned()
                } else {
                    return Err(format!("{name} without a format is not read"));
                };
                if name.ends_with("date") && has_time(&format) {
                    return Err(format!(
                        "{name} with a format that has a time of day drops the time and is not read"
                    ));
                }
                Ok(Term::Text(of.map(|of| Value::Date { of: Box::new(of), format })))
            }
            "date" => {
                takes(name, count, 1, 1)?;
                cast(next(), "date")
            }
            "string_split" | "str_split" | "string_to_array" | "split" => {
                takes(name, count, 2, 2)?;
                let of = text(next())?;
                let separator = string(next(), name)?;
                if spark && regex::escape(&separator) != separator {
                    return Err(format!("{name} at the regular expression '{separator}' is not read"));
                }
                Ok(Term::Text(of.map(|of| Value::Elements { of: Box::new(of), separator })))
            }
            "list_intersect" | "array_intersect" => {
                takes(name, count, 2, 2)?;
                Ok(Term::Shared(text(next())?, text(next())?))
            }
            "list_has_any" | "array_has_any" | "arrays_overlap" => {
                takes(name, count, 2, 2)?;
                let (left, right) = pair(text(next())?, text(next())?)?;
                let measure = Measure::SharedElements;
                Ok(Term::Truth(Condition::Compare {
                    measure,
                    left,
                    right,
                    bound: Bound::AtLeast,
                    threshold: 1.0,
                }))
            }
            "array_length" | "len" | "length" | "size" | "array_size" | "cardinality" => {
                takes(name, count, 1, 1)?;
                match next() {
                    Term::Shared(left, right) => {
                        Ok(Term::Measured { measure: Measure::SharedElements, left, right, unit: 1.0 })
                    }
                    _ => Err(format!("{name} is read around the intersection of two lists only")),
                }
            }
            "greatest" => {
                takes(name, count, 2, 2)?;
                match (numeric(next()), numeric(next())) {
                    (Some(first), Some(second)) => Ok(Term::Greater(first, second)),
                    _ => Err("greatest is read around two values only".to_owned()),
                }
            }
            _ => Err(format!("the function {name} is not read in this dialect")),
        }
    }

    /// `substring(x, start[, length])` and `substring(x FROM start [FOR length])`; the word has been read.
    fn substring(&mut self) -> Read<Term> {
        let of = text(self.either()?)?;
        let by_word = self.word("FROM");
        if !by_word {
            self.expect(",")?;
        }
        let start = whole(&self.sum()?, "substring")?;
        let start = i32::try_from(start).map_err(|_| format!("substring cannot start at {start}"))?;
        let length = if (by_word && self.word("FOR")) || (!by_word && self.mark(",")) {
            let length = whole(&self.sum()?, "substring")?;
            Some(u32::try_from(length).map_err(|_| format!("substring cannot be {length} long"))?)
        } else {
            None
        };
        self.expect(")")?;
        Ok(Term::Text(of.map(|of| Value::Substring { of: Box::new(of), start, length })))
    }
}

impl Text {
    fn map(self, with: impl FnOnce(Value) -> Value) -> Self {
        Self { side: self.side, value: with(self.value) }
    }
}

fn never() -> Condition {
    Condition::Not(Box::new(Condition::Else))
}

fn literal(text: String) -> Term {
    Term::Text(Text { side: None, value: Value::Literal(text) })
}

fn number_term(number: f64) -> Read<Term> {
    if number.is_finite() {
        Ok(Term::Number(number, number.to_string()))
    } else {
        Err("arithmetic gives no finite number".to_owned())
    }
}

fn negated_text(written: &str) -> String {
    written.strip_prefix('-').map_or_else(|| format!("-{written}"), str::to_owned)
}

fn takes(name: &str, count: usize, least: usize, most: usize) -> Read<()> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(format!("{name} with {count} argument{} is not read", if count == 1 { "" } else { "s" }))
}

fn one(
    name: &str,
    count: usize,
    mut next: impl FnMut() -> Term,
    with: impl FnOnce(Value) -> Value,
) -> Read<Term> {
    takes(name, count, 1, 1)?;
    Ok(Term::Text(text(next())?.map(with)))
}

fn truth(term: Term) -> Read<Condition> {
    match term {
        Term::Truth(condition) => Ok(condition),
        other => Err(format!("{} stands where a condition is wanted", kind(&other))),
    }
}

fn text(term: Term) -> Read<Text> {
    match term {
        Term::Text(text) => Ok(text),
        other => Err(format!("{} stands where a value of one record is wanted", kind(&other))),
    }
}

/// A value in arithmetic, where a number may stand for a literal.
fn numeric(term: Term) -> Option<Text> {
    match term {
        Term::Text(text) | Term::Numeric(text) => Some(text),
        Term::Number(_, written) => Some(Text { side: None, value: Value::Literal(written) }),
        _ => None,
    }
}

fn string(term: Term, within: &str) -> Read<String> {
    match term {
        Term::Text(Text { value: Value::Literal(text), .. }) => Ok(text),
        _ => Err(format!("{within} wants a text in quotes there")),
    }
}

fn whole(term: &Term, within: &str) -> Read<i64> {
    match term {
        Term::Number(number, _) if number.fract() == 0.0 && number.abs() < 1e15 => Ok(*number as i64),
        _ => Err(format!("{within} wants a whole number there")),
    }
}

fn kind(term: &Term) -> &'static str {
    match term {
        Term::Truth(_) => "a condition",
        Term::Text(_) => "a value",
        Term::Numeric(_) => "a value cast to a number",
        Term::Number(..) => "a number",
        Term::Epoch(_) => "a time in seconds",
        Term::EpochGap(..) | Term::ValueGap(..) | Term::DayGap(..) => "a difference outside ABS",
        Term::Shared(..) => "an intersection of lists",
        Term::Greater(..) => "the greater of two values",
        Term::Measured { .. } => "a measure",
        Term::Null => "NULL",
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Number(text) => format!("`{text}`"),
        Token::Quoted(text) => format!("`\"{text}\"`"),
        Token::Text(text) => format!("`'{text}'`"),
        Token::Mark(mark) => format!("`{mark}`"),
    }
}

fn operand(text: Text) -> Read<Operand> {
    match text.side {
        Some(side) => Ok(Operand { side, value: text.value }),
        None => Err("a literal stands where a column is wanted".to_owned()),
    }
}

/// Two operands; a literal is taken to be of the record that the other is not of.
fn pair(left: Text, right: Text) -> Read<(Operand, Operand)> {
    let other = |side| if side == Side::Left { Side::Right } else { Side::Left };
    let (first, second) = match (left.side, right.side) {
        (Some(l), Some(r)) => (l, r),
        (Some(l), None) => (l, other(l)),
        (None, Some(r)) => (other(r), r),
        (None, None) => return Err("two literals are measured against each other".to_owned()),
    };
    Ok((Operand { side: first, value: left.value }, Operand { side: second, value: right.value }))
}

fn together(parts: Vec<Text>) -> Read<(Option<Side>, Vec<Value>)> {
    let mut side = None;
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match (side, part.side) {
            (Some(a), Some(b)) if a != b => {
                return Err(
                    "one value is made from both records; only values of one record are read".to_owned()
                );
            }
            (None, found) => side = found,
            _ => {}
        }
        values.push(part.value);
    }
    Ok((side, values))
}

fn concatenated(parts: Vec<Text>) -> Read<Text> {
    let (side, values) = together(parts)?;
    Ok(Text { side, value: Value::Concat(values) })
}

fn arithmetic(left: Term, sign: &str, right: Term) -> Read<Term> {
    match (left, sign, right) {
        (Term::Number(a, _), _, Term::Number(b, _)) => number_term(match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            _ => a / b,
        }),
        (Term::Epoch(left), "-", Term::Epoch(right)) => Ok(Term::EpochGap(left, right)),
        (
            Term::Measured { measure: Measure::NumberDifference, left, right, .. },
            "/",
            Term::Greater(first, second),
        ) if (left == first && right == second) || (left == second && right == first) => {
            Ok(Term::Measured { measure: Measure::RelativeDifference, left, right, unit: 1.0 })
        }
        (left, "-", right) => {
            let names = (kind(&left), kind(&right));
            match (numeric(left), numeric(right)) {
                (Some(left), Some(right))
                    if !matches!(left.value, Value::Date { .. })
                        && !matches!(right.value, Value::Date { .. }) =>
                {
                    Ok(Term::ValueGap(left, right))
                }
                (Some(_), Some(_)) => {
                    Err("dates are subtracted as they stand; ABS(EPOCH(a) - EPOCH(b)) is read instead"
                        .to_owned())
                }
                _ => Err(format!("{} minus {} is not read", names.0, names.1)),
            }
        }
        (left, _, right) => Err(format!("{} {sign} {} is not read", kind(&left), kind(&right))),
    }
}

/// `left sign right`.
fn compared(left: Term, sign: &str, right: Term) -> Read<Condition> {
    let holds = |ordering: Option<std::cmp::Ordering>| match sign {
        "=" => ordering == Some(std::cmp::Ordering::Equal),
        "<>" | "!=" => ordering != Some(std::cmp::Ordering::Equal),
        "<=" => ordering.is_some_and(std::cmp::Ordering::is_le),
        ">=" => ordering.is_some_and(std::cmp::Ordering::is_ge),
        "<" => ordering.is_some_and(std::cmp::Ordering::is_lt),
        _ => ordering.is_some_and(std::cmp::Ordering::is_gt),
    };
    let settled = |holds: bool| if holds { Condition::Else } else { never() };
    let negate = |condition: Condition| match sign {
        "=" => Ok(condition),
        "<>" | "!=" => Ok(Condition::Not(Box::new(condition))),
        _ => Err(format!(
            "`{sign}` between two values is not read; only measures are held against a threshold"
        )),
    };
    match (left, right) {
        (Term::Number(a, _), Term::Number(b, _)) => Ok(settled(holds(a.partial_cmp(&b)))),
        (Term::Measured { measure, left, right, unit }, Term::Number(number, _)) => {
            held(measure, left, right, sign, number * unit)
        }
        (Term::Number(number, _), Term::Measured { measure, left, right, unit }) => {
            let turned = match sign {
                "<=" => ">=",
                ">=" => "<=",
                "<" => ">",
                ">" => "<",
                same => same,
            };
            held(measure, left, right, turned, number * unit)
        }
        (
            Term::Text(Text { side: None, value: Value::Literal(a) }),
            Term::Text(Text { side: None, value: Value::Literal(b) }),
        ) if matches!(sign, "=" | "<>" | "!=") => Ok(settled(holds(Some(a.cmp(&b))))),
        (Term::Text(left), Term::Text(right)) => {
            let (left, right) = pair(left, right)?;
            negate(Condition::Equal(left, right))
        }
        (
            left @ (Term::Text(_) | Term::Numeric(_) | Term::Number(..)),
            right @ (Term::Text(_) | Term::Numeric(_) | Term::Number(..)),
        ) => {
            // Numbers are equal where they do not differ, however they are written: 1.0 and 01 are both 1.
            let (Some(left), Some(right)) = (numeric(left), numeric(right)) else {
                return Err("a number is wanted".to_owned());
            };
            let (left, right) = pair(left, right)?;
            let measure = Measure::NumberDifference;
            negate(Condition::Compare { measure, left, right, bound: Bound::AtMost, threshold: 0.0 })
        }
        (Term::Null, _) | (_, Term::Null) => {
            Err("a comparison with NULL never holds; IS NULL is meant, perhaps".to_owned())
        }
        (left, right) => Err(format!("{} {sign} {} is not read", kind(&left), kind(&right))),
    }
}

fn held(measure: Measure, left: Text, right: Text, sign: &str, threshold: f64) -> Read<Condition> {
    if !threshold.is_finite() {
        return Err("the threshold is out of range".to_owned());
    }
    let (left, right) = pair(left, right)?;
    let compare =
        |bound| Condition::Compare { measure, left: left.clone(), right: right.clone(), bound, threshold };
    Ok(match sign {
        ">=" => compare(Bound::AtLeast),
        ">" => compare(Bound::MoreThan),
        "<=" => compare(Bound::AtMost),
        "<" => compare(Bound::LessThan),
        "=" => Condition::All(vec![compare(Bound::AtLeast), compare(Bound::AtMost)]),
        _ => Condition::Any(vec![compare(Bound::LessThan), compare(Bound::MoreThan)]),
    })
}

fn cast(term: Term, to: &str) -> Read<Term> {
    let refused = |what: &str| Err(format!("a cast of {what} to {to} is not read"));
    match (to, term) {
        ("varchar" | "text" | "string" | "char" | "bpchar", Term::Text(text)) => {
            if matches!(text.value, Value::Date { .. }) { refused("a date") } else { Ok(Term::Text(text)) }
        }
        ("date", Term::Text(Text { side, value: Value::Literal(day) })) => {
            let shape = day.len() == 10
                && day
                    .bytes()
                    .enumerate()
                    .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
            if shape {
                Ok(Term::Text(Text { side, value: Value::Literal(day) }))
            } else {
                refused("that text")
            }
        }
        ("date", Term::Text(text)) => match &text.value {
            Value::Date { format, .. } if has_time(format) => refused("a time of day"),
            Value::Date { .. } => Ok(Term::Text(text)),
            _ => {
                Ok(Term::Text(text.map(|of| Value::Date { of: Box::new(of), format: "%Y-%m-%d".to_owned() })))
            }
        },
        ("int" | "integer" | "bigint" | "smallint" | "tinyint", Term::Number(number, written)) => {
            if number.fract() == 0.0 { Ok(Term::Number(number, written)) } else { refused("a fraction") }
        }
        ("real" | "float" | "float4", Term::Number(number, written)) => {
            // In single precision the literal would be another number.
            if f64::from(number as f32) == number {
                Ok(Term::Number(number, written))
            } else {
                refused("a number that single precision cannot hold")
            }
        }
        ("double" | "float8", Term::Number(number, written)) => Ok(Term::Number(number, written)),
        ("double" | "float8", Term::Text(text)) if !matches!(text.value, Value::Date { .. }) => {
            Ok(Term::Numeric(text))
        }
        (_, other) => refused(kind(&other)),
    }
}

/// Whether a value can be taken for a day without a time: a date column as it stands, or a date read without one.
fn is_day(value: &Value) -> bool {
    match value {
        Value::Date { format, .. } => !has_time(format),
        _ => true,
    }
}

fn has_time(format: &str) -> bool {
    ["%H", "%M", "%S", "%I", "%p", "%f", "%Z", "%z"].iter().any(|part| format.contains(part))
}

/// Whether a format is of letters that are understood: day, month and year, and the time of day.
fn check_format(format: &str) -> Read<()> {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        match chars.next() {
            Some('Y' | 'y' | 'm' | 'd' | 'b' | 'B' | 'j' | 'H' | 'I' | 'p' | 'M' | 'S' | 'f' | 'z' | '%') => {
            }
            Some(other) => {
                return Err(format!("the date format '{format}' has %{other}, which is not understood"));
            }
            None => return Err(format!("the date format '{format}' ends in %")),
        }
    }
    Ok(())
}

/// A date format in Java's letters (Spark), in `strptime`'s.
fn from_java(format: &str) -> Read<String> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            let body = &rest[1..];
            let close =
                body.find('\'').ok_or_else(|| format!("the date format '{format}' has a quote left open"))?;
            out.push_str(&body[..close].replace('%', "%%"));
            rest = &body[close + 1..];
            continue;
        }
        let run = rest.len() - rest.trim_start_matches(c).len();
        let letters = &rest[..run];
        if c.is_ascii_alphabetic() {
            out.push_str(match letters {
                "yyyy" => "%Y",
                "yy" => "%y",
                "MM" | "M" => "%m",
                "MMM" => "%b",
                "MMMM" => "%B",
                "dd" | "d" => "%d",
                "HH" => "%H",
                "mm" => "%M",
                "ss" => "%S",
                "XXX" => "%z",
                _ => {
                    return Err(format!("the date format '{format}' has {letters}, which is not understood"));
                }
            });
        } else {
            out.push_str(&letters.replace('%', "%%"));
        }
        rest = &rest[run..];
    }
    Ok(out)
}
