//! Session and gateway mandates: the application's own mints.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    AuthorityRecordId, ScopeSet, Timestamp,
    audit::AuditEvent,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{Application, AuthorityRecord, AuthorityRecordStatus},
};
use caracal_crypto::{
    mandate::{self, MAX_LIFETIME},
    zone_key::SigningKey,
};
use caracal_events::shortlived::mark;
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::Access;
use caracal_wire::ErrorCode;
use serde_json::{Value, json};

use crate::{
    StsDeps,
    authenticate::unavailable,
    decide::{Denied, Granted, Party, PartyError, decide_mint, resolve},
    evidence::{Evidence, record},
    form::{TokenRequest, malformed},
    keys,
    limit::limit,
    metrics,
    size::{fits, growth},
};

/// Lifetime when none is asked for, in seconds.
pub(crate) const DEFAULT_TTL: u32 = 900;

/// A mandate and what its response says.
#[derive(Debug)]
pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) claims: Arc<MandateClaims>,
    /// Refused targets of a partial grant.
    pub(crate) denied: Vec<Value>,
}

/// Mints for `application` what `request` asks for.
///
/// # Errors
/// The refusal to answer; every denial is in the spool already.
pub(crate) async fn mint(
    deps: &StsDeps,
    zone: Arc<ZoneState>,
    application: &Application,
    request: &TokenRequest,
    request_id: &str,
) -> Result<Minted, Refusal> {
    if request.resources.is_empty() {
        return Err(malformed("resource", "at least one resource is required"));
    }
    if request
        .ttl_seconds
        .is_some_and(|ttl| u64::from(ttl) > MAX_LIFETIME.as_secs())
    {
        return Err(malformed("ttl_seconds", "ttl_seconds exceeds token TTL cap"));
    }
    let now = deps.world.now();
    if !deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    let class = if request.agent_session_id.is_some() && request.delegation_edge_id.is_some() {
        MandateUse::Gateway
    } else {
        MandateUse::Session
    };
    let class_name = if class == MandateUse::Gateway {
        "gateway"
    } else {
        "session"
    };
    // Before anything that may be written down about a refusal.
    limit(deps, &zone, application, request).await?;
    let references = references(deps, &zone, application, request, now).await;
    let party = match references {
        Ok(party) => party,
        Err(error) => {
            let refusal = error.refusal();
            if !matches!(error, PartyError::Unavailable) {
                let nobody = Party::default();
                let evidence = Evidence::new(
                    deps,
                    &zone,
                    application,
                    &nobody,
                    request_id,
                    &request.scopes,
                    class_name,
                );
                let details = json!({
                    "agent_session_id": request.agent_session_id,
                    "delegation_edge_id": request.delegation_edge_id,
                    "resources": request.resources,
                });
                let resource = request.resources.first().map_or("", String::as_str);
                record(
                    deps,
                    &[evidence.deny(resource, "exchange_denied", error.reason(), &details, None)],
                )
                .await?;
            }
            metrics::exchanged(class_name, "denied");
            return Err(refusal);
        }
    };

    let (granted, denied) = decide(&zone, application, &party, request);
    let (zone, key) = if granted.is_empty() {
        (zone, None)
    } else {
        let (zone, key) = keys::with_signing_key(deps, zone).await.map_err(|error| {
            tracing::error!(error = %caracal_service::error_chain(&error), "no signing key");
            unavailable()
        })?;
        (zone, Some(key))
    };
    let evidence = Evidence::new(
        deps,
        &zone,
        application,
        &party,
        request_id,
        &request.scopes,
        class_name,
    );
    let refused = |evidence: &Evidence<'_>| -> Vec<AuditEvent> {
        denied
            .iter()
            .map(|denied| {
                evidence.deny(
                    &denied.resource,
                    denied.status,
                    denied.reason,
                    &denied.details,
                    denied.decision.as_ref(),
                )
            })
            .collect()
    };
    let Some(key) = key else {
        record(deps, &refused(&evidence)).await?;
        metrics::exchanged(class_name, "denied");
        return Err(policy_denied(&denied));
    };

    let ends_at = lifetime(&party, request.ttl_seconds, now)?;
    let claims = Arc::new(claims(
        deps,
        &zone,
        application,
        &party,
        request,
        &granted,
        class,
        jti(deps, class).await?,
        now,
        ends_at,
    ));
    let token = sign(&claims, &key)?;
    if class == MandateUse::Gateway {
        // What the Gateway turns it into at its upstream must fit as well.
        fits(token.len().saturating_add(growth(&claims)))?;
    }
    if class == MandateUse::Session {
        remember(deps, &zone, application, &claims, now).await?;
    }
    let evidence = evidence.of_mandate(&claims);
    let mut events: Vec<AuditEvent> = granted
        .iter()
        .map(|granted| evidence.allow(&granted.resource.resource.identifier, &granted.decision))
        .collect();
    events.extend(refused(&evidence));
    record(deps, &events).await?;
    if class == MandateUse::Gateway
        && let Some(issued) = &deps.issued
    {
        issued.remember(&token, claims.clone(), now);
    }
    metrics::exchanged(class_name, "allowed");
    let denied = denied
        .iter()
        .map(
            |denied| json!({"resource": denied.resource, "reason": denied.reason, "details": denied.details}),
        )
        .collect();
    Ok(Minted {
        token,
        claims,
        denied,
    })
}

async fn references(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<Party, PartyError> {
    if let Some(id) = &request.session_id {
        // Without a subject token only the application's own record may be asserted.
        let record = deps.authority.record(&zone.zone.id, id).await?;
        let own = record.is_some_and(|record| {
            record.is_live(now)
                && record.subject_type == SubjectType::Application
                && record.subject_id == application.id.as_str()
        });
        if !own || deps.revocations.is_revoked(id.as_str()) {
            return Err(PartyError::Record);
        }
    }
    resolve(
        deps,
        zone,
        &application.id,
        request.agent_session_id.as_ref(),
        request.delegation_edge_id.as_ref(),
        now,
    )
    .await
}

/// A fresh `jti`. That of a single-use mandate says which memory its use will be kept in; the answer to the limit just
/// told, so that it costs no round trip.
async fn jti(deps: &StsDeps, class: MandateUse) -> Result<Arc<str>, Refusal> {
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

fn decide(
    zone: &ZoneState,
    application: &Application,
    party: &Party,
    request: &TokenRequest,
) -> (Vec<Granted>, Vec<Denied>) {
    let mut granted = Vec::with_capacity(request.resources.len());
    let mut denied = Vec::new();
    for name in &request.resources {
        match decide_mint(
            zone,
            &application.id,
            party,
            name,
            &request.scopes,
            request.ttl_seconds,
        ) {
            Ok(grant) => granted.push(grant),
            Err(refusal) => denied.push(*refusal),
        }
    }
    (granted, denied)
}

/// 403 with the first reason in the text clients know, and all of them machine-readable.
pub(crate) fn policy_denied(denied: &[Denied]) -> Refusal {
    let first = denied.iter().find(|denied| denied.status == "complete");
    let text = match first {
        Some(denied) => format!("policy denied ({})", denied.reason),
        None => String::from("policy denied"),
    };
    let refusal = Refusal::of(ErrorCode::AccessDenied).describe(text);
    match first.or_else(|| denied.first()) {
        Some(denied) => refusal.reason(denied.reason).with(
            "details",
            json!({"resource": denied.resource, "explanation": denied.details}),
        ),
        None => refusal,
    }
}

/// The end of a mandate: the least of what was asked for and of everything it hangs on.
fn lifetime(party: &Party, ttl_seconds: Option<u32>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let mut seconds = ttl_seconds.unwrap_or(DEFAULT_TTL);
    if let Some(cap) = party
        .authority
        .as_ref()
        .and_then(caracal_authz::narrow::Authority::ttl_seconds)
    {
        seconds = seconds.min(cap);
    }
    let asked = now.plus(Duration::from_secs(u64::from(seconds)));
    let end = party.ends_at.map_or(asked, |end| end.min(asked));
    if end.unix_seconds() <= now.unix_seconds() {
        return Err(Refusal::of(ErrorCode::AccessDenied)
            .describe("session or delegation is about to end")
            .reason("lifetime_exhausted"));
    }
    Ok(end)
}

#[expect(clippy::too_many_arguments, reason = "the ingredients of a mandate")]
fn claims(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    party: &Party,
    request: &TokenRequest,
    granted: &[Granted],
    class: MandateUse,
    jti: Arc<str>,
    now: Timestamp,
    ends_at: Timestamp,
) -> MandateClaims {
    let sid = AuthorityRecordId::generate(&deps.world);
    let root_sid = match class {
        MandateUse::Session => sid.clone(),
        MandateUse::Gateway | MandateUse::Resource => {
            party.root_record.clone().unwrap_or_else(|| sid.clone())
        }
    };
    let lineage = party.lineage.as_deref().unwrap_or_default();
    let epoch = deps.authority.epoch(&zone.zone.id).max(zone.delegation_epoch);
    MandateClaims {
        iss: deps.config.issuer.clone(),
        sub: application.id.as_str().into(),
        aud: vec![deps.config.issuer.clone()],
        exp: ends_at.unix_seconds(),
        iat: now.unix_seconds(),
        nbf: None,
        jti,
        zone_id: zone.zone.id.clone(),
        client_id: application.id.clone(),
        scope: scope_claim(&request.scopes),
        sid,
        root_sid,
        mandate_use: class,
        sub_type: SubjectType::Application,
        target: granted
            .iter()
            .map(|granted| granted.resource.resource.identifier.as_str().into())
            .collect(),
        agent_session_id: party.session.as_ref().map(|session| session.id.clone()),
        delegation_edge_id: party.delegation().map(|edge| edge.id.clone()),
        source_session_id: party.source.as_ref().map(|session| session.id.clone()),
        target_session_id: party.delegation().map(|edge| edge.target_session_id.clone()),
        delegation_path: lineage.iter().map(|edge| edge.id.clone()).collect(),
        delegation_chain: party.chain(),
        hop_count: u32::try_from(lineage.len()).unwrap_or(u32::MAX),
        delegation_graph_epoch: if lineage.is_empty() { 0 } else { epoch },
    }
}

/// The `scope` claim: absent when empty, since verifiers refuse an empty one.
pub(crate) fn scope_claim(scopes: &ScopeSet) -> Option<String> {
    (!scopes.is_empty()).then(|| scopes.to_claim())
}

/// Signs.
///
/// # Errors
/// 400 when nobody would read a mandate of that size; 503 when the key cannot sign.
pub(crate) fn sign(claims: &MandateClaims, key: &SigningKey) -> Result<String, Refusal> {
    let token = mandate::sign(claims, key).map_err(|error| {
        tracing::error!(%error, "could not sign a mandate");
        unavailable()
    })?;
    fits(token.len())?;
    Ok(token)
}

/// Session mandates are what sessions anchor on, so they are rows; gateway mandates are not.
async fn remember(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    claims: &MandateClaims,
    now: Timestamp,
) -> Result<(), Refusal> {
    let record = AuthorityRecord {
        id: claims.sid.clone(),
        zone_id: zone.zone.id.clone(),
        subject_type: SubjectType::Application,
        subject_id: application.id.to_string(),
        application_id: application.id.clone(),
        parent_id: None,
        status: AuthorityRecordStatus::Active,
        expires_at: claims.expires_at(),
        authenticated_at: now,
        issuer: None,
        created_at: now,
        revoked_at: None,
        revoked_reason: None,
    };
    let stored = async {
        let mut work = deps.store.zone(&zone.zone.id, Access::Write).await?;
        work.authority_records().create(&record).await?;
        work.commit().await
    };
    stored.await.map_err(|error| {
        tracing::error!(error = %caracal_service::error_chain(&error), "could not store an authority record");
        unavailable()
    })
}
