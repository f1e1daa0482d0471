//! `PUT /v1/zones/{zoneId}/workloads/{id}`

use caracal_core::WorkloadId;
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_wire::control::workloads::{UpdateWorkload, WorkloadItem};

use super::{bindings, name_taken, not_found};
use crate::{call::ZoneCall, change::Done, fields::no_fields};

/// What is absent stays; the list of bindings is replaced as a whole.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
    wanted: IfMatch,
    Body(body): Body<UpdateWorkload>,
) -> Result<Versioned<WorkloadItem>, Refusal> {
    if body.is_empty() {
        return Err(no_fields());
    }
    let bindings = body.bindings.map(bindings::checked).transpose()?;
    let mut change = call.change().await?;
    let found = change.workloads().get(&id).await?;
    let mut workload = found.ok_or_else(not_found)?;
    wanted.allows(workload.attribution.version)?;
    if let Some(name) = body.name {
        workload.name = name.0;
    }
    if let Some(bindings) = bindings {
        workload.bindings = bindings;
    }
    call.stamp(&mut workload.attribution);
    if !change.workloads().update(&workload).await.map_err(name_taken)? {
        return Err(not_found());
    }
    change.commit(Done::ok()).await?;
    let version = workload.attribution.next();
    Ok(Versioned(workload.into(), version))
}
