//! `GET /v1/zones/{zoneId}/audit/by-request/{requestId}`

use caracal_service::Refusal;

use super::events;
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let (_, shown) = events(&call).await?;
    Answer::ok(&shown)
}
