//! Every rule against the bad example of every other: what is found, where, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use candour_returns::{
    CheckOptions, CheckReport, DuplicateEstimate, Example, FieldAgreement, FileFacts, Outside, RULES, Ran,
    Return, ReturnReader, Specification, check, harmed_elsewhere,
};
use proptest::prelude::*;

fn options() -> CheckOptions {
    CheckOptions::new(b"key of the call")
}

fn returned(statements: &str) -> Return {
    let specification = Specification::aud_1().unwrap();
    let mut example = Example::new(&specification);
    example.change(statements).unwrap();
    example.read(&specification).unwrap()
}

fn report(statements: &str) -> CheckReport {
    let specification = Specification::aud_1().unwrap();
    let mut example = Example::new(&specification);
    example.change(statements).unwrap();
    check(&example.read(&specification).unwrap(), &example.outside, &options())
}

fn ran(report: &CheckReport, rule: &str) -> Ran {
    report.outcome(rule).unwrap().ran.clone()
}

#[test]
fn an_injected_error_is_found_by_its_rule_and_by_no_other() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.bad.is_empty()) {
        let report = report(rule.bad);
        let found: Vec<&str> =
            report.outcomes.iter().filter(|o| o.failed > 0).map(|o| o.rule.as_str()).collect();
        if found != [rule.id] {
            wrong.push(format!("{}: {found:?}", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn findings_show_shapes_and_never_values() {
    // Every cell of a linkage or quality column is a word of its own, and none of them may come back.
    let specification = Specification::aud_1().unwrap();
    let mut shown = String::new();
    for rule in RULES {
        shown.push_str(&serde_json::to_string(&report(rule.bad)).unwrap());
    }
    let wrong = "victim.1.forename = Zephyrine\nvictim.1.dob = Zephyrine\nvictim.2.nhs_no = Zephyrine\nvictim.3.ethnicity = Zephyrine\nvictim.4.local_id = Zephyrine\nvictim.5.postcode = #REF!\nsuspect.2.nationality = Zephyrine\nsuspect.3.local_id = Zephyrine Vance\nvictim.6.person_id = Zephyrine\nvictim.7.sex = Zephyrine";
    shown.push_str(&serde_json::to_string(&report(wrong)).unwrap());
    assert!(!shown.contains("Zephyrine"));
    let example = Example::new(&specification);
    for (table, heading, rows, _) in example.tables() {
        let spec = specification.table(table).unwrap();
        for (at, name) in heading.iter().enumerate() {
            let column = spec.column(name).unwrap();
            if matches!(name.as_str(), "forename" | "surname" | "dob" | "postcode" | "nhs_no" | "local_id") {
                for row in rows.iter().filter(|row| row[at].len() > 4) {
                    assert!(!shown.contains(&row[at]), "{table}.{} was shown", column.name);
                }
            }
        }
    }
}

#[test]
fn rules_that_need_what_is_not_there_say_so() {
    let report = report("");
    let not_run: Vec<&str> = report
        .outcomes
        .iter()
        .filter(|o| matches!(&o.ran, Ran::NotRun(needs) if needs.starts_with("needs ")))
        .map(|o| o.rule.as_str())
        .collect();
    let expected =
        ["ST03", "CO08", "CO10", "UN02", "UN03", "TI02", "AC01", "AC02", "XB01", "XB02", "SG01", "SG02"];
    assert_eq!(not_run, expected);
    assert!(report.outcome("CN07").unwrap().notes[0].contains("linkage"));
    assert!(matches!(ran(&self::report("victim.-dob = "), "CO05"), Ran::NotApplicable(_)));
}

#[test]
fn harm_recorded_by_one_body_meets_at_risk_only_at_another() {
    // P004 is the victim of grooming, which is not contact, so one body alone has nothing to ask.
    let council = returned("header.1.body_code = E06000001\nassessment.4.harm_status = RISK_ONLY");
    assert_eq!(check(&council, &Outside::default(), &options()).outcome("CN07").unwrap().failed, 0);
    let police = returned("");
    let digests = [police.body_digest(&options()), council.body_digest(&options())];
    let key = |id: &str| Return::person_key(&options(), id);
    // Linkage says that P001 of the police is P004 of the council.
    let clusters = BTreeMap::from([
        ((digests[0].body.clone(), key("P001")), 1),
        ((digests[1].body.clone(), key("P004")), 1),
    ]);
    let elsewhere = harmed_elsewhere(&digests, &clusters);
    let outside = Outside { harmed_elsewhere: elsewhere.get("E06000001").cloned(), ..Outside::default() };
    let report = check(&council, &outside, &options());
    let finding = &report.outcome("CN07").unwrap().findings[0];
    assert_eq!((finding.row, finding.message.contains("another body")), (Some(5), true));
    let outside = Outside { harm_in_text: Some(BTreeSet::from([key("P004")])), ..Outside::default() };
    let report = check(&council, &outside, &options());
    assert!(report.outcome("CN07").unwrap().findings[0].message.contains("note"));
}

#[test]
fn one_offence_in_two_returns_is_found_unless_it_is_marked_as_transferred() {
    let one = returned("");
    let outside = Outside {
        others: Some(vec![returned("header.1.body_code = E23000098\noffence.*.place_lad = W06000001\noffence.9.place_lad = E06000001").body_digest(&options())]),
        ..Outside::default()
    };
    let report = check(&one, &outside, &options());
    let rows: Vec<Option<u32>> = report.outcome("UN03").unwrap().findings.iter().map(|f| f.row).collect();
    assert_eq!(rows, [Some(10)]);
    let marked = returned("offence.9.transferred = IN");
    assert_eq!(check(&marked, &outside, &options()).outcome("UN03").unwrap().failed, 0);
}

#[test]
fn indicators_speak_when_they_are_given_something() {
    let returned = returned("victim.1-3.ethnicity = NR\nvictim.6-7.ethnicity = NC");
    let previous = self::returned("offence.3.setting = CARE").row_digest(&options());
    let outside = Outside {
        duplicates: Some(DuplicateEstimate { rate: 0.12, lower: 0.10, upper: 0.14 }),
        agreement: Some(vec![FieldAgreement { field: "dob".to_owned(), pairs: 200, agreed: 190 }]),
        previous: Some(previous),
        ..Outside::default()
    };
    let report = check(&returned, &outside, &options());
    let note = |rule: &str| report.outcome(rule).unwrap().notes.join("\n");
    assert!(note("UN02").contains("12.0 % of records repeat another (10.0 % to 14.0 %)"));
    assert!(note("AC02").contains("dob: 95.0 % agree"));
    assert!(note("TI02").contains("6 records changed"), "{}", note("TI02"));
    assert!(
        note("CO04").contains("victim.ethnicity: of 80 rows 74 have a value, 0 NA, 0 NK, 4 NR, 2 NC"),
        "{}",
        note("CO04")
    );
    assert_eq!(report.findings().count(), 0);
}

#[test]
fn flags_fail_both_ways() {
    let missed = report("offence.2.perp_count_noted = 3");
    let invented = report("offence.2.group_flag = Y");
    assert_eq!((missed.outcome("CN04").unwrap().failed, missed.outcome("CN05").unwrap().failed), (1, 0));
    assert_eq!((invented.outcome("CN04").unwrap().failed, invented.outcome("CN05").unwrap().failed), (0, 1));
}

#[cfg(feature = "parallel")]
#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let bad =
        RULES.iter().filter(|r| !r.bad.starts_with("outside") && !r.bad.contains("delete")).map(|r| r.bad);
    let all: Vec<&str> = bad.filter(|bad| !bad.contains(".-") && !bad.contains("copy")).collect();
    let returned = returned(&all.join("\n"));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&check(&returned, &Outside::default(), &options())).unwrap())
    };
    let one = on(1);
    assert!(one.matches("\"shape\"").count() > 20, "{}", one.len());
    assert!([2, 3, 8].into_iter().all(|threads| on(threads) == one));
}

#[test]
fn listing_is_cut_and_counting_is_not() {
    let returned = returned("offence.*.group_flag = N\noffence.*.perp_count_noted = 4");
    let report = check(&returned, &Outside::default(), &CheckOptions { listed: 7, ..options() });
    let outcome = report.outcome("CN04").unwrap();
    assert_eq!((outcome.failed, outcome.findings.len()), (60, 7));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_in_any_cell_never_panic(
        cells in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..24), 1..40),
        seed in any::<u64>(),
        words in prop::collection::vec("[0-9A-Za-z#=@+./: E-]{0,14}", 1..20),
    ) {
        let specification = Specification::aud_1().unwrap();
        let example = Example::new(&specification);
        let mut reader = ReturnReader::new(&specification, None);
        let mut state = seed | 1;
        let mut next = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % most as u64) as usize
        };
        for (table, heading, rows, _) in example.tables() {
            let mut sheet = reader.sheet(table, &heading).unwrap();
            sheet.file(FileFacts::default());
            for (row, number) in rows.iter().zip(2u32..) {
                let mut row: Vec<Vec<u8>> = row.iter().map(|c| c.clone().into_bytes()).collect();
                for _ in 0..next(3) {
                    let at = next(row.len());
                    row[at] = match next(3) {
                        0 => cells[next(cells.len())].clone(),
                        1 => words[next(words.len())].clone().into_bytes(),
                        _ => rows[next(rows.len())][next(heading.len())].clone().into_bytes(),
                    };
                }
                if next(20) == 0 {
                    row.truncate(next(heading.len()));
                }
                sheet.row(number, &row).unwrap();
            }
        }
        let returned = reader.finish();
        let report = check(&returned, &Outside::default(), &options());
        prop_assert_eq!(report.outcomes.len(), 53);
        let _ = returned.body_digest(&options());
        let _ = returned.row_digest(&options());
    }
}
