//! `POST /v1/zones/{zoneId}/workloads/{id}/rotate-secret`

use caracal_core::WorkloadId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::workloads::WorkloadWithSecret;

use super::{SECRET_PREFIX, keep_secret, not_found, with_secret};
use crate::{call::ZoneCall, change::Done, custody};

/// The old secret stops working with the answer.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<WorkloadId>>,
) -> Result<Answer<WorkloadWithSecret>, Refusal> {
    let mut change = call.change().await?;
    let found = change.workloads().get(&id).await?;
    let mut workload = found.ok_or_else(not_found)?;
    let (secret, secret_hash) = custody::generate(&call, SECRET_PREFIX)?;
    workload.secret_hash = secret_hash;
    call.stamp(&mut workload.attribution);
    if !change.workloads().update(&workload).await? {
        return Err(not_found());
    }
    keep_secret(&mut change, &workload, &secret).await?;
    let rotated = with_secret(workload, &secret);
    Ok(Answer(change.answer(Done::ok(), rotated).await?))
}
