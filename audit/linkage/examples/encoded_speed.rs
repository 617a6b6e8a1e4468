//! Speed and accuracy of encoded linkage, on one thread, in CPU seconds where the system tells them.
//!
//! - no arguments: encodes 1,000,000 made up records of four fields, and compares 10,000 with 10,000 of them.
//! - `rows N SEED`: the made up records as CSV, so that other programs can be given the same.
//! - `encode TABLE RUNS`: one line of CPU seconds for each run of encoding a CSV table to CSV.
//! - `match LEFT RIGHT THRESHOLD RUNS`: the same for matching two files of arrays as clkhash writes them, with the pairs kept.
//! - `accuracy SCHEMA LEFT RIGHT`: encodes two tables with a column `truth`, and prints precision and recall at each
//!   threshold, of all pairs and one to one.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a small program of its own, and this one measures"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Write as _, sink, stdout};
use std::time::Instant;

use candour_linkage::encoded::{
    EncodedBlocking, EncodingSchema, Encodings, MatchSettings, Secret, Selection, match_encodings,
};

const SCHEMA: &str = "version = 1\nid = \"id\"\nbits = 1024\n\
    [[field]]\ncolumn = \"first_name\"\ntokens = \"bigrams\"\nhashes = 20\n\
    [[field]]\ncolumn = \"surname\"\ntokens = \"bigrams\"\nhashes = 20\n\
    [[field]]\ncolumn = \"dob\"\ntokens = \"positions\"\nhashes = 20\n\
    [[field]]\ncolumn = \"postcode\"\ntokens = \"positions\"\nhashes = 20\n";

const RUNS: usize = 5;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(|| match arguments.as_slice() {
        [] => speed(),
        ["rows", count, seed] => Ok(stdout().write_all(rows(seed.parse()?, count.parse()?).as_bytes())?),
        ["encode", table, runs] => {
            let (schema, secret) = (EncodingSchema::from_toml(SCHEMA)?, secret()?);
            let table = std::fs::read(table)?;
            each(runs.parse()?, || Ok(schema.encode_csv(table.as_slice(), sink(), &secret)?.records))
        }
        ["match", left, right, threshold, runs] => {
            let read = |path| -> Result<_, Fault> {
                Ok(Encodings::read_clks(std::fs::read(path)?.as_slice(), path)?)
            };
            let (left, right) = (read(left)?, read(right)?);
            let settings = MatchSettings { threshold: threshold.parse()?, ..MatchSettings::default() };
            each(runs.parse()?, || Ok(match_encodings(&left, &right, &settings)?.pairs.len() as u64))
        }
        ["accuracy", schema, left, right] => accuracy(schema, left, right),
        _ => Err("see the first lines of this example for what it takes".into()),
    })
}

fn secret() -> Result<Secret, Fault> {
    Ok(Secret::new(*b"a secret only for measuring speed")?)
}

/// Seconds this thread has computed, or the clock's where the system does not say.
fn used(start: Instant) -> f64 {
    let cpu = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = cpu.and_then(|t| t.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn each(runs: u32, mut run: impl FnMut() -> Result<u64, Fault>) -> Result<(), Fault> {
    let start = Instant::now();
    for _ in 0..runs {
        let before = used(start);
        let count = run()?;
        println!("{:.6} {count}", used(start) - before);
    }
    Ok(())
}

/// Made up records, the same every time: names of syllables, as varied as real ones in length.
fn rows(seed: u64, count: usize) -> String {
    const SYLLABLES: [&str; 24] = [
        "an", "bel", "ca", "dor", "el", "fa", "gre", "har", "is", "jo", "ka", "lin", "mar", "na", "ol",
        "per", "ra", "son", "ter", "ul", "vi", "wen", "ya", "zo",
    ];
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) * below) >> 31
    };
    let mut table = "id,first_name,surname,dob,postcode\n".to_owned();
    for id in 0..count {
        let mut name = |least: u64| {
            let syllables = least + next(2);
            (0..syllables)
                .map(|_| SYLLABLES.get(next(24) as usize).copied().unwrap_or(""))
                .collect::<String>()
        };
        let (first, last) = (name(2), name(2));
        let born = (1990 + next(30), 1 + next(12), 1 + next(28));
        let letter = |n: u64| char::from(b'A' + n as u8);
        let post =
            (letter(next(26)), letter(next(26)), 1 + next(30), next(10), letter(next(26)), letter(next(26)));
        let _ = writeln!(
            table,
            "{id},{first},{last},{}-{:02}-{:02},{}{}{} {}{}{}",
            born.0, born.1, born.2, post.0, post.1, post.2, post.3, post.4, post.5
        );
    }
    table
}

fn best<T>(mut run: impl FnMut() -> Result<T, Fault>) -> Result<(f64, T), Fault> {
    let start = Instant::now();
    let mut best = f64::INFINITY;
    let mut kept = None;
    for _ in 0..RUNS {
        let before = used(start);
        let value = run()?;
        best = best.min(used(start) - before);
        kept = Some(value);
    }
    Ok((best, kept.ok_or("no run")?))
}

fn speed() -> Result<(), Fault> {
    let secret = secret()?;
    let schema = EncodingSchema::from_toml(SCHEMA)?;
    let table = rows(1, 1_000_000);
    let (seconds, report) = best(|| Ok(schema.encode_csv(table.as_bytes(), sink(), &secret)?))?;
    println!(
        "encode, CSV to CSV: {} records in {seconds:.3} s, {:.0} records/s",
        report.records,
        report.records as f64 / seconds
    );

    let salted = format!("{SCHEMA}[hardening]\nsalt = {{ column = \"dob\", length = 4 }}\n");
    for (name, text) in [("salted", salted), ("flipped", format!("{SCHEMA}[hardening]\nflip = 0.05\n"))] {
        let schema = EncodingSchema::from_toml(&text)?;
        let (seconds, report) = best(|| Ok(schema.encode_csv(table.as_bytes(), sink(), &secret)?))?;
        println!("encode, {name}: {:.0} records/s", report.records as f64 / seconds);
    }

    let (left, _) = schema.encode(rows(1, 10_000).as_bytes(), &secret)?;
    let (right, _) = schema.encode(rows(2, 10_000).as_bytes(), &secret)?;
    let bits =
        (0..10_000).filter_map(|r| left.words(r)).flatten().map(|w| f64::from(w.count_ones())).sum::<f64>();
    println!("bits set in an array: {:.0} of 1024", bits / 10_000.0);
    for threshold in [0.8, 0.7, 0.6] {
        let settings = MatchSettings { threshold, ..MatchSettings::default() };
        let (seconds, found) = best(|| Ok(match_encodings(&left, &right, &settings)?))?;
        println!(
            "match at {threshold}: {} pairs kept, {seconds:.3} s, {:.0} million comparisons/s",
            found.pairs.len(),
            found.candidates as f64 / seconds / 1e6
        );
    }
    let blocking = EncodedBlocking::Bits { tables: 20, bits: 24, seed: 1 };
    let settings = MatchSettings { blocking, ..MatchSettings::default() };
    let (seconds, found) = best(|| Ok(match_encodings(&left, &right, &settings)?))?;
    println!("match at 0.8 in 20 tables of 24 bits: {} candidates, {seconds:.3} s", found.candidates);
    Ok(())
}

fn accuracy(schema: &str, left: &str, right: &str) -> Result<(), Fault> {
    let schema = EncodingSchema::from_toml(&std::fs::read_to_string(schema)?)?;
    let secret = secret()?;
    let (left_text, right_text) = (std::fs::read(left)?, std::fs::read(right)?);
    let (a, _) = schema.encode(left_text.as_slice(), &secret)?;
    let (b, _) = schema.encode(right_text.as_slice(), &secret)?;
    let (a_truth, b_truth) = (truth(&left_text)?, truth(&right_text)?);
    let mut people = std::collections::HashMap::<&str, u64>::new();
    for person in &b_truth {
        *people.entry(person).or_default() += 1;
    }
    let all: u64 = a_truth.iter().filter_map(|t| people.get(t.as_str())).sum();
    for selection in [Selection::All, Selection::OneToOne] {
        println!("{selection:?}: {all} true pairs");
        for threshold in (50..96).step_by(2) {
            let settings = MatchSettings {
                threshold: f64::from(threshold) / 100.0,
                selection,
                ..MatchSettings::default()
            };
            let found = match_encodings(&a, &b, &settings)?.pairs;
            let right = found
                .iter()
                .filter(|p| a_truth.get(p.left as usize) == b_truth.get(p.right as usize))
                .count() as f64;
            let (precision, recall) = (right / found.len().max(1) as f64, right / all as f64);
            println!(
                "{:.2} precision {precision:.4} recall {recall:.4} F1 {:.4}",
                settings.threshold,
                2.0 * precision * recall / (precision + recall)
            );
        }
    }
    Ok(())
}

fn truth(table: &[u8]) -> Result<Vec<String>, Fault> {
    let mut csv = csv::Reader::from_reader(table);
    let place = csv.headers()?.iter().position(|h| h == "truth").ok_or("no column truth")?;
    csv.records().map(|row| Ok(row?.get(place).unwrap_or_default().to_owned())).collect()
}
