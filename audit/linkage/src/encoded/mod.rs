//! Linkage without names: records as keyed bit arrays (cryptographic long-term keys), and matching of such arrays.
//!
//! Two holders of data agree on an [`EncodingSchema`] and share a [`Secret`]. Each turns its own records into bit arrays
//! ([`EncodingSchema::encode_csv`]) and sends those, without names, to a linkage unit that does not know the secret, which
//! compares them by their Dice coefficient ([`match_encodings`]).
//!
//! # How a record is encoded
//!
//! A cryptographic long-term key (CLK; Schnell, Bachteler and Reiher 2009, "A novel error-tolerant anonymous linking code")
//! is one Bloom filter of a whole record. Each value is trimmed, put into lower case (Unicode's simple rules; letters beyond
//! ASCII are kept, and no accent is taken away or composed, so both parties must spell an accented letter with the same code
//! points) and each run of white space made one blank. It is then cut into tokens ([`Tokens`]), and each token sets `hashes`
//! bits, which serve as the field's weight.
//!
//! - Keys: HKDF (RFC 5869) with HMAC-SHA-256. `prk = HMAC("candour clk 1", secret)`; the key of a field is
//!   `HMAC(prk, "field" 00 NAME 01)`; with a salt, `HMAC(field key, "salt" 00 SALT 01)` takes its place.
//! - Bits: block `n` of a token is `HMAC(key, n as one byte, then the token in UTF-8)`. Its 32 bytes are 16 big-endian
//!   numbers `v`, each setting bit `floor(v * bits / 65536)`. Every bit has numbers of its own (random hashing; Schnell and
//!   Borgs 2016): double hashing from two numbers leaves few enough patterns per token to be taken apart (Niedermeyer,
//!   Steinmetzer, Kroll and Schnell 2014).
//! - Order of bits: bit 0 is the highest bit of the first byte, as clkhash and anonlink have it.
//!
//! A missing value sets no bits, and the record says which fields it has, so that a pair can be asked to share several
//! ([`MatchSettings::shared_fields`]).
//!
//! # Threat model
//!
//! *Encoded records remain personal data.* They single people out, they can be linked, and whoever has the secret can encode
//! a list of names and look each up. Encoding narrows what the linkage unit sees; it is no anonymisation.
//!
//! - **Who holds the secret.** The holders of data, never the linkage unit. One that knows it undoes the encoding by trying
//!   names (a dictionary attack). Use a new secret for every project: two projects under one secret can be linked to each other.
//!   A secret is 32 random bytes or more; a sentence that someone made up is not.
//! - **Frequency attacks.** Without the secret, the array of a common value is a common array, and the bits of a common bigram
//!   are often set together. Christen, Ranbaduge, Vatsalan and Schnell (2017, "Precise and fast cryptanalysis for Bloom
//!   filter based privacy-preserving record linkage") find by pattern mining which bits a frequent bigram sets, and so names.
//!   Several fields in one array, keys of each field's own and a large number of different records make this harder, not
//!   impossible.
//! - **Graph attacks.** Vidanage, Christen, Ranbaduge and Schnell (2020, "A graph matching attack on privacy-preserving
//!   record linkage") match the graph of similarities among encoded records to that among known people. It needs no bit pattern, only
//!   similarities, so **no key and no salt of one record prevents it as long as similarities are kept**. Noise blurs it.
//! - **What salting does** ([`Salt`]). A stable part of the record (a year of birth) goes into the keys, so that one name has
//!   different bits in different years and counts are spread over the salts. Records that differ in the salt cannot match
//!   at all, and a wrong salt is a missed link.
//! - **What balanced codes and folding do** ([`Hardening`]). A balanced code hides how many bits are set, which tells how long the
//!   names are. Folding lays one half over the other by exclusive or, so that no bit belongs to one token. Both were proposed
//!   by Schnell and Borgs (2016, "XOR-folding for Bloom filter-based encryptions"). Both make similarity less sharp.
//! - **What noise does** (`flip`). Each bit is turned over with a probability of its own (BLIP; Alaggan, Gambs and Kermarrec 2012), drawn
//!   from a stream keyed by the secret, the record's id and its code, so that a run can be made again. It is the one option
//!   that blurs equal records and similarity graphs. It costs accuracy: with flips at rate *f*, a pair of equal codes of *n* bits
//!   of which a share *d* is set has an expected Dice of about `(d(1-f)^2 + (1-d)f^2) / (d(1-f) + (1-d)f)` in place of 1, so
//!   thresholds must be lower.
//! - **What nothing here does.** It hides neither how many records there are, which ids go with which (ids are written as they
//!   are: give pseudonyms), nor which fields are missing. It does not stop a holder of data that colludes with the linkage unit.
//!   It gives no differential privacy across the whole of a record unless `flip` is far higher than linkage can bear.
//!   Bit-sampling and keyed blocks show which records share a block.
//!
//! Agree on it in the data protection impact assessment, send arrays only to a unit bound not to attack them, and delete
//! them after linkage.

mod matching;
mod schema;
mod table;

pub use matching::{
    EncodedBlocking, EncodedPair, MatchOutcome, MatchSettings, Selection, bit_sampling_recall, match_encodings,
    match_within,
};
pub use schema::{BlockPart, EncodedPopulation, EncodingSchema, FieldSchema, Hardening, Salt, Secret, Tokens};
pub use table::{EncodeReport, Encodings, FieldCount};
