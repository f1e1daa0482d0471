//! Signing keys of a zone.

use async_trait::async_trait;
use caracal_core::{KeyId, Timestamp};
use caracal_storage::{Error, PrivateHalf, PublishedKey, SigningKeyRow, SigningKeys};

use crate::{params::params, row::Row, work::ZoneUnit};

const COLUMNS: &str = "id, version, public_key, envelope, held_key, signs_from, verifies_until, created_at";

fn read(row: &Row) -> Result<SigningKeyRow, Error> {
    Ok(SigningKeyRow {
        id: row.id("id")?,
        version: row.int("version")?,
        public_key: row.bytes("public_key")?,
        private: private_half(row.bytes("envelope")?, row.opt_text("held_key")?)?,
        signs_from: row.time("signs_from")?,
        verifies_until: row.opt_time("verifies_until")?,
        created_at: row.time("created_at")?,
    })
}

/// A private half is in one place. The column of envelopes takes no NULL, so that of a key without one is empty.
fn private_half(envelope: Vec<u8>, held: Option<String>) -> Result<PrivateHalf, Error> {
    match (envelope.is_empty(), held) {
        (false, None) => Ok(PrivateHalf::Sealed(envelope)),
        (true, Some(reference)) => Ok(PrivateHalf::Held(reference)),
        (true, None) => Ok(PrivateHalf::Destroyed),
        (false, Some(_)) => Err(Error::Corrupt(String::from(
            "a signing key is sealed here and held elsewhere at once",
        ))),
    }
}

fn columns_of(private: &PrivateHalf) -> (&[u8], Option<&str>) {
    match private {
        PrivateHalf::Sealed(envelope) => (envelope, None),
        PrivateHalf::Held(reference) => (&[], Some(reference)),
        PrivateHalf::Destroyed => (&[], None),
    }
}

#[async_trait]
impl SigningKeys for ZoneUnit {
    async fn list(&mut self, now: Timestamp) -> Result<Vec<SigningKeyRow>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM signing_keys \
             WHERE zone_id = $1 AND (verifies_until IS NULL OR verifies_until >= $2) ORDER BY version DESC"
        );
        self.tx.all_as(sql, params![self.zone, now], read).await
    }

    async fn published(&mut self, now: Timestamp) -> Result<Vec<PublishedKey>, Error> {
        let sql = "SELECT id, public_key, verifies_until FROM signing_keys \
             WHERE zone_id = $1 AND (verifies_until IS NULL OR verifies_until >= $2) ORDER BY version DESC";
        self.tx
            .all_as(sql, params![self.zone, now], |row| {
                Ok(PublishedKey {
                    id: row.id("id")?,
                    public_key: row.bytes("public_key")?,
                    verifies_until: row.opt_time("verifies_until")?,
                })
            })
            .await
    }

    async fn create(&mut self, key: &SigningKeyRow) -> Result<(), Error> {
        self.changed = true;
        // Any other number means that the caller has not seen what another writer did.
        let sql = "INSERT INTO signing_keys \
             (zone_id, id, version, public_key, envelope, held_key, signs_from, verifies_until, created_at) \
             SELECT $1, $2, CAST($3 AS BIGINT), $4, $5, CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), \
             CAST($9 AS BIGINT) \
             WHERE CAST($3 AS BIGINT) = \
             1 + COALESCE((SELECT MAX(version) FROM signing_keys WHERE zone_id = $1), 0)";
        let (envelope, held) = columns_of(&key.private);
        let params = params![
            self.zone,
            key.id,
            key.version,
            key.public_key,
            envelope,
            held,
            key.signs_from,
            key.verifies_until,
            key.created_at,
        ];
        if self.tx.changes_one(sql, params).await? {
            return Ok(());
        }
        Err(Error::Conflict {
            constraint: String::from("signing_keys_version"),
        })
    }

    async fn sealed(&mut self) -> Result<Vec<(KeyId, Vec<u8>)>, Error> {
        let sql = "SELECT id, envelope FROM signing_keys WHERE zone_id = $1 AND length(envelope) > 0 \
             ORDER BY version";
        self.tx
            .all_as(sql, params![self.zone], |row| {
                Ok((row.id("id")?, row.bytes("envelope")?))
            })
            .await
    }

    async fn reseal(&mut self, id: &KeyId, seen: &[u8], envelope: &[u8]) -> Result<bool, Error> {
        let sql = "UPDATE signing_keys SET envelope = $4 WHERE zone_id = $1 AND id = $2 AND envelope = $3";
        self.tx
            .changes_one(sql, params![self.zone, id, seen, envelope])
            .await
    }

    async fn retire_before(&mut self, version: i64, verifies_until: Timestamp) -> Result<(), Error> {
        self.changed = true;
        let sql = "UPDATE signing_keys SET verifies_until = $3 \
             WHERE zone_id = $1 AND version < $2 AND verifies_until IS NULL";
        self.tx
            .run(sql, params![self.zone, version, verifies_until])
            .await
            .map(|_| ())
    }

    async fn held_past(&mut self, now: Timestamp) -> Result<Vec<(KeyId, String)>, Error> {
        let sql = "SELECT id, held_key FROM signing_keys \
             WHERE zone_id = $1 AND held_key IS NOT NULL AND verifies_until < $2 ORDER BY version";
        self.tx
            .all_as(sql, params![self.zone, now], |row| {
                Ok((row.id("id")?, row.text("held_key")?))
            })
            .await
    }

    async fn destroyed(&mut self, id: &KeyId, reference: &str) -> Result<bool, Error> {
        let sql = "UPDATE signing_keys SET held_key = NULL WHERE zone_id = $1 AND id = $2 AND held_key = $3";
        self.tx.changes_one(sql, params![self.zone, id, reference]).await
    }
}
