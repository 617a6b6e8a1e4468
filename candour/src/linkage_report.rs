//! The report of a linkage: one page that needs no network and no script, and each of its charts in Vega-Lite.
//!
//! The numbers are the library's. By default the page names no value of any record; it says so, and says loudly when it does.

mod figure;
mod svg;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use askama::Template;
use candour_linkage::{
    LinkageReport, PatternChoice, Records, RuleFigures, TermValues, Waterfall, probability_of,
};

use crate::files;
use crate::site::CSS;
use figure::{Cell, Figure, Plot, Table};

const MORE_CSS: &str = include_str!("../templates/linkage_report.css");
/// With more sources than this, columns are shown over all sources together.
const MOST_SOURCES: usize = 12;

/// Values of records that the holder asked to see.
pub(crate) struct Personal<'a> {
    pub(crate) records: &'a Records,
    /// The columns the model looks at.
    pub(crate) columns: Vec<String>,
    /// Whether the examples and the term frequencies name values.
    pub(crate) show_values: bool,
    pub(crate) terms: Vec<TermValues>,
    /// Pairs asked for.
    pub(crate) pairs: Vec<Waterfall>,
}

/// How clusters agree with the truth: words and figures.
pub(crate) type Agreement = Vec<(&'static str, f64)>;

/// Writes `report.html` and `charts/`, and takes away charts of an earlier report that this one does not have.
pub(crate) fn write(
    folder: &Path,
    report: &LinkageReport,
    agreement: &Agreement,
    personal: &Personal<'_>,
) -> Result<()> {
    let sections = sections(report, agreement, personal);
    let charts = folder.join("charts");
    let mut written = BTreeSet::new();
    for figure in sections.iter().flat_map(|s| &s.figures) {
        if let Some(spec) = figure.vega().filter(|_| !figure.table.rows.is_empty()) {
            let name = format!("{}.json", figure.id);
            let text = serde_json::to_string_pretty(&spec)? + "\n";
            files::write_atomically(&charts.join(&name), text.as_bytes())?;
            written.insert(name);
        }
    }
    take_away_old(&charts, &written)?;
    let page = page(report, agreement, personal, sections)?;
    files::write_atomically(&folder.join("report.html"), page.as_bytes())
}

/// Charts that an earlier run wrote and this one did not: a chart of a pair must not outlive the report it was made for.
fn take_away_old(charts: &Path, written: &BTreeSet<String>) -> Result<()> {
    if !charts.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(charts).with_context(|| format!("cannot read {}", charts.display()))? {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(".json").map(|s| s.trim_end_matches(|c: char| c.is_ascii_digit()));
        if stem.is_some_and(|s| CHARTS.contains(&s)) && !written.contains(&name) {
            std::fs::remove_file(&path).with_context(|| format!("cannot take away {}", path.display()))?;
        }
    }
    Ok(())
}

/// The charts that a report can have; those of several end in a number.
const CHARTS: [&str; 16] = [
    "completeness",
    "blocking",
    "match-weights",
    "m-and-u",
    "term-frequencies",
    "waterfall-",
    "chosen-pair-",
    "kept-pairs",
    "thresholds",
    "accuracy",
    "roc",
    "precision-recall",
    "calibration",
    "unlinkables",
    "cluster-sizes",
    "classes",
];

struct Section {
    id: &'static str,
    title: &'static str,
    notes: Vec<String>,
    figures: Vec<Figure>,
}

#[derive(Template)]
#[template(path = "linkage_report.html")]
struct Page {
    title: &'static str,
    lead: String,
    personal: bool,
    facts: Vec<(String, String)>,
    sections: Vec<Section>,
    css: &'static str,
    more_css: &'static str,
    version: &'static str,
}

fn count(n: u64) -> String {
    Cell::Count(n).text()
}

/// A share in per cent.
fn share(part: f64, whole: f64) -> Cell {
    if whole > 0.0 { Cell::Fixed(100.0 * part / whole, 2) } else { Cell::None }
}

fn text(words: &str) -> Cell {
    Cell::Text(words.to_owned())
}

fn page(
    report: &LinkageReport,
    agreement: &Agreement,
    personal: &Personal<'_>,
    sections: Vec<Section>,
) -> Result<String> {
    let records: u64 = report.sources.iter().map(|s| s.records).sum();
    let of = if report.sources.len() == 1 {
        "one source".to_owned()
    } else {
        format!("{} sources", count(report.sources.len() as u64))
    };
    let linked = report.clusters > 0;
    let lead = if linked {
        format!("{} records of {of} became {} people.", count(records), count(report.clusters))
    } else {
        format!(
            "What the rules would bring together among {} records of {of}. Nothing was compared.",
            count(records)
        )
    };
    let mut facts = Vec::new();
    if report.sources.len() <= MOST_SOURCES {
        let sources = report.sources.iter().map(|s| format!("{} {}", s.name, count(s.records)));
        facts.push(("Records by source".to_owned(), sources.collect::<Vec<_>>().join(", ")));
    }
    facts.push(("Link type".to_owned(), report.link_type.clone()));
    facts.push(("Pairs that there could be".to_owned(), count(report.possible_pairs as u64)));
    if linked {
        let of = |weight: f64| {
            format!(
                "{} bits, probability {}",
                Cell::Fixed(weight, 2).text(),
                Cell::Rounded(probability_of(weight)).text()
            )
        };
        facts.push(("Pairs compared".to_owned(), count(report.compared)));
        facts.push(("Pairs kept".to_owned(), count(report.kept)));
        facts.push(("Prior".to_owned(), of(report.prior_weight)));
        facts.push(("Threshold".to_owned(), of(report.threshold)));
    }
    facts.extend(agreement.iter().map(|(name, value)| ((*name).to_owned(), Cell::Fixed(*value, 4).text())));
    let page = Page {
        title: if linked { "How these records were linked" } else { "What the blocking rules make" },
        lead,
        personal: personal.show_values || !personal.pairs.is_empty(),
        facts,
        sections,
        css: CSS,
        more_css: MORE_CSS,
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render().context("the report could not be made")
}

fn sections(report: &LinkageReport, agreement: &Agreement, personal: &Personal<'_>) -> Vec<Section> {
    let tables = Section {
        id: "tables",
        title: "The tables",
        notes: Vec::new(),
        figures: vec![completeness(report), blocking(&report.rules)],
    };
    if report.clusters == 0 {
        return vec![tables];
    }
    let household = !report.classes.is_empty();
    let mut model = vec![match_weights(report), m_and_u(report)];
    let mut notes = Vec::new();
    match &report.sessions {
        Some(sessions) if !sessions.is_empty() => model.push(training(report)),
        Some(_) => notes.push(
            "No EM session was run: the settings already gave every probability, or name no session."
                .to_owned(),
        ),
        None => {}
    }
    if household {
        notes.push("Families are told apart by the household model, so m is that of a match at one address. What its other kinds of pair add or take stands on the waterfalls as a step of its own.".to_owned());
    }
    if !report.term_frequencies.is_empty() {
        model.push(term_frequencies(report));
    }
    if personal.show_values {
        model.extend(personal.terms.iter().enumerate().map(|(at, terms)| term_values(at, terms)));
    }
    let mut pairs = Vec::new();
    for (at, chosen) in personal.pairs.iter().enumerate() {
        let mut figure = waterfall(&format!("chosen-pair-{}", at + 1), chosen, household, report.threshold);
        figure.values = Some(values(personal, chosen));
        pairs.push(figure);
    }
    for (at, pattern) in report.patterns.iter().enumerate() {
        let mut figure = waterfall(&format!("waterfall-{}", at + 1), pattern, household, report.threshold);
        if personal.show_values {
            figure.values = Some(values(personal, pattern));
        }
        pairs.push(figure);
    }
    let mut links = vec![kept_pairs(report), thresholds(report)];
    if household {
        links.push(classes(report));
    }
    links.push(unlinkables(report));
    let mut sections = vec![
        tables,
        Section { id: "model", title: "The model", notes, figures: model },
        Section {
            id: "pairs",
            title: "Pairs, step by step",
            notes: vec![format!(
                "Each waterfall stands for a pattern: the pairs that fall in the same levels at every comparison. Counts are of a sample of {} of the {} kept pairs.",
                count(report.sampled_pairs),
                count(report.kept)
            )],
            figures: pairs,
        },
        Section { id: "links", title: "Links", notes: Vec::new(), figures: links },
        Section { id: "people", title: "People", notes: Vec::new(), figures: vec![cluster_sizes(report)] },
    ];
    if let Some(truth) = report.truth {
        let mut notes = vec![format!(
            "Held against the column that says who each record is: {} pairs are of one person. Thresholds concern pairs before clusters are made; a pair that was not kept counts as missed.",
            count(truth.matches)
        )];
        if !agreement.is_empty() {
            notes.push("Figures of the clusters themselves stand at the top of the page.".to_owned());
        }
        sections.push(Section {
            id: "truth",
            title: "Against the truth",
            notes,
            figures: vec![accuracy(report), roc(report), precision_recall(report), calibration(report)],
        });
    }
    for section in &mut sections {
        section.figures.retain(|f| !f.table.rows.is_empty());
    }
    sections.retain(|s| !s.figures.is_empty());
    sections
}

fn completeness(report: &LinkageReport) -> Figure {
    let mut rows = Vec::new();
    for column in &report.completeness {
        let mut row = |source: &str, present: u64, records: u64| {
            rows.push(vec![
                text(&column.column),
                text(source),
                Cell::Count(present),
                Cell::Count(records),
                share(present as f64, records as f64),
            ]);
        };
        if report.sources.len() > MOST_SOURCES {
            row("all sources", column.present.iter().sum(), report.sources.iter().map(|s| s.records).sum());
        } else {
            for (source, present) in report.sources.iter().zip(&column.present) {
                row(&source.name, *present, source.records);
            }
        }
    }
    let table = Table::new(
        &[
            ("column", "Column"),
            ("source", "Source"),
            ("present", "With a value"),
            ("records", "Records"),
            ("per_cent", "Per cent"),
        ],
        rows,
    );
    Figure::new(
        "completeness",
        "How complete each column is",
        "The longer the bar, the more records have a value; a comparison on a column that is often empty can say little.",
        table,
    )
    .drawn(Plot::Bars { group: Some(0), label: 1, value: 4 }, "Records with a value, per cent", "Source")
}

fn blocking(rules: &[RuleFigures]) -> Figure {
    let compared = rules.iter().any(|r| r.new_pairs.is_some());
    let mut passes = 0;
    let mut blocks = 0;
    let optional = |n: Option<u64>| n.map_or(Cell::None, Cell::Count);
    let rows: Vec<Vec<Cell>> = rules
        .iter()
        .map(|rule| {
            let (kind, n) = if rule.is_pass { ("Pass", &mut passes) } else { ("Rule", &mut blocks) };
            *n += 1;
            vec![
                Cell::Text(format!("{kind} {n}: {}", short_rule(&rule.rule))),
                Cell::Count(rule.pairs),
                optional(rule.new_pairs),
                optional(rule.kept),
                Cell::Count(rule.blocks),
                Cell::Count(rule.largest_block),
                text(&rule.rule),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("rule", "Rule"),
            ("pairs_made", "Pairs made"),
            ("pairs_new", "New pairs compared"),
            ("pairs_kept", "Kept"),
            ("blocks", "Blocks"),
            ("largest_block", "Records in the largest block"),
            ("written", "As written"),
        ],
        rows,
    );
    let (caption, plot) = if compared {
        (
            "For each rule, the pairs it brings together and those that no earlier rule had made; a rule with few new pairs adds little, and one with a very large block costs much.",
            Plot::Pairs { group: None, label: 0, values: [1, 2] },
        )
    } else {
        (
            "For each rule, the pairs it brings together, those of earlier rules counted again; which of them are new is known only once they are compared.",
            Plot::Bars { group: None, label: 0, value: 1 },
        )
    };
    Figure::new("blocking", "What each rule brings together", caption, table).drawn(plot, "Pairs", "Rule")
}

/// A rule in few words: of a value that must be the same in both records, the value.
fn short_rule(sql: &str) -> String {
    let parts = sql.split(" AND ").map(|part| {
        let same = part.split_once(" = ").and_then(|(left, right)| {
            let (left, right) = (left.replace("l.", ""), right.replace("r.", ""));
            (left == right).then(|| left.replace('"', ""))
        });
        same.unwrap_or_else(|| part.to_owned())
    });
    parts.collect::<Vec<_>>().join(" and ")
}

fn level_rows(report: &LinkageReport) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for comparison in &report.comparisons {
        for level in &comparison.levels {
            rows.push(vec![
                text(&comparison.name),
                text(&level.label),
                Cell::Rounded(level.m),
                Cell::Rounded(level.u),
                Cell::Fixed(level.weight, 2),
            ]);
        }
    }
    rows
}

const LEVEL_COLUMNS: [(&str, &str); 5] = [
    ("comparison", "Comparison"),
    ("level", "Level"),
    ("m", "m, among pairs of one person"),
    ("u", "u, among pairs of two people"),
    ("weight", "Match weight, bits"),
];

fn match_weights(report: &LinkageReport) -> Figure {
    let mut rows = vec![vec![
        text("Prior"),
        text("Two records taken at random"),
        Cell::None,
        Cell::None,
        Cell::Fixed(report.prior_weight, 2),
    ]];
    rows.extend(level_rows(report));
    Figure::new(
        "match-weights",
        "What each level says",
        "Bars to the right speak for one person and bars to the left against; each bit doubles or halves the odds, and every pair starts from the prior.",
        Table::new(&LEVEL_COLUMNS, rows),
    )
    .drawn(Plot::Bars { group: Some(0), label: 1, value: 4 }, "Match weight, log2(m / u), bits", "Level")
}

fn m_and_u(report: &LinkageReport) -> Figure {
    Figure::new(
        "m-and-u",
        "How often each level is met",
        "Two bars to each level: how often pairs of one person fall in it (m), and pairs of unrelated people (u); the further apart the two, the more the level tells.",
        Table::new(&LEVEL_COLUMNS, level_rows(report)),
    )
    .drawn(Plot::Pairs { group: Some(0), label: 1, values: [2, 3] }, "Probability of the level", "Level")
}

fn training(report: &LinkageReport) -> Figure {
    let rows = report
        .sessions
        .iter()
        .flatten()
        .map(|s| {
            vec![
                text(&s.rule),
                Cell::Count(s.pairs),
                Cell::Count(u64::from(s.iterations)),
                text(if s.converged { "yes" } else { "no" }),
                Cell::Rounded(s.last_change),
                share(s.matches, 1.0),
                Cell::Text(s.estimated.join(", ")),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("session", "Session, by its blocking rule"),
            ("pairs", "Pairs"),
            ("iterations", "Iterations"),
            ("converged", "Converged"),
            ("last_change", "Last change"),
            ("matches_per_cent", "Taken for matches, per cent"),
            ("estimated", "Comparisons estimated"),
        ],
        rows,
    );
    Figure::new(
        "training",
        "How m was estimated",
        "One row to each EM session: one that did not converge, or that takes hardly any or nearly all of its pairs for matches, deserves a look.",
        table,
    )
}

fn term_frequencies(report: &LinkageReport) -> Figure {
    let mut rows = Vec::new();
    for figures in &report.term_frequencies {
        for bin in &figures.bins {
            let (from, to) = (Cell::Fixed(bin.from, 0), Cell::Fixed(bin.from + 1.0, 0));
            rows.push(vec![
                text(&figures.comparison),
                Cell::Text(format!("{} to {} bits", from.text(), to.text())),
                Cell::Count(bin.pairs),
                Cell::Fixed(figures.mean, 2),
            ]);
        }
    }
    let table = Table::new(
        &[
            ("comparison", "Comparison"),
            ("adjustment", "Adjustment"),
            ("pairs", "Sampled pairs"),
            ("mean", "Mean of the comparison, bits"),
        ],
        rows,
    );
    Figure::new(
        "term-frequencies",
        "How much rare and common values change a weight",
        "The sampled pairs by the size of their adjustment: above zero the value agreed on is rarer than most and counts for more, below zero it is common and counts for less.",
        table,
    )
    .drawn(Plot::Bars { group: Some(0), label: 1, value: 2 }, "Sampled pairs", "Adjustment, bits")
}

fn term_values(at: usize, terms: &TermValues) -> Figure {
    let rows = terms
        .values
        .iter()
        .map(|v| vec![text(&v.value), share(v.share, 1.0), Cell::Fixed(v.adjustment, 2)])
        .collect();
    let mut figure = Figure::new(
        &format!("term-values-{}", at + 1),
        "Values that count least and most",
        "Personal data: the values on which agreement says least, then those on which it says most.",
        Table::new(
            &[
                ("value", "Value"),
                ("per_cent", "Records that have it, per cent"),
                ("adjustment", "Adjustment, bits"),
            ],
            rows,
        ),
    );
    figure.title = format!("{}: values that count least and most", terms.column);
    figure
}

fn waterfall(id: &str, pattern: &Waterfall, household: bool, threshold: f64) -> Figure {
    let mut rows = Vec::new();
    let mut sum = 0.0;
    let mut step = |label: String, weight: f64| {
        rows.push(vec![
            Cell::Text(label),
            Cell::Fixed(weight, 2),
            Cell::Fixed(sum, 2),
            Cell::Fixed(sum + weight, 2),
        ]);
        sum += weight;
    };
    step("Prior".to_owned(), pattern.prior);
    for part in &pattern.steps {
        step(format!("{}: {}", part.comparison, part.level), part.weight);
        if part.term_frequency != 0.0 {
            step(format!("{}: how rare the value is", part.comparison), part.term_frequency);
        }
    }
    if household {
        step("Moves, changed names and families".to_owned(), pattern.households);
    }
    let weight = Cell::Fixed(pattern.weight, 2);
    rows.push(vec![text("Match weight"), weight.clone(), Cell::Fixed(0.0, 2), weight]);
    let title = match pattern.choice {
        PatternChoice::CommonestLink => "The commonest pattern at or above the threshold",
        PatternChoice::JustAbove => "The weakest pattern at or above the threshold",
        PatternChoice::JustBelow => "The strongest pattern below the threshold",
        PatternChoice::CommonestBelow => "The commonest pattern below the threshold",
        PatternChoice::Asked => "A chosen pair",
    };
    let pairs = if pattern.choice == PatternChoice::Asked {
        String::new()
    } else if pattern.pairs == 1 {
        "One sampled pair has it. ".to_owned()
    } else {
        format!("{} sampled pairs have it; weights are their means. ", count(pattern.pairs))
    };
    let caption = format!(
        "{pairs}From the top, each comparison moves the weight to the right, towards one person, or to the left; the last bar is the sum, a probability of {}, and the broken line the threshold.",
        Cell::Rounded(probability_of(pattern.weight)).text()
    );
    let table =
        Table::new(&[("step", "Step"), ("weight", "Adds, bits"), ("from", "From"), ("to", "To")], rows);
    Figure::new(id, title, &caption, table)
        .drawn(Plot::Steps { label: 0, from: 2, to: 3, value: 1 }, "Match weight, bits", "Step")
        .at(threshold)
}

/// The two records of a pair beside each other.
fn values(personal: &Personal<'_>, pattern: &Waterfall) -> (String, Table) {
    let (records, (left, right)) = (personal.records, pattern.example);
    let both = |name: &str, of: &dyn Fn(u32) -> Cell| vec![text(name), of(left), of(right)];
    let mut rows = vec![both("source", &|r| text(records.source(r))), both("id", &|r| text(records.id(r)))];
    for column in &personal.columns {
        rows.push(both(column, &|r| records.value(r, column).map_or(Cell::None, text)));
    }
    let table = Table::new(&[("column", "Column"), ("left", "One record"), ("right", "The other")], rows);
    let which = if pattern.choice == PatternChoice::Asked { "this pair" } else { "one such pair" };
    (format!("Personal data: the values of {which}"), table)
}

fn kept_pairs(report: &LinkageReport) -> Figure {
    let truth = report.truth.is_some();
    let rows = report
        .weights
        .iter()
        .map(|bin| {
            let mut row = vec![Cell::Fixed(bin.from, 0), Cell::Fixed(bin.to, 0)];
            match bin.true_pairs {
                Some(right) => row.extend([Cell::Count(right), Cell::Count(bin.pairs - right)]),
                None => row.push(Cell::Count(bin.pairs)),
            }
            row
        })
        .collect();
    let mut columns = vec![("from", "Weight from, bits"), ("to", "to below")];
    if truth {
        columns.extend([("one_person", "Pairs of one person"), ("two_people", "Pairs of two people")]);
    } else {
        columns.push(("pairs", "Pairs"));
    }
    let values = (2..columns.len()).collect();
    Figure::new(
        "kept-pairs",
        "Kept pairs by match weight",
        "Two hills with a valley between them are a good sign; pairs in the valley, near the threshold, are the doubtful ones.",
        Table::new(&columns, rows),
    )
    .drawn(Plot::Columns { from: 0, to: 1, values }, "Match weight, bits", "Pairs")
    .at(report.threshold)
}

fn thresholds(report: &LinkageReport) -> Figure {
    let rows = report
        .thresholds
        .iter()
        .map(|row| vec![Cell::Fixed(row.weight, 0), Cell::Rounded(row.probability), Cell::Count(row.links)])
        .collect();
    Figure::new(
        "thresholds",
        "Links at each threshold",
        "How many kept pairs have at least a given weight; where the line is flat, the choice of a threshold matters little.",
        Table::new(
            &[("threshold", "Threshold, bits"), ("probability", "Match probability"), ("links", "Links")],
            rows,
        ),
    )
    .drawn(Plot::Lines { x: 0, values: vec![2] }, "Threshold, match weight in bits", "Links")
    .at(report.threshold)
}

fn classes(report: &LinkageReport) -> Figure {
    let fitted: f64 = report.classes.iter().filter_map(|c| c.fitted).sum();
    let kept: f64 = report.classes.iter().map(|c| c.kept).sum();
    let rows = report
        .classes
        .iter()
        .map(|class| {
            vec![
                text(&class.name),
                text(if class.is_match { "yes" } else { "no" }),
                class.fitted.map_or(Cell::None, |n| Cell::Fixed(n, 1)),
                class.fitted.map_or(Cell::None, |n| share(n, fitted)),
                Cell::Fixed(class.kept, 1),
                share(class.kept, kept),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("kind", "Kind of pair"),
            ("one_person", "One person"),
            ("fitted", "Fitted among blocked pairs"),
            ("fitted_per_cent", "Per cent of those"),
            ("kept", "Among kept pairs"),
            ("kept_per_cent", "Per cent of kept pairs"),
        ],
        rows,
    );
    Figure::new(
        "classes",
        "Kinds of pair in the household model",
        "What the model takes the kept pairs for, each pair shared out by its probabilities; many siblings or twins show how much linking without families would have merged.",
        table,
    )
    .drawn(Plot::Bars { group: None, label: 0, value: 4 }, "Kept pairs, expected", "Kind of pair")
}

fn unlinkables(report: &LinkageReport) -> Figure {
    let of = report.unlinkables.records;
    let rows = report
        .unlinkables
        .below
        .iter()
        .map(|(weight, below)| {
            vec![
                Cell::Fixed(*weight, 0),
                Cell::Rounded(probability_of(*weight)),
                Cell::Count(*below),
                share(*below as f64, of as f64),
            ]
        })
        .collect();
    let caption = format!(
        "The share of records that would stay below a threshold even against a copy of themselves, because too much of them is missing or common; a threshold to the right of where the line rises leaves them out. {} records were looked at.",
        count(of)
    );
    Figure::new(
        "unlinkables",
        "Records that cannot be linked",
        &caption,
        Table::new(
            &[
                ("threshold", "Threshold, bits"),
                ("probability", "Match probability"),
                ("records", "Records below it"),
                ("per_cent", "Per cent"),
            ],
            rows,
        ),
    )
    .drawn(Plot::Lines { x: 0, values: vec![3] }, "Threshold, match weight in bits", "Records, per cent")
    .at(report.threshold)
}

fn cluster_sizes(report: &LinkageReport) -> Figure {
    let rows = report
        .cluster_sizes
        .iter()
        .map(|size| {
            let name = match size.to {
                Some(1) => "1 record".to_owned(),
                Some(to) if to == size.from => format!("{to} records"),
                Some(to) => format!("{} to {to} records", size.from),
                None => format!("{} records and more", size.from),
            };
            vec![Cell::Text(name), Cell::Count(size.clusters), Cell::Count(size.records)]
        })
        .collect();
    Figure::new(
        "cluster-sizes",
        "People by how many records they have",
        "Clusters much larger than the number of times a person can have been recorded are worth a look: they may be several people.",
        Table::new(&[("size", "Size"), ("clusters", "Clusters"), ("records", "Records in them")], rows),
    )
    .drawn(Plot::Bars { group: None, label: 0, value: 1 }, "Clusters", "Size")
}

fn accuracy(report: &LinkageReport) -> Figure {
    let part = |value: Option<f64>| value.map_or(Cell::None, |v| Cell::Fixed(v, 4));
    let rows = report
        .thresholds
        .iter()
        .filter_map(|row| {
            let counts = row.counts?;
            Some(vec![
                Cell::Fixed(row.weight, 0),
                Cell::Rounded(row.probability),
                part(counts.precision()),
                part(counts.recall()),
                part(counts.f1()),
                Cell::Count(counts.true_links),
                Cell::Count(counts.false_links),
                Cell::Count(counts.missed),
            ])
        })
        .collect();
    Figure::new(
        "accuracy",
        "Precision, recall and F1 at each threshold",
        "Precision is the share of links that are right and recall the share of true pairs that are linked; a good threshold keeps both high.",
        Table::new(
            &[
                ("threshold", "Threshold, bits"),
                ("probability", "Match probability"),
                ("precision", "Precision"),
                ("recall", "Recall"),
                ("f1", "F1"),
                ("true_links", "Right links"),
                ("false_links", "Wrong links"),
                ("missed", "Missed"),
            ],
            rows,
        ),
    )
    .drawn(Plot::Lines { x: 0, values: vec![2, 3, 4] }, "Threshold, match weight in bits", "From 0 to 1")
    .at(report.threshold)
}

fn roc(report: &LinkageReport) -> Figure {
    let non_matches = report.truth.map_or(0.0, |t| t.non_matches).max(1.0);
    let rows = report
        .thresholds
        .iter()
        .filter_map(|row| {
            let counts = row.counts?;
            let rate = 1e6 * counts.false_links as f64 / non_matches;
            Some(vec![Cell::Fixed(row.weight, 0), Cell::Rounded(rate), Cell::Fixed(counts.recall()?, 4)])
        })
        .collect();
    Figure::new(
        "roc",
        "Receiver operating characteristic",
        "Each point is a threshold: how many of a million pairs of two people would be linked, and what share of true pairs; the best corner is the upper left.",
        Table::new(
            &[("threshold", "Threshold, bits"), ("false_per_million", "Wrong links per million"), ("recall", "Recall")],
            rows,
        ),
    )
    .drawn(Plot::Lines { x: 1, values: vec![2] }, "Wrong links per million pairs of two people", "Recall")
}

fn precision_recall(report: &LinkageReport) -> Figure {
    let rows = report
        .thresholds
        .iter()
        .filter_map(|row| {
            let counts = row.counts?;
            Some(vec![
                Cell::Fixed(row.weight, 0),
                Cell::Fixed(counts.recall()?, 4),
                Cell::Fixed(counts.precision()?, 4),
            ])
        })
        .collect();
    Figure::new(
        "precision-recall",
        "Precision against recall",
        "Each point is a threshold; the best corner is the upper right, and a steep fall on the right shows what the last true pairs cost.",
        Table::new(&[("threshold", "Threshold, bits"), ("recall", "Recall"), ("precision", "Precision")], rows),
    )
    .drawn(Plot::Lines { x: 1, values: vec![2] }, "Recall", "Precision")
}

fn calibration(report: &LinkageReport) -> Figure {
    let rows = report
        .calibration
        .iter()
        .filter(|band| band.pairs > 0)
        .map(|band| {
            let of = |value: Option<f64>| value.map_or(Cell::None, |v| Cell::Fixed(100.0 * v, 3));
            vec![
                Cell::Text(format!("{} to {}", plain_per_cent(band.lower), plain_per_cent(band.upper))),
                Cell::Count(band.pairs),
                of(band.stated),
                of(band.share),
                of(Some(band.interval.0)),
                of(Some(band.interval.1)),
            ]
        })
        .collect();
    let table = Table::new(
        &[
            ("band", "Stated probability, per cent"),
            ("pairs", "Kept pairs"),
            ("stated", "Stated, mean"),
            ("found", "Of one person"),
            ("from", "95 per cent interval from"),
            ("to", "to"),
        ],
        rows,
    );
    Figure::new(
        "calibration",
        "Stated probability against the truth",
        "Two bars to each band of stated probability: what was said and what is so; where the second is much shorter, the model is too sure of itself.",
        table,
    )
    .drawn(Plot::Pairs { group: None, label: 0, values: [2, 3] }, "Per cent", "Stated probability, per cent")
}

/// A probability in per cent with every digit it has.
fn plain_per_cent(probability: f64) -> String {
    let text = format!("{:.4}", 100.0 * probability);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
