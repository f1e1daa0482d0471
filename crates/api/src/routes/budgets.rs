//! `GET /v1/zones/{zoneId}/sessions/{id}/budgets` and `GET /v1/zones/{zoneId}/delegations/{id}/budgets`

use caracal_core::{
    DelegationId, SessionId,
    entity::{BudgetUse, HolderId},
};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::budgets::{BudgetUseItem, BudgetUses};

use super::{delegations, sessions};
use crate::call::ZoneCall;

/// What the session used up. What those below it use is in it.
pub(crate) async fn of_session(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<BudgetUses>, Refusal> {
    let mut work = call.read().await?;
    let found = work.sessions().get(&id).await?;
    found.ok_or_else(sessions::not_found)?;
    Ok(answer(&work.budgets().used(&HolderId::Session(id)).await?))
}

/// What the delegation used up, and what was narrowed from it.
pub(crate) async fn of_delegation(
    call: ZoneCall,
    Path(ById { id }): Path<ById<DelegationId>>,
) -> Result<Answer<BudgetUses>, Refusal> {
    let mut work = call.read().await?;
    let found = work.delegations().get(&id).await?;
    found.ok_or_else(delegations::not_found)?;
    Ok(answer(&work.budgets().used(&HolderId::Delegation(id)).await?))
}

fn answer(uses: &[BudgetUse]) -> Answer<BudgetUses> {
    Answer(BudgetUses {
        items: uses.iter().map(BudgetUseItem::from).collect(),
    })
}
