//! The pattern language of the rules, compiled once, matched on tokens.
//!
//! | written | matches |
//! |---|---|
//! | `word` | the word, whatever its case |
//! | `[put]` | any form of the word: put, puts, putting |
//! | `a\|b`, `[put\|place]` | any of them |
//! | `@child` | any member of a class of the pack |
//! | `( a b \| c )` | either sequence |
//! | `x?`, `( a b )?` | at most once |
//! | `_`, `_{0,3}` | any one word; up to three, within a clause |
//! | `#`, `#18-99` | a number; a number in the range |
//! | `~` | a name: a capital that no rule knows, or a single capital letter |
//! | `,` | a comma, bracket, colon or dash may stand here |
//! | `^`, `$` | the start and the end of the sentence |
//! | `< … >` | the part of the match that is reported |
//!
//! A match starts from the rarest word that the pattern must have and is completed to both sides, so that common words
//! cost nothing. Quotation marks, hyphens and slashes between words are read through.

use hashbrown::HashMap;

use crate::{
    inflection::forms,
    text::{NUMBER_BIT, Token, UNKNOWN, Vocabulary, bit_of, mark, shape},
};

/// Words so common that a pattern should not be looked for from them.
const COMMON: &[&str] = &[
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "with", "from", "and", "or", "is", "are",
    "was", "were", "be", "been", "being", "am", "has", "have", "had", "do", "does", "did", "he", "she",
    "they", "him", "her", "his", "hers", "them", "their", "it", "its", "that", "this", "these", "those",
    "who", "which", "not", "no", "as", "but", "if", "so", "will", "would", "can", "could", "may", "might",
    "should", "must", "i", "we", "you", "our", "my", "me", "us", "'s", "n't", "up", "out", "there", "when",
    "where", "what", "than", "then", "into", "over", "about", "after", "before", "again", "still", "very",
    "all", "any", "some", "more", "one", "two", "new", "home", "school", "child", "person", "young", "case",
    "time", "day", "last", "week", "month", "year", "get", "gets", "got", "go", "goes", "come", "told",
    "said", "says", "man", "men", "older", "adult", "adults",
];

/// Backtracking steps after which a match is given up; the longest in the packs needs some hundreds.
const MOST_STEPS: usize = 4_000;

/// One test of one token.
#[derive(Debug, Clone, PartialEq)]
enum Atom {
    Word(u32),
    Set(Vec<u32>),
    Any,
    Number(u32, u32),
    Name,
}

#[derive(Debug, Clone)]
enum Node {
    Atom(Atom),
    Repeat(Vec<Node>, usize, usize),
    Either(Vec<Vec<Node>>),
    Open,
    Close,
    First,
    Last,
    Loose,
}

#[derive(Debug, Clone)]
enum Step {
    Atom(Compiled),
    Split(u32, u32),
    Jump(u32),
    Open,
    Close,
    First,
    Last,
    Loose,
    Done,
}

#[derive(Debug, Clone, Copy)]
enum Compiled {
    Word(u32),
    Set(u32),
    Any,
    Number(u32, u32),
    Name,
}

/// Sets of words, turned over: for each word the sets that hold it, so that all tests of one token read one place.
#[derive(Debug, Default)]
struct Sets {
    numbers: HashMap<Vec<u32>, u32>,
    members: Vec<Vec<u32>>,
    /// 64-bit words in a row.
    width: usize,
    /// For each word where its row begins; words of the same sets share one, so that all rows stay near the processor.
    row_of: Vec<u32>,
    rows: Vec<u64>,
}

impl Sets {
    fn intern(&mut self, words: &[u32]) -> u32 {
        if let Some(n) = self.numbers.get(words) {
            return *n;
        }
        let n = self.members.len() as u32;
        self.members.push(words.to_vec());
        self.numbers.insert(words.to_vec(), n);
        n
    }

    fn close(&mut self) {
        self.width = self.members.len() / 64 + 1;
        let most = self.members.iter().flatten().max().copied().unwrap_or(0) as usize;
        let mut of_word = vec![vec![0u64; self.width]; most + 1];
        for (n, words) in self.members.iter().enumerate() {
            for w in words {
                of_word[*w as usize][n / 64] |= 1 << (n % 64);
            }
        }
        let mut known: HashMap<&[u64], u32> = HashMap::new();
        for row in &of_word {
            let at = *known.entry(row).or_insert_with(|| {
                self.rows.extend(row);
                (self.rows.len() - self.width) as u32
            });
            self.row_of.push(at);
        }
    }

    fn holds(&self, set: u32, word: u32) -> bool {
        let Some(row) = self.row_of.get(word as usize) else { return false };
        self.rows.get(*row as usize + set as usize / 64).is_some_and(|row| row >> (set % 64) & 1 == 1)
    }

    fn matches(&self, atom: Compiled, token: Token) -> bool {
        match atom {
            Compiled::Any => true,
            Compiled::Number(low, high) => token.is_number() && (low..=high).contains(&token.word),
            Compiled::Name => is_name(token),
            Compiled::Word(w) => !token.is_number() && token.word == w,
            Compiled::Set(set) => !token.is_number() && self.holds(set, token.word),
        }
    }
}

/// Whether a token reads as a person's name or initial.
pub(crate) fn is_name(token: Token) -> bool {
    let capital = token.shape & shape::CAPITAL != 0 && !token.is_number();
    capital && (token.word == UNKNOWN && token.shape & shape::UPPER == 0 || token.shape & shape::SINGLE != 0)
}

/// What the next token and the one before may be, as bits of [`bit`]; all bits where nothing need stand there.
#[derive(Debug, Clone, Copy)]
struct Neighbours {
    next: u128,
    previous: u128,
}

/// One compiled pattern: a second cheap test before it is run, then where its steps begin.
#[derive(Debug, Clone, Copy)]
struct Program {
    /// Bits of which the sentence must hold one each: the two rarest other words of the pattern.
    needs: [u128; 2],
    owner: u32,
    /// The steps of what must follow the anchor and, read backwards, of what must precede it.
    ahead: u32,
    behind: u32,
}

/// Where the steps of a side begin at which nothing need stand.
const NOTHING: u32 = 0;

/// Every pattern of every rule.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    programs: Vec<(Neighbours, Program)>,
    /// The steps of all programs, in one piece: what is read next is near what was read.
    steps: Vec<Step>,
    /// For each word the programs anchored on it: a range of `anchored`.
    ranges: Vec<(u32, u32)>,
    /// The test that turns most away lies apart from what only the others need.
    neighbours: Vec<Neighbours>,
    anchored: Vec<Program>,
    anchors: Vec<Vec<u32>>,
    /// Programs anchored on a number, with its range.
    numbers: Vec<(u32, u32, u32)>,
    sets: Sets,
}

/// One match, in tokens; ends are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Whose pattern it is.
    pub(crate) owner: u32,
    /// First token of the part that is reported.
    pub(crate) start: u32,
    /// After its last token.
    pub(crate) end: u32,
    /// First token of the whole match.
    pub(crate) from: u32,
    /// After the whole match.
    pub(crate) to: u32,
    /// The sentence it stands in.
    pub(crate) sentence: u32,
}

#[derive(Debug, Clone, Copy)]
struct State {
    step: u32,
    at: i32,
    open: i32,
    close: i32,
    lax: bool,
    loose: bool,
}

/// Work space of a match.
#[derive(Debug, Default)]
pub(crate) struct Stack(Vec<State>);

/// The classes that patterns may name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Classes(HashMap<String, Vec<Vec<Node>>>);

impl Classes {
    /// Adds members, each a pattern, to a class.
    pub(crate) fn add(
        &mut self,
        name: &str,
        members: &[String],
        vocabulary: &mut Vocabulary,
    ) -> Result<(), String> {
        let mut parsed = Vec::new();
        for member in members {
            parsed.push(parse(member, self, vocabulary)?);
        }
        self.0.entry(name.to_owned()).or_default().extend(parsed);
        Ok(())
    }

    /// The single words of a class.
    pub(crate) fn words(&self, name: &str) -> Vec<u32> {
        let mut all = Vec::new();
        for member in self.0.get(name).into_iter().flatten() {
            match member.as_slice() {
                [Node::Atom(Atom::Word(w))] => all.push(*w),
                [Node::Atom(Atom::Set(words))] => all.extend(words),
                _ => {}
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn node(&self, name: &str) -> Option<Node> {
        let members = self.0.get(name)?;
        let words = self.words(name);
        let phrases: Vec<_> = members
            .iter()
            .filter(|m| !matches!(m.as_slice(), [Node::Atom(Atom::Word(_) | Atom::Set(_))]))
            .cloned()
            .collect();
        if phrases.is_empty() {
            return Some(Node::Atom(Atom::Set(words)));
        }
        // Phrases first: "young person" before "young".
        let mut branches = phrases;
        if !words.is_empty() {
            branches.push(vec![Node::Atom(Atom::Set(words))]);
        }
        Some(Node::Either(branches))
    }
}

impl Patterns {
    /// Compiles a pattern for an owner.
    pub(crate) fn add(
        &mut self,
        owner: u32,
        pattern: &str,
        classes: &Classes,
        vocabulary: &mut Vocabulary,
    ) -> Result<(), String> {
        let nodes = parse(pattern, classes, vocabulary)?;
        let common: Vec<u32> = COMMON.iter().map(|w| vocabulary.intern(w)).collect();
        self.compile(owner, &nodes, &common)
    }

    fn compile(&mut self, owner: u32, nodes: &[Node], common: &[u32]) -> Result<(), String> {
        let cost = |node: &Node| match node {
            Node::Atom(Atom::Word(w)) => Some(1 + 200 * usize::from(common.contains(w))),
            // Numbers are few in a note; a pattern of nothing else is looked for from them.
            Node::Atom(Atom::Number(..)) => Some(190),
            Node::Atom(Atom::Set(ws)) => {
                Some(ws.iter().map(|w| 1 + 200 * usize::from(common.contains(w))).sum())
            }
            _ => None,
        };
        let best = nodes.iter().enumerate().filter_map(|(i, n)| cost(n).map(|c| (c, i))).min();
        let either = nodes.iter().position(|n| matches!(n, Node::Either(_)));
        let poor = best.is_none_or(|(c, _)| c > 200);
        if let (true, Some(at)) = (poor, either) {
            let Node::Either(branches) = nodes[at].clone() else { return Ok(()) };
            for branch in branches {
                let mut whole = nodes[..at].to_vec();
                whole.extend(branch);
                whole.extend_from_slice(&nodes[at + 1..]);
                self.compile(owner, &whole, common)?;
            }
            return Ok(());
        }
        let Some((_, at)) = best else {
            return Err("has no word that must stand in it; a gap, a number or an optional word cannot carry a pattern".to_owned());
        };
        let Node::Atom(atom) = &nodes[at] else { return Ok(()) };
        let words = match atom {
            Atom::Word(w) => vec![*w],
            Atom::Set(ws) => ws.clone(),
            _ => Vec::new(),
        };
        let range = if let Atom::Number(low, high) = atom { Some((*low, *high)) } else { None };
        let program = self.programs.len() as u32;
        let (ahead, next) = self.side(&nodes[at + 1..], false);
        let (behind, previous) = self.side(&nodes[..at], true);
        let mut needs: Vec<u128> =
            nodes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, n)| needed(n)).collect();
        needs.sort_by_key(|bits| bits.count_ones());
        needs.resize(2, u128::MAX);
        let needs = [needs[0], needs[1]];
        self.programs.push((Neighbours { next, previous }, Program { needs, owner, ahead, behind }));
        if let Some((low, high)) = range {
            self.numbers.push((low, high, program));
        }
        for w in words {
            if self.anchors.len() <= w as usize {
                self.anchors.resize(w as usize + 1, Vec::new());
            }
            self.anchors[w as usize].push(program);
        }
        Ok(())
    }

    /// Puts the steps of one side of an anchor down; gives where they begin and what the first token may be.
    fn side(&mut self, nodes: &[Node], reverse: bool) -> (u32, u128) {
        if self.steps.is_empty() {
            self.steps.push(Step::Done);
        }
        if nodes.is_empty() {
            return (NOTHING, u128::MAX);
        }
        let start = self.steps.len();
        emit(nodes, reverse, &mut self.sets, &mut self.steps);
        self.steps.push(Step::Done);
        (start as u32, first_bits(&self.steps, start, &self.sets))
    }

    /// Lays the index out flat; called once, when every pattern is in.
    pub(crate) fn close(&mut self) {
        for programs in &self.anchors {
            let from = self.anchored.len() as u32;
            for program in programs {
                let (neighbours, program) = self.programs[*program as usize];
                self.neighbours.push(neighbours);
                self.anchored.push(program);
            }
            self.ranges.push((from, self.anchored.len() as u32));
        }
        self.anchors = Vec::new();
        self.sets.close();
    }

    /// Every match in a sentence, added to `hits`.
    pub(crate) fn find(
        &self,
        tokens: &[Token],
        first: u32,
        last: u32,
        sentence: u32,
        stack: &mut Stack,
        hits: &mut Vec<Hit>,
    ) {
        let bit_at = |at: u32| if at >= first && at < last { bit(tokens[at as usize]) } else { OUTSIDE };
        let (mut previous, mut here) = (OUTSIDE, bit_at(first));
        let held = (first..last).fold(OUTSIDE, |bits, at| bits | bit_at(at));
        for at in first..last {
            let next = bit_at(at + 1);
            let token = tokens[at as usize];
            let may_stand = |test: &Neighbours| test.next & next != 0 && test.previous & previous != 0;
            let mut attempt = |program: &Program| {
                if program.needs[0] & held != 0 && program.needs[1] & held != 0 {
                    self.complete(program, tokens, (first, last), at, sentence, stack, hits);
                }
            };
            if token.is_number() {
                for (low, high, program) in &self.numbers {
                    let (test, program) = &self.programs[*program as usize];
                    if (low..=high).contains(&&token.word) && may_stand(test) {
                        attempt(program);
                    }
                }
            } else if token.word != UNKNOWN
                && let Some((from, to)) = self.ranges.get(token.word as usize)
            {
                let range = *from as usize..*to as usize;
                for (test, program) in self.neighbours[range.clone()].iter().zip(&self.anchored[range]) {
                    if may_stand(test) {
                        attempt(program);
                    }
                }
            }
            (previous, here) = (here, next);
        }
    }

    /// Completes a program to both sides of its anchor.
    #[expect(clippy::too_many_arguments, reason = "the loop's own state")]
    fn complete(
        &self,
        program: &Program,
        tokens: &[Token],
        sentence: (u32, u32),
        at: u32,
        number: u32,
        stack: &mut Stack,
        hits: &mut Vec<Hit>,
    ) {
        let here = at as i32;
        let Some(ahead) = self.run(program.ahead, tokens, sentence, here, 1, stack) else { return };
        let Some(behind) = self.run(program.behind, tokens, sentence, here, -1, stack) else { return };
        let (from, to) = (behind.at, ahead.at + 1);
        let open = [ahead.open, behind.open].into_iter().find(|o| *o >= 0).unwrap_or(from);
        let close = [ahead.close, behind.close].into_iter().find(|c| *c >= 0).unwrap_or(to);
        hits.push(Hit {
            owner: program.owner,
            start: open as u32,
            end: close as u32,
            from: from as u32,
            to: to as u32,
            sentence: number,
        });
    }

    /// Runs the steps that begin at `start` from the anchor at `here` in a direction. In the result `at` is the last token
    /// taken, and `open` and `close` are token boundaries, or -1.
    fn run(
        &self,
        start: u32,
        tokens: &[Token],
        (first, last): (u32, u32),
        here: i32,
        way: i32,
        Stack(stack): &mut Stack,
    ) -> Option<State> {
        let mut state = State { step: start, at: here, open: -1, close: -1, lax: false, loose: false };
        if start == NOTHING {
            return Some(state);
        }
        stack.clear();
        let (first, last) = (first as i32, last as i32);
        let mut budget = MOST_STEPS;
        loop {
            budget = budget.checked_sub(1)?;
            let mut fits = true;
            match &self.steps[state.step as usize] {
                Step::Done => return Some(state),
                Step::Jump(to) => {
                    state.step = *to;
                    continue;
                }
                Step::Split(one, other) => {
                    // A branch whose first word cannot stand next is not tried.
                    let fails = |step: u32| match &self.steps[step as usize] {
                        Step::Atom(atom) => {
                            let next = state.at + way;
                            next < first || next >= last || !self.sets.matches(*atom, tokens[next as usize])
                        }
                        _ => false,
                    };
                    if fails(*one) {
                        state.step = *other;
                    } else {
                        if !fails(*other) {
                            stack.push(State { step: *other, ..state });
                        }
                        state.step = *one;
                    }
                    continue;
                }
                // A boundary mark stands after the last token taken when reading ahead, before it when reading back.
                Step::Open => state.open = if way > 0 { state.at + 1 } else { state.at },
                Step::Close => state.close = if way > 0 { state.at + 1 } else { state.at },
                Step::First => fits = state.at == first,
                Step::Last => fits = state.at + 1 == last,
                Step::Loose => state.loose = true,
                Step::Atom(atom) => {
                    let next = state.at + way;
                    let any = matches!(atom, Compiled::Any);
                    fits = next >= first && next < last && {
                        let token = tokens[next as usize];
                        let between = if way > 0 { token.before } else { tokens[state.at as usize].before };
                        let barrier = if state.loose {
                            mark::SENTENCE | mark::SEMICOLON
                        } else if any || state.lax {
                            mark::WALL
                        } else {
                            mark::BARRIER
                        };
                        between & barrier == 0 && self.sets.matches(*atom, token)
                    };
                    state.at = next;
                    state.lax = any;
                    state.loose = false;
                }
            }
            if fits {
                state.step += 1;
            } else {
                state = stack.pop()?;
            }
        }
    }
}

/// The bit of what lies outside the sentence.
const OUTSIDE: u128 = 1 << 127;
/// The bit of numbers.
const NUMBER: u128 = 1 << NUMBER_BIT;

/// A token as one bit of 128: a cheap first test that turns most attempts away.
fn bit(token: Token) -> u128 {
    1 << token.bit
}

fn word_bit(word: u32) -> u128 {
    1 << bit_of(word)
}

/// What one of the tokens of a match must be, for a part of a pattern.
fn needed(node: &Node) -> u128 {
    match node {
        Node::Atom(Atom::Word(w)) => word_bit(*w),
        Node::Atom(Atom::Set(words)) => words.iter().fold(0, |bits, w| bits | word_bit(*w)),
        Node::Atom(Atom::Number(..)) => NUMBER,
        Node::Either(branches) => branches.iter().fold(0, |bits, b| bits | rarest(b)),
        Node::Repeat(body, least, _) if *least > 0 => rarest(body),
        _ => u128::MAX,
    }
}

fn rarest(nodes: &[Node]) -> u128 {
    nodes.iter().map(needed).min_by_key(|bits| bits.count_ones()).unwrap_or(u128::MAX)
}

/// What the first token may be of the steps that begin at `start` and run to the end.
fn first_bits(steps: &[Step], start: usize, sets: &Sets) -> u128 {
    let mut bits = 0u128;
    let mut seen = vec![false; steps.len()];
    let mut waiting = vec![start];
    while let Some(at) = waiting.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        match &steps[at] {
            Step::Done => return u128::MAX,
            Step::Jump(to) => waiting.push(*to as usize),
            Step::Split(one, other) => waiting.extend([*one as usize, *other as usize]),
            Step::Open | Step::Close | Step::First | Step::Last | Step::Loose => waiting.push(at + 1),
            Step::Atom(Compiled::Word(w)) => bits |= word_bit(*w),
            Step::Atom(Compiled::Set(set)) => {
                for w in &sets.members[*set as usize] {
                    bits |= word_bit(*w);
                }
            }
            Step::Atom(Compiled::Number(..)) => bits |= NUMBER,
            Step::Atom(Compiled::Any | Compiled::Name) => bits |= !OUTSIDE,
        }
    }
    bits
}

/// Puts nodes into steps, reversed when they are to be read backwards.
fn emit(nodes: &[Node], reverse: bool, sets: &mut Sets, out: &mut Vec<Step>) {
    let mut one = |node: &Node, out: &mut Vec<Step>| match node {
        Node::Atom(atom) => out.push(Step::Atom(compile_atom(atom, sets))),
        Node::Open => out.push(Step::Open),
        Node::Close => out.push(Step::Close),
        Node::First => out.push(Step::First),
        Node::Last => out.push(Step::Last),
        Node::Loose => out.push(Step::Loose),
        Node::Either(branches) => {
            let mut jumps = Vec::new();
            for (i, branch) in branches.iter().enumerate() {
                let split = out.len();
                if i + 1 < branches.len() {
                    out.push(Step::Split(split as u32 + 1, 0));
                }
                emit(branch, reverse, sets, out);
                jumps.push(out.len());
                out.push(Step::Jump(0));
                let after = out.len() as u32;
                if i + 1 < branches.len()
                    && let Some(Step::Split(_, other)) = out.get_mut(split)
                {
                    *other = after;
                }
            }
            let end = out.len() as u32;
            for jump in jumps {
                out[jump] = Step::Jump(end);
            }
        }
        Node::Repeat(body, least, most) => {
            for _ in 0..*least {
                emit(body, reverse, sets, out);
            }
            let mut splits = Vec::new();
            // A gap takes as little as it can, anything else as much.
            let lazy = matches!(body.as_slice(), [Node::Atom(Atom::Any)]);
            for _ in *least..*most {
                splits.push(out.len());
                out.push(Step::Split(0, 0));
                emit(body, reverse, sets, out);
            }
            let end = out.len() as u32;
            for split in splits {
                let inside = split as u32 + 1;
                out[split] = if lazy { Step::Split(end, inside) } else { Step::Split(inside, end) };
            }
        }
    };
    if reverse {
        for node in nodes.iter().rev() {
            one(node, out);
        }
    } else {
        for node in nodes {
            one(node, out);
        }
    }
}

fn compile_atom(atom: &Atom, sets: &mut Sets) -> Compiled {
    match atom {
        Atom::Word(w) => Compiled::Word(*w),
        Atom::Any => Compiled::Any,
        Atom::Number(low, high) => Compiled::Number(*low, *high),
        Atom::Name => Compiled::Name,
        Atom::Set(words) => Compiled::Set(sets.intern(words)),
    }
}

/// A pattern as regular expressions over plain text, for other programs. Names, sentence ends and numbers in a range
/// have no equivalent there: a pattern with one of them gives nothing.
pub(crate) fn expressions(pattern: &str, packs: &[crate::pack::Pack]) -> Result<Vec<String>, String> {
    let mut vocabulary = Vocabulary::default();
    let mut classes = Classes::default();
    for _ in 0..4 {
        // Classes may name one another; a few rounds settle them.
        for (name, members) in packs.iter().flat_map(|p| &p.classes) {
            if !classes.0.contains_key(name) {
                let mut trial = classes.clone();
                if trial.add(name, members, &mut vocabulary).is_ok() {
                    classes = trial;
                }
            }
        }
    }
    let nodes = parse(pattern, &classes, &mut vocabulary)?;
    let optional = |n: &Node| matches!(n, Node::Repeat(_, 0, _) | Node::Open | Node::Close | Node::Loose);
    let from = nodes.iter().position(|n| !optional(n)).unwrap_or(0);
    let to = nodes.iter().rposition(|n| !optional(n)).map_or(0, |n| n + 1);
    let mut out = String::new();
    let written = nodes.get(from..to).is_some_and(|n| expression(n, &vocabulary, &mut out));
    Ok(if written && !out.is_empty() && out.len() < 4000 { vec![out] } else { Vec::new() })
}

/// Writes nodes, each after what parts words; the first after nothing.
fn expression(nodes: &[Node], vocabulary: &Vocabulary, out: &mut String) -> bool {
    const GAP: &str = r"\W+";
    let start = out.len();
    for node in nodes {
        let first = out.len() == start;
        let gap = if first { "" } else { GAP };
        match node {
            Node::Open | Node::Close | Node::Loose => {}
            Node::First | Node::Last | Node::Atom(Atom::Name | Atom::Number(..)) => return false,
            Node::Atom(Atom::Any) => {
                out.push_str(gap);
                out.push_str(r"\w+");
            }
            Node::Atom(Atom::Word(w)) => {
                out.push_str(gap);
                out.push_str(vocabulary.word(*w));
            }
            Node::Atom(Atom::Set(words)) => {
                out.push_str(gap);
                let all: Vec<&str> = words.iter().map(|w| vocabulary.word(*w)).collect();
                out.extend(["(?:", &all.join("|"), ")"]);
            }
            Node::Either(branches) => {
                let mut parts = Vec::new();
                for branch in branches {
                    let mut part = String::new();
                    if !expression(branch, vocabulary, &mut part) {
                        return false;
                    }
                    parts.push(part);
                }
                out.push_str(gap);
                out.extend(["(?:", &parts.join("|"), ")"]);
            }
            Node::Repeat(body, least, most) => {
                let mut part = String::new();
                if first || !expression(body, vocabulary, &mut part) {
                    return false;
                }
                out.extend(["(?:", GAP, &part, "){", &least.to_string(), ",", &most.to_string(), "}"]);
            }
        }
    }
    true
}

/// Reads a pattern.
fn parse(pattern: &str, classes: &Classes, vocabulary: &mut Vocabulary) -> Result<Vec<Node>, String> {
    let mut spaced = String::with_capacity(pattern.len() + 16);
    let (mut inside, mut depth) = (false, 0usize);
    for c in pattern.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            // Within brackets a bar parts whole sequences; outside, single words.
            '|' if depth > 0 && !inside => spaced.extend([' ', '|', ' ']),
            '(' | '<' | '>' | '^' | '$' => spaced.extend([' ', c, ' ']),
            ')' => spaced.extend([' ', c]),
            ',' if !inside && !spaced.ends_with(|c: char| c.is_ascii_digit()) => {
                spaced.extend([' ', ',', ' ']);
            }
            '-' if !inside && !spaced.ends_with(|c: char| c.is_ascii_digit()) => spaced.push(' '),
            _ => spaced.push(c),
        }
    }
    let items: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let nodes = sequence(&items, &mut at, classes, vocabulary)?;
    if at < items.len() {
        return Err("a bracket is closed that was not opened".to_owned());
    }
    Ok(nodes)
}

fn sequence(
    items: &[&str],
    at: &mut usize,
    classes: &Classes,
    vocabulary: &mut Vocabulary,
) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    while let Some(item) = items.get(*at) {
        if item.starts_with(')') || *item == "|" {
            break;
        }
        *at += 1;
        match *item {
            "<" => nodes.push(Node::Open),
            ">" => nodes.push(Node::Close),
            "^" => nodes.push(Node::First),
            "$" => nodes.push(Node::Last),
            "," => nodes.push(Node::Loose),
            "(" => {
                let mut branches = vec![sequence(items, at, classes, vocabulary)?];
                while items.get(*at) == Some(&"|") {
                    *at += 1;
                    branches.push(sequence(items, at, classes, vocabulary)?);
                }
                let Some(close) = items.get(*at).filter(|i| i.starts_with(')')) else {
                    return Err("a bracket is not closed".to_owned());
                };
                *at += 1;
                let group = if branches.len() == 1 { branches.remove(0) } else { vec![either(branches)] };
                match bounds(&close[1..])? {
                    Some((least, most)) => nodes.push(Node::Repeat(group, least, most)),
                    None => nodes.extend(group),
                }
            }
            word => nodes.push(single(word, classes, vocabulary)?),
        }
    }
    Ok(nodes)
}

/// A choice, its single words made one set.
fn either(branches: Vec<Vec<Node>>) -> Node {
    let mut words = Vec::new();
    let mut phrases = Vec::new();
    for branch in branches {
        match branch.as_slice() {
            [Node::Atom(Atom::Word(w))] => words.push(*w),
            [Node::Atom(Atom::Set(ws))] => words.extend(ws),
            _ => phrases.push(branch),
        }
    }
    words.sort_unstable();
    words.dedup();
    let set = Node::Atom(Atom::Set(words.clone()));
    if phrases.is_empty() {
        return set;
    }
    if !words.is_empty() {
        phrases.push(vec![set]);
    }
    Node::Either(phrases)
}

/// How often: nothing, `?`, or `{0,3}`.
fn bounds(tail: &str) -> Result<Option<(usize, usize)>, String> {
    match tail {
        "" => Ok(None),
        "?" => Ok(Some((0, 1))),
        _ => {
            let parts =
                tail.strip_prefix('{').and_then(|t| t.strip_suffix('}')).and_then(|t| t.split_once(','));
            let parts = parts.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            match parts {
                Some((least, most)) if least <= most && most <= 40 => Ok(Some((least, most))),
                _ => Err(format!("`{tail}` is no count; write `?` or `{{0,3}}`, at most 40")),
            }
        }
    }
}

fn single(item: &str, classes: &Classes, vocabulary: &mut Vocabulary) -> Result<Node, String> {
    let split = item.find(['?', '{']).unwrap_or(item.len());
    let (body, tail) = item.split_at(split);
    let mixed = body.contains('|') && body.contains(['#', '@', '~', '_']) && !body.starts_with('[');
    let node = match body {
        _ if mixed => {
            let parts = body.split('|').map(|part| Ok(vec![single(part, classes, vocabulary)?]));
            either(parts.collect::<Result<Vec<_>, String>>()?)
        }
        "_" => Node::Atom(Atom::Any),
        "~" => Node::Atom(Atom::Name),
        "#" => Node::Atom(Atom::Number(0, u32::MAX)),
        _ if body.starts_with('#') => {
            let range = body[1..].split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            let Some((low, high)) = range else {
                return Err(format!("`{body}` is no range; write `#18-99`"));
            };
            Node::Atom(Atom::Number(low, high))
        }
        _ if body.starts_with('@') => {
            let name = &body[1..];
            classes
                .node(name)
                .ok_or_else(|| format!("there is no class {name}; classes stand under [classes]"))?
        }
        _ => {
            let lemma = body.starts_with('[');
            let inner = body.strip_prefix('[').map_or(Some(body), |b| b.strip_suffix(']'));
            let Some(inner) = inner.filter(|i| !i.is_empty()) else {
                return Err(format!("`{body}` is not closed"));
            };
            let mut words = Vec::new();
            for word in inner.split('|') {
                if !word.chars().all(|c| c.is_alphabetic() || c == '\'') || word.is_empty() {
                    return Err(format!(
                        "`{word}` is no word; write letters only, and put spaces around groups"
                    ));
                }
                let word = word.to_lowercase();
                let tail = word.strip_prefix('\'').or(word.strip_prefix("n'"));
                if word.contains('\'')
                    && !tail.is_some_and(|t| ["t", "s", "re", "ve", "d", "ll", "m"].contains(&t))
                {
                    return Err(format!(
                        "`{word}` is read as two words; write the apostrophe and what follows apart"
                    ));
                }
                if lemma {
                    words.extend(forms(&word).iter().map(|f| vocabulary.intern(f)));
                } else {
                    words.push(vocabulary.intern(&word));
                }
            }
            words.sort_unstable();
            words.dedup();
            if let [one] = words.as_slice() {
                Node::Atom(Atom::Word(*one))
            } else {
                Node::Atom(Atom::Set(words))
            }
        }
    };
    Ok(match bounds(tail)? {
        Some((least, most)) => Node::Repeat(vec![node], least, most),
        None => node,
    })
}
