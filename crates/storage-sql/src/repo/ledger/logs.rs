//! The logs: how long each is, and the root of its tree.

use caracal_crypto::HmacKey;
use caracal_ledger::{chain::head_hmac, merkle::Frontier};
use caracal_storage::{Error, LogHead};

use super::super::chains::begin;
use crate::{
    log_unit::{LogUnit, filed},
    params::params,
    row::Row,
};

const SELECT: &str =
    "SELECT number, size, frontier, root, root_hmac, sealed FROM evidence_logs WHERE zone_id = $1";

/// A position as the database counts.
pub(super) fn stored(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// Hashes end to end.
pub(super) fn hashes(bytes: &[u8]) -> Vec<[u8; 32]> {
    let (hashes, _) = bytes.as_chunks::<32>();
    hashes.to_vec()
}

fn decode(row: &Row) -> Result<LogHead, Error> {
    Ok(LogHead {
        number: row.int("number")?,
        size: row.count("size")?,
        peaks: hashes(&row.bytes("frontier")?),
        root: row.text("root")?,
        root_hmac: row.text("root_hmac")?,
        sealed: row.count("sealed")?,
    })
}

/// The right edge of the tree that the log says it has.
pub(super) fn frontier(log: &LogHead) -> Result<Frontier, Error> {
    Frontier::from_parts(log.size, log.peaks.clone())
        .map_err(|_| Error::Corrupt(String::from("the size of a log and its frontier do not fit")))
}

impl LogUnit<'_> {
    /// Where the log ends, if it began.
    pub(in crate::repo) async fn head(&mut self) -> Result<Option<LogHead>, Error> {
        self.tx.one_as(SELECT, params![filed(&self.log)], decode).await
    }

    /// The same, held so that appends to it queue here and nowhere else. It begins here.
    pub(super) async fn held_log(&mut self) -> Result<LogHead, Error> {
        let sql = format!("{SELECT}{}", self.tx.dialect.for_update());
        if let Some(row) = self.tx.one(sql.as_str(), params![filed(&self.log)]).await? {
            return decode(&row);
        }
        // Of those that come at once, one begins it.
        self.lock_name(if self.log.is_administrative() {
            "admin"
        } else {
            "ledger"
        })
        .await?;
        if let Some(row) = self.tx.one(sql, params![filed(&self.log)]).await? {
            return decode(&row);
        }
        let number = begin(self.tx, self.key, self.log.chain()).await?;
        let start = "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed) \
             VALUES ($1, $2, 0, $3, '', '', 0)";
        self.tx
            .run(start, params![filed(&self.log), number, Vec::<u8>::new()])
            .await?;
        Ok(LogHead {
            number,
            ..LogHead::default()
        })
    }

    /// Says where the log ends now.
    pub(super) async fn keep_log(&mut self, log: &mut LogHead, frontier: &Frontier) -> Result<(), Error> {
        log.size = frontier.size();
        log.peaks = frontier.peaks().to_vec();
        log.root = hex::encode(frontier.root());
        let tag = |key: &HmacKey| head_hmac(key, self.log.chain(), log.size, &log.root);
        log.root_hmac = self.key.map(tag).unwrap_or_default();
        let sql = "UPDATE evidence_logs SET size = $2, frontier = $3, root = $4, root_hmac = $5, sealed = $6 \
             WHERE zone_id = $1";
        let params = params![
            filed(&self.log),
            stored(log.size),
            log.peaks.concat(),
            log.root,
            log.root_hmac,
            stored(log.sealed)
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }
}
