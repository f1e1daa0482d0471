use proptest::prelude::*;

use super::*;
use crate::{
    checkpoint::tests::signer,
    merkle::{consistency_proof, leaf_hash, root},
    note::SignatureKind,
};

const ORIGIN: &str = "caracal.example/ledger/z-1";

fn leaves(count: u64) -> Vec<Digest32> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn checkpoint(leaves: &[Digest32]) -> Checkpoint {
    Checkpoint {
        origin: String::from(ORIGIN),
        size: leaves.len() as u64,
        root: root(leaves),
    }
}

fn asked(leaves: &[Digest32], old_size: u64) -> AddCheckpoint {
    let mut signed = SignedCheckpoint::new(checkpoint(leaves)).unwrap();
    signed
        .sign(&signer(ORIGIN, SignatureKind::Ed25519, 1), 0)
        .unwrap();
    AddCheckpoint {
        old_size,
        proof: consistency_proof(leaves, old_size).unwrap_or_default(),
        checkpoint: signed,
    }
}

#[test]
fn a_request_is_read_as_it_is_written_and_what_is_none_is_refused() {
    let good = asked(&leaves(11), 5);
    let text = good.encode();
    assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok(good));
    let many = format!("old 5\n{}", format!("{}\n", STANDARD.encode([1; 32])).repeat(64));
    for (from, to) in [
        ("old 5", "old 05"),
        ("old 5", "old +5"),
        ("old 5", "old -5"),
        ("old 5", "new 5"),
        ("old 5\n", "old 5\nAAAA\n"),
        ("old 5\n", many.as_str()),
        ("old 5\n", "old 5\n\n"),
        ("\n\n", "\n"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(AddCheckpoint::parse(changed.as_bytes()).is_err(), "{to:.20}");
    }
}

#[test]
fn growth_is_cosigned_and_nothing_else() {
    let known = leaves(11);
    for old in 0..=11_u64 {
        let last = checkpoint(&known[..usize::try_from(old).unwrap()]);
        let last = (old > 0).then_some(&last);
        assert_eq!(continues(last, &asked(&known, old)), Ok(()), "{old}");
    }
    let last = checkpoint(&known[..7]);
    let last = Some(&last);
    // Rolled back, by itself or with a made-up past.
    assert_eq!(continues(last, &asked(&known[..5], 7)), Err(Declined::OldSize));
    assert_eq!(
        continues(last, &asked(&known[..5], 3)),
        Err(Declined::Conflict(7))
    );
    assert_eq!(continues(last, &asked(&known, 0)), Err(Declined::Conflict(7)));
    assert_eq!(continues(None, &asked(&known, 7)), Err(Declined::Conflict(0)));
    // Another past.
    let mut other = known.clone();
    other[3] = leaf_hash(b"other");
    assert_eq!(continues(last, &asked(&other, 7)), Err(Declined::Inconsistent));
    assert_eq!(
        continues(last, &asked(&other[..7], 7)),
        Err(Declined::SplitView(7))
    );
    // A proof that is none.
    let mut broken = asked(&known, 7);
    broken.proof.pop();
    assert_eq!(continues(last, &broken), Err(Declined::Inconsistent));
    let mut broken = asked(&known, 0);
    broken.proof.push([0; 32]);
    assert_eq!(continues(None, &broken), Err(Declined::Inconsistent));
}

#[test]
fn only_checkpoints_that_a_known_log_signed_are_looked_at() {
    let checkpoint = asked(&leaves(3), 0).checkpoint;
    let by = |name: &str, seed| {
        let key = signer(name, SignatureKind::Ed25519, seed).public().clone();
        KnownLogs::new(vec![key]).check(&checkpoint)
    };
    assert_eq!(by("caracal.example", 1), Ok(()));
    assert_eq!(by(ORIGIN, 1), Ok(()));
    assert_eq!(
        by("caracal.example", 2),
        Err(Declined::NotSigned(Distrust::NotSigned))
    );
    assert_eq!(by("caracal.exampl", 1), Err(Declined::UnknownLog));
}

#[test]
fn keys_are_read_a_line_each() {
    let key = signer("a.example", SignatureKind::Ed25519, 1).public().clone();
    let text = format!("# ours\n\n  {}\n", key.encode());
    assert_eq!(parse_keys(&text), Ok(vec![key]));
    assert_eq!(parse_keys(&format!("{text}nonsense\n")), Err(InvalidKeys(4)));
}

#[test]
fn cosignatures_are_the_lines_of_a_note() {
    let mut signed = asked(&leaves(3), 0).checkpoint;
    let own = signed.encode();
    let witness = signer("w.example", SignatureKind::CosignatureEd25519, 3);
    signed.sign(&witness, 9).unwrap();
    let whole = signed.encode();
    let line = whole.strip_prefix(&own).unwrap();
    assert_eq!(
        parse_cosignatures(line.as_bytes()).unwrap(),
        signed.signatures()[1..]
    );
    for bad in ["", "\n", "nonsense\n", "a\n\n\u{2014} k AAAAAAA=\n"] {
        assert!(parse_cosignatures(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = parse_cosignatures(&bytes);
    }
}
