//! Keys and checkpoints against the `signed_note` crate, an implementation we did not write.

use candour_ledger::{Checkpoint, SigningKey, join_signatures, open, sign};
use proptest::prelude::*;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

fn theirs_accept(note: &[u8], verifier: &str) -> bool {
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(verifier).expect("a verifier key"))]);
    Note::from_bytes(note).is_ok_and(|note| note.verify(&known).is_ok())
}

fn key(name: &str, entropy: [u8; 32]) -> SigningKey {
    SigningKey::from_entropy(name, entropy).expect("a key name")
}

fn checkpoint(size: u64, root: [u8; 32]) -> Checkpoint {
    Checkpoint { origin: "example.org/log".to_owned(), size, root }
}

proptest! {
    #[test]
    fn what_we_sign_they_accept(name in "[a-z./]{1,20}", entropy: [u8; 32], size: u64, root: [u8; 32]) {
        let key = key(&name, entropy);
        let note = sign(&checkpoint(size, root), &key).unwrap();
        prop_assert!(theirs_accept(note.as_bytes(), &key.verifier().to_string()));
    }

    #[test]
    fn what_they_sign_we_open(name in "[a-z./]{1,20}", entropy: [u8; 32], size: u64, root: [u8; 32]) {
        let key = key(&name, entropy);
        let signer = StandardSigner::new(&key.to_private_text()).unwrap();
        let ours = sign(&checkpoint(size, root), &key).unwrap();
        let text = &ours[..=ours.find("\n\n").unwrap()];
        let mut note = Note::new(text.as_bytes(), &[]).unwrap();
        note.add_sigs(&[&signer]).unwrap();
        let theirs = String::from_utf8(note.to_bytes()).unwrap();
        // Ed25519 has one signature for a key and a text.
        prop_assert_eq!(&theirs, &ours);
        prop_assert_eq!(open(&theirs, &key.verifier()).unwrap(), checkpoint(size, root));
    }

    #[test]
    fn a_second_signature_of_theirs_is_kept(entropy: [u8; 32], size: u64, root: [u8; 32]) {
        let (key, witness) = (key("example.org/log", entropy), key("example.org/witness", [9; 32]));
        let ours = sign(&checkpoint(size, root), &key).unwrap();
        let mut note = Note::from_bytes(ours.as_bytes()).unwrap();
        note.add_sigs(&[&StandardSigner::new(&witness.to_private_text()).unwrap()]).unwrap();
        let witnessed = String::from_utf8(note.to_bytes()).unwrap();
        let joined = join_signatures(&ours, &witnessed).unwrap();
        prop_assert_eq!(&joined, &witnessed);
        for key in [&key, &witness] {
            prop_assert_eq!(open(&joined, &key.verifier()).unwrap(), checkpoint(size, root));
        }
    }

    /// Whatever is changed, both refuse it or both still find the signed text whole.
    #[test]
    fn of_an_altered_note_we_open_what_they_accept(
        entropy: [u8; 32],
        at: prop::sample::Index,
        take in 0usize..3,
        put in "[\n\r —a=+]{0,3}",
    ) {
        let key = key("example.org/log", entropy);
        let note: Vec<char> = sign(&checkpoint(12, [3; 32]), &key).unwrap().chars().collect();
        let at = at.index(note.len());
        let after = (at + take).min(note.len());
        let altered: String = note[..at].iter().copied().chain(put.chars()).chain(note[after..].iter().copied()).collect();
        let theirs = theirs_accept(altered.as_bytes(), &key.verifier().to_string());
        prop_assert_eq!(open(&altered, &key.verifier()).is_ok(), theirs, "{}", altered);
    }
}
