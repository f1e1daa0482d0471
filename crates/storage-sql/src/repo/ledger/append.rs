//! Appending a batch: one held row, one small block, and now and then the sealing of a tail.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use caracal_core::Timestamp;
use caracal_ledger::{
    block::BlockEntry,
    entry::{MAX_BODY_BYTES, MAX_NAME_BYTES},
    terms::{Indexed, max_span},
};
use caracal_storage::{AppendOutcome, Error, LedgerEntry, LogHead};

use super::{
    blocks::{COLUMNS, FULL, FULL_BYTES, first_block, pack},
    logs::{frontier, stored},
};
use crate::{
    batch::insert,
    log_unit::LogUnit,
    params::params,
    recent::{Tail, Unsealed},
};

/// What never can be an entry.
fn check(entries: &[LedgerEntry]) -> Result<(), Error> {
    for entry in entries {
        // Ids with a NUL could not be found again on every backend; ids are ours or were checked on arrival.
        let odd = entry.event.id.contains('\0');
        if odd || entry.received.len() > MAX_BODY_BYTES || entry.producer_key.len() > MAX_NAME_BYTES {
            return Err(Error::Corrupt(String::from(
                "an audit event is larger than an entry may be, or its id contains NUL",
            )));
        }
    }
    Ok(())
}

/// An event as the log takes it.
pub(super) fn arrived(entry: &LedgerEntry, at: Timestamp) -> (BlockEntry<'static>, Indexed) {
    let kept = BlockEntry {
        body: Cow::Owned(entry.received.to_string()),
        taken_at: at,
        producer_key: Cow::Owned(entry.producer_key.clone()),
    };
    (kept, Indexed::Event(entry.event.clone()))
}

impl LogUnit<'_> {
    pub(super) async fn append_events(
        &mut self,
        entries: &[LedgerEntry],
        at: Timestamp,
    ) -> Result<AppendOutcome, Error> {
        let mut outcome = AppendOutcome::default();
        if entries.is_empty() {
            return Ok(outcome);
        }
        check(entries)?;
        let log = self.held_log().await?;
        let tail = self.tail(&log).await?;
        let mut fresh = self.fresh(&log, &tail, entries, &mut outcome).await?;
        // Of one moment: in the order of their arrival.
        fresh.sort_by_key(|place| entries[*place].event.occurred_at);
        let fresh = fresh.into_iter().map(|place| arrived(&entries[place], at));
        self.extend(log, tail, fresh.collect()).await?;
        Ok(outcome)
    }

    /// Appends entries that the held log does not have, each with what it is found by.
    pub(super) async fn extend(
        &mut self,
        mut log: LogHead,
        mut tail: Tail,
        fresh: Vec<(BlockEntry<'static>, Indexed)>,
    ) -> Result<(), Error> {
        if fresh.is_empty() {
            self.learned.tails.insert(log.number, (log, tail));
            return Ok(());
        }
        self.tx.keep_plans().await?;
        let mut frontier = frontier(&log)?;
        let first = tail.entries.len();
        for (kept, said) in fresh {
            let unsealed = Unsealed::new(&self.name, frontier.size(), kept, said);
            frontier.append(unsealed.leaf);
            tail.leaves.push(unsealed.leaf);
            tail.entries.push(unsealed);
        }
        let bytes: usize = tail.entries.iter().map(|entry| entry.kept.body.len()).sum();
        if tail.entries.len() < FULL && bytes < FULL_BYTES {
            let block = pack(log.number, log.size, &tail.entries[first..])?;
            insert(self.tx, "evidence_blocks", &COLUMNS, vec![block], "").await?;
        } else {
            self.seal(&mut log, &mut tail, 0).await?;
        }
        self.keep_tiles(log.number, frontier.size(), &mut tail.leaves)
            .await?;
        self.keep_log(&mut log, &frontier).await?;
        self.learned.tails.insert(log.number, (log, tail));
        Ok(())
    }

    /// The unsealed end of the log, from memory if that is what the held row says.
    pub(super) async fn tail(&mut self, log: &LogHead) -> Result<Tail, Error> {
        // Twice in one transaction: what the first time learned.
        if let Some((of, tail)) = self.learned.tails.remove(&log.number)
            && of == *log
        {
            return Ok(tail);
        }
        if let Some(tail) = self.recent.take(log) {
            return Ok(tail);
        }
        let mut tail = Tail::default();
        for item in self.items(log.number, log.sealed..log.size).await? {
            let said = item.indexed(self.log.chain())?;
            tail.entries
                .push(Unsealed::new(&self.name, item.index, item.kept, said));
        }
        let tile = log.size - log.size % FULL as u64;
        tail.leaves = self.leaves_of(log.number, tile..log.size).await?;
        Ok(tail)
    }

    /// Merges the tail into full blocks, which are sealed; what does not fill one stays the tail. The first `old` entries
    /// are sealed however few they are.
    pub(super) async fn seal(
        &mut self,
        log: &mut LogHead,
        tail: &mut Tail,
        mut old: usize,
    ) -> Result<(), Error> {
        let small = "DELETE FROM evidence_blocks WHERE log = $1 AND first_index >= $2 AND first_index < $3";
        let unsealed = params![log.number, stored(log.sealed), stored(log.size)];
        self.tx.run(small, unsealed).await?;
        let (mut blocks, mut postings) = (Vec::new(), BTreeSet::new());
        let span = max_span(self.log.chain());
        loop {
            let (count, full) = match old {
                0 => first_block(&tail.entries, span),
                _ => (first_block(&tail.entries[..old], span).0, true),
            };
            old = old.saturating_sub(count);
            if count == 0 {
                break;
            }
            let rest = tail.entries.split_off(count);
            blocks.push(pack(log.number, log.sealed, &tail.entries)?);
            if !full {
                break;
            }
            let sealed = std::mem::replace(&mut tail.entries, rest);
            let until = sealed.iter().map(|entry| entry.said.occurred_at()).max();
            let terms = Indexed::terms_of(sealed.iter().map(|entry| &entry.said));
            postings.extend(terms.into_iter().map(|term| (term, until, log.sealed)));
            let place = (log.number, log.sealed, count as u64);
            log.sealed += count as u64;
            let ids = sealed.iter().map(|entry| entry.said.id().to_owned()).collect();
            self.learned.ids.push((place, Arc::new(ids)));
        }
        insert(self.tx, "evidence_blocks", &COLUMNS, blocks, "").await?;
        let rows = postings
            .into_iter()
            .map(|(term, until, first)| params![log.number, term, until, stored(first)]);
        let columns = ["log", "term", "occurred_until", "first_index"];
        insert(self.tx, "evidence_terms", &columns, rows.collect(), "").await
    }
}
