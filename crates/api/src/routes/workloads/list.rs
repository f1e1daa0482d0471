//! `GET /v1/zones/{zoneId}/workloads`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_wire::{Listing, control::workloads::WorkloadItem};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<WorkloadItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.workloads().list(&page).await?))
}
