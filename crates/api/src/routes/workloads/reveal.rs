//! `GET /v1/zones/{zoneId}/workloads/{id}/secret`

use caracal_core::WorkloadId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::workloads::WorkloadSecret;

use super::not_found;
use crate::{
    call::ZoneCall,
    custody::{Revealed, reveal},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
) -> Result<Answer<WorkloadSecret>, Refusal> {
    let mut change = call.change().await?;
    let found = change.workloads().get(&id).await?;
    let workload = found.ok_or_else(not_found)?;
    let revealed = Revealed::WorkloadSecret {
        workload_id: id,
        workload_name: workload.name,
    };
    let secret = reveal(&call, change, revealed).await?;
    Ok(Answer(WorkloadSecret { secret }))
}
