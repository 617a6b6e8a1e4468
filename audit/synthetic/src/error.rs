/// Why a nation cannot be made, or a score not be worked out.
#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    /// The settings could not be read.
    #[error("knobs: {0}")]
    Knobs(String),
    /// A setting is outside what makes sense.
    #[error("knobs: {knob} is {value}, and must be {limit}; correct it in the file of knobs")]
    OutOfRange {
        /// Its name, with its table.
        knob: &'static str,
        /// What it is.
        value: String,
        /// What is allowed.
        limit: &'static str,
    },
    /// The specification of the data call is not what the generator fills.
    #[error("specification of the data call: {0}")]
    Specification(#[from] candour_returns::ReturnsError),
    /// Things to be compared have different lengths.
    #[error("{what}: {left} on one side and {right} on the other; give both for the same records")]
    Lengths {
        /// What is compared.
        what: &'static str,
        /// How many on the first side.
        left: usize,
        /// How many on the second.
        right: usize,
    },
    /// A line of a truth file could not be read.
    #[error("{file}, line {line}: {reason}; truth files must be those that this version wrote")]
    TruthLine {
        /// Its name.
        file: &'static str,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}
