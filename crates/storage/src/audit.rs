//! The ledger: append-only, hash-linked, per zone.

use async_trait::async_trait;
use caracal_core::{Timestamp, audit::AuditEvent};

use crate::{Error, Page, PageRequest};

/// An event on its way into the ledger.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// The event, read from `received`.
    pub event: AuditEvent,
    /// Its JSON, byte for byte as it arrived: what the ledger keeps and hashes.
    pub received: String,
    /// Its frame signature as it arrived (`sig`), kept as evidence of origin.
    pub signature: Option<String>,
}

impl LedgerEntry {
    /// An event that did not arrive in a frame: received as this build writes it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it cannot be written.
    pub fn written(event: AuditEvent, signature: Option<String>) -> Result<Self, Error> {
        let received = serde_json::to_string(&event).map_err(|error| Error::Corrupt(error.to_string()))?;
        Ok(Self {
            event,
            received,
            signature,
        })
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppendOutcome {
    /// Newly linked.
    pub inserted: u64,
    /// Already there with the same content.
    pub duplicates: u64,
    /// Ids already there with other content: tampering or a broken producer. Not linked.
    pub mismatches: Vec<String>,
}

/// The end of a zone's chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerHead {
    /// Entries so far.
    pub chain_seq: i64,
    /// Content hash of the last entry, lower-case hex; empty before the first.
    pub content_sha256: String,
    /// Keyed tag of chain, position and hash, lower-case hex; empty without a key and before the first.
    pub head_hmac: String,
    /// The how-manieth chain of the deployment it is, from 1; 0 before the first entry.
    pub chain_number: i64,
}

/// A linked event.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// The event.
    pub event: AuditEvent,
    /// Its JSON, byte for byte as it arrived.
    pub received: String,
    /// Whether what searches look at still repeats the event; `false` is tampering.
    pub copies_agree: bool,
    /// When the ledger took it.
    pub ingested_at: Timestamp,
    /// Position in the zone's chain, from 1.
    pub chain_seq: i64,
    /// Scheme of the hashes.
    pub hash_version: i64,
    /// Hash of zone, position, received bytes, `ingested_at` and `signature`, lower-case hex.
    pub content_sha256: String,
    /// Hash of the entry before; empty at the start.
    pub prev_content_sha256: String,
    /// Keyed link, lower-case hex; empty without a key.
    pub chain_hmac: String,
    /// Frame signature as it arrived.
    pub signature: Option<String>,
}

/// Which events to list. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Exact request.
    pub request_id: Option<String>,
    /// Exact decision.
    pub decision: Option<String>,
    /// Any of these types; empty matches all.
    pub event_types: Vec<String>,
    /// Metadata `application_id`.
    pub application_id: Option<String>,
    /// Metadata `agent_session_id`.
    pub session_id: Option<String>,
    /// Metadata `session_id` (authority record).
    pub authority_record_id: Option<String>,
    /// Member of metadata `agent_labels`.
    pub label: Option<String>,
}

/// The zone's ledger.
#[async_trait]
pub trait Ledger: Send {
    /// Links a batch in the given order, exactly once each: an id that is there already is a duplicate (the same
    /// event, however it is spelt) or a mismatch. One head read and one multi-row insert for the whole batch.
    async fn append(&mut self, entries: &[LedgerEntry], at: Timestamp) -> Result<AppendOutcome, Error>;
    /// Events by `(occurred_at, id)`, newest first.
    async fn search(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error>;
    /// Events of one request, oldest first, at most 1,000.
    async fn by_request(&mut self, request_id: &str) -> Result<Vec<AuditRow>, Error>;
    /// Events of one type of any of these requests, in no particular order, at most `limit`. No request id is empty.
    async fn of_requests(
        &mut self,
        request_ids: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error>;
    /// Up to `limit` entries with `chain_seq > after`, in chain order, for verification and export.
    async fn range(&mut self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Error>;
    /// The end of the chain.
    async fn head(&mut self) -> Result<LedgerHead, Error>;
}
