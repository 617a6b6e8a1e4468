//! Linkage without names: records as keyed bit arrays (cryptographic long-term keys), and matching of such arrays.
//!
//! Two holders of data agree on an [`EncodingSchema`] and share a [`Secret`]. Each turns its own records into bit arrays
//! ([`EncodingSchema::encode_csv`], [`EncodingSchema::encode_records`]) and sends those, without names, to a linkage unit that does
//! not know the secret, which reads them ([`Encodings::read_csv`]) and compares them by their Dice coefficient
//! ([`match_encodings`]).
//!
//! ```
//! use candour_linkage::encoded::{EncodingSchema, MatchSettings, Secret, match_encodings};
//!
//! let schema = EncodingSchema::from_toml(r#"
//!     version = 1
//!     [[field]]
//!     column = "name"
//!     tokens = "bigrams"
//!     hashes = 20
//!     [[field]]
//!     column = "dob"
//!     tokens = "positions"
//!     hashes = 20
//! "#)?;
//! let secret = Secret::new(*b"keep this as you would a passkey")?;
//! let (police, _) = schema.encode("unique_id,name,dob\nP1,Ida Vance,2009-03-01\n".as_bytes(), &secret)?;
//! let (health, _) = schema.encode("unique_id,name,dob\nH1,Ida Vanse,2009-03-01\nH2,Omar Brook,2010-07-19\n".as_bytes(), &secret)?;
//! let found = match_encodings(&police, &health, &MatchSettings { threshold: 0.8, ..MatchSettings::default() })?;
//! assert_eq!(found.pairs.len(), 1);
//! assert_eq!(health.id(found.pairs[0].right), Some("H1"));
//! # Ok::<(), candour_linkage::LinkageError>(())
//! ```
//!
//! # How a record is encoded
//!
//! A cryptographic long-term key (CLK; Schnell, Bachteler and Reiher 2011, "A novel error-tolerant anonymous linking code") is
//! one Bloom filter of a whole record, made as theirs of 2009 was of one field ("Privacy-preserving record linkage using Bloom
//! filters"). Each value is trimmed, put into lower case (Unicode's simple rules; letters beyond ASCII are kept, and no accent is
//! taken away or composed, so both parties must spell an accented letter with the same code points) and each run of white
//! space made one blank. It is then cut into tokens ([`Tokens`]), and each token sets `hashes` bits, which serve as the
//! field's weight.
//!
//! - Keys: HKDF (RFC 5869) with HMAC-SHA-256. `prk = HMAC("candour clk 1 POPULATION", secret)`, where the population is
//!   `people`, `victims` or `suspects`; the key of a field is `HMAC(prk, "field" 00 NAME 01)`; with a salt,
//!   `HMAC(field key, "salt" 00 SALT 01)` takes its place. Keyed blocks, noise and the order of balanced codes have keys of their own.
//! - Bits: block `n` of a token is `HMAC(key, n as one byte, then the token in UTF-8)`. Its 32 bytes are 16 big-endian
//!   numbers `v`, each setting bit `floor(v * bits / 65536)`. Every bit has a number of its own: double hashing, which makes all
//!   of a token's bits from two numbers, leaves few enough patterns per token to be taken apart (Niedermeyer, Steinmetzer,
//!   Kroll and Schnell 2014, "Cryptanalysis of basic Bloom filters used for privacy preserving record linkage").
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
//! | who | is trusted with | is trusted not to | could, if the trust is broken |
//! |---|---|---|---|
//! | a holder of data | its own names, the secret | give the secret or the schema's tables away, ask for the others' arrays | encode a list of names and look each up in any arrays of this secret |
//! | the linkage unit | all arrays, the ids, the pairs | attack the arrays, or work together with a holder | count, mine and graph the arrays as below; with a holder's help, read them |
//! | whoever receives the pairs | pairs of ids | work together with the holders beyond what was agreed | learn who is in both tables |
//! | anyone else who comes by arrays | nothing | | what the linkage unit could |
//!
//! Without the secret one cannot test whether a given person is among the arrays: every bit depends on it, and 32 random bytes
//! cannot be guessed. One can see how many records there are, which ids go with which, which fields are missing, which
//! records are alike and how alike, which records share a keyed block, and from counts and patterns one can guess, as follows.
//!
//! - **Frequency attacks.** The array of a common value is a common array, and the bits of a common bigram are often set
//!   together. Kuzu, Kantarcioglu, Durham and Malin (2011) solved for names under such constraints; Christen, Ranbaduge,
//!   Vatsalan and Schnell (2019, "Precise and fast cryptanalysis for Bloom filter based privacy-preserving record linkage")
//!   do so in little time. Several fields in one array and keys of each field's own make this harder, not impossible.
//! - **Pattern mining.** Christen, Vidanage, Ranbaduge and Schnell (2018, "Pattern-mining based cryptanalysis of Bloom filters
//!   for privacy-preserving record linkage") find the sets of bits that go together, and so bigrams and names, even where every
//!   array is different. The more records under one key, the better it works.
//! - **Graph attacks.** Vidanage, Christen, Ranbaduge and Schnell (2020, "A graph matching attack on privacy-preserving
//!   record linkage") match the graph of similarities among encoded records to that among known people. It needs no bit pattern, only
//!   similarities, so **no key and no salt of one record prevents it as long as similarities are kept**. It works where
//!   the known people are nearly the encoded ones, and fades where they overlap little (Heng, Armknecht, Chen and Schnell
//!   2022). A national table against a national list is the case where it works.
//!
//! Hardening raises the cost of these. It cannot end them: whatever keeps similar records similar, so that they can be linked, keeps
//! what a graph attack needs.
//!
//! - **What salting does** ([`Salt`]). A stable part of the record (a year of birth) goes into the keys, so that one name has
//!   different bits in different years, and there are fewer records under each key to count and mine. Records that differ in the
//!   salt do not match, and a wrong salt is a missed link. Whoever has the arrays may still tell the salts apart, since arrays of one
//!   salt are more alike.
//! - **What balanced codes and folding do** ([`Hardening`]). A balanced code hides how many bits are set, which tells how long the
//!   names are (Schnell and Borgs 2016, "Randomized response and balanced Bloom filters for privacy preserving record linkage").
//!   Folding lays one half over the other by exclusive or, so that no bit belongs to one token (the same authors and year, "XOR-folding
//!   for Bloom filter-based encryptions for privacy-preserving record linkage"). Both make similarity less sharp.
//! - **What noise does** (`flip`). Each bit is turned over with a probability of its own (BLIP; Alaggan, Gambs and Kermarrec 2012), drawn
//!   from a stream keyed by the secret, the record's id and its code, so that a run can be made again. It is the one option
//!   that blurs equal records and similarity graphs. It costs accuracy: with flips at rate *f*, a pair of equal codes of *n* bits
//!   of which a share *d* is set has an expected Dice of about `(d(1-f)^2 + (1-d)f^2) / (d(1-f) + (1-d)f)` in place of 1, so
//!   thresholds must be lower.
//!
//! Keys: a new secret for every project, since two projects under one secret can be linked to each other, and each makes the
//! other's counts better; 32 random bytes or more, which a sentence that someone made up is not; made and kept by the holders,
//! passed between them by another way than the arrays, never given to the linkage unit, and destroyed with the arrays once the linkage is
//! done. Each file tells 32 bits of a check value, by which files of different secrets are refused; it gives away whether two files
//! share a secret, and helps nobody to guess a random one.
//!
//! Never claimed: anonymity; differential privacy across a whole record (`flip` would have to be far higher than linkage can bear);
//! safety from a holder of data that works together with the linkage unit; safety of ids (they are written as they are: give
//! pseudonyms); that an attack nobody has published does not exist. No public review of this code by a cryptographer has taken
//! place.
//!
//! Agree on it in the data protection impact assessment, send arrays only to a unit bound not to attack them, and delete
//! them after linkage.

mod matching;
mod schema;
mod table;

pub use matching::{
    EncodedBlocking, EncodedPair, MatchOutcome, MatchSettings, Selection, bit_sampling_recall,
    match_encodings, match_within,
};
pub use schema::{
    BlockPart, EncodedPopulation, EncodingSchema, FieldSchema, Hardening, Salt, Secret, Tokens,
};
pub use table::{EncodeReport, Encodings, FieldCount};
