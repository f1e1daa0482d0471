//! `/v1/zones/{zoneId}/policies`: documents and their immutable versions.

pub(super) mod add_version;
pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
mod source;
pub(super) mod templates;
pub(super) mod validate;
pub(super) mod versions;

use caracal_core::entity::{Attribution, ListedPolicyVersion, Policy};
use caracal_service::Refusal;
use serde::Serialize;
use serde_json::{Value, json};

const CODE: &str = "invalid_body";
/// Most characters of a name.
const MAX_NAME: usize = 512;

#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    #[serde(flatten)]
    attribution: &'a Attribution,
}

fn row(policy: &Policy) -> Row<'_> {
    Row {
        id: policy.id.as_str(),
        zone_id: policy.zone_id.as_str(),
        name: &policy.name,
        description: policy.description.as_deref(),
        attribution: &policy.attribution,
    }
}

/// A version with its source, where the listing has room for it.
fn version_row(version: &ListedPolicyVersion) -> Value {
    json!({
        "id": version.id,
        "policy_id": version.policy_id,
        "version": version.version,
        "content": version.content,
        "content_bytes": version.content_bytes,
        "content_sha256": version.content_sha256,
        "schema_version": version.schema_version,
        "created_by": version.created_by,
        "created_via_operator": false,
        "created_at": version.created_at,
        "archived_at": null,
    })
}

fn not_found() -> Refusal {
    Refusal::not_found("policy_not_found").describe("no such policy")
}
