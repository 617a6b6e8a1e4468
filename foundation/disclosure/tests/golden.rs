//! Patterns beside proven optima, where `CANDOUR_CORPUS` names the reference data.

#![expect(clippy::disallowed_methods, reason = "the reference data lies outside the project")]

use candour_disclosure::{CountTable, KeepSmall, Profile, Protect, Release};

#[test]
fn patterns_withstand_the_attack_and_are_near_the_proven_optimum() {
    let Ok(corpus) = std::env::var("CANDOUR_CORPUS") else { return };
    let read = |name: String| std::fs::read_to_string(format!("{corpus}/sdc/{name}")).unwrap();
    let mut proven = 0;
    for line in read("golden.csv".to_owned()).lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (name, primary, optimum): (_, usize, f64) =
            (fields[0], fields[5].parse().unwrap(), fields[7].parse().unwrap());
        let mut profile = Profile::built_in("lt5-suppress").unwrap();
        profile.class_disclosure = false;
        profile.threshold = fields[2].parse().unwrap();
        profile.protect = if fields[3] == "exact" { Protect::Exact } else { Protect::Range };
        profile.keep_small = if fields[4] == "count" { KeepSmall::Cells } else { KeepSmall::Value };
        let (table, findings) =
            CountTable::from_csv(name, &read(format!("{name}.csv")), &read(format!("{name}.hier.json")))
                .unwrap();
        assert_eq!(findings, []);
        let passed = Release::new("golden", profile).unwrap().table(table).pass().unwrap();
        assert_eq!((passed.primary, passed.attack.len()), (primary, primary), "{line}");
        let ours = match fields[4] {
            "count" => (passed.primary + passed.secondary) as f64,
            _ => passed.hidden_value as f64,
        };
        assert!(ours <= optimum * 1.15, "{line}: {ours}");
        if fields[8] == "True" {
            proven += 1;
            assert!(ours >= optimum, "{line}: {ours} is below what was proven");
            assert!(!passed.optimal || ours == optimum, "{line}: {ours} is said to be optimal");
        }
    }
    assert!(proven > 40);
}

#[test]
fn all_ten_tables_pass_under_every_profile_that_needs_no_keys() {
    let Ok(corpus) = std::env::var("CANDOUR_CORPUS") else { return };
    let mut tables = 0;
    for file in std::fs::read_dir(format!("{corpus}/sdc")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.starts_with('t') || path.extension().is_none_or(|e| e != "csv") {
            continue;
        }
        tables += 1;
        let hierarchy = std::fs::read_to_string(path.with_extension("hier.json")).unwrap();
        let (table, _) =
            CountTable::from_csv(&name, &std::fs::read_to_string(&path).unwrap(), &hierarchy).unwrap();
        for profile in ["ons-10-5", "dfe-10-round", "lt5-suppress"] {
            let release = Release::new("all", Profile::built_in(profile).unwrap()).unwrap();
            let passed = release.table(table.clone()).pass();
            assert!(passed.is_ok(), "{name} under {profile}: {:?}", passed.err());
        }
    }
    assert_eq!(tables, 10);
}
