//! `/v1/zones/{zoneId}/policy-sets`: which policy versions are in force together.

pub(super) mod activate;
pub(super) mod activation_status;
pub(super) mod add_version;
pub(super) mod archive;
mod bundle;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod simulate;
pub(super) mod versions;

use caracal_core::{
    PolicySetId, PolicySetVersionId, ZoneId,
    entity::{Attribution, PolicySet},
};
use caracal_service::Refusal;
use caracal_storage::{Error, OutboxMessage};
use caracal_wire::events::PolicyInvalidated;
use serde::{Deserialize, Serialize};

const CODE: &str = "invalid_body";

#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    active_version_id: Option<&'a str>,
    #[serde(flatten)]
    attribution: &'a Attribution,
}

fn row(set: &PolicySet) -> Row<'_> {
    Row {
        id: set.id.as_str(),
        zone_id: set.zone_id.as_str(),
        name: &set.name,
        description: set.description.as_deref(),
        active_version_id: set.active_version_id.as_ref().map(PolicySetVersionId::as_str),
        attribution: &set.attribution,
    }
}

/// One entry of a manifest; further members are dropped before hashing.
#[derive(Debug, Serialize, Deserialize)]
struct ManifestEntry<I> {
    policy_version_id: I,
}

fn not_found() -> Refusal {
    Refusal::not_found("policy_set_not_found").describe("no such policy set")
}

fn version_not_found() -> Refusal {
    Refusal::not_found("version_not_found").describe("no such version of this policy set")
}

/// Another version is in force in the zone, or none when `version` is absent.
fn policy_invalidate(
    world: &caracal_core::World,
    zone: &ZoneId,
    set: &PolicySetId,
    version: Option<&PolicySetVersionId>,
) -> Result<OutboxMessage, Error> {
    OutboxMessage::of(
        world,
        &PolicyInvalidated {
            zone_id: zone.clone(),
            policy_set_id: Some(set.clone()),
            policy_set_version_id: version.cloned(),
        },
    )
}
