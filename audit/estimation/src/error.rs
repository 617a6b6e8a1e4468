/// Why no estimate can be made at all. What can be done without the part at fault is a finding instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EstimationError {
    /// The text of a table could not be understood.
    #[error("line {line} of the table: {reason}")]
    Row {
        /// The line, counted from 1 with the header.
        line: u64,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The header or the table as a whole is wrong.
    #[error("the table: {0}")]
    Table(String),
    /// Too few lists for an estimate.
    #[error(
        "the table has {lists} lists and an estimate needs 3 or more: with two, nothing in the data tells whether the \
         lists depend on each other. Add a list, or read Lincoln-Petersen and Chapman as a description of the pair"
    )]
    TooFewLists {
        /// Lists in the table.
        lists: usize,
    },
    /// Too many lists.
    #[error(
        "the table has {lists} lists, more than the limit of {limit}; merge lists of one kind, or leave out the smallest"
    )]
    TooManyLists {
        /// Lists in the table.
        lists: usize,
        /// The limit.
        limit: usize,
    },
    /// A list that holds nobody.
    #[error("list {0} holds nobody in this table; take its column out, for it says nothing about the others")]
    EmptyList(String),
    /// A column that names a protected characteristic.
    #[error(
        "column {0} names a protected characteristic; an estimate takes lists of agencies only. Take the column out"
    )]
    Protected(String),
    /// No list that is named so.
    #[error("there is no list {name}; the table has: {has}")]
    NoSuchList {
        /// The name asked for.
        name: String,
        /// The lists there are.
        has: String,
    },
    /// A pair of lists whose overlap is larger than one of them.
    #[error(
        "the overlap of {overlap} is larger than a list of {smallest}; check that the same people were counted"
    )]
    OverlapTooLarge {
        /// People on both lists.
        overlap: u64,
        /// People on the smaller list.
        smallest: u64,
    },
    /// No two lists share a person.
    #[error(
        "no two lists share anybody, so nothing can be said about those on none; check the linkage, which may have \
         missed every match"
    )]
    NoOverlap,
    /// A history is declared impossible and somebody has it.
    #[error(
        "{lists} is declared impossible but {count} people are on all of them; take the declaration out, or check the linkage"
    )]
    ImpossibleSeen {
        /// The lists.
        lists: String,
        /// People seen.
        count: u64,
    },
    /// The chosen model cannot be fitted to this table.
    #[error("model {model}: {reason}")]
    Model {
        /// The model.
        model: String,
        /// Why, in words, and what to do.
        reason: String,
    },
    /// Chains did not come to agree.
    #[error(
        "the latent class chains do not agree, or hold too few effective draws: R-hat {r_hat:.3} (limit {limit}), effective draws {effective:.0} (floor \
         {floor}), chain medians {medians}. No figure is given; run longer chains, or use another method"
    )]
    NotConverged {
        /// Rank-normalised split R-hat.
        r_hat: f64,
        /// Its limit.
        limit: f64,
        /// Bulk effective sample size.
        effective: f64,
        /// Its floor.
        floor: f64,
        /// Median of each chain.
        medians: String,
    },
    /// A choice that cannot be used.
    #[error("{0}")]
    Plan(String),
}
