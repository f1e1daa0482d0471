//! Prune checkpoints: that the bodies of a log's oldest entries were deleted on purpose, signed by the log.
//!
//! The hashes of what is gone stay, so a prune checkpoint takes nothing away from a checkpoint, a receipt or a proof. It
//! says where a missing body is no fault, and its frontier lets a verifier begin behind it. Its first line and the
//! number of its lines keep it apart from a [checkpoint](crate::checkpoint), and every kind of key signs the whole text.

use std::{fmt::Write as _, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::{Digest32, log_key::LogSigningFailed};

use crate::{
    checkpoint::MAX_ORIGIN_BYTES,
    merkle::Frontier,
    note::{InvalidNote, Note, NoteKey, NoteSignature, NoteSigner},
};

/// Most ranges that one keeps.
pub const MAX_KEPT: usize = 1024;
/// Most bytes of a reason.
pub const MAX_REASON_BYTES: usize = 255;

const FIRST_LINE: &str = "caracal.evidence.prune.v1";

/// Up to where the bodies of a log are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// Which log it is of, as its checkpoints say.
    pub origin: String,
    /// The tree of the entries that may be gone, from the first on.
    pub frontier: Frontier,
    /// When it was signed, in seconds of the Unix epoch.
    pub time: u64,
    /// Why they are gone.
    pub reason: String,
    /// Entries among them that are still there, because they are held: in order, apart from each other.
    pub kept: Vec<Range<u64>>,
}

/// Why something is no prune checkpoint that is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrune {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] InvalidNote),
    /// Not its lines.
    #[error("a prune checkpoint is its first line, origin, size, root, time, reason, peaks and what is kept")]
    Lines,
    /// Empty, longer than 255 bytes, or with control characters.
    #[error("origin and reason have 1 to 255 bytes without control characters")]
    Text,
    /// Not a decimal number without leading zeroes.
    #[error("a number is decimal without leading zeroes")]
    Number,
    /// Nothing is gone, or the peaks are not those of the size and the root.
    #[error("the size, the root and the peaks do not belong together")]
    Tree,
    /// Out of order, empty, behind the size, or too many.
    #[error("what is kept is up to 1024 ranges in order, apart from each other and before the size")]
    Kept,
}

impl Prune {
    /// Number of entries up to which bodies may be gone.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Whether the body of the entry at `index` may be missing.
    pub fn permits(&self, index: u64) -> bool {
        index < self.size() && !self.kept.iter().any(|kept| kept.contains(&index))
    }

    /// The first of the entries `range` whose body may not be missing.
    pub fn first_refused(&self, range: &Range<u64>) -> Option<u64> {
        let kept = self
            .kept
            .iter()
            .map(|kept| kept.start.max(range.start)..kept.end.min(range.end));
        let behind = range.start.max(self.size())..range.end;
        kept.chain([behind])
            .find(|refused| !refused.is_empty())
            .map(|refused| refused.start)
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{FIRST_LINE}\n{}\n{}\n{}\ntime {}\nreason {}\npeaks",
            self.origin,
            self.size(),
            STANDARD.encode(self.frontier.root()),
            self.time,
            self.reason
        );
        for peak in self.frontier.peaks() {
            // Writing to a string cannot fail.
            let _ = write!(text, " {}", STANDARD.encode(peak));
        }
        text.push('\n');
        for kept in &self.kept {
            let _ = writeln!(text, "kept {} {}", kept.start, kept.end);
        }
        text
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidPrune`].
    pub fn parse(text: &str) -> Result<Self, InvalidPrune> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let lines: Vec<&str> = text.split('\n').collect();
        let [first, origin, size, root, time, reason, peaks, kept @ ..] = lines.as_slice() else {
            return Err(InvalidPrune::Lines);
        };
        let named = |line: &&'_ str, name: &str| {
            let line = line.strip_prefix(name).ok_or(InvalidPrune::Lines);
            line.map(str::to_owned)
        };
        if *first != FIRST_LINE {
            return Err(InvalidPrune::Lines);
        }
        let reason = named(reason, "reason ")?;
        for (part, most) in [(*origin, MAX_ORIGIN_BYTES), (&*reason, MAX_REASON_BYTES)] {
            if part.is_empty() || part.len() > most || part.chars().any(char::is_control) {
                return Err(InvalidPrune::Text);
            }
        }
        let size = number(size)?;
        let peaks = named(peaks, "peaks ")?;
        let peaks: Option<Vec<Digest32>> = peaks.split(' ').map(hash).collect();
        let peaks = peaks.ok_or(InvalidPrune::Tree)?;
        let frontier = Frontier::from_parts(size, peaks).map_err(|_| InvalidPrune::Tree)?;
        if size == 0 || hash(root) != Some(frontier.root()) {
            return Err(InvalidPrune::Tree);
        }
        if kept.len() > MAX_KEPT {
            return Err(InvalidPrune::Kept);
        }
        let (mut ranges, mut after) = (Vec::new(), None);
        for line in kept {
            let range = named(line, "kept ")?;
            let (start, end) = range.split_once(' ').ok_or(InvalidPrune::Lines)?;
            let range = number(start)?..number(end)?;
            if range.is_empty() || range.end > size || after.is_some_and(|after| range.start <= after) {
                return Err(InvalidPrune::Kept);
            }
            after = Some(range.end);
            ranges.push(range);
        }
        Ok(Self {
            origin: (*origin).to_owned(),
            frontier,
            time: number(&named(time, "time ")?)?,
            reason,
            kept: ranges,
        })
    }
}

fn number(text: &str) -> Result<u64, InvalidPrune> {
    let number: u64 = text.parse().map_err(|_| InvalidPrune::Number)?;
    if number.to_string() == text {
        Ok(number)
    } else {
        Err(InvalidPrune::Number)
    }
}

fn hash(text: &str) -> Option<Digest32> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A prune checkpoint with the signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPrune {
    prune: Prune,
    note: Note,
}

impl SignedPrune {
    /// One that nobody signed yet.
    ///
    /// # Errors
    /// [`InvalidPrune`] when what is made of the parts would not be read back.
    pub fn new(prune: Prune) -> Result<Self, InvalidPrune> {
        let text = prune.text();
        if Prune::parse(&text)? != prune {
            return Err(InvalidPrune::Text);
        }
        let note = Note::new(&text)?;
        Ok(Self { prune, note })
    }

    /// Reads one. No signature was verified yet.
    ///
    /// # Errors
    /// [`InvalidPrune`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidPrune> {
        let note = Note::parse(bytes)?;
        let prune = Prune::parse(note.text())?;
        Ok(Self { prune, note })
    }

    /// As it travels.
    pub fn encode(&self) -> String {
        self.note.encode()
    }

    /// What is signed. To be believed only once a signature of a known key was verified.
    pub fn prune(&self) -> &Prune {
        &self.prune
    }

    /// Signs with `signer`.
    ///
    /// # Errors
    /// [`LogSigningFailed`].
    pub fn sign(&mut self, signer: &NoteSigner) -> Result<(), LogSigningFailed> {
        let key = signer.public();
        let signature = signer.sign(self.note.text().as_bytes())?;
        self.note.add(NoteSignature {
            name: key.name().to_owned(),
            key_id: key.id(),
            signature,
        });
        Ok(())
    }

    /// Whether `key` signed it: `None` when there is no line of it, `Some(false)` when one under its name and id is no
    /// signature of it.
    pub fn verify(&self, key: &NoteKey) -> Option<bool> {
        let lines = self.note.signatures().iter();
        let of_key = lines.filter(|line| line.name == key.name() && line.key_id == key.id());
        of_key
            .map(|line| key.verify(self.note.text().as_bytes(), &line.signature))
            .reduce(|one, other| one && other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::{Checkpoint, SignedCheckpoint, tests::signer},
        merkle::leaf_hash,
        note::SignatureKind,
        trust::{Distrust, Trust},
    };

    const ORIGIN: &str = "a.example/ledger/z-1";

    fn prune(size: u64, kept: Vec<Range<u64>>) -> Prune {
        let mut frontier = Frontier::default();
        (0..size).for_each(|n| frontier.append(leaf_hash(&n.to_be_bytes())));
        Prune {
            origin: ORIGIN.to_owned(),
            frontier,
            time: 1_700_000_000,
            reason: String::from("older than 90 days"),
            kept,
        }
    }

    #[test]
    fn what_is_signed_is_read_back_and_believed_under_the_keys_of_the_log_alone() {
        let keys =
            [SignatureKind::Ed25519, SignatureKind::CosignatureMlDsa44].map(|kind| signer(ORIGIN, kind, 1));
        let mut signed = SignedPrune::new(prune(11, vec![2..4, 7..11])).unwrap();
        for key in &keys {
            signed.sign(key).unwrap();
        }
        let read = SignedPrune::parse(signed.encode().as_bytes()).unwrap();
        assert_eq!(read, signed);
        let public: Vec<NoteKey> = keys.iter().map(|key| key.public().clone()).collect();
        let trust = |keys: &[NoteKey]| Trust::new(ORIGIN, keys.to_vec(), vec![], 0).unwrap();
        for some in [&public[..], &public[..1], &public[1..]] {
            assert_eq!(trust(some).check_prune(&read), Ok(()));
        }
        let stranger = signer(ORIGIN, SignatureKind::Ed25519, 9).public().clone();
        assert_eq!(trust(&[stranger]).check_prune(&read), Err(Distrust::NotSigned));
        let other = Trust::new("a.example/ledger/z-2", public.clone(), vec![], 0).unwrap();
        assert_eq!(other.check_prune(&read), Err(Distrust::Origin(ORIGIN.to_owned())));
        // Every word counts.
        for (from, to) in [
            ("kept 7 11", "kept 8 11"),
            ("90 days", "91 days"),
            ("time 17", "time 18"),
        ] {
            let changed = SignedPrune::parse(signed.encode().replacen(from, to, 1).as_bytes()).unwrap();
            assert!(matches!(
                trust(&public).check_prune(&changed),
                Err(Distrust::BadSignature(_))
            ));
        }
    }

    #[test]
    fn it_never_is_taken_for_a_checkpoint_nor_a_checkpoint_for_it() {
        let key = signer(ORIGIN, SignatureKind::Ed25519, 1);
        let mut signed = SignedPrune::new(prune(5, vec![])).unwrap();
        signed.sign(&key).unwrap();
        assert!(SignedCheckpoint::parse(signed.encode().as_bytes()).is_err());
        let mut checkpoint = SignedCheckpoint::new(Checkpoint {
            origin: ORIGIN.to_owned(),
            size: 5,
            root: signed.prune().frontier.root(),
        })
        .unwrap();
        checkpoint.sign(&key, 0).unwrap();
        assert_eq!(
            SignedPrune::parse(checkpoint.encode().as_bytes()),
            Err(InvalidPrune::Lines)
        );
    }

    #[test]
    fn what_is_no_prune_checkpoint_is_refused() {
        let good = prune(11, vec![2..4, 7..11]).text();
        assert_eq!(Prune::parse(&good), Ok(prune(11, vec![2..4, 7..11])));
        for (from, to, why) in [
            ("prune.v1", "prune.v2", InvalidPrune::Lines),
            (ORIGIN, "", InvalidPrune::Text),
            ("older than 90 days", "", InvalidPrune::Text),
            ("reason ", "because ", InvalidPrune::Lines),
            ("\n11\n", "\n011\n", InvalidPrune::Number),
            ("\n11\n", "\n15\n", InvalidPrune::Tree),
            ("time 1", "time +1", InvalidPrune::Number),
            ("kept 2 4", "kept 2 2", InvalidPrune::Kept),
            ("kept 2 4", "kept 2 7", InvalidPrune::Kept),
            ("kept 7 11", "kept 7 12", InvalidPrune::Kept),
            ("kept 7 11", "kept 1 2", InvalidPrune::Kept),
            ("kept 7 11", "held 7 11", InvalidPrune::Lines),
        ] {
            assert_eq!(Prune::parse(&good.replacen(from, to, 1)), Err(why), "{from} {to}");
        }
        let empty = SignedPrune::new(prune(0, vec![]));
        assert_eq!(empty, Err(InvalidPrune::Lines));
        let many = (0..=MAX_KEPT as u64).map(|n| 2 * n..2 * n + 1).collect();
        assert_eq!(SignedPrune::new(prune(3000, many)), Err(InvalidPrune::Kept));
    }

    #[test]
    fn what_is_kept_may_not_be_missing() {
        let prune = prune(11, vec![2..4, 7..9]);
        let missing: Vec<u64> = (0..13).filter(|index| !prune.permits(*index)).collect();
        assert_eq!(missing, [2, 3, 7, 8, 11, 12]);
        assert_eq!(prune.first_refused(&(0..2)), None);
        assert_eq!(prune.first_refused(&(4..7)), None);
        assert_eq!(prune.first_refused(&(0..3)), Some(2));
        assert_eq!(prune.first_refused(&(3..8)), Some(3));
        assert_eq!(prune.first_refused(&(9..12)), Some(11));
        assert_eq!(prune.first_refused(&(12..14)), Some(12));
    }
}
