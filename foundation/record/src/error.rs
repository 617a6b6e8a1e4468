/// Why a value could not become one of the record's nouns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// An identifier is empty, too long, or holds a character outside `a-z 0-9 . _ -`.
    #[error(
        "{kind} id {given:?} is not valid: use 1 to {limit} of a-z, 0-9, '.', '_' or '-', beginning with a letter or digit"
    )]
    Id {
        /// Which kind of identifier it was meant to be.
        kind: &'static str,
        /// What was given, cut to a printable length.
        given: String,
        /// The longest identifier allowed.
        limit: usize,
    },
    /// A date is not `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, or names no day of the calendar.
    #[error("{given:?} is not a date: write YYYY, YYYY-MM or YYYY-MM-DD, or `unknown`")]
    Date {
        /// What was given.
        given: String,
    },
    /// A content hash is not 64 hexadecimal digits.
    #[error("{given:?} is not a SHA-256 content hash: 64 hexadecimal digits are needed")]
    ContentHash {
        /// What was given.
        given: String,
    },
}
