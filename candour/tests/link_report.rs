//! The report of `candour link`, on the invented people of the examples.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/linkage")
}

/// Links the example into a folder and returns the page.
fn link(out: &Path, more: &[&str]) -> String {
    let folder = example();
    let output = Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("link")
        .args([folder.join("police.csv"), folder.join("health.csv")])
        .arg("--settings")
        .arg(folder.join("people.toml"))
        .arg("--out")
        .arg(out)
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(out.join("report.html")).unwrap()
}

/// Every file of the report, by name.
fn files(out: &Path) -> Vec<(String, String)> {
    let mut all = vec![("report.html".to_owned(), std::fs::read_to_string(out.join("report.html")).unwrap())];
    let mut charts: Vec<PathBuf> =
        std::fs::read_dir(out.join("charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    charts.sort();
    for path in charts {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        all.push((name, std::fs::read_to_string(path).unwrap()));
    }
    all
}

/// The cells of the tables' bodies in a piece of HTML, row by row.
fn rows(html: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for body in html.split("<tbody>").skip(1) {
        for row in body.split("</tbody>").next().unwrap().split("<tr>").skip(1) {
            let cells = row.split("</t").filter_map(|cell| {
                let (_, text) = cell.split_once("<t")?;
                let (_, text) = text.split_once('>')?;
                Some(
                    text.replace("&#60;", "<")
                        .replace("&#62;", ">")
                        .replace("&#34;", "\"")
                        .replace("&#38;", "&"),
                )
            });
            rows.push(cells.collect());
        }
    }
    rows
}

/// The text between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap_or_else(|| panic!("no {from}")).1.split_once(to).unwrap().0
}

/// Names, postcodes, birth dates, telephones and ids of the records: whatever can be told from the page's own words.
fn values() -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for table in ["police.csv", "health.csv"] {
        let mut reader = csv::Reader::from_path(example().join(table)).unwrap();
        for record in reader.records() {
            values.extend(record.unwrap().iter().filter(|v| v.len() > 1).map(str::to_owned));
        }
    }
    values
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect()
}

/// Values that stand in a text as whole words.
fn named<'a>(values: &'a BTreeSet<String>, text: &str) -> Vec<&'a String> {
    let words = words(text);
    let stands = |v: &&String| {
        if v.chars().all(char::is_alphanumeric) {
            words.contains(v.as_str())
        } else {
            text.contains(v.as_str())
        }
    };
    values.iter().filter(stands).collect()
}

#[test]
fn every_chart_has_its_words_and_the_figures_of_its_table() {
    let out = tempfile::tempdir().unwrap();
    let page = link(out.path(), &["--truth", "person"]);
    let charts = &files(out.path())[1..];
    let wanted = [
        "accuracy",
        "blocking",
        "calibration",
        "classes",
        "cluster-sizes",
        "completeness",
        "kept-pairs",
        "m-and-u",
        "match-weights",
        "precision-recall",
        "roc",
        "term-frequencies",
        "thresholds",
        "unlinkables",
        "waterfall-1",
        "waterfall-2",
    ];
    for name in wanted {
        assert!(charts.iter().any(|(n, _)| *n == format!("{name}.json")), "no chart {name}");
    }
    assert_eq!(page.matches("<svg").count(), charts.len(), "a drawing to each chart");
    for (name, text) in charts {
        let id = name.strip_suffix(".json").unwrap();
        let chart: Value = serde_json::from_str(text).unwrap();
        assert_eq!(chart["$schema"], "https://vega.github.io/schema/vega-lite/v5.json");
        let section = between(&page, &format!("<section id=\"{id}\""), "</section>");
        for mark in ["title", "desc"] {
            let words = between(section, &format!("<{mark} id=\"{id}-{mark}\">"), &format!("</{mark}>"));
            assert!(words.len() > 8, "{name}: {mark} says {words:?}");
        }
        assert!(section.contains("class=\"axis\""), "{name} has no words at its axis");
        assert!(section.contains(&format!("href=\"charts/{name}\"")));
        let table = rows(section);
        let data = chart["data"]["values"].as_array().unwrap();
        assert_eq!(table.len(), data.len(), "rows of {name}");
        assert!(!data.is_empty(), "{name} is empty");
        for (row, datum) in table.iter().zip(data) {
            let datum = datum.as_object().unwrap();
            assert_eq!(row.len(), datum.len(), "columns of {name}");
            // The data's keys are sorted and the table's columns are not: the same cells must stand in both.
            let mut shown: Vec<String> = row
                .iter()
                .map(|cell| {
                    let plain = cell.replace(',', "").replace('\u{2212}', "-");
                    plain.parse::<f64>().map_or_else(|_| cell.clone(), |n| n.to_string())
                })
                .collect();
            let mut held: Vec<String> = datum
                .values()
                .map(|v| match v {
                    Value::Number(n) => n.as_f64().unwrap().to_string(),
                    Value::Null => "–".to_owned(),
                    other => other.as_str().unwrap().to_owned(),
                })
                .collect();
            shown.sort();
            held.sort();
            assert_eq!(shown, held, "{name}");
        }
    }
    // The last step of a waterfall is the sum of those before it, but for the rounding of each.
    let (_, text) = charts.iter().find(|(n, _)| n == "waterfall-1.json").unwrap();
    let chart: Value = serde_json::from_str(text).unwrap();
    let steps: Vec<f64> =
        chart["data"]["values"].as_array().unwrap().iter().map(|s| s["weight"].as_f64().unwrap()).collect();
    let (last, before) = steps.split_last().unwrap();
    assert!((before.iter().sum::<f64>() - last).abs() < 0.005 * steps.len() as f64, "{steps:?}");
}

#[test]
fn the_page_stands_alone_and_names_no_value_unless_asked() {
    let out = tempfile::tempdir().unwrap();
    let page = link(out.path(), &["--truth", "person"]);
    for foreign in ["<script", "http://", "https://", "@import", "url("] {
        assert!(!page.contains(foreign), "the page holds {foreign}");
    }
    assert!(page.contains("not for publication") && !page.contains("personal data"));
    let values = values();
    assert!(values.len() > 500, "the example has values to look for");
    for (name, text) in files(out.path()) {
        assert_eq!(named(&values, &text), Vec::<&String>::new(), "{name}");
    }

    // With values: the page says so at its top, and the charts still name none.
    let page = link(out.path(), &["--show-values", "--waterfall", "P4006,health:H4119"]);
    let top = page.find("holds personal data").unwrap();
    assert!(top < page.find("<h1>").unwrap());
    assert!(named(&values, &page).len() > 20, "{:?}", named(&values, &page));
    let chosen = between(&page, "<section id=\"chosen-pair-1\"", "</section>");
    let shown = named(&values, chosen);
    assert!(shown.contains(&&"P4006".to_owned()) && shown.contains(&&"H4119".to_owned()), "{shown:?}");
    for (name, text) in &files(out.path())[1..] {
        assert_eq!(named(&values, text), Vec::<&String>::new(), "{name}");
    }

    // A later report without them leaves no chart of theirs behind.
    assert!(
        out.path().join("charts/chosen-pair-1.json").exists()
            && out.path().join("charts/waterfall-1.json").exists()
    );
    link(out.path(), &[]);
    assert!(
        !out.path().join("charts/chosen-pair-1.json").exists()
            && !out.path().join("charts/roc.json").exists()
    );
}

#[test]
fn the_same_bytes_at_one_thread_and_at_two() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    link(one.path(), &["--truth", "person", "--threads", "1"]);
    link(two.path(), &["--truth", "person", "--threads", "2"]);
    assert_eq!(files(one.path()), files(two.path()));
}

#[test]
fn counting_alone_reports_the_rules_and_the_columns() {
    let out = tempfile::tempdir().unwrap();
    let page = link(out.path(), &["--count"]);
    let names: Vec<String> = files(out.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["report.html", "blocking.json", "completeness.json"]);
    assert!(page.contains("Nothing was compared"));
    let blocking: Value =
        serde_json::from_str(&std::fs::read_to_string(out.path().join("charts/blocking.json")).unwrap())
            .unwrap();
    let rules = blocking["data"]["values"].as_array().unwrap();
    assert_eq!(rules.len(), 5);
    assert!(rules.iter().all(|r| r["pairs_made"].as_u64().unwrap() > 0 && r["pairs_new"].is_null()));
}

#[test]
fn a_pair_that_is_not_there_is_refused_before_any_work() {
    let out = tempfile::tempdir().unwrap();
    let folder = example();
    let output = Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("link")
        .arg(folder.join("police.csv"))
        .arg("--settings")
        .arg(folder.join("people.toml"))
        .arg("--out")
        .arg(out.path().join("links"))
        .args(["--waterfall", "P4001,P9999"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no two records have those ids"));
    assert!(!out.path().join("links").exists());
}
