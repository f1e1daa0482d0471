//! What an exchange is about: a request of an application, or a call that a Gateway asks about.

use std::sync::Arc;

use caracal_authz::PolicySnapshot;
use caracal_core::{
    ApplicationId, ApprovalId, CallContent, Operation, Timestamp, ZoneId, claims::MandateClaims,
    entity::Application,
};
use caracal_service::zones::ZoneState;

use crate::StsDeps;

/// One request on its way: who asks, in which zone, and when.
pub(crate) struct Case<'c> {
    pub(crate) deps: &'c StsDeps,
    pub(crate) zone: Arc<ZoneState>,
    pub(crate) application: Arc<Application>,
    pub(crate) request_id: &'c str,
    pub(crate) now: Timestamp,
    /// Thumbprint of the key that what is issued is bound to.
    pub(crate) bound_to: Option<Arc<str>>,
}

impl Case<'_> {
    /// The policy that decides for the application.
    pub(crate) fn policy(&self) -> &PolicySnapshot {
        self.zone.policy_for(self.application.id.as_str())
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
    pub(crate) content: Content<'c>,
    pub(crate) request_id: &'c str,
}

/// What a Gateway says of what a call carries.
#[derive(Clone, Copy)]
pub(crate) enum Content<'c> {
    /// Nothing: it is of a release that reads no calls.
    Unsaid,
    /// It reads it when it is asked to.
    Unread,
    /// This.
    Read(&'c CallContent),
}

impl<'c> Content<'c> {
    /// What was read.
    pub(crate) const fn read(self) -> Option<&'c CallContent> {
        match self {
            Self::Read(content) => Some(content),
            Self::Unsaid | Self::Unread => None,
        }
    }
}
