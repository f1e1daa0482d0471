//! `POST /v1/zones/{zoneId}/workloads`

use caracal_core::{WorkloadId, entity::Workload};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::control::workloads::{CreateWorkload, WorkloadWithSecret};

use super::{SECRET_PREFIX, keep_secret, name_taken, with_secret};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
    custody,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateWorkload>,
) -> Result<Created<WorkloadWithSecret>, Refusal> {
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let (secret, secret_hash) = custody::generate(&call, SECRET_PREFIX)?;
    let mut attribution = call.made();
    attribution.updated_at = None;
    let workload = Workload {
        id: WorkloadId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name.0,
        secret_hash,
        bindings: Vec::new(),
        attribution,
    };
    change.workloads().create(&workload).await.map_err(name_taken)?;
    keep_secret(&mut change, &workload, &secret).await?;
    change.commit(Done::created(workload.id.as_str())).await?;
    Ok(Created(with_secret(workload, &secret)))
}
