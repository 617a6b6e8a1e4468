use candour_record::{Citation, DateOrUnknown};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Hash, LedgerError, canonical};

/// Longest entry in bytes: a C2SP entry bundle prefixes each with a 16-bit length.
pub const LONGEST_ENTRY: usize = 65_535;

/// Most levels of arrays and objects a payload may nest, well under what common JSON readers accept.
pub const DEEPEST_PAYLOAD: usize = 64;

/// The version of the envelope that this crate writes and reads.
const VERSION: u8 = 1;

/// Who recorded an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// A person's or a program's name, as it should stand in public.
    pub name: String,
    /// In what part they acted.
    #[serde(flatten)]
    pub role: ActorRole,
}

/// In what part an [`Actor`] acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum ActorRole {
    /// A named person decided.
    Person,
    /// A person brought in a set of records made elsewhere.
    Importer,
    /// A program proposed; nothing is decided by it.
    Software {
        /// Which version of it.
        version: String,
    },
}

/// One event: what is said of what, when it happened, when and by whom it was recorded, and what it rests on.
///
/// The ledger does not know what kinds or payloads mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of this envelope; 1.
    pub version: u8,
    /// What sort of event, in dotted lower case (a-z, 0-9, `_`, `-`, at least one dot): `recommendation.made`.
    pub kind: String,
    /// The permanent name of what it is about; not empty.
    pub subject: String,
    /// When it was recorded. Kept to whole milliseconds.
    #[serde(with = "milliseconds")]
    pub recorded_at: Timestamp,
    /// Who recorded it.
    pub recorded_by: Actor,
    /// When it happened in the world; absent for what is not a dated happening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<DateOrUnknown>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// What is said: JSON without fractions, nested at most [`DEEPEST_PAYLOAD`] levels.
    pub payload: Value,
}

impl Entry {
    /// The bytes that are hashed: canonical JSON (RFC 8785), at most [`LONGEST_ENTRY`].
    pub fn to_canonical(&self) -> Result<Vec<u8>, LedgerError> {
        let bytes = canonical::to_canonical(&self.to_value()?)?.into_bytes();
        if bytes.len() > LONGEST_ENTRY {
            return Err(LedgerError::TooLong {
                subject: shortened(&self.subject),
                bytes: bytes.len(),
                limit: LONGEST_ENTRY,
            });
        }
        Ok(bytes)
    }

    /// Reads an entry back, and refuses bytes that are not exactly what [`to_canonical`](Self::to_canonical) writes.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.len() > LONGEST_ENTRY {
            return Err(LedgerError::TooLong {
                subject: "these bytes".to_owned(),
                bytes: bytes.len(),
                limit: LONGEST_ENTRY,
            });
        }
        let entry: Self =
            serde_json::from_slice(bytes).map_err(|e| LedgerError::NotAnEntry { problem: e.to_string() })?;
        if entry.to_canonical()? == bytes { Ok(entry) } else { Err(LedgerError::NotCanonical) }
    }

    /// A hash of what is said, without who recorded it and when, by which an import run twice can tell what is new.
    pub fn fact_key(&self) -> Result<Hash, LedgerError> {
        let mut value = self.to_value()?;
        if let Some(members) = value.as_object_mut() {
            members.remove("recorded_at");
            members.remove("recorded_by");
        }
        Ok(Sha256::digest(canonical::to_canonical(&value)?).into())
    }

    fn to_value(&self) -> Result<Value, LedgerError> {
        if self.version != VERSION {
            return Err(LedgerError::Version { given: self.version, known: VERSION });
        }
        if !is_kind(&self.kind) {
            return Err(LedgerError::Kind { given: shortened(&self.kind) });
        }
        if self.subject.is_empty() {
            return Err(LedgerError::NoSubject { kind: self.kind.clone() });
        }
        if canonical::nests_deeper_than(&self.payload, DEEPEST_PAYLOAD) {
            return Err(LedgerError::TooDeep { subject: shortened(&self.subject), limit: DEEPEST_PAYLOAD });
        }
        serde_json::to_value(self).map_err(|e| LedgerError::NotAnEntry { problem: e.to_string() })
    }
}

fn is_kind(kind: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    kind.contains('.') && kind.split('.').all(part)
}

/// Enough of a text to know it by in a message.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// RFC 3339 in UTC with exactly three decimals, so that one moment has one spelling.
mod milliseconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        let whole =
            Timestamp::from_millisecond(moment.as_millisecond()).map_err(serde::ser::Error::custom)?;
        to.serialize_str(&format!("{whole:.3}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn sample(subject: &str) -> Entry {
        Entry {
            version: 1,
            kind: "recommendation.made".to_owned(),
            subject: subject.to_owned(),
            recorded_at: "2026-11-24T10:00:00.5Z".parse().unwrap(),
            recorded_by: Actor { name: "A. Recorder".to_owned(), role: ActorRole::Person },
            effective: Some("2025-03".parse().unwrap()),
            citations: Vec::new(),
            payload: serde_json::json!({"text": "The Board should publish its returns."}),
        }
    }

    #[test]
    fn one_entry_has_one_spelling() {
        let bytes = sample("a-1").to_canonical().unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with("{\"effective\":\"2025-03\",\"kind\":"), "{text}");
        assert!(text.contains("\"recorded_at\":\"2026-11-24T10:00:00.500Z\""), "{text}");
        assert_eq!(Entry::from_canonical(&bytes).unwrap(), sample("a-1"));
        let spaced = text.replace(",\"kind\"", ", \"kind\"");
        assert_eq!(Entry::from_canonical(spaced.as_bytes()), Err(LedgerError::NotCanonical));
    }

    #[test]
    fn what_is_said_is_told_apart_from_who_said_it_when() {
        let first = sample("a-1");
        let mut again = first.clone();
        again.recorded_at = "2027-01-01T00:00:00Z".parse().unwrap();
        again.recorded_by.name = "Someone else".to_owned();
        assert_eq!(first.fact_key(), again.fact_key());
        again.payload = serde_json::json!({"text": "Something else."});
        assert_ne!(first.fact_key(), again.fact_key());
    }

    #[test]
    fn an_entry_too_long_for_a_bundle_is_refused() {
        let mut long = sample("a-1");
        long.payload = Value::String("x".repeat(LONGEST_ENTRY));
        assert!(matches!(long.to_canonical(), Err(LedgerError::TooLong { limit: LONGEST_ENTRY, .. })));
    }

    #[test]
    fn an_envelope_that_could_not_be_told_or_read_again_is_refused() {
        for kind in ["", "made", "Recommendation.made", "recommendation.", ".made", "a..b", "a.b c", "a.b\n"]
        {
            let entry = Entry { kind: kind.to_owned(), ..sample("a-1") };
            assert_eq!(entry.to_canonical(), Err(LedgerError::Kind { given: kind.to_owned() }));
        }
        assert_eq!(
            Entry { version: 2, ..sample("a-1") }.to_canonical(),
            Err(LedgerError::Version { given: 2, known: 1 })
        );
        assert!(matches!(sample("").to_canonical(), Err(LedgerError::NoSubject { .. })));

        let nested = |levels| (0..levels).fold(Value::from("x"), |inner, _| Value::Array(vec![inner]));
        let deepest = Entry { payload: nested(DEEPEST_PAYLOAD), ..sample("a-1") };
        assert_eq!(Entry::from_canonical(&deepest.to_canonical().unwrap()).unwrap(), deepest);
        let deeper = Entry { payload: nested(DEEPEST_PAYLOAD + 1), ..sample("a-1") };
        assert!(matches!(deeper.to_canonical(), Err(LedgerError::TooDeep { limit: DEEPEST_PAYLOAD, .. })));
        assert!(deeper.fact_key().is_err());
    }

    #[test]
    fn an_entry_of_exactly_the_longest_size_is_kept() {
        let mut entry = sample("a-1");
        entry.payload = Value::String(String::new());
        let spare = LONGEST_ENTRY - entry.to_canonical().unwrap().len();
        entry.payload = Value::String("x".repeat(spare));
        assert_eq!(entry.to_canonical().unwrap().len(), LONGEST_ENTRY);
        entry.payload = Value::String("x".repeat(spare + 1));
        assert!(entry.to_canonical().is_err());
    }

    #[test]
    fn other_spellings_of_an_entry_are_refused() {
        let text = String::from_utf8(sample("a-1").to_canonical().unwrap()).unwrap();
        for (canonical, other) in [
            (".500Z", ".5Z"),
            (".500Z", ".500000Z"),
            (".500Z", ".500+00:00"),
            ("\"name\":\"A.", "\"name\":\"\\u0041."),
            ("\"version\":1", "\"version\":1.0"),
            ("\"version\":1", "\"version\":1,\"version\":1"),
            ("\"role\":\"person\"", "\"role\":\"person\",\"team\":\"x\""),
            ("\"effective\":\"2025-03\"", "\"effective\":null"),
            ("\"payload\"", "\"citations\":[],\"payload\""),
        ] {
            let altered = text.replace(canonical, other);
            assert_ne!(altered, text);
            assert!(Entry::from_canonical(altered.as_bytes()).is_err(), "{altered}");
        }
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let citation = prop_oneof![
            Just(serde_json::json!({"source": "src-1"})),
            (any::<[u8; 32]>(), proptest::option::of(1u32..900), 0usize..9000, any::<String>()).prop_map(
                |(hash, page, start, quote)| {
                    let document = candour_record::ContentHash::from_bytes(hash);
                    let span = candour_record::Span::new(start, start + quote.chars().count());
                    let passage = candour_record::Passage { document, page, span, quote };
                    serde_json::to_value(Citation::Passage(passage)).unwrap()
                }
            ),
        ]
        .prop_map(|citation| serde_json::from_value::<Citation>(citation).unwrap());
        let role = prop_oneof![
            Just(ActorRole::Person),
            Just(ActorRole::Importer),
            any::<String>().prop_map(|version| ActorRole::Software { version }),
        ];
        let effective =
            proptest::sample::select(vec![None, Some("unknown"), Some("2025"), Some("2024-02-29")]);
        (
            "[a-z]{1,8}\\.[a-z_-]{1,8}",
            "\\PC{1,20}",
            -60_000_000_000_000i64..250_000_000_000_000,
            (any::<String>(), role),
            effective,
            proptest::collection::vec(citation, 0..3),
            canonical::tests::any_value(),
        )
            .prop_map(
                |(kind, subject, milliseconds, (name, role), effective, citations, payload)| Entry {
                    version: 1,
                    kind,
                    subject,
                    recorded_at: Timestamp::from_millisecond(milliseconds).unwrap(),
                    recorded_by: Actor { name, role },
                    effective: effective.map(|date| date.parse().unwrap()),
                    citations,
                    payload,
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(entry in any_entry()) {
            let bytes = entry.to_canonical().unwrap();
            prop_assert_eq!(Entry::from_canonical(&bytes).unwrap(), entry);
        }

        #[test]
        fn an_entry_with_any_byte_replaced_is_read_without_panic(at in any::<proptest::sample::Index>(), byte: u8) {
            let mut bytes = sample("a-1").to_canonical().unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(entry) = Entry::from_canonical(&bytes) {
                prop_assert_eq!(entry.to_canonical().unwrap(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::from_canonical(&bytes);
        }
    }
}
