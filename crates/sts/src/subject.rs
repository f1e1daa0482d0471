//! Our own mandates, presented as subject tokens.

use std::sync::Arc;

use caracal_core::{
    Secret, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::{
    DpopProof,
    mandate::{ClaimRules, LEEWAY, Presenter, Unverified},
};
use caracal_service::{
    Refusal, issued,
    possession::{Holder, NotHolder, Presentation},
    zones::DirectoryError,
};
use caracal_wire::ErrorCode;

use crate::{StsDeps, authenticate::unavailable};

/// 401 for a subject token that proves nothing.
pub(crate) fn invalid() -> Refusal {
    Refusal::of(ErrorCode::InvalidToken).describe("invalid subject_token")
}

/// The claims of a mandate of this `class` and zone, which a request for a token has with it. Where it is bound to a key, `proof`
/// has to be by that key and of this very mandate; with one that is bound to none, a proof is of what is asked for alone.
///
/// # Errors
/// 401 `invalid_token`; 503 when it cannot be told.
pub(crate) async fn verify(
    deps: &StsDeps,
    zone_id: &ZoneId,
    token: &Secret,
    class: MandateUse,
    proof: Option<&DpopProof>,
) -> Result<Arc<MandateClaims>, Refusal> {
    let claims = signed(deps, zone_id, token.expose()).await?;
    let presenter = match (claims.bound_to(), proof) {
        (Some(_), Some(proof)) if proof.is_of(token.expose()) => Presenter::KeyHolder(&proof.thumbprint),
        (Some(_) | None, _) => Presenter::Bearer,
    };
    check(deps, zone_id, &claims, (&[class], presenter))?;
    of_the_sts(deps, &claims)?;
    Ok(claims)
}

/// The claims of a mandate of this `class` and zone, which a request presents in `Authorization`, and who presents it.
///
/// # Errors
/// As [`verify`]; 401 as well for whoever does not hold the key that it is bound to, or proves one that it is not bound to.
pub(crate) async fn verify_presented(
    deps: &StsDeps,
    zone_id: &ZoneId,
    presented: Presentation<'_>,
    class: MandateUse,
) -> Result<(Arc<MandateClaims>, Holder), Refusal> {
    let claims = signed(deps, zone_id, presented.token).await?;
    let holder = Holder::of(presented, &claims).map_err(NotHolder::refusal)?;
    check(deps, zone_id, &claims, (&[class], holder.presenter()))?;
    of_the_sts(deps, &claims)?;
    Ok((claims, holder))
}

/// Of the classes that are presented here, the STS is the audience.
fn of_the_sts(deps: &StsDeps, claims: &MandateClaims) -> Result<(), Refusal> {
    if claims.aud.contains(&deps.config.issuer) {
        Ok(())
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
    let claims = signed(deps, zone_id, token.expose()).await?;
    check(deps, zone_id, &claims, (classes, presenter))?;
    Ok(claims)
}

/// The claims of a token that a key of the zone signed.
async fn signed(deps: &StsDeps, zone_id: &ZoneId, token: &str) -> Result<Arc<MandateClaims>, Refusal> {
    let unverified = Unverified::parse(token).map_err(|_| invalid())?;
    let kid = &unverified.header().map_err(|_| invalid())?.kid;
    // A key made at another replica a moment ago is asked for, not refused.
    let key = match deps.zones.verifying_key(zone_id, kid.as_str()).await {
        Ok(Some(key)) => key,
        Ok(None) | Err(DirectoryError::Unknown) => return Err(invalid()),
        Err(DirectoryError::Unavailable) => return Err(unavailable()),
    };
    issued::prove(deps.issued.as_deref(), token, &unverified, &key).map_err(|_| invalid())
}

/// Whether claims are those of a mandate of one of these `classes`, here and now, for whoever presents it.
fn check(
    deps: &StsDeps,
    zone_id: &ZoneId,
    claims: &MandateClaims,
    (classes, presenter): (&[MandateUse], Presenter<'_>),
) -> Result<(), Refusal> {
    let rules = ClaimRules {
        issuer: &deps.config.issuer,
        audience: None,
        zone: zone_id,
        uses: classes,
        presenter,
        now: deps.world.now(),
        leeway: LEEWAY,
    };
    rules.check(claims).map_err(|_| invalid())
}
