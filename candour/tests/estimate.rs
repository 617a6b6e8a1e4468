//! `candour estimate`, on invented lists.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const TABLE: &str =
    "police,health,schools,count\n1,0,0,210\n0,1,0,180\n0,0,1,150\n1,1,0,45\n1,0,1,38\n0,1,1,30\n1,1,1,9\n";
/// Few enough for a test and enough for a figure.
const SMALL: [&str; 4] = ["--replicates", "60", "--updates", "500"];

fn table(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("lists.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour")).arg("estimate").args(arguments).args(SMALL).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is said on standard error of an input that is refused.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// Histories as a linkage writes them: the table, and draws that each miss some matches between the first two lists.
fn histories(draws: u64) -> String {
    let mut text = "draw,police,health,schools,count\n".to_owned();
    for draw in 0..=draws {
        let missed = draw % 7;
        let rows = [
            ("1,0,0", 210 + missed),
            ("0,1,0", 180 + missed),
            ("0,0,1", 150),
            ("1,1,0", 45 - missed),
            ("1,0,1", 38),
            ("0,1,1", 30),
            ("1,1,1", 9),
        ];
        for (history, count) in rows {
            writeln!(text, "{draw},{history},{count}").unwrap();
        }
    }
    text
}

#[test]
fn every_method_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), TABLE);
    let path = path.to_str().unwrap();
    for method in ["auto", "loglinear", "sparse", "chao", "dga"] {
        let found = json(&[path, "--method", method, "--seed", "7"]);
        for key in ["method", "model"] {
            assert!(found[key].is_string(), "{method}: {key}");
        }
        assert_eq!(found["method"], method);
        assert_eq!((&found["observed"], &found["seed"]), (&Value::from(662), &Value::from(7)));
        let number = |value: &Value| value.as_f64().unwrap();
        assert!((number(&found["hidden"]) - (number(&found["estimate"]) - 662.0)).abs() < 1e-9);
        let interval = &found["interval"];
        assert_eq!(number(&interval["level"]), 0.95);
        assert!(number(&interval["lower"]) <= number(&found["estimate"]), "{method}");
        assert!(number(&interval["upper"]) >= number(&found["estimate"]), "{method}");
        assert!(interval["kind"].is_string());
        assert!(
            found["diagnostics"]
                .as_array()
                .unwrap()
                .iter()
                .any(|d| d["code"] == "heterogeneity_not_excluded")
        );
        assert!(found["replicates"].is_u64());
        assert!(found["models"].is_array());
        if method == "auto" {
            for key in ["name", "estimate", "aic", "bic", "weight"] {
                assert!(!found["models"][0][key].is_null(), "{key}");
            }
        }
    }
}

#[test]
fn the_text_begins_with_the_headline_and_holds_floor_methods_and_limits() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), TABLE);
    let output = run(&[path.to_str().unwrap(), "--method", "sparse"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.contains("people") && first.contains("662 were seen"), "{first}");
    for part in ["\nFloor ", "\nMethods\n", "\nBefore you use it\n", "\nWhat it cannot tell\n", "Seed 1, "] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(String::from_utf8(output.stderr).unwrap().contains("warning[heterogeneity_not_excluded]"));
}

#[test]
fn a_disagreement_of_methods_is_said_before_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), "a,b,c,count\n1,0,0,12\n0,1,0,30\n0,0,1,11\n1,1,0,1\n");
    let output = run(&[path.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Between ") && text.contains("\nRange "), "{text}");
    let (_, warnings) = text.split_once("\nBefore you use it\n").unwrap();
    assert!(warnings.starts_with("  - methods disagree by "), "{warnings}");
}

#[test]
fn threads_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), TABLE);
    let of = |threads: &str| {
        let output = run(&[path.to_str().unwrap(), "--format", "json", "--threads", threads]);
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(of("1"), of("2"));
}

#[test]
fn bad_tables_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        ("a,b,count\n1,0,20\n0,1,30\n1,1,5\n", "needs 3 or more"),
        ("police,health,ethnicity,count\n1,0,0,9\n", "protected characteristic"),
        ("a,b,c,count\n1,0,0,20\n0,1,0,30\n0,0,1,5\n", "no two lists share anybody"),
        ("a,b,c,count\n1,0,0,20\n0,1,0,30\n", "list c holds nobody"),
        ("a,b,c,count\n1,0,0,-3\n", "line 2"),
        ("a,b,c\n1,0,0\n", "end with `count`"),
    ] {
        let said = refused(&[table(folder.path(), text).to_str().unwrap()]);
        assert!(said.contains(words) && said.contains("lists.csv"), "{said}");
    }
    assert!(refused(&["nowhere.csv"]).contains("there is no such file"));
}

#[test]
fn draws_of_the_linkage_are_pooled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("histories.csv");
    std::fs::write(&path, histories(50)).unwrap();
    let path = path.to_str().unwrap();
    let found = json(&["--linkage", path]);
    assert_eq!(found["observed"], 662);
    assert_eq!(found["interval"]["kind"], "pooled");
    assert_eq!(found["linkage"]["draws"], 50);
    assert_eq!(found["estimate"], found["linkage"]["estimate"]);
    assert!(found["linkage"]["between"].as_f64().unwrap() > 0.0);
    assert!(found["floor"]["lower"].as_f64() <= found["interval"]["lower"].as_f64());
    assert_eq!(found["headline"].as_str().unwrap().matches("At least about").count(), 1);
    assert_eq!(found, json(&[path]), "a table whose first column is draw is read so without the flag");
    let given = table(folder.path(), TABLE);
    assert_eq!(found, json(&[given.to_str().unwrap(), "--linkage", path]));
    let beside = json(&[path, "--method", "loglinear"]);
    assert_ne!(beside["estimate"], beside["linkage"]["estimate"]);
    assert!(beside["diagnostics"].as_array().unwrap().iter().any(|d| d["code"] == "linkage_beside"));
}

#[test]
fn bad_histories_name_the_file_and_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("histories.csv");
    let whole = histories(2);
    let without = |draw: &str| {
        whole.lines().filter(|l| !l.starts_with(draw)).fold(String::new(), |text, line| text + line + "\n")
    };
    for (text, words) in [
        (without("0,"), "has no draw 0"),
        (without("1,"), "has no rows for draw 1"),
        (whole.replace("2,1,1,0,43\n", "2,1,1,43\n"), "row 19: 4 fields"),
        (whole.replace("2,1,1,0,43\n", "2,1,7,0,43\n"), "row 19: health is `7`"),
        (whole.replace("2,1,1,0,43\n", "two,1,1,0,43\n"), "row 19: the draw is `two`"),
        (histories(0), "has draw 0 only"),
        (TABLE.to_owned(), "row 1: the first column is not `draw`"),
    ] {
        std::fs::write(&path, text).unwrap();
        let said = refused(&["--linkage", path.to_str().unwrap()]);
        assert!(said.contains(words) && said.contains("histories.csv"), "{words}: {said}");
    }
    std::fs::write(&path, whole).unwrap();
    let other = table(folder.path(), &TABLE.replace("schools", "charity"));
    let said = refused(&[other.to_str().unwrap(), "--linkage", path.to_str().unwrap()]);
    assert!(said.contains("the table's are police, health, charity"), "{said}");
    let other = table(folder.path(), &TABLE.replace("210", "211"));
    let said = refused(&[other.to_str().unwrap(), "--linkage", path.to_str().unwrap()]);
    assert!(said.contains("does not have the counts of draw 0"), "{said}");
}

#[test]
fn the_report_is_one_page_with_titled_charts_and_their_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("histories.csv");
    std::fs::write(&path, histories(4)).unwrap();
    let page = folder.path().join("estimate.html");
    let output = run(&[path.to_str().unwrap(), "--report", page.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(page).unwrap();
    let ids = [
        "methods",
        "multiverse",
        "average-bootstrap",
        "bootstrap",
        "dependence",
        "changed",
        "consistency",
        "missed-links",
        "linkage-draws",
        "linkage-variance",
        "frequencies",
        "odds-ratios",
    ];
    for id in ids {
        let section = page
            .split_once(&format!("<section id=\"{id}\""))
            .unwrap_or_else(|| panic!("no figure {id}"))
            .1
            .split_once("</section>")
            .unwrap()
            .0;
        let title = section.split_once("-title\">").unwrap().1.split_once("</title>").unwrap().0;
        assert!(section.contains(&format!("-head\">{title}</h3>")), "{id}: the chart is titled {title:?}");
        assert!(section.contains("<tbody>") && section.contains("<details>"), "{id}");
        assert!(!section.contains("NaN") && !section.contains("inf\""), "{id}");
    }
    for part in ["not for publication", "single people out", "SHA-256 of the table", "Seed 1."] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}

#[test]
fn a_release_holds_rounded_figures_and_no_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let path = table(folder.path(), TABLE);
    let release = folder.path().join("hidden-scale");
    let output =
        run(&[path.to_str().unwrap(), "--release", release.to_str().unwrap(), "--note", "Invented lists."]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(release.join("release.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["id"], "hidden-scale");
    assert!(written["lead"].as_str().unwrap().to_lowercase().contains("about"));
    // The number seen passed rounding to fives; neither it nor a list or an overlap stands anywhere as it is.
    assert!(text.contains("660") && !text.contains("662"), "{text}");
    for name in ["police", "health", "schools"] {
        assert!(!text.contains(name), "{name}");
    }
    for section in written["sections"].as_array().unwrap() {
        for row in section["rows"].as_array().unwrap() {
            for cell in row.as_array().unwrap() {
                let cell = cell.as_str().unwrap();
                assert!(!["210", "180", "150", "45", "38", "30", "9"].contains(&cell), "{cell}");
            }
        }
    }
    let few = table(folder.path(), "a,b,c,count\n1,0,0,2\n0,1,0,2\n0,0,1,1\n1,1,0,1\n0,1,1,1\n");
    let small = folder.path().join("few");
    let output = run(&[few.to_str().unwrap(), "--release", small.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(small.join("release.json")).unwrap();
    assert!(text.contains("too few to be counted here"), "{text}");
    let bad = folder.path().join("Hidden Scale");
    assert!(refused(&[path.to_str().unwrap(), "--release", bad.to_str().unwrap()]).contains("small letters"));
}

/// The four lists of the example are linked and estimated as its README says; 922 children were invented for them.
#[test]
fn the_example_of_four_lists_is_estimated_with_the_errors_of_its_linkage() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let lists = ["council", "health", "police", "voluntary"];
    let output = Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("link")
        .args(lists.map(|name| examples.join(format!("estimation/{name}.csv"))))
        .arg("--settings")
        .arg(examples.join("linkage/people.toml"))
        .args(["--draws", "50", "--out"])
        .arg(folder.path().join("links"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let histories = folder.path().join("links/histories.csv");
    let found = json(&["--linkage", histories.to_str().unwrap()]);
    let number = |path: &str| found.pointer(path).and_then(Value::as_f64).unwrap();
    assert!(number("/interval/lower") < 922.0 && 922.0 < number("/interval/upper"), "{}", found["headline"]);
    assert!(number("/floor/lower") < 922.0);
    assert_eq!(found["lists"], serde_json::json!(lists));
    let independent = found["methods"].as_array().unwrap().iter().find(|row| row["name"] == "Mt").unwrap();
    assert!(
        independent["estimate"].as_f64().unwrap() < number("/estimate"),
        "lists that help each other bring independence too low"
    );
}

#[test]
fn areas_and_years_are_estimated_by_themselves_and_small_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "area,year,police,health,schools,count\n".to_owned();
    for (area, year, divide) in [("North", 2023, 1), ("North", 2024, 1), ("South", 2024, 20)] {
        for row in TABLE.lines().skip(1) {
            let (history, count) = row.rsplit_once(',').unwrap();
            writeln!(text, "{area},{year},{history},{}", count.parse::<u32>().unwrap() / divide).unwrap();
        }
    }
    let path = table(folder.path(), &text);
    let path = path.to_str().unwrap();
    let found = json(&[path, "--by", "area,year"]);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1]["stratum"], serde_json::json!({"area": "North", "year": 2024}));
    assert_eq!(rows[0]["observed"], 662);
    assert!(rows[0]["estimation"]["estimate"].as_f64().unwrap() > 662.0);
    assert!(rows[2]["refused"].as_str().unwrap().contains("below the floor of 100 people"));
    assert!(found["sum"].is_null(), "a sum with a hole is no total");
    let both = json(&[path, "--by", "area,year", "--fewest-people", "1", "--fewest-overlapping", "1"]);
    assert!(both["sum"][0].as_f64().unwrap() > 1_300.0);
    let said = refused(&[path, "--by", "age"]);
    assert!(said.contains("has no column `age`"), "{said}");
    let path = table(folder.path(), &text.replace("2024", "last year"));
    let said = refused(&[path.to_str().unwrap(), "--by", "area,year"]);
    assert!(said.contains("row 9") && said.contains("the year is `last year`"), "{said}");
}
