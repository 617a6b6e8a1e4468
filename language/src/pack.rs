//! Rule packs: wording, indicators and triggers as data, each rule with its source and its own tests.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::LanguageError,
    pattern::{Classes, Patterns},
    text::Vocabulary,
};

/// How much a finding matters, in the words of the guidance it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Better wording is known.
    Suggestion,
    /// The wording is named as harmful by guidance.
    Warning,
    /// The wording must not stand in a record, or a record contradicts itself.
    Error,
}

/// What a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Wording about the child, reported when the author owns it.
    Wording,
    /// A sign of harm, H01 to H13, reported with its status.
    Indicator,
    /// Words that place the child at risk.
    Risk,
    /// Words that record criminal exploitation.
    Criminal,
    /// Words that say plainly that the child has been harmed.
    Acknowledged,
    /// Words that close a case or lower a level.
    Closed,
    /// Words that show that sexual exploitation was thought of.
    Considered,
    /// Words that say why a closure is no loss: another body holds the case.
    Transferred,
    /// Words that say that something of the past has stopped or has been dealt with.
    Resolved,
}

/// Which subject a rule asks of its clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Any but another person.
    #[default]
    NotOther,
    /// The child in so many words, or nobody named: for words with other senses.
    Child,
    /// The phrase tells of an act, so the adult may be its subject; a relative may not.
    AdultToo,
    /// Nobody is asked: the phrase names its own actor.
    Any,
}

/// Where a rule's further patterns are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// In the sentence, the one before or the one after.
    #[default]
    Sentence,
    /// In the note.
    Note,
}

/// A published document that rules cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Its title.
    pub document: String,
    /// Who published it.
    pub publisher: String,
    /// The year.
    pub year: u16,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Its id, unique over all packs read together.
    pub id: String,
    /// The category in the label scheme: B1 to A1, H01 to H13, RISK, CCE, ACK.
    pub category: String,
    /// What it finds.
    pub kind: Kind,
    /// How much it matters.
    #[serde(default = "suggestion_level")]
    pub severity: Severity,
    /// The patterns, any of which matches; see the module `pattern`.
    pub pattern: Vec<String>,
    /// A match that overlaps one of these is another sense and is not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// A match is not counted when its sentence holds one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless_sentence: Vec<String>,
    /// A match counts only beside one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<String>,
    /// Where `require` is looked for.
    #[serde(default)]
    pub require_in: Reach,
    /// Whose the phrase must be.
    #[serde(default)]
    pub subject: Subject,
    /// Ages from which it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_age: Option<u8>,
    /// Ages up to which it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u8>,
    /// Document types in which it does not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_in: Vec<String>,
    /// An indicator that is strong alone.
    #[serde(default)]
    pub strong: bool,
    /// An indicator of sexual harm.
    #[serde(default)]
    pub sexual: bool,
    /// The phrase itself says no, as "one phone" does.
    #[serde(default)]
    pub negated: bool,
    /// The phrase itself places the sign in the past.
    #[serde(default)]
    pub historical: bool,
    /// Neutral wording to use instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suggestion: String,
    /// The key of the document it rests on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The page, table or paragraph in that document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Texts that the rule must report.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<String>,
    /// Texts that the rule must not report.
    #[serde(rename = "no-match", default, skip_serializing_if = "Vec::is_empty")]
    pub no_matches: Vec<String>,
}

fn suggestion_level() -> Severity {
    Severity::Suggestion
}

/// What a trigger does to the phrases about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// Says no to what follows.
    Negation,
    /// Says no to what precedes.
    NegationAfter,
    /// Says no to what it holds: "the report that ... was wrong".
    NegationAround,
    /// Looks like a no and is none; it silences the negation that it overlaps.
    Pseudo,
    /// Puts what follows in doubt.
    Possible,
    /// Puts what precedes in doubt.
    PossibleAfter,
    /// What follows is not said to have happened.
    Hypothetical,
    /// Nothing in the sentence is said to have happened.
    HypotheticalSentence,
    /// The sentence is about children in general.
    Generic,
    /// What the sentence tells is past.
    Historical,
    /// What follows is of the present again.
    Now,
    /// Ends the reach of what stands before.
    Terminator,
    /// Somebody says something.
    Speech,
    /// The child says no to what follows, when the child is who says it.
    Denial,
    /// The words are talked about, not used.
    Mention,
    /// The words are taken back or put right.
    Correction,
    /// The author agrees with what was reported.
    Endorsement,
    /// The author does not agree.
    Rejection,
}

/// One trigger of assertion status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Trigger {
    /// What it does.
    pub kind: TriggerKind,
    /// The patterns.
    pub pattern: Vec<String>,
}

/// The head of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Head {
    /// Its name.
    pub name: String,
    /// Its version: it goes into every report.
    pub version: String,
    /// The day it was last read against its sources, because lists of words age.
    pub reviewed: String,
    /// The language it is written for, as BCP 47.
    pub language: String,
}

/// A pack as read, before it is compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pack {
    /// Its head.
    pub pack: Head,
    /// The documents that its rules cite, by key.
    #[serde(rename = "source", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Source>,
    /// Classes of words, by name, each member a pattern.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, Vec<String>>,
    /// Its rules.
    #[serde(rename = "rule", default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Its triggers.
    #[serde(rename = "trigger", default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// The SHA-256 of its bytes, in hexadecimal.
    #[serde(skip)]
    pub sha256: String,
}

impl Pack {
    /// Reads a pack from TOML. `name` is what errors call it.
    ///
    /// # Errors
    /// When it is not TOML, or has a key that no pack has.
    pub fn read(name: &str, text: &str) -> Result<Self, LanguageError> {
        let mut pack: Self = toml::from_str(text).map_err(|e| LanguageError::Pack {
            pack: name.to_owned(),
            reason: e.to_string().trim().to_owned(),
        })?;
        pack.sha256 = hex(&Sha256::digest(text.as_bytes()));
        Ok(pack)
    }

    /// The packs that come with the crate: triggers, wording, indicators, record.
    ///
    /// # Errors
    /// Never for a released crate; its tests read the packs.
    pub fn bundled() -> Result<Vec<Self>, LanguageError> {
        BUNDLED.iter().map(|(name, text)| Self::read(name, text)).collect()
    }
}

const BUNDLED: [(&str, &str); 4] = [
    ("context.toml", include_str!("../packs/context.toml")),
    ("wording.toml", include_str!("../packs/wording.toml")),
    ("indicators.toml", include_str!("../packs/indicators.toml")),
    ("record.toml", include_str!("../packs/record.toml")),
];

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// What a compiled pattern belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Rule(u16),
    Unless(u16),
    UnlessSentence(u16),
    Require(u16),
    Trigger(TriggerKind),
}

/// Packs compiled together.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rules: Vec<Rule>,
    pub(crate) owners: Vec<Owner>,
    /// What rules look for.
    pub(crate) patterns: Patterns,
    /// Triggers and the conditions of rules, which are looked for only where a rule has matched.
    pub(crate) support: Patterns,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) words: Words,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) heads: Vec<(Head, String)>,
}

/// Classes that the code of the status layer reads.
#[derive(Debug, Default)]
pub(crate) struct Words(Vec<u32>);

macro_rules! classes {
    ($($flag:ident = $bit:literal $name:literal),+ $(,)?) => {
        $(pub(crate) const $flag: u32 = 1 << $bit;)+
        const FLAGS: &[(&str, u32)] = &[$(($name, $flag)),+];
    };
}

classes! {
    CHILD = 0 "child",
    RELATIVE = 1 "relative",
    OUTSIDER = 2 "outsider",
    PROFESSIONAL = 3 "professional",
    PRONOUN = 4 "pronoun",
    AUXILIARY = 5 "auxiliary",
    ADVERB = 6 "adverb",
    PREPOSITION = 7 "preposition",
    DETERMINER = 8 "determiner",
    CONDUCT = 9 "conduct",
    RELATIVISER = 10 "relativiser",
    CONJUNCTION = 11 "conjunction",
    YES = 12 "yes",
    NO = 13 "no",
    FUNCTION = 14 "function",
    OTHER_MARK = 15 "another",
    POSSESSIVE = 16 "possessive",
    THING = 17 "thing",
    BE = 18 "be",
}

impl Words {
    /// The classes of a word, as bits.
    pub(crate) fn of(&self, word: u32) -> u32 {
        self.0.get(word as usize).copied().unwrap_or(0)
    }
}

/// Compiles packs into one.
pub(crate) fn compile(packs: &[Pack]) -> Result<Compiled, LanguageError> {
    let mut vocabulary = Vocabulary::default();
    let mut classes = Classes::default();
    let (mut patterns, mut support) = (Patterns::default(), Patterns::default());
    let mut owners = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    let mut sources = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for pack in packs {
        let mut waiting: Vec<(&String, &Vec<String>)> = pack.classes.iter().collect();
        // A class may name another, in any order: go round until none is left or none moves.
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut failed = None;
            waiting.retain(|(name, members)| {
                let mut trial = classes.clone();
                match trial.add(name, members, &mut vocabulary) {
                    Ok(()) => {
                        classes = trial;
                        false
                    }
                    Err(reason) => {
                        failed = Some(((*name).clone(), reason));
                        true
                    }
                }
            });
            if let (true, Some((name, reason))) = (waiting.len() == before, failed) {
                return Err(LanguageError::Pack {
                    pack: pack.pack.name.clone(),
                    reason: format!("class {name}: {reason}"),
                });
            }
        }
    }
    for pack in packs {
        sources.extend(pack.sources.clone());
        let mut add = |owner: Owner,
                       list: &[String],
                       rule: &str,
                       patterns: &mut Patterns,
                       vocabulary: &mut Vocabulary| {
            for pattern in list {
                patterns.add(owners.len() as u32, pattern, &classes, vocabulary).map_err(|reason| {
                    LanguageError::Pattern {
                        pack: pack.pack.name.clone(),
                        rule: rule.to_owned(),
                        pattern: pattern.clone(),
                        reason,
                    }
                })?;
            }
            owners.push(owner);
            Ok(())
        };
        for trigger in &pack.triggers {
            add(Owner::Trigger(trigger.kind), &trigger.pattern, "trigger", &mut support, &mut vocabulary)?;
        }
        for rule in &pack.rules {
            if !ids.insert(rule.id.clone()) {
                return Err(LanguageError::DuplicateRule {
                    pack: pack.pack.name.clone(),
                    rule: rule.id.clone(),
                });
            }
            let n = rules.len() as u16;
            add(Owner::Rule(n), &rule.pattern, &rule.id, &mut patterns, &mut vocabulary)?;
            add(Owner::Unless(n), &rule.unless, &rule.id, &mut support, &mut vocabulary)?;
            add(Owner::UnlessSentence(n), &rule.unless_sentence, &rule.id, &mut support, &mut vocabulary)?;
            add(Owner::Require(n), &rule.require, &rule.id, &mut support, &mut vocabulary)?;
            rules.push(rule.clone());
        }
    }
    patterns.close();
    support.close();
    vocabulary.close();
    let mut words = vec![0; vocabulary.len() + 1];
    for (name, flag) in FLAGS {
        for word in classes.words(name) {
            words[word as usize] |= flag;
        }
    }
    let heads = packs.iter().map(|p| (p.pack.clone(), p.sha256.clone())).collect();
    Ok(Compiled { rules, owners, patterns, support, vocabulary, words: Words(words), sources, heads })
}
