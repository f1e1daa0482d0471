//! What a log asks of a witness, and what the witness decides (C2SP tlog-witness).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::Digest32;

use crate::{
    checkpoint::{Checkpoint, InvalidCheckpoint, SignedCheckpoint},
    merkle::{empty_root, verify_consistency},
    note::{InvalidNote, MAX_NOTE_BYTES, Note, NoteKey, NoteSignature},
    trust::{Distrust, Trust},
};

/// Most hashes of a proof that is read.
const MAX_PROOF: usize = 63;
/// Most bytes of a request: the old size, a proof and a note.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4096;

/// A checkpoint to be cosigned, and the proof that it continues what the witness saw last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size that the witness cosigned last; 0 before the first time.
    pub old_size: u64,
    /// Consistency proof from there (RFC 6962 §2.1.2).
    pub proof: Vec<Digest32>,
    /// What is to be cosigned.
    pub checkpoint: SignedCheckpoint,
}

/// Why bytes are no such request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// Not an old size, a proof, an empty line and a checkpoint.
    #[error("the body is `old` and a size, at most 63 hashes in base64, an empty line and a checkpoint")]
    Lines,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
}

impl AddCheckpoint {
    /// Reads a request. Nothing was verified yet.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        let text = std::str::from_utf8(bytes).map_err(|_| InvalidRequest::Lines)?;
        let (head, note) = text.split_once("\n\n").ok_or(InvalidRequest::Lines)?;
        let mut lines = head.split('\n');
        let digits = lines.next().and_then(|line| line.strip_prefix("old "));
        let digits = digits.ok_or(InvalidRequest::Lines)?;
        let old_size: u64 = digits.parse().map_err(|_| InvalidRequest::Lines)?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        // One more than is allowed, to be refused below.
        let proof: Option<Vec<Digest32>> = lines.take(MAX_PROOF.saturating_add(1)).map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF);
        if old_size.to_string() != digits {
            return Err(InvalidRequest::Lines);
        }
        Ok(Self {
            old_size,
            proof: proof.ok_or(InvalidRequest::Lines)?,
            checkpoint: SignedCheckpoint::parse(note.as_bytes())?,
        })
    }

    /// The request as it travels.
    pub fn encode(&self) -> String {
        let mut text = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", STANDARD.encode(hash));
        }
        text.push('\n');
        text.push_str(&self.checkpoint.encode());
        text
    }
}

/// The signature lines that a witness answers with.
///
/// # Errors
/// [`InvalidNote`].
pub fn parse_cosignatures(bytes: &[u8]) -> Result<Vec<NoteSignature>, InvalidNote> {
    // They are what stands below the text of a note.
    let note = Note::parse(&[b"-\n\n".as_slice(), bytes].concat())?;
    if note.text() == "-\n" {
        Ok(note.signatures().to_vec())
    } else {
        Err(InvalidNote::BadSignature)
    }
}

/// A text with something else than keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no verifier key")]
pub struct InvalidKeys(pub usize);

/// Reads verifier keys, one a line. Empty lines and those that begin with `#` say nothing.
///
/// # Errors
/// [`InvalidKeys`] with the number of the line, from 1.
pub fn parse_keys(text: &str) -> Result<Vec<NoteKey>, InvalidKeys> {
    (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| NoteKey::parse(line).map_err(|_| InvalidKeys(number)))
        .collect()
}

/// Why a checkpoint is not cosigned, in the order in which it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// No key of its log is known.
    #[error("the log is not known here")]
    UnknownLog,
    /// No known key of the log signed it, or one did so wrongly.
    #[error(transparent)]
    NotSigned(Distrust),
    /// The old size is larger than the new one.
    #[error("the old size is larger than that of the checkpoint")]
    OldSize,
    /// Another checkpoint was cosigned last: one of this size.
    #[error("the checkpoint cosigned last has {0} entries")]
    Conflict(u64),
    /// The log signed two trees of this size.
    #[error("another tree of {0} entries was cosigned")]
    SplitView(u64),
    /// The proof does not show that the tree continues the one that was cosigned last.
    #[error("the proof does not lead from the tree cosigned last to this one")]
    Inconsistent,
}

/// Whose checkpoints a witness cosigns.
#[derive(Debug, Clone)]
pub struct KnownLogs(Vec<NoteKey>);

impl KnownLogs {
    /// The logs of these keys. One that is named by a host stands for every log of it.
    pub fn new(keys: Vec<NoteKey>) -> Self {
        Self(keys)
    }

    /// Whether a known key of its log signed `checkpoint`.
    ///
    /// # Errors
    /// [`Declined::UnknownLog`], [`Declined::NotSigned`].
    pub fn check(&self, checkpoint: &SignedCheckpoint) -> Result<(), Declined> {
        let origin = checkpoint.checkpoint().origin.as_str();
        let keys: Vec<_> = self.0.iter().filter_map(|key| key.of_log(origin)).collect();
        let trust = Trust::new(origin, keys, Vec::new(), 0).map_err(|_| Declined::UnknownLog)?;
        trust.check(checkpoint).map_err(Declined::NotSigned)?;
        Ok(())
    }
}

/// Whether `asked` continues `last`, what was cosigned of the log before. That a key of the log signed it was
/// [checked](KnownLogs::check).
///
/// # Errors
/// [`Declined`]; then nothing is cosigned.
pub fn continues(last: Option<&Checkpoint>, asked: &AddCheckpoint) -> Result<(), Declined> {
    let new = asked.checkpoint.checkpoint();
    if asked.old_size > new.size {
        return Err(Declined::OldSize);
    }
    let (size, root) = last.map_or_else(|| (0, empty_root()), |last| (last.size, last.root));
    if asked.old_size != size {
        return Err(Declined::Conflict(size));
    }
    if size == new.size && root != new.root {
        return Err(Declined::SplitView(size));
    }
    if verify_consistency(size, new.size, &asked.proof, &root, &new.root) {
        Ok(())
    } else {
        Err(Declined::Inconsistent)
    }
}

#[cfg(test)]
mod tests;
