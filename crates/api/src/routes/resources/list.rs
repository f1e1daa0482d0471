//! `GET /v1/zones/{zoneId}/resources`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Named, Query},
};
use caracal_wire::{
    Listing,
    control::{ListObjects, resources::ResourceItem},
};

use super::rules;
use crate::{
    answer::{listing, registered},
    call::ZoneCall,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListObjects>,
    Listed(page): Named<200, 500>,
) -> Result<Answer<Listing<ResourceItem>>, Refusal> {
    let mut work = call.read().await?;
    let mut read = work.resources().list(&registered(query), &page).await?;
    let audience = &call.role.config.control_audience;
    read.items
        .retain(|resource| rules::is_visible(&call.caller, resource, audience));
    Ok(listing(read))
}
