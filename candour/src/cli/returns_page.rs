//! The findings of returns as one page that needs no network and no script.

use anyhow::Result;
use askama::Template;
use candour_returns::Specification;

use crate::return_files::Fault;
use crate::site::CSS;

/// One return on the page.
pub(super) struct One {
    pub(super) title: String,
    pub(super) records: String,
    /// What stops it, must be corrected, and may be explained.
    pub(super) counts: [String; 3],
    pub(super) faults: Vec<Fault>,
    pub(super) rules: Vec<Found>,
    pub(super) not_run: Vec<String>,
}

/// What one rule found.
pub(super) struct Found {
    pub(super) severity: &'static str,
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) failed: String,
    pub(super) tested: String,
    pub(super) places: String,
    pub(super) mend: &'static str,
}

#[derive(Template)]
#[template(path = "returns_check.html")]
struct Page<'a> {
    css: &'static str,
    call: String,
    returns: &'a [One],
    version: &'static str,
}

/// The page.
pub(super) fn page(specification: &Specification, returns: &[One]) -> Result<String> {
    let call = format!("{} {}", specification.name, specification.version);
    Ok(Page { css: CSS, call, returns, version: env!("CARGO_PKG_VERSION") }.render()?)
}
