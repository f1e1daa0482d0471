//! What happens to sessions whose time is over, without being asked for.

use caracal_core::{
    SessionId, World,
    entity::{Session, SessionStatus},
};
use caracal_storage::{Error, ZoneWork};

use super::LEASE_LOST;
use crate::{cascade, locks};

/// Recorded where a task's time ran out.
const TTL: &str = "ttl";

/// A session whose time was over, why, and how many sessions changed with it.
pub type OverdueEnd = (Session, &'static str, usize);

/// Ends those tasks of `due` that are still over.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_overdue(
    work: &mut dyn ZoneWork,
    world: &World,
    due: &[SessionId],
) -> Result<Vec<OverdueEnd>, Error> {
    locks::both(work).await?;
    let mut swept = Vec::new();
    for id in due {
        let Some(session) = work.sessions().get_locked(id).await? else {
            continue;
        };
        let runs = matches!(session.status, SessionStatus::Active | SessionStatus::Suspended);
        if runs && session.ends_at() <= world.now() {
            let ended = cascade::end_session(work, world, id, SessionStatus::Expired, TTL).await?;
            swept.push((session, TTL, ended.sessions.len()));
        }
    }
    Ok(swept)
}

/// Pauses those services of `due` whose holder did not renew the lease meanwhile.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn suspend_lapsed(
    work: &mut dyn ZoneWork,
    world: &World,
    due: &[SessionId],
) -> Result<Vec<OverdueEnd>, Error> {
    locks::sessions(work).await?;
    let mut swept = Vec::new();
    for id in due {
        let Some(session) = work.sessions().get_locked(id).await? else {
            continue;
        };
        if session.status == SessionStatus::Active && session.ends_at() <= world.now() {
            let suspended = cascade::suspend_session(work, world, id, LEASE_LOST).await?;
            swept.push((session, LEASE_LOST, suspended.len()));
        }
    }
    Ok(swept)
}
