//! Sessions: how they start, are kept, pause, go on and end.

mod end;
mod expiry;
mod lease;
mod pause;
mod start;

use caracal_core::{SessionId, entity::Session};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

pub use self::{
    end::end,
    expiry::{OverdueEnd, end_overdue, suspend_lapsed},
    lease::{Lease, LostLease, Renewed, TakenOver, heartbeat, take_over},
    pause::{resume, suspend},
    start::{Start, Started, start},
};
use crate::{Act, Denial, Error};

/// Recorded where a service pauses because nobody renewed its lease.
const LEASE_LOST: &str = "service_heartbeat_lost";

fn not_found() -> Denial {
    Denial::of(ErrorCode::SessionNotFound)
}

fn not_owner() -> Denial {
    Denial::of(ErrorCode::ApplicationOwnershipRequired).describe("the session belongs to another application")
}

/// The session, held against concurrent change, as an owner may change it.
async fn locked_for_stop(work: &mut dyn ZoneWork, act: &Act<'_>, id: &SessionId) -> Result<Session, Error> {
    act.about().agent_session_id = Some(id.clone());
    let session = work.sessions().get_locked(id).await?.ok_or_else(not_found)?;
    act.about().session(&session);
    if !act.by.may_stop(&session.application_id) {
        return Err(not_owner().into());
    }
    Ok(session)
}
