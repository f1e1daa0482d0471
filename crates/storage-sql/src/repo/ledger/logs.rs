//! The logs: how long each is, and the root of its tree.

use caracal_crypto::HmacKey;
use caracal_ledger::{
    chain::{Chain, head_hmac},
    merkle::Frontier,
};
use caracal_storage::{Error, LogHead};

use super::super::chains::begin;
use crate::{params::params, row::Row, work::ZoneUnit};

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

impl ZoneUnit {
    /// The log of the zone, if it began.
    pub(in crate::repo) async fn log(&mut self) -> Result<Option<LogHead>, Error> {
        let row = self.tx.one(SELECT, params![self.zone]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// The log of the zone, held so that appends to it queue here and nowhere else. It begins here.
    pub(super) async fn held_log(&mut self) -> Result<LogHead, Error> {
        let sql = format!("{SELECT}{}", self.tx.dialect.for_update());
        if let Some(row) = self.tx.one(sql.as_str(), params![self.zone]).await? {
            return decode(&row);
        }
        // Of those that come at once, one begins it.
        self.lock_name("ledger").await?;
        if let Some(row) = self.tx.one(sql, params![self.zone]).await? {
            return decode(&row);
        }
        let number = begin(&self.tx, self.chain_key.as_ref(), Chain::Ledger(&self.zone)).await?;
        let start = "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed) \
             VALUES ($1, $2, 0, $3, '', '', 0)";
        self.tx
            .run(start, params![self.zone, number, Vec::<u8>::new()])
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
        let tag = |key: &HmacKey| head_hmac(key, Chain::Ledger(&self.zone), log.size, &log.root);
        log.root_hmac = self.chain_key.as_ref().map(tag).unwrap_or_default();
        let sql = "UPDATE evidence_logs SET size = $2, frontier = $3, root = $4, root_hmac = $5, sealed = $6 \
             WHERE zone_id = $1";
        let params = params![
            self.zone,
            stored(log.size),
            log.peaks.concat(),
            log.root,
            log.root_hmac,
            stored(log.sealed)
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }
}
