//! Flat columns of an audit event, for `fields` and CSV.

use serde_json::Value;

/// Columns of the row itself.
const OWN: [&str; 11] = [
    "id",
    "occurred_at",
    "event_type",
    "decision",
    "evaluation_status",
    "request_id",
    "ingested_at",
    "policy_set_id",
    "policy_set_version_id",
    "manifest_sha",
    "determining_policies",
];

/// Columns taken from the metadata.
const METADATA: [&str; 35] = [
    "application_id",
    "application_name",
    "resource",
    "requested_scopes",
    "agent_session_id",
    "agent_lifecycle",
    "agent_labels",
    "delegation_edge_id",
    "delegation_hop_count",
    "method",
    "latency_ms",
    "upstream_status",
    "result_class",
    "reason",
    "trace_id",
    "provider_id",
    "connection_id",
    "upstream_host",
    "gateway_status",
    "error_kind",
    "response_bytes",
    "auth_mode",
    "subject_fingerprint",
    "subject",
    "authorized_by",
    "command",
    "subcommand",
    "challenge_id",
    "tier",
    "approver_class",
    "privacy_mode",
    "approver_subject_id",
    "subject_anchor",
    "subject_kind",
    "federated_user_issuer",
];

/// Columns told when events are read.
const TOLD: [&str; 1] = ["outcome"];

/// Every column, in the order of a CSV without `fields`.
pub(super) fn all() -> Vec<&'static str> {
    OWN.into_iter().chain(METADATA).chain(TOLD).collect()
}

/// The value of a column of a row as it is shown; absent where the event has none.
pub(super) fn cell(row: &Value, column: &str) -> Option<Value> {
    match column {
        "determining_policies" => {
            let policies = row.get("determining_policies_json")?.as_array()?;
            Some(
                policies
                    .iter()
                    .filter_map(|entry| entry.get("policy").cloned())
                    .collect(),
            )
        }
        _ if OWN.contains(&column) || TOLD.contains(&column) => {
            row.get(column).filter(|value| !value.is_null()).cloned()
        }
        _ => row
            .get("metadata_json")?
            .get(column)
            .filter(|value| !value.is_null())
            .cloned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::csv::{named, project};

    #[test]
    fn unknown_columns_are_refused_and_absent_ones_left_out() {
        for bad in ["", "id,nope", "id,,decision", "metadata_json"] {
            assert!(named(bad, &all()).is_err(), "{bad}");
        }
        let row = json!({
            "id": "1",
            "decision": "deny",
            "determining_policies_json": [{"policy": "p"}],
            "metadata_json": {"resource": "r"},
        });
        let columns = named("id, resource,tier,determining_policies", &all()).unwrap();
        assert_eq!(
            Value::Object(project(&row, &columns, cell)),
            json!({"id": "1", "resource": "r", "determining_policies": ["p"]})
        );
    }
}
