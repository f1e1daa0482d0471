//! Authority records of a zone.

use std::collections::HashSet;

use async_trait::async_trait;
use caracal_core::{
    AuthorityRecordId, SessionId, Timestamp,
    entity::{AuthorityRecord, AuthorityRecordStatus},
};
use caracal_storage::{AuthorityRecordFilter, AuthorityRecords, Error, Page, PageRequest};

use crate::{
    dialect::Dialect,
    mapped::{Mapped, mapped, subject_word},
    paging::Listing,
    params::{json_list, params},
    work::ZoneUnit,
};

mapped!(AuthorityRecord in "authority_records" {
    zone_id, id, subject_type, subject_id, application_id, parent_id, status, expires_at, authenticated_at, issuer,
    created_at, revoked_at, revoked_reason
});

const COLUMNS: &str = AuthorityRecord::COLUMNS;

#[async_trait]
impl AuthorityRecords for ZoneUnit {
    async fn get(&mut self, id: &AuthorityRecordId) -> Result<Option<AuthorityRecord>, Error> {
        if let Some(known) = self.tx.shared().and_then(|member| member.known().records.get(id)) {
            return Ok(Some(known.clone()));
        }
        let sql = format!("SELECT {COLUMNS} FROM authority_records WHERE zone_id = $1 AND id = $2");
        let row = self.tx.one(sql, params![self.zone, id]).await?;
        let record = row.as_ref().map(AuthorityRecord::read).transpose()?;
        if let (Some(member), Some(record)) = (self.tx.shared(), &record) {
            member.known().records.insert(id.clone(), record.clone());
        }
        Ok(record)
    }

    async fn create(&mut self, record: &AuthorityRecord) -> Result<(), Error> {
        self.own(&record.zone_id)?;
        self.forget_known();
        self.tx.insert(record, &[]).await
    }

    async fn extend(
        &mut self,
        id: &AuthorityRecordId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        self.forget_known();
        let sql = "UPDATE authority_records SET expires_at = $4 \
                   WHERE zone_id = $1 AND id = $2 AND status = 'active' AND expires_at > $3";
        self.tx.changes_one(sql, params![self.zone, id, now, until]).await
    }

    async fn list(
        &mut self,
        filter: &AuthorityRecordFilter,
        page: &PageRequest,
    ) -> Result<Page<AuthorityRecord>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM authority_records WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id").searched(&[
            "id",
            "subject_id",
            "issuer",
        ]);
        listing.when("id", "=", filter.id.as_ref());
        listing.when("status", "=", filter.status.map(AuthorityRecordStatus::as_str));
        listing.when("subject_id", "=", filter.subject_id.as_deref());
        listing.when("subject_type", "=", filter.subject_type.map(subject_word));
        listing.when("application_id", "=", filter.application_id.as_ref());
        listing.when("revoked_reason", "=", filter.revoked_reason.as_deref());
        listing.when("revoked_at", ">=", filter.revoked_since);
        listing.read(&self.tx, page, AuthorityRecord::read).await
    }

    async fn count_live(&mut self, now: Timestamp, most: u32) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM (SELECT id FROM authority_records \
             WHERE zone_id = $1 AND status = 'active' AND expires_at > $2 LIMIT $3) AS live";
        self.tx.count(sql, params![self.zone, now, most]).await
    }

    async fn of_sessions(&mut self, sessions: &[SessionId]) -> Result<Vec<AuthorityRecordId>, Error> {
        let sql = format!(
            "SELECT DISTINCT subject_authority_record_id AS id FROM sessions WHERE zone_id = $1 AND {} ORDER BY 1",
            self.tx.dialect.is_one_of("id", 2)
        );
        self.tx.ids(sql, params![self.zone, json_list(sessions)]).await
    }

    async fn revoke_tree(
        &mut self,
        id: &AuthorityRecordId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<AuthorityRecordId>, Error> {
        let tree = "WITH RECURSIVE tree AS (
                SELECT id, CAST(0 AS BIGINT) AS distance FROM authority_records WHERE zone_id = $1 AND id = $2
                UNION
                SELECT child.id, tree.distance + 1 FROM tree
                JOIN authority_records child ON child.zone_id = $1 AND child.parent_id = tree.id
                WHERE tree.distance < 1000
            )
            SELECT tree.id FROM tree JOIN authority_records r ON r.zone_id = $1 AND r.id = tree.id
            WHERE r.status = 'active' ORDER BY tree.distance, tree.id";
        let is_one = self.tx.dialect.is_one_of("id", 2);
        // Holding the records makes whoever is just deriving from one of them finish first.
        let hold = format!("SELECT id FROM authority_records WHERE zone_id = $1 AND {is_one} FOR UPDATE");
        let revoke = format!(
            "UPDATE authority_records SET status = 'revoked', revoked_at = $3, revoked_reason = $4 \
             WHERE zone_id = $1 AND status = 'active' AND {is_one} RETURNING id"
        );
        self.forget_known();
        let mut revoked = Vec::new();
        loop {
            let rows = self.tx.all(tree, params![self.zone, id]).await?;
            let found: Vec<AuthorityRecordId> =
                rows.iter().map(|row| row.id("id")).collect::<Result<_, _>>()?;
            if found.is_empty() {
                return Ok(revoked);
            }
            let list = json_list(&found);
            if self.tx.dialect == Dialect::Postgres {
                self.tx.all(hold.clone(), params![self.zone, list]).await?;
            }
            let rows = self
                .tx
                .all(revoke.clone(), params![self.zone, list, at, reason])
                .await?;
            let changed: HashSet<String> = rows.iter().map(|row| row.text("id")).collect::<Result<_, _>>()?;
            // Another writer may have ended some meanwhile; only what changed here is told, root first.
            revoked.extend(found.into_iter().filter(|id| changed.contains(id.as_str())));
            if self.tx.dialect == Dialect::Sqlite {
                return Ok(revoked);
            }
            // Walk again: records derived while we waited were not visible before.
        }
    }

    async fn reap(&mut self, now: Timestamp, forget_before: Timestamp, limit: u32) -> Result<u64, Error> {
        self.forget_known();
        let expire = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM authority_records \
             WHERE zone_id = $1 AND status = 'active' AND expires_at <= $2 ORDER BY expires_at LIMIT $3{}) \
             UPDATE authority_records SET status = 'expired' \
             WHERE zone_id = $1 AND status = 'active' AND id IN (SELECT id FROM due)",
            self.tx.dialect.skip_locked()
        );
        let expired = self.tx.run(expire, params![self.zone, now, limit]).await?;
        let forget = "WITH old AS MATERIALIZED (SELECT r.id FROM authority_records r \
             WHERE r.zone_id = $1 AND r.status <> 'active' AND COALESCE(r.revoked_at, r.expires_at) < $2 \
             AND NOT EXISTS (SELECT 1 FROM authority_records c WHERE c.zone_id = $1 AND c.parent_id = r.id) \
             AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.zone_id = $1 AND s.subject_authority_record_id = r.id) \
             AND NOT EXISTS (SELECT 1 FROM evidence_holds h WHERE h.zone_id = $1 AND h.lifted_at IS NULL \
                 AND (h.subject IS NULL OR h.subject = r.subject_id)) \
             ORDER BY COALESCE(r.revoked_at, r.expires_at) LIMIT $3) \
             DELETE FROM authority_records WHERE zone_id = $1 AND id IN (SELECT id FROM old)";
        Ok(expired
            + self
                .tx
                .run(forget, params![self.zone, forget_before, limit])
                .await?)
    }
}
