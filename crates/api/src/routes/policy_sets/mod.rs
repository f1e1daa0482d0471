//! `/v1/zones/{zoneId}/policy-sets`: which policy versions are in force together.

pub(super) mod activate;
pub(super) mod activation_status;
pub(super) mod add_version;
pub(super) mod archive;
pub(super) mod bundle;
pub(super) mod canary;
mod candidate;
pub(super) mod create;
pub(super) mod diff;
pub(super) mod get;
pub(super) mod least_privilege;
pub(super) mod list;
pub(super) mod replay;
pub(super) mod shadow;
pub(super) mod simulate;
pub(super) mod versions;

use caracal_core::{PolicySetId, PolicySetVersionId, ZoneId};
use caracal_service::Refusal;
use caracal_storage::{Error, OutboxMessage};
use caracal_wire::{ErrorCode, events::PolicyInvalidated};

const CODE: ErrorCode = ErrorCode::InvalidBody;

/// What is wrong with the policies of a version.
pub(super) const BUNDLE: [ErrorCode; 2] = [ErrorCode::InvalidPolicyContract, ErrorCode::InvalidPolicyBundle];

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::PolicySetNotFound).describe("no such policy set")
}

fn version_not_found() -> Refusal {
    Refusal::of(ErrorCode::VersionNotFound).describe("no such version of this policy set")
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
