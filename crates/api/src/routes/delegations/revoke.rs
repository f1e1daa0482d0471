//! `POST /v1/zones/{zoneId}/delegations/{id}/revoke`

use caracal_core::{DelegationId, audit::EventType};
use caracal_lifecycle::delegations;
use caracal_service::{
    Refusal,
    front::{Answer, ById, OptionalBody, Path},
};
use caracal_wire::coordinator::delegations::{DelegationRevoked, RevokeDelegation};

use crate::{acting::Acting, call::ZoneCall, change::Done};

/// Takes a delegation back with everything narrowed from it; sessions that hold it end where that is asked for.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<DelegationId>>,
    OptionalBody(body): OptionalBody<RevokeDelegation>,
) -> Result<Answer<DelegationRevoked>, Refusal> {
    let end_targets = body.unwrap_or_default().terminate_target.unwrap_or(false);
    let acting = Acting::of(&call);
    let mut change = call.change().await?;
    let revoked = delegations::revoke(change.ending(), &acting.act(), &id, end_targets).await?;
    let answer = DelegationRevoked {
        revoked_edges: revoked.delegations.len(),
        affected_sessions: revoked.targets.len(),
        terminated_sessions: revoked.ended_sessions,
    };
    let done = Done::ok()
        .note("revoked_delegations", answer.revoked_edges)
        .note("terminated_sessions", answer.terminated_sessions);
    let answered = acting.answer(change, EventType::DelegationRevoke, done, answer);
    Ok(Answer(answered.await?))
}
