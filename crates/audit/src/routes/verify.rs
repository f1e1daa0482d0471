//! `GET /api/audit/verify/{zone}`: recomputes the zone's chain.

use axum::Json;
use caracal_service::{Refusal, extract::Path};
use caracal_wire::audit::ChainReport;

use super::{Deps, Operator, zone};
use crate::verify_zone;

pub(crate) async fn get(
    _operator: Operator,
    deps: Deps,
    Path(zone_id): Path<String>,
) -> Result<Json<ChainReport>, Refusal> {
    let zone = zone(&zone_id)?;
    Ok(Json(
        verify_zone(deps.store.as_ref(), &zone, deps.audit_key.as_ref()).await?,
    ))
}
