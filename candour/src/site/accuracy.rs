//! How well documents are read: the figures of `docs/accuracy.json`, which the benchmark writes and CI holds to what is measured.

use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use askama::Template;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::pages::{Layout, html};
use super::view::View;
use super::{Page, chart};

/// The figures this program was built with.
static MEASURED: LazyLock<serde_json::Result<Measured>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../docs/accuracy.json")));

#[derive(serde::Deserialize)]
struct Measured {
    items: Figures,
    uk_reports: Figures,
    #[serde(deserialize_with = "in_order")]
    groups: Vec<(String, Group)>,
    #[serde(deserialize_with = "in_order")]
    kinds: Vec<(String, Figures)>,
    #[serde(deserialize_with = "in_order")]
    fields: Vec<(String, Figures)>,
    /// Answers where one of accepted and accepted in principle was read and the other is right.
    confused: usize,
    taken_for_acceptance: usize,
    /// Answers without a position: those read as such, and all.
    no_position: [usize; 2],
    /// Documents whose kind was told right, and all.
    kind_told: [usize; 2],
    /// Paragraphs parted by an empty line.
    note: String,
}

#[derive(serde::Deserialize)]
struct Group {
    words: String,
    items: Figures,
    first: Option<Figures>,
}

/// Counts over documents, with shares from 0 to 1 and the ends of their 95 % intervals.
#[derive(serde::Deserialize)]
struct Figures {
    right: usize,
    #[serde(rename = "false")]
    wrong: usize,
    missed: usize,
    documents: usize,
    precision: Option<f64>,
    precision_interval: Option<[f64; 2]>,
    recall: Option<f64>,
    recall_interval: Option<[f64; 2]>,
    f1: Option<f64>,
    f1_by_document: Option<[f64; 2]>,
}

/// A map as pairs, in the order in which it is written, which is the order of the tables.
fn in_order<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<(String, T)>, D::Error> {
    struct Pairs<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
        type Value = Vec<(String, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Pairs(PhantomData))
}

struct Row {
    name: String,
    right: usize,
    wrong: usize,
    missed: usize,
    documents: usize,
    precision: Share,
    recall: Share,
    f1: Share,
}

/// A share to three places and its interval to two, as the tables of `docs/accuracy.md` have them.
struct Share {
    value: String,
    interval: String,
}

impl Share {
    fn new(value: Option<f64>, interval: Option<[f64; 2]>) -> Self {
        Self {
            value: value.map_or_else(|| "not measured".to_owned(), |v| format!("{v:.3}")),
            interval: interval
                .map_or_else(String::new, |[from, to]| format!("{from:.2}\u{a0}to\u{a0}{to:.2}")),
        }
    }
}

impl Row {
    fn new(name: &str, f: &Figures) -> Self {
        Self {
            name: sentence(name),
            right: f.right,
            wrong: f.wrong,
            missed: f.missed,
            documents: f.documents,
            precision: Share::new(f.precision, f.precision_interval),
            recall: Share::new(f.recall, f.recall_interval),
            f1: Share::new(f.f1, f.f1_by_document),
        }
    }
}

/// A name of the data as the beginning of a line.
fn sentence(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>())
        .replace('_', " ")
}

#[derive(Template)]
#[template(path = "accuracy.html")]
struct Accuracy<'a> {
    layout: Layout<'a>,
    measured: &'static Measured,
    chart: String,
    groups: Vec<Row>,
    kinds: Vec<Row>,
    fields: Vec<Row>,
    note: Vec<String>,
}

pub(super) fn page(view: &View<'_>) -> Result<Page> {
    let measured = MEASURED
        .as_ref()
        .map_err(|error| anyhow!("docs/accuracy.json, as built in, cannot be read: {error}"))?;
    let mut groups = Vec::new();
    let mut bars = Vec::new();
    for (_, group) in &measured.groups {
        groups.push(Row::new(&group.words, &group.items));
        groups.extend(group.first.as_ref().map(|first| Row::new("the same, as first read", first)));
        let lengths = [("first reading", group.first.as_ref()), ("now", Some(&group.items))];
        bars.push(chart::Pair {
            name: sentence(&group.words),
            bars: lengths.map(|(words, f)| {
                let f = f?;
                Some(chart::Share { words, value: f.f1?, interval: f.f1_by_document })
            }),
        });
    }
    let mut kinds =
        vec![Row::new("all", &measured.items), Row::new("numbered reports of the UK", &measured.uk_reports)];
    kinds.extend(measured.kinds.iter().map(|(name, f)| Row::new(name, f)));
    html(&Accuracy {
        layout: Layout::new(view, "How well documents are read"),
        measured,
        chart: chart::shares(&bars, "F1 of items by group of documents, at the first reading and now"),
        groups,
        kinds,
        fields: measured.fields.iter().map(|(name, f)| Row::new(name, f)).collect(),
        note: measured.note.split("\n\n").map(|p| p.replace('\n', " ")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_built_in_are_read_and_add_up() {
        let measured = MEASURED.as_ref().unwrap();
        let sum = |of: fn(&Figures) -> usize| -> [usize; 2] {
            [
                measured.groups.iter().map(|(_, g)| of(&g.items)).sum(),
                measured.kinds.iter().map(|(_, f)| of(f)).sum(),
            ]
        };
        assert_eq!(sum(|f| f.right), [measured.items.right; 2]);
        assert_eq!(sum(|f| f.wrong), [measured.items.wrong; 2]);
        assert_eq!(sum(|f| f.missed), [measured.items.missed; 2]);
        assert_eq!(measured.kinds.first().map(|k| k.0.as_str()), Some("recommendation"));
    }
}
