//! `LanguageTool`'s HTTP API, version 2, as its Swagger description gives it: `check` and `languages`.

use std::ops::Range;

use candour_language::{Scratch, Severity};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    audit::{Alarm, Auditor, TEXT_LIMIT},
    http::{Answer, Request, refusal},
    position::units,
};

/// How many characters of context stand on each side of a match, as in `LanguageTool`.
const CONTEXT: usize = 40;

/// The English that programs ask for, beside the languages of the packs.
const ENGLISH: [(&str, &str); 7] = [
    ("en", "English"),
    ("en-AU", "English (Australian)"),
    ("en-CA", "English (Canadian)"),
    ("en-GB", "English (GB)"),
    ("en-NZ", "English (New Zealand)"),
    ("en-US", "English (US)"),
    ("en-ZA", "English (South African)"),
];

/// Answers a request.
pub(crate) fn answer(request: &Request, auditor: &Auditor) -> Answer {
    match (request.method.as_str(), request.path.trim_end_matches('/')) {
        ("POST", "/v2/check") => check(&request.body, auditor).unwrap_or_else(|refused| refused),
        ("GET", "/v2/languages") => {
            let list = languages(auditor).into_iter().map(|(long, name)| {
                let code = long.split('-').next().unwrap_or_default();
                json!({"name": name, "code": code, "longCode": long})
            });
            (200, list.collect())
        }
        // A text in an address would stand in logs and histories.
        (_, "/v2/check") => refusal(405, "use POST, with the text in the body"),
        (_, "/v2/languages") => refusal(405, "use GET"),
        _ => refusal(404, "unknown path; there are POST /v2/check and GET /v2/languages"),
    }
}

fn languages(auditor: &Auditor) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        ENGLISH.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect();
    for tag in auditor.languages() {
        if all.iter().all(|(code, _)| !code.eq_ignore_ascii_case(tag)) {
            all.push((tag.to_owned(), tag.to_owned()));
        }
    }
    all
}

/// The fields of a form, the last of each name.
#[derive(Default)]
struct Form {
    text: Option<String>,
    data: Option<String>,
    language: Option<String>,
    enabled_rules: Vec<String>,
    disabled_rules: Vec<String>,
    enabled_categories: Vec<String>,
    disabled_categories: Vec<String>,
    enabled_only: bool,
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        let list = |value: &str| -> Vec<String> {
            value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
        };
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "text" => form.text = Some(value.into_owned()),
                "data" => form.data = Some(value.into_owned()),
                "language" => form.language = Some(value.into_owned()),
                "enabledRules" => form.enabled_rules = list(&value),
                "disabledRules" => form.disabled_rules = list(&value),
                "enabledCategories" => form.enabled_categories = list(&value),
                "disabledCategories" => form.disabled_categories = list(&value),
                "enabledOnly" => form.enabled_only = value == "true" || value == "yes",
                // Keys, levels, mother tongues and variants change nothing here.
                _ => {}
            }
        }
        form
    }

    /// A rule named is stronger than its category. Every rule is on to begin with.
    fn wants(&self, alarm: &Alarm) -> bool {
        let names = |list: &[String], name: &str| list.iter().any(|l| l.eq_ignore_ascii_case(name));
        if names(&self.disabled_rules, &alarm.rule) {
            return false;
        }
        if names(&self.enabled_rules, &alarm.rule) {
            return true;
        }
        if self.enabled_only {
            return names(&self.enabled_categories, &alarm.category);
        }
        !names(&self.disabled_categories, &alarm.category)
    }
}

fn check(body: &[u8], auditor: &Auditor) -> Result<Answer, Answer> {
    let form = Form::read(body);
    let marked = match (&form.text, &form.data) {
        (Some(text), None) => Marked::plain(text),
        (None, Some(data)) => Marked::read(data).ok_or_else(|| {
            refusal(400, "`data` is not {\"annotation\": [{\"text\": …} or {\"markup\": …}, …]}")
        })?,
        (None, None) => return Err(refusal(400, "give `text` or `data` as a field of a form")),
        (Some(_), Some(_)) => return Err(refusal(400, "give `text` or `data`, not both")),
    };
    let known = languages(auditor);
    let asked =
        form.language.as_deref().ok_or_else(|| refusal(400, "give `language`, as in en-GB or auto"))?;
    let tag = if asked == "auto" { "en-GB" } else { asked };
    let (code, name) = known.iter().find(|(code, _)| code.eq_ignore_ascii_case(tag)).ok_or_else(|| {
        refusal(400, "no pack reads this language; GET /v2/languages lists those that are read")
    })?;
    if form.enabled_only && form.enabled_rules.is_empty() && form.enabled_categories.is_empty() {
        return Err(refusal(400, "`enabledOnly` needs `enabledRules` or `enabledCategories`"));
    }
    let audit = auditor.check(&marked.plain, false, &mut Scratch::default()).ok_or_else(|| {
        refusal(413, &format!("the text is longer than {} KiB; send it in parts", TEXT_LIMIT / 1024))
    })?;
    let matches: Vec<Value> =
        audit.alarms.iter().filter(|a| form.wants(a)).map(|a| found(a, &marked)).collect();
    Ok((
        200,
        json!({
            "software": {
                "name": "Candour", "version": env!("CARGO_PKG_VERSION"), "buildDate": "", "apiVersion": 1,
                "premium": false, "status": "",
            },
            "warnings": {"incompleteResults": false},
            "language": {
                "name": name, "code": code,
                "detectedLanguage": {"name": name, "code": code, "confidence": 1.0},
            },
            "matches": matches,
        }),
    ))
}

fn found(alarm: &Alarm, marked: &Marked) -> Value {
    let text = &marked.plain;
    let (from, to) = (alarm.span.start, alarm.span.end);
    let original = marked.original(&alarm.span);
    let start = text[..from].char_indices().rev().take(CONTEXT).last().map_or(from, |(at, _)| at);
    let end = text[to..].char_indices().nth(CONTEXT).map_or(text.len(), |(at, _)| to + at);
    let (before, after) = (if start > 0 { "..." } else { "" }, if end < text.len() { "..." } else { "" });
    // A line's end in the context would break the client's line; it is as long as the space that stands for it.
    let context = format!("{before}{}{after}", &text[start..end]).replace(['\n', '\r', '\t'], " ");
    let ends = |c: char| matches!(c, '.' | '!' | '?' | '\n');
    let sentence_start = text[..from].rfind(ends).map_or(0, |n| n + 1);
    let sentence_end = text[to..].find(ends).map_or(text.len(), |n| to + n + 1);
    let replacements: Vec<Value> = alarm.replacement.iter().map(|r| json!({"value": r})).collect();
    let urls: Vec<Value> = alarm.url.iter().map(|u| json!({"value": u})).collect();
    let message: Vec<String> = [format!("{}.", alarm.message), alarm.suggestion.clone(), source(alarm)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    json!({
        "message": message.join(" "),
        "shortMessage": alarm.message,
        "replacements": replacements,
        "offset": original.start,
        "length": original.end - original.start,
        "context": {
            "text": context,
            "offset": before.len() + units(&text[start..from]),
            "length": units(&text[alarm.span.clone()]),
        },
        "sentence": text[sentence_start..sentence_end].trim(),
        "type": {"typeName": match alarm.severity {
            Severity::Suggestion => "Hint",
            Severity::Warning | Severity::Error => "Other",
        }},
        "rule": {
            "id": alarm.rule,
            "description": alarm.message,
            // Of the kinds of the Internationalization Tag Set 2.0 (W3C, 2013), 8.11.
            "issueType": "style",
            "category": {"id": alarm.category, "name": alarm.message},
            "urls": urls,
        },
        "ignoreForIncompleteSentence": false,
        "contextForSureMatch": 0,
    })
}

fn source(alarm: &Alarm) -> String {
    if alarm.source.is_empty() { String::new() } else { format!("Source: {}.", alarm.source) }
}

/// A text and where its parts stand among the markup that it was sent with.
struct Marked {
    plain: String,
    parts: Vec<Part>,
}

/// A run of the plain text.
struct Part {
    /// Where it begins and ends in the plain text, in bytes.
    plain: Range<usize>,
    /// Where it begins and ends in what was sent, in UTF-16 units.
    sent: Range<usize>,
    /// Whether it is read in the place of markup, and so has no places of its own within.
    markup: bool,
}

#[derive(Deserialize)]
struct Data {
    annotation: Vec<Annotated>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Annotated {
    text: Option<String>,
    markup: Option<String>,
    interpret_as: Option<String>,
}

impl Marked {
    fn plain(text: &str) -> Self {
        let part = Part { plain: 0..text.len(), sent: 0..units(text), markup: false };
        Self { plain: text.to_owned(), parts: vec![part] }
    }

    /// `{"annotation": [{"text": "A "}, {"markup": "<b>"}, {"markup": "<p>", "interpretAs": "\n\n"}]}`.
    fn read(data: &str) -> Option<Self> {
        let data: Data = serde_json::from_str(data).ok()?;
        let mut marked = Self { plain: String::new(), parts: Vec::new() };
        let mut sent = 0;
        for part in data.annotation {
            let (read, length, markup) = match (part.text, part.markup) {
                (Some(text), None) => {
                    let length = units(&text);
                    (text, length, false)
                }
                (None, Some(markup)) => (part.interpret_as.unwrap_or_default(), units(&markup), true),
                _ => return None,
            };
            let from = marked.plain.len();
            marked.plain.push_str(&read);
            marked.parts.push(Part { plain: from..marked.plain.len(), sent: sent..sent + length, markup });
            sent += length;
        }
        Some(marked)
    }

    /// A span of the plain text in what was sent: from its first character to after its last, with the markup between.
    fn original(&self, span: &Range<usize>) -> Range<usize> {
        let first = self.parts.partition_point(|p| p.plain.end <= span.start);
        let start = self.parts.get(first).map_or(0, |p| {
            if p.markup { p.sent.start } else { p.sent.start + units(&self.plain[p.plain.start..span.start]) }
        });
        let last = self.parts.partition_point(|p| p.plain.start < span.end).saturating_sub(1);
        // Markup that stands for nothing holds no end.
        let end = self.parts[..=last.min(self.parts.len().saturating_sub(1))]
            .iter()
            .rev()
            .find(|p| !p.plain.is_empty())
            .map_or(start, |p| {
                if p.markup { p.sent.end } else { p.sent.start + units(&self.plain[p.plain.start..span.end]) }
            });
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn post(form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
        let request = Request { method: "POST".into(), path: "/v2/check".into(), body };
        answer(&request, crate::audit::shared())
    }

    fn rules(answer: &Answer) -> Vec<&str> {
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1["matches"].as_array().unwrap().iter().map(|m| m["rule"]["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn rules_and_categories_are_chosen() {
        let text = ("text", "A lifestyle choice. She is a prostitute.");
        let en = ("language", "en-GB");
        let of = |more: &[(&str, &str)]| {
            let answer = post(&[&[text, en], more].concat());
            rules(&answer).join(" ")
        };
        assert_eq!(of(&[]), "B1-choice B3-prostitute");
        assert_eq!(of(&[("disabledRules", "X, B1-choice")]), "B3-prostitute");
        assert_eq!(of(&[("disabledCategories", "B3")]), "B1-choice");
        assert_eq!(of(&[("enabledRules", "B3-prostitute")]), "B1-choice B3-prostitute");
        assert_eq!(of(&[("enabledRules", "B3-prostitute"), ("enabledOnly", "true")]), "B3-prostitute");
        assert_eq!(of(&[("enabledCategories", "B1"), ("enabledOnly", "true")]), "B1-choice");
        assert_eq!(post(&[text, en, ("enabledOnly", "true")]).0, 400);
    }

    #[test]
    fn requests_that_cannot_be_answered_say_what_to_do() {
        let text = ("text", "A note.");
        let en = ("language", "en");
        for bad in [
            &[en][..],
            &[text],
            &[text, ("language", "fr")],
            &[text, en, ("data", "{\"annotation\":[]}")],
            &[en, ("data", "{}")],
            &[en, ("data", "[[[")],
            &[en, ("data", r#"{"annotation":[{"text":"a","markup":"b"}]}"#)],
            &[en, ("data", r#"{"annotation":[{}]}"#)],
        ] {
            let (status, body) = post(bad);
            assert_eq!(status, 400, "{bad:?}");
            assert!(body["error"].as_str().is_some_and(|e| e.len() > 20), "{body}");
        }
        assert_eq!(post(&[("text", &"a".repeat(TEXT_LIMIT + 1)), en]).0, 413);
        assert_eq!(rules(&post(&[en, ("data", r#"{"annotation":[]}"#)])), [""; 0]);
        assert_eq!(
            rules(&post(&[("text", "This is a lifestyle choice."), ("language", "auto")])),
            ["B1-choice"]
        );
    }

    #[test]
    fn context_and_sentence_stand_about_the_words() {
        let text = format!(
            "{} A \u{1F600}\nlifestyle choice was made. {}",
            "Long before. ".repeat(9),
            "After. ".repeat(9)
        );
        let (_, body) = post(&[("text", &text), ("language", "en-GB")]);
        let m = &body["matches"][0];
        let number = |v: &Value| v.as_u64().unwrap() as usize;
        let cut = |text: &str, v: &Value| {
            let wide: Vec<u16> = text.encode_utf16().collect();
            String::from_utf16(&wide[number(&v["offset"])..][..number(&v["length"])]).unwrap()
        };
        assert_eq!(cut(&text, m), "lifestyle choice");
        assert_eq!(cut(m["context"]["text"].as_str().unwrap(), &m["context"]), "lifestyle choice");
        let context = m["context"]["text"].as_str().unwrap();
        assert!(context.starts_with("...") && context.ends_with("...") && !context.contains('\n'));
        assert_eq!(m["sentence"], "lifestyle choice was made.");
    }

    proptest! {
        #[test]
        fn spans_hold_the_same_words_among_markup(
            parts in proptest::collection::vec(("[a-z\u{e9}\u{1F600}]{0,4}", "(<[a-z\u{1F600}]{1,3}>)?"), 1..6),
            a in 0usize..40, b in 0usize..40,
        ) {
            let annotation: Vec<Value> =
                parts.iter().flat_map(|(t, m)| [json!({"text": t}), json!({"markup": m})]).collect();
            let marked = Marked::read(&json!({"annotation": annotation}).to_string()).unwrap();
            let sent: Vec<u16> = parts.iter().flat_map(|(t, m)| t.encode_utf16().chain(m.encode_utf16())).collect();
            let places: Vec<usize> =
                marked.plain.char_indices().map(|(at, _)| at).chain([marked.plain.len()]).collect();
            let (a, b) = (places[a % places.len()], places[b % places.len()]);
            let span = a.min(b)..a.max(b);
            prop_assume!(!span.is_empty());
            let original = String::from_utf16(&sent[marked.original(&span)]).unwrap();
            let mut words = String::new();
            let mut depth = false;
            for c in original.chars() {
                match c {
                    '<' => depth = true,
                    '>' => depth = false,
                    c if !depth => words.push(c),
                    _ => {}
                }
            }
            prop_assert_eq!(&words, &marked.plain[span]);
            // No markup at the edges: what is replaced is the words and what stands between them.
            prop_assert!(!original.starts_with('<') && !original.ends_with('>'));
        }

        #[test]
        fn no_body_stops_the_service(body in proptest::collection::vec(any::<u8>(), 0..200), data in "\\PC{0,60}") {
            let auditor = crate::audit::shared();
            check(&body, auditor).ok();
            check(format!("language=en&data={data}").as_bytes(), auditor).ok();
            check(format!("language=en&text={data}").as_bytes(), auditor).ok();
        }
    }
}
