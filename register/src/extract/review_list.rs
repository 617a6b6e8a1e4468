//! Rule `periodic-review-list`: recommendations of States to a State, numbered under a paragraph (`121.1`, `121.2`, …).
//!
//! Older reports number them from 1 again under each such paragraph. They begin with a bare verb, so no cue word finds
//! them; the paragraph above them and the run of their numbers do. That paragraph also says who is asked: "… have been examined by Utopia and enjoy the support of Utopia".

use candour_reading::BlockKind;

use super::list_under_heading::leading_number;
use super::{Body, Item, ItemKind};

const RULE: &str = "periodic-review-list";
/// Fewer items than this under one paragraph are its sub-paragraphs.
const FEWEST: u32 = 3;

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for at in 0..body.blocks.len() {
        let text = body.text(at);
        let Some((paragraph, None)) = paragraph_number(text) else { continue };
        let lower = text.to_lowercase();
        if lower.contains("recommendations")
            && (lower.contains("listed below")
                || lower.contains("formulated during")
                || lower.contains("interactive dialogue")
                || lower.contains("following recommendations")
                || lower.contains("will be examined")
                || lower.contains("below have been noted"))
        {
            let asked = state_asked(text);
            // Once one list has shown how the report numbers, a shorter one is a list too.
            let fewest = if items.is_empty() { FEWEST } else { 1 };
            let nested = under(body, at, paragraph, asked.as_deref(), fewest);
            if nested.is_empty() {
                items.extend(counted_anew(body, at, paragraph, asked.as_deref()));
            } else {
                items.extend(nested);
            }
        }
    }
    items
}

fn under(
    body: &Body<'_>,
    announcement: usize,
    paragraph: u32,
    asked: Option<&str>,
    fewest: u32,
) -> Vec<Item> {
    let mut starts: Vec<(usize, u32)> = Vec::new();
    let mut end = body.blocks.len();
    for at in announcement + 1..body.blocks.len() {
        if matches!(body.blocks[at].kind, BlockKind::Heading(1)) {
            end = at;
            break;
        }
        match paragraph_number(body.text(at)) {
            // One number may be lost to a damaged line; a jump is something else.
            Some((p, Some(part)))
                if p == paragraph
                    && starts.last().map_or(part == 1, |(_, last)| part > *last && part <= last + 3) =>
            {
                starts.push((at, part));
            }
            Some((p, None)) if p > paragraph => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    if starts.last().is_none_or(|s| s.1 < fewest) {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).map(|s| s.0).chain([end]).collect::<Vec<_>>();
    starts
        .iter()
        .zip(ends)
        .filter_map(|((at, part), end)| {
            let number = format!("{paragraph}.{part}");
            let text = body.text(*at);
            let skip = text.chars().take_while(|c| !c.is_whitespace()).count() + 1;
            let end =
                (at + 1..end).find(|b| matches!(body.blocks[*b].kind, BlockKind::Heading(_))).unwrap_or(end);
            let mut item = body.item(ItemKind::Recommendation, *at, end, skip, RULE, 95)?;
            item.number = Some(number);
            item.addressees = asked.iter().map(|a| (*a).to_owned()).collect();
            Some(item)
        })
        .collect()
}

/// A list that counts 1, 2, 3 … under the paragraph, until the paragraph after it.
fn counted_anew(body: &Body<'_>, announcement: usize, paragraph: u32, asked: Option<&str>) -> Vec<Item> {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut end = body.blocks.len();
    for at in announcement + 1..body.blocks.len() {
        let wanted = starts.len() as u32 + 1;
        match leading_number(body.text(at)) {
            Some((number, length)) if number == wanted => starts.push((at, length)),
            Some((number, _)) if number == paragraph + 1 => {
                end = at;
                break;
            }
            _ if matches!(body.blocks[at].kind, BlockKind::Heading(1)) => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    if (starts.len() as u32) < FEWEST || starts[0].0 > announcement + 2 {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).map(|s| s.0).chain([end]).collect::<Vec<_>>();
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .filter_map(|(index, ((at, length), end))| {
            let mut item = body.item(ItemKind::Recommendation, *at, end, *length, RULE, 90)?;
            item.number = Some((index + 1).to_string());
            item.section = Some(paragraph.to_string());
            item.addressees = asked.iter().map(|a| (*a).to_owned()).collect();
            Some(item)
        })
        .collect()
}

/// Whether a line begins with the number of a paragraph's part: `121.14`.
pub(super) fn is_numbered(line: &str) -> bool {
    paragraph_number(line).is_some_and(|(_, part)| part.is_some())
}

/// `121.` or `121.14`, at the start of a block.
fn paragraph_number(text: &str) -> Option<(u32, Option<u32>)> {
    let word = text.split_whitespace().next()?;
    let (paragraph, part) = word.split_once('.')?;
    let digits = |s: &str| {
        (!s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit()))
            .then(|| s.parse().ok())
            .flatten()
    };
    let paragraph = digits(paragraph)?;
    if part.is_empty() {
        Some((paragraph, None))
    } else {
        Some((paragraph, Some(digits(part.trim_end_matches('.'))?)))
    }
}

/// The State after "examined by", "support of", "considered by" or "noted by".
fn state_asked(text: &str) -> Option<String> {
    let at = ["examined by ", "support of ", "considered by ", "noted by "]
        .iter()
        .find_map(|c| text.find(c).map(|at| at + c.len()))?;
    let name: Vec<&str> = text[at..]
        .split_whitespace()
        .take_while(|w| w.starts_with(char::is_uppercase) || matches!(*w, "of" | "the" | "and"))
        .map(|w| w.trim_end_matches([',', ':', ';', '.']))
        .collect();
    // "Utopia and enjoy" leaves a joining word at the end.
    let mut name = name;
    while name.last().is_some_and(|w| !w.starts_with(char::is_uppercase)) {
        name.pop();
    }
    (!name.is_empty()).then(|| name.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_states() {
        assert_eq!(paragraph_number("121. The recommendations"), Some((121, None)));
        assert_eq!(paragraph_number("121.14 Ratify"), Some((121, Some(14))));
        assert_eq!(paragraph_number("The 121"), None);
        assert_eq!(
            state_asked("have been examined by Utopia and enjoy the support of Utopia:").as_deref(),
            Some("Utopia")
        );
        assert_eq!(
            state_asked("will be examined by the Republic of Utopia, which").as_deref(),
            Some("the Republic of Utopia")
        );
    }

    #[test]
    fn older_reports_count_anew_under_each_paragraph() {
        let source = "Report\n\n111. The recommendations listed below will be examined by Utopia, which will reply:\n\n1. To ratify the treaty (Ruritania);\n\n2. To train its officers (Freedonia);\n\n3. To publish its returns (Sylvania).\n\n112. The recommendations listed below did not enjoy the support of Utopia:\n\n1. To leave (Freedonia);\n\n2. To stay (Ruritania);\n\n3. To wait (Sylvania).\n\n113. All conclusions reflect positions.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.txt", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let read: Vec<String> = super::super::extract(&reading, request)
            .0
            .items
            .into_iter()
            .map(|i| i.number.unwrap_or_default())
            .collect();
        assert_eq!(read, ["111.1", "111.2", "111.3", "112.1", "112.2", "112.3"]);
    }

    #[test]
    fn bare_verbs_are_read_by_their_numbers() {
        let source = "II. Conclusions and/or recommendations\n\n12. The recommendations formulated during the interactive dialogue have been examined by Utopia and enjoy the support of Utopia:\n\n12.1 Ratify the treaty (Ruritania);\n\n12.2 Continue its efforts (Freedonia);\n\n12.3 Train its officers (Sylvania).\n\n13. All conclusions reflect the position of the States.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.txt", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        let (extraction, _) = super::super::extract(&reading, request);
        let read: Vec<(&str, &str)> =
            extraction.items.iter().map(|i| (i.number.as_deref().unwrap_or(""), i.text.as_str())).collect();
        assert_eq!(
            read,
            [
                ("12.1", "Ratify the treaty (Ruritania);"),
                ("12.2", "Continue its efforts (Freedonia);"),
                ("12.3", "Train its officers (Sylvania).")
            ]
        );
        assert!(extraction.items.iter().all(|i| i.addressees == ["Utopia"]));
    }

    #[test]
    fn a_short_list_is_one_where_a_longer_one_shows_how_the_report_numbers() {
        let source = "Report\n\n88. The recommendations listed below have been examined by Utopia and enjoy its support:\n\n88.1 Ratify the treaty (Ruritania);\n\n88.2 Train its officers (Freedonia);\n\n88.3 Publish its returns (Sylvania);\n\n89. The recommendations below have been noted by Utopia:\n\n89.1 Leave (Freedonia);\n\n90. All conclusions reflect positions. Members said, noted and welcomed much.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.txt", &candour_reading::Limits::default())
                .unwrap();
        let (found, _) =
            super::super::extract(&reading, super::super::Request { published: None, kind: None });
        assert_eq!(found.kind, super::super::DocumentKind::Report);
        let numbers: Vec<_> = found.items.iter().filter_map(|i| i.number.as_deref()).collect();
        assert_eq!(numbers, ["88.1", "88.2", "88.3", "89.1"]);
        assert!(found.items.iter().all(|i| i.addressees == ["Utopia"]));
    }
}
