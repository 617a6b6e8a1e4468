//! Runs the rules over a return and gathers what they find.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::fact::{Fact, State, day_of};
use crate::keyed::{HashKey, RecordKey};
use crate::outside::{BodyDigest, Outside, RowDigest};
use crate::returned::{Dictionary, Return, TableData};
use crate::rules;
use crate::specification::{CodeList, ColumnSpec, Missing, Partition};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSeverity {
    /// The file is not loaded.
    Stop,
    /// Must be corrected.
    Error,
    /// Correct or explain; the explanation is kept.
    Query,
    /// For information.
    Indicator,
}

/// The six dimensions of quality of the Government Data Quality Framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// What is needed is there.
    Completeness,
    /// Nothing is there twice.
    Uniqueness,
    /// Nothing contradicts.
    Consistency,
    /// It came in time.
    Timeliness,
    /// It is in the form and range asked for.
    Validity,
    /// It agrees with the world.
    Accuracy,
}

/// A rule, with all that its page says.
pub struct Rule {
    /// Its id, as in the specification.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: RuleSeverity,
    /// The dimension of quality that it measures.
    pub dimension: Dimension,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// Whose practice or finding it rests on.
    pub source: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about a finding.
    pub mend: &'static str,
    /// A change to the example return that makes a finding.
    pub bad: &'static str,
    /// A near change that makes none.
    pub good: &'static str,
    pub(crate) run: fn(&Check<'_>, &mut Out<'_>),
}

/// Numbers that a call sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Fewest records for which a share or a spread is judged.
    pub fewest: u64,
    /// CO01: most victims whose sex is not known.
    pub sex_unknown: f64,
    /// CO02 and CO03: least share whose ethnicity is known.
    pub ethnicity_known: f64,
    /// CO05: least share whose date of birth is known.
    pub birth_known: f64,
    /// CO06: most offences without perpetrators or relationship.
    pub perpetrators_unknown: f64,
    /// CO08: most difference from the body's own published figure.
    pub published_difference: f64,
    /// CO09: least share of the median month.
    pub month_share: f64,
    /// VA05: the age at which a victim is no longer a child, and the age above which nobody is on a children's list.
    pub adult_age: i32,
    /// VA05: see `adult_age`.
    pub list_age: i32,
    /// VA06: times its expected share at which a placeholder is a spike.
    pub placeholder_times: f64,
    /// VA07: share of one category at which it looks like a default.
    pub default_share: f64,
    /// CN08: days after an offence or missing episode in which a lower grade of risk is asked about.
    pub lowered_days: i32,
    /// TI01: most days from report to record, as a median.
    pub recording_days: f64,
    /// AC01: fewest files of a stratum.
    pub sample_files: u64,
    /// XB02: standard deviations at which a change is asked about.
    pub change_deviations: f64,
    /// SG02: least count of a released cell other than zero.
    pub least_cell: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            fewest: 20,
            sex_unknown: 0.02,
            ethnicity_known: 0.90,
            birth_known: 0.95,
            perpetrators_unknown: 0.20,
            published_difference: 0.20,
            month_share: 1.0 / 3.0,
            adult_age: 18,
            list_age: 25,
            placeholder_times: 3.0,
            default_share: 0.95,
            lowered_days: 90,
            recording_days: 3.0,
            sample_files: 384,
            change_deviations: 3.0,
            least_cell: 10,
        }
    }
}

/// How a return is checked.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// Numbers that the call sets.
    pub thresholds: Thresholds,
    /// The key under which records are hashed; one for each call.
    pub key: HashKey,
    /// The most findings of one rule that are listed; all are counted.
    pub listed: usize,
}

impl CheckOptions {
    /// The call's key, and everything else as usual.
    pub fn new(key: &[u8]) -> Self {
        Self { thresholds: Thresholds::default(), key: HashKey::new(key), listed: 5_000 }
    }
}

/// Something a rule found. It names places and shapes, and never a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// How much it matters.
    pub severity: RuleSeverity,
    /// The table; `None` where the whole return is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The row of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The form of the cell: `A` and `a` for letters, `9` for digits, each followed by how many.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shape: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub mend: String,
    /// Stands for the record, or for the body.
    pub record: RecordKey,
    /// Stands for the values found, so that a later version can be compared.
    pub value: RecordKey,
    /// The share found, for findings about a whole column or return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<f64>,
}

/// Whether a rule was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ran {
    /// It was.
    Yes,
    /// It needs something that a return does not have.
    NotRun(String),
    /// What it is about was not sent, or too little of it.
    NotApplicable(String),
}

/// What one rule came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: String,
    /// Whether it was run.
    pub ran: Ran,
    /// Cells, rows or columns looked at.
    pub tested: u64,
    /// Of them, those at fault.
    pub failed: u64,
    /// The findings, in order of table, row and column; as many as are listed.
    pub findings: Vec<Finding>,
    /// What an indicator says, in a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What all rules came to, in the order of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The body, as the return says.
    pub body: Option<String>,
    /// The version of the return.
    pub version: Option<u32>,
    /// Rows of each table that was sent.
    pub rows: Vec<(String, u64)>,
    /// One outcome for each rule.
    pub outcomes: Vec<RuleOutcome>,
}

impl CheckReport {
    /// Whether the return may not be loaded.
    pub fn stops(&self) -> bool {
        self.count(RuleSeverity::Stop) > 0
    }

    /// Findings of a severity, listed or not.
    pub fn count(&self, severity: RuleSeverity) -> u64 {
        let of = |outcome: &&RuleOutcome| rules::find(&outcome.rule).is_some_and(|r| r.severity == severity);
        self.outcomes.iter().filter(of).map(|o| o.failed).sum()
    }

    /// The outcome of a rule.
    pub fn outcome(&self, rule: &str) -> Option<&RuleOutcome> {
        self.outcomes.iter().find(|o| o.rule == rule)
    }

    /// All findings that are listed, by rule and then by place.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.outcomes.iter().flat_map(|o| &o.findings)
    }
}

/// The findings of a report as CSV, for those who mend records in a spreadsheet. It has no value of a record.
pub fn findings_csv(report: &CheckReport) -> String {
    let mut csv = String::from("rule,severity,table,row,column,shape,message,mend\n");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for finding in report.findings() {
        let severity = match finding.severity {
            RuleSeverity::Stop => "stop",
            RuleSeverity::Error => "error",
            RuleSeverity::Query => "query",
            RuleSeverity::Indicator => "indicator",
        };
        // A shape may begin with a sign that a spreadsheet takes for a formula.
        let shape = if finding.shape.starts_with(['=', '+', '-', '@']) {
            format!("'{}", finding.shape)
        } else {
            finding.shape.clone()
        };
        let cells = [
            finding.rule.clone(),
            severity.to_owned(),
            finding.table.clone().unwrap_or_default(),
            finding.row.map(|row| row.to_string()).unwrap_or_default(),
            quoted(finding.column.as_deref().unwrap_or_default()),
            quoted(&shape),
            quoted(&finding.message),
            quoted(&finding.mend),
        ];
        csv.push_str(&cells.join(","));
        csv.push('\n');
    }
    csv
}

/// Checks a return by every rule. The same return gives the same report at any number of threads.
pub fn check(returned: &Return, outside: &Outside, options: &CheckOptions) -> CheckReport {
    let check = Check::new(returned, outside, options);
    let run = |rule: &&'static Rule| {
        let mut out = Out { rule, check: &check, outcome: RuleOutcome::new(rule) };
        (rule.run)(&check, &mut out);
        if out.outcome.failed == 0 && out.outcome.notes.is_empty() && out.outcome.ran == Ran::Yes {
            out.not_applicable("nothing that it is about was sent");
        }
        let place = |f: &Finding| (f.table.clone(), f.row, f.column.clone());
        out.outcome.findings.sort_by_cached_key(place);
        out.outcome
    };
    #[cfg(feature = "parallel")]
    let outcomes = {
        use rayon::prelude::*;
        rules::ALL.par_iter().map(run).collect()
    };
    #[cfg(not(feature = "parallel"))]
    let outcomes = rules::ALL.iter().map(run).collect();
    let rows = returned
        .specification
        .tables
        .iter()
        .zip(&returned.tables)
        .filter_map(|(spec, table)| table.as_ref().map(|t| (spec.name.clone(), t.numbers.len() as u64)))
        .collect();
    CheckReport { body: returned.header().body.clone(), version: returned.header().version, rows, outcomes }
}

impl Return {
    /// What other bodies need to know of this return, for the rules that look across bodies.
    pub fn body_digest(&self, options: &CheckOptions) -> BodyDigest {
        let outside = Outside::default();
        let check = Check::new(self, &outside, options);
        let (offences, _) = rules::un03::prints(&check);
        BodyDigest {
            body: self.header().body.clone().unwrap_or_default(),
            offences: offences.into_iter().map(|(print, _)| print).collect(),
            harmed: rules::cn07::harmed(&check).into_iter().map(|person| check.person_key(person)).collect(),
            figures: rules::xb01::figures(&check),
        }
    }

    /// A hash of every row, for comparison with a later version.
    pub fn row_digest(&self, options: &CheckOptions) -> RowDigest {
        let outside = Outside::default();
        let check = Check::new(self, &outside, options);
        let mut digest = RowDigest { version: self.header().version.unwrap_or(0), ..RowDigest::default() };
        for table in 0..self.tables.len() {
            let name = self.specification.tables[table].name.as_str();
            if name == "header" || name == "file" {
                continue;
            }
            for row in 0..check.rows(table) {
                digest.rows.insert(check.record_key(table, row), check.row_hash(table, row));
            }
        }
        digest
    }

    /// The key under which a person of this return stands in digests and in links.
    pub fn person_key(options: &CheckOptions, person_id: &str) -> RecordKey {
        options.key.hash([&b"person"[..], person_id.as_bytes()])
    }
}

/// A return with what rules need at hand.
pub(crate) struct Check<'r> {
    pub(crate) returned: &'r Return,
    pub(crate) outside: &'r Outside,
    pub(crate) options: &'r CheckOptions,
    /// By the number of an id: its first row in each of the three tables of records.
    pub(crate) victim_row: Vec<u32>,
    pub(crate) offence_row: Vec<u32>,
    pub(crate) suspect_row: Vec<u32>,
    /// Row of an offence and number of a victim's or suspect's id, for each such link whose ends are known.
    pub(crate) victims_of: Vec<(u32, u32)>,
    pub(crate) suspects_of: Vec<(u32, u32)>,
}

/// The number of a row that is not there.
pub(crate) const NONE: u32 = u32::MAX;

/// A column as rules read it.
#[derive(Clone, Copy)]
pub(crate) struct Col<'r> {
    pub(crate) table: usize,
    pub(crate) column: usize,
    pub(crate) spec: &'r ColumnSpec,
    pub(crate) codes: &'r [u32],
    pub(crate) dictionary: &'r Dictionary,
    pub(crate) list: Option<&'r CodeList>,
}

impl<'r> Col<'r> {
    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(crate) fn fact(&self, row: usize) -> &'r Fact {
        &self.dictionary.facts[self.codes[row] as usize]
    }

    /// The place in the list, or the number of the text.
    pub(crate) fn value(&self, row: usize) -> Option<u32> {
        let fact = self.fact(row);
        fact.is_value().then_some(fact.code)
    }

    /// The first and last day, minute or number that the cell can mean.
    pub(crate) fn range(&self, row: usize) -> Option<(i32, i32)> {
        let fact = self.fact(row);
        fact.is_value().then_some((fact.low, fact.high))
    }

    pub(crate) fn low(&self, row: usize) -> Option<i32> {
        self.range(row).map(|(low, _)| low)
    }

    /// Codes of a list as bits, or a long number.
    pub(crate) fn wide(&self, row: usize) -> Option<u64> {
        let fact = self.fact(row);
        fact.is_value().then(|| fact.wide())
    }

    /// The place of a code in the list.
    pub(crate) fn code(&self, code: &str) -> u32 {
        self.list.and_then(|l| l.index(code)).map_or(NONE, |at| at as u32)
    }

    /// The rows whose cells are so; the cells are not read where no distinct value is.
    pub(crate) fn rows_where(&self, so: impl Fn(&Fact) -> bool) -> Vec<usize> {
        if !self.dictionary.facts.iter().any(&so) {
            return Vec::new();
        }
        (0..self.codes.len()).filter(|row| so(self.fact(*row))).collect()
    }

    pub(crate) fn is(&self, row: usize, code: u32) -> bool {
        self.value(row) == Some(code)
    }

    /// Which codes of the list have a mark.
    pub(crate) fn marked(&self, mark: &str) -> Vec<bool> {
        let codes = self.list.map(|l| &l.codes[..]).unwrap_or_default();
        codes.iter().map(|code| code.marks.iter().any(|m| m == mark)).collect()
    }

    /// The same as bits, for columns that hold several codes.
    pub(crate) fn marked_bits(&self, mark: &str) -> u64 {
        self.marked(mark).iter().take(64).enumerate().fold(0, |bits, (at, has)| bits | u64::from(*has) << at)
    }

    /// Whether the code of a row is one of those marked.
    pub(crate) fn among(&self, row: usize, marked: &[bool]) -> bool {
        self.value(row).is_some_and(|code| marked.get(code as usize).copied().unwrap_or(false))
    }
}

impl<'r> Check<'r> {
    pub(crate) fn new(returned: &'r Return, outside: &'r Outside, options: &'r CheckOptions) -> Self {
        let mut check = Self {
            returned,
            outside,
            options,
            victim_row: Vec::new(),
            offence_row: Vec::new(),
            suspect_row: Vec::new(),
            victims_of: Vec::new(),
            suspects_of: Vec::new(),
        };
        check.victim_row = check.first_rows("victim", "person_id");
        check.offence_row = check.first_rows("offence", "offence_id");
        check.suspect_row = check.first_rows("suspect", "suspect_id");
        if let (Some(kind), Some(from), Some(to)) =
            (check.col("link", "kind"), check.col("link", "from_id"), check.col("link", "to_id"))
        {
            let (victim, suspect) = (kind.code("OFF_VIC"), kind.code("OFF_SUS"));
            for row in 0..kind.len() {
                let (Some(from), Some(to)) = (from.value(row), to.value(row)) else { continue };
                let offence = row_of(&check.offence_row, from);
                if offence == NONE {
                    continue;
                }
                if kind.is(row, victim) {
                    check.victims_of.push((offence, to));
                } else if kind.is(row, suspect) {
                    check.suspects_of.push((offence, to));
                }
            }
        }
        check
    }

    fn first_rows(&self, table: &str, column: &str) -> Vec<u32> {
        let Some(ids) = self.col(table, column) else { return Vec::new() };
        let mut rows = vec![NONE; ids.dictionary.len()];
        for row in (0..ids.len()).rev() {
            if let Some(id) = ids.value(row) {
                rows[id as usize] = row as u32;
            }
        }
        rows
    }

    pub(crate) fn thresholds(&self) -> &'r Thresholds {
        &self.options.thresholds
    }

    pub(crate) fn table(&self, name: &str) -> Option<(usize, &'r TableData)> {
        let at = self.returned.specification.table_index(name).ok()?;
        self.returned.tables[at].as_ref().map(|t| (at, t))
    }

    pub(crate) fn rows(&self, table: usize) -> usize {
        self.returned.tables[table].as_ref().map_or(0, |t| t.numbers.len())
    }

    /// A column, where its table was sent with it.
    pub(crate) fn col(&self, table: &str, column: &str) -> Option<Col<'r>> {
        let (at, _) = self.table(table)?;
        let place = self.returned.specification.tables[at].column_index(column).ok()?;
        self.at(at, place)
    }

    pub(crate) fn at(&self, table: usize, column: usize) -> Option<Col<'r>> {
        let spec = &self.returned.specification.tables[table].columns[column];
        let sent = self.returned.tables[table].as_ref()?.columns[column].as_ref()?;
        Some(Col {
            table,
            column,
            spec,
            codes: &sent.codes,
            dictionary: &self.returned.dictionaries[sent.dictionary],
            list: self.returned.specification.list_of(spec),
        })
    }

    pub(crate) fn table_name(&self, column: &Col<'_>) -> &'r str {
        &self.returned.specification.tables[column.table].name
    }

    /// Every column that was sent, in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = Col<'r>> + '_ {
        let tables = self.returned.specification.tables.iter().enumerate();
        tables.flat_map(move |(table, spec)| (0..spec.columns.len()).filter_map(move |c| self.at(table, c)))
    }

    /// A key for a record: of the texts of the columns that tell its table's rows apart.
    pub(crate) fn record_key(&self, table: usize, row: usize) -> RecordKey {
        let spec = &self.returned.specification.tables[table];
        let mut parts: Vec<&[u8]> = vec![b"record", spec.name.as_bytes()];
        for key in &spec.key {
            let column = spec.column_index(key).ok().and_then(|c| self.at(table, c));
            parts.push(column.map_or(&[][..], |c| self.bytes(&c, row)));
        }
        self.options.key.hash(parts)
    }

    pub(crate) fn person_key(&self, person: u32) -> RecordKey {
        let text = self.col("victim", "person_id").map_or("", |c| c.dictionary.text(person));
        Return::person_key(self.options, text)
    }

    /// The canonical bytes of a cell.
    pub(crate) fn bytes(&self, column: &Col<'r>, row: usize) -> &'r [u8] {
        let fact = column.fact(row);
        if fact.is_value() && column.list.is_some() {
            return self.returned.canonical(column.table, column.column, column.codes[row]).as_bytes();
        }
        let code = if fact.is_value() && column.list.is_none() { fact.code } else { column.codes[row] };
        column.dictionary.raw(code)
    }

    fn row_hash(&self, table: usize, row: usize) -> u64 {
        let columns = 0..self.returned.specification.tables[table].columns.len();
        let sent: Vec<Col<'_>> = columns.filter_map(|c| self.at(table, c)).collect();
        self.options.key.hash(sent.iter().map(|c| self.bytes(c, row))).0 as u64
    }
}

/// Why the cells of a column have no value, each reason by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MissingCounts {
    /// All rows.
    pub rows: u64,
    /// Rows with a value.
    pub value: u64,
    /// NA, NK, NR and NC, in this order.
    pub missing: [u64; 4],
    /// Blank cells.
    pub blank: u64,
    /// Cells that are not of the column's type.
    pub invalid: u64,
}

impl MissingCounts {
    pub(crate) fn of(column: &Col<'_>) -> Self {
        let mut counts = Self { rows: column.len() as u64, ..Self::default() };
        for row in 0..column.len() {
            match column.fact(row).state {
                State::Value => counts.value += 1,
                State::Missing(missing) => counts.missing[missing as usize] += 1,
                State::Blank => counts.blank += 1,
                State::Bad(_) => counts.invalid += 1,
            }
        }
        counts
    }
}

/// Cells with a value, and all cells to which the column can apply.
pub(crate) fn known_of(column: &Col<'_>) -> (u64, u64) {
    let counts = MissingCounts::of(column);
    (counts.value, counts.rows - counts.missing[Missing::NotApplicable as usize])
}

/// The row of an id by its number.
pub(crate) fn row_of(rows: &[u32], id: u32) -> u32 {
    rows.get(id as usize).copied().unwrap_or(NONE)
}

/// Where a rule puts what it finds.
pub(crate) struct Out<'c> {
    rule: &'static Rule,
    check: &'c Check<'c>,
    outcome: RuleOutcome,
}

/// A number in a message.
#[derive(Clone, Copy)]
pub(crate) enum Say<'a> {
    Int(i64),
    Day(i32),
    Percent(f64),
    Word(&'a str),
}

impl fmt::Display for Say<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Day(day) => write!(f, "{}", day_of(*day)),
            Self::Percent(share) => write!(f, "{:.1} %", share * 100.0),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl RuleOutcome {
    fn new(rule: &Rule) -> Self {
        Self {
            rule: rule.id.to_owned(),
            ran: Ran::Yes,
            tested: 0,
            failed: 0,
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Out<'_> {
    pub(crate) fn tested(&mut self, count: usize) {
        self.outcome.tested += count as u64;
    }

    /// A fault of one cell: the first column is the one named, and all are what an explanation would be about.
    pub(crate) fn cell(&mut self, row: usize, columns: &[Col<'_>], message: &str, said: &[Say<'_>]) {
        self.outcome.failed += 1;
        let Some(first) = columns.first() else { return };
        if self.outcome.findings.len() >= self.check.options.listed {
            return;
        }
        let values = [&b"value"[..]].into_iter().chain(columns.iter().map(|c| self.check.bytes(c, row)));
        let value = self.check.options.key.hash(values);
        let spec = &self.check.returned.specification.tables[first.table];
        let numbers = self.check.returned.tables[first.table].as_ref().map(|t| t.numbers[row]);
        let shape = shape(first.dictionary.text(first.codes[row]));
        let finding = Finding {
            rule: self.rule.id.to_owned(),
            severity: self.rule.severity,
            table: Some(spec.name.clone()),
            row: numbers,
            column: Some(first.spec.name.clone()),
            shape,
            message: fill(message, said),
            mend: self.rule.mend.to_owned(),
            record: self.check.record_key(first.table, row),
            value,
            measure: None,
        };
        self.outcome.findings.push(finding);
    }

    /// A fault of a row as a whole or of a file, where no cell can be named.
    pub(crate) fn place(
        &mut self,
        table: usize,
        row: Option<u32>,
        column: Option<&str>,
        message: &str,
        said: &[Say<'_>],
    ) {
        let name = self.check.returned.specification.tables[table].name.clone();
        let at = row.map_or_else(String::new, |r| r.to_string());
        let key = self.check.options.key.hash([&b"place"[..], name.as_bytes(), at.as_bytes()]);
        self.other(Some(name), row, column, key, None, message, said);
    }

    /// A finding where less than a share is known of a column: how many are, and of how many.
    pub(crate) fn known_at_least(
        &mut self,
        (table, column): (&'static str, &'static str),
        (known, all): (u64, u64),
        least: f64,
        sentence: &str,
    ) {
        let share = known as f64 / all as f64;
        self.tested(1);
        if share < least {
            self.whole(Some(table), Some(column), Some(1.0 - share), sentence, &[Say::Percent(share)]);
        }
    }

    /// A fault of a column or of the whole return, with the share that is at fault.
    pub(crate) fn whole(
        &mut self,
        table: Option<&str>,
        column: Option<&str>,
        measure: Option<f64>,
        message: &str,
        said: &[Say<'_>],
    ) {
        let key = self.check.options.key.hash([&b"body"[..]]);
        self.other(table.map(str::to_owned), None, column, key, measure, message, said);
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where a finding without a cell is made")]
    fn other(
        &mut self,
        table: Option<String>,
        row: Option<u32>,
        column: Option<&str>,
        record: RecordKey,
        measure: Option<f64>,
        message: &str,
        said: &[Say<'_>],
    ) {
        self.outcome.failed += 1;
        if self.outcome.findings.len() >= self.check.options.listed {
            return;
        }
        let message = fill(message, said);
        // A share changes with every version; what stands for it is that there is one, and the measure tells whether it got worse.
        let value = if measure.is_some() { "share" } else { message.as_str() };
        let value = self.check.options.key.hash([&b"value"[..], value.as_bytes()]);
        self.outcome.findings.push(Finding {
            rule: self.rule.id.to_owned(),
            severity: self.rule.severity,
            table,
            row,
            column: column.map(str::to_owned),
            shape: String::new(),
            message,
            mend: self.rule.mend.to_owned(),
            record,
            value,
            measure,
        });
    }

    /// What an indicator says.
    pub(crate) fn note(&mut self, message: &str, said: &[Say<'_>]) {
        self.outcome.notes.push(fill(message, said));
    }

    pub(crate) fn not_run(&mut self, needs: &str) {
        self.outcome.ran = Ran::NotRun(format!("needs {needs}"));
    }

    pub(crate) fn not_applicable(&mut self, why: &str) {
        if self.outcome.tested == 0 {
            self.outcome.ran = Ran::NotApplicable(why.to_owned());
        }
    }
}

/// A message with `{}` replaced in order.
fn fill(message: &str, said: &[Say<'_>]) -> String {
    let mut parts = message.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        if let Some(word) = said.get(at) {
            text.push_str(&word.to_string());
        }
        text.push_str(part);
    }
    text
}

/// The form of a text without its content: runs of capitals, small letters, digits and other signs with how many.
pub(crate) fn shape(text: &str) -> String {
    let kind = |c: char| match c {
        c if c.is_numeric() => '9',
        c if c.is_lowercase() => 'a',
        c if c.is_alphabetic() => 'A',
        c if c.is_whitespace() => '_',
        c if c.is_ascii_punctuation() => c,
        _ => '?',
    };
    let mut shape = String::new();
    let mut chars = text.chars().map(kind).peekable();
    let mut runs = 0;
    while let Some(class) = chars.next() {
        let mut length = 1;
        while chars.next_if_eq(&class).is_some() {
            length += 1;
        }
        shape.push(class);
        if length > 1 {
            let _ = write!(shape, "{{{length}}}");
        }
        runs += 1;
        if runs == 12 {
            if chars.peek().is_some() {
                shape.push('…');
            }
            break;
        }
    }
    shape
}

/// Whether findings on a column may show one of the specification's own codes: never for what identifies or is protected.
pub(crate) fn may_show(column: &ColumnSpec) -> bool {
    column.part == Partition::Analysis && column.list.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_the_form_and_not_the_content() {
        assert_eq!(shape("Ida Vance"), "Aa{2}_Aa{4}");
        assert_eq!(shape("9.4E+09"), "9.9A+9{2}");
        assert_eq!(shape(""), "");
        assert!(shape("a1b2c3d4e5f6g7h8").ends_with('…'));
    }
}
