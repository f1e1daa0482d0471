//! In what a call differs from the one that an approval releases.

use caracal_core::entity::Approval;
use serde_json::{Map, Value};

use super::Request;

/// The first thing that differs, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalMismatch {
    /// Another resource.
    Resource,
    /// Another session, or another delegation.
    Session,
    /// Another operation of the resource.
    Operation,
    /// The operation with something else in it.
    Arguments,
    /// The policy it is decided by is another one now.
    Policy,
}

/// In what `request` differs from what `approval` was asked for, where both are calls of the same caller. Nothing where they
/// are not, or differ in nothing that is told here.
pub fn difference(approval: &Approval, request: &Request<'_>) -> Option<ApprovalMismatch> {
    let held = approval.call.as_ref()?;
    let call = request.call?;
    if approval.principal_id != request.principal_id {
        return None;
    }
    let asked: Map<String, Value> = serde_json::from_str(approval.metadata.as_str()).ok()?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let resources = asked.get("resources").and_then(Value::as_array);
    let same_resources = resources.is_some_and(|resources| {
        let given = resources.iter().filter_map(Value::as_str);
        given.eq(request.resources.iter().copied())
    });
    let same_session = text("agent_session_id") == request.session_id.map(AsRef::as_ref)
        && text("delegation_edge_id") == request.delegation_id.map(AsRef::as_ref);
    Some(if !same_resources {
        ApprovalMismatch::Resource
    } else if !same_session {
        ApprovalMismatch::Session
    } else if !call.is_of(held) {
        ApprovalMismatch::Operation
    } else if !call.carries(held) {
        ApprovalMismatch::Arguments
    } else if text("policy_manifest_sha") != Some(request.policy.manifest_sha256.as_ref())
        || approval.binding != request.binding()
    {
        ApprovalMismatch::Policy
    } else {
        return None;
    })
}
