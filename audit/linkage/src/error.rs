use std::io;

/// Why a linkage cannot be done at all. What can be done without the part at fault is a finding instead.
#[derive(Debug, thiserror::Error)]
pub enum LinkageError {
    /// A table could not be read.
    #[error("{table}: {reason}")]
    Table {
        /// The table's name.
        table: String,
        /// What is wrong, with its row and column, and what to do.
        reason: String,
    },
    /// A column that the settings name is not in a table.
    #[error("{table} has no column {column}, which {wanted_by} needs; it has: {has}")]
    MissingColumn {
        /// The table's name.
        table: String,
        /// The column.
        column: String,
        /// What names it.
        wanted_by: String,
        /// The columns it has.
        has: String,
    },
    /// Two records of one source have the same id.
    #[error("{table}: the id {id} stands in rows {first} and {second}; ids must be unique within a source")]
    DuplicateId {
        /// The table's name.
        table: String,
        /// The id.
        id: String,
        /// Its first row, counted from 1 after the header.
        first: u64,
        /// Its second row.
        second: u64,
    },
    /// The settings could not be understood.
    #[error("settings: {0}")]
    Settings(String),
    /// An expression that is not in the part of SQL read here.
    #[error("settings: {place}: cannot read the SQL expression `{expression}`: {reason}")]
    Expression {
        /// Where in the settings.
        place: String,
        /// The whole expression.
        expression: String,
        /// What is not understood.
        reason: String,
    },
    /// A protected characteristic is named in a model.
    #[error(
        "settings: {place} names `{column}`, a protected characteristic; these are measured for completeness and never used to link. Take it out of the model"
    )]
    Protected {
        /// Where in the settings.
        place: String,
        /// The column.
        column: String,
    },
    /// A blocking rule would make more pairs than the limit.
    #[error(
        "blocking rule {rule} makes {pairs} pairs, more than the limit of {limit}; its largest block holds {largest} records. Add a column to the rule, or raise the limit"
    )]
    TooManyPairs {
        /// The rule as written.
        rule: String,
        /// Pairs it makes.
        pairs: u64,
        /// The limit.
        limit: u64,
        /// Records in its largest block.
        largest: u64,
    },
    /// The model has not been trained.
    #[error("the model is not trained: {0}")]
    Untrained(String),
    /// Reading or writing failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being read or written.
        what: String,
        /// The cause.
        source: io::Error,
    },
}
