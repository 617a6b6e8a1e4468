//! How fast a return is read and checked, in memory: `cargo run --release -p candour-returns --example check_speed -- 1000000`.
//!
//! The return is the example many times over with pseudonyms, names, dates of birth and numbers of its own for each copy,
//! five notes of about 600 characters to a person, and faults in some rows.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and prints"
)]

use std::time::Instant;

use candour_returns::{
    CheckOptions, Example, Outside, ReturnReader, ReturnsError, RuleSeverity, Specification, check,
};

fn main() -> Result<(), ReturnsError> {
    let wanted: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let specification = Specification::aud_1()?;
    let example = Example::new(&specification);
    let tables: Vec<_> = example.tables().map(|(n, h, r, _)| (n.to_owned(), h, r)).collect();
    let each: usize = tables.iter().map(|(name, _, rows)| rows.len() * copies_of(name)).sum();
    let copies = wanted.div_ceil(each);

    let mut making = std::time::Duration::ZERO;
    let begun = Instant::now();
    let mut reader = ReturnReader::new(&specification, None);
    let mut records = 0usize;
    let mut cells = 0usize;
    for (name, heading, rows) in &tables {
        let mut sheet = reader.sheet(name, heading)?;
        let once = matches!(name.as_str(), "header" | "file");
        let ids: Vec<bool> = heading
            .iter()
            .map(|h| h.ends_with("_id") && h != "list_id" && h != "call_id" && h != "local_id")
            .collect();
        let at = |column: &str| heading.iter().position(|h| h == column);
        let (dob, note, local, surname, cse) =
            (at("dob"), at("text_redacted"), at("local_id"), at("surname"), at("flag_cse"));
        let mut number = 1;
        for copy in 0..if once { 1 } else { copies } {
            for (place, row) in rows.iter().enumerate() {
                for part in 0..copies_of(name) {
                    let clock = Instant::now();
                    let mut row = row.clone();
                    if !once {
                        for (cell, is_id) in row.iter_mut().zip(&ids) {
                            if *is_id {
                                *cell = format!("{cell}-{copy:05}");
                            }
                        }
                        if part > 0 {
                            row[0] = format!("{}-{part}", row[0]);
                        }
                        if let Some(at) = local.filter(|at| row[*at] != "NA") {
                            row[at] = format!("{}-{copy}", row[at]);
                        }
                        if let Some(at) = surname.filter(|at| row[*at] != "NA") {
                            row[at] = format!("{}{}", row[at], copy % 5_000);
                        }
                        if let Some(at) = dob.filter(|at| row[*at] != "NA") {
                            let month = 1 + (copy + place) % 12;
                            row[at].replace_range(5..7, &format!("{month:02}"));
                            row[at].replace_range(8..10, &format!("{:02}", 2 + (copy + place) % 26));
                        }
                        if let Some(at) = note {
                            row[at] = row[at].repeat(6);
                        }
                        if let Some(at) = cse.filter(|_| (copy + place) % 50 == 0) {
                            "Y?".clone_into(&mut row[at]);
                        }
                    }
                    making += clock.elapsed();
                    number += 1;
                    cells += row.len();
                    records += 1;
                    sheet.row(number, &row)?;
                }
            }
        }
    }
    let returned = reader.finish();
    let reading = begun.elapsed().saturating_sub(making);
    let begun = Instant::now();
    let report = check(&returned, &Outside::default(), &CheckOptions::new(b"key of the call"));
    let checking = begun.elapsed();
    println!("records {records}, cells {cells}");
    println!(
        "read {:.2} s, checked {:.2} s, both {:.2} s",
        reading.as_secs_f64(),
        checking.as_secs_f64(),
        (reading + checking).as_secs_f64()
    );
    println!("errors {}, queries {}", report.count(RuleSeverity::Error), report.count(RuleSeverity::Query));
    for outcome in report.outcomes.iter().filter(|o| o.failed > 0) {
        println!("{} {} of {}", outcome.rule, outcome.failed, outcome.tested);
    }
    // Processor time beside wall time: on a busy machine only the first says anything. The clock of the kernel has 100 ticks.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat.split_whitespace().skip(13).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    println!("processor time, making the rows included: {:.2} s", ticks as f64 / 100.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|l| l.starts_with("VmHWM")) {
        println!("{line}");
    }
    Ok(())
}

/// How many rows are made of one row of the example.
fn copies_of(table: &str) -> usize {
    if table == "note" { 25 } else { 1 }
}
