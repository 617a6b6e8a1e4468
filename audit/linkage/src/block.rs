//! Blocking: records are brought together by equal keys, and every pair is met once, under the first rule that holds for it.

use rayon::prelude::*;

use crate::compare::{Engine, Pair, Scratch, Test};
use crate::error::LinkageError;
use crate::records::{MISSING, Records};
use crate::settings::{BlockingRule, Condition, LinkType, Side, Value};

/// Pairs in one chunk of work, about.
const CHUNK_PAIRS: u64 = 1 << 18;

/// A blocking rule, ready: the features whose codes must be equal, and what else must hold.
#[derive(Debug)]
struct Keys {
    features: Vec<usize>,
    /// The same as places in [`Blocks::keyed`].
    need: u128,
    rest: Vec<Test>,
    sql: String,
}

/// The values by which a rule brings records together, and the rest of what it says.
pub(crate) fn split(rule: &BlockingRule) -> Result<(Vec<Value>, Vec<Condition>), LinkageError> {
    let parts: Vec<&Condition> = match &rule.condition {
        Condition::All(parts) => parts.iter().collect(),
        other => vec![other],
    };
    let (mut keys, mut rest) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Condition::Equal(a, b) if a.value == b.value && a.side != b.side => keys.push(a.value.clone()),
            other => rest.push(other.clone()),
        }
    }
    if keys.is_empty() {
        return Err(LinkageError::Expression {
            place: "a blocking rule".to_owned(),
            expression: rule.sql.clone(),
            reason: "it needs at least one equality of the same value in both records, joined by AND"
                .to_owned(),
        });
    }
    keys.sort();
    keys.dedup();
    Ok((keys, rest))
}

/// Every pair of records that some rule brings together, in a fixed order, cut into chunks.
pub(crate) struct Blocks<'a> {
    engine: &'a Engine,
    sources: &'a [u16],
    link_type: LinkType,
    rules: Vec<Keys>,
    /// The features that some rule keys on, at most 128.
    keyed: Vec<usize>,
}

/// Records of a rule in the order of their keys.
pub(crate) struct Sorted {
    /// Records, those of one block side by side, each block in the order of the records.
    order: Vec<u32>,
    /// Where blocks of two or more begin and end in `order`.
    blocks: Vec<(u32, u32)>,
}

/// A part of a rule's pairs: for blocks `from..to`, or for a single large block, rows `first..last` of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    from: u32,
    to: u32,
    first: u32,
    last: u32,
    /// Pairs at most: those that an earlier rule holds for are counted.
    pub(crate) pairs: u64,
}

/// How many pairs a rule makes, before they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// The rule as written.
    pub rule: String,
    /// Pairs it brings together, those of earlier rules and of one source included.
    pub pairs: u64,
    /// Blocks of two or more records.
    pub blocks: u64,
    /// Records in its largest block.
    pub largest_block: u64,
}

impl<'a> Blocks<'a> {
    /// `tests` are the compiled conditions of the rules' remainders, in order.
    pub(crate) fn new(
        engine: &'a Engine,
        records: &'a Records,
        link_type: LinkType,
        rules: &[BlockingRule],
        mut tests: impl Iterator<Item = Test>,
    ) -> Result<Self, LinkageError> {
        let mut keyed: Vec<usize> = Vec::new();
        let rules = rules
            .iter()
            .map(|rule| {
                let (keys, rest) = split(rule)?;
                let features = keys
                    .iter()
                    .map(|v| {
                        engine.features.of(v).ok_or_else(|| {
                            LinkageError::Settings(format!("the blocking value {v:?} was not worked out"))
                        })
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let mut need = 0;
                for feature in &features {
                    let at = keyed.iter().position(|k| k == feature).unwrap_or_else(|| {
                        keyed.push(*feature);
                        keyed.len() - 1
                    });
                    if at >= 128 {
                        return Err(LinkageError::Settings(
                            "the blocking rules key on more than 128 different values; give fewer rules"
                                .to_owned(),
                        ));
                    }
                    need |= 1 << at;
                }
                let rest = tests.by_ref().take(rest.len()).collect();
                Ok(Keys { features, need, rest, sql: rule.sql.clone() })
            })
            .collect::<Result<Vec<_>, LinkageError>>()?;
        Ok(Self { engine, sources: &records.sources, link_type, rules, keyed })
    }

    pub(crate) fn rules(&self) -> usize {
        self.rules.len()
    }

    /// Sorts the records by a rule's key; those that lack a part of it are left out. A block may hold a few records of
    /// another key, which [`pairs`](Self::pairs) passes over.
    pub(crate) fn sort(&self, rule: usize) -> Sorted {
        self.sort_by(&self.rules[rule].features)
    }

    /// The same, with every block cut to one key.
    pub(crate) fn sort_exactly(&self, rule: usize) -> Sorted {
        self.cut(&self.rules[rule].features, self.sort(rule))
    }

    /// The features that a rule keys on.
    pub(crate) fn key_features(&self, rule: usize) -> &[usize] {
        &self.rules[rule].features
    }

    /// The probability that two records agree on a feature, among all pairs, those included that lack it.
    pub(crate) fn agreement(&self, feature: usize) -> f64 {
        let mut counts = vec![0_u32; self.engine.features.domain(feature).texts.len()];
        for code in self.engine.column(feature).iter().filter(|c| **c != MISSING) {
            counts[*code as usize] += 1;
        }
        let n = self.sources.len() as f64;
        counts.iter().map(|c| f64::from(*c) * (f64::from(*c) - 1.0)).sum::<f64>() / (n * (n - 1.0)).max(1.0)
    }

    /// Pairs drawn evenly from all those that agree on features, `wanted` of them.
    pub(crate) fn draw(&self, features: &[usize], wanted: u64, seed: u64) -> Vec<(u32, u32)> {
        let sorted = self.cut(features, self.sort_by(features));
        let mut before = Vec::with_capacity(sorted.blocks.len());
        let mut total = 0_u64;
        for (start, end) in &sorted.blocks {
            before.push(total);
            let size = u64::from(end - start);
            total += size * (size - 1) / 2;
        }
        if total == 0 {
            return Vec::new();
        }
        let mut stream = crate::random::Stream::new(seed, 0xC4A);
        (0..wanted)
            .map(|_| {
                let pair = stream.below(total);
                let block = before.partition_point(|b| *b <= pair).saturating_sub(1);
                let (start, end) = sorted.blocks[block];
                let size = u64::from(end - start);
                let first = stream.below(size);
                let second = (first + 1 + stream.below(size - 1)) % size;
                let (a, b) = (
                    sorted.order[start as usize + first as usize],
                    sorted.order[start as usize + second as usize],
                );
                (a.min(b), a.max(b))
            })
            .collect()
    }

    /// Sorts the records by features; those that lack one of them are left out. Blocks are of one hash of their key.
    fn sort_by(&self, features: &[usize]) -> Sorted {
        const PARTS: usize = 1 << 10;
        /// The key of a record that lacks a part of it.
        const NONE: u32 = MISSING;
        let columns: Vec<&[u32]> = features.iter().map(|f| self.engine.column(*f)).collect();
        let key_of = |record: usize| -> u32 {
            if let [column] = columns.as_slice() {
                // The low bits of a code, which are spread best, choose its part; a missing one stays what it is.
                return column[record].rotate_right(10);
            }
            let mut key = 0_u64;
            for column in &columns {
                let code = column[record];
                if code == MISSING {
                    return NONE;
                }
                key = crate::random::mix(key, u64::from(code) + 1);
            }
            ((key >> 32) as u32).min(NONE - 1)
        };
        let keys: Vec<u32> = (0..self.sources.len()).into_par_iter().map(key_of).collect();
        let part_of = |key: u32| (key >> 22) as usize;
        let mut starts = vec![0_usize; PARTS + 1];
        for key in keys.iter().filter(|k| **k != NONE) {
            starts[part_of(*key) + 1] += 1;
        }
        for at in 0..PARTS {
            starts[at + 1] += starts[at];
        }
        let total = starts[PARTS];
        let mut placed = starts.clone();
        let mut entries = vec![0_u64; total];
        for (key, record) in keys.iter().zip(0_u64..).filter(|(k, _)| **k != NONE) {
            let part = part_of(*key);
            entries[placed[part]] = u64::from(*key) << 32 | record;
            placed[part] += 1;
        }
        drop(keys);
        let mut slices: Vec<&mut [u64]> = Vec::with_capacity(PARTS);
        let mut rest = entries.as_mut_slice();
        for part in 0..PARTS {
            let (here, after) = rest.split_at_mut(starts[part + 1] - starts[part]);
            slices.push(here);
            rest = after;
        }
        slices.into_par_iter().for_each(<[u64]>::sort_unstable);
        let mut blocks = Vec::new();
        let mut start = 0;
        while start < total {
            let mut end = start + 1;
            while end < total && entries[end] >> 32 == entries[start] >> 32 {
                end += 1;
            }
            if end - start > 1 {
                blocks.push((start as u32, end as u32));
            }
            start = end;
        }
        Sorted { order: entries.into_iter().map(|entry| entry as u32).collect(), blocks }
    }

    /// Cuts blocks in which two keys share a hash.
    fn cut(&self, features: &[usize], sorted: Sorted) -> Sorted {
        if features.len() == 1 {
            return sorted;
        }
        let Sorted { mut order, blocks } = sorted;
        let columns: Vec<&[u32]> = features.iter().map(|f| self.engine.column(*f)).collect();
        let same = |a: u32, b: u32| columns.iter().all(|c| c[a as usize] == c[b as usize]);
        let mut cut = Vec::with_capacity(blocks.len());
        for (start, end) in blocks {
            let block = &mut order[start as usize..end as usize];
            if block.iter().all(|record| same(block[0], *record)) {
                cut.push((start, end));
                continue;
            }
            block.sort_by_key(|record| {
                (columns.iter().map(|c| c[*record as usize]).collect::<Vec<u32>>(), *record)
            });
            let mut from = 0;
            for at in 1..=block.len() {
                if at == block.len() || !same(block[from], block[at]) {
                    if at - from > 1 {
                        cut.push((start + from as u32, start + at as u32));
                    }
                    from = at;
                }
            }
        }
        Sorted { order, blocks: cut }
    }

    /// Cuts a rule's pairs into chunks of about equal work.
    pub(crate) fn chunks(sorted: &Sorted) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut open = Chunk { from: 0, to: 0, first: 0, last: u32::MAX, pairs: 0 };
        for (at, (start, end)) in sorted.blocks.iter().enumerate() {
            let at = at as u32;
            let size = u64::from(end - start);
            let pairs = size * (size - 1) / 2;
            if pairs > CHUNK_PAIRS * 2 {
                if open.pairs > 0 {
                    chunks.push(Chunk { to: at, ..open });
                }
                let mut first = 0_u64;
                while first + 1 < size {
                    let (mut last, mut held) = (first, 0);
                    while last + 1 < size && held < CHUNK_PAIRS {
                        held += size - 1 - last;
                        last += 1;
                    }
                    chunks.push(Chunk {
                        from: at,
                        to: at + 1,
                        first: first as u32,
                        last: last as u32,
                        pairs: held,
                    });
                    first = last;
                }
                open = Chunk { from: at + 1, to: at + 1, first: 0, last: u32::MAX, pairs: 0 };
                continue;
            }
            open.pairs += pairs;
            if open.pairs >= CHUNK_PAIRS {
                chunks.push(Chunk { to: at + 1, ..open });
                open = Chunk { from: at + 1, to: at + 1, first: 0, last: u32::MAX, pairs: 0 };
            }
        }
        if open.pairs > 0 {
            chunks.push(Chunk { to: sorted.blocks.len() as u32, ..open });
        }
        chunks
    }

    /// Every pair of a chunk that no earlier rule holds for.
    pub(crate) fn pairs(
        &self,
        rule: usize,
        sorted: &Sorted,
        chunk: Chunk,
        scratch: &mut Scratch,
        mut take: impl FnMut(Pair<'_>, &mut Scratch),
    ) {
        /// Rows gathered at once: small enough to stay near the processor.
        const GATHERED: usize = 512;
        /// Rows of one block that are gathered at all.
        const LARGEST_GATHERED: usize = 1 << 16;
        let blocks = &sorted.blocks[chunk.from as usize..chunk.to as usize];
        let mut rows = std::mem::take(&mut scratch.gathered);
        let mut at = 0;
        while at < blocks.len() {
            let (start, mut end) = (blocks[at].0 as usize, blocks[at].1 as usize);
            let mut next = at + 1;
            while next < blocks.len() && blocks[next].1 as usize - start <= GATHERED {
                end = blocks[next].1 as usize;
                next += 1;
            }
            let some = &blocks[at..next];
            if end - start > LARGEST_GATHERED {
                self.of_blocks(
                    rule,
                    sorted,
                    chunk,
                    some,
                    scratch,
                    |_, record| self.engine.row(record),
                    &mut take,
                );
            } else {
                // Reading the rows one after another keeps many reads of memory under way; comparing them there would not.
                rows.clear();
                for record in &sorted.order[start..end] {
                    rows.extend_from_slice(self.engine.row(*record));
                }
                let width = rows.len() / (end - start);
                let row = |place: usize, _| &rows[(place - start) * width..][..width];
                self.of_blocks(rule, sorted, chunk, some, scratch, row, &mut take);
            }
            at = next;
        }
        scratch.gathered = rows;
    }

    /// The pairs of some blocks of a chunk; `row` gives the row of the record at a place of the order.
    #[expect(clippy::too_many_arguments, reason = "the inner part of `pairs`, with its work space")]
    #[inline]
    fn of_blocks<'r>(
        &self,
        rule: usize,
        sorted: &Sorted,
        chunk: Chunk,
        blocks: &[(u32, u32)],
        scratch: &mut Scratch,
        row: impl Fn(usize, u32) -> &'r [u32],
        take: &mut impl FnMut(Pair<'_>, &mut Scratch),
    ) {
        let (keys, earlier) = (&self.rules[rule], &self.rules[..rule]);
        let among =
            earlier.iter().fold(if keys.features.len() > 1 { keys.need } else { 0 }, |a, k| a | k.need);
        let among: Vec<(u128, usize)> = (0..)
            .zip(&self.keyed)
            .filter(|(at, _)| among >> at & 1 == 1)
            .map(|(at, f)| (1 << at, *f))
            .collect();
        let own = if keys.features.len() > 1 { keys.need } else { 0 };
        for (start, end) in blocks {
            let (start, end) = (*start as usize, *end as usize);
            let last = (chunk.last as usize).min(end - start);
            for at in start + chunk.first as usize..start + last {
                let left = sorted.order[at];
                let a = row(at, left);
                for (place, right) in (at + 1..end).zip(&sorted.order[at + 1..end]) {
                    let right = *right;
                    if self.link_type == LinkType::LinkOnly
                        && self.sources[left as usize] == self.sources[right as usize]
                    {
                        continue;
                    }
                    let pair = Pair { left, right, a, b: row(place, right) };
                    let mut equal = 0;
                    for (bit, feature) in &among {
                        let (a, b) = (pair.a[*feature], pair.b[*feature]);
                        equal |= if a == b && a != MISSING { *bit } else { 0 };
                    }
                    if equal & own != own {
                        continue;
                    }
                    if !keys.rest.is_empty() {
                        Engine::begin(scratch);
                        if keys.rest.iter().any(|t| self.engine.holds(t, pair, scratch) != Some(true)) {
                            continue;
                        }
                    }
                    let met = earlier.iter().any(|keys| {
                        equal & keys.need == keys.need
                            && (keys.rest.is_empty() || {
                                Engine::begin(scratch);
                                keys.rest.iter().all(|t| self.engine.holds(t, pair, scratch) == Some(true))
                            })
                    });
                    if !met {
                        take(pair, scratch);
                    }
                }
            }
        }
    }

    /// Counts a rule's pairs without comparing any.
    pub(crate) fn count(&self, rule: usize, sorted: &Sorted) -> RuleCount {
        let sizes = sorted.blocks.iter().map(|(s, e)| u64::from(e - s));
        RuleCount {
            rule: self.rules[rule].sql.clone(),
            pairs: sizes.clone().map(|s| s * (s - 1) / 2).sum(),
            blocks: sorted.blocks.len() as u64,
            largest_block: sizes.max().unwrap_or(0),
        }
    }
}

/// The conditions that rules hold beside their keys, and the keys themselves as conditions, so that their values are
/// worked out.
pub(crate) fn conditions(rules: &[BlockingRule]) -> Result<(Vec<Condition>, Vec<Condition>), LinkageError> {
    let (mut keys, mut rests) = (Vec::new(), Vec::new());
    for rule in rules {
        let (values, rest) = split(rule)?;
        for value in values {
            let operand = |side| crate::settings::Operand { side, value: value.clone() };
            keys.push(Condition::Equal(operand(Side::Left), operand(Side::Right)));
        }
        rests.extend(rest);
    }
    Ok((keys, rests))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, Tables, toml_settings};

    fn settings() -> Settings {
        toml_settings::to_settings(
            r#"
            link-type = "dedupe-only"
            household = false
            prior = 0.1
            blocking-rules = [["surname", "town"]]
            [[comparison]]
            column = "surname"
            levels = [{ sql = "surname_l = surname_r", m = 0.9, u = 0.02 }, { sql = "ELSE", m = 0.1, u = 0.98 }]
            "#,
        )
        .expect("sound settings")
    }

    #[test]
    fn keys_that_share_a_hash_make_no_pairs() {
        let settings = settings();
        let mut tables = Tables::new(&settings);
        let rows = "unique_id,surname,town\n1,Rahman,Leeds\n2,Okafor,Hull\n3,Rahman,Leeds\n4,Rahman,Hull\n5,Okafor,Hull\n6,Rahman,\n";
        tables.add_csv("people", rows.as_bytes()).expect("a sound table");
        let (records, _) = tables.finish().expect("sound records");
        let (keys, _) = conditions(&settings.blocking_rules).expect("sound rules");
        let keys: Vec<&Condition> = keys.iter().collect();
        let (engine, _, _) = Engine::new(&records, &settings, &keys).expect("a sound model");
        let rules = &settings.blocking_rules;
        let blocks = Blocks::new(&engine, &records, settings.link_type, rules, std::iter::empty())
            .expect("sound rules");
        let pairs = |sorted: &Sorted| {
            let mut pairs = Vec::new();
            for chunk in Blocks::chunks(sorted) {
                blocks.pairs(0, sorted, chunk, &mut engine.scratch(), |pair, _| {
                    pairs.push((pair.left, pair.right));
                });
            }
            pairs.sort_unstable();
            pairs
        };
        let shared = || Sorted { order: (0..6).collect(), blocks: vec![(0, 6)] };
        let want = vec![(0, 2), (1, 4)];
        assert_eq!(pairs(&shared()), want);
        assert_eq!(pairs(&blocks.sort(0)), want);
        let cut = blocks.cut(blocks.key_features(0), shared());
        assert_eq!(pairs(&cut), want);
        assert_eq!(blocks.count(0, &cut).pairs, 2);
    }
}
