//! The door as a releaser meets it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;

use candour_disclosure::{
    Action, Budget, CountTable, Dimension, DisclosureError, Earlier, Passed, Profile, Release, Shown, Tally,
};
use candour_record::{Presence, Protected};
use proptest::prelude::*;

fn profile(name: &str) -> Profile {
    Profile::built_in(name).unwrap()
}

fn table(name: &str, csv: &str, hierarchy: &str) -> CountTable {
    let (table, findings) = CountTable::from_csv(name, csv, hierarchy).unwrap();
    assert!(findings.iter().all(|f| f.code == "totals_not_given"), "{findings:?}");
    table
}

/// A table of areas by sex, lowest levels given.
fn areas(name: &str, counts: &[(u64, u64)]) -> CountTable {
    let mut csv = "area,sex,count\n".to_owned();
    let names: Vec<String> = (0..counts.len()).map(|n| format!("\"a{n}\"")).collect();
    for (n, (f, m)) in counts.iter().enumerate() {
        writeln!(csv, "a{n},f,{f}\na{n},m,{m}").unwrap();
    }
    table(name, &csv, &format!(r#"[{{"all":[{}]}},{{"all":["f","m"]}}]"#, names.join(",")))
}

fn refused(release: Release) -> String {
    match release.pass() {
        Err(DisclosureError::Refused(refusal)) => refusal.to_string(),
        other => panic!("should be refused: {other:?}"),
    }
}

fn actions(passed: &Passed) -> Vec<(Action, &str)> {
    passed.log.iter().map(|d| (d.action, d.subject.as_str())).collect()
}

#[test]
fn what_is_left_out_is_said_with_its_reason() {
    let counts = areas("t", &[(3, 20), (15, 30), (25, 40)]);
    let passed = Release::new("r1", profile("lt5-suppress")).unwrap().table(counts).pass().unwrap();
    assert_eq!((passed.primary, passed.secondary), (1, 3));
    assert_eq!(actions(&passed)[0], (Action::AtRisk, "t a0|f"));
    assert_eq!(passed.log[0].reason, "the count is under 5");
    assert_eq!(actions(&passed).iter().filter(|a| a.0 == Action::LeftOut).count(), 3);
    assert_eq!(actions(&passed)[4..], [(Action::Withstood, "r1"), (Action::Released, "t")]);
    let public = &passed.tables[0];
    assert_eq!((public.release(), public.profile().name.as_str()), ("r1", "lt5-suppress"));
    assert_eq!((public.audit().attacked, public.audit().exposed), (1, 0));
    // The truth is 3: from 1 to 5 must stay possible, so the interval is at least that wide.
    let attacked = &passed.attack[0];
    assert!(
        attacked.exact && attacked.lower <= 1.0 && attacked.upper.is_none_or(|u| u >= 5.0),
        "{attacked:?}"
    );
    assert!(public.audit().narrowest.is_none_or(|n| n >= 4));
}

#[test]
fn a_printed_table_has_its_symbols_and_nothing_else() {
    let csv = "area,age,count\nr1,0-9,2\nr1,10+,17\nx,0-9,z\nx,10+,z\nr2.a,0-9,1\nr2.a,10+,24\nr2.b,0-9,12\nr2.b,10+,9\n";
    let hierarchy = r#"[{"all":["r1","r2","x"],"r2":["r2.a","r2.b"]},{"all":["0-9","10+"]}]"#;
    let passed =
        Release::new("r", profile("dfe-10-round")).unwrap().table(table("t", csv, hierarchy)).pass().unwrap();
    let public = &passed.tables[0];
    let text = |labels: &[&str]| public.text(public.get(labels).unwrap());
    // National and regional totals are rounded, areas are not, and what cannot apply says so.
    assert_eq!([text(&["all", "all"]), text(&["r2", "10+"])], ["70", "30"]);
    assert_eq!(text(&["x", "0-9"]), "z");
    assert_eq!([text(&["r1", "0-9"]), text(&["r2.a", "0-9"])], ["c", "c"]);
    let csv = public.to_csv();
    assert!(csv.starts_with("area,age,shown\nall,all,70\n") && csv.lines().count() == 19, "{csv}");
    let json = serde_json::to_value(public).unwrap();
    assert_eq!(json["profile"]["name"], "dfe-10-round");
    assert_eq!(json["audit"]["exposed"], 0);
    assert_eq!(json["cells"][0]["shown"], "70");
    assert_eq!((json["cells"][0]["least"].as_u64(), json["cells"][0]["most"].as_u64()), (Some(65), Some(74)));
}

#[test]
fn a_total_that_rounds_to_nothing_is_told_from_nobody() {
    let csv = "area,age,count\nn.a,0-9,2\nn.a,10+,0\nn.b,0-9,1\nn.b,10+,0\ns.a,0-9,30\ns.a,10+,41\n";
    let hierarchy = r#"[{"all":["n","s"],"n":["n.a","n.b"],"s":["s.a"]},{"all":["0-9","10+"]}]"#;
    let passed = Release::new("r", profile("dfe-10-round")).unwrap().table(table("t", csv, hierarchy)).pass();
    let passed = passed.unwrap();
    let public = &passed.tables[0];
    assert_eq!(public.text(public.get(&["n", "0-9"]).unwrap()), "k");
    assert_eq!(public.text(public.get(&["n", "10+"]).unwrap()), "0");
}

#[test]
fn spreadsheets_are_not_given_formulas() {
    let csv = "area,count\n\"=1+1, x\",40\n-b,50\n";
    let passed = Release::new("r", profile("ons-10-5"))
        .unwrap()
        .table(table("t", csv, r#"[{"all":["=1+1, x","-b"]}]"#))
        .pass()
        .unwrap();
    assert_eq!(passed.tables[0].to_csv(), "area,shown\nall,90\n\"'=1+1, x\",40\n'-b,50\n");
}

#[test]
fn a_row_with_everybody_in_one_cell_is_not_printed_as_such() {
    let counts = [(0, 30), (20, 25), (40, 35)];
    let printed = |name: &str| {
        let passed = Release::new("r", profile(name)).unwrap().table(areas("t", &counts)).pass().unwrap();
        let shown = [["a0", "f"], ["a0", "m"]].map(|labels| passed.tables[0].get(&labels).unwrap());
        (shown, passed.log)
    };
    let (shown, log) = printed("lt5-suppress");
    assert_eq!(shown, [Shown::Suppressed, Shown::Suppressed]);
    assert!(log.iter().any(|d| d.reason == "everybody of a0|all is in one cell"));
    // An empty total must be possibly above nothing too, and so must something below it.
    let csv = "area,age,count\nn.a,0-9,0\nn.b,0-9,0\ns.a,0-9,30\nn.a,10+,20\nn.b,10+,40\ns.a,10+,41\ns.b,0-9,12\ns.b,10+,9\n";
    let hierarchy = r#"[{"all":["n","s"],"n":["n.a","n.b"],"s":["s.a","s.b"]},{"all":["0-9","10+"]}]"#;
    let passed = Release::new("r", profile("lt5-suppress")).unwrap().table(table("t", csv, hierarchy)).pass();
    let passed = passed.unwrap();
    let hidden = ["n", "n.a", "n.b"].map(|a| passed.tables[0].get(&[a, "0-9"]).unwrap() == Shown::Suppressed);
    assert!(hidden[0] && (hidden[1] || hidden[2]), "{hidden:?}");
    // Where the profile does not ask for it, they are printed.
    let mut plain = profile("lt5-suppress");
    plain.class_disclosure = false;
    let passed = Release::new("r", plain).unwrap().table(areas("t", &counts)).pass().unwrap();
    assert_eq!(passed.tables[0].get(&["a0", "f"]), Some(Shown::Count(0)));
}

#[test]
fn knowing_the_rule_does_not_give_small_counts_away() {
    // 9 and 9 make 18, printed as 20: at least 18. Two counts under 10 that make at least 18 are both 9.
    let counts = areas("t", &[(9, 9), (40, 50), (60, 70)]);
    let mut rules = profile("ons-10-5");
    let passed = Release::new("r", rules.clone()).unwrap().table(counts.clone()).pass().unwrap();
    assert!(passed.secondary > 0 && passed.attack.len() == 2);
    assert!(passed.attack.iter().all(|a| a.lower <= 8.0 && a.upper == Some(9.0)), "{:?}", passed.attack);
    // For readers who cannot tell why a cell was left out, the two protect each other.
    rules.rule_known = false;
    assert_eq!(Release::new("r", rules).unwrap().table(counts).pass().unwrap().secondary, 0);
}

#[test]
fn a_person_can_ask_for_more_to_be_left_out_and_is_named() {
    let release =
        || Release::new("r", profile("lt5-suppress")).unwrap().table(areas("t", &[(30, 20), (15, 30)]));
    let passed =
        release().leave_out("t", &["a1", "m"], "head of statistics", "a case in the courts").pass().unwrap();
    assert_eq!(passed.tables[0].get(&["a1", "m"]), Some(Shown::Suppressed));
    assert_eq!(actions(&passed)[0], (Action::AskedOut, "t a1|m"));
    assert_eq!(passed.log[0].reason, "head of statistics: a case in the courts");
    let unknown = release().leave_out("t", &["a9", "m"], "x", "y").pass().unwrap_err().to_string();
    assert!(unknown.contains("no cell a9|m"), "{unknown}");
}

#[test]
fn what_cannot_be_protected_is_refused_by_name() {
    // Only one cell above nothing: its total cannot be left in doubt while zeros are printed.
    let csv = "area,count\na,3\nb,0\n";
    let mut plain = profile("lt5-suppress");
    plain.class_disclosure = false;
    let release =
        Release::new("r", plain.clone()).unwrap().table(table("one", csv, r#"[{"all":["a","b"]}]"#));
    // With both the cell and its total left out nothing more is known of either.
    assert_eq!(release.pass().unwrap().primary, 2);
    // Printed before, the total gives the cell away, and nothing done now can help.
    let counts = areas("t", &[(3, 20), (15, 30)]);
    let mut open = plain.clone();
    open.threshold = 2;
    let before = Release::new("0", open).unwrap().table(areas("t", &[(3, 20), (15, 30)])).pass().unwrap();
    let mut part = serde_json::to_value(&before.tables[0]).unwrap();
    // As if the earlier release had left out the cell and printed everything else.
    for cell in part["cells"].as_array_mut().unwrap() {
        if cell["codes"][0] == "a0" && cell["codes"][1] == "f" {
            (cell["least"], cell["most"]) = (0.into(), serde_json::Value::Null);
        }
    }
    let earlier = Earlier::from_json(counts.clone(), &part.to_string()).unwrap();
    let text = refused(Release::new("1", plain.clone()).unwrap().table(counts).earlier(earlier.clone()));
    assert!(text.starts_with("1 cells at risk could be worked out: t a0|f;"), "{text}");
    // The same check without a new table finds it in the old one alone.
    let text = refused(Release::new("check", plain).unwrap().earlier(earlier));
    assert!(text.contains("t a0|f"), "{text}");
}

#[test]
fn what_an_earlier_release_printed_is_found_and_said() {
    let counts = || areas("t", &[(7, 20), (15, 30), (22, 41)]);
    let first = Release::new("1", profile("lt5-suppress")).unwrap().table(counts()).pass().unwrap();
    assert_eq!(first.tables[0].get(&["a0", "f"]), Some(Shown::Count(7)));
    let text = serde_json::to_string(&first.tables[0]).unwrap();
    let earlier = Earlier::from_json(counts(), &text).unwrap();
    let second =
        Release::new("2", profile("ons-10-5")).unwrap().table(counts()).earlier(earlier).pass().unwrap();
    assert_eq!(second.findings[0].code, "already_public");
    assert!(actions(&second).contains(&(Action::AlreadyPublic, "t a0|f")));
    // Counts that the printed table contradicts are no basis for an attack.
    let other = areas("t", &[(8, 20), (15, 30), (22, 41)]);
    assert!(Earlier::from_json(other, &text).unwrap_err().to_string().contains("cannot have been"));
}

#[test]
fn a_small_change_between_two_versions_is_left_in_doubt() {
    let first = areas("t", &[(50, 60), (70, 80), (90, 40)]);
    let released = Release::new("1", profile("lt5-suppress")).unwrap().table(first.clone()).pass().unwrap();
    let earlier = Earlier::new(first, &released.tables[0]).unwrap();
    // Two more people in one cell: the difference of the two printed tables would say so.
    let second = areas("t", &[(52, 60), (70, 80), (90, 40)]);
    let passed =
        Release::new("2", profile("lt5-suppress")).unwrap().table(second).earlier(earlier).pass().unwrap();
    let shown = ["a0", "all"].map(|area| passed.tables[0].get(&[area, "f"]).unwrap());
    assert_eq!(shown, [Shown::Suppressed, Shown::Suppressed]);
    assert!(passed.attack.iter().any(|a| a.cell.starts_with("change since an earlier release")));
}

#[test]
fn what_lies_between_two_codes_is_left_in_doubt() {
    let under_18 = || table("under 18", "age,count\n0-17,200\n18+,300\n", r#"[{"all":["0-17","18+"]}]"#);
    let under_16 = || table("under 16", "age,count\n0-15,197\n16+,303\n", r#"[{"all":["0-15","16+"]}]"#);
    let release = || Release::new("r", profile("lt5-suppress")).unwrap().table(under_18()).table(under_16());
    // Without being told that one code holds the other, nothing is at risk.
    assert_eq!(release().pass().unwrap().secondary, 0);
    let passed = release().nested("age", "0-17", &["0-15", "16-17"]).pass().unwrap();
    assert!(passed.secondary > 0);
    assert!(passed.attack.iter().any(|a| a.upper.is_none_or(|u| u - a.lower >= 4.0)), "{:?}", passed.attack);
    let wrong = release().nested("age", "0-15", &["0-17", "16-17"]).pass().unwrap_err().to_string();
    assert!(wrong.contains("0-15 is said to be made of 0-17"), "{wrong}");
}

#[test]
fn a_budget_takes_the_most_worthwhile_tables_that_it_affords() {
    let sparse = areas("sparse", &[(1, 2), (3, 1), (2, 4)]);
    let full = areas("full", &[(100, 120), (130, 90), (80, 140)]).of_population("others");
    let release = |most_hidden: f64| {
        Release::new("r", profile("lt5-suppress"))
            .unwrap()
            .table_worth(sparse.clone(), 2.0)
            .table_worth(full.clone(), 1.0)
            .budget(Budget { most_hidden })
            .pass()
            .unwrap()
    };
    let names = |passed: &Passed| passed.tables.iter().map(|t| t.name().to_owned()).collect::<Vec<_>>();
    let tight = release(0.2);
    assert_eq!(names(&tight), ["full"]);
    assert_eq!(actions(&tight)[0], (Action::NotAfforded, "sparse"));
    assert!(tight.log[0].reason.contains("the budget is 20 %"), "{}", tight.log[0].reason);
    assert_eq!(names(&release(1.0)), ["sparse", "full"]);
}

#[test]
fn tables_that_disagree_are_not_released_together() {
    let one = areas("one", &[(50, 60), (70, 80)]);
    let other = table("other", "area,count\na0,110\na1,151\n", r#"[{"all":["a0","a1"]}]"#);
    let both = || Release::new("r", profile("ons-10-5")).unwrap().table(one.clone());
    let text = both().table(other.clone()).pass().unwrap_err().to_string();
    assert!(text.contains("one and other disagree about"), "{text}");
    // Of another population they may.
    assert!(both().table(other.of_population("suspects")).pass().is_ok());
}

#[test]
fn a_protected_characteristic_is_published_by_counting_only() {
    let ethnicity = Dimension::flat("ethnicity", "all", ["A", "B", "not stated", "not recorded"]).unwrap();
    let area = Dimension::flat("area", "all", ["n", "s"]).unwrap();
    let mut tally = Tally::new("ethnicity by area", vec![area, ethnicity]).unwrap();
    let column: Vec<(&str, Protected<String>)> = (0..200)
        .map(|n| {
            let value = match n % 10 {
                0 => Protected::missing(Presence::NotStated),
                1 if n > 180 => Protected::missing(Presence::NotRecorded),
                2..=5 => Protected::recorded("A".to_owned()),
                9 if n == 199 => Protected::recorded("C".to_owned()),
                _ => Protected::recorded("B".to_owned()),
            };
            (if n % 3 == 0 { "n" } else { "s" }, value)
        })
        .collect();
    for (area, ethnicity) in &column {
        tally.add(&[(*area).into(), ethnicity.into()], None);
    }
    let (table, findings) = tally.finish().unwrap();
    // A code that the dimension lacks is said to be missing, without being named.
    assert_eq!(findings.len(), 1);
    let said = &findings[0].message;
    assert!(said.contains("fewer than 10 of about 200 records") && !said.contains('C'), "{said}");
    let passed = Release::new("r", profile("ons-10-5")).unwrap().table(table).pass().unwrap();
    let shown = |label| passed.tables[0].get(&["all", label]).unwrap();
    assert_eq!(shown("A").number(), Some(80));
    assert_eq!(shown("not stated").number(), Some(20));
    assert_eq!(shown("not recorded"), Shown::Suppressed);
}

#[test]
fn controlled_rounding_adds_up_in_print() {
    let mut rules = profile("ons-10-5");
    rules.threshold = 0;
    rules.zeros = candour_disclosure::Zeros::Publish;
    if let Some(rounding) = &mut rules.rounding {
        rounding.controlled = true;
    }
    let counts = areas("t", &[(13, 27), (58, 33), (91, 46), (2, 8)]);
    let passed = Release::new("r", rules).unwrap().table(counts).pass().unwrap();
    let number = |area: &str, sex: &str| passed.tables[0].get(&[area, sex]).unwrap().number().unwrap();
    for sex in ["f", "m", "all"] {
        let sum: u64 = (0..4).map(|n| number(&format!("a{n}"), sex)).sum();
        assert_eq!(sum, number("all", sex));
    }
    assert_eq!(number("all", "f") + number("all", "m"), number("all", "all"));
}

#[test]
fn the_same_release_gives_the_same_bytes_on_any_thread() {
    let make = || {
        let counts: Vec<(u64, u64)> = (0..12).map(|n| ((n * n * 7 + 3) % 23, (n * 13 + 5) % 31)).collect();
        let passed =
            Release::new("r", profile("lt5-suppress")).unwrap().table(areas("t", &counts)).pass().unwrap();
        (serde_json::to_string(&passed.tables).unwrap(), serde_json::to_string(&passed.log).unwrap())
    };
    let here = make();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(make)).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), here);
    }
}

#[test]
fn tables_that_cannot_be_read_are_refused_in_words() {
    let flat = r#"[{"all":["a","b"]}]"#;
    let cases: [(&str, &str, &str); 13] = [
        ("area,number\na,1\n", flat, "then count"),
        ("count\n1\n", "[]", "then count"),
        ("area,count\na,-1\n", flat, "not a whole count"),
        ("area,count\na,1.5\n", flat, "not a whole count"),
        ("area,count\na,1099511627777\n", flat, "not a whole count"),
        ("area,count\nc,1\n", flat, "c is not in the hierarchy of area"),
        ("area,count\na,1\na,1\n", flat, "a second time"),
        ("area,count\na,1\nb,2\nall,4\n", flat, "1 totals are not the sum"),
        ("area,sex,count\na,f,1\n", flat, "1 dimensions and the table 2"),
        ("area,count\na,1\n", r#"[{"all":["a","b"],"b":["a"]}]"#, "one parent"),
        ("area,count\na,1\n", r#"[{"x":["y"],"y":["x"]}]"#, "grand total"),
        ("area,count\na,1\n", r#"[{"all":["a"],"other":["b"]}]"#, "nobody's child"),
        ("area,count\na,1\n", "{", "list of objects"),
    ];
    for (csv, hierarchy, says) in cases {
        let refused = CountTable::from_csv("t", csv, hierarchy).unwrap_err().to_string();
        assert!(refused.contains(says), "{csv:?}: {refused}");
    }
}

#[test]
fn limits_are_kept() {
    let wide = |name: &str| {
        let parts: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        Dimension::flat(name, "all", parts).unwrap()
    };
    let refused = Tally::new("t", vec![wide("a"), wide("b")]).unwrap_err().to_string();
    assert!(refused.contains("251001 cells, more than the 200000"), "{refused}");
    let many = (0..7).map(|n| Dimension::flat(n.to_string(), "all", ["x"]).unwrap()).collect();
    assert!(Tally::new("t", many).unwrap_err().to_string().contains("7 dimensions"));
    let deep = (0..12).map(|n| (format!("l{n}"), vec![format!("l{}", n + 1)])).collect();
    assert!(Dimension::tree("d", &deep).unwrap_err().to_string().contains("deeper than 10"));
    let twice = vec![wide("a"), Dimension::flat("a", "all", ["x"]).unwrap()];
    assert!(Tally::new("t", twice).unwrap_err().to_string().contains("has it twice"));
}

#[test]
fn a_budget_that_is_no_share_is_refused() {
    for most_hidden in [-0.1, 1.5, f64::NAN] {
        let release = Release::new("r", profile("ons-10-5")).unwrap().budget(Budget { most_hidden });
        assert!(release.pass().unwrap_err().to_string().contains("from 0 to 1"));
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(
        csv in "(area|a,b|count|,|\n|[0-9]{1,22}|z|all|x|\"|-){0,40}",
        hierarchy in r#"(\[|\]|\{|\}|:|,|"all"|"x"|"y"|""){0,24}"#,
        other in ".{0,80}",
    ) {
        let _ = CountTable::from_csv("t", &csv, &hierarchy);
        let _ = CountTable::from_csv("t", &format!("area,count\n{other}"), r#"[{"all":["x"]}]"#);
        let _ = Profile::from_toml(&other);
        let _ = candour_disclosure::NoiseTable::from_csv(&format!("pcv,ckey,pvalue\n{other}"));
        let _ = Earlier::from_json(areas("t", &[(1, 2)]), &other);
    }

    #[test]
    fn no_counts_make_the_door_panic(
        counts in prop::collection::vec((0..9u64, prop_oneof![0..9u64, Just(1u64 << 36)]), 1..7),
        name in prop::sample::select(vec!["ons-10-5", "dfe-10-round", "lt5-suppress"]),
    ) {
        if let Ok(passed) = Release::new("r", profile(name)).unwrap().table(areas("t", &counts)).pass() {
            prop_assert_eq!(passed.tables[0].audit().exposed, 0);
        }
    }
}
