//! Prints what a document reads as: `read_text FILE` its text, `--blocks` each block with its page and face, `--pages` each
//! page with the number printed on it.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a small program of its own"
)]

use candour_reading::{Limits, read};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let blocks = arguments.iter().any(|a| a == "--blocks");
    let pages = arguments.iter().any(|a| a == "--pages");
    for name in arguments.iter().filter(|a| !a.starts_with("--")) {
        let bytes = std::fs::read(name).expect("a readable file");
        match read(&bytes, name, &Limits::default()) {
            Ok(reading) => {
                for finding in &reading.findings {
                    eprintln!("{}: {}", finding.code, finding.message);
                }
                if pages {
                    for page in &reading.pages {
                        let printed = page.printed.as_deref().unwrap_or("-");
                        println!("{} printed {printed}, {} characters", page.number, page.characters);
                    }
                } else if blocks {
                    for block in &reading.blocks {
                        let face = block.runs.first().map(|r| r.face).unwrap_or_default();
                        println!(
                            "[p{} {:?} {}{}{}] {}",
                            block.page,
                            block.kind,
                            face.size,
                            if face.bold { " b" } else { "" },
                            if face.italic { " i" } else { "" },
                            reading.slice(block.span)
                        );
                    }
                } else {
                    println!("{}", reading.text);
                }
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}
