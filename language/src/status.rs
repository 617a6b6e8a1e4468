//! Assertion status: is it said to have happened, to whom, when, and by whom.
//!
//! The method is that of `ConText` (Harkema, Dowling, Thornblade and Chapman 2009): triggers, each with a direction, reach the
//! phrases beside them until something ends their reach. Added for this field are the child's own denial, what others did not
//! know, words talked about, words taken back, and the grammatical subject of the clause.

use serde::Serialize;

use crate::{
    note::Meta,
    pack::{
        ADVERB, AUXILIARY, BE, CHILD, CONDUCT, CONJUNCTION, Compiled, DETERMINER, FUNCTION, NO, OTHER_MARK,
        OUTSIDER, POSSESSIVE, PREPOSITION, PROFESSIONAL, PRONOUN, RELATIVE, RELATIVISER, THING, TriggerKind,
        YES,
    },
    pattern::is_name,
    text::{Sentence, Token, mark, shape},
};

/// Whether something is said to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assertion {
    /// The record says that it is so.
    Affirmed,
    /// The record says that it is not so.
    Negated,
    /// The record says that it may be so.
    Possible,
    /// A condition, a question, a plan or a statement about children in general.
    Hypothetical,
    /// The child says that it is not so. Never the same as negated: what others saw stands.
    DeniedByChild,
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Temporality {
    /// Now or lately.
    Current,
    /// In the past. Past harm counts.
    Historical,
}

/// Who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Experiencer {
    /// The child whose record it is.
    Subject,
    /// Another person.
    Other,
}

/// Why a phrase that a rule matched is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotCounted {
    /// Policy, training or an audit, or words talked about.
    Quotation,
    /// Words that the author takes back or puts right.
    Correction,
    /// Said by the child, a relative, a suspect or another, and not adopted.
    ReportedSpeech,
    /// About another person.
    OtherPerson,
    /// Another sense of the words.
    OtherSense,
    /// The author says that it is not so.
    Negated,
    /// Asked, not said.
    Question,
    /// About children in general.
    General,
    /// Suppressed in the text or by the baseline, with a reason.
    Suppressed,
}

/// A word or phrase that changed a status, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cue {
    /// What it did.
    pub kind: &'static str,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte.
    pub end: u32,
}

/// A trigger found in a sentence, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) kind: TriggerKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) sentence: u32,
}

/// The status of one phrase.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) assertion: Assertion,
    pub(crate) temporality: Temporality,
    pub(crate) experiencer: Experiencer,
    pub(crate) not_counted: Option<NotCounted>,
    pub(crate) endorsed: bool,
    pub(crate) cues: Vec<Cue>,
    /// The end of the phrase, moved to take in a form's answer.
    pub(crate) end: u32,
}

/// Places that are named where who was meant stands before: "her friend from the old school who".
const PLACES: &[&str] =
    &["school", "college", "clinic", "hospital", "home", "placement", "council", "service", "health", "team"];

/// What is done to a professional and not by one.
const ADDRESSING: &[&str] = &[
    "asked",
    "asks",
    "told",
    "tells",
    "visited",
    "visits",
    "attended",
    "attends",
    "saw",
    "sees",
    "rang",
    "called",
    "contacted",
    "contacts",
    "informed",
    "approached",
];

/// Those of the family who are children themselves, and friends: "Sister: bruises", "her friend told us that she had been hurt".
const PEERS: &[&str] = &[
    "brother",
    "brothers",
    "sister",
    "sisters",
    "sibling",
    "siblings",
    "cousin",
    "cousins",
    "nephew",
    "niece",
    "friend",
    "friends",
    "bestfriend",
    "peer",
    "classmate",
    "classmates",
    "flatmate",
    "roommate",
];

/// The ends of names for a child: "young person", "the 14-year-old", "the younger one".
const PARTS: &[&str] =
    &["person", "persons", "people", "old", "one", "yo", "youngest", "eldest", "pair", "named", "latter"];

/// Nouns that only "he" takes up.
const MALE: &[&str] = &[
    "man",
    "men",
    "father",
    "dad",
    "daddy",
    "uncle",
    "brother",
    "grandfather",
    "grandad",
    "stepfather",
    "stepdad",
    "stepbrother",
    "nephew",
    "husband",
    "boyfriend",
    "landlord",
    "guy",
    "bloke",
    "priest",
    "imam",
];

/// Nouns that only "she" takes up.
const FEMALE: &[&str] = &[
    "woman",
    "women",
    "mother",
    "mum",
    "mam",
    "mummy",
    "aunt",
    "auntie",
    "sister",
    "gran",
    "nan",
    "nana",
    "granny",
    "grandmother",
    "stepmother",
    "stepmum",
    "stepsister",
    "niece",
    "wife",
    "girlfriend",
    "landlady",
];

/// What one does who comes upon something.
const SEEING: &[&str] = &[
    "found",
    "saw",
    "seen",
    "noticed",
    "discovered",
    "spotted",
    "heard",
    "recognised",
    "smelled",
    "smelt",
    "photographed",
    "counted",
];

/// Who runs away and is no child.
const ANIMALS: &[&str] = &["dog", "cat", "horse", "hamster", "pet"];

/// What a child does who speaks of harm.
const TELLING: &[&str] = &["told", "tells", "disclosed", "discloses", "confided", "revealed", "said", "says"];

/// Nouns for words that are talked about.
const TERMS: &[&str] = &[
    "term",
    "terms",
    "label",
    "labels",
    "description",
    "descriptions",
    "tag",
    "category",
    "heading",
    "code",
    "expression",
    "called",
    "named",
    "headed",
    "titled",
    "marked",
    "word",
    "words",
    "phrase",
    "phrases",
    "wording",
];

/// What leads to whom something falls upon.
const UPON: &[&str] = &["to", "of", "on", "for", "against", "towards", "at"];

/// What is hurt.
const BODY: &[&str] = &[
    "arm",
    "arms",
    "leg",
    "legs",
    "neck",
    "face",
    "wrist",
    "wrists",
    "back",
    "body",
    "hand",
    "hands",
    "eye",
    "eyes",
    "head",
    "chest",
    "shoulder",
    "shoulders",
    "cheek",
    "ribs",
    "throat",
    "stomach",
    "lip",
];

/// Adjectives that may stand between a preposition and a person or place.
const ADJECTIVES: &[&str] = &[
    "older", "best", "known", "old", "new", "former", "previous", "local", "same", "other", "next", "last",
    "first", "primary", "another", "close", "younger", "little", "baby", "twin", "eldest", "youngest",
    "elder", "half", "step", "foster", "whole", "unknown", "adult",
];

/// Whose clause a phrase stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Child,
    Other(u32),
    Thing(u32),
    Nobody,
}

/// One note, read.
pub(crate) struct Reader<'a> {
    pub(crate) packs: &'a Compiled,
    pub(crate) text: &'a str,
    pub(crate) meta: &'a Meta,
    pub(crate) tokens: &'a [Token],
    pub(crate) sentences: &'a [Sentence],
    /// In the order of the text.
    pub(crate) triggers: &'a [Found],
}

/// What a rule asks of the status layer.
pub(crate) struct Ask {
    pub(crate) wording: bool,
    /// What the child has said of the harm.
    pub(crate) disclosure: bool,
    /// What is done to somebody: what was told of harm, a charge.
    pub(crate) suffered: bool,
    /// What names its victim: a charge, images.
    pub(crate) befalls: bool,
    /// How services and the child meet.
    pub(crate) engagement: bool,
    /// Words for a character.
    pub(crate) character: bool,
    /// Words that place the child at risk.
    pub(crate) risk: bool,
    pub(crate) subject: crate::pack::Subject,
    pub(crate) negated: bool,
    pub(crate) historical: bool,
    /// Age and time words inside the phrase do not date it.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) sentence: u32,
}

/// The heading that a sentence stands under: what ends in a colon at the end of a line above it.
pub(crate) fn heading_of(sentence: u32, tokens: &[Token], sentences: &[Sentence]) -> Option<u32> {
    let mut at = sentence;
    loop {
        let first = sentences[at as usize].first;
        let before = tokens[first as usize].before;
        if at == 0 || before & mark::LINE == 0 {
            return None;
        }
        at -= 1;
        if before & mark::COLON != 0 {
            return Some(at);
        }
    }
}

impl Reader<'_> {
    fn class(&self, at: u32) -> u32 {
        let Some(token) = self.tokens.get(at as usize) else { return 0 };
        if token.is_number() { 0 } else { self.packs.words.of(token.word) }
    }

    fn is(&self, at: u32, word: &str) -> bool {
        self.tokens.get(at as usize).is_some_and(|t| t.text(self.text).eq_ignore_ascii_case(word))
    }

    fn of_sentence(&self, sentence: u32) -> &[Found] {
        let from = self.triggers.partition_point(|t| t.sentence < sentence);
        let to = self.triggers.partition_point(|t| t.sentence <= sentence);
        &self.triggers[from..to]
    }

    fn cue(&self, kind: &'static str, start: u32, end: u32) -> Cue {
        let (first, last) = (self.tokens[start as usize], self.tokens[(end.max(start + 1) - 1) as usize]);
        Cue { kind, start: first.start, end: last.end }
    }

    /// The status of a phrase.
    pub(crate) fn status(&self, ask: &Ask) -> Status {
        let mut status = Status {
            assertion: Assertion::Affirmed,
            temporality: if ask.historical { Temporality::Historical } else { Temporality::Current },
            experiencer: Experiencer::Subject,
            not_counted: None,
            endorsed: false,
            cues: Vec::new(),
            end: ask.end,
        };
        let triggers: Vec<Found> = self.of_sentence(ask.sentence).to_vec();
        self.experiencer(ask, &triggers, &mut status);
        if ask.wording {
            self.wording(ask, &triggers, &mut status);
        } else {
            self.assertion(ask, &triggers, &mut status);
            self.temporality(ask, &triggers, &mut status);
        }
        status
    }

    // Who.

    fn experiencer(&self, ask: &Ask, triggers: &[Found], status: &mut Status) {
        use crate::pack::Subject;
        if ask.subject != Subject::Any {
            let owner = match self.owner(ask, triggers) {
                owner @ (Owner::Child | Owner::Nobody)
                    if owner == Owner::Child || ask.start == self.sentences[ask.sentence as usize].first =>
                {
                    self.antecedent(ask).map_or(owner, Owner::Other)
                }
                owner => owner,
            };
            match owner {
                Owner::Other(at) if ask.subject == Subject::AdultToo && self.class(at) & RELATIVE == 0 => {}
                // "Her friend threatened to share pictures of her": a relative may do it too, but "was threatened" is no act.
                Owner::Other(at)
                    if ask.befalls
                        && self.names_child(ask)
                        && !(at + 1..=ask.start).any(|i| {
                            ["was", "were", "is", "been", "being"].iter().any(|w| self.is(i, w))
                        }) => {}
                // "Adults gave her drink", "men collect her": done to the child, unless it is said what they are or have.
                Owner::Other(at)
                    if !ask.wording
                        && self.class(at) & RELATIVE == 0
                        && (self.class(at + 1) & BE == 0
                            && self.class(at) & CHILD == 0
                            && !self.becomes(ask)
                            && !(at > 0 && self.class(at - 1) & OTHER_MARK != 0)
                            && !self.sweetheart(at)
                            || self.names_child(ask)) => {}
                // Who finds, reports and records is not who is harmed.
                Owner::Other(at)
                    if self.class(at) & (RELATIVE | OUTSIDER) == 0
                        && self.class(at) & PROFESSIONAL != 0
                        && (!ask.wording
                            || at + 1 < ask.start && self.class(at + 1) & (BE | RELATIVISER) == 0) => {}
                Owner::Other(at) => {
                    status.experiencer = Experiencer::Other;
                    status.cues.push(self.cue("other person", at, at + 1));
                }
                Owner::Thing(at) if ask.wording || ask.subject == Subject::Child => {
                    status.not_counted = Some(NotCounted::OtherSense);
                    status.cues.push(self.cue("not a person", at, at + 1));
                }
                _ => {}
            }
        }
        // A rule that does not ask whose it is still leaves out "her cousin was seen with older men".
        if ask.subject == Subject::Any
            && !ask.wording
            && self.said_to_be(ask)
            // "Her stepfather was charged with assaulting her."
            && !(ask.befalls && self.names_child(ask))
            && let Owner::Other(at) = self.owner(ask, triggers)
            && self.class(at) & RELATIVE != 0
        {
            status.experiencer = Experiencer::Other;
            status.cues.push(self.cue("other person", at, at + 1));
        }
        if ask.subject == Subject::Child
            && ask.wording
            && self.describes_thing(ask)
            && status.not_counted.is_none()
        {
            status.not_counted = Some(NotCounted::OtherSense);
            status.cues.push(self.cue("not a person", ask.end, ask.end + 1));
        }
        // "Her brother's case is closed."
        if ask.subject == Subject::Any && !ask.wording && ask.start >= 2 && self.is(ask.start - 1, "'s") {
            let at = ask.start - 2;
            if self.class(at) & RELATIVE != 0 && at >= self.sentences[ask.sentence as usize].first {
                status.experiencer = Experiencer::Other;
                status.cues.push(self.cue("other person", at, at + 1));
            }
        }
        if let Some(at) = self.describes_other(ask) {
            status.experiencer = Experiencer::Other;
            status.cues.push(self.cue("other person", at, at + 1));
        }
        if let Some(at) = self.tells_of_own(ask).or_else(|| self.told_of(ask)) {
            status.experiencer = Experiencer::Other;
            status.cues.push(self.cue("other person", at, at + 1));
        }
        if let Some(at) = self.falls_on(ask) {
            status.experiencer = Experiencer::Other;
            status.cues.push(self.cue("other person", at, at + 1));
        }
        if status.experiencer == Experiencer::Other && ask.wording && status.not_counted.is_none() {
            status.not_counted = Some(NotCounted::OtherPerson);
        }
    }

    /// "her aggressive father", "a manipulative man of 40": the word after is whom a word for character describes.
    fn describes_other(&self, ask: &Ask) -> Option<u32> {
        let at = ask.end;
        if !ask.character || at >= self.sentences[ask.sentence as usize].last {
            return None;
        }
        let token = self.tokens[at as usize];
        let class = self.class(at);
        let young = self
            .tokens
            .iter()
            .skip(at as usize + 1)
            .take(3)
            .any(|t| t.is_number() && (4..18).contains(&t.word));
        let person =
            class & RELATIVE != 0 || class & OUTSIDER != 0 && class & CHILD == 0 && !self.sex(at) && !young;
        (person && token.before & (mark::BARRIER | mark::CLOSE_QUOTE | mark::LINE) == 0).then_some(at)
    }

    /// "She disclosed that her brother had been hurt": whose harm is told of stands inside the phrase.
    fn told_of(&self, ask: &Ask) -> Option<u32> {
        if !ask.disclosure {
            return None;
        }
        (ask.start + 2..ask.end).find(|at| {
            let done_to = self.is(at + 1, "was")
                || self.is(at + 1, "were")
                || self.is(at + 2, "been") && self.class(at + 1) & AUXILIARY != 0;
            self.class(*at) & RELATIVE != 0
                && done_to
                && !(at + 2..ask.end).any(|i| self.class(i) & PRONOUN != 0)
        })
    }

    /// "Her friend told us that a man had hurt her": a child who tells tells of own harm, unless a name or "he" for "she" says whose.
    fn tells_of_own(&self, ask: &Ask) -> Option<u32> {
        if !ask.disclosure {
            return None;
        }
        let first = self.sentences[ask.sentence as usize].first;
        let peer = |at: &u32| PEERS.iter().any(|w| self.is(*at, w));
        let at = (first.max(ask.start.saturating_sub(2))..=ask.start).rev().find(peer)?;
        // Seeing is no telling, and a name is somebody else's.
        let tells = (at + 1..ask.end.min(at + 4)).any(|i| TELLING.iter().any(|w| self.is(i, w)));
        let named = (at + 2..ask.end).any(|i| is_name(self.tokens[i as usize]));
        (tells && !named).then_some(at)
    }

    /// The relative whom a phrase falls upon: "injuries to her sister", "bruises were seen on his mother", "assaulted her brother".
    fn falls_on(&self, ask: &Ask) -> Option<u32> {
        let last = self.sentences[ask.sentence as usize].last;
        let upon = |at: u32| UPON.iter().any(|w| self.is(at, w));
        // The phrase may end in the "her" of "her sister".
        let mut from = ask.end;
        if from > ask.start + 1 && self.class(from - 1) & POSSESSIVE != 0 {
            from -= 1;
        }
        let found = (from..last.min(from + 6))
            .take_while(|at| *at == from || self.tokens[*at as usize].before & mark::BARRIER == 0)
            .find(|at| self.class(*at) & RELATIVE != 0)?;
        if found < ask.end || self.tokens[ask.end as usize].before & mark::BARRIER != 0 {
            return None;
        }
        let linked = (from..found).all(|i| {
            self.class(i) & (PREPOSITION | POSSESSIVE | DETERMINER | PRONOUN | OTHER_MARK | AUXILIARY) != 0
                || ADJECTIVES.iter().any(|w| self.is(i, w))
        });
        // "debts to her cousin" are the child's.
        let owed = (ask.start..ask.end)
            .any(|i| ["debt", "debts", "owes", "owe", "owed"].iter().any(|w| self.is(i, w)));
        let by_preposition = (from..found).any(upon)
            || upon(from - 1) && (from < ask.end || !owed && !self.is(from.max(2) - 2, "known"));
        // "raped her sister": what was suffered has its object beside it, unless who did it follows, as after "by".
        let direct = ask.suffered
            && from < found
            && (from..found).all(|i| self.class(i) & (PREPOSITION | AUXILIARY) == 0)
            && self.class(from - 1) & PREPOSITION == 0;
        // "at her aunt's", "to her uncle's flat" are places; "to her mother's face" is hers.
        let place = self.is(found + 1, "'s")
            && !BODY.iter().any(|w| self.is(found + 2, w))
            && !["of", "on", "against"].iter().any(|w| (from.max(1) - 1..found).any(|i| self.is(i, w)));
        (linked && (by_preposition || direct) && !place).then_some(found)
    }

    /// Whom the pronoun that begins the sentence takes up, where that is not the child: "The man came again. He is manipulative."
    ///
    /// Asked for is a person named in the sentence before (or further back over sentences that begin with the same pronoun), that
    /// the pronoun fits, and that the sentences about it write of a child of the other sex and never use the pronoun elsewhere.
    fn antecedent(&self, ask: &Ask) -> Option<u32> {
        let he = |at: u32| ["he", "his", "him", "himself"].iter().any(|w| self.is(at, w));
        let she = |at: u32| ["she", "her", "hers", "herself"].iter().any(|w| self.is(at, w));
        let opening = |sentence: u32| self.sentences[sentence as usize].first;
        let male = he(opening(ask.sentence));
        if !male && !she(opening(ask.sentence)) {
            return None;
        }
        let own = |at: u32| if male { he(at) } else { she(at) };
        let mut back = ask.sentence;
        while back > 0 && ask.sentence - back < 4 && own(opening(back)) {
            back -= 1;
        }
        let Sentence { first, last, .. } = self.sentences[back as usize];
        let (wrong, right) = if male { (FEMALE, MALE) } else { (MALE, FEMALE) };
        // The first person of that sentence, before any pronoun of the kind.
        let at = (first..last).find(|at| own(*at) || self.class(*at) & (RELATIVE | OUTSIDER) != 0)?;
        let fits = self.class(at) & (RELATIVE | OUTSIDER) != 0
            && self.class(at) & CHILD == 0
            && !self.sex(at)
            && !wrong.iter().any(|w| self.is(at, w))
            && (right.iter().any(|w| self.is(at, w)) || self.class(at) & OUTSIDER != 0)
            && !self.is(at + 1, "'s");
        if !fits {
            return None;
        }
        let around = self.sentences[back.saturating_sub(8) as usize].first
            ..self.sentences[(ask.sentence as usize + 4).min(self.sentences.len() - 1)].last;
        let run = first..self.sentences[ask.sentence as usize].last;
        let mut other = false;
        for at in around {
            if own(at) && !run.contains(&at) {
                return None;
            }
            other |= if male { she(at) } else { he(at) };
        }
        other.then_some(at)
    }

    /// Whether the phrase is what somebody is or was: "was seen with ...".
    fn said_to_be(&self, ask: &Ask) -> bool {
        let first = self.sentences[ask.sentence as usize].first;
        let mut at = ask.start;
        loop {
            if ["is", "was", "were", "been"].iter().any(|w| self.is(at, w)) {
                return true;
            }
            if at == first
                || self.tokens[at as usize].before & mark::BARRIER != 0
                || at < ask.start && self.class(at) & (AUXILIARY | ADVERB | PREPOSITION) == 0
            {
                return false;
            }
            at -= 1;
        }
    }

    /// "a challenging timetable": the word after is a noun of another kind.
    fn describes_thing(&self, ask: &Ask) -> bool {
        let last = self.sentences[ask.sentence as usize].last;
        let Some(next) = self.tokens.get(ask.end as usize).filter(|_| ask.end < last) else { return false };
        let text = next.text(self.text);
        let plain = next.shape & (shape::NUMBER | shape::CAPITAL) == 0
            && next.before & (mark::BARRIER | mark::CLOSE_QUOTE) == 0;
        let noun = next.word == 0 && !text.ends_with("ly") && !text.ends_with("ing");
        plain && (noun || self.class(ask.end) & THING != 0 && self.class(ask.end) & CHILD == 0)
    }

    /// "His girlfriend", "her partner": what they have or are is theirs, like a relative's.
    fn sweetheart(&self, at: u32) -> bool {
        at > 0
            && self.class(at - 1) & POSSESSIVE != 0
            && ["girlfriend", "boyfriend", "partner"].iter().any(|w| self.is(at, w))
    }

    /// Whether the phrase says what somebody was: "were drunk", which is no act of adults upon a child.
    fn becomes(&self, ask: &Ask) -> bool {
        ["is", "was", "were", "are"].iter().any(|w| self.is(ask.start, w))
            && !(ask.start..ask.end).any(|i| self.class(i) & (OUTSIDER | PREPOSITION) != 0)
    }

    fn names_child(&self, ask: &Ask) -> bool {
        (ask.start..ask.end).any(|i| self.class(i) & PRONOUN != 0)
    }

    /// Walks back from a phrase to the subject of its clause.
    fn owner(&self, ask: &Ask, triggers: &[Found]) -> Owner {
        let (sentence, start) = (ask.sentence, ask.start);
        let first = self.sentences[sentence as usize].first;
        let head = self.class(start) & AUXILIARY != 0 || self.tokens[start as usize].word == 0;
        // "her mother's bruises", "his brother's phone": what stands right after a relative's name is the relative's.
        if start >= first + 2 && self.is(start - 1, "'s") && self.class(start) & (RELATIVE | OUTSIDER) == 0 {
            let class = self.class(start - 2);
            // A man's car holds the child; his manner is his own. "Female's" is how a log names the child.
            let theirs = class & RELATIVE != 0
                || ask.wording && class & (OUTSIDER | PROFESSIONAL) != 0 && !self.sex(start - 2);
            if theirs {
                return Owner::Other(start - 2);
            }
        }
        let mut verb = head;
        // "rude and dismissive": the first of two stands between them and whose they are.
        let mut joined = self.is(start, "and") || start > first && self.is(start - 1, "and");
        let mut near = true;
        // Two verbs of one subject: who says the first is who does the second.
        let mut both = false;
        let mut at = start;
        while at > first {
            let before = self.tokens[at as usize].before;
            if before & (mark::SEMICOLON | mark::DASH | mark::COLON | mark::TICKED | mark::UNTICKED) != 0 {
                return match self.labelled(first, at, triggers) {
                    Some(relative) if before & mark::COLON != 0 => Owner::Other(relative),
                    _ => Owner::Nobody,
                };
            }
            at -= 1;
            let token = self.tokens[at as usize];
            if token.is_number() {
                continue;
            }
            let class = self.class(at);
            let possessor = at + 1 < start && self.is(at + 1, "'s");
            // "a girl in her class": the girl, and not whose class it is.
            if class & POSSESSIVE != 0
                && at >= first + 3
                && self.class(at - 2) & CHILD != 0
                && self.class(at - 2) & (PRONOUN | RELATIVE) == 0
                && self.beside(at - 2, first)
            {
                return Owner::Other(at - 2);
            }
            if class & CHILD != 0 && class & (RELATIVE | OUTSIDER) == 0 {
                if possessor {
                    continue;
                }
                // "The suspect denies knowing her and claims": whom, not who.
                let object = ["her", "him", "them"].iter().any(|w| self.is(at, w))
                    && self.is(at + 1, "and")
                    && at + 2 <= start
                    && (at + 2..start).all(|i| self.class(i) & (ADVERB | AUXILIARY) != 0);
                if object {
                    (near, both) = (true, true);
                    continue;
                }
                // "The man who took her is": "her" before a verb is whom.
                let whom = ["her", "him", "them"].iter().any(|w| self.is(at, w))
                    && ["is", "was", "has", "had", "will", "does", "did"].iter().any(|w| self.is(at + 1, w));
                if whom {
                    continue;
                }
                let own = u32::from(at > first + 2 && self.is(at - 1, "own"));
                let theirs = at > first + 1 + own
                    && self.is(at - 1 - own, "'s")
                    && self.class(at - 2 - own) & (RELATIVE | OUTSIDER | PROFESSIONAL) != 0;
                if at > first
                    && class & PRONOUN == 0
                    && (self.class(at - 1) & OTHER_MARK != 0
                        || self.class(at - 1) & POSSESSIVE != 0
                            && (self.is(at, "twin") || self.is(at, "twins"))
                        || theirs
                        || self.is(at - 1, "older")
                        || self.beside(at, first))
                {
                    // "with two other girls" is not who; "she and two other girls" are both.
                    let (oblique, left) = self.oblique(at, first);
                    if oblique && left > first {
                        at = left;
                        continue;
                    }
                    if left > first
                        && self.is(left - 1, "and")
                        && (first..left - 1)
                            .any(|i| self.class(i) & CHILD != 0 && self.class(i) & POSSESSIVE == 0)
                    {
                        return Owner::Child;
                    }
                    return Owner::Other(at);
                }
                // "the boy with the dog" is left alone: the first child met is taken.
                return Owner::Child;
            }
            if class & (RELATIVE | OUTSIDER | PROFESSIONAL) != 0 && !possessor {
                if at > first && self.is(at, "carer") && self.is(at - 1, "young") {
                    return Owner::Child;
                }
                // "Female, 13, ...": a child, whatever the noun.
                let age = self.tokens[at as usize + 1..start as usize].iter().take(2).find(|t| t.is_number());
                // "His girlfriend, 15,": a child, and another.
                let of_theirs = at > first && self.class(at - 1) & POSSESSIVE != 0;
                if class & OUTSIDER != 0
                    && !of_theirs
                    && (age.is_some_and(|t| (4..18).contains(&t.word))
                        || at == first && self.aged_after(start, sentence))
                {
                    return Owner::Child;
                }
                if !both && (Self::speaks(at, start, triggers) || self.finds(at, start)) {
                    return Owner::Nobody;
                }
                // "her friend from the old school who": a place is not who.
                let place = class & (RELATIVE | OUTSIDER) == 0 && PLACES.iter().any(|w| self.is(at, w));
                let relative = at + 1 < start
                    && self.class(at + 1) & RELATIVISER != 0
                    && !(place && self.is(at + 1, "who"));
                // "her cousin asked the clinic for": asked and not asking.
                if class & (RELATIVE | OUTSIDER) == 0 && self.addressed(at, first) {
                    near = false;
                    continue;
                }
                let (oblique, left) = self.oblique(at, first);
                if oblique && !relative {
                    // "The path to the clinic is ...": the head stands before; after an "and" it is another clause.
                    near &= !(at + 1..start).any(|i| self.class(i) & CONJUNCTION != 0);
                    at = left;
                    continue;
                }
                // "She and her friend were seen"; "he left without telling carers and was out".
                let joined =
                    left > first && self.is(left - 1, "and") || (at + 1..start).any(|i| self.is(i, "and"));
                if joined
                    && (first..at.saturating_sub(1))
                        .any(|i| self.class(i) & CHILD != 0 && self.class(i) & POSSESSIVE == 0)
                {
                    return Owner::Child;
                }
                // A body of professionals is seldom who is missing or hurt; what follows it is about the child.
                if class & PROFESSIONAL != 0 && class & (RELATIVE | OUTSIDER) == 0 && !near {
                    continue;
                }
                return Owner::Other(at);
            }
            if class & CONDUCT != 0 {
                // "her behaviour", "the account": the child's, unless somebody else's is said.
                if near && at > first && possessor_before(self, at, first) {
                    return Owner::Other(at);
                }
                return Owner::Child;
            }
            // "We have failed to engage her".
            if ask.engagement && near && (self.is(at, "we") || self.is(at, "i")) {
                return Owner::Other(at);
            }
            if class & THING != 0 {
                if near && ask.wording && ANIMALS.iter().any(|w| self.is(at, w)) {
                    return Owner::Thing(at);
                }
                // "A girl in her class is": the head stands before the preposition.
                let (oblique, left) = self.oblique(at, first);
                if oblique && left > first && self.class(left - 1) & CHILD != 0 {
                    at = left;
                    continue;
                }
                if near && verb {
                    return Owner::Thing(at);
                }
                near = false;
                continue;
            }
            if class & (AUXILIARY | ADVERB) != 0 {
                verb |= class & AUXILIARY != 0;
                continue;
            }
            if class & (PREPOSITION | DETERMINER | FUNCTION | CONJUNCTION | RELATIVISER) != 0 {
                continue;
            }
            let initial = token.shape & shape::SINGLE != 0;
            if is_name(token) && (at > first || initial || at + 1 < start) {
                // A capital first in the sentence with no verb after it is a word, not a name.
                let named = at > first
                    || initial
                    || self.class(at + 1) & (AUXILIARY | ADVERB) != 0
                    || at + 1 == start && head;
                // "Half sister Kayleigh", "his cousin Dev": the name is the relative's, unless the relative is told it.
                let beside = at > first
                    && self.class(at - 1) & RELATIVE != 0
                    && token.before & (mark::BARRIER | mark::LINE) == 0
                    && !self.addressed(at - 1, first);
                if beside && named {
                    return Owner::Other(at - 1);
                }
                if named {
                    return Owner::Child;
                }
            }
            if near && verb && token.word == 0 && !possessor {
                // A small letter that no class knows, right before the verb: a thing. A child's noun is in a class.
                let plain = token.shape & shape::CAPITAL == 0;
                let adverb = token.text(self.text).ends_with("ly");
                // "She likes to be": what stands after "she" is what she does.
                let does =
                    at > first && self.class(at - 1) & PRONOUN != 0 && self.class(at - 1) & POSSESSIVE == 0;
                if plain && !adverb && !does && self.tokens[at as usize + 1].before & mark::COMMA == 0 {
                    return Owner::Thing(at);
                }
            }
            // "The case law is challenging": a noun that no class knows, with its article, is not the child.
            if near
                && verb
                && (ask.character || ask.engagement)
                && class == 0
                && !possessor
                && !PARTS.iter().any(|w| self.is(at, w))
            {
                let noun = (first..at)
                    .rev()
                    .take(3)
                    .take_while(|i| self.class(*i) & !(DETERMINER | ADVERB) == 0)
                    .find(|i| ["the", "this", "that", "these", "those"].iter().any(|w| self.is(*i, w)));
                if noun.is_some() && !self.tokens[at as usize + 1].is_number() {
                    return Owner::Thing(at);
                }
            }
            if joined {
                joined = false;
                continue;
            }
            near = false;
        }
        Owner::Nobody
    }

    /// "Male", "female": in a log, whoever it is about.
    fn sex(&self, at: u32) -> bool {
        ["male", "males", "female", "females"].iter().any(|w| self.is(at, w))
    }

    /// "Female is known to officers, 13 years": the age of a child behind what is said of whom the entry begins with.
    fn aged_after(&self, start: u32, sentence: u32) -> bool {
        let last = self.sentences[sentence as usize].last;
        (start..last.saturating_sub(1)).any(|at| {
            let token = self.tokens[at as usize];
            token.is_number()
                && (4..18).contains(&token.word)
                && ["years", "yrs", "yr", "yo", "y"].iter().any(|w| self.is(at + 1, w))
        })
    }

    /// "His parents found a second phone", "Mum has seen bruises": who finds is not whose it is. "Sister found drunk" was found.
    fn finds(&self, at: u32, start: u32) -> bool {
        let verb = (at + 1..start).find(|i| {
            !["has", "have", "had", "also", "then", "since", "since", "later", "herself", "himself"]
                .iter()
                .any(|w| self.is(*i, w))
        });
        let Some(verb) = verb.filter(|i| *i <= at + 3 && SEEING.iter().any(|w| self.is(*i, w))) else {
            return false;
        };
        let next = self.class(verb + 1);
        let object = next & (DETERMINER | POSSESSIVE | PRONOUN | CHILD) != 0
            || self.tokens.get(verb as usize + 1).is_some_and(|t| t.is_number());
        object || verb + 1 == start && next & (PREPOSITION | AUXILIARY) == 0
    }

    /// The relative whom the words before a colon name: "Sister (9):", "Mother, seen by the doctor:". "Mother:" alone is who speaks.
    fn labelled(&self, first: u32, colon: u32, triggers: &[Found]) -> Option<u32> {
        let mut found = None;
        for at in first..colon {
            let class = self.class(at);
            if self.tokens[at as usize].before & mark::SEMICOLON != 0 && at > first {
                return None;
            }
            if class & RELATIVE != 0 && !self.is(at + 1, "'s") && found.is_none() {
                found = Some(at);
            } else if class & CHILD != 0 && class & POSSESSIVE == 0 {
                return None;
            }
        }
        let at = found?;
        let told = at + 1 < colon && (at + 1..colon).any(|i| self.class(i) & AUXILIARY != 0);
        let named = PEERS.iter().any(|w| self.is(at, w));
        ((named || told) && !Self::speaks(at, colon, triggers)).then_some(at)
    }

    /// A child who is known by the child of the record: "a girl in her class", "the boy in the next room".
    fn beside(&self, at: u32, first: u32) -> bool {
        if at == first
            || self.class(at - 1) & DETERMINER == 0
                && !self.is(at - 1, "older")
                && !self.is(at - 1, "younger")
        {
            return false;
        }
        let by = ["in", "from", "at", "on", "of"].iter().any(|w| self.is(at + 1, w));
        let theirs = self.class(at + 2) & POSSESSIVE != 0
            || self.is(at + 2, "the") && ["next", "same", "other"].iter().any(|w| self.is(at + 3, w));
        by && theirs && self.tokens[at as usize + 1].before & mark::BARRIER == 0
    }

    /// Whether a person who stands at `at` is said to speak, know or see before `start`.
    fn speaks(at: u32, start: u32, triggers: &[Found]) -> bool {
        triggers.iter().any(|t| {
            matches!(
                t.kind,
                TriggerKind::Speech | TriggerKind::Pseudo | TriggerKind::Denial | TriggerKind::Hypothetical
            ) && t.start > at
                && t.start <= at + 4
                && t.end <= start
        })
    }

    /// Whether the noun at `at` is whom somebody asks, tells or visits.
    fn addressed(&self, at: u32, first: u32) -> bool {
        let mut left = at;
        while left > first && at - left < 3 {
            if self.tokens[left as usize].before & mark::BARRIER != 0 {
                return false;
            }
            left -= 1;
            if ADDRESSING.iter().any(|w| self.is(left, w)) {
                return left > first;
            }
            if self.class(left) & (DETERMINER | POSSESSIVE) == 0 {
                return false;
            }
        }
        false
    }

    /// Whether the noun at `at` follows a preposition, and where its phrase begins.
    fn oblique(&self, at: u32, first: u32) -> (bool, u32) {
        let mut left = at;
        for _ in 0..4 {
            if left == first || self.tokens[left as usize].before & mark::BARRIER != 0 {
                return (false, left);
            }
            let class = self.class(left - 1);
            let through = self.packs.words.of(self.tokens[left as usize - 1].word)
                & (DETERMINER | POSSESSIVE | OTHER_MARK | PRONOUN)
                != 0
                || self.tokens[left as usize - 1].is_number()
                || self.tokens[left as usize - 1].word == 0
                || ADJECTIVES.iter().any(|w| self.is(left - 1, w));
            if class & PREPOSITION != 0 {
                return (true, left - 1);
            }
            if !through {
                return (false, left);
            }
            left -= 1;
        }
        (false, left)
    }

    // Whether.

    /// "did not deny", "until May that she": a phrase that looks like the trigger and is another, from before it or all about it.
    fn silenced(trigger: &Found, triggers: &[Found]) -> bool {
        triggers.iter().filter(|t| t.kind == TriggerKind::Pseudo).any(|t| {
            let from_before = t.start < trigger.start && trigger.start < t.end;
            let covers = t.start <= trigger.start && trigger.end <= t.end;
            // A no is silenced by any phrase that it is a part of: "not [known who]".
            let shares =
                trigger.kind == TriggerKind::Negation && t.start < trigger.end && trigger.end <= t.end;
            from_before || covers || shares
        })
    }

    /// Whether a trigger that ends at `from` reaches a phrase that starts at `start`.
    fn reaches(&self, from: u32, start: u32, triggers: &[Found], most: u32, list: bool) -> bool {
        if start - from > most {
            return false;
        }
        let ended =
            triggers.iter().any(|t| t.kind == TriggerKind::Terminator && t.start >= from && t.start < start);
        if ended {
            return false;
        }
        for at in from..=start {
            // "With no boundaries she is ...": a new subject is a new clause, unless it is what is thought or said.
            let subject = at > from && at < start && ["he", "she", "they"].iter().any(|w| self.is(at, w));
            let led = [
                "that", "think", "thinks", "believe", "believes", "feel", "feels", "say", "says", "case",
                "if",
            ];
            if subject && !led.iter().any(|w| self.is(at - 1, w)) {
                return false;
            }
            let before = self.tokens[at as usize].before;
            if before & (mark::SEMICOLON | mark::SENTENCE) != 0
                || before & mark::CLOSE_BRACKET != 0 && at > from
            {
                return false;
            }
            if before & (mark::COMMA | mark::DASH) != 0 && at > from {
                let class = self.class(at);
                let clause = class & (AUXILIARY | PRONOUN) != 0 && class & DETERMINER == 0
                    || class & PROFESSIONAL != 0 && class & RELATIVE == 0;
                let joined = self.is(at, "or") || self.is(at, "nor") || self.is(at, "and");
                if clause || !list && !joined {
                    return false;
                }
            }
        }
        true
    }

    fn assertion(&self, ask: &Ask, triggers: &[Found], status: &mut Status) {
        if ask.negated {
            status.assertion = Assertion::Negated;
        }
        let sentence = self.sentences[ask.sentence as usize];
        let general = matches!(self.meta.doc_type.as_str(), "policy" | "training");
        if general {
            status.assertion = Assertion::Hypothetical;
            return;
        }
        if sentence.question {
            status.assertion = Assertion::Hypothetical;
            if let Some((at, yes)) = self.answer(ask.sentence) {
                status.assertion = if yes { Assertion::Affirmed } else { Assertion::Negated };
                status.cues.push(self.cue("answer", at, at + 1));
            }
            return;
        }
        if self.form(ask, sentence, status) {
            return;
        }
        // A trigger may share its last word with the phrase: "could [be pregnant]".
        let inside = |t: &Found| t.start >= ask.start && t.start < ask.end;
        let before = |kind: TriggerKind| {
            let clipped = |t: &Found| Found { end: t.end.min(ask.start), ..*t };
            triggers
                .iter()
                .filter(move |t| t.kind == kind && t.start < ask.start && t.end < ask.end)
                .map(clipped)
        };
        if let Some(t) = triggers.iter().find(|t| {
            matches!(t.kind, TriggerKind::Generic | TriggerKind::HypotheticalSentence) && !inside(t)
        }) {
            status.assertion = Assertion::Hypothetical;
            status.cues.push(self.cue("hypothetical", t.start, t.end));
            return;
        }
        for t in before(TriggerKind::Hypothetical) {
            let ended = (t.end..=ask.start).any(|at| self.tokens[at as usize].before & mark::SEMICOLON != 0)
                || (t.end..ask.start).any(|at| self.is(at, "but") || self.is(at, "however"));
            // "It is not clear whether" doubts; "whether" alone supposes.
            let doubted = triggers
                .iter()
                .any(|p| p.kind == TriggerKind::Possible && p.start < t.start && t.start < p.end);
            // "Neither school nor home has seen any new clothes" says no.
            let denied = self.is(t.start, "any")
                && triggers.iter().any(|n| {
                    n.kind == TriggerKind::Negation
                        && n.end <= t.start
                        && !Self::silenced(n, triggers)
                        && self.reaches(n.end, t.start, triggers, 9, true)
                });
            if !ended && !doubted && !denied && !Self::silenced(&t, triggers) {
                status.assertion = Assertion::Hypothetical;
                status.cues.push(self.cue("hypothetical", t.start, t.end));
                return;
            }
        }
        if let Some(t) = self.would_be(ask, triggers) {
            status.assertion = Assertion::Hypothetical;
            status.cues.push(self.cue("hypothetical", t.start, t.end));
            return;
        }
        // "She says that the men never hurt her": the no stands inside what was told.
        let told_no = triggers.iter().find(|t| {
            t.kind == TriggerKind::Denial && t.start >= ask.start && t.end <= ask.end && ask.disclosure
        });
        if let Some(t) = told_no {
            status.assertion = Assertion::DeniedByChild;
            status.cues.push(self.cue("denied by the child", t.start, t.end));
            return;
        }
        // The child's own no.
        for t in before(TriggerKind::Denial) {
            if Self::silenced(&t, triggers) || !self.reaches(t.end, ask.start, triggers, 14, true) {
                continue;
            }
            if self.speaker(&t, ask, triggers) == Speaker::Child {
                status.assertion = Assertion::DeniedByChild;
                status.cues.push(self.cue("denied by the child", t.start, t.end));
                return;
            }
        }
        for t in before(TriggerKind::Negation) {
            if Self::silenced(&t, triggers) {
                continue;
            }
            let word = self.tokens[t.start as usize].text(self.text);
            let list = !["not", "n't", "never", "cannot"].iter().any(|w| word.eq_ignore_ascii_case(w));
            if self.reaches(t.end, ask.start, triggers, if list { 16 } else { 9 }, list) {
                status.assertion = Assertion::Negated;
                status.cues.push(self.cue("negation", t.start, t.end));
                return;
            }
        }
        for t in triggers.iter().filter(|t| {
            t.kind == TriggerKind::NegationAfter && t.start >= ask.end && !Self::silenced(t, triggers)
        }) {
            if t.start - ask.end <= 2 && self.unbroken(ask.end, t.start, triggers) {
                status.assertion = Assertion::Negated;
                status.cues.push(self.cue("negation", t.start, t.end));
                return;
            }
        }
        if let Some(t) = Self::around(ask, triggers) {
            status.assertion = Assertion::Negated;
            status.cues.push(self.cue("negation", t.start, t.end));
            return;
        }
        if ask.negated {
            return;
        }
        let query = (ask.start.max(sentence.first + 1) - 1..=ask.start)
            .any(|at| self.tokens[at as usize].before & mark::QUERY != 0);
        if query {
            status.assertion = Assertion::Possible;
            status.cues.push(self.cue("possible", ask.start, ask.start + 1));
            return;
        }
        for t in before(TriggerKind::Possible) {
            // "thought to be at risk" is the assessment itself.
            let assessed = ask.risk
                && (t.start..t.end).any(|at| {
                    ["thought", "believed", "felt", "believe", "think", "believes", "concern", "concerns"]
                        .iter()
                        .any(|w| self.is(at, w))
                });
            if assessed {
                continue;
            }
            // "not known whether" doubts, though "not known" by itself says no to nothing.
            let weighed = (t.start..t.end).any(|at| self.is(at, "whether") || self.is(at, "if"));
            if (weighed || !Self::silenced(&t, triggers))
                && self.reaches(t.end, ask.start, triggers, 12, true)
            {
                status.assertion = Assertion::Possible;
                status.cues.push(self.cue("possible", t.start, t.end));
                return;
            }
        }
        for t in triggers.iter().filter(|t| t.kind == TriggerKind::PossibleAfter && t.start >= ask.end) {
            if t.start - ask.end <= 5 && self.unbroken(ask.end, t.start, triggers) {
                status.assertion = Assertion::Possible;
                status.cues.push(self.cue("possible", t.start, t.end));
                return;
            }
        }
        self.heading(ask, status);
    }

    /// "She would be afraid of them if they came back": what is said to follow from a condition that stands after it.
    fn would_be<'t>(&self, ask: &Ask, triggers: &'t [Found]) -> Option<&'t Found> {
        let first = self.sentences[ask.sentence as usize].first;
        let modal = (first.max(ask.start.saturating_sub(3))..=ask.start)
            .rev()
            .find(|at| ["would", "could", "will", "'d", "'ll"].iter().any(|w| self.is(*at, w)))?;
        if (modal + 1..=ask.start).any(|at| self.tokens[at as usize].before & mark::BARRIER != 0) {
            return None;
        }
        triggers.iter().find(|t| {
            t.kind == TriggerKind::Hypothetical
                && t.start >= ask.end
                && (self.is(t.start, "if") || self.is(t.start, "unless"))
                && self.unbroken(ask.end, t.start, &[])
        })
    }

    /// A no on both sides: "the report that ... was wrong".
    fn around<'t>(ask: &Ask, triggers: &'t [Found]) -> Option<&'t Found> {
        triggers
            .iter()
            .find(|t| t.kind == TriggerKind::NegationAround && t.start < ask.start && t.end > ask.end)
    }

    fn unbroken(&self, from: u32, to: u32, triggers: &[Found]) -> bool {
        let walls =
            (from..=to).any(|at| self.tokens[at as usize].before & (mark::SEMICOLON | mark::SENTENCE) != 0);
        !walls
            && !triggers.iter().any(|t| t.kind == TriggerKind::Terminator && t.start >= from && t.start < to)
    }

    /// Reads "Heading: yes", "Heading - none" and ticked boxes.
    fn form(&self, ask: &Ask, sentence: Sentence, status: &mut Status) -> bool {
        let mut at = ask.start;
        loop {
            let before = self.tokens[at as usize].before;
            if before & mark::TICKED != 0 {
                status.cues.push(self.cue("ticked", at, at + 1));
                return true;
            }
            if before & mark::UNTICKED != 0 {
                status.assertion = Assertion::Negated;
                status.cues.push(self.cue("not ticked", at, at + 1));
                return true;
            }
            if at == sentence.first || before & mark::BARRIER != 0 || ask.start - at > 4 {
                break;
            }
            at -= 1;
        }
        let mut answer = None;
        for at in ask.end..sentence.last.min(ask.end + 4) {
            let class = self.class(at);
            let token = self.tokens[at as usize];
            let denies = self.is(at, "denies") || self.is(at, "denied");
            if class & (YES | NO) == 0 && !denies {
                if token.before & mark::SENTENCE != 0 {
                    break;
                }
                continue;
            }
            let parted = token.before
                & (mark::COLON | mark::DASH | mark::OPEN_BRACKET | mark::SLASH | mark::QUERY)
                != 0;
            let last = at + 1 == sentence.last;
            let alone =
                last || self.tokens[at as usize + 1].before & (mark::BARRIER | mark::SLASH | mark::LINE) != 0;
            let letter = token.shape & shape::SINGLE != 0;
            let capital = token.shape & shape::CAPITAL != 0;
            // "Alcohol: denies", as a form writes what the child says.
            if denies {
                if parted && alone {
                    status.end = at + 1;
                    status.assertion = Assertion::DeniedByChild;
                    status.cues.push(self.cue("form", at, at + 1));
                    return true;
                }
                continue;
            }
            // "Gifts: none seen", "Gifts Y", "GIFTS NO".
            let after_heading = parted && (letter || alone || self.is(at, "none") || self.is(at, "nil"));
            let beside_it = at == ask.end && (letter && capital || last && token.shape & shape::UPPER != 0);
            if after_heading || beside_it {
                answer = Some((at, class & YES != 0));
            }
        }
        let Some((at, yes)) = answer else { return false };
        status.end = at + 1;
        status.assertion = if yes { Assertion::Affirmed } else { Assertion::Negated };
        status.cues.push(self.cue("form", at, at + 1));
        true
    }

    /// The answer to a question, in the few words that follow it: "Any bruises? None seen.", "Missing? Yes".
    fn answer(&self, sentence: u32) -> Option<(u32, bool)> {
        let next = self.sentences.get(sentence as usize + 1)?;
        let class = self.class(next.first);
        let short = next.last - next.first <= 3
            || self.tokens[next.first as usize + 1].before & (mark::COMMA | mark::DASH | mark::SEMICOLON)
                != 0;
        (class & (YES | NO) != 0 && short && !self.is(next.first, "never"))
            .then_some((next.first, class & YES != 0))
    }

    /// A list takes its status from the line that heads it: "No evidence of:", "Signs to look out for:".
    fn heading(&self, ask: &Ask, status: &mut Status) {
        let Some(at) = heading_of(ask.sentence, self.tokens, self.sentences) else { return };
        for t in self.of_sentence(at) {
            let assertion = match t.kind {
                TriggerKind::Negation if t.end + 2 >= self.sentences[at as usize].last => Assertion::Negated,
                TriggerKind::Hypothetical | TriggerKind::HypotheticalSentence | TriggerKind::Generic => {
                    Assertion::Hypothetical
                }
                _ => continue,
            };
            status.assertion = assertion;
            status.cues.push(self.cue("heading", t.start, t.end));
            return;
        }
    }

    // When.

    fn temporality(&self, ask: &Ask, triggers: &[Found], status: &mut Status) {
        for t in triggers.iter().filter(|t| t.kind == TriggerKind::Historical) {
            let (low, high) = (t.end.min(ask.end), t.start.max(ask.start));
            let parted = (low + 1..=high)
                .any(|at| self.tokens.get(at as usize).is_some_and(|x| x.before & mark::SEMICOLON != 0));
            let recent = triggers.iter().any(|n| {
                n.kind == TriggerKind::Now
                    && (n.start < t.end && t.start < n.end
                        || n.start >= t.end && n.end <= ask.start
                        || t.start >= ask.end && n.start >= ask.end && n.start < t.start
                        || n.start > t.end && self.is(n.start - 1, "again"))
            });
            if parted || recent || self.not_past(t) {
                continue;
            }
            status.temporality = Temporality::Historical;
            status.cues.push(self.cue("historical", t.start, t.end));
            return;
        }
    }

    /// A year that is the note's own, or an age that the child has now.
    fn not_past(&self, t: &Found) -> bool {
        (t.start..t.end).map(|at| self.tokens[at as usize]).filter(|x| x.is_number()).any(|x| match x.word {
            1900..=2100 => self.meta.date.is_some_and(|d| i32::from(d.year()) <= x.word as i32),
            n => {
                (4..100).contains(&n)
                    && self.meta.subject_age.is_some_and(|age| n >= u32::from(age))
                    && !(t.start..t.end).any(|at| self.is(at, "ago") || self.is(at, "years"))
            }
        })
    }

    // Wording.

    fn wording(&self, ask: &Ask, triggers: &[Found], status: &mut Status) {
        if status.not_counted.is_some() {
            return;
        }
        let inside = |t: &Found| t.start < ask.end && ask.start < t.end;
        let quoted = self.quoted(ask);
        let mut reported = None;
        if matches!(self.meta.doc_type.as_str(), "policy" | "training" | "audit")
            || self.meta.doc_type == "letter" && quoted
        {
            status.not_counted = Some(NotCounted::Quotation);
            return;
        }
        let sentence = self.sentences[ask.sentence as usize];
        let set = |status: &mut Status, reason, kind, t: &Found| {
            status.not_counted = Some(reason);
            status.cues.push(self.cue(kind, t.start, t.end));
        };
        for t in triggers.iter().filter(|t| !inside(t)) {
            match t.kind {
                // "given words of advice" talks about no words.
                TriggerKind::Mention
                    if triggers
                        .iter()
                        .any(|p| p.kind == TriggerKind::Pseudo && p.start <= t.start && t.end <= p.end) => {}
                TriggerKind::Mention => return set(status, NotCounted::Quotation, "talked about", t),
                TriggerKind::Correction => return set(status, NotCounted::Correction, "taken back", t),
                TriggerKind::Generic => return set(status, NotCounted::General, "in general", t),
                _ => {}
            }
        }
        // A box that is not ticked, an answer of no.
        let mut answered = status.clone();
        if self.form(ask, sentence, &mut answered) && answered.assertion == Assertion::Negated {
            status.not_counted = Some(NotCounted::Negated);
            status.cues = answered.cues;
            return;
        }
        // "I challenged the term 'risky behaviour'".
        if let Some(at) = self.termed(ask).filter(|_| quoted) {
            status.not_counted = Some(NotCounted::Quotation);
            status.cues.push(self.cue("talked about", at, at + 1));
            return;
        }
        if sentence.question {
            status.not_counted = Some(NotCounted::Question);
            return;
        }
        if let Some(next) = self.sentences.get(ask.sentence as usize + 1) {
            let class = self.class(next.first);
            let refers = class & (FUNCTION | DETERMINER) != 0
                || ["chair", "manager", "he", "she"].iter().any(|w| self.is(next.first, w));
            if refers
                && let Some(t) =
                    self.of_sentence(ask.sentence + 1).iter().find(|t| t.kind == TriggerKind::Correction)
            {
                return set(status, NotCounted::Correction, "taken back", t);
            }
        }
        // Words in the first person between quotation marks are not the author's.
        if quoted && let Some(at) = self.first_person(ask) {
            status.not_counted = Some(NotCounted::ReportedSpeech);
            status.cues.push(self.cue("reported", at, at + 1));
            return;
        }
        for t in triggers
            .iter()
            .filter(|t| t.kind == TriggerKind::Speech && !inside(t) && !Self::silenced(t, triggers))
        {
            // "according to the first report": a report is no saying.
            let noun = t.start > sentence.first
                && ["report", "reports", "claim", "claims", "state", "view"]
                    .iter()
                    .any(|w| self.is(t.start, w))
                && (self.class(t.start - 1) & (DETERMINER | POSSESSIVE) != 0
                    || ADJECTIVES.iter().any(|w| self.is(t.start - 1, w)));
            if noun {
                continue;
            }
            let speaker = self.speaker(t, ask, triggers);
            let framed = if t.end <= ask.start {
                quoted
                    || !(t.end..=ask.start).any(|at| self.tokens[at as usize].before & mark::SEMICOLON != 0)
                        && !(t.end..ask.start).any(|at| self.is(at, "but"))
            } else {
                (ask.end..=t.start)
                    .any(|at| self.tokens[at as usize].before & (mark::COMMA | mark::CLOSE_QUOTE) != 0)
                    && t.start - ask.end <= 8
                    && t.end + 3 >= sentence.last
            };
            if framed && matches!(speaker, Speaker::Child | Speaker::Other) {
                reported = Some(*t);
            }
        }
        for t in
            triggers.iter().filter(|t| t.kind == TriggerKind::Negation && t.end <= ask.start && !inside(t))
        {
            if !Self::silenced(t, triggers) && self.reaches(t.end, ask.start, triggers, 7, true) {
                return set(status, NotCounted::Negated, "negation", t);
            }
        }
        if let Some(t) = Self::around(ask, triggers) {
            return set(status, NotCounted::Negated, "negation", t);
        }
        // "Mum: she is out of control", as minutes write who speaks.
        let label = || {
            let colon = (sentence.first + 1..=ask.start.min(sentence.first + 4))
                .find(|at| self.tokens[*at as usize].before & mark::COLON != 0)?;
            let at = (sentence.first..colon).find(|at| self.class(*at) & RELATIVE != 0)?;
            Some(Found { kind: TriggerKind::Speech, start: at, end: colon, sentence: ask.sentence })
        };
        let Some(t) = reported.or_else(label) else { return };
        let after = |t: &&Found| t.sentence > ask.sentence || t.start >= ask.end || t.end <= ask.start;
        let nearby = || {
            let next = if (ask.sentence as usize) + 1 < self.sentences.len() {
                self.of_sentence(ask.sentence + 1)
            } else {
                &[]
            };
            triggers.iter().chain(next)
        };
        let endorsed = nearby().filter(after).find(|t| t.kind == TriggerKind::Endorsement);
        let rejected = nearby().any(|t| t.kind == TriggerKind::Rejection);
        match endorsed {
            Some(e) if !rejected => {
                status.endorsed = true;
                status.cues.push(self.cue("reported", t.start, t.end));
                status.cues.push(self.cue("endorsed", e.start, e.end));
            }
            _ => set(status, NotCounted::ReportedSpeech, "reported", &t),
        }
    }

    /// Whether the phrase stands between quotation marks.
    fn quoted(&self, ask: &Ask) -> bool {
        let sentence = self.sentences[ask.sentence as usize];
        let mut open = false;
        for at in sentence.first..=ask.start {
            let before = self.tokens[at as usize].before;
            if before & mark::CLOSE_QUOTE != 0 {
                open = false;
            }
            if before & mark::OPEN_QUOTE != 0 {
                open = true;
            }
        }
        open
    }

    /// The noun before the quotation marks that says that words are talked about.
    fn termed(&self, ask: &Ask) -> Option<u32> {
        let first = self.sentences[ask.sentence as usize].first;
        let open = (first..=ask.start)
            .rev()
            .find(|at| self.tokens[*at as usize].before & mark::OPEN_QUOTE != 0)
            .filter(|open| *open > first)?;
        TERMS.iter().any(|w| self.is(open - 1, w)).then_some(open - 1)
    }

    /// "I" or "my" between the quotation marks that hold a phrase.
    fn first_person(&self, ask: &Ask) -> Option<u32> {
        let sentence = self.sentences[ask.sentence as usize];
        let open = (sentence.first..=ask.start)
            .rev()
            .find(|at| self.tokens[*at as usize].before & mark::OPEN_QUOTE != 0)?;
        let close =
            (ask.end..sentence.last).find(|at| self.tokens[*at as usize].before & mark::CLOSE_QUOTE != 0);
        (open..close.unwrap_or(sentence.last))
            .find(|at| ["i", "my", "me", "myself"].iter().any(|w| self.is(*at, w)))
    }

    /// Who speaks where a speech word stands.
    fn speaker(&self, t: &Found, ask: &Ask, _triggers: &[Found]) -> Speaker {
        let sentence = self.sentences[ask.sentence as usize];
        // "according to her father", "in the view of school", "in his words".
        if self.is(t.start, "according")
            || self.is(t.start, "account")
            || self.is(t.start, "in")
            || self.is(t.start, "from")
        {
            for at in t.start..sentence.last.min(t.end + 4) {
                if self.is(at, "my") || self.is(at, "our") {
                    return Speaker::Author;
                }
                if let Some(speaker) = self.person(at, sentence.first) {
                    if speaker == Speaker::Child
                        && at + 1 < sentence.last
                        && self.class(at + 1) & (RELATIVE | OUTSIDER | PROFESSIONAL) != 0
                    {
                        continue;
                    }
                    return speaker;
                }
            }
            return Speaker::Author;
        }
        // "described by her father as".
        if t.end < ask.start && self.is(t.end, "by") {
            for at in t.end + 1..ask.start.min(t.end + 5) {
                if self.class(at) & POSSESSIVE == 0
                    && let Some(speaker) = self.person(at, sentence.first)
                {
                    return speaker;
                }
            }
        }
        let mut at = t.start;
        let passive = at > sentence.first
            && ["is", "was", "been", "be", "being", "are", "were"].iter().any(|w| self.is(at - 1, w));
        if passive {
            return Speaker::Author;
        }
        while at > sentence.first {
            let before = self.tokens[at as usize].before;
            // Who speaks stands in the same clause: not before ", although those who know her say".
            let clause = before & mark::COMMA != 0
                && ["although", "though", "but", "while", "whereas", "because"]
                    .iter()
                    .any(|w| self.is(at, w));
            if before & (mark::SEMICOLON | mark::COLON) != 0 || clause {
                return Speaker::Author;
            }
            at -= 1;
            if at + 1 < t.start && self.is(at + 1, "'s") {
                continue;
            }
            // "her previous placements told us": the "her" of a noun does not speak.
            if self.is(at, "her")
                && at + 1 < t.start
                && self.class(at + 1) & (AUXILIARY | ADVERB | PREPOSITION) == 0
                && self.tokens[at as usize + 1].before & mark::BARRIER == 0
            {
                continue;
            }
            if let Some(speaker) = self.person(at, sentence.first) {
                let (oblique, left) = self.oblique(at, sentence.first);
                if oblique && speaker != Speaker::Author && left > sentence.first && t.start - at > 2 {
                    at = left;
                    continue;
                }
                return speaker;
            }
        }
        if t.start == sentence.first {
            // "Denies alcohol", "Says that ...": nobody but the child is left out.
            let class = self.class(t.end.min(sentence.last - 1));
            if t.end < sentence.last
                && class & (RELATIVE | OUTSIDER | PROFESSIONAL) != 0
                && t.start >= ask.end
            {
                return Speaker::Other;
            }
            return Speaker::Child;
        }
        Speaker::Author
    }

    fn person(&self, at: u32, first: u32) -> Option<Speaker> {
        let token = self.tokens[at as usize];
        let class = self.class(at);
        if self.is(at, "i") || self.is(at, "we") || self.is(at, "us") {
            return Some(Speaker::Author);
        }
        if class & OUTSIDER != 0 && class & PROFESSIONAL == 0 || class & RELATIVE != 0 {
            return Some(Speaker::Other);
        }
        if class & PROFESSIONAL != 0 {
            return Some(Speaker::Author);
        }
        if class & CHILD != 0 {
            let possessive = class & POSSESSIVE != 0 && !self.is(at, "her");
            return (!possessive).then_some(Speaker::Child);
        }
        let named = is_name(token) && (at > first || token.shape & shape::SINGLE != 0 || token.word == 0);
        named.then_some(Speaker::Child)
    }
}

fn possessor_before(reader: &Reader<'_>, at: u32, first: u32) -> bool {
    // "mother's behaviour".
    at >= first + 2
        && reader.is(at - 1, "'s")
        && reader.class(at - 2) & (RELATIVE | OUTSIDER | PROFESSIONAL) != 0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Author,
    Child,
    Other,
}
