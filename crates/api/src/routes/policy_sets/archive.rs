//! `DELETE /v1/zones/{zoneId}/policy-sets/{id}`

use caracal_core::PolicySetId;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::{Lock, VersionedKind};

use super::{not_found, policy_invalidate};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// If the set was in force, the zone denies everything from here on.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    // Before the set, as whoever puts a version in force locks them.
    change.lock(Lock::PolicyActivation).await?;
    change
        .expect(&wanted, VersionedKind::PolicySet, id.as_str())
        .await?;
    let done = put_away(&mut change, &id).await?;
    change.commit(done).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits; what to record of it.
pub(in crate::routes) async fn put_away(
    change: &mut ZoneChange<'_>,
    id: &PolicySetId,
) -> Result<Done<'static>, Refusal> {
    let call = change.call();
    change.lock(Lock::PolicyActivation).await?;
    let was_in_force = change
        .policy_sets()
        .archive(id, call.now())
        .await?
        .ok_or_else(not_found)?;
    if was_in_force {
        change.publish(policy_invalidate(&call.role.world, &call.zone, id, None)?);
    }
    Ok(Done::no_content().note("was_in_force", was_in_force))
}
