//! Sealed values of a zone.

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_storage::{Error, SecretStore};

use crate::{params::params, work::ZoneUnit};

#[async_trait]
impl SecretStore for ZoneUnit {
    async fn get(&mut self, reference: &str) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT envelope FROM secret_store WHERE zone_id = $1 AND reference = $2";
        self.tx
            .one_as(sql, params![self.zone, reference], |row| row.bytes("envelope"))
            .await
    }

    async fn list(&mut self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        // A prefix is a range of the index, and needs no escaping as a pattern would.
        let sql = "SELECT reference, envelope FROM secret_store WHERE zone_id = $1 AND reference >= $2 \
             AND substr(reference, 1, length($2)) = $2 ORDER BY reference";
        self.tx
            .all_as(sql, params![self.zone, prefix], |row| {
                Ok((row.text("reference")?, row.bytes("envelope")?))
            })
            .await
    }

    async fn put(&mut self, reference: &str, envelope: &[u8], at: Timestamp) -> Result<(), Error> {
        self.changed = true;
        let sql = "INSERT INTO secret_store (zone_id, reference, envelope, version, created_at, updated_at) \
             VALUES ($1, $2, $3, 1, $4, $4) ON CONFLICT (zone_id, reference) DO UPDATE \
             SET envelope = excluded.envelope, version = secret_store.version + 1, updated_at = excluded.updated_at";
        self.tx
            .run(sql, params![self.zone, reference, envelope, at])
            .await
            .map(|_| ())
    }

    async fn reseal(&mut self, reference: &str, seen: &[u8], envelope: &[u8]) -> Result<bool, Error> {
        let sql =
            "UPDATE secret_store SET envelope = $4 WHERE zone_id = $1 AND reference = $2 AND envelope = $3";
        let params = params![self.zone, reference, seen, envelope];
        self.tx.changes_one(sql, params).await
    }

    async fn delete(&mut self, reference: &str) -> Result<(), Error> {
        self.changed = true;
        let sql = "DELETE FROM secret_store WHERE zone_id = $1 AND reference = $2";
        self.tx.run(sql, params![self.zone, reference]).await.map(|_| ())
    }
}
