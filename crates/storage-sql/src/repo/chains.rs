//! Which chains of evidence there are.

use async_trait::async_trait;
use caracal_core::ZoneId;
use caracal_crypto::{
    HmacKey,
    ledger::{Chain, beginning_digest, chains_hmac},
};
use caracal_storage::{
    AdminChainRow, ChainHead, ChainKind, ChainSet, Chains, ChainsSummary, Error, LedgerHead,
};

use super::admin_audit::{DEPLOYMENT, decode_link};
use crate::{params::params, row::Row, sql::Tx, work::GlobalUnit};

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

#[async_trait]
impl Chains for GlobalUnit {
    async fn set(&mut self) -> Result<ChainSet, Error> {
        let sql = "SELECT 'ledger' AS kind, zone_id AS chain_key, chain_number, chain_seq, content_sha256, head_hmac \
                FROM audit_heads \
             UNION ALL SELECT 'admin', chain_key, chain_number, chain_seq, content_sha256, head_hmac \
                FROM admin_audit_heads \
             ORDER BY chain_number";
        let mut chains = Vec::new();
        for row in self.tx.all(sql, Vec::new()).await? {
            let kind = match row.text("kind")?.as_str() {
                "ledger" => ChainKind::Ledger,
                _ => ChainKind::Admin,
            };
            let zone = match row.text("chain_key")?.as_str() {
                DEPLOYMENT => None,
                _ => Some(row.id("chain_key")?),
            };
            chains.push(ChainHead {
                kind,
                zone,
                head: decode_head(&row)?,
            });
        }
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
}
