//! How the Gateway asks the STS what a presented mandate may do.
//!
//! One trait, two ways: the STS itself when both roles share a process, pooled HTTP with the signed wire contract
//! otherwise. The Gateway cannot tell which it has.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, ApprovalId, CallContent, Operation, Secret, ZoneId, claims::MandateClaims,
};
pub use caracal_wire::sts::{AuthLocation, AuthMode, UpstreamDirective};
use caracal_wire::{health::NotReady, sts::DenialReason};
use http::HeaderValue;

use crate::Refusal;

/// One governed call, as the Gateway saw it.
#[derive(Clone)]
pub struct ExchangeRequest {
    /// Zone of the mandate.
    pub zone_id: ZoneId,
    /// Application the mandate was issued to.
    pub application_id: ApplicationId,
    /// The presented mandate.
    pub mandate: Secret,
    /// Its claims: signature, expiry, replay and revocation are checked already.
    pub claims: Arc<MandateClaims>,
    /// Thumbprint of the key that the caller proved to hold, of a mandate that is bound to one.
    pub proved_key: Option<Arc<str>>,
    /// Resource identifier the caller named.
    pub resource: String,
    /// What is asked of the upstream.
    pub operation: Arc<Operation>,
    /// What a tool of an MCP server is called with, as JSON: decided on, and never recorded.
    pub arguments: Option<Arc<str>>,
    /// The approval that the caller names.
    pub approval: Option<ApprovalId>,
    /// What the call carries, once the STS has asked for it: decided on, and never recorded.
    pub content: Option<Arc<CallContent>>,
    /// Correlates this call's events.
    pub request_id: Arc<str>,
    /// The caller's trace context, for an STS in another process.
    pub traceparent: Option<HeaderValue>,
}

impl fmt::Debug for ExchangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRequest")
            .field("resource", &self.resource)
            .field("operation", &self.operation)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// Whether a refusal asks for what the call carries: no decision, but the question what exactly a person has to approve.
pub fn asks_for_content(refusal: &Refusal) -> bool {
    refusal.status == http::StatusCode::FORBIDDEN
        && refusal.given_reason() == Some(DenialReason::CallNotRead.as_str())
}

/// What the Gateway may do with the call.
#[derive(Debug, Clone)]
pub struct ExchangeGrant {
    /// Where to forward and what to attach.
    pub directive: UpstreamDirective,
    /// The resource mandate; always present when [`UpstreamDirective::needs_mandate`].
    pub mandate: Option<Secret>,
}

/// Asks the STS.
#[async_trait]
pub trait Exchange: Send + Sync + fmt::Debug {
    /// Decides one governed call and brokers its credential. The decision is in the audit spool before this
    /// returns.
    ///
    /// # Errors
    /// The refusal to pass on, with the STS's status, code and members; 503 `sts_unavailable` when no decision
    /// could be had, 504 when it took too long.
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal>;

    /// Whether asking makes sense now, from memory: a circuit that is open says no before a mandate is spent.
    ///
    /// # Errors
    /// The refusal to answer with.
    fn available(&self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether decisions can be had now.
    ///
    /// # Errors
    /// The readiness reason.
    async fn check(&self) -> Result<(), NotReady>;
}
