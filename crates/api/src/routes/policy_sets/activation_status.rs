//! `GET /v1/zones/{zoneId}/policy-sets/{id}/activation-status`

use caracal_core::{PolicySetId, PolicySetVersionId, ZoneId};
use caracal_service::{
    Refusal,
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::OutboxState;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    call::{Call, ZoneCall},
};

/// What this process decides with.
struct Loaded {
    state: &'static str,
    version: Option<String>,
    body: Value,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicySetId = call.id("id")?;
    let expected = "an id";
    let asked = call.query.parsed("version_id", expected, |text| {
        PolicySetVersionId::parse(text).ok()
    })?;
    let outbox_id = call.query.text("outbox_id", 128)?;

    let mut work = call.read().await?;
    let set =
        work.policy_sets().get(&id).await?.ok_or_else(|| {
            Refusal::not_found("policy_set_binding_not_found").describe("no such policy set")
        })?;
    let active_version_id = set.active_version_id;
    let Some(version_id) = asked.or_else(|| active_version_id.clone()) else {
        return Err(Refusal::not_found("active_policy_set_version_not_found")
            .describe("no version of this policy set is in force"));
    };
    let manifest_sha256 = match &active_version_id {
        Some(active) => work
            .policy_sets()
            .version(&id, active)
            .await?
            .map(|version| version.manifest_sha256),
        None => None,
    };
    let outbox = match &outbox_id {
        Some(id) => work.outbox().status(id).await?,
        None => None,
    };
    drop(work);

    let active = active_version_id.as_ref() == Some(&version_id);
    let loaded = loaded(&call, &call.zone, &version_id).await;
    Answer::ok(&json!({
        "zone_id": call.zone,
        "policy_set_id": id,
        "active": active,
        "active_version_id": active_version_id,
        "manifest_sha256": manifest_sha256,
        "propagation_status": propagation(active, outbox.as_ref(), &loaded, &version_id),
        "outbox": outbox_body(outbox_id.as_deref(), outbox.as_ref()),
        "sts": loaded.body,
        "version_id": version_id,
    }))
}

fn propagation(
    active: bool,
    outbox: Option<&OutboxState>,
    loaded: &Loaded,
    version: &PolicySetVersionId,
) -> &'static str {
    if !active {
        return "waiting_for_activation";
    }
    match outbox.map(|outbox| outbox.state) {
        Some("dead") => return "failed",
        Some("pending") => return "waiting_for_outbox",
        // Dispatched, or pruned since, or not asked about: what counts is what decides.
        _ => {}
    }
    match loaded.state {
        "loaded" if loaded.version.as_deref() == Some(version.as_str()) => "loaded",
        "failed" => "failed",
        _ => "waiting_for_sts",
    }
}

fn outbox_body(id: Option<&str>, outbox: Option<&OutboxState>) -> Value {
    json!({
        "id": outbox.and(id),
        "state": outbox.map_or("missing", |outbox| outbox.state),
        "attempts": outbox.map_or(0, |outbox| outbox.attempts),
        "last_error": outbox.and_then(|outbox| outbox.last_error.as_deref()),
        "dispatched_at": outbox.and_then(|outbox| outbox.dispatched_at),
    })
}

/// The picture in memory; read anew when it shows another version, since this process may not have heard yet.
async fn loaded(call: &Call, zone: &ZoneId, version: &PolicySetVersionId) -> Loaded {
    let is_it = |state: &ZoneState| state.policy.identity().policy_set_version_id.as_ref() == Some(version);
    let state = match call.role.zones.zone(zone).await {
        Ok(state) if is_it(&state) => Ok(state),
        Ok(_) => call.role.zones.reload(zone).await,
        Err(error) => Err(error),
    };
    match state {
        Ok(state) => describe(call, &state),
        Err(DirectoryError::Unknown) => Loaded {
            state: "not_loaded",
            version: None,
            body: json!({ "state": "not_loaded" }),
        },
        Err(DirectoryError::Unavailable) => Loaded {
            state: "unreachable",
            version: None,
            body: json!({ "state": "unreachable" }),
        },
    }
}

fn describe(call: &Call, zone: &ZoneState) -> Loaded {
    let identity = zone.policy.identity();
    let version = identity
        .policy_set_version_id
        .as_ref()
        .map(|id| id.as_str().to_owned());
    let state = match (zone.policy.unusable_reason(), &version) {
        (Some(_), _) => "failed",
        (None, None) => "not_loaded",
        (None, Some(_)) => "loaded",
    };
    let body = json!({
        "state": state,
        "loaded": state == "loaded",
        "zone_id": zone.zone.id,
        "policy_set_version_id": version,
        "manifest_sha256": identity.manifest_sha256,
        "loaded_at": zone.loaded_at,
        "age_seconds": call.now().since(zone.loaded_at).as_secs(),
        "detail": zone.policy.unusable_reason(),
    });
    Loaded { state, version, body }
}
