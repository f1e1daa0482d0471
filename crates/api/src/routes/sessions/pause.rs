//! `POST /v1/zones/{zoneId}/sessions/{id}/suspend` and `…/resume`

use caracal_core::{SessionId, audit::EventType};
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::coordinator::sessions::{Resumed, Suspended};

use crate::{acting::Acting, call::ZoneCall, change::Done};

/// Pauses a session and its active descendants; what they hold is refused with the answer.
pub(crate) async fn suspend(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Suspended>, Refusal> {
    let acting = Acting::of(&call);
    let mut change = call.change().await?;
    let suspended = sessions::suspend(change.ending(), &acting.act(), &id).await?;
    let done = Done::ok().note("suspended_sessions", suspended);
    let answer = Suspended { suspended };
    let answered = acting.answer(change, EventType::SessionSuspend, done, answer);
    Ok(Answer(answered.await?))
}

/// Lets a paused session and its paused descendants go on.
pub(crate) async fn resume(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Resumed>, Refusal> {
    let acting = Acting::of(&call);
    let mut change = call.change().await?;
    let resumed = sessions::resume(change.ending(), &acting.act(), &id).await?;
    let done = Done::ok().note("resumed_sessions", resumed);
    let answer = Resumed { resumed };
    let answered = acting.answer(change, EventType::SessionResume, done, answer);
    Ok(Answer(answered.await?))
}
