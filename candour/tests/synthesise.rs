//! `candour synthesise`: a nation that nobody lives in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour")).arg("synthesise").arg(folder).args(more).output().unwrap()
}

fn contents(folder: &Path, into: &mut BTreeMap<String, Vec<u8>>, below: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            contents(&path, into, &name);
        } else {
            into.insert(name, std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn the_same_settings_give_the_same_bytes_and_a_full_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let knobs = folder.path().join("knobs.toml");
    std::fs::write(&knobs, "[language]\nnotes = false\n").unwrap();
    let settings = ["--records", "2000", "--seed", "5", "--knobs", knobs.to_str().unwrap()];
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let output = run(&first, &settings);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("records of 273 bodies") && said.contains("MB with the truth"), "{said}");
    assert_eq!(run(&second, &settings).status.code(), Some(0));
    let (mut one, mut other) = (BTreeMap::new(), BTreeMap::new());
    contents(&first, &mut one, "");
    contents(&second, &mut other, "");
    assert!(one.contains_key("/truth/persons.csv") && one.len() > 1_000);
    assert!(one == other);
    // A third into the first would mix two nations.
    let refused = run(&first, &settings);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not empty"));
    // Nothing half made is left beside them.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    std::fs::write(&knobs, "reords = 5\n").unwrap();
    let unknown = run(&folder.path().join("third"), &["--knobs", knobs.to_str().unwrap()]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("reords"));
}

#[test]
fn a_corrected_nation_has_no_faults() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("nation");
    let output = run(&made, &["--records", "1500", "--corrected", "--format", "json"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["records"].as_u64().unwrap() > 1_000);
    let errors = std::fs::read_to_string(made.join("truth/errors.csv")).unwrap();
    assert!(errors.lines().skip(1).all(|line| line.ends_with("arising")), "{errors}");
}
