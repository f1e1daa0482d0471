//! What policy says of one call beside its decision: who has to approve it, what it may carry, and what it uses up.

use std::sync::Arc;

use caracal_authz::{
    ArgumentDenial, MalformedBudgets, PolicySnapshot, approval::ApprovalTier, document::Budget,
};
use caracal_core::Operation;
use caracal_lifecycle::budgets::Spending;
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
    let Some(tool) = tool(resource, call)? else {
        return Ok(());
    };
    let arguments = arguments(resource, call)?;
    policy
        .check_arguments(identifier, tool, &arguments)
        .map_err(|denial| out_of_bounds(identifier, tool, denial))
}

/// What the call takes out of budgets. Where calls are counted, what could be one by another name is none.
pub(super) fn spending(
    policy: &PolicySnapshot,
    resource: &ResourceState,
    call: &GovernedCall<'_>,
) -> Outcome<Vec<Spending>> {
    let identifier = resource.resource.identifier.as_str();
    if !policy.counts_calls(identifier) {
        return Ok(Vec::new());
    }
    let deny = |reason| {
        let details = Explanation::Resource { resource: identifier };
        Denied::of_facts(identifier, reason, details)
    };
    let budgets = policy
        .budgets(identifier, call.operation)
        .map_err(|MalformedBudgets| deny(DenialReason::MalformedBudgetData))?;
    if !resource.enforces_operations() {
        return Err(deny(DenialReason::OperationsNotEnforced));
    }
    let tool = if policy.counts_messages(identifier) {
        tool(resource, call)?
    } else {
        None
    };
    let added_up = match tool.filter(|_| budgets.iter().any(|budget| budget.max_sum().is_some())) {
        Some(tool) => Some((tool, arguments(resource, call)?)),
        None => None,
    };
    let spend = |budget: Arc<Budget>| {
        let amount = match &added_up {
            Some((tool, arguments)) => budget
                .amount(arguments)
                .map_err(|denial| out_of_bounds(identifier, tool, denial))?,
            None => 0,
        };
        Ok(Spending { budget, amount })
    };
    budgets.into_iter().map(spend).collect()
}

/// The tool that is called, where one is. Refuses what may call one without saying so.
fn tool<'c>(resource: &ResourceState, call: &GovernedCall<'c>) -> Outcome<Option<&'c str>> {
    let tool = match call.operation {
        Operation::Mcp { call } => call.strip_prefix("tools/call:"),
        // What has no body calls no tool.
        Operation::Http { method, .. }
            if matches!(method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS") =>
        {
            None
        }
        Operation::Http { .. } | Operation::Grpc { .. } | Operation::WebSocket { .. } => {
            return Err(unread(resource));
        }
    };
    if tool.is_none() && !resource.reads_mcp() {
        return Err(unread(resource));
    }
    Ok(tool)
}

/// What it is called with.
fn arguments(resource: &ResourceState, call: &GovernedCall<'_>) -> Outcome<Value> {
    let arguments = call.arguments.and_then(|text| serde_json::from_str(text).ok());
    arguments.ok_or_else(|| unread(resource))
}

fn unread(resource: &ResourceState) -> Box<Denied> {
    let resource = resource.resource.identifier.as_str();
    Denied::of_facts(
        resource,
        DenialReason::ArgumentsNotRead,
        Explanation::Resource { resource },
    )
}

fn out_of_bounds(identifier: &str, tool: &str, denial: ArgumentDenial) -> Box<Denied> {
    match denial {
        ArgumentDenial::Malformed => {
            Denied::of_facts(identifier, DenialReason::MalformedArgumentData, Value::Null)
        }
        ArgumentDenial::OutOfBounds {
            argument,
            bound,
            limit,
        } => {
            let details = Explanation::Argument {
                tool,
                argument,
                bound,
                limit,
            };
            Denied::of_facts(identifier, DenialReason::ArgumentOutOfBounds, details)
        }
    }
}
