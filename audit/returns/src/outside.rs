//! What rules need to know and a return cannot say: the call, other bodies, linkage, samples of files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::keyed::RecordKey;

/// All of it. What is `None` makes the rules that need it report that they were not run, and why.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outside {
    /// The call that was issued (ST03).
    pub call: Option<CallTerms>,
    /// Whether a nil return was signed by a named office (CO07).
    pub nil_signed: Option<bool>,
    /// Figures that the body itself has published (CO08).
    pub published: Option<Vec<PublishedFigure>>,
    /// Codes of the local authorities in the body's area (CO10).
    pub areas: Option<Vec<String>>,
    /// People of this return whom linkage joins to a victim of a recorded contact offence at another body (CN07).
    pub harmed_elsewhere: Option<BTreeSet<RecordKey>>,
    /// People of this return in whose notes the language audit reads harm that was done (CN06, CN07).
    pub harm_in_text: Option<BTreeSet<RecordKey>>,
    /// What linkage estimates of duplicates (UN02).
    pub duplicates: Option<DuplicateEstimate>,
    /// Offences of other bodies (UN03).
    pub others: Option<Vec<BodyDigest>>,
    /// The version before this one (TI02).
    pub previous: Option<RowDigest>,
    /// A sample of files read twice against the return (AC01).
    pub sample: Option<Vec<SampleStratum>>,
    /// How often bodies agree on people whom linkage joins (AC02).
    pub agreement: Option<Vec<FieldAgreement>>,
    /// The same figures of other bodies of the type (XB01).
    pub peers: Option<Vec<PeerFigures>>,
    /// Counts of earlier years (XB02).
    pub history: Option<Vec<YearCount>>,
    /// Columns that a later step asks for (SG01).
    pub uses: Option<Vec<ColumnUse>>,
    /// Tables about to be released (SG02).
    pub outputs: Option<Vec<OutputTable>>,
}

/// What a return must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallTerms {
    /// The call.
    pub call: String,
    /// The version of the definitions issued.
    pub definitions: String,
    /// First and last day asked for.
    #[serde(default)]
    pub period: Option<(Date, Date)>,
}

/// A figure that a body has published itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFigure {
    /// The table whose rows it counts.
    pub table: String,
    /// For victims, the list counted.
    #[serde(default)]
    pub list: Option<String>,
    /// The figure.
    pub count: u64,
    /// Where it is published.
    pub source: String,
}

/// What linkage says of duplicates within the return.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicateEstimate {
    /// Share of records that repeat another.
    pub rate: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// What other bodies need to know of a return: no person, no id, only keyed hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyDigest {
    /// The body.
    pub body: String,
    /// Offences that are not marked as transferred, by class, dates, place and victim.
    pub offences: BTreeSet<RecordKey>,
    /// People who are victims of a recorded contact offence.
    pub harmed: BTreeSet<RecordKey>,
    /// What it is compared with its peers by. Counts of records: for the vault.
    pub figures: Vec<PeerFigures>,
}

/// The rows of one version of a return.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDigest {
    /// The version.
    pub version: u32,
    /// By record: a hash of all its cells.
    pub rows: BTreeMap<RecordKey, u64>,
}

/// One stratum of a sample of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleStratum {
    /// What was sampled.
    pub stratum: String,
    /// Files read.
    pub read: u64,
    /// Of them, read a second time by another reader.
    pub read_twice: u64,
    /// Files that agree with the return.
    pub agreed: u64,
}

/// Agreement of two bodies on one field of linked people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldAgreement {
    /// The field.
    pub field: String,
    /// Pairs in which both have it.
    pub pairs: u64,
    /// Of them, those that agree.
    pub agreed: u64,
}

/// A body's counts for comparison with its peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerFigures {
    /// The body.
    pub body: String,
    /// What is compared, such as `group share` or `rate`.
    pub measure: String,
    /// The count.
    pub count: u64,
    /// What it is out of: offences, children, or records of both agencies.
    pub of: u64,
}

/// Rows of one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearCount {
    /// The year.
    pub year: i16,
    /// Offences of a police return, people of any other.
    pub count: u64,
}

/// A step of the audit that asks for a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnUse {
    /// The step.
    pub step: Step,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// A step of the audit after the returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Joins records of one person.
    Linkage,
    /// Estimates the hidden number.
    Estimation,
    /// Counts groups.
    Groups,
    /// Counts how complete fields are.
    Quality,
    /// Makes tables for release.
    Disclosure,
}

/// A table about to be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputTable {
    /// Its name.
    pub name: String,
    /// Whether a row stands for one person or one offence.
    #[serde(default)]
    pub row_level: bool,
    /// Its cells.
    pub cells: Vec<OutputCell>,
}

/// One cell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputCell {
    /// What it counts.
    pub label: String,
    /// The count.
    pub count: u64,
    /// All of whom it is a part; where the two are equal the cell is 100 %.
    #[serde(default)]
    pub of: Option<u64>,
    /// Whether zero and 100 % would tell something about everyone in it.
    #[serde(default)]
    pub sensitive: bool,
    /// The count of the same cell in an earlier release.
    #[serde(default)]
    pub released: Option<u64>,
}

/// For each body, what the others have in common with it: the digests of those with an offence of its own, and of them nothing but
/// these offences. It is what rule UN03 needs, and does not grow with the number of bodies.
pub fn offences_in_common<'d>(
    digests: impl IntoIterator<Item = &'d BodyDigest>,
) -> BTreeMap<String, Vec<BodyDigest>> {
    let digests: Vec<&BodyDigest> = digests.into_iter().collect();
    let mut held_by: HashMap<RecordKey, Vec<usize>> = HashMap::new();
    for (at, digest) in digests.iter().enumerate() {
        for offence in &digest.offences {
            held_by.entry(*offence).or_default().push(at);
        }
    }
    let mut common: BTreeMap<(usize, usize), BTreeSet<RecordKey>> = BTreeMap::new();
    for (offence, holders) in held_by.iter().filter(|(_, holders)| holders.len() > 1) {
        for own in holders {
            for other in holders.iter().filter(|other| *other != own) {
                common.entry((*own, *other)).or_default().insert(*offence);
            }
        }
    }
    let mut found: BTreeMap<String, Vec<BodyDigest>> =
        digests.iter().map(|digest| (digest.body.clone(), Vec::new())).collect();
    for ((own, other), offences) in common {
        let other = BodyDigest { body: digests[other].body.clone(), offences, ..BodyDigest::default() };
        found.entry(digests[own].body.clone()).or_default().push(other);
    }
    found
}

/// For each body, its people whom linkage joins to someone harmed at another body: the last piece of rule CN07.
/// `clusters` gives the person that a body's record belongs to.
pub fn harmed_elsewhere(
    digests: &[BodyDigest],
    clusters: &BTreeMap<(String, RecordKey), u64>,
) -> BTreeMap<String, BTreeSet<RecordKey>> {
    let mut harmed_at: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for digest in digests {
        for person in &digest.harmed {
            if let Some(cluster) = clusters.get(&(digest.body.clone(), *person)) {
                harmed_at.entry(*cluster).or_default().insert(&digest.body);
            }
        }
    }
    let mut found: BTreeMap<String, BTreeSet<RecordKey>> = BTreeMap::new();
    for ((body, person), cluster) in clusters {
        let elsewhere = harmed_at.get(cluster).is_some_and(|bodies| bodies.iter().any(|b| b != body));
        if elsewhere {
            found.entry(body.clone()).or_default().insert(*person);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_at_one_body_reaches_the_record_of_another_and_not_its_own() {
        let key = RecordKey;
        let digest = |body: &str, harmed: &[u128]| BodyDigest {
            body: body.to_owned(),
            offences: BTreeSet::new(),
            harmed: harmed.iter().copied().map(key).collect(),
            figures: Vec::new(),
        };
        let clusters = BTreeMap::from([
            (("police".to_owned(), key(1)), 10),
            (("council".to_owned(), key(2)), 10),
            (("council".to_owned(), key(3)), 11),
        ]);
        let found = harmed_elsewhere(&[digest("police", &[1]), digest("council", &[])], &clusters);
        assert_eq!(found.get("council"), Some(&BTreeSet::from([key(2)])));
        assert_eq!(found.get("police"), None);
    }

    #[test]
    fn bodies_are_told_of_offences_that_others_hold_too_and_of_no_more() {
        let of = |offences: &[u128]| offences.iter().copied().map(RecordKey).collect::<BTreeSet<_>>();
        let digest = |body: &str, offences: &[u128]| BodyDigest {
            body: body.to_owned(),
            offences: of(offences),
            ..BodyDigest::default()
        };
        let all = [digest("a", &[1, 2, 3]), digest("b", &[2, 4]), digest("c", &[2, 3, 5]), digest("d", &[6])];
        let found = offences_in_common(&all);
        assert_eq!(found["a"], [digest("b", &[2]), digest("c", &[2, 3])]);
        assert_eq!(found["b"], [digest("a", &[2]), digest("c", &[2])]);
        assert!(found["d"].is_empty());
    }
}
