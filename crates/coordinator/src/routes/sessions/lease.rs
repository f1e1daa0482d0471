//! `POST /zones/{zone}/agents/{id}/lease`: takes over a service.

use caracal_core::{SessionId, entity::SessionStatus};
use caracal_lifecycle::sessions;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::coordinator::sessions::LeaseTaken;
use http::StatusCode;

use crate::call::{Call, Entity};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<LeaseTaken>, Refusal> {
    let mut work = call.work(Access::Write).await?;
    let lease = sessions::take_over(work.as_mut(), &call.act(), &id).await?;
    let (work, taken) = call.held(work, lease).await?;
    call.commit(work, StatusCode::OK, Entity::session(&id)).await?;
    Ok(Answer(LeaseTaken {
        status: SessionStatus::Active,
        heartbeat_deadline_at: taken.until,
        lease_generation: taken.generation,
    }))
}
