//! Encoding tables and matching the arrays, as two parties and a linkage unit would.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const SCHEMA: &str = r#"
version = 1
id = "id"

[[field]]
column = "first_name"
tokens = "bigrams"
hashes = 20

[[field]]
column = "surname"
tokens = "bigrams"
hashes = 20

[[field]]
column = "dob"
tokens = "positions"
hashes = 20

[[block]]
parts = [{ column = "dob", length = 4 }]
"#;

const POLICE: &str = "id,first_name,surname,dob\n\
    P1,Ida,Vance,2009-03-01\nP2,Omar,Brook,2010-07-19\nP3,Lena,Holt,2008-01-30\n";
const HEALTH: &str = "id,first_name,surname,dob\n\
    H1,Ida,Vanse,2009-03-01\nH2,Omar,Brook,2010-07-19\nH3,Cara,Dale,2011-11-02\n";

struct Test {
    folder: tempfile::TempDir,
}

impl Test {
    /// A schema, a secret that only its owner may read, and two tables.
    fn new() -> Self {
        let test = Self { folder: tempfile::tempdir().unwrap() };
        test.file("encoding.toml", SCHEMA);
        test.file("police.csv", POLICE);
        test.file("health.csv", HEALTH);
        test.secret(
            "project.secret",
            "4ad1f6d30c5b0c1f2f3d11c79cd2b1a05cf2f0d9a1de00b57e0a1d4c99b3e7f2\n",
            0o600,
        );
        test
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn secret(&self, name: &str, text: &str, mode: u32) {
        self.file(name, text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = mode;
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_candour"))
            .arg("link")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A refusal in one line that holds some words, with nothing written.
    fn fails(&self, arguments: &[&str], words: &[&str]) {
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "one line: {error}");
        for word in words {
            assert!(error.contains(word), "{word:?} is not in {error:?}");
        }
        assert!(!self.path("refused.csv").exists());
        let parts = fs::read_dir(self.folder.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
        assert_eq!(parts.count(), 0, "no half-written file is left");
    }

    fn encode(&self, input: &str, out: &str) -> String {
        self.ok(&[
            "encode",
            input,
            "--schema",
            "encoding.toml",
            "--secret-file",
            "project.secret",
            "--out",
            out,
        ])
    }
}

fn encode_to_nothing<'a>(input: &'a str, schema: &'a str, secret: &'a str) -> [&'a str; 8] {
    ["encode", input, "--schema", schema, "--secret-file", secret, "--out", "refused.csv"]
}

#[test]
fn two_tables_are_encoded_and_matched_without_names() {
    let test = Test::new();
    let said = test.encode("police.csv", "p.csv");
    assert!(said.contains("3 of 3 rows") && said.contains("surname: 3"), "{said}");
    test.encode("health.csv", "h.csv");
    let (police, health) = (test.text("p.csv"), test.text("h.csv"));
    for name in ["Ida", "Vance", "Brook", "2009"] {
        assert!(!police.contains(name) && !health.contains(name));
    }
    let again = test.text("p.csv");
    test.encode("police.csv", "p.csv");
    assert_eq!(test.text("p.csv"), again, "the same bytes each time");

    let matched = ["match-encodings", "p.csv", "h.csv", "--threshold", "0.8", "--out", "pairs.csv"];
    let said = test.ok(&[&matched[..], &["--one-to-one", "--format", "json"]].concat());
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["pairs"], &said["candidates"]), (&Value::from(2), &Value::from(9)));
    let pairs = test.text("pairs.csv");
    let pairs: Vec<&str> = pairs.lines().collect();
    assert_eq!(pairs[..2], ["left_id,right_id,dice", "P2,H2,1.000000"]);
    assert!(pairs[2].starts_with("P1,H1,0."), "{pairs:?}");

    let said: Value =
        serde_json::from_str(&test.ok(&[&matched[..], &["--blocks", "--format", "json"]].concat())).unwrap();
    assert_eq!((&said["pairs"], &said["candidates"]), (&Value::from(2), &Value::from(2)));
    test.ok(&["match-encodings", "p.csv", "--threshold", "0.8", "--out", "within.csv"]);
    assert_eq!(test.text("within.csv"), "left_id,right_id,dice\n");
}

#[test]
fn a_protected_column_is_refused() {
    let test = Test::new();
    test.file("ethnic.toml", &SCHEMA.replace("\"surname\"", "\"ethnic_group\""));
    test.fails(
        &encode_to_nothing("police.csv", "ethnic.toml", "project.secret"),
        &["ethnic.toml", "ethnic_group", "protected"],
    );
}

#[test]
fn a_secret_that_keeps_nothing_secret_is_refused() {
    let test = Test::new();
    test.secret("short.secret", "correct horse\n", 0o600);
    test.fails(
        &encode_to_nothing("police.csv", "encoding.toml", "short.secret"),
        &["short.secret", "13 bytes", "32"],
    );
    test.secret("same.secret", &"a".repeat(64), 0o600);
    test.fails(
        &encode_to_nothing("police.csv", "encoding.toml", "same.secret"),
        &["same.secret", "1 different"],
    );
    test.fails(
        &encode_to_nothing("police.csv", "encoding.toml", "none.secret"),
        &["none.secret", "no such file"],
    );
    #[cfg(unix)]
    {
        test.secret("open.secret", &test.text("project.secret"), 0o644);
        test.fails(
            &encode_to_nothing("police.csv", "encoding.toml", "open.secret"),
            &["open.secret", "644", "chmod 600"],
        );
    }
}

#[test]
fn a_bad_row_is_named_with_its_column() {
    let test = Test::new();
    let mut table = POLICE.as_bytes().to_vec();
    table.extend_from_slice(b"P4,\xff\xfe,Moss,2001-01-01\n,Ann,Moss,2001-01-01\nP6,Ann\n");
    fs::write(test.path("police.csv"), table).unwrap();
    let output = test.run(&[
        "encode",
        "police.csv",
        "--schema",
        "encoding.toml",
        "--secret-file",
        "project.secret",
        "--out",
        "p.csv",
    ]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    for words in ["row 4, column first_name is not UTF-8", "row 5 has no id", "row 6 has 2 cells"] {
        assert!(error.contains(words), "{words:?} is not in {error:?}");
    }
    assert_eq!(test.text("p.csv").lines().count(), 6, "a header and all rows but the one without an id");

    test.file("twice.csv", &format!("{POLICE}P1,Ann,Moss,2001-01-01\n"));
    test.fails(
        &encode_to_nothing("twice.csv", "encoding.toml", "project.secret"),
        &["twice.csv", "P1", "rows 1 and 4"],
    );
    test.file("narrow.csv", "id,first_name,dob\n1,a,b\n");
    test.fails(
        &encode_to_nothing("narrow.csv", "encoding.toml", "project.secret"),
        &["narrow.csv", "surname"],
    );
    test.encode("health.csv", "h.csv");
    let cut = test.text("h.csv").replacen("H2,111,", "H2,111,!", 1);
    test.file("damaged.csv", &cut);
    test.fails(
        &["match-encodings", "damaged.csv", "h.csv", "--threshold", "0.8", "--out", "refused.csv"],
        &["damaged.csv", "row 2", "base64"],
    );
}

#[test]
fn what_was_not_encoded_alike_is_not_matched() {
    let test = Test::new();
    test.encode("police.csv", "p.csv");
    test.secret("other.secret", "b0c1f2f3d11c79cd2b1a05cf2f0d9a1de00b57e0a1d4c99b3e7f24ad1f6d30c5\n", 0o600);
    test.ok(&[
        "encode",
        "health.csv",
        "--schema",
        "encoding.toml",
        "--secret-file",
        "other.secret",
        "--out",
        "h.csv",
    ]);
    let matched = ["match-encodings", "p.csv", "h.csv", "--out", "refused.csv", "--threshold"];
    test.fails(&[&matched[..], &["0.8"]].concat(), &["different secrets"]);
    test.fails(&[&matched[..], &["1.5"]].concat(), &["threshold", "1.5"]);
}

#[test]
fn victims_and_suspects_are_never_matched() {
    let test = Test::new();
    test.file("suspects.csv", POLICE);
    test.file("victims.csv", HEALTH);
    test.fails(
        &encode_to_nothing("victims.csv", "encoding.toml", "project.secret"),
        &["population = \"victims\""],
    );
    for population in ["victims", "suspects"] {
        let schema = format!("{population}.toml");
        test.file(
            &schema,
            &SCHEMA.replace("version = 1", &format!("version = 1\npopulation = \"{population}\"")),
        );
        test.ok(&[
            "encode",
            &format!("{population}.csv"),
            "--schema",
            &schema,
            "--secret-file",
            "project.secret",
            "--out",
            &format!("{}.csv", &population[..1]),
        ]);
    }
    // The names of these files say nothing any more; their contents do.
    test.fails(
        &["match-encodings", "v.csv", "s.csv", "--threshold", "0.8", "--out", "refused.csv"],
        &["different schemas"],
    );
}

#[test]
fn what_is_read_is_never_written_over() {
    let test = Test::new();
    let encode =
        ["encode", "police.csv", "--schema", "encoding.toml", "--secret-file", "project.secret", "--out"];
    test.fails(&[&encode[..], &["./police.csv"]].concat(), &["police.csv", "written over"]);
    assert_eq!(test.text("police.csv"), POLICE);
}

#[test]
fn help_shows_an_example_and_linking_itself_still_asks_for_its_settings() {
    let test = Test::new();
    for verb in ["encode", "match-encodings"] {
        assert!(test.ok(&[verb, "--help"]).contains("Example: "));
    }
    let help = test.ok(&["--help"]);
    for words in ["match-encodings", "--settings <FILE>", "Example: candour link police.csv"] {
        assert!(help.contains(words), "{words:?} is not in {help}");
    }
    let output = test.run(&["police.csv"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("--settings"), "{error}");
}
