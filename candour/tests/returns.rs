//! `candour returns` and `candour audit score`, on invented returns: what a data clerk is told, and what is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use candour_returns::{Example, Specification};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn candour(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn csv_of(heading: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the example return, changed, as CSV files whose hashes are those that it lists.
fn write_return(folder: &Path, changes: &str) -> PathBuf {
    let mut example = Example::new(&Specification::aud_1().unwrap());
    if !changes.is_empty() {
        example.change(changes).unwrap();
    }
    std::fs::create_dir_all(folder).unwrap();
    let mut hashes = std::collections::HashMap::new();
    let tables: Vec<_> = example.tables().map(|(name, h, r, _)| (name.to_owned(), h, r)).collect();
    for (name, heading, rows) in tables.iter().filter(|t| t.0 != "file") {
        let bytes = csv_of(heading, rows);
        hashes.insert(name.clone(), hash(&bytes));
        std::fs::write(folder.join(format!("{name}.csv")), bytes).unwrap();
    }
    let (_, heading, rows) = tables.iter().find(|t| t.0 == "file").unwrap();
    let at = |column: &str| heading.iter().position(|h| h == column).unwrap();
    let mut rows = rows.clone();
    for row in &mut rows {
        if let Some(hash) = hashes.get(&row[at("table")]) {
            row[at("sha256")].clone_from(hash);
        }
    }
    std::fs::write(folder.join("file.csv"), csv_of(heading, &rows)).unwrap();
    folder.to_owned()
}

fn check(folder: &Path) -> (Option<i32>, String) {
    let output = candour(&["returns", "check", folder.to_str().unwrap()]);
    (output.status.code(), said(&output))
}

/// Changes one file of the example as it lies on disk.
fn edit(folder: &Path, table: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let path = folder.join(format!("{table}.csv"));
    std::fs::write(&path, change(std::fs::read(&path).unwrap())).unwrap();
}

fn workbook(sheets: &[(&str, String)], more: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let (mut book, mut relations) = (String::new(), String::new());
    for ((name, xml), number) in sheets.iter().zip(1..) {
        write!(book, r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#).unwrap();
        write!(relations, r#"<Relationship Id="rId{number}" Target="worksheets/s{number}.xml"/>"#).unwrap();
        add(&format!("xl/worksheets/s{number}.xml"), &format!("<worksheet>{xml}</worksheet>"));
    }
    add("xl/workbook.xml", &format!(r#"<workbook xmlns:r="r"><sheets>{book}</sheets></workbook>"#));
    add("xl/_rels/workbook.xml.rels", &format!("<Relationships>{relations}</Relationships>"));
    for (name, text) in more {
        add(name, text);
    }
    zip.finish().unwrap().into_inner()
}

/// A table of the example as the cells of a sheet.
fn sheet_of(folder: &Path, table: &str) -> String {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_path(folder.join(format!("{table}.csv"))).unwrap();
    let mut xml = "<sheetData>".to_owned();
    for row in reader.records() {
        xml += "<row>";
        for cell in &row.unwrap() {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;");
            write!(xml, r#"<c t="inlineStr"><is><t>{cell}</t></is></c>"#).unwrap();
        }
        xml += "</row>";
    }
    xml + "</sheetData>"
}

#[test]
fn a_template_is_what_a_body_needs() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("template");
    let arguments = ["returns", "template", "--body-type", "childrens", "--out", made.to_str().unwrap()];
    assert_eq!(candour(&arguments).status.code(), Some(0));
    for name in ["return.xlsx", "dictionary.md", "schema.json", "csvw.json", "datapackage.json", "rules.md"] {
        assert!(made.join(name).exists(), "{name}");
    }
    let victim = std::fs::read_to_string(made.join("csv/victim.csv")).unwrap();
    assert!(victim.starts_with("person_id,list_id,first_known"));
    // The workbook is read by the same program, as empty as it is.
    let (code, text) = check(&made.join("return.xlsx"));
    assert!(code == Some(1) && text.contains("the header has 0 rows and must have one"), "{text}");
    let again = candour(&arguments);
    assert!(again.status.code() == Some(2) && said(&again).contains("is there already"));
}

#[test]
fn a_clean_return_passes_and_a_fault_is_named_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = check(&write_return(&folder.path().join("good"), ""));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 that stop the return, 0 to correct"), "{text}");
    let bad = write_return(&folder.path().join("bad"), "offence.5.recorded_on = 45717");
    let (code, text) = check(&bad);
    assert_eq!(code, Some(1));
    assert!(text.contains("offence.recorded_on row 6"), "{text}");
    assert!(text.contains("a spreadsheet's serial number for a date") && !text.contains("45717"), "{text}");
    let json = candour(&["returns", "check", bad.to_str().unwrap(), "--format", "json", "--quality"]);
    assert!(!said(&json).contains("45717"));
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["stops"], true);
    assert_eq!(json["quality"]["dimensions"].as_array().unwrap().len(), 6);
    for format in ["csv", "html"] {
        let output = candour(&["returns", "check", bad.to_str().unwrap(), "--format", format]);
        let text = said(&output);
        assert!(text.contains("ST04") && !text.contains("45717"), "{text}");
    }
}

#[test]
fn files_that_cannot_be_read_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| write_return(&folder.path().join(name), "");
    let stopped = |folder: &Path, words: &[&str]| {
        let (code, text) = check(folder);
        assert_eq!(code, Some(1), "{text}");
        for word in words {
            assert!(text.contains(word), "{word} in {text}");
        }
    };

    let latin = at("latin");
    edit(&latin, "victim", |mut bytes| {
        let end = bytes.iter().rposition(|b| *b == b',').unwrap();
        bytes.splice(end..end, b"\xe9".iter().copied());
        bytes
    });
    stopped(&latin, &["ST01", "the cell is not UTF-8"]);

    let wide = at("wide");
    edit(&wide, "victim", |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        text.encode_utf16().fold(b"\xff\xfe".to_vec(), |mut all, unit| {
            all.extend(unit.to_le_bytes());
            all
        })
    });
    stopped(&wide, &["is UTF-16; save it as “CSV UTF-8”"]);

    let long = at("long");
    edit(&long, "note", |mut bytes| {
        bytes.push(b'"');
        bytes.resize(20 << 20, b'x');
        bytes
    });
    stopped(&long, &["is longer than 16 MiB", "a quotation mark is not closed"]);

    let twice = at("twice");
    edit(&twice, "victim", |bytes| {
        String::from_utf8(bytes).unwrap().replacen("list_id", "person_id", 1).into_bytes()
    });
    stopped(&twice, &["the column stands twice in the heading"]);

    let swapped = at("swapped");
    edit(&swapped, "victim", |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let marked = text.replacen("person_id", "\u{1}", 1).replacen("dob", "person_id", 1);
        marked.replacen('\u{1}', "dob", 1).into_bytes()
    });
    stopped(&swapped, &["ST04", "victim.dob"]);

    let named = at("named");
    std::fs::rename(named.join("victim.csv"), named.join("victims of 2025.csv")).unwrap();
    stopped(&named, &["has not the name of a table", "the table victim is due"]);

    let other = write_return(&folder.path().join("returns/X99/v1"), "");
    stopped(&other, &["it came in the folder of X99", "Send the return of the body whose folder this is"]);
    let late = write_return(&folder.path().join("late/v7"), "");
    stopped(&late, &["it came in the folder of version 7"]);

    let kind = candour(&["returns", "check", at("kind").to_str().unwrap(), "--body-type", "nrm"]);
    assert!(kind.status.code() == Some(1) && said(&kind).contains("and NRM was expected"), "{}", said(&kind));
    let terms = folder.path().join("call.json");
    std::fs::write(&terms, r#"{"call": {"call": "CALL-2026-1", "definitions": "9.0.0"}}"#).unwrap();
    let old = at("old");
    let old = candour(&["returns", "check", old.to_str().unwrap(), "--outside", terms.to_str().unwrap()]);
    assert!(said(&old).contains("the call issued 9.0.0"), "{}", said(&old));
    let nothing = candour(&["returns", "check", folder.path().join("none").to_str().unwrap()]);
    assert!(nothing.status.code() == Some(2) && said(&nothing).contains("there is no such file"));
}

#[test]
fn workbooks_are_read_as_they_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let made = write_return(&folder.path().join("csv"), "");
    let book = folder.path().join("book");
    std::fs::create_dir_all(&book).unwrap();
    let path = book.join("return.xlsx");
    let tables = ["header", "file", "victim", "offence", "suspect", "link", "missing", "assessment", "note"];
    let sheets: Vec<(&str, String)> = tables.map(|t| (t, sheet_of(&made, t))).into();
    std::fs::write(&path, workbook(&sheets, &[])).unwrap();
    let (_, text) = check(&book);
    assert!(text.contains("in 9 tables") && !text.contains("ST05") && !text.contains("ST04"), "{text}");

    let mut merged = sheets.clone();
    merged[2].1 += r#"<mergeCells><mergeCell ref="A2:A3"/></mergeCells>"#;
    std::fs::write(&path, workbook(&merged, &[("xl/vbaProject.bin", "code")])).unwrap();
    let (_, text) = check(&book);
    assert!(text.contains("the workbook has 1 merged ranges"), "{text}");
    assert!(text.contains("holds macros; they were not run"), "{text}");

    let bomb = format!("<sheetData>{}</sheetData>", " ".repeat(129 << 20));
    std::fs::write(&path, workbook(&[("victim", bomb)], &[])).unwrap();
    let (code, text) = check(&book);
    assert!(code == Some(1) && text.contains("expands past the limit"), "{text}");
    std::fs::write(&path, b"PK\x03\x04 and nothing more").unwrap();
    assert!(check(&book).1.contains("Save it again as .xlsx, or as CSV"));
    std::fs::write(book.join("victim.csv"), b"PK\x03\x04 and nothing more").unwrap();
    assert!(check(&book).1.contains("under the name of a CSV file"));
}

#[test]
fn a_version_is_kept_and_an_answer_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    let w = work.to_str().unwrap();
    assert_eq!(candour(&["init", w]).status.code(), Some(0));
    let first = write_return(&folder.path().join("first"), "offence.2.perp_count_noted = 3");
    let load = |from: &Path| candour(&["returns", "load", "-w", w, from.to_str().unwrap()]);
    let output = load(&first);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("version 1") && said(&output).contains("1 new"), "{}", said(&output));
    let body = said(&output).split(':').next().unwrap().to_owned();
    let kept = work.join("returns").join(&body).join("v1/victim.csv");
    assert_eq!(std::fs::read(&kept).unwrap(), std::fs::read(first.join("victim.csv")).unwrap());
    assert!(work.join("vault/returns").join(&body).join("v1/linkage/victim.csv").exists());
    let analysis = work.join("vault/returns").join(&body).join("v1/analysis/victim.csv");
    let analysis = std::fs::read_to_string(analysis).unwrap();
    assert!(!analysis.contains("ethnicity") && !analysis.contains("surname"));

    // Yesterday's version is refused, and nothing is written over.
    let again = load(&first);
    assert!(again.status.code() == Some(2) && said(&again).contains("version 2 is due"), "{}", said(&again));

    let answer = ["returns", "answer", "-w", w, &body, "--rule", "CN04", "--actor", "A data lead"];
    let explain = candour(&[&answer[..], &["--explain", "One man under three names."]].concat());
    assert_eq!(explain.status.code(), Some(0), "{}", said(&explain));
    let second = write_return(
        &folder.path().join("second"),
        "offence.2.perp_count_noted = 3\nheader.1.return_version = 2",
    );
    let output = load(&second);
    assert!(
        said(&output).contains("version 2") && said(&output).contains("1 with their answers"),
        "{}",
        said(&output)
    );
    let listed = candour(&["returns", "status", "-w", w, "--body", &body]);
    assert!(said(&listed).contains("answered  CN04"), "{}", said(&listed));

    let sign = ["returns", "sign-off", "-w", w, &body, "--office", "Chief constable", "--actor", "A clerk"];
    let signed = candour(&[&sign[..], &["--accept"]].concat());
    assert!(said(&signed).contains("version 2 is accepted"), "{}", said(&signed));
    let status = candour(&["returns", "status", "-w", w]);
    assert!(
        said(&status).contains("accepted") && said(&status).contains("Chief constable"),
        "{}",
        said(&status)
    );
    let release = std::fs::read_to_string(work.join("releases/returns/release.json")).unwrap();
    assert!(release.contains("Six dimensions of quality") && !release.contains("P001"));

    // A history that was changed by hand is not gone on with.
    let path = work.join("vault/returns").join(format!("{body}.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("A clerk", "A clerc")).unwrap();
    let changed = candour(&["returns", "status", "-w", w]);
    assert!(said(&changed).contains("was changed after it was recorded"), "{}", said(&changed));
}

#[test]
fn findings_over_a_nation_are_scored_against_its_truth() {
    let folder = tempfile::tempdir().unwrap();
    let nation = folder.path().join("nation");
    let at = |name: &str| nation.join(name).to_str().unwrap().to_owned();
    let made = candour(&["synthesise", nation.to_str().unwrap(), "--records", "4000", "--seed", "3"]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let call = at("call");
    let checked = ["returns", "check", &at("returns"), "--outside", &call];
    let all = candour(&checked);
    assert!(said(&all).contains("273 returns"), "{}", said(&all));
    let csv = candour(&[&checked[..], &["--format", "csv"]].concat());
    let findings = folder.path().join("findings.csv");
    std::fs::write(&findings, &csv.stdout).unwrap();
    // The same returns give the same findings, on any number of threads.
    let one = candour(&[&checked[..], &["--format", "csv", "--threads", "1"]].concat());
    assert!(one.stdout == csv.stdout);
    let truth = at("truth");
    let clusters = folder.path().join("clusters.csv");
    let map = std::fs::read_to_string(nation.join("truth/record_map.csv")).unwrap();
    std::fs::write(&clusters, map.replacen("body,record,person", "body,record,cluster", 1)).unwrap();
    let score = candour(&[
        "audit",
        "score",
        "--truth",
        &truth,
        "--findings",
        findings.to_str().unwrap(),
        "--clusters",
        clusters.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let score: Value = serde_json::from_slice(&score.stdout).unwrap();
    assert_eq!(score["linkage"]["pair_f1"], 1.0);
    let recall = &score["rules"]["all"]["recall"];
    let expected = recall["whole"].as_u64().unwrap();
    assert!(expected > 50 && recall["value"].as_f64().unwrap() > 0.7, "{recall}");
    assert!(score["rules"]["all"]["precision"]["value"].as_f64().unwrap() > 0.95, "{score}");
    let text = candour(&["audit", "score", "--truth", &truth, "--clusters", clusters.to_str().unwrap()]);
    assert!(said(&text).contains("F1 1.0000"), "{}", said(&text));
}
