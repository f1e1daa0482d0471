//! The ledger: an append-only log for each zone.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId, audit::AuditEvent};
use caracal_ledger::{entry::Entry, merkle::Tile, terms::SearchedEvent};

use crate::{Error, Page, PageRequest};

/// An event on its way into the ledger.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// Zone whose log it joins.
    pub zone_id: ZoneId,
    /// What the event is found by, read from `received`.
    pub event: Arc<SearchedEvent>,
    /// Its JSON, byte for byte as it arrived: what the ledger keeps and hashes.
    pub received: Arc<str>,
    /// Which key its frame's signature was verified with; empty without one.
    pub producer_key: String,
}

impl LedgerEntry {
    /// An event that did not arrive in a frame: received as this build writes it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it cannot be written.
    pub fn written(event: &AuditEvent, producer_key: Option<String>) -> Result<Self, Error> {
        let received = serde_json::to_string(event).map_err(|error| Error::Corrupt(error.to_string()))?;
        Ok(Self {
            zone_id: event.zone_id.clone(),
            event: Arc::new(SearchedEvent::of(event)),
            received: received.into(),
            producer_key: producer_key.unwrap_or_default(),
        })
    }

    /// An event that arrived in a frame, which was verified with `producer_key`.
    ///
    /// # Errors
    /// Where `received` is no event.
    pub fn read(received: &str, producer_key: String) -> Result<Self, serde_json::Error> {
        let (zone_id, event) = SearchedEvent::read(received)?;
        Ok(Self {
            zone_id,
            event: Arc::new(event),
            received: received.into(),
            producer_key,
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

/// The end of a chain: of a zone's ledger as all chains are listed, or of an administrative one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerHead {
    /// Entries so far.
    pub chain_seq: i64,
    /// Root of the log, or content hash of the last record, lower-case hex; empty before the first.
    pub content_sha256: String,
    /// Keyed tag of chain, position and hash, lower-case hex; empty without a key and before the first.
    pub head_hmac: String,
    /// The how-manieth chain of the deployment it is, from 1; 0 before the first entry.
    pub chain_number: i64,
}

/// The end of a zone's log, as it says it itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogHead {
    /// The how-manieth chain of the deployment it is, from 1; 0 before the first entry.
    pub number: i64,
    /// Entries so far.
    pub size: u64,
    /// Roots of the perfect subtrees of its tree, from left to right.
    pub peaks: Vec<[u8; 32]>,
    /// Root of its tree, lower-case hex; empty before the first entry.
    pub root: String,
    /// Keyed tag of log, size and root, lower-case hex; empty without a key and before the first entry.
    pub root_hmac: String,
    /// Index of the first entry that is not in a sealed block.
    pub sealed: u64,
}

/// A stretch of a log as it is stored, with what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerBlock {
    /// Index of its first entry.
    pub first: u64,
    /// How many entries it is said to have.
    pub entries: u64,
    /// When the earliest of its events is said to have happened.
    pub occurred_from: Timestamp,
    /// When the latest of its events is said to have happened.
    pub occurred_until: Timestamp,
    /// Lowest and highest id of its events, as is said.
    pub ids: (String, String),
    /// When the last of them is said to have been taken.
    pub taken_at: Timestamp,
    /// The entries, packed.
    pub block: Vec<u8>,
}

/// That a sealed block has events with a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// What searches look for.
    pub term: i64,
    /// When the latest event of the block happened.
    pub occurred_until: Timestamp,
    /// Index of the block's first entry.
    pub first: u64,
}

/// An event with its place in the log.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// The event.
    pub event: AuditEvent,
    /// Its JSON, byte for byte as it arrived.
    pub received: String,
    /// When the ledger took it.
    pub ingested_at: Timestamp,
    /// Position in the zone's log, from 1: one more than its index.
    pub chain_seq: i64,
    /// Content hash of the entry, lower-case hex.
    pub content_sha256: String,
    /// Which key its frame's signature was verified with; empty without one.
    pub producer_key: String,
}

impl AuditRow {
    /// The entry that it is of `log`.
    pub fn entry<'r>(&'r self, log: &'r str) -> Entry<'r> {
        Entry {
            log,
            index: u64::try_from(self.chain_seq).unwrap_or(0).saturating_sub(1),
            body: &self.received,
            taken_at: self.ingested_at,
            producer_key: &self.producer_key,
        }
    }
}

/// Which events to list. Absent members match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

impl AuditFilter {
    /// Whether an event is searched for.
    pub fn picks(&self, event: &AuditEvent) -> bool {
        self.passes(&SearchedEvent::of(event))
    }

    /// As [`Self::picks`], of what was read of it.
    pub fn passes(&self, event: &SearchedEvent) -> bool {
        let is = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        self.since.is_none_or(|since| event.occurred_at >= since)
            && self.until.is_none_or(|until| event.occurred_at < until)
            && is(&self.request_id, Some(&event.request_id))
            && is(&self.decision, Some(&event.decision))
            && (self.event_types.is_empty() || self.event_types.contains(&event.event_type))
            && is(&self.application_id, event.application_id.as_deref())
            && is(&self.session_id, event.session_id.as_deref())
            && is(&self.authority_record_id, event.authority_record_id.as_deref())
            && self
                .label
                .as_ref()
                .is_none_or(|label| event.labels.contains(label))
    }
}

/// An entry of a log as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Where it stands, from 0.
    pub index: u64,
    /// The event or record, byte for byte as it arrived.
    pub body: String,
    /// When the log took it.
    pub taken_at: Timestamp,
    /// Which key its frame's signature was verified with; empty without one.
    pub producer_key: String,
}

impl StoredEntry {
    /// The entry that it is of `log`.
    pub fn entry<'r>(&'r self, log: &'r str) -> Entry<'r> {
        Entry {
            log,
            index: self.index,
            body: &self.body,
            taken_at: self.taken_at,
            producer_key: &self.producer_key,
        }
    }
}

/// A log of evidence: its entries stand in blocks and are the leaves of a tree.
#[async_trait]
pub trait Log: Send {
    /// The end of the log.
    async fn head(&mut self) -> Result<LogHead, Error>;
    /// Up to `limit` entries from `from` on, in the order of the log. What was pruned is passed over.
    async fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, Error>;
    /// Leaf hashes of the entries `range`, as far as there are such entries.
    async fn leaves(&mut self, range: Range<u64>) -> Result<Vec<[u8; 32]>, Error>;
    /// Hashes of a tile of the log's tree; `None` where the log has no entries for it yet.
    async fn tile(&mut self, tile: &Tile) -> Result<Option<Vec<[u8; 32]>>, Error>;
    /// Up to 256 full tiles of a level as they are stored, each with its index; one that is missing is passed over.
    async fn stored_tiles(&mut self, level: u8, range: Range<u64>) -> Result<Vec<StoredTile>, Error>;
    /// Up to `limit` blocks that begin at `from` or later, in the order of the log.
    async fn blocks(&mut self, from: u64, limit: u32) -> Result<Vec<LedgerBlock>, Error>;
    /// Up to `limit` blocks that have any of `entries` and may have one that happened in `within`, in the order of the log. The
    /// first may begin before `entries` does; none means that there are no more.
    async fn blocks_within(
        &mut self,
        entries: Range<u64>,
        within: Range<Timestamp>,
        limit: u32,
    ) -> Result<Vec<LedgerBlock>, Error>;
    /// Up to `limit` postings after `after`, in their order.
    async fn postings(&mut self, after: Option<Posting>, limit: u32) -> Result<Vec<Posting>, Error>;
}

/// Index of a tile in its level, and its hashes.
pub type StoredTile = (u64, Vec<[u8; 32]>);

/// The zone's ledger: the log of its events, and how they are found.
#[async_trait]
pub trait Ledger: Log {
    /// Appends a batch in the order in which its events happened, exactly once each: an id that is there already is a
    /// duplicate (the same event, however it is spelt) or a mismatch. Batches of one zone wait for each other.
    async fn append(&mut self, entries: &[LedgerEntry], at: Timestamp) -> Result<AppendOutcome, Error>;
    /// Events by `(occurred_at, id)`, newest first. Where a search has to look at much, its page may be short or empty and
    /// still name a next one.
    async fn search(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error>;
    /// Events of one request by `(occurred_at, chain_seq)`, oldest first. A page ends at its limit or past 512 KiB of events,
    /// and the last one may be empty.
    async fn by_request(&mut self, request_id: &str, page: &PageRequest) -> Result<Page<AuditRow>, Error>;
    /// Events of one type of any of these requests, in no particular order, at most `limit`. No request id is empty.
    async fn of_requests(
        &mut self,
        request_ids: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error>;
    /// Up to `limit` entries with `chain_seq > after`, in the order of the log.
    async fn range(&mut self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Error>;
    /// Moves up to `limit` events that earlier builds kept row by row to the end of the log, oldest first and as they were
    /// taken; how many there were.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when they do not verify.
    async fn adopt(&mut self, limit: u32) -> Result<u64, Error>;
}
