//! Rates of alarms as they may be printed: what passed the threshold, its page for the analyst, and the file the site reads.

pub(crate) mod chart;

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use candour_disclosure::{Profile, Shown};
use candour_language::rates;
use candour_language::rates::{Agreement, Bootstrap, By, Door, NoteRow, ReadSample};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::releases::count_table;
use crate::site::CSS;

/// What the counts and rates give out, before it is known which groups pass: a group of too few children is left out at once.
struct Threshold {
    fewest: u64,
    groups: BTreeMap<Vec<String>, (u64, BTreeMap<String, f64>)>,
}

impl Door for Threshold {
    fn cell(&mut self, group: &[String], measure: &str, children: u64, value: f64) {
        let cells = self.groups.entry(group.to_vec()).or_insert_with(|| (children, BTreeMap::new()));
        if children >= self.fewest {
            cells.1.insert(measure.to_owned(), value);
        }
    }
}

impl Threshold {
    fn new(fewest: u64) -> Self {
        Self { fewest, groups: BTreeMap::new() }
    }

    /// A count of each group that was not left out.
    fn counts(&self, measure: &str) -> BTreeMap<Vec<String>, u64> {
        let of = |(group, (_, cells)): (&Vec<String>, &(u64, BTreeMap<String, f64>))| {
            Some((group.clone(), *cells.get(measure)? as u64))
        };
        self.groups.iter().filter_map(of).collect()
    }
}

/// The groups whose rates may be shown, and how many of what is counted first they hold as the door prints it.
///
/// A rate and what it is of give the count back that it was made from. So each count behind a rate is a table of its own, all of
/// them are one release, and a group is shown where the door passes every one of its cells.
fn passed(
    what: &str,
    tables: &[(&str, BTreeMap<Vec<String>, u64>)],
    fewest: u64,
) -> Result<BTreeMap<Vec<String>, u64>> {
    let groups: Vec<&Vec<String>> = tables.first().map(|t| t.1.keys().collect()).unwrap_or_default();
    if groups.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut profile = Profile::built_in("ons-10-5")?;
    profile.threshold = profile.threshold.max(fewest);
    let mut release = candour_disclosure::Release::new(what, profile)?;
    for (name, counts) in tables {
        let label = |place: usize| format!("group {place}");
        let counts: Vec<(String, u64)> = groups
            .iter()
            .enumerate()
            .map(|(place, group)| (label(place), counts.get(*group).copied().unwrap_or(0)))
            .collect();
        release = release.table(count_table(name, "group", "all groups", &counts)?.of_population(*name));
    }
    let tables = release.pass()?.tables;
    let shown = |place: usize| {
        let label = format!("group {place}");
        let mut numbers = tables.iter().map(|table| table.get(&[label.as_str()]).and_then(Shown::number));
        let first = numbers.next()??;
        numbers.all(|number| number.is_some()).then_some(first)
    };
    Ok(groups
        .into_iter()
        .enumerate()
        .filter_map(|(place, group)| Some((group.clone(), shown(place)?)))
        .collect())
}

/// An estimate and the ends of its interval.
pub(crate) type Figure = [f64; 3];

/// The rates of a group, or nothing where it is withheld.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Children, to the nearest five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) children: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_1000_notes: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_10000_words: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_child: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) words_per_child: Option<f64>,
    /// Notes, to the nearest ten, and the limits within which 95 and 99.8 per cent of bodies of this size would lie by
    /// chance if all had one rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) funnel: Option<Funnel>,
    /// The share of notes that hold such wording, as a double-read sample of this group says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corrected_share: Option<Figure>,
}

/// Where a group stands in the funnel.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Funnel {
    pub(crate) notes: u64,
    pub(crate) limits_95: [f64; 2],
    pub(crate) limits_998: [f64; 2],
}

/// Groups of one kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Breakdown {
    pub(crate) by: String,
    pub(crate) groups: Vec<Group>,
}

/// The rate after a day over the rate before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) at: Date,
    pub(crate) days: i64,
    /// Nothing where there is too little on one side.
    pub(crate) ratio: Option<Figure>,
}

/// By month the shares of children at risk, flagged and with evidence of harm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) months: Vec<(String, Option<[f64; 3]>)>,
    /// The flag falls and the evidence does not.
    pub(crate) hidden: bool,
}

/// How two readers agreed, and what they say of the rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Quality {
    pub(crate) notes: usize,
    pub(crate) observed: f64,
    pub(crate) kappa: Option<f64>,
    pub(crate) ac1: f64,
    pub(crate) ac1_error: f64,
    /// Notes on which they differ and nobody has settled.
    pub(crate) open: usize,
    /// Of all bodies together: alarms read and right, silent notes read and missed.
    pub(crate) overall: [u32; 4],
    /// The same by body, for the holder of the records; never in what is printed of rates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) bodies: BTreeMap<String, [u32; 4]>,
}

impl Quality {
    pub(crate) fn new(agreement: Agreement, open: usize, bodies: BTreeMap<String, [u32; 4]>) -> Self {
        Self {
            notes: agreement.items,
            observed: agreement.observed,
            kappa: agreement.kappa,
            ac1: agreement.ac1,
            ac1_error: agreement.ac1_error,
            open,
            overall: bodies.values().fold([0; 4], |mut sum, part| {
                sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
                sum
            }),
            bodies,
        }
    }

    fn without_bodies(self) -> Self {
        Self { bodies: BTreeMap::new(), ..self }
    }

    /// How the readers agree, in a sentence.
    pub(crate) fn words(&self) -> String {
        let kappa = self.kappa.map_or_else(String::new, |k| format!("; Cohen’s kappa {}", plain(k)));
        format!(
            "They agree on {} per cent{kappa}; Gwet’s AC1 {} (standard error {})",
            plain(self.observed * 100.0),
            plain(self.ac1),
            plain(self.ac1_error)
        )
    }
}

/// What is printed of rates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rates {
    pub(crate) version: String,
    /// Name, version, day reviewed and SHA-256 of each pack.
    pub(crate) packs: Vec<[String; 4]>,
    /// Notes, to the nearest ten.
    pub(crate) notes: u64,
    /// Groups of fewer children are withheld.
    pub(crate) fewest: u64,
    pub(crate) level: f64,
    pub(crate) replicates: usize,
    pub(crate) seed: u64,
    pub(crate) breakdowns: Vec<Breakdown>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<Change>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) series: Option<Series>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quality: Option<Quality>,
}

/// What is asked for.
pub(crate) struct Asked {
    /// Each breakdown is by one thing or several at once.
    pub(crate) by: Vec<Vec<By>>,
    pub(crate) bootstrap: Bootstrap,
    pub(crate) fewest: u64,
    pub(crate) at: Vec<Date>,
    pub(crate) days: i64,
    pub(crate) quality: Option<Quality>,
    /// Whether records say anything of a flag.
    pub(crate) flags: bool,
}

/// The words of a breakdown.
pub(crate) fn words(by: By) -> &'static str {
    match by {
        By::Body => "body",
        By::Month => "month",
        By::DocumentType => "document type",
        By::AuthorRole => "author role",
    }
}

/// Three significant figures: more would let counts be worked out again.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let places = (2 - value.abs().log10().floor() as i32).clamp(-12, 12);
    let shift = 10_f64.powi(places);
    (value * shift).round() / shift
}

fn to_nearest(value: f64, step: f64) -> u64 {
    ((value / step).round() * step) as u64
}

/// Works out what may be printed.
pub(crate) fn rates(rows: &[NoteRow], packs: Vec<[String; 4]>, asked: Asked) -> Result<Rates> {
    let breakdowns = asked.by.iter().map(|by| breakdown(rows, by, &asked)).collect::<Result<_>>()?;
    let changes = asked
        .at
        .iter()
        .map(|at| {
            let ratio = rates::step_change(rows, *at, asked.days, asked.bootstrap).ok().and_then(|change| {
                let mut door = Threshold::new(asked.fewest);
                change.through(&mut door);
                figure(&door.groups.get(&Vec::new())?.1, "rate after over rate before")
            });
            Change { at: *at, days: asked.days, ratio }
        })
        .collect();
    let series = if let (true, Ok(found)) = (asked.flags, rates::hidden_series(rows, asked.bootstrap)) {
        let hidden = found.is_hidden();
        let mut door = Threshold::new(asked.fewest);
        found.through(&mut door);
        let behind = |name: &str| -> BTreeMap<Vec<String>, u64> {
            let of = |(group, (children, cells)): (&Vec<String>, &(u64, BTreeMap<String, f64>))| {
                Some((group.clone(), (cells.get(name)? * *children as f64).round() as u64))
            };
            door.groups.iter().filter_map(of).collect()
        };
        let tables = SHARES.map(|name| (name, behind(name)));
        let passed = passed("language-series", &tables, asked.fewest)?;
        let months = door
            .groups
            .into_iter()
            .map(|(group, (_, cells))| {
                let share = |name: &str| cells.get(name).map(|v| (v * 100.0).round() / 100.0);
                let all = match SHARES.map(share) {
                    [Some(a), Some(b), Some(c)] if passed.contains_key(&group) => Some([a, b, c]),
                    _ => None,
                };
                (group.join(" "), all)
            })
            .collect();
        Some(Series { months, hidden })
    } else {
        None
    };
    Ok(Rates {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        packs,
        notes: to_nearest(rows.len() as f64, 10.0),
        fewest: asked.fewest,
        level: asked.bootstrap.level,
        replicates: asked.bootstrap.replicates,
        seed: asked.bootstrap.seed,
        breakdowns,
        changes,
        series,
        quality: asked.quality.map(Quality::without_bodies),
    })
}

/// The shares of the series, as the library names them.
const SHARES: [&str; 3] =
    ["children at risk, share", "children flagged, share", "children with evidence, share"];

/// A measure and the ends of its interval, of the cells that passed.
fn figure(cells: &BTreeMap<String, f64>, measure: &str) -> Option<Figure> {
    let get = |end: &str| cells.get(&format!("{measure}{end}")).copied().map(rounded);
    Some([get("")?, get(", lower")?, get(", upper")?])
}

fn breakdown(rows: &[NoteRow], by: &[By], asked: &Asked) -> Result<Breakdown> {
    let counts = rates::count(rows, by);
    let mut door = Threshold::new(asked.fewest);
    counts.rates(asked.bootstrap).through(&mut door);
    // The counts themselves go no further than the limits that are worked out of them.
    let mut behind = Threshold::new(asked.fewest);
    counts.through(&mut behind);
    let tables = ["children", "children with an alarm"].map(|name| (name, behind.counts(name)));
    let passed = passed("language-rates", &tables, asked.fewest)?;
    let sum = |name: &str| {
        let of = |(group, (_, cells)): (&Vec<String>, &(u64, BTreeMap<String, f64>))| {
            passed.contains_key(group).then(|| cells.get(name).copied()).flatten()
        };
        behind.groups.iter().filter_map(of).sum::<f64>()
    };
    let (alarms, notes) = (sum("alarms"), sum("notes"));
    let bodies = by == [By::Body];
    let groups = door
        .groups
        .into_iter()
        .map(|(group, (_, cells))| {
            let children = passed.get(&group).copied();
            let of = |name: &str| behind.groups.get(&group).and_then(|(_, c)| c.get(name)).copied();
            let funnel =
                of("notes").filter(|n| children.is_some() && bodies && *n >= 10.0 && notes > 0.0).map(|n| {
                    let rounded_notes = to_nearest(n, 10.0);
                    let (a, b, c, d) = rates::funnel_limits(alarms / notes, rounded_notes as f64, 1.0);
                    let scale = |x: f64| rounded(x * 1000.0);
                    Funnel {
                        notes: rounded_notes,
                        limits_95: [scale(a), scale(b)],
                        limits_998: [scale(c), scale(d)],
                    }
                });
            let corrected_share = bodies.then(|| corrected(rows, &group.join(", "), asked)).flatten();
            let cells = if children.is_some() { cells } else { BTreeMap::new() };
            Group {
                children,
                per_1000_notes: figure(&cells, "alarms per 1,000 notes"),
                per_10000_words: figure(&cells, "alarms per 10,000 words"),
                per_child: figure(&cells, "alarms per child"),
                words_per_child: cells.get("words per child").copied().map(rounded),
                funnel,
                corrected_share: corrected_share.filter(|_| children.is_some()),
                name: group.join(", ").replace('_', " "),
            }
        })
        .collect();
    Ok(Breakdown { by: by.iter().map(|b| words(*b)).collect::<Vec<_>>().join(" and "), groups })
}

/// A body's share, from its own sample. Without one it has none: the rules may do better on one body's notes than on another's.
fn corrected(rows: &[NoteRow], body: &str, asked: &Asked) -> Option<Figure> {
    let [alarms_read, alarms_right, silent_read, silent_missed] =
        *asked.quality.as_ref()?.bodies.get(body)?;
    let own = || rows.iter().filter(|r| r.body == body);
    let with = own().filter(|r| r.alarms > 0).count() as u32;
    let sample = ReadSample { alarms_read, alarms_right, silent_read, silent_missed };
    let share = rates::corrected_share(with, own().count() as u32, sample).ok()?;
    Some([rounded(share.estimate), rounded(share.lower), rounded(share.upper)])
}

/// A figure with its interval, to the places that a reader needs.
pub(crate) fn shown(figure: Option<&Figure>) -> String {
    figure.map_or_else(
        || "withheld".to_owned(),
        |[value, lower, upper]| format!("{} ({} to {})", plain(*value), plain(*lower), plain(*upper)),
    )
}

/// A number as people write it.
pub(crate) fn plain(value: f64) -> String {
    let text = if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Group {
    pub(crate) fn withheld(&self) -> bool {
        self.per_1000_notes.is_none()
    }

    pub(crate) fn cells(&self) -> [String; 6] {
        let or = |value: Option<String>| value.unwrap_or_else(|| "withheld".to_owned());
        [
            self.name.clone(),
            or(self.children.map(|n| n.to_string())),
            shown(self.per_1000_notes.as_ref()),
            shown(self.per_10000_words.as_ref()),
            shown(self.per_child.as_ref()),
            or(self.words_per_child.map(plain)),
        ]
    }

    /// The rate that stands in the funnel.
    pub(crate) fn rate(&self) -> String {
        self.per_1000_notes.map_or_else(|| "withheld".to_owned(), |[rate, ..]| plain(rate))
    }

    /// The corrected share and its interval, in per cent.
    pub(crate) fn corrected_cells(&self) -> [String; 2] {
        self.corrected_share.map_or_else(
            || ["no sample".to_owned(), String::new()],
            |[value, lower, upper]| {
                [plain(value * 100.0), format!("{} to {}", plain(lower * 100.0), plain(upper * 100.0))]
            },
        )
    }

    /// What the funnel says of it. Inside the limits it is not told apart from the rest.
    pub(crate) fn stands(&self) -> &'static str {
        match (self.per_1000_notes, self.funnel) {
            (Some([rate, ..]), Some(f)) if rate > f.limits_998[1] => "above the outer limit",
            (Some([rate, ..]), Some(f)) if rate < f.limits_998[0] => "below the outer limit",
            (Some([rate, ..]), Some(f)) if rate > f.limits_95[1] => "above the inner limit",
            (Some([rate, ..]), Some(f)) if rate < f.limits_95[0] => "below the inner limit",
            (Some(_), Some(_)) => "not told apart from the rest",
            _ => "withheld",
        }
    }
}

impl Breakdown {
    pub(crate) fn chart(&self) -> String {
        let rows: Vec<(String, Figure)> =
            self.groups.iter().filter_map(|g| Some((g.name.clone(), g.per_1000_notes?))).collect();
        if self.by == "month" {
            let months: Vec<(String, Option<Vec<f64>>)> =
                self.groups.iter().map(|g| (g.name.clone(), g.per_1000_notes.map(|f| vec![f[0]]))).collect();
            return chart::lines(&months, &["alarms per 1,000 notes"], "Alarms per 1,000 notes by month");
        }
        chart::intervals(&rows, &format!("Alarms per 1,000 notes by {}", self.by))
    }

    pub(crate) fn funnel(&self) -> String {
        let points: Vec<chart::Point> = self
            .groups
            .iter()
            .filter_map(|g| {
                let f = g.funnel?;
                Some(chart::Point {
                    name: g.name.clone(),
                    notes: f.notes as f64,
                    rate: g.per_1000_notes?[0],
                    limits: [f.limits_998[0], f.limits_95[0], f.limits_95[1], f.limits_998[1]],
                })
            })
            .collect();
        chart::funnel(&points, "Alarms per 1,000 notes against the number of notes, with limits")
    }

    pub(crate) fn has_funnel(&self) -> bool {
        self.groups.iter().filter(|g| g.funnel.is_some()).count() > 2
    }

    pub(crate) fn has_corrected(&self) -> bool {
        self.groups.iter().any(|g| g.corrected_share.is_some())
    }
}

impl Series {
    pub(crate) fn chart(&self) -> String {
        let months: Vec<(String, Option<Vec<f64>>)> =
            self.months.iter().map(|(m, s)| (m.clone(), s.map(|s| s.to_vec()))).collect();
        chart::lines(
            &months,
            &["at risk", "flagged", "with evidence"],
            "Share of children at risk, flagged and with evidence of harm, by month",
        )
    }
}

impl Rates {
    /// What changed at a date, in words.
    pub(crate) fn change(c: &Change) -> String {
        match c.ratio {
            Some(_) => format!(
                "the rate by word in the {} days from then is {} times that in the {0} days before",
                c.days,
                shown(c.ratio.as_ref())
            ),
            None => "too little was written on one side to compare".to_owned(),
        }
    }

    pub(crate) fn percent(&self) -> String {
        plain(self.level * 100.0)
    }

    pub(crate) fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut out = String::new();
        for b in &self.breakdowns {
            let _ = writeln!(out, "By {}", b.by);
            let wide = b.groups.iter().map(|g| g.name.chars().count()).max().unwrap_or(0).max(b.by.len());
            let heads = ["children", "per 1,000 notes", "per 10,000 words", "per child", "words a child"];
            let _ = write!(out, "  {:wide$}", b.by);
            for head in heads {
                let _ = write!(out, "  {head:>22}");
            }
            out.push('\n');
            for g in &b.groups {
                let [name, rest @ ..] = g.cells();
                let _ = write!(out, "  {name:wide$}");
                for cell in rest {
                    let _ = write!(out, "  {cell:>22}");
                }
                out.push('\n');
            }
            for g in b.groups.iter().filter(|g| g.corrected_share.is_some()) {
                let [value, lower, upper] = g.corrected_share.unwrap_or_default().map(|x| plain(x * 100.0));
                let _ = writeln!(
                    out,
                    "  {}: {value} % of notes ({lower} to {upper}) hold such wording, by its double-read sample",
                    g.name
                );
            }
            out.push('\n');
        }
        for c in &self.changes {
            let _ = match c.ratio {
                Some(_) => writeln!(
                    out,
                    "Rate by word in the {} days from {} over that before: {}",
                    c.days,
                    c.at,
                    shown(c.ratio.as_ref())
                ),
                None => writeln!(out, "Too little was written on one side of {} to compare", c.at),
            };
        }
        if let Some(series) = &self.series {
            let says = if series.hidden {
                "from the first half of the months to the second the flag falls and the evidence does not"
            } else {
                "the flag does not fall while the evidence stays"
            };
            let _ = writeln!(out, "Flag and evidence: {says}");
        }
        let _ = writeln!(
            out,
            "Intervals of {} %, whole children drawn {} times, seed {}; groups of fewer than {} children withheld",
            self.percent(),
            self.replicates,
            self.seed,
            self.fewest
        );
        out
    }

    pub(crate) fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["by", "group", "measure", "value", "lower", "upper"])?;
        for b in &self.breakdowns {
            for g in &b.groups {
                let measures = [
                    ("alarms per 1,000 notes", g.per_1000_notes),
                    ("alarms per 10,000 words", g.per_10000_words),
                    ("alarms per child", g.per_child),
                    ("share of notes, corrected", g.corrected_share),
                ];
                for (measure, figure) in measures {
                    if let Some(figure) = figure {
                        let [value, lower, upper] = figure.map(|x| x.to_string());
                        writer.write_record([&b.by, &g.name, measure, &value, &lower, &upper])?;
                    }
                }
                if g.withheld() {
                    writer.write_record([&b.by, &g.name, "withheld", "", "", ""])?;
                }
            }
        }
        Ok(String::from_utf8(writer.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?)?)
    }

    /// The page for the analyst, which stands alone.
    pub(crate) fn page(&self) -> Result<String> {
        #[derive(Template)]
        #[template(path = "language_rates.html")]
        struct PageOf<'a> {
            css: &'static str,
            rates: &'a Rates,
        }
        Ok(PageOf { css: CSS, rates: self }.render()?)
    }
}
