//! `/v1/zones/{zoneId}/delegations`: authority that sessions handed to others, as whoever administers the zone sees and
//! takes it back.

pub(super) mod list;
pub(super) mod revoke;
pub(super) mod traverse;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

pub(super) fn not_found() -> Refusal {
    Refusal::of(ErrorCode::DelegationNotFound).describe("no such delegation")
}
