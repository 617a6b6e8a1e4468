//! Reports as a practice lead gets them: every format, suppressions, and the notes of one child in the order of time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_language::{Baseline, Checker, Meta, Note, Reading, Report, Scratch, Settings, output, report};

fn note(id: &str, child: &str, date: &str, text: &str) -> Note {
    let meta = Meta {
        subject_age: Some(14),
        doc_type: "case_note".into(),
        child: Some(child.into()),
        date: Some(date.parse().unwrap()),
        ..Meta::default()
    };
    Note { id: id.into(), text: text.into(), meta }
}

fn read(checker: &Checker, notes: Vec<Note>) -> Vec<(Note, Reading)> {
    let mut scratch = Scratch::default();
    notes
        .into_iter()
        .map(|n| {
            let reading = checker.read(&n, &mut scratch);
            (n, reading)
        })
        .collect()
}

fn rules(report: &Report) -> Vec<&str> {
    report.standing().map(|f| f.rule.as_str()).collect()
}

const KEY: &[u8] = b"a key for tests";

fn settings(quotes: bool) -> Settings {
    Settings { key: KEY.to_vec(), quotes, ..Settings::default() }
}

#[test]
fn a_record_is_read_over_its_notes_in_the_order_of_time() {
    let checker = Checker::bundled().unwrap();
    let risk = "She is at risk of CSE.";
    let evidence = "She told her nurse that a man had assaulted her.";
    let check = |notes: Vec<Note>, expect: &[&str]| {
        let notes = read(&checker, notes);
        assert_eq!(rules(&report(&checker, &notes, &settings(false))), expect);
    };
    // Given out of order; the evidence stands before the claim.
    check(vec![note("2", "a", "2024-03-01", risk), note("1", "a", "2024-01-10", evidence)], &["C1"]);
    // Another child's evidence is no evidence.
    check(vec![note("1", "a", "2024-01-10", risk), note("2", "b", "2024-01-11", evidence)], &[]);
    // Too long ago for the window.
    check(vec![note("1", "a", "2020-01-10", evidence), note("2", "a", "2024-01-11", risk)], &[]);
    // Acknowledged before the claim is made again.
    check(
        vec![
            note("1", "a", "2024-01-10", evidence),
            note("2", "a", "2024-01-20", "She has been sexually exploited."),
            note("3", "a", "2024-02-01", "She is at risk of further harm."),
        ],
        &[],
    );
    // Acknowledged only long after: the earlier claim is still an alarm.
    check(
        vec![
            note("1", "a", "2024-01-10", evidence),
            note("2", "a", "2024-01-20", risk),
            note("3", "a", "2024-06-01", "She has been sexually exploited."),
        ],
        &["C1"],
    );
    check(
        vec![note("1", "a", "2024-01-10", evidence), note("2", "a", "2024-01-20", "Case closed.")],
        &["C3"],
    );
    check(
        vec![note("1", "a", "2024-01-10", evidence), note("2", "a", "2024-01-20", "County lines.")],
        &["C2"],
    );
}

#[test]
fn findings_hold_no_words_unless_asked() {
    let checker = Checker::bundled().unwrap();
    let notes =
        read(&checker, vec![note("n1", "c", "2024-01-10", "Él: she is promiscuous.\nShe absconded.")]);
    let silent = output::json_lines(&report(&checker, &notes, &settings(false)));
    assert!(!silent.contains("quote") && !silent.contains("she is"), "{silent}");
    let told = report(&checker, &notes, &settings(true));
    assert_eq!(told.findings[0].location.quote.as_deref(), Some("promiscuous"));
    assert_eq!((told.findings[0].location.start, told.findings[0].location.column), (11, 12));
    assert_eq!((told.findings[1].location.line, told.findings[1].location.column), (2, 5));
    let other = Settings { key: b"another".to_vec(), ..Settings::default() };
    assert_ne!(report(&checker, &notes, &other).findings[0].hash, told.findings[0].hash);
}

#[test]
fn suppressions_need_a_reason_and_are_counted() {
    let checker = Checker::bundled().unwrap();
    let check = |text: &str, standing: usize, complaints: usize| {
        let notes = read(&checker, vec![note("n", "c", "2024-01-10", text)]);
        let r = report(&checker, &notes, &settings(false));
        assert_eq!(
            (r.standing().count(), r.complaints.len()),
            (standing, complaints),
            "{text}: {:?}",
            r.complaints
        );
        r
    };
    check("She absconded.", 1, 0);
    let r = check("She absconded. [candour: allow B5 because this copies the police log]", 0, 0);
    assert_eq!(r.findings[0].suppressed.as_deref(), Some("this copies the police log"));
    assert!(r.not_counted_line().contains("suppressed 1"), "{}", r.not_counted_line());
    check("She absconded. [candour: allow B5]", 1, 1);
    check("She absconded. [candour: allow B4 because wrong code]", 1, 1);
    let notes = read(&checker, vec![note("n", "c", "2024-01-10", "She absconded.")]);
    let first = report(&checker, &notes, &settings(false));
    let baseline = Baseline::of(&first, "looked at in March");
    assert_eq!(Baseline::read(&baseline.write()).unwrap(), baseline);
    let again = report(&checker, &notes, &Settings { baseline, ..settings(false) });
    assert_eq!(again.standing().count(), 0);
    assert!(Baseline::read("abc\tB5").is_err());
}

#[test]
fn every_format_says_the_same() {
    let checker = Checker::bundled().unwrap();
    let notes = read(
        &checker,
        vec![
            note("a<1>", "c", "2024-01-10", "She told us that a man had raped her."),
            note("b", "c", "2024-01-12", "She is at risk of CSE and is promiscuous."),
            note("z", "d", "2024-01-12", "She plays chess. Her father says that she is a liar."),
        ],
    );
    let r = report(&checker, &notes, &settings(true));
    assert_eq!(rules(&r), ["C1", "B4-label"]);
    assert_eq!(r.not_counted_line(), "1 not counted: reported speech 1");

    let sarif: serde_json::Value = serde_json::from_str(&output::sarif(&checker, &r)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(sarif["version"], "2.1.0");
    let flow = &results[0]["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(flow.as_array().unwrap().len(), 2);
    assert_eq!(flow[1]["location"]["physicalLocation"]["artifactLocation"]["uri"], "a<1>");
    let ids: Vec<&str> = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|x| x["id"].as_str())
        .collect();
    assert!(results.iter().all(|x| ids.contains(&x["ruleId"].as_str().unwrap())));

    let table = output::csv(&r).unwrap();
    assert_eq!(table.lines().count(), 3);
    assert!(table.contains("H09 a<1>:"), "{table}");
    assert_eq!(output::json_lines(&r).lines().count(), 2);

    let junit = output::junit(&r, &["a<1>", "b", "z"]);
    assert!(junit.contains("tests=\"3\" failures=\"1\"") && junit.contains("a&lt;1&gt;"), "{junit}");

    let all: Vec<&Note> = notes.iter().map(|n| &n.0).collect();
    let text = output::text(&r, &all);
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|l| l.contains("is promiscuous.")).unwrap();
    let under =
        lines.iter().position(|l| l.trim_start().starts_with("^^^^^^^^^^^") && l.trim().len() == 11).unwrap();
    assert_eq!(lines[under - 1].find("promiscuous"), lines[under].find('^'), "{text}");
    assert!(at < lines.len() && text.contains("2 alarms in 3 notes"));

    let html = output::html(&r);
    assert!(
        html.contains("<mark>promiscuous</mark>") && html.contains("a&lt;1&gt;") && !html.contains("<script")
    );
    assert_eq!(html, output::html(&r));
}
