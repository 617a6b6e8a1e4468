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
    let listed = candour(&["returns", "query", "-w", w, &body]);
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
    let path = work.join("vault/returns").join(&body).join("queries.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("A data lead", "A data laed")).unwrap();
    let changed = candour(&["returns", "query", "-w", w, &body]);
    assert!(said(&changed).contains("was changed after it was recorded"), "{}", said(&changed));
}

/// A workspace with what is said to it and what it says.
struct Audit {
    folder: tempfile::TempDir,
}

impl Audit {
    fn new() -> Self {
        let audit = Self { folder: tempfile::tempdir().unwrap() };
        audit.says(&["init"], 0);
        audit
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Runs a verb in the workspace, holds its exit code, and gives what it says.
    fn says(&self, arguments: &[&str], code: i32) -> String {
        let root = self.root();
        let at: &[&str] = if arguments[0] == "init" { &[] } else { &["-w"] };
        let output = candour(&[arguments, at, &[root.to_str().unwrap()]].concat());
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    /// The same for `returns`, by an officer of the audit.
    fn does(&self, arguments: &[&str], code: i32) -> String {
        self.says(&[&["returns"], arguments, &["--actor", "A. Officer"]].concat(), code)
    }

    fn call(&self, bodies: &str) {
        let path = self.folder.path().join("bodies.csv");
        std::fs::write(&path, bodies).unwrap();
        let clear = ["call", "clear", "CALL-2026-1", "--power", "An Act, section 1", "--dpia", "DPIA 7"];
        self.does(&[&clear[..], &["--burden-hours", "40", "--on", "2026-01-10"]].concat(), 0);
        self.does(&["call", "pilot", "--reason", "three bodies", "--on", "2026-01-20"], 0);
        let issue = ["call", "issue", "--bodies", path.to_str().unwrap(), "--on", "2026-02-01"];
        let days = ["--acknowledge-by", "2026-02-10", "--due", "2026-04-01", "--answer-by", "2026-05-01"];
        let text = self.does(&[&issue[..], &days, &["--sign-by", "2026-06-01"]].concat(), 0);
        assert!(text.contains("CALL-2026-1 is issued") && text.contains("not to destroy"), "{text}");
    }

    fn load(&self, name: &str, changes: &str, code: i32) -> String {
        let from = write_return(&self.folder.path().join(name), changes);
        self.does(&["load", from.to_str().unwrap(), "--on", "2026-03-20"], code)
    }

    fn table(&self, day: &str) -> Value {
        let text = self.says(&["returns", "status", "--as-of", day, "--format", "json"], 0);
        serde_json::from_str(&text).unwrap()
    }
}

const FORCE: &str = "E23000099";

#[test]
fn a_call_is_followed_from_its_issue_to_its_end_in_the_ledger() {
    let audit = Audit::new();
    let early = audit.does(&["call", "pilot", "--reason", "x"], 2);
    assert!(early.contains("begin one with `candour returns call clear"), "{early}");
    audit.call(
        "body,name,type\nE23000099,Northern force,POLICE\nE06000001,A council,CHILDRENS\nE06000002,B council,CHILDRENS\nE06000003,C council,CHILDRENS\nE06000004,D council,CHILDRENS\n",
    );
    let twice = audit.does(&["call", "issue", "--due", "2026-04-01", "--bodies", "none.csv"], 2);
    assert!(twice.contains("none.csv"), "{twice}");

    // Bodies that answer, and bodies that do not.
    audit.does(&["acknowledge", FORCE, "--on", "2026-02-03"], 0);
    let again = audit.does(&["acknowledge", FORCE], 2);
    assert!(
        again.contains("a return that is acknowledged does not take `acknowledge`; it can be"),
        "{again}"
    );
    let stranger = audit.does(&["acknowledge", "X99"], 2);
    assert!(stranger.contains("X99 was not called by CALL-2026-1"), "{stranger}");
    let nil = ["nil", "E06000001", "--office", "Director of children’s services", "--on", "2026-02-20"];
    assert!(audit.does(&nil, 0).contains("is nil confirmed"));
    let refuse = ["refuse", "E06000002", "--reason", "It sees no power", "--legal-answer", "Section 1"];
    audit.does(&[&refuse[..], &["--on", "2026-02-21"]].concat(), 0);
    audit.does(&["cannot-supply", "E06000003", "--reason", "A flood in 2019", "--on", "2026-02-22"], 0);
    let chase = |day: &str| audit.does(&["chase", "--as-of", day], 0);
    assert!(chase("2026-02-10").contains("0 bodies chased"));
    let first = chase("2026-02-11");
    assert!(first.contains("E06000004: acknowledgement was due on 2026-02-10; rung 0, reminder"), "{first}");
    assert!(chase("2026-02-12").contains("0 bodies chased"), "a rung is recorded once");
    assert!(chase("2026-02-25").contains("rung 2, head of the body"));

    // A return with forty-five missed groups, each explained and taken.
    let missed: Vec<String> = (1..=60)
        .filter(|row| (row - 1) % 4 != 0)
        .map(|row| format!("offence.{row}.perp_count_noted = 3"))
        .collect();
    let missed = missed.join("\n");
    let text = audit.load("first", &missed, 0);
    assert!(text.contains("queries open. Queries: 45 new"), "{text}");
    let receipt = audit.root().join("vault/returns/E23000099/v1/receipt.txt");
    let receipt = hash(&std::fs::read(receipt).unwrap());
    let unsigned = audit.does(&["sign-off", FORCE, "--office", "Chief constable"], 2);
    assert!(unsigned.contains("waiting for 45 answers"), "{unsigned}");
    audit.does(
        &["answer", FORCE, "--on", "2026-04-10", "--rule", "CN04", "--explain", "One man under three names."],
        0,
    );
    audit.does(&["answer", FORCE, "--on", "2026-04-10", "--rule", "CN04", "--row", "3", "--reject"], 0);
    audit.does(&["answer", FORCE, "--on", "2026-04-10", "--rule", "CN04", "--accept"], 0);
    let listed = audit.says(&["returns", "query", FORCE, "--waiting", "--format", "json"], 0);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["row"], &listed[0]["state"]), (&Value::from(3), &Value::from("rejected")));

    // Sent again with a tenth of its rows changed: three offences have another number, two are mended, one took a new id.
    let second = format!(
        "header.1.return_version = 2\n{missed}\noffence.2-4.perp_count_noted = 5\noffence.6.perp_count_noted = 1\noffence.7.perp_count_noted = 1\nvictim.8.sex = 7\noffence.50-60.inducement = DEBT"
    );
    let text = audit.load("second", &second, 0);
    assert!(text.contains("version 2"), "{text}");
    // Row 3 was waiting and waits still, with its new number; rows 4 and 5 lost their answers; 40 keep theirs.
    assert!(text.contains("41 kept (40 with their answers), 2 open again, 2 gone"), "{text}");
    audit.does(&["answer", FORCE, "--on", "2026-04-10", "--rule", "VA03", "--escalate"], 0);
    audit.does(
        &[
            "answer",
            FORCE,
            "--on",
            "2026-04-10",
            "--rule",
            "CN04",
            "--explain",
            "Read again.",
            "--publishable",
        ],
        0,
    );
    audit.does(&["answer", FORCE, "--on", "2026-04-10", "--rule", "CN04", "--accept"], 0);
    let whole = audit.does(&["sign-off", FORCE, "--office", "Chief constable", "--accept"], 2);
    assert!(whole.contains("accepted with caveats that say so"), "{whole}");
    let caveat = ["sign-off", FORCE, "--office", "Chief constable", "--caveat", "One sex is not known"];
    audit.does(&[&caveat[..], &["--on", "2026-05-20"]].concat(), 0);
    let late = audit.does(&["withdraw", FORCE, "--reason", "x"], 2);
    assert!(late.contains("it can be frozen"), "{late}");

    // The public table, as on two days; it is made of the ledger alone.
    let table = audit.table("2026-06-10");
    let row = |body: &str| table.as_array().unwrap().iter().find(|r| r["body"] == body).unwrap().clone();
    let force = row(FORCE);
    assert_eq!((&force["state"], &force["versions"]), (&"accepted with caveats".into(), &2.into()));
    assert_eq!((&force["open_queries"], &force["explained"]), (&1.into(), &43.into()));
    assert_eq!(force["signed"], "Chief constable, 2026-05-20");
    assert_eq!(row("E06000002")["refusal"], "It sees no power. Answer: Section 1");
    let silent = row("E06000004");
    assert_eq!((&silent["overdue_days"], &silent["rung"]), (&120.into(), &"owner of the call".into()));
    assert_eq!(silent["chased"], "head of the body");
    let earlier = audit.table("2026-02-15");
    let states: Vec<&str> =
        earlier.as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["not started", "not started", "not started", "not started", "acknowledged"]);
    audit.table("2026-06-10");
    let release = std::fs::read_to_string(audit.root().join("releases/returns/release.json")).unwrap();
    assert!(release.contains("Over their time") && release.contains("Read again."), "{release}");
    assert!(!release.contains("One man under three names."), "not publishable");

    // What the ledger holds is of no record: no key of one, no field, nothing that was said in an answer.
    let bundle = std::fs::read_dir(audit.root().join("log/tile/entries")).unwrap();
    let log: String = walk(bundle)
        .iter()
        .map(|p| String::from_utf8_lossy(&std::fs::read(p).unwrap()).into_owned())
        .collect();
    assert!(log.contains("return.received") && log.contains(&receipt), "{log}");
    assert!(log.contains("return.escalated") && log.contains("return.nil-confirmed"));
    for word in ["CN04", "perp_count", "three names", "Read again", "O001", "P001", "victim"] {
        assert!(!log.contains(word), "{word} is in the log");
    }

    // The call ends, and its key with it.
    audit.does(&["call", "close", "--reason", "the last day"], 0);
    let closed = audit.load("third", "header.1.return_version = 3", 2);
    assert!(closed.contains("CALL-2026-1 is closed"), "{closed}");
    audit.does(&["call", "freeze", "--reason", "all in"], 0);
    assert!(!audit.root().join("vault/returns/call.key").exists());
    audit.does(&["call", "publish", "R1"], 0);
    assert_eq!(audit.table("2027-01-01").as_array().unwrap()[4]["state"], "used");
    audit.does(&["reopen", FORCE, "--reason", "a figure was wrong"], 0);

    // Everything of it is covered by the log, and one byte changed is found.
    let holds = audit.says(&["log", "verify"], 0);
    assert!(holds.contains("The log holds"), "{holds}");
    let database = audit.root().join("register.db");
    let bytes = std::fs::read(&database).unwrap();
    let needle = b"It sees no power";
    let places: Vec<usize> =
        (0..bytes.len() - needle.len()).filter(|at| bytes[*at..].starts_with(needle)).collect();
    assert!(!places.is_empty());
    let mut changed = bytes.clone();
    for at in places {
        changed[at] ^= 1;
    }
    std::fs::write(&database, changed).unwrap();
    let found = audit.says(&["log", "verify"], 1);
    assert!(found.contains("entry_altered") && found.contains("was altered"), "{found}");
}

/// The files under a folder.
fn walk(folder: std::fs::ReadDir) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(std::fs::read_dir(path).unwrap()));
        } else {
            files.push(path);
        }
    }
    files
}

/// As the example's offences lie at another body, which has one of them in common with it.
const OTHER: &str =
    "header.1.body_code = E23000098\noffence.*.place_lad = W06000001\noffence.9.place_lad = E06000001";

#[test]
fn what_a_later_return_says_of_an_earlier_one_is_asked_about() {
    let audit = Audit::new();
    let first = audit.load("first", "", 0);
    assert!(first.contains("1 returns with") && first.contains("0 queries wait"), "{first}");
    audit.does(&["sign-off", FORCE, "--office", "Chief constable"], 0);
    // Before it is loaded it can be held against what is.
    let other = write_return(&audit.folder.path().join("looked-at"), OTHER);
    let root = audit.root();
    let check = |folder: &Path| {
        candour(&[
            "returns",
            "check",
            folder.to_str().unwrap(),
            "--against-loaded",
            root.to_str().unwrap(),
            "--format",
            "csv",
        ])
    };
    let looked = said(&check(&other));
    assert!(looked.contains("UN03,query,offence,10,") && looked.contains(FORCE), "{looked}");
    let text = audit.load("other", OTHER, 0);
    assert!(text.contains("E23000098: version 1") && text.contains("1 new"), "{text}");
    assert!(text.contains("E23000099: checked again beside the others: 1 queries new"), "{text}");
    let listed = audit.says(&["returns", "query", FORCE], 0);
    assert!(listed.contains("queries open") && listed.contains("the return of E23000098"), "{listed}");
    // Marked at one end, the offence is no longer in both: the other's question goes when that is loaded and checked again.
    let marked = format!("{OTHER}\nheader.1.return_version = 2\noffence.9.transferred = OUT");
    let text = audit.load("marked", &marked, 0);
    assert!(text.contains("1 gone"), "{text}");
    let text = audit.does(&["recheck"], 0);
    assert!(text.contains("2 returns checked again: 0 queries new, 0 open again, 1 gone"), "{text}");

    // Linkage says that a child called at risk by one body is recorded as harmed by another.
    let council = "header.1.body_code = E06000001\nassessment.4.harm_status = RISK_ONLY";
    audit.load("council", council, 0);
    let clusters = audit.folder.path().join("clusters.csv");
    std::fs::write(&clusters, "source_dataset,unique_id,cluster_id\nE23000099,P001,7\nE06000001,P004,7\n")
        .unwrap();
    let text = audit.does(&["recheck", "E06000001", "--clusters", clusters.to_str().unwrap()], 0);
    assert!(text.contains("E06000001: checked again beside the others: 1 queries new"), "{text}");
    let listed = audit.says(&["returns", "query", "E06000001", "--rule", "cn07"], 0);
    assert!(listed.contains("a contact offence recorded by another body"), "{listed}");

    // A file that was changed after it was received is not checked as though it were what was sent.
    edit(&root.join("returns/E06000001/v1"), "victim", |mut bytes| {
        bytes.push(b'\n');
        bytes
    });
    let changed = audit.does(&["recheck", "E06000001"], 2);
    assert!(changed.contains("victim.csv: was changed after it was received"), "{changed}");
}

#[test]
fn an_error_of_a_workbook_is_found_and_is_not_the_same_as_missing() {
    let folder = tempfile::tempdir().unwrap();
    let errors = [
        ("victim.9.home_lad", "#REF!"),
        ("victim.9.surname", "#N/A"),
        ("victim.9.dob", "#VALUE!"),
        ("offence.3.perp_count_noted", "#DIV/0!"),
    ];
    let changes: Vec<String> = errors.iter().map(|(place, error)| format!("{place} = {error}")).collect();
    let made = write_return(&folder.path().join("csv"), &(changes.join("\n") + "\nvictim.10.home_lad ="));
    let tables = ["header", "file", "victim", "offence", "suspect", "link", "missing", "assessment", "note"];
    let sheets: Vec<(&str, String)> = tables
        .map(|table| {
            let mut sheet = sheet_of(&made, table);
            for (_, error) in errors {
                let text = format!(r#"<c t="inlineStr"><is><t>{error}</t></is></c>"#);
                sheet = sheet.replace(&text, &format!(r#"<c t="e"><v>{error}</v></c>"#));
            }
            (table, sheet)
        })
        .into();
    assert_eq!(sheets[2].1.matches(r#"t="e""#).count(), 3);
    let path = folder.path().join("return.xlsx");
    std::fs::write(&path, workbook(&sheets, &[])).unwrap();
    let output = candour(&["returns", "check", path.to_str().unwrap(), "--format", "csv"]);
    let text = said(&output);
    for place in [
        "victim,10,\"home_lad\"",
        "victim,10,\"surname\"",
        "victim,10,\"dob\"",
        "offence,4,\"perp_count_noted\"",
    ] {
        let line = text.lines().find(|line| line.contains(&format!("ST09,query,{place}")));
        let line = line.unwrap_or_else(|| panic!("{place} in {text}"));
        assert!(
            line.contains("not the same as missing") && line.contains("Mend a cell with an error"),
            "{line}"
        );
    }
    let blank: Vec<&str> = text.lines().filter(|line| line.contains(",ST10,")).collect();
    assert!(blank.len() == 1 && blank[0].contains("victim,11,\"home_lad\""), "{blank:?}");
    let output = candour(&["returns", "check", path.to_str().unwrap(), "--format", "json", "--quality"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fields = json["quality"]["fields"].as_array().unwrap();
    let counts = |name: &str| {
        let field = fields.iter().find(|f| f["table"] == "victim" && f["column"] == name).unwrap();
        (field["counts"]["invalid"].as_u64().unwrap(), field["counts"]["blank"].as_u64().unwrap())
    };
    assert_eq!((counts("home_lad"), counts("surname")), ((1, 1), (1, 0)));
}

/// A table as Parquet: text in dictionaries, but for days and whole numbers as what they are. A number where a text is due stands in a
/// column of doubles.
fn parquet_of(
    heading: &[String],
    rows: &[Vec<String>],
    days: &[&str],
    whole: &[&str],
    doubles: &[&str],
) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
    let kind = |name: &str| match name {
        name if days.contains(&name) => "int32 {} (DATE)",
        name if whole.contains(&name) => "int32 {}",
        name if doubles.contains(&name) => "double {}",
        _ => "binary {} (UTF8)",
    };
    let fields: Vec<String> =
        heading.iter().map(|name| format!("optional {};", kind(name).replace("{}", name))).collect();
    let schema = format!("message table {{ {} }}", fields.join(" "));
    let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
    let mut file =
        parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, std::sync::Arc::default())
            .unwrap();
    let mut group = file.next_row_group().unwrap();
    for (at, name) in heading.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        let there: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
        let cells = cells.into_iter().filter(|cell| !cell.is_empty());
        let name = name.as_str();
        let mut column = group.next_column().unwrap().unwrap();
        if days.contains(&name) {
            let epoch = jiff::civil::date(1970, 1, 1);
            let of = |cell: &str| epoch.until(cell.parse::<jiff::civil::Date>().unwrap()).unwrap().get_days();
            let values: Vec<i32> = cells.map(of).collect();
            column.typed::<Int32Type>().write_batch(&values, Some(&there), None).unwrap();
        } else if whole.contains(&name) {
            let values: Vec<i32> = cells.map(|cell| cell.parse().unwrap()).collect();
            column.typed::<Int32Type>().write_batch(&values, Some(&there), None).unwrap();
        } else if doubles.contains(&name) {
            let values: Vec<f64> = (0..cells.count()).map(|n| 45_717.5 + n as f64).collect();
            column.typed::<DoubleType>().write_batch(&values, Some(&there), None).unwrap();
        } else {
            let values: Vec<ByteArray> = cells.map(ByteArray::from).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&there), None).unwrap();
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    file.into_inner().unwrap()
}

/// Puts Parquet files in the place of two tables of a return, and their hashes into its list of files.
fn as_parquet(folder: &Path, doubles: &[&str]) {
    let table = |name: &str| {
        let path = folder.join(format!("{name}.csv"));
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let heading: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        (path, heading, rows)
    };
    let (path, heading, mut files) = table("file");
    let at = |column: &str| heading.iter().position(|h| h == column).unwrap();
    for (name, days) in [("victim", &["dob"][..]), ("offence", &["reported_on", "recorded_on"][..])] {
        let (csv, columns, rows) = table(name);
        let days: Vec<&str> = days.iter().copied().filter(|day| !doubles.contains(day)).collect();
        let bytes = parquet_of(&columns, &rows, &days, &["perp_count_noted"], doubles);
        std::fs::remove_file(csv).unwrap();
        std::fs::write(folder.join(format!("{name}.parquet")), &bytes).unwrap();
        let own = files.iter_mut().find(|row| row[at("table")] == name).unwrap();
        own[at("sha256")] = hash(&bytes);
    }
    std::fs::write(path, csv_of(&heading, &files)).unwrap();
}

#[test]
fn parquet_returns_are_read_by_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let good = write_return(&folder.path().join("good"), "");
    as_parquet(&good, &[]);
    let (code, text) = check(&good);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 that stop the return, 0 to correct, 0 to correct or explain"), "{text}");

    // A fault is named by its place in a Parquet file as in any other: row 2 is the first after the heading.
    let missed =
        write_return(&folder.path().join("missed"), "offence.2.perp_count_noted = 3\nvictim.9.home_lad =");
    as_parquet(&missed, &[]);
    let (code, text) = check(&missed);
    assert!(code == Some(1) && text.contains("offence.group_flag row 3"), "{text}");
    assert!(text.contains("ST10") && text.contains("victim.home_lad row 10"), "{text}");

    // Days as doubles, as a data frame that lost its types writes them.
    let wrong = write_return(&folder.path().join("wrong"), "");
    as_parquet(&wrong, &["recorded_on"]);
    let (code, text) = check(&wrong);
    assert!(
        code == Some(1) && text.contains("ST04") && text.contains("offence.recorded_on rows 2, 3"),
        "{text}"
    );
    assert!(!text.contains("45717"), "{text}");

    // The hash is of the file, and a damaged file is named.
    let bytes = std::fs::read(good.join("victim.parquet")).unwrap();
    let mut file = std::fs::read_to_string(good.join("file.csv")).unwrap();
    file = file.replace(&hash(&bytes), &hash(b"another"));
    std::fs::write(good.join("file.csv"), file).unwrap();
    assert!(check(&good).1.contains("ST02"));
    std::fs::write(good.join("victim.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, text) = check(&good);
    assert!(code == Some(1) && text.contains("victim.parquet: is a damaged Parquet file"), "{text}");
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
