//! `GET /v1/zones/{zoneId}/applications`

use caracal_service::Refusal;

use super::row;
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let (archived, page) = (call.query.archived()?, call.query.page(200, 500)?);
    let read = call.read().await?.applications().list(archived, &page).await?;
    let show_traits = call.caller.is_global();
    let rows: Vec<_> = read
        .items
        .iter()
        .map(|application| row(application, show_traits))
        .collect();
    Answer::page(&rows, read.next.as_ref())
}
