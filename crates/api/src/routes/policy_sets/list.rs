//! `GET /v1/zones/{zoneId}/policy-sets`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_wire::{Listing, control::policy_sets::PolicySetItem};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<PolicySetItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.policy_sets().list(&page).await?))
}
