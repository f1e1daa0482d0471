//! `GET /v1/zones/{zoneId}/audit/by-request/{requestId}`: a bare array, whose next page a header names.

use caracal_service::{
    Refusal,
    front::{Linked, Paging, Path},
};
use caracal_wire::control::audit::LedgerEvent;

use super::{ByRequest, no_events, outcome};
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<ByRequest>,
    Paging(page): Paging<1000, 1000>,
) -> Result<Linked<Vec<LedgerEvent>>, Refusal> {
    let mut work = call.read().await?;
    let read = work.ledger().by_request(&asked.request, &page).await?;
    // Behind a full page there may be nothing.
    if read.items.is_empty() && page.after.is_none() {
        return Err(no_events());
    }
    Ok(Linked {
        items: outcome::shown(&call, work.as_mut(), &read.items).await?,
        limit: page.limit,
        next: read.next,
    })
}
