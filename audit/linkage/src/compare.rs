//! Conditions made ready to be asked of millions of pairs: values are codes, and each measure is worked out at most once a
//! pair, and only where an earlier level has not settled it.

use std::collections::{BTreeMap, HashMap};

use crate::error::LinkageError;
use crate::features::Features;
use crate::records::{MISSING, Records};
use crate::settings::{Bound, Comparison, Condition, Measure, Operand, Settings, Side, TextUnit, Value};
use crate::text::{self, Pattern};

/// A condition on a pair, with features in place of values.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Always,
    Missing(usize, Side),
    Equal(usize, usize, Sides),
    Measured { slot: usize, bound: Bound, threshold: f64 },
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

/// From which record of the pair each of two features is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sides(Side, Side);

/// A measure of two features, worked out once a pair.
#[derive(Debug, Clone, PartialEq)]
struct Slot {
    measure: Measure,
    features: (usize, usize),
    sides: Sides,
    /// Both are features of one record each, the left one of the left record: its text can be laid out once for many pairs.
    straight: bool,
}

/// The features and measures of a model, ready for pairs of its records.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) features: Features,
    slots: Vec<Slot>,
    unit: TextUnit,
    /// The codes of each record side by side, so that a pair costs a look at two places and not at two of each feature.
    rows: Vec<u32>,
    width: usize,
    /// For columns whose term frequencies were counted elsewhere, the shares of codes.
    outside: BTreeMap<String, Vec<(u32, f64)>>,
}

/// Two records and the codes of their values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'r> {
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// The left record's codes, one for each feature.
    pub(crate) a: &'r [u32],
    /// The right record's.
    pub(crate) b: &'r [u32],
}

impl Pair<'_> {
    #[inline]
    fn code(self, feature: usize, side: Side) -> u32 {
        if side == Side::Left { self.a[feature] } else { self.b[feature] }
    }
}

/// One comparison, ready.
#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    pub(crate) tests: Vec<Test>,
    /// The comparison value of each level; -1 where it says that nothing can be said.
    pub(crate) values: Vec<i8>,
    /// Where its first two levels say that one value is missing and that it is equal: that value's feature.
    head: Option<usize>,
    /// How dear it is to ask, for the order in which comparisons are asked.
    pub(crate) cost: u32,
}

/// What one thread needs to compare pairs.
pub(crate) struct Scratch {
    measured: Vec<f64>,
    /// Rows of the records of some blocks, side by side.
    pub(crate) gathered: Vec<u32>,
    /// Which slots hold a measure of the present pair: a slot's stamp is the pair's.
    stamp: Vec<u32>,
    now: u32,
    patterns: Vec<(u32, Pattern)>,
}

impl Engine {
    /// Compiles conditions: every comparison, then every further condition, in the order given.
    pub(crate) fn new(
        records: &Records,
        settings: &Settings,
        more: &[&Condition],
    ) -> Result<(Self, Vec<Ladder>, Vec<Test>), LinkageError> {
        let mut conditions: Vec<&Condition> =
            settings.comparisons.iter().flat_map(|c| c.levels.iter().map(|l| &l.condition)).collect();
        conditions.extend(more);
        let tf_columns: Vec<Value> = settings
            .comparisons
            .iter()
            .flat_map(|c| &c.levels)
            .filter_map(|l| l.term_frequency.as_ref().map(|t| Value::Column(t.column.clone())))
            .collect();
        let groups = groups(&conditions, &tf_columns);
        let features = Features::new(records, &groups)?;
        let width = features.len();
        let mut rows = vec![MISSING; records.len() * width];
        for (at, feature) in features.iter().enumerate() {
            for (row, code) in rows.chunks_exact_mut(width).zip(feature.codes.iter()) {
                row[at] = *code;
            }
        }
        let mut engine = Self {
            features,
            slots: Vec::new(),
            unit: settings.text_unit,
            rows,
            width,
            outside: BTreeMap::new(),
        };
        let ladders = settings.comparisons.iter().map(|c| engine.ladder(c)).collect::<Result<Vec<_>, _>>()?;
        let tests = more.iter().map(|c| engine.test(c)).collect::<Result<Vec<_>, _>>()?;
        Ok((engine, ladders, tests))
    }

    /// The codes of a record's values.
    #[inline]
    pub(crate) fn row(&self, record: u32) -> &[u32] {
        let start = record as usize * self.width;
        &self.rows[start..start + self.width]
    }

    /// Two records, ready to be compared.
    #[inline]
    pub(crate) fn pair(&self, left: u32, right: u32) -> Pair<'_> {
        Pair { left, right, a: self.row(left), b: self.row(right) }
    }

    /// A feature of every record, in order.
    pub(crate) fn column(&self, feature: usize) -> &[u32] {
        self.features.codes(feature)
    }

    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            measured: vec![0.0; self.slots.len()],
            gathered: Vec::new(),
            stamp: vec![0; self.slots.len()],
            now: 0,
            patterns: self.slots.iter().map(|_| (MISSING, Pattern::default())).collect(),
        }
    }

    fn ladder(&mut self, comparison: &Comparison) -> Result<Ladder, LinkageError> {
        let before = self.slots.len();
        let tests =
            comparison.levels.iter().map(|l| self.test(&l.condition)).collect::<Result<Vec<_>, _>>()?;
        let values = (0..comparison.levels.len()).map(|l| comparison.value_of(l)).collect();
        let head = head(&tests);
        let cost = 1
            + tests.len() as u32
            + self.slots[before..]
                .iter()
                .map(|s| match s.measure {
                    Measure::DateDifference | Measure::NumberDifference | Measure::RelativeDifference => 2,
                    Measure::SharedElements => 10,
                    Measure::JaroWinkler | Measure::Jaro | Measure::Levenshtein => 30,
                    Measure::OptimalStringAlignment => 40,
                    Measure::DamerauLevenshtein | Measure::Jaccard => 200,
                })
                .sum::<u32>();
        Ok(Ladder { tests, values, head, cost })
    }

    fn test(&mut self, condition: &Condition) -> Result<Test, LinkageError> {
        Ok(match condition {
            Condition::Else => Test::Always,
            Condition::IsNull(operand) => Test::Missing(self.feature(operand)?, operand.side),
            Condition::Equal(left, right) => {
                Test::Equal(self.feature(left)?, self.feature(right)?, Sides(left.side, right.side))
            }
            Condition::Compare { measure, left, right, bound, threshold } => {
                let features = (self.feature(left)?, self.feature(right)?);
                if matches!(measure, Measure::NumberDifference | Measure::RelativeDifference) {
                    self.features.need_numbers(features.0);
                    self.features.need_numbers(features.1);
                }
                if *measure == Measure::DateDifference
                    && (self.features.domain(features.0).days.is_empty()
                        || self.features.domain(features.1).days.is_empty())
                {
                    return Err(LinkageError::Settings(
                        "a difference of dates needs dates: read the text with try_strptime(column, '%Y-%m-%d')".to_owned(),
                    ));
                }
                if !matches!(
                    measure,
                    Measure::NumberDifference
                        | Measure::RelativeDifference
                        | Measure::DateDifference
                        | Measure::SharedElements
                ) {
                    self.features.need_texts(features.0);
                    self.features.need_texts(features.1);
                }
                let straight = left.side == Side::Left && right.side == Side::Right;
                let slot =
                    Slot { measure: *measure, features, sides: Sides(left.side, right.side), straight };
                let at = self.slots.iter().position(|s| *s == slot).unwrap_or_else(|| {
                    self.slots.push(slot);
                    self.slots.len() - 1
                });
                Test::Measured { slot: at, bound: *bound, threshold: *threshold }
            }
            Condition::All(parts) => Test::All(parts.iter().map(|p| self.test(p)).collect::<Result<_, _>>()?),
            Condition::Any(parts) => Test::Any(parts.iter().map(|p| self.test(p)).collect::<Result<_, _>>()?),
            Condition::Not(inner) => Test::Not(Box::new(self.test(inner)?)),
        })
    }

    fn feature(&self, operand: &Operand) -> Result<usize, LinkageError> {
        self.features.of(&operand.value).ok_or_else(|| {
            LinkageError::Settings(format!("the value {:?} was not worked out", operand.value))
        })
    }

    /// The level a pair falls in; `None` where no level's condition holds.
    #[inline]
    pub(crate) fn level(&self, ladder: &Ladder, pair: Pair<'_>, scratch: &mut Scratch) -> Option<usize> {
        let mut from = 0;
        if let Some(feature) = ladder.head {
            let (a, b) = (pair.a[feature], pair.b[feature]);
            if a == MISSING || b == MISSING {
                return Some(0);
            }
            if a == b {
                return Some(1);
            }
            from = 2;
        }
        let rest = &ladder.tests[from..];
        rest.iter().position(|t| self.holds(t, pair, scratch) == Some(true)).map(|at| at + from)
    }

    /// Must be called before each pair, so that no measure of another is used.
    #[inline]
    pub(crate) fn begin(scratch: &mut Scratch) {
        scratch.now = scratch.now.wrapping_add(1);
        if scratch.now == 0 {
            scratch.stamp.fill(0);
            scratch.now = 1;
        }
    }

    /// Whether a condition holds of a pair; `None` where a missing value leaves it open, as in SQL.
    pub(crate) fn holds(&self, test: &Test, pair: Pair<'_>, scratch: &mut Scratch) -> Option<bool> {
        match test {
            Test::Always => Some(true),
            Test::Missing(feature, side) => Some(pair.code(*feature, *side) == MISSING),
            Test::Equal(a, b, Sides(sa, sb)) => {
                let a = pair.code(*a, *sa);
                let b = pair.code(*b, *sb);
                if a == MISSING || b == MISSING { None } else { Some(a == b) }
            }
            Test::Measured { slot, bound, threshold } => {
                let value = self.measure(*slot, pair, scratch)?;
                Some(match bound {
                    Bound::AtLeast => value >= *threshold,
                    Bound::MoreThan => value > *threshold,
                    Bound::AtMost => value <= *threshold,
                    Bound::LessThan => value < *threshold,
                })
            }
            Test::All(parts) => {
                let mut open = false;
                for part in parts {
                    match self.holds(part, pair, scratch) {
                        Some(false) => return Some(false),
                        None => open = true,
                        Some(true) => {}
                    }
                }
                if open { None } else { Some(true) }
            }
            Test::Any(parts) => {
                let mut open = false;
                for part in parts {
                    match self.holds(part, pair, scratch) {
                        Some(true) => return Some(true),
                        None => open = true,
                        Some(false) => {}
                    }
                }
                if open { None } else { Some(false) }
            }
            Test::Not(inner) => self.holds(inner, pair, scratch).map(|held| !held),
        }
    }

    fn measure(&self, at: usize, pair: Pair<'_>, scratch: &mut Scratch) -> Option<f64> {
        let slot = &self.slots[at];
        let a = pair.code(slot.features.0, slot.sides.0);
        let b = pair.code(slot.features.1, slot.sides.1);
        if a == MISSING || b == MISSING {
            return None;
        }
        if scratch.stamp[at] != scratch.now {
            scratch.stamp[at] = scratch.now;
            scratch.measured[at] = self.work_out(slot, a, b, &mut scratch.patterns[at]);
        }
        let value = scratch.measured[at];
        (!value.is_nan()).then_some(value)
    }

    #[expect(clippy::many_single_char_names, reason = "two values, a and b, and their texts, x and y")]
    fn work_out(&self, slot: &Slot, a: u32, b: u32, pattern: &mut (u32, Pattern)) -> f64 {
        let (fa, fb) = slot.features;
        let (da, db) = (self.features.domain(fa), self.features.domain(fb));
        match slot.measure {
            Measure::DateDifference => {
                f64::from((da.days[a as usize] - db.days[b as usize]).unsigned_abs()) * 86_400.0
            }
            Measure::NumberDifference => (da.numbers[a as usize] - db.numbers[b as usize]).abs(),
            Measure::RelativeDifference => {
                let (x, y) = (da.numbers[a as usize], db.numbers[b as usize]);
                (x - y).abs() / x.max(y)
            }
            Measure::SharedElements => {
                let (x, y) = (&da.elements[a as usize], &db.elements[b as usize]);
                x.iter().filter(|e| y.binary_search(e).is_ok()).count() as f64
            }
            Measure::Jaccard => text::jaccard(da.texts.get(a), db.texts.get(b)),
            _ => {
                let ((x, x_ascii), (y, y_ascii)) = (da.bytes(a), db.bytes(b));
                let bytes = self.unit == TextUnit::Bytes || (x_ascii && y_ascii);
                if bytes && x.len() <= 64 && slot.straight {
                    if pattern.0 != a {
                        pattern.0 = a;
                        pattern.1.set(x);
                    }
                    let p = &pattern.1;
                    match slot.measure {
                        Measure::JaroWinkler if y.len() <= 64 => return p.jaro_winkler(y),
                        Measure::Jaro if y.len() <= 64 => return p.jaro(y),
                        Measure::Levenshtein => return f64::from(p.levenshtein(y)),
                        Measure::OptimalStringAlignment => return f64::from(p.optimal_string_alignment(y)),
                        _ => {}
                    }
                }
                if bytes {
                    match slot.measure {
                        Measure::JaroWinkler => text::jaro_winkler_bytes(x, y),
                        Measure::Jaro => text::jaro_bytes(x, y),
                        Measure::Levenshtein => f64::from(text::levenshtein_bytes(x, y)),
                        Measure::OptimalStringAlignment => {
                            f64::from(text::optimal_string_alignment_bytes(x, y))
                        }
                        _ => f64::from(text::damerau_levenshtein_bytes(x, y)),
                    }
                } else {
                    let (x, y) = (da.texts.get(a), db.texts.get(b));
                    match slot.measure {
                        Measure::JaroWinkler => text::jaro_winkler(x, y),
                        Measure::Jaro => text::jaro(x, y),
                        Measure::Levenshtein => f64::from(text::levenshtein(x, y)),
                        Measure::OptimalStringAlignment => f64::from(text::optimal_string_alignment(x, y)),
                        _ => f64::from(text::damerau_levenshtein(x, y)),
                    }
                }
            }
        }
    }

    /// The share of records with each text of a column, among those that have one: term frequencies.
    pub(crate) fn frequencies(&self, column: &str) -> Option<(usize, Vec<f64>)> {
        let feature = self.features.of(&Value::Column(column.to_owned()))?;
        let mut counts = vec![0_u64; self.features.domain(feature).texts.len()];
        let mut present = 0_u64;
        for code in self.column(feature).iter().filter(|c| **c != MISSING) {
            counts[*code as usize] += 1;
            present += 1;
        }
        let present = present.max(1) as f64;
        let mut shares: Vec<f64> = counts.into_iter().map(|n| n as f64 / present).collect();
        for (code, share) in self.outside.get(column).into_iter().flatten() {
            shares[*code as usize] = *share;
        }
        Some((feature, shares))
    }

    /// The texts of a feature, in the order of their codes.
    pub(crate) fn texts(&self, feature: usize) -> impl Iterator<Item = &str> {
        self.features.domain(feature).texts.iter()
    }

    /// Takes shares counted elsewhere for the values of a column.
    pub(crate) fn set_frequencies(&mut self, column: &str, shares: &HashMap<String, f64>) {
        let Some(feature) = self.features.of(&Value::Column(column.to_owned())) else { return };
        let texts = self.features.domain(feature).texts.iter();
        let known = (0_u32..)
            .zip(texts)
            .filter_map(|(code, text)| shares.get(text).filter(|s| **s > 0.0).map(|s| (code, *s)))
            .collect();
        self.outside.insert(column.to_owned(), known);
    }
}

/// The feature of a ladder that begins: missing on either side; equal.
fn head(tests: &[Test]) -> Option<usize> {
    let [Test::Any(missing), Test::Equal(a, b, Sides(Side::Left, Side::Right)), ..] = tests else {
        return None;
    };
    let [Test::Missing(x, Side::Left), Test::Missing(y, Side::Right)] = missing.as_slice() else {
        return None;
    };
    (a == b && x == a && y == a).then_some(*a)
}

/// Values that are held against each other must share their codes: groups of them, each value in one.
fn groups(conditions: &[&Condition], alone: &[Value]) -> Vec<Vec<Value>> {
    let mut number: BTreeMap<Value, usize> = BTreeMap::new();
    let mut parent: Vec<usize> = Vec::new();
    let mut add = |value: &Value, parent: &mut Vec<usize>| -> usize {
        *number.entry(value.clone()).or_insert_with(|| {
            parent.push(parent.len());
            parent.len() - 1
        })
    };
    for condition in conditions {
        let mut operands = Vec::new();
        condition.operands(&mut operands);
        for operand in operands {
            add(&operand.value, &mut parent);
        }
        let mut pairs = Vec::new();
        equalities(condition, &mut pairs);
        for (a, b) in pairs {
            let (a, b) = (add(a, &mut parent), add(b, &mut parent));
            let (a, b) = (root(&parent, a), root(&parent, b));
            parent[a.max(b)] = a.min(b);
        }
    }
    for value in alone {
        add(value, &mut parent);
    }
    let mut groups: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for (value, at) in &number {
        groups.entry(root(&parent, *at)).or_default().push(value.clone());
    }
    groups.into_values().collect()
}

fn root(parent: &[usize], mut at: usize) -> usize {
    while parent[at] != at {
        at = parent[at];
    }
    at
}

/// The pairs of values that a condition holds against each other.
fn equalities<'a>(condition: &'a Condition, into: &mut Vec<(&'a Value, &'a Value)>) {
    match condition {
        Condition::Equal(a, b) => into.push((&a.value, &b.value)),
        Condition::Compare { measure: Measure::SharedElements, left, right, .. } => {
            into.push((&left.value, &right.value));
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|p| equalities(p, into)),
        Condition::Not(inner) => equalities(inner, into),
        _ => {}
    }
}
