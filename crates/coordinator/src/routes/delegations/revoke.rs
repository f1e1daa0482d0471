//! `PATCH /zones/{zone}/delegations/{id}/revoke`: takes a delegation back, with everything narrowed from it.

use caracal_core::DelegationId;
use caracal_lifecycle::{GROUPED, delegations};
use caracal_service::{
    Refusal,
    front::{Answer, ById, OptionalBody, Path, Query},
};
use caracal_wire::{
    ErrorCode,
    coordinator::delegations::{DelegationRevoked, RevokeDelegation},
};
use http::StatusCode;

use crate::{
    call::{Call, Entity},
    metrics,
};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<DelegationId>>,
    Query(query): Query<RevokeDelegation>,
    OptionalBody(body): OptionalBody<RevokeDelegation>,
) -> Result<Answer<DelegationRevoked>, Refusal> {
    let asked = body
        .unwrap_or_default()
        .terminate_target
        .or(query.terminate_target);
    let terminate = asked.unwrap_or(false);
    let mut work = call.work(GROUPED).await?;
    let revoked = delegations::revoke(work.as_mut(), &call.act(), &id, terminate).await;
    let revoked = revoked.map_err(Refusal::from).and_then(|revoked| {
        let over = revoked.delegations.is_empty() && revoked.ended_sessions == 0;
        if over {
            Err(Refusal::of(ErrorCode::DelegationNotFound))
        } else {
            Ok(revoked)
        }
    });
    let (work, revoked) = call.durable(work, revoked).await?;
    call.commit(work, StatusCode::OK, Entity::delegation(&id)).await?;
    metrics::delegations_ended("revoked", revoked.delegations.len());
    metrics::sessions_ended("delegation_revoked", revoked.ended_sessions);
    Ok(Answer(DelegationRevoked {
        revoked_edges: revoked.delegations.len(),
        affected_sessions: revoked.targets.len(),
        terminated_sessions: revoked.ended_sessions,
    }))
}
