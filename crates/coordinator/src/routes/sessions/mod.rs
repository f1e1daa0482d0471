//! `/zones/{zone}/agents`: sessions.

pub(crate) mod children;
pub(crate) mod effective_authority;
pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod heartbeat;
pub(crate) mod lease;
pub(crate) mod list;
mod request;
pub(crate) mod resume;
pub(crate) mod start;
pub(crate) mod suspend;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::SessionNotFound)
}

fn not_owner() -> Refusal {
    Refusal::of(ErrorCode::ApplicationOwnershipRequired)
        .describe("the session belongs to another application")
}
