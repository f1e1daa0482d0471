//! `GET /v1/zones/{zoneId}/approvals/counts`

use caracal_core::entity::ApprovalState;
use caracal_service::{Refusal, front::Answer};
use caracal_wire::control::approvals::ApprovalCounts;

use crate::call::ZoneCall;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer<ApprovalCounts>, Refusal> {
    let counted = call.read().await?.approvals().count(call.now()).await?;
    let of = |state| counted.get(&state).copied().unwrap_or_default();
    Ok(Answer(ApprovalCounts {
        pending: of(ApprovalState::Pending),
        approved: of(ApprovalState::Approved),
        rejected: of(ApprovalState::Rejected),
        expired: of(ApprovalState::Expired),
        consumed: of(ApprovalState::Consumed),
    }))
}
