//! `POST /internal/zones/{zone}/signing-key/rotate`: a new signing key, published before it signs.

use axum::{Json, extract::State};
use caracal_core::ZoneId;
use caracal_service::{Refusal, extract::Path, health::bearer_of};
use caracal_wire::{ErrorCode, sts::KeyRotated};
use http::HeaderMap;

use crate::{StsDeps, form::malformed, keys};

pub(crate) async fn post(
    State(deps): State<StsDeps>,
    Path(zone): Path<String>,
    headers: HeaderMap,
) -> Result<Json<KeyRotated>, Refusal> {
    let allowed = deps
        .admin_token
        .as_ref()
        .zip(bearer_of(&headers))
        .is_some_and(|(token, given)| {
            caracal_crypto::constant_time_eq(given.as_bytes(), token.expose().as_bytes())
        });
    if !allowed {
        return Err(Refusal::of(ErrorCode::Unauthorized).authenticate("Bearer"));
    }
    let zone = ZoneId::parse(&zone).map_err(|error| malformed("zone_id", error))?;
    if deps.zones.zone(&zone).await.is_err() {
        return Err(Refusal::of(ErrorCode::ZoneNotFound));
    }
    let kid = keys::rotate_signing_key(&deps, &zone).await?;
    tracing::warn!(zone.id = %zone, key.id = %kid, "rotated the signing key of a zone");
    Ok(Json(KeyRotated {
        rotated: true,
        zone_id: zone,
        kid,
    }))
}
