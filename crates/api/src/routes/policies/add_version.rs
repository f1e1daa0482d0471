//! `POST /v1/zones/{zoneId}/policies/{id}/versions`

use caracal_core::PolicyId;
use caracal_service::{
    Refusal,
    front::{Body, ById, Created, IfMatch, Path},
};
use caracal_storage::{Lock, VersionedKind};
use caracal_wire::control::policies::{PolicySource, VersionAdded};

use super::{not_found, source};
use crate::{call::ZoneCall, change::Done, zone_names::zone_names};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicyId>>,
    wanted: IfMatch,
    Body(body): Body<PolicySource>,
) -> Result<Created<VersionAdded>, Refusal> {
    let valid = source::check(&call, body.content.clone()).await?;
    let warnings = valid.warnings(Some(&zone_names(call.read().await?.as_mut(), call.now()).await?));

    let mut change = call.change().await?;
    change.lock(Lock::PolicyVersion).await?;
    change.expect(&wanted, VersionedKind::Policy, id.as_str()).await?;
    change.policies().get(&id).await?.ok_or_else(not_found)?;
    let version = source::version(&call, &id, body.content);
    let number = change.policies().add_version(&version).await?;
    let (of, version_id) = (id.clone(), version.id.clone());
    let made = VersionAdded {
        version_id: version.id.clone(),
        id: version.id,
        policy_id: id,
        version: number,
        content_sha256: version.content_sha256,
        schema_version: version.schema_version,
        created_at: version.created_at,
        warnings,
    };
    let done = Done::created(of.as_str()).note("version_id", version_id.as_str());
    Ok(Created(change.answer(done, made).await?))
}
