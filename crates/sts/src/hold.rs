//! Where an exchange that policy allows waits for a person.

use caracal_wire::sts::DenialReason;

use crate::decide::{Denied, Granted, Outcome, Stage};

/// Takes back what policy grants only with a person's approval. Nobody can be asked by this build, and waiting for
/// nobody is a denial.
pub(crate) fn hold(outcomes: &mut [Outcome<Granted>]) {
    for outcome in outcomes {
        if let Ok(granted) = outcome
            && !granted.decision.gates.is_empty()
        {
            *outcome = Err(Box::new(Denied {
                resource: granted.resource.resource.identifier.clone(),
                stage: Stage::Approval,
                reason: DenialReason::ApprovalRequired,
                details: granted.decision.diagnostics(),
                decision: Some(granted.decision.clone()),
            }));
        }
    }
}
