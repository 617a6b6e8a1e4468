use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn pair(left: u32, right: u32, weight: f64) -> ScoredPair {
    ScoredPair { left, right, weight }
}

fn reference(records: u32, pairs: &[ScoredPair], keep: impl Fn(&ScoredPair) -> bool) -> Vec<u32> {
    let mut neighbours = vec![Vec::new(); records as usize];
    for pair in pairs.iter().filter(|p| keep(p)) {
        neighbours[pair.left as usize].push(pair.right);
        neighbours[pair.right as usize].push(pair.left);
    }
    let mut labels = vec![u32::MAX; records as usize];
    for start in 0..records {
        if labels[start as usize] != u32::MAX {
            continue;
        }
        let mut queue = VecDeque::from([start]);
        labels[start as usize] = start;
        while let Some(at) = queue.pop_front() {
            for &to in &neighbours[at as usize] {
                if labels[to as usize] == u32::MAX {
                    labels[to as usize] = start;
                    queue.push_back(to);
                }
            }
        }
    }
    labels
}

fn pieces(labels: &[u32], among: &[u32]) -> usize {
    among.iter().map(|&r| labels[r as usize]).collect::<BTreeSet<_>>().len()
}

prop_compose! {
    fn graphs()(records in 2u32..24)(
        pairs in prop::collection::vec((0..records, 0..records, -40i32..80), 0..60),
        records in Just(records),
    ) -> (u32, Vec<ScoredPair>) {
        let pairs = pairs.into_iter().filter(|(l, r, _)| l != r);
        (records, pairs.map(|(l, r, w)| pair(l, r, f64::from(w) / 4.0)).collect())
    }
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

proptest! {
    #[test]
    fn components_are_those_of_a_breadth_first_search((records, pairs) in graphs(), cut in -10i32..20) {
        let threshold = f64::from(cut);
        let (clusters, findings) = components(records, &pairs, threshold);
        prop_assert_eq!(clusters.labels(), reference(records, &pairs, |p| p.weight >= threshold));
        prop_assert!(findings.is_empty());
        let mut reversed = pairs.clone();
        reversed.reverse();
        prop_assert_eq!(&components(records, &reversed, threshold).0, &clusters);
        let several = components_at(records, &pairs, &[threshold, threshold + 5.0, threshold - 5.0]).0;
        prop_assert_eq!(&several[0], &clusters);
        prop_assert_eq!(&several[1], &components(records, &pairs, threshold + 5.0).0);
        prop_assert_eq!(&several[2], &components(records, &pairs, threshold - 5.0).0);
    }

    #[test]
    fn groups_hold_every_record_once((records, pairs) in graphs()) {
        let clusters = components(records, &pairs, 0.0).0;
        let groups = clusters.groups();
        prop_assert_eq!(groups.len(), clusters.count() as usize);
        let mut seen = Vec::new();
        for members in groups.iter() {
            prop_assert!(members.is_sorted());
            prop_assert!(members.iter().all(|&m| clusters.labels()[m as usize] == members[0]));
            seen.extend_from_slice(members);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..records).collect::<Vec<_>>());
        let shifted: Vec<u32> = clusters.labels().iter().map(|l| 1000 - l).collect();
        prop_assert_eq!(Clusters::from_labels(&shifted), clusters);
    }

    #[test]
    fn best_links_repeat_no_duplicate_free_source(
        (records, pairs) in graphs(), of in prop::collection::vec(0u16..4, 24), many in any::<bool>(),
    ) {
        // More than 64 duplicate-free sources make two of these share a bit.
        let of: Vec<u16> = of.iter().map(|s| if many { s * 64 } else { *s }).collect();
        let duplicate_free: Vec<u16> = if many { (0..=192).collect() } else { vec![0, 1, 2] };
        let sources = Sources { of: &of[..records as usize], duplicate_free: &duplicate_free };
        let (links, _) = best_links(records, &pairs, 0.0, sources);
        for members in links.clusters.groups().iter() {
            for (at, &a) in members.iter().enumerate() {
                prop_assert!(members[at + 1..].iter().all(|&b| !sources.clash(a, b)));
            }
        }
        let whole = components(records, &pairs, 0.0).0;
        for (part, component) in links.clusters.labels().iter().zip(whole.labels()) {
            prop_assert_eq!(whole.labels()[*part as usize], *component);
        }
        prop_assert_eq!(links.links.len() as u32, records - links.clusters.count());
        if links.refused == 0 {
            prop_assert_eq!(links.clusters, whole);
        }
    }

    #[test]
    fn one_to_one_links_no_record_twice_and_the_optimum_is_no_worse(
        (records, pairs) in graphs(), of in prop::collection::vec(0u16..2, 24),
    ) {
        let sources = &of[..records as usize];
        let total = |links: &Links| links.links.iter().map(|l| l.weight).sum::<f64>();
        let greedy = one_to_one(records, &pairs, 0.0, sources, Pairing::Greedy).0;
        let optimal = one_to_one(records, &pairs, 0.0, sources, Pairing::Optimal { largest: 50 }).0;
        for links in [&greedy, &optimal] {
            let mut ends: Vec<u32> = links.links.iter().flat_map(|l| [l.left, l.right]).collect();
            ends.sort_unstable();
            let count = ends.len();
            ends.dedup();
            prop_assert_eq!(ends.len(), count);
            prop_assert!(links.links.iter().all(|l| sources[l.left as usize] != sources[l.right as usize]));
            prop_assert_eq!(links.clusters.count(), records - links.links.len() as u32);
        }
        prop_assert!(total(&optimal) >= total(&greedy) - 1e-9);
        // Greedy takes at least half of the optimum (Avis 1983).
        prop_assert!(2.0 * total(&greedy) >= total(&optimal) - 1e-9);
    }

    #[test]
    fn bridges_and_articulation_records_are_those_found_by_taking_each_away((records, pairs) in graphs()) {
        let clusters = components(records, &pairs, 0.0).0;
        let (graphs, _) = cluster_graphs(&clusters, &pairs, 0.0, Sources::default());
        let linked = |p: &ScoredPair| p.weight >= 0.0;
        let groups = clusters.groups();
        for (graph, members) in graphs.iter().zip(groups.iter().filter(|g| g.len() > 1)) {
            prop_assert_eq!(graph.label, members[0]);
            let own: BTreeSet<(u32, u32)> = pairs.iter()
                .filter(|p| linked(p) && members.contains(&p.left))
                .map(|p| (p.left.min(p.right), p.left.max(p.right)))
                .collect();
            prop_assert_eq!(graph.edges, own.len() as u64);
            let bridges: Vec<(u32, u32)> = own.iter().copied()
                .filter(|&(l, r)| {
                    let without = reference(records, &pairs, |p| {
                        linked(p) && (p.left.min(p.right), p.left.max(p.right)) != (l, r)
                    });
                    pieces(&without, members) > 1
                })
                .collect();
            prop_assert_eq!(graph.bridges.iter().map(|b| (b.left, b.right)).collect::<Vec<_>>(), bridges);
            for bridge in &graph.bridges {
                let without = reference(records, &pairs, |p| {
                    linked(p) && (p.left.min(p.right), p.left.max(p.right)) != (bridge.left, bridge.right)
                });
                let side = |end: u32| {
                    let part: Vec<u32> =
                        members.iter().copied().filter(|&m| without[m as usize] == without[end as usize]).collect();
                    let edges = own.iter().filter(|(l, r)| part.contains(l) && part.contains(r)).count();
                    let all = part.len() * (part.len() - 1) / 2;
                    (part.len() as u32, if all == 0 { 1.0 } else { edges as f64 / all as f64 })
                };
                let (left, right) = (side(bridge.left), side(bridge.right));
                prop_assert_eq!(bridge.smaller_part, left.0.min(right.0));
                prop_assert!((bridge.least_density - left.1.min(right.1)).abs() < 1e-12);
            }
            let articulation: Vec<u32> = members.iter().copied()
                .filter(|&m| {
                    let without = reference(records, &pairs, |p| linked(p) && p.left != m && p.right != m);
                    let rest: Vec<u32> = members.iter().copied().filter(|&o| o != m).collect();
                    pieces(&without, &rest) > 1
                })
                .collect();
            prop_assert_eq!(&graph.articulation, &articulation);
        }
    }

    #[test]
    fn a_split_is_finer_than_its_components_and_no_worse_than_they_are((records, pairs) in graphs()) {
        let weight = |a: u32, b: u32| {
            pairs.iter().find(|p| (p.left.min(p.right), p.left.max(p.right)) == (a, b)).map_or(-6.0, |p| p.weight)
        };
        let whole = components(records, &pairs, 0.0).0;
        let total = |clusters: &Clusters| {
            let mut sum = 0.0;
            for a in 0..records {
                for b in a + 1..records {
                    if clusters.labels()[a as usize] == clusters.labels()[b as usize] {
                        sum += weight(a, b);
                    }
                }
            }
            sum
        };
        for cross in [CrossWeight::Mean, CrossWeight::Total] {
            let options = SplitOptions { rule: SplitRule::Correlation(cross), ..SplitOptions::default() };
            let (parts, _) = split(&whole, &pairs, Sources::default(), &weight, &options);
            for (part, component) in parts.labels().iter().zip(whole.labels()) {
                prop_assert_eq!(whole.labels()[*part as usize], *component);
            }
            prop_assert!(total(&parts) >= -1e-9);
        }
        let options = SplitOptions { rule: SplitRule::CompleteLinkage, ..SplitOptions::default() };
        let (parts, _) = split(&whole, &pairs, Sources::default(), &weight, &options);
        for members in parts.groups().iter() {
            for (at, &a) in members.iter().enumerate() {
                prop_assert!(members[at + 1..].iter().all(|&b| weight(a, b) > 0.0));
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_clusters() {
    let mut stream = crate::random::Stream::new(7, 1);
    let records = 200_000;
    let pairs: Vec<ScoredPair> = (0..WORTH_SHARING + 1000)
        .map(|_| {
            let (a, b) = (stream.below(u64::from(records)) as u32, stream.below(u64::from(records)) as u32);
            pair(a, b, stream.unit() * 20.0 - 10.0)
        })
        .filter(|p| p.left != p.right)
        .collect();
    let run = || {
        let of: Vec<u16> = (0..records).map(|r| (r % 5) as u16).collect();
        let sources = Sources { of: &of, duplicate_free: &[0, 1, 2, 3] };
        let joined = components(records, &pairs, 4.0).0;
        let weight = |a: u32, b: u32| f64::from((a * 31 + b * 17) % 41) - 20.0;
        let parts = split(
            &joined,
            &pairs,
            sources,
            &weight,
            &SplitOptions { largest: 60, ..SplitOptions::default() },
        );
        let graphs = cluster_graphs(&joined, &pairs, 4.0, sources).0;
        (best_links(records, &pairs, 4.0, sources).0, parts, graphs, joined)
    };
    let alone = on_threads(1, run);
    assert_eq!(alone.3.labels(), reference(records, &pairs, |p| p.weight >= 4.0));
    assert_eq!(alone, on_threads(2, run));
}

#[test]
fn pairs_that_cannot_be_used_are_named_and_the_rest_stands() {
    let pairs = [pair(0, 9, 5.0), pair(1, 1, 5.0), pair(0, 1, f64::NAN), pair(1, 2, f64::INFINITY)];
    let (clusters, findings) = components(3, &pairs, 0.0);
    assert_eq!(clusters.labels(), [0, 1, 1]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, "pair_unusable");
    assert!(findings[0].message.starts_with("3 of 4 pairs"), "{}", findings[0].message);
}

#[test]
fn no_records_is_no_clusters() {
    let (clusters, findings) = components(0, &[], 0.0);
    assert_eq!(clusters.count(), 0);
    assert!(clusters.groups().is_empty());
    assert!(findings.is_empty());
}

#[test]
fn the_strongest_link_to_a_source_wins() {
    let sources = Sources { of: &[0, 1, 1, 2], duplicate_free: &[0, 1, 2] };
    let pairs = [pair(0, 1, 4.0), pair(2, 0, 6.0), pair(1, 3, 5.0), pair(2, 3, 3.0)];
    let (links, findings) = best_links(4, &pairs, 0.0, sources);
    assert_eq!(links.clusters.labels(), [0, 1, 0, 1]);
    assert_eq!(links.refused, 2);
    assert!(findings.is_empty());
}

#[test]
fn pairing_by_the_largest_total_gives_up_the_strongest_pair_where_two_others_weigh_more() {
    let pairs = [pair(0, 2, 10.0), pair(0, 3, 9.0), pair(1, 2, 9.0)];
    let sources = [0, 0, 1, 1];
    let greedy = one_to_one(4, &pairs, 0.0, &sources, Pairing::Greedy).0;
    assert_eq!(greedy.links, [pair(0, 2, 10.0)]);
    let (optimal, _) = one_to_one(4, &pairs, 0.0, &sources, Pairing::Optimal { largest: 10 });
    assert_eq!(optimal.links, [pair(0, 3, 9.0), pair(1, 2, 9.0)]);
    let (cut, findings) = one_to_one(4, &pairs, 0.0, &sources, Pairing::Optimal { largest: 3 });
    assert_eq!(cut.links, greedy.links);
    assert_eq!(findings[0].code, "pairing_over_limit");
}

#[test]
fn two_dense_parts_on_one_link_and_a_repeated_source_are_worth_a_look() {
    let pairs = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5), (2, 3)].map(|(l, r)| pair(l, r, 8.0));
    let clusters = components(6, &pairs, 0.0).0;
    let sources = Sources { of: &[0, 1, 2, 3, 0, 4], duplicate_free: &[0, 1] };
    let (graphs, _) = cluster_graphs(&clusters, &pairs, 0.0, sources);
    assert_eq!(graphs.len(), 1);
    assert_eq!((graphs[0].size, graphs[0].edges, graphs[0].weakest), (6, 7, Some(8.0)));
    assert_eq!(graphs[0].articulation, [2, 3]);
    let concerns = worth_a_look(&graphs, GraphLimits::default());
    let bridge = Bridge { left: 2, right: 3, weight: 8.0, smaller_part: 3, least_density: 1.0 };
    assert_eq!(
        concerns,
        [
            ClusterConcern::DensePartsBridged { label: 0, bridge },
            ClusterConcern::SourceRepeated { label: 0, left: 0, right: 4 },
        ]
    );
}
