//! Declared messages to an MCP server.
//!
//! `tools/list` is a method, `tools/call:search` a method about one tool, `tools/call:{name}` the same about any. An
//! exact name wins over `{name}`, and `{name}` meets plain names alone, none that a lenient server could take for one
//! that is declared by itself.

use std::{collections::HashMap, sync::Arc};

use caracal_core::operation::{MCP_RESPONSE, is_mcp_method, is_mcp_name, mcp_member};

/// A message as it is declared. Equal ones meet the same messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpPattern {
    /// One call: a method, or a method about one name.
    Exact(Box<str>),
    /// A method about any plain name.
    AnyName(Box<str>),
}

impl McpPattern {
    /// Reads a declared message.
    ///
    /// # Errors
    /// What is wrong with it, for the one who declares it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (method, name) = match text.split_once(':') {
            Some((method, name)) => (method, Some(name)),
            None => (text, None),
        };
        if method == MCP_RESPONSE && name.is_none() {
            return Ok(Self::Exact(text.into()));
        }
        if !is_mcp_method(method) {
            return Err("is no JSON-RPC method of MCP, such as tools/list or tools/call:NAME");
        }
        match (mcp_member(method), name) {
            (None, None) => Ok(Self::Exact(text.into())),
            (None, Some(_)) => Err("names something, and its method is about nothing"),
            (Some(_), None) => Err("must say what the method is about: :NAME, or :{name} for any"),
            (Some(_), Some(name)) => match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(variable) if is_variable(variable) => Ok(Self::AnyName(method.into())),
                Some(_) => Err("has a variable without a name of letters, digits and _"),
                None if name.contains(['{', '}', '*']) => {
                    Err("has a name with braces or a star; write :{name} for any name")
                }
                None if is_mcp_name(name) => Ok(Self::Exact(text.into())),
                None => Err("has a name that is empty, too long, or not printable"),
            },
        }
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && (name.chars()).all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

/// Whether every server reads the name as this one: the letters that MCP allows names, and those of plain URIs without
/// segments of dots.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && (name.bytes()).all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b'@')
        })
        && !name.split('/').any(|segment| segment == "." || segment == "..")
}

/// The declared messages of one resource.
#[derive(Debug, Default)]
pub(super) struct Messages {
    exact: HashMap<Box<str>, Arc<str>>,
    any_name: HashMap<Box<str>, Arc<str>>,
}

impl Messages {
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.any_name.is_empty()
    }

    pub(super) fn declare(&mut self, pattern: McpPattern, scope: Arc<str>) {
        match pattern {
            McpPattern::Exact(call) => self.exact.insert(call, scope),
            McpPattern::AnyName(method) => self.any_name.insert(method, scope),
        };
    }

    pub(super) fn scope(&self, call: &str) -> Option<&Arc<str>> {
        if let Some(scope) = self.exact.get(call) {
            return Some(scope);
        }
        let (method, name) = call.split_once(':')?;
        let scope = self.any_name.get(method)?;
        let declared_otherwise = || self.exact.keys().any(|exact| exact.eq_ignore_ascii_case(call));
        (is_plain(name) && !declared_otherwise()).then_some(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_refused() {
        for text in [
            "",
            "/",
            "/mcp",
            "tools/call",
            "tools/call:",
            "tools/call:*",
            "tools/call:a*",
            "tools/call:{}",
            "tools/call:{a-b}",
            "tools/call:a{b}",
            "tools/call: a",
            "tools/call:a\n",
            "tools/list:x",
            "response:x",
            "tools/{any}",
            "tools//list",
            "*",
        ] {
            assert!(McpPattern::parse(text).is_err(), "{text}");
        }
        for text in [
            "initialize",
            "ping",
            "response",
            "notifications/initialized",
            "tools/list",
            "tools/call:search",
            "tools/call:a:b",
            "tools/call:{tool}",
            "resources/read:file:///etc/motd",
            "resources/read:{uri}",
        ] {
            assert!(McpPattern::parse(text).is_ok(), "{text}");
        }
        assert_eq!(
            McpPattern::parse("tools/call:{a}"),
            McpPattern::parse("tools/call:{b}")
        );
    }

    #[test]
    fn an_exact_name_wins_and_a_variable_meets_no_disguise_of_it() {
        let mut messages = Messages::default();
        for (declared, scope) in [
            ("tools/call:delete", "admin"),
            ("tools/call:{tool}", "use"),
            ("tools/list", "list"),
            ("resources/read:{uri}", "read"),
        ] {
            messages.declare(McpPattern::parse(declared).unwrap(), scope.into());
        }
        for (call, scope) in [
            ("tools/call:delete", Some("admin")),
            ("tools/call:search", Some("use")),
            ("tools/call:Delete", None),
            ("tools/call:delete ", None),
            ("tools/call:d\u{435}lete", None),
            ("tools/call:x/../delete", None),
            ("tools/call:", None),
            ("tools/call:{tool}", None),
            ("tools/call", None),
            ("tools/list", Some("list")),
            ("tools/list:x", None),
            ("resources/read:file:///a", Some("read")),
            ("resources/read:file:///a/%2e%2e/b", None),
            ("prompts/get:a", None),
        ] {
            assert_eq!(messages.scope(call).map(AsRef::as_ref), scope, "{call}");
        }
    }
}
