//! Tokens of the Control API.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_storage::{AdminToken, AdminTokenFilter, AdminTokens, Error, Page, PageRequest, TokenStanding};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{json_list, params},
    work::GlobalUnit,
};

mapped!(AdminToken in "admin_tokens" {
    id, name, token_digest, digest_key, scope, capability, reveals, zone_id, created_by, created_at,
    expires_at, last_used_at, revoked_at
});

const COLUMNS: &str = AdminToken::COLUMNS;

#[async_trait]
impl AdminTokens for GlobalUnit {
    async fn find(&mut self, token_digest: &[u8; 32], now: Timestamp) -> Result<Option<AdminToken>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM admin_tokens t WHERE token_digest = $1 AND revoked_at IS NULL AND \
                 (expires_at IS NULL OR expires_at > $2) AND \
                 (zone_id IS NULL OR EXISTS \
                 (SELECT 1 FROM zones z WHERE z.id = t.zone_id AND z.archived_at IS NULL))"
        );
        self.tx
            .one_as(sql, params![hex::encode(token_digest), now], AdminToken::read)
            .await
    }

    async fn digests(&mut self, most: u32, now: Timestamp) -> Result<Vec<[u8; 32]>, Error> {
        let sql = "SELECT token_digest FROM admin_tokens WHERE revoked_at IS NULL AND \
             (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC LIMIT $1";
        self.tx
            .all_as(sql, params![most, now], |row| row.digest("token_digest"))
            .await
    }

    async fn list(
        &mut self,
        filter: &AdminTokenFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminToken>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM admin_tokens WHERE TRUE");
        let mut listing =
            Listing::new(sql, Vec::new(), "created_at", "id").by_name("name", &["name", "created_by"]);
        listing.when("scope", "=", filter.scope);
        listing.when("capability", "=", filter.capability);
        listing.when("zone_id", "=", filter.zone_id.as_ref());
        listing.when("created_by", "=", filter.created_by.as_deref());
        if let Some((standing, at)) = filter.stands {
            match standing {
                TokenStanding::Active => {
                    let n = listing.bind(at);
                    listing.and(&format!(
                        "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${n})"
                    ));
                }
                TokenStanding::Expired => {
                    let n = listing.bind(at);
                    listing.and(&format!("revoked_at IS NULL AND expires_at <= ${n}"));
                }
                TokenStanding::Revoked => listing.and("revoked_at IS NOT NULL"),
            }
        }
        listing.read(&self.tx, page, AdminToken::read).await
    }

    async fn create(&mut self, token: &AdminToken) -> Result<(), Error> {
        self.tx.insert(token, &[]).await
    }

    async fn revoke_class_except(
        &mut self,
        created_by: &str,
        keep: &[[u8; 32]],
        at: Timestamp,
    ) -> Result<u64, Error> {
        let sql = format!(
            "UPDATE admin_tokens SET revoked_at = $2 WHERE created_by = $1 AND revoked_at IS NULL AND NOT {}",
            self.tx.dialect.is_one_of("token_digest", 3)
        );
        self.tx
            .run(
                sql,
                params![created_by, at, json_list(keep.iter().map(hex::encode))],
            )
            .await
    }

    async fn revoke(&mut self, id: &str, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE admin_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        self.tx.changes_one(sql, params![id, at]).await
    }

    async fn revoke_of_zone(&mut self, zone: &ZoneId, at: Timestamp) -> Result<u64, Error> {
        let sql = "UPDATE admin_tokens SET revoked_at = $2 WHERE zone_id = $1 AND revoked_at IS NULL";
        self.tx.run(sql, params![zone, at]).await
    }

    async fn redigest(
        &mut self,
        id: &str,
        seen: &[u8; 32],
        digest: &[u8; 32],
        digest_key: &str,
    ) -> Result<bool, Error> {
        let sql =
            "UPDATE admin_tokens SET token_digest = $3, digest_key = $4 WHERE id = $1 AND token_digest = $2";
        let params = params![id, hex::encode(seen), hex::encode(digest), digest_key];
        self.tx.changes_one(sql, params).await
    }

    async fn count_digested_otherwise(&mut self, digest_key: &str, now: Timestamp) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM admin_tokens WHERE revoked_at IS NULL AND digest_key <> $1 \
             AND (expires_at IS NULL OR expires_at > $2)";
        self.tx.count(sql, params![digest_key, now]).await
    }

    async fn touch(&mut self, id: &str, at: Timestamp) -> Result<(), Error> {
        // Two requests may arrive out of order; the later use wins.
        let sql = "UPDATE admin_tokens SET last_used_at = $2 \
             WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        self.tx.run(sql, params![id, at]).await.map(|_| ())
    }
}
