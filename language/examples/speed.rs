//! Measures the whole pipeline on a file of notes, one JSON object a line with `text`:
//! `cargo run --release -p candour-language --example speed FILE.jsonl [ROUNDS]`.
//! The notes are parsed first; what is timed is tokens, patterns, status and flags on one thread.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program: it opens its own files"
)]

use std::time::Instant;

use candour_language::{Checker, Meta, Note, Scratch, flags};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("name a file of notes")?;
    let rounds: u32 = args.next().map_or(Ok(1), |r| r.parse())?;
    let mut notes = Vec::new();
    for line in std::fs::read_to_string(&file)?.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let text = value["text"].as_str().unwrap_or_default().to_owned();
        notes.push(Note { text, meta: Meta { subject_age: Some(14), ..Meta::default() }, ..Note::default() });
    }
    let started = Instant::now();
    let checker = Checker::bundled()?;
    println!("packs compiled in {:.3} s", started.elapsed().as_secs_f64());
    let bytes: usize = notes.iter().map(|n| n.text.len()).sum();
    for _ in 0..rounds {
        let mut scratch = Scratch::default();
        let (mut mentions, mut alarms, mut flagged) = (0usize, 0usize, 0usize);
        let started = Instant::now();
        for note in &notes {
            let reading = checker.read(note, &mut scratch);
            mentions += reading.mentions.len();
            alarms += reading.alarms().count();
            flagged += usize::from(!flags(&checker, &reading).is_empty());
        }
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{bytes} bytes, {} notes, {mentions} mentions, {alarms} alarms, {flagged} notes flagged: {seconds:.3} s, {:.1} MB/s",
            notes.len(),
            bytes as f64 / 1e6 / seconds
        );
    }
    Ok(())
}
