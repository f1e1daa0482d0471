//! `GET /v1/zones/{zoneId}/dcr-status`

use caracal_service::{Refusal, front::Answer};
use caracal_wire::control::zones::DcrStatus;

use super::zone_not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer<DcrStatus>, Refusal> {
    let mut work = call.read().await?;
    let zone = work.zone().await?.ok_or_else(zone_not_found)?;
    let live = work.applications().count_live_dcr(call.now()).await?;
    Ok(Answer(DcrStatus {
        id: zone.id,
        dcr_enabled: zone.dcr_enabled,
        live_dcr_applications: live,
    }))
}
