//! YAML as far as rules of Vale's use it: one document of mappings, sequences and scalars.

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// Levels of a document; rules use three.
const DEEPEST: usize = 16;

/// A collection that is not closed yet.
enum Open {
    Sequence(Vec<Value>),
    /// The members so far, and the key whose value comes next.
    Mapping(Map<String, Value>, Option<String>),
}

/// Reads a document. Scalars stay text, whatever they look like: a replacement may be `yes`.
///
/// # Errors
/// With the line where it is no YAML, has an alias (rules need none, and aliases of aliases grow without bound), a key that is
/// no scalar or stands twice, or more than 16 levels.
pub(crate) fn document(yaml: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    for event in Parser::new_from_str(yaml) {
        let (event, place) = event.map_err(|e| format!("line {}: {}", e.marker().line(), e.info()))?;
        let fail = |reason: &str| Err(format!("line {}: {reason}", place.start.line()));
        let value = match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() == DEEPEST {
                    return fail("is nested more than 16 levels deep");
                }
                open.push(match event {
                    Event::SequenceStart(..) => Open::Sequence(Vec::new()),
                    _ => Open::Mapping(Map::new(), None),
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::Sequence(items)) => Value::Array(items),
                Some(Open::Mapping(members, _)) => Value::Object(members),
                None => continue,
            },
            Event::Alias(_) => return fail("has an alias; write the value out"),
            _ => continue,
        };
        match open.last_mut() {
            None if whole.is_some() => return fail("begins a second document; write one rule a file"),
            None => whole = Some(value),
            Some(Open::Sequence(items)) => items.push(value),
            Some(Open::Mapping(members, key)) => match (key.take(), value) {
                (Some(key), value) => {
                    members.insert(key, value);
                }
                (None, Value::String(name)) if members.contains_key(&name) => {
                    return fail(&format!("has the key {name} twice"));
                }
                (None, Value::String(name)) => *key = Some(name),
                (None, _) => return fail("has a key that is no word"),
            },
        }
    }
    whole.ok_or_else(|| "is empty".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;

    #[test]
    fn scalars_stay_text_and_what_could_grow_is_refused() {
        let read =
            document("extends: substitution\nswap:\n  'yes': no\ntokens: [a, {pattern: b}]\n").unwrap();
        assert_eq!(
            read,
            json!({"extends": "substitution", "swap": {"yes": "no"}, "tokens": ["a", {"pattern": "b"}]})
        );
        let refused = |yaml: &str| document(yaml).unwrap_err();
        assert_eq!(refused("a: &x [1]\nb: [*x, *x]"), "line 2: has an alias; write the value out");
        assert!(refused(&"[".repeat(40)).contains("more than 16 levels"));
        assert!(refused("a: 1\na: 2").contains("the key a twice"));
        assert!(refused("a: 1\n---\na: 2").contains("second document"));
        assert!(refused("? [a]\n: b").contains("no word"));
        assert!(refused("a: [b").starts_with("line "));
        assert_eq!(refused(""), "is empty");
    }
}
