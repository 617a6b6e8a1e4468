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
pub struct LanguageSpan {
    /// The category, B1 to A1.
    pub category: String,
    /// First character.
    pub start: usize,
    /// After the last character.
    pub end: usize,
    /// The rule.
    pub rule: String,
}

/// A sign of harm, or words on the record as a whole, with its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// H01 to H13, RISK, CCE or ACK.
    pub code: String,
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
    pub rule: String,
}

/// What is printed for one note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prediction {
    /// The note's id.
    pub id: String,
    /// Wording.
    pub language: Vec<LanguageSpan>,
    /// Signs and words on the record.
    pub annotations: Vec<Annotation>,
    /// Contradictions inside the note.
    pub record_flags: Vec<Flag>,
}

impl Prediction {
    /// The prediction of a note that has been read.
    pub fn of(checker: &Checker, note: &Note, reading: &Reading) -> Self {
        let mut language = Vec::new();
        let mut annotations = Vec::new();
        for (m, (start, end)) in reading.mentions.iter().zip(reading.characters(&note.text)) {
            let rule = checker.rule(m);
            match m.kind {
                Kind::Wording if m.not_counted.is_none() => {
                    language.push(LanguageSpan {
                        category: rule.category.clone(),
                        start,
                        end,
                        rule: rule.id.clone(),
                    });
                }
                Kind::Indicator | Kind::Risk | Kind::Criminal | Kind::Acknowledged
                    if m.not_counted.is_none() && !m.covered =>
                {
                    annotations.push(Annotation {
                        code: rule.category.clone(),
                        start,
                        end,
                        assertion: m.assertion,
                        temporality: m.temporality,
                        experiencer: m.experiencer,
                        rule: rule.id.clone(),
                    });
                }
                _ => {}
            }
        }
        Self {
            id: note.id.clone(),
            language,
            annotations,
            record_flags: flags(checker, reading).into_iter().collect(),
        }
    }
}
