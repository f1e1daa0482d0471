//! What versions beside the one that decides make of an exchange.

use caracal_core::CanaryId;

use super::ExchangeKind;
use crate::{canary::Verdict, case::Context, decide::Outcome, grant::Grant};

/// Where a canary decided, counts what it said against what the version in force says.
pub(super) fn canary<K: ExchangeKind>(
    kind: &K,
    canary: Option<&CanaryId>,
    actor: &K::Actor,
    outcomes: &[Outcome<K::Granted>],
) {
    let Context { deps, zone, .. } = kind.context();
    deps.canaries.met(zone);
    let Some(canary) = canary else {
        return;
    };
    for (target, outcome) in kind.targets().zip(outcomes) {
        let in_force = || verdict(&kind.decide(zone.policy_in_force(), actor, target));
        if let Some(said) = verdict(outcome)
            && let Some(in_force) = in_force()
        {
            deps.canaries.decided(&zone.zone.id, canary, said, in_force);
        }
    }
}

/// What policy said of one target; nothing where the request ended without it.
fn verdict<G: Grant>(outcome: &Outcome<G>) -> Option<Verdict> {
    match outcome {
        Ok(granted) if !granted.tiers_of_call().is_empty() => Some(Verdict::Hold),
        Ok(granted) => granted.decision().map(Verdict::of),
        Err(denied) => denied.is_of_policy().then_some(Verdict::Deny),
    }
}

/// Has the zone's candidate decide what policy decided. What was granted is carried out only where the request `passed`.
pub(super) fn shadow<K: ExchangeKind>(
    kind: &K,
    actor: &K::Actor,
    outcomes: &[Outcome<K::Granted>],
    passed: bool,
) {
    let context = kind.context();
    // Costs nothing where nothing is tried.
    if context.zone.shadow.is_none() {
        return;
    }
    for (target, outcome) in kind.targets().zip(outcomes) {
        let (target, decision) = match outcome {
            Ok(granted) => (granted.named(target), granted.decision()),
            Err(denied) => (denied.resource.as_str(), denied.decision.as_ref()),
        };
        if let Some(decision) = decision
            && let Some(input) = kind.input(actor, target)
        {
            let carried_out = passed && outcome.is_ok();
            let shadows = &context.deps.shadows;
            shadows.beside(context.zone, context.request_id, &input, decision, carried_out);
        }
    }
}
