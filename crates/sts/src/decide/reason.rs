//! Reasons of policy, as the STS tells them.

use caracal_authz::DenyReason;
use caracal_wire::sts::DenialReason;

/// A reason of policy as it travels.
pub(crate) const fn of_policy(reason: DenyReason) -> DenialReason {
    match reason {
        DenyReason::RestrictionActive => DenialReason::RestrictionActive,
        DenyReason::MalformedRiskData => DenialReason::MalformedRiskData,
        DenyReason::MalformedApprovalData => DenialReason::MalformedApprovalData,
        DenyReason::ResourceNotGranted => DenialReason::ResourceNotGranted,
        DenyReason::DelegationScopeExceeded => DenialReason::DelegationScopeExceeded,
        DenyReason::ConfinementViolation => DenialReason::ConfinementViolation,
        DenyReason::RoleScopeMismatch => DenialReason::RoleScopeMismatch,
        DenyReason::MandateTargetMismatch => DenialReason::MandateTargetMismatch,
        DenyReason::NoRuleMatched => DenialReason::NoRuleMatched,
        DenyReason::NoActivePolicySet => DenialReason::NoActivePolicySet,
        DenyReason::PolicyUnusable => DenialReason::PolicyUnusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_policy_is_the_same_word_in_answers_and_evidence() {
        for reason in DenyReason::ALL {
            assert_eq!(of_policy(reason).as_str(), reason.as_str());
        }
    }
}
