use caracal_crypto::{LogAlgorithm, LogSigningKey};

use super::*;

pub(crate) fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint {
        origin: String::from("caracal.example/ledger/z-1"),
        size,
        root: [u8::try_from(size % 256).unwrap(); 32],
    }
}

pub(crate) fn signer(name: &str, kind: SignatureKind, seed: u8) -> NoteSigner {
    let algorithm = match kind {
        SignatureKind::CosignatureMlDsa44 => LogAlgorithm::MlDsa44,
        _ => LogAlgorithm::Ed25519,
    };
    let key = LogSigningKey::from_seed(algorithm, &[seed; 32]).unwrap();
    NoteSigner::new(name, kind, key).unwrap()
}

const KINDS: [SignatureKind; 3] = [
    SignatureKind::Ed25519,
    SignatureKind::CosignatureEd25519,
    SignatureKind::CosignatureMlDsa44,
];

/// The example of the cosignature standard: text and message.
#[test]
fn the_messages_of_the_standard() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.text(), text);
    let message = checkpoint.message(SignatureKind::CosignatureEd25519, "w", 1_679_315_147);
    let expected = format!("cosignature/v1\ntime 1679315147\n{text}");
    assert_eq!(String::from_utf8(message).unwrap(), expected);
    let message = checkpoint.message(SignatureKind::CosignatureMlDsa44, "w", 1);
    assert_eq!(&message[..12], b"subtree/v1\n\0");
    assert_eq!(&message[12..14], b"\x01w");
    assert_eq!(message.len(), 12 + 2 + 8 + 1 + 27 + 8 + 8 + 32);
}

#[test]
fn what_is_signed_is_verified_and_nothing_else_is() {
    for kind in KINDS {
        let (ours, other) = (signer("log", kind, 1), signer("log", kind, 2));
        let mut signed = SignedCheckpoint::new(checkpoint(7)).unwrap();
        assert_eq!(signed.verify(ours.public()), None);
        signed.sign(&ours, 1_700_000_000).unwrap();
        let read = SignedCheckpoint::parse(signed.encode().as_bytes()).unwrap();
        assert_eq!(read, signed);
        let time = (kind != SignatureKind::Ed25519).then_some(1_700_000_000);
        assert_eq!(read.verify(ours.public()), Some(Some(Signed { time })));
        assert_eq!(read.verify(other.public()), None);
        // The same signature below another checkpoint.
        for changed in [
            checkpoint(8),
            Checkpoint {
                root: [9; 32],
                ..checkpoint(7)
            },
            Checkpoint {
                origin: String::from("caracal.example/ledger/z-2"),
                ..checkpoint(7)
            },
        ] {
            let mut moved = SignedCheckpoint::new(changed).unwrap();
            moved.add(read.signatures()[0].clone());
            assert_eq!(moved.verify(ours.public()), Some(None), "{kind:?}");
        }
        // Another time, and a line that is too short to hold one.
        for signature in [vec![0; 3], {
            let mut bytes = read.signatures()[0].signature.clone();
            bytes[7] ^= 1;
            bytes
        }] {
            let mut moved = SignedCheckpoint::new(checkpoint(7)).unwrap();
            moved.add(NoteSignature {
                signature,
                ..read.signatures()[0].clone()
            });
            assert_eq!(moved.verify(ours.public()), Some(None), "{kind:?}");
        }
    }
}

#[test]
fn a_newer_signature_of_a_key_replaces_the_older() {
    let ours = signer("w", SignatureKind::CosignatureEd25519, 1);
    let mut signed = SignedCheckpoint::new(checkpoint(7)).unwrap();
    signed.sign(&ours, 5).unwrap();
    signed.sign(&ours, 6).unwrap();
    assert_eq!(signed.signatures().len(), 1);
    assert_eq!(signed.verify(ours.public()), Some(Some(Signed { time: Some(6) })));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let root = STANDARD.encode([1; 32]);
    for (text, why) in [
        (String::from("o\n1\n"), InvalidCheckpoint::Lines),
        (format!("o\n1\n{root}\nextension\n"), InvalidCheckpoint::Lines),
        (format!("\n1\n{root}\n"), InvalidCheckpoint::Origin),
        (
            format!("{}\n1\n{root}\n", "o".repeat(256)),
            InvalidCheckpoint::Origin,
        ),
        (format!("o\n01\n{root}\n"), InvalidCheckpoint::Size),
        (format!("o\n+1\n{root}\n"), InvalidCheckpoint::Size),
        (format!("o\n-1\n{root}\n"), InvalidCheckpoint::Size),
        (
            format!("o\n18446744073709551616\n{root}\n"),
            InvalidCheckpoint::Size,
        ),
        (String::from("o\n1\nAAAA\n"), InvalidCheckpoint::Root),
        (String::from("o\n1\n!\n"), InvalidCheckpoint::Root),
    ] {
        assert_eq!(Checkpoint::parse(&text), Err(why), "{text:.30}");
    }
    let with_break = Checkpoint {
        origin: String::from("a\nb"),
        ..checkpoint(1)
    };
    assert_eq!(SignedCheckpoint::new(with_break), Err(InvalidCheckpoint::Lines));
}
