//! `POST /v1/zones/{zoneId}/sessions/{id}/terminate`

use caracal_core::{SessionId, audit::EventType};
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::authority::SessionTerminated;

use crate::{acting::Acting, call::ZoneCall, change::Done};

/// Recorded on rows, and sent to those who ask why.
const REASON: &str = "administrator";

/// Ends a session with everything below it, and what was delegated to and from them.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<SessionTerminated>, Refusal> {
    let acting = Acting::of(&call);
    let mut change = call.change().await?;
    let ended = sessions::end(change.ending(), &acting.act(), &id, REASON, None).await?;
    let answer = SessionTerminated {
        terminated_sessions: ended.sessions.len(),
        revoked_delegations: ended.delegations.len(),
    };
    let done = Done::ok()
        .note("terminated_sessions", answer.terminated_sessions)
        .note("revoked_delegations", answer.revoked_delegations);
    let answered = acting.answer(change, EventType::SessionEnd, done, answer);
    Ok(Answer(answered.await?))
}
