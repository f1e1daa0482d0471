//! `PATCH /zones/{zone}/agents/{id}/suspend`: pauses a session and its active descendants.

use axum::{response::Response, routing::MethodFilter};
use caracal_lifecycle as lifecycle;
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{ErrorCode, coordinator::sessions::Suspended};
use http::StatusCode;

use super::{ENTITY, SessionPath, locked_for_stop};
use crate::{
    auth::Capability,
    call::{self, Call, Entity, Input, NoBody, NoQuery, Route},
};

/// The route.
pub(crate) struct Suspend;

impl Route for Suspend {
    const METHOD: MethodFilter = MethodFilter::PATCH;
    const PATH: &'static str = "/zones/{zone}/agents/{id}/suspend";
    const CAPABILITY: Capability = Capability::shared("session.suspend").recorded("session_suspend");
    type Path = SessionPath;
    type Query = NoQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let id = input.path.id;
        let mut work = call.work(Access::Write).await?;
        work.lock(lifecycle::SESSIONS).await?;
        locked_for_stop(call, work.as_mut(), &id).await?;
        let suspended = lifecycle::suspend_session(work.as_mut(), &call.app.world, &id, "requested").await?;
        if suspended.is_empty() {
            return Err(Refusal::of(ErrorCode::SessionNotFoundOrNotActive));
        }
        call.commit(
            work,
            StatusCode::OK,
            Entity {
                kind: ENTITY,
                id: id.as_str(),
            },
        )
        .await?;
        Ok(call::json(
            StatusCode::OK,
            &Suspended {
                suspended: suspended.len(),
            },
        ))
    }
}
