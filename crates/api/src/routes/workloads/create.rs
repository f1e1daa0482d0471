//! `POST /v1/zones/{zoneId}/workloads`

use caracal_core::{
    Secret, WorkloadId,
    entity::{Workload, WorkloadBinding},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::control::workloads::{CreateWorkload, WorkloadWithSecret};

use super::{SECRET_PREFIX, keep_secret, name_taken, with_secret};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    custody,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateWorkload>,
) -> Result<Created<WorkloadWithSecret>, Refusal> {
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let id = WorkloadId::generate(&call.role.world);
    let (workload, secret) = make(&mut change, id, body.name.0, Vec::new()).await?;
    let id = workload.id.clone();
    let made = with_secret(workload, &secret);
    Ok(Created(change.answer(Done::created(id.as_str()), made).await?))
}

/// Makes it in a change that the caller commits.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    id: WorkloadId,
    name: String,
    bindings: Vec<WorkloadBinding>,
) -> Result<(Workload, Secret), Refusal> {
    let call = change.call();
    let (secret, secret_hash) = custody::generate(call, SECRET_PREFIX)?;
    let mut attribution = call.made();
    attribution.updated_at = None;
    let workload = Workload {
        id,
        zone_id: call.zone.clone(),
        name,
        secret_hash,
        bindings,
        attribution,
    };
    change.workloads().create(&workload).await.map_err(name_taken)?;
    keep_secret(change, &workload, &secret).await?;
    Ok((workload, secret))
}
