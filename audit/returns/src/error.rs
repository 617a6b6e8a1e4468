/// Why a return, a specification or a mapping cannot be used at all. What can be used in part comes with findings instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReturnsError {
    /// A specification contradicts itself or is not TOML of the expected form.
    #[error("specification: {place}: {reason}")]
    Specification {
        /// Table, column or list at fault.
        place: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A name that the specification does not have.
    #[error("the specification has no {what} `{given}`{hint}")]
    Unknown {
        /// `table`, `column`, `code` or `dialect`.
        what: &'static str,
        /// What was given, cut to a printable length.
        given: String,
        /// A near name, as `; did you mean …?`, or nothing.
        hint: String,
    },
    /// A column was asked for under a partition that is not its own.
    #[error(
        "{table}.{column} is in the {has} partition and cannot be read as {wanted}; quality-only columns never reach linkage, estimation or group code"
    )]
    Partition {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The partition it is in.
        has: &'static str,
        /// The partition asked for.
        wanted: &'static str,
    },
    /// A mapping file could not be understood.
    #[error("mapping: {place}: {reason}")]
    Mapping {
        /// Where in the file.
        place: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A table came twice in one return.
    #[error("table {table} was read already; put its files together, or send them as two returns")]
    TableTwice {
        /// The table.
        table: String,
    },
    /// A return is too large for this reader.
    #[error("table {table} has more than {limit} rows; split the return by period")]
    TooManyRows {
        /// The table.
        table: String,
        /// The most rows of one table.
        limit: u32,
    },
    /// A step of the workflow that its present state does not allow.
    #[error("a {what} that is {state} does not take `{event}`; it can be {allowed}")]
    Transition {
        /// `call`, `return` or `query`.
        what: &'static str,
        /// The present state.
        state: String,
        /// What was to happen.
        event: String,
        /// What may happen.
        allowed: String,
    },
    /// A ledger says something else than follows from what it said before.
    #[error("the ledger says {said}, and {found}; check it with `candour log verify`")]
    Replay {
        /// What follows.
        found: String,
        /// What the ledger says.
        said: String,
    },
    /// An event of the workflow lacks what makes it accountable.
    #[error("an event needs {what}; {reason}")]
    Event {
        /// The part that is missing.
        what: &'static str,
        /// Why it is needed or what to give.
        reason: String,
    },
}

/// The nearest of some names, as a question to add to a refusal; nothing where none is near.
pub(crate) fn hint<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> String {
    let given: String = given.to_lowercase().chars().take(60).collect();
    let limit = 1 + given.chars().count() / 4;
    names
        .map(|name| (distance(&given, &name.to_lowercase()), name))
        .filter(|(far, _)| *far <= limit)
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// Text cut to what a message can hold.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Levenshtein's distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let names = ["ethnicity", "ethnicity_source", "sex"];
        assert_eq!(hint("etnicity", names.into_iter()), "; did you mean `ethnicity`?");
        assert_eq!(hint("Sex", names.into_iter()), "; did you mean `sex`?");
        assert_eq!(hint("telephone", names.into_iter()), "");
    }
}
