//! `PATCH /zones/{zone}/agents/{id}/suspend`: pauses a session and its active descendants.

use caracal_core::SessionId;
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, coordinator::sessions::Suspended};
use http::StatusCode;

use crate::call::{Call, Entity};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Suspended>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    let suspended = sessions::suspend(work.as_mut(), &call.act(), &id).await?;
    if suspended == 0 {
        return Err(Refusal::of(ErrorCode::SessionNotFoundOrNotActive));
    }
    call.commit(work, StatusCode::OK, Entity::session(&id)).await?;
    Ok(Answer(Suspended { suspended }))
}
