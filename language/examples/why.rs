//! Says of every phrase that a rule matched why it counts or does not: one note a line on standard input,
//! `cargo run -p candour-language --example why [PACK.toml …]`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program: it opens its own files"
)]

use std::io::stdin;

use candour_language::{Checker, Meta, Note, Pack, Scratch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut packs = Vec::new();
    for name in std::env::args().skip(1) {
        packs.push(Pack::read(&name, &std::fs::read_to_string(&name)?)?);
    }
    let checker = if packs.is_empty() { Checker::bundled()? } else { Checker::new(&packs)? };
    let mut scratch = Scratch::default();
    for line in stdin().lines() {
        let meta = Meta { subject_age: Some(14), ..Meta::default() };
        let note = Note { text: line?, meta, ..Note::default() };
        println!("{}", note.text);
        for m in checker.read(&note, &mut scratch).mentions {
            let words =
                |start: u32, end: u32| note.text.get(start as usize..end as usize).unwrap_or_default();
            let cues: Vec<String> =
                m.cues.iter().map(|c| format!("{} `{}`", c.kind, words(c.start, c.end))).collect();
            println!(
                "  {} `{}` {:?} {:?} {:?}{}{} {}",
                checker.rule(&m).id,
                words(m.start, m.end),
                m.assertion,
                m.temporality,
                m.experiencer,
                m.not_counted.map_or(String::new(), |r| format!(" not counted: {r:?}")),
                if m.covered { " covered" } else { "" },
                cues.join(", ")
            );
        }
    }
    Ok(())
}
