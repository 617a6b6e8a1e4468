//! Rule `coroner-concern`: the matters of concern in a coroner's report to prevent future deaths.
//!
//! Such a report recommends nothing: it names concerns, says to whom it is sent, and sets a date for a reply (paragraph 7
//! of Schedule 5 to the Coroners and Justice Act 2009, and regulations 28 and 29 of the Coroners (Investigations)
//! Regulations 2013, which give 56 days). Each concern is a finding of the coroner's, addressed to those it is sent to,
//! with the date for the reply as its time limit.

use candour_reading::BlockKind;
use jiff::civil::Date;

use crate::deadline::find_deadlines;

use super::numbering;
use super::{Body, Item, ItemKind};

const RULE: &str = "coroner-concern";
/// What stands before those a report is sent to.
const SENT: [&str; 2] = ["being sent to", "report is sent to"];

/// Whether a document is such a report.
pub(super) fn is_one(text: &str) -> bool {
    let opening: String = text.chars().take(4_000).collect::<String>().to_lowercase();
    opening.contains("prevent future deaths")
        && (opening.contains("regulation 28") || opening.contains("coroner"))
}

pub(super) fn find(body: &Body<'_>, published: Option<Date>) -> Vec<Item> {
    if !is_one(body.reading.body()) {
        return Vec::new();
    }
    let section = |names: &[&str]| {
        (0..body.blocks.len()).find(|at| {
            let text = body.text(*at).to_lowercase();
            text.chars().count() < 160 && names.iter().any(|n| text.contains(n))
        })
    };
    let Some(concerns) = section(&["matters of concern", "coroner’s concerns", "coroner's concerns"])
    else {
        return Vec::new();
    };
    let action = section(&["action should be taken"]).filter(|a| *a > concerns).unwrap_or(body.blocks.len());
    let sent_to = recipients(body);
    let reply_by: Vec<_> = (action..body.blocks.len())
        .map(|at| body.text(at))
        .filter(|text| text.to_lowercase().contains("respond"))
        .flat_map(|text| find_deadlines(text, published))
        .map(|(_, deadline)| deadline)
        .collect();
    let mut starts: Vec<(usize, String, usize)> = Vec::new();
    for at in concerns..action {
        let text = body.text(at);
        let trimmed = text.trim_start();
        let open = trimmed.strip_prefix('(').unwrap_or(trimmed);
        let bracket = trimmed.len() - open.len();
        let Some(number) = numbering::read(open) else { continue };
        let after: String = open.chars().skip(number.length).collect();
        let close = after.chars().take_while(|c| c.is_whitespace() || matches!(c, '.' | ')' | ':')).count();
        let next = starts.len() + 1;
        if close > 0 && number.printed == next.to_string() {
            let indent = text.chars().count() - trimmed.chars().count();
            starts.push((at, number.printed, indent + bracket + number.length + close));
        }
    }
    let ends = starts.iter().skip(1).map(|s| s.0).chain([action]).collect::<Vec<_>>();
    starts
        .iter()
        .zip(ends)
        .filter_map(|((at, number, skip), end)| {
            let end =
                (at + 1..end).find(|b| matches!(body.blocks[*b].kind, BlockKind::Heading(_))).unwrap_or(end);
            let mut item = body.item(ItemKind::Finding, *at, end, *skip, RULE, 85)?;
            item.number = Some(number.clone());
            item.addressees.clone_from(&sent_to);
            item.attributed_to = Some("Coroner".to_owned());
            item.deadlines.clone_from(&reply_by);
            Some(item)
        })
        .collect()
}

/// The lines after "this report is being sent to".
fn recipients(body: &Body<'_>) -> Vec<String> {
    let Some(at) =
        (0..body.blocks.len()).find(|at| SENT.iter().any(|s| body.text(*at).to_lowercase().contains(s)))
    else {
        return Vec::new();
    };
    let own = body.text(at);
    let lower = own.to_lowercase();
    let rest = SENT
        .iter()
        .find_map(|s| lower.find(s).map(|found| found + s.len()))
        .and_then(|end| own.get(end..))
        .unwrap_or("");
    let mut lines: Vec<String> = vec![rest.trim_start_matches([':', ' ']).to_owned()];
    for next in at + 1..(at + 12).min(body.blocks.len()) {
        let text = body.text(next);
        let lower = text.to_lowercase();
        if lower.contains("coroner") || matches!(body.blocks[next].kind, BlockKind::Heading(_)) {
            break;
        }
        lines.push(text.to_owned());
    }
    lines
        .iter()
        .flat_map(|l| l.split(['\n', ';']))
        .map(|l| {
            let l = l.trim();
            let bare = l.trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '.' | ')' | '(' | '•' | '-' | ' ')
            });
            bare.trim_end_matches(['.', ',']).trim().to_owned()
        })
        .filter(|l| l.chars().count() > 2 && l.chars().count() < 120)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_it_is_sent_to_in_other_words() {
        let source = "# Report to prevent future deaths\n\n**This report is sent to:**\n\n1. Harbour Rail\n\n2. The Harbour Council\n\n## Coroner\n\nI am a coroner.\n\n## Coroner's concerns\n\nThe matters of concern are as follows:\n\n1. Returns were not kept.\n\n## Action should be taken\n\nYou must respond within 56 days.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let (found, _) = super::super::extract(&reading, request);
        assert_eq!(found.items[0].addressees, ["Harbour Rail", "The Harbour Council"]);
    }

    #[test]
    fn concerns_are_findings_sent_to_somebody() {
        let source = "REGULATION 28 REPORT TO PREVENT FUTURE DEATHS\n\nTHIS REPORT IS BEING SENT TO:\n\n1. Harbour Rail\n\n2. The Harbour Council\n\n1 CORONER\n\nI am a coroner for Harbour.\n\n5 CORONER'S CONCERNS\n\nThe MATTERS OF CONCERN are as follows.\n\n(1) Returns were not kept.\n\n(2) Visits were not counted.\n\n6 ACTION SHOULD BE TAKEN\n\nIn my opinion action should be taken.\n\n7 YOUR RESPONSE\n\nYou are under a duty to respond within 56 days of the date of this report.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.txt", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let items = super::super::extract(&reading, request).0.items;
        assert_eq!(items.len(), 2, "{items:#?}");
        assert!(items.iter().all(|i| i.kind == ItemKind::Finding));
        assert_eq!(items[0].addressees, ["Harbour Rail", "The Harbour Council"]);
        assert_eq!(items[1].text, "Visits were not counted.");
        assert_eq!(items[1].deadlines.len(), 1);
        assert_eq!(items[1].deadlines[0].amount, Some(56));
    }
}
