use std::fmt::Write as _;

use candour_record::{Finding, Severity};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::EstimationError;

/// Lists in a table at most: a table of 10 lists has 1,023 capture histories.
pub const MAX_LISTS: usize = 10;
/// People in a table at most.
pub const MAX_PEOPLE: u64 = 1_000_000_000;
/// Rows of a table's text at most; each history needs one.
const MAX_ROWS: usize = 100_000;

/// Columns that would put a characteristic of a person where only lists of agencies belong.
const PROTECTED: &[&str] = &[
    "age",
    "belief",
    "disability",
    "disabled",
    "ethnic",
    "ethnicity",
    "faith",
    "gender",
    "immigration",
    "marital",
    "nationality",
    "orientation",
    "pregnancy",
    "race",
    "religion",
    "sex",
    "sexuality",
];

/// A set of lists by their positions: a capture history, or a term of a model. Bit 0 is the first list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListSet(pub u16);

impl ListSet {
    /// The set of the lists at these positions, counted from 0.
    pub fn of(positions: &[usize]) -> Self {
        Self(positions.iter().fold(0, |set, &position| set | 1 << position.min(15)))
    }

    /// Number of lists.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// True for the set of no lists.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their positions in rising order.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |&position| self.0 >> position & 1 == 1)
    }

    /// True where every list of `other` is in this set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its lists by name, joined with a colon, as in `police:health`.
    pub fn name(self, lists: &[String]) -> String {
        self.positions().filter_map(|p| lists.get(p)).map(String::as_str).collect::<Vec<_>>().join(":")
    }
}

/// How many people have each capture history: for each set of lists, those who are on all of these and no other.
///
/// The history of no list is what an estimate is about and has no count. A history may be declared impossible (two lists
/// that can never share a person); it is then left out of every model, which an observed count of 0 is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTable {
    lists: Vec<String>,
    /// By history; entry 0 is always 0.
    counts: Vec<u64>,
    impossible: Vec<bool>,
}

impl ListTable {
    /// A table of 2 to [`MAX_LISTS`] named lists with nobody in it.
    pub fn new<S: AsRef<str>>(lists: &[S]) -> Result<Self, EstimationError> {
        let lists: Vec<String> = lists.iter().map(|name| name.as_ref().trim().to_owned()).collect();
        if lists.len() > MAX_LISTS {
            return Err(EstimationError::TooManyLists { lists: lists.len(), limit: MAX_LISTS });
        }
        if lists.len() < 2 {
            return Err(EstimationError::TooFewLists { lists: lists.len() });
        }
        for (place, name) in lists.iter().enumerate() {
            if name.is_empty() {
                return Err(EstimationError::Table(format!(
                    "column {} has no name; name the list",
                    place + 1
                )));
            }
            if lists[..place].contains(name) {
                return Err(EstimationError::Table(format!(
                    "two columns are named {name}; give each list its own"
                )));
            }
            if is_protected(name) {
                return Err(EstimationError::Protected(name.clone()));
            }
        }
        let size = 1 << lists.len();
        Ok(Self { lists, counts: vec![0; size], impossible: vec![false; size] })
    }

    /// Reads a table's text: a header of list names and `count`, then a row for each history with 0 or 1 for each list
    /// and the number of people.
    ///
    /// Histories without a row have nobody. A count written `impossible` declares the history impossible. Rows of one
    /// history are added up, with a finding.
    pub fn from_csv(text: &str) -> Result<(Self, Vec<Finding>), EstimationError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader
            .headers()
            .map_err(|error| EstimationError::Table(format!("the header cannot be read: {error}")))?
            .clone();
        let columns: Vec<&str> = header.iter().collect();
        let wanted =
            "the header must name each list and end with `count`, as in `police,health,schools,count`";
        let Some((&"count", names)) = columns.split_last() else {
            return Err(EstimationError::Table(format!(
                "{wanted}; it is `{}`",
                columns.join(",").chars().take(200).collect::<String>()
            )));
        };
        if names.contains(&"count") {
            return Err(EstimationError::Table(format!("{wanted}; it has more than one column `count`")));
        }
        let mut table = Self::new(names)?;
        let mut seen = vec![false; table.counts.len()];
        let mut findings = Vec::new();
        for (place, record) in reader.records().enumerate() {
            let line = record
                .as_ref()
                .ok()
                .and_then(csv::StringRecord::position)
                .map_or(place as u64 + 2, csv::Position::line);
            let wrong = |reason: String| EstimationError::Row { line, reason };
            let record = record.map_err(|error| wrong(format!("cannot be read: {error}")))?;
            if place >= MAX_ROWS {
                return Err(wrong(format!("more than {MAX_ROWS} rows; give one for each capture history")));
            }
            if record.len() != columns.len() {
                return Err(wrong(format!("{} fields where the header has {}", record.len(), columns.len())));
            }
            let mut history = 0_u16;
            for (position, field) in record.iter().take(names.len()).enumerate() {
                match field {
                    "1" => history |= 1 << position,
                    "0" => {}
                    other => {
                        return Err(wrong(format!(
                            "{} is `{}`; write 1 for people who are on the list and 0 for those who are not",
                            names[position],
                            other.chars().take(40).collect::<String>()
                        )));
                    }
                }
            }
            let set = ListSet(history);
            let field = record.get(names.len()).unwrap_or_default();
            if field == "impossible" {
                if history == 0 {
                    return Err(wrong("the history of no list cannot be declared impossible".into()));
                }
                table.impossible[usize::from(history)] = true;
                seen[usize::from(history)] = true;
                continue;
            }
            let count: u64 = field.parse().map_err(|_| {
                wrong(format!(
                    "the count is `{}`; it must be a whole number of people, 0 or more",
                    field.chars().take(40).collect::<String>()
                ))
            })?;
            if history == 0 {
                if count > 0 {
                    return Err(wrong(format!(
                        "{count} people on no list; nobody can have seen them, and they are what is estimated. Take the row out"
                    )));
                }
                continue;
            }
            if std::mem::replace(&mut seen[usize::from(history)], true) {
                let name = set.name(&table.lists);
                let message = format!("line {line} is another row for {name}; the counts were added up");
                findings.push(Finding::new(Severity::Warning, "history_twice", message));
            }
            table.add(set, count).map_err(|error| wrong(error.to_string()))?;
        }
        for (history, &impossible) in table.impossible.iter().enumerate() {
            if impossible && table.counts[history] > 0 {
                return Err(EstimationError::ImpossibleSeen {
                    lists: ListSet(history as u16).name(&table.lists),
                    count: table.counts[history],
                });
            }
        }
        table.check_lists()?;
        Ok((table, findings))
    }

    /// Adds people with a history. [`EstimationError::Table`] for the history of no list, a list that is not there, or a
    /// total above [`MAX_PEOPLE`].
    pub fn add(&mut self, history: ListSet, count: u64) -> Result<(), EstimationError> {
        let place = usize::from(history.0);
        if place == 0 || place >= self.counts.len() {
            return Err(EstimationError::Table(format!(
                "a history must name one to {} of the lists",
                self.lists.len()
            )));
        }
        if self.impossible[place] && count > 0 {
            return Err(EstimationError::ImpossibleSeen { lists: history.name(&self.lists), count });
        }
        if count > MAX_PEOPLE || self.people() + count > MAX_PEOPLE {
            return Err(EstimationError::Table(format!("more than {MAX_PEOPLE} people; check the counts")));
        }
        self.counts[place] += count;
        Ok(())
    }

    /// Refuses a list that holds nobody.
    pub fn check_lists(&self) -> Result<(), EstimationError> {
        match (0..self.lists.len()).find(|&list| self.on_list(list) == 0) {
            Some(list) => Err(EstimationError::EmptyList(self.lists[list].clone())),
            None => Ok(()),
        }
    }

    /// Declares that no person can be on all of these lists, such as two registers that exclude each other by law. Every
    /// history that holds them becomes a structural zero.
    pub fn declare_impossible(&mut self, lists: ListSet) -> Result<(), EstimationError> {
        let seen = self.on_all(lists);
        if seen > 0 || lists.len() < 2 {
            return Err(EstimationError::ImpossibleSeen { lists: lists.name(&self.lists), count: seen });
        }
        for history in 1..self.counts.len() {
            if ListSet(history as u16).contains(lists) {
                self.impossible[history] = true;
            }
        }
        Ok(())
    }

    /// The position of a list.
    pub fn position(&self, name: &str) -> Result<usize, EstimationError> {
        self.lists
            .iter()
            .position(|list| list == name)
            .ok_or_else(|| EstimationError::NoSuchList { name: name.to_owned(), has: self.lists.join(", ") })
    }

    /// The lists' names.
    pub fn lists(&self) -> &[String] {
        &self.lists
    }

    /// People with exactly this history.
    pub fn count(&self, history: ListSet) -> u64 {
        self.counts.get(usize::from(history.0)).copied().unwrap_or(0)
    }

    /// Counts by history, as many as 2 to the power of the number of lists; the first is 0.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// True for a history that was declared impossible.
    pub fn is_impossible(&self, history: ListSet) -> bool {
        self.impossible.get(usize::from(history.0)).copied().unwrap_or(false)
    }

    /// The histories that were declared impossible.
    pub fn impossible(&self) -> Vec<ListSet> {
        (1..self.counts.len()).filter(|&h| self.impossible[h]).map(|h| ListSet(h as u16)).collect()
    }

    /// People on at least one list.
    pub fn people(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// People on a list, by position.
    pub fn on_list(&self, list: usize) -> u64 {
        self.on_all(ListSet::of(&[list]))
    }

    /// People on all of some lists.
    pub fn on_all(&self, lists: ListSet) -> u64 {
        self.counts
            .iter()
            .zip(0_u16..)
            .filter(|&(_, h)| ListSet(h).contains(lists))
            .map(|(count, _)| count)
            .sum()
    }

    /// Capture frequencies: entry `j` is the number of people on exactly `j + 1` lists.
    pub fn frequencies(&self) -> Vec<u64> {
        let mut frequencies = vec![0; self.lists.len()];
        for (&count, history) in self.counts.iter().zip(0_u16..).skip(1) {
            frequencies[ListSet(history).len() - 1] += count;
        }
        frequencies
    }

    /// The table without one list, and the number of people who were on that list only.
    pub fn without(&self, list: usize) -> Result<(Self, u64), EstimationError> {
        let names: Vec<&String> =
            self.lists.iter().enumerate().filter(|&(p, _)| p != list).map(|(_, n)| n).collect();
        let table = self.mapped(&names, |history| Some(drop_bit(history, list)))?;
        Ok((table, self.count(ListSet::of(&[list]))))
    }

    /// The table with two lists taken as one, named `first+second`.
    pub fn merged(&self, first: usize, second: usize) -> Result<Self, EstimationError> {
        let (low, high) = (first.min(second), first.max(second));
        if high >= self.lists.len() || low == high {
            return Err(EstimationError::Plan(format!("lists {first} and {second} cannot be merged")));
        }
        let mut names = self.lists.clone();
        let gone = names.remove(high);
        names[low] = format!("{}+{gone}", names[low]);
        self.mapped(&names, |history| {
            let joined = history | (history >> high & 1) << low;
            Some(drop_bit(joined, high))
        })
    }

    /// The people on one list, by the other lists, and the number who are on no other: a table whose hidden number is
    /// known, for the test of internal consistency.
    pub fn among(&self, list: usize) -> Result<(Self, u64), EstimationError> {
        let names: Vec<&String> =
            self.lists.iter().enumerate().filter(|&(p, _)| p != list).map(|(_, n)| n).collect();
        let table =
            self.mapped(&names, |history| (history >> list & 1 == 1).then(|| drop_bit(history, list)))?;
        Ok((table, self.count(ListSet::of(&[list]))))
    }

    /// A table of these lists where each history goes where `place` says. A history is impossible where all that
    /// came to it were.
    fn mapped<S: AsRef<str>>(
        &self,
        names: &[S],
        place: impl Fn(u16) -> Option<u16>,
    ) -> Result<Self, EstimationError> {
        let mut table = Self::new(names)?;
        table.impossible = vec![true; table.counts.len()];
        table.impossible[0] = false;
        for history in 1..self.counts.len() {
            let Some(to) = place(history as u16).map(usize::from).filter(|&to| to > 0) else { continue };
            table.counts[to] += self.counts[history];
            table.impossible[to] &= self.impossible[history];
        }
        Ok(table)
    }

    /// The table as text in a fixed order: histories that have people or are impossible, by number of lists, then by position.
    pub fn to_csv(&self) -> String {
        let mut histories: Vec<u16> = (1..self.counts.len() as u16)
            .filter(|&h| self.counts[usize::from(h)] > 0 || self.impossible[usize::from(h)])
            .collect();
        histories.sort_by_key(|&h| (h.count_ones(), h));
        let mut text = self.lists.join(",") + ",count\n";
        for history in histories {
            for position in 0..self.lists.len() {
                text.push_str(if history >> position & 1 == 1 { "1," } else { "0," });
            }
            if self.impossible[usize::from(history)] {
                text.push_str("impossible");
            } else {
                text.push_str(&self.counts[usize::from(history)].to_string());
            }
            text.push('\n');
        }
        text
    }

    /// SHA-256 of [`Self::to_csv`] in hexadecimal: the same for the same table however its rows were ordered.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.to_csv()).iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The counts replaced, for replicates; entry 0 is ignored.
    pub(crate) fn with_counts(&self, counts: &[u64]) -> Self {
        let mut table = self.clone();
        table.counts.copy_from_slice(counts);
        table.counts[0] = 0;
        table
    }
}

/// The history without one position; the positions above move down.
fn drop_bit(history: u16, position: usize) -> u16 {
    let below = (1_u16 << position) - 1;
    history & below | history >> 1 & !below
}

fn is_protected(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| PROTECTED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, word: &str) {
        let error = ListTable::from_csv(text).unwrap_err().to_string();
        assert!(error.contains(word), "`{error}` does not say `{word}`");
    }

    #[test]
    fn bad_tables_are_refused_in_words() {
        refused("", "header");
        refused("a,b,c\n1,0,3\n", "header");
        refused("a,count\n1,3\n", "3 or more");
        refused("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,count\n", "merge");
        refused("a,b,c,count\n1,0,0,-3\n", "0 or more");
        refused("a,b,c,count\n1,0,0,2.5\n", "whole number");
        refused("a,b,c,count\n1,0,2,3\n", "write 1");
        refused("a,b,c,count\n1,0,0\n", "fields");
        refused("a,b,c,count\n0,0,0,3\n", "on no list");
        refused("a,b,c,count\n1,1,0,3\n", "list c holds nobody");
        refused("a,a,c,count\n", "two columns");
        refused("a,b,ethnicity_white,count\n", "protected");
        refused("a,b,c,count\n1,1,0,3\n1,1,0,impossible\n0,0,1,4\n", "declared impossible");
        refused("a,b,c,count\n1,0,0,1000000001\n", "more than");
    }

    #[test]
    fn rows_of_one_history_add_up() {
        let (table, findings) =
            ListTable::from_csv("\u{feff}a,b,c,count\r\n1,0,0,3\r\n1,0,0,4\r\n0,1,1,1\r\n").unwrap();
        assert_eq!(table.count(ListSet::of(&[0])), 7);
        assert_eq!(findings.len(), 1);
        assert_eq!(table.frequencies(), [7, 1, 0]);
        let again = ListTable::from_csv(&table.to_csv()).unwrap().0;
        assert_eq!((again.sha256(), &again), (table.sha256(), &table));
    }

    #[test]
    fn lists_are_left_out_merged_and_looked_at_alone() {
        let text = "a,b,c,count\n1,0,0,5\n0,1,0,6\n0,0,1,7\n1,1,0,2\n1,0,1,3\n0,1,1,4\n1,1,1,1\n";
        let table = ListTable::from_csv(text).unwrap().0;
        let (left, only) = table.without(1).unwrap();
        assert_eq!((left.lists().join(" "), left.people(), only), ("a c".to_owned(), 22, 6));
        assert_eq!(left.on_all(ListSet(3)), 4);
        let merged = table.merged(2, 0).unwrap();
        assert_eq!((merged.lists()[0].as_str(), merged.people()), ("a+c", 28));
        assert_eq!(merged.count(ListSet(1)), 5 + 7 + 3);
        let (among, hidden) = table.among(0).unwrap();
        assert_eq!((among.people(), hidden), (6, 5));
    }

    #[test]
    fn impossible_pairs_follow_into_smaller_tables() {
        let text = "a,b,c,d,count\n1,0,0,0,5\n0,1,0,0,6\n0,0,1,0,7\n0,0,0,1,9\n1,0,1,0,3\n0,1,1,1,4\n";
        let mut table = ListTable::from_csv(text).unwrap().0;
        table.declare_impossible(ListSet::of(&[0, 1])).unwrap();
        assert_eq!(table.impossible().len(), 4);
        assert!(table.without(3).unwrap().0.is_impossible(ListSet::of(&[0, 1])));
        assert!(!table.merged(1, 2).unwrap().is_impossible(ListSet::of(&[0, 1])));
        assert!(table.declare_impossible(ListSet::of(&[1, 2])).is_err());
    }
}
