//! News articles, statements and letters as the rules for prose see them: sentences in order, without the page's
//! furniture, each with where it stands, whose paragraph it is in, and who is meant by "she", "it" and a bare surname.

use std::collections::BTreeMap;

use candour_reading::BlockKind;
use candour_record::{Span, month_number};
use jiff::civil::Date;

use super::sentences::{bare, sentences};
use super::{Body, DocumentKind};

/// A sentence of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Where it stands in the text, in characters.
    pub(super) span: Span,
    pub(super) text: String,
    /// Which paragraph of the story it is in, from 0.
    pub(super) paragraph: usize,
}

/// A document in prose.
#[derive(Debug, Clone, Default)]
pub(super) struct Prose {
    pub(super) told: Vec<Told>,
    /// The day it was published, where it says.
    pub(super) published: Option<Date>,
    /// Its headline, where a line at its head is one.
    pub(super) headline: Option<String>,
    /// Who speaks as "I" and "we", where that is known.
    pub(super) speaker: Option<String>,
    /// Whom a letter greets.
    pub(super) addressee: Option<String>,
    /// Surnames with the fullest form of the name, office first: `Vance` for `Home Secretary Ida Vance`.
    names: BTreeMap<String, String>,
}

impl Prose {
    /// Reads the story out of a document.
    pub(super) fn of(body: &Body<'_>, kind: DocumentKind) -> Self {
        let mut prose = Self::default();
        let usual = usual_line(body);
        let mut paragraph = 0;
        let mut opening = String::new();
        let mut signed = false;
        let mut signature: Vec<String> = Vec::new();
        for (at, block) in body.blocks.iter().enumerate() {
            for piece in pieces(body, at, usual) {
                let text = body.reading.slice(piece).trim().to_owned();
                if opening.chars().count() < 1_500 {
                    opening.push_str(&text);
                    opening.push('\n');
                }
                if kind == DocumentKind::Letter && signs_off(&text) {
                    signed = true;
                    continue;
                }
                if signed {
                    if signature.len() < 3 {
                        signature.push(text);
                    }
                    continue;
                }
                if kind == DocumentKind::Letter
                    && let Some(rest) = text.strip_prefix("Dear ")
                    && rest.split_whitespace().count() <= 8
                {
                    prose.addressee = Some(rest.trim_end_matches([',', ':']).to_owned());
                    continue;
                }
                let heading = matches!(block.kind, BlockKind::Heading(_));
                if heading || is_furniture(&text) {
                    continue;
                }
                let lead = body.reading.slice(piece).chars().take_while(|c| c.is_whitespace()).count();
                for sentence in sentences(&text) {
                    let start = piece.start + lead + sentence.start;
                    prose.told.push(Told {
                        span: Span::new(start, start + sentence.text.chars().count()),
                        text: sentence.text.to_owned(),
                        paragraph,
                    });
                }
                paragraph += 1;
            }
        }
        prose.published = day_printed(&opening);
        let is_headline = |line: &&str| {
            let lower = line.to_lowercase();
            let byline = ["by ", "from", "delivered by", "published", "updated", "image", "skip to", "dear "]
                .iter()
                .any(|b| lower.starts_with(b));
            line.split_whitespace().count() >= 4
                && !byline
                && !is_menu(&lower)
                && !line.trim_end().ends_with(['.', ',', ';', ':'])
                && day_printed(line).is_none()
        };
        if kind != DocumentKind::Letter {
            prose.headline = opening
                .lines()
                .take_while(|l| !(l.trim_end().ends_with('.') && l.split_whitespace().count() > 8))
                .find(is_headline)
                .map(str::to_owned);
        }
        prose.speaker = match kind {
            DocumentKind::Letter => signature.into_iter().find(|l| l.split_whitespace().count() <= 8),
            DocumentKind::Statement => delivered_by(&opening),
            _ => None,
        };
        prose.names = names(&prose.told);
        prose
    }

    /// The full name behind a short one: "Ms Vance" is "Home Secretary Ida Vance" where that stands earlier.
    pub(super) fn full_name(&self, written: &str) -> String {
        let words: Vec<&str> = written.split_whitespace().collect();
        let titled = words.first().is_some_and(|w| TITLES.contains(&w.trim_end_matches('.')));
        if (titled && words.len() <= 3 || words.len() == 1)
            && let Some(surname) = words.last()
            && let Some(full) = self.names.get(surname.trim_end_matches("’s").trim_end_matches("'s"))
        {
            return full.clone();
        }
        written.to_owned()
    }
}

const TITLES: [&str; 12] =
    ["Mr", "Mrs", "Ms", "Miss", "Dr", "Sir", "Dame", "Lord", "Lady", "Baroness", "Professor", "Mx"];
/// Words of an office, capitalised as newspapers print them before a name.
const OFFICES: [&str; 22] = [
    "Home",
    "Foreign",
    "Prime",
    "Secretary",
    "Minister",
    "Chancellor",
    "Commissioner",
    "Justice",
    "Health",
    "Education",
    "Safeguarding",
    "Policing",
    "Shadow",
    "Chief",
    "Constable",
    "President",
    "Governor",
    "Mayor",
    "Attorney",
    "General",
    "Deputy",
    "First",
];

/// The length that most wrapped lines come near to; lines much shorter end something.
fn usual_line(body: &Body<'_>) -> usize {
    let mut lengths: Vec<usize> = body
        .blocks
        .iter()
        .flat_map(|b| &b.lines)
        .map(|l| l.span.end - l.span.start)
        .filter(|l| *l > 20)
        .collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() * 9 / 10).copied().unwrap_or(0)
}

/// A block cut where a line stops short: menus, captions and headlines end so, and paragraphs too.
fn pieces(body: &Body<'_>, at: usize, usual: usize) -> Vec<Span> {
    let block = body.blocks[at];
    let mut pieces: Vec<Span> = Vec::new();
    let mut from = block.span.start;
    for pair in block.lines.windows(2) {
        let length = pair[0].span.end - pair[0].span.start;
        let short = length * 10 < usual * 6;
        let begins = body.reading.slice(pair[1].span).trim_start().starts_with(|c: char| !c.is_lowercase());
        if short && begins {
            pieces.push(Span::new(from, pair[0].span.end));
            from = pair[1].span.start;
        }
    }
    pieces.push(Span::new(from, block.span.end));
    pieces
}

/// What stands on a page without being part of the story: menus, captions, share buttons, invitations to read, watch,
/// sign in or sign up.
fn is_furniture(text: &str) -> bool {
    const OPENINGS: [&str; 52] = [
        "read more",
        "read also",
        "share",
        "sign up",
        "sign in",
        "subscribe",
        "advertisement",
        "image",
        "picture:",
        "photo",
        "watch",
        "listen",
        "follow us",
        "follow",
        "most read",
        "most popular",
        "related",
        "topics",
        "comments",
        "cookie",
        "we use cookies",
        "accept all cookies",
        "download",
        "©",
        "copyright",
        "terms",
        "privacy",
        "get the",
        "get our",
        "click",
        "updated",
        "published",
        "this video",
        "more on this",
        "trending",
        "support ",
        "our newsletter",
        "newsletter",
        "register",
        "skip to",
        "sponsored",
        "recommended",
        "you may also",
        "don't miss",
        "don’t miss",
        "join ",
        "save",
        "menu",
        "search",
        "latest",
        "have you got a story",
        "contact us",
    ];
    let lower = text.trim().to_lowercase();
    let words = lower.split_whitespace().count();
    let sentence =
        text.trim_end().trim_end_matches(['”', '’', '"', '\'', ')']).ends_with(['.', '!', '?', ':']);
    // A sentence of some length is furniture only where it invites; a line without an end is never a sentence.
    let invites = OPENINGS.iter().any(|o| {
        lower.starts_with(o)
            && (words <= 12
                || matches!(
                    *o,
                    "sign up"
                        | "we use cookies"
                        | "subscribe"
                        | "get our"
                        | "this video"
                        | "have you got a story"
                        | "follow us"
                        | "download"
                ))
    }) || lower.contains("all rights reserved")
        || lower.contains("terms and conditions")
        || lower.contains("privacy policy")
        || (lower.contains("newsletter") && words < 40)
        || lower.contains("getty images")
        || lower.contains("your inbox");
    // "Recommended reading" invites; "Recommended actions were ignored by the Board." tells.
    let tells = sentence
        && words > 6
        && matches!(
            lower.split_whitespace().next(),
            Some(
                "recommended"
                    | "support"
                    | "save"
                    | "register"
                    | "join"
                    | "related"
                    | "follow"
                    | "latest"
                    | "search"
                    | "published"
                    | "updated"
                    | "image"
                    | "get"
                    | "share"
            )
        );
    words == 0 || (!sentence && words <= 25) || (invites && !tells)
}

/// A row of links, or a line that asks the reader for something, in lower case.
fn is_menu(line: &str) -> bool {
    line.matches(['|', '›', '•', '»']).count() >= 2
        || ["sign in", "sign up", "share this", "subscribe", "read more", "accept all cookies", "log in"]
            .iter()
            .any(|o| line.starts_with(o))
}

fn signs_off(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["yours sincerely", "yours faithfully", "kind regards", "yours truly"]
        .iter()
        .any(|s| lower.starts_with(s))
}

/// The speaker that the head of a statement names: "Statement by the Home Secretary", "Delivered by: …", "The Secretary
/// of State for … (Name):".
fn delivered_by(opening: &str) -> Option<String> {
    for line in opening.lines().take(30) {
        let lower = line.to_lowercase();
        for cue in ["statement made by ", "statement by ", "delivered by", "oral statement by ", "speech by "]
        {
            if let Some(at) = lower.find(cue) {
                let rest = line.get(at + cue.len()..)?.trim_start_matches([':', ' ']);
                let rest = rest.trim_start_matches("the ").trim_start_matches("The ");
                let name: Vec<&str> = rest.split_whitespace().take(12).collect();
                let name = name.join(" ");
                let name = name
                    .split([',', '.', ';'])
                    .next()
                    .unwrap_or_default()
                    .split(" to ")
                    .next()
                    .unwrap_or_default();
                let name = name.split(" on ").next().unwrap_or_default();
                if !name.is_empty() {
                    return Some(name.trim().to_owned());
                }
            }
        }
        if line.starts_with("The Secretary of State")
            || line.starts_with("The Parliamentary Under")
            || line.starts_with("The Minister")
        {
            let name = line.split([':', '\n']).next().unwrap_or_default();
            if line.contains(':') && name.split_whitespace().count() <= 16 {
                return Some(name.trim_start_matches("The ").trim().to_owned());
            }
        }
    }
    None
}

/// The first day printed at the head of a page: "16/01/2025", "16 January 2025", "January 16, 2025", "2025-01-16".
pub(super) fn day_printed(opening: &str) -> Option<Date> {
    let words: Vec<&str> = opening
        .split(|c: char| c.is_whitespace() || c == ',' || c == '|')
        .filter(|w| !w.is_empty())
        .collect();
    (0..words.len()).find_map(|at| {
        let word = words[at].trim_matches(|c: char| !c.is_alphanumeric());
        // Day, month, year, as the United Kingdom writes them.
        for mark in ['/', '.', '-'] {
            let parts: Vec<&str> = word.split(mark).collect();
            if let [a, b, c] = parts.as_slice()
                && let (Ok(a), Ok(b), Ok(c)) = (a.parse::<i16>(), b.parse::<i16>(), c.parse::<i16>())
            {
                let (year, month, day) =
                    if a > 31 { (a, b, c) } else { (if c < 100 { 2000 + c } else { c }, b, a) };
                if let Ok(day) = Date::new(year, month as i8, day as i8)
                    && (1900..=2100).contains(&year)
                {
                    return Some(day);
                }
            }
        }
        let number = |w: &str| -> Option<i8> {
            w.trim_matches(|c: char| !c.is_alphanumeric())
                .trim_end_matches(|c: char| c.is_alphabetic())
                .parse()
                .ok()
                .filter(|d| (1..=31).contains(d))
        };
        let year = |w: &&str| -> Option<i16> {
            w.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok().filter(|y| (1900..=2100).contains(y))
        };
        if let Some(month) = month_number(&bare(words.get(at + 1)?))
            && let (Some(day), Some(year)) = (number(word), words.get(at + 2).and_then(year))
        {
            return Date::new(year, month, day).ok();
        }
        if let Some(month) = month_number(&bare(word))
            && let (Some(day), Some(year)) = (number(words.get(at + 1)?), words.get(at + 2).and_then(year))
        {
            return Date::new(year, month, day).ok();
        }
        None
    })
}

/// Surnames with the fullest capitalised phrase that ends in them.
fn names(told: &[Told]) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for sentence in told {
        let words: Vec<&str> = sentence.text.split_whitespace().collect();
        let mut run: Vec<&str> = Vec::new();
        for word in words.iter().copied().chain([""]) {
            let clean = word.trim_start_matches(['“', '‘', '"', '(']);
            let core = clean
                .trim_end_matches(|c: char| !c.is_alphanumeric())
                .trim_end_matches("’s")
                .trim_end_matches("'s");
            let capital =
                core.starts_with(char::is_uppercase) && core.chars().skip(1).any(char::is_lowercase);
            if capital {
                run.push(core);
            }
            let broken = !capital || clean.len() != core.len();
            if broken && !run.is_empty() {
                let person = run.len() >= 2
                    && run.len() <= 7
                    && !TITLES.contains(&run[run.len() - 1])
                    && !OFFICES.contains(&run[run.len() - 1]);
                let known =
                    run.last().and_then(|s| names.get(*s)).map_or(0, |n| n.split_whitespace().count());
                let official = run.iter().any(|w| OFFICES.contains(w) || TITLES.contains(w));
                if person && run.len() > known && (official || run.len() <= 3) {
                    let full: Vec<&str> = if matches!(run[0], "The" | "But" | "And" | "In" | "On" | "Former")
                    {
                        run[1..].to_vec()
                    } else {
                        run.clone()
                    };
                    if full.len() >= 2
                        && let Some(surname) = full.last()
                    {
                        names.insert((*surname).to_owned(), full.join(" "));
                    }
                }
                run.clear();
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_at_the_head_of_a_page() {
        assert_eq!(day_printed("Harbour News\n16/01/2025\n"), Some(date(2025, 1, 16)));
        assert_eq!(day_printed("Thursday 16 January 2025 17:44, UK"), Some(date(2025, 1, 16)));
        assert_eq!(day_printed("Published January 16, 2025"), Some(date(2025, 1, 16)));
        assert_eq!(day_printed("2025-01-16T12:00"), None);
        assert_eq!(day_printed("on 2025-01-16 in"), Some(date(2025, 1, 16)));
        assert_eq!(day_printed("16 Jan 2025"), Some(date(2025, 1, 16)));
        assert_eq!(day_printed("no day at all"), None);
    }

    #[test]
    fn furniture_is_no_part_of_the_story() {
        for text in [
            "Share",
            "Read more: What the report said",
            "Sign up to our newsletter to get the day’s news in your inbox.",
            "Image source, Getty Images",
            "By A Reporter, political correspondent",
            "Advertisement",
            "Most read",
            "We use cookies to make this site work and to learn how it is used by our readers.",
            "",
        ] {
            assert!(is_furniture(text), "{text}");
        }
        for text in [
            "The minister announced a review of returns.",
            "Recommended changes were ignored by the Harbour Board for years.",
            "“It is a disgrace,” she said.",
        ] {
            assert!(!is_furniture(text), "{text}");
        }
    }
}
