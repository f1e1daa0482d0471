//! `GET /zones/{zone}/agents/{id}/children`: direct children, newest first. An unknown parent has none.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::{Access, SessionFilter};
use caracal_wire::{PageQuery, coordinator::sessions::SessionItem};
use http::StatusCode;

use super::{SessionPath, list};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, Route, json},
    paging,
};

/// The route.
pub(crate) struct Children;

impl Route for Children {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/agents/{id}/children";
    const CAPABILITY: Capability = Capability::shared("session.children");
    type Path = SessionPath;
    type Query = PageQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let page = paging::request(&input.query)?;
        let filter = SessionFilter {
            parent_id: Some(input.path.id),
            application_id: list::own(&call.principal),
            ..SessionFilter::default()
        };
        let mut work = call.work(Access::Read).await?;
        let page = work.sessions().list(&filter, &page).await?;
        let items: Vec<SessionItem> = page.items.iter().map(Into::into).collect();
        Ok(json(StatusCode::OK, &paging::listing(items, page.next.as_ref())))
    }
}
