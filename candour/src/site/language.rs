//! The rates of the language audit, as they were released into the workspace.

use std::path::Path;

use anyhow::Result;
use askama::Template;

use crate::files;
use crate::language_rates::{Breakdown, Rates};

use super::Page;
use super::pages::{Layout, html};
use super::view::View;

#[derive(Template)]
#[template(path = "language.html")]
struct Language<'a> {
    layout: Layout<'a>,
    rates: Option<&'a Rates>,
    bodies: Option<&'a Breakdown>,
    others: Vec<&'a Breakdown>,
}

/// Reads what `candour language rates --format json` wrote into `releases/language.json`; nothing where it did not.
pub(super) fn read(workspace: &Path) -> Result<Option<Rates>> {
    let path = workspace.join("releases").join("language.json");
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read_limited(&path, 16 << 20)?;
    let rates = serde_json::from_slice(&bytes).map_err(|e| {
        anyhow::anyhow!(
            "{}: is not what `candour language rates --format json` writes (line {}); write it again",
            path.display(),
            e.line()
        )
    })?;
    Ok(Some(rates))
}

/// The page, which says so where nothing has been released.
pub(super) fn page(view: &View<'_>, rates: Option<&Rates>) -> Result<Page> {
    let all = || rates.into_iter().flat_map(|r| &r.breakdowns);
    html(&Language {
        layout: Layout::new(view, "Language of records"),
        rates,
        bodies: all().find(|b| b.by == "body"),
        others: all().filter(|b| b.by != "body").collect(),
    })
}
