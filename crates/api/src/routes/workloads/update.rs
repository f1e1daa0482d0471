//! `PUT /v1/zones/{zoneId}/workloads/{id}`

use caracal_core::{
    WorkloadId,
    entity::{Workload, WorkloadBinding},
};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_wire::control::workloads::{UpdateWorkload, WorkloadItem};

use super::{bindings, name_taken, not_found};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
    fields::no_fields,
};

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
    let workload = found.ok_or_else(not_found)?;
    wanted.allows(workload.attribution.version)?;
    let name = body.name.map(|name| name.0);
    let workload = alter(&mut change, workload, name, bindings).await?;
    change.commit(Done::ok()).await?;
    let version = workload.attribution.next();
    Ok(Versioned(workload.into(), version))
}

/// Changes a workload in a change that the caller commits.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut workload: Workload,
    name: Option<String>,
    bindings: Option<Vec<WorkloadBinding>>,
) -> Result<Workload, Refusal> {
    if let Some(name) = name {
        workload.name = name;
    }
    if let Some(bindings) = bindings {
        workload.bindings = bindings;
    }
    change.call().stamp(&mut workload.attribution);
    if !change.workloads().update(&workload).await.map_err(name_taken)? {
        return Err(not_found());
    }
    Ok(workload)
}
