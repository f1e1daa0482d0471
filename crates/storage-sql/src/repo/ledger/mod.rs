//! Logs of evidence: their entries are kept in blocks.
//!
//! Entries come into the unsealed tail, a few small blocks. Once it is long enough it is merged into full blocks, which
//! are sealed: never touched again, and listed in postings by what is searched for. There is no row for an entry. Searches
//! find blocks by postings, open them and look at their entries; the tail is always looked at.

use std::ops::Range;

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_ledger::merkle::Tile;
use caracal_storage::{
    AppendOutcome, AuditFilter, AuditRow, Error, Ledger, LedgerBlock, LedgerEntry, Log, LogHead, Page,
    PageRequest, Posting, StoredEntry, StoredTile,
};

use crate::{
    log_unit::{HasLog as _, LogTransaction},
    work::ZoneUnit,
};

mod append;
mod blocks;
mod counted;
mod duplicates;
mod earlier;
mod logs;
mod prune;
mod query;
mod records;
mod scan;
mod search;
mod tiles;

/// Makes a unit of work with a log ([`HasLog`]) a [`Log`].
macro_rules! log {
    ($unit:ty) => {
        #[async_trait]
        impl Log for $unit {
            async fn head(&mut self) -> Result<LogHead, Error> {
                Ok(self.unit().head().await?.unwrap_or_default())
            }

            async fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, Error> {
                let items = self.unit().items_from(from, limit).await?;
                Ok(items.into_iter().map(blocks::Item::into_entry).collect())
            }

            async fn leaves(&mut self, range: Range<u64>) -> Result<Vec<[u8; 32]>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.leaves_of(log.number, range).await,
                    None => Ok(Vec::new()),
                }
            }

            async fn tile(&mut self, tile: &Tile) -> Result<Option<Vec<[u8; 32]>>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.tile_of(&log, tile).await,
                    None => Ok(None),
                }
            }

            async fn stored_tiles(&mut self, level: u8, range: Range<u64>) -> Result<Vec<StoredTile>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.tiles_among(log.number, level, range).await,
                    None => Ok(Vec::new()),
                }
            }

            async fn blocks(&mut self, from: u64, limit: u32) -> Result<Vec<LedgerBlock>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.stored_blocks(log.number, from, limit).await,
                    None => Ok(Vec::new()),
                }
            }

            async fn blocks_within(
                &mut self,
                entries: Range<u64>,
                within: Range<Timestamp>,
                limit: u32,
            ) -> Result<Vec<LedgerBlock>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.blocks_within(log.number, entries, within, limit).await,
                    None => Ok(Vec::new()),
                }
            }

            async fn postings(&mut self, after: Option<Posting>, limit: u32) -> Result<Vec<Posting>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.stored_postings(log.number, after, limit).await,
                    None => Ok(Vec::new()),
                }
            }
        }
    };
}

log!(ZoneUnit);
log!(LogTransaction);

#[async_trait]
impl Ledger for ZoneUnit {
    async fn append(&mut self, entries: &[LedgerEntry], at: Timestamp) -> Result<AppendOutcome, Error> {
        for entry in entries {
            self.own(&entry.zone_id)?;
        }
        self.unit().append_events(entries, at).await
    }

    async fn search(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
        self.unit().search_events(filter, page).await
    }

    async fn by_request(&mut self, request_id: &str, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
        self.unit().events_of_request(request_id, page).await
    }

    async fn of_requests(
        &mut self,
        request_ids: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        self.unit()
            .events_of_requests(request_ids, event_type, limit)
            .await
    }

    async fn range(&mut self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Error> {
        let mut unit = self.unit();
        let from = u64::try_from(after).unwrap_or(0);
        let items = unit.items_from(from, limit).await?;
        items.into_iter().map(|item| item.into_row(&unit.name)).collect()
    }

    async fn adopt(&mut self, limit: u32) -> Result<u64, Error> {
        self.unit().adopt_rows(limit).await
    }
}
