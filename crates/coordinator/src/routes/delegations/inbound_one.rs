//! `GET /zones/{zone}/delegations/inbound/{session}/{id}`: whether a session holds a delegation now.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::{DelegationId, SessionId, ZoneId};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::DelegationItem;
use http::StatusCode;
use serde::Deserialize;

use super::{not_found, sees};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, NoQuery, Route, json},
};

/// `/zones/{zone}/delegations/inbound/{session}/{id}`
#[derive(Debug, Deserialize)]
pub(crate) struct InboundPath {
    #[expect(
        dead_code,
        reason = "parsed so that a malformed zone is refused; the caller's own zone is used"
    )]
    zone: ZoneId,
    session: SessionId,
    id: DelegationId,
}

/// The route.
pub(crate) struct InboundOne;

impl Route for InboundOne {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/inbound/{session}/{id}";
    const CAPABILITY: Capability = Capability::shared("delegation.inbound_one");
    type Path = InboundPath;
    type Query = NoQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let InboundPath { session, id, .. } = input.path;
        let mut work = call.work(Access::Read).await?;
        let delegation = work.delegations().get(&id).await?.filter(|delegation| {
            delegation.target_session_id == session
                && delegation.is_live(call.now())
                && sees(&call.principal, delegation)
        });
        let delegation = delegation.ok_or_else(not_found)?;
        Ok(json(StatusCode::OK, &DelegationItem::from(&delegation)))
    }
}
