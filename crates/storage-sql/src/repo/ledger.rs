//! A zone's ledger.
//!
//! A row holds the whole event as it arrived, byte for byte, which is what its hash covers, and copies of what people
//! search for. The copies are never read back into events, but whoever changes one hides an event from a
//! search: rows tell whether they still agree.

use std::{borrow::Cow, collections::HashMap};

use async_trait::async_trait;
use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_crypto::canonical_json;
use caracal_ledger::chain::{Chain, HASH_VERSION, Taken, chain_hmac, event_hash, head_hmac};
use caracal_storage::{
    AppendOutcome, AuditFilter, AuditRow, Error, Ledger, LedgerEntry, LedgerHead, Page, PageRequest,
};
use serde_json::{Map, Value};

use super::chains::{begin, decode_head, position};
use crate::{
    batch::insert,
    paging::Listing,
    params::{json_list, params},
    partitions::ensure_partitions,
    row::Row,
    work::ZoneUnit,
};

const SELECT: &str = "SELECT id, event_json, ingested_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, \
     hash_version, signature, occurred_at, event_type, request_id, decision, application_id, session_id, authority_record_id, \
     labels FROM audit_events WHERE zone_id = $1";

/// What a batch carries to the insert, in this order.
const COLUMNS: [&str; 18] = [
    "zone_id",
    "id",
    "event_type",
    "request_id",
    "decision",
    "application_id",
    "session_id",
    "authority_record_id",
    "labels",
    "event_json",
    "signature",
    "occurred_at",
    "ingested_at",
    "chain_seq",
    "content_sha256",
    "prev_content_sha256",
    "chain_hmac",
    "hash_version",
];

/// What people search for, copied from an event.
#[derive(PartialEq, Eq)]
struct Copies {
    id: String,
    event_type: String,
    request_id: String,
    decision: String,
    application_id: Option<String>,
    session_id: Option<String>,
    authority_record_id: Option<String>,
    labels: Option<String>,
    occurred_at: Timestamp,
}

impl Copies {
    /// The copies that belong to `event`.
    fn of(event: &AuditEvent) -> Self {
        let metadata: Option<Map<String, Value>> = event
            .metadata_json
            .as_deref()
            .and_then(|raw| serde_json::from_str(raw.get()).ok());
        let metadata = metadata.as_ref();
        let labels = metadata
            .and_then(|members| members.get("agent_labels"))
            .and_then(Value::as_array);
        Self {
            id: event.id.clone(),
            event_type: searchable(&event.event_type),
            request_id: searchable(&event.request_id),
            decision: searchable(&event.decision),
            application_id: member(metadata, "application_id"),
            session_id: member(metadata, "agent_session_id"),
            authority_record_id: member(metadata, "session_id"),
            labels: labels.map(|labels| json_list(labels.iter().filter_map(Value::as_str).map(searchable))),
            occurred_at: event.occurred_at,
        }
    }

    /// The copies that a row holds.
    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            event_type: row.text("event_type")?,
            request_id: row.text("request_id")?,
            decision: row.text("decision")?,
            application_id: row.opt_text("application_id")?,
            session_id: row.opt_text("session_id")?,
            authority_record_id: row.opt_text("authority_record_id")?,
            labels: row.opt_text("labels")?,
            occurred_at: row.time("occurred_at")?,
        })
    }
}

fn decode(row: &Row) -> Result<AuditRow, Error> {
    let received = row.text("event_json")?;
    let event: AuditEvent = serde_json::from_str(&received)
        .map_err(|error| Error::Corrupt(format!("an event of the ledger cannot be read: {error}")))?;
    Ok(AuditRow {
        copies_agree: Copies::read(row)? == Copies::of(&event),
        event,
        received,
        ingested_at: row.time("ingested_at")?,
        chain_seq: row.int("chain_seq")?,
        hash_version: row.int("hash_version")?,
        content_sha256: row.text("content_sha256")?,
        prev_content_sha256: row.text("prev_content_sha256")?,
        chain_hmac: row.text("chain_hmac")?,
        signature: row.opt_text("signature")?,
    })
}

/// A copy to search by. NUL cannot be stored as text by PostgreSQL; the event itself keeps it, escaped.
fn searchable(text: &str) -> String {
    text.replace('\0', "")
}

/// A text member of the metadata.
fn member(metadata: Option<&Map<String, Value>>, name: &str) -> Option<String> {
    metadata?
        .get(name)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(searchable)
}

/// Whether two texts say the same event, however they are spelt (RFC 8785 decides).
fn same_event(known: &str, received: &str) -> bool {
    let canonical = |text| serde_json::from_str::<Value>(text).map(|value| canonical_json(&value));
    known == received
        || match (canonical(known), canonical(received)) {
            (Ok(known), Ok(received)) => known == received,
            _ => false,
        }
}

impl ZoneUnit {
    /// The end of the chain, held so that appends to one zone queue here and nowhere else.
    async fn held_head(&mut self) -> Result<LedgerHead, Error> {
        let sql = format!(
            "SELECT chain_seq, content_sha256, head_hmac, chain_number FROM audit_heads WHERE zone_id = $1{}",
            self.tx.dialect.for_update()
        );
        if let Some(row) = self.tx.one(sql.clone(), params![self.zone]).await? {
            return decode_head(&row);
        }
        let start = "INSERT INTO audit_heads (zone_id, chain_seq, content_sha256, head_hmac, chain_number) \
             VALUES ($1, 0, '', '', 0) ON CONFLICT (zone_id) DO NOTHING";
        self.tx.run(start, params![self.zone]).await?;
        match self.tx.one(sql, params![self.zone]).await? {
            Some(row) => decode_head(&row),
            None => Err(Error::Corrupt(String::from("a chain has no head"))),
        }
    }

    /// What the ledger has of the batch, by id.
    async fn known<'e>(
        &mut self,
        entries: &'e [LedgerEntry],
    ) -> Result<HashMap<&'e str, Cow<'e, str>>, Error> {
        let sql = format!(
            "SELECT id, event_json FROM audit_events WHERE zone_id = $1 AND {}",
            self.tx.dialect.is_one_of("id", 2)
        );
        let ids = json_list(entries.iter().map(|entry| entry.event.id.as_str()));
        let mut found = HashMap::new();
        for row in self.tx.all(sql, params![self.zone, ids]).await? {
            found.insert(row.text("id")?, row.text("event_json")?);
        }
        let known = entries.iter().filter_map(|entry| {
            let there = found.remove(&entry.event.id)?;
            Some((entry.event.id.as_str(), Cow::Owned(there)))
        });
        Ok(known.collect())
    }

    /// Stores where the chain ends now, and counts it if it began.
    async fn keep_head(&mut self, head: &LedgerHead) -> Result<(), Error> {
        let (key, chain) = (self.chain_key.as_ref(), Chain::Ledger(&self.zone));
        let tag = key
            .map(|key| head_hmac(key, chain, position(head.chain_seq), &head.content_sha256))
            .unwrap_or_default();
        let number = match head.chain_number {
            0 => begin(&self.tx, key, chain).await?,
            number => number,
        };
        let sql = "UPDATE audit_heads SET chain_seq = $2, content_sha256 = $3, head_hmac = $4, chain_number = $5 \
             WHERE zone_id = $1";
        let params = params![self.zone, head.chain_seq, head.content_sha256, tag, number];
        self.tx.run(sql, params).await.map(|_| ())
    }
}

#[async_trait]
impl Ledger for ZoneUnit {
    async fn append(&mut self, entries: &[LedgerEntry], at: Timestamp) -> Result<AppendOutcome, Error> {
        let mut outcome = AppendOutcome::default();
        if entries.is_empty() {
            return Ok(outcome);
        }
        // Ids with a NUL could not be found again on every backend; ids are ours or were checked on arrival.
        if entries.iter().any(|entry| entry.event.id.contains('\0')) {
            return Err(Error::Corrupt(String::from("an audit event id contains NUL")));
        }
        for entry in entries {
            self.own(&entry.event.zone_id)?;
        }
        let mut head = self.held_head().await?;
        let mut known = self.known(entries).await?;
        let mut batch = Vec::with_capacity(entries.len());
        for entry in entries {
            let event = &entry.event;
            if let Some(there) = known.get(event.id.as_str()) {
                if same_event(there, &entry.received) {
                    outcome.duplicates += 1;
                } else {
                    outcome.mismatches.push(event.id.clone());
                }
                continue;
            }
            let seq = head.chain_seq + 1;
            let taken = Taken {
                received: &entry.received,
                ingested_at: at,
                signature: entry.signature.as_deref(),
            };
            let content = hex::encode(event_hash(&self.zone, position(seq), &taken));
            let previous = &head.content_sha256;
            let link = match &self.chain_key {
                Some(key) => chain_hmac(key, &content, previous),
                None => String::new(),
            };
            let copies = Copies::of(event);
            batch.push(params![
                self.zone,
                copies.id,
                copies.event_type,
                copies.request_id,
                copies.decision,
                copies.application_id,
                copies.session_id,
                copies.authority_record_id,
                copies.labels,
                entry.received,
                entry.signature,
                copies.occurred_at,
                at,
                seq,
                content,
                previous,
                link,
                i64::from(HASH_VERSION),
            ]);
            known.insert(&event.id, Cow::Borrowed(&entry.received));
            head.chain_seq = seq;
            head.content_sha256 = content;
            outcome.inserted += 1;
        }
        if batch.is_empty() {
            return Ok(outcome);
        }
        ensure_partitions(&self.tx, entries.iter().map(|entry| entry.event.occurred_at)).await?;
        self.tx.keep_plans().await?;
        insert(&self.tx, "audit_events", &COLUMNS, batch, "").await?;
        self.keep_head(&head).await?;
        Ok(outcome)
    }

    async fn search(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
        let mut listing = Listing::new(SELECT, params![self.zone], "occurred_at", "id");
        listing.when("occurred_at", ">=", filter.since.map(Timestamp::as_micros));
        listing.when("occurred_at", "<", filter.until.map(Timestamp::as_micros));
        listing.when("request_id", "=", filter.request_id.as_deref());
        if filter.request_id.as_ref().is_some_and(|id| !id.is_empty()) {
            // What the partial index is about.
            listing.and("request_id <> ''");
        }
        listing.when("decision", "=", filter.decision.as_deref());
        if !filter.event_types.is_empty() {
            let n = listing.bind(json_list(&filter.event_types));
            listing.and(&self.tx.dialect.is_one_of("event_type", n));
        }
        listing.when("application_id", "=", filter.application_id.as_deref());
        listing.when("session_id", "=", filter.session_id.as_deref());
        listing.when("authority_record_id", "=", filter.authority_record_id.as_deref());
        if let Some(label) = &filter.label {
            let n = listing.bind(label);
            listing.and(&self.tx.dialect.has_member("labels", n));
        }
        listing.read(&self.tx, page, decode).await
    }

    async fn by_request(&mut self, request_id: &str) -> Result<Vec<AuditRow>, Error> {
        // The empty request id is shared by everything that had none.
        let sql = format!(
            "{SELECT} AND request_id = $2 AND request_id <> '' ORDER BY occurred_at, chain_seq LIMIT 1000"
        );
        self.tx
            .all(sql, params![self.zone, request_id])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn of_requests(
        &mut self,
        request_ids: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let sql = format!(
            "{SELECT} AND {} AND request_id <> '' AND event_type = $3 LIMIT $4",
            self.tx.dialect.is_one_of("request_id", 2)
        );
        let ids = json_list(request_ids);
        self.tx
            .all(sql, params![self.zone, ids, event_type, limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn range(&mut self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Error> {
        let sql = format!("{SELECT} AND chain_seq > $2 ORDER BY chain_seq LIMIT $3");
        self.tx
            .all(sql, params![self.zone, after, limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn head(&mut self) -> Result<LedgerHead, Error> {
        let sql =
            "SELECT chain_seq, content_sha256, head_hmac, chain_number FROM audit_heads WHERE zone_id = $1";
        self.tx
            .one(sql, params![self.zone])
            .await?
            .as_ref()
            .map_or(Ok(LedgerHead::default()), decode_head)
    }
}
