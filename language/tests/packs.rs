//! The bundled packs: every text inside a rule, every Markdown test, and the figures on the sets kept for measuring.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_language::{
    Assertion, Checker, Experiencer, Kind, NotCounted, Prediction, Scratch,
    literate::{self, Case, Task, is_wording},
    test_rules,
};

#[test]
fn every_text_inside_a_rule_holds() {
    let checker = Checker::bundled().unwrap();
    let (run, failures) = test_rules(&checker);
    assert!(run > 150, "only {run} texts");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_rule_has_a_source_and_texts_both_ways() {
    let checker = Checker::bundled().unwrap();
    for rule in checker.rules() {
        assert!(checker.source(rule).is_some(), "{} cites no document of its pack", rule.id);
        assert!(!rule.place.is_empty(), "{} does not say where in the document", rule.id);
        assert!(!rule.matches.is_empty() && !rule.no_matches.is_empty(), "{} lacks a text", rule.id);
    }
}

#[test]
fn every_mark_in_the_markdown_tests_is_met() {
    let checker = Checker::bundled().unwrap();
    let cases = literate::read("whose-words.md", include_str!("marks/whose-words.md")).unwrap();
    let failures = literate::run(&checker, &cases);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[derive(Debug, Default)]
struct Figures {
    right: f64,
    reported: f64,
    marked: f64,
    clean: (usize, usize),
    traps: (usize, usize),
    status: (f64, f64),
    flags: [(usize, usize, usize); 3],
}

fn measure(cases: &[Case]) -> Figures {
    let checker = Checker::bundled().unwrap();
    let mut scratch = Scratch::default();
    let mut f = Figures::default();
    for case in cases {
        let reading = checker.read(&case.note, &mut scratch);
        let p = Prediction::of(&checker, &case.note, &reading);
        let wanted: Vec<_> = case.marks.iter().filter(|m| !m.trap && is_wording(&m.category)).collect();
        let mut used = vec![false; p.language.len()];
        for mark in &wanted {
            let met = p.language.iter().enumerate().position(|(i, s)| {
                !used[i] && s.category == mark.category && s.start < mark.end && mark.start < s.end
            });
            if let Some(i) = met {
                used[i] = true;
                f.right += 1.0;
            }
        }
        f.marked += wanted.len() as f64;
        f.reported += p.language.len() as f64;
        if case.task == Task::Language && wanted.is_empty() {
            f.clean.1 += 1;
            f.clean.0 += usize::from(p.language.is_empty());
        }
        for trap in case.marks.iter().filter(|m| m.trap) {
            f.traps.1 += 1;
            let hit = p
                .language
                .iter()
                .any(|s| s.category == trap.category && s.start < trap.end && trap.start < s.end);
            f.traps.0 += usize::from(hit);
        }
        for mark in case.marks.iter().filter(|m| !m.trap && !is_wording(&m.category)) {
            let sign = p
                .annotations
                .iter()
                .find(|a| a.code == mark.category && a.start < mark.end && mark.start < a.end);
            if let Some(sign) = sign {
                f.status.1 += 1.0;
                f.status.0 += f64::from(u8::from(sign.assertion == mark.assertion));
            }
        }
        if case.task == Task::Record {
            use candour_language::Flag;
            for (i, flag) in [Flag::C1, Flag::C2, Flag::C3].into_iter().enumerate() {
                let (wanted, got) = (case.flags.contains(&flag), p.record_flags.contains(&flag));
                f.flags[i].0 += usize::from(wanted && got);
                f.flags[i].1 += usize::from(!wanted && got);
                f.flags[i].2 += usize::from(wanted && !got);
            }
        }
    }
    f
}

/// The bars of the first release: wording on every set that is kept for measuring, flags on all together.
#[test]
fn the_kept_sets_stay_above_the_bars() {
    let mut flags = [(0, 0, 0); 3];
    for (name, text) in [
        ("second-set.md", include_str!("../evaluation/second-set.md")),
        ("third-set.md", include_str!("../evaluation/third-set.md")),
        ("fourth-set.md", include_str!("../evaluation/fourth-set.md")),
        ("fifth-set.md", include_str!("../evaluation/fifth-set.md")),
        ("sixth-set.md", include_str!("../evaluation/sixth-set.md")),
        ("seventh-set.md", include_str!("../evaluation/seventh-set.md")),
        ("eighth-set.md", include_str!("../evaluation/eighth-set.md")),
        ("ninth-set.md", include_str!("../evaluation/ninth-set.md")),
    ] {
        let f = measure(&literate::read(name, text).unwrap());
        assert!(f.right / f.reported >= 0.90, "{name}: precision of wording {f:?}");
        assert!(f.right / f.marked >= 0.80, "{name}: recall of wording {f:?}");
        assert!(f.clean.0 * 44 >= f.clean.1 * 38, "{name}: clean notes {f:?}");
        assert!(f.traps.0 * 45 <= f.traps.1 * 6, "{name}: traps {f:?}");
        assert!(f.status.0 / f.status.1 >= 0.90, "{name}: assertion {f:?}");
        for (all, one) in flags.iter_mut().zip(f.flags) {
            *all = (all.0 + one.0, all.1 + one.1, all.2 + one.2);
        }
    }
    for (right, wrong, missed) in flags {
        // Precision 0.85 and recall 0.75.
        assert!(wrong * 85 <= right * 15 && missed * 75 <= right * 25, "flags {flags:?}");
    }
}

/// What must change the verdict and what must not.
#[test]
fn verdicts_change_only_where_they_must() {
    let checker = Checker::bundled().unwrap();
    let mut scratch = Scratch::default();
    let mut alarms = |text: &str| {
        let note = candour_language::Note {
            text: text.to_owned(),
            meta: candour_language::Meta {
                subject_age: Some(14),
                doc_type: "case_note".into(),
                ..Default::default()
            },
            ..Default::default()
        };
        let reading = checker.read(&note, &mut scratch);

        reading.alarms().map(|m| checker.rule(m).category.clone()).collect::<Vec<_>>()
    };
    let names = [
        "She", "He", "They", "Aisha", "Tomasz", "Chidi", "Nguyen", "Siân", "The boy", "The girl", "YP",
        "Client",
    ];
    for name in names {
        let verb = if name == "They" { "are" } else { "is" };
        for (tail, category) in [
            ("streetwise and knows the area", "B4"),
            ("putting themselves at risk most weekends", "B1"),
            ("involved in county lines", "B3"),
            ("hard to reach", "B5"),
        ] {
            assert_eq!(alarms(&format!("{name} {verb} {tail}.")), [category], "{name} {verb} {tail}");
            assert!(alarms(&format!("{name} {verb} not {tail}.")).is_empty(), "{name} {verb} not {tail}");
            assert_eq!(alarms(&format!("{name}  {verb}\n{tail} .")), [category], "layout: {name} {tail}");
            assert_eq!(
                alarms(&format!("{} {} {}", name.to_uppercase(), verb.to_uppercase(), tail.to_uppercase())),
                [category],
                "capitals: {name} {tail}"
            );
        }
        assert!(
            alarms(&format!("{name} said: 'mum {verb} hard to reach'.")).is_empty(),
            "{name} about mother"
        );
    }
    for relative in ["mother", "uncle", "foster carer's brother", "landlord"] {
        assert!(alarms(&format!("Her {relative} is streetwise.")).is_empty(), "{relative}");
    }
    for tense in ["puts", "put", "has put", "will put", "is putting", "keeps putting"] {
        assert_eq!(alarms(&format!("She {tense} herself at risk.")), ["B1"], "{tense}");
    }
    for slip in ["promiscous", "promiscuuos", "promiscuous"] {
        assert_eq!(alarms(&format!("She is {slip}.")), ["B4"], "{slip}");
    }
}

/// Belief in a child is no doubt, whoever the child is and however it is written.
#[test]
fn belief_is_not_doubt() {
    let children = [("She", "her"), ("He", "his"), ("Aisha", "her"), ("Tomasz", "his"), ("Siân", "her")];
    for (name, whose) in children {
        for noun in ["account", "disclosure", "story", "allegation"] {
            for (yes, no) in [("is", "is not"), ("was", "was not"), ("has been", "has not been")] {
                for age in [11, 14, 17] {
                    let told = format!("{name} spoke to the nurse and {whose} {noun}");
                    for text in [
                        format!("{told} {yes} believed."),
                        format!("{told} {yes}\n  believed ."),
                        format!("{told} {yes} believed and acted on."),
                    ] {
                        assert!(categories(&text, age).is_empty(), "{text}");
                    }
                    for text in
                        [format!("{told} {no} believed."), format!("{told} {no} believed").to_uppercase()]
                    {
                        assert_eq!(categories(&text, age), ["D1"], "{text}");
                    }
                }
            }
        }
        assert!(categories(&format!("We do not doubt {whose} account."), 14).is_empty());
        assert_eq!(categories(&format!("We doubt {whose} account."), 14), ["D1"]);
    }
}

/// A no reaches a sign from before it, from after it and from around it, and a sign of somebody else is kept apart.
#[test]
fn a_no_and_another_child_change_the_status_and_nothing_else_does() {
    use Assertion::{Affirmed, DeniedByChild, Negated, Possible};
    let signs = ["was missing for two nights", "had a second phone", "was found at a hotel with adults"];
    let frames = [
        ("@ #.", Affirmed),
        ("The school let us know that @ #.", Affirmed),
        ("Nobody asked why @ #.", Affirmed),
        ("The report that @ # was looked into and was right.", Affirmed),
        ("Checks with the carer found no occasion on which @ #.", Negated),
        ("There is nothing to suggest that @ #.", Negated),
        ("The report that @ # was looked into and was wrong.", Negated),
        ("It was thought that @ #, but this was wrong.", Negated),
        ("It is possible that @ #.", Possible),
        ("@ denies that @ #.", DeniedByChild),
    ];
    let names = [("she", "her"), ("he", "his"), ("Aisha", "her"), ("Tomasz", "his"), ("Nguyen", "his")];
    for (frame, assertion) in frames {
        for sign in signs {
            for (name, whose) in names {
                let text = frame.replace('@', name).replace('#', sign);
                for text in [text.clone(), text.replace(' ', "  "), text.replace(" that ", " that\n")] {
                    assert_eq!(status(&text), (assertion, Experiencer::Subject), "{text}");
                }
                for other in ["friend from the old school", "cousin in another county"] {
                    let text = format!("It was {whose} {other} who {sign}.");
                    assert_eq!(status(&text), (Affirmed, Experiencer::Other), "{text}");
                }
            }
        }
    }
}

/// A closure is weighed against past harm too, unless the record says that it is over; and what is over does not hide what is not.
#[test]
fn a_closure_is_weighed_against_the_past() {
    use candour_language::Flag;
    let flags = |text: &str| {
        let meta = candour_language::Meta { doc_type: "minutes".into(), ..Default::default() };
        let note = candour_language::Note { text: text.to_owned(), meta, ..Default::default() };
        let reading = checker().read(&note, &mut Scratch::default());
        Prediction::of(checker(), &note, &reading).record_flags
    };
    for closing in ["Case closed.", "Stepped down to early help.", "Risk lowered from high to low."] {
        for past in [
            "Two years ago she told her nurse that a man had hurt her.",
            "In 2019 he had a repeat infection.",
        ] {
            assert_eq!(flags(&format!("{closing} {past}")), [Flag::C3], "{closing} {past}");
            assert_eq!(flags(&format!("{past} {closing}")), [Flag::C3], "{past} {closing}");
            let over = "There have been no further incidents since.";
            assert!(flags(&format!("{past} {over} {closing}")).is_empty(), "{past} {over} {closing}");
            let now = "On Monday she came home with unexplained bruises.";
            assert_eq!(flags(&format!("{past} {over} {now} {closing}")), [Flag::C3], "{past} {over} {now}");
            let no_end = "It has not stopped.";
            assert_eq!(flags(&format!("{past} {no_end} {closing}")), [Flag::C3], "{past} {no_end}");
        }
        // One weak sign of the past is not enough, nor are two that are over.
        assert!(flags(&format!("Last year she was missing once. {closing}")).is_empty(), "{closing}");
    }
}

/// Whose a sign is: a relative's, or the child's though a relative found it, told of it or did it.
#[test]
fn a_relative_has_signs_of_own_and_finds_and_tells_of_the_childs() {
    use Experiencer::{Other, Subject};
    for relative in ["mother", "sister", "younger brother", "cousin", "grandfather"] {
        for (text, whose) in [
            ("Her @ has bruises on the neck.", Other),
            ("Her @'s bruises were seen.", Other),
            ("Bruises were seen on her @.", Other),
            ("Bruises were seen on her @'s neck.", Other),
            ("There were injuries to her @.", Other),
            ("A man was charged with offences against her @.", Other),
            ("She told the nurse that a man had hurt her @.", Other),
            ("The men hold images of her @.", Other),
            ("Her @ was missing overnight.", Other),
            ("Her @ was seen by the doctor: bruising to the arm.", Other),
            ("Her @ found bruises on her neck.", Subject),
            ("Her @ told us that she was missing overnight.", Subject),
            ("Her @ was charged with assaulting her.", Subject),
            ("She told her @ that a man had hurt her.", Subject),
            ("She was missing overnight at her @'s house.", Subject),
            ("She and her @ were missing overnight.", Subject),
        ] {
            let text = text.replace('@', relative);
            assert_eq!(status(&text), (Assertion::Affirmed, whose), "{text}");
        }
    }
}

/// A condition, a doubt and an answer on a form change the status of a threat or a debt as of any other sign.
#[test]
fn a_threat_or_debt_has_its_status() {
    use Assertion::{Affirmed, DeniedByChild, Hypothetical, Negated, Possible};
    for (text, assertion) in [
        ("He owes money to the men.", Affirmed),
        ("If he owes money to the men, staff should tell us.", Hypothetical),
        ("Ask whether he owes money to the men.", Hypothetical),
        ("He would be frightened of them if they came back.", Hypothetical),
        ("It is not known whether he owes money to the men.", Possible),
        ("He does not owe money to the men.", Negated),
        ("Debts? None known.", Negated),
        ("Debt: denies", DeniedByChild),
        ("He denies owing money to the men.", DeniedByChild),
        ("We did not know that he owes money to the men.", Affirmed),
    ] {
        assert_eq!(status(text), (assertion, Experiencer::Subject), "{text}");
    }
}

/// The status of the first sign in a note.
fn status(text: &str) -> (Assertion, Experiencer) {
    let note = candour_language::Note { text: text.to_owned(), ..Default::default() };
    let reading = checker().read(&note, &mut Scratch::default());
    let sign = reading.mentions.iter().find(|m| m.kind == Kind::Indicator).unwrap();
    (sign.assertion, sign.experiencer)
}

/// The categories of the alarms in a note on a child of an age.
fn categories(text: &str, age: u8) -> Vec<String> {
    let meta = candour_language::Meta { subject_age: Some(age), ..Default::default() };
    let note = candour_language::Note { text: text.to_owned(), meta, ..Default::default() };
    let reading = checker().read(&note, &mut Scratch::default());
    reading.alarms().map(|m| checker().rule(m).category.clone()).collect()
}

#[test]
fn age_is_a_condition() {
    let checker = Checker::bundled().unwrap();
    let mut scratch = Scratch::default();
    let mut count = |age: u8| {
        let meta = candour_language::Meta { subject_age: Some(age), ..Default::default() };
        let note =
            candour_language::Note { text: "A young woman came in.".into(), meta, ..Default::default() };
        checker.read(&note, &mut scratch).alarms().count()
    };
    assert_eq!((count(13), count(19)), (1, 0));
}

#[test]
fn status_of_other_people_is_kept_apart() {
    let checker = Checker::bundled().unwrap();
    let mut scratch = Scratch::default();
    let note = candour_language::Note {
        text: "Her sister was reported missing. Her mother is manipulative.".into(),
        ..Default::default()
    };
    let reading = checker.read(&note, &mut scratch);
    assert_eq!(reading.mentions[0].experiencer, Experiencer::Other);
    assert_eq!(reading.not_counted().get(&NotCounted::OtherPerson), Some(&1));
}

proptest::proptest! {
    /// No text makes the reader fail, and every span lies in the text at character boundaries.
    #[test]
    fn any_text_is_read(text in "(\\PC|\n|[a-z' .,;:?!\"()\\[\\]-]|she |not |missing |at risk |of CSE |’|“|é){0,120}") {
        let checker = checker();
        let note = candour_language::Note { text, ..Default::default() };
        let reading = checker.read(&note, &mut Scratch::default());
        for m in &reading.mentions {
            proptest::prop_assert!(note.text.get(m.start as usize..m.end as usize).is_some_and(|t| !t.is_empty()));
            for c in &m.cues {
                proptest::prop_assert!(note.text.get(c.start as usize..c.end as usize).is_some());
            }
        }
    }
}

fn checker() -> &'static Checker {
    static CHECKER: std::sync::OnceLock<Checker> = std::sync::OnceLock::new();
    CHECKER.get_or_init(|| Checker::bundled().unwrap())
}
