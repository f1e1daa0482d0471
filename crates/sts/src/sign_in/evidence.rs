//! What the ledger says of clients that people signed in with.

use caracal_core::{
    DelegationId, ScopeSet, SessionId,
    audit::{Determining, Draft, EventType},
};
use caracal_service::Refusal;
use caracal_wire::gateway::Reason;
use serde::Serialize;
use serde_json::Value;

use super::agreed::Agreed;
use crate::{case::Case, evidence::record};

/// What allowed it, in evidence.
const POLICY: &str = "caracal-client-sign-in";

/// Who signed in with which client, for what.
#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    application_name: &'m str,
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
    /// Thumbprint of the key that the client proved to hold: its tokens are bound to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    jkt: Option<&'m str>,
    session_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<&'m str>,
}

/// What became of a code or a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The client was given tokens.
    Granted,
    /// It was presented twice, so everything that came of it has ended.
    Repeated,
    /// What it stands on has ended.
    Ended,
    /// It is bound to a key, and whoever presented it did not prove to hold that.
    OtherKey,
}

/// Writes it down before anything is answered.
///
/// # Errors
/// 503: what cannot be proven is not done.
pub(super) async fn write(
    case: &Case<'_>,
    agreed: &Agreed,
    begun: Option<(&SessionId, &DelegationId)>,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let (deps, application) = (case.deps, &case.application);
    let metadata = Metadata {
        application_id: application.id.as_str(),
        application_name: &application.name,
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
        jkt: case.bound_to.as_deref(),
        session_id: agreed.record.as_str(),
        agent_session_id: begun.map(|(session, _)| session.as_str()),
        delegation_edge_id: begun.map(|(_, delegation)| delegation.as_str()),
    };
    let decision = if outcome == Outcome::Granted {
        "allow"
    } else {
        "deny"
    };
    let mut event = Draft::new(
        &deps.world,
        &agreed.zone,
        EventType::TokenExchange,
        case.request_id,
        decision,
        metadata,
    );
    let refused = match outcome {
        Outcome::Granted => None,
        Outcome::Repeated => Some(Reason::TokenReplay.as_str()),
        Outcome::Ended => Some("sign_in_ended"),
        Outcome::OtherKey => Some(Reason::ProofOfOtherKey.as_str()),
    };
    match refused {
        None => {
            event.determining_policies_json = Some(Determining(Some(POLICY)));
            event.diagnostics_json = Value::Array(Vec::new());
        }
        Some(reason) => {
            event.evaluation_status = reason;
            event.determining_policies_json = Some(Determining(None));
            event.refused_for(reason);
        }
    }
    record(deps, &[event]).await
}
