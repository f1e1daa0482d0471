//! `GET /v1/zones/{zoneId}/state`

use caracal_service::{Refusal, front::Tagged};
use caracal_wire::control::zone_state::ZoneState;

use super::{
    MAX_BYTES,
    export::{Export, digest},
    inexpressible,
    live::Live,
    turn,
};
use crate::call::{ZoneCall, require_zone};

/// The document holds no secrets. Whoever applies it elsewhere adds those of its providers.
pub(crate) async fn handle(call: ZoneCall) -> Result<Tagged<ZoneState>, Refusal> {
    let _turn = turn(&call).await?;
    let mut work = call.read().await?;
    require_zone(work.as_mut()).await?;
    let document = Export::of(&Live::read(&call, work.as_mut()).await?)?.document();
    let bytes = serde_json::to_vec(&document).unwrap_or_default().len();
    if bytes > MAX_BYTES {
        return Err(inexpressible(format!(
            "the document would have {bytes} bytes, and {MAX_BYTES} are taken"
        )));
    }
    let digest = digest(&document);
    Ok(Tagged(document, digest))
}
