//! Operations that fall under a tier: what `operation_risk` says, and which of them a call meets.
//!
//! A gate that is missed lets something through, so it is met more widely than a declared operation: letters' case means
//! nothing, and a variable stands for any segment. `rego/contract.rego` says the same as `operation_tiers`;
//! `tests/operation_risk.rs` holds both equal.

use std::sync::Arc;

use caracal_core::Operation;
use serde_json::{Map, Value};

use crate::operations::{GRPC, MCP, McpPattern, PathTemplate, WEBSOCKET, is_method};

/// Every member that an element has.
pub(crate) const MEMBERS: [&str; 4] = ["resource", "method", "path", "tier"];

/// One element of `operation_risk`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OperationRisk {
    resource: Box<str>,
    method: Box<str>,
    /// In lower case.
    path: Box<str>,
    tier: Arc<str>,
}

/// A well-formed element of `operation_risk`.
pub(crate) fn operation_risk(value: &Value) -> Option<OperationRisk> {
    let entry = value.as_object()?;
    if entry.len() != MEMBERS.len() {
        return None;
    }
    let method = named(entry, "method")?;
    let path = named(entry, "path")?;
    let is_declarable = match method {
        MCP => McpPattern::parse(path).is_ok(),
        GRPC | WEBSOCKET => PathTemplate::parse(path).is_ok(),
        method => is_method(method) && PathTemplate::parse(path).is_ok(),
    };
    is_declarable.then_some(())?;
    Some(OperationRisk {
        resource: named(entry, "resource")?.into(),
        method: method.into(),
        path: path.to_lowercase().into(),
        tier: named(entry, "tier")?.into(),
    })
}

fn named<'a>(entry: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    entry.get(name)?.as_str().filter(|text| !text.is_empty())
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
        match operation {
            Operation::Mcp { call } => *self.method == *MCP && self.meets_call(&call.to_lowercase()),
            Operation::Grpc { path } => *self.method == *GRPC && self.meets_path(path),
            Operation::WebSocket { path } => *self.method == *WEBSOCKET && self.meets_path(path),
            Operation::Http { method, path } => *self.method == **method && self.meets_path(path),
        }
    }

    /// `tools/call:{name}` is about any name.
    fn meets_call(&self, call: &str) -> bool {
        match self.path.split_once(":{") {
            Some((method, _)) => call
                .strip_prefix(method)
                .is_some_and(|rest| rest.starts_with(':')),
            None => *self.path == *call,
        }
    }

    fn meets_path(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        let mut sent = path.split('/');
        for declared in self.path.split('/') {
            let Some(segment) = sent.next() else { return false };
            if declared.ends_with("+}") {
                return true;
            }
            if !declared.starts_with('{') && declared != segment {
                return false;
            }
        }
        sent.next().is_none()
    }
}
