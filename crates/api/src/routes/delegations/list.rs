//! `GET /v1/zones/{zoneId}/delegations`

use caracal_service::{
    Refusal,
    front::{Answer, Paging},
};
use caracal_wire::{Listing, coordinator::delegations::ActiveDelegation};

use crate::{answer::rows, call::ZoneCall};

/// Live ones.
pub(crate) async fn handle(
    call: ZoneCall,
    Paging(page): Paging<100, 500>,
) -> Result<Answer<Listing<ActiveDelegation>>, Refusal> {
    let mut work = call.read().await?;
    let read = work.delegations().list_live(call.now(), &page).await?;
    let items = read.items.iter().map(ActiveDelegation::from).collect();
    Ok(Answer(rows(items, read.next.as_ref())))
}
