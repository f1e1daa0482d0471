//! `GET /zones/{zone}/agents`: sessions, newest first. An application sees its own; the operator sees all.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::ApplicationId;
use caracal_service::Refusal;
use caracal_storage::{Access, SessionFilter};
use caracal_wire::{
    ErrorCode, PageQuery,
    coordinator::sessions::{ListSessions, SessionItem},
};
use http::StatusCode;

use super::{ZonePath, request::LABEL};
use crate::{
    auth::{Capability, Principal},
    call::{Call, Input, NoBody, Route, json},
    paging,
};

/// The route.
pub(crate) struct List;

impl Route for List {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/agents";
    const CAPABILITY: Capability = Capability::shared("session.list");
    type Path = ZonePath;
    type Query = ListSessions;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let query = input.query;
        let page = paging::request(&PageQuery {
            limit: query.limit,
            cursor: query.cursor,
        })?;
        if let Some(label) = &query.label {
            LABEL.check(label).map_err(|problem| {
                Refusal::invalid_field(ErrorCode::InvalidQuery, "label", problem.to_string())
            })?;
        }
        let Ok(application_id) = visible(&call.principal, query.application_id) else {
            return Ok(json(
                StatusCode::OK,
                &paging::listing::<SessionItem>(Vec::new(), None),
            ));
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
        let items: Vec<SessionItem> = page.items.iter().map(Into::into).collect();
        Ok(json(StatusCode::OK, &paging::listing(items, page.next.as_ref())))
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
