//! The validation standard, blocks A to F, as Markdown.
//!
//! `cargo run --release -p candour-estimation --example standard -- --data-sets 100 --blocks ABCD`
//!
//! Populations are drawn from known models, seeds are declared before the run (`--seed`), refusals are counted in the
//! denominator. With `--least P` it fails where, in block A, the headline covers or the floor holds less often. Blocks E and F read tables from the folder given with `--corpus`.

#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a program reads its arguments and the tables it is given")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use std::path::PathBuf;

use candour_estimation::{
    AveragingPlan, BootstrapPlan, GraphPlan, Interval, LatentPlan, LinkagePlan, ListSet, ListTable, Model,
    all_models, average_bootstrap, bootstrap, fit, floor, graph_average, internal_consistency_by,
    latent_class, pool, stepwise,
};
use rayon::prelude::*;

const RATES: [f64; 6] = [0.08, 0.12, 0.15, 0.10, 0.06, 0.09];
const RICH: [f64; 6] = [0.30, 0.25, 0.20, 0.30, 0.15, 0.25];
const SPARSE: [f64; 6] = [0.01, 0.05, 0.10, 0.07, 0.03, 0.04];

fn main() {
    let mut sets = 100;
    let mut seed = 20_250_116;
    let mut blocks = "ABCD".to_owned();
    let mut corpus: Option<PathBuf> = None;
    let mut replicates = 200;
    let mut lists = vec![5];
    let mut sizes = vec![3_000];
    let mut least = 0.0;
    let mut arguments = std::env::args().skip(1);
    let numbers = |text: &str| text.split(',').map(|n| n.parse().unwrap()).collect::<Vec<usize>>();
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        match name.as_str() {
            "--data-sets" => sets = value.parse().unwrap(),
            "--seed" => seed = value.parse().unwrap(),
            "--blocks" => blocks = value,
            "--replicates" => replicates = value.parse().unwrap(),
            "--least" => least = value.parse().unwrap(),
            "--corpus" => corpus = Some(PathBuf::from(value)),
            "--lists" => lists = numbers(&value),
            "--people" => sizes = numbers(&value),
            other => panic!("there is no option {other}"),
        }
    }
    println!(
        "Seed {seed}, {sets} data sets in each cell, {replicates} bootstrap replicates, {}.\n",
        env!("CARGO_PKG_VERSION")
    );
    for block in ["A", "B", "C"] {
        if blocks.contains(block) {
            for &k in &lists {
                for &people in &sizes {
                    let lowest = simulated(block, k, people, sets, seed, replicates);
                    assert!(
                        block != "A" || lowest >= least,
                        "block A, {k} lists, {people} people: {lowest:.3} is below {least}"
                    );
                }
            }
        }
    }
    if blocks.contains('D') {
        linkage(sets, seed);
    }
    let tables = corpus.map(|folder| tables(&folder)).unwrap_or_default();
    if blocks.contains('E') {
        hidden_lists(&tables);
    }
    if blocks.contains('F') {
        chains(&tables);
    }
}

/// A generator of its own, so that the standard does not test draws with themselves (xorshift64*).
struct Draws(u64);

impl Draws {
    fn new(seed: u64, set: u64) -> Self {
        Self((seed ^ set.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD129_8A2F_03B1_5C6D) | 1)
    }

    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// Histories of so many people.
    fn histories(&mut self, chances: &[f64], people: usize) -> Vec<u16> {
        let mut sums = Vec::with_capacity(chances.len());
        let mut sum = 0.0;
        for chance in chances {
            sum += chance;
            sums.push(sum);
        }
        (0..people)
            .map(|_| {
                let at = self.unit() * sum;
                sums.partition_point(|&s| s <= at).min(chances.len() - 1) as u16
            })
            .collect()
    }
}

fn product(rates: &[f64], history: usize) -> f64 {
    rates.iter().enumerate().map(|(l, p)| if history >> l & 1 == 1 { *p } else { 1.0 - p }).product()
}

/// Independent lists with terms: each multiplies the chance of every history that holds its lists.
fn with_terms(rates: &[f64], terms: &[(u16, f64)]) -> Vec<f64> {
    let mut chances: Vec<f64> = (0..1 << rates.len())
        .map(|h| {
            let held = terms.iter().filter(|(term, _)| h as u16 & term == *term).map(|(_, odds)| odds);
            product(rates, h) * held.product::<f64>()
        })
        .collect();
    let sum: f64 = chances.iter().sum();
    for chance in &mut chances {
        *chance /= sum;
    }
    chances
}

fn mixture(rates: &[f64], classes: &[(f64, f64)]) -> Vec<f64> {
    let mut chances = vec![0.0; 1 << rates.len()];
    for (share, factor) in classes {
        let own: Vec<f64> = rates.iter().map(|p| (p * factor).min(0.95)).collect();
        chances.iter_mut().enumerate().for_each(|(h, c)| *c += share * product(&own, h));
    }
    chances
}

fn scenarios(block: &str, k: usize) -> Vec<(&'static str, Vec<f64>)> {
    let (base, rich, sparse) = (&RATES[..k], &RICH[..k], &SPARSE[..k]);
    let last = 1_u16 << (k - 1);
    let three = [(0b011_u16, 3.0), (0b110, 0.4), (1 | last, 3.0)];
    match block {
        "A" => vec![
            ("independent", with_terms(base, &[])),
            ("rich", with_terms(rich, &[])),
            ("one pair (x3)", with_terms(base, &[(0b011, 3.0)])),
            ("three pairs (+, -, +)", with_terms(base, if k == 3 { &three[..2] } else { &three })),
            ("one structural empty pair", with_terms(base, &[(0b101, 0.0)])),
        ],
        "B" => {
            let mut cells = vec![
                ("sparse", with_terms(sparse, &[])),
                ("sparse, three pairs", with_terms(sparse, if k == 3 { &three[..2] } else { &three })),
                ("three-way term (x3)", with_terms(base, &[(0b111, 3.0)])),
            ];
            let referral = (0..1_usize << k)
                .map(|h| {
                    let own: Vec<f64> = base
                        .iter()
                        .enumerate()
                        .map(|(l, p)| if l == 2 && h & 3 != 0 { 0.6 } else { *p })
                        .collect();
                    product(&own, h)
                })
                .collect();
            cells.push(("referral (list 3 takes 60 % of 1 and 2)", referral));
            cells
        }
        _ => {
            let mut normal = vec![0.0; 1 << k];
            for step in -400..=400 {
                let z = f64::from(step) / 100.0;
                let weight = (-0.5 * z * z).exp();
                let own: Vec<f64> = base
                    .iter()
                    .map(|p| {
                        let odds = p / (1.0 - p) * (0.8 * z).exp();
                        odds / (1.0 + odds)
                    })
                    .collect();
                normal.iter_mut().enumerate().for_each(|(h, c)| *c += weight * product(&own, h));
            }
            vec![
                ("two classes (25 % x 2.2, 75 % x 0.6)", mixture(base, &[(0.25, 2.2), (0.75, 0.6)])),
                ("two classes, strong (15 % x 4)", mixture(base, &[(0.15, 4.0), (0.85, 0.47)])),
                ("logit-normal, sd 0.8", normal),
                ("10 % can never be seen", mixture(base, &[(0.9, 1.0), (0.1, 0.0)])),
                ("30 % can never be seen", mixture(base, &[(0.7, 1.0), (0.3, 0.0)])),
            ]
        }
    }
}

fn table_of(histories: &[u16], k: usize) -> ListTable {
    let names: Vec<String> = (1..=k).map(|l| format!("L{l}")).collect();
    let mut table = ListTable::new(&names).unwrap();
    for &history in histories.iter().filter(|&&h| h != 0) {
        table.add(ListSet(history), 1).unwrap();
    }
    table
}

const METHODS: [&str; 6] =
    ["Mt", "stepwise", "stepwise percentile", "lowest BIC", "average (headline)", "average, bootstrap"];

/// Estimates and intervals of each method; none where it refused, as the bootstraps do without replicates. Then the floor.
fn answers(table: &ListTable, seed: u64, replicates: u32) -> (Vec<Answer>, Option<f64>) {
    if table.check_lists().is_err() {
        return (vec![None; METHODS.len()], None);
    }
    let mt = fit(table, &Model::independence()).ok().map(|fit| (fit.estimate(), fit.normal(0.95)));
    let step = stepwise(table, 0.02).ok().map(|found| (found.fit.estimate(), found.fit.normal(0.95)));
    let plan = BootstrapPlan { replicates, seed, ..BootstrapPlan::default() };
    let percentile = bootstrap(table, &plan).ok().map(|found| (found.estimate, found.percentile));
    let models = all_models(table, 2).ok();
    let best = models.as_ref().and_then(|m| m.best()).map(|row| (row.estimate, row.interval(0.95)));
    let average = models.as_ref().and_then(|m| m.average(0.95));
    let plan = AveragingPlan { replicates, seed, ..AveragingPlan::default() };
    let again = models.as_ref().and_then(|m| average_bootstrap(table, m, &plan).ok());
    let headline = average.and_then(|average| Some((average.estimate, again?.interval)));
    let lower = floor(table, models.as_ref(), 0.95).map(|floor| floor.lower);
    (vec![mt, step, percentile, best, average.map(|a| (a.estimate, a.interval)), headline], lower)
}

/// A method's estimate and interval; none where it refused.
type Answer = Option<(f64, Interval)>;
/// What a method answers on a table.
type Estimator = fn(&ListTable) -> Answer;

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Coverage with its Monte Carlo error, refusals counted as misses.
fn coverage(found: &[Answer], truth: f64) -> String {
    let n = found.len() as f64;
    let hits = found.iter().flatten().filter(|(_, interval)| interval.covers(truth)).count() as f64 / n;
    format!("{hits:.3} ± {:.3}", (hits * (1.0 - hits) / n).sqrt())
}

/// Prints a row for each method, and gives the lower of the headline's coverage and the floor's.
fn print_rows(name: &str, truth: f64, results: &[(Vec<Answer>, Option<f64>)]) -> f64 {
    for (place, method) in METHODS.iter().enumerate() {
        let found: Vec<Answer> = results.iter().map(|r| r.0[place]).collect();
        if found.iter().all(Option::is_none) {
            println!("| {name} | {method} | | not run | | {} |", found.len());
            continue;
        }
        let mut estimates: Vec<f64> = found.iter().flatten().map(|f| f.0).collect();
        let mut widths: Vec<f64> = found.iter().flatten().map(|f| f.1.ratio()).collect();
        println!(
            "| {name} | {method} | {:.3} | {} | {:.2} | {} |",
            median(&mut estimates) / truth,
            coverage(&found, truth),
            median(&mut widths),
            found.iter().filter(|f| f.is_none()).count()
        );
    }
    let held = results.iter().filter(|r| r.1.is_some_and(|lower| lower <= truth)).count() as f64;
    println!("| {name} | floor at or below the truth | | {:.3} | | |", held / results.len() as f64);
    let headline = METHODS.iter().position(|m| m.contains("headline")).unwrap();
    let covered = results.iter().filter(|r| r.0[headline].is_some_and(|f| f.1.covers(truth))).count() as f64;
    covered.min(held) / results.len() as f64
}

fn simulated(block: &str, k: usize, people: usize, sets: u64, seed: u64, replicates: u32) -> f64 {
    println!("## Block {block}: {k} lists, {people} people\n");
    println!("| scenario | method | median / truth | coverage of 95 % | upper / lower | refused |");
    println!("|---|---|---|---|---|---|");
    let mut lowest = f64::INFINITY;
    for (place, (name, chances)) in scenarios(block, k).into_iter().enumerate() {
        let results: Vec<_> = (0..sets)
            .into_par_iter()
            .map(|set| {
                let own = seed ^ (place as u64 + 1) << 40 ^ (k as u64) << 32 ^ (people as u64) << 8;
                let mut draws = Draws::new(own, set);
                answers(&table_of(&draws.histories(&chances, people), k), set, replicates)
            })
            .collect();
        lowest = lowest.min(print_rows(name, people as f64, &results));
    }
    println!();
    lowest
}

/// A link that is in doubt: the histories of its two parts, and whether it is there at the threshold.
struct Doubt {
    parts: (u16, u16),
    probability: f64,
}

/// Links missed and made in error, with a posterior that is right: of the links it gives probability `p`, `p` are true.
fn linkage(sets: u64, seed: u64) {
    let (k, people, draws_of_linkage) = (5, 3_000, 50);
    println!("## Block D: {k} lists, {people} people, {draws_of_linkage} draws of the linkage\n");
    println!("| missed | false | method | median / truth | coverage of 95 % |");
    println!("|---|---|---|---|---|");
    for (missed, wrong) in
        [(0.0, 0.0), (0.05, 0.0), (0.10, 0.0), (0.20, 0.0), (0.0, 0.02), (0.10, 0.02), (0.0, 0.05)]
    {
        let results: Vec<_> = (0..sets)
            .into_par_iter()
            .map(|set| {
                let mut draws = Draws::new(seed ^ 0xD00D, set);
                let seen: Vec<u16> = draws
                    .histories(&with_terms(&RATES[..k], &[(0b011, 3.0)]), people)
                    .into_iter()
                    .filter(|&h| h != 0)
                    .collect();
                let (certain, doubts) = doubts(&mut draws, seen, missed, wrong);
                let linked = |link: &mut dyn FnMut(&Doubt) -> bool| {
                    let mut histories = certain.clone();
                    for doubt in &doubts {
                        if link(doubt) {
                            histories.push(doubt.parts.0 | doubt.parts.1);
                        } else {
                            histories.extend([doubt.parts.0, doubt.parts.1]);
                        }
                    }
                    table_of(&histories, k)
                };
                let threshold = linked(&mut |doubt| doubt.probability > 0.5);
                let naive = all_models(&threshold, 2)
                    .ok()
                    .and_then(|m| m.average(0.95))
                    .map(|a| (a.estimate, a.interval));
                let tables: Vec<ListTable> = (0..draws_of_linkage)
                    .map(|_| linked(&mut |doubt| draws.unit() < doubt.probability))
                    .collect();
                let plan = LinkagePlan { replicates: 20, seed: set, ..LinkagePlan::default() };
                let pooled = pool(&tables, &plan).ok();
                (
                    naive,
                    pooled.as_ref().map(|p| (p.estimate, p.interval)),
                    pooled.map(|p| (p.estimate, p.cross_check)),
                )
            })
            .collect();
        let truth = people as f64;
        let columns: [(&str, Vec<Answer>); 3] = [
            ("links at the threshold", results.iter().map(|r| r.0).collect()),
            ("pooled over draws", results.iter().map(|r| r.1).collect()),
            ("within and between (Rubin)", results.iter().map(|r| r.2).collect()),
        ];
        for (name, found) in columns {
            let mut estimates: Vec<f64> = found.iter().flatten().map(|f| f.0).collect();
            println!(
                "| {missed} | {wrong} | {name} | {:.3} | {} |",
                median(&mut estimates) / truth,
                coverage(&found, truth)
            );
        }
    }
    println!();
}

/// Parts a population into what the linkage is sure of and what it is not.
fn doubts(draws: &mut Draws, seen: Vec<u16>, missed: f64, wrong: f64) -> (Vec<u16>, Vec<Doubt>) {
    let (low, high) = (0.3, 0.9);
    let mut certain = Vec::new();
    let mut doubts = Vec::new();
    let mut lists_missed = Vec::new();
    let mut lists_made = Vec::new();
    // True links: a share is doubted below the threshold; another above it, to stand beside the false ones.
    let beside = wrong * high / (1.0 - high);
    for history in seen {
        let positions: Vec<usize> = ListSet(history).positions().collect();
        let doubt = if positions.len() < 2 { 1.0 } else { draws.unit() };
        let part = 1_u16 << positions[draws.below(positions.len())];
        let parts = (part, history & !part);
        if doubt < missed {
            lists_missed.push(parts);
            doubts.push(Doubt { parts, probability: low });
        } else if doubt < missed + beside {
            lists_made.push(parts);
            doubts.push(Doubt { parts, probability: high });
        } else {
            certain.push(history);
        }
    }
    // Strangers that look like one person, as many as the posterior says, on the same lists as the true links.
    let mut strangers = |like: &[(u16, u16)], ratio: f64, probability: f64| {
        if like.is_empty() {
            return;
        }
        for _ in 0..(like.len() as f64 * ratio).round() as usize {
            let (a, b) = like[draws.below(like.len())];
            let find = |part: u16, certain: &[u16], not: usize| {
                (0..certain.len()).find(|&place| place != not && certain[place] == part)
            };
            let Some(first) = find(a, &certain, usize::MAX) else { continue };
            let Some(second) = find(b, &certain, first) else { continue };
            certain.swap_remove(first.max(second));
            certain.swap_remove(first.min(second));
            doubts.push(Doubt { parts: (a, b), probability });
        }
    };
    strangers(&lists_missed, (1.0 - low) / low, low);
    strangers(&lists_made, (1.0 - high) / high, high);
    (certain, doubts)
}

fn tables(folder: &std::path::Path) -> Vec<(String, ListTable)> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .filter_map(|path| {
            let table = ListTable::from_csv(&std::fs::read_to_string(&path).unwrap()).ok()?.0;
            Some((path.file_stem().unwrap().to_string_lossy().into_owned(), table))
        })
        .collect()
}

fn hidden_lists(tables: &[(String, ListTable)]) {
    println!("## Block E: each list of {} tables hidden and estimated from the others\n", tables.len());
    println!("| method | estimates | coverage of 95 % | mean log(estimate / truth) | refused |");
    println!("|---|---|---|---|---|");
    let methods: [(&str, Estimator); 6] = [
        ("Mt", |t| fit(t, &Model::independence()).ok().map(|f| (f.estimate(), f.normal(0.95)))),
        ("stepwise", |t| stepwise(t, 0.02).ok().map(|s| (s.fit.estimate(), s.fit.normal(0.95)))),
        ("stepwise percentile", |t| {
            let plan = BootstrapPlan { replicates: 1_000, ..BootstrapPlan::default() };
            bootstrap(t, &plan).ok().map(|b| (b.estimate, b.percentile))
        }),
        ("average (headline)", |t| all_models(t, 2).ok()?.average(0.95).map(|a| (a.estimate, a.interval))),
        ("average, bootstrap", |t| {
            let models = all_models(t, 2).ok()?;
            let again = average_bootstrap(
                t,
                &models,
                &AveragingPlan { replicates: 1_000, ..AveragingPlan::default() },
            );
            Some((models.average(0.95)?.estimate, again.ok()?.interval))
        }),
        ("decomposable graphs", |t| {
            graph_average(t, &GraphPlan::default()).ok().map(|g| (g.estimate, g.interval))
        }),
    ];
    for (name, estimator) in methods {
        // Inner tables of fewer than three lists refuse, as tables do.
        let found: Vec<_> = tables
            .par_iter()
            .flat_map_iter(|(_, table)| {
                internal_consistency_by(table, |inner| {
                    (inner.lists().len() >= 3).then(|| estimator(inner)).flatten()
                })
            })
            .collect();
        let made: Vec<_> = found.iter().filter(|c| c.estimate.is_some()).collect();
        let hits = made.iter().filter(|c| c.covers == Some(true)).count() as f64 / made.len() as f64;
        let bias = made.iter().filter_map(|c| c.log_ratio).sum::<f64>() / made.len() as f64;
        println!("| {name} | {} | {hits:.2} | {bias:.2} | {} |", made.len(), found.len() - made.len());
    }
    println!();
}

fn chains(tables: &[(String, ListTable)]) {
    println!("## Block F: latent class chains\n");
    println!("| table | answer |\n|---|---|");
    for (name, table) in tables {
        match latent_class(table, &LatentPlan::default()) {
            Ok(found) => println!(
                "| {name} | {:.0}, R-hat {:.3}, effective draws {:.0}, {} updates |",
                found.estimate,
                found.convergence.r_hat,
                found.convergence.effective,
                found.convergence.updates
            ),
            Err(error) => println!("| {name} | refused: {error} |"),
        }
    }
    println!();
}
