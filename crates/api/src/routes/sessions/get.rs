//! `GET /v1/zones/{zoneId}/sessions/{id}`

use caracal_core::SessionId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::authority::SessionRow;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<SessionRow>, Refusal> {
    let mut work = call.read().await?;
    let session = work.sessions().get(&id).await?.ok_or_else(not_found)?;
    let record = work
        .authority_records()
        .get(&session.subject_authority_record_id)
        .await?;
    Ok(Answer(SessionRow::new(session, record.as_ref())))
}
