//! Hashes under a key: a record is told again in the next version of a return without its id being kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ReturnsError;

/// Makes keyed hashes: HMAC with SHA-256 (RFC 2104). The key belongs to the call and is destroyed when the call closes.
#[derive(Clone)]
pub struct HashKey {
    inner: Sha256,
    outer: Sha256,
}

/// Stands for one record, or one person, of one body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordKey(pub(crate) u128);

impl HashKey {
    /// A hasher under a key of any length.
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0u8; 64];
        if key.len() > block.len() {
            block[..32].copy_from_slice(&Sha256::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let padded = |pad: u8| {
            let mut hash = Sha256::new();
            hash.update(block.map(|b| b ^ pad));
            hash
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// The hash of some texts, each kept apart from the next by its length.
    pub fn hash<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> RecordKey {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update((part.len() as u64).to_le_bytes());
            inner.update(part);
        }
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        let hash = outer.finalize();
        let mut half = [0u8; 16];
        half.copy_from_slice(&hash[..16]);
        RecordKey(u128::from_be_bytes(half))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(secret)")
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<RecordKey> for String {
    fn from(key: RecordKey) -> Self {
        key.to_string()
    }
}

impl FromStr for RecordKey {
    type Err = ReturnsError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or_else(|| ReturnsError::Unknown {
            what: "record key",
            given: crate::error::cut(text),
            hint: "; 32 hexadecimal digits are needed".to_owned(),
        })
    }
}

impl TryFrom<String> for RecordKey {
    type Error = ReturnsError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // RFC 4231, test case 2: the key "Jefe". The length goes before the text here, so the text is given as the standard's
        // message only in the part that HMAC itself does.
        let mut inner = HashKey::new(b"Jefe").inner.clone();
        inner.update(b"what do ya want for nothing?");
        let mut outer = HashKey::new(b"Jefe").outer.clone();
        outer.update(inner.finalize());
        let hash = outer.finalize();
        assert_eq!(hash[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(hash[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn parts_are_kept_apart_and_keys_matter() {
        let one = HashKey::new(b"one");
        assert_ne!(one.hash([&b"ab"[..], b"c"]), one.hash([&b"a"[..], b"bc"]));
        assert_ne!(one.hash([&b"a"[..]]), HashKey::new(b"two").hash([&b"a"[..]]));
        let key = one.hash([&b"a"[..]]);
        assert_eq!(key.to_string().parse::<RecordKey>().unwrap(), key);
        assert!("xyz".parse::<RecordKey>().is_err());
    }
}
