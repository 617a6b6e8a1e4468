//! Rules for prose: `notice`, `promise`, `reported-finding` and `attributed-claim`.
//!
//! A sentence is read once, by the first rule that knows it: an ultimatum before a promise, because "we will see them in
//! court" promises nothing; a promise before what was found, and that before what was merely said. Nothing here is
//! asserted: a finding is the report's, a claim is whoever's it is, and a promise without a date is left without one.

use jiff::civil::Date;

use crate::deadline::{Deadline, DeadlineType, find_deadlines, find_promised_times};

use super::prose::{Prose, Told};
use super::sentences::bare;
use super::speech::{Attribution, Before, FINDING, attribution, inside_quotation, is_report};
use super::{Body, DocumentKind, Item, ItemKind, Place, addressees};
use candour_record::Span;

const NOTICE: &str = "notice";
const PROMISE: &str = "promise";
const FINDING_RULE: &str = "reported-finding";
const CLAIM: &str = "attributed-claim";

/// What a story holds.
pub(super) fn find(body: &Body<'_>, prose: &Prose, kind: DocumentKind, published: Option<Date>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut before = Before::default();
    let notices = notices(body, prose, published);
    let taken = |told: &Told| {
        notices.iter().any(|n| {
            let mut places = n.also_at.iter().map(|p| (p.start, p.end)).chain([(n.start, n.end)]);
            places.any(|(start, end)| told.span.start >= start && told.span.end <= end)
        })
    };
    for (at, told) in prose.told.iter().enumerate() {
        let attribution = attribution(told, prose, &before);
        let mut announcer = None;
        if !taken(told) {
            let promises = promises(body, prose, told, attribution.as_ref(), &before, kind, published);
            if !promises.is_empty() {
                // Who announces one thing is meant where the next sentence names nobody.
                announcer = promises.iter().rev().find_map(|p| p.holder.clone());
                items.extend(promises);
            } else if let Some(attribution) = &attribution {
                if attribution.by_report {
                    items.extend(findings(body, told, attribution));
                } else if kind == DocumentKind::News
                    || attribution.who != prose.speaker.clone().unwrap_or_default()
                {
                    items.extend(claim(body, prose, at, attribution));
                }
            } else if let Some(item) = said_in_quotation(body, prose, at, &before) {
                items.push(item);
            }
        }
        before.take(told, attribution.as_ref());
        if announcer.is_some() {
            before.announcer = announcer;
        }
    }
    items.extend(notices);
    merge_neighbours(body, &mut items);
    items
}

/* ---------------------------------------------------------------- notices */

/// What follows where the conditions of an ultimatum are not met.
const THREATS: &[&str] = &[
    "legal action",
    "judicial review",
    "high court",
    "court",
    "sue",
    "legal proceedings",
    "legal challenge",
    "letter before action",
    "pre-action",
    "proceedings",
    "lawyers",
    "withhold",
    "call you to give evidence",
    "call on you to give evidence",
    "summon",
    "order you to appear",
    "industrial action",
];

fn notices(body: &Body<'_>, prose: &Prose, published: Option<Date>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut before = Before::default();
    let mut at = 0;
    while at < prose.told.len() {
        let told = &prose.told[at];
        let said = attribution(told, prose, &before);
        let lower = told.text.to_lowercase();
        let on_notice = lower.contains("on notice") || lower.contains("ultimatum");
        let conditional = has_condition(&lower) || demands(&lower) && or_else(&lower);
        let threat = THREATS.iter().any(|t| contains_word(&lower, t));
        let opens = on_notice || (conditional && threat && threatens(&lower));
        if !opens {
            before.take(told, said.as_ref());
            at += 1;
            continue;
        }
        // "If there is none by then, …": what must be done stands in the sentence before.
        let first = at
            .checked_sub(1)
            .filter(|b| {
                let before = &prose.told[*b];
                lower.trim_start_matches(['“', '"', '‘', '\'']).starts_with("if ")
                    && before.paragraph + 1 >= told.paragraph
                    && found.iter().all(|n| n.end <= before.span.start)
                    && sets_a_term(&before.text.to_lowercase())
            })
            .unwrap_or(at);
        let told = &prose.told[first];
        // The conditions and what follows may stand in the sentences after: the same speaker goes on.
        let mut last = at;
        let mut window: Vec<usize> = (first..=at).collect();
        for next in at + 1..(at + 4).min(prose.told.len()) {
            let text = prose.told[next].text.to_lowercase();
            let goes_on =
                has_condition(&text) || THREATS.iter().any(|t| contains_word(&text, t)) || demands(&text);
            let near = prose.told[next].paragraph <= prose.told[last].paragraph + 1;
            if goes_on && near {
                window.extend(last + 1..=next);
                last = next;
            }
        }
        let span = Span::new(told.span.start, prose.told[last].span.end);
        let mut conditions: Vec<String> = Vec::new();
        let mut threat: Option<String> = None;
        for index in &window {
            let text = &prose.told[*index].text;
            for condition in conditions_in(text) {
                if !conditions.iter().any(|c| c.eq_ignore_ascii_case(&condition)) {
                    conditions.push(condition);
                }
            }
        }
        // What follows is said beside the conditions; a sentence that only announces the notice says it less well.
        for wanted in [true, false] {
            for index in &window {
                let text = &prose.told[*index].text;
                if threat.is_none() && has_condition(&text.to_lowercase()) == wanted {
                    threat = threat_in(text);
                }
            }
        }
        let (holder, addressee) = parties(told, prose, said.as_ref(), &before);
        if (threat.is_some() || on_notice)
            && let Some(mut item) =
                body.item_at(ItemKind::Notice, span, NOTICE, if conditions.is_empty() { 55 } else { 75 })
        {
            item.deadlines = find_deadlines(&item.text, published).into_iter().map(|(_, d)| d).collect();
            item.conditions = conditions;
            item.threat = threat;
            item.holder = holder;
            item.addressees = addressee.into_iter().collect();
            found.push(item);
        }
        for index in window {
            let told = &prose.told[index];
            let said = attribution(told, prose, &before);
            before.take(told, said.as_ref());
        }
        at = last + 1;
    }
    // Told twice, in the summary and in its giver's own words, it is one notice in two places.
    found.sort_by_key(|n| (std::cmp::Reverse(n.conditions.len()), n.start));
    let mut kept: Vec<Item> = Vec::new();
    for notice in found {
        let same = kept.iter_mut().find(|k| {
            k.addressees.is_empty()
                || notice.addressees.is_empty()
                || k.addressees == notice.addressees
                || k.holder == notice.holder
        });
        match same {
            Some(first) => {
                first.also_at.push(Place { page: notice.page, start: notice.start, end: notice.end });
                if first.addressees.is_empty() {
                    first.addressees = notice.addressees;
                }
                if first.threat.is_none() {
                    first.threat = notice.threat;
                }
            }
            None => kept.push(notice),
        }
    }
    let mut found = kept;
    found.sort_by_key(|n| n.start);
    found
}

fn contains_word(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        edge(text[..at].chars().next_back()) && edge(text[at + phrase.len()..].chars().next())
    })
}

fn has_condition(lower: &str) -> bool {
    [
        "unless ",
        "if they do not",
        "if she does not",
        "if he does not",
        "if it does not",
        "if you do not",
        "if we do not",
        "if i do not",
        "if there is no ",
        "if no ",
        "if not,",
        "if the government",
        "if ministers",
        "fail to",
        "fails to",
        "failure to",
        "or face",
        "or else",
        "do not",
        "does not",
        "don't",
        "don’t",
        "doesn’t",
    ]
    .iter()
    .any(|c| lower.contains(c))
        && (lower.contains("unless ")
            || lower.contains("if ")
            || lower.contains("or face")
            || lower.contains("failure to")
            || lower.contains("fail"))
}

/// Whether legal steps are threatened rather than told of.
fn threatens(lower: &str) -> bool {
    [
        "will ",
        "shall ",
        "would ",
        "face ",
        "i'll",
        "i’ll",
        "we'll",
        "we’ll",
        "going to",
        "prepared to",
        "ready to",
        "threaten",
        "be taken",
        "see you in",
        "answer in",
    ]
    .iter()
    .any(|w| lower.contains(w))
}

/// "… must publish, or it will go to court": a demand with what follows otherwise.
fn or_else(lower: &str) -> bool {
    ["it", "he", "she", "they", "we", "i", "the group"]
        .iter()
        .any(|who| [" or ", ", or "].iter().any(|or| lower.contains(&format!("{or}{who} will "))))
}

/// Whether a sentence asks for something by a time: "has until 1 May to", "must reply within 21 days".
fn sets_a_term(lower: &str) -> bool {
    lower.contains(" until ") || demands(lower) || lower.contains(" ask for ") || lower.contains(" asks for ")
}

fn demands(lower: &str) -> bool {
    [" must ", " has to ", " have to ", "demand"].iter().any(|d| lower.contains(d))
}

/// Each thing that must be done: "unless she implements all of them and sets a date" holds two.
fn conditions_in(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    // "He has until 31 March to give a date."
    let given = lower.contains(" given ") || lower.contains(" gave ");
    if let Some(until) = [" has until ", " have until ", " had until "]
        .iter()
        .chain(given.then_some(&" until "))
        .find_map(|m| lower.find(m).map(|at| at + m.len()))
        && let Some(to) = text.get(until..).and_then(|rest| rest.find(" to ")).map(|to| until + to + 4)
        && let Some(clause) = text.get(to..)
    {
        let clause = clause.split(['”', '"', ';']).next().unwrap_or(clause);
        return split_conditions(clause.trim().trim_end_matches(['.', ',']));
    }
    // Lower-casing may change the length of a letter outside the Latin alphabet; then the place is not safe to cut at.
    if lower.len() != text.len() {
        return Vec::new();
    }
    let markers: [&str; 18] = [
        "unless ",
        "does not ",
        "do not ",
        "doesn't ",
        "doesn’t ",
        "don't ",
        "don’t ",
        "fails to ",
        "fail to ",
        "failure to ",
        "failing to ",
        "must ",
        "has to ",
        "have to ",
        "on notice to ",
        "on notice: ",
        " ask for ",
        " asks for ",
    ];
    let Some((at, marker)) = markers
        .iter()
        .filter_map(|m| lower.find(m).map(|at| (at, *m)))
        .min_by_key(|(at, m)| (*m == "must " || *m == "has to " || *m == "have to ", *at))
    else {
        return Vec::new();
    };
    let mut clause = &text[at + marker.len()..];
    // The clause ends where the threat or the main clause begins.
    let enders = [
        ", or ",
        " or it will ",
        ", he ",
        ", she ",
        ", they ",
        ", we ",
        ", i ",
        ", it ",
        " or face",
        " or answer",
        " or be ",
        " or he ",
        " or she ",
        " or they ",
        " or we ",
        " or i ",
        "; ",
        " – ",
        " — ",
        ", legal",
        ", there will",
    ];
    // ", or refuses to" goes on with the conditions; ", or he will" ends them.
    let lower_clause = clause
        .to_lowercase()
        .replace(", or refuse", ",_or refuse")
        .replace(", or fail", ",_or fail")
        .replace(", or do", ",_or do")
        .replace(", or if", ",_or if");
    // ", the Committee will call": the main clause.
    let main = lower_clause.match_indices(", the ").map(|(at, _)| at).find(|at| {
        lower_clause[*at..].split_whitespace().skip(1).take(5).any(|w| w == "will" || w == "shall")
    });
    let end = enders.iter().filter_map(|e| lower_clause.find(e)).chain(main).min().unwrap_or(clause.len());
    clause = clause.get(..end).unwrap_or(clause);
    let clause = clause.trim().trim_end_matches(['.', '”', '"', '’', '\'', ',', '!']);
    split_conditions(clause)
}

/// Cuts a clause at the joints after which another act begins.
fn split_conditions(clause: &str) -> Vec<String> {
    const AFTER_A_VERB: [&str; 31] = [
        "the", "a", "an", "all", "every", "each", "its", "their", "his", "her", "any", "out", "up", "to",
        "so", "full", "that", "with", "for", "it", "them", "on", "in", "by", "those", "these", "this",
        "when", "how", "whether", "publicly",
    ];
    let words: Vec<&str> = clause.split_whitespace().collect();
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    let mut at = 0;
    while at < words.len() {
        let joint = matches!(bare(words[at]).as_str(), "and" | "or" | "nor");
        let verb = words.get(at + 1).is_some_and(|w| {
            w.starts_with(char::is_lowercase)
                && !matches!(bare(w).as_str(), "the" | "a" | "an" | "all" | "its" | "their" | "of" | "by")
        });
        let object = words.get(at + 2).is_some_and(|w| {
            AFTER_A_VERB.contains(&bare(w).as_str()) || w.starts_with(|c: char| c.is_ascii_digit())
        });
        let negated = words.get(at + 1).is_some_and(|w| {
            matches!(
                bare(w).as_str(),
                "fails" | "fail" | "does" | "do" | "unless" | "refuses" | "refuse" | "if" | "must"
            )
        });
        let passive = |words: &[&str]| words.iter().any(|w| matches!(*w, "was" | "were" | "is" | "are"));
        let clauses = parts.last().is_some_and(|p| passive(p))
            && passive(&words[(at + 1).min(words.len())..(at + 7).min(words.len())]);
        if joint && ((verb && object) || negated || clauses) && parts.last().is_some_and(|p| p.len() >= 2) {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(words[at]);
        }
        at += 1;
    }
    parts
        .into_iter()
        .map(|p| {
            let part = p.join(" ");
            // "unless she implements": whose act it is stands in the notice itself.
            let part = [
                "she ",
                "he ",
                "they ",
                "it ",
                "you ",
                "ministers ",
                "the government ",
                "the home secretary ",
            ]
            .iter()
            .find_map(|s| {
                part.get(..s.len())
                    .filter(|head| head.eq_ignore_ascii_case(s))
                    .map(|_| part[s.len()..].to_owned())
            })
            .unwrap_or(part);
            part.trim_start_matches("must ")
                .trim_start_matches("fails to ")
                .trim_start_matches("fail to ")
                .trim_start_matches("does not ")
                .trim_start_matches("do not ")
                .trim_end_matches([',', ';', '.'])
                .trim()
                .to_owned()
        })
        // "If we do not receive one": what is not received has been said before.
        .filter(|p| !p.is_empty() && !p.ends_with(" one"))
        .collect()
}

/// The clause that says what follows: from its subject to the end of the sentence.
fn threat_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    if lower.len() != text.len() || !THREATS.iter().any(|t| contains_word(&lower, t)) {
        return None;
    }
    let at = THREATS.iter().filter_map(|t| lower.find(t)).min()?;
    // Joints after which the clause begins, and subjects and verbs with which it does.
    let after = [", or ", " or ", ": ", "; ", " that ", " said ", "“"].map(|j| (j, j.len()));
    let with = [", he ", ", she ", ", they ", ", we ", ", i "].map(|j| (j, 2));
    let face = [" face ", " faces "].map(|j| (j, 1));
    let from = after
        .iter()
        .chain(&with)
        .chain(&face)
        .filter_map(|(j, skip)| lower[..at].rfind(j).map(|i| i + skip))
        .max()
        .unwrap_or(0);
    let to = [" unless ", " if "]
        .iter()
        .filter_map(|e| lower[at..].find(e).map(|i| at + i))
        .min()
        .unwrap_or(text.len());
    let clause = text.get(from..to)?.trim();
    // A quotation closes before whoever is said to speak it.
    let clause = clause.split(['”', '"']).find(|c| !c.trim().is_empty()).unwrap_or(clause);
    Some(clause.trim_matches(|c: char| matches!(c, '.' | '“' | ',' | ' ')).to_owned())
}

/// Who gives notice, and to whom: "X has put the minister on notice", else whoever speaks.
fn parties(
    told: &Told,
    prose: &Prose,
    said: Option<&Attribution>,
    before: &Before,
) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = told.text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    let notice = (0..plain.len().saturating_sub(1)).find(|i| plain[*i] == "on" && plain[i + 1] == "notice");
    let put = notice.and_then(|n| {
        (0..n).rev().find(|i| {
            matches!(
                plain[*i].as_str(),
                "put" | "puts" | "putting" | "placed" | "given" | "gave" | "serving" | "served"
            )
        })
    });
    let (mut holder, mut addressee) = (None, None);
    // "The chair has given the company until 1 May".
    let given = (0..plain.len())
        .find(|i| matches!(plain[*i].as_str(), "given" | "gave" | "gives"))
        .and_then(|g| (g + 2..plain.len().min(g + 12)).find(|i| plain[*i] == "until").map(|u| (g, u)));
    if let (Some((give, until)), None) = (given, notice) {
        addressee = Some(prose.full_name(strip_article(&words[give + 1..until].join(" "))));
        let to = give - usize::from(give > 0 && matches!(plain[give - 1].as_str(), "has" | "have" | "had"));
        holder = Some(last_subject(&words, to)).filter(|h| !h.is_empty());
    }
    if let (Some(put), Some(notice)) = (put, notice) {
        let object = words[put + 1..notice].join(" ");
        let object = object.trim_matches(|c: char| matches!(c, ',' | '“' | '"' | ' ' | '‘' | '\''));
        if !object.is_empty() {
            addressee = if object == "you" {
                prose.addressee.clone()
            } else {
                Some(prose.full_name(strip_article(object)))
            };
        }
        let mut to = put;
        while to > 0
            && matches!(
                plain[to - 1].as_str(),
                "has"
                    | "have"
                    | "had"
                    | "is"
                    | "was"
                    | "been"
                    | "now"
                    | "also"
                    | "formally"
                    | "hereby"
                    | "am"
                    | "are"
            )
        {
            to -= 1;
        }
        let passive = put > 0 && matches!(plain[put - 1].as_str(), "been" | "was" | "is");
        let subject = words[..to].join(" ");
        let subject = subject.rsplit(['“', '"']).find(|s| !s.trim().is_empty()).unwrap_or_default();
        let subject = subject.trim().trim_start_matches("Today ").trim_start_matches("Now ");
        let subject = subject.trim_matches(|c: char| matches!(c, ',' | '“' | '"')).to_owned();
        // "I've put the minister on notice": the speaker is whoever is quoted.
        let subject = match subject.to_lowercase().as_str() {
            "i've" | "i’ve" | "i'm" | "i’m" => "I".to_owned(),
            "we've" | "we’ve" | "we're" | "we’re" => "We".to_owned(),
            _ => subject,
        };
        if passive {
            addressee = Some(prose.full_name(strip_article(&subject)));
            holder = (notice..plain.len()).find(|i| plain[*i] == "by").map(|by| {
                let end = (by + 1..words.len())
                    .find(|i| words[*i].ends_with([',', '.']) || plain[*i] == "that")
                    .map_or(words.len(), |i| i + usize::from(words[i].ends_with([',', '.'])));
                words[by + 1..end].join(" ").trim_end_matches([',', '.']).to_owned()
            });
        } else if !subject.is_empty() && subject.split_whitespace().count() <= 16 {
            holder = Some(subject);
        }
    }
    let holder = holder
        .map(|h| match h.to_lowercase().as_str() {
            "we" | "i" => prose
                .speaker
                .clone()
                .or_else(|| said.map(|s| s.who.clone()))
                .or_else(|| before.speaker.clone())
                .unwrap_or(h),
            "he" | "she" | "they" => before.speaker.clone().or_else(|| prose.speaker.clone()).unwrap_or(h),
            _ => prose.full_name(strip_article(&h)),
        })
        .or_else(|| said.map(|s| s.who.clone()))
        .or_else(|| before.speaker.clone())
        .or_else(|| prose.speaker.clone());
    (holder, addressee)
}

fn strip_article(name: &str) -> &str {
    name.strip_prefix("The ")
        .or_else(|| name.strip_prefix("the "))
        .or_else(|| name.strip_prefix("A "))
        .or_else(|| name.strip_prefix("a "))
        .unwrap_or(name)
}

/* --------------------------------------------------------------- promises */

/// Verbs that announce or promise.
const PROMISING: &[&str] = &[
    "announced",
    "announces",
    "announce",
    "announcing",
    "pledged",
    "pledges",
    "pledge",
    "promised",
    "promises",
    "promise",
    "vowed",
    "vows",
    "committed",
    "commits",
    "undertook",
    "undertaken",
    "unveiled",
    "launched",
    "ordered",
    "commissioned",
];
/// Words of those who can bind a public body.
const OFFICES: &[&str] = &[
    "secretary",
    "minister",
    "ministers",
    "government",
    "chancellor",
    "council",
    "councils",
    "force",
    "police",
    "commissioner",
    "department",
    "office",
    "board",
    "agency",
    "authority",
    "prime",
    "president",
    "mayor",
    "governor",
    "executive",
    "treasury",
    "commission",
    "inspectorate",
    "trust",
    "nhs",
    "parliament",
    "administration",
    "ministry",
    "tribunal",
    "regulator",
    "baroness",
    "chair",
];

fn promises(
    body: &Body<'_>,
    prose: &Prose,
    told: &Told,
    said: Option<&Attribution>,
    before: &Before,
    kind: DocumentKind,
    published: Option<Date>,
) -> Vec<Item> {
    let words: Vec<&str> = told.text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|w| bare(w)).collect();
    let own_voice = kind != DocumentKind::News;
    let quoted = inside_quotation(&words);
    let told_first = announced(&words, &plain, prose, said, before)
        .or_else(|| own_voice.then(|| asked_to_act(&words, &plain, prose)).flatten());
    let said_first = will(&words, &plain, &quoted, prose, said, before, own_voice);
    let earlier = match (told_first, said_first) {
        (Some(told), Some(said)) if said.1 < told.1 => Some(said),
        (told, said) => told.or(said),
    };
    let Some((holder, from)) = earlier else {
        return Vec::new();
    };
    let lower = told.text.to_lowercase();
    // "If … they would" and "would have" promise nothing.
    if lower.contains("would have") || lower.starts_with("if ") || lower.contains("will not be able") {
        return Vec::new();
    }
    let mut parts = several(&words, from);
    // "The government will hold inquiries, the minister said, as she announced an audit": two promises.
    if let Some((_, second)) =
        announced(&words, &plain, prose, said, before).filter(|(_, second)| *second > from + 6)
        && let Some(clause) = (from..second).rev().find(|i| words[*i].ends_with(','))
        && parts.len() == 1
    {
        parts = vec![(from, clause + 1), (second, words.len())];
    }
    parts
        .into_iter()
        .filter_map(|(from, to)| {
            let offset = |word: usize| -> usize {
                // Words are cut at white space, so their places follow from the text itself.
                let mut at = 0;
                let mut seen = 0;
                let mut inside = false;
                for c in told.text.chars() {
                    if c.is_whitespace() {
                        inside = false;
                    } else if !inside {
                        if seen == word {
                            break;
                        }
                        seen += 1;
                        inside = true;
                    }
                    at += 1;
                }
                at
            };
            let start = told.span.start + offset(from);
            let end = if to >= words.len() { told.span.end } else { told.span.start + offset(to) };
            let mut item = body.item_at(ItemKind::Commitment, Span::new(start, end), PROMISE, 70)?;
            item.holder.clone_from(&holder);
            let times: Vec<Deadline> = find_promised_times(&item.text, published);
            // A length counts from a start that nobody has stated, so its end is only what it would be from today.
            if times.iter().any(|t| t.kind == DeadlineType::Within) {
                item.confidence = 40;
            }
            item.deadlines =
                find_deadlines(&item.text, published).into_iter().map(|(_, d)| d).chain(times).collect();
            item.attributed_to = said.map(|s| s.who.clone()).filter(|who| Some(who) != holder.as_ref());
            Some(item)
        })
        .collect()
}

/// "The Home Secretary announced a review": who, and the word at which what is promised begins.
fn announced(
    words: &[&str],
    plain: &[String],
    prose: &Prose,
    said: Option<&Attribution>,
    before: &Before,
) -> Option<(Option<String>, usize)> {
    let at = (0..plain.len()).find(|i| PROMISING.contains(&plain[*i].as_str()))?;
    // "the announced review", "was announced by": a participle before a noun tells of something; its passive promises.
    let previous = at.checked_sub(1).map_or("", |i| plain[i].as_str());
    let passive = matches!(previous, "was" | "were" | "been" | "be" | "is");
    if matches!(previous, "the" | "a" | "newly" | "not" | "recently" | "to") && !passive {
        return None;
    }
    if passive {
        let by = (at..plain.len()).find(|i| plain[*i] == "by")?;
        let who = words[by + 1..words.len().min(by + 8)].join(" ");
        let who = who.split([',', '.']).next()?.trim().to_owned();
        return official(&who, prose).map(|who| (Some(who), 0));
    }
    let mut to = at;
    while to > 0
        && matches!(
            plain[to - 1].as_str(),
            "has"
                | "have"
                | "had"
                | "also"
                | "today"
                | "yesterday"
                | "is"
                | "are"
                | "now"
                | "then"
                | "can"
                | "am"
                | "and"
        )
    {
        to -= 1;
    }
    let subject = last_subject(words, to);
    // "The audit will be led by …, the government confirmed": what is confirmed comes first.
    if let Some((promised, speaker)) = subject.rsplit_once(", ")
        && promised.split_whitespace().any(|w| matches!(w, "will" | "would"))
    {
        return official(speaker, prose).map(|who| (Some(who), 0));
    }
    let who = person(&subject, prose, said, before)?;
    let mut from = at + 1;
    // "announced on Thursday that", "confirmed today:"
    while from < plain.len()
        && matches!(
            plain[from].as_str(),
            "on" | "today"
                | "yesterday"
                | "that"
                | "to"
                | "thursday"
                | "monday"
                | "tuesday"
                | "wednesday"
                | "friday"
                | "also"
                | "plans"
                | "for"
        )
    {
        from += 1;
    }
    (from + 2 < words.len()).then_some((Some(who), from))
}

/// "I have asked the Chief Inspector to report": who is to act, and the word at which whoever asks is named.
fn asked_to_act(words: &[&str], plain: &[String], prose: &Prose) -> Option<(Option<String>, usize)> {
    let at = (2..plain.len()).find(|i| {
        matches!(plain[*i].as_str(), "asked" | "instructed" | "directed" | "commissioned" | "tasked")
            && matches!(plain[i - 1].as_str(), "have" | "has" | "also")
    })?;
    let speaks = (at.saturating_sub(3)..at).find(|i| plain[*i] == "i" || plain[*i] == "we")?;
    let to = (at + 2..plain.len().min(at + 14)).find(|i| plain[*i] == "to")?;
    let name = words[at + 1..to].join(" ");
    let name = strip_article(name.trim_start_matches("my ").trim_start_matches("our "));
    // "I have asked whether" and "asked that" name nobody who is to act.
    let whom = !matches!(plain[at + 1].as_str(), "whether" | "that" | "if" | "how" | "for" | "about");
    (whom && to + 1 < words.len()).then(|| (Some(prose.full_name(name)), speaks))
}

/// "The Government will publish …", "she said it would publish …", "we will publish …".
fn will(
    words: &[&str],
    plain: &[String],
    quoted: &[bool],
    prose: &Prose,
    said: Option<&Attribution>,
    before: &Before,
    own_voice: bool,
) -> Option<(Option<String>, usize)> {
    (0..plain.len())
        .filter(|i| {
            let w = plain[*i].as_str();
            let future = w == "will"
                || w == "shall" && own_voice
                || (w == "would" && said.is_some())
                || w == "we'll"
                || w == "we’ll"
                || (matches!(w, "is" | "are")
                    && plain.get(i + 1).is_some_and(|n| n == "to")
                    && plain.get(i + 2).is_some_and(|n| n == "be")
                    && !own_voice);
            future
                && plain.get(i + 1).is_some_and(|n| {
                    !matches!(n.as_str(), "not" | "never" | "have" | "you" | "they" | "i" | "the")
                })
        })
        .find_map(|at| promised_at(at, words, plain, quoted, prose, said, before, own_voice))
}

/// What is promised with the future at a place, and by whom.
#[expect(clippy::too_many_arguments, reason = "a sentence is read with all that is known around it")]
fn promised_at(
    at: usize,
    words: &[&str],
    plain: &[String],
    quoted: &[bool],
    prose: &Prose,
    said: Option<&Attribution>,
    before: &Before,
    own_voice: bool,
) -> Option<(Option<String>, usize)> {
    let contracted = plain[at].starts_with("we");
    let subject = if contracted { "we".to_owned() } else { last_subject(words, at) };
    let lower = subject.to_lowercase();
    let holder = match lower.as_str() {
        "we" | "i" => {
            // In an article "we will" is whoever is quoted; only those who hold an office promise for a public body.
            let speaker = if own_voice {
                prose.speaker.clone().or_else(|| Some("we".to_owned()))
            } else {
                said.map(|s| s.who.clone()).or_else(|| before.speaker.clone())
            };
            let acts = plain.get(at + 1).is_some_and(|verb| PUBLIC_ACTS.contains(&verb.as_str()));
            speaker
                .filter(|s| {
                    own_voice
                        || official(s, prose).is_some()
                        || (acts && !hopes(s) && s.starts_with(char::is_uppercase))
                })
                .map(Some)
        }
        "it" | "she" | "he" | "they" => {
            let speaker = said.map(|s| s.who.clone()).or_else(|| before.speaker.clone());
            // "It" is whoever has just been said to speak, where that is a body with a name.
            let body = |s: &String| {
                lower == "it"
                    && !hopes(s)
                    && !is_report(s)
                    && s.split_whitespace().all(|w| w.starts_with(char::is_uppercase))
                    && s.contains(' ')
            };
            speaker.filter(|s| official(s, prose).is_some() || body(s)).map(Some)
        }
        _ => {
            // "The audit will be led by": what is promised is the audit, and by whoever announces it.
            let thing = is_report(&subject)
                || is_report(lower.trim_end_matches('s'))
                || [
                    "recommendation",
                    "inquiries",
                    "funding",
                    "law",
                    "legislation",
                    "timetable",
                    "plan",
                    "guidance",
                    "bill",
                    "consultation",
                    "programme",
                ]
                .iter()
                .any(|t| lower.contains(t));
            if let Some(body) = official(&subject, prose) {
                Some(Some(body))
            } else if thing && !quoted[at] && begins(&plain[at + 1..]) && !said.is_some_and(|s| hopes(&s.who))
            {
                Some(said.map(|s| s.who.clone()).or_else(|| before.announcer.clone()))
            } else {
                None
            }
        }
    }?;
    let start = if contracted { at } else { at - subject.split_whitespace().count().min(at) };
    Some((holder, start))
}

/// What only a public body can promise to do.
const PUBLIC_ACTS: &[&str] = &[
    "publish",
    "introduce",
    "implement",
    "bring",
    "legislate",
    "fund",
    "appoint",
    "establish",
    "create",
    "launch",
    "consult",
    "invest",
    "set",
    "require",
    "change",
    "strengthen",
    "provide",
    "recruit",
    "review",
];

/// "… will be held", "… would begin": something is done, rather than hoped for ("would help").
fn begins(after: &[String]) -> bool {
    after.first().is_some_and(|w| {
        matches!(
            w.as_str(),
            "be" | "begin"
                | "start"
                | "report"
                | "cover"
                | "examine"
                | "look"
                | "run"
                | "open"
                | "consider"
                | "also"
        )
    })
}

/// Those who speak for no public body.
fn hopes(who: &str) -> bool {
    who.split_whitespace().map(bare).any(|w| {
        matches!(
            w.as_str(),
            "campaigners"
                | "critics"
                | "experts"
                | "survivors"
                | "opposition"
                | "charities"
                | "charity"
                | "lawyers"
                | "lawyer"
                | "union"
                | "unions"
                | "shadow"
                | "former"
                | "families"
                | "activists"
                | "sources"
        )
    })
}

/// The words of the last clause before a place.
fn last_subject(words: &[&str], to: usize) -> String {
    let mut from = to;
    while from > 0 && to - from < 14 {
        let previous = words[from - 1];
        let plain = bare(previous);
        if previous.ends_with([':', ';', '“'])
            || matches!(
                plain.as_str(),
                "that"
                    | "said"
                    | "says"
                    | "told"
                    | "added"
                    | "confirmed"
                    | "but"
                    | "while"
                    | "because"
                    | "after"
                    | "when"
                    | "since"
                    | "as"
            )
        {
            break;
        }
        // An opening phrase ends at its comma; an apposition has two.
        if previous.ends_with(',')
            && !words[..from - 1].iter().any(|w| w.ends_with(','))
            && !words[from..to].iter().any(|w| w.ends_with(','))
        {
            break;
        }
        // ", and the Board": a clause of its own, where the one before it has its verb.
        if plain == "and"
            && from >= 2
            && words[from - 2].ends_with(',')
            && words[..from - 2].iter().any(|w| {
                matches!(
                    bare(w).as_str(),
                    "will" | "would" | "be" | "is" | "are" | "was" | "were" | "has" | "have"
                )
            })
        {
            break;
        }
        from -= 1;
    }
    let clause = &words[from..to];
    // "which will publish": what the clause before the comma ends with.
    if clause.last().is_some_and(|w| *w == "which" || *w == "who") {
        let end = to - 1;
        let named = |w: &str| w.starts_with(char::is_uppercase) || matches!(w, "of" | "for");
        let start = (0..end).rev().take_while(|i| named(words[*i])).last().unwrap_or(end);
        return words[start..end].join(" ").trim_end_matches(',').to_owned();
    }
    // "In future we will", "In a reply last month the Board will": what opens the sentence is no part of its subject.
    let opens = clause.first().is_some_and(|w| {
        matches!(*w, "In" | "On" | "At" | "From" | "Under" | "Following" | "Today" | "After" | "By" | "Until")
    });
    let pronoun = clause.last().is_some_and(|w| matches!(bare(w).as_str(), "we" | "i"));
    let own = if pronoun && clause.len() > 1 {
        clause.len() - 1
    } else if opens {
        (1..clause.len().saturating_sub(1))
            .rev()
            .find(|i| clause[*i] == "the" && clause[i + 1].starts_with(char::is_uppercase))
            .unwrap_or(0)
    } else {
        0
    };
    clause[own..].join(" ").trim_matches(|c: char| matches!(c, ',' | '“' | '"' | ' ')).to_owned()
}

/// Somebody who can promise: an office, a body, or a person first named with an office.
fn official(phrase: &str, prose: &Prose) -> Option<String> {
    let full = prose.full_name(strip_article(phrase));
    let plain: Vec<String> = full.split_whitespace().map(bare).collect();
    let former =
        plain.first().is_some_and(|w| w == "former") || plain.iter().any(|w| w == "ex" || w == "shadow");
    let holds = plain.iter().any(|w| OFFICES.contains(&w.as_str()));
    let body = addressees::body_named(&full).is_some() && holds;
    (!former && (holds || body) && plain.len() <= 16).then_some(full)
}

fn person(subject: &str, prose: &Prose, said: Option<&Attribution>, before: &Before) -> Option<String> {
    let subject = subject.trim_start_matches("Today ").trim_start_matches("today ");
    match subject.to_lowercase().as_str() {
        "she" | "he" | "it" | "they" => {
            let speaker = said.map(|s| s.who.clone()).filter(|who| who.split_whitespace().count() > 1);
            speaker.or_else(|| before.speaker.clone())
        }
        "i" | "we" => {
            prose.speaker.clone().or_else(|| before.speaker.clone()).or_else(|| Some(subject.to_owned()))
        }
        "" => None,
        // Whoever announces a review or orders one holds the office to do so, whether or not the page names it.
        _ => official(subject, prose).or_else(|| {
            let name = prose.full_name(subject);
            let words = name.split_whitespace().count();
            ((2..=4).contains(&words)
                && name.split_whitespace().all(|w| w.starts_with(char::is_uppercase))
                && !hopes(&name))
            .then_some(name)
        }),
    }
}

/// Cuts what is promised into its parts: "a review, three local inquiries, and that the rest will be done".
fn several(words: &[&str], from: usize) -> Vec<(usize, usize)> {
    const BEGINS: [&str; 12] =
        ["a", "an", "new", "up", "five", "three", "two", "four", "ten", "that", "further", "additional"];
    let mut cuts = vec![from];
    // A list ends in "and"; without one, what follows a comma stands beside what goes before.
    let mut joined = false;
    for at in from + 2..words.len() {
        let previous = words[at - 1];
        let here = bare(words[at]);
        let comma = previous.ends_with(',');
        let after_and =
            bare(previous) == "and" && words.get(at.wrapping_sub(2)).is_some_and(|w| w.ends_with(','));
        let and_that = bare(previous) == "and" && here == "that";
        let begins = BEGINS.contains(&here.as_str())
            || words[at].starts_with('£')
            || words[at].starts_with(|c: char| c.is_ascii_digit());
        let last = *cuts.last().unwrap_or(&from);
        // "…, and promised that a timetable would follow" promises a second thing.
        if bare(previous) == "and" && PROMISING.contains(&here.as_str()) && at - last >= 4 {
            let that = words.get(at + 1).is_some_and(|w| matches!(bare(w).as_str(), "that" | "to"));
            cuts.push(at + if that { 2 } else { 1 });
            joined = true;
            continue;
        }
        // An apposition after a comma begins so too; a part has some length.
        if (comma || after_and || and_that) && begins && at - last >= 3 {
            cuts.push(at);
            joined |= after_and || and_that;
        }
    }
    let ends: Vec<usize> = cuts.iter().skip(1).copied().chain([words.len()]).collect();
    let parts: Vec<(usize, usize)> = cuts.into_iter().zip(ends).collect();
    // Only a list has parts: each must be long enough to promise something.
    if joined && parts.iter().all(|(a, b)| b - a >= 3) { parts } else { vec![(from, words.len())] }
}

/* --------------------------------------------------- findings and claims */

/// What a report is said to have found, one item for each thing found.
fn findings(body: &Body<'_>, told: &Told, said: &Attribution) -> Vec<Item> {
    let text = told.text.as_str();
    let mut cuts: Vec<usize> = vec![0];
    for joint in ["; that ", "; and that ", ", and that ", " and that ", "; "] {
        for (at, _) in text.match_indices(joint) {
            cuts.push(at + joint.len());
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    // Two joints at one place leave a cut inside the other's words.
    cuts.dedup_by(|b, a| *b - *a < 8 && *a != 0);
    let ends: Vec<usize> = cuts.iter().skip(1).copied().chain([text.len()]).collect();
    cuts.into_iter()
        .zip(ends)
        .filter_map(|(from, to)| {
            let start = told.span.start + text[..from].chars().count();
            let end = told.span.start + text[..to].chars().count();
            let mut item = body.item_at(ItemKind::Finding, Span::new(start, end), FINDING_RULE, 70)?;
            let whole = item.text.clone();
            let piece = ["that ", "and that "].iter().find_map(|o| whole.strip_prefix(o)).unwrap_or(&whole);
            item.start += whole.chars().count() - piece.chars().count();
            let piece = [" and that", " that", " and"]
                .iter()
                .fold(piece.trim_end_matches([';', ',', ' ']), |p, end| p.strip_suffix(end).unwrap_or(p))
                .trim_end_matches([';', ',', ' ']);
            item.end = item.start + piece.chars().count();
            piece.clone_into(&mut item.text);
            item.attributed_to = Some(said.who.clone());
            (item.text.split_whitespace().count() >= 3).then_some(item)
        })
        .collect()
}

/// What somebody says, in one sentence.
fn claim(body: &Body<'_>, prose: &Prose, at: usize, said: &Attribution) -> Option<Item> {
    let told = &prose.told[at];
    let words = told.text.split_whitespace().count();
    // "she added." alone says nothing.
    if words < 5 || FINDING.contains(&said.verb.as_str()) {
        return None;
    }
    let mut item = body.item_at(ItemKind::Claim, told.span, CLAIM, 70)?;
    item.attributed_to = Some(said.who.clone());
    Some(item)
}

/// A sentence wholly in quotation marks goes on with whoever spoke last.
fn said_in_quotation(body: &Body<'_>, prose: &Prose, at: usize, before: &Before) -> Option<Item> {
    let told = &prose.told[at];
    let opens = told.text.starts_with(['“', '"']);
    let earlier: String = prose.told[..at]
        .iter()
        .rev()
        .take_while(|t| t.paragraph == told.paragraph)
        .map(|t| t.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let inside = earlier.matches('“').count() > earlier.matches('”').count();
    let speaker = before.speaker.clone()?;
    if !(opens || inside) || told.text.split_whitespace().count() < 5 {
        return None;
    }
    let mut item = body.item_at(ItemKind::Claim, told.span, CLAIM, 60)?;
    item.attributed_to = Some(speaker);
    Some(item)
}

/// Sentences of one speaker that follow each other without a break are one claim.
fn merge_neighbours(body: &Body<'_>, items: &mut Vec<Item>) {
    items.sort_by_key(|i| i.start);
    let mut merged: Vec<Item> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        if let Some(last) = merged.last_mut()
            && last.kind == ItemKind::Claim
            && item.kind == ItemKind::Claim
            && last.attributed_to == item.attributed_to
            && item.start <= last.end + 2
        {
            last.end = item.end;
            body.reading.slice(Span::new(last.start, last.end)).clone_into(&mut last.text);
            continue;
        }
        merged.push(item);
    }
    *items = merged;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::DeadlineType;
    use crate::extract::{Extraction, Request, extract};
    use jiff::civil::date;

    fn read(source: &str, kind: Option<DocumentKind>) -> Extraction {
        let reading =
            candour_reading::read(source.as_bytes(), "page.txt", &candour_reading::Limits::default())
                .unwrap();
        let (extraction, _) = extract(&reading, Request { published: None, kind });
        for item in &extraction.items {
            assert_eq!(reading.slice(Span::new(item.start, item.end)), item.text, "the span holds the words");
        }
        extraction
    }

    fn of(extraction: &Extraction, kind: ItemKind) -> Vec<&Item> {
        extraction.items.iter().filter(|i| i.kind == kind).collect()
    }

    const ARTICLE: &str = "Skip to content
Home
News

Harbours: minister announces rapid audit of missed visits

By Our Correspondent
12/03/2026 09:15

Share
Save

Image: The quay at dawn. Pic: Example Agency

The harbours secretary has announced a three-month national audit into the scale of missed visits.

Ida Vance told members on Thursday that new local reviews would be held in five ports.

She said the government would carry out all the remaining recommendations of the Harbour Safety Inquiry (HSI), which reported in 2022.

The Harbours Secretary said a timetable would be set out before Easter.

Ministers said that little had been done since the report was published.

Read more: What did the inquiry recommend?

The inquiry, chaired by Una Grey, found that nobody could know the scale of the problem; that it was believed to be falling; and that visits were recorded as \"rearranged\" when they had been missed.

It also found that missed visits were counted only under other headings.

Ola Brant, a former harbour officer, has put Ms Vance on notice of legal action.

\"I am putting the Harbours Secretary on notice that unless she carries out all twenty recommendations in full and sets out a timetable within six months, we will see her in the High Court,\" she said.

The opposition spokesman said the plans were \"wholly inadequate\".

Sign up to our newsletter and get the day's news in your inbox.

Most read
1. Weather warning
2. Football results

© 2026 Example News. All rights reserved.
";

    #[test]
    fn an_article_yields_what_was_promised_threatened_found_and_claimed() {
        let extraction = read(ARTICLE, None);
        assert_eq!(extraction.kind, DocumentKind::News);
        assert_eq!(extraction.published, Some(date(2026, 3, 12)));

        let promises = of(&extraction, ItemKind::Commitment);
        assert_eq!(promises.len(), 4, "{promises:#?}");
        let audit = promises[0];
        assert!(audit.text.starts_with("a three-month national audit"));
        assert_eq!(audit.deadlines[0].date, Some(date(2026, 6, 12)));
        assert!(
            audit.deadlines[0].unresolved.as_deref().is_some_and(|why| why.contains("start is not stated"))
        );
        assert!(audit.confidence <= 50, "the start is not stated, so the day is uncertain");
        assert!(promises[1].deadlines.is_empty(), "no date was given, so none is made up");
        assert_eq!(promises[2].holder.as_deref(), Some("government"));
        assert_eq!(promises[3].deadlines[0].kind, DeadlineType::Season);

        let notices = of(&extraction, ItemKind::Notice);
        assert_eq!(notices.len(), 1);
        assert_eq!(
            notices[0].conditions,
            ["carries out all twenty recommendations in full", "sets out a timetable within six months"]
        );
        assert_eq!(notices[0].threat.as_deref(), Some("we will see her in the High Court"));
        assert_eq!(notices[0].holder.as_deref(), Some("Ola Brant, a former harbour officer"));
        assert_eq!(notices[0].addressees, ["Ida Vance"]);

        let findings = of(&extraction, ItemKind::Finding);
        assert_eq!(findings.len(), 4, "{findings:#?}");
        assert!(findings.iter().all(|f| f.attributed_to.as_deref() == Some("Harbour Safety Inquiry (HSI)")));

        let claims = of(&extraction, ItemKind::Claim);
        let said: Vec<&str> = claims.iter().filter_map(|c| c.attributed_to.as_deref()).collect();
        assert_eq!(said, ["Ministers", "opposition spokesman"]);

        for furniture in
            ["Share", "Read more", "newsletter", "Most read", "Weather", "©", "Pic:", "Correspondent"]
        {
            assert!(!extraction.items.iter().any(|i| i.text.contains(furniture)), "{furniture}");
        }
    }

    #[test]
    fn a_letter_gives_notice_in_the_name_of_whoever_signs_it() {
        let extraction = read(
            "Harbour Watch\n12 February 2026\n\nDear Secretary of State,\n\nWe write about the Harbour Safety Inquiry.\n\nWe hereby put you on notice. Unless you publish a timetable for each recommendation and confirm in writing that all of them will be carried out, we will issue proceedings for judicial review within 28 days of the date of this letter.\n\nYours sincerely,\n\nOla Brant\n",
            None,
        );
        assert_eq!(extraction.kind, DocumentKind::Letter);
        let notices = of(&extraction, ItemKind::Notice);
        assert_eq!(notices.len(), 1, "{extraction:#?}");
        assert_eq!(notices[0].holder.as_deref(), Some("Ola Brant"));
        assert_eq!(notices[0].addressees, ["Secretary of State"]);
        assert_eq!(notices[0].conditions.len(), 2);
        assert_eq!(notices[0].deadlines[0].date, Some(date(2026, 3, 12)));
    }

    #[test]
    fn a_statement_promises_in_the_first_person() {
        let extraction = read(
            "Oral statement to Parliament\n\nPublished 6 January 2026\nDelivered by: The Rt Hon Ida Vance MP\n\nWith permission, Mr Speaker, I will make a statement on harbour safety.\n\nToday I can announce that we will introduce a duty to report missed visits this spring.\n\nThe Department for Harbours will begin a consultation by the end of the 2026/27 financial year.\n\nIf members agreed we would do more. That would have helped.\n",
            Some(DocumentKind::Statement),
        );
        let promises = of(&extraction, ItemKind::Commitment);
        let texts: Vec<&str> = promises.iter().map(|p| p.text.as_str()).collect();
        assert!(texts.iter().any(|t| t.contains("introduce a duty")), "{texts:?}");
        assert!(!texts.iter().any(|t| t.contains("do more") || t.contains("would have")), "{texts:?}");
        let duty = promises.iter().find(|p| p.text.contains("duty")).unwrap();
        assert_eq!(duty.holder.as_deref(), Some("Rt Hon Ida Vance MP"));
        assert_eq!(duty.deadlines[0].earliest, Some(date(2026, 3, 1)));
        let consultation = promises.iter().find(|p| p.text.contains("consultation")).unwrap();
        assert_eq!(consultation.deadlines[0].date, Some(date(2027, 3, 31)));
        assert_eq!(consultation.holder.as_deref(), Some("Department for Harbours"));
    }

    #[test]
    fn nothing_is_promised_by_those_who_only_hope() {
        let extraction = read(
            "Harbour news\n12 February 2026\n\nCampaigners said the plan would help families in every port.\n\nOla Brant said she would keep asking.\n\nThe review could take years, experts warned.\n",
            Some(DocumentKind::News),
        );
        assert!(of(&extraction, ItemKind::Commitment).is_empty(), "{extraction:#?}");
        assert!(of(&extraction, ItemKind::Notice).is_empty());
    }

    #[test]
    fn two_verbs_of_promising_make_two_promises_and_the_date_belongs_to_the_second() {
        let page = "Home | News | Ports | Sport\nSign in to your account now\nHarbours: minister sets out her plans\n\
            12/03/2026\n\nThe Harbours Secretary said the government would support up to five new local reviews, and \
            promised that a timetable for the remaining recommendations would be published before Easter.\n";
        let read = read(page, Some(DocumentKind::News));
        assert_eq!(read.title.as_deref(), Some("Harbours: minister sets out her plans"));
        let promises = of(&read, ItemKind::Commitment);
        assert_eq!(promises.len(), 2, "{promises:#?}");
        assert!(promises[0].deadlines.is_empty(), "no date was given for the reviews");
        assert!(promises[1].text.starts_with("a timetable"));
        assert_eq!(promises[1].deadlines[0].phrase, "before Easter");
    }

    #[test]
    fn whoever_is_asked_to_act_is_bound_and_the_opening_of_a_sentence_is_no_subject() {
        let letter = "Harbour House\n4 March 2027\n\nDear Ms Vance,\n\nI have asked my officials to meet the forum every six months. In future we will give notice of every change. That is a matter for the Ferry Tribunal, which will publish its decision in the spring. In a reply last month the Harbour Board will say more.\n\nYours sincerely,\n\nCorin Dale\nDirector of Harbours\n";
        let read = read(letter, Some(DocumentKind::Letter));
        let promises: Vec<(&str, &str)> = of(&read, ItemKind::Commitment)
            .iter()
            .map(|i| (i.holder.as_deref().unwrap_or_default(), i.text.as_str()))
            .collect();
        assert_eq!(promises.len(), 4, "{promises:#?}");
        assert_eq!(
            promises[0],
            ("officials", "I have asked my officials to meet the forum every six months.")
        );
        assert_eq!(promises[1].0, "Corin Dale");
        assert_eq!(promises[2].0, "Ferry Tribunal");
        assert_eq!(promises[3].0, "Harbour Board");
    }

    #[test]
    fn a_notice_may_set_its_term_in_the_sentence_before_or_say_what_follows_after_or() {
        for (text, condition, addressee) in [
            (
                "The chair has given the Harbour Board until 1 May to publish a plan. \"If there is no plan by then, we shall ask the Assembly to withhold its payment,\" he said.",
                "publish a plan",
                Some("Harbour Board"),
            ),
            (
                "The group says the Harbour Board must publish its returns, or it will begin proceedings in the High Court.",
                "publish its returns",
                None,
            ),
            (
                "I must ask for a full reply within 21 days. If we do not receive one, the Committee will call you to give evidence.",
                "a full reply within 21 days",
                None,
            ),
        ] {
            let read = read(text, Some(DocumentKind::News));
            let notices = of(&read, ItemKind::Notice);
            assert_eq!(notices.len(), 1, "{text}: {:#?}", read.items);
            assert_eq!(notices[0].conditions, [condition], "{text}");
            assert!(notices[0].threat.is_some(), "{text}");
            assert_eq!(notices[0].addressees.first().map(String::as_str), addressee, "{text}");
        }
        let told =
            read("If there is fog the ferry will stop. The board met in May.", Some(DocumentKind::News));
        assert!(of(&told, ItemKind::Notice).is_empty());
    }
}
