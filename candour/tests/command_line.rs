//! The program as a user runs it: exit codes, one-line errors, crash safety, tampering, the site.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

struct Test {
    folder: tempfile::TempDir,
}

impl Test {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_candour"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed; its standard output.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with a code and one line on standard error that holds some words.
    fn fails(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "one line: {error}");
        assert!(!error.contains("panicked"), "{error}");
        for word in words {
            assert!(error.contains(word), "{word:?} is not in {error:?}");
        }
    }

    fn workspace(&self) -> &'static str {
        self.ok(&["init", "w", "--name", "Test register"]);
        self.ok(&["register", "import", "--bundled", "-w", "w"]);
        "w"
    }
}

#[test]
fn unreadable_input_is_one_line_and_a_code() {
    let test = Test::new();
    test.file("empty.pdf", b"");
    test.file("short.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Cat");
    test.file("archive.pdf", b"PK\x03\x04\x14\x00\x00\x00");
    test.file("noise.txt", &[0, 159, 146, 150, 1, 2, 3, 0, 255]);
    fs::create_dir(test.path("folder")).unwrap();
    test.fails(&["read", "empty.pdf"], 2, &["empty.pdf", "empty"]);
    test.fails(&["read", "short.pdf"], 2, &["short.pdf", "damaged"]);
    test.fails(&["read", "archive.pdf"], 2, &["archive.pdf", "ZIP"]);
    test.fails(&["read", "noise.txt"], 2, &["noise.txt", "not text"]);
    test.fails(&["read", "folder"], 2, &["folder", "is a folder"]);
    test.fails(&["read", "nowhere.pdf"], 2, &["nowhere.pdf", "no such file"]);
    let huge = fs::File::create(test.path("huge.pdf")).unwrap();
    huge.set_len(2 << 30).unwrap();
    test.fails(&["read", "huge.pdf"], 2, &["huge.pdf", "2048 MiB", "limit"]);
    test.fails(&["register", "list", "-w", "nowhere"], 2, &["nowhere", "candour init"]);
}

#[test]
fn one_bad_file_costs_the_others_nothing() {
    let test = Test::new();
    test.file("empty.txt", b"");
    test.file("good.md", b"# Recommendations\n\n1. The Board should publish its returns by 1 May 2026.\n2. The Board should meet.\n");
    let output = test.run(&["read", "empty.txt", "good.md", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read["items"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_read_keeps_its_contract() {
    let test = Test::new();
    let source = "# The harbour report\n\n## Recommendations\n\n1. The Harbour Board should publish a register of missed visits within six months of the publication of this report.\n2. The Ministry of Works and the Coast Council should meet at least every three years.\n\n## Annex\n\nText.\n";
    test.file("report.md", source.as_bytes());
    let out = test.ok(&[
        "read",
        "report.md",
        "--published",
        "2025-03-03",
        "--kind",
        "report",
        "--format",
        "json",
        "--text",
        "text.txt",
    ]);
    let read: serde_json::Value = serde_json::from_str(&out).unwrap();
    let text: Vec<char> = fs::read_to_string(test.path("text.txt")).unwrap().chars().collect();
    let items = read["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        let (start, end) = (item["start"].as_u64().unwrap() as usize, item["end"].as_u64().unwrap() as usize);
        assert_eq!(text[start..end].iter().collect::<String>(), item["text"].as_str().unwrap());
    }
    assert_eq!(items[0]["number"], "1");
    assert_eq!(items[0]["addressees"], serde_json::json!(["Harbour Board"]));
    let limit = &items[0]["deadlines"][0];
    assert_eq!(
        (&limit["type"], &limit["amount"], &limit["unit"]),
        (&"within".into(), &6.into(), &"months".into())
    );
    assert_eq!(limit["date"], "2025-09-03");
    assert_eq!(items[1]["addressees"], serde_json::json!(["Ministry of Works", "Coast Council"]));
    assert_eq!(items[1]["deadlines"][0]["recurring"], "3 years");
    assert!((items[0]["confidence"].as_f64().unwrap() - 0.95).abs() < 1e-9);
    assert_eq!(read["document"]["published"], "2025-03-03");
}

#[test]
fn an_import_run_again_adds_nothing_and_the_log_holds() {
    let test = Test::new();
    let w = test.workspace();
    assert!(test.ok(&["register", "import", "--bundled", "-w", w]).contains("0 entries recorded"));
    assert!(test.ok(&["log", "verify", "-w", w]).contains("The log holds"));
}

#[test]
fn a_killed_import_keeps_what_it_acknowledged() {
    use std::io::{BufRead, BufReader};
    let test = Test::new();
    test.ok(&["init", "w"]);
    for round in 0..20u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_candour"))
            .args(["register", "import", "--bundled", "-w", "w"])
            .current_dir(test.folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Moments spread over the run by reading a different number of acknowledgements before the kill.
        let mut acknowledged = 0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref().take((round * 7 % 23) as usize) {
            if let Some(last) = line.unwrap().rsplit_once(" to ").and_then(|l| l.1.parse::<u64>().ok()) {
                acknowledged = last + 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let checked = test.ok(&["log", "verify", "-w", "w", "--format", "json"]);
        let checked: serde_json::Value = serde_json::from_str(&checked).unwrap();
        assert!(
            checked["entries"].as_u64().unwrap() >= acknowledged,
            "round {round}: {checked} after {acknowledged}"
        );
    }
    test.ok(&["register", "import", "--bundled", "-w", "w"]);
    assert!(test.ok(&["log", "verify", "-w", "w"]).contains("The log holds"));
}

#[test]
fn one_flipped_byte_is_found_and_its_entry_named() {
    let test = Test::new();
    let w = test.workspace();
    // Fold the write-ahead log into the database file, so that the byte is where a tamperer would look.
    let database = test.path(w).join("register.db");
    let words = b"Mandatory reporting";
    let mut bytes = fs::read(&database).unwrap();
    let at = bytes.windows(words.len()).position(|w| w == words).expect("the entry's words are in the file");
    bytes[at] ^= 1;
    fs::File::create(&database).unwrap().write_all(&bytes).unwrap();
    let output = test.run(&["log", "verify", "-w", w]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("entry_altered") && error.contains("entry index "), "{error}");
    assert!(error.contains("root_mismatch"), "{error}");
}

#[test]
fn a_flipped_byte_of_the_public_log_is_found() {
    let test = Test::new();
    let w = test.workspace();
    let bundle = test.path(w).join("log/tile/entries/001");
    let mut bytes = fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let output = test.run(&["log", "verify", "-w", w]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("entry index "));
}

#[test]
fn the_bundled_register_tells_what_it_knows_and_no_more() {
    let test = Test::new();
    let w = test.workspace();
    let list = |instrument: &str| -> Vec<serde_json::Value> {
        let out = test.ok(&["register", "list", "-w", w, "--instrument", instrument, "--format", "json"]);
        out.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    for (instrument, count) in
        [("iicsa-2022", 20), ("csea-networks-2022", 6), ("casey-2025", 12), ("hmicfrs-gbcse-2023", 6)]
    {
        assert_eq!(list(instrument).len(), count, "{instrument}");
    }
    let export = test.path("open");
    test.ok(&["register", "export", export.to_str().unwrap(), "-w", w]);
    let responses = fs::read_to_string(export.join("responses.csv")).unwrap();
    assert!(responses.contains("accepted_in_principle,accepts need to act"));
    assert!(!responses.contains(",accepted,accepts need to act"), "in principle is never accepted");
    let record = fs::read_to_string(export.join("recommendations.csv")).unwrap();
    let unseen = record.lines().find(|l| l.starts_with("casey-2025-07,")).unwrap();
    assert!(unseen.contains("unknown") && !unseen.contains("information systems"), "{unseen}");
}

#[test]
fn as_at_shows_only_what_had_happened() {
    let test = Test::new();
    let w = test.workspace();
    let before = test.ok(&["register", "show", "iicsa-2022-13", "-w", w, "--as-at", "2023-01-01"]);
    assert!(before.contains("UK Government: No answer yet"), "{before}");
    let after = test.ok(&["register", "show", "iicsa-2022-13", "-w", w, "--as-at", "2023-12-31"]);
    assert!(after.contains("UK Government: Accepted in principle only (answered 32 days late)"), "{after}");
    test.fails(
        &["register", "show", "iicsa-2022-13", "-w", w, "--as-at", "2020-01-01"],
        2,
        &["iicsa-2022-13", "at that date"],
    );
}

#[test]
fn every_link_of_the_published_site_leads_somewhere() {
    let test = Test::new();
    let w = test.workspace();
    test.ok(&["publish", "site", "-w", w]);
    let site = test.path("site");
    let mut pages = Vec::new();
    walk(&site, &mut pages);
    assert!(pages.len() > 500, "{}", pages.len());
    for page in &pages {
        let html = fs::read_to_string(page).unwrap();
        for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.split(['#', '?']).next().unwrap();
            if link.is_empty() || link.starts_with("http") || link.starts_with("data:") {
                continue;
            }
            let mut target = page.parent().unwrap().join(link);
            if link.ends_with('/') {
                target = target.join("index.html");
            }
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
        }
    }
}

#[test]
fn the_published_site_says_how_well_documents_are_read() {
    let test = Test::new();
    test.ok(&["publish", "site", "-w", test.workspace()]);
    let page = fs::read_to_string(test.path("site/accuracy/index.html")).unwrap();
    let measured: Value = serde_json::from_str(include_str!("../../docs/accuracy.json")).unwrap();
    for (name, kind) in measured["kinds"].as_object().unwrap() {
        let row =
            page.split("<tr>").find(|row| row.to_lowercase().contains(&format!(">{name}</th>"))).unwrap();
        for figure in ["right", "false", "missed"] {
            assert!(row.contains(&format!(">{}</td>", kind[figure])), "{name}: {row}");
        }
        assert!(row.contains(&format!("{:.3}", kind["recall"].as_f64().unwrap())), "{name}: {row}");
    }
    assert!(page.contains("The same, as first read") && page.contains("One annotator read each document"));
    assert!(!page.contains("<script"), "the page carries a script");
    let method = fs::read_to_string(test.path("site/method/index.html")).unwrap();
    assert!(method.contains("href=\"../accuracy/\""));
}

fn walk(folder: &Path, pages: &mut Vec<PathBuf>) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            // Dated views repeat the same templates; a sample of them is enough.
            if path.parent().is_some_and(|p| p.ends_with("as-at"))
                && !path.to_string_lossy().ends_with("2025-01-16")
            {
                continue;
            }
            walk(&path, pages);
        } else if path.extension().is_some_and(|e| e == "html") {
            pages.push(path);
        }
    }
}

#[test]
fn a_published_folder_is_never_something_else() {
    let test = Test::new();
    let w = test.workspace();
    fs::create_dir(test.path("mine")).unwrap();
    test.file("mine/keep.txt", b"x");
    test.fails(&["publish", "mine", "-w", w], 2, &["mine", "not a published site"]);
    assert!(test.path("mine/keep.txt").exists());
}

#[test]
fn recommendations_enter_the_register_only_by_name() {
    let test = Test::new();
    test.ok(&["init", "w"]);
    test.file("report.md", b"# Report\n\n## Recommendations\n\n1. The Harbour Board should publish its returns by 1 May 2026.\n2. The Board should meet each year.\n");
    test.ok(&["read", "report.md", "--published", "2025-03-03", "-w", "w"]);
    assert_eq!(test.ok(&["register", "list", "-w", "w"]), "", "a proposal is not a recommendation");
    let log = test.ok(&["log", "verify", "-w", "w"]);
    assert!(log.contains("3 entries"), "{log}");
    let hash = fs::read_dir(test.path("w/documents")).unwrap().next().unwrap().unwrap().file_name();
    let hash = hash.to_str().unwrap();
    let accepted = test.ok(&[
        "register",
        "accept",
        hash,
        "--instrument",
        "harbour-2025",
        "--title",
        "Harbour report",
        "--by",
        "A. Person",
        "-w",
        "w",
    ]);
    assert!(accepted.contains("accepted 2 recommendations"), "{accepted}");
    let shown = test.ok(&["register", "show", "harbour-2025-01", "-w", "w"]);
    assert!(shown.contains("The Harbour Board should publish") && shown.contains("page 1"), "{shown}");
    // Reading the same document again proposes nothing new.
    let again = test.run(&["read", "report.md", "--published", "2025-03-03", "-w", "w"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("0 new entries"));
}

#[test]
fn a_truncated_pdf_gives_what_it_holds_and_says_that_it_is_cut() {
    let test = Test::new();
    let whole = include_bytes!("../../examples/harbour-inquiry/documents/inquiry-report.pdf");
    test.file("cut.pdf", &whole[..whole.len() / 2]);
    let output = test.run(&["read", "cut.pdf", "--format", "json"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cut.pdf") && error.contains("pages_missing") && !error.contains("panicked"),
        "{error}"
    );
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(read["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "pages_missing"));
}

#[test]
fn what_was_recorded_by_a_moment_can_be_seen_again() {
    let test = Test::new();
    let w = test.workspace();
    assert_eq!(test.ok(&["register", "list", "-w", w, "--recorded-by", "2020-01-01T00:00:00Z"]), "");
    assert!(
        test.ok(&["register", "list", "-w", w, "--recorded-by", "2999-01-01T00:00:00Z"]).lines().count() > 50
    );
}
