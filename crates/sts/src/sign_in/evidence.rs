//! What the ledger says of clients that people signed in with.

use std::time::Duration;

use caracal_core::{
    DelegationId, ScopeSet, SessionId,
    audit::{Determining, Draft, EventType},
    entity::Application,
};
use caracal_service::{Refusal, limits::Rule};
use caracal_wire::gateway::Reason;
use serde::Serialize;
use serde_json::Value;

use super::{BEGINNINGS, steps::Consent};
use crate::{StsDeps, authenticate::zone_of, case::Case, evidence::record};

/// What allowed it, in evidence.
const POLICY: &str = "caracal-client-sign-in";
/// Refusals of one sign-in for one reason in a minute that are written down. Whoever has a code or a refresh token of somebody
/// else can present it as often as they like, and a zone's chain is not theirs to fill.
const REFUSALS: Rule = Rule {
    prefix: "sign-in:refused:",
    limit: 5,
    window: Duration::from_mins(1),
    ..BEGINNINGS
};

/// Who signed in with which client, for what.
#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_name: Option<&'m str>,
    resource: &'m str,
    requested_scopes: &'m ScopeSet,
    subject_kind: &'static str,
    subject_id: &'m str,
    federated_user_issuer: &'m str,
    mandate_use: &'static str,
    /// As the client calls itself.
    client_name: &'m str,
    /// Whose document describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_host: Option<&'m str>,
    /// Digest of its id.
    client_digest: &'m str,
    grant_id: &'m str,
    /// Thumbprint of the key that the client proved to hold: what it is given is bound to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    jkt: Option<&'m str>,
    session_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<&'m str>,
}

/// Why a code or a refresh token gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It was presented twice, so everything that came of it has ended.
    Repeated,
    /// What it stands on has ended, or was taken away.
    Ended,
    /// It is bound to a key, and whoever presented it did not prove to hold that.
    OtherKey,
    /// Another client presented it.
    OtherClient,
    /// It was presented with another address than the one its person was sent back to.
    OtherAddress,
    /// Whoever presented it is not who asked for it.
    OtherVerifier,
}

impl Refused {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => Reason::TokenReplay.as_str(),
            Self::Ended => "sign_in_ended",
            Self::OtherKey => Reason::ProofOfOtherKey.as_str(),
            Self::OtherClient => "client_mismatch",
            Self::OtherAddress => "redirect_uri_mismatch",
            Self::OtherVerifier => "code_verifier_mismatch",
        }
    }
}

/// Writes down that a client was given tokens, before they are.
///
/// # Errors
/// 503: what cannot be proven is not done.
pub(super) async fn granted(
    case: &Case<'_>,
    agreed: &Consent,
    begun: (&SessionId, &DelegationId),
) -> Result<(), Refusal> {
    let about = About {
        application: Some(&case.application),
        begun: Some(begun),
        proved: case.bound_to.as_deref(),
    };
    let mut event = draft(case.deps, agreed, &about, case.request_id);
    event.determining_policies_json = Some(Determining(Some(POLICY)));
    event.diagnostics_json = Value::Array(Vec::new());
    record(case.deps, &[event]).await
}

/// Writes down that a code or a refresh token got nothing, before that is said; a few times in a minute of one sign-in. `proved`
/// is the key that whoever presented it proved to hold, if any.
///
/// # Errors
/// 503: what cannot be proven is not done; 429 past that, for whoever presents it then.
pub(super) async fn refused(
    deps: &StsDeps,
    agreed: &Consent,
    why: Refused,
    proved: Option<&str>,
    request_id: &str,
) -> Result<(), Refusal> {
    // Each reason alone, so that none hides another.
    let counted = [agreed.record.as_str(), why.as_str()].join(":");
    deps.limits
        .count_towards(&REFUSALS, "sign_in_refusals", &counted)
        .await?;
    // A zone that is archived has no chain to write on.
    let Some(zone) = zone_of(deps, &agreed.zone).await? else {
        return Ok(());
    };
    let mut applications = zone.applications();
    let about = About {
        application: applications
            .find(|application| application.id == agreed.application)
            .map(AsRef::as_ref),
        begun: None,
        proved,
    };
    let mut event = draft(deps, agreed, &about, request_id);
    event.evaluation_status = why.as_str();
    event.determining_policies_json = Some(Determining(None));
    event.refused_for(why.as_str());
    record(deps, &[event]).await
}

/// What is known besides what somebody agreed to.
struct About<'e> {
    application: Option<&'e Application>,
    begun: Option<(&'e SessionId, &'e DelegationId)>,
    proved: Option<&'e str>,
}

fn draft<'e>(
    deps: &StsDeps,
    agreed: &'e Consent,
    about: &About<'e>,
    request_id: &'e str,
) -> Draft<'e, Metadata<'e>> {
    let About {
        application,
        begun,
        proved,
    } = *about;
    let metadata = Metadata {
        application_id: agreed.application.as_str(),
        application_name: application.map(|application| application.name.as_str()),
        resource: &agreed.resource,
        requested_scopes: &agreed.scopes,
        subject_kind: "user",
        subject_id: &agreed.subject,
        federated_user_issuer: &agreed.issuer,
        mandate_use: "access",
        client_name: &agreed.client_name,
        client_host: agreed.client_host.as_deref(),
        client_digest: &agreed.client,
        grant_id: agreed.grant.as_str(),
        jkt: proved,
        session_id: agreed.record.as_str(),
        agent_session_id: begun.map(|(session, _)| session.as_str()),
        delegation_edge_id: begun.map(|(_, delegation)| delegation.as_str()),
    };
    let decision = if begun.is_some() { "allow" } else { "deny" };
    Draft::new(
        &deps.world,
        &agreed.zone,
        EventType::TokenExchange,
        request_id,
        decision,
        metadata,
    )
}
