//! One event per decision, in the spool before the answer.

use caracal_authz::{Decision, PolicySnapshot};
use caracal_core::{
    CanaryId, DelegationId, Operation, ScopeSet, SessionId, World,
    audit::{Decided, DecisionRecord, Draft, EventType, SpoolEvent},
    claims::{ChainHop, MandateClaims},
    entity::Application,
};
use caracal_service::Refusal;
use caracal_wire::sts::{DenialReason, Explanation};
use serde::Serialize;
use serde_json::Value;

use crate::{StsDeps, authenticate::unavailable, case::Case, decide::Party};

/// What every event of one request has in common.
pub(crate) struct Evidence<'e> {
    world: &'e World,
    policy: &'e PolicySnapshot,
    /// The canary whose version that is.
    canary: Option<&'e CanaryId>,
    application: &'e Application,
    party: &'e Party,
    /// What the request named and the party is not of.
    unproven: Named<'e>,
    request_id: &'e str,
    /// Scopes asked for; a use asks for none.
    scopes: &'e ScopeSet,
    /// Record of a presented or freshly made mandate.
    session_id: Option<&'e str>,
    /// Id of that mandate.
    jti: Option<&'e str>,
    /// Thumbprint of the key that the mandate is bound to.
    bound_to: Option<&'e str>,
    /// `session`, `gateway` or `resource`.
    mandate_use: &'static str,
    /// The approval that released the request.
    pub(crate) approval: Option<&'e str>,
    /// What a governed call asks for.
    pub(crate) operation: Option<&'e Operation>,
    epoch: i64,
}

/// A session and a delegation that a request names.
#[derive(Debug, Clone, Copy, Default)]
struct Named<'n> {
    session: Option<&'n SessionId>,
    delegation: Option<&'n DelegationId>,
}

impl Named<'_> {
    /// The members of an event that say them.
    fn members(self) -> Vec<&'static str> {
        let session = self.session.map(|_| "agent_session_id");
        let delegation = self.delegation.map(|_| "delegation_edge_id");
        session.into_iter().chain(delegation).collect()
    }
}

/// What an event is about.
#[derive(Serialize)]
pub(crate) struct Metadata<'m> {
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
    agent_session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_lifecycle: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_labels: Option<&'m [std::sync::Arc<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_parent_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<&'m str>,
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

impl<'e> Evidence<'e> {
    pub(crate) fn new(
        case: &'e Case<'_>,
        party: &'e Party,
        mandate_use: &'static str,
        scopes: &'e ScopeSet,
    ) -> Self {
        let epoch = case.deps.authority.epoch(&case.zone.zone.id);
        Self {
            world: &case.deps.world,
            policy: case.policy(),
            canary: case
                .zone
                .canary_for(case.application.id.as_str())
                .map(|(canary, _)| &canary.id),
            application: &case.application,
            party,
            unproven: Named::default(),
            request_id: case.request_id,
            scopes,
            session_id: None,
            jti: None,
            bound_to: case.bound_to.as_deref(),
            mandate_use,
            approval: None,
            operation: None,
            epoch: epoch.max(case.zone.delegation_epoch),
        }
    }

    /// Says which mandate the request presents or made.
    pub(crate) fn of_mandate(mut self, claims: &'e MandateClaims) -> Self {
        self.session_id = Some(claims.sid.as_str());
        self.jti = Some(&claims.jti);
        self.bound_to = claims.bound_to().map(AsRef::as_ref);
        self
    }

    /// Says what the request names, of a party that was not found. An event is searched by it, so that whoever looks for
    /// what was tried in the name of a session finds it; that it is no more than a claim stands beside it.
    pub(crate) fn claiming(mut self, references: &Explanation<'e>) -> Self {
        if let Explanation::References {
            agent_session_id,
            delegation_edge_id,
            ..
        } = *references
        {
            self.unproven = Named {
                session: agent_session_id,
                delegation: delegation_edge_id,
            };
        }
        self
    }

    /// The event of a grant of `resource`.
    pub(crate) fn allowed<'a>(
        &'a self,
        resource: &'a str,
        record: DecisionRecord<'a>,
        decision: &'a Decision,
    ) -> Draft<'a, Metadata<'a>> {
        self.decided(self.event("allow", resource, None, None), record, decision)
    }

    /// The event of a refusal. `status` is `complete` when policy decided.
    pub(crate) fn refused<'a>(
        &'a self,
        resource: &'a str,
        status: &'static str,
        reason: DenialReason,
        details: &'a Value,
    ) -> Draft<'a, Metadata<'a>> {
        let details = Some(details).filter(|details| !details.is_null());
        let mut event = self.event("deny", resource, Some(reason), details);
        event.evaluation_status = status;
        event.refused_for(reason.as_str());
        event
    }

    /// Says in `event` what policy was asked and what it said.
    pub(crate) fn decided<'a>(
        &'a self,
        event: Draft<'a, Metadata<'a>>,
        record: DecisionRecord<'a>,
        decision: &'a Decision,
    ) -> Draft<'a, Metadata<'a>> {
        let identity = self.policy.identity();
        let decided = Decided {
            policy_set_id: identity.policy_set_id.as_ref(),
            policy_set_version_id: identity.policy_set_version_id.as_ref(),
            manifest_sha: &identity.manifest_sha256,
            record,
        };
        event.decided(
            decided,
            decision.determining_policy.as_deref(),
            decision.diagnostics(),
        )
    }

    fn event<'a>(
        &'a self,
        outcome: &'static str,
        resource: &'a str,
        reason: Option<DenialReason>,
        details: Option<&'a Value>,
    ) -> Draft<'a, Metadata<'a>> {
        let session = self.party.session.as_deref();
        let delegation = self.party.delegation();
        let metadata = Metadata {
            application_id: self.application.id.as_str(),
            application_name: &self.application.name,
            application_registration_method: self.application.registration_method.as_str(),
            resource,
            requested_scopes: self.scopes,
            subject_kind: "application",
            subject_id: self.party.person.as_deref(),
            mandate_use: self.mandate_use,
            session_id: self.session_id,
            jti: self.jti,
            jkt: self.bound_to,
            challenge_id: self.approval,
            canary_id: self.canary,
            agent_session_id: session
                .map(|session| &session.id)
                .or(self.unproven.session)
                .map(AsRef::as_ref),
            agent_lifecycle: session.map(|session| session.lifecycle.as_str()),
            agent_labels: session.map(|session| session.labels.as_slice()),
            agent_depth: session.map(|session| session.depth),
            agent_parent_id: session
                .and_then(|session| session.parent_id.as_ref())
                .map(AsRef::as_ref),
            delegation_edge_id: delegation
                .map(|edge| &edge.id)
                .or(self.unproven.delegation)
                .map(AsRef::as_ref),
            unproven: self.unproven.members(),
            delegation_chain: self.party.chain(),
            delegation_hop_count: self.party.lineage.as_ref().map(|lineage| lineage.len()),
            delegation_graph_epoch: delegation.map(|_| self.epoch),
            method: self.operation.map(Operation::http_method),
            path: self.operation.map(Operation::path),
            protocol: self.operation.and_then(Operation::protocol),
            call: self.operation.and_then(Operation::call),
            reason,
            details,
        };
        Draft::new(
            self.world,
            &self.application.zone_id,
            EventType::TokenExchange,
            self.request_id,
            outcome,
            metadata,
        )
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
