//! Units of work: one transaction, in one zone or over the deployment.

use std::{collections::HashMap, fmt, sync::Arc};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, ApprovalId, Timestamp, WorkloadId, ZoneId,
    entity::{Application, Workload},
};
use caracal_ledger::chain::LogId;

use crate::{
    Accounts, AdminAuditLog, AdminTokens, Applications, Approvals, AuthorityRecords, Budgets, Canaries,
    Chains, Delegations, Error, Grants, IdempotencyReceipts, KeyChecks, Ledger, Lock, Log, LogRetention,
    NotificationQueue, Notifications, Outbox, Policies, PolicySets, ProviderConnections, Providers,
    Resources, RetentionSetting, SecretStore, Sessions, SigningKeys, StateOwners, SubjectIssuers, Subjects,
    Workloads, Zones,
};

/// Whether a unit of work may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A consistent snapshot; writes fail. Several run at once on every backend.
    Read,
    /// Serialised with other writers of the same rows.
    Write,
    /// As [`Access::Write`], in turns with others of the zone that ask for the same at the same time: one commit makes all of
    /// them durable, or none. It may read what those before it wrote, which is committed with it or not at all; so whoever
    /// ends it otherwise than by [`ZoneWork::commit`], and answers, asks [`ZoneWork::rollback_durably`] first. Holds these locks, in
    /// this order, from the beginning. What it leaves to the outbox and to the administrative records is written at
    /// the end, and cannot be read before.
    Grouped(&'static [Lock]),
}

/// What has a version that callers may insist on, besides zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionedKind {
    /// Applications.
    Application,
    /// Workloads.
    Workload,
    /// Providers.
    Provider,
    /// Resources.
    Resource,
    /// Grants.
    Grant,
    /// Issuers of subjects.
    SubjectIssuer,
    /// Policies; a version that is added is a change.
    Policy,
    /// Policy sets; a version that is added, comes into force or leaves it is a change.
    PolicySet,
    /// Sinks of notifications.
    NotificationSink,
}

/// Ids whose authority ended in a span of time, for enforcement points that start or resynchronise.
#[derive(Debug, Clone, Default)]
pub struct RevokedAnchors {
    /// Revoked authority records, with the zone of each.
    pub authority_records: Vec<(ZoneId, Arc<str>)>,
    /// Terminated and expired sessions.
    pub sessions: Vec<(ZoneId, Arc<str>)>,
    /// Revoked and expired delegations.
    pub delegations: Vec<(ZoneId, Arc<str>)>,
    /// Revoked connections to upstreams' OAuth servers.
    pub connections: Vec<(ZoneId, Arc<str>)>,
}

/// A storage backend.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Opens a unit of work in one zone. Rows of other zones are invisible to it, whatever it asks for.
    /// The zone need not exist: then everything is absent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had in time.
    async fn zone(&self, zone: &ZoneId, access: Access) -> Result<Box<dyn ZoneWork>, Error>;

    /// Opens a unit of work over the deployment: zones, admin tokens, and the few named reads across zones.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had in time.
    async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error>;

    /// Opens a unit of work over one log of evidence, as those read and prune it who do not append to it. Other logs are
    /// invisible to it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had in time.
    async fn log(&self, log: &LogId, access: Access) -> Result<Box<dyn LogWork>, Error>;

    /// Whether the backend answers and its schema is the one this build needs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer; [`Error::Corrupt`] when the schema is older or newer.
    async fn ping(&self) -> Result<(), Error>;

    /// Statements sent to the backend by this process since it started; the bench proves the hot path with it.
    fn statements(&self) -> u64;

    /// The connections this process holds to the backend, by what they are for.
    fn connections(&self) -> Vec<Connections>;
}

/// The connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// What it is for: `reads`, `writes`, or `all` where one pool serves both.
    pub purpose: &'static str,
    /// In use now.
    pub used: u32,
    /// Open and waiting for use.
    pub idle: u32,
    /// The most there may be.
    pub limit: u32,
}

/// One transaction in one zone. Dropping it without [`ZoneWork::commit`] rolls back. After a call failed, nothing of it
/// can be committed.
#[async_trait]
pub trait ZoneWork: Send {
    /// The zone every repository below is bound to.
    fn zone_id(&self) -> &ZoneId;
    /// The zone's own row, if it exists and is not archived.
    async fn zone(&mut self) -> Result<Option<caracal_core::entity::Zone>, Error>;
    /// How often what a zone snapshot is loaded from was changed: its own row, applications, providers, resources,
    /// sealed values, keys, the policy in force and the epoch of its delegations. Equal revisions, equal content.
    async fn revision(&mut self) -> Result<i64, Error>;
    /// The version of an object, unless it is absent or archived. Nobody else changes the object until the end of the work.
    async fn held_version(&mut self, kind: VersionedKind, id: &str) -> Result<Option<i64>, Error>;
    /// Applications.
    fn applications(&mut self) -> &mut dyn Applications;
    /// Workloads.
    fn workloads(&mut self) -> &mut dyn Workloads;
    /// Identity providers whose users are taken as subjects.
    fn subject_issuers(&mut self) -> &mut dyn SubjectIssuers;
    /// Providers.
    fn providers(&mut self) -> &mut dyn Providers;
    /// Accounts at upstreams' OAuth servers.
    fn connections(&mut self) -> &mut dyn ProviderConnections;
    /// Resources.
    fn resources(&mut self) -> &mut dyn Resources;
    /// What people agreed to let applications do.
    fn grants(&mut self) -> &mut dyn Grants;
    /// Sealed values.
    fn secrets(&mut self) -> &mut dyn SecretStore;
    /// Policies and their versions.
    fn policies(&mut self) -> &mut dyn Policies;
    /// Policy sets, their versions and which is active.
    fn policy_sets(&mut self) -> &mut dyn PolicySets;
    /// Signing keys.
    fn signing_keys(&mut self) -> &mut dyn SigningKeys;
    /// Authority records.
    fn authority_records(&mut self) -> &mut dyn AuthorityRecords;
    /// Whoever holds, or held, authority.
    fn subjects(&mut self) -> &mut dyn Subjects;
    /// Approvals.
    fn approvals(&mut self) -> &mut dyn Approvals;
    /// Sessions.
    fn sessions(&mut self) -> &mut dyn Sessions;
    /// Delegations and the epoch of their graph.
    fn delegations(&mut self) -> &mut dyn Delegations;
    /// Receipts of idempotent requests.
    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts;
    /// The zone's administrative records.
    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog;
    /// The zone's ledger.
    fn ledger(&mut self) -> &mut dyn Ledger;
    /// How long the zone's events are kept, where that is said of the zone.
    fn retention_days(&mut self) -> &mut dyn RetentionSetting;
    /// Holds on the zone's events, and what of them was deleted.
    fn retention(&mut self) -> &mut dyn LogRetention;
    /// Servers that are told what happens in the zone, and what is on its way to them.
    fn notifications(&mut self) -> &mut dyn Notifications;
    /// The version that decides for some of the zone's applications.
    fn canaries(&mut self) -> &mut dyn Canaries;
    /// What sessions and delegations used up of budgets.
    fn budgets(&mut self) -> &mut dyn Budgets;
    /// Which document each object of the zone comes from.
    fn state_owners(&mut self) -> &mut dyn StateOwners;
    /// Events to publish once this transaction is committed.
    fn outbox(&mut self) -> &mut dyn Outbox;
    /// Waits for whoever else holds the lock in this zone, and holds it until the end of the transaction. Work under other
    /// locks goes on.
    async fn lock(&mut self, lock: Lock) -> Result<(), Error>;
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome is a rollback; the caller may try the whole work again.
    async fn commit(self: Box<Self>) -> Result<(), Error>;
    /// Rolls back, and waits until everything that this unit may have read is durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Contended`] when what it may have read was not committed, so that nothing may be
    /// concluded from it.
    async fn rollback_durably(self: Box<Self>) -> Result<(), Error>;
}

/// One transaction over one log of evidence. Dropping it without [`LogWork::commit`] rolls back.
#[async_trait]
pub trait LogWork: Send {
    /// The log.
    fn log(&mut self) -> &mut dyn Log;
    /// Holds on what its entries are about, and what of them was deleted.
    fn retention(&mut self) -> &mut dyn LogRetention;
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome is a rollback.
    async fn commit(self: Box<Self>) -> Result<(), Error>;
}

/// One transaction over the deployment. Dropping it without [`GlobalWork::commit`] rolls back.
#[async_trait]
pub trait GlobalWork: Send {
    /// Zones.
    fn zones(&mut self) -> &mut dyn Zones;
    /// Accounts of the console.
    fn accounts(&mut self) -> &mut dyn Accounts;
    /// Admin tokens.
    fn admin_tokens(&mut self) -> &mut dyn AdminTokens;
    /// Receipts of idempotent requests that are about no zone.
    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts;
    /// The keys that values are sealed under.
    fn key_checks(&mut self) -> &mut dyn KeyChecks;
    /// Administrative records of every zone and of the deployment.
    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog;
    /// How long events are kept where nothing is said of their zone.
    fn retention_days(&mut self) -> &mut dyn RetentionSetting;
    /// Every log of evidence, for verification.
    fn chains(&mut self) -> &mut dyn Chains;
    /// What is on its way to the sinks of every zone.
    fn notifications(&mut self) -> &mut dyn NotificationQueue;
    /// Events to publish once this transaction is committed.
    fn outbox(&mut self) -> &mut dyn Outbox;
    /// Named exception: finds an application whatever its zone, archived or not.
    async fn find_application(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error>;
    /// Named exception: finds a workload whatever its zone, which it does not name when it asks.
    async fn find_workload(&mut self, id: &WorkloadId) -> Result<Option<Workload>, Error>;
    /// Named exception: the zone of an approval, whose id alone is known to whoever waits for it.
    async fn zone_of_approval(&mut self, id: &ApprovalId) -> Result<Option<ZoneId>, Error>;
    /// Named exception: everything whose authority ended at or after `from` and before `to`, in every zone. Whoever
    /// reads much reads it span by span.
    async fn revoked_between(&mut self, from: Timestamp, to: Timestamp) -> Result<RevokedAnchors, Error>;
    /// Named exception: the sessions of every zone that are suspended now: refused, and usable again once resumed.
    async fn suspended_sessions(&mut self) -> Result<Vec<(ZoneId, Arc<str>)>, Error>;
    /// Named exception: the revisions of those of `zones` that exist and are not archived.
    async fn zone_revisions(&mut self, zones: &[ZoneId]) -> Result<HashMap<ZoneId, i64>, Error>;
    /// Named exception: zones with active or suspended sessions that ran out of time or lease, or with active
    /// delegations past their end, at `now`; those where sessions go on though their application has ended or the zone
    /// is archived; and those with unarchived `dcr` applications that ended at or before `applications_ended_by`.
    async fn zones_with_overdue(
        &mut self,
        now: Timestamp,
        applications_ended_by: Timestamp,
    ) -> Result<Vec<ZoneId>, Error>;
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome is a rollback.
    async fn commit(self: Box<Self>) -> Result<(), Error>;
}
