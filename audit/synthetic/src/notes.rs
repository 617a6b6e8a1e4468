//! Case notes from a grammar of sentences with places for the child, each phrase that an audit of language looks for with its
//! label. All text is invented, professional, and names policy-level signs only.

use std::io::Write;

use crate::dates::push_iso;
use crate::random::Stream;

/// Signs of harm, as verb phrases in the past. The codes are those of the label scheme of the language audit.
const SIGNS: [(&str, &[&str]); 13] = [
    (
        "H01",
        &[
            "went missing for two nights",
            "was away without explanation until the morning",
            "went missing on five days of the month",
        ],
    ),
    (
        "H02",
        &[
            "was seen with a group of older men",
            "was in daily contact with an adult whom the family do not know",
        ],
    ),
    (
        "H03",
        &[
            "came home with a good deal of money and no account of it",
            "wore costly clothing that nobody at home had bought",
        ],
    ),
    (
        "H04",
        &[
            "was dropped at the door by an unknown driver",
            "was found at a hotel in a room booked by an adult",
        ],
    ),
    (
        "H05",
        &[
            "needed treatment for a repeat infection",
            "asked the clinic for emergency contraception for the third time",
        ],
    ),
    (
        "H06",
        &[
            "was given alcohol at a flat kept by adults",
            "returned from a gathering run by adults and was unwell",
        ],
    ),
    (
        "H07",
        &["took calls at all hours on a second handset", "hid a second telephone that rang without pause"],
    ),
    ("H08", &["had an injury that nobody could explain", "had bruises for which no account was given"]),
    (
        "H09",
        &[
            "told a teacher that an adult had caused {o} harm",
            "said to the nurse that an older man had hurt {o}",
        ],
    ),
    (
        "H10",
        &["said that a debt was being held over {o}", "was frightened by threats to share images of {o}"],
    ),
    (
        "H11",
        &["stopped going to school and withdrew from friends", "hardly slept and gave up the swimming club"],
    ),
    (
        "H12",
        &[
            "was named as the victim when an adult was charged",
            "was named in a warning notice served on an adult",
        ],
    ),
    (
        "H13",
        &[
            "was with another child who is known to have been exploited",
            "was found with two children on the exploitation plan",
        ],
    ),
];

struct Frame {
    text: &'static str,
    assertion: &'static str,
    temporality: &'static str,
    experiencer: &'static str,
    label: &'static str,
}

const fn frame(
    text: &'static str,
    assertion: &'static str,
    temporality: &'static str,
    experiencer: &'static str,
    label: &'static str,
) -> Frame {
    Frame { text, assertion, temporality, experiencer, label }
}

/// Sentences around a sign (`{i}`).
const AFFIRMED: [Frame; 6] = [
    frame("{S} [{i}].", "affirmed", "current", "subject", "harm"),
    frame("The school let us know that {s} [{i}].", "affirmed", "current", "subject", "harm"),
    frame("The night log of the home shows that {s} [{i}].", "affirmed", "current", "subject", "harm"),
    frame("Officers confirmed at the meeting that {s} [{i}].", "affirmed", "current", "subject", "harm"),
    frame("{P} aunt rang to say that {s} [{i}].", "affirmed", "current", "subject", "harm"),
    frame("Last week {s} [{i}], and the duty worker was told.", "affirmed", "current", "subject", "harm"),
];
const OTHERWISE: [(Frame, f64); 12] = [
    (frame("There is nothing to suggest that {s} [{i}].", "negated", "current", "subject", "negated"), 1.5),
    (
        frame(
            "Checks with the carer found no occasion on which {s} [{i}].",
            "negated",
            "current",
            "subject",
            "negated",
        ),
        1.2,
    ),
    (
        frame(
            "The report that {s} [{i}] was looked into and was wrong.",
            "negated",
            "current",
            "subject",
            "negated",
        ),
        0.8,
    ),
    (
        frame(
            "Two years ago, in an earlier placement, {s} [{i}].",
            "affirmed",
            "historical",
            "subject",
            "historical",
        ),
        1.8,
    ),
    (
        frame(
            "The chronology for the year before last records that {s} [{i}].",
            "affirmed",
            "historical",
            "subject",
            "historical",
        ),
        1.5,
    ),
    (frame("It is possible that {s} [{i}].", "possible", "current", "subject", "possible"), 1.0),
    (frame("The worker wonders whether {s} [{i}].", "possible", "current", "subject", "possible"), 0.7),
    (
        frame(
            "Should it emerge that {s} [{i}], a strategy discussion will be held the same day.",
            "hypothetical",
            "current",
            "subject",
            "hypothetical",
        ),
        1.0,
    ),
    (
        frame(
            "Carers will ring the duty line if they learn that {s} [{i}].",
            "hypothetical",
            "current",
            "subject",
            "hypothetical",
        ),
        0.8,
    ),
    (
        frame(
            "Asked about it, {s} denied that {s} [{i}].",
            "denied_by_child",
            "current",
            "subject",
            "denied",
        ),
        0.9,
    ),
    (frame("It was {p} friend from the old school who [{i}].", "affirmed", "current", "other", "other"), 0.9),
    (frame("{P} cousin in another county [{i}].", "affirmed", "current", "other", "other"), 0.7),
];

/// Wording that guidance asks professionals not to use.
const MISUSE: [(&str, &str, &[&str]); 8] = [
    (
        "B1",
        "blame",
        &[
            "{S} is [making unsafe choices] about where {s} spends the evening.",
            "In the view of the writer {s} is [putting {r} in danger] by going out at night.",
            "{S} has [chosen this way of life] and knows what it means.",
        ],
    ),
    (
        "B2",
        "blame",
        &[
            "{S} speaks warmly of [{p} older boyfriend], who is 24.",
            "The log describes {o} as [in a consenting relationship with a man of 23].",
        ],
    ),
    (
        "B3",
        "blame",
        &[
            "{S} is [involved in exploitation] with others from the estate.",
            "{S} is [running drugs for a line] and earns from it.",
            "{S} is listed as [a gang member] on the old system.",
        ],
    ),
    (
        "B4",
        "blame",
        &[
            "Staff find {o} [attention seeking] and say so.",
            "{S} is [streetwise] and knows how to get what {s} wants.",
            "{S} can be [manipulative] with new staff.",
        ],
    ),
    (
        "B5",
        "blame",
        &[
            "{S} [refuses to engage] with the worker.",
            "{S} is [hard to reach] and the visits are to stop.",
            "{S} [absconded] from the home again.",
        ],
    ),
    (
        "M1",
        "minimising",
        &[
            "There was an [inappropriate relationship] with the coach.",
            "The file says that this was [in exchange for] favours.",
            "The exploitation is thought to be [low level] at present.",
        ],
    ),
    (
        "D1",
        "doubt",
        &[
            "{S} [keeps changing {p} story] about that evening.",
            "{S} is [not a reliable witness] in the officer's view.",
            "{S} is [making it up] to be moved nearer to home.",
        ],
    ),
    (
        "A1",
        "adultification",
        &["{S} is [mature for {p} age] and was seen alone.", "{S} [can look after {r}] in that company."],
    ),
];

/// The same words where they must not be reported.
const TRAPS: [(&str, &str); 6] = [
    ("B1", "The training day reminded staff never to write that a child is [making unsafe choices]."),
    ("B5", "The audit found the words [hard to reach] in older files and asked for them to be rewritten."),
    ("B1", "The earlier note said [lifestyle choice]; that wording is wrong and is taken back."),
    ("B3", "The policy asks staff not to write of a child as [a gang member]."),
    ("M1", "The guidance says that nobody should write [in exchange for] of any child."),
    ("B4", "The complaint is that a letter called a child [manipulative]; the manager has apologised."),
];

const RISK: [&str; 5] = [
    "{S} is [at medium risk of sexual exploitation] on the tool.",
    "{S} remains [at risk of being exploited] and will stay on the list.",
    "The panel graded {o} [at high risk of exploitation] this month.",
    "{S} is thought to be [vulnerable to exploitation].",
    "{S} may be [at risk of grooming].",
];
const ACKNOWLEDGED: [&str; 3] = [
    "The meeting agreed that {s} [has been sexually exploited] and that the plan must say so.",
    "It is recorded that {s} [has been harmed by adults], and {p} account is believed.",
    "{S} [has been abused], and support from the specialist service has begun.",
];
const CRIMINAL: [&str; 3] = [
    "{S} is recorded under [county lines] only.",
    "The plan is headed [criminal exploitation] and names no other concern.",
    "{S} was stopped at the station and is flagged for [child criminal exploitation].",
];
const CLOSING: [&str; 3] = [
    "The case will be closed at the end of the month.",
    "The panel stepped the case down to early help.",
    "{S} was taken off the exploitation list.",
];
const PLAIN: [&str; 30] = [
    "The visit took place at home and {p} room was seen.",
    "The worker introduced the new reviewing officer and explained the complaints procedure.",
    "{S} talked about music lessons and would like to start the guitar.",
    "The school has offered a place at the homework club on Mondays and Wednesdays.",
    "{P} mother asked for help with the travel costs and the form was left with her.",
    "Contact with the grandparents went well and will go on every second weekend.",
    "The nurse has booked the eye test and the letter was sent in the post.",
    "An interpreter was offered and was not needed.",
    "The team manager read the file and agreed the actions below.",
    "Minutes of the last meeting were checked and two dates were put right.",
    "The landlord has promised to mend the heating before the end of the week.",
    "The allocated worker is on leave until the ninth and the duty team holds the case.",
    "{S} was given the number of the advocate and of the help line.",
    "The personal education plan is due and the virtual school will call the meeting.",
    "A copy of the plan was handed to the family and read through with them.",
    "The worker praised how {s} had kept up with the swimming.",
    "Information was shared with the consent of the parent, whose signature is on the form.",
    "The next visit is planned for the week after half term, after school.",
    "The bus pass has run out and a new one was ordered.",
    "There was food in the house and the younger children were ready for bed.",
    "The group discussed which agency keeps the record and who writes the summary.",
    "The referral to speech therapy was sent and its receipt was confirmed.",
    "{S} would like the worker to ring before calling at the house.",
    "Actions were shared out and will be looked at again in four weeks.",
    "The housing officer joined by telephone for the first part of the meeting.",
    "A message was left for the youth worker, who rang back in the afternoon.",
    "The parents came together and both agreed with the next steps.",
    "The file was moved to the new system and old papers were scanned.",
    "The taxi to the dentist was late and a new appointment has been made.",
    "The report for the review will be written by the allocated worker.",
];

/// A phrase in a note and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoteSpan {
    /// Code of a sign, `RISK`, `ACK`, `CCE`, or a category of wording.
    pub(crate) code: &'static str,
    /// Characters from the beginning of the text; all text is ASCII, so bytes are characters.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: SpanKind,
    pub(crate) assertion: &'static str,
    pub(crate) temporality: &'static str,
    pub(crate) experiencer: &'static str,
    pub(crate) label: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanKind {
    Language,
    Annotation,
    Trap,
}

/// What a note is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoteKind {
    pub(crate) female: bool,
    pub(crate) misuse: bool,
    pub(crate) cse: bool,
    pub(crate) cce: bool,
    pub(crate) mean_sentences: f64,
}

/// A note: its text and its labels. Buffers are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Note {
    pub(crate) text: Vec<u8>,
    pub(crate) spans: Vec<NoteSpan>,
    pub(crate) flags: [bool; 3],
    order: Vec<Sentence>,
}

#[derive(Debug, Clone, Copy)]
enum Sentence {
    Plain,
    Sign,
    Misuse,
    Trap,
    Risk,
    Acknowledged,
    Criminal,
    Closing,
}

impl Note {
    pub(crate) fn write(&mut self, r: &mut Stream, kind: NoteKind) {
        self.text.clear();
        self.spans.clear();
        self.order.clear();
        let signs = r.weighted(&[(0u32, 3.0), (1, 3.5), (2, 2.5), (3, 1.0)]);
        self.order.extend((0..signs).map(|_| Sentence::Sign));
        if kind.misuse {
            self.order.push(Sentence::Misuse);
            if r.chance(0.3) {
                self.order.push(Sentence::Misuse);
            }
        }
        let extras = [
            (Sentence::Risk, if kind.cse { 0.40 } else { 0.25 }),
            (Sentence::Acknowledged, 0.08),
            (Sentence::Criminal, if kind.cce { 0.30 } else { 0.02 }),
            (Sentence::Trap, 0.04),
            (Sentence::Closing, 0.06),
        ];
        for (sentence, chance) in extras {
            if r.chance(chance) {
                self.order.push(sentence);
            }
        }
        let wanted = (kind.mean_sentences * (0.6 + 0.8 * r.unit())).round() as usize;
        while self.order.len() < wanted {
            self.order.push(Sentence::Plain);
        }
        for i in (1..self.order.len()).rev() {
            let j = r.below(i as u64 + 1) as usize;
            self.order.swap(i, j);
        }
        let order = std::mem::take(&mut self.order);
        let mut closing = false;
        let mut plain = r.below(PLAIN.len() as u64) as usize;
        for sentence in &order {
            if !self.text.is_empty() {
                self.text.push(b' ');
            }
            match sentence {
                Sentence::Plain => {
                    // A walk in steps that share no factor with the count meets no sentence twice.
                    plain = (plain + 7) % PLAIN.len();
                    self.fill(PLAIN[plain], "", kind.female);
                }
                Sentence::Sign => {
                    let (code, phrases) = r.pick(&SIGNS);
                    let phrase = r.pick(phrases);
                    let f = if r.chance(0.58) {
                        &AFFIRMED[r.below(AFFIRMED.len() as u64) as usize]
                    } else {
                        let total: f64 = OTHERWISE.iter().map(|o| o.1).sum();
                        let mut left = r.unit() * total;
                        let place = OTHERWISE.iter().position(|o| {
                            left -= o.1;
                            left < 0.0
                        });
                        &OTHERWISE[place.unwrap_or(0)].0
                    };
                    let (start, end) = self.fill(f.text, phrase, kind.female);
                    self.spans.push(NoteSpan {
                        code,
                        start,
                        end,
                        kind: SpanKind::Annotation,
                        assertion: f.assertion,
                        temporality: f.temporality,
                        experiencer: f.experiencer,
                        label: f.label,
                    });
                }
                Sentence::Misuse => {
                    let (code, label, texts) = r.pick(&MISUSE);
                    let text = r.pick(texts);
                    self.labelled(text, code, SpanKind::Language, label, kind.female);
                    // What such words call a relationship is itself a sign: an older associate.
                    if let (true, Some(span)) = (code == "B2", self.spans.last().copied()) {
                        self.spans.push(NoteSpan {
                            code: "H02",
                            kind: SpanKind::Annotation,
                            label: "harm",
                            ..span
                        });
                    }
                }
                Sentence::Trap => {
                    let (code, text) = r.pick(&TRAPS);
                    self.labelled(text, code, SpanKind::Trap, "trap", kind.female);
                }
                Sentence::Risk => {
                    let text = r.pick(&RISK);
                    self.labelled(text, "RISK", SpanKind::Annotation, "risk-only", kind.female);
                }
                Sentence::Acknowledged => {
                    let text = r.pick(&ACKNOWLEDGED);
                    self.labelled(text, "ACK", SpanKind::Annotation, "harm", kind.female);
                }
                Sentence::Criminal => {
                    let text = r.pick(&CRIMINAL);
                    self.labelled(text, "CCE", SpanKind::Annotation, "criminal", kind.female);
                }
                Sentence::Closing => {
                    closing = true;
                    self.fill(r.pick(&CLOSING), "", kind.female);
                }
            }
        }
        self.order = order;
        self.flag(closing);
    }

    /// The flags of the whole record, by the definitions of the label scheme.
    ///
    /// C2 asks for a sign of sexual harm: a sexual-health need, what the child has said, images held over the child, or older associates
    /// beside being carried or housed; and for nothing that shows that *sexual* exploitation was thought of. A child who is written
    /// down as at risk of exploitation, or as harmed, without a word of what kind, has not been thought of in that way.
    fn flag(&mut self, closing: bool) {
        let affirmed = |s: &&NoteSpan| {
            s.kind == SpanKind::Annotation && s.assertion == "affirmed" && s.experiencer == "subject"
        };
        let has = |code: &str| self.spans.iter().filter(affirmed).any(|s| s.code == code);
        let says = |code: &str, word: &str| {
            self.spans.iter().filter(affirmed).filter(|s| s.code == code).any(|s| {
                let phrase = &self.text[s.start as usize..s.end as usize];
                phrase.windows(word.len()).any(|w| w == word.as_bytes())
            })
        };
        let strong = ["H05", "H08", "H09", "H10", "H12"].iter().any(|c| has(c));
        let others = SIGNS.iter().filter(|(code, _)| has(code)).count();
        let harmed = strong || others >= 2;
        let risk = has("RISK");
        let acknowledged = has("ACK");
        let sexual = has("H05") || has("H09") || says("H10", "images") || has("H02") && has("H04");
        let considered = says("ACK", "sexual") || says("RISK", "sexual");
        self.flags =
            [risk && harmed && !acknowledged, has("CCE") && sexual && !considered, closing && harmed];
    }

    fn labelled(
        &mut self,
        text: &str,
        code: &'static str,
        kind: SpanKind,
        label: &'static str,
        female: bool,
    ) {
        let (start, end) = self.fill(text, "", female);
        self.spans.push(NoteSpan {
            code,
            start,
            end,
            kind,
            assertion: "affirmed",
            temporality: "current",
            experiencer: "subject",
            label,
        });
    }

    /// Writes a sentence with its places filled, and says where the phrase in brackets came to stand.
    fn fill(&mut self, sentence: &str, phrase: &str, female: bool) -> (u32, u32) {
        let mut span = (0, 0);
        let mut rest = sentence;
        while let Some(at) = rest.find(['{', '[', ']']) {
            self.text.extend_from_slice(&rest.as_bytes()[..at]);
            let mark = rest.as_bytes()[at];
            let mut used = 1;
            match mark {
                b'[' => span.0 = self.text.len() as u32,
                b']' => span.1 = self.text.len() as u32,
                _ => {
                    used = 3;
                    match rest.as_bytes().get(at + 1) {
                        Some(b'i') => {
                            self.fill(phrase, "", female);
                        }
                        Some(place) => self.text.extend_from_slice(pronoun(*place, female).as_bytes()),
                        None => used = 1,
                    }
                }
            }
            rest = rest.get(at + used..).unwrap_or("");
        }
        self.text.extend_from_slice(rest.as_bytes());
        span
    }

    /// Whether the note has wording that guidance asks not to use.
    pub(crate) fn misuses(&self) -> bool {
        self.spans.iter().any(|s| s.kind == SpanKind::Language)
    }

    /// Writes the note's labels as one line of JSON.
    pub(crate) fn push_labels(
        &self,
        into: &mut Vec<u8>,
        id: &str,
        body: &str,
        person: u32,
        written_on: i32,
        beside: bool,
    ) {
        // Writing to a Vec cannot fail.
        let _ = write!(into, "{{\"id\":\"{id}\",\"body\":\"{body}\",\"person\":{person},\"written_on\":\"");
        push_iso(into, written_on);
        let _ = write!(into, "\",\"beside_offence\":{beside},\"language\":[");
        let mut first = true;
        for s in self.spans.iter().filter(|s| s.kind == SpanKind::Language) {
            let _ = write!(
                into,
                "{}{{\"category\":\"{}\",\"start\":{},\"end\":{},\"label\":\"{}\"}}",
                comma(&mut first),
                s.code,
                s.start,
                s.end,
                s.label
            );
        }
        into.extend_from_slice(b"],\"annotations\":[");
        first = true;
        for s in self.spans.iter().filter(|s| s.kind == SpanKind::Annotation) {
            let _ = write!(
                into,
                "{}{{\"code\":\"{}\",\"start\":{},\"end\":{},\"assertion\":\"{}\",\"temporality\":\"{}\",\"experiencer\":\"{}\",\"label\":\"{}\"}}",
                comma(&mut first),
                s.code,
                s.start,
                s.end,
                s.assertion,
                s.temporality,
                s.experiencer,
                s.label
            );
        }
        into.extend_from_slice(b"],\"must_not_flag\":[");
        first = true;
        for s in self.spans.iter().filter(|s| s.kind == SpanKind::Trap) {
            let _ = write!(
                into,
                "{}{{\"category\":\"{}\",\"start\":{},\"end\":{}}}",
                comma(&mut first),
                s.code,
                s.start,
                s.end
            );
        }
        into.extend_from_slice(b"],\"record_flags\":[");
        first = true;
        for (flag, raised) in ["C1", "C2", "C3"].into_iter().zip(self.flags) {
            if raised {
                let _ = write!(into, "{}\"{flag}\"", comma(&mut first));
            }
        }
        into.extend_from_slice(b"]}\n");
    }
}

fn comma(first: &mut bool) -> &'static str {
    if std::mem::take(first) { "" } else { "," }
}

fn pronoun(place: u8, female: bool) -> &'static str {
    match (place, female) {
        (b'S', true) => "She",
        (b'S', false) => "He",
        (b's', true) => "she",
        (b's', false) => "he",
        (b'o' | b'p', true) => "her",
        (b'o', false) => "him",
        (b'p', false) => "his",
        (b'P', true) => "Her",
        (b'P', false) => "His",
        (b'r', true) => "herself",
        (b'r', false) => "himself",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Kind;

    fn note(seed: u64, misuse: bool) -> Note {
        let mut note = Note::default();
        let kind =
            NoteKind { female: seed.is_multiple_of(2), misuse, cse: true, cce: true, mean_sentences: 7.0 };
        note.write(&mut Stream::new(seed, Kind::Note, 0), kind);
        note
    }

    #[test]
    fn every_span_holds_its_phrase_and_no_place_is_left() {
        for seed in 0..2_000 {
            let n = note(seed, seed % 3 == 0);
            let text = String::from_utf8(n.text.clone()).unwrap();
            assert!(text.is_ascii() && !text.contains(['{', '}', '[', ']', '"']), "{text}");
            for s in &n.spans {
                let phrase = &text[s.start as usize..s.end as usize];
                assert!(phrase.len() > 4 && phrase.trim() == phrase, "{s:?} {phrase:?}");
                if s.kind == SpanKind::Annotation
                    && s.code.starts_with('H')
                    && !phrase.contains(" boyfriend")
                    && !phrase.contains("relationship")
                {
                    let start: String = phrase.chars().take(6).collect();
                    let family = SIGNS.iter().find(|(code, _)| *code == s.code).unwrap();
                    assert!(family.1.iter().any(|p| p.starts_with(&start)), "{phrase}");
                }
            }
            assert_eq!(n.misuses(), seed % 3 == 0);
        }
    }

    #[test]
    fn labels_are_json_in_the_scheme() {
        let n = note(3, true);
        let mut line = Vec::new();
        n.push_labels(&mut line, "N1", "X23000001", 5, 18_000, false);
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["written_on"], "2019-04-14");
        assert!(!value["language"].as_array().unwrap().is_empty());
    }

    #[test]
    fn exploitation_without_its_kind_does_not_show_that_sexual_harm_was_thought_of() {
        let span = |code| NoteSpan {
            code,
            start: 0,
            end: 0,
            kind: SpanKind::Annotation,
            assertion: "affirmed",
            temporality: "current",
            experiencer: "subject",
            label: "harm",
        };
        let flagged = |phrases: &[(&'static str, &str)]| {
            let mut note = Note::default();
            for (code, phrase) in phrases {
                let start = note.text.len() as u32;
                note.text.extend_from_slice(phrase.as_bytes());
                let end = note.text.len() as u32;
                note.spans.push(NoteSpan { start, end, ..span(code) });
            }
            note.flag(false);
            note.flags[1]
        };
        let criminal = ("CCE", "county lines");
        let infection = ("H05", "needed treatment for a repeat infection");
        let debt = ("H10", "said that a debt was being held over her");
        let images = ("H10", "was frightened by threats to share images of her");
        assert!(flagged(&[criminal, infection]));
        assert!(flagged(&[criminal, infection, ("RISK", "at high risk of exploitation")]));
        assert!(flagged(&[criminal, infection, ("ACK", "has been harmed by adults")]));
        assert!(!flagged(&[criminal, infection, ("RISK", "at medium risk of sexual exploitation")]));
        assert!(!flagged(&[criminal, infection, ("ACK", "has been sexually exploited")]));
        assert!(flagged(&[criminal, images]) && !flagged(&[criminal, debt]) && !flagged(&[infection]));
        let (men, car) = (("H02", "was seen with a group of older men"), ("H04", "was dropped by a driver"));
        assert!(flagged(&[criminal, men, car]) && !flagged(&[criminal, men]) && !flagged(&[criminal, car]));
    }

    #[test]
    fn a_record_of_risk_beside_a_strong_sign_is_flagged() {
        let flagged = (0..3_000).map(|s| note(s, false)).filter(|n| n.flags[0]).count();
        assert!((150..900).contains(&flagged), "{flagged}");
    }
}
