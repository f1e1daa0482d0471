//! `DELETE /v1/zones/{zoneId}/workloads/{id}`: the kill switch of a workload.

use caracal_core::{WorkloadId, entity::NotificationType};
use caracal_crypto::Location;
use caracal_lifecycle::approvals;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;
use serde::Serialize;

use super::not_found;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct Deleted<'a> {
    workload_id: &'a WorkloadId,
    approvals: usize,
}

/// The launcher cannot start it from here on, one that runs gets no credential any more, the copy of its secret is gone, and
/// what it waits for is refused.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let kind = VersionedKind::Workload;
    let mut change = call.change_of(&wanted, kind, id.as_str()).await?;
    let done = remove(&mut change, &id).await?;
    change.commit(done).await?;
    Ok(NoContent)
}

/// Deletes it in a change that the caller commits; what to record of it.
pub(in crate::routes) async fn remove(
    change: &mut ZoneChange<'_>,
    id: &WorkloadId,
) -> Result<Done<'static>, Refusal> {
    let call = change.call();
    if !change.workloads().delete(id).await? {
        return Err(not_found());
    }
    let location = Location::workload_secret(&call.zone, id);
    change.secrets().delete(location.as_str()).await?;
    let (witness, by) = (call.witness(), call.caller.attributed_to());
    let reason = NotificationType::WorkloadDeleted.as_str();
    let approvals = approvals::end_of_caller(change.ending(), &witness, id.as_str(), &by, reason).await?;
    let about = Deleted {
        workload_id: id,
        approvals,
    };
    change
        .notify(NotificationType::WorkloadDeleted, "deleted", about)
        .await?;
    Ok(Done::no_content().note("refused_approvals", approvals))
}
