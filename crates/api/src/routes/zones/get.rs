//! `GET /v1/zones/{zoneId}`

use caracal_service::Refusal;

use super::zone_not_found;
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let zone = call.read().await?.zone().await?.ok_or_else(zone_not_found)?;
    Answer::ok(&zone)
}
