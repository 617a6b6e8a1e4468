//! All that an attacker holds, as one set of cells and sums: the tables to be released and those released before.

use std::collections::HashMap;

use crate::lp::Sums;
use crate::{CountTable, DisclosureError};

/// Cells of one or several tables; a cell that stands in two tables is one cell here.
#[derive(Default)]
pub(crate) struct System {
    pub(crate) values: Vec<i64>,
    pub(crate) sums: Sums,
    /// For each table, the cell here of each of its cells: those to be released first, then those released before.
    pub(crate) members: Vec<Vec<u32>>,
    /// Cells that stand for what changed between an earlier table and one to be released now.
    pub(crate) changes: Vec<u32>,
    /// Cells that stand in no table, but follow from nested codes: those of 16 and 17, from those under 18 and those under 16.
    pub(crate) between: Vec<u32>,
}

/// A code of one table that is made of codes of others, though no hierarchy says so: `0-17` of `0-15` and `16-17`.
#[derive(Debug, Clone)]
pub(crate) struct Nested {
    pub(crate) dimension: String,
    pub(crate) whole: String,
    pub(crate) parts: Vec<String>,
}

/// A cell's population and its codes, each with its dimension, as numbers for their names.
type Key = Vec<(u32, u32)>;
/// Every version of each cell, with the table that brought it.
type Versions = HashMap<Key, Vec<(u32, usize)>>;

/// The most cells that a release may have with all that was released before.
pub(crate) const MOST_SYSTEM: usize = 1_000_000;

impl System {
    /// Joins tables. Cells are one if they have the same codes in the same dimensions, grand totals left aside.
    ///
    /// # Errors
    ///
    /// Where two tables to be released now disagree.
    pub(crate) fn new(
        now: &[&CountTable],
        before: &[&CountTable],
        nested: &[Nested],
    ) -> Result<Self, DisclosureError> {
        let mut system = Self::default();
        let cells: usize = now.iter().chain(before).map(|table| table.cells()).sum();
        if cells > MOST_SYSTEM {
            return Err(DisclosureError::TooLarge {
                table: "all tables together".to_owned(),
                what: "cells",
                found: cells as u64,
                limit: MOST_SYSTEM as u64,
            });
        }
        if let ([table], [], []) = (now, before, nested) {
            system.values = (0..table.cells()).map(|cell| table.count(cell) as i64).collect();
            system.sums = table.sums();
            system.members.push((0..table.cells() as u32).collect());
            return Ok(system);
        }
        let mut names = Names::default();
        // Every version of a cell met so far; the first is the one of the tables to be released now, if it is in one.
        let mut versions = Versions::new();
        for (number, table) in now.iter().chain(before).enumerate() {
            let is_now = number < now.len();
            let mut members = Vec::with_capacity(table.cells());
            for cell in 0..table.cells() {
                let value = table.count(cell) as i64;
                let met = versions.entry(names.key(table, cell)).or_default();
                let same = met.iter().find(|(known, _)| system.values[*known as usize] == value);
                if let Some((known, _)) = same {
                    members.push(*known);
                    continue;
                }
                if is_now && let Some((_, other)) = met.first() {
                    return Err(DisclosureError::Disagree {
                        first: now[*other].name().to_owned(),
                        second: table.name().to_owned(),
                        cell: table.cell_name(cell),
                    });
                }
                let new = system.values.len() as u32;
                system.values.push(value);
                if let Some(&(known, _)) = met.first() {
                    // Counted again since: the change is itself a count of people, with its own small cells.
                    let change = system.values.len() as u32;
                    system.values.push(system.values[known as usize] - value);
                    system.sums.push((Some(known), vec![new, change]));
                    system.changes.push(change);
                }
                met.push((new, number));
                members.push(new);
            }
            let own = table.sums().into_iter().map(|(parent, children)| {
                (
                    parent.map(|p| members[p as usize]),
                    children.into_iter().map(|c| members[c as usize]).collect(),
                )
            });
            system.sums.extend(own);
            system.members.push(members);
        }
        for relation in nested {
            system.nest(relation, &mut names, &mut versions)?;
        }
        Ok(system)
    }

    /// Adds what nested codes say, wherever the whole and all its parts but one stand in tables.
    fn nest(
        &mut self,
        relation: &Nested,
        names: &mut Names,
        versions: &mut Versions,
    ) -> Result<(), DisclosureError> {
        let dimension = names.number(&relation.dimension);
        let whole = names.number(&relation.whole);
        let parts: Vec<u32> = relation.parts.iter().map(|part| names.number(part)).collect();
        let mut wholes: Vec<Key> =
            versions.keys().filter(|key| key.contains(&(dimension, whole))).cloned().collect();
        wholes.sort_unstable();
        for key in wholes {
            let Some(&(parent, _)) = versions[&key].first() else { continue };
            let with = |code: u32| {
                let mut key: Vec<(u32, u32)> = key
                    .iter()
                    .map(|&e| if e == (dimension, whole) { (dimension, code) } else { e })
                    .collect();
                key.sort_unstable();
                key
            };
            let mut children = Vec::new();
            let mut missing = None;
            let mut unknown = 0;
            for &part in &parts {
                if let Some(&(cell, _)) = versions.get(&with(part)).and_then(|v| v.first()) {
                    children.push(cell);
                } else {
                    unknown += 1;
                    missing = Some(part);
                }
            }
            if unknown > 1 {
                continue;
            }
            let known: i64 = children.iter().map(|&c| self.values[c as usize]).sum();
            let left = self.values[parent as usize] - known;
            if left < 0 || (unknown == 0 && left != 0) {
                return Err(DisclosureError::Hierarchy {
                    dimension: relation.dimension.clone(),
                    reason: format!(
                        "{} is said to be made of {}, and the counts do not agree; take the relation back or mend the tables",
                        relation.whole,
                        relation.parts.join(", ")
                    ),
                });
            }
            if let Some(part) = missing {
                let cell = self.values.len() as u32;
                self.values.push(left);
                self.between.push(cell);
                versions.insert(with(part), vec![(cell, usize::MAX)]);
                children.push(cell);
            }
            self.sums.push((Some(parent), children));
        }
        Ok(())
    }

    pub(crate) fn cells(&self) -> usize {
        self.values.len()
    }
}

/// Numbers for names, so that keys are short.
#[derive(Default)]
struct Names(HashMap<String, u32>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = self.0.len() as u32;
        self.0.insert(name.to_owned(), number);
        number
    }

    fn key(&mut self, table: &CountTable, cell: usize) -> Key {
        let mut key = vec![(self.number(table.population()), u32::MAX)];
        for (place, dimension) in table.dimensions().iter().enumerate() {
            let code = table.code(cell, place);
            if dimension.parent(code).is_some() {
                key.push((self.number(dimension.name()), self.number(dimension.label(code))));
            }
        }
        key.sort_unstable();
        key
    }
}
