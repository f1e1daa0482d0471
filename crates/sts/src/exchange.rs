//! The Gateway's question: may this presented mandate be used for this call, and with which credential?

use std::sync::Arc;

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, AuthorityRecordId, ScopeSet, Secret, Timestamp, ZoneId,
    claims::{MandateClaims, MandateUse},
    entity::Application,
};
use caracal_service::{
    Refusal,
    exchange::{Exchange, ExchangeGrant, ExchangeRequest, UpstreamDirective},
    zones::ZoneState,
};
use caracal_wire::ErrorCode;
use serde_json::json;

use crate::{
    StsDeps,
    authenticate::{invalid_client, unavailable, zone_of},
    decide::{Denied, Party, PartyError, Use, decide_use, resolve},
    evidence::{Evidence, record},
    keys, metrics,
    mint::{DEFAULT_TTL, policy_denied, sign},
};

/// One governed call as the STS sees it, whichever way the question came.
pub(crate) struct Call<'c> {
    pub(crate) zone_id: &'c ZoneId,
    pub(crate) application_id: &'c ApplicationId,
    pub(crate) claims: &'c MandateClaims,
    pub(crate) resource: &'c str,
    pub(crate) method: &'c str,
    pub(crate) path: &'c str,
    pub(crate) request_id: &'c str,
    /// Whether to sign a resource mandate even if the upstream does not see it.
    pub(crate) always_mandate: bool,
}

/// The answer to a call.
pub(crate) struct Answer {
    pub(crate) directive: UpstreamDirective,
    pub(crate) identifier: String,
    /// The resource mandate with its claims, when one was signed.
    pub(crate) mandate: Option<(String, MandateClaims)>,
}

/// Decides one governed call. `claims` are verified: signature, issuer, audience, time, zone, class.
///
/// # Errors
/// The refusal to pass on; every denial is in the spool already.
pub(crate) async fn exchange(deps: &StsDeps, call: &Call<'_>) -> Result<Answer, Refusal> {
    let now = deps.world.now();
    if !deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    let zone = zone_of(deps, call.zone_id).await?.ok_or_else(invalid_client)?;
    let application = zone
        .live_application(call.application_id, now)
        .cloned()
        .ok_or_else(invalid_client)?;

    let party = match holder(deps, &zone, &application, call, now).await {
        Ok(party) => party,
        Err(error) => {
            if !matches!(error, PartyError::Unavailable) {
                let scopes = call.claims.scopes();
                let nobody = Party::default();
                let mut evidence = Evidence::new(
                    deps,
                    &zone,
                    &application,
                    &nobody,
                    call.request_id,
                    &scopes,
                    "resource",
                )
                .of_mandate(call.claims);
                evidence.call = Some((call.method, call.path));
                let details = json!({
                    "agent_session_id": call.claims.agent_session_id,
                    "delegation_edge_id": call.claims.delegation_edge_id,
                });
                let event = evidence.deny(call.resource, "exchange_denied", error.reason(), &details, None);
                record(deps, &[event]).await?;
            }
            metrics::exchanged("resource", "denied");
            return Err(error.refusal());
        }
    };

    let nothing = ScopeSet::default();
    let mut evidence = Evidence::new(
        deps,
        &zone,
        &application,
        &party,
        call.request_id,
        &nothing,
        "resource",
    )
    .of_mandate(call.claims);
    evidence.call = Some((call.method, call.path));
    let decided = decide_use(
        &zone,
        &application.id,
        &party,
        call.claims,
        call.resource,
        call.method,
        call.path,
    );
    let granted = match decided {
        Ok(granted) => granted,
        Err(denied) => {
            record(
                deps,
                &[evidence.deny(
                    &denied.resource,
                    denied.status,
                    denied.reason,
                    &denied.details,
                    denied.decision.as_ref(),
                )],
            )
            .await?;
            metrics::exchanged("resource", "denied");
            return Err(refusal(*denied));
        }
    };

    let identifier = granted.resource.resource.identifier.clone();
    let mandate = if call.always_mandate || granted.directive.needs_mandate() {
        Some(resource_mandate(deps, zone.clone(), call.claims, &party, &identifier, now).await?)
    } else {
        None
    };
    let Use {
        decision, directive, ..
    } = granted;
    record(deps, &[evidence.allow(&identifier, &decision)]).await?;
    metrics::exchanged("resource", "allowed");
    Ok(Answer {
        directive,
        identifier,
        mandate,
    })
}

async fn holder(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    call: &Call<'_>,
    now: Timestamp,
) -> Result<Party, PartyError> {
    if call.claims.client_id != application.id || call.claims.zone_id != *call.zone_id {
        return Err(PartyError::NotHolder);
    }
    if deps.revocations.covers(call.claims) {
        return Err(PartyError::Revoked);
    }
    let party = resolve(
        deps,
        zone,
        &application.id,
        call.claims.agent_session_id.as_ref(),
        call.claims.delegation_edge_id.as_ref(),
        now,
    )
    .await?;
    // A single-use mandate without a delegation was never minted by us.
    if party.delegation().is_none() {
        Err(PartyError::Delegation)
    } else {
        Ok(party)
    }
}

fn refusal(denied: Denied) -> Refusal {
    match denied.status {
        "operation_not_permitted" => Refusal::of(ErrorCode::OperationNotPermitted)
            .describe("operation is not declared for the resource or its scope is not in the mandate")
            .reason("operation_not_permitted")
            .with("details", denied.details),
        "provider_unavailable" => Refusal::of(ErrorCode::HttpRequestFailed)
            .describe("the upstream credential is not available")
            .reason("provider_unavailable"),
        _ => policy_denied(&[denied]),
    }
}

/// The mandate an upstream verifies: audience is the resource, its end is never after the presented one's.
async fn resource_mandate(
    deps: &StsDeps,
    zone: Arc<ZoneState>,
    presented: &MandateClaims,
    party: &Party,
    identifier: &str,
    now: Timestamp,
) -> Result<(String, MandateClaims), Refusal> {
    let (_, key) = keys::with_signing_key(deps, zone)
        .await
        .map_err(|_| unavailable())?;
    let end = party
        .ends_at
        .map_or(presented.exp, Timestamp::unix_seconds)
        .min(presented.exp)
        .min(now.unix_seconds().saturating_add(i64::from(DEFAULT_TTL)));
    let mut claims = presented.clone();
    claims.aud = vec![identifier.into()];
    claims.target = vec![identifier.into()];
    claims.exp = end;
    claims.iat = now.unix_seconds();
    claims.jti = deps.world.uuid_v7().to_string().into();
    claims.sid = AuthorityRecordId::generate(&deps.world);
    claims.mandate_use = MandateUse::Resource;
    let token = sign(&claims, &key)?;
    Ok((token, claims))
}

/// The exchange for a Gateway in the same process.
#[derive(Debug, Clone)]
pub struct LocalExchange(StsDeps);

impl LocalExchange {
    /// Answers with the same STS that `deps` serve over HTTP.
    pub const fn new(deps: StsDeps) -> Self {
        Self(deps)
    }
}

#[async_trait]
impl Exchange for LocalExchange {
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        let answer = exchange(
            &self.0,
            &Call {
                zone_id: &request.zone_id,
                application_id: &request.application_id,
                claims: &request.claims,
                resource: &request.resource,
                method: &request.method,
                path: &request.path,
                request_id: &request.request_id,
                always_mandate: false,
            },
        )
        .await?;
        Ok(ExchangeGrant {
            directive: answer.directive,
            mandate: answer.mandate.map(|(token, _)| Secret::new(token)),
        })
    }

    async fn check(&self) -> Result<(), caracal_wire::health::NotReady> {
        if self.0.revocations.is_fresh() {
            Ok(())
        } else {
            Err(caracal_wire::health::NotReady::RevocationSnapshotStale)
        }
    }
}
