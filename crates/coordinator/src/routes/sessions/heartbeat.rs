//! `POST /zones/{zone}/agents/{id}/heartbeat`: renews a service's lease.
//!
//! There is no evidence and no administrative record of it: a renewal changes nobody's authority, and a fleet renews
//! all the time.

use caracal_core::SessionId;
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{Heartbeat, HeartbeatNoted, LeasedSession},
};

use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
    Body(body): Body<Heartbeat>,
) -> Result<Answer<HeartbeatNoted>, Refusal> {
    if body.lease_generation < 1 {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidBody,
            "lease_generation",
            "a whole number from 1",
        ));
    }
    tracing::trace!(session.id = %id, status = ?body.status.unwrap_or_default(), "heartbeat");
    let mut work = call.work(Access::Write).await?;
    let lease = sessions::heartbeat(work.as_mut(), &call.act(), &id, body.lease_generation).await?;
    let (work, renewed) = call.held(work, lease).await?;
    if body.service_id.is_some() {
        return Err(Refusal::of(ErrorCode::AgentServiceNotFound));
    }
    work.commit().await?;
    Ok(Answer(HeartbeatNoted {
        agent: LeasedSession {
            id,
            zone_id: call.zone_id().clone(),
            application_id: renewed.application_id,
            status: renewed.status,
            last_active_at: renewed.at,
            last_heartbeat_at: renewed.at,
            heartbeat_deadline_at: renewed.until,
            lease_generation: body.lease_generation,
        },
        service: None,
        active_invocations: body.active_invocations.unwrap_or(0),
    }))
}
