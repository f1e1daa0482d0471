//! `DELETE /zones/{zone}/agents/{id}`: ends a session, everything below it, and what was delegated to and from
//! them.

use caracal_core::{
    SessionId,
    entity::{Lifecycle, Session, SessionStatus},
    text::TextRule,
};
use caracal_lifecycle as lifecycle;
use caracal_service::{
    Refusal,
    front::{ById, NoContent, OptionalBody, Path, Query},
};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{EndReason, EndSession},
};
use http::StatusCode;

use super::{ENTITY, locked_for_stop, not_found};
use crate::{
    call::{Call, Entity},
    metrics,
};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
    Query(asked): Query<EndReason>,
    OptionalBody(body): OptionalBody<EndSession>,
) -> Result<NoContent, Refusal> {
    let reason = reason(asked.reason)?;
    let generation = body.and_then(|body| body.lease_generation);
    if generation.is_some_and(|generation| generation < 1) {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidBody,
            "lease_generation",
            "a whole number from 1",
        ));
    }
    let mut work = call.work(Access::Write).await?;
    lifecycle::lock_both(work.as_mut()).await?;
    let session = locked_for_stop(&call, work.as_mut(), &id).await?;
    call.about().reason = Some(reason.clone());
    check_fence(&call, &session, generation)?;
    let terminated = SessionStatus::Terminated;
    let ended = lifecycle::end_session(work.as_mut(), &call.role.world, &id, terminated, &reason).await?;
    if ended.sessions.is_empty() {
        return Err(not_found());
    }
    call.commit(
        work,
        StatusCode::NO_CONTENT,
        Entity {
            kind: ENTITY,
            id: id.as_str(),
        },
    )
    .await?;
    metrics::sessions_ended("requested", ended.sessions.len());
    metrics::delegations_ended("session_ended", ended.delegations.len());
    Ok(NoContent)
}

/// A line feed could forge a field of the signed event, so control characters do not travel.
fn reason(given: Option<String>) -> Result<String, Refusal> {
    let Some(reason) = given else {
        return Ok(String::from("requested"));
    };
    match TextRule::line(256).check(&reason) {
        Ok(()) => Ok(reason),
        Err(problem) => Err(Refusal::invalid_field(
            ErrorCode::InvalidQuery,
            "reason",
            problem.to_string(),
        )),
    }
}

/// Whoever lost the lease of a service may not end it: another holder runs it now.
fn check_fence(call: &Call, session: &Session, generation: Option<i64>) -> Result<(), Refusal> {
    if session.lifecycle != Lifecycle::Service || call.caller.is_admin() {
        return Ok(());
    }
    match generation {
        None => Err(Refusal::of(ErrorCode::LeaseGenerationRequired)
            .describe("send the lease_generation that this process holds")),
        Some(generation) if generation != session.lease_generation => {
            Err(Refusal::of(ErrorCode::SessionLeaseFenced))
        }
        Some(_) => Ok(()),
    }
}
