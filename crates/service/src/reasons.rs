//! What a machine-readable reason says, whoever gave it.

use caracal_authz::DenyReason;
use caracal_wire::{gateway::Reason, sts::DenialReason};

/// The sentence of a reason of policy, of the STS beside it, or of the Gateway; nothing for a word that none of them says.
pub fn sentence(word: &str) -> Option<String> {
    let of_policy = DenyReason::ALL.into_iter().find(|reason| reason.as_str() == word);
    let of_sts = || DenialReason::ALL.iter().find(|reason| reason.as_str() == word);
    let of_gateway = || Reason::ALL.iter().find(|reason| reason.as_str() == word);
    of_policy
        .map(|reason| reason.to_string())
        .or_else(|| of_sts().map(|reason| reason.sentence().to_owned()))
        .or_else(|| of_gateway().map(|reason| reason.sentence().to_owned()))
}

#[cfg(test)]
mod tests {
    use caracal_authz::remedy::Gate;

    use super::*;

    #[test]
    fn every_gate_is_a_reason_that_somebody_gives() {
        for gate in Gate::ALL {
            assert!(sentence(gate.as_str()).is_some(), "{gate}");
        }
    }
}
