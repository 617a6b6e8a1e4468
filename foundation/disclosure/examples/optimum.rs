//! Our patterns beside proven optima: `cargo run --release -p candour-disclosure --example optimum -- DIRECTORY`, where the directory
//! holds `golden.csv` and its tables.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "an example is a program of its own")]

use std::error::Error;
use std::time::{Duration, Instant};

use candour_disclosure::{CountTable, KeepSmall, Profile, Protect, Release};

/// Each problem is solved this often and the fastest is shown: a busy machine only ever adds time.
const TIMES: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("name the directory of golden.csv")?;
    let read = |name: String| std::fs::read_to_string(format!("{directory}/{name}"));
    println!(
        "table,threshold,criterion,objective,optimum,proven,ours,ratio,shown_optimal,withstood,milliseconds"
    );
    let (mut worst, mut sum, mut proven, mut slowest) = (0.0f64, 0.0, 0u32, Duration::ZERO);
    for line in read("golden.csv".to_owned())?.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, _, threshold, criterion, objective, primary, _, optimum, is_proven, ..] = fields[..]
        else {
            return Err(format!("not a line of golden.csv: {line}").into());
        };
        let text = (read(format!("{name}.csv"))?, read(format!("{name}.hier.json"))?);
        let mut profile = Profile::built_in("lt5-suppress")?;
        profile.threshold = threshold.parse()?;
        profile.class_disclosure = false;
        profile.protect = if criterion == "exact" { Protect::Exact } else { Protect::Range };
        profile.keep_small = if objective == "count" { KeepSmall::Cells } else { KeepSmall::Value };
        let mut fastest = Duration::MAX;
        let mut last = None;
        for _ in 0..TIMES {
            let started = Instant::now();
            let (table, _) = CountTable::from_csv(name, &text.0, &text.1)?;
            let passed = Release::new("golden", profile.clone())?.table(table).pass()?;
            fastest = fastest.min(started.elapsed());
            last = Some(passed);
        }
        let passed = last.ok_or("no run")?;
        let ours = if objective == "count" {
            (passed.primary + passed.secondary) as u64
        } else {
            passed.hidden_value
        };
        let ratio = ours as f64 / optimum.parse::<f64>()?;
        let withstood =
            passed.attack.len() == primary.parse::<usize>()? && passed.attack.iter().all(|a| a.exact);
        println!(
            "{name},{threshold},{criterion},{objective},{optimum},{is_proven},{ours},{ratio:.3},{},{withstood},{:.2}",
            passed.optimal,
            fastest.as_secs_f64() * 1e3
        );
        slowest = slowest.max(fastest);
        if is_proven == "True" {
            (worst, sum, proven) = (worst.max(ratio), sum + ratio, proven + 1);
        }
    }
    println!(
        "proven: {proven}; ratio to the optimum: worst {worst:.3}, mean {:.4}; slowest of all {:.2} ms",
        sum / f64::from(proven),
        slowest.as_secs_f64() * 1e3
    );
    Ok(())
}
