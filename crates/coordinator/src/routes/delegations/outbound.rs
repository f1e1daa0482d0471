//! `GET /zones/{zone}/delegations/outbound/{session}`: what a session handed on, newest first, in every state.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::DelegationDirection;
use caracal_wire::PageQuery;

use super::{EndPath, inbound};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, Route},
};

/// The route.
pub(crate) struct Outbound;

impl Route for Outbound {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/outbound/{session}";
    const CAPABILITY: Capability = Capability::shared("delegation.outbound");
    type Path = EndPath;
    type Query = PageQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        inbound::list(call, &input.path, &input.query, DelegationDirection::Outbound).await
    }
}
