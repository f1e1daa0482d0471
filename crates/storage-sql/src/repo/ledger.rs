//! A zone's ledger.
//!
//! A row holds the whole event as canonical JSON (RFC 8785), which is what its hash covers, and copies of what
//! people search for. The copies are never read back into events, but whoever changes one hides an event from a
//! search: rows tell whether they still agree.

use std::collections::HashMap;

use async_trait::async_trait;
use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_crypto::{
    canonical_json,
    ledger::{HASH_VERSION, chain_hmac, content_hash},
};
use caracal_storage::{
    AppendOutcome, AuditFilter, AuditRow, Error, Ledger, LedgerEntry, LedgerHead, Page, PageRequest,
};
use serde_json::{Map, Value};

use crate::{
    batch::insert,
    paging::Listing,
    params::{json_list, params},
    partitions::ensure_partitions,
    row::Row,
    work::ZoneUnit,
};

const SELECT: &str = "SELECT id, event_json, ingested_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, \
     signature, occurred_at, event_type, request_id, decision, application_id, session_id, authority_record_id, \
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
    fn of(event: &AuditEvent, metadata: Option<&Map<String, Value>>) -> Self {
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
    let event: AuditEvent = row.json("event_json")?;
    // An event is read leniently; a member that it does not know must not hide in the stored text.
    let nothing_added = canonical(&event)?.0 == row.text("event_json")?;
    let metadata: Option<Map<String, Value>> = event
        .metadata_json
        .as_deref()
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    Ok(AuditRow {
        copies_agree: nothing_added && Copies::read(row)? == Copies::of(&event, metadata.as_ref()),
        event,
        ingested_at: row.time("ingested_at")?,
        chain_seq: row.int("chain_seq")?,
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

/// The event as canonical JSON, and its metadata.
fn canonical(event: &AuditEvent) -> Result<(String, Option<Map<String, Value>>), Error> {
    let mut value = serde_json::to_value(event).map_err(|source| Error::Corrupt(source.to_string()))?;
    let text =
        String::from_utf8(canonical_json(&value)).map_err(|source| Error::Corrupt(source.to_string()))?;
    let metadata = match value.get_mut("metadata_json").map(Value::take) {
        Some(Value::Object(members)) => Some(members),
        _ => None,
    };
    Ok((text, metadata))
}

/// An entry already in the ledger.
struct Known {
    seq: i64,
    content: String,
}

impl ZoneUnit {
    /// The end of the chain, held so that appends to one zone queue here and nowhere else.
    async fn held_head(&mut self) -> Result<LedgerHead, Error> {
        let sql = format!(
            "SELECT chain_seq, content_sha256 FROM audit_heads WHERE zone_id = $1{}",
            self.tx.dialect.for_update()
        );
        if let Some(row) = self.tx.one(sql.clone(), params![self.zone]).await? {
            return decode_head(&row);
        }
        let start = "INSERT INTO audit_heads (zone_id, chain_seq, content_sha256) VALUES ($1, 0, '') \
             ON CONFLICT (zone_id) DO NOTHING";
        self.tx.run(start, params![self.zone]).await?;
        match self.tx.one(sql, params![self.zone]).await? {
            Some(row) => decode_head(&row),
            None => Err(Error::Corrupt(String::from("a chain has no head"))),
        }
    }

    /// Which of the batch's ids the ledger has.
    async fn known(&mut self, entries: &[LedgerEntry]) -> Result<HashMap<String, Known>, Error> {
        let sql = format!(
            "SELECT id, chain_seq, content_sha256 FROM audit_events WHERE zone_id = $1 AND {}",
            self.tx.dialect.is_one_of("id", 2)
        );
        let ids = json_list(entries.iter().map(|entry| entry.event.id.as_str()));
        let mut known = HashMap::new();
        for row in self.tx.all(sql, params![self.zone, ids]).await? {
            let entry = Known {
                seq: row.int("chain_seq")?,
                content: row.text("content_sha256")?,
            };
            known.insert(row.text("id")?, entry);
        }
        Ok(known)
    }

    /// Content hash of an event at a position of this zone's chain, in hex.
    fn content(&self, seq: i64, event: &str) -> String {
        hex::encode(content_hash(
            &self.zone,
            u64::try_from(seq).unwrap_or(0),
            event.as_bytes(),
        ))
    }
}

fn decode_head(row: &Row) -> Result<LedgerHead, Error> {
    Ok(LedgerHead {
        chain_seq: row.int("chain_seq")?,
        content_sha256: row.text("content_sha256")?,
    })
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
            let (text, metadata) = canonical(event)?;
            if let Some(there) = known.get(&event.id) {
                if self.content(there.seq, &text) == there.content {
                    outcome.duplicates += 1;
                } else {
                    outcome.mismatches.push(event.id.clone());
                }
                continue;
            }
            let seq = head.chain_seq + 1;
            let content = self.content(seq, &text);
            let link = match &self.chain_key {
                Some(key) => chain_hmac(key, &content, &head.content_sha256),
                None => String::new(),
            };
            let copies = Copies::of(event, metadata.as_ref());
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
                text,
                entry.signature,
                copies.occurred_at,
                at,
                seq,
                content,
                head.content_sha256,
                link,
                i64::from(HASH_VERSION),
            ]);
            known.insert(
                event.id.clone(),
                Known {
                    seq,
                    content: content.clone(),
                },
            );
            head = LedgerHead {
                chain_seq: seq,
                content_sha256: content,
            };
            outcome.inserted += 1;
        }
        if batch.is_empty() {
            return Ok(outcome);
        }
        ensure_partitions(&self.tx, entries.iter().map(|entry| entry.event.occurred_at)).await?;
        self.tx.keep_plans().await?;
        insert(&self.tx, "audit_events", &COLUMNS, batch, "").await?;
        let sql = "UPDATE audit_heads SET chain_seq = $2, content_sha256 = $3 WHERE zone_id = $1";
        self.tx
            .run(sql, params![self.zone, head.chain_seq, head.content_sha256])
            .await?;
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
        let sql = "SELECT chain_seq, content_sha256 FROM audit_heads WHERE zone_id = $1";
        self.tx
            .one(sql, params![self.zone])
            .await?
            .as_ref()
            .map_or(Ok(LedgerHead::default()), decode_head)
    }
}
