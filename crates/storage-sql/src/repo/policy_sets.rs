//! Policy sets of a zone and which one is in force.

use async_trait::async_trait;
use caracal_core::{
    PolicySetId, PolicySetVersionId, Timestamp,
    entity::{PolicySet, PolicySetVersion},
};
use caracal_storage::{
    ActivePolicySet, CountedPolicySets, Error, EvaluatedPolicySet, Page, PageRequest, PolicySets,
    PolicyShadow,
};

use super::policies::versions_in_order;
use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{Param as _, json_list, params},
    row::Row,
    work::ZoneUnit,
};

const SELECT: &str = "SELECT s.zone_id, s.id, s.name, s.description, s.archived_at, b.active_version_id, \
     s.created_by, s.created_via_operator, s.created_at, s.updated_by, s.updated_via_operator, s.updated_at, \
     s.version \
     FROM policy_sets s LEFT JOIN policy_set_bindings b ON b.zone_id = s.zone_id AND b.policy_set_id = s.id \
     WHERE s.zone_id = $1 AND s.archived_at IS NULL";
mapped!(PolicySetVersion in "policy_set_versions" {
    id, policy_set_id, version, manifest as json, manifest_sha256, schema_version, created_by, created_at
});

const VERSION: &str = PolicySetVersion::COLUMNS;
mapped!(PolicyShadow in "policy_shadows" {
    policy_set_id, version_id, manifest_sha256, evaluated, started_by, started_at, expires_at
});

const SHADOW: &str = PolicyShadow::COLUMNS;

fn decode(row: &Row) -> Result<PolicySet, Error> {
    Ok(PolicySet {
        id: row.id("id")?,
        zone_id: row.id("zone_id")?,
        name: row.text("name")?,
        description: row.opt_text("description")?,
        active_version_id: row.opt_id("active_version_id")?,
        archived_at: row.opt_time("archived_at")?,
        attribution: row.attribution()?,
    })
}

impl ZoneUnit {
    /// Refuses a version that the set does not have.
    pub(super) async fn expect_version(
        &self,
        set: &PolicySetId,
        version: &PolicySetVersionId,
    ) -> Result<(), Error> {
        let sql = "SELECT id FROM policy_set_versions WHERE zone_id = $1 AND policy_set_id = $2 AND id = $3";
        if self.tx.any(sql, params![self.zone, set, version]).await? {
            Ok(())
        } else {
            Err(Error::MissingReference)
        }
    }
}

#[async_trait]
impl PolicySets for ZoneUnit {
    async fn shadow(&mut self) -> Result<Option<PolicyShadow>, Error> {
        let sql = format!("SELECT {SHADOW} FROM policy_shadows WHERE zone_id = $1");
        self.tx.one_as(sql, params![self.zone], PolicyShadow::read).await
    }

    async fn begin_shadow(&mut self, shadow: &PolicyShadow) -> Result<(), Error> {
        self.changed = true;
        self.expect_version(&shadow.policy_set_id, &shadow.version_id)
            .await?;
        let delete = "DELETE FROM policy_shadows WHERE zone_id = $1";
        self.tx.run(delete, params![self.zone]).await?;
        let zone = ("zone_id", self.zone.value());
        self.tx.insert(shadow, &[zone]).await
    }

    async fn end_shadow(&mut self) -> Result<bool, Error> {
        self.changed = true;
        let sql = "DELETE FROM policy_shadows WHERE zone_id = $1";
        self.tx.changes_one(sql, params![self.zone]).await
    }

    async fn get(&mut self, id: &PolicySetId) -> Result<Option<PolicySet>, Error> {
        let sql = format!("{SELECT} AND s.id = $2");
        self.tx.one_as(sql, params![self.zone, id], decode).await
    }

    async fn count(&mut self) -> Result<CountedPolicySets, Error> {
        // At most one is in force.
        let sql = "SELECT COUNT(*) AS total, MAX(CASE WHEN b.active_version_id IS NOT NULL THEN s.name END) AS in_force \
             FROM policy_sets s LEFT JOIN policy_set_bindings b ON b.zone_id = s.zone_id AND b.policy_set_id = s.id \
             WHERE s.zone_id = $1 AND s.archived_at IS NULL";
        let Some(row) = self.tx.one(sql, params![self.zone]).await? else {
            return Ok(CountedPolicySets::default());
        };
        Ok(CountedPolicySets {
            total: row.count("total")?,
            in_force: row.opt_text("in_force")?,
        })
    }

    async fn list(&mut self, page: &PageRequest) -> Result<Page<PolicySet>, Error> {
        Listing::new(SELECT, params![self.zone], "s.created_at", "s.id")
            .by_name("s.name", &["s.name", "s.description"])
            .read(&self.tx, page, decode)
            .await
    }

    async fn create(&mut self, set: &PolicySet) -> Result<(), Error> {
        self.own(&set.zone_id)?;
        let by = &set.attribution;
        let sql = "INSERT INTO policy_sets (zone_id, id, name, description, archived_at, \
             created_by, created_via_operator, created_at, updated_by, updated_via_operator, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let params = params![
            self.zone,
            set.id,
            set.name,
            set.description,
            set.archived_at,
            by.created_by,
            by.created_via_operator,
            by.created_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn add_version(&mut self, version: &PolicySetVersion) -> Result<i64, Error> {
        // As for policies: the set's row orders its writers.
        let sql = "UPDATE policy_sets SET version = version + 1 WHERE zone_id = $1 AND id = $2";
        let set = params![self.zone, version.policy_set_id];
        if self.tx.run(sql, set).await? == 0 {
            return Err(Error::MissingReference);
        }
        let sql = format!(
            "INSERT INTO policy_set_versions (zone_id, {VERSION}) SELECT $1, $2, $3, 1 + COALESCE((SELECT \
             MAX(version) FROM policy_set_versions WHERE zone_id = $1 AND policy_set_id = $3), 0), \
             $4, $5, $6, $7, CAST($8 AS BIGINT) RETURNING version"
        );
        let params = params![
            self.zone,
            version.id,
            version.policy_set_id,
            json_list(&version.manifest),
            version.manifest_sha256,
            version.schema_version,
            version.created_by,
            version.created_at,
        ];
        match self.tx.one(sql, params).await? {
            Some(row) => row.int("version"),
            None => Err(Error::Corrupt(String::from("an inserted version has no number"))),
        }
    }

    async fn versions(
        &mut self,
        id: &PolicySetId,
        page: &PageRequest,
    ) -> Result<Page<PolicySetVersion>, Error> {
        let sql =
            format!("SELECT {VERSION} FROM policy_set_versions WHERE zone_id = $1 AND policy_set_id = $2");
        Listing::new(sql, params![self.zone, id], "created_at", "id")
            .read(&self.tx, page, PolicySetVersion::read)
            .await
    }

    async fn version(
        &mut self,
        set: &PolicySetId,
        id: &PolicySetVersionId,
    ) -> Result<Option<PolicySetVersion>, Error> {
        let sql = format!(
            "SELECT {VERSION} FROM policy_set_versions WHERE zone_id = $1 AND policy_set_id = $2 AND id = $3"
        );
        self.tx
            .one_as(sql, params![self.zone, set, id], PolicySetVersion::read)
            .await
    }

    async fn activate(
        &mut self,
        set: &PolicySetId,
        version: &PolicySetVersionId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        self.changed = true;
        // The set is held, so that archiving it at the same moment cannot leave an archived set in force. What is in force
        // is part of a set: the one that was is changed as well.
        let sql = "UPDATE policy_sets SET version = version + 1 WHERE zone_id = $1 AND archived_at IS NULL \
             AND id = $2";
        if self.tx.run(sql, params![self.zone, set]).await? == 0 {
            return Ok(false);
        }
        let other = "UPDATE policy_sets SET version = version + 1 WHERE zone_id = $1 AND id <> $2 \
             AND id = (SELECT policy_set_id FROM policy_set_bindings WHERE zone_id = $1)";
        self.tx.run(other, params![self.zone, set]).await?;
        let sql = "INSERT INTO policy_set_bindings (zone_id, policy_set_id, active_version_id, updated_at) \
             SELECT zone_id, policy_set_id, id, CAST($4 AS BIGINT) FROM policy_set_versions \
             WHERE zone_id = $1 AND policy_set_id = $2 AND id = $3 ON CONFLICT (zone_id) DO UPDATE \
             SET policy_set_id = excluded.policy_set_id, active_version_id = excluded.active_version_id, \
             updated_at = excluded.updated_at, evaluated_manifest_sha256 = NULL, evaluated = NULL";
        if self.tx.run(sql, params![self.zone, set, version, at]).await? == 0 {
            return Ok(false);
        }
        // It was measured against what was in force, and whoever puts a version in force means everybody.
        let canary = "UPDATE policy_canaries SET ended_at = $2, outcome = 'superseded' \
             WHERE zone_id = $1 AND ended_at IS NULL";
        self.tx.run(canary, params![self.zone, at]).await?;
        Ok(true)
    }

    async fn keep_evaluated(
        &mut self,
        version: &PolicySetVersionId,
        manifest_sha256: &str,
        evaluated: &str,
    ) -> Result<bool, Error> {
        let sql = "UPDATE policy_set_bindings SET evaluated_manifest_sha256 = $3, evaluated = $4 \
             WHERE zone_id = $1 AND active_version_id = $2 AND EXISTS (SELECT 1 FROM policy_set_versions v \
             WHERE v.zone_id = $1 AND v.id = $2 AND v.manifest_sha256 = $3)";
        let params = params![self.zone, version, manifest_sha256, evaluated];
        self.tx.changes_one(sql, params).await
    }

    async fn evaluated(&mut self) -> Result<Option<EvaluatedPolicySet>, Error> {
        let sql = "SELECT v.id, v.policy_set_id, v.version, v.manifest, v.manifest_sha256, v.schema_version, \
             v.created_by, v.created_at, b.evaluated FROM policy_set_bindings b \
             JOIN policy_set_versions v ON v.zone_id = b.zone_id AND v.id = b.active_version_id \
             AND v.manifest_sha256 = b.evaluated_manifest_sha256 \
             WHERE b.zone_id = $1 AND b.evaluated IS NOT NULL";
        self.tx
            .one_as(sql, params![self.zone], |row| {
                Ok(EvaluatedPolicySet {
                    version: PolicySetVersion::read(row)?,
                    evaluated: row.text("evaluated")?,
                })
            })
            .await
    }

    async fn active(&mut self) -> Result<Option<ActivePolicySet>, Error> {
        let sql = "SELECT v.id, v.policy_set_id, v.version, v.manifest, v.manifest_sha256, v.schema_version, \
             v.created_by, v.created_at FROM policy_set_bindings b \
             JOIN policy_set_versions v ON v.zone_id = b.zone_id AND v.id = b.active_version_id \
             WHERE b.zone_id = $1";
        let Some(row) = self.tx.one(sql, params![self.zone]).await? else {
            return Ok(None);
        };
        let version = PolicySetVersion::read(&row)?;
        let policies = versions_in_order(&self.tx, &self.zone, &version.manifest).await?;
        Ok(Some(ActivePolicySet { version, policies }))
    }

    async fn archive(&mut self, id: &PolicySetId, at: Timestamp) -> Result<Option<bool>, Error> {
        self.changed = true;
        let sql = "UPDATE policy_sets SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        if self.tx.run(sql, params![self.zone, id, at]).await? == 0 {
            return Ok(None);
        }
        let unbind = "DELETE FROM policy_set_bindings WHERE zone_id = $1 AND policy_set_id = $2";
        let was_in_force = self.tx.run(unbind, params![self.zone, id]).await? > 0;
        // Where nothing is in force everything is denied, whoever asks; and what is archived decides nothing.
        let canary = "UPDATE policy_canaries SET ended_at = $3, outcome = 'superseded' \
             WHERE zone_id = $1 AND ended_at IS NULL AND (policy_set_id = $2 OR NOT EXISTS \
             (SELECT 1 FROM policy_set_bindings b WHERE b.zone_id = $1))";
        self.tx.run(canary, params![self.zone, id, at]).await?;
        Ok(Some(was_in_force))
    }
}
