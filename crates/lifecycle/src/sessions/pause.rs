//! Pausing a session and letting it go on.

use caracal_core::{
    SessionId,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use super::locked_for_stop;
use crate::{Act, Denial, Error, cascade, events::Events, locks, records};

/// Pauses a session and its active descendants; returns how many: none where it was not active.
///
/// # Errors
/// When the session is not there or not the caller's.
pub async fn suspend(work: &mut dyn ZoneWork, act: &Act<'_>, id: &SessionId) -> Result<usize, Error> {
    locks::sessions(work).await?;
    locked_for_stop(work, act, id).await?;
    let suspended = cascade::suspend_session(work, act.world, id, "requested").await?;
    Ok(suspended.len())
}

/// Lets a paused session and its paused descendants go on, services with a new lease; returns how many.
///
/// # Errors
/// When the session is not there, not paused or not the caller's, or could not go on without the pause either.
pub async fn resume(work: &mut dyn ZoneWork, act: &Act<'_>, id: &SessionId) -> Result<usize, Error> {
    locks::sessions(work).await?;
    let session = locked_for_stop(work, act, id).await?;
    check(work, act, &session).await?;
    let now = act.now();
    let lease_until = now.plus(act.capacity.service_lease);
    let resumed = work.sessions().resume_tree(id, lease_until, now).await?;
    if resumed.is_empty() {
        return Err(not_suspended().into());
    }
    let zone = work.zone_id().clone();
    let mut events = Events::new(act.world, &zone);
    for session in &resumed {
        events.resume(session, now);
    }
    work.outbox().append(&events.into_messages()?).await?;
    Ok(resumed.len())
}

fn not_suspended() -> Denial {
    Denial::of(ErrorCode::SessionNotFoundOrNotSuspended)
}

/// A session may go on only where it could have gone on without the pause.
async fn check(work: &mut dyn ZoneWork, act: &Act<'_>, session: &Session) -> Result<(), Error> {
    if session.status != SessionStatus::Suspended {
        return Err(not_suspended().into());
    }
    if session.lifecycle == Lifecycle::Task && session.ends_at() <= act.now() {
        let why = "the session's time ran out while it was suspended";
        return Err(Denial::of(ErrorCode::SessionNotLive).describe(why).into());
    }
    if let Some(parent) = &session.parent_id {
        let parent = work.sessions().get(parent).await?;
        if parent.is_none_or(|parent| parent.status != SessionStatus::Active) {
            let why = "resume the parent first";
            return Err(Denial::of(ErrorCode::SessionParentNotActive).describe(why).into());
        }
    }
    if records::subject_ended(work, act, session).await? {
        return Err(Denial::of(ErrorCode::SessionSubjectInactive).into());
    }
    Ok(())
}
