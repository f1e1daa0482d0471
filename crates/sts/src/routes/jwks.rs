//! `GET /.well-known/jwks.json?zone_id=`: the zone's public keys (RFC 7517).

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use caracal_core::ZoneId;
use caracal_crypto::jwks::Jwks;
use caracal_service::{Refusal, server::PeerAddr};
use caracal_wire::ErrorCode;
use http::header;

use crate::{StsDeps, authenticate::zone_for, malformed::malformed};

/// Never lists zones: the caller must know the one it wants.
pub(super) async fn get(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let zone = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "zone_id")
        .map(|(_, value)| ZoneId::parse(value.trim()))
        .ok_or_else(|| malformed("zone_id", "is required"))?
        .map_err(|error| malformed("zone_id", error))?;
    // Keys of zones that are in use are everybody's to ask for; what strangers make us look for is counted.
    let peer = PeerAddr::of(request.extensions());
    let state = match zone_for(&deps, &zone, peer).await? {
        Some(state) if !state.verifying_keys.is_empty() => state,
        Some(_) => return Err(Refusal::of(ErrorCode::ResourceNotFound)),
        None => {
            // Past the limit the next one is told to wait.
            let _ = deps.limits.count_stranger(peer).await;
            return Err(Refusal::of(ErrorCode::ResourceNotFound));
        }
    };
    let document = Jwks::new(state.verifying_keys.iter().map(|(_, key)| key)).to_json();
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "public, max-age=300, must-revalidate"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        document,
    )
        .into_response())
}
