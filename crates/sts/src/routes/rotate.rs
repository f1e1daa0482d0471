//! `POST /internal/zones/{zone}/signing-key/rotate`: a new signing key, published before it signs.

use std::sync::Arc;

use caracal_core::ZoneId;
use caracal_service::{
    Refusal,
    front::{Answer, Inbound, Path},
};
use caracal_wire::{ErrorCode, sts::KeyRotated};
use serde::Deserialize;

use crate::{StsDeps, keys};

#[derive(Debug, Deserialize)]
pub(super) struct OfZone {
    zone_id: ZoneId,
}

pub(super) async fn post(
    call: Arc<Inbound<StsDeps>>,
    Path(OfZone { zone_id }): Path<OfZone>,
) -> Result<Answer<KeyRotated>, Refusal> {
    let deps = &call.role;
    if deps.zones.zone(&zone_id).await.is_err() {
        return Err(Refusal::of(ErrorCode::ZoneNotFound));
    }
    let kid = keys::rotate_signing_key(deps, &zone_id).await?;
    tracing::warn!(zone.id = %zone_id, key.id = %kid, "rotated the signing key of a zone");
    Ok(Answer(KeyRotated {
        rotated: true,
        zone_id,
        kid,
    }))
}
