//! One event per decision, in the spool before the answer.

use std::collections::BTreeMap;

use caracal_authz::{Decision, PolicySnapshot};
use caracal_core::{
    Operation, ScopeSet, World,
    audit::AuditEvent,
    claims::{ChainHop, MandateClaims},
    entity::Application,
};
use caracal_service::Refusal;
use caracal_wire::sts::DenialReason;
use serde::Serialize;
use serde_json::{Value, value::to_raw_value};

use crate::{StsDeps, authenticate::unavailable, case::Case, decide::Party};

/// What every event of one request has in common.
pub(crate) struct Evidence<'e> {
    world: &'e World,
    policy: &'e PolicySnapshot,
    application: &'e Application,
    party: &'e Party,
    request_id: &'e str,
    /// Scopes asked for; a use asks for none.
    pub(crate) scopes: Option<&'e ScopeSet>,
    /// Record of a presented or freshly made mandate.
    session_id: Option<&'e str>,
    /// Id of that mandate.
    jti: Option<&'e str>,
    /// `session`, `gateway` or `resource`.
    mandate_use: &'static str,
    /// What a governed call asks for.
    pub(crate) operation: Option<&'e Operation>,
    epoch: i64,
}

#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    application_name: &'m str,
    application_registration_method: &'m str,
    resource: &'m str,
    requested_scopes: &'m ScopeSet,
    subject_kind: &'static str,
    mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'m str>,
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
    #[serde(skip_serializing_if = "Value::is_null")]
    details: &'m Value,
}

impl<'e> Evidence<'e> {
    pub(crate) fn new(case: &'e Case<'_>, party: &'e Party, mandate_use: &'static str) -> Self {
        let epoch = case.deps.authority.epoch(&case.zone.zone.id);
        Self {
            world: &case.deps.world,
            policy: &case.zone.policy,
            application: &case.application,
            party,
            request_id: case.request_id,
            scopes: None,
            session_id: None,
            jti: None,
            mandate_use,
            operation: None,
            epoch: epoch.max(case.zone.delegation_epoch),
        }
    }

    /// Says which mandate the request presents or made.
    pub(crate) fn of_mandate(mut self, claims: &'e MandateClaims) -> Self {
        self.session_id = Some(claims.sid.as_str());
        self.jti = Some(&claims.jti);
        self
    }

    /// The event of an allowed decision about `resource`.
    pub(crate) fn allow(&self, resource: &str, decision: &Decision) -> AuditEvent {
        self.event("allow", "complete", resource, Some(decision), None, &Value::Null)
    }

    /// The event of a refusal. `status` is `complete` when policy decided.
    pub(crate) fn deny(
        &self,
        resource: &str,
        status: &'static str,
        reason: DenialReason,
        details: &Value,
        decision: Option<&Decision>,
    ) -> AuditEvent {
        self.event("deny", status, resource, decision, Some(reason), details)
    }

    fn event(
        &self,
        outcome: &str,
        status: &str,
        resource: &str,
        decision: Option<&Decision>,
        reason: Option<DenialReason>,
        details: &Value,
    ) -> AuditEvent {
        let mut event = AuditEvent::new(
            self.world,
            self.application.zone_id.clone(),
            "token_exchange",
            self.request_id,
            outcome,
        );
        status.clone_into(&mut event.evaluation_status);
        if let Some(decision) = decision {
            let identity = self.policy.identity();
            event.policy_set_id = identity.policy_set_id.as_ref().map(ToString::to_string);
            event.policy_set_version_id = identity.policy_set_version_id.as_ref().map(ToString::to_string);
            event.manifest_sha =
                (!identity.manifest_sha256.is_empty()).then(|| identity.manifest_sha256.to_string());
            event.determining_policies_json = to_raw_value(&decision.determining_policies()).ok();
            event.diagnostics_json = to_raw_value(&decision.diagnostics()).ok();
        } else if let Some(reason) = reason {
            event.diagnostics_json = to_raw_value(&[BTreeMap::from([("reason", reason)])]).ok();
        }
        let nothing = ScopeSet::default();
        let session = self.party.session.as_deref();
        let delegation = self.party.delegation();
        event.with_metadata(&Metadata {
            application_id: self.application.id.as_str(),
            application_name: &self.application.name,
            application_registration_method: self.application.registration_method.as_str(),
            resource,
            requested_scopes: self.scopes.unwrap_or(&nothing),
            subject_kind: "application",
            mandate_use: self.mandate_use,
            session_id: self.session_id,
            jti: self.jti,
            agent_session_id: session.map(|session| session.id.as_str()),
            agent_lifecycle: session.map(|session| session.lifecycle.as_str()),
            agent_labels: session.map(|session| session.labels.as_slice()),
            agent_depth: session.map(|session| session.depth),
            agent_parent_id: session
                .and_then(|session| session.parent_id.as_ref())
                .map(AsRef::as_ref),
            delegation_edge_id: delegation.map(|edge| edge.id.as_str()),
            delegation_chain: self.party.chain(),
            delegation_hop_count: self.party.lineage.as_ref().map(|lineage| lineage.len()),
            delegation_graph_epoch: delegation.map(|_| self.epoch),
            method: self.operation.map(Operation::http_method),
            path: self.operation.map(Operation::path),
            protocol: self.operation.and_then(Operation::protocol),
            call: self.operation.and_then(Operation::call),
            reason,
            details,
        })
    }
}

/// Makes events safe before anything is answered.
///
/// # Errors
/// 503: what cannot be proven is not done.
pub(crate) async fn record(deps: &StsDeps, events: &[AuditEvent]) -> Result<(), Refusal> {
    if events.is_empty() {
        return Ok(());
    }
    // Where every answer waits for the disk, the worker serves others meanwhile.
    deps.spool.append_async(events).await.map_err(|error| {
        tracing::error!(error = %caracal_service::error_chain(&error), "the audit spool refused events; denying");
        unavailable()
    })
}
