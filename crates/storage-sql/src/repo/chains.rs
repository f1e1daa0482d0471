//! Which logs of evidence there are.

use async_trait::async_trait;
use caracal_core::ZoneId;
use caracal_crypto::HmacKey;
use caracal_ledger::chain::{Chain, LogId, beginning_digest, chains_hmac};
use caracal_storage::{ChainHead, ChainSet, Chains, ChainsSummary, Error, LedgerHead};

use crate::{log_unit::filed_under, params::params, row::Row, sql::Tx, work::GlobalUnit};

/// What the earlier chain of the deployment was filed under.
pub(super) const DEPLOYMENT: &str = "*";

/// A position as it is hashed; they start at 1.
pub(super) fn position(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// Counts a chain that begins, and returns its number. Others that begin wait for this transaction, so it comes last.
pub(super) async fn begin(tx: &Tx, key: Option<&HmacKey>, chain: Chain<'_>) -> Result<i64, Error> {
    let claim = "INSERT INTO audit_chains (only_row, chains, digest, digest_hmac) VALUES (1, 1, '', '') \
         ON CONFLICT (only_row) DO UPDATE SET chains = audit_chains.chains + 1 RETURNING chains, digest";
    let Some(row) = tx.one(claim, Vec::new()).await? else {
        return Err(Error::Corrupt(String::from("the chains cannot be counted")));
    };
    let (number, before) = (row.int("chains")?, row.text("digest")?);
    let digest = beginning_digest(&before, position(number), chain);
    let tag = key
        .map(|key| chains_hmac(key, position(number), &digest))
        .unwrap_or_default();
    let advance = "UPDATE audit_chains SET digest = $1, digest_hmac = $2 WHERE only_row = 1";
    tx.run(advance, params![digest, tag]).await?;
    Ok(number)
}

fn decode(row: &Row) -> Result<ChainHead, Error> {
    Ok(ChainHead {
        log: filed_under(&row.text("zone_id")?)?,
        head: LedgerHead {
            chain_seq: row.int("size")?,
            content_sha256: row.text("root")?,
            head_hmac: row.text("root_hmac")?,
            chain_number: row.int("number")?,
        },
    })
}

/// The log of records that earlier builds kept row by row.
fn earlier_log(filed: &str) -> Result<LogId, Error> {
    match filed {
        DEPLOYMENT => Ok(LogId::Deployment),
        zone => ZoneId::parse(zone)
            .map(LogId::Admin)
            .map_err(|_| Error::Corrupt(format!("{zone} is no zone"))),
    }
}

#[async_trait]
impl Chains for GlobalUnit {
    async fn set(&mut self) -> Result<ChainSet, Error> {
        let sql = "SELECT zone_id, number, size, root, root_hmac FROM evidence_logs ORDER BY number";
        let chains = self.tx.all_as(sql, Vec::new(), decode).await?;
        let sql = "SELECT chains, digest, digest_hmac FROM audit_chains";
        let read = |row: &Row| {
            Ok(ChainsSummary {
                count: row.int("chains")?,
                digest: row.text("digest")?,
                digest_hmac: row.text("digest_hmac")?,
            })
        };
        let summary = self.tx.one_as(sql, Vec::new(), read).await?;
        Ok(ChainSet { chains, summary })
    }

    async fn earlier(&mut self) -> Result<Vec<LogId>, Error> {
        let mut logs = Vec::new();
        let sql = "SELECT zone_id FROM audit_heads ORDER BY chain_number";
        for row in self.tx.all(sql, Vec::new()).await? {
            logs.push(LogId::Ledger(row.id("zone_id")?));
        }
        let sql = "SELECT chain_key FROM admin_audit_heads ORDER BY chain_number";
        for row in self.tx.all(sql, Vec::new()).await? {
            logs.push(earlier_log(&row.text("chain_key")?)?);
        }
        Ok(logs)
    }

    async fn adopt_records(&mut self, log: &LogId) -> Result<u64, Error> {
        if !log.is_administrative() {
            return Ok(0);
        }
        self.log(log.clone()).adopt_records().await
    }
}
