//! Key-encryption keys of the deployment.

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_storage::{Error, KeyCheck, KeyChecks};

use crate::{
    mapped::{Mapped, mapped},
    params::params,
    work::GlobalUnit,
};

mapped!(KeyCheck in "key_checks" { position, key_id, envelope, created_at, retired_at });

#[async_trait]
impl KeyChecks for GlobalUnit {
    async fn list(&mut self) -> Result<Vec<KeyCheck>, Error> {
        let sql = format!("SELECT {} FROM key_checks ORDER BY position", KeyCheck::COLUMNS);
        self.tx.all_as(sql, Vec::new(), KeyCheck::read).await
    }

    async fn create(&mut self, check: &KeyCheck) -> Result<(), Error> {
        let sql = "INSERT INTO key_checks (position, key_id, envelope, created_at, retired_at) \
             SELECT CAST($1 AS BIGINT), $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
             WHERE CAST($1 AS BIGINT) = 1 + (SELECT COUNT(*) FROM key_checks)";
        let params = params![
            check.position,
            check.key_id,
            check.envelope,
            check.created_at,
            check.retired_at,
        ];
        match self.tx.run(sql, params).await? {
            0 => Err(Error::Conflict {
                constraint: String::from("key_checks_position"),
            }),
            _ => Ok(()),
        }
    }

    async fn set_retired(&mut self, key_id: &str, at: Option<Timestamp>) -> Result<bool, Error> {
        let sql = "UPDATE key_checks SET retired_at = $2 WHERE key_id = $1";
        self.tx.changes_one(sql, params![key_id, at]).await
    }
}
