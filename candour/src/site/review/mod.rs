//! Review: what a machine read beside the page it was read from, and what a named person makes of it.
//!
//! Only `serve` has these pages; `publish` never does. Every page works as plain forms; a small script of its own adds
//! single keys. A judgement and the facts it makes are appended in one transaction, under the person's name.

mod accept;
mod forms;
mod pages;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use candour_reading::{Limits, Reading};
use candour_record::{ContentHash, MediaKind};
use candour_register::{Draft, Fact, Item, Judgement, Proposal, Recorded, Register, Verdict};

use super::{Page, Site};
use crate::files;

pub(crate) use forms::Form;

/// The script that adds single keys to the review pages.
const SCRIPT: &str = include_str!("../../../templates/review.js");

/// Who reviews, and what keeps others from doing it in their name.
pub(crate) struct Desk {
    /// A secret of this process, which every form repeats.
    token: String,
    /// The reviewer named on the command line.
    reviewer: Option<String>,
    /// The document last looked at, laid out; reading a long report takes a moment.
    open: Mutex<Option<(ContentHash, Arc<Reading>)>>,
}

/// What a request brings beside its address.
pub(crate) struct Visit {
    /// The reviewer's name from the browser's cookie.
    pub(crate) cookie: Option<String>,
    /// The query.
    pub(crate) query: Form,
}

impl Desk {
    pub(crate) fn new(reviewer: Option<String>) -> Result<Self> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)
            .map_err(|e| anyhow::anyhow!("the system gave no randomness for the review forms: {e}"))?;
        let token = format!("{:032x}", u128::from_be_bytes(bytes));
        Ok(Self { token, reviewer, open: Mutex::default() })
    }

    fn reviewer(&self, visit: &Visit) -> Option<String> {
        self.reviewer.clone().or_else(|| visit.cookie.clone()).filter(|name| !name.trim().is_empty())
    }
}

impl Site {
    /// Answers an address under `/review/` that is only looked at.
    pub(crate) fn review(&self, desk: &Desk, path: &str, visit: &Visit) -> Result<Page> {
        self.reload_if_grown()?;
        let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
        let state = self.state();
        let register = state.now.as_ref();
        if path == "/review/review.js" {
            return Ok(Page::text("text/javascript; charset=utf-8", SCRIPT));
        }
        if !path.ends_with('/') {
            return Ok(Page::moved(format!("{path}/")));
        }
        let at = pages::At { site: self, desk, register, path, reviewer: desk.reviewer(visit), visit };
        match parts.as_slice() {
            [] | [""] => pages::index(&at),
            [hash] => match document(register, hash) {
                Some(hash) => pages::document(&at, &hash),
                None => self.not_found(path),
            },
            [hash, "original"] => match document(register, hash) {
                Some(hash) => self.original(register, &hash),
                None => self.not_found(path),
            },
            [hash, entry] => match (document(register, hash), entry.parse::<u64>()) {
                (Some(hash), Ok(entry)) => pages::proposal(&at, &hash, entry, None),
                _ => self.not_found(path),
            },
            _ => self.not_found(path),
        }
    }

    /// Answers a form sent to an address under `/review/`. The caller has checked where it came from.
    pub(crate) fn judge(&self, desk: &Desk, path: &str, visit: &Visit, form: &Form) -> Result<Page> {
        self.reload_if_grown()?;
        if form.one("token") != Some(desk.token.as_str()) {
            let page = Page::text(
                "text/plain; charset=utf-8",
                "This form is from another run of the program. Go back, load the page again and send it once more; what you typed is still in the form.\n",
            );
            return Ok(Page { status: 403, ..page });
        }
        let state = self.state();
        let register = state.now.as_ref();
        if path == "/review/name/" {
            let named = !form.text("name").is_empty();
            return Ok(Page::moved(if named { "/review/" } else { "/review/?ask=name" }.to_owned()));
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
        let [hash, entry] = parts.as_slice() else { return self.not_found(path) };
        let (Some(hash), Ok(entry)) = (document(register, hash), entry.parse::<u64>()) else {
            return self.not_found(path);
        };
        let at = pages::At { site: self, desk, register, path, reviewer: desk.reviewer(visit), visit };
        let Some(reviewer) = at.reviewer.clone() else {
            return Ok(Page::moved("/review/?ask=name".to_owned()));
        };
        let action = form.one("action").unwrap_or_default();
        if action == "undo" {
            return self.undo(register, &hash, entry, &reviewer);
        }
        let waiting = register.proposals.get(&hash).into_iter().flatten().find(|p| p.index == entry);
        let Some(waiting) = waiting else {
            let problem = "Somebody judged this while the page was open. Nothing was changed, and what you typed is below.";
            return pages::proposal(
                &at,
                &hash,
                entry,
                Some(pages::Refused { form, status: 409, problems: vec![("top", problem.to_owned())] }),
            );
        };
        let decided = match action {
            "accept" => accept::accept(register, waiting, form),
            "reject" => {
                Ok(vec![judgement(register, &[waiting.index], Verdict::Rejected, form.text("reason"))])
            }
            "split" => split(register, waiting, form),
            "merge" => {
                let reading = self.laid_out(desk, &hash)?;
                merge(register, &reading, waiting)
            }
            _ => Err(vec![("top", "The form asks for nothing this page can do.".to_owned())]),
        };
        match decided {
            Err(problems) => {
                pages::proposal(&at, &hash, entry, Some(pages::Refused { form, status: 422, problems }))
            }
            Ok(drafts) => {
                self.append(&drafts, &reviewer)?;
                let done = match action {
                    "accept" => "accepted",
                    "reject" => "rejected",
                    "split" => "split",
                    _ => "merged",
                };
                Ok(Page::moved(self.after(&hash, entry, done)?))
            }
        }
    }

    /// Where to go after a judgement: the next proposal of the document that waits, else its list.
    fn after(&self, hash: &ContentHash, entry: u64, done: &str) -> Result<String> {
        self.reload_if_grown()?;
        let state = self.state();
        let start = state.now.judged.get(&entry).map_or(0, |j| j.proposal.fact.item.start);
        let waiting = state.now.proposals.get(hash).map(Vec::as_slice).unwrap_or_default();
        let next = waiting.iter().find(|p| p.fact.item.start >= start).or_else(|| waiting.first());
        Ok(match next {
            Some(next) => format!("/review/{hash}/{}/?done={done}&was={entry}", next.index),
            None => format!("/review/{hash}/?done={done}&was={entry}"),
        })
    }

    fn undo(&self, register: &Register, hash: &ContentHash, entry: u64, reviewer: &str) -> Result<Page> {
        let Some(judged) = register.judged.get(&entry) else {
            return Ok(Page::moved(format!("/review/{hash}/{entry}/")));
        };
        let state = self.state();
        // A judgement and what it made were appended together, so what it made stands just before it.
        let made = accept::made_with(&state.entries, judged.judgement);
        let proposals: Vec<u64> = register
            .judged
            .iter()
            .filter(|(_, other)| other.judgement == judged.judgement)
            .map(|(index, _)| *index)
            .collect();
        let draft = Draft {
            fact: Fact::Judgement(Judgement {
                proposals,
                verdict: Verdict::Reopened,
                reason: String::new(),
                amended: false,
                retracts: made,
                follows: Some(judged.judgement),
            }),
            effective: None,
            citations: Vec::new(),
        };
        self.append(&[draft], reviewer)?;
        Ok(Page::moved(format!("/review/{hash}/{entry}/?done=reopened")))
    }

    fn append(&self, drafts: &[Draft], reviewer: &str) -> Result<()> {
        let key = self.workspace.signing_key()?;
        let mut store = self.lock_store();
        store.reload_if_grown()?;
        let who =
            candour_ledger::Actor { name: reviewer.to_owned(), role: candour_ledger::ActorRole::Person };
        store.append(drafts, &who, jiff::Timestamp::now(), &key)?;
        store.write_log(&key.verifier())?;
        drop(store);
        // The ledger has grown by this process's own hand, which it cannot see by its size.
        self.reload()
    }

    /// The document laid out in pages, read again from its bytes.
    fn laid_out(&self, desk: &Desk, hash: &ContentHash) -> Result<Arc<Reading>> {
        let mut open = desk.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, reading)) = open.as_ref()
            && held == hash
        {
            return Ok(reading.clone());
        }
        let path = self.workspace.documents().join(hash.to_string());
        let bytes = files::read_limited(&path, Limits::default().bytes)?;
        // Only the name tells Markdown, a bare message and plain text apart; every other format is known by its bytes.
        let name = match self.state().now.documents.get(hash).map(|d| d.fact.media) {
            Some(MediaKind::Markdown) => "document.md",
            Some(MediaKind::Email) => "document.eml",
            _ => "document.txt",
        };
        let reading = Arc::new(candour_reading::read(&bytes, name, &Limits::default())?);
        *open = Some((*hash, reading.clone()));
        Ok(reading)
    }

    /// The document as it came, which the browser may show but never run.
    fn original(&self, register: &Register, hash: &ContentHash) -> Result<Page> {
        let path = self.workspace.documents().join(hash.to_string());
        let bytes = files::read_limited(&path, Limits::default().bytes)
            .with_context(|| format!("the original of {hash} is not in the workspace"))?;
        let media = match register.documents.get(hash).map(|d| d.fact.media) {
            Some(MediaKind::Pdf) => MediaKind::Pdf,
            Some(office @ (MediaKind::Docx | MediaKind::Odt)) => office,
            _ => MediaKind::Text,
        };
        Ok(Page::text(media.media_type(), bytes))
    }
}

/// The document a hash in an address names.
fn document(register: &Register, hash: &str) -> Option<ContentHash> {
    hash.parse::<ContentHash>().ok().filter(|hash| register.documents.contains_key(hash))
}

fn judgement(register: &Register, proposals: &[u64], verdict: Verdict, reason: String) -> Draft {
    // What was reopened is judged again: the earlier judgement makes the new one another fact.
    let follows = accept::last_reopening(register, proposals);
    Draft {
        fact: Fact::Judgement(Judgement {
            proposals: proposals.to_vec(),
            verdict,
            reason,
            amended: false,
            retracts: Vec::new(),
            follows,
        }),
        effective: None,
        citations: Vec::new(),
    }
}

/// One proposal as two: its words are cut before the words the form names.
fn split(
    register: &Register,
    waiting: &Recorded<Proposal>,
    form: &Form,
) -> Result<Vec<Draft>, accept::Problems> {
    let item = &waiting.fact.item;
    let cut = form.one("at").and_then(|at| at.parse::<usize>().ok()).or_else(|| {
        let words = form.text("before");
        let at = (!words.is_empty()).then(|| item.text.find(words.as_str())).flatten()?;
        Some(item.text[..at].chars().count())
    });
    let length = item.text.chars().count();
    let Some(cut) = cut.filter(|cut| *cut > 0 && *cut < length) else {
        return Err(vec![("before", "Give the words at which the second part begins, exactly as they stand in the text, or place the cursor there.".to_owned())]);
    };
    let second: String = item.text.chars().skip(cut).collect();
    let lead = second.chars().take_while(|c| c.is_whitespace()).count();
    let first: String = item.text.chars().take(cut).collect();
    let first = first.trim_end().to_owned();
    let mut parts = vec![
        Item { end: item.start + first.chars().count(), text: first, ..item.clone() },
        Item {
            start: item.start + cut + lead,
            text: second.trim_start().to_owned(),
            number: None,
            title: None,
            ..item.clone()
        },
    ];
    let after = accept::last_reopening(register, &[waiting.index]);
    for part in &mut parts {
        by_hand(part, after);
    }
    let mut drafts: Vec<Draft> = parts.into_iter().map(|part| proposed(waiting, part)).collect();
    drafts.push(judgement(register, &[waiting.index], Verdict::Split, String::new()));
    Ok(drafts)
}

/// One proposal over the words of this one and the next.
fn merge(
    register: &Register,
    reading: &Reading,
    waiting: &Recorded<Proposal>,
) -> Result<Vec<Draft>, accept::Problems> {
    let hash = waiting.fact.document;
    let others = register.proposals.get(&hash).map(Vec::as_slice).unwrap_or_default();
    let item = &waiting.fact.item;
    let next = others.iter().find(|p| p.fact.item.start >= item.end && p.index != waiting.index);
    let Some(next) = next else {
        return Err(vec![(
            "top",
            "Nothing that waits comes after this, so there is nothing to merge it with.".to_owned(),
        )]);
    };
    let span = candour_record::Span::new(item.start, next.fact.item.end);
    let mut whole = Item { end: span.end, text: reading.slice(span).to_owned(), ..item.clone() };
    by_hand(&mut whole, accept::last_reopening(register, &[waiting.index, next.index]));
    Ok(vec![
        proposed(waiting, whole),
        judgement(register, &[waiting.index, next.index], Verdict::Merged, String::new()),
    ])
}

/// A part that a person cut or joined: its passage is new, so what was read from the old one is read from it no more.
fn by_hand(item: &mut Item, after: Option<u64>) {
    item.also_at.clear();
    item.parts.clear();
    // Cut again after the first cut was taken back, it is another proposal than the first.
    item.rule =
        after.map_or_else(|| "cut by hand".to_owned(), |entry| format!("cut by hand after entry {entry}"));
}

fn proposed(from: &Recorded<Proposal>, item: Item) -> Draft {
    let passage = crate::proposals::passage(from.fact.document, &item);
    Draft {
        fact: Fact::Proposal(Proposal {
            document: from.fact.document,
            item,
            reader: from.fact.reader.clone(),
        }),
        effective: from.effective,
        citations: vec![candour_record::Citation::Passage(passage)],
    }
}

/// How many of a document's proposals are judged, of how many.
fn progress(register: &Register, hash: &ContentHash) -> (usize, usize) {
    let judged = register.judged.values().filter(|j| j.proposal.fact.document == *hash).count();
    let waiting = register.proposals.get(hash).map_or(0, Vec::len);
    (judged, judged + waiting)
}

/// Documents with anything judged or waiting.
fn documents(register: &Register) -> Vec<ContentHash> {
    let waiting = register.proposals.iter().filter(|(_, waiting)| !waiting.is_empty()).map(|(hash, _)| *hash);
    let judged = register.judged.values().map(|j| j.proposal.fact.document);
    let with: BTreeSet<ContentHash> = waiting.chain(judged).collect();
    let mut documents: Vec<ContentHash> = with.into_iter().collect();
    documents.sort_by_key(|hash| register.documents.get(hash).map(|d| d.fact.title.clone()));
    documents
}
