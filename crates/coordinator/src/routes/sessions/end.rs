//! `DELETE /zones/{zone}/agents/{id}`: ends a session, everything below it, and what was delegated to and from
//! them.

use caracal_core::{SessionId, text::TextRule};
use caracal_lifecycle::{GROUPED, sessions};
use caracal_service::{
    Refusal,
    front::{ById, NoContent, OptionalBody, Path, Query},
};
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{AskSessionEnd, EndSession},
};
use http::StatusCode;

use crate::{
    call::{Call, Entity},
    metrics,
};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
    Query(asked): Query<AskSessionEnd>,
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
    let mut work = call.work(GROUPED).await?;
    let ended = sessions::end(work.as_mut(), &call.act(), &id, &reason, generation).await;
    let ended = ended.map_err(Refusal::from).and_then(|ended| {
        // Clients take it as the end that they asked for.
        let over = ended.sessions.is_empty();
        if over {
            Err(Refusal::of(ErrorCode::SessionNotFound))
        } else {
            Ok(ended)
        }
    });
    let (work, ended) = call.durable(work, ended).await?;
    call.commit(work, StatusCode::NO_CONTENT, Entity::session(&id))
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
