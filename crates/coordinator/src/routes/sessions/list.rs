//! `GET /zones/{zone}/agents`: sessions, newest first. An application sees its own; the operator sees all.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::{
    ApplicationId,
    entity::{Lifecycle, SessionStatus},
};
use caracal_service::Refusal;
use caracal_storage::{Access, SessionFilter};
use caracal_wire::ErrorCode;
use http::StatusCode;
use serde::Deserialize;

use super::{ZonePath, request::LABEL};
use crate::{
    auth::{Capability, Principal},
    call::{Call, Input, NoBody, Route, json},
    paging, view,
};

/// Query of session listings.
#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    status: Option<SessionStatus>,
    lifecycle: Option<Lifecycle>,
    application_id: Option<ApplicationId>,
    label: Option<String>,
}

/// The route.
pub(crate) struct List;

impl Route for List {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/agents";
    const CAPABILITY: Capability = Capability::shared("session.list");
    type Path = ZonePath;
    type Query = ListQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let query = input.query;
        let page = paging::request(query.limit, query.cursor.as_deref())?;
        if let Some(label) = &query.label {
            LABEL.check(label).map_err(|problem| {
                Refusal::invalid_field(ErrorCode::InvalidQuery, "label", problem.to_string())
            })?;
        }
        let Ok(application_id) = visible(&call.principal, query.application_id) else {
            return Ok(json(StatusCode::OK, &paging::body(&[], None)));
        };
        let filter = SessionFilter {
            status: query.status,
            lifecycle: query.lifecycle,
            application_id,
            label: query.label,
            ..SessionFilter::default()
        };
        let mut work = call.work(Access::Read).await?;
        let page = work.sessions().list(&filter, &page).await?;
        let items: Vec<_> = page.items.iter().map(view::session_item).collect();
        Ok(json(StatusCode::OK, &paging::body(&items, page.next.as_ref())))
    }
}

/// The caller asks for sessions of an application that it may not see.
struct Invisible;

/// Whose sessions the caller sees: those of one application, or all of them.
fn visible(principal: &Principal, asked: Option<ApplicationId>) -> Result<Option<ApplicationId>, Invisible> {
    match asked {
        Some(asked) if principal.is_admin() || principal.may_run(&asked) => Ok(Some(asked)),
        Some(_) => Err(Invisible),
        None => Ok(own(principal)),
    }
}

/// The caller's own application, unless it sees all.
pub(super) fn own(principal: &Principal) -> Option<ApplicationId> {
    if principal.is_admin() {
        None
    } else {
        principal.application.clone()
    }
}
