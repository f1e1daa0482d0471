//! What versions beside the one that decides make of an exchange.

use super::ExchangeKind;
use crate::{
    case::Case,
    decide::{Granted, Outcome, Party, verdict},
};

/// Where a canary decided, counts what it said against what the version in force says.
pub(super) fn canary<K: ExchangeKind>(
    case: &Case<'_>,
    kind: &K,
    party: &Party,
    outcomes: &[Outcome<Granted>],
) {
    let canaries = &case.deps.canaries;
    let Some(canary) = canaries.met(&case.zone, case.application.id.as_str()) else {
        return;
    };
    for (resource, outcome) in kind.resources().zip(outcomes) {
        let in_force = || verdict(&kind.decide(case, case.zone.policy_in_force(), party, resource));
        if let Some(said) = verdict(outcome)
            && let Some(in_force) = in_force()
        {
            canaries.decided(&case.zone.zone.id, canary, said, in_force);
        }
    }
}

/// Has the zone's candidate decide what policy decided. What was granted is carried out only where the request `passed`.
pub(super) fn shadow<K: ExchangeKind>(
    case: &Case<'_>,
    kind: &K,
    party: &Party,
    outcomes: &[Outcome<Granted>],
    passed: bool,
) {
    // Costs nothing where nothing is tried.
    if case.zone.shadow.is_none() {
        return;
    }
    for outcome in outcomes {
        let (resource, decision) = match outcome {
            Ok(granted) => (&granted.resource.resource.identifier, Some(&granted.decision)),
            Err(denied) => (&denied.resource, denied.decision.as_ref()),
        };
        if let Some(decision) = decision {
            let input = kind.input(case, party, resource);
            let carried_out = passed && outcome.is_ok();
            let shadows = &case.deps.shadows;
            shadows.beside(&case.zone, case.request_id, &input, decision, carried_out);
        }
    }
}
