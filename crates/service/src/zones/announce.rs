//! A store whose commits are in force in this process before they return.
//!
//! What a unit of work leaves in the outbox is applied to the in-memory picture right after its commit, by the same
//! code that applies events from the bus. So an answered revocation is enforced here by the time it is answered,
//! however long the relay takes; other processes follow through the bus. A decorator, so that no role and no job can
//! forget it.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, ApprovalId, Timestamp, WorkloadId, ZoneId,
    entity::{Application, Workload, Zone},
};
use caracal_events::{Fields, Topic};
use caracal_storage::{
    Access, Accounts, AdminAuditLog, AdminTokens, Applications, Approvals, AuthorityRecords, Budgets,
    Canaries, Chains, Connections, Delegations, Error, GlobalWork, Grants, IdempotencyReceipts, KeyChecks,
    Ledger, Lock, LogId, LogRetention, LogWork, NotificationQueue, Notifications, Outbox, OutboxMessage,
    OutboxState, Policies, PolicySets, ProviderConnections, Providers, Resources, RetentionSetting,
    RevokedAnchors, SecretStore, Sessions, SigningKeys, StateOwners, Store, SubjectIssuers, Subjects,
    VersionedKind, Workloads, ZoneWork, Zones,
};

use super::{Followed, follower::apply};

/// Applies what it commits.
#[derive(Debug)]
pub struct AnnouncingStore {
    inner: Arc<dyn Store>,
    followed: Followed,
}

impl AnnouncingStore {
    /// A store over `inner` that keeps `followed` up to date with its own commits. `followed` itself reads `inner`.
    pub const fn new(inner: Arc<dyn Store>, followed: Followed) -> Self {
        Self { inner, followed }
    }
}

#[async_trait]
impl Store for AnnouncingStore {
    async fn zone(&self, zone: &ZoneId, access: Access) -> Result<Box<dyn ZoneWork>, Error> {
        let work = self.inner.zone(zone, access).await?;
        Ok(Box::new(Announced {
            work,
            messages: Vec::new(),
            followed: self.followed.clone(),
        }))
    }

    async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error> {
        let work = self.inner.global(access).await?;
        Ok(Box::new(Announced {
            work,
            messages: Vec::new(),
            followed: self.followed.clone(),
        }))
    }

    async fn log(&self, log: &LogId, access: Access) -> Result<Box<dyn LogWork>, Error> {
        self.inner.log(log, access).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.inner.ping().await
    }

    fn statements(&self) -> u64 {
        self.inner.statements()
    }

    fn connections(&self) -> Vec<Connections> {
        self.inner.connections()
    }
}

/// A unit of work with what it will announce.
struct Announced<W: ?Sized> {
    messages: Vec<OutboxMessage>,
    followed: Followed,
    work: Box<W>,
}

async fn announce(followed: &Followed, messages: Vec<OutboxMessage>) {
    for message in messages {
        let Ok(topic) = message.topic.parse::<Topic>() else {
            continue;
        };
        let fields: Fields = message.fields.into_iter().collect();
        // Should it not be read here, it comes again over the bus, and storage is read instead.
        let _ = apply(followed, topic, &fields).await;
    }
}

macro_rules! outbox {
    ($work:ident) => {
        #[async_trait]
        impl Outbox for Announced<dyn $work> {
            async fn append(&mut self, messages: &[OutboxMessage]) -> Result<(), Error> {
                self.work.outbox().append(messages).await?;
                self.messages.extend_from_slice(messages);
                Ok(())
            }

            async fn status(&mut self, id: &str) -> Result<Option<OutboxState>, Error> {
                self.work.outbox().status(id).await
            }
        }
    };
}

outbox!(ZoneWork);
outbox!(GlobalWork);

#[async_trait]
impl ZoneWork for Announced<dyn ZoneWork> {
    fn zone_id(&self) -> &ZoneId {
        self.work.zone_id()
    }
    async fn zone(&mut self) -> Result<Option<Zone>, Error> {
        self.work.zone().await
    }
    async fn revision(&mut self) -> Result<i64, Error> {
        self.work.revision().await
    }
    async fn held_version(&mut self, kind: VersionedKind, id: &str) -> Result<Option<i64>, Error> {
        self.work.held_version(kind, id).await
    }
    fn applications(&mut self) -> &mut dyn Applications {
        self.work.applications()
    }
    fn workloads(&mut self) -> &mut dyn Workloads {
        self.work.workloads()
    }
    fn subject_issuers(&mut self) -> &mut dyn SubjectIssuers {
        self.work.subject_issuers()
    }
    fn providers(&mut self) -> &mut dyn Providers {
        self.work.providers()
    }
    fn connections(&mut self) -> &mut dyn ProviderConnections {
        self.work.connections()
    }
    fn resources(&mut self) -> &mut dyn Resources {
        self.work.resources()
    }
    fn grants(&mut self) -> &mut dyn Grants {
        self.work.grants()
    }
    fn secrets(&mut self) -> &mut dyn SecretStore {
        self.work.secrets()
    }
    fn policies(&mut self) -> &mut dyn Policies {
        self.work.policies()
    }
    fn policy_sets(&mut self) -> &mut dyn PolicySets {
        self.work.policy_sets()
    }
    fn signing_keys(&mut self) -> &mut dyn SigningKeys {
        self.work.signing_keys()
    }
    fn authority_records(&mut self) -> &mut dyn AuthorityRecords {
        self.work.authority_records()
    }
    fn subjects(&mut self) -> &mut dyn Subjects {
        self.work.subjects()
    }
    fn approvals(&mut self) -> &mut dyn Approvals {
        self.work.approvals()
    }
    fn sessions(&mut self) -> &mut dyn Sessions {
        self.work.sessions()
    }
    fn delegations(&mut self) -> &mut dyn Delegations {
        self.work.delegations()
    }
    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts {
        self.work.receipts()
    }
    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog {
        self.work.admin_audit()
    }
    fn ledger(&mut self) -> &mut dyn Ledger {
        self.work.ledger()
    }
    fn retention_days(&mut self) -> &mut dyn RetentionSetting {
        self.work.retention_days()
    }
    fn retention(&mut self) -> &mut dyn LogRetention {
        self.work.retention()
    }
    fn notifications(&mut self) -> &mut dyn Notifications {
        self.work.notifications()
    }
    fn budgets(&mut self) -> &mut dyn Budgets {
        self.work.budgets()
    }
    fn canaries(&mut self) -> &mut dyn Canaries {
        self.work.canaries()
    }
    fn state_owners(&mut self) -> &mut dyn StateOwners {
        self.work.state_owners()
    }
    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }
    async fn lock(&mut self, lock: Lock) -> Result<(), Error> {
        self.work.lock(lock).await
    }
    async fn rollback_durably(self: Box<Self>) -> Result<(), Error> {
        self.work.rollback_durably().await
    }
    async fn commit(self: Box<Self>) -> Result<(), Error> {
        let Self {
            work,
            messages,
            followed,
        } = *self;
        work.commit().await?;
        announce(&followed, messages).await;
        Ok(())
    }
}

#[async_trait]
impl GlobalWork for Announced<dyn GlobalWork> {
    fn zones(&mut self) -> &mut dyn Zones {
        self.work.zones()
    }
    fn accounts(&mut self) -> &mut dyn Accounts {
        self.work.accounts()
    }
    fn admin_tokens(&mut self) -> &mut dyn AdminTokens {
        self.work.admin_tokens()
    }
    fn receipts(&mut self) -> &mut dyn IdempotencyReceipts {
        self.work.receipts()
    }
    fn key_checks(&mut self) -> &mut dyn KeyChecks {
        self.work.key_checks()
    }
    fn admin_audit(&mut self) -> &mut dyn AdminAuditLog {
        self.work.admin_audit()
    }
    fn retention_days(&mut self) -> &mut dyn RetentionSetting {
        self.work.retention_days()
    }
    fn chains(&mut self) -> &mut dyn Chains {
        self.work.chains()
    }
    fn notifications(&mut self) -> &mut dyn NotificationQueue {
        self.work.notifications()
    }
    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }
    async fn find_application(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error> {
        self.work.find_application(id).await
    }
    async fn find_workload(&mut self, id: &WorkloadId) -> Result<Option<Workload>, Error> {
        self.work.find_workload(id).await
    }
    async fn zone_of_approval(&mut self, id: &ApprovalId) -> Result<Option<ZoneId>, Error> {
        self.work.zone_of_approval(id).await
    }
    async fn revoked_between(&mut self, from: Timestamp, to: Timestamp) -> Result<RevokedAnchors, Error> {
        self.work.revoked_between(from, to).await
    }
    async fn suspended_sessions(&mut self) -> Result<Vec<(ZoneId, Arc<str>)>, Error> {
        self.work.suspended_sessions().await
    }
    async fn zone_revisions(&mut self, zones: &[ZoneId]) -> Result<HashMap<ZoneId, i64>, Error> {
        self.work.zone_revisions(zones).await
    }
    async fn zones_with_overdue(
        &mut self,
        now: Timestamp,
        applications_ended_by: Timestamp,
    ) -> Result<Vec<ZoneId>, Error> {
        self.work.zones_with_overdue(now, applications_ended_by).await
    }
    async fn commit(self: Box<Self>) -> Result<(), Error> {
        let Self {
            work,
            messages,
            followed,
        } = *self;
        work.commit().await?;
        announce(&followed, messages).await;
        Ok(())
    }
}
