//! Rule `answer`: recommendations and what is answered to each.
//!
//! Responses come in four shapes, and one document may use several:
//!
//! * `answer-under-label`: "Recommendation 4: Better returns", the recommendation's words, then the answer;
//! * `answer-under-quoted-item`: the numbered words of the report in bold, italic or as a quotation, then the answer;
//! * `answer-in-table`: a row for each recommendation, with a column of positions for each who answers;
//! * `answer-by-numbers`: "The Government accepts the following recommendations 122.1, 122.17-18 …".
//!
//! Inside a unit the answer begins under a heading that says so, where the type face of the quoted words ends, or with the
//! first paragraph that lays no duty. A position is read from the answer alone, never from the words it answers.

use std::collections::{BTreeMap, HashMap};

use candour_reading::{Block, BlockKind, Reading};
use candour_record::{Finding, Severity, Span};
use jiff::civil::Date;

use crate::axes::Response;
use crate::deadline::{find_deadlines, find_promised_times};

use super::numbering::{self, Numbering};
use super::sentences::bare;
use super::{Body, Item, ItemKind, Place, ReadResponse, addressees, labelled_heading, positions};

const UNDER_LABEL: &str = "answer-under-label";
const UNDER_QUOTED_ITEM: &str = "answer-under-quoted-item";
const IN_TABLE: &str = "answer-in-table";
const BY_NUMBERS: &str = "answer-by-numbers";
/// Fewer quoted items or numbered answers than this are something else.
const FEWEST: usize = 3;

/// The answers of a response, one item for each recommendation answered.
pub(super) fn find(body: &Body<'_>, published: Option<Date>, findings: &mut Vec<Finding>) -> Vec<Item> {
    let mut found = under_labels(body);
    found.extend(under_quoted_items(body));
    found.extend(in_tables(body));
    found.extend(in_flat_rows(body));
    found.extend(by_numbers(body));
    let usual = positions::answering_body(body);
    for item in &mut found {
        let begins_at = item.begins_at;
        let answer: String = item.item.text.chars().skip(begins_at).collect();
        if item.item.response.is_none() {
            let mut taken = read_parts(body, item).into_iter();
            item.item.response = taken.next();
            item.item.further_responses = taken.collect();
        }
        // An answer promises times to come ("in spring 2026") as well as limits; the length of something is neither, and
        // "this year" is as often a year told of.
        let to_come = find_promised_times(&answer, published)
            .into_iter()
            .filter(|d| d.amount.is_none() && !d.phrase.ends_with("year"));
        item.item.deadlines =
            find_deadlines(&answer, published).into_iter().map(|(_, d)| d).chain(to_come).collect();
        let response = item.item.response.get_or_insert_with(|| ReadResponse {
            position: Response::Unknown,
            responder: None,
            phrase: String::new(),
        });
        if response.responder.is_none() {
            response.responder.clone_from(&usual);
        }
    }
    settle(found, findings)
}

/// The answers that a report prints in a table beside its own recommendations.
pub(super) fn beside(body: &Body<'_>) -> Vec<Item> {
    in_tables(body).into_iter().map(|answer| answer.item).collect()
}

/// An answer, and where in its text the answer itself begins.
struct Answer {
    item: Item,
    begins_at: usize,
    /// Headings of parts of the answer that name who answers, with the characters their parts take.
    parts: Vec<(String, Span)>,
}

/// The positions in an answer: part by part where headings name who answers, else as the sentences say.
fn read_parts(body: &Body<'_>, answer: &Answer) -> Vec<ReadResponse> {
    if answer.parts.is_empty() {
        let text: String = answer.item.text.chars().skip(answer.begins_at).collect();
        return positions::read(&text);
    }
    answer
        .parts
        .iter()
        .map(|(name, span)| {
            let first = positions::read(body.reading.slice(*span)).into_iter().next();
            ReadResponse {
                position: first.as_ref().map_or(Response::Unknown, |r| r.position),
                responder: Some(name.clone()),
                phrase: first.map(|r| r.phrase).unwrap_or_default(),
            }
        })
        .collect()
}

fn under_labels(body: &Body<'_>) -> Vec<Answer> {
    labelled_heading::find(body, ItemKind::Response)
        .into_iter()
        .filter_map(|mut item| {
            UNDER_LABEL.clone_into(&mut item.rule);
            // "Recommendation 4 – accepted in principle": the label itself may say it.
            let titled = item.title.as_deref().and_then(|t| {
                let last = t.rsplit(['–', '—', ':', '(', '-']).next().unwrap_or(t);
                positions::in_few_words(last.trim_matches(|c: char| !c.is_alphanumeric()))
            });
            let mut answer = divided(body, item)?;
            if let Some(titled) = titled {
                answer.item.response = Some(titled);
            }
            Some(answer)
        })
        .collect()
}

/// Finds in a unit over whole blocks where the answer begins and who gives each part of it.
fn divided(body: &Body<'_>, item: Item) -> Option<Answer> {
    let within: Vec<usize> = (0..body.blocks.len())
        .filter(|at| {
            let span = body.blocks[*at].span;
            span.start < item.end && item.start < span.end
        })
        .collect();
    let (first, last) = (*within.first()?, *within.last()?);
    let mut parts: Vec<(String, Span)> = Vec::new();
    let mut begins: Option<usize> = None;
    for at in first..=last {
        if let Some(who) = answer_heading(body.text(at)) {
            begins.get_or_insert(at);
            if let Some((_, part)) = parts.last_mut() {
                part.end = body.blocks[at].span.start;
            }
            if let Some(who) = who {
                parts.push((who, Span::new(body.blocks[at].span.start, item.end)));
            }
        }
    }
    if parts.len() < 2 {
        parts.clear();
    }
    let begins = begins.unwrap_or_else(|| first_of_answer(body, first, last));
    let begins_at = body.blocks[begins].span.start.saturating_sub(item.start);
    Some(Answer { item, begins_at, parts })
}

/// "Government response", "Our response:", "Scottish Government", "Response from the Welsh Government": a heading or the
/// opening of a block that says an answer begins, and whose, where it says.
#[expect(clippy::option_option, reason = "a heading that names nobody is still a heading")]
fn answer_heading(text: &str) -> Option<Option<String>> {
    let opening: String = text.chars().take(90).collect();
    let line = opening.split([':', '\n']).next()?.trim();
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let closed = text.chars().count() < 90 && text.split_whitespace().count() <= 8
        || text[line.len().min(text.len())..].trim_start().starts_with(':');
    if words.is_empty() || words.len() > 8 || !closed {
        return None;
    }
    let said = words.contains(&"response") || words.contains(&"reply") || words.contains(&"position");
    let about =
        words.contains(&"recommendation") || words.contains(&"recommendations") || words.contains(&"report");
    if said && !about {
        let name = line
            .trim_start_matches("Response from ")
            .trim_start_matches("Response by ")
            .trim_start_matches("Response of ");
        let name = name.strip_suffix(" response").or_else(|| name.strip_suffix(" Response")).unwrap_or(name);
        let name = name.trim_end_matches("’s").trim_end_matches("'s");
        let generic = matches!(
            name.to_lowercase().as_str(),
            "government" | "the government" | "our" | "response" | "initial" | "position"
        );
        return Some((!generic).then(|| addressees::body_named(name)).flatten());
    }
    // A heading that is only the name of a government stands over its part of the answer.
    let government = ["government", "executive"].iter().any(|g| words.last() == Some(g)) && words.len() >= 2;
    (government && words.len() <= 4 && text.split_whitespace().count() <= 4)
        .then(|| addressees::body_named(line))
}

/// The block with which an answer begins that no heading announces: where the type face of the quoted words ends, or the
/// first paragraph after the first that lays no duty and goes on with no list.
fn first_of_answer(body: &Body<'_>, first: usize, last: usize) -> usize {
    let set_off: Vec<bool> = (first..=last).map(|at| set_off(body, at)).collect();
    if set_off.first() == Some(&true)
        && let Some(plain) = set_off.iter().position(|s| !s)
    {
        return first + plain;
    }
    let mut in_list = body.text(first).trim_end().ends_with(':');
    for at in first + 1..=last {
        let text = body.text(at);
        let listed = matches!(body.blocks[at].kind, BlockKind::ListItem { .. });
        if listed && in_list {
            continue;
        }
        let opening = text.split(". ").next().unwrap_or(text);
        let duty = opening
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| matches!(w, "should" | "must" | "shall" | "Should"));
        if !duty && !text.trim_end().ends_with(':') || answers_in_person(opening) {
            return at;
        }
        in_list = text.trim_end().ends_with(':');
    }
    // One paragraph, or nothing but duties: all of it may answer.
    first
}

/// "The Government agrees", "We will", "The Department has".
fn answers_in_person(sentence: &str) -> bool {
    let lower = sentence.trim_start().to_lowercase();
    let subject =
        ["we ", "the government ", "government ", "the department ", "hm government ", "the uk government "]
            .iter()
            .find_map(|s| lower.strip_prefix(s));
    let verb = subject.and_then(|rest| rest.split_whitespace().next());
    verb.is_some_and(|v| !matches!(v, "should" | "must" | "shall" | "and" | "recommend" | "or"))
}

/// Whether a block is set as somebody else's words: bold, italic or a quotation.
fn set_off(body: &Body<'_>, at: usize) -> bool {
    let block = body.blocks[at];
    block.kind == BlockKind::Quotation || mostly(body, block, |face| face.bold || face.italic) || {
        let text = body.text(at).trim();
        text.starts_with('“') && text.ends_with('”')
    }
}

fn mostly(body: &Body<'_>, block: &Block, set: impl Fn(&candour_reading::Face) -> bool) -> bool {
    let (mut all, mut some) = (0, 0);
    for run in &block.runs {
        if !body.reading.slice(run.span).trim().is_empty() {
            let length = run.span.end - run.span.start;
            all += length;
            some += if set(&run.face) { length } else { 0 };
        }
    }
    all > 0 && some * 10 > all * 7
}

/// Numbered words of the report set off in another face, and the plain text after them.
fn under_quoted_items(body: &Body<'_>) -> Vec<Answer> {
    let numbered = |at: usize| -> Option<(Numbering, usize)> {
        if !set_off(body, at) || body.text(at).split_whitespace().count() < 8 {
            return None;
        }
        let text = body.text(at);
        let indent = text.chars().take_while(|c| c.is_whitespace() || *c == '“').count();
        let inner: String = text.chars().skip(indent).collect();
        let number = numbering::read(&inner)?;
        let after: String = inner.chars().skip(number.length).collect();
        let close = after.chars().take_while(|c| c.is_whitespace() || matches!(c, '.' | ')' | ':')).count();
        (close > 0).then(|| (number.clone(), indent + number.length + close))
    };
    let starts: Vec<(usize, Numbering, usize)> =
        (0..body.blocks.len()).filter_map(|at| numbered(at).map(|(n, skip)| (at, n, skip))).collect();
    if starts.len() < FEWEST {
        return Vec::new();
    }
    let mut answers = Vec::new();
    for (index, (at, number, skip)) in starts.iter().enumerate() {
        // Several items may stand together before one answer to them all.
        let mut next = index + 1;
        let mut reached = *at;
        while next < starts.len() && (reached + 1..starts[next].0).all(|b| set_off(body, b)) {
            reached = starts[next].0;
            next += 1;
        }
        let limit = starts.get(next).map_or(body.blocks.len(), |s| s.0);
        let end = (reached + 1..limit)
            .find(|b| {
                matches!(body.blocks[*b].kind, BlockKind::Heading(_))
                    && answer_heading(body.text(*b)).is_none()
            })
            .unwrap_or(limit);
        let begins = (reached + 1..end).find(|b| !set_off(body, *b));
        let Some(mut item) = body.item(ItemKind::Response, *at, end, *skip, UNDER_QUOTED_ITEM, 85) else {
            continue;
        };
        item.number = Some(number.printed.clone());
        item.parent.clone_from(&number.parent);
        let begins_at = begins
            .map_or(item.text.chars().count(), |b| body.blocks[b].span.start.saturating_sub(item.start));
        answers.push(Answer { item, begins_at, parts: Vec::new() });
    }
    answers
}

/// Words that head a column of positions.
const HEADS_OF_ANSWERS: [&str; 6] = ["response", "position", "status", "government", "accept", "executive"];

/// Whether a document holds a table that sets recommendations beside the positions taken on them.
pub(super) fn tabled(reading: &Reading) -> bool {
    let mut first_rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for block in &reading.blocks {
        if let BlockKind::Cell { row: 0, table, .. } = block.kind {
            first_rows.entry(table).or_default().push(reading.slice(block.span).trim().to_lowercase());
        }
    }
    let heads = |cell: &String, word: &str| cell.contains(word) && cell.split_whitespace().count() <= 5;
    first_rows.values().any(|cells| {
        cells.iter().any(|c| heads(c, "recommendation"))
            && cells.iter().any(|c| {
                !c.contains("recommendation") && ["response", "position"].iter().any(|word| heads(c, word))
            })
    })
}

/// Tables with a row for each recommendation.
fn in_tables(body: &Body<'_>) -> Vec<Answer> {
    let mut tables: BTreeMap<u32, BTreeMap<(u32, u32), usize>> = BTreeMap::new();
    for (at, block) in body.blocks.iter().enumerate() {
        if let BlockKind::Cell { row, column, table } = block.kind {
            tables.entry(table).or_default().insert((row, column), at);
        }
    }
    let mut answers = Vec::new();
    for cells in tables.values() {
        let mut rows: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
        for ((row, column), at) in cells {
            rows.entry(*row).or_default().push((*column, *at));
        }
        let header: HashMap<u32, String> = rows
            .values()
            .next()
            .into_iter()
            .flatten()
            .map(|(column, at)| (*column, body.text(*at).trim().to_owned()))
            .collect();
        for row in rows.values().skip(1) {
            let number = row.iter().take(2).find_map(|(_, at)| {
                let text = body.text(*at).trim();
                let text = ["Recommendation ", "recommendation ", "Rec ", "R"]
                    .iter()
                    .find_map(|p| text.strip_prefix(p))
                    .unwrap_or(text);
                numbering::read(text)
            });
            let positions: Vec<ReadResponse> = row
                .iter()
                .filter_map(|(column, at)| {
                    let text = body.text(*at);
                    let head = header.get(column).map_or("", String::as_str);
                    let answers = head.to_lowercase();
                    let is_answer = HEADS_OF_ANSWERS.iter().any(|w| answers.contains(w));
                    let read = positions::in_few_words(text)
                        .or_else(|| is_answer.then(|| positions::read(text).into_iter().next()).flatten())?;
                    let who = read.responder.clone().or_else(|| {
                        addressees::body_named(
                            head.trim_end_matches(" response").trim_end_matches(" position"),
                        )
                        // "Position" and "Status" head a column and name nobody.
                        .filter(|n| n.contains(' ') || !HEADS_OF_ANSWERS.contains(&n.to_lowercase().as_str()))
                    });
                    Some(ReadResponse { responder: who, ..read })
                })
                .collect();
            let (Some(number), Some((_, first)), Some((_, last))) = (number, row.first(), row.last()) else {
                continue;
            };
            if positions.is_empty() {
                continue;
            }
            let Some(mut item) = body.item(ItemKind::Response, *first, *last + 1, 0, IN_TABLE, 90) else {
                continue;
            };
            item.number = Some(number.printed);
            item.parent = number.parent;
            let mut positions = positions.into_iter();
            item.response = positions.next();
            item.further_responses = positions.collect();
            answers.push(Answer { item, begins_at: 0, parts: Vec::new() });
        }
    }
    answers
}

/// Rows of a table whose cells the page does not mark: a header that names who answers, then a number and as many
/// positions as there are columns. A cell broken over two lines leaves "Accept in" in its row and "principle" under it.
fn in_flat_rows(body: &Body<'_>) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    let mut at = 0;
    while at < body.blocks.len() {
        let text = body.text(at);
        if let Some(header) = header_of_bodies(text) {
            columns = header;
            at += 1;
            continue;
        }
        let number = (!columns.is_empty()).then(|| numbering::read(text.trim_start())).flatten();
        let Some(number) = number else {
            at += 1;
            continue;
        };
        let mut cells = cells_of_row(text);
        let mut end = at + 1;
        // What is missing from the row's cells stands in the lines under it, from left to right.
        while cells.iter().any(|c| matches!(c, FlatCell::Broken)) && end < body.blocks.len() && end < at + 4 {
            let words: Vec<&str> = body.text(end).split_whitespace().collect();
            let completes = !words.is_empty() && words.len() <= 12;
            if !completes {
                break;
            }
            for word in words {
                let position = match bare(word).as_str() {
                    "principle" => Response::AcceptedInPrinciple,
                    "part" => Response::AcceptedInPart,
                    "full" => Response::Accepted,
                    _ => continue,
                };
                if let Some(cell) = cells.iter_mut().find(|c| matches!(c, FlatCell::Broken)) {
                    *cell = FlatCell::Position(position, format!("Accept in {word}"));
                }
            }
            end += 1;
        }
        let whole = cells.len() == columns.len() && !cells.iter().any(|c| matches!(c, FlatCell::Broken));
        if whole && let Some(mut item) = body.item(ItemKind::Response, at, end, 0, IN_TABLE, 70) {
            let mut taken = columns.iter().zip(cells).filter_map(|(who, cell)| match cell {
                FlatCell::Position(position, phrase) => {
                    Some(ReadResponse { position, responder: Some(who.clone()), phrase })
                }
                FlatCell::Broken | FlatCell::Empty => None,
            });
            item.response = taken.next();
            item.further_responses = taken.collect();
            item.number = Some(number.printed);
            item.parent = number.parent;
            if item.response.is_some() {
                answers.push(Answer { item, begins_at: 0, parts: Vec::new() });
            }
        }
        at = end;
    }
    answers
}

enum FlatCell {
    Position(Response, String),
    /// "Accept in", and nothing after it.
    Broken,
    /// "Not applicable", "N/A", "–".
    Empty,
}

/// "Recommendation UK Government Scottish Government": those who answer, in the order of their columns.
fn header_of_bodies(text: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 24 || !words.first().is_some_and(|w| bare(w).starts_with("recommendation")) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for word in &words[1..] {
        open.push(word);
        if matches!(bare(word).as_str(), "government" | "executive" | "department") {
            names.push(open.join(" "));
            open.clear();
        }
    }
    (!names.is_empty() && open.is_empty()).then_some(names)
}

/// The positions at the end of a row, from left to right.
fn cells_of_row(text: &str) -> Vec<FlatCell> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    let word = |at: usize| plain.get(at).map_or("", String::as_str);
    let mut cells = Vec::new();
    let mut at = 1;
    while at < words.len() {
        let (cell, taken) = match (word(at), word(at + 1), word(at + 2)) {
            ("not", "applicable" | "addressed", _) => (FlatCell::Empty, 2),
            ("n/a" | "na", _, _) => (FlatCell::Empty, 1),
            ("not", "accepted", _) => (FlatCell::Position(Response::Rejected, "Not accepted".to_owned()), 2),
            ("partially" | "partly", "accept" | "accepted", _) => {
                (FlatCell::Position(Response::AcceptedInPart, words[at..at + 2].join(" ")), 2)
            }
            ("accept" | "accepted" | "accepts", "in", last @ ("principle" | "part" | "full")) => {
                let position = match last {
                    "principle" => Response::AcceptedInPrinciple,
                    "part" => Response::AcceptedInPart,
                    _ => Response::Accepted,
                };
                (FlatCell::Position(position, words[at..at + 3].join(" ")), 3)
            }
            ("accept" | "accepted" | "accepts", "in", _) => (FlatCell::Broken, 2),
            ("accepted" | "accept", _, _) => {
                (FlatCell::Position(Response::Accepted, words[at].to_owned()), 1)
            }
            ("rejected", _, _) => (FlatCell::Position(Response::Rejected, words[at].to_owned()), 1),
            ("noted", _, _) => (FlatCell::Position(Response::Acknowledged, words[at].to_owned()), 1),
            ("supported", _, _) => (FlatCell::Position(Response::Supported, words[at].to_owned()), 1),
            _ => {
                at += 1;
                continue;
            }
        };
        cells.push(cell);
        at += taken;
    }
    cells
}

/// Answers to recommendations named by number alone.
fn by_numbers(body: &Body<'_>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut own: Vec<Answer> = Vec::new();
    let mut open: Option<(usize, Vec<Numbering>)> = None;
    for at in 0..=body.blocks.len() {
        let text = if at < body.blocks.len() { body.text(at) } else { "" };
        // "The Government accepts the following recommendations 122.1, 122.12 …".
        if let Some(list) = listed(text)
            && let Some(position) = positions::read(text).into_iter().next()
            && let Some(item) = body.item(ItemKind::Response, at, at + 1, 0, BY_NUMBERS, 90)
        {
            for number in list {
                let mut item = item.clone();
                item.number = Some(number.printed);
                item.parent = number.parent;
                item.response = Some(position.clone());
                answers.push(Answer { item, begins_at: 0, parts: Vec::new() });
            }
        }
        // "5., 6., 7. The Government accepts these recommendations." and what follows it.
        let heads = numbering::read_several(text).filter(|(numbers, length)| {
            let after: String = text.chars().skip(*length).take(2).collect();
            let coded = text.trim_start().starts_with(|c: char| c.is_alphabetic());
            !numbers.is_empty() && !coded && (after.starts_with(['.', ')', ':']) || after.trim().is_empty())
        });
        let ends = heads.is_some()
            || at == body.blocks.len()
            || matches!(body.blocks[at].kind, BlockKind::Heading(_))
            || listed(text).is_some();
        if ends
            && let Some((from, numbers)) = open.take()
            && let Some(item) = body.item(ItemKind::Response, from, at, 0, BY_NUMBERS, 80)
        {
            for number in numbers {
                let mut item = item.clone();
                item.number = Some(number.printed);
                item.parent = number.parent;
                own.push(Answer { item, begins_at: 0, parts: Vec::new() });
            }
        }
        if let Some((numbers, _)) = heads
            && listed(text).is_none()
        {
            open = Some((at, numbers));
        }
    }
    // Numbered paragraphs are answers where many of them take a position on a recommendation.
    let taking = own.iter().filter(|a| !positions::read(&a.item.text).is_empty()).count();
    if taking >= FEWEST && taking * 3 >= own.len() {
        answers.extend(own);
    } else {
        // A paragraph under the bare number of a recommendation already listed says more about it.
        let known: Vec<String> = answers.iter().filter_map(|a| a.item.number.clone()).collect();
        for mut more in own
            .into_iter()
            .filter(|a| a.item.number.as_ref().is_some_and(|n| n.contains('.') && known.contains(n)))
        {
            let stated = known
                .iter()
                .position(|n| Some(n) == more.item.number.as_ref())
                .and_then(|at| answers[at].item.response.clone());
            let own_words = positions::read(&more.item.text).into_iter().next();
            more.item.response = stated.or(own_words);
            answers.push(more);
        }
    }
    answers
}

/// Two or more numbers after "recommendations": "the following recommendations 122.1, 122.17-18", "recommendations 3 and 7".
fn listed(text: &str) -> Option<Vec<Numbering>> {
    let lower = text.to_lowercase();
    lower.match_indices("recommendations").find_map(|(at, word)| {
        let rest = text.get(at + word.len()..)?;
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '(' | '–' | '-'));
        let (numbers, _) = numbering::read_several(rest)?;
        (numbers.len() > 1).then_some(numbers)
    })
}

/// One item for each number: the fullest answer that takes a position; other places are kept. Two answers to one number
/// that take different positions are said aloud.
fn settle(found: Vec<Answer>, findings: &mut Vec<Finding>) -> Vec<Item> {
    let stated = |item: &Item| item.response.as_ref().map_or(Response::Unknown, |r| r.position);
    let mut by_number: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for answer in found {
        let item = answer.item;
        by_number.entry(item.number.clone().unwrap_or_default()).or_default().push(item);
    }
    let mut kept = Vec::new();
    for (number, mut items) in by_number {
        if number.is_empty() {
            kept.extend(items);
            continue;
        }
        // What is set out under its own label says more than a line in a table, and that more than a number in a list.
        let order = |rule: &str| {
            [UNDER_LABEL, UNDER_QUOTED_ITEM, IN_TABLE, BY_NUMBERS].iter().position(|r| *r == rule)
        };
        items.sort_by_key(|i| {
            (order(&i.rule), stated(i) == Response::Unknown, std::cmp::Reverse(i.end - i.start), i.start)
        });
        let mut items = items.into_iter();
        let Some(mut first) = items.next() else { continue };
        for other in items {
            let apart = other.start >= first.end || first.start >= other.end;
            let (a, b) = (stated(&first), stated(&other));
            if a == Response::Unknown && apart {
                first.response.clone_from(&other.response);
            } else if apart && a != b && b != Response::Unknown {
                let message = format!(
                    "recommendation {number} is answered “{}” on page {} and “{}” on page {}; both are kept for a person to judge",
                    a.words(),
                    first.page,
                    b.words(),
                    other.page
                );
                findings
                    .push(Finding::new(Severity::Warning, "positions_differ", message).on_page(other.page));
                if let Some(response) = other.response {
                    first.further_responses.push(response);
                }
            }
            if apart {
                first.also_at.push(Place { page: other.page, start: other.start, end: other.end });
            }
        }
        first.also_at.sort();
        kept.push(first);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{DocumentKind, Request, extract};

    /// Number, position, and the positions of others.
    type Read = (String, Response, Vec<(String, Response)>);

    fn answers(source: &str) -> Vec<Read> {
        let reading =
            candour_reading::read(source.as_bytes(), "response.md", &candour_reading::Limits::default())
                .unwrap();
        let request = Request { published: None, kind: Some(DocumentKind::Response) };
        let (extraction, _) = extract(&reading, request);
        extraction
            .items
            .into_iter()
            .map(|i| {
                assert_eq!(i.kind, ItemKind::Response);
                let further = i
                    .further_responses
                    .into_iter()
                    .map(|r| (r.responder.unwrap_or_default(), r.position))
                    .collect();
                (i.number.unwrap_or_default(), i.response.map_or(Response::Unknown, |r| r.position), further)
            })
            .collect()
    }

    #[test]
    fn a_table_of_recommendations_and_positions_is_a_response() {
        let page = "<main><table><tr><th>Recommendation</th><th>Position</th></tr>\
            <tr><td>12.1 Publish the plan (Freedonia)</td><td>Supported</td></tr>\
            <tr><td>12.2 Close the port (Sylvania)</td><td>Noted</td></tr></table></main>";
        let limits = candour_reading::Limits::default();
        let reading = candour_reading::read(page.as_bytes(), "matrix.html", &limits).unwrap();
        let (extraction, _) = extract(&reading, Request { published: None, kind: None });
        assert_eq!(extraction.kind, DocumentKind::Response);
        let read: Vec<_> = extraction
            .items
            .iter()
            .map(|i| (i.number.as_deref(), i.response.as_ref().map(|r| (r.position, r.responder.as_deref()))))
            .collect();
        assert_eq!(
            read,
            [
                (Some("12.1"), Some((Response::Supported, None))),
                (Some("12.2"), Some((Response::Acknowledged, None)))
            ]
        );
    }

    #[test]
    fn what_is_answered_is_never_read_as_the_answer() {
        let source = "# Response\n\n## Recommendation 1: Returns\n\nThe Board should publish whether each recommendation was accepted or rejected.\n\nThe Government has begun work on returns.\n\n## Recommendation 2: Visits\n\nThe Board should publish visits.\n\nThe Government accepts this recommendation in principle. Visits will be published by March 2027.\n";
        assert_eq!(
            answers(source),
            [("1".into(), Response::Unknown, vec![]), ("2".into(), Response::AcceptedInPrinciple, vec![])]
        );
    }

    #[test]
    fn headings_say_where_the_answer_begins_and_whose_it_is() {
        let source = "## Recommendation 3\n\nThe governments should each meet.\n\n### UK Government response\n\nAccepted in full. We will meet.\n\n### Scottish Government response\n\nThe Scottish Government accepts this recommendation in part.\n\n## Recommendation 4\n\nThe Board should meet.\n\n### Government response\n\nNot accepted.\n";
        assert_eq!(
            answers(source),
            [
                (
                    "3".into(),
                    Response::Accepted,
                    vec![("Scottish Government".into(), Response::AcceptedInPart)]
                ),
                ("4".into(), Response::Rejected, vec![])
            ]
        );
    }

    #[test]
    fn a_label_may_state_the_position() {
        assert_eq!(
            answers("## Recommendation 4a – Accepted in principle\n\nWork will begin.\n"),
            [("4a".into(), Response::AcceptedInPrinciple, vec![])]
        );
    }

    #[test]
    fn quoted_items_in_another_face() {
        let source = "**1. We recommend that the Board publish its returns every year. (Paragraph 4)**\n\nThe Government accepts this recommendation.\n\n**2. The Council should count every visit that it makes. (Paragraph 6)**\n\n**3. The Council should say how many visits it missed. (Paragraph 7)**\n\nThe Government does not accept these recommendations.\n";
        assert_eq!(
            answers(source),
            [
                ("1".into(), Response::Accepted, vec![]),
                ("2".into(), Response::Rejected, vec![]),
                ("3".into(), Response::Rejected, vec![])
            ]
        );
    }

    #[test]
    fn a_table_with_a_column_for_each_government() {
        let source = "| Recommendation | UK Government | Scottish Government |\n|---|---|---|\n| 1 Returns | Accept in full | Accept in principle |\n| 4a ii Visits | Accept in principle | Accept in full |\n";
        assert_eq!(
            answers(source),
            [
                (
                    "1".into(),
                    Response::Accepted,
                    vec![("Scottish Government".into(), Response::AcceptedInPrinciple)]
                ),
                (
                    "4a ii".into(),
                    Response::AcceptedInPrinciple,
                    vec![("Scottish Government".into(), Response::Accepted)]
                )
            ]
        );
    }

    #[test]
    fn a_table_whose_cells_the_page_does_not_mark() {
        let source = "Recommendation UK Government Scottish Government\n\n1 Returns Accept in full Not applicable\n\n2 Visits of every kind Accept in Accept in full\n\nprinciple\n\n4a ii) Boards Accept in Accept in\n\nprinciple part\n";
        assert_eq!(
            answers(source),
            [
                ("1".into(), Response::Accepted, vec![]),
                (
                    "2".into(),
                    Response::AcceptedInPrinciple,
                    vec![("Scottish Government".into(), Response::Accepted)]
                ),
                (
                    "4a ii".into(),
                    Response::AcceptedInPrinciple,
                    vec![("Scottish Government".into(), Response::AcceptedInPart)]
                )
            ]
        );
    }

    #[test]
    fn answers_by_number_alone() {
        let source = "3. The Government accepts the following recommendations 122.1, 122.12, 122.17-18.\n\n5. The Government notes the following recommendations 122.2, 122.3.\n";
        let found = answers(source);
        let numbers: Vec<&str> = found.iter().map(|a| a.0.as_str()).collect();
        assert_eq!(numbers, ["122.1", "122.12", "122.17", "122.18", "122.2", "122.3"]);
        assert_eq!((found[0].1, found[4].1), (Response::Accepted, Response::Acknowledged));
        let several = answers(
            "1. Utopia accepts the recommendation and will act.\n\n2., 3. Utopia accepts these recommendations.\n\n4. Utopia cannot, at this time, say.\n\n5. Utopia does not accept this recommendation.\n",
        );
        assert_eq!(
            several.iter().map(|a| a.1).collect::<Vec<_>>(),
            [
                Response::Accepted,
                Response::Accepted,
                Response::Accepted,
                Response::Unknown,
                Response::Rejected
            ]
        );
    }

    #[test]
    fn an_answer_without_a_position_still_has_a_responder_and_its_times() {
        let source = "# Harbour Ministry response\n\n# Harbour Ministry\nResponse to the Inquiry Report\n\n## Recommendation 1: Returns\n\nThe Board should publish.\n\nThe framework will be published in spring 2026.\n\n## Recommendation 2: Meetings\n\nThe Board should meet.\n\nWe will meet.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "response.md", &candour_reading::Limits::default())
                .unwrap();
        let request =
            Request { published: Some(jiff::civil::date(2026, 1, 5)), kind: Some(DocumentKind::Response) };
        let (found, _) = extract(&reading, request);
        let first = &found.items[0];
        assert_eq!(first.response.as_ref().unwrap().position, Response::Unknown);
        assert_eq!(first.deadlines.len(), 1, "{:#?}", first.deadlines);
    }

    #[test]
    fn a_progress_report_answers() {
        let source = "# Harbour Inquiry: second progress report\n\n## Recommendation 1: Returns\n\nThe inquiry recommended that the Board publish.\n\n**Government position:** Accepted in principle\n\n## Recommendation 2: Meetings\n\nThe inquiry recommended that the Board meet.\n\n**Government position:** Not accepted\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let (found, _) = extract(&reading, Request { published: None, kind: None });
        let positions: Vec<_> = found.items.iter().map(|i| i.response.as_ref().unwrap().position).collect();
        assert_eq!(positions, [Response::AcceptedInPrinciple, Response::Rejected]);
    }
}
