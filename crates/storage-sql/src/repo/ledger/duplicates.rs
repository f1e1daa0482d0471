//! Which events of a batch a log has already, without an index of ids.
//!
//! An id is only in blocks between whose lowest and highest it lies. Ids are made in the order of time (UUIDv7), so for
//! arrivals these are the tail and a few sealed blocks, whose ids this process mostly remembers. Any other id is found
//! as well, by looking at more blocks.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use caracal_crypto::canonical_json;
use caracal_storage::{AppendOutcome, Error, LedgerEntry, LogHead};
use serde_json::Value;

use super::{
    blocks::{Item, unpack},
    logs::stored,
};
use crate::{
    log_unit::LogUnit,
    params::params,
    recent::{BlockKey, Ids, Tail},
};

/// Whether two texts say the same event, however they are spelt (RFC 8785 decides).
fn same_event(known: &str, received: &str) -> bool {
    let canonical = |text| serde_json::from_str::<Value>(text).map(|value| canonical_json(&value));
    known == received
        || match (canonical(known), canonical(received)) {
            (Ok(known), Ok(received)) => known == received,
            _ => false,
        }
}

impl LogUnit<'_> {
    /// Which of `entries` the log does not have, each once; the others are counted.
    pub(super) async fn fresh(
        &mut self,
        log: &LogHead,
        tail: &Tail,
        entries: &[LedgerEntry],
        outcome: &mut AppendOutcome,
    ) -> Result<Vec<usize>, Error> {
        let sealed = self.sealed_among(log, entries).await?;
        let mut known: HashMap<&str, &str> = sealed.iter().map(|(id, body)| (&**id, &**body)).collect();
        let unsealed = tail.entries.iter();
        known.extend(unsealed.map(|entry| (entry.said.id(), &*entry.kept.body)));
        let mut fresh = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let id = entry.event.id.as_str();
            match known.get(id) {
                Some(there) if same_event(there, &entry.received) => outcome.duplicates += 1,
                Some(_) => outcome.mismatches.push(id.to_owned()),
                None => {
                    known.insert(id, &entry.received);
                    fresh.push(place);
                }
            }
        }
        outcome.inserted = fresh.len() as u64;
        Ok(fresh)
    }

    /// Bodies, by id, of the events in sealed blocks that have an id of the batch.
    async fn sealed_among(
        &mut self,
        log: &LogHead,
        entries: &[LedgerEntry],
    ) -> Result<HashMap<String, String>, Error> {
        let ids: HashSet<&str> = entries.iter().map(|entry| entry.event.id.as_str()).collect();
        let (Some(min), Some(max)) = (ids.iter().min(), ids.iter().max()) else {
            return Ok(HashMap::new());
        };
        let sql = "SELECT first_index, entries, min_id, max_id FROM evidence_blocks \
             WHERE log = $1 AND max_id >= $2 AND min_id <= $3 AND first_index < $4";
        let params = params![log.number, *min, *max, stored(log.sealed)];
        let mut bodies = HashMap::new();
        for row in self.tx.all(sql, params).await? {
            let (min, max) = (row.text("min_id")?, row.text("max_id")?);
            let asked = || ids.iter().filter(|id| (&*min..=&*max).contains(*id));
            let place = (log.number, row.count("first_index")?, row.count("entries")?);
            if asked().next().is_none() {
                continue;
            }
            let remembered = self.recent.ids(place);
            if remembered.is_some_and(|block| !asked().any(|id| block.contains(*id))) {
                continue;
            }
            for (id, item) in self.remember(place).await? {
                if ids.contains(id.as_str()) {
                    bodies.insert(id, item.kept.body.into_owned());
                }
            }
        }
        Ok(bodies)
    }

    /// Reads a sealed block, and remembers its ids.
    async fn remember(&mut self, place: BlockKey) -> Result<Vec<(String, Item)>, Error> {
        let (log, first, _) = place;
        let sql = "SELECT block FROM evidence_blocks WHERE log = $1 AND first_index = $2";
        let Some(row) = self.tx.one(sql, params![log, stored(first)]).await? else {
            return Ok(Vec::new());
        };
        let mut items = Vec::new();
        for item in unpack(first, &row.bytes("block")?)? {
            items.push((item.indexed(self.log.chain())?.id().to_owned(), item));
        }
        let ids: Ids = Arc::new(items.iter().map(|(id, _)| id.clone()).collect());
        self.learned.ids.push((place, ids));
        Ok(items)
    }
}
