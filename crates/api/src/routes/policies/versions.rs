//! `GET /v1/zones/{zoneId}/policies/{id}/versions[/{versionId}]`

use caracal_core::{PolicyId, PolicyVersionId};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Listed, Path, Sorted},
};
use caracal_wire::{ErrorCode, Listing, control::policies::PolicyVersionItem};
use serde::Deserialize;

use super::not_found;
use crate::{answer::listing, call::ZoneCall};

/// Versions by number, highest first unless it is asked otherwise, without their sources.
pub(crate) async fn list(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicyId>>,
    Listed(page): Sorted<200, 500>,
) -> Result<Answer<Listing<PolicyVersionItem>>, Refusal> {
    let mut work = call.read().await?;
    work.policies().get(&id).await?.ok_or_else(not_found)?;
    Ok(listing(work.policies().versions(&id, &page, 0).await?))
}

#[derive(Deserialize)]
pub(crate) struct Version {
    id: PolicyId,
    #[serde(rename = "versionId")]
    version: PolicyVersionId,
}

/// One version with its source, readable after the policy is archived as evidence of what was in force.
pub(crate) async fn get(
    call: ZoneCall,
    Path(asked): Path<Version>,
) -> Result<Answer<PolicyVersionItem>, Refusal> {
    let version = call.read().await?.policies().version(&asked.version).await?;
    let version = version.filter(|version| version.policy_id == asked.id);
    let missing = || Refusal::of(ErrorCode::PolicyVersionNotFound).describe("no such version of this policy");
    Ok(Answer(version.ok_or_else(missing)?.into()))
}
