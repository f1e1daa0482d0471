//! `GET /v1/zones/{zoneId}/access/what-can`

use std::sync::Arc;

use caracal_authz::reach;
use caracal_core::TextRule;
use caracal_service::{
    Refusal,
    front::{Answer, Paging, Query},
};
use caracal_wire::{
    ErrorCode,
    control::access::{AskWhatCan, ReachedScope, WhatCan, WhatCanItem},
};

use super::{cursor, part, policy, tiers, versions, zone};
use crate::call::ZoneCall;

/// Most labels that may be asked about.
const MAX_LABELS: usize = 32;

/// Resources of the zone alone, and scopes that they declare.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(asked): Query<AskWhatCan>,
    Paging(page): Paging<200, 500>,
) -> Result<Answer<WhatCan>, Refusal> {
    let labels = labels(asked.labels.as_deref())?;
    let zone = zone(&call).await?;
    let decides = zone.policy_for(asked.application_id.as_str());
    let part = part(decides, &page)?;
    if zone.live_application(&asked.application_id, call.now()).is_none() {
        return Err(Refusal::of(ErrorCode::ApplicationNotFound).describe("no such application in the zone"));
    }
    let found = reach::what_can(decides, asked.application_id.as_str(), &labels, part);
    let items = found.rows.into_iter().filter_map(|row| {
        let state = zone
            .resource(row.resource)
            .filter(|state| state.resource.identifier == row.resource)?;
        let declared = row
            .scopes
            .iter()
            .filter(|(scope, _)| state.resource.scopes.contains(scope));
        let scopes: Vec<_> = declared
            .map(|(scope, gates)| ReachedScope {
                scope: scope.to_string(),
                approval_tiers: tiers(gates),
            })
            .collect();
        (!scopes.is_empty()).then(|| WhatCanItem {
            resource: row.resource.to_owned(),
            label: row.label.to_owned(),
            scopes,
            policy_version_ids: versions(&row.policies),
        })
    });
    Ok(Answer(WhatCan {
        items: items.collect(),
        next_cursor: cursor(decides, found.next),
        policy: policy(&zone, decides),
    }))
}

/// Labels as they were asked for, none of them empty.
fn labels(asked: Option<&str>) -> Result<Vec<Arc<str>>, Refusal> {
    let Some(asked) = asked else { return Ok(Vec::new()) };
    let labels: Vec<Arc<str>> = asked.split(',').map(Arc::from).collect();
    let good = |label: &Arc<str>| TextRule::line(200).check(label).is_ok();
    if labels.len() > MAX_LABELS || !labels.iter().all(good) {
        let rule = format!("must be 1 to {MAX_LABELS} labels with commas between them");
        return Err(Refusal::invalid_field(ErrorCode::InvalidQuery, "labels", rule));
    }
    Ok(labels)
}
