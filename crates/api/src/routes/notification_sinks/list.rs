//! `GET /v1/zones/{zoneId}/notification-sinks`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_wire::{Listing, control::notification_sinks::SinkItem};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<SinkItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.notifications().list(&page).await?))
}
