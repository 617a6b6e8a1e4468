//! Rule `labelled-heading`: "Recommendation 4: Better returns" in a line of its own or set apart, and what follows it.
//!
//! The item runs from the first words after its heading to before the next heading, the next such label or the next
//! numbered paragraph (`2.104.`), whichever comes first. A label inside a quotation cites another report and makes no
//! item; a label with nothing under it is an entry of a list of contents.

use candour_reading::{Block, BlockKind};

use super::numbering::{self, Numbering};
use super::{Body, Item, ItemKind};

const RULE: &str = "labelled-heading";

pub(super) fn find(body: &Body<'_>, kind: ItemKind) -> Vec<Item> {
    let labels: Vec<Option<Label>> = (0..body.blocks.len())
        .map(|i| if body.quoted[i] { None } else { label(body.text(i), kind) })
        .collect();
    let mut items = Vec::new();
    let mut at = 0;
    while at < labels.len() {
        let Some(found) = &labels[at] else {
            at += 1;
            continue;
        };
        let text = body.text(at);
        let rest: String = text.chars().skip(found.length).collect();
        let mut next = at + 1;
        // A heading set over two lines may come as two blocks of one face.
        let mut title = rest.trim().to_owned();
        let inline = !set_apart(body.blocks[at], &rest);
        let (from, skip) = if inline { (at, found.length) } else { (next, 0) };
        if !inline {
            while next < labels.len() && labels[next].is_none() && continues_heading(body, at, next, &title) {
                title = format!("{title} {}", body.text(next).trim());
                next += 1;
            }
        }
        let from = if inline { from } else { next };
        while next < labels.len()
            && labels[next].is_none()
            && (!ends_item(body, at, next)
                || kind == ItemKind::Response && bolder_only(body, at, next, &labels[next + 1..]))
        {
            next += 1;
        }
        if next > from
            && let Some(mut item) = body.item(kind, from, next, skip, RULE, if inline { 85 } else { 95 })
        {
            if !inline && !title.is_empty() {
                item.title = Some(title.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            if found.numbers.is_empty() {
                items.push(item.clone());
            }
            for number in &found.numbers {
                item.number = Some(number.printed.clone());
                item.parent.clone_from(&number.parent);
                items.push(item.clone());
            }
        }
        at = next.max(at + 1);
    }
    items
}

struct Label {
    /// None, one or (in an answer to several) more numbers.
    numbers: Vec<Numbering>,
    /// Characters taken by the word, the number and what closes it.
    length: usize,
}

/// Reads "Recommendation 4:", "Recommendation 4 – ", "Response to recommendation 4" at the start of a block, and
/// "Recommendation:" where a document does not number.
fn label(text: &str, kind: ItemKind) -> Option<Label> {
    const CLOSES: [char; 6] = [':', '.', '-', '–', '—', ')'];
    // An entry of a list of contents, with its leader.
    if text.contains(". . .") || text.contains("....") || text.contains("……") {
        return None;
    }
    let openings: &[&str] = match kind {
        ItemKind::Response => &[
            "response to recommendations ",
            "response to recommendation ",
            "government response to recommendations ",
            "government response to recommendation ",
            "recommendations ",
            "recommendation ",
        ],
        _ => &["recommendation ", "safety recommendation "],
    };
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let lower: String = text.chars().skip(indent).take(60).collect::<String>().to_lowercase();
    let Some(opening) = openings.iter().find(|o| lower.starts_with(**o)) else {
        let unnumbered = lower.strip_prefix("recommendation:")?;
        let space = unnumbered.chars().take_while(|c| c.is_whitespace()).count();
        return Some(Label { numbers: Vec::new(), length: indent + "recommendation:".len() + space });
    };
    let mut length = indent + opening.len();
    for word in ["no. ", "number ", "#"] {
        if lower[opening.len()..].starts_with(word) {
            length += word.len();
        }
    }
    let rest: String = text.chars().skip(length).collect();
    let (numbers, taken) = if kind == ItemKind::Response {
        numbering::read_several(&rest)?
    } else {
        numbering::read(&rest).map(|n| (n.length, vec![n])).map(|(l, n)| (n, l))?
    };
    length += taken;
    let after: String = text.chars().skip(length).collect();
    let close = after.chars().take_while(|c| c.is_whitespace() || CLOSES.contains(c)).count();
    let closed = after.chars().take(close).any(|c| CLOSES.contains(&c) || c == '\n')
        || after.chars().nth(close).is_none();
    length += close;
    // "Recommendation 6 was in the following terms" is a sentence about a recommendation, not its label.
    let goes_on = text.chars().nth(length).is_some_and(|c| c.is_lowercase() || c == ',');
    (closed || !goes_on).then_some(Label { numbers, length })
}

/// Whether a label's block is only a heading: set as one, or short and without a sentence.
fn set_apart(block: &Block, rest: &str) -> bool {
    let words = rest.split_whitespace().count();
    let sentence = rest.trim_end().ends_with(['.', ';', ':'])
        || rest.contains(" should ")
        || rest.contains(" shall ")
        || rest.contains(" must ");
    match block.kind {
        BlockKind::Heading(_) => words < 40,
        _ => words == 0 || (all_bold(block) && words < 40) || (words < 25 && !sentence),
    }
}

fn all_bold(block: &Block) -> bool {
    !block.runs.is_empty() && block.runs.iter().all(|r| r.face.bold || r.span.is_empty())
}

/// Whether a block goes on with the heading above it: the same kind, the same face, and no full sentence.
fn continues_heading(body: &Body<'_>, heading: usize, next: usize, title: &str) -> bool {
    let (a, b) = (body.blocks[heading], body.blocks[next]);
    let same_face = match (a.runs.last(), b.runs.first()) {
        (Some(x), Some(y)) => x.face == y.face && x.face.bold,
        _ => false,
    };
    let text = body.text(next);
    title.split_whitespace().count() < 30
        && same_face
        && all_bold(b)
        && a.page == b.page
        && text.split_whitespace().count() < 15
        && !text.trim_end().ends_with(['.', ';', ':'])
        && b.bounds.top - a.bounds.bottom < 20.0
        && matches!(a.kind, BlockKind::Heading(_)) == matches!(b.kind, BlockKind::Heading(_))
}

/// Whether a block stands outside the item whose heading is given.
fn ends_item(body: &Body<'_>, heading: usize, at: usize) -> bool {
    let block = body.blocks[at];
    match &block.kind {
        BlockKind::Heading(level) => match body.blocks[heading].kind {
            // A lower heading inside the item belongs to it; one of its own level or higher ends it.
            BlockKind::Heading(own) => *level <= own,
            _ => true,
        },
        BlockKind::ListItem { label, .. } => is_paragraph_number(label),
        _ => body.text(at).split_whitespace().next().is_some_and(is_paragraph_number),
    }
}

/// Whether a heading inside an answer outranks the label only by being bold: as large as the label, with words of the
/// answer under it and a further label after them.
fn bolder_only(body: &Body<'_>, label: usize, at: usize, after: &[Option<Label>]) -> bool {
    let (own, here) = (body.blocks[label], body.blocks[at]);
    let size = |block: &Block| block.runs.iter().map(|r| r.face.size).fold(0.0, f32::max);
    matches!((&own.kind, &here.kind), (BlockKind::Heading(a), BlockKind::Heading(b)) if b < a)
        && size(own) > 0.0
        && (size(own) - size(here)).abs() < 0.5
        && after.first().is_some_and(Option::is_none)
        && after.iter().any(Option::is_some)
}

/// `2.104.` numbers a paragraph of a chapter; `2.` and `(a)` number the parts of an item.
fn is_paragraph_number(label: &str) -> bool {
    let label = label.trim().trim_end_matches('.');
    let mut parts = label.split('.');
    let digits = |p: Option<&str>| {
        p.is_some_and(|p| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(parts.next()) && digits(parts.next()) && parts.all(|p| p.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        label(text, ItemKind::Recommendation)
            .map(|l| l.numbers.first().map(|n| n.printed.clone()).unwrap_or_default())
    }

    #[test]
    fn labels() {
        assert_eq!(number("Recommendation 4: Better returns"), Some("4".into()));
        assert_eq!(number("RECOMMENDATION 12"), Some("12".into()));
        assert_eq!(number("Recommendation 4a – Returns"), Some("4a".into()));
        assert_eq!(number("Recommendation No. 7. The board should"), Some("7".into()));
        assert_eq!(number("Recommendation 3 The Board should meet"), Some("3".into()));
        assert_eq!(number("Recommendation 4a) ii): Returns"), Some("4a".into()));
        assert_eq!(number("Recommendation IV: Returns"), Some("IV".into()));
        assert_eq!(number("Recommendation: The Board should meet"), Some(String::new()));
    }

    #[test]
    fn sentences_about_recommendations_are_not_labels() {
        assert_eq!(number("Recommendation 6 was in the following terms:"), None);
        assert_eq!(number("Recommendations 3, 7 and 10 were not accepted."), None);
        assert_eq!(number("The recommendation 4"), None);
        assert_eq!(number("Recommendation"), None);
    }

    #[test]
    fn paragraph_numbers() {
        assert!(is_paragraph_number("2.104."));
        assert!(is_paragraph_number("4.12"));
        assert!(!is_paragraph_number("2."));
        assert!(!is_paragraph_number("(a)"));
        assert!(!is_paragraph_number("2."));
    }
}
