//! `GET /v1/zones/{zoneId}/policy-sets/{id}`

use caracal_core::PolicySetId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::policy_sets::PolicySetItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
) -> Result<Versioned<PolicySetItem>, Refusal> {
    let set = call.read().await?.policy_sets().get(&id).await?;
    let set = set.ok_or_else(not_found)?;
    let version = set.attribution.version;
    Ok(Versioned(set.into(), version))
}
