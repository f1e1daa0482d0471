//! `GET /v1/zones/{zoneId}/policies/{id}/versions[/{versionId}]`

use caracal_core::{PolicyId, PolicyVersionId, entity::ListedPolicyVersion};
use caracal_service::Refusal;
use serde_json::Value;

use super::{not_found, version_row};
use crate::{answer::Answer, call::ZoneCall};

/// Versions by number, highest first, without their sources.
pub(crate) async fn list(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicyId = call.id("id")?;
    let page = call.query.page(200, 500)?;
    let mut work = call.read().await?;
    work.policies().get(&id).await?.ok_or_else(not_found)?;
    let read = work.policies().versions(&id, &page, 0).await?;
    let rows: Vec<Value> = read.items.iter().map(version_row).collect();
    Answer::values(&rows, read.next.as_ref())
}

/// One version with its source, readable after the policy is archived as evidence of what was in force.
pub(crate) async fn get(call: ZoneCall) -> Result<Answer, Refusal> {
    let policy: PolicyId = call.id("id")?;
    let id: PolicyVersionId = call.id("versionId")?;
    let version = call
        .read()
        .await?
        .policies()
        .version(&id)
        .await?
        .filter(|version| version.policy_id == policy)
        .ok_or_else(|| {
            Refusal::not_found("policy_version_not_found").describe("no such version of this policy")
        })?;
    Answer::ok(&version_row(&ListedPolicyVersion {
        id: version.id,
        policy_id: version.policy_id,
        version: version.version,
        content_bytes: version.content.len() as u64,
        content: Some(version.content),
        content_sha256: version.content_sha256,
        schema_version: version.schema_version,
        created_by: version.created_by,
        created_at: version.created_at,
    }))
}
