/// Why the ledger refused something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A payload holds a number that has no exact canonical form.
    #[error("the number at {path} is not a whole number within 2^53 of zero; write it as text")]
    Number {
        /// Where in the entry, as a JSON pointer (RFC 6901).
        path: String,
    },
    /// An entry's envelope is of a version this crate does not know.
    #[error(
        "the entry's envelope is version {given}, and this program knows version {known}; use the program that wrote it"
    )]
    Version {
        /// The version given.
        given: u8,
        /// The version known.
        known: u8,
    },
    /// An entry's kind is not dotted lower case.
    #[error(
        "{given:?} is not a kind of entry: write two or more words of a-z, 0-9, '_' or '-' joined by dots, such as recommendation.made"
    )]
    Kind {
        /// What was given, cut to a printable length.
        given: String,
    },
    /// An entry is about nothing.
    #[error("an entry of kind {kind} has no subject; give the name of what it is about")]
    NoSubject {
        /// Its kind.
        kind: String,
    },
    /// A payload nests arrays and objects too deep for other readers.
    #[error(
        "the payload of the entry about {subject:?} nests more than {limit} levels deep; make it flatter"
    )]
    TooDeep {
        /// What the entry is about.
        subject: String,
        /// The limit.
        limit: usize,
    },
    /// An entry does not fit in a C2SP entry bundle.
    #[error(
        "the entry about {subject:?} takes {bytes} bytes, over the limit of {limit}; cite the document instead of quoting it at length"
    )]
    TooLong {
        /// What the entry is about.
        subject: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Bytes are not an entry.
    #[error("these bytes are not an entry: {problem}")]
    NotAnEntry {
        /// What is wrong.
        problem: String,
    },
    /// Bytes are an entry but not in canonical form.
    #[error("the entry is not in canonical form; its bytes were changed or written by another tool")]
    NotCanonical,
    /// A key is not in the form of a signed-note key.
    #[error("this is not a {wanted} key: {problem}")]
    Key {
        /// Which kind of key was wanted.
        wanted: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A checkpoint is not in the C2SP form.
    #[error("this is not a checkpoint: {problem}")]
    NotACheckpoint {
        /// What is wrong.
        problem: &'static str,
    },
    /// A checkpoint carries no good signature by the key asked for.
    #[error("the checkpoint carries no valid signature by {key}; it was changed, or signed by someone else")]
    BadSignature {
        /// The name of the key.
        key: String,
    },
    /// A tile or entry bundle is damaged.
    #[error("{path} is damaged: {problem}")]
    Tile {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// An entry given for publication is not the one that was recorded.
    #[error("entry index {index} is not what was recorded; verify the log before publishing it")]
    NotInLog {
        /// Its index, from 0.
        index: u64,
    },
    /// A proof was asked for that cannot exist.
    #[error("there is no proof from {from} to {to} in a log of {size} entries")]
    NoProof {
        /// Entry index or older size.
        from: u64,
        /// Size of the tree proved.
        to: u64,
        /// Size of the log.
        size: u64,
    },
    /// A proof does not hold.
    #[error("the proof does not hold: {problem}")]
    BadProof {
        /// What the verifier said.
        problem: String,
    },
}
