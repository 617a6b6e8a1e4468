/// Why the register could not take something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A noun of the record was refused.
    #[error(transparent)]
    Record(#[from] candour_record::RecordError),
    /// A cell of an import table holds something the register does not know.
    #[error("{table}, row {row}, column {column:?}: {problem}")]
    Cell {
        /// File name of the table.
        table: String,
        /// Row counted from 1 with the header as row 1, as a spreadsheet shows it.
        row: u64,
        /// Column heading.
        column: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// A table is not CSV, or lacks a column.
    #[error("{table}: {problem}")]
    Table {
        /// File name of the table.
        table: String,
        /// What is wrong.
        problem: String,
    },
    /// A ledger entry is not one of the register's facts.
    #[error("entry of kind {kind:?} about {subject:?} does not hold what that kind needs: {problem}")]
    Entry {
        /// The entry's kind.
        kind: String,
        /// The entry's subject.
        subject: String,
        /// What is wrong.
        problem: String,
    },
}
