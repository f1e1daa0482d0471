//! `GET /v1/zones/{zoneId}/audit/by-request/{requestId}`

use caracal_service::{
    Refusal,
    front::{Answer, Path},
};
use caracal_wire::control::audit::LedgerEvent;

use super::{ByRequest, events};
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<ByRequest>,
) -> Result<Answer<Vec<LedgerEvent>>, Refusal> {
    let (_, shown) = events(&call, &asked.request).await?;
    Ok(Answer(shown))
}
