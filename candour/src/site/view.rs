//! What every page needs: where it stands, as at which day, and how to link from it.

use candour_record::{BodyId, Citation, DateOrUnknown, InstrumentId, SourceKind};
use candour_register::{RecommendationId, Recorded, Register};
use jiff::civil::Date;

use crate::workspace::Settings;

use super::chart;

/// A page's standing point. Links are relative, so that a published site works in any folder of any host.
pub(super) struct View<'a> {
    pub(super) settings: &'a Settings,
    pub(super) register: &'a Register,
    /// Path to the root of the site, such as `../../`.
    pub(super) root: String,
    /// Path to the root of this dated view; the root itself for the present.
    pub(super) base: String,
    pub(super) as_at: Option<Date>,
    /// The day against which clocks run.
    pub(super) day: Date,
}

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) words: String,
}

/// Words in a coloured box; the words carry the meaning.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) class: &'static str,
    pub(super) words: String,
}

impl Tag {
    pub(super) fn new(tone: candour_register::Tone, words: impl Into<String>) -> Self {
        Self { class: chart::class(tone), words: words.into() }
    }
}

impl<'a> View<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        register: &'a Register,
        path: &str,
        as_at: Option<Date>,
        day: Date,
    ) -> Self {
        let depth = path.matches('/').count().saturating_sub(1);
        let root = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
        let base = as_at.map_or_else(|| root.clone(), |day| format!("{root}as-at/{day}/"));
        Self { settings, register, root, base, as_at, day }
    }

    pub(super) fn recommendation(&self, id: &RecommendationId) -> Link {
        let words = self
            .register
            .recommendations
            .get(id)
            .map_or_else(|| id.to_string(), |r| r.made.fact.title.clone());
        Link { href: format!("{}recommendations/{id}/", self.base), words }
    }

    pub(super) fn instrument(&self, id: &InstrumentId) -> Link {
        let words =
            self.register.instruments.get(id).map_or_else(|| id.to_string(), |i| i.listed.fact.title.clone());
        Link { href: format!("{}instruments/{id}/", self.base), words }
    }

    pub(super) fn body(&self, id: &BodyId) -> Link {
        Link { href: format!("{}bodies/{id}/", self.root), words: self.register.body_name(id).to_owned() }
    }

    /// The entry of the log a fact was recorded in.
    pub(super) fn entry(&self, index: u64) -> Link {
        Link { href: format!("{}history/{index}/", self.root), words: format!("entry {index}") }
    }

    /// Where a fact comes from, each as a link with its publisher's name; equal names are numbered apart by their kind.
    pub(super) fn citations(&self, citations: &[Citation]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for citation in citations {
            let link = match citation {
                Citation::Source(id) => {
                    let words = match self.register.sources.get(id) {
                        Some(s) if s.kind == SourceKind::Background => {
                            "general knowledge, unchecked".to_owned()
                        }
                        Some(s) => s.date.map_or_else(
                            || s.publisher.clone(),
                            |d| format!("{} ({})", s.publisher, d.in_words()),
                        ),
                        None => id.to_string(),
                    };
                    Link { href: format!("{}sources/{id}/", self.root), words }
                }
                Citation::Passage(p) => {
                    let title = self
                        .register
                        .documents
                        .get(&p.document)
                        .map_or("document", |d| d.fact.title.as_str());
                    let page = p.page.map_or(String::new(), |n| format!(", page {n}"));
                    Link {
                        href: format!("{}documents/{}/#c{}", self.root, p.document, p.span.start),
                        words: format!("{title}{page}"),
                    }
                }
            };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    pub(super) fn sources_of<T>(&self, fact: &Recorded<T>) -> Vec<Link> {
        self.citations(&fact.citations)
    }
}

/// A date for a page: in words, or that it is not known.
pub(super) fn date_words(date: Option<DateOrUnknown>) -> String {
    match date {
        Some(DateOrUnknown::Known(date)) => date.in_words(),
        Some(DateOrUnknown::Unknown) => "date not known".to_owned(),
        None => "no date".to_owned(),
    }
}

pub(super) fn day_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}
