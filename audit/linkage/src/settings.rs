//! What a linkage model is: link type, blocking rules, comparisons with their levels, and how it is trained.
//!
//! The vocabulary is Splink's, so that its users find their model here; [`splink`](crate::splink) reads and writes its JSON
//! and [`toml_settings`](crate::toml_settings) ours.

use std::collections::BTreeMap;
use std::fmt;

use crate::household::Mixture;

/// Which pairs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkType {
    /// Duplicates within one table, or within all tables taken together as one.
    #[default]
    DedupeOnly,
    /// Pairs of records from different sources only.
    LinkOnly,
    /// Both.
    LinkAndDedupe,
}

/// What a string measure counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextUnit {
    /// Unicode scalar values: right for any name.
    #[default]
    Characters,
    /// Bytes of UTF-8, as `DuckDB` counts: an imported Splink model keeps its weights to the last digit.
    Bytes,
}

/// Which record of a pair a value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// A value made from one record. Evaluated once for each distinct value of its columns, never for each pair.
///
/// A missing column value makes the whole value missing, as in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// A column as it stands.
    Column(String),
    /// A text of the model's own.
    Literal(String),
    /// `substr(of, start, length)`: `start` counts characters from 1.
    Substring {
        /// The text.
        of: Box<Value>,
        /// First character, from 1; negative counts from the end.
        start: i32,
        /// How many characters; all that follow where absent.
        length: Option<u32>,
    },
    /// In lower case.
    Lower(Box<Value>),
    /// In upper case.
    Upper(Box<Value>),
    /// Without white space at either end.
    Trim(Box<Value>),
    /// The part of a text that a regular expression's group matches; empty where it does not match.
    RegexExtract {
        /// The text.
        of: Box<Value>,
        /// The expression.
        pattern: String,
        /// The group; 0 is the whole match.
        group: u32,
    },
    /// Missing where the text equals another.
    NullIf {
        /// The text.
        of: Box<Value>,
        /// The text that counts as missing.
        equals: String,
    },
    /// A date read by a format (`%Y-%m-%d`); missing where the text is no such date.
    Date {
        /// The text.
        of: Box<Value>,
        /// The format, in `strptime`'s letters.
        format: String,
    },
    /// Texts joined end to end.
    Concat(Vec<Value>),
    /// The first that is not missing.
    Coalesce(Vec<Value>),
    /// A Metaphone-like key is not offered; Soundex of American English, as census offices use it.
    Soundex(Box<Value>),
    /// The elements of a list column, or of a text cut at a separator.
    Elements {
        /// The text.
        of: Box<Value>,
        /// What stands between two elements.
        separator: String,
    },
}

/// A value of one of the two records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operand {
    /// Which record.
    pub side: Side,
    /// What of it.
    pub value: Value,
}

/// How alike or how far apart two values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Jaro–Winkler similarity, 0 to 1 (Winkler 1990: prefix of up to four, weight 0.1, above 0.7).
    JaroWinkler,
    /// Jaro similarity, 0 to 1 (Jaro 1989).
    Jaro,
    /// Levenshtein distance, in edits.
    Levenshtein,
    /// Damerau–Levenshtein distance (unrestricted), in edits.
    DamerauLevenshtein,
    /// Optimal string alignment distance, in edits.
    OptimalStringAlignment,
    /// Jaccard similarity of the sets of letters, 0 to 1, as `DuckDB`'s `jaccard`.
    Jaccard,
    /// Absolute difference of two dates, in seconds.
    DateDifference,
    /// Absolute difference of two numbers.
    NumberDifference,
    /// Absolute difference of two numbers as a share of the greater.
    RelativeDifference,
    /// How many elements two lists share.
    SharedElements,
}

/// How a measure is held against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// `>=`
    AtLeast,
    /// `>`
    MoreThan,
    /// `<=`
    AtMost,
    /// `<`
    LessThan,
}

/// A condition on a pair, with SQL's three-valued logic: whatever touches a missing value is neither true nor false.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Holds for every pair.
    Else,
    /// The value is missing.
    IsNull(Operand),
    /// Both values are present and equal.
    Equal(Operand, Operand),
    /// A measure of two values passes a threshold.
    Compare {
        /// What is measured.
        measure: Measure,
        /// One value.
        left: Operand,
        /// The other.
        right: Operand,
        /// How it is held against the threshold.
        bound: Bound,
        /// The threshold, in the measure's unit.
        threshold: f64,
    },
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// One outcome of a comparison. Levels are tried in order; the first whose condition holds is the pair's.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// When it applies.
    pub condition: Condition,
    /// The condition as it was written, for charts and for writing the model back.
    pub sql: String,
    /// Its name on charts.
    pub label: String,
    /// Whether it says that the comparison cannot be made. Such a level has weight 0 and the comparison value -1.
    pub is_null: bool,
    /// *m*: the probability of this level among records of one person. `None` until trained.
    pub m: Option<f64>,
    /// *u*: the probability of this level among records of different people. `None` until trained.
    pub u: Option<f64>,
    /// Whether training leaves *m* alone.
    pub fix_m: bool,
    /// Whether training leaves *u* alone.
    pub fix_u: bool,
    /// Term frequencies, where a match on a rare value says more than one on a common value.
    pub term_frequency: Option<TermFrequency>,
}

/// Adjustment of a level by how common the values are (Splink's documentation, "Term-frequency adjustments").
///
/// The level's Bayes factor is multiplied by `(u_exact / max(tf_l, tf_r))^weight`, where `u_exact` is *u* of the comparison's
/// exact level on the same column and `tf` the share of records (among those that have one) with that value.
#[derive(Debug, Clone, PartialEq)]
pub struct TermFrequency {
    /// The column counted.
    pub column: String,
    /// How much of the adjustment is applied, 0 to 1.
    pub weight: f64,
    /// The least frequency used, so that a value seen once does not decide alone; 0 for none.
    pub minimum_u: f64,
    /// Use this level's own *u* rather than that of the exact level.
    pub own_u: bool,
}

/// A comparison: an ordered list of levels about one or more columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The name its value is printed under, after `gamma_`.
    pub name: String,
    /// Which library function made it, or what it is, for charts.
    pub description: Option<String>,
    /// The levels, in order.
    pub levels: Vec<Level>,
    /// What sort of evidence it is; decides what families share. `None` until given or inferred from its columns.
    pub role: Option<Role>,
}

/// What sort of evidence a comparison is, for the household model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Given names: differ between siblings, shared by a parent and child of one name.
    GivenName,
    /// Surnames: shared by a family.
    Surname,
    /// Given name and surname in one comparison.
    FullName,
    /// Date of birth: shared by twins, years apart between siblings.
    BirthDate,
    /// Address and whatever goes with it (postcode, town, landline, a parent's telephone): shared by a household.
    Address,
    /// An identifier issued to one person only.
    Identifier,
    /// Anything else.
    Other,
}

impl Role {
    /// Every role and its name in settings.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::GivenName, "given-name"),
        (Self::Surname, "surname"),
        (Self::FullName, "full-name"),
        (Self::BirthDate, "birth-date"),
        (Self::Address, "address"),
        (Self::Identifier, "identifier"),
        (Self::Other, "other"),
    ];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(role, _)| *role == self).map_or("other", |(_, name)| name)
    }

    /// The role of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
    }
}

/// A rule that says which pairs are worth comparing: those for which it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockingRule {
    /// A conjunction with at least one equality of the same value on both sides, by which records are brought together;
    /// whatever else it says is tested on the pairs.
    pub condition: Condition,
    /// As it was written.
    pub sql: String,
}

/// How *m*, *u* and the prior are estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Rules that hold almost only for records of one person, for the prior.
    pub deterministic_rules: Vec<BlockingRule>,
    /// The share of all true pairs that those rules are thought to find, 0 to 1.
    pub recall: f64,
    /// Pairs sampled for those *u* that have no closed form.
    pub sampled_pairs: u64,
    /// The blocking rule of each EM session; comparisons on a blocked column are left to the other sessions.
    pub sessions: Vec<BlockingRule>,
    /// Pairs used in one EM session at most.
    pub session_pairs: u64,
    /// Change of any probability below which EM stops.
    pub convergence: f64,
    /// EM iterations at most.
    pub max_iterations: u32,
    /// Seed of everything that is sampled.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            deterministic_rules: Vec::new(),
            recall: 0.7,
            sampled_pairs: 1_000_000,
            sessions: Vec::new(),
            session_pairs: 5_000_000,
            convergence: 1e-4,
            max_iterations: 25,
            seed: 1,
        }
    }
}

/// Match probabilities, 0 to 1, at which something is decided.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// Pairs below are not written. `None` where the command line says.
    pub keep: Option<f64>,
    /// Where clusters are made, one set for each.
    pub clusters: Vec<f64>,
    /// Pairs from the first to the second go to clerical review.
    pub review: Option<(f64, f64)>,
}

/// A model of linkage, trained or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which pairs are looked at.
    pub link_type: LinkType,
    /// The column that identifies a record within its source.
    pub unique_id_column: String,
    /// The column that names the source, where one table holds several.
    pub source_dataset_column: Option<String>,
    /// The prior: the probability that two records taken at random are of one person. `None` until trained or given.
    pub prior: Option<f64>,
    /// The comparisons.
    pub comparisons: Vec<Comparison>,
    /// Which pairs are compared: those for which any of these holds, each pair once.
    pub blocking_rules: Vec<BlockingRule>,
    /// How it is trained.
    pub training: Training,
    /// Rules applied before any weight is looked at, in order: a pair that one of them joins is a link, and the number of the first
    /// that does, from 1, stands on it.
    pub passes: Vec<BlockingRule>,
    /// Which links are kept and where clusters are cut.
    pub thresholds: Thresholds,
    /// Files of term frequencies counted elsewhere, by column: where a population's own are known better than these tables'.
    pub frequency_files: BTreeMap<String, String>,
    /// What string measures count in.
    pub text_unit: TextUnit,
    /// Whether families are told apart (see `household`); off for an imported Splink model, whose weights must not change.
    pub household: bool,
    /// The household model, once it has been fitted.
    pub mixture: Option<Mixture>,
    /// Keys of a Splink file that change nothing here, kept so that they are written back.
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            link_type: LinkType::DedupeOnly,
            unique_id_column: "unique_id".to_owned(),
            source_dataset_column: None,
            prior: None,
            comparisons: Vec::new(),
            blocking_rules: Vec::new(),
            training: Training::default(),
            passes: Vec::new(),
            thresholds: Thresholds::default(),
            frequency_files: BTreeMap::new(),
            text_unit: TextUnit::Characters,
            household: true,
            mixture: None,
            other: serde_json::Map::new(),
        }
    }
}

impl Value {
    /// Every column the value is made from, in the order met.
    pub fn columns<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            Self::Column(name) => into.push(name),
            Self::Literal(_) => {}
            Self::Substring { of, .. }
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::Trim(of)
            | Self::RegexExtract { of, .. }
            | Self::NullIf { of, .. }
            | Self::Date { of, .. }
            | Self::Soundex(of)
            | Self::Elements { of, .. } => of.columns(into),
            Self::Concat(parts) | Self::Coalesce(parts) => parts.iter().for_each(|p| p.columns(into)),
        }
    }
}

impl Condition {
    /// Every operand, in the order met.
    pub fn operands<'a>(&'a self, into: &mut Vec<&'a Operand>) {
        match self {
            Self::Else => {}
            Self::IsNull(operand) => into.push(operand),
            Self::Equal(left, right) | Self::Compare { left, right, .. } => into.extend([left, right]),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.operands(into)),
            Self::Not(inner) => inner.operands(into),
        }
    }

    /// The columns it looks at, each once, in the order met.
    pub fn columns(&self) -> Vec<&str> {
        let mut operands = Vec::new();
        self.operands(&mut operands);
        let mut columns = Vec::new();
        for operand in operands {
            operand.value.columns(&mut columns);
        }
        let mut seen = Vec::new();
        columns.retain(|c| {
            let new = !seen.contains(c);
            seen.push(*c);
            new
        });
        columns
    }

    /// Whether it says only that one value is the same in both records: `l.x = r.x`.
    pub fn is_exact_match(&self) -> bool {
        matches!(self, Self::Equal(left, right) if left.side != right.side && left.value == right.value)
    }
}

impl Comparison {
    /// The columns its levels look at, each once.
    pub fn columns(&self) -> Vec<&str> {
        let mut seen: Vec<&str> = Vec::new();
        for level in &self.levels {
            for column in level.condition.columns() {
                if !seen.contains(&column) {
                    seen.push(column);
                }
            }
        }
        seen
    }

    /// The comparison value of a level: -1 for one that says the comparison cannot be made, 0 for the last of the others,
    /// and upwards from there, as Splink numbers them.
    pub fn value_of(&self, level: usize) -> i8 {
        if self.levels.get(level).is_none_or(|l| l.is_null) {
            return -1;
        }
        self.levels.iter().skip(level + 1).filter(|l| !l.is_null).count() as i8
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DedupeOnly => "dedupe_only",
            Self::LinkOnly => "link_only",
            Self::LinkAndDedupe => "link_and_dedupe",
        })
    }
}

impl Settings {
    /// Every column that linking needs, each once: those of comparisons, blocking, training and term frequencies.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        let mut add = |names: Vec<&str>| {
            for name in names {
                if !columns.iter().any(|c| c == name) {
                    columns.push(name.to_owned());
                }
            }
        };
        for comparison in &self.comparisons {
            add(comparison.columns());
            add(comparison
                .levels
                .iter()
                .filter_map(|l| l.term_frequency.as_ref())
                .map(|t| t.column.as_str())
                .collect());
        }
        let training = &self.training;
        let rules = self.passes.iter().chain(&self.blocking_rules);
        for rule in rules.chain(&training.deterministic_rules).chain(&training.sessions) {
            add(rule.condition.columns());
        }
        columns
    }
}
