//! `candour synthesise`: a nation that nobody lives in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn candour(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_candour")).args(arguments).output().unwrap()
}

fn run(folder: &Path, more: &[&str]) -> Output {
    candour(&[&["synthesise", folder.to_str().unwrap()], more].concat())
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

#[test]
fn those_whom_the_returns_name_are_linked_from_the_vault() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let (nation, workspace) = (at("nation"), at("audit"));
    let run = |arguments: &[&str]| {
        let output = candour(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["synthesise", &nation, "--records", "8000", "--seed", "11", "--corrected"]);
    run(&["init", &workspace, "--name", "Audit"]);
    let none = candour(&["returns", "lists", "-w", &workspace]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("no return has come so far"));
    let (returns, call) = (format!("{nation}/returns"), format!("{nation}/call"));
    run(&["returns", "load", &returns, "--outside", &call, "-w", &workspace, "--actor", "A. Officer"]);
    // Nothing was accepted yet.
    assert_eq!(candour(&["returns", "lists", "-w", &workspace]).status.code(), Some(2));
    let told = run(&["returns", "lists", "-w", &workspace, "--from", "loaded"]);
    assert!(told.contains("police: "), "{told}");
    let lists = format!("{workspace}/vault/lists");
    let mut tables: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(&lists).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "csv") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut heading: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        heading.sort_unstable();
        let linkage =
            ["body", "dob", "forename", "local_id", "nhs_no", "postcode", "surname", "unique_id", "upn"];
        assert_eq!(heading, linkage, "{}", path.display());
        // A code that says why a value is missing agrees with nothing.
        assert!(
            text.lines()
                .skip(1)
                .all(|line| !line.split(',').any(|cell| ["NK", "NC", "NR", "NA"].contains(&cell)))
        );
        tables.push(path.display().to_string());
    }
    tables.sort();
    let names: Vec<_> = tables.iter().map(|t| t.rsplit('/').next().unwrap()).collect();
    assert_eq!(
        names,
        ["childrens-services.csv", "health.csv", "national-referral.csv", "police.csv", "voluntary.csv"]
    );
    let (model, linked) = (format!("{lists}/model.toml"), format!("{workspace}/vault/linked"));
    let mut link = vec!["link"];
    link.extend(tables.iter().map(String::as_str));
    link.extend(["--settings", &model, "--out", &linked]);
    run(&link);
    let (truth, clusters) = (format!("{nation}/truth"), format!("{linked}/clusters.csv"));
    let score = run(&["audit", "score", "--truth", &truth, "--clusters", &clusters, "--format", "json"]);
    let score: serde_json::Value = serde_json::from_str(&score).unwrap();
    assert_eq!(score["linkage"]["unknown"], 0);
    assert!(score["linkage"]["pair_f1"].as_f64().unwrap() > 0.95, "{score}");
    // What linkage says goes back to the check: a child who is at risk here and harmed elsewhere.
    run(&["returns", "recheck", "-w", &workspace, "--clusters", &clusters, "--actor", "A. Officer"]);
    run(&["returns", "lists", "-w", &workspace, "--from", "loaded", "--by", "list"]);
    assert!(std::path::Path::new(&lists).join("cp.csv").exists());
}
