//! Holds the arrows of `ARCHITECTURE.md`: which crate may depend on which, and which libraries stay out of which rooms.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate may use of the others.
const ARROWS: &[(&str, &[&str])] = &[
    ("candour-record", &[]),
    ("candour-reading", &["candour-record"]),
    ("candour-ledger", &["candour-record"]),
    ("candour-register", &["candour-record", "candour-reading", "candour-ledger"]),
    ("candour-linkage", &["candour-record"]),
    ("candour-disclosure", &["candour-record"]),
    ("candour-estimation", &["candour-record"]),
    ("candour-returns", &["candour-record", "candour-reading"]),
    ("candour-synthetic", &["candour-record", "candour-returns"]),
    ("candour-language", &[]),
    (
        "candour",
        &[
            "candour-record",
            "candour-reading",
            "candour-ledger",
            "candour-disclosure",
            "candour-register",
            "candour-linkage",
            "candour-estimation",
            "candour-returns",
            "candour-synthetic",
            "candour-language",
        ],
    ),
];

/// Libraries that only the binary may use: they touch the network, the disk, the terminal or argv.
const OUTER: &[&str] =
    &["tokio", "axum", "rusqlite", "clap", "indicatif", "tower-http", "getrandom", "anyhow"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
            (package.name.to_string(), normal.map(|d| d.name.clone()).collect())
        })
        .collect()
}

#[test]
fn every_crate_has_its_arrows_and_no_other() {
    let found = dependencies();
    let known: BTreeSet<&str> = ARROWS.iter().map(|a| a.0).collect();
    assert_eq!(
        found.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        known,
        "a crate is missing from ARROWS"
    );
    for (name, allowed) in ARROWS {
        for dependency in found[*name].iter().filter(|d| known.contains(d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn only_the_binary_knows_the_outside_world() {
    for (name, dependencies) in dependencies() {
        for outer in OUTER.iter().filter(|_| name != "candour") {
            assert!(!dependencies.contains(*outer), "{name} must not use {outer}");
        }
    }
}

#[test]
fn the_record_rests_on_almost_nothing() {
    let found = dependencies();
    let allowed: BTreeSet<String> = ["jiff", "serde", "thiserror"].map(str::to_owned).into();
    assert_eq!(found["candour-record"], allowed);
}
