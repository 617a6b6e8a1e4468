//! Reads notes as JSON Lines on standard input and prints a prediction line for each:
//! `cargo run --release -p candour-language --example check [PACK.toml …] < notes.jsonl`.
//! Without packs it uses those that come with the crate.

#![expect(clippy::disallowed_methods, reason = "an example is a program: it opens its own files")]

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use candour_language::{Checker, Note, Pack, Prediction, Scratch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut packs = Vec::new();
    for name in std::env::args().skip(1) {
        packs.push(Pack::read(&name, &std::fs::read_to_string(&name)?)?);
    }
    let checker = if packs.is_empty() { Checker::bundled()? } else { Checker::new(&packs)? };
    let mut scratch = Scratch::default();
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let note: Note = serde_json::from_str(&line?)?;
        let reading = checker.read(&note, &mut scratch);
        serde_json::to_writer(&mut out, &Prediction::of(&checker, &note, &reading))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
