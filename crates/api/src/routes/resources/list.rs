//! `GET /v1/zones/{zoneId}/resources`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::Registered;
use caracal_wire::{
    Listing,
    control::{ListObjects, resources::ResourceItem},
};

use super::rules;
use crate::{
    answer::{listing, registered},
    call::ZoneCall,
};

/// Whoever may not see the control resource does not find it counted either.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListObjects>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<ResourceItem>>, Refusal> {
    let which = Registered {
        without_identifier: rules::hidden(&call.caller, &call.role.config.control_audience)
            .map(str::to_owned),
        ..registered(&query)
    };
    let mut work = call.read().await?;
    Ok(listing(work.resources().list(&which, &page).await?))
}
