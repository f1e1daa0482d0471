//! `GET /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::Refusal;
use serde::Serialize;
use serde_json::Value;

use super::{Row, full_version, not_found, row};
use crate::{answer::Answer, call::ZoneCall};

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    versions: Vec<Value>,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicyId = call.id("id")?;
    let mut work = call.read().await?;
    let policy = work.policies().get(&id).await?.ok_or_else(not_found)?;
    let versions = work.policies().versions(&id).await?;
    Answer::ok(&Detail {
        row: row(&policy),
        versions: versions.iter().map(full_version).collect(),
    })
}
