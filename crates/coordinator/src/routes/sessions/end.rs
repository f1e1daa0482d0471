//! `DELETE /zones/{zone}/agents/{id}`: ends a session, everything below it, and what was delegated to and from
//! them.

use axum::{
    response::{IntoResponse, Response},
    routing::MethodFilter,
};
use caracal_core::{
    entity::{Lifecycle, Session, SessionStatus},
    text::TextRule,
};
use caracal_lifecycle as lifecycle;
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{EndReason, EndSession},
};
use http::StatusCode;

use super::{ENTITY, SessionPath, locked_for_stop, not_found};
use crate::{
    auth::Capability,
    call::{Call, Entity, Input, OptionalBody, Route},
    metrics,
};

/// The route.
pub(crate) struct End;

impl Route for End {
    const METHOD: MethodFilter = MethodFilter::DELETE;
    const PATH: &'static str = "/zones/{zone}/agents/{id}";
    const CAPABILITY: Capability = Capability::shared("session.end").recorded("session_end");
    type Path = SessionPath;
    type Query = EndReason;
    type Body = OptionalBody<EndSession>;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let id = input.path.id;
        let reason = reason(input.query.reason)?;
        let generation = input.body.0.and_then(|body| body.lease_generation);
        if generation.is_some_and(|generation| generation < 1) {
            return Err(Refusal::invalid_field(
                ErrorCode::InvalidBody,
                "lease_generation",
                "a whole number from 1",
            ));
        }
        let mut work = call.work(Access::Write).await?;
        lifecycle::lock_both(work.as_mut()).await?;
        let session = locked_for_stop(call, work.as_mut(), &id).await?;
        call.about.reason = Some(reason.clone());
        check_fence(call, &session, generation)?;
        let terminated = SessionStatus::Terminated;
        let ended = lifecycle::end_session(work.as_mut(), &call.app.world, &id, terminated, &reason).await?;
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
        Ok(StatusCode::NO_CONTENT.into_response())
    }
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
    if session.lifecycle != Lifecycle::Service || call.principal.is_admin() {
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
