//! One pass over a note: matches, conditions, status.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    error::LanguageError,
    note::{Meta, Note},
    pack::{Compiled, Head, Kind, Owner, Pack, Reach, Rule, Source, compile},
    pattern::{Hit, Stack},
    status::{Ask, Assertion, Cue, Experiencer, Found, NotCounted, Reader, Status, Temporality, heading_of},
    text::{Characters, Seen, Sentence, Token, tokenise},
};

/// Packs, compiled and ready to read notes. It is shared between threads; each thread has its own [`Scratch`].
#[derive(Debug)]
pub struct Checker {
    packs: Compiled,
}

/// Work space that is used again from note to note. It carries nothing that changes a result.
#[derive(Debug, Default)]
pub struct Scratch {
    seen: Seen,
    tokens: Vec<Token>,
    sentences: Vec<Sentence>,
    stack: Stack,
    hits: Vec<Hit>,
    triggers: Vec<Found>,
    near: Vec<bool>,
}

/// One phrase that a rule matched, with its status. Offsets are of bytes; [`Reading::characters`] gives characters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mention {
    /// Which rule, as a number for [`Checker::rule`].
    pub rule: u16,
    /// What kind of rule it is.
    pub kind: Kind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte.
    pub end: u32,
    /// Whether it is said to have happened.
    pub assertion: Assertion,
    /// When.
    pub temporality: Temporality,
    /// To whom.
    pub experiencer: Experiencer,
    /// Why it is not counted, when it is not.
    pub not_counted: Option<NotCounted>,
    /// Reported from another and adopted by the author.
    pub endorsed: bool,
    /// The words that decided.
    pub cues: Vec<Cue>,
    /// Part of a longer phrase of another rule: it counts for the record and is not printed.
    pub covered: bool,
    /// The sentence, from 0.
    pub sentence: u32,
}

impl Mention {
    /// Whether it is said of the child as a fact, now or in the past.
    pub fn stands(&self) -> bool {
        self.not_counted.is_none()
            && self.assertion == Assertion::Affirmed
            && self.experiencer == Experiencer::Subject
    }
}

/// What was found in one note.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reading {
    /// Phrases in the order of the text.
    pub mentions: Vec<Mention>,
    /// The same of the structured fields; offsets are into `field: value`.
    pub fields: Vec<(String, Mention)>,
    /// How many words it has: thin notes score clean, so rates stand beside it.
    pub words: u32,
    /// How many sentences.
    pub sentences: u32,
}

impl Reading {
    /// Wording that is reported.
    pub fn alarms(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|m| m.kind == Kind::Wording && m.not_counted.is_none())
    }

    /// Spans of the mentions in characters, in the same order.
    pub fn characters(&self, text: &str) -> Vec<(usize, usize)> {
        let mut characters = Characters::of(text);
        self.mentions
            .iter()
            .map(|m| {
                let start = characters.at(m.start as usize);
                (start, characters.at(m.end as usize))
            })
            .collect()
    }

    /// Phrases matched and not counted, by reason.
    pub fn not_counted(&self) -> BTreeMap<NotCounted, usize> {
        let mut reasons = BTreeMap::new();
        for m in &self.mentions {
            if let Some(reason) = m.not_counted {
                *reasons.entry(reason).or_insert(0) += 1;
            }
        }
        reasons
    }
}

impl Checker {
    /// Compiles packs.
    ///
    /// # Errors
    /// When a pattern cannot be read or a rule id stands twice.
    pub fn new(packs: &[Pack]) -> Result<Self, LanguageError> {
        Ok(Self { packs: compile(packs)? })
    }

    /// The packs that come with the crate.
    ///
    /// # Errors
    /// Never for a released crate.
    pub fn bundled() -> Result<Self, LanguageError> {
        Self::new(&Pack::bundled()?)
    }

    /// The rule of a mention.
    pub fn rule(&self, mention: &Mention) -> &Rule {
        &self.packs.rules[mention.rule as usize]
    }

    /// Every rule, in the order of the packs.
    pub fn rules(&self) -> &[Rule] {
        &self.packs.rules
    }

    /// The document that a rule cites.
    pub fn source(&self, rule: &Rule) -> Option<&Source> {
        self.packs.sources.get(&rule.source)
    }

    /// Head and SHA-256 of each pack, for every report.
    pub fn packs(&self) -> &[(Head, String)] {
        &self.packs.heads
    }

    /// Reads one note.
    pub fn read(&self, note: &Note, scratch: &mut Scratch) -> Reading {
        let mut reading = self.read_text(&note.text, &note.meta, scratch);
        for (name, value) in &note.meta.fields {
            let Some(text) = field_text(name, value) else { continue };
            let found = self.read_text(&text, &note.meta, scratch);
            reading.fields.extend(found.mentions.into_iter().map(|m| (name.clone(), m)));
        }
        reading
    }

    fn read_text(&self, text: &str, meta: &Meta, scratch: &mut Scratch) -> Reading {
        let packs = &self.packs;
        let Scratch { seen, tokens, sentences, stack, hits, triggers, near } = scratch;
        tokenise(text, &packs.vocabulary, seen, tokens, sentences);
        hits.clear();
        triggers.clear();
        for (n, sentence) in sentences.iter().enumerate() {
            packs.patterns.find(tokens, sentence.first, sentence.last, n as u32, stack, hits);
        }
        let mut candidates: Vec<(u16, Hit)> = Vec::new();
        for hit in hits.iter() {
            if let Owner::Rule(rule) = packs.owners[hit.owner as usize] {
                candidates.push((rule, *hit));
            }
        }
        let mut reading =
            Reading { words: tokens.len() as u32, sentences: sentences.len() as u32, ..Reading::default() };
        if candidates.is_empty() {
            return reading;
        }
        // Triggers and conditions are looked for only in the sentences that a match can be judged by.
        near.clear();
        near.resize(sentences.len(), false);
        for (rule, hit) in &candidates {
            let here = hit.sentence as usize;
            let data = &packs.rules[*rule as usize];
            let before = usize::from(!data.require.is_empty());
            let reach = if before == 1 && data.require_in == Reach::Note {
                0..sentences.len()
            } else {
                here.saturating_sub(before)..(here + 2).min(sentences.len())
            };
            near[reach].fill(true);
            if let Some(heading) = heading_of(hit.sentence, tokens, sentences) {
                near[heading as usize] = true;
            }
        }
        hits.clear();
        for (n, sentence) in sentences.iter().enumerate().filter(|(n, _)| near[*n]) {
            packs.support.find(tokens, sentence.first, sentence.last, n as u32, stack, hits);
        }
        triggers.extend(hits.iter().filter_map(|hit| match packs.owners[hit.owner as usize] {
            Owner::Trigger(kind) => {
                Some(Found { kind, start: hit.start, end: hit.end, sentence: hit.sentence })
            }
            _ => None,
        }));
        triggers.sort_by_key(|t| (t.sentence, t.start, t.end, t.kind));
        // Conditions are looked up by their owner, so that a long note stays in step with its length.
        hits.retain(|h| !matches!(packs.owners[h.owner as usize], Owner::Trigger(_)));
        hits.sort_unstable_by_key(|h| (h.owner, h.sentence, h.from, h.to));
        candidates.retain(|(rule, hit)| self.applies(*rule, hit, hits, meta));
        let kept = self.settle(candidates, tokens);
        let reader = Reader { packs, text, meta, tokens, sentences, triggers };
        for (rule, hit, covered) in kept {
            let data = &packs.rules[rule as usize];
            let Status { assertion, temporality, experiencer, not_counted, endorsed, cues, end } = reader
                .status(&Ask {
                    wording: data.kind == Kind::Wording,
                    risk: data.kind == Kind::Risk,
                    disclosure: data.category == "H09",
                    befalls: data.category == "H12" || data.category == "H10" && data.sexual,
                    character: data.category == "B4",
                    engagement: data.category == "B5",
                    suffered: matches!(data.category.as_str(), "H09" | "H12"),
                    subject: data.subject,
                    negated: data.negated,
                    historical: data.historical,
                    start: hit.start,
                    end: hit.end,
                    sentence: hit.sentence,
                });
            reading.mentions.push(Mention {
                rule,
                kind: data.kind,
                start: tokens[hit.start as usize].start,
                end: tokens[end.max(hit.start + 1) as usize - 1].end,
                assertion,
                temporality,
                experiencer,
                not_counted,
                endorsed,
                cues,
                covered,
                sentence: hit.sentence,
            });
        }
        reading
    }

    /// Whether a match meets the conditions of its rule.
    fn applies(&self, rule: u16, hit: &Hit, hits: &[Hit], meta: &Meta) -> bool {
        let data = &self.packs.rules[rule as usize];
        if let Some(age) = meta.subject_age
            && (data.min_age.is_some_and(|least| age < least) || data.max_age.is_some_and(|most| age > most))
        {
            return false;
        }
        if data.not_in.contains(&meta.doc_type) {
            return false;
        }
        let of = |owner: u32, first: u32, last: u32| {
            let from = hits.partition_point(|h| (h.owner, h.sentence) < (owner, first));
            let to = hits.partition_point(|h| (h.owner, h.sentence) <= (owner, last));
            &hits[from..to]
        };
        // The compiler lays a rule's conditions down right after it: unless, unless in the sentence, require.
        let here = hit.sentence;
        let overlaps = of(hit.owner + 1, here, here).iter().any(|h| h.from < hit.end && hit.start < h.to);
        if overlaps || !of(hit.owner + 2, here, here).is_empty() {
            return false;
        }
        let (first, last) = match data.require_in {
            Reach::Note => (0, u32::MAX),
            Reach::Sentence => (here.saturating_sub(1), here + 1),
        };
        data.require.is_empty() || !of(hit.owner + 3, first, last).is_empty()
    }

    /// One phrase per place and category; what a longer phrase of another rule holds is covered by it.
    fn settle(&self, candidates: Vec<(u16, Hit)>, tokens: &[Token]) -> Vec<(u16, Hit, bool)> {
        let rules = &self.packs.rules;
        // "gifts and older friends" are two.
        let joins = |at: u32| {
            tokens.get(at as usize).is_some_and(|t| {
                !t.is_number() && self.packs.words.of(t.word) & crate::pack::CONJUNCTION != 0
            })
        };
        let mut merged: Vec<(u16, Hit, bool)> = Vec::new();
        let mut sorted = candidates;
        sorted.sort_by_key(|(rule, hit)| (hit.sentence, hit.start, std::cmp::Reverse(hit.end), *rule));
        for (rule, hit) in sorted {
            let same = merged.iter_mut().rev().take(12).find(|(other, h, _)| {
                rules[*other as usize].category == rules[rule as usize].category
                    && h.sentence == hit.sentence
                    && (hit.start < h.end
                        || hit.start == h.end && close_by(tokens, h.end, hit.start)
                        || hit.start == h.end + 1
                            && rules[rule as usize].kind != Kind::Wording
                            && close_by(tokens, h.end, hit.start)
                            && !joins(h.end))
            });
            match same {
                Some((other, h, _)) => {
                    // A strong rule keeps its strength when a weaker one of its category begins the phrase.
                    if rules[rule as usize].strong && !rules[*other as usize].strong
                        || rules[rule as usize].sexual && !rules[*other as usize].sexual
                    {
                        *other = rule;
                    }
                    h.end = h.end.max(hit.end);
                }
                None => merged.push((rule, hit, false)),
            }
        }
        for i in 0..merged.len() {
            let (rule, hit, _) = merged[i];
            let mine = &rules[rule as usize];
            // Phrases stand in the order of sentences: only those of this one are compared.
            let from = merged.partition_point(|(_, h, _)| h.sentence < hit.sentence);
            let to = merged.partition_point(|(_, h, _)| h.sentence <= hit.sentence);
            let covered = merged[from..to].iter().enumerate().any(|(j, (other, h, _))| {
                let j = j + from;
                let theirs = &rules[*other as usize];
                if i == j || (mine.kind == Kind::Wording) != (theirs.kind == Kind::Wording) {
                    return false;
                }
                let overlap = h.start < hit.end && hit.start < h.end;
                if mine.kind == Kind::Wording {
                    let longer = (h.end - h.start, j < i) > (hit.end - hit.start, false);
                    return overlap && longer && h.start <= hit.start && hit.end <= h.end;
                }
                let (a, b) = (rank(mine), rank(theirs));
                let absorbed = mine.category == "H02"
                    && theirs.kind == Kind::Indicator
                    && theirs.category != "H01"
                    && (hit.start >= h.end
                        && hit.start - h.end <= 2
                        && close_by(tokens, h.end, hit.start)
                        && !(h.end..hit.start).any(joins)
                        || h.start >= hit.end
                            && h.start - hit.end <= 1
                            && close_by(tokens, hit.end, h.start));
                (overlap && (b, j) < (a, i)) || absorbed
            });
            merged[i].2 = covered;
        }
        // "She told us that a man had raped her" is what the child said, not what the record acknowledges; but "exploited through
        // county lines" does both.
        let criminal: Vec<Hit> = merged
            .iter()
            .filter(|(rule, ..)| rules[*rule as usize].kind == Kind::Criminal)
            .map(|(_, hit, _)| *hit)
            .collect();
        merged.retain(|(rule, hit, covered)| match rules[*rule as usize].kind {
            Kind::Wording => !covered,
            Kind::Acknowledged if *covered => {
                criminal.iter().any(|h| h.sentence == hit.sentence && h.start < hit.end && hit.start < h.end)
            }
            _ => true,
        });
        merged
    }
}

/// Whether nothing but spaces, quotation marks or hyphens parts two phrases.
fn close_by(tokens: &[Token], from: u32, to: u32) -> bool {
    use crate::text::mark::BARRIER;
    (from..=to).all(|at| tokens.get(at as usize).is_none_or(|t| t.before & BARRIER == 0))
}

/// Which of two overlapping phrases names what the text says; lower wins.
fn rank(rule: &Rule) -> u8 {
    match rule.category.as_str() {
        "RISK" => 0,
        "H12" => 1,
        "H10" => 2,
        "H13" => 3,
        "H09" => 4,
        "CCE" => 5,
        "ACK" => 6,
        "H05" => 7,
        "H08" => 8,
        "H04" => 9,
        "H07" => 10,
        "H03" => 11,
        "H06" => 12,
        "H11" => 13,
        "H01" => 14,
        "H02" => 15,
        "OVER" => 17,
        _ => 16,
    }
}

/// A structured field as a line of text: `cse_risk_level: medium`. What is empty, false or no number says nothing.
fn field_text(name: &str, value: &serde_json::Value) -> Option<String> {
    let value = match value {
        serde_json::Value::String(s) => s.clone(),
        serde_json::Value::Bool(b) => {
            if *b {
                "yes".to_owned()
            } else {
                "no".to_owned()
            }
        }
        serde_json::Value::Number(n) => n.to_string(),
        serde_json::Value::Array(all) => all.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(", "),
        _ => return None,
    };
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    Some(format!("{}: {}", name.trim(), value.replace(['_', '-'], " ")))
}
