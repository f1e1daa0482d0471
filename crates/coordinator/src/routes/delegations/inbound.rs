//! `GET /zones/{zone}/delegations/inbound/{session}`: what a session received, newest first, in every state.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::{Access, DelegationDirection};
use caracal_wire::{PageQuery, coordinator::delegations::DelegationItem};
use http::StatusCode;

use super::{EndPath, sees};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, Route, json},
    paging,
    routes::sessions::get,
};

/// The route.
pub(crate) struct Inbound;

impl Route for Inbound {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/inbound/{session}";
    const CAPABILITY: Capability = Capability::shared("delegation.inbound");
    type Path = EndPath;
    type Query = PageQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        list(call, &input.path, &input.query, DelegationDirection::Inbound).await
    }
}

/// Lists one end of a session's delegations.
pub(super) async fn list(
    call: &Call,
    path: &EndPath,
    query: &PageQuery,
    direction: DelegationDirection,
) -> Result<Response, Refusal> {
    let page = paging::request(query)?;
    let mut work = call.work(Access::Read).await?;
    // The operator may ask about any id, known or not.
    if !call.principal.is_admin() {
        get::visible(&call.principal, work.as_mut(), &path.session).await?;
    }
    let page = work.delegations().list(&path.session, direction, &page).await?;
    let visible = page
        .items
        .iter()
        .filter(|delegation| sees(&call.principal, delegation));
    let items: Vec<DelegationItem> = visible.map(Into::into).collect();
    Ok(json(StatusCode::OK, &paging::listing(items, page.next.as_ref())))
}
