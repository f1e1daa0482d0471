//! Who runs a command: whoever holds a mandate for this API that was not used before.

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use caracal_core::{
    ControlKey, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::mandate::{ClaimRules, LEEWAY, MAX_TOKEN_BYTES, Unverified};
use caracal_events::shortlived::{Claim, generation_of};
use caracal_service::{
    Refusal,
    possession::{Holder, NotHolder, Presentation},
    request::RequestContext,
    scheme::{Scheme, challenged_under, presented},
    server::PeerAddr,
    zones::DirectoryError,
};
use caracal_storage::Access;
use caracal_wire::ErrorCode;
use http::{HeaderMap, request::Parts};

use super::Invocation;
use crate::deps::ApiDeps;

/// What callers are refused with who are nobody, or come too often.
pub(crate) const REFUSES: [ErrorCode; 8] = [
    ErrorCode::RouteNotFound,
    ErrorCode::ControlDisabled,
    ErrorCode::RateLimited,
    ErrorCode::Unauthorized,
    ErrorCode::InvalidToken,
    ErrorCode::TokenReplay,
    ErrorCode::Denied,
    ErrorCode::AuditUnavailable,
];

/// What the mandate that a request presents lets its holder do; it is used up by this.
///
/// # Errors
/// 404 where the deployment has no such endpoint; 503 `control_disabled` while it is closed; 429 of an address that comes too often; 401 for what is no mandate
/// of this API, was used before, is of a key that is none any more, or is not presented by whoever holds the key that it is bound to; 403 in a frozen zone; 503 when it cannot be told.
pub(crate) async fn authenticate(api: &ApiDeps, head: &Parts) -> Result<Arc<Invocation>, Refusal> {
    // What most deployments never open is no outage of theirs.
    if !api.config.control_enabled {
        return Err(Refusal::of(ErrorCode::RouteNotFound).describe("this deployment takes no commands"));
    }
    if !is_open(api).await {
        return Err(Refusal::of(ErrorCode::ControlDisabled).describe("commands are not taken here"));
    }
    let peer = PeerAddr::of(&head.extensions);
    let rule = api.config.control_address_rule();
    api.limits.count_address(&rule, "control_address", peer).await?;
    let (scheme, token) = credential(&head.headers).ok_or_else(|| refused(&"no mandate"))?;
    let proved = prove(api, head, (scheme, token)).await;
    let (claims, holder) = proved.map_err(|refusal| challenged_under(scheme, refusal))?;
    let context = head.extensions.get::<RequestContext>().cloned();
    let context = context.unwrap_or_else(|| RequestContext::of(&head.headers, &api.world));
    let (invocation, frozen) = of_live_key(api, &claims).await?;
    if frozen {
        invocation
            .record_refused(api, &context.request_id, ErrorCode::Denied)
            .await;
        return Err(Refusal::of(ErrorCode::Denied)
            .describe("the zone is frozen")
            .remedy("thaw the zone with a token of an administrator"));
    }
    // Before the mandate, which a copy of the request does not spend for its holder.
    spend(api, &claims, &holder).await?;
    use_up(api, &claims, &invocation, &context.request_id).await?;
    Ok(Arc::new(invocation))
}

/// What a request presents, and how.
fn credential(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    presented(headers).filter(|(_, token)| token.len() <= MAX_TOKEN_BYTES)
}

/// Whether the mandate says it is of a zone that is in memory.
pub(crate) fn may_be_good(api: &ApiDeps, headers: &HeaderMap) -> bool {
    let presented = credential(headers);
    let zone = presented.and_then(|(_, token)| Unverified::parse(token).ok()?.peek().ok()?.zone_id);
    zone.is_some_and(|zone| api.zones.remembers(&zone))
}

/// Whether the deployment takes commands: asked at every request, so that it can be closed without a restart.
async fn is_open(api: &ApiDeps) -> bool {
    let Some(gate) = &api.config.control_gate_file else {
        return false;
    };
    tokio::fs::try_exists(gate).await.unwrap_or(false)
}

/// One answer for every way a token can be wrong; the way itself is for the log.
fn refused(error: &dyn std::fmt::Display) -> Refusal {
    tracing::debug!(%error, "refused a mandate of a command");
    Refusal::of(ErrorCode::Unauthorized)
        .describe("send a fresh mandate of a control key as Authorization: Bearer")
        .authenticate("Bearer error=\"invalid_token\"")
}

/// Signature, holder, issuer, audience, class and time. The zone is whatever the token says: its keys prove it.
async fn prove(
    api: &ApiDeps,
    head: &Parts,
    (scheme, text): (Scheme, &str),
) -> Result<(MandateClaims, Holder), Refusal> {
    let token = Unverified::parse(text).map_err(|error| refused(&error))?;
    let peek = token.peek().map_err(|error| refused(&error))?;
    let zone: ZoneId = peek.zone_id.ok_or_else(|| refused(&"no zone"))?;
    let header = token.header().map_err(|error| refused(&error))?;
    let key = match api.zones.verifying_key(&zone, header.kid.as_str()).await {
        Ok(Some(key)) => key,
        Ok(None) => return Err(refused(&"unknown key")),
        Err(DirectoryError::Unknown) => return Err(refused(&"unknown zone")),
        Err(DirectoryError::Unavailable) => return Err(Refusal::of(ErrorCode::StorageUnavailable)),
    };
    let claims = token.verify(&key).map_err(|error| refused(&error))?.into_claims();
    let now = api.world.now();
    let presented = Presentation {
        scheme,
        token: text,
        headers: &head.headers,
        method: head.method.as_str(),
        base: Some(&api.config.public_url),
        path: head.uri.path(),
        now,
        window: api.config.dpop_window,
    };
    let holder = Holder::of(presented, &claims).map_err(not_held)?;
    let rules = ClaimRules {
        issuer: &api.issuer,
        audience: Some(&api.config.control_audience),
        zone: &zone,
        uses: &[MandateUse::Resource],
        presenter: holder.presenter(),
        now,
        leeway: LEEWAY,
    };
    rules.check(&claims).map_err(|error| refused(&error))?;
    // Its use is remembered until its end and no longer, so past that there is no leeway.
    if claims.expires_at() <= now {
        return Err(refused(&"expired"));
    }
    Ok((claims, holder))
}

fn not_held(why: NotHolder) -> Refusal {
    tracing::debug!(error = %why, "refused whoever presented a mandate of a command");
    why.refusal()
}

/// Spends the proof of whoever holds the key of a mandate, where it is bound to one.
async fn spend(api: &ApiDeps, claims: &MandateClaims, holder: &Holder) -> Result<(), Refusal> {
    match holder.spend(api.replay.as_ref(), &claims.zone_id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(not_held(NotHolder::ProofRepeated)),
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a proof was used");
            Err(Refusal::of(ErrorCode::StorageUnavailable))
        }
    }
}

/// The key as it is now, and whether its zone is frozen. One that lost its traits or its scopes since the mint has no more
/// than what is left.
async fn of_live_key(api: &ApiDeps, claims: &MandateClaims) -> Result<(Invocation, bool), Refusal> {
    let now = api.world.now();
    let mut work = api.store.zone(&claims.zone_id, Access::Read).await?;
    let zone = work.zone().await?.ok_or_else(|| refused(&"archived zone"))?;
    let application = work.applications().get(&claims.client_id).await?;
    let application = application
        .filter(|application| application.is_live(now))
        .ok_or_else(|| refused(&"the application has ended"))?;
    let key = ControlKey::of(&application.traits)
        .filter(|key| key.is_live(now))
        .ok_or_else(|| refused(&"the application is no control key any more"))?;
    let invocation = Invocation {
        zone: claims.zone_id.clone(),
        application_id: claims.client_id.clone(),
        application_name: application.name,
        jti: claims.jti.clone(),
        scopes: claims.scopes().intersection(&key.scopes),
        said: OnceLock::new(),
        recorded: AtomicBool::new(false),
    };
    Ok((invocation, zone.frozen_at.is_some()))
}

/// Of any number of requests with the same mandate, at any number of replicas, one goes on.
async fn use_up(
    api: &ApiDeps,
    claims: &MandateClaims,
    invocation: &Invocation,
    request_id: &str,
) -> Result<(), Refusal> {
    let key = format!("caracal:control:jti:{}", claims.jti);
    let (share, generation) = (claims.zone_id.as_str(), generation_of(&claims.jti));
    let claimed = api
        .replay
        .claim_of(share, generation, &key, claims.expires_at())
        .await;
    match claimed {
        Ok(Claim::First) => Ok(()),
        Ok(Claim::Repeated) => {
            invocation
                .record_refused(api, request_id, ErrorCode::TokenReplay)
                .await;
            Err(Refusal::of(ErrorCode::TokenReplay)
                .describe("this mandate was used already")
                .remedy("mint a mandate for every command")
                .authenticate("Bearer error=\"invalid_token\""))
        }
        Ok(Claim::Forgotten) => Err(Refusal::of(ErrorCode::StorageUnavailable)
            .describe("whether this mandate was used cannot be known; mint another one")),
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a mandate was used");
            Err(Refusal::of(ErrorCode::StorageUnavailable))
        }
    }
}
