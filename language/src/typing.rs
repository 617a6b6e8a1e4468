//! Slips of the keyboard: a letter left out, doubled, swapped or, in a long word, wrong.

use hashbrown::HashMap;

use crate::text::WordHash;

/// Shorter words are read as written: too many of them are one letter from another word.
pub(crate) const SHORTEST: usize = 6;

/// From this length one wrong letter is forgiven too.
const LONG: usize = 9;

/// Words that are one slip from a word of a rule and are words of their own.
const WORDS_OF_THEIR_OWN: &[&str] = &[
    "country",
    "though",
    "thought",
    "through",
    "careers",
    "career",
    "fiends",
    "charge",
    "planed",
    "planing",
    "decent",
    "descent",
    "contract",
    "contracts",
    "contacted",
    "sexily",
    "adulate",
    "unusual",
    "mature",
    "nature",
    "scared",
    "sacred",
    "carried",
    "caring",
    "casual",
    "causal",
    "trial",
    "trail",
    "desert",
    "dessert",
    "lives",
    "insight",
    "incite",
    "dinning",
    "staring",
    "starring",
    "hoping",
    "hopping",
    "filed",
    "filled",
    "sliver",
    "silver",
    "counts",
    "counters",
    "encounter",
    "encounters",
    "exploration",
    "explorations",
    "resident",
    "president",
    "residents",
    "relation",
    "relations",
    "revaluation",
    "evaluation",
    "prosecution",
    "persecution",
    "attention",
    "intention",
    "intentions",
    "attending",
    "intending",
    "presents",
    "presented",
    "preserved",
    "reserved",
    "reserve",
    "deserve",
];

/// Each word of the vocabulary by what is left when one letter is dropped.
#[derive(Debug, Default)]
pub(crate) struct Slips {
    dropped: HashMap<Box<str>, u32, WordHash>,
}

impl Slips {
    pub(crate) fn of(words: &[Box<str>]) -> Self {
        let mut dropped = HashMap::default();
        for (n, word) in words.iter().enumerate() {
            if word.len() < SHORTEST || !word.is_ascii() {
                continue;
            }
            // The last letter of a long word may be missing too.
            let cut = (word.len() > LONG).then(|| word[..word.len() - 1].to_owned());
            for left in without_one(word).chain(cut) {
                // The first word keeps the place, so that the order of packs decides and not the hash.
                dropped.entry(left.into_boxed_str()).or_insert(n as u32 + 1);
            }
        }
        Self { dropped }
    }

    /// The word that `written` is one slip away from.
    pub(crate) fn nearest(&self, written: &str, numbers: &HashMap<Box<str>, u32, WordHash>) -> Option<u32> {
        if !written.is_ascii() || WORDS_OF_THEIR_OWN.contains(&written) {
            return None;
        }
        // A letter left out. An inflected word is no slip of its stem.
        if let Some(n) = self.dropped.get(written) {
            return Some(*n);
        }
        let bytes = written.as_bytes();
        let mut swapped = bytes.to_vec();
        for i in 1..bytes.len() - 1 {
            swapped.swap(i, i + 1);
            let found = std::str::from_utf8(&swapped).ok().and_then(|w| numbers.get(w));
            if let Some(n) = found {
                return Some(*n);
            }
            swapped.swap(i, i + 1);
        }
        for (i, left) in without_one(written).enumerate() {
            // Only a doubled letter: other extra letters make other words too often.
            let doubled = bytes[i + 1] == bytes[i] || bytes.get(i + 2) == Some(&bytes[i + 1]);
            if doubled && let Some(n) = numbers.get(left.as_str()) {
                return Some(*n);
            }
            if written.len() >= LONG
                && let Some(n) = self.dropped.get(left.as_str())
            {
                return Some(*n);
            }
        }
        None
    }
}

/// A word with one letter dropped, each in turn, but neither the first nor the last.
fn without_one(word: &str) -> impl Iterator<Item = String> + '_ {
    (1..word.len().saturating_sub(1)).map(|i| {
        let mut left = String::with_capacity(word.len());
        left.push_str(&word[..i]);
        left.push_str(&word[i + 1..]);
        left
    })
}
