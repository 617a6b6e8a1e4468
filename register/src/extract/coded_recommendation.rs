//! Rule `coded-recommendation`: recommendations that an investigating office numbers with codes of its own.
//!
//! Accident investigators print the code at the head of the recommendation (`2019/125 Review …`), at its end
//! (`… (A-97-92)`) or after the words "safety recommendation" (`Safety recommendation RO-2014-103-SR-01: …`), under a
//! heading that names recommendations and often under a line that says to whom they are made ("To the Harbour Agency:",
//! "Harbour Rail is recommended to:"). A code in running text cites an older recommendation and makes no item.

use candour_reading::BlockKind;

use super::list_under_heading::names_recommendations;
use super::numbering::{self, Numbering};
use super::{Body, Item, ItemKind, addressees};

const RULE: &str = "coded-recommendation";

pub(super) fn find(body: &Body<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut section: Option<u8> = None;
    let mut asked: Option<String> = None;
    for at in 0..body.blocks.len() {
        let text = body.text(at).trim();
        if let BlockKind::Heading(level) = body.blocks[at].kind {
            let words = text.to_lowercase();
            if names_recommendations(text).is_some() || words.ends_with("safety recommendations") {
                section = Some(level);
                asked = None;
            } else if section.is_some_and(|own| level <= own) {
                section = None;
            }
        }
        if let Some(name) = line_that_asks(text) {
            asked = Some(name);
            continue;
        }
        if body.quoted[at] || text.contains("....") {
            continue;
        }
        let Some((number, from, to)) = code(body, at, section.is_some()) else { continue };
        let Some(mut item) = body.item(ItemKind::Recommendation, at, to, from, RULE, 88) else { continue };
        item.number = Some(number.printed);
        item.addressees = asked.iter().cloned().collect();
        items.push(item);
    }
    items
}

/// The code of the recommendation in a block, the characters before its words, and the block before which it ends.
fn code(body: &Body<'_>, at: usize, in_section: bool) -> Option<(Numbering, usize, usize)> {
    let text = body.text(at);
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let trimmed = text.trim_start();
    let lower = trimmed.to_lowercase();
    // "Safety recommendation RO-2014-103-SR-01: The Office recommends that …".
    for opening in ["atsb safety recommendation ", "safety recommendation ", "recommendation "] {
        if lower.starts_with(opening) {
            let rest: String = trimmed.chars().skip(opening.chars().count()).collect();
            let number = numbering::read(&rest).filter(numbering::is_code)?;
            let after: String = rest.chars().skip(number.length).collect();
            let close =
                after.chars().take_while(|c| c.is_whitespace() || matches!(c, ':' | '.' | '–' | '-')).count();
            let from = indent + opening.chars().count() + number.length + close;
            let words = after.chars().count() - close;
            // A code alone on its line stands over the words of its recommendation.
            return Some(if words < 8 {
                (number, text.chars().count(), at + 2)
            } else {
                (number, from, at + 1)
            });
        }
    }
    if !in_section {
        return None;
    }
    // "2019/125 Review the returns."
    if let Some(number) = numbering::read(trimmed).filter(numbering::is_code) {
        let after: String = trimmed.chars().skip(number.length).collect();
        let close = after.chars().take_while(|c| c.is_whitespace() || matches!(c, ':' | '.' | '–')).count();
        let words = after.split_whitespace().count();
        let from = indent + number.length + close;
        // A code alone on its line stands over the words of its recommendation.
        if words == 0 && body.text(at + 1).split_whitespace().count() >= 4 {
            return Some((number, text.chars().count(), at + 2));
        }
        return (close > 0 && words >= 4).then_some((number, from, at + 1));
    }
    // "Require operators to publish returns. (A-97-92)", "… (A-97-92) (Class II)".
    let end = trimmed.trim_end().trim_end_matches('.');
    let inner = end.strip_suffix(')')?;
    let open = inner.rfind('(')?;
    let number = numbering::read(&inner[open + 1..]).filter(numbering::is_code)?;
    let whole = number.length == inner[open + 1..].chars().count();
    let label = trimmed.split_whitespace().next().unwrap_or_default();
    let skip = if label.ends_with(['.', ')']) && label.starts_with(|c: char| c.is_ascii_digit() || c == '(') {
        label.chars().count() + 1
    } else {
        0
    };
    let replies = lower.contains(" replied") || lower.contains(" closed ") || lower.contains("previously");
    (whole && !replies && trimmed.split_whitespace().count() >= 5).then_some((number, indent + skip, at + 1))
}

/// "To the Harbour Agency:", "Harbour Rail is recommended to:".
fn line_that_asks(text: &str) -> Option<String> {
    let line = text.trim_end();
    if line.split_whitespace().count() > 16 {
        return None;
    }
    let name = if let Some(rest) = line.strip_prefix("To ").or_else(|| line.strip_prefix("to ")) {
        rest.strip_suffix(':')?
    } else {
        let at = [" is recommended to", " are recommended to"].iter().find_map(|c| line.find(c))?;
        &line[..at]
    };
    addressees::body_named(name).or_else(|| {
        let bare = name.trim_start_matches("the ").trim_start_matches("The ");
        bare.starts_with(char::is_uppercase).then(|| bare.to_owned())
    })
}

#[cfg(test)]
mod tests {
    fn read(source: &str) -> Vec<(String, String, Vec<String>)> {
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let request =
            super::super::Request { published: None, kind: Some(super::super::DocumentKind::Report) };
        super::super::extract(&reading, request)
            .0
            .items
            .into_iter()
            .map(|i| (i.number.unwrap_or_default(), i.text, i.addressees))
            .collect()
    }

    #[test]
    fn codes_at_the_end_under_whom_they_are_made_to() {
        let found = read(
            "# Analysis\n\nAn earlier one (A-95-12).\n\n# Recommendations\n\nTo the Harbour Aviation Administration:\n\nRequire operators to publish their returns. (A-97-92)\n\nRequire operators to count their visits. (A-97-93)\n\n# Appendix\n\nThe office issued one before this. (A-90-01)\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].0.as_str(), found[1].0.as_str()), ("A-97-92", "A-97-93"));
        assert_eq!(found[0].2, ["Harbour Aviation Administration"]);
    }

    #[test]
    fn codes_at_the_head() {
        let found = read(
            "# Recommendations\n\nHarbour Ferries is recommended to:\n\n2019/125 Review its returns and publish them each year.\n\n2019/126 Count its visits and say how many were missed.\n",
        );
        assert_eq!(found[1].0, "2019/126");
        assert_eq!(found[1].1, "Count its visits and say how many were missed.");
        assert_eq!(found[1].2, ["Harbour Ferries"]);
    }

    #[test]
    fn codes_after_the_words() {
        let found = read(
            "# Safety action\n\nSafety recommendation RO-2014-103-SR-01: The Harbour Office recommends that Harbour Rail review its returns.\n\nSafety recommendation 2019-012\n\nIt is recommended that Harbour Rail count its visits.\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            (found[0].0.as_str(), found[0].2.as_slice()),
            ("RO-2014-103-SR-01", ["Harbour Rail".to_owned()].as_slice())
        );
        assert_eq!(
            (found[1].0.as_str(), found[1].1.as_str()),
            ("2019-012", "It is recommended that Harbour Rail count its visits.")
        );
    }

    #[test]
    fn a_code_alone_stands_over_its_words() {
        let found = read(
            "# Safety recommendations\n\n**AS-2026-017-SR-01**\n\nThe Office recommends that Harbour Rail publish its returns.\n\n**AS-2026-017-SR-02**\n\nThe Office recommends that Harbour Rail count its visits.\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            (found[1].0.as_str(), found[1].2.as_slice()),
            ("AS-2026-017-SR-02", ["Harbour Rail".to_owned()].as_slice())
        );
    }
}
