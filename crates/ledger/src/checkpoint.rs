//! Checkpoints (C2SP tlog-checkpoint): how large a tree is and what its root is, signed by the log and its witnesses.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::{Digest32, log_key::LogSigningFailed};

use crate::note::{InvalidNote, Note, NoteKey, NoteSignature, NoteSigner, SignatureKind};

/// Most bytes of an origin: what the message of ML-DSA-44 has room for.
pub(crate) const MAX_ORIGIN_BYTES: usize = 255;

/// The end of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is of: a URL without scheme.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them (RFC 6962 §2.1).
    pub root: Digest32,
}

/// Why something is no checkpoint that is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCheckpoint {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] InvalidNote),
    /// Not three lines: origin, size, root.
    #[error("a checkpoint has three lines: origin, size and root")]
    Lines,
    /// Empty, longer than 255 bytes, or with control characters.
    #[error("an origin has 1 to 255 bytes without control characters")]
    Origin,
    /// Not a decimal number without leading zeroes.
    #[error("a size is a decimal number without leading zeroes")]
    Size,
    /// Not base64 of 32 bytes.
    #[error("a root is base64 of 32 bytes")]
    Root,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads a text. Extension lines are refused: nobody could audit them.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`].
    pub fn parse(text: &str) -> Result<Self, InvalidCheckpoint> {
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).splitn(4, '\n').collect();
        let [origin, size, root] = lines.as_slice() else {
            return Err(InvalidCheckpoint::Lines);
        };
        if origin.is_empty() || origin.len() > MAX_ORIGIN_BYTES || origin.chars().any(char::is_control) {
            return Err(InvalidCheckpoint::Origin);
        }
        let number: u64 = size.parse().map_err(|_| InvalidCheckpoint::Size)?;
        if number.to_string() != *size {
            return Err(InvalidCheckpoint::Size);
        }
        let root = STANDARD.decode(root).map_err(|_| InvalidCheckpoint::Root)?;
        Ok(Self {
            origin: (*origin).to_owned(),
            size: number,
            root: root.try_into().map_err(|_| InvalidCheckpoint::Root)?,
        })
    }

    /// What `kind` signs of it. `name` is the signing key's, `time` in seconds of the Unix epoch.
    fn message(&self, kind: SignatureKind, name: &str, time: u64) -> Vec<u8> {
        match kind {
            SignatureKind::Ed25519 => self.text().into_bytes(),
            SignatureKind::CosignatureEd25519 => {
                format!("cosignature/v1\ntime {time}\n{}", self.text()).into_bytes()
            }
            SignatureKind::CosignatureMlDsa44 => {
                let (name_length, origin_length) = (length_byte(name), length_byte(&self.origin));
                let start = 0_u64;
                [
                    b"subtree/v1\n\0".as_slice(),
                    &[name_length],
                    name.as_bytes(),
                    &time.to_be_bytes(),
                    &[origin_length],
                    self.origin.as_bytes(),
                    &start.to_be_bytes(),
                    &self.size.to_be_bytes(),
                    &self.root,
                ]
                .concat()
            }
        }
    }
}

/// Names of keys and origins have 255 bytes at most, or they would not be here.
fn length_byte(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(0)
}

/// A checkpoint with the signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// When it was made, in seconds of the Unix epoch; kinds without a time do not say.
    pub time: Option<u64>,
}

impl SignedCheckpoint {
    /// A checkpoint that nobody signed yet.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`] when what is made of the parts would not be read back.
    pub fn new(checkpoint: Checkpoint) -> Result<Self, InvalidCheckpoint> {
        let text = checkpoint.text();
        // An origin with line ends would be read back as something else.
        if Checkpoint::parse(&text)? != checkpoint {
            return Err(InvalidCheckpoint::Origin);
        }
        let note = Note::new(&text)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint. No signature was verified yet.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidCheckpoint> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { checkpoint, note })
    }

    /// As it travels.
    pub fn encode(&self) -> String {
        self.note.encode()
    }

    /// What is signed. To be believed only once a signature of a known key was verified.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        self.note.signatures()
    }

    /// Signs with `signer` at `time` (seconds of the Unix epoch), instead of an older signature of the same key.
    ///
    /// # Errors
    /// [`LogSigningFailed`].
    pub fn sign(&mut self, signer: &NoteSigner, time: u64) -> Result<(), LogSigningFailed> {
        let key = signer.public();
        let made = signer.sign(&self.checkpoint.message(key.kind(), key.name(), time))?;
        let signature = match key.kind() {
            SignatureKind::Ed25519 => made,
            SignatureKind::CosignatureEd25519 | SignatureKind::CosignatureMlDsa44 => {
                [time.to_be_bytes().as_slice(), &made].concat()
            }
        };
        self.note.add(NoteSignature {
            name: key.name().to_owned(),
            key_id: key.id(),
            signature,
        });
        Ok(())
    }

    /// Adds the signature of somebody else, such as a witness's. It is not verified here.
    pub fn add(&mut self, signature: NoteSignature) {
        self.note.add(signature);
    }

    /// What `key` says of the checkpoint: `None` when it did not sign, `Some(None)` when the line under its name and id
    /// is no signature of it.
    pub fn verify(&self, key: &NoteKey) -> Option<Option<Signed>> {
        let lines = self.note.signatures().iter();
        let mut of_key = lines.filter(|line| line.name == key.name() && line.key_id == key.id());
        let first = of_key.next()?;
        let verified = self.verify_line(key, first);
        // A second line under one key could only confuse; each has to hold.
        let all = of_key.all(|line| self.verify_line(key, line).is_some());
        Some(verified.filter(|_| all))
    }

    fn verify_line(&self, key: &NoteKey, line: &NoteSignature) -> Option<Signed> {
        let (time, signature) = match key.kind() {
            SignatureKind::Ed25519 => (None, line.signature.as_slice()),
            SignatureKind::CosignatureEd25519 | SignatureKind::CosignatureMlDsa44 => {
                let (time, signature) = line.signature.split_first_chunk::<8>()?;
                (Some(u64::from_be_bytes(*time)), signature)
            }
        };
        if time.is_some_and(|time| i64::try_from(time).is_err()) {
            return None;
        }
        let message = self
            .checkpoint
            .message(key.kind(), key.name(), time.unwrap_or_default());
        key.verify(&message, signature).then_some(Signed { time })
    }
}

#[cfg(test)]
pub(crate) mod tests;
