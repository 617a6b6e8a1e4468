use crate::door::Refusal;

/// Why something cannot be let through the door, or cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// A table's text could not be read.
    #[error("table {table}, line {line}: {reason}")]
    Table {
        /// The table.
        table: String,
        /// The line of its text, counted from 1.
        line: u64,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A hierarchy makes no sense.
    #[error("dimension {dimension}: {reason}")]
    Hierarchy {
        /// The dimension, by name or by its place counted from 1.
        dimension: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A total is not the sum of its parts.
    #[error(
        "table {table}: {broken} totals are not the sum of their parts, the first at {at} (over {along}); send the counts again from one source"
    )]
    Sum {
        /// The table.
        table: String,
        /// How many totals.
        broken: usize,
        /// The first total's codes.
        at: String,
        /// The dimension whose parts do not add up.
        along: String,
    },
    /// More than is handled.
    #[error("table {table}: {found} {what}, more than the {limit} that are handled; split the table")]
    TooLarge {
        /// The table.
        table: String,
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many are handled.
        limit: u64,
    },
    /// Two tables give different counts for the same people.
    #[error(
        "tables {first} and {second} disagree about {cell}; tables of one release must count the same records"
    )]
    Disagree {
        /// One table.
        first: String,
        /// The other.
        second: String,
        /// The cell's codes.
        cell: String,
    },
    /// A profile could not be understood.
    #[error("profile: {0}")]
    Profile(String),
    /// A noise table could not be understood.
    #[error("noise table: {0}")]
    Noise(String),
    /// What was released earlier could not be read.
    #[error("earlier release: {0}")]
    Earlier(String),
    /// The attack, or a check before it, found that something would be disclosed.
    #[error("not released: {0}")]
    Refused(Box<Refusal>),
}
