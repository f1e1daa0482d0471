//! `PATCH /zones/{zone}/delegations/{id}/revoke`: takes a delegation back, with everything narrowed from it.
//!
//! It follows the lineage, so nobody loses what came from elsewhere. The sessions that received it go on without
//! it, unless the caller asks for their end.

use std::collections::BTreeSet;

use caracal_core::{
    DelegationId, SessionId,
    entity::{Delegation, SessionStatus},
};
use caracal_lifecycle as lifecycle;
use caracal_service::{
    Refusal,
    front::{Answer, ById, OptionalBody, Path, Query},
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    coordinator::delegations::{DelegationRevoked, RevokeDelegation},
};
use http::StatusCode;

use super::{ENTITY, create::issuer_required, not_found};
use crate::{
    call::{Call, Entity},
    metrics,
};

const REASON: &str = "delegation_revoked";

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
    call.about().delegation_edge_id = Some(id.clone());
    let mut work = call.work(Access::Write).await?;
    work.lock(lifecycle::DELEGATIONS).await?;
    if terminate {
        work.lock(lifecycle::SESSIONS).await?;
    }
    let delegation = work.delegations().get_locked(&id).await?.ok_or_else(not_found)?;
    check(&call, &delegation)?;

    if terminate {
        check_targets(&call, work.as_mut(), &id).await?;
    }
    let revoked = lifecycle::revoke_delegation(work.as_mut(), &call.role.world, &id, REASON).await?;
    if revoked.is_empty() {
        return Err(not_found());
    }
    let targets: BTreeSet<SessionId> = revoked
        .iter()
        .map(|delegation| delegation.target_session_id.clone())
        .collect();
    let ended = if terminate {
        end_targets(&call, work.as_mut(), &targets).await?
    } else {
        0
    };
    call.commit(
        work,
        StatusCode::OK,
        Entity {
            kind: ENTITY,
            id: id.as_str(),
        },
    )
    .await?;
    metrics::delegations_ended("revoked", revoked.len());
    metrics::sessions_ended("delegation_revoked", ended);
    Ok(Answer(DelegationRevoked {
        revoked_edges: revoked.len(),
        affected_sessions: targets.len(),
        terminated_sessions: ended,
    }))
}

/// The issuer takes back; the receiver may decline what it was given.
fn check(call: &Call, delegation: &Delegation) -> Result<(), Refusal> {
    let mut about = call.about();
    about.application_id = Some(delegation.issuer_application_id.clone());
    about.agent_session_id = Some(delegation.source_session_id.clone());
    about.source_session_id = Some(delegation.source_session_id.clone());
    about.target_session_id = Some(delegation.target_session_id.clone());
    let principal = &call.caller;
    let party = principal.is_admin()
        || principal.may_delegate_from(&delegation.issuer_application_id)
        || principal.is(&delegation.receiver_application_id);
    if party { Ok(()) } else { Err(issuer_required()) }
}

/// Handing something to a session gives no say over its life: who ends the receivers must be allowed to end each.
async fn check_targets(call: &Call, work: &mut dyn ZoneWork, id: &DelegationId) -> Result<(), Refusal> {
    let below = work.delegations().descendants(id).await?;
    let may = |edge: &Delegation| call.caller.may_stop(&edge.receiver_application_id);
    if below.iter().all(|(edge, _)| may(edge)) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::ApplicationOwnershipRequired)
        .describe("terminate_target would end sessions of another application; revoke without it"))
}

async fn end_targets(
    call: &Call,
    work: &mut dyn ZoneWork,
    targets: &BTreeSet<SessionId>,
) -> Result<usize, Refusal> {
    let mut ended = 0;
    for target in targets {
        let terminated = SessionStatus::Terminated;
        ended += lifecycle::end_session(work, &call.role.world, target, terminated, REASON)
            .await?
            .sessions
            .len();
    }
    Ok(ended)
}
