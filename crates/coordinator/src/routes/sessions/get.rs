//! `GET /zones/{zone}/agents/{id}`: one session.

use caracal_core::{SessionId, entity::Session};
use caracal_lifecycle::Principal;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::coordinator::sessions::SessionItem;

use super::not_found;
use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<SessionItem>, Refusal> {
    let mut work = call.work(Access::Read).await?;
    let session = visible(&call.caller, work.as_mut(), &id).await?;
    Ok(Answer(SessionItem::from(&session)))
}

/// The session, if the caller may see it. A stranger must not learn that it exists.
pub(crate) async fn visible(
    principal: &Principal,
    work: &mut dyn ZoneWork,
    id: &SessionId,
) -> Result<Session, Refusal> {
    let session = work.sessions().get(id).await?;
    session
        .filter(|session| principal.may_stop(&session.application_id))
        .ok_or_else(not_found)
}
