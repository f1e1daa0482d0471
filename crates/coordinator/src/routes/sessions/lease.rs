//! `POST /zones/{zone}/agents/{id}/lease`: takes over a service.

use caracal_core::{
    ApplicationId, SessionId,
    claims::SubjectType,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_lifecycle as lifecycle;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{ErrorCode, coordinator::sessions::LeaseTaken};
use http::StatusCode;

use super::{ENTITY, describe, not_found, not_owner, subject_ended};
use crate::{
    call::{Call, Entity},
    metrics,
};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<LeaseTaken>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    let session = work.sessions().get(&id).await?.ok_or_else(not_found)?;
    describe(&call, &session);
    if !call.caller.may_run(&session.application_id) {
        return Err(not_owner());
    }
    if session.lifecycle != Lifecycle::Service {
        return Err(Refusal::of(ErrorCode::SessionNotService));
    }
    match session.status {
        SessionStatus::Active => {}
        SessionStatus::Suspended => return Err(Refusal::of(ErrorCode::SessionSuspended)),
        SessionStatus::Terminated | SessionStatus::Expired => {
            return Err(Refusal::of(ErrorCode::SessionNotLive));
        }
    }
    if subject_ended::is(&call, work.as_mut(), &session).await? {
        return Err(subject_ended::end(&call, work, &session).await?);
    }
    if session.ends_at() <= call.now() {
        return Err(expire(&call, work, &session).await?);
    }
    check_identity(&call, work.as_mut(), &session.application_id).await?;

    let now = call.now();
    let until = now.plus(call.role.config.service_lease);
    // Of two processes that take over at once, one gets the next generation and the other is told.
    let generation = work
        .sessions()
        .acquire_lease(&id, session.lease_generation, until, now)
        .await?
        .ok_or_else(|| Refusal::of(ErrorCode::SessionLeaseFenced))?;
    call.commit(
        work,
        StatusCode::OK,
        Entity {
            kind: ENTITY,
            id: id.as_str(),
        },
    )
    .await?;
    Ok(Answer(LeaseTaken {
        status: SessionStatus::Active,
        heartbeat_deadline_at: until,
        lease_generation: generation,
    }))
}

/// The lease ran out before anybody renewed it: the service pauses, and whoever runs it has to resume it.
pub(super) async fn expire(
    call: &Call,
    mut work: Box<dyn ZoneWork>,
    session: &Session,
) -> Result<Refusal, Refusal> {
    work.lock(lifecycle::SESSIONS).await?;
    let current = work.sessions().get_locked(&session.id).await?;
    // Somebody may have renewed it while we waited for the lock.
    let lapsed = current
        .is_some_and(|current| current.status == SessionStatus::Active && current.ends_at() <= call.now());
    if lapsed {
        let reason = "service_heartbeat_lost";
        let suspended =
            lifecycle::suspend_session(work.as_mut(), &call.role.world, &session.id, reason).await?;
        work.commit().await?;
        call.role.outbox.announce().await;
        metrics::sessions_suspended("lease_lost", suspended.len());
    }
    Ok(Refusal::of(ErrorCode::SessionLeaseExpired))
}

/// The caller's own record must be one of the application that the session belongs to: a lease is held by the
/// application's own process, never by one that was only allowed to start sessions for it.
pub(super) async fn check_identity(
    call: &Call,
    work: &mut dyn ZoneWork,
    application: &ApplicationId,
) -> Result<(), Refusal> {
    let Some(id) = &call.caller.record else {
        return Err(Refusal::of(ErrorCode::AuthorityRecordRequired));
    };
    let record = work.authority_records().get(id).await?;
    let sound = record.is_some_and(|record| {
        record.is_live(call.now())
            && record.subject_type == SubjectType::Application
            && record.subject_id == application.as_str()
    });
    if sound {
        Ok(())
    } else {
        Err(Refusal::of(ErrorCode::IdentityRevoked).authenticate("Bearer error=\"invalid_token\""))
    }
}
