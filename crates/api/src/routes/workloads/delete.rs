//! `DELETE /v1/zones/{zoneId}/workloads/{id}`

use caracal_core::WorkloadId;
use caracal_crypto::Location;
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

/// The launcher cannot start it from here on, and the copy of its secret is gone.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    change
        .expect(&wanted, VersionedKind::Workload, id.as_str())
        .await?;
    remove(&mut change, &id).await?;
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// Deletes it in a change that the caller commits.
pub(in crate::routes) async fn remove(change: &mut ZoneChange<'_>, id: &WorkloadId) -> Result<(), Refusal> {
    if !change.workloads().delete(id).await? {
        return Err(not_found());
    }
    let location = Location::workload_secret(&change.call().zone, id);
    change.secrets().delete(location.as_str()).await?;
    Ok(())
}
