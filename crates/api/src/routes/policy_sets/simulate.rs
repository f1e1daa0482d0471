//! `POST /v1/zones/{zoneId}/policy-sets/{id}/simulate`

use caracal_authz::{
    Decision, PolicyIdentity, PolicySnapshot, decide, explain,
    input::{INPUT_SCHEMA_VERSION, from_input_document},
};
use caracal_core::{PolicySetId, ZoneId, text::excerpt};
use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, Path},
};
use caracal_wire::control::policy_sets::{
    Evaluation, Simulate, Simulated, SimulatedDecision, SimulationExplained,
};
use serde_json::{Map, Value};

use super::bundle;
use crate::call::ZoneCall;

/// Decides one request with a version that need not be in force. Changes nothing.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    Body(Simulate { version_id, input }): Body<Simulate>,
) -> Result<Answer<Simulated>, Refusal> {
    let (version, documents) = bundle::of_version(&call, &id, &version_id).await?;
    let identity = PolicyIdentity {
        policy_set_id: Some(id.clone()),
        policy_set_version_id: Some(version_id.clone()),
        manifest_sha256: version.manifest_sha256.as_str().into(),
    };
    let policy = PolicySnapshot::build(identity, &documents);

    let warnings = input
        .as_ref()
        .map(|input| warnings(input, &call.zone))
        .unwrap_or_default();
    let (evaluation, result, reason) = match input {
        None => (Evaluation::NotExecuted, None, String::from("no input was given")),
        Some(input) => evaluate(&policy, &Value::Object(input)),
    };
    Ok(Answer(Simulated {
        dry_run: true,
        would_activate: warnings.is_empty() && evaluation != Evaluation::Failed,
        policy_set_id: id,
        version_id: version_id.clone(),
        schema_version: version.schema_version,
        input_schema_version: INPUT_SCHEMA_VERSION.into(),
        manifest_sha256: version.manifest_sha256.clone(),
        policies: version.manifest,
        warnings,
        explanation: SimulationExplained {
            evaluation,
            decision: result.as_ref().map(|result| result.decision),
            policy_set_version_id: version_id,
            manifest_sha256: version.manifest_sha256,
            reason,
        },
        result,
    }))
}

fn warnings(input: &Map<String, Value>, zone: &ZoneId) -> Vec<String> {
    let mut warnings = Vec::new();
    match input.get("schema_version").and_then(Value::as_str) {
        Some(INPUT_SCHEMA_VERSION) => {}
        other => warnings.push(format!(
            "input_schema_mismatch:{}",
            excerpt(other.unwrap_or("missing"))
        )),
    }
    let principal = input
        .get("principal")
        .and_then(|principal| principal.get("zone_id"))
        .and_then(Value::as_str);
    if principal.is_some_and(|id| id != zone.as_str()) {
        warnings.push(String::from("principal_zone_mismatch"));
    }
    for name in ["resource", "action", "context"] {
        if !input.get(name).is_some_and(Value::is_object) {
            warnings.push(format!("missing_{name}"));
        }
    }
    warnings
}

fn evaluate(policy: &PolicySnapshot, input: &Value) -> (Evaluation, Option<SimulatedDecision>, String) {
    let input = match from_input_document(input) {
        Ok(input) => input,
        Err(error) => return (Evaluation::Failed, None, error.to_string()),
    };
    let input = input.as_input();
    let decision: Decision = decide(policy, &input);
    let reason = match (decision.reason, &decision.determining_policy) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(policy)) => format!("allowed by {policy}"),
        (None, None) => String::from("allowed"),
    };
    let result = SimulatedDecision {
        decision: decision.effect,
        evaluation_status: "complete".into(),
        determining_policies: decision.determining_policies(),
        diagnostics: decision.diagnostics(),
        reason: decision.reason.map(|reason| reason.as_str().to_owned()),
        details: explain(policy, &input, &decision),
    };
    (Evaluation::Executed, Some(result), reason)
}
