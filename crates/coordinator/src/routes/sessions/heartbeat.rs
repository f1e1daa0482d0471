//! `POST /zones/{zone}/agents/{id}/heartbeat`: renews a service's lease.
//!
//! One read and one compare-and-set. It takes no lock of the zone, writes no event and no administrative record:
//! a renewal changes nobody's authority, and a fleet renews all the time.

use caracal_core::{
    SessionId,
    entity::{Lifecycle, SessionStatus},
};
use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{Heartbeat, HeartbeatNoted, LeasedSession},
};

use super::{
    lease::{check_identity, expire},
    not_found, not_owner, subject_ended,
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
    let session = work.sessions().get(&id).await?.ok_or_else(not_found)?;
    if !call.caller.may_run(&session.application_id) {
        return Err(not_owner());
    }
    if matches!(session.status, SessionStatus::Terminated | SessionStatus::Expired) {
        return Err(Refusal::of(ErrorCode::SessionNotLive));
    }
    if session.lifecycle != Lifecycle::Service {
        return Err(Refusal::of(ErrorCode::SessionNotService));
    }
    if subject_ended::is(&call, work.as_mut(), &session).await? {
        return Err(subject_ended::end(&call, work, &session).await?);
    }
    if session.lease_generation != body.lease_generation {
        return Err(Refusal::of(ErrorCode::SessionLeaseFenced));
    }
    if session.status == SessionStatus::Active && session.ends_at() <= call.now() {
        return Err(expire(&call, work, &session).await?);
    }
    check_identity(&call, work.as_mut(), &session.application_id).await?;
    if body.service_id.is_some() {
        return Err(Refusal::of(ErrorCode::AgentServiceNotFound));
    }

    let now = call.now();
    let until = now.plus(call.role.config.service_lease);
    if !work
        .sessions()
        .heartbeat(&id, body.lease_generation, until, now)
        .await?
    {
        // Between the read and here somebody took over or ended it.
        return Err(Refusal::of(ErrorCode::SessionLeaseFenced));
    }
    work.commit().await?;
    Ok(Answer(HeartbeatNoted {
        agent: LeasedSession {
            id: session.id,
            zone_id: session.zone_id,
            application_id: session.application_id,
            status: session.status,
            last_active_at: now,
            last_heartbeat_at: now,
            heartbeat_deadline_at: until,
            lease_generation: body.lease_generation,
        },
        service: None,
        active_invocations: body.active_invocations.unwrap_or(0),
    }))
}
