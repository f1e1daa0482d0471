//! `POST /v1/zones/{zoneId}/policies`

use caracal_core::{
    PolicyId,
    entity::{Policy, PolicyVersion},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::{
    ErrorCode,
    control::policies::{CreatePolicy, FirstVersion, PolicyCreated},
};

use super::source;
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    fields::{RESERVED_NAME, is_reserved, on_conflict, reserved_namespace},
    zone_names::zone_names,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreatePolicy>,
) -> Result<Created<PolicyCreated>, Refusal> {
    require_zone(call.read().await?.as_mut()).await?;
    if !call.caller.is_bootstrap() && is_reserved(RESERVED_NAME, &body.name) {
        return Err(reserved_namespace(RESERVED_NAME));
    }
    let valid = source::check(&call, body.content.clone()).await?;
    let warnings = valid.warnings(Some(&zone_names(call.read().await?.as_mut(), call.now()).await?));

    let policy = Policy {
        id: PolicyId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name.0,
        description: body.description.map(|text| text.0),
        archived_at: None,
        attribution: call.made(),
    };
    let first = source::version(&call, &policy.id, body.content);
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    make(&mut change, &policy, &first).await?;
    let made = PolicyCreated {
        id: policy.id.clone(),
        version_id: first.id.clone(),
        zone_id: policy.zone_id,
        name: policy.name,
        description: policy.description,
        version: FirstVersion {
            id: first.id,
            policy_id: policy.id,
            version: 1,
            content_sha256: first.content_sha256,
            schema_version: first.schema_version,
            created_at: first.created_at,
        },
        warnings,
    };
    let id = made.id.clone();
    Ok(Created(change.answer(Done::created(id.as_str()), made).await?))
}

/// Makes it in a change that the caller commits; its source was checked.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    policy: &Policy,
    first: &PolicyVersion,
) -> Result<(), Refusal> {
    change.policies().create(policy, first).await.map_err(|error| {
        on_conflict(
            error,
            ErrorCode::PolicyNameConflict,
            "another policy of the zone has this name",
        )
    })
}
