//! Values of the model as codes: each is worked out once for every distinct text of its column, and records hold its number.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use crate::error::LinkageError;
use crate::records::{Interner, MISSING, Records, Texts};
use crate::settings::Value;

/// A value of every record.
#[derive(Debug, Clone)]
pub(crate) struct Feature {
    /// A code for each record; [`MISSING`] where it has none.
    pub(crate) codes: Arc<Vec<u32>>,
    /// The texts that codes stand for, shared by all features that are held against each other.
    domain: usize,
}

/// The texts of one or more features, with what measures need of them.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) texts: Arc<Texts>,
    /// Short texts where they can be had with one look at memory, empty where nothing is measured on them.
    short: Vec<Short>,
    /// Day numbers of the texts, where the value is a date.
    pub(crate) days: Vec<i32>,
    /// Numbers of the texts, where a difference of numbers is asked for; not a number where it is none.
    pub(crate) numbers: Vec<f64>,
    /// Sorted element codes of the texts, where the value is a list.
    pub(crate) elements: Vec<Vec<u32>>,
}

/// A text of at most 15 bytes: its length, and above that the mark of one that is longer, with a bit for letters beyond ASCII.
type Short = [u8; 16];
const LONG: u8 = 0x7F;
const BEYOND_ASCII: u8 = 0x80;

/// The features of a model.
#[derive(Debug, Default)]
pub(crate) struct Features {
    columns: Vec<Feature>,
    domains: Vec<Domain>,
    known: BTreeMap<Value, usize>,
}

impl Features {
    /// Works out every value. Values in one group are held against each other and share their codes.
    pub(crate) fn new(records: &Records, groups: &[Vec<Value>]) -> Result<Self, LinkageError> {
        let mut features = Self::default();
        for group in groups {
            features.add_group(records, group)?;
        }
        Ok(features)
    }

    /// The number of a value's feature.
    pub(crate) fn of(&self, value: &Value) -> Option<usize> {
        self.known.get(value).copied()
    }

    /// How many features there are.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The features, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.columns.iter()
    }

    #[inline]
    pub(crate) fn domain(&self, feature: usize) -> &Domain {
        &self.domains[self.columns[feature].domain]
    }

    /// Lays a feature's texts out for measuring, where that has not been done.
    pub(crate) fn need_texts(&mut self, feature: usize) {
        let domain = &mut self.domains[self.columns[feature].domain];
        if domain.short.is_empty() {
            domain.short = domain.texts.iter().map(short_of).collect();
        }
    }

    /// A feature's code for each record.
    pub(crate) fn codes(&self, feature: usize) -> &[u32] {
        &self.columns[feature].codes
    }

    /// Reads the numbers of a feature's texts, where they have not been read.
    pub(crate) fn need_numbers(&mut self, feature: usize) {
        let domain = &mut self.domains[self.columns[feature].domain];
        if domain.numbers.is_empty() {
            domain.numbers = domain.texts.iter().map(|t| t.trim().parse().unwrap_or(f64::NAN)).collect();
        }
    }

    fn add_group(&mut self, records: &Records, group: &[Value]) -> Result<(), LinkageError> {
        let domain = self.domains.len();
        let mut made: Vec<(Arc<Vec<u32>>, Arc<Texts>)> = Vec::new();
        for value in group {
            made.push(evaluate(records, value)?);
        }
        let texts = if let [(codes, texts)] = made.as_slice() {
            self.columns.push(Feature { codes: Arc::clone(codes), domain });
            Arc::clone(texts)
        } else {
            let mut shared = Interner::default();
            for (codes, texts) in &made {
                let to: Vec<u32> = texts.iter().map(|t| shared.intern(t)).collect();
                let codes =
                    codes.iter().map(|c| if *c == MISSING { MISSING } else { to[*c as usize] }).collect();
                self.columns.push(Feature { codes: Arc::new(codes), domain });
            }
            Arc::new(shared.texts)
        };
        let first = self.columns.len() - group.len();
        for (at, value) in group.iter().enumerate() {
            self.known.insert(value.clone(), first + at);
        }
        let dates = group.iter().any(|v| matches!(v, Value::Date { .. }));
        let days = if dates {
            // A date's text is its day in ISO form, so that equal days are equal texts.
            texts.iter().map(|t| crate::dates::parse(t, "%Y-%m-%d").unwrap_or(i32::MIN)).collect()
        } else {
            Vec::new()
        };
        let separator = group.iter().find_map(|v| match v {
            Value::Elements { separator, .. } => Some(separator.clone()),
            _ => None,
        });
        let elements = separator.map_or_else(Vec::new, |separator| {
            let mut interner = Interner::default();
            texts
                .iter()
                .map(|t| {
                    let mut codes: Vec<u32> = t
                        .split(separator.as_str())
                        .map(str::trim)
                        .filter(|e| !e.is_empty())
                        .map(|e| interner.intern(e))
                        .collect();
                    codes.sort_unstable();
                    codes.dedup();
                    codes
                })
                .collect()
        });
        self.domains.push(Domain { texts, short: Vec::new(), days, numbers: Vec::new(), elements });
        Ok(())
    }
}

impl Domain {
    /// The bytes of a text, and whether they are its letters.
    #[inline]
    pub(crate) fn bytes(&self, code: u32) -> (&[u8], bool) {
        if let Some(short) = self.short.get(code as usize) {
            let length = short[0] & LONG;
            let ascii = short[0] & BEYOND_ASCII == 0;
            if length != LONG {
                return (&short[1..=usize::from(length)], ascii);
            }
            return (self.texts.get(code).as_bytes(), ascii);
        }
        let text = self.texts.get(code);
        (text.as_bytes(), text.is_ascii())
    }
}

fn short_of(text: &str) -> Short {
    let mut short = [0; 16];
    let mark = if text.is_ascii() { 0 } else { BEYOND_ASCII };
    if text.len() <= 15 {
        short[0] = text.len() as u8 | mark;
        short[1..=text.len()].copy_from_slice(text.as_bytes());
    } else {
        short[0] = LONG | mark;
    }
    short
}

/// A value of every record, with its own texts.
fn evaluate(records: &Records, value: &Value) -> Result<(Arc<Vec<u32>>, Arc<Texts>), LinkageError> {
    let program = Program::new(value)?;
    let mut columns = Vec::new();
    value.columns(&mut columns);
    columns.sort_unstable();
    columns.dedup();
    let column = |name: &str| {
        records.columns.get(name).ok_or_else(|| {
            LinkageError::Settings(format!(
                "the column {name} was not read; name it in the settings before reading"
            ))
        })
    };
    match columns.as_slice() {
        [] => {
            let mut texts = Texts::default();
            let codes = match program.run(&|_| None) {
                Some(text) => vec![texts.push(&text); records.len()],
                None => vec![MISSING; records.len()],
            };
            Ok((Arc::new(codes), Arc::new(texts)))
        }
        [name] => {
            let column = column(name)?;
            if matches!(value, Value::Column(_)) {
                return Ok((Arc::clone(&column.codes), Arc::clone(&column.values)));
            }
            let mut interner = Interner::default();
            let to: Vec<u32> = column
                .values
                .iter()
                .map(|text| program.run(&|_| Some(text)).map_or(MISSING, |t| interner.intern(&t)))
                .collect();
            let missing = program.run(&|_| None).map_or(MISSING, |t| interner.intern(&t));
            let codes = column.codes.iter().map(|c| if *c == MISSING { missing } else { to[*c as usize] });
            Ok((Arc::new(codes.collect()), Arc::new(interner.texts)))
        }
        many => {
            let columns: Vec<_> = many.iter().map(|n| column(n)).collect::<Result<_, _>>()?;
            let mut interner = Interner::default();
            let codes = (0..records.len())
                .map(|record| {
                    let get = |name: &str| {
                        let at = many.binary_search(&name).ok()?;
                        let code = columns[at].codes[record];
                        (code != MISSING).then(|| columns[at].values.get(code))
                    };
                    program.run(&get).map_or(MISSING, |t| interner.intern(&t))
                })
                .collect();
            Ok((Arc::new(codes), Arc::new(interner.texts)))
        }
    }
}

/// A value with its regular expressions compiled.
enum Program {
    Column(String),
    Literal(String),
    Substring(Box<Program>, i32, Option<u32>),
    Lower(Box<Program>),
    Upper(Box<Program>),
    Trim(Box<Program>),
    Regex(Box<Program>, Regex, usize),
    NullIf(Box<Program>, String),
    Date(Box<Program>, String),
    Concat(Vec<Program>),
    Coalesce(Vec<Program>),
    Soundex(Box<Program>),
}

impl Program {
    fn new(value: &Value) -> Result<Self, LinkageError> {
        let boxed = |of: &Value| Self::new(of).map(Box::new);
        Ok(match value {
            Value::Column(name) => Self::Column(name.clone()),
            Value::Literal(text) => Self::Literal(text.clone()),
            Value::Substring { of, start, length } => Self::Substring(boxed(of)?, *start, *length),
            Value::Lower(of) => Self::Lower(boxed(of)?),
            Value::Upper(of) => Self::Upper(boxed(of)?),
            Value::Trim(of) => Self::Trim(boxed(of)?),
            Value::RegexExtract { of, pattern, group } => {
                let regex = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|e| {
                    LinkageError::Expression {
                        place: "a regular expression".to_owned(),
                        expression: pattern.clone(),
                        reason: e.to_string().lines().last().unwrap_or_default().to_owned(),
                    }
                })?;
                Self::Regex(boxed(of)?, regex, *group as usize)
            }
            Value::NullIf { of, equals } => Self::NullIf(boxed(of)?, equals.clone()),
            Value::Date { of, format } => Self::Date(boxed(of)?, format.clone()),
            Value::Concat(parts) => Self::Concat(parts.iter().map(Self::new).collect::<Result<_, _>>()?),
            Value::Coalesce(parts) => Self::Coalesce(parts.iter().map(Self::new).collect::<Result<_, _>>()?),
            Value::Soundex(of) => Self::Soundex(boxed(of)?),
            // The elements themselves are cut where the domain is made.
            Value::Elements { of, .. } => Self::new(of)?,
        })
    }

    fn run<'a>(&'a self, get: &dyn Fn(&str) -> Option<&'a str>) -> Option<Cow<'a, str>> {
        match self {
            Self::Column(name) => get(name).map(Cow::Borrowed),
            Self::Literal(text) => Some(Cow::Borrowed(text)),
            Self::Substring(of, start, length) => {
                of.run(get).map(|t| Cow::Owned(substring(&t, *start, *length)))
            }
            Self::Lower(of) => of.run(get).map(|t| Cow::Owned(t.to_lowercase())),
            Self::Upper(of) => of.run(get).map(|t| Cow::Owned(t.to_uppercase())),
            Self::Trim(of) => of.run(get).map(|t| Cow::Owned(t.trim().to_owned())),
            Self::Regex(of, regex, group) => of.run(get).map(|t| {
                let part = regex.captures(&t).and_then(|c| c.get(*group)).map_or("", |m| m.as_str());
                Cow::Owned(part.to_owned())
            }),
            Self::NullIf(of, equals) => of.run(get).filter(|t| t.as_ref() != equals),
            Self::Date(of, format) => of.run(get).and_then(|t| {
                let day = crate::dates::parse(&t, format)?;
                let mut text = String::new();
                crate::dates::write_iso(day, &mut text)?;
                Some(Cow::Owned(text))
            }),
            Self::Concat(parts) => {
                let mut whole = String::new();
                for part in parts {
                    whole.push_str(&part.run(get)?);
                }
                Some(Cow::Owned(whole))
            }
            Self::Coalesce(parts) => parts.iter().find_map(|p| p.run(get)),
            Self::Soundex(of) => of.run(get).map(|t| Cow::Owned(crate::text::soundex(&t))),
        }
    }
}

/// SQL's `substr`: characters from `start`, counted from 1, or from the end where negative.
fn substring(text: &str, start: i32, length: Option<u32>) -> String {
    let skip = match start {
        1.. => (start - 1) as usize,
        0 => 0,
        _ => text.chars().count().saturating_sub(start.unsigned_abs() as usize),
    };
    let rest = text.chars().skip(skip);
    match length {
        // Counted from 0, the first of the letters asked for lies before the text.
        Some(n) if start == 0 => rest.take((n as usize).saturating_sub(1)).collect(),
        Some(n) => rest.take(n as usize).collect(),
        None => rest.collect(),
    }
}
