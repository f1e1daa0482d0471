//! `GET /api/audit/verify/{zone}`: recomputes the zone's chain. Nothing to recompute is not a chain that holds.

use caracal_core::ZoneId;
use caracal_service::{
    Refusal,
    front::{Answer, Path},
};
use caracal_wire::{ErrorCode, audit::ChainReport};
use serde::Deserialize;

use super::Call;
use crate::verify::verify_one;

#[derive(Debug, Deserialize)]
pub(super) struct OfZone {
    zone_id: ZoneId,
}

pub(super) async fn handle(call: Call, Path(of): Path<OfZone>) -> Result<Answer<ChainReport>, Refusal> {
    let deps = &call.role;
    let report = verify_one(deps.store.as_ref(), &of.zone_id, deps.audit_keys.as_ref()).await?;
    report
        .map(Answer)
        .ok_or_else(|| Refusal::of(ErrorCode::ZoneNotFound).describe("there is no log of this zone"))
}
