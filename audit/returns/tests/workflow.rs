//! Calls, returns and queries as a year of an audit moves them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use candour_returns::workflow::{
    Answer, By, Call, CallEvent, CallState, Clock, Deadlines, Effect, Queries, QueryCounts, QueryEvent,
    QueryState, Recorded, ReturnEvent, ReturnFile, ReturnState, Terms, chase, clock, compliance,
    compliance_csv, key_of,
};
use candour_returns::{CheckOptions, CheckReport, Example, Outside, ReturnsError, Specification, check};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

/// An act of the audit office so many days after 2 February 2026.
fn by(day: i64, reason: &'static str) -> By<'static> {
    let at = Timestamp::from_second(1_770_000_000 + day * 86_400).unwrap();
    By { actor: "Audit office", at, on: at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date(), reason }
}

fn on(day: Date) -> By<'static> {
    By { on: day, ..by(900, "it is due") }
}

fn hash() -> String {
    "0a".repeat(32)
}

fn upload() -> ReturnEvent {
    ReturnEvent::Upload { sha256: hash() }
}

fn resubmit() -> ReturnEvent {
    ReturnEvent::Resubmit { sha256: hash() }
}

fn unanswered(unanswered: u64) -> QueryCounts {
    QueryCounts { unanswered, ..QueryCounts::default() }
}

fn terms() -> Terms {
    let deadlines = Deadlines {
        acknowledge: Some(date(2026, 2, 10)),
        upload: date(2026, 4, 1),
        answer: Some(date(2026, 5, 1)),
        sign: Some(date(2026, 6, 1)),
    };
    Terms { definitions: "1.0.0".to_owned(), period: Some((date(2025, 1, 1), date(2025, 12, 31))), deadlines }
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
    let refusal = call.apply(CallEvent::Issue(terms()), &by(0, "too soon")).unwrap_err().to_string();
    assert_eq!(refusal, "a call that is draft does not take `issue`; it can be cleared");
    let clear = |power: &str| CallEvent::Clear {
        power: power.to_owned(),
        dpia: "DPIA 7".to_owned(),
        burden_hours: 40,
    };
    assert!(matches!(call.apply(clear(" "), &by(0, "x")), Err(ReturnsError::Event { .. })));
    call.apply(clear("Police Act 1996, section 44"), &by(1, "advice of 2 February")).unwrap();
    call.apply(CallEvent::Pilot, &by(2, "three forces")).unwrap();
    let mut muddled = terms();
    muddled.deadlines.answer = Some(date(2026, 3, 1));
    let refusal = call.apply(CallEvent::Issue(muddled), &by(3, "piloted")).unwrap_err().to_string();
    assert!(refusal.contains("time limits in order"), "{refusal}");
    let issued = call.apply(CallEvent::Issue(terms()), &by(3, "piloted")).unwrap();
    assert_eq!(issued, [Effect::SendPreservationNotice]);
    let mut amended = terms();
    amended.deadlines.upload = date(2026, 4, 15);
    let effects = call.apply(CallEvent::Amend(amended.clone()), &by(4, "a code was missing")).unwrap();
    assert_eq!(effects, [Effect::SendAmendment(2)]);
    assert_eq!(
        (call.state, call.terms.clone(), call.is_open()),
        (CallState::Amended(2), Some(amended), true)
    );
    call.apply(CallEvent::Close, &by(5, "all in")).unwrap();
    assert_eq!(call.apply(CallEvent::Freeze, &by(6, "all in")).unwrap(), [Effect::DestroyKeys]);
    assert!(call.apply(CallEvent::Destroy { certificate: "C1".to_owned() }, &by(7, "too soon")).is_err());
    call.apply(CallEvent::Publish { release: "R1".to_owned() }, &by(8, "report laid")).unwrap();
    call.apply(CallEvent::Destroy { certificate: "C1".to_owned() }, &by(9, "retention ended")).unwrap();
    let mut again = Call::draft("CALL-2026-1");
    for step in &call.history {
        again.replay(step.said.clone(), &by_of(step)).unwrap();
    }
    assert_eq!(again, call);
}

fn by_of<E>(step: &Recorded<E>) -> By<'_> {
    By { actor: &step.actor, at: step.at, on: step.on, reason: &step.said.reason }
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
            upload(),
            E::RejectStructure,
            upload(),
            E::Validate { queries: unanswered(1) },
            E::OpenQueries,
        ],
    );
    assert_eq!(file.version, 2);
    let refusal = file.apply(E::Approve, &by(11, "x")).unwrap_err().to_string();
    assert!(refusal.contains("waiting for 1 answers"), "{refusal}");
    let settled = QueryCounts { explained: 1, ..QueryCounts::default() };
    file.apply(E::Answer { queries: settled }, &by(12, "read the file")).unwrap();
    let sign = E::SignOff { office: "Chief constable".to_owned(), on: date(2026, 3, 1) };
    for event in [
        E::Approve,
        sign,
        E::AcceptWithCaveats(vec!["one system only".to_owned()]),
        E::Freeze,
        E::Link,
        E::Use { release: "R1".to_owned() },
        E::Reopen,
        resubmit(),
    ] {
        file.apply(event, &by(20, "as planned")).unwrap();
    }
    assert_eq!(file.state, ReturnState::Resubmitted(3));
    // What a ledger holds of it is enough to have it again, and a step that does not follow is refused.
    let mut again = ReturnFile::new("E23000099");
    for step in &file.history {
        let text = serde_json::to_string(&step.said).unwrap();
        again.replay(serde_json::from_str(&text).unwrap(), &by_of(step)).unwrap();
    }
    assert_eq!(again, file);
    let mut said = file.history[0].said.clone();
    said.state = "signed off".to_owned();
    let refusal = ReturnFile::new("E23000099").replay(said, &by(0, "x")).unwrap_err().to_string();
    assert!(refusal.contains("the ledger says event 0, signed off"), "{refusal}");
}

#[test]
fn what_cannot_be_mended_is_escalated_and_taken_with_a_caveat() {
    use ReturnEvent as E;
    let mut file = ReturnFile::new("E23000099");
    let mut queries = Queries::default();
    on_its_way(&mut file, [E::Acknowledge, E::Prepare, upload()]);
    file.checked(&report("suspect.1-30.ethnicity = NK"), &mut queries, &by(5, "checked")).unwrap();
    let key = queries.iter().next().unwrap().0.clone();
    assert_eq!(key.rule, "CO03");
    assert!(file.apply(E::Approve, &by(6, "x")).unwrap_err().to_string().contains("waiting for 1 answers"));
    queries.apply(&key, QueryEvent::Escalate, &by(6, "it was never asked")).unwrap();
    file.apply(E::Answer { queries: queries.counts() }, &by(6, "it was never asked")).unwrap();
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
    let mut queries = Queries::default();
    on_its_way(&mut file, [E::Acknowledge, E::Prepare, upload()]);
    file.checked(&report("offence.5.recorded_on = 45717"), &mut queries, &by(5, "checked")).unwrap();
    assert_eq!((&file.state, queries.iter().count()), (&ReturnState::StructureRejected, 0));
    file.apply(upload(), &by(6, "mended")).unwrap();
    let missed = report("offence.2.perp_count_noted = 3");
    let taken = file.checked(&missed, &mut queries, &by(7, "checked")).unwrap();
    assert_eq!((taken.opened, &file.state), (1, &ReturnState::QueriesOpen));
    file.apply(resubmit(), &by(8, "mended")).unwrap();
    let taken = file.checked(&report(""), &mut queries, &by(9, "checked")).unwrap();
    assert_eq!((taken.gone, &file.state), (1, &ReturnState::Validated));
    // Another body's return makes a question of it, and then it does not.
    file.apply(E::Recheck { queries: unanswered(1) }, &by(10, "another body")).unwrap();
    assert_eq!((file.queries.waiting(), &file.state), (1, &ReturnState::QueriesOpen));
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
        [E::Acknowledge, E::SendPartial { without: vec!["missing".to_owned()] }, upload()],
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
    let mut queries = Queries::default();
    let first = report(&missed(1, 1, 3));
    let opened = queries.take(&first, &by(0, "version 1")).unwrap();
    assert_eq!((opened.opened, opened.kept), (45, 0));
    let keys: Vec<_> = queries.iter().map(|(key, _)| key.clone()).collect();
    for key in &keys {
        queries.apply(key, QueryEvent::Answer(explained()), &by(1, "read")).unwrap();
        queries.apply(key, QueryEvent::Accept, &by(2, "taken")).unwrap();
    }
    // A tenth of rows change: three offences get another number, two are mended, one leaves, a new fault comes, and rows move.
    let second = format!(
        "header.1.return_version = 2\n{}\noffence.2-4.perp_count_noted = 5\noffence.6.perp_count_noted = 1\noffence.7.perp_count_noted = 1\nvictim.8.sex = 7\noffence.50-60.inducement = DEBT\noffence.copy = 8\noffence.8.offence_id = O999",
        missed(1, 1, 3)
    );
    let result = queries.take(&report(&second), &by(10, "version 2")).unwrap();
    // The copy of row 8 stands at another row with the same id, and keeps its explanation; the row that took a new id is new.
    assert_eq!((result.kept, result.answers_kept), (40, 40));
    assert_eq!((result.reopened, result.gone, result.opened), (3, 2, 2));
    assert_eq!(queries.counts().waiting(), 5);
    let reopened = queries.iter().filter(|(_, q)| q.void_answer.is_some()).count();
    assert_eq!(reopened, 3);
    // The third version goes back to the first: what was gone is there again as it was, and its answer with it.
    let result = queries.take(&report(&missed(1, 1, 3)), &by(20, "version 3")).unwrap();
    assert_eq!((result.answers_kept, result.opened), (42, 0));
    assert!(queries.iter().all(|(_, q)| q.history.is_intact()));
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
        let mut queries = Queries::default();
        queries.take(&report(&missed(1, 1, 3)), &by(0, "version 1")).unwrap();
        let keys: Vec<_> = queries.iter().map(|(key, _)| key.clone()).collect();
        for key in &keys {
            queries.apply(key, QueryEvent::Answer(explained()), &by(1, "read")).unwrap();
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
        let result = queries.take(&report(&second), &by(2, "version 2")).unwrap();
        prop_assert_eq!(result.reopened as usize, other.len());
        prop_assert_eq!(result.gone as usize, mended.len());
        prop_assert_eq!(result.answers_kept as usize, 45 - other.len() - mended.len());
        prop_assert_eq!(result.opened, 0);
    }
}

#[test]
fn shares_keep_their_explanation_until_they_get_worse() {
    let mut queries = Queries::default();
    queries.take(&report("victim.1-20.ethnicity = NK"), &by(0, "version 1")).unwrap();
    let key = queries.iter().next().unwrap().0.clone();
    assert_eq!((key.rule.as_str(), key.field.as_str()), ("CO02", "victim.ethnicity"));
    queries.apply(&key, QueryEvent::Answer(explained()), &by(1, "system")).unwrap();
    let kept = queries.take(&report("victim.1-21.ethnicity = NK"), &by(2, "version 2")).unwrap();
    assert_eq!(kept.answers_kept, 1);
    let worse = queries.take(&report("victim.1-40.ethnicity = NK"), &by(3, "version 3")).unwrap();
    assert_eq!(worse.reopened, 1);
}

#[test]
fn errors_are_amended_and_never_explained_and_amended_means_gone() {
    let mut queries = Queries::default();
    let report = report("missing.2.end = 2025-01-01T00:00Z");
    queries.take(&report, &by(0, "version 1")).unwrap();
    let key = key_of(report.findings().next().unwrap());
    let refusal = queries.apply(&key, QueryEvent::Answer(explained()), &by(1, "x")).unwrap_err().to_string();
    assert!(refusal.contains("only queries may be explained"), "{refusal}");
    queries.apply(&key, QueryEvent::Answer(Answer::Amended), &by(1, "mended")).unwrap();
    let again = queries.take(&report, &by(2, "version 2")).unwrap();
    assert_eq!(again.reopened, 1, "it was said to be amended and is still there");
    queries.apply(&key, QueryEvent::Escalate, &by(3, "twice")).unwrap();
    assert_eq!(queries.get(&key).unwrap().state, QueryState::Escalated);
}

#[test]
fn clocks_are_asked_for_a_day_and_the_table_is_a_view() {
    let deadlines = terms().deadlines;
    let mut silent = ReturnFile::new("E23000001");
    let name = || "Northern force".to_owned();
    silent.apply(ReturnEvent::Call { name: name(), kind: None }, &by(0, "sent out")).unwrap();
    assert!(silent.apply(ReturnEvent::Call { name: name(), kind: None }, &by(0, "twice")).is_err());
    let at = |day: Date| clock(&silent, &deadlines, day);
    assert_eq!(at(date(2026, 2, 1)), Clock::Running(9));
    assert_eq!(at(date(2026, 2, 10)), Clock::Running(0));
    assert_eq!(at(date(2026, 2, 12)), Clock::Overdue { days: 2, level: 0 });
    assert_eq!(at(date(2026, 3, 20)), Clock::Overdue { days: 38, level: 3 });
    let mut refused = ReturnFile::new("E23000002");
    let answer = ReturnEvent::Refuse { legal_answer: "It is in the Act".to_owned() };
    refused.apply(answer, &by(0, "No power, they say")).unwrap();
    let mut sent = ReturnFile::new("E23000003");
    let counts = QueryCounts { unanswered: 1, explained: 1, ..QueryCounts::default() };
    on_its_way(
        &mut sent,
        [
            ReturnEvent::Acknowledge,
            ReturnEvent::Prepare,
            upload(),
            ReturnEvent::Validate { queries: counts },
            ReturnEvent::OpenQueries,
        ],
    );
    let mut late = ReturnFile::new("=E23000004");
    late.apply(upload(), &by(70, "it came")).unwrap();
    let table = compliance(&[silent, refused, sent, late], Some(&deadlines), date(2026, 3, 20));
    assert_eq!((table[0].overdue_days, table[0].rung), (38, Some("owner of the call")));
    assert_eq!((table[0].due, table[0].awaited.as_deref()), (deadlines.acknowledge, Some("acknowledgement")));
    assert_eq!(table[1].refusal.as_deref(), Some("No power, they say. Answer: It is in the Act"));
    assert_eq!(
        (table[2].state.as_str(), table[2].versions, table[2].open_queries, table[2].explained),
        ("queries open", 1, 1, 1)
    );
    assert_eq!((table[3].late_days, table[3].due), (12, None));
    let csv = compliance_csv(&table);
    assert_eq!(csv.lines().count(), 5);
    assert!(
        csv.contains("\"E23000003\",\"\",\"queries open\",1,answers,2026-05-01,2026-02-04,0,0,,,1,1"),
        "{csv}"
    );
    assert!(csv.contains("\"'=E23000004\""), "{csv}");
    let none = compliance(&[ReturnFile::new("E23000001")], None, date(2026, 3, 20));
    assert_eq!((none[0].overdue_days, none[0].due), (0, None));
}

#[test]
fn a_body_is_chased_up_the_ladder_one_rung_at_a_time() {
    use ReturnEvent as E;
    let (deadlines, due) = (terms().deadlines, date(2026, 2, 10));
    let mut file = ReturnFile::new("E23000001");
    assert_eq!(chase(&file, &deadlines, due), None);
    let early = file.apply(E::Overdue { due }, &on(due)).unwrap_err().to_string();
    assert!(early.contains("it can be chased from the day after 2026-02-10"), "{early}");
    let far = file.apply(E::Escalate { due, level: 2 }, &on(date(2026, 2, 18))).unwrap_err().to_string();
    assert!(far.contains("it can be taken to rung 2 when it is 14 days over"), "{far}");
    for (day, expected) in [
        (date(2026, 2, 11), Some(E::Overdue { due })),
        (date(2026, 2, 12), None),
        (date(2026, 2, 17), Some(E::Escalate { due, level: 1 })),
        (date(2026, 3, 12), Some(E::Escalate { due, level: 3 })),
        (date(2026, 4, 30), None),
    ] {
        let event = chase(&file, &deadlines, day);
        assert_eq!(event, expected, "{day}");
        if let Some(event) = event {
            file.apply(event, &on(day)).unwrap();
        }
    }
    let last = file.apply(E::Escalate { due, level: 3 }, &on(date(2026, 4, 30))).unwrap_err().to_string();
    assert!(last.contains("the ladder has no other rung"), "{last}");
    assert_eq!((file.chased(due), &file.state), (Some(3), &ReturnState::NotStarted));
    // A new thing that is due begins at the foot.
    file.apply(E::Acknowledge, &by(901, "at last")).unwrap();
    assert_eq!(chase(&file, &deadlines, date(2026, 4, 2)), Some(E::Overdue { due: deadlines.upload }));
    // Where every query is answered the body is not waited for, but for its signature.
    file.apply(upload(), &by(902, "it came")).unwrap();
    file.apply(E::Validate { queries: unanswered(2) }, &by(902, "checked")).unwrap();
    file.apply(E::OpenQueries, &by(902, "checked")).unwrap();
    assert_eq!(clock(&file, &deadlines, date(2026, 5, 2)), Clock::Overdue { days: 1, level: 0 });
    let answered = QueryCounts { answered: 2, ..QueryCounts::default() };
    file.apply(E::Answer { queries: answered }, &by(903, "answered")).unwrap();
    assert_eq!(clock(&file, &deadlines, date(2026, 5, 2)), Clock::Running(30));
}

/// Every edge of a return's states: from, event, to. Written out, so that the program is held against it.
const EDGES: &[(&str, &str, &str)] = &[
    ("not started", "call", "not started"),
    ("not started", "acknowledge", "acknowledged"),
    ("cannot supply", "acknowledge", "acknowledged"),
    ("refused", "acknowledge", "acknowledged"),
    ("acknowledged", "prepare", "preparing"),
    ("dry run", "prepare", "preparing"),
    ("withdrawn", "prepare", "preparing"),
    ("partial", "prepare", "preparing"),
    ("acknowledged", "dry run", "dry run"),
    ("preparing", "dry run", "dry run"),
    ("dry run", "dry run", "dry run"),
    ("partial", "dry run", "dry run"),
    ("not started", "upload", "uploaded"),
    ("acknowledged", "upload", "uploaded"),
    ("preparing", "upload", "uploaded"),
    ("dry run", "upload", "uploaded"),
    ("partial", "upload", "uploaded"),
    ("structure rejected", "upload", "uploaded"),
    ("cannot supply", "upload", "uploaded"),
    ("refused", "upload", "uploaded"),
    ("withdrawn", "upload", "uploaded"),
    ("uploaded", "reject structure", "structure rejected"),
    ("resubmitted", "reject structure", "structure rejected"),
    ("uploaded", "validate", "validated"),
    ("resubmitted", "validate", "validated"),
    ("validated", "open queries", "queries open"),
    ("locally approved", "open queries", "queries open"),
    ("validated", "answer", "validated"),
    ("validated", "answer", "queries open"),
    ("queries open", "answer", "queries open"),
    ("locally approved", "answer", "locally approved"),
    ("locally approved", "answer", "queries open"),
    ("signed off", "answer", "signed off"),
    ("signed off", "answer", "queries open"),
    ("validated", "recheck", "validated"),
    ("validated", "recheck", "queries open"),
    ("queries open", "recheck", "queries open"),
    ("locally approved", "recheck", "locally approved"),
    ("locally approved", "recheck", "queries open"),
    ("signed off", "recheck", "signed off"),
    ("signed off", "recheck", "queries open"),
    ("queries open", "resubmit", "resubmitted"),
    ("validated", "resubmit", "resubmitted"),
    ("not accepted", "resubmit", "resubmitted"),
    ("reopened after release", "resubmit", "resubmitted"),
    ("validated", "approve", "locally approved"),
    ("queries open", "approve", "locally approved"),
    ("locally approved", "sign off", "signed off"),
    ("signed off", "accept", "accepted"),
    ("nil confirmed", "accept", "accepted"),
    ("signed off", "accept with caveats", "accepted with caveats"),
    ("nil confirmed", "accept with caveats", "accepted with caveats"),
    ("signed off", "not accept", "not accepted"),
    ("nil confirmed", "not accept", "not accepted"),
    ("accepted", "freeze", "frozen"),
    ("accepted with caveats", "freeze", "frozen"),
    ("frozen", "link", "linked"),
    ("frozen", "use", "used"),
    ("linked", "use", "used"),
    ("used", "use", "used"),
    ("used", "reopen", "reopened after release"),
];

/// States that a body can leave by saying that it has nothing, not all, cannot or will not; those from which it can take back; and
/// those in which it is waited for.
const BEFORE: [&str; 5] = ["not started", "acknowledged", "preparing", "dry run", "partial"];
const SENT: [&str; 8] = [
    "uploaded",
    "structure rejected",
    "validated",
    "queries open",
    "resubmitted",
    "locally approved",
    "signed off",
    "nil confirmed",
];
const AWAITED: [&str; 12] = [
    "not started",
    "acknowledged",
    "preparing",
    "dry run",
    "partial",
    "structure rejected",
    "withdrawn",
    "queries open",
    "not accepted",
    "reopened after release",
    "validated",
    "locally approved",
];

fn is_edge(from: &str, event: &str, to: &str) -> bool {
    let side = ["confirm nil", "send partial", "cannot supply", "refuse"];
    let reached = ["nil confirmed", "partial", "cannot supply", "refused"];
    EDGES.contains(&(from, event, to))
        || (BEFORE.contains(&from) && side.iter().zip(reached).any(|(e, s)| *e == event && s == to))
        || (SENT.contains(&from) && (event, to) == ("withdraw", "withdrawn"))
        || (AWAITED.contains(&from) && from == to && ["overdue", "escalate"].contains(&event))
}

fn word_of(event: &ReturnEvent) -> String {
    let value = serde_json::to_value(event).unwrap();
    let name = value.as_str().map(str::to_owned);
    name.unwrap_or_else(|| value.as_object().unwrap().keys().next().unwrap().clone()).replace('_', " ")
}

fn any_event() -> impl Strategy<Value = ReturnEvent> {
    use ReturnEvent as E;
    let counts =
        (0u64..3, 0u64..3, 0u64..3, 0u64..2).prop_map(|(unanswered, answered, explained, escalated)| {
            QueryCounts { unanswered, answered, explained, escalated }
        });
    let plain = proptest::sample::select(vec![
        E::Acknowledge,
        E::Prepare,
        E::DryRun,
        E::RejectStructure,
        E::OpenQueries,
        E::Approve,
        E::Accept,
        E::AcceptWithCaveats(vec!["one system only".to_owned()]),
        E::AcceptWithCaveats(Vec::new()),
        E::NotAccept,
        E::Freeze,
        E::Link,
        E::Use { release: "R1".to_owned() },
        E::CannotSupply,
        E::Withdraw,
        E::Reopen,
        E::Call { name: String::new(), kind: None },
        E::Refuse { legal_answer: String::new() },
        E::SendPartial { without: vec!["missing".to_owned()] },
        E::Resubmit { sha256: hash() },
        E::Upload { sha256: hash() },
        E::Upload { sha256: "not a hash".to_owned() },
    ]);
    let office = proptest::sample::select(vec!["Chief constable", ""]).prop_map(str::to_owned);
    prop_oneof![
        4 => plain,
        2 => counts.clone().prop_map(|queries| E::Validate { queries }),
        2 => counts.clone().prop_map(|queries| E::Answer { queries }),
        1 => counts.prop_map(|queries| E::Recheck { queries }),
        2 => office.clone().prop_map(|office| E::SignOff { office, on: date(2026, 6, 1) }),
        1 => office.prop_map(|office| E::ConfirmNil { office }),
        1 => Just(E::Overdue { due: date(2026, 2, 10) }),
        1 => (0u8..6).prop_map(|level| E::Escalate { due: date(2026, 2, 10), level }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_event_moves_along_an_edge_or_is_refused_and_changes_nothing(
        steps in proptest::collection::vec((any_event(), 0i64..60), 1..60),
    ) {
        let mut file = ReturnFile::new("E23000099");
        let mut day = 0;
        for (event, later) in steps {
            let before = file.clone();
            let by = by(day + later, "as it came");
            if let Err(error) = file.apply(event.clone(), &by) {
                prop_assert_eq!(&file, &before);
                let text = error.to_string();
                prop_assert!(text.contains("it can be") || text.contains("an event needs"), "{}", text);
                continue;
            }
            day += later;
            let (from, to) = (before.state.to_string(), file.state.to_string());
            prop_assert!(is_edge(&from, &word_of(&event), &to), "{} by {:?} to {}", from, event, to);
            prop_assert_eq!(file.history.len(), before.history.len() + 1);
            let sent = matches!(event, ReturnEvent::Upload { .. } | ReturnEvent::Resubmit { .. });
            prop_assert_eq!(file.version, before.version + u32::from(sent));
            if event == ReturnEvent::Approve {
                prop_assert_eq!(before.queries.unanswered, 0);
            }
        }
        // What the ledger would hold makes the same return again.
        let mut again = ReturnFile::new("E23000099");
        for step in &file.history {
            prop_assert!(again.replay(step.said.clone(), &by_of(step)).is_ok());
        }
        prop_assert_eq!(again, file);
    }
}

#[test]
fn every_edge_is_taken_and_no_other() {
    use ReturnEvent as E;
    let mut events = vec![
        E::Call { name: String::new(), kind: None },
        E::Acknowledge,
        E::Prepare,
        E::DryRun,
        upload(),
        resubmit(),
        E::RejectStructure,
        E::OpenQueries,
        E::Approve,
        E::SignOff { office: "Director".to_owned(), on: date(2026, 6, 1) },
        E::Accept,
        E::AcceptWithCaveats(vec!["one system only".to_owned()]),
        E::NotAccept,
        E::Freeze,
        E::Link,
        E::Use { release: "R1".to_owned() },
        E::ConfirmNil { office: "Director".to_owned() },
        E::SendPartial { without: vec!["missing".to_owned()] },
        E::CannotSupply,
        E::Refuse { legal_answer: String::new() },
        E::Withdraw,
        E::Reopen,
    ];
    for queries in [unanswered(0), unanswered(1)] {
        events.extend([E::Validate { queries }, E::Answer { queries }, E::Recheck { queries }]);
    }
    // From every state that can be reached, every event.
    let mut taken = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut ahead = vec![ReturnFile::new("E23000099")];
    while let Some(file) = ahead.pop() {
        let from = file.state.to_string();
        for event in &events {
            let mut next = file.clone();
            if next.apply(event.clone(), &by(0, "as it came")).is_ok() {
                let to = next.state.to_string();
                taken.insert((from.clone(), word_of(event), to.clone()));
                if seen.insert((to, next.queries.unanswered)) {
                    ahead.push(next);
                }
            }
        }
    }
    for (from, event, to) in &taken {
        assert!(is_edge(from, event, to), "{from} by {event} to {to}");
    }
    let missed: Vec<_> = EDGES
        .iter()
        .filter(|(a, b, c)| !taken.contains(&((*a).to_owned(), (*b).to_owned(), (*c).to_owned())))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}
