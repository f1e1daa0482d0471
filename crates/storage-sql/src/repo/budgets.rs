//! What was used up of budgets.

use async_trait::async_trait;
use caracal_core::entity::{BudgetUse, HolderId};
use caracal_storage::{Budgets, Charge, Error};

use crate::{
    mapped::{Mapped as _, mapped},
    params::params,
    work::ZoneUnit,
};

mapped!(BudgetUse in "budget_uses" {
    budget_id, resource, method, path, argument, calls, amount, updated_at
});

const COLUMNS: &str = BudgetUse::COLUMNS;

/// Most budgets of one holder that are told of.
const MAX_USES: u32 = 1000;

#[async_trait]
impl Budgets for ZoneUnit {
    async fn charge(&mut self, charge: &Charge<'_>) -> Result<bool, Error> {
        let Charge {
            holder,
            budget_id,
            resource,
            method,
            path,
            argument,
            amount,
            max_calls,
            max_amount,
            at,
        } = *charge;
        // The first call of all meets no row whose limits could stop it.
        if amount < 0 || amount > max_amount || max_calls < 1 {
            return Ok(false);
        }
        let (session, delegation) = match holder {
            HolderId::Session(id) => (Some(id.as_str()), None),
            HolderId::Delegation(id) => (None, Some(id.as_str())),
        };
        // Nobody's picture of the zone becomes another by it, so its revision stays.
        let sql = "INSERT INTO budget_uses (zone_id, holder_id, budget_id, session_id, delegation_id, resource, method, \
             path, argument, calls, amount, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11) \
             ON CONFLICT (zone_id, holder_id, budget_id) DO UPDATE SET calls = budget_uses.calls + 1, \
             amount = budget_uses.amount + excluded.amount, updated_at = excluded.updated_at \
             WHERE budget_uses.calls < $12 AND budget_uses.amount <= $13";
        let params = params![
            self.zone,
            holder.as_str(),
            budget_id,
            session,
            delegation,
            resource,
            method,
            path,
            argument,
            amount,
            at,
            max_calls,
            max_amount.saturating_sub(amount),
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn used_of(&mut self, holder: &HolderId, budget_id: &str) -> Result<Option<BudgetUse>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM budget_uses WHERE zone_id = $1 AND holder_id = $2 AND budget_id = $3"
        );
        let params = params![self.zone, holder.as_str(), budget_id];
        self.tx.one_as(sql, params, BudgetUse::read).await
    }

    async fn used(&mut self, holder: &HolderId) -> Result<Vec<BudgetUse>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM budget_uses WHERE zone_id = $1 AND holder_id = $2 ORDER BY budget_id LIMIT {MAX_USES}"
        );
        self.tx
            .all_as(sql, params![self.zone, holder.as_str()], BudgetUse::read)
            .await
    }
}
