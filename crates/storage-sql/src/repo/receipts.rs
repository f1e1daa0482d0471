//! Idempotency receipts of a zone, and of requests that are about none.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_storage::{Error, IdempotencyReceipt, IdempotencyReceipts};

use crate::{
    params::params,
    row::Row,
    sql::Tx,
    work::{GlobalUnit, ZoneUnit},
};

/// Receipts of a zone.
const OF_ZONES: &str = "idempotency_receipts";
/// Receipts of the deployment, and what they are filed under.
const OF_DEPLOYMENT: &str = "deployment_receipts";
const DEPLOYMENT: &str = "*";

fn decode(row: &Row) -> Result<IdempotencyReceipt, Error> {
    Ok(IdempotencyReceipt {
        operation: row.text("operation")?,
        scope_id: row.text("scope_id")?,
        key_digest: row.digest("key_digest")?,
        request_digest: row.digest("request_digest")?,
        resource_id: row.text("resource_id")?,
        response_status: u16::try_from(row.int("response_status")?)
            .map_err(|_| Error::Corrupt(String::from("a receipt has no HTTP status")))?,
        response_json: row.text("response_json")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Inserts a receipt of a zone.
pub(super) async fn insert_receipt(
    tx: &Tx,
    zone: &ZoneId,
    receipt: &IdempotencyReceipt,
) -> Result<(), Error> {
    insert(tx, OF_ZONES, zone.as_str(), receipt, "").await.map(|_| ())
}

/// Inserts a receipt; `otherwise` says what becomes of one that is there.
async fn insert(
    tx: &Tx,
    table: &str,
    zone: &str,
    receipt: &IdempotencyReceipt,
    otherwise: &str,
) -> Result<u64, Error> {
    let sql = format!(
        "INSERT INTO {table} (zone_id, operation, scope_id, key_digest, request_digest, \
         resource_id, response_status, response_json, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) {otherwise}"
    );
    let params = params![
        zone,
        receipt.operation,
        receipt.scope_id,
        hex::encode(receipt.key_digest),
        hex::encode(receipt.request_digest),
        receipt.resource_id,
        receipt.response_status,
        receipt.response_json,
        receipt.created_at,
        receipt.expires_at,
    ];
    tx.run(sql, params).await
}

/// The live receipt of a key, once its lock is held.
async fn find(
    tx: &Tx,
    (table, zone): (&str, &str),
    (operation, scope_id, key): (&str, &str, &str),
    now: Timestamp,
) -> Result<Option<IdempotencyReceipt>, Error> {
    let sql = format!(
        "SELECT operation, scope_id, key_digest, request_digest, resource_id, response_status, \
         response_json, created_at, expires_at FROM {table} \
         WHERE zone_id = $1 AND operation = $2 AND scope_id = $3 AND key_digest = $4 AND expires_at > $5"
    );
    tx.one_as(sql, params![zone, operation, scope_id, key, now], decode)
        .await
}

async fn count(
    tx: &Tx,
    (table, zone): (&str, &str),
    (operation, scope_id): (&str, &str),
    now: Timestamp,
) -> Result<u64, Error> {
    let sql = format!(
        "SELECT COUNT(*) AS n FROM {table} \
         WHERE zone_id = $1 AND operation = $2 AND scope_id = $3 AND expires_at > $4"
    );
    tx.count(sql, params![zone, operation, scope_id, now]).await
}

async fn create(tx: &Tx, table: &str, zone: &str, receipt: &IdempotencyReceipt) -> Result<(), Error> {
    let replace = format!(
        "ON CONFLICT (zone_id, operation, scope_id, key_digest) DO UPDATE \
         SET request_digest = excluded.request_digest, resource_id = excluded.resource_id, \
         response_status = excluded.response_status, response_json = excluded.response_json, \
         created_at = excluded.created_at, expires_at = excluded.expires_at \
         WHERE {table}.expires_at <= excluded.created_at"
    );
    match insert(tx, table, zone, receipt, &replace).await? {
        0 => Err(Error::Conflict {
            constraint: format!("{table}_pkey"),
        }),
        _ => Ok(()),
    }
}

async fn reap(tx: &Tx, table: &str, zone: &str, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let sql = format!(
        "WITH old AS MATERIALIZED (SELECT operation, scope_id, key_digest FROM {table} \
         WHERE zone_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3) \
         DELETE FROM {table} WHERE zone_id = $1 \
         AND (operation, scope_id, key_digest) IN (SELECT operation, scope_id, key_digest FROM old)"
    );
    tx.run(sql, params![zone, now, limit]).await
}

macro_rules! receipts {
    ($unit:ty, $table:expr, |$self:ident| $zone:expr) => {
        #[async_trait]
        impl IdempotencyReceipts for $unit {
            async fn claim(
                &mut $self,
                operation: &str,
                scope_id: &str,
                key_digest: &[u8; 32],
                now: Timestamp,
            ) -> Result<Option<IdempotencyReceipt>, Error> {
                let key = hex::encode(key_digest);
                let name = format!("receipt:{operation}:{scope_id}:{key}");
                $self.lock_name(&name).await?;
                IdempotencyReceipts::find($self, operation, scope_id, key_digest, now).await
            }

            async fn find(
                &mut $self,
                operation: &str,
                scope_id: &str,
                key_digest: &[u8; 32],
                now: Timestamp,
            ) -> Result<Option<IdempotencyReceipt>, Error> {
                let key = hex::encode(key_digest);
                find(&$self.tx, ($table, $zone), (operation, scope_id, &key), now).await
            }

            async fn count(
                &mut $self,
                operation: &str,
                scope_id: &str,
                now: Timestamp,
            ) -> Result<u64, Error> {
                count(&$self.tx, ($table, $zone), (operation, scope_id), now).await
            }

            async fn create(&mut $self, receipt: &IdempotencyReceipt) -> Result<(), Error> {
                create(&$self.tx, $table, $zone, receipt).await
            }

            async fn reap(&mut $self, now: Timestamp, limit: u32) -> Result<u64, Error> {
                reap(&$self.tx, $table, $zone, now, limit).await
            }
        }
    };
}
receipts!(ZoneUnit, OF_ZONES, |self| self.zone.as_str());
receipts!(GlobalUnit, OF_DEPLOYMENT, |self| DEPLOYMENT);
