//! Client authentication: application id and secret in the form.

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::{ApplicationId, ControlKey, Secret, ZoneId, entity::Application};
use caracal_service::{
    Refusal,
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::Access;
use caracal_wire::ErrorCode;
use http::StatusCode;

use crate::{
    StsDeps,
    failed_login::{self, Reason},
};

/// 401 for every failed login, so that nothing is learnt from it.
pub(crate) fn invalid_client() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::AccessDenied).describe("invalid client credentials")
}

/// 503 when a decision cannot be had.
pub(crate) fn unavailable() -> Refusal {
    Refusal::of(ErrorCode::StsUnavailable).describe("the STS cannot decide now, try again")
}

/// The zone, or the refusal of a login: an unknown zone looks like a wrong secret.
pub(crate) async fn zone_of(deps: &StsDeps, zone: &ZoneId) -> Result<Option<Arc<ZoneState>>, Refusal> {
    match deps.zones.zone(zone).await {
        Ok(state) => Ok(Some(state)),
        Err(DirectoryError::Unknown) => Ok(None),
        Err(DirectoryError::Unavailable) => Err(unavailable()),
    }
}

/// Proves that the caller knows the application's secret.
///
/// # Errors
/// 401 `access_denied`; 403 `zone_invalid` when the secret is right but the application lives in another zone;
/// 429 after too many failures from one address; 503 when it cannot be told.
pub(crate) async fn authenticate(
    deps: &StsDeps,
    zone: &ZoneId,
    application: &ApplicationId,
    secret: &Secret,
    peer: Option<IpAddr>,
) -> Result<(Arc<ZoneState>, Arc<Application>), Refusal> {
    let state = zone_of(deps, zone).await?;
    let now = deps.world.now();
    let mut reason = match state {
        Some(_) => Reason::UnknownApplication,
        None => Reason::UnknownZone,
    };
    if let Some(state) = &state
        && let Some(found) = state.live_application(application, now)
    {
        let stored = found.client_secret_hash.clone().unwrap_or_default();
        if verify(deps, stored, secret).await? {
            return Ok((state.clone(), found.clone()));
        }
        reason = Reason::WrongSecret;
    } else if let Some(elsewhere) = elsewhere(deps, zone, application).await? {
        let stored = elsewhere.client_secret_hash.clone().unwrap_or_default();
        let live = elsewhere.is_live(now);
        // Possession first: only whoever holds the secret may learn where the application lives.
        if live && verify(deps, stored, secret).await? {
            return Err(Refusal::of(ErrorCode::ZoneInvalid).describe(format!(
                "application belongs to zone {}, not to zone {zone}",
                elsewhere.zone_id
            )));
        }
        if live {
            reason = Reason::WrongSecretElsewhere;
        }
    }
    failed_login::tell(&deps.world, reason, zone, application, peer);
    Err(failed(deps, application.as_str(), peer).await?)
}

/// The refusal of a login that failed, once it is counted.
///
/// # Errors
/// 503 when it cannot be counted.
pub(crate) async fn failed(deps: &StsDeps, client: &str, peer: Option<IpAddr>) -> Result<Refusal, Refusal> {
    // Keyed by client and address: one attacker must not lock a client out for everybody.
    let address = peer.map_or_else(|| String::from("unknown"), |peer| peer.to_string());
    let key = format!("auth-rl:{client}:{address}");
    let failures = deps
        .limiter
        .hit(&key, deps.config.auth_fail_limit_per_min, Duration::from_mins(1))
        .await
        .map_err(|_| unavailable())?;
    if failures.allowed {
        return Ok(invalid_client());
    }
    Ok(too_often("too many failed logins", failures.retry_after))
}

/// 429 with the time after which to try again.
pub(crate) fn too_often(text: &'static str, after: Duration) -> Refusal {
    let seconds = u32::try_from(after.as_secs().max(1)).unwrap_or(60);
    Refusal::of(ErrorCode::ProviderRateLimited)
        .describe(text)
        .retry_after(seconds)
}

async fn elsewhere(
    deps: &StsDeps,
    zone: &ZoneId,
    application: &ApplicationId,
) -> Result<Option<Application>, Refusal> {
    let found = find(deps, application).await?;
    Ok(found.filter(|found| found.zone_id != *zone))
}

/// The zone of a control key, which does not name it when it asks. Nothing is proved by that.
///
/// # Errors
/// 401 `access_denied` for whatever is no live control key, as for a wrong secret; 429 and 503 as [`authenticate`].
pub(crate) async fn zone_of_control_key(
    deps: &StsDeps,
    application: &ApplicationId,
    peer: Option<IpAddr>,
) -> Result<ZoneId, Refusal> {
    let found = find(deps, application).await?;
    let key = found.filter(|found| found.is_live(deps.world.now()) && ControlKey::is_named(&found.traits));
    match key {
        Some(key) => Ok(key.zone_id),
        None => Err(failed(deps, application.as_str(), peer).await?),
    }
}

async fn find(deps: &StsDeps, application: &ApplicationId) -> Result<Option<Application>, Refusal> {
    let found = async {
        let mut work = deps.store.global(Access::Read).await?;
        work.find_application(application).await
    };
    found.await.map_err(|error| {
        tracing::error!(error = %caracal_service::error_chain(&error), "could not look for an application");
        unavailable()
    })
}

/// Whether `secret` is the one behind `stored`.
///
/// # Errors
/// 503 when too many wait for that.
pub(crate) async fn verify(deps: &StsDeps, stored: String, secret: &Secret) -> Result<bool, Refusal> {
    let busy = |_| Refusal::of(ErrorCode::StsUnavailable).describe("too many logins wait for verification");
    if !deps.hasher.needs_derivation(&stored, secret.expose()) {
        return deps.hasher.verify(&stored, secret.expose()).map_err(busy);
    }
    let (hasher, secret) = (deps.hasher.clone(), secret.clone());
    tokio::task::spawn_blocking(move || hasher.verify(&stored, secret.expose()))
        .await
        .map_err(|_| unavailable())?
        .map_err(busy)
}
