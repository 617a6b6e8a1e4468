//! An attacker of another make (the `microlp` solver), who has only what was printed, tries to work out every small count.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_disclosure::{
    CountTable, Dimension, DisclosureError, Earlier, Passed, Profile, Protect, PublicTable, Release, Tally,
    Zeros,
};
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Dimensions and their codes, lowest levels as `parent.child` so that the tree can be read from the names.
fn dimension(name: &str, codes: &[&str]) -> Dimension {
    let mut tree: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for code in codes {
        match code.split_once('.') {
            Some((parent, _)) => tree.entry(parent.to_owned()).or_default().push((*code).to_owned()),
            None => tree.entry("all".to_owned()).or_default().push((*code).to_owned()),
        }
    }
    Dimension::tree(name, &tree).unwrap()
}

const AREAS: [&str; 6] = ["n", "s", "n.1", "n.2", "s.1", "s.2"];
const AGES: [&str; 3] = ["a", "b", "c"];
const SEXES: [&str; 2] = ["f", "m"];

/// People as (area, age, sex), numbered within their dimension's lowest codes.
type People = Vec<(usize, usize, usize)>;

/// Counts people by some of the dimensions, each named by its first letter.
fn table(name: &str, people: &People, by: &str) -> CountTable {
    let dimensions = by.chars().map(|d| match d {
        'r' => dimension("area", &AREAS),
        'g' => dimension("age", &AGES),
        _ => dimension("sex", &SEXES),
    });
    let mut tally = Tally::new(name, dimensions.collect()).unwrap();
    for &(area, age, sex) in people {
        let codes: Vec<_> = by
            .chars()
            .map(|d| match d {
                'r' => AREAS[2 + area],
                'g' => AGES[age],
                _ => SEXES[sex],
            })
            .map(Into::into)
            .collect();
        tally.add(&codes, None);
    }
    tally.finish().unwrap().0
}

/// The truth for a printed cell.
fn truth(people: &People, dimensions: &[&str], labels: &[&str]) -> u64 {
    let is = |person: &(usize, usize, usize)| {
        dimensions.iter().zip(labels).all(|(dimension, label)| {
            let own = match *dimension {
                "area" => AREAS[2 + person.0],
                "age" => AGES[person.1],
                _ => SEXES[person.2],
            };
            *label == "all" || own == *label || own.starts_with(&format!("{label}."))
        })
    };
    people.iter().filter(|p| is(p)).count() as u64
}

type Key = (usize, Vec<(String, String)>);

/// What the attacker has: a variable for each cell of each version of the data, with every sum and every printed count.
struct Outsider {
    cells: BTreeMap<Key, (f64, f64)>,
    sums: Vec<(Key, Vec<Key>)>,
}

impl Outsider {
    /// The same, told of each cell that was left out by the rule that it is under the threshold.
    fn told(mut self, people: &People, threshold: u64) -> Self {
        for ((_, key), bounds) in &mut self.cells {
            let (dimensions, labels): (Vec<&str>, Vec<&str>) =
                key.iter().map(|(d, l)| (d.as_str(), l.as_str())).unzip();
            if truth(people, &dimensions, &labels) < threshold {
                bounds.1 = bounds.1.min((threshold - 1) as f64);
            }
        }
        self
    }

    /// From printed tables, each with the version of the data that it shows.
    fn new(tables: &[(usize, &PublicTable)]) -> Self {
        let mut cells: BTreeMap<Key, (f64, f64)> = BTreeMap::new();
        let mut sums = Vec::new();
        for (version, table) in tables {
            let json = serde_json::to_value(table).unwrap();
            let dimensions: Vec<&str> = table.dimensions().iter().map(Dimension::name).collect();
            let key = |labels: &[&str]| -> Key {
                let named = dimensions.iter().zip(labels).filter(|(_, label)| **label != "all");
                let mut key: Vec<(String, String)> =
                    named.map(|(d, l)| ((*d).to_owned(), (*l).to_owned())).collect();
                key.sort();
                (*version, key)
            };
            for (labels, shown) in table.cells() {
                let (least, most) = shown.known();
                let held = cells.entry(key(&labels)).or_insert((0.0, f64::INFINITY));
                held.0 = held.0.max(least as f64);
                held.1 = held.1.min(most.map_or(f64::INFINITY, |m| m as f64));
                for (place, dimension) in json["dimensions"].as_array().unwrap().iter().enumerate() {
                    let codes = dimension["codes"].as_array().unwrap();
                    let parents = dimension["parents"].as_array().unwrap();
                    let children: Vec<Key> = codes
                        .iter()
                        .zip(parents)
                        .filter(|(_, parent)| parent.as_str() == Some(labels[place]))
                        .map(|(code, _)| {
                            let mut labels = labels.clone();
                            labels[place] = code.as_str().unwrap();
                            key(&labels)
                        })
                        .collect();
                    if !children.is_empty() {
                        sums.push((key(&labels), children));
                    }
                }
            }
        }
        Self { cells, sums }
    }

    /// The lowest and highest that a combination of cells can be.
    fn interval(&self, of: &[(&Key, f64)]) -> (f64, f64) {
        let end = |direction| {
            let mut problem = Problem::new(direction);
            let variables: BTreeMap<&Key, Variable> = self
                .cells
                .iter()
                .map(|(key, bounds)| {
                    let weight = of.iter().find(|(k, _)| *k == key).map_or(0.0, |(_, w)| *w);
                    // A cap stands for no end: no count here comes near it.
                    (key, problem.add_var(weight, (bounds.0, bounds.1.min(10_000.0))))
                })
                .collect();
            for (parent, children) in &self.sums {
                let mut sum: Vec<(Variable, f64)> = children.iter().map(|c| (variables[c], 1.0)).collect();
                sum.push((variables[parent], -1.0));
                problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
            }
            match problem.solve().unwrap() {
                SolveOutcome::Solution(solution) => solution.objective(),
                SolveOutcome::Interrupted(_) => panic!("no limit was set"),
            }
        };
        (end(OptimizationDirection::Minimize), end(OptimizationDirection::Maximize))
    }
}

fn profile(threshold: u64, protect: Protect, zeros: Zeros) -> Profile {
    let mut profile = Profile::built_in("lt5-suppress").unwrap();
    (profile.threshold, profile.protect, profile.zeros) = (threshold, protect, zeros);
    profile.class_disclosure = false;
    profile
}

fn passed(outcome: Result<Passed, DisclosureError>) -> Option<Passed> {
    match outcome {
        Ok(passed) => Some(passed),
        // Refusing is always safe.
        Err(DisclosureError::Refused(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Every count under the threshold must be left in the doubt that the profile promises.
fn check(printed: &[(usize, &PublicTable, &People)], profile: &Profile) {
    let tables: Vec<(usize, &PublicTable)> = printed.iter().map(|(v, t, _)| (*v, *t)).collect();
    let mut outsider = Outsider::new(&tables);
    if profile.rule_known {
        outsider = outsider.told(printed[0].2, profile.threshold);
    }
    for (version, table, people) in printed {
        let dimensions: Vec<&str> = table.dimensions().iter().map(Dimension::name).collect();
        for (labels, _) in table.cells() {
            let value = truth(people, &dimensions, &labels);
            if value == 0 || value >= profile.threshold {
                continue;
            }
            let named = dimensions.iter().zip(&labels).filter(|(_, label)| **label != "all");
            let mut key: Vec<(String, String)> =
                named.map(|(d, l)| ((*d).to_owned(), (*l).to_owned())).collect();
            key.sort();
            let (lower, upper) = outsider.interval(&[(&(*version, key), 1.0)]);
            let (low, high) = match profile.protect {
                Protect::Exact if profile.rule_known => (value - 1, (value + 1).min(profile.threshold - 1)),
                Protect::Exact => (value - 1, value + 1),
                Protect::Range => (u64::from(value > 1), profile.threshold),
            };
            assert!(
                lower <= low as f64 + 1e-6 && upper >= high as f64 - 1e-6,
                "{} {labels:?}, truly {value}, is known to lie in {lower} to {upper}",
                table.name()
            );
        }
    }
}

fn people(most: usize) -> impl Strategy<Value = People> {
    prop::collection::vec((0..4usize, 0..3usize, 0..2usize), 0..most)
}

/// People made by a rule, unevenly spread.
fn some_people(seed: usize) -> People {
    (0..90 + seed * 3)
        .map(|n| ((n * n + seed) % 7 % 4, (n * 3 + n / 5 * seed) % 5 % 3, (n / 3 + seed) % 3 % 2))
        .collect()
}

#[test]
fn releases_that_know_of_each_other_withstand_what_those_that_do_not_give_away() {
    let rules = profile(10, Protect::Exact, Zeros::Publish);
    let make = |name: &str, people: &People, by: &str, earlier: Option<Earlier>| {
        let release = Release::new(name, rules.clone()).unwrap().table(table(name, people, by));
        passed(match earlier {
            Some(earlier) => release.earlier(earlier).pass(),
            None => release.pass(),
        })
    };
    let exposed = |people: &People, tables: &[&PublicTable]| {
        let outsider = Outsider::new(&tables.iter().map(|t| (0, *t)).collect::<Vec<_>>());
        let small = outsider.cells.keys().filter(|(_, key)| {
            let (dimensions, labels): (Vec<&str>, Vec<&str>) =
                key.iter().map(|(d, l)| (d.as_str(), l.as_str())).unzip();
            (1..10).contains(&truth(people, &dimensions, &labels))
        });
        small
            .filter(|key| {
                let (lower, upper) = outsider.interval(&[(key, 1.0)]);
                upper - lower < 1.0 - 1e-6
            })
            .count()
    };
    let (mut alone, mut together, mut both) = (0, 0, 0);
    for seed in 0..12 {
        let people = some_people(seed);
        let Some(first) = make("first", &people, "rg", None) else { continue };
        let Some(second) = make("second", &people, "rgs", None) else { continue };
        alone += exposed(&people, &[&first.tables[0], &second.tables[0]]);
        let earlier = Earlier::new(table("first", &people, "rg"), &first.tables[0]).unwrap();
        if let Some(second) = make("second", &people, "rgs", Some(earlier)) {
            both += 1;
            together += exposed(&people, &[&first.tables[0], &second.tables[0]]);
        }
    }
    assert!(alone > 0, "tables that pass alone give each other away");
    assert!(both > 0 && together == 0, "{together} exposed in {both} pairs of releases");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn one_table_of_three_dimensions(people in people(160), threshold in 3..11u64, range: bool) {
        let rules = profile(threshold, if range { Protect::Range } else { Protect::Exact }, Zeros::Publish);
        let release = Release::new("r", rules.clone()).unwrap().table(table("t", &people, "rgs"));
        if let Some(passed) = passed(release.pass()) {
            check(&[(0, &passed.tables[0], &people)], &rules);
        }
    }

    #[test]
    fn linked_tables_and_one_released_before(people in people(200), hide_zeros: bool, rule_known: bool) {
        let zeros = if hide_zeros { Zeros::Suppress } else { Zeros::Publish };
        let mut rules = profile(10, Protect::Exact, zeros);
        rules.rule_known = rule_known && hide_zeros;
        let first = Release::new("1", rules.clone()).unwrap().table(table("before", &people, "rs")).pass();
        let Some(first) = passed(first) else { return Ok(()) };
        let earlier = Earlier::new(table("before", &people, "rs"), &first.tables[0]).unwrap();
        let release = Release::new("2", rules.clone())
            .unwrap()
            .table(table("now one", &people, "rg"))
            .table(table("now two", &people, "gs"))
            .earlier(earlier);
        if let Some(second) = passed(release.pass()) {
            let all = [&first.tables[0], &second.tables[0], &second.tables[1]];
            check(&all.map(|t| (0, t, &people)), &rules);
        }
    }

    #[test]
    fn a_later_version_of_the_data(people in people(160), more in people(12)) {
        let rules = profile(10, Protect::Exact, Zeros::Publish);
        let first = Release::new("1", rules.clone()).unwrap().table(table("t", &people, "rg")).pass();
        let Some(first) = passed(first) else { return Ok(()) };
        let earlier = Earlier::new(table("t", &people, "rg"), &first.tables[0]).unwrap();
        let grown: People = people.iter().chain(&more).copied().collect();
        let release = Release::new("2", rules.clone()).unwrap().table(table("t", &grown, "rg")).earlier(earlier);
        if let Some(second) = passed(release.pass()) {
            let printed = [(0, &first.tables[0], &people), (1, &second.tables[0], &grown)];
            check(&printed, &rules);
            // How many were added to a cell is a count of people too.
            let outsider = Outsider::new(&[(0, &first.tables[0]), (1, &second.tables[0])]);
            for (labels, _) in first.tables[0].cells() {
                let added = truth(&more, &["area", "age"], &labels);
                if added == 0 || added >= 10 {
                    continue;
                }
                let named = ["area", "age"].into_iter().zip(&labels).filter(|(_, l)| **l != "all");
                let mut key: Vec<(String, String)> = named.map(|(d, l)| (d.to_owned(), (*l).to_owned())).collect();
                key.sort();
                let (lower, upper) = outsider.interval(&[(&(1, key.clone()), 1.0), (&(0, key), -1.0)]);
                prop_assert!(upper - lower > 1.0 - 1e-6, "{labels:?}: {added} added, known as {lower} to {upper}");
            }
        }
    }

    #[test]
    fn rounded_tables(people in people(200)) {
        let rules = Profile::built_in("ons-10-5").unwrap();
        let release = Release::new("r", rules).unwrap()
            .table(table("one", &people, "rg")).table(table("two", &people, "rs"));
        if let Some(passed) = passed(release.pass()) {
            check(&[(0, &passed.tables[0], &people), (0, &passed.tables[1], &people)], &Profile::built_in("ons-10-5").unwrap());
        }
    }
}
