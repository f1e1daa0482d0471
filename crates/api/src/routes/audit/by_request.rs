//! `GET /v1/zones/{zoneId}/audit/by-request/{requestId}`

use caracal_service::Refusal;
use serde_json::Value;

use super::{events, row};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let rows: Vec<Value> = events(&call).await?.iter().map(row).collect();
    Answer::ok(&rows)
}
