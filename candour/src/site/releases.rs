//! Releases of the audit: counts that passed the door, and figures of models, as they lie in the workspace.

use anyhow::Result;
use askama::Template;

use crate::releases::{Release, Section};

use super::pages::{Layout, html};
use super::view::View;
use super::{Page, chart};

#[derive(Template)]
#[template(path = "releases.html")]
struct List<'a> {
    layout: Layout<'a>,
    releases: Vec<&'a Release>,
}

#[derive(Template)]
#[template(path = "release.html")]
struct One<'a> {
    layout: Layout<'a>,
    release: &'a Release,
    sections: Vec<Shown<'a>>,
}

struct Shown<'a> {
    section: &'a Section,
    chart: String,
    /// Whether each column holds numbers alone, which stand to the right.
    numeric: Vec<bool>,
}

impl Shown<'_> {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    fn class(&self, column: &usize) -> &'static str {
        if self.numeric.get(*column).copied().unwrap_or(false) { " class=\"n\"" } else { "" }
    }
}

/// Digits with sign, point and commas, or a mark in place of a number.
fn is_number(cell: &str) -> bool {
    cell.chars().count() == 1 || cell.bytes().all(|b| b.is_ascii_digit() || b"+-.,".contains(&b))
}

/// The list of releases.
pub(super) fn list(view: &View<'_>, releases: &[&Release]) -> Result<Page> {
    html(&List { layout: Layout::new(view, "Releases of the audit"), releases: releases.to_vec() })
}

/// One release.
pub(super) fn one(view: &View<'_>, release: &Release) -> Result<Page> {
    let sections = release.sections.iter().map(|section| {
        let numbers =
            |at: usize| section.rows.iter().all(|row| row.get(at).is_some_and(|cell| is_number(cell)));
        let numeric = (0..section.heading.len()).map(numbers).collect();
        Shown { section, chart: chart::bars(&section.bars, &section.title), numeric }
    });
    html(&One { layout: Layout::new(view, &release.title), release, sections: sections.collect() })
}

/// Who returned what in the data call, which says so where no call has been run.
pub(super) fn returns(view: &View<'_>, release: Option<&Release>) -> Result<Page> {
    let none = || {
        let lead = "No data call has been run in this workspace.".to_owned();
        Release::new("returns", "Who returned what", lead, Vec::new())
    };
    release.map_or_else(|| one(view, &none()), |release| one(view, release))
}
