//! `GET /zones/{zone}/agents/{id}/children`: direct children, newest first. An unknown parent has none.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::{Access, SessionFilter};
use http::StatusCode;

use super::{SessionPath, list};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, Route, json},
    paging::{self, PageQuery},
    view,
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
        let page = input.query.request()?;
        let filter = SessionFilter {
            parent_id: Some(input.path.id),
            application_id: list::own(&call.principal),
            ..SessionFilter::default()
        };
        let mut work = call.work(Access::Read).await?;
        let page = work.sessions().list(&filter, &page).await?;
        let items: Vec<_> = page.items.iter().map(view::session_item).collect();
        Ok(json(StatusCode::OK, &paging::body(&items, page.next.as_ref())))
    }
}
