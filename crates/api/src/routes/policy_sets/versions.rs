//! `GET /v1/zones/{zoneId}/policy-sets/{id}/versions[/{versionId}]`

use caracal_core::{PolicySetId, PolicySetVersionId, entity::PolicySetVersion};
use caracal_service::Refusal;
use serde_json::{Value, json};

use super::{ManifestEntry, not_found};
use crate::{answer::Answer, call::ZoneCall};

fn row(version: &PolicySetVersion) -> Value {
    json!({
        "id": version.id,
        "policy_set_id": version.policy_set_id,
        "version": version.version,
        "manifest_sha256": version.manifest_sha256,
        "schema_version": version.schema_version,
        "created_by": version.created_by,
        "created_via_operator": false,
        "created_at": version.created_at,
    })
}

pub(crate) async fn list(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicySetId = call.id("id")?;
    let page = call.query.page(200, 500)?;
    let mut work = call.read().await?;
    work.policy_sets().get(&id).await?.ok_or_else(not_found)?;
    let read = work.policy_sets().versions(&id, &page).await?;
    let rows: Vec<Value> = read.items.iter().map(row).collect();
    Answer::values(&rows, read.next.as_ref())
}

/// Readable after the set is archived, as evidence of what was in force.
pub(crate) async fn get(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicySetId = call.id("id")?;
    let version: PolicySetVersionId = call.id("versionId")?;
    let version = call
        .read()
        .await?
        .policy_sets()
        .version(&id, &version)
        .await?
        .ok_or_else(|| {
            Refusal::not_found("policy_set_version_not_found").describe("no such version of this policy set")
        })?;
    let mut detail = row(&version);
    let entries: Vec<_> = version
        .manifest
        .iter()
        .map(|id| ManifestEntry {
            policy_version_id: id.as_str(),
        })
        .collect();
    detail["manifest_json"] = json!(entries);
    detail["policies"] = json!(version.manifest);
    Answer::ok(&detail)
}
