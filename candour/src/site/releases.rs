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
}

/// The list of releases.
pub(super) fn list(view: &View<'_>, releases: &[&Release]) -> Result<Page> {
    html(&List { layout: Layout::new(view, "Releases of the audit"), releases: releases.to_vec() })
}

/// One release.
pub(super) fn one(view: &View<'_>, release: &Release) -> Result<Page> {
    let sections = release
        .sections
        .iter()
        .map(|section| Shown { section, chart: chart::bars(&section.bars, &section.title) });
    html(&One { layout: Layout::new(view, &release.title), release, sections: sections.collect() })
}
