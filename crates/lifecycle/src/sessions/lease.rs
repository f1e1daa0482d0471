//! The lease that keeps a service alive.

use caracal_core::{
    ApplicationId, SessionId, Timestamp,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use super::{LEASE_LOST, not_found, not_owner};
use crate::{Act, Denial, Error, cascade, locks, records};

/// A lease asked for, or renewed.
#[derive(Debug)]
pub enum Lease<T> {
    /// It is held.
    Held(T),
    /// The session ended or paused instead.
    Lost(LostLease),
}

/// Instead of being kept, the session ended or paused: that is to be committed, and the caller told the denial.
#[derive(Debug)]
pub struct LostLease {
    /// What the caller is told.
    pub denial: Denial,
    /// Sessions that paused.
    pub suspended: usize,
}

impl LostLease {
    fn because(code: ErrorCode) -> Self {
        Self {
            denial: Denial::of(code),
            suspended: 0,
        }
    }
}

/// A lease taken over.
#[derive(Debug)]
pub struct TakenOver {
    /// Its generation.
    pub generation: i64,
    /// Its end.
    pub until: Timestamp,
}

/// A lease renewed.
#[derive(Debug)]
pub struct Renewed {
    /// Owner of the session.
    pub application_id: ApplicationId,
    /// State of the session: paused, it stays so.
    pub status: SessionStatus,
    /// When.
    pub at: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

/// Takes over a service. Of two processes that do so at once, one gets the next generation and the other is told.
///
/// # Errors
/// When the session is no active service of the caller's application, or another process was faster.
pub async fn take_over(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    id: &SessionId,
) -> Result<Lease<TakenOver>, Error> {
    let session = work.sessions().get(id).await?.ok_or_else(not_found)?;
    act.about().session(&session);
    if !act.by.may_run(&session.application_id) {
        return Err(not_owner().into());
    }
    if session.lifecycle != Lifecycle::Service {
        return Err(Denial::of(ErrorCode::SessionNotService).into());
    }
    match session.status {
        SessionStatus::Active => {}
        SessionStatus::Suspended => return Err(Denial::of(ErrorCode::SessionSuspended).into()),
        SessionStatus::Terminated | SessionStatus::Expired => {
            return Err(Denial::of(ErrorCode::SessionNotLive).into());
        }
    }
    if let Some(lost) = lost(work, act, &session).await? {
        return Ok(Lease::Lost(lost));
    }
    records::check_identity(work, act, &session.application_id).await?;

    let now = act.now();
    let until = now.plus(act.capacity.service_lease);
    let generation = work
        .sessions()
        .acquire_lease(id, session.lease_generation, until, now)
        .await?
        .ok_or_else(fenced)?;
    Ok(Lease::Held(TakenOver { generation, until }))
}

/// Renews a service's lease.
///
/// One read and one compare-and-set. It takes no lock of the zone and writes no event: a renewal changes nobody's
/// authority, and a fleet renews all the time.
///
/// # Errors
/// When the session is no service of the caller's application, has ended, or another process took over.
pub async fn heartbeat(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    id: &SessionId,
    generation: i64,
) -> Result<Lease<Renewed>, Error> {
    let session = work.sessions().get(id).await?.ok_or_else(not_found)?;
    if !act.by.may_run(&session.application_id) {
        return Err(not_owner().into());
    }
    if matches!(session.status, SessionStatus::Terminated | SessionStatus::Expired) {
        return Err(Denial::of(ErrorCode::SessionNotLive).into());
    }
    if session.lifecycle != Lifecycle::Service {
        return Err(Denial::of(ErrorCode::SessionNotService).into());
    }
    if records::subject_ended(work, act, &session).await? {
        return Ok(Lease::Lost(end_for_subject(work, act, &session).await?));
    }
    if session.lease_generation != generation {
        return Err(fenced().into());
    }
    if let Some(lost) = lapsed(work, act, &session).await? {
        return Ok(Lease::Lost(lost));
    }
    records::check_identity(work, act, &session.application_id).await?;

    let now = act.now();
    let until = now.plus(act.capacity.service_lease);
    if !work.sessions().heartbeat(id, generation, until, now).await? {
        // Between the read and here somebody took over or ended it.
        return Err(fenced().into());
    }
    Ok(Lease::Held(Renewed {
        application_id: session.application_id,
        status: session.status,
        at: now,
        until,
    }))
}

fn fenced() -> Denial {
    Denial::of(ErrorCode::SessionLeaseFenced)
}

async fn lost(work: &mut dyn ZoneWork, act: &Act<'_>, session: &Session) -> Result<Option<LostLease>, Error> {
    if records::subject_ended(work, act, session).await? {
        return end_for_subject(work, act, session).await.map(Some);
    }
    lapsed(work, act, session).await
}

/// The person for whom the session acts is no longer logged in.
async fn end_for_subject(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    session: &Session,
) -> Result<LostLease, Error> {
    locks::both(work).await?;
    let reason = "subject_authority_inactive";
    cascade::end_session(work, act.world, &session.id, SessionStatus::Terminated, reason).await?;
    let denial = Denial::of(ErrorCode::SessionSubjectInactive);
    Ok(LostLease {
        denial: denial.describe("the person's authority record has ended"),
        suspended: 0,
    })
}

/// The lease ran out before anybody renewed it: the service pauses, and whoever runs it has to resume it.
async fn lapsed(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    session: &Session,
) -> Result<Option<LostLease>, Error> {
    let over = |session: &Session| session.status == SessionStatus::Active && session.ends_at() <= act.now();
    if !over(session) {
        return Ok(None);
    }
    locks::sessions(work).await?;
    let mut lost = LostLease::because(ErrorCode::SessionLeaseExpired);
    // Somebody may have renewed it while we waited for the lock.
    if work
        .sessions()
        .get_locked(&session.id)
        .await?
        .as_ref()
        .is_some_and(over)
    {
        let suspended = cascade::suspend_session(work, act.world, &session.id, LEASE_LOST).await?;
        lost.suspended = suspended.len();
    }
    Ok(Some(lost))
}
