//! Which calls an entry of a document is about: a method and a path, as resources declare their operations.
//!
//! What it asks of a call must not be missed, so it is met more widely than a declared operation: letters' case means
//! nothing, and a variable stands for any segment. `rego/contract.rego` says the same as `call_meets`.

use caracal_core::Operation;
use serde_json::{Map, Value};

use crate::operations::{GRPC, MCP, McpPattern, PathTemplate, WEBSOCKET, is_method};

/// Calls of one method, and of one path or template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallPattern {
    method: Box<str>,
    /// In lower case.
    path: Box<str>,
}

/// A member of an entry that is text, and some.
pub(crate) fn named<'a>(entry: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    entry.get(name)?.as_str().filter(|text| !text.is_empty())
}

impl CallPattern {
    /// Reads the members `method` and `path`. `None` when no resource could declare them.
    pub(crate) fn of(entry: &Map<String, Value>) -> Option<Self> {
        let method = named(entry, "method")?;
        let path = named(entry, "path")?;
        let is_declarable = match method {
            MCP => McpPattern::parse(path).is_ok(),
            GRPC | WEBSOCKET => PathTemplate::parse(path).is_ok(),
            method => is_method(method) && PathTemplate::parse(path).is_ok(),
        };
        is_declarable.then(|| Self {
            method: method.into(),
            path: path.to_lowercase().into(),
        })
    }

    /// The method, as it is declared.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The path, in lower case.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The path without the names of its variables, which mean nothing.
    pub(crate) fn nameless_path(&self) -> String {
        let mut is_name = false;
        let kept = |letter: &char| {
            is_name = match letter {
                '{' => true,
                '+' | '}' => false,
                _ => return !is_name,
            };
            true
        };
        self.path.chars().filter(kept).collect()
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
