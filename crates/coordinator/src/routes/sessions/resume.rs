//! `PATCH /zones/{zone}/agents/{id}/resume`: lets a paused session and its paused descendants go on.

use caracal_core::SessionId;
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::coordinator::sessions::Resumed;
use http::StatusCode;

use crate::call::{Call, Entity};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Resumed>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    let resumed = sessions::resume(work.as_mut(), &call.act(), &id).await?;
    call.commit(work, StatusCode::OK, Entity::session(&id)).await?;
    Ok(Answer(Resumed { resumed }))
}
