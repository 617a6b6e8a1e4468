//! Rule `position`: the position an answer takes, told from its own words.
//!
//! The phrases are tried in an order that keeps "in principle", "in part" and "not" from being read as plain
//! acceptance. Words that take no position leave it unknown.

use crate::axes::Response;

use super::ReadResponse;

/// Each position with the phrases that take it, the qualified before the plain.
const PHRASES: &[(Response, &[&str])] = &[
    (
        Response::AcceptedInPrinciple,
        &[
            "accepted in principle",
            "accepts in principle",
            "accept in principle",
            "agree in principle",
            "agrees in principle",
            "accepts the principle",
            "accept the principle",
            "accepts the principles",
            "accepts this recommendation in principle",
            "accept this recommendation in principle",
            "accepts the recommendation in principle",
            "agreed in principle",
            "accept the aim",
            "accepts the aim",
            "accepts the intention",
            "accepts the need",
            "accept the need",
        ],
    ),
    (
        Response::AcceptedInPart,
        &[
            "accepted in part",
            "accepts in part",
            "accept in part",
            "partially accept",
            "partly accept",
            "partially accepted",
            "partly accepted",
            "accepts this recommendation in part",
            "accept this recommendation in part",
            "accepts the recommendation in part",
        ],
    ),
    (
        Response::Rejected,
        &[
            "not accepted",
            "does not accept",
            "do not accept",
            "is not accepting",
            "cannot accept",
            "rejects",
            "rejected",
            "reject this",
            "unable to accept",
            "does not agree",
            "do not agree",
            "disagrees",
            "declines to",
        ],
    ),
    (
        Response::Deferred,
        &[
            "white paper",
            "will be considered in",
            "defer",
            "deferred",
            "will respond in due course",
            "decision will be taken",
            "will set out its position",
            "will decide",
            "further consideration before",
        ],
    ),
    (
        Response::SaysAlreadyDone,
        &[
            "already in place",
            "already done",
            "has already been",
            "have already been",
            "already met",
            "already completed",
            "is already required",
            "already been implemented",
            "was completed",
            "already does",
        ],
    ),
    (Response::NotForUs, &["not a matter for", "is not for the government", "is a matter for"]),
    (
        Response::Supported,
        &[
            "supports this recommendation",
            "supports the recommendation",
            "support this recommendation",
            "support the recommendation",
            "supported",
            "supports",
        ],
    ),
    (
        Response::Accepted,
        &[
            "accepted in full",
            "accepts in full",
            "accept in full",
            "accepted",
            "accepts",
            "accept this",
            "accept the recommendation",
            "agrees with",
            "agree with",
            "agreed",
            "agrees",
        ],
    ),
    (
        Response::Acknowledged,
        &["notes this recommendation", "notes the recommendation", "noted", "acknowledges"],
    ),
];

/// Characters at the start of an answer in which a position is looked for first; answers state it early.
const EARLY: usize = 400;

pub(super) fn read(text: &str) -> ReadResponse {
    let early: String = text.chars().take(EARLY).collect();
    search(&early).or_else(|| search(text)).unwrap_or(ReadResponse {
        position: Response::Unknown,
        responder: None,
        phrase: String::new(),
    })
}

fn search(text: &str) -> Option<ReadResponse> {
    // Lower-casing keeps the number of characters for the letters these phrases use; words are compared whole.
    let lower = text.to_lowercase();
    PHRASES.iter().find_map(|(position, phrases)| {
        let (at, phrase) = phrases.iter().filter_map(|p| whole(&lower, p).map(|at| (at, p))).min()?;
        let said = lower.get(at..at + phrase.len())?.to_owned();
        Some(ReadResponse { position: *position, responder: responder(text), phrase: said })
    })
}

fn whole(text: &str, phrase: &str) -> Option<usize> {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(phrase)
        .find(|(at, _)| {
            edge(text[..*at].chars().next_back()) && edge(text[at + phrase.len()..].chars().next())
        })
        .map(|(at, _)| at)
}

/// "The Welsh Government accepts": the words between the start of a sentence and its verb, where they name a body.
fn responder(text: &str) -> Option<String> {
    let first = text.split(['.', '\n']).find(|s| s.split_whitespace().count() > 3)?;
    let verbs = [
        " accepts",
        " accept ",
        " agrees",
        " agree ",
        " supports",
        " support ",
        " rejects",
        " notes",
        " does not",
        " do not",
        " cannot",
    ];
    let end = verbs.iter().filter_map(|v| first.find(v)).min()?;
    let subject = first[..end].trim().trim_start_matches("The ").trim_start_matches("the ");
    (!subject.is_empty()
        && subject.split_whitespace().count() <= 6
        && subject.starts_with(char::is_uppercase)
        && subject != "We")
        .then(|| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, position: Response) {
        assert_eq!(read(text).position, position, "{text}");
    }

    #[test]
    fn in_principle_is_never_accepted() {
        check("The Government accepts this recommendation in principle.", Response::AcceptedInPrinciple);
        check("Accepted in principle. We accepted the need.", Response::AcceptedInPrinciple);
        check("The Government accepts the principle of this recommendation.", Response::AcceptedInPrinciple);
        check("Accepted in full.", Response::Accepted);
    }

    #[test]
    fn every_position_has_its_own_words() {
        check("The Government accepts this recommendation.", Response::Accepted);
        check("We accept this recommendation in part.", Response::AcceptedInPart);
        check("The Government does not accept this recommendation, because", Response::Rejected);
        check("This was put in place: the register has already been published.", Response::SaysAlreadyDone);
        check("This will be addressed in a White Paper.", Response::Deferred);
        check(
            "The Government supports this recommendation, which was made to the Board.",
            Response::Supported,
        );
        check("The Government notes this recommendation.", Response::Acknowledged);
        check("Work goes on.", Response::Unknown);
        check("The unaccepted offer", Response::Unknown);
    }

    #[test]
    fn who_takes_it() {
        assert_eq!(
            read("The Welsh Government accepts this recommendation.").responder.as_deref(),
            Some("Welsh Government")
        );
        assert_eq!(read("We accept this recommendation.").responder, None);
    }
}
