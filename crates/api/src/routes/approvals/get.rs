//! `GET /v1/zones/{zoneId}/approvals/{id}`

use caracal_core::ApprovalId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::{ErrorCode, control::approvals::ApprovalItem};

use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApprovalId>>,
) -> Result<Answer<ApprovalItem>, Refusal> {
    let mut work = call.read().await?;
    let found = work.approvals().get(&id).await?;
    let approval =
        found.ok_or_else(|| Refusal::of(ErrorCode::ApprovalNotFound).describe("no such approval"))?;
    let precedents = work.approvals().precedents(&[approval.binding]).await?;
    let before = precedents.get(&approval.binding).copied().unwrap_or_default();
    let item = ApprovalItem::new(approval, call.now(), (before.approved, before.rejected));
    Ok(Answer(item))
}
