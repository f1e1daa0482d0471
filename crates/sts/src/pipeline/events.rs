//! What is written down of an exchange: one event for each target, or one about the whole, by one encoding.

use caracal_authz::{Decision, PolicySnapshot, record::record as record_of};
use caracal_core::{
    CanaryId,
    audit::{Decided, Determining, Draft},
};
use caracal_wire::sts::DenialReason;
use serde_json::Value;

use super::ExchangeKind;
use crate::{
    decide::{Denied, Outcome},
    evidence::{About, Metadata},
    grant::Grant as _,
    stopped::Why,
};

type Event<'e> = Draft<'e, Metadata<'e>>;

/// What all events of one request have in common.
pub(super) struct RequestEvents<'e, K: ExchangeKind> {
    pub(super) kind: &'e K,
    /// The policy that decides.
    pub(super) policy: &'e PolicySnapshot,
    /// The canary whose version that is, where it is one's.
    pub(super) canary: Option<&'e CanaryId>,
    /// Absent where nobody was found to act.
    pub(super) actor: Option<&'e K::Actor>,
    pub(super) issued: Option<&'e K::Issued>,
    /// The approval that released the request.
    pub(super) approval: Option<&'e str>,
}

impl<'e, K: ExchangeKind> RequestEvents<'e, K> {
    /// Of a request that nobody was found to act in, and nothing was issued for.
    pub(super) fn of(kind: &'e K) -> Self {
        let (policy, canary) = kind.context().policy_and_canary();
        Self {
            kind,
            policy,
            canary,
            actor: None,
            issued: None,
            approval: None,
        }
    }

    /// An event for each target.
    pub(super) fn of_targets(&self, outcomes: &'e [Outcome<K::Granted>]) -> Vec<Event<'e>> {
        let targets = self.kind.targets().zip(outcomes);
        let event = |(target, outcome): (&'e str, &'e Outcome<K::Granted>)| match outcome {
            Ok(granted) => self.granted(target, granted),
            Err(denied) => self.denied(denied),
        };
        targets.map(event).collect()
    }

    /// The event of a request that ended as a whole.
    pub(super) fn of_whole(&self, why: &'e Why) -> Event<'e> {
        let target = self.kind.targets().next().unwrap_or_default();
        let mut event = self.deny(target, (why.status, why.reason), &why.details);
        if let Some(cause) = &why.cause {
            event.refused_because(why.status, cause);
        }
        event
    }

    fn granted(&self, target: &'e str, granted: &'e K::Granted) -> Event<'e> {
        let target = granted.named(target);
        let event = self.event("allow", target, None, None);
        if let Some(decision) = granted.decision() {
            return self.decided(event, target, decision);
        }
        let mut event = event.undecided();
        event.determining_policies_json = Some(Determining(granted.rule()));
        event
    }

    fn denied(&self, denied: &'e Denied) -> Event<'e> {
        let why = (denied.status(), Some(denied.reason));
        let event = self.deny(&denied.resource, why, &denied.details);
        match &denied.decision {
            Some(decision) => self.decided(event, &denied.resource, decision),
            None => event,
        }
    }

    fn deny(
        &self,
        target: &'e str,
        (status, reason): (&'static str, Option<DenialReason>),
        details: &'e Value,
    ) -> Event<'e> {
        let details = Some(details).filter(|details| !details.is_null());
        let mut event = self.event("deny", target, reason, details);
        if K::LISTS_POLICIES {
            event.determining_policies_json = Some(Determining::default());
        }
        event.evaluation_status = status;
        event.refused_for(reason.map_or(status, DenialReason::as_str));
        event
    }

    /// Says in `event` what policy was asked and what it said.
    fn decided(&self, event: Event<'e>, target: &'e str, decision: &'e Decision) -> Event<'e> {
        let input = self.actor.and_then(|actor| self.kind.input(actor, target));
        let Some(input) = input else {
            return event;
        };
        let identity = self.policy.identity();
        let decided = Decided {
            policy_set_id: identity.policy_set_id.as_ref(),
            policy_set_version_id: identity.policy_set_version_id.as_ref(),
            manifest_sha: &identity.manifest_sha256,
            record: record_of(&input, decision),
        };
        event.decided(
            decided,
            decision.determining_policy.as_deref(),
            decision.diagnostics(),
        )
    }

    fn event(
        &self,
        outcome: &'static str,
        target: &'e str,
        reason: Option<DenialReason>,
        details: Option<&'e Value>,
    ) -> Event<'e> {
        let context = self.kind.context();
        let metadata = self.kind.metadata(&About {
            actor: self.actor,
            issued: self.issued,
            canary: self.canary,
            approval: self.approval,
            target,
            reason,
            details,
        });
        Draft::new(
            &context.deps.world,
            &context.zone.zone.id,
            K::EVENT,
            context.request_id,
            outcome,
            metadata,
        )
    }
}
