//! `GET /v1/zones/{zoneId}/delegations`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, SearchedByTime},
};
use caracal_storage::DelegationFilter;
use caracal_wire::{
    Listing, control::authority::ListDelegations, coordinator::delegations::ActiveDelegation,
};

use crate::{answer::listed, call::ZoneCall};

/// Live ones.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListDelegations>,
    Listed(page): SearchedByTime<100, 500>,
) -> Result<Answer<Listing<ActiveDelegation>>, Refusal> {
    let filter = DelegationFilter {
        issuer_application_id: query.issuer_application_id,
        receiver_application_id: query.receiver_application_id,
        source_session_id: query.source_session_id,
        target_session_id: query.target_session_id,
        resource_id: query.resource_id,
    };
    let mut work = call.read().await?;
    let read = work.delegations().list_live(&filter, call.now(), &page).await?;
    Ok(listed(read, |delegation| ActiveDelegation::from(&delegation)))
}
