//! The shape of a cluster: how many of its pairs are linked, and which single link or record holds it together.

use candour_record::Finding;
use rayon::prelude::*;

use super::{Clusters, Sources, strongest_first, unusable_pairs};
use crate::ScoredPair;

/// A cluster of two records or more as a graph, its edges the pairs at or above the threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterGraph {
    /// Its label: its smallest record number.
    pub label: u32,
    /// Records.
    pub size: u32,
    /// Linked pairs, each once.
    pub edges: u64,
    /// Linked pairs over all pairs of its records, 0 to 1.
    pub density: f64,
    /// The weakest linked pair's weight, in bits; `None` without edges.
    pub weakest: Option<f64>,
    /// Links without which the cluster would fall apart (Tarjan 1974, *Inf. Process. Lett.* 2, 160–161).
    pub bridges: Vec<Bridge>,
    /// Records without which it would fall apart (articulation points), ascending.
    pub articulation: Vec<u32>,
    /// Pairs of records of one duplicate-free source, as `(smaller, larger)`, each record with the next of its source.
    pub repeated_sources: Vec<(u32, u32)>,
}

/// A link without which a cluster would fall apart, and the two parts that it joins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bridge {
    /// The smaller record number.
    pub left: u32,
    /// The larger.
    pub right: u32,
    /// Its weight, in bits.
    pub weight: f64,
    /// Records in the smaller part.
    pub smaller_part: u32,
    /// Linked pairs over all pairs in the sparser part, 0 to 1; 1 for a part of one record.
    pub least_density: f64,
}

/// From when on a cluster is worth a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphLimits {
    /// A bridge counts when both parts have at least this many records.
    pub part_size: u32,
    /// And at least this density.
    pub part_density: f64,
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self { part_size: 3, part_density: 0.6 }
    }
}

/// Why a cluster is worth a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClusterConcern {
    /// One link joins two parts that each hold together by themselves: likely two people.
    DensePartsBridged {
        /// The cluster's label.
        label: u32,
        /// The link.
        bridge: Bridge,
    },
    /// Two records of a source that holds each person at most once.
    SourceRepeated {
        /// The cluster's label.
        label: u32,
        /// One record.
        left: u32,
        /// The other.
        right: u32,
    },
}

/// The graph of every cluster with at least two records, in the order of labels. A pair between two clusters belongs to
/// neither.
pub fn cluster_graphs(
    clusters: &Clusters,
    pairs: &[ScoredPair],
    threshold: f64,
    sources: Sources<'_>,
) -> (Vec<ClusterGraph>, Vec<Finding>) {
    let records = clusters.records();
    let mut findings = unusable_pairs(records, pairs);
    sources.check(records, &mut findings);
    let labels = clusters.labels();
    let inside = |pair: &ScoredPair| labels[pair.left as usize] == labels[pair.right as usize];
    let mut edges = strongest_first(records, pairs, threshold, inside);
    // Stable: of a pair that is given twice, the stronger stays.
    edges.par_sort_by_key(|pair| (labels[pair.left as usize], pair.left, pair.right));
    edges.dedup_by_key(|pair| (pair.left, pair.right));
    let groups = clusters.groups();
    let graphs = (0..groups.len())
        .into_par_iter()
        .with_min_len(256)
        .filter(|&cluster| groups.get(cluster).len() > 1)
        .map(|cluster| {
            let members = groups.get(cluster);
            let label = members[0];
            let from = edges.partition_point(|pair| labels[pair.left as usize] < label);
            let count = edges[from..].partition_point(|pair| labels[pair.left as usize] == label);
            graph(members, &edges[from..from + count], &sources)
        })
        .collect();
    (graphs, findings)
}

/// The clusters worth a look, in the order of their graphs.
pub fn worth_a_look(graphs: &[ClusterGraph], limits: GraphLimits) -> Vec<ClusterConcern> {
    let mut concerns = Vec::new();
    for graph in graphs {
        let label = graph.label;
        concerns.extend(
            graph
                .bridges
                .iter()
                .filter(|b| b.smaller_part >= limits.part_size && b.least_density >= limits.part_density)
                .map(|&bridge| ClusterConcern::DensePartsBridged { label, bridge }),
        );
        concerns.extend(graph.repeated_sources.iter().map(|&(left, right)| ClusterConcern::SourceRepeated {
            label,
            left,
            right,
        }));
    }
    concerns
}

fn graph(members: &[u32], edges: &[ScoredPair], sources: &Sources<'_>) -> ClusterGraph {
    let n = members.len() as u64;
    let place = |record: u32| members.binary_search(&record).unwrap_or_default();
    let mut neighbours: Vec<Vec<(usize, usize)>> = vec![Vec::new(); members.len()];
    for (number, edge) in edges.iter().enumerate() {
        let (a, b) = (place(edge.left), place(edge.right));
        neighbours[a].push((b, number));
        neighbours[b].push((a, number));
    }
    let (bridges, articulation) = weak_points(members, edges, &neighbours);
    let mut by_source: Vec<(u16, u32)> = members
        .iter()
        .filter_map(|&record| Some((*sources.of.get(record as usize)?, record)))
        .filter(|(source, _)| sources.duplicate_free.contains(source))
        .collect();
    by_source.sort_unstable();
    let repeated_sources =
        by_source.windows(2).filter(|two| two[0].0 == two[1].0).map(|two| (two[0].1, two[1].1)).collect();
    ClusterGraph {
        label: members.first().copied().unwrap_or_default(),
        size: members.len() as u32,
        edges: edges.len() as u64,
        density: density(edges.len() as u64, n),
        weakest: edges.iter().map(|edge| edge.weight).reduce(f64::min),
        bridges,
        articulation,
        repeated_sources,
    }
}

fn density(edges: u64, records: u64) -> f64 {
    if records < 2 { 1.0 } else { edges as f64 / ((records * (records - 1)) as f64 / 2.0) }
}

/// Bridges and articulation points by depth-first search with low points, without recursion. A graph in several pieces
/// is searched piece by piece.
fn weak_points(
    members: &[u32],
    edges: &[ScoredPair],
    neighbours: &[Vec<(usize, usize)>],
) -> (Vec<Bridge>, Vec<u32>) {
    struct Step {
        at: usize,
        by: Option<(usize, usize)>,
        next: usize,
        /// Records and ends of edges in the subtree searched so far.
        records: u64,
        ends: u64,
        children: u32,
    }
    let n = members.len();
    let (mut entered, mut low) = (vec![0u32; n], vec![0u32; n]);
    let mut clock = 0;
    let mut cuts = vec![false; n];
    let mut bridges = Vec::new();
    for start in 0..n {
        if entered[start] > 0 {
            continue;
        }
        let first_bridge = bridges.len();
        let mut path = vec![Step { at: start, by: None, next: 0, records: 1, ends: 0, children: 0 }];
        clock += 1;
        entered[start] = clock;
        low[start] = clock;
        let (mut piece_records, mut piece_ends) = (1, 0);
        while let Some(step) = path.last_mut() {
            let at = step.at;
            if let Some(&(to, edge)) = neighbours[at].get(step.next) {
                step.next += 1;
                step.ends += 1;
                if step.by.is_some_and(|(_, came)| came == edge) {
                    continue;
                }
                if entered[to] > 0 {
                    low[at] = low[at].min(entered[to]);
                } else {
                    step.children += 1;
                    clock += 1;
                    entered[to] = clock;
                    low[to] = clock;
                    path.push(Step {
                        at: to,
                        by: Some((at, edge)),
                        next: 0,
                        records: 1,
                        ends: 0,
                        children: 0,
                    });
                }
                continue;
            }
            let (records, ends, by, children) = (step.records, step.ends, step.by, step.children);
            path.pop();
            let (Some((parent, edge)), Some(above)) = (by, path.last_mut()) else {
                cuts[at] = children > 1;
                (piece_records, piece_ends) = (records, ends);
                break;
            };
            above.records += records;
            above.ends += ends;
            low[parent] = low[parent].min(low[at]);
            if low[at] >= entered[parent] && above.by.is_some() {
                cuts[parent] = true;
            }
            if low[at] > entered[parent] {
                // For now the part below; the part above is known when the piece is.
                bridges.push((edge, records, ends));
            }
        }
        for (_, records, ends) in &mut bridges[first_bridge..] {
            let (below, above) = (*records, piece_records - *records);
            // All ends below but one belong to edges below.
            let (edges_below, edges_above) = ((*ends - 1) / 2, (piece_ends - *ends - 1) / 2);
            *records = below.min(above);
            *ends = density(edges_below, below).min(density(edges_above, above)).to_bits();
        }
    }
    let mut bridges: Vec<Bridge> = bridges
        .into_iter()
        .map(|(edge, smaller, density)| Bridge {
            left: edges[edge].left,
            right: edges[edge].right,
            weight: edges[edge].weight,
            smaller_part: smaller as u32,
            least_density: f64::from_bits(density),
        })
        .collect();
    bridges.sort_unstable_by_key(|bridge| (bridge.left, bridge.right));
    let articulation =
        members.iter().zip(&cuts).filter(|&(_, cut)| *cut).map(|(&record, _)| record).collect();
    (bridges, articulation)
}
