//! Which chains of evidence there are.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::{Chain, PrunedTo, beginning_digest, chains_hmac, pruned_hmac};
use caracal_storage::{
    AdminChainRow, ChainHead, ChainKind, ChainSet, Chains, ChainsSummary, Error, LedgerHead, PruneCheckpoint,
};

use super::admin_audit::{DEPLOYMENT, decode_link};
use crate::{dialect::Dialect, params::params, row::Row, sql::Tx, work::GlobalUnit};

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

/// The columns of a head, as both tables of heads have them.
pub(super) fn decode_head(row: &Row) -> Result<LedgerHead, Error> {
    Ok(LedgerHead {
        chain_seq: row.int("chain_seq")?,
        content_sha256: row.text("content_sha256")?,
        head_hmac: row.text("head_hmac")?,
        chain_number: row.int("chain_number")?,
    })
}

/// Administrative chains with where they begin, as [`decode_chain`] reads them.
const ADMIN_CHAINS: &str = "SELECT 'admin' AS kind, h.chain_key, h.chain_number, h.chain_seq, h.content_sha256, \
     h.head_hmac, p.chain_seq AS pruned_seq, p.content_sha256 AS pruned_sha256, p.pruned_at, p.checkpoint_hmac \
     FROM admin_audit_heads h LEFT JOIN admin_audit_pruned p ON p.chain_key = h.chain_key";

fn decode_chain(row: &Row) -> Result<ChainHead, Error> {
    let pruned = match row.opt_time("pruned_at")? {
        Some(pruned_at) => Some(PruneCheckpoint {
            chain_seq: row.int("pruned_seq")?,
            content_sha256: row.text("pruned_sha256")?,
            pruned_at,
            checkpoint_hmac: row.text("checkpoint_hmac")?,
        }),
        None => None,
    };
    Ok(ChainHead {
        kind: match row.text("kind")?.as_str() {
            "ledger" => ChainKind::Ledger,
            _ => ChainKind::Admin,
        },
        zone: match row.text("chain_key")?.as_str() {
            DEPLOYMENT => None,
            _ => Some(row.id("chain_key")?),
        },
        head: decode_head(row)?,
        pruned,
    })
}

#[async_trait]
impl Chains for GlobalUnit {
    async fn set(&mut self) -> Result<ChainSet, Error> {
        let sql = format!(
            "SELECT 'ledger' AS kind, zone_id AS chain_key, number AS chain_number, size AS chain_seq, \
                root AS content_sha256, root_hmac AS head_hmac, CAST(NULL AS BIGINT) AS pruned_seq, CAST(NULL AS TEXT) AS pruned_sha256, \
                CAST(NULL AS BIGINT) AS pruned_at, CAST(NULL AS TEXT) AS checkpoint_hmac FROM evidence_logs \
             UNION ALL {ADMIN_CHAINS} ORDER BY chain_number"
        );
        let rows = self.tx.all(sql, Vec::new()).await?;
        let chains = rows.iter().map(decode_chain).collect::<Result<_, _>>()?;
        let sql = "SELECT chains, digest, digest_hmac FROM audit_chains";
        let summary = match self.tx.one(sql, Vec::new()).await? {
            Some(row) => Some(ChainsSummary {
                count: row.int("chains")?,
                digest: row.text("digest")?,
                digest_hmac: row.text("digest_hmac")?,
            }),
            None => None,
        };
        Ok(ChainSet { chains, summary })
    }

    async fn earlier_ledgers(&mut self) -> Result<Vec<ZoneId>, Error> {
        let sql = "SELECT zone_id FROM audit_heads ORDER BY chain_number";
        let rows = self.tx.all(sql, Vec::new()).await?;
        rows.iter().map(|row| row.id("zone_id")).collect()
    }

    async fn admin_range(
        &mut self,
        zone: Option<&ZoneId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AdminChainRow>, Error> {
        let sql = "SELECT id, actor_id, entity_type, entity_id, method, request_id, record_json, occurred_at, \
             chain_seq, content_sha256, prev_content_sha256, chain_hmac, hash_version FROM admin_audit_events \
             WHERE chain_key = $1 AND chain_seq > $2 ORDER BY chain_seq LIMIT $3";
        let chain = zone.map_or(DEPLOYMENT, ZoneId::as_str);
        let rows = self.tx.all(sql, params![chain, after, limit]).await?;
        rows.iter().map(|row| decode_link(row, zone)).collect()
    }

    async fn admin_older(
        &mut self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<ChainHead>, Error> {
        let sql = format!(
            "{ADMIN_CHAINS} JOIN admin_audit_events e \
                ON e.chain_key = h.chain_key AND e.chain_seq = COALESCE(p.chain_seq, 0) + 1 \
             WHERE e.occurred_at < $1 AND h.chain_number > $2 ORDER BY h.chain_number LIMIT $3"
        );
        let rows = self.tx.all(sql, params![before, after, limit]).await?;
        rows.iter().map(decode_chain).collect()
    }

    async fn prune_admin(
        &mut self,
        zone: Option<&ZoneId>,
        from: i64,
        to: i64,
        content: &str,
        at: Timestamp,
    ) -> Result<Option<PruneCheckpoint>, Error> {
        let pruned = PrunedTo {
            seq: position(to),
            content,
            at,
        };
        let named = zone.map_or(Chain::Deployment, Chain::Admin);
        let tag = match &self.chain_key {
            Some(key) => pruned_hmac(key, named, &pruned),
            None => String::new(),
        };
        let chain = zone.map_or(DEPLOYMENT, ZoneId::as_str);
        let asked = params![chain, from, to, content, at, tag.as_str()];
        let moved = match self.tx.dialect {
            Dialect::Postgres => {
                let sql = "SELECT 1 AS found WHERE admin_audit_prune($1, $2, $3, $4, $5, $6)";
                self.tx.any(sql, asked).await?
            }
            Dialect::Sqlite => {
                // The checkpoint first: it lets the records go.
                let sql = "INSERT INTO admin_audit_pruned AS p \
                     (chain_key, chain_seq, content_sha256, pruned_at, checkpoint_hmac) \
                     SELECT $1, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM admin_audit_events \
                         WHERE chain_key = $1 AND chain_seq = $3 AND content_sha256 = $4) \
                     AND ($2 = 0 OR EXISTS (SELECT 1 FROM admin_audit_pruned WHERE chain_key = $1)) \
                     ON CONFLICT (chain_key) DO UPDATE SET chain_seq = excluded.chain_seq, \
                         content_sha256 = excluded.content_sha256, pruned_at = excluded.pruned_at, \
                         checkpoint_hmac = excluded.checkpoint_hmac \
                     WHERE p.chain_seq = $2";
                let moved = self.tx.run(sql, asked).await? > 0;
                if moved {
                    let sql = "DELETE FROM admin_audit_events WHERE chain_key = $1 AND chain_seq <= $2";
                    self.tx.run(sql, params![chain, to]).await?;
                }
                moved
            }
        };
        Ok(moved.then(|| PruneCheckpoint {
            chain_seq: to,
            content_sha256: content.to_owned(),
            pruned_at: at,
            checkpoint_hmac: tag,
        }))
    }
}
