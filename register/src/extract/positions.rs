//! Rule `position`: the position an answer takes, told from its own words, sentence by sentence.
//!
//! Only a sentence in which somebody answers takes a position: a verb of answering with the recommendation for its
//! object ("the Board accepts this recommendation in principle"), its passive, or the bare participle that heads an
//! answer ("Partially accepted"). "Agrees that returns matter" answers nothing, and neither does a promise, however warm.
//! Qualification always wins: "in principle", "in part" and "not" are looked for before plain acceptance.

use candour_reading::BlockKind;

use crate::axes::Response;

use super::sentences::{bare, sentences};
use super::{Body, ReadResponse, addressees};

/// Sentences of an answer in which a position is looked for; what comes later is detail.
const SENTENCES: usize = 60;
/// Words between a verb and the recommendation it answers.
const REACH: usize = 9;

/// The positions taken in an answer, the first first, at most one for each who answers.
pub(super) fn read(answer: &str) -> Vec<ReadResponse> {
    let mut taken: Vec<ReadResponse> = Vec::new();
    for sentence in sentences(answer).into_iter().take(SENTENCES) {
        let Some(stated) = stated(sentence.text) else { continue };
        let everyone = stated.responders.is_empty();
        let responders =
            if everyone { vec![None] } else { stated.responders.iter().cloned().map(Some).collect() };
        for responder in responders {
            let known =
                taken.iter_mut().find(|t| t.responder == responder || (everyone && t.responder.is_none()));
            match known {
                Some(known) => qualify(known, &stated),
                None => taken.push(ReadResponse {
                    position: stated.position,
                    responder,
                    phrase: stated.phrase.clone(),
                }),
            }
        }
    }
    // A position that only a weak sign takes gives way to one that is stated.
    if taken.len() > 1 && taken[0].responder.is_none() && weak(taken[0].position) {
        let strong = taken.iter().position(|t| !weak(t.position));
        if let Some(strong) = strong {
            taken.swap(0, strong);
        }
    }
    taken
}

/// Positions that a passing remark may seem to take.
const fn weak(position: Response) -> bool {
    matches!(
        position,
        Response::Deferred | Response::SaysAlreadyDone | Response::NotForUs | Response::Acknowledged
    )
}

/// What a later sentence does to a position taken before: a stated one replaces a weak one, and a part refused makes
/// acceptance partial.
fn qualify(known: &mut ReadResponse, later: &Stated) {
    if weak(known.position) && !weak(later.position) {
        known.position = later.position;
        known.phrase.clone_from(&later.phrase);
    } else if known.position == Response::Accepted
        && (later.of_a_part && later.position == Response::Rejected
            || later.position == Response::AcceptedInPart)
    {
        known.position = Response::AcceptedInPart;
        known.phrase.clone_from(&later.phrase);
    }
}

/// A position stated in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stated {
    position: Response,
    phrase: String,
    responders: Vec<String>,
    /// Whether it is about a part of the recommendation only.
    of_a_part: bool,
}

/// The position a sentence takes, where it takes one.
fn stated(sentence: &str) -> Option<Stated> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    let reader = Sentence { words: &words, plain: &plain };
    (0..plain.len())
        .find_map(|at| reader.answering(at))
        .or_else(|| reader.already_done())
        .or_else(|| reader.left_to_others())
        .or_else(|| reader.put_off())
}

struct Sentence<'a> {
    words: &'a [&'a str],
    plain: &'a [String],
}

impl Sentence<'_> {
    fn word(&self, at: usize) -> &str {
        self.plain.get(at).map_or("", String::as_str)
    }

    fn any(&self, from: usize, to: usize, wanted: &[&str]) -> Option<usize> {
        (from..to.min(self.plain.len())).find(|i| wanted.contains(&self.word(*i)))
    }

    fn pair(&self, from: usize, to: usize, first: &str, second: &str) -> Option<usize> {
        (from..to.min(self.plain.len())).find(|i| self.word(*i) == first && self.word(i + 1) == second)
    }

    fn phrase(&self, from: usize, to: usize) -> String {
        self.words[from.min(self.words.len())..to.min(self.words.len())]
            .join(" ")
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_owned()
    }

    fn made(&self, position: Response, from: usize, to: usize, verb: usize) -> Stated {
        let responders = self.responders(verb);
        let of_a_part = self
            .any(
                0,
                self.plain.len(),
                &["part", "element", "aspect", "limb", "parts", "elements", "aspects", "sub-recommendation"],
            )
            .is_some();
        Stated { position, phrase: self.phrase(from, to), responders, of_a_part }
    }

    /// A verb of answering at a place, with what qualifies it.
    fn answering(&self, at: usize) -> Option<Stated> {
        let verb = match self.word(at) {
            "accept" | "accepts" | "accepted" | "accepting" | "acceptance" => Verb::Accept,
            "agree" | "agrees" | "agreed" | "endorse" | "endorses" | "endorsed" | "concur" | "concurs" => {
                Verb::Agree
            }
            "support" | "supports" | "supported" => Verb::Support,
            "reject" | "rejects" | "rejected" | "decline" | "declines" | "declined" | "disagree"
            | "disagrees" => Verb::Reject,
            "note" | "notes" | "noted" | "acknowledge" | "acknowledges" | "acknowledged" | "welcome"
            | "welcomes" => Verb::Note,
            _ => return None,
        };
        let participle = self.word(at).ends_with("ed");
        let heads = self.heads_the_answer(at);
        let object = self.object(at);
        let passive = participle && self.recommendation_before(at);
        // "must accept", "was accepted by the earlier inquiry", "if we accept" answer nothing.
        if self.by_others(at)
            || self.any(at.saturating_sub(2), at, &["should", "must", "if", "whether", "to"]).is_some()
                && !self.unable(at)
        {
            return None;
        }
        let negated = self.unable(at)
            || self
                .any(at.saturating_sub(3), at, &["not", "cannot", "don't", "doesn't", "can't", "nor"])
                .is_some();
        let end = self.reach(at);
        let aim = self
            .any(
                at + 1,
                (at + 7).min(end),
                &[
                    "principle",
                    "principles",
                    "spirit",
                    "intent",
                    "intention",
                    "aim",
                    "aims",
                    "thrust",
                    "premise",
                    "sentiment",
                    "objective",
                    "objectives",
                    "need",
                    "rationale",
                    "ambition",
                ],
            )
            .filter(|i| {
                self.any(at + 1, *i, &["the", "with", "this", "its", "these"]).is_some()
                    || self.word(i - 1) == "in"
            });
        // Wherever a sentence of acceptance says it, "in principle" qualifies: the error to avoid is a plain yes.
        let in_principle = self.pair(0, self.plain.len(), "in", "principle").is_some();
        let in_part = self.pair(at + 1, self.plain.len().min(at + 12), "in", "part").is_some()
            || self.any(at.saturating_sub(3), at, &["partially", "partly", "part"]).is_some()
            || self.any(at + 1, (at + 3).min(self.plain.len()), &["partially", "partly"]).is_some()
            || (verb == Verb::Accept
                && self.any(at + 1, at + 5, &["parts", "elements", "aspects"]).is_some());
        let answers = object.is_some() || passive || heads;
        let from = at.saturating_sub(match () {
            () if negated => 2,
            () if in_part && !heads => 1,
            () => 0,
        });
        match verb {
            Verb::Reject if answers => {
                Some(self.made(Response::Rejected, at, object.map_or(at + 1, |o| o + 1), at))
            }
            Verb::Accept | Verb::Agree | Verb::Support if negated && answers => {
                Some(self.made(Response::Rejected, from, object.map_or(at + 1, |o| o + 1), at))
            }
            _ if negated => None,
            Verb::Accept | Verb::Agree | Verb::Support
                if in_principle && (answers || verb != Verb::Agree || aim.is_some()) =>
            {
                let to = self.pair(at + 1, self.plain.len(), "in", "principle").map_or(at + 1, |i| i + 2);
                Some(self.made(Response::AcceptedInPrinciple, from.min(at), to, at))
            }
            Verb::Accept | Verb::Agree | Verb::Support if in_part && answers => {
                let to =
                    self.pair(at + 1, self.plain.len().min(at + 12), "in", "part").map_or(at + 1, |i| i + 2);
                let from = self.any(at.saturating_sub(3), at, &["partially", "partly"]).unwrap_or(at);
                Some(self.made(Response::AcceptedInPart, from, to, at))
            }
            // "Accepts the need" is not acceptance of what is asked; nor is agreement with an aim.
            Verb::Accept | Verb::Agree | Verb::Support
                if aim.is_some_and(|aim| {
                    verb == Verb::Accept
                        || self.recommendation_after(aim)
                        || matches!(
                            self.word(aim),
                            "principle" | "principles" | "spirit" | "intent" | "intention" | "thrust"
                        )
                }) =>
            {
                let aim = aim.unwrap_or(at);
                Some(self.made(Response::AcceptedInPrinciple, at, aim + 1, at))
            }
            Verb::Accept | Verb::Agree if answers => {
                Some(self.made(Response::Accepted, at, object.map_or(at + 1, |o| o + 1), at))
            }
            // "Supported by the Office for Returns, the centre has …" tells who helped.
            Verb::Support
                if answers
                    && (self.word(at + 1) != "by"
                        || self.any(0, at, &["recommendation", "recommendations"]).is_some()) =>
            {
                Some(self.made(Response::Supported, at, object.map_or(at + 1, |o| o + 1), at))
            }
            Verb::Note if answers => {
                Some(self.made(Response::Acknowledged, at, object.map_or(at + 1, |o| o + 1), at))
            }
            _ => None,
        }
    }

    /// Words after a verb that can belong to its object.
    fn reach(&self, at: usize) -> usize {
        let limit = (at + 1 + REACH).min(self.plain.len());
        (at + 1..limit).find(|i| self.words[i - 1].ends_with([';', ':', '–']) && *i > at + 1).unwrap_or(limit)
    }

    /// Where the object of a verb ends, where that is the recommendation: "this recommendation", "recommendation 4", "it".
    fn object(&self, at: usize) -> Option<usize> {
        let end = self.reach(at);
        let next = self.word(at + 1);
        if matches!(next, "this" | "these" | "them" | "it")
            && (at + 2 >= self.plain.len() || self.words[at + 1].ends_with(['.', ',', ';']))
        {
            return Some(at + 1);
        }
        // "accepts that the recommendation …" and "agrees with the Board that …" speak of something else.
        let that = self.any(at + 1, end, &["that"]).unwrap_or(end);
        let noting = self.word(at).starts_with("note")
            || self.word(at).starts_with("acknowledge")
            || self.word(at).starts_with("welcome");
        let found = (at + 1..that).find(|i| {
            self.word(*i).starts_with("recommendation") || (noting && self.word(*i).starts_with("conclusion"))
        })?;
        // "accepts the findings behind the recommendation"
        let other = self.any(
            at + 1,
            found,
            &["findings", "analysis", "evidence", "concern", "concerns", "report", "point", "importance"],
        );
        (other.is_none() || self.word(found - 1) == "and").then_some(found)
    }

    fn recommendation_before(&self, at: usize) -> bool {
        let from = at.saturating_sub(REACH);
        let be = self.any(at.saturating_sub(4), at, &["is", "are", "was", "were", "be", "been", "being"]);
        be.is_some_and(|be| {
            (from..be).any(|i| {
                self.word(i).starts_with("recommendation") || matches!(self.word(i), "this" | "these")
            })
        })
    }

    fn recommendation_after(&self, at: usize) -> bool {
        (at + 1..(at + 7).min(self.plain.len()))
            .any(|i| self.word(i).starts_with("recommendation") || self.word(i) == "proposal")
    }

    /// Whether a verb heads an answer: "Accepted.", "Accept in full", "Partially accepted –", "Not accepted".
    fn heads_the_answer(&self, at: usize) -> bool {
        let lead = (0..at).all(|i| {
            matches!(
                self.word(i),
                "" | "not"
                    | "partially"
                    | "partly"
                    | "fully"
                    | "in"
                    | "principle"
                    | "part"
                    | "position"
                    | "response"
                    | "government"
                    | "status"
                    | "do"
                    | "recommendation"
            ) || self.word(i).bytes().all(|b| b.is_ascii_digit())
        });
        let label_before =
            at == 0 || self.words[..at].iter().any(|w| w.ends_with([':', '–', '-'])) || at <= 2;
        let capital = self.words[at].starts_with(char::is_uppercase) || at > 0;
        let closed = self.words[at].ends_with(['.', ':', ';', ',', ')']) || at + 1 == self.plain.len();
        let qualified = matches!(self.word(at + 1), "in" | "with" | "subject" | "–" | "-" | "");
        let we = at == 1 && matches!(self.word(0), "we" | "i") && closed;
        we || lead && label_before && capital && (closed || qualified)
    }

    /// "is unable to accept", "cannot accept".
    fn unable(&self, at: usize) -> bool {
        self.any(at.saturating_sub(3), at, &["unable", "cannot"]).is_some()
    }

    /// Whether the verb is somebody else's: an inquiry's, a committee's, an earlier government's.
    fn by_others(&self, at: usize) -> bool {
        let after = self.pair(at, at + 3, self.word(at), "by").map(|i| i + 2);
        let other = |i: usize| {
            matches!(
                self.word(i),
                "committee"
                    | "committee’s"
                    | "inquiry"
                    | "inquiry’s"
                    | "chair"
                    | "previous"
                    | "former"
                    | "report"
                    | "court"
                    | "stakeholders"
                    | "respondents"
                    | "witnesses"
                    | "predecessor"
            )
        };
        let subject_from = (0..at).rev().find(|i| self.words[*i].ends_with([',', ';'])).map_or(0, |i| i + 1);
        // "the Board accepts the Inquiry's recommendation" has the other for its object, not its subject.
        after.is_some_and(other)
            || (subject_from..at).any(other)
                && !(subject_from..at).any(|i| {
                    matches!(
                        self.word(i),
                        "we" | "government" | "department" | "recommendation" | "recommendations"
                    )
                })
    }

    /// "has already been implemented", "considers this recommendation complete".
    fn already_done(&self) -> Option<Stated> {
        const DONE: [&str; 11] = [
            "implemented",
            "done",
            "met",
            "delivered",
            "completed",
            "complete",
            "fulfilled",
            "closed",
            "addressed",
            "place",
            "discharged",
        ];
        let all = self.plain.len();
        let recommendation = (0..all).find(|i| self.word(*i).starts_with("recommendation"));
        if let Some(considers) = self.any(0, all, &["considers", "consider", "regards", "believes"])
            && recommendation.is_some_and(|r| r > considers && r < considers + 5)
            && let Some(done) = self.any(considers, (considers + 12).min(all), &DONE)
            && self.word(considers.saturating_sub(1)) != "will"
        {
            return Some(self.made(Response::SaysAlreadyDone, considers, done + 1, considers));
        }
        let already = self.any(0, all, &["already"])?;
        let done = self.any(already, (already + 5).min(all), &DONE)?;
        let about_it = recommendation.is_some_and(|r| r < already)
            || (0..already).any(|i| matches!(self.word(i), "this" | "these" | "it"));
        let started = self.any(already, done, &["begun", "started", "being"]).is_some();
        (about_it && !started).then(|| self.made(Response::SaysAlreadyDone, already, done + 1, already))
    }

    /// "This recommendation is a matter for the courts."
    fn left_to_others(&self) -> Option<Stated> {
        let all = self.plain.len();
        let at = (0..all).find(|i| {
            (self.word(*i) == "matter" && self.word(i + 1) == "for")
                || (self.word(*i) == "responsibility" && self.word(i + 1) == "of")
        })?;
        let subject = (0..at).any(|i| self.word(i).starts_with("recommendation"))
            || matches!(self.word(0), "this" | "it");
        let be = self.any(at.saturating_sub(4), at, &["is", "are", "remains"]);
        (subject && be.is_some()).then(|| self.made(Response::NotForUs, at, at + 2, at))
    }

    /// "will consider this recommendation in the White Paper", "will respond in due course".
    fn put_off(&self) -> Option<Stated> {
        let all = self.plain.len();
        let recommendation = (0..all).any(|i| self.word(i).starts_with("recommendation"))
            || matches!(self.word(0), "this" | "it");
        let verb = self.any(
            0,
            all,
            &["consider", "considered", "considering", "respond", "decide", "deferred", "defer", "position"],
        )?;
        let ahead = self.any(verb.saturating_sub(4), verb, &["will", "is", "are", "be"]).is_some();
        let deferred = matches!(self.word(verb), "deferred" | "defer");
        let heads = deferred && verb == 0;
        let later = self.pair(verb, all, "white", "paper").is_some()
            || self.pair(verb, all, "due", "course").is_some()
            || self.pair(verb, all, "spending", "review").is_some()
            || self.any(verb, all, &["later", "further", "forthcoming", "consultation"]).is_some();
        let object = self.object(verb).is_some();
        // "Will set out its position in a White Paper" speaks of nothing else.
        let own_position = self.word(verb) == "position" && later;
        (heads || ahead && (own_position || recommendation && (deferred || object || later)))
            .then(|| self.made(Response::Deferred, verb, (verb + 4).min(all), verb))
    }

    /// Who takes the position, as written, where the subject of the verb names a body; nobody for "we" and "the
    /// Government", which is whoever answers.
    fn responders(&self, verb: usize) -> Vec<String> {
        let label =
            |i: usize| self.words[i].ends_with([':', ';']) || (i == 0 && self.words[i].ends_with('.'));
        let from = (0..verb).rev().find(|i| label(*i)).map_or(0, |i| i + 1);
        let mut to = verb;
        while to > from
            && matches!(
                self.word(to - 1),
                "also"
                    | "therefore"
                    | "fully"
                    | "partially"
                    | "partly"
                    | "does"
                    | "do"
                    | "not"
                    | "has"
                    | "have"
                    | "is"
                    | "are"
                    | "both"
                    | "all"
                    | "cannot"
                    | "unable"
                    | "to"
                    | "broadly"
                    | "each"
                    | "in"
                    | "principle"
                    | "part"
                    | "will"
                    | "would"
            )
        {
            to -= 1;
        }
        let subject = self.words[from..to].join(" ");
        let names = addressees::bodies_named(&subject);
        let generic = |n: &str| {
            matches!(
                n.to_lowercase().as_str(),
                "government" | "department" | "we" | "recommendation" | "hm government"
            )
        };
        names.into_iter().filter(|n| !generic(n)).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Accept,
    Agree,
    Support,
    Reject,
    Note,
}

/// The position that a few words by themselves state, as in the cell of a table or a sub-heading.
pub(super) fn in_few_words(text: &str) -> Option<ReadResponse> {
    let text = text.trim();
    if text.split_whitespace().count() > 12 {
        return None;
    }
    let stated = stated(text)?;
    Some(ReadResponse {
        position: stated.position,
        responder: stated.responders.first().cloned(),
        phrase: stated.phrase,
    })
}

/// Who answers, as the title of a document says: "Scottish Government response to …".
pub(super) fn answering_body(body: &Body<'_>) -> Option<String> {
    let title = body.reading.about.title.clone().unwrap_or_default();
    let opening = (0..body.blocks.len().min(30))
        .filter(|at| matches!(body.blocks[*at].kind, BlockKind::Heading(_)) || body.text(*at).len() < 200)
        .map(|at| body.text(at).to_owned());
    std::iter::once(title).chain(opening).find_map(|text| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lower = text.to_lowercase();
        let at = lower.find(" response to")?;
        let before = text.get(..at)?;
        let name = before.rsplit([':', '–']).next()?.trim().trim_end_matches("’s").trim_end_matches("'s");
        // "Police response to the disorder" names what a report is about.
        let answered = lower[at..].split_whitespace().take(16).any(|w| {
            ["report", "recommendation", "inquiry", "committee", "review", "audit"]
                .iter()
                .any(|d| w.starts_with(d))
        });
        answered.then(|| addressees::body_named(name)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, position: Response) {
        let read = read(text);
        assert_eq!(read.first().map_or(Response::Unknown, |r| r.position), position, "{text}: {read:?}");
    }

    #[test]
    fn in_principle_is_never_accepted() {
        for text in [
            "The Government accepts this recommendation in principle.",
            "Accepted in principle. We accepted the need.",
            "The Government accepts the principle of this recommendation.",
            "We agree in principle with this recommendation.",
            "Accept in principle",
            "The recommendation is accepted in principle, subject to funds.",
            "The Government accepts the need for better returns.",
            "The Government supports the intention of this recommendation.",
            "In principle, the Government accepts recommendation 4.",
            "The Department accepts recommendations 3 and 4, both in principle.",
        ] {
            check(text, Response::AcceptedInPrinciple);
        }
        check("Accepted in full.", Response::Accepted);
    }

    #[test]
    fn every_position_has_its_own_words() {
        check("The Government accepts this recommendation.", Response::Accepted);
        check("The Government agrees with this recommendation and will act.", Response::Accepted);
        check("We accept.", Response::Accepted);
        check("Government response: Accept", Response::Accepted);
        check("This recommendation has been accepted.", Response::Accepted);
        check("We accept this recommendation in part.", Response::AcceptedInPart);
        check("Partially accepted.", Response::AcceptedInPart);
        check("The Government partially accepts this recommendation.", Response::AcceptedInPart);
        check(
            "The Government accepts this recommendation. It does not accept the part about fees in this recommendation.",
            Response::AcceptedInPart,
        );
        check("The Government does not accept this recommendation, because", Response::Rejected);
        check("We are unable to accept this recommendation.", Response::Rejected);
        check("Not accepted.", Response::Rejected);
        check("The Government rejects this recommendation.", Response::Rejected);
        check("This recommendation has already been implemented.", Response::SaysAlreadyDone);
        check("The Government considers this recommendation to be complete.", Response::SaysAlreadyDone);
        check("This recommendation will be considered in a White Paper.", Response::Deferred);
        check(
            "The Government will consider this recommendation in its design of the unit.",
            Response::Deferred,
        );
        check(
            "The Government supports this recommendation, which was made to the Board.",
            Response::Supported,
        );
        check("The Government will set out its position in a White Paper on ports.", Response::Deferred);
        check("The Government notes this recommendation.", Response::Acknowledged);
        check("This recommendation is a matter for the courts.", Response::NotForUs);
    }

    #[test]
    fn warm_words_take_no_position() {
        for text in [
            "Work goes on.",
            "The unaccepted offer",
            "The Government agrees that returns matter.",
            "The Government agrees with the Committee on the importance of returns.",
            "The Board supports the Council in its work.",
            "The Committee accepted this recommendation in 2019.",
            "Whether to accept this recommendation was debated.",
            "The Government is committed to better returns.",
            "The Government has already taken steps.",
        ] {
            check(text, Response::Unknown);
        }
    }

    #[test]
    fn a_stated_position_outweighs_a_passing_remark() {
        check(
            "This will be considered further in the Spending Review. The Government accepts this recommendation in principle.",
            Response::AcceptedInPrinciple,
        );
    }

    #[test]
    fn several_may_answer_one_item_differently() {
        let read = read(
            "The Scottish Government accepts this recommendation. The Welsh Government accepts this recommendation in principle.",
        );
        let taken: Vec<(Option<&str>, Response)> =
            read.iter().map(|r| (r.responder.as_deref(), r.position)).collect();
        assert_eq!(
            taken,
            [
                (Some("Scottish Government"), Response::Accepted),
                (Some("Welsh Government"), Response::AcceptedInPrinciple)
            ]
        );
    }

    #[test]
    fn who_takes_it() {
        assert_eq!(read("We accept this recommendation.")[0].responder, None);
        assert_eq!(
            read("The Harbour Board does not accept this recommendation.")[0].responder.as_deref(),
            Some("Harbour Board")
        );
    }

    #[test]
    fn a_few_words_in_a_cell() {
        let cell = |text: &str| in_few_words(text).map(|r| r.position);
        assert_eq!(cell("Accept in full"), Some(Response::Accepted));
        assert_eq!(cell("Accept in principle"), Some(Response::AcceptedInPrinciple));
        assert_eq!(cell("Partially accept"), Some(Response::AcceptedInPart));
        assert_eq!(cell("Returns of the Board"), None);
    }

    #[test]
    fn who_helped_is_no_position() {
        check("Further, supported by the Office for Returns, the centre has made a tool.", Response::Unknown);
        check("This is supported by a liaison officer.", Response::Unknown);
        check("This recommendation is supported by the Government.", Response::Supported);
    }
}
