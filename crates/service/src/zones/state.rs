//! One zone, immutable.

use std::sync::Arc;

use caracal_authz::PolicySnapshot;
use caracal_core::{
    ApplicationId, CanaryId, KeyId, ProviderId, Timestamp,
    entity::{Application, Zone},
};
use caracal_crypto::{HmacKey, zone_key::VerifyingKey};
use rpds::HashTrieMapSync;

use super::resources::{ProviderState, ResourceState, Resources};
use crate::zone_keys::ZoneSigner;

/// A policy that is decided beside the one in force and enforces nothing.
#[derive(Debug)]
pub struct ShadowPolicy {
    /// The policy.
    pub policy: Arc<PolicySnapshot>,
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
    pub signing_key: Option<ZoneSigner>,
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
