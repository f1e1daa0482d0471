//! A mandate of class `session`, presented by whoever bears it, or by whoever holds the key that it is bound to.

use std::sync::Arc;

use caracal_core::{
    ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::mandate::{ClaimRules, LEEWAY, Presenter, Unverified};
use caracal_lifecycle::Principal;
use caracal_service::{
    Refusal,
    issued::prove_bearer,
    possession::{Holder, NotHolder, Presentation},
    zones::DirectoryError,
};
use caracal_wire::ErrorCode;

use super::{Caller, unauthorized};
use crate::deps::App;

/// Signature, holder, issuer, audience, class and time. The zone is whatever the token says: its keys prove it.
pub(super) async fn authenticate(app: &App, presented: Presentation<'_>) -> Result<Caller, Refusal> {
    let peek = Unverified::parse(presented.token).and_then(|token| token.peek());
    let peek = peek.map_err(|error| invalid(&error))?;
    let zone_id = peek.zone_id.ok_or_else(|| invalid(&"no zone"))?;
    let claims = signed(app, presented.token, &zone_id).await?;
    let holder = Holder::of(presented, &claims).map_err(not_held)?;
    check(app, &zone_id, &claims, holder.presenter())?;
    let principal = Principal {
        zone: claims.zone_id.clone(),
        subject: claims.sub.clone(),
        application: Some(claims.client_id.clone()),
        record: Some(claims.sid.clone()),
        scopes: claims.scopes(),
    };
    Ok(Caller {
        principal,
        claims: Some(claims),
        holder,
    })
}

/// Whether the zone that the token says it is of is in memory.
pub(super) fn of_zone_in_memory(app: &App, token: &str) -> bool {
    let zone = Unverified::parse(token).and_then(|token| token.peek());
    zone.is_ok_and(|peek| peek.zone_id.is_some_and(|zone| app.zones.remembers(&zone)))
}

/// The claims of a person's login that a request of `caller` has in its body. Where it is bound to a key, that is the key by
/// which the request itself was proved: no second proof could come with it.
pub(super) async fn verify_login(
    app: &App,
    token: &str,
    zone_id: &ZoneId,
    caller: &Caller,
) -> Result<Arc<MandateClaims>, Refusal> {
    let claims = signed(app, token, zone_id).await?;
    let presenter = match (claims.bound_to(), caller.holder.key()) {
        (Some(_), Some(proved)) => Presenter::KeyHolder(proved),
        (None, _) | (Some(_), None) => Presenter::Bearer,
    };
    check(app, zone_id, &claims, presenter)?;
    Ok(claims)
}

/// The claims of a token that a key of the zone signed; a key made elsewhere a moment ago is asked for, not refused.
async fn signed(app: &App, token: &str, zone_id: &ZoneId) -> Result<Arc<MandateClaims>, Refusal> {
    let unverified = Unverified::parse(token).map_err(|error| invalid(&error))?;
    let header = unverified.header().map_err(|error| invalid(&error))?;
    let key = match app.zones.verifying_key(zone_id, header.kid.as_str()).await {
        Ok(Some(key)) => key,
        Ok(None) => return Err(invalid(&"unknown key")),
        Err(DirectoryError::Unknown) => return Err(invalid(&"unknown zone")),
        Err(DirectoryError::Unavailable) => return Err(Refusal::of(ErrorCode::StorageUnavailable)),
    };
    prove_bearer(&app.proved, token, &unverified, &key, app.world.now()).map_err(|error| invalid(&error))
}

/// Whether claims are those of a token of class `session` addressed to us, presented by whoever may.
fn check(
    app: &App,
    zone_id: &ZoneId,
    claims: &MandateClaims,
    presenter: Presenter<'_>,
) -> Result<(), Refusal> {
    let rules = ClaimRules {
        issuer: &app.issuer,
        audience: Some(&app.issuer),
        zone: zone_id,
        uses: &[MandateUse::Session],
        presenter,
        now: app.world.now(),
        leeway: LEEWAY,
    };
    rules.check(claims).map_err(|error| invalid(&error))
}

/// Spends the proof of a caller who may enter, where it has one: a copy of its request enters nowhere.
async fn spend(app: &App, caller: &Caller) -> Result<(), Refusal> {
    let spent = caller
        .holder
        .spend(app.replay.as_ref(), &caller.principal.zone)
        .await;
    match spent {
        Ok(true) => Ok(()),
        Ok(false) => Err(not_held(NotHolder::ProofRepeated)),
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a proof was used");
            Err(Refusal::of(ErrorCode::StorageUnavailable))
        }
    }
}

/// Whether the proved caller may enter: scope, zone, and everything it stands on still live.
pub(crate) async fn admit(app: &App, caller: &Caller, zone_in_path: &str) -> Result<(), Refusal> {
    // The operator was recognised in the zone of the path. One that cannot be read is no less theirs to stop.
    let Some(claims) = &caller.claims else {
        return match app.zones.zone(&caller.principal.zone).await {
            Err(DirectoryError::Unknown) => {
                Err(Refusal::of(ErrorCode::ZoneNotFound).describe("no such zone"))
            }
            Ok(_) | Err(DirectoryError::Unavailable) => Ok(()),
        };
    };
    let principal = &caller.principal;
    if !principal.scopes.contains(&app.config.lifecycle_scope) {
        return Err(Refusal::of(ErrorCode::MissingScope)
            .describe(format!(
                "the mandate lacks the scope {}",
                app.config.lifecycle_scope
            ))
            .authenticate(format!(
                "Bearer error=\"insufficient_scope\", scope=\"{}\"",
                app.config.lifecycle_scope
            )));
    }
    if principal.zone.as_str() != zone_in_path {
        return Err(Refusal::of(ErrorCode::ZoneMismatch).describe("the mandate belongs to another zone"));
    }
    // Unknown is not "still live": without a recent picture of what ended, nobody enters.
    if !app.revocations.is_fresh() {
        return Err(Refusal::of(ErrorCode::RevocationStateUnavailable));
    }
    let now = app.world.now();
    let unavailable = |_| Refusal::of(ErrorCode::StorageUnavailable);
    let zone = app.zones.zone(&claims.zone_id).await.map_err(unavailable)?;
    let record = app
        .authority
        .record(&claims.zone_id, &claims.sid)
        .await
        .map_err(unavailable)?;
    // The record is read before the revocation state, so that an entry read just before its end cannot pass.
    let live = zone.live_application(&claims.client_id, now).is_some()
        && record.is_some_and(|record| record.is_live(now) && record.application_id == claims.client_id)
        && !app.revocations.covers(claims);
    if !live {
        return Err(unauthorized(ErrorCode::IdentityRevoked).describe(
            "the application or the authority record of this mandate has ended; get a new mandate",
        ));
    }
    // It leaves a mark, and of those there are no more than requests that are counted.
    spend(app, caller).await
}

/// One answer for every way a token can be wrong; the way itself is for the log.
fn invalid(error: &dyn std::fmt::Display) -> Refusal {
    tracing::debug!(%error, "refused a bearer");
    unauthorized(ErrorCode::InvalidToken)
}

fn not_held(why: NotHolder) -> Refusal {
    tracing::debug!(error = %why, "refused whoever presented a mandate");
    why.refusal()
}
