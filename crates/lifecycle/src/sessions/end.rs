//! The end that somebody asks for.

use caracal_core::{
    SessionId,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use super::locked_for_stop;
use crate::{
    Act, Denial, Error,
    cascade::{self, Ended},
    locks,
};

/// Ends a session with everything below it and what was delegated to and from them; nothing where it had ended before. A
/// service's process names the `generation` of the lease it holds.
///
/// # Errors
/// When the session is not there or not the caller's, or another process holds its lease.
pub async fn end(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    id: &SessionId,
    reason: &str,
    generation: Option<i64>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let session = locked_for_stop(work, act, id).await?;
    act.about().reason = Some(reason.to_owned());
    check_fence(act, &session, generation)?;
    Ok(cascade::end_session(work, act.world, id, SessionStatus::Terminated, reason).await?)
}

/// Whoever lost the lease of a service may not end it: another holder runs it now.
fn check_fence(act: &Act<'_>, session: &Session, generation: Option<i64>) -> Result<(), Denial> {
    if session.lifecycle != Lifecycle::Service || act.by.is_admin() {
        return Ok(());
    }
    match generation {
        None => Err(Denial::of(ErrorCode::LeaseGenerationRequired)
            .describe("send the lease_generation that this process holds")),
        Some(generation) if generation != session.lease_generation => {
            Err(Denial::of(ErrorCode::SessionLeaseFenced))
        }
        Some(_) => Ok(()),
    }
}
