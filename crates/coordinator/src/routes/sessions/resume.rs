//! `PATCH /zones/{zone}/agents/{id}/resume`: lets a paused session and its paused descendants go on.

use caracal_core::{
    SessionId,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_lifecycle::{self as lifecycle, Events};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{ErrorCode, coordinator::sessions::Resumed};
use http::StatusCode;

use super::{ENTITY, locked_for_stop, subject_ended};
use crate::call::{Call, Entity};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Resumed>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    work.lock(lifecycle::SESSIONS).await?;
    let session = locked_for_stop(&call, work.as_mut(), &id).await?;
    check(&call, work.as_mut(), &session).await?;
    let now = call.now();
    let lease_until = now.plus(call.role.config.service_lease);
    let resumed = work.sessions().resume_tree(&id, lease_until, now).await?;
    if resumed.is_empty() {
        return Err(not_suspended());
    }
    let zone_id = call.zone_id().clone();
    let mut events = Events::new(&call.role.world, &zone_id);
    for session in &resumed {
        events.resume(session, now);
    }
    work.outbox().append(&events.into_messages()?).await?;
    call.commit(
        work,
        StatusCode::OK,
        Entity {
            kind: ENTITY,
            id: id.as_str(),
        },
    )
    .await?;
    let resumed = resumed.len();
    Ok(Answer(Resumed { resumed }))
}

fn not_suspended() -> Refusal {
    Refusal::of(ErrorCode::SessionNotFoundOrNotSuspended)
}

/// A session may go on only where it could have gone on without the pause.
async fn check(call: &Call, work: &mut dyn ZoneWork, session: &Session) -> Result<(), Refusal> {
    if session.status != SessionStatus::Suspended {
        return Err(not_suspended());
    }
    if session.lifecycle == Lifecycle::Task && session.ends_at() <= call.now() {
        return Err(Refusal::of(ErrorCode::SessionNotLive)
            .describe("the session's time ran out while it was suspended"));
    }
    if let Some(parent) = &session.parent_id {
        let parent = work.sessions().get(parent).await?;
        if parent.is_none_or(|parent| parent.status != SessionStatus::Active) {
            return Err(Refusal::of(ErrorCode::SessionParentNotActive).describe("resume the parent first"));
        }
    }
    if subject_ended::is(call, work, session).await? {
        return Err(Refusal::of(ErrorCode::SessionSubjectInactive));
    }
    Ok(())
}
