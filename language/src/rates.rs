//! Rates by body, month, document type and author role, with what is needed to read them honestly.
//!
//! An alarm is wording or a contradiction that a rule reports; it is no proof of harm or of bad practice. Thin notes score clean,
//! so words per child stand beside every rate. Counts and what is made of them come in types that print nothing: small numbers
//! leave through a [`Door`] only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::civil::Date;

use crate::{
    check::{Checker, Reading},
    error::LanguageError,
    note::Note,
    pack::Kind,
    random::Stream,
};

/// What is counted of one note. The child's key is any key; it is never given out.
#[derive(Clone, Default, PartialEq)]
pub struct NoteRow {
    /// The body that holds the record.
    pub body: String,
    /// The day of the note.
    pub date: Option<Date>,
    /// The document type.
    pub doc_type: String,
    /// The author's role.
    pub author_role: String,
    /// A key that is the same for all notes of one child.
    pub child: String,
    /// Words in the note.
    pub words: u32,
    /// Alarms in the note.
    pub alarms: u32,
    /// The note places the child at risk.
    pub risk: bool,
    /// The record carries a flag of sexual exploitation.
    pub flagged: bool,
    /// The note holds evidence of harm: one strong sign or two others.
    pub evidence: bool,
}

impl NoteRow {
    /// What is counted of a note that has been read. `alarms` are those that stand in it; `flagged` says whether the record carries a
    /// flag of sexual exploitation. A note that names no child is counted as a child of its own, under its id.
    pub fn of(checker: &Checker, note: &Note, reading: &Reading, alarms: u32, flagged: bool) -> Self {
        let known = |value: Option<&String>| value.cloned().unwrap_or_else(|| "not known".to_owned());
        let signs = reading.mentions.iter().chain(reading.fields.iter().map(|f| &f.1)).filter(|m| m.stands());
        let (mut categories, mut strong, mut risk) = (BTreeSet::new(), false, false);
        for m in signs {
            let rule = checker.rule(m);
            risk |= m.kind == Kind::Risk;
            if m.kind == Kind::Indicator && !m.covered {
                strong |= rule.strong;
                categories.insert(&rule.category);
            }
        }
        Self {
            body: known(note.meta.body.as_ref()),
            date: note.meta.date,
            doc_type: known(Some(&note.meta.doc_type).filter(|t| !t.is_empty())),
            author_role: known(note.meta.author_role.as_ref()),
            child: note.meta.child.clone().unwrap_or_else(|| format!("note {}", note.id)),
            words: reading.words,
            alarms,
            risk,
            flagged,
            evidence: strong || categories.len() >= 2,
        }
    }
}

impl fmt::Debug for NoteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoteRow(withheld)")
    }
}

/// What rates are broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The body.
    Body,
    /// The month, `2024-03`; `not known` where a note has no day.
    Month,
    /// The document type.
    DocumentType,
    /// The author's role.
    AuthorRole,
}

fn month_of(date: Option<Date>) -> String {
    date.map_or_else(|| "not known".to_owned(), |d| format!("{:04}-{:02}", d.year(), d.month()))
}

impl By {
    fn of(self, row: &NoteRow) -> String {
        match self {
            Self::Body => row.body.clone(),
            Self::Month => month_of(row.date),
            Self::DocumentType => row.doc_type.clone(),
            Self::AuthorRole => row.author_role.clone(),
        }
    }
}

/// Where counts and estimates go: the disclosure room puts one in front of its own rules.
pub trait Door {
    /// One cell: the labels of its group, what it is, how many children it rests on, and its value.
    fn cell(&mut self, group: &[String], measure: &str, children: u64, value: f64);
}

/// An estimate with its interval.
#[derive(Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    notes: f64,
    words: f64,
    alarms: f64,
}

/// Counts by group. Debug shows nothing, there is no accessor and no serialisation: use [`RateCounts::through`].
pub struct RateCounts {
    groups: BTreeMap<Vec<String>, BTreeMap<String, Sums>>,
}

impl fmt::Debug for RateCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateCounts(withheld)")
    }
}

/// How many children a group has, and its rates by name.
type GroupRates = (u64, Vec<(&'static str, Interval)>);

/// Rates by group with their intervals, withheld as the counts are.
pub struct RateEstimates {
    groups: BTreeMap<Vec<String>, GroupRates>,
}

impl fmt::Debug for RateEstimates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateEstimates(withheld)")
    }
}

/// How intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Resamples.
    pub replicates: usize,
    /// The seed: the same seed gives the same figures.
    pub seed: u64,
    /// The level, such as 0.95.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { replicates: 1000, seed: 0, level: 0.95 }
    }
}

/// Counts notes, words and alarms by group and child.
pub fn count(rows: &[NoteRow], by: &[By]) -> RateCounts {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<String, Sums>> = BTreeMap::new();
    for row in rows {
        let group = by.iter().map(|b| b.of(row)).collect();
        let sums = groups.entry(group).or_default().entry(row.child.clone()).or_default();
        sums.notes += 1.0;
        sums.words += f64::from(row.words);
        sums.alarms += f64::from(row.alarms);
    }
    RateCounts { groups }
}

/// A rate's name, its scale and its denominator.
type Measure = (&'static str, f64, fn(&Sums) -> f64);

const MEASURES: [Measure; 3] = [
    ("alarms per 1,000 notes", 1_000.0, |s| s.notes),
    ("alarms per 10,000 words", 10_000.0, |s| s.words),
    ("alarms per child", 1.0, |_| 1.0),
];

impl RateCounts {
    /// Rates with percentile intervals from a bootstrap by child: the notes of one child are not independent, so whole children
    /// are drawn (Davison and Hinkley 1997, section 3.8). A group whose denominator is nothing has no rate.
    pub fn rates(&self, bootstrap: Bootstrap) -> RateEstimates {
        let mut groups = BTreeMap::new();
        for (n, (group, children)) in self.groups.iter().enumerate() {
            let sums: Vec<Sums> = children.values().copied().collect();
            let mut estimates = Vec::new();
            for (m, (name, scale, denominator)) in MEASURES.iter().enumerate() {
                let mut stream = Stream::new(bootstrap.seed, (n * MEASURES.len() + m) as u64);
                let pairs: Vec<(f64, f64)> = sums.iter().map(|s| (s.alarms, denominator(s))).collect();
                if let Some(interval) = ratio_interval(&pairs, *scale, bootstrap, &mut stream) {
                    estimates.push((*name, interval));
                }
            }
            let words: f64 = sums.iter().map(|s| s.words).sum();
            let per_child = words / sums.len().max(1) as f64;
            estimates.push((
                "words per child",
                Interval { estimate: per_child, lower: per_child, upper: per_child },
            ));
            groups.insert(group.clone(), (sums.len() as u64, estimates));
        }
        RateEstimates { groups }
    }

    /// Gives the counts to a door.
    pub fn through(self, door: &mut dyn Door) {
        for (group, children) in self.groups {
            let n = children.len() as u64;
            let total = |f: fn(&Sums) -> f64| children.values().map(f).sum::<f64>();
            door.cell(&group, "children", n, n as f64);
            let with = children.values().filter(|s| s.alarms > 0.0).count();
            door.cell(&group, "children with an alarm", n, with as f64);
            door.cell(&group, "notes", n, total(|s| s.notes));
            door.cell(&group, "words", n, total(|s| s.words));
            door.cell(&group, "alarms", n, total(|s| s.alarms));
        }
    }
}

impl RateEstimates {
    /// Gives estimates and the ends of their intervals to a door, each as a cell.
    pub fn through(self, door: &mut dyn Door) {
        for (group, (children, estimates)) in self.groups {
            for (measure, interval) in estimates {
                door.cell(&group, measure, children, interval.estimate);
                door.cell(&group, &format!("{measure}, lower"), children, interval.lower);
                door.cell(&group, &format!("{measure}, upper"), children, interval.upper);
            }
        }
    }
}

fn ratio_interval(
    pairs: &[(f64, f64)],
    scale: f64,
    bootstrap: Bootstrap,
    stream: &mut Stream,
) -> Option<Interval> {
    let (top, bottom) = pairs.iter().fold((0.0, 0.0), |(a, b), p| (a + p.0, b + p.1));
    if bottom <= 0.0 {
        return None;
    }
    let mut draws = Vec::with_capacity(bootstrap.replicates);
    for _ in 0..bootstrap.replicates {
        let (mut a, mut b) = (0.0, 0.0);
        for _ in 0..pairs.len() {
            let (x, y) = pairs[stream.below(pairs.len())];
            a += x;
            b += y;
        }
        if b > 0.0 {
            draws.push(scale * a / b);
        }
    }
    let (lower, upper) = percentiles(&mut draws, bootstrap.level);
    Some(Interval { estimate: scale * top / bottom, lower, upper })
}

/// The ends of the middle `level` of the draws, interpolated.
fn percentiles(draws: &mut [f64], level: f64) -> (f64, f64) {
    draws.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let place = q * (draws.len().max(1) - 1) as f64;
        let low = place.floor() as usize;
        match (draws.get(low), draws.get(low + 1)) {
            (Some(a), Some(b)) => a + (place - low as f64) * (b - a),
            (Some(a), None) => *a,
            _ => f64::NAN,
        }
    };
    (at((1.0 - level) / 2.0), at(f64::midpoint(1.0, level)))
}

/// What a double-read sample says of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSample {
    /// Notes with an alarm that were read.
    pub alarms_read: u32,
    /// Of them, those that the readers agree with.
    pub alarms_right: u32,
    /// Notes without one that were read.
    pub silent_read: u32,
    /// Of them, those in which the readers found what the rules had missed.
    pub silent_missed: u32,
}

/// The true share of notes from the share with an alarm: the share of alarms that are right plus the share of silence that is
/// not. It needs a sample of this body's own notes; without one bodies must not be compared.
///
/// The interval is by the delta method, the apparent share, the precision and the omissions taken as independent binomials.
///
/// # Errors
/// When either half of the sample is empty, or shares are no shares.
pub fn corrected_share(with_alarm: u32, notes: u32, sample: ReadSample) -> Result<Interval, LanguageError> {
    let fail = |reason: &str| LanguageError::Figure { what: "corrected share", reason: reason.to_owned() };
    if sample.alarms_read == 0 || sample.silent_read == 0 {
        return Err(fail("the double-read sample has no alarms or no silent notes; draw both with `sample`"));
    }
    if notes == 0
        || with_alarm > notes
        || sample.alarms_right > sample.alarms_read
        || sample.silent_missed > sample.silent_read
    {
        return Err(fail("a part is larger than its whole; check the counts"));
    }
    let share = |k: u32, n: u32| f64::from(k) / f64::from(n);
    // A sample in which all or none are right leaves doubt too, so the variance is that of the share drawn in by Jeffreys' half.
    let variance = |k: u32, n: u32| {
        let p = (f64::from(k) + 0.5) / (f64::from(n) + 1.0);
        p * (1.0 - p) / f64::from(n)
    };
    let apparent = share(with_alarm, notes);
    let precision = share(sample.alarms_right, sample.alarms_read);
    let omission = share(sample.silent_missed, sample.silent_read);
    let estimate = apparent * precision + (1.0 - apparent) * omission;
    let spread = (precision - omission).powi(2) * variance(with_alarm, notes)
        + apparent.powi(2) * variance(sample.alarms_right, sample.alarms_read)
        + (1.0 - apparent).powi(2) * variance(sample.silent_missed, sample.silent_read);
    let half = 1.96 * spread.sqrt();
    Ok(Interval { estimate, lower: (estimate - half).max(0.0), upper: (estimate + half).min(1.0) })
}

/// The estimator of Rogan and Gladen (1978, American Journal of Epidemiology 107, 71-76): true prevalence from apparent
/// prevalence, sensitivity and specificity, kept within 0 and 1.
///
/// # Errors
/// When sensitivity and specificity together do not pass 1: such rules say nothing.
pub fn rogan_gladen(apparent: f64, sensitivity: f64, specificity: f64) -> Result<f64, LanguageError> {
    let reach = sensitivity + specificity - 1.0;
    if reach <= 0.0 || !(0.0..=1.0).contains(&apparent) {
        let reason =
            "sensitivity and specificity must together pass 1, and shares lie between 0 and 1".to_owned();
        return Err(LanguageError::Figure { what: "Rogan-Gladen estimate", reason });
    }
    Ok(((apparent + specificity - 1.0) / reach).clamp(0.0, 1.0))
}

/// Funnel limits at 95 and 99.8 per cent for a count with an expected rate, as rates (Spiegelhalter 2005, Statistics in Medicine
/// 24, 1185-1202): exact Poisson quantiles, widened by `dispersion` (1 for none) on the square-root scale. A funnel is no
/// league table: a body inside it is not told apart from the rest.
///
/// Gives `(lower95, upper95, lower998, upper998)` per unit of exposure.
pub fn funnel_limits(rate: f64, exposure: f64, dispersion: f64) -> (f64, f64, f64, f64) {
    let expected = (rate * exposure).max(0.0);
    let wide = dispersion.max(1.0).sqrt();
    let limit = |q: f64| {
        let at = poisson_quantile(expected, q);
        (expected + (at - expected) * wide).max(0.0) / exposure.max(f64::MIN_POSITIVE)
    };
    (limit(0.025), limit(0.975), limit(0.001), limit(0.999))
}

/// The smallest count whose cumulative probability reaches `q`; beyond a mean of 500 by the normal curve.
fn poisson_quantile(mean: f64, q: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > 500.0 {
        let z = if q < 0.01 {
            -3.090
        } else if q < 0.5 {
            -1.960
        } else if q < 0.98 {
            1.960
        } else {
            3.090
        };
        return mean + z * mean.sqrt();
    }
    let mut term = (-mean).exp();
    let mut total = term;
    let mut k = 0.0;
    while total < q && k < 2_000.0 {
        k += 1.0;
        term *= mean / k;
        total += term;
    }
    k
}

/// How far two readers agree beyond chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Items that both read.
    pub items: usize,
    /// The share on which they agree.
    pub observed: f64,
    /// Cohen's kappa (1960); `None` when each reader used one and the same category throughout.
    pub kappa: Option<f64>,
    /// Gwet's AC1 (2008, British Journal of Mathematical and Statistical Psychology 61, 29-48), steady where a category is rare.
    pub ac1: f64,
    /// The jackknife standard error of AC1.
    pub ac1_error: f64,
}

/// Agreement of two readers over the same items.
///
/// # Errors
/// When the lists differ in length or hold fewer than two items.
pub fn agreement<T: Ord>(one: &[T], two: &[T]) -> Result<Agreement, LanguageError> {
    if one.len() != two.len() || one.len() < 2 {
        let reason = format!(
            "the readers judged {} and {} items; both must judge the same two or more",
            one.len(),
            two.len()
        );
        return Err(LanguageError::Figure { what: "agreement", reason });
    }
    let pairs: Vec<(&T, &T)> = one.iter().zip(two).collect();
    let categories: BTreeSet<&T> = one.iter().chain(two).collect();
    let of = |left_out: Option<usize>| {
        let kept = || pairs.iter().enumerate().filter(|(i, _)| Some(*i) != left_out).map(|(_, p)| p);
        let n = kept().count() as f64;
        let observed = kept().filter(|(a, b)| a == b).count() as f64 / n;
        let (mut chance, mut gwet) = (0.0, 0.0);
        for c in &categories {
            let a = kept().filter(|p| p.0 == *c).count() as f64 / n;
            let b = kept().filter(|p| p.1 == *c).count() as f64 / n;
            chance += a * b;
            let mean = f64::midpoint(a, b);
            gwet += mean * (1.0 - mean);
        }
        let q = categories.len() as f64;
        let gwet = if q > 1.0 { gwet / (q - 1.0) } else { 0.0 };
        let kappa = (chance < 1.0).then(|| (observed - chance) / (1.0 - chance));
        (observed, kappa, (observed - gwet) / (1.0 - gwet))
    };
    let (observed, kappa, ac1) = of(None);
    let n = pairs.len() as f64;
    let without: Vec<f64> = (0..pairs.len()).map(|i| of(Some(i)).2).collect();
    let mean = without.iter().sum::<f64>() / n;
    let ac1_error = ((n - 1.0) / n * without.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt();
    Ok(Agreement { items: pairs.len(), observed, kappa, ac1, ac1_error })
}

/// A note drawn to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Its place in what was given.
    pub note: usize,
    /// How many notes of its stratum it stands for.
    pub weight: f64,
}

/// Draws up to `each` notes from every stratum without replacement, and shuffles them together so that a reader cannot tell
/// which had an alarm. Strata are any labels, such as body and whether there is an alarm; both kinds must be among them.
pub fn sample<S: Ord>(strata: &[S], each: usize, seed: u64) -> Vec<Drawn> {
    let mut members: BTreeMap<&S, Vec<usize>> = BTreeMap::new();
    for (n, stratum) in strata.iter().enumerate() {
        members.entry(stratum).or_default().push(n);
    }
    let mut drawn = Vec::new();
    for (s, mut notes) in members.into_values().enumerate() {
        let mut stream = Stream::new(seed, s as u64);
        let all = notes.len();
        let take = each.min(all);
        for i in 0..take {
            let j = i + stream.below(all - i);
            notes.swap(i, j);
            drawn.push(Drawn { note: notes[i], weight: all as f64 / take as f64 });
        }
    }
    let mut stream = Stream::new(seed, u64::MAX);
    for i in (1..drawn.len()).rev() {
        drawn.swap(i, stream.below(i + 1));
    }
    drawn
}

/// A change of level at a date, withheld: the rate after over the rate before, with its interval.
pub struct StepChange {
    children: u64,
    ratio: Interval,
}

impl fmt::Debug for StepChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StepChange(withheld)")
    }
}

impl StepChange {
    /// Gives the ratio to a door.
    pub fn through(self, door: &mut dyn Door) {
        for (name, value) in
            [("", self.ratio.estimate), (", lower", self.ratio.lower), (", upper", self.ratio.upper)]
        {
            door.cell(&[], &format!("rate after over rate before{name}"), self.children, value);
        }
    }

    /// Whether the interval leaves out 1. A difference is not yet an effect: other things change too.
    pub fn differs(&self) -> bool {
        self.ratio.lower > 1.0 || self.ratio.upper < 1.0
    }
}

/// The rate of alarms by word in the `days` after a date over that in the `days` before, children drawn whole.
///
/// # Errors
/// When either side has no words or the side before has no alarms.
pub fn step_change(
    rows: &[NoteRow],
    at: Date,
    days: i64,
    bootstrap: Bootstrap,
) -> Result<StepChange, LanguageError> {
    let mut children: BTreeMap<&str, [f64; 4]> = BTreeMap::new();
    for row in rows {
        let Some(date) = row.date else { continue };
        let apart = i64::from(at.until(date).map_or(i32::MAX, |s| s.get_days()));
        if apart < -days || apart >= days {
            continue;
        }
        let sums = children.entry(&row.child).or_default();
        let side = if apart < 0 { 0 } else { 2 };
        sums[side] += f64::from(row.alarms);
        sums[side + 1] += f64::from(row.words);
    }
    let sums: Vec<[f64; 4]> = children.into_values().collect();
    let ratio = |t: [f64; 4]| (t[2] / t[3]) / (t[0] / t[1]);
    let add = |mut t: [f64; 4], s: &[f64; 4]| {
        t.iter_mut().zip(s).for_each(|(a, b)| *a += b);
        t
    };
    let estimate = ratio(sums.iter().fold([0.0; 4], add));
    if !estimate.is_finite() {
        let reason = format!(
            "within {days} days of {at} one side has no words or the side before no alarms; take a longer span"
        );
        return Err(LanguageError::Figure { what: "step change", reason });
    }
    let mut stream = Stream::new(bootstrap.seed, 77);
    let mut draws: Vec<f64> = (0..bootstrap.replicates)
        .map(|_| ratio((0..sums.len()).fold([0.0; 4], |t, _| add(t, &sums[stream.below(sums.len())]))))
        .filter(|r| r.is_finite())
        .collect();
    let (lower, upper) = percentiles(&mut draws, bootstrap.level);
    Ok(StepChange { children: sums.len() as u64, ratio: Interval { estimate, lower, upper } })
}

/// By month the share of children whom notes place at risk, who carry a flag, and who have evidence of harm: withheld.
pub struct HiddenSeries {
    months: Vec<(String, u64, [f64; 3])>,
    drift: [Interval; 2],
}

impl fmt::Debug for HiddenSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenSeries(withheld)")
    }
}

impl HiddenSeries {
    /// Gives the series to a door.
    pub fn through(self, door: &mut dyn Door) {
        for (month, children, shares) in self.months {
            let names =
                ["children at risk, share", "children flagged, share", "children with evidence, share"];
            for (name, share) in names.iter().zip(shares) {
                door.cell(std::slice::from_ref(&month), name, children, share);
            }
        }
    }

    /// The pattern that the inquiry called hidden: from the first half of the months to the second the flag falls, and
    /// the evidence does not.
    pub fn is_hidden(&self) -> bool {
        let [flag, evidence] = self.drift;
        flag.upper < 0.0 && evidence.upper >= 0.0
    }
}

/// The series of risk, flag and evidence by month. The change between the halves is drawn by child.
///
/// # Errors
/// When fewer than four months have notes.
pub fn hidden_series(rows: &[NoteRow], bootstrap: Bootstrap) -> Result<HiddenSeries, LanguageError> {
    let mut by_month: BTreeMap<String, BTreeMap<&str, [bool; 3]>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.date.is_some()) {
        let seen = by_month.entry(month_of(row.date)).or_default().entry(&row.child).or_default();
        seen[0] |= row.risk;
        seen[1] |= row.flagged;
        seen[2] |= row.evidence;
    }
    if by_month.len() < 4 {
        let reason = format!("notes stand in {} months; a series needs four", by_month.len());
        return Err(LanguageError::Figure { what: "hidden series", reason });
    }
    let half = by_month.len() / 2;
    let mut months = Vec::new();
    // For each child: child-months, flags and evidence, in the first half and the second.
    let mut children: BTreeMap<&str, [f64; 6]> = BTreeMap::new();
    for (m, (month, seen)) in by_month.iter().enumerate() {
        let n = seen.len() as f64;
        let share = |i: usize| seen.values().filter(|s| s[i]).count() as f64 / n;
        months.push((month.clone(), seen.len() as u64, [share(0), share(1), share(2)]));
        for (child, s) in seen {
            let sums = children.entry(child).or_default();
            let side = if m < half { 0 } else { 3 };
            sums[side] += 1.0;
            sums[side + 1] += f64::from(u8::from(s[1]));
            sums[side + 2] += f64::from(u8::from(s[2]));
        }
    }
    let sums: Vec<[f64; 6]> = children.into_values().collect();
    let change = |t: &[f64; 6], i: usize| t[3 + i] / t[3] - t[i] / t[0];
    let add = |mut t: [f64; 6], s: &[f64; 6]| {
        t.iter_mut().zip(s).for_each(|(a, b)| *a += b);
        t
    };
    let total = sums.iter().fold([0.0; 6], add);
    let mut stream = Stream::new(bootstrap.seed, 78);
    let resamples: Vec<[f64; 6]> = (0..bootstrap.replicates)
        .map(|_| (0..sums.len()).fold([0.0; 6], |t, _| add(t, &sums[stream.below(sums.len())])))
        .collect();
    let drift = [1, 2].map(|i| {
        let mut draws: Vec<f64> = resamples.iter().map(|t| change(t, i)).filter(|x| x.is_finite()).collect();
        let (lower, upper) = percentiles(&mut draws, bootstrap.level);
        Interval { estimate: change(&total, i), lower, upper }
    });
    Ok(HiddenSeries { months, drift })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    struct Open(BTreeMap<String, f64>);

    impl Door for Open {
        fn cell(&mut self, group: &[String], measure: &str, _children: u64, value: f64) {
            self.0.insert(format!("{} {measure}", group.join("/")), value);
        }
    }

    fn rows() -> Vec<NoteRow> {
        (0..240)
            .map(|n| NoteRow {
                body: if n % 2 == 0 { "North".into() } else { "South".into() },
                date: Some(date(2020 + (n / 120) as i16, 1 + (n / 10 % 12) as i8, 5)),
                child: format!("c{}", n % 24),
                words: 100,
                alarms: u32::from(n % 4 == 0 && n < 120) + u32::from(n % 12 == 0 && n >= 120),
                flagged: n < 120,
                evidence: n % 3 != 0,
                ..NoteRow::default()
            })
            .collect()
    }

    #[test]
    fn rates_are_counts_over_exposure_and_the_same_each_time() {
        let rates = || {
            let mut door = Open(BTreeMap::new());
            count(&rows(), &[By::Body]).rates(Bootstrap::default()).through(&mut door);
            door.0
        };
        let first = rates();
        let north = first["North alarms per 1,000 notes"];
        // 30 alarms before and 10 after stand in 120 northern notes.
        assert!((north - 1000.0 * 40.0 / 120.0).abs() < 1e-9, "{north}");
        assert_eq!(first["South alarms per 1,000 notes"], 0.0);
        assert!(
            first["North alarms per 1,000 notes, lower"] < north
                && north < first["North alarms per 1,000 notes, upper"]
        );
        assert_eq!(first, rates());
    }

    #[test]
    fn counts_print_nothing() {
        assert_eq!(format!("{:?}", count(&rows(), &[By::Body])), "RateCounts(withheld)");
        assert_eq!(format!("{:?}", rows()[0]), "NoteRow(withheld)");
    }

    #[test]
    fn bootstrap_by_child_is_wider_than_by_note() {
        // Ten children, each with ten notes, all alarms with two of them.
        let pairs: Vec<(f64, f64)> = (0..10).map(|c| (if c < 2 { 10.0 } else { 0.0 }, 10.0)).collect();
        let singles: Vec<(f64, f64)> = (0..100).map(|n| (f64::from(u8::from(n < 20)), 1.0)).collect();
        let width = |pairs: &[(f64, f64)]| {
            let i = ratio_interval(pairs, 1.0, Bootstrap::default(), &mut Stream::new(1, 1)).unwrap();
            i.upper - i.lower
        };
        assert!(width(&pairs) > 2.0 * width(&singles));
    }

    #[test]
    fn corrections_give_back_the_truth() {
        // True share 0.30, sensitivity 0.8, specificity 0.95.
        let apparent = 0.3 * 0.8 + 0.7 * 0.05;
        assert!((rogan_gladen(apparent, 0.8, 0.95).unwrap() - 0.3).abs() < 1e-12);
        let sample = ReadSample { alarms_read: 275, alarms_right: 240, silent_read: 725, silent_missed: 60 };
        let share = corrected_share(275, 1000, sample).unwrap();
        assert!((share.estimate - 0.3).abs() < 1e-12);
        assert!(share.lower < 0.3 && share.upper > 0.3);
        let all_right = ReadSample { alarms_read: 8, alarms_right: 8, silent_read: 8, silent_missed: 0 };
        let share = corrected_share(50, 100, all_right).unwrap();
        assert!(share.estimate == 0.5 && share.upper - share.lower > 0.25, "eight notes say little");
        assert!(rogan_gladen(0.2, 0.5, 0.5).is_err());
        assert!(corrected_share(1, 10, ReadSample { alarms_read: 0, ..sample }).is_err());
    }

    #[test]
    fn funnel_narrows_with_exposure_and_agrees_with_tables() {
        let (low, high, ..) = funnel_limits(0.01, 1000.0, 1.0);
        // Poisson with mean 10: 0.025 quantile 4, 0.975 quantile 17.
        assert!((low - 0.004).abs() < 1e-12 && (high - 0.017).abs() < 1e-12);
        let (low2, high2, ..) = funnel_limits(0.01, 40_000.0, 1.0);
        assert!(high2 - low2 < high - low);
        let (low3, high3, ..) = funnel_limits(0.01, 1000.0, 4.0);
        assert!(low3 < low && high3 > high);
    }

    #[test]
    fn agreement_of_the_published_example() {
        // 118 agreed yes, 2 agreed no, 5 split in all: kappa is low although they agree on 96 per cent.
        let mut one = vec![true; 118];
        let mut two = vec![true; 118];
        one.extend([true, true, true, false, false, false, false]);
        two.extend([false, false, false, true, true, false, false]);
        let a = agreement(&one, &two).unwrap();
        assert!((a.observed - 0.96).abs() < 1e-12);
        // By hand: chance 0.93657..., kappa 0.4239; Gwet's chance 0.0647..., AC1 0.9572.
        let (p, q) = (121.0 / 125.0, 120.0 / 125.0);
        let chance = p * q + (1.0 - p) * (1.0 - q);
        assert!((a.kappa.unwrap() - (0.96 - chance) / (1.0 - chance)).abs() < 1e-12);
        let m: f64 = f64::midpoint(p, q);
        let gwet = 2.0 * m * (1.0 - m);
        assert!((a.ac1 - (0.96 - gwet) / (1.0 - gwet)).abs() < 1e-12);
        assert!(a.ac1 > 0.9 && a.kappa.unwrap() < 0.5);
    }

    #[test]
    fn samples_hold_both_kinds_and_are_the_same_each_time() {
        let strata: Vec<bool> = (0..100).map(|n| n % 10 == 0).collect();
        let drawn = sample(&strata, 8, 5);
        assert_eq!(drawn, sample(&strata, 8, 5));
        assert_eq!(drawn.iter().filter(|d| strata[d.note]).count(), 8);
        let total: f64 = drawn.iter().map(|d| d.weight).sum();
        assert!((total - 100.0).abs() < 1e-9);
        let notes: BTreeSet<usize> = drawn.iter().map(|d| d.note).collect();
        assert_eq!(notes.len(), 16);
    }

    #[test]
    fn a_step_down_and_a_hidden_series_are_seen() {
        let change = step_change(&rows(), date(2021, 1, 1), 365, Bootstrap::default()).unwrap();
        assert!(change.differs());
        let mut door = Open(BTreeMap::new());
        change.through(&mut door);
        assert!((door.0[" rate after over rate before"] - 1.0 / 3.0).abs() < 1e-9);
        assert!(hidden_series(&rows(), Bootstrap::default()).unwrap().is_hidden());
        let steady: Vec<NoteRow> = rows().into_iter().map(|r| NoteRow { flagged: true, ..r }).collect();
        assert!(!hidden_series(&steady, Bootstrap::default()).unwrap().is_hidden());
    }
}
