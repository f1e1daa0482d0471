//! `GET /v1/zones/{zoneId}/policies`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::PolicyFilter;
use caracal_wire::{
    Listing,
    control::{
        ObjectStatus,
        policies::{ListPolicies, PolicyItem},
    },
};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListPolicies>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<PolicyItem>>, Refusal> {
    let filter = PolicyFilter {
        archived: query.status == Some(ObjectStatus::Archived),
        name: query.name.map(|name| name.0),
        created_by: query.created_by.map(|maker| maker.0),
    };
    let mut work = call.read().await?;
    Ok(listing(work.policies().list(&filter, &page).await?))
}
