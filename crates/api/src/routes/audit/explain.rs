//! `GET /v1/zones/{zoneId}/audit/by-request/{requestId}/explain`

use caracal_authz::{
    input::{INPUT_SCHEMA_VERSION, input_document},
    record::recorded_input,
};
use caracal_core::audit::{AuditEvent, EventType};
use caracal_service::{
    Refusal,
    front::{Answer, Path},
    reasons::sentence,
};
use caracal_storage::{AuditRow, PageKey, PageRequest};
use caracal_wire::control::audit::{Explained, ExplainedDenial};
use serde_json::{Map, Value, json};

use super::{ByRequest, no_events, outcome, remedies::Remedies};
use crate::{
    call::ZoneCall,
    redact::{document, redacted},
};

/// Events of a page.
const EVENTS: u32 = 1000;
/// Pages looked at for how the request ended. One with more events shares its id with others.
const PAGES: usize = 8;
/// Bytes of events after which further denials are left out.
const DENIED_BYTES: usize = 512 * 1024;

/// Why a request ended as it did: the denials with their reasons, and an input to simulate each with.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<ByRequest>,
) -> Result<Answer<Explained>, Refusal> {
    let mut work = call.read().await?;
    let mut page = PageRequest::first(EVENTS);
    let first = work.ledger().by_request(&asked.request, &page).await?;
    if first.items.is_empty() {
        return Err(no_events());
    }
    let events = outcome::shown(&call, work.as_mut(), &first.items).await?;
    let next_cursor = first.next.as_ref().map(PageKey::to_cursor);
    let (mut denials, mut denied_bytes, mut last) = (Vec::new(), 0, String::new());
    let mut read = first;
    for _ in 1..=PAGES {
        // What a candidate would have said is no end of a request.
        let decided = |row: &&AuditRow| row.event.event_type != EventType::PolicyShadowed;
        for row in read.items.iter().filter(decided) {
            last.clone_from(&row.event.decision);
            if last == "deny" && denied_bytes <= DENIED_BYTES {
                denied_bytes += row.received.len();
                denials.push((row.event.clone(), denial(row)));
            }
        }
        let Some(next) = read.next else { break };
        page.after = Some(next);
        read = work.ledger().by_request(&asked.request, &page).await?;
    }
    drop(work);
    let mut remedies = Remedies::new(&call);
    let mut denied = Vec::new();
    for (event, mut denial) in denials {
        remedies.add(&event, &mut denial).await?;
        denied.push(denial);
    }
    let final_decision = match (denied.is_empty(), last.as_str()) {
        (false, _) => "deny",
        (true, "") => "unknown",
        (true, decision) => decision,
    };
    Ok(Answer(Explained {
        final_decision: final_decision.to_owned(),
        request_id: asked.request,
        zone_id: call.zone.clone(),
        denied,
        outcome: events.iter().find_map(|event| event.outcome),
        events,
        next_cursor,
    }))
}

fn denial(stored: &AuditRow) -> ExplainedDenial {
    let event = &stored.event;
    let or = |value: Value, empty: Value| if value.is_null() { empty } else { value };
    let metadata = document(event.metadata_json.as_deref());
    let diagnostics = or(
        document(event.diagnostics_json.as_deref()),
        Value::Array(Vec::new()),
    );
    let determining = document(event.determining_policies_json.as_deref());
    let reason = machine_reason(&diagnostics, &metadata);
    let explanation = reason.as_deref().and_then(sentence);
    ExplainedDenial {
        event_id: event.id.clone(),
        event_type: event.event_type.to_string(),
        evaluation_status: event.evaluation_status.clone(),
        reason,
        explanation,
        details: details(&diagnostics, &metadata),
        determining_policies: or(determining, Value::Array(Vec::new())),
        diagnostics,
        metadata: or(
            redacted(event.metadata_json.as_deref()),
            Value::Object(Map::new()),
        ),
        policy_input: policy_input(event, &metadata),
        read: Vec::new(),
        suggestion: None,
    }
}

/// The reason word of the diagnostics, else of the metadata.
fn machine_reason(diagnostics: &Value, metadata: &Value) -> Option<String> {
    let in_diagnostics = diagnostics
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|entry| entry.get("reason").and_then(Value::as_str));
    in_diagnostics
        .or_else(|| metadata.get("reason").and_then(Value::as_str))
        .map(str::to_owned)
}

/// What the denial was about, where the decision recorded it.
fn details(diagnostics: &Value, metadata: &Value) -> Value {
    let in_diagnostics = diagnostics
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|entry| entry.get("details"));
    in_diagnostics
        .or_else(|| metadata.get("details"))
        .cloned()
        .unwrap_or(Value::Null)
}

/// The input of the decision, ready to simulate: as it was recorded, or as far as the metadata of an event tells it that
/// policy was not asked about.
fn policy_input(event: &AuditEvent, metadata: &Value) -> Value {
    let zone = event.zone_id.as_str();
    if let Some(Ok(record)) = event.record() {
        return input_document(&recorded_input(&record.input, zone));
    }
    let kept = |name: &str| metadata.get(name).filter(|value| !value.is_null()).cloned();
    // The Gateway knows an application as the client of a mandate.
    let application = kept("application_id").or_else(|| kept("client_id"));
    let named = |value: &Option<Value>| {
        value
            .as_ref()
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if !named(&application) || !named(&kept("resource")) {
        return Value::Null;
    }
    let scopes = kept("requested_scopes").unwrap_or_else(|| json!([]));
    let mut principal = Map::new();
    principal.insert(String::from("type"), json!("Application"));
    principal.insert(String::from("id"), json!(application));
    principal.insert(String::from("zone_id"), json!(zone));
    let renamed = [
        ("registration_method", "registration_method"),
        ("agent_session_id", "agent_session_id"),
        ("lifecycle", "agent_lifecycle"),
        ("labels", "agent_labels"),
    ];
    for (name, source) in renamed {
        if let Some(value) = kept(source) {
            principal.insert(name.to_owned(), value);
        }
    }
    let mut context = Map::new();
    context.insert(String::from("actor_claims"), json!({}));
    context.insert(String::from("requested_scopes"), scopes.clone());
    context.insert(String::from("challenge_resolved"), json!(false));
    for name in ["session_id", "agent_session_id", "delegation_edge_id"] {
        if let Some(value) = kept(name) {
            context.insert(name.to_owned(), value);
        }
    }
    let mut input = json!({
        "schema_version": INPUT_SCHEMA_VERSION,
        "principal": principal,
        "resource": { "type": "Resource", "identifier": kept("resource"), "scopes": scopes },
        "action": { "id": "TokenExchange" },
        "context": context,
    });
    if let Some(id) = kept("session_id") {
        input["session"] = json!({ "id": id });
    }
    if let Some(id) = kept("delegation_edge_id") {
        input["delegation_edge"] = json!({ "id": id });
    }
    input
}
