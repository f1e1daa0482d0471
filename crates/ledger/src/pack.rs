//! Evidence packs: chosen entries of a log with what proves them, which a stranger verifies offline.
//!
//! A pack is an archive of files in one order. The first is its manifest: what was asked, what is in it, and the hash of
//! each file. The manifest is the one entry of a log of its own, `packs/<id>`, whose checkpoint the deployment signs; so
//! whoever knows the deployment's keys knows who made the pack. Each chosen entry has its own proof against a checkpoint
//! of its log.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::{Digest32, sha256};
use serde::{Deserialize, Serialize};

pub use self::verifier::{PackFault, PackVerifier};
use crate::{entry::Entry, merkle::leaf_hash, terms::SearchedEvent};

mod verifier;

/// The form of packs that is written and read.
pub const FORMAT: &str = "caracal.evidence.pack.v1";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The checkpoint of the log whose one entry is the manifest.
pub const SIGNATURE: &str = "manifest.checkpoint";
/// The checkpoint that entries are proved against.
pub const CHECKPOINT: &str = "checkpoint";
/// The entries, a [`PackedEntry`] a line, in the order of the log.
pub const ENTRIES: &str = "entries.ndjson";

/// What was asked for. Events meet all members that are given. With them go, where somebody is asked about, the events of
/// the sessions that events of the authority records name, and all others of the same requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackQuery {
    /// Events of this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whose authority records these are, as the deployment said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// Events of any of these authority records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authority_record_ids: Vec<String>,
    /// Events that happened from then on.
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Events that happened before.
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl PackQuery {
    /// Whether somebody is asked about, so that other events of the same requests belong to it.
    pub fn is_about_somebody(&self) -> bool {
        self.session_id.is_some() || !self.authority_record_ids.is_empty()
    }

    /// Whether sessions that picked events name belong to it: mandates of a session have records of their own.
    pub fn follows_sessions(&self) -> bool {
        self.session_id.is_none() && !self.authority_record_ids.is_empty()
    }

    /// Whether an event is asked for by what it says itself.
    pub fn picks(&self, event: &SearchedEvent) -> bool {
        let session = self.session_id.as_deref();
        let records = &self.authority_record_ids;
        session.is_none_or(|session| event.session_id.as_deref() == Some(session))
            && (records.is_empty()
                || event
                    .authority_record_id
                    .as_ref()
                    .is_some_and(|record| records.contains(record)))
            && self.spans(event)
    }

    /// Whether an event happened in the span that is asked for.
    pub fn spans(&self, event: &SearchedEvent) -> bool {
        self.since.is_none_or(|since| event.occurred_at >= since)
            && self.until.is_none_or(|until| event.occurred_at < until)
    }
}

/// A file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
}

impl PackedFile {
    /// Of these bytes.
    pub fn of(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: content.len() as u64,
            sha256: hex::encode(sha256(content)),
        }
    }
}

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackManifest {
    /// [`FORMAT`].
    pub format: String,
    /// Id of the pack.
    pub pack: String,
    /// When it was made.
    pub made_at: String,
    /// Origin of the log that the entries are of.
    pub origin: String,
    /// Zone of that log.
    pub zone_id: ZoneId,
    /// Entries of the log that were searched, from its first on.
    pub size: u64,
    /// What was asked for.
    pub asked: PackQuery,
    /// How many entries there are in the pack.
    pub entries: u64,
    /// What the deployment says of entries that are not in the pack.
    pub completeness: String,
    /// The files behind manifest and signature, in the order of the archive.
    pub files: Vec<PackedFile>,
}

impl PackManifest {
    /// The log of a pack, as checkpoints name it behind the host.
    pub fn log(pack: &str) -> String {
        format!("packs/{pack}")
    }

    /// Leaf of the manifest with these bytes, which is the root of the pack's log.
    pub fn leaf(bytes: &[u8]) -> Digest32 {
        leaf_hash(&sha256(bytes))
    }
}

/// An entry of a pack with its way to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedEntry {
    /// Where it stands in the log, from 0.
    pub index: u64,
    /// The event, byte for byte as it arrived.
    pub body: String,
    /// When the ledger took it, in microseconds of the Unix epoch.
    pub taken_at: i64,
    /// The key that the producer's signature was verified with.
    pub producer_key: String,
    /// Hashes beside its way to the root, from the leaf up, in base64.
    pub proof: Vec<String>,
}

impl PackedEntry {
    /// An entry with its proof.
    pub fn of(entry: &Entry<'_>, proof: &[Digest32]) -> Self {
        Self {
            index: entry.index,
            body: entry.body.to_owned(),
            taken_at: entry.taken_at.as_micros(),
            producer_key: entry.producer_key.to_owned(),
            proof: proof.iter().map(|hash| STANDARD.encode(hash)).collect(),
        }
    }
}

/// RFC 3339 with microseconds.
mod instant {
    use caracal_core::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&at.to_rfc3339_micros()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Option::<Timestamp>::deserialize(deserializer)
    }
}
