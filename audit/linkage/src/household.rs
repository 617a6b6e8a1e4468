//! Families told apart.
//!
//! The Fellegi–Sunter model knows two kinds of pair: one person, or two who have nothing to do with each other. Two children
//! of one family are neither. They share surname, address and often a telephone, and the model counts each as a separate
//! chance agreement, so that siblings come out as one child. Here the pairs that blocking brings together are a mixture of
//! more kinds, each with its own probabilities for every level of every comparison (a latent-class model; `McLachlan` and Peel
//! 2000, chapter 5; for linkage, Larsen and Rubin 2001):
//!
//! - **match**: one person, living at one address in both records;
//! - **match, moved**: one person at two addresses, so that postcode, town and telephone differ together;
//! - **match, names otherwise**: one person whose names were exchanged or changed, so that both differ together;
//! - **twin**: one family, one birth date, two given names;
//! - **sibling**: one family, birth dates apart, two given names;
//! - **namesake**: one family and one given name, a generation apart;
//! - **unrelated**: chance agreements only, with the probabilities *u*, which stay as they are;
//! - **chance**, one class for each blocking rule: two unrelated people whom that rule brings together. They agree on what
//!   the rule asks for, may share an area as well (a postcode implies its town), and nothing else. There cannot be more of
//!   them than a few times what chance makes of the rule's keys.
//!
//! What it assumes: within a class comparisons are independent; a family shares surname and address and not given names; the
//! pairs that blocking misses are like those that it finds. A class starts from a description of its kind and is fitted to
//! the data by expectation maximisation, but only where its kind leaves it free: a twin has the same birth date and a chance
//! given name however the data are, or the class would drift to whatever pattern is common. Where a data set holds no such
//! families the classes empty out and the weights are those of the two-class model.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::LinkageError;
use crate::score::{MOST_CLASSES, Pattern, level_in};
use crate::settings::{Comparison, Condition, Role, Settings};
use crate::train::Patterns;

/// A kind of pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Whether the two records of such a pair are of one person.
    pub is_match: bool,
    /// How many pairs of this kind blocking brings together, as estimated.
    pub pairs: f64,
    /// For each comparison, the probability of each level; 0 for levels that say nothing can be said.
    pub levels: Vec<Vec<f64>>,
}

/// The kinds of pair beside unrelated people, match classes first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// The classes.
    pub classes: Vec<Class>,
    /// Pairs of unrelated people, among all pairs that could be made.
    pub unrelated_pairs: f64,
}

impl Mixture {
    /// Refuses classes that do not fit the comparisons, as a file changed by hand may hold.
    pub(crate) fn check(&self, comparisons: &[Comparison]) -> Result<(), LinkageError> {
        let bad = |reason: String| Err(LinkageError::Settings(format!("the household model {reason}")));
        let matches = self.match_classes();
        if self.classes.len() > MOST_CLASSES {
            return bad(format!("has {} classes; at most {MOST_CLASSES} are taken", self.classes.len()));
        }
        if matches == 0 || !self.classes.iter().take(matches).all(|c| c.is_match) {
            return bad("must begin with its match classes".to_owned());
        }
        if !(self.unrelated_pairs > 0.0 && self.unrelated_pairs.is_finite()) {
            return bad("has no unrelated pairs".to_owned());
        }
        for class in &self.classes {
            let fits = class.levels.len() == comparisons.len()
                && class.levels.iter().zip(comparisons).all(|(l, c)| l.len() == c.levels.len());
            let usual = |p: &f64| (0.0..=1.0).contains(p);
            if !fits || !class.levels.iter().flatten().all(usual) || class.pairs.is_nan() || class.pairs < 0.0
            {
                return bad(format!("does not fit the comparisons at its class {}", class.name));
            }
        }
        Ok(())
    }

    pub(crate) fn match_classes(&self) -> usize {
        self.classes.iter().filter(|c| c.is_match).count()
    }
}

/// What a level says of one aspect of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// The same.
    Same,
    /// Nearly the same.
    Near,
    /// Not the same, or nothing.
    Apart,
}

/// The role of a comparison: given, or told from the names of its columns.
pub(crate) fn role_of(comparison: &Comparison) -> Role {
    if let Some(role) = comparison.role {
        return role;
    }
    let columns = comparison.columns();
    let any = |test: fn(&str) -> bool| columns.iter().any(|c| test(&c.to_lowercase()));
    match (any(is_given), any(is_surname)) {
        (true, true) => Role::FullName,
        (true, false) => Role::GivenName,
        (false, true) => Role::Surname,
        _ if any(|c| {
            c.contains("dob") || c.contains("birth_d") || c.contains("date_of_birth") || c == "birth"
        }) =>
        {
            Role::BirthDate
        }
        _ if any(|c| {
            ["postcode", "address", "town", "city", "street", "phone", "suburb", "state", "uprn", "house"]
                .iter()
                .any(|a| c.contains(a))
        }) =>
        {
            Role::Address
        }
        _ if any(|c| {
            ["nhs", "upn", "soc_sec", "national_insurance", "passport"].iter().any(|a| c.contains(a))
        }) =>
        {
            Role::Identifier
        }
        _ => Role::Other,
    }
}

fn is_given(column: &str) -> bool {
    ["first_name", "forename", "given", "firstname"].iter().any(|n| column.contains(n))
}

fn is_surname(column: &str) -> bool {
    ["surname", "last_name", "family_name", "lastname"].iter().any(|n| column.contains(n))
        && !is_given(column)
}

/// What each level of a comparison of names says of the given name and of the surname.
fn says(comparison: &Comparison, role: Role) -> Vec<(Says, Says)> {
    let mut first = true;
    comparison
        .levels
        .iter()
        .map(|level| {
            if level.is_null {
                return (Says::Apart, Says::Apart);
            }
            let columns = level.condition.columns();
            let otherwise = columns.is_empty();
            let exact = level.condition.is_exact_match() || only_equalities(&level.condition);
            let kind = if otherwise {
                Says::Apart
            } else if std::mem::take(&mut first) || exact {
                Says::Same
            } else {
                Says::Near
            };
            match role {
                Role::GivenName => (kind, Says::Apart),
                Role::Surname => (Says::Apart, kind),
                _ => {
                    let given = columns.iter().any(|c| is_given(&c.to_lowercase()) || c.contains("concat"));
                    let surname =
                        columns.iter().any(|c| is_surname(&c.to_lowercase()) || c.contains("concat"));
                    // A column made of both names says both.
                    let both = !given && !surname && !otherwise;
                    (
                        if given || both { kind } else { Says::Apart },
                        if surname || both || columns.iter().any(|c| c.contains("surname")) {
                            kind
                        } else {
                            Says::Apart
                        },
                    )
                }
            }
        })
        .collect()
}

fn only_equalities(condition: &Condition) -> bool {
    match condition {
        Condition::Equal(..) => true,
        Condition::All(parts) => parts.iter().all(only_equalities),
        _ => false,
    }
}

/// What the data may change of a class's probabilities at a comparison.
#[derive(Debug, Clone, PartialEq)]
enum Freedom {
    /// Nothing.
    Fixed,
    /// All.
    Free,
    /// All, but the first level keeps at most this probability.
    FirstAtMost(f64),
    /// All, but the last level keeps at most this probability.
    LastAtMost(f64),
}

/// A class as described, with what the data may change of it.
struct Described {
    class: Class,
    freedom: Vec<Freedom>,
}

/// What a blocking rule says of the pairs it brings together: for each comparison that looks at one of its columns, the
/// levels of unrelated people who agree on them.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    pub(crate) rule: usize,
    /// Pairs of unrelated people that would agree on all its keys if these were independent.
    pub(crate) expected: f64,
    pub(crate) levels: Vec<Option<Vec<f64>>>,
}

/// The description of each class: where its probabilities start.
fn descriptions(settings: &Settings, m: &[Vec<f64>], u: &[Vec<f64>], chances: &[Chance]) -> Vec<Described> {
    let roles: Vec<Role> = settings.comparisons.iter().map(role_of).collect();
    let first_level = |c: usize| settings.comparisons[c].levels.iter().position(|l| !l.is_null);
    let last_level = |c: usize| settings.comparisons[c].levels.iter().rposition(|l| !l.is_null);
    let tilted = |c: usize, tilt: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let levels = &settings.comparisons[c].levels;
        let raw: Vec<f64> = levels
            .iter()
            .enumerate()
            .map(|(l, level)| if level.is_null { 0.0 } else { tilt(l).max(1e-9) })
            .collect();
        let sum: f64 = raw.iter().sum();
        raw.into_iter().map(|p| p / sum).collect()
    };
    let first = |c: usize, most: f64| {
        tilted(c, &|l| if Some(l) == first_level(c) { most } else { (1.0 - most) * u[c][l] })
    };
    let has = |wanted: &[Role]| roles.iter().any(|r| wanted.contains(r));
    let address = has(&[Role::Address]);
    let class = |name: String, is_match: bool, pairs: f64, of: &dyn Fn(usize) -> (Vec<f64>, Freedom)| {
        let (levels, freedom) = (0..roles.len()).map(of).unzip();
        Described { class: Class { name, is_match, pairs, levels }, freedom }
    };
    // Where twins are many, m has taken them for matches with two given names; a person seldom has.
    let same_person = |c: usize| match roles[c] {
        Role::GivenName | Role::FullName => {
            tilted(c, &|l| m[c][l] * if Some(l) == last_level(c) { 0.25 } else { 1.0 })
        }
        _ => m[c].clone(),
    };
    // Twins live at one address and have one birth date, and in a table without many fields nothing else says that they are
    // two: two wholly different given names are one person's in one pair of twenty at most.
    let one_name = |c: usize| match roles[c] {
        Role::GivenName | Role::FullName => Freedom::LastAtMost(0.05),
        _ => Freedom::Free,
    };
    let mut described = vec![class("match".to_owned(), true, 0.7, &|c| {
        (if roles[c] == Role::Address { first(c, 0.9) } else { same_person(c) }, one_name(c))
    })];
    if address {
        described.push(class("match, moved".to_owned(), true, 0.3, &|c| {
            let levels = match roles[c] {
                Role::Address => tilted(c, &|l| 0.7 * u[c][l] + 0.3 * m[c][l]),
                _ => same_person(c),
            };
            (levels, one_name(c))
        }));
    }
    let names = has(&[Role::GivenName, Role::FullName]) && has(&[Role::Surname, Role::FullName]);
    if names && has(&[Role::BirthDate]) {
        // The surname is another one, or this would be a twin.
        described.push(class("match, names otherwise".to_owned(), true, 0.01, &|c| {
            let meaning = says(&settings.comparisons[c], roles[c]);
            match roles[c] {
                Role::GivenName => {
                    (tilted(c, &|l| if Some(l) == last_level(c) { 1.0 } else { m[c][l] }), Freedom::Free)
                }
                Role::Surname => (
                    tilted(c, &|l| 0.1 * m[c][l] + if Some(l) == last_level(c) { 0.9 } else { 0.0 }),
                    Freedom::FirstAtMost(0.05),
                ),
                Role::FullName => (
                    tilted(c, &|l| match meaning[l] {
                        (_, Says::Same) => 0.01,
                        (Says::Same, _) => 0.5,
                        (Says::Apart, Says::Apart) => 0.4,
                        _ => 0.1,
                    }),
                    Freedom::Fixed,
                ),
                _ => (m[c].clone(), Freedom::Free),
            }
        }));
        for (name, pairs, same_given) in
            [("twin", 0.01, false), ("sibling", 0.04, false), ("namesake", 0.01, true)]
        {
            described.push(class(name.to_owned(), false, pairs, &|c| {
                let meaning = says(&settings.comparisons[c], roles[c]);
                match roles[c] {
                    Role::GivenName if same_given => (first(c, 0.9), Freedom::Free),
                    // Two children of one family are hardly ever given one name.
                    Role::GivenName => (
                        tilted(c, &|l| u[c][l] * if Some(l) == first_level(c) { 0.1 } else { 1.0 }),
                        Freedom::FirstAtMost(0.005),
                    ),
                    Role::Surname => (first(c, 0.9), Freedom::Free),
                    Role::FullName => {
                        let levels = tilted(c, &|l| {
                            let (given, surname) = meaning[l];
                            let given = match (given, same_given) {
                                (Says::Same, true) | (Says::Apart, false) => 0.9,
                                (Says::Near, _) => 0.05,
                                _ => 0.005,
                            };
                            given * if surname == Says::Same { 0.9 } else { 0.05 }
                        });
                        let freedom = if same_given { Freedom::Free } else { Freedom::FirstAtMost(0.005) };
                        (levels, freedom)
                    }
                    Role::BirthDate if name == "twin" => (first(c, 0.97), Freedom::Fixed),
                    Role::BirthDate if same_given => (
                        tilted(c, &|l| if Some(l) == last_level(c) { 0.98 } else { 0.02 * u[c][l] }),
                        Freedom::Fixed,
                    ),
                    Role::BirthDate => (u[c].clone(), Freedom::FirstAtMost(0.002)),
                    Role::Address => (first(c, 0.8), Freedom::Free),
                    Role::Identifier => (
                        tilted(c, &|l| u[c][l] * if Some(l) == first_level(c) { 0.1 } else { 1.0 }),
                        Freedom::Fixed,
                    ),
                    Role::Other => (u[c].clone(), Freedom::Fixed),
                }
            }));
        }
    }
    for chance in chances {
        let name = format!("chance, rule {}", chance.rule + 1);
        described.push(class(name, false, 0.02, &|c| match (&chance.levels[c], roles[c]) {
            (_, Role::Address) if address => {
                let start = chance.levels[c].clone();
                (start.unwrap_or_else(|| tilted(c, &|l| 0.5 * u[c][l] + 0.5 * m[c][l])), Freedom::Free)
            }
            (Some(levels), _) => (tilted(c, &|l| levels[l]), Freedom::Fixed),
            // Sex goes with a given name, and what else may go with what is agreed on is not known: chance, unless the data
            // say that they go together by more.
            (None, Role::Other) => (u[c].clone(), Freedom::Free),
            (None, _) => (u[c].clone(), Freedom::Fixed),
        }));
    }
    described.truncate(MOST_CLASSES);
    described
}

/// Fits the classes to the patterns of the pairs that blocking brings together.
///
/// `possible` is how many pairs there are at all; `matches` how many matches are expected among the blocked ones at the start.
pub(crate) fn fit(
    settings: &Settings,
    patterns: &Patterns,
    m: &[Vec<f64>],
    u: &[Vec<f64>],
    chances: &[Chance],
    (possible, matches): (f64, f64),
) -> (Mixture, u32, f64) {
    const MOST_ITERATIONS: u32 = 150;
    /// Pairs that the description of a class counts for.
    const PRIOR_PAIRS: f64 = 20.0;
    /// How many times what independence would make of a rule's keys the data may find: names go with communities, and those
    /// with places.
    const TIMES_CHANCE: f64 = 3.0;
    /// Patterns that one thread takes at a time; sums are made part by part, so that they do not depend on the threads.
    const PART: usize = 2_048;
    let described = descriptions(settings, m, u, chances);
    let mut classes: Vec<Class> = described.iter().map(|d| d.class.clone()).collect();
    for class in &mut classes {
        class.pairs *= matches.max(1.0);
    }
    let unrelated = (possible - matches).max(1.0);
    let offsets: Vec<usize> = settings
        .comparisons
        .iter()
        .scan(0, |at, c| {
            let here = *at;
            *at += c.levels.len();
            Some(here)
        })
        .collect();
    let width: usize = settings.comparisons.iter().map(|c| c.levels.len()).sum();
    let by_place: Vec<f64> = u.iter().flatten().copied().collect();
    // Each pattern as the places of its levels among all levels, those that say nothing left out.
    let rows: Vec<(Vec<u16>, f64, f64)> = patterns
        .iter()
        .map(|(pattern, count)| {
            let places: Vec<u16> = known_levels(settings, *pattern)
                .into_iter()
                .enumerate()
                .filter_map(|(c, level)| level.map(|l| (offsets[c] + l) as u16))
                .collect();
            let chance = places.iter().fold(unrelated, |p, at| p * by_place[usize::from(*at)]);
            (places, *count, chance)
        })
        .collect();
    let total: f64 = rows.iter().map(|r| r.1).sum();
    let n = classes.len();
    let first_chance = n.saturating_sub(chances.len());
    let most: Vec<f64> = (0..n)
        .map(|k| match k.checked_sub(first_chance).and_then(|at| chances.get(at)) {
            Some(chance) => (chance.expected * TIMES_CHANCE).max(1.0),
            None => f64::INFINITY,
        })
        .collect();
    let (mut iteration, mut change) = (0, f64::INFINITY);
    while iteration < MOST_ITERATIONS && change > 1e-5 {
        iteration += 1;
        // Level by level, the probabilities of all classes side by side.
        let mut table = vec![0.0_f64; width * n];
        for (k, class) in classes.iter().enumerate() {
            for (c, levels) in class.levels.iter().enumerate() {
                for (l, p) in levels.iter().enumerate() {
                    table[(offsets[c] + l) * n + k] = *p;
                }
            }
        }
        let parts: Vec<Vec<f64>> = rows
            .par_chunks(PART)
            .map(|rows| {
                let mut sums = vec![0.0_f64; (width + 1) * n];
                let mut value = [0.0_f64; MOST_CLASSES];
                for (places, count, chance) in rows {
                    for (v, class) in value.iter_mut().zip(&classes) {
                        *v = class.pairs;
                    }
                    for at in places {
                        let row = &table[usize::from(*at) * n..][..n];
                        for (v, p) in value.iter_mut().zip(row) {
                            *v *= p;
                        }
                    }
                    let all = chance + value[..n].iter().sum::<f64>();
                    if all <= 0.0 {
                        continue;
                    }
                    let share = count / all;
                    value[..n].iter_mut().for_each(|v| *v *= share);
                    for at in places.iter().map(|at| usize::from(*at)).chain([width]) {
                        for (sum, v) in sums[at * n..][..n].iter_mut().zip(&value) {
                            *sum += v;
                        }
                    }
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0_f64; (width + 1) * n];
        for part in parts {
            for (sum, v) in sums.iter_mut().zip(part) {
                *sum += v;
            }
        }
        change = 0.0;
        for (k, class) in classes.iter_mut().enumerate() {
            let pairs = sums[width * n + k];
            change = f64::max(change, (pairs - class.pairs).abs() / total.max(1.0));
            class.pairs = pairs.clamp(1e-6, most[k]);
            for (c, levels) in class.levels.iter_mut().enumerate() {
                let (start, freedom) = (&described[k].class.levels[c], &described[k].freedom[c]);
                if *freedom == Freedom::Fixed {
                    continue;
                }
                let counted = |l: usize| sums[(offsets[c] + l) * n + k] + start[l] * PRIOR_PAIRS;
                let sum: f64 = (0..levels.len()).map(counted).sum();
                for (l, p) in levels.iter_mut().enumerate() {
                    *p = if start[l] == 0.0 { 0.0 } else { (counted(l) / sum.max(1e-300)).max(1e-9) };
                }
                let bound = match freedom {
                    Freedom::FirstAtMost(most) => start.iter().position(|p| *p > 0.0).zip(Some(*most)),
                    Freedom::LastAtMost(most) => start.iter().rposition(|p| *p > 0.0).zip(Some(*most)),
                    Freedom::Fixed | Freedom::Free => None,
                };
                if let Some((at, most)) = bound.filter(|(at, most)| levels[*at] > *most) {
                    let rest = (1.0 - most) / (1.0 - levels[at]).max(1e-12);
                    for (l, p) in levels.iter_mut().enumerate() {
                        *p = if l == at { most } else { *p * rest };
                    }
                }
            }
        }
    }
    (Mixture { classes, unrelated_pairs: unrelated }, iteration, change)
}

fn known_levels(settings: &Settings, pattern: Pattern) -> Vec<Option<usize>> {
    settings
        .comparisons
        .iter()
        .enumerate()
        .map(|(c, comparison)| {
            let level = level_in(pattern, c);
            comparison.levels.get(level).filter(|l| !l.is_null).map(|_| level)
        })
        .collect()
}
