//! Pairs of bit arrays whose Dice coefficient reaches a threshold.
//!
//! For arrays with `a` and `b` bits set of which `c` are set in both, the Dice coefficient is `2c / (a + b)`. With the threshold
//! as a fraction `N / D`, a pair is kept if `2Dc >= N(a + b)`: whole numbers only. Three things save work, and none loses a pair:
//!
//! - Length bands: as `c <= min(a, b)`, only partners with `b` between `a t / (2 - t)` and `a (2 - t) / t` can match.
//!   Records are sorted by how many bits they have, so these are a run.
//! - Leading words: with `c1` common bits in the first words and `a2`, `b2` bits set in the rest, `c <= c1 + (a2 + b2) / 2`. So a pair
//!   is dropped if `2D c1 < (N a - D a2) + (N b - D b2)`, of which the right side is one sum of two stored numbers.
//!   How many words lead is chosen on a sample.
//! - Lanes: four partners are tested at once, their leading words laid side by side, with bits counted by table look-up
//!   in half bytes (Mula, Kurz and Lemire 2018) where the processor has AVX2.

#![expect(
    clippy::inline_always,
    reason = "code of a vector function is compiled for its processor only where it is inlined into it"
)]

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use rayon::prelude::*;

use super::table::Encodings;
use crate::error::LinkageError;
use crate::random::Stream;

/// Thresholds are millionths.
const D: i64 = 1_000_000;
/// Partners tested at once.
const LANES: usize = 4;
/// Records of one task.
const TILE: usize = 64;
/// Groups of partners that are passed over before the next record's turn: 24 kB at six leading words.
const NEAR: usize = 128;
/// A lane with nobody in it: no count reaches this.
const NOBODY: i64 = i64::MAX / 4;

/// Two encoded records and how alike they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncodedPair {
    /// Record of the first set, from 0.
    pub left: u32,
    /// Record of the second set, from 0.
    pub right: u32,
    /// Dice coefficient, 0 to 1.
    pub dice: f64,
}

/// Which of the pairs that reach the threshold are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// Those among the best so many of the left record (within one set: of either record). Ties go to the record that
    /// comes first.
    Best(u32),
    /// Each record in one pair at most: pairs are taken in descending order of their Dice coefficient, then of left and right
    /// record, whenever both are still free.
    OneToOne,
}

/// Which pairs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EncodedBlocking {
    /// All: complete.
    #[default]
    None,
    /// Those with one of their keyed blocks in common (`[[block]]` of the schema).
    Keys,
    /// Those that agree in all of `bits` seeded bits in one of `tables` tables (bit sampling for Hamming distance; Indyk and
    /// Motwani 1998). The share of true pairs found is [`bit_sampling_recall`].
    Bits {
        /// Tables, 1 to 256.
        tables: u16,
        /// Bits of each, 1 to 64.
        bits: u16,
        /// Seed by which bits are chosen.
        seed: u64,
    },
}

/// How encoded records are matched.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchSettings {
    /// Least Dice coefficient, above 0 and up to 1, taken to the nearest millionth.
    pub threshold: f64,
    /// Which pairs are kept.
    pub selection: Selection,
    /// Which pairs are looked at.
    pub blocking: EncodedBlocking,
    /// Fields that both records must have.
    pub shared_fields: u32,
    /// Pairs held at once at most; more are an error, not a loss.
    pub limit: u64,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            threshold: 0.8,
            selection: Selection::All,
            blocking: EncodedBlocking::None,
            shared_fields: 0,
            limit: 100_000_000,
        }
    }
}

/// Pairs found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatchOutcome {
    /// In descending order of the Dice coefficient, then by left and right record.
    pub pairs: Vec<EncodedPair>,
    /// Pairs that the blocking brought together, before length bands; one that several blocks bring together counts in each.
    pub candidates: u64,
}

/// The share of pairs at a Hamming distance that bit sampling finds: `1 - (1 - (1 - h/n)^bits)^tables`.
///
/// `differing` is *h/n*, the share of bits in which the pair differs. A pair with Dice coefficient *s* and *a* and *b* bits set differs in
/// `(a + b)(1 - s)` bits.
pub fn bit_sampling_recall(differing: f64, bits: u16, tables: u16) -> f64 {
    1.0 - (1.0 - (1.0 - differing).powi(i32::from(bits))).powi(i32::from(tables))
}

/// Matches two sets. Both must be encoded by one schema and secret.
///
/// The result is the same, to the byte, at any number of threads and on any processor.
///
/// # Errors
/// Sets that were not encoded alike, settings out of range, and more pairs than the limit.
pub fn match_encodings(
    left: &Encodings,
    right: &Encodings,
    settings: &MatchSettings,
) -> Result<MatchOutcome, LinkageError> {
    run(left, Some(right), settings, &Engine::best())
}

/// Matches a set with itself; each pair once, with the record that comes first on the left.
///
/// # Errors
/// As [`match_encodings`].
pub fn match_within(set: &Encodings, settings: &MatchSettings) -> Result<MatchOutcome, LinkageError> {
    run(set, None, settings, &Engine::best())
}

fn refuse<T>(reason: String) -> Result<T, LinkageError> {
    Err(LinkageError::Settings(reason))
}

fn run(
    left: &Encodings,
    right: Option<&Encodings>,
    settings: &MatchSettings,
    engine: &Engine,
) -> Result<MatchOutcome, LinkageError> {
    let n = (settings.threshold * D as f64).round();
    if !(n >= 1.0 && n <= D as f64) {
        return refuse(format!("threshold = {} must be above 0 and at most 1", settings.threshold));
    }
    let other = right.unwrap_or(left);
    if left.is_empty() || other.is_empty() {
        return Ok(MatchOutcome::default());
    }
    if left.stride != other.stride {
        return refuse(format!(
            "one set has arrays of {} bits and the other of {}; encode both with one schema",
            left.bits(),
            other.bits()
        ));
    }
    if let (Some(a), Some(b)) = (left.scheme(), other.scheme())
        && a != b
    {
        let what = if a.split('-').next() == b.split('-').next() { "secrets" } else { "schemas" };
        return refuse(format!(
            "the sets were encoded with different {what} ({a} and {b}); encode both again with one"
        ));
    }
    if settings.shared_fields > left.fields.min(other.fields) {
        return refuse(format!(
            "shared_fields = {} is more than the {} fields that the records have",
            settings.shared_fields,
            left.fields.min(other.fields)
        ));
    }
    let job = Job {
        n: n as i64,
        within: right.is_none(),
        settings,
        left: Sorted::new(left),
        right: right.map(Sorted::new),
        found: AtomicU64::new(0),
    };
    let (mut pairs, candidates) = match settings.blocking {
        EncodedBlocking::None => (job.all(engine), pairs_of(left.len(), right.map(Encodings::len))),
        EncodedBlocking::Keys => {
            if left.block_count == 0 || left.block_count != other.block_count {
                return refuse(
                    "blocking by keys needs the same [[block]] entries in both sets' schema; add one and encode again"
                        .to_owned(),
                );
            }
            job.blocked(engine, left.block_count, |table, side, place| {
                let record = side.order.get(place).copied().unwrap_or(0) as usize;
                side.set.blocks.get(record * side.set.block_count + table).copied().filter(|k| *k != 0)
            })
        }
        EncodedBlocking::Bits { tables, bits, seed } => {
            if tables == 0 || tables > 256 || bits == 0 || bits > 64 {
                return refuse(format!(
                    "{tables} tables of {bits} bits; 1 to 256 tables of 1 to 64 bits can be made"
                ));
            }
            let mut stream = Stream::new(seed, 1);
            let chosen: Vec<Vec<usize>> = (0..tables)
                .map(|_| (0..bits).map(|_| stream.below(left.bits() as u64) as usize).collect())
                .collect();
            job.blocked(engine, usize::from(tables), |table, side, place| {
                let row = side.row(place);
                chosen.get(table).map(|bits| {
                    bits.iter().fold(0, |key, bit| {
                        key << 1 | row.get(bit / 64).copied().unwrap_or(0) >> (63 - bit % 64) & 1
                    })
                })
            })
        }
    };
    if job.found.load(Memory::Relaxed) > settings.limit {
        return refuse(format!(
            "more than {} pairs reach the threshold {}; raise the threshold or the limit, or block",
            settings.limit, settings.threshold
        ));
    }
    pairs.par_sort_unstable_by(order);
    pairs.dedup_by_key(|p| (p.left, p.right));
    select(&mut pairs, settings.selection, (left.len(), other.len()), job.within);
    Ok(MatchOutcome { pairs, candidates })
}

fn pairs_of(left: usize, right: Option<usize>) -> u64 {
    let left = left as u64;
    right.map_or(left * left.saturating_sub(1) / 2, |right| left * right as u64)
}

fn order(a: &EncodedPair, b: &EncodedPair) -> Ordering {
    b.dice.total_cmp(&a.dice).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right))
}

fn select(pairs: &mut Vec<EncodedPair>, selection: Selection, (left, right): (usize, usize), within: bool) {
    match selection {
        Selection::All => {}
        Selection::Best(most) => {
            let mut taken = vec![0u32; left];
            pairs.retain(|pair| {
                let mut keep = false;
                for record in [Some(pair.left), within.then_some(pair.right)].into_iter().flatten() {
                    if let Some(count) = taken.get_mut(record as usize) {
                        keep |= *count < most;
                        *count += 1;
                    }
                }
                keep
            });
        }
        Selection::OneToOne => {
            let mut used = [vec![false; left], vec![false; if within { 0 } else { right }]];
            pairs.retain(|pair| {
                let sides = [(0, pair.left as usize), (usize::from(!within), pair.right as usize)];
                let is_used = |(side, record): (usize, usize)| {
                    used.get(side).and_then(|u| u.get(record)) != Some(&false)
                };
                if sides.into_iter().any(is_used) {
                    return false;
                }
                for (side, record) in sides {
                    if let Some(mark) = used.get_mut(side).and_then(|u| u.get_mut(record)) {
                        *mark = true;
                    }
                }
                true
            });
        }
    }
}

/// A set in ascending order of bits set, then of record; empty arrays are left out, as they match nothing.
struct Sorted<'a> {
    set: &'a Encodings,
    order: Vec<u32>,
    ones: Vec<u32>,
    rows: Vec<u64>,
}

impl<'a> Sorted<'a> {
    fn new(set: &'a Encodings) -> Self {
        let stride = set.stride;
        let mut order: Vec<(u32, u32)> = set
            .words
            .chunks_exact(stride)
            .zip(0..)
            .map(|(row, record)| (row.iter().map(|w| w.count_ones()).sum(), record))
            .filter(|(ones, _)| *ones > 0)
            .collect();
        order.par_sort_unstable();
        let mut rows = Vec::with_capacity(order.len() * stride);
        for (_, record) in &order {
            rows.extend_from_slice(set.words(*record).unwrap_or_default());
        }
        let (ones, order) = order.into_iter().unzip();
        Self { set, order, ones, rows }
    }

    fn row(&self, place: usize) -> &[u64] {
        let stride = self.set.stride;
        self.rows.get(place * stride..(place + 1) * stride).unwrap_or_default()
    }

    /// `N x - D x2` for an array with `x` bits set, `x2` of them behind the leading words.
    fn share(&self, place: usize, n: i64, lead: usize) -> i64 {
        let rest: u32 = self.row(place).iter().skip(lead).map(|w| w.count_ones()).sum();
        n * i64::from(self.ones.get(place).copied().unwrap_or(0)) - D * i64::from(rest)
    }

    /// The run of places whose arrays are not too short and not too long for one with `a` bits.
    fn band(&self, a: u32, n: i64) -> (usize, usize) {
        let a = i64::from(a);
        let start = self.ones.partition_point(|b| i64::from(*b) * (2 * D - n) < a * n);
        let end = self.ones.partition_point(|b| i64::from(*b) * n <= a * (2 * D - n));
        (start, end.max(start))
    }
}

/// Leading words of four partners side by side, and what each adds to the bound.
struct Lanes<const P: usize> {
    words: Vec<[[u64; LANES]; P]>,
    shares: Vec<[i64; LANES]>,
}

impl<const P: usize> Lanes<P> {
    fn new(side: &Sorted<'_>, n: i64) -> Self {
        let groups = side.order.len().div_ceil(LANES);
        let mut words = vec![[[0; LANES]; P]; groups];
        let mut shares = vec![[NOBODY; LANES]; groups];
        words.par_iter_mut().zip(shares.par_iter_mut()).enumerate().for_each(|(group, (words, shares))| {
            for (lane, share) in shares.iter_mut().enumerate() {
                let place = group * LANES + lane;
                if place < side.order.len() {
                    *share = side.share(place, n, P);
                    for (to, from) in words.iter_mut().zip(side.row(place)) {
                        if let Some(to) = to.get_mut(lane) {
                            *to = *from;
                        }
                    }
                }
            }
        });
        Self { words, shares }
    }
}

struct Job<'a> {
    n: i64,
    within: bool,
    settings: &'a MatchSettings,
    left: Sorted<'a>,
    right: Option<Sorted<'a>>,
    /// Pairs held, over all tasks.
    found: AtomicU64,
}

/// A record of the left set with its run of partners.
struct Turn<'a, const P: usize> {
    place: usize,
    lead: &'a [u64; P],
    row: &'a [u64],
    ones: u32,
    share: i64,
    start: usize,
    end: usize,
}

impl Job<'_> {
    fn right(&self) -> &Sorted<'_> {
        self.right.as_ref().unwrap_or(&self.left)
    }

    fn all(&self, engine: &Engine) -> Vec<EncodedPair> {
        match self.lead() {
            1 => self.all_led::<1>(engine),
            2 => self.all_led::<2>(engine),
            4 => self.all_led::<4>(engine),
            6 => self.all_led::<6>(engine),
            8 => self.all_led::<8>(engine),
            12 => self.all_led::<12>(engine),
            _ => self.all_led::<16>(engine),
        }
    }

    /// How many words should lead: the least expected cost on a sample of pairs. Changes the time taken and nothing else.
    fn lead(&self) -> usize {
        let (left, right, stride) = (&self.left, self.right(), self.left.set.stride);
        let mut stream = Stream::new(1, 2);
        let mut best = (f64::INFINITY, 1);
        if left.order.is_empty() || right.order.is_empty() {
            return 1;
        }
        let sample: Vec<(usize, usize)> = (0..1_000)
            .filter_map(|_| {
                let a = stream.below(left.order.len() as u64) as usize;
                let (start, end) = right.band(left.ones.get(a).copied()?, self.n);
                (end > start).then(|| (a, start + stream.below((end - start) as u64) as usize))
            })
            .collect();
        for lead in [1, 2, 4, 6, 8, 12, 16].into_iter().filter(|p| *p <= stride) {
            let kept = sample.iter().filter(|(a, b)| {
                let common: u32 = left
                    .row(*a)
                    .iter()
                    .zip(right.row(*b))
                    .take(lead)
                    .map(|(a, b)| (a & b).count_ones())
                    .sum();
                2 * D * i64::from(common) >= left.share(*a, self.n, lead) + right.share(*b, self.n, lead)
            });
            // In cycles, roughly: a word of a lane costs a half, what surrounds it two, the whole comparison of a pair thirty.
            let kept = kept.count() as f64 / sample.len().max(1) as f64;
            let cost = 0.5 * lead as f64 + 2.0 + 30.0 * kept;
            if cost < best.0 {
                best = (cost, lead);
            }
        }
        best.1
    }

    fn all_led<const P: usize>(&self, engine: &Engine) -> Vec<EncodedPair> {
        let lanes = Lanes::<P>::new(self.right(), self.n);
        let tiles = self.left.order.len().div_ceil(TILE);
        let parts: Vec<Vec<EncodedPair>> = (0..tiles)
            .into_par_iter()
            .map(|tile| {
                let mut pairs = Vec::new();
                if self.has_room(0) {
                    engine.scan(Scan { job: self, lanes: &lanes, tile, pairs: &mut pairs });
                }
                self.prune(&mut pairs);
                self.found.fetch_add(pairs.len() as u64, Memory::Relaxed);
                pairs
            })
            .collect();
        parts.concat()
    }

    /// Whether one task's pairs, with those of the tasks before it, are within the limit. Where they are not, the whole run is
    /// refused, so leaving off early loses nothing.
    fn has_room(&self, pairs: usize) -> bool {
        self.found.load(Memory::Relaxed).saturating_add(pairs as u64) <= self.settings.limit
    }

    /// Called often while a task runs: keeps what it holds small. False where the run will be refused.
    fn keep_small(&self, pairs: &mut Vec<EncodedPair>, pruned: &mut usize) -> bool {
        if matches!(self.settings.selection, Selection::Best(_)) && !self.within {
            if pairs.len() > 2 * *pruned + (1 << 16) {
                self.prune(pairs);
                *pruned = pairs.len();
            }
            return true;
        }
        self.has_room(pairs.len())
    }

    /// Leaves each left record of a task its best pairs, where no more are wanted. Within one set a pair may be wanted for the
    /// sake of its right record, of which a task does not see all.
    fn prune(&self, pairs: &mut Vec<EncodedPair>) {
        if let (Selection::Best(most), false) = (self.settings.selection, self.within) {
            pairs.sort_unstable_by(|a, b| a.left.cmp(&b.left).then(order(a, b)));
            let (mut last, mut rank) = (u32::MAX, 0);
            pairs.retain(|pair| {
                rank = if pair.left == last { rank + 1 } else { 0 };
                last = pair.left;
                rank < most
            });
        }
    }

    /// The pair, if it passes; `row` and `ones` are of the left record.
    #[inline(always)]
    fn whole(&self, place: usize, row: &[u64], ones: u32, partner: usize) -> Option<EncodedPair> {
        let right = self.right();
        if self.within && partner <= place {
            return None;
        }
        let common = common_bits(row, right.row(partner));
        let both = i64::from(ones) + i64::from(right.ones.get(partner).copied()?);
        if 2 * D * i64::from(common) < self.n * both {
            return None;
        }
        let (mut a, mut b) = (self.left.order.get(place).copied()?, right.order.get(partner).copied()?);
        if self.settings.shared_fields > 0 {
            let shared = self.left.set.present(a)? & right.set.present(b)?;
            if shared.count_ones() < self.settings.shared_fields {
                return None;
            }
        }
        if self.within && a > b {
            (a, b) = (b, a);
        }
        Some(EncodedPair { left: a, right: b, dice: 2.0 * f64::from(common) / both as f64 })
    }

    /// Pairs within the blocks that `key` makes, table by table.
    fn blocked(
        &self,
        engine: &Engine,
        tables: usize,
        key: impl Fn(usize, &Sorted<'_>, usize) -> Option<u64> + Sync,
    ) -> (Vec<EncodedPair>, u64) {
        let mut pairs = Vec::new();
        let mut candidates = 0;
        let keyed = |table: usize, side: &Sorted<'_>| {
            let mut keys: Vec<(u64, u32)> = (0..side.order.len())
                .into_par_iter()
                .filter_map(|place| key(table, side, place).map(|key| (key, place as u32)))
                .collect();
            keys.par_sort_unstable();
            keys
        };
        for table in 0..tables {
            let left = keyed(table, &self.left);
            let right = self.right.as_ref().map(|side| keyed(table, side));
            let right = right.as_ref().unwrap_or(&left);
            let mut tasks = Vec::new();
            for block in left.chunk_by(|a, b| a.0 == b.0) {
                let Some((key, _)) = block.first() else { continue };
                let start = right.partition_point(|(k, _)| k < key);
                let end = right.partition_point(|(k, _)| k <= key);
                let partners = right.get(start..end).unwrap_or_default();
                if !partners.is_empty() {
                    candidates += pairs_of(block.len(), (!self.within).then_some(partners.len()));
                    tasks.extend(block.chunks(TILE).map(|block| (block, partners)));
                }
            }
            let parts: Vec<Vec<EncodedPair>> = tasks
                .into_par_iter()
                .map(|(block, partners)| {
                    let mut pairs = Vec::new();
                    if self.has_room(0) {
                        engine.scan(Block { job: self, records: block, partners, pairs: &mut pairs });
                    }
                    self.prune(&mut pairs);
                    self.found.fetch_add(pairs.len() as u64, Memory::Relaxed);
                    pairs
                })
                .collect();
            if self.found.load(Memory::Relaxed) > self.settings.limit {
                break;
            }
            pairs.extend(parts.into_iter().flatten());
        }
        (pairs, candidates)
    }
}

#[inline(always)]
fn common_bits(a: &[u64], b: &[u64]) -> u32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut common = 0;
    for (a, b) in a.iter().zip(b) {
        common += a.iter().zip(b).map(|(a, b)| (a & b).count_ones()).sum::<u32>();
    }
    common + a_rest.iter().zip(b_rest).map(|(a, b)| (a & b).count_ones()).sum::<u32>()
}

/// What the processor can do.
enum Engine {
    /// Anything.
    Portable,
    /// AVX2 and a bit count.
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
}

impl Engine {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            return Self::V3(v3);
        }
        Self::Portable
    }

    fn scan<W: Work>(&self, work: W) {
        match self {
            Self::Portable => work.portable(),
            #[cfg(target_arch = "x86_64")]
            Self::V3(v3) => v3.vectorize(OnV3 { v3: *v3, work }),
        }
    }
}

/// Work that can be done in either way, with the same result.
trait Work {
    fn portable(self);
    #[cfg(target_arch = "x86_64")]
    fn on_v3(self, v3: pulp::x86::V3);
}

#[cfg(target_arch = "x86_64")]
struct OnV3<W> {
    v3: pulp::x86::V3,
    work: W,
}

#[cfg(target_arch = "x86_64")]
impl<W: Work> pulp::NullaryFnOnce for OnV3<W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.work.on_v3(self.v3);
    }
}

/// One block's records against its partners.
struct Block<'a> {
    job: &'a Job<'a>,
    records: &'a [(u64, u32)],
    partners: &'a [(u64, u32)],
    pairs: &'a mut Vec<EncodedPair>,
}

impl Block<'_> {
    #[inline(always)]
    fn each(self) {
        let right = self.job.right();
        let mut pruned = 0;
        for (_, place) in self.records {
            if !self.job.keep_small(self.pairs, &mut pruned) {
                return;
            }
            let place = *place as usize;
            let row = self.job.left.row(place);
            let ones = self.job.left.ones.get(place).copied().unwrap_or(0);
            let (start, end) = right.band(ones, self.job.n);
            // Partners of one block are in order of place, so the band is a run here too.
            let from = self.partners.partition_point(|(_, p)| (*p as usize) < start);
            let to = self.partners.partition_point(|(_, p)| (*p as usize) < end);
            for (_, partner) in self.partners.get(from..to).unwrap_or_default() {
                self.pairs.extend(self.job.whole(place, row, ones, *partner as usize));
            }
        }
    }
}

impl Work for Block<'_> {
    fn portable(self) {
        self.each();
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn on_v3(self, _: pulp::x86::V3) {
        self.each();
    }
}

/// A tile of left records against all their partners.
struct Scan<'a, const P: usize> {
    job: &'a Job<'a>,
    lanes: &'a Lanes<P>,
    tile: usize,
    pairs: &'a mut Vec<EncodedPair>,
}

impl<const P: usize> Scan<'_, P> {
    /// Runs `test` over each record and each stretch of near groups; it names the groups in which some lane may match.
    #[inline(always)]
    fn each(self, mut test: impl FnMut(&Turn<'_, P>, &[[[u64; LANES]; P]], &[[i64; LANES]], &mut Vec<u32>)) {
        let (job, left, right) = (self.job, &self.job.left, self.job.right());
        let places = self.tile * TILE..((self.tile + 1) * TILE).min(left.order.len());
        let turns: Vec<Turn<'_, P>> = places
            .filter_map(|place| {
                let row = left.row(place);
                let ones = left.ones.get(place).copied()?;
                let (mut start, end) = right.band(ones, job.n);
                if job.within {
                    start = start.max(place + 1).min(end);
                }
                let share = left.share(place, job.n, P);
                Some(Turn { place, lead: row.first_chunk()?, row, ones, share, start, end })
            })
            .filter(|turn| turn.start < turn.end)
            .collect();
        let first = turns.iter().map(|t| t.start / LANES).min().unwrap_or(0);
        let last = turns.iter().map(|t| t.end.div_ceil(LANES)).max().unwrap_or(0);
        let mut hits = Vec::new();
        let mut pruned = 0;
        for near in (first..last).step_by(NEAR) {
            if !job.keep_small(self.pairs, &mut pruned) {
                return;
            }
            for turn in &turns {
                let from = near.max(turn.start / LANES);
                let to = (near + NEAR).min(turn.end.div_ceil(LANES));
                let words = self.lanes.words.get(from..to).unwrap_or_default();
                let shares = self.lanes.shares.get(from..to).unwrap_or_default();
                hits.clear();
                test(turn, words, shares, &mut hits);
                for hit in &hits {
                    let group = from + (*hit >> 4) as usize;
                    for lane in (0..LANES).filter(|lane| hit >> lane & 1 == 1) {
                        let partner = group * LANES + lane;
                        // A group may hold partners of either side of the band; comparing those is harmless, as none passes.
                        if partner < right.order.len() {
                            self.pairs.extend(job.whole(turn.place, turn.row, turn.ones, partner));
                        }
                    }
                }
            }
        }
    }
}

impl<const P: usize> Work for Scan<'_, P> {
    fn portable(self) {
        self.each(|turn, words, shares, hits| {
            for ((words, shares), group) in words.iter().zip(shares).zip(0u32..) {
                let mut common = [0; LANES];
                for (a, b) in turn.lead.iter().zip(words) {
                    common.iter_mut().zip(b).for_each(|(c, b)| *c += (a & b).count_ones());
                }
                let mut hit = 0;
                for (lane, (common, share)) in common.iter().zip(shares).enumerate() {
                    hit |= u32::from(2 * D * i64::from(*common) >= turn.share + share) << lane;
                }
                if hit != 0 {
                    hits.push(group << 4 | hit);
                }
            }
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn on_v3(self, v3: pulp::x86::V3) {
        let (avx, avx2) = (v3.avx, v3.avx2);
        let zero = avx._mm256_setzero_si256();
        let low = avx._mm256_set1_epi8(15);
        let counts: [u8; 16] = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];
        let counts = pulp::cast([counts; 2]);
        let scale = avx._mm256_set1_epi64x(2 * D);
        self.each(
            #[inline(always)]
            |turn, words, shares, hits| {
                let lead: [_; P] = std::array::from_fn(
                    #[inline(always)]
                    |w| avx._mm256_set1_epi64x(turn.lead.get(w).copied().unwrap_or(0) as i64),
                );
                let own = avx._mm256_set1_epi64x(turn.share);
                for ((words, shares), group) in words.iter().zip(shares).zip(0u32..) {
                    // Sixteen words of a lane have at most 128 bits in each place of a byte, so bytes do not run over.
                    let mut common = zero;
                    for (a, b) in lead.iter().zip(words) {
                        let both = avx2._mm256_and_si256(*a, pulp::cast(*b));
                        let lows = avx2._mm256_shuffle_epi8(counts, avx2._mm256_and_si256(both, low));
                        let highs = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(both), low);
                        let both = avx2._mm256_add_epi8(lows, avx2._mm256_shuffle_epi8(counts, highs));
                        common = avx2._mm256_add_epi8(common, both);
                    }
                    let common = avx2._mm256_mul_epu32(avx2._mm256_sad_epu8(common, zero), scale);
                    let wanted = avx2._mm256_add_epi64(own, pulp::cast(*shares));
                    let missed = avx
                        ._mm256_movemask_pd(avx._mm256_castsi256_pd(avx2._mm256_cmpgt_epi64(wanted, common)));
                    if missed != 15 {
                        hits.push(group << 4 | (!missed & 15) as u32);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Arrays of which many are near copies of others, with a share `density / 8` of bits set.
    fn set(records: usize, stride: usize, density: u32, seed: u64) -> Encodings {
        let mut common = Stream::new(7, u64::from(density));
        let mut own = Stream::new(seed, 3);
        let mut words = Vec::new();
        for record in 0..records {
            // Some records are sparse and some empty, so that bands and the empty array are met.
            let density = if record % 11 == 3 { density / 3 } else { density };
            for _ in 0..stride {
                let mut word = 0u64;
                let noise = own.next_u64() & own.next_u64() & own.next_u64() & own.next_u64();
                for bit in 0..64 {
                    word |= u64::from(common.below(8) < u64::from(density)) << bit;
                }
                words.push(if density == 0 { 0 } else { word ^ noise });
            }
        }
        Encodings {
            ids: (0..records).map(|n| n.to_string()).collect(),
            present: (0..records as u32).map(|n| n % 4).collect(),
            fields: 2,
            words,
            stride,
            ..Encodings::default()
        }
    }

    fn brute(left: &Encodings, right: Option<&Encodings>, settings: &MatchSettings) -> Vec<EncodedPair> {
        let other = right.unwrap_or(left);
        let ones = |w: &[u64]| w.iter().map(|w| i64::from(w.count_ones())).sum::<i64>();
        let mut pairs = Vec::new();
        for a in 0..left.len() as u32 {
            for b in 0..other.len() as u32 {
                let (x, y) = (left.words(a).unwrap(), other.words(b).unwrap());
                let common = i64::from(common_bits(x, y));
                let both = ones(x) + ones(y);
                let shared = (left.present(a).unwrap() & other.present(b).unwrap()).count_ones();
                let reaches =
                    2 * D * common >= (settings.threshold * D as f64).round() as i64 * both && both > 0;
                if reaches && shared >= settings.shared_fields && (right.is_some() || a < b) {
                    pairs.push(EncodedPair { left: a, right: b, dice: 2.0 * common as f64 / both as f64 });
                }
            }
        }
        pairs.sort_by(order);
        pairs
    }

    fn settings(threshold: f64) -> MatchSettings {
        MatchSettings { threshold, ..MatchSettings::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn no_pair_is_lost_and_none_added(
            records in 1usize..90, others in 1usize..150, stride in prop::sample::select(vec![1usize, 3, 8, 16, 17, 32]),
            density in 1u32..8, threshold in 0.3f64..1.0, shared in 0u32..3,
        ) {
            let (a, b) = (set(records, stride, density, 1), set(others, stride, density, 2));
            let settings = MatchSettings { shared_fields: shared, ..settings(threshold) };
            for engine in [Engine::Portable, Engine::best()] {
                let found = run(&a, Some(&b), &settings, &engine).unwrap();
                prop_assert_eq!(&found.pairs, &brute(&a, Some(&b), &settings));
                let found = run(&b, None, &settings, &engine).unwrap();
                prop_assert_eq!(&found.pairs, &brute(&b, None, &settings));
            }
        }

        #[test]
        fn the_coefficient_is_symmetric(density in 1u32..8, threshold in 0.3f64..1.0) {
            let (a, b) = (set(60, 16, density, 1), set(70, 16, density, 2));
            let there = match_encodings(&a, &b, &settings(threshold)).unwrap().pairs;
            let mut back = match_encodings(&b, &a, &settings(threshold)).unwrap().pairs;
            for pair in &mut back {
                (pair.left, pair.right) = (pair.right, pair.left);
            }
            back.sort_by(order);
            prop_assert_eq!(there, back);
        }

        #[test]
        fn the_bound_on_leading_words_never_loses(density in 1u32..8, threshold in 0.2f64..1.0) {
            let (a, b) = (set(40, 16, density, 1), set(50, 16, density, 2));
            let settings = settings(threshold);
            let job = Job {
                n: (threshold * D as f64).round() as i64,
                within: false,
                settings: &settings,
                left: Sorted::new(&a),
                right: Some(Sorted::new(&b)),
                found: AtomicU64::new(0),
            };
            let wanted = brute(&a, Some(&b), &settings);
            for engine in [Engine::Portable, Engine::best()] {
                let each = [
                    job.all_led::<1>(&engine), job.all_led::<2>(&engine), job.all_led::<4>(&engine),
                    job.all_led::<6>(&engine), job.all_led::<8>(&engine), job.all_led::<16>(&engine),
                ];
                for mut found in each {
                    found.sort_by(order);
                    prop_assert_eq!(&found, &wanted);
                }
            }
        }
    }

    #[test]
    fn the_same_at_any_number_of_threads() {
        let (a, b) = (set(700, 16, 3, 1), set(900, 16, 3, 2));
        let run = |threads: usize, selection, blocking| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let settings = MatchSettings { selection, blocking, ..settings(0.7) };
            pool.install(|| match_encodings(&a, &b, &settings)).unwrap()
        };
        let bits = EncodedBlocking::Bits { tables: 8, bits: 12, seed: 5 };
        for selection in [Selection::All, Selection::Best(2), Selection::OneToOne] {
            for blocking in [EncodedBlocking::None, bits] {
                let one = run(1, selection, blocking);
                assert!(one.pairs.len() > 300);
                assert_eq!(one, run(2, selection, blocking));
            }
        }
    }

    #[test]
    fn selections_keep_what_they_say() {
        let (a, b) = (set(200, 16, 3, 1), set(250, 16, 3, 2));
        let all = match_encodings(&a, &b, &settings(0.42)).unwrap().pairs;
        assert!(all.len() > 400);
        let best = MatchSettings { selection: Selection::Best(2), ..settings(0.42) };
        let best = match_encodings(&a, &b, &best).unwrap().pairs;
        for left in 0..200 {
            let of =
                |pairs: &[EncodedPair]| pairs.iter().filter(|p| p.left == left).copied().collect::<Vec<_>>();
            assert_eq!(of(&best), of(&all).into_iter().take(2).collect::<Vec<_>>());
        }
        let one = MatchSettings { selection: Selection::OneToOne, ..settings(0.42) };
        let one = match_encodings(&a, &b, &one).unwrap().pairs;
        let distinct = |side: fn(&EncodedPair) -> u32| {
            one.iter().map(side).collect::<std::collections::HashSet<_>>().len()
        };
        assert_eq!((distinct(|p| p.left), distinct(|p| p.right)), (one.len(), one.len()));
        // Greedy is maximal: a pair that was not taken has a record that was.
        assert!(all.iter().all(|p| one.iter().any(|o| o.left == p.left || o.right == p.right)));
    }

    #[test]
    fn the_best_are_the_best_when_pairs_are_pruned_on_the_way() {
        // Nearly every pair reaches this threshold, so that a tile prunes several times: 64 x 4,000 against 65,536.
        let (mut a, mut b) = (set(70, 1, 5, 1), set(4_000, 1, 5, 2));
        let wanted = MatchSettings { selection: Selection::Best(3), limit: 1_000, ..settings(0.1) };
        let all = brute(&a, Some(&b), &wanted);
        assert!(all.len() > 200_000);
        let mut taken = [0; 70];
        let best: Vec<_> = all
            .into_iter()
            .filter(|p| {
                taken[p.left as usize] += 1;
                taken[p.left as usize] <= 3
            })
            .collect();
        assert_eq!(match_encodings(&a, &b, &wanted).unwrap().pairs, best);
        for set in [&mut a, &mut b] {
            (set.block_count, set.blocks) = (1, vec![1; set.len()]);
        }
        let blocked = MatchSettings { blocking: EncodedBlocking::Keys, ..wanted };
        assert_eq!(match_encodings(&a, &b, &blocked).unwrap().pairs, best);
        let all = MatchSettings { selection: Selection::All, ..blocked };
        assert!(match_encodings(&a, &b, &all).unwrap_err().to_string().contains("more than 1000 pairs"));
    }

    #[test]
    fn blocks_bring_together_what_shares_a_key() {
        let (mut a, mut b) = (set(100, 16, 3, 1), set(100, 16, 3, 2));
        for set in [&mut a, &mut b] {
            set.block_count = 2;
            set.blocks = (0..100u64).flat_map(|n| [n % 5, 1 + n % 3]).collect();
        }
        let keys = MatchSettings { blocking: EncodedBlocking::Keys, ..settings(0.6) };
        for (right, all) in [(Some(&b), brute(&a, Some(&b), &keys)), (None, brute(&a, None, &keys))] {
            let wanted: Vec<_> = all
                .into_iter()
                .filter(|p| (p.left % 5 == p.right % 5 && p.left % 5 != 0) || p.left % 3 == p.right % 3)
                .collect();
            assert_eq!(run(&a, right, &keys, &Engine::best()).unwrap().pairs, wanted);
            assert_eq!(run(&a, right, &keys, &Engine::Portable).unwrap().pairs, wanted);
        }
    }

    #[test]
    fn bit_sampling_finds_the_share_it_promises() {
        let (a, b) = (set(1_000, 16, 3, 1), set(1_000, 16, 3, 2));
        let (tables, bits) = (6, 16);
        let settings =
            MatchSettings { blocking: EncodedBlocking::Bits { tables, bits, seed: 9 }, ..settings(0.7) };
        let true_pairs: Vec<_> =
            brute(&a, Some(&b), &settings).into_iter().filter(|p| p.left == p.right).collect();
        let expected = true_pairs
            .iter()
            .map(|p| {
                let (x, y) = (a.words(p.left).unwrap(), b.words(p.right).unwrap());
                let differing: u32 = x.iter().zip(y).map(|(x, y)| (x ^ y).count_ones()).sum();
                bit_sampling_recall(f64::from(differing) / 1024.0, bits, tables)
            })
            .sum::<f64>();
        let found = match_encodings(&a, &b, &settings).unwrap();
        let got = found.pairs.iter().filter(|p| p.left == p.right).count() as f64;
        let count = true_pairs.len() as f64;
        // Tables are shared by all pairs, which makes their outcomes depend on each other: a wide margin.
        assert!((got - expected).abs() < 0.15 * count, "{got} of {count}, {expected} expected");
        assert!(found.candidates < 200_000, "{}", found.candidates);
    }

    #[test]
    fn sets_that_cannot_be_compared_are_refused() {
        let a = set(5, 16, 3, 1);
        let told = |b: &Encodings, settings: &MatchSettings| {
            match_encodings(&a, b, settings).unwrap_err().to_string()
        };
        assert!(told(&set(5, 8, 3, 1), &settings(0.8)).contains("512"));
        assert!(told(&a, &settings(0.0)).contains("threshold = 0"));
        assert!(told(&a, &settings(f64::NAN)).contains("threshold"));
        assert!(
            told(&a, &MatchSettings { blocking: EncodedBlocking::Keys, ..settings(0.8) })
                .contains("[[block]]")
        );
        assert!(told(&a, &MatchSettings { shared_fields: 3, ..settings(0.8) }).contains("shared_fields"));
        assert!(told(&a, &MatchSettings { limit: 2, ..settings(0.8) }).contains("more than 2 pairs"));
        let (mut x, mut y) = (a.clone(), a.clone());
        x.scheme = "one-a".to_owned();
        y.scheme = "one-b".to_owned();
        assert!(
            match_encodings(&x, &y, &settings(0.8)).unwrap_err().to_string().contains("different secrets")
        );
        y.scheme = "two-a".to_owned();
        assert!(
            match_encodings(&x, &y, &settings(0.8)).unwrap_err().to_string().contains("different schemas")
        );
        assert_eq!(
            match_encodings(&a, &Encodings::default(), &settings(0.8)).unwrap(),
            MatchOutcome::default()
        );
    }
}
