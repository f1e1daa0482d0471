//! `GET /v1/zones/{zoneId}/provider-connections`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, SearchedByTime},
};
use caracal_storage::ConnectionFilter;
use caracal_wire::{
    Listing,
    control::connections::{ConnectionItem, ListConnections},
};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListConnections>,
    Listed(page): SearchedByTime<200, 500>,
) -> Result<Answer<Listing<ConnectionItem>>, Refusal> {
    let filter = ConnectionFilter {
        provider_id: query.provider_id,
        subject_id: query.subject_id.map(|subject| subject.0),
        status: query.status,
    };
    let mut work = call.read().await?;
    Ok(listing(work.connections().list(&filter, &page).await?))
}
