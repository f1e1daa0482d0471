//! `POST /v1/zones/{zoneId}/freeze` and `…/thaw`: the switch that stops everything in a zone, and back.

use caracal_core::entity::{NotificationType, Zone};
use caracal_service::{
    Refusal,
    front::{OptionalBody, Versioned},
};
use caracal_wire::control::zones::FreezeZone;

use serde::Serialize;

use super::zone_not_found;
use crate::{call::ZoneCall, change::Done};

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct Frozen<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'f str>,
}

/// Nothing in the zone is allowed once this is answered, in every process. What was minted before is refused as well.
pub(crate) async fn freeze(
    call: ZoneCall,
    OptionalBody(body): OptionalBody<FreezeZone>,
) -> Result<Versioned<Zone>, Refusal> {
    let reason = body.and_then(|body| body.reason);
    set(&call, true, reason.as_deref()).await
}

/// Everything that was allowed is allowed again. What ended meanwhile stays ended.
pub(crate) async fn thaw(call: ZoneCall) -> Result<Versioned<Zone>, Refusal> {
    set(&call, false, None).await
}

async fn set(call: &ZoneCall, frozen: bool, reason: Option<&str>) -> Result<Versioned<Zone>, Refusal> {
    let mut change = call.global_change().await?;
    let mut zone = change.zones().get(&call.zone).await?.ok_or_else(zone_not_found)?;
    zone.frozen_at = match (frozen, zone.frozen_at) {
        (true, None) => Some(call.now()),
        (true, since) => since,
        (false, _) => None,
    };
    call.stamp(&mut zone.attribution);
    if !change.zones().update(&zone).await? {
        return Err(zone_not_found());
    }
    change.zone_changed(&zone.id);
    let (kind, decision) = if frozen {
        (NotificationType::ZoneFrozen, "frozen")
    } else {
        (NotificationType::ZoneThawed, "thawed")
    };
    change.notify(&zone.id, kind, decision, Frozen { reason }).await?;
    let mut done = Done::ok();
    if let Some(reason) = reason {
        done = done.note("reason", reason);
    }
    let version = zone.attribution.next();
    let zone = change.answer(Some(&call.zone), done, zone).await?;
    Ok(Versioned(zone, version))
}
