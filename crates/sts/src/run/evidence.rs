//! What the ledger is told of a launch.

use caracal_authz::{Decision, DecisionInput, PolicySnapshot, record::record as record_of};
use caracal_core::{
    CanaryId,
    audit::{Decided, Draft, EventType},
};
use caracal_wire::sts::DenialReason;
use serde::Serialize;

use super::Launch;

/// What an event is about.
#[derive(Debug, Default, Serialize)]
pub(super) struct About<'a> {
    pub(super) workload_id: &'a str,
    pub(super) workload_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) launch_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binding_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requested_scopes: Option<&'a caracal_core::ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<DenialReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) challenge_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) canary_id: Option<&'a CanaryId>,
}

impl Launch<'_> {
    /// A decision about one credential. `status` is `complete` when policy decided.
    pub(super) fn event<'a>(
        &'a self,
        about: About<'a>,
        status: &'static str,
        decided: Option<(&'a PolicySnapshot, &DecisionInput<'a>, &'a Decision)>,
    ) -> Draft<'a, About<'a>> {
        let reason = about.reason;
        let outcome = if reason.is_some() { "deny" } else { "allow" };
        let mut event = Draft::new(
            &self.deps.world,
            &self.zone.zone.id,
            EventType::TokenExchange,
            self.request_id,
            outcome,
            about,
        )
        .undecided();
        event.evaluation_status = status;
        if let Some(reason) = reason {
            event.refused_for(reason.as_str());
        }
        let Some((policy, input, decision)) = decided else {
            return event;
        };
        let identity = policy.identity();
        let decided = Decided {
            policy_set_id: identity.policy_set_id.as_ref(),
            policy_set_version_id: identity.policy_set_version_id.as_ref(),
            manifest_sha: &identity.manifest_sha256,
            record: record_of(input, decision),
        };
        event.decided(
            decided,
            decision.determining_policy.as_deref(),
            decision.diagnostics(),
        )
    }
}
