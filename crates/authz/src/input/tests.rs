use serde_json::{Value, json};

use super::{InputError, from_input_document};

fn document() -> Value {
    json!({
        "schema_version": "2026-05-20",
        "principal": { "type": "Application", "id": "app", "zone_id": "zone", "labels": ["a"], "lifecycle": "task" },
        "resource": { "type": "Resource", "id": "r", "identifier": "https://r", "scopes": ["x"] },
        "action": { "id": "TokenExchange", "method": "GET", "path": "/" },
        "session": { "id": "record" },
        "context": { "challenge_resolved": false, "requested_scopes": null, "trace_id": "t" },
    })
}

fn changed(path: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, member) = path.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[member] = value;
    document
}

#[test]
fn a_document_of_another_version_or_type_is_refused() {
    let cases = [
        (json!([]), InputError::Invalid("input", "an object")),
        (json!({}), InputError::Missing("schema_version")),
        (
            changed("/schema_version", json!("2020-01-01")),
            InputError::Invalid("schema_version", "2026-05-20"),
        ),
        (
            changed("/principal", json!(null)),
            InputError::Missing("principal"),
        ),
        (
            changed("/principal/id", json!("")),
            InputError::Missing("principal.id"),
        ),
        (
            changed("/principal/id", json!(1)),
            InputError::Invalid("principal.id", "a string"),
        ),
        (
            changed("/principal/type", json!("User")),
            InputError::Invalid("principal.type", "Application or Workload"),
        ),
        (
            changed("/principal/labels", json!("a")),
            InputError::Invalid("principal.labels", "a list of strings"),
        ),
        (
            changed("/action/id", json!("Read")),
            InputError::Invalid("action.id", "TokenExchange or CredentialInjection"),
        ),
        (
            changed("/resource", json!("r")),
            InputError::Invalid("resource", "an object"),
        ),
        (
            changed("/context/requested_scopes", json!([1])),
            InputError::Invalid("context.requested_scopes", "a list of strings"),
        ),
        (
            changed("/context/subject_claims", json!("x")),
            InputError::Invalid("context.subject_claims", "an object"),
        ),
        (
            changed("/delegation_edge", json!({ "scopes": [] })),
            InputError::Missing("delegation_edge.id"),
        ),
    ];
    for (document, expected) in cases {
        assert_eq!(from_input_document(&document), Err(expected), "{document}");
    }
}

#[test]
fn members_that_no_rule_reads_are_ignored_and_null_counts_as_absent() {
    let read = from_input_document(&document()).unwrap();
    let input = read.as_input();
    assert_eq!(
        (input.principal.id, input.resource, input.principal.session_id),
        ("app", "https://r", None)
    );
    assert!(input.requested_scopes.is_empty() && input.delegation.is_none() && input.presented.is_none());
}
