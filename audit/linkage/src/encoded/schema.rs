//! What is encoded and how: schema, secret, keys, tokens, bits.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::LinkageError;
use crate::random::mix;
use crate::safeguard::check_column;

/// Version of the encoding. Arrays of different versions do not match.
const VERSION: u32 = 1;
/// Characters of a value that are encoded at most.
pub(super) const VALUE_LIMIT: usize = 1_000;
/// Words of token patterns kept for one field before they are made anew: 8 MB.
const CACHE_LIMIT: usize = 1 << 20;
/// Salts whose keys are kept.
const SALT_LIMIT: usize = 1_024;

type Keyed = Hmac<Sha256>;
type Key = Zeroizing<[u8; 32]>;

/// What the holders of data share and the linkage unit must not know: at least 32 bytes.
///
/// It is wiped from memory when dropped and never printed.
#[derive(Clone)]
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// The least length, in bytes.
    pub const LEAST: usize = 32;
    /// Different bytes at least. It catches `aaaa…`, not a guessable sentence: nothing here can measure randomness. 64
    /// random hexadecimal digits have fewer less than once in 10^15 secrets.
    const LEAST_DIFFERENT: usize = 9;

    /// Takes the bytes as they are: strip a file's last line end first. Refuses fewer than [`Secret::LEAST`], and what is
    /// plainly not random.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, LinkageError> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < Self::LEAST {
            return Err(LinkageError::Settings(format!(
                "the secret has {} bytes, and at least {} are needed; make one with `openssl rand -hex 32`",
                bytes.len(),
                Self::LEAST
            )));
        }
        let mut met = [false; 256];
        bytes.iter().for_each(|b| met.iter_mut().skip(usize::from(*b)).take(1).for_each(|m| *m = true));
        let different = met.iter().filter(|m| **m).count();
        if different < Self::LEAST_DIFFERENT {
            return Err(LinkageError::Settings(format!(
                "the secret is made of {different} different bytes only; make one with `openssl rand -hex 32`"
            )));
        }
        Ok(Self { bytes })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// How a value is cut into tokens. A token that occurs twice counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// Pairs of neighbouring characters, with a blank before and after: for names. `ann` is ` a`, `an`, `nn`, `n `.
    Bigrams,
    /// Each letter or digit with its place, other characters dropped: for dates, numbers and postcodes. `12-05` is
    /// `0:1`, `1:2`, `2:0`, `3:5`.
    Positions,
    /// The value as one token: for what is right or wrong as a whole.
    Whole,
}

/// A field of the encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSchema {
    /// The column of this party's table.
    pub column: String,
    /// The name both parties know it by, from which its key is made; the column's where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// How it is cut.
    pub tokens: Tokens,
    /// Bits set by each token, 1 to 256: the field's weight.
    pub hashes: u16,
}

impl FieldSchema {
    /// The name from which the key is made.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.column)
    }
}

/// Whose records are encoded. It goes into every key, so arrays of victims and of suspects have nothing in common, and
/// [`match_encodings`](super::match_encodings) refuses to compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodedPopulation {
    /// People in any other capacity.
    #[default]
    People,
    /// Victims, survivors and children at risk.
    Victims,
    /// Suspects and offenders.
    Suspects,
}

impl EncodedPopulation {
    fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Victims => "victims",
            Self::Suspects => "suspects",
        }
    }
}

/// A stable part of the record that goes into its keys, such as the year of birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salt {
    /// The column of this party's table.
    pub column: String,
    /// The name both parties know it by; the column's where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// First character taken, from 1.
    #[serde(default = "first_character")]
    pub start: u16,
    /// Characters taken; all that follow where absent.
    #[serde(default)]
    pub length: Option<u16>,
}

impl Salt {
    /// The name both parties know it by.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.column)
    }
}

/// A part of a blocking key.
pub type BlockPart = Salt;

fn first_character() -> u16 {
    1
}

/// What is done against attacks on the arrays, in this order: salt, fold or balance, flip. See the [module](super).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardening {
    /// Part of the record that goes into the keys.
    #[serde(default)]
    pub salt: Option<Salt>,
    /// Append the complement and shuffle by a keyed permutation: twice as long, always half of the bits set.
    #[serde(default)]
    pub balance: bool,
    /// Lay one half over the other by exclusive or: half as long.
    #[serde(default)]
    pub fold: bool,
    /// Probability with which each bit is turned over, 0 to below 0.5; taken to the nearest 1/256.
    #[serde(default)]
    pub flip: f64,
}

/// What both parties must agree on before they encode, and the names of one party's columns.
///
/// ```toml
/// version = 1
/// population = "people"
/// id = "unique_id"
/// bits = 1024
///
/// [[field]]
/// column = "first_name"
/// tokens = "bigrams"
/// hashes = 20
///
/// [[field]]
/// column = "dob"
/// tokens = "positions"
/// hashes = 20
///
/// [hardening]
/// salt = { column = "dob", start = 1, length = 4 }
///
/// [[block]]
/// parts = [{ column = "dob", length = 4 }, { column = "sex" }]
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EncodingSchema {
    raw: RawSchema,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSchema {
    version: u32,
    #[serde(default)]
    population: EncodedPopulation,
    #[serde(default = "default_id")]
    id: String,
    #[serde(default = "default_bits")]
    bits: u32,
    #[serde(rename = "field", default)]
    fields: Vec<FieldSchema>,
    #[serde(default)]
    hardening: Hardening,
    #[serde(rename = "block", default)]
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    parts: Vec<BlockPart>,
}

fn default_id() -> String {
    "unique_id".to_owned()
}

fn default_bits() -> u32 {
    1024
}

impl EncodingSchema {
    /// Reads a schema written in TOML.
    pub fn from_toml(text: &str) -> Result<Self, LinkageError> {
        Self::checked(toml::from_str(text).map_err(|e| {
            let line =
                e.span().and_then(|span| text.get(..span.start)).map_or(1, |t| t.matches('\n').count() + 1);
            LinkageError::Settings(format!("encoding schema, line {line}: {}", e.message()))
        })?)
    }

    /// Reads a schema written in JSON, with the same keys.
    pub fn from_json(text: &str) -> Result<Self, LinkageError> {
        Self::checked(
            serde_json::from_str(text)
                .map_err(|e| LinkageError::Settings(format!("encoding schema: {e}")))?,
        )
    }

    fn checked(raw: RawSchema) -> Result<Self, LinkageError> {
        let wrong = |reason: String| Err(LinkageError::Settings(format!("encoding schema: {reason}")));
        check_column(&raw.id, "encoding schema, the id")?;
        if raw.version != VERSION {
            return wrong(format!(
                "version {} is not known; this program writes version {VERSION}",
                raw.version
            ));
        }
        if raw.bits == 0 || !raw.bits.is_multiple_of(64) || raw.bits > 8192 {
            return wrong(format!("bits = {} must be a multiple of 64 up to 8192", raw.bits));
        }
        if raw.fields.is_empty() || raw.fields.len() > 32 {
            return wrong(format!(
                "{} fields; 1 to 32 can be encoded, each as a [[field]]",
                raw.fields.len()
            ));
        }
        for (index, field) in raw.fields.iter().enumerate() {
            if field.hashes == 0 || field.hashes > 256 {
                return wrong(format!("field {}: hashes = {} must be 1 to 256", field.name(), field.hashes));
            }
            for named in [&field.column, field.name()] {
                check_column(named, "encoding schema, a field")?;
            }
            if raw.fields.iter().take(index).any(|f| f.name() == field.name()) {
                return wrong(format!("two fields are named {}; give one another `name`", field.name()));
            }
        }
        let hardening = &raw.hardening;
        if hardening.balance && hardening.fold {
            return wrong("balance and fold cannot be used together; choose one".to_owned());
        }
        if hardening.fold && !raw.bits.is_multiple_of(128) {
            return wrong(format!("to fold, bits = {} must be a multiple of 128", raw.bits));
        }
        if !(0.0..0.5).contains(&hardening.flip) {
            return wrong(format!("flip = {} must be at least 0 and below 0.5", hardening.flip));
        }
        if raw.blocks.len() > 64 || raw.blocks.iter().any(|b| b.parts.is_empty()) {
            return wrong("a [[block]] needs parts, and 64 blocks are the limit".to_owned());
        }
        let taken = hardening.salt.iter().chain(raw.blocks.iter().flat_map(|b| &b.parts));
        for part in taken {
            for named in [&part.column, part.name()] {
                check_column(named, "encoding schema, the salt or a block")?;
            }
            if part.start == 0 || part.length == Some(0) {
                return wrong(format!("{}: start counts from 1 and length is at least 1", part.column));
            }
        }
        Ok(Self { raw })
    }

    /// The column of the record's id.
    pub fn id_column(&self) -> &str {
        &self.raw.id
    }

    /// The fields, in the order of the presence mask.
    pub fn fields(&self) -> &[FieldSchema] {
        &self.raw.fields
    }

    /// Whose records are encoded.
    pub fn population(&self) -> EncodedPopulation {
        self.raw.population
    }

    /// What is done against attacks.
    pub fn hardening(&self) -> &Hardening {
        &self.raw.hardening
    }

    /// Length of an encoded record in bits, hardening included.
    pub fn encoded_bits(&self) -> u32 {
        match (&self.raw.hardening.balance, &self.raw.hardening.fold) {
            (true, _) => self.raw.bits * 2,
            (_, true) => self.raw.bits / 2,
            _ => self.raw.bits,
        }
    }

    pub(super) fn block_count(&self) -> usize {
        self.raw.blocks.len()
    }

    pub(super) fn block_columns(&self) -> impl Iterator<Item = &str> {
        self.raw.blocks.iter().flat_map(|b| &b.parts).map(|p| p.column.as_str())
    }

    pub(super) fn flips_per_256(&self) -> u32 {
        (self.raw.hardening.flip * 256.0).round() as u32
    }

    /// SHA-256, in hexadecimal, of all that decides which bits are set: version, population, length, fields with their names,
    /// tokens and weights, hardening and blocks. Columns and their spelling in one party's table are left out where they have
    /// a name of their own, so two parties encode alike exactly if this and the secret are equal.
    pub fn hash(&self) -> String {
        let raw = &self.raw;
        let fields: Vec<_> = raw.fields.iter().map(|f| (f.name(), f.tokens, f.hashes)).collect();
        let part = |p: &Salt| serde_json::json!([p.name(), p.start, p.length]);
        let salt = raw.hardening.salt.as_ref().map(part);
        let blocks: Vec<Vec<_>> = raw.blocks.iter().map(|b| b.parts.iter().map(part).collect()).collect();
        // A list, not an object: the order of an object's keys depends on how serde_json was built.
        let said = serde_json::json!([
            raw.version,
            raw.population.name(),
            raw.bits,
            fields,
            salt,
            blocks,
            [raw.hardening.balance, raw.hardening.fold],
            self.flips_per_256(),
        ]);
        hex(&Sha256::digest(said.to_string().as_bytes()))
    }

    /// What two parties' files must share: 16 digits of the schema's hash, and 8 of a value that only the same secret gives.
    pub fn scheme(&self, secret: &Secret) -> String {
        let check = derive(&root(secret, self.raw.population), "check", "");
        let mut scheme = self.hash();
        scheme.truncate(16);
        scheme.push('-');
        scheme.push_str(&hex(check.get(..4).unwrap_or_default()));
        scheme
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn keyed(key: &[u8; 32]) -> Keyed {
    let mut block = Zeroizing::new([0u8; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Keyed::new((&*block).into())
}

fn digest(mac: Keyed) -> [u8; 32] {
    mac.finalize().into_bytes().into()
}

/// HKDF's extraction (RFC 5869, section 2.2), with the population in the salt.
fn root(secret: &Secret, population: EncodedPopulation) -> Key {
    let mut salt = [0u8; 32];
    for (to, from) in salt.iter_mut().zip(b"candour clk 1 ".iter().chain(population.name().as_bytes())) {
        *to = *from;
    }
    let mut mac = keyed(&salt);
    mac.update(&secret.bytes);
    Zeroizing::new(digest(mac))
}

/// HKDF's expansion to one block (RFC 5869, section 2.3).
fn derive(key: &[u8; 32], purpose: &str, name: &str) -> Key {
    let mut mac = keyed(key);
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(name.as_bytes());
    mac.update(&[1]);
    Zeroizing::new(digest(mac))
}

/// Hashes the small numbers of token caches; these are never taken from outside unmixed.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value, 1);
    }
}

/// Characters with a place in [`Cache::common`]: letters, digits, the blank, hyphen and apostrophe.
const COMMON: u64 = 39;

/// Where tokens' patterns stand. Two numbers make a token: a pair of characters, or a place and a character.
#[derive(Default)]
struct Cache {
    /// Places plus 1 of the tokens that nearly all values are made of; 0 where there is none yet.
    common: Vec<u32>,
    others: HashMap<u64, u32, BuildHasherDefault<Mixer>>,
}

impl Cache {
    /// A token's place, and whether it must be made there first.
    fn place(&mut self, first: u64, second: u64, next: usize) -> (usize, bool) {
        if first < COMMON && second < COMMON {
            if self.common.is_empty() {
                self.common = vec![0; (COMMON * COMMON) as usize];
            }
            if let Some(place) = self.common.get_mut((first * COMMON + second) as usize) {
                let new = *place == 0;
                if new {
                    *place = next as u32 + 1;
                }
                return (*place as usize - 1, new);
            }
        }
        let mut new = false;
        let place = *self.others.entry(first << 32 | second).or_insert_with(|| {
            new = true;
            next as u32
        });
        (place as usize, new)
    }

    fn clear(&mut self) {
        self.common.fill(0);
        self.others.clear();
    }
}

/// A character's number: small for common ones, its code point and [`COMMON`] for others, so that no two are alike.
fn number_of(c: char) -> u64 {
    match c {
        'a'..='z' => u64::from(c) - u64::from('a'),
        '0'..='9' => 26 + u64::from(c) - u64::from('0'),
        ' ' => 36,
        '-' => 37,
        '\'' => 38,
        c => COMMON + u64::from(c),
    }
}

struct FieldEncoder {
    key: Key,
    hashes: usize,
    tokens: Tokens,
    /// Where in `patterns` a token's bits stand, for each salt.
    caches: Vec<Cache>,
    patterns: Vec<u64>,
}

struct BlockKey {
    key: Keyed,
    parts: Vec<(u16, Option<u16>)>,
}

/// What a record has in the columns that the schema names.
pub(super) struct Row<'a> {
    pub id: &'a str,
    /// One for each field.
    pub fields: &'a [&'a str],
    pub salt: &'a str,
    /// One for each part of each block, in order.
    pub blocks: &'a [&'a str],
}

/// Encodes records one after another. Holds keys; give each thread one of its own.
pub(super) struct Encoder {
    words: usize,
    bits: u32,
    salted: Option<(u16, Option<u16>)>,
    fields: Vec<FieldEncoder>,
    salts: HashMap<String, usize>,
    salt_keys: Vec<Vec<Keyed>>,
    blocks: Vec<BlockKey>,
    permutation: Vec<u32>,
    fold: bool,
    flips: u32,
    noise: Keyed,
    code: Vec<u64>,
    text: String,
    second: String,
}

impl Encoder {
    pub(super) fn new(schema: &EncodingSchema, secret: &Secret) -> Self {
        let raw = &schema.raw;
        let root = root(secret, raw.population);
        let fields = raw
            .fields
            .iter()
            .map(|f| FieldEncoder {
                key: derive(&root, "field", f.name()),
                hashes: usize::from(f.hashes),
                tokens: f.tokens,
                caches: Vec::new(),
                patterns: Vec::new(),
            })
            .collect();
        let blocks = raw
            .blocks
            .iter()
            .enumerate()
            .map(|(n, block)| BlockKey {
                key: keyed(&derive(&root, "block", &n.to_string())),
                parts: block.parts.iter().map(|p| (p.start, p.length)).collect(),
            })
            .collect();
        let mut permutation = Vec::new();
        if raw.hardening.balance {
            permutation.extend(0..raw.bits * 2);
            let seed = derive(&root, "permutation", "");
            let mut random = Random::new(&seed);
            for last in (1..permutation.len()).rev() {
                permutation.swap(last, random.below(last as u64 + 1) as usize);
            }
        }
        Self {
            words: raw.bits as usize / 64,
            bits: raw.bits,
            salted: raw.hardening.salt.as_ref().map(|s| (s.start, s.length)),
            fields,
            salts: HashMap::new(),
            salt_keys: Vec::new(),
            blocks,
            permutation,
            fold: raw.hardening.fold,
            flips: schema.flips_per_256(),
            noise: keyed(&derive(&root, "noise", "")),
            code: vec![0; raw.bits as usize / 64],
            text: String::new(),
            second: String::new(),
        }
    }

    /// Appends the record's code to `words`, and returns its presence mask and whether a salt was wanted and missing.
    pub(super) fn encode(&mut self, row: &Row<'_>, words: &mut Vec<u64>) -> (u32, bool) {
        let (salt, unsalted) = self.salt(row.salt);
        let mut code = std::mem::take(&mut self.code);
        let mut present = 0;
        // Most arrays have 1,024 bits; knowing so lets the compiler keep the whole array in registers.
        if let Some(whole) = code.as_mut_array::<16>() {
            *whole = [0; 16];
            present = self.fill(row, salt, whole);
        } else {
            code.fill(0);
            present |= self.fill(row, salt, &mut code);
        }
        self.harden(row.id, &code, words);
        self.code = code;
        (present, unsalted)
    }

    fn salt(&mut self, value: &str) -> (usize, bool) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        if let Some((start, length)) = self.salted {
            plain(value, &mut self.second);
            text.extend(part_of(&self.second, start, length));
        }
        let unsalted = self.salted.is_some() && text.is_empty();
        // Without a salt there is one set of keys, and nothing to look up.
        let known = if self.salted.is_none() && !self.salt_keys.is_empty() {
            Some(0)
        } else {
            self.salts.get(&text).copied()
        };
        let number = known.unwrap_or_else(|| self.add_salt(&text));
        self.text = text;
        (number, unsalted)
    }

    fn add_salt(&mut self, text: &str) -> usize {
        if self.salt_keys.len() >= SALT_LIMIT {
            self.salts.clear();
            self.salt_keys.clear();
            for field in &mut self.fields {
                field.caches.clear();
                field.patterns.clear();
            }
        }
        let keys = self
            .fields
            .iter()
            .map(|f| if text.is_empty() { keyed(&f.key) } else { keyed(&derive(&f.key, "salt", text)) });
        self.salt_keys.push(keys.collect());
        for field in &mut self.fields {
            field.caches.push(Cache::default());
        }
        let number = self.salt_keys.len() - 1;
        self.salts.insert(text.to_owned(), number);
        number
    }

    #[inline]
    fn fill<C: AsMut<[u64]> + ?Sized>(&mut self, row: &Row<'_>, salt: usize, code: &mut C) -> u32 {
        let mut present = 0;
        let Some(keys) = self.salt_keys.get(salt) else { return 0 };
        for (index, ((field, value), key)) in self.fields.iter_mut().zip(row.fields).zip(keys).enumerate() {
            if field.fill(value, salt, key, (self.bits, self.words), &mut self.text, code.as_mut()) {
                present |= 1 << index;
            }
        }
        present
    }

    fn harden(&self, id: &str, code: &[u64], words: &mut Vec<u64>) {
        let start = words.len();
        if !self.permutation.is_empty() {
            words.resize(start + code.len() * 2, 0);
            let out = words.get_mut(start..).unwrap_or_default();
            for (to, from) in self.permutation.iter().enumerate() {
                let from = *from as usize;
                let complement = from >= code.len() * 64;
                let word = code.get(from / 64 % code.len()).copied().unwrap_or(0);
                let bit = (word >> (63 - from % 64)) & 1 ^ u64::from(complement);
                if let Some(word) = out.get_mut(to / 64) {
                    *word |= bit << (63 - to % 64);
                }
            }
        } else if self.fold {
            let (first, second) = code.split_at(code.len() / 2);
            words.extend(first.iter().zip(second).map(|(a, b)| a ^ b));
        } else {
            words.extend_from_slice(code);
        }
        if self.flips > 0 {
            let mut mac = self.noise.clone();
            mac.update(id.as_bytes());
            mac.update(&[0]);
            for word in code {
                mac.update(&word.to_be_bytes());
            }
            let mut random = Random::new(&digest(mac));
            for word in words.get_mut(start..).unwrap_or_default() {
                *word ^= random.with_probability(self.flips);
            }
        }
    }

    /// Appends the record's keys of blocks; a block with a missing part has none (0).
    pub(super) fn blocks(&mut self, row: &Row<'_>, keys: &mut Vec<u64>) {
        let mut values = row.blocks.iter();
        for block in &self.blocks {
            let mut mac = block.key.clone();
            let mut missing = false;
            for (start, length) in &block.parts {
                plain(values.next().copied().unwrap_or_default(), &mut self.text);
                self.second.clear();
                self.second.extend(part_of(&self.text, *start, *length));
                missing |= self.second.is_empty();
                mac.update(self.second.as_bytes());
                mac.update(&[0]);
            }
            keys.push(if missing { 0 } else { first_word(&digest(mac)) });
        }
    }
}

fn first_word(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |b| u64::from_be_bytes(*b))
}

fn part_of(text: &str, start: u16, length: Option<u16>) -> impl Iterator<Item = char> {
    text.chars().skip(usize::from(start) - 1).take(length.map_or(usize::MAX, usize::from))
}

/// Words of keyed random bits: HMAC-SHA-256 in counter mode.
struct Random {
    key: Keyed,
    block: [u8; 32],
    counter: u64,
}

impl Random {
    fn new(key: &[u8; 32]) -> Self {
        Self { key: keyed(key), block: [0; 32], counter: 0 }
    }

    fn word(&mut self) -> u64 {
        if self.counter.is_multiple_of(4) {
            let mut mac = self.key.clone();
            mac.update(&self.counter.to_be_bytes());
            self.block = digest(mac);
        }
        let place = (self.counter % 4) as usize * 8;
        self.counter += 1;
        first_word(self.block.get(place..).unwrap_or_default())
    }

    /// Evenly from 0 up to and without `n`, by multiplying; the bias is below `n / 2^64`.
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }

    /// A word of which each bit is set with probability `of_256 / 256`: the binary expansion, lowest digit first, where a 1
    /// takes in half of what is left and a 0 keeps half.
    fn with_probability(&mut self, of_256: u32) -> u64 {
        (of_256.trailing_zeros()..8).fold(0, |bits, digit| {
            let random = self.word();
            if of_256 >> digit & 1 == 1 { bits | random } else { bits & random }
        })
    }
}

/// Lower case, trimmed, each run of white space one blank.
fn plain(value: &str, into: &mut String) {
    into.clear();
    let value = value.trim();
    if value.is_ascii() {
        let mut blank = false;
        for byte in value.bytes().take(VALUE_LIMIT) {
            // A vertical tab is white space to `char` and not to `u8`; the two ways of this function must agree.
            let white = char::from(byte).is_whitespace();
            if !(white && blank) {
                into.push(if white { ' ' } else { byte.to_ascii_lowercase() as char });
            }
            blank = white;
        }
        return;
    }
    let mut blank = false;
    for c in value.chars().take(VALUE_LIMIT) {
        let white = c.is_whitespace();
        if white && !blank {
            into.push(' ');
        } else if !white {
            into.extend(c.to_lowercase());
        }
        blank = white;
    }
}

impl FieldEncoder {
    /// Sets the bits of a value; whether there is one.
    fn fill(
        &mut self,
        value: &str,
        salt: usize,
        key: &Keyed,
        (bits, words): (u32, usize),
        text: &mut String,
        code: &mut [u64],
    ) -> bool {
        plain(value, text);
        if text.is_empty() {
            return false;
        }
        if self.patterns.len() > CACHE_LIMIT {
            self.patterns.clear();
            self.caches.iter_mut().for_each(Cache::clear);
        }
        let Some(cache) = self.caches.get_mut(salt) else { return false };
        let patterns = &mut self.patterns;
        let hashes = self.hashes;
        let mut add = |first: u64, second: u64, spell: &dyn Fn(&mut Keyed)| {
            let (place, new) = cache.place(first, second, patterns.len());
            if new {
                patterns.resize(place + words, 0);
                set_bits(key, hashes, bits, spell, patterns.get_mut(place..).unwrap_or_default());
            }
            if let Some(pattern) = patterns.get(place..place + code.len()) {
                code.iter_mut().zip(pattern).for_each(|(to, from)| *to |= from);
            }
        };
        match self.tokens {
            Tokens::Bigrams => {
                let mut before = ' ';
                for c in text.chars().chain([' ']) {
                    add(number_of(before), number_of(c), &|mac| {
                        let mut buffer = [0; 4];
                        mac.update(before.encode_utf8(&mut buffer).as_bytes());
                        mac.update(c.encode_utf8(&mut buffer).as_bytes());
                    });
                    before = c;
                }
                true
            }
            Tokens::Positions => {
                let mut any = false;
                for (place, c) in text.chars().filter(|c| c.is_alphanumeric()).enumerate() {
                    any = true;
                    add(place as u64, number_of(c), &|mac| {
                        mac.update(format!("{place}:{c}").as_bytes());
                    });
                }
                any
            }
            Tokens::Whole => {
                if text.len() < 8 {
                    // Its length keeps it apart from a value that begins with zero bytes.
                    let packed = text.bytes().fold(text.len() as u64, |packed, b| packed << 8 | u64::from(b));
                    add(packed >> 32, packed & 0xFFFF_FFFF, &|mac| mac.update(text.as_bytes()));
                } else {
                    set_bits(key, hashes, bits, &|mac| mac.update(text.as_bytes()), code);
                }
                true
            }
        }
    }
}

fn set_bits(key: &Keyed, hashes: usize, bits: u32, spell: &dyn Fn(&mut Keyed), code: &mut [u64]) {
    for block in 0..hashes.div_ceil(16) {
        let mut mac = key.clone();
        mac.update(&[block as u8]);
        spell(&mut mac);
        let numbers = digest(mac);
        for pair in numbers.as_chunks::<2>().0.iter().take(hashes - block * 16) {
            let bit = (u32::from(u16::from_be_bytes(*pair)) * bits) >> 16;
            if let Some(word) = code.get_mut(bit as usize / 64) {
                *word |= 1 << (63 - bit % 64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "version = 1\n\
        [[field]]\ncolumn = \"first\"\ntokens = \"bigrams\"\nhashes = 20\n\
        [[field]]\ncolumn = \"born\"\ntokens = \"positions\"\nhashes = 18\n\
        [[field]]\ncolumn = \"sex\"\ntokens = \"whole\"\nhashes = 7\n";

    fn secret() -> Secret {
        Secret::new(*b"an invented secret for the tests").unwrap()
    }

    fn code(schema: &str, id: &str, fields: &[&str], salt: &str) -> (Vec<u64>, u32) {
        let schema = EncodingSchema::from_toml(schema).unwrap();
        let mut words = Vec::new();
        let mut encoder = Encoder::new(&schema, &secret());
        let (present, _) = encoder.encode(&Row { id, fields, salt, blocks: &[] }, &mut words);
        // A second time from the cache.
        let mut again = Vec::new();
        encoder.encode(&Row { id, fields, salt, blocks: &[] }, &mut again);
        assert_eq!(words, again);
        assert_eq!(words.len() * 64, schema.encoded_bits() as usize);
        (words, present)
    }

    fn dice(a: &[u64], b: &[u64]) -> f64 {
        let ones = |w: &[u64]| w.iter().map(|w| w.count_ones()).sum::<u32>();
        let both: Vec<u64> = a.iter().zip(b).map(|(a, b)| a & b).collect();
        2.0 * f64::from(ones(&both)) / f64::from(ones(a) + ones(b))
    }

    #[test]
    fn a_secret_that_is_short_is_refused_and_none_is_printed() {
        let error = Secret::new(*b"too short").unwrap_err().to_string();
        assert!(error.contains("9 bytes") && !error.contains("too short"), "{error}");
        let error = Secret::new([b'x'; 64]).unwrap_err().to_string();
        assert!(error.contains("1 different"), "{error}");
        assert!(!format!("{:?}", secret()).contains("invented"));
    }

    #[test]
    fn spelling_that_does_not_matter_does_not_matter() {
        let (a, present) = code(SCHEMA, "1", &["  Zoë   Ann ", "2001-12-05", "F"], "");
        let (b, _) = code(SCHEMA, "2", &["zoË ann", "20011205", "f"], "");
        assert_eq!(a, b);
        assert_eq!(present, 0b111);
        let (c, _) = code(SCHEMA, "2", &["zoe ann", "20011205", "f"], "");
        assert_ne!(a, c);
        assert!(dice(&a, &c) > 0.7);
    }

    #[test]
    fn a_missing_value_sets_no_bits() {
        let (a, present) = code(SCHEMA, "1", &["", " \t", "-"], "");
        assert_eq!(present, 0b100, "`whole` keeps what is no letter");
        let (b, present) = code(SCHEMA, "1", &["", "--", ""], "");
        assert_eq!((present, b.iter().all(|w| *w == 0)), (0, true));
        assert!(a.iter().map(|w| w.count_ones()).sum::<u32>() <= 7);
    }

    #[test]
    fn hmac_and_order_of_bits_are_as_written() {
        // Made apart from this code, with Python's hmac and struct modules, from the description in the module's text.
        let (words, _) = code(SCHEMA, "1", &["Zoë", "12-05", "f"], "");
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        assert_eq!(hex(&Sha256::digest(&bytes)), KNOWN);
    }
    const KNOWN: &str = "a874bc562b21f21f7afe191dbcbd9c2dab04276d1faf57be1e5949cd6be6a067";

    #[test]
    fn another_secret_or_field_gives_unrelated_bits() {
        let schema = EncodingSchema::from_toml(SCHEMA).unwrap();
        let other = Secret::new(*b"another secret made for the test").unwrap();
        let row = Row { id: "1", fields: &["montgomery", "20011205", "f"], salt: "", blocks: &[] };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        Encoder::new(&schema, &secret()).encode(&row, &mut a);
        Encoder::new(&schema, &other).encode(&row, &mut b);
        assert!(dice(&a, &b) < 0.5, "{}", dice(&a, &b));
        assert_ne!(schema.scheme(&secret()), schema.scheme(&other));
        assert_eq!(schema.scheme(&secret()).split('-').next(), schema.scheme(&other).split('-').next());
    }

    #[test]
    fn hardening_does_what_it_says() {
        let harden = |line: &str| format!("{SCHEMA}[hardening]\n{line}\n");
        let values = ["florence", "20011205", "f"];
        let near = ["florance", "20011205", "f"];

        let salted = harden("salt = { column = \"born\", length = 4 }");
        let (a, _) = code(&salted, "1", &values, "2001-12-05");
        let (b, _) = code(&salted, "1", &values, "2001-12-06");
        let (c, _) = code(&salted, "1", &values, "2002-12-05");
        assert_eq!(a, b);
        assert!(dice(&a, &c) < 0.6);

        let (a, _) = code(&harden("balance = true"), "1", &values, "");
        let (b, _) = code(&harden("balance = true"), "1", &near, "");
        assert_eq!(a.iter().map(|w| w.count_ones()).sum::<u32>(), 1024);
        assert!(dice(&a, &b) > 0.85 && dice(&a, &b) < 1.0);

        let (a, _) = code(&harden("fold = true"), "1", &values, "");
        let (plain, _) = code(SCHEMA, "1", &values, "");
        assert_eq!(a.first().copied(), plain.first().zip(plain.get(8)).map(|(a, b)| a ^ b));

        let (a, _) = code(&harden("flip = 0.1"), "1", &values, "");
        let (b, _) = code(&harden("flip = 0.1"), "2", &values, "");
        let turned: u32 = a.iter().zip(&plain).map(|(a, b)| (a ^ b).count_ones()).sum();
        // 26/256 of 1,024 bits is 104; five standard deviations either way.
        assert!((56..152).contains(&turned), "{turned}");
        assert_ne!(a, b);
    }

    #[test]
    fn what_cannot_be_encoded_alike_is_refused() {
        for (from, to, named) in [
            ("version = 1", "version = 2", "version 2"),
            ("version = 1", "version = 1\nbits = 1000", "multiple of 64"),
            ("hashes = 20", "hashes = 0", "first"),
            ("column = \"sex\"", "column = \"born\"", "two fields are named born"),
            ("tokens = \"whole\"", "tokens = \"trigrams\"", "trigrams"),
            ("hashes = 7", "hashes = 7\nweight = 2", "weight"),
            ("hashes = 7", "hashes = 7\n[hardening]\nfold = true\nbalance = true", "choose one"),
            ("hashes = 7", "hashes = 7\n[hardening]\nflip = 0.5", "0.5"),
        ] {
            let error = EncodingSchema::from_toml(&SCHEMA.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn protected_characteristics_are_refused_wherever_they_stand() {
        for (from, to) in [
            ("column = \"sex\"", "column = \"ethnic_group\""),
            ("column = \"sex\"", "column = \"c7\"\nname = \"religion\""),
            ("version = 1", "version = 1\nid = \"nationality\""),
            ("hashes = 7", "hashes = 7\n[hardening]\nsalt = { column = \"disability\" }"),
            (
                "hashes = 7",
                "hashes = 7\n[[block]]\nparts = [{ column = \"born\" }, { column = \"SexualOrientation\" }]",
            ),
        ] {
            let error = EncodingSchema::from_toml(&SCHEMA.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error, LinkageError::Protected { .. }), "{error}");
        }
    }

    #[test]
    fn populations_have_nothing_in_common() {
        let of = |population: &str| {
            SCHEMA.replace("version = 1", &format!("version = 1\npopulation = \"{population}\""))
        };
        let values = ["montgomery", "20011205", "f"];
        let (people, _) = code(SCHEMA, "1", &values, "");
        let (victims, _) = code(&of("victims"), "1", &values, "");
        let (suspects, _) = code(&of("suspects"), "1", &values, "");
        assert_eq!(people, code(&of("people"), "1", &values, "").0);
        assert!(dice(&victims, &suspects) < 0.5 && dice(&victims, &people) < 0.5);
        let hash = |text: &str| EncodingSchema::from_toml(text).unwrap().hash();
        assert_ne!(hash(&of("victims")), hash(&of("suspects")));
    }

    #[test]
    fn any_white_space_counts_alike_in_any_script() {
        let mut text = String::new();
        for white in ["\t", "\u{b}", " \r\n ", "\u{a0}"] {
            plain(&format!(" Zoe{white}Ann\u{b}"), &mut text);
            assert_eq!(text, "zoe ann");
            plain(&format!(" Zoë{white}Ann\u{b}"), &mut text);
            assert_eq!(text, "zoë ann");
        }
    }

    #[test]
    fn the_caches_do_not_change_the_bits_when_they_are_emptied() {
        // 128 words a pattern: 8,192 patterns fill the cache. Each name brings tokens that were not there.
        let schema =
            SCHEMA.replace("version = 1", "version = 1\nbits = 8192").replace("bigrams", "positions");
        let salted = format!("{schema}[hardening]\nsalt = {{ column = \"born\" }}\n");
        let schema = EncodingSchema::from_toml(&salted).unwrap();
        let mut worn = Encoder::new(&schema, &secret());
        for n in 0..(SALT_LIMIT as u32 + 10) {
            let (name, salt) = (char::from_u32(0x4E00 + n).unwrap().to_string().repeat(3), n.to_string());
            let (fields, mut words, mut fresh) = ([name.as_str(), "", ""], Vec::new(), Vec::new());
            let row = Row { id: "1", fields: &fields, salt: &salt, blocks: &[] };
            worn.encode(&row, &mut words);
            if n % 97 == 0 || n + 20 > SALT_LIMIT as u32 {
                Encoder::new(&schema, &secret()).encode(&row, &mut fresh);
                assert_eq!(words, fresh, "{n}");
            }
        }
    }

    #[test]
    fn the_hash_follows_what_decides_the_bits_and_nothing_else() {
        let hash = |text: &str| EncodingSchema::from_toml(text).unwrap().hash();
        let other_columns = SCHEMA.replace("column = \"sex\"", "column = \"gender\"\nname = \"sex\"");
        assert_eq!(hash(SCHEMA), hash(&other_columns));
        assert_ne!(hash(SCHEMA), hash(&SCHEMA.replace("hashes = 20", "hashes = 21")));
        let salted = |salt: &str| hash(&format!("{SCHEMA}[hardening]\nsalt = {{ {salt} }}\n"));
        assert_eq!(salted("column = \"born\""), salted("column = \"dob\", name = \"born\""));
        assert_ne!(salted("column = \"born\""), salted("column = \"first\""));
    }
}
