//! `GET /v1/zones/{zoneId}/policy-sets/{id}`

use caracal_core::PolicySetId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::policy_sets::PolicySetItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
) -> Result<Answer<PolicySetItem>, Refusal> {
    let set = call.read().await?.policy_sets().get(&id).await?;
    Ok(Answer(set.ok_or_else(not_found)?.into()))
}
