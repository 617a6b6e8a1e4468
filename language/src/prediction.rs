//! The prediction lines of the label scheme: one object a note, offsets in characters.

use serde::Serialize;

use crate::{
    check::{Checker, Reading},
    note::Note,
    pack::Kind,
    record::{Flag, flags},
    status::{Assertion, Experiencer, Temporality},
};

/// A span of wording that is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageSpan<'a> {
    /// The category, B1 to A1.
    pub category: &'a str,
    /// First character.
    pub start: usize,
    /// After the last character.
    pub end: usize,
    /// The rule.
    pub rule: &'a str,
}

/// A sign of harm, or words on the record as a whole, with its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation<'a> {
    /// H01 to H13, RISK, CCE or ACK.
    pub code: &'a str,
    /// First character.
    pub start: usize,
    /// After the last character.
    pub end: usize,
    /// Whether it is said to have happened.
    pub assertion: Assertion,
    /// When.
    pub temporality: Temporality,
    /// To whom.
    pub experiencer: Experiencer,
    /// The rule.
    pub rule: &'a str,
}

/// What is printed for one note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prediction<'a> {
    /// The note's id.
    pub id: &'a str,
    /// Wording.
    pub language: Vec<LanguageSpan<'a>>,
    /// Signs and words on the record.
    pub annotations: Vec<Annotation<'a>>,
    /// Contradictions inside the note.
    pub record_flags: Vec<Flag>,
}

impl<'a> Prediction<'a> {
    /// The prediction of a note that has been read.
    pub fn of(checker: &'a Checker, note: &'a Note, reading: &Reading) -> Self {
        let mut language = Vec::new();
        let mut annotations = Vec::new();
        for (m, (start, end)) in reading.mentions.iter().zip(reading.characters(&note.text)) {
            let rule = checker.rule(m);
            match m.kind {
                Kind::Wording if m.not_counted.is_none() => {
                    language.push(LanguageSpan { category: &rule.category, start, end, rule: &rule.id });
                }
                Kind::Indicator | Kind::Risk | Kind::Criminal | Kind::Acknowledged
                    if m.not_counted.is_none() && !m.covered =>
                {
                    annotations.push(Annotation {
                        code: &rule.category,
                        start,
                        end,
                        assertion: m.assertion,
                        temporality: m.temporality,
                        experiencer: m.experiencer,
                        rule: &rule.id,
                    });
                }
                _ => {}
            }
        }
        Self {
            id: &note.id,
            language,
            annotations,
            record_flags: flags(checker, reading).into_iter().collect(),
        }
    }
}
