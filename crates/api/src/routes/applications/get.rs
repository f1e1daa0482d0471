//! `GET /v1/zones/{zoneId}/applications/{id}`

use caracal_service::Refusal;

use super::{not_found, row};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let application = call
        .read()
        .await?
        .applications()
        .get(&call.id("id")?)
        .await?
        .filter(|application| application.archived_at.is_none())
        .ok_or_else(not_found)?;
    Answer::ok(&row(&application, call.caller.is_global()))
}
