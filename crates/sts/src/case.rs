//! What an exchange is about: who asks, in which zone and when; of an application, and of a call that a Gateway asks about,
//! all that is known of it.

use std::sync::Arc;

use caracal_authz::PolicySnapshot;
use caracal_core::{
    ApplicationId, ApprovalId, CallContent, CanaryId, Operation, Timestamp, ZoneId, claims::MandateClaims,
    entity::Application,
};
use caracal_crypto::DpopProof;
use caracal_service::zones::ZoneState;

use crate::StsDeps;

/// What is known of any request: where it is made, by whom and when.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) deps: &'c StsDeps,
    pub(crate) zone: &'c ZoneState,
    /// Id of the application or the workload that asks.
    pub(crate) principal: &'c str,
    pub(crate) request_id: &'c str,
    pub(crate) now: Timestamp,
}

impl<'c> Context<'c> {
    /// The policy that decides for whoever asks.
    pub(crate) fn policy(self) -> &'c PolicySnapshot {
        self.zone.policy_for(self.principal)
    }

    /// The same, with the canary whose version that is, where it is one's.
    pub(crate) fn policy_and_canary(self) -> (&'c PolicySnapshot, Option<&'c CanaryId>) {
        match self.zone.canary_for(self.principal) {
            Some((canary, policy)) => (policy.as_ref(), Some(&canary.id)),
            None => (self.zone.policy_in_force().as_ref(), None),
        }
    }
}

/// One request on its way: who asks, in which zone, and when.
pub(crate) struct Case<'c> {
    pub(crate) deps: &'c StsDeps,
    pub(crate) zone: Arc<ZoneState>,
    pub(crate) application: Arc<Application>,
    pub(crate) request_id: &'c str,
    pub(crate) now: Timestamp,
    /// Thumbprint of the key that what is issued is bound to.
    pub(crate) bound_to: Option<Arc<str>>,
    /// That this key is held, where that is still to be spent.
    pub(crate) proof: Option<DpopProof>,
}

impl Case<'_> {
    /// What of it is known of any request.
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            deps: self.deps,
            zone: &self.zone,
            principal: self.application.id.as_str(),
            request_id: self.request_id,
            now: self.now,
        }
    }
}

/// One governed call as the STS sees it, whichever way the question came.
#[derive(Clone, Copy)]
pub(crate) struct GovernedCall<'c> {
    pub(crate) zone_id: &'c ZoneId,
    pub(crate) application_id: &'c ApplicationId,
    /// Verified: signature, issuer, audience, time, zone, class.
    pub(crate) claims: &'c MandateClaims,
    /// Thumbprint of the key that the caller proved to hold, as the Gateway says.
    pub(crate) proved_key: Option<&'c str>,
    pub(crate) resource: &'c str,
    pub(crate) operation: &'c Operation,
    /// What a tool is called with, as JSON, where the Gateway said it.
    pub(crate) arguments: Option<&'c str>,
    /// The approval that the caller names.
    pub(crate) approval: Option<&'c ApprovalId>,
    /// What the call carries.
    pub(crate) content: Content<&'c CallContent>,
    pub(crate) request_id: &'c str,
}

/// What a Gateway says of what a call carries.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<C> {
    /// Nothing: it is of a release that reads no calls.
    Unsaid,
    /// It reads it when it is asked to.
    Unread,
    /// This.
    Read(C),
}

impl<C> Content<C> {
    /// The same of what belongs to somebody else.
    pub(crate) const fn by_ref(&self) -> Content<&C> {
        match self {
            Self::Unsaid => Content::Unsaid,
            Self::Unread => Content::Unread,
            Self::Read(content) => Content::Read(content),
        }
    }
}

impl<'c> Content<&'c CallContent> {
    /// What was read.
    pub(crate) const fn read(self) -> Option<&'c CallContent> {
        match self {
            Self::Read(content) => Some(content),
            Self::Unsaid | Self::Unread => None,
        }
    }
}
