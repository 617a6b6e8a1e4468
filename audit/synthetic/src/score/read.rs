//! The truth's files, read back. They are this crate's own: no field is quoted, and a line that does not fit is an error.

use std::collections::HashMap;

use super::{NoteTruth, OffenceFacts, RulePlace};
use crate::SyntheticError;

/// Reads `truth/errors.csv`.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that this version did not write.
pub fn read_errors(text: &str) -> Result<Vec<RulePlace>, SyntheticError> {
    rows("errors.csv", text, 7)
        .map(|row| {
            let (line, cells) = row?;
            let row = match cells[3] {
                "" => None,
                number => {
                    Some(number.parse().map_err(|_| wrong("errors.csv", line, "the row is no number"))?)
                }
            };
            Ok(RulePlace {
                rule: cells[0].to_owned(),
                body: cells[1].to_owned(),
                table: cells[2].to_owned(),
                row,
                column: cells[4].to_owned(),
            })
        })
        .collect()
}

/// Reads `truth/record_map.csv` (or `suspect_map.csv`, or `offence_map.csv`): the person of each body's record.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that this version did not write.
pub fn read_record_map(text: &str) -> Result<HashMap<(String, String), u32>, SyntheticError> {
    rows("record_map.csv", text, 3)
        .map(|row| {
            let (line, cells) = row?;
            let person =
                cells[2].parse().map_err(|_| wrong("record_map.csv", line, "the person is no number"))?;
            Ok(((cells[0].to_owned(), cells[1].to_owned()), person))
        })
        .collect()
}

/// Reads `truth/histories.csv`: for each set of lists how many are on exactly those. The set of none is the hidden number.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that this version did not write.
pub fn read_histories(text: &str) -> Result<Vec<([bool; 5], u64)>, SyntheticError> {
    rows("histories.csv", text, 6)
        .map(|row| {
            let (line, cells) = row?;
            let mut on = [false; 5];
            for (own, cell) in on.iter_mut().zip(&cells) {
                *own = *cell == "1";
            }
            let count =
                cells[5].parse().map_err(|_| wrong("histories.csv", line, "the count is no number"))?;
            Ok((on, count))
        })
        .collect()
}

/// Reads lines of `truth/note_labels.jsonl`.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that is not such a label.
pub fn read_note_labels(text: &str) -> Result<Vec<NoteTruth>, SyntheticError> {
    text.lines()
        .zip(1u64..)
        .map(|(line, number)| {
            serde_json::from_str(line).map_err(|e| wrong("note_labels.jsonl", number, &e.to_string()))
        })
        .collect()
}

/// Reads `truth/events.csv` as what the definitions of a group look at: with `recorded` those events alone that police recorded, with
/// every perpetrator known by number. Counted by [`group_counts`](super::group_counts) it is the truth that a count of groups is held
/// against.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that this version did not write.
pub fn read_events(text: &str, recorded: bool) -> Result<Vec<OffenceFacts>, SyntheticError> {
    let mut offences = Vec::new();
    for row in rows("events.csv", text, 11) {
        let (line, cells) = row?;
        if recorded && cells[9] != "1" {
            continue;
        }
        let number =
            |cell: &str| cell.parse::<u64>().map_err(|_| wrong("events.csv", line, "a person is no number"));
        let suspects = cells[10].split_ascii_whitespace().map(number).collect::<Result<Vec<_>, _>>()?;
        let victims = [cells[1], cells[2]]
            .into_iter()
            .filter(|c| !c.is_empty())
            .map(number)
            .collect::<Result<Vec<_>, _>>()?;
        offences.push(OffenceFacts { noted: suspects.len() as u32, suspects, victims });
    }
    Ok(offences)
}

/// Reads one column of `truth/persons.csv`, in the order of persons: `sex`, `ethnicity`, `force`, `authority`, for scores by group.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a column that is not there or a line that this version did not write.
pub fn read_persons(text: &str, column: &str) -> Result<Vec<String>, SyntheticError> {
    let heading: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let place = heading
        .iter()
        .position(|name| *name == column)
        .ok_or_else(|| wrong("persons.csv", 1, &format!("there is no column {column}")))?;
    rows("persons.csv", text, heading.len()).map(|row| Ok(row?.1[place].to_owned())).collect()
}

/// True, observed and hidden victims of a force's area in a year.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HiddenCount {
    /// The force.
    pub force: String,
    /// The year of the first event.
    pub year: i32,
    /// True victims.
    pub all: u64,
    /// Of them, on a list.
    pub observed: u64,
}

/// Reads `truth/hidden.csv`.
///
/// # Errors
///
/// [`SyntheticError::TruthLine`] for a line that this version did not write.
pub fn read_hidden(text: &str) -> Result<Vec<HiddenCount>, SyntheticError> {
    rows("hidden.csv", text, 5)
        .map(|row| {
            let (line, cells) = row?;
            let number =
                |cell: &str| cell.parse().map_err(|_| wrong("hidden.csv", line, "a count is no number"));
            let year = cells[1].parse().map_err(|_| wrong("hidden.csv", line, "the year is no number"))?;
            Ok(HiddenCount {
                force: cells[0].to_owned(),
                year,
                all: number(cells[2])?,
                observed: number(cells[3])?,
            })
        })
        .collect()
}

type Cells<'a> = (u64, Vec<&'a str>);

fn rows<'a>(
    file: &'static str,
    text: &'a str,
    columns: usize,
) -> impl Iterator<Item = Result<Cells<'a>, SyntheticError>> + 'a {
    text.lines().zip(1u64..).skip(1).map(move |(line, number)| {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() == columns {
            Ok((number, cells))
        } else {
            Err(wrong(file, number, &format!("{} cells where {columns} are due", cells.len())))
        }
    })
}

fn wrong(file: &'static str, line: u64, reason: &str) -> SyntheticError {
    SyntheticError::TruthLine { file, line, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_is_named() {
        let error = read_errors("rule,body,table,row,column,record,cause\nVA01,X\n").unwrap_err().to_string();
        assert!(error.starts_with("errors.csv, line 2: 2 cells where 7 are due"), "{error}");
        assert!(read_record_map("body,record,person\nX,P,me\n").is_err());
        assert!(read_note_labels("{\"id\":1}").is_err());
    }
}
