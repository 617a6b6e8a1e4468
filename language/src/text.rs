//! Text to tokens and sentences, with offsets.
//!
//! A token is a word or a number. Punctuation is not a token: it is kept as marks on the token that follows it, so that a
//! pattern of words reads through quotation marks and hyphens and stops at the end of a sentence.

use hashbrown::HashMap;

use crate::typing;

/// What stands between a token and the one before it.
pub(crate) mod mark {
    /// A comma.
    pub(crate) const COMMA: u16 = 1;
    /// A semicolon.
    pub(crate) const SEMICOLON: u16 = 1 << 1;
    /// A colon.
    pub(crate) const COLON: u16 = 1 << 2;
    /// The end of a sentence.
    pub(crate) const SENTENCE: u16 = 1 << 3;
    /// An opening quotation mark.
    pub(crate) const OPEN_QUOTE: u16 = 1 << 4;
    /// A closing quotation mark.
    pub(crate) const CLOSE_QUOTE: u16 = 1 << 5;
    /// An opening bracket.
    pub(crate) const OPEN_BRACKET: u16 = 1 << 6;
    /// A closing bracket.
    pub(crate) const CLOSE_BRACKET: u16 = 1 << 7;
    /// A dash with space about it, or a long one.
    pub(crate) const DASH: u16 = 1 << 8;
    /// A hyphen inside a word.
    pub(crate) const HYPHEN: u16 = 1 << 9;
    /// A line break.
    pub(crate) const LINE: u16 = 1 << 10;
    /// A slash.
    pub(crate) const SLASH: u16 = 1 << 11;
    /// A question mark before the word, as in "?pregnant".
    pub(crate) const QUERY: u16 = 1 << 12;
    /// A box that is ticked, as in "[x]".
    pub(crate) const TICKED: u16 = 1 << 13;
    /// A box that is not ticked, as in "[ ]".
    pub(crate) const UNTICKED: u16 = 1 << 14;
    /// Marks that no pattern of adjacent words may cross.
    pub(crate) const BARRIER: u16 =
        COMMA | SEMICOLON | COLON | SENTENCE | DASH | OPEN_BRACKET | CLOSE_BRACKET | TICKED | UNTICKED;
    /// Marks that a gap may not cross either.
    pub(crate) const WALL: u16 = SEMICOLON | COLON | SENTENCE | DASH | TICKED | UNTICKED;
}

/// What a token looks like.
pub(crate) mod shape {
    /// It begins with a capital.
    pub(crate) const CAPITAL: u8 = 1;
    /// It is all capitals and longer than one letter.
    pub(crate) const UPPER: u8 = 1 << 1;
    /// It is a number; `word` holds its value.
    pub(crate) const NUMBER: u8 = 1 << 2;
    /// It is one letter.
    pub(crate) const SINGLE: u8 = 1 << 3;
    /// It ends in a letter after a number, as in "16yo" or "2nd".
    pub(crate) const NUMBER_SUFFIX: u8 = 1 << 4;
}

/// A word that no rule mentions.
pub(crate) const UNKNOWN: u32 = 0;

/// One word or number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// Offset of its first byte.
    pub(crate) start: u32,
    /// Offset after its last byte.
    pub(crate) end: u32,
    /// Its number in the vocabulary, or its value when it is a number.
    pub(crate) word: u32,
    /// Marks before it.
    pub(crate) before: u16,
    /// Its shape.
    pub(crate) shape: u8,
    /// Which bit of a set of 128 stands for it; the same for words that share it.
    pub(crate) bit: u8,
}

impl Token {
    pub(crate) fn is_number(self) -> bool {
        self.shape & shape::NUMBER != 0
    }

    pub(crate) fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The bit of numbers.
pub(crate) const NUMBER_BIT: u8 = 126;

/// The bit of a word, from its number.
pub(crate) fn bit_of(word: u32) -> u8 {
    ((u64::from(word).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % u64::from(NUMBER_BIT)) as u8
}

/// One sentence: a range of tokens and how it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sentence {
    /// Its first token.
    pub(crate) first: u32,
    /// After its last token.
    pub(crate) last: u32,
    /// Whether it ends in a question mark.
    pub(crate) question: bool,
}

/// The words that rules know, each with a number from 1.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// Words of up to sixteen bytes by their bytes: nearly all.
    short: HashMap<u128, u32, WordHash>,
    numbers: HashMap<Box<str>, u32, WordHash>,
    words: Vec<Box<str>>,
    typing: typing::Slips,
}

/// The bytes of a short word as one number.
fn packed(word: &[u8]) -> Option<u128> {
    let mut bytes = [0u8; 16];
    bytes.get_mut(..word.len())?.copy_from_slice(word);
    Some(u128::from_le_bytes(bytes))
}

/// A hash for short words that is the same in every run.
pub(crate) type WordHash = std::hash::BuildHasherDefault<Hash>;

/// Multiply and rotate, eight bytes at a time; words are short and come from nobody who gains by a collision.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Hash(u64);

impl std::hash::Hasher for Hash {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, _: u8) {}

    fn write_u128(&mut self, n: u128) {
        self.write_u64(n as u64);
        self.write_u64((n >> 64) as u64);
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Vocabulary {
    /// The number of a word, given if it has none.
    pub(crate) fn intern(&mut self, word: &str) -> u32 {
        if let Some(n) = self.numbers.get(word) {
            return *n;
        }
        let n = self.words.len() as u32 + 1;
        self.words.push(word.into());
        self.numbers.insert(word.into(), n);
        if let Some(key) = packed(word.as_bytes()) {
            self.short.insert(key, n);
        }
        n
    }

    /// Numbers run from 1 up to and with this.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word of a number.
    pub(crate) fn word(&self, number: u32) -> &str {
        (number as usize).checked_sub(1).and_then(|n| self.words.get(n)).map_or("", |w| w)
    }

    /// Makes the table of slips of the keyboard; called once, when every rule has been read.
    pub(crate) fn close(&mut self) {
        self.typing = typing::Slips::of(&self.words);
    }

    /// The number of an ASCII word as written, slips of the keyboard forgiven.
    fn look_up_ascii(&self, text: &[u8], start: usize, stop: usize, scratch: &mut Seen) -> u32 {
        let word = &text[start..stop];
        let length = word.len();
        if length == 0 {
            return UNKNOWN;
        }
        if length > 16 {
            return self.look_up(&String::from_utf8_lossy(word).to_lowercase());
        }
        // Sixteen bytes at once where the text is long enough. Letters and the apostrophe only stand in a word, so that the
        // bit set here makes small letters and changes nothing else.
        let kept = u128::MAX >> (8 * (16 - length));
        let whole = text.get(start..start + 16).and_then(|b| <[u8; 16]>::try_from(b).ok());
        let bytes = whole.unwrap_or_else(|| {
            let mut bytes = [0u8; 16];
            bytes[..length].copy_from_slice(word);
            bytes
        });
        let key = (u128::from_le_bytes(bytes) | 0x2020_2020_2020_2020_2020_2020_2020_2020) & kept;
        let slot = Seen::slot(key);
        if scratch.keys[slot] == key {
            return scratch.words[slot];
        }
        let n = match self.short.get(&key).or_else(|| scratch.slips.get(&key)) {
            Some(n) => *n,
            None if length < typing::SHORTEST => UNKNOWN,
            None => {
                let n = self.look_up(&String::from_utf8_lossy(&key.to_le_bytes()[..length]));
                if scratch.slips.len() < 50_000 {
                    scratch.slips.insert(key, n);
                }
                n
            }
        };
        (scratch.keys[slot], scratch.words[slot]) = (key, n);
        n
    }

    /// The number of a word in small letters.
    fn look_up(&self, word: &str) -> u32 {
        if let Some(n) = self.numbers.get(word) {
            return *n;
        }
        if word.len() < typing::SHORTEST || word.len() > 24 {
            return UNKNOWN;
        }
        self.typing.nearest(word, &self.numbers).unwrap_or(UNKNOWN)
    }
}

/// Words met before and what they were read as: it saves work and changes nothing.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The word met last of those that share a slot: few words are most of a text. No word has the key 0, so that an empty
    /// slot is never taken for one.
    keys: Box<[u128; Seen::SLOTS]>,
    words: Box<[u32; Seen::SLOTS]>,
    /// Words that no rule has, and what they may be slips of.
    slips: HashMap<u128, u32, WordHash>,
}

impl Seen {
    const SLOT_BITS: u32 = 10;
    const SLOTS: usize = 1 << Self::SLOT_BITS;

    fn slot(key: u128) -> usize {
        let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(29);
        (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Self::SLOT_BITS)) as usize
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            keys: Box::new([0; Self::SLOTS]),
            words: Box::new([UNKNOWN; Self::SLOTS]),
            slips: HashMap::default(),
        }
    }
}

/// Abbreviations after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "approx", "acc", "inc", "incl", "no", "nos", "e.g", "i.e", "eg",
    "ie", "etc", "vs", "re", "tel", "ref", "para", "paras", "p", "pp", "fig", "dept", "sgt", "insp", "dob",
    "yr", "yrs", "hrs", "hr", "min", "mins", "aged", "poss", "prev", "ext",
];

/// Words that end no sentence: a line break after one only wraps the line.
const OPEN: &[&str] = &[
    "that", "and", "or", "but", "the", "a", "an", "of", "with", "by", "for", "from", "because", "if",
    "whether", "who", "which", "was", "were", "has", "had", "when", "while",
];

/// Reads a text into tokens and sentences, reusing the vectors.
pub(crate) fn tokenise(
    text: &str,
    vocabulary: &Vocabulary,
    seen: &mut Seen,
    tokens: &mut Vec<Token>,
    sentences: &mut Vec<Sentence>,
) {
    tokens.clear();
    sentences.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut before = 0u16;
    let mut quoted = false;
    let mut first = 0u32;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b' ' | b'\t' | b'\r' => at += 1,
            b'a'..=b'z' | b'A'..=b'Z' => at = word(text, at, before, vocabulary, seen, tokens, &mut before),
            b'0'..=b'9' => at = number(text, at, tokens, &mut before),
            0x80.. => {
                let c = text[at..].chars().next().unwrap_or(' ');
                if c.is_alphabetic() {
                    at = word(text, at, before, vocabulary, seen, tokens, &mut before);
                } else {
                    match c {
                        '\u{201C}' | '\u{2018}' | '\u{00AB}' => before |= mark::OPEN_QUOTE,
                        '\u{201D}' | '\u{2019}' | '\u{00BB}' => before |= mark::CLOSE_QUOTE,
                        // A short dash between two letters joins them; with space about it, or a long one, it parts.
                        '\u{2013}'
                            if at > 0
                                && bytes[at - 1].is_ascii_alphabetic()
                                && bytes.get(at + 3).is_some_and(u8::is_ascii_alphabetic) =>
                        {
                            before |= mark::HYPHEN;
                        }
                        '\u{2013}' | '\u{2014}' => before |= mark::DASH,
                        '\u{2010}' | '\u{2011}' => before |= mark::HYPHEN,
                        '\u{2022}' => before |= mark::SENTENCE,
                        '\u{2026}' => before |= mark::COMMA,
                        '\u{2713}' | '\u{2714}' | '\u{2611}' | '\u{2612}' => before |= mark::TICKED,
                        '\u{2610}' => before |= mark::UNTICKED,
                        _ => {}
                    }
                    at += c.len_utf8();
                }
            }
            _ => {
                at += punctuation(text, at, tokens, &mut before, &mut quoted);
                if before & mark::SENTENCE != 0 && (first as usize) < tokens.len() {
                    sentences.push(Sentence { first, last: tokens.len() as u32, question: byte == b'?' });
                    first = tokens.len() as u32;
                }
            }
        }
        // A word that begins a sentence whose end was a bullet or another mark outside ASCII.
        if before == 0
            && tokens.last().is_some_and(|t| t.before & mark::SENTENCE != 0)
            && (first as usize) + 1 < tokens.len()
        {
            sentences.push(Sentence { first, last: tokens.len() as u32 - 1, question: false });
            first = tokens.len() as u32 - 1;
        }
    }
    if (first as usize) < tokens.len() {
        sentences.push(Sentence { first, last: tokens.len() as u32, question: false });
    }
}

/// Reads one word from `at`; gives the offset after it.
fn word(
    text: &str,
    at: usize,
    marks: u16,
    vocabulary: &Vocabulary,
    seen: &mut Seen,
    tokens: &mut Vec<Token>,
    before: &mut u16,
) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    let mut apostrophe = None;
    let mut uppers = 0usize;
    let mut plain = true;
    while end < bytes.len() {
        match bytes[end] {
            b'a'..=b'z' => end += 1,
            b'A'..=b'Z' => {
                uppers += 1;
                end += 1;
            }
            b'\'' if bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic) && end > at => {
                apostrophe = Some((end, 1));
                end += 1;
            }
            0x80.. => {
                let c = text[end..].chars().next().unwrap_or(' ');
                if c == '\u{2019}' {
                    let next = end + c.len_utf8();
                    if end == at || !bytes.get(next).is_some_and(u8::is_ascii_alphabetic) {
                        break;
                    }
                    apostrophe = Some((end, c.len_utf8()));
                    end = next;
                } else if c.is_alphabetic() {
                    plain = false;
                    uppers += usize::from(c.is_uppercase());
                    end += c.len_utf8();
                } else {
                    break;
                }
            }
            _ => break,
        }
    }
    let capital = if plain {
        bytes[at].is_ascii_uppercase()
    } else {
        text[at..].chars().next().is_some_and(char::is_uppercase)
    };
    let mut form = u8::from(capital) * shape::CAPITAL;
    let stem_end = match apostrophe {
        // "don't" is two words, so that "not" is found in it.
        Some((p, _))
            if bytes[p - 1].eq_ignore_ascii_case(&b'n')
                && bytes[end - 1].eq_ignore_ascii_case(&b't')
                && p + 2 <= end
                && p > at + 1 =>
        {
            p - 1
        }
        Some((p, _)) => p,
        None => end,
    };
    if uppers > 1 && uppers + 1 >= stem_end - at {
        form |= shape::UPPER;
    }
    if stem_end - at == 1 {
        form |= shape::SINGLE;
    }
    let mut push = |start: usize, stop: usize, form: u8, marks: u16| {
        let word = if plain && (apostrophe.is_none() || bytes[start..stop].is_ascii()) {
            vocabulary.look_up_ascii(bytes, start, stop, seen)
        } else {
            let lower: String = text[start..stop].to_lowercase().replace('\u{2019}', "'");
            vocabulary.look_up(&lower)
        };
        let bit = bit_of(word);
        tokens.push(Token { start: start as u32, end: stop as u32, word, before: marks, shape: form, bit });
    };
    push(at, stem_end, form, marks);
    if stem_end < end {
        push(stem_end, end, 0, 0);
    }
    *before = 0;
    end
}

/// Reads one number from `at`; gives the offset after it.
fn number(text: &str, at: usize, tokens: &mut Vec<Token>, before: &mut u16) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    let mut value = 0u32;
    let mut form = shape::NUMBER;
    while end < bytes.len() {
        match bytes[end] {
            b'0'..=b'9' => {
                value = value.saturating_mul(10).saturating_add(u32::from(bytes[end] - b'0'));
                end += 1;
            }
            b'.' | b',' | b':' if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
                value = value.max(100_000);
                end += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                form |= shape::NUMBER_SUFFIX;
                end += 1;
            }
            _ => break,
        }
    }
    tokens.push(Token {
        start: at as u32,
        end: end as u32,
        word: value,
        before: *before,
        shape: form,
        bit: NUMBER_BIT,
    });
    *before = 0;
    end
}

/// Reads one mark; gives how many bytes it takes.
fn punctuation(text: &str, at: usize, tokens: &[Token], before: &mut u16, quoted: &mut bool) -> usize {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
    match bytes[at] {
        b',' => *before |= mark::COMMA,
        b';' => *before |= mark::SEMICOLON,
        b':' => *before |= mark::COLON,
        b'!' => *before |= mark::SENTENCE,
        b'?' => {
            let opens = *before & mark::SENTENCE == 0
                && next.is_ascii_alphabetic()
                && (at == 0 || matches!(bytes[at - 1], b' ' | b'\n'));
            // "? pregnant" after a full stop is a doubt as well; after a word it asks.
            let stands_alone = next == b' '
                && (at == 0 || bytes[at - 1] == b' ')
                && bytes.get(at + 2).is_some_and(u8::is_ascii_lowercase);
            *before |= if opens || stands_alone { mark::QUERY } else { mark::SENTENCE };
        }
        b'.' if ends_sentence(text, at, tokens) => {
            *before |= mark::SENTENCE;
        }
        b'"' => {
            *before |= if *quoted { mark::CLOSE_QUOTE } else { mark::OPEN_QUOTE };
            *quoted = !*quoted;
        }
        b'\'' | b'`' => {
            let opens = (at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'.')
                && !next.is_ascii_whitespace();
            *before |= if opens { mark::OPEN_QUOTE } else { mark::CLOSE_QUOTE };
        }
        b'(' => *before |= mark::OPEN_BRACKET,
        b')' | b']' => *before |= mark::CLOSE_BRACKET,
        b'[' => {
            let close = bytes.get(at + 2) == Some(&b']');
            match (next, close) {
                (b'x' | b'X' | b'*' | b'/', true) => {
                    *before |= mark::TICKED;
                    return 3;
                }
                (b' ' | b'_', true) => {
                    *before |= mark::UNTICKED;
                    return 3;
                }
                (b']', _) => {
                    *before |= mark::UNTICKED;
                    return 2;
                }
                _ => *before |= mark::OPEN_BRACKET,
            }
        }
        b'-' => {
            let glued = at > 0 && bytes[at - 1].is_ascii_alphanumeric() && next.is_ascii_alphanumeric();
            let bullet = *before & mark::LINE != 0 || tokens.is_empty();
            *before |= if glued {
                mark::HYPHEN
            } else if bullet {
                mark::SENTENCE
            } else {
                mark::DASH
            };
        }
        b'*' | b'#' if *before & mark::LINE != 0 => *before |= mark::SENTENCE,
        b'/' => *before |= mark::SLASH,
        b'\n' => {
            let rest = text[at + 1..].trim_start_matches([' ', '\t', '\r']);
            // A line that breaks off after "that" is wrapped, even before a name.
            let wrapped = *before == 0
                && rest.starts_with(char::is_uppercase)
                && tokens.last().is_some_and(|t| OPEN.iter().any(|w| w.eq_ignore_ascii_case(t.text(text))));
            let starts = !wrapped && rest.starts_with(|c: char| !c.is_lowercase());
            *before |= mark::LINE;
            if starts {
                *before |= mark::SENTENCE;
            }
        }
        _ => {}
    }
    1
}

/// Whether the full stop at `at` ends a sentence.
fn ends_sentence(text: &str, at: usize, tokens: &[Token]) -> bool {
    let bytes = text.as_bytes();
    let Some(last) = tokens.last() else { return true };
    if last.end as usize != at {
        return true;
    }
    let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
    let word = last.text(text);
    if next.is_ascii_alphanumeric() {
        // "streetwise.He" ends one; "e.g" and "3.b" do not.
        return word.len() > 2 && next.is_ascii_uppercase() && !last.is_number();
    }
    if last.shape & (shape::SINGLE | shape::CAPITAL) == shape::SINGLE | shape::CAPITAL {
        // "J. Smith" carries on; "seen with N. She" cannot be told from it, so a pronoun decides.
        let after =
            text[at + 1..].trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        return !after.starts_with(char::is_uppercase)
            || ["She", "He", "They", "The", "No", "Her", "His", "It", "We", "A"].contains(&after);
    }
    let abbreviated = ABBREVIATIONS.iter().any(|a| a.eq_ignore_ascii_case(word));
    let letters = last.shape & shape::SINGLE != 0 && at >= 2 && bytes[at - 2] == b'.';
    if abbreviated || letters {
        let after = text[at + 1..].trim_start();
        return after.is_empty()
            || (after.starts_with(char::is_uppercase)
                && !["mr", "mrs", "ms", "dr", "prof", "st"].iter().any(|a| a.eq_ignore_ascii_case(word))
                && word.eq_ignore_ascii_case("no"));
    }
    true
}

/// The number of characters before a byte offset, for many offsets of one text in rising order.
#[derive(Debug)]
pub(crate) struct Characters<'a> {
    text: &'a str,
    ascii: bool,
    byte: usize,
    character: usize,
}

impl<'a> Characters<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, ascii: text.is_ascii(), byte: 0, character: 0 }
    }

    /// The character offset of a byte offset.
    pub(crate) fn at(&mut self, byte: usize) -> usize {
        if self.ascii {
            return byte;
        }
        if byte < self.byte {
            (self.byte, self.character) = (0, 0);
        }
        let part = self.text.get(self.byte..byte).unwrap_or_default();
        self.character += part.chars().count();
        self.byte = byte;
        self.character
    }
}
