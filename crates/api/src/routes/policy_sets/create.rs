//! `POST /v1/zones/{zoneId}/policy-sets`

use caracal_core::{PolicySetId, entity::PolicySet};
use caracal_service::Refusal;
use serde::Deserialize;

use super::{CODE, row};
use crate::{
    answer::Answer,
    call::{ZoneCall, require_zone},
    change::Done,
    fields::{bounded, description, on_conflict},
};

#[derive(Debug, Deserialize)]
struct Body {
    name: String,
    #[serde(default)]
    description: Option<String>,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let body: Body = call.body(CODE)?;
    bounded(CODE, "name", &body.name, 512)?;
    description(CODE, body.description.as_deref())?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let set = PolicySet {
        id: PolicySetId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name,
        description: body.description,
        active_version_id: None,
        archived_at: None,
        attribution: call.made(),
    };
    change.policy_sets().create(&set).await.map_err(|error| {
        on_conflict(
            error,
            "policy_set_name_conflict",
            "another policy set of the zone has this name",
        )
    })?;
    change.commit(Done::created(set.id.as_str())).await?;
    Answer::created(&row(&set))
}
