//! What may be said of the returns of a data call: who returned what, and how good it is by type of body.
//!
//! Bodies, their states and how many queries wait are public, and come from the ledger alone. Numbers of people come through the door
//! alone, and shares are of all bodies of a type together, in whole per cent of at least [`FEWEST`] rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use candour_disclosure::Profile;
use candour_returns::workflow::{Compliance, ESCALATION_DAYS, RUNGS, compliance_csv};
use candour_returns::{BodyType, CheckReport, Missing, QualityReport};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::data_call::Told;
use crate::files;
use crate::releases::{Bar, Release, count_table};
use crate::report::thousands;

/// Rows of which a share is shown: a whole per cent of fewer would name one or two people.
const FEWEST: u64 = 500;
/// Fields in the chart at most; the table has all.
const CHARTED: usize = 6;
/// Bodies in the chart of those that are over their time at most; the table has all.
const MOST_OVER: usize = 20;
/// The sum of a table.
const ALL: &str = "All bodies";

/// What is kept of the quality of one return.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    kind: Option<BodyType>,
    pub(crate) records: u64,
    victims: u64,
    stopped: bool,
    fields: Vec<Field>,
    dimensions: Vec<Dimension>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    /// Rows with a value.
    value: u64,
    /// Rows to which it can apply.
    apply: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dimension {
    name: String,
    tested: u64,
    failed: u64,
    rules: u64,
    not_run: u64,
}

impl Kept {
    pub(crate) fn new(
        kind: Option<BodyType>,
        report: &CheckReport,
        quality: &QualityReport,
        stopped: bool,
    ) -> Self {
        let rows = |of: &dyn Fn(&str) -> bool| report.rows.iter().filter(|r| of(&r.0)).map(|r| r.1).sum();
        let fields = quality.fields.iter().map(|f| Field {
            name: format!("{}.{}", f.table, f.column),
            value: f.counts.value,
            apply: f.counts.rows - f.counts.missing[Missing::NotApplicable as usize],
        });
        let dimensions = quality.dimensions.iter().map(|d| Dimension {
            name: format!("{:?}", d.dimension),
            tested: d.rules.iter().map(|r| r.tested).sum(),
            failed: d.rules.iter().map(|r| r.failed).sum(),
            rules: d.rules.len() as u64,
            not_run: d.not_run.len() as u64,
        });
        Self {
            kind,
            records: rows(&|table| table != "header" && table != "file"),
            victims: rows(&|table| table == "victim"),
            stopped,
            fields: fields
                .filter(|f| !f.name.starts_with("header.") && !f.name.starts_with("file."))
                .collect(),
            dimensions: dimensions.collect(),
        }
    }
}

/// Bodies, and the queries that wait for them, by state.
pub(crate) fn states(rows: &[Compliance]) -> BTreeMap<&str, (u64, u64)> {
    let mut states: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let state = states.entry(&row.state).or_default();
        *state = (state.0 + 1, state.1 + row.open_queries);
    }
    states
}

fn kind_words(kind: BodyType) -> &'static str {
    match kind {
        BodyType::Police => "Police",
        BodyType::Childrens => "Children’s services",
        BodyType::Health => "Health",
        BodyType::Vol => "Voluntary organisations",
        BodyType::Nrm => "Referral mechanism",
        BodyType::Cps => "Prosecutor",
    }
}

fn number(n: u64) -> String {
    thousands(&n.to_string())
}

/// An explanation that a body lets be published.
pub(crate) struct Said {
    pub(crate) body: String,
    pub(crate) text: String,
}

/// What the page says first: how many bodies there are, and how they stand on the day.
fn lead(rows: &[Compliance], told: &Told, day: Date) -> String {
    let count = |so: &dyn Fn(&Compliance) -> bool| rows.iter().filter(|row| so(row)).count();
    let call = match &told.call {
        Some(call) => format!("{} is {}. ", call.id, call.state),
        None => String::new(),
    };
    let waiting: u64 = rows.iter().map(|r| r.open_queries).sum();
    format!(
        "{call}As at {day}, of {} bodies {} have sent a return, {} have said that they have nothing, that they cannot or that they will not, and {} are over their time. {} queries wait for answers.",
        number(rows.len() as u64),
        count(&|r| r.versions > 0),
        count(&|r| r.refusal.is_some() || r.state == "nil confirmed"),
        count(&|r| r.overdue_days > 0),
        number(waiting)
    )
}

/// Writes the release: the pages of the site are made from it, and from nothing else. Who returned what is of a day.
pub(crate) fn write(
    folder: &Path,
    (rows, told, day): (&[Compliance], &Told, Date),
    kept: &[Kept],
    said: &[Said],
    notes: Vec<String>,
) -> Result<()> {
    let states = states(rows);
    let mut release = Release::new("returns", "Who returned what", lead(rows, told, day), notes);
    let mut tables = Vec::new();

    let bar = |words: &str, value: f64, label: String| Bar {
        words: words.to_owned(),
        value,
        label,
        interval: None,
    };
    release.figure(
        "Bodies by state",
        "How far each body’s return has come, and the queries that wait for the body.",
        states.iter().map(|(s, (n, _))| bar(s, *n as f64, n.to_string())).collect(),
        &["state", "bodies", "open queries"],
        states.iter().map(|(s, (n, q))| vec![(*s).to_owned(), number(*n), number(*q)]).collect(),
    );

    over(&mut release, rows);
    every_body(&mut release, rows);
    if let Some(section) = release.sections.last_mut() {
        section.file = Some("compliance.csv".to_owned());
        section.rules = Some(
            "Made of the entries of the public ledger alone. Bodies and their states are public. Nothing in this table counts people."
                .to_owned(),
        );
    }
    tables.push(compliance_csv(rows));

    let mut victims: BTreeMap<BodyType, u64> = BTreeMap::new();
    for one in kept.iter().filter(|k| !k.stopped) {
        if let Some(kind) = one.kind {
            *victims.entry(kind).or_default() += one.victims;
        }
    }
    let counts: Vec<(String, u64)> = victims.iter().map(|(k, n)| (kind_words(*k).to_owned(), *n)).collect();
    if !counts.is_empty() {
        let table = count_table("records of victims by type of body", "type of body", ALL, &counts)?;
        let passed = candour_disclosure::Release::new("returns", Profile::built_in("ons-10-5")?)?
            .table(table.of_population("records of victims"))
            .pass()?;
        let [table] = passed.tables.as_slice() else { bail!("the door did not pass the records of victims") };
        tables.push(release.table(
            table,
            "Records of victims by type of body",
            "Records, not people: one child can stand in the records of many bodies. Returns that could not be loaded are left out.",
            &[ALL],
        ));
    }

    completeness(&mut release, kept);

    release.figure(
        "Six dimensions of quality",
        "Tests of cells, rows and columns, not people. There is no single grade: a return can be complete and late, or in time and wrong.",
        Vec::new(),
        &["dimension", "tests", "failed", "failed of 10,000", "most rules run", "most rules not run"],
        dimensions(kept),
    );

    if !said.is_empty() {
        release.figure(
            "What bodies explain",
            "Explanations that were taken and that the body lets be published, each once.",
            Vec::new(),
            &["body", "explanation"],
            said.iter().map(|s| vec![s.body.clone(), s.text.clone()]).collect(),
        );
    }
    let json = serde_json::to_string_pretty(rows)? + "\n";
    files::write_atomically(&folder.join("compliance.json"), json.as_bytes())?;
    release.write(folder, &tables)
}

/// The six dimensions over all returns: name, tests, failed tests, failed of 10,000, most rules run and not run.
pub(crate) fn dimensions(kept: &[Kept]) -> Vec<Vec<String>> {
    let mut dimensions: BTreeMap<&str, (usize, u64, u64, u64, u64)> = BTreeMap::new();
    for (place, d) in kept.iter().flat_map(|k| k.dimensions.iter().enumerate()) {
        let sum = dimensions.entry(&d.name).or_insert((place, 0, 0, 0, 0));
        *sum = (place, sum.1 + d.tested, sum.2 + d.failed, sum.3.max(d.rules), sum.4.max(d.not_run));
    }
    let mut dimensions: Vec<_> = dimensions.into_iter().collect();
    dimensions.sort_by_key(|d| d.1.0);
    let cells = |(name, (_, tested, failed, rules, not_run)): &(&str, (usize, u64, u64, u64, u64))| {
        vec![
            (*name).to_owned(),
            number(*tested),
            number(*failed),
            if *tested == 0 {
                "–".to_owned()
            } else {
                format!("{:.2}", 1e4 * *failed as f64 / *tested as f64)
            },
            rules.to_string(),
            not_run.to_string(),
        ]
    };
    dimensions.iter().map(cells).collect()
}

/// A column of the table of bodies: its heading and its cells.
type Column<'a> = (&'static str, Box<dyn Fn(&Compliance) -> String + 'a>);

/// Bodies that are over their time, by rung of the ladder, with the longest of them in a chart.
fn over(release: &mut Release, rows: &[Compliance]) {
    let mut late: Vec<&Compliance> = rows.iter().filter(|r| r.overdue_days > 0).collect();
    if late.is_empty() {
        return;
    }
    late.sort_by(|a, b| b.overdue_days.cmp(&a.overdue_days).then(a.body.cmp(&b.body)));
    let bar = |row: &&Compliance| {
        let name = if row.name.is_empty() { &row.body } else { &row.name };
        let what = row.awaited.as_deref().unwrap_or_default();
        let rung = row.rung.unwrap_or_default();
        Bar {
            words: format!("{name}: {what}"),
            value: row.overdue_days.into(),
            label: format!("{} days, {rung}", row.overdue_days),
            interval: None,
        }
    };
    let steps = RUNGS.iter().zip(std::iter::once(1).chain(ESCALATION_DAYS));
    let cells = steps.map(|(rung, from)| {
        let at = |so: &dyn Fn(&Compliance) -> bool| late.iter().filter(|r| so(r)).count().to_string();
        let reached = at(&|r| r.rung == Some(rung));
        let chased = at(&|r| r.chased == Some(rung));
        vec![(*rung).to_owned(), from.to_string(), reached, chased]
    });
    let more = if late.len() > MOST_OVER {
        format!(" The chart has the {MOST_OVER} that are over longest; the table of every body has all.")
    } else {
        String::new()
    };
    release.figure(
        "Over their time",
        &format!("A body that is over its time is reminded, and then someone further up is told. A rung is reached by the days over; chased says that it was done.{more}"),
        late.iter().take(MOST_OVER).map(bar).collect(),
        &["rung", "from day", "reached", "chased"],
        cells.collect(),
    );
}

/// The table of bodies, without the columns in which nothing stands for anyone.
fn every_body(release: &mut Release, rows: &[Compliance]) {
    let count = |n: u64| if n == 0 { String::new() } else { number(n) };
    let day = |day: Option<Date>| day.map(|d| d.to_string()).unwrap_or_default();
    let columns: [Column<'_>; 14] = [
        ("body", Box::new(|r| r.body.clone())),
        ("name", Box::new(|r| r.name.clone())),
        ("state", Box::new(|r| r.state.clone())),
        ("versions", Box::new(|r| r.versions.to_string())),
        ("sent on", Box::new(move |r| day(r.sent_on))),
        ("days late", Box::new(move |r| count(r.late_days.unsigned_abs().into()))),
        ("due", Box::new(move |r| day(r.due))),
        ("days over", Box::new(move |r| count(r.overdue_days.unsigned_abs().into()))),
        ("rung", Box::new(|r| r.rung.unwrap_or_default().to_owned())),
        ("chased", Box::new(|r| r.chased.unwrap_or_default().to_owned())),
        ("open queries", Box::new(move |r| count(r.open_queries))),
        ("explained", Box::new(move |r| count(r.explained))),
        ("caveats or refusal", Box::new(|r| r.refusal.clone().unwrap_or_else(|| r.caveats.join("; ")))),
        ("signed", Box::new(|r| r.signed.clone().unwrap_or_default())),
    ];
    let told = columns.iter().filter(|(_, cell)| rows.iter().any(|r| !cell(r).is_empty()));
    let told: Vec<&Column<'_>> = told.collect();
    let heading: Vec<&str> = told.iter().map(|c| c.0).collect();
    release.figure(
        "Every body",
        "Who returned what, in which version, by when the next is due, and what waits for an answer. An empty cell is none.",
        Vec::new(),
        &heading,
        rows.iter().map(|row| told.iter().map(|(_, cell)| cell(row)).collect()).collect(),
    );
}

/// How complete each field is, by type of body.
fn completeness(release: &mut Release, kept: &[Kept]) {
    let mut fields: BTreeMap<&str, BTreeMap<BodyType, (u64, u64)>> = BTreeMap::new();
    for one in kept.iter().filter(|k| !k.stopped) {
        let Some(kind) = one.kind else { continue };
        for field in &one.fields {
            let sum = fields.entry(&field.name).or_default().entry(kind).or_default();
            *sum = (sum.0 + field.value, sum.1 + field.apply);
        }
    }
    let kinds: BTreeSet<BodyType> = fields.values().flat_map(|f| f.keys().copied()).collect();
    let share = |sums: Option<&(u64, u64)>| {
        let &(value, apply) = sums.filter(|s| s.1 >= FEWEST)?;
        Some((100.0 * value as f64 / apply as f64).round())
    };
    let rows = fields.iter().map(|(name, sums)| {
        let cells = kinds.iter().map(|k| share(sums.get(k)).map_or("–".to_owned(), |s| s.to_string()));
        std::iter::once((*name).to_owned()).chain(cells).collect()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    // The fields of victims that differ most: those that every type sends and some leave out.
    let mut charted: Vec<(f64, &str)> = fields
        .iter()
        .filter(|(name, _)| name.starts_with("victim."))
        .filter_map(|(name, sums)| {
            let shares: Vec<f64> = kinds.iter().filter_map(|k| share(sums.get(k))).collect();
            let (low, high) =
                (shares.iter().copied().fold(100.0, f64::min), shares.iter().copied().fold(0.0, f64::max));
            (shares.len() > 1).then_some((low - high, *name))
        })
        .collect();
    charted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let bars = charted.iter().take(CHARTED).flat_map(|(_, name)| {
        let sums = &fields[name];
        kinds.iter().filter_map(move |kind| {
            let value = share(sums.get(kind))?;
            let words = format!("{}, {}", name.trim_start_matches("victim."), kind_words(*kind));
            Some(Bar { words, value, label: format!("{value} %"), interval: None })
        })
    });
    let heading: Vec<&str> = std::iter::once("field").chain(kinds.iter().map(|k| kind_words(*k))).collect();
    release.figure(
        "How complete each field is",
        "Per cent of the rows to which a field can apply that hold a value, for all bodies of a type together. The chart has the fields of victims in which types of body differ most. A dash stands where the type does not send the field or has fewer than 500 such rows.",
        bars.collect(),
        &heading,
        rows,
    );
}
