//! What passed the door, as it lies in a workspace's `releases/`: a folder for each release with `release.json`, which the site
//! shows, and a CSV file for each table.
//!
//! A table of counts comes in by [`Release::table`] alone, which takes a [`PublicTable`]. Figures of a model come in by
//! [`Release::figure`]; they hold no count.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candour_disclosure::{CountTable, PublicTable, Shown};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::report::thousands;

/// Bytes that a release may hold.
const LIMIT: u64 = 16 << 20;

/// A release, ready to be shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// Its name in addresses: small letters, digits and hyphens.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What it says in one sentence.
    pub(crate) lead: String,
    /// What a reader must know before using it.
    pub(crate) notes: Vec<String>,
    pub(crate) sections: Vec<Section>,
}

/// A chart, a table, or both.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// Bars: words, length, and what stands beside the bar. Nothing where no chart helps.
    pub(crate) bars: Vec<Bar>,
    pub(crate) heading: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The table as a file, and the rules it passed.
    pub(crate) file: Option<String>,
    pub(crate) rules: Option<String>,
}

/// A bar of a chart.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bar {
    pub(crate) words: String,
    /// Below nought it points to the left.
    pub(crate) value: f64,
    pub(crate) label: String,
    /// The ends of its interval, where it has one with both.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) interval: Option<(f64, f64)>,
}

impl Release {
    pub(crate) fn new(id: &str, title: &str, lead: String, notes: Vec<String>) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), lead, notes, sections: Vec::new() }
    }

    /// Adds a table that passed the door, with a bar for each cell that has a number; cells with a total in them make none.
    pub(crate) fn table(
        &mut self,
        table: &PublicTable,
        title: &str,
        caption: &str,
        totals: &[&str],
    ) -> String {
        let mut bars = Vec::new();
        let mut rows = Vec::new();
        for (labels, shown) in table.cells() {
            let text = thousands(&table.text(shown));
            if let Some(number) = shown.number().filter(|_| !labels.iter().any(|l| totals.contains(l))) {
                let (words, value) = (labels.join(", "), number as f64);
                bars.push(Bar { words, value, label: text.clone(), interval: None });
            }
            rows.push(labels.into_iter().map(str::to_owned).chain([text]).collect());
        }
        let heading = table.dimensions().iter().map(|d| d.name().to_owned()).chain(["count".to_owned()]);
        let file = format!("{}.csv", self.sections.len() + 1);
        let audit = table.audit();
        let symbol = &table.profile().symbols.suppressed;
        let left_out = if table.cells().any(|(_, shown)| matches!(shown, Shown::Suppressed)) {
            format!(
                " {symbol} marks a count left out, so that nobody can be singled out by it or by another."
            )
        } else {
            String::new()
        };
        let rules = format!(
            "{} ({}).{left_out} Attacked before release: {} cells, {} exposed.",
            table.profile().title,
            table.profile().name,
            audit.attacked,
            audit.exposed
        );
        self.sections.push(Section {
            title: title.to_owned(),
            caption: caption.to_owned(),
            bars,
            heading: heading.collect(),
            rows,
            file: Some(file),
            rules: Some(rules),
        });
        table.to_csv()
    }

    /// Adds figures of a model: nothing that counts people.
    pub(crate) fn figure(
        &mut self,
        title: &str,
        caption: &str,
        bars: Vec<Bar>,
        heading: &[&str],
        rows: Vec<Vec<String>>,
    ) {
        self.sections.push(Section {
            title: title.to_owned(),
            caption: caption.to_owned(),
            bars,
            heading: heading.iter().map(|h| (*h).to_owned()).collect(),
            rows,
            file: None,
            rules: None,
        });
    }

    /// Writes the release to its folder, with the tables' files in the order in which they were added.
    pub(crate) fn write(&self, folder: &Path, files: &[String]) -> Result<()> {
        let names = self.sections.iter().filter_map(|s| s.file.as_ref());
        for (name, text) in names.zip(files) {
            files::write_atomically(&folder.join(name), text.as_bytes())?;
        }
        let text = serde_json::to_string_pretty(self)? + "\n";
        files::write_atomically(&folder.join("release.json"), text.as_bytes())
    }
}

/// A table of counts over one dimension, with its total.
pub(crate) fn count_table(
    name: &str,
    dimension: &str,
    total: &str,
    counts: &[(String, u64)],
) -> Result<CountTable> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([dimension, "count"])?;
    for (label, count) in counts {
        writer.write_record([label, &count.to_string()])?;
    }
    let text = String::from_utf8(writer.into_inner().context("cannot count")?)?;
    let labels: Vec<&String> = counts.iter().map(|c| &c.0).collect();
    let hierarchy = serde_json::json!([{ total: labels }]).to_string();
    Ok(CountTable::from_csv(name, &text, &hierarchy)?.0)
}

/// The id of a release that is written to a folder: the folder's name.
pub(crate) fn id_of(folder: &Path) -> Result<String> {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    name.filter(|n| is_id(n)).with_context(|| {
        format!("{}: end the folder of a release in small letters, digits and hyphens", folder.display())
    })
}

fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The number a public cell shows, in words that fit a sentence.
pub(crate) fn about(table: &PublicTable, labels: &[&str]) -> String {
    match table.get(labels) {
        Some(shown @ Shown::Count(_)) => thousands(&table.text(shown)),
        Some(shown) if shown.number().is_some() => format!("about {}", thousands(&table.text(shown))),
        _ => "a number too small to publish of".to_owned(),
    }
}

/// The releases of a workspace, by id.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<(Release, PathBuf)>> {
    let mut releases = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(releases) };
    for entry in entries {
        let folder = entry?.path();
        let path = folder.join("release.json");
        if !path.exists() {
            continue;
        }
        let bytes = files::read_limited(&path, LIMIT)?;
        let release: Release = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: is not a release", path.display()))?;
        ensure!(
            is_id(&release.id),
            "{}: the id {:?} is not small letters, digits and hyphens",
            path.display(),
            release.id
        );
        releases.push((release, folder));
    }
    releases.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(releases)
}
