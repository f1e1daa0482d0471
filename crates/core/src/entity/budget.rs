//! What was used up of budgets over several calls.

use crate::{DelegationId, SessionId, Timestamp, words};

words!(
    /// What has a budget.
    BudgetHolder {
        /// Each session that a call is made in, or for.
        Session = "session",
        /// Each delegation that a call is made under.
        Delegation = "delegation",
    }
);

words!(
    /// What a budget limits.
    BudgetLimit {
        /// How many calls there are.
        Calls = "calls",
        /// What an argument adds up to.
        Sum = "sum",
    }
);

/// Parts of one in which amounts are counted.
pub const PARTS: i64 = 1_000_000;

/// Parts as people write them, such as `12.5`; not less than nothing.
pub fn written(parts: i64) -> String {
    let (whole, fraction) = (parts / PARTS, (parts % PARTS).abs());
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:06}");
    text.trim_end_matches('0').to_owned()
}

/// One session or delegation that has a budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderId {
    /// A session.
    Session(SessionId),
    /// A delegation.
    Delegation(DelegationId),
}

impl HolderId {
    /// The id, whichever it is of.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Session(id) => id.as_str(),
            Self::Delegation(id) => id.as_str(),
        }
    }
}

/// What one session or delegation used up of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse {
    /// Digest of what the budget is about, without its limits: lower-case hex SHA-256.
    pub budget_id: String,
    /// Identifier of the resource.
    pub resource: String,
    /// Method, as operations are declared.
    pub method: String,
    /// Path, or message to an MCP server, in lower case.
    pub path: String,
    /// The argument that is added up, where one is.
    pub argument: Option<String>,
    /// Calls made.
    pub calls: i64,
    /// What they had in the argument together, in [`PARTS`].
    pub amount: i64,
    /// The last call.
    pub updated_at: Timestamp,
}

impl BudgetUse {
    /// The amount as people write it.
    pub fn written_amount(&self) -> String {
        written(self.amount)
    }
}
