//! A pack verified file by file.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_crypto::Digest32;

use super::{CHECKPOINT, FORMAT, PackManifest, PackedEntry, SIGNATURE};
use crate::{
    chain::Chain,
    checkpoint::{InvalidCheckpoint, SignedCheckpoint},
    entry::Entry,
    merkle::verify_inclusion,
    note::NoteKey,
    terms::SearchedEvent,
    trust::{Distrust, InvalidTrust, Trust},
};

/// What of a pack does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackFault {
    /// The manifest is none.
    #[error("the manifest is none of this form")]
    Manifest,
    /// A checkpoint is none.
    #[error("`{0}` is no checkpoint")]
    Note(&'static str, #[source] InvalidCheckpoint),
    /// No key is known for it.
    #[error(
        "no key of the deployment that made the pack is trusted, or there are fewer witnesses than are asked for"
    )]
    Keys(#[from] InvalidTrust),
    /// A checkpoint is not believed.
    #[error("`{0}` is not believed")]
    Distrust(&'static str, #[source] Distrust),
    /// The manifest is not the one that was signed.
    #[error("the manifest is not the one that was signed")]
    Changed,
    /// A file is missing, there twice, out of its place, or none of the pack's.
    #[error("the file `{found}` stands where `{expected}` is expected")]
    Place {
        /// What the manifest says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file is not the one that was packed.
    #[error("the file `{0}` is not the one that was packed")]
    File(String),
    /// The checkpoint is of another size than the manifest says.
    #[error("the checkpoint is of {found} entries, and the manifest says {said}")]
    Size {
        /// What the manifest says.
        said: u64,
        /// What the checkpoint says.
        found: u64,
    },
    /// A line is no entry.
    #[error("line {line} of the entries is no entry")]
    Line {
        /// Which, from 1.
        line: u64,
    },
    /// Entries are out of order, or one is there twice.
    #[error("entry {index} (line {line}) stands behind a later one")]
    Order {
        /// Which line, from 1.
        line: u64,
        /// The entry.
        index: u64,
    },
    /// An entry is not in the log.
    #[error("entry {index} (line {line}): its proof does not lead to the root")]
    Proof {
        /// Which line, from 1.
        line: u64,
        /// The entry.
        index: u64,
    },
    /// An entry is not what was asked for.
    #[error("entry {index} is not what was asked for")]
    NotAsked {
        /// The entry.
        index: u64,
    },
    /// There are more or fewer entries than the manifest says.
    #[error("there are {found} entries, and the manifest says {said}")]
    Count {
        /// What the manifest says.
        said: u64,
        /// How many there are.
        found: u64,
    },
}

/// An entry that is not asked for by what it says itself.
#[derive(Debug)]
struct Related {
    index: u64,
    /// Its session, where it happened in the span.
    session: Option<String>,
    request: String,
}

/// Verifies a pack file by file, as an archive is read.
#[derive(Debug)]
pub struct PackVerifier<'k> {
    keys: &'k [NoteKey],
    manifest: PackManifest,
    log: String,
    /// Where files are.
    next: usize,
    checkpoint: Option<SignedCheckpoint>,
    lines: u64,
    last: Option<u64>,
    /// Requests and sessions that were asked about, and entries that have to be of one of them.
    requests: HashSet<String>,
    sessions: HashSet<String>,
    related: Vec<Related>,
}

impl<'k> PackVerifier<'k> {
    /// For the pack with this manifest and signature, when a key of the deployment among `keys` signed it.
    ///
    /// # Errors
    /// [`PackFault`].
    pub fn new(manifest: &[u8], signature: &[u8], keys: &'k [NoteKey]) -> Result<Self, PackFault> {
        let root = PackManifest::leaf(manifest);
        let manifest: PackManifest = serde_json::from_slice(manifest).map_err(|_| PackFault::Manifest)?;
        let log = Chain::Ledger(&manifest.zone_id).log();
        let host = manifest.origin.strip_suffix(&log);
        let host = host.and_then(|host| host.strip_suffix('/'));
        let host = host.filter(|_| manifest.format == FORMAT);
        let host = host.ok_or(PackFault::Manifest)?;
        let signed = SignedCheckpoint::parse(signature).map_err(|error| PackFault::Note(SIGNATURE, error))?;
        let origin = format!("{host}/{}", PackManifest::log(&manifest.pack));
        let trust = Trust::of_keys(&origin, keys.iter().cloned(), 0)?;
        trust
            .check(&signed)
            .map_err(|distrust| PackFault::Distrust(SIGNATURE, distrust))?;
        if (signed.checkpoint().size, signed.checkpoint().root) != (1, root) {
            return Err(PackFault::Changed);
        }
        Ok(Self {
            keys,
            manifest,
            log,
            next: 0,
            checkpoint: None,
            lines: 0,
            last: None,
            requests: HashSet::new(),
            sessions: HashSet::new(),
            related: Vec::new(),
        })
    }

    /// What the pack says of itself. It is signed.
    pub fn manifest(&self) -> &PackManifest {
        &self.manifest
    }

    /// Begins the next file of the archive.
    ///
    /// # Errors
    /// [`PackFault::Place`].
    pub fn begins(&self, name: &str) -> Result<(), PackFault> {
        let expected = self.manifest.files.get(self.next);
        let expected = expected.map_or("the end", |file| file.name.as_str());
        if expected == name {
            return Ok(());
        }
        Err(PackFault::Place {
            expected: expected.to_owned(),
            found: name.to_owned(),
        })
    }

    /// Ends the file that began, which has this length and hash.
    ///
    /// # Errors
    /// [`PackFault::File`].
    pub fn ends(&mut self, bytes: u64, hash: &Digest32) -> Result<(), PackFault> {
        let file = self.manifest.files.get(self.next).ok_or(PackFault::Manifest)?;
        if file.bytes != bytes || file.sha256 != hex::encode(hash) {
            return Err(PackFault::File(file.name.clone()));
        }
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Takes the checkpoint, when a key of the log and `threshold` witnesses signed it.
    ///
    /// # Errors
    /// [`PackFault`].
    pub fn checkpoint(&mut self, note: &[u8], threshold: usize) -> Result<(), PackFault> {
        let signed = SignedCheckpoint::parse(note).map_err(|error| PackFault::Note(CHECKPOINT, error))?;
        Trust::of_keys(&self.manifest.origin, self.keys.iter().cloned(), threshold)?
            .check(&signed)
            .map_err(|distrust| PackFault::Distrust(CHECKPOINT, distrust))?;
        let (said, found) = (self.manifest.size, signed.checkpoint().size);
        if said != found {
            return Err(PackFault::Size { said, found });
        }
        self.checkpoint = Some(signed);
        Ok(())
    }

    /// Takes the next line of the entries, without its end.
    ///
    /// # Errors
    /// [`PackFault`].
    pub fn entry(&mut self, line: &[u8]) -> Result<(), PackFault> {
        self.lines = self.lines.saturating_add(1);
        let line_number = self.lines;
        let none = PackFault::Line { line: line_number };
        let Ok(packed) = serde_json::from_slice::<PackedEntry>(line) else {
            return Err(none);
        };
        let index = packed.index;
        if self.last.is_some_and(|last| index <= last) {
            let line = line_number;
            return Err(PackFault::Order { line, index });
        }
        self.last = Some(index);
        let entry = Entry {
            log: &self.log,
            index,
            body: &packed.body,
            taken_at: Timestamp::from_micros(packed.taken_at),
            producer_key: &packed.producer_key,
        };
        let hash = |text: &String| STANDARD.decode(text).ok()?.try_into().ok();
        let proof: Option<Vec<Digest32>> = packed.proof.iter().map(hash).collect();
        let checkpoint = self.checkpoint.as_ref().map(SignedCheckpoint::checkpoint);
        let (Some(proof), Some(checkpoint)) = (proof, checkpoint) else {
            return Err(none);
        };
        if !verify_inclusion(&entry.leaf(), index, checkpoint.size, &proof, &checkpoint.root) {
            let line = line_number;
            return Err(PackFault::Proof { line, index });
        }
        let event: AuditEvent = serde_json::from_str(&packed.body).map_err(|_| none)?;
        self.asked(index, &event)
    }

    fn asked(&mut self, index: u64, event: &AuditEvent) -> Result<(), PackFault> {
        if event.zone_id != self.manifest.zone_id {
            return Err(PackFault::NotAsked { index });
        }
        let (asked, said) = (&self.manifest.asked, SearchedEvent::of(event));
        if asked.picks(&said) {
            self.requests.insert(event.request_id.clone());
            if asked.follows_sessions() {
                self.sessions.extend(said.session_id);
            }
        } else if asked.is_about_somebody() {
            let session = said.session_id.clone().filter(|_| asked.spans(&said));
            self.related.push(Related {
                index,
                session,
                request: event.request_id.clone(),
            });
        } else {
            return Err(PackFault::NotAsked { index });
        }
        Ok(())
    }

    /// What the pack says of itself, once everything was there and holds.
    ///
    /// # Errors
    /// [`PackFault`].
    pub fn finish(mut self) -> Result<PackManifest, PackFault> {
        if let Some(missing) = self.manifest.files.get(self.next) {
            return Err(PackFault::Place {
                expected: missing.name.clone(),
                found: String::from("the end"),
            });
        }
        let (said, found) = (self.manifest.entries, self.lines);
        if said != found {
            return Err(PackFault::Count { said, found });
        }
        self.requests.remove("");
        let sessions = &self.sessions;
        let followed = |one: &Related| one.session.as_ref().is_some_and(|one| sessions.contains(one));
        let (followed, others): (Vec<_>, Vec<_>) = self.related.into_iter().partition(followed);
        let requests = followed.into_iter().map(|one| one.request);
        self.requests
            .extend(requests.filter(|request| !request.is_empty()));
        if let Some(stray) = others.iter().find(|one| !self.requests.contains(&one.request)) {
            return Err(PackFault::NotAsked { index: stray.index });
        }
        if self.checkpoint.is_none() {
            return Err(PackFault::Manifest);
        }
        Ok(self.manifest)
    }
}
