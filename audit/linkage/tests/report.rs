//! The figures of a report, against what the library says by other ways.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;

use candour_linkage::{
    CALIBRATION_EDGES, ClusterSizes, KeptPair, LinkageReport, Linker, Part, Records, ReportTally, ScoredPair,
    Settings, Tables, TermValues, TrainingReport, Truth, Waterfall, blocking_report, calibration, components,
    pair_accuracy, toml_settings, weight_of,
};

const MODEL: &str = r#"
    link-type = "link-and-dedupe"
    prior = 0.01
    household = false
    blocking-rules = [["name"], ["town", "year"]]
    [[comparison]]
    column = "name"
    levels = [
        { sql = "name_l IS NULL OR name_r IS NULL" },
        { sql = "name_l = name_r", m = 0.9, u = 0.1, term-frequency = { column = "name" } },
        { sql = "ELSE", m = 0.1, u = 0.9 },
    ]
    [[comparison]]
    column = "town"
    levels = [{ sql = "town_l IS NULL OR town_r IS NULL" }, { sql = "town_l = town_r", m = 0.8, u = 0.2 }, { sql = "ELSE", m = 0.2, u = 0.8 }]
    [[comparison]]
    column = "year"
    levels = [{ sql = "year_l IS NULL OR year_r IS NULL" }, { sql = "year_l = year_r", m = 0.95, u = 0.05 }, { sql = "ELSE", m = 0.05, u = 0.95 }]
"#;

/// Two tables, the second a worn copy of the first.
fn example() -> (Settings, Records, Vec<u32>) {
    let settings = toml_settings::to_settings(MODEL).unwrap();
    let mut tables = [String::from("unique_id,name,town,year\n"), String::from("unique_id,name,town,year\n")];
    let mut people = Vec::new();
    for (table, text) in tables.iter_mut().enumerate() {
        for n in 0..150_u32 {
            let name = if n % 3 == 0 { "Ann".to_owned() } else { format!("Name{}", n % 17) };
            let town = if table == 1 && n % 5 == 0 { String::new() } else { format!("Town{}", n % 7) };
            writeln!(text, "{n},{name},{town},{}", 1990 + n % 11).unwrap();
            people.push(n);
        }
    }
    let mut reader = Tables::new(&settings);
    reader.add_csv("first", tables[0].as_bytes()).unwrap();
    reader.add_csv("second", tables[1].as_bytes()).unwrap();
    let (records, _) = reader.finish().unwrap();
    (settings, records, people)
}

/// The report and every kept pair. `backwards` hands the parts on in the opposite order.
fn report(linker: &Linker<'_>, people: Option<&[u32]>, backwards: bool) -> (LinkageReport, Vec<ScoredPair>) {
    let mut parts: Vec<(Part, u64, Vec<KeptPair>)> = Vec::new();
    let predicted = linker
        .predict(
            weight_of(0.001),
            u64::MAX,
            &|_, _, _| {},
            |_| true,
            |part, compared, kept| {
                parts.push((part, compared, kept.to_vec()));
                Ok(())
            },
        )
        .unwrap();
    if backwards {
        parts.reverse();
    }
    let mut tally = ReportTally::new(linker, people);
    let mut pairs = Vec::new();
    for (part, compared, kept) in &parts {
        tally.add(*part, *compared, kept);
        pairs.extend(kept.iter().map(|k| k.pair));
    }
    let (clusters, _) = components(linker.records().len() as u32, &pairs, weight_of(0.95));
    (tally.finish(&predicted, &TrainingReport::default(), &clusters, weight_of(0.95)).unwrap(), pairs)
}

#[test]
fn counts_are_those_of_the_pairs_themselves() {
    let (settings, records, people) = example();
    let linker = Linker::new(&records, settings).unwrap();
    let (report, pairs) = report(&linker, Some(&people), false);
    assert!(pairs.len() > 500);
    assert_eq!(report.kept, pairs.len() as u64);
    assert_eq!(report.weights.iter().map(|b| b.pairs).sum::<u64>(), report.kept);
    for row in &report.thresholds {
        let (counts, _) = pair_accuracy(&pairs, Truth::People(&people), row.weight);
        assert_eq!(row.counts, Some(counts), "at {}", row.weight);
        assert_eq!(row.links, counts.true_links + counts.false_links);
    }
    assert_eq!(report.thresholds.last().unwrap().links, 0, "the last threshold is above every pair");
    assert_eq!(report.calibration, calibration(&pairs, Truth::People(&people), &CALIBRATION_EDGES));
    assert_eq!(report.truth.unwrap().matches, 150);
    let counts = linker.count_blocks().unwrap();
    for (rule, count) in report.rules.iter().zip(&counts) {
        assert_eq!(
            (rule.pairs, rule.blocks, rule.largest_block),
            (count.pairs, count.blocks, count.largest_block)
        );
    }
    assert_eq!(report.rules[0].new_pairs, Some(counts[0].pairs), "nothing comes before the first rule");
    assert!(report.rules[1].new_pairs.unwrap() < counts[1].pairs);
    let town = report.completeness.iter().find(|c| c.column == "town").unwrap();
    assert_eq!(town.present, [150, 120]);
    assert_eq!(report.cluster_sizes.iter().map(|s| s.records).sum::<u64>(), 300);
    let within = |s: &ClusterSizes| s.records >= s.clusters * u64::from(s.from);
    assert!(report.cluster_sizes.iter().all(within));
    assert_eq!(blocking_report(&linker, &counts).completeness, report.completeness);
}

#[test]
fn patterns_and_frequencies_add_up_whatever_the_order_of_parts() {
    let (settings, records, _) = example();
    let linker = Linker::new(&records, settings).unwrap();
    let (report, pairs) = report(&linker, None, false);
    assert!(report.truth.is_none() && report.thresholds.iter().all(|t| t.counts.is_none()));
    assert!(!report.patterns.is_empty());
    for pattern in &report.patterns {
        let sum: f64 = pattern.prior + pattern.steps.iter().map(|s| s.weight + s.term_frequency).sum::<f64>();
        assert!((sum + pattern.households - pattern.weight).abs() < 1e-9);
        assert!(pattern.households.abs() < 1e-9, "there is no household model");
    }
    let names = &report.term_frequencies[0];
    assert_eq!((names.comparison.as_str(), names.bins.iter().map(|b| b.pairs).sum()), ("name", names.pairs));
    let pair = pairs[0];
    let chosen = Waterfall::of_pair(&linker, pair.right, pair.left).unwrap();
    assert!((chosen.weight - pair.weight).abs() < 1e-12);
    let terms = TermValues::of(&linker, 2).unwrap();
    assert_eq!(terms[0].values.len(), 4);
    assert_eq!(terms[0].values[0].value, "Ann", "the commonest name says least");
    assert!((terms[0].values[0].share - 1.0 / 3.0).abs() < 1e-9);
    // Records without a town say less of themselves.
    let own = &report.unlinkables;
    assert_eq!(own.records, 300);
    assert!(own.below.windows(2).all(|two| two[0].1 <= two[1].1));
    assert_eq!(own.below.last().unwrap().1, 300);
    let (backwards, _) = self::report(&linker, None, true);
    assert_eq!(backwards, report);
}
