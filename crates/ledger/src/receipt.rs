//! Receipts: an entry, its way to the root and a signed checkpoint, in one text that is verified offline.
//!
//! The text is a C2SP tlog-proof whose extra data is the entry itself.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::Digest32;

use crate::{
    checkpoint::{InvalidCheckpoint, SignedCheckpoint},
    entry::{Entry, InvalidEntry},
    merkle::verify_inclusion,
    note::MAX_NOTE_BYTES,
    trust::{Distrust, Trust},
};

/// Most bytes of a receipt that is read: the largest entry in base64, a proof and a note.
pub const MAX_RECEIPT_BYTES: usize = 2 * 1024 * 1024;
/// Most hashes of a proof: the height of the largest tree.
const MAX_PROOF: usize = 64;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof that a log holds an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry as bytes ([`Entry::encode`]).
    pub entry: Vec<u8>,
    /// Where it stands, from 0.
    pub index: u64,
    /// Hashes beside its way to the root, from the leaf up.
    pub proof: Vec<Digest32>,
    /// The tree that it is proved against.
    pub checkpoint: SignedCheckpoint,
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReceipt {
    /// More than [`MAX_RECEIPT_BYTES`].
    #[error("a receipt has at most 2 MiB")]
    TooLarge,
    /// Not the lines of a receipt.
    #[error("a receipt is `c2sp.org/tlog-proof@v1`, the entry, its index, a proof and a checkpoint")]
    Lines,
    /// What stands behind `extra`.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
    /// What stands at the end.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// Its checkpoint is not believed.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// Its entry cannot be read.
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
    /// The entry says that it stands elsewhere.
    #[error("the entry stands at {0} by its own words")]
    Index(u64),
    /// The log's origin does not end with the log that the entry names.
    #[error("the entry is of the log `{0}`")]
    Log(String),
    /// The proof does not lead to the root.
    #[error("the proof does not lead from the entry to the root")]
    Proof,
}

impl Receipt {
    /// Reads a receipt. Nothing was verified yet.
    ///
    /// # Errors
    /// [`InvalidReceipt`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidReceipt> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(InvalidReceipt::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| InvalidReceipt::Lines)?;
        let (head, note) = text.split_once("\n\n").ok_or(InvalidReceipt::Lines)?;
        let lines: Vec<&str> = head.splitn(MAX_PROOF.saturating_add(4), '\n').collect();
        let [first, extra, index, proof @ ..] = lines.as_slice() else {
            return Err(InvalidReceipt::Lines);
        };
        let extra = extra.strip_prefix("extra ").ok_or(InvalidReceipt::Lines)?;
        let digits = index.strip_prefix("index ").ok_or(InvalidReceipt::Lines)?;
        let index: u64 = digits.parse().map_err(|_| InvalidReceipt::Lines)?;
        if *first != FIRST_LINE || index.to_string() != digits || proof.len() > MAX_PROOF {
            return Err(InvalidReceipt::Lines);
        }
        let hash = |line: &&str| STANDARD.decode(line).ok()?.try_into().ok();
        let proof = proof.iter().map(hash).collect::<Option<_>>();
        let entry = STANDARD.decode(extra).map_err(|_| InvalidReceipt::Lines)?;
        Entry::decode(&entry)?;
        Ok(Self {
            entry,
            index,
            proof: proof.ok_or(InvalidReceipt::Lines)?,
            checkpoint: SignedCheckpoint::parse(note.as_bytes())?,
        })
    }

    /// The receipt as it travels.
    pub fn encode(&self) -> String {
        let mut text = format!(
            "{FIRST_LINE}\nextra {}\nindex {}\n",
            STANDARD.encode(&self.entry),
            self.index
        );
        for hash in &self.proof {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", STANDARD.encode(hash));
        }
        text.push('\n');
        text.push_str(&self.checkpoint.encode());
        text
    }

    /// The entry, once everything holds: the checkpoint is believed, the entry is of its log and stands where the receipt
    /// says, and the proof leads from it to the root.
    ///
    /// # Errors
    /// [`Unproven`].
    pub fn verify(&self, trust: &Trust) -> Result<Entry<'_>, Unproven> {
        trust.check(&self.checkpoint)?;
        let checkpoint = self.checkpoint.checkpoint();
        let entry = Entry::decode(&self.entry)?;
        if entry.index != self.index {
            return Err(Unproven::Index(entry.index));
        }
        if checkpoint
            .origin
            .strip_suffix(entry.log)
            .is_none_or(|host| !host.ends_with('/'))
        {
            return Err(Unproven::Log(entry.log.to_owned()));
        }
        let (size, root) = (checkpoint.size, &checkpoint.root);
        if verify_inclusion(&entry.leaf(), self.index, size, &self.proof, root) {
            Ok(entry)
        } else {
            Err(Unproven::Proof)
        }
    }
}

// A note of the largest size leaves room for the entry.
const _: () = assert!(MAX_NOTE_BYTES < MAX_RECEIPT_BYTES / 4);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        checkpoint::{Checkpoint, tests::signer},
        entry::tests::entry,
        merkle::{inclusion_proof, root},
        note::{NoteSigner, SignatureKind},
    };

    const ORIGIN: &str = "caracal.example/ledger/z-1";

    fn log() -> NoteSigner {
        signer(ORIGIN, SignatureKind::Ed25519, 1)
    }

    fn trust() -> Trust {
        Trust::new(ORIGIN, vec![log().public().clone()], vec![], 0).unwrap()
    }

    fn receipt(index: u64) -> Receipt {
        let bodies: Vec<String> = (0..11).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
        let entries: Vec<_> = (0..).zip(&bodies).map(|(n, body)| entry(n, body)).collect();
        let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
        let mut checkpoint = SignedCheckpoint::new(Checkpoint {
            origin: ORIGIN.to_owned(),
            size: 11,
            root: root(&leaves),
        })
        .unwrap();
        checkpoint.sign(&log(), 0).unwrap();
        Receipt {
            entry: entries[usize::try_from(index).unwrap()].encode(),
            index,
            proof: inclusion_proof(&leaves, index).unwrap(),
            checkpoint,
        }
    }

    #[test]
    fn a_receipt_proves_its_entry_offline() {
        for index in 0..11 {
            let text = receipt(index).encode();
            let read = Receipt::parse(text.as_bytes()).unwrap();
            assert_eq!(read, receipt(index));
            let entry = read.verify(&trust()).unwrap();
            assert_eq!(entry.body, format!(r#"{{"n":{index}}}"#));
        }
    }

    #[test]
    fn a_receipt_with_anything_changed_proves_nothing() {
        let good = receipt(4);
        let other = receipt(5);
        let changed = |change: &dyn Fn(&mut Receipt)| {
            let mut receipt = good.clone();
            change(&mut receipt);
            receipt.verify(&trust()).map(|_| ())
        };
        assert_eq!(changed(&|_| ()), Ok(()));
        let said = entry(4, r#"{"n":99}"#).encode();
        assert_eq!(changed(&|r| r.entry.clone_from(&said)), Err(Unproven::Proof));
        assert_eq!(
            changed(&|r| r.entry.clone_from(&other.entry)),
            Err(Unproven::Index(5))
        );
        assert_eq!(changed(&|r| r.index = 5), Err(Unproven::Index(4)));
        assert_eq!(
            changed(&|r| r.proof.clone_from(&other.proof)),
            Err(Unproven::Proof)
        );
        assert_eq!(changed(&|r| r.proof.truncate(1)), Err(Unproven::Proof));
        assert_eq!(changed(&|r| r.proof.push([0; 32])), Err(Unproven::Proof));
        let mut foreign = entry(4, r#"{"n":4}"#);
        foreign.log = "ledger/z-2";
        let foreign = foreign.encode();
        assert_eq!(
            changed(&|r| r.entry.clone_from(&foreign)),
            Err(Unproven::Log(String::from("ledger/z-2")))
        );
        let mut ending = entry(4, r#"{"n":4}"#);
        ending.log = "z-1";
        assert_eq!(changed(&|r| r.entry = ending.encode()), Err(Unproven::Proof));
        let stranger = signer(ORIGIN, SignatureKind::Ed25519, 2);
        let trust = Trust::new(ORIGIN, vec![stranger.public().clone()], vec![], 0).unwrap();
        assert_eq!(good.verify(&trust), Err(Unproven::Distrust(Distrust::NotSigned)));
    }

    #[test]
    fn texts_that_are_no_receipt_are_refused() {
        let good = receipt(4).encode();
        for (from, to) in [
            (FIRST_LINE, "c2sp.org/tlog-proof@v2"),
            ("extra ", "extr "),
            ("extra ", "extra !"),
            ("index 4", "index 04"),
            ("index 4", "index -4"),
            ("index 4\n", ""),
            ("\n\n", "\n"),
        ] {
            let text = good.replacen(from, to, 1);
            assert!(Receipt::parse(text.as_bytes()).is_err(), "{from} {to}");
        }
        let many = format!("index 4\n{}", "AAAA\n".repeat(70));
        assert!(Receipt::parse(good.replacen("index 4\n", &many, 1).as_bytes()).is_err());
        assert_eq!(
            Receipt::parse(&vec![b'a'; MAX_RECEIPT_BYTES + 1]),
            Err(InvalidReceipt::TooLarge)
        );
        assert!(Receipt::parse(b"\xff").is_err());
    }

    proptest! {
        #[test]
        fn no_changed_byte_of_a_receipt_is_believed(at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let good = receipt(4);
            let mut text = good.encode().into_bytes();
            let at = at.index(text.len());
            prop_assume!(text[at] != with);
            text[at] = with;
            if let Ok(read) = Receipt::parse(&text) {
                prop_assert!(read.verify(&trust()).is_err());
            }
        }
    }
}
