//! `GET /zones/{zone}/agents/{id}`: one session.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::{SessionId, entity::Session};
use caracal_service::Refusal;
use caracal_storage::{Access, ZoneWork};
use caracal_wire::coordinator::sessions::SessionItem;
use http::StatusCode;

use super::{SessionPath, not_found};
use crate::{
    auth::{Capability, Principal},
    call::{Call, Input, NoBody, NoQuery, Route, json},
};

/// The route.
pub(crate) struct Get;

impl Route for Get {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/agents/{id}";
    const CAPABILITY: Capability = Capability::shared("session.get");
    type Path = SessionPath;
    type Query = NoQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let mut work = call.work(Access::Read).await?;
        let session = visible(&call.principal, work.as_mut(), &input.path.id).await?;
        Ok(json(StatusCode::OK, &SessionItem::from(&session)))
    }
}

/// The session, if the caller may see it. A stranger must not learn that it exists.
pub(crate) async fn visible(
    principal: &Principal,
    work: &mut dyn ZoneWork,
    id: &SessionId,
) -> Result<Session, Refusal> {
    let session = work.sessions().get(id).await?;
    session
        .filter(|session| principal.may_stop(&session.application_id))
        .ok_or_else(not_found)
}
