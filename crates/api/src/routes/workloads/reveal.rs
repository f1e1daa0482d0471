//! `GET /v1/zones/{zoneId}/workloads/{id}/secret`

use caracal_core::WorkloadId;
use caracal_crypto::Location;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::{ErrorCode, control::workloads::WorkloadSecret};
use serde::Serialize;

use super::not_found;
use crate::{call::ZoneCall, custody};

#[derive(Serialize)]
struct Revealed {
    credential: &'static str,
    workload_id: WorkloadId,
    workload_name: String,
    actor: String,
}

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
) -> Result<Answer<WorkloadSecret>, Refusal> {
    let mut change = call.change().await?;
    let found = change.workloads().get(&id).await?;
    let workload = found.ok_or_else(not_found)?;
    let location = Location::workload_secret(&call.zone, &id);
    let revealed = Revealed {
        credential: "workload_secret",
        workload_id: id,
        workload_name: workload.name,
        actor: call.caller.attributed_to(),
    };
    let not_stored = ErrorCode::WorkloadSecretNotStored;
    let secret = custody::reveal(&call, change, &location, not_stored, revealed).await?;
    Ok(Answer(WorkloadSecret { secret }))
}
