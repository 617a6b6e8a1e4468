//! Canonical JSON: RFC 8785 for the values the ledger allows. Numbers are whole and within 2^53 of zero, so no two
//! writers can differ on how to print one.

use std::fmt::Write as _;

use serde_json::Value;

use crate::LedgerError;

/// 2^53 − 1, the largest whole number every JSON reader holds exactly (RFC 8785 §3.2.2.3, RFC 7493 §2.2).
const LARGEST: u64 = (1 << 53) - 1;

pub(crate) fn to_canonical(value: &Value) -> Result<String, LedgerError> {
    let mut out = String::new();
    write(value, &mut out, &mut String::new())?;
    Ok(out)
}

fn write(value: &Value, out: &mut String, path: &mut String) -> Result<(), LedgerError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let whole = number.as_i64().filter(|n| n.unsigned_abs() <= LARGEST);
            let whole = whole.ok_or_else(|| LedgerError::Number { path: path.clone() })?;
            // Writing to a String cannot fail.
            let _ = write!(out, "{whole}");
        }
        Value::String(text) => write_string(text, out),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                within(path, &index.to_string(), |path| write(value, out, path))?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            // RFC 8785 §3.2.3 sorts by UTF-16 code units, which differs from UTF-8 order above U+FFFF.
            keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                within(path, key, |path| write(&members[key], out, path))?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Whether a value nests arrays and objects further than so many levels. Looks no deeper than that itself.
pub(crate) fn nests_deeper_than(value: &Value, levels: usize) -> bool {
    let deeper = |inner: &Value| match levels.checked_sub(1) {
        Some(rest) => nests_deeper_than(inner, rest),
        None => true,
    };
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(deeper),
        Value::Object(members) => levels == 0 || members.values().any(deeper),
        _ => false,
    }
}

fn within<T>(path: &mut String, part: &str, act: impl FnOnce(&mut String) -> T) -> T {
    let before = path.len();
    path.push('/');
    // The two escapes of RFC 6901.
    path.push_str(&part.replace('~', "~0").replace('/', "~1"));
    let result = act(path);
    path.truncate(before);
    result
}

/// RFC 8785 §3.2.2.2: the short escapes where there is one, lower-case `\u` for other controls, all else as it is.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn members_sort_by_utf16_and_strings_escape_as_the_rfc_says() {
        // U+FB33 sorts before U+1F600 in UTF-8 and after it in UTF-16, whose surrogates begin with D8.
        let value =
            json!({"\u{fb33}": 1, "\u{1f600}": 2, "\r": 3, "1": 4, "\u{80}": 5, "€": 6, "a": [true, null]});
        assert_eq!(
            to_canonical(&value).unwrap(),
            "{\"\\r\":3,\"1\":4,\"a\":[true,null],\"\u{80}\":5,\"€\":6,\"\u{1f600}\":2,\"\u{fb33}\":1}"
        );
        assert_eq!(
            to_canonical(&json!("\u{1}\u{8}\t\n\u{c}\r\"\\/é")).unwrap(),
            "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/é\""
        );
    }

    #[test]
    fn numbers_without_an_exact_form_are_named() {
        let error = to_canonical(&json!({"a": [1, 0.5]})).unwrap_err();
        assert_eq!(error, LedgerError::Number { path: "/a/1".to_owned() });
        let error = to_canonical(&json!({"a/b~": 0.5})).unwrap_err();
        assert_eq!(error, LedgerError::Number { path: "/a~1b~0".to_owned() });
        for refused in
            [json!(LARGEST + 1), json!(-(LARGEST as i64) - 1), json!(u64::MAX), json!(i64::MIN), json!(1.0)]
        {
            assert!(to_canonical(&refused).is_err(), "{refused}");
        }
        assert_eq!(to_canonical(&json!(LARGEST)).unwrap(), "9007199254740991");
        assert_eq!(to_canonical(&json!(-(LARGEST as i64))).unwrap(), "-9007199254740991");
    }

    #[test]
    fn depth_is_counted_in_arrays_and_objects() {
        assert!(!nests_deeper_than(&json!("flat"), 0));
        assert!(nests_deeper_than(&json!([]), 0));
        assert!(!nests_deeper_than(&json!([{"a": 1}]), 2));
        assert!(nests_deeper_than(&json!([{"a": [1]}]), 2));
    }

    /// Any value the ledger can hold.
    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        let largest = LARGEST as i64;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-largest..=largest).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back_as_the_same_value(value in any_value()) {
            let canonical = to_canonical(&value).unwrap();
            let read: Value = serde_json::from_str(&canonical).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(to_canonical(&read).unwrap(), canonical);
        }
    }
}
