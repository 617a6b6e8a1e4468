//! What reports of a step for its analyst share: sections of figures, each with its table and the chart drawn from it.

mod figure;
mod svg;

pub(crate) use figure::{Cell, Figure, Plot, Table, thousands};

/// What a report adds to the style sheet of the site.
pub(crate) const MORE_CSS: &str = include_str!("../../templates/report.css");

/// A part of a report.
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) notes: Vec<String>,
    pub(crate) figures: Vec<Figure>,
}
