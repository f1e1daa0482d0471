//! `GET /zones/{zone}/agents/{id}/children`: direct children, newest first. An unknown parent has none.

use caracal_core::SessionId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Paging, Path},
};
use caracal_storage::{Access, SessionFilter};
use caracal_wire::{Listing, coordinator::sessions::SessionItem};

use super::list;
use crate::{call::Call, paging};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
    Paging(page): Paging<100, 500>,
) -> Result<Answer<Listing<SessionItem>>, Refusal> {
    let filter = SessionFilter {
        parent_id: Some(id),
        application_id: list::own(&call.caller),
        ..SessionFilter::default()
    };
    let mut work = call.work(Access::Read).await?;
    let page = work.sessions().list(&filter, &page).await?;
    let items: Vec<SessionItem> = page.items.iter().map(Into::into).collect();
    Ok(Answer(paging::listing(items, page.next.as_ref())))
}
