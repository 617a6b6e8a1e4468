//! How right each stage of an audit was, against the sealed truth: rules, linkage, estimates, groups, language, and the headline
//! taken apart.
//!
//! Errors cancel, so a right headline proves nothing: every stage has a score of its own, and [`shapley`] says how much of the
//! headline's error each one brought.

mod counts;
mod language;
mod read;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

use serde::Serialize;

pub use counts::{
    Coverage, Decomposition, GroupCounts, GroupError, Interval, OffenceFacts, StageRun, StageShare,
    adjusted_rand, coverage, decompose, group_counts, group_errors, relative_error, shapley,
};
pub use language::{LanguageScore, NoteTruth, Predicted, RateError, Span, SpanScore, score_language};
pub use read::{
    HiddenCount, read_errors, read_events, read_hidden, read_histories, read_note_labels, read_persons,
    read_record_map,
};

use crate::SyntheticError;

/// The normal deviate of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95 % interval (Wilson 1927).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
    /// The share; `None` of nothing.
    pub value: Option<f64>,
    /// Lower and upper end.
    pub interval: (f64, f64),
}

impl Share {
    /// The share of a part of a whole.
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self { part, whole, value: None, interval: (0.0, 1.0) };
        }
        let (n, p) = (whole as f64, part as f64 / whole as f64);
        let d = 1.0 + Z * Z / n;
        let centre = (p + Z * Z / (2.0 * n)) / d;
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / d;
        Self { part, whole, value: Some(p), interval: ((centre - half).max(0.0), (centre + half).min(1.0)) }
    }
}

/// The harmonic mean of precision and recall from counts; `None` where there is nothing to find and nothing was found.
pub fn f1(matched: u64, found: u64, expected: u64) -> Option<f64> {
    (found + expected > 0).then(|| 2.0 * matched as f64 / (found + expected) as f64)
}

/// Where a rule is broken, or was said to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RulePlace {
    /// The rule's id, such as `CN07`.
    pub rule: String,
    /// The body whose return it is.
    pub body: String,
    /// The table.
    pub table: String,
    /// The row, counted from 1 after the heading; `None` for a return as a whole.
    pub row: Option<u64>,
    /// The column; empty where none is named.
    pub column: String,
}

/// How one rule did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleScore {
    /// The rule's id.
    pub rule: String,
    /// Faults of the truth.
    pub expected: u64,
    /// Findings, each row counted once.
    pub found: u64,
    /// Of the faults, those with a finding of the rule at their row.
    pub matched: u64,
    /// Of the findings that match none, those at a row where the truth has a fault under another rule.
    pub beside: u64,
    /// Matched findings over all but those beside.
    pub precision: Share,
    /// Matched faults over all faults.
    pub recall: Share,
}

/// How the rules did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RulesScore {
    /// By rule, in the order of their ids.
    pub rules: Vec<RuleScore>,
    /// All rules together.
    pub all: RuleScore,
    /// Findings that nothing in the truth explains, at most a hundred.
    pub unexplained: Vec<RulePlace>,
    /// Faults that were not found, at most a hundred.
    pub missed: Vec<RulePlace>,
}

/// A row, or a return as a whole.
type Row<'a> = (&'a str, &'a str, Option<u64>);

/// Precision and recall of each rule over the faults of the truth.
///
/// A finding matches a fault of its rule at its row; a column is not compared, since a rule over two columns may name either. A
/// finding at a damaged row under another rule is counted apart: a date of 1 January 1900 is both outside the period and a placeholder,
/// and the truth names what was done, not all that follows. Only rules in `scored` count, so that rules that no fault was made for are
/// not held to have failed; `None` scores those that the truth names.
pub fn score_rules(
    expected: &[RulePlace],
    findings: &[RulePlace],
    scored: Option<&BTreeSet<String>>,
) -> RulesScore {
    let named: BTreeSet<String> = expected.iter().map(|e| e.rule.clone()).collect();
    let scored = scored.unwrap_or(&named);
    let row_of =
        |p: &RulePlace| -> (String, String, Option<u64>) { (p.body.clone(), p.table.clone(), p.row) };
    let damaged: HashSet<Row<'_>> =
        expected.iter().map(|e| (e.body.as_str(), e.table.as_str(), e.row)).collect();
    let mut rules = Vec::new();
    let (mut unexplained, mut missed) = (Vec::new(), Vec::new());
    let mut all = (0, 0, 0, 0);
    let mut by_rule: BTreeMap<&str, (Vec<&RulePlace>, Vec<&RulePlace>)> = BTreeMap::new();
    for e in expected.iter().filter(|e| scored.contains(&e.rule)) {
        by_rule.entry(&e.rule).or_default().0.push(e);
    }
    for f in findings.iter().filter(|f| scored.contains(&f.rule)) {
        by_rule.entry(&f.rule).or_default().1.push(f);
    }
    for (rule, (faults, said)) in by_rule {
        let mut wanted: HashMap<_, &RulePlace> = HashMap::new();
        for fault in faults {
            wanted.insert(row_of(fault), fault);
        }
        let mut got: HashMap<_, &RulePlace> = HashMap::new();
        for finding in said {
            got.insert(row_of(finding), finding);
        }
        let matched = wanted.keys().filter(|row| got.contains_key(*row)).count() as u64;
        let mut beside = 0;
        let mut others: Vec<&RulePlace> =
            got.iter().filter(|(row, _)| !wanted.contains_key(*row)).map(|(_, f)| *f).collect();
        others.sort();
        for finding in others {
            if damaged.contains(&(finding.body.as_str(), finding.table.as_str(), finding.row)) {
                beside += 1;
            } else if unexplained.len() < 100 {
                unexplained.push(finding.clone());
            }
        }
        let mut lost: Vec<&RulePlace> =
            wanted.iter().filter(|(row, _)| !got.contains_key(*row)).map(|(_, f)| *f).collect();
        lost.sort();
        missed.extend(lost.into_iter().take(100usize.saturating_sub(missed.len())).cloned());
        let score = rule_score(rule, wanted.len() as u64, got.len() as u64, matched, beside);
        all = (all.0 + score.expected, all.1 + score.found, all.2 + matched, all.3 + beside);
        rules.push(score);
    }
    RulesScore { rules, all: rule_score("all", all.0, all.1, all.2, all.3), unexplained, missed }
}

fn rule_score(rule: &str, expected: u64, found: u64, matched: u64, beside: u64) -> RuleScore {
    RuleScore {
        rule: rule.to_owned(),
        expected,
        found,
        matched,
        beside,
        precision: Share::of(matched, found - beside),
        recall: Share::of(matched, expected),
    }
}

/// How a clustering of records agrees with who they are of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LinkageScore {
    /// Records.
    pub records: u64,
    /// Pairs of records of one person.
    pub true_pairs: u64,
    /// Pairs of records in one cluster.
    pub linked_pairs: u64,
    /// Pairs that are both.
    pub right_pairs: u64,
    /// Right pairs over linked ones.
    pub pair_precision: Option<f64>,
    /// Right pairs over true ones.
    pub pair_recall: Option<f64>,
    /// Of the two.
    pub pair_f1: Option<f64>,
    /// Persons with a record.
    pub persons: u64,
    /// Clusters.
    pub clusters: u64,
    /// Persons whose records are one cluster that holds nothing else.
    pub exact: u64,
    /// F1 of clusters that are exactly a person.
    pub cluster_f1: Option<f64>,
    /// Clusters over persons, less one: the relative error of the number of distinct victims.
    pub distinct_error: Option<f64>,
}

/// A clustering laid beside the truth, record by record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aligned {
    /// The cluster of each record.
    pub clusters: Vec<u32>,
    /// The person of each record.
    pub persons: Vec<u32>,
    /// Records that the truth does not have, such as rows whose id a fault took away.
    pub unknown: u64,
    /// Records of the truth without a cluster. Each is taken as a cluster of its own.
    pub unclustered: u64,
}

/// Lays clusters, given by body and record, beside the map of records to persons. A record that stands in several rows counts once.
pub fn align<'a, S: BuildHasher>(
    truth: &HashMap<(String, String), u32, S>,
    clusters: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Aligned {
    let mut aligned = Aligned::default();
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for (body, record, cluster) in clusters {
        let key = (body.to_owned(), record.to_owned());
        let Some(person) = truth.get(&key) else {
            aligned.unknown += 1;
            continue;
        };
        if !seen.insert(key) {
            continue;
        }
        let next = numbers.len() as u32;
        aligned.clusters.push(*numbers.entry(cluster).or_insert(next));
        aligned.persons.push(*person);
    }
    let mut alone: Vec<(&(String, String), &u32)> =
        truth.iter().filter(|(key, _)| !seen.contains(*key)).collect();
    alone.sort();
    aligned.unclustered = alone.len() as u64;
    for ((_, person), next) in alone.into_iter().zip(numbers.len() as u32..) {
        aligned.clusters.push(next);
        aligned.persons.push(*person);
    }
    aligned
}

/// Scores a clustering: for each record its cluster, and for each record its person, in the same order.
///
/// # Errors
///
/// [`SyntheticError::Lengths`] where the two are not of the same records.
pub fn score_linkage(clusters: &[u32], persons: &[u32]) -> Result<LinkageScore, SyntheticError> {
    same_length("records of a linkage", clusters.len(), persons.len())?;
    Ok(linkage_of(clusters.iter().copied().zip(persons.iter().copied())))
}

/// The same for each group of persons, so that equal error can be shown: only records of persons of the group are counted. The groups
/// come from the truth and may be of ethnicity or sex; nothing but counts comes back.
///
/// # Errors
///
/// [`SyntheticError::Lengths`] where the three are not of the same records.
pub fn score_linkage_by_group(
    clusters: &[u32],
    persons: &[u32],
    groups: &[String],
) -> Result<BTreeMap<String, LinkageScore>, SyntheticError> {
    same_length("records of a linkage", clusters.len(), persons.len())?;
    same_length("groups of a linkage", groups.len(), persons.len())?;
    let names: BTreeSet<&String> = groups.iter().collect();
    Ok(names
        .into_iter()
        .map(|name| {
            let own = (0..groups.len()).filter(|&n| groups[n] == *name).map(|n| (clusters[n], persons[n]));
            (name.clone(), linkage_of(own))
        })
        .collect())
}

fn linkage_of(records: impl Iterator<Item = (u32, u32)>) -> LinkageScore {
    let mut cells: HashMap<(u32, u32), u64> = HashMap::new();
    let (mut by_cluster, mut by_person): (HashMap<u32, u64>, HashMap<u32, u64>) =
        (HashMap::new(), HashMap::new());
    let mut count = 0;
    for (cluster, person) in records {
        *cells.entry((cluster, person)).or_default() += 1;
        *by_cluster.entry(cluster).or_default() += 1;
        *by_person.entry(person).or_default() += 1;
        count += 1;
    }
    let pairs = |n: u64| n * n.saturating_sub(1) / 2;
    let right_pairs: u64 = cells.values().map(|&n| pairs(n)).sum();
    let linked_pairs: u64 = by_cluster.values().map(|&n| pairs(n)).sum();
    let true_pairs: u64 = by_person.values().map(|&n| pairs(n)).sum();
    let exact = cells.iter().filter(|((c, p), n)| by_cluster[c] == **n && by_person[p] == **n).count() as u64;
    let (persons, clusters) = (by_person.len() as u64, by_cluster.len() as u64);
    let over = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    LinkageScore {
        records: count,
        true_pairs,
        linked_pairs,
        right_pairs,
        pair_precision: over(right_pairs, linked_pairs),
        pair_recall: over(right_pairs, true_pairs),
        pair_f1: f1(right_pairs, linked_pairs, true_pairs),
        persons,
        clusters,
        exact,
        cluster_f1: f1(exact, clusters, persons),
        distinct_error: over(clusters, persons).map(|ratio| ratio - 1.0),
    }
}

fn same_length(what: &'static str, left: usize, right: usize) -> Result<(), SyntheticError> {
    if left == right { Ok(()) } else { Err(SyntheticError::Lengths { what, left, right }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(rule: &str, row: u64) -> RulePlace {
        RulePlace {
            rule: rule.into(),
            body: "B".into(),
            table: "victim".into(),
            row: Some(row),
            column: "dob".into(),
        }
    }

    #[test]
    fn rules_are_scored_row_by_row() {
        let expected = [place("VA04", 1), place("VA04", 2), place("ST10", 3)];
        let mut other_column = place("VA04", 1);
        other_column.column = "birth_year_month".into();
        let findings = [other_column, place("VA04", 3), place("VA04", 9), place("VA04", 9), place("CO05", 4)];
        let score = score_rules(&expected, &findings, None);
        let va04 = score.rules.iter().find(|r| r.rule == "VA04").unwrap();
        assert_eq!((va04.expected, va04.found, va04.matched, va04.beside), (2, 3, 1, 1));
        assert_eq!(va04.precision.value, Some(0.5));
        assert_eq!(score.unexplained, [place("VA04", 9)]);
        assert_eq!(score.missed, [place("ST10", 3), place("VA04", 2)]);
        assert!(
            score.rules.iter().all(|r| r.rule != "CO05"),
            "a rule that the truth does not name is not scored"
        );
    }

    #[test]
    fn a_clustering_is_scored_by_pairs_and_whole_clusters() {
        // Persons 0,0,0,1,1,2; clusters a,a,b,c,c,c.
        let score = score_linkage(&[0, 0, 1, 2, 2, 2], &[0, 0, 0, 1, 1, 2]).unwrap();
        assert_eq!((score.true_pairs, score.linked_pairs, score.right_pairs), (4, 4, 2));
        assert_eq!(score.pair_f1, Some(0.5));
        assert_eq!((score.exact, score.cluster_f1), (0, Some(0.0)));
        assert_eq!(score.distinct_error, Some(0.0), "errors cancel in the number of distinct victims");
        let right = score_linkage(&[5, 5, 7], &[1, 1, 2]).unwrap();
        assert_eq!((right.cluster_f1, right.pair_f1), (Some(1.0), Some(1.0)));
        assert!(score_linkage(&[1], &[1, 2]).is_err());
    }

    #[test]
    fn records_without_a_cluster_stand_alone() {
        let key = |record: &str| ("X".to_owned(), record.to_owned());
        let truth = HashMap::from([(key("a"), 1), (key("b"), 1), (key("c"), 2)]);
        let rows = [("X", "a", "k"), ("X", "b", "k"), ("X", "a", "k"), ("Y", "a", "k")];
        let aligned = align(&truth, rows);
        assert_eq!((aligned.unknown, aligned.unclustered), (1, 1));
        let score = score_linkage(&aligned.clusters, &aligned.persons).unwrap();
        assert_eq!((score.records, score.cluster_f1), (3, Some(1.0)));
    }

    #[test]
    fn linkage_is_scored_within_groups() {
        let groups = ["x", "x", "y", "y"].map(str::to_owned);
        let by = score_linkage_by_group(&[0, 0, 1, 2], &[4, 4, 5, 5], &groups).unwrap();
        assert_eq!(by["x"].pair_recall, Some(1.0));
        assert_eq!(by["y"].pair_recall, Some(0.0));
    }

    #[test]
    fn a_share_of_nothing_is_unknown() {
        assert_eq!(Share::of(0, 0).value, None);
        let s = Share::of(8, 10);
        assert!((s.interval.0 - 0.4902).abs() < 1e-3 && (s.interval.1 - 0.9433).abs() < 1e-3, "{s:?}");
    }
}
