//! `PATCH /zones/{zone}/delegations/{id}/revoke`: takes a delegation back, with everything narrowed from it.
//!
//! It follows the lineage, so nobody loses what came from elsewhere. The sessions that received it go on without
//! it, unless the caller asks for their end.

use std::collections::BTreeSet;

use axum::{response::Response, routing::MethodFilter};
use caracal_core::{
    DelegationId, SessionId,
    entity::{Delegation, SessionStatus},
};
use caracal_lifecycle as lifecycle;
use caracal_service::Refusal;
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    coordinator::delegations::{DelegationRevoked, RevokeDelegation},
};
use http::StatusCode;

use super::{DelegationPath, ENTITY, create::issuer_required, not_found};
use crate::{
    auth::Capability,
    call::{self, Call, Entity, Input, OptionalBody, Route},
    metrics,
};

const REASON: &str = "delegation_revoked";

/// The route.
pub(crate) struct Revoke;

impl Route for Revoke {
    const METHOD: MethodFilter = MethodFilter::PATCH;
    const PATH: &'static str = "/zones/{zone}/delegations/{id}/revoke";
    const CAPABILITY: Capability = Capability::shared("delegation.revoke").recorded("delegation_revoke");
    type Path = DelegationPath;
    // Query or body, whichever is handier.
    type Query = RevokeDelegation;
    type Body = OptionalBody<RevokeDelegation>;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let id = input.path.id;
        let asked = input
            .body
            .0
            .unwrap_or_default()
            .terminate_target
            .or(input.query.terminate_target);
        let terminate = asked.unwrap_or(false);
        call.about.delegation_edge_id = Some(id.clone());
        let mut work = call.work(Access::Write).await?;
        work.lock(lifecycle::DELEGATIONS).await?;
        if terminate {
            work.lock(lifecycle::SESSIONS).await?;
        }
        let delegation = work.delegations().get_locked(&id).await?.ok_or_else(not_found)?;
        check(call, &delegation)?;

        if terminate {
            check_targets(call, work.as_mut(), &id).await?;
        }
        let revoked = lifecycle::revoke_delegation(work.as_mut(), &call.app.world, &id, REASON).await?;
        if revoked.is_empty() {
            return Err(not_found());
        }
        let targets: BTreeSet<SessionId> = revoked
            .iter()
            .map(|delegation| delegation.target_session_id.clone())
            .collect();
        let ended = if terminate {
            end_targets(call, work.as_mut(), &targets).await?
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
        Ok(call::json(
            StatusCode::OK,
            &DelegationRevoked {
                revoked_edges: revoked.len(),
                affected_sessions: targets.len(),
                terminated_sessions: ended,
            },
        ))
    }
}

/// The issuer takes back; the receiver may decline what it was given.
fn check(call: &mut Call, delegation: &Delegation) -> Result<(), Refusal> {
    let about = &mut call.about;
    about.application_id = Some(delegation.issuer_application_id.clone());
    about.agent_session_id = Some(delegation.source_session_id.clone());
    about.source_session_id = Some(delegation.source_session_id.clone());
    about.target_session_id = Some(delegation.target_session_id.clone());
    let principal = &call.principal;
    let party = principal.is_admin()
        || principal.may_delegate_from(&delegation.issuer_application_id)
        || principal.is(&delegation.receiver_application_id);
    if party { Ok(()) } else { Err(issuer_required()) }
}

/// Handing something to a session gives no say over its life: who ends the receivers must be allowed to end each.
async fn check_targets(call: &Call, work: &mut dyn ZoneWork, id: &DelegationId) -> Result<(), Refusal> {
    let below = work.delegations().descendants(id).await?;
    let may = |edge: &Delegation| call.principal.may_stop(&edge.receiver_application_id);
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
        ended += lifecycle::end_session(work, &call.app.world, target, terminated, REASON)
            .await?
            .sessions
            .len();
    }
    Ok(ended)
}
