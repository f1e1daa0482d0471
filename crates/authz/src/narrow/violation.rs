//! Which rule a request to hand authority on broke.

use std::sync::Arc;

use caracal_core::{ScopeSet, Timestamp};
use serde::Serialize;

/// The rule and its limit. Serialises as the `details` of the refusal, such as
/// `{"rule":"hops","requested":2,"limit":1}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum NarrowingViolation {
    /// Scopes that the parent does not hold.
    #[error("scopes exceed those of the parent delegation")]
    Scopes {
        /// The scopes beyond the limit.
        exceeding: ScopeSet,
        /// What the parent holds.
        limit: ScopeSet,
    },
    /// Resources outside the parent's bound, or none named under a bounded parent.
    #[error("resources exceed those of the parent delegation")]
    Resources {
        /// The identifiers beyond the limit; empty when none were named.
        exceeding: Vec<Arc<str>>,
        /// What the parent is bound to, sorted.
        limit: Vec<Arc<str>>,
    },
    /// More hops than remain.
    #[error("the parent delegation may not be handed on that far")]
    Hops {
        /// Remaining hops asked for.
        requested: u32,
        /// Most that may remain; 0 when the parent cannot be handed on at all.
        limit: u32,
    },
    /// A mandate lifetime beyond the parent's, or none under a parent that has one.
    #[error("the lifetime of mandates exceeds that of the parent delegation")]
    Ttl {
        /// Seconds asked for.
        requested: Option<u32>,
        /// Most seconds.
        limit: u32,
    },
    /// More scopes than the parent's budget.
    #[error("the budget exceeds that of the parent delegation")]
    Budget {
        /// The budget asked for, or the number of scopes.
        requested: u32,
        /// Most scopes.
        limit: u32,
    },
    /// An end later than the parent's.
    #[error("the delegation would outlive its parent")]
    Expiry {
        /// The end asked for.
        requested: Timestamp,
        /// The latest end.
        limit: Timestamp,
    },
}

impl NarrowingViolation {
    /// The rule's name, as serialised: `scopes`, `resources`, `hops`, `ttl`, `budget` or `expiry`.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Scopes { .. } => "scopes",
            Self::Resources { .. } => "resources",
            Self::Hops { .. } => "hops",
            Self::Ttl { .. } => "ttl",
            Self::Budget { .. } => "budget",
            Self::Expiry { .. } => "expiry",
        }
    }
}
