//! Runs the texts inside the rules, and Markdown tests when files are named; with `--gold` prints their cases as label lines:
//! `cargo run -p candour-language --example rules -- [--gold] [PACK.toml …] [TESTS.md …]`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program: it opens its own files"
)]

use candour_language::{Checker, Pack, literate, test_rules};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut packs = Vec::new();
    let mut cases = Vec::new();
    let mut gold = false;
    for name in std::env::args().skip(1) {
        if name == "--gold" {
            gold = true;
            continue;
        }
        let text = std::fs::read_to_string(&name)?;
        if std::path::Path::new(&name).extension().is_some_and(|e| e == "toml") {
            packs.push(Pack::read(&name, &text)?);
        } else {
            cases.extend(literate::read(&name, &text)?);
        }
    }
    if gold {
        for case in &cases {
            println!("{}", literate::label_line(case));
        }
        return Ok(());
    }
    let checker = if packs.is_empty() { Checker::bundled()? } else { Checker::new(&packs)? };
    if cases.is_empty() {
        let (run, failures) = test_rules(&checker);
        println!("{run} texts, {} fail", failures.len());
        for f in failures {
            println!(
                "{}: `{}` should{} match; found {:?}",
                f.rule,
                f.text,
                if f.should_match { "" } else { " not" },
                f.found
            );
        }
    }
    let failures = literate::run(&checker, &cases);
    println!("{} cases, {} fail", cases.len(), failures.len());
    for f in failures {
        println!("{} ({}): {}", f.id, f.heading, f.problems.join("; "));
    }
    Ok(())
}
