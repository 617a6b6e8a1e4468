//! The site. One rendering path: [`Site::page`] answers an address with a page, `serve` asks it for one at a time and
//! `publish` for all of [`Site::addresses`].

mod accuracy;
mod chart;
mod language;
mod pages;
mod releases;
pub(crate) mod review;
mod search;
mod style;
mod view;

pub(crate) use style::CSS;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use candour_ledger::Entry;
use candour_record::Finding;
use candour_register::{AsAt, Register};
use jiff::civil::Date;

use crate::language_rates::Rates;
use crate::releases::{self as released, Release};
use crate::store::Store;
use crate::workspace::{Settings, Workspace};

/// Everything the pages are made from.
pub(crate) struct Site {
    settings: Settings,
    workspace: Workspace,
    store: Mutex<Store>,
    state: Mutex<Arc<State>>,
    /// What the workspace has released, each with its folder.
    releases: Vec<(Release, PathBuf)>,
    /// Rates of the language audit, where some were released.
    language: Option<Rates>,
}

/// The record as loaded; replaced whole when the ledger has grown.
struct State {
    entries: Vec<(u64, Entry)>,
    now: Arc<Register>,
    earlier: Mutex<BTreeMap<Date, Arc<Register>>>,
    /// Pages made today, until the ledger grows: lists look at every recommendation, and are asked for again and again.
    made: Mutex<HashMap<(String, Date), Arc<Page>>>,
    findings: Vec<Finding>,
}

/// Views of earlier dates kept in memory; each is a whole register.
const VIEWS_KEPT: usize = 64;

/// Pages kept made; a few megabytes.
const PAGES_KEPT: usize = 1_000;

/// An answer to an address.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) media: &'static str,
    pub(crate) body: Vec<u8>,
    /// Where to go instead, for status 303.
    pub(crate) location: Option<String>,
}

impl Page {
    fn html(body: String) -> Self {
        Self { status: 200, media: "text/html; charset=utf-8", body: body.into_bytes(), location: None }
    }

    fn text(media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, media, body: body.into(), location: None }
    }

    fn moved(location: String) -> Self {
        Self { status: 303, media: "text/plain; charset=utf-8", body: Vec::new(), location: Some(location) }
    }
}

/// What a page is asked with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// The words of a search.
    pub(crate) q: Option<String>,
    /// The date of an as-at form.
    pub(crate) date: Option<String>,
    /// Made for a site without a server that carries no dated views, so none may be linked.
    pub(crate) without_dated_views: bool,
}

/// Pages of dated views a static site carries at the most; a larger register shows them through `serve` alone.
const MOST_DATED_PAGES: usize = 20_000;

impl Site {
    pub(crate) fn load(workspace: Workspace) -> Result<Self> {
        let store = workspace.store()?;
        let state = Arc::new(State::load(&store)?);
        let releases = released::read_all(&workspace.releases())?;
        let site = Self {
            releases,
            language: language::read(&workspace.root)?,
            settings: workspace.settings.clone(),
            workspace,
            store: Mutex::new(store),
            state: Mutex::new(state),
        };
        site.index()?;
        Ok(site)
    }

    /// What the record itself complained of while it was read.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.state().findings.clone()
    }

    /// How much of what was read waits for a person.
    pub(crate) fn waiting(&self) -> usize {
        self.state().now.proposals.values().map(Vec::len).sum()
    }

    /// Today, where the workspace is.
    fn today(&self) -> Date {
        // The zone was read when the workspace opened; a clock that fails mid-flight shows the record's own last day.
        self.workspace
            .today()
            .unwrap_or_else(|_| self.state().now.days.keys().next_back().copied().unwrap_or(Date::ZERO))
    }

    /// Answers an address; `path` begins with `/`.
    pub(crate) fn page(&self, path: &str, asked: &Asked) -> Result<Page> {
        self.reload_if_grown()?;
        if path.starts_with("/releases/") && Path::new(path).extension().is_some_and(|e| e == "csv") {
            return match self.released_table(path)? {
                Some(page) => Ok(page),
                None => self.not_found(path),
            };
        }
        if !path.ends_with('/') && path != "/style.css" {
            // One address per page: the one with a stroke at its end.
            let whole = format!("{path}/");
            let page = self.page(&whole, asked)?;
            return Ok(if page.status == 404 { page } else { Page::moved(whole) });
        }
        let plain = asked.q.is_none() && asked.date.is_none();
        let key = (path.to_owned(), self.today());
        let state = self.state();
        if let Some(page) =
            state.made.lock().unwrap_or_else(PoisonError::into_inner).get(&key).filter(|_| plain)
        {
            return Ok(Page::clone(page));
        }
        let page = self.make(path, asked)?;
        if plain && page.status == 200 {
            let mut made = state.made.lock().unwrap_or_else(PoisonError::into_inner);
            if made.len() >= PAGES_KEPT {
                made.clear();
            }
            made.insert(key, Arc::new(page.clone()));
        }
        Ok(page)
    }

    fn make(&self, path: &str, asked: &Asked) -> Result<Page> {
        let (as_at, rest) = match path.strip_prefix("/as-at/").and_then(|rest| rest.split_once('/')) {
            Some((day, rest)) => match day.parse::<Date>() {
                Ok(day) => (Some(day), format!("/{rest}")),
                Err(_) => return self.not_found(path),
            },
            None => (None, path.to_owned()),
        };
        let register = match as_at {
            Some(day) => self.as_at(day),
            None => self.state().now.clone(),
        };
        let day = as_at.unwrap_or_else(|| self.today());
        let view = view::View::new(&self.settings, &register, path, as_at, day);
        let found = match rest.as_str() {
            "/style.css" => Some(Page::text("text/css; charset=utf-8", CSS)),
            "/search/" if as_at.is_none() => {
                Some(search::page(&view, &self.lock_store(), asked.q.as_deref())?)
            }
            "/releases/" if as_at.is_none() => {
                let all: Vec<&Release> = self.releases.iter().map(|r| &r.0).collect();
                Some(releases::list(&view, &all)?)
            }
            path if as_at.is_none() && path.starts_with("/releases/") => {
                let id = path.trim_start_matches("/releases/").trim_end_matches('/');
                let found = self.releases.iter().find(|r| r.0.id == id);
                found.map(|(release, _)| releases::one(&view, release)).transpose()?
            }
            "/returns/" if as_at.is_none() => {
                let found = self.releases.iter().find(|r| r.0.id == "returns").map(|r| &r.0);
                Some(releases::returns(&view, found)?)
            }
            "/language/" if as_at.is_none() => Some(language::page(&view, self.language.as_ref())?),
            "/as-at/" if as_at.is_none() => Some(match asked.date.as_deref().map(str::parse::<Date>) {
                Some(Ok(day)) => Page::moved(format!("/as-at/{day}/")),
                _ => pages::as_at_index(&view, !asked.without_dated_views)?,
            }),
            "/history/" if as_at.is_none() => {
                Some(pages::history(&view, &self.state().entries, &self.lock_store())?)
            }
            _ => pages::record(&view, &rest, &self.state().entries, &self.store)?,
        };
        match found {
            Some(page) => Ok(page),
            None => self.not_found(path),
        }
    }

    /// Every permanent address of the present, and those of dated views where they are few enough for a static site.
    pub(crate) fn addresses(&self) -> (Vec<String>, bool) {
        let state = self.state();
        let mut addresses: Vec<String> =
            ["/", "/style.css", "/search/", "/as-at/", "/history/", "/releases/", "/returns/", "/language/"]
                .map(str::to_owned)
                .into();
        for (release, _) in &self.releases {
            addresses.push(format!("/releases/{}/", release.id));
            let files = release.sections.iter().filter_map(|s| s.file.as_ref());
            addresses.extend(files.map(|file| format!("/releases/{}/{file}", release.id)));
        }
        addresses.extend(pages::addresses(&state.now, true));
        addresses.extend(state.entries.iter().map(|(index, _)| format!("/history/{index}/")));
        // A dated view holds no more pages than the present does, which bounds them without making any.
        let bound = state.now.days.len() * (addresses.len() - state.entries.len());
        let dated = bound <= MOST_DATED_PAGES;
        for day in state.now.days.keys().filter(|_| dated) {
            let register = self.as_at(*day);
            addresses.push(format!("/as-at/{day}/"));
            addresses
                .extend(pages::addresses(&register, false).into_iter().map(|a| format!("/as-at/{day}{a}")));
        }
        (addresses, dated)
    }

    /// A table of a release as a file: one that the release names, and no other.
    fn released_table(&self, path: &str) -> Result<Option<Page>> {
        let Some((id, file)) = path.trim_start_matches("/releases/").split_once('/') else { return Ok(None) };
        let Some((release, folder)) = self.releases.iter().find(|r| r.0.id == id) else { return Ok(None) };
        if !release.sections.iter().any(|s| s.file.as_deref() == Some(file)) || file.contains(['/', '\\']) {
            return Ok(None);
        }
        let bytes = crate::files::read_limited(&folder.join(file), 16 << 20)?;
        Ok(Some(Page::text("text/csv; charset=utf-8", bytes)))
    }

    fn not_found(&self, path: &str) -> Result<Page> {
        let register = self.state().now.clone();
        let view = view::View::new(&self.settings, &register, path, None, self.today());
        Ok(Page { status: 404, ..pages::not_found(&view)? })
    }

    fn state(&self) -> Arc<State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock_store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn as_at(&self, day: Date) -> Arc<Register> {
        let state = self.state();
        let mut earlier = state.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(register) = earlier.get(&day) {
            return register.clone();
        }
        let as_at = AsAt { effective: Some(day), recorded: None };
        let register = Arc::new(Register::project(state.entries.iter().map(|(i, e)| (*i, e)), as_at).0);
        if earlier.len() >= VIEWS_KEPT {
            earlier.pop_first();
        }
        earlier.insert(day, register.clone());
        register
    }

    fn reload_if_grown(&self) -> Result<()> {
        let grown = self.lock_store().reload_if_grown()?;
        if grown { self.reload() } else { Ok(()) }
    }

    /// Takes the record up again from the ledger.
    fn reload(&self) -> Result<()> {
        let state = Arc::new(State::load(&self.lock_store())?);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.index()
    }

    fn index(&self) -> Result<()> {
        let register = self.state().now.clone();
        self.lock_store().refresh_search(|| search::lines(&register))
    }
}

impl State {
    fn load(store: &Store) -> Result<Self> {
        let (entries, mut findings) = store.entries()?;
        let (now, more) = Register::project(entries.iter().map(|(i, e)| (*i, e)), AsAt::default());
        findings.extend(more);
        Ok(Self { entries, now: Arc::new(now), earlier: Mutex::default(), made: Mutex::default(), findings })
    }
}
