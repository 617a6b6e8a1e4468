//! Scored pairs.

/// Two records and how strongly the evidence says that they are of one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredPair {
    /// The record that comes first in the input.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// Match weight: the posterior odds in bits (`log2`), prior included.
    pub weight: f64,
}

impl ScoredPair {
    /// The match probability, 0 to 1.
    pub fn probability(&self) -> f64 {
        probability_of(self.weight)
    }
}

/// The probability that a match weight stands for.
pub fn probability_of(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The match weight of a probability; infinite at 0 and 1.
pub fn weight_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}
