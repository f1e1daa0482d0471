//! `POST /v1/zones/{zoneId}/policies`

use caracal_core::{PolicyId, entity::Policy};
use caracal_service::Refusal;
use serde::Deserialize;
use serde_json::json;

use super::{CODE, MAX_NAME, source};
use crate::{
    answer::Answer,
    call::{ZoneCall, require_zone},
    change::Done,
    fields::{RESERVED_NAME, bounded, description, is_reserved, on_conflict, reserved_namespace},
    zone_names::zone_names,
};

#[derive(Debug, Deserialize)]
struct Body {
    name: String,
    #[serde(default)]
    description: Option<String>,
    content: String,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    require_zone(call.read().await?.as_mut()).await?;
    let body: Body = call.body(CODE)?;
    bounded(CODE, "name", &body.name, MAX_NAME)?;
    description(CODE, body.description.as_deref())?;
    if body.content.is_empty() {
        return Err(Refusal::invalid_field(CODE, "content", "must not be empty"));
    }
    if !call.caller.is_bootstrap() && is_reserved(RESERVED_NAME, &body.name) {
        return Err(reserved_namespace(RESERVED_NAME));
    }
    let valid = source::check(&call, body.content.clone()).await?;
    let warnings = valid.warnings(&zone_names(call.read().await?.as_mut()).await?);

    let policy = Policy {
        id: PolicyId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name,
        description: body.description,
        archived_at: None,
        attribution: call.made(),
    };
    let first = source::version(&call, &policy.id, body.content);
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    change.policies().create(&policy, &first).await.map_err(|error| {
        on_conflict(
            error,
            "policy_name_conflict",
            "another policy of the zone has this name",
        )
    })?;
    change.commit(Done::created(policy.id.as_str())).await?;
    Answer::created(&json!({
        "id": policy.id,
        "version_id": first.id,
        "zone_id": policy.zone_id,
        "name": policy.name,
        "description": policy.description,
        "version": {
            "id": first.id,
            "policy_id": policy.id,
            "version": 1,
            "content_sha256": first.content_sha256,
            "schema_version": first.schema_version,
            "created_at": first.created_at,
        },
        "warnings": warnings,
    }))
}
