use candour_record::{Citation, DateOrUnknown};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Hash, LedgerError, canonical};

/// Longest entry in bytes: a C2SP entry bundle prefixes each with a 16-bit length.
pub const LONGEST_ENTRY: usize = 65_535;

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
    /// What sort of event, in dotted lower case: `recommendation.made`.
    pub kind: String,
    /// The permanent name of what it is about.
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
    /// What is said.
    pub payload: Value,
}

impl Entry {
    /// The bytes that are hashed: canonical JSON (RFC 8785), at most [`LONGEST_ENTRY`].
    pub fn to_canonical(&self) -> Result<Vec<u8>, LedgerError> {
        let bytes = canonical::to_canonical(&self.to_value()?)?.into_bytes();
        if bytes.len() > LONGEST_ENTRY {
            return Err(LedgerError::TooLong { subject: self.subject.clone(), bytes: bytes.len(), limit: LONGEST_ENTRY });
        }
        Ok(bytes)
    }

    /// Reads an entry back, and refuses bytes that are not exactly what [`to_canonical`](Self::to_canonical) writes.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.len() > LONGEST_ENTRY {
            return Err(LedgerError::TooLong { subject: "these bytes".to_owned(), bytes: bytes.len(), limit: LONGEST_ENTRY });
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|e| LedgerError::NotAnEntry { problem: e.to_string() })?;
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
        serde_json::to_value(self).map_err(|e| LedgerError::NotAnEntry { problem: e.to_string() })
    }
}

/// RFC 3339 in UTC with exactly three decimals, so that one moment has one spelling.
mod milliseconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        let whole = Timestamp::from_millisecond(moment.as_millisecond()).map_err(serde::ser::Error::custom)?;
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

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::from_canonical(&bytes);
        }
    }
}
