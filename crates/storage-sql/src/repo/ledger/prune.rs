//! Deleting blocks that a prune checkpoint says are gone.

use std::ops::Range;

use caracal_core::Timestamp;
use caracal_crypto::{HmacKey, sha256};
use caracal_ledger::{
    chain::{PrunedTo, pruned_hmac},
    prune::SignedPrune,
    terms::Indexed,
};
use caracal_storage::{Error, KeptPrune, Swept, held_ids};

use super::{
    super::retention::LOCK,
    blocks::{Item, unpack},
    logs::{frontier, hashes, stored},
    scan::one_of,
};
use crate::{log_unit::LogUnit, params::params, row::Row};

/// Terms of a statement.
const TERMS: usize = 256;

impl LogUnit<'_> {
    /// The newest prune checkpoint of a log.
    pub(in crate::repo) async fn prune_of(&mut self, log: i64) -> Result<Option<KeptPrune>, Error> {
        let sql = "SELECT number, size, pruned_at, note, tag, holds, leaves FROM evidence_prunes WHERE log = $1 \
             ORDER BY number DESC LIMIT 1";
        let read = |row: &Row| {
            Ok(KeptPrune {
                number: row.int("number")?,
                size: row.count("size")?,
                pruned_at: row.time("pruned_at")?,
                note: row.text("note")?,
                tag: row.text("tag")?,
                holds: row.text("holds")?,
                leaves: hashes(&row.bytes("leaves")?),
            })
        };
        self.tx.one_as(sql, params![log], read).await
    }

    /// See [`caracal_storage::LogRetention::seal_before`].
    pub(in crate::repo) async fn seal_old(&mut self, before: Timestamp) -> Result<bool, Error> {
        if self.head().await?.is_none() {
            return Ok(false);
        }
        let mut log = self.held_log().await?;
        let mut tail = self.tail(&log).await?;
        let old = tail
            .entries
            .iter()
            .take_while(|entry| entry.said.occurred_at() < before && entry.kept.taken_at < before)
            .count();
        if old > 0 {
            let frontier = frontier(&log)?;
            self.seal(&mut log, &mut tail, old).await?;
            self.keep_log(&mut log, &frontier).await?;
        }
        self.learned.tails.insert(log.number, (log, tail));
        Ok(old > 0)
    }

    /// See [`caracal_storage::LogRetention::prune`].
    pub(in crate::repo) async fn keep_prune(&mut self, prune: &KeptPrune) -> Result<bool, Error> {
        self.lock_name(LOCK).await?;
        let Some(log) = self.head().await? else {
            return Ok(false);
        };
        let before = self.prune_of(log.number).await?;
        let (number, size) = before.map_or((0, 0), |before| (before.number, before.size));
        let held = held_ids(&self.holds().await?);
        if number.checked_add(1) != Some(prune.number) || prune.size < size || held != prune.holds {
            return Ok(false);
        }
        let content = hex::encode(sha256(prune.note.as_bytes()));
        let said = PrunedTo {
            seq: prune.size,
            content: &content,
            at: prune.pruned_at,
        };
        let tag = |key: &HmacKey| pruned_hmac(key, self.log.chain(), &said);
        let tag = self.key.map(tag).unwrap_or_default();
        let sql = "INSERT INTO evidence_prunes (log, number, size, pruned_at, note, tag, holds, leaves) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let params = params![
            log.number,
            prune.number,
            stored(prune.size),
            prune.pruned_at,
            prune.note.as_str(),
            tag,
            prune.holds.as_str(),
            prune.leaves.concat()
        ];
        self.tx.run(sql, params).await?;
        Ok(true)
    }

    /// See [`caracal_storage::LogRetention::sweep`].
    pub(in crate::repo) async fn sweep_blocks(&mut self, limit: u32) -> Result<Swept, Error> {
        self.lock_name(LOCK).await?;
        let mut swept = Swept::default();
        let Some(log) = self.head().await? else {
            return Ok(swept);
        };
        let Some(said) = self.prune_of(log.number).await? else {
            return Ok(swept);
        };
        let holds = self.holds().await?;
        if held_ids(&holds) != said.holds || holds.iter().any(|hold| hold.subject.is_none()) {
            return Ok(swept);
        }
        let signed = SignedPrune::parse(said.note.as_bytes())
            .map_err(|error| Error::Corrupt(format!("a prune checkpoint cannot be read: {error}")))?;
        let prune = signed.prune();
        let mut from = 0;
        let end = prune.size()..prune.size();
        for kept in prune.kept.iter().chain([&end]) {
            let left = u64::from(limit).saturating_sub(swept.blocks);
            self.sweep_range(log.number, from..kept.start, left, &mut swept)
                .await?;
            from = kept.end;
        }
        Ok(swept)
    }

    /// Deletes up to `limit` blocks that begin in `range`.
    async fn sweep_range(
        &mut self,
        log: i64,
        range: Range<u64>,
        limit: u64,
        swept: &mut Swept,
    ) -> Result<(), Error> {
        if range.is_empty() || limit == 0 {
            return Ok(());
        }
        let sql = "SELECT first_index, occurred_until, block FROM evidence_blocks \
             WHERE log = $1 AND first_index >= $2 AND first_index < $3 ORDER BY first_index LIMIT $4";
        let params = params![log, stored(range.start), stored(range.end), stored(limit)];
        for row in self.tx.all(sql, params).await? {
            let (first, until) = (row.count("first_index")?, row.int("occurred_until")?);
            let items = unpack(first, &row.bytes("block")?)?;
            let said = items.iter().map(|item: &Item| item.indexed(self.log.chain()));
            let terms = Indexed::terms_of(&said.collect::<Result<Vec<_>, _>>()?);
            for some in terms.chunks(TERMS) {
                let mut params = params![log, until, stored(first)];
                let term = one_of("term", some, &mut params);
                let gone = format!(
                    "DELETE FROM evidence_terms WHERE log = $1 AND {term} AND occurred_until = $2 AND first_index = $3"
                );
                self.tx.run(gone, params).await?;
            }
            let gone = "DELETE FROM evidence_blocks WHERE log = $1 AND first_index = $2";
            self.tx.run(gone, params![log, stored(first)]).await?;
            swept.blocks += 1;
            swept.entries += items.len() as u64;
        }
        Ok(())
    }
}
