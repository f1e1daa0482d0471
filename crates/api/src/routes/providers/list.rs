//! `GET /v1/zones/{zoneId}/providers`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_wire::{
    Listing,
    control::{ListObjects, providers::ProviderItem},
};

use crate::{
    answer::{listing, registered},
    call::ZoneCall,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListObjects>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<ProviderItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.providers().list(&registered(&query), &page).await?))
}
