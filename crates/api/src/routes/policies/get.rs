//! `GET /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::Refusal;
use caracal_storage::{PageKey, PageRequest};
use serde::Serialize;
use serde_json::Value;

use super::{Row, not_found, row, version_row};
use crate::{answer::Answer, call::ZoneCall};

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    versions: Vec<Value>,
    /// Where `…/versions` goes on.
    versions_next_cursor: Option<String>,
}

/// Versions in the detail; the rest is paged.
const VERSIONS: PageRequest = PageRequest::first(100);
/// Bytes of sources in the detail; the others are read one by one.
const SOURCE_BYTES: u64 = 1024 * 1024;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicyId = call.id("id")?;
    let mut work = call.read().await?;
    let policy = work.policies().get(&id).await?.ok_or_else(not_found)?;
    let versions = work.policies().versions(&id, &VERSIONS, SOURCE_BYTES).await?;
    Answer::ok(&Detail {
        row: row(&policy),
        versions: versions.items.iter().map(version_row).collect(),
        versions_next_cursor: versions.next.as_ref().map(PageKey::to_cursor),
    })
}
