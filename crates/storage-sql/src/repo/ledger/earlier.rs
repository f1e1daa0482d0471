//! Events that earlier builds kept row by row under a keyed chain, on their way into the log.

use caracal_ledger::chain::{HASH_VERSION, LogId, TakenEvent, event_hash, verify_chain, verify_head};
use caracal_storage::{AppendOutcome, Error, LedgerEntry};

use super::{super::chains::position, append::arrived};
use crate::{
    log_unit::{LogUnit, filed},
    params::params,
};

impl LogUnit<'_> {
    /// Moves the oldest rows, up to `limit`, in their order and each as it was taken; how many there were. A row that
    /// does not verify stays where it is, with all that follow: the log must not vouch for it.
    pub(super) async fn adopt_rows(&mut self, limit: u32) -> Result<u64, Error> {
        let refused = |seq| Error::Corrupt(format!("row {seq} of the earlier ledger does not verify"));
        let LogId::Ledger(zone) = &self.log.clone() else {
            return Ok(0);
        };
        let log = self.held_log().await?;
        // One more than is moved tells whether these are the last.
        let sql = "SELECT event_json, signature, ingested_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, \
             hash_version FROM audit_events WHERE zone_id = $1 ORDER BY chain_seq LIMIT $2";
        let mut rows = self
            .tx
            .all(sql, params![filed(&self.log), limit.saturating_add(1)])
            .await?;
        let last_rows = rows.len() <= limit as usize;
        rows.truncate(limit as usize);
        let (mut entries, mut times, mut previous) = (Vec::new(), Vec::new(), None);
        for row in &rows {
            let (seq, content) = (row.int("chain_seq")?, row.text("content_sha256")?);
            let (received, signature) = (row.text("event_json")?, row.opt_text("signature")?);
            let (before, link) = (row.text("prev_content_sha256")?, row.text("chain_hmac")?);
            let taken = TakenEvent {
                received: &received,
                ingested_at: row.time("ingested_at")?,
                signature: signature.as_deref(),
            };
            let linked = self
                .key
                .is_none_or(|key| verify_chain(key, &content, &before, &link));
            let follows =
                previous.is_none_or(|(last, hash): (i64, String)| seq == last + 1 && before == hash);
            if row.int("hash_version")? != i64::from(HASH_VERSION)
                || hex::encode(event_hash(zone, position(seq), &taken)) != content
                || !linked
                || !follows
            {
                return Err(refused(seq));
            }
            times.push(taken.ingested_at);
            let producer_key = signature.map(|_| String::from("audit")).unwrap_or_default();
            entries.push(LedgerEntry::read(&received, producer_key).map_err(|_| refused(seq))?);
            previous = Some((seq, content));
        }
        let (last, content) = previous.unwrap_or_default();
        if last_rows && !self.end_rows(last, &content).await? {
            return Err(refused(last));
        }
        let tail = self.tail(&log).await?;
        let fresh = self
            .fresh(&log, &tail, &entries, &mut AppendOutcome::default())
            .await?;
        let fresh = fresh
            .into_iter()
            .map(|place| arrived(&entries[place], times[place]))
            .collect();
        self.extend(log, tail, fresh).await?;
        let gone = "DELETE FROM audit_events WHERE zone_id = $1 AND chain_seq <= $2";
        self.tx.run(gone, params![filed(&self.log), last]).await?;
        Ok(rows.len() as u64)
    }

    /// Whether the earlier chain ends at `last`, as it says itself; then nothing more is said of it.
    async fn end_rows(&mut self, last: i64, content: &str) -> Result<bool, Error> {
        let sql = "SELECT chain_seq, content_sha256, head_hmac FROM audit_heads WHERE zone_id = $1";
        let Some(head) = self.tx.one(sql, params![filed(&self.log)]).await? else {
            return Ok(last == 0);
        };
        let tag = head.text("head_hmac")?;
        let keyed = |key| verify_head(key, self.log.chain(), position(last), content, &tag);
        let ends = head.int("chain_seq")? == last
            && head.text("content_sha256")? == content
            && (last == 0 || self.key.is_none_or(keyed));
        if ends {
            let gone = "DELETE FROM audit_heads WHERE zone_id = $1";
            self.tx.run(gone, params![filed(&self.log)]).await?;
        }
        Ok(ends)
    }
}
