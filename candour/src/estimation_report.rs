//! The report of an estimate: one page that needs no network and no script, each chart with its table.
//!
//! It is for the analyst: overlaps stand in it as they are.

use anyhow::{Context as _, Result};
use askama::Template;
use candour_estimation::{Bootstrap, Estimation, Interval, MODELS_SHOWN, Pooled, Shape};
use candour_record::{Finding, Severity};

use crate::report::{Cell, Figure, MORE_CSS, Plot, Section, Table};
use crate::site::CSS;

/// Ends of a chart further apart than this many times are drawn on a logarithmic scale.
const WIDE: f64 = 8.0;
/// Lines in one chart at most, as many as can be told apart without colour.
const MOST_LINES: usize = 4;

#[derive(Template)]
#[template(path = "estimation_report.html")]
struct Page<'a> {
    title: &'static str,
    lead: &'a str,
    facts: Vec<(&'static str, String)>,
    diagnostics: Vec<Diagnostic>,
    limits: &'a [String],
    sections: Vec<Section>,
    css: &'static str,
    more_css: &'static str,
    version: &'static str,
    library: &'a str,
    seed: u64,
    sha256: &'a str,
}

struct Diagnostic {
    words: String,
    loud: bool,
}

/// The page.
pub(crate) fn page(found: &Estimation) -> Result<String> {
    let diagnostics = loudest_first(found)
        .into_iter()
        .map(|d| Diagnostic { words: sentence(&d.message), loud: d.severity > Severity::Note })
        .collect();
    let page = Page {
        title: "How many people are on none of the lists",
        lead: &found.headline,
        facts: facts(found),
        diagnostics,
        limits: &found.limits,
        sections: sections(found),
        css: CSS,
        more_css: MORE_CSS,
        version: env!("CARGO_PKG_VERSION"),
        library: &found.version,
        seed: found.seed,
        sha256: &found.table_sha256,
    };
    page.render().context("the report could not be made")
}

/// What the data do not say, first what forbids to quote one figure, then other warnings, then notes.
pub(crate) fn loudest_first(found: &Estimation) -> Vec<&Finding> {
    const FIRST: [&str; 7] = [
        "methods_disagree",
        "several_peaks",
        "linkage_beside",
        "linkage_decides",
        "internal_consistency",
        "heterogeneity_not_excluded",
        "few_people",
    ];
    let mut all: Vec<&Finding> = found.diagnostics.iter().collect();
    let place = |code: &str| FIRST.iter().position(|first| *first == code).unwrap_or(FIRST.len());
    all.sort_by_key(|d| (d.severity <= Severity::Note, place(&d.code)));
    all
}

/// A message of a finding as a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(char::to_uppercase);
    let stop = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.map_or_else(String::new, Iterator::collect), letters.as_str())
}

/// A number of people to three significant figures, with commas.
pub(crate) fn people(number: f64) -> String {
    person_cell(number).text()
}

/// An interval in words.
pub(crate) fn interval_words(interval: &Interval) -> String {
    match interval.upper {
        Some(upper) => format!("{} to {}", people(interval.lower), people(upper)),
        None => format!("{} or more", people(interval.lower)),
    }
}

/// How an interval was made, in words.
pub(crate) fn kind_words(interval: &Interval) -> String {
    serde_json::to_value(interval.kind)
        .ok()
        .and_then(|kind| kind.as_str().map(|words| words.replace('-', " ")))
        .unwrap_or_default()
}

fn person_cell(number: f64) -> Cell {
    if !number.is_finite() || number >= 1e15 {
        return Cell::None;
    }
    let unit = if number >= 1000.0 { 10_f64.powi(number.log10().floor() as i32 - 2) } else { 1.0 };
    Cell::Count(((number / unit).round() * unit).max(0.0) as u64)
}

fn optional(number: Option<f64>) -> Cell {
    number.map_or(Cell::None, person_cell)
}

fn ends(interval: Option<Interval>) -> [Cell; 2] {
    [optional(interval.map(|i| i.lower)), optional(interval.and_then(|i| i.upper))]
}

fn text(words: &str) -> Cell {
    Cell::Text(words.to_owned())
}

fn facts(found: &Estimation) -> Vec<(&'static str, String)> {
    let level = 100.0 * found.interval.level;
    let mut facts = vec![
        ("Estimate", people(found.estimate)),
        (
            "Interval",
            format!(
                "{} ({level:.0} per cent, {})",
                interval_words(&found.interval),
                kind_words(&found.interval)
            ),
        ),
    ];
    if let Some(floor) = found.floor {
        facts.push(("Floor", format!("at least {}", people(floor.lower))));
    }
    if let Some(range) = &found.range {
        let words = format!(
            "{} ({}) to {} ({})",
            people(range.lower),
            range.lowest,
            people(range.upper),
            range.highest
        );
        facts.push(("Range across methods", words));
    }
    facts.push(("Seen on a list", Cell::Count(found.observed).text()));
    facts.push(("On none, estimated", people(found.hidden)));
    facts.push(("Method", format!("{}: {}", found.method, found.model)));
    facts.push(("Lists", found.lists.join(", ")));
    if found.replicates > 0 {
        facts.push(("Bootstrap replicates", Cell::Count(u64::from(found.replicates)).text()));
    }
    if let Some(pooled) = &found.linkage {
        let words = format!("{} with {} replicates each", pooled.draws, pooled.replicates);
        facts.push(("Draws of the linkage", words));
    }
    facts
}

fn sections(found: &Estimation) -> Vec<Section> {
    let section = |id, title, figures| Section { id, title, notes: Vec::new(), figures };
    let mut shapes = Vec::new();
    if let Some(averaged) = &found.averaged {
        let marks = limits_of("percentile", Some(averaged.interval));
        shapes.push(histogram(
            "average-bootstrap",
            "Replicates that weigh the models anew",
            &averaged.shape,
            marks,
        ));
    }
    if let Some(bootstrap) = &found.bootstrap {
        shapes.push(bootstrap_figure(bootstrap));
    }
    if let Some(latent) = &found.latent {
        let marks = limits_of("posterior", Some(latent.interval));
        shapes.push(histogram("latent-classes", "Posterior of the latent classes", &latent.shape, marks));
    }
    let mut answer = vec![methods(found)];
    answer.extend(multiverse(found));
    let mut doubt = vec![sweep(found), changed(found), consistency(found), missed_links(found)];
    if let Some(pooled) = &found.linkage {
        doubt.push(linkage_draws(pooled));
        doubt.push(linkage_variance(pooled));
    }
    let mut all = vec![
        section("answer", "The answer and its models", answer),
        section("shape", "The shape of the doubt", shapes),
        section("moves", "How the answer moves", doubt),
        section("table", "The table", vec![frequencies(found), odds(found), fit(found), closed(found)]),
    ];
    for section in &mut all {
        section.figures.retain(|f| !f.table.rows.is_empty());
    }
    all.retain(|s| !s.figures.is_empty());
    all
}

/// Whether the numbers of some columns lie so far apart that a straight scale would hide the small ones.
fn is_wide(table: &Table, columns: &[usize]) -> bool {
    let numbers = (0..table.rows.len())
        .flat_map(|row| columns.iter().filter_map(move |c| table.number(row, *c)))
        .filter(|n| *n > 0.0);
    let (least, most) = numbers.fold((f64::INFINITY, 0.0_f64), |(a, b), n| (a.min(n), b.max(n)));
    most > WIDE * least
}

fn methods(found: &Estimation) -> Figure {
    let level = 100.0 * found.interval.level;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    if let Some(pooled) = &found.linkage {
        let [low, high] = ends(Some(pooled.interval));
        let assumes = "as the average over models, and that the draws show the errors of the linkage";
        rows.push(vec![
            text("pooled over draws of the linkage"),
            person_cell(pooled.estimate),
            low,
            high,
            text(&kind_words(&pooled.interval)),
            text("no"),
            text(assumes),
        ]);
    }
    rows.extend(found.methods.iter().map(|row| {
        let [low, high] = ends(row.interval);
        vec![
            text(&row.name),
            person_cell(row.estimate),
            low,
            high,
            row.interval.map_or(Cell::None, |i| text(&kind_words(&i))),
            text(if row.in_range { "yes" } else { "no" }),
            text(&row.assumes),
        ]
    }));
    let from = format!("{level:.0} per cent interval from");
    let table = Table::new(
        &[
            ("method", "Method"),
            ("estimate", "Estimate"),
            ("from", &from),
            ("to", "to"),
            ("kind", "Kind of interval"),
            ("in_range", "In the range"),
            ("assumes", "It assumes that"),
        ],
        rows,
    );
    let logarithmic = is_wide(&table, &[1, 2, 3]);
    let figure = Figure::new(
        "methods",
        "What each method says",
        "Each point is a method's estimate and the line through it its interval; where the points lie further apart than the lines are long, the choice of a method matters more than chance, and no single figure should be quoted.",
        table,
    )
    .drawn(
        Plot::Intervals { group: None, label: 0, value: 1, ends: (2, 3), truth: None, logarithmic },
        "People, seen and unseen",
        "Method",
    );
    match found.floor {
        Some(floor) => figure.marked(floor.lower, &format!("floor {}", people(floor.lower))),
        None => figure,
    }
}

fn multiverse(found: &Estimation) -> Option<Figure> {
    let rows: Vec<Vec<Cell>> = found
        .models
        .iter()
        .map(|model| {
            vec![
                text(&model.name),
                person_cell(model.estimate),
                person_cell(model.lower),
                optional(model.upper),
                Cell::Fixed(model.aic, 2),
                Cell::Fixed(model.bic, 2),
                Cell::Fixed(100.0 * model.weight, 2),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let table = Table::new(
        &[
            ("model", "Model"),
            ("estimate", "Estimate"),
            ("from", "Interval from"),
            ("to", "to"),
            ("aic", "AIC"),
            ("bic", "BIC"),
            ("weight", "Weight, per cent"),
        ],
        rows,
    );
    let logarithmic = is_wide(&table, &[1]);
    let shown = match found.models.len() {
        MODELS_SHOWN => format!("the {MODELS_SHOWN} with the lowest BIC"),
        models => format!("all {models} that have a fit"),
    };
    let (no_maximum, not_identifiable) = found.models_without_fit;
    let caption = format!(
        "Each point is one log-linear model ({shown}): the further the points with weight spread across, the more the answer hangs on which model is believed; {no_maximum} further models have no maximum and {not_identifiable} cannot be told apart by this table."
    );
    let figure = Figure::new("multiverse", "Every model and its weight", &caption, table)
        .drawn(Plot::Points { x: 1, y: 6, logarithmic }, "Estimate, people", "Weight, per cent")
        .marked(found.estimate, &format!("estimate {}", people(found.estimate)));
    Some(figure)
}

/// The ends of an interval as marks of a histogram.
fn limits_of(name: &str, interval: Option<Interval>) -> Vec<(String, f64)> {
    let Some(interval) = interval else { return Vec::new() };
    let mut marks = vec![(format!("{name}, lower"), interval.lower)];
    marks.extend(interval.upper.map(|upper| (format!("{name}, upper"), upper)));
    marks
}

fn bootstrap_figure(bootstrap: &Bootstrap) -> Figure {
    let mut marks = limits_of("percentile", Some(bootstrap.percentile));
    marks.extend(limits_of("BCa", bootstrap.bca));
    histogram("bootstrap", "Replicates that choose the stepwise model anew", &bootstrap.shape, marks)
}

/// A histogram of replicates, its peaks and limits marked and listed.
fn histogram(id: &str, title: &str, shape: &Shape, limits: Vec<(String, f64)>) -> Figure {
    let rows: Vec<Vec<Cell>> = shape
        .edges
        .windows(2)
        .zip(&shape.counts)
        .map(|(edges, count)| {
            vec![person_cell(edges[0]), person_cell(edges[1]), Cell::Count(u64::from(*count))]
        })
        .collect();
    let table = Table::new(&[("from", "People from"), ("to", "to"), ("replicates", "Replicates")], rows);
    let caption = "Each column is a band of the estimate and as high as replicates fell into it, those far out in the end bands; two peaks mean two answers, and a figure between them describes neither.";
    let mut figure = Figure::new(id, title, caption, table).drawn(
        Plot::Histogram { from: 0, to: 1, value: 2 },
        "People (bands even on the logarithm of those unseen)",
        "Replicates",
    );
    let peaks = shape
        .modes
        .iter()
        .map(|mode| (format!("peak, {:.0} % of replicates", 100.0 * mode.share), mode.estimate));
    let marks: Vec<(String, f64)> = peaks.chain(limits).collect();
    for (words, value) in &marks {
        figure = figure.marked(*value, &format!("{words}: {}", people(*value)));
    }
    let rows = marks.into_iter().map(|(words, value)| vec![Cell::Text(words), person_cell(value)]).collect();
    let heading = format!("Peaks and limits: {}", title.to_lowercase());
    figure.values = Some((heading, Table::new(&[("mark", "Mark"), ("people", "People")], rows)));
    figure
}

fn sweep(found: &Estimation) -> Figure {
    // The pairs that move the answer most are drawn; the table has all.
    let spread = |at: usize| {
        let estimates = || found.sweep[at].estimates.iter().flatten().map(|e| e.0);
        estimates().fold(0.0, f64::max) / estimates().fold(f64::INFINITY, f64::min)
    };
    let mut order: Vec<usize> = (0..found.sweep.len()).collect();
    order.sort_by(|a, b| spread(*b).total_cmp(&spread(*a)));
    let rows = found
        .sweep_odds
        .iter()
        .enumerate()
        .map(|(place, odds)| {
            let of =
                |at: &usize| optional(found.sweep[*at].estimates.get(place).copied().flatten().map(|e| e.0));
            std::iter::once(Cell::Fixed(*odds, 2)).chain(order.iter().map(of)).collect()
        })
        .collect();
    let mut columns = vec![("odds", "Odds ratio held at")];
    columns.extend(order.iter().map(|at| ("estimate", found.sweep[*at].pairs.as_str())));
    let values: Vec<usize> = (1..columns.len()).take(MOST_LINES).collect();
    let drawn = !values.is_empty();
    let table = Table::new(&columns, if drawn { rows } else { Vec::new() });
    Figure::new(
        "dependence",
        "If lists depend on each other more than the model says",
        "Each line is the estimate when the odds ratio of one pair of lists is held at the value below it; 1 is independence, and a steep line says that the answer hangs on that pair, for whose dependence the data may have no evidence.",
        table,
    )
    .drawn(Plot::Lines { x: 0, values }, "Odds ratio held", "Estimate, people")
    .at(1.0)
}

fn changed(found: &Estimation) -> Figure {
    let groups = [("One list left out", &found.left_out), ("Two lists taken as one", &found.merged)];
    let rows = groups
        .into_iter()
        .flat_map(|(group, variants)| variants.iter().map(move |variant| (group, variant)))
        .map(|(group, variant)| {
            let [low, high] = ends(variant.interval);
            vec![
                text(group),
                text(&variant.name),
                optional(variant.estimate),
                low,
                high,
                Cell::Count(variant.observed),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("change", "Change"),
            ("lists", "Lists"),
            ("estimate", "Estimate"),
            ("from", "Interval from"),
            ("to", "to"),
            ("seen", "Seen"),
        ],
        rows,
    );
    let logarithmic = is_wide(&table, &[2, 3, 4]);
    Figure::new(
        "changed",
        "One list left out, two lists taken as one",
        "Each point is the estimate from a changed table; a list whose absence moves the answer beyond the interval holds it up alone, and should be looked at first.",
        table,
    )
    .drawn(
        Plot::Intervals { group: Some(0), label: 1, value: 2, ends: (3, 4), truth: None, logarithmic },
        "People, seen and unseen",
        "Lists",
    )
    .marked(found.estimate, &format!("estimate {}", people(found.estimate)))
}

fn odds(found: &Estimation) -> Figure {
    let rounded = |n: Option<f64>| n.map_or(Cell::None, Cell::Rounded);
    let rows = found
        .pairs
        .iter()
        .map(|pair| {
            vec![
                Cell::Text(format!("{} and {}", pair.first, pair.second)),
                rounded(pair.odds_ratio),
                rounded(pair.odds_interval.map(|i| i.0)),
                rounded(pair.odds_interval.map(|i| i.1)),
                Cell::Count(pair.counts.first),
                Cell::Count(pair.counts.second),
                Cell::Count(pair.counts.both),
                optional(pair.lincoln_petersen),
                person_cell(pair.chapman),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("pair", "Pair"),
            ("odds", "Odds ratio"),
            ("from", "Interval from"),
            ("to", "to"),
            ("first", "On the first"),
            ("second", "On the second"),
            ("both", "On both"),
            ("lincoln_petersen", "Lincoln-Petersen"),
            ("chapman", "Chapman"),
        ],
        rows,
    );
    let plot =
        Plot::Intervals { group: None, label: 0, value: 1, ends: (2, 3), truth: None, logarithmic: true };
    Figure::new(
        "odds-ratios",
        "How pairs of lists go together",
        "Each point is the odds ratio of two lists among people on some other list: to the right of 1 the two share more people than chance would have it, and an estimate from them alone is too low; to the left they avoid each other, and it is too high.",
        table,
    )
    .drawn(plot, "Odds ratio", "Pair")
    .at(1.0)
}

fn consistency(found: &Estimation) -> Figure {
    let rows = found
        .consistency
        .iter()
        .map(|list| {
            let [low, high] = ends(list.interval);
            vec![
                text(&list.list),
                optional(list.estimate),
                low,
                high,
                Cell::Count(list.truth),
                Cell::Count(list.observed),
                match list.covers {
                    Some(true) => text("yes"),
                    Some(false) => text("no"),
                    None => Cell::None,
                },
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("list", "List hidden"),
            ("estimate", "Estimated to be on it"),
            ("from", "Interval from"),
            ("to", "to"),
            ("truth", "Truly on it"),
            ("seen", "Of these on another list"),
            ("covers", "Held by the interval"),
        ],
        rows,
    );
    let logarithmic = is_wide(&table, &[1, 2, 3, 4]);
    Figure::new(
        "consistency",
        "Each list hidden, and estimated from the others",
        "For each list the number on it is known: the upright bar is that number, and the point with its line what the method says without the list; a bar off its line is a miss.",
        table,
    )
    .drawn(
        Plot::Intervals { group: None, label: 0, value: 1, ends: (2, 3), truth: Some(4), logarithmic },
        "People on the list",
        "List",
    )
}

fn missed_links(found: &Estimation) -> Figure {
    let rows = found.missed_links.as_ref().map_or_else(Vec::new, |links| {
        let Some((_, first)) = links.corrected.first() else { return Vec::new() };
        // The sensitivity is that of the best single model, whose own estimate is not that of an average.
        let base = first * (1.0 + links.per_hundredth);
        std::iter::once((0.0, base))
            .chain(links.corrected.iter().copied())
            .map(|(share, estimate)| vec![Cell::Fixed(100.0 * share, 0), person_cell(estimate)])
            .collect()
    });
    let table =
        Table::new(&[("share", "Links missed, per cent"), ("estimate", "The estimate would be")], rows);
    Figure::new(
        "missed-links",
        "If the linkage missed links",
        "The line is what the estimate of the best single model would be if the share of links below it had been missed in making the table; each missed link makes one person into two and the estimate too high.",
        table,
    )
    .drawn(Plot::Lines { x: 0, values: vec![1] }, "Links missed, per cent", "Estimate, people")
}

fn linkage_draws(pooled: &Pooled) -> Figure {
    let mut marks = limits_of("pooled", Some(pooled.interval));
    marks.extend(limits_of("normal cross-check", Some(pooled.cross_check)));
    histogram("linkage-draws", "Replicates of all draws of the linkage", &pooled.shape, marks)
}

fn linkage_variance(pooled: &Pooled) -> Figure {
    let total = pooled.within + pooled.between;
    let row = |words: &str, variance: f64| {
        let share = if total > 0.0 { Cell::Fixed(100.0 * variance / total, 1) } else { Cell::None };
        vec![text(words), share, Cell::Rounded(variance)]
    };
    let rows = vec![
        row("Within a draw: chance and the choice of a model", pooled.within),
        row("Between draws: which records are of one person", pooled.between),
    ];
    let table = Table::new(
        &[
            ("source", "Source"),
            ("share", "Per cent"),
            ("variance", "Variance of the logarithm of those unseen"),
        ],
        rows,
    );
    let caption = format!(
        "The longer bar is the greater doubt; where it is the second, better linkage helps more than a better model ({} draws used, {} without a fit).",
        pooled.draws, pooled.failed
    );
    Figure::new("linkage-variance", "Doubt within and between draws of the linkage", &caption, table).drawn(
        Plot::Bars { group: None, label: 0, value: 1 },
        "Per cent of the variance",
        "Source",
    )
}

fn frequencies(found: &Estimation) -> Figure {
    let rows = found
        .frequencies
        .iter()
        .zip(1_u64..)
        .map(|(people, lists)| {
            let words = if lists == 1 { "On one list only".to_owned() } else { format!("On {lists} lists") };
            vec![Cell::Text(words), Cell::Count(*people)]
        })
        .collect();
    Figure::new(
        "frequencies",
        "On how many lists people are",
        "Each bar is the people on so many lists; the fewer there are on two or more, the less the table says about those on none.",
        Table::new(&[("lists", "Lists"), ("people", "People")], rows),
    )
    .drawn(Plot::Bars { group: None, label: 0, value: 1 }, "People", "Lists")
}

fn fit(found: &Estimation) -> Figure {
    let rows = found.goodness_of_fit.as_ref().map_or_else(Vec::new, |fit| {
        let mut rows = vec![
            vec![text("Model"), text(&fit.model)],
            vec![text("Deviance"), Cell::Fixed(fit.deviance, 2)],
            vec![text("Pearson's chi-squared"), Cell::Fixed(fit.pearson, 2)],
            vec![text("Degrees of freedom"), Cell::Fixed(fit.degrees_of_freedom as f64, 0)],
            vec![text("Probability"), Cell::Rounded(fit.p)],
            vec![
                text("Histories expected to have fewer than five people, per cent"),
                Cell::Fixed(100.0 * fit.sparse, 0),
            ],
        ];
        rows.extend(fit.furthest.iter().map(|(lists, residual)| {
            vec![Cell::Text(format!("Pearson residual of {lists}")), Cell::Fixed(*residual, 2)]
        }));
        rows
    });
    Figure::new(
        "fit",
        "How well the best single model fits",
        "A probability below 0.05 says that the model misses something, and the residuals where; a good fit says nothing about those on no list.",
        Table::new(&[("figure", "Figure"), ("value", "Value")], rows),
    )
}

fn closed(found: &Estimation) -> Figure {
    let rows = found
        .capture_models
        .iter()
        .map(|fit| {
            vec![
                text(fit.model.name()),
                person_cell(fit.estimate),
                person_cell(fit.standard_error),
                Cell::Fixed(fit.aic, 2),
                Cell::Fixed(fit.bic, 2),
            ]
        })
        .collect();
    Figure::new(
        "closed-models",
        "If people differ in how easily they are found",
        "Each row is a model in which lists are independent and people alike (M0, Mt) or different in the way named; their spread shows how much that difference, which no table can exclude, would matter.",
        Table::new(
            &[
                ("model", "Model"),
                ("estimate", "Estimate"),
                ("error", "Standard error"),
                ("aic", "AIC"),
                ("bic", "BIC"),
            ],
            rows,
        ),
    )
}
