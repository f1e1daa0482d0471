//! One zone, immutable.

use std::sync::Arc;

use caracal_authz::{PolicySnapshot, operations::OperationTable};
use caracal_core::{
    ApplicationId, CanaryId, KeyId, Operation, ProviderId, Timestamp,
    entity::{Application, OperationEnforcement, ProviderConfig, Resource, Zone},
};
use caracal_crypto::{
    HmacKey,
    zone_key::{SigningKey, VerifyingKey},
};
use rpds::HashTrieMapSync;
use tokio::sync::Semaphore;

use super::resources::Resources;

/// Credentials of one provider that are being got at the same time.
const MAX_BROKERING: usize = 64;

/// A provider with its credential opened.
#[derive(Debug)]
pub struct ProviderState {
    /// The provider.
    pub id: ProviderId,
    /// `provider://slug`, unique among those of the zone.
    pub identifier: String,
    /// Its settings, with the secret where this process opens secrets; absent when they or the sealed document cannot
    /// be read, which denies.
    pub config: Option<ProviderConfig>,
    /// Turns at getting credentials from it, so that one that hangs holds up so many calls and no other provider's.
    pub brokering: Semaphore,
}

impl ProviderState {
    /// A provider whose turns are all free.
    pub const fn new(id: ProviderId, identifier: String, config: Option<ProviderConfig>) -> Self {
        Self {
            id,
            identifier,
            config,
            brokering: Semaphore::const_new(MAX_BROKERING),
        }
    }
}

/// A resource with its provider.
#[derive(Debug)]
pub struct ResourceState {
    /// The resource.
    pub resource: Arc<Resource>,
    /// Its provider; absent when archived, which denies.
    pub provider: Option<Arc<ProviderState>>,
    operations: Arc<OperationTable>,
}

impl ResourceState {
    pub(super) fn new(resource: Resource, provider: Option<Arc<ProviderState>>) -> Self {
        let operations = OperationTable::new(&resource.operations);
        Self {
            resource: Arc::new(resource),
            provider,
            operations: Arc::new(operations),
        }
    }

    /// The same resource with another state of its provider.
    pub(super) fn with_provider(&self, provider: Option<Arc<ProviderState>>) -> Self {
        Self {
            resource: self.resource.clone(),
            provider,
            operations: self.operations.clone(),
        }
    }

    /// Whether calls must match a declared operation.
    pub fn enforces_operations(&self) -> bool {
        self.resource.operation_enforcement == OperationEnforcement::Enforced
    }

    /// The scope that `operation` needs; absent when it is not declared.
    pub fn operation_scope(&self, operation: &Operation) -> Option<&str> {
        self.operations.scope(operation)
    }

    /// Whether a POST to its root is a message to an MCP server, and what it asks for is decided.
    pub fn reads_mcp(&self) -> bool {
        self.enforces_operations() && self.operations.speaks_mcp()
    }

    /// Whether a request for a WebSocket at `path` is one. To a resource that does not declare it there, it is a request
    /// like any other, and its upstream never hears of the wish to change protocols.
    pub fn opens_websocket(&self, path: &str) -> bool {
        let opening = Operation::WebSocket {
            path: path.to_owned(),
        };
        self.operations.scope(&opening).is_some()
    }

    /// Whether a gRPC call is decided as one.
    pub fn reads_grpc(&self) -> bool {
        self.enforces_operations() && self.operations.speaks_grpc()
    }
}

/// A policy that is decided beside the one in force and enforces nothing.
#[derive(Debug)]
pub struct ShadowPolicy {
    /// The policy.
    pub policy: PolicySnapshot,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A policy that decides for some of the zone's applications.
#[derive(Debug)]
pub struct ZoneCanary {
    /// The canary.
    pub id: CanaryId,
    /// Its policy; absent where this process cannot read it, and the policy in force decides for everybody.
    pub policy: Option<Arc<PolicySnapshot>>,
    share_percent: u64,
    sides: HmacKey,
}

impl ZoneCanary {
    /// Of `share_percent` in a hundred principals.
    pub(super) fn new(id: CanaryId, share_percent: u32, policy: Option<Arc<PolicySnapshot>>) -> Self {
        Self {
            // Nobody knows it before it begins, so nobody can choose a name for a side.
            sides: HmacKey::from_bytes(id.as_str().as_bytes()),
            id,
            policy,
            share_percent: u64::from(share_percent),
        }
    }

    /// Whether it decides for `principal`. One for which it does stays on its side when the share grows.
    pub fn decides_for(&self, principal: &str) -> bool {
        let tag = self.sides.sign(principal.as_bytes());
        // A tag has more bytes than that.
        tag.first_chunk()
            .is_some_and(|head| u64::from_be_bytes(*head) % 100 < self.share_percent)
    }
}

/// Everything a decision in one zone needs.
#[derive(Debug, Clone)]
pub struct ZoneState {
    /// The zone.
    pub zone: Zone,
    /// Unarchived applications.
    pub(super) applications: HashTrieMapSync<ApplicationId, Arc<Application>>,
    pub(super) resources: Resources,
    pub(super) providers: HashTrieMapSync<ProviderId, Arc<ProviderState>>,
    pub(super) policy: Arc<PolicySnapshot>,
    pub(super) canary: Option<Arc<ZoneCanary>>,
    /// What is tried beside it, in processes that decide.
    pub shadow: Option<Arc<ShadowPolicy>>,
    /// The key that signs now; absent until the zone's first mint, and in processes that do not sign.
    pub signing_key: Option<Arc<SigningKey>>,
    /// Keys that verify, newest first.
    pub verifying_keys: Vec<(KeyId, VerifyingKey)>,
    /// Epoch of the delegation graph when loaded; events move the live one.
    pub delegation_epoch: i64,
    /// When this picture was read.
    pub loaded_at: Timestamp,
    /// The zone's revision when it was read whole.
    pub(super) revision: i64,
    /// When a key begins to sign or ceases to verify, so that the picture is another without a change in storage.
    pub(super) turns_at: Option<Timestamp>,
}

impl ZoneState {
    /// The policy in force; denies everything when there is none or it cannot be used. It decides for everybody for whom
    /// no canary does.
    pub const fn policy_in_force(&self) -> &Arc<PolicySnapshot> {
        &self.policy
    }

    /// The policy that decides what `principal`, an application or a workload, may do.
    pub fn policy_for(&self, principal: &str) -> &Arc<PolicySnapshot> {
        match self.canary_for(principal) {
            Some((_, policy)) => policy,
            None => &self.policy,
        }
    }

    /// The canary that decides for `principal`, with its policy.
    pub fn canary_for(&self, principal: &str) -> Option<(&ZoneCanary, &Arc<PolicySnapshot>)> {
        let canary = self.canary.as_deref()?;
        let policy = canary.policy.as_ref()?;
        canary.decides_for(principal).then_some((canary, policy))
    }

    /// The canary of the zone, whomever it decides for.
    pub const fn canary(&self) -> Option<&Arc<ZoneCanary>> {
        self.canary.as_ref()
    }

    /// The resource with this identifier or row id.
    pub fn resource(&self, name: &str) -> Option<&Arc<ResourceState>> {
        self.resources.get(name)
    }

    /// The provider with this identifier.
    pub fn provider(&self, identifier: &str) -> Option<&Arc<ProviderState>> {
        let mut providers = self.providers.values();
        providers.find(|provider| provider.identifier == identifier)
    }

    /// The key with this `kid`.
    pub fn verifying_key(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifying_keys
            .iter()
            .find(|(id, _)| id.as_str() == kid)
            .map(|(_, key)| key)
    }

    /// Unarchived applications, in no order.
    pub fn applications(&self) -> impl Iterator<Item = &Arc<Application>> {
        self.applications.values()
    }

    /// The application, if it may act at `now`.
    pub fn live_application(&self, id: &ApplicationId, now: Timestamp) -> Option<&Arc<Application>> {
        self.applications
            .get(id)
            .filter(|application| application.is_live(now))
    }
}
