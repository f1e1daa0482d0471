//! `GET /v1/zones/{zoneId}`

use caracal_core::entity::Zone;
use caracal_service::{Refusal, front::Answer};

use super::zone_not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer<Zone>, Refusal> {
    call.read()
        .await?
        .zone()
        .await?
        .map(Answer)
        .ok_or_else(zone_not_found)
}
