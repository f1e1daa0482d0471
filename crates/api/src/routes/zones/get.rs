//! `GET /v1/zones/{zoneId}`

use caracal_core::entity::Zone;
use caracal_service::{Refusal, front::Versioned};

use super::zone_not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(call: ZoneCall) -> Result<Versioned<Zone>, Refusal> {
    let zone = call.read().await?.zone().await?.ok_or_else(zone_not_found)?;
    let version = zone.attribution.version;
    Ok(Versioned(zone, version))
}
