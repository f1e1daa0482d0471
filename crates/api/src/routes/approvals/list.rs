//! `GET /v1/zones/{zoneId}/approvals`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, SearchedByTime},
};
use caracal_storage::ApprovalFilter;
use caracal_wire::{
    Listing,
    control::approvals::{ApprovalItem, ListApprovals},
};

use crate::{answer::listed, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListApprovals>,
    Listed(page): SearchedByTime<200, 500>,
) -> Result<Answer<Listing<ApprovalItem>>, Refusal> {
    let now = call.now();
    let filter = ApprovalFilter {
        state: query.state.map(|state| (state, now)),
        tier: query.tier.map(|tier| tier.0),
        principal_id: query.principal.map(|principal| principal.0),
        since: query.since,
        until: query.until,
    };
    let mut work = call.read().await?;
    let found = work.approvals().list(&filter, &page).await?;
    let bindings: Vec<[u8; 32]> = found.items.iter().map(|approval| approval.binding).collect();
    let precedents = work.approvals().precedents(&bindings).await?;
    Ok(listed(found, |approval| {
        let before = precedents.get(&approval.binding).copied().unwrap_or_default();
        ApprovalItem::new(approval, now, (before.approved, before.rejected))
    }))
}
