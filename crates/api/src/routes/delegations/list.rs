//! `GET /v1/zones/{zoneId}/delegations`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Sorted},
};
use caracal_wire::{Listing, coordinator::delegations::ActiveDelegation};

use crate::{
    answer::{counted, rows},
    call::ZoneCall,
};

/// Live ones.
pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Sorted<100, 500>,
) -> Result<Answer<Listing<ActiveDelegation>>, Refusal> {
    let mut work = call.read().await?;
    let read = work.delegations().list_live(call.now(), &page).await?;
    let items = read.items.iter().map(ActiveDelegation::from).collect();
    let listed = rows(items, read.next.as_ref());
    Ok(Answer(counted(listed, read.total)))
}
