//! One call of a proved caller, as handlers see it, and what the front asks this role.

use std::{ops::Deref, sync::Arc};

use caracal_core::{ApplicationId, DelegationId, SessionId, Timestamp, World, ZoneId};
use caracal_crypto::{canonical_json, sha256};
use caracal_lifecycle::{
    About, Act,
    receipts::{self, Keyed},
    sessions::{Lease, LostLease},
};
use caracal_service::{
    Refusal,
    front::{CreatedOnce, Evidence, FromInbound, HttpRole, Inbound, Params, Record},
    limits::Limits,
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::{Access, AdminAuditRecord, IdempotencyReceipt, ZoneWork};
use caracal_wire::ErrorCode;
use http::{Method, StatusCode, request::Parts};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use serde_json::Value;

use crate::{
    auth::{self, Caller, Capability},
    deps::App,
    evidence, metrics, quoting,
};

/// The zone of the path, as decoded for the router.
const ZONE: &str = "zone";
/// Separates the digests of idempotency keys from every other use of their key.
const KEY_DOMAIN: &[u8] = b"caracal:coordinator:idempotency:v1\0";
/// Operation of session starts.
pub(crate) const SESSION_START: &str = "session.start.v2";
/// Operation of delegations.
pub(crate) const DELEGATION_CREATE: &str = "delegation.create.v2";

impl HttpRole for App {
    const NAME: &'static str = "coordinator";
    const TITLE: &'static str = "Caracal Coordinator";
    type Needs = Capability;
    type Caller = Caller;
    type Notes = Mutex<About>;

    fn refuses(needs: &Capability) -> Vec<ErrorCode> {
        let evidence = needs.evidence.map(|_| ErrorCode::AuditUnavailable);
        auth::REFUSES.into_iter().chain(evidence).collect()
    }

    fn world(&self) -> &World {
        &self.world
    }

    fn body_limit(&self) -> usize {
        self.config.body_limit_bytes
    }

    async fn authenticate(&self, needs: Capability, at: &Params, head: &Parts) -> Result<Caller, Refusal> {
        let zone = at.get(ZONE).unwrap_or_default();
        let caller = auth::authenticate(self, head, &needs, zone).await;
        caller.inspect_err(metrics::rejected)
    }

    fn limits(&self) -> Option<&Limits> {
        Some(&self.limits)
    }

    fn counted_as(&self, caller: &Caller) -> String {
        match &caller.application {
            Some(application) => format!("{}:{application}", caller.zone),
            None => String::from("operator"),
        }
    }

    async fn may_be_good(&self, head: &Parts) -> bool {
        auth::may_be_good(self, &head.headers).await
    }

    /// What a route lets its caller do depends on what it is about; the operator was recognised by the capability.
    fn permit(&self, _: &Caller, _: Capability) -> Result<(), Refusal> {
        Ok(())
    }

    async fn admit(&self, inbound: &Inbound<Self>) -> Result<(), Refusal> {
        let zone = inbound.params.get(ZONE).unwrap_or_default();
        let admitted = auth::admit(self, &inbound.caller, zone).await;
        admitted.inspect_err(metrics::rejected)
    }

    fn rephrase(&self, refusal: Refusal) -> Refusal {
        quoting::shown(refusal)
    }

    fn evidence(needs: &Capability, _: &Method) -> Evidence {
        let (allowed, refused) = match needs.evidence {
            Some(event_type) => (Record::Ledger(event_type), Record::Ledger(event_type)),
            None if needs.administered => (Record::Administration, Record::Nowhere),
            None => (Record::Nowhere, Record::Nowhere),
        };
        Evidence { allowed, refused }
    }

    /// A caller over its limit is not recorded: what is proved can be presented as often as its holder likes.
    async fn refused(&self, inbound: &Inbound<Self>, refusal: &Refusal) {
        let (caller, needs) = (&inbound.caller, inbound.route.needs);
        tracing::debug!(capability = needs.name, code = %refusal.code, caller = caller.name(), "refused");
        match (&refusal.code, refusal.given_reason()) {
            (ErrorCode::IdempotencyKeyInvalid | ErrorCode::IdempotencyKeyMultiple, _) => {
                metrics::idempotency("invalid");
            }
            (ErrorCode::IdempotencyKeyConflict, _) => metrics::idempotency("conflicts"),
            (ErrorCode::DelegationExceedsParentAuthority, Some(rule)) => metrics::exceeded(rule),
            _ => {}
        }
        // Nor is anything written to the ledger of a zone that is none.
        let unwritten =
            refusal.status == StatusCode::TOO_MANY_REQUESTS || refusal.code == ErrorCode::ZoneNotFound;
        if let (false, Some(event_type)) = (!inbound.admitted && unwritten, needs.evidence) {
            let about = inbound.notes.lock().clone().claimed();
            evidence::refused(self, caller, event_type, &inbound.request_id, refusal, &about).await;
        }
    }
}

/// One call of a proved caller.
pub(crate) struct Call(Arc<Inbound<App>>);

impl Deref for Call {
    type Target = Inbound<App>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromInbound<App> for Call {
    const PARAMETERS: &'static [&'static str] = &[ZONE];

    fn from_inbound(inbound: Arc<Inbound<App>>) -> Result<Self, Refusal> {
        // A handler that runs again begins anew.
        *inbound.notes.lock() = About::default();
        Ok(Self(inbound))
    }
}

/// The changed object of an administrative record.
pub(crate) struct Entity<'a> {
    kind: &'static str,
    id: &'a str,
}

impl<'a> Entity<'a> {
    pub(crate) fn session(id: &'a SessionId) -> Self {
        Self {
            kind: "agents",
            id: id.as_str(),
        }
    }

    pub(crate) fn delegation(id: &'a DelegationId) -> Self {
        Self {
            kind: "delegations",
            id: id.as_str(),
        }
    }
}

impl Call {
    /// What the decision is about, as far as it is known; becomes part of the evidence.
    pub(crate) fn about(&self) -> MutexGuard<'_, About> {
        self.notes.lock()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.role.world.now()
    }

    pub(crate) fn zone_id(&self) -> &ZoneId {
        &self.caller.principal.zone
    }

    /// What lifecycle is told of this call.
    pub(crate) fn act(&self) -> Act<'_> {
        Act {
            world: &self.role.world,
            by: &self.caller.principal,
            capacity: &self.role.config.capacity,
            about: &self.notes,
        }
    }

    /// The request by its key, if it has one; `asked` is the canonical form of what it asks for.
    pub(crate) fn keyed(
        &self,
        operation: &'static str,
        scope_id: &ApplicationId,
        asked: impl FnOnce() -> Value,
    ) -> Option<Keyed> {
        let key = self.idempotency_key.as_ref()?;
        let config = &self.role.config;
        let generated = key.generated && operation == SESSION_START;
        let parts = [KEY_DOMAIN, key.text.as_bytes()];
        Some(Keyed {
            operation,
            scope_id: scope_id.to_string(),
            key_digests: self.role.idempotency_keys.sign_parts_by_each(&parts),
            request_digest: sha256(&canonical_json(&asked())),
            retention: if generated {
                config.generated_receipt_retention
            } else {
                config.receipt_retention
            },
            max_receipts: config.max_receipts_per_scope,
        })
    }

    /// The receipt of a request with a key that happened already; otherwise there must be room for one.
    pub(crate) async fn claim(
        &self,
        keyed: Option<&Keyed>,
        work: &mut dyn ZoneWork,
        now: Timestamp,
    ) -> Result<Option<IdempotencyReceipt>, Refusal> {
        let Some(keyed) = keyed else { return Ok(None) };
        let found = keyed.claim(work.receipts(), now).await?;
        if found.is_none() {
            keyed.admit(work, &self.role.receipts, now).await?;
        }
        Ok(found)
    }

    /// What a lease that is held carries. One that was lost instead changed the session; that is committed here.
    pub(crate) async fn held<T>(
        &self,
        work: Box<dyn ZoneWork>,
        lease: Lease<T>,
    ) -> Result<(Box<dyn ZoneWork>, T), Refusal> {
        match lease {
            Lease::Held(held) => Ok((work, held)),
            Lease::Lost(LostLease { denial, suspended }) => {
                work.commit().await?;
                self.role.outbox.announce().await;
                metrics::sessions_suspended("lease_lost", suspended);
                Err(denial.into())
            }
        }
    }

    /// A transaction in the caller's zone.
    pub(crate) async fn work(&self, access: Access) -> Result<Box<dyn ZoneWork>, Refusal> {
        Ok(self.role.store.zone(self.zone_id(), access).await?)
    }

    /// The caller's zone in memory.
    pub(crate) async fn zone(&self) -> Result<Arc<ZoneState>, Refusal> {
        self.role
            .zones
            .zone(self.zone_id())
            .await
            .map_err(|error| match error {
                DirectoryError::Unknown => Refusal::of(ErrorCode::ZoneNotFound),
                DirectoryError::Unavailable => Refusal::of(ErrorCode::StorageUnavailable),
            })
    }

    /// Records the decision and commits everything; the store puts it in force in this process with the commit. Other
    /// processes hear of it before the answer.
    pub(crate) async fn commit(
        &self,
        work: Box<dyn ZoneWork>,
        status: StatusCode,
        entity: Entity<'_>,
    ) -> Result<(), Refusal> {
        self.commit_unannounced(work, status, entity).await?;
        self.role.outbox.announce().await;
        Ok(())
    }

    async fn commit_unannounced(
        &self,
        mut work: Box<dyn ZoneWork>,
        status: StatusCode,
        entity: Entity<'_>,
    ) -> Result<(), Refusal> {
        // Before the commit: what cannot be proven is not done. Should the commit then fail, the refusal that
        // follows is recorded as well. And before the administrative record: its chain is held until the commit, and
        // everybody in the zone waits for it.
        self.allowed(false).await?;
        let record = self.admin_record(status, &entity);
        work.admin_audit().append(&record).await?;
        Ok(work.commit().await?)
    }

    /// Ends the making of `made`: its answer is kept for repeats of a request with a key, then everything is committed.
    /// Nobody has to hear of it before it is answered: others look in storage for what they do not know.
    pub(crate) async fn commit_made(
        &self,
        mut work: Box<dyn ZoneWork>,
        keyed: Option<&Keyed>,
        entity: Entity<'_>,
        made: &(impl Serialize + Sync),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if let Some(keyed) = keyed {
            let (answer, status) = (text(made)?, StatusCode::CREATED.as_u16());
            keyed
                .keep(work.receipts(), entity.id, status, answer, now)
                .await?;
            metrics::idempotency("created");
        }
        self.commit_unannounced(work, StatusCode::CREATED, entity).await?;
        self.role.outbox.wake();
        Ok(())
    }

    /// What a grouped unit of work came to. Where it was refused, perhaps for what others did that is not durable yet, the
    /// refusal is told once it is.
    pub(crate) async fn durable<T>(
        &self,
        work: Box<dyn ZoneWork>,
        outcome: Result<T, Refusal>,
    ) -> Result<(Box<dyn ZoneWork>, T), Refusal> {
        match outcome {
            Ok(value) => Ok((work, value)),
            // It says nothing about what there is.
            Err(refusal) if refusal.contended || refusal.status.is_server_error() => Err(refusal),
            Err(refusal) => {
                work.rollback_durably().await?;
                Err(refusal)
            }
        }
    }

    /// Repeats the answer of `receipt` and changes nothing, as long as what was made then is still `live`.
    pub(crate) async fn repeat<T>(
        &self,
        work: Box<dyn ZoneWork>,
        receipt: IdempotencyReceipt,
        live: bool,
    ) -> Result<CreatedOnce<T>, Refusal> {
        work.rollback_durably().await?;
        if !live {
            return Err(receipts::inactive().into());
        }
        self.allowed(true).await?;
        metrics::idempotency("replayed");
        Ok(CreatedOnce::Repeated(receipt))
    }

    async fn allowed(&self, replayed: bool) -> Result<(), Refusal> {
        let Some(event_type) = self.route.needs.evidence else {
            return Ok(());
        };
        let about = self.about().clone();
        evidence::allowed(
            &self.role,
            &self.caller.principal,
            event_type,
            &self.request_id,
            &about,
            replayed,
        )
        .await
    }

    fn admin_record(&self, status: StatusCode, entity: &Entity<'_>) -> AdminAuditRecord {
        let (world, method) = (&self.role.world, self.route.method.as_str());
        AdminAuditRecord {
            request_id: self.request_id.to_string(),
            actor_id: Some(self.caller.principal.subject.to_string()),
            actor_name: Some(self.caller.principal.name().to_owned()),
            actor_scope: Some(self.caller.principal.scopes.to_claim()),
            zone_id: Some(self.zone_id().clone()),
            entity_type: Some(entity.kind.to_owned()),
            entity_id: Some(entity.id.to_owned()),
            ..AdminAuditRecord::of_request(world, method, &self.path, status.as_u16())
        }
    }
}

/// An answer as text.
///
/// # Errors
/// Only maps with keys that are not strings fail, and there are none; 500 rather than a panic.
fn text(body: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(body).map_err(|_| Refusal::of(ErrorCode::InternalError))
}
