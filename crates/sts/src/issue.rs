//! Making a mandate: its end, its id, its claims, its signature, its row.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    AuthorityRecordId, ScopeSet, Timestamp,
    claims::{Confirmation, MandateClaims, MandateUse, SubjectType},
};
use caracal_events::shortlived::mark;
use caracal_lifecycle::records;
use caracal_service::{Refusal, zone_keys::ZoneSigner};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, sts::DenialReason};

use crate::{
    StsDeps,
    authenticate::unavailable,
    case::Case,
    decide::{Actor, Granted, Outcome},
    keys::cannot_sign,
    size::fits,
    stopped::Stopped,
};

/// Lifetime when none is asked for, in seconds.
pub(crate) const DEFAULT_TTL: u32 = 900;

/// A fresh `jti`. That of a single-use mandate says which memory its use will be kept in; the answer to the limit just
/// told, so that it costs no round trip.
pub(crate) async fn jti(deps: &StsDeps, class: MandateUse) -> Result<Arc<str>, Refusal> {
    let id = deps.world.uuid_v7().to_string();
    if class != MandateUse::Gateway {
        return Ok(id.into());
    }
    let generation = deps.replay.generation().await.map_err(|error| {
        tracing::error!(%error, "cannot tell which memory a mandate's use will be kept in");
        unavailable()
    })?;
    Ok(mark(id, &generation).into())
}

/// The end of a mandate: the least of what was asked for and of everything it hangs on.
pub(crate) fn lifetime(
    actor: &Actor,
    ttl_seconds: Option<u32>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let mut seconds = ttl_seconds.unwrap_or(DEFAULT_TTL);
    if let Some(cap) = actor
        .authority
        .as_ref()
        .and_then(caracal_authz::narrow::Authority::ttl_seconds)
    {
        seconds = seconds.min(cap);
    }
    let asked = now.plus(Duration::from_secs(u64::from(seconds)));
    let end = actor.ends_at.map_or(asked, |end| end.min(asked));
    if end.unix_seconds() <= now.unix_seconds() {
        return Err(Refusal::of(ErrorCode::AccessDenied)
            .describe("session or delegation is about to end")
            .reason(DenialReason::LifetimeExhausted));
    }
    Ok(end)
}

/// The claims of a mandate for what was granted.
pub(crate) fn claims(
    case: &Case<'_>,
    actor: &Actor,
    (class, scopes): (MandateUse, &ScopeSet),
    outcomes: &[Outcome<Granted>],
    jti: Arc<str>,
    ends_at: Timestamp,
) -> MandateClaims {
    let (deps, zone, application) = (case.deps, &case.zone, &case.application);
    let sid = AuthorityRecordId::generate(&deps.world);
    let root_sid = match class {
        MandateUse::Session => sid.clone(),
        MandateUse::Gateway | MandateUse::Resource | MandateUse::Access => {
            actor.root_record.clone().unwrap_or_else(|| sid.clone())
        }
    };
    let lineage = actor.lineage.as_deref().unwrap_or_default();
    let epoch = deps.authority.epoch(&zone.zone.id).max(zone.delegation_epoch);
    MandateClaims {
        iss: deps.config.issuer.clone(),
        sub: application.id.as_str().into(),
        aud: vec![deps.config.issuer.clone()],
        exp: ends_at.unix_seconds(),
        iat: case.now.unix_seconds(),
        nbf: None,
        jti,
        zone_id: zone.zone.id.clone(),
        client_id: application.id.clone(),
        // Absent when empty, since verifiers refuse an empty one.
        scope: (!scopes.is_empty()).then(|| scopes.to_claim()),
        sid,
        root_sid,
        mandate_use: class,
        sub_type: SubjectType::Application,
        target: outcomes
            .iter()
            .flatten()
            .map(|granted| granted.resource.resource.identifier.as_str().into())
            .collect(),
        agent_session_id: actor.session.as_ref().map(|session| session.id.clone()),
        delegation_edge_id: actor.delegation().map(|edge| edge.id.clone()),
        source_session_id: actor.source.as_ref().map(|session| session.id.clone()),
        target_session_id: actor.delegation().map(|edge| edge.target_session_id.clone()),
        delegation_path: lineage.iter().map(|edge| edge.id.clone()).collect(),
        delegation_chain: actor.chain(),
        hop_count: u32::try_from(lineage.len()).unwrap_or(u32::MAX),
        delegation_graph_epoch: if lineage.is_empty() { 0 } else { epoch },
        cnf: case.bound_to.clone().map(|jkt| Confirmation { jkt }),
    }
}

/// Signs.
///
/// # Errors
/// 400 when nobody would read a mandate of that size; 503 when the key cannot sign, which is written down.
pub(crate) async fn sign(claims: &MandateClaims, key: &ZoneSigner) -> Result<String, Stopped> {
    let token = key.sign(claims).await.map_err(|error| {
        tracing::error!(zone.id = %claims.zone_id, key.id = %key.id(), %error, "could not sign a mandate");
        cannot_sign(&error)
    })?;
    fits(token.len())?;
    Ok(token)
}

/// Session mandates are what sessions anchor on, so they are rows; gateway mandates are not.
pub(crate) async fn remember(case: &Case<'_>, claims: &MandateClaims) -> Result<(), Refusal> {
    let (zone_id, application) = (&case.zone.zone.id, &case.application);
    let stored = async {
        let mut work = case.deps.store.zone(zone_id, Access::Write).await?;
        let (now, expires_at) = (case.now, claims.expires_at());
        records::issue(work.as_mut(), &claims.sid, &application.id, now, expires_at).await?;
        work.commit().await
    };
    stored.await.map_err(|error| {
        tracing::error!(error = %caracal_service::error_chain(&error), "could not store an authority record");
        unavailable()
    })
}
