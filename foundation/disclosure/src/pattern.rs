//! Which further cells must be left out so that the cells at risk cannot be worked out: the cell suppression problem.
//!
//! The method is Fischetti and Salazar's (*Mathematical Programming* 84, 1999, pp. 283-312) made into a heuristic. An attack that
//! succeeds shows a **cut**: a weighted set of cells of which enough must be left out, in every safe pattern. A choice of cells that
//! meets all cuts known so far is cheap to make; attacking it either proves it safe or gives new cuts. Each round makes such a
//! choice, extends it until no attack succeeds, and takes out what is not needed. The best of all rounds is kept.

use crate::lp::{Attacker, Bounds, Reach, Tableau};

/// A cell at risk, and how far each way the attacker must be left in doubt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) cell: u32,
    pub(crate) up: f64,
    pub(crate) down: f64,
}

/// One cell suppression problem.
pub(crate) struct Problem<'a> {
    pub(crate) tableau: &'a Tableau,
    /// What is known of a cell that is published.
    pub(crate) published: Bounds,
    /// What is known of a cell that is left out.
    pub(crate) hidden: Bounds,
    /// Left out from the start: the primaries.
    pub(crate) forced: Vec<bool>,
    /// May be left out as well.
    pub(crate) eligible: Vec<bool>,
    /// What leaving a cell out costs, in whole numbers.
    pub(crate) cost: Vec<f64>,
    /// How much a reader misses a cell: chooses among patterns of one cost.
    pub(crate) missed: Vec<f64>,
    pub(crate) targets: Vec<Target>,
}

/// A pattern of cells to leave out.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(crate) hidden: Vec<bool>,
    /// Cells that stay exposed with every eligible cell left out. The pattern is safe only if there are none.
    pub(crate) exposed: Vec<u32>,
    /// No cheaper pattern is possible.
    pub(crate) optimal: bool,
}

/// How much to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds at most.
    pub(crate) rounds: u32,
    /// Work at most, in entries of tableaux and cuts touched; the first round is always finished.
    pub(crate) work: u64,
}

/// A set of weighted cells of which a total weight of one must be left out.
struct Cut {
    /// By candidate.
    weight: Vec<f32>,
}

/// Cuts kept: beyond this, the pool itself would be the slow part.
const MOST_CUTS: usize = 600;
/// Weight that counts as the whole of a cut, with room for rounding error.
const WHOLE: f32 = 1.0 - 1e-5;
/// Less than this is no saving but rounding error.
const SAVING: f32 = 1e-4;
/// Examples kept for each question of how a cell can move: while all the cells of one are left out, the answer stands.
const EXAMPLES: usize = 6;

/// Finds a safe pattern and improves it.
pub(crate) fn find(problem: &Problem<'_>, effort: Effort) -> Pattern {
    Search::new(problem).run(effort)
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    attacker: Attacker<'a>,
    bounds: Bounds,
    hidden: Vec<bool>,
    /// Cells that may be chosen, and each cell's number among them.
    candidates: Vec<u32>,
    candidate_of: Vec<u32>,
    chosen: Vec<bool>,
    cost: Vec<f32>,
    /// Costs with a little more for what readers miss: for the order in which cells are tried.
    taste: Vec<f32>,
    cuts: Vec<Cut>,
    met: Vec<f32>,
    questions: Vec<Question>,
    work: u64,
    most_work: u64,
    random: u64,
    /// The question that the next attack begins with.
    next: usize,
}

struct Question {
    cell: u32,
    sign: f64,
    need: f64,
    /// Candidates used by each example.
    examples: Vec<Vec<u32>>,
    next: usize,
    hopeless: bool,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        let cells = problem.forced.len();
        let mut candidate_of = vec![u32::MAX; cells];
        let mut candidates = Vec::new();
        for (cell, candidate) in candidate_of.iter_mut().enumerate() {
            if problem.eligible[cell] && !problem.forced[cell] {
                *candidate = candidates.len() as u32;
                candidates.push(cell as u32);
            }
        }
        let mut bounds = problem.published.clone();
        for cell in (0..cells).filter(|&c| problem.forced[c]) {
            bounds.lower[cell] = problem.hidden.lower[cell];
            bounds.upper[cell] = problem.hidden.upper[cell];
        }
        let mut questions = Vec::new();
        for target in &problem.targets {
            for (sign, need) in [(1.0, target.up), (-1.0, target.down)] {
                if need > 0.0 {
                    questions.push(Question {
                        cell: target.cell,
                        sign,
                        need,
                        examples: Vec::new(),
                        next: 0,
                        hopeless: false,
                    });
                }
            }
        }
        Self {
            problem,
            attacker: Attacker::new(problem.tableau),
            bounds,
            hidden: problem.forced.clone(),
            chosen: vec![false; candidates.len()],
            cost: candidates.iter().map(|&c| problem.cost[c as usize] as f32).collect(),
            taste: candidates
                .iter()
                .map(|&c| (problem.cost[c as usize] * (1.0 + problem.missed[c as usize] / 50.0)) as f32)
                .collect(),
            candidates,
            candidate_of,
            cuts: Vec::new(),
            met: Vec::new(),
            questions,
            work: 0,
            most_work: u64::MAX,
            random: 0x9e37_79b9_7f4a_7c15,
            next: 0,
        }
    }

    fn run(mut self, effort: Effort) -> Pattern {
        self.most_work = effort.work;
        let mut best: Option<(f32, f32, Vec<bool>)> = None;
        let mut optimal = false;
        let mut last_better = 0;
        for round in 0..effort.rounds {
            if round > 80 + 3 * last_better || (round > 0 && self.worked() > effort.work) {
                break;
            }
            // What a round costs besides the tableaux and cuts that it counts itself.
            self.work += 2_000 + 10 * self.candidates.len() as u64;
            self.choose_for_cuts(round, best.as_ref().map(|(.., chosen)| chosen.as_slice()));
            let promised = self.chosen_cost();
            if let Some((cost, ..)) = &best
                && promised >= cost - SAVING
            {
                // No saving in this choice even before the attacks: try another one.
                if round % 4 == 0 && self.lower_bound() > cost - 1.0 + 1e-3 {
                    optimal = true;
                    break;
                }
                continue;
            }
            while self.attack() {
                self.extend(round);
            }
            self.reduce(round);
            let cost = self.chosen_cost();
            let missed = self.chosen_sum(&self.taste);
            let better = best.as_ref().is_none_or(|(held, ..)| cost < held - SAVING);
            if better
                || best.as_ref().is_some_and(|(held, held_missed, _)| {
                    cost < held + SAVING && missed < held_missed - SAVING
                })
            {
                best = Some((cost, missed, self.chosen.clone()));
                if better {
                    last_better = round;
                }
            }
            if self.questions.is_empty() || self.candidates.is_empty() {
                optimal = true;
                break;
            }
        }
        let chosen = best.map_or_else(|| vec![false; self.candidates.len()], |(.., chosen)| chosen);
        let mut hidden = self.problem.forced.clone();
        for (&cell, _) in self.candidates.iter().zip(&chosen).filter(|(_, chosen)| **chosen) {
            hidden[cell as usize] = true;
        }
        let mut exposed: Vec<u32> = self.questions.iter().filter(|q| q.hopeless).map(|q| q.cell).collect();
        exposed.dedup();
        Pattern { hidden, exposed, optimal }
    }

    fn worked(&self) -> u64 {
        self.work + self.attacker.work
    }

    fn chosen_cost(&self) -> f32 {
        self.chosen_sum(&self.cost)
    }

    fn chosen_sum(&self, of: &[f32]) -> f32 {
        of.iter().zip(&self.chosen).map(|(cost, chosen)| if *chosen { *cost } else { 0.0 }).sum()
    }

    fn chance(&mut self) -> f32 {
        // SplitMix64: a counter and a mix, so the same numbers come on every machine.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }

    fn set(&mut self, candidate: usize, on: bool) {
        if self.chosen[candidate] == on {
            return;
        }
        self.chosen[candidate] = on;
        let cell = self.candidates[candidate] as usize;
        self.hidden[cell] = on;
        let from = if on { &self.problem.hidden } else { &self.problem.published };
        self.bounds.lower[cell] = from.lower[cell];
        self.bounds.upper[cell] = from.upper[cell];
        let sign = if on { 1.0 } else { -1.0 };
        for (met, cut) in self.met.iter_mut().zip(&self.cuts) {
            *met += sign * cut.weight[candidate];
        }
        self.work += self.cuts.len() as u64 / 2;
    }

    /// A lower limit of what any safe pattern costs: cuts that share no cell each need at least their cheapest.
    fn lower_bound(&mut self) -> f32 {
        let mut left = self.cost.clone();
        let mut order: Vec<usize> = (0..self.cuts.len()).collect();
        let size = |cut: &Cut| cut.weight.iter().filter(|w| **w > 0.0).count();
        order.sort_by_key(|&c| size(&self.cuts[c]));
        let mut bound = 0.0;
        for cut in order {
            let weight = &self.cuts[cut].weight;
            // What one unit of this cut costs at the least, after what earlier cuts have been paid.
            let price = weight
                .iter()
                .zip(&left)
                .filter(|(w, _)| **w > 0.0)
                .map(|(w, cost)| cost / w)
                .fold(f32::INFINITY, f32::min);
            if price.is_finite() && price > 0.0 {
                bound += price;
                for (left, w) in left.iter_mut().zip(weight) {
                    *left -= price * w;
                }
            }
        }
        self.work += (self.cuts.len() * self.candidates.len()) as u64;
        bound
    }

    /// A choice of cells that meets all cuts known so far: greedy with a little chance, then improved by swaps. It starts from
    /// nothing, or every other time from a part of the best pattern so far.
    fn choose_for_cuts(&mut self, round: u32, best: Option<&[bool]>) {
        let keep = 0.25 + 0.2 * (round / 2 % 4) as f32;
        for candidate in 0..self.candidates.len() {
            let kept = round % 2 == 1 && best.is_some_and(|b| b[candidate]) && self.chance() < keep;
            self.set(candidate, kept);
        }
        self.extend(round);
        self.drop_unneeded_by_cuts(round);
        self.swap();
    }

    /// Adds cells until every cut is met.
    fn extend(&mut self, round: u32) {
        let spread = if round == 0 { 0.0 } else { 0.15 + 0.1 * (round % 5) as f32 };
        let mut score = vec![0.0f32; self.candidates.len()];
        loop {
            score.fill(0.0);
            let mut open = false;
            for (cut, met) in self.cuts.iter().zip(&self.met) {
                if *met >= WHOLE {
                    continue;
                }
                open = true;
                let missing = 1.0 - met;
                for (score, weight) in score.iter_mut().zip(&cut.weight) {
                    *score += weight.min(missing);
                }
            }
            self.work += (self.cuts.len() * self.candidates.len()) as u64 / 3;
            if !open {
                return;
            }
            let mut best: Option<(usize, f32)> = None;
            for (candidate, &score) in score.iter().enumerate() {
                if self.chosen[candidate] || score <= 0.0 {
                    continue;
                }
                let noise = 1.0 - spread * self.chance();
                let worth = score / self.taste[candidate] * noise;
                if best.is_none_or(|(_, held)| worth > held) {
                    best = Some((candidate, worth));
                }
            }
            match best {
                Some((candidate, _)) => self.set(candidate, true),
                // Weights that do not add up to the whole by rounding alone.
                None => return,
            }
        }
    }

    fn by_cost(&mut self, round: u32) -> Vec<usize> {
        let mut order: Vec<(f32, usize)> = Vec::new();
        for candidate in 0..self.candidates.len() {
            if self.chosen[candidate] {
                let noise = if round == 0 { 1.0 } else { 0.5 + self.chance() };
                order.push((self.taste[candidate] * noise, candidate));
            }
        }
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        order.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn cuts_allow_without(&self, candidate: usize) -> bool {
        self.cuts.iter().zip(&self.met).all(|(cut, met)| met - cut.weight[candidate] >= WHOLE)
    }

    fn drop_unneeded_by_cuts(&mut self, round: u32) {
        for candidate in self.by_cost(round) {
            self.work += self.cuts.len() as u64;
            if self.cuts_allow_without(candidate) {
                self.set(candidate, false);
            }
        }
    }

    /// Exchanges that save: one cell for a cheaper one, or two for one.
    fn swap(&mut self) {
        let mut improved = true;
        while improved && self.worked() < self.most_work {
            improved = false;
            let chosen: Vec<usize> = (0..self.candidates.len()).filter(|&c| self.chosen[c]).collect();
            'search: for (place, &first) in chosen.iter().enumerate() {
                for second in std::iter::once(None).chain(chosen[place + 1..].iter().map(|c| Some(*c))) {
                    let out = self.cost[first] + second.map_or(0.0, |c| self.cost[c]);
                    let mut best: Option<usize> = None;
                    // Cells that alone would meet all the cuts that open up.
                    let mut able: Option<Vec<usize>> = None;
                    for (cut, met) in self.cuts.iter().zip(&self.met) {
                        let left = met - cut.weight[first] - second.map_or(0.0, |c| cut.weight[c]);
                        if left >= WHOLE {
                            continue;
                        }
                        match &mut able {
                            None => {
                                able = Some(
                                    (0..self.candidates.len())
                                        .filter(|&c| {
                                            !self.chosen[c]
                                                && self.cost[c] < out - SAVING
                                                && left + cut.weight[c] >= WHOLE
                                        })
                                        .collect(),
                                );
                                self.work += self.candidates.len() as u64;
                            }
                            Some(able) => {
                                self.work += able.len() as u64;
                                able.retain(|&c| left + cut.weight[c] >= WHOLE);
                            }
                        }
                        if able.as_ref().is_some_and(Vec::is_empty) {
                            break;
                        }
                    }
                    self.work += self.cuts.len() as u64;
                    match able {
                        None => {
                            self.set(first, false);
                            if let Some(second) = second {
                                self.set(second, false);
                            }
                            improved = true;
                            break 'search;
                        }
                        Some(able) => {
                            for candidate in able {
                                if best.is_none_or(|b| self.cost[candidate] < self.cost[b]) {
                                    best = Some(candidate);
                                }
                            }
                        }
                    }
                    if let Some(candidate) = best {
                        self.set(first, false);
                        if let Some(second) = second {
                            self.set(second, false);
                        }
                        self.set(candidate, true);
                        improved = true;
                        break 'search;
                    }
                }
            }
        }
    }

    /// Asks the questions of the pattern as it stands, from where the last attack stopped, until one succeeds for the attacker, which
    /// becomes a cut, or none does. True if one did.
    ///
    /// One at a time: what is added against one attack often stops the next, and the choice is made with more known.
    fn attack(&mut self) -> bool {
        let all = self.questions.len();
        for _ in 0..all {
            let question = self.next % all;
            self.next = question + 1;
            if !self.questions[question].hopeless && !self.holds(question) {
                return true;
            }
        }
        false
    }

    /// Whether the cell of a question is left in enough doubt by the pattern as it stands.
    fn holds(&mut self, question: usize) -> bool {
        let chosen = &self.chosen;
        self.work += 4;
        let q = &self.questions[question];
        if q.examples.iter().any(|used| used.iter().all(|&c| chosen[c as usize])) {
            return true;
        }
        let (cell, sign, need) = (q.cell, q.sign, q.need);
        match self.attacker.push(cell, sign, need, &self.bounds, u64::MAX) {
            Reach::Far => {
                let used = self
                    .candidates
                    .iter()
                    .enumerate()
                    .filter(|&(candidate, &c)| {
                        self.chosen[candidate] && self.attacker.deviation[c as usize].abs() > 1e-9
                    })
                    .map(|(candidate, _)| candidate as u32)
                    .collect();
                let q = &mut self.questions[question];
                if q.examples.len() < EXAMPLES {
                    q.examples.push(used);
                } else {
                    let next = q.next % EXAMPLES;
                    q.examples[next] = used;
                    q.next += 1;
                }
                true
            }
            Reach::Short(_) | Reach::Unknown => {
                if !self.learn(cell, sign, need) {
                    self.questions[question].hopeless = true;
                }
                false
            }
        }
    }

    /// Keeps what the last attack proved: enough of these cells must be left out. False if no cells could ever be enough.
    fn learn(&mut self, cell: u32, sign: f64, need: f64) -> bool {
        let mut weight = vec![0.0f64; self.candidates.len()];
        let mut missing = need;
        for (other, factor) in self.attacker.proof(cell) {
            let other = other as usize;
            let by = sign * factor;
            let room = |bounds: &Bounds| {
                let far = if by > 0.0 { bounds.upper[other] } else { -bounds.lower[other] };
                if far == 0.0 { 0.0 } else { by.abs() * far }
            };
            let published = room(&self.problem.published);
            let hidden = room(&self.problem.hidden);
            if self.candidate_of[other] == u32::MAX {
                missing -= if self.problem.forced[other] { hidden } else { published };
            } else {
                missing -= published;
                weight[self.candidate_of[other] as usize] = (hidden - published).max(0.0);
            }
        }
        if missing <= 1e-9 {
            // Only rounding error can say so; the cell is then not known to be safe.
            return false;
        }
        let total: f64 = weight.iter().map(|w| w.min(missing)).sum();
        if total < missing * (1.0 - 1e-6) {
            return false;
        }
        let weight: Vec<f32> = weight.iter().map(|w| (w.min(missing) / missing) as f32).collect();
        self.work += self.candidates.len() as u64;
        let met = weight.iter().zip(&self.chosen).map(|(w, c)| if *c { *w } else { 0.0 }).sum();
        if self.cuts.len() >= MOST_CUTS {
            // The cut that is met most easily says least.
            let mut loosest = 0;
            for (cut, met) in self.met.iter().enumerate() {
                if *met > self.met[loosest] {
                    loosest = cut;
                }
            }
            self.cuts.swap_remove(loosest);
            self.met.swap_remove(loosest);
        }
        self.cuts.push(Cut { weight });
        self.met.push(met);
        true
    }

    /// Takes out every chosen cell without which the pattern is still safe.
    fn reduce(&mut self, round: u32) {
        for candidate in self.by_cost(round) {
            if round > 0 && self.worked() > self.most_work {
                // The pattern is safe as it is, only perhaps larger than it need be.
                return;
            }
            self.work += self.cuts.len() as u64;
            if !self.cuts_allow_without(candidate) {
                continue;
            }
            self.set(candidate, false);
            let safe = (0..self.questions.len()).all(|q| self.questions[q].hopeless || self.holds(q));
            if !safe {
                self.set(candidate, true);
            }
        }
    }
}
