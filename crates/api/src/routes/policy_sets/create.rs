//! `POST /v1/zones/{zoneId}/policy-sets`

use caracal_core::{PolicySetId, entity::PolicySet};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::{
    ErrorCode,
    control::policy_sets::{CreatePolicySet, PolicySetItem},
};

use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    fields::on_conflict,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreatePolicySet>,
) -> Result<Created<PolicySetItem>, Refusal> {
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let set = PolicySet {
        id: PolicySetId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name.0,
        description: body.description.map(|text| text.0),
        active_version_id: None,
        archived_at: None,
        attribution: call.made(),
    };
    make(&mut change, &set).await?;
    let id = set.id.clone();
    let made = change.answer(Done::created(id.as_str()), set.into()).await?;
    Ok(Created(made))
}

/// Makes it in a change that the caller commits.
pub(in crate::routes) async fn make(change: &mut ZoneChange<'_>, set: &PolicySet) -> Result<(), Refusal> {
    change.policy_sets().create(set).await.map_err(|error| {
        on_conflict(
            error,
            ErrorCode::PolicySetNameConflict,
            "another policy set of the zone has this name",
        )
    })
}
