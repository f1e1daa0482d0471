//! `DELETE /v1/zones/{zoneId}/resources/{id}`

use caracal_core::ResourceId;
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;

use super::{not_found, rules};
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// The identifier becomes free; nobody deletes the control resource.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ResourceId = call.id("id")?;
    let audience = &call.role.config.control_audience;
    let mut change = call.change().await?;
    let resource = change
        .resources()
        .get(&id)
        .await?
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(not_found)?;
    if rules::is_control(&resource.identifier, audience) {
        return Err(rules::protected());
    }
    if !change.resources().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    change.directory_changed(DirectoryKind::Resource, id.as_str());
    change.commit(Done::no_content()).await?;
    Ok(Answer::no_content())
}
