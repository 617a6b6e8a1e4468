//! implements <https://c2sp.org/tlog-checkpoint> in a <https://c2sp.org/signed-note>, signed with Ed25519.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest, Sha256};

use crate::{Hash, LedgerError};

/// Most signature lines read of one note; signed-note asks for room for 16 at the least.
const MOST_SIGNATURES: usize = 100;

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
    if checkpoint.origin.is_empty() || has_control(&checkpoint.origin) {
        return Err(LedgerError::NotACheckpoint { problem: "its origin is not one line of plain text" });
    }
    let text = format!("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, STANDARD.encode(checkpoint.root));
    let mut signature = key.verifier().key_hash().to_vec();
    signature.extend(key.key.sign(text.as_bytes()).to_bytes());
    Ok(format!("{text}\n— {} {}\n", key.name, STANDARD.encode(signature)))
}

/// Reads a signed note and checks that the key signed it.
///
/// Signatures by others, such as witnesses, are passed over, and so are extension lines, which the signature covers
/// and this crate does not use. A note that carries a false signature in this key's name is refused, even beside a
/// good one. The caller compares the origin with the log it expects.
pub fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, LedgerError> {
    let note = Note::parse(note)?;
    let ours = |s: &&NoteSignature<'_>| s.name == key.name && s.key_hash == key.key_hash();
    let mut signatures = note.signatures.iter().filter(ours).peekable();
    let holds = |s: &NoteSignature<'_>| {
        Signature::from_slice(&s.signature)
            .is_ok_and(|signature| key.key.verify_strict(note.text.as_bytes(), &signature).is_ok())
    };
    if signatures.peek().is_none() || !signatures.all(holds) {
        return Err(LedgerError::BadSignature { key: key.name.clone() });
    }
    parse_checkpoint(note.text)
}

/// A note with the signature lines that another note of the same text carries and it does not, so that witnesses'
/// signatures outlive a checkpoint written anew. No signature is checked.
pub fn join_signatures(note: &str, other: &str) -> Result<String, LedgerError> {
    let (kept, more) = (Note::parse(note)?, Note::parse(other)?);
    if kept.text != more.text {
        return Err(wrong("the two notes sign different texts"));
    }
    let mut joined = note.to_owned();
    for signature in more.signatures.iter().filter(|s| kept.signatures.iter().all(|k| k.line != s.line)) {
        joined.push_str(signature.line);
        joined.push('\n');
    }
    Ok(joined)
}

/// A signed note: its text with the final newline, and the lines that follow the last blank one.
struct Note<'a> {
    text: &'a str,
    signatures: Vec<NoteSignature<'a>>,
}

struct NoteSignature<'a> {
    line: &'a str,
    name: &'a str,
    key_hash: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    fn parse(note: &'a str) -> Result<Self, LedgerError> {
        if note.split('\n').any(has_control) {
            return Err(wrong(
                "it holds a control character, such as the carriage return of another kind of line end",
            ));
        }
        let blank = note.rfind("\n\n").ok_or(wrong("it has no blank line before its signatures"))?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(wrong("its last line does not end"))?;
        if lines.split('\n').count() > MOST_SIGNATURES {
            return Err(wrong("it carries more than 100 signatures"));
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Option<_>>();
        Ok(Self {
            text,
            signatures: signatures.ok_or(wrong("a line below the blank one is not a signature"))?,
        })
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_hash, signature) = bytes.split_first_chunk::<4>()?;
        let sound = is_name(name) && !signature.is_empty();
        sound.then(|| Self { line, name, key_hash: *key_hash, signature: signature.to_vec() })
    }
}

fn parse_checkpoint(text: &str) -> Result<Checkpoint, LedgerError> {
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    if lines.iter().any(|line| line.is_empty()) {
        return Err(wrong("its text has an empty line"));
    }
    let [origin, size, root, ..] = lines[..] else {
        return Err(wrong("its text is not origin, size and root, a line each"));
    };
    let plain = size == "0" || (!size.starts_with('0') && size.bytes().all(|b| b.is_ascii_digit()));
    let size =
        if plain { size.parse().ok() } else { None }.ok_or(wrong("its size is not a decimal number"))?;
    let root = STANDARD.decode(root).map_err(|_| wrong("its root is not base64"))?;
    let root = Hash::try_from(root.as_slice()).map_err(|_| wrong("its root is not 32 bytes"))?;
    Ok(Checkpoint { origin: origin.to_owned(), size, root })
}

fn wrong(problem: &'static str) -> LedgerError {
    LedgerError::NotACheckpoint { problem }
}

/// Whether a line holds what signed-note forbids ("Format"): an ASCII control character.
fn has_control(line: &str) -> bool {
    line.bytes().any(|b| b < 0x20)
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
        if hex(key.verifier().key_hash()) == hash {
            Ok(key)
        } else {
            Err(wrong("its hash does not match its key"))
        }
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
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public)
            .map_err(|_| wrong("it is no point of the curve"))?;
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
    let problem = "its name is empty or holds a space, a plus sign or a control character";
    if is_name(name) { Ok(()) } else { Err(LedgerError::Key { wanted, problem }) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace) && !has_control(name)
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
        assert_eq!(join_signatures(&note, &witnessed).unwrap(), witnessed);
        assert_eq!(join_signatures(&witnessed, &note).unwrap(), witnessed);
        let later = sign(&Checkpoint { size: 20_852_164, ..checkpoint() }, &key).unwrap();
        assert!(join_signatures(&later, &witnessed).is_err());
    }

    #[test]
    fn a_note_outside_the_format_is_refused() {
        let key: SigningKey = GO_PRIVATE.parse().unwrap();
        let note = sign(&checkpoint(), &key).unwrap();
        let (text, line) = note.split_once("\n\n").unwrap();
        let false_line = line.replace(&line[line.len() - 9..line.len() - 5], "AAAA");
        for altered in [
            note.trim_end().to_owned(),
            note.replace('\n', "\r\n"),
            format!("{note}\n"),
            format!("{note}a line\n"),
            format!("{note}— no-signature AAAA\n"),
            format!("{note}{false_line}"),
            format!("{note}{}", "— witness.example AAAAAAAA\n".repeat(100)),
            text.to_owned(),
            String::new(),
        ] {
            assert!(open(&altered, &key.verifier()).is_err(), "{altered:?}");
        }
        for origin in ["", "two\nlines", "carriage\r", "tab\t"] {
            assert!(
                sign(&Checkpoint { origin: origin.to_owned(), ..checkpoint() }, &key).is_err(),
                "{origin:?}"
            );
        }
    }

    /// The text is signed as it stands, so only its own form can be at fault.
    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_refused() {
        let key: SigningKey = GO_PRIVATE.parse().unwrap();
        let signed = |text: &str| {
            let signature =
                [&key.verifier().key_hash()[..], &key.key.sign(text.as_bytes()).to_bytes()].concat();
            open(&format!("{text}\n— PeterNeumann {}\n", STANDARD.encode(signature)), &key.verifier())
        };
        let root = STANDARD.encode([7; 32]);
        let opened = signed(&format!("example.org/log\n0\n{root}\nan extension\n")).unwrap();
        assert_eq!(opened, Checkpoint { size: 0, ..checkpoint() });
        for text in [
            format!("\n1\n{root}\n"),
            format!("example.org/log\n01\n{root}\n"),
            format!("example.org/log\n+1\n{root}\n"),
            format!("example.org/log\n\n{root}\n"),
            format!("example.org/log\n18446744073709551616\n{root}\n"),
            format!("example.org/log\n1\n{}\n", STANDARD.encode([7; 31])),
            format!("example.org/log\n1\n{}\n", root.trim_end_matches('=')),
            format!("example.org/log\n1\n{root}\n\nextension\n"),
            "example.org/log\n1\n".to_owned(),
        ] {
            assert!(matches!(signed(&text), Err(LedgerError::NotACheckpoint { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_key_with_a_wrong_hash_is_refused() {
        assert!(GO_PUBLIC.replace("c74f20a3", "c74f20a4").parse::<VerifierKey>().is_err());
        assert!("name".parse::<VerifierKey>().is_err());
        for name in ["", "a b", "a+b", "a\u{1}b", "a\u{a0}b"] {
            assert!(SigningKey::from_entropy(name, [0; 32]).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_altered_byte_of_a_checkpoint_is_noticed(at: proptest::sample::Index, byte: u8) {
            let key: SigningKey = GO_PRIVATE.parse().unwrap();
            let note = sign(&checkpoint(), &key).unwrap();
            let mut bytes = note.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(open(&altered, &key.verifier()).is_err(), "{}", altered);
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text: String, shaped in "[a-z0-9\n]{1,9}\n\n(— [a-z+]{0,3} [A-Za-z0-9=]{0,12}\n){0,3}") {
            let key: SigningKey = GO_PRIVATE.parse().unwrap();
            for text in [&text, &shaped] {
                let _ = (open(text, &key.verifier()), join_signatures(text, text));
                let _ = (text.parse::<VerifierKey>(), text.parse::<SigningKey>());
            }
        }
    }
}
