//! Rule `commission-recommended`: "On 30 June 2014 the Commission recommended that the operator apply … (018/14)".
//!
//! Accident investigators print recommendation, reply and closure as numbered paragraphs of one section. Only a paragraph
//! that itself recommends, with the recommendation's own number in brackets at its end, makes an item; a mention of an
//! older one elsewhere does not.

use candour_reading::BlockKind;

use super::{Body, Item, ItemKind};

const RULE: &str = "commission-recommended";

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut in_section = false;
    let mut at = 0;
    while at < body.blocks.len() {
        let text = body.text(at);
        if matches!(body.blocks[at].kind, BlockKind::Heading(_)) {
            let lower = text.to_lowercase();
            let words: Vec<&str> =
                lower.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
            in_section = match words.as_slice() {
                [.., "recommendations"]
                | ["recommendations", "to", ..]
                | ["safety", "recommendations", ..] => true,
                // A lower heading inside the section names what the next recommendations are about.
                _ => in_section && !starts_a_chapter(text),
            };
            at += 1;
            continue;
        }
        let Some(asked) = recommended(text).filter(|_| in_section && !body.quoted[at]) else {
            at += 1;
            continue;
        };
        let paragraph = |b: &usize| matches!(&body.blocks[*b].kind, BlockKind::ListItem { label, .. } if label.contains('.'));
        let heading = |b: &usize| matches!(body.blocks[*b].kind, BlockKind::Heading(_));
        let end =
            (at + 1..body.blocks.len()).find(|b| paragraph(b) || heading(b)).unwrap_or(body.blocks.len());
        let skip = text.chars().take_while(|c| !c.is_whitespace()).count() + 1;
        let numbered = (at..end).find_map(|b| own_number(body.text(b)).map(|n| (b + 1, n)));
        if let Some((end, number)) = numbered
            && let Some(mut item) = body.item(ItemKind::Recommendation, at, end, skip, RULE, 90)
        {
            item.number = Some(number);
            item.addressees = vec![asked];
            items.push(item);
        }
        at = end;
    }
    items
}

fn starts_a_chapter(heading: &str) -> bool {
    let number = heading.split_whitespace().next().unwrap_or_default();
    number.trim_end_matches('.').bytes().all(|b| b.is_ascii_digit()) && !number.is_empty()
}

/// Whom "… recommended that X verb …" asks: the capitalised words after "that".
fn recommended(text: &str) -> Option<String> {
    let (opening, at) =
        [" recommended that ", " recommended to "].iter().find_map(|o| text.find(o).map(|at| (o, at)))?;
    let at = at + opening.len();
    let before = &text[..at];
    // "In 2010 the Commission recommended" tells of an older one; the paragraph of the recommendation itself gives its day.
    let dated = before.split_whitespace().skip(1).take(2).any(|w| w == "On")
        || before.trim_start().starts_with("On ");
    if !dated {
        return None;
    }
    let words: Vec<&str> = text[at..].split_whitespace().collect();
    let rest = words.iter().skip(usize::from(words.first() == Some(&"the")));
    let mut name: Vec<&str> = rest
        .take_while(|w| w.starts_with(char::is_uppercase) || matches!(**w, "of" | "the" | "and"))
        .map(|w| w.trim_end_matches(','))
        .collect();
    while name.last().is_some_and(|w| !w.starts_with(char::is_uppercase)) {
        name.pop();
    }
    (!name.is_empty()).then(|| name.join(" "))
}

/// `(018/14)` at the end of a block.
fn own_number(text: &str) -> Option<String> {
    let inner = text.trim_end().trim_end_matches('.').strip_suffix(')')?;
    let number = &inner[inner.rfind('(')? + 1..];
    let (serial, year) = number.split_once('/')?;
    let digits = |s: &str| !s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
    (digits(serial) && digits(year)).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_and_under_which_number() {
        let text = "7.2.2. On 30 June 2014 the Commission recommended that the Chief Executive of the Harbour Agency require a review. (018/14)";
        assert_eq!(recommended(text).as_deref(), Some("Chief Executive of the Harbour Agency"));
        assert_eq!(own_number(text).as_deref(), Some("018/14"));
        assert_eq!(
            recommended("5.1 On 12 May 2004 the Commission recommended to the Managing Director of Harbour Rail that he:").as_deref(),
            Some("Managing Director of Harbour Rail")
        );
        assert_eq!(
            recommended("4.3.2. The Commission recommended that Harbour Rail reassess the limit."),
            None
        );
        assert_eq!(own_number("as the review (2014) said"), None);
    }
}
