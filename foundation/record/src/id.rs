use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::RecordError;

/// Longest identifier, chosen so that an identifier is always a usable file name and address part.
const LONGEST: usize = 120;

fn check(kind: &'static str, given: &str) -> Result<(), RecordError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let begins_well = given.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if given.len() <= LONGEST && begins_well && given.chars().all(allowed) && !given.contains("..") {
        Ok(())
    } else {
        Err(RecordError::Id { kind, given: given.chars().take(LONGEST).collect(), limit: LONGEST })
    }
}

macro_rules! id {
    ($name:ident, $kind:literal, $doc:literal) => {
        #[doc = $doc]
        ///
        /// Lower-case letters, digits, `.`, `_` and `-`; at most 120. Permanent: it is part of public addresses.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and keeps an identifier.
            pub fn new(id: impl AsRef<str>) -> Result<Self, RecordError> {
                check($kind, id.as_ref())?;
                Ok(Self(id.as_ref().into()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = RecordError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::new(s)
            }
        }

        impl TryFrom<String> for $name {
            type Error = RecordError;
            fn try_from(s: String) -> Result<Self, Self::Error> {
                Self::new(s)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(BodyId, "body", "The permanent name of a [`Body`](crate::Body).");
id!(AreaId, "area", "The permanent name of an [`Area`](crate::Area).");
id!(InstrumentId, "instrument", "The permanent name of an [`Instrument`](crate::Instrument).");
id!(SourceId, "source", "The permanent name of a [`Source`](crate::Source).");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_as_file_names_and_addresses() {
        for good in ["iicsa-2022-01", "pf-avon-and-somerset", "a", "0", "e06000001", "v1.2_x"] {
            assert!(BodyId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "A", "a b", "a/b", "a..b", "é", &"a".repeat(121)] {
            assert!(BodyId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn serde_refuses_what_new_refuses() {
        assert!(serde_json::from_str::<SourceId>("\"../etc\"").is_err());
        let id: SourceId = serde_json::from_str("\"gov-1\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"gov-1\"");
    }
}
