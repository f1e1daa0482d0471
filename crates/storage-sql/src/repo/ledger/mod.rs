//! A zone's ledger: a log whose entries are kept in blocks.
//!
//! Entries come into the unsealed tail, a few small blocks. Once it is long enough it is merged into full blocks, which
//! are sealed: never touched again, and listed in postings by what is searched for. There is no row for an event. Searches
//! find blocks by postings, open them and look at their events; the tail is always looked at.

use std::ops::Range;

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_ledger::merkle::Tile;
use caracal_storage::{
    AppendOutcome, AuditFilter, AuditRow, Error, Ledger, LedgerBlock, LedgerEntry, LogHead, Page,
    PageRequest, Posting,
};

use crate::work::ZoneUnit;

mod append;
mod blocks;
mod duplicates;
mod earlier;
mod logs;
mod prune;
mod scan;
mod search;
mod tiles;

#[async_trait]
impl Ledger for ZoneUnit {
    async fn append(&mut self, entries: &[LedgerEntry], at: Timestamp) -> Result<AppendOutcome, Error> {
        self.append_events(entries, at).await
    }

    async fn search(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
        self.search_events(filter, page).await
    }

    async fn by_request(&mut self, request_id: &str, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
        self.events_of_request(request_id, page).await
    }

    async fn of_requests(
        &mut self,
        request_ids: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        self.events_of_requests(request_ids, event_type, limit).await
    }

    async fn range(&mut self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Error> {
        let Some(log) = self.log().await? else {
            return Ok(Vec::new());
        };
        let (mut from, limit) = (u64::try_from(after).unwrap_or(0), u64::from(limit));
        let mut items = Vec::new();
        while from < log.size && (items.len() as u64) < limit {
            let until = from.saturating_add(limit - items.len() as u64);
            let found = self.items(log.number, from..until).await?;
            // What was pruned is passed over.
            from = if found.is_empty() {
                self.next_block(log.number, until).await?.unwrap_or(log.size)
            } else {
                until
            };
            items.extend(found);
        }
        items.into_iter().map(|item| item.into_row(&self.zone)).collect()
    }

    async fn adopt(&mut self, limit: u32) -> Result<u64, Error> {
        self.adopt_rows(limit).await
    }

    async fn head(&mut self) -> Result<LogHead, Error> {
        Ok(self.log().await?.unwrap_or_default())
    }

    async fn leaves(&mut self, range: Range<u64>) -> Result<Vec<[u8; 32]>, Error> {
        match self.log().await? {
            Some(log) => self.leaves_of(log.number, range).await,
            None => Ok(Vec::new()),
        }
    }

    async fn tile(&mut self, tile: &Tile) -> Result<Option<Vec<[u8; 32]>>, Error> {
        match self.log().await? {
            Some(log) => self.tile_of(&log, tile).await,
            None => Ok(None),
        }
    }

    async fn stored_tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<[u8; 32]>>, Error> {
        match self.log().await? {
            Some(log) => Ok(self.full_tiles(log.number, level, index..index + 1).await?.pop()),
            None => Ok(None),
        }
    }

    async fn blocks(&mut self, from: u64, limit: u32) -> Result<Vec<LedgerBlock>, Error> {
        match self.log().await? {
            Some(log) => self.stored_blocks(log.number, from, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn postings(&mut self, after: Option<Posting>, limit: u32) -> Result<Vec<Posting>, Error> {
        match self.log().await? {
            Some(log) => self.stored_postings(log.number, after, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
