//! Sessions and delegations as clients read them.

use caracal_core::entity::{Delegation, Session};
use serde_json::{Map, Value, json};

/// What every answer about a session holds. The lease generation is always a number.
pub(crate) fn session(session: &Session) -> Map<String, Value> {
    object(json!({
        "agent_session_id": session.id,
        "zone_id": session.zone_id,
        "application_id": session.application_id,
        "parent_id": session.parent_id,
        "subject_authority_record_id": session.subject_authority_record_id,
        "lifecycle": session.lifecycle,
        "labels": session.labels,
        "status": session.status,
        "depth": session.depth,
        "ttl_seconds": session.ttl_seconds,
        "started_at": session.started_at,
        "last_heartbeat_at": session.last_heartbeat_at,
        "heartbeat_deadline_at": session.heartbeat_deadline_at,
        "lease_generation": session.lease_generation,
    }))
}

/// A session as read and listed: also what its owner said about it, and how it ended.
pub(crate) fn session_item(item: &Session) -> Value {
    let mut view = session(item);
    view.insert(
        String::from("metadata"),
        Value::Object(item.metadata_json.clone()),
    );
    view.insert(String::from("terminated_at"), json!(item.terminated_at));
    view.insert(String::from("termination_reason"), json!(item.termination_reason));
    Value::Object(view)
}

/// What every answer about a delegation holds, but its id.
fn delegation(delegation: &Delegation) -> Map<String, Value> {
    object(json!({
        "zone_id": delegation.zone_id,
        "source_session_id": delegation.source_session_id,
        "target_session_id": delegation.target_session_id,
        "issuer_application_id": delegation.issuer_application_id,
        "receiver_application_id": delegation.receiver_application_id,
        "parent_edge_id": delegation.parent_edge_id,
        "resource_id": delegation.resource_id,
        "scopes": delegation.scopes,
        "constraints_json": delegation.constraints,
        "remaining_hops": delegation.constraints.remaining_hops(),
        "status": delegation.status,
        "expires_at": delegation.expires_at,
        "edge_version": delegation.edge_version,
        "revoked_at": delegation.revoked_at,
        "created_at": delegation.created_at,
    }))
}

/// A delegation as read and listed.
pub(crate) fn delegation_item(item: &Delegation) -> Value {
    let mut view = delegation(item);
    view.insert(String::from("id"), json!(item.id));
    Value::Object(view)
}

/// A delegation as just made.
pub(crate) fn delegation_created(item: &Delegation) -> Map<String, Value> {
    let mut view = delegation(item);
    view.insert(String::from("delegation_edge_id"), json!(item.id));
    view
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
