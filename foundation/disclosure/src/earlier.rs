use std::collections::HashMap;

use serde::Deserialize;

use crate::public::Shown;
use crate::{CountTable, DisclosureError, PublicTable};

/// A table that was released before: what readers hold of it, beside its counts, which the sensitive vault still has.
///
/// It serves to attack what is released next, and cannot be turned into a [`PublicTable`].
#[derive(Debug, Clone)]
pub struct Earlier {
    counts: CountTable,
    shown: Vec<Shown>,
}

#[derive(Deserialize)]
struct Released {
    #[serde(default)]
    table: String,
    dimensions: Vec<ReleasedDimension>,
    cells: Vec<ReleasedCell>,
}

#[derive(Deserialize)]
struct ReleasedDimension {
    name: String,
}

#[derive(Deserialize)]
struct ReleasedCell {
    codes: Vec<String>,
    least: u64,
    most: Option<u64>,
}

impl Earlier {
    /// From the table as it was made.
    ///
    /// # Errors
    ///
    /// Where the counts are not those of the table.
    pub fn new(counts: CountTable, public: &PublicTable) -> Result<Self, DisclosureError> {
        let shape = |dimensions: &[crate::Dimension]| -> Vec<(String, Vec<String>)> {
            dimensions
                .iter()
                .map(|d| (d.name().to_owned(), d.labels().map(str::to_owned).collect()))
                .collect()
        };
        if shape(counts.dimensions()) != shape(public.dimensions()) {
            return Err(DisclosureError::Earlier(format!(
                "{} has other dimensions or codes than its counts",
                public.name()
            )));
        }
        Self::checked(counts.of_population(public.population()), public.shown().to_vec())
    }

    /// From the JSON text of a table as it was released.
    ///
    /// # Errors
    ///
    /// Where the text cannot be read, or the counts are not those of the table.
    pub fn from_json(counts: CountTable, text: &str) -> Result<Self, DisclosureError> {
        let released: Released = serde_json::from_str(text)
            .map_err(|e| DisclosureError::Earlier(format!("not a released table: {e}")))?;
        let wrong = |reason: String| DisclosureError::Earlier(format!("{}: {reason}", released.table));
        let names: Vec<&str> = released.dimensions.iter().map(|d| d.name.as_str()).collect();
        if names != counts.dimensions().iter().map(crate::Dimension::name).collect::<Vec<_>>() {
            return Err(wrong("its dimensions are not those of its counts".to_owned()));
        }
        let mut place: HashMap<Vec<&str>, usize> = HashMap::with_capacity(counts.cells());
        for cell in 0..counts.cells() {
            place.insert(counts.labels(cell).collect(), cell);
        }
        let mut shown = vec![None; counts.cells()];
        for cell in &released.cells {
            let codes: Vec<&str> = cell.codes.iter().map(String::as_str).collect();
            let &at = place
                .get(&codes)
                .ok_or_else(|| wrong(format!("{} is not in its counts", codes.join("|"))))?;
            shown[at] = Some(match cell.most {
                Some(most) if most == cell.least => Shown::Count(most),
                Some(most) => Shown::Rounded { count: cell.least, least: cell.least, most },
                None => Shown::Suppressed,
            });
        }
        // A cell that was not in the release is unknown, as if it had been left out.
        let shown = shown.into_iter().map(|s| s.unwrap_or(Shown::Suppressed)).collect();
        Self::checked(counts, shown)
    }

    fn checked(counts: CountTable, shown: Vec<Shown>) -> Result<Self, DisclosureError> {
        for (cell, shown) in shown.iter().enumerate() {
            let (least, most) = shown.known();
            let count = counts.count(cell);
            if count < least || most.is_some_and(|most| count > most) {
                return Err(DisclosureError::Earlier(format!(
                    "{} {} was printed as a count that it cannot have been; give the counts that the release was made from",
                    counts.name(),
                    counts.cell_name(cell)
                )));
            }
        }
        Ok(Self { counts, shown })
    }

    pub(crate) fn counts(&self) -> &CountTable {
        &self.counts
    }

    pub(crate) fn shown(&self) -> &[Shown] {
        &self.shown
    }
}
