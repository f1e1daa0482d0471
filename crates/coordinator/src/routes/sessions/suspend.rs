//! `PATCH /zones/{zone}/agents/{id}/suspend`: pauses a session and its active descendants.

use caracal_core::SessionId;
use caracal_lifecycle as lifecycle;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, coordinator::sessions::Suspended};
use http::StatusCode;

use super::{ENTITY, locked_for_stop};
use crate::call::{Call, Entity};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Suspended>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    work.lock(lifecycle::SESSIONS).await?;
    locked_for_stop(&call, work.as_mut(), &id).await?;
    let suspended = lifecycle::suspend_session(work.as_mut(), &call.role.world, &id, "requested").await?;
    if suspended.is_empty() {
        return Err(Refusal::of(ErrorCode::SessionNotFoundOrNotActive));
    }
    call.commit(
        work,
        StatusCode::OK,
        Entity {
            kind: ENTITY,
            id: id.as_str(),
        },
    )
    .await?;
    Ok(Answer(Suspended {
        suspended: suspended.len(),
    }))
}
