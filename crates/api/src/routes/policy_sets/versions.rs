//! `GET /v1/zones/{zoneId}/policy-sets/{id}/versions[/{versionId}]`

use caracal_core::{PolicySetId, PolicySetVersionId};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Listed, Path, Sorted},
};
use caracal_wire::{
    ErrorCode, Listing,
    control::policy_sets::{ManifestEntry, SetVersionDetail, SetVersionItem},
};
use serde::Deserialize;

use super::not_found;
use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn list(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    Listed(page): Sorted<200, 500>,
) -> Result<Answer<Listing<SetVersionItem>>, Refusal> {
    let mut work = call.read().await?;
    work.policy_sets().get(&id).await?.ok_or_else(not_found)?;
    Ok(listing(work.policy_sets().versions(&id, &page).await?))
}

#[derive(Deserialize)]
pub(crate) struct Version {
    pub(super) id: PolicySetId,
    #[serde(rename = "versionId")]
    pub(super) version: PolicySetVersionId,
}

/// Readable after the set is archived, as evidence of what was in force.
pub(crate) async fn get(
    call: ZoneCall,
    Path(asked): Path<Version>,
) -> Result<Answer<SetVersionDetail>, Refusal> {
    let mut work = call.read().await?;
    let version = work.policy_sets().version(&asked.id, &asked.version).await?;
    let version = version.ok_or_else(|| {
        Refusal::of(ErrorCode::PolicySetVersionNotFound).describe("no such version of this policy set")
    })?;
    let entries = version.manifest.iter().cloned();
    let entries = entries.map(|policy_version_id| ManifestEntry { policy_version_id });
    Ok(Answer(SetVersionDetail {
        manifest_json: entries.collect(),
        policies: version.manifest.clone(),
        version: version.into(),
    }))
}
