//! `GET /api/audit/verify/{zone}`: recomputes the zone's chain.

use caracal_core::ZoneId;
use caracal_service::{
    Refusal,
    front::{Answer, Path},
};
use caracal_wire::audit::ChainReport;
use serde::Deserialize;

use super::Call;
use crate::verify_zone;

#[derive(Debug, Deserialize)]
pub(super) struct OfZone {
    zone_id: ZoneId,
}

pub(super) async fn handle(call: Call, Path(of): Path<OfZone>) -> Result<Answer<ChainReport>, Refusal> {
    let deps = &call.role;
    let report = verify_zone(deps.store.as_ref(), &of.zone_id, deps.audit_keys.as_ref());
    Ok(Answer(report.await?))
}
