//! A candidate decided beside the policy in force, on real traffic.
//!
//! Nobody waits for it: what policy was asked is copied once the answer is certain, and decided again by the candidate in
//! a task of its own. There is room for so many; what finds none is counted and left. Only a difference becomes an event,
//! and never one that a replay takes for a decision: the candidate decides nothing.

use std::sync::Arc;

use caracal_authz::{Decision, DecisionInput, record::record as record_of, replay::difference};
use caracal_core::{
    World, ZoneId,
    audit::{DecisionChange, DecisionRecord, Draft, EventType},
};
use caracal_events::spool::Spool;
use caracal_service::{
    error_chain,
    zones::{ShadowPolicy, ZoneState},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::metrics;

/// What its events have in the place of a decision: whoever looks for what was allowed or denied must not find what a
/// candidate would have said.
const DECISION: &str = "shadow";
/// Most decisions that wait for candidates at once.
const ROOM: usize = 512;

/// Decides candidates beside what is answered.
#[derive(Debug)]
pub struct Shadows {
    world: World,
    spool: Arc<Spool>,
    tasks: TaskTracker,
    room: Arc<Semaphore>,
}

/// What an event says of a difference. Three things are told apart: what the candidate would allow, what the policy in
/// force allowed, and what was carried out in the end.
#[derive(Serialize)]
struct Shadowed<'s> {
    application_id: &'s str,
    resource: &'s str,
    scopes: &'s caracal_core::ScopeSet,
    change: DecisionChange,
    allowed: bool,
    enforced: bool,
    carried_out: bool,
    policy_set_id: Option<&'s str>,
    policy_set_version_id: Option<&'s str>,
    manifest_sha: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'s str>,
}

/// One decision on its way to a candidate.
struct ShadowDecision {
    shadow: Arc<ShadowPolicy>,
    zone: ZoneId,
    request_id: String,
    record: Box<RawValue>,
    carried_out: bool,
}

impl Shadows {
    /// Writes what differs to `spool`, in tasks of `tasks`.
    pub fn new(world: World, spool: Arc<Spool>, tasks: TaskTracker) -> Self {
        Self {
            world,
            spool,
            tasks,
            room: Arc::new(Semaphore::new(ROOM)),
        }
    }

    /// Has the zone's candidate, if there is one, decide what was decided; `carried_out` says whether it was done.
    pub(crate) fn beside(
        self: &Arc<Self>,
        zone: &ZoneState,
        request_id: &str,
        input: &DecisionInput<'_>,
        decision: &Decision,
        carried_out: bool,
    ) {
        let Some(shadow) = &zone.shadow else {
            return;
        };
        if shadow.expires_at <= self.world.now() {
            return;
        }
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            return metrics::shadowed("dropped");
        };
        let Ok(record) = to_raw_value(&record_of(input, decision)) else {
            return metrics::shadowed("failed");
        };
        let beside = ShadowDecision {
            shadow: shadow.clone(),
            zone: zone.zone.id.clone(),
            request_id: request_id.to_owned(),
            record,
            carried_out,
        };
        let shadows = self.clone();
        self.tasks.spawn(async move {
            shadows.decide(&beside).await;
            drop(room);
        });
    }

    async fn decide(&self, beside: &ShadowDecision) {
        let Ok(recorded) = DecisionRecord::read(&beside.record) else {
            return metrics::shadowed("failed");
        };
        let policy = &beside.shadow.policy;
        let Some(found) = difference(policy, &recorded, beside.zone.as_str()) else {
            return metrics::shadowed("unchanged");
        };
        metrics::shadowed(found.change.as_str());
        let identity = policy.identity();
        let told = Shadowed {
            application_id: &recorded.input.principal.id,
            resource: &recorded.input.resource,
            scopes: found.scopes,
            change: found.change,
            allowed: found.allows,
            enforced: recorded.decision.effect == caracal_authz::Effect::Allow
                && recorded.decision.gates.is_empty(),
            carried_out: beside.carried_out,
            policy_set_id: identity.policy_set_id.as_ref().map(AsRef::as_ref),
            policy_set_version_id: identity.policy_set_version_id.as_ref().map(AsRef::as_ref),
            manifest_sha: &identity.manifest_sha256,
            reason: found.reason.as_deref(),
        };
        let event = Draft::new(
            &self.world,
            &beside.zone,
            EventType::PolicyShadowed,
            &beside.request_id,
            DECISION,
            told,
        );
        if let Err(error) = self.spool.append_async(&[event]).await {
            tracing::warn!(error = %error_chain(&error), "what a candidate would change is not recorded");
            metrics::shadowed("failed");
        }
    }
}
