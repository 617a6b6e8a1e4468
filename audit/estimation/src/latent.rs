//! Latent classes: people fall into unknown groups, and within a group lists do not depend on each other.
//!
//! A stick-breaking mixture of up to `K` classes, sampled by Gibbs updates (Manrique-Vallier 2016, *Biometrics* 72,
//! 1246–1254): uniform priors on capture probabilities, a gamma prior on the concentration, and `1/N` on the number of people.
//! Several chains run from scattered starts, and no figure is given unless they agree: rank-normalised split R-hat and bulk
//! effective sample size (Vehtari and others 2021, *Bayesian Analysis* 16, 667–718).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::random::{Purpose, Stream};
use crate::shape::Shape;
use crate::special::{normal_quantile, quantile};
use crate::{EstimationError, Interval, IntervalKind, ListTable};

/// How chains are run and when they are believed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatentPlan {
    /// Classes at most.
    pub classes: usize,
    /// Chains, 2 or more.
    pub chains: u32,
    /// Updates of each chain before its draws count.
    pub burn_in: u32,
    /// Updates of each chain from which draws are kept.
    pub updates: u32,
    /// How often unsettled chains go on, each time twice as long, their earlier draws dropped. Chains that sit on separate
    /// peaks do not go on.
    pub extensions: u32,
    /// R-hat at most.
    pub largest_r_hat: f64,
    /// Bulk effective sample size at least.
    pub smallest_effective: f64,
    /// The seed.
    pub seed: u64,
    /// The level of the interval.
    pub level: f64,
}

impl Default for LatentPlan {
    fn default() -> Self {
        Self {
            classes: 10,
            chains: 4,
            burn_in: 20_000,
            updates: 100_000,
            extensions: 3,
            largest_r_hat: 1.01,
            smallest_effective: 400.0,
            seed: 1,
            level: 0.95,
        }
    }
}

/// What the chains say about themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Rank-normalised split R-hat, the larger of that of the draws and of their distances from the median.
    pub r_hat: f64,
    /// Bulk effective sample size over all chains.
    pub effective: f64,
    /// Median number of people of each chain.
    pub medians: Vec<f64>,
    /// Updates of each chain, burn-in included.
    pub updates: u64,
}

/// A latent class estimate from chains that agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatentClass {
    /// Posterior median.
    pub estimate: f64,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior quantiles.
    pub interval: Interval,
    /// What the chains say about themselves.
    pub convergence: Convergence,
    /// Histogram and peaks.
    pub shape: Shape,
}

/// R-hat above which chains are not run on.
const HOPELESS: f64 = 1.2;
/// Draws kept of each chain.
const KEPT: u32 = 1_000;
/// Updates of one chain at most.
const MAX_UPDATES: u32 = 20_000_000;

/// Estimates by latent classes; [`EstimationError::NotConverged`] where the chains do not agree.
pub fn latent_class(table: &ListTable, plan: &LatentPlan) -> Result<LatentClass, EstimationError> {
    if let Some(first) = table.impossible().first() {
        return Err(EstimationError::Plan(format!(
            "latent classes cannot hold {} impossible; use a log-linear method",
            first.name(table.lists())
        )));
    }
    if !(1..=50).contains(&plan.classes) || !(2..=64).contains(&plan.chains) {
        return Err(EstimationError::Plan("latent classes take 1 to 50 classes and 2 to 64 chains".into()));
    }
    if !(1..=MAX_UPDATES).contains(&plan.updates) || plan.burn_in > MAX_UPDATES || plan.extensions > 8 {
        return Err(EstimationError::Plan(format!(
            "latent classes take 1 to {MAX_UPDATES} updates and 0 to 8 extensions"
        )));
    }
    if table.lists().len() < 3 {
        return Err(EstimationError::TooFewLists { lists: table.lists().len() });
    }
    let mut chains: Vec<Chain> =
        (0..plan.chains).map(|index| Chain::new(table, plan.classes, plan.seed, index)).collect();
    chains.par_iter_mut().with_max_len(1).for_each(|chain| {
        (0..plan.burn_in).for_each(|_| chain.update());
    });
    let mut updates = plan.updates;
    let mut done = u64::from(plan.burn_in);
    for extension in 0..=plan.extensions {
        let draws: Vec<Vec<f64>> = chains
            .par_iter_mut()
            .with_max_len(1)
            .map(|chain| {
                let kept = KEPT.min(updates);
                let thin = updates / kept;
                (0..kept)
                    .map(|_| {
                        (0..thin).for_each(|_| chain.update());
                        chain.people()
                    })
                    .collect()
            })
            .collect();
        done += u64::from(updates);
        let convergence = convergence(&draws, done);
        let settled =
            convergence.r_hat <= plan.largest_r_hat && convergence.effective >= plan.smallest_effective;
        if settled {
            return Ok(summary(draws, table.people() as f64, plan.level, convergence));
        }
        // Chains as far apart as this sit on separate peaks, and longer runs do not bring them together.
        if extension == plan.extensions || convergence.r_hat > HOPELESS {
            let medians: Vec<String> = convergence.medians.iter().map(|m| format!("{m:.0}")).collect();
            return Err(EstimationError::NotConverged {
                r_hat: convergence.r_hat,
                limit: plan.largest_r_hat,
                effective: convergence.effective,
                floor: plan.smallest_effective,
                medians: medians.join(" / "),
            });
        }
        updates = updates.saturating_mul(2).min(MAX_UPDATES);
    }
    Err(EstimationError::Plan("latent classes need a run of at least one update".into()))
}

fn summary(draws: Vec<Vec<f64>>, observed: f64, level: f64, convergence: Convergence) -> LatentClass {
    let mut all: Vec<f64> = draws.into_iter().flatten().collect();
    all.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| quantile(&all, p).unwrap_or(observed);
    let tail = (1.0 - level) / 2.0;
    LatentClass {
        estimate: at(0.5),
        mean: all.iter().sum::<f64>() / all.len() as f64,
        interval: Interval::new(level, at(tail), at(1.0 - tail), IntervalKind::Posterior),
        convergence,
        shape: Shape::of(&all, observed),
    }
}

/// One Gibbs sampler.
#[derive(Debug)]
struct Chain {
    lists: usize,
    classes: usize,
    observed: u64,
    /// Histories that have people, with their number.
    cells: Vec<(usize, u64)>,
    stream: Stream,
    shares: Vec<f64>,
    ln_shares: Vec<f64>,
    /// Capture probabilities, by class and then list.
    capture: Vec<f64>,
    concentration: f64,
    unseen: u64,
    /// Scratch: probability of each class and history, by history and then class.
    joint: Vec<f64>,
    members: Vec<u64>,
    captured: Vec<u64>,
}

/// The gamma prior on the concentration: shape and rate.
const CONCENTRATION_PRIOR: f64 = 0.25;

impl Chain {
    fn new(table: &ListTable, classes: usize, seed: u64, index: u32) -> Self {
        let lists = table.lists().len();
        let counts = table.counts();
        let mut stream = Stream::new(seed, Purpose::Chain, u64::from(index));
        // Starts are scattered, so that chains which agree have come from different sides: all people in one class with few or
        // many unseen, or people spread over classes that are anywhere.
        let spread = index % 2 == 1;
        let people = table.people() as f64 * if index.is_multiple_of(4) { 1.5 } else { 15.0 };
        let capture = (0..classes * lists)
            .map(|place| match (spread, place < lists) {
                (false, true) => table.on_list(place) as f64 / people,
                (false, false) => stream.unit(),
                (true, _) => (stream.unit() * if index % 4 == 1 { 0.6 } else { 0.4 }).max(1e-3),
            })
            .collect();
        let mut shares = vec![1e-3; classes];
        shares[0] = 1.0 - 1e-3 * (classes - 1) as f64;
        if spread {
            // Halved from class to class: equal shares would start in a state of many small classes, which chains leave
            // too seldom to tell how much it weighs.
            shares.iter_mut().zip(1..).for_each(|(share, class)| *share = 0.5_f64.powi(class));
        }
        Self {
            lists,
            classes,
            observed: table.people(),
            cells: (1..counts.len()).filter(|&h| counts[h] > 0).map(|h| (h, counts[h])).collect(),
            stream,
            ln_shares: shares.iter().map(|share: &f64| share.ln()).collect(),
            shares,
            capture,
            concentration: 1.0,
            unseen: 0,
            joint: vec![0.0; classes << lists],
            members: vec![0; classes],
            captured: vec![0; classes * lists],
        }
    }

    fn people(&self) -> f64 {
        (self.observed + self.unseen) as f64
    }

    fn update(&mut self) {
        let (classes, lists) = (self.classes, self.lists);
        // The probability of each history and class, one list at a time from that of no list.
        for class in 0..classes {
            let own = &self.capture[class * lists..(class + 1) * lists];
            let mut start = self.shares[class];
            for p in own {
                start *= 1.0 - p;
            }
            self.joint[class] = start;
        }
        for list in 0..lists {
            let half = 1 << list;
            let (low, high) = self.joint.split_at_mut(half * classes);
            for class in 0..classes {
                let p = self.capture[class * lists + list];
                let odds = p / (1.0 - p);
                for history in 0..half {
                    high[history * classes + class] = low[history * classes + class] * odds;
                }
            }
        }
        // Those on no list: how many, and of which class.
        let none: f64 = self.joint[..classes].iter().sum::<f64>().clamp(1e-300, 1.0 - 1e-12);
        let rate = self.stream.gamma(self.observed as f64) * none / (1.0 - none);
        self.unseen = self.stream.poisson(rate.min(1e12));
        self.members.fill(0);
        self.captured.fill(0);
        let unseen = self.unseen;
        self.allocate(0, unseen);
        for cell in 0..self.cells.len() {
            let (history, count) = self.cells[cell];
            self.allocate(history, count);
        }
        self.swap_labels();
        // Capture probabilities.
        for class in 0..classes {
            let members = self.members[class];
            for list in 0..lists {
                let place = class * lists + list;
                let seen = self.captured[place];
                let p = self.stream.beta(1.0 + seen as f64, 1.0 + (members - seen) as f64);
                self.capture[place] = p.clamp(1e-12, 1.0 - 1e-12);
            }
        }
        // Shares of the classes by breaking a stick, in logarithms: a small concentration leaves pieces far below rounding,
        // and the concentration is drawn from their logarithm.
        let mut later: u64 = self.members.iter().sum();
        let mut rest = 0.0_f64;
        for class in 0..classes - 1 {
            later -= self.members[class];
            let (part, left) =
                self.stream.ln_beta(1.0 + self.members[class] as f64, self.concentration + later as f64);
            self.ln_shares[class] = rest + part;
            rest += left;
        }
        self.ln_shares[classes - 1] = rest;
        self.shares.iter_mut().zip(&self.ln_shares).for_each(|(share, ln)| *share = ln.exp());
        let shape = CONCENTRATION_PRIOR + (classes - 1) as f64;
        self.concentration = (self.stream.gamma(shape) / (CONCENTRATION_PRIOR - rest)).max(1e-9);
    }

    /// Swaps the people of two classes with the probability that leaves the posterior as it is (Papaspiliopoulos and Roberts
    /// 2008, *Biometrika* 95, 169–186). Without it a large class that stands late in the order stays there for ever, and holds
    /// the concentration up.
    fn swap_labels(&mut self) {
        if self.classes < 2 {
            return;
        }
        let first = (self.stream.unit() * self.classes as f64) as usize;
        let step = 1 + (self.stream.unit() * (self.classes - 1) as f64) as usize;
        let second = (first + step) % self.classes;
        let more = self.members[second] as f64 - self.members[first] as f64;
        let ratio = more * (self.ln_shares[first] - self.ln_shares[second]);
        if more != 0.0 && ratio > self.stream.unit().ln() {
            self.members.swap(first, second);
            for list in 0..self.lists {
                self.captured.swap(first * self.lists + list, second * self.lists + list);
            }
        }
    }

    /// Puts the people of one history into classes.
    fn allocate(&mut self, history: usize, count: u64) {
        let classes = self.classes;
        let weights = &self.joint[history * classes..(history + 1) * classes];
        let mut whole: f64 = weights.iter().sum();
        if count <= 4 {
            for _ in 0..count {
                let mut at = self.stream.unit() * whole;
                let mut class = 0;
                while class + 1 < classes && at >= weights[class] {
                    at -= weights[class];
                    class += 1;
                }
                self.members[class] += 1;
                Self::note(&mut self.captured, self.lists, class, history, 1);
            }
            return;
        }
        let mut left = count;
        for (class, &weight) in weights.iter().enumerate() {
            let here = if class + 1 == classes || weight >= whole {
                left
            } else {
                self.stream.binomial(left, weight / whole)
            };
            if here > 0 {
                self.members[class] += here;
                Self::note(&mut self.captured, self.lists, class, history, here);
                left -= here;
                if left == 0 {
                    return;
                }
            }
            whole -= weight;
        }
    }

    fn note(captured: &mut [u64], lists: usize, class: usize, history: usize, count: u64) {
        let mut bits = history;
        while bits != 0 {
            captured[class * lists + bits.trailing_zeros() as usize] += count;
            bits &= bits - 1;
        }
    }
}

/// R-hat and effective sample size of chains of equal length.
fn convergence(draws: &[Vec<f64>], updates: u64) -> Convergence {
    let halves: Vec<&[f64]> = draws
        .iter()
        .flat_map(|chain| {
            let half = chain.len() / 2;
            [&chain[..half], &chain[chain.len() - half..]]
        })
        .collect();
    let mut all: Vec<f64> = draws.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let median = quantile(&all, 0.5).unwrap_or(0.0);
    let bulk = normal_scores(&halves.iter().map(|half| half.to_vec()).collect::<Vec<_>>());
    let folded: Vec<Vec<f64>> =
        halves.iter().map(|half| half.iter().map(|x| (x - median).abs()).collect()).collect();
    let medians = draws
        .iter()
        .map(|chain| {
            let mut sorted = chain.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            quantile(&sorted, 0.5).unwrap_or(0.0)
        })
        .collect();
    Convergence {
        r_hat: r_hat(&bulk).max(r_hat(&normal_scores(&folded))),
        effective: effective(&bulk),
        medians,
        updates,
    }
}

/// Values replaced by normal quantiles of their ranks over all chains; equal values share their mean rank.
fn normal_scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut order: Vec<(f64, usize, usize)> = chains
        .iter()
        .enumerate()
        .flat_map(|(c, chain)| chain.iter().enumerate().map(move |(i, &x)| (x, c, i)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let count = order.len() as f64;
    let mut scores: Vec<Vec<f64>> = chains.iter().map(|chain| vec![0.0; chain.len()]).collect();
    let mut from = 0;
    while from < order.len() {
        let to = from + order[from..].iter().take_while(|entry| entry.0 == order[from].0).count();
        let rank = (from + to + 1) as f64 / 2.0;
        let score = normal_quantile((rank - 0.375) / (count + 0.25));
        for &(_, c, i) in &order[from..to] {
            scores[c][i] = score;
        }
        from = to;
    }
    scores
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0))
}

/// Within-chain variance, and the pooled variance that adds what lies between chains.
fn variances(chains: &[Vec<f64>]) -> (f64, f64) {
    let n = chains.first().map_or(0, Vec::len) as f64;
    let parts: Vec<(f64, f64)> = chains.iter().map(|chain| mean_and_variance(chain)).collect();
    let within = parts.iter().map(|part| part.1).sum::<f64>() / parts.len() as f64;
    let (_, between) = mean_and_variance(&parts.iter().map(|part| part.0).collect::<Vec<_>>());
    (within, within * (n - 1.0) / n + between)
}

fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let (within, pooled) = variances(chains);
    if within > 0.0 {
        (pooled / within).sqrt()
    } else if pooled > 0.0 {
        f64::INFINITY
    } else {
        1.0
    }
}

/// Effective sample size with Geyer's initial monotone sequence.
fn effective(chains: &[Vec<f64>]) -> f64 {
    let n = chains.first().map_or(0, Vec::len);
    let total = (n * chains.len()) as f64;
    let (within, pooled) = variances(chains);
    if n < 4 || pooled <= 0.0 {
        return total;
    }
    let means: Vec<f64> = chains.iter().map(|chain| mean_and_variance(chain).0).collect();
    let correlation = |lag: usize| {
        let covariance: f64 = chains
            .iter()
            .zip(&means)
            .map(|(chain, mean)| {
                (0..n - lag).map(|i| (chain[i] - mean) * (chain[i + lag] - mean)).sum::<f64>() / n as f64
            })
            .sum::<f64>()
            / chains.len() as f64;
        let biased = within * (n as f64 - 1.0) / n as f64;
        1.0 - (biased - covariance) / pooled
    };
    let (mut sum, mut last, mut lag) = (0.0, f64::INFINITY, 0);
    while lag + 1 < n {
        let pair = correlation(lag) + correlation(lag + 1);
        if pair < 0.0 {
            break;
        }
        last = pair.min(last);
        sum += last;
        lag += 2;
    }
    total / (2.0 * sum - 1.0).max(1.0 / total.log10().max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn white(chains: usize, shift: f64) -> Vec<Vec<f64>> {
        let mut stream = Stream::new(5, Purpose::Chain, 0);
        (0..chains).map(|c| (0..1000).map(|_| stream.normal() + shift * c as f64).collect()).collect()
    }

    #[test]
    fn chains_that_agree_and_chains_that_do_not() {
        let good = convergence(&white(4, 0.0), 1);
        assert!(good.r_hat < 1.01 && good.effective > 3000.0, "{good:?}");
        let bad = convergence(&white(4, 2.0), 1);
        assert!(bad.r_hat > 1.5 && bad.effective < 100.0, "{bad:?}");
        // A chain that remembers nine tenths of its last value has one draw in nineteen.
        let mut slow = white(4, 0.0);
        for chain in &mut slow {
            for i in 1..chain.len() {
                chain[i] += 0.9 * chain[i - 1];
            }
        }
        let slow = convergence(&slow, 1).effective;
        assert!((120.0..350.0).contains(&slow), "{slow}");
    }

    #[test]
    fn independent_lists_are_one_class() {
        let mut table = ListTable::new(&["a", "b", "c"]).unwrap();
        let rates = [0.3, 0.4, 0.5];
        for history in 1..8_u16 {
            let p: f64 =
                (0..3).map(|l| if history >> l & 1 == 1 { rates[l] } else { 1.0 - rates[l] }).product();
            table.add(crate::ListSet(history), (2000.0 * p).round() as u64).unwrap();
        }
        let plan =
            LatentPlan { burn_in: 2_000, updates: 20_000, largest_r_hat: 1.05, ..LatentPlan::default() };
        let found = latent_class(&table, &plan).unwrap();
        assert!(found.interval.covers(2000.0), "{found:?}");
        let again = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(again.install(|| latent_class(&table, &plan)).unwrap(), found);
    }
}
