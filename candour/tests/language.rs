//! The language audit from the command line: what it finds in files of every kind, what it prints, and what it keeps to itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::writer::SerializedFileWriter;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

fn language(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour"))
        .arg("language")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What is printed, with the exit code that must come with it.
fn printed(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = language(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is said on standard error, with the exit code that must come with it.
fn said(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = language(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    error
}

fn object(folder: &Path, arguments: &[&str], code: i32) -> Value {
    serde_json::from_str(&printed(folder, arguments, code)).unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const LINES: &str = r#"{"id":"a","text":"Él: she is promiscuous.","meta":{"subject_age":14,"doc_type":"case_note"}}
{"id":"b","text":"She plays chess.","meta":{}}

{"id":"c","text":"She is at risk of CSE. She told the nurse that a man had assaulted her.","meta":{"fields":{"level":"medium"}}}
"#;

#[test]
fn a_line_of_predictions_for_each_note() {
    let folder = folder(&[("notes.jsonl", LINES)]);
    let told = printed(folder.path(), &["check", "--format", "jsonl", "notes.jsonl"], 0);
    let lines: Vec<Value> = told.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.iter().map(|l| l["id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    // Offsets are of characters, not of bytes.
    let span = &lines[0]["language"][0];
    assert_eq!(
        (span["category"].as_str(), span["start"].as_u64(), span["end"].as_u64()),
        (Some("B4"), Some(11), Some(22))
    );
    assert_eq!(lines[1], json!({"id": "b", "language": [], "annotations": [], "record_flags": []}));
    assert_eq!(lines[2]["record_flags"], json!(["C1"]));
    let sign = lines[2]["annotations"].as_array().unwrap().iter().find(|a| a["code"] == "H09").unwrap();
    assert_eq!(
        (sign["assertion"].as_str(), sign["experiencer"].as_str()),
        (Some("affirmed"), Some("subject"))
    );
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let notes: String = (0..9_000).fold(String::new(), |mut text, n| {
        let says =
            ["She is hard to reach.", "He was missing overnight.", "All is well.", "He is at risk of CSE."];
        writeln!(text, r#"{{"id":{n},"text":"Visit {n}. {} {}"}}"#, says[n % 4], says[n / 4 % 4]).unwrap();
        text
    });
    let folder = folder(&[("notes.jsonl", &notes)]);
    let told = |format: &str, threads: &str| {
        language(folder.path(), &["check", "notes.jsonl", "--format", format, "--threads", threads]).stdout
    };
    for format in ["jsonl", "json"] {
        let one = told(format, "1");
        assert!(!one.is_empty() && one == told(format, "3"), "{format} differs by the number of threads");
    }
    assert_eq!(String::from_utf8(told("jsonl", "2")).unwrap().lines().count(), 9_000);
}

#[test]
fn bad_lines_are_named_and_their_words_are_not() {
    let folder = folder(&[(
        "notes.jsonl",
        "{\"id\":\"a\",\"text\":\"Secretword plays chess.\"}\n{\"text\": Secretword}\n[\"Secretword\"]\n{\"note\":7}\n{\"id\":\"e\",\"text\":\"Fine.\",\"meta\":{\"subject_age\":\"Secretword\",\"date\":\"Secretword\"}}\n",
    )]);
    let arguments = ["check", "--format", "jsonl", "notes.jsonl"];
    assert_eq!(printed(folder.path(), &arguments, 2).lines().count(), 2);
    let error = said(folder.path(), &arguments, 2);
    for place in [
        "line 2: is not JSON",
        "line 3: is no JSON object",
        "line 4: its text is no string",
        "an age",
        "a date",
    ] {
        assert!(error.contains(place), "{place}: {error}");
    }
    assert!(!error.contains("Secretword"), "a log holds no words of a note: {error}");
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let folder = folder(&[
        ("a.txt", "She absconded."),
        ("c.csv", "number,words\n1,She absconded.\n"),
        ("empty.txt", "  "),
        ("bad.toml", "[pack]\nname = \"x\"\nsurprise = 1\n"),
        ("short.key", "abc"),
    ]);
    for (arguments, words) in [
        (&["check", "gone.txt"][..], "gone.txt: there is no such file"),
        (&["check"], "name a file or a folder"),
        (
            &["check", "c.csv"],
            "has no column of text; name it with --columns text=NAME. It has number, words",
        ),
        (&["check", "c.csv", "--columns", "txt=words"], "txt is nothing that a note knows"),
        (&["check", "c.csv", "--columns", "text=wrods"], "has no column wrods"),
        (&["check", "empty.txt"], "empty.txt: is empty"),
        (&["check", "a.txt", "--pack", "bad.toml"], "surprise"),
        (&["check", "a.txt", "--key", "short.key"], "too short for a key"),
        (&["check", "a.txt", "--write-baseline", "b.tsv", "--reason", "seen"], "name the key with --key"),
        (&["check", "a.txt", "--format", "jsonl", "--why"], "go with the other formats"),
        (&["rates", "a.txt", "--by", "colour"], "colour is nothing to count by"),
    ] {
        let error = said(folder.path(), arguments, 2);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    // One file that cannot be read costs the others nothing.
    let both = language(folder.path(), &["check", "a.txt", "empty.txt"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8(both.stdout).unwrap().contains("B5-absconding"));
}

#[test]
fn words_are_printed_only_when_asked_for() {
    let folder = folder(&[("a.txt", "She is promiscuous.\n\nHer father says that she is a liar.\n")]);
    for format in ["text", "json", "sarif", "csv", "junit", "html"] {
        let silent = printed(folder.path(), &["check", "a.txt", "--format", format, "--why"], 0);
        assert!(!silent.contains("She is") && !silent.contains("liar"), "{format}: {silent}");
        let told = printed(folder.path(), &["check", "a.txt", "--format", format, "--quotes"], 0);
        assert!(told.contains("promiscuous") || format == "junit", "{format}");
        let again = printed(folder.path(), &["check", "a.txt", "--format", format, "--quotes"], 0);
        assert_eq!(told, again, "{format}: the same input gives the same bytes");
    }
    let text = printed(folder.path(), &["check", "a.txt", "--quotes", "--why", "--fail-on", "warning"], 1);
    assert!(text.contains("She is promiscuous.\n           ^^^^^^^^^^^\n"), "{text}");
    assert!(text.contains("not counted, reported speech: [B4-label] \"liar\""), "{text}");
    assert!(text.contains("1 not counted: reported speech 1"), "{text}");
}

#[test]
fn every_format_is_what_it_says_it_is() {
    let folder = folder(&[("notes.jsonl", LINES), ("folder name/a.md", "# Visit\n\nShe absconded.\n")]);
    let inputs = ["notes.jsonl", "folder name"];
    let of =
        |format: &str| printed(folder.path(), &[&["check", "--format", format][..], &inputs].concat(), 1);
    let found: Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!((found["alarms"].as_u64(), found["notes"].as_u64()), (Some(3), Some(4)));
    assert_eq!(found["packs"][0]["sha256"].as_str().unwrap().len(), 64);
    let sarif: Value = serde_json::from_str(&of("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!((sarif["version"].as_str(), results.len()), (Some("2.1.0"), 3));
    let physical = &results[2]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "folder%20name/a.md");
    assert_eq!(physical["region"]["startLine"], 3);
    assert!(results[0].get("partialFingerprints").is_none(), "without a key there are no hashes");
    assert_eq!(results[1]["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 2);
    assert_eq!(of("csv").lines().count(), 4);
    let junit = of("junit");
    assert!(junit.contains("tests=\"4\" failures=\"3\""), "{junit}");
    let html = of("html");
    assert!(html.contains("folder name/a.md, paragraph 2, line 3") && !html.contains("<script"), "{html}");
}

#[test]
fn alarms_are_left_out_with_a_reason_and_counted() {
    let folder = folder(&[
        (
            "a.txt",
            "She absconded. [candour: allow B5 because this copies the police log]\n\nShe is promiscuous.\n",
        ),
        ("b.txt", "She absconded. [candour: allow B5]\n"),
    ]);
    let check = |more: &[&str]| {
        object(folder.path(), &[&["check", "a.txt", "b.txt", "--format", "json"][..], more].concat(), 0)
    };
    let first = check(&["--key", "vault/key", "--write-baseline", "seen.tsv", "--reason", "read in March"]);
    assert_eq!((first["alarms"].as_u64(), first["not_counted"]["suppressed"].as_u64()), (Some(2), Some(1)));
    assert!(first["complaints"][0].as_str().unwrap().contains("gives no reason"), "{first}");
    assert_eq!(first["findings"][0]["suppressed"], "this copies the police log");
    let baseline = fs::read_to_string(folder.path().join("seen.tsv")).unwrap();
    assert_eq!(baseline.lines().count(), 2);
    // One line is thought better of.
    fs::write(folder.path().join("seen.tsv"), baseline.lines().find(|l| l.contains("B4")).unwrap()).unwrap();
    let again = check(&["--key", "vault/key", "--baseline", "seen.tsv"]);
    assert_eq!((again["alarms"].as_u64(), again["not_counted"]["suppressed"].as_u64()), (Some(1), Some(2)));
    // Another key gives other hashes, so the baseline says nothing.
    assert_eq!(check(&["--key", "vault/other", "--baseline", "seen.tsv"])["alarms"], 2);
}

const PACK: &str = r#"
[pack]
name = "ours"
version = "1"
reviewed = "2026-11-01"
language = "en-GB"

[source.council]
document = "House style"
publisher = "Eastmarsh Council"
year = 2026

[[rule]]
id = "ours-frequent-flyer"
category = "B4"
kind = "wording"
severity = "error"
pattern = ["frequent flyer"]
suggestion = "Say how often the child came and what was found."
source = "council"
place = "page 2"
match = ["She is a frequent flyer at the clinic."]
no-match = ["She comes often to the clinic."]
"#;

#[test]
fn a_pack_of_ones_own_is_added_with_its_tests() {
    let folder = folder(&[
        ("ours.toml", PACK),
        ("a.txt", "She is a frequent flyer.\n"),
        (
            "cases.md",
            "# Our cases\n\nThe word is ours.\n\n```notes age=14\nShe is a [frequent flyer](B4).\nThe word '[frequent flyer](not B4)' will be changed.\n```\n",
        ),
        (
            "wrong.toml",
            &PACK.replace("She comes often", "She is a frequent flyer").replace("= \"ours\"", "= \"wrong\""),
        ),
        ("untested.toml", &PACK.replace("no-match", "# no-match")),
        ("wrong.md", "```notes\nShe plays [chess](B4).\n```\n"),
    ]);
    let found = object(folder.path(), &["check", "a.txt", "--pack", "ours.toml", "--format", "json"], 1);
    assert_eq!(found["findings"][0]["rule"], "ours-frequent-flyer");
    assert_eq!(found["packs"].as_array().unwrap().last().unwrap()["name"], "ours");
    let told = printed(folder.path(), &["test", "ours.toml", "cases.md"], 0);
    assert!(
        told.contains("1 of them in the packs named") && told.contains("2 marked notes, 0 fail"),
        "{told}"
    );
    let wrong = printed(folder.path(), &["test", "wrong.toml"], 1);
    assert!(wrong.contains("should not be reported") && wrong.contains("1 fail"), "{wrong}");
    assert!(printed(folder.path(), &["test", "untested.toml"], 1).contains("none not to"));
    assert!(printed(folder.path(), &["test", "wrong.md"], 1).contains("chess"));
    let own = object(folder.path(), &["test", "--format", "json"], 0);
    assert_eq!(own["texts_failed"], json!([]));
    assert!(own["texts"].as_u64() > Some(100));
    assert!(said(folder.path(), &["test", "ours.toml", "ours.toml"], 2).contains("used twice"));
    printed(folder.path(), &["vale", "--out", "styles/Candour", "--pack", "ours.toml"], 0);
    fs::create_dir_all(folder.path().join("House")).unwrap();
    let rule = "extends: substitution\nmessage: \"Write '%s', not '%s'.\"\nlevel: error\nswap:\n  frequent flyer: frequent visitor\n";
    fs::write(folder.path().join("House/Names.yml"), rule).unwrap();
    let vale = ["check", "a.txt", "--vale", "House", "--format", "json", "--quotes"];
    let taken = object(folder.path(), &vale, 1);
    assert_eq!(
        (taken["findings"][0]["rule"].as_str(), taken["findings"][0]["suggestion"].as_str()),
        (Some("House.Names"), Some("frequent visitor"))
    );
    let style = fs::read_dir(folder.path().join("styles/Candour")).unwrap().count();
    assert!(style > 10, "{style} rules of a Vale style");
}

/// Thirty short records, each of one to three paragraphs.
fn records() -> Vec<Vec<String>> {
    let wording = [
        "She is putting herself at risk by staying out late.",
        "He refuses to engage with the service.",
        "She is streetwise and knows how to get around the staff.",
        "He absconded from the placement on Friday.",
        "She is mature for her age, the duty worker has written.",
        "He has changed his story again.",
    ];
    let plain = [
        "The plan was read through with the carer, who asked for a copy of it and thanked the worker for coming.",
        "School was told about the new timetable.",
        "The dentist was visited on Monday and all is well there.",
    ];
    let record = [
        "She is assessed as at medium risk of child sexual exploitation.",
        "She told the nurse that a man had harmed her, and the nurse wrote it down on the same day.",
        "Her father says that she is promiscuous; we do not agree.",
    ];
    (0..30)
        .map(|n| {
            let mut first = format!("Note {} of the invented set. {}", n + 1, plain[n % 3]);
            if n % 5 != 4 {
                first = format!("{first} {}", wording[n % 6]);
            }
            let mut all = vec![first];
            if n % 3 > 0 {
                all.push(format!("{} {}", plain[(n + 1) % 3], record[n % 2]));
            }
            if n % 3 > 1 {
                all.push(format!("{} {}", record[(n + 1) % 3], wording[(n + 3) % 6]));
            }
            all
        })
        .collect()
}

fn zipped(members: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The last of several paragraphs stands on a page of its own, in formats that have pages.
fn page_of(paragraph: usize, all: usize) -> usize {
    if all > 1 && paragraph == all - 1 { 2 } else { 1 }
}

/// Lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            last.push_str(word);
        } else if last.len() + 1 + word.len() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn docx(record: &[String]) -> Vec<u8> {
    let mut body = String::new();
    for (n, text) in record.iter().enumerate() {
        let turn = if page_of(n, record.len()) == 2 { r#"<w:br w:type="page"/>"# } else { "" };
        write!(body, r#"<w:p><w:r>{turn}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>"#).unwrap();
    }
    zipped(&[
        ("[Content_Types].xml", "<Types/>".into()),
        ("word/document.xml", format!(r#"<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#)),
    ])
}

fn odt(record: &[String]) -> Vec<u8> {
    let mut body = String::new();
    for (n, text) in record.iter().enumerate() {
        let turn = if page_of(n, record.len()) == 2 { "<text:soft-page-break/>" } else { "" };
        write!(body, "{turn}<text:p>{text}</text:p>").unwrap();
    }
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text>{body}</office:text></office:body></office:document-content>"#
    );
    zipped(&[("mimetype", "application/vnd.oasis.opendocument.text".into()), ("content.xml", content)])
}

/// A PDF with a page for each stretch of paragraphs, set in one of the fourteen standard fonts.
fn pdf(record: &[String]) -> Vec<u8> {
    let mut pages = vec![String::new(); page_of(record.len() - 1, record.len())];
    let mut top = vec![780; pages.len()];
    for (n, text) in record.iter().enumerate() {
        let page = page_of(n, record.len()) - 1;
        for line in wrapped(text, 70) {
            let safe = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
            writeln!(pages[page], "BT /F1 11 Tf 72 {} Td ({safe}) Tj ET", top[page]).unwrap();
            top[page] -= 14;
        }
        top[page] -= 16;
    }
    let kids: Vec<String> = (0..pages.len()).map(|p| format!("{} 0 R", 4 + 2 * p)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), kids.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    for (p, text) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
            5 + 2 * p
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len() + 1));
    }
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        write!(file, "{} 0 obj\n{object}\nendobj\n", n + 1).unwrap();
    }
    let start = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for place in places {
        writeln!(file, "{place:010} 00000 n ").unwrap();
    }
    write!(file, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1)
        .unwrap();
    file.into_bytes()
}

fn xlsx(records: &[Vec<String>]) -> Vec<u8> {
    let mut rows = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>text</t></is></c></row>"#.to_owned();
    for (n, record) in records.iter().enumerate() {
        let row = n + 2;
        let text = record.join("\n\n");
        write!(
            rows,
            r#"<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{n:02}</t></is></c><c r="B{row}" t="s"><v>{n}</v></c></row>"#
        )
        .unwrap();
        assert!(!text.contains(['<', '&']));
    }
    let shared: String =
        records.iter().fold(String::new(), |all, r| all + "<si><t>" + &r.join("\n\n") + "</t></si>");
    zipped(&[
        ("xl/workbook.xml", r#"<workbook xmlns:r="r"><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/></sheets></workbook>"#.into()),
        ("xl/_rels/workbook.xml.rels", r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#.into()),
        ("xl/sharedStrings.xml", format!("<sst>{shared}</sst>")),
        ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ])
}

/// What was found in a record: the rule, the words, and the evidence's words.
type Found = Vec<(String, String, Vec<String>)>;

/// Findings by record, and the anchor of each.
fn found(told: &Value, record_of: impl Fn(&Value) -> usize) -> (Vec<Found>, Vec<Vec<Value>>) {
    let (mut all, mut anchors) = (vec![Found::new(); 30], vec![Vec::new(); 30]);
    let words = |l: &Value| l["quote"].as_str().unwrap().to_owned();
    for f in told["findings"].as_array().unwrap() {
        let record = record_of(&f["location"]);
        let evidence = f["evidence"].as_array().map(|e| e.iter().map(words).collect()).unwrap_or_default();
        all[record].push((f["rule"].as_str().unwrap().to_owned(), words(&f["location"]), evidence));
        anchors[record].push(f["location"]["anchor"].clone());
    }
    (all, anchors)
}

#[test]
fn nine_formats_of_the_same_records_give_the_same_findings_at_their_places() {
    let records = records();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let (mut csv, mut lines) = ("id,text\n".to_owned(), String::new());
    for (n, record) in records.iter().enumerate() {
        let paragraphs: Vec<String> = record.iter().map(|p| wrapped(p, 60).join("\n")).collect();
        write(&format!("txt/{n:02}.txt"), paragraphs.join("\n\n").as_bytes());
        write(&format!("md/{n:02}.md"), paragraphs.join("\n\n").as_bytes());
        let page: String = record.iter().fold(String::new(), |all, p| all + "<p>" + p + "</p>\n");
        write(
            &format!("html/{n:02}.html"),
            format!("<!doctype html><html><body>{page}</body></html>").as_bytes(),
        );
        write(&format!("docx/{n:02}.docx"), &docx(record));
        write(&format!("odt/{n:02}.odt"), &odt(record));
        write(&format!("pdf/{n:02}.pdf"), &pdf(record));
        let head = "From: Duty <duty@example.org>\r\nTo: team@example.org\r\nSubject: Note\r\nDate: Tue, 3 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
        write(&format!("eml/{n:02}.eml"), format!("{head}{}\r\n", paragraphs.join("\r\n\r\n")).as_bytes());
        writeln!(csv, "{n:02},\"{}\"", record.join("\n\n")).unwrap();
        writeln!(lines, "{}", json!({"id": format!("{n:02}"), "text": record.join("\n\n")})).unwrap();
    }
    write("notes.csv", csv.as_bytes());
    write("notes.xlsx", &xlsx(&records));
    write("notes.jsonl", lines.as_bytes());
    let check = |input: &str| {
        object(folder.path(), &["check", input, "--format", "json", "--quotes", "--age", "14"], 1)
    };
    let by_id = |l: &Value| l["note"].as_str().unwrap().parse().unwrap();
    let (expected, _) = found(&check("notes.jsonl"), by_id);
    let alarms: usize = expected.iter().map(Vec::len).sum();
    assert!(alarms > 30 && expected.iter().flatten().any(|f| f.0 == "C1"), "{expected:?}");

    for table in ["notes.csv", "notes.xlsx"] {
        let (all, anchors) = found(&check(table), by_id);
        assert_eq!(all, expected, "{table}");
        for (n, anchor) in anchors.iter().enumerate().flat_map(|(n, a)| a.iter().map(move |a| (n, a))) {
            assert_eq!(anchor["row"], n + 2, "{table}");
            assert_eq!(anchor["cell"], format!("B{}", n + 2), "{table}");
        }
    }
    // The heads of a letter are paragraphs too.
    for (format, before) in
        [("txt", 0), ("md", 0), ("html", 0), ("docx", 0), ("odt", 0), ("pdf", 0), ("eml", 4)]
    {
        let told = check(format);
        let by_name = |l: &Value| {
            let name = l["note"].as_str().unwrap().rsplit('/').next().unwrap();
            name.split('.').next().unwrap().parse().unwrap()
        };
        let (all, anchors) = found(&told, by_name);
        assert_eq!(all, expected, "{format}");
        for (n, record) in records.iter().enumerate() {
            for ((_, words, _), anchor) in all[n].iter().zip(&anchors[n]) {
                let paragraph = anchor["paragraph"].as_u64().unwrap() as usize - 1 - before;
                assert!(record[paragraph].contains(words.as_str()), "{format} {n}: {anchor}");
                if matches!(format, "pdf" | "docx" | "odt") {
                    assert_eq!(anchor["page"], page_of(paragraph, record.len()), "{format} {n}: {anchor}");
                }
                if format == "txt" {
                    let text = fs::read_to_string(folder.path().join(format!("txt/{n:02}.txt"))).unwrap();
                    let line = text.lines().nth(anchor["line"].as_u64().unwrap() as usize - 1).unwrap();
                    let first = words.split(' ').next().unwrap();
                    assert!(line.contains(first), "{n}: {line}: {words}");
                }
            }
        }
    }
}

#[test]
fn comments_cells_and_messages_have_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let body = r"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Seen</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>She absconded.</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:t>She is </w:t></w:r><w:del><w:r><w:delText>promiscuous </w:delText></w:r></w:del><w:ins><w:r><w:t>well.</w:t></w:r></w:ins></w:p>";
    let bytes = zipped(&[
        ("word/document.xml", format!(r#"<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#)),
        (
            "word/comments.xml",
            r#"<w:comments xmlns:w="w"><w:comment w:id="1"><w:p><w:r><w:t>She is hard to reach.</w:t></w:r></w:p></w:comment></w:comments>"#.into(),
        ),
    ]);
    fs::write(folder.path().join("a.docx"), bytes).unwrap();
    let mail = |text: &str| {
        format!(
            "From duty@example.org Tue Mar  3 10:00:00 2026\nFrom: duty@example.org\nSubject: Note\nMIME-Version: 1.0\n\n{text}\n\n"
        )
    };
    fs::write(folder.path().join("b.mbox"), mail("All is well.") + &mail("She absconded.")).unwrap();
    let found = object(folder.path(), &["check", "a.docx", "b.mbox", "--format", "json"], 0);
    let anchors: Vec<&Value> =
        found["findings"].as_array().unwrap().iter().map(|f| &f["location"]["anchor"]).collect();
    assert_eq!(anchors.len(), 3, "deleted words are nobody's any more: {found}");
    assert_eq!((anchors[0]["table"].as_str(), anchors[0]["cell"].as_str()), (Some("table 1"), Some("B1")));
    assert_eq!(anchors[1]["comment"], true);
    assert_eq!(
        (anchors[2]["file"].as_str(), anchors[2]["table"].as_str()),
        (Some("b.mbox"), Some("message 2"))
    );
    assert_eq!(found["findings"][2]["location"]["note"], "b.mbox:2");
}

/// A Parquet table with notes, a day and an age.
fn parquet() -> Vec<u8> {
    let schema =
        "message notes { required binary text (UTF8); required int32 date (DATE); optional int32 age; }";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts = ["All is well.", "She absconded."].map(ByteArray::from);
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[19_783, 19_784], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[14], Some(&[0, 1]), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.into_inner().unwrap()
}

#[test]
fn parquet_is_read_and_a_damaged_table_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let whole = parquet();
    fs::write(folder.path().join("a.parquet"), &whole).unwrap();
    fs::write(folder.path().join("b.parquet"), b"PAR1 not a table PAR1").unwrap();
    let mut bent = whole.clone();
    bent[20..60].fill(0xA5);
    fs::write(folder.path().join("c.parquet"), bent).unwrap();
    let found = object(folder.path(), &["check", "a.parquet", "--format", "json"], 0);
    assert_eq!(found["findings"][0]["location"]["note"], "a.parquet:3");
    assert_eq!(found["findings"][0]["location"]["anchor"]["cell"], "A3");
    let rates = object(
        folder.path(),
        &["rates", "a.parquet", "--by", "month", "--fewest", "1", "--format", "json"],
        0,
    );
    assert_eq!(rates["breakdowns"][0]["groups"][0]["name"], "2024-03");
    for name in ["b.parquet", "c.parquet"] {
        let error = said(folder.path(), &["check", name], 2);
        assert!(error.contains(name) && error.contains("damaged Parquet file"), "{error}");
    }
}

#[test]
fn notes_of_one_child_are_read_together_where_a_table_says_whose_they_are() {
    let folder = folder(&[
        ("notes/1.txt", "She told the nurse that a man had assaulted her."),
        ("notes/2.txt", "She is at risk of CSE."),
        ("about.csv", "file,child,date,body\nnotes/1.txt,k1,2024-01-10,North\n2.txt,k1,02/02/2024,North\n"),
    ]);
    let apart = object(folder.path(), &["check", "notes", "--format", "json"], 0);
    assert_eq!(apart["alarms"], 0);
    let together = object(folder.path(), &["check", "notes", "--about", "about.csv", "--format", "json"], 1);
    assert_eq!(together["findings"][0]["rule"], "C1");
    assert_eq!(together["findings"][0]["evidence"][0]["note"], "notes/1.txt");
    let short = object(
        folder.path(),
        &["check", "notes", "--about", "about.csv", "--format", "json", "--days-before", "7"],
        0,
    );
    assert_eq!(short["alarms"], 0, "the evidence is older than the window");
}

/// Notes of two bodies of twelve children and one of three.
fn table() -> String {
    let mut text = "id,text,child,body,date,doc_type,author_role,flagged\n".to_owned();
    for n in 0..270 {
        let (body, children) = [("North", 12), ("South", 12), ("Small", 3)][n % 3];
        let child = n / 3 % children;
        let says = match (body, n % 7) {
            ("North", 0..=2) | ("South", 0) => "He refuses to engage. He is hard to reach.",
            (_, 4) => "He was missing overnight. He had money he cannot explain.",
            _ => "The plan was read through.",
        };
        let (month, year) = (n / 3 % 12 + 1, 2023 + n / 135);
        let flagged = if year == 2023 { "yes" } else { "no" };
        writeln!(text, "n{n},{says},{body}-{child},{body},{year}-{month:02}-05,case_note,worker,{flagged}")
            .unwrap();
    }
    text
}

#[test]
fn rates_stand_beside_their_intervals_and_small_groups_are_withheld() {
    let folder = folder(&[("notes.csv", &table())]);
    let arguments = ["rates", "notes.csv", "--flag", "flagged", "--at", "2024-01-01", "--format", "json"];
    let told = object(folder.path(), &arguments, 0);
    let bodies = &told["breakdowns"][0];
    let group =
        |name: &str| bodies["groups"].as_array().unwrap().iter().find(|g| g["name"] == name).unwrap().clone();
    let [north, south, small] = ["North", "South", "Small"].map(group);
    let rate = |g: &Value| {
        g["per_1000_notes"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>()
    };
    let (n, s) = (rate(&north), rate(&south));
    assert!(n[0] > 2.0 * s[0] && n[1] < n[0] && n[0] < n[2], "{n:?} {s:?}");
    assert_eq!(small, json!({"name": "Small"}), "three children are too few");
    assert_eq!(north["children"], 10, "to the nearest five");
    assert!(told["changes"][0]["ratio"].is_array() && told["series"]["months"].is_array(), "{told}");
    assert_eq!(told, object(folder.path(), &arguments, 0));
    let text =
        printed(folder.path(), &["rates", "notes.csv", "--by", "body", "--by", "body+document-type"], 0);
    assert!(text.contains("withheld") && text.contains("North, case note"), "{text}");
    let page = printed(folder.path(), &["rates", "notes.csv", "--format", "html"], 0);
    assert!(page.contains("<svg") && page.contains("no league table") == page.contains("Funnel"), "{page}");
    assert!(!page.contains("<script") && !page.contains("North-1"), "no child's key is printed");
    let csv = printed(folder.path(), &["rates", "notes.csv", "--format", "csv"], 0);
    assert!(csv.contains("body,Small,withheld") && !csv.contains("North-1"), "{csv}");
}

#[test]
fn released_rates_have_a_page_of_the_site_and_no_child_has() {
    let folder = tempfile::tempdir().unwrap();
    let candour = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_candour"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    candour(&["init", "audit"]);
    let page = |site: &str| {
        candour(&["publish", site, "--workspace", "audit"]);
        fs::read_to_string(folder.path().join(site).join("language/index.html")).unwrap()
    };
    assert!(page("before").contains("No rates have been released"));
    let notes = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/language/notes.jsonl");
    candour(&[
        "language",
        "rates",
        notes,
        "--flag",
        "cse_flag",
        "--format",
        "json",
        "--out",
        "audit/releases/language.json",
    ]);
    let after = page("after");
    assert!(after.contains("Brackenfold Police") && after.contains("<svg"), "{after}");
    assert!(
        after.contains("Hollin Isle Council</th><td class=\"n\">withheld"),
        "six children are too few: {after}"
    );
    assert!(!after.contains("brackenfold-01") && !after.contains("<script"), "{after}");
    let released = fs::read_to_string(folder.path().join("audit/releases/language.json")).unwrap();
    assert!(!released.contains("brackenfold-01"), "no child's key is released");
    // What is damaged is refused by name.
    fs::write(folder.path().join("audit/releases/language.json"), "{}").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_candour"))
        .args(["publish", "third", "--workspace", "audit"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("language.json"));
}

#[test]
fn two_readers_say_how_often_the_rules_are_right() {
    let folder = folder(&[("notes.csv", &table())]);
    let drawn = printed(folder.path(), &["sample", "notes.csv", "--each", "8", "--out", "review"], 0);
    assert!(drawn.contains("from 3 bodies"), "{drawn}");
    let read = |name: &str| fs::read_to_string(folder.path().join("review").join(name)).unwrap();
    let key: Value = serde_json::from_str(&read("key.json")).unwrap();
    let notes = key["notes"].as_array().unwrap();
    assert!(read("reader-1.html").contains("Note 1") && !read("reader-1.html").contains("refuses-to-engage"));
    assert!(!read("reader-1.csv").contains("alarm"), "readers are blind to the alarms");
    assert!(said(folder.path(), &["sample", "--read", "review"], 2).contains("yes or no"));
    // The first reader agrees with the rules; the second misses one alarm and finds a note that the rules passed over.
    let alarm = |number: usize| notes[number - 1]["alarm"] == true;
    let first_alarm = (1..=notes.len()).find(|n| alarm(*n)).unwrap();
    let first_silent = (1..=notes.len()).find(|n| !alarm(*n)).unwrap();
    for (name, odd) in [("reader-1.csv", vec![]), ("reader-2.csv", vec![first_alarm, first_silent])] {
        let mut text = "number,judgement\n".to_owned();
        for number in 1..=notes.len() {
            let yes = alarm(number) != odd.contains(&number);
            writeln!(text, "{number},{}", if yes { "yes" } else { "no" }).unwrap();
        }
        fs::write(folder.path().join("review").join(name), text).unwrap();
    }
    let told = printed(folder.path(), &["sample", "--read", "review"], 0);
    assert!(told.contains("kappa") && told.contains("2 notes are not settled"), "{told}");
    let early = ["rates", "notes.csv", "--quality", "review/quality.json"];
    assert!(said(folder.path(), &early, 2).contains("2 notes are not settled"));
    fs::write(
        folder.path().join("review/differ.csv"),
        format!("number,judgement\n{first_alarm},yes\n{first_silent},yes\n"),
    )
    .unwrap();
    printed(folder.path(), &["sample", "--read", "review"], 0);
    let quality: Value = serde_json::from_str(&read("quality.json")).unwrap();
    let total = notes.len() as f64;
    assert!((quality["observed"].as_f64().unwrap() - (total - 2.0) / total).abs() < 1e-9);
    assert_eq!(quality["open"], 0);
    let rates = object(
        folder.path(),
        &["rates", "notes.csv", "--quality", "review/quality.json", "--format", "json"],
        0,
    );
    let groups = rates["breakdowns"][0]["groups"].as_array().unwrap().clone();
    let north = groups.iter().find(|g| g["name"] == "North").unwrap();
    assert!(north["corrected_share"][0].as_f64().unwrap() > 0.3, "{north}");
    assert!(groups.iter().find(|g| g["name"] == "Small").unwrap().get("corrected_share").is_none());
    // A sample is not drawn over one that may hold judgements.
    assert!(said(folder.path(), &["sample", "notes.csv", "--out", "review"], 2).contains("another folder"));
}
