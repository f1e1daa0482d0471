//! One event per decision, in the spool before the answer, and what it says of each kind of exchange.

use std::borrow::Cow;

use caracal_core::{
    CanaryId, DelegationId, Operation, ScopeSet, SessionId,
    audit::SpoolEvent,
    claims::{ChainHop, MandateClaims},
    id,
};
use caracal_service::Refusal;
use caracal_wire::sts::DenialReason;
use serde::Serialize;
use serde_json::Value;

use crate::{StsDeps, authenticate::unavailable, case::Case, decide::Actor};

/// What an event is about.
pub(crate) struct About<'e, P, I> {
    /// Absent where nobody was found to act.
    pub(crate) actor: Option<&'e P>,
    pub(crate) issued: Option<&'e I>,
    /// The canary whose version decided.
    pub(crate) canary: Option<&'e CanaryId>,
    /// The approval that released the request.
    pub(crate) approval: Option<&'e str>,
    pub(crate) target: &'e str,
    /// Why it was refused, where it was and there is a word for that.
    pub(crate) reason: Option<DenialReason>,
    /// What the reason is about.
    pub(crate) details: Option<&'e Value>,
}

/// What events say of an exchange, by its kind.
#[derive(Serialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is written at once, and a box would be an allocation of every mint"
)]
pub(crate) enum Metadata<'m> {
    /// A mint, or a use.
    Mandate(OfMandate<'m>),
    /// A mint for the Control API.
    Control(OfControl<'m>),
    /// A person's identity token.
    Federation(OfFederation<'m>),
    /// What a workload is started with.
    Launch(OfLaunch<'m>),
}

/// What an event says of a mint, or of a use.
#[derive(Serialize)]
pub(crate) struct OfMandate<'m> {
    application_id: &'m str,
    application_name: &'m str,
    application_registration_method: &'m str,
    resource: &'m str,
    requested_scopes: &'m ScopeSet,
    subject_kind: &'static str,
    /// The person whom the session acts for, where it does for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<&'m str>,
    mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'m str>,
    /// Thumbprint of the key that the mandate is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    jkt: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canary_id: Option<&'m CanaryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_session_id: Option<Cow<'m, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_lifecycle: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_labels: Option<&'m [std::sync::Arc<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_parent_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<Cow<'m, str>>,
    /// Members that say what the request named, and not what was found to be so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unproven: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delegation_chain: Vec<ChainHop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_hop_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_graph_epoch: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<DenialReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'m Value>,
}

/// What an event says of a mandate of the Control API.
#[derive(Serialize)]
pub(crate) struct OfControl<'m> {
    pub(crate) application_id: &'m str,
    pub(crate) application_name: &'m str,
    pub(crate) resource: &'m str,
    pub(crate) requested_scopes: &'m ScopeSet,
    pub(crate) subject_kind: &'static str,
    pub(crate) mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<&'m str>,
    /// Thumbprint of the key that was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<DenialReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<&'m Value>,
}

/// What an event says of a person's identity token.
#[derive(Serialize)]
pub(crate) struct OfFederation<'m> {
    pub(crate) application_id: &'m str,
    pub(crate) application_name: &'m str,
    pub(crate) subject_kind: &'static str,
    pub(crate) mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) federated_user_issuer: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<&'m str>,
    /// Thumbprint of the key that was proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<&'m str>,
}

/// What an event says of a launch.
#[derive(Debug, Default, Serialize)]
pub(crate) struct OfLaunch<'m> {
    pub(crate) workload_id: &'m str,
    pub(crate) workload_name: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) launch_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binding_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requested_scopes: Option<&'m ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<DenialReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) challenge_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canary_id: Option<&'m CanaryId>,
}

/// What a request for a mandate, or for the use of one, says of itself.
pub(crate) struct Named<'e> {
    /// `session`, `gateway` or `resource`.
    pub(crate) mandate_use: &'static str,
    /// Scopes asked for; a use asks for none.
    pub(crate) scopes: &'e ScopeSet,
    /// The mandate that it presents, or that was made.
    pub(crate) mandate: Option<&'e MandateClaims>,
    /// What a governed call asks for.
    pub(crate) operation: Option<&'e Operation>,
    /// The session it names.
    pub(crate) session: Option<&'e SessionId>,
    /// The delegation it names.
    pub(crate) delegation: Option<&'e DelegationId>,
}

impl<'e> OfMandate<'e> {
    /// What is said of `named` in `case`.
    ///
    /// Of an actor that was not found an event says what the request names: whoever looks for what was tried in the name of
    /// a session finds it, and that it is no more than a claim stands beside it.
    pub(crate) fn of<I>(case: &'e Case<'_>, named: &Named<'e>, about: &About<'e, Actor, I>) -> Self {
        let application = &case.application;
        let actor = about.actor;
        let session = actor.and_then(|actor| actor.session.as_deref());
        let delegation = actor.and_then(Actor::delegation);
        let claimed_session = named.session.filter(|_| actor.is_none());
        let claimed_delegation = named.delegation.filter(|_| actor.is_none());
        let unproven = [
            claimed_session.map(|_| "agent_session_id"),
            claimed_delegation.map(|_| "delegation_edge_id"),
        ];
        let epoch = || {
            let zone = &case.zone;
            let epoch = case.deps.authority.epoch(&zone.zone.id);
            epoch.max(zone.delegation_epoch)
        };
        let bound_to = match named.mandate {
            Some(claims) => claims.bound_to().map(AsRef::as_ref),
            None => case.bound_to.as_deref(),
        };
        Self {
            application_id: application.id.as_str(),
            application_name: &application.name,
            application_registration_method: application.registration_method.as_str(),
            resource: about.target,
            requested_scopes: named.scopes,
            subject_kind: "application",
            subject_id: actor.and_then(|actor| actor.person.as_deref()),
            mandate_use: named.mandate_use,
            session_id: named.mandate.map(|claims| claims.sid.as_str()),
            jti: named.mandate.map(|claims| &*claims.jti),
            jkt: bound_to,
            challenge_id: about.approval,
            canary_id: about.canary,
            agent_session_id: session
                .map(|session| Cow::Borrowed(session.id.as_str()))
                .or_else(|| claimed_session.map(|id| id::claimed(id.as_str()))),
            agent_lifecycle: session.map(|session| session.lifecycle.as_str()),
            agent_labels: session.map(|session| session.labels.as_slice()),
            agent_depth: session.map(|session| session.depth),
            agent_parent_id: session
                .and_then(|session| session.parent_id.as_ref())
                .map(AsRef::as_ref),
            delegation_edge_id: delegation
                .map(|edge| Cow::Borrowed(edge.id.as_str()))
                .or_else(|| claimed_delegation.map(|id| id::claimed(id.as_str()))),
            unproven: unproven.into_iter().flatten().collect(),
            delegation_chain: actor.map(Actor::chain).unwrap_or_default(),
            delegation_hop_count: actor
                .and_then(|actor| actor.lineage.as_ref())
                .map(|lineage| lineage.len()),
            delegation_graph_epoch: delegation.map(|_| epoch()),
            method: named.operation.map(Operation::http_method),
            path: named.operation.map(Operation::path),
            protocol: named.operation.and_then(Operation::protocol),
            call: named.operation.and_then(Operation::call),
            reason: about.reason,
            details: about.details,
        }
    }
}

/// Makes events safe before anything is answered.
///
/// # Errors
/// 503: what cannot be proven is not done.
pub(crate) async fn record(deps: &StsDeps, events: &[impl SpoolEvent + Sync]) -> Result<(), Refusal> {
    if events.is_empty() {
        return Ok(());
    }
    // Where every answer waits for the disk, the worker serves others meanwhile.
    deps.spool.append_async(events).await.map_err(|error| {
        tracing::error!(error = %caracal_service::error_chain(&error), "the audit spool refused events; denying");
        unavailable()
    })
}
