//! `GET /v1/zones/{zoneId}/policies`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_wire::{Listing, control::policies::PolicyItem};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<PolicyItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.policies().list(&page).await?))
}
