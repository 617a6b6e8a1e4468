/// Why a pack, a test file or a table of rates cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// A rule pack is not TOML, or has a key or a value that no rule has.
    #[error("pack {pack}: {reason}")]
    Pack {
        /// The pack's file name.
        pack: String,
        /// What is wrong and where.
        reason: String,
    },
    /// A pattern could not be read.
    #[error("pack {pack}: rule {rule}: pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pack.
        pack: String,
        /// The rule.
        rule: String,
        /// The pattern as written.
        pattern: String,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// Two rules of one id.
    #[error("pack {pack}: the rule id {rule} is used twice; give one of them another id")]
    DuplicateRule {
        /// The pack in which the second stands.
        pack: String,
        /// The id.
        rule: String,
    },
    /// A Markdown test file could not be read.
    #[error("{file}, line {line}: {reason}")]
    Literate {
        /// The file's name.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// A Vale rule that has no equivalent here.
    #[error("vale rule {rule}: {reason}")]
    Vale {
        /// The rule's name.
        rule: String,
        /// What cannot be taken over.
        reason: String,
    },
    /// A suppression without a reason, or one that cannot be read.
    #[error("baseline, line {line}: {reason}")]
    Baseline {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// A figure that cannot be computed from what was given.
    #[error("{what}: {reason}")]
    Figure {
        /// The figure.
        what: &'static str,
        /// What is missing and what to do.
        reason: String,
    },
}
