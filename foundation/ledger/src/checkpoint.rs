//! implements <https://c2sp.org/tlog-checkpoint> in a <https://c2sp.org/signed-note>, signed with Ed25519.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest, Sha256};

use crate::{Hash, LedgerError};

/// The signature type byte of Ed25519 in signed-note.
const ED25519: u8 = 0x01;

/// What a log commits to: its name, how many entries it holds, and the root of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's permanent name, one line.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
}

/// A private key that signs checkpoints. Its `Debug` never shows the secret.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// The public half of a [`SigningKey`], in the text form `name+hash+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// The signed note of a checkpoint.
pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> Result<String, LedgerError> {
    if checkpoint.origin.is_empty() || checkpoint.origin.contains('\n') {
        return Err(LedgerError::NotACheckpoint { problem: "its origin is not one line of text" });
    }
    let text = format!("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, STANDARD.encode(checkpoint.root));
    let mut signature = key.verifier().key_hash().to_vec();
    signature.extend(key.key.sign(text.as_bytes()).to_bytes());
    Ok(format!("{text}\n— {} {}\n", key.name, STANDARD.encode(signature)))
}

/// Reads a signed note and checks that the key signed it. Signatures by others, such as witnesses, are passed over.
pub fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, LedgerError> {
    let wrong = |problem| LedgerError::NotACheckpoint { problem };
    let (text, signatures) = note.rsplit_once("\n\n").ok_or(wrong("it has no blank line before its signatures"))?;
    let text = format!("{text}\n");
    let signed = signatures.lines().any(|line| {
        let Some((name, encoded)) = line.strip_prefix("— ").and_then(|rest| rest.rsplit_once(' ')) else { return false };
        let Ok(bytes) = STANDARD.decode(encoded) else { return false };
        let Some((hash, signature)) = bytes.split_at_checked(4) else { return false };
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        name == key.name && hash == key.key_hash() && key.key.verify_strict(text.as_bytes(), &signature).is_ok()
    });
    if !signed {
        return Err(LedgerError::BadSignature { key: key.name.clone() });
    }
    let mut lines = text.lines();
    let origin = lines.next().filter(|o| !o.is_empty()).ok_or(wrong("it names no log"))?.to_owned();
    let size = lines.next().ok_or(wrong("it states no size"))?;
    let plain = size == "0" || (!size.starts_with('0') && size.bytes().all(|b| b.is_ascii_digit()));
    let size = if plain { size.parse().ok() } else { None }.ok_or(wrong("its size is not a decimal number"))?;
    let root = lines.next().and_then(|line| STANDARD.decode(line).ok()).ok_or(wrong("it states no root"))?;
    let root = Hash::try_from(root.as_slice()).map_err(|_| wrong("its root is not 32 bytes"))?;
    Ok(Checkpoint { origin, size, root })
}

impl SigningKey {
    /// A key from 32 bytes of fresh randomness. The name is public: a schemeless address, without spaces or plus signs.
    pub fn from_entropy(name: &str, entropy: [u8; 32]) -> Result<Self, LedgerError> {
        check_name(name, "signing")?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&entropy) })
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The text form `PRIVATE+KEY+name+hash+key`, to be kept secret.
    pub fn to_private_text(&self) -> String {
        let mut key = vec![ED25519];
        key.extend(self.key.to_bytes());
        format!("PRIVATE+KEY+{}+{}+{}", self.name, hex(self.verifier().key_hash()), STANDARD.encode(key))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

impl FromStr for SigningKey {
    type Err = LedgerError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |problem| LedgerError::Key { wanted: "signing", problem };
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or(wrong("it does not begin with PRIVATE+KEY+"))?;
        let (name, hash, bytes) = parts(rest).ok_or(wrong("it is not name, hash and key joined by +"))?;
        check_name(name, "signing")?;
        let secret = ed25519(&bytes).ok_or(wrong("it is not an Ed25519 key"))?;
        let key = Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&secret) };
        if hex(key.verifier().key_hash()) == hash { Ok(key) } else { Err(wrong("its hash does not match its key")) }
    }
}

impl VerifierKey {
    /// The key's public name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of name, newline, algorithm and key, cut to four bytes (signed-note, "Signatures").
    fn key_hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(self.key_hash()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = LedgerError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |problem| LedgerError::Key { wanted: "verifier", problem };
        let (name, hash, bytes) = parts(text).ok_or(wrong("it is not name, hash and key joined by +"))?;
        check_name(name, "verifier")?;
        let public = ed25519(&bytes).ok_or(wrong("it is not an Ed25519 key"))?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public).map_err(|_| wrong("it is no point of the curve"))?;
        let key = Self { name: name.to_owned(), key };
        if hex(key.key_hash()) == hash { Ok(key) } else { Err(wrong("its hash does not match its key")) }
    }
}

/// `name+hash+base64`; base64 may itself hold a plus sign, a name may not.
fn parts(text: &str) -> Option<(&str, &str, Vec<u8>)> {
    let (name, rest) = text.split_once('+')?;
    let (hash, key) = rest.split_once('+')?;
    Some((name, hash, STANDARD.decode(key).ok()?))
}

fn ed25519(bytes: &[u8]) -> Option<[u8; 32]> {
    match bytes.split_first() {
        Some((&ED25519, key)) => key.try_into().ok(),
        _ => None,
    }
}

fn check_name(name: &str, wanted: &'static str) -> Result<(), LedgerError> {
    if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
        return Err(LedgerError::Key { wanted, problem: "its name is empty or holds a space or a plus sign" });
    }
    Ok(())
}

fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example key of the Go implementation of signed notes, whose two halves were made by that implementation.
    const GO_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "example.org/log".to_owned(), size: 20_852_163, root: [7; 32] }
    }

    #[test]
    fn keys_agree_with_another_implementation() {
        let key: SigningKey = GO_PRIVATE.parse().unwrap();
        assert_eq!(key.verifier().to_string(), GO_PUBLIC);
        assert_eq!(key.to_private_text(), GO_PRIVATE);
        assert_eq!(GO_PUBLIC.parse::<VerifierKey>().unwrap(), key.verifier());
        assert_eq!(format!("{key:?}"), "SigningKey(PeterNeumann)");
    }

    #[test]
    fn a_checkpoint_opens_only_unaltered_and_with_its_own_key() {
        let key: SigningKey = GO_PRIVATE.parse().unwrap();
        let note = sign(&checkpoint(), &key).unwrap();
        assert_eq!(open(&note, &key.verifier()).unwrap(), checkpoint());
        assert!(open(&note.replace("20852163", "20852164"), &key.verifier()).is_err());
        let other = SigningKey::from_entropy("PeterNeumann", [1; 32]).unwrap();
        assert!(open(&note, &other.verifier()).is_err());
        let witnessed = format!("{note}— witness.example AAAAAAAA\n");
        assert_eq!(open(&witnessed, &key.verifier()).unwrap(), checkpoint());
    }

    #[test]
    fn a_key_with_a_wrong_hash_is_refused() {
        assert!(GO_PUBLIC.replace("c74f20a3", "c74f20a4").parse::<VerifierKey>().is_err());
        assert!("name".parse::<VerifierKey>().is_err());
        assert!(SigningKey::from_entropy("a b", [0; 32]).is_err());
    }

    proptest! {
        #[test]
        fn every_altered_byte_of_a_checkpoint_is_noticed(at in 0usize..100, flip in 1u8..=127) {
            let key: SigningKey = GO_PRIVATE.parse().unwrap();
            let note = sign(&checkpoint(), &key).unwrap();
            let mut bytes = note.clone().into_bytes();
            let at = at % (note.find("\n\n").unwrap() + 1);
            bytes[at] ^= flip;
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(open(&altered, &key.verifier()).is_err());
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,120}") {
            let key: SigningKey = GO_PRIVATE.parse().unwrap();
            let _ = open(&text, &key.verifier());
            let _ = text.parse::<VerifierKey>();
        }
    }
}
