//! Rule `action-table`: an auditor's plan of action, with a row for each recommendation and columns for who acts and when.
//!
//! | Ref | Recommendation | Priority | Management response | Responsible officer | Due date |
//!
//! The table both recommends and says what was answered: the recommendation is the words of its cell, due when its row
//! says, made to whom its words name or else to whom its row names; the answer is read as in any table of positions.

use std::collections::BTreeMap;

use candour_reading::{BlockKind, Reading};
use jiff::civil::Date;

use crate::deadline::find_deadlines;

use super::addressees::{self, Addressed, Lexicon};
use super::numbering;
use super::{Body, Item, ItemKind};

const RULE: &str = "action-table";
/// A cell of fewer words than this names a recommendation and does not make one.
const FEWEST_WORDS: usize = 5;
/// More words than this are no head of a column.
const LONGEST_HEAD: usize = 5;

/// What the columns of a table of actions hold.
struct Columns {
    recommendation: u32,
    owner: Option<u32>,
    due: Option<u32>,
}

impl Columns {
    /// Reads the first row; `None` where it heads no table of actions.
    fn of<'a>(head: impl Iterator<Item = (u32, &'a str)>) -> Option<Self> {
        let (mut recommendation, mut owner, mut due) = (None, None, None);
        for (column, text) in head {
            let lower = text.trim().to_lowercase();
            if lower.split_whitespace().count() > LONGEST_HEAD {
                continue;
            }
            let holds = |words: &[&str]| words.iter().any(|w| lower.contains(w));
            let place = if holds(&["due", "date", "deadline", "timescale", "by when", "target"]) {
                &mut due
            } else if holds(&["responsib", "owner", "lead", "officer", "by whom"]) {
                &mut owner
            } else if lower.starts_with("recommendation") || lower.starts_with("agreed action") {
                &mut recommendation
            } else {
                continue;
            };
            place.get_or_insert(column);
        }
        (owner.is_some() || due.is_some()).then_some(recommendation).flatten().map(|recommendation| Self {
            recommendation,
            owner,
            due,
        })
    }
}

/// Whether a document holds such a table.
pub(super) fn is_one(reading: &Reading) -> bool {
    let mut heads: BTreeMap<u32, Vec<(u32, &str)>> = BTreeMap::new();
    for block in &reading.blocks {
        if let BlockKind::Cell { row: 0, column, table } = block.kind {
            heads.entry(table).or_default().push((column, reading.slice(block.span)));
        }
    }
    heads.into_values().any(|head| Columns::of(head.into_iter()).is_some())
}

/// The recommendations of such tables.
pub(super) fn find(body: &Body<'_>, published: Option<Date>) -> Vec<Item> {
    let mut tables: BTreeMap<u32, BTreeMap<u32, BTreeMap<u32, usize>>> = BTreeMap::new();
    for (at, block) in body.blocks.iter().enumerate() {
        if let BlockKind::Cell { row, column, table } = block.kind {
            tables.entry(table).or_default().entry(row).or_default().entry(column).or_insert(at);
        }
    }
    if tables.is_empty() {
        return Vec::new();
    }
    let lexicon = Lexicon::of(body.reading.body());
    let mut items = Vec::new();
    for rows in tables.values() {
        let head = rows.get(&0).into_iter().flatten().map(|(column, at)| (*column, body.text(*at)));
        let Some(columns) = Columns::of(head) else { continue };
        for (_, cells) in rows.range(1..) {
            let Some(&at) = cells.get(&columns.recommendation) else { continue };
            if body.text(at).split_whitespace().count() < FEWEST_WORDS {
                continue;
            }
            let Some(mut item) = body.item(ItemKind::Recommendation, at, at + 1, 0, RULE, 85) else {
                continue;
            };
            let number = cells.values().find(|cell| **cell < at).and_then(|cell| {
                let text = body.text(*cell).trim();
                numbering::read(text.trim_start_matches("Recommendation ").trim_start_matches('R'))
            });
            item.number = number.map(|n| n.printed);
            item.addressees = match addressees::read(&item.text, &lexicon) {
                Addressed::To(names) => names,
                _ => columns
                    .owner
                    .and_then(|column| cells.get(&column))
                    .map(|cell| body.text(*cell).trim().to_owned())
                    .filter(|name| name.starts_with(char::is_uppercase))
                    .into_iter()
                    .collect(),
            };
            item.deadlines = find_deadlines(&item.text, published).into_iter().map(|(_, d)| d).collect();
            if let Some(cell) = columns.due.and_then(|column| cells.get(&column)) {
                item.deadlines.extend(due(body.text(*cell).trim(), published));
            }
            items.push(item);
        }
    }
    items
}

/// The time a cell gives without saying "by": "31 October 2026", "Immediate", "within three months".
fn due(cell: &str, published: Option<Date>) -> Option<crate::deadline::Deadline> {
    let immediate = cell.to_lowercase().starts_with("immediate");
    let said = if immediate { "immediately".to_owned() } else { format!("by {cell}") };
    let mut deadline =
        [cell.to_owned(), said].iter().find_map(|text| find_deadlines(text, published).into_iter().next())?.1;
    cell.clone_into(&mut deadline.phrase);
    Some(deadline)
}

#[cfg(test)]
mod tests {
    use super::super::{DocumentKind, ItemKind, Request, extract};
    use crate::axes::Response;
    use jiff::civil::date;

    const PLAN: &str = "# Internal audit report: Moorings\n\nWe looked at the moorings.\n\n## Action plan\n\n\
        | Ref | Recommendation | Management response | Responsible officer | Due date |\n|---|---|---|---|---|\n\
        | 1 | The Harbour Board should count its moorings. | Agreed | Head of Moorings | 31 October 2026 |\n\
        | 2 | Chains are to be weighed and the weights written down. | Not agreed. They are heavy. | Head of Moorings | Immediate |\n\
        | 3 | As above | Agreed | Head of Moorings | None |\n";

    #[test]
    fn a_plan_of_action_recommends_and_says_what_was_answered() {
        let reading =
            candour_reading::read(PLAN.as_bytes(), "audit.md", &candour_reading::Limits::default()).unwrap();
        let (found, _) = extract(&reading, Request { published: Some(date(2026, 9, 1)), kind: None });
        assert_eq!(found.kind, DocumentKind::Report);
        let asked: Vec<_> = found.items.iter().filter(|i| i.kind == ItemKind::Recommendation).collect();
        assert_eq!(asked.len(), 2, "{asked:#?}");
        assert_eq!(
            (asked[0].number.as_deref(), asked[0].addressees.as_slice()),
            (Some("1"), ["Harbour Board".to_owned()].as_slice())
        );
        assert_eq!(asked[0].deadlines[0].date, Some(date(2026, 10, 31)));
        assert_eq!(asked[1].addressees, ["Head of Moorings"]);
        assert_eq!(asked[1].deadlines[0].phrase, "Immediate");
        let answers: Vec<_> = found
            .items
            .iter()
            .filter(|i| i.kind == ItemKind::Response)
            .map(|i| (i.number.as_deref().unwrap_or_default(), i.response.as_ref().unwrap().position))
            .collect();
        assert_eq!(
            answers,
            [("1", Response::Accepted), ("2", Response::Rejected), ("3", Response::Accepted)]
        );
    }

    #[test]
    fn a_table_without_who_or_when_is_no_plan() {
        let source = "# Report\n\n| Recommendation | Cost |\n|---|---|\n| The Board should count its moorings. | Low |\n";
        let reading =
            candour_reading::read(source.as_bytes(), "audit.md", &candour_reading::Limits::default())
                .unwrap();
        assert!(extract(&reading, Request { published: None, kind: None }).0.items.is_empty());
    }
}
