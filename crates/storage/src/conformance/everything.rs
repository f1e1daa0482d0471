//! One of everything a zone can hold, to prove that nothing leaks, nothing survives a rollback and nothing is
//! lost.

use caracal_core::{
    NotificationDeliveryId,
    entity::{
        Application, Approval, AuthorityRecord, Connection, Delegation, Grant, HolderId,
        NotificationDelivery, NotificationSink, NotificationType, Policy, PolicySet, PolicySetVersion,
        PolicyVersion, Provider, Resource, Session, SubjectIssuer, Workload,
    },
};

use crate::{
    AdminAuditFilter, AdminAuditRecord, AuditFilter, DelegationFilter, Error, GrantFilter,
    IdempotencyReceipt, LedgerEntry, Notification, OutboxMessage, PolicyFilter, Registered, SigningKeyRow,
    ZoneWork,
};

use super::{fixture::ALL, given::Given};

/// Where [`Everything`] keeps its sealed value.
pub(super) const SECRET: &str = "zones/any/providers/any/secretConfig";

/// One of everything. Active set, one session that delegates to another.
pub(super) struct Everything {
    pub(super) application: Application,
    pub(super) workload: Workload,
    pub(super) issuer: SubjectIssuer,
    pub(super) sink: NotificationSink,
    pub(super) notification: Notification,
    pub(super) provider: Provider,
    pub(super) connection: Connection,
    pub(super) resource: Resource,
    pub(super) grant: Grant,
    pub(super) policy: Policy,
    pub(super) policy_version: PolicyVersion,
    pub(super) set: PolicySet,
    pub(super) set_version: PolicySetVersion,
    pub(super) key: SigningKeyRow,
    pub(super) record: AuthorityRecord,
    pub(super) approval: Approval,
    pub(super) session: Session,
    pub(super) other_session: Session,
    pub(super) delegation: Delegation,
    pub(super) receipt: IdempotencyReceipt,
    pub(super) entry: LedgerEntry,
    pub(super) admin: AdminAuditRecord,
    pub(super) message: OutboxMessage,
}

impl Everything {
    /// Thinks it up; nothing is stored yet.
    pub(super) fn new(given: &Given) -> Self {
        let application = given.application();
        let provider = given.provider();
        let (policy, policy_version) = given.policy();
        let set = given.policy_set();
        let record = given.authority_record(&application);
        let session = given.session(&application, &record);
        let other_session = given.service(&application, &record);
        let resource = given.resource(&provider);
        Self {
            grant: given.grant(&application, &resource),
            workload: given.workload(),
            issuer: given.subject_issuer(),
            sink: given.notification_sink(),
            notification: given.notification("event-everything", NotificationType::ZoneFrozen),
            connection: given.connection(&provider),
            resource,
            set_version: given.policy_set_version(&set, &[&policy_version]),
            key: given.signing_key(1),
            delegation: given.delegation(&session, &other_session),
            approval: given.approval(&application),
            receipt: given.receipt("session.start.v2", &application),
            entry: given.ledger_entry("req-everything"),
            admin: given.admin_audit_record(),
            message: given.outbox_message(),
            application,
            provider,
            policy,
            policy_version,
            set,
            record,
            session,
            other_session,
        }
    }

    /// The same ids in the zone of `given`, wherever an id is not unique over the deployment by contract.
    pub(super) fn twin(&self, given: &Given) -> Self {
        let application = given.application();
        let record = AuthorityRecord {
            zone_id: given.zone_id.clone(),
            application_id: application.id.clone(),
            ..self.record.clone()
        };
        let session = |session: &Session| Session {
            zone_id: given.zone_id.clone(),
            application_id: application.id.clone(),
            child_count: 0,
            ..session.clone()
        };
        Self {
            // Unique over the deployment, as applications are.
            workload: given.workload(),
            issuer: SubjectIssuer {
                zone_id: given.zone_id.clone(),
                ..self.issuer.clone()
            },
            sink: NotificationSink {
                zone_id: given.zone_id.clone(),
                ..self.sink.clone()
            },
            notification: self.notification.clone(),
            provider: Provider {
                zone_id: given.zone_id.clone(),
                ..self.provider.clone()
            },
            connection: Connection {
                zone_id: given.zone_id.clone(),
                ..self.connection.clone()
            },
            resource: Resource {
                zone_id: given.zone_id.clone(),
                ..self.resource.clone()
            },
            grant: Grant {
                zone_id: given.zone_id.clone(),
                application_id: application.id.clone(),
                ..self.grant.clone()
            },
            policy: Policy {
                zone_id: given.zone_id.clone(),
                ..self.policy.clone()
            },
            policy_version: self.policy_version.clone(),
            set: PolicySet {
                zone_id: given.zone_id.clone(),
                ..self.set.clone()
            },
            set_version: self.set_version.clone(),
            key: self.key.clone(),
            session: session(&self.session),
            other_session: session(&self.other_session),
            delegation: Delegation {
                zone_id: given.zone_id.clone(),
                issuer_application_id: application.id.clone(),
                receiver_application_id: application.id.clone(),
                ..self.delegation.clone()
            },
            // Unique over the deployment.
            approval: given.approval(&application),
            receipt: self.receipt.clone(),
            entry: given.ledger_entry("req-everything"),
            admin: given.admin_audit_record(),
            message: given.outbox_message(),
            record,
            application,
        }
    }

    /// What is on its way to the sink.
    pub(super) fn delivery_id(&self) -> NotificationDeliveryId {
        let id = NotificationDelivery::id_of(&self.notification.event_id, &self.sink.id);
        NotificationDeliveryId::parse(&id).unwrap()
    }

    /// Writes all of it.
    pub(super) async fn store(&self, work: &mut dyn ZoneWork, given: &Given) {
        self.try_store(work, given).await.unwrap();
    }

    /// As [`Everything::store`], up to the first refusal.
    pub(super) async fn try_store(&self, work: &mut dyn ZoneWork, given: &Given) -> Result<(), Error> {
        let now = given.world.now();
        work.applications().create(&self.application).await?;
        work.workloads().create(&self.workload).await?;
        work.subject_issuers().create(&self.issuer).await?;
        work.notifications().create(&self.sink).await?;
        work.notifications().notify(&self.notification, 9).await?;
        work.providers().create(&self.provider).await?;
        work.connections().create(&self.connection).await?;
        work.resources().create(&self.resource).await?;
        work.grants().create(&self.grant).await?;
        work.secrets().put(SECRET, b"sealed", now).await?;
        work.policies().create(&self.policy, &self.policy_version).await?;
        work.policy_sets().create(&self.set).await?;
        work.policy_sets().add_version(&self.set_version).await?;
        assert!(
            work.policy_sets()
                .activate(&self.set.id, &self.set_version.id, now)
                .await?
        );
        work.policy_sets()
            .begin_shadow(&given.policy_shadow(&self.set_version))
            .await?;
        work.canaries()
            .begin(&given.policy_canary(&self.set_version))
            .await?;
        work.signing_keys().create(&self.key).await?;
        work.authority_records().create(&self.record).await?;
        work.sessions().create(&self.session).await?;
        work.sessions().create(&self.other_session).await?;
        work.delegations().create(&self.delegation).await?;
        work.delegations().advance_epoch(now).await?;
        work.approvals().open(&self.approval).await?;
        let holder = HolderId::Session(self.session.id.clone());
        assert!(work.budgets().charge(&given.charge(&holder)).await?);
        work.receipts().create(&self.receipt).await?;
        work.ledger()
            .append(std::slice::from_ref(&self.entry), now)
            .await?;
        work.admin_audit().append(&self.admin).await?;
        work.state_owners().claim(&given.state_owner(), now).await?;
        work.outbox().append(std::slice::from_ref(&self.message)).await
    }

    /// Which kinds of row the work can see, by name; asks for every row by its id and for every listing.
    pub(super) async fn visible(&self, work: &mut dyn ZoneWork, given: &Given) -> Vec<&'static str> {
        let now = given.world.now();
        let receipt = &self.receipt;
        let sightings = [
            (
                "application",
                work.applications()
                    .get(&self.application.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "application list",
                !work
                    .applications()
                    .list(&Registered::LIVE, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "live applications",
                !work.applications().all_live(now).await.unwrap().is_empty(),
            ),
            (
                "application name",
                work.applications()
                    .name_taken(&self.application.name, None)
                    .await
                    .unwrap(),
            ),
            (
                "workload",
                work.workloads().get(&self.workload.id).await.unwrap().is_some(),
            ),
            (
                "workload list",
                !work.workloads().list(&ALL).await.unwrap().items.is_empty(),
            ),
            ("workloads", !work.workloads().all().await.unwrap().is_empty()),
            (
                "issuer",
                work.subject_issuers()
                    .get(&self.issuer.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "issuer by name",
                work.subject_issuers()
                    .find(&self.issuer.issuer)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "issuer list",
                !work.subject_issuers().list(&ALL).await.unwrap().items.is_empty(),
            ),
            (
                "issuer count",
                work.subject_issuers().count_live().await.unwrap() > 0,
            ),
            (
                "grant",
                work.grants().get(&self.grant.id, now).await.unwrap().is_some(),
            ),
            (
                "grant list",
                !work
                    .grants()
                    .list(&GrantFilter::default(), now, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "sink",
                work.notifications().get(&self.sink.id).await.unwrap().is_some(),
            ),
            (
                "sink list",
                !work.notifications().list(&ALL).await.unwrap().items.is_empty(),
            ),
            ("sink count", work.notifications().count().await.unwrap() > 0),
            (
                "delivery list",
                !work
                    .notifications()
                    .deliveries(&self.sink.id, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "delivery",
                work.notifications()
                    .delivery(&self.sink.id, &self.delivery_id())
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "provider",
                work.providers().get(&self.provider.id).await.unwrap().is_some(),
            ),
            (
                "provider list",
                !work
                    .providers()
                    .list(&Registered::LIVE, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "live providers",
                !work.providers().all_live().await.unwrap().is_empty(),
            ),
            (
                "provider name",
                work.providers()
                    .identifier_taken(&self.provider.identifier, None)
                    .await
                    .unwrap(),
            ),
            (
                "connection",
                work.connections()
                    .get(&self.connection.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "connection of a subject",
                work.connections()
                    .find(&self.provider.id, &self.connection.subject_id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "connection list",
                !work
                    .connections()
                    .list(&crate::ConnectionFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "sealed tokens",
                !work.connections().sealed().await.unwrap().is_empty(),
            ),
            (
                "resource",
                work.resources().get(&self.resource.id).await.unwrap().is_some(),
            ),
            (
                "resource by identifier",
                work.resources()
                    .find(&self.resource.identifier)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "resource by row id",
                work.resources()
                    .find(self.resource.id.as_str())
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "resource list",
                !work
                    .resources()
                    .list(&Registered::LIVE, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "live resources",
                !work.resources().all_live().await.unwrap().is_empty(),
            ),
            ("resource count", work.resources().count_live().await.unwrap() > 0),
            (
                "resource name",
                work.resources()
                    .identifier_taken(&self.resource.identifier, None, true)
                    .await
                    .unwrap(),
            ),
            ("secret", work.secrets().get(SECRET).await.unwrap().is_some()),
            (
                "secret list",
                !work.secrets().list("zones/").await.unwrap().is_empty(),
            ),
            (
                "policy",
                work.policies().get(&self.policy.id).await.unwrap().is_some(),
            ),
            (
                "policy list",
                !work
                    .policies()
                    .list(&PolicyFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "policy versions",
                !work
                    .policies()
                    .versions(&self.policy.id, &ALL, 0)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "policy version",
                work.policies()
                    .version(&self.policy_version.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "set",
                work.policy_sets().get(&self.set.id).await.unwrap().is_some(),
            ),
            (
                "set list",
                !work.policy_sets().list(&ALL).await.unwrap().items.is_empty(),
            ),
            (
                "set versions",
                !work
                    .policy_sets()
                    .versions(&self.set.id, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "set version",
                work.policy_sets()
                    .version(&self.set.id, &self.set_version.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            ("active set", work.policy_sets().active().await.unwrap().is_some()),
            (
                "signing keys",
                !work.signing_keys().list(now).await.unwrap().is_empty(),
            ),
            (
                "record",
                work.authority_records()
                    .get(&self.record.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "record list",
                !work
                    .authority_records()
                    .list(&crate::AuthorityRecordFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "approval",
                work.approvals().get(&self.approval.id).await.unwrap().is_some(),
            ),
            (
                "approval list",
                !work
                    .approvals()
                    .list(&crate::ApprovalFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "approval counts",
                !work.approvals().count(now).await.unwrap().is_empty(),
            ),
            (
                "session",
                work.sessions().get(&self.session.id).await.unwrap().is_some(),
            ),
            (
                "session list",
                !work
                    .sessions()
                    .list(&crate::SessionFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "session slots",
                work.sessions().count_slots(None, now).await.unwrap() > 0,
            ),
            (
                "record in use",
                work.sessions().record_in_use(&self.record.id, &[]).await.unwrap(),
            ),
            (
                "sessions of record",
                !work
                    .sessions()
                    .anchored_on(&self.record.id)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "delegation",
                work.delegations()
                    .get(&self.delegation.id)
                    .await
                    .unwrap()
                    .is_some(),
            ),
            (
                "lineage",
                !work
                    .delegations()
                    .lineage(&self.delegation.id, 10)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "descendants",
                !work
                    .delegations()
                    .descendants(&self.delegation.id, 9)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "live descendants",
                work.delegations()
                    .live_descendants(&self.delegation.id, now, 9)
                    .await
                    .unwrap()
                    .1
                    > 0,
            ),
            (
                "holders below",
                !work
                    .delegations()
                    .holders_below(&self.delegation.id)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "records of sessions",
                !work
                    .authority_records()
                    .of_sessions(std::slice::from_ref(&self.session.id))
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "inbound",
                !work
                    .delegations()
                    .inbound(&self.other_session.id)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            (
                "live delegations",
                !work
                    .delegations()
                    .list_live(&DelegationFilter::default(), now, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "inbound from",
                !work
                    .delegations()
                    .inbound_from(&self.other_session.id, &self.delegation.issuer_application_id)
                    .await
                    .unwrap()
                    .is_empty(),
            ),
            ("epoch", work.delegations().epoch().await.unwrap() > 0),
            (
                "receipts",
                work.receipts()
                    .count(&receipt.operation, &receipt.scope_id, now)
                    .await
                    .unwrap()
                    > 0,
            ),
            ("ledger head", work.ledger().head().await.unwrap().size > 0),
            (
                "ledger range",
                !work.ledger().range(0, 10).await.unwrap().is_empty(),
            ),
            (
                "ledger request",
                !work
                    .ledger()
                    .by_request("req-everything", &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "ledger search",
                !work
                    .ledger()
                    .search(&AuditFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "admin audit",
                !work
                    .admin_audit()
                    .list(&given.zone_id, &AdminAuditFilter::default(), &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty(),
            ),
            (
                "policy shadow",
                work.policy_sets().shadow().await.unwrap().is_some(),
            ),
            ("budgets", {
                let holder = HolderId::Session(self.session.id.clone());
                !work.budgets().used(&holder).await.unwrap().is_empty()
            }),
            ("policy canary", work.canaries().last().await.unwrap().is_some()),
            (
                "state owners",
                !work.state_owners().all().await.unwrap().is_empty(),
            ),
        ];
        sightings
            .into_iter()
            .filter_map(|(name, seen)| seen.then_some(name))
            .collect()
    }
}

/// How many sightings [`Everything::visible`] makes in the zone that holds it all.
pub(super) const SIGHTINGS: usize = 75;
