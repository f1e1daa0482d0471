//! Our own mandates, presented as subject tokens.

use std::sync::Arc;

use caracal_core::{
    Secret, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::mandate::{ClaimRules, LEEWAY, Presenter, Unverified};
use caracal_service::{Refusal, issued, zones::DirectoryError};
use caracal_wire::ErrorCode;

use crate::{StsDeps, authenticate::unavailable};

/// 401 for a subject token that proves nothing.
pub(crate) fn invalid() -> Refusal {
    Refusal::of(ErrorCode::InvalidToken).describe("invalid subject_token")
}

/// The claims of a mandate of this `class` and zone.
///
/// # Errors
/// 401 `invalid_token`; 503 when it cannot be told.
pub(crate) async fn verify(
    deps: &StsDeps,
    zone_id: &ZoneId,
    token: &Secret,
    class: MandateUse,
) -> Result<Arc<MandateClaims>, Refusal> {
    let claims = verify_any(deps, zone_id, token, (&[class], Presenter::Bearer)).await?;
    // Of the two classes that are presented here, the STS is the audience.
    if claims.aud.contains(&deps.config.issuer) {
        Ok(claims)
    } else {
        Err(invalid())
    }
}

/// The claims of what a Gateway presents for a call to `resource`, by whoever proved to hold a key: a mandate for it, or a
/// client's access token.
///
/// # Errors
/// As [`verify`].
pub(crate) async fn verify_for_call(
    deps: &StsDeps,
    zone_id: &ZoneId,
    token: &Secret,
    (resource, proved_key): (&str, Option<&str>),
) -> Result<Arc<MandateClaims>, Refusal> {
    let presenter = proved_key.map_or(Presenter::Bearer, Presenter::KeyHolder);
    let classes = &[MandateUse::Gateway, MandateUse::Access];
    let claims = verify_any(deps, zone_id, token, (classes, presenter)).await?;
    let audience = match claims.mandate_use {
        MandateUse::Access => resource,
        MandateUse::Session | MandateUse::Gateway | MandateUse::Resource => &deps.config.issuer,
    };
    if claims.aud.iter().any(|name| **name == *audience) {
        Ok(claims)
    } else {
        Err(invalid())
    }
}

/// The claims of a mandate of one of these `classes`, for whoever presents it, whoever its audience is.
///
/// # Errors
/// As [`verify`].
pub(crate) async fn verify_any(
    deps: &StsDeps,
    zone_id: &ZoneId,
    token: &Secret,
    (classes, presenter): (&[MandateUse], Presenter<'_>),
) -> Result<Arc<MandateClaims>, Refusal> {
    let unverified = Unverified::parse(token.expose()).map_err(|_| invalid())?;
    let kid = &unverified.header().map_err(|_| invalid())?.kid;
    // A key made at another replica a moment ago is asked for, not refused.
    let key = match deps.zones.verifying_key(zone_id, kid.as_str()).await {
        Ok(Some(key)) => key,
        Ok(None) | Err(DirectoryError::Unknown) => return Err(invalid()),
        Err(DirectoryError::Unavailable) => return Err(unavailable()),
    };
    let claims =
        issued::prove(deps.issued.as_deref(), token.expose(), &unverified, &key).map_err(|_| invalid())?;
    let rules = ClaimRules {
        issuer: &deps.config.issuer,
        audience: None,
        zone: zone_id,
        uses: classes,
        presenter,
        now: deps.world.now(),
        leeway: LEEWAY,
    };
    rules.check(&claims).map_err(|_| invalid())?;
    Ok(claims)
}
