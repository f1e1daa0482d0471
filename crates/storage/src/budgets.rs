//! What was used up of budgets over several calls.

use async_trait::async_trait;
use caracal_core::{
    Timestamp,
    entity::{BudgetUse, HolderId},
};

use crate::Error;

/// What one call takes out of one budget of one holder.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'c> {
    /// Whose budget.
    pub holder: &'c HolderId,
    /// Which, see [`BudgetUse::budget_id`].
    pub budget_id: &'c str,
    /// What it is about.
    pub resource: &'c str,
    /// Its method.
    pub method: &'c str,
    /// Its path.
    pub path: &'c str,
    /// The argument that is added up, where one is.
    pub argument: Option<&'c str>,
    /// What this call has in it, in millionths; not less than nothing.
    pub amount: i64,
    /// Most calls.
    pub max_calls: i64,
    /// Most of the argument, in millionths.
    pub max_amount: i64,
    /// Now.
    pub at: Timestamp,
}

/// Budgets that sessions and delegations of the zone use up. What a holder used is forgotten with the holder.
#[async_trait]
pub trait Budgets: Send {
    /// Counts one call. `false` where that is more than is left, and nothing changed. Of concurrent calls no more pass than
    /// there is room for.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when there is no such holder.
    async fn charge(&mut self, charge: &Charge<'_>) -> Result<bool, Error>;
    /// What a holder used up of one budget, if anything.
    async fn used_of(&mut self, holder: &HolderId, budget_id: &str) -> Result<Option<BudgetUse>, Error>;
    /// What a holder used up, by budget; at most 1,000 of them.
    async fn used(&mut self, holder: &HolderId) -> Result<Vec<BudgetUse>, Error>;
}
