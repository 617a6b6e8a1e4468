//! The same answers as the statistics office's own package, `cell-key-perturbation` 3.1.0 (run on these records with pandas 2).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;

use candour_disclosure::{Dimension, NoiseTable, Profile, Release, Shown, Tally};

/// Records made by a rule, so that the package can be given the same ones: area, sex, record key.
fn records() -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    let made = (0..2600u32).map(|i| {
        let area = if i.is_multiple_of(5) { "n" } else { ["n", "s", "w"][((i * i + i / 7) % 3) as usize] };
        let sex = if i.is_multiple_of(4) { "x" } else { ["x", "y"][((i * 3 + i / 11) % 2) as usize] };
        (area, sex, (i * 37 + i * i) % 256)
    });
    made.chain([("w2", "x", 200), ("w2", "x", 7), ("w2", "y", 255)])
}

/// What the package gives: area, sex, count before, cell key, and the counts after the 10-5 table and after the made one.
type Answer = (&'static str, &'static str, u64, u64, Option<u64>, u64);
const ANSWERS: [Answer; 14] = [
    ("n", "x", 865, 62, Some(865), 864),
    ("n", "y", 447, 122, Some(445), 445),
    ("s", "x", 393, 76, Some(395), 395),
    ("s", "y", 202, 96, Some(200), 202),
    ("w", "x", 455, 196, Some(455), 456),
    ("w", "y", 238, 208, Some(240), 236),
    ("w2", "x", 2, 207, None, 0),
    ("w2", "y", 1, 255, None, 1),
    ("n", "all", 1312, 184, Some(1310), 1311),
    ("s", "all", 595, 172, Some(595), 594),
    ("w", "all", 693, 148, Some(693 + 2), 691),
    ("w2", "all", 3, 206, None, 5),
    ("all", "x", 1715, 29, Some(1715), 1715),
    ("all", "y", 888, 169, Some(890), 889),
];

fn made_table() -> NoiseTable {
    let mut text = "pcv,ckey,pvalue\n".to_owned();
    for count in 1..=750i64 {
        for key in 0..256i64 {
            writeln!(text, "{count},{key},{}", (count * 7 + key * 3) % 5 - 2).unwrap();
        }
    }
    NoiseTable::from_csv(&text).unwrap()
}

#[test]
fn noise_by_count_and_key_is_that_of_the_package() {
    let (ten_five, made) = (NoiseTable::ten_five(), made_table());
    for (area, sex, count, key, rounded, perturbed) in ANSWERS {
        let shown = Some(ten_five.perturb(count, key)).filter(|shown| *shown >= 10);
        assert_eq!(shown, rounded, "{area} {sex}");
        assert_eq!(made.perturb(count, key), perturbed, "{area} {sex}");
    }
}

#[test]
fn a_release_counts_keys_and_gives_the_answers_of_the_package() {
    let area = Dimension::flat("area", "all", ["n", "s", "w", "w2"]).unwrap();
    let sex = Dimension::flat("sex", "all", ["x", "y"]).unwrap();
    let mut tally = Tally::new("areas", vec![area, sex]).unwrap();
    for (area, sex, key) in records() {
        tally.add(&[area.into(), sex.into()], Some(key));
    }
    let (table, findings) = tally.finish().unwrap();
    assert_eq!(findings, []);
    let release = Release::new("r", Profile::built_in("census-ckm").unwrap()).unwrap();
    let passed = release.table(table).noise_table(NoiseTable::ten_five()).pass().unwrap();
    for (area, sex, _, _, rounded, _) in ANSWERS {
        let shown = passed.tables[0].get(&[area, sex]).unwrap();
        assert_eq!(shown.number(), rounded, "{area} {sex}: {shown:?}");
        assert_eq!(rounded.is_none(), shown == Shown::Suppressed);
    }
}

#[test]
fn cell_keys_without_record_keys_are_refused() {
    let area = Dimension::flat("area", "all", ["n", "s"]).unwrap();
    let mut tally = Tally::new("areas", vec![area]).unwrap();
    tally.add(&["n".into()], Some(1));
    tally.add(&["s".into()], None);
    let (table, findings) = tally.finish().unwrap();
    assert_eq!(findings[0].code, "record_keys_missing");
    let refused = Release::new("r", Profile::built_in("census-ckm").unwrap()).unwrap().table(table).pass();
    assert!(refused.unwrap_err().to_string().contains("record keys"));
}
