/** The smallest change that would let a refused request through, where that should be. */
export const REMEDIES: Readonly<Record<string, string>> = {
  no_active_policy_set: "No policy is in force in this zone. Put one in force under Policies.",
  no_rule_matched:
    "No grant names this application, resource and scope together. Add a grant under Policies.",
  resource_not_granted:
    "The policy grants nothing on this resource to this application. Add a grant under Policies.",
  role_scope_mismatch:
    "The role of the session does not hold this scope. Add the scope to the role's grant, or ask for less.",
  delegation_scope_exceeded:
    "The delegation hands on less than was asked for. Delegate the scope, or ask for less.",
  confinement_violation: "The session's labels confine it elsewhere. Change the confinement, or the labels.",
  argument_out_of_bounds:
    "An argument is past what the policy's `arguments` allow. Change the bound under Policies, or the argument.",
  arguments_not_read:
    "The policy bounds the tools of this resource, and the call says nothing of its arguments. Declare its messages under Resources.",
  restriction_active:
    "A restriction of the policy is in force. Lift it under Policies once its reason is gone.",
  session_revoked: "The session, or something it stands on, has ended. The agent has to start another one.",
  operation_not_permitted:
    "The resource does not declare this operation. Declare it under Resources if it should be allowed.",
  resource_not_found:
    "No resource has this identifier. Check the agent's configuration, or declare the resource.",
  scope_mismatch: "The resource does not have this scope. Ask for one of its scopes.",
  replay_detected: "The mandate was used before. Each call needs a mandate of its own.",
  credential_not_provisioned: "The provider has no credential. Set it under Providers.",
  provider_unavailable: "The provider does not answer. Look at it under Providers.",
  rate_limited: "It was asked for too often. Slow the agent down, or raise the limit.",
};
