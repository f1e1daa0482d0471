//! `/v1/zones/{zoneId}/grants`: what people agreed to let applications do for them.
//!
//! A grant is written down, shown and taken back; no decision reads it. What is allowed is what the policy in force says, and
//! `access` tells what that is for one grant. Taking it back ends what the application holds for the person.

pub(super) mod access;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod revoke;

use caracal_service::Refusal;
use caracal_storage::StandingGrant;
use caracal_wire::{ErrorCode, control::grants::GrantItem};

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::GrantNotFound).describe("no such grant")
}

fn item(standing: StandingGrant) -> GrantItem {
    let grant = standing.grant;
    GrantItem {
        id: grant.id,
        zone_id: grant.zone_id,
        application_id: grant.application_id,
        application_name: standing.application_name,
        user_id: grant.user_id,
        resource_id: grant.resource_id,
        resource_name: standing.resource_name,
        provider_id: standing.provider_id,
        provider_name: standing.provider_name,
        provider_kind: standing.provider_kind,
        scopes: grant.scopes,
        status: standing.status,
        attribution: grant.attribution,
    }
}
