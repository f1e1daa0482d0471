//! `POST /oauth/2/introspect` (RFC 7662): whether a mandate is good for anything now.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use caracal_core::{
    Secret, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_service::Refusal;
use caracal_wire::introspection::Introspection;
use http::StatusCode;

use super::posted::{Posted, uncached};
use crate::{
    StsDeps,
    authenticate::{authenticate, invalid_client, unavailable},
    basic::{CHALLENGE, Login},
    fields::Fields,
    form,
    malformed::malformed,
    subject,
};

/// Every class of mandate is somebody's business.
const EVERY_CLASS: [MandateUse; 3] = [MandateUse::Session, MandateUse::Gateway, MandateUse::Resource];

/// Answers any application of the zone: whoever has the token may know what it says. What is not a mandate of the zone,
/// has run out, was revoked or hangs on something that was, is inactive, and nothing tells these apart.
pub(super) async fn post(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let Posted {
        headers, peer, body, ..
    } = Posted::read(&deps, request).await?;
    let login = Login::of(&headers)?;
    let fields = Fields::parse(&body, &[])?;
    let token = fields
        .trimmed("token")
        .ok_or_else(|| malformed("token", "is required"))?;
    let zone_id = fields.id("zone_id", ZoneId::parse)?.ok_or_else(invalid_client)?;
    let (application, secret) = form::client(&fields, login.as_ref())?;
    let proven = authenticate(&deps, &zone_id, &application, &secret, peer).await;
    let (zone, _) = proven.map_err(|refusal| match login {
        Some(_) if refusal.status == StatusCode::UNAUTHORIZED => refusal.authenticate(CHALLENGE),
        _ => refusal,
    })?;
    if !deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    let token = Secret::new(token);
    let claims = match subject::verify_any(&deps, &zone_id, &token, &EVERY_CLASS).await {
        Ok(claims) => claims,
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
            return uncached(&Introspection::INACTIVE);
        }
        Err(refusal) => return Err(refusal),
    };
    let stopped = zone.zone.frozen_at.is_some() || deps.revocations.covers(&claims);
    let holder = zone
        .live_application(&claims.client_id, deps.world.now())
        .is_some();
    let good = !stopped && holder && record_is_live(&deps, &zone_id, &claims).await?;
    let answer = if good {
        Introspection::from(&*claims)
    } else {
        Introspection::INACTIVE
    };
    uncached(&answer)
}

/// Whether the row behind a session mandate is live; the other classes leave none of their own.
async fn record_is_live(deps: &StsDeps, zone_id: &ZoneId, claims: &MandateClaims) -> Result<bool, Refusal> {
    if claims.mandate_use != MandateUse::Session {
        return Ok(true);
    }
    let record = deps.authority.record(zone_id, &claims.sid).await;
    let record = record.map_err(|_| unavailable())?;
    Ok(record.is_some_and(|record| record.is_live(deps.world.now())))
}
