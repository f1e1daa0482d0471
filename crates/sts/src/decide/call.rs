//! What policy says of one call beside its decision: who has to approve it, and what it may carry.

use caracal_authz::{ArgumentDenial, PolicySnapshot, approval::ApprovalTier};
use caracal_core::Operation;
use caracal_service::zones::ResourceState;
use caracal_wire::sts::{DenialReason, Explanation};
use serde_json::Value;

use super::{Denied, Outcome};
use crate::case::{Content, GovernedCall};

/// The tiers that the call falls under. A person approves a call that was read whole: what the Gateway did not say cannot
/// be shown, nor held to.
pub(super) fn gates(
    policy: &PolicySnapshot,
    resource: &ResourceState,
    call: &GovernedCall<'_>,
) -> Outcome<Vec<ApprovalTier>> {
    let identifier = resource.resource.identifier.as_str();
    if !policy.gates_operations(identifier) {
        return Ok(Vec::new());
    }
    let deny = |reason| {
        let details = Explanation::Resource { resource: identifier };
        Err(Denied::of_facts(identifier, reason, details))
    };
    let Ok(gates) = policy.operation_tiers(identifier, call.operation) else {
        return deny(DenialReason::MalformedOperationRisk);
    };
    // Where anything may be called, something may be called by another name.
    if !resource.enforces_operations() {
        return deny(DenialReason::OperationsNotEnforced);
    }
    if !gates.is_empty() && matches!(call.content, Content::Unsaid) {
        return deny(DenialReason::CallNotRead);
    }
    Ok(gates.into_vec())
}

/// What a tool is called with stays within what policy says of it. It is no part of the recorded decision: arguments may
/// be anybody's secrets, so evidence has what they were refused for and not what they were.
pub(super) fn within_bounds(
    policy: &PolicySnapshot,
    resource: &ResourceState,
    call: &GovernedCall<'_>,
) -> Outcome<()> {
    let identifier = resource.resource.identifier.as_str();
    if !policy.bounds_arguments(identifier) {
        return Ok(());
    }
    let deny = |reason, details: Value| Err(Denied::of_facts(identifier, reason, details));
    let unread = || {
        let details = Explanation::Resource { resource: identifier };
        deny(DenialReason::ArgumentsNotRead, details.into())
    };
    let tool = match call.operation {
        Operation::Mcp { call } => call.strip_prefix("tools/call:"),
        // What has no body calls no tool.
        Operation::Http { method, .. }
            if matches!(method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS") =>
        {
            None
        }
        Operation::Http { .. } | Operation::Grpc { .. } | Operation::WebSocket { .. } => return unread(),
    };
    let Some(tool) = tool else {
        return if resource.reads_mcp() { Ok(()) } else { unread() };
    };
    let Some(Ok(arguments)) = call.arguments.map(serde_json::from_str::<Value>) else {
        return unread();
    };
    match policy.check_arguments(identifier, tool, &arguments) {
        Ok(()) => Ok(()),
        Err(ArgumentDenial::Malformed) => deny(DenialReason::MalformedArgumentData, Value::Null),
        Err(ArgumentDenial::OutOfBounds {
            argument,
            bound,
            limit,
        }) => {
            let details = Explanation::Argument {
                tool,
                argument,
                bound,
                limit,
            };
            deny(DenialReason::ArgumentOutOfBounds, details.into())
        }
    }
}
