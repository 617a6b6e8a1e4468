//! A small nation from end to end: what is written is what the truth says, and the rules of the data call find what was put in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use candour_returns::{
    CallTerms, CheckOptions, Mapping, Outside, Return, ReturnReader, Specification, check,
};
use candour_synthetic::score::{RulePlace, read_errors, read_histories, read_note_labels, read_record_map, score_rules};
use candour_synthetic::{Faults, Knobs, Nation, Sabotage};

type Files = BTreeMap<String, Vec<u8>>;

fn write(knobs: Knobs) -> (Nation, Files) {
    let (nation, findings) = Nation::new(knobs).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let mut files = Files::new();
    let mut ended = HashSet::new();
    nation
        .write(|piece| {
            assert!(!ended.contains(piece.path), "{} goes on after its end", piece.path);
            files.entry(piece.path.to_owned()).or_default().extend_from_slice(piece.bytes);
            if piece.end {
                ended.insert(piece.path.to_owned());
            }
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(ended.len(), files.len(), "a file was never ended");
    (nation, files)
}

fn knobs(victims: u64) -> Knobs {
    Knobs { victims: Some(victims), seed: 11, ..Knobs::default() }
}

fn text<'a>(files: &'a Files, path: &str) -> &'a str {
    std::str::from_utf8(files.get(path).unwrap_or_else(|| panic!("no {path}"))).unwrap()
}

/// The cells of each line; quotes as in RFC 4180, and no line breaks within cells, which notes never have.
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| {
            let mut cells = vec![String::new()];
            let mut quoted = false;
            let mut letters = line.chars().peekable();
            while let Some(c) = letters.next() {
                let last = cells.len() - 1;
                match c {
                    '"' if quoted && letters.peek() == Some(&'"') => {
                        letters.next();
                        cells[last].push('"');
                    }
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    c => cells[last].push(c),
                }
            }
            cells
        })
        .collect()
}

fn truth_rows(files: &Files, name: &str) -> Vec<HashMap<String, String>> {
    let mut rows = table(text(files, &format!("truth/{name}"))).into_iter();
    let heading = rows.next().unwrap();
    rows.map(|row| heading.iter().cloned().zip(row).collect()).collect()
}

fn read(specification: &Specification, files: &Files, body: &str, mapping: &str) -> Return {
    let mapping = (mapping != "plain").then(|| {
        let own = text(files, &format!("returns/{body}/mapping.toml"));
        Mapping::from_toml(own, specification).unwrap()
    });
    let mut reader = ReturnReader::new(specification, mapping);
    for name in ["header", "file", "victim", "offence", "suspect", "link", "missing", "assessment", "note"] {
        let Some(bytes) = files.get(&format!("returns/{body}/v1/{name}.csv")) else { continue };
        let rows = table(std::str::from_utf8(bytes).unwrap());
        let mut sheet = reader.sheet(name, &rows[0]).unwrap();
        for (row, number) in rows[1..].iter().zip(1u32..) {
            sheet.row(number, row).unwrap();
        }
    }
    reader.finish()
}

/// All findings of the data call's rules over all returns.
fn findings(nation: &Nation, files: &Files) -> Vec<RulePlace> {
    let specification = Specification::aud_1().unwrap();
    let outside = Outside {
        call: Some(CallTerms {
            call: "SYNTHETIC-1".into(),
            definitions: specification.version.clone(),
            period: None,
        }),
        ..Outside::default()
    };
    let mut options = CheckOptions::new(b"key");
    options.listed = 1_000_000;
    let mut found = Vec::new();
    for body in nation.bodies() {
        let returned = read(&specification, files, &body.code, body.mapping);
        let report = check(&returned, &outside, &options);
        found.extend(report.findings().map(|f| RulePlace {
            rule: f.rule.clone(),
            body: body.code.clone(),
            table: f.table.clone().unwrap_or_default(),
            row: f.row.map(u64::from),
            column: f.column.clone().unwrap_or_default(),
        }));
    }
    found
}

#[test]
fn the_rules_of_the_data_call_find_what_was_put_in_and_nothing_else() {
    let mut k = knobs(6_000);
    k.faults.rate = 0.03;
    let (nation, files) = write(k);
    let expected = read_errors(text(&files, "truth/errors.csv")).unwrap();
    let found = findings(&nation, &files);
    // XB01 needs the figures of other bodies, which a return alone has not.
    let scored: BTreeSet<String> = found.iter().chain(&expected).map(|p| p.rule.clone()).filter(|r| r != "XB01").collect();
    let score = score_rules(&expected, &found, Some(&scored));
    let table: Vec<String> = score
        .rules
        .iter()
        .map(|r| format!("{} expected {} found {} matched {} beside {}", r.rule, r.expected, r.found, r.matched, r.beside))
        .collect();
    println!("{}", table.join("\n"));
    println!("missed {}", show(&score.missed));
    println!("unexplained {}", show(&score.unexplained));
    assert!(score.missed.is_empty() && score.unexplained.is_empty());
}

fn show(places: &[RulePlace]) -> String {
    let mut seen = BTreeMap::<&str, u32>::new();
    let mut text = String::new();
    for p in places {
        let n = seen.entry(&p.rule).or_default();
        *n += 1;
        if *n <= 4 {
            text.push_str(&format!("{} {} {} {:?} {}\n", p.rule, p.body, p.table, p.row, p.column));
        }
    }
    text
}
