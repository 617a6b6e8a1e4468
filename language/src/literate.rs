//! Rule tests as Markdown that a practitioner can read and challenge: prose, a short invented note, the marks expected in it.
//!
//! Notes stand in fences. In a ```` ```notes ```` fence each line is a note; in a ```` ```note ```` fence the whole is one.
//! After the word come settings for all notes of the fence: `age=14 type=case_note task=language flags=C1`, and
//! `field:NAME=VALUE` for structured fields. The heading above names what is tested.
//!
//! Inside a note, `[words](B1)` must be reported, `[words](not B1)` must not, and `[words](H01 negated historical other)` is a
//! sign with its status. A line break inside a one-line note is written `\n`.

use crate::{
    check::{Checker, Scratch},
    error::LanguageError,
    note::{Meta, Note},
    prediction::Prediction,
    record::Flag,
    status::{Assertion, Experiencer, Temporality},
};

/// One mark in a note: what is expected of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The category: B1 to A1, H01 to H13, RISK, CCE, ACK.
    pub category: String,
    /// First character.
    pub start: usize,
    /// After the last character.
    pub end: usize,
    /// Whether it must not be reported.
    pub trap: bool,
    /// The status, for signs.
    pub assertion: Assertion,
    /// When, for signs.
    pub temporality: Temporality,
    /// To whom, for signs.
    pub experiencer: Experiencer,
}

/// What the label scheme marks in a case of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Wording only.
    Language,
    /// Signs with their status, and wording.
    Indicator,
    /// Signs, words on the record, flags and wording.
    Record,
}

/// One note with its marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The note; its id is `FILE:LINE`.
    pub note: Note,
    /// What is marked.
    pub task: Task,
    /// The heading above it.
    pub heading: String,
    /// The marks, in the order of the text.
    pub marks: Vec<Mark>,
    /// The flags expected.
    pub flags: Vec<Flag>,
}

/// Reads the cases of a Markdown file.
///
/// # Errors
/// When a fence is not closed, or a setting or mark is not known.
pub fn read(file: &str, text: &str) -> Result<Vec<Case>, LanguageError> {
    let mut cases = Vec::new();
    let mut heading = String::new();
    let mut fence: Option<(Case, bool, usize, String)> = None;
    for (n, line) in text.lines().enumerate() {
        let fail = |reason: String| LanguageError::Literate { file: file.to_owned(), line: n + 1, reason };
        match &mut fence {
            None => {
                if let Some(title) = line.strip_prefix('#') {
                    title.trim_start_matches('#').trim().clone_into(&mut heading);
                } else if let Some(info) = line.strip_prefix("```note") {
                    let many = info.starts_with('s');
                    let case = settings(info.trim_start_matches('s'), &heading).map_err(fail)?;
                    fence = Some((case, many, n + 1, String::new()));
                }
            }
            Some((case, many, opened, body)) => {
                if line.trim_end() == "```" {
                    if !*many {
                        cases.push(
                            marked(case, &format!("{file}:{opened}"), body.trim_end_matches('\n'))
                                .map_err(fail)?,
                        );
                    }
                    fence = None;
                } else if *many {
                    if !line.trim().is_empty() {
                        cases.push(
                            marked(case, &format!("{file}:{}", n + 1), &line.replace("\\n", "\n"))
                                .map_err(fail)?,
                        );
                    }
                } else {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
    }
    if let Some((_, _, opened, _)) = fence {
        let reason = "the fence is not closed; end it with three backticks on a line of their own".to_owned();
        return Err(LanguageError::Literate { file: file.to_owned(), line: opened, reason });
    }
    Ok(cases)
}

fn settings(info: &str, heading: &str) -> Result<Case, String> {
    let mut meta = Meta::default();
    let mut task = Task::Language;
    let mut flags = Vec::new();
    for setting in info.split_whitespace() {
        let Some((key, value)) = setting.split_once('=') else {
            return Err(format!("`{setting}` is no setting; write name=value"));
        };
        match key {
            "age" => {
                meta.subject_age = Some(value.parse().map_err(|_| format!("`{value}` is no age in years"))?);
            }
            "type" => value.clone_into(&mut meta.doc_type),
            "task" => {
                task = match value {
                    "language" => Task::Language,
                    "indicator" => Task::Indicator,
                    "record" => Task::Record,
                    _ => return Err(format!("`{value}` is no task; write language, indicator or record")),
                }
            }
            "flags" => {
                for flag in value.split(',').filter(|f| !f.is_empty()) {
                    flags.push(match flag {
                        "C1" => Flag::C1,
                        "C2" => Flag::C2,
                        "C3" => Flag::C3,
                        _ => return Err(format!("`{flag}` is no flag; write C1, C2 or C3")),
                    });
                }
            }
            _ => match key.strip_prefix("field:") {
                Some(name) => {
                    meta.fields.insert(name.to_owned(), serde_json::Value::String(value.to_owned()));
                }
                None => {
                    return Err(format!("`{key}` is no setting; write age, type, task, flags or field:NAME"));
                }
            },
        }
    }
    let note = Note { meta, ..Note::default() };
    Ok(Case { note, task, heading: heading.to_owned(), marks: Vec::new(), flags })
}

fn marked(fence: &Case, id: &str, body: &str) -> Result<Case, String> {
    let mut case = fence.clone();
    id.clone_into(&mut case.note.id);
    let mut rest = body;
    let mut length = 0usize;
    while let Some(open) = rest.find('[') {
        let Some((words, label, after)) = mark_at(&rest[open..]) else {
            let until = open + 1;
            length += rest[..until].chars().count();
            case.note.text.push_str(&rest[..until]);
            rest = &rest[until..];
            continue;
        };
        case.note.text.push_str(&rest[..open]);
        length += rest[..open].chars().count();
        case.note.text.push_str(words);
        let start = length;
        length += words.chars().count();
        case.marks.push(mark_of(label, start, length)?);
        rest = after;
    }
    case.note.text.push_str(rest);
    Ok(case)
}

/// `[words](label)` at the start of a text, and what follows it.
fn mark_at(text: &str) -> Option<(&str, &str, &str)> {
    let close = text.find("](")?;
    let words = &text[1..close];
    if words.contains('[') || words.contains('\n') && words.contains("```") {
        return None;
    }
    let end = close + 2 + text[close + 2..].find(')')?;
    Some((words, &text[close + 2..end], &text[end + 1..]))
}

fn mark_of(label: &str, start: usize, end: usize) -> Result<Mark, String> {
    let mut mark = Mark {
        category: String::new(),
        start,
        end,
        trap: false,
        assertion: Assertion::Affirmed,
        temporality: Temporality::Current,
        experiencer: Experiencer::Subject,
    };
    for word in label.split_whitespace() {
        match word {
            "not" => mark.trap = true,
            "affirmed" => mark.assertion = Assertion::Affirmed,
            "negated" => mark.assertion = Assertion::Negated,
            "possible" => mark.assertion = Assertion::Possible,
            "hypothetical" => mark.assertion = Assertion::Hypothetical,
            "denied_by_child" => mark.assertion = Assertion::DeniedByChild,
            "historical" => mark.temporality = Temporality::Historical,
            "other" => mark.experiencer = Experiencer::Other,
            _ if mark.category.is_empty()
                && word.len() >= 2
                && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) =>
            {
                word.clone_into(&mut mark.category);
            }
            _ => {
                return Err(format!(
                    "`{label}` is no mark; write for example `B1`, `not B1` or `H01 negated`"
                ));
            }
        }
    }
    if mark.category.is_empty() {
        return Err(format!("`{label}` names no category"));
    }
    Ok(mark)
}

/// A case on which the rules do not do what the marks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFailure {
    /// The note's id, `FILE:LINE`.
    pub id: String,
    /// The heading above it.
    pub heading: String,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

/// Runs the cases of a file. Every mark must be met, no trap hit, and no wording reported that is not marked; flags must be
/// those given. A sign that is found and not marked is let pass.
pub fn run(checker: &Checker, cases: &[Case]) -> Vec<CaseFailure> {
    let mut scratch = Scratch::default();
    let mut failures = Vec::new();
    for case in cases {
        let reading = checker.read(&case.note, &mut scratch);
        let prediction = Prediction::of(checker, &case.note, &reading);
        let problems = compare(case, &prediction);
        if !problems.is_empty() {
            failures.push(CaseFailure { id: case.note.id.clone(), heading: case.heading.clone(), problems });
        }
    }
    failures
}

fn compare(case: &Case, prediction: &Prediction<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let words =
        |start: usize, end: usize| case.note.text.chars().skip(start).take(end - start).collect::<String>();
    let mut met = vec![false; prediction.language.len()];
    for mark in &case.marks {
        let text = words(mark.start, mark.end);
        let overlaps = |start: usize, end: usize| start < mark.end && mark.start < end;
        let at =
            prediction.language.iter().position(|s| s.category == mark.category && overlaps(s.start, s.end));
        if let Some(at) = at {
            met[at] = true;
        }
        let sign =
            prediction.annotations.iter().find(|a| a.code == mark.category && overlaps(a.start, a.end));
        if mark.trap {
            if at.is_some() || sign.is_some_and(|a| a.assertion == Assertion::Affirmed) {
                problems.push(format!("`{text}` is reported as {} and must not be", mark.category));
            }
        } else if is_wording(&mark.category) {
            if at.is_none() {
                problems.push(format!("`{text}` is not reported as {}", mark.category));
            }
        } else if let Some(sign) = sign {
            if (sign.assertion, sign.temporality, sign.experiencer)
                != (mark.assertion, mark.temporality, mark.experiencer)
            {
                problems.push(format!(
                    "`{text}` is {:?}, {:?}, {:?}; it should be {:?}, {:?}, {:?}",
                    sign.assertion,
                    sign.temporality,
                    sign.experiencer,
                    mark.assertion,
                    mark.temporality,
                    mark.experiencer
                ));
            }
        } else {
            problems.push(format!("`{text}` is not found as {}", mark.category));
        }
    }
    for (span, met) in prediction.language.iter().zip(met) {
        if !met {
            problems.push(format!(
                "`{}` is reported as {} and is not marked",
                words(span.start, span.end),
                span.category
            ));
        }
    }
    if case.task == Task::Record && case.flags != prediction.record_flags {
        problems
            .push(format!("the flags are {:?}; they should be {:?}", prediction.record_flags, case.flags));
    }
    problems
}

/// A case as a line of the label scheme, for scoring by another program.
pub fn label_line(case: &Case) -> String {
    let words = |m: &Mark| case.note.text.chars().skip(m.start).take(m.end - m.start).collect::<String>();
    let span = |m: &Mark| serde_json::json!({"category": m.category, "start": m.start, "end": m.end, "text": words(m)});
    let sign = |m: &Mark| {
        serde_json::json!({"code": m.category, "start": m.start, "end": m.end, "text": words(m), "assertion": m.assertion,
            "temporality": m.temporality, "experiencer": m.experiencer})
    };
    let task = match case.task {
        Task::Language => "language",
        Task::Indicator => "indicator",
        Task::Record => "record",
    };
    let told = case.marks.iter().filter(|m| !m.trap);
    serde_json::json!({
        "id": case.note.id, "task": task, "text": case.note.text, "meta": case.note.meta, "phenomena": [case.heading],
        "language": told.clone().filter(|m| is_wording(&m.category)).map(span).collect::<Vec<_>>(),
        "annotations": told.filter(|m| !is_wording(&m.category)).map(sign).collect::<Vec<_>>(),
        "must_not_flag": case.marks.iter().filter(|m| m.trap).map(span).collect::<Vec<_>>(),
        "record_flags": case.flags,
    })
    .to_string()
}

/// Whether a category is one of wording.
pub fn is_wording(category: &str) -> bool {
    matches!(category.as_bytes(), [b'B' | b'M' | b'D' | b'A', b'0'..=b'9'])
}
