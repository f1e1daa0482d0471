//! `GET /v1/zones/{zoneId}/sessions/{id}/delegations/inbound` and `…/outbound`

use caracal_core::SessionId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Listed, Path, SearchedByTime},
};
use caracal_storage::{DelegationDirection, PageRequest};
use caracal_wire::{Listing, coordinator::delegations::DelegationItem};

use super::not_found;
use crate::{answer::listed, call::ZoneCall};

pub(crate) async fn inbound(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
    Listed(page): SearchedByTime<100, 500>,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    list(&call, &id, &page, DelegationDirection::Inbound).await
}

pub(crate) async fn outbound(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
    Listed(page): SearchedByTime<100, 500>,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    list(&call, &id, &page, DelegationDirection::Outbound).await
}

async fn list(
    call: &ZoneCall,
    session: &SessionId,
    page: &PageRequest,
    direction: DelegationDirection,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    let mut work = call.read().await?;
    work.sessions().get(session).await?.ok_or_else(not_found)?;
    let read = work.delegations().list(session, direction, page).await?;
    Ok(listed(read, |delegation| DelegationItem::from(&delegation)))
}
