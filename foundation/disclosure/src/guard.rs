//! From what is at risk to a pattern that withstands the attack: whole where the system is small, by neighbourhoods where not.

use std::collections::{BTreeSet, HashMap};

use crate::CountTable;
use crate::lp::{Attacker, Bounds, Reach, Sums, Tableau};
use crate::pattern::{self, Effort, Problem, Target};
use crate::system::System;

/// What is known, allowed and asked of each cell of a system.
pub(crate) struct Facts {
    /// What an attacker knows of a cell that is published, as deviations from the truth.
    pub(crate) published: Bounds,
    /// What an attacker knows of a cell that is left out.
    pub(crate) hidden: Bounds,
    pub(crate) forced: Vec<bool>,
    pub(crate) eligible: Vec<bool>,
    pub(crate) cost: Vec<f64>,
    pub(crate) missed: Vec<f64>,
    pub(crate) targets: Vec<Target>,
}

/// How far a cell at risk can be pinned down by someone who knows all sums and all that is published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) cell: u32,
    pub(crate) lower: f64,
    /// None: without end.
    pub(crate) upper: Option<f64>,
    /// These are the limits themselves; otherwise the limits lie at least this far apart.
    pub(crate) whole: bool,
}

/// A pattern and what the attack on it found.
pub(crate) struct Settled {
    pub(crate) hidden: Vec<bool>,
    pub(crate) intervals: Vec<Interval>,
    /// Cells at risk about which too little doubt is left. Nothing may be released while there are any.
    pub(crate) exposed: Vec<u32>,
    pub(crate) optimal: bool,
}

/// Entries of a tableau up to which a system is solved whole.
const WHOLE_SYSTEM: usize = 400_000;
/// Entries up to which cells that no neighbourhood could protect are given the whole system.
const LAST_RESORT: usize = 2_000_000;
/// How wide a neighbourhood is.
#[derive(Clone, Copy)]
struct Width {
    /// Siblings of each code.
    siblings: usize,
    /// Children of each code that is a total.
    children: usize,
    /// Whether the codes above are in it too.
    above: bool,
    /// Cells at the most.
    cells: usize,
}

/// From the first try to the last.
const TRIES: [Width; 5] = [
    Width { siblings: 3, children: 1, above: false, cells: 300 },
    Width { siblings: 6, children: 1, above: false, cells: 900 },
    Width { siblings: 3, children: 1, above: true, cells: 900 },
    Width { siblings: 4, children: 2, above: true, cells: 1_500 },
    Width { siblings: 12, children: 3, above: true, cells: 2_500 },
];

/// Finds a pattern and attacks it.
pub(crate) fn settle(system: &System, tables: &[&CountTable], facts: &Facts, effort: Effort) -> Settled {
    // A quarter of the square is the most that a condensed tableau can have.
    let entries = system.cells() * system.cells() / 4;
    if entries <= WHOLE_SYSTEM {
        return whole(system, facts, effort);
    }
    let mut settled = Neighbourhoods::new(system, tables, facts).run();
    if !settled.exposed.is_empty() && entries <= LAST_RESORT {
        // What is left out already protects the others, and more left out can only add to their doubt.
        let rest = Facts {
            published: facts.published.clone(),
            hidden: facts.hidden.clone(),
            forced: settled.hidden,
            eligible: facts.eligible.clone(),
            cost: facts.cost.clone(),
            missed: facts.missed.clone(),
            targets: facts.targets.iter().filter(|t| settled.exposed.contains(&t.cell)).copied().collect(),
        };
        let again = whole(system, &rest, Effort { rounds: 1, ..effort });
        for interval in &mut settled.intervals {
            if let Some(better) = again.intervals.iter().find(|i| i.cell == interval.cell) {
                *interval = *better;
            }
        }
        (settled.hidden, settled.exposed) = (again.hidden, again.exposed);
    }
    settled
}

fn whole(system: &System, facts: &Facts, effort: Effort) -> Settled {
    let tableau = Tableau::new(system.cells(), &system.sums);
    let problem = Problem {
        tableau: &tableau,
        published: facts.published.clone(),
        hidden: facts.hidden.clone(),
        forced: facts.forced.clone(),
        eligible: facts.eligible.clone(),
        cost: facts.cost.clone(),
        missed: facts.missed.clone(),
        targets: facts.targets.clone(),
    };
    let found = pattern::find(&problem, effort);
    let (intervals, exposed) = attack(system, &tableau, facts, &found.hidden);
    Settled { hidden: found.hidden, intervals, exposed, optimal: found.optimal }
}

/// What a given pattern tells of each cell at risk, by two linear programs for each, and which are exposed.
pub(crate) fn attack(
    system: &System,
    tableau: &Tableau,
    facts: &Facts,
    hidden: &[bool],
) -> (Vec<Interval>, Vec<u32>) {
    let bounds = bounds_of(facts, hidden);
    let mut attacker = Attacker::new(tableau);
    let mut intervals = Vec::with_capacity(facts.targets.len());
    let mut exposed = Vec::new();
    for target in &facts.targets {
        let value = system.values[target.cell as usize] as f64;
        let mut end = |sign: f64| match attacker.push(target.cell, sign, f64::INFINITY, &bounds, u64::MAX) {
            Reach::Far => None,
            Reach::Short(come) => Some(value + sign * come),
            Reach::Unknown => Some(value),
        };
        let (upper, lower) = (end(1.0), end(-1.0));
        let short = |limit: Option<f64>, asked: f64| limit.is_some_and(|l| (l - value).abs() < asked - 1e-6);
        if short(upper, target.up) || short(lower, target.down) {
            exposed.push(target.cell);
        }
        intervals.push(Interval {
            cell: target.cell,
            lower: lower.unwrap_or(f64::NEG_INFINITY),
            upper,
            whole: true,
        });
    }
    (intervals, exposed)
}

fn bounds_of(facts: &Facts, hidden: &[bool]) -> Bounds {
    let mut bounds = facts.published.clone();
    for cell in (0..hidden.len()).filter(|&c| hidden[c]) {
        bounds.lower[cell] = facts.hidden.lower[cell];
        bounds.upper[cell] = facts.hidden.upper[cell];
    }
    bounds
}

/// Deviations that keep every sum: proof that the cells in it can move.
struct Example(Vec<(u32, f64)>);

/// For systems too large for one tableau: each cell at risk is given an example of how it can move among cells near it, all others
/// held still. Every example is checked against all sums and bounds of the whole system before it counts.
struct Neighbourhoods<'a> {
    system: &'a System,
    tables: &'a [&'a CountTable],
    facts: &'a Facts,
    hidden: Vec<bool>,
    sums_of: Vec<Vec<u32>>,
    /// Where a cell stands in the tables, for choosing what is near it.
    stands_in: Vec<Vec<(u32, u32)>>,
    examples: Vec<Example>,
    /// The example and factor that answer each target, up and down.
    answers: Vec<[Option<(u32, f64)>; 2]>,
    target_of: HashMap<u32, u32>,
}

impl<'a> Neighbourhoods<'a> {
    fn new(system: &'a System, tables: &'a [&'a CountTable], facts: &'a Facts) -> Self {
        let mut sums_of = vec![Vec::new(); system.cells()];
        for (number, (parent, children)) in system.sums.iter().enumerate() {
            for &cell in children.iter().chain(parent) {
                sums_of[cell as usize].push(number as u32);
            }
        }
        let mut stands_in = vec![Vec::new(); system.cells()];
        for (table, members) in system.members.iter().enumerate() {
            for (cell, &here) in members.iter().enumerate() {
                stands_in[here as usize].push((table as u32, cell as u32));
            }
        }
        let target_of = facts.targets.iter().enumerate().map(|(n, t)| (t.cell, n as u32)).collect();
        Self {
            system,
            tables,
            facts,
            hidden: facts.forced.clone(),
            sums_of,
            stands_in,
            examples: Vec::new(),
            answers: vec![[None; 2]; facts.targets.len()],
            target_of,
        }
    }

    fn run(mut self) -> Settled {
        let targets = &self.facts.targets;
        let mut order: Vec<usize> = (0..targets.len()).collect();
        // The hardest first: what they need left out serves the others.
        order.sort_by(|&a, &b| {
            let need = |t: usize| targets[t].up.max(targets[t].down);
            need(b).total_cmp(&need(a)).then(a.cmp(&b))
        });
        for &target in &order {
            for way in 0..2 {
                if self.asked(target, way) > 0.0 && self.answers[target][way].is_none() {
                    self.answer(target, way);
                }
            }
        }
        self.show_what_no_example_needs();
        self.judge()
    }

    fn asked(&self, target: usize, way: usize) -> f64 {
        if way == 0 { self.facts.targets[target].up } else { self.facts.targets[target].down }
    }

    /// Looks for an example near the target, wider each time.
    fn answer(&mut self, target: usize, way: usize) {
        let cell = self.facts.targets[target].cell;
        let asked = self.asked(target, way);
        let (up, down) = if way == 0 { (asked, 0.0) } else { (0.0, asked) };
        for width in TRIES {
            let (block, sums) = self.movable(&self.block(cell, width, asked));
            let Some(own) = block.iter().position(|&c| c == cell) else { continue };
            let tableau = Tableau::new(block.len(), &sums);
            let pick = |from: &[f64]| block.iter().map(|&c| from[c as usize]).collect::<Vec<f64>>();
            let facts = self.facts;
            let problem = Problem {
                tableau: &tableau,
                published: Bounds {
                    lower: pick(&facts.published.lower),
                    upper: pick(&facts.published.upper),
                },
                hidden: Bounds { lower: pick(&facts.hidden.lower), upper: pick(&facts.hidden.upper) },
                forced: block.iter().map(|&c| self.hidden[c as usize]).collect(),
                eligible: block.iter().map(|&c| facts.eligible[c as usize]).collect(),
                cost: pick(&facts.cost),
                missed: pick(&facts.missed),
                targets: vec![Target { cell: own as u32, up, down }],
            };
            let found = pattern::find(&problem, Effort { rounds: 2, work: 400_000 });
            if !found.exposed.is_empty() {
                continue;
            }
            let sign = if way == 0 { 1.0 } else { -1.0 };
            let mut bounds = problem.published.clone();
            for place in (0..block.len()).filter(|&p| found.hidden[p]) {
                bounds.lower[place] = problem.hidden.lower[place];
                bounds.upper[place] = problem.hidden.upper[place];
            }
            let mut attacker = Attacker::new(&tableau);
            if attacker.push(own as u32, sign, asked, &bounds, u64::MAX) != Reach::Far {
                continue;
            }
            let mut example = Vec::new();
            for (place, &deviation) in attacker.deviation.iter().enumerate() {
                if deviation.abs() > 1e-9 {
                    example.push((block[place], deviation));
                    self.hidden[block[place] as usize] |= found.hidden[place];
                }
            }
            self.serve(Example(example));
            if self.answers[target][way].is_some() {
                return;
            }
        }
    }

    /// Keeps an example, and answers with it every target that it moves far enough when stretched as far as the bounds allow.
    fn serve(&mut self, example: Example) {
        let number = self.examples.len() as u32;
        let mut used = false;
        for turned in [1.0, -1.0] {
            let stretch = example
                .0
                .iter()
                .map(|&(cell, by)| {
                    let (lower, upper) = self.limits(cell);
                    if by * turned > 0.0 { upper / by.abs() } else { -lower / by.abs() }
                })
                .fold(1e6, f64::min);
            for &(cell, by) in &example.0 {
                let Some(&target) = self.target_of.get(&cell) else { continue };
                let way = usize::from(by * turned < 0.0);
                let asked = self.asked(target as usize, way);
                let answer = &mut self.answers[target as usize][way];
                if asked > 0.0 && answer.is_none() && by.abs() * stretch >= asked - 1e-7 {
                    *answer = Some((number, turned * stretch.min(asked / by.abs())));
                    used = true;
                }
            }
        }
        if used {
            self.examples.push(example);
        }
    }

    fn limits(&self, cell: u32) -> (f64, f64) {
        let from = if self.hidden[cell as usize] { &self.facts.hidden } else { &self.facts.published };
        (from.lower[cell as usize], from.upper[cell as usize])
    }

    /// Cells near one cell, in every table where it stands.
    fn block(&self, cell: u32, width: Width, asked: f64) -> Vec<u32> {
        let mut block = BTreeSet::from([cell]);
        let mut stands = self.stands_in[cell as usize].clone();
        if stands.is_empty() {
            // A change between two versions: near both.
            for &sum in &self.sums_of[cell as usize] {
                let (parent, children) = &self.system.sums[sum as usize];
                for other in children.iter().chain(parent) {
                    stands.extend(&self.stands_in[*other as usize]);
                }
            }
        }
        for (table, at) in stands {
            self.block_in(table as usize, at as usize, width, asked, &mut block);
        }
        if !self.system.changes.is_empty() {
            let near: Vec<u32> = block.iter().copied().collect();
            for cell in near {
                for &sum in &self.sums_of[cell as usize] {
                    let (parent, children) = &self.system.sums[sum as usize];
                    if children.len() == 2 && self.stands_in[children[1] as usize].is_empty() {
                        block.extend(children.iter().chain(parent));
                    }
                }
            }
        }
        block.into_iter().collect()
    }

    fn block_in(&self, table: usize, at: usize, mut width: Width, asked: f64, block: &mut BTreeSet<u32>) {
        let members = &self.system.members[table];
        let table = self.tables[table];
        // As wide as it may be without too many cells.
        let chosen = loop {
            let chosen: Vec<Vec<u32>> = (0..table.dimensions().len())
                .map(|place| self.codes_near(table, members, at, place, width, asked))
                .collect();
            if chosen.iter().map(Vec::len).product::<usize>() <= width.cells
                || (width.siblings <= 1 && width.children <= 1)
            {
                break chosen;
            }
            if width.siblings > 1 && width.siblings >= width.children {
                width.siblings -= 1;
            } else {
                width.children -= 1;
            }
        };
        let mut cells = vec![0usize];
        for (stride, codes) in table.strides().iter().zip(&chosen) {
            cells = cells
                .iter()
                .flat_map(|cell| codes.iter().map(move |&c| cell + c as usize * stride))
                .collect();
        }
        block.extend(cells.into_iter().map(|cell| members[cell]));
    }

    /// Codes of one dimension near a cell's own: siblings, and below each of them a way down, since a total moves with its parts.
    fn codes_near(
        &self,
        table: &CountTable,
        members: &[u32],
        at: usize,
        place: usize,
        width: Width,
        asked: f64,
    ) -> Vec<u32> {
        let dimension = &table.dimensions()[place];
        let stride = table.strides()[place];
        let code = table.code(at, place);
        let base = at - code as usize * stride;
        let line = |code: u32| members[base + code as usize * stride] as usize;
        let rank = |c: u32| {
            let cell = line(c);
            let value = self.system.values[cell];
            let enough = value as f64 >= asked;
            let rank = match (self.hidden[cell], self.facts.eligible[cell]) {
                (true, _) if enough => 0u8,
                (_, true) if enough => 1,
                (true, _) | (_, true) => 2,
                _ => 3,
            };
            (rank, -value, c)
        };
        let best = |codes: &[u32], but: u32, most: usize| {
            let mut ranked: Vec<(u8, i64, u32)> =
                codes.iter().filter(|&&c| c != but).map(|&c| rank(c)).collect();
            ranked.sort_unstable();
            ranked.truncate(most);
            ranked.into_iter().map(|(_, _, c)| c)
        };
        let mut codes = vec![code];
        let mut of = code;
        while let Some(parent) = dimension.parent(of) {
            codes.extend(best(dimension.children(parent), of, width.siblings));
            if !width.above {
                break;
            }
            codes.push(parent);
            of = parent;
        }
        let mut next = 0;
        while next < codes.len() {
            let own = codes[next] == code && next == 0;
            let children = if own { width.children.max(2) } else { width.children };
            let held = dimension.children(codes[next]);
            if !held.iter().any(|c| codes.contains(c)) || own {
                codes.extend(best(held, u32::MAX, children).collect::<Vec<_>>());
            }
            next += 1;
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The cells of a block that can move while all cells outside it are held still, and the sums over them.
    ///
    /// A cell that is published as it is cannot move, nor can one that is alone in a sum; taking these out leaves others alone.
    fn movable(&self, block: &[u32]) -> (Vec<u32>, Sums) {
        let mut entries: Vec<(u32, u32)> = Vec::new();
        for (place, &cell) in block.iter().enumerate() {
            entries.extend(self.sums_of[cell as usize].iter().map(|&sum| (sum, place as u32)));
        }
        entries.sort_unstable();
        let groups: Vec<&[(u32, u32)]> = entries.chunk_by(|a, b| a.0 == b.0).collect();
        let mut left: Vec<usize> = groups.iter().map(|g| g.len()).collect();
        let mut groups_of: Vec<Vec<u32>> = vec![Vec::new(); block.len()];
        for (group, members) in groups.iter().enumerate() {
            for (_, place) in *members {
                groups_of[*place as usize].push(group as u32);
            }
        }
        let mut moves = vec![true; block.len()];
        let fixed = |cell: usize| {
            let printed = (self.facts.published.lower[cell], self.facts.published.upper[cell]);
            printed == (0.0, 0.0) && !self.hidden[cell] && !self.facts.eligible[cell]
        };
        let mut stopped: Vec<usize> = (0..block.len()).filter(|&p| fixed(block[p] as usize)).collect();
        stopped.extend(groups.iter().filter(|g| g.len() == 1).map(|g| g[0].1 as usize));
        while let Some(place) = stopped.pop() {
            if !std::mem::replace(&mut moves[place], false) {
                continue;
            }
            for &group in &groups_of[place] {
                left[group as usize] -= 1;
                if left[group as usize] == 1 {
                    let last = groups[group as usize].iter().find(|(_, p)| moves[*p as usize]);
                    stopped.extend(last.map(|(_, p)| *p as usize));
                }
            }
        }
        let mut number = vec![u32::MAX; block.len()];
        let mut kept = Vec::new();
        for place in (0..block.len()).filter(|&p| moves[p]) {
            number[place] = kept.len() as u32;
            kept.push(block[place]);
        }
        let sums = groups
            .iter()
            .zip(&left)
            .filter(|(_, left)| **left > 1)
            .map(|(group, _)| {
                let parent = self.system.sums[group[0].0 as usize].0;
                let is_parent = |place: u32| Some(block[place as usize]) == parent;
                let inside = || group.iter().map(|(_, place)| *place).filter(|p| moves[*p as usize]);
                (
                    inside().find(|p| is_parent(*p)).map(|p| number[p as usize]),
                    inside().filter(|p| !is_parent(*p)).map(|p| number[p as usize]).collect(),
                )
            })
            .collect();
        (kept, sums)
    }

    /// Publishes what was left out for nothing.
    fn show_what_no_example_needs(&mut self) {
        let mut needed = self.facts.forced.clone();
        for (example, _) in self.answers.iter().flatten().flatten() {
            for &(cell, _) in &self.examples[*example as usize].0 {
                needed[cell as usize] = true;
            }
        }
        for (hidden, needed) in self.hidden.iter_mut().zip(&needed) {
            *hidden &= needed;
        }
    }

    /// Checks every answer against the whole system; a target without a good one is exposed.
    fn judge(self) -> Settled {
        let mut intervals = Vec::with_capacity(self.answers.len());
        let mut exposed = Vec::new();
        let mut totals: HashMap<u32, f64> = HashMap::new();
        for (number, target) in self.facts.targets.iter().enumerate() {
            let value = self.system.values[target.cell as usize] as f64;
            let mut reach = [0.0f64; 2];
            for (way, reach) in reach.iter_mut().enumerate() {
                let Some((example, factor)) = self.answers[number][way] else { continue };
                totals.clear();
                let mut sound = true;
                for &(cell, by) in &self.examples[example as usize].0 {
                    let by = by * factor;
                    let (lower, upper) = self.limits(cell);
                    sound &= by >= lower - 1e-6 && by <= upper + 1e-6;
                    for &sum in &self.sums_of[cell as usize] {
                        let is_parent = self.system.sums[sum as usize].0 == Some(cell);
                        *totals.entry(sum).or_default() += if is_parent { -by } else { by };
                    }
                    if cell == target.cell {
                        *reach = by.abs();
                    }
                }
                if !sound || totals.values().any(|t| t.abs() > 1e-6) {
                    *reach = 0.0;
                }
            }
            if reach[0] < target.up - 1e-6 || reach[1] < target.down - 1e-6 {
                exposed.push(target.cell);
            }
            intervals.push(Interval {
                cell: target.cell,
                lower: value - reach[1],
                upper: Some(value + reach[0]),
                whole: false,
            });
        }
        Settled { hidden: self.hidden, intervals, exposed, optimal: false }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Facts for tables in which counts of 1 to 4 are at risk and zeros are printed.
    fn facts(system: &System) -> Facts {
        let cells = system.cells();
        let at_risk = |c: &usize| (1..5).contains(&system.values[*c]);
        Facts {
            published: Bounds { lower: vec![0.0; cells], upper: vec![0.0; cells] },
            hidden: Bounds {
                lower: system.values.iter().map(|v| -(*v as f64)).collect(),
                upper: vec![f64::INFINITY; cells],
            },
            forced: (0..cells).map(|c| at_risk(&c)).collect(),
            eligible: system.values.iter().map(|v| *v > 0).collect(),
            cost: vec![1.0; cells],
            missed: vec![0.0; cells],
            targets: (0..cells)
                .filter(at_risk)
                .map(|c| Target { cell: c as u32, up: 1.0, down: 1.0 })
                .collect(),
        }
    }

    fn tables(seed: u64) -> [CountTable; 2] {
        let mut csv = "area,age,sex,count\n".to_owned();
        let mut by_kind = "area,kind,count\n".to_owned();
        let mut state = seed;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for area in 0..6 {
            let mut all = 0;
            for (age, sex) in (0..3).flat_map(|age| [(age, "f"), (age, "m")]) {
                let size = [6, 30, 90][next(3) as usize];
                let count = next(size);
                all += count;
                writeln!(csv, "r{}.{area},{age},{sex},{count}", area / 3).unwrap();
            }
            let some = next(all + 1);
            writeln!(by_kind, "r{}.{area},x,{some}\nr{}.{area},y,{}", area / 3, area / 3, all - some)
                .unwrap();
        }
        let areas = r#"{"all":["r0","r1"],"r0":["r0.0","r0.1","r0.2"],"r1":["r1.3","r1.4","r1.5"]}"#;
        let read = |name: &str, csv: &str, rest: &str| {
            CountTable::from_csv(name, csv, &format!("[{areas},{rest}]")).unwrap().0
        };
        [
            read("one", &csv, r#"{"all":["0","1","2"]},{"all":["f","m"]}"#),
            read("two", &by_kind, r#"{"all":["x","y"]}"#),
        ]
    }

    #[test]
    fn what_neighbourhoods_leave_out_withstands_the_attack_on_the_whole() {
        let (mut at_risk, mut safe) = (0, 0);
        for seed in 0..12 {
            let [one, two] = tables(seed);
            let tables = [&one, &two];
            let system = System::new(&tables, &[], &[]).unwrap();
            let facts = facts(&system);
            let found = Neighbourhoods::new(&system, &tables, &facts).run();
            let tableau = Tableau::new(system.cells(), &system.sums);
            let (_, exposed) = attack(&system, &tableau, &facts, &found.hidden);
            for cell in &exposed {
                assert!(
                    found.exposed.contains(cell),
                    "seed {seed}: cell {cell} is exposed and not said to be"
                );
            }
            at_risk += facts.targets.len();
            safe += facts.targets.len() - found.exposed.len();
        }
        assert!(at_risk > 100 && safe * 100 >= at_risk * 98, "{safe} of {at_risk} protected");
    }

    #[test]
    fn an_attack_finds_what_is_given_away() {
        let [one, _] = tables(3);
        let system = System::new(&[&one], &[], &[]).unwrap();
        let facts = facts(&system);
        let tableau = Tableau::new(system.cells(), &system.sums);
        let (intervals, exposed) = attack(&system, &tableau, &facts, &facts.forced);
        assert!(!exposed.is_empty(), "with only the small counts left out some can be worked out");
        let exact = intervals.iter().filter(|i| i.upper == Some(i.lower)).count();
        assert!(
            exact > 0
                && intervals.iter().all(|i| {
                    let value = system.values[i.cell as usize] as f64;
                    i.lower <= value + 1e-6 && i.upper.is_none_or(|u| u >= value - 1e-6)
                })
        );
    }
}
