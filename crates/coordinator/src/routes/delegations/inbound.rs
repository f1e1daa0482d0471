//! `GET /zones/{zone}/delegations/inbound/{session}`: what a session received, newest first, in every state.

use caracal_core::SessionId;
use caracal_service::{
    Refusal,
    front::{Answer, Paging, Path},
};
use caracal_storage::{Access, DelegationDirection, PageRequest};
use caracal_wire::{Listing, coordinator::delegations::DelegationItem};

use super::{EndPath, sees};
use crate::{call::Call, paging, routes::sessions::get};

pub(crate) async fn handle(
    call: Call,
    Path(path): Path<EndPath>,
    Paging(page): Paging<100, 500>,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    list(&call, &path.session, &page, DelegationDirection::Inbound).await
}

/// Lists one end of a session's delegations.
pub(super) async fn list(
    call: &Call,
    session: &SessionId,
    page: &PageRequest,
    direction: DelegationDirection,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    let mut work = call.work(Access::Read).await?;
    // The operator may ask about any id, known or not.
    if !call.caller.is_admin() {
        get::visible(&call.caller, work.as_mut(), session).await?;
    }
    let page = work.delegations().list(session, direction, page).await?;
    let visible = page
        .items
        .iter()
        .filter(|delegation| sees(&call.caller, delegation));
    let items: Vec<DelegationItem> = visible.map(Into::into).collect();
    Ok(Answer(paging::listing(items, page.next.as_ref())))
}
