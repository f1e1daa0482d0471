//! `/v1/zones/{zoneId}/resources`: protected upstreams.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
mod operations;
pub(super) mod patch;
mod rules;

use caracal_core::{
    Timestamp,
    entity::{Attribution, Operation, OperationEnforcement, Resource},
};
use caracal_service::Refusal;
use serde::Serialize;

use crate::fields::on_conflict;

const CODE: &str = "invalid_resource";
/// Prefix of the platform's own resources.
const RESERVED_IDENTIFIER: &str = "caracal-sys://";

#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    identifier: &'a str,
    upstream_url: Option<&'a str>,
    scopes: Vec<&'a str>,
    credential_provider_id: &'a str,
    operations: &'a [Operation],
    operation_enforcement: OperationEnforcement,
    /// Only where it is set: published clients do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_timeout_seconds: Option<u32>,
    /// Only where it is set.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cookies: bool,
    archived_at: Option<Timestamp>,
    #[serde(flatten)]
    attribution: &'a Attribution,
}

fn row(resource: &Resource) -> Row<'_> {
    Row {
        id: resource.id.as_str(),
        zone_id: resource.zone_id.as_str(),
        name: &resource.name,
        identifier: &resource.identifier,
        upstream_url: resource.upstream_url.as_deref(),
        scopes: resource.scopes.iter().collect(),
        credential_provider_id: resource.credential_provider_id.as_str(),
        operations: &resource.operations,
        operation_enforcement: resource.operation_enforcement,
        upstream_timeout_seconds: resource.upstream_timeout_seconds,
        cookies: resource.cookies,
        archived_at: resource.archived_at,
        attribution: &resource.attribution,
    }
}

fn not_found() -> Refusal {
    Refusal::not_found("resource_not_found").describe("no such resource")
}

fn identifier_conflict(error: caracal_storage::Error) -> Refusal {
    on_conflict(
        error,
        "resource_identifier_conflict",
        "another resource of the zone has this identifier",
    )
}
