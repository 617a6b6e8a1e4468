//! Rule `subject-of-duty`: whom a recommendation is made to, as written: the body that its first duty names, whether as
//! the subject of "should", "shall" or "must", after "we recommend that", "we urge", "for … to" or, in the passive, after
//! "by"; split where several share it.
//!
//! A subject that names no body ("Any claimant", "The current procedure") names no addressee. A pronoun takes the body
//! last named before it; where none is, it points upward to the addressees of the item above.

use std::collections::{HashMap, HashSet};

use super::sentences::{bare, sentences};

/// What a document's own use of words tells about names.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    /// Words that stand somewhere in small letters: no names by themselves.
    common: HashSet<String>,
    /// Short names with the full ones they stand for, where the document says so: `UKSA` for `UK Space Agency (UKSA)`.
    short: HashMap<String, String>,
}

impl Lexicon {
    /// Reads a document's words.
    pub(super) fn of(text: &str) -> Self {
        let mut lexicon = Self::default();
        let words: Vec<&str> = text.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            if word.starts_with(char::is_lowercase) {
                lexicon.common.insert(bare(word));
            }
            if let Some(short) = word.strip_prefix('(').and_then(|w| w.split(')').next())
                && (2..=8).contains(&short.len())
                && short.bytes().all(|b| b.is_ascii_uppercase())
                && let Some(full) = spelled(&words[..at], short)
            {
                lexicon.short.entry(short.to_owned()).or_insert_with(|| format!("{full} ({short})"));
            }
        }
        lexicon
    }

    /// The name as the document gives it in full.
    fn in_full(&self, name: &str) -> String {
        self.short.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// The capitalised words before a short name whose initials it is made of.
fn spelled(before: &[&str], short: &str) -> Option<String> {
    const SMALL: [&str; 7] = ["of", "for", "and", "the", "in", "on", "to"];
    let last = before.len().checked_sub(1)?;
    (1..=12.min(before.len())).find_map(|count| {
        let words = &before[last + 1 - count..];
        let initials: String = words
            .iter()
            .flat_map(|w| {
                // "UK Space Agency" gives UKSA: a word in capitals gives them all.
                let capitals = w.len() <= 4 && w.chars().all(char::is_uppercase);
                w.chars().take(if capitals { w.len() } else { 1 })
            })
            .filter(|c| c.is_uppercase())
            .collect();
        let proper = words.first().is_some_and(|w| w.starts_with(char::is_uppercase))
            && words.iter().all(|w| w.starts_with(char::is_uppercase) || SMALL.contains(w));
        let first_is_article = matches!(words.first(), Some(&("The" | "A" | "An")));
        (proper && initials == short && !first_is_article).then(|| words.join(" "))
    })
}

/// Words that make a phrase a body's name even in lower case.
const BODY_WORDS: &[&str] = &[
    "government",
    "governments",
    "department",
    "departments",
    "minister",
    "ministers",
    "ministry",
    "secretary",
    "board",
    "boards",
    "council",
    "councils",
    "force",
    "forces",
    "police",
    "authority",
    "authorities",
    "trust",
    "trusts",
    "commission",
    "commissioner",
    "inspectorate",
    "inspectorates",
    "agency",
    "agencies",
    "regulator",
    "regulators",
    "service",
    "services",
    "office",
    "parliament",
    "assembly",
    "committee",
    "administrations",
    "administration",
    "executive",
    "treasury",
    "bank",
    "ombudsman",
    "directorate",
    "institute",
    "association",
    "federation",
    "university",
    "hospital",
    "courts",
    "judiciary",
    "bodies",
    "organisations",
    "operator",
    "operators",
    "congress",
    "president",
    "industry",
    "partnership",
    "forum",
    "forums",
    "practitioners",
    "coroners",
    "hospitals",
    "schools",
    "universities",
    "employers",
    "insurers",
    "manufacturers",
    "states",
    "partnerships",
    "college",
    "company",
    "companies",
    "providers",
];
/// Capitalised words that name a thing rather than a body.
const THING_WORDS: &[&str] = &[
    "procedure",
    "scheme",
    "strategy",
    "act",
    "report",
    "framework",
    "plan",
    "code",
    "bill",
    "programme",
    "guidance",
    "review",
    "data",
    "register",
    "regulations",
    "rules",
    "law",
    "recommendation",
    "inquiry",
    "chapter",
    "protocol",
    "standard",
    "standards",
    "policy",
    "claims",
    "claim",
    "claimant",
    "claimants",
    "this",
    "these",
    "those",
    "it",
    "they",
    "there",
    "offer",
    "offers",
    "principle",
    "strategies",
];
const DUTY: &[&str] = &["should", "shall", "must"];
/// Words that open a sentence without being part of its subject.
const CONNECTIVES: &[&str] = &[
    "therefore",
    "however",
    "furthermore",
    "moreover",
    "accordingly",
    "additionally",
    "also",
    "finally",
    "first",
    "second",
    "third",
    "secondly",
    "thirdly",
    "consequently",
    "similarly",
    "equally",
    "meanwhile",
    "nevertheless",
    "nonetheless",
    "instead",
    "further",
    "rather",
    "currently",
    "crucially",
    "importantly",
    "specifically",
    "ideally",
    "ultimately",
];
/// Verbs with which somebody is asked to act.
const ASKING: &[&str] = &[
    "urge",
    "urges",
    "urged",
    "ask",
    "asks",
    "invite",
    "invites",
    "encourage",
    "encourages",
    "request",
    "requests",
    "expect",
    "expects",
    "on",
    "upon",
];

/// Whom a text is addressed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addressed {
    /// To these, as written.
    To(Vec<String>),
    /// To whomever the item above is addressed to; to several, where the words need more than one.
    Upward {
        /// Whether the words speak of more than one body.
        several: bool,
    },
    /// The words do not say.
    Unsaid,
}

pub(super) fn read(text: &str, lexicon: &Lexicon) -> Addressed {
    let mut last_named: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let sentence = without_asides(sentence.text);
        let (found, pronoun, duty) = in_sentence(&sentence, lexicon);
        if !found.is_empty() {
            return Addressed::To(found.iter().map(|n| lexicon.in_full(n)).collect());
        }
        if pronoun {
            let named = before_duty(&sentence, lexicon);
            let antecedent = if named.is_empty() { last_named } else { named };
            return if antecedent.is_empty() {
                let plain: Vec<String> = sentence.split_whitespace().map(bare).collect();
                Addressed::Upward {
                    several: plain.iter().take(6).any(|w| matches!(w.as_str(), "both" | "together")),
                }
            } else {
                Addressed::To(antecedent.iter().map(|n| lexicon.in_full(n)).collect())
            };
        }
        // Only the first sentence that lays a duty says whom the whole is made to.
        if duty {
            return Addressed::Unsaid;
        }
        let named = leading_body(sentence.trim_start_matches("The ").trim_start_matches("the "), lexicon);
        if let Some(named) = named {
            last_named = vec![named];
        }
    }
    Addressed::Unsaid
}

/// The body a short phrase names, without its article; `None` where it names none.
pub(super) fn body_named(phrase: &str) -> Option<String> {
    let name = strip_article(phrase.trim());
    is_body(name, &Lexicon::default()).then(|| name.to_owned())
}

/// The bodies a subject names, without their articles.
pub(super) fn bodies_named(subject: &str) -> Vec<String> {
    split(&self::subject(subject), &Lexicon::default())
}

/// The bodies a sentence asks, whether it asks a pronoun, and whether it lays a duty at all.
fn in_sentence(sentence: &str, lexicon: &Lexicon) -> (Vec<String>, bool, bool) {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    // "we recommend that the Board publish", "the Commission recommended that …".
    if let Some(at) = (0..plain.len())
        .find(|i| plain[*i].starts_with("recommend") && plain.get(i + 1).is_some_and(|w| w == "that"))
    {
        let (found, pronoun) = duty_subjects(&words[at + 2..], &plain[at + 2..], lexicon);
        if !found.is_empty() || pronoun {
            return (found, pronoun, true);
        }
        let rest = words[at + 2..].join(" ");
        let named = leading_names(strip_article(&rest), lexicon);
        return (named, false, true);
    }
    // "we urge the Board to publish".
    if let Some(at) = (0..plain.len()).find(|i| ASKING.contains(&plain[*i].as_str()) && asks(&plain, *i)) {
        let to = plain[at + 1..].iter().position(|w| w == "to").map(|t| at + 1 + t);
        if let Some(to) = to {
            let found = split(&words[at + 1..to].join(" "), lexicon);
            if !found.is_empty() {
                return (found, false, true);
            }
        }
    }
    let duty_at = plain.iter().position(|w| DUTY.contains(&w.as_str())).unwrap_or(0);
    // "It should be a matter of priority for the Board to publish."
    if let Some(at) = (duty_at..plain.len()).find(|i| plain[*i] == "for") {
        let to = plain[at + 1..].iter().position(|w| w == "to").map(|t| at + 1 + t);
        if let Some(to) = to.filter(|to| to - at <= 14 && plain[duty_at.saturating_sub(1)] == "it") {
            let found = split(&words[at + 1..to].join(" "), lexicon);
            if !found.is_empty() {
                return (found, false, true);
            }
        }
    }
    let duty = plain.iter().any(|w| DUTY.contains(&w.as_str()));
    let (found, pronoun) = duty_subjects(&words, &plain, lexicon);
    if !found.is_empty() || pronoun || !duty {
        return (found, pronoun, duty);
    }
    // "Returns should be published jointly by the Board and the Council."
    if plain.get(duty_at + 1).is_some_and(|w| w == "be")
        && let Some(at) = (duty_at + 2..plain.len().min(duty_at + 30)).find(|i| plain[*i] == "by")
    {
        let found = leading_names(&words[at + 1..].join(" "), lexicon);
        if !found.is_empty() {
            return (found, false, true);
        }
    }
    (Vec::new(), false, true)
}

/// Whether an asking verb is said by those who write: "we urge", "I invite", "call on".
fn asks(plain: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| plain.get(i)).map(String::as_str).unwrap_or_default();
    if matches!(plain[at].as_str(), "on" | "upon") {
        return matches!(before, "call" | "calls");
    }
    matches!(
        before,
        "we" | "i"
            | "committee"
            | "inquiry"
            | "commission"
            | "review"
            | "panel"
            | "therefore"
            | "also"
            | "strongly"
    )
}

/// The bodies before each duty of a sentence; whether its subject is a pronoun instead.
fn duty_subjects(words: &[&str], plain: &[String], lexicon: &Lexicon) -> (Vec<String>, bool) {
    let mut found: Vec<String> = Vec::new();
    let mut from = 0;
    for at in 0..words.len() {
        // A duty before the last comma taken belongs to the subject already read.
        if at < from || !DUTY.contains(&plain[at].as_str()) {
            continue;
        }
        let before = words[from..at].join(" ");
        let subject = subject(&before);
        if found.is_empty()
            && matches!(subject.trim().to_lowercase().as_str(), "it" | "they" | "these bodies" | "both")
        {
            return (Vec::new(), true);
        }
        let mut names = split(&subject, lexicon);
        if names.is_empty() {
            // "Regulators conducting the study should": the head of the subject stands first.
            names = leading_names(&subject, lexicon);
        }
        for name in names {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        from = at + 1;
        // A second duty in the sentence counts only where it brings its own subject ("…, and the Department shall").
        if let Some(comma) = words[from..].iter().position(|w| w.ends_with(',')) {
            from += comma + 1;
        } else {
            break;
        }
    }
    (found, false)
}

/// The body named before a pronoun in the same sentence: "If the Board wishes …, it should".
fn before_duty(sentence: &str, lexicon: &Lexicon) -> Vec<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let duty = words.iter().position(|w| DUTY.contains(&bare(w).as_str())).unwrap_or(0);
    (0..duty)
        .filter(|at| matches!(bare(words[*at]).as_str(), "the" | "if" | "that"))
        .find_map(|at| leading_body(strip_article(&words[at + 1..duty].join(" ")), lexicon))
        .into_iter()
        .collect()
}

/// The names that a phrase begins with, before its first word that can be part of none.
fn leading_names(phrase: &str, lexicon: &Lexicon) -> Vec<String> {
    // "local resilience forums take": a name in small letters ends with the word that says what it is.
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let small_name = words
        .first()
        .is_some_and(|w| w.starts_with(char::is_lowercase))
        .then(|| {
            (0..words.len().min(5)).find(|i| {
                BODY_WORDS.contains(&bare(words[*i]).as_str())
                    && words[..=*i].iter().all(|w| w.chars().all(char::is_lowercase))
            })
        })
        .flatten();
    let mut taken: Vec<&str> = Vec::new();
    if let Some(last) = small_name.filter(|last| {
        *last > 0 && !matches!(words[0], "the" | "of" | "for" | "and" | "to" | "in" | "all" | "each")
    }) {
        return split(&words[..=last].join(" "), lexicon);
    }
    for word in words.iter().copied() {
        let small = matches!(word, "of" | "for" | "and" | "the" | "&" | "all" | "each" | "or" | "in");
        let part = small
            || word.starts_with(|c: char| c.is_uppercase() || c == '(')
            || BODY_WORDS.contains(&bare(word).as_str());
        if !part {
            break;
        }
        taken.push(word);
        if word.ends_with([',', '.', ';', ':']) && !word.ends_with(',') {
            break;
        }
    }
    while taken
        .last()
        .is_some_and(|w| matches!(*w, "of" | "for" | "and" | "the" | "&" | "all" | "or" | "in" | "each"))
    {
        taken.pop();
    }
    split(taken.join(" ").trim_end_matches(|c: char| c.is_ascii_punctuation() && c != ')'), lexicon)
}

fn leading_body(phrase: &str, lexicon: &Lexicon) -> Option<String> {
    leading_names(phrase, lexicon).into_iter().next()
}

/// A sentence without what stands in brackets, unless that is the short form of the name before it.
fn without_asides(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let (before, from) = rest.split_at(open);
        kept.push_str(before);
        let Some(close) = from.find(')') else {
            return kept;
        };
        let inner = &from[1..close];
        if (2..=8).contains(&inner.len()) && inner.bytes().all(|b| b.is_ascii_uppercase()) {
            kept.push_str(&from[..=close]);
        }
        rest = &from[close + 1..];
    }
    kept.push_str(rest);
    kept
}

/// The subject without what stands before it ("By 31 October 2025, …", "In HSS …") and beside it ("…, working with …,").
fn subject(before: &str) -> String {
    let mut text = before.trim().trim_end_matches(',').to_owned();
    for aside in [
        ", working with",
        ", in consultation with",
        ", in partnership with",
        " following consultation with",
        " in consultation with",
        ", together with",
        ", after consulting",
        " working with",
        ", through",
        ", if it",
        ", where",
        ", as part of",
        ", alongside",
        ", supported by",
    ] {
        if let Some(at) = text.find(aside) {
            let rest = &text[at + aside.len()..];
            // The aside ends at the next comma; what follows it is still the subject.
            let after = rest.find(", and the ").map_or("", |comma| &rest[comma..]);
            text = format!("{}{after}", &text[..at]);
        }
    }
    let opening = text.split_whitespace().next().map(bare).unwrap_or_default();
    if CONNECTIVES.contains(&opening.as_str()) {
        text =
            text.split_once(char::is_whitespace).map_or_else(String::new, |(_, rest)| rest.trim().to_owned());
    }
    let opening = text.split_whitespace().next().map(bare).unwrap_or_default();
    let openers = [
        "by",
        "as",
        "for",
        "in",
        "during",
        "within",
        "where",
        "if",
        "when",
        "until",
        "before",
        "after",
        "from",
        "to",
        "at",
        "and",
        "subsequently",
        "accordingly",
        "once",
        "while",
        "whilst",
        "given",
        "given",
        "since",
        "because",
        "although",
        "following",
        "through",
        "with",
        "without",
        "on",
        "under",
        "having",
        "rather",
    ];
    if openers.contains(&opening.as_str()) {
        let lower = text.to_lowercase();
        if lower.ends_with(", it") || lower.ends_with(", they") {
            return lower.rsplit(", ").next().unwrap_or_default().to_owned();
        }
        let cut = lower
            .rfind(", the ")
            .or_else(|| lower.find(", "))
            .map(|c| c + 2)
            .or_else(|| lower.find(" the ").map(|c| c + 1));
        // "By 31 October 2025, the Department, Fujitsu and the Post Office": the first ", the " opens the list.
        let cut = if opening == "and" { Some(4) } else { lower.find(", the ").map(|c| c + 2).or(cut) };
        text = cut.and_then(|cut| text.get(cut..)).map_or_else(String::new, str::to_owned);
    }
    // "We believe that the Board", "It is important that the Board".
    if let Some(at) = text.rfind(" that ")
        && text.split_whitespace().next().is_some_and(|w| matches!(bare(w).as_str(), "we" | "it" | "i"))
    {
        text.drain(..at + 6);
    }
    text
}

/// The names a shared subject holds.
fn split(subject: &str, lexicon: &Lexicon) -> Vec<String> {
    let mut text = format!(" {} ", subject.trim());
    for (long, short) in [
        (" in conjunction with ", ", "),
        (" together with ", ", "),
        (" and where appropriate ", ", "),
        (" and, where appropriate, ", ", "),
        (" as well as ", ", "),
        (" and/or ", ", "),
        (" each ", " "),
        (" both ", " "),
        (" together ", " "),
        (" jointly ", " "),
    ] {
        text = text.replace(long, short);
    }
    if let Some(list) = text
        .trim()
        .strip_prefix("The governments of ")
        .or_else(|| text.trim().strip_prefix("the governments of "))
    {
        return list.replace(" and ", ", ").split(", ").map(|place| government_of(place.trim())).collect();
    }
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text.trim(), lexicon) {
        let name = strip_article(piece.trim().trim_end_matches(',').trim());
        if name == "devolved administrations" {
            names.extend(
                ["Scottish Government", "Welsh Government", "Northern Ireland Executive"].map(str::to_owned),
            );
        } else if is_body(name, lexicon) {
            names.push(name.to_owned());
        }
    }
    names
}

fn strip_article(name: &str) -> &str {
    [
        "The ", "the ", "Each ", "each ", "All ", "all ", "Every ", "every ", "and ", "or ", "both ",
        "that ", "the ",
    ]
    .iter()
    .fold(name, |n, opening| n.strip_prefix(opening).unwrap_or(n))
}

/// Cuts a list at its commas, "and" and "or", but not inside a name: "Ministry of Housing, Communities and Local
/// Government", "Advanced Research and Invention Agency" and "Kent and Essex Police" are one each.
fn pieces<'a>(text: &'a str, lexicon: &Lexicon) -> Vec<&'a str> {
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let joint = [
            ", and the ",
            ", or the ",
            " and the ",
            " or the ",
            ", the ",
            ", and ",
            ", or ",
            ", ",
            " and ",
            " or ",
        ]
        .iter()
        .find(|j| rest.starts_with(**j));
        if let Some(joint) = joint {
            let from = cuts.last().map_or(0, |c| c.1);
            let (left, right) = (strip_article(text[from..at].trim()), text[at + joint.len()..].trim());
            if joint.contains("the ") || begins_anew(left, right, joint.contains(','), lexicon) {
                cuts.push((at, at + joint.len()));
            }
            at += joint.len();
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    let ends = cuts.iter().map(|c| c.0).chain([text.len()]);
    let starts = [0].into_iter().chain(cuts.iter().map(|c| c.1));
    starts.zip(ends).map(|(from, to)| &text[from..to]).collect()
}

/// Whether what follows a comma or "and" is another body rather than the rest of a name.
fn begins_anew(left: &str, right: &str, comma: bool, lexicon: &Lexicon) -> bool {
    let next = right.split([',', '.']).next().unwrap_or_default();
    let next = next.split(" and ").next().unwrap_or_default().trim();
    let first = next.split_whitespace().next().unwrap_or_default();
    let capitals = |w: &str| w.len() >= 2 && w.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let last_left = left.split_whitespace().last().unwrap_or_default();
    if capitals(first) || capitals(last_left) {
        return true;
    }
    let department =
        ["Department", "Ministry", "Secretary of State", "Minister"].iter().any(|d| left.contains(d))
            && (left.contains(" for ") || left.contains(" of "));
    if department {
        return [
            "Department",
            "Ministry",
            "Home",
            "Foreign",
            "Cabinet",
            "Scottish",
            "Welsh",
            "Secretary",
            "Post",
        ]
        .contains(&first);
    }
    if comma {
        return is_body(left, lexicon);
    }
    names_a_body(left) && is_body(left, lexicon) && is_body(next, lexicon)
}

fn government_of(place: &str) -> String {
    match place.trim_start_matches("the ") {
        "UK" | "United Kingdom" => "UK government".to_owned(),
        "Scotland" => "Scottish Government".to_owned(),
        "Wales" => "Welsh Government".to_owned(),
        "Northern Ireland" => "Northern Ireland Executive".to_owned(),
        other => format!("government of {other}"),
    }
}

fn is_body(name: &str, lexicon: &Lexicon) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    let possessive = words.last().is_some_and(|w| w.ends_with("’s") || w.ends_with("'s"));
    let place = matches!(
        name,
        "UK" | "United Kingdom" | "England" | "Scotland" | "Wales" | "Northern Ireland" | "Britain"
    );
    if words.is_empty() || words.len() > 14 || possessive || place {
        return false;
    }
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    if plain.last().is_some_and(|w| THING_WORDS.contains(&w.as_str()))
        || plain.first().is_some_and(|w| {
            THING_WORDS.contains(&w.as_str())
                || matches!(w.as_str(), "any" | "no" | "a" | "an" | "some" | "such")
        })
    {
        return false;
    }
    let small = ["of", "for", "and", "the", "in", "on", "to", "&"];
    let proper = words.iter().all(|w| w.starts_with(char::is_uppercase) || small.contains(w));
    if names_a_body(name) {
        // "Regulators conducting the study" goes on after the name.
        let goes_on = plain.iter().zip(&words).skip(1).any(|(plain, word)| {
            word.starts_with(char::is_lowercase)
                && plain.ends_with("ing")
                && !BODY_WORDS.contains(&plain.as_str())
        }) && plain.iter().any(|w| w == "the" || w == "a" || w == "this");
        return proper || (words.len() <= 8 && !goes_on);
    }
    // A name holds a word that the document never writes small.
    proper
        && words[0].starts_with(char::is_uppercase)
        && words.iter().any(|w| {
            !small.contains(w)
                && !lexicon.common.contains(&bare(w))
                && !CONNECTIVES.contains(&bare(w).as_str())
        })
}

fn names_a_body(name: &str) -> bool {
    name.split_whitespace().any(|w| BODY_WORDS.contains(&bare(w).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let lexicon = Lexicon::of(
            "the returns of a success were therefore however any claimant who no claims the current procedure",
        );
        let read = match read(text, &lexicon) {
            Addressed::To(names) => names,
            Addressed::Upward { several } => vec![if several { "several above" } else { "above" }.to_owned()],
            Addressed::Unsaid => Vec::new(),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn one_body() {
        check("The Harbour Board should publish its returns.", &["Harbour Board"]);
        check("HM Government shall establish a body.", &["HM Government"]);
        check(
            "The UK government, working with the devolved administrations, should establish a register.",
            &["UK government"],
        );
        check("As soon as is reasonably practicable, HM Government shall establish it.", &["HM Government"]);
        check("In HSS the Post Office shall be obliged to pay.", &["Post Office"]);
    }

    #[test]
    fn shared_duties() {
        check(
            "The governments of the UK, Scotland, Wales and Northern Ireland should each act.",
            &["UK government", "Scottish Government", "Welsh Government", "Northern Ireland Executive"],
        );
        check(
            "By 31 October 2025, the Department, Fujitsu and the Post Office shall publish a report.",
            &["Department", "Fujitsu", "Post Office"],
        );
        check(
            "HM Government and/or the Department and where appropriate the Post Office and Fujitsu shall reply.",
            &["HM Government", "Department", "Post Office", "Fujitsu"],
        );
        check("The Department for Business and Trade should act.", &["Department for Business and Trade"]);
    }

    #[test]
    fn no_body_no_addressee() {
        check("Any claimant who opts for this shall be heard.", &[]);
        check("No claims under the scheme shall be entertained.", &[]);
        check("The current procedure should be closed.", &[]);
        check("", &[]);
    }

    #[test]
    fn every_way_of_asking() {
        check("Therefore, the Harbour Board should publish.", &["Harbour Board"]);
        check("Furthermore, we recommend that the Council evaluate its returns.", &["Council"]);
        check("We urge the Harbour Bank to lend more.", &["Harbour Bank"]);
        check("If the Board wishes its returns to be trusted, it should publish them.", &["Board"]);
        check(
            "Returns should be published jointly by HCA and Council departments each year.",
            &["HCA", "Council departments"],
        );
        check(
            "It should be a matter of priority for HCA, HRB and the Council to begin.",
            &["HCA", "HRB", "Council"],
        );
        check("Regulators conducting the study should consider it.", &["Regulators"]);
        check("We recommend that local resilience forums take part.", &["local resilience forums"]);
        check("We recommend that the local resilience forums take part.", &["local resilience forums"]);
        check("They should both report.", &["several above"]);
        check("They should report each year.", &["above"]);
        check("We welcome the plan. Success depends on returns.", &[]);
        check("The Harbour Board has begun. It should finish.", &["Harbour Board"]);
        check(
            "We call on the Home Office and Ministry of Justice to act.",
            &["Home Office", "Ministry of Justice"],
        );
    }

    #[test]
    fn one_name_with_joints_in_it() {
        check(
            "The Ministry of Housing, Communities and Local Government should act.",
            &["Ministry of Housing, Communities and Local Government"],
        );
        check("The Kent and Essex Police should act.", &["Kent and Essex Police"]);
        check("The Ports and Harbours Agency (PHA) should act.", &["Ports and Harbours Agency (PHA)"]);
    }

    #[test]
    fn short_names_are_given_in_full() {
        let lexicon = Lexicon::of("The UK Harbour Agency (UKHA) said so.");
        assert_eq!(
            read("UKHA should publish.", &lexicon),
            Addressed::To(vec!["UK Harbour Agency (UKHA)".to_owned()])
        );
    }
}
