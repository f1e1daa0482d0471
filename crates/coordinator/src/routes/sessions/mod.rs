//! `/zones/{zone}/agents`: sessions.

pub(crate) mod children;
pub(crate) mod effective_authority;
pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod heartbeat;
mod inheritance;
pub(crate) mod lease;
pub(crate) mod list;
mod request;
pub(crate) mod resume;
pub(crate) mod start;
mod subject_ended;
pub(crate) mod suspend;

use caracal_core::{SessionId, entity::Session};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use crate::call::Call;

/// The changed object of administrative records.
const ENTITY: &str = "agents";

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::SessionNotFound)
}

fn not_owner() -> Refusal {
    Refusal::of(ErrorCode::ApplicationOwnershipRequired)
        .describe("the session belongs to another application")
}

/// The session, held against concurrent change, as an owner may change it.
async fn locked_for_stop(call: &Call, work: &mut dyn ZoneWork, id: &SessionId) -> Result<Session, Refusal> {
    call.about().agent_session_id = Some(id.clone());
    let session = work.sessions().get_locked(id).await?.ok_or_else(not_found)?;
    describe(call, &session);
    if !call.caller.may_stop(&session.application_id) {
        return Err(not_owner());
    }
    Ok(session)
}

/// Puts the session into the evidence of this call.
fn describe(call: &Call, session: &Session) {
    let mut about = call.about();
    about.agent_session_id = Some(session.id.clone());
    about.application_id = Some(session.application_id.clone());
    about.parent_id.clone_from(&session.parent_id);
    about.record_id = Some(session.subject_authority_record_id.clone());
    about.labels.clone_from(&session.labels);
}
