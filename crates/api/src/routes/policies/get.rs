//! `GET /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::control::policies::{PolicyDetail, PolicyVersionItem};

use super::not_found;
use crate::call::ZoneCall;

/// Versions in the detail; the rest is paged.
const VERSIONS: PageRequest = PageRequest::first(100);
/// Bytes of sources in the detail; the others are read one by one.
const SOURCE_BYTES: u64 = 1024 * 1024;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicyId>>,
) -> Result<Versioned<PolicyDetail>, Refusal> {
    let mut work = call.read().await?;
    let policy = work.policies().get(&id).await?.ok_or_else(not_found)?;
    let versions = work.policies().versions(&id, &VERSIONS, SOURCE_BYTES).await?;
    let version = policy.attribution.version;
    let detail = PolicyDetail {
        policy: policy.into(),
        versions_next_cursor: versions.next.as_ref().map(PageKey::to_cursor),
        versions: versions.items.into_iter().map(PolicyVersionItem::from).collect(),
    };
    Ok(Versioned(detail, version))
}
