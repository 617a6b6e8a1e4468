//! Writes a synthetic nation to a folder and prints seconds and sizes:
//! `cargo run --release -p candour-synthetic --example make -- DIR RECORDS SEED [KNOBS.toml]`. A folder `-` writes nothing.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "an example is an outer program")]

use std::collections::HashMap;
use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use candour_synthetic::{Knobs, Nation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = arguments.get(1).map_or("-", String::as_str);
    let records = arguments.get(2).map_or(Ok(10_000), |a| a.parse())?;
    let seed = arguments.get(3).map_or(Ok(1), |a| a.parse())?;

    let started = Instant::now();
    let knobs = match arguments.get(4) {
        Some(path) => Knobs::from_toml(&std::fs::read_to_string(path)?)?,
        None => Knobs::default(),
    };
    let (nation, findings) = Nation::new(Knobs { records, seed, ..knobs })?;
    for finding in findings {
        println!("{}", finding.message);
    }
    println!("truth and plans in {:.2} s", started.elapsed().as_secs_f64());

    let started = Instant::now();
    let mut open: HashMap<String, BufWriter<File>> = HashMap::new();
    let summary = nation.write(|piece| {
        if folder == "-" {
            return Ok::<(), std::io::Error>(());
        }
        if !open.contains_key(piece.path) {
            let path = Path::new(folder).join(piece.path);
            create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            open.insert(piece.path.to_owned(), BufWriter::with_capacity(1 << 16, File::create(path)?));
        }
        if let Some(file) = open.get_mut(piece.path) {
            file.write_all(piece.bytes)?;
        }
        if piece.end
            && let Some(mut file) = open.remove(piece.path)
        {
            file.flush()?;
        }
        Ok(())
    })?;
    println!("rows and truth in {:.2} s", started.elapsed().as_secs_f64());
    println!("{} true victims, {} on a list", summary.victims, summary.observed);
    for (table, rows) in &summary.rows {
        println!("{table:>12} {rows:>10} rows {:>12} bytes", summary.table_bytes[table]);
    }
    println!(
        "{:>12} {:>10} rows {:>12} bytes with the truth; {:.3} rows a true victim",
        "all",
        summary.records(),
        summary.bytes,
        summary.records() as f64 / summary.victims as f64
    );
    println!("faults {:?}", summary.faults);
    Ok(())
}
