//! `GET /v1/zones/{zoneId}/access/who-can`

use caracal_authz::reach;
use caracal_core::ApplicationId;
use caracal_service::{
    Refusal,
    front::{Answer, Paging, Query},
};
use caracal_wire::{
    ErrorCode,
    control::access::{AskWhoCan, WhoCan, WhoCanItem},
};

use super::{Everybody, policy, tiers, versions, zone};
use crate::call::ZoneCall;

/// Applications of the zone alone, which can act now.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(asked): Query<AskWhoCan>,
    Paging(page): Paging<200, 500>,
) -> Result<Answer<WhoCan>, Refusal> {
    let zone = zone(&call).await?;
    let everybody = Everybody::of(&zone);
    let resource = zone
        .resource(&asked.resource)
        .filter(|state| state.resource.identifier == *asked.resource)
        .ok_or_else(|| Refusal::of(ErrorCode::ResourceNotFound).describe("no such resource in the zone"))?;
    let mut answer = WhoCan {
        items: Vec::new(),
        next_cursor: None,
        policy: policy(&zone, zone.policy_in_force()),
    };
    // What the resource does not declare nobody is given.
    if !resource.resource.scopes.contains(&asked.scope) {
        return Ok(Answer(answer));
    }
    let found = everybody.page(
        &page,
        |policy, part| reach::who_can(policy, &asked.resource, &asked.scope, part),
        |row| row.application_id,
    )?;
    answer.next_cursor = everybody.cursor(found.next);
    let now = call.now();
    answer.items.extend(found.rows.into_iter().filter_map(|row| {
        let id = ApplicationId::parse(row.application_id).ok()?;
        let application = zone.live_application(&id, now)?;
        Some(WhoCanItem {
            application_name: application.name.clone(),
            application_id: id,
            label: row.label.to_owned(),
            approval_tiers: tiers(&row.gates),
            policy_version_ids: versions(&row.policies),
        })
    }));
    Ok(Answer(answer))
}
