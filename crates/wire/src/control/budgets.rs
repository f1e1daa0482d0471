//! What sessions and delegations used up of budgets over several calls.

use caracal_core::{Timestamp, entity::BudgetUse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one session or delegation used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetUses {
    /// One for each budget that was used, at most 1,000.
    pub items: Vec<BudgetUseItem>,
}

/// What was used up of one budget. Its limits are in the policy, and may have become others since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetUseItem {
    /// Identifier of the resource.
    pub resource: String,
    /// Method, as operations are declared.
    pub method: String,
    /// Path, or message to an MCP server, in lower case.
    pub path: String,
    /// Calls made.
    pub calls: i64,
    /// The argument that is added up, with dots between its names; null where calls alone are counted.
    pub argument: Option<String>,
    /// What it adds up to, as a decimal number, such as `19.99`; null where calls alone are counted.
    pub sum: Option<String>,
    /// The last call.
    pub updated_at: Timestamp,
}

impl From<&BudgetUse> for BudgetUseItem {
    fn from(used: &BudgetUse) -> Self {
        Self {
            resource: used.resource.clone(),
            method: used.method.clone(),
            path: used.path.clone(),
            calls: used.calls,
            sum: used.argument.as_ref().map(|_| used.written_amount()),
            argument: used.argument.clone(),
            updated_at: used.updated_at,
        }
    }
}
