//! `DELETE /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;

use super::not_found;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// Versions stay, and sets that name them stay in force.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicyId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let kind = VersionedKind::Policy;
    let mut change = call.change_of(&wanted, kind, id.as_str()).await?;
    put_away(&mut change, &id).await?;
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits.
pub(in crate::routes) async fn put_away(change: &mut ZoneChange<'_>, id: &PolicyId) -> Result<(), Refusal> {
    let now = change.call().now();
    if !change.policies().archive(id, now).await? {
        return Err(not_found());
    }
    Ok(())
}
