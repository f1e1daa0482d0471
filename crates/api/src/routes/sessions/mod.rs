//! `/v1/zones/{zoneId}/sessions`: runs of agents, as whoever administers the zone sees and stops them.

pub(super) mod delegations;
pub(super) mod get;
pub(super) mod list;
pub(super) mod pause;
pub(super) mod terminate;
pub(super) mod tree;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

pub(super) fn not_found() -> Refusal {
    Refusal::of(ErrorCode::SessionNotFound).describe("no such session")
}
