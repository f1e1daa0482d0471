//! The way in for a Gateway of the same process.

use async_trait::async_trait;
use caracal_core::Secret;
use caracal_service::{
    Refusal,
    exchange::{Exchange, ExchangeGrant, ExchangeRequest},
};
use caracal_wire::health::NotReady;

use super::decide_call;
use crate::{
    StsDeps,
    case::{Content, GovernedCall},
};

/// The exchange for a Gateway in the same process.
#[derive(Debug, Clone)]
pub struct LocalExchange(StsDeps);

impl LocalExchange {
    /// Answers with the same STS that `deps` serve over HTTP.
    pub const fn new(deps: StsDeps) -> Self {
        Self(deps)
    }
}

#[async_trait]
impl Exchange for LocalExchange {
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        let call = GovernedCall {
            zone_id: &request.zone_id,
            application_id: &request.application_id,
            claims: &request.claims,
            proved_key: request.proved_key.as_deref(),
            resource: &request.resource,
            operation: &request.operation,
            arguments: request.arguments.as_deref(),
            approval: request.approval.as_ref(),
            content: request.content.as_deref().map_or(Content::Unread, Content::Read),
            request_id: &request.request_id,
        };
        let answer = decide_call(&self.0, call, false).await?;
        Ok(ExchangeGrant {
            directive: answer.directive,
            mandate: answer.mandate.map(|(token, _)| Secret::new(token)),
        })
    }

    async fn check(&self) -> Result<(), NotReady> {
        if self.0.revocations.is_fresh() {
            Ok(())
        } else {
            Err(NotReady::RevocationSnapshotStale)
        }
    }
}
