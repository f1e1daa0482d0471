//! `GET /v1/zones/{zoneId}/policies`

use caracal_service::Refusal;

use super::row;
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let page = call.query.page(200, 500)?;
    let read = call.read().await?.policies().list(&page).await?;
    let rows: Vec<_> = read.items.iter().map(row).collect();
    Answer::page(&rows, read.next.as_ref())
}
