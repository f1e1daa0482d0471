//! Blocks: entries of a log packed together, as rows.

use std::{borrow::Cow, ops::Range};

use caracal_core::Timestamp;
use caracal_ledger::{
    block::{self, BlockEntry},
    chain::Chain,
    terms::Indexed,
};
use caracal_storage::{AuditRow, Error, LedgerBlock, StoredEntry};
use sea_orm::Value;
use serde::de::DeserializeOwned;

use super::logs::stored;
use crate::{log_unit::LogUnit, params::params, recent::Unsealed, row::Row};

/// Entries of a full block.
pub(super) const FULL: usize = 256;
/// Bytes of bodies after which a block is full, whatever number it has.
pub(super) const FULL_BYTES: usize = 4 * 1024 * 1024;
/// Blocks read at a time.
const STRETCH: u64 = 8;

/// What a block carries to the insert, in this order.
pub(super) const COLUMNS: [&str; 9] = [
    "log",
    "first_index",
    "entries",
    "occurred_from",
    "occurred_until",
    "min_id",
    "max_id",
    "taken_at",
    "block",
];

/// An entry of a log.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) index: u64,
    pub(super) kept: BlockEntry<'static>,
}

impl Item {
    /// What it is found by.
    pub(super) fn indexed(&self, log: Chain<'_>) -> Result<Indexed, Error> {
        let read = Indexed::read(log, &self.kept.body).map_err(|error| unreadable(&error))?;
        Ok(read.1)
    }

    pub(super) fn into_entry(self) -> StoredEntry {
        StoredEntry {
            index: self.index,
            body: self.kept.body.into_owned(),
            taken_at: self.kept.taken_at,
            producer_key: self.kept.producer_key.into_owned(),
        }
    }

    /// What it says, which is of type `T`.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.kept.body).map_err(|error| unreadable(&error))
    }

    /// The event that it is of the log `name`.
    pub(super) fn into_row(self, name: &str) -> Result<AuditRow, Error> {
        let content = self.kept.entry(name, self.index).content_hash();
        Ok(AuditRow {
            event: self.body()?,
            received: self.kept.body.into_owned(),
            ingested_at: self.kept.taken_at,
            chain_seq: stored(self.index.saturating_add(1)),
            content_sha256: hex::encode(content),
            producer_key: self.kept.producer_key.into_owned(),
        })
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::Corrupt(format!("an entry of a log cannot be read: {error}"))
}

/// The entries of a stored block that begins at `first`.
pub(super) fn unpack(first: u64, bytes: &[u8]) -> Result<Vec<Item>, Error> {
    unpack_some(first, bytes, &[])
}

/// Those that may say `values`.
pub(super) fn unpack_some(first: u64, bytes: &[u8], values: &[&str]) -> Result<Vec<Item>, Error> {
    let corrupt = |_| Error::Corrupt(format!("the block at entry {first} of a ledger cannot be read"));
    let (begins, entries) = block::decode_some(bytes, values).map_err(corrupt)?;
    if begins != first {
        return Err(corrupt(block::InvalidBlock::Form));
    }
    let items = entries.into_iter();
    Ok(items.map(|(index, kept)| Item { index, kept }).collect())
}

/// How many of `entries` the first block takes, which spans `span` microseconds at most, and whether it is full: nothing that follows can join it.
pub(super) fn first_block(entries: &[Unsealed], span: i64) -> (usize, bool) {
    let (mut from, mut until, mut bytes) = (i64::MAX, i64::MIN, 0);
    for (count, entry) in entries.iter().enumerate() {
        let at = entry.said.occurred_at().as_micros();
        (from, until) = (from.min(at), until.max(at));
        let wide = until.saturating_sub(from) > span;
        if count == FULL || count > 0 && (wide || bytes + entry.kept.body.len() > FULL_BYTES) {
            return (count, true);
        }
        bytes += entry.kept.body.len();
    }
    (entries.len(), entries.len() == FULL)
}

/// The row of a block of `entries`, the first of which stands at `first`.
pub(super) fn pack(log: i64, first: u64, entries: &[Unsealed]) -> Result<Vec<Value>, Error> {
    let kept: Vec<BlockEntry<'_>> = entries
        .iter()
        .map(|entry| BlockEntry {
            body: Cow::Borrowed(&*entry.kept.body),
            taken_at: entry.kept.taken_at,
            producer_key: Cow::Borrowed(&*entry.kept.producer_key),
        })
        .collect();
    let bytes = block::encode(first, &kept).map_err(|error| Error::Corrupt(error.to_string()))?;
    let times = || entries.iter().map(|entry| entry.said.occurred_at());
    let ids = || entries.iter().map(|entry| entry.said.id());
    let taken = entries.iter().map(|entry| entry.kept.taken_at).max();
    // There is an entry, or there would be no block.
    Ok(params![
        log,
        stored(first),
        stored(entries.len() as u64),
        times().min(),
        times().max(),
        ids().min().unwrap_or_default(),
        ids().max().unwrap_or_default(),
        taken,
        bytes
    ])
}

fn decode(row: &Row) -> Result<LedgerBlock, Error> {
    Ok(LedgerBlock {
        first: row.count("first_index")?,
        entries: row.count("entries")?,
        occurred_from: row.time("occurred_from")?,
        occurred_until: row.time("occurred_until")?,
        ids: (row.text("min_id")?, row.text("max_id")?),
        taken_at: row.time("taken_at")?,
        block: row.bytes("block")?,
    })
}

impl LogUnit<'_> {
    pub(super) async fn stored_blocks(
        &mut self,
        log: i64,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LedgerBlock>, Error> {
        let sql = "SELECT first_index, entries, occurred_from, occurred_until, min_id, max_id, taken_at, block \
             FROM evidence_blocks WHERE log = $1 AND first_index >= $2 ORDER BY first_index LIMIT $3";
        self.tx
            .all_as(sql, params![log, stored(from), limit], decode)
            .await
    }

    pub(super) async fn blocks_within(
        &mut self,
        log: i64,
        entries: Range<u64>,
        within: Range<Timestamp>,
        limit: u32,
    ) -> Result<Vec<LedgerBlock>, Error> {
        // A long log is not walked up to the window.
        let from = match entries.start {
            0 => self.first_within(log, within.start).await?,
            from => Some(from),
        };
        let Some(from) = from else { return Ok(Vec::new()) };
        // The block that has the first entry begins at it or before. What its range says twice bounds the index.
        let sql = "SELECT first_index, entries, occurred_from, occurred_until, min_id, max_id, taken_at, block \
             FROM evidence_blocks WHERE log = $1 AND first_index >= COALESCE((SELECT MAX(first_index) \
             FROM evidence_blocks WHERE log = $1 AND first_index <= $2), $2) AND first_index + entries > $2 \
             AND first_index < $3 AND occurred_until >= $4 AND occurred_from < $5 ORDER BY first_index LIMIT $6";
        let params = params![
            log,
            stored(from),
            stored(entries.end),
            within.start,
            within.end,
            limit
        ];
        self.tx.all_as(sql, params, decode).await
    }

    /// Where the first block begins that may have entries that happened at `since` or later.
    async fn first_within(&mut self, log: i64, since: Timestamp) -> Result<Option<u64>, Error> {
        // The sum keeps both databases from looking for the least in the order of the log, through all that came before.
        let sql = "SELECT COALESCE(MIN(first_index + 0), -1) AS first_index FROM evidence_blocks \
             WHERE log = $1 AND occurred_until >= $2";
        let first = |row: &Row| row.int("first_index");
        let first = self.tx.one_as(sql, params![log, since], first).await?;
        Ok(first.and_then(|first| u64::try_from(first).ok()))
    }

    /// Where the first block begins that begins at `from` or later.
    pub(super) async fn next_block(&mut self, log: i64, from: u64) -> Result<Option<u64>, Error> {
        let sql = "SELECT first_index FROM evidence_blocks WHERE log = $1 AND first_index >= $2 \
             ORDER BY first_index LIMIT 1";
        self.tx
            .one_as(sql, params![log, stored(from)], |row| row.count("first_index"))
            .await
    }

    /// Up to `limit` entries from `from` on; what was pruned is passed over.
    pub(super) async fn items_from(&mut self, mut from: u64, limit: u32) -> Result<Vec<Item>, Error> {
        let Some(log) = self.head().await? else {
            return Ok(Vec::new());
        };
        let limit = u64::from(limit);
        let mut items = Vec::new();
        while from < log.size && (items.len() as u64) < limit {
            let until = from.saturating_add(limit - items.len() as u64);
            let found = self.items(log.number, from..until).await?;
            from = if found.is_empty() {
                self.next_block(log.number, until).await?.unwrap_or(log.size)
            } else {
                until
            };
            items.extend(found);
        }
        Ok(items)
    }

    /// The entries `range` of a log, as far as there are such entries.
    pub(super) async fn items(&mut self, log: i64, range: Range<u64>) -> Result<Vec<Item>, Error> {
        self.some_items(log, range, &[]).await
    }

    /// Those that may say `values`.
    pub(super) async fn some_items(
        &mut self,
        log: i64,
        range: Range<u64>,
        values: &[&str],
    ) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let begins = "SELECT first_index FROM evidence_blocks WHERE log = $1 AND first_index <= $2 \
             ORDER BY first_index DESC LIMIT 1";
        let first = |row: &Row| row.count("first_index");
        let first = self
            .tx
            .one_as(begins, params![log, stored(range.start)], first)
            .await?;
        let mut from = first.unwrap_or(range.start);
        let sql = "SELECT first_index, block FROM evidence_blocks WHERE log = $1 AND first_index >= $2 \
             AND first_index < $3 ORDER BY first_index LIMIT $4";
        loop {
            let params = params![log, stored(from), stored(range.end), stored(STRETCH)];
            let rows = self.tx.all(sql, params).await?;
            for row in &rows {
                let first = row.count("first_index")?;
                let unpacked = unpack_some(first, &row.bytes("block")?, values)?;
                items.extend(unpacked.into_iter().filter(|item| range.contains(&item.index)));
                from = first.saturating_add(1);
            }
            if (rows.len() as u64) < STRETCH {
                return Ok(items);
            }
        }
    }
}
