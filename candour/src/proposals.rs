//! What reading a document proposes to the register.

use std::collections::HashSet;

use candour_record::{Citation, ContentHash, DateOrUnknown, Passage, Span};
use candour_register::{Draft, Fact, Item, Proposal, Register};

/// The proposals for what was read in a document that the record does not hold yet.
///
/// A passage that was proposed before is not proposed again, whether it still waits or was judged, and whatever a newer
/// reader thinks of it.
pub(crate) fn new(
    register: &Register,
    document: ContentHash,
    published: DateOrUnknown,
    items: &[Item],
) -> Vec<Draft> {
    let key = |item: &Item| (item.start, item.end, item.kind, item.number.clone());
    let waiting = register.proposals.get(&document).into_iter().flatten().map(|p| key(&p.fact.item));
    let judged = register
        .judged
        .values()
        .filter(|j| j.proposal.fact.document == document)
        .map(|j| key(&j.proposal.fact.item));
    let known: HashSet<_> = waiting.chain(judged).collect();
    items
        .iter()
        .filter(|item| !known.contains(&key(item)))
        .map(|item| Draft {
            fact: Fact::Proposal(Proposal {
                document,
                item: item.clone(),
                reader: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            effective: Some(published),
            citations: vec![Citation::Passage(passage(document, item))],
        })
        .collect()
}

/// The passage an item was read from, with its words cut to what a page shows.
pub(crate) fn passage(document: ContentHash, item: &Item) -> Passage {
    const LONGEST_QUOTE: usize = 4_000;
    let quote: String = item.text.chars().take(LONGEST_QUOTE).collect();
    Passage { document, page: Some(item.page), span: Span::new(item.start, item.end), quote }
}
