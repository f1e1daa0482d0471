//! Administrative audit chains.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::{HmacKey, canonical_json};
use caracal_ledger::chain::{Chain, HASH_VERSION, chain_hmac, head_hmac, record_hash};
use caracal_storage::{
    AdminAuditFilter, AdminAuditLog, AdminAuditRecord, AdminAuditRow, AdminChainRow, Error, Page, PageRequest,
};

use super::chains::{begin, position};
use crate::{
    paging::Listing,
    params::params,
    row::Row,
    sql::Tx,
    work::{GlobalUnit, ZoneUnit},
};

/// Chain of records that belong to no zone. Not an id, so no zone can have it.
pub(super) const DEPLOYMENT: &str = "*";

fn decode(row: &Row) -> Result<AdminAuditRow, Error> {
    Ok(AdminAuditRow {
        record: row.json("record_json")?,
        chain_seq: row.int("chain_seq")?,
        signed: !row.text("chain_hmac")?.is_empty(),
    })
}

/// A row as verification reads it. Its copies agree when they, and its chain, are those of the record.
pub(super) fn decode_link(row: &Row, zone: Option<&ZoneId>) -> Result<AdminChainRow, Error> {
    let stored: AdminAuditRecord = row.json("record_json")?;
    Ok(AdminChainRow {
        copies_agree: stored.id == row.text("id")?
            && stored.actor_id == row.opt_text("actor_id")?
            && stored.entity_type == row.opt_text("entity_type")?
            && stored.entity_id == row.opt_text("entity_id")?
            && stored.method == row.text("method")?
            && stored.request_id == row.text("request_id")?
            && stored.zone_id.as_ref() == zone
            && stored.occurred_at == row.time("occurred_at")?,
        id: row.text("id")?,
        record_json: row.text("record_json")?,
        occurred_at: row.time("occurred_at")?,
        chain_seq: row.int("chain_seq")?,
        hash_version: row.int("hash_version")?,
        content_sha256: row.text("content_sha256")?,
        prev_content_sha256: row.text("prev_content_sha256")?,
        chain_hmac: row.text("chain_hmac")?,
    })
}

async fn append(tx: &Tx, key: Option<&HmacKey>, record: &AdminAuditRecord) -> Result<(), Error> {
    let chain = record.zone_id.as_ref().map_or(DEPLOYMENT, ZoneId::as_str);
    // The upsert both starts a chain and holds its head; the number it returns is this record's.
    let claim = "INSERT INTO admin_audit_heads (chain_key, chain_seq, content_sha256, head_hmac, chain_number) \
         VALUES ($1, 1, '', '', 0) \
         ON CONFLICT (chain_key) DO UPDATE SET chain_seq = admin_audit_heads.chain_seq + 1 \
         RETURNING chain_seq, content_sha256, chain_number";
    let Some(head) = tx.one(claim, params![chain]).await? else {
        return Err(Error::Corrupt(String::from("a chain has no head")));
    };
    let (seq, previous) = (head.int("chain_seq")?, head.text("content_sha256")?);
    let unwritable = |source: serde_json::Error| Error::Corrupt(source.to_string());
    let value = serde_json::to_value(record).map_err(unwritable)?;
    let text =
        String::from_utf8(canonical_json(&value)).map_err(|source| Error::Corrupt(source.to_string()))?;
    let named = record.zone_id.as_ref().map_or(Chain::Deployment, Chain::Admin);
    let content = hex::encode(record_hash(named, position(seq), &text));
    let link = key
        .map(|key| chain_hmac(key, &content, &previous))
        .unwrap_or_default();
    let insert = "INSERT INTO admin_audit_events (chain_key, id, actor_id, entity_type, entity_id, method, request_id, \
         record_json, occurred_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, hash_version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let params = params![
        chain,
        record.id,
        record.actor_id,
        record.entity_type,
        record.entity_id,
        record.method,
        record.request_id,
        text,
        record.occurred_at,
        seq,
        content,
        previous,
        link,
        i64::from(HASH_VERSION),
    ];
    tx.run(insert, params).await?;
    let tag = key
        .map(|key| head_hmac(key, named, position(seq), &content))
        .unwrap_or_default();
    let number = match head.int("chain_number")? {
        0 => begin(tx, key, named).await?,
        number => number,
    };
    let advance = "UPDATE admin_audit_heads SET content_sha256 = $2, head_hmac = $3, chain_number = $4 \
         WHERE chain_key = $1";
    tx.run(advance, params![chain, content, tag, number])
        .await
        .map(|_| ())
}

async fn list(
    tx: &Tx,
    zone: &ZoneId,
    filter: &AdminAuditFilter,
    page: &PageRequest,
) -> Result<Page<AdminAuditRow>, Error> {
    let sql = "SELECT id, record_json, occurred_at, chain_seq, chain_hmac FROM admin_audit_events \
         WHERE chain_key = $1";
    let mut listing = Listing::new(sql, params![zone], "occurred_at", "id");
    listing.when("occurred_at", ">=", filter.since.map(Timestamp::as_micros));
    listing.when("occurred_at", "<", filter.until.map(Timestamp::as_micros));
    listing.when("actor_id", "=", filter.actor_id.as_deref());
    listing.when("entity_type", "=", filter.entity_type.as_deref());
    listing.when("entity_id", "=", filter.entity_id.as_deref());
    listing.when("method", "=", filter.method.as_deref());
    listing.read(tx, page, decode).await
}

#[async_trait]
impl AdminAuditLog for ZoneUnit {
    async fn append(&mut self, record: &AdminAuditRecord) -> Result<(), Error> {
        // A zone's unit of work writes its own chain only.
        match &record.zone_id {
            Some(zone) => self.own(zone)?,
            None => return Err(Error::MissingReference),
        }
        // The head of the chain is what the whole zone waits for: whatever else is left to write goes before it.
        self.count_unended().await?;
        append(&self.tx, self.chain_key.as_ref(), record).await
    }

    async fn list(
        &mut self,
        zone: &ZoneId,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error> {
        if *zone != self.zone {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        list(&self.tx, zone, filter, page).await
    }
}

#[async_trait]
impl AdminAuditLog for GlobalUnit {
    async fn append(&mut self, record: &AdminAuditRecord) -> Result<(), Error> {
        append(&self.tx, self.chain_key.as_ref(), record).await
    }

    async fn list(
        &mut self,
        zone: &ZoneId,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error> {
        list(&self.tx, zone, filter, page).await
    }
}
