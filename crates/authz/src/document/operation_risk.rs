//! Operations that fall under a tier: what `operation_risk` says, and which of them a call meets.
//!
//! `rego/contract.rego` says the same as `operation_tiers`; `tests/operation_risk.rs` holds both equal.

use std::sync::Arc;

use caracal_core::Operation;
use serde_json::Value;

use super::call_pattern::{CallPattern, named};

/// Every member that an element has.
pub(crate) const MEMBERS: [&str; 4] = ["resource", "method", "path", "tier"];

/// One element of `operation_risk`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OperationRisk {
    resource: Box<str>,
    calls: CallPattern,
    tier: Arc<str>,
}

/// A well-formed element of `operation_risk`.
pub(crate) fn operation_risk(value: &Value) -> Option<OperationRisk> {
    let entry = value.as_object()?;
    if entry.len() != MEMBERS.len() {
        return None;
    }
    Some(OperationRisk {
        calls: CallPattern::of(entry)?,
        resource: named(entry, "resource")?.into(),
        tier: named(entry, "tier")?.into(),
    })
}

impl OperationRisk {
    /// The resource that it is about.
    pub(crate) fn resource(&self) -> &str {
        &self.resource
    }

    /// The tier that a call which meets it falls under.
    pub(crate) fn tier(&self) -> &Arc<str> {
        &self.tier
    }

    /// Whether `operation` is what it is about.
    pub(crate) fn is_met_by(&self, operation: &Operation) -> bool {
        self.calls.is_met_by(operation)
    }
}
