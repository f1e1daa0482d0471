//! `GET /zones/{zone}/agents`: sessions, newest first. An application sees its own; the operator sees all.

use caracal_core::ApplicationId;
use caracal_lifecycle::Principal;
use caracal_service::{
    Refusal,
    front::{Answer, Paging, Query},
};
use caracal_storage::{Access, SessionFilter};
use caracal_wire::{
    ErrorCode, Listing,
    coordinator::sessions::{ListSessions, SessionItem},
};

use super::request::LABEL;
use crate::{call::Call, paging};

pub(crate) async fn handle(
    call: Call,
    Query(query): Query<ListSessions>,
    Paging(page): Paging<100, 500>,
) -> Result<Answer<Listing<SessionItem>>, Refusal> {
    if let Some(label) = &query.label {
        LABEL.check(label).map_err(|problem| {
            Refusal::invalid_field(ErrorCode::InvalidQuery, "label", problem.to_string())
        })?;
    }
    let Ok(application_id) = visible(&call.caller, query.application_id) else {
        return Ok(Answer(paging::listing::<SessionItem>(Vec::new(), None)));
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
    Ok(Answer(paging::listing(items, page.next.as_ref())))
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
