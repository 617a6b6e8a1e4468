//! The search page, and what the index holds.

use anyhow::Result;
use askama::Template;
use candour_register::Register;

use crate::store::{Searchable, Store};

use super::Page;
use super::pages::Layout;
use super::view::{Link, View};

/// Results shown; a search that finds more should say more.
const MOST: usize = 50;

/// Everything that can be found.
pub(super) fn lines(register: &Register) -> Vec<Searchable> {
    let mut lines = Vec::new();
    for (id, record) in &register.recommendations {
        let made = &record.made.fact;
        let mut body = made.wording.text().unwrap_or_default().to_owned();
        for response in &record.responses {
            body.push(' ');
            body.push_str(response.fact.wording.text().unwrap_or_default());
        }
        for addressee in &made.addressees {
            body.push(' ');
            body.push_str(&addressee.as_written);
        }
        lines.push(Searchable {
            address: format!("recommendations/{id}/"),
            kind: "Recommendation",
            title: made.title.clone(),
            body,
        });
    }
    for (id, record) in &register.instruments {
        let listed = &record.listed.fact;
        let mut body = format!("{} {}", listed.led_by, listed.note);
        for happening in &record.happenings {
            body.push(' ');
            body.push_str(&happening.fact.what);
        }
        lines.push(Searchable {
            address: format!("instruments/{id}/"),
            kind: "Inquiry, audit or report",
            title: listed.title.clone(),
            body,
        });
    }
    for (id, body) in &register.bodies {
        let text = format!("{} {}", body.fact.role, body.fact.territory);
        lines.push(Searchable {
            address: format!("bodies/{id}/"),
            kind: "Body",
            title: body.fact.name().to_owned(),
            body: text,
        });
    }
    for proposals in register.proposals.values() {
        for proposal in proposals {
            let item = &proposal.fact.item;
            let title = item.title.clone().unwrap_or_else(|| item.text.chars().take(80).collect());
            lines.push(Searchable {
                address: format!("documents/{}/#c{}", proposal.fact.document, item.start),
                kind: "Read by machine, not yet confirmed",
                title,
                body: item.text.clone(),
            });
        }
    }
    lines
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    layout: Layout<'a>,
    query: String,
    hits: Option<Vec<Found>>,
    /// Everything, for a site without a server: a browser's own search finds words on one page.
    everything: Vec<(Link, String)>,
}

struct Found {
    link: Link,
    kind: String,
    /// Stretches of the excerpt, each with whether it was matched.
    excerpt: Vec<(bool, String)>,
}

pub(super) fn page(view: &View<'_>, store: &Store, query: Option<&str>) -> Result<Page> {
    let hits = match query.map(str::trim).filter(|q| !q.is_empty()) {
        Some(query) => Some(
            store
                .search(query, MOST)?
                .into_iter()
                .map(|hit| Found {
                    link: Link { href: format!("{}{}", view.root, hit.address), words: hit.title },
                    kind: hit.kind,
                    excerpt: marked(&hit.excerpt),
                })
                .collect(),
        ),
        None => None,
    };
    let everything = view
        .register
        .recommendations
        .iter()
        .map(|(id, r)| {
            (view.recommendation(id), r.made.fact.wording.text().unwrap_or("Not known").to_owned())
        })
        .collect();
    let layout = Layout::new(view, "Search");
    Ok(Page::html(
        SearchPage { layout, query: query.unwrap_or_default().to_owned(), hits, everything }.render()?,
    ))
}

fn marked(excerpt: &str) -> Vec<(bool, String)> {
    let mut parts = Vec::new();
    for (index, piece) in excerpt.split('\u{2}').enumerate() {
        match piece.split_once('\u{3}') {
            Some((found, rest)) if index > 0 => {
                parts.push((true, found.to_owned()));
                parts.push((false, rest.to_owned()));
            }
            _ => parts.push((false, piece.to_owned())),
        }
    }
    parts.retain(|p| !p.1.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matched_words_are_told_apart() {
        assert_eq!(
            marked("a \u{2}duty\u{3} to"),
            [(false, "a ".to_owned()), (true, "duty".to_owned()), (false, " to".to_owned())]
        );
    }
}
