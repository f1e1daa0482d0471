//! `GET /v1/zones/{zoneId}/resources`

use caracal_service::Refusal;

use super::{row, rules};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let (archived, page) = (call.query.archived()?, call.query.page(200, 500)?);
    let read = call.read().await?.resources().list(archived, &page).await?;
    let audience = &call.role.config.control_audience;
    let rows: Vec<_> = read
        .items
        .iter()
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .map(row)
        .collect();
    Answer::page(&rows, read.next.as_ref())
}
