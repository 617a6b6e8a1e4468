//! Rule `subject-of-duty`: whom a recommendation is made to, as written: the subject of its first "should", "shall" or
//! "must", split where several share it.
//!
//! A subject that names no body ("Any claimant", "The current procedure") names no addressee.

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
    "partnership",
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

pub(super) fn read(text: &str) -> Vec<String> {
    for sentence in sentences(text) {
        let found = subjects(sentence);
        if !found.is_empty() {
            return found;
        }
        // Only the first sentence that lays a duty says whom the whole is made to.
        if sentence.split_whitespace().any(|w| DUTY.contains(&bare(w).as_str())) {
            return Vec::new();
        }
    }
    Vec::new()
}

/// The body a short phrase names, without its article; `None` where it names none.
pub(super) fn body_named(phrase: &str) -> Option<String> {
    let name = phrase.trim().trim_start_matches("the ").trim_start_matches("The ");
    is_body(name).then(|| name.to_owned())
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '\n', ':']).map(str::trim).filter(|s| !s.is_empty())
}

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// The bodies before each duty of a sentence.
fn subjects(sentence: &str) -> Vec<String> {
    let without_asides = drop_parentheses(sentence);
    let words: Vec<&str> = without_asides.split_whitespace().collect();
    let mut found: Vec<String> = Vec::new();
    let mut from = 0;
    for (at, word) in words.iter().enumerate() {
        // A duty before the last comma taken belongs to the subject already read.
        if at < from || !DUTY.contains(&bare(word).as_str()) {
            continue;
        }
        for name in split(&subject(&words[from..at].join(" "))) {
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
    found
}

fn drop_parentheses(text: &str) -> String {
    let mut depth = 0;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth <= 0
        })
        .collect()
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
    ] {
        if let Some(at) = text.find(aside) {
            let rest = &text[at + aside.len()..];
            // The aside ends at the next comma; what follows it is still the subject.
            let after = rest.find(", and the ").map_or("", |comma| &rest[comma..]);
            text = format!("{}{after}", &text[..at]);
        }
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
    ];
    if openers.contains(&opening.as_str()) {
        let lower = text.to_lowercase();
        let cut = lower
            .rfind(", the ")
            .or_else(|| lower.find(", "))
            .map(|c| c + 2)
            .or_else(|| lower.find(" the ").map(|c| c + 1));
        // "By 31 October 2025, the Department, Fujitsu and the Post Office": the first ", the " opens the list.
        let cut = if opening == "and" { Some(4) } else { lower.find(", the ").map(|c| c + 2).or(cut) };
        text = cut.map_or_else(String::new, |cut| text[cut..].to_owned());
    }
    text
}

/// The names a shared subject holds.
fn split(subject: &str) -> Vec<String> {
    let mut text = format!(" {} ", subject.trim());
    for (long, short) in [
        (" in conjunction with ", ", "),
        (" together with ", ", "),
        (" and where appropriate ", ", "),
        (" and, where appropriate, ", ", "),
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
    let mut names = Vec::new();
    for part in text.split(", ").flat_map(|p| split_and(p)) {
        let name = part.trim().trim_end_matches(',').trim();
        let name = ["The ", "the ", "Each ", "each ", "All ", "all ", "Every ", "every ", "and ", "or "]
            .iter()
            .fold(name, |n, opening| n.strip_prefix(opening).unwrap_or(n));
        if name == "devolved administrations" {
            names.extend(
                ["Scottish Government", "Welsh Government", "Northern Ireland Executive"].map(str::to_owned),
            );
        } else if is_body(name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// "A and the B" are two; "Ministry of Housing, Communities and Local Government" and "X and Y Council" are one, which
/// this tells by the article or by each side being a body by itself.
fn split_and(part: &str) -> Vec<&str> {
    for joint in [" and the ", " or the ", " and ", " or "] {
        if let Some(at) = part.find(joint) {
            let (left, right) = (&part[..at], &part[at + joint.len()..]);
            // "Department for Business and Trade" is one name: what follows "for" or "of" may itself be shared.
            let one_name = (left.contains(" for ") || left.contains(" of ")) && !names_a_body(right);
            if joint.contains("the")
                || (!one_name
                    && is_body(left.trim().trim_start_matches("The ").trim_start_matches("the "))
                    && is_body(right.trim()))
            {
                let mut names = vec![left];
                names.extend(split_and(right));
                return names;
            }
        }
    }
    vec![part]
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

fn is_body(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    if words.is_empty() || words.len() > 14 {
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
    proper && words[0].starts_with(char::is_uppercase) || (names_a_body(name) && words.len() <= 8)
}

fn names_a_body(name: &str) -> bool {
    name.split_whitespace().any(|w| BODY_WORDS.contains(&bare(w).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(read(text), expected, "{text}");
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
}
