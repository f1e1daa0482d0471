//! `/v1/zones/{zoneId}/policies`: documents and their immutable versions.

pub(super) mod add_version;
pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod source;
pub(super) mod templates;
pub(super) mod validate;
pub(super) mod versions;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::PolicyNotFound).describe("no such policy")
}
