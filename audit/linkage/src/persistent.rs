//! Cluster ids that stay with their people when records are added and linkage is run again.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use candour_record::{Finding, Severity};

use crate::Clusters;

/// The lasting id of a cluster. Ids count up and are never given twice.
pub type ClusterId = u64;

/// What became of clusters between two runs.
///
/// Every id of the new run has one `Kept` or one `New`; every id of the old run that is not kept has one `Gone`. `Merged` and
/// `Split` say in addition which ids flowed together and which parted, so that the two runs can be followed both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterEvent<K> {
    /// A cluster goes on under its id.
    Kept {
        /// The id.
        id: ClusterId,
        /// Records that were not in it before.
        added: Vec<K>,
        /// Records that are not in it any more.
        left: Vec<K>,
    },
    /// A cluster holds records of several old ones.
    Merged {
        /// Its id now.
        into: ClusterId,
        /// The old ids, ascending, each with its records that are here now.
        from: Vec<(ClusterId, Vec<K>)>,
    },
    /// The records of an old cluster are in several now.
    Split {
        /// The old id.
        from: ClusterId,
        /// The ids now, ascending, each with the records that went there.
        into: Vec<(ClusterId, Vec<K>)>,
    },
    /// A cluster that takes no old id.
    New {
        /// Its id.
        id: ClusterId,
        /// Its records.
        records: Vec<K>,
    },
    /// No cluster has this id any more.
    Gone {
        /// The id.
        id: ClusterId,
        /// The records that had it and are no longer in the input; those still there are named by `Merged` or `Split`.
        records: Vec<K>,
    },
}

/// Lasting ids for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastingIds<K> {
    /// The id of each record's cluster, by record number.
    pub ids: Vec<ClusterId>,
    /// The id that the next new cluster gets: keep it for the next run.
    pub next: ClusterId,
    /// What became of clusters: `Kept`, then `New`, `Merged`, `Split` and `Gone`, each by id.
    pub events: Vec<ClusterEvent<K>>,
}

/// Gives the clusters of a new run the ids of an old one.
///
/// `old` holds the id of each record of the old run by its key (source and id, as the caller writes it), `keys` the key of
/// each record of the new run by its number, and `next` the first id not given yet. Of an old cluster and a new one that
/// share records, those that share most go together first (then the smaller id, then the smaller record number); an id
/// goes to one cluster only. A cluster that gets none takes a new id, in the order of smallest record numbers.
pub fn lasting_ids<K: Clone + Eq + Hash + Ord, S: BuildHasher>(
    old: &HashMap<K, ClusterId, S>,
    keys: &[K],
    clusters: &Clusters,
    next: ClusterId,
) -> (LastingIds<K>, Vec<Finding>) {
    let mut findings = Vec::new();
    let labels = clusters.labels();
    if labels.len() != keys.len() {
        let message = format!(
            "{} keys are given for {} clustered records; only the first {} get an id. Give a key for each record",
            keys.len(),
            labels.len(),
            labels.len().min(keys.len())
        );
        findings.push(Finding::new(Severity::Error, "keys_missing", message));
    }
    let mut next = next.max(old.values().max().map_or(0, |max| max.saturating_add(1)));

    // Each record's old id beside its new cluster; a key that comes twice counts once.
    let mut seen = HashMap::with_capacity(keys.len());
    let mut flows: Vec<(Option<ClusterId>, u32, u32)> = Vec::with_capacity(keys.len());
    for (record, (key, &label)) in keys.iter().zip(labels).enumerate() {
        let first = *seen.entry(key).or_insert(record);
        let id = if first == record { old.get(key).copied() } else { None };
        if first != record && !findings.iter().any(|f| f.code == "key_repeated") {
            let message = format!(
                "records {first} and {record} have the same key, and there may be more; only the first carries its old id \
                 on. Make keys unique, for instance by the name of the source"
            );
            findings.push(Finding::new(Severity::Error, "key_repeated", message));
        }
        flows.push((id, label, record as u32));
    }
    flows.sort_unstable();

    // Runs of records that went from one old id to one new cluster.
    let runs: Vec<&[(Option<ClusterId>, u32, u32)]> =
        flows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|run| run[0].0.is_some()).collect();
    let mut by_overlap: Vec<(usize, ClusterId, u32)> =
        runs.iter().map(|run| (run.len(), run[0].0.unwrap_or_default(), run[0].1)).collect();
    by_overlap.sort_unstable_by_key(|&(overlap, id, label)| (std::cmp::Reverse(overlap), id, label));
    let mut id_of: HashMap<u32, ClusterId> = HashMap::new();
    let mut label_of: HashMap<ClusterId, u32> = HashMap::new();
    for (_, id, label) in by_overlap {
        if !label_of.contains_key(&id) && !id_of.contains_key(&label) {
            label_of.insert(id, label);
            id_of.insert(label, id);
        }
    }

    let key = |record: u32| keys[record as usize].clone();
    let groups = clusters.groups();
    let mut new = Vec::new();
    for members in groups.iter() {
        let named: Vec<K> = members.iter().filter(|&&m| (m as usize) < keys.len()).map(|&m| key(m)).collect();
        if named.is_empty() || id_of.contains_key(&members[0]) {
            continue;
        }
        id_of.insert(members[0], next);
        new.push(ClusterEvent::New { id: next, records: sorted(named) });
        next = next.saturating_add(1);
    }
    let ids: Vec<ClusterId> =
        labels.iter().take(keys.len()).map(|label| id_of.get(label).copied().unwrap_or_default()).collect();

    // Records of the old run by old id, with their id now.
    let mut before: Vec<(ClusterId, &K, Option<ClusterId>)> =
        old.iter().map(|(key, &id)| (id, key, seen.get(key).map(|&record| ids[record]))).collect();
    before.sort_unstable();
    let mut kept = Vec::new();
    let mut split = Vec::new();
    let mut gone = Vec::new();
    for run in before.chunk_by(|a, b| a.0 == b.0) {
        let id = run[0].0;
        let away = |now: &Option<ClusterId>| *now != Some(id);
        if let Some(&label) = label_of.get(&id) {
            let left = run.iter().filter(|(_, _, now)| away(now)).map(|(_, key, _)| (*key).clone()).collect();
            let at = clusters_index(&groups, label);
            let added = groups
                .get(at)
                .iter()
                .filter(|&&m| (m as usize) < keys.len() && old.get(&keys[m as usize]) != Some(&id))
                .map(|&m| key(m))
                .collect();
            kept.push(ClusterEvent::Kept { id, added: sorted(added), left });
        } else {
            let missing =
                run.iter().filter(|(_, _, now)| now.is_none()).map(|(_, key, _)| (*key).clone()).collect();
            gone.push(ClusterEvent::Gone { id, records: missing });
        }
        let into =
            by_id(run.iter().filter_map(|(_, key, now)| now.map(|now| (now, (*key).clone()))).collect());
        if into.len() > 1 {
            split.push(ClusterEvent::Split { from: id, into });
        }
    }

    // Records of the new run that were in the old one, by id now, with their old id.
    let mut arrived: Vec<(ClusterId, ClusterId, &K)> =
        before.iter().filter_map(|&(id, key, now)| Some((now?, id, key))).collect();
    arrived.sort_unstable();
    let mut merged = Vec::new();
    for run in arrived.chunk_by(|a, b| a.0 == b.0) {
        let from = by_id(run.iter().map(|&(_, id, key)| (id, key.clone())).collect());
        if from.len() > 1 {
            merged.push(ClusterEvent::Merged { into: run[0].0, from });
        }
    }
    let events = kept.into_iter().chain(new).chain(merged).chain(split).chain(gone).collect();
    (LastingIds { ids, next, events }, findings)
}

/// The place of a cluster among the groups, by its label.
fn clusters_index(groups: &crate::Groups, label: u32) -> usize {
    let (mut low, mut high) = (0, groups.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if groups.get(middle).first().is_some_and(|&first| first < label) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn sorted<K: Ord>(mut keys: Vec<K>) -> Vec<K> {
    keys.sort_unstable();
    keys
}

fn by_id<K: Clone + Ord>(mut of: Vec<(ClusterId, K)>) -> Vec<(ClusterId, Vec<K>)> {
    of.sort_unstable();
    of.chunk_by(|a, b| a.0 == b.0)
        .map(|run| (run[0].0, run.iter().map(|(_, key)| key.clone()).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::ClusterEvent::*;
    use super::*;

    fn check(
        old: &[(&'static str, ClusterId)],
        new: &[(&'static str, u32)],
        ids: &[ClusterId],
        events: &[ClusterEvent<&'static str>],
    ) {
        let old: HashMap<&str, ClusterId> = old.iter().copied().collect();
        let (keys, labels): (Vec<&str>, Vec<u32>) = new.iter().copied().unzip();
        let (lasting, findings) = lasting_ids(&old, &keys, &Clusters::from_labels(&labels), 10);
        assert_eq!(lasting.ids, ids);
        assert_eq!(lasting.events, events);
        assert!(findings.is_empty());
    }

    #[test]
    fn a_record_added_leaves_ids_as_they_are() {
        check(
            &[("a", 4), ("b", 4), ("c", 5)],
            &[("c", 0), ("a", 1), ("n", 1), ("b", 1), ("m", 2)],
            &[5, 4, 4, 4, 10],
            &[
                Kept { id: 4, added: vec!["n"], left: vec![] },
                Kept { id: 5, added: vec![], left: vec![] },
                New { id: 10, records: vec!["m"] },
            ],
        );
    }

    #[test]
    fn a_merge_keeps_the_id_that_brings_most() {
        check(
            &[("a", 1), ("b", 2), ("c", 2)],
            &[("a", 0), ("b", 0), ("c", 0)],
            &[2, 2, 2],
            &[
                Kept { id: 2, added: vec!["a"], left: vec![] },
                Merged { into: 2, from: vec![(1, vec!["a"]), (2, vec!["b", "c"])] },
                Gone { id: 1, records: vec![] },
            ],
        );
    }

    #[test]
    fn equal_shares_keep_the_smaller_id() {
        check(
            &[("a", 7), ("b", 3)],
            &[("a", 0), ("b", 0)],
            &[3, 3],
            &[
                Kept { id: 3, added: vec!["a"], left: vec![] },
                Merged { into: 3, from: vec![(3, vec!["b"]), (7, vec!["a"])] },
                Gone { id: 7, records: vec![] },
            ],
        );
    }

    #[test]
    fn a_split_leaves_the_id_with_the_larger_part() {
        check(
            &[("a", 1), ("b", 1), ("c", 1), ("z", 2)],
            &[("a", 0), ("b", 1), ("c", 1)],
            &[10, 1, 1],
            &[
                Kept { id: 1, added: vec![], left: vec!["a"] },
                New { id: 10, records: vec!["a"] },
                Split { from: 1, into: vec![(1, vec!["b", "c"]), (10, vec!["a"])] },
                Gone { id: 2, records: vec!["z"] },
            ],
        );
    }

    #[test]
    fn a_key_given_twice_and_keys_too_few_are_named() {
        let old = HashMap::from([("a", 1)]);
        let (lasting, findings) = lasting_ids(&old, &["a", "a"], &Clusters::singletons(3), 0);
        assert_eq!(lasting.ids, [1, 2]);
        assert_eq!(lasting.next, 3);
        let codes: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["keys_missing", "key_repeated"]);
    }

    proptest! {
        #[test]
        fn ids_follow_clusters_and_the_log_explains_every_change(
            old in prop::collection::btree_map(0u32..25, 0u64..8, 0..20),
            new in prop::collection::btree_map(0u32..25, 0u32..8, 1..20),
        ) {
            let old: HashMap<u32, ClusterId> = old.into_iter().collect();
            let (keys, labels): (Vec<u32>, Vec<u32>) = new.into_iter().unzip();
            let clusters = Clusters::from_labels(&labels);
            let (lasting, _) = lasting_ids(&old, &keys, &clusters, 0);
            // One id for each cluster and one cluster for each id.
            let both: BTreeSet<(u32, ClusterId)> = labels.iter().copied().zip(lasting.ids.iter().copied()).collect();
            prop_assert_eq!(both.len(), clusters.count() as usize);
            prop_assert_eq!(both.iter().map(|b| b.1).collect::<BTreeSet<_>>().len(), both.len());
            // The old run and the log give the new run.
            let mut replayed: BTreeMap<u32, ClusterId> = old.iter().map(|(k, id)| (*k, *id)).collect();
            let mut ended = BTreeSet::new();
            for event in &lasting.events {
                match event {
                    Kept { id, added, left } => {
                        for key in left {
                            if replayed.get(key) == Some(id) { replayed.remove(key); }
                        }
                        for key in added { replayed.insert(*key, *id); }
                    }
                    New { id, records } => for key in records { replayed.insert(*key, *id); },
                    Gone { id, records } => {
                        ended.insert(*id);
                        for key in records { replayed.remove(key); }
                    }
                    Merged { into, from } => {
                        prop_assert!(from.len() > 1);
                        for key in from.iter().flat_map(|(_, keys)| keys) {
                            prop_assert_eq!(lasting.ids[keys.binary_search(key).unwrap()], *into);
                        }
                    }
                    Split { from, into } => {
                        prop_assert!(into.len() > 1);
                        for key in into.iter().flat_map(|(_, keys)| keys) {
                            prop_assert_eq!(old[key], *from);
                        }
                    }
                }
            }
            let now: BTreeMap<u32, ClusterId> = keys.iter().copied().zip(lasting.ids.iter().copied()).collect();
            prop_assert_eq!(replayed, now);
            let old_ids: BTreeSet<ClusterId> = old.values().copied().collect();
            let new_ids: BTreeSet<ClusterId> = lasting.ids.iter().copied().collect();
            prop_assert_eq!(ended, old_ids.difference(&new_ids).copied().collect::<BTreeSet<_>>());
            // Nothing new: nothing changes.
            let same: HashMap<u32, ClusterId> = keys.iter().copied().zip(lasting.ids.iter().copied()).collect();
            let again = lasting_ids(&same, &keys, &clusters, lasting.next).0;
            prop_assert_eq!(again.ids, lasting.ids);
            let unchanged = |e: &ClusterEvent<u32>| matches!(e, Kept { added, left, .. } if added.is_empty() && left.is_empty());
            prop_assert!(again.events.iter().all(unchanged));
        }
    }
}
