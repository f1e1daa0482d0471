//! Logs of administrative records.

use std::borrow::Cow;

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::canonical_json;
use caracal_ledger::{
    block::BlockEntry,
    chain::{HASH_VERSION, record_hash, verify_chain, verify_head},
    entry::MAX_BODY_BYTES,
    terms::{Indexed, SearchedRecord, Term},
};
use caracal_storage::{AdminAuditFilter, AdminAuditRecord, AdminAuditRow, Error, LogHead, Page, PageRequest};

use super::{
    super::chains::{DEPLOYMENT, position},
    blocks::Item,
    logs::stored,
    query::Query,
};
use crate::{log_unit::LogUnit, params::params};

/// Rows of the earlier form that are moved at a time.
const BATCH: u32 = 1024;

fn passes(filter: &AdminAuditFilter, record: &SearchedRecord) -> bool {
    let is = |wanted: &Option<String>, has: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
    };
    filter.since.is_none_or(|since| record.occurred_at >= since)
        && filter.until.is_none_or(|until| record.occurred_at < until)
        && is(&filter.actor_id, record.actor_id.as_deref())
        && is(&filter.entity_type, record.entity_type.as_deref())
        && is(&filter.entity_id, record.entity_id.as_deref())
        && is(&filter.method, Some(&record.method))
}

impl LogUnit<'_> {
    /// Appends records as canonical JSON.
    pub(crate) async fn append_records(&mut self, records: &[AdminAuditRecord]) -> Result<(), Error> {
        let mut log = self.held_log().await?;
        if log.size == 0 && self.adopt_held(&log).await? > 0 {
            log = self.held_log().await?;
        }
        let mut entries = Vec::with_capacity(records.len());
        for record in records {
            let value = serde_json::to_value(record).map_err(|source| Error::Corrupt(source.to_string()))?;
            let body = String::from_utf8(canonical_json(&value));
            let body = body.map_err(|source| Error::Corrupt(source.to_string()))?;
            // Ids are ours; with a NUL one could not be found again on every backend.
            if body.len() > MAX_BODY_BYTES || record.id.contains('\0') {
                return Err(Error::Corrupt(String::from(
                    "an administrative record is larger than an entry may be, or its id contains NUL",
                )));
            }
            entries.push(self.record(body, record.occurred_at)?);
        }
        let tail = self.tail(&log).await?;
        self.extend(log, tail, entries).await
    }

    /// A record as an entry. Nobody signs it on its way: it is written where it is kept, when it happens.
    fn record(&self, body: String, at: Timestamp) -> Result<(BlockEntry<'static>, Indexed), Error> {
        let (zone, said) = Indexed::read(self.log.chain(), &body)
            .map_err(|error| Error::Corrupt(format!("an administrative record cannot be read: {error}")))?;
        if zone.as_ref() != self.log.zone() {
            return Err(Error::MissingReference);
        }
        let kept = BlockEntry {
            body: Cow::Owned(body),
            taken_at: at,
            producer_key: Cow::Borrowed(""),
        };
        Ok((kept, said))
    }

    pub(in crate::repo) async fn list_records(
        &mut self,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error> {
        let signed = self.head().await?.is_some_and(|log| !log.root_hmac.is_empty());
        let asked = [
            filter.actor_id.as_deref().map(|id| (Term::Actor(id), id)),
            filter
                .entity_type
                .as_deref()
                .map(|kind| (Term::EntityType(kind), kind)),
            filter.entity_id.as_deref().map(|id| (Term::Entity(id), id)),
            filter
                .method
                .as_deref()
                .map(|method| (Term::Method(method), method)),
        ];
        let asked = || asked.iter().flatten();
        let query = Query {
            terms: asked().map(|(term, _)| vec![term.hash()]).collect(),
            values: asked().map(|(_, value)| *value).collect(),
            since: filter.since,
            until: filter.until,
            everything: *filter == AdminAuditFilter::default(),
        };
        let wanted = |said: &Indexed| matches!(said, Indexed::Record(record) if passes(filter, record));
        let found = self.search(query, wanted, page).await?;
        let row = |item: Item| {
            Ok(AdminAuditRow {
                record: item.body()?,
                chain_seq: stored(item.index.saturating_add(1)),
                signed,
            })
        };
        found.try_map(row)
    }

    /// Moves what earlier builds kept row by row under a keyed chain; how many records there were.
    pub(in crate::repo) async fn adopt_records(&mut self) -> Result<u64, Error> {
        match self.head().await? {
            // What began with an entry has them, and what never began has none.
            Some(log) if log.size == 0 => {
                let log = self.held_log().await?;
                if log.size == 0 {
                    self.adopt_held(&log).await
                } else {
                    Ok(0)
                }
            }
            _ => Ok(0),
        }
    }

    /// The same for a log that is held and has no entries. All of it at once, since nothing may come between: in the order of
    /// the chain and each as it was written. Where a row, or the end, does not verify, nothing is moved and the log takes
    /// nothing: it must not vouch for it.
    async fn adopt_held(&mut self, log: &LogHead) -> Result<u64, Error> {
        let refused = |seq| {
            Error::Corrupt(format!(
                "row {seq} of earlier administrative records does not verify"
            ))
        };
        let filed = self.log.zone().map_or(DEPLOYMENT, ZoneId::as_str).to_owned();
        let sql = "SELECT h.chain_seq, h.content_sha256, h.head_hmac, p.chain_seq AS pruned_seq, \
             p.content_sha256 AS pruned_sha256 FROM admin_audit_heads h \
             LEFT JOIN admin_audit_pruned p ON p.chain_key = h.chain_key WHERE h.chain_key = $1";
        let Some(head) = self.tx.one(sql, params![filed.as_str()]).await? else {
            return Ok(0);
        };
        let (of, key) = (self.log.clone(), self.key);
        let keyed = |content: &str, before: &str, link: &str| {
            key.is_none_or(|key| verify_chain(key, content, before, link))
        };
        let (mut last, mut previous) = match head.opt_text("pruned_sha256")? {
            Some(pruned) => (head.int("pruned_seq")?, pruned),
            None => (0, String::new()),
        };
        let sql = "SELECT record_json, occurred_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, \
             hash_version FROM admin_audit_events WHERE chain_key = $1 AND chain_seq > $2 ORDER BY chain_seq LIMIT $3";
        let (mut moved, mut held) = (0, log.clone());
        loop {
            let rows = self.tx.all(sql, params![filed.as_str(), last, BATCH]).await?;
            let mut entries = Vec::new();
            for row in &rows {
                let (seq, content) = (row.int("chain_seq")?, row.text("content_sha256")?);
                let (before, body) = (row.text("prev_content_sha256")?, row.text("record_json")?);
                let computed = hex::encode(record_hash(of.chain(), position(seq), &body));
                if last.checked_add(1) != Some(seq)
                    || before != previous
                    || computed != content
                    || row.int("hash_version")? != i64::from(HASH_VERSION)
                    || !keyed(&content, &before, &row.text("chain_hmac")?)
                {
                    return Err(refused(seq));
                }
                let entry = self.record(body, row.time("occurred_at")?);
                entries.push(entry.map_err(|_| refused(seq))?);
                (last, previous) = (seq, content);
            }
            if entries.is_empty() {
                break;
            }
            moved += entries.len() as u64;
            let tail = self.tail(&held).await?;
            self.extend(held, tail, entries).await?;
            held = self.held_log().await?;
        }
        let ends = head.int("chain_seq")? == last && head.text("content_sha256")? == previous;
        let tag = head.text("head_hmac")?;
        let tagged = |key| verify_head(key, of.chain(), position(last), &previous, &tag);
        if !ends || !key.is_none_or(tagged) {
            return Err(refused(last));
        }
        for table in ["admin_audit_events", "admin_audit_heads"] {
            let gone = format!("DELETE FROM {table} WHERE chain_key = $1");
            self.tx.run(gone, params![filed.as_str()]).await?;
        }
        Ok(moved)
    }
}
