//! Calls, returns and queries as a year of an audit moves them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use candour_returns::workflow::{
    Answer, By, Call, CallEvent, CallState, Clock, Deadlines, Effect, QueryEvent, QueryState, ReturnEvent,
    ReturnFile, ReturnState, clock, compliance, compliance_csv, key_of,
};
use candour_returns::{CheckOptions, CheckReport, Example, Outside, ReturnsError, Specification, check};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn by(day: i64, reason: &'static str) -> By<'static> {
    By { actor: "Audit office", at: Timestamp::from_second(1_770_000_000 + day * 86_400).unwrap(), reason }
}

fn report(statements: &str) -> CheckReport {
    let specification = Specification::aud_1().unwrap();
    let mut example = Example::new(&specification);
    example.change(statements).unwrap();
    let options = CheckOptions { listed: usize::MAX, ..CheckOptions::new(b"key of the call") };
    check(&example.read(&specification).unwrap(), &Outside::default(), &options)
}

fn on_its_way(file: &mut ReturnFile, events: impl IntoIterator<Item = ReturnEvent>) {
    for (event, day) in events.into_iter().zip(0..) {
        file.apply(event, &by(day, "as planned")).unwrap();
    }
}

fn explained() -> Answer {
    Answer::Explained {
        code: "CHECKED".to_owned(),
        text: "Read again in the file: one person.".to_owned(),
        publishable: true,
    }
}

#[test]
fn a_call_is_cleared_before_it_is_issued_and_issuing_preserves_records() {
    let mut call = Call::draft("CALL-2026-1");
    let refusal = call.apply(CallEvent::Issue, &by(0, "too soon")).unwrap_err().to_string();
    assert_eq!(refusal, "a call that is draft does not take `issue`; it can be cleared");
    let clear = |power: &str| CallEvent::Clear {
        power: power.to_owned(),
        dpia: "DPIA 7".to_owned(),
        burden_hours: 40,
    };
    assert!(matches!(call.apply(clear(" "), &by(0, "x")), Err(ReturnsError::Event { .. })));
    call.apply(clear("Police Act 1996, section 44"), &by(1, "advice of 2 February")).unwrap();
    call.apply(CallEvent::Pilot, &by(2, "three forces")).unwrap();
    assert_eq!(call.apply(CallEvent::Issue, &by(3, "piloted")).unwrap(), [Effect::SendPreservationNotice]);
    assert_eq!(
        call.apply(CallEvent::Amend, &by(4, "a code was missing")).unwrap(),
        [Effect::SendAmendment(2)]
    );
    assert_eq!(call.state, CallState::Amended(2));
    call.apply(CallEvent::Close, &by(5, "all in")).unwrap();
    assert_eq!(call.apply(CallEvent::Freeze, &by(6, "all in")).unwrap(), [Effect::DestroyKeys]);
    assert!(call.apply(CallEvent::Destroy { certificate: "C1".to_owned() }, &by(7, "too soon")).is_err());
    call.apply(CallEvent::Publish { release: "R1".to_owned() }, &by(8, "report laid")).unwrap();
    call.apply(CallEvent::Destroy { certificate: "C1".to_owned() }, &by(9, "retention ended")).unwrap();
    assert!(call.history.is_intact());
    let mut text = serde_json::to_string(&call).unwrap();
    assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), call);
    text = text.replace("three forces", "nine forces");
    assert!(!serde_json::from_str::<Call>(&text).unwrap().history.is_intact());
}

#[test]
fn events_need_an_actor_a_reason_and_time_that_moves_on() {
    let mut file = ReturnFile::new("E23000099");
    let nobody = By { actor: " ", ..by(0, "x") };
    assert!(file.apply(ReturnEvent::Acknowledge, &nobody).unwrap_err().to_string().contains("an actor"));
    assert!(file.apply(ReturnEvent::Acknowledge, &by(0, "")).unwrap_err().to_string().contains("a reason"));
    file.apply(ReturnEvent::Acknowledge, &by(3, "letter")).unwrap();
    assert!(file.apply(ReturnEvent::Prepare, &by(2, "x")).unwrap_err().to_string().contains("a time"));
}

#[test]
fn a_return_goes_its_way_to_a_release() {
    use ReturnEvent as E;
    let mut file = ReturnFile::new("E23000099");
    on_its_way(
        &mut file,
        [
            E::Acknowledge,
            E::Prepare,
            E::DryRun,
            E::Upload,
            E::RejectStructure,
            E::Upload,
            E::Validate,
            E::OpenQueries,
        ],
    );
    assert_eq!(file.version, 2);
    file.queries.take(&report("offence.2.perp_count_noted = 3"), &by(10, "checked")).unwrap();
    let refusal = file.apply(E::Approve, &by(11, "x")).unwrap_err().to_string();
    assert!(refusal.contains("waiting for 1 answers"), "{refusal}");
    let key = file.queries.iter().next().unwrap().0.clone();
    file.queries.apply(&key, QueryEvent::Answer(explained()), &by(12, "read the file")).unwrap();
    file.queries.apply(&key, QueryEvent::Accept, &by(13, "plausible")).unwrap();
    let sign = E::SignOff { office: "Chief constable".to_owned(), on: date(2026, 3, 1) };
    for event in [
        E::Approve,
        sign,
        E::AcceptWithCaveats(vec!["one system only".to_owned()]),
        E::Freeze,
        E::Link,
        E::Use { release: "R1".to_owned() },
        E::Reopen,
        E::Resubmit,
    ] {
        file.apply(event, &by(20, "as planned")).unwrap();
    }
    assert_eq!(file.state, ReturnState::Resubmitted(3));
    assert!(file.history.is_intact());
    assert_eq!(serde_json::from_str::<ReturnFile>(&serde_json::to_string(&file).unwrap()).unwrap(), file);
}

#[test]
fn what_cannot_be_mended_is_escalated_and_taken_with_a_caveat() {
    use ReturnEvent as E;
    let mut file = ReturnFile::new("E23000099");
    on_its_way(&mut file, [E::Acknowledge, E::Prepare, E::Upload]);
    file.checked(&report("suspect.1-30.ethnicity = NK"), &by(5, "checked")).unwrap();
    let key = file.queries.iter().next().unwrap().0.clone();
    assert_eq!(key.rule, "CO03");
    assert!(file.apply(E::Approve, &by(6, "x")).unwrap_err().to_string().contains("waiting for 1 answers"));
    file.queries.apply(&key, QueryEvent::Escalate, &by(6, "it was never asked")).unwrap();
    let sign = E::SignOff { office: "Chief constable".to_owned(), on: date(2026, 3, 1) };
    for event in [E::Approve, sign] {
        file.apply(event, &by(7, "as planned")).unwrap();
    }
    assert!(file.apply(E::Accept, &by(8, "x")).unwrap_err().to_string().contains("caveats"));
    let caveat = vec!["ethnicity of half the named suspects was never asked".to_owned()];
    file.apply(E::AcceptWithCaveats(caveat), &by(8, "said beside every share")).unwrap();
    assert_eq!(file.queries.waiting(), 1, "it stays open in the public table");
}

#[test]
fn a_checked_version_is_rejected_queried_or_ready() {
    use ReturnEvent as E;
    let mut file = ReturnFile::new("E23000099");
    on_its_way(&mut file, [E::Acknowledge, E::Prepare, E::Upload]);
    file.checked(&report("offence.5.recorded_on = 45717"), &by(5, "checked")).unwrap();
    assert_eq!((&file.state, file.queries.iter().count()), (&ReturnState::StructureRejected, 0));
    file.apply(E::Upload, &by(6, "mended")).unwrap();
    let taken = file.checked(&report("offence.2.perp_count_noted = 3"), &by(7, "checked")).unwrap();
    assert_eq!((taken.opened, &file.state), (1, &ReturnState::QueriesOpen));
    file.apply(E::Resubmit, &by(8, "mended")).unwrap();
    let taken = file.checked(&report(""), &by(9, "checked")).unwrap();
    assert_eq!((taken.gone, &file.state), (1, &ReturnState::Validated));
}

#[test]
fn nil_partial_refusal_and_impossibility_are_states() {
    use ReturnEvent as E;
    let mut nil = ReturnFile::new("a");
    on_its_way(
        &mut nil,
        [E::Acknowledge, E::ConfirmNil { office: "Director".to_owned() }, E::Accept, E::Freeze],
    );
    let mut unsigned = ReturnFile::new("b");
    assert!(unsigned.apply(E::ConfirmNil { office: String::new() }, &by(0, "none")).is_err());
    let mut refused = ReturnFile::new("c");
    refused
        .apply(E::Refuse { legal_answer: "The power is section 44".to_owned() }, &by(0, "no power seen"))
        .unwrap();
    refused.apply(E::Acknowledge, &by(1, "advice taken")).unwrap();
    let mut partial = ReturnFile::new("d");
    on_its_way(
        &mut partial,
        [E::Acknowledge, E::SendPartial { without: vec!["missing".to_owned()] }, E::Upload],
    );
    assert_eq!(partial.version, 1);
}

/// One offence in `step`, beginning at `from`, has a missed group.
fn missed(from: usize, step: usize, count: u32) -> String {
    (from..=60)
        .step_by(step)
        .filter(|row| (row - 1) % 4 != 0)
        .map(|row| format!("offence.{row}.perp_count_noted = {count}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_return_resubmitted_with_a_tenth_changed_keeps_every_explanation_that_still_applies() {
    let mut file = ReturnFile::new("E23000099");
    let first = report(&missed(1, 1, 3));
    let opened = file.queries.take(&first, &by(0, "version 1")).unwrap();
    assert_eq!((opened.opened, opened.kept), (45, 0));
    let keys: Vec<_> = file.queries.iter().map(|(key, _)| key.clone()).collect();
    for key in &keys {
        file.queries.apply(key, QueryEvent::Answer(explained()), &by(1, "read")).unwrap();
        file.queries.apply(key, QueryEvent::Accept, &by(2, "taken")).unwrap();
    }
    // A tenth of rows change: three offences get another number, two are mended, one leaves, a new fault comes, and rows move.
    let second = format!(
        "header.1.return_version = 2\n{}\noffence.2-4.perp_count_noted = 5\noffence.6.perp_count_noted = 1\noffence.7.perp_count_noted = 1\nvictim.8.sex = 7\noffence.50-60.inducement = DEBT\noffence.copy = 8\noffence.8.offence_id = O999",
        missed(1, 1, 3)
    );
    let result = file.queries.take(&report(&second), &by(10, "version 2")).unwrap();
    // The copy of row 8 stands at another row with the same id, and keeps its explanation; the row that took a new id is new.
    assert_eq!((result.kept, result.answers_kept), (40, 40));
    assert_eq!((result.reopened, result.gone, result.opened), (3, 2, 2));
    assert_eq!(file.queries.waiting(), 5);
    let reopened = file.queries.iter().filter(|(_, q)| q.void_answer.is_some()).count();
    assert_eq!(reopened, 3);
    // The third version goes back to the first: what was gone is there again as it was, and its answer with it.
    let result = file.queries.take(&report(&missed(1, 1, 3)), &by(20, "version 3")).unwrap();
    assert_eq!((result.answers_kept, result.opened), (42, 0));
    assert!(file.queries.iter().all(|(_, q)| q.history.is_intact()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_tenth_changes_the_answers_about_the_rest_are_kept(seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut next = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % most as u64) as usize
        };
        let mut file = ReturnFile::new("E23000099");
        file.queries.take(&report(&missed(1, 1, 3)), &by(0, "version 1")).unwrap();
        let keys: Vec<_> = file.queries.iter().map(|(key, _)| key.clone()).collect();
        for key in &keys {
            file.queries.apply(key, QueryEvent::Answer(explained()), &by(1, "read")).unwrap();
        }
        // Of six rows each gets another number, is mended, or changes in a field that the question is not about.
        let (mut other, mut mended) = (BTreeSet::new(), BTreeSet::new());
        let mut second = missed(1, 1, 3);
        for _ in 0..6 {
            let row = 1 + next(60);
            let (what, to) = match next(3) {
                0 => ("perp_count_noted", "7"),
                1 => ("perp_count_noted", "1"),
                _ => ("inducement", "DEBT"),
            };
            if (row - 1) % 4 != 0 {
                if what == "perp_count_noted" {
                    other.remove(&row);
                    mended.remove(&row);
                    if to == "7" { other.insert(row) } else { mended.insert(row) };
                }
                second = format!("{second}\noffence.{row}.{what} = {to}");
            }
        }
        let result = file.queries.take(&report(&second), &by(2, "version 2")).unwrap();
        prop_assert_eq!(result.reopened as usize, other.len());
        prop_assert_eq!(result.gone as usize, mended.len());
        prop_assert_eq!(result.answers_kept as usize, 45 - other.len() - mended.len());
        prop_assert_eq!(result.opened, 0);
    }
}

#[test]
fn shares_keep_their_explanation_until_they_get_worse() {
    let mut file = ReturnFile::new("E23000099");
    file.queries.take(&report("victim.1-20.ethnicity = NK"), &by(0, "version 1")).unwrap();
    let key = file.queries.iter().next().unwrap().0.clone();
    assert_eq!((key.rule.as_str(), key.field.as_str()), ("CO02", "victim.ethnicity"));
    file.queries.apply(&key, QueryEvent::Answer(explained()), &by(1, "system")).unwrap();
    let kept = file.queries.take(&report("victim.1-21.ethnicity = NK"), &by(2, "version 2")).unwrap();
    assert_eq!(kept.answers_kept, 1);
    let worse = file.queries.take(&report("victim.1-40.ethnicity = NK"), &by(3, "version 3")).unwrap();
    assert_eq!(worse.reopened, 1);
}

#[test]
fn errors_are_amended_and_never_explained_and_amended_means_gone() {
    let mut file = ReturnFile::new("E23000099");
    let report = report("missing.2.end = 2025-01-01T00:00Z");
    file.queries.take(&report, &by(0, "version 1")).unwrap();
    let key = key_of(report.findings().next().unwrap());
    let refusal =
        file.queries.apply(&key, QueryEvent::Answer(explained()), &by(1, "x")).unwrap_err().to_string();
    assert!(refusal.contains("only queries may be explained"), "{refusal}");
    file.queries.apply(&key, QueryEvent::Answer(Answer::Amended), &by(1, "mended")).unwrap();
    let again = file.queries.take(&report, &by(2, "version 2")).unwrap();
    assert_eq!(again.reopened, 1, "it was said to be amended and is still there");
    file.queries.apply(&key, QueryEvent::Escalate, &by(3, "twice")).unwrap();
    assert_eq!(file.queries.get(&key).unwrap().state, QueryState::Escalated);
}

#[test]
fn clocks_are_asked_for_a_day_and_the_table_is_a_view() {
    let deadlines = Deadlines {
        acknowledge: date(2026, 2, 10),
        upload: date(2026, 4, 1),
        answer: date(2026, 5, 1),
        sign: date(2026, 6, 1),
    };
    let silent = ReturnFile::new("E23000001");
    let on = |day: Date| clock(&silent, &deadlines, day);
    assert_eq!(on(date(2026, 2, 1)), Clock::Running(9));
    assert_eq!(on(date(2026, 2, 10)), Clock::Running(0));
    assert_eq!(on(date(2026, 2, 12)), Clock::Overdue { days: 2, level: 0 });
    assert_eq!(on(date(2026, 3, 20)), Clock::Overdue { days: 38, level: 3 });
    let mut refused = ReturnFile::new("E23000002");
    refused
        .apply(
            ReturnEvent::Refuse { legal_answer: "It is in the Act".to_owned() },
            &by(0, "No power, they say"),
        )
        .unwrap();
    let mut sent = ReturnFile::new("E23000003");
    on_its_way(
        &mut sent,
        [
            ReturnEvent::Acknowledge,
            ReturnEvent::Prepare,
            ReturnEvent::Upload,
            ReturnEvent::Validate,
            ReturnEvent::OpenQueries,
        ],
    );
    sent.queries
        .take(&report("offence.2.perp_count_noted = 3\noffence.3.perp_count_noted = 3"), &by(5, "checked"))
        .unwrap();
    let key = sent.queries.iter().next().unwrap().0.clone();
    sent.queries.apply(&key, QueryEvent::Answer(explained()), &by(6, "read")).unwrap();
    sent.queries.apply(&key, QueryEvent::Accept, &by(7, "taken")).unwrap();
    let table = compliance(&[silent, refused, sent], &deadlines, date(2026, 3, 20));
    assert_eq!((table[0].overdue_days, table[0].escalation), (38, 3));
    assert_eq!(table[1].refusal.as_deref(), Some("No power, they say. Answer: It is in the Act"));
    assert_eq!(
        (table[2].state.as_str(), table[2].versions, table[2].open_queries, table[2].explained),
        ("queries open", 1, 1, 1)
    );
    assert_eq!(table[2].explanations, ["Read again in the file: one person."]);
    let csv = compliance_csv(&table);
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.contains("\"E23000003\",\"queries open\",1,2026-02-04,0,0,1,1"), "{csv}");
}
