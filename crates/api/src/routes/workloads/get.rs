//! `GET /v1/zones/{zoneId}/workloads/{id}`

use caracal_core::WorkloadId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::workloads::WorkloadItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
) -> Result<Versioned<WorkloadItem>, Refusal> {
    let workload = call.read().await?.workloads().get(&id).await?;
    let workload = workload.ok_or_else(not_found)?;
    let version = workload.attribution.version;
    Ok(Versioned(workload.into(), version))
}
