//! `DELETE /v1/zones/{zoneId}/resources/{id}`

use caracal_core::ResourceId;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;
use caracal_wire::events::DirectoryKind;

use super::{not_found, rules};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// The identifier becomes free; nobody deletes the control resource.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ResourceId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
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
    change
        .expect(&wanted, VersionedKind::Resource, id.as_str())
        .await?;
    put_away(&mut change, &id).await?;
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits.
pub(in crate::routes) async fn put_away(change: &mut ZoneChange<'_>, id: &ResourceId) -> Result<(), Refusal> {
    let now = change.call().now();
    if !change.resources().archive(id, now).await? {
        return Err(not_found());
    }
    change.directory_changed(DirectoryKind::Resource, id.as_str());
    Ok(())
}
