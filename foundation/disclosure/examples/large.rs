//! How long large tables take: `cargo run --release -p candour-disclosure --example large`. All counts are made up.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "an example is a program of its own")]

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use candour_disclosure::{CountTable, Profile, Release};

fn main() -> Result<(), Box<dyn Error>> {
    // Ten regions of 43 forces of 175 areas, by age within bands, by sex.
    let areas = nested("total", &[("region", 10), ("force", 43), ("area", 175)]);
    let ages = nested("total", &[("band", 3), ("age", 8)]);
    let sexes = nested("total", &[("sex", 2)]);
    run("175 areas in 43 forces in 10 regions x age in bands x sex", &[&areas, &ages, &sexes], 12.0)?;
    // Every force by every area of another kind, by sex.
    let forces = nested("total", &[("region", 10), ("force", 43)]);
    let places = nested("total", &[("part", 12), ("place", 175)]);
    run("43 forces in 10 regions x 175 places in 12 parts x sex", &[&forces, &places, &sexes], 6.0)?;
    Ok(())
}

/// A dimension as `parent -> children` pairs with its lowest codes: each level shared out evenly under the one above.
struct Levels {
    json: String,
    leaves: Vec<String>,
}

fn nested(root: &str, levels: &[(&str, usize)]) -> Levels {
    let mut above = vec![root.to_owned()];
    let mut entries = Vec::new();
    for (name, many) in levels {
        let codes: Vec<String> = (0..*many).map(|n| format!("{name}{n}")).collect();
        for (place, parent) in above.iter().enumerate() {
            let own = codes.iter().enumerate().filter(|(n, _)| n * above.len() / many == place);
            let list: Vec<String> = own.map(|(_, code)| format!("{code:?}")).collect();
            entries.push(format!("{parent:?}: [{}]", list.join(",")));
        }
        above = codes;
    }
    Levels { json: format!("{{{}}}", entries.join(",")), leaves: above }
}

fn run(title: &str, levels: &[&Levels], mean: f64) -> Result<(), Box<dyn Error>> {
    let mut csv = "d0,d1,d2,count\n".to_owned();
    let mut state = 1u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    for a in &levels[0].leaves {
        for b in &levels[1].leaves {
            for c in &levels[2].leaves {
                // Skewed, with many small counts and some zeros.
                let count = (mean * -(1.0 - chance()).ln() * chance() * 2.0) as u64;
                writeln!(csv, "{a},{b},{c},{count}")?;
            }
        }
    }
    let hierarchy = format!("[{}]", levels.iter().map(|l| l.json.as_str()).collect::<Vec<_>>().join(","));
    for profile in Profile::names().filter(|p| *p != "census-ckm") {
        let started = Instant::now();
        let (table, _) = CountTable::from_csv("large", &csv, &hierarchy)?;
        let cells = table.cells();
        let read = started.elapsed();
        let outcome = Release::new("large", Profile::built_in(profile)?)?.table(table).pass();
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(passed) => println!(
                "{title}: {cells} cells, {profile}: {} by rule, {} more, {} attacked and none exposed, {seconds:.2} s ({:.2} s of it to read)",
                passed.primary,
                passed.secondary,
                passed.attack.len(),
                read.as_secs_f64()
            ),
            Err(refused) => println!("{title}: {cells} cells, {profile}: {refused}, {seconds:.2} s"),
        }
    }
    Ok(())
}
