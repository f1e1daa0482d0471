//! `GET /v1/zones/{zoneId}/providers/{id}`

use caracal_service::Refusal;

use super::{not_found, row};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let provider = call
        .read()
        .await?
        .providers()
        .get(&call.id("id")?)
        .await?
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)?;
    Answer::ok(&row(&provider))
}
