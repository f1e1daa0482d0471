//! `GET /v1/zones/{zoneId}/resources/{id}`

use caracal_service::Refusal;

use super::{not_found, row, rules};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let resource = call
        .read()
        .await?
        .resources()
        .get(&call.id("id")?)
        .await?
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, &call.role.config.control_audience))
        .ok_or_else(not_found)?;
    Answer::ok(&row(&resource))
}
