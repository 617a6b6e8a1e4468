//! The truth's files, read back. They are this crate's own: no field is quoted, and a line that does not fit is an error.

use std::collections::HashMap;

use super::{NoteTruth, RulePlace};
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
