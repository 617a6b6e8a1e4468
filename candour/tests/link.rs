//! Linkage from the command line: what it writes, what it refuses, and that a run cut short goes on where it stopped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SETTINGS: &str = r#"
link-type = "link-and-dedupe"
household = false
prior = 0.001
blocking-rules = [["dob"], ["surname", "postcode"]]

[[comparison]]
column = "first_name"
levels = [{ sql = "first_name_l = first_name_r", m = 0.9, u = 0.01 }, { sql = "jaro_winkler_similarity(first_name_l, first_name_r) >= 0.85", m = 0.08, u = 0.02 }, { sql = "ELSE", m = 0.02, u = 0.97 }]

[[comparison]]
column = "surname"
levels = [{ sql = "surname_l = surname_r", m = 0.95, u = 0.01 }, { sql = "ELSE", m = 0.05, u = 0.99 }]

[[comparison]]
column = "dob"
levels = [{ sql = "dob_l = dob_r", m = 0.97, u = 0.001 }, { sql = "ELSE", m = 0.03, u = 0.999 }]
"#;

/// A model that leaves everything to be trained.
const UNTRAINED: &str = r#"
link-type = "link-and-dedupe"
household = false
blocking-rules = [["dob"], ["surname", "postcode"]]

[training]
deterministic-rules = [["first_name", "surname", "dob"]]
recall = 0.9
sampled-pairs = 20000
sessions = [["dob"], ["first_name", "surname"]]

[[comparison]]
compare = "name"
column = "first_name"

[[comparison]]
compare = "exact"
column = "surname"

[[comparison]]
compare = "date-of-birth"
column = "dob"
"#;

const POLICE: &str = "unique_id,first_name,surname,dob,postcode\nP1,Ida,Vance,2009-03-01,QX1 1AA\nP2,Omar,Brook,2010-07-19,QX1 2BB\nP3,Lena,Holt,2008-01-30,QX1 3CC\n";
const HEALTH: &str = "unique_id,first_name,surname,dob,postcode\nH1,Ida,Vance,2009-03-01,QX1 9ZZ\nH2,Omarr,Brook,2010-07-19,QX1 2BB\nH3,Cara,Dale,2011-11-02,QX1 4DD\n";

/// A folder with the two tables and the settings.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("police.csv"), POLICE).unwrap();
    fs::write(folder.path().join("health.csv"), HEALTH).unwrap();
    fs::write(folder.path().join("link.toml"), SETTINGS).unwrap();
    folder
}

fn link(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("link")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a refused linkage says.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = link(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(!folder.join("out/clusters.csv").exists(), "nothing is written by a linkage that is refused");
    error
}

const BOTH: [&str; 6] = ["police.csv", "health.csv", "--settings", "link.toml", "--out", "out"];

#[test]
fn two_tables_become_people() {
    let folder = folder();
    let told = json(&link(folder.path(), &[&BOTH[..], &["--format", "json"]].concat()));
    assert_eq!((told["records"].as_u64(), told["clusters"].as_u64()), (Some(6), Some(4)));
    assert_eq!(told["pairs_kept"], 2);
    let clusters = fs::read_to_string(folder.path().join("out/clusters.csv")).unwrap();
    let of = |id: &str| {
        let row = clusters.lines().find(|l| l.split(',').nth(1) == Some(id)).unwrap();
        row.split(',').nth(2).unwrap().to_owned()
    };
    assert!(clusters.starts_with("source_dataset,unique_id,cluster_id\n"));
    assert_eq!((of("P1"), of("P2")), (of("H1"), of("H2")));
    assert_ne!(of("P3"), of("H3"));
    let pairs = fs::read(folder.path().join("out/pairs.parquet")).unwrap();
    assert!(pairs.starts_with(b"PAR1") && pairs.ends_with(b"PAR1"));
    assert!(!folder.path().join("out/parts").exists(), "the parts are put away");

    // The model it wrote makes the same again.
    fs::copy(folder.path().join("out/model.json"), folder.path().join("model.json")).unwrap();
    let again = ["police.csv", "health.csv", "--settings", "model.json", "--out", "again", "--threads", "1"];
    json(&link(folder.path(), &[&again[..], &["--format", "json"]].concat()));
    assert_eq!(fs::read_to_string(folder.path().join("again/clusters.csv")).unwrap(), clusters);
    assert_eq!(fs::read(folder.path().join("again/pairs.parquet")).unwrap(), pairs);
}

#[test]
fn blocks_are_counted_before_anything_is_compared() {
    let folder = folder();
    let arguments = ["police.csv", "health.csv", "--settings", "link.toml", "--count", "--format", "json"];
    let told = json(&link(folder.path(), &arguments));
    assert_eq!(told["rules"][0]["pairs"], 2);
    assert_eq!(told["rules"][1]["pairs"], 1);
    let limited = refused(folder.path(), &[&BOTH[..], &["--most-pairs", "1"]].concat());
    assert!(limited.contains("2 pairs") && limited.contains("dob"), "{limited}");
}

#[test]
fn bad_tables_are_named_with_their_place() {
    let folder = folder();
    let with = |health: &[u8]| {
        fs::write(folder.path().join("health.csv"), health).unwrap();
        refused(folder.path(), &BOTH)
    };
    let twice = with(HEALTH.replace("H2", "H1").as_bytes());
    assert!(twice.contains("health") && twice.contains("H1") && twice.contains("rows 1 and 2"), "{twice}");
    let lacks = with(HEALTH.replace("surname", "family").as_bytes());
    assert!(lacks.contains("surname") && lacks.contains("family"), "{lacks}");
    let short = with(b"unique_id,first_name,surname,dob,postcode\nH1,Ida,Vance\n");
    assert!(short.contains("line 2") && short.contains("3 fields"), "{short}");
    let without = with(b"unique_id,first_name,surname,dob,postcode\n,Ida,Vance,2009-03-01,X\n");
    assert!(without.contains("line 2 has no unique_id"), "{without}");
    let headings = with(b"unique_id,first_name,surname,dob,dob,postcode\n");
    assert!(headings.contains("dob twice"), "{headings}");
    let nothing = with(b"");
    assert!(nothing.contains("health") && nothing.contains("header"), "{nothing}");
    let parquet = folder.path().join("health.parquet");
    fs::write(&parquet, b"PAR1 not a table PAR1").unwrap();
    let damaged =
        refused(folder.path(), &["police.csv", "health.parquet", "--settings", "link.toml", "--out", "out"]);
    assert!(damaged.contains("health"), "{damaged}");
    let absent =
        refused(folder.path(), &["police.csv", "gone.csv", "--settings", "link.toml", "--out", "out"]);
    assert!(absent.contains("gone.csv"), "{absent}");
}

#[test]
fn odd_values_are_read_and_said_so() {
    let folder = folder();
    // A name that is not UTF-8, a column without a value, dates in three forms.
    let mut health = b"unique_id,first_name,surname,dob,postcode\nH1,Zo".to_vec();
    health
        .extend_from_slice(b"\xEB,Vance,01/03/2009,\nH2,Omar,Brook,2010-07-19,\nH3,Cara,Dale,2 Nov 2011,\n");
    fs::write(folder.path().join("health.csv"), health).unwrap();
    fs::write(
        folder.path().join("police.csv"),
        POLICE.replace(",QX1 1AA", ",").replace(",QX1 2BB", ",").replace(",QX1 3CC", ","),
    )
    .unwrap();
    let output = link(folder.path(), &[&BOTH[..], &["--format", "json"]].concat());
    let told = json(&output);
    assert_eq!(told["records"], 6);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("not_utf8") && error.contains("line 2"), "{error}");
    assert!(error.contains("empty_column") && error.contains("postcode"), "{error}");
}

#[test]
fn a_block_of_a_hundred_thousand_records_is_refused_by_name() {
    let folder = folder();
    let mut police = "unique_id,first_name,surname,dob,postcode\n".to_owned();
    for record in 0..100_000 {
        writeln!(police, "P{record},Ida,Vance,1900-01-01,QX1 1AA").unwrap();
    }
    fs::write(folder.path().join("police.csv"), police).unwrap();
    let begun = Instant::now();
    let said = refused(folder.path(), &BOTH);
    assert!(said.contains("100000 records") || said.contains("100,000 records"), "{said}");
    assert!(begun.elapsed() < Duration::from_mins(2), "it is refused before its pairs are made");
}

#[test]
fn protected_characteristics_are_refused_wherever_they_are_named() {
    let folder = folder();
    for column in ["ethnicity", "religion", "sexual_orientation", "disability", "nationality"] {
        let comparison = SETTINGS.replace("first_name", column);
        fs::write(folder.path().join("link.toml"), &comparison).unwrap();
        let said = refused(folder.path(), &BOTH);
        assert!(said.contains(column) && said.contains("protected"), "{said}");
        let blocking = SETTINGS.replace(r#"["dob"]"#, &format!(r#"["dob", "{column}"]"#));
        fs::write(folder.path().join("link.toml"), blocking).unwrap();
        let said = refused(folder.path(), &BOTH);
        assert!(said.contains(column) && said.contains("protected"), "{said}");
    }
}

#[test]
fn victims_and_suspects_are_never_linked_to_each_other() {
    let folder = folder();
    fs::rename(folder.path().join("police.csv"), folder.path().join("suspects.csv")).unwrap();
    fs::rename(folder.path().join("health.csv"), folder.path().join("victims.csv")).unwrap();
    let said =
        refused(folder.path(), &["suspects.csv", "victims.csv", "--settings", "link.toml", "--out", "out"]);
    assert!(said.contains("never linked"), "{said}");
}

#[test]
fn sql_that_is_not_known_is_refused_by_name() {
    let folder = folder();
    let odd = "my_own_similarity(first_name_l, first_name_r) > 3";
    fs::write(
        folder.path().join("link.toml"),
        SETTINGS.replace("jaro_winkler_similarity(first_name_l, first_name_r) >= 0.85", odd),
    )
    .unwrap();
    let said = refused(folder.path(), &BOTH);
    assert!(said.contains("my_own_similarity"), "{said}");
}

/// Two tables of many records, so that a run has parts.
fn many(folder: &Path, records: u32) {
    for (table, letter) in [("police.csv", 'P'), ("health.csv", 'H')] {
        let mut text = "unique_id,first_name,surname,dob,postcode\n".to_owned();
        for record in 0..records {
            // Two rules make two parts: a small one and one that takes long enough to be killed in.
            let (day, month) = (record % 28 + 1, record / 28 % 12 + 1);
            writeln!(
                text,
                "{letter}{record},Name{},Surname{},2008-{month:02}-{day:02},QX1",
                record % 997,
                record % 61
            )
            .unwrap();
        }
        fs::write(folder.join(table), text).unwrap();
    }
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_stopped() {
    let folder = folder();
    many(folder.path(), 3_000);
    fs::write(folder.path().join("link.toml"), UNTRAINED).unwrap();
    let whole = json(&link(
        folder.path(),
        &["police.csv", "health.csv", "--settings", "link.toml", "--out", "whole", "--format", "json"],
    ));
    assert!(whole["pairs_compared"].as_u64() > Some(250_000), "{whole}");
    let parts = folder.path().join("out/parts");
    let count = || {
        fs::read_dir(&parts).map_or(0, |d| {
            d.filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "pairs"))).count()
        })
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("link")
        .args(BOTH)
        .args(["--threads", "1"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while count() == 0 && begun.elapsed() < Duration::from_mins(2) && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = count();
    assert!(kept > 0, "at least one part was whole when it was killed");
    assert!(!folder.path().join("out/clusters.csv").exists(), "it was killed before it was done");
    let resumed = json(&link(folder.path(), &[&BOTH[..], &["--format", "json"]].concat()));
    assert_eq!(resumed["resumed_parts"].as_u64(), Some(kept as u64));
    assert_eq!(resumed["training"], whole["training"]);
    assert_eq!(whole["training"]["sessions"].as_array().map(Vec::len), Some(2), "{whole}");
    for file in ["clusters.csv", "pairs.parquet", "model.json", "report.html"] {
        let read = |of: &str| fs::read(folder.path().join(of).join(file)).unwrap();
        assert!(read("out") == read("whole"), "{file} differs after the run was resumed");
    }
}

#[test]
fn people_keep_their_ids_when_records_come() {
    let folder = folder();
    json(&link(folder.path(), &[&BOTH[..], &["--format", "json"]].concat()));
    let first = folder.path().join("first.csv");
    fs::copy(folder.path().join("out/clusters.csv"), &first).unwrap();
    fs::write(
        folder.path().join("health.csv"),
        format!("{HEALTH}H4,Lena,Holt,2008-01-30,QX1 3CC\nH5,Noor,Reed,2009-09-09,QX1 5EE\n"),
    )
    .unwrap();
    let told =
        json(&link(folder.path(), &[&BOTH[..], &["--previous", "first.csv", "--format", "json"]].concat()));
    assert_eq!(told["lasting_ids"]["kept"], 4);
    assert_eq!(told["lasting_ids"]["new"], 1);
    let clusters = fs::read_to_string(folder.path().join("out/clusters.csv")).unwrap();
    assert!(clusters.starts_with("source_dataset,unique_id,cluster_id,lasting_id\n"), "{clusters}");
    let of = |id: &str| {
        clusters
            .lines()
            .find(|l| l.contains(&format!(",{id},")))
            .unwrap()
            .rsplit(',')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!((of("P1"), of("H4"), of("H5")), ("1".to_owned(), "3".to_owned(), "5".to_owned()));
    let events = fs::read_to_string(folder.path().join("out/events.csv")).unwrap();
    assert!(events.contains("added,3,,health-__-H4") && events.contains("new,5,,health-__-H5"), "{events}");
}

#[test]
fn what_two_readers_settle_is_followed() {
    let folder = folder();
    // One of two pairs is left to readers: the model would link both.
    json(&link(folder.path(), &[&BOTH[..], &["--review", "10", "--format", "json"]].concat()));
    let review = folder.path().join("out/review");
    let mut files: Vec<PathBuf> = fs::read_dir(&review).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        assert!(
            text.contains("first_name (left)") && !text.contains("weight"),
            "readers see values and no score: {text}"
        );
        let mut filled = String::new();
        for line in text.lines() {
            let line = if line.contains("-__-P2,") || line.contains("-__-H2,") {
                line.replacen(",,,", ",non-match,2026-03-02,", 1)
            } else {
                line.replacen(",,,", ",match,2026-03-02,", 1)
            };
            writeln!(filled, "{line}").unwrap();
        }
        fs::write(path, filled).unwrap();
    }
    let arguments = [
        "--review",
        "10",
        "--decisions",
        "out/review/reader-1.csv",
        "out/review/reader-2.csv",
        "--format",
        "json",
    ];
    let told = json(&link(folder.path(), &[&BOTH[..], &arguments].concat()));
    assert_eq!(told["review"]["settled"], 2, "{told}");
    assert_eq!(told["review"]["precision"]["value"], 0.5);
    assert_eq!(told["review"]["agreement"]["observed"], 1.0);
    assert_eq!(told["clusters"], 5, "the pair that two readers set apart is not linked");
}

#[test]
fn draws_of_the_links_give_capture_histories() {
    let folder = folder();
    let told = json(&link(folder.path(), &[&BOTH[..], &["--draws", "20", "--format", "json"]].concat()));
    assert_eq!(told["draws"]["draws"], 20);
    let histories = fs::read_to_string(folder.path().join("out/histories.csv")).unwrap();
    let mut rows = histories.lines();
    assert_eq!(rows.next(), Some("draw,police,health,count"));
    let mut people = [0_u64; 21];
    let mut records = [0_u64; 21];
    for row in rows {
        let cells: Vec<u64> = row.split(',').map(|c| c.parse().unwrap()).collect();
        people[cells[0] as usize] += cells[3];
        records[cells[0] as usize] += (cells[1] + cells[2]) * cells[3];
    }
    assert_eq!(people[0], 4, "draw 0 is the clusters as written");
    assert!(people.iter().all(|n| (4..=6).contains(n)), "{people:?}");
    assert!(records.iter().all(|n| *n == 6), "every record is on its list in every draw");
}
