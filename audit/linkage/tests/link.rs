//! The linker as a whole: blocking against brute force, the same bytes at any thread count, Splink's weights, families.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::disallowed_methods, reason = "the corpus is read where CANDOUR_CORPUS names it")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use candour_linkage::{
    KeptPair, LinkageError, Linker, Records, Settings, Sources, SplitOptions, Tables, components, splink,
    split, toml_settings, weight_of,
};
use proptest::prelude::*;

/// Reads tables of CSV text.
fn records(settings: &Settings, tables: &[(&str, &str)]) -> Records {
    let mut reader = Tables::new(settings);
    for (name, text) in tables {
        reader.add_csv(name, text.as_bytes()).unwrap();
    }
    reader.finish().unwrap().0
}

/// Every pair kept at a floor.
fn pairs(linker: &Linker<'_>, floor: f64) -> Vec<KeptPair> {
    let mut all = Vec::new();
    let keep = |_, _, kept: &[KeptPair]| {
        all.extend_from_slice(kept);
        Ok(())
    };
    linker.predict(floor, u64::MAX, &|_, _, _| {}, |_| true, keep).unwrap();
    all
}

const EXACT: &str = r#"
    prior = 0.01
    household = false
    [[comparison]]
    column = "a"
    levels = [{ sql = "a_l IS NULL OR a_r IS NULL" }, { sql = "a_l = a_r", m = 0.9, u = 0.1 }, { sql = "ELSE", m = 0.1, u = 0.9 }]
"#;

fn with_rules(link_type: &str, rules: &str) -> Settings {
    toml_settings::to_settings(&format!("link-type = \"{link_type}\"\nblocking-rules = {rules}\n{EXACT}"))
        .unwrap()
}

proptest! {
    #[test]
    fn blocking_meets_every_pair_that_a_rule_holds_for_and_meets_it_once(
        rows in prop::collection::vec((0u8..4, 0u8..4, 0u8..3, prop::bool::ANY), 0..60),
        link_only in prop::bool::ANY,
    ) {
        let rules = "[[\"a\", \"b\"], [\"c\"], \"l.b = r.b AND l.a <> r.a\"]";
        let settings = with_rules(if link_only { "link-only" } else { "dedupe-only" }, rules);
        let mut tables = [String::from("unique_id,a,b,c\n"), String::from("unique_id,a,b,c\n")];
        // Zero stands for a missing value.
        let text = |n: u8| if n == 0 { String::new() } else { n.to_string() };
        for (at, (a, b, c, second)) in rows.iter().enumerate() {
            writeln!(tables[usize::from(*second)], "{at},{},{},{}", text(*a), text(*b), text(*c)).unwrap();
        }
        let records = records(&settings, &[("one", &tables[0]), ("two", &tables[1])]);
        let linker = Linker::new(&records, settings).unwrap();
        let met = pairs(&linker, f64::NEG_INFINITY);
        let found: BTreeSet<(u32, u32)> = met.iter().map(|k| (k.pair.left, k.pair.right)).collect();
        prop_assert_eq!(found.len(), met.len(), "a pair was met twice");
        let of = |record: u32| rows[records.id(record).parse::<usize>().unwrap()];
        let mut expected = BTreeSet::new();
        for left in 0..records.len() as u32 {
            for right in left + 1..records.len() as u32 {
                let (x, y) = (of(left), of(right));
                let same = |p: u8, q: u8| p != 0 && p == q;
                let held = same(x.0, y.0) && same(x.1, y.1)
                    || same(x.2, y.2)
                    || same(x.1, y.1) && x.0 != 0 && y.0 != 0 && x.0 != y.0;
                if held && !(link_only && x.3 == y.3) {
                    expected.insert((left, right));
                }
            }
        }
        prop_assert_eq!(found, expected);
    }
}

/// Families of invented people seen by two agencies, with slips; the person is in the last column.
fn families(households: u64, seed: u64) -> String {
    const GIVEN: [&str; 24] = [
        "ida", "omar", "lena", "cara", "petra", "yusuf", "maya", "tomas", "elin", "rhys", "nadia", "owen",
        "freya", "idris", "hana", "luca", "signe", "kofi", "ruth", "alan", "bea", "carl", "dora", "evan",
    ];
    const FAMILY: [&str; 30] = [
        "vance",
        "brook",
        "holt",
        "dale",
        "grey",
        "marsh",
        "thorn",
        "field",
        "stone",
        "wells",
        "frost",
        "lake",
        "moor",
        "penn",
        "reed",
        "shaw",
        "tate",
        "underhill",
        "voss",
        "wyatt",
        "yates",
        "zander",
        "ashby",
        "birch",
        "crane",
        "drew",
        "ellis",
        "flint",
        "gale",
        "hurst",
    ];
    let mut state = seed;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut csv = String::from("unique_id,first_name,surname,dob,postcode,person\n");
    let (mut person, mut id) = (0_u64, 0_u64);
    for house in 0..households {
        let surname = FAMILY[next(30) as usize];
        let postcode = format!("QX{} {}AB", house / 9 + 1, house % 9 + 1);
        let children = 1 + next(3);
        let twins = next(6) == 0;
        let mut born = (2000 + next(12), 1 + next(12), 1 + next(28));
        for child in 0..children {
            if child > 0 && !twins {
                born = (born.0 + 1 + next(3), 1 + next(12), 1 + next(28));
            }
            // Children of one house have different names.
            let given = GIVEN[((next(8) * 3 + child) % 24) as usize];
            for _ in 0..=next(3) {
                let mut dob = format!("{:04}-{:02}-{:02}", born.0, born.1, born.2);
                let mut written = given.to_owned();
                match next(12) {
                    0 => written.push('e'),
                    1 => dob = format!("{:04}-{:02}-{:02}", born.0, born.1, 1 + next(28)),
                    _ => {}
                }
                let home = if next(10) == 0 { format!("QZ{} 1ZZ", 1 + next(400)) } else { postcode.clone() };
                writeln!(csv, "{id},{written},{surname},{dob},{home},{person}").unwrap();
                id += 1;
            }
            person += 1;
        }
    }
    csv
}

const PEOPLE: &str = r#"
    link-type = "dedupe-only"
    blocking-rules = [["first_name", "surname"], ["surname", "postcode"], ["dob"], ["first_name", "postcode"]]
    [training]
    deterministic-rules = [["first_name", "surname", "dob"]]
    recall = 0.7
    sampled-pairs = 300000
    sessions = [["first_name", "surname"], ["dob", "postcode"], ["surname", "postcode"]]
    [[comparison]]
    compare = "name"
    column = "first_name"
    [[comparison]]
    compare = "name"
    column = "surname"
    [[comparison]]
    compare = "date-of-birth"
    column = "dob"
    [[comparison]]
    compare = "postcode"
    column = "postcode"
"#;

/// Links families; returns the model written, the pairs, and how many wrong pairs clusters hold and how many right ones are missed.
fn link_families(csv: &str, household: bool) -> (String, Vec<KeptPair>, usize, usize) {
    let settings = toml_settings::to_settings(&format!("household = {household}\n{PEOPLE}")).unwrap();
    let mut reader = Tables::with_columns(&settings, &["person"]);
    reader.add_csv("families", csv.as_bytes()).unwrap();
    let (records, _) = reader.finish().unwrap();
    let mut linker = Linker::new(&records, settings).unwrap();
    linker.train(&|_, _, _| {}).unwrap();
    let all = pairs(&linker, weight_of(0.01));
    let scored: Vec<_> = all.iter().map(|k| k.pair).collect();
    let n = records.len() as u32;
    let clusters = if household {
        let (whole, _) = components(n, &scored, weight_of(0.2));
        let scorer = linker.pair_scorer().unwrap();
        split(&whole, &scored, Sources::default(), &|a, b| scorer.weight(a, b), &SplitOptions::default()).0
    } else {
        components(n, &scored, weight_of(0.95)).0
    };
    let (mut wrong, mut missed) = (0, 0);
    for a in 0..n {
        for b in a + 1..n {
            let together = clusters.labels()[a as usize] == clusters.labels()[b as usize];
            let one = records.value(a, "person") == records.value(b, "person");
            wrong += usize::from(together && !one);
            missed += usize::from(one && !together);
        }
    }
    (splink::write_splink(linker.settings()), all, wrong, missed)
}

#[test]
fn a_family_is_not_one_child() {
    let csv = families(700, 11);
    let (_, _, wrong_before, missed_before) = link_families(&csv, false);
    let (model, _, wrong, missed) = link_families(&csv, true);
    assert!(wrong * 2 <= wrong_before, "the household model leaves {wrong} wrong pairs of {wrong_before}");
    assert!(
        wrong + missed < wrong_before + missed_before,
        "{wrong}+{missed} against {wrong_before}+{missed_before}"
    );
    // The model comes back with its classes.
    let (again, _) = splink::read_splink(&model).unwrap();
    let classes: Vec<String> = again.mixture.unwrap().classes.into_iter().map(|c| c.name).collect();
    assert!(classes.contains(&"twin".to_owned()) && classes.contains(&"sibling".to_owned()), "{classes:?}");
}

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let csv = families(300, 5);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (model, pairs, ..) = link_families(&csv, true);
            (model, pairs.iter().map(|k| k.to_bytes().to_vec()).collect::<Vec<_>>())
        })
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn a_deterministic_pass_joins_whatever_the_weight_and_says_which_it_was() {
    let settings = toml_settings::to_settings(&format!(
        "link-type = \"dedupe-only\"\npasses = [[\"nhs\"], [\"b\"]]\nblocking-rules = [[\"a\"]]\n{EXACT}"
    ))
    .unwrap();
    let records = records(&settings, &[("t", "unique_id,a,b,nhs\n1,x,1,9\n2,y,1,9\n3,x,,\n4,z,1,\n")]);
    let linker = Linker::new(&records, settings).unwrap();
    let mut found: Vec<(&str, &str, u16)> = pairs(&linker, weight_of(0.01))
        .iter()
        .map(|k| (records.id(k.pair.left), records.id(k.pair.right), k.rule))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("1", "2", 0), ("1", "3", 2), ("1", "4", 1), ("2", "4", 1)]);
}

#[test]
fn kept_pairs_survive_being_bytes() {
    let settings = with_rules("dedupe-only", "[[\"a\"]]");
    let records = records(&settings, &[("t", "unique_id,a\n1,x\n2,x\n")]);
    let linker = Linker::new(&records, settings).unwrap();
    let pair = pairs(&linker, f64::NEG_INFINITY)[0];
    assert_eq!(KeptPair::from_bytes(&pair.to_bytes()), Some(pair));
    assert_eq!(KeptPair::from_bytes(&pair.to_bytes()[1..]), None);
    assert_eq!(linker.comparison_value(&pair, 0), 1);
}

#[test]
fn a_rule_that_makes_too_many_pairs_is_named_before_it_is_run() {
    let settings = with_rules("dedupe-only", "[[\"a\"]]");
    let mut csv = String::from("unique_id,a\n");
    (0..1000).for_each(|n| writeln!(csv, "{n},same").unwrap());
    let records = records(&settings, &[("t", &csv)]);
    let linker = Linker::new(&records, settings).unwrap();
    let counts = linker.count_blocks().unwrap();
    assert_eq!((counts[0].pairs, counts[0].largest_block), (499_500, 1000));
    let refused = linker.predict(0.0, 10_000, &|_, _, _| {}, |_| true, |_, _, _| Ok(()));
    let Err(LinkageError::TooManyPairs { pairs, limit, largest, .. }) = refused else {
        panic!("it was not refused: {refused:?}")
    };
    assert_eq!((pairs, limit, largest), (499_500, 10_000, 1000));
}

#[test]
fn a_value_counted_elsewhere_weighs_by_the_share_it_has_there() {
    let toml = r#"
        link-type = "dedupe-only"
        prior = 0.5
        household = false
        blocking-rules = [["surname"]]
        [[comparison]]
        column = "surname"
        levels = [
            { sql = "surname_l IS NULL OR surname_r IS NULL" },
            { sql = "surname_l = surname_r", m = 0.5, u = 0.01, term-frequency = { column = "surname" } },
            { sql = "ELSE", m = 0.5, u = 0.99 },
        ]
    "#;
    let settings = match toml_settings::to_settings(toml) {
        Ok(settings) => settings,
        Err(error) => panic!("{error}"),
    };
    let records = records(&settings, &[("t", "unique_id,surname\n1,vance\n2,vance\n3,brook\n4,holt\n")]);
    let mut linker = Linker::new(&records, settings).unwrap();
    // A half of the records are called so: m over that share.
    assert!((pairs(&linker, f64::NEG_INFINITY)[0].pair.weight - (0.5_f64 / 0.5).log2()).abs() < 1e-12);
    linker.set_frequencies("surname", &[("vance".to_owned(), 0.001)].into());
    assert!((pairs(&linker, f64::NEG_INFINITY)[0].pair.weight - (0.5_f64 / 0.001).log2()).abs() < 1e-12);
}

/// Bytes on which the Parquet library panics (found by fuzzing).
const DAMAGED: &[u8] = include_bytes!("data/damaged.parquet");

#[test]
fn a_table_that_cannot_be_read_leaves_nothing_behind() {
    let settings = toml_settings::to_settings(
        r#"
        link-type = "dedupe-only"
        household = false
        prior = 0.1
        blocking-rules = [["dob"]]
        [[comparison]]
        column = "surname"
        levels = [{ sql = "surname_l = surname_r", m = 0.9, u = 0.02 }, { sql = "ELSE", m = 0.1, u = 0.98 }]
        "#,
    )
    .unwrap();
    let mut tables = Tables::new(&settings);
    tables.add_csv("first", "unique_id,surname,dob\n1,Reed,2009-03-01\n".as_bytes()).unwrap();
    let error = tables.add_parquet("damaged", bytes::Bytes::from_static(DAMAGED)).unwrap_err().to_string();
    assert!(error.starts_with("damaged: ") && error.contains("damaged Parquet file"), "{error}");
    let short = "unique_id,surname,dob\n1,Okafor,2009-03-01\n2,Okafor\n";
    let error = tables.add_csv("short", short.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
    assert_eq!(tables.len(), 1);
    tables.add_csv("third", "unique_id,surname,dob\n1,Reed,2009-03-01\n".as_bytes()).unwrap();
    let (records, _) = tables.finish().unwrap();
    let read: Vec<_> = (0..2).map(|r| (records.source(r), records.value(r, "surname"))).collect();
    assert_eq!(read, [("first", Some("Reed")), ("third", Some("Reed"))]);
    let linker = Linker::new(&records, settings).unwrap();
    assert_eq!(pairs(&linker, 0.0).len(), 1);
}

#[test]
fn bad_tables_are_named_by_line_and_column() {
    let settings = with_rules("dedupe-only", "[[\"a\"]]");
    let mut tables = Tables::new(&settings);
    for (text, says) in [
        ("id,a\n1,x\n", "no column unique_id"),
        ("unique_id,b\n1,x\n", "no column a"),
        ("unique_id,a\n1,x,y\n", "line 2 has 3 fields"),
        ("unique_id,a\n,x\n", "line 2 has no unique_id"),
        ("unique_id,a,a\n1,x,y\n", "names a twice"),
        ("", "no header"),
    ] {
        let error = tables.add_csv("police", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("police") && error.contains(says), "{text:?}: {error}");
    }
    let mut tables = Tables::new(&settings);
    tables.add_csv("police", "unique_id,a\n7,x\n8,y\n7,z\n".as_bytes()).unwrap();
    let error = tables.finish().unwrap_err().to_string();
    assert!(error.contains("the id 7 stands in rows 1 and 3"), "{error}");
    let mut tables = Tables::new(&settings);
    tables.add_csv("police", &b"unique_id,a\n1,caf\xe9\n2,\n"[..]).unwrap();
    let (records, findings) = tables.finish().unwrap();
    assert_eq!(records.value(0, "a"), Some("caf\u{fffd}"));
    assert!(findings.iter().any(|f| f.code == "not_utf8" && f.message.contains("line 2")), "{findings:?}");
}

/// Every weight that Splink 5 gave with its trained models, within 1e-6 (the corpus is for development only).
#[test]
fn splinks_weights_to_the_last_digits() {
    let Some(corpus) = std::env::var_os("CANDOUR_CORPUS") else { return };
    let folder = std::path::Path::new(&corpus).join("linkage");
    let model = folder.join("models/fake_1000.splink5.model.json");
    if !model.exists() {
        return;
    }
    let (settings, _) = splink::read_splink(&std::fs::read_to_string(model).unwrap()).unwrap();
    let mut tables = Tables::new(&settings);
    tables.add_csv("fake_1000", std::fs::File::open(folder.join("fake_1000.csv")).unwrap()).unwrap();
    let (records, _) = tables.finish().unwrap();
    let linker = Linker::new(&records, settings).unwrap();
    let mut ours = std::collections::HashMap::new();
    for kept in pairs(&linker, f64::NEG_INFINITY) {
        let ids = [records.id(kept.pair.left), records.id(kept.pair.right)].map(str::to_owned);
        let [a, b] = ids;
        ours.insert(if a < b { (a, b) } else { (b, a) }, kept.pair.weight);
    }
    let reference = std::fs::File::open(folder.join("models/fake_1000.splink5.pairs.parquet")).unwrap();
    let file = parquet::file::reader::SerializedFileReader::new(reference).unwrap();
    let mut compared = 0;
    for row in file {
        let row = row.unwrap();
        let mut ids = Vec::new();
        let mut weight = f64::NAN;
        for (name, value) in row.get_column_iter() {
            match (name.as_str(), value) {
                ("unique_id_l" | "unique_id_r", value) => {
                    ids.push(value.to_string().trim_matches('"').to_owned());
                }
                ("match_weight", parquet::record::Field::Double(w)) => weight = *w,
                _ => {}
            }
        }
        ids.sort();
        let found = ours[&(ids[0].clone(), ids[1].clone())];
        assert!((found - weight).abs() < 1e-6, "{ids:?}: {found} against {weight}");
        compared += 1;
    }
    assert_eq!(compared, 3_989);
}
