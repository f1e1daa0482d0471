//! Client authentication: application id and secret in the form.

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::{ApplicationId, ControlKey, Secret, ZoneId, entity::Application};
use caracal_service::{
    Refusal,
    background::beside_calls,
    limits::{Rule, counted_address},
    turns::Turn,
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

/// Elsewhere than in the zone that it names an application is looked for so often in a minute, per zone. Past that a
/// login that would have been told the right zone is refused as any other.
const ELSEWHERE: Rule = Rule {
    prefix: "auth-rl:elsewhere:",
    limit: 600,
    window: WINDOW,
    code: ErrorCode::ProviderRateLimited,
};
/// In which failed logins are counted.
const WINDOW: Duration = Duration::from_mins(1);

/// The zone, or the refusal of a login: an unknown zone looks like a wrong secret.
pub(crate) async fn zone_of(deps: &StsDeps, zone: &ZoneId) -> Result<Option<Arc<ZoneState>>, Refusal> {
    match deps.zones.zone(zone).await {
        Ok(state) => Ok(Some(state)),
        Err(DirectoryError::Unknown) => Ok(None),
        Err(DirectoryError::Unavailable) => Err(unavailable()),
    }
}

/// The same for whoever is not proved yet, at an address: what is not in memory is read among strangers.
///
/// # Errors
/// As [`zone_of`] and [`may_ask`].
pub(crate) async fn zone_for(
    deps: &StsDeps,
    zone: &ZoneId,
    peer: Option<IpAddr>,
) -> Result<Option<Arc<ZoneState>>, Refusal> {
    let _turn = if deps.zones.remembers(zone) {
        None
    } else {
        Some(may_ask(deps, peer).await?)
    };
    zone_of(deps, zone).await
}

/// A turn among strangers, to hold while the store works for one: before the first statement, and not while anything else is
/// waited for.
///
/// # Errors
/// 429 while their address is to wait, or too many of them do.
pub(crate) async fn may_ask(deps: &StsDeps, peer: Option<IpAddr>) -> Result<Turn, Refusal> {
    match deps.limits.stranger_waits(peer) {
        Some(wait) => Err(wait),
        None => deps.limits.stranger_turn(peer).await,
    }
}

/// Proves that the caller knows the application's secret. What is in memory is asked first, so that no failure of others
/// at the same address stands in the way of a login in a known zone; what strangers ask the store is counted by their
/// address.
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
    let state = zone_for(deps, zone, peer).await?;
    let now = deps.world.now();
    let login = Login {
        zone,
        client: application.as_str(),
        peer,
    };
    if let Some(state) = &state
        && let Some(found) = state.live_application(application, now)
    {
        let stored = found.client_secret_hash.clone().unwrap_or_default();
        return if login.prove(deps, Reason::WrongSecret, stored, secret).await? {
            Ok((state.clone(), found.clone()))
        } else {
            Err(invalid_client())
        };
    }
    let turn = may_ask(deps, peer).await?;
    let reason = match state {
        Some(_) => Reason::UnknownApplication,
        None => Reason::UnknownZone,
    };
    // Names of zones that there are not are the stranger's to choose.
    let counted = if state.is_some() { zone.as_str() } else { "unknown" };
    let found = match deps.limits.count_towards(&ELSEWHERE, "elsewhere", counted).await {
        Ok(()) => elsewhere(deps, zone, application).await?,
        Err(_) => None,
    };
    drop(turn);
    if let Some(elsewhere) = found
        && elsewhere.is_live(now)
    {
        let stored = elsewhere.client_secret_hash.clone().unwrap_or_default();
        let login = Login {
            zone: &elsewhere.zone_id,
            ..login
        };
        // Possession first: only whoever holds the secret may learn where the application lives.
        if login
            .prove(deps, Reason::WrongSecretElsewhere, stored, secret)
            .await?
        {
            return Err(Refusal::of(ErrorCode::ZoneInvalid).describe(format!(
                "application belongs to zone {}, not to zone {zone}",
                elsewhere.zone_id
            )));
        }
        return Err(stranger(deps, peer).await);
    }
    failed_login::tell(&deps.world, reason, Some(zone), application.as_str(), peer);
    Err(stranger(deps, peer).await)
}

/// The refusal of somebody who asked the store for what is not theirs, once it is counted by their address.
pub(crate) async fn stranger(deps: &StsDeps, peer: Option<IpAddr>) -> Refusal {
    match deps.limits.count_stranger(peer).await {
        Ok(()) => invalid_client(),
        Err(wait) => wait,
    }
}

/// Who says to be a client that there is.
pub(crate) struct Login<'l> {
    /// Where the client lives: its proofs wait in the queue of this zone.
    pub(crate) zone: &'l ZoneId,
    pub(crate) client: &'l str,
    pub(crate) peer: Option<IpAddr>,
}

impl Login<'_> {
    /// Whether `secret` is the one behind `stored`. A failure is told as `reason`, and counted; where the proof takes a
    /// derivation, the attempt is counted before that, and given back if it was right: guesses past the limit cost none.
    ///
    /// # Errors
    /// 429 after too many failures from this address; 503 when too many wait, or it cannot be counted.
    pub(crate) async fn prove(
        &self,
        deps: &StsDeps,
        reason: Reason,
        stored: String,
        secret: &Secret,
    ) -> Result<bool, Refusal> {
        let derives = deps.hasher.needs_derivation(&stored, secret.expose());
        // Who waits for a derivation that another began costs nothing: a fleet may start with one secret at once.
        let ahead = derives && !deps.hasher.is_under_way(&stored, secret.expose());
        if ahead {
            self.count(deps, reason).await?;
        }
        let proved = if derives {
            let (hasher, secret, zone) = (deps.hasher.clone(), secret.clone(), self.zone.clone());
            beside_calls(move || hasher.verify_in(zone.as_str(), &stored, secret.expose()))
                .await
                .map_err(|_| unavailable())?
        } else {
            deps.hasher.verify(&stored, secret.expose())
        };
        match proved {
            Ok(false) => {
                if !ahead {
                    self.count(deps, reason).await?;
                }
                failed_login::tell(&deps.world, reason, Some(self.zone), self.client, self.peer);
                Ok(false)
            }
            proved => {
                if ahead && let Err(error) = deps.limiter.give_back(&self.key(), WINDOW).await {
                    tracing::debug!(%error, "an attempt could not be given back; it counts until its minute ends");
                }
                let busy = |_| {
                    Refusal::of(ErrorCode::StsUnavailable).describe("too many logins wait for verification")
                };
                proved.map_err(busy)
            }
        }
    }

    /// Keyed by client and address: one attacker must not lock a client out for everybody. Only clients that there are
    /// have a key.
    fn key(&self) -> String {
        format!("auth-rl:{}:{}", self.client, counted_address(self.peer))
    }

    async fn count(&self, deps: &StsDeps, reason: Reason) -> Result<(), Refusal> {
        let limit = deps.config.auth_fail_limit_per_min;
        let counted = deps.limiter.hit(&self.key(), limit, WINDOW).await;
        let counted = counted.map_err(|_| unavailable())?;
        if counted.allowed {
            return Ok(());
        }
        failed_login::tell(&deps.world, reason, Some(self.zone), self.client, self.peer);
        Err(too_often(
            "failed_logins",
            "too many failed logins",
            counted.retry_after,
        ))
    }
}

/// 429 with when to come back; `limit` names it in the metric.
pub(crate) fn too_often(limit: &'static str, text: &'static str, after: Duration) -> Refusal {
    caracal_service::metrics::limited(limit);
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
    let turn = may_ask(deps, peer).await?;
    let found = find(deps, application).await?;
    drop(turn);
    let key = found.filter(|found| found.is_live(deps.world.now()) && ControlKey::is_named(&found.traits));
    if let Some(key) = key {
        return Ok(key.zone_id);
    }
    let reason = Reason::UnknownApplication;
    failed_login::tell(&deps.world, reason, None, application.as_str(), peer);
    Err(stranger(deps, peer).await)
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
