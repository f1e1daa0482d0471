//! The version that decides for some of a zone's applications.

use async_trait::async_trait;
use caracal_core::{
    CanaryId, Timestamp,
    entity::{CanaryCounts, CanaryOutcome, PolicyCanary},
};
use caracal_storage::{Canaries, Error};

use crate::{
    mapped::{Column, Mapped, mapped},
    params::{Param, params},
    row::Row,
    work::ZoneUnit,
};

mapped!(PolicyCanary in "policy_canaries" {
    id, policy_set_id, version_id, manifest_sha256, evaluated, share_percent, min_decisions,
    max_newly_denied_percent, max_denied_percent, started_by, started_at, version, decisions, denied, newly_denied,
    newly_held, newly_allowed, unjudged, unjudged_denied, unjudged_newly_denied, ended_at, outcome, ended_by
});

const COLUMNS: &str = PolicyCanary::COLUMNS;

impl Param for Option<CanaryOutcome> {
    fn value(&self) -> sea_orm::Value {
        self.map(CanaryOutcome::as_str).value()
    }
}

impl Column for Option<CanaryOutcome> {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        match row.opt_text(column)? {
            None => Ok(None),
            Some(_) => row.word(column, CanaryOutcome::parse).map(Some),
        }
    }
}

#[async_trait]
impl Canaries for ZoneUnit {
    async fn last(&mut self) -> Result<Option<PolicyCanary>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM policy_canaries WHERE zone_id = $1");
        self.tx.one_as(sql, params![self.zone], PolicyCanary::read).await
    }

    async fn begin(&mut self, canary: &PolicyCanary) -> Result<(), Error> {
        self.changed = true;
        self.expect_version(&canary.policy_set_id, &canary.version_id)
            .await?;
        let over = "DELETE FROM policy_canaries WHERE zone_id = $1 AND ended_at IS NOT NULL";
        self.tx.run(over, params![self.zone]).await?;
        let zone = ("zone_id", self.zone.value());
        self.tx.insert(canary, &[zone]).await
    }

    async fn change(&mut self, canary: &PolicyCanary) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE policy_canaries SET share_percent = $4, min_decisions = $5, \
             max_newly_denied_percent = $6, max_denied_percent = $7, version = version + 1, decisions = 0, \
             denied = 0, newly_denied = 0, newly_held = 0, newly_allowed = 0, unjudged = 0, unjudged_denied = 0, \
             unjudged_newly_denied = 0 WHERE zone_id = $1 AND id = $2 AND version = $3 AND ended_at IS NULL";
        let params = params![
            self.zone,
            canary.id,
            canary.version,
            canary.share_percent,
            canary.min_decisions,
            canary.max_newly_denied_percent,
            canary.max_denied_percent,
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn count(&mut self, id: &CanaryId, counts: &CanaryCounts) -> Result<Option<PolicyCanary>, Error> {
        // Nobody's picture of the zone becomes another by it, so its revision stays.
        let sql = format!(
            "UPDATE policy_canaries SET decisions = decisions + $3, denied = denied + $4, \
             newly_denied = newly_denied + $5, newly_held = newly_held + $6, newly_allowed = newly_allowed + $7, \
             unjudged = unjudged + $3, unjudged_denied = unjudged_denied + $4, \
             unjudged_newly_denied = unjudged_newly_denied + $5 \
             WHERE zone_id = $1 AND id = $2 AND ended_at IS NULL RETURNING {COLUMNS}"
        );
        let params = params![
            self.zone,
            id,
            counts.decisions,
            counts.denied,
            counts.newly_denied,
            counts.newly_held,
            counts.newly_allowed,
        ];
        self.tx.one_as(sql, params, PolicyCanary::read).await
    }

    async fn judged(&mut self, id: &CanaryId) -> Result<(), Error> {
        let sql = "UPDATE policy_canaries SET unjudged = 0, unjudged_denied = 0, unjudged_newly_denied = 0 \
             WHERE zone_id = $1 AND id = $2";
        self.tx.run(sql, params![self.zone, id]).await.map(|_| ())
    }

    async fn end(
        &mut self,
        id: &CanaryId,
        outcome: CanaryOutcome,
        by: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE policy_canaries SET ended_at = $3, outcome = $4, ended_by = $5 \
             WHERE zone_id = $1 AND id = $2 AND ended_at IS NULL";
        let params = params![self.zone, id, at, Some(outcome), by];
        self.tx.changes_one(sql, params).await
    }
}
