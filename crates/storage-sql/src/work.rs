//! Units of work: one transaction each, bound to a zone or to the deployment.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, ApprovalId, SessionId, Timestamp, WorkloadId, ZoneId,
    entity::{Application, SessionStatus, Workload, Zone},
};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::{
    Accounts, AdminAuditLog, AdminTokens, Applications, Approvals, AuthorityRecords, Budgets, Canaries,
    Chains, Delegations, Error, GlobalWork, Grants, IdempotencyReceipts, KeyChecks, Ledger, Lock,
    LogRetention, NotificationQueue, Notifications, Outbox, Policies, PolicySets, ProviderConnections,
    Providers, Resources, RetentionSetting, RevokedAnchors, SecretStore, Sessions, SigningKeys, StateOwners,
    SubjectIssuers, Subjects, VersionedKind, Workloads, ZoneWork, Zones,
};

use crate::{
    group::UnitTx,
    late::DeferredWrites,
    log_unit::{HasLog, LogUnit},
    params::{json_list, params},
    recent::{Learned, Recent},
    row::Row,
    sql::Tx,
};

/// A transaction in one zone. Its repositories are its trait implementations, in `repo`.
pub(crate) struct ZoneUnit {
    pub(crate) tx: UnitTx,
    pub(crate) zone: ZoneId,
    pub(crate) chain_key: Option<HmacKey>,
    /// Whether something changed that a zone snapshot is loaded from.
    pub(crate) changed: bool,
    /// What is known of the ends of logs, and what this unit learned of them.
    pub(crate) recent: Arc<Recent>,
    pub(crate) learned: Learned,
    /// How many more sessions of each application have not ended, written down by whatever comes last.
    pub(crate) unended: BTreeMap<ApplicationId, i64>,
    /// The session whose row this unit of work held last, as long as it has not changed it.
    pub(crate) held: Option<(SessionId, SessionStatus)>,
    /// What is left to the end of a transaction that others share.
    pub(crate) late: DeferredWrites,
}

impl ZoneUnit {
    /// Refuses a row that names another zone than the unit's.
    pub(crate) fn own(&self, zone: &ZoneId) -> Result<(), Error> {
        if *zone == self.zone {
            Ok(())
        } else {
            Err(Error::MissingReference)
        }
    }

    /// The zone's administrative records.
    pub(crate) fn records(&mut self) -> LogUnit<'_> {
        let log = LogId::Admin(self.zone.clone());
        LogUnit::new(
            &self.tx,
            log,
            self.chain_key.as_ref(),
            &self.recent,
            &mut self.learned,
        )
    }
}

#[async_trait]
impl ZoneWork for ZoneUnit {
    fn zone_id(&self) -> &ZoneId {
        &self.zone
    }

    async fn zone(&mut self) -> Result<Option<Zone>, Error> {
        self.tx.live_zone(&self.zone).await
    }

    async fn revision(&mut self) -> Result<i64, Error> {
        let sql = "SELECT revision FROM zone_revisions WHERE zone_id = $1";
        let revision = |row: &Row| row.int("revision");
        let revision = self.tx.one_as(sql, params![self.zone], revision).await?;
        Ok(revision.unwrap_or(0))
    }

    async fn held_version(&mut self, kind: VersionedKind, id: &str) -> Result<Option<i64>, Error> {
        self.hold_version(kind, id).await
    }

    fn applications(&mut self) -> &mut dyn Applications {
        self
    }

    fn workloads(&mut self) -> &mut dyn Workloads {
        self
    }

    fn subject_issuers(&mut self) -> &mut dyn SubjectIssuers {
        self
    }

    fn providers(&mut self) -> &mut dyn Providers {
        self
    }

    fn connections(&mut self) -> &mut dyn ProviderConnections {
        self
    }

    fn resources(&mut self) -> &mut dyn Resources {
        self
    }

    fn grants(&mut self) -> &mut dyn Grants {
        self
    }

    fn secrets(&mut self) -> &mut dyn SecretStore {
        self
    }

    fn policies(&mut self) -> &mut dyn Policies {
        self
    }

    fn policy_sets(&mut self) -> &mut dyn PolicySets {
        self
    }

    fn signing_keys(&mut self) -> &mut dyn SigningKeys {
        self
    }

    fn authority_records(&mut self) -> &mut dyn AuthorityRecords {
        self
    }

    fn subjects(&mut self) -> &mut dyn Subjects {
        self
    }

    fn approvals(&mut self) -> &mut dyn Approvals {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn delegations(&mut self) -> &mut dyn Delegations {
        self
    }

    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts {
        self
    }

    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog {
        self
    }

    fn ledger(&mut self) -> &mut dyn Ledger {
        self
    }

    fn retention_days(&mut self) -> &mut dyn RetentionSetting {
        self
    }

    fn retention(&mut self) -> &mut dyn LogRetention {
        self
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        self
    }

    fn canaries(&mut self) -> &mut dyn Canaries {
        self
    }

    fn budgets(&mut self) -> &mut dyn Budgets {
        self
    }

    fn state_owners(&mut self) -> &mut dyn StateOwners {
        self
    }

    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }

    async fn lock(&mut self, lock: Lock) -> Result<(), Error> {
        self.lock_name(lock.as_str()).await
    }

    async fn rollback_durably(self: Box<Self>) -> Result<(), Error> {
        match self.tx {
            UnitTx::Own(_) => Ok(()),
            UnitTx::Shared(member) => member.rollback_durably().await,
        }
    }

    async fn commit(mut self: Box<Self>) -> Result<(), Error> {
        if self.tx.shared().is_none() {
            self.count_unended().await?;
        }
        match self.tx {
            UnitTx::Own(tx) => {
                // Last, so that the row is held for as short as can be and after every other.
                if self.changed {
                    next_revision(&tx, &self.zone).await?;
                }
                tx.commit().await?;
                self.recent.learn(self.learned);
                Ok(())
            }
            UnitTx::Shared(member) => {
                let late = DeferredWrites {
                    unended: self.unended,
                    changed: self.changed,
                    ..self.late
                };
                member.commit(late).await
            }
        }
    }
}

impl HasLog for ZoneUnit {
    fn unit(&mut self) -> LogUnit<'_> {
        let log = LogId::Ledger(self.zone.clone());
        LogUnit::new(
            &self.tx,
            log,
            self.chain_key.as_ref(),
            &self.recent,
            &mut self.learned,
        )
    }
}

/// Says that what a snapshot of the zone is loaded from has changed.
pub(crate) async fn next_revision(tx: &Tx, zone: &ZoneId) -> Result<(), Error> {
    let sql = "INSERT INTO zone_revisions (zone_id, revision) VALUES ($1, 1) \
         ON CONFLICT (zone_id) DO UPDATE SET revision = zone_revisions.revision + 1";
    tx.run(sql, params![zone]).await.map(|_| ())
}

/// A transaction over the deployment. Its repositories are its trait implementations, in `repo`.
pub(crate) struct GlobalUnit {
    pub(crate) tx: Tx,
    pub(crate) chain_key: Option<HmacKey>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) learned: Learned,
}

impl GlobalUnit {
    /// A log of administrative records.
    pub(crate) fn log(&mut self, log: LogId) -> LogUnit<'_> {
        LogUnit::new(
            &self.tx,
            log,
            self.chain_key.as_ref(),
            &self.recent,
            &mut self.learned,
        )
    }
}

#[async_trait]
impl GlobalWork for GlobalUnit {
    fn zones(&mut self) -> &mut dyn Zones {
        self
    }

    fn accounts(&mut self) -> &mut dyn Accounts {
        self
    }

    fn admin_tokens(&mut self) -> &mut dyn AdminTokens {
        self
    }

    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts {
        self
    }

    fn key_checks(&mut self) -> &mut dyn KeyChecks {
        self
    }

    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog {
        self
    }

    fn retention_days(&mut self) -> &mut dyn RetentionSetting {
        self
    }

    fn chains(&mut self) -> &mut dyn Chains {
        self
    }

    fn notifications(&mut self) -> &mut dyn NotificationQueue {
        self
    }

    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }

    async fn find_application(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error> {
        self.tx.application_anywhere(id).await
    }

    async fn find_workload(&mut self, id: &WorkloadId) -> Result<Option<Workload>, Error> {
        self.tx.workload_anywhere(id).await
    }

    async fn zone_of_approval(&mut self, id: &ApprovalId) -> Result<Option<ZoneId>, Error> {
        let sql = "SELECT zone_id FROM approvals WHERE id = $1";
        self.tx.one_as(sql, params![id], |row| row.id("zone_id")).await
    }

    async fn revoked_between(&mut self, from: Timestamp, to: Timestamp) -> Result<RevokedAnchors, Error> {
        self.tx.revoked_between(from, to).await
    }

    async fn suspended_sessions(&mut self) -> Result<Vec<(ZoneId, Arc<str>)>, Error> {
        let sql = "SELECT zone_id, id FROM sessions WHERE status = 'suspended'";
        self.tx
            .all_as(sql, Vec::new(), |row| {
                Ok((row.id("zone_id")?, Arc::from(row.text("id")?)))
            })
            .await
    }

    async fn zone_revisions(&mut self, zones: &[ZoneId]) -> Result<HashMap<ZoneId, i64>, Error> {
        let sql = format!(
            "SELECT z.id AS zone_id, COALESCE(r.revision, 0) AS revision FROM zones z \
             LEFT JOIN zone_revisions r ON r.zone_id = z.id WHERE z.archived_at IS NULL AND {}",
            self.tx.dialect.is_one_of("z.id", 1)
        );
        self.tx
            .all_as(sql, params![json_list(zones)], |row| {
                Ok((row.id("zone_id")?, row.int("revision")?))
            })
            .await
    }

    async fn zones_with_overdue(
        &mut self,
        now: Timestamp,
        applications_ended_by: Timestamp,
    ) -> Result<Vec<ZoneId>, Error> {
        self.tx.zones_with_overdue(now, applications_ended_by).await
    }

    async fn commit(self: Box<Self>) -> Result<(), Error> {
        self.tx.commit().await?;
        self.recent.learn(self.learned);
        Ok(())
    }
}
