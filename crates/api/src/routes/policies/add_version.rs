//! `POST /v1/zones/{zoneId}/policies/{id}/versions`

use caracal_core::PolicyId;
use caracal_service::Refusal;
use serde_json::json;

use super::{CODE, not_found, source, validate::Content};
use crate::{answer::Answer, call::ZoneCall, change::Done, zone_names::zone_names};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicyId = call.id("id")?;
    let content = call.body::<Content>(CODE)?.checked()?;
    let valid = source::check(&call, content.clone()).await?;
    let warnings = valid.warnings(&zone_names(call.read().await?.as_mut()).await?);

    let mut change = call.change().await?;
    change.lock("policy_version").await?;
    change.policies().get(&id).await?.ok_or_else(not_found)?;
    let version = source::version(&call, &id, content);
    let number = change.policies().add_version(&version).await?;
    change
        .commit(Done::created(id.as_str()).note("version_id", version.id.as_str()))
        .await?;
    Answer::created(&json!({
        "version_id": version.id,
        "id": version.id,
        "policy_id": id,
        "version": number,
        "content_sha256": version.content_sha256,
        "schema_version": version.schema_version,
        "created_at": version.created_at,
        "warnings": warnings,
    }))
}
